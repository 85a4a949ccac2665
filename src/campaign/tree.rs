//! A file as a tree: what the walk makes of the parser's events, with the place of every part.

use std::ops::Range;

use serde_json::Value;

use super::scalar;

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// Where it stands, in bytes; empty where nothing is written.
    pub span: Range<usize>,
    /// What it is.
    pub kind: NodeKind,
}

/// What a part of a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NodeKind {
    /// A text, number, boolean or nothing.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys with values, in the file's order; no key stands twice.
    Mapping(Vec<Pair>),
}

/// A scalar as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scalar {
    /// How it is written.
    pub style: Style,
    /// Its text, unescaped.
    pub text: String,
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Without quotes.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// As a block after `|`.
    Literal,
    /// As a block after `>`.
    Folded,
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Range<usize>,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The entries of a mapping; none of anything else.
    pub(super) fn entries(&self) -> &[Pair] {
        match &self.kind {
            NodeKind::Mapping(entries) => entries,
            NodeKind::Scalar(_) | NodeKind::Sequence(_) => &[],
        }
    }

    /// The items of a sequence; none of anything else.
    pub(super) fn items(&self) -> &[Self] {
        match &self.kind {
            NodeKind::Sequence(items) => items,
            NodeKind::Scalar(_) | NodeKind::Mapping(_) => &[],
        }
    }

    /// The entry of a mapping that has a key.
    pub(super) fn entry(&self, key: &str) -> Option<&Pair> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The scalar, if it is one.
    pub(super) fn scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            NodeKind::Scalar(scalar) => Some(scalar),
            NodeKind::Sequence(_) | NodeKind::Mapping(_) => None,
        }
    }

    /// Where to point if the whole part is meant: a mapping's first key stands for it.
    pub(super) fn point(&self) -> Range<usize> {
        match &self.kind {
            NodeKind::Scalar(_) => self.span.clone(),
            NodeKind::Sequence(items) => items.first().map_or_else(|| self.span.clone(), Self::point),
            NodeKind::Mapping(entries) => {
                entries.first().map_or_else(|| self.span.clone(), |entry| entry.key_span.clone())
            }
        }
    }

    /// The tree in JSON, by the core schema of YAML 1.2.
    pub(super) fn to_json(&self) -> Value {
        match &self.kind {
            NodeKind::Scalar(scalar) => scalar.to_json(),
            NodeKind::Sequence(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            NodeKind::Mapping(entries) => {
                Value::Object(entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect())
            }
        }
    }
}

impl Scalar {
    /// What the scalar is taken for.
    pub(super) fn reading(&self) -> scalar::ScalarReading {
        match self.style {
            Style::Plain => scalar::read(&self.text),
            Style::Quoted | Style::Literal | Style::Folded => scalar::ScalarReading::Text,
        }
    }

    /// Whether nothing at all is written.
    pub(super) fn is_absent(&self) -> bool {
        self.style == Style::Plain && self.text.is_empty()
    }

    fn to_json(&self) -> Value {
        self.reading().to_json(&self.text)
    }
}
