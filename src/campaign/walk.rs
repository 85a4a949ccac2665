//! The walk over the parser's events: it builds the tree with its places, and refuses what the
//! strict profile of YAML refuses, all of it, until the parser itself gives up.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

use super::positions::Positions;
use super::profile::{BYTE_ORDER_MARK, refused_in_text};
use super::scalar;
use super::syntax;
use super::tree::{Node, NodeKind, Pair, Scalar, Style};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, Source};

/// How deep a file may be nested.
const DEPTH_MAX: usize = 32;
/// How many refusals are collected before the walk gives up.
const REFUSALS_MAX: usize = 50;
/// Keys whose value is a text for people, in which a number sign is likely meant.
const TEXT_KEYS: [&str; 3] = ["text", "callbackData", "campaignReferenceId"];
/// The key of rows, in which every cell is a text.
const ROWS_KEY: &str = "rows";
/// Keys whose value is an expression, which would be another one without its tail.
const EXPRESSION_KEYS: [&str; 1] = ["where"];
/// Keys whose value is a name or a path that somebody else has chosen, and keys whose parts are such:
/// there may well be another of that name without its tail.
const NAME_KEYS: [&str; 11] = [
    "csv",
    "ndjson",
    "template",
    "entityId",
    "applicationId",
    "columns",
    "senders",
    "ignore",
    "url",
    "remote",
    "branch",
];

/// Reads a file as a tree. There is no tree if the file is empty, not YAML, or holds parts that
/// stand for something else (an alias); then there is an error.
pub(super) fn walk(source: &Arc<Source>) -> (Option<Node>, Diagnostics) {
    let base = if source.text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    let text = source.text.get(base..).unwrap_or_default();
    let mut walk = Walk {
        source,
        parser: Parser::new_from_str(text),
        positions: Positions::new(text, base),
        diagnostics: Diagnostics::new(),
        refusals: 0,
        aliased: false,
        before: base,
    };
    let tree = walk.stream().ok().flatten();
    let aliased = walk.aliased;
    (tree.filter(|_| !aliased), walk.diagnostics)
}

/// The walk cannot go on; why is among the diagnostics.
struct Stop;

type Spanned<'a> = (Event<'a>, Range<usize>);

struct Walk<'a> {
    source: &'a Arc<Source>,
    parser: Parser<'a, StrInput<'a>>,
    positions: Positions,
    diagnostics: Diagnostics,
    refusals: usize,
    /// Whether an alias was met: then the tree is not what the file means.
    aliased: bool,
    /// Where the event before the current one ends: anchors and tags stand behind it.
    before: usize,
}

/// What is known about the place of a value.
#[derive(Clone, Copy)]
struct WalkContext {
    depth: usize,
    /// Whether the value is a text for people.
    texts: bool,
    /// Whether the value stands in rows, or is one.
    rows: bool,
    /// What a comment right behind the value may be.
    comment: Comment,
}

/// What a comment right behind a text without quotes may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comment {
    /// A comment, whatever it looks like: the value has a form of its own, in which no number sign is.
    Only,
    /// The tail of a name, if nothing stands between the number sign and what follows.
    TailOfName,
    /// The tail of an expression.
    TailOfExpression,
    /// The tail of a text.
    TailOfText,
}

impl WalkContext {
    const ROOT: Self = Self { depth: 0, texts: false, rows: false, comment: Comment::Only };

    fn item(self) -> Self {
        let comment = match self.comment {
            Comment::TailOfName => Comment::TailOfName,
            _ if self.rows => Comment::TailOfText,
            Comment::Only | Comment::TailOfExpression | Comment::TailOfText => Comment::Only,
        };
        Self { depth: self.depth + 1, texts: self.rows, rows: self.rows, comment }
    }

    fn value(self, key: &str) -> Self {
        let rows = self.rows || key == ROWS_KEY;
        let texts = rows || TEXT_KEYS.contains(&key);
        let comment = if texts {
            Comment::TailOfText
        } else if self.comment == Comment::TailOfName || NAME_KEYS.contains(&key) {
            Comment::TailOfName
        } else if EXPRESSION_KEYS.contains(&key) {
            Comment::TailOfExpression
        } else {
            Comment::Only
        };
        Self { depth: self.depth + 1, texts, rows, comment }
    }
}

impl<'a> Walk<'a> {
    fn stream(&mut self) -> Result<Option<Node>, Stop> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) if root.is_some() => {
                    let help = "put each campaign into its own file, and end a file without `---`";
                    let message = "a second YAML document begins here";
                    self.refuse(Diagnostic::error(Code::SecondDocument, message, self.place(span)).help(help))?;
                    return Err(Stop);
                }
                Event::DocumentStart(_) => {
                    self.directives(&span)?;
                    self.before = span.end;
                    let (event, span) = self.next()?;
                    root = Some(self.node(event, span, WalkContext::ROOT)?);
                }
                Event::Nothing
                | Event::StreamStart
                | Event::DocumentEnd
                | Event::Alias(_)
                | Event::Scalar(..)
                | Event::SequenceStart(..)
                | Event::SequenceEnd
                | Event::MappingStart(..)
                | Event::MappingEnd => {}
            }
        }
        let written = root.filter(|root| !root.scalar().is_some_and(Scalar::is_absent));
        if written.is_none() {
            let place = Place::File(self.source.name.clone());
            self.refuse(Diagnostic::error(Code::EmptyFile, "the file is empty", place))?;
        }
        Ok(written)
    }

    fn next(&mut self) -> Result<Spanned<'a>, Stop> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.positions.bytes(span))),
            Some(Err(error)) => {
                let at = self.positions.byte(error.marker().index());
                self.diagnostics.push(syntax::error(self.source, at, error.info()));
                Err(Stop)
            }
            None => Err(Stop),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Range<usize>, context: WalkContext) -> Result<Node, Stop> {
        if context.depth > DEPTH_MAX {
            let message = format!("the file is nested more than {DEPTH_MAX} levels deep");
            self.refuse(Diagnostic::error(Code::TooDeep, message, self.place(span)))?;
            return Err(Stop);
        }
        let node = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.properties(anchor, tag.is_some(), &span)?;
                self.scalar(text.into_owned(), style, span, context)?
            }
            Event::SequenceStart(anchor, tag) => {
                self.properties(anchor, tag.is_some(), &span)?;
                self.sequence(span, context)?
            }
            Event::MappingStart(anchor, tag) => {
                self.properties(anchor, tag.is_some(), &span)?;
                self.mapping(span, context)?
            }
            Event::Alias(_) => {
                self.aliased = true;
                self.before = span.end;
                self.anchor("this is an alias, but aliases are not part of the language", span.clone())?;
                Node { span, kind: NodeKind::Scalar(Scalar { style: Style::Quoted, text: String::new() }) }
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => return Err(self.broken(span.start)),
        };
        Ok(node)
    }

    fn scalar(
        &mut self,
        text: String,
        style: ScalarStyle,
        span: Range<usize>,
        context: WalkContext,
    ) -> Result<Node, Stop> {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let span = self.trimmed(span);
        self.before = span.end;
        if let Some((character, what)) = text.chars().find_map(|c| refused_in_text(c).map(|what| (c, what))) {
            let message = format!("the text holds {what} (U+{:04X}) behind an escape", u32::from(character));
            let help = if character == '\r' { "a line ends with `\\n` alone" } else { "leave the escape out" };
            self.refuse(Diagnostic::error(Code::ForbiddenCharacter, message, self.place(span.clone())).help(help))?;
        }
        if style == Style::Plain && context.comment != Comment::Only && !text.is_empty() {
            self.comment_behind(&span, context)?;
        }
        let text = if style == Style::Plain { self.curly_quotes(text, &span, context)? } else { text };
        Ok(Node { span, kind: NodeKind::Scalar(Scalar { style, text }) })
    }

    fn sequence(&mut self, start: Range<usize>, context: WalkContext) -> Result<Node, Stop> {
        let mut items: Vec<Node> = Vec::new();
        self.before = start.end;
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                let span = self.closed(&start, &span, items.last().map(|item| item.span.end));
                return Ok(Node { span, kind: NodeKind::Sequence(items) });
            }
            items.push(self.node(event, span, context.item())?);
        }
    }

    fn mapping(&mut self, start: Range<usize>, context: WalkContext) -> Result<Node, Stop> {
        let mut entries: Vec<Pair> = Vec::new();
        let mut seen: BTreeMap<String, Range<usize>> = BTreeMap::new();
        self.before = start.end;
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                let last = entries.last().map(|entry| entry.value.span.end.max(entry.key_span.end));
                let span = self.closed(&start, &span, last);
                return Ok(Node { span, kind: NodeKind::Mapping(entries) });
            }
            let braces = self.source.text.get(start.start..).is_some_and(|text| text.starts_with("{{"));
            if braces && span.start == start.start + 1 && matches!(event, Event::MappingStart(..)) {
                return self.bare_braces(start, span, context);
            }
            let key = self.key(event, span, context)?;
            let (event, span) = self.next()?;
            let inner = key.as_ref().map_or(context.item(), |(key, _)| context.value(key));
            let value = self.node(event, span, inner)?;
            let Some((key, key_span)) = key else { continue };
            if let Some(first) = seen.get(&key) {
                let message = format!("the key {} occurs twice in one mapping", shown(&key));
                let (first, second) = (self.place(first.clone()), self.place(key_span));
                self.refuse(Diagnostic::error(Code::DuplicateKey, message, second).note(first, "first here"))?;
                continue;
            }
            seen.insert(key.clone(), key_span.clone());
            entries.push(Pair { key, key_span, value });
        }
    }

    /// Reads a key; `None` if it is refused.
    fn key(
        &mut self,
        event: Event<'a>,
        span: Range<usize>,
        context: WalkContext,
    ) -> Result<Option<(String, Range<usize>)>, Stop> {
        let not_scalar = !matches!(event, Event::Scalar(..));
        let node = self.node(event, span, WalkContext { texts: false, comment: Comment::Only, ..context.item() })?;
        let place = self.place(node.point());
        let Some(scalar) = node.scalar().filter(|_| !not_scalar) else {
            self.refuse(Diagnostic::error(Code::KeyNotText, "a key is not a plain word", place))?;
            return Ok(None);
        };
        let plain = scalar.style == Style::Plain;
        if plain && scalar.text == "<<" {
            let help = "write the keys out in every place";
            let message = "merge keys are not part of the language";
            self.refuse(Diagnostic::error(Code::MergeKey, message, place).help(help))?;
            return Ok(None);
        }
        let Some(what) = scalar.reading().looks_like() else {
            return Ok(Some((scalar.text.clone(), node.span)));
        };
        if scalar.is_absent() {
            self.refuse(Diagnostic::error(Code::KeyNotText, "a key is missing before the colon", place))?;
        } else {
            let message = format!("a key without quotes can be taken for a {what}");
            self.refuse(Diagnostic::error(Code::KeyNotText, message, place).help("put the key in quotes"))?;
        }
        Ok(None)
    }

    /// A flow mapping whose first key is a flow mapping: somebody wrote `{{ name }}` without quotes.
    fn bare_braces(&mut self, outer: Range<usize>, inner: Range<usize>, context: WalkContext) -> Result<Node, Stop> {
        let mut open = 1_usize;
        let mut end = self.mapping(inner, context)?.span.end;
        while open > 0 {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingStart(..) | Event::SequenceStart(..)) {
                open += 1;
            } else if matches!(event, Event::MappingEnd | Event::SequenceEnd) {
                open -= 1;
            }
            end = end.max(span.end);
        }
        self.before = end;
        let span = self.trimmed(outer.start..end);
        let text = self.source.text.get(span.clone()).unwrap_or_default().to_owned();
        let message = "a text that begins with `{{` is a mapping in YAML";
        let help = "put the whole text in quotes, or write it as a block after `|`";
        self.refuse(Diagnostic::error(Code::KeyNotText, message, self.place(span.clone())).help(help))?;
        // Taken as if it were quoted, so that nothing else is said about it.
        Ok(Node { span, kind: NodeKind::Scalar(Scalar { style: Style::Quoted, text }) })
    }

    fn properties(&mut self, anchor: usize, tagged: bool, span: &Range<usize>) -> Result<(), Stop> {
        if anchor != 0 {
            let place = self.property('&', span);
            self.anchor("this is an anchor, but anchors are not part of the language", place)?;
        }
        if tagged {
            let place = self.place(self.property('!', span));
            let message = "this is a tag, but tags are not part of the language";
            self.refuse(Diagnostic::error(Code::Tag, message, place).help("a text that begins with `!` needs quotes"))?;
        }
        Ok(())
    }

    fn anchor(&mut self, message: &str, span: Range<usize>) -> Result<(), Stop> {
        let help = "write the value out in every place; a text that begins with `&` or `*` needs quotes";
        self.refuse(Diagnostic::error(Code::Anchor, message, self.place(span)).help(help))
    }

    /// Where an anchor or tag of a node stands: between the event before and the node.
    fn property(&self, sign: char, node: &Range<usize>) -> Range<usize> {
        let between = self.source.text.get(self.before..node.end).unwrap_or_default();
        let Some(at) = between.find(sign) else { return node.clone() };
        let word = between.get(at..).unwrap_or_default();
        let length = word.find(char::is_whitespace).unwrap_or(word.len());
        self.before + at..self.before + at + length
    }

    /// Refuses directives: lines that begin with a percent sign before the document.
    fn directives(&mut self, document: &Range<usize>) -> Result<(), Stop> {
        let source = self.source;
        let head = source.text.get(self.before..document.start).unwrap_or_default();
        let mut at = self.before;
        for line in head.split_inclusive('\n') {
            if line.starts_with('%') {
                let place = self.place(at..at + line.trim_end().len());
                self.refuse(Diagnostic::error(Code::Tag, "directives are not part of the language", place))?;
            }
            at += line.len();
        }
        Ok(())
    }

    /// Refuses a comment right behind a text without quotes: it may well be the text's tail.
    fn comment_behind(&mut self, text: &Range<usize>, context: WalkContext) -> Result<(), Stop> {
        let rest = self.source.text.get(text.end..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default().trim_end();
        let tail = line.trim_start();
        if !tail.starts_with('#') || tail.len() == line.len() {
            return Ok(());
        }
        let (what, quotes) = match context.comment {
            Comment::TailOfName if tail.starts_with("# ") || tail == "#" => return Ok(()),
            Comment::TailOfName => {
                ("name", "if it belongs to the name, put the whole name in quotes; else write a blank after the `#`")
            }
            Comment::TailOfExpression => (
                "condition",
                "write the comment on a line of its own; if it belongs to the condition, put the whole condition in quotes",
            ),
            Comment::Only | Comment::TailOfText => {
                ("text", "put the whole text in quotes, or the comment on a line of its own")
            }
        };
        let start = text.end + line.len() - tail.len();
        let place = if context.rows { self.row(start) } else { self.place(start..text.end + line.len()) };
        let message = format!("the {what} ends here, and the rest is a comment");
        let diagnostic = Diagnostic::error(Code::CutByComment, message, place)
            .label(format!("this is not part of the {what}"))
            .help(quotes);
        self.refuse(diagnostic)
    }

    /// Tells of curly quotes around a text without quotes: YAML takes them for a part of the text. Where
    /// that is an error, the text is taken as if they were straight, so that nothing else is said.
    fn curly_quotes(&mut self, text: String, span: &Range<usize>, context: WalkContext) -> Result<String, Stop> {
        let (Some(first), Some(last)) = (text.chars().next(), text.chars().next_back()) else { return Ok(text) };
        let ends = ["“”", "„“", "„”", "‘’", "‚‘", "«»", "»«", "””", "““"];
        let inside = text.get(first.len_utf8()..text.len() - last.len_utf8()).unwrap_or_default();
        let around = ends.iter().any(|pair| pair.starts_with(first) && pair.ends_with(last));
        if !around || inside.is_empty() || inside.contains([first, last]) {
            return Ok(text);
        }
        let place = if context.rows { self.row(span.start) } else { self.place(span.clone()) };
        let message = "these quotation marks are curly, so that YAML takes them for a part of the text";
        let help = "write straight ones: `\"`; if they are meant, put straight ones around them";
        if context.texts {
            self.diagnostics.push(Diagnostic::warning(Code::CurlyQuotes, message, place).help(help));
            return Ok(text);
        }
        let inside = inside.to_owned();
        self.refuse(Diagnostic::error(Code::CurlyQuotes, message, place).help(help))?;
        Ok(inside)
    }

    /// The span of a collection: a block collection ends with its last part, a flow collection
    /// with its bracket.
    fn closed(&mut self, start: &Range<usize>, end: &Range<usize>, last: Option<usize>) -> Range<usize> {
        let flow = self.source.text.get(start.start..).is_some_and(|text| text.starts_with(['{', '[']));
        let end = if flow { end.end } else { last.unwrap_or(start.end) };
        self.before = self.before.max(end);
        self.trimmed(start.start..end.max(start.start))
    }

    /// Cuts white space off the end of a span; a block text's span runs to the next key.
    fn trimmed(&self, span: Range<usize>) -> Range<usize> {
        let text = self.source.text.get(span.clone()).unwrap_or_default();
        span.start..span.start + text.trim_end().len()
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place::Span { source: Arc::clone(self.source), span }
    }

    /// A line of inline rows; what stands there is people's data and is not shown.
    fn row(&self, byte: usize) -> Place {
        let newlines = self.source.text.get(..byte).unwrap_or_default().matches('\n').count();
        let line = u64::try_from(newlines).unwrap_or(u64::MAX - 1) + 1;
        Place::Row { file: self.source.name.clone(), line, column: None }
    }

    fn broken(&mut self, at: usize) -> Stop {
        self.diagnostics.push(syntax::error(self.source, at, "did not find expected content"));
        Stop
    }

    fn refuse(&mut self, diagnostic: Diagnostic) -> Result<(), Stop> {
        self.diagnostics.push(diagnostic);
        self.refusals += 1;
        if self.refusals < REFUSALS_MAX { Ok(()) } else { Err(Stop) }
    }
}

/// A key in a message: only a word of the language, never what may be somebody's data.
fn shown(key: &str) -> String {
    let word = key.len() <= 40 && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if word && scalar::read(key) == scalar::ScalarReading::Text { format!("`{key}`") } else { "here".to_owned() }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a bad slice in a test is a failed test")]
mod tests {
    use insta::assert_snapshot;

    use super::walk;
    use crate::campaign::testing::{listed, said};
    use crate::campaign::tree::{Node, NodeKind};
    use crate::diagnostic::Source;

    /// The walk's own words, or else the tree with the text of every span.
    fn walked(text: &str) -> String {
        let source = Source::new("a.yaml", text);
        let (tree, diagnostics) = walk(&source);
        match tree {
            Some(tree) if diagnostics.is_empty() => show(&tree, text),
            Some(_) | None => listed(&diagnostics),
        }
    }

    fn show(node: &Node, text: &str) -> String {
        let span = text[node.span.clone()].escape_debug().to_string();
        match &node.kind {
            NodeKind::Scalar(scalar) => format!("<{span}>={:?}", scalar.text),
            NodeKind::Sequence(items) => {
                let items: Vec<String> = items.iter().map(|item| show(item, text)).collect();
                format!("[{}]", items.join(", "))
            }
            NodeKind::Mapping(entries) => {
                let entry = |key: &str, value: &Node| format!("{key}: {}", show(value, text));
                let entries: Vec<String> =
                    entries.iter().map(|found| entry(&text[found.key_span.clone()], &found.value)).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    #[test]
    fn spans_are_bytes_whatever_stands_before() {
        assert_snapshot!(walked("čš: 'žđ' # č\n\"👍\": [ é, {ü: ö} ]\nx:\n"), @r#"{čš: <\'žđ\' # č>="žđ", "👍": [<é>="é", {ü: <ö>="ö"}], x: <>=""}"#);
        assert_snapshot!(walked("\u{feff}a: č\r\nb:\r\n  - c\r\n  - \"d\"\r\n"), @r#"{a: <č>="č", b: [<c>="c", <\"d\">="d"]}"#);
    }

    #[test]
    fn block_texts_end_with_their_last_line() {
        assert_snapshot!(walked("a: |\n  one\n\n  two\n\n\nb: >-\n  three\n  four\n# c\nc: 1\n"), @r#"{a: <one\n\n  two>="one\n\ntwo\n", b: <three\n  four>="three four", c: <1>="1"}"#);
    }

    #[test]
    fn a_start_of_a_document_is_fine() {
        assert_snapshot!(walked("# hello\n---\na: b\n...\n"), @r#"{a: <b>="b"}"#);
    }

    #[test]
    fn anchors_aliases_and_tags_are_refused() {
        assert_snapshot!(walked("a: &x 1\nb: *x\nc: &y [ 1 ]\n"), @r"
        1:4 `&x` anchor: this is an anchor, but anchors are not part of the language -> write the value out in every place; a text that begins with `&` or `*` needs quotes
        2:4 `*x` anchor: this is an alias, but aliases are not part of the language -> write the value out in every place; a text that begins with `&` or `*` needs quotes
        3:4 `&y` anchor: this is an anchor, but anchors are not part of the language -> write the value out in every place; a text that begins with `&` or `*` needs quotes
        ");
        assert_snapshot!(walked("a: !!binary aGk=\nb: !foo { c: d }\n"), @r"
        1:4 `!!binary` tag: this is a tag, but tags are not part of the language -> a text that begins with `!` needs quotes
        2:4 `!foo` tag: this is a tag, but tags are not part of the language -> a text that begins with `!` needs quotes
        ");
        assert_snapshot!(walked("a: *nobody\n"), @"1:4 `*` anchor: the file is not YAML: found unknown anchor -> a text that begins with this character needs quotes");
        assert_snapshot!(walked("%YAML 1.2\n---\na: b\n"), @"1:1 `%YAML 1.2` tag: directives are not part of the language");
        assert_snapshot!(walked("%TAG ! tag:x,2000:\n---\na: b\n"), @"1:1 `%TAG ! tag:x,2000:` tag: directives are not part of the language");
    }

    #[test]
    fn exploding_aliases_cost_nothing() {
        let mut bomb = format!("a: &a {}\nb:\n", "x".repeat(100_000));
        bomb.push_str(&"  - *a\n".repeat(20_000));
        let said = walked(&bomb);
        assert_eq!(said.lines().count(), 50, "{}", &said[said.len() - 200..]);
    }

    #[test]
    fn merge_keys_and_keys_that_are_no_words_are_refused() {
        assert_snapshot!(walked("<<: { a: 1 }\nno: 2\n12: 3\n[a]: 4\n? { b: c }\n: 5\n: 6\n\"no\": 7\n"), @r"
        1:1 `<<` merge-key: merge keys are not part of the language -> write the keys out in every place
        2:1 `no` key-not-text: a key without quotes can be taken for a boolean -> put the key in quotes
        3:1 `12` key-not-text: a key without quotes can be taken for a number -> put the key in quotes
        4:2 `a` key-not-text: a key is not a plain word
        5:5 `b` key-not-text: a key is not a plain word
        7:1 `` key-not-text: a key is missing before the colon
        ");
    }

    #[test]
    fn second_documents_are_refused() {
        assert_snapshot!(walked("a: b\n---\nc: d\n"), @"2:1 `---` second-document: a second YAML document begins here -> put each campaign into its own file, and end a file without `---`");
        assert_snapshot!(walked("a: b\n...\nc: d\n"), @"3:1 `` second-document: a second YAML document begins here -> put each campaign into its own file, and end a file without `---`");
        assert_snapshot!(walked("a: b\n---\n"), @"2:1 `---` second-document: a second YAML document begins here -> put each campaign into its own file, and end a file without `---`");
    }

    #[test]
    fn duplicate_keys_are_refused_at_the_second() {
        assert_snapshot!(walked("a: 1\nb: { c: 1, \"c\": 2 }\n'a': 2\n"), @r#"
        2:12 `\"c\"` duplicate-key: the key `c` occurs twice in one mapping
        3:1 `\'a\'` duplicate-key: the key `a` occurs twice in one mapping
        "#);
        // Twins in different normal forms are two keys, which the schema then refuses.
        assert_snapshot!(walked("\u{e9}: 1\ne\u{301}: 2\n"), @r#"{é: <1>="1", é: <2>="2"}"#);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| walked(&format!("a: {}x{}", "[".repeat(depth), "]".repeat(depth)));
        assert!(nested(31).starts_with("{a: ["), "{}", nested(31));
        assert!(nested(32).contains("too-deep"), "{}", nested(32));
        assert!(walked(&"[".repeat(1_000_000)).contains("too-deep"));
        assert!(walked(&"{a: ".repeat(100_000)).contains("too-deep"));
        let blocks: String = (0..1000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        assert!(walked(&blocks).contains("too-deep"));
    }

    #[test]
    fn empty_files_are_told() {
        for text in ["", "\n\n", "# nothing\n", "---\n", "\u{feff}", "~\n"] {
            let expect = if text == "~\n" { "<~>=\"~\"" } else { "file empty-file: the file is empty" };
            assert_eq!(walked(text), expect, "{text:?}");
        }
    }

    #[test]
    fn a_text_is_not_cut_in_silence() {
        assert_snapshot!(walked("text: Hello #1 # fan\n"), @"1:13 `#1 # fan` cut-by-comment: the text ends here, and the rest is a comment -> put the whole text in quotes, or the comment on a line of its own");
        assert_snapshot!(walked("callbackData: a\t# b\nrows: [ { n: x # y\n } ]\n"), @r"
        1:17 `# b` cut-by-comment: the text ends here, and the rest is a comment -> put the whole text in quotes, or the comment on a line of its own
        2:11 `n` key-not-text: a key without quotes can be taken for a boolean -> put the key in quotes
        row 2 None cut-by-comment: the text ends here, and the rest is a comment -> put the whole text in quotes, or the comment on a line of its own
        ");
        assert_snapshot!(walked("text: \"Hello #1\" # fan\nproject: acme # immutable\ntexts: a#b\n"), @r#"{text: <\"Hello #1\" # fan>="Hello #1", project: <acme>="acme", texts: <a#b>="a#b"}"#);
    }

    #[test]
    fn a_condition_and_a_name_are_not_cut_in_silence() {
        let is_refused = |text: &str| walked(text).contains("cut-by-comment");
        for cut in [
            "where: a == \"b\" # and c == \"d\"\n",
            "where: a == \"b\" #or c == \"d\"\n",
            "audiences: { x: { where: a == b # people who said yes\n } }\n",
            "columns:\n  to: id #2\n  timeZone: zone\n",
            "csv: list #2.csv\n",
            "platform: { entityId: promo #1\n}\n",
            "senders:\n  shop: OA-1 #2\n",
            "ignore:\n  - old #1.yaml\n",
        ] {
            assert!(is_refused(cut), "{cut}");
        }
        for whole in [
            "where: \"a == 'b'\" # people who said yes\n",
            "where: | # people who said yes\n  a == \"b\"\n",
            "columns:\n  to: id # of Instagram\n",
            "columns: # of the export\n  to: \"id #2\" #two\n",
            "csv: list#2.csv\n",
            "csv: list.csv #\n",
            "timeZone: Europe/Zagreb #here\n",
            "campaign: sale #1\n",
            "where:\n  # people who said yes\n  a == \"b\"\n",
        ] {
            assert!(!is_refused(whole), "{whole}: {}", walked(whole));
        }
        assert_snapshot!(walked("where: a == b # c\ncsv: a #b\n"), @r"
        1:15 `# c` cut-by-comment: the condition ends here, and the rest is a comment -> write the comment on a line of its own; if it belongs to the condition, put the whole condition in quotes
        2:8 `#b` cut-by-comment: the name ends here, and the rest is a comment -> if it belongs to the name, put the whole name in quotes; else write a blank after the `#`
        ");
    }

    #[test]
    fn bare_braces_get_the_hint() {
        assert_snapshot!(walked("text: {{ name }}\nb: {{ a }: c, d: [ e ]}\nc: 1\n"), @r"
        1:7 `{{ name }}` key-not-text: a text that begins with `{{` is a mapping in YAML -> put the whole text in quotes, or write it as a block after `|`
        2:4 `{{ a }: c, d: [ e ]}` key-not-text: a text that begins with `{{` is a mapping in YAML -> put the whole text in quotes, or write it as a block after `|`
        ");
        assert_snapshot!(walked("text: {{ name }}, hello\n"), @r"
        1:7 `{{ name }}` key-not-text: a text that begins with `{{` is a mapping in YAML -> put the whole text in quotes, or write it as a block after `|`
        1:17 `,` syntax: the file is not YAML: did not find expected key -> YAML reads an opening brace as a mapping: put the whole text in quotes, or write it as a block after `|`
        ");
        assert_snapshot!(walked("text: {% if a %}b{% endif %}\n"), @"1:8 `%` syntax: the file is not YAML: unexpected character: `%` -> YAML reads an opening brace as a mapping: put the whole text in quotes, or write it as a block after `|`");
    }

    #[test]
    fn syntax_errors_come_with_hints() {
        assert_snapshot!(walked("a:\n\tb: 1\n"), @r"2:1 `\t` syntax: there is a tab in the indentation -> indent with spaces; a tab does not indent in YAML");
        assert_snapshot!(walked("text: Hi: there\n"), @"1:9 `:` syntax: the file is not YAML: mapping values are not allowed in this context -> a text that holds `: ` needs quotes; else look at the indentation");
        assert_snapshot!(walked("text: \"\\uD83D\\uDE00\"\n"), @r#"1:7 `\"` syntax: the file is not YAML: found invalid Unicode character escape code -> write the character itself, double the backslash, or use single quotes; pairs such as `\uD83D\uDE00` are not YAML"#);
        assert_snapshot!(walked("text: 'it's'\n"), @"1:11 `s` syntax: the file is not YAML: invalid trailing content after the quoted text -> look for a quotation mark that is missing, or not doubled inside the text");
        assert_snapshot!(walked("text: @name\n"), @"1:7 `@` syntax: the file is not YAML: unexpected character: `@` -> a text that begins with this character needs quotes");
        assert_snapshot!(walked("text: \"open\n"), @r#"1:7 `\"` syntax: the file is not YAML: found unexpected end of stream -> look for a quotation mark that is missing, or not doubled inside the text"#);
        assert_snapshot!(walked("a: [ 1\n"), @"1:4 `[` syntax: this bracket is not closed -> write the bracket that closes it, or put a text with brackets in quotes");
    }

    #[test]
    fn escapes_hide_no_control_characters() {
        assert_snapshot!(walked("a: \"\\e[31m\"\nb: \"\\0\"\nc: \"x\\u202Ey\"\nd: \"\\L\"\ne: \"\\t\\n\"\n"), @r#"
        1:4 `\"\\e[31m\"` forbidden-character: the text holds a control character (U+001B) behind an escape -> leave the escape out
        2:4 `\"\\0\"` forbidden-character: the text holds a control character (U+0000) behind an escape -> leave the escape out
        3:4 `\"x\\u202Ey\"` forbidden-character: the text holds a control of the writing direction (U+202E) behind an escape -> leave the escape out
        4:4 `\"\\L\"` forbidden-character: the text holds a hidden line separator (U+2028) behind an escape -> leave the escape out
        "#);
    }

    #[test]
    fn hidden_line_ends_never_reach_the_parser() {
        assert_snapshot!(said("campaign: a # \u{2028}paused: true\nmessages: []\n"), @r#"1:15 `\u{2028}` forbidden-character: a hidden line separator (U+2028) is not allowed here -> delete the character"#);
    }

    /// The spans of all keys and scalars.
    fn spans_of(node: &Node, spans: &mut Vec<std::ops::Range<usize>>) {
        match &node.kind {
            NodeKind::Scalar(_) => spans.push(node.span.clone()),
            NodeKind::Sequence(items) => items.iter().for_each(|item| spans_of(item, spans)),
            NodeKind::Mapping(entries) => {
                for entry in entries {
                    spans.push(entry.key_span.clone());
                    spans_of(&entry.value, spans);
                }
            }
        }
    }

    /// The first letter or digit outside of all spans and comments.
    fn first_unread(text: &str, spans: &[std::ops::Range<usize>]) -> Option<usize> {
        let mut at = 0;
        while let Some(next) = text[at..].chars().next() {
            if let Some(span) = spans.iter().find(|span| span.contains(&at)) {
                at = span.end;
            } else if next == '#' && text[..at].chars().next_back().is_none_or(char::is_whitespace) {
                at += text[at..].find('\n').unwrap_or(text.len() - at);
            } else if next.is_alphanumeric() && !text[..at].ends_with(['|', '>', '+', '-']) {
                return Some(at);
            } else {
                at += next.len_utf8();
            }
        }
        None
    }

    proptest::proptest! {
        #[test]
        fn every_letter_of_a_file_that_is_taken_is_in_its_tree(
            text in "(a: |b: |- |[-a: \n\\[\\]{}\"'|>#?,č0~<.]{1,4}|\n){0,16}",
        ) {
            let source = Source::new("a.yaml", text);
            let (tree, diagnostics) = walk(&source);
            if let Some(tree) = tree.filter(|_| !diagnostics.has_errors()) {
                let mut spans = Vec::new();
                spans_of(&tree, &mut spans);
                proptest::prop_assert_eq!(first_unread(&source.text, &spans), None, "{:?}", source.text);
            }
        }

        #[test]
        fn any_text_ends_in_a_tree_or_an_error(text in "[-a: \n\t\\[\\]{}\"'|>#&*!%?,č~0<]{0,60}") {
            let (tree, diagnostics) = walk(&Source::new("a.yaml", text));
            proptest::prop_assert!(tree.is_some() || diagnostics.has_errors());
        }
    }
}
