//! What `ledger import` says.

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::document::Report;
use crate::report::screen::Screen;
use crate::report::sheet::{Sheet, line};
use crate::report::text::TextForm;
use crate::report::words::plural;

use super::delta::DeltaView;

/// Files that were joined in.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LedgerImportReport {
    /// The files, in the order of the command line.
    pub files: Vec<ImportView>,
}

/// A file that was joined in.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportView {
    /// Its path.
    pub file: String,
    /// What the ledger learned.
    pub news: DeltaView,
    /// How many outcomes were passed over, of claims that the ledger never got and nothing was sent for.
    pub passed_over: u64,
    /// Whether it ended inside a line, which was passed over.
    pub torn: bool,
    /// How many stops stand of those in the file of stops beside it, which were joined in as well.
    pub stops: u64,
    /// Whether it has outcomes only, as a run keeps them, and is of no more use now.
    pub can_be_deleted: bool,
}

impl Report for LedgerImportReport {
    const KIND: &'static str = "ledger-import";
}

impl TextForm for LedgerImportReport {
    fn sheet(&self, _: &Screen) -> Sheet {
        let mut out = Sheet::default();
        for ImportView { file, news, passed_over, torn, stops, can_be_deleted } in &self.files {
            line(&mut out, &format!("{file}: {}", news.words()));
            if *passed_over > 0 {
                let count = plural(*passed_over, "outcome");
                line(&mut out, &format!("  {count} passed over: nothing was sent, and the ledger never got the claim"));
            }
            if *torn {
                line(&mut out, "  it ends inside a line, which was passed over");
            }
            if *stops > 0 {
                let stops = plural(*stops, "stop");
                line(&mut out, &format!("  with {stops} beside it: nothing is sent until `sendform resume`"));
            }
            if *can_be_deleted {
                line(&mut out, "  the ledger has all of it now: it can be deleted");
            }
        }
        out
    }
}
