//! A message made ready for its rows: templates and conditions compiled against the header of its
//! audience.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::audience::AudienceReader;
use crate::campaign::{Audience, Columns, DraftPart, Files, Message, TemplateText};
use crate::diagnostic::{Code, Diagnostics};
use crate::render::{
    ColumnNames, ColumnUse, Condition, Purpose, Renderer, Template, check_column_names, check_columns,
};
use crate::wire::content::Content;
use crate::wire::visible::{first_disguise, harm};

use super::row_issue::RowIssue;

/// An audience made ready: its condition, and where its columns are.
pub(super) struct Selected {
    /// The audience.
    pub audience: Arc<Audience>,
    /// The columns.
    pub header: Arc<ColumnNames>,
    /// The condition, if there is one.
    pub condition: Option<Condition>,
    /// The columns that the condition looks at.
    conditioned: Vec<usize>,
    /// The column of the recipient's id.
    pub to: usize,
}

/// A message made ready.
pub(super) struct Compiled {
    /// Its audience.
    pub selected: Selected,
    /// The templates of its texts.
    pub content: Content<Template>,
    /// The template of its callbackData.
    pub callback_data: Option<Template>,
    /// The column of the recipient's time zone.
    pub time_zone: Option<usize>,
    /// The column that tells when the conversation window closes.
    pub window: Option<WindowColumn>,
    /// The columns that the text shows.
    pub shown: Vec<usize>,
    /// The columns whose values make a difference, in ascending order, without the recipient's id.
    pub used: Vec<usize>,
    /// What is worth a look.
    pub warnings: Diagnostics,
}

/// The column that tells when the conversation window closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WindowColumn {
    /// It holds the instant at which the window closes.
    ClosesAt(usize),
    /// It holds the instant of the last message; the window closes 24 hours later.
    LastMessageAt(usize),
}

impl WindowColumn {
    /// The position of the column.
    #[must_use]
    pub(super) fn position(self) -> usize {
        match self {
            Self::ClosesAt(position) | Self::LastMessageAt(position) => position,
        }
    }

    /// When the conversation window closes, given the instant in its column.
    #[must_use]
    pub(super) fn closes_at(self, instant: Timestamp) -> Timestamp {
        match self {
            Self::ClosesAt(_) => instant,
            Self::LastMessageAt(_) => instant.checked_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX),
        }
    }
}

impl Selected {
    /// Compiles an audience's condition and finds its columns; gives a reader at its first row.
    ///
    /// # Errors
    /// If the audience cannot be read, or lacks a column, or its condition is wrong.
    pub(super) fn new(audience: &Arc<Audience>, files: &dyn Files) -> Result<(Self, AudienceReader), Diagnostics> {
        let reader = AudienceReader::open(audience, files)?;
        Ok((Self::of(audience, reader.header())?, reader))
    }

    /// The same, of an audience whose header was read.
    fn of(audience: &Arc<Audience>, header: &Arc<ColumnNames>) -> Result<Self, Diagnostics> {
        let mut diagnostics = Diagnostics::new();
        let condition = audience.filter.as_ref().and_then(|filter| match Condition::compile(filter) {
            Ok(condition) => Some(condition),
            Err(found) => {
                diagnostics.extend(found);
                None
            }
        });
        if let Some(condition) = &condition {
            diagnostics.extend(check_columns(condition.columns(), header, audience.source.file()));
        }
        diagnostics.extend(special_columns(audience, header));
        match header.position(&audience.columns.to) {
            Some(to) if !diagnostics.has_errors() => {
                let conditioned = condition.iter().flat_map(Condition::columns);
                let conditioned = conditioned.filter_map(|column| header.position(&column.name)).collect();
                let (audience, header) = (Arc::clone(audience), Arc::clone(header));
                Ok(Self { audience, header, condition, conditioned, to })
            }
            _ => Err(diagnostics),
        }
    }

    /// Whether a row that the renderer holds belongs to the audience.
    ///
    /// # Errors
    /// If that cannot be said, or a cell that counts is not what it looks like.
    pub(super) fn matches(&self, renderer: &mut Renderer, cells: &csv::StringRecord) -> Result<bool, RowIssue> {
        let Some(condition) = &self.condition else { return Ok(true) };
        for position in &self.conditioned {
            if let Some(mark) = cells.get(*position).and_then(first_disguise) {
                let what = harm(mark).unwrap_or("a character that nobody sees");
                let name = self.header.names().get(*position).map(String::as_str).unwrap_or_default();
                let message = format!("`{name}` holds {what} (U+{:04X})", u32::from(mark));
                let issue = RowIssue::new(Code::ForbiddenCharacter, message, Some(name));
                return Err(issue.help("clean the cell: the `where` would take it for something else than people do"));
            }
        }
        renderer.matches(condition).map_err(RowIssue::from)
    }
}

impl Compiled {
    /// Compiles a message; gives a reader at the first row of its audience.
    ///
    /// # Errors
    /// All that is wrong with its templates, its condition, its audience's columns, and what is worth
    /// a look besides.
    pub(super) fn new(message: &Message, files: &dyn Files) -> Result<(Self, AudienceReader), Diagnostics> {
        let callback_data = message.webhooks.callback_data.as_ref();
        let CompiledParts { content, callback_data, selected, diagnostics } =
            CompiledParts::new(Some(&message.content), callback_data, Some(&message.audience), files);
        match (content, selected) {
            (Some(content), Some((selected, reader))) if !diagnostics.has_errors() => {
                Ok((Self::from_parts(selected, content, callback_data, diagnostics), reader))
            }
            _ => Err(diagnostics),
        }
    }

    fn from_parts(
        selected: Selected,
        content: Content<Template>,
        callback_data: Option<Template>,
        warnings: Diagnostics,
    ) -> Self {
        let position = |name: &Option<String>| name.as_ref().and_then(|name| selected.header.position(name));
        let columns = &selected.audience.columns;
        let time_zone = position(&columns.time_zone);
        let window = position(&columns.window_closes_at)
            .map(WindowColumn::ClosesAt)
            .or_else(|| position(&columns.last_message_at).map(WindowColumn::LastMessageAt));
        let of_texts = || content.texts().flat_map(Template::columns);
        let shown = of_texts().filter_map(|column| selected.header.position(&column.name)).collect();
        let templates = of_texts().chain(callback_data.iter().flat_map(Template::columns));
        let condition = selected.condition.iter().flat_map(Condition::columns);
        let mut used: Vec<usize> = templates
            .chain(condition)
            .filter_map(|column| selected.header.position(&column.name))
            .chain(time_zone)
            .chain(window.map(WindowColumn::position))
            .filter(|position| *position != selected.to)
            .collect();
        used.sort_unstable();
        used.dedup();
        Self { selected, content, callback_data, time_zone, window, shown, used, warnings }
    }
}

/// What a message is made of, as far as it is there and good.
struct CompiledParts {
    content: Option<Content<Template>>,
    callback_data: Option<Template>,
    selected: Option<(Selected, AudienceReader)>,
    diagnostics: Diagnostics,
}

impl CompiledParts {
    fn new(
        content: Option<&Content<TemplateText>>,
        callback_data: Option<&TemplateText>,
        audience: Option<&Arc<Audience>>,
        files: &dyn Files,
    ) -> Self {
        let mut diagnostics = Diagnostics::new();
        let mut template =
            |source: &TemplateText, purpose| keep(Template::compile(source, purpose, files), &mut diagnostics);
        // All that is wrong with any of them is told.
        let content =
            content.and_then(|content| content.as_ref().map(|_, source| template(source, Purpose::Text)).whole());
        let callback_data = callback_data.and_then(|source| template(source, Purpose::CallbackData));
        let opened = audience.and_then(|audience| {
            let opened = AudienceReader::open(audience, files).map_err(Diagnostics::from);
            Some((Arc::clone(audience), keep(opened, &mut diagnostics)?))
        });
        // A mistake in the condition hides none in the templates.
        for template in content.iter().flat_map(Content::texts).chain(&callback_data) {
            diagnostics.extend(template.pasted(opened.as_ref().map(|(_, reader)| &**reader.header())));
            if let Some((audience, reader)) = &opened {
                diagnostics.extend(check_columns(template.columns(), reader.header(), audience.source.file()));
            }
        }
        let selected = opened.and_then(|(audience, reader)| {
            Some((keep(Selected::of(&audience, reader.header()), &mut diagnostics)?, reader))
        });
        Self { content, callback_data, selected, diagnostics }
    }
}

/// Checks what is whole of a file that has errors.
pub(super) fn check_draft(draft: &DraftPart, files: &dyn Files) -> Diagnostics {
    match draft {
        DraftPart::Message(message) => {
            let (content, callback_data) = (message.content.as_ref(), message.callback_data.as_ref());
            CompiledParts::new(content, callback_data, message.audience.as_ref(), files).diagnostics
        }
        DraftPart::Audience(audience) => Selected::new(audience, files).err().unwrap_or_default(),
        DraftPart::Loose(audience) => check_loose(audience, files),
        DraftPart::Filter(filter) => Condition::compile(filter).err().unwrap_or_default(),
    }
}

/// Checks an audience of which nobody knows which columns have a meaning of their own.
fn check_loose(audience: &Audience, files: &dyn Files) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let condition = audience.filter.as_ref().and_then(|filter| keep(Condition::compile(filter), &mut diagnostics));
    match AudienceReader::open(audience, files) {
        Ok(reader) => {
            let columns = condition.as_ref().map_or(&[][..], Condition::columns);
            diagnostics.extend(check_columns(columns, reader.header(), audience.source.file()));
        }
        Err(diagnostic) => diagnostics.push(diagnostic),
    }
    diagnostics
}

fn keep<T>(result: Result<T, Diagnostics>, diagnostics: &mut Diagnostics) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(found) => {
            diagnostics.extend(found);
            None
        }
    }
}

/// Checks that the columns with a meaning of their own exist.
fn special_columns(audience: &Audience, header: &ColumnNames) -> Diagnostics {
    let Columns { to, time_zone, window_closes_at, last_message_at } = &audience.columns;
    let named = [
        ("to", Some(to)),
        ("timeZone", time_zone.as_ref()),
        ("windowClosesAt", window_closes_at.as_ref()),
        ("lastMessageAt", last_message_at.as_ref()),
    ];
    let uses = named.into_iter().filter_map(|(key, name)| {
        // Where nobody has named a column, the file is to have the one that is meant then.
        let place = audience.places.columns.get(key).unwrap_or(&audience.places.source).clone();
        Some(ColumnUse { name: name?.clone(), place, is_compared: false })
    });
    let uses: Vec<ColumnUse> = uses.collect();
    let found = check_column_names(&uses, header, audience.source.file());
    let is_named = audience.places.columns.contains_key("to");
    let mut told = Diagnostics::new();
    told.extend(found.iter().cloned().map(|diagnostic| {
        match diagnostic.help.clone().filter(|help| !is_named && help.starts_with("its columns are")) {
            Some(columns) => diagnostic.help(format!("say which one has the ids: `columns: {{ to: … }}`; {columns}")),
            None => diagnostic,
        }
    }));
    told
}
