//! What to say about a file that is not YAML: one diagnostic, with the hint that most likely helps.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Place, Source};

/// Makes the diagnostic of a syntax error, from what the parser says and where it gave up.
pub(super) fn error(source: &Arc<Source>, at: usize, info: &str) -> Diagnostic {
    let code = match info {
        _ if info.contains("recursion limit") => Code::TooDeep,
        _ if info.contains("anchor") => Code::Anchor,
        _ if info.contains("tag") || info.contains("handle") || info.contains("directive") => Code::Tag,
        _ => Code::Syntax,
    };
    let message = if code == Code::TooDeep {
        "the file is nested too deeply".to_owned()
    } else {
        format!("the file is not YAML: {}", plain_words(info))
    };
    let line = line_around(&source.text, at);
    // An error at the end of a line, or of the file, still points at a character.
    let start = at.min(source.text.len());
    let width = source.text.get(start..).and_then(|rest| rest.chars().next()).filter(|next| !next.is_control());
    let span = start..start + width.map_or(0, char::len_utf8);
    let diagnostic = Diagnostic::error(code, message, Place::Span { source: Arc::clone(source), span });
    match hint(line, info) {
        Some(hint) => diagnostic.help(hint),
        None => diagnostic,
    }
}

/// Drops the parser's "while parsing …, " and its capital words.
fn plain_words(info: &str) -> String {
    let tail = if info.starts_with("while ") { info.split_once(", ").map_or(info, |(_, tail)| tail) } else { info };
    tail.replace(['<', '>'], "").replace('\'', "`").replace("double-quoted scalar", "the quoted text")
}

fn hint(line: &str, info: &str) -> Option<&'static str> {
    let indentation: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    let value = line.trim_start().trim_start_matches("- ");
    let value = value.split_once(": ").map_or(value, |(_, value)| value).trim_start();
    if info.contains("tab") && !info.contains("block scalar") || indentation.contains('\t') {
        Some("indent with spaces; a tab does not indent in YAML")
    } else if value.starts_with("{{") || value.starts_with("{%") {
        Some("YAML reads an opening brace as a mapping: put the whole text in quotes, or write it as a block after `|`")
    } else if value.starts_with(['@', '`', '%', '*', '&', '!']) {
        Some("a text that begins with this character needs quotes")
    } else if info.contains("escape") {
        Some(
            "write the character itself, double the backslash, or use single quotes; pairs such as `\\uD83D\\uDE00` are not YAML",
        )
    } else if info.contains("mapping values are not allowed") {
        Some("a text that holds `: ` needs quotes; else look at the indentation")
    } else if info.contains("quoted scalar") || info.contains("trailing content") {
        Some("look for a quotation mark that is missing, or not doubled inside the text")
    } else {
        None
    }
}

fn line_around(text: &str, at: usize) -> &str {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let rest = text.get(start..).unwrap_or_default();
    rest.split('\n').next().unwrap_or_default()
}
