//! Rows that are written in the campaign file.

use std::sync::Arc;

use crate::audience::CELL_BYTES_MAX;
use crate::audience::header::check_header;
use crate::audience::row::{Refill, RowAt, RowProblem};
use crate::diagnostic::words::plural;
use crate::diagnostic::{Diagnostic, Place};
use crate::render::Header;

/// Gives the rows of a campaign file.
pub(super) struct Inline {
    header: Arc<Header>,
    rows: Vec<(u64, Vec<String>)>,
    next: usize,
}

impl Inline {
    /// Takes the rows.
    pub(super) fn new(header: &[String], rows: &[(u64, Vec<String>)], place: &Place) -> Result<Self, Diagnostic> {
        Ok(Self { header: check_header(header.to_vec(), place)?, rows: rows.to_vec(), next: 0 })
    }

    /// The columns.
    pub(super) const fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// Gives rows until there are `rows_max`.
    pub(super) fn read(&mut self, rows: &mut Refill<'_>, rows_max: usize) {
        while rows.len() < rows_max {
            let Some((line, cells)) = self.rows.get(self.next) else { break };
            let at = RowAt(u64::try_from(self.next).unwrap_or(u64::MAX));
            rows.fill(at, *line, |record| {
                let (found, wanted) = (cells.len(), self.header.names().len());
                if found != wanted {
                    return Err(RowProblem::new(format!(
                        "it has {}, and there are {wanted} columns",
                        plural(found as u64, "cell")
                    )));
                }
                for (cell, name) in cells.iter().zip(self.header.names()) {
                    if cell.len() > CELL_BYTES_MAX {
                        return Err(RowProblem::new("a cell is larger than 64 KiB").in_column(Some(name)));
                    }
                    record.push_field(cell);
                }
                Ok(())
            });
            self.next += 1;
        }
    }

    /// Continues at a row.
    pub(super) fn seek(&mut self, at: RowAt) {
        self.next = usize::try_from(at.0).unwrap_or(usize::MAX);
    }
}
