//! The forms of output: the only place that knows which there are.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use memchr::memmem;

use crate::diagnostic::words::list;
use crate::report::document::{self, Report};
use crate::report::screen::Screen;
use crate::report::text::TextForm;
use crate::store::regular::{self, Links};

/// How much of a file is looked at, in bytes; our documents are smaller.
const LOOK_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// A form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// For people.
    Text,
    /// For machines, versioned.
    Json,
}

impl OutputFormat {
    /// Puts a report into this form.
    pub(super) fn of(self, report: &(impl Report + TextForm), screen: &Screen) -> String {
        match self {
            Self::Text => report.text(screen),
            Self::Json => document::json(report),
        }
    }

    /// Whether people read it as the command goes.
    pub(super) const fn is_for_people(self) -> bool {
        match self {
            Self::Text => true,
            Self::Json => false,
        }
    }

    /// Whether a file holds a report in this form; nothing, if such a report cannot be told from other files.
    pub(super) fn is_in(self, file: &Path) -> Option<bool> {
        match self {
            Self::Text => None,
            Self::Json => Some(is_document(file)),
        }
    }
}

/// Whether a file has a document that sendform wrote; before version 2.0 the key was another one.
fn is_document(file: &Path) -> bool {
    let text = regular::read(file, Links::Followed, LOOK_BYTES_MAX).unwrap_or_default();
    let has = |key: &str| memmem::find(&text, format!("\"{key}\":").as_bytes()).is_some();
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
