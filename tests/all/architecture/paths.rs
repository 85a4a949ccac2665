//! The paths that a file names, in `use` and everywhere else, written out one by one.

use super::tokens::{Kind, Token};

/// `crate::wire::limits`, from `use crate::{wire::limits, …}` or from the middle of an expression.
/// The name of a macro ends in `!`, a glob is `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) line: usize,
    pub(crate) segments: Vec<String>,
    /// How many modules of the file itself are around it.
    pub(crate) inside: usize,
}

impl Path {
    /// Whether the path begins like this: `std::fs`.
    pub(crate) fn starts_with(&self, prefix: &str) -> bool {
        let prefix: Vec<&str> = prefix.split("::").collect();
        self.segments.len() >= prefix.len() && self.segments.iter().zip(prefix).all(|(left, right)| left == right)
    }

    /// Whether one of its parts is this word.
    pub(crate) fn holds(&self, word: &str) -> bool {
        self.segments.iter().any(|segment| segment == word)
    }

    /// The path as it would be written.
    pub(crate) fn text(&self) -> String {
        self.segments.join("::")
    }
}

/// Lists all paths of a file.
pub(crate) fn paths(tokens: &[Token]) -> Vec<Path> {
    let mut reader = Reader { tokens, at: 0, depth: 0, modules: Vec::new(), found: Vec::new() };
    while let Some(kind) = reader.kind(0) {
        match kind {
            Kind::Word(_) => {
                reader.enter_module();
                reader.tree(Vec::new());
            }
            Kind::Mark('{') => {
                reader.depth += 1;
                reader.at += 1;
            }
            Kind::Mark('}') => {
                reader.depth = reader.depth.saturating_sub(1);
                let depth = reader.depth;
                reader.modules.retain(|module| *module < depth);
                reader.at += 1;
            }
            Kind::Mark(_) | Kind::Literal => reader.at += 1,
        }
    }
    reader.found
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    /// How deep the braces are around each open `mod … {`.
    modules: Vec<usize>,
    found: Vec<Path>,
}

impl Reader<'_> {
    fn kind(&self, ahead: usize) -> Option<&Kind> {
        self.tokens.get(self.at + ahead).map(|token| &token.kind)
    }

    fn is_mark(&self, ahead: usize, mark: char) -> bool {
        self.kind(ahead) == Some(&Kind::Mark(mark))
    }

    fn enter_module(&mut self) {
        let named = matches!(self.kind(0), Some(Kind::Word(word)) if word == "mod");
        if named && self.is_mark(2, '{') {
            self.modules.push(self.depth);
        }
    }

    /// Reads one path, or all paths of a group.
    fn tree(&mut self, mut segments: Vec<String>) {
        match self.kind(0).cloned() {
            Some(Kind::Word(mut word)) => {
                self.at += 1;
                if self.is_mark(0, '!') && !self.is_mark(1, '=') {
                    word.push('!');
                }
                segments.push(word);
                if self.is_mark(0, ':') && self.is_mark(1, ':') {
                    self.at += 2;
                    self.tree(segments);
                } else {
                    self.found(segments);
                }
            }
            Some(Kind::Mark('*')) => {
                self.at += 1;
                segments.push("*".to_owned());
                self.found(segments);
            }
            Some(Kind::Mark('{')) => self.group(&segments),
            Some(Kind::Mark(_) | Kind::Literal) | None => self.found(segments),
        }
    }

    fn group(&mut self, segments: &[String]) {
        self.at += 1;
        while self.kind(0).is_some() && !self.is_mark(0, '}') {
            self.tree(segments.to_vec());
            // Over ` as name` to the next part.
            while self.kind(0).is_some() && !self.is_mark(0, ',') && !self.is_mark(0, '}') {
                self.at += 1;
            }
            if self.is_mark(0, ',') {
                self.at += 1;
            }
        }
        self.at += 1;
    }

    fn found(&mut self, segments: Vec<String>) {
        let line = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(1, |token| token.line);
        self.found.push(Path { line, segments, inside: self.modules.len() });
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::program;
    use super::*;

    #[test]
    fn groups_are_written_out() {
        let check = |source: &str, expect: &str| {
            let found: Vec<String> =
                paths(&program(source)).iter().map(Path::text).filter(|path| path.contains("::")).collect();
            assert_eq!(found.join(" "), expect, "{source}");
        };
        check("use crate::a::B;", "crate::a::B");
        check("use crate::{a::{B, c::D as E}, f::*};", "crate::a::B crate::a::c::D crate::f::*");
        check("use crate::{self, a};", "crate::self crate::a");
        check("let x = crate::a::b(std::mem::take(&mut c));", "crate::a::b std::mem::take");
        check("a::b::<c::D>()", "a::b c::D");
        check("if a != b::c { std::println!(\"d::e\") }", "b::c std::println!");
        check("<a::B as c::D>::e()", "a::B c::D");
    }

    #[test]
    fn modules_inside_a_file_are_counted() {
        let source = "a::b; mod c { fn d() { e::f } mod g { h::i } j::k } l::m";
        let found: Vec<(String, usize)> = paths(&program(source))
            .into_iter()
            .filter(|path| path.segments.len() > 1)
            .map(|path| (path.text(), path.inside))
            .collect();
        let expect = [("a::b", 0), ("e::f", 1), ("h::i", 2), ("j::k", 1), ("l::m", 0)];
        assert_eq!(found, expect.map(|(path, inside)| (path.to_owned(), inside)));
    }
}
