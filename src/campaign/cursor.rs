//! A part of a file by its path, with the place to point at if something is wrong with it.

use std::ops::Range;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::tree::{Node, Pair, Scalar};
use crate::diagnostic::{Place, Source};

/// The key whose items are rows of an audience.
const ROWS_KEY: &str = "rows";

/// A part of a file, or the place where it would stand if it were written.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    source: &'a Arc<Source>,
    node: Option<&'a Node>,
    /// The key that introduces the part, or the first key of an item.
    key: Range<usize>,
    row: RowContext,
}

/// Whether a part stands in inline rows, whose cells are people's data and are never shown.
#[derive(Clone, PartialEq)]
enum RowContext {
    Outside,
    List,
    Line { byte: usize },
    Cell { byte: usize, column: String },
}

impl<'a> Cursor<'a> {
    /// The whole file.
    pub(super) fn root(source: &'a Arc<Source>, node: &'a Node) -> Self {
        Self { source, node: Some(node), key: node.point(), row: RowContext::Outside }
    }

    /// The value of a key.
    pub(super) fn key(&self, key: &str) -> Self {
        let entry = self.node.and_then(|node| node.entry(key));
        entry.map_or_else(|| Self { node: None, ..self.clone() }, |entry| self.value(entry))
    }

    /// An item of a list, from 0.
    pub(super) fn item(&self, index: usize) -> Self {
        let item = self.node.and_then(|node| node.items().get(index));
        let Some(item) = item else { return Self { node: None, ..self.clone() } };
        let row =
            if self.row == RowContext::List { RowContext::Line { byte: item.span.start } } else { self.row.clone() };
        Self { source: self.source, node: Some(item), key: item.point(), row }
    }

    /// All items of a list.
    pub(super) fn items(&self) -> impl Iterator<Item = Self> {
        (0..self.node.map_or(0, |node| node.items().len())).map(|index| self.item(index))
    }

    /// All keys of a mapping with their values.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, Self)> {
        let entries = self.node.map_or(&[][..], Node::entries);
        entries.iter().map(|entry| (entry.key.as_str(), self.value(entry)))
    }

    /// Whether the part is written at all.
    pub(super) fn is_written(&self) -> bool {
        self.node.is_some()
    }

    /// Whether the part stands in inline rows.
    pub(super) fn is_in_rows(&self) -> bool {
        matches!(self.row, RowContext::Line { .. } | RowContext::Cell { .. })
    }

    /// The part of the tree.
    pub(super) fn node(&self) -> Option<&'a Node> {
        self.node
    }

    /// The scalar, if the part is one.
    pub(super) fn scalar(&self) -> Option<&'a Scalar> {
        self.node.and_then(Node::scalar)
    }

    /// Where the scalar stands, in bytes.
    pub(super) fn span(&self) -> Range<usize> {
        self.node.map_or_else(|| self.key.clone(), |node| node.span.clone())
    }

    /// Reads the part; `None` if it is not written, or has not the shape of a `T`, which the schema
    /// reports.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_value(self.node?.to_json()).ok()
    }

    /// The text, if the part is one.
    pub(super) fn text(&self) -> Option<&'a str> {
        self.scalar().map(|scalar| scalar.text.as_str())
    }

    /// Where to point if the part is wrong: at a value on one line, else at its key.
    pub(super) fn place(&self) -> Place {
        let value = self.node.filter(|node| node.scalar().is_some()).map(|node| node.span.clone());
        let one_line = value.filter(|span| {
            let text = self.source.text.get(span.clone()).unwrap_or_default();
            !text.is_empty() && !text.contains('\n')
        });
        self.place_of(one_line.unwrap_or_else(|| self.key.clone()))
    }

    /// Where the part's key stands, in bytes.
    pub(super) fn key_span(&self) -> Range<usize> {
        self.key.clone()
    }

    /// Where the part's key stands.
    pub(super) fn key_place(&self) -> Place {
        self.place_of(self.key.clone())
    }

    fn value(&self, entry: &'a Pair) -> Self {
        let row = match &self.row {
            RowContext::Outside if entry.key == ROWS_KEY => RowContext::List,
            RowContext::Line { byte } => RowContext::Cell { byte: *byte, column: entry.key.clone() },
            row @ (RowContext::Outside | RowContext::List | RowContext::Cell { .. }) => row.clone(),
        };
        Self { source: self.source, node: Some(&entry.value), key: entry.key_span.clone(), row }
    }

    fn place_of(&self, span: Range<usize>) -> Place {
        let file = || self.source.name.clone();
        match &self.row {
            RowContext::Outside | RowContext::List => Place::Span { source: Arc::clone(self.source), span },
            RowContext::Line { byte } => Place::Row { file: file(), line: self.line(*byte), column: None },
            RowContext::Cell { byte, column } => {
                Place::Row { file: file(), line: self.line(*byte), column: Some(column.clone()) }
            }
        }
    }

    /// The line, from 1, of a byte.
    fn line(&self, byte: usize) -> u64 {
        let before = self.source.text.get(..byte).unwrap_or(&self.source.text);
        1 + u64::try_from(before.matches('\n').count()).unwrap_or(u64::MAX - 1)
    }

    /// The file.
    pub(super) fn source(&self) -> &'a Arc<Source> {
        self.source
    }
}
