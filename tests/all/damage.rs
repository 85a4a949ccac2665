//! Ledgers that are not as they were left: cut, flipped, merged by hand, edited, of somebody else.
//! Each is a clear error or read rightly; nothing is ever guessed, sent again, or written over.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use insta::assert_snapshot;
use sendform::identity::{Key, ProjectId};
use sendform::ledger::{Fact, Header, Ledger, Reason, RunId, Standing, View, text};
use sendform::store::{Binding, Lockfile, Paths};

use crate::support::{Run, Shop, claim_line, outcome_line, seals};

/// A shop of whose five customers three were accepted and two are in doubt, and a line as a run that
/// died would leave it behind that.
struct Left {
    shop: Shop,
    text: Vec<u8>,
    path: PathBuf,
    requests: u64,
}

impl Left {
    fn new() -> Self {
        let shop = Shop::new(5).faults(&["500-after@2"]);
        shop.apply().code(6);
        // The doubt stays: nobody reads the logs.
        shop.sandbox.faults(&["logs:401*"]);
        let path = shop.project.path("sendform.lock");
        let (text, requests) = (fs::read(&path).unwrap(), shop.requests());
        assert_eq!((shop.accepted().iter().sum::<u64>(), requests), (5, 3));
        Self { shop, text, path, requests }
    }

    fn lines(&self) -> Vec<String> {
        String::from_utf8(self.text.clone()).unwrap().lines().map(|line| format!("{line}\n")).collect()
    }

    fn header(&self) -> Header {
        Ledger::read(&self.text, &seals()).unwrap().ledger.header().clone()
    }

    /// Puts a text in the ledger's place, without its shadow if that should not help, and runs all
    /// commands: nothing is sent, and what is an error leaves the file as it is. Gives the plan's run.
    #[track_caller]
    fn runs(&self, text: &[u8], code: i32, shadow: Option<&[u8]>) -> Run {
        self.shadow(shadow);
        let mut runs = Vec::new();
        for command in [&["plan"][..], &["status"], &["ledger", "verify"], &["apply", "--auto-approve"]] {
            fs::write(&self.path, text).unwrap();
            let run = self.shop.run(command);
            let expect = if code != 8 && command.contains(&"verify") { 0 } else { code };
            let run = run.code(expect);
            if code == 8 || command[0] != "apply" {
                assert_eq!(fs::read(&self.path).unwrap(), text, "the file is as it was: {run}");
            }
            assert_eq!(self.shop.requests(), self.requests, "nothing is sent: {run}");
            runs.push(run);
        }
        runs.remove(0)
    }

    fn shadow(&self, text: Option<&[u8]>) {
        let path = self.shop.project.path(".sendform/shadow.lock");
        match text {
            Some(text) => fs::write(path, text).unwrap(),
            None => drop(fs::remove_file(path)),
        }
    }
}

#[test]
fn what_is_not_as_it_was_written_is_an_error_and_says_what_to_do() {
    let left = Left::new();
    let mut said = Vec::new();
    for (name, text) in kinds(&left) {
        let run = left.runs(&text, 8, Some(&left.text));
        assert_eq!(run.stdout, "", "{name}");
        let words = run.to_string();
        let (_, words) = words.split_once("----- stderr\n").unwrap();
        said.push(format!("{name}\n{words}"));
    }
    assert_snapshot!(said.concat(), @"
    empty
    error: the ledger `./sendform.lock` is damaged
      caused by: line 1: the ledger is empty: it has not even a header
      hint: bring back the last good version of the file, from a backup; its shadow adds what came after
    cut in the header
    error: the ledger `./sendform.lock` is damaged
      caused by: line 1: the text is cut off inside this line
      hint: bring back the last good version of the file, from a backup; its shadow adds what came after
    cut in a claim that was settled
    error: the ledger `./sendform.lock` is damaged
      caused by: line 7: the text is cut off inside this line
      hint: bring back the last good version of the file, from a backup; its shadow adds what came after
    without its header
    error: the ledger `./sendform.lock` is damaged
      caused by: line 1: the ledger has no header
      hint: bring back the last good version of the file, from a backup; its shadow adds what came after
    of a newer version
    error: the ledger `./sendform.lock` was written by a newer sendform
      caused by: line 1: written by a newer sendform: the ledger's version
      hint: use the version of sendform that wrote it, or a later one
    with conflict markers
    error: the ledger `./sendform.lock` is damaged
      caused by: line 1: a conflict marker of a merge that was not finished
      hint: keep all lines of both sides and delete the markers, in any order
    with an edited line
    error: the ledger `./sendform.lock` is damaged
      caused by: line 3: the checksum does not match
      hint: bring back the last good version of the file, from a backup; its shadow adds what came after
    with CRLF
    error: the ledger `./sendform.lock` is damaged
      caused by: line 1: the line ends with CRLF, but a ledger's lines end with LF alone
      hint: have git leave the file alone: `sendform.lock -text` in .gitattributes
    with a byte order mark
    error: the ledger `./sendform.lock` is damaged
      caused by: line 1: the file begins with a byte order mark: a program has written it anew in another encoding
      hint: bring back the last good version of the file, from a backup; its shadow adds what came after
    in UTF-16
    error: the ledger `./sendform.lock` is damaged
      caused by: line 1: the file begins with a byte order mark: a program has written it anew in another encoding
      hint: bring back the last good version of the file, from a backup; its shadow adds what came after
    not UTF-8
    error: the ledger `./sendform.lock` is damaged
      caused by: line 8: the checksum does not match
      hint: bring back the last good version of the file, from a backup; its shadow adds what came after
    pretty-printed
    error: the ledger `./sendform.lock` is damaged
      caused by: line 1: the checksum does not match
      hint: bring back the last good version of the file, from a backup; its shadow adds what came after
    with an empty line
    error: the ledger `./sendform.lock` is damaged
      caused by: line 8: the checksum does not match
      hint: bring back the last good version of the file, from a backup; its shadow adds what came after
    with a huge line
    error: the ledger `./sendform.lock` is damaged
      caused by: line 8: the checksum does not match
      hint: bring back the last good version of the file, from a backup; its shadow adds what came after
    another text
    error: the ledger `./sendform.lock` is damaged
      caused by: line 1: the checksum does not match
      hint: bring back the last good version of the file, from a backup; its shadow adds what came after
    of another project
    error: the ledger `./sendform.lock` belongs to the project `other`, not to `acme-shop`
      hint: bring back the ledger of this project, or the project's old name: persons are made with that name
    of another gateway
    error: the ledger `./sendform.lock` belongs to the gateway `x.api.infobip.com`, not to `127.0.0.1:[port]`
      hint: if the account's host name changed: `sendform ledger rebind --gateway x.api.infobip.com`; if it is another account, its ledger is another one
    of another key
    error: the ledger `./sendform.lock` is damaged
      caused by: line 1: the line is signed with the key 00914700, which the ledger does not name
      hint: see in git who has changed the file, and bring back the last good version
    of two gateways
    error: the ledger `./sendform.lock` is damaged
      caused by: line 8: the ledgers belong to two gateways, `127.0.0.1:[port]` and `x`
    with an outcome of nobody's claim
    error: the ledger `./sendform.lock` is damaged
      caused by: line 2: an outcome of `sale.hello.r1.616c1c5802824f8b`, attempt 1, which nobody has claimed
    ");
}

/// Ledgers that are not as they were written, or somebody else's, each with a name.
fn kinds(left: &Left) -> Vec<(&'static str, Vec<u8>)> {
    let lines = left.lines();
    let whole = String::from_utf8(left.text.clone()).unwrap();
    let changed = |header: &dyn Fn(&mut Header)| {
        let mut changed = left.header();
        header(&mut changed);
        whole.replace(&lines[0], &text::header_line(&changed, made_by(&lines[0]), &seals())).into_bytes()
    };
    let newer = whole.replacen("\"version\":2", "\"version\":3", 1);
    let stranger = Key::from_bytes([3; 32]).id();
    let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(whole.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    vec![
        ("empty", Vec::new()),
        ("cut in the header", whole.as_bytes()[..60].to_vec()),
        ("cut in a claim that was settled", whole.as_bytes()[..whole.len() - 40].to_vec()),
        ("without its header", lines[1..].concat().into_bytes()),
        ("of a newer version", newer.into_bytes()),
        ("with conflict markers", format!("<<<<<<< HEAD\n{whole}=======\n{whole}>>>>>>> other\n").into_bytes()),
        ("with an edited line", whole.replace("\"count\":2", "\"count\":3").into_bytes()),
        ("with CRLF", whole.replace('\n', "\r\n").into_bytes()),
        ("with a byte order mark", format!("\u{feff}{whole}").into_bytes()),
        ("in UTF-16", utf16),
        ("not UTF-8", [&left.text[..], b"\xc3\x28\xff\n"].concat()),
        ("pretty-printed", whole.replace("\",\"", "\", \"").into_bytes()),
        ("with an empty line", format!("{whole}\n").into_bytes()),
        ("with a huge line", format!("{whole}{}\n", "x".repeat(4 << 20)).into_bytes()),
        ("another text", b"Dear diary,\n".to_vec()),
        ("of another project", changed(&|header| header.project = ProjectId::parse("other").unwrap())),
        ("of another gateway", changed(&|header| header.gateway = "x.api.infobip.com".to_owned())),
        ("of another key", changed(&|header| header.keys = vec![stranger.clone()])),
        (
            "of two gateways",
            format!(
                "{whole}{}",
                text::header_line(&Header { gateway: "x".to_owned(), ..left.header() }, None, &seals())
            )
            .into_bytes(),
        ),
        ("with an outcome of nobody's claim", [lines[0].as_str(), &unknown_outcome(left)].concat().into_bytes()),
    ]
}

/// The entry that a header is.
fn made_by(line: &str) -> Option<Fact> {
    let run = line.split_once("\"facts\":{\"")?.1.get(..16)?;
    Some(Fact { run: RunId::parse(run)?, number: 0 })
}

fn unknown_outcome(left: &Left) -> String {
    use sendform::ledger::{Outcome, PersonState};
    let ledger = Ledger::read(&left.text, &seals()).unwrap().ledger;
    let claim = ledger.claims().next().unwrap().claim().clone();
    let (state, at) = (PersonState::Accepted, claim.at);
    let outcome =
        Outcome { claim: claim.id, state, others: Vec::new(), at, by: None, why: None, proof: None, known: None };
    outcome_line(&outcome, ledger.header())
}

#[test]
fn what_merges_and_editors_do_to_whole_lines_is_read_rightly() {
    let left = Left::new();
    let lines = left.lines();
    let mut sorted = lines.clone();
    sorted.sort();
    let backwards: Vec<String> = lines.iter().rev().cloned().collect();
    let whole = lines.concat();
    let kinds = [
        ("two headers of a union merge", format!("{}{whole}", lines[0])),
        ("every line twice", format!("{whole}{whole}")),
        ("sorted by somebody", sorted.concat()),
        ("backwards", backwards.concat()),
        ("without the last line's end", whole.trim_end().to_owned()),
        ("with the beginning of a claim", format!("{whole}{{\"claim\":\"sale.hel")),
        ("with a long beginning of a claim", format!("{whole}{{\"claim\":\"{}", "x".repeat(1 << 20))),
        ("with what a dying disk leaves", format!("{whole}{}", "\0".repeat(4096))),
    ];
    for (name, text) in kinds {
        let run = left.runs(text.as_bytes(), 6, None);
        assert!(run.stdout.contains("3 already sent"), "{name}: {run}");
        assert!(run.stdout.contains("2 in doubt"), "{name}: {run}");
        assert_eq!(fs::read(&left.path).unwrap(), left.text, "{name}: apply puts it in order");
    }
}

#[test]
fn what_is_no_file_is_an_error() {
    let left = Left::new();
    let mut said = Vec::new();
    let mut check = |name: &str, code: i32| {
        for command in [&["plan"][..], &["status"], &["apply", "--auto-approve"]] {
            let run = left.shop.run(command).code(code);
            assert_eq!(left.shop.requests(), left.requests, "{run}");
            if command[0] == "plan" {
                said.push(format!("{name}: {run}"));
            }
        }
    };
    fs::remove_file(&left.path).unwrap();
    check("missing", 8);
    left.shadow(None);
    check("missing with its shadow", 8);
    fs::create_dir(&left.path).unwrap();
    check("a folder", 1);
    fs::remove_dir(&left.path).unwrap();
    symlink("/proc/self/mem", &left.path).unwrap();
    check("unreadable", 1);
    fs::remove_file(&left.path).unwrap();
    symlink("sendform.lock", &left.path).unwrap();
    check("a link to itself", 1);
    assert_snapshot!(said.concat(), @"
    missing: exit code: 8
    ----- stderr
    error: there is no ledger at `./sendform.lock`
      hint: its shadow `./.sendform/shadow.lock` still knows what was sent: `sendform ledger init` makes the ledger anew from that
    missing with its shadow: exit code: 8
    ----- stderr
    error: there is no ledger at `./sendform.lock`
      hint: if something was sent before, bring it back, from git or a backup; else `sendform ledger init` makes it
    a folder: exit code: 1
    ----- stderr
    error: cannot read `./sendform.lock`
      caused by: Is a directory (os error 21)
      hint: it has to be a file that may be read and written here; nothing is sent without it
    unreadable: exit code: 1
    ----- stderr
    error: cannot read `./sendform.lock`
      caused by: it is a symbolic link, not a file
      hint: it has to be a file that may be read and written here; nothing is sent without it
    a link to itself: exit code: 1
    ----- stderr
    error: cannot read `./sendform.lock`
      caused by: it is a symbolic link, not a file
      hint: it has to be a file that may be read and written here; nothing is sent without it
    ");
}

#[test]
fn a_held_ledger_is_looked_at_and_not_written() {
    let left = Left::new();
    let guard = fs::File::options().read(true).write(true).open(left.shop.project.path(".sendform/lock")).unwrap();
    guard.lock().unwrap();
    let run = left.shop.apply().code(8);
    assert_snapshot!(run, @"
    exit code: 8
    ----- stderr
    error: the ledger is held by another run
      hint: wait until that run has ended; its lock ends with it, however it ends
    ");
    left.shop.run(&["plan"]).code(6);
    left.shop.run(&["status"]).code(6);
    assert_eq!((left.shop.requests(), fs::read(&left.path).unwrap()), (left.requests, left.text.clone()));
    drop(guard);
    left.shop.apply().code(6);
    assert_eq!(left.shop.requests(), left.requests);
}

/// A ledger as a run leaves it that dies: what was there before, and what it appended.
fn appended(left: &Left) -> Vec<u8> {
    let ledger = Ledger::read(&left.text, &seals()).unwrap().ledger;
    let claim = ledger.claims().next().unwrap().claim().clone();
    let mut id = claim.id.clone();
    id.attempt = 7;
    let again = sendform::ledger::Claim { id, ..claim };
    [&left.text[..], claim_line(&again, ledger.header()).as_bytes(), unknown_outcome(left).as_bytes()].concat()
}

#[test]
fn a_ledger_that_is_cut_at_any_byte_is_an_error_or_lacks_only_what_was_cut() {
    let left = Left::new();
    let text = appended(&left);
    let all = Ledger::read(&text, &seals()).unwrap().ledger;
    for cut in 0..text.len() {
        let kept = &text[..cut];
        let read = match Ledger::read(kept, &seals()) {
            Ok(read) => read,
            Err(damage) => {
                let known = matches!(damage.reason, Reason::Empty | Reason::Cut | Reason::NoHeader | Reason::Lacks(_));
                assert!(known, "byte {cut}: {damage}");
                continue;
            }
        };
        let last = kept.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let whole_end = read.torn.is_none() && last < cut;
        assert_eq!(read.torn.unwrap_or(last), last, "byte {cut}");
        // Everything in the whole lines is there, and what is known of a claim is never more than it was.
        let whole = String::from_utf8_lossy(&kept[..if whole_end { cut } else { last }]).into_owned();
        let wanted = whole.lines().filter(|line| line.starts_with("{\"claim\":")).count();
        assert_eq!(read.ledger.claims().len(), wanted, "byte {cut}");
        let mut joined = read.ledger.clone();
        joined.join(&all).unwrap();
        assert_eq!(joined.write(&seals()), all.write(&seals()), "byte {cut}");
    }
}

#[test]
fn a_cut_ledger_with_its_shadow_knows_everybody_or_is_an_error() {
    let left = Left::new();
    let text = left.text.clone();
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::of_project(folder.path());
    fs::create_dir(folder.path().join(".sendform")).unwrap();
    fs::write(paths.shadow.as_ref().unwrap(), &text).unwrap();
    let Header { project, gateway, keys, .. } = left.header();
    let expected = Binding { project, gateway, keys: Some(keys), seals: seals() };
    let standings = |ledger: &Ledger| -> Vec<Standing> {
        let claims: Vec<_> = ledger.claims().map(|claim| claim.claim().clone()).collect();
        let mut all = Vec::new();
        for claim in claims {
            let bulk = &claim.id.bulk;
            let standing = |person| ledger.standing(&bulk.message, bulk.revision, person, View::Exclusive);
            all.extend(claim.people.iter().map(|person| (*person, standing(*person))));
        }
        all.sort_unstable();
        all.into_iter().map(|(_, standing)| standing).collect()
    };
    let wanted = standings(&Ledger::read(&text, &seals()).unwrap().ledger);
    assert_eq!(wanted.len(), 5);
    let mut read_rightly = 0;
    for cut in 0..text.len() {
        fs::write(&paths.lockfile, &text[..cut]).unwrap();
        if let Ok(ledger) = Lockfile::read(&paths, &expected) {
            assert_eq!(standings(&ledger), wanted, "byte {cut}");
            read_rightly += 1;
        }
    }
    assert!(read_rightly > 100, "{read_rightly}");
}

#[test]
fn every_bit_of_every_line_counts() {
    let left = Left::new();
    let text = appended(&left);
    for position in 0..text.len() {
        for bit in 0..8 {
            let mut flipped = text.clone();
            flipped[position] ^= 1 << bit;
            let read = Ledger::read(&flipped, &seals());
            assert!(read.is_err(), "bit {bit} of byte {position}");
        }
    }
}

#[test]
fn a_flipped_bit_on_each_line_stops_every_command() {
    let left = Left::new();
    let mut start = 0;
    for line in left.lines() {
        let mut text = left.text.clone();
        text[start + line.len() / 2] ^= 4;
        left.runs(&text, 8, Some(&left.text));
        // The shadow is believed no more than the ledger.
        left.shadow(Some(&text));
        fs::write(&left.path, &left.text).unwrap();
        let run = left.shop.apply().code(8);
        assert!(run.stderr.contains("shadow.lock` is damaged"), "{run}");
        assert_eq!(left.shop.requests(), left.requests);
        start += line.len();
    }
}

/// Writes a stop or a resume, of whose two files only the first can be replaced.
fn half_written(shop: &Shop, arguments: &[&str]) -> Run {
    let words = "strace -f -qq -o /dev/null -e trace=rename,renameat,renameat2 -e \
                 inject=rename,renameat,renameat2:error=EIO:when=2+";
    let words: Vec<&str> = words.split_whitespace().collect();
    shop.project.finish(shop.project.start_under(&words, arguments)).code(1)
}

#[test]
fn what_is_half_written_of_a_stop_is_read_back_and_told_as_it_stands() {
    let shop = Shop::new(2);
    shop.run(&["stop", "--reason", "first"]).code(0);
    shop.run(&["resume"]).code(0);
    let run = half_written(&shop, &["stop", "--reason", "second"]);
    let words = "  hint: the stop stands all the same: it was read back, and runs that look there end; run the same command \
                 again, so that it is written everywhere\n";
    assert!(run.stderr.contains(words), "{run}");
    shop.apply_sends_nothing(10);
    // A resume that one of the two files has ends it: what either of them has counts.
    let run = half_written(&shop, &["resume"]);
    let words = "  hint: the stops have ended all the same: it was read back, and runs that look there send; run the same \
                 command again, so that it is written everywhere\n";
    assert!(run.stderr.contains(words), "{run}");
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 2]);
}
