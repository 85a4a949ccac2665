//! What a file is by its first bytes, if it is not what its name says: told once, with what to do,
//! instead of as a hundred broken rows.

use serde::de::IgnoredAny;

use crate::diagnostic::{Code, Diagnostic, Place};

/// What a file is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileFormat {
    /// CSV.
    Csv,
    /// A JSON object a line.
    Ndjson,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nature {
    /// In words, with an article.
    pub what: &'static str,
    /// What to do about it.
    pub help: &'static str,
}

impl Nature {
    /// Says so.
    pub(super) fn diagnostic(self, path: &str, format: FileFormat) -> Diagnostic {
        let wanted = match format {
            FileFormat::Csv => "CSV",
            FileFormat::Ndjson => "NDJSON",
        };
        if self.what == GZIP && path.to_ascii_lowercase().ends_with(".gz") {
            let message = "the file is compressed twice";
            let help = "unpack it once, or twice without `.gz` in its name";
            return Diagnostic::error(Code::WrongFormat, message, Place::File(path.to_owned())).help(help);
        }
        let message = format!("the file is {}, not {wanted}", self.what);
        Diagnostic::error(Code::WrongFormat, message, Place::File(path.to_owned())).help(self.help)
    }
}

const GZIP: &str = "compressed with gzip";
const SHEET: &str = "save the sheet as \"CSV UTF-8\", and name that file";
const EXPORT: &str = "export the people as CSV";
const ENCRYPTED: &str = "decrypt it first";
const UNPACK: &str = "unpack it, and name the file in it; of compressed files, `.gz` and `.zst` are read as they are";
const POINTER: &str = "the content is not here: fetch it with `git lfs pull`; in CI, check out with LFS";

/// How a file begins, what it then is, and what to do.
type Mark = (&'static [u8], &'static str, &'static str);

/// Beginnings of files that are no text.
const BINARIES: &[Mark] = &[
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook", SHEET),
    (b"\x1f\x8b", GZIP, "end its name in `.gz`, or unpack it"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard", "end its name in `.zst`, or unpack it"),
    (b"BZh", "compressed with bzip2", UNPACK),
    (b"\xfd7zXZ\0", "compressed with xz", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (b"%PDF-", "a PDF document", EXPORT),
    (b"{\\rtf", "an RTF document", EXPORT),
    (b"SQLite format 3\0", "an SQLite database", EXPORT),
    (b"PGDMP", "a dump of PostgreSQL", EXPORT),
    (b"PAR1", "a Parquet file", EXPORT),
    (b"ARROW1", "an Arrow file", EXPORT),
    (b"Obj\x01", "an Avro file", EXPORT),
    (b"ORC", "an ORC file", EXPORT),
    (b"\x89PNG\r\n", "a picture", EXPORT),
    (b"\xff\xd8\xff", "a picture", EXPORT),
    (b"\xff\xfe\0\0", "UTF-32", "save the file in UTF-8"),
    (b"\0\0\xfe\xff", "UTF-32", "save the file in UTF-8"),
    (b"\0GITCRYPT\0", "encrypted by git-crypt", "unlock the repository with `git-crypt unlock`"),
    (b"Salted__", "encrypted", ENCRYPTED),
];

/// Beginnings of texts that stand for something else.
const TEXTS: &[Mark] = &[
    (b"version https://git-lfs", "a Git LFS pointer", POINTER),
    (b"/annex/objects/", "a git-annex pointer", "the content is not here: fetch it with `git annex get`"),
    (b"<<<<<<< ", "in the middle of a merge", "settle the conflict that git has left in it"),
    (b"age-encryption.org/", "encrypted", ENCRYPTED),
    (b"-----BEGIN ", "encrypted or signed", ENCRYPTED),
    (b"BEGIN:VCARD", "a vCard file", EXPORT),
    (b"[InternetShortcut]", "a link to a web page", EXPORT),
    (b"INSERT INTO ", "SQL", EXPORT),
    (b"CREATE TABLE ", "SQL", EXPORT),
    (b"-- ", "SQL", EXPORT),
];

/// Beginnings of archives that hold documents: what their first bytes hold too.
const ARCHIVES: &[Mark] = &[
    (b"opendocument.spreadsheet", "an OpenDocument sheet", SHEET),
    (b".iwa", "a Numbers document", SHEET),
    (b"xl/", "an Excel workbook", SHEET),
    (b"[Content_Types].xml", "an Excel workbook", SHEET),
];

/// Tells a file that is surely no text of people, whatever its encoding.
pub(crate) fn binary(first: &[u8]) -> Option<Nature> {
    if first.starts_with(b"PK\x03\x04") || first.starts_with(b"PK\x05\x06") {
        let inside = ARCHIVES.iter().find(|(mark, ..)| holds(first, mark));
        return Some(inside.map_or(Nature { what: "a ZIP archive", help: UNPACK }, nature));
    }
    let found = BINARIES.iter().find(|(mark, ..)| first.starts_with(mark))?;
    // `ORC` and the like may begin a header too.
    let is_word = found.0.iter().all(u8::is_ascii_alphanumeric);
    let is_text = is_word && !first.iter().take(64).any(|byte| *byte == 0 || *byte >= 0x80);
    (!is_text).then(|| nature(found))
}

/// Tells a text that is of another format than the one it is read as.
pub(crate) fn text(first: &[u8], format: FileFormat) -> Option<Nature> {
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first).trim_ascii_start();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if line.contains(&0) {
        return Some(Nature { what: "binary data", help: EXPORT });
    }
    foreign(text).or_else(|| json(text, line, format))
}

/// Whether a file is surely no table, whatever its name.
pub(crate) fn is_foreign(first: &[u8]) -> bool {
    binary(first).is_some() || foreign(first).is_some()
}

fn foreign(text: &[u8]) -> Option<Nature> {
    TEXTS.iter().find(|(mark, ..)| text.starts_with(mark)).map(nature).or_else(|| markup(text))
}

fn markup(text: &[u8]) -> Option<Nature> {
    let tag = text.strip_prefix(b"<")?;
    let is_tag = tag.first().is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'!' | b'?'));
    if !is_tag || !text.iter().take(1024).any(|byte| *byte == b'>') {
        return None;
    }
    let start = text.get(..text.len().min(2048)).unwrap_or_default().to_ascii_lowercase();
    Some(if holds(&start, b"office:spreadsheet") {
        Nature { what: "an Excel sheet in XML", help: SHEET }
    } else if [b"<html".as_slice(), b"doctype html", b"<head", b"<body", b"<table"]
        .iter()
        .any(|mark| holds(&start, mark))
    {
        Nature {
            what: "a web page",
            help: "a download has probably stored a login or an error page: look into the file, and download it again",
        }
    } else {
        Nature { what: "XML", help: "a download may have stored an error: look into the file, and export CSV" }
    })
}

fn json(text: &[u8], line: &[u8], format: FileFormat) -> Option<Nature> {
    let mut visible = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace());
    let (first, second) = (visible.next()?, visible.next());
    match (first, second, format) {
        (b'[', Some(b'{' | b'[' | b'"' | b']'), FileFormat::Csv) => Some(Nature {
            what: "a JSON array",
            help: "write one object a line, with `jq -c '.[]'`, and read it with `ndjson`",
        }),
        (b'[', _, FileFormat::Ndjson) => {
            Some(Nature { what: "a JSON array", help: "write one object a line, with `jq -c '.[]'`" })
        }
        (b'{', Some(b'"' | b'}' | b'\''), FileFormat::Csv) if serde_json::from_slice::<IgnoredAny>(line).is_ok() => {
            Some(Nature { what: "NDJSON", help: "write `ndjson` in place of `csv`" })
        }
        (b'{', Some(b'"' | b'}' | b'\''), FileFormat::Csv) => {
            Some(Nature { what: "JSON", help: "write one object a line, with `jq -c`, and read it with `ndjson`" })
        }
        (b'{', _, FileFormat::Ndjson) if line.trim_ascii() == b"{" => Some(Nature {
            what: "JSON over several lines",
            help: "write one object a line: `jq -c .` does, or `jq -c '.[]'` for an array in it",
        }),
        (b'{' | b'"', _, FileFormat::Ndjson) | (_, _, FileFormat::Csv) => None,
        (_, _, FileFormat::Ndjson) if line.iter().any(|byte| matches!(byte, b',' | b';' | b'\t' | b'|')) => {
            Some(Nature { what: "probably CSV", help: "write `csv` in place of `ndjson`" })
        }
        (_, _, FileFormat::Ndjson) => None,
    }
}

const fn nature(mark: &Mark) -> Nature {
    Nature { what: mark.1, help: mark.2 }
}

fn holds(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(bytes: &[u8], format: FileFormat) -> &'static str {
        binary(bytes).or_else(|| text(bytes, format)).map_or("", |nature| nature.what)
    }

    #[test]
    fn a_file_is_known_by_its_first_bytes() {
        let check = |bytes: &[u8], expect: &str| {
            assert_eq!(what(bytes, FileFormat::Csv), expect, "{}", String::from_utf8_lossy(bytes));
        };
        check(b"PK\x03\x04....[Content_Types].xml..xl/workbook.xml", "an Excel workbook");
        check(b"PK\x03\x04..mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "an OpenDocument sheet");
        check(b"PK\x03\x04..Index/Document.iwa", "a Numbers document");
        check(b"PK\x03\x04..people.csv", "a ZIP archive");
        check(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "an old Excel workbook");
        check(b"\x1f\x8b\x08\0", "compressed with gzip");
        check(b"\x28\xb5\x2f\xfd\x04", "compressed with Zstandard");
        check(b"BZh91AY&SY\x8f", "compressed with bzip2");
        check(b"%PDF-1.7\n", "a PDF document");
        check(b"SQLite format 3\0", "an SQLite database");
        check(b"PAR1\x15\x04\x15\0", "a Parquet file");
        check(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "a Git LFS pointer");
        check(b"\xef\xbb\xbfversion https://git-lfs.github.com/spec/v1\r\n", "a Git LFS pointer");
        check(b"<<<<<<< HEAD\nto,name\n", "in the middle of a merge");
        check(b"<!DOCTYPE html>\n<html><body>Sign in", "a web page");
        check(b"\n  <html lang=\"en\">", "a web page");
        check(b"<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>", "XML");
        check(
            b"<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?><Workbook \
            xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">",
            "an Excel sheet in XML",
        );
        check(b"[{\"to\":\"1\"},\n", "a JSON array");
        check(b"[\n  {\n", "a JSON array");
        check(b"{\"to\":\"1\"}\n{\"to\":\"2\"}\n", "NDJSON");
        check(b"{\n  \"people\": [\n", "JSON");
        check(b"-- MySQL dump 10.13\n", "SQL");
        check(b"BEGIN:VCARD\r\nVERSION:3.0\r\n", "a vCard file");
        check(b"t\0,\0o,\n", "binary data");
        for csv in [
            "to,name\n1,Ana\n",
            "",
            "\n\n",
            "[id],[name]\n",
            "{id},x\n",
            "ORC,to\n1,2\n",
            "PAR1;to\n",
            "<3,to\n",
            "BZh\n",
            "Version,to\n",
        ] {
            check(csv.as_bytes(), "");
        }
    }

    #[test]
    fn what_is_no_ndjson_is_known_too() {
        let check = |bytes: &[u8], expect: &str| {
            assert_eq!(what(bytes, FileFormat::Ndjson), expect, "{}", String::from_utf8_lossy(bytes));
        };
        check(b"[\n{\"to\":\"1\"}]", "a JSON array");
        check(b"[]", "a JSON array");
        check(b"{\n\"to\":\"1\"\n}\n", "JSON over several lines");
        check(b"to,name\n1,Ana\n", "probably CSV");
        check(b"to;name\n", "probably CSV");
        check(b"<html>", "a web page");
        for ndjson in ["{\"to\":\"1\"}\n", "{}", "", "{'to': 1}", "nope"] {
            check(ndjson.as_bytes(), "");
        }
    }
}
