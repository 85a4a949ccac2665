//! Noticing that a file is not of the encoding in which it is read.

use std::io;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, MACINTOSH};

use crate::audience::ROW_BYTES_MAX;
use crate::audience::lines::{LineEnd, LineReader};
use crate::diagnostic::words::plural;
use crate::diagnostic::{Code, Diagnostic, Place};

/// Stands where bytes were lost.
const LOST: char = '\u{fffd}';
/// How many bytes an encoding is guessed from.
const SAMPLE_BYTES_MAX: usize = 64 * 1024;

/// Says that a file is not UTF-8, and what it probably is.
pub(super) fn not_utf8(sample: &[u8], what: &str, place: Place) -> Diagnostic {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let guessed = detector.guess(None, Utf8Detection::Deny);
    let diagnostic = Diagnostic::error(Code::Encoding, format!("the file is not UTF-8: {what}"), place);
    let likely = [guessed, MACINTOSH].into_iter().find(|encoding| reads_well(&encoding.decode(sample).0));
    let Some(likely) = likely.map(|encoding| encoding.name().to_lowercase()) else {
        let would_be = others(&guessed.decode(sample).0);
        return diagnostic.help(format!(
            "save the file in UTF-8 (in Excel, as \"CSV UTF-8\"), or name its encoding under the audience, such as \
             `encoding: macintosh`; it is hardly {}, in which its other bytes would be {would_be}",
            guessed.name().to_lowercase()
        ));
    };
    diagnostic.help(format!(
        "it is probably {likely}: write `encoding: {likely}` under the audience, or save the file in UTF-8 (in Excel, as \
         \"CSV UTF-8\")"
    ))
}

/// Whether what was decoded reads as words: no capital letter, sign or mark stands right behind a small
/// letter where another encoding has a letter.
fn reads_well(text: &str) -> bool {
    let mut before = ' ';
    let (mut good, mut bad) = (0_u32, 0_u32);
    for mark in text.chars() {
        let last = std::mem::replace(&mut before, mark);
        if mark.is_ascii() {
            continue;
        }
        let breaks_word =
            last.is_lowercase() && (mark.is_uppercase() || "‚„†‡ˆ‰‹•˜›¢£¤¥¦§¨©ª«¬®¯°±²³´µ¶·¸¹º»¼½¾".contains(mark));
        if mark.is_control() || breaks_word {
            bad += 1;
        } else if mark.is_alphabetic() {
            good += 1;
        }
    }
    bad == 0 || bad * 10 < good
}

/// The characters beyond ASCII of a text, a few of them: they are nobody's.
fn others(text: &str) -> String {
    const SHOWN_MAX: usize = 8;
    let mut seen: Vec<char> = Vec::new();
    for mark in text.chars().filter(|mark| !mark.is_ascii() && !mark.is_control()) {
        if !seen.contains(&mark) && seen.len() < SHOWN_MAX {
            seen.push(mark);
        }
    }
    seen.iter().map(|mark| format!("`{mark}`")).collect::<Vec<_>>().join(", ")
}

/// Watches whether rows are of the encoding that the file is read in.
pub(super) struct EncodingWatch {
    encoding: &'static Encoding,
    /// Whether something in the file is surely UTF-8: characters of several bytes, or its mark.
    surely: bool,
    /// The first row that is not UTF-8: its line, and its byte.
    first: Option<(u64, u64)>,
    rows: u64,
    sample: Vec<u8>,
    /// Whether some rows may not have been read.
    left_out: bool,
}

impl EncodingWatch {
    /// Begins before the first row. Whether something before it is surely UTF-8.
    pub(super) const fn new(encoding: &'static Encoding, surely: bool) -> Self {
        Self { encoding, surely, first: None, rows: 0, sample: Vec::new(), left_out: false }
    }

    /// Takes a row as text; `None` if it is not UTF-8.
    pub(super) fn text<'a>(&mut self, raw: &'a [u8], line: u64, byte: u64) -> Option<&'a str> {
        match str::from_utf8(raw) {
            Ok(text) => {
                self.surely = self.surely || (self.first.is_some() && !text.is_ascii());
                Some(text)
            }
            Err(_) => {
                self.first.get_or_insert((line, byte));
                self.rows += 1;
                if self.sample.len() < SAMPLE_BYTES_MAX {
                    self.sample.extend_from_slice(raw);
                }
                None
            }
        }
    }

    /// Whether bytes of a row were lost when it was decoded.
    pub(super) fn is_lossy(&self, text: &str) -> bool {
        self.encoding != encoding_rs::UTF_8 && text.contains(LOST)
    }

    /// Says that a row holds what the encoding has not.
    pub(super) fn lossy(&self, place: Place) -> Diagnostic {
        let message = format!("this row holds bytes that are no {}", self.encoding.name());
        Diagnostic::error(Code::Encoding, message, place)
            .help("correct `encoding` under the audience, or save the file in UTF-8")
    }

    /// Notes that reading goes on elsewhere.
    pub(super) const fn leave(&mut self) {
        self.left_out = true;
    }

    /// Judges the file when all of its rows were read. If some rows are surely UTF-8, those that are not are
    /// damaged; if none is, the whole file is of another encoding.
    ///
    /// # Errors
    /// If it is; or if it cannot be read again.
    pub(super) fn judge(&mut self, file: &str, lines: &mut LineReader, body: u64) -> io::Result<Option<Diagnostic>> {
        let Some((line, byte)) = self.first.filter(|_| !self.surely && !self.left_out) else { return Ok(None) };
        // Up to the first row that is not, all rows are UTF-8 or too large; were some of them more than ASCII?
        let end = lines.byte();
        lines.seek(body)?;
        let mut raw = Vec::new();
        let mut whole = true;
        while lines.byte() < byte && !self.surely {
            raw.clear();
            let piece = lines.read(&mut raw, ROW_BYTES_MAX)?;
            self.surely = whole && piece != LineEnd::Part && !raw.is_ascii() && str::from_utf8(&raw).is_ok();
            whole = piece != LineEnd::Part;
        }
        lines.seek(end)?;
        if self.surely {
            return Ok(None);
        }
        let what = match self.rows {
            1 => "one of its rows holds other bytes".to_owned(),
            rows => format!("{} hold other bytes, this one first", plural(rows, "row")),
        };
        Ok(Some(not_utf8(&self.sample, &what, Place::Row { file: file.to_owned(), line, column: None })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_named_only_if_words_come_of_it() {
        let help = |sample: &[u8]| not_utf8(sample, "x", Place::File("a.csv".to_owned())).help.unwrap_or_default();
        for (name, sample) in
            [("windows-1252", &b"Jos\xe9,Fran\xe7ois,Zo\xeb"[..]), ("macintosh", b"Jos\x8e,Fran\x8dois,Zo\x91,Ren\x8e")]
        {
            assert!(help(sample).starts_with(&format!("it is probably {name}")), "{name}: {}", help(sample));
        }
        // A code page of DOS, which nothing here reads.
        let dos = help(b"Jos\x82,Fran\x87ois,Zo\x89,Andr\x82,L\x82a");
        assert!(!dos.contains("it is probably windows-1252"), "{dos}");
    }
}
