//! What holds for any bytes: every line is in exactly one row, nobody vanishes in another one's row, and
//! one may go on reading anywhere.

use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::{collection, sample};

use crate::audience::tests::{csv, csv_with, ndjson, open, read_as};
use crate::audience::{AudienceReader, Row};
use crate::diagnostic::Diagnostic;
use crate::wire::cell::plain;

/// All rows, and what ended the reading, if it was no end.
fn all(reader: &mut AudienceReader) -> (Vec<Row>, Option<Diagnostic>) {
    let mut rows = Vec::new();
    let ended = reader.read(&mut rows, usize::MAX).err();
    (rows, ended)
}

/// Pieces of rows, whole and broken, with this between their cells.
fn body(delimiter: char) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => (100_001_u32..100_010).prop_map(move |id| format!("{id}{delimiter}Ana{delimiter}x\n").into_bytes()),
        2 => (100_001_u32..100_010).prop_map(move |id| format!("\"{id}\"{delimiter}\"Ana\"{delimiter}\"x\"\n").into_bytes()),
        2 => (100_001_u32..100_010).prop_map(move |id| format!("{id}{delimiter}").into_bytes()),
        3 => sample::select(vec!["\"", "\"\"", "\n", "\r\n", "\r", " ", "é", "=\"1\""]).prop_map(|text| text.as_bytes().to_vec()),
        1 => sample::select(vec![b",".to_vec(), b";".to_vec(), b"\t".to_vec(), b"|".to_vec()]),
        1 => collection::vec(any::<u8>(), 1..4),
    ];
    collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

fn with_delimiter() -> impl Strategy<Value = (char, Vec<u8>)> {
    sample::select(vec![',', ';', '\t', '|'])
        .prop_flat_map(|delimiter| body(delimiter).prop_map(move |body| (delimiter, body)))
}

/// A cell without the quotes and blanks around it.
fn bare(cell: &str) -> &str {
    cell.trim_matches(|mark: char| mark == '"' || mark.is_ascii_whitespace())
}

/// Says, without the reader's help, whether a line would be a row with an id.
fn id_of(line: &[u8], delimiter: char) -> Option<String> {
    let line = String::from_utf8_lossy(line).into_owned();
    let (cell, _) = line.split_once(delimiter)?;
    let cell = bare(cell);
    let is_id = cell.len() >= 6 && cell.len() <= 20 && cell.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then(|| cell.to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(300), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_line_is_in_exactly_one_row((delimiter, body) in with_delimiter(), bytes in collection::vec(any::<u8>(), 0..60)) {
        let text = [format!("to{delimiter}name{delimiter}note\n").as_bytes(), &body, &bytes].concat();
        let Ok(mut reader) = open(&csv(), &text) else { return Ok(()) };
        let (rows, ended) = all(&mut reader);
        let mut next = 2;
        for row in &rows {
            prop_assert_eq!(row.line, next);
            prop_assert!(row.lines >= 1);
            next += row.lines;
        }
        let lines = text.split_inclusive(|byte| *byte == b'\n').count() as u64;
        if ended.is_none() {
            prop_assert_eq!(next, lines + 1);
            prop_assert!(rows.iter().rev().skip(1).all(|row| !row.unterminated));
        } else {
            prop_assert!(next <= lines + 1);
        }
    }

    #[test]
    fn nobody_vanishes_in_anothers_row((delimiter, body) in with_delimiter()) {
        let text = [format!("to{delimiter}name{delimiter}note\n").as_bytes(), &body].concat();
        let Ok(mut reader) = open(&csv(), &text) else { return Ok(()) };
        let (rows, None) = all(&mut reader) else { return Ok(()) };
        for (line, number) in text.split(|byte| *byte == b'\n').zip(1_u64..).skip(1) {
            let parts: Vec<Option<String>> = line.split(|byte| *byte == b'\r').map(|part| id_of(part, delimiter)).collect();
            prop_assert!(parts.iter().skip(1).all(Option::is_none), "line {number}");
            let Some(Some(id)) = parts.first() else { continue };
            let row = rows.iter().find(|row| row.line == number);
            prop_assert!(row.is_some(), "line {number}");
            let to = row.and_then(|row| match &row.cells {
                Ok(cells) => cells.get(0).map(str::to_owned),
                Err(problem) => problem.to.clone(),
            });
            // What quotes make of an id is another question.
            if !line.contains(&b'"') {
                prop_assert_eq!(to.map(|to| to.trim().to_owned()), Some(id.clone()), "line {}", number);
            }
        }
    }

    #[test]
    fn no_cell_holds_a_line_that_is_a_row((delimiter, body) in with_delimiter()) {
        let text = [format!("to{delimiter}name{delimiter}note\n").as_bytes(), &body].concat();
        let Ok(mut reader) = open(&csv(), &text) else { return Ok(()) };
        let (rows, None) = all(&mut reader) else { return Ok(()) };
        for cell in rows.iter().filter_map(|row| row.cells.as_ref().ok()).flat_map(csv::StringRecord::iter) {
            // What stands before the first line end, and behind the last, is only a part of a line.
            let lines: Vec<&str> = cell.split(['\n', '\r']).collect();
            let inner = lines.get(1..lines.len().saturating_sub(1)).unwrap_or_default();
            prop_assert!(inner.iter().all(|line| id_of(line.as_bytes(), delimiter).is_none()), "{cell:?}");
        }
    }

    #[test]
    fn what_the_csv_crate_writes_is_read_back(
        cells in collection::vec(collection::vec("[a-c\",;\t|\n é]{0,6}", 3), 0..12),
        crlf in any::<bool>(),
        delimiter in sample::select(vec![b',', b';', b'\t', b'|']),
        is_said in any::<bool>(),
    ) {
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer =
            csv::WriterBuilder::new().terminator(terminator).delimiter(delimiter).from_writer(Vec::new());
        writer.write_record(["x", "to", "z"]).unwrap();
        for row in &cells {
            writer.write_record(row).unwrap();
        }
        let audience = csv_with(is_said.then_some(delimiter), None);
        let (rows, ended) = all(&mut open(&audience, &writer.into_inner().unwrap()).unwrap());
        prop_assert_eq!(ended, None);
        let found: Vec<Vec<String>> =
            rows.iter().map(|row| row.cells.as_ref().unwrap().iter().map(str::to_owned).collect()).collect();
        let form = |row: Vec<String>| row.iter().map(|cell| plain(cell).into_owned()).collect::<Vec<_>>();
        prop_assert_eq!(found, cells.into_iter().map(form).collect::<Vec<_>>());
    }

    #[test]
    fn the_encoding_makes_no_difference(
        cells in collection::vec(collection::vec("[a-cšžäö\",;\n ]{0,6}", 2), 0..12),
        encoding in sample::select(vec!["windows-1250", "utf-16le", "utf-16be", "gb18030"]),
        is_marked in any::<bool>(),
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["to", "žä"]).unwrap();
        for row in &cells {
            writer.write_record(row).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let mark = if is_marked && encoding.starts_with("utf") { "\u{feff}" } else { "" };
        let units = mark.encode_utf16().chain(text.encode_utf16());
        let bytes: Vec<u8> = match encoding {
            "utf-16le" => units.flat_map(u16::to_le_bytes).collect(),
            "utf-16be" => units.flat_map(u16::to_be_bytes).collect(),
            other => encoding_rs::Encoding::for_label(other.as_bytes()).unwrap().encode(&text).0.into_owned(),
        };
        let plain = read_as(&csv(), text.as_bytes());
        prop_assert_eq!(read_as(&csv_with(None, Some(encoding)), &bytes), plain);
    }

    #[test]
    fn seeking_finds_the_rows_that_reading_through_finds(
        (delimiter, body) in with_delimiter(),
        order in collection::vec(any::<sample::Index>(), 1..10),
        is_json in any::<bool>(),
    ) {
        let (audience, text) = if is_json {
            let text = String::from_utf8_lossy(&body).replace("Ana", "\n{\"x\":\"2\"}\n");
            (ndjson(), format!("{{\"x\":\"1\"}}\n{text}").into_bytes())
        } else {
            (csv(), [format!("to{delimiter}name{delimiter}note\n").as_bytes(), &body].concat())
        };
        let Ok(mut through) = open(&audience, &text) else { return Ok(()) };
        // What ends the reading; the rows before it stand.
        let (all, ended) = all(&mut through);
        let mut seeking = open(&audience, &text).unwrap();
        let mut rows = Vec::new();
        for index in order.iter().filter(|_| !all.is_empty()) {
            let index = index.index(all.len());
            seeking.seek(all[index].at).unwrap();
            seeking.read(&mut rows, 1).unwrap();
            prop_assert_eq!(&rows, &all[index..=index]);
            if ended.is_none() {
                let mut rest = Vec::new();
                seeking.read(&mut rest, 1000).unwrap();
                prop_assert_eq!(&rest, &all[index + 1..]);
            }
        }
    }

    #[test]
    fn any_bytes_are_rows_or_problems(
        bytes in collection::vec(any::<u8>(), 0..200),
        header in any::<bool>(),
        encoding in sample::select(vec![None, Some("utf-8"), Some("utf-16le"), Some("windows-1252"), Some("gb18030"), Some("iso-2022-jp")]),
        delimiter in sample::select(vec![None, Some(b','), Some(b';'), Some(b'\t'), Some(b'|'), Some(b'=')]),
    ) {
        let bytes = if header { [b"to,name\n".as_slice(), &bytes].concat() } else { bytes };
        assert!(!read_as(&csv_with(delimiter, encoding), &bytes).is_empty());
        assert!(!read_as(&ndjson(), &bytes).is_empty());
    }
}
