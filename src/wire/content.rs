//! What a message says, in one type for all its stages: templates as they are written, templates
//! compiled, texts rendered, and the request.

use std::convert::Infallible;

use serde::Serialize;

/// What a message says, with its texts in whatever form they have come to.
///
/// A further type of the API (`IMAGE`, `CAROUSEL`, `RICH_CARD`) is a further variant: whoever works on
/// contents asks for their texts, and not for their variants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "UPPERCASE")]
pub enum Content<T> {
    /// A text.
    Text {
        /// Its words: 1 to 1000 characters.
        text: T,
    },
}

/// Which text of a content it is: different rules hold for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextSlot {
    /// The words of a text.
    Words,
}

impl<T> Content<T> {
    /// The API's name for the type.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "TEXT",
        }
    }

    /// Its texts, in the order in which the API has them.
    pub fn texts(&self) -> impl Iterator<Item = &T> {
        match self {
            Self::Text { text } => std::iter::once(text),
        }
    }

    /// The same content, with its texts borrowed.
    #[must_use]
    pub const fn as_ref(&self) -> Content<&T> {
        match self {
            Self::Text { text } => Content::Text { text },
        }
    }

    /// The same content, with something made of each text.
    ///
    /// # Errors
    /// If one cannot be made: the first such error.
    pub fn try_map<U, E>(self, mut make: impl FnMut(TextSlot, T) -> Result<U, E>) -> Result<Content<U>, E> {
        Ok(match self {
            Self::Text { text } => Content::Text { text: make(TextSlot::Words, text)? },
        })
    }

    /// The same content, with something made of each text.
    #[must_use]
    pub fn map<U>(self, mut make: impl FnMut(TextSlot, T) -> U) -> Content<U> {
        let Ok(made) = self.try_map(|slot, text| Ok::<U, Infallible>(make(slot, text)));
        made
    }
}

impl<T> Content<Option<T>> {
    /// The whole content, if no text of it is missing.
    #[must_use]
    pub fn whole(self) -> Option<Content<T>> {
        self.try_map(|_, text| text.ok_or(())).ok()
    }
}

impl<T: AsRef<str>> Content<T> {
    /// All its texts as one, to be shown and compared: each begins on a line of its own.
    #[must_use]
    pub fn joined(&self) -> String {
        let texts: Vec<&str> = self.texts().map(AsRef::as_ref).collect();
        texts.join("\n")
    }

    /// How long its texts are together, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.texts().map(|text| text.as_ref().len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::Content;

    #[test]
    fn the_name_of_a_type_is_what_is_written() {
        let content = Content::Text { text: "Hi" };
        let written = serde_json::to_value(&content).unwrap();
        assert_eq!(written, serde_json::json!({ "type": content.kind(), "text": "Hi" }));
    }
}
