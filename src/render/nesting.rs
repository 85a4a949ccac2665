//! What a parser must not be given, checked over plain tokens before it runs.
//!
//! minijinja parses, compiles and drops chains of operators recursively, and a stack overflow
//! cannot be caught. So chains and brackets are counted here, in a loop. And its parser takes what
//! the tokenizer cannot read, if it stands behind a text, for the end of the source: `a == "x" && b`
//! is `a == "x"` to it. So every token of the source has to be read here first; then the end that the
//! parser comes to is the real one.

use std::ops::Range;

use minijinja::machinery::{Token, Tokenizer};
use minijinja::syntax::SyntaxConfig;

/// How many operators one tag may hold: every chain of the parser costs one token each.
const OPERATORS_MAX: usize = 100;
/// How deep brackets may stand in each other.
const BRACKETS_MAX: usize = 12;
/// How deep `if` and `for` may stand in each other; an `elif` counts as one more.
const BLOCKS_MAX: usize = 32;

/// Why a source is not given to the parser, and where, in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unparsable {
    /// It is nested too deeply.
    TooDeep { message: String, range: Range<usize> },
    /// A character is not of the language, or a text or number is not whole.
    Unreadable { at: usize, detail: String },
    /// Two texts stand side by side; the parser would join them.
    TwoTexts { range: Range<usize> },
}

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SourceForm {
    /// Text with tags.
    Template,
    /// One expression.
    Expression,
}

/// Reads all tokens of a source.
///
/// # Errors
/// If there is something that a parser must not be given: the first, in the source's order.
pub(super) fn check_tokens(source: &str, form: SourceForm, syntax: &SyntaxConfig) -> Result<(), Unparsable> {
    let mut tokens = Tokenizer::new(source, "", form == SourceForm::Expression, syntax.clone());
    let mut depths = Depths::default();
    let mut text_before = false;
    let mut end = 0;
    loop {
        let (token, span) = match tokens.next_token() {
            Ok(Some(token)) => token,
            Ok(None) => return Ok(()),
            Err(error) => {
                let at = error.range().map_or(source.len(), |range| range.start).min(source.len());
                // The tokenizer has gone on to the end before it says that a text has none.
                let detail = error.detail().unwrap_or_default().to_owned();
                let at = if detail.contains("string") { skip_blanks(source, end) } else { at };
                return Err(Unparsable::Unreadable { at, detail });
            }
        };
        let range = span.start_offset as usize..span.end_offset as usize;
        end = range.end;
        let is_text = matches!(token, Token::Str(_) | Token::String(_));
        if is_text && text_before {
            return Err(Unparsable::TwoTexts { range });
        }
        text_before = is_text;
        depths.see(&token).map_err(|message| Unparsable::TooDeep { message, range })?;
    }
}

/// The first byte from here on that the tokenizer does not skip.
fn skip_blanks(source: &str, from: usize) -> usize {
    let rest = source.get(from..).unwrap_or_default();
    from + rest.len() - rest.trim_start_matches(|blank: char| blank.is_ascii_whitespace()).len()
}

#[derive(Default)]
struct Depths {
    operators: usize,
    brackets: usize,
    blocks: Vec<usize>,
    at_keyword: bool,
}

impl Depths {
    fn see(&mut self, token: &Token<'_>) -> Result<(), String> {
        let at_keyword = std::mem::take(&mut self.at_keyword);
        match token {
            Token::VariableStart => self.start_tag(),
            Token::BlockStart => {
                self.start_tag();
                self.at_keyword = true;
            }
            Token::Ident(word) if at_keyword => self.keyword(word)?,
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => {
                self.brackets += 1;
                self.operators += 1;
            }
            Token::ParenClose | Token::BracketClose | Token::BraceClose => {
                self.brackets = self.brackets.saturating_sub(1);
            }
            Token::Ident(word) => {
                if matches!(*word, "and" | "or" | "not" | "if" | "else" | "in" | "is") {
                    self.operators += 1;
                }
            }
            Token::TemplateData(_)
            | Token::VariableEnd
            | Token::BlockEnd
            | Token::Str(_)
            | Token::String(_)
            | Token::Int(_)
            | Token::Int128(_)
            | Token::Float(_)
            | Token::Comma
            | Token::Colon => {}
            Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::FloorDiv
            | Token::Pow
            | Token::Mod
            | Token::Dot
            | Token::Tilde
            | Token::Assign
            | Token::Pipe
            | Token::Eq
            | Token::Ne
            | Token::Gt
            | Token::Gte
            | Token::Lt
            | Token::Lte => self.operators += 1,
        }
        if self.operators > OPERATORS_MAX {
            return Err(format!("one expression has more than {OPERATORS_MAX} operators"));
        }
        if self.brackets > BRACKETS_MAX {
            return Err(format!("brackets stand more than {BRACKETS_MAX} deep in each other"));
        }
        Ok(())
    }

    fn start_tag(&mut self) {
        self.operators = 0;
        self.brackets = 0;
    }

    fn keyword(&mut self, word: &str) -> Result<(), String> {
        if word.starts_with("end") {
            self.blocks.pop();
        } else if word == "elif" {
            // Parsed as an `if` inside the `else` of the one before.
            if let Some(depth) = self.blocks.last_mut() {
                *depth += 1;
            }
        } else if !matches!(word, "else" | "include" | "extends" | "import" | "from" | "do") {
            self.blocks.push(1);
        }
        if self.blocks.iter().sum::<usize>() > BLOCKS_MAX {
            return Err(format!("blocks stand more than {BLOCKS_MAX} deep in each other (each `elif` counts)"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(source: &str) -> Result<(), Unparsable> {
        check_tokens(source, SourceForm::Template, &SyntaxConfig::default())
    }

    #[test]
    fn long_lists_are_no_depth() {
        let countries: Vec<String> = (0..500).map(|number| format!("\"C{number}\"")).collect();
        let source = format!("country in [{}]", countries.join(", "));
        assert_eq!(check_tokens(&source, SourceForm::Expression, &SyntaxConfig::default()), Ok(()));
        assert_eq!(template(&"{{ a | upper }} {% if b %}x{% endif %}".repeat(200)), Ok(()));
        assert_eq!(template("{% for x in [1] %}{% else %}{% endfor %}".repeat(100).as_str()), Ok(()));
    }

    #[test]
    fn every_chain_is_cut() {
        let check = |source: String, expect: &str| {
            let Err(Unparsable::TooDeep { message, range }) = template(&source) else { panic!("{source}") };
            assert!(message.contains(expect), "{message}");
            assert!(range.end <= source.len());
        };
        for chain in
            ["-", "not ", "a.", "a|upper|", "a~", "a+", "a and ", "a if b else ", "a is ", "a[0]", "a,b=", "1<"]
        {
            check(format!("{{{{ {}1 }}}}", chain.repeat(101)), "operators");
        }
        check(format!("{{{{ {}1 }}}}", "(".repeat(20)), "brackets");
        check(format!("{{{{ {}1 }}}}", "[".repeat(20)), "brackets");
        check("{% if a %}".repeat(40), "blocks");
        check("{% for a in b %}".repeat(40), "blocks");
        check("{% set x %}".repeat(40), "blocks");
        check(format!("{{% if a %}}{}", "{% elif a %}".repeat(40)), "blocks");
    }

    #[test]
    fn the_first_character_that_is_not_of_the_language_is_found() {
        let check = |source: &str, rest: &str| {
            let Err(Unparsable::Unreadable { at, .. }) =
                check_tokens(source, SourceForm::Expression, &SyntaxConfig::default())
            else {
                panic!("{source}")
            };
            assert_eq!(source.get(at..), Some(rest), "{source}");
        };
        check("a == \"x\" && b", "&& b");
        check("a == \"x\" # b", "# b");
        check("a == \"x\" –", "–");
        check("a == \"x\u{a0}\" \u{a0}and b", "\u{a0}and b");
        check("a == \"x", "\"x");
        check("\"x\" }} y", " y");
        let two = check_tokens("a in [\"x\" 'y']", SourceForm::Expression, &SyntaxConfig::default());
        assert_eq!(two, Err(Unparsable::TwoTexts { range: 10..13 }));
    }
}
