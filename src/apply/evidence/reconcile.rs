//! A pass over the doubts: ask, judge, settle, group by group.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};

use super::ask::LogReader;
use super::control::{Controls, Doubtful};
use super::findings::{DoubtFinding, Reconciled};
use super::judge::{self, Brief, JudgeContext};
use super::logs::Logs;
use super::seen::SeenMessages;
use crate::apply::gateway_time::GatewayTime;
use crate::apply::last_departure::{self, RequestSpan};
use crate::apply::ports::{Clock, Store};
use crate::identity::{BulkId, SenderId};
use crate::ledger::{Doubt, Evidence, Ledger, Standing, View};
use crate::plan::Selection;

/// So many people are asked for before what was found is settled.
const GROUP_PEOPLE: usize = 2000;

/// A request of a run that just died may still be on its way into a gateway on this machine.
const ON_ITS_WAY: Duration = Duration::from_millis(250);

/// Shows the ledger.
pub trait LedgerView: Sync {
    /// Looks at the ledger as it is now, with all that was settled before.
    fn read<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T;

    /// What this run knows about other runs.
    fn view(&self, now: Timestamp) -> View;
}

/// The terms of a pass.
#[derive(Debug, Clone, Copy)]
pub struct ReconcileOptions<'a> {
    /// What is selected; the rest stays as it is.
    pub selection: &'a Selection,
    /// How long after the last instant at which a message could leave its absence may prove
    /// something.
    pub absence_proves_after: SignedDuration,
    /// What answers tell of the gateway's time.
    pub time: &'a GatewayTime,
    /// Whether the gateway is on this machine. If its answers say that they come from a sandbox as
    /// well, nothing has to be waited for but the messages' own times.
    pub is_on_loopback: bool,
}

/// How far a pass has come, in people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReconcileProgress {
    /// Asked for.
    pub done: usize,
    /// In doubt.
    pub all: usize,
}

/// Settles what the logs prove, person by person, and says why the rest stays in doubt. What is in
/// flight elsewhere is not in doubt. When `stop` is ready no more is asked.
///
/// # Errors
/// If the store does not take an outcome; what was settled until then comes back all the same.
pub async fn reconcile<S: Store + LedgerView, L: Logs, C: Clock>(
    store: &S,
    logs: &L,
    clock: &C,
    terms: &ReconcileOptions<'_>,
    stop: impl Future<Output = ()> + Send,
    mut progress: impl FnMut(ReconcileProgress) + Send,
) -> (Reconciled, Result<(), S::Error>) {
    let begin = clock.now();
    let mut doubts = store.read(|ledger| ledger.doubts(store.view(clock.lives_at())));
    doubts.retain(|doubt| terms.selection.holds(&doubt.claim.bulk.message));
    // Those who have their controls in common come together.
    store.read(|ledger| {
        doubts
            .sort_by(|one, other| (one.claim.run, sender(ledger, one)).cmp(&(other.claim.run, sender(ledger, other))));
    });
    let mut reconciled = Reconciled::default();
    if doubts.is_empty() {
        return (reconciled, Ok(()));
    }
    if terms.is_on_loopback {
        clock.sleep(ON_ITS_WAY).await;
    }
    let in_doubt: BTreeSet<BulkId> = doubts.iter().map(|doubt| doubt.claim.bulk.clone()).collect();
    let mut asking = LogReader::new(logs, stop.boxed());
    let all = doubts.iter().map(|doubt| doubt.open).sum();
    let mut result = Ok(());
    let mut rest = doubts.as_slice();
    while !rest.is_empty() && result.is_ok() {
        let (group, next) = rest.split_at(store.read(|ledger| group(ledger, rest)));
        rest = next;
        let mut seen = SeenMessages::default();
        asking.controls = store.read(|ledger| controls(ledger, group, &in_doubt, begin, terms));
        let bulks = store.read(|ledger| expect(ledger, group, begin, &mut seen));
        asking.about(&bulks, &mut seen).await;
        let waits = !(terms.is_on_loopback && asking.from_sandbox);
        let wait = waits.then_some(terms.absence_proves_after);
        let (now, lives_at) = (clock.now(), clock.lives_at());
        let agreement = terms.time.agreement(now, clock.elapsed());
        let channel_until = asking.channel_until.take();
        let bench = JudgeContext { seen: &seen, now, lives_at, wait, channel_until, agreement };
        result = settle(store, group, &bench, &mut reconciled).await;
        progress(ReconcileProgress { done: all - rest.iter().map(|doubt| doubt.open).sum::<usize>(), all });
    }
    reconciled.failure = asking.failure;
    let age = |finding: &DoubtFinding| (finding.doubt.at, finding.doubt.claim.clone());
    reconciled.findings.sort_by_cached_key(age);
    (reconciled, result)
}

/// How many of the first doubts are asked for together: those of one run and one sender, because they
/// have their controls in common.
fn group(ledger: &Ledger, doubts: &[Doubt]) -> usize {
    let Some(first) = doubts.first() else { return 0 };
    let mut people = 0;
    let full = doubts.iter().position(|doubt| {
        people += doubt.open;
        let is_other = doubt.claim.run != first.claim.run || sender(ledger, doubt) != sender(ledger, first);
        is_other || people > GROUP_PEOPLE
    });
    full.unwrap_or(doubts.len()).max(1)
}

fn sender<'a>(ledger: &'a Ledger, doubt: &Doubt) -> Option<&'a SenderId> {
    let BulkId { message, revision, .. } = &doubt.claim.bulk;
    ledger.record(message, *revision).map(|record| &record.sender)
}

/// Chooses what every answer about a group must have.
fn controls(
    ledger: &Ledger,
    group: &[Doubt],
    in_doubt: &BTreeSet<BulkId>,
    now: Timestamp,
    terms: &ReconcileOptions<'_>,
) -> Controls {
    let since = group.iter().map(|doubt| doubt.at).min();
    let Some((first, since)) = group.first().zip(since) else { return Controls::default() };
    let Some(sender) = sender(ledger, first) else { return Controls::default() };
    let wait = if terms.is_on_loopback { SignedDuration::ZERO } else { terms.absence_proves_after };
    let doubtful = Doubtful { sender, run: first.claim.run, since, bulks: in_doubt };
    Controls::choose(ledger, &doubtful, now, wait)
}

/// Notes who is asked for, and gives the bulks for the first look. The gateway tells the bulkId of
/// requests with several messages only.
fn expect(ledger: &Ledger, group: &[Doubt], now: Timestamp, seen: &mut SeenMessages) -> Vec<BulkId> {
    let mut bulks = BTreeSet::new();
    for doubt in group {
        let Some(state) = ledger.claim_state(&doubt.claim) else { continue };
        if judge::is_past(doubt, last_departure::last(state.claim(), RequestSpan::Unknown), now) {
            continue;
        }
        let bulk = &doubt.claim.bulk;
        let standings = ledger.standings(&bulk.message, bulk.revision);
        let is_accepted = |person| standings.get(person, View::Exclusive) == Standing::Accepted;
        let people = judge::open_people(state).map(|person| (person, is_accepted(person)));
        seen.expect((bulk.message.clone(), bulk.revision), people);
        if doubt.count > 1 {
            bulks.insert(bulk.clone());
        }
    }
    bulks.into_iter().collect()
}

/// Judges the doubts of a group together: the store holds them against the ledger one after the other,
/// because what one of them settles may explain what the next one sees.
async fn settle<S: Store + LedgerView>(
    store: &S,
    group: &[Doubt],
    bench: &JudgeContext<'_>,
    reconciled: &mut Reconciled,
) -> Result<(), S::Error> {
    let briefs: Vec<Option<Brief>> =
        store.read(|ledger| group.iter().map(|doubt| judge::judge(ledger, doubt, bench)).collect());
    let evidence: Vec<Evidence> = briefs.iter().flatten().map(|brief| brief.evidence.clone()).collect();
    let mut weighed = if evidence.is_empty() { Vec::new() } else { store.weigh(evidence).await? }.into_iter();
    for (doubt, brief) in group.iter().zip(&briefs) {
        let finding = match brief {
            Some(brief) => weighed.next().map(|weighed| judge::finding(doubt, brief, &weighed.decisions)),
            None => Some(DoubtFinding::new(doubt.clone())),
        };
        reconciled.findings.extend(finding);
    }
    Ok(())
}
