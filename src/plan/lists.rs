//! Lists of people who are kept from getting messages: those who are suppressed or excluded.

use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::audience::Row;
use crate::campaign::{Audience, AudienceSource, Files};
use crate::diagnostic::words::{number, plural};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::identity::{CanonicalTo, Fingerprint, Person, PersonSet};
use crate::render::Renderer;
use crate::wire::visible::is_blank;

use super::compiled::Selected;
use super::gate::Gate;
use super::id_diagnostics::{Unterminated, of_ids};
use super::ids::{IdForm, IdForms};
use super::parallel;
use super::row_issue::{RowIssue, RowIssues};

const CHUNK_ROWS: usize = 1024;

/// The people of an audience, as a list that keeps them from getting messages.
#[derive(Debug)]
pub(super) struct ProtectiveList {
    /// The audience.
    pub audience: Arc<Audience>,
    /// Its people.
    pub people: PersonSet,
    /// What their ids look like.
    pub ids: IdForms,
    /// What is worth a look.
    pub warnings: Diagnostics,
}

/// A list as a plan shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    /// At which gate it stops people: *suppressed* or *excluded*.
    pub gate: Gate,
    /// Its name: the audience's, or for people who are suppressed the file's.
    pub name: String,
    /// How many people it holds.
    pub people: u64,
    /// How many people of the message's audience it stopped, whom no list before it has.
    pub stopped: u64,
}

impl ProtectiveList {
    /// Reads all people of an audience, under one sender. A row that cannot be read, or has no id, is an
    /// error here: somebody who must not get anything could hide behind it.
    ///
    /// # Errors
    /// If the audience, or a row of it, cannot be read; if it is empty, unless it may; if a
    /// spreadsheet has rounded its ids.
    pub(super) fn read(
        audience: &Arc<Audience>,
        files: &dyn Files,
        fingerprint: &Fingerprint,
        workers: NonZeroUsize,
    ) -> Result<Self, Diagnostics> {
        let (selected, mut reader) = Selected::new(audience, files)?;
        let mut list = Self {
            audience: Arc::clone(audience),
            people: PersonSet::default(),
            ids: IdForms::default(),
            warnings: Diagnostics::new(),
        };
        let mut last = None;
        let mut issues = RowIssues::default();
        parallel::ordered::<_, _, _, Diagnostics>(
            workers,
            || Renderer::new(Arc::clone(&selected.header)),
            |renderer, rows: Vec<Row>| {
                let read = |row: &Row| (row.line, row.unterminated, person(&selected, fingerprint, renderer, row));
                rows.iter().map(read).collect::<Vec<_>>()
            },
            || {
                let mut rows = Vec::new();
                let count = reader.read(&mut rows, CHUNK_ROWS)?;
                Ok((count > 0).then_some(rows))
            },
            |chunk| {
                for (line, unterminated, result) in chunk {
                    match result {
                        // A further row of somebody says nothing new.
                        Ok(Some((person, form))) if list.people.insert(person) => {
                            list.ids.add(form, line);
                            last = unterminated.then_some((line, Some(form))).or(last);
                        }
                        Ok(Some(_)) => {}
                        Ok(None) => {}
                        Err(issue) => issues.add(line, *issue),
                    }
                }
                Ok(())
            },
        )?;
        let diagnostics = list.check(&issues, last);
        if diagnostics.has_errors() { Err(diagnostics) } else { Ok(Self { warnings: diagnostics, ..list }) }
    }

    /// What its ids stand in, in words: a file, or rows of a campaign.
    fn called(&self) -> &str {
        match &self.audience.source {
            AudienceSource::Rows { .. } if !self.audience.name.is_empty() => &self.audience.name,
            AudienceSource::Rows { .. } | AudienceSource::Csv { .. } | AudienceSource::Ndjson { .. } => {
                self.audience.source.file()
            }
        }
    }

    fn check(&self, issues: &RowIssues, last: Unterminated) -> Diagnostics {
        let file = self.audience.source.file();
        let mut diagnostics = Diagnostics::new();
        for cause in issues.causes() {
            let issue = &cause.issue;
            let rows = if cause.rows == 1 { String::new() } else { format!(" ({})", plural(cause.rows, "row")) };
            let help = "this list keeps people from getting messages, so every row of it must be readable";
            let help: Vec<String> =
                [Some(help.to_owned()), issue.help.clone(), cause.others()].into_iter().flatten().collect();
            let found = Diagnostic::error(issue.code, format!("{}{rows}", issue.message), cause.first(file));
            diagnostics.push(
                match &issue.place {
                    Some(place) => found.note((**place).clone(), "here"),
                    None => found,
                }
                .help(help.join("; ")),
            );
        }
        diagnostics.extend(of_ids(&self.audience, &self.ids, last));
        if self.people.is_empty() && issues.is_empty() && !self.audience.may_be_empty {
            let text = format!("`{}` keeps people from getting messages, and is empty", self.called());
            let place = self.audience.place.clone();
            diagnostics.push(Diagnostic::error(Code::NobodyProtected, text, place).help(
                "look whether the file is whole; if nobody may be in it, set `mayBeEmpty: true` on the audience",
            ));
        }
        diagnostics
    }

    /// Says that no id of the list, or hardly one, could be one of the people that it is held against.
    pub(super) fn check_shape(&self, people: &IdForms, audience: &Audience) -> Option<Diagnostic> {
        if self.audience.may_be_empty {
            return None;
        }
        if !self.ids.is_another_shape_than(people) {
            let (far, all) = (self.ids.far_from(people), self.ids.all());
            let text = format!(
                "{} of {} in `{}` cannot be anybody of `{}`, whose ids have {}",
                number(far),
                plural(all, "id"),
                self.called(),
                audience.source.file(),
                people.words()
            );
            return (far * 2 > all).then(|| {
                Diagnostic::warning(Code::NobodyProtected, text, self.audience.place.clone()).help(
                    "look whether the right column is named under `columns.to`, and the list is of the right people",
                )
            });
        }
        let text = format!(
            "`{}` keeps nobody from getting messages: its ids have {}, and those of `{}` have {}",
            self.called(),
            self.ids.words(),
            audience.source.file(),
            people.words()
        );
        Some(Diagnostic::error(Code::NobodyProtected, text, self.audience.place.clone()).help(
            "look whether the right column is named under `columns.to`; if that is as it should be, say \
             `mayBeEmpty: true` on the audience",
        ))
    }

    /// The list as a plan shows it.
    pub(super) fn protection(&self, gate: Gate, stopped: u64) -> Protection {
        let named = gate == Gate::Excluded;
        let name = if named { self.audience.name.as_str() } else { self.audience.source.file() };
        Protection { gate, name: name.to_owned(), people: self.people.len() as u64, stopped }
    }
}

/// The person of a row; `None` if nothing stands in it, or the audience's `where` filters it out.
fn person(
    selected: &Selected,
    fingerprint: &Fingerprint,
    renderer: &mut Renderer,
    row: &Row,
) -> Result<Option<(Person, IdForm)>, Box<RowIssue>> {
    let cells = row.cells.as_ref().map_err(RowIssue::from)?;
    let cell = cells.get(selected.to).unwrap_or_default();
    if is_blank(cell) && cells.iter().all(is_blank) {
        return Ok(None);
    }
    if selected.condition.is_some() {
        renderer.fill(cells);
        if !selected.matches(renderer, cells)? {
            return Ok(None);
        }
    }
    let to = CanonicalTo::parse(cell, selected.audience.ids).map_err(|error| {
        RowIssue::new(Code::BadRecipient, error.to_string(), Some(&selected.audience.columns.to)).help(error.help())
    })?;
    Ok(Some((fingerprint.person(&to), IdForm::of(&to))))
}
