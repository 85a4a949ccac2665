//! What one process does, as the commands put it together.

use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Either, select};
use jiff::SignedDuration;

use super::clients::Client;
use super::deeds::{Run, Sending, Task};
use super::desk::Desk;
use super::journal::What;
use super::machine::Machine;
use super::world::{human, keyed, message, revision, sender};
use crate::apply::evidence::{Addressee, LedgerView as _, ReconcileOptions, Reconciled, reconcile};
use crate::apply::simulation::world::{NOON, SimPrepare};
use crate::apply::witness::{Gated, OlderKeys, Recognise, Recovered, Watch, recover};
use crate::apply::{Clock as _, Interrupts, PlannedBulks, Ports, RunSettings, Stopped, Summary, apply};
use crate::audience::RowAt;
use crate::identity::{BulkTime, ContentDigest, Person, SenderId};
use crate::ledger::{EntryError, RunId, Standing, sample};
use crate::plan::{Bulk, Recipient, Selection};

/// How long after the last instant at which a message could leave its absence may prove something.
pub(super) const ABSENCE_PROVES_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// What a process has said at its end.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// What it found about doubts at its beginning, and at its end.
    pub(super) passes: Vec<Reconciled>,
    pub(super) summary: Option<Summary>,
    pub(super) recovered: Option<Recovered>,
}

/// All that a process goes by.
pub(super) struct Process<'a> {
    pub(super) run: &'a Run,
    pub(super) id: RunId,
    pub(super) desk: &'a Desk<'a>,
    pub(super) client: &'a Client<'a>,
    pub(super) machine: &'a Machine<'a>,
    /// How many keys there are; the last one comes first.
    pub(super) keys: u64,
}

/// The keys that came first before.
struct Older(u64);

impl Recognise for Older {
    fn under(&self, _sender: &SenderId) -> impl Fn(&Addressee) -> Vec<Person> + Send {
        let first = self.0;
        move |to: &Addressee| {
            let human: u64 = to.id().parse().unwrap();
            (0..=first).rev().map(|key| keyed(human, key)).collect()
        }
    }
}

impl OlderKeys for Older {
    type Error = EntryError;

    async fn persons(&self, bulk: &Bulk) -> Result<Vec<Vec<Person>>, EntryError> {
        let of = |recipient: &Recipient| (0..self.0).map(|key| keyed(human(recipient.person), key)).collect();
        Ok(if self.0 == 0 { Vec::new() } else { bulk.recipients.iter().map(of).collect() })
    }
}

impl Process<'_> {
    /// Runs to the end.
    pub(super) async fn go(&self) -> Ended {
        let mut ended = Ended::default();
        match &self.run.task {
            Task::Reconcile => ended.passes.push(self.settle(std::future::pending()).await),
            Task::Recover => {
                let messages = [((message(), revision()), sender())].into();
                let parts = (self.desk, self.client, self.machine, &Older(self.keys - 1));
                ended.recovered = Some(recover(parts, self.id, &messages).await.unwrap());
            }
            Task::Apply(sending) => self.apply(sending, &mut ended).await,
        }
        ended
    }

    async fn apply(&self, sending: &Sending, ended: &mut Ended) {
        let first = self.settle(std::future::pending()).await;
        let (open, sent_again) = (first.open(), first.sent_again());
        ended.passes.push(first);
        if sent_again > 0 {
            return;
        }
        let bulks = self.plan(sending);
        let people = |bulk: &Bulk| bulk.recipients.iter().map(|one| one.person).collect();
        self.client.note(What::Planned(bulks.iter().map(people).collect()));
        if bulks.is_empty() {
            return;
        }
        let record = sample::record("announce", "Hi!", 0);
        let record = crate::ledger::MessageRecord { message: message(), sender: sender(), ..record };
        let older = Older(self.keys - 1);
        let parts = (self.desk, self.client, self.machine, &older);
        let watch = Watch::asking_for(parts, sending.witness, &bulks, [sender()], sending.of_each);
        watch.open(&bulks).await;
        if watch.stopped().is_none() {
            self.desk.record(record).await;
        }
        let source = Gated::new(PlannedBulks::new(bulks), &watch);
        let settings = RunSettings { parallel: sending.parallel, ..RunSettings::new(self.id) };
        let (desk, client, clock) = (self.desk, self.client, self.machine);
        let ports = Ports {
            store: desk,
            sender: client,
            prepare: &SimPrepare::default(),
            opt_outs: &(),
            undeliverables: &(),
            clock,
            time: client.time,
        };
        let never = Interrupts { first: std::future::pending(), second: std::future::pending() };
        let work = pin!(apply(&source, ports, &settings, never, |_| {}));
        let mut summary = match select(work, pin!(watch.drive())).await {
            Either::Left((summary, _)) => summary,
            Either::Right(((), work)) => work.await,
        };
        summary.alarms.extend(watch.alarms());
        summary.stopped = summary.stopped.take().or_else(|| watch.stopped());
        if open > 0 && summary.total().accepted > 0 && summary.stopped.is_none() {
            let patience = self.machine.sleep(Duration::from_secs(10));
            ended.passes.push(self.settle(patience).await);
        }
        ended.summary = Some(summary);
    }

    async fn settle(&self, stop: impl Future<Output = ()> + Send) -> Reconciled {
        let selection = Selection::default();
        let terms = ReconcileOptions {
            selection: &selection,
            absence_proves_after: ABSENCE_PROVES_AFTER,
            time: self.client.time,
            is_on_loopback: false,
        };
        let (reconciled, stored) = reconcile(self.desk, self.client, self.machine, &terms, stop, |_| {}).boxed().await;
        stored.unwrap();
        reconciled
    }

    /// Bulks of whoever is free.
    fn plan(&self, sending: &Sending) -> Vec<Bulk> {
        let view = self.desk.view(self.machine.now());
        let mut people: Vec<u64> = (0..sending.audience).collect();
        let turn = sending.turn % people.len().max(1);
        people.rotate_left(turn);
        let is_free = |human: &u64| {
            self.desk.read(|ledger| {
                let standings = ledger.standings(&message(), revision());
                (0..self.keys).all(|key| standings.get(keyed(*human, key), view) == Standing::Free)
            })
        };
        people.retain(is_free);
        let leaves_at = sending.leaves_in.map(|minutes| self.client.truth.now() + Duration::from_mins(minutes));
        // Schedules are in whole minutes.
        let leaves_at = leaves_at.map(|at| NOON + SignedDuration::from_mins(at.duration_since(NOON).as_mins()));
        let recipient = |human: &u64| Recipient {
            person: keyed(*human, self.keys - 1),
            content: ContentDigest(*human),
            row: RowAt(*human),
        };
        let bulk = |people: &[u64]| Bulk {
            message: message(),
            revision: revision(),
            time: leaves_at.map_or(BulkTime::Start(0), BulkTime::At),
            send_at: leaves_at,
            until: None,
            recipients: people.iter().map(recipient).collect(),
        };
        people.chunks(sending.size.max(1)).map(bulk).collect()
    }
}

impl Ended {
    /// Whether it said that the gateway has messages that the ledger does not know.
    pub(super) fn lacks(&self) -> bool {
        let stopped = self.summary.as_ref().and_then(|summary| summary.stopped.as_ref());
        matches!(stopped, Some(Stopped::LedgerLacks { .. } | Stopped::OtherKeys { .. }))
    }
}
