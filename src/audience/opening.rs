//! Opening the file of an audience: what it is by its first bytes, and its encoding.

use std::io::BufRead as _;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::audience::decoding::Decoding;
use crate::audience::lines::LineReader;
use crate::audience::lines::failed;
use crate::audience::nature::{self, FileFormat};
use crate::campaign::{Audience, Files, FilesError};
use crate::diagnostic::{Code, Diagnostic, Place};

/// A file that is text.
pub(super) struct OpenedFile {
    /// Its lines, in UTF-8, without a byte order mark.
    pub lines: LineReader,
    /// The encoding in which it is written.
    pub encoding: &'static Encoding,
    /// Whether it begins with the mark of UTF-8.
    pub is_marked: bool,
}

/// Opens the file of an audience, and decodes it if it is of another encoding.
///
/// # Errors
/// If there is no such file, or it may not be read, or its first bytes show that it is something else.
pub(super) fn open(
    path: &str,
    format: FileFormat,
    encoding: Option<&str>,
    audience: &Audience,
    files: &dyn Files,
) -> Result<OpenedFile, Diagnostic> {
    let refused = |error| refused(path, &error, audience, files);
    let mut stream = files.open(path).map_err(refused)?;
    let first = stream.fill_buf().map_err(|error| failed(path, &error))?.to_vec();
    if let Some(found) = nature::binary(&first) {
        return Err(found.diagnostic(path, format));
    }
    let declared = encoding.and_then(|label| Encoding::for_label(label.as_bytes()));
    let marked = Encoding::for_bom(&first).map(|(encoding, _)| encoding);
    let encoding = match (declared, marked.or_else(|| without_mark(&first))) {
        (None, Some(found)) if found != UTF_8 => return Err(undeclared(path)),
        (None, _) => UTF_8,
        // A mark is surer than a word; without one, the bytes are only asked which half comes first.
        (Some(_), Some(found)) if marked.is_some() => found,
        (Some(declared), Some(found)) if [UTF_16LE, UTF_16BE].contains(&declared) => found,
        (Some(declared), _) => declared,
    };
    let decoded;
    let (stream, first) = if encoding == UTF_8 {
        (stream, first)
    } else {
        let mut decoding = Decoding::new(stream, encoding);
        let mut spooled = files.spool(&mut decoding).map_err(refused)?;
        if decoding.was_utf8() {
            let message = format!("the file is UTF-8, not {}", encoding.name());
            return Err(Diagnostic::error(Code::Encoding, message, Place::File(path.to_owned()))
                .help("take `encoding` away from the audience"));
        }
        decoded = spooled.fill_buf().map_err(|error| failed(path, &error))?.to_vec();
        (spooled, decoded)
    };
    if let Some(found) = nature::text(&first, format) {
        return Err(found.diagnostic(path, format));
    }
    let mut lines = LineReader::new(stream);
    lines.skip_mark().map_err(|error| failed(path, &error))?;
    Ok(OpenedFile { lines, encoding, is_marked: marked == Some(UTF_8) })
}

fn undeclared(path: &str) -> Diagnostic {
    Diagnostic::error(Code::Encoding, "the file is UTF-16, not UTF-8", Place::File(path.to_owned()))
        .help("write `encoding: utf-16` under the audience, or save the file in UTF-8 (in Excel, as \"CSV UTF-8\")")
}

/// Tells UTF-16 by its bytes: every second one of the first characters is zero.
fn without_mark(first: &[u8]) -> Option<&'static Encoding> {
    const PAIRS: usize = 32;
    let mut zeros = (0_usize, 0_usize);
    let mut pairs = 0_usize;
    for pair in first.chunks_exact(2).take(PAIRS) {
        zeros.0 += usize::from(pair.first() == Some(&0));
        zeros.1 += usize::from(pair.last() == Some(&0));
        pairs += 1;
    }
    match zeros {
        (0, zeros) if zeros > 0 && zeros * 2 >= pairs => Some(UTF_16LE),
        (zeros, 0) if zeros > 0 && zeros * 2 >= pairs => Some(UTF_16BE),
        _ => None,
    }
}

/// Says why a file cannot be opened.
fn refused(path: &str, error: &FilesError, audience: &Audience, files: &dyn Files) -> Diagnostic {
    let diagnostic = Diagnostic::error(error.code(), format!("`{path}`: {error}"), audience.places.source.clone());
    match error {
        FilesError::Missing => match files.similar(path) {
            Some(similar) => diagnostic.help(format!("did you mean `{similar}`?")),
            None => diagnostic.help("a path is relative to the project's folder, or to the data folder"),
        },
        FilesError::Outside
        | FilesError::NotRegular
        | FilesError::TooLarge { .. }
        | FilesError::ExpandsTooFar { .. }
        | FilesError::Encoding { .. }
        | FilesError::Io(_) => diagnostic,
    }
}
