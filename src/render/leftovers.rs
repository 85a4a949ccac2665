//! What data leaves behind in cells and texts: words that a program wrote for nothing, and characters
//! that were read in the wrong encoding. Both may be meant, so they are only said, never refused.

use crate::render::misread;
use crate::wire::bytes::ByteSet;

/// The longest word for nothing, in bytes.
const WORD_BYTES_MAX: usize = 15;

/// The word for nothing that a cell in its one form holds, in the exact spelling of the programs that write it.
///
/// `Null`, `Nan`, `None`, `NAN` and `Undefined` are not among them: people are called so. `NaN` is:
/// no name has its capitals, and the languages that print a missing number print it so.
#[must_use]
pub fn word_for_nothing(cell: &str) -> Option<&'static str> {
    let first = cell.as_bytes().first()?;
    if cell.len() > WORD_BYTES_MAX || !b"#(<NUn[u\\L".contains(first) {
        return None;
    }
    // Many are called Luka or Lana.
    if *first == b'L' && !cell.ends_with("...") {
        return None;
    }
    WORDS.iter().copied().find(|known| *known == cell)
}

/// The words, as databases, languages and spreadsheets in several tongues write them.
const WORDS: [&str; 54] = [
    "NULL",
    "null",
    "(null)",
    "<null>",
    "[null]",
    "(NULL)",
    "<NULL>",
    "[NULL]",
    "NULL NULL",
    "null null",
    "N/A",
    "n/a",
    "NaN",
    "nan",
    "NaT",
    "<NA>",
    "nil",
    "<nil>",
    "(nil)",
    "undefined",
    "UNDEFINED",
    "[object Object]",
    "\\N",
    "\\\\N",
    "(blank)",
    "(empty)",
    "(none)",
    "(not set)",
    "(unknown)",
    "Loading...",
    "#N/A",
    "#n/a",
    "#N/D",
    "#NV",
    "#VALUE!",
    "#WERT!",
    "#VALEUR!",
    "#¡VALOR!",
    "#VALORE!",
    "#REF!",
    "#BEZUG!",
    "#¡REF!",
    "#NAME?",
    "#NOM?",
    "#NOMBRE?",
    "#¿NOMBRE?",
    "#NOME?",
    "#DIV/0!",
    "#NUM!",
    "#ZAHL!",
    "#NULL!",
    "#CALC!",
    "#ERROR!",
    "#SPILL!",
];

/// The bytes that marks begin with, and the sign of a number in scientific notation.
const MARKS: ByteSet = ByteSet::of(b"&<\\{|[%+");

/// What a cell still holds of the program that it comes from: an escape, markup, a placeholder that was
/// never filled, a number that was cut. To people it is noise.
#[must_use]
pub fn leftover_mark(cell: &str) -> Option<&'static str> {
    if !cell.bytes().any(|byte| MARKS.has(byte)) {
        return None;
    }
    if is_scientific(cell) {
        return Some("a number that a spreadsheet has cut, such as `1.23E+12`");
    }
    let mut found = None;
    for (at, mark) in cell.char_indices() {
        let rest = cell.get(at + mark.len_utf8()..).unwrap_or_default();
        let what = match mark {
            '&' if is_entity(rest) => "characters as HTML writes them, such as `&eacute;`",
            '<' if is_tag(rest) => "tags of HTML, such as `<b>`",
            '\\' if is_escape(rest) => "characters as programs write them, such as `\\u00eb`",
            '{' if is_between(rest, "}") => "a placeholder that nobody has filled, such as `{first_name}`",
            '[' if rest.strip_prefix('[').is_some_and(|rest| is_between(rest, "]]")) => {
                "a placeholder that nobody has filled, such as `[[first_name]]`"
            }
            '%' if rest.strip_prefix('%').is_some_and(|rest| is_between(rest, "%%")) => {
                "a placeholder that nobody has filled, such as `%%first_name%%`"
            }
            '|' if cell.get(..at).is_some_and(|before| before.ends_with('*')) && is_between(rest, "|*") => {
                "a placeholder that nobody has filled, such as `*|FNAME|*`"
            }
            _ => continue,
        };
        found = Some(what);
        break;
    }
    found
}

/// Whether a text is a number in scientific notation with a sign, as spreadsheets show long ones.
fn is_scientific(text: &str) -> bool {
    let Some((number, exponent)) = text.split_once("E+") else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number: String = number.chars().filter(|mark| !matches!(mark, '.' | ',')).collect();
    digits(&number) && digits(exponent)
}

fn is_entity(rest: &str) -> bool {
    const LENGTH_MAX: usize = 9;
    let Some(name) = rest.find(';').filter(|end| (2..=LENGTH_MAX).contains(end)).and_then(|end| rest.get(..end)) else {
        return false;
    };
    let number = name.strip_prefix('#').map(|number| number.strip_prefix(['x', 'X']).unwrap_or(number));
    match number {
        Some(number) => !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => name.bytes().all(|byte| byte.is_ascii_alphanumeric()),
    }
}

fn is_tag(rest: &str) -> bool {
    const NAMES: [&str; 18] = [
        "b", "i", "u", "p", "a", "br", "em", "li", "ul", "ol", "div", "font", "span", "strong", "small", "h1", "h2",
        "img",
    ];
    let name = rest.strip_prefix('/').unwrap_or(rest);
    let end = name.find(|mark: char| !mark.is_ascii_alphanumeric()).unwrap_or(name.len());
    let (name, behind) = name.split_at_checked(end).unwrap_or((name, ""));
    NAMES.contains(&name.to_ascii_lowercase().as_str()) && behind.starts_with(['>', ' ', '/']) && behind.contains('>')
}

fn is_escape(rest: &str) -> bool {
    let hex = |rest: &str, digits: usize| {
        rest.get(..digits).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    rest.strip_prefix('u').is_some_and(|rest| hex(rest, 4)) || rest.strip_prefix('x').is_some_and(|rest| hex(rest, 2))
}

/// Whether a name goes up to a mark.
fn is_between(rest: &str, close: &str) -> bool {
    const LENGTH_MAX: usize = 40;
    let name = rest.find(close).filter(|end| (2..=LENGTH_MAX).contains(end)).and_then(|end| rest.get(..end));
    name.is_some_and(|name| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.chars().all(|mark| mark.is_ascii_alphanumeric() || "_.- ".contains(mark))
    })
}

/// Whether a text looks as if UTF-8 had been read in another encoding: `FranÃ§ois`, `donâ€™t`. That is
/// so if all of it turns back into UTF-8, or if it has pairs that no language writes.
#[must_use]
pub fn looks_like_mojibake(text: &str) -> bool {
    !text.is_ascii() && (has_misread_pair(text) || misread::is_misread(text))
}

fn has_misread_pair(text: &str) -> bool {
    // Every such pair has, or is followed by, a character that begins with one of these bytes.
    if !text.bytes().fold(false, |found, byte| found | (byte == 0xc2) | (byte == 0xe2)) {
        return false;
    }
    let mut before = ' ';
    text.chars().any(|character| is_pair(std::mem::replace(&mut before, character), character))
}

/// Whether two characters side by side are two bytes of one. What may close a sentence behind a
/// capital letter, such as `»`, a quote or a blank, does not count but behind the two that are by far
/// the most frequent.
const fn is_pair(lead: char, next: char) -> bool {
    match lead {
        'Ã' => matches!(next, '\u{80}'..='\u{bf}'),
        'Â' => matches!(next, '\u{a0}'..='\u{bf}'),
        'Ä' | 'Å' | 'Ð' => {
            matches!(next, '\u{80}'..='\u{9f}' | '\u{a1}'..='\u{bf}' | '‡') && !matches!(next, '«' | '»')
        }
        'â' => matches!(next, '€' | '‚' | '„'),
        'ð' => matches!(next, 'Ÿ'),
        '»' => matches!(next, '¿'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{leftover_mark, looks_like_mojibake, word_for_nothing};

    #[test]
    fn words_for_nothing_are_known_by_their_exact_spelling() {
        for word in ["NULL", "null", "N/A", "n/a", "#N/A", "#VALUE!", "#REF!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"] {
            assert_eq!(word_for_nothing(word), Some(word));
        }
        for word in ["undefined", "[object Object]", "\\N", "nan", "NaN", "(null)", "<null>", "nil", "NaT", "<NA>"] {
            assert_eq!(word_for_nothing(word), Some(word));
        }
        for word in [
            "#NV",
            "#BEZUG!",
            "#¡VALOR!",
            "#n/a",
            "<nil>",
            "NULL NULL",
            "(not set)",
            "\\\\N",
            "UNDEFINED",
            "Loading...",
        ] {
            assert_eq!(word_for_nothing(word), Some(word));
        }
        for name in [
            "",
            " ",
            "Luka",
            "Ana",
            "Null",
            "Nan",
            "NAN",
            "None",
            "none",
            "Undefined",
            "Nil",
            "NULL Ana",
            "#1",
            "N.A.",
            "Unknown",
            "-",
        ] {
            assert_eq!(word_for_nothing(name), None, "{name}");
        }
    }

    #[test]
    fn marks_of_programs_are_found() {
        for marked in [
            "Jos&eacute;",
            "O&#39;Neil",
            "A &amp; B",
            "<b>Ana</b>",
            "Ana<br/>",
            "Zo\\u00eb",
            "Zo\\xeb",
            "{first_name}",
            "Hi {FirstName}!",
            "*|FNAME|*",
            "[[first_name]]",
            "%%first_name%%",
            "1.23E+12",
            "1,78E+16",
        ] {
            assert!(leftover_mark(marked).is_some(), "{marked}");
        }
        for plain in [
            "",
            "Ana",
            "A & B; C",
            "AT&T",
            "5 < 6 > 4",
            "I <3 you",
            "C:\\users",
            "{}",
            "{x",
            "a|b",
            "[VIP]",
            "100%",
            "a + b",
            "+385",
            "$5",
            "E+5",
            "x <y>",
        ] {
            assert_eq!(leftover_mark(plain), None, "{plain}");
        }
    }

    #[test]
    fn misread_texts_are_told_from_texts_with_accents() {
        for misread in [
            "FranÃ§ois",
            "JosÃ©",
            "lÃ\u{a0}",
            "donâ€™t",
            "10Â€ 5Â°",
            "5 â‚¬",
            "BrandÂ®",
            "PetraÅ¡",
            "MiloÅ¾",
            "KoviÄ‡",
            "ÐÑ€Ð¸Ð²",
            "ðŸŽ‰",
            "\u{ef}»¿Ana",
        ] {
            assert!(looks_like_mojibake(misread), "{misread}");
        }
        for good in [
            "François",
            "José",
            "IRMÃ",
            "SÃO",
            "Âmbar",
            "Žofija Šimić",
            "“Ä” – Å…",
            "«CAFÉ»",
            "«KÄ»",
            "É”",
            "Hanoï»",
            "пĐ",
            "5 °C",
            "¿Qué?",
            "50 € – ok",
            "👍",
            "AÑO¡",
        ] {
            assert!(!looks_like_mojibake(good), "{good}");
        }
    }
}
