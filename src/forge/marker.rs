//! The line at the top of a comment by which it is found again: hidden from readers, and made so that no value can
//! break out of it.
//!
//! `<!-- sendform:plan v1 project=acme-shop dir=campaigns head=1f… digest=plan/v1:00… people=12 -->`. Of a value all
//! but plain characters are percent-encoded, so that it can neither end the line nor begin another value. That a
//! comment has such a line proves nothing: whoever reads one asks first who wrote the comment.

use std::fmt::{self, Write as _};

use percent_encoding::percent_decode_str;

use crate::identity::ProjectId;
use crate::plan::PlanDigest;

use super::commit_id::CommitId;

const BEGINNING: &str = "<!-- sendform:";
const VERSION: &str = "v1";
const END: &str = "-->";

/// What a comment of ours is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommentKind {
    /// It shows the plan of a pull request's head.
    Plan,
    /// It tells what became of a plan, where the plan's own comment has no room for that, or is gone.
    Applied,
    /// It tells that a plan is not what would be sent any more.
    Stale,
}

impl CommentKind {
    const ALL: [Self; 3] = [Self::Plan, Self::Applied, Self::Stale];

    const fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Applied => "applied",
            Self::Stale => "stale",
        }
    }
}

/// What a comment of ours says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// What the comment is for.
    pub kind: CommentKind,
    /// The project.
    pub project: ProjectId,
    /// The project's folder, from the top of the repository, with `/` between its parts; `.` for the top itself.
    pub dir: String,
    /// The head that was planned.
    pub head: CommitId,
    /// The plan's digest, if it has one.
    pub digest: Option<PlanDigest>,
    /// How many messages the plan would send, now or later.
    pub people: u64,
}

impl Marker {
    /// Reads the marker of a comment from its first line; `None` if it has none, or one that is not whole.
    #[must_use]
    pub fn read(comment: &str) -> Option<Self> {
        let line = comment.lines().next()?.trim_end();
        let mut words = line.strip_prefix(BEGINNING)?.strip_suffix(END)?.split_whitespace();
        let name = words.next()?;
        let kind = CommentKind::ALL.into_iter().find(|kind| kind.name() == name)?;
        if words.next() != Some(VERSION) {
            return None;
        }
        let (mut project, mut dir, mut head, mut digest, mut people) = (None, None, None, None, None);
        for word in words {
            let (name, value) = word.split_once('=')?;
            let value = percent_decode_str(value).decode_utf8().ok()?.into_owned();
            match name {
                "project" => project = Some(ProjectId::parse(&value)?),
                "dir" => dir = Some(value),
                "head" => head = Some(CommitId::parse(&value)?),
                "digest" => digest = Some(PlanDigest::parse(&value)?),
                "people" => people = Some(value.parse().ok()?),
                // A later version may say more.
                _ => {}
            }
        }
        Some(Self { kind, project: project?, dir: dir?, head: head?, digest, people: people? })
    }

    /// Whether it is about this project in this folder.
    #[must_use]
    pub fn is_of(&self, project: &ProjectId, dir: &str) -> bool {
        self.project == *project && self.dir == dir
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, project, dir, head, digest, people } = self;
        write!(formatter, "{BEGINNING}{} {VERSION} project={}", kind.name(), encoded(project.as_str()))?;
        write!(formatter, " dir={} head={head}", encoded(dir))?;
        if let Some(digest) = digest {
            write!(formatter, " digest={digest}")?;
        }
        write!(formatter, " people={people} {END}")
    }
}

/// A value without anything that means something in a comment of HTML, or between values.
fn encoded(value: &str) -> String {
    let mut encoded = String::new();
    let mut last = b'-';
    for byte in value.bytes() {
        // Two hyphens in a row may end a comment.
        let is_plain =
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'/') || (byte == b'-' && last != b'-');
        if is_plain {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            write!(encoded, "%{byte:02X}").unwrap_or_default();
        }
        last = byte;
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{CommentKind, Marker};
    use crate::forge::CommitId;
    use crate::identity::ProjectId;
    use crate::plan::PlanDigest;

    fn marker(dir: &str) -> Marker {
        Marker {
            kind: CommentKind::Plan,
            project: ProjectId::parse("acme--shop").unwrap(),
            dir: dir.to_owned(),
            head: CommitId::parse(&"1".repeat(40)).unwrap(),
            digest: PlanDigest::parse(&format!("plan/v1:{}", "0".repeat(32))),
            people: 12,
        }
    }

    #[test]
    fn a_marker_is_one_hidden_line() {
        insta::assert_snapshot!(marker("my campaigns/--> <b>"), @"<!-- sendform:plan v1 project=acme-%2Dshop dir=my%20campaigns/-%2D%3E%20%3Cb%3E head=1111111111111111111111111111111111111111 digest=plan/v1:00000000000000000000000000000000 people=12 -->");
    }

    #[test]
    fn what_is_no_marker_is_none() {
        let whole = marker("a").to_string();
        assert!(Marker::read(&format!("{whole}\r\nA plan")).is_some());
        for wrong in [
            String::new(),
            "A plan".to_owned(),
            format!("A plan\n{whole}"),
            format!("> {whole}"),
            whole.replace("v1 project", "v2 project"),
            whole.replace("sendform:plan", "sendform:cake"),
            whole.replace("people=12", "people=-1"),
            whole.replace(" people=12", ""),
            whole.replace("head=1", "head="),
            whole.replace("dir=a", "dir=%FF"),
            whole.replace("-->", ""),
        ] {
            assert_eq!(Marker::read(&wrong), None, "{wrong}");
        }
        let more = whole.replace("people=12", "people=12 more=x");
        assert_eq!(Marker::read(&more), Some(marker("a")));
    }

    proptest! {
        #[test]
        fn no_value_breaks_out_and_all_come_back(dir in ".{0,40}") {
            let marker = marker(&dir);
            let line = marker.to_string();
            prop_assert_eq!(line.lines().count(), 1);
            let inside = line.strip_prefix("<!--").unwrap().strip_suffix("-->").unwrap();
            prop_assert!(!inside.contains(['<', '>', '@', '`', '#', '&']) && !inside.contains("--"), "{}", inside);
            prop_assert_eq!(Marker::read(&line), Some(marker));
        }
    }
}
