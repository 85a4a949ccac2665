//! A `git` of our own before the real one: it counts the commands of a run, and at one of them the
//! run, or the command, dies.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::Project;

use super::strace::Call;

/// Where the real one is found.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What happens at a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Blow {
    /// The run is killed before the command is there.
    KillsBefore,
    /// The run is killed, and the command goes on without it.
    Orphans,
    /// The command does all it should, and the run is killed before it hears of that.
    KillsAfter,
    /// The command dies before it has done anything, and the run goes on.
    DiesBefore,
    /// The command does all it should and dies, and the run goes on.
    DiesAfter,
    /// The command dies when its file is ready and not yet in its place, and leaves a lock; the run goes
    /// on.
    DiesMidway,
}

impl Blow {
    /// Those that every command can be dealt.
    pub(super) const ALL: [Self; 5] =
        [Self::KillsBefore, Self::Orphans, Self::KillsAfter, Self::DiesBefore, Self::DiesAfter];

    /// Whether it is the run that dies.
    pub(super) const fn is_kill(self) -> bool {
        matches!(self, Self::KillsBefore | Self::Orphans | Self::KillsAfter)
    }

    /// Its name, with what dies.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::KillsBefore => "killed before it",
            Self::Orphans => "killed during it",
            Self::KillsAfter => "killed after it",
            Self::DiesBefore => "it dies first",
            Self::DiesAfter => "it dies last",
            Self::DiesMidway => "it dies midway",
        }
    }

    const fn script(self) -> &'static str {
        match self {
            Self::KillsBefore => "kill -9 $PPID",
            Self::Orphans => "kill -9 $PPID; exec git \"$@\"",
            Self::KillsAfter => "git \"$@\"; kill -9 $PPID",
            Self::DiesBefore => "kill -9 $$",
            Self::DiesAfter => "git \"$@\"; kill -9 $$",
            Self::DiesMidway => "exec strace -qq -o /dev/null -e inject=rename,renameat:signal=KILL git \"$@\"",
        }
    }
}

/// Puts the program before the real one. It strikes at the n-th command, if it is to strike at all.
pub(super) fn install(project: &mut Project, strike: Option<(Blow, usize)>) {
    // The git folder of a clone is no part of what git looks at.
    let folder = project.path(".git/sweep");
    let log = folder.join("log").display().to_string();
    // Settings stand before the command's name.
    let count = "name() { while [ \"$1\" = -c ] || [ \"$1\" = --no-pager ]; do\n\
                 [ \"$1\" = -c ] && shift; shift; done; echo \"$1\"; }\n";
    let strike = strike.map_or_else(String::new, |(blow, number)| {
        format!("if [ \"$(wc -l <'{log}')\" = {number} ]; then {}; exit 1; fi\n", blow.script())
    });
    let script = format!("#!/bin/sh\nPATH={PATH}\n{count}name \"$@\" >>'{log}'\n{strike}exec git \"$@\"\n");
    fs::create_dir_all(&folder).expect("a folder can be made");
    let program = folder.join("git");
    fs::write(&program, script).expect("a file can be written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it can be made a program");
    project.set("PATH", format!("{}:{PATH}", folder.display()));
}

/// Does what the user of a clone is told to do about a lock that was left in it.
pub(super) fn unlock(project: &Project) {
    let run = project.run(["status"]).code(1);
    let (_, hint) = run.stderr.split_once("run the same command again: `rm ").expect("the lock is named");
    let (lock, _) = hint.split_once('`').expect("the command has an end");
    fs::remove_file(lock).expect("the lock is there");
}

/// Takes the program away, and says which commands there were.
pub(super) fn remove(project: &mut Project) -> Vec<Call> {
    project.unset("PATH");
    commands(&project.path(".git/sweep/log"))
}

fn commands(log: &Path) -> Vec<Call> {
    let log = fs::read_to_string(log).unwrap_or_default();
    let names: Vec<&str> = log.lines().collect();
    let same = |upto: usize| names.iter().take(upto + 1).filter(|name| **name == names[upto]).count();
    let calls = names.iter().enumerate();
    calls.map(|(at, name)| ("git".to_owned(), (*name).to_owned(), u64::try_from(same(at)).expect("a few"))).collect()
}
