//! `doctor`: what this machine and this project are, and what would stop an apply, each with its remedy.
//!
//! Nothing is sent, and nothing is written into the project; no secret is shown, nor where one is read from. The
//! network is used for the gateway's base URL, for one row of its logs, which shows whether it takes the credentials, and
//! for the ledger's own store as a plan does: a ledger in git is fetched
//! into refs of its own.

mod findings;
mod gateway;
mod git;
mod ledger;
mod machine;
mod project;

use std::sync::Arc;

use crate::cli::args::{DoctorArgs, Global};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::settings::{Settings, Unusable};
use crate::report::doctor::{DoctorReport, DoctorSection};
use crate::report::typed::Typed;

use findings::Checkup;

/// Runs the command. The exit code is the one that an apply would end with because of what is found.
///
/// # Errors
/// If the report cannot be shown.
pub(super) async fn run(
    global: &Global,
    args: &DoctorArgs,
    (settings, unusable): (&Settings, &[Unusable]),
    output: &Output,
) -> Result<Exit, Failure> {
    let mut sections = Sections { typed: output.typed(), sections: Vec::new(), exit: Exit::Done };
    sections.section("machine", |findings| machine::look(settings, unusable, findings));
    let mut found = None;
    sections.section("project", |findings| found = project::look(global, findings));
    let found = match found {
        Some(files) => Some(project::context(files, global, settings, args.reading.offline).await),
        None => None,
    };
    match found {
        None => sections.section("key", |findings| project::keys(settings.keys.as_ref(), unusable, findings)),
        Some(Err(failure)) => {
            sections.section("key", |findings| project::keys(settings.keys.as_ref(), unusable, findings));
            sections.section("gateway", |findings| findings.stop("base-url", gateway::with_hint(failure, settings)));
        }
        Some(Ok(context)) => {
            let context = Arc::new(context);
            sections.section("key", |findings| {
                if context.gateway.is_sandbox() {
                    findings.ok("key", "the sandbox has its own, which is made when it is needed");
                } else {
                    project::keys(context.gateway.keys.as_ref(), unusable, findings);
                }
            });
            // A ledger that opens is for this gateway, so that the gateway may be asked with the credentials.
            let mut of_ledger = Checkup::new("ledger", sections.typed);
            let ledger = ledger::look(&context, settings, args, &mut of_ledger).await;
            let is_known = ledger.is_some() || context.gateway.is_from_environment;
            let mut of_gateway = Checkup::new("gateway", sections.typed);
            gateway::look(&context, settings, (args.reading.offline, is_known), &mut of_gateway).await;
            sections.end(of_gateway);
            sections.end(of_ledger);
            sections.section("git", |findings| {
                tokio::task::block_in_place(|| git::look(&context, ledger.as_ref(), findings));
            });
        }
    }
    sections.section("terminal", |findings| machine::terminal(output, findings));
    let exit = sections.exit;
    output.show(&DoctorReport::new(exit.code(), sections.sections))?;
    Ok(exit)
}

/// What was looked at so far.
struct Sections<'a> {
    typed: &'a Typed,
    sections: Vec<DoctorSection>,
    exit: Exit,
}

impl<'a> Sections<'a> {
    fn section(&mut self, name: &'static str, look: impl FnOnce(&mut Checkup<'a>)) {
        let mut findings = Checkup::new(name, self.typed);
        look(&mut findings);
        self.end(findings);
    }

    fn end(&mut self, findings: Checkup<'_>) {
        let (section, exit) = findings.end();
        self.sections.push(section);
        self.exit = self.exit.or(exit);
    }
}
