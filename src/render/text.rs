//! What a rendered text must keep to before it may be sent.

use crate::wire::content::TextSlot;
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
        /// How many it may have.
        max: usize,
    },
    /// It has more bytes of UTF-8 than the channel allows.
    TooManyBytes {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        max: usize,
    },
    /// It still holds `{{` or `{%`.
    BracesLeft,
}

/// Finds all that is wrong with a rendered text; usually nothing. Characters that must not be sent
/// are refused before, by the [`Renderer`](crate::render::Renderer), which knows whence they come.
#[must_use]
pub fn check_text(slot: TextSlot, text: &str) -> Vec<TextProblem> {
    let mut problems = Vec::new();
    if is_blank(text) {
        problems.push(TextProblem::Empty);
    }
    // There are never more characters than bytes, so most texts need no counting.
    if let Some(max) = slot.chars_max().filter(|max| text.len() > *max) {
        let chars = text.chars().count();
        if chars > max {
            problems.push(TextProblem::TooLong { chars, max });
        }
    }
    let bytes = text.len();
    if let Some(max) = slot.bytes_max().filter(|max| bytes > *max) {
        problems.push(TextProblem::TooManyBytes { bytes, max });
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
        let check = |text: &str, expected: &[TextProblem]| {
            assert_eq!(check_text(TextSlot::Words, text), expected, "{} bytes", text.len());
        };
        check("x", &[]);
        check("", &[TextProblem::Empty]);
        check(" \n\u{a0}\u{200b}\u{3164}", &[TextProblem::Empty]);
        check(&"x".repeat(1000), &[]);
        let max = 1000;
        let long = [TextProblem::TooLong { chars: 1001, max }, TextProblem::TooManyBytes { bytes: 1001, max }];
        check(&"x".repeat(1001), &long);
        check(&"č".repeat(500), &[]);
        check(&"č".repeat(501), &[TextProblem::TooManyBytes { bytes: 1002, max }]);
        check(&"😀".repeat(1000), &[TextProblem::TooManyBytes { bytes: 4000, max }]);
        check("Hi {{ name }}", &[TextProblem::BracesLeft]);
        check("Hi {% if", &[TextProblem::BracesLeft]);
        check("{ { fine } }", &[]);
        let title = "č".repeat(81);
        assert_eq!(check_text(TextSlot::CardText, &title), [TextProblem::TooLong { chars: 81, max: 80 }]);
        assert_eq!(check_text(TextSlot::Address, &title.repeat(100)), []);
    }
}
