//! `__complete`: what a shell may complete, one value a line. It needs no key and no network, and whatever fails gives no
//! values: nobody wants an error in the middle of a line that they type.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::campaign::Campaign;
use crate::cli::args::{CompleteArgs, CompletedValue, Global};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files::{self, ProjectFiles};
use crate::cli::gateway::GatewayAccess;
use crate::cli::output;
use crate::cli::settings::Settings;
use crate::cli::store::expected_by_anybody;
use crate::store::ReadOnlyLedger;

/// Prints the values.
///
/// # Errors
/// If standard output is gone.
pub(super) async fn run(global: &Global, args: &CompleteArgs, settings: &Settings) -> Result<Exit, Failure> {
    let values = values(global, args.value, settings).await.unwrap_or_default();
    let lines: String = values.iter().map(|value| format!("{value}\n")).collect();
    output::print(&lines)?;
    Ok(Exit::Done)
}

async fn values(global: &Global, value: CompletedValue, settings: &Settings) -> Option<BTreeSet<String>> {
    let files = files::read(global).ok()?;
    let campaigns = |campaigns: &[Campaign]| {
        let keys = campaigns.iter().flat_map(|campaign| &campaign.messages).map(|message| message.key.to_string());
        keys.collect::<BTreeSet<String>>()
    };
    match value {
        CompletedValue::Messages => Some(campaigns(&files.campaigns)),
        CompletedValue::Selections => {
            let messages = campaigns(&files.campaigns);
            let names = messages.iter().filter_map(|key| key.split_once('.')).map(|(name, _)| name.to_owned());
            Some(names.chain(messages.iter().cloned()).collect())
        }
        CompletedValue::Bulks => {
            let context = context(files, global, settings)?;
            let now = settings.now.unwrap_or_else(Timestamp::now);
            let expected = expected_by_anybody(&context).ok()?;
            let ReadOnlyLedger { ledger, view, .. } = context.gateway.ledger.look_here(&expected, now).await.ok()?;
            Some(ledger.doubts(view).iter().map(|doubt| doubt.claim.bulk.to_string()).collect())
        }
        CompletedValue::Stops => {
            let context = context(files, global, settings)?;
            let stops = context.gateway.ledger.stops_here(&context.project.id).await.ok()?;
            Some(stops.standing().map(|stop| stop.id.to_string()).collect())
        }
    }
}

fn context(files: ProjectFiles, global: &Global, settings: &Settings) -> Option<Context> {
    let ProjectFiles { home, folders, project, campaigns, diagnostics, .. } = files;
    let project = project?;
    let gateway = if global.sandbox {
        GatewayAccess::sandbox_at_rest(&home, settings)
    } else {
        GatewayAccess::real(&project, &home, settings)
    };
    let gateway = gateway.ok()?;
    // A server is not asked while somebody types.
    (!gateway.ledger.has_server()).then_some(Context { home, folders, project, campaigns, diagnostics, gateway })
}
