//! What each command does where a sandbox's time is before what the ledger has as sent.

use std::collections::BTreeSet;

use super::{APPLY, shop};
use crate::support::{NOW, Sandbox, Shop};

const WORD: &[&str] = &["resolve", "BULK", "--abandon", "--reason", "who knows"];

/// What a command does with such a ledger.
enum Untimely {
    /// It ends with code 8, and does nothing.
    Refuses(&'static [&'static str]),
    /// It tells of the ledger, warns that nothing is sent from it, and ends so.
    Warns(&'static [&'static str], i32),
    /// It goes by no time and by no claims at once; why.
    Goes(&'static str),
}

use Untimely::{Goes, Refuses, Warns};

/// Every command there is.
const COMMANDS: &[(&str, Untimely)] = &[
    ("init", Goes("makes files")),
    ("validate", Goes("reads files only")),
    ("schema", Goes("writes files")),
    ("plan", Refuses(&["plan"])),
    ("apply", Refuses(APPLY)),
    ("stop", Goes("a stop stands whatever the time is")),
    ("resume", Goes("ends a stop")),
    ("status", Warns(&["status"], 6)),
    ("report", Goes("reads the sandbox, and no ledger")),
    ("log", Warns(&["log"], 0)),
    ("reconcile", Refuses(&["reconcile"])),
    ("resolve", Refuses(WORD)),
    ("sandbox", Goes("is the clock")),
    ("ci", Goes("plans and applies as `plan` and `apply` do")),
    ("ledger", Goes("see below")),
    ("doctor", Refuses(&["doctor"])),
    ("man", Goes("prints")),
    ("completions", Goes("prints")),
    ("help", Goes("prints")),
    ("ledger init", Goes("there is no ledger yet")),
    ("ledger verify", Warns(&["ledger", "verify"], 8)),
    ("ledger import", Refuses(&["ledger", "import", "other.lock"])),
    ("ledger merge", Goes("reads files of git, with no gateway")),
    ("ledger copy", Goes("carries a ledger as it is")),
    ("ledger rebind", Goes("changes names and keys")),
    ("ledger recover", Refuses(&["ledger", "recover"])),
];

/// A shop whose sandbox was begun anew three weeks before the one claim of the ledger, which is in doubt.
fn begun_anew() -> Shop {
    let Shop { project, sandbox } = shop(2, &["--stopped"]);
    let address = sandbox.address().to_string();
    sandbox.set_clock("2026-12-24T06:00:00Z");
    sandbox.faults(&["500-after@1"]);
    project.run(APPLY).code(6);
    drop(sandbox);
    std::fs::copy(project.path("sendform.lock"), project.path("other.lock")).unwrap();
    Shop { project, sandbox: Sandbox::start_at(&address, &["--now", NOW, "--stopped"]) }
}

#[test]
fn every_command_that_goes_by_a_sandboxs_time_looks_whether_it_is_before_the_ledger() {
    let shop = begun_anew();
    let ledger = shop.project.read("sendform.lock");
    for (name, untimely) in COMMANDS {
        let (arguments, code) = match untimely {
            Refuses(arguments) => (arguments, 8),
            Warns(arguments, code) => (arguments, *code),
            Goes(why) => {
                assert!(!why.is_empty());
                continue;
            }
        };
        let bulk = bulk(&ledger);
        let arguments: Vec<&str> = arguments.iter().map(|word| if *word == "BULK" { &bulk } else { *word }).collect();
        let run = shop.sends_nothing(&arguments, code);
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(told.contains("is before the newest claim of the ledger"), "{name}: {run}");
        assert_eq!(shop.project.read("sendform.lock"), ledger, "{name} has written: {run}");
    }
}

#[test]
fn no_command_is_forgotten() {
    let shop = shop(0, &["--stopped"]);
    let mut known: BTreeSet<String> = names(&shop.run(&["--help"]).code(0).stdout, "");
    known.extend(names(&shop.run(&["ledger", "--help"]).code(0).stdout, "ledger "));
    assert_eq!(COMMANDS.iter().map(|(name, _)| (*name).to_owned()).collect::<BTreeSet<_>>(), known);
}

/// The commands of a page of help, under what is typed before them.
fn names(help: &str, before: &str) -> BTreeSet<String> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let name = |line: &str| line.strip_prefix("  ")?.split(' ').next().map(str::to_owned);
    list.filter_map(name).filter(|name| !name.is_empty()).map(|name| format!("{before}{name}")).collect()
}

/// The one bulk of the ledger.
fn bulk(ledger: &str) -> String {
    let claims = ledger.split("\"claim\":\"").nth(1).expect("a claim");
    claims.split('"').next().expect("its end").to_owned()
}
