//! What the tests of this room share: a project, files in memory, diagnostics as short lines.

use std::collections::BTreeMap;

use super::check::Declared;
use super::checked::Campaign;
use super::files::{AudienceStream, Files, FilesError};
use super::read::{ReadCampaign, read_campaign, read_project};
use crate::diagnostic::{Diagnostics, Place, Severity, Source};

/// Files in memory.
#[derive(Default)]
pub(super) struct MemoryFiles(pub BTreeMap<&'static str, &'static str>);

impl Files for MemoryFiles {
    fn read(&self, path: &str) -> Result<String, FilesError> {
        self.0.get(path).map(|text| (*text).to_owned()).ok_or(FilesError::Missing)
    }

    fn open(&self, _: &str) -> Result<Box<dyn AudienceStream>, FilesError> {
        Err(FilesError::Missing)
    }
}

/// The project that the tests' campaigns belong to.
pub(super) fn project() -> Declared {
    let text = "\
project: acme
senders: { shop: S1 }
audiences: { all: { csv: all.csv, columns: { timeZone: zone } } }
schedules: { noon: { sendAt: \"2026-12-01 12:00\", timeZone: UTC } }
webhooks: { allowedHosts: [ hooks.example.com ] }
";
    let read = read_project(&Source::new("sendform.yaml", text));
    assert_eq!(listed(&read.diagnostics), "");
    read.declared.expect("the project is good")
}

/// Reads a campaign file beside [`project`], with the template `hi.txt`.
pub(super) fn read(text: &str) -> (Option<Campaign>, Diagnostics) {
    let files = MemoryFiles(BTreeMap::from([("hi.txt", "Hi\r\nthere\r\n"), ("bidi.txt", "a\u{202e}b")]));
    let ReadCampaign { campaign, diagnostics, .. } =
        read_campaign(&Source::new("c.yaml", text), Some(&project()), &files);
    assert_eq!(campaign.is_none(), diagnostics.has_errors(), "{}", listed(&diagnostics));
    (campaign, diagnostics)
}

/// What is said about a campaign file: a line for each diagnostic.
pub(super) fn said(text: &str) -> String {
    listed(&read(text).1)
}

/// Diagnostics as lines: place, severity if it is a warning, code, message, hint.
pub(super) fn listed(diagnostics: &Diagnostics) -> String {
    let lines: Vec<String> = diagnostics
        .iter()
        .map(|found| {
            let place = match &found.labels[0].place {
                Place::Span { source, span } => {
                    let before = &source.text[..span.start];
                    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
                    let column = before[line_start..].chars().count() + 1;
                    let marked = source.text[span.clone()].escape_debug();
                    format!("{}:{column} `{marked}`", before.matches('\n').count() + 1)
                }
                Place::Row { line, column, .. } => format!("row {line} {column:?}"),
                Place::File(_) => "file".to_owned(),
            };
            let warning = if found.severity == Severity::Warning { "warning " } else { "" };
            let help = found.help.as_ref().map(|help| format!(" -> {help}")).unwrap_or_default();
            format!("{place} {warning}{}: {}{help}", found.code.as_str(), found.message)
        })
        .collect();
    lines.join("\n")
}
