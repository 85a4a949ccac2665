//! What `ledger init`, `ledger copy` and `ledger merge` say.

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::document::Report;
use crate::report::screen::Screen;
use crate::report::sheet::Sheet;
use crate::report::text::TextForm;
use crate::report::words::plural;

use super::delta::DeltaView;

/// A ledger that was made.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LedgerInitReport<'a> {
    /// Where it is.
    pub place: &'a str,
    /// The gateway that it is bound to.
    pub gateway: &'a str,
    /// What belongs beside it, in lines; may be empty.
    #[serde(skip)]
    pub advice: &'a str,
}

/// A ledger that was copied to another home, and lives there now.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LedgerCopyReport<'a> {
    /// Where it was.
    pub from: &'a str,
    /// Where it is now.
    pub to: &'a str,
    /// How many claims it has.
    pub claims: u64,
    /// What was new to its new home.
    pub news: DeltaView,
    /// How many stops stand, there as well.
    pub stops: u64,
    /// What to do with the old one, in lines; may be empty.
    #[serde(skip)]
    pub advice: &'static str,
}

/// A lockfile that another one was merged into.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LedgerMergeReport {
    /// The lockfile.
    pub file: String,
}

impl Report for LedgerInitReport<'_> {
    const KIND: &'static str = "ledger-init";
}

impl Report for LedgerCopyReport<'_> {
    const KIND: &'static str = "ledger-copy";
}

impl Report for LedgerMergeReport {
    const KIND: &'static str = "ledger-merge";
}

impl TextForm for LedgerInitReport<'_> {
    fn sheet(&self, _: &Screen) -> Sheet {
        let Self { place, gateway, advice } = self;
        Sheet::from(format!("made {place} for `{gateway}`\n{advice}"))
    }
}

impl TextForm for LedgerCopyReport<'_> {
    fn sheet(&self, _: &Screen) -> Sheet {
        let Self { from, to, advice, .. } = self;
        let (claims, news) = (plural(self.claims, "claim"), self.news.words());
        let stops = match self.stops {
            0 => String::new(),
            stops => format!("with {}: nothing is sent until `sendform resume`\n", plural(stops, "stop")),
        };
        Sheet::from(format!(
            "copied {claims} from {from} to {to}: {news}\n{stops}read back: everybody stands as they did\n\
             retired {from}: whoever opens it is refused, and told where it went\n{advice}"
        ))
    }
}

/// To people git says what there is to say.
impl TextForm for LedgerMergeReport {
    fn sheet(&self, _: &Screen) -> Sheet {
        Sheet::default()
    }
}
