//! What `init` and `schema` say: files that were written, or left as they are.

use schemars::JsonSchema;
use serde::Serialize;

use super::document::Report;
use super::screen::Screen;
use super::sheet::Sheet;
use super::text::TextForm;

/// A project that was begun.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InitReport {
    /// What the project is called.
    pub project: String,
    /// What there is to say of the name, in lines; may be empty.
    #[serde(skip)]
    pub about_name: String,
    /// Its files.
    pub files: Vec<FileView>,
    /// What to do next, in lines; empty if nobody wants notes.
    #[serde(skip)]
    pub next_steps: String,
}

/// Schemas that were written, or looked at.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SchemaReport {
    /// Their files.
    pub files: Vec<FileView>,
}

/// A file, and what was done with it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileView {
    /// Its path.
    pub file: String,
    /// What was done.
    pub state: FileState,
}

/// What a command did with a file.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FileState {
    /// It was written.
    Written,
    /// There was one already, which was left alone.
    Kept,
    /// It has what would be written.
    UpToDate,
    /// It has something else than would be written, and was only looked at.
    Stale,
}

impl Report for InitReport {
    const KIND: &'static str = "init";
}

impl Report for SchemaReport {
    const KIND: &'static str = "schema";
}

impl TextForm for InitReport {
    fn sheet(&self, _: &Screen) -> Sheet {
        Sheet::from(lines(&self.files) + &self.about_name + &self.next_steps)
    }
}

impl TextForm for SchemaReport {
    fn sheet(&self, _: &Screen) -> Sheet {
        Sheet::from(lines(&self.files))
    }
}

fn lines(files: &[FileView]) -> String {
    let lines = files.iter().map(|FileView { file, state }| match state {
        FileState::Written => format!("wrote {file}\n"),
        FileState::Kept => format!("kept  {file}\n"),
        FileState::UpToDate => format!("{file} is up to date\n"),
        FileState::Stale => format!("{file} is not what `sendform schema` would write\n"),
    });
    lines.collect()
}
