//! The digest of what one person gets.

use crate::campaign::Message;
use crate::identity::KeyedEncoder;
use crate::identity::encoding::Encode as _;
use crate::identity::{ContentDigest, Key};
use crate::wire::content::Content;
use crate::wire::options::{Day, DeliveryTimeWindow, ReportType};

/// Makes the contents of one message.
///
/// The parts, after the label `sendform.content.v1`: the content type; entityId and applicationId;
/// the validity in seconds; the window's days in the order of the week, its beginning and its end
/// in minutes; the campaignReferenceId; the webhook's URL, `intermediate` if intermediate reports
/// are wanted, `silent` if none are, the reports' type; then the text (of other
/// types than `TEXT` the content as the API's JSON) and the callbackData. What is
/// the API's default is left out, so that writing it out changes nothing.
#[derive(Clone)]
pub(super) struct ContentMaker(KeyedEncoder);

impl ContentMaker {
    /// Takes what all renderings of a message have in common.
    #[must_use]
    pub(super) fn new(key: &Key, message: &Message) -> Self {
        let mut keyed = KeyedEncoder::new(key, "sendform.content.v1");
        keyed.part(message.content.kind());
        let platform = message.platform.as_ref();
        keyed.optional(platform.and_then(|platform| platform.entity_id.as_ref()));
        keyed.optional(platform.and_then(|platform| platform.application_id.as_ref()));
        keyed.optional(message.schedule.validity.map(|validity| validity.seconds().to_string()));
        window(&mut keyed, message.schedule.window.as_ref());
        keyed.optional(message.campaign_reference_id.as_ref());
        let webhooks = &message.webhooks;
        keyed.optional(webhooks.url.as_ref());
        keyed.optional((webhooks.intermediate_report == Some(true)).then_some("intermediate"));
        keyed.optional((webhooks.notify == Some(false)).then_some("silent"));
        keyed.optional(webhooks.content_type.map(|content_type| match content_type {
            ReportType::Json => "json",
            ReportType::Xml => "xml",
        }));
        Self(keyed)
    }

    /// Makes the content of one rendering.
    #[must_use]
    pub(super) fn content(&self, content: &Content<String>, callback_data: Option<&str>) -> ContentDigest {
        let mut keyed = self.0.clone();
        match content {
            Content::Text { text } => keyed.part(text),
            // Their texts alone do not tell a subtitle from an address, nor where a card ends.
            Content::Image { .. } | Content::Carousel { .. } | Content::RichCard(_) => {
                keyed.part(serde_json::to_string(content).expect("a content is texts and lists of them"));
            }
        }
        keyed.optional(callback_data);
        ContentDigest(keyed.finish())
    }
}

/// Takes a delivery window, or its absence.
fn window(parts: &mut impl crate::identity::encoding::Encode, window: Option<&DeliveryTimeWindow>) {
    let Some(window) = window else { return parts.part("-") };
    parts.part("+");
    parts.part(days(window));
    parts.optional(window.from.map(|time| time.minutes().to_string()));
    parts.optional(window.to.map(|time| time.minutes().to_string()));
}

/// The days of a window, in the order of the week.
#[must_use]
pub(super) fn days(window: &DeliveryTimeWindow) -> String {
    let mut days = window.days.clone();
    days.sort_unstable();
    days.into_iter().map(day).collect::<Vec<_>>().join(",")
}

const fn day(day: Day) -> &'static str {
    match day {
        Day::Monday => "mon",
        Day::Tuesday => "tue",
        Day::Wednesday => "wed",
        Day::Thursday => "thu",
        Day::Friday => "fri",
        Day::Saturday => "sat",
        Day::Sunday => "sun",
    }
}
