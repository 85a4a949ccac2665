//! Tables of a name and numbers.

use comfy_table::{Cell, CellAlignment, Table, presets};

use crate::report::words::number;

/// Writes a table: names to the left, numbers to the right. The header names the columns.
#[must_use]
pub(super) fn render(header: &[&str], rows: impl IntoIterator<Item = (String, Vec<u64>)>) -> String {
    let texts = |(name, numbers): (String, Vec<u64>)| {
        std::iter::once(name).chain(numbers.into_iter().map(number)).collect::<Vec<String>>()
    };
    texts_and_numbers(header, 1, rows.into_iter().map(texts))
}

/// Writes a table whose first columns hold texts, to the left, and the others numbers, to the right.
#[must_use]
pub(super) fn texts_and_numbers(header: &[&str], texts: usize, rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row.into_iter().map(Cell::new));
    }
    for column in table.column_iter_mut().skip(texts) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    // Every cell is padded on both sides; a line begins at its margin.
    table.lines().map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned() + "\n").collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_stand_to_the_right() {
        let rows = [("sale.announce r1".to_owned(), vec![12_000, 3]), ("all".to_owned(), vec![1, 0])];
        insta::assert_snapshot!(super::render(&["message", "accepted", "in doubt"], rows), @r"
        message           accepted  in doubt
        sale.announce r1    12,000         3
        all                      1         0
        ");
    }
}
