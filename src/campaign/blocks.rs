//! Where the block texts of a file stand, line by line, for files that no parser understands: their
//! lines are text, and the line behind them is often the one that was meant to be text too.

use std::ops::Range;

/// A block text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block<'a> {
    /// What introduces it: `text: |`.
    pub(super) header: &'a str,
    /// Its lines, from 0.
    pub(super) lines: Range<usize>,
}

/// Finds the block texts of a file.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let Some(header) = header(line) else { continue };
        let outer = indentation(line);
        let first = lines.iter().skip(at).find(|line| !line.trim().is_empty());
        let Some(inner) = first.map(|line| indentation(line)).filter(|inner| *inner > outer) else { continue };
        let is_inside = |line: &&&str| line.trim().is_empty() || indentation(line) >= inner;
        let count = lines.iter().skip(at).take_while(is_inside).count();
        found.push(Block { header, lines: at..at + count });
        at += count;
    }
    found
}

/// How far a line is indented with spaces; those before the hyphens of a list count.
pub(super) fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// What introduces a block text, if a line does.
fn header(line: &str) -> Option<&str> {
    let line = line.split(" #").next()?.trim_end();
    let bare = line.trim_end_matches(|sign: char| matches!(sign, '+' | '-') || sign.is_ascii_digit());
    let before = bare.strip_suffix(['|', '>'])?;
    let introduces = before.ends_with(": ") || before.trim_start().chars().all(|sign| matches!(sign, '-' | ' '));
    let header = line.trim_start_matches(['-', ' ']);
    (introduces && !before.trim().is_empty()).then_some(header)
}

/// Whether a line may stand behind a block text: a key, an item, a comment, the end of a document.
pub(super) fn is_structure(line: &str) -> bool {
    let line = line.trim();
    let key = line.split_once(':').is_some_and(|(key, value)| {
        let quoted = key.starts_with(['"', '\'']) && key.ends_with(['"', '\'']);
        (value.is_empty() || value.starts_with([' ', '\t'])) && (quoted || !key.contains(' '))
    });
    key || line == "-" || ["- ", "#", "---", "...", "}", "]", "? "].iter().any(|begin| line.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::{blocks, is_structure};

    #[test]
    fn block_texts_are_found_by_their_indentation() {
        let found = |text: &str| -> Vec<(String, Vec<usize>)> {
            blocks(text).into_iter().map(|block| (block.header.to_owned(), block.lines.collect())).collect()
        };
        let check = |text: &str, header: &str, lines: &[usize]| {
            assert_eq!(found(text), [(header.to_owned(), lines.to_vec())], "{text:?}");
        };
        check("a:\n  text: |\n    Hi: you\n\n    bye\n  b: c\n", "text: |", &[2, 3, 4]);
        check("a:\n  text: |\n    Hi\n   you\n  b: c\n", "text: |", &[2]);
        check("- text: >- # note\n    Hi\nb", "text: >-", &[1]);
        check("- - |2\n   Hi\nb: c\n", "|2", &[1]);
        assert_eq!(found("a: b |\nc: |\nd: e\n"), []);
    }

    #[test]
    fn texts_are_told_from_keys() {
        for line in ["key: x", "key:", "\"a b\": x", "- x", "-", "# x", "}", "---"] {
            assert!(is_structure(line), "{line}");
        }
        for line in ["the sale is on.", "Note: the sale", "See https://x.example", "Only today: 5 %", "-5 %", "x"] {
            assert_eq!(is_structure(line), line == "Note: the sale", "{line}");
        }
    }
}
