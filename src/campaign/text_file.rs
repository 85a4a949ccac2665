//! A file with a text for people. It has one form, however it was saved: no byte order mark, and
//! lines that end with a line feed, so that a checkout on another system is the same text.

use super::checked::TemplateText;
use super::files::{Files, FilesError};
use super::profile;
use crate::diagnostic::{Diagnostics, Place, Source};

/// Why a text file cannot be used.
#[derive(Debug)]
pub enum TextFileError {
    /// It cannot be read.
    Unreadable(FilesError),
    /// It holds characters that no file may hold; each is told at its place.
    Characters(Diagnostics),
}

/// Reads a text file: UTF-8, with the same characters refused as in a campaign file. Of its end one
/// line end is dropped, as of a block text.
///
/// # Errors
/// If it cannot be read, or holds what it must not.
pub fn text_file(path: &str, files: &dyn Files) -> Result<TemplateText, TextFileError> {
    let source = Source::new(path, files.read(path).map_err(TextFileError::Unreadable)?);
    let refused = profile::lint(&source);
    if !refused.is_empty() {
        return Err(TextFileError::Characters(refused));
    }
    let text = source.text.strip_prefix(profile::BYTE_ORDER_MARK).unwrap_or(&source.text);
    let mut at = source.text.len() - text.len();
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    let mut starts = Vec::new();
    for line in text.split('\n') {
        starts.push(at);
        at += line.len() + 1;
    }
    let text = text.replace("\r\n", "\n");
    let place = Place::Span { source, span: 0..0 };
    Ok(TemplateText { text, place, line_starts: Some(starts), file: Some(path.to_owned()) })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::proptest;

    use super::{TextFileError, text_file};
    use crate::campaign::{AudienceStream, Files, FilesError, TemplateText};

    /// One file.
    struct One(String);

    impl Files for One {
        fn read(&self, _: &str) -> Result<String, FilesError> {
            Ok(self.0.clone())
        }

        fn open(&self, _: &str) -> Result<Box<dyn AudienceStream>, FilesError> {
            Ok(Box::new(Cursor::new(self.0.clone())))
        }
    }

    fn read(text: &str) -> Result<TemplateText, TextFileError> {
        text_file("t.txt", &One(text.to_owned()))
    }

    #[test]
    fn what_no_file_may_hold_is_told() {
        for text in ["a\rb", "a\u{202e}b", "a\u{85}b", "a\u{fffd}b", "a\u{feff}b"] {
            assert!(matches!(read(text), Err(TextFileError::Characters(_))), "{text:?}");
        }
        assert_eq!(read("\u{feff}Hi\r\n\r\nAna\r\n").unwrap().text, "Hi\n\nAna");
        assert_eq!(read("Hi\n\n").unwrap().text, "Hi\n");
        assert_eq!(read("").unwrap().text, "");
    }

    proptest! {
        #[test]
        fn a_text_is_the_same_however_it_was_saved(lines in proptest::collection::vec("[a-c{} é👍]{0,5}", 0..6)) {
            let text = lines.join("\n");
            let expect = text.strip_suffix('\n').unwrap_or(&text);
            for saved in [text.clone(), text.replace('\n', "\r\n"), format!("\u{feff}{text}"), format!("\u{feff}{}", text.replace('\n', "\r\n"))] {
                let found = read(&saved).unwrap();
                proptest::prop_assert_eq!(&found.text, expect);
                // Every line is found in the file.
                for (line, start) in found.text.split('\n').zip(found.line_starts.unwrap()) {
                    proptest::prop_assert_eq!(saved.get(start..start + line.len()), Some(line));
                }
            }
        }
    }
}
