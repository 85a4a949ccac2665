//! The difference of two texts, line by line, so that it can be seen: also if it is only a blank, a
//! mark without a shape, an accent that is written otherwise, or a line end.

use std::fmt::Write as _;

use similar::{DiffTag, TextDiff};

use crate::wire::visible::is_invisible;

use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::sheet::Sheet;
use crate::report::style::Paint;

/// How much of a line is written as code points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Only what may not be printed.
    Harmful,
    /// What nobody sees, blanks at the end, and a line end that is missing.
    Invisible,
    /// All but ASCII.
    NotAscii,
}

/// Shows the difference of two texts.
pub(in crate::report) fn diff(out: &mut Sheet, before: &str, now: &str, paint: Paint) {
    let diff = TextDiff::from_lines(before, now);
    for op in diff.ops() {
        let old: Vec<&str> = op.old_range().filter_map(|index| diff.old_slice(index)).collect();
        let new: Vec<&str> = op.new_range().filter_map(|index| diff.new_slice(index)).collect();
        if op.tag() == DiffTag::Equal {
            for text in &old {
                behind(out, ' ', &shown(text, Depth::Harmful), |text| paint.faint(text), paint);
            }
            continue;
        }
        let depth = enough(&old, &new);
        for text in &old {
            behind(out, '-', &shown(text, depth), |text| paint.bad(text), paint);
        }
        for text in &new {
            behind(out, '+', &shown(text, depth), |text| paint.good(text), paint);
        }
    }
}

/// Writes a line of a text, as all that is somebody's own text behind a bar.
fn behind(out: &mut Sheet, sign: char, text: &str, colour: impl Fn(&str) -> String, paint: Paint) {
    out.barred(&colour(&format!("{sign} {text}")), 2, |bar| paint.faint(bar));
}

/// Two short values as they have to be written to be told apart.
pub(in crate::report) fn told_apart(one: &str, other: &str) -> (String, String) {
    // They are no lines, so that neither lacks an end.
    let (one, other) = (format!("{one}\n"), format!("{other}\n"));
    let depth = enough(&[&one], &[&other]);
    (shown(&one, depth), shown(&other, depth))
}

/// The least depth at which lines that differ look different.
fn enough(old: &[&str], new: &[&str]) -> Depth {
    let differing = || old.iter().zip(new).filter(|(one, other)| one != other);
    // One letter may be written in two ways, with its accent or as one.
    if differing().any(|(one, other)| has_accents(one) != has_accents(other)) {
        Depth::NotAscii
    } else if differing().all(|(one, other)| look(one) != look(other)) {
        Depth::Harmful
    } else {
        Depth::Invisible
    }
}

/// A line as a reader takes it: all blanks are one.
fn look(text: &str) -> String {
    let seen = text.trim_end().chars().filter(|character| character.is_whitespace() || !is_invisible(*character));
    seen.map(|character| if character.is_whitespace() { ' ' } else { character }).collect()
}

fn has_accents(text: &str) -> bool {
    text.chars().any(is_accent)
}

/// A mark that is written over the letter before it: the same letter can be written as one.
fn is_accent(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}')
}

fn shown(text: &str, depth: Depth) -> String {
    let body = text.strip_suffix('\n').unwrap_or(text);
    if depth == Depth::Harmful {
        return harmless(body, LineFeeds::Escape);
    }
    let written = body.trim_end().len();
    let mut shown = String::with_capacity(body.len());
    for (at, character) in body.char_indices() {
        let hidden = is_invisible(character) && (character != ' ' || at >= written);
        if hidden || (depth == Depth::NotAscii && !character.is_ascii()) {
            // Writing to a string cannot fail.
            write!(shown, "<U+{:04X}>", u32::from(character)).unwrap_or_default();
        } else {
            shown.push(character);
        }
    }
    let mut shown = harmless(&shown, LineFeeds::Escape);
    if body.len() == text.len() {
        shown.push_str(" (no line end)");
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::{diff, told_apart};
    use crate::report::screen::Screen;
    use crate::report::sheet::Sheet;
    use crate::report::style::Paint;

    fn difference(before: &str, now: &str) -> String {
        let mut out = Sheet::default();
        diff(&mut out, before, now, Paint::Plain);
        out.laid_out(&Screen::endless(Paint::Plain))
    }

    #[test]
    fn a_difference_that_can_be_seen_is_shown_as_it_is() {
        assert_eq!(
            difference("Hi Ana,\nbye\n", "Hi Mia,\nbye\n"),
            "      │ - Hi Ana,\n      │ + Hi Mia,\n      │   bye\n"
        );
    }

    #[test]
    fn a_difference_that_nobody_sees_is_made_visible() {
        let check = |before: &str, now: &str, expect: &str| {
            assert_eq!(difference(before, now), expect, "{before:?} {now:?}");
        };
        check("Hi\n", "Hi \n", "      │ - Hi\n      │ + Hi<U+0020>\n");
        check("Hi you\n", "Hi\u{a0}you\n", "      │ - Hi you\n      │ + Hi<U+00A0>you\n");
        check("Hi\r\n", "Hi\n", "      │ - Hi<U+000D>\n      │ + Hi\n");
        check("\u{feff}Hi\n", "Hi\n", "      │ - <U+FEFF>Hi\n      │ + Hi\n");
        check("a\u{200d}b\n", "ab\n", "      │ - a<U+200D>b\n      │ + ab\n");
        check("\u{e9}\n", "e\u{301}\n", "      │ - <U+00E9>\n      │ + e<U+0301>\n");
        check("Hi\n", "Hi", "      │ - Hi\n      │ + Hi (no line end)\n");
        assert_eq!(told_apart("S\u{a0}1", "S 1"), ("S<U+00A0>1".to_owned(), "S 1".to_owned()));
    }

    proptest! {
        #[test]
        fn texts_that_differ_look_different(before in "[a é\u{a0}\u{200b}\u{feff}\u{301}e\r\n]{0,8}", now in "[a é\u{a0}\u{200b}\u{feff}\u{301}e\r\n]{0,8}") {
            let shown = difference(&before, &now);
            let side = |sign: &str| -> Vec<String> {
                shown.lines().filter_map(|line| line.strip_prefix("      │ ")?.strip_prefix(sign)).map(str::to_owned).collect()
            };
            proptest::prop_assert_eq!(side("- ") == side("+ "), before == now, "{}", shown);
        }
    }
}
