//! The project's files, and the keys.

use rustix::fs::{Access, access};

use crate::cli::args::Global;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::files::{self, ProjectFiles};
use crate::cli::gateway::GatewayAccess;
use crate::cli::sandbox_time;
use crate::cli::settings::{Settings, Unusable};
use crate::cli::store::no_key;
use crate::diagnostic::Severity;
use crate::identity::Keys;
use crate::report::failure_code::FailureCode;
use crate::report::words::{list, plural};

use super::findings::Checkup;

/// Looks at the files; gives them if there is a project file without errors.
pub(super) fn look(global: &Global, findings: &mut Checkup<'_>) -> Option<ProjectFiles> {
    let files = match files::read(global) {
        Ok(files) => files,
        Err(failure) => {
            findings.stop("folder", failure);
            return None;
        }
    };
    let dir = files.home.dir.display();
    findings.ok(
        "folder",
        match &files.project {
            Some(project) => format!("`{}` in `{dir}`", project.id),
            None => format!("a project file in `{dir}`"),
        },
    );
    let found = files.check();
    let (errors, warnings) = (found.count(Severity::Error) as u64, found.count(Severity::Warning) as u64);
    let messages: usize = files.campaigns.iter().map(|campaign| campaign.messages.len()).sum();
    if errors > 0 {
        let failure = Failure::new(FailureCode::Files, format!("the files have {}", plural(errors, "error")));
        findings.stop("files", failure.hint("`sendform validate` shows them"));
    } else {
        let campaigns = plural(files.campaigns.len() as u64, "campaign");
        findings.ok("files", format!("{campaigns} with {}, no errors", plural(messages as u64, "message")));
    }
    if warnings > 0 {
        findings.warn("files", plural(warnings, "warning"), "`sendform validate` shows them");
    }
    if let Err(failure) = files.home.check_private() {
        findings.stop("private-folder", failure);
    }
    let private = files.home.private();
    let written = if private.exists() { &private } else { &files.home.dir };
    if let Err(error) = access(written, Access::WRITE_OK) {
        let failure = Failure::new(FailureCode::Environment, format!("`{}` cannot be written", written.display()));
        findings.stop(
            "writable",
            failure.because(&std::io::Error::from(error)).hint(format!(
                "an apply keeps its ledger, or what it knows of it, there: `ls -ld {}`",
                crate::cli::shell_quote::word(&written.display().to_string())
            )),
        );
    }
    files.project.is_some().then_some(files)
}

/// Puts files and gateway together, as commands do: but the sandbox is not started.
///
/// # Errors
/// If the gateway cannot be used.
pub(super) async fn context(
    files: ProjectFiles,
    global: &Global,
    settings: &Settings,
    is_offline: bool,
) -> Result<Context, Failure> {
    let ProjectFiles { home, folders, project, campaigns, diagnostics, .. } = files;
    let Some(project) = project else { return Err(Failure::silent(FailureCode::Files)) };
    let mut gateway = if global.sandbox {
        GatewayAccess::sandbox_at_rest(&home, settings)?
    } else {
        GatewayAccess::real(&project, &home, settings)?
    };
    if !is_offline {
        // Whether it answers is told below.
        drop(sandbox_time::follow(&mut gateway, settings, is_offline).await?);
    }
    Ok(Context { home, folders, project, campaigns, diagnostics, gateway })
}

/// Says which keys there are: by their check values, which every ledger names.
pub(super) fn keys(keys: Option<&Keys>, unusable: &[Unusable], findings: &mut Checkup<'_>) {
    for Unusable { name, failure } in unusable.iter().filter(|unusable| unusable.is_of_key()) {
        // The failure itself may name a file that holds a key.
        let mut shown = Failure::new(failure.code, format!("what `{name}` gives is no key that can be used"));
        shown.causes.clone_from(&failure.causes);
        findings.stop("key", shown.hint("32 bytes in base64 or hex; several are separated by commas or lines"));
    }
    match keys {
        Some(keys) => {
            let ids: Vec<String> = keys.ids().iter().map(|id| id.as_str().to_owned()).collect();
            let count = plural(ids.len() as u64, "key");
            let first = if ids.len() > 1 { "; the first is for new claims" } else { "" };
            let values = if ids.len() > 1 { "values" } else { "value" };
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            findings.ok("key", format!("{count}, with the check {values} {}{first}", list(&ids)));
        }
        None if unusable.iter().any(Unusable::is_of_key) => {}
        None => findings.stop("key", no_key()),
    }
}
