//! Tables of a name and numbers.

use comfy_table::{Cell, CellAlignment, Table, presets};

use super::words::number;

/// Writes a table: names to the left, numbers to the right. The header names the columns.
#[must_use]
pub(super) fn render(header: &[&str], rows: impl IntoIterator<Item = (String, Vec<u64>)>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.iter().copied());
    for (name, numbers) in rows {
        table
            .add_row(std::iter::once(Cell::new(name)).chain(numbers.into_iter().map(|count| Cell::new(number(count)))));
    }
    for column in table.column_iter_mut().skip(1) {
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
