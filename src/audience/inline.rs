//! Rows that are written in the campaign file.

use std::sync::Arc;

use crate::audience::CELL_BYTES_MAX;
use crate::audience::cells::plain_ends;
use crate::audience::header::check_header;
use crate::audience::row::{Refill, RowAt, RowProblem, Stand};
use crate::diagnostic::words::plural;
use crate::diagnostic::{Diagnostic, Place};
use crate::render::ColumnNames;

/// Gives the rows of a campaign file.
pub(super) struct Inline {
    header: Arc<ColumnNames>,
    to: Option<usize>,
    rows: Vec<(u64, Vec<String>)>,
    next: usize,
}

impl Inline {
    /// Takes the rows.
    pub(super) fn new(
        header: &[String],
        rows: &[(u64, Vec<String>)],
        to: &str,
        place: &Place,
    ) -> Result<Self, Diagnostic> {
        let header = check_header((1..).zip(header.iter().map(String::as_str)), place)?;
        Ok(Self { to: header.position(to), header, rows: rows.to_vec(), next: 0 })
    }

    /// The columns.
    pub(super) const fn header(&self) -> &Arc<ColumnNames> {
        &self.header
    }

    /// Gives rows until there are `rows_max`.
    pub(super) fn read(&mut self, rows: &mut Refill<'_>, rows_max: usize) {
        while rows.len() < rows_max {
            let Some((line, cells)) = self.rows.get(self.next) else { break };
            let at = RowAt(u64::try_from(self.next).unwrap_or(u64::MAX));
            let stand = Stand { at, line: *line, lines: 1, unterminated: false };
            let to = || self.to.and_then(|to| cells.get(to)).cloned();
            rows.fill(stand, |record| {
                let (found, wanted) = (cells.len(), self.header.names().len());
                if found != wanted {
                    return Err(RowProblem::new(format!(
                        "it has {}, and there are {wanted} columns",
                        plural(found as u64, "cell")
                    ))
                    .about(to()));
                }
                for (cell, name) in cells.iter().zip(self.header.names()) {
                    if cell.len() > CELL_BYTES_MAX {
                        return Err(RowProblem::new("a cell is larger than 64 KiB").in_column(Some(name)).about(to()));
                    }
                    record.push_field(&plain_ends(cell));
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
