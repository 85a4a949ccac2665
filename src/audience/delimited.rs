//! CSV: commas, quotes, a header, and rows that are exactly as long as it.

use std::io;
use std::sync::Arc;

use crate::audience::ROW_BYTES_MAX;
use crate::audience::cells::{parse, split};
use crate::audience::header::check_header;
use crate::audience::lines::{Lines, Piece};
use crate::audience::row::{Refill, RowAt, RowProblem};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::render::Header;

/// Reads a CSV file.
pub(super) struct Delimited {
    file: String,
    header: Arc<Header>,
    lines: Lines,
    /// Where the first row begins.
    body: u64,
    raw: Vec<u8>,
    cell: String,
}

/// What stands between two ends of a row.
enum Raw {
    /// A row; it is in the buffer, without its end.
    Row,
    /// A row that is larger than allowed; it was passed over.
    TooLarge,
    /// A quote that is never closed: nobody knows where the row ends.
    Unclosed,
    /// Nothing more.
    End,
}

impl Delimited {
    /// Reads the header.
    pub(super) fn open(file: &str, mut lines: Lines) -> Result<Self, Diagnostic> {
        lines.skip_mark().map_err(|error| failed(file, &error))?;
        let mut raw = Vec::new();
        let line = lines.line();
        let read = read_raw(&mut lines, &mut raw).map_err(|error| failed(file, &error))?;
        let place = Place::Row { file: file.to_owned(), line, column: None };
        let refuse = |message: &str| Diagnostic::error(Code::BadHeader, message, place.clone());
        let text = match read {
            Raw::Row if raw.starts_with(b"\xff\xfe") || raw.starts_with(b"\xfe\xff") || raw.contains(&0) => {
                return Err(refuse("the file is not UTF-8").help("it looks like UTF-16: save it as CSV in UTF-8"));
            }
            Raw::Row => {
                str::from_utf8(&raw).map_err(|_| refuse("the header is not UTF-8").help("save the file in UTF-8"))?
            }
            Raw::TooLarge => return Err(refuse("the header is larger than 1 MiB")),
            Raw::Unclosed => return Err(refuse("a quote in the header is never closed")),
            Raw::End => {
                let place = Place::File(file.to_owned());
                return Err(Diagnostic::error(Code::BadHeader, "the file is empty", place)
                    .help("begin with a line of column names"));
            }
        };
        if text.contains('\r') {
            return Err(refuse("the header holds a bare carriage return").help("save the file with ordinary line ends"));
        }
        let mut record = csv::StringRecord::new();
        split(text, &mut record, &mut String::new()).map_err(|problem| refuse(&problem.message))?;
        if record.len() == 1 && text.contains([';', '\t']) {
            return Err(
                refuse("the columns are not separated by commas").help("save the file with `,` between the columns")
            );
        }
        let header = check_header(record.iter().map(str::to_owned).collect(), &place)?;
        Ok(Self { file: file.to_owned(), header, body: lines.byte(), lines, raw, cell: String::new() })
    }

    /// The columns.
    pub(super) const fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// Reads rows until there are `rows_max`.
    pub(super) fn read(&mut self, rows: &mut Refill<'_>, rows_max: usize) -> Result<(), Diagnostic> {
        while rows.len() < rows_max {
            let (at, line) = (RowAt(self.lines.byte()), self.lines.line());
            let read = read_raw(&mut self.lines, &mut self.raw).map_err(|error| failed(&self.file, &error))?;
            match read {
                // An empty line is no row.
                Raw::Row if self.raw.is_empty() => {}
                Raw::Row => rows.fill(at, line, |record| parse(&self.raw, &self.header, record, &mut self.cell)),
                Raw::TooLarge => rows.fill(at, line, |_| Err(RowProblem::new("it is larger than 1 MiB"))),
                Raw::End => break,
                Raw::Unclosed => {
                    let place = Place::Row { file: self.file.clone(), line, column: None };
                    let diagnostic =
                        Diagnostic::error(Code::UnreadableRow, "a quote in this row is never closed", place);
                    return Err(diagnostic.help("all rows after it are swallowed: close the quote, or write it twice"));
                }
            }
        }
        Ok(())
    }

    /// Continues at a row.
    pub(super) fn seek(&mut self, at: RowAt) -> Result<(), Diagnostic> {
        self.lines.seek(at.0.max(self.body)).map_err(|error| failed(&self.file, &error))
    }
}

/// Says that the stream failed.
pub(super) fn failed(file: &str, error: &io::Error) -> Diagnostic {
    let place = Place::File(file.to_owned());
    Diagnostic::error(Code::FileMissing, format!("`{file}` cannot be read: {}", error.kind()), place)
}

/// Where the reading stands within a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the beginning of a cell.
    Start,
    /// In a cell without quotes.
    Plain,
    /// In a cell with quotes.
    Quoted,
    /// After a quote in such a cell: its end, or the first half of a quote.
    Closing,
}

impl State {
    fn pass(self, bytes: &[u8]) -> Self {
        if !bytes.contains(&b'"') {
            return match (self, bytes.last()) {
                (Self::Quoted, _) | (_, None) => self,
                (_, Some(b',')) => Self::Start,
                (Self::Start | Self::Plain | Self::Closing, Some(_)) => Self::Plain,
            };
        }
        bytes.iter().fold(self, |state, byte| match (state, byte) {
            (Self::Start | Self::Closing, b'"') => Self::Quoted,
            (Self::Quoted, b'"') => Self::Closing,
            (Self::Quoted, _) => Self::Quoted,
            (_, b',') => Self::Start,
            (Self::Start | Self::Plain | Self::Closing, _) => Self::Plain,
        })
    }
}

/// Reads one row into `raw`, over several lines if a quote holds them together.
fn read_raw(lines: &mut Lines, raw: &mut Vec<u8>) -> io::Result<Raw> {
    raw.clear();
    let mut state = State::Start;
    let mut too_large = false;
    let mut anything = false;
    loop {
        let before = raw.len();
        let piece = lines.read(raw, ROW_BYTES_MAX.saturating_sub(before).saturating_add(2))?;
        let read = raw.get(before..).unwrap_or_default();
        anything |= !read.is_empty();
        state = state.pass(read.strip_suffix(b"\n").unwrap_or(read));
        match piece {
            Piece::Line if state != State::Quoted => break,
            Piece::End if state == State::Quoted => return Ok(Raw::Unclosed),
            Piece::End if anything => break,
            Piece::End => return Ok(Raw::End),
            Piece::Line | Piece::Part => {}
        }
        if raw.len() > ROW_BYTES_MAX {
            too_large = true;
            raw.clear();
        }
    }
    if raw.last() == Some(&b'\n') {
        raw.pop();
    }
    if raw.last() == Some(&b'\r') {
        raw.pop();
    }
    Ok(if too_large || raw.len() > ROW_BYTES_MAX { Raw::TooLarge } else { Raw::Row })
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, Read, Seek, SeekFrom};

    use super::*;
    use crate::audience::row::Row;

    /// A header, then one line of this many bytes, then one more row.
    struct Huge {
        line_bytes: usize,
        at: usize,
        chunk: Vec<u8>,
    }

    const START: &[u8] = b"to,name\n1,";
    const END: &[u8] = b"\n2,b\n";

    impl Read for Huge {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let mut chunk = self.fill_buf()?;
            let read = chunk.read(buffer)?;
            self.consume(read);
            Ok(read)
        }
    }

    impl BufRead for Huge {
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            let start = START.len();
            let end = start + self.line_bytes;
            Ok(if self.at < start {
                &START[self.at..]
            } else if self.at < end {
                &self.chunk[..(end - self.at).min(self.chunk.len())]
            } else {
                &END[(self.at - end).min(END.len())..]
            })
        }

        fn consume(&mut self, amount: usize) {
            self.at += amount;
        }
    }

    impl Seek for Huge {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            let SeekFrom::Start(at) = to else { return Err(io::ErrorKind::Unsupported.into()) };
            self.at = usize::try_from(at).unwrap();
            Ok(at)
        }
    }

    #[test]
    fn a_line_without_end_costs_no_memory() {
        let huge = Huge { line_bytes: 1 << 26, at: 0, chunk: vec![b'x'; 1 << 16] };
        let mut reader = Delimited::open("a.csv", Lines::new(Box::new(huge))).unwrap();
        let mut rows: Vec<Row> = Vec::new();
        let mut refill = Refill::new(&mut rows);
        reader.read(&mut refill, 10).unwrap();
        assert_eq!(refill.end(), 2);
        assert_eq!(rows[0].cells, Err(RowProblem::new("it is larger than 1 MiB")));
        assert_eq!((rows[1].line, rows[1].cells.as_ref().unwrap().get(0)), (3, Some("2")));
        assert!(reader.raw.capacity() <= 4 * ROW_BYTES_MAX, "{}", reader.raw.capacity());
    }
}
