//! What data leaves behind in cells and texts: words that a program wrote for nothing, and characters
//! that were read in the wrong encoding. Both may be meant, so they are only said, never refused.

/// The longest word for nothing, in bytes.
const WORD_BYTES_MAX: usize = 15;

/// The word for nothing that a cell holds, in the exact spelling of the programs that write it.
///
/// `Null`, `Nan`, `None`, `NAN` and `Undefined` are not among them: people are called so. `NaN` is:
/// no name has its capitals, and the languages that print a missing number print it so.
#[must_use]
pub fn word_for_nothing(cell: &str) -> Option<&'static str> {
    let word = cell.trim();
    let first = word.as_bytes().first()?;
    if word.len() > WORD_BYTES_MAX || !b"#(<NUn[u\\".contains(first) {
        return None;
    }
    Some(match word {
        "NULL" => "NULL",
        "null" => "null",
        "(null)" => "(null)",
        "<null>" => "<null>",
        "(NULL)" => "(NULL)",
        "<NULL>" => "<NULL>",
        "N/A" => "N/A",
        "n/a" => "n/a",
        "NaN" => "NaN",
        "nan" => "nan",
        "NaT" => "NaT",
        "<NA>" => "<NA>",
        "nil" => "nil",
        "undefined" => "undefined",
        "[object Object]" => "[object Object]",
        "\\N" => "\\N",
        "#N/A" => "#N/A",
        "#VALUE!" => "#VALUE!",
        "#REF!" => "#REF!",
        "#NAME?" => "#NAME?",
        "#DIV/0!" => "#DIV/0!",
        "#NUM!" => "#NUM!",
        "#NULL!" => "#NULL!",
        "#ERROR!" => "#ERROR!",
        "#SPILL!" => "#SPILL!",
        _ => return None,
    })
}

/// Says whether a text looks as if UTF-8 had been read as Windows-1252: `FranÃ§ois`, `donâ€™t`. Only
/// pairs count that no language writes.
#[must_use]
pub fn looks_like_mojibake(text: &str) -> bool {
    // Every such pair has, or is followed by, a character that begins with one of these bytes.
    if !text.bytes().fold(false, |found, byte| found | (byte == 0xc2) | (byte == 0xe2)) {
        return false;
    }
    let mut before = ' ';
    text.chars().any(|character| is_misread(std::mem::replace(&mut before, character), character))
}

/// Says whether two characters side by side are two bytes of one. What may close a sentence behind a
/// capital letter, such as `»`, a quote or a blank, does not count but behind the two that are by far
/// the most frequent.
const fn is_misread(lead: char, next: char) -> bool {
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
    use super::{looks_like_mojibake, word_for_nothing};

    #[test]
    fn words_for_nothing_are_known_by_their_exact_spelling() {
        for word in ["NULL", "null", "N/A", "n/a", "#N/A", "#VALUE!", "#REF!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"] {
            assert_eq!(word_for_nothing(word), Some(word));
            assert_eq!(word_for_nothing(&format!(" {word}\u{a0}")), Some(word));
        }
        for word in ["undefined", "[object Object]", "\\N", "nan", "NaN", "(null)", "<null>", "nil", "NaT", "<NA>"] {
            assert_eq!(word_for_nothing(word), Some(word));
        }
        for name in [
            "",
            " ",
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
