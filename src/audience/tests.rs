//! Reading whole files: what comes out, row by row, and what is refused.

use crate::audience::{AudienceReader, Row};
use std::collections::BTreeMap;

use crate::campaign::{Audience, AudiencePlaces, AudienceSource, Columns};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::identity::IdRule;
use crate::render::fixture::InMemory;

fn audience(source: AudienceSource) -> Audience {
    Audience {
        name: "people".to_owned(),
        source,
        ids: IdRule::Numeric,
        columns: Columns { to: "to".to_owned(), time_zone: None, window_closes_at: None, last_message_at: None },
        filter: None,
        expect: None,
        may_be_empty: false,
        place: Place::File("a.yaml".to_owned()),
        places: AudiencePlaces { source: Place::File("a.yaml".to_owned()), columns: BTreeMap::new() },
    }
}

pub(super) fn csv_with(delimiter: Option<u8>, encoding: Option<&str>) -> Audience {
    let (path, encoding) = ("a.csv".to_owned(), encoding.map(str::to_owned));
    audience(AudienceSource::Csv { path, delimiter, encoding })
}

pub(super) fn csv() -> Audience {
    csv_with(None, None)
}

pub(super) fn ndjson() -> Audience {
    audience(AudienceSource::Ndjson { path: "a.ndjson".to_owned(), encoding: None })
}

pub(super) fn open(audience: &Audience, bytes: &[u8]) -> Result<AudienceReader, Diagnostic> {
    AudienceReader::open(audience, &InMemory::new(&[(audience.source.file(), bytes)]))
}

/// A row: its lines, and its cells, or its problem and whom it is about.
fn show(row: &Row) -> String {
    let lines =
        if row.lines == 1 { row.line.to_string() } else { format!("{}-{}", row.line, row.line + row.lines - 1) };
    match &row.cells {
        Ok(cells) => format!("{lines}:{}", cells.iter().collect::<Vec<_>>().join("|")),
        Err(problem) => {
            let column = problem.column.as_ref().map(|column| format!(" [{column}]")).unwrap_or_default();
            let to = problem.to.as_ref().map(|to| format!(" <{to}>")).unwrap_or_default();
            format!("{lines}: {}{column}{to}", problem.message)
        }
    }
}

fn said(diagnostic: &Diagnostic) -> String {
    let line = match &diagnostic.labels[0].place {
        Place::Row { line, .. } => format!(" @{line}"),
        Place::File(_) | Place::Span { .. } => String::new(),
    };
    format!("{}: {}{line}", diagnostic.code.as_str(), diagnostic.message)
}

/// The header, then each row, then what ended the reading.
pub(super) fn read_as(audience: &Audience, bytes: &[u8]) -> String {
    let mut reader = match open(audience, bytes) {
        Ok(reader) => reader,
        Err(diagnostic) => return said(&diagnostic),
    };
    let mut lines = vec![reader.header().names().join("|")];
    let mut rows = Vec::new();
    loop {
        let read = reader.read(&mut rows, 2);
        lines.extend(rows.iter().map(show));
        match read {
            Ok(0) => break,
            Ok(_) => {}
            Err(diagnostic) => {
                lines.push(said(&diagnostic));
                break;
            }
        }
    }
    lines.join("\n")
}

fn read(text: impl AsRef<[u8]>) -> String {
    read_as(&csv(), text.as_ref())
}

#[track_caller]
fn check(text: impl AsRef<[u8]>, expect: &str) {
    let text = text.as_ref();
    assert_eq!(read(text), expect, "{}", String::from_utf8_lossy(text));
}

#[test]
fn csv_is_read_as_it_stands() {
    check("to,name\n1,Ana\n2,Bo\n", "to|name\n2:1|Ana\n3:2|Bo");
    check("to,name\n1,Ana", "to|name\n2:1|Ana");
    check("\u{feff}to,name\r\n1,Ana\r\n2,\r\n", "to|name\n2:1|Ana\n3:2|");
    check(" to , name\n 1 ,  A \n", "to|name\n2:1|A");
    check("to,name\n1,\"a,b\"\n\"2\",\"say \"\"hi\"\"\"\n3,\"\"\n", "to|name\n2:1|a,b\n3:2|say \"hi\"\n4:3|");
    check("to,name\n1,\"a\nb\r\nc\"\n2,Bo\n", "to|name\n2-4:1|a\nb\nc\n5:2|Bo");
    check("to,name\r\r\n1,Ana\r\r\n2,Bo\r\r\n", "to|name\n2:1|Ana\n3:2|Bo");
    check("to,name\n1,5\" wide\n2,Bo\n", "to|name\n2:1|5\" wide\n3:2|Bo");
    check("\"to\",\"na\"\"me\"\n1,Ana\n", "to|na\"me\n2:1|Ana");
    check("to\n1\n", "to\n2:1");
    check("to,name\n", "to|name");
    check("to,ime\n1,Đuro\n", "to|ime\n2:1|Đuro");
    check("to,name\n=cmd(),Ana\n", "to|name\n2:=cmd()|Ana");
    check("to,\"First\nName\"\n1,Ana\n", "to|First Name\n3:1|Ana");
    check("to,First\u{a0}Name,\u{200b}city\n1,Ana,\n", "to|First Name|city\n2:1|Ana|");
}

#[test]
fn what_is_blank_is_a_row_but_no_damage() {
    check("to,name\n\n\r\n1,Ana\n\n", "to|name\n2:|\n3:|\n4:1|Ana\n5:|");
    check("to,name\n,\n,,,,\n  \n\"\",\u{a0}\n", "to|name\n2:|\n3:|\n4:|\n5:|");
    check("to\n\n1\n,,\n", "to\n2:\n3:1\n4:");
    check("\n \n,,\nto,name\n1,Ana\n", "to|name\n5:1|Ana");
    check("to,name\n1,Ana,\n2,Bo,, ,\n", "to|name\n2:1|Ana\n3:2|Bo");
    check("to,name,,,\n1,Ana,,,\n2,Bo\n3,Cy,,,,,\n,,,,\n", "to|name\n2:1|Ana\n3:2|Bo\n4:3|Cy\n5:|");
    check(",to,,name,\n,1,,Ana,\n,2,,Bo\n", "to|name\n2:1|Ana\n3:2|Bo");
    let reader = open(&csv(), b",to,,name,\n").unwrap();
    assert_eq!(reader.nameless(), 3);
}

#[test]
fn a_value_in_a_column_without_a_name_is_an_error() {
    let error = "unreadable-row: this row has a value in column";
    check("to,name,\n1,Ana,\n2,Bo,x\n", &format!("to|name\n2:1|Ana\n{error} 3, which has no name @3"));
    check("to,,name\n1,Kos, Ana\n", &format!("to|name\n{error} 2, which has no name @2"));
    check("to,name,,\n1,a,,b\n", &format!("to|name\n{error} 4, which has no name @2"));
}

#[test]
fn csv_rows_that_cannot_be_read_do_not_end_the_reading() {
    let check = |text: &[u8], expect: &str| {
        let text = [b"to,name\n", text, "900001,Žoe\n".as_bytes()].concat();
        let lines = text.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(read(&text), format!("to|name\n{expect}\n{lines}:900001|Žoe"));
    };
    check(b"100001\n", "2: it has 1 cell, and the header has 2: the line is cut, or broken in two <100001>");
    check(b"100001,2,3\n", "2: it has 3 cells, and the header has 2: a text with `,` in it needs quotes <100001>");
    check(b"100001,\xff\n", "2: it is not UTF-8 <100001>");
    check(b"100001,a\0b\n", "2: it holds a NUL character <100001>");
    check(b"100001,a\rb\n", "2: it holds a bare carriage return <100001>");
    check(b"100001,\"a\"b\n", "2: a text goes on after its closing quote <100001>");
    let backslash = "a text goes on after its closing quote: a quote inside is written twice, without a backslash";
    check(b"100001,\"a \\\"b\\\" c\"\n", &format!("2: {backslash} <100001>"));
    check(b"\xff,\"a\"b\n", "2: it is not UTF-8");
    let long = [b"100001,", "x".repeat(65_537).as_bytes(), b"\n"].concat();
    check(&long, "2: a cell is larger than 64 KiB [name] <100001>");
    let long = [b"100001,\"", "x\n".repeat(600_000).as_bytes(), b"\"\n"].concat();
    check(&long, "2-600002: it is larger than 1 MiB <100001>");
    let long = [b"100001", ",".repeat(1_048_576).as_bytes(), b"\n"].concat();
    check(&long, "2: it is larger than 1 MiB <100001>");
}

#[test]
fn csv_that_cannot_be_used_is_refused() {
    check("", "bad-header: the file is empty");
    check("\u{feff}", "bad-header: the file is empty");
    check("\n,,\n \n", "bad-header: the file is empty");
    check("to,name, to\n", "bad-header: two columns are called `to` @1");
    check("\nto,to\n", "bad-header: two columns are called `to` @2");
    check("to,name\r1,Ana\r", "bad-header: the header holds a bare carriage return @1");
    check("to,\"name\n1,Ana\n", "bad-header: a quote in the header is never closed @1");
    check("to,\"a\"b\n", "bad-header: the header cannot be read: a text goes on after its closing quote @1");
    let row = "bad-header: the header goes on over several lines, and one of them looks like a row @1";
    check("to,\"name\n100001,Ana\n100002,\"Bo\n", row);
    check("x".repeat(2_000_000), "bad-header: the header is larger than 1 MiB @1");
    let wide: String = (0..1001).map(|column| format!("c{column},")).collect();
    check(wide + "to\n", "bad-header: an audience has 1 to 1000 columns, and here are 1002 @1");
    check("100001,Ana\n", "bad-header: the first line holds no column names: column 1 is a long number @1");
    let unclosed = "unreadable-row: a quote in this row is never closed";
    check("to,name\n1,Ana\n2,\"Bo\n3,Cy\n", &format!("to|name\n2:1|Ana\n{unclosed} @3"));
    let long = ["to,name\n1,\"", &"x\n".repeat(600_000)].concat();
    check(long, &format!("to|name\n{unclosed} @2"));
}

#[test]
fn a_row_that_stands_inside_another_one_is_an_error() {
    let check = |audience: &Audience, text: &str, rows: &str, line: u64, lines: &str, other: u64| {
        let error = format!(
            "unreadable-row: the row at line {line} spans {lines}, and line {other} looks like a row of its own @{line}"
        );
        assert_eq!(read_as(audience, text.as_bytes()), format!("{rows}{error}"), "{text}");
    };
    let (plain, one) = (&csv(), "to|name\n2:100001|Ana\n");
    let before = "to,name\n100001,Ana\n";
    // Readable, and not: the quote that closes it may stand anywhere.
    check(plain, &format!("{before}100002,\"Bo\n100003,Cy\n100004,\"\n"), one, 3, "3 lines", 4);
    check(plain, &format!("{before}100002,\"Bo\n100003,Cy\n100004,5\" wide\n100005,Di\n"), one, 3, "3 lines", 4);
    check(plain, &format!("{before}100002,\"Bo\n100003,\"Cy\"\n"), one, 3, "2 lines", 4);
    check(plain, &format!("{before}100002,\"Bo\r\n'100003,Cy\r\n=\"100004\",x\r\n"), one, 3, "3 lines", 4);
    check(plain, &format!("{before}100002,\"a note\n100003\",x\n"), one, 3, "2 lines", 4);
    // Every row is in quotes, and one lacks its last.
    let quoted = "\"to\",\"name\"\n\"100001\",\"Ana\"\n\"100002\",\"Bo\n\"100003\",\"Cy\"\n";
    check(plain, quoted, one, 3, "2 lines", 4);
    // The id is not first, and what is before it may hold a quote of its own.
    let last = "name;to\n\"Ana;100001\n\"Bo;100002\n";
    check(plain, last, "name|to\n", 2, "2 lines", 3);
    check(plain, "to\n\"100001\n100002\"\n", "to\n", 2, "2 lines", 3);
    // It is so large that it is passed over.
    let large = format!("to,name\n1,\"{}\n100003,Cy\n\"\n", "x".repeat(2_000_000));
    check(plain, &large, "to|name\n", 2, "3 lines", 3);
    let large = format!("to,name\n1,\"x\n100003,{}\n\"\n", "y".repeat(3_000_000));
    check(plain, &large, "to|name\n", 2, "3 lines", 3);
    let large = format!("to,name\n1,\"{}100003,Cy\n\"\n", "x\n".repeat(1_000_000));
    check(plain, &large, "to|name\n", 2, "1,000,002 lines", 1_000_002);
    // Where nearly every text is an id, a row has as many cells as the header.
    let any = Audience { ids: IdRule::Any, ..csv() };
    check(&any, "to,name\nana,\"A\nbo,B\ncy,\"\n", "to|name\n", 2, "3 lines", 3);
}

#[test]
fn every_cell_has_one_form_wherever_it_comes_from() {
    let plain = "to|name\n2:17|Ana\n3:+17|’t\n4:ana|'t Hooft";
    check("to,name\n '17 ,\"=\"\"Ana\"\"\"\n\"=\"\"+17\"\"\",’t\u{a0}\n'ana,'t Hooft\u{200b}\n", plain);
    check("\"=\"\"to\"\"\",\"=\"\"name\"\"\"\n17,Ana\n+17,’t\nana,'t Hooft\n", plain);
    let lines = "{\"to\":\" '17\",\"name\":\"=\\\"Ana\\\"\"}\n{\"to\":\"+17\",\"name\":\"’t \"}\n{\"to\":\"'ana\",\"name\":\"'t Hooft\"}\n";
    let found = read_as(&ndjson(), lines.as_bytes());
    assert_eq!(found, "to|name\n1:17|Ana\n2:+17|’t\n3:ana|'t Hooft");
}

#[test]
fn texts_over_several_lines_stay_fine() {
    check("to,note\n1,\"10000 Zagreb\nCroatia\n\"\n", "to|note\n2-4:1|10000 Zagreb\nCroatia");
    check("to,note\n1,\"Call:\n385911234567\"\n", "to|note\n2-3:1|Call:\n385911234567");
    check("note,to\n\"a,\nb, c\",1\n", "note|to\n2-3:a,\nb, c|1");
    // Numbers that are no ids of this file begin a line here and there.
    let id = "17841400000000001";
    for text in ["100000, Zagreb\nHR", "orders:\n20261201, paid", "call\n385911234567, or mail"] {
        check(
            format!("to,plan,note\n{id},P5,\"{text}\"\n"),
            &format!("to|plan|note\n2-{}:{id}|P5|{text}", 1 + text.lines().count()),
        );
        check(format!("to,note\n{id},\"{text}\"\n"), &format!("to|note\n2-{}:{id}|{text}", 1 + text.lines().count()));
    }
    let any = Audience { ids: IdRule::Any, ..csv() };
    assert_eq!(read_as(&any, b"to,note\n1,\"a\nb\"\n"), "to|note\n2-3:1|a\nb");
}

#[test]
fn a_row_behind_a_carriage_return_is_no_less_swallowed() {
    let error =
        "unreadable-row: this row holds a carriage return, and what stands behind it looks like a row of its own";
    check("to,name\n100001,Ana\r100002,Bo\r100003,Cy\n", &format!("to|name\n{error} @2"));
    check("to,name\n100001,\"Ana\r100002,Bo\"\n", &format!("to|name\n{error} @2"));
    check("to,name\n100001,\"Ana\"x\r100002,Bo\n", &format!("to|name\n{error} @2"));
    let large = format!("to,name\n{}\n", "100001,Ana\r".repeat(200_000));
    check(large, &format!("to|name\n{error} @2"));
    check("to,name\n100001,\"a\rb\"\n", "to|name\n2:100001|a\rb");
}

#[test]
fn a_file_that_ends_within_a_row_is_noticed() {
    let cut = |audience: &Audience, text: &str| {
        let mut rows = Vec::new();
        open(audience, text.as_bytes()).unwrap().read(&mut rows, 10).unwrap();
        rows.iter().map(|row| row.unterminated).collect::<Vec<_>>()
    };
    assert_eq!(cut(&csv(), "to,name\n1,Ana\n2,Bo\n"), [false, false]);
    assert_eq!(cut(&csv(), "to,name\n1,Ana\n2,B"), [false, true]);
    assert_eq!(cut(&csv(), "to,name\n1,Ana\n2"), [false, true]);
    assert_eq!(cut(&csv(), "to,name\r\n1,Ana\r\n2,Bo\r"), [false, false]);
    assert_eq!(cut(&csv(), "to,name\n1,\"a\nb\""), [true]);
    assert_eq!(cut(&ndjson(), "{\"to\":\"1\"}\n{\"to\":\"2\"}\n"), [false, false]);
    assert_eq!(cut(&ndjson(), "{\"to\":\"1\"}\n{\"to\":\"2"), [false, true]);
}

#[test]
fn what_stands_between_the_columns_is_found() {
    let check = |text: &str, dialect: &str, expect: &str| {
        check(text, expect);
        assert_eq!(open(&csv(), text.as_bytes()).unwrap().dialect().to_string(), dialect, "{text}");
    };
    check("to,name\n1,a;b\n", "CSV with `,`, UTF-8", "to|name\n2:1|a;b");
    check("to;name;spent\r\n1;Ana;12,50\r\n", "CSV with `;`, UTF-8", "to|name|spent\n2:1|Ana|12,50");
    check("to\tname\n1\tA, B\n", "CSV with tabs, UTF-8", "to|name\n2:1|A, B");
    check("to|name\n1|Ana\n", "CSV with `|`, UTF-8", "to|name\n2:1|Ana");
    check("to\n1\n", "CSV of one column, UTF-8", "to\n2:1");
    check("to;\"name, first\"\n1;Ana\n", "CSV with `;`, UTF-8", "to|name, first\n2:1|Ana");
    check("\"a;b\",to\n1,2\n", "CSV with `,`, UTF-8", "a;b|to\n2:1|2");
    check("to;name, first\n1;Ana\n", "CSV with `;`, UTF-8", "to|name, first\n2:1|Ana");
    check("name|x,to\n1|2,3\n", "CSV with `,`, UTF-8", "name|x|to\n2:1|2|3");
    check("sep=;\r\nto;name\r\n1;a,b\r\n", "CSV with `;`, UTF-8", "to|name\n3:1|a,b");
    check("\u{feff}\"sep=,\"\nto,name\n1,Ana\n", "CSV with `,`, UTF-8", "to|name\n3:1|Ana");
    check("sep=^\nto^name\n1^Ana\n", "CSV with `^`, UTF-8", "to|name\n3:1|Ana");
    check("\"sep=;\",,\r\nto,name,city\r\n1,Ana,Split\r\n", "CSV with `,`, UTF-8", "to|name|city\n3:1|Ana|Split");
    check("sep=;\n\nto;name\n1;Ana\n", "CSV with `;`, UTF-8", "to|name\n4:1|Ana");
    check("to;a\n1;\"x\ny\"\n2;b\n", "CSV with `;`, UTF-8", "to|a\n2-3:1|x\ny\n4:2|b");
}

#[test]
fn what_stands_between_the_columns_may_be_said() {
    let check = |delimiter: char, text: &str, expect: &str| {
        let audience = csv_with(Some(u8::try_from(delimiter).unwrap()), None);
        assert_eq!(read_as(&audience, text.as_bytes()), expect, "{text}");
    };
    check(',', "to,name;x\n1,a;b\n", "to|name;x\n2:1|a;b");
    check(':', "to:name\n1:Ana\n", "to|name\n2:1|Ana");
    check(';', "sep=;\nto;name\n1;Ana\n", "to|name\n3:1|Ana");
    let error = "bad-header: by its first line `;` stands between the columns, by `delimiter` a tab @1";
    check('\t', "sep=;\nto;name\n1;Ana\n", error);
    check(',', "to;name\n1;Ana\n", "bad-header: `;` stands between the columns, not `,` @1");
}

#[test]
fn what_the_header_leaves_open_is_asked() {
    let error = "bad-header: `,` and `;` may stand between the columns: there is a column `to` either way @1";
    check("to,a;to\n1,b;2\n", error);
    let error = "bad-header: the header has no column `to`, whichever of `,` and `;` stands between its columns @1";
    check("id,name;x\n1,b;2\n", error);
    let several = "bad-header: the header has one column, and the rows have several, with `;` between them @1";
    check("to\n100001;Ana\n\n100002;Bo,x\n", several);
    check("to\n100001,\n100002,\n", "to\n2:100001\n3:100002");
    check("to\n100001\n100002;Bo\n", "to\n2:100001\n3:100002;Bo");
    let single = "bad-header: the names of the columns stand in single quotes: CSV takes double ones @1";
    check("'to','name'\n'1','Ana'\n", single);
    let error = "bad-header: the whole header stands in one pair of quotes @1";
    check("\"to,name\"\n\"100001,Ana\"\n", error);
}

#[test]
fn a_title_is_no_header() {
    let title = "Customers,,\nExported 2026-11-30,,\n,,\nto,name,city\n100001,Ana,Split\n";
    check(title, "bad-header: line 1 is no header: line 4 has the column `to` @1");
    let title = "\nCustomers; all, 2026\nto;name\n";
    check(title, "bad-header: line 2 is no header: line 3 has the column `to` @2");
    check("Customers\nto\tname\n1\tAna\n", "bad-header: line 1 is no header: line 2 has the column `to` @1");
    check("id,name\n1,Ana\n", "id|name\n2:1|Ana");
}

#[test]
fn a_file_of_another_encoding_is_one_error() {
    let error = |text: &[u8]| {
        let mut rows = Vec::new();
        let found = open(&csv(), text).and_then(|mut reader| reader.read(&mut rows, 100));
        let found = found.unwrap_err();
        (said(&found), found.help.unwrap_or_default())
    };
    let remedy = |name: &str| {
        format!(
            "it is probably {name}: write `encoding: {name}` under the audience, or save the file in UTF-8 (in Excel, as \
             \"CSV UTF-8\")"
        )
    };
    let (said, help) = error(b"to,name\n1,Ana\n2,Zo\xeb\n3,Bo\n4,Jos\xe9\n5,10 \x96 20\n");
    assert_eq!(said, "encoding: the file is not UTF-8: 3 rows hold other bytes, this one first @3");
    assert_eq!(help, remedy("windows-1252"));
    let (said, help) = error(b"to,name\n1,Zo\xeb\n");
    assert_eq!(said, "encoding: the file is not UTF-8: one of its rows holds other bytes @2");
    assert_eq!(help, remedy("windows-1252"));
    let (said, _) = error(b"to,n\xe9e\n1,a\n");
    assert_eq!(said, "encoding: the file is not UTF-8: its header holds other bytes @1");
    let (_, help) = error("to,имя\n1,Анна\n2,Пётр\n".encode_utf16().map(|_| 0xe0).collect::<Vec<u8>>().as_slice());
    assert!(help.contains("encoding:"), "{help}");
    let cyrillic = encoding_rs::WINDOWS_1251.encode("to,name\n1,Анна Петровна\n2,Пётр Иванович\n").0.into_owned();
    assert_eq!(error(&cyrillic).1, remedy("windows-1251"));
    let utf16 = "write `encoding: utf-16` under the audience, or save the file in UTF-8 (in Excel, as \"CSV UTF-8\")";
    for utf16_file in
        [&b"\xff\xfet\0o\0\n\x001\0\n\0"[..], b"\xfe\xff\0t\0o\0\n", b"t\0o\0\n\x001\0", b"\0t\0o\0\n\x001"]
    {
        assert_eq!(error(utf16_file), ("encoding: the file is UTF-16, not UTF-8".to_owned(), utf16.to_owned()));
    }
}

#[test]
fn a_file_of_two_encodings_has_damaged_rows() {
    let damaged = "it is not UTF-8";
    check(b"to,name\n1,Zo\xc3\xab\n2,Zo\xeb\n", &format!("to|name\n2:1|Zoë\n3: {damaged} <2>"));
    check(b"to,name\n1,Zo\xeb\n2,Zo\xc3\xab\n", &format!("to|name\n2: {damaged} <1>\n3:2|Zoë"));
    check(b"to,ime\xc3\xab\n1,Zo\xeb\n", &format!("to|imeë\n2: {damaged} <1>"));
    check(b"\xef\xbb\xbfto,name\n1,Zo\xeb\n", &format!("to|name\n2: {damaged} <1>"));
}

#[test]
fn an_encoding_may_be_said() {
    let check = |encoding: &str, bytes: &[u8], expect: &str| {
        assert_eq!(read_as(&csv_with(None, Some(encoding)), bytes), expect, "{encoding}");
    };
    check("windows-1252", b"to;name\r\n1;Zo\xeb\r\n2;10 \x96 20\r\n", "to|name\n2:1|Zoë\n3:2|10 – 20");
    check("windows-1250", b"to,name\n1,\x8eeljko\n", "to|name\n2:1|Željko");
    check("utf-16le", b"\xff\xfet\0o\0\n\x001\0\n\0", "to\n2:1");
    check("utf-16le", b"t\0o\0\n\x001\0\n\0", "to\n2:1");
    // The mark, or the bytes, say which half comes first.
    check("utf-16le", b"\xfe\xff\0t\0o\0\n\x001", "to\n2:1");
    check("utf-16le", b"\0t\0o\0\n\x001", "to\n2:1");
    check("windows-1252", "\u{feff}to,name\n1,Zoë\n".as_bytes(), "to|name\n2:1|Zoë");
    check("utf-8", "to,name\n1,Zoë\n".as_bytes(), "to|name\n2:1|Zoë");
    check("windows-1252", "to,name\n1,Zoë\n".as_bytes(), "encoding: the file is UTF-8, not windows-1252");
    check("utf-16le", b"to,name\n1,Ana\n", "encoding: the file is UTF-8, not UTF-16LE");
    check("windows-1252", b"to,name\n1,Ana\n", "to|name\n2:1|Ana");
    let lost = "encoding: this row holds bytes that are no Shift_JIS @3";
    check("shift_jis", b"to,name\n1,Ana\n2,\x81\n", &format!("to|name\n2:1|Ana\n{lost}"));
    let reader = open(&csv_with(None, Some("windows-1252")), b"to;name\n").unwrap();
    assert_eq!(reader.dialect().to_string(), "CSV with `;`, windows-1252");
}

#[test]
fn ndjson_holds_texts_numbers_and_truth_values() {
    let check = |text: &str, expect: &str| assert_eq!(read_as(&ndjson(), text.as_bytes()), expect, "{text}");
    check(
        "{\"to\":\"1\",\"name\":\"Ana\"}\n\n{\"name\":\"B\\u006f\\r\\n\",\"to\":\"2\"}\r\n",
        "to|name\n1:1|Ana\n2:|\n3:2|Bo",
    );
    check("\u{feff}{\"to\":\"1\"}\n{}\n{\"to\":null}", "to\n1:1\n2:\n3:");
    check("\n \n{\"to\":\"1\"}\n", "to\n3:1");
    check(
        "{\"to\":\"1\",\"x\":12.50}\n{\"to\":\"2\",\"x\":1e3}\n{\"to\":\"3\",\"x\":true}\n{\"to\":\"4\",\"x\":-0}\n",
        "to|x\n1:1|12.50\n2:2|1e3\n3:3|true\n4:4|-0",
    );
    check("{\"to\":17841400000000001}\n{\"to\":\"1\"}", "to\n1:17841400000000001\n2:1");
    let rounded = "the value is a number that was rounded, or could be: write it as a text, in quotes [to]";
    check("{\"to\":1e3}\n{\"to\":-1}\n", &format!("to\n1: {rounded} <1e3>\n2: {rounded} <-1>"));
    check("{\"to\":true}", "to\n1: the value is true or false: write the id as a text, in quotes [to]");
    let nested = "write it as a text, in quotes";
    check(
        "{\"to\":\"1\",\"x\":[1,[2]]}\n{\"x\":{\"a\":1},\"to\":\"2\"}\n",
        &format!("to|x\n1: the value is a list: {nested} [x] <1>\n2: the value is an object: {nested} [x] <2>"),
    );
    check("{\"to\":\"1\"}\n{\"to\":\"2\",\"to\":\"3\"}\n", "to\n1:1\n2: a key occurs twice in it [to] <2>");
    check("{\"to\":\"1\"}\n{\"to\":\n", "to\n1:1\n2: it ends in the middle of the object");
    check(
        "{\"to\":\"1\"}\n[\"2\"]\n{\"to\":\"2\"} x\n",
        "to\n1:1\n2: it is not a JSON object\n3: something follows the object <2>",
    );
    check("{\"to\":\"1\"}\n{\"to\":\"a\\u0000\"}\n", "to\n1:1\n2: it holds a NUL character [to] <a\0>");
    check("{\"to\":\"1\",\"x\":\"\\ud83d\"}\n", "to|x\n1: the value holds half of a character [x] <1>");
    check("{\"First\u{a0}Name\":\"A\",\"to\":\"1\"}\n{\"First Name\":\"B\"}\n", "First Name|to\n1:A|1\n2:B|");
    let long = format!("{{\"to\":\"1\"}}\n{{\"to\":\"2\",\"x\":\"{}\"}}\n{{\"to\":\"3\"}}", "x".repeat(3_000_000));
    check(&long, "to\n1:1\n2: it is larger than 1 MiB <2>\n3:3");
    let deep = format!("{{\"to\":\"1\"}}\n{{\"to\":{}\n", "[".repeat(100_000));
    check(&deep, "to\n1:1\n2: it ends in the middle of the object");
}

#[test]
fn ndjson_that_cannot_be_used_is_refused() {
    let check = |text: &str, expect: &str| assert_eq!(read_as(&ndjson(), text.as_bytes()), expect, "{text}");
    check("", "bad-header: the file is empty");
    check("\n\n", "bad-header: the file is empty");
    check("nope", "bad-header: it is not a JSON object @1");
    check("{}", "bad-header: an audience has 1 to 1000 columns, and here are 0 @1");
    check("{\"to\":\"1\",\"to\":\"2\"}", "bad-header: two columns are called `to` @1");
    check("[{\"to\":\"1\"}]", "wrong-format: the file is a JSON array, not NDJSON");
    let several = "unreadable-row: this line holds several objects";
    check("{\"to\":\"1\"}\n{\"to\":\"2\"}{\"to\":\"3\"}\n", &format!("to\n1:1\n{several} @2"));
    check("{\"to\":\"2\"}\r{\"to\":\"3\"}\r", &format!("{several} @1"));
}

#[test]
fn keys_that_an_export_leaves_out_are_columns_too() {
    let check = |text: &str, expect: &str| assert_eq!(read_as(&ndjson(), text.as_bytes()), expect, "{text}");
    check("{\"to\":\"1\"}\n{\"to\":\"2\",\"name\":\"Bo\"}\n", "to|name\n1:1|\n2:2|Bo");
    let late = |key: &str| format!("{}{{\"to\":\"2\",\"{key}\":\"x\"}}\n", "{\"to\":\"1\"}\n".repeat(1000));
    let last = |key: &str| read_as(&ndjson(), late(key).as_bytes()).lines().last().map(str::to_owned).unwrap();
    assert_eq!(last("city"), "1001: it has the key `city`, which none of the first 1,000 lines has <2>");
    assert_eq!(last("ana@example.com"), "1001: it has a key that none of the first 1,000 lines has <2>");
    check("{\"to\":\"1\"}\n{\"100001\":\"2\"}\n", "to\n1:1\n2: it has a key that none of the first 1,000 lines has");
}

#[test]
fn inline_rows_keep_their_lines() {
    let source = AudienceSource::Rows {
        file: "a.yaml".to_owned(),
        header: vec!["to".to_owned(), "name".to_owned()],
        rows: vec![(7, vec!["1".to_owned(), "Ana".to_owned()]), (9, vec!["2".to_owned()])],
    };
    let mut reader = AudienceReader::open(&audience(source), &InMemory::default()).unwrap();
    let mut rows = Vec::new();
    assert_eq!(reader.read(&mut rows, 10), Ok(2));
    assert_eq!(rows.iter().map(show).collect::<Vec<_>>(), ["7:1|Ana", "9: it has 1 cell, and there are 2 columns <2>"]);
    reader.seek(rows[1].at).unwrap();
    assert_eq!(reader.read(&mut rows, 10), Ok(1));
    assert_eq!(reader.read(&mut rows, 10), Ok(0));
    assert_eq!(rows.len(), 0);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let found = AudienceReader::open(&csv(), &InMemory::default());
    let found = found.map(|_| ()).map_err(|diagnostic| (diagnostic.code, diagnostic.message));
    assert_eq!(found, Err((Code::FileMissing, "`a.csv`: there is no such file".to_owned())));
}
