//! The three steps of checking, one after the other, for each kind of file.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::agree;
use super::at::At;
use super::check::{self, Findings};
use super::checked::{Campaign, Project};
use super::files::Files;
use super::profile;
use super::raw;
use super::shape::{self, File};
use super::tree::Node;
use super::walk::walk;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, Severity, Source};
use crate::identity::CampaignId;

/// Reads the project file. There is a project only if no error is among the diagnostics, which come
/// in the order of the file.
#[must_use]
pub fn read_project(source: &Arc<Source>) -> (Option<Project>, Diagnostics) {
    let (tree, diagnostics) = parse(source);
    let Some(tree) = tree else { return (None, in_order(diagnostics, source)) };
    let root = At::root(source, &tree);
    let diagnostics = shaped::<raw::Project>(&root, File::Project, diagnostics);
    let mut findings = Findings::new(diagnostics);
    let project = check::project(&root, &mut findings);
    finish(project, findings, source)
}

/// Reads a campaign file, and the templates that it names. There is a campaign only if no error is
/// among the diagnostics, which come in the order of the file.
///
/// Without a project (because its own file has errors) everything is checked that the file alone can
/// tell, and there is no campaign.
#[must_use]
pub fn read_campaign(
    source: &Arc<Source>,
    project: Option<&Project>,
    files: &dyn Files,
) -> (Option<Campaign>, Diagnostics) {
    let (tree, diagnostics) = parse(source);
    let Some(tree) = tree else { return (None, in_order(diagnostics, source)) };
    let root = At::root(source, &tree);
    let diagnostics = shaped::<raw::Campaign>(&root, File::Campaign, diagnostics);
    let mut findings = Findings::new(diagnostics);
    let campaign = check::campaign(&root, project, files, &mut findings);
    finish(campaign.filter(|_| project.is_some()), findings, source)
}

/// Finds ids that several campaigns have: one error for each campaign after the first.
#[must_use]
pub fn duplicates(campaigns: &[Campaign]) -> Diagnostics {
    let mut first: BTreeMap<&CampaignId, &Campaign> = BTreeMap::new();
    let mut diagnostics = Diagnostics::new();
    for campaign in campaigns {
        if let Some(other) = first.get(&campaign.id) {
            let message = format!("another campaign has the id `{}`", campaign.id);
            diagnostics.push(
                Diagnostic::error(Code::DuplicateId, message, campaign.place.clone())
                    .note(other.place.clone(), "first here")
                    .help("a copy of a campaign needs an id of its own"),
            );
        } else {
            first.insert(&campaign.id, campaign);
        }
    }
    diagnostics
}

/// The first step: the bytes, then the tree. A file with hidden characters is not parsed.
fn parse(source: &Arc<Source>) -> (Option<Node>, Diagnostics) {
    let linted = profile::lint(source);
    if linted.has_errors() { (None, linted) } else { walk(source) }
}

/// The second step: the shape, and the second opinion. A file that passes must be readable as a `T`.
fn shaped<T: DeserializeOwned>(root: &At<'_>, file: File, mut diagnostics: Diagnostics) -> Diagnostics {
    diagnostics.extend(shape::validate(root, file));
    if diagnostics.has_errors() {
        return diagnostics;
    }
    match agree::read_again(root) {
        Err(ambiguous) => diagnostics.push(*ambiguous),
        Ok(value) => {
            if let Err(error) = serde_yaml::from_value::<T>(value) {
                let message = format!("the file does not have the shape that is wanted: {error}");
                diagnostics.push(Diagnostic::error(Code::Shape, message, root.place()));
            }
        }
    }
    diagnostics
}

/// The checked type, if there is no error.
fn finish<T>(checked: Option<T>, findings: Findings, source: &Source) -> (Option<T>, Diagnostics) {
    let diagnostics = in_order(findings.finish(), source);
    let checked = if diagnostics.has_errors() { None } else { checked };
    (checked, diagnostics)
}

/// Sorts by place; diagnostics of other files (templates) come last.
fn in_order(diagnostics: Diagnostics, source: &Source) -> Diagnostics {
    let mut all: Vec<Diagnostic> = diagnostics.into_iter().collect();
    all.sort_by_cached_key(|diagnostic| {
        let byte = match diagnostic.labels.first().map(|label| &label.place) {
            Some(Place::Span { source: other, span }) if other.name == source.name => span.start,
            Some(Place::Row { file, line, .. }) if *file == source.name => line_start(&source.text, *line),
            Some(Place::File(_)) | None => 0,
            Some(Place::Span { .. } | Place::Row { .. }) => usize::MAX,
        };
        (byte, diagnostic.severity != Severity::Error)
    });
    all.into_iter().fold(Diagnostics::new(), |mut sorted, diagnostic| {
        sorted.push(diagnostic);
        sorted
    })
}

/// The byte at which a line, from 1, begins.
fn line_start(text: &str, line: u64) -> usize {
    let before = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
    text.split_inclusive('\n').take(before).map(str::len).sum()
}
