//! How a file is written: what stands between its columns, and its encoding. Declared or found, and
//! always shown.

use std::fmt;

/// What may stand between columns without being declared.
pub(super) const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How the file of an audience is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect(pub(super) TableForm);

/// The form of an audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TableForm {
    /// CSV.
    Csv {
        /// What stands between the columns, if there are several.
        delimiter: Option<u8>,
        /// The encoding's name on the web.
        encoding: &'static str,
    },
    /// A JSON object a line.
    Ndjson {
        /// The encoding's name on the web.
        encoding: &'static str,
    },
    /// Rows in the campaign file.
    Rows,
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            TableForm::Csv { delimiter: None, encoding } => write!(f, "CSV of one column, {encoding}"),
            TableForm::Csv { delimiter: Some(b'\t'), encoding } => write!(f, "CSV with tabs, {encoding}"),
            TableForm::Csv { delimiter: Some(delimiter), encoding } => {
                write!(f, "CSV with `{}`, {encoding}", char::from(delimiter))
            }
            TableForm::Ndjson { encoding } => write!(f, "NDJSON, {encoding}"),
            TableForm::Rows => f.write_str("rows of the campaign file"),
        }
    }
}

/// What a first line `sep=;` says to spreadsheets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    /// This stands between the columns.
    Is(u8),
    /// Nothing that can be relied on: the line was taken for a row, and filled up with the delimiters of
    /// another dialect.
    Stale,
}

/// Reads such a line.
pub(super) fn separator(line: &[u8]) -> Option<Separator> {
    let line = str::from_utf8(line).ok()?.trim_end_matches(['\r', '\n']);
    let line = line.strip_prefix('"').unwrap_or(line);
    let rest = line.get(..4).filter(|start| start.eq_ignore_ascii_case("sep=")).and_then(|_| line.get(4..))?;
    let (said, rest) = match rest.strip_prefix("\\t") {
        Some(rest) => (Some(b'\t'), rest),
        None => {
            let said = rest.bytes().next().filter(|byte| *byte != b'"');
            (said, rest.get(usize::from(said.is_some())..)?)
        }
    };
    let filling = rest.strip_prefix('"').unwrap_or(rest).trim_end_matches(' ');
    if !filling.bytes().all(|byte| DELIMITERS.contains(&byte)) {
        return None;
    }
    match said {
        Some(said) if !is_delimiter(said) => None,
        Some(said) if filling.bytes().all(|byte| byte == said) => Some(Separator::Is(said)),
        Some(_) | None => Some(Separator::Stale),
    }
}

fn is_delimiter(byte: u8) -> bool {
    byte == b'\t' || (byte.is_ascii_punctuation() && !matches!(byte, b'"' | b'\''))
}

/// Finds what may stand between the columns of a header: what stands in it outside of quotes.
pub(super) fn found(header: &str) -> Vec<u8> {
    let mut found = Vec::new();
    let (mut start, mut quoted) = (true, false);
    for byte in header.bytes() {
        if quoted {
            quoted = byte != b'"';
            continue;
        }
        quoted = start && byte == b'"';
        start = DELIMITERS.contains(&byte);
        if start && !found.contains(&byte) {
            found.push(byte);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialect_is_said_in_words() {
        let csv = |delimiter, encoding| Dialect(TableForm::Csv { delimiter, encoding }).to_string();
        assert_eq!(csv(Some(b';'), "windows-1252"), "CSV with `;`, windows-1252");
        assert_eq!(csv(Some(b'\t'), "UTF-16LE"), "CSV with tabs, UTF-16LE");
        assert_eq!(csv(None, "UTF-8"), "CSV of one column, UTF-8");
        assert_eq!(Dialect(TableForm::Ndjson { encoding: "UTF-8" }).to_string(), "NDJSON, UTF-8");
    }

    #[test]
    fn a_line_for_spreadsheets_names_the_delimiter() {
        let check = |line: &str, expect: Option<Separator>| assert_eq!(separator(line.as_bytes()), expect, "{line:?}");
        for line in ["sep=;", "sep=;\r\n", "SEP=;\n", "\"sep=;\"\r\n", "\"sep=;\"", "sep=;;;\n", "\"sep=;\";;"] {
            check(line, Some(Separator::Is(b';')));
        }
        check("sep=,\n", Some(Separator::Is(b',')));
        check("sep=\t\n", Some(Separator::Is(b'\t')));
        check("sep=\\t\n", Some(Separator::Is(b'\t')));
        check("sep=|\n", Some(Separator::Is(b'|')));
        check("sep=^\n", Some(Separator::Is(b'^')));
        for line in ["sep=;,,\n", "\"sep=;\",,\r\n", "sep=\n", "\"sep=\"\n"] {
            check(line, Some(Separator::Stale));
        }
        for line in ["", "sep", "separator;to", "sep=x\n", "sep=;to\n", "to,sep=;\n", "sepé"] {
            check(line, None);
        }
    }

    #[test]
    fn delimiters_in_quotes_do_not_count() {
        let check = |header: &str, expect: &[u8]| assert_eq!(found(header), expect, "{header}");
        check("to", b"");
        check("to,name", b",");
        check("to;\"name, first\"", b";");
        check("\"to;id\",\"a|b\"", b",");
        check("to;name, first", b";,");
        check("\"a\"\"b\";c", b";");
        check("5\" wide;to", b";");
        check("a\tb", b"\t");
    }
}
