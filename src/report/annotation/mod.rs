//! What a report has to say that is wrong or worth a look, one by one: what a CI shows beside a file, in a list of
//! findings, or as a test that fails. Each of these forms is a pure function of this view.

mod apply;
mod check;
mod files;
mod ledger;
mod machine;
mod merge_group;
mod none;
mod place;
mod plan;

use std::collections::HashMap;

use data_encoding::HEXLOWER;

pub use check::Check;
pub use place::FileSpot;

use crate::identity::encoding::{Encode as _, PublicDigest};

use super::sanitize::{LineFeeds, harmless};
use super::screen::Screen;

/// What is looked at that belongs to no message: the files, and the plan as a whole.
const FILES: &str = "files";
const PLAN: &str = "plan";

/// What a report has to say one by one; most have nothing.
pub trait Annotated {
    /// Everything that is wrong or worth a look, the most important first.
    fn annotations(&self, screen: &Screen) -> Vec<Annotation> {
        let mut all = self.found(screen);
        all.sort_by_key(|annotation| (annotation.level, annotation.kind));
        all
    }

    /// The same in the order in which it was found.
    fn found(&self, _: &Screen) -> Vec<Annotation> {
        Vec::new()
    }

    /// What was looked at and is as it should be.
    fn passed(&self, _: &Screen) -> Vec<Check> {
        Vec::new()
    }

    /// What would be sent; nothing if that is not what it is about.
    fn to_send(&self) -> Option<ToSend> {
        None
    }
}

/// What a plan would send, of what is selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToSend {
    /// How many messages now.
    pub now: u64,
    /// How many with a later apply.
    pub later: u64,
    /// The digest of what a review approves; nothing if there is nothing to approve.
    pub digest: Option<String>,
}

/// Something that is wrong, or worth a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// What it is about.
    pub kind: AnnotationKind,
    /// How bad it is.
    pub level: AnnotationLevel,
    /// Its stable code.
    pub code: String,
    /// What it says, on one line.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where it is, if it is in a file.
    pub spot: Option<FileSpot>,
    /// What it is about, by name: a message, a bulk, the value that is marked; may be empty.
    pub subject: String,
}

/// How bad it is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnnotationLevel {
    /// Nothing, or not all, is sent because of it; or the ledger says that something went wrong.
    Error,
    /// Somebody should look.
    Warning,
    /// Good to know.
    Notice,
}

/// What it is about, the most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnnotationKind {
    /// People were accepted twice.
    Twice,
    /// The command failed.
    Failure,
    /// Somebody has stopped sending.
    Stop,
    /// People get what the files keep them from by now.
    Unstopped,
    /// A plan file does not match any more.
    Mismatch,
    /// A safety limit.
    Limit,
    /// People are in doubt.
    Doubt,
    /// A run ended before its work did, or not all of it was taken.
    Run,
    /// What was found in a ledger, or on this machine.
    Found,
    /// Something in the files.
    File,
    /// What would be sent.
    Plan,
}

impl AnnotationKind {
    /// What its annotations are about, for a list of rules; of files each code has its own sentence.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Twice => "People were accepted twice: the same message went to them from more than one run.",
            Self::Failure => "A command failed.",
            Self::Stop => "Somebody has stopped sending, and nothing is sent until somebody lets it go on.",
            Self::Unstopped => "People still get what is handed over, although the files keep them from it by now.",
            Self::Mismatch => "What would be sent is not what the plan file has.",
            Self::Limit => "A safety limit, or what is expected of an audience.",
            Self::Doubt => "Nobody knows whether these people got their message; nothing is sent to them again.",
            Self::Run => "A run ended before its work did, or the gateway did not take all of it.",
            Self::Found => "What was found in a ledger, or on this machine.",
            Self::File => "What is wrong with a file, or worth a look.",
            Self::Plan => "What a plan says of itself.",
        }
    }
}

impl Annotation {
    /// Makes one that points nowhere. What it says is made harmless.
    #[must_use]
    pub(super) fn new(kind: AnnotationKind, level: AnnotationLevel, code: impl Into<String>, message: &str) -> Self {
        let message = harmless(message, LineFeeds::Escape);
        Self { kind, level, code: code.into(), message, hint: None, spot: None, subject: String::new() }
    }

    /// Says what to do; commands repeat what was typed.
    #[must_use]
    pub(super) fn hint(self, hint: &str, screen: &Screen) -> Self {
        Self { hint: Some(harmless(&screen.typed.repeated_in(hint), LineFeeds::Escape)), ..self }
    }

    /// Names what it is about.
    #[must_use]
    pub(super) fn about(self, subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), ..self }
    }

    /// Points at a place.
    #[must_use]
    pub(super) fn at(self, spot: Option<FileSpot>) -> Self {
        Self { spot, ..self }
    }

    /// What it belongs to among tests: a message, or what else was looked at.
    #[must_use]
    pub fn suite(&self) -> &str {
        match self.kind {
            AnnotationKind::File => FILES,
            AnnotationKind::Failure => "command",
            AnnotationKind::Stop => "stops",
            AnnotationKind::Doubt => "doubts",
            AnnotationKind::Found => "findings",
            AnnotationKind::Plan => PLAN,
            AnnotationKind::Twice
            | AnnotationKind::Unstopped
            | AnnotationKind::Mismatch
            | AnnotationKind::Limit
            | AnnotationKind::Run => {
                if self.subject.is_empty() {
                    "run"
                } else {
                    &self.subject
                }
            }
        }
    }

    /// What it says, and what to do about it.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}: {hint}", self.message),
            None => self.message.clone(),
        }
    }
}

/// By what each is known again in the next run: its code, its file and what it is about, and neither its line nor its
/// wording. Of several that are alike each has its number.
#[must_use]
pub fn fingerprints<'a>(annotations: &'a [Annotation]) -> Vec<String> {
    let mut seen: HashMap<(&str, &str, &str), u64> = HashMap::new();
    let mut one = |annotation: &'a Annotation| {
        let Annotation { code, spot, subject, .. } = annotation;
        let parts = (code.as_str(), spot.as_ref().map_or("", |spot| spot.file.as_str()), subject.as_str());
        let number = seen.entry(parts).or_insert(0);
        let mut digest = PublicDigest::new("sendform.annotation.v1");
        [parts.0, parts.1, parts.2].into_iter().for_each(|part| digest.part(part));
        digest.number(*number);
        *number += 1;
        HEXLOWER.encode(digest.finish_whole().first_chunk::<16>().expect("SHA-256 gives 32 bytes"))
    };
    annotations.iter().map(&mut one).collect()
}

#[cfg(test)]
pub(in crate::report) mod tests {
    use super::{Annotation, AnnotationKind, AnnotationLevel, FileSpot, fingerprints};

    /// One of a file.
    pub(in crate::report) fn of_file(code: &str, message: &str, line: u64, subject: &str) -> Annotation {
        let spot = FileSpot { file: "campaigns/sale.yaml".to_owned(), line: Some(line), ..FileSpot::default() };
        Annotation::new(AnnotationKind::File, AnnotationLevel::Error, code, message).at(Some(spot)).about(subject)
    }

    #[test]
    fn lines_that_move_and_words_that_change_are_the_same_annotation() {
        let before = [of_file("shape", "wrong", 3, "text"), of_file("shape", "wrong", 9, "text")];
        let after = [of_file("shape", "not right", 5, "text"), of_file("shape", "wrong", 11, "text")];
        assert_eq!(fingerprints(&before), fingerprints(&after));
        let [first, second] = fingerprints(&before).try_into().expect("there are two");
        assert_ne!(first, second);
        assert_eq!(first.len(), 32);
        let other = [of_file("shape", "wrong", 3, "texts"), of_file("unknown-key", "wrong", 3, "text")];
        assert!(!fingerprints(&other).contains(&first));
    }
}
