//! The walk over the parser's events: it builds the tree with its places, and refuses what the
//! strict profile of YAML refuses, all of it, until the parser itself gives up.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

use super::plain;
use super::positions::Positions;
use super::profile::{BYTE_ORDER_MARK, refused_in_text};
use super::syntax;
use super::tree::{Entry, Kind, Node, Scalar, Style};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, Source};

/// How deep a file may be nested.
const DEPTH_MAX: usize = 32;
/// How many refusals are collected before the walk gives up.
const REFUSALS_MAX: usize = 50;
/// Keys whose value is a text for people, in which a number sign is likely meant.
const TEXT_KEYS: [&str; 3] = ["text", "callbackData", "campaignReferenceId"];
/// The key of rows, in which every cell is a text.
const ROWS_KEY: &str = "rows";

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
struct Context {
    depth: usize,
    /// Whether the value is a text for people.
    texts: bool,
    /// Whether the value stands in rows, or is one.
    rows: bool,
}

impl Context {
    const ROOT: Self = Self { depth: 0, texts: false, rows: false };

    fn item(self) -> Self {
        Self { depth: self.depth + 1, texts: self.rows, rows: self.rows }
    }

    fn value(self, key: &str) -> Self {
        let rows = self.rows || key == ROWS_KEY;
        Self { depth: self.depth + 1, texts: rows || TEXT_KEYS.contains(&key), rows }
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
                    let help = "put each campaign into a file of its own, and end a file without `---`";
                    let message = "a second YAML document begins here";
                    self.refuse(Diagnostic::error(Code::SecondDocument, message, self.place(span)).help(help))?;
                    return Err(Stop);
                }
                Event::DocumentStart(_) => {
                    self.directives(&span)?;
                    self.before = span.end;
                    let (event, span) = self.next()?;
                    root = Some(self.node(event, span, Context::ROOT)?);
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

    fn node(&mut self, event: Event<'a>, span: Range<usize>, context: Context) -> Result<Node, Stop> {
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
                self.anchor("an alias stands here, but aliases are not part of the language", span.clone())?;
                Node { span, kind: Kind::Scalar(Scalar { style: Style::Quoted, text: String::new() }) }
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

    fn scalar(&mut self, text: String, style: ScalarStyle, span: Range<usize>, context: Context) -> Result<Node, Stop> {
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
            self.refuse(Diagnostic::error(Code::ForbiddenCharacter, message, self.place(span.clone())))?;
        }
        if style == Style::Plain && context.texts && !text.is_empty() {
            self.comment_behind(&span)?;
        }
        Ok(Node { span, kind: Kind::Scalar(Scalar { style, text }) })
    }

    fn sequence(&mut self, start: Range<usize>, context: Context) -> Result<Node, Stop> {
        let mut items: Vec<Node> = Vec::new();
        self.before = start.end;
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                let span = self.closed(&start, &span, items.last().map(|item| item.span.end));
                return Ok(Node { span, kind: Kind::Sequence(items) });
            }
            items.push(self.node(event, span, context.item())?);
        }
    }

    fn mapping(&mut self, start: Range<usize>, context: Context) -> Result<Node, Stop> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: BTreeMap<String, Range<usize>> = BTreeMap::new();
        self.before = start.end;
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                let last = entries.last().map(|entry| entry.value.span.end.max(entry.key_span.end));
                let span = self.closed(&start, &span, last);
                return Ok(Node { span, kind: Kind::Mapping(entries) });
            }
            if matches!(event, Event::MappingStart(..)) && self.source.text.get(start.start..span.end) == Some("{{") {
                return self.bare_braces(start, span, context);
            }
            let key = self.key(event, span, context)?;
            let (event, span) = self.next()?;
            let inner = key.as_ref().map_or(context.item(), |(key, _)| context.value(key));
            let value = self.node(event, span, inner)?;
            let Some((key, key_span)) = key else { continue };
            if let Some(first) = seen.get(&key) {
                let message = format!("the key {} stands twice in one mapping", shown(&key));
                let (first, second) = (self.place(first.clone()), self.place(key_span));
                self.refuse(Diagnostic::error(Code::DuplicateKey, message, second).note(first, "first here"))?;
                continue;
            }
            seen.insert(key.clone(), key_span.clone());
            entries.push(Entry { key, key_span, value });
        }
    }

    /// Reads a key; `None` if it is refused.
    fn key(
        &mut self,
        event: Event<'a>,
        span: Range<usize>,
        context: Context,
    ) -> Result<Option<(String, Range<usize>)>, Stop> {
        let not_scalar = !matches!(event, Event::Scalar(..));
        let node = self.node(event, span, Context { texts: false, ..context.item() })?;
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
    fn bare_braces(&mut self, outer: Range<usize>, inner: Range<usize>, context: Context) -> Result<Node, Stop> {
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
        Ok(Node { span, kind: Kind::Scalar(Scalar { style: Style::Quoted, text }) })
    }

    fn properties(&mut self, anchor: usize, tagged: bool, span: &Range<usize>) -> Result<(), Stop> {
        if anchor != 0 {
            let place = self.property('&', span);
            self.anchor("an anchor stands here, but anchors are not part of the language", place)?;
        }
        if tagged {
            let place = self.place(self.property('!', span));
            let message = "a tag stands here, but tags are not part of the language";
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
    fn comment_behind(&mut self, text: &Range<usize>) -> Result<(), Stop> {
        let rest = self.source.text.get(text.end..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default().trim_end();
        let tail = line.trim_start();
        if !tail.starts_with('#') || tail.len() == line.len() {
            return Ok(());
        }
        let start = text.end + line.len() - tail.len();
        let place = self.place(start..text.end + line.len());
        let diagnostic = Diagnostic::error(Code::CutByComment, "the text ends here, and the rest is a comment", place)
            .label("this is not part of the text")
            .help("put the whole text in quotes, or the comment on a line of its own");
        self.refuse(diagnostic)
    }

    /// The span of a collection: a block collection ends with its last part, a flow collection
    /// with its bracket.
    fn closed(&mut self, start: &Range<usize>, end: &Range<usize>, last: Option<usize>) -> Range<usize> {
        let flow = start.end > start.start;
        let end = if flow { end.end } else { last.unwrap_or(start.end) };
        self.before = self.before.max(end);
        start.start..end.max(start.start)
    }

    /// Cuts white space off the end of a span; a block text's span runs to the next key.
    fn trimmed(&self, span: Range<usize>) -> Range<usize> {
        let text = self.source.text.get(span.clone()).unwrap_or_default();
        span.start..span.start + text.trim_end().len()
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place::Span { source: Arc::clone(self.source), span }
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
    if word && plain::read(key) == plain::Reading::Text { format!("`{key}`") } else { "here".to_owned() }
}
