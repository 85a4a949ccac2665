//! Outcomes that were settled and are not published yet, on this machine's disk: a run that dies, or
//! whose remote is gone, loses none of them as long as the disk lives.
//!
//! It is a ledger of its own: a header, and each outcome behind its claim. So the next run here joins
//! it in, and elsewhere it can be imported.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::ledger::{Authenticity, Header, Ledger, ReadLedger, Seals, text};
use crate::store::append_file;
use crate::store::error::StoreError;
use crate::store::regular::{self, Links};

/// The file of outcomes that are not published yet.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    header: Header,
    seals: Seals,
    file: Option<File>,
    /// Whether a write has failed; nothing is written after it.
    is_broken: bool,
}

impl Journal {
    /// Takes the place of the file, which is made at need.
    pub(super) fn new(path: PathBuf, header: Header, seals: Seals) -> Self {
        Self { path, header, seals, file: None, is_broken: false }
    }

    /// Reads what an earlier run has left; nothing, if there is no file. A torn end is passed over:
    /// nobody was told that it is durable. `accepted` is how many claims somebody takes for genuine although
    /// they are not signed: a change of the project's files may bring such a file along.
    ///
    /// # Errors
    /// If the file is damaged, or cannot be read; if nothing shows that it is genuine.
    pub(super) fn read(path: &Path, seals: &Seals, accepted: u64) -> Result<Option<Ledger>, StoreError> {
        let Some(text) = append_file::read(path)?.filter(|text| text.contains(&b'\n')) else { return Ok(None) };
        let ReadLedger { mut ledger, authenticity, .. } = append_file::parse(path, &text, seals)?;
        if authenticity == Authenticity::Unsigned && !seals.is_empty() {
            let claims = ledger.claims().len();
            if claims as u64 > accepted {
                return Err(StoreError::Unauthenticated {
                    place: path.display().to_string(),
                    claims,
                    is_shadow: false,
                });
            }
            ledger.forget_numbers();
        }
        Ok(Some(ledger))
    }

    /// Where the file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends lines, durably.
    ///
    /// # Errors
    /// If that cannot be done.
    pub(super) fn append(&mut self, lines: &str) -> Result<(), StoreError> {
        let path = &self.path;
        if std::mem::replace(&mut self.is_broken, true) {
            return Err(StoreError::Replaced { path: path.clone() });
        }
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let mut options = File::options();
                let options = options.write(true).create(true).truncate(false);
                let mut file = regular::open(path, Links::Refused, options).map_err(StoreError::io("make", path))?;
                file.set_len(0).map_err(StoreError::io("write", path))?;
                let header = text::header_line(&self.header, None, &self.seals);
                file.write_all(header.as_bytes()).map_err(StoreError::io("write", path))?;
                self.file.insert(file)
            }
        };
        file.write_all(lines.as_bytes()).map_err(StoreError::io("write", path))?;
        file.sync_data().map_err(StoreError::io("sync", path))?;
        self.is_broken = false;
        Ok(())
    }

    /// Removes the file: everything in it is published.
    ///
    /// # Errors
    /// If that cannot be done.
    pub(super) fn clear(&mut self) -> Result<(), StoreError> {
        self.file = None;
        if self.path.exists() {
            fs::remove_file(&self.path).map_err(StoreError::io("remove", &self.path))?;
        }
        Ok(())
    }
}
