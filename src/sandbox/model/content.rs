//! The rules for the four types of content.

use std::borrow::Cow;

use super::json::JsonList;
use super::reader::Fields;
use crate::wire::content::{Action, Button, ButtonKind, Card, Content, ContentKind};
use crate::wire::limits;

/// Reads the content of a message.
pub(super) fn content<'a>(fields: &mut Fields<'_, 'a>) -> Option<Content<Cow<'a, str>>> {
    match fields.required_choice("type")? {
        ContentKind::Text => {
            let text = fields.required_text("text", limits::TEXT_CHARS_MAX)?;
            Some(Content::Text { text })
        }
        ContentKind::Image => {
            let url = fields.required_text("url", limits::IMAGE_URL_CHARS_MAX)?;
            Some(Content::Image { url })
        }
        ContentKind::Carousel => {
            let elements: JsonList<'_, 'a> = fields.required("elements")?;
            if !(1..=limits::CARDS_MAX).contains(&elements.len()) {
                fields.say("elements", format!("size must be between 1 and {}", limits::CARDS_MAX));
            }
            let elements = fields.items("elements", elements, |violations, element| violations.fields(element, card));
            Some(Content::Carousel { elements })
        }
        ContentKind::RichCard => card(fields).map(|card| Content::RichCard(Box::new(card))),
    }
}

fn card<'a>(fields: &mut Fields<'_, 'a>) -> Option<Card<Cow<'a, str>>> {
    let title = fields.required_text("title", limits::CARD_TEXT_CHARS_MAX);
    let subtitle = fields.text("subtitle", limits::CARD_TEXT_CHARS_MAX);
    let image_url = fields.optional("imageUrl");
    let default_action = fields.object("defaultAction", |fields| Some(Action { url: fields.required("url")? }));
    let buttons: JsonList<'_, 'a> = fields.optional("buttons").unwrap_or_default();
    if buttons.len() > limits::BUTTONS_MAX {
        fields.say("buttons", format!("size must be between 0 and {}", limits::BUTTONS_MAX));
    }
    let buttons = fields.items("buttons", buttons, |violations, item| violations.fields(item, button));
    Some(Card { title: title?, subtitle, image_url, default_action, buttons })
}

fn button<'a>(fields: &mut Fields<'_, 'a>) -> Option<Button<Cow<'a, str>>> {
    let kind = fields.required_choice("type")?;
    let title = fields.required("title");
    match kind {
        ButtonKind::Url => {
            let url = fields.required("url");
            Some(Button::Url { title: title?, url: url? })
        }
        ButtonKind::Postback => {
            let postback = fields.required("postback");
            Some(Button::Postback { title: title?, postback: postback? })
        }
    }
}
