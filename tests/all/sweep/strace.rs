//! What `strace` does to the n-th call of a run, and what its log says that it did.

use std::collections::BTreeMap;
use std::path::Path;

/// Which calls are counted. The count of `strace` is one a thread, so that the calls of one thread
/// hide those of another: it takes all three ways to reach them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// Those of all threads and of the processes that they start.
    All,
    /// Those of all threads, but not of the processes that they start.
    Own,
    /// Those of the main thread.
    Main,
    /// Those on the ledger's files, of all threads.
    Files,
}

/// What is done at the entry of a call, instead of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deed {
    /// The process is killed.
    Kill,
    /// The call fails.
    Error(&'static str),
}

impl Deed {
    /// Its name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Kill => "killed",
            Self::Error(error) => error,
        }
    }

    fn words(self) -> String {
        match self {
            Self::Kill => "signal=KILL".to_owned(),
            Self::Error(error) => format!("error={error}"),
        }
    }
}

/// A call that can be told from others: its name, what it is about, and how many of these came first.
pub(super) type Call = (String, String, u64);

/// The command under which a run is traced; with `strike`, the n-th call of this name is struck.
pub(super) fn wrapper(way: Way, name: &str, strike: Option<(Deed, u64)>, folder: &Path, log: &Path) -> Vec<String> {
    let mut words = vec!["strace".to_owned(), "-qq".to_owned(), "-y".to_owned(), "-s0".to_owned()];
    if way != Way::Main {
        words.push("-f".to_owned());
    }
    if way == Way::Own || way == Way::Files {
        words.push("--detach-on=execve".to_owned());
    }
    if way == Way::Files {
        for file in ["sendform.lock", ".sendform/shadow.lock", ".sendform/pending.jsonl"] {
            words.extend(["-P".to_owned(), folder.join(file).display().to_string()]);
        }
    }
    words.extend(["-e".to_owned(), format!("trace={name}")]);
    if let Some((deed, number)) = strike {
        words.extend(["-e".to_owned(), format!("inject={name}:{}:when={number}", deed.words())]);
    }
    words.extend(["-o".to_owned(), log.display().to_string()]);
    words
}

/// All calls in a log, and which of them was struck.
pub(super) fn calls(log: &str, folder: &Path) -> (Vec<Call>, Option<Call>) {
    let folder = folder.display().to_string();
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut calls: Vec<Call> = Vec::new();
    // By thread: calls without a result yet.
    let mut open: BTreeMap<&str, Call> = BTreeMap::new();
    let mut struck = None;
    for line in log.lines() {
        // Without -f there is no number of a thread before the call.
        let (thread, call) = match line.split_once(' ') {
            Some((thread, call)) if thread.bytes().all(|byte| byte.is_ascii_digit()) => (thread, call.trim_start()),
            _ => ("", line),
        };
        if let Some((name, rest)) = call.split_once('(').filter(|_| !call.starts_with(['<', '+', '-', '?'])) {
            let of = (name.to_owned(), target(rest, &folder));
            let count = counts.entry(of.clone()).or_default();
            *count += 1;
            let call = (of.0, of.1, *count);
            calls.push(call.clone());
            open.insert(thread, call);
        }
        if line.contains("(INJECTED)") {
            struck = open.get(thread).cloned();
        }
        if call.rsplit_once(" = ").is_some_and(|(_, result)| !result.starts_with('?')) {
            open.remove(thread);
        }
    }
    let is_killed = log.contains("+++ killed by SIGKILL +++");
    // Other threads that are in a call of this name when the process is killed came to it before.
    let last = calls.iter().rev().find(|call| open.values().any(|open| open == *call)).cloned();
    let struck = struck.or(last.filter(|_| is_killed));
    (calls, struck)
}

/// What a call is about: a file in the folder under its name, or a kind of thing.
fn target(arguments: &str, folder: &str) -> String {
    let descriptor = arguments.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    let (path, rest) = descriptor.unwrap_or(("", arguments));
    let path = if path == folder { "." } else { path.strip_prefix(&format!("{folder}/")).unwrap_or(path) };
    if path.starts_with("socket:") || path.starts_with("TCP:") {
        return "socket".to_owned();
    }
    if path.contains("eventfd") {
        return "eventfd".to_owned();
    }
    // A file without a name, in which a command's output is kept.
    if path.starts_with("pipe:") || path.starts_with("/dev/") || path.starts_with("/tmp/#") {
        return "output".to_owned();
    }
    // A rename is about the name that it makes.
    let name = rest.rsplit('"').nth(1).filter(|_| rest.contains(">, \""));
    let path = name.map_or_else(|| path.to_owned(), |name| format!("{path}/{name}"));
    // `.NAME.` and six letters that nobody can know.
    let file = path.rsplit('/').next().unwrap_or_default();
    match path.rsplit_once('.') {
        Some((stem, letters)) if file.starts_with('.') && letters.len() == 6 && file.len() > 8 => format!("{stem}.*"),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_struck_call_is_found() {
        let folder = Path::new("/tmp/p");
        let log = "7 write(12</tmp/p/sendform.lock>, \"\"..., 161) = 161\n\
                   8 write(4<anon_inode:[eventfd]>, \"\"..., 8 <unfinished ...>\n\
                   7 write(12</tmp/p/sendform.lock>, \"\"..., 161 <unfinished ...>\n\
                   8 <... write resumed>) = 8\n\
                   7 <... write resumed>) = ?\n7 +++ killed by SIGKILL +++\n";
        let (all, struck) = calls(log, folder);
        assert_eq!(all.len(), 3);
        assert_eq!(struck, Some(("write".to_owned(), "sendform.lock".to_owned(), 2)));
        let log = "fsync(15</tmp/p/.sendform/.shadow.lock.g0jHcJ>) = -1 EIO (Input/output error) (INJECTED)\n\
                   fsync(14</tmp/p>) = 0\n";
        let (all, struck) = calls(log, folder);
        assert_eq!(struck, Some(("fsync".to_owned(), ".sendform/.shadow.lock.*".to_owned(), 1)));
        assert_eq!(all.last().map(|call| call.1.as_str()), Some("."));
        let log = "write(15</tmp/#10010837>(deleted), \"\"..., 48) = 48\n";
        assert_eq!(calls(log, folder).0, [("write".to_owned(), "output".to_owned(), 1)]);
        let log = "write(15</tmp/p/.sendform/.run.g0jHcJ>, \"\"..., 10) = 10\n\
                   write(15</tmp/p/.sendform/.gitignore>, \"\"..., 2) = 2\n";
        let targets: Vec<String> = calls(log, folder).0.into_iter().map(|(_, target, _)| target).collect();
        assert_eq!(targets, [".sendform/.run.*", ".sendform/.gitignore"]);
        let log = "renameat(14</tmp/p>, \".sendform.lock.g0jHcJ\", 14</tmp/p>, \"sendform.lock\") = 0\n";
        assert_eq!(calls(log, folder), (vec![("renameat".to_owned(), "./sendform.lock".to_owned(), 1)], None));
    }
}
