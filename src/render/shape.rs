//! What stands for a value where it may not be shown.

/// How many letters a value has at least if its first one is shown; of shorter ones that would tell
/// too much.
const LETTERS_MIN: usize = 3;

/// What a value looks like, but not what it is: of letters the first one of all and three dots,
/// whatever their number; every digit as `#`; line breaks, blanks and ASCII punctuation as they are.
pub(super) fn shape(value: &str) -> String {
    let letter = |character: char| !(character.is_numeric() || is_kept(character));
    let has_enough = value.chars().filter(|character| character.is_alphabetic()).count() >= LETTERS_MIN;
    let mut shape = String::new();
    let mut before = None;
    for character in value.chars() {
        match character {
            _ if character.is_numeric() => shape.push('#'),
            _ if is_kept(character) => shape.push(character),
            _ if before.is_some_and(letter) => {}
            _ if before.is_none() && has_enough => {
                shape.push(character);
                shape.push_str("•••");
            }
            _ => shape.push_str("•••"),
        }
        before = Some(character);
    }
    shape
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
