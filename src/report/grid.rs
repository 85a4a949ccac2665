//! Tables of names and numbers, as narrow as they have to be.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use super::words::number;

/// What stands between two columns.
const GAP: usize = 2;
/// A name is not made shorter than this, in columns.
const NAME_MIN: usize = 16;

/// A table: texts to the left, then numbers to the right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    texts: usize,
    indent: usize,
    is_kept: usize,
}

impl Grid {
    /// A table of a name and numbers. Its first number is shown in any case, the others may be left out where all of
    /// them are zero and the screen is narrow.
    #[must_use]
    pub fn of_numbers(header: &[&str], rows: impl IntoIterator<Item = (String, Vec<u64>)>) -> Self {
        let texts = |(name, numbers): (String, Vec<u64>)| {
            std::iter::once(name).chain(numbers.into_iter().map(number)).collect::<Vec<String>>()
        };
        Self { is_kept: 2, ..Self::of_texts(header, 1, rows.into_iter().map(texts)) }
    }

    /// A table whose first columns hold texts, to the left, and the others numbers, to the right; all are shown.
    #[must_use]
    pub fn of_texts(header: &[&str], texts: usize, rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        let header: Vec<String> = header.iter().map(|&name| name.to_owned()).collect();
        Self { is_kept: header.len(), rows: rows.into_iter().collect(), header, texts, indent: 0 }
    }

    /// Moves it to the right, by so many columns.
    #[must_use]
    pub fn indented(self, indent: usize) -> Self {
        Self { indent, ..self }
    }

    /// The names of its columns.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Its rows.
    #[must_use]
    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }

    /// How many of its columns hold texts; the others hold numbers.
    #[must_use]
    pub const fn texts(&self) -> usize {
        self.texts
    }

    /// Its lines; on a screen that is too narrow first without columns of zeros, then with short names, and in the end
    /// without columns at all.
    #[must_use]
    pub fn lines(&self, width: Option<usize>) -> Vec<String> {
        let width = width.unwrap_or(usize::MAX);
        if self.width() <= width {
            return self.drawn();
        }
        let narrow = self.without_zeros();
        let missing = narrow.width().saturating_sub(width);
        let room = narrow.columns().first().copied().unwrap_or_default().saturating_sub(missing);
        if missing == 0 {
            narrow.drawn()
        } else if room >= NAME_MIN {
            narrow.with_names_of(room).drawn()
        } else {
            self.as_words()
        }
    }

    fn columns(&self) -> Vec<usize> {
        let all = || std::iter::once(&self.header).chain(&self.rows);
        let width = |at: usize| all().filter_map(|row| row.get(at)).map(|cell| cell.width()).max();
        (0..self.header.len()).map(|at| width(at).unwrap_or_default()).collect()
    }

    fn width(&self) -> usize {
        let columns = self.columns();
        self.indent + columns.iter().sum::<usize>() + GAP * columns.len().saturating_sub(1)
    }

    fn drawn(&self) -> Vec<String> {
        let columns = self.columns();
        let line = |row: &Vec<String>| {
            let mut line = " ".repeat(self.indent);
            for (at, (cell, width)) in row.iter().zip(&columns).enumerate() {
                let gap = " ".repeat(if at == 0 { 0 } else { GAP });
                let pad = " ".repeat(width.saturating_sub(cell.width()));
                let cell = if at < self.texts { format!("{gap}{cell}{pad}") } else { format!("{gap}{pad}{cell}") };
                line.push_str(&cell);
            }
            line.trim_end().to_owned()
        };
        std::iter::once(&self.header).chain(&self.rows).map(line).collect()
    }

    fn without_zeros(&self) -> Self {
        let is_zero = |at: usize| self.rows.iter().all(|row| row.get(at).is_none_or(|cell| cell == "0"));
        let kept: Vec<usize> = (0..self.header.len()).filter(|at| *at < self.is_kept || !is_zero(*at)).collect();
        let of = |row: &Vec<String>| kept.iter().filter_map(|at| row.get(*at).cloned()).collect::<Vec<String>>();
        Self { header: of(&self.header), rows: self.rows.iter().map(of).collect(), ..self.clone() }
    }

    fn with_names_of(&self, room: usize) -> Self {
        let mut short = self.clone();
        for name in short.rows.iter_mut().filter_map(|row| row.first_mut()) {
            *name = shortened(name, room);
        }
        short
    }

    /// One line a row: its name, and what is not zero.
    fn as_words(&self) -> Vec<String> {
        let indent = " ".repeat(self.indent);
        let words = |row: &Vec<String>| {
            let cells = row.iter().zip(&self.header).enumerate().skip(1);
            let cells = cells.filter(|(at, (cell, _))| *at < self.is_kept || *cell != "0");
            let cells = cells.map(
                |(at, (cell, name))| {
                    if at < self.texts { format!("{name} {cell}") } else { format!("{cell} {name}") }
                },
            );
            format!("{indent}{}: {}", row.first().map_or("", String::as_str), cells.collect::<Vec<_>>().join(", "))
        };
        self.rows.iter().map(words).collect()
    }
}

/// A name in so many columns: what is too much of it is left out in its middle, because both of its ends tell.
fn shortened(name: &str, room: usize) -> String {
    if name.width() <= room {
        return name.to_owned();
    }
    let room = room.saturating_sub(1);
    let head = taken(name.graphemes(true), room / 2);
    let tail = taken(name.graphemes(true).rev(), room - room / 2);
    format!("{}…{}", head.concat(), tail.into_iter().rev().collect::<String>())
}

fn taken<'a>(letters: impl Iterator<Item = &'a str>, room: usize) -> Vec<&'a str> {
    let mut left = room;
    let fits = |letter: &&str| left.checked_sub(letter.width()).inspect(|rest| left = *rest).is_some();
    letters.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::Grid;

    const HEADER: [&str; 6] = ["message", "accepted", "rejected", "refused", "in doubt", "not attempted"];

    fn table(width: usize) -> String {
        let rows = [
            ("spring-sale-of-the-north.announcement r12".to_owned(), vec![12_000, 0, 0, 3, 0]),
            ("all".to_owned(), vec![12_001, 0, 0, 3, 0]),
        ];
        Grid::of_numbers(&HEADER, rows).lines(Some(width)).join("\n")
    }

    #[test]
    fn numbers_stand_to_the_right() {
        insta::assert_snapshot!(table(140), @"
        message                                    accepted  rejected  refused  in doubt  not attempted
        spring-sale-of-the-north.announcement r12    12,000         0        0         3              0
        all                                          12,001         0        0         3              0
        ");
    }

    #[test]
    fn what_is_too_wide_loses_zeros_then_the_middle_of_names_then_its_columns() {
        insta::assert_snapshot!(table(80), @"
        message                                    accepted  in doubt
        spring-sale-of-the-north.announcement r12    12,000         3
        all                                          12,001         3
        ");
        insta::assert_snapshot!(table(50), @"
        message                         accepted  in doubt
        spring-sale-of…nnouncement r12    12,000         3
        all                               12,001         3
        ");
        insta::assert_snapshot!(table(30), @"
        spring-sale-of-the-north.announcement r12: 12,000 accepted, 3 in doubt
        all: 12,001 accepted, 3 in doubt
        ");
    }
}
