//! Reads an audience, whatever it is made of.

use std::fmt;
use std::sync::Arc;

use crate::audience::delimited::Delimited;
use crate::audience::inline::Inline;
use crate::audience::lines::Lines;
use crate::audience::ndjson::Ndjson;
use crate::audience::row::{Refill, Row, RowAt};
use crate::campaign::{Audience, AudienceSource, Files};
use crate::diagnostic::Diagnostic;
use crate::render::Header;

/// Reads the rows of an audience, from any row on.
pub struct Reader(Kind);

enum Kind {
    Delimited(Delimited),
    Ndjson(Ndjson),
    Inline(Inline),
}

impl Reader {
    /// Opens an audience and reads its header.
    ///
    /// # Errors
    /// If there is no such file, or it may not be read or expands to too much, or its header
    /// cannot be used.
    pub fn open(audience: &Audience, files: &dyn Files) -> Result<Self, Diagnostic> {
        let lines = |path: &str| {
            files
                .open(path)
                .map(Lines::new)
                .map_err(|error| Diagnostic::error(error.code(), format!("`{path}`: {error}"), audience.place.clone()))
        };
        Ok(Self(match &audience.source {
            AudienceSource::Csv { path } => Kind::Delimited(Delimited::open(path, lines(path)?)?),
            AudienceSource::Ndjson { path } => Kind::Ndjson(Ndjson::open(path, lines(path)?)?),
            AudienceSource::Rows { header, rows, .. } => Kind::Inline(Inline::new(header, rows, &audience.place)?),
        }))
    }

    /// The columns.
    #[must_use]
    pub const fn header(&self) -> &Arc<Header> {
        match &self.0 {
            Kind::Delimited(reader) => reader.header(),
            Kind::Ndjson(reader) => reader.header(),
            Kind::Inline(reader) => reader.header(),
        }
    }

    /// Replaces the content of `rows` by the next rows, at most `rows_max`, and says how many
    /// there are; none at the end. The memory of the old rows is used again.
    ///
    /// # Errors
    /// If the file cannot be read any further: the disk fails, or a quote is never closed; `rows`
    /// then holds what was read before. A row that cannot be read is no error; it is one of the rows.
    pub fn read(&mut self, rows: &mut Vec<Row>, rows_max: usize) -> Result<usize, Diagnostic> {
        let mut refill = Refill::new(rows);
        let read = match &mut self.0 {
            Kind::Delimited(reader) => reader.read(&mut refill, rows_max),
            Kind::Ndjson(reader) => reader.read(&mut refill, rows_max),
            Kind::Inline(reader) => {
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
        match &mut self.0 {
            Kind::Delimited(reader) => reader.seek(at),
            Kind::Ndjson(reader) => reader.seek(at),
            Kind::Inline(reader) => {
                reader.seek(at);
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("header", self.header()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
    use proptest::{collection, sample};

    use super::*;
    use crate::campaign::Columns;
    use crate::diagnostic::{Code, Place};
    use crate::render::fixture::InMemory;

    fn audience(source: AudienceSource) -> Audience {
        Audience {
            name: "people".to_owned(),
            source,
            columns: Columns { to: "to".to_owned(), time_zone: None, window_closes_at: None, last_message_at: None },
            filter: None,
            expect: None,
            place: Place::File("a.yaml".to_owned()),
        }
    }

    fn open(path: &str, bytes: &[u8]) -> Result<Reader, Diagnostic> {
        let source = match path {
            "a.csv" => AudienceSource::Csv { path: path.to_owned() },
            _ => AudienceSource::Ndjson { path: path.to_owned() },
        };
        Reader::open(&audience(source), &InMemory::new(&[(path, bytes)]))
    }

    fn show(row: &Row) -> String {
        match &row.cells {
            Ok(cells) => format!("{}:{}", row.line, cells.iter().collect::<Vec<_>>().join("|")),
            Err(problem) => {
                let column = problem.column.as_ref().map(|column| format!(" [{column}]")).unwrap_or_default();
                format!("{}: {}{column}", row.line, problem.message)
            }
        }
    }

    /// The header, then each row: its line, and its cells or its problem.
    fn read(path: &str, bytes: &[u8]) -> String {
        let mut reader = match open(path, bytes) {
            Ok(reader) => reader,
            Err(diagnostic) => return format!("{}: {}", diagnostic.code.as_str(), diagnostic.message),
        };
        let mut lines = vec![reader.header().names().join("|")];
        let mut rows = Vec::new();
        loop {
            match reader.read(&mut rows, 2) {
                Ok(0) => break,
                Ok(_) => lines.extend(rows.iter().map(show)),
                Err(diagnostic) => {
                    lines.extend(rows.iter().map(show));
                    lines.push(format!(
                        "{}: {} {:?}",
                        diagnostic.code.as_str(),
                        diagnostic.message,
                        diagnostic.labels[0].place
                    ));
                    break;
                }
            }
        }
        lines.join("\n")
    }

    #[test]
    fn csv_is_read_as_it_stands() {
        let check = |text: &[u8], expected: &str| {
            assert_eq!(read("a.csv", text), expected, "{}", String::from_utf8_lossy(text));
        };
        check(b"to,name\n1,Ana\n2,Bo\n", "to|name\n2:1|Ana\n3:2|Bo");
        check(b"to,name\n1,Ana", "to|name\n2:1|Ana");
        check(b"\xef\xbb\xbfto,name\r\n1,Ana\r\n2,\r\n", "to|name\n2:1|Ana\n3:2|");
        check(b" to , name\n 1 ,  A \n", "to|name\n2: 1 |  A ");
        check(b"to,name\n\n\r\n1,Ana\n\n", "to|name\n4:1|Ana");
        check(b"to,name\n1,\"a,b\"\n\"2\",\"say \"\"hi\"\"\"\n3,\"\"\n", "to|name\n2:1|a,b\n3:2|say \"hi\"\n4:3|");
        check(b"to,name\n1,\"a\nb\r\nc\"\n2,Bo\n", "to|name\n2:1|a\nb\r\nc\n5:2|Bo");
        check(b"to,name\n1,5\" wide\n2,Bo\n", "to|name\n2:1|5\" wide\n3:2|Bo");
        check(b"\"to\",\"na\"\"me\"\n1,Ana\n", "to|na\"me\n2:1|Ana");
        check(b"to\n1\n", "to\n2:1");
        check(b"to,name\n", "to|name");
        check("to,ime\n1,Đuro\n".as_bytes(), "to|ime\n2:1|Đuro");
        check(b"to,name\n=cmd(),Ana\n", "to|name\n2:=cmd()|Ana");
    }

    #[test]
    fn csv_rows_that_cannot_be_read_do_not_end_the_reading() {
        let check = |text: &[u8], expected: &str| {
            let text = [b"to,name\n", text, b"9,Zoe\n"].concat();
            let lines = text.iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(read("a.csv", &text), format!("to|name\n2: {expected}\n{lines}:9|Zoe"));
        };
        check(b"1\n", "it has 1 cell, and the header has 2");
        check(b"1,2,3\n", "it has 3 cells, and the header has 2");
        check(b"1,\xff\n", "it is not UTF-8");
        check(b"1,a\0b\n", "it holds a NUL character");
        check(b"1,a\rb\n", "it holds a bare carriage return");
        check(b"1,\"a\"b\n", "a text goes on after its closing quote");
        check(&[b"1,", "x".repeat(65_537).as_bytes(), b"\n"].concat(), "a cell is larger than 64 KiB [name]");
        check(&[b"1,\"", "x\n".repeat(600_000).as_bytes(), b"\"\n"].concat(), "it is larger than 1 MiB");
        check(&[b"1", ",".repeat(1_048_576).as_bytes(), b"\n"].concat(), "it is larger than 1 MiB");
    }

    #[test]
    fn csv_that_cannot_be_used_is_refused() {
        let check = |text: &[u8], expected: &str| assert_eq!(read("a.csv", text), expected);
        check(b"", "bad-header: the file is empty");
        check(b"\xef\xbb\xbf", "bad-header: the file is empty");
        check(b"to,,x\n", "bad-header: column 2 has no name");
        check(b"to,name, to\n", "bad-header: two columns are called `to`");
        check(b"\xff\xfet\0o\0\n\0", "bad-header: the file is not UTF-8");
        check(b"t\0o\0\n\0", "bad-header: the file is not UTF-8");
        check(b"to,n\xe9\n", "bad-header: the header is not UTF-8");
        check(b"to,name\r1,Ana\r", "bad-header: the header holds a bare carriage return");
        check(b"to;name\n1;Ana\n", "bad-header: the columns are not separated by commas");
        check(b"to,\"name\n1,Ana\n", "bad-header: a quote in the header is never closed");
        check("x".repeat(2_000_000).as_bytes(), "bad-header: the header is larger than 1 MiB");
        check(",".repeat(1000).as_bytes(), "bad-header: an audience has 1 to 1000 columns, and here are 1001");
        check(
            b"to,name\n1,Ana\n2,\"Bo\n3,Cy\n",
            "to|name\n2:1|Ana\nunreadable-row: a quote in this row is never closed Row { file: \"a.csv\", line: 3, column: None }",
        );
        check(
            &[b"to,name\n1,\"", "x\n".repeat(600_000).as_bytes()].concat(),
            "to|name\nunreadable-row: a quote in this row is never closed Row { file: \"a.csv\", line: 2, column: None }",
        );
    }

    #[test]
    fn ndjson_holds_texts() {
        let check = |text: &str, expected: &str| assert_eq!(read("a.ndjson", text.as_bytes()), expected);
        check(
            "{\"to\":\"1\",\"name\":\"Ana\"}\n\n{\"name\":\"B\\u006f\\n\",\"to\":\"2\"}\r\n",
            "to|name\n1:1|Ana\n3:2|Bo\n",
        );
        check("\u{feff}{\"to\":\"1\"}\n{}\n{\"to\":null}", "to\n1:1\n2:\n3:");
        let number = "the value is a number: write it as a text, in quotes";
        check("{\"to\":17841400000000001}\n{\"to\":\"1\"}", &format!("to\n1: {number} [to]\n2:1"));
        check("{\"to\":1e3}\n{\"to\":-1}\n", &format!("to\n1: {number} [to]\n2: {number} [to]"));
        check("{\"to\":true}", "to\n1: the value is true or false: write it as a text, in quotes [to]");
        check("{\"to\":[1,[2]]}", "to\n1: the value is a list: write it as a text, in quotes [to]");
        check("{\"to\":{\"a\":1}}", "to\n1: the value is an object: write it as a text, in quotes [to]");
        check("{\"to\":\"1\"}\n{\"too\":\"2\"}\n", "to\n1:1\n2: it has a key that the first line lacks");
        check("{\"to\":\"1\"}\n{\"to\":\"2\",\"to\":\"3\"}\n", "to\n1:1\n2: a key stands twice in it [to]");
        check("{\"to\":\"1\"}\n{\"to\":\n", "to\n1:1\n2: it is not a JSON object");
        check(
            "{\"to\":\"1\"}\n[\"2\"]\n{\"to\":\"2\"} x\n",
            "to\n1:1\n2: it is not a JSON object\n3: it is not a JSON object",
        );
        check("{\"to\":\"1\"}\n{\"to\":\"a\\u0000\"}\n", "to\n1:1\n2: it holds a NUL character [to]");
        check("", "bad-header: the file is empty");
        check("nope", "bad-header: it is not a JSON object");
        check("{}", "bad-header: an audience has 1 to 1000 columns, and here are 0");
        check("{\"to\":\"1\",\"to\":\"2\"}", "bad-header: two columns are called `to`");
        let long = format!("{{\"to\":\"1\"}}\n{{\"to\":\"{}\"}}\n{{\"to\":\"2\"}}", "x".repeat(3_000_000));
        check(&long, "to\n1:1\n2: it is larger than 1 MiB\n3:2");
        let deep = format!("{{\"to\":\"1\"}}\n{{\"to\":{}\n", "[".repeat(100_000));
        check(&deep, "to\n1:1\n2: it is not a JSON object");
    }

    #[test]
    fn inline_rows_keep_their_lines() {
        let source = AudienceSource::Rows {
            file: "a.yaml".to_owned(),
            header: vec!["to".to_owned(), "name".to_owned()],
            rows: vec![(7, vec!["1".to_owned(), "Ana".to_owned()]), (9, vec!["2".to_owned()])],
        };
        let mut reader = Reader::open(&audience(source), &InMemory::default()).unwrap();
        let mut rows = Vec::new();
        assert_eq!(reader.read(&mut rows, 10), Ok(2));
        assert_eq!(rows.iter().map(show).collect::<Vec<_>>(), ["7:1|Ana", "9: it has 1 cell, and there are 2 columns"]);
        reader.seek(rows[1].at).unwrap();
        assert_eq!(reader.read(&mut rows, 10), Ok(1));
        assert_eq!(reader.read(&mut rows, 10), Ok(0));
        assert_eq!(rows.len(), 0);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let found = Reader::open(&audience(AudienceSource::Csv { path: "no.csv".to_owned() }), &InMemory::default());
        let found = found.map(|_| ()).map_err(|diagnostic| (diagnostic.code, diagnostic.message));
        assert_eq!(found, Err((Code::FileMissing, "`no.csv`: there is no such file".to_owned())));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_the_csv_crate_writes_is_read_back(
            cells in collection::vec(collection::vec("[a-c\",\n é]{0,6}", 3), 0..12),
            crlf in any::<bool>(),
        ) {
            let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
            let mut writer = csv::WriterBuilder::new().terminator(terminator).from_writer(Vec::new());
            writer.write_record(["x", "y", "z"]).unwrap();
            for row in &cells {
                writer.write_record(row).unwrap();
            }
            let mut reader = open("a.csv", &writer.into_inner().unwrap()).unwrap();
            let mut rows = Vec::new();
            reader.read(&mut rows, 100).unwrap();
            let found: Vec<Vec<String>> =
                rows.iter().map(|row| row.cells.as_ref().unwrap().iter().map(str::to_owned).collect()).collect();
            prop_assert_eq!(found, cells);
        }

        #[test]
        fn seeking_finds_the_rows_that_reading_through_finds(
            body in "[ab,\"\n\r]{0,300}",
            order in collection::vec(any::<sample::Index>(), 1..10),
            ndjson in any::<bool>(),
        ) {
            let (path, text) = if ndjson {
                ("a.ndjson", format!("{{\"x\":\"1\"}}\n{}", body.replace('a', "{\"x\":\"2\"}")))
            } else {
                ("a.csv", format!("x,y\n{body}"))
            };
            let mut through = open(path, text.as_bytes()).unwrap();
            let mut all = Vec::new();
            // A quote that is never closed ends the reading; the rows before it stand.
            let complete = through.read(&mut all, 1000).is_ok();
            let mut seeking = open(path, text.as_bytes()).unwrap();
            let mut rows = Vec::new();
            for index in order.iter().filter(|_| !all.is_empty()) {
                let index = index.index(all.len());
                seeking.seek(all[index].at).unwrap();
                seeking.read(&mut rows, 1).unwrap();
                prop_assert_eq!(&rows, &all[index..=index]);
                if complete {
                    let mut rest = Vec::new();
                    seeking.read(&mut rest, 1000).unwrap();
                    prop_assert_eq!(&rest, &all[index + 1..]);
                }
            }
        }

        #[test]
        fn any_bytes_are_rows_or_problems(bytes in collection::vec(any::<u8>(), 0..200), header in any::<bool>()) {
            let bytes = if header { [b"to,name\n".as_slice(), &bytes].concat() } else { bytes };
            assert!(!read("a.csv", &bytes).is_empty());
            assert!(!read("a.ndjson", &bytes).is_empty());
        }
    }
}
