//! What a message says, in one type for all its stages: templates as they are written, templates
//! compiled, texts rendered, the request, and what the sandbox keeps of one.

use std::convert::Infallible;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::limits;

/// What a message says.
///
/// Its texts have whatever form they have come to. Whoever works on contents asks for their texts ([`texts`](Self::texts), [`try_map`](Self::try_map)), each
/// with its [`TextSlot`], and not for their variants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
#[schemars(rename = "Content")]
pub enum Content<T> {
    /// A text.
    Text {
        /// Its words.
        #[schemars(length(max = limits::TEXT_CHARS_MAX))]
        text: T,
    },
    /// An image.
    Image {
        /// Its address.
        #[schemars(length(max = limits::IMAGE_URL_CHARS_MAX))]
        url: T,
    },
    /// One to ten cards side by side.
    Carousel {
        /// The cards.
        #[schemars(length(min = 1, max = limits::CARDS_MAX))]
        elements: Vec<Card<T>>,
    },
    /// One card. Most messages are texts, which need not be as large as a card.
    RichCard(Box<Card<T>>),
}

/// The types of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "they are those of `Content`")]
pub enum ContentKind {
    Text,
    Image,
    Carousel,
    RichCard,
}

/// A rich card, or an element of a carousel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Card", inline)]
pub struct Card<T> {
    /// Its title.
    #[schemars(length(max = limits::CARD_TEXT_CHARS_MAX))]
    pub title: T,
    /// Its subtitle.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::CARD_TEXT_CHARS_MAX))]
    pub subtitle: Option<T>,
    /// The address of its image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<T>,
    /// What opens when it is tapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_action: Option<Action<T>>,
    /// At most three buttons.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    #[schemars(default, length(max = limits::BUTTONS_MAX))]
    pub buttons: Vec<Button<T>>,
}

/// What opens when a card is tapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Action")]
pub struct Action<T> {
    /// The address.
    pub url: T,
}

/// A button of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "UPPERCASE")]
#[schemars(rename = "Button")]
pub enum Button<T> {
    /// It opens an address.
    Url {
        /// What stands on it.
        title: T,
        /// The address.
        url: T,
    },
    /// It sends a text back to the business.
    Postback {
        /// What stands on it.
        title: T,
        /// The text.
        postback: T,
    },
}

/// The types of buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "they are those of `Button`")]
pub enum ButtonKind {
    Url,
    Postback,
}

/// Which text of a content it is: different rules hold for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextSlot {
    /// The words of a text.
    Words,
    /// The address of an image that is a message of its own.
    ImageUrl,
    /// The title or the subtitle of a card.
    CardText,
    /// The address of a card's image, or one that opens.
    Address,
    /// What stands on a button.
    ButtonTitle,
    /// What a button sends back.
    Postback,
}

impl TextSlot {
    /// How many characters it may have; `None` if the API's page states no limit.
    #[must_use]
    pub const fn chars_max(self) -> Option<usize> {
        match self {
            Self::Words => Some(limits::TEXT_CHARS_MAX),
            Self::ImageUrl => Some(limits::IMAGE_URL_CHARS_MAX),
            Self::CardText => Some(limits::CARD_TEXT_CHARS_MAX),
            Self::Address | Self::ButtonTitle | Self::Postback => None,
        }
    }

    /// How many bytes of UTF-8 it may have; `None` if no page of the channel states a limit.
    #[must_use]
    pub const fn bytes_max(self) -> Option<usize> {
        match self {
            Self::Words => Some(limits::TEXT_BYTES_MAX),
            Self::ImageUrl | Self::CardText | Self::Address | Self::ButtonTitle | Self::Postback => None,
        }
    }
}

impl<T> Content<T> {
    /// The API's name for the type.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "TEXT",
            Self::Image { .. } => "IMAGE",
            Self::Carousel { .. } => "CAROUSEL",
            Self::RichCard(_) => "RICH_CARD",
        }
    }

    /// Its texts, in the order in which the API has them.
    pub fn texts(&self) -> impl Iterator<Item = &T> {
        let (one, cards): (Option<&T>, &[Card<T>]) = match self {
            Self::Text { text: one } | Self::Image { url: one } => (Some(one), &[]),
            Self::Carousel { elements } => (None, elements),
            Self::RichCard(card) => (None, std::slice::from_ref(&**card)),
        };
        one.into_iter().chain(cards.iter().flat_map(Card::texts))
    }

    /// The same content, with its texts borrowed.
    #[must_use]
    pub fn as_ref(&self) -> Content<&T> {
        match self {
            Self::Text { text } => Content::Text { text },
            Self::Image { url } => Content::Image { url },
            Self::Carousel { elements } => Content::Carousel { elements: elements.iter().map(Card::as_ref).collect() },
            Self::RichCard(card) => Content::RichCard(Box::new(Card::as_ref(card))),
        }
    }

    /// The same content, with something made of each text.
    ///
    /// # Errors
    /// If one cannot be made: the first such error.
    pub fn try_map<U, E>(self, mut make: impl FnMut(TextSlot, T) -> Result<U, E>) -> Result<Content<U>, E> {
        Ok(match self {
            Self::Text { text } => Content::Text { text: make(TextSlot::Words, text)? },
            Self::Image { url } => Content::Image { url: make(TextSlot::ImageUrl, url)? },
            Self::Carousel { elements } => {
                let cards = elements.into_iter().map(|card| card.try_map(&mut make));
                Content::Carousel { elements: cards.collect::<Result<_, E>>()? }
            }
            Self::RichCard(card) => Content::RichCard(Box::new(card.try_map(&mut make)?)),
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

impl<T> Card<T> {
    fn texts(&self) -> impl Iterator<Item = &T> {
        let action = self.default_action.iter().map(|action| &action.url);
        let buttons = self.buttons.iter().flat_map(|button| match button {
            Button::Url { title, url: more } | Button::Postback { title, postback: more } => [title, more],
        });
        std::iter::once(&self.title).chain(&self.subtitle).chain(&self.image_url).chain(action).chain(buttons)
    }

    fn as_ref(&self) -> Card<&T> {
        Card {
            title: &self.title,
            subtitle: self.subtitle.as_ref(),
            image_url: self.image_url.as_ref(),
            default_action: self.default_action.as_ref().map(|Action { url }| Action { url }),
            buttons: self
                .buttons
                .iter()
                .map(|button| match button {
                    Button::Url { title, url } => Button::Url { title, url },
                    Button::Postback { title, postback } => Button::Postback { title, postback },
                })
                .collect(),
        }
    }

    fn try_map<U, E>(self, make: &mut impl FnMut(TextSlot, T) -> Result<U, E>) -> Result<Card<U>, E> {
        let Self { title, subtitle, image_url, default_action, buttons } = self;
        Ok(Card {
            title: make(TextSlot::CardText, title)?,
            subtitle: subtitle.map(|text| make(TextSlot::CardText, text)).transpose()?,
            image_url: image_url.map(|url| make(TextSlot::Address, url)).transpose()?,
            default_action: match default_action {
                Some(Action { url }) => Some(Action { url: make(TextSlot::Address, url)? }),
                None => None,
            },
            buttons: buttons
                .into_iter()
                .map(|button| {
                    Ok(match button {
                        Button::Url { title, url } => Button::Url {
                            title: make(TextSlot::ButtonTitle, title)?,
                            url: make(TextSlot::Address, url)?,
                        },
                        Button::Postback { title, postback } => Button::Postback {
                            title: make(TextSlot::ButtonTitle, title)?,
                            postback: make(TextSlot::Postback, postback)?,
                        },
                    })
                })
                .collect::<Result<_, E>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Button, Card, Content};

    fn contents() -> [Content<&'static str>; 4] {
        let card = |title| Card {
            title,
            subtitle: Some("subtitle"),
            image_url: Some("image"),
            default_action: Some(Action { url: "action" }),
            buttons: vec![
                Button::Url { title: "open", url: "address" },
                Button::Postback { title: "say", postback: "said" },
            ],
        };
        [
            Content::Text { text: "words" },
            Content::Image { url: "image" },
            Content::Carousel { elements: vec![card("first"), card("second")] },
            Content::RichCard(Box::new(card("only"))),
        ]
    }

    #[test]
    fn the_name_of_a_type_is_what_is_written_and_read() {
        for content in contents() {
            let written = serde_json::to_string(&content).unwrap();
            assert!(written.starts_with(&format!("{{\"type\":\"{}\"", content.kind())), "{written}");
            assert_eq!(serde_json::from_str::<Content<&str>>(&written).unwrap(), content);
        }
    }

    #[test]
    fn every_text_is_seen_once_and_in_one_order() {
        for content in contents() {
            let texts: Vec<&str> = content.texts().copied().collect();
            let mut seen = Vec::new();
            let numbered = content.as_ref().map(|_, text| {
                seen.push(*text);
                seen.len()
            });
            assert_eq!(seen, texts);
            assert!(numbered.texts().copied().eq(1..=texts.len()));
            // No text that is written is left out.
            let written = serde_json::to_value(&content).unwrap();
            let mut leaves = Vec::new();
            strings(&written, &mut leaves);
            leaves.sort_unstable();
            let mut sorted = texts.clone();
            sorted.sort_unstable();
            assert_eq!(leaves, sorted);
        }
    }

    fn strings<'a>(value: &'a serde_json::Value, found: &mut Vec<&'a str>) {
        match value {
            serde_json::Value::Object(fields) => {
                fields.iter().filter(|(name, _)| *name != "type").for_each(|(_, value)| strings(value, found));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
            serde_json::Value::String(text) => found.push(text),
            serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
        }
    }
}
