//! The machine, the environment and the terminal.

use std::env;
use std::io::{self, IsTerminal as _};

use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::settings::{Settings, Unusable};

use super::findings::Checkup;

/// Narrower than this lines break in the middle of what belongs together, in columns.
const WIDTH_MIN: usize = 80;

/// Looks at the machine, and at variables that are no secrets.
pub(super) fn look(settings: &Settings, unusable: &[Unusable], findings: &mut Checkup<'_>) {
    let version = env!("CARGO_PKG_VERSION");
    findings.ok("version", format!("sendform {version} on {} {}", env::consts::OS, env::consts::ARCH));
    if let Some(name) = settings.for_tests() {
        findings.warn(
            "test-settings",
            format!("`{name}` is set, which is for tests against the sandbox or a gateway on loopback"),
            leave_out(name),
        );
    }
    for Unusable { name, failure } in unusable.iter().filter(|unusable| !unusable.is_of_key()) {
        findings
            .stop("environment", Failure::new(failure.code, failure.message.clone()).hint(format!("`unset {name}`")));
    }
    if settings.by.is_some() {
        findings.ok("by", "the ledger is told who runs this");
    } else {
        findings.warn("by", "the ledger is not told who runs this", "`export SENDFORM_BY=NAME`");
    }
    if settings.ci {
        findings.ok("ci", "this is a run of continuous integration: `CI` is set");
    }
}

/// How a variable or an option is left out.
pub(super) fn leave_out(name: &str) -> String {
    if name.starts_with('-') { format!("leave `{name}` out") } else { format!("`unset {name}`") }
}

/// Looks at the terminal.
pub(super) fn terminal(output: &Output, findings: &mut Checkup<'_>) {
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        findings.ok("prompt", "an apply can ask before it sends");
    } else {
        findings.ok("prompt", "there is no terminal to ask on: an apply needs `--auto-approve`");
    }
    match output.width() {
        Some(width) if width < WIDTH_MIN => findings.warn(
            "width",
            format!("{width} columns: tables need {WIDTH_MIN}"),
            "make the window wider, or use `--format json`",
        ),
        Some(width) => findings.ok("width", format!("{width} columns")),
        None => findings.ok("width", "the output is no terminal, so its width is not known"),
    }
    let colors = if output.has_colours() { "colours are used" } else { "no colours are used" };
    findings.ok("color", colors);
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(|name| env::var(name).ok());
    let locale = locale.into_iter().find(|value| !value.is_empty()).unwrap_or_default().to_lowercase();
    if locale.contains("utf-8") || locale.contains("utf8") {
        findings.ok("unicode", "the locale is UTF-8");
    } else {
        findings.warn("unicode", "the locale is not UTF-8, so letters may be shown wrong", "`export LC_ALL=C.UTF-8`");
    }
}
