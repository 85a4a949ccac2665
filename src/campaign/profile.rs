//! The lint of a file's bytes, before any parser sees them. It refuses what two readers, a parser
//! and a person, would not see in the same way: hidden line ends, bidi controls, control characters.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, Source};
use crate::wire::visible::harm;

/// The largest campaign or project file, in bytes.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;

/// The byte order mark, tolerated as the first character of a file only.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// How many findings are shown one by one; a file with more is not a text at all.
const FINDINGS_MAX: usize = 50;

/// Takes the bytes of a file as a text.
///
/// # Errors
/// If the file is larger than [`FILE_BYTES_MAX`], or is not UTF-8: then the diagnostic points at
/// the first byte that is not.
pub fn decode(name: impl Into<String>, bytes: Vec<u8>) -> Result<Arc<Source>, Diagnostic> {
    let name = name.into();
    if bytes.len() > FILE_BYTES_MAX {
        return Err(too_large(bytes.len(), Place::File(name)));
    }
    let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    String::from_utf8(bytes).map(|text| Source::new(name.clone(), text)).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let span = offset..offset + char::REPLACEMENT_CHARACTER.len_utf8();
        let place = Place::Span { source: Source::new(name, text), span };
        let help = if utf16 { "the file looks like UTF-16: save it as UTF-8" } else { "save the file as UTF-8" };
        Diagnostic::error(Code::Encoding, format!("the file is not UTF-8 (byte {offset})"), place).help(help)
    })
}

/// Looks at every character of a file and reports all that are refused.
pub(super) fn lint(source: &Arc<Source>) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    if source.text.len() > FILE_BYTES_MAX {
        diagnostics.push(too_large(source.text.len(), Place::File(source.name.clone())));
        return diagnostics;
    }
    let mut findings = 0;
    let mut characters = source.text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let tolerated = at == 0 && character == BYTE_ORDER_MARK;
        let Some(what) = refused(character, next).filter(|_| !tolerated) else { continue };
        findings += 1;
        if findings <= FINDINGS_MAX {
            diagnostics.push(finding(source, at..at + character.len_utf8(), character, what));
        }
    }
    if findings > FINDINGS_MAX {
        let message = format!("{} more characters of this kind are not shown", findings - FINDINGS_MAX);
        diagnostics.push(Diagnostic::error(Code::ForbiddenCharacter, message, Place::File(source.name.clone())));
    }
    diagnostics
}

/// Names what is wrong with a character inside a text that a parser has unescaped.
pub(super) fn refused_in_text(character: char) -> Option<&'static str> {
    refused(character, None)
}

fn refused(character: char, next: Option<char>) -> Option<&'static str> {
    match character {
        '\n' | '\t' => None,
        '\r' if next == Some('\n') => None,
        '\r' => Some("a carriage return without a line feed"),
        '\u{85}' => Some("a hidden line end"),
        '\u{2028}' => Some("a hidden line separator"),
        '\u{2029}' => Some("a hidden paragraph separator"),
        BYTE_ORDER_MARK => Some("a byte order mark"),
        _ => harm(character),
    }
}

fn finding(source: &Arc<Source>, span: Range<usize>, character: char, what: &str) -> Diagnostic {
    let code = if character == BYTE_ORDER_MARK { Code::Encoding } else { Code::ForbiddenCharacter };
    let message = format!("{what} (U+{:04X}) is not allowed here", u32::from(character));
    let help = match character {
        '\r' => "end lines with LF or CR LF",
        char::REPLACEMENT_CHARACTER => "the file was read in the wrong encoding once: write the letter that was lost",
        _ => "delete the character",
    };
    Diagnostic::error(code, message, Place::Span { source: Arc::clone(source), span }).help(help)
}

fn too_large(bytes: usize, place: Place) -> Diagnostic {
    let message = format!("the file has {bytes} bytes, but at most {FILE_BYTES_MAX} are allowed");
    Diagnostic::error(Code::TooLarge, message, place).help("keep audiences in CSV files and long texts in templates")
}

#[cfg(test)]
mod tests {
    use super::{FILE_BYTES_MAX, decode, lint};
    use crate::diagnostic::{Code, Place, Source};

    fn found(text: &str) -> Vec<(Code, usize)> {
        let place = |place: &Place| match place {
            Place::Span { span, .. } => span.start,
            Place::Row { .. } | Place::File(_) => usize::MAX,
        };
        lint(&Source::new("a.yaml", text)).iter().map(|found| (found.code, place(&found.labels[0].place))).collect()
    }

    #[test]
    fn good_texts_pass() {
        for text in ["", "a: 1\n", "a: 1\r\nb: 2\r\n", "\u{feff}a: 1", "a:\t1 č 👩‍👩‍👧 \u{200f}שלום\n"]
        {
            assert_eq!(found(text), [], "{text:?}");
        }
    }

    #[test]
    fn every_refused_character_is_found_where_it_stands() {
        for hidden in
            ['\u{85}', '\u{2028}', '\u{2029}', '\u{202e}', '\u{2066}', '\0', '\u{1b}', '\u{7f}', '\u{9b}', '\u{fffd}']
        {
            assert_eq!(found(&format!("č: x # {hidden}y")), [(Code::ForbiddenCharacter, 8)], "{hidden:?}");
        }
        assert_eq!(found("a: 1\rb: 2\r\n"), [(Code::ForbiddenCharacter, 4)]);
        assert_eq!(found("a: 1\r"), [(Code::ForbiddenCharacter, 4)]);
        assert_eq!(found("a: \u{feff}"), [(Code::Encoding, 3)]);
        assert_eq!(found("\u{1}\u{2}").len(), 2);
    }

    #[test]
    fn findings_are_bounded() {
        assert_eq!(found(&"\u{1}".repeat(10_000)).len(), 51);
    }

    #[test]
    fn bytes_are_checked_before_they_are_a_text() {
        assert_eq!(decode("a", b"a: 1".to_vec()).unwrap().text, "a: 1");
        let error = decode("a", b"a: \xff\xfe".to_vec()).unwrap_err();
        assert_eq!((error.code, error.message.as_str()), (Code::Encoding, "the file is not UTF-8 (byte 3)"));
        let error = decode("a", b"\xff\xfea\0".to_vec()).unwrap_err();
        assert_eq!(error.help.as_deref(), Some("the file looks like UTF-16: save it as UTF-8"));
        assert!(decode("a", vec![b' '; FILE_BYTES_MAX]).is_ok());
        assert_eq!(decode("a", vec![b' '; FILE_BYTES_MAX + 1]).unwrap_err().code, Code::TooLarge);
    }
}
