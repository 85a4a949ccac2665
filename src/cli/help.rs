//! The help of each command: its own options first, those of all commands apart and only where they mean something, and
//! a few examples at the foot.

use clap::{Arg, Command, CommandFactory as _};

use super::args::Arguments;

/// Options of all commands that mean something to every command that says something.
const SAID: [&str; 4] = ["format", "write", "color", "quiet"];
/// Options of commands that read the project's files.
const FILES: [&str; 6] = ["dir", "data", "format", "write", "color", "quiet"];
/// Options of commands that read the ledger of one gateway or the other.
const LEDGER: [&str; 8] = ["dir", "data", "sandbox", "now", "format", "write", "color", "quiet"];
/// Options of commands that talk to the gateway.
const GATEWAY: [&str; 9] = ["dir", "data", "sandbox", "fault", "now", "format", "write", "color", "quiet"];
/// All of them.
const PLAN: [&str; 10] = ["dir", "data", "sandbox", "fault", "now", "format", "write", "reveal", "color", "quiet"];

/// A command's page.
struct HelpPage {
    /// The command, as it is typed.
    path: &'static [&'static str],
    /// The options of all commands that mean something to it.
    options: &'static [&'static str],
    /// Command lines, and what they are for.
    examples: &'static [(&'static str, &'static str)],
}

const fn page(
    path: &'static [&'static str],
    options: &'static [&'static str],
    examples: &'static [(&'static str, &'static str)],
) -> HelpPage {
    HelpPage { path, options, examples }
}

/// The pages of all commands.
const PAGES: [HelpPage; 30] = [
    page(
        &[],
        &PLAN,
        &[
            ("sendform init", "begin a project"),
            ("sendform plan --sandbox", "see what would be sent, without a gateway"),
            ("sendform doctor", "see what is missing before the first real apply"),
            ("sendform help exit-codes", "what the exit codes mean"),
            ("sendform help environment", "which variables are read"),
        ],
    ),
    page(
        &["init"],
        &SAID,
        &[("sendform init", "in the folder `campaigns`"), ("sendform init shops/outlet", "in another folder")],
    ),
    page(
        &["validate"],
        &FILES,
        &[
            ("sendform validate", "all files"),
            ("sendform validate campaigns/spring-sale.yaml", "all files, but only what is wrong with one is shown"),
            ("sendform validate --format json", "for an editor or CI"),
        ],
    ),
    page(
        &["schema"],
        &SAID,
        &[
            ("sendform schema campaigns/schema", "write the schemas beside the campaigns, for editors"),
            ("sendform schema --check", "fail if the ones there are not up to date"),
        ],
    ),
    page(
        &["plan"],
        &PLAN,
        &[
            ("sendform plan", "what would be sent now"),
            ("sendform plan --only spring-sale", "of one campaign"),
            (
                "sendform plan --out sale.plan --detailed-exitcode",
                "freeze it for a review; code 2 if there is something to send",
            ),
        ],
    ),
    page(
        &["apply"],
        &PLAN,
        &[
            ("sendform apply", "show the plan, ask, and send"),
            ("sendform apply sale.plan --auto-approve", "send what was reviewed, and nothing else"),
            ("sendform apply --accept messages=12000", "beyond a safety limit, up to a number"),
            ("sendform apply --commit", "then commit the lockfile and push it"),
            ("sendform apply --sandbox -y", "try it without a gateway"),
        ],
    ),
    page(
        &["stop"],
        &LEDGER,
        &[("sendform stop --reason 'the price is wrong'", "nothing more is sent, by whatever run")],
    ),
    page(
        &["resume"],
        &LEDGER,
        &[
            ("sendform resume --reason 'the price is right now'", "end all stops that stand"),
            ("sendform resume 4f0c9a7e", "end one of them"),
        ],
    ),
    page(
        &["status"],
        &LEDGER,
        &[
            ("sendform status", "what the ledger holds, doubts first"),
            ("sendform status --offline --format json", "as it was fetched last, for machines"),
        ],
    ),
    page(
        &["report"],
        &LEDGER,
        &[
            ("sendform report --sandbox", "of the project's embedded sandbox, at its own time"),
            ("sendform report --sandbox --now 2026-12-14T12:00:00Z", "after its clock was moved there, for good"),
        ],
    ),
    page(
        &["log"],
        &LEDGER,
        &[
            ("sendform log --last 5", "the last five events"),
            ("sendform log --format json", "all of them, for machines"),
        ],
    ),
    page(
        &["reconcile"],
        &GATEWAY,
        &[
            ("sendform reconcile", "everybody in doubt"),
            ("sendform reconcile --only spring-sale", "those of one campaign"),
        ],
    ),
    page(
        &["resolve"],
        &LEDGER,
        &[
            (
                "sendform resolve spring-sale.announce.r1.5f0c9a7e21d84b63 --sent --reason 'seen in the portal'",
                "they have it",
            ),
            (
                "sendform resolve spring-sale.announce.r1.5f0c9a7e21d84b63 --abandon --reason 'nobody can tell'",
                "give them up",
            ),
        ],
    ),
    page(
        &["sandbox"],
        &["dir", "format", "write", "color", "quiet"],
        &[
            ("sendform sandbox", "on 127.0.0.1:8025"),
            ("sendform sandbox --listen :9000 --with 500-after@3", "on another port, with a fault"),
            (
                "sendform sandbox --stopped --account-webhook http://127.0.0.1:9000/dlr",
                "delivery reports are posted to a receiver on this machine, once the clock is moved",
            ),
        ],
    ),
    page(
        &["ledger"],
        &LEDGER,
        &[("sendform ledger init", "make the ledger, once"), ("sendform ledger verify", "read all of it")],
    ),
    page(&["ledger", "init"], &LEDGER, &[("sendform ledger init", "make the ledger, once")]),
    page(
        &["ledger", "verify"],
        &LEDGER,
        &[
            ("sendform ledger verify", "read all of it, and tell what is odd"),
            ("sendform ledger verify --sandbox", "the sandbox's"),
        ],
    ),
    page(
        &["ledger", "import"],
        &LEDGER,
        &[("sendform ledger import ../other/sendform.lock", "join another clone's ledger in")],
    ),
    page(
        &["ledger", "merge"],
        &["format", "write", "color", "quiet"],
        &[("sendform ledger merge base.lock ours.lock theirs.lock", "as git calls it")],
    ),
    page(
        &["ledger", "copy"],
        &FILES,
        &[("sendform ledger copy --from lockfile", "into the home that the project file names")],
    ),
    page(
        &["ledger", "rebind"],
        &LEDGER,
        &[
            ("sendform ledger rebind --add-key", "name one more key"),
            ("sendform ledger rebind --gateway old.api.infobip.com", "the gateway has another name now"),
        ],
    ),
    page(
        &["ledger", "recover"],
        &GATEWAY,
        &[("sendform ledger recover", "write down what the gateway knows and the ledger does not")],
    ),
    page(
        &["ci"],
        &PLAN,
        &[
            ("sendform ci plan", "in a pull request, or a merge request: plan, and show it where it is reviewed"),
            ("sendform ci apply", "after the merge: send what was reviewed there"),
        ],
    ),
    page(
        &["ci", "plan"],
        &["dir", "data", "format", "write", "color", "quiet"],
        &[
            ("sendform ci plan", "plan, with a summary, annotations, a comment, and the plan as a file"),
            ("sendform ci plan --comment never", "without a comment"),
            ("sendform ci plan --accept messages=12000", "where a limit is accepted"),
        ],
    ),
    page(
        &["ci", "apply"],
        &["dir", "data", "sandbox", "fault", "now", "format", "write", "color", "quiet"],
        &[
            ("sendform ci apply", "send what was reviewed in the pull request of this run's commit"),
            ("sendform ci apply --approvals 2", "if at least two other people have approved exactly its head"),
            (
                "sendform ci apply --plan-workflow .github/workflows/plan.yml",
                "where another workflow plans pull requests",
            ),
            (
                "sendform ci apply --plan-workflow campaigns",
                "on GitLab, where the job `campaigns` plans merge requests",
            ),
        ],
    ),
    page(
        &["doctor"],
        &["dir", "data", "sandbox", "now", "format", "write", "color", "quiet"],
        &[
            ("sendform doctor", "look at everything"),
            ("sendform doctor --offline", "without asking the gateway and the ledger's server"),
            ("sendform doctor --format json", "for machines"),
        ],
    ),
    page(
        &["completions"],
        &[],
        &[
            ("sendform completions bash", "print the script; bash reads it from ~/.bash_completion"),
            ("sendform completions zsh", "for zsh, as `_sendform` in a folder of `fpath`"),
        ],
    ),
    page(
        &["man"],
        &[],
        &[
            ("sendform man", "one page: `sendform man | man -l -`"),
            ("sendform man ~/.local/share/man/man1", "a page for each command, in a folder"),
        ],
    ),
    page(&["__complete"], &[], &[("sendform __complete messages", "the messages of the project")]),
    page(
        &["help"],
        &[],
        &[
            ("sendform help apply", "the page of a command"),
            ("sendform help exit-codes", "what the exit codes mean"),
            ("sendform help environment", "which variables are read"),
        ],
    ),
];

/// The command line with its help.
#[must_use]
pub(super) fn command() -> Command {
    let root = Arguments::command();
    let all: Vec<Arg> = root.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    PAGES.iter().fold(root, |root, page| written(root, page, page.path, &all))
}

/// Writes a page into the command that it is about, if there is such a command.
fn written(command: Command, page: &HelpPage, path: &[&str], all: &[Arg]) -> Command {
    let Some((name, rest)) = path.split_first() else {
        return with_page(command, page, all);
    };
    if command.find_subcommand(name).is_none() {
        return command;
    }
    command.mut_subcommand(*name, |command| written(command, page, rest, all))
}

fn with_page(command: Command, page: &HelpPage, all: &[Arg]) -> Command {
    let is_own = |command: &Command, arg: &Arg| command.get_arguments().any(|own| own.get_id() == arg.get_id());
    let mut command = command;
    // The root has them all; elsewhere one without meaning is still taken, so that a wrapper may always pass it.
    for arg in all {
        if !page.options.contains(&arg.get_id().as_str()) && !is_own(&command, arg) {
            command = command.arg(arg.clone().hide(true));
        }
    }
    if page.examples.is_empty() { command } else { command.after_help(examples(page.examples)) }
}

fn examples(examples: &[(&str, &str)]) -> String {
    let lines = examples.iter().map(|(line, what)| format!("\n  {line}\n      {what}"));
    format!("Examples:{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::ffi::OsString;

    use super::*;
    use crate::report::typed;

    /// The paths of all commands below one.
    fn paths(command: &Command, path: &[String], found: &mut Vec<Vec<String>>) {
        found.push(path.to_vec());
        for below in command.get_subcommands() {
            paths(below, &[path, &[below.get_name().to_owned()]].concat(), found);
        }
    }

    #[test]
    fn every_command_has_a_page_and_every_page_a_command() {
        let mut found = Vec::new();
        paths(&Arguments::command(), &[], &mut found);
        let mut paged: Vec<Vec<String>> =
            PAGES.iter().map(|page| page.path.iter().map(|word| (*word).to_owned()).collect()).collect();
        found.sort();
        paged.sort();
        assert_eq!(found, paged);
    }

    /// What was typed is repeated in the hints by a layer that knows no command line.
    #[test]
    fn hints_repeat_to_each_command_the_options_that_mean_something_to_it() {
        let names = |has: &dyn Fn(&Command, &HelpPage) -> bool| {
            let root = Arguments::command();
            let own = PAGES.iter().filter_map(|page| match page.path {
                [name] if *name != "__complete" => Some((root.find_subcommand(name)?, page)),
                _ => None,
            });
            own.filter(|(command, page)| has(command, page)).map(|(_, page)| page.path[0]).collect::<BTreeSet<_>>()
        };
        let takes = |page: &HelpPage, option: &str| page.options.contains(&option);
        assert_eq!(names(&|_, page| takes(page, "sandbox")), BTreeSet::from(typed::WITH_GATEWAY));
        // `init` makes the project that is named.
        let without_project = names(&|_, page| !takes(page, "dir") && page.path != ["init"]);
        assert_eq!(without_project, BTreeSet::from(typed::WITHOUT_PROJECT));
        let selects = |command: &Command| command.get_arguments().any(|argument| argument.get_id() == "only");
        assert_eq!(names(&|command, _| selects(command)), BTreeSet::from(typed::WITH_SELECTION));
    }

    #[test]
    fn every_example_is_a_command_line_that_can_be_read() {
        for page in &PAGES {
            assert!(!page.examples.is_empty(), "{:?}", page.path);
            for (line, _) in page.examples {
                let words: Vec<OsString> = words(line).into_iter().map(OsString::from).collect();
                let begins: Vec<&str> = std::iter::once("sendform").chain(page.path.iter().copied()).collect();
                assert!(line.starts_with(&begins.join(" ")), "{line}");
                if let Err(error) = Arguments::read(words) {
                    assert!(!error.use_stderr(), "{line}: {error}");
                }
            }
        }
    }

    /// Splits a line as a shell does, as far as examples need that.
    fn words(line: &str) -> Vec<String> {
        let mut words = Vec::new();
        for (at, part) in line.split('\'').enumerate() {
            if at % 2 == 1 {
                words.push(part.to_owned());
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        words
    }

    #[test]
    fn an_option_without_meaning_is_not_shown_and_still_taken() {
        let mut command = command();
        let schema = command.find_subcommand_mut("schema").unwrap().render_long_help().to_string();
        assert!(!schema.contains("--sandbox") && !schema.contains("--reveal"), "{schema}");
        let read = Arguments::read(["sendform", "schema", "--sandbox", "--dir", "x"].map(OsString::from)).unwrap();
        assert!(read.global.sandbox && read.global.dir.is_some());
    }
}
