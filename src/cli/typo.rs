//! What somebody has likely meant by a command or an option that there is not. A tip that is wrong is worse than none:
//! clap's own are kept only where they are a slip of the pen.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::diagnostic::suggest::nearest;

/// What other tools call what sendform calls otherwise.
const COMMANDS: [(&[&str], &str); 13] = [
    (&["deploy", "send", "run", "execute", "launch", "up", "publish", "push"], "apply"),
    (&["diff", "preview", "simulate", "dry-run", "dryrun", "show", "render", "test"], "plan"),
    (&["check", "lint", "verify"], "validate"),
    (&["new", "create", "start", "scaffold"], "init"),
    (&["history", "audit"], "log"),
    (&["state", "info", "list", "ls"], "status"),
    (&["cancel", "abort", "pause", "halt", "kill"], "stop"),
    (&["continue", "unpause", "unstop"], "resume"),
    (&["sync", "retry", "settle", "recheck"], "reconcile"),
    (&["serve", "server", "emulator", "mock", "gateway"], "sandbox"),
    (&["import", "merge", "copy", "rebind", "recover"], "ledger"),
    (&["completion", "shell-completions"], "completions"),
    (&["health", "diagnose", "env"], "doctor"),
];

/// The same for options.
const OPTIONS: [(&[&str], &str); 5] = [
    (&["--yes", "--force", "--assume-yes", "--no-input", "--non-interactive"], "`--auto-approve` sends without asking"),
    (&["--dry-run", "--dryrun", "--check-only"], "`sendform plan` shows what would be sent, and sends nothing"),
    (&["--project", "--chdir", "--cwd", "--path"], "`--dir` names the project's folder"),
    (&["--json", "--output"], "`--format json` gives a document for machines, `--write json=FILE` writes it to a file"),
    (&["--verbose", "--debug"], "everything there is to say is said already; `--format json` has all of it"),
];

/// Puts a tip that makes sense into an error, or takes one away that does not.
pub(super) fn tipped(mut error: clap::Error) -> clap::Error {
    if error.kind() == ErrorKind::InvalidSubcommand {
        let tip = typed(&error, ContextKind::InvalidSubcommand).and_then(|typed| called(&typed));
        keep_if_near(&mut error, ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand);
        if let Some(command) = tip {
            give(&mut error, ContextKind::SuggestedSubcommand, format!("sendform calls that `{command}`"));
        }
    } else if error.kind() == ErrorKind::UnknownArgument {
        let typed = typed(&error, ContextKind::InvalidArg);
        let tip = typed.as_deref().and_then(|typed| OPTIONS.iter().find(|(words, _)| words.contains(&typed)));
        keep_if_near(&mut error, ContextKind::InvalidArg, ContextKind::SuggestedArg);
        if let Some((_, words)) = tip {
            give(&mut error, ContextKind::SuggestedArg, (*words).to_owned());
        }
    }
    error
}

/// What sendform calls what was typed, if another tool calls it so.
fn called(typed: &str) -> Option<&'static str> {
    let typed = typed.to_lowercase();
    COMMANDS.iter().find(|(words, _)| words.contains(&typed.as_str())).map(|(_, command)| *command)
}

fn typed(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind) {
        Some(ContextValue::String(typed)) => Some(typed.clone()),
        _ => None,
    }
}

/// Keeps a suggestion only if it is a slip of the pen away from what was typed.
fn keep_if_near(error: &mut clap::Error, typed_kind: ContextKind, kind: ContextKind) {
    let Some(typed) = typed(error, typed_kind) else { return };
    let near = match error.get(kind) {
        Some(ContextValue::String(one)) => nearest(&typed, [one.as_str()]).map(str::to_owned).map(ContextValue::String),
        Some(ContextValue::Strings(all)) => {
            let near = nearest(&typed, all.iter().map(String::as_str));
            near.map(|near| ContextValue::Strings(vec![near.to_owned()]))
        }
        _ => return,
    };
    match near {
        Some(near) => drop(error.insert(kind, near)),
        None => drop(error.remove(kind)),
    }
}

/// Says a tip in place of a suggestion.
fn give(error: &mut clap::Error, instead: ContextKind, words: String) {
    drop(error.remove(instead));
    drop(error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![words.into()])));
}
