//! Filters that count, cut or raise letters. A letter is what a reader takes for one: an accent stays
//! with its letter, and an emoji of several people is never parted.

use std::ops::Range;

use minijinja::value::ValueKind;
use minijinja::{Value, filters};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::render::filters::{Made, fail};

/// Where the letters of a text stand.
fn letters(text: &str) -> Vec<Range<usize>> {
    text.grapheme_indices(true).map(|(at, letter)| at..at + letter.len()).collect()
}

/// Counts the letters of a text, or the parts of a list.
pub(super) fn length(value: &Value) -> Made<usize> {
    match value.as_str() {
        Some(text) if text.is_ascii() && !text.contains('\r') => Ok(text.len()),
        Some(text) => Ok(text.graphemes(true).count()),
        None => filters::length(value),
    }
}

/// The first letter of a text, or part of a list.
pub(super) fn first(value: &Value) -> Made<Value> {
    match value.as_str() {
        Some(text) => Ok(text.graphemes(true).next().map_or(Value::UNDEFINED, Value::from)),
        None => filters::first(value),
    }
}

/// The last letter of a text, or part of a list.
pub(super) fn last(value: Value) -> Made<Value> {
    match value.as_str() {
        Some(text) => Ok(text.graphemes(true).next_back().map_or(Value::UNDEFINED, Value::from)),
        None => filters::last(value),
    }
}

/// Cuts a text to a number of letters, the ellipsis among them.
pub(super) fn truncate(text: &str, length: i64, ellipsis: Option<&str>) -> Made<String> {
    let Ok(length) = usize::try_from(length) else {
        return fail("`truncate` takes a length of at least 0");
    };
    if text.graphemes(true).nth(length).is_none() {
        return Ok(text.to_owned());
    }
    let ellipsis = ellipsis.unwrap_or("…");
    let Some(kept) = length.checked_sub(ellipsis.graphemes(true).count()) else {
        return fail("`truncate` takes a length that holds at least the ellipsis");
    };
    let mut cut: String = text.graphemes(true).take(kept).collect();
    cut.truncate(cut.trim_end().len());
    cut.push_str(ellipsis);
    Ok(cut)
}

/// Cuts letters out of a text, or parts out of a list, as `[start:stop:step]` does; see
/// [`slices`](super::slices).
pub(super) fn slice(value: &Value, start: &Value, stop: &Value, step: &Value) -> Made<Value> {
    let (Ok(start), Ok(stop), Ok(step)) = (bound(start), bound(stop), bound(step)) else {
        return fail("a slice takes whole numbers");
    };
    let step = step.unwrap_or(1);
    if step == 0 {
        return fail("a slice takes a step other than 0");
    }
    let Some(text) = value.as_str() else {
        let parts: Vec<Value> = value.try_iter()?.collect();
        let chosen = positions(parts.len(), start, stop, step).filter_map(|position| parts.get(position).cloned());
        return Ok(Value::from(chosen.collect::<Vec<_>>()));
    };
    let letters = letters(text);
    let chosen = positions(letters.len(), start, stop, step).filter_map(|position| letters.get(position).cloned());
    Ok(Value::from(chosen.filter_map(|range| text.get(range)).collect::<String>()))
}

/// Reads a bound; `None` if none is given.
fn bound(value: &Value) -> Result<Option<i64>, minijinja::Error> {
    if value.kind() == ValueKind::None { Ok(None) } else { i64::try_from(value.clone()).map(Some) }
}

/// The positions that a slice chooses out of so many: those below zero count from the end, and what
/// lies outside is cut off.
fn positions(count: usize, start: Option<i64>, stop: Option<i64>, step: i64) -> impl Iterator<Item = usize> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let (least, most) = if step > 0 { (0, count) } else { (-1, count.saturating_sub(1)) };
    let from_start = |bound: i64| if bound < 0 { bound.saturating_add(count) } else { bound }.clamp(least, most);
    let (first, end) = if step > 0 { (least, most) } else { (most, least) };
    let (start, stop) = (start.map_or(first, from_start), stop.map_or(end, from_start));
    let inside = move |at: &i64| if step > 0 { *at < stop } else { *at > stop };
    std::iter::successors(Some(start).filter(inside), move |at| at.checked_add(step).filter(inside))
        .filter_map(|at| usize::try_from(at).ok())
}

/// Raises the first letter of every word and lowers the others. What is no word, such as an emoji
/// before it, changes nothing.
pub(super) fn title(value: &Value) -> Made<Value> {
    changed(value, |text| text.split_word_bounds().map(raised).collect())
}

/// Raises the first letter of a text and lowers all others.
pub(super) fn capitalize(value: &Value) -> Made<Value> {
    changed(value, raised)
}

/// Changes a text. What is meant, though it is blank, stays meant.
fn changed(value: &Value, change: impl Fn(&str) -> String) -> Made<Value> {
    match value.as_str() {
        Some(text) if value.is_safe() => Ok(Value::from_safe_string(change(text))),
        Some(text) => Ok(Value::from(change(text))),
        None => fail("this filter takes a text"),
    }
}

/// Raises the first letter or digit, and lowers what stands behind it.
fn raised(text: &str) -> String {
    let Some((at, first)) = text.char_indices().find(|(_, character)| character.is_alphanumeric()) else {
        return text.to_owned();
    };
    let (before, word) = text.split_at_checked(at).unwrap_or(("", text));
    // How a letter is lowered may depend on the whole word.
    let lowered = word.to_lowercase();
    let first_lowered: usize = first.to_lowercase().map(char::len_utf8).sum();
    let mut raised = before.to_owned();
    raised.extend(first.to_uppercase());
    raised.push_str(lowered.get(first_lowered..).unwrap_or_default());
    raised
}

#[cfg(test)]
mod tests {
    use minijinja::Value;
    use proptest::prelude::{any, proptest};

    use super::{capitalize, first, last, length, positions, slice, title, truncate};

    const FAMILY: &str = "👩\u{200d}👩\u{200d}👧\u{200d}👦";

    fn text(value: &Value) -> String {
        value.as_str().unwrap_or("no text").to_owned()
    }

    #[test]
    fn letters_are_never_parted() {
        let name = Value::from(format!("{FAMILY}Mia"));
        assert_eq!(length(&name).unwrap(), 4);
        assert_eq!(text(&first(&name).unwrap()), FAMILY);
        assert_eq!(text(&last(Value::from("🇭🇷🇸🇮")).unwrap()), "🇸🇮");
        assert_eq!(text(&first(&Value::from("Z\u{30c}ofia")).unwrap()), "Z\u{30c}");
        assert!(first(&Value::from("")).unwrap().is_undefined());
        let cut = |text: &str, length: i64| truncate(text, length, None).unwrap();
        assert_eq!(cut(&format!("{FAMILY}Mia"), 3), format!("{FAMILY}M…"));
        assert_eq!(cut("🇭🇷🇸🇮🇮🇹", 2), "🇭🇷…");
        assert_eq!(cut("🇭🇷🇸🇮", 2), "🇭🇷🇸🇮");
        assert_eq!(cut("Z\u{30c}ofia", 2), "Z\u{30c}…");
        assert_eq!(cut("👍🏽👍🏽👍🏽", 2), "👍🏽…");
        assert_eq!(length(&Value::from("a\r\nb")).unwrap(), 3);
        assert_eq!(length(&Value::from(vec![1, 2])).unwrap(), 2);
    }

    #[test]
    fn words_are_raised_and_symbols_change_nothing() {
        let check = |given: &str, titled: &str, capitalized: &str| {
            assert_eq!(text(&title(&Value::from(given)).unwrap()), titled, "{given}");
            assert_eq!(text(&capitalize(&Value::from(given)).unwrap()), capitalized, "{given}");
        };
        check("ANA maria", "Ana Maria", "Ana maria");
        check(&format!("{FAMILY}ANA"), &format!("{FAMILY}Ana"), &format!("{FAMILY}Ana"));
        check("⭐mia⭐lea", "⭐Mia⭐Lea", "⭐Mia⭐lea");
        check("don't o’neill", "Don't O’neill", "Don't o’neill");
        check("jean-LUC (jl)", "Jean-Luc (Jl)", "Jean-luc (jl)");
        check("3rd éLE z\u{30c}IVA", "3rd Éle Z\u{30c}iva", "3rd éle z\u{30c}iva");
        check("ΟΔΥΣΣΕΥΣ", "Οδυσσευς", "Οδυσσευς");
        check("İSTANBUL ǆep", "İstanbul Ǆep", "İstanbul ǆep");
        check("", "", "");
        check("👍", "👍", "👍");
    }

    #[test]
    fn slices_are_python_s() {
        let cut = |text: &str, bounds: [Option<i64>; 3]| {
            let [start, stop, step] = bounds.map(|bound| bound.map_or(Value::from(()), Value::from));
            slice(&Value::from(text), &start, &stop, &step)
                .map_or_else(|_| "error".to_owned(), |value| self::text(&value))
        };
        assert_eq!(cut("Split", [None, Some(3), None]), "Spl");
        assert_eq!(cut("Split", [Some(-2), None, None]), "it");
        assert_eq!(cut("Split", [None, None, Some(-1)]), "tilpS");
        assert_eq!(cut("Split", [Some(3), Some(0), Some(-2)]), "ip");
        assert_eq!(cut("Split", [Some(9), None, None]), "");
        assert_eq!(cut("Split", [Some(i64::MIN), Some(i64::MAX), Some(i64::MAX)]), "S");
        assert_eq!(cut("Split", [None, None, Some(0)]), "error");
        assert_eq!(cut(&format!("{FAMILY}Mia"), [None, Some(2), None]), format!("{FAMILY}M"));
    }

    proptest! {
        #[test]
        fn what_is_cut_is_made_of_whole_letters(given in "[a-c👩👧🇭🇷é\u{301}\u{200d}\u{fe0f}\u{1f3fd} ]{0,12}", keep in 0..6_i64) {
            use unicode_segmentation::UnicodeSegmentation as _;
            let whole: Vec<&str> = given.graphemes(true).collect();
            let kept = usize::try_from(keep).unwrap();
            let expect: String = whole.iter().take(kept).copied().collect();
            let none = Value::from(());
            let cut = slice(&Value::from(given.as_str()), &none, &Value::from(keep), &none).unwrap();
            proptest::prop_assert_eq!(text(&cut), expect);
            let cut = truncate(&given, keep, Some("")).unwrap();
            proptest::prop_assert!(given.starts_with(&cut));
            proptest::prop_assert!(cut.is_empty() || whole.concat().starts_with(&cut));
            proptest::prop_assert!(cut.graphemes(true).zip(&whole).all(|(one, other)| one == *other || one.trim_end() == other.trim_end()));
        }

        #[test]
        fn positions_lie_inside(count in 0..9_usize, start in any::<Option<i64>>(), stop in any::<Option<i64>>(), step in -4..4_i64) {
            proptest::prop_assume!(step != 0);
            let positions: Vec<usize> = positions(count, start, stop, step).collect();
            proptest::prop_assert!(positions.iter().all(|position| *position < count));
            proptest::prop_assert!(positions.len() <= count);
        }
    }
}
