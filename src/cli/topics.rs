//! What `sendform help exit-codes` and `sendform help environment` say.

use super::exit::Exit;
use super::settings::VARIABLES;

/// A page of help that is about no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// The exit codes.
    ExitCodes,
    /// The variables of the environment.
    Environment,
}

impl Topic {
    /// All of them, with their names.
    pub(super) const ALL: [(&'static str, Self); 2] =
        [("exit-codes", Self::ExitCodes), ("environment", Self::Environment)];

    /// The one of a name.
    #[must_use]
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(own, _)| *own == name).map(|(_, topic)| *topic)
    }

    /// The page.
    #[must_use]
    pub(super) fn text(self) -> String {
        match self {
            Self::ExitCodes => exit_codes(),
            Self::Environment => environment(),
        }
    }
}

fn exit_codes() -> String {
    let mut codes = Exit::ALL;
    codes.sort_by_key(|exit| exit.code());
    let lines = codes.iter().map(|exit| format!("  {:>2}  {}\n", exit.code(), exit.meaning()));
    let order: Vec<String> =
        Exit::ALL.iter().filter(|exit| **exit != Exit::Done).map(|exit| exit.code().to_string()).collect();
    format!(
        "Exit codes of sendform\n\n{}\nCode 2 is for `plan --detailed-exitcode`, and for an apply that leaves somebody \
         behind.\nOf several the first of {} wins.\n",
        lines.collect::<String>(),
        order.join(", ")
    )
}

fn environment() -> String {
    let width = VARIABLES.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let lines = VARIABLES.iter().map(|(name, meaning)| format!("  {name:width$}  {meaning}\n"));
    format!("Variables of the environment that sendform reads\n\n{}", lines.collect::<String>())
}
