//! Characters that are not of the language, and what to write instead.

use std::ops::Range;

use crate::wire::visible::is_invisible;

use super::{Slip, column_form};

/// Explains what cannot be read at a byte of an expression; `detail` is what the tokenizer says.
pub(super) fn unreadable(text: &str, at: usize, detail: &str) -> Slip {
    if detail.starts_with("invalid") || detail.contains("number") {
        // A number that is too large, or not whole, is known by its end.
        let range = word_around(text, at.saturating_sub(1));
        return Slip { range, message: detail.to_owned(), help: Some("write it in plain decimal digits".to_owned()) };
    }
    let rest = text.get(at..).unwrap_or_default();
    let Some(first) = rest.chars().next() else {
        let end = text.trim_end().len();
        return Slip { range: last_character(text, end), message: detail.to_owned(), help: None };
    };
    if detail.contains("string") {
        let help = format!("write a second `{first}` where the text ends");
        return Slip::new(at..at + first.len_utf8(), "this quotation mark has no second one", help);
    }
    if detail.contains("variable block") {
        return Slip::new(at..at + first.len_utf8(), "nothing can stand behind `}}` here", LEAVE_BRACES);
    }
    if let Some((sign, help)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
        return Slip::new(at..at + sign.len(), not_of_the_language(sign), *help);
    }
    of_character(text, at, first)
}

/// What to do about braces around a condition.
pub(super) const LEAVE_BRACES: &str = "an expression stands without braces: leave `{{` and `}}` out";

/// Signs of other languages, the longer ones first.
const SIGNS: &[(&str, &str)] = &[
    ("&&", "write `and`"),
    ("&", "write `and`"),
    ("!", "write `not`"),
    ("??", "write `| fallback(\"…\")`"),
    ("?.", "columns are named alone: `{{ city }}`"),
    ("?", "write `… if … else …`"),
    ("#", "an expression holds no comment: write it outside of the quotes, or on a line of its own"),
    (";", "this is one expression: join conditions with `and`, and leave the semicolon out"),
    ("`", "write a straight quotation mark: `\"`"),
    ("@", "columns are named alone, without `@`"),
    ("$", "columns are named alone, without `$`"),
    ("^", "write `and`, `or` and `not`; a power is `**`"),
    ("\\", "a backslash stands only inside of a text, in quotes"),
    ("≠", "write `!=`"),
    ("≤", "write `<=`"),
    ("≥", "write `>=`"),
    ("×", "write `*`"),
    ("÷", "write `/`"),
    ("∧", "write `and`"),
    ("∨", "write `or`"),
    ("¬", "write `not`"),
    ("∈", "write `in`"),
    ("∉", "write `not in`"),
];

fn of_character(text: &str, at: usize, first: char) -> Slip {
    let range = at..at + first.len_utf8();
    let code = format!("U+{:04X}", u32::from(first));
    if first.is_whitespace() {
        return Slip::new(range, format!("a blank of another kind ({code}) stands here"), "write a plain space");
    }
    if is_invisible(first) {
        return Slip::new(range, format!("a character that nobody sees ({code}) stands here"), "delete the character");
    }
    let message = not_of_the_language(&first.to_string());
    match first {
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' | '〝' | '〞' | '「' | '」' => {
            Slip::new(range, message, "write a straight quotation mark: `\"`")
        }
        '‘' | '’' | '‚' | '‛' | '‹' | '›' | '′' | '´' => {
            Slip::new(range, message, "write a straight quotation mark: `\"` or `'`")
        }
        '\u{2010}'..='\u{2015}' | '−' | '－' => Slip::new(range, message, "write a plain hyphen: `-`"),
        '\u{ff01}'..='\u{ff5e}' => {
            let plain = u32::from(first).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(first);
            Slip::new(range, message, format!("write `{plain}`, which is half as wide"))
        }
        '、' | '،' => Slip::new(range, message, "write `,`"),
        _ if first.is_alphanumeric() => {
            let word = word_around(text, at);
            let name = text.get(word.clone()).unwrap_or_default();
            let help = format!(
                "a column whose name is not a plain word is written `{}`; a text stands in quotes",
                column_form(name)
            );
            Slip::new(word, message, help)
        }
        _ => Slip::new(range, message, "a text stands in quotes: `\"…\"`"),
    }
}

fn not_of_the_language(sign: &str) -> String {
    format!("`{sign}` is not part of the language")
}

/// The word, of whatever letters, that holds a byte.
pub(super) fn word_around(text: &str, at: usize) -> Range<usize> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let before = text.get(..at).unwrap_or_default();
    let start = before.trim_end_matches(is_part).len();
    let rest = text.get(at..).unwrap_or_default();
    let end = at + (rest.len() - rest.trim_start_matches(is_part).len());
    if start < end { start..end } else { last_character(text, at) }
}

/// The last character before a byte.
pub(super) fn last_character(text: &str, end: usize) -> Range<usize> {
    let width = text.get(..end).and_then(|text| text.chars().next_back()).map_or(0, char::len_utf8);
    end - width..end
}
