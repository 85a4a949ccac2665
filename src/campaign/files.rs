//! The port through which the pure rooms read what a project names. `source` implements it.

use std::io::{self, BufRead, Cursor, Read, Seek};

use crate::diagnostic::Code;

/// Opens files of a project: confined to its folders, regular, decompressed, bounded.
pub trait Files: Sync {
    /// Reads a whole small text: a campaign file, a template.
    ///
    /// # Errors
    /// If there is no such file, or it may not be read, or is not UTF-8, or is too large.
    fn read(&self, path: &str) -> Result<String, FilesError>;

    /// Opens an audience for reading, decompressed and seekable.
    ///
    /// # Errors
    /// If there is no such file, or it may not be read, or expands to too much.
    fn open(&self, path: &str) -> Result<Box<dyn AudienceStream>, FilesError>;

    /// Keeps what can be read only once, so that one can go back in it: in memory, unless there is a
    /// better place.
    ///
    /// # Errors
    /// If it cannot be read, or is too much.
    fn spool(&self, source: &mut dyn Read) -> Result<Box<dyn AudienceStream>, FilesError> {
        let mut bytes = Vec::new();
        source.read_to_end(&mut bytes)?;
        Ok(Box::new(Cursor::new(bytes)))
    }

    /// Finds the file that was probably meant by a path that does not exist.
    fn similar(&self, _path: &str) -> Option<String> {
        None
    }
}

/// What an audience is read from.
pub trait AudienceStream: BufRead + Seek + Send {}

impl<T: BufRead + Seek + Send> AudienceStream for T {}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// It does not exist.
    #[error("there is no such file")]
    Missing,
    /// The path is absolute, holds `..`, or leads out of the folders through a link.
    #[error("the path leads out of the project's folders")]
    Outside,
    /// It is a folder, a device, a pipe.
    #[error("it is not a regular file")]
    NotRegular,
    /// It is a text of more than is allowed.
    #[error("it is larger than the {limit_bytes} bytes that are allowed")]
    TooLarge {
        /// What is allowed, in bytes.
        limit_bytes: u64,
    },
    /// It is an audience that is, or expands to, more than is allowed.
    #[error("it is larger than the {limit_bytes} bytes that are allowed")]
    ExpandsTooFar {
        /// What is allowed, in bytes.
        limit_bytes: u64,
    },
    /// It is not UTF-8.
    #[error("it is not UTF-8 (byte {offset})")]
    Encoding {
        /// The first byte that is not, from 0.
        offset: usize,
    },
    /// The operating system says no, or what is compressed cannot be expanded.
    #[error("{}", reason(.0))]
    Io(#[from] io::Error),
}

/// What is wrong with the data is told as it was found; an error of the operating system is its own line.
fn reason(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::InvalidData { error.to_string() } else { "it cannot be read".to_owned() }
}

impl FilesError {
    /// The code under which a diagnostic reports it, whatever the file was to be read for.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Missing | Self::Io(_) => Code::FileMissing,
            Self::Outside | Self::NotRegular => Code::BadPath,
            Self::TooLarge { .. } => Code::TooLarge,
            Self::ExpandsTooFar { .. } => Code::AudienceTooLarge,
            Self::Encoding { .. } => Code::Encoding,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, FilesError};

    #[test]
    fn a_problem_has_one_code() {
        let codes = [
            FilesError::Missing,
            FilesError::Outside,
            FilesError::NotRegular,
            FilesError::TooLarge { limit_bytes: 1 },
            FilesError::ExpandsTooFar { limit_bytes: 1 },
            FilesError::Encoding { offset: 0 },
            FilesError::Io(std::io::ErrorKind::Other.into()),
        ]
        .map(|error| error.code());
        assert_eq!(
            codes,
            [
                Code::FileMissing,
                Code::BadPath,
                Code::BadPath,
                Code::TooLarge,
                Code::AudienceTooLarge,
                Code::Encoding,
                Code::FileMissing
            ]
        );
    }
}
