//! Reads an audience, whatever it is made of.

use std::fmt;
use std::sync::Arc;

use crate::audience::delimited::Delimited;
use crate::audience::dialect::{Dialect, TableForm};
use crate::audience::heading::WantedColumns;
use crate::audience::inline::Inline;
use crate::audience::nature::FileFormat;
use crate::audience::ndjson::Ndjson;
use crate::audience::opening;
use crate::audience::row::{Refill, Row, RowAt};
use crate::campaign::{Audience, AudienceSource, Files};
use crate::diagnostic::Diagnostic;
use crate::render::ColumnNames;

/// Reads the rows of an audience, from any row on.
pub struct AudienceReader {
    kind: ReaderKind,
    /// The column of the recipient's id.
    to: Option<usize>,
}

enum ReaderKind {
    Delimited(Delimited),
    Ndjson(Ndjson),
    Inline(Inline),
}

impl AudienceReader {
    /// Opens an audience and reads its header.
    ///
    /// # Errors
    /// If there is no such file, or it may not be read or expands to too much, or it is something else
    /// than its name says, or its header cannot be used.
    pub fn open(audience: &Audience, files: &dyn Files) -> Result<Self, Diagnostic> {
        let to = &audience.columns.to;
        let kind = match &audience.source {
            AudienceSource::Csv { path, delimiter, encoding } => {
                let opened = opening::open(path, FileFormat::Csv, encoding.as_deref(), audience, files)?;
                let wanted = WantedColumns { to, ids: audience.ids, delimiter: *delimiter };
                ReaderKind::Delimited(Delimited::open(path, opened, wanted)?)
            }
            AudienceSource::Ndjson { path, encoding } => {
                let opened = opening::open(path, FileFormat::Ndjson, encoding.as_deref(), audience, files)?;
                ReaderKind::Ndjson(Ndjson::open(path, opened, to)?)
            }
            AudienceSource::Rows { header, rows, .. } => {
                ReaderKind::Inline(Inline::new(header, rows, to, &audience.place)?)
            }
        };
        let mut reader = Self { kind, to: None };
        reader.to = reader.header().position(to);
        Ok(reader)
    }

    /// How the audience is written: declared, or found.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        match &self.kind {
            ReaderKind::Delimited(reader) => reader.dialect(),
            ReaderKind::Ndjson(reader) => reader.dialect(),
            ReaderKind::Inline(_) => Dialect(TableForm::Rows),
        }
    }

    /// How many columns have no name; they are passed over.
    #[must_use]
    pub const fn nameless(&self) -> usize {
        match &self.kind {
            ReaderKind::Delimited(reader) => reader.nameless(),
            ReaderKind::Ndjson(_) | ReaderKind::Inline(_) => 0,
        }
    }

    /// The columns.
    #[must_use]
    pub const fn header(&self) -> &Arc<ColumnNames> {
        match &self.kind {
            ReaderKind::Delimited(reader) => reader.header(),
            ReaderKind::Ndjson(reader) => reader.header(),
            ReaderKind::Inline(reader) => reader.header(),
        }
    }

    /// Replaces the content of `rows` by the next rows, at most `rows_max`, and says how many
    /// there are; none at the end. The memory of the old rows is used again.
    ///
    /// # Errors
    /// If the file cannot be read any further: the disk fails, a quote is never closed, a row holds what
    /// looks like other rows; or, at the end, if the file is of another encoding. `rows` then holds what was
    /// read before. A row that cannot be read is no error; it is one of the rows.
    pub fn read(&mut self, rows: &mut Vec<Row>, rows_max: usize) -> Result<usize, Diagnostic> {
        let mut refill = Refill::new(rows, self.to);
        let read = match &mut self.kind {
            ReaderKind::Delimited(reader) => reader.read(&mut refill, rows_max),
            ReaderKind::Ndjson(reader) => reader.read(&mut refill, rows_max),
            ReaderKind::Inline(reader) => {
                reader.read(&mut refill, rows_max);
                Ok(())
            }
        };
        let filled = refill.end();
        read.map(|()| filled)
    }

    /// Continues at a row that was read before, by this reader or by another one over the same
    /// audience. Costs nothing if it is the next row anyway; to go forward costs less than reading.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn seek(&mut self, at: RowAt) -> Result<(), Diagnostic> {
        match &mut self.kind {
            ReaderKind::Delimited(reader) => reader.seek(at),
            ReaderKind::Ndjson(reader) => reader.seek(at),
            ReaderKind::Inline(reader) => {
                reader.seek(at);
                Ok(())
            }
        }
    }
}

impl fmt::Debug for AudienceReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("header", self.header()).finish_non_exhaustive()
    }
}
