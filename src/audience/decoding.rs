//! Reading another encoding as UTF-8.

use std::io::{self, BufRead, Read};
use std::ops::Range;

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_16BE, UTF_16LE};

/// How many characters of several bytes are no accident.
const NO_ACCIDENT: usize = 8;

/// Reads a stream of another encoding as UTF-8.
pub(super) struct Decoding<S> {
    source: S,
    decoder: Decoder,
    is_done: bool,
    decoded: Box<[u8]>,
    /// What of the decoded bytes was not handed out.
    left: Range<usize>,
    suspicion: Suspicion,
}

impl<S: BufRead> Decoding<S> {
    /// Starts at the beginning of a stream; a byte order mark is dropped.
    pub(super) fn new(source: S, encoding: &'static Encoding) -> Self {
        const DECODED_BYTES: usize = 64 * 1024;
        let decoder = encoding.new_decoder_with_bom_removal();
        let decoded = vec![0; DECODED_BYTES].into();
        Self { source, decoder, is_done: false, decoded, left: 0..0, suspicion: Suspicion::default() }
    }

    /// Whether all that was read was UTF-8 in truth.
    pub(super) fn was_utf8(&self) -> bool {
        self.suspicion.is_confirmed(self.decoder.encoding())
    }
}

impl<S: BufRead> Read for Decoding<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left.is_empty() && !self.is_done {
            let chunk = self.source.fill_buf()?;
            let is_last = chunk.is_empty();
            let (result, read, written, _) = self.decoder.decode_to_utf8(chunk, &mut self.decoded, is_last);
            self.suspicion.read(chunk.get(..read).unwrap_or_default());
            self.source.consume(read);
            self.is_done = is_last && result == CoderResult::InputEmpty;
            self.left = 0..written;
        }
        let mut left = self.decoded.get(self.left.clone()).unwrap_or_default();
        let read = left.read(buffer)?;
        self.left.start += read;
        Ok(read)
    }
}

/// That a file is UTF-8, whatever is said of it.
#[derive(Default)]
struct Suspicion {
    is_refuted: bool,
    /// How many characters of several bytes there are; no more are counted than are needed.
    characters: usize,
    has_zeros: bool,
    /// The beginning of a character that the next bytes go on with.
    begun: Vec<u8>,
}

impl Suspicion {
    fn read(&mut self, bytes: &[u8]) {
        if self.is_refuted {
            return;
        }
        let joined = [std::mem::take(&mut self.begun).as_slice(), bytes].concat();
        let (valid, rest) = match str::from_utf8(&joined) {
            Ok(_) => (joined.as_slice(), [].as_slice()),
            Err(error) if error.error_len().is_none() => joined.split_at(error.valid_up_to()),
            Err(_) => {
                self.is_refuted = true;
                return;
            }
        };
        self.has_zeros |= valid.contains(&0);
        if self.characters < NO_ACCIDENT {
            // Every character of several bytes has one that begins it.
            self.characters += valid.iter().filter(|byte| **byte >= 0xc0).count();
        }
        self.begun = rest.to_vec();
    }

    fn is_confirmed(&self, encoding: &'static Encoding) -> bool {
        if self.is_refuted || !self.begun.is_empty() {
            false
        } else if [UTF_16LE, UTF_16BE].contains(&encoding) {
            // Even the end of a line has a zero there.
            !self.has_zeros
        } else {
            self.characters >= if encoding.is_single_byte() { 1 } else { NO_ACCIDENT }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use encoding_rs::{GB18030, SHIFT_JIS, WINDOWS_1250, WINDOWS_1252};

    use super::*;

    /// What comes out of these bytes, a few at a time, and whether they were UTF-8.
    fn read(bytes: &[u8], encoding: &'static Encoding) -> (String, bool) {
        let mut decoding = Decoding::new(BufReader::with_capacity(3, bytes), encoding);
        let mut text = String::new();
        decoding.read_to_string(&mut text).unwrap();
        (text, decoding.was_utf8())
    }

    #[test]
    fn a_text_is_read_and_its_encoding_doubted() {
        let check = |bytes: &[u8], encoding: &'static Encoding, text: &str, was_utf8: bool| {
            assert_eq!(read(bytes, encoding), (text.to_owned(), was_utf8), "{text}");
        };
        check(b"Zo\xeb", WINDOWS_1252, "Zoë", false);
        check(b"\x8eeljko", WINDOWS_1250, "Željko", false);
        check(b"Ana", WINDOWS_1252, "Ana", false);
        check("Zoë".as_bytes(), WINDOWS_1252, "ZoÃ«", true);
        check(b"\x82\xb1", SHIFT_JIS, "こ", false);
        check(b"\xc4\xa9", GB18030, "末", false);
        check(b"\xff\xfeA\0\n\0", UTF_16LE, "A\n", false);
        check(b"\0A\0\n", UTF_16BE, "A\n", false);
        check(b"to,n", UTF_16LE, "潴測", true);
        assert!(read("ačđćžšüöäß".as_bytes(), GB18030).1);
        assert!(read("ačđćžšüöäß\n".as_bytes(), WINDOWS_1250).1);
        check("Zoë".as_bytes().get(..3).unwrap(), WINDOWS_1252, "ZoÃ", false);
    }
}
