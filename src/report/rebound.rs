//! What a ledger is bound to now, and what of that is new, in words and as JSON.

use serde_json::{Value, json};

use crate::identity::KeyId;

use super::document::FORMAT_VERSION;
use super::words::list;

/// A ledger that was bound anew.
#[derive(Debug)]
pub struct Rebound {
    /// Where it is.
    pub place: String,
    /// The gateway that it is bound to now.
    pub gateway: String,
    /// Whether that is another name than before.
    pub is_gateway_new: bool,
    /// The keys that it names besides those it named before.
    pub added_keys: Vec<KeyId>,
    /// The key that new claims are made with now.
    pub first_key: Option<KeyId>,
    /// Whether that is another one than before, although none was added.
    pub is_order_new: bool,
    /// Whether a key was to be added.
    pub is_about_keys: bool,
}

impl Rebound {
    fn is_changed(&self) -> bool {
        self.is_gateway_new || self.is_order_new || !self.added_keys.is_empty()
    }

    /// Writes it for people.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { place, gateway, .. } = self;
        if !self.is_changed() {
            return if self.is_about_keys {
                format!("nothing changed: {place} names all keys of SENDFORM_KEY already\n")
            } else {
                "nothing changed: the ledger is bound so already\n".to_owned()
            };
        }
        let mut lines = Vec::new();
        if self.is_gateway_new {
            lines.push(format!("{place} is bound to `{gateway}` now\n"));
        }
        let first = self.first_key.as_ref().map(ToString::to_string).unwrap_or_default();
        if !self.added_keys.is_empty() {
            let added: Vec<String> = self.added_keys.iter().map(|key| format!("`{key}`")).collect();
            lines.push(format!(
                "{place} names the {} {} besides; new claims are made with the first of SENDFORM_KEY, `{first}`\n\
                 keep all of its keys: whoever was sent to under an old one is recognised by that alone\n",
                if added.len() == 1 { "key" } else { "keys" },
                list(&added),
            ));
        } else if self.is_order_new {
            lines.push(format!(
                "{place} names the key `{first}` first: new claims are made with it\n\
                 name it first in SENDFORM_KEY wherever anybody applies\n"
            ));
        }
        lines.concat()
    }

    /// Writes it for machines.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "formatVersion": FORMAT_VERSION,
            "kind": "ledger-rebind",
            "place": self.place,
            "changed": self.is_changed(),
            "gateway": self.gateway,
            "gatewayChanged": self.is_gateway_new,
            "addedKeys": self.added_keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "firstKey": self.first_key.as_ref().map(ToString::to_string),
        })
    }
}
