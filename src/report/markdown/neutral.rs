//! The one place that takes from a value what it must not do in Markdown: it is cut first, then what is hidden in it is
//! made visible, then whatever a page, a mail or a bot could make of it is broken with a space that has no width.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::words::plural;

/// Zero width, and no part of any name, number or address. One that a value brings along is written as its code point.
const BREAK: char = '\u{200b}';
/// A word of hexadecimal digits is taken for a commit from so many digits on.
const COMMIT_DIGITS: usize = 7;
/// What a value on one line is cut to, in UTF-16 units.
pub(super) const VALUE_MAX: usize = 600;

/// What a value is shown as, which says what could be made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShownAs {
    /// Words.
    Words,
    /// Code, of which pages make nothing. But a mail may be answered that has lost its marks, and GitLab looks for its
    /// commands in its own way; so nobody is called, and nothing is commanded, from there either.
    Code,
}

/// A value on one line, made harmless.
pub(super) fn on_one_line(text: &str, shown: ShownAs) -> String {
    broken(&harmless(&cut(text, VALUE_MAX), LineFeeds::Escape), shown)
}

/// A text of several lines, made harmless: at most so many lines, and so many UTF-16 units. What is missing is counted.
pub(super) fn of_lines(text: &str, lines_max: usize, units_max: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut units, mut all) = (0, 0);
    for line in text.split('\n') {
        all += 1;
        if lines.len() == lines_max || units >= units_max {
            continue;
        }
        let kept = cut(line, units_max - units);
        units += length(&kept).max(1);
        lines.push(kept);
    }
    let rest = all - lines.len();
    let mut shown: Vec<String> =
        harmless(&lines.join("\n"), LineFeeds::Keep).split('\n').map(|line| broken(line, ShownAs::Code)).collect();
    if rest > 0 {
        shown.push(format!("… and {}", plural(rest as u64, "more line")));
    }
    shown
}

/// How long a text is, in UTF-16 units.
pub(super) fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Cuts a text between two of its letters, and counts what is missing.
fn cut(text: &str, units_max: usize) -> String {
    // Bytes are never fewer than units.
    if text.len() <= units_max || length(text) <= units_max {
        return text.to_owned();
    }
    let (mut end, mut units) = (0, 0);
    for letter in text.graphemes(true) {
        units += length(letter);
        if units > units_max {
            break;
        }
        end += letter.len();
    }
    let (kept, rest) = text.split_at_checked(end).unwrap_or(("", text));
    format!("{kept}… ({})", plural(rest.graphemes(true).count() as u64, "more character"))
}

/// Breaks whatever a page, a mail or a bot could make something of: mentions, references of GitHub and of GitLab,
/// commits, addresses, emoji, quick actions, and character references, by which all of these can be written as well.
fn broken(text: &str, shown: ShownAs) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 8);
    let mut digits = 0;
    for (at, &character) in characters.iter().enumerate() {
        let (before, behind) = characters.split_at_checked(at).unwrap_or((&[], &characters));
        let behind = behind.get(1..).unwrap_or_default();
        let is_hex = character.is_ascii_hexdigit();
        digits = if is_hex { digits + 1 } else { 0 };
        let is_commit = shown == ShownAs::Words && digits == COMMIT_DIGITS;
        if is_commit || breaks_before(before, character, behind, shown) {
            out.push(BREAK);
            digits = usize::from(is_hex);
        }
        out.push(character);
        if breaks_behind(before, character, behind, shown) {
            out.push(BREAK);
        }
    }
    out
}

/// Whether a break stands before a character.
fn breaks_before(before: &[char], character: char, behind: &[char], shown: ShownAs) -> bool {
    let is_first = before.iter().all(|character| character.is_whitespace());
    match character {
        // A line of a note that begins with a slash is a command of GitLab.
        '/' => is_first && behind.first().is_some_and(char::is_ascii_alphabetic),
        '.' => shown == ShownAs::Words && ends_with(before, "www"),
        _ => false,
    }
}

/// Whether a break stands behind a character.
fn breaks_behind(before: &[char], character: char, behind: &[char], shown: ShownAs) -> bool {
    let Some(next) = behind.first() else { return false };
    let is_name = next.is_alphanumeric() || matches!(next, '_' | '-' | '"');
    match character {
        '@' => is_name,
        '&' => is_name || *next == '#',
        _ if shown == ShownAs::Code => false,
        '!' | '%' | '~' | '$' | '^' | '#' => is_name,
        ':' => behind.starts_with(&['/', '/']) || is_emoji(behind),
        '-' => next.is_ascii_digit() && ends_with(before, "gh"),
        _ => false,
    }
}

fn ends_with(before: &[char], word: &str) -> bool {
    let tail = before.len().checked_sub(word.len()).and_then(|start| before.get(start..));
    tail.is_some_and(|tail| tail.iter().zip(word.chars()).all(|(one, other)| one.eq_ignore_ascii_case(&other)))
}

/// Emoji whose names are numbers; all other numbers between colons are lines, columns and minutes.
const NUMBERED_EMOJI: [&str; 2] = ["100", "1234"];

/// Whether a name and a colon follow, as of `:tada:`.
fn is_emoji(behind: &[char]) -> bool {
    let is_name = |character: &&char| character.is_ascii_alphanumeric() || matches!(character, '_' | '+' | '-');
    let name: String = behind.iter().take_while(is_name).collect();
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit()) && !NUMBERED_EMOJI.contains(&name.as_str());
    !is_number && behind.get(name.len()) == Some(&':')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation as _;

    use super::{BREAK, ShownAs, cut, length, of_lines, on_one_line};

    #[test]
    fn what_somebody_could_make_something_of_is_broken() {
        let shown = |text: &str, shown| on_one_line(text, shown).replace(BREAK, "·");
        let check = |text: &str, expect: &str| assert_eq!(shown(text, ShownAs::Words), expect, "{text}");
        check("ask @acme/shop, a@b.example", "ask @·acme/shop, a@·b.example");
        check("owner/repo#12 #7 GH-7 gh-8 !9", "owner/repo#·12 #·7 GH-·7 gh-·8 !·9");
        check("&#64;acme &commat;acme &amp;#64;acme", "&·#·64;acme &·commat;acme &·amp;#·64;acme");
        check("https://x.example WWW.x.example", "https:·//x.example WWW·.x.example");
        check(":tada: :100: :+1: 09:00:30 a.yaml:3:1: x", ":·tada: :·100: :·+1: 09:00:30 a.yaml:3:1: x");
        check("at 1d036466bab1, 123456 or 1234567", "at 1d0364·66bab1, 123456 or 123456·7");
        check("/close", "·/close");
        check("Tom & Jerry, 50 % off! 1/2", "Tom & Jerry, 50 % off! 1/2");
        check("a\u{202e}b\u{200b}@c\n::error::", "a<U+202E>b<U+200B>@·c<U+000A>::·error::");
        check("::error::x", "<U+003A>:·error::x");
        let code = shown("@a #1 &#64;a :tada: https://www.x.example 1d036466bab1", ShownAs::Code);
        assert_eq!(code, "@·a #1 &·#64;a :tada: https://www.x.example 1d036466bab1");
        assert_eq!(shown("/close", ShownAs::Code), "·/close");
    }

    #[test]
    fn a_value_is_cut_between_its_letters_before_anything_is_put_into_it() {
        assert_eq!(cut("👩‍👩‍👧👩‍👩‍👧", 8), "👩‍👩‍👧… (1 more character)");
        assert_eq!(cut("👩‍👩‍👧👩‍👩‍👧", 7), "… (2 more characters)");
        assert_eq!(cut("čšž", 3), "čšž");
        let lines = of_lines("a\nb\nc\nd", 2, 100);
        assert_eq!(lines, ["a", "b", "… and 2 more lines"]);
        assert_eq!(of_lines("abc\ndef", 9, 4), ["abc", "d… (2 more characters)"]);
        assert_eq!(of_lines("/close\n /close", 9, 99), ["\u{200b}/close", " \u{200b}/close"]);
    }

    proptest! {
        #[test]
        fn a_cut_is_short_and_whole(text in "[a-c👩‍👧\u{301}🇭🇷]{0,40}", units in 0_usize..50) {
            let kept = cut(&text, units);
            let begin = kept.split('…').next().unwrap();
            prop_assert!(length(begin) <= units || length(&text) <= units);
            prop_assert!(text.graphemes(true).collect::<Vec<_>>().starts_with(&begin.graphemes(true).collect::<Vec<_>>()));
        }

        #[test]
        fn nothing_of_a_value_is_lost(text in "[@#a-f0-9:/&;.w!~%-]{0,30}") {
            let shown = on_one_line(&text, ShownAs::Words).replace(BREAK, "").replace("<U+003A>", ":");
            prop_assert_eq!(shown, text);
        }
    }
}
