//! What the branch holds at its tip: a header, segments, and the table of contents that says that
//! nobody but sendform has added, taken away or changed anything.
//!
//! ```text
//! README.md                                     for people who come across the branch
//! contents                                      the commit that this one goes on from, and every file's object
//! ledger                                        the header's line
//! segments/<campaign>.<message>.<run>.<n>.jsonl entries of one message, never changed
//! segments/runs.<run>.jsonl                     how a run has ended
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::identity::MessageKey;
use crate::ledger::{Authenticity, Ledger, ReadLedger, Reason, RunId, Seals};

use super::error::GitError;
use super::repository::{Oid, Repository};

/// The file with the header's line.
pub(super) const HEADER: &str = "ledger";
/// The table of contents.
pub(super) const CONTENTS: &str = "contents";
/// What tells people what the branch is.
pub(super) const README: &str = "README.md";
/// The folder of segments.
pub(super) const SEGMENTS: &str = "segments";

/// A file of the branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blob {
    pub(super) oid: Oid,
    /// How long it is, in bytes.
    pub(super) size: u64,
}

/// Paths, each with its number of lines.
type Lines = Vec<(String, usize)>;

/// The branch at a commit.
#[derive(Debug, Clone, Default)]
pub(super) struct Tip {
    /// The commit; none before the first.
    pub(super) commit: Option<Oid>,
    /// All files but the table of contents, by their paths.
    pub(super) files: BTreeMap<String, Blob>,
    /// The name of the key that the table of contents is signed with; none, as older versions write it.
    pub(super) signer: Option<String>,
}

impl Tip {
    /// Reads what a commit holds, without the texts.
    ///
    /// # Errors
    /// If it is not as sendform writes it.
    pub(super) fn read(repository: &Repository, commit: &str) -> Result<Self, GitError> {
        let foreign = |what: String| GitError::Foreign { place: repository.place(), what };
        let arguments = ["ls-tree", "-r", "-z", "--long", "--full-tree", commit];
        let listing = repository.git.get("list the ledger's files", &arguments, b"")?;
        let mut files = BTreeMap::new();
        for line in listing.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
            let line = String::from_utf8_lossy(line);
            let (path, blob) = entry(&line).ok_or_else(|| foreign("it holds something that is no file".to_owned()))?;
            files.insert(path, blob);
        }
        let Some(contents) = files.remove(CONTENTS) else {
            return Err(foreign(format!("it has no file `{CONTENTS}`")));
        };
        let [raw, text] = <[Vec<u8>; 2]>::try_from(objects(repository, &[commit, &contents.oid])?)
            .map_err(|_| foreign(format!("`{CONTENTS}` cannot be read")))?;
        let mut tip = Self { commit: Some(commit.to_owned()), files, signer: None };
        let parent = parent(&raw);
        let text = String::from_utf8_lossy(&text);
        if text != tip.unsigned(parent.as_deref(), 1) {
            let signer = repository.seals.signer_of_contents(&text, &tip.unsigned(parent.as_deref(), 2));
            let signer = signer.ok_or_else(|| foreign(format!("`{CONTENTS}` does not name exactly what it holds")))?;
            tip.signer = Some(signer.to_owned());
        }
        if !tip.files.contains_key(HEADER) {
            return Err(foreign(format!("it has no file `{HEADER}`")));
        }
        Ok(tip)
    }

    /// The table of contents. It names the commit before, so that nobody takes a file back unseen, and is
    /// signed, so that nobody adds one without the key.
    pub(super) fn contents(&self, before: Option<&str>, seals: &Seals) -> String {
        let unsigned = self.unsigned(before, if seals.is_empty() { 1 } else { 2 });
        seals.sign_contents(&unsigned)
    }

    fn unsigned(&self, before: Option<&str>, version: u32) -> String {
        let mut contents = format!("sendform ledger v{version} after {}\n", before.unwrap_or("nothing"));
        for (path, Blob { oid, .. }) in &self.files {
            // Writing to a string cannot fail.
            writeln!(contents, "{oid} {path}").unwrap_or_default();
        }
        contents
    }

    /// Reads the header and all segments.
    ///
    /// # Errors
    /// If a file is damaged.
    pub(super) fn ledger(&self, repository: &Repository) -> Result<(Ledger, Authenticity), GitError> {
        let (paths, text) = self.texts(repository, &Self::default())?;
        match Ledger::read(&text, &repository.seals) {
            Ok(ReadLedger { ledger, torn: None, authenticity }) => {
                // Lines that are signed are listed by somebody who has a key as well.
                if authenticity != Authenticity::Unsigned && !self.is_signed_for(&ledger) {
                    return Err(Self::unsigned_contents(repository));
                }
                Ok((ledger, authenticity))
            }
            Ok(ReadLedger { torn: Some(_), .. }) => {
                Err(damage(repository, &paths, crate::ledger::Damage { line: count_lines(&text), reason: Reason::Cut }))
            }
            Err(found) => Err(damage(repository, &paths, found)),
        }
    }

    /// Whether the table of contents is signed with a key of the ledger.
    fn is_signed_for(&self, ledger: &Ledger) -> bool {
        let is_named = |key: &String| ledger.header().keys.iter().any(|named| named.as_str() == key);
        self.signer.as_ref().is_some_and(is_named)
    }

    fn unsigned_contents(repository: &Repository) -> GitError {
        let what = format!("`{CONTENTS}` is not signed with a key of the ledger");
        GitError::Foreign { place: repository.place(), what }
    }

    /// Joins what is new since another tip into a ledger.
    ///
    /// # Errors
    /// If a file is damaged, or does not go with the ledger; if nobody with a key has written the tip.
    pub(super) fn join_news(&self, repository: &Repository, since: &Self, into: &mut Ledger) -> Result<(), GitError> {
        let (paths, text) = self.texts(repository, since)?;
        if !text.is_empty() {
            into.absorb(&text, &repository.seals).map_err(|found| damage(repository, &paths, found))?;
        }
        // Also a tip without news: somebody may have taken files away. The header may name a key since.
        if into.facts().next().is_some() && !self.is_signed_for(into) {
            return Err(Self::unsigned_contents(repository));
        }
        Ok(())
    }

    /// The texts of all files that another tip does not have, the header first; with the paths,
    /// each with its number of lines.
    fn texts(&self, repository: &Repository, besides: &Self) -> Result<(Lines, Vec<u8>), GitError> {
        let known = |path: &str, blob: &Blob| besides.files.get(path) == Some(blob);
        let is_new = |(path, blob): &(&String, &Blob)| path.as_str() != README && !known(path, blob);
        let (paths, oids): (Vec<&String>, Vec<&str>) =
            self.files.iter().filter(is_new).map(|(path, blob)| (path, blob.oid.as_str())).unzip();
        let mut all = Vec::new();
        let mut lines = Vec::new();
        for (path, text) in paths.into_iter().zip(objects(repository, &oids)?) {
            lines.push((path.clone(), count_lines(&text)));
            all.extend_from_slice(&text);
        }
        Ok((lines, all))
    }

    /// The segments of each message.
    pub(super) fn segments(&self) -> BTreeMap<MessageKey, Vec<&str>> {
        let mut segments: BTreeMap<MessageKey, Vec<&str>> = BTreeMap::new();
        for path in self.files.keys() {
            if let Some(message) = message_of(path) {
                segments.entry(message).or_default().push(path);
            }
        }
        segments
    }
}

/// Where a segment lies.
pub(super) fn segment_path(message: &MessageKey, run: u64, number: u32) -> String {
    format!("{SEGMENTS}/{message}.{run:016x}.{number:04}.jsonl")
}

/// Where a run's end lies.
pub(super) fn run_path(run: RunId) -> String {
    format!("{SEGMENTS}/runs.{run}.jsonl")
}

/// The message of a segment. The end of a run is none of any message.
fn message_of(path: &str) -> Option<MessageKey> {
    let name = path.strip_prefix(SEGMENTS)?.strip_prefix('/')?;
    let run = name.strip_prefix("runs.").and_then(|name| name.strip_suffix(".jsonl"));
    if run.is_some_and(|run| RunId::parse(run).is_some()) {
        return None;
    }
    let (end, _) = name.match_indices('.').nth(1)?;
    MessageKey::parse(name.get(..end)?)
}

/// Reads a line of `git ls-tree --long`.
fn entry(line: &str) -> Option<(String, Blob)> {
    let (head, path) = line.split_once('\t')?;
    let mut words = head.split_ascii_whitespace();
    let (mode, kind, oid, size) = (words.next()?, words.next()?, words.next()?, words.next()?);
    (mode == "100644" && kind == "blob")
        .then(|| Some((path.to_owned(), Blob { oid: oid.to_owned(), size: size.parse().ok()? })))
        .flatten()
}

/// The only parent of a commit, from its text.
fn parent(commit: &[u8]) -> Option<Oid> {
    let text = String::from_utf8_lossy(commit);
    let head = text.split("\n\n").next().unwrap_or_default();
    let mut parents = head.lines().filter_map(|line| line.strip_prefix("parent "));
    parents.next().filter(|_| parents.next().is_none()).map(str::to_owned)
}

/// Reads objects, in the order in which they are asked for.
fn objects(repository: &Repository, oids: &[&str]) -> Result<Vec<Vec<u8>>, GitError> {
    if oids.is_empty() {
        return Ok(Vec::new());
    }
    let asked: String = oids.iter().flat_map(|oid| [oid, "\n"]).collect();
    let answer = repository.git.get("read the ledger's files", &["cat-file", "--batch"], asked.as_bytes())?;
    let mut rest = answer.as_slice();
    let mut objects = Vec::with_capacity(oids.len());
    for _ in oids {
        let object = next_object(&mut rest).ok_or_else(|| GitError::Foreign {
            place: repository.place(),
            what: "a file of it is missing".to_owned(),
        })?;
        objects.push(object.to_vec());
    }
    Ok(objects)
}

/// Takes one answer of `git cat-file --batch` off: a line with kind and size, the content, a line's end.
pub(super) fn next_object<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (head, tail) = rest.split_at_checked(end)?;
    let mut words = std::str::from_utf8(head).ok()?.split(' ');
    let (_, kind, size) = (words.next()?, words.next()?, words.next()?.parse::<usize>().ok()?);
    let (content, tail) = tail.get(1..)?.split_at_checked(size)?;
    *rest = tail.strip_prefix(b"\n")?;
    matches!(kind, "blob" | "commit").then_some(content)
}

fn count_lines(text: &[u8]) -> usize {
    text.split_inclusive(|byte| *byte == b'\n').count()
}

/// Finds the file of a damaged line.
fn damage(repository: &Repository, paths: &[(String, usize)], mut found: crate::ledger::Damage) -> GitError {
    let mut place = repository.place();
    for (path, lines) in paths {
        if found.line <= *lines {
            place = format!("{place}:{path}");
            break;
        }
        found.line -= lines;
    }
    GitError::Damage { place, damage: Box::new(found) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample;

    #[test]
    fn a_segment_knows_its_message() {
        let message = sample::message("announce");
        let path = segment_path(&message, 7, 3);
        assert_eq!(path, "segments/spring-sale.announce.0000000000000007.0003.jsonl");
        assert_eq!(message_of(&path), Some(message));
        for other in ["ledger", "segments/", "segments/a", "segments/a.jsonl", "segment/a.b.c"] {
            assert_eq!(message_of(other), None, "{other}");
        }
    }

    #[test]
    fn what_git_lists_and_reads_is_understood() {
        let blob = Blob { oid: "aa".to_owned(), size: 12 };
        assert_eq!(entry("100644 blob aa      12\tsegments/x y"), Some(("segments/x y".to_owned(), blob)));
        for odd in ["120000 blob aa 12\tx", "160000 commit aa -\tx", "100644 blob aa 12", "100755 blob aa 1\tx"] {
            assert_eq!(entry(odd), None, "{odd}");
        }
        let mut rest: &[u8] = b"aa blob 3\na\nb\nbb commit 0\n\ncc missing\n";
        let read: Vec<_> = (0..3).map(|_| next_object(&mut rest)).collect();
        assert_eq!(read, [Some(b"a\nb".as_slice()), Some(b""), None]);
        assert_eq!(parent(b"tree a\nparent b\nauthor x\n\nparent c\n").as_deref(), Some("b"));
        assert_eq!(parent(b"tree a\nauthor x\n\nparent c\n"), None);
        assert_eq!(parent(b"tree a\nparent b\nparent c\n\n"), None, "sendform merges nothing");
    }
}
