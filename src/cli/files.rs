//! Reads the project file and all campaigns.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use crate::campaign::{
    AudienceStream, Campaign, DraftPart, Files, FilesError, Ignored, Project, decode, read_campaign, read_project,
    remedy, stranger, tell,
};
use crate::diagnostic::words::number;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, Source};
use crate::plan::{self, GatewayPlace};
use crate::report::failure_code::FailureCode;
use crate::source::{DEPTH_MAX, ENTRIES_MAX, Folders, Listing};

use super::args::Global;
use super::failure::Failure;
use super::home::{PROJECT_FILE, ProjectPaths};
use super::{nearby, sandbox_checks};

/// The files of a project, as far as they are whole.
pub(super) struct ProjectFiles {
    /// Where sendform keeps its own files.
    pub home: ProjectPaths,
    /// The folders that may be read.
    pub folders: Folders,
    /// The project file, unless it has errors.
    pub project: Option<Project>,
    /// The campaigns that have no errors.
    pub campaigns: Vec<Campaign>,
    /// What is whole of the other files.
    pub drafts: Vec<DraftPart>,
    /// How many files were read as campaigns, good or bad.
    pub count: usize,
    /// Folders that are a project of their own, whose campaigns are not read.
    pub others: Vec<String>,
    /// What is wrong, or worth a look.
    pub diagnostics: Diagnostics,
}

/// Reads the project that the command line names.
///
/// # Errors
/// If there is no project, or its folder cannot be read.
pub(super) fn read(global: &Global) -> Result<ProjectFiles, Failure> {
    let home = ProjectPaths::find(global.dir.as_deref());
    if !home.dir.join(PROJECT_FILE).is_file() {
        let message = format!("there is no `{PROJECT_FILE}` in `{}`", home.dir.display());
        let failure = Failure::new(FailureCode::ProjectMissing, message).at(&home.dir);
        return Err(nearby::hints(&home.dir).into_iter().fold(failure, Failure::hint));
    }
    let unreadable = |error: &(dyn std::error::Error + 'static)| {
        Failure::new(FailureCode::Environment, format!("`{}` cannot be read", home.dir.display()))
            .at(&home.dir)
            .because(error)
    };
    let folders = Folders::open(&home.dir, global.data.as_deref()).map_err(|error| unreadable(&error))?;
    let mut diagnostics = Diagnostics::new();
    let mut drafts = Vec::new();
    let (mut project, mut declared) = (None, None);
    if let Some(source) = source(&folders, PROJECT_FILE, &mut diagnostics) {
        let read = read_project(&source);
        diagnostics.extend(read.diagnostics);
        drafts.extend(read.drafts);
        (project, declared) = (read.project, read.declared);
    }
    let ignored = project.as_ref().map_or(&[][..], |project| &project.ignore);
    let paths: Vec<&str> = ignored.iter().map(|ignored| ignored.path.as_str()).collect();
    let listing = folders.list_campaigns(&paths).map_err(|error| unreadable(&error))?;
    let mut campaigns = Vec::new();
    let mut strangers = Vec::new();
    let read = Remembered { folders: &folders, texts: Mutex::default() };
    for name in &listing.campaigns {
        let Some(source) = source(&folders, name, &mut diagnostics) else { continue };
        if let Some(found) = stranger(&source) {
            strangers.push((name.clone(), found));
            continue;
        }
        let found = read_campaign(&source, declared.as_ref(), &read);
        diagnostics.extend(found.diagnostics);
        drafts.extend(found.drafts);
        campaigns.extend(found.campaign);
    }
    // A template may be called whatever its author likes.
    let texts = read.texts.into_inner().unwrap_or_else(PoisonError::into_inner);
    strangers.retain(|(name, _)| !texts.contains(name));
    let known: BTreeSet<&String> = strangers.iter().map(|(name, _)| name).collect();
    let named: Vec<String> =
        listing.campaigns.iter().filter(|name| !known.contains(name) && !texts.contains(*name)).cloned().collect();
    // Of rules that are not there more is said where they are looked at.
    let rules = project.as_ref().and_then(|project| project.sandbox.rules.as_ref());
    let ignored: Vec<&Ignored> = ignored.iter().filter(|ignored| Some(&ignored.path) != rules).collect();
    diagnostics.extend(of_listing(&listing, &ignored, named.is_empty() && strangers.is_empty()));
    let count = named.len();
    if project.is_some() {
        diagnostics.extend(tell(strangers, &named));
    }
    Ok(ProjectFiles { home, folders, project, campaigns, drafts, count, others: listing.projects, diagnostics })
}

impl ProjectFiles {
    /// All that can be said without the rows of audiences: also of files that have errors.
    pub(super) fn check(&self) -> Diagnostics {
        let mut found = self.diagnostics.clone();
        found.extend(plan::local_webhooks(&self.campaigns, GatewayPlace::Unknown));
        found.extend(self.project.iter().flat_map(|project| sandbox_checks::check(project, &self.folders)));
        found.extend(plan::check(self.project.as_ref(), &self.campaigns, &self.drafts, &self.folders));
        found
    }
}

/// What is to be said about what was looked through, and what was not.
fn of_listing(listing: &Listing, ignored: &[&Ignored], nothing: bool) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let place = || Place::File(PROJECT_FILE.to_owned());
    if nothing {
        diagnostics.push(
            Diagnostic::warning(Code::NoCampaigns, "the project has no campaigns", place())
                .help("a campaign is a `*.yaml` file in the project's folder or below it"),
        );
    }
    for stale in ignored.iter().filter(|ignored| !listing.ignored.contains(&ignored.path)) {
        let message = "there is no such folder or YAML file in the project's folder, so nothing is ignored";
        diagnostics.push(Diagnostic::warning(Code::StaleIgnore, message, stale.place.clone()));
    }
    for link in &listing.links {
        let message = "links to folders are not followed: campaigns behind this one are not read";
        let help = format!("copy them, or write `ignore: [ {link} ]` into sendform.yaml if there are none");
        diagnostics.push(Diagnostic::warning(Code::NotRead, message, Place::File(link.clone())).help(help));
    }
    if listing.is_cut {
        let message = format!(
            "the project's folder is not looked through to its end: more than {} files, or {DEPTH_MAX} folders in each \
             other, are below it",
            number(ENTRIES_MAX as u64)
        );
        let help = "list folders without campaigns under `ignore`, or give the project a folder of its own";
        diagnostics.push(Diagnostic::error(Code::NotRead, message, place()).help(help));
    }
    diagnostics
}

fn source(folders: &Folders, name: &str, diagnostics: &mut Diagnostics) -> Option<Arc<Source>> {
    let bytes = folders.read_bytes(name).map_err(|error| {
        let diagnostic = Diagnostic::error(error.code(), format!("`{name}`: {error}"), Place::File(name.to_owned()));
        if name == PROJECT_FILE { diagnostic } else { diagnostic.help(remedy(name)) }
    });
    match bytes.and_then(|bytes| decode(name, bytes)) {
        Ok(source) => Some(source),
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            None
        }
    }
}

/// The files of a project, and which of them were read as texts.
struct Remembered<'a> {
    folders: &'a Folders,
    texts: Mutex<BTreeSet<String>>,
}

impl Files for Remembered<'_> {
    fn read(&self, path: &str) -> Result<String, FilesError> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
        self.folders.read(path)
    }

    fn open(&self, path: &str) -> Result<Box<dyn AudienceStream>, FilesError> {
        self.folders.open(path)
    }

    fn spool(&self, source: &mut dyn Read) -> Result<Box<dyn AudienceStream>, FilesError> {
        self.folders.spool(source)
    }

    fn similar(&self, path: &str) -> Option<String> {
        self.folders.similar(path)
    }
}
