//! One checked source, kept for blaming: which columns it uses where, and where it stands.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::diagnostic::Place;
use crate::render::check::{SourceChecker, Use};
use crate::render::columns::ColumnUse;
use crate::render::position::Position;
use crate::render::slices::{Mapping, Rewritten};

/// A template, a file that it includes, or an expression.
#[derive(Debug)]
pub(super) struct Part {
    position: Position,
    uses: Vec<Use>,
    extents: Vec<(Range<usize>, Range<usize>)>,
    /// How long the source is, in bytes.
    length: usize,
    /// From what the engine compiled to what was written.
    mapping: Mapping,
}

impl Part {
    /// Keeps what the checker found, and how the source was rewritten, if it was.
    pub(super) fn new(
        checker: SourceChecker<'_>,
        position: &Position,
        length: usize,
        rewritten: Option<Rewritten>,
    ) -> Self {
        let Rewritten { extents: more, mapping, .. } = rewritten.unwrap_or_default();
        let mut extents = checker.extents;
        extents.extend(more);
        Self { position: position.clone(), uses: checker.uses, extents, length, mapping }
    }

    /// All of the expression of which the engine names a span.
    pub(super) fn whole(&self, span: &Range<usize>) -> Range<usize> {
        let span = self.mapping.back(span);
        let extents = self.extents.iter().filter(|(known, _)| *known == span).map(|(_, extent)| extent);
        extents.max_by_key(|extent| extent.len()).unwrap_or(&span).clone()
    }

    /// The columns that are used, with their places.
    pub(super) fn uses(&self) -> impl Iterator<Item = (&str, Place)> {
        self.uses.iter().map(|used| (used.name.as_str(), self.place(&used.range)))
    }

    /// The place of all of it.
    pub(super) fn all(&self) -> Place {
        self.place(&(0..self.length))
    }

    /// The place of a range of bytes.
    pub(super) fn place(&self, range: &Range<usize>) -> Place {
        self.position.place(range)
    }

    /// The columns that are used within a range of bytes.
    pub(super) fn uses_within(&self, range: &Range<usize>) -> impl Iterator<Item = &str> {
        let range = range.clone();
        self.uses
            .iter()
            .filter(move |used| range.start <= used.range.start && used.range.end <= range.end)
            .map(|used| used.name.as_str())
    }
}

/// The columns of several parts, each once, at its first use.
pub(super) fn columns<'a>(parts: impl Iterator<Item = &'a Part>) -> Vec<ColumnUse> {
    let mut seen = BTreeSet::new();
    parts
        .flat_map(|part| part.uses.iter().map(move |used| (used, part)))
        .filter(|(used, _)| seen.insert(used.name.as_str()))
        .map(|(used, part)| ColumnUse {
            name: used.name.clone(),
            place: part.place(&used.range),
            is_compared: used.is_compared,
        })
        .collect()
}
