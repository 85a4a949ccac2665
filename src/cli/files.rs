//! Reads the project file and all campaigns.

use crate::campaign::{Campaign, Draft, Project, decode, read_campaign, read_project};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::plan;
use crate::source::Folders;

use super::args::Global;
use super::exit::Exit;
use super::failure::Failure;
use super::home::{Home, PROJECT_FILE};

/// The files of a project, as far as they are whole.
pub(super) struct ProjectFiles {
    /// Where sendform keeps its own files.
    pub home: Home,
    /// The folders that may be read.
    pub folders: Folders,
    /// The project file, unless it has errors.
    pub project: Option<Project>,
    /// The campaigns that have no errors.
    pub campaigns: Vec<Campaign>,
    /// What is whole of the other files.
    pub drafts: Vec<Draft>,
    /// What is wrong, or worth a look.
    pub diagnostics: Diagnostics,
}

/// Reads the project that the command line names.
///
/// # Errors
/// If there is no project, or its folder cannot be read.
pub(super) fn read(global: &Global) -> Result<ProjectFiles, Failure> {
    let home = Home::find(global.dir.as_deref());
    if !home.dir.join(PROJECT_FILE).is_file() {
        let message = format!("there is no `{PROJECT_FILE}` in `{}`", home.dir.display());
        return Err(Failure::new(Exit::Files, message)
            .hint("name the project's folder with `--dir`, or begin a project with `sendform init`"));
    }
    let unreadable = |error: &(dyn std::error::Error + 'static)| {
        Failure::new(Exit::Environment, format!("`{}` cannot be read", home.dir.display())).because(error)
    };
    let folders = Folders::open(&home.dir, global.data.as_deref()).map_err(|error| unreadable(&error))?;
    let names = folders.list_campaigns().map_err(|error| unreadable(&error))?;
    let mut diagnostics = Diagnostics::new();
    let mut drafts = Vec::new();
    let (mut project, mut declared) = (None, None);
    if let Some(source) = source(&folders, PROJECT_FILE, &mut diagnostics) {
        let read = read_project(&source);
        diagnostics.extend(read.diagnostics);
        drafts.extend(read.drafts);
        (project, declared) = (read.project, read.declared);
    }
    if names.is_empty() {
        let place = Place::File(PROJECT_FILE.to_owned());
        diagnostics.push(
            Diagnostic::warning(Code::NoCampaigns, "the project has no campaigns", place)
                .help("a campaign is a `*.yaml` file beside the project file"),
        );
    }
    let mut campaigns = Vec::new();
    for name in names {
        let Some(source) = source(&folders, &name, &mut diagnostics) else { continue };
        let read = read_campaign(&source, declared.as_ref(), &folders);
        diagnostics.extend(read.diagnostics);
        drafts.extend(read.drafts);
        campaigns.extend(read.campaign);
    }
    Ok(ProjectFiles { home, folders, project, campaigns, drafts, diagnostics })
}

impl ProjectFiles {
    /// All that can be said without the rows of audiences: also of files that have errors.
    pub(super) fn check(&self) -> Diagnostics {
        let mut found = self.diagnostics.clone();
        found.extend(plan::check(self.project.as_ref(), &self.campaigns, &self.drafts, &self.folders));
        found
    }
}

fn source(
    folders: &Folders,
    name: &str,
    diagnostics: &mut Diagnostics,
) -> Option<std::sync::Arc<crate::diagnostic::Source>> {
    let bytes = folders
        .read_bytes(name)
        .map_err(|error| Diagnostic::error(error.code(), format!("`{name}`: {error}"), Place::File(name.to_owned())));
    match bytes.and_then(|bytes| decode(name, bytes)) {
        Ok(source) => Some(source),
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            None
        }
    }
}
