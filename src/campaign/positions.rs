//! Bytes for characters: the parser counts characters, places count bytes.

use std::ops::Range;

use saphyr_parser::Span;

/// Where each character of a text begins, in bytes of the whole file.
pub(super) struct Positions {
    /// `None` if every character is one byte.
    starts: Option<Vec<usize>>,
    /// How many bytes of the file stand before the text that is parsed (its byte order mark).
    base: usize,
    end: usize,
}

impl Positions {
    /// Counts the characters of the text that is parsed.
    pub(super) fn new(text: &str, base: usize) -> Self {
        let starts = (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect());
        Self { starts, base, end: text.len() }
    }

    /// The byte at which a character begins; the end of the file for one past the last.
    pub(super) fn byte(&self, character: usize) -> usize {
        let at = match &self.starts {
            None => character.min(self.end),
            Some(starts) => starts.get(character).copied().unwrap_or(self.end),
        };
        self.base + at
    }

    /// The bytes of a span.
    pub(super) fn bytes(&self, span: Span) -> Range<usize> {
        let start = self.byte(span.start.index());
        start..self.byte(span.end.index()).max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::Positions;

    #[test]
    fn characters_become_bytes() {
        let positions = Positions::new("ač👍z", 3);
        let bytes: Vec<_> = (0..6).map(|character| positions.byte(character)).collect();
        assert_eq!(bytes, [3, 4, 6, 10, 11, 11]);
        assert_eq!(Positions::new("abc", 0).byte(9), 3);
    }
}
