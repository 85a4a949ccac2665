//! Characters that look like those of YAML, or like nothing, and are others: a no-break space for an
//! indentation, a wide colon, a dash for a hyphen. A parser takes them for text, and gives up later.

use std::ops::Range;

use crate::wire::visible::is_invisible;

/// A character that is not what it looks like, in bytes of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lookalike {
    pub(super) range: Range<usize>,
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// Finds the first on a line, where YAML's own characters are expected: in the indentation, as the
/// hyphen of an item, around and behind a key.
pub(super) fn on_line(line: &str) -> Option<Lookalike> {
    let begin = line.find(|next: char| !is_invisible(next)).unwrap_or(line.len());
    if let Some((at, found)) =
        line.char_indices().take_while(|(at, _)| *at < begin).find(|(_, found)| !matches!(found, ' ' | '\t'))
    {
        return Some(one(at, found, "is in the indentation", "indent with plain spaces"));
    }
    let rest = line.get(begin..)?;
    if let Some(item) = dash(rest) {
        let help = "an item of a list begins with a plain hyphen and a space: `- `";
        return Some(one(begin, item, "is no hyphen", help));
    }
    let start = begin + (rest.len() - rest.trim_start_matches(['-', ' ', '{', '[']).len());
    let rest = line.get(start..)?;
    let length = rest
        .find(|next: char| !next.is_alphanumeric() && !matches!(next, '_' | '-' | '"' | '\'' | '“' | '”'))
        .unwrap_or(rest.len());
    if length == 0 {
        return None;
    }
    behind_key(line, start + length)
}

/// What stands behind a key in place of a colon and a space.
fn behind_key(line: &str, at: usize) -> Option<Lookalike> {
    let rest = line.get(at..)?;
    let mut behind = rest.char_indices();
    let (_, first) = behind.next()?;
    let second = behind.next();
    const HELP: &str = "write a plain colon and a plain space after the key: `key: value`";
    match (first, second) {
        ('：' | '﹕' | '∶' | '꞉' | 'ː', _) => Some(one(at, first, "is no colon", HELP)),
        (':', Some((next, found))) if is_invisible(found) && !matches!(found, ' ' | '\t' | '\r') => {
            Some(one(at + next, found, "follows the colon", HELP))
        }
        (':', Some((_, found))) if found.is_alphanumeric() || matches!(found, '"' | '\'' | '“' | '{' | '[') => {
            let message = "a space is missing after this colon".to_owned();
            Some(Lookalike { range: at..at + 1, message, help: HELP })
        }
        _ if is_invisible(first) && !matches!(first, ' ' | '\t' | '\r') => {
            let colon = rest.trim_start_matches(is_invisible).starts_with([':', '：']);
            colon.then(|| one(at, first, "follows the key", HELP))
        }
        _ => {
            let equals = rest.trim_start().starts_with("= ") || rest.trim_start().starts_with("=\"");
            let sign = at + rest.len() - rest.trim_start().len();
            equals.then(|| Lookalike { range: sign..sign + 1, message: "`=` follows a key".to_owned(), help: HELP })
        }
    }
}

/// A dash or a bullet with a blank behind it.
fn dash(rest: &str) -> Option<char> {
    let mut signs = rest.chars();
    let first =
        signs.next().filter(|first| matches!(first, '\u{2010}'..='\u{2015}' | '−' | '•' | '·' | '‣' | '◦' | '－'))?;
    signs.next().is_none_or(char::is_whitespace).then_some(first)
}

fn one(at: usize, found: char, what: &str, help: &'static str) -> Lookalike {
    Lookalike { range: at..at + found.len_utf8(), message: format!("{} {what}", name(found)), help }
}

/// Names a character that cannot be shown, or would be taken for another.
pub(super) fn name(found: char) -> String {
    let code = u32::from(found);
    match found {
        '\u{a0}' | '\u{202f}' => format!("a no-break space (U+{code:04X})"),
        _ if found.is_whitespace() => format!("a blank of another kind (U+{code:04X})"),
        _ if is_invisible(found) => format!("a character that nobody sees (U+{code:04X})"),
        _ => format!("`{found}` (U+{code:04X})"),
    }
}

/// The first character of a word that is not what it looks like: nobody sees it, or it is none of the
/// letters of the word that was meant.
pub(super) fn stranger(word: &str, meant: &str) -> Option<char> {
    word.chars().find(|found| !found.is_ascii() && !meant.contains(*found))
}

#[cfg(test)]
mod tests {
    use super::on_line;

    #[test]
    fn what_only_looks_like_yaml_is_found() {
        let check = |line: &str, expect: Option<(&str, &str)>| {
            let found = on_line(line);
            let found = found.as_ref().map(|found| (line.get(found.range.clone()).unwrap(), found.message.as_str()));
            assert_eq!(found, expect, "{line:?}");
        };
        check("  sender: shop", None);
        check("  - id: hello", None);
        check("- { id: a, sender: shop }", None);
        check("  url: https://x.example/a", None);
        check("  Hi there", None);
        check("  \u{a0} sender: shop", Some(("\u{a0}", "a no-break space (U+00A0) is in the indentation")));
        check("\u{3000}sender: shop", Some(("\u{3000}", "a blank of another kind (U+3000) is in the indentation")));
        check(
            "\u{200b}sender: shop",
            Some(("\u{200b}", "a character that nobody sees (U+200B) is in the indentation")),
        );
        check("  sender:\u{a0}shop", Some(("\u{a0}", "a no-break space (U+00A0) follows the colon")));
        check("  sender\u{a0}: shop", Some(("\u{a0}", "a no-break space (U+00A0) follows the key")));
        check("  sender：shop", Some(("：", "`：` (U+FF1A) is no colon")));
        check("  - id：hello", Some(("：", "`：` (U+FF1A) is no colon")));
        check("  sender:shop", Some((":", "a space is missing after this colon")));
        check("  sender = shop", Some(("=", "`=` follows a key")));
        check("  – id: hello", Some(("–", "`–` (U+2013) is no hyphen")));
        check("  • id: hello", Some(("•", "`•` (U+2022) is no hyphen")));
    }
}
