//! NDJSON: an object a line. The keys of the first lines are the columns.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::audience::cells::plain_ends;
use crate::audience::dialect::{Dialect, TableForm};
use crate::audience::encoding::{EncodingWatch, not_utf8};
use crate::audience::header::check_header;
use crate::audience::json::{self, Broken, Cell, Pairs};
use crate::audience::lines::failed;
use crate::audience::lines::{LineEnd, LineReader};
use crate::audience::opening::OpenedFile;
use crate::audience::row::{Refill, RowAt, RowProblem, Stand};
use crate::audience::{CELL_BYTES_MAX, COLUMNS_MAX, ROW_BYTES_MAX};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::identity::{CanonicalTo, IdRule};
use crate::render::{ColumnNames, plain_name};

/// How many lines are asked for the columns: exports leave out keys that have no value.
const ASKED_LINES: usize = 1000;
/// How many bytes of them at most.
const ASKED_BYTES: u64 = 4 * 1024 * 1024;

/// Reads an NDJSON file.
pub(super) struct Ndjson {
    file: String,
    dialect: Dialect,
    header: Arc<ColumnNames>,
    positions: HashMap<String, usize, FixedState>,
    /// The key of the recipient's id, and its position.
    to: (String, Option<usize>),
    lines: LineReader,
    /// Where the first row begins.
    body: u64,
    raw: Vec<u8>,
    watch: EncodingWatch,
}

impl Ndjson {
    /// Reads the columns from the first lines, and goes back to the first.
    pub(super) fn open(file: &str, opened: OpenedFile, to: &str) -> Result<Self, Diagnostic> {
        let OpenedFile { mut lines, encoding, is_marked } = opened;
        let mut raw = Vec::new();
        let (stand, first) = loop {
            match next_line(&mut lines, &mut raw, to).map_err(|error| failed(file, &error))? {
                (_, JsonLine::Text) if raw.trim_ascii().is_empty() => {}
                found => break found,
            }
        };
        let place = Place::Row { file: file.to_owned(), line: stand.line, column: None };
        let refuse = |message: &str| Diagnostic::error(Code::BadHeader, message, place.clone());
        match first {
            JsonLine::Text => {}
            JsonLine::TooLarge(_) => return Err(refuse("the first line is larger than 1 MiB")),
            JsonLine::End => {
                let place = Place::File(file.to_owned());
                return Err(
                    Diagnostic::error(Code::BadHeader, "the file is empty", place).help("write one JSON object a line")
                );
            }
        }
        let Ok(text) = str::from_utf8(&raw) else {
            return Err(not_utf8(&raw, "its first line holds other bytes", place));
        };
        let pairs = json::parse(text).map_err(|broken| match broken {
            Broken::Line(message) => refuse(message).help("write one JSON object a line"),
            Broken::Several => several(file, stand.line),
        })?;
        let mut names: Vec<String> = pairs.0.iter().map(|(key, _)| key.clone().into_owned()).collect();
        add_names(&mut names, &mut lines, stand.at.0, to).map_err(|error| failed(file, &error))?;
        let header = check_header((1..).zip(names.iter().map(String::as_str)), &place)?;
        lines.seek(stand.at.0).map_err(|error| failed(file, &error))?;
        Ok(Self {
            file: file.to_owned(),
            dialect: Dialect(TableForm::Ndjson { encoding: encoding.name() }),
            positions: header.names().iter().cloned().zip(0..).collect(),
            to: (to.to_owned(), header.position(to)),
            header,
            lines,
            body: stand.at.0,
            raw,
            watch: EncodingWatch::new(encoding, is_marked),
        })
    }

    /// The columns.
    pub(super) const fn header(&self) -> &Arc<ColumnNames> {
        &self.header
    }

    /// How the file is written.
    pub(super) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Reads rows until there are `rows_max`.
    pub(super) fn read(&mut self, rows: &mut Refill<'_>, rows_max: usize) -> Result<(), Diagnostic> {
        while rows.len() < rows_max {
            let (stand, read) =
                next_line(&mut self.lines, &mut self.raw, &self.to.0).map_err(|error| failed(&self.file, &error))?;
            match read {
                JsonLine::Text => self.row(rows, stand)?,
                JsonLine::TooLarge(to) => {
                    rows.fill(stand, |_| Err(RowProblem::new("it is larger than 1 MiB").about(to)));
                }
                JsonLine::End => {
                    let judged = self.watch.judge(&self.file, &mut self.lines, self.body);
                    return judged.map_err(|error| failed(&self.file, &error))?.map_or(Ok(()), Err);
                }
            }
        }
        Ok(())
    }

    /// Takes the line in the buffer.
    fn row(&mut self, rows: &mut Refill<'_>, stand: Stand) -> Result<(), Diagnostic> {
        let text = self.watch.text(&self.raw, stand.line, stand.at.0);
        if text.is_some_and(|text| self.watch.is_lossy(text)) {
            let place = Place::Row { file: self.file.clone(), line: stand.line, column: None };
            return Err(self.watch.lossy(place));
        }
        let found = match text {
            Some(text) if text.trim_ascii().is_empty() => Ok(Pairs(Vec::new())),
            Some(text) => match json::parse(text) {
                Ok(pairs) => Ok(pairs),
                Err(Broken::Line(message)) => Err(message),
                Err(Broken::Several) => return Err(several(&self.file, stand.line)),
            },
            None => Err("it is not UTF-8"),
        };
        rows.fill(stand, |record| match found {
            Ok(pairs) => self.cells(&pairs, record).map_err(|problem| problem.about(self.whose(&pairs))),
            Err(message) => Err(RowProblem::new(message).about(json::find(&self.raw, &self.to.0))),
        });
        Ok(())
    }

    /// Continues at a row.
    pub(super) fn seek(&mut self, at: RowAt) -> Result<(), Diagnostic> {
        self.watch.leave();
        self.lines.seek(at.0.max(self.body)).map_err(|error| failed(&self.file, &error))
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.positions.get(key).or_else(|| self.positions.get(plain_name(key).as_ref())).copied()
    }

    fn cells(&self, pairs: &Pairs<'_>, record: &mut csv::StringRecord) -> Result<(), RowProblem> {
        let mut cells: Vec<Option<&Cell<'_>>> = vec![None; self.header.names().len()];
        for (key, value) in &pairs.0 {
            match self.position(key).and_then(|position| cells.get_mut(position)) {
                None => return Err(unknown(key)),
                Some(Some(_)) => {
                    return Err(RowProblem::new("a key occurs twice in it").in_column(Some(&key.clone().into_owned())));
                }
                Some(place) => *place = Some(value),
            }
        }
        for ((cell, name), position) in cells.into_iter().zip(self.header.names()).zip(0..) {
            let refuse = |message: String| Err(RowProblem::new(message).in_column(Some(name)));
            let is_to = self.to.1 == Some(position);
            let text = match cell {
                None | Some(Cell::Null) => "",
                // Only what is escaped can be the end of a line.
                Some(Cell::Text(Cow::Owned(text))) if text.contains("\r\n") => &plain_ends(text),
                Some(Cell::Text(text)) => text,
                Some(Cell::Number(number)) if is_to && !is_exact(number) => {
                    return refuse(
                        "the value is a number that was rounded, or could be: write it as a text, in quotes".to_owned(),
                    );
                }
                Some(Cell::Truth(_)) if is_to => {
                    return refuse("the value is true or false: write the id as a text, in quotes".to_owned());
                }
                Some(Cell::Number(written) | Cell::Truth(written)) => written,
                Some(Cell::Other(wrong)) => return refuse(format!("the value {wrong}")),
            };
            if text.len() > CELL_BYTES_MAX {
                return refuse("a cell is larger than 64 KiB".to_owned());
            }
            if text.contains('\0') {
                return refuse("it holds a NUL character".to_owned());
            }
            record.push_field(text);
        }
        Ok(())
    }

    /// Finds the recipient's id in an object that cannot be read as a row.
    fn whose(&self, pairs: &Pairs<'_>) -> Option<String> {
        let to = self.to.1?;
        pairs.0.iter().filter(|(key, _)| self.position(key) == Some(to)).find_map(|(_, value)| match value {
            Cell::Text(text) => Some(text.clone().into_owned()).filter(|text| text.len() <= CELL_BYTES_MAX),
            Cell::Number(number) => Some((*number).to_owned()),
            Cell::Null | Cell::Truth(_) | Cell::Other(_) => None,
        })
    }
}

/// Whether a number is an id as it is written: whoever wrote it so has not rounded it to anything
/// that shows.
fn is_exact(number: &str) -> bool {
    number.len() <= IdRule::DIGITS_MAX && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Adds the keys that only further lines have.
fn add_names(names: &mut Vec<String>, lines: &mut LineReader, start: u64, to: &str) -> std::io::Result<()> {
    let mut raw = Vec::new();
    let mut known: std::collections::HashSet<String, FixedState> =
        names.iter().map(|name| plain_name(name).into_owned()).collect();
    for _ in 1..ASKED_LINES {
        let (_, read) = next_line(lines, &mut raw, to)?;
        match read {
            JsonLine::End => break,
            JsonLine::TooLarge(_) => {}
            JsonLine::Text => {
                let pairs = str::from_utf8(&raw).ok().and_then(|text| json::parse(text).ok());
                for (key, _) in pairs.iter().flat_map(|pairs| &pairs.0) {
                    let key = plain_name(key);
                    if names.len() < COLUMNS_MAX && !known.contains(key.as_ref()) && is_name(&key) {
                        known.insert(key.clone().into_owned());
                        names.push(key.into_owned());
                    }
                }
            }
        }
        if lines.byte().saturating_sub(start) > ASKED_BYTES {
            break;
        }
    }
    Ok(())
}

/// Whether a key can be a column's name, and is nobody's id or address.
fn is_name(key: &str) -> bool {
    !key.is_empty() && !key.chars().any(char::is_control) && CanonicalTo::parse(key, IdRule::Numeric).is_err()
}

fn unknown(key: &str) -> RowProblem {
    const CHARS_MAX: usize = 60;
    let name: Cow<'_, str> = plain_name(key);
    let message = if is_name(&name) && !name.contains('@') && name.chars().count() <= CHARS_MAX {
        format!("it has the key `{name}`, which none of the first 1,000 lines has")
    } else {
        "it has a key that none of the first 1,000 lines has".to_owned()
    };
    RowProblem::new(message)
}

fn several(file: &str, line: u64) -> Diagnostic {
    let place = Place::Row { file: file.to_owned(), line, column: None };
    Diagnostic::error(Code::UnreadableRow, "this line holds several objects", place)
        .help("write one JSON object a line: `jq -c .` does")
}

enum JsonLine {
    Text,
    TooLarge(Option<String>),
    End,
}

/// Reads the next line.
fn next_line(lines: &mut LineReader, raw: &mut Vec<u8>, to: &str) -> std::io::Result<(Stand, JsonLine)> {
    raw.clear();
    let (at, line) = (RowAt(lines.byte()), lines.line());
    let mut large = None;
    let mut piece = lines.read(raw, ROW_BYTES_MAX.saturating_add(1))?;
    while piece == LineEnd::Part {
        large.get_or_insert_with(|| json::find(raw, to));
        raw.clear();
        piece = lines.read(raw, ROW_BYTES_MAX)?;
    }
    let unterminated = piece == LineEnd::End;
    let kind = match large {
        Some(whose) => JsonLine::TooLarge(whose),
        None if unterminated && raw.is_empty() => JsonLine::End,
        None => JsonLine::Text,
    };
    Ok((Stand { at, line, lines: 1, unterminated }, kind))
}
