//! Lines of a stream in bounded pieces, with their bytes and numbers, forwards and backwards.

use std::io::{self, BufRead as _, Read as _, Seek as _, SeekFrom};

use crate::campaign::AudienceStream;
use crate::diagnostic::{Code, Diagnostic, Place};

/// How far apart the places are whose line numbers are remembered, in bytes.
const CHECKPOINT_BYTES: u64 = 1024 * 1024;

/// How a piece of a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// With the line; the newline is in the piece.
    Line,
    /// In the middle of the line: no more fits.
    Part,
    /// With the stream.
    End,
}

/// Reads a stream line by line.
pub(super) struct LineReader {
    stream: Box<dyn AudienceStream>,
    /// The next byte.
    byte: u64,
    /// The number of the line that holds the next byte, from 1.
    line: u64,
    /// Beginnings of lines whose numbers are known, in order.
    checkpoints: Vec<(u64, u64)>,
}

impl LineReader {
    /// Starts at the beginning of a stream.
    pub(super) fn new(stream: Box<dyn AudienceStream>) -> Self {
        Self { stream, byte: 0, line: 1, checkpoints: vec![(0, 1)] }
    }

    /// The next byte, from 0.
    pub(super) const fn byte(&self) -> u64 {
        self.byte
    }

    /// The number of the line that holds the next byte, from 1.
    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    /// Appends the rest of the line to `buffer`, or the next `bytes_max` bytes of it.
    pub(super) fn read(&mut self, buffer: &mut Vec<u8>, bytes_max: usize) -> io::Result<LineEnd> {
        let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
        let read = (&mut self.stream).take(limit).read_until(b'\n', buffer)?;
        self.byte = self.byte.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        if read > 0 && buffer.last() == Some(&b'\n') {
            self.line += 1;
            self.remember();
            return Ok(LineEnd::Line);
        }
        Ok(if read < bytes_max { LineEnd::End } else { LineEnd::Part })
    }

    /// Skips a byte order mark at the beginning of the stream.
    pub(super) fn skip_mark(&mut self) -> io::Result<()> {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        if self.byte == 0 && self.stream.fill_buf()?.starts_with(MARK) {
            self.stream.consume(MARK.len());
            self.byte = 3;
        }
        Ok(())
    }

    /// Goes to a byte; the line's number is counted from the nearest place where it is known.
    pub(super) fn seek(&mut self, byte: u64) -> io::Result<()> {
        if byte < self.byte {
            let nearest = self.checkpoints.partition_point(|(known, _)| *known <= byte).saturating_sub(1);
            let (start, line) = self.checkpoints.get(nearest).copied().unwrap_or((0, 1));
            self.stream.seek(SeekFrom::Start(start))?;
            (self.byte, self.line) = (start, line);
        }
        while self.byte < byte {
            let chunk = self.stream.fill_buf()?;
            let wanted = usize::try_from(byte - self.byte).unwrap_or(usize::MAX).min(chunk.len());
            let Some(passed) = chunk.get(..wanted).filter(|passed| !passed.is_empty()) else {
                return Ok(());
            };
            let newlines = passed.iter().filter(|byte| **byte == b'\n').count();
            let ends_line = passed.last() == Some(&b'\n');
            self.stream.consume(wanted);
            self.byte = self.byte.saturating_add(u64::try_from(wanted).unwrap_or(u64::MAX));
            self.line = self.line.saturating_add(u64::try_from(newlines).unwrap_or(u64::MAX));
            if ends_line {
                self.remember();
            }
        }
        Ok(())
    }

    /// Remembers the beginning of a line, now and then.
    fn remember(&mut self) {
        if self.checkpoints.last().is_none_or(|(known, _)| self.byte >= known.saturating_add(CHECKPOINT_BYTES)) {
            self.checkpoints.push((self.byte, self.line));
        }
    }
}

/// Says that the stream failed.
pub(super) fn failed(file: &str, error: &io::Error) -> Diagnostic {
    let place = Place::File(file.to_owned());
    Diagnostic::error(Code::FileMissing, format!("`{file}` cannot be read: {}", error.kind()), place)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn lines_are_numbered_wherever_one_goes() {
        let text: String = (1..=300_000).map(|line| format!("line {line}\n")).collect();
        let starts: Vec<u64> = std::iter::once(0)
            .chain(text.bytes().zip(1_u64..).filter(|(byte, _)| *byte == b'\n').map(|(_, at)| at))
            .collect();
        let mut lines = LineReader::new(Box::new(Cursor::new(text)));
        for line in [1, 250_000, 3, 3, 299_999, 150_000, 150_001, 1] {
            lines.seek(starts[line - 1]).unwrap();
            assert_eq!((lines.byte(), lines.line()), (starts[line - 1], line as u64));
            let mut buffer = Vec::new();
            assert_eq!(lines.read(&mut buffer, 100).unwrap(), LineEnd::Line);
            assert_eq!(buffer, format!("line {line}\n").into_bytes());
        }
        assert!(lines.checkpoints.len() > 1 && lines.checkpoints.len() < 10);
        lines.seek(u64::MAX).unwrap();
        assert_eq!(lines.read(&mut Vec::new(), 100).unwrap(), LineEnd::End);
    }

    #[test]
    fn a_long_line_comes_in_pieces() {
        let mut lines = LineReader::new(Box::new(Cursor::new("abcdef\ngh")));
        let mut pieces = Vec::new();
        for _ in 0..4 {
            let mut buffer = Vec::new();
            let piece = lines.read(&mut buffer, 4).unwrap();
            pieces.push((String::from_utf8(buffer).unwrap(), piece, lines.line()));
        }
        let expected =
            [("abcd", LineEnd::Part, 1), ("ef\n", LineEnd::Line, 2), ("gh", LineEnd::End, 2), ("", LineEnd::End, 2)];
        assert_eq!(pieces, expected.map(|(text, piece, line)| (text.to_owned(), piece, line)));
    }
}
