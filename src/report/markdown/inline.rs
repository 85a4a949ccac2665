//! What stands in a line: our own words, or somebody's value, which is escaped by what it is.

use crate::report::sanitize::{LineFeeds, harmless};

use super::neutral::{ShownAs, on_one_line};

/// What stands in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phrase {
    /// Our own words, which may be Markdown.
    Own(&'static str),
    /// Words that may hold somebody's values: they are shown as they are.
    Words(String),
    /// Somebody's value, in the type of code.
    Code(String),
    /// What is there to be copied: a command, an id, a digest. It is code as well, and no reference in it is broken,
    /// because nobody could type it then.
    Exact(String),
    /// In bold.
    Strong(Vec<Self>),
}

/// Where a line stands, which says what has to be escaped in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// A block of its own: it must not begin like another one.
    Line,
    /// A cell of a table.
    Cell,
    /// The summary of details, which is HTML.
    Html,
}

/// Writes a line.
pub(super) fn written(line: &[Phrase], within: Within) -> String {
    let mut out = String::new();
    for inline in line {
        let text = match inline {
            Phrase::Own(text) => (*text).to_owned(),
            Phrase::Words(text) => words(&on_one_line(text, ShownAs::Words), within, out.is_empty()),
            Phrase::Code(text) => code(&on_one_line(text, ShownAs::Code), within),
            Phrase::Exact(text) => code(&harmless(text, LineFeeds::Escape), within),
            Phrase::Strong(line) => strong(&written(line, within), within),
        };
        out.push_str(&text);
    }
    out
}

fn strong(text: &str, within: Within) -> String {
    match within {
        Within::Line | Within::Cell => format!("**{}**", text.trim()),
        Within::Html => format!("<b>{text}</b>"),
    }
}

/// Escapes whatever Markdown could take for its own.
fn words(text: &str, within: Within, is_first: bool) -> String {
    if within == Within::Html {
        return html(text);
    }
    let text = if is_first { text.trim_start() } else { text };
    let numbered = text.bytes().take_while(u8::is_ascii_digit).count();
    let mut out = String::with_capacity(text.len() + 8);
    for (at, character) in text.char_indices() {
        let is_markup =
            matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' | '|' | '$' | '#');
        // A list, a line below a heading, or a number of a list.
        let begins = is_first && at == 0 && matches!(character, '-' | '+' | '=');
        let numbers = is_first && at > 0 && at == numbered && matches!(character, '.' | ')');
        if is_markup || begins || numbers {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// Code between more backticks than it has anywhere in a row.
fn code(text: &str, within: Within) -> String {
    if within == Within::Html {
        return format!("<code>{}</code>", html(text));
    }
    if text.trim().is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(text) + 1);
    let is_padded = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let pad = if is_padded { " " } else { "" };
    let text = match within {
        // A table takes the backslash away, but one before it would count twice.
        Within::Cell => text.replace("\\|", "\\\u{200b}|").replace('|', "\\|"),
        Within::Line | Within::Html => text.to_owned(),
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// How many backticks stand in a row at most.
pub(super) fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or_default()
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Phrase, Within, written};

    #[test]
    fn a_line_is_escaped_by_where_it_stands() {
        let all = Within::Line;
        let words = |text: &str, within| written(&[Phrase::Words(text.to_owned())], within);
        let code = |text: &str, within| written(&[Phrase::Code(text.to_owned())], within);
        assert_eq!(words("[a](b) *c* <d>", all), r"\[a\](b) \*c\* \<d\>");
        assert_eq!(words("- a - b", all), r"\- a - b");
        assert_eq!(words("12. a. 3.", all), r"12\. a. 3.");
        assert_eq!(words("a|b", Within::Cell), r"a\|b");
        assert_eq!(words("</summary>'&", Within::Html), "&lt;/summary&gt;&#39;&amp;");
        assert_eq!(code("a``b", all), "```a``b```");
        assert_eq!(code("`a", all), "`` `a ``");
        assert_eq!(code(r"a\|b|", Within::Cell), "`a\\\u{200b}\\|b\\|`");
        assert_eq!(code("<b>", Within::Html), "<code>&lt;b&gt;</code>");
        assert_eq!(code(" ", all), "");
        let strong = Phrase::Strong(vec![Phrase::Own("2 of "), Phrase::Words("a*b".to_owned())]);
        assert_eq!(written(&[strong], all), r"**2 of a\*b**");
    }
}
