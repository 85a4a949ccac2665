//! Compressed audiences: expanded into an unlinked temporary file, so that rows can be found
//! again, and never beyond a limit.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

use crate::audience::nature;
use crate::campaign::FilesError;

/// How far a compressed file may expand, and how large a plain one may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expansion {
    /// The largest audience, in bytes.
    pub bytes_max: u64,
    /// How many times as large as the compressed file it may be; a mebibyte is always allowed.
    pub ratio_max: u64,
}

impl Default for Expansion {
    fn default() -> Self {
        Self { bytes_max: 8 << 30, ratio_max: 1000 }
    }
}

/// Expands a file if its name ends with `.gz` or `.zst`; else looks only at its size.
///
/// # Errors
/// If it is damaged, or is or expands to more than is allowed.
pub(super) fn expand(path: &str, file: &File, expansion: Expansion) -> Result<Option<File>, FilesError> {
    const ALWAYS_ALLOWED: u64 = 1 << 20;
    let size = file.metadata()?.len();
    let extension = Path::new(path).extension().unwrap_or_default();
    let (gzip, zstd) = (extension.eq_ignore_ascii_case("gz"), extension.eq_ignore_ascii_case("zst"));
    if !gzip && !zstd {
        let limit_bytes = expansion.bytes_max;
        return if size > limit_bytes { Err(FilesError::ExpandsTooFar { limit_bytes }) } else { Ok(None) };
    }
    let limit_bytes = expansion.bytes_max.min(size.saturating_mul(expansion.ratio_max).saturating_add(ALWAYS_ALLOWED));
    let mut compressed = BufReader::with_capacity(128 * 1024, file);
    let first = compressed.fill_buf()?;
    let is_compressed = if gzip {
        first.starts_with(b"\x1f\x8b")
    } else {
        first.get(1..4) == Some(b"\xb5\x2f\xfd") || first.get(1..4) == Some(b"\x2a\x4d\x18")
    };
    if !is_compressed {
        // Whoever reads it says what it is, if that can be told.
        let is_known = nature::is_foreign(first);
        compressed.seek(SeekFrom::Start(0))?;
        let message = "its name says that it is compressed, and it is not: name it without `.gz` or `.zst`";
        return if is_known {
            Ok(None)
        } else {
            Err(FilesError::Io(io::Error::new(io::ErrorKind::InvalidData, message)))
        };
    }
    let mut target = BoundedFile { file: tempfile::tempfile()?, left: limit_bytes };
    let copied =
        if gzip { target.copy(MultiGzDecoder::new(compressed)) } else { expand_zstd(&mut compressed, &mut target) };
    target.finish(copied.map_err(damaged), limit_bytes).map(Some)
}

/// Keeps what can be read only once in an unlinked temporary file.
///
/// # Errors
/// If it cannot be read, or is more than is allowed.
pub(super) fn spool(source: impl Read, limit_bytes: u64) -> Result<File, FilesError> {
    let mut target = BoundedFile { file: tempfile::tempfile()?, left: limit_bytes };
    let copied = target.copy(source);
    target.finish(copied, limit_bytes)
}

/// Says in words that what was compressed cannot be expanded; what the operating system says stays.
fn damaged(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(_) => error,
        None => io::Error::new(io::ErrorKind::InvalidData, "it is compressed, and damaged or cut short"),
    }
}

/// Whether all of a stream was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CopyEnd {
    Whole,
    TooLarge,
}

/// A file that takes so many bytes and no more.
struct BoundedFile {
    file: File,
    left: u64,
}

impl BoundedFile {
    /// Goes back to the beginning.
    fn finish(mut self, copied: io::Result<CopyEnd>, limit_bytes: u64) -> Result<File, FilesError> {
        match copied? {
            CopyEnd::TooLarge => Err(FilesError::ExpandsTooFar { limit_bytes }),
            CopyEnd::Whole => {
                self.file.seek(SeekFrom::Start(0))?;
                Ok(self.file)
            }
        }
    }

    fn copy(&mut self, mut source: impl Read) -> io::Result<CopyEnd> {
        let mut chunk = vec![0; 64 * 1024];
        loop {
            let read = match source.read(&mut chunk) {
                Ok(0) => return Ok(CopyEnd::Whole),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let Some(left) = self.left.checked_sub(u64::try_from(read).unwrap_or(u64::MAX)) else {
                return Ok(CopyEnd::TooLarge);
            };
            self.left = left;
            self.file.write_all(chunk.get(..read).unwrap_or_default())?;
        }
    }
}

/// Expands all frames of a file, one after the other.
fn expand_zstd(compressed: &mut impl BufRead, target: &mut BoundedFile) -> io::Result<CopyEnd> {
    while !compressed.fill_buf()?.is_empty() {
        let mut decoder = match StreamingDecoder::new(&mut *compressed) {
            Ok(decoder) => decoder,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                io::copy(&mut compressed.take(length.into()), &mut io::sink())?;
                continue;
            }
            Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        };
        if target.copy(&mut decoder)? == CopyEnd::TooLarge {
            return Ok(CopyEnd::TooLarge);
        }
        let frame = decoder.into_frame_decoder();
        if frame.get_checksum_from_data().is_some_and(|sum| frame.get_calculated_checksum() != Some(sum)) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum does not match"));
        }
    }
    Ok(CopyEnd::Whole)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;
    use crate::campaign::Files as _;
    use crate::source::Folders;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    fn read(name: &str, bytes: &[u8], expansion: Expansion) -> Result<Vec<u8>, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), bytes).unwrap();
        let folders = Folders::open(folder.path(), None).unwrap().with_expansion(expansion);
        let mut stream = folders.open(name).map_err(|error| error.to_string())?;
        let mut read = Vec::new();
        stream.read_to_end(&mut read).unwrap();
        stream.seek(SeekFrom::Start(0)).unwrap();
        let mut again = Vec::new();
        stream.read_to_end(&mut again).unwrap();
        assert_eq!(read, again);
        Ok(read)
    }

    #[test]
    fn compressed_files_are_read_as_if_they_were_plain() {
        let check = |name: &str, bytes: &[u8]| {
            assert_eq!(
                read(name, bytes, Expansion::default()).as_deref(),
                Ok(b"to,name\n1,Ana\n".as_slice()),
                "{name}"
            );
        };
        check("a.csv", b"to,name\n1,Ana\n");
        check("a.csv.gz", &gzip(b"to,name\n1,Ana\n"));
        check("a.csv.GZ", &[gzip(b"to,name\n"), gzip(b"1,Ana\n")].concat());
        check("a.csv.zst", &zstd(b"to,name\n1,Ana\n"));
        let skippable = b"\x50\x2a\x4d\x18\x03\0\0\0abc";
        check("a.csv.zst", &[zstd(b"to,name\n"), skippable.to_vec(), zstd(b"1,Ana\n")].concat());
    }

    #[test]
    fn bombs_stop_at_the_limit() {
        let small = Expansion { bytes_max: 100_000, ratio_max: 1000 };
        let flat = Expansion { bytes_max: 1 << 40, ratio_max: 10 };
        let zeros = vec![0; 4 << 20];
        let check = |name: &str, bytes: &[u8], expansion: Expansion, limit: u64| {
            let expected = format!("it is larger than the {limit} bytes that are allowed");
            assert_eq!(read(name, bytes, expansion), Err(expected), "{name}");
        };
        for (name, bytes) in [("a.gz", gzip(&zeros)), ("a.zst", zstd(&zeros))] {
            check(name, &bytes, small, 100_000);
            check(name, &bytes, flat, (1 << 20) + 10 * bytes.len() as u64);
        }
        check("a.csv", &zeros, small, 100_000);
    }

    #[test]
    fn damage_is_an_error() {
        for (name, mut bytes) in [("a.gz", gzip(b"to,name\n1,Ana\n")), ("a.zst", zstd(b"to,name\n1,Ana\n"))] {
            let last = bytes.len() - 5;
            bytes[last] ^= 1;
            assert_eq!(
                read(name, &bytes, Expansion::default()),
                Err("it is compressed, and damaged or cut short".to_owned()),
                "{name}"
            );
            bytes.truncate(6);
            assert_eq!(
                read(name, &bytes, Expansion::default()),
                Err("it is compressed, and damaged or cut short".to_owned()),
                "{name}"
            );
        }
    }

    #[test]
    fn a_name_that_promises_too_much_is_told() {
        let kind = |name: &str, bytes: &[u8]| {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), bytes).unwrap();
            let found = Folders::open(folder.path(), None).unwrap().open(name);
            found.map(|_| ()).map_err(|error| error.to_string())
        };
        let promised = "its name says that it is compressed, and it is not: name it without `.gz` or `.zst`";
        for name in ["a.csv.gz", "a.csv.zst"] {
            assert_eq!(kind(name, b"to,name\n"), Err(promised.to_owned()));
            assert_eq!(kind(name, b""), Err(promised.to_owned()));
            assert_eq!(kind(name, b"version https://git-lfs.github.com/spec/v1\n"), Ok(()));
        }
        let cut = "it is compressed, and damaged or cut short";
        assert_eq!(kind("a.csv.gz", &gzip(b"to,name\n")[..12]), Err(cut.to_owned()));
        assert_eq!(kind("a.csv.zst", &zstd(b"to,name\n")[..6]), Err(cut.to_owned()));
    }

    #[test]
    fn what_is_spooled_is_bounded_and_can_be_read_again() {
        let mut file = spool(b"abc".as_slice(), 3).unwrap();
        for _ in 0..2 {
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            assert_eq!(text, "abc");
            file.seek(SeekFrom::Start(0)).unwrap();
        }
        assert!(matches!(spool(b"abcd".as_slice(), 3), Err(FilesError::ExpandsTooFar { limit_bytes: 3 })));
    }
}
