//! The one form of a cell: what conditions compare, texts show, ids are read from and rows are held
//! against each other by. What nobody sees around it, and what a spreadsheet wraps around it, is gone.

use std::borrow::Cow;

use crate::wire::bytes::ByteSet;
use crate::wire::visible::{harm, is_blank, is_invisible};

/// Gives a cell in its one form: without what nobody sees at both ends, and out of the `="…"` and `'…`
/// with which a spreadsheet keeps it from being taken for a number or a formula. A cell that shows
/// nothing is empty.
#[must_use]
pub fn plain(cell: &str) -> Cow<'_, str> {
    if is_plain(cell) { Cow::Borrowed(cell) } else { unwrapped(cell, Quote::BeforeNumbers) }
}

/// The same for a cell that is an id, which never begins with an apostrophe of its own.
#[must_use]
pub fn plain_id(cell: &str) -> Cow<'_, str> {
    if is_plain(cell) { Cow::Borrowed(cell) } else { unwrapped(cell, Quote::Always) }
}

/// Whether a cell surely is in its form: it begins and ends with something that is seen, and no
/// spreadsheet's mark. Nearly every cell is, and the bytes at its ends tell.
#[must_use]
pub fn is_plain(cell: &str) -> bool {
    let (first, last) = match cell.as_bytes() {
        [] => return true,
        [only] => return is_seen(*only) && !is_mark(*only),
        [first, .., before, last] if *last >= 0x80 => (*first, *before),
        [first, last] if *last >= 0x80 => (*first, *first),
        [first, .., last] => (*first, *last),
    };
    is_seen(first) && is_seen(last) && !is_mark(first)
}

/// Whether a byte is a character that is seen, or begins one of two bytes that surely is: of these
/// all are, but for a few in three blocks.
fn is_seen(byte: u8) -> bool {
    const SEEN: ByteSet = ByteSet::of(&[]).with(0x21, 0x7e).with(0xc3, 0xcc).with(0xce, 0xd7).with(0xd9, 0xdf);
    SEEN.has(byte)
}

const fn is_mark(byte: u8) -> bool {
    matches!(byte, b'\'' | b'=')
}

/// Where an apostrophe at the beginning is a spreadsheet's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quote {
    /// Everywhere.
    Always,
    /// Before what would be a number or a formula: a name may begin with one of its own.
    BeforeNumbers,
}

#[cold]
fn unwrapped(cell: &str, quote: Quote) -> Cow<'_, str> {
    let mut plain = bare(cell);
    loop {
        if let Some(inner) = plain.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
            if inner.contains('"') {
                // Within a formula a quote is written twice; a single one ends a text, so that more follows.
                let is_one = !inner.replace("\"\"", "").contains('"');
                let written = || Cow::Owned(unwrapped(&inner.replace("\"\"", "\""), quote).into_owned());
                return if is_one { written() } else { Cow::Borrowed(plain) };
            }
            plain = bare(inner);
        } else if let Some(rest) = plain.strip_prefix('\'')
            && is_a_spreadsheets(bare(rest), quote)
        {
            plain = bare(rest);
        } else {
            return Cow::Borrowed(plain);
        }
    }
}

fn is_a_spreadsheets(rest: &str, quote: Quote) -> bool {
    quote == Quote::Always
        || rest.is_empty()
        || rest.starts_with(|first: char| first.is_ascii_digit() || "+-=@".contains(first))
}

/// Drops what nobody sees at both ends of a text.
fn bare(text: &str) -> &str {
    if is_blank(text) {
        return "";
    }
    let text = text.trim_start_matches(is_dropped);
    let seen = text.trim_end_matches(is_dropped);
    let behind = text.get(seen.len()..).unwrap_or_default();
    let Some(last) = seen.chars().next_back() else { return seen };
    // Some of what has no shape of its own gives one to the character before.
    let kept = behind.chars().take_while(|mark| shapes(last, *mark)).map(char::len_utf8).sum::<usize>();
    text.get(..seen.len() + kept).unwrap_or(seen)
}

/// Whether a character is dropped around a cell. What must not be sent is not: it is refused where it
/// would get into a text, because what it came with is damaged, too.
fn is_dropped(mark: char) -> bool {
    is_invisible(mark) && (mark.is_whitespace() || harm(mark).is_none())
}

/// Whether a character without a shape belongs to the one before it: a heart is red by it, a flag
/// Scotland's, and a sign of Malayalam whole. Letters with capitals have nothing of the kind.
fn shapes(last: char, mark: char) -> bool {
    if last.is_ascii() || last.is_lowercase() || last.is_uppercase() {
        return false;
    }
    match mark {
        '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0020}'..='\u{e01ef}' => true,
        '\u{200c}' | '\u{200d}' => !last.is_alphanumeric(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn a_cell_has_one_form() {
        let check = |cell: &str, expect: &str| assert_eq!(plain(cell), expect, "{cell:?}");
        for cell in
            ["no", "no ", " no", "no\u{a0}", "\u{200b}no", "no\u{200e}", "\u{feff}no\t", "no\u{fe0f}", "no\u{200d}"]
        {
            check(cell, "no");
        }
        for cell in ["=\"no\"", " =\" no \" ", "'=\"no\""] {
            check(cell, "no");
        }
        for cell in ["", " ", "\u{200b}\u{3164}", "=\"\"", "'", "\u{a0}=\" \"", "\u{fe0f}"] {
            check(cell, "");
        }
        check("'00123", "00123");
        check("'+385911234567", "+385911234567");
        check("'=1+2", "=1+2");
        check("'-5", "-5");
        check("'@ana", "@ana");
        check("=\"say \"\"hi\"\"\"", "say \"hi\"");
        check("a  b\nc", "a  b\nc");
        for own in ["'t Hooft", "'Alī", "=\"a\"&\"b\"", "=A1", "=", "O'Neil", "Ana'", "\"Ana\"", "’A"] {
            check(own, own);
        }
        for whole in [
            "Ana ❤\u{fe0f}",
            "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
            "അവന\u{d4d}\u{200d}",
            "葛\u{e0100}",
            "Žofija Šimić",
            "👩\u{200d}👧",
        ] {
            check(whole, whole);
            check(&format!(" {whole}\u{a0}"), whole);
        }
        for harmful in ["Ana\u{7}", "\u{202e}anA", "\u{2066}Ana\u{2069}"] {
            check(harmful, harmful);
            check(&format!(" {harmful}\u{200b}"), harmful);
        }
        check("\u{7}", "");
        assert_eq!(plain_id("' ana.shop"), "ana.shop");
        assert_eq!(plain_id("ana.shop"), "ana.shop");
    }

    proptest! {
        #[test]
        fn the_form_of_a_form_is_itself(cell in "[ '=\"a1+@\u{200b}\u{a0}\u{fe0f}\u{200d}ć❤\u{3164}]{0,10}") {
            for form in [plain, plain_id] {
                let once = form(&cell).into_owned();
                prop_assert_eq!(form(&once), once.as_str());
                prop_assert_eq!(is_blank(&once), once.is_empty());
            }
            let padded = format!("\u{a0}{cell} \u{200b}");
            prop_assert_eq!(plain(&padded), plain(&cell));
            prop_assert!(!is_plain(&cell) || plain(&cell) == cell);
        }

        #[test]
        fn what_surely_is_plain_is(before in any::<char>(), within in "[a é]{0,2}", behind in any::<char>()) {
            for cell in [format!("{before}"), format!("{before}{behind}"), format!("{before}{within}{behind}")] {
                prop_assert!(!is_plain(&cell) || (plain(&cell) == cell && plain_id(&cell) == cell), "{:?}", cell);
            }
        }
    }
}
