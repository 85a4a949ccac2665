//! "Did you mean …?"

use super::lookalikes;
use crate::diagnostic::suggest::{enumerated, nearest};

/// The hint behind an unknown word: the one that was likely meant, else all that there are.
pub(super) fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut candidates: Vec<&str> = candidates.into_iter().collect();
    candidates.sort_unstable();
    if let Some(near) = nearest(word, candidates.iter().copied()) {
        // A difference that cannot be seen is told.
        let stranger = lookalikes::stranger(word, near).map(lookalikes::name);
        let seen = stranger.map(|stranger| format!(" here stands {stranger}")).unwrap_or_default();
        return Some(format!("did you mean `{near}`?{seen}"));
    }
    (!candidates.is_empty() && candidates.len() <= 20).then(|| format!("there {}", listed(&candidates)))
}

fn listed(words: &[&str]) -> String {
    let verb = if words.len() == 1 { "is" } else { "are" };
    format!("{verb} {}", enumerated(words, "and"))
}

#[cfg(test)]
mod tests {
    use super::hint;

    fn check(word: &str, expect: Option<&str>) {
        assert_eq!(hint(word, ["sendAt", "timeZone", "sender"]).as_deref(), expect, "{word}");
    }

    #[test]
    fn near_words_are_suggested_and_others_listed() {
        check("sendat", Some("did you mean `sendAt`?"));
        check("sned_at", Some("did you mean `sendAt`?"));
        check("snedAt", Some("did you mean `sendAt`?"));
        check("Timezone", Some("did you mean `timeZone`?"));
        check("sender\u{a0}", Some("did you mean `sender`? here stands a no-break space (U+00A0)"));
        check("s\u{435}nder", Some("did you mean `sender`? here stands `\u{435}` (U+0435)"));
        check("x", Some("there are `sendAt`, `sender` and `timeZone`"));
        assert_eq!(hint("x", []), None);
        assert_eq!(hint("x", ["shop"]).as_deref(), Some("there is `shop`"));
    }
}
