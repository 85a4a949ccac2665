//! The rules for the four kinds of content.

use std::borrow::Cow;

use super::body;
use super::checker::{Violations, choose, one_of};
use super::field::Field;
use crate::wire::content::{Action, Button, Card, Content};
use crate::wire::limits;

/// How many cards a carousel may have.
const CARDS_MAX: usize = 10;
/// How many buttons a card may have.
const BUTTONS_MAX: usize = 3;

#[derive(Clone, Copy)]
enum ContentKind {
    Text,
    Image,
    Carousel,
    RichCard,
}

const KINDS: [(&str, ContentKind); 4] = [
    ("TEXT", ContentKind::Text),
    ("IMAGE", ContentKind::Image),
    ("CAROUSEL", ContentKind::Carousel),
    ("RICH_CARD", ContentKind::RichCard),
];

#[derive(Clone, Copy)]
enum ButtonKind {
    Url,
    Postback,
}

const BUTTON_KINDS: [(&str, ButtonKind); 2] = [("URL", ButtonKind::Url), ("POSTBACK", ButtonKind::Postback)];

/// Checks the content of a message.
pub(super) fn content<'a>(checker: &mut Violations, body: body::Content<'a>) -> Option<Content<Cow<'a, str>>> {
    match kind(checker, body.r#type, &KINDS)? {
        ContentKind::Text => {
            let text = checker.required_text("text", body.text, limits::TEXT_CHARS_MAX)?;
            Some(Content::Text { text })
        }
        ContentKind::Image => {
            let url = checker.required_text("url", body.url, limits::IMAGE_URL_CHARS_MAX)?;
            Some(Content::Image { url })
        }
        ContentKind::Carousel => {
            let elements = checker.required("elements", body.elements)?;
            if !(1..=CARDS_MAX).contains(&elements.len()) {
                checker.say("elements", format!("size must be between 1 and {CARDS_MAX}"));
            }
            Some(Content::Carousel { elements: checker.items("elements", elements, card) })
        }
        ContentKind::RichCard => {
            let whole = body::Card {
                title: body.title,
                subtitle: body.subtitle,
                image_url: body.image_url,
                default_action: body.default_action,
                buttons: body.buttons,
            };
            card(checker, whole).map(|card| Content::RichCard(Box::new(card)))
        }
    }
}

fn kind<T: Copy>(checker: &mut Violations, field: Field<Cow<'_, str>>, kinds: &[(&str, T)]) -> Option<T> {
    let name = checker.required("type", field)?;
    let kind = choose(&name, kinds);
    if kind.is_none() {
        checker.say("type", one_of(kinds));
    }
    kind
}

fn card<'a>(checker: &mut Violations, body: body::Card<'a>) -> Option<Card<Cow<'a, str>>> {
    let title = checker.required_text("title", body.title, limits::CARD_TEXT_CHARS_MAX);
    let subtitle = checker.text("subtitle", body.subtitle, limits::CARD_TEXT_CHARS_MAX);
    let image_url = checker.optional("imageUrl", body.image_url);
    let default_action = checker.optional("defaultAction", body.default_action);
    let default_action = checker.object("defaultAction", default_action, |checker, action| {
        checker.required("url", action.url).map(|url| Action { url })
    });
    let buttons = checker.optional("buttons", body.buttons).unwrap_or_default();
    if buttons.len() > BUTTONS_MAX {
        checker.say("buttons", format!("size must be between 0 and {BUTTONS_MAX}"));
    }
    let buttons = checker.items("buttons", buttons, button);
    Some(Card { title: title?, subtitle, image_url, default_action, buttons })
}

fn button<'a>(checker: &mut Violations, body: body::Button<'a>) -> Option<Button<Cow<'a, str>>> {
    match kind(checker, body.r#type, &BUTTON_KINDS)? {
        ButtonKind::Url => {
            let title = checker.required("title", body.title);
            let url = checker.required("url", body.url);
            Some(Button::Url { title: title?, url: url? })
        }
        ButtonKind::Postback => {
            let title = checker.required("title", body.title);
            let postback = checker.required("postback", body.postback);
            Some(Button::Postback { title: title?, postback: postback? })
        }
    }
}
