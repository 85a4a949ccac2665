//! `ledger rebind`: another name of the gateway, or one more key.

use crate::cli::args::{Acceptance, RebindArgs};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::store::{expected, visit};
use crate::identity::KeyId;
use crate::ledger::{Header, Ledger, View};
use crate::report::failure_code::FailureCode;
use crate::report::ledger::rebind::LedgerRebindReport;
use crate::report::words::plural;
use crate::store::{Binding, Retired, StoreError, Visit};

/// Runs the command.
///
/// # Errors
/// If the ledger is not bound to what the command line says; if it names a key that was not
/// supplied; if people are in doubt whom nobody has accepted by number.
pub(super) async fn run(context: &Context, args: &RebindArgs, output: &Output) -> Result<Exit, Failure> {
    let new = expected(context)?;
    if args.gateway.is_none() && Acceptance::number(&args.accept, "doubts").is_some() {
        return Err(Failure::new(
            FailureCode::Usage,
            "`--accept doubts=N` goes with `--gateway`: keys leave nobody in doubt",
        ));
    }
    let from = Binding {
        project: new.project.clone(),
        gateway: args.gateway.clone().unwrap_or_else(|| new.gateway.clone()),
        // An added key is one that the ledger does not name.
        keys: if args.add_key { None } else { new.keys.clone() },
        seals: new.seals.clone(),
    };
    let before = before(context, &from, &new).await?;
    if let Some(ledger) = before.as_ref().filter(|ledger| ledger.header().gateway != new.gateway) {
        refuse_doubts(ledger, args)?;
    }
    let home = &context.gateway.ledger;
    let mut to = new.header();
    if !args.add_key {
        // Which key comes first is changed only if that is asked for.
        to.first_key = None;
    }
    let unauthenticated = Acceptance::number(&args.accept, "unauthenticated").unwrap_or(0);
    let visit = Visit { unauthenticated, ..visit(context, "ledger rebind")? };
    home.rebind(&from, to, &visit).await?;
    let rebound = rebound(before.as_ref().map(Ledger::header), &new, context, args);
    output.show(&rebound)?;
    if let Some(retired) = args.gateway.as_deref().and_then(Retired::read) {
        output.tell(&moved_words(retired.place, context));
    }
    Ok(Exit::Done)
}

/// Reads the ledger as it is bound now; nothing, if a change that was cut off left it between the two.
async fn before(context: &Context, from: &Binding, new: &Binding) -> Result<Option<Ledger>, Failure> {
    let (home, now) = (&context.gateway.ledger, context.gateway.now());
    let seen = match home.bound(from, now).await {
        Err(StoreError::Foreign { what: "gateway", found, .. }) if found == new.gateway => {
            home.bound(&Binding { keys: from.keys.clone(), ..new.clone() }, now).await
        }
        seen => seen,
    };
    match seen {
        Ok(ledger) => Ok(Some(ledger)),
        Err(StoreError::Join(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whoever is in doubt can be looked up at the new name only if it is the same account's: somebody has
/// to say so, by number.
fn refuse_doubts(ledger: &Ledger, args: &RebindArgs) -> Result<(), Failure> {
    let open: usize = ledger.doubts(View::Exclusive).iter().map(|doubt| doubt.open).sum();
    let open = open as u64;
    if open <= Acceptance::number(&args.accept, "doubts").unwrap_or(0) {
        return Ok(());
    }
    let message = format!("{} in doubt, and what became of them is known at the old gateway only", people_are(open));
    Err(Failure::new(FailureCode::SafetyLimit, message)
        .hint("settle them first: `sendform status` lists them")
        .hint(format!("if the new name is the same account's, its logs know them too: --accept doubts={open}")))
}

fn people_are(count: u64) -> String {
    format!("{} {}", plural(count, "person"), if count == 1 { "is" } else { "are" })
}

/// Warns of a ledger that lives on beside the one that it was copied from.
fn moved_words(other: &str, context: &Context) -> String {
    let place = context.gateway.ledger.place();
    format!(
        "! {place} was copied to {other}, which is a ledger in use as well: whoever was sent to there looks unsent \
         here\n  apply nothing before that is copied back: `sendform ledger copy --from …`\n"
    )
}

/// Compares what the ledger is bound to with what it was bound to before, if that is known.
fn rebound(before: Option<&Header>, new: &Binding, context: &Context, args: &RebindArgs) -> LedgerRebindReport {
    let keys = new.keys.as_deref().unwrap_or_default();
    let known = before.map_or(&[][..], |header| &header.keys);
    let added_keys: Vec<String> = keys.iter().filter(|key| !known.contains(key)).map(KeyId::to_string).collect();
    let first_before = before.and_then(Header::first_key);
    let gateway_changed = before.map(|header| header.gateway.as_str()) != Some(new.gateway.as_str());
    let is_order_new = added_keys.is_empty() && args.add_key && first_before != keys.first();
    LedgerRebindReport {
        place: context.gateway.ledger.place(),
        changed: gateway_changed || is_order_new || !added_keys.is_empty(),
        gateway: new.gateway.clone(),
        gateway_changed,
        added_keys,
        first_key: keys.first().map(KeyId::to_string),
        is_order_new,
        is_about_keys: args.add_key,
    }
}
