//! What the rows of a CSV file are held against, and what can be told of a line that is not read as a
//! row: whose it is, and whether it would be a row of its own.

use std::borrow::Cow;
use std::sync::Arc;

use crate::audience::usual::UsualIds;
use crate::identity::{CanonicalTo, IdRule};
use crate::render::ColumnNames;

/// The longest text that may be a recipient's id, in bytes.
const ID_BYTES_MAX: usize = 1024;

/// The shape of a CSV file.
pub(super) struct Table {
    /// The columns that have a name.
    pub header: Arc<ColumnNames>,
    /// What stands between two cells.
    pub delimiter: u8,
    /// How many cells the header has, the blank ones among them.
    pub width: usize,
    /// Where the header's blank cells are, in ascending order.
    pub nameless: Vec<usize>,
    /// Where the recipient's id is, among all cells.
    pub to: Option<usize>,
    /// Which ids are valid.
    pub ids: IdRule,
    /// How long they usually are.
    pub usual: UsualIds,
}

impl Table {
    /// Finds the recipient's id in a row that cannot be read. Where cells are missing, or are too many,
    /// they are counted from the right too.
    pub(super) fn whose(&self, raw: &[u8]) -> Option<String> {
        let to = self.to?;
        let from_right = || cells(raw, self.delimiter).count().checked_sub(self.width.saturating_sub(to));
        let quoted = text(cells(raw, self.delimiter).nth(to));
        let plain = || text(naive(raw, self.delimiter).nth(to));
        let shifted = || text(cells(raw, self.delimiter).nth(from_right()?));
        let valid = |found: &Cow<'_, str>| self.is_id(found);
        let found = quoted.clone().filter(valid).or_else(|| plain().filter(valid));
        let found = found.or_else(|| shifted().filter(valid)).or(quoted)?;
        Some(found.trim()).filter(|found| !found.is_empty()).map(str::to_owned)
    }

    /// Whether a line would be a row of its own, with a valid id in the id's place, of the kind that
    /// the file has. Where nearly every text is an id, it must have exactly as many cells as the header, too.
    pub(super) fn is_row(&self, line: &[u8]) -> bool {
        let Some(to) = self.to else { return false };
        let is_id = |cell: Option<Cow<'_, [u8]>>| text(cell).is_some_and(|cell| self.is_id(&cell));
        let is_usual = |cell: Option<Cow<'_, [u8]>>, count: usize| {
            let id = text(cell);
            let id = id.as_ref().and_then(|cell| CanonicalTo::parse(cell, self.ids).ok());
            id.is_some_and(|id| self.usual.fit(id.as_str().len(), count == self.width))
        };
        match self.ids {
            IdRule::Numeric => {
                let naive = || naive(line, self.delimiter);
                let cells = || cells(line, self.delimiter);
                (self.width == 1 || line.contains(&self.delimiter))
                    && (is_usual(naive().nth(to), naive().count()) || is_usual(cells().nth(to), cells().count()))
            }
            IdRule::Any => {
                let whole = |count: usize| self.width > 1 && count == self.width;
                (whole(naive(line, self.delimiter).count()) && is_id(naive(line, self.delimiter).nth(to)))
                    || (whole(cells(line, self.delimiter).count()) && is_id(cells(line, self.delimiter).nth(to)))
            }
        }
    }

    fn is_id(&self, cell: &str) -> bool {
        CanonicalTo::parse(cell, self.ids).is_ok()
    }
}

/// The cells of a line, as far as anything can be told: quotes count if they are closed, and a text behind
/// a closing quote belongs to its cell.
pub(super) fn cells(line: &[u8], delimiter: u8) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        let (quoted, after) = match line.strip_prefix(b"\"").and_then(unquoted) {
            Some((quoted, after)) => (Some(quoted), after),
            None => (None, line),
        };
        let mut parts = after.splitn(2, |byte| *byte == delimiter);
        let plain = parts.next().unwrap_or_default();
        rest = parts.next();
        Some(match quoted {
            Some(mut quoted) => {
                quoted.extend_from_slice(plain);
                Cow::Owned(quoted)
            }
            None => Cow::Borrowed(plain),
        })
    })
}

/// Takes a text up to its closing quote, and gives what stands behind it.
fn unquoted(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut text = Vec::new();
    loop {
        let mut parts = rest.splitn(2, |byte| *byte == b'"');
        text.extend_from_slice(parts.next()?);
        let after = parts.next()?;
        match after.strip_prefix(b"\"") {
            Some(after) => {
                text.push(b'"');
                rest = after;
            }
            None => return Some((text, after)),
        }
    }
}

/// The cells of a line if quotes mean nothing: they are only taken off the ends.
fn naive(line: &[u8], delimiter: u8) -> impl Iterator<Item = Cow<'_, [u8]>> {
    line.split(move |byte| *byte == delimiter).map(|cell| {
        let is_around = |byte: &u8| *byte == b'"' || byte.is_ascii_whitespace();
        let start = cell.iter().take_while(|byte| is_around(byte)).count();
        let end = cell.iter().rev().take_while(|byte| is_around(byte)).count();
        Cow::Borrowed(cell.get(start..cell.len().saturating_sub(end)).unwrap_or_default())
    })
}

/// Takes a cell as text, if it may be an id.
fn text(cell: Option<Cow<'_, [u8]>>) -> Option<Cow<'_, str>> {
    match cell.filter(|cell| cell.len() <= ID_BYTES_MAX)? {
        Cow::Borrowed(cell) => str::from_utf8(cell).ok().map(Cow::Borrowed),
        Cow::Owned(cell) => String::from_utf8(cell).ok().map(Cow::Owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(header: &str, delimiter: char, ids: IdRule) -> Table {
        let names: Vec<String> = header.split(delimiter).map(str::to_owned).collect();
        Table {
            delimiter: u8::try_from(delimiter).unwrap(),
            width: names.len(),
            nameless: Vec::new(),
            to: names.iter().position(|name| name == "to"),
            ids,
            usual: UsualIds::default(),
            header: ColumnNames::new(names),
        }
    }

    #[test]
    fn a_broken_row_is_still_about_somebody() {
        let check = |header: &str, raw: &[u8], expect: Option<&str>| {
            let found = table(header, ',', IdRule::Numeric).whose(raw);
            assert_eq!(found.as_deref(), expect, "{header}: {}", String::from_utf8_lossy(raw));
        };
        check("to,name", b"17841400000000001", Some("17841400000000001"));
        check("to,name", b"17841400000000001,Zo\xeb", Some("17841400000000001"));
        check("to,name", b"\"17841400000000001\",\"a\"b", Some("17841400000000001"));
        check("to,name", b"\"17841400000000001,\"a\"", Some("17841400000000001"));
        check("name,to", b"\"12\" screen,17841400000000001", Some("17841400000000001"));
        check("name,to", b"\"a,b\",17841400000000001,x", Some("17841400000000001"));
        check("name,to", b"Kos, Ana,17841400000000001", Some("17841400000000001"));
        check("name,to,city", b"Kos, Ana,17841400000000001,Split", Some("17841400000000001"));
        check("name,to,city", b"17841400000000001,Split", Some("17841400000000001"));
        check("name,to", b"\"a\nb\"c,'17841400000000001", Some("'17841400000000001"));
        check("to,name", b"\"=\"\"17841400000000001\"\"\",a,b", Some("=\"17841400000000001\""));
        check("to,name", b"Total,2,30", Some("Total"));
        check("to,name", b",2,30", None);
        check("to,name", b"\xff,2,30", None);
        check("x,name", b"17841400000000001", None);
    }

    #[test]
    fn a_line_that_begins_with_another_number_is_no_row() {
        let check = |header: &str, line: &str, expect: bool| {
            let table = Table { usual: UsualIds::of([17, 17, 16]), ..table(header, ',', IdRule::Numeric) };
            assert_eq!(table.is_row(line.as_bytes()), expect, "{header}: {line}");
        };
        check("to,code,address", "100000, Zagreb", false);
        check("to,address", "100000, Zagreb", false);
        check("to,note", "20261201, paid", false);
        check("to,note", "385911234567, or mail", false);
        check("to,note", "17841400000000002, paid", true);
        check("to,note,x", "17841400000000002,Ana", true);
        check("to,name", "178414000000000,Ana", true);
        check("to,name,x", "178414000000000,Ana", false);
        check("name,to", "Ana,17841400000000002", true);
        check("name,to", "10000 Zagreb, 385911234567", false);
    }

    #[test]
    fn a_line_is_a_row_if_it_has_an_id_in_its_place() {
        let check = |header: &str, delimiter: char, ids: IdRule, line: &str, expect: bool| {
            let table = table(header, delimiter, ids);
            assert_eq!(table.is_row(line.as_bytes()), expect, "{header}: {line}");
        };
        let numeric = IdRule::Numeric;
        check("to,name", ',', numeric, "17841400000000001,Ana", true);
        check("to,name", ',', numeric, "17841400000000001,", true);
        check("to,name", ',', numeric, "\"17841400000000001\",\"Ana", true);
        check("to,name", ',', numeric, "'17841400000000001,Ana\",x", true);
        check("to,name", ',', numeric, "=\"17841400000000001\",Ana", true);
        check("to,name", ',', numeric, "17841400000000001\",x", true);
        check("to,name", ',', numeric, "10000 Zagreb, Croatia", false);
        check("to,name", ',', numeric, "17841400000000001", false);
        check("to,name", ',', numeric, "", false);
        check("to", ',', numeric, "17841400000000001", true);
        check("to", ',', numeric, "17841400000000001\"", true);
        check("to", ',', numeric, "Zagreb", false);
        check("name;to", ';', numeric, "Ana;17841400000000001", true);
        check("name;to", ';', numeric, "\"Ana;17841400000000001", true);
        check("name;to", ';', numeric, "17841400000000001;Ana", false);
        check("name;to", ';', numeric, "\"a;b\";17841400000000001", true);
        check("name,zone", ',', numeric, "17841400000000001,Ana", false);
        check("to,name", ',', IdRule::Any, "ana.shop,Ana", true);
        check("to,name", ',', IdRule::Any, "ana.shop,Ana,x", false);
        check("to,name", ',', IdRule::Any, "10000 Zagreb, Croatia", false);
        check("to,name", ',', IdRule::Any, "Croatia", false);
        check("to", ',', IdRule::Any, "Croatia", false);
    }
}
