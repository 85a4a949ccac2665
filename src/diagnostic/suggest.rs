//! "Did you mean …?": which word of a list was most likely meant, and lists of words in sentences.

/// The longest word that is compared, in bytes: nobody mistypes a longer one.
const BYTES_MAX: usize = 100;

/// The candidate that was most likely meant, if one is near enough: a third of a word may be wrong, of a short
/// word one letter. Case, blanks, hyphens and underscores do not count.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = plain(word);
    if wanted.is_empty() || wanted.len() > BYTES_MAX {
        return None;
    }
    let distance_max = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= BYTES_MAX)
        .map(|candidate| (strsim::osa_distance(&wanted, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= distance_max)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A word in the form in which words are compared.
fn plain(word: &str) -> String {
    word.to_lowercase().replace(['_', '-', ' '], "")
}

/// Words in backticks with commas and a conjunction.
#[must_use]
pub fn enumerated(words: &[&str], conjunction: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [others @ .., last] => format!("{} {conjunction} {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_near_and_another_word_is_not() {
        let check = |word: &str, expect: Option<&str>| {
            assert_eq!(nearest(word, ["first_name", "city", "sendAt", "timeZone"]), expect, "{word}");
        };
        check("firstName", Some("first_name"));
        check("fist_name", Some("first_name"));
        check("First Name", Some("first_name"));
        check("snedat", Some("sendAt"));
        check("citi", Some("city"));
        check("Time-Zone", Some("timeZone"));
        check("last_name", None);
        check("name", None);
        check("_", None);
        check("", None);
        check(&"c".repeat(200), None);
    }

    #[test]
    fn words_are_listed_as_in_a_sentence() {
        assert_eq!(enumerated(&[], "or"), "");
        assert_eq!(enumerated(&["a"], "or"), "`a`");
        assert_eq!(enumerated(&["a", "b", "c"], "or"), "`a`, `b` or `c`");
    }
}
