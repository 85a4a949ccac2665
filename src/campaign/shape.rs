//! The shape of a file: its tree against the generated JSON Schema, all errors, each at its place.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

use super::at::At;
use super::explain;
use super::plain::Reading;
use super::schema;
use super::tree::Scalar;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};

/// How many errors of the schema are explained; a file with more has one cause for most of them.
const ERRORS_MAX: usize = 500;

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum File {
    /// A campaign file.
    Campaign,
    /// The project file.
    Project,
}

impl File {
    /// The schema.
    pub(super) fn schema(self) -> &'static Value {
        match self {
            Self::Campaign => &schema::CAMPAIGN,
            Self::Project => &schema::PROJECT,
        }
    }

    fn validator(self) -> &'static Validator {
        static CAMPAIGN: LazyLock<Validator> = LazyLock::new(|| compile(&schema::CAMPAIGN));
        static PROJECT: LazyLock<Validator> = LazyLock::new(|| compile(&schema::PROJECT));
        match self {
            Self::Campaign => &CAMPAIGN,
            Self::Project => &PROJECT,
        }
    }
}

fn compile(schema: &Value) -> Validator {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::regex())
        .offline()
        .build(schema)
        .expect("the generated schema is a schema, as a test shows")
}

/// Validates a tree.
pub(super) fn validate(root: &At<'_>, file: File) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let Some(node) = root.node() else { return diagnostics };
    let json = node.to_json();
    let mut blamed: BTreeSet<String> = BTreeSet::new();
    let mut said: BTreeSet<(Code, String)> = BTreeSet::new();
    for (number, error) in file.validator().iter_errors(&json).enumerate() {
        if number == ERRORS_MAX {
            let place = Place::File(root.source().name.clone());
            diagnostics.push(Diagnostic::error(Code::Shape, "more mistakes of this kind are not shown", place));
            return diagnostics;
        }
        blamed.insert(error.instance_path().as_str().to_owned());
        for diagnostic in explain::explain(&error, root, file.schema()) {
            // One cause may break several rules of one place: one of them is enough.
            if said.insert((diagnostic.code, key_of(&diagnostic))) {
                diagnostics.push(diagnostic);
            }
        }
    }
    unquoted(root, &mut String::new(), &blamed, &mut diagnostics);
    diagnostics
}

/// Tells diagnostics of one file and code apart.
fn key_of(diagnostic: &Diagnostic) -> String {
    match diagnostic.labels.first().map(|label| &label.place) {
        Some(Place::Span { span, .. }) => format!("{span:?} {}", diagnostic.message),
        Some(Place::Row { line, column, .. }) => format!("{line} {column:?}"),
        Some(Place::File(_)) | None => diagnostic.message.clone(),
    }
}

/// Reports what is a text for us, but a number, boolean, date or time for other readers.
fn unquoted(at: &At<'_>, path: &mut String, blamed: &BTreeSet<String>, diagnostics: &mut Diagnostics) {
    if let Some(Reading::Doubtful(what)) = at.scalar().map(Scalar::reading)
        && !blamed.contains(path)
    {
        diagnostics.push(without_quotes(at, what));
    }
    for (index, item) in at.items().enumerate() {
        stepped(path, &index.to_string(), |path| unquoted(&item, path, blamed, diagnostics));
    }
    for (key, value) in at.entries() {
        let step = key.replace('~', "~0").replace('/', "~1");
        stepped(path, &step, |path| unquoted(&value, path, blamed, diagnostics));
    }
}

fn stepped(path: &mut String, step: &str, then: impl FnOnce(&mut String)) {
    let length = path.len();
    path.push('/');
    path.push_str(step);
    then(path);
    path.truncate(length);
}

/// Makes the diagnostic of a scalar without quotes where text is wanted.
pub(super) fn without_quotes(at: &At<'_>, what: &str) -> Diagnostic {
    let message = format!("a {what} stands here without quotes, but text is wanted");
    let help = match at.text() {
        Some(text) if !at.is_in_rows() && text.len() <= 60 && !text.contains(['"', '\\', '\n']) => {
            format!("put it in quotes: \"{text}\"")
        }
        _ if at.is_in_rows() => "every cell is text: put it in quotes".to_owned(),
        _ => "put it in quotes".to_owned(),
    };
    Diagnostic::error(Code::Unquoted, message, at.place()).help(help)
}
