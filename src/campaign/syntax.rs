//! What to say about a file that is not YAML: one diagnostic, at the mistake rather than where the
//! parser gave up, with the hint that most likely helps.

use std::ops::Range;
use std::sync::Arc;

use super::blocks::{Block, blocks, is_structure};
use super::lookalikes;
use crate::diagnostic::{Code, Diagnostic, Place, Source};

/// How many lines before the one at which the parser gave up a mistake is looked for.
const LINES_BACK_MAX: usize = 4;

/// Makes the diagnostic of a syntax error, from what the parser says and where it gave up.
pub(super) fn error(source: &Arc<Source>, at: usize, info: &str) -> Diagnostic {
    let code = match info {
        _ if info.contains("recursion limit") => Code::TooDeep,
        _ if info.contains("anchor") => Code::Anchor,
        _ if info.contains("tag") || info.contains("handle") || info.contains("directive") => Code::Tag,
        _ => Code::Syntax,
    };
    if code == Code::Syntax
        && let Some(diagnostic) = SourceLines::of(source).mistake(at, info)
    {
        return diagnostic;
    }
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

/// The lines of a file that no parser understands.
struct SourceLines<'a> {
    source: &'a Arc<Source>,
    /// Each line with where it begins.
    lines: Vec<(usize, &'a str)>,
    blocks: Vec<Block<'a>>,
}

impl<'a> SourceLines<'a> {
    fn of(source: &'a Arc<Source>) -> Self {
        let mut start = 0;
        let mut lines = Vec::new();
        for line in source.text.split('\n') {
            lines.push((start, line.strip_suffix('\r').unwrap_or(line)));
            start += line.len() + 1;
        }
        Self { source, lines, blocks: blocks(&source.text) }
    }

    /// The mistake that made the parser give up at a byte, if it is one that is known.
    fn mistake(&self, at: usize, info: &str) -> Option<Diagnostic> {
        let last = self.lines.iter().rposition(|(_, line)| !line.trim().is_empty())?;
        let at = self.lines.partition_point(|(start, _)| *start <= at).saturating_sub(1).min(last);
        // The parser gives up on the line of the mistake, on one behind it, or on the one before.
        let near = || (at.saturating_sub(LINES_BACK_MAX)..=at).rev().chain((at < last).then_some(at + 1));
        near()
            .find_map(|line| self.tab(line))
            .or_else(|| near().find_map(|line| self.lookalike(line)))
            .or_else(|| self.outdented(at))
            .or_else(|| {
                if info.contains("`,` or") || info.contains("',' or") {
                    near().find_map(|line| self.open(line))
                } else {
                    None
                }
            })
    }

    /// A bracket that is not closed on its line.
    fn open(&self, line: usize) -> Option<Diagnostic> {
        let (start, text) = self.structure(line)?;
        let mut open = Vec::new();
        let mut quote = None;
        for (at, sign) in text.char_indices() {
            match (quote, sign) {
                (Some(first), _) if sign == first => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'') => quote = Some(sign),
                (None, '{' | '[') => open.push((at, if sign == '{' { '}' } else { ']' })),
                (None, '}' | ']') if open.last().is_some_and(|(_, close)| *close != sign) => break,
                (None, '}' | ']') => drop(open.pop()),
                (None, _) => {}
            }
        }
        let at = start + open.pop()?.0;
        Some(self.error(
            at..at + 1,
            "this bracket is not closed",
            "write the bracket that closes it, or put a text with brackets in quotes",
        ))
    }

    fn tab(&self, line: usize) -> Option<Diagnostic> {
        let (start, text) = self.structure(line)?;
        let indentation = text.len() - text.trim_start_matches([' ', '\t']).len();
        let at = text.get(..indentation)?.find('\t')?;
        let message = "there is a tab in the indentation";
        let help = "indent with spaces; a tab does not indent in YAML";
        Some(self.error(start + at..start + at + 1, message, help))
    }

    fn lookalike(&self, line: usize) -> Option<Diagnostic> {
        let (start, text) = self.structure(line)?;
        let found = lookalikes::on_line(text)?;
        Some(self.error(start + found.range.start..start + found.range.end, found.message, found.help))
    }

    /// The line behind the last block text, if it is a text itself.
    fn outdented(&self, at: usize) -> Option<Diagnostic> {
        let block = self.blocks.iter().rev().find(|block| block.lines.end <= at)?;
        let line = (block.lines.end..=at)
            .find(|line| self.lines.get(*line).is_some_and(|(_, text)| !text.trim().is_empty()))?;
        let (start, text) = self.lines.get(line).copied()?;
        if is_structure(text) {
            return None;
        }
        let message = format!("the text of `{}` ended in line {}, which is indented less", block.header, line + 1);
        let begin = start + text.len() - text.trim_start().len();
        let help = "indent the line as far as the text above it";
        Some(self.error(begin..start + text.trim_end().len(), message, help))
    }

    /// A line, unless it is one of a block text.
    fn structure(&self, line: usize) -> Option<(usize, &'a str)> {
        let is_text = self.blocks.iter().any(|block| block.lines.contains(&line));
        self.lines.get(line).copied().filter(|_| !is_text)
    }

    fn error(&self, span: Range<usize>, message: impl Into<String>, help: &str) -> Diagnostic {
        let place = Place::Span { source: Arc::clone(self.source), span };
        Diagnostic::error(Code::Syntax, message, place).help(help)
    }
}

/// What to do about a key that stands right behind a block text and is most likely a line of it.
pub(super) fn behind_text(source: &Source, key: usize) -> Option<String> {
    let line = source.text.get(..key)?.matches('\n').count();
    let found = blocks(&source.text).into_iter().find(|block| block.lines.end == line)?;
    Some(format!("the text of `{}` ended before this line, which is indented less: indent it as far", found.header))
}

/// What only looks like YAML on the line of a byte.
pub(super) fn lookalike_at(source: &Source, at: usize) -> Option<(String, &'static str)> {
    lookalikes::on_line(line_around(&source.text, at)).map(|found| (found.message, found.help))
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

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::campaign::testing::said;

    /// A campaign of which the last part is given.
    fn tail(text: &str) -> String {
        said(&format!(
            "campaign: sale\nmessages:\n  - id: a\n    sender: shop\n    audience: all\n    content:\n{text}"
        ))
    }

    #[test]
    fn a_line_of_a_text_that_is_indented_less_is_found() {
        assert_snapshot!(tail("      text: |\n        Hi you,\n      the sale is on.\n"), @"9:7 `the sale is on.` syntax: the text of `text: |` ended in line 9, which is indented less -> indent the line as far as the text above it");
        assert_snapshot!(tail("      text: |\n        Hi you,\n\n  the sale is on.\n\n\n"), @"10:3 `the sale is on.` syntax: the text of `text: |` ended in line 10, which is indented less -> indent the line as far as the text above it");
        assert_snapshot!(tail("      text: >-\n          Hi you,\n        the sale is on.\n      type: TEXT\n"), @"9:9 `the sale is on.` syntax: the text of `text: >-` ended in line 9, which is indented less -> indent the line as far as the text above it");
        assert_snapshot!(tail("      text: |\n        Hi you,\n      Only today: the sale\n"), @"9:7 `Only today` unknown-key: there is no such key here -> the text of `text: |` ended before this line, which is indented less: indent it as far");
        assert_snapshot!(tail("      text: |\n        Hi you,\n      {{ city }} is near\n"), @"9:7 `{{ city }} is near` syntax: the text of `text: |` ended in line 9, which is indented less -> indent the line as far as the text above it");
        assert_snapshot!(tail("      text: |\n        Hi you,\nthe sale is on.\n"), @"9:1 `the sale is on.` syntax: the text of `text: |` ended in line 9, which is indented less -> indent the line as far as the text above it");
    }

    #[test]
    fn what_only_looks_like_yaml_is_named() {
        assert_snapshot!(said("campaign: sale\nmessages:\n  - id: a\n    sender: shop\n\u{a0}   audience: all\n    content: { text: Hi }\n"), @r"5:1 `\u{a0}` syntax: a no-break space (U+00A0) is in the indentation -> indent with plain spaces");
        assert_snapshot!(said("campaign: sale\nmessages:\n  - id: a\n    sender:\u{a0}shop\n    audience: all\n    content: { text: Hi }\n"), @r"4:12 `\u{a0}` syntax: a no-break space (U+00A0) follows the colon -> write a plain colon and a plain space after the key: `key: value`");
        assert_snapshot!(said("campaign: sale\nmessages:\n  - id: a\n    sender：shop\n    audience: all\n    content: { text: Hi }\n"), @"4:11 `：` syntax: `：` (U+FF1A) is no colon -> write a plain colon and a plain space after the key: `key: value`");
        assert_snapshot!(said("campaign：sale\nmessages:\n  - id: a\n"), @"1:9 `：` syntax: `：` (U+FF1A) is no colon -> write a plain colon and a plain space after the key: `key: value`");
        assert_snapshot!(said("campaign: sale\nmessages:\n  – id: a\n    sender: shop\n    audience: all\n"), @"3:3 `–` syntax: `–` (U+2013) is no hyphen -> an item of a list begins with a plain hyphen and a space: `- `");
        assert_snapshot!(said("campaign: sale\nmessages:\n  - id: a\n\tsender: shop\n\taudience: all\n"), @r"4:1 `\t` syntax: there is a tab in the indentation -> indent with spaces; a tab does not indent in YAML");
        assert_snapshot!(said("campaign: sale\nmessages:\n  - id: a\n    sender:shop\n    audience: all\n"), @"4:11 `:` syntax: a space is missing after this colon -> write a plain colon and a plain space after the key: `key: value`");
        assert_snapshot!(tail("      text:Hi\n"), @"
        7:7 `text:Hi` wrong-type: this is text, but a mapping is expected -> a space is missing after this colon: write a plain colon and a plain space after the key: `key: value`
        7:7 `text:Hi` missing-key: one of `text` and `template` is missing
        ");
        assert_snapshot!(tail("      text：Hi\n"), @"
        7:7 `text：Hi` wrong-type: this is text, but a mapping is expected -> `：` (U+FF1A) is no colon: write a plain colon and a plain space after the key: `key: value`
        7:7 `text：Hi` missing-key: one of `text` and `template` is missing
        ");
        assert_snapshot!(tail("      te\u{445}t: Hi\n"), @"
        6:5 `content` missing-key: one of `text` and `template` is missing
        7:7 `teхt` unknown-key: there is no such key here -> did you mean `text`? here stands `х` (U+0445)
        ");
        assert_snapshot!(tail("      text\u{200b}: Hi\n"), @r"
        6:5 `content` missing-key: one of `text` and `template` is missing
        7:7 `text\u{200b}` unknown-key: there is no such key here -> did you mean `text`? here stands a character that nobody sees (U+200B)
        ");
    }

    #[test]
    fn curly_quotes_are_part_of_a_text() {
        assert_snapshot!(tail("      text: “Hi there”\n"), @r#"7:13 `“Hi there”` warning curly-quotes: these quotation marks are curly, so that YAML takes them for a part of the text -> write straight ones: `"`; if they are meant, put straight ones around them"#);
        assert_snapshot!(tail("      text: „Hi” she said, “bye”\n"), @"");
        assert_snapshot!(tail("      text: \"“Hi”\"\n"), @"");
        assert_snapshot!(said("campaign: “sale”\nsenders: { own: ‘S2’ }\naudiences: { r: { rows: [ { to: “1” } ] } }\nmessages: [ { id: a, sender: own, audience: r, content: { text: Hi } } ]\n"), @r#"
        1:11 `“sale”` curly-quotes: these quotation marks are curly, so that YAML takes them for a part of the text -> write straight ones: `"`; if they are meant, put straight ones around them
        2:17 `‘S2’` curly-quotes: these quotation marks are curly, so that YAML takes them for a part of the text -> write straight ones: `"`; if they are meant, put straight ones around them
        row 3 None warning curly-quotes: these quotation marks are curly, so that YAML takes them for a part of the text -> write straight ones: `"`; if they are meant, put straight ones around them
        "#);
    }

    #[test]
    fn a_bracket_that_is_not_closed_is_found() {
        assert_snapshot!(said("campaign: sale\nsenders: { own: S2\nmessages: []\n"), @"2:10 `{` syntax: this bracket is not closed -> write the bracket that closes it, or put a text with brackets in quotes");
        assert_snapshot!(said("campaign: sale\naudiences: { a: { csv: \"a}.csv\", exclude: [ all }\nmessages: []\n"), @"2:43 `[` syntax: this bracket is not closed -> write the bracket that closes it, or put a text with brackets in quotes");
    }

    #[test]
    fn nothing_stands_behind_the_end_of_a_file() {
        for end in ["...\n", "... # bye\n", "...\n# bye\n", "\n\n# bye"] {
            assert_eq!(tail(&format!("      text: Hi\n{end}")), "", "{end:?}");
        }
        for end in [
            "...\nx\n",
            "... x\n",
            "...\nx: y\n",
            "---\n",
            "}\n",
            "]\n",
            "x\n",
            "'x'\n",
            "\u{0}",
            "...\n...\nx",
            "...\n%YAML 1.2\n---\na: b\n",
        ] {
            assert_ne!(tail(&format!("      text: Hi\n{end}")), "", "{end:?}");
        }
    }
}
