//! The head of a CSV file: a line for spreadsheets, blank lines, and the header. From the header comes
//! what stands between the columns, if nobody says it.

use crate::audience::cells::{shown, split};
use crate::audience::dialect::{DELIMITERS, Separator, found, separator};
use crate::audience::encoding::not_utf8;
use crate::audience::header::check_header;
use crate::audience::lines::LineReader;
use crate::audience::lines::failed;
use crate::audience::records::{self, Grammar, Raw, RowMarks};
use crate::audience::row::RowProblem;
use crate::audience::table::{Table, cells};
use crate::audience::title;
use crate::audience::usual::UsualIds;
use crate::diagnostic::words::list;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::identity::{CanonicalTo, IdRule};
use crate::render::plain_name;
use crate::wire::cell::plain;
use crate::wire::visible::is_invisible;

/// What a campaign says about a CSV file.
#[derive(Debug, Clone, Copy)]
pub(super) struct WantedColumns<'a> {
    /// The column of the recipient's id.
    pub to: &'a str,
    /// Which ids are valid.
    pub ids: IdRule,
    /// What stands between the columns, if it is said.
    pub delimiter: Option<u8>,
}

/// A file whose head is read.
pub(super) struct Heading<'a> {
    /// Its name.
    pub file: &'a str,
    /// Its lines.
    pub lines: &'a mut LineReader,
    /// What the campaign says.
    pub wanted: WantedColumns<'a>,
    /// The line of the header.
    pub line: u64,
    raw: Vec<u8>,
}

/// Looks for the end of a row, whatever stands in it.
struct Loose<'a>(&'a [u8]);

impl Grammar for Loose<'_> {
    fn is_delimiter(&self, byte: u8) -> bool {
        self.0.contains(&byte)
    }

    fn is_row(&self, _: &[u8]) -> bool {
        false
    }

    fn whose(&self, _: &[u8]) -> Option<String> {
        None
    }
}

impl<'a> Heading<'a> {
    /// Begins at the beginning of a file, behind its byte order mark.
    pub(super) const fn new(file: &'a str, lines: &'a mut LineReader, wanted: WantedColumns<'a>) -> Self {
        Self { file, lines, wanted, line: 1, raw: Vec::new() }
    }

    /// Reads the head, and stops before the first row.
    ///
    /// # Errors
    /// If there is no header, or it cannot be used.
    pub(super) fn read(mut self) -> Result<(Table, Option<u8>), Diagnostic> {
        let declared = self.separator()?.or(self.wanted.delimiter);
        let text = self.first(declared)?;
        let delimiter = declared.map_or_else(|| self.choose(&text), Ok)?;
        let written = self.header(delimiter)?;
        let body = self.lines.byte();
        let to = position(&written, self.wanted.to);
        if to.is_none() {
            title::below(&mut self, declared)?;
            title::in_one(&self, &written, declared)?;
            title::in_single_quotes(&self, &written)?;
        }
        let numbered = || (1_usize..).zip(&written).map(|(number, name)| (number, name.as_str()));
        let is_named = |name: &str| !plain_name(name).is_empty();
        let header = check_header(numbered().filter(|(_, name)| is_named(name)), &self.place())?;
        let nameless = numbered().filter(|(_, name)| !is_named(name)).map(|(number, _)| number - 1).collect();
        let several = (written.len() > 1 || declared.is_some()).then_some(delimiter);
        if several.is_none() && self.wanted.ids == IdRule::Numeric {
            title::columns(&mut self)?;
        }
        self.seek(body)?;
        let usual = self.usual(to, delimiter);
        self.seek(body)?;
        Ok((Table { header, delimiter, width: written.len(), nameless, to, ids: self.wanted.ids, usual }, several))
    }

    /// Looks how long the ids of the first rows are.
    fn usual(&mut self, to: Option<usize>, delimiter: u8) -> UsualIds {
        const ROWS_MAX: usize = 100;
        const BYTES_MAX: u64 = 256 * 1024;
        let Some(to) = to else { return UsualIds::default() };
        let end = self.lines.byte().saturating_add(BYTES_MAX);
        let mut digits = Vec::new();
        for _ in 0..ROWS_MAX {
            match self.record(&[delimiter]) {
                Ok(Some(text)) => digits.extend(cells(text.as_bytes(), delimiter).nth(to).and_then(|cell| {
                    let id = CanonicalTo::parse(str::from_utf8(&cell).ok()?, IdRule::Numeric).ok()?;
                    Some(id.as_str().len())
                })),
                // What cannot be read is told when its turn comes.
                Err(_) => {}
                Ok(None) => break,
            }
            if self.lines.byte() > end {
                break;
            }
        }
        UsualIds::of(digits)
    }

    /// Obeys a line for spreadsheets, and passes over it.
    fn separator(&mut self) -> Result<Option<u8>, Diagnostic> {
        const BYTES_MAX: usize = 64 * 1024;
        let start = self.lines.byte();
        self.raw.clear();
        self.lines.read(&mut self.raw, BYTES_MAX).map_err(|error| failed(self.file, &error))?;
        match (separator(&self.raw), self.wanted.delimiter) {
            (Some(Separator::Is(said)), Some(declared)) if said != declared => {
                let [said, declared] = [said, declared].map(shown);
                let message = format!("by its first line {said} stands between the columns, by `delimiter` {declared}");
                Err(self.refuse(message).help("correct `delimiter`, or leave it out"))
            }
            (Some(Separator::Is(said)), _) => Ok(Some(said)),
            (Some(Separator::Stale), _) => Ok(None),
            (None, _) => {
                self.seek(start)?;
                Ok(None)
            }
        }
    }

    /// Passes over blank lines, and stops before the header; gives its text.
    fn first(&mut self, declared: Option<u8>) -> Result<String, Diagnostic> {
        let delimiters: &[u8] = declared.as_ref().map_or(&DELIMITERS, std::slice::from_ref);
        let is_blank =
            |mark: char| is_invisible(mark) || mark == '"' || delimiters.iter().any(|byte| char::from(*byte) == mark);
        loop {
            let start = self.lines.byte();
            self.line = self.lines.line();
            let Some(text) = self.record(delimiters)? else {
                let place = Place::File(self.file.to_owned());
                return Err(Diagnostic::error(Code::BadHeader, "the file is empty", place)
                    .help("begin with a line of column names"));
            };
            if !text.chars().all(is_blank) {
                self.seek(start)?;
                return Ok(text);
            }
        }
    }

    /// Chooses among what may stand between the columns of a header.
    fn choose(&mut self, text: &str) -> Result<u8, Diagnostic> {
        let found = found(text);
        if found.len() < 2 {
            return Ok(found.first().copied().unwrap_or(b','));
        }
        let to = self.wanted.to;
        let holding: Vec<u8> =
            found.iter().copied().filter(|delimiter| position(&names(text, *delimiter), to).is_some()).collect();
        if let [only] = holding.as_slice() {
            return Ok(*only);
        }
        if holding.is_empty() {
            let start = self.lines.byte();
            self.record(&DELIMITERS)?;
            title::below(self, None)?;
            self.seek(start)?;
        }
        let marks = list(&found.iter().map(|delimiter| shown(*delimiter)).collect::<Vec<_>>());
        let message = if holding.is_empty() {
            format!("the header has no column `{to}`, whichever of {marks} stands between its columns")
        } else {
            format!("{marks} may stand between the columns: there is a column `{to}` either way")
        };
        Err(self.refuse(message).help("say which it is under the audience, such as `delimiter: \";\"`"))
    }

    /// Reads the names of the columns, as they are written.
    fn header(&mut self, delimiter: u8) -> Result<Vec<String>, Diagnostic> {
        let text = self.record(&[delimiter])?.unwrap_or_default();
        if text.replace("\r\n", "\n").contains('\r') {
            let help = "save the file with ordinary line ends, as \"CSV UTF-8\" of Excel has";
            return Err(self.refuse("the header holds a bare carriage return").help(help));
        }
        let is_id = |cell: &str| CanonicalTo::parse(cell.trim_matches('"'), IdRule::Numeric).is_ok();
        if text.lines().skip(1).any(|line| line.split(char::from(delimiter)).any(is_id)) {
            let message = "the header goes on over several lines, and one of them looks like a row";
            return Err(self.refuse(message).help(format!("a quote is probably missing in line {}", self.line)));
        }
        parts(&text, delimiter)
            .map_err(|problem| self.refuse(format!("the header cannot be read: {}", problem.message)))
    }

    /// Reads a row as text, with any of these between its cells; `None` at the end.
    pub(super) fn record(&mut self, delimiters: &[u8]) -> Result<Option<String>, Diagnostic> {
        let record = records::read(self.lines, &mut self.raw, &Loose(delimiters));
        match record.map_err(|error| failed(self.file, &error))?.raw {
            Raw::Row => match str::from_utf8(&self.raw) {
                Ok(text) => Ok(Some(text.to_owned())),
                Err(_) => Err(not_utf8(&self.raw, "its header holds other bytes", self.place())),
            },
            Raw::TooLarge(_) => Err(self.refuse("the header is larger than 1 MiB")),
            Raw::Unclosed => Err(self.refuse("a quote in the header is never closed")),
            Raw::End => Ok(None),
        }
    }

    /// Goes to a byte.
    pub(super) fn seek(&mut self, byte: u64) -> Result<(), Diagnostic> {
        self.lines.seek(byte).map_err(|error| failed(self.file, &error))
    }

    /// Makes an error about the header.
    pub(super) fn refuse(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(Code::BadHeader, message, self.place())
    }

    fn place(&self) -> Place {
        Place::Row { file: self.file.to_owned(), line: self.line, column: None }
    }
}

/// The cells of a row, with this between them.
fn parts(text: &str, delimiter: u8) -> Result<Vec<String>, RowProblem> {
    let mut record = csv::StringRecord::new();
    split(text, RowMarks::Returns, delimiter, &mut record, &mut String::new())?;
    // A spreadsheet that wraps every cell wraps the names, too.
    let name = |cell: &str| if cell.trim_start().starts_with('=') { plain(cell).into_owned() } else { cell.to_owned() };
    Ok(record.iter().map(name).collect())
}

/// The cells of a row, with this between them; none if it cannot be read so.
pub(super) fn names(text: &str, delimiter: u8) -> Vec<String> {
    parts(text, delimiter).unwrap_or_default()
}

/// Where a column is.
pub(super) fn position(names: &[String], wanted: &str) -> Option<usize> {
    let wanted = plain_name(wanted);
    names.iter().position(|name| plain_name(name) == wanted)
}
