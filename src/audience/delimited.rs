//! CSV: a header, and rows that are as long as it.

use std::sync::Arc;

use crate::audience::cells::{RowFault, parse, shown};
use crate::audience::dialect::{Dialect, TableForm};
use crate::audience::encoding::EncodingWatch;
use crate::audience::heading::{Heading, WantedColumns};
use crate::audience::lines::{LineReader, failed};
use crate::audience::opening::OpenedFile;
use crate::audience::records::{self, Grammar, Raw, RowMarks, Swallowed};
use crate::audience::row::{Refill, RowAt, RowProblem, Stand};
use crate::audience::table::Table;
use crate::diagnostic::words::plural;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::render::ColumnNames;

/// Reads a CSV file.
pub(super) struct Delimited {
    file: String,
    dialect: Dialect,
    table: Table,
    lines: LineReader,
    /// Where the first row begins.
    body: u64,
    raw: Vec<u8>,
    cell: String,
    watch: EncodingWatch,
}

impl Grammar for Table {
    fn is_delimiter(&self, byte: u8) -> bool {
        byte == self.delimiter
    }

    fn is_row(&self, line: &[u8]) -> bool {
        Self::is_row(self, line)
    }

    fn whose(&self, raw: &[u8]) -> Option<String> {
        Self::whose(self, raw)
    }
}

impl Delimited {
    /// Reads the head of a file.
    pub(super) fn open(file: &str, opened: OpenedFile, wanted: WantedColumns<'_>) -> Result<Self, Diagnostic> {
        let OpenedFile { mut lines, encoding, is_marked } = opened;
        let (table, delimiter) = Heading::new(file, &mut lines, wanted).read()?;
        let surely = is_marked || !table.header.names().iter().all(|name| name.is_ascii());
        let dialect = Dialect(TableForm::Csv { delimiter, encoding: encoding.name() });
        let (body, watch) = (lines.byte(), EncodingWatch::new(encoding, surely));
        Ok(Self { file: file.to_owned(), dialect, table, lines, body, raw: Vec::new(), cell: String::new(), watch })
    }

    /// The columns.
    pub(super) const fn header(&self) -> &Arc<ColumnNames> {
        &self.table.header
    }

    /// How the file is written.
    pub(super) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How many columns have no name.
    pub(super) const fn nameless(&self) -> usize {
        self.table.nameless.len()
    }

    /// Reads rows until there are `rows_max`.
    pub(super) fn read(&mut self, rows: &mut Refill<'_>, rows_max: usize) -> Result<(), Diagnostic> {
        while rows.len() < rows_max {
            let (at, line) = (RowAt(self.lines.byte()), self.lines.line());
            let record = records::read(&mut self.lines, &mut self.raw, &self.table);
            let record = record.map_err(|error| failed(&self.file, &error))?;
            let stand = Stand { at, line, lines: record.lines, unterminated: record.unterminated };
            match (record.raw, record.swallowed) {
                (Raw::Unclosed, _) => {
                    let help = "all rows after it are swallowed: close the quote, or write it twice";
                    return Err(self.error("a quote in this row is never closed", line).help(help));
                }
                (Raw::End, _) => {
                    let judged = self.watch.judge(&self.file, &mut self.lines, self.body);
                    let found = judged.map_err(|error| failed(&self.file, &error))?;
                    return found.map_or(Ok(()), Err);
                }
                (_, Some(swallowed)) => return Err(self.swallowed(stand, swallowed)),
                (Raw::TooLarge(to), None) => {
                    rows.fill(stand, |_| Err(RowProblem::new("it is larger than 1 MiB").about(to)));
                }
                (Raw::Row, None) => self.row(rows, stand, record.marks)?,
            }
        }
        Ok(())
    }

    /// Takes the row in the buffer.
    fn row(&mut self, rows: &mut Refill<'_>, stand: Stand, marks: RowMarks) -> Result<(), Diagnostic> {
        let Self { raw, cell, table, watch, .. } = self;
        let text = watch.text(raw, stand.line, stand.at.0);
        if text.is_some_and(|text| watch.is_lossy(text)) {
            return Err(self.watch.lossy(self.place(stand.line)));
        }
        let mut nameless = None;
        rows.fill(stand, |record| {
            let parsed = match text {
                Some(text) => parse(text, marks, table, record, cell),
                None => Err(RowProblem::new("it is not UTF-8").into()),
            };
            parsed.map_err(|fault| match fault {
                RowFault::Row(problem) => problem.about(table.whose(raw)),
                RowFault::Nameless(position) => {
                    nameless = Some(position);
                    RowProblem::new("")
                }
            })
        });
        let Some(position) = nameless else { return Ok(()) };
        rows.unfill();
        let message = format!("this row has a value in column {}, which has no name", position.saturating_add(1));
        let help = format!(
            "name the column in the header; or the columns of the row are shifted: a text with {} in it needs quotes",
            shown(self.table.delimiter)
        );
        Err(self.error(message, stand.line).help(help))
    }

    /// Continues at a row.
    pub(super) fn seek(&mut self, at: RowAt) -> Result<(), Diagnostic> {
        self.watch.leave();
        self.lines.seek(at.0.max(self.body)).map_err(|error| failed(&self.file, &error))
    }

    fn swallowed(&self, stand: Stand, swallowed: Swallowed) -> Diagnostic {
        let line = stand.line;
        match swallowed {
            Swallowed::Line(other) => {
                let message = format!(
                    "the row at line {line} spans {}, and line {other} looks like a row of its own",
                    plural(stand.lines, "line")
                );
                let help = format!(
                    "a quote is probably missing in line {line}, or one too many stands there; if the text is right, take \
                     the line breaks out of it"
                );
                self.error(message, line).help(help)
            }
            Swallowed::Return => {
                let message = "this row holds a carriage return, and what stands behind it looks like a row of its own";
                self.error(message, line).help("save the file with ordinary line ends")
            }
        }
    }

    fn error(&self, message: impl Into<String>, line: u64) -> Diagnostic {
        Diagnostic::error(Code::UnreadableRow, message, self.place(line))
    }

    fn place(&self, line: u64) -> Place {
        Place::Row { file: self.file.clone(), line, column: None }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, BufRead, Read, Seek, SeekFrom};

    use encoding_rs::UTF_8;

    use super::*;
    use crate::audience::ROW_BYTES_MAX;
    use crate::audience::row::Row;
    use crate::identity::IdRule;

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
        let opened = OpenedFile { lines: LineReader::new(Box::new(huge)), encoding: UTF_8, is_marked: false };
        let wanted = WantedColumns { to: "to", ids: IdRule::Any, delimiter: None };
        let mut reader = Delimited::open("a.csv", opened, wanted).unwrap();
        let mut rows: Vec<Row> = Vec::new();
        let mut refill = Refill::new(&mut rows, Some(0));
        reader.read(&mut refill, 10).unwrap();
        assert_eq!(refill.end(), 2);
        let problem = RowProblem::new("it is larger than 1 MiB").about(Some("1".to_owned()));
        assert_eq!(rows[0].cells, Err(problem));
        assert_eq!((rows[1].line, rows[1].cells.as_ref().unwrap().get(0)), (3, Some("2")));
        assert!(reader.raw.capacity() <= 4 * ROW_BYTES_MAX, "{}", reader.raw.capacity());
    }
}
