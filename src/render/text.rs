//! What a rendered text must keep to before it may be sent.

use crate::wire::limits::{TEXT_BYTES_MAX, TEXT_CHARS_MAX};
use crate::wire::visible::is_blank;

/// Why a rendered text cannot be sent, or not without a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextProblem {
    /// It is empty, or shows nothing.
    Empty,
    /// It has more characters than the API allows.
    TooLong {
        /// How many it has, counted as Unicode scalar values.
        chars: usize,
    },
    /// It has more bytes of UTF-8 than the channel allows.
    TooManyBytes {
        /// How many it has.
        bytes: usize,
    },
    /// It still holds `{{` or `{%`.
    BracesLeft,
}

/// Finds all that is wrong with a rendered text; usually nothing. Characters that must not be sent
/// are refused before, by the [`Renderer`](crate::render::Renderer), which knows whence they come.
#[must_use]
pub fn check_text(text: &str) -> Vec<TextProblem> {
    let mut problems = Vec::new();
    if is_blank(text) {
        problems.push(TextProblem::Empty);
    }
    // Neither limit can be passed by a text with fewer bytes.
    if text.len() > TEXT_CHARS_MAX.min(TEXT_BYTES_MAX) {
        let chars = text.chars().count();
        if chars > TEXT_CHARS_MAX {
            problems.push(TextProblem::TooLong { chars });
        }
        if text.len() > TEXT_BYTES_MAX {
            problems.push(TextProblem::TooManyBytes { bytes: text.len() });
        }
    }
    if text.contains('{') && (text.contains("{{") || text.contains("{%")) {
        problems.push(TextProblem::BracesLeft);
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_judged_at_its_limits() {
        let check =
            |text: &str, expected: &[TextProblem]| assert_eq!(check_text(text), expected, "{} bytes", text.len());
        check("x", &[]);
        check("", &[TextProblem::Empty]);
        check(" \n\u{a0}\u{200b}\u{3164}", &[TextProblem::Empty]);
        check(&"x".repeat(1000), &[]);
        check(&"x".repeat(1001), &[TextProblem::TooLong { chars: 1001 }, TextProblem::TooManyBytes { bytes: 1001 }]);
        check(&"č".repeat(500), &[]);
        check(&"č".repeat(501), &[TextProblem::TooManyBytes { bytes: 1002 }]);
        check(&"😀".repeat(1000), &[TextProblem::TooManyBytes { bytes: 4000 }]);
        check("Hi {{ name }}", &[TextProblem::BracesLeft]);
        check("Hi {% if", &[TextProblem::BracesLeft]);
        check("{ { fine } }", &[]);
    }
}
