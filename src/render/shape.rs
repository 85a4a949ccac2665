//! What stands for a value where it may not be shown.

/// How many letters a value has at least if its first one is shown; of shorter ones that would tell
/// too much.
const LETTERS_MIN: usize = 3;

/// What a value looks like, but not what it is: of letters the first one of all and three dots,
/// whatever their number; every digit as `#`; line breaks, blanks and ASCII punctuation as they are. What became of a
/// letter in another encoding (`MÃ¼ller`) is letters.
pub(super) fn shape(value: &str) -> String {
    let letter = |character: char, is_broken: bool| is_broken || !(character.is_numeric() || is_kept(character));
    let has_enough = value.chars().filter(|character| character.is_alphabetic()).count() >= LETTERS_MIN;
    let mut shape = String::new();
    let mut before = None;
    let mut broken = BrokenLetter::default();
    for character in value.chars() {
        let is_broken = broken.goes_on_with(character);
        match character {
            _ if is_broken => {}
            _ if character.is_numeric() => shape.push('#'),
            _ if is_kept(character) => shape.push(character),
            _ if before.is_some_and(|(before, is_broken)| letter(before, is_broken)) => {}
            _ if before.is_none() && has_enough => {
                shape.push(character);
                shape.push_str("•••");
            }
            _ => shape.push_str("•••"),
        }
        before = Some((character, is_broken));
    }
    shape
}

/// A letter whose bytes in UTF-8 were read as letters of Latin-1, one by one: the first is one with an accent, and
/// those that follow it may be fractions, blanks and controls.
#[derive(Default)]
struct BrokenLetter {
    goes_on: bool,
}

impl BrokenLetter {
    /// Takes the next character, and says whether it is a later part of such a letter.
    fn goes_on_with(&mut self, character: char) -> bool {
        let is_part = self.goes_on && matches!(character, '\u{80}'..='\u{bf}');
        self.goes_on = is_part || matches!(character, '\u{c2}'..='\u{f4}');
        is_part
    }
}

fn is_kept(character: char) -> bool {
    character.is_whitespace() || character.is_ascii_punctuation() || character.is_control()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::shape;

    #[test]
    fn what_is_masked_keeps_its_shape() {
        let check = |value: &str, expect: &str| assert_eq!(shape(value), expect);
        check("Ana\nMarija", "A•••\n•••");
        check("2026-12-01", "####-##-##");
        check("17841400000000001", "#################");
        check("ana.k@example.com", "a•••.•••@•••.•••");
        check("[object Object]", "[••• •••]");
        check("Ana\u{7}", "A•••\u{7}");
        // Of few letters the first tells all.
        check("F", "•••");
        check("HR", "•••");
        check("Ž̌ana 👩‍👩‍👧", "Ž••• •••");
        check("٣٤", "##");
        // `ü`, `à`, `ß` and `漢` in UTF-8, read as Latin-1 and as Windows-1252.
        check("MÃ¼ller", "M•••");
        check("VoilÃ\u{a0} Ana", "V••• •••");
        check("GroÃ\u{9f} GroÃŸ", "G••• •••");
        check("æ¼¢x 1½", "••• ##");
        check("x²", "•••#");
    }

    proptest! {
        #[test]
        fn of_what_is_masked_one_letter_is_left_at_most(value in "[a-zA-Zžćđ0-9é٣漢🦊’ .@\n-]{1,20}") {
            let masked = shape(&value);
            let left: Vec<char> = masked.chars().filter(|character| character.is_alphanumeric()).collect();
            prop_assert!(left.len() <= 1, "{}", masked);
            prop_assert!(left.iter().all(|character| value.trim_start().starts_with(*character)));
        }
    }
}
