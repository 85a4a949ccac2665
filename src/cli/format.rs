//! The forms of output: the only place that knows which there are.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use memchr::memmem;
use serde_json::Value;

use crate::diagnostic::words::list;
use crate::report::document;
use crate::report::forms::Forms;
use crate::report::markdown::COMMENT_MAX;
use crate::report::markdown::budget::Limit;
use crate::report::screen::Screen;
use crate::report::{github, gitlab, junit, sarif};
use crate::store::regular::{self, Links};

use super::home::PROJECT_FILE;

/// How much of a file is looked at, in bytes; our documents are smaller.
const LOOK_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// A form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// For people.
    Text,
    /// For machines, versioned.
    Json,
    /// For a comment, a summary or a note: GitHub flavoured.
    Markdown,
    /// Annotations of a job of GitHub, as workflow commands.
    Github,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
    /// Tests that passed and failed.
    Junit,
    /// GitLab's report of code quality.
    Gitlab,
    /// The numbers of GitLab's widget for plans.
    GitlabTerraform,
}

impl OutputFormat {
    /// Puts a report into this form.
    pub(super) fn of<R: Forms>(self, report: &R, screen: &Screen) -> String {
        let project_file = || screen.file_in_repository(PROJECT_FILE);
        match self {
            Self::Text => report.text(screen),
            Self::Json => document::json(report),
            Self::Markdown => {
                let first_line = format!("{MARKDOWN_BEGIN}{} -->", R::KIND);
                report.markdown(screen).within(&first_line, Limit::Characters(COMMENT_MAX))
            }
            Self::Github => github::commands(&report.annotations(screen)),
            Self::Sarif => sarif::log(&report.annotations(screen), &project_file()),
            Self::Junit => junit::test_suites(R::KIND, &report.annotations(screen), &report.passed(screen)),
            Self::Gitlab => gitlab::code_quality(&report.annotations(screen), &project_file()),
            Self::GitlabTerraform => gitlab::plan_widget(report.to_send()),
        }
    }

    /// Whether people read it as the command goes.
    pub(super) const fn is_for_people(self) -> bool {
        match self {
            Self::Text => true,
            Self::Json
            | Self::Markdown
            | Self::Github
            | Self::Sarif
            | Self::Junit
            | Self::Gitlab
            | Self::GitlabTerraform => false,
        }
    }

    /// Whether a file holds a report in this form; nothing, if such a report cannot be told from other files.
    pub(super) fn is_in(self, file: &Path) -> Option<bool> {
        let text = || regular::read(file, Links::Followed, LOOK_BYTES_MAX).unwrap_or_default();
        let json = || serde_json::from_slice::<Value>(&text()).unwrap_or_default();
        match self {
            Self::Text => None,
            Self::Json => Some(is_document(&text())),
            Self::Markdown => Some(text().starts_with(MARKDOWN_BEGIN.as_bytes())),
            Self::Github => Some(text().split(|byte| *byte == b'\n').all(is_command)),
            Self::Sarif => Some(json().pointer("/runs/0/tool/driver/name").is_some_and(|name| name == "sendform")),
            Self::Junit => Some(memmem::find(&text(), b"<testsuites name=\"sendform ").is_some()),
            Self::Gitlab => Some(json().as_array().is_some_and(|issues| issues.iter().all(is_issue))),
            Self::GitlabTerraform => Some(json().as_object().is_some_and(|widget| widget.keys().eq(WIDGET_KEYS))),
        }
    }
}

/// What our Markdown begins with; no reader sees it.
const MARKDOWN_BEGIN: &str = "<!-- sendform ";
/// What the widget of a plan has.
const WIDGET_KEYS: [&str; 3] = ["create", "delete", "update"];

/// Whether a line is one of our workflow commands.
fn is_command(line: &[u8]) -> bool {
    let begins = [&b"::error "[..], b"::warning ", b"::notice "];
    line.is_empty()
        || (begins.iter().any(|begin| line.starts_with(begin)) && memmem::find(line, b"title=sendform%3A ").is_some())
}

/// Whether an issue is one of ours.
fn is_issue(issue: &Value) -> bool {
    issue.get("check_name").and_then(Value::as_str).is_some_and(|name| name.starts_with(gitlab::CHECK_PREFIX))
}

/// Whether a file has a document that sendform wrote; before version 2.0 the key was another one.
fn is_document(text: &[u8]) -> bool {
    let has = |key: &str| memmem::find(text, format!("\"{key}\":").as_bytes()).is_some();
    text.starts_with(b"{") && has("kind") && (has("formatVersion") || has("format_version"))
}

/// A further form of output, into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Write {
    /// The form.
    pub format: OutputFormat,
    /// The file.
    pub file: PathBuf,
}

impl Write {
    /// Reads `FORMAT=FILE`.
    ///
    /// # Errors
    /// If it has another form, or there is no such format.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (format, file) = text.split_once('=').ok_or("the form is FORMAT=FILE")?;
        let format = OutputFormat::from_str(format, false).map_err(|_| {
            let forms = OutputFormat::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            let forms: Vec<String> = forms.map(|form| format!("`{}`", form.get_name())).collect();
            format!("`{format}` is not a form of output: there are {}", list(&forms))
        })?;
        if file.is_empty() {
            return Err("the file's name is missing".to_owned());
        }
        Ok(Self { format, file: PathBuf::from(file) })
    }
}
