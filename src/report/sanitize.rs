//! Values made harmless: nothing that a file, a row or a gateway says moves a cursor, hides, changes
//! the order of what is read, or is taken for a command by the log of a CI run.

use std::fmt::Write as _;

/// What becomes of line feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineFeeds {
    /// They stay.
    Keep,
    /// They are shown as `<U+000A>`.
    Escape,
}

/// Writes every character of a value that may not be printed as its code point, such as `<U+001B>`.
#[must_use]
pub fn harmless(text: &str, lines: LineFeeds) -> String {
    let safe = escape(text, |character| character == '\n' && lines == LineFeeds::Keep);
    if !text.contains("::") {
        return safe;
    }
    // The log of a GitHub run takes a line that begins with two colons for a command.
    let line = |line: &str| match line.trim_start().strip_prefix("::") {
        Some(rest) => {
            format!("{}<U+003A>:{rest}", line.get(..line.len() - line.trim_start().len()).unwrap_or_default())
        }
        None => line.to_owned(),
    };
    safe.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// The same in a JSON text, where it loses nothing: only escapes inside of its strings are added.
#[must_use]
pub fn harmless_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for (at, character) in json.char_indices() {
        if character != '\n' && is_harmful(json, at, character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                write!(safe, "\\u{unit:04x}").unwrap_or_default();
            }
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Writes harmful characters as their code points, but for those to keep. What becomes of a character
/// depends on those before it only.
pub(super) fn escape(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        if is_harmful(text, at, character) && !keep(character) {
            write!(escaped, "<U+{:04X}>", u32::from(character)).unwrap_or_default();
        } else {
            escaped.push(character);
        }
    }
    escaped
}

fn is_harmful(text: &str, at: usize, character: char) -> bool {
    is_hidden(character) || (character == '[' && begins_command(text.get(..at).unwrap_or_default()))
}

/// Characters that move the cursor, hide, or reorder others. Those that join the parts of an emoji
/// or of a word are not among them.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        )
}

/// Whether a bracket behind a text begins a command that the log of a CI run obeys wherever it
/// stands: `##[`, `##vso[`, `##teamcity[`.
fn begins_command(before: &str) -> bool {
    before.trim_end_matches(|character: char| character.is_ascii_alphabetic()).ends_with("##")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LineFeeds, harmless, harmless_json};

    #[test]
    fn values_cannot_steer_a_terminal_or_a_log() {
        let check = |text: &str, expect: &str| assert_eq!(harmless(text, LineFeeds::Escape), expect);
        check("a\u{1b}[31mb\u{9b}", "a<U+001B>[31mb<U+009B>");
        check("a\nb\tc", "a<U+000A>b<U+0009>c");
        check("\u{202e}abc\u{61c}", "<U+202E>abc<U+061C>");
        check("Žofija 👩‍👩‍👧 مرحبا", "Žofija 👩‍👩‍👧 مرحبا");
        check("::error::x", "<U+003A>:error::x");
        check(" \u{a0}::add-mask::x", " \u{a0}<U+003A>:add-mask::x");
        check("at 10::30", "at 10::30");
        check("a ##[error]x ##vso[b] ## [c] #[d]", "a ##<U+005B>error]x ##vso<U+005B>b] ## [c] #[d]");
        assert_eq!(harmless("a\n  ::b\r", LineFeeds::Keep), "a\n  <U+003A>:b<U+000D>");
    }

    proptest! {
        #[test]
        fn json_loses_nothing(text in "[a:#\\[\u{0}\u{1b}\u{9b}\u{ad}\u{202e}\u{feff}\n😀]{0,20}") {
            let json = serde_json::to_string_pretty(&[&text]).unwrap();
            let safe = harmless_json(&json);
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&safe).unwrap(), vec![text]);
            let harmful = safe.contains(['\u{9b}', '\u{ad}', '\u{202e}', '\u{feff}']) || safe.contains("##[");
            prop_assert!(!harmful, "{}", safe);
        }
    }
}
