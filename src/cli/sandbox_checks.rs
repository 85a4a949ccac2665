//! What the project file says of the sandbox and only the sandbox can read: faults by their grammar, the rules file,
//! where it listens, where it posts to.

use crate::campaign::{Files as _, FilesError, Project, SandboxSettings};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::sandbox::faults::Fault;
use crate::sandbox::faults::parse::FaultError;
use crate::sandbox::model::webhook::reach::is_postable;
use crate::sandbox::rules_file;
use crate::source::Folders;

use super::args::parse_listen;

/// Looks at all of it.
pub(super) fn check(project: &Project, folders: &Folders) -> Diagnostics {
    let SandboxSettings { listen, rules, faults, account_webhook, inbound_webhook, places, .. } = &project.sandbox;
    let mut found = Diagnostics::new();
    if let (Some(listen), Some(place)) = (listen, &places.listen) {
        found.extend(parse_listen(listen).err().map(|fault| wrong(Code::BadPattern, &fault, place)));
    }
    if let (Some(path), Some(place)) = (rules, &places.rules) {
        found.extend(rules_fault(path, place, folders));
    }
    for (fault, place) in faults.iter().zip(&places.faults) {
        let read = fault.parse::<Fault>();
        found.extend(read.err().map(|error: FaultError| wrong(Code::BadPattern, &error.to_string(), place)));
    }
    let webhooks = [(account_webhook, &places.account_webhook), (inbound_webhook, &places.inbound_webhook)];
    for (url, place) in webhooks {
        if let (Some(url), Some(place)) = (url, place)
            && !is_postable(url)
        {
            let diagnostic = Diagnostic::error(Code::BadUrl, "this is no URL that can be posted to", place.clone());
            found.push(diagnostic.help("write it as `http://127.0.0.1:9000/dlr`"));
        }
    }
    found
}

/// What a reader says: what is wrong, and behind it what is known instead, or how it is written.
fn wrong(code: Code, said: &str, place: &Place) -> Diagnostic {
    match said.split_once("; ").or_else(|| said.split_once(", such as ")) {
        Some((what, remedy)) => Diagnostic::error(code, what, place.clone()).help(remedy),
        None => Diagnostic::error(code, said, place.clone()),
    }
}

/// Why the rules cannot be used, if they cannot.
fn rules_fault(path: &str, place: &Place, folders: &Folders) -> Option<Diagnostic> {
    let bytes = match folders.read_bytes(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let message = format!("the rules `{path}` cannot be read: {error}");
            let diagnostic = Diagnostic::error(error.code(), message, place.clone());
            let near = folders.similar(path).filter(|_| matches!(error, FilesError::Missing));
            return Some(match near {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help("its path is relative to the project's folder"),
            });
        }
    };
    let read = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned());
    let fault = read.and_then(|text| rules_file::read(&text)).err()?;
    let diagnostic =
        Diagnostic::error(Code::Shape, format!("the rules `{path}` cannot be used: {fault}"), place.clone());
    Some(diagnostic.help("it has `credentials` and `channel`, and no more"))
}
