//! `POST /sandbox/inbound`: plays a person who writes to a sender, taps a button, opts out, or blocks it.

use axum::http::StatusCode;
use serde::Deserialize;

use crate::sandbox::answer::Answer;
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::webhook::inbound::{InboundAct, InboundContent, InboundDraft};
use crate::sandbox::reading;
use crate::sandbox::state::SandboxState;
use crate::sandbox::store::NewInbound;
use crate::wire::limits;

const EXPECTED: &str = r#"must name a person and a sender, as in {"from": "17841400000000001", "to": "shop", "text": "Hello"}; "act" is text, reply, postback, optOut or block"#;

/// What people write who are given no words.
const USUAL_TEXT: &str = "Hello";
/// What people write who want nothing more, unless they are given other words.
const OPT_OUT_TEXT: &str = "STOP";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct InboundText {
    from: String,
    to: String,
    #[serde(default)]
    act: InboundAct,
    text: Option<String>,
    /// What stands behind a quick reply, or a button.
    payload: Option<String>,
}

/// The longest name of a person or a sender, in characters.
const NAME_CHARS_MAX: usize = 200;

impl InboundText {
    /// What is wrong with it.
    fn fault(&self) -> Option<Answer> {
        let has = |text: &str, least: usize, most: usize| (least..=most).contains(&text.chars().count());
        for (property, name) in [("from", &self.from), ("to", &self.to)] {
            if !has(name, 1, NAME_CHARS_MAX) {
                return Some(Answer::violation(property, &format!("must have 1 to {NAME_CHARS_MAX} characters")));
            }
        }
        for (property, text) in [("text", &self.text), ("payload", &self.payload)] {
            if text.as_ref().is_some_and(|text| !has(text, 0, limits::TEXT_CHARS_MAX)) {
                let violation = format!("must have at most {} characters", limits::TEXT_CHARS_MAX);
                return Some(Answer::violation(property, &violation));
            }
        }
        None
    }

    /// What is written, if anything is.
    fn content(&self) -> Option<InboundContent> {
        let text = |usual: &str| self.text.clone().unwrap_or_else(|| usual.to_owned());
        let written = |usual: &str, is_reply| InboundContent::Text {
            text: text(usual),
            quick_reply: self.payload.clone(),
            is_reply,
        };
        match self.act {
            InboundAct::Text => Some(written(USUAL_TEXT, false)),
            InboundAct::Reply => Some(written(USUAL_TEXT, true)),
            InboundAct::OptOut => Some(written(OPT_OUT_TEXT, false)),
            InboundAct::Postback => Some(InboundContent::Postback {
                title: text(USUAL_TEXT),
                payload: self.payload.clone().unwrap_or_default(),
            }),
            InboundAct::Block => None,
        }
    }
}

/// Plays what a body says, and comes back once it is noted with the push that it makes.
///
/// # Errors
/// With the answer, if that cannot be.
pub(super) async fn play(sandbox: &SandboxState, body: &[u8]) -> Result<(), Answer> {
    let inbound = reading::json::<InboundText>(body).map_err(|_| Answer::violation("inbound", EXPECTED))?;
    if let Some(fault) = inbound.fault() {
        return Err(fault);
    }
    note(sandbox, inbound).await.map_err(|error| sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error))
}

async fn note(sandbox: &SandboxState, inbound: InboundText) -> Result<(), SandboxError> {
    let content = inbound.content();
    let InboundText { from: person, to: sender, .. } = inbound;
    let store = sandbox.store();
    let (mut draft, mut url) = (None, None);
    if let Some(content) = content {
        let paired = store.last_message_to(sender.clone(), person.clone(), sandbox.now()).await?;
        if let Some(postman) = sandbox.postman() {
            let of_message = paired.as_ref().and_then(|paired| paired.url.clone());
            url = postman.inbound_url().cloned().or(of_message);
        }
        let currency = store.inputs().latest_rules().price.currency.clone();
        draft = Some(InboundDraft { person: person.clone(), sender: sender.clone(), content, paired, currency });
    }
    sandbox.add_inbound(NewInbound { sender, person, draft, url }).await
}
