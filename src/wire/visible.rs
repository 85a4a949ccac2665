//! Which characters a reader of a message sees, and which must never be sent. The one rule for what
//! is blank, for the rooms that read cells and for those that write texts.

/// Whether a text shows nothing: it is empty, or all of it is white space, controls, fillers and
/// other characters without a shape.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    for byte in text.as_bytes() {
        match byte {
            0x21..=0x7e => return false,
            0..=0x20 | 0x7f => {}
            0x80.. => return text.chars().all(is_invisible),
        }
    }
    true
}

/// Whether nobody sees a character: white space, controls, and what Unicode calls ignorable,
/// with the few blank shapes that it does not count there.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(
            character,
            // Hyphens and joiners that only tell where a word may be parted.
            '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                // Controls of the writing direction.
                | '\u{61c}' | '\u{202a}'..='\u{202e}'
                // Fillers of Hangul, and vowels of Khmer that are never written.
                | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{17b4}' | '\u{17b5}'
                // What chooses between shapes of the character before.
                | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}'
                // The braille cell without dots, and a note without a head.
                | '\u{2800}' | '\u{1d159}'
                // Controls of annotations, shorthand and music.
                | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        )
}

/// Names a character that must not stand in a text for people: a control, other than a line feed and
/// a tab; what turns the writing direction around; the mark of bytes that were lost. The joiners and
/// the two marks of direction belong to scripts and to emoji, and are not among them.
#[must_use]
pub fn harm(character: char) -> Option<&'static str> {
    match character {
        '\n' | '\t' => None,
        '\r' => Some("a carriage return"),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some("a control of the writing direction"),
        '\u{fffd}' => Some("a replacement character, which stands for bytes that were lost"),
        _ if character.is_control() => Some("a control character"),
        _ => None,
    }
}

/// The first character of a text that must not be sent. One cheap pass over the bytes finds out that
/// there is none, for all texts but those with a dash, a curly quote or the like.
#[must_use]
pub fn first_harm(text: &str) -> Option<char> {
    if !text.bytes().fold(false, |suspicious, byte| suspicious | is_suspicious(byte)) {
        return None;
    }
    text.chars().find(|character| harm(*character).is_some())
}

/// The first character of a cell because of which it is not what it looks like: one that must not be sent,
/// or one without width behind a letter of ASCII, where no script has a use for it.
#[must_use]
pub fn first_disguise(text: &str) -> Option<char> {
    if text.bytes().all(is_seen) {
        return None;
    }
    let mut before = '\u{ffff}';
    text.chars().find(|mark| {
        let behind_ascii = std::mem::replace(&mut before, *mark).is_ascii();
        harm(*mark).is_some() || (behind_ascii && !mark.is_whitespace() && is_invisible(*mark))
    })
}

const fn is_seen(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7e)
}

/// Whether a byte is a control, or begins a character that may be one of those above: C2 begins
/// the second block of controls, E2 those of the writing direction, EF the replacement character.
const fn is_suspicious(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\n' && byte != b'\t') | (byte == 0x7f) | (byte == 0xc2) | (byte == 0xe2) | (byte == 0xef)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{first_disguise, first_harm, harm, is_blank, is_invisible};

    #[test]
    fn blank_is_what_shows_nothing() {
        for blank in [
            "",
            " \t\r\n",
            "\u{a0}\u{3000}\u{2007}",
            "\u{200b}",
            "\u{200b}\u{200d}\u{feff}",
            "\u{ad} \u{2060}",
            "\u{115f}\u{1160}\u{3164}\u{ffa0}",
            "\u{2800}\u{2800}",
            "\u{200e}\u{200f}\u{61c}\u{202e}\u{2066}",
            "\u{fe0f}",
            "\u{e0041}\u{e007f}",
            "\u{e0100}",
            "\u{0}\u{7f}\u{85}",
        ] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for shown in ["a", " .", "\u{200b}-", "\u{feff}é", "👩\u{200d}👧", "ㅤ.", "\u{301}", "0", "\u{fffd}", "\u{a0}ß"]
        {
            assert!(!is_blank(shown), "{shown:?}");
        }
    }

    #[test]
    fn a_cell_in_disguise_is_told() {
        for plain in
            ["no", "opt out", "opt\u{a0}out", "a\n\tb", "می\u{200c}خواهم", "👩\u{200d}👧", "❤\u{fe0f}", "Šibenik", ""]
        {
            assert_eq!(first_disguise(plain), None, "{plain:?}");
        }
        for (disguised, by) in
            [("n\u{200b}o", '\u{200b}'), ("n\u{ad}o", '\u{ad}'), ("no\u{7}", '\u{7}'), ("\u{202e}on", '\u{202e}')]
        {
            assert_eq!(first_disguise(disguised), Some(by), "{disguised:?}");
        }
    }

    #[test]
    fn what_scripts_and_emoji_are_made_of_is_harmless() {
        for text in [
            "שלום\u{200f} Ana\u{200e}",
            "می\u{200c}خواهم",
            "👩\u{200d}👩\u{200d}👧",
            "❤\u{fe0f}",
            "a\n\tb",
            "“a” – b…",
            "a\u{a0}b",
        ] {
            assert_eq!(first_harm(text), None, "{text:?}");
        }
        for harmful in [
            '\r', '\u{7}', '\0', '\u{7f}', '\u{85}', '\u{9b}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}',
            '\u{fffd}',
        ] {
            assert_eq!(first_harm(&format!("Žofija – {harmful}x")), Some(harmful), "{harmful:?}");
        }
    }

    proptest! {
        #[test]
        fn the_quick_looks_say_what_the_slow_ones_say(text in "[ a-z\t\n\r\u{7}\u{7f}\u{80}-\u{a0}\u{ad}éß\u{200b}-\u{206f}\u{2800}\u{3164}\u{feff}\u{fffd}👍]{0,12}") {
            proptest::prop_assert_eq!(is_blank(&text), text.chars().all(is_invisible));
            proptest::prop_assert_eq!(first_harm(&text), text.chars().find(|found| harm(*found).is_some()));
        }

        #[test]
        fn no_character_is_harmful_unseen(character in any::<char>()) {
            proptest::prop_assert_eq!(first_harm(&character.to_string()).is_some(), harm(character).is_some());
            proptest::prop_assert_eq!(is_blank(&character.to_string()), is_invisible(character));
        }
    }
}
