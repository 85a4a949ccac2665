//! Rust source as tokens, without comments, the insides of literals, and code that only tests see.
//! Just enough of the language to read paths from it.

/// One token and the line on which it begins, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) line: usize,
    pub(crate) kind: Kind,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier, a keyword or a number.
    Word(String),
    /// One mark.
    Mark(char),
    /// A text, a character or a lifetime: nothing in it is code.
    Literal,
}

/// Reads the tokens of a file that are part of the program.
pub(crate) fn program(source: &str) -> Vec<Token> {
    without_tests(&all(source))
}

fn all(source: &str) -> Vec<Token> {
    let mut reader = Reader { rest: source, line: 1, tokens: Vec::new() };
    while !reader.rest.is_empty() {
        reader.step();
    }
    reader.tokens
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    tokens: Vec<Token>,
}

impl Reader<'_> {
    fn step(&mut self) {
        let rest = self.rest;
        if rest.starts_with("//") {
            return self.skip(rest.find('\n').unwrap_or(rest.len()));
        }
        if rest.starts_with("/*") {
            return self.skip(block_comment(rest));
        }
        if let Some(length) = raw_text(rest).or_else(|| text(rest)).or_else(|| quote(rest)) {
            return self.take(Kind::Literal, length);
        }
        let word: String = rest.chars().take_while(|mark| mark.is_alphanumeric() || *mark == '_').collect();
        if !word.is_empty() {
            let length = word.len();
            return self.take(Kind::Word(word), length);
        }
        let Some(mark) = rest.chars().next() else { return };
        if mark.is_whitespace() { self.skip(mark.len_utf8()) } else { self.take(Kind::Mark(mark), mark.len_utf8()) }
    }

    fn take(&mut self, kind: Kind, length: usize) {
        self.tokens.push(Token { line: self.line, kind });
        self.skip(length);
    }

    fn skip(&mut self, length: usize) {
        let (skipped, rest) = self.rest.split_at(length);
        self.line += skipped.matches('\n').count();
        self.rest = rest;
    }
}

/// The length of a comment in stars, which may hold others.
fn block_comment(source: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        let rest = source.get(at..).unwrap_or_default();
        match rest.chars().next() {
            None => return at,
            Some(_) if rest.starts_with("/*") => (depth, at) = (depth + 1, at + 2),
            Some(_) if rest.starts_with("*/") => (depth, at) = (depth - 1, at + 2),
            Some(mark) => at += mark.len_utf8(),
        }
        if depth == 0 {
            return at;
        }
    }
}

/// The length of `r"…"`, `br#"…"#` and the like.
fn raw_text(source: &str) -> Option<usize> {
    let start = ["r", "br", "cr"].iter().find_map(|prefix| source.strip_prefix(prefix))?;
    let hashes = start.chars().take_while(|mark| *mark == '#').count();
    let inside = start.get(hashes..)?.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inside.find(&end).map_or(inside.len(), |at| at + end.len());
    Some(source.len() - inside.len() + length)
}

/// The length of `"…"`, `b"…"` and `c"…"`.
fn text(source: &str) -> Option<usize> {
    let inside = ["\"", "b\"", "c\""].iter().find_map(|start| source.strip_prefix(start))?;
    let mut escaped = false;
    let end = inside.find(|mark| {
        let ends = mark == '"' && !escaped;
        escaped = mark == '\\' && !escaped;
        ends
    });
    Some(source.len() - inside.len() + end.map_or(inside.len(), |at| at + 1))
}

/// The length of a character or a lifetime.
fn quote(source: &str) -> Option<usize> {
    let inside = source.strip_prefix('\'')?;
    let first = inside.chars().next()?;
    if first == '\\' {
        let end = inside.get(2..)?.find('\'')?;
        return Some(1 + 2 + end + 1);
    }
    let closed = inside.get(first.len_utf8()..)?.starts_with('\'');
    let name = || inside.chars().take_while(|mark| mark.is_alphanumeric() || *mark == '_').map(char::len_utf8).sum();
    Some(1 + if closed { first.len_utf8() + 1 } else { name() })
}

/// Leaves out every item under `#[cfg(test)]`.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut rest = tokens;
    while let Some((first, tail)) = rest.split_first() {
        if let Some(item) = after_test_attribute(rest) {
            rest = item.get(item_length(item)..).unwrap_or_default();
        } else {
            kept.push(first.clone());
            rest = tail;
        }
    }
    kept
}

fn after_test_attribute(tokens: &[Token]) -> Option<&[Token]> {
    let expected = all("#[cfg(test)]");
    let (attribute, rest) = tokens.split_at_checked(expected.len())?;
    attribute.iter().map(|token| &token.kind).eq(expected.iter().map(|token| &token.kind)).then_some(rest)
}

/// The number of tokens up to the end of an item: its last brace, its semicolon, or both.
fn item_length(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Mark('{' | '(' | '[') => depth += 1,
            Kind::Mark(')' | ']') => depth = depth.saturating_sub(1),
            Kind::Mark('}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    let closed = tokens.get(index + 1).is_some_and(|next| next.kind == Kind::Mark(';'));
                    return index + 1 + usize::from(closed);
                }
            }
            Kind::Mark(';') if depth == 0 => return index + 1,
            Kind::Mark(_) | Kind::Word(_) | Kind::Literal => {}
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(source: &str) -> String {
        let words: Vec<String> = program(source)
            .into_iter()
            .map(|token| match token.kind {
                Kind::Word(word) => word,
                Kind::Mark(mark) => mark.to_string(),
                Kind::Literal => "_".to_owned(),
            })
            .collect();
        words.join(" ")
    }

    #[test]
    fn comments_and_literals_are_not_code() {
        let check = |source: &str, expect: &str| assert_eq!(written(source), expect, "{source}");
        check("a // b\nc", "a c");
        check("a /* b /* c */ d */ e", "a e");
        check(r#"a("b \" c", d)"#, "a ( _ , d )");
        check(r##"a(r#"b " c"#, br"d", 'e', '\'', '"', b'f')"##, "a ( _ , _ , _ , _ , _ , b _ )");
        check("fn a<'b>(c: &'b str, d: 'static)", "fn a < _ > ( c : & _ str , d : _ )");
        check("r#type = rest", "r # type = rest");
        check("\"open", "_");
    }

    #[test]
    fn what_only_tests_see_is_left_out() {
        let check = |source: &str, expect: &str| assert_eq!(written(source), expect, "{source}");
        check("a; #[cfg(test)] mod tests { use super::*; fn b() { c } } d", "a ; d");
        check("#[cfg(test)] use a::{b, c}; d", "d");
        check("#[cfg(test)] #[derive(A)] struct B([u8; 2]); d", "d");
        check("#[cfg(test)] fn a(b: [u8; 3]) { c } d", "d");
        check("#[cfg(unix)] mod a { b }", "# [ cfg ( unix ) ] mod a { b }");
    }

    #[test]
    fn tokens_know_their_lines() {
        let lines: Vec<usize> = all("a /* \n */ b\n\"\n\" c").into_iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 2, 3, 4]);
    }
}
