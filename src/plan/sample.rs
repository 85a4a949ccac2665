//! Texts worth a look, with the people in them masked.

use std::sync::Arc;

use crate::audience::{AudienceReader, Row, RowAt};
use crate::campaign::{Files, Message};
use crate::render::{Branches, LaidOpen, Renderer, Template};
use crate::wire::content::Content;

use super::collect::Collected;
use super::compiled::Compiled;
use super::parallel;
use super::row_checks::{Rendered, render_row};

/// How many texts are shown at most.
const SAMPLES_MAX: usize = 8;
/// How many people's texts are looked at for their branches at most, where that costs a rendering each.
const LOOKED_AT_MAX: usize = 1000;

/// A rendering that a reviewer may look at.
#[derive(Clone, PartialEq, Eq)]
pub struct Sample {
    /// `shortest`, `longest` or `between`; `branch` if it shows a branch that those do not.
    pub name: &'static str,
    /// The text with all that comes out of expressions masked.
    pub masked: String,
    /// The text as it is sent: shown only on request.
    pub revealed: String,
    /// Its length in characters.
    pub chars: usize,
    /// Its length in bytes.
    pub bytes: usize,
}

impl std::fmt::Debug for Sample {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Sample").field("name", &self.name).field("masked", &self.masked).finish_non_exhaustive()
    }
}

/// Texts worth a look.
#[derive(Debug, Clone, Default)]
pub(super) struct Samples {
    /// The texts.
    pub shown: Vec<Sample>,
    /// How many further branches somebody's text takes, of which none is shown.
    pub more_branches: u64,
    /// Whether there may be more than that: not everybody's text was looked at, or there are more branches than are
    /// told apart.
    pub may_be_more: bool,
}

/// Renders the rows that are worth a look, and one for each branch of the text that they do not show; those
/// that cannot be read again are left out.
#[must_use]
pub(super) fn samples(message: &Message, compiled: &Compiled, files: &dyn Files, collected: &Collected) -> Samples {
    let Ok(reader) = AudienceReader::open(&message.audience, files) else { return Samples::default() };
    parallel::with_deep_stack(|| {
        let renderer = Renderer::new(Arc::clone(reader.header()));
        let content = compiled.content.as_ref().map(|_, template| LaidOpen::new(template));
        Sampler { compiled, content, reader, renderer, row: Vec::new() }.samples(collected)
    })
}

/// Makes samples of the rows of one audience.
struct Sampler<'a> {
    compiled: &'a Compiled,
    content: Content<LaidOpen>,
    reader: AudienceReader,
    renderer: Renderer,
    row: Vec<Row>,
}

impl Sampler<'_> {
    fn samples(mut self, collected: &Collected) -> Samples {
        let mut samples = Samples::default();
        let mut shown = Branches::default();
        for (name, at) in collected.samples.rows() {
            if let Some((sample, branches)) = self.sample(name, at) {
                samples.shown.push(sample);
                shown = shown.with(branches);
            }
        }
        let mut hidden = Branches::default();
        let (rows, are_all) = self.branching(collected);
        samples.may_be_more = !are_all;
        for at in rows {
            let taken = self.branches(at).without(shown);
            if taken.is_empty() {
                continue;
            }
            if samples.shown.len() >= SAMPLES_MAX {
                hidden = hidden.with(taken);
            } else if let Some((sample, branches)) = self.sample("branch", at) {
                samples.shown.push(sample);
                shown = shown.with(branches);
            }
        }
        samples.more_branches = u64::from(hidden.without(shown).count());
        samples
    }

    /// The rows among which every branch is that somebody's text takes, and whether it surely is. Where the rendering
    /// itself does not tell, a bounded number of people is looked at, from the first to the last of them.
    fn branching(&mut self, collected: &Collected) -> (Vec<RowAt>, bool) {
        let mut rows = collected.samples.branching.clone();
        let ways = self.content.texts().map(LaidOpen::ways).fold(0, u32::saturating_add);
        let are_told_apart = ways <= Branches::WAYS_MAX;
        if self.compiled.content.texts().all(Template::tells_branches) {
            return (rows, are_told_apart);
        }
        let all = self.content.texts().fold(Branches::default(), |all, open| all.behind(open.ways()).with(open.all()));
        let mut seen = Branches::default();
        let stride = collected.recipients.len().div_ceil(LOOKED_AT_MAX).max(1);
        for recipient in collected.recipients.iter().step_by(stride) {
            let taken = self.branches(recipient.row);
            if !taken.without(seen).is_empty() {
                seen = seen.with(taken);
                rows.push(recipient.row);
            }
            if all.without(seen).is_empty() {
                break;
            }
        }
        (rows, are_told_apart && (stride == 1 || all.without(seen).is_empty()))
    }

    /// The branches that the texts of a row take.
    fn branches(&mut self, at: RowAt) -> Branches {
        if self.fill(at).is_none() {
            return Branches::default();
        }
        let renderer = &self.renderer;
        let texts = self.content.texts();
        texts.fold(Branches::default(), |all, open| all.behind(open.ways()).with(renderer.branches_of(open)))
    }

    /// Renders a row as a sample, with the branches that it shows.
    fn sample(&mut self, name: &'static str, at: RowAt) -> Option<(Sample, Branches)> {
        let branches = self.branches(at);
        self.fill(at)?;
        let Ok(Rendered::Content { content, .. }) = render_row(self.compiled, &mut self.renderer, false) else {
            return None;
        };
        let masked = self.content.as_ref().map(|_, open| self.renderer.masked(open)).whole()?.joined();
        let text = content.joined();
        Some((Sample { name, masked, chars: text.chars().count(), bytes: text.len(), revealed: text }, branches))
    }

    fn fill(&mut self, at: RowAt) -> Option<()> {
        let read = self.reader.seek(at).and_then(|()| self.reader.read(&mut self.row, 1));
        let (Ok(1), Some(Row { cells: Ok(cells), .. })) = (read, self.row.first()) else { return None };
        self.renderer.fill(cells);
        Some(())
    }
}
