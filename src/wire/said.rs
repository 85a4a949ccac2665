//! What a gateway or a server says, before it is shown or kept: our own secrets and the ids of people in
//! it are hidden. It may say whatever it has heard from us.

use std::borrow::Cow;
use std::sync::OnceLock;

/// What stands where something is hidden.
const HIDDEN: &str = "…";
/// A shorter secret would be found in ordinary words.
const SECRET_CHARS_MIN: usize = 8;
/// A secret of letters alone has to be longer: it might be a word.
const WORD_CHARS_MIN: usize = 16;
/// So many digits in a row are somebody's id.
const ID_DIGITS_MIN: usize = 6;
/// How many hexadecimal digits stand for a person in a messageId.
const PERSON_DIGITS: usize = 16;

static SECRETS: OnceLock<Vec<String>> = OnceLock::new();

/// Names the secrets of this process, once: they are hidden from then on.
pub fn hide(secrets: impl IntoIterator<Item = impl AsRef<str>>) {
    let mut forms: Vec<String> = secrets.into_iter().flat_map(|secret| forms(secret.as_ref().trim())).collect();
    // What is within another one is hidden after it.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.dedup();
    // Whoever names them a second time names the same ones.
    drop(SECRETS.set(forms));
}

/// A text without our secrets.
#[must_use]
pub fn without_secrets(text: &str) -> Cow<'_, str> {
    without(text, SECRETS.get().map_or(&[], Vec::as_slice))
}

/// Words of a gateway without our secrets and without ids of people: those that are named, whatever they
/// look like, long numbers, and the persons in messageIds.
#[must_use]
pub fn without_people<'a>(text: &str, ids: impl IntoIterator<Item = &'a str>) -> String {
    let text = without_secrets(text);
    let mut named: Vec<&str> = ids.into_iter().filter(|id| id.len() >= 3 && text.contains(id)).collect();
    named.sort_by_key(|id| std::cmp::Reverse(id.len()));
    let text = without(&text, &named).into_owned();
    without_numbers(&without_persons(&text))
}

/// A text of which only the named ids and the persons in messageIds are hidden: where a long number is
/// what it should be, such as a bulkId of the gateway's own.
#[must_use]
pub fn without_named<'a>(text: &str, ids: impl IntoIterator<Item = &'a str>) -> String {
    let text = without_secrets(text);
    let named: Vec<&str> = ids.into_iter().filter(|id| id.len() >= 3 && text.contains(id)).collect();
    without_persons(&without(&text, &named))
}

fn without<'a>(text: &'a str, hidden: &[impl AsRef<str>]) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(text);
    for form in hidden.iter().map(AsRef::as_ref) {
        if text.contains(form) {
            text = Cow::Owned(text.replace(form, HIDDEN));
        }
    }
    text
}

/// The forms in which a secret may be said again: as it is, in a URL, in JSON, without its marks.
fn forms(secret: &str) -> Vec<String> {
    let is_word = secret.chars().all(char::is_alphabetic);
    let least = if is_word { WORD_CHARS_MIN } else { SECRET_CHARS_MIN };
    if secret.chars().count() < least {
        return Vec::new();
    }
    let in_url: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let in_json = serde_json::to_string(secret).unwrap_or_default().trim_matches('"').to_owned();
    let bare: String = secret.chars().filter(char::is_ascii_alphanumeric).collect();
    let mut forms = vec![secret.to_owned(), in_url, in_json];
    if bare.len() >= SECRET_CHARS_MIN && !bare.chars().all(char::is_alphabetic) {
        forms.push(bare);
    }
    forms
}

/// Hides the persons in messageIds: sixteen hexadecimal digits behind a dot.
fn without_persons(text: &str) -> String {
    let mut parts = text.split('.');
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        clean.push('.');
        let end = part.find(|mark: char| !mark.is_ascii_hexdigit()).unwrap_or(part.len());
        let rest = part.get(end..).unwrap_or_default();
        clean.push_str(if end == PERSON_DIGITS { HIDDEN } else { part.get(..end).unwrap_or_default() });
        clean.push_str(rest);
    }
    clean
}

/// Hides long numbers.
fn without_numbers(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut digits = String::new();
    let flush = |digits: &mut String, clean: &mut String| {
        clean.push_str(if digits.len() >= ID_DIGITS_MIN { HIDDEN } else { digits });
        digits.clear();
    };
    for character in text.chars() {
        if character.is_ascii_digit() {
            digits.push(character);
        } else {
            flush(&mut digits, &mut clean);
            clean.push(character);
        }
    }
    flush(&mut digits, &mut clean);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_people_are_hidden_and_ours_of_campaigns_are_not() {
        let check = |text: &str, expect: &str| assert_eq!(without_people(text, ["ana.p", "x"]), expect, "{text}");
        check("E400 messages[0].destinations[0].to", "E400 messages[0].destinations[0].to");
        check("no 17841400000000001, 123456 or 12345", "no …, … or 12345");
        check("ana.p is unknown", "… is unknown");
        check("sale.hello.r1.616c1c5802824f8b failed", "sale.hello.r1.… failed");
        check("sale.hello.r12 and v1.5", "sale.hello.r12 and v1.5");
        assert_eq!(without_named("2034072219640523072", ["17841400000000001"]), "2034072219640523072");
        assert_eq!(without_named("bulk 17841400000000001", ["17841400000000001"]), "bulk …");
    }

    #[test]
    fn a_secret_is_hidden_in_all_its_forms_and_a_word_is_none() {
        let found = forms("a+b/c\"d-12345=");
        assert!(found.contains(&"a%2Bb%2Fc%22d-12345%3D".to_owned()));
        assert!(found.contains(&"a+b/c\\\"d-12345=".to_owned()));
        assert!(found.contains(&"abcd12345".to_owned()));
        assert_eq!(without("key a+b/c\"d-12345=!", &found), "key …!");
        for word in ["sendform", "sandbox", "short-1", ""] {
            assert!(forms(word).is_empty(), "{word}");
        }
        assert_eq!(forms("correcthorsebatterystaple").first().map(String::as_str), Some("correcthorsebatterystaple"));
    }
}
