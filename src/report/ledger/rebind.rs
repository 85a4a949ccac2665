//! What `ledger rebind` says.

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::document::Report;
use crate::report::screen::Screen;
use crate::report::sheet::Sheet;
use crate::report::text::TextForm;
use crate::report::words::list;

/// A ledger that was bound anew.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LedgerRebindReport {
    /// Where it is.
    pub place: String,
    /// Whether anything is new.
    pub changed: bool,
    /// The gateway that it is bound to now.
    pub gateway: String,
    /// Whether that is another name than before.
    pub gateway_changed: bool,
    /// The keys that it names besides those it named before.
    pub added_keys: Vec<String>,
    /// The key that new claims are made with now; null if it names none.
    pub first_key: Option<String>,
    /// Whether that is another one than before, although none was added.
    #[serde(skip)]
    pub is_order_new: bool,
    /// Whether a key was to be added.
    #[serde(skip)]
    pub is_about_keys: bool,
}

impl Report for LedgerRebindReport {
    const KIND: &'static str = "ledger-rebind";
}

impl TextForm for LedgerRebindReport {
    fn sheet(&self, _: &Screen) -> Sheet {
        let Self { place, gateway, .. } = self;
        if !self.changed {
            return Sheet::from(if self.is_about_keys {
                format!("nothing changed: {place} names all keys of SENDFORM_KEY already\n")
            } else {
                "nothing changed: the ledger is bound so already\n".to_owned()
            });
        }
        let mut lines = Vec::new();
        if self.gateway_changed {
            lines.push(format!("{place} is bound to `{gateway}` now\n"));
        }
        let first = self.first_key.as_deref().unwrap_or_default();
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
        Sheet::from(lines.concat())
    }
}
