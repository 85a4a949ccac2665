//! NDJSON: an object a line, with texts in it. The first line names the columns.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use foldhash::fast::FixedState;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::audience::delimited::failed;
use crate::audience::header::check_header;
use crate::audience::lines::{Lines, Piece};
use crate::audience::row::{Refill, RowAt, RowProblem};
use crate::audience::{CELL_BYTES_MAX, COLUMNS_MAX, ROW_BYTES_MAX};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::render::Header;

/// Reads an NDJSON file.
pub(super) struct Ndjson {
    file: String,
    header: Arc<Header>,
    positions: HashMap<String, usize, FixedState>,
    lines: Lines,
    /// Where the first row begins.
    body: u64,
    raw: Vec<u8>,
}

impl Ndjson {
    /// Reads the columns from the first line, and goes back to it.
    pub(super) fn open(file: &str, mut lines: Lines) -> Result<Self, Diagnostic> {
        lines.skip_mark().map_err(|error| failed(file, &error))?;
        let mut raw = Vec::new();
        let (at, line, read) = next_line(&mut lines, &mut raw).map_err(|error| failed(file, &error))?;
        let place = Place::Row { file: file.to_owned(), line, column: None };
        let refuse = |message: String| Diagnostic::error(Code::BadHeader, message, place.clone());
        let pairs = match read {
            Line::Text => parse(&raw).map_err(|problem| refuse(problem.message))?,
            Line::TooLarge => return Err(refuse("the first line is larger than 1 MiB".to_owned())),
            Line::End => {
                let place = Place::File(file.to_owned());
                return Err(Diagnostic::error(Code::BadHeader, "the file is empty", place)
                    .help("write one JSON object a line; the first names the columns"));
            }
        };
        let header = check_header(pairs.0.iter().map(|(name, _)| name.clone().into_owned()).collect(), &place)?;
        let positions = header.names().iter().cloned().zip(0..).collect();
        drop(pairs);
        lines.seek(at.0).map_err(|error| failed(file, &error))?;
        Ok(Self { file: file.to_owned(), header, positions, lines, body: at.0, raw })
    }

    /// The columns.
    pub(super) const fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// Reads rows until there are `rows_max`.
    pub(super) fn read(&mut self, rows: &mut Refill<'_>, rows_max: usize) -> Result<(), Diagnostic> {
        while rows.len() < rows_max {
            let (at, line, read) =
                next_line(&mut self.lines, &mut self.raw).map_err(|error| failed(&self.file, &error))?;
            match read {
                Line::Text => rows.fill(at, line, |record| self.cells(record)),
                Line::TooLarge => rows.fill(at, line, |_| Err(RowProblem::new("it is larger than 1 MiB"))),
                Line::End => break,
            }
        }
        Ok(())
    }

    /// Continues at a row.
    pub(super) fn seek(&mut self, at: RowAt) -> Result<(), Diagnostic> {
        self.lines.seek(at.0.max(self.body)).map_err(|error| failed(&self.file, &error))
    }

    fn cells(&self, record: &mut csv::StringRecord) -> Result<(), RowProblem> {
        let pairs = parse(&self.raw)?;
        let mut cells: Vec<Option<&Cell<'_>>> = vec![None; self.header.names().len()];
        for (name, value) in &pairs.0 {
            let place = self.positions.get(name.trim()).and_then(|position| cells.get_mut(*position));
            match place {
                None => return Err(RowProblem::new("it has a key that the first line lacks")),
                Some(Some(_)) => {
                    return Err(RowProblem::new("a key stands twice in it").in_column(Some(&name.clone().into_owned())));
                }
                Some(place) => *place = Some(value),
            }
        }
        for (cell, name) in cells.into_iter().zip(self.header.names()) {
            let text = match cell {
                None | Some(Cell::Null) => "",
                Some(Cell::Text(text)) => text,
                Some(Cell::Other(what)) => {
                    let message = format!("the value is {what}: write it as a text, in quotes");
                    return Err(RowProblem::new(message).in_column(Some(name)));
                }
            };
            if text.len() > CELL_BYTES_MAX {
                return Err(RowProblem::new("a cell is larger than 64 KiB").in_column(Some(name)));
            }
            if text.contains('\0') {
                return Err(RowProblem::new("it holds a NUL character").in_column(Some(name)));
            }
            record.push_field(text);
        }
        Ok(())
    }
}

enum Line {
    Text,
    TooLarge,
    End,
}

/// Reads the next line that is not blank.
fn next_line(lines: &mut Lines, raw: &mut Vec<u8>) -> std::io::Result<(RowAt, u64, Line)> {
    loop {
        raw.clear();
        let (at, line) = (RowAt(lines.byte()), lines.line());
        let mut too_large = false;
        let mut piece = lines.read(raw, ROW_BYTES_MAX.saturating_add(1))?;
        while piece == Piece::Part {
            too_large = true;
            raw.clear();
            piece = lines.read(raw, ROW_BYTES_MAX)?;
        }
        if too_large {
            return Ok((at, line, Line::TooLarge));
        }
        if !raw.trim_ascii().is_empty() {
            return Ok((at, line, Line::Text));
        }
        if piece == Piece::End {
            return Ok((at, line, Line::End));
        }
    }
}

fn parse(raw: &[u8]) -> Result<Pairs<'_>, RowProblem> {
    // The parser's own message may quote the row.
    let text = str::from_utf8(raw).map_err(|_| RowProblem::new("it is not UTF-8"))?;
    let pairs: Pairs<'_> = serde_json::from_str(text).map_err(|_| RowProblem::new("it is not a JSON object"))?;
    if pairs.0.len() > COLUMNS_MAX { Err(RowProblem::new("it has more than 1000 keys")) } else { Ok(pairs) }
}

/// The keys and values of one object, in its order.
struct Pairs<'a>(Vec<(Cow<'a, str>, Cell<'a>)>);

enum Cell<'a> {
    Text(Cow<'a, str>),
    Null,
    /// What may not stand here, in words.
    Other(&'static str),
}

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(8);
                while let Some(Key(key)) = map.next_key()? {
                    pairs.push((key, map.next_value()?));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A key, borrowed where nothing in it is escaped.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Cell<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Cell<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cell::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cell::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Cell::Null)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Cell::Other("true or false"))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Cell::Other("a number"))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Cell::Other("a number"))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Cell::Other("a number"))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Cell::Other("a list"))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Cell::Other("an object"))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
