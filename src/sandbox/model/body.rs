//! The body of a send as it may arrive: every field of the API's schema, each perhaps absent or of
//! the wrong kind. Unknown fields are ignored, as the API does. The rules are in
//! [`super::check`].

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::MapAccess;
use serde::de::value::MapAccessDeserializer;

use super::field::{Field, Shape};

type Text<'a> = Field<Cow<'a, str>>;
type List<T> = Field<Vec<Field<T>>>;

/// Declares an object of the schema: its fields in camel case, all of them optional here.
macro_rules! object {
    ($(#[$meta:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Default, Deserialize)]
        #[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
        pub(super) struct $name<'a> {
            $(pub(super) $field: $type,)*
        }

        impl<'de: 'a, 'a> Shape<'de> for $name<'a> {
            const NAME: &'static str = "an object";

            fn object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
                Self::deserialize(MapAccessDeserializer::new(object)).map(Some)
            }
        }
    };
    ($(#[$meta:meta])* plain $name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Default, PartialEq, Eq, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        pub(super) struct $name {
            $(pub(super) $field: $type,)*
        }

        impl<'de> Shape<'de> for $name {
            const NAME: &'static str = "an object";

            fn object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
                Self::deserialize(MapAccessDeserializer::new(object)).map(Some)
            }
        }
    };
}

object! {
    /// The whole body.
    Body { messages: List<Message<'a>>, options: Field<Options<'a>> }
}
object! {
    Options { schedule: Field<Schedule<'a>> }
}
object! {
    Schedule { bulk_id: Text<'a>, send_at: Text<'a>, sending_speed_limit: Field<Amount<'a>> }
}
object! {
    /// An amount of a unit of time: a validity period or a speed.
    Amount { amount: Field<i64>, time_unit: Text<'a> }
}
object! {
    Message {
        sender: Text<'a>,
        destinations: List<Destination<'a>>,
        content: Field<Content<'a>>,
        options: Field<MessageOptions<'a>>,
        webhooks: Field<Webhooks<'a>>,
    }
}
object! {
    Destination { to: Text<'a>, message_id: Text<'a> }
}
object! {
    /// The fields of all four kinds of content; `type` says which of them count.
    Content {
        r#type: Text<'a>,
        text: Text<'a>,
        url: Text<'a>,
        elements: List<Card<'a>>,
        title: Text<'a>,
        subtitle: Text<'a>,
        image_url: Text<'a>,
        default_action: Field<Action<'a>>,
        buttons: List<Button<'a>>,
    }
}
object! {
    /// A rich card, or an element of a carousel.
    Card {
        title: Text<'a>,
        subtitle: Text<'a>,
        image_url: Text<'a>,
        default_action: Field<Action<'a>>,
        buttons: List<Button<'a>>,
    }
}
object! {
    Action { url: Text<'a> }
}
object! {
    Button { r#type: Text<'a>, title: Text<'a>, url: Text<'a>, postback: Text<'a> }
}
object! {
    MessageOptions {
        platform: Field<Platform<'a>>,
        validity_period: Field<Amount<'a>>,
        delivery_time_window: Field<Window<'a>>,
        campaign_reference_id: Text<'a>,
    }
}
object! {
    Platform { entity_id: Text<'a>, application_id: Text<'a> }
}
object! {
    Window { days: List<Cow<'a, str>>, from: Field<Time>, to: Field<Time> }
}
object! {
    plain Time { hour: Field<i64>, minute: Field<i64> }
}
object! {
    Webhooks { delivery: Field<Delivery<'a>>, content_type: Text<'a>, callback_data: Text<'a> }
}
object! {
    Delivery { url: Text<'a>, intermediate_report: Field<bool>, notify: Field<bool> }
}

/// Reads a body; `None` if it is not a JSON object, or not JSON at all.
pub(super) fn read(bytes: &[u8]) -> Option<Body<'_>> {
    match serde_json::from_slice(bytes) {
        Ok(Field::Is(body)) => Some(body),
        Ok(Field::Absent | Field::Wrong) | Err(_) => None,
    }
}
