//! Bounds on what a parser may recurse into, checked over plain tokens before it runs.
//!
//! minijinja parses, compiles and drops chains of operators recursively, and a stack overflow
//! cannot be caught. So chains and brackets are counted here, in a loop.

use std::ops::Range;

use minijinja::machinery::{Token, Tokenizer};
use minijinja::syntax::SyntaxConfig;

/// How many operators one tag may hold: every chain of the parser costs one token each.
const OPERATORS_MAX: usize = 100;
/// How deep brackets may stand in each other.
const BRACKETS_MAX: usize = 12;
/// How deep `if` and `for` may stand in each other; an `elif` counts as one more.
const BLOCKS_MAX: usize = 32;

/// What is nested too deeply, and where, in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooDeep {
    pub(super) message: String,
    pub(super) range: Range<usize>,
}

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Text with tags.
    Template,
    /// One expression.
    Expression,
}

/// Refuses a source in which a recursive parser would go too deep.
pub(super) fn check_nesting(source: &str, form: Form, syntax: &SyntaxConfig) -> Result<(), TooDeep> {
    let mut tokens = Tokenizer::new(source, "", form == Form::Expression, syntax.clone());
    let mut depths = Depths::default();
    // What the tokenizer cannot read, the parser reports.
    while let Ok(Some((token, span))) = tokens.next_token() {
        if let Err(message) = depths.see(&token) {
            let range = span.start_offset as usize..span.end_offset as usize;
            return Err(TooDeep { message, range });
        }
    }
    Ok(())
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

    fn template(source: &str) -> Result<(), TooDeep> {
        check_nesting(source, Form::Template, &SyntaxConfig::default())
    }

    #[test]
    fn long_lists_are_no_depth() {
        let countries: Vec<String> = (0..500).map(|number| format!("\"C{number}\"")).collect();
        let source = format!("country in [{}]", countries.join(", "));
        assert_eq!(check_nesting(&source, Form::Expression, &SyntaxConfig::default()), Ok(()));
        assert_eq!(template(&"{{ a | upper }} {% if b %}x{% endif %}".repeat(200)), Ok(()));
        assert_eq!(template("{% for x in [1] %}{% else %}{% endfor %}".repeat(100).as_str()), Ok(()));
    }

    #[test]
    fn every_chain_is_cut() {
        let check = |source: String, message: &str| {
            let found = template(&source).unwrap_err();
            assert!(found.message.contains(message), "{}", found.message);
            assert!(found.range.end <= source.len());
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
}
