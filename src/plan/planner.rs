//! The planning function.

use std::num::NonZeroUsize;
use std::sync::Arc;

use jiff::Timestamp;

use crate::audience::AudienceReader;
use crate::campaign::{Audience, Campaign, Content, Files, Limits, Message, Project, Zone, duplicates};
use crate::diagnostic::Diagnostics;
use crate::diagnostic::words::{number, plural};
use crate::identity::{Fingerprint, Key, Keys, MessageKey, PersonSet, SenderId};
use crate::ledger::{Doubt, Flight, Ledger, Terms, View};
use crate::timing;

use super::batch::Batcher;
use super::clocks::Clocks;
use super::collect::{Gathered, gather};
use super::compiled::Compiled;
use super::content::ContentMaker;
use super::definition::Definition;
use super::digest::{self, PlanDigest};
use super::gate::Gate;
use super::handed::{self, AtGateway, Gone, PendingClaims};
use super::lists::ProtectiveList;
use super::message::MessagePlan;
use super::plan_file::{Change, Comparison, Frozen, FrozenState, PlanConstraint};
use super::rails::{Accepted, Rail, RailKind};
use super::row_checks::RowChecks;
use super::selection::Selection;
use super::times::SendTimes;
use super::{changes, check, rails, row_diagnostics, same, sample, values};

/// All that a plan depends on.
pub struct Input<'a> {
    /// The project.
    pub project: &'a Project,
    /// Its campaigns.
    pub campaigns: &'a [Campaign],
    /// Its files.
    pub files: &'a dyn Files,
    /// The gateway, as the ledger names it.
    pub gateway: &'a str,
    /// The ledger; without it everybody looks unsent, and the plan says so.
    pub ledger: Option<&'a Ledger>,
    /// Whether open claims may belong to another run.
    pub view: View,
    /// The keys; without them nobody is recognised, and the plan says so.
    pub keys: Option<&'a Keys>,
    /// The instant of planning.
    pub now: Timestamp,
    /// What is selected.
    pub selection: &'a Selection,
    /// What a person accepts.
    pub accepted: &'a Accepted,
    /// The messages whose rejected people are free again.
    pub retry_rejected: &'a [MessageKey],
    /// A frozen plan: nobody gets anything but what it has for them.
    pub frozen: Option<&'a Frozen>,
    /// Whether the gateway's logs are asked for people before they are sent to.
    pub asks_first: bool,
    /// How many threads to work on.
    pub workers: NonZeroUsize,
}

/// What would be sent now.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The project's name.
    pub project: String,
    /// The gateway.
    pub gateway: String,
    /// The instant of planning.
    pub now: Timestamp,
    /// Whether persons and the ledger were known; else nothing is left out as already sent.
    pub compared: bool,
    /// Whether the gateway's logs are asked for people before they are sent to.
    pub asks_first: bool,
    /// The messages, in the order of the files.
    pub messages: Vec<MessagePlan>,
    /// The limits that hold.
    pub limits: Limits,
    /// Rails that something ran into.
    pub rails: Vec<Rail>,
    /// What the ledger has in doubt, whether in the files or not.
    pub doubts: Vec<Doubt>,
    /// What other runs may be sending now, whether in the files or not.
    pub in_flight: Option<Flight>,
    /// What is handed over of messages that the files lack, and has not left.
    pub gone: Vec<Gone>,
    /// What is wrong with the files as a whole.
    pub diagnostics: Diagnostics,
    /// The digest of what is planned here.
    pub digest: PlanDigest,
    /// The frozen plan that it is held to.
    pub frozen: Option<FrozenState>,
}

impl Plan {
    /// All diagnostics: those of the files as a whole, then message by message.
    #[must_use]
    pub fn all_diagnostics(&self) -> Diagnostics {
        let mut all = self.diagnostics.clone();
        // What messages share is told once.
        for found in self.messages.iter().flat_map(|message| message.diagnostics.iter()) {
            if all.iter().all(|known| known != found) {
                all.push(found.clone());
            }
        }
        all
    }

    /// For how many people of a message the gateway's logs cannot be asked yet, and before when for none
    /// of them: they do not show what is still to leave, and a ledger that was taken back may lack that it
    /// was handed over.
    #[must_use]
    pub fn not_asked_before(&self, message: &MessagePlan) -> Option<(u64, Timestamp)> {
        let asks = self.asks_first && self.compared;
        let ahead = message.bulks.iter().filter_map(|bulk| Some((bulk.recipients.len() as u64, bulk.send_at?)));
        let ahead = ahead.filter(|(_, at)| asks && *at > self.now);
        ahead.reduce(|(people, first), (more, at)| (people + more, first.min(at)))
    }

    /// How many messages go out now, of what is selected.
    #[must_use]
    pub fn to_send(&self) -> u64 {
        self.selected().map(MessagePlan::to_send).sum()
    }

    /// How many go out later, of what is selected.
    #[must_use]
    pub fn not_due(&self) -> u64 {
        self.selected().map(MessagePlan::not_due).sum()
    }

    /// How many go out with a later apply, of what is selected: they are not due yet, or too early
    /// for the gateway.
    #[must_use]
    pub fn later(&self) -> u64 {
        self.selected().map(|message| message.not_due() + message.counts.get(Gate::TooEarly)).sum()
    }

    /// The messages that are selected.
    pub fn selected(&self) -> impl Iterator<Item = &MessagePlan> {
        self.messages.iter().filter(|message| message.selected)
    }

    /// Rails that nobody accepted.
    pub fn refused(&self) -> impl Iterator<Item = &Rail> {
        self.rails.iter().filter(|rail| !rail.accepted)
    }

    /// Says whether nothing that is selected, nor the files as a whole, have errors.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        !self.diagnostics.has_errors() && !self.selected().any(|message| message.diagnostics.has_errors())
    }

    /// Says whether the frozen plan that it is held to does not match any more, so that nothing can
    /// be sent.
    #[must_use]
    pub fn is_mismatched(&self) -> bool {
        self.frozen.as_ref().is_some_and(|frozen| !frozen.missing.is_empty()) || self.changes().next().is_some()
    }

    /// Says whether the frozen plan that it is held to would match, but for times that are past.
    #[must_use]
    pub fn is_too_old(&self) -> bool {
        self.is_mismatched()
            && self.frozen.as_ref().is_some_and(|frozen| frozen.missing.is_empty())
            && self.changes().all(|change| matches!(change, Change::Expired { .. }))
    }

    /// The digest of what was approved: that of the frozen plan, or else of this one.
    #[must_use]
    pub fn approved(&self) -> &PlanDigest {
        self.frozen.as_ref().map_or(&self.digest, |frozen| &frozen.digest)
    }

    fn changes(&self) -> impl Iterator<Item = &Change> {
        self.messages.iter().filter_map(|message| message.held.as_ref()).flat_map(|held| &held.changes)
    }

    /// When the next bulk that is kept back comes due.
    #[must_use]
    pub fn next_apply_at(&self) -> Option<Timestamp> {
        self.selected().filter_map(|message| message.next_due).min()
    }
}

/// Plans what would be sent now.
#[must_use]
pub fn plan(input: &Input<'_>) -> Plan {
    let mut planner = Planner { input, lists: Vec::new(), rails: Vec::new() };
    let mut diagnostics = duplicates(input.campaigns);
    let in_files: Vec<&Message> = input.campaigns.iter().flat_map(|campaign| &campaign.messages).collect();
    let mut messages: Vec<MessagePlan> = in_files.iter().map(|message| planner.message(message)).collect();
    let known = input.ledger.filter(|_| input.keys.is_some());
    let lost = known.map(|ledger| changes::gone(input.project, input.campaigns, ledger, &messages, input.now));
    let (lost, found): (Vec<_>, Vec<_>) = lost.unwrap_or_default().into_iter().unzip();
    found.into_iter().for_each(|found| diagnostics.push(found));
    for (key, warning) in same::warnings(&in_files, &messages, known, &lost) {
        let plan = messages.iter_mut().find(|plan| plan.key == key);
        plan.into_iter().for_each(|plan| plan.diagnostics.push(warning.clone()));
    }
    let digests = in_files.iter().zip(&messages).map(|(message, plan)| {
        (message.key.clone(), digest::of_message(&Definition::of(message), &plan.planned_people()))
    });
    let digest = digest::of_plan(&input.project.id, input.gateway, digests);
    let mut plan = Plan {
        project: input.project.id.to_string(),
        gateway: input.gateway.to_owned(),
        now: input.now,
        compared: input.ledger.is_some() && input.keys.is_some(),
        asks_first: input.asks_first,
        doubts: input.ledger.map(|ledger| ledger.doubts(input.view)).unwrap_or_default(),
        in_flight: input.ledger.and_then(|ledger| ledger.in_flight(input.view, None)),
        gone: known.map(|ledger| planner.gone(ledger)).unwrap_or_default(),
        messages,
        limits: input.project.limits,
        rails: planner.rails,
        diagnostics,
        digest,
        frozen: input.frozen.map(|frozen| FrozenState::of(frozen, input.campaigns, known, input.view)),
    };
    if plan.is_mismatched() {
        plan.messages.iter_mut().for_each(MessagePlan::clear);
    }
    let to_send = plan.to_send();
    let limit = input.project.limits.messages_per_apply;
    if to_send > limit {
        let words =
            format!("{} to send, but at most {} may be in one apply", plural(to_send, "message"), number(limit));
        plan.rails.push(Rail::new(RailKind::Messages, None, limit, to_send, input.accepted).words(words));
    }
    plan
}

struct Planner<'a> {
    input: &'a Input<'a>,
    /// Lists of people under a sender: they are shared by messages.
    lists: Vec<(SenderId, Arc<ProtectiveList>)>,
    rails: Vec<Rail>,
}

impl Planner<'_> {
    fn message(&mut self, message: &Message) -> MessagePlan {
        let selected = self.input.selection.holds(&message.key);
        let known = self.input.ledger.filter(|_| self.input.keys.is_some());
        let mut plan = empty(message, selected, handed::terms(message, known, self.input.now));
        if let Err(diagnostics) = self.fill(message, &mut plan) {
            plan.diagnostics.extend(diagnostics);
            plan.at_gateway = PendingClaims::of(known, message, 1, self.input.now).unplaced(message);
        }
        plan.at_gateway.retired = changes::is_retired(self.input.project, &message.key);
        if plan.diagnostics.has_errors() {
            plan.clear();
        }
        plan
    }

    fn fill(&mut self, message: &Message, plan: &mut MessagePlan) -> Result<(), Diagnostics> {
        let input = self.input;
        if let Some(ledger) = input.ledger {
            plan.diagnostics.extend(changes::identity(message, ledger));
        }
        let known = input.ledger.filter(|_| input.keys.is_some());
        let keys = self.keys();
        let handed = PendingClaims::of(known, message, keys.all().count(), input.now);
        let fingerprints: Vec<Fingerprint> =
            keys.all().map(|key| Fingerprint::new(key, &input.project.id, &message.sender)).collect();
        let compiled = super::parallel::with_deep_stack(|| Compiled::new(message, input.files));
        let suppressed = self.lists(&message.sender, &input.project.suppress, &fingerprints);
        let excluded = self.lists(&message.sender, &message.exclude, &fingerprints);
        let ((compiled, reader), suppressed, excluded) = all(compiled, suppressed, excluded)?;
        plan.diagnostics.extend(compiled.warnings.clone());
        plan.dialect = Some(reader.dialect());
        plan.nameless = reader.nameless();
        let until = known.and_then(|ledger| ledger.until(&message.key, message.revision));
        let hold = PlanConstraint::of(input.frozen, message, known);
        plan.held = input.frozen.and_then(|frozen| Comparison::of(frozen, message, known, input.view));
        let times = SendTimes::new(&message.schedule, input.now, until, input.frozen.map(|frozen| frozen.at));
        let contents = ContentMaker::new(keys.first(), message);
        let mut sieve = RowChecks {
            message,
            compiled: &compiled,
            times: &times,
            fingerprints: &fingerprints,
            contents: &contents,
            suppressed: &suppressed,
            excluded: &excluded,
            standings: known.map(|ledger| ledger.standings(&message.key, message.revision)),
            view: input.view,
            handed: &handed,
            now: input.now,
            numbers_are_times: true,
            hold: &hold,
            retry_rejected: input.retry_rejected.contains(&message.key),
            send_late: input.accepted.get(RailKind::Late).is_some(),
            long_texts_are_errors: input.project.long_texts_are_errors,
        };
        let mut gathered = gather(&sieve, reader, input.workers)?;
        if !gathered.forms.agree() {
            sieve.numbers_are_times = false;
            gathered = gather(&sieve, AudienceReader::open(&message.audience, input.files)?, input.workers)?;
        }
        let placed = std::mem::take(&mut gathered.placed);
        let older = fingerprints.get(1..).filter(|_| handed.has_older_keys() && placed.lacks_somebody());
        let older = self.suppressed(older.unwrap_or_default())?;
        let is_suppressed = |person| older.iter().any(|people| people.contains(&person));
        plan.at_gateway = handed.at_gateway(message, known, placed, is_suppressed);
        let failed = rails::allowed_failures(&input.project.limits, input.accepted);
        plan.diagnostics.extend(row_diagnostics::of(
            message,
            &compiled.selected.header,
            &gathered,
            gathered.counts.get(Gate::Failed) <= failed,
        ));
        for (gate, lists) in [(Gate::Suppressed, &suppressed), (Gate::Excluded, &excluded)] {
            for (list, number) in lists.iter().zip(0..) {
                plan.diagnostics.extend(list.warnings.clone());
                plan.diagnostics.extend(list.check_shape(&gathered.ids, &message.audience));
                let stopped = gathered.protected.get(&(gate, number)).copied().unwrap_or_default();
                let protection = list.protection(gate, stopped);
                if plan.selected {
                    self.rails.extend(rails::of_list(message, &list.audience, &protection, input.accepted));
                }
                plan.protections.push(protection);
            }
        }
        self.finish(message, plan, &compiled, &times, gathered);
        Ok(())
    }

    fn finish(
        &mut self,
        message: &Message,
        plan: &mut MessagePlan,
        compiled: &Compiled,
        times: &SendTimes,
        mut gathered: Gathered,
    ) {
        let input = self.input;
        let ledger = input.ledger.filter(|_| input.keys.is_some());
        let mut counts = gathered.counts;
        plan.skipped = std::mem::take(&mut gathered.skipped);
        let cutter = Batcher {
            message,
            times,
            until: ledger.and_then(|ledger| ledger.until(&message.key, message.revision)),
            now: input.now,
            bulk_size_max: input.project.bulk_size_max,
        };
        let cut = cutter.cut(&mut gathered, &mut counts);
        if !cut.due.is_empty() || !cut.later.is_empty() {
            plan.samples = sample::samples(message, compiled, input.files, &gathered.samples);
        }
        if let (Some(held), Some(frozen)) = (&mut plan.held, input.frozen) {
            held.finish(frozen, message, gathered.fallen, &counts, std::mem::take(&mut gathered.unfit));
        }
        plan.counts = counts;
        plan.is_read = true;
        plan.clocks = cut.clocks;
        plan.next_due = next_due(message, &cut.later);
        plan.bulks = cut.due;
        plan.later = cut.later;
        plan.change = ledger.and_then(|ledger| changes::text(message, ledger, counts.get(Gate::AlreadySent)));
        let checked = check::times(message, plan, input.now, ledger.filter(|_| input.frozen.is_none()));
        plan.diagnostics.extend(checked);
        if rails::reaches_nobody(&counts) && counts.get(Gate::Filtered) > 0 {
            plan.diagnostics.extend(values::nobody_matches(
                message,
                compiled,
                input.files,
                !rails::is_held_up(&counts),
            ));
        }
        plan.diagnostics.extend(handed::early(message, plan, input.now));
        if plan.selected {
            let before = ledger.and_then(|ledger| ledger.last_record(&message.key)).map(|record| record.audience);
            let limits = &input.project.limits;
            let seen = rails::RailFacts { late: gathered.late, nothing: gathered.nothing };
            self.rails.extend(rails::of_message(message, &counts, before, seen, limits, input.accepted));
            let overlap = ledger.map(|ledger| changes::overlap(message, ledger, input.now));
            let (overlap, leaving) = overlap.unwrap_or_default();
            if overlap > 0 && plan.to_send() + plan.not_due() > 0 {
                let until = leaving.map(|leaving| format!(" until {}", timing::utc(leaving.by))).unwrap_or_default();
                let words =
                    format!("an older revision still has {} in doubt or scheduled{until}", plural(overlap, "person"));
                let key = Some(&message.key);
                self.rails.push(Rail::new(RailKind::Overlap, key, 0, overlap, input.accepted).words(words));
            }
        }
    }

    /// The keys, or, without any, one that tells people apart within this plan and no further.
    fn keys(&self) -> Keys {
        self.input.keys.cloned().unwrap_or_else(|| Keys::one(Key::from_bytes([0; Key::LENGTH])))
    }

    /// What is handed over of messages that the files lack.
    fn gone(&mut self, ledger: &Ledger) -> Vec<Gone> {
        let input = self.input;
        let keys = self.keys();
        handed::gone(input.project, input.campaigns, ledger, input.now, |sender| {
            let fingerprint = Fingerprint::new(keys.first(), &input.project.id, sender);
            // A list that cannot be read is an error of every message.
            self.lists(sender, &input.project.suppress, &[fingerprint]).unwrap_or_default()
        })
    }

    /// The people whom the project suppresses, as other keys make them.
    fn suppressed(&self, fingerprints: &[Fingerprint]) -> Result<Vec<PersonSet>, Diagnostics> {
        let input = self.input;
        let suppress = &input.project.suppress;
        let lists = fingerprints.iter().flat_map(|key| suppress.iter().map(move |audience| (key, audience)));
        lists
            .map(|(key, audience)| Ok(ProtectiveList::read(audience, input.files, key, input.workers)?.people))
            .collect()
    }

    /// The people of audiences, each read once for each sender.
    fn lists(
        &mut self,
        sender: &SenderId,
        audiences: &[Arc<Audience>],
        fingerprints: &[Fingerprint],
    ) -> Result<Vec<Arc<ProtectiveList>>, Diagnostics> {
        let mut lists = Vec::new();
        let mut diagnostics = Diagnostics::new();
        for (audience, first) in audiences.iter().zip(fingerprints.iter().take(1).cycle()) {
            let known =
                self.lists.iter().find(|(owner, list)| owner == sender && Arc::ptr_eq(&list.audience, audience));
            if let Some((_, list)) = known {
                lists.push(Arc::clone(list));
                continue;
            }
            match ProtectiveList::read(audience, self.input.files, first, self.input.workers) {
                Ok(list) => {
                    let list = Arc::new(list);
                    self.lists.push((sender.clone(), Arc::clone(&list)));
                    lists.push(list);
                }
                Err(found) => diagnostics.extend(found),
            }
        }
        if diagnostics.has_errors() { Err(diagnostics) } else { Ok(lists) }
    }
}

/// All three, or all that is wrong with them.
fn all<A, B, C>(
    one: Result<A, Diagnostics>,
    two: Result<B, Diagnostics>,
    three: Result<C, Diagnostics>,
) -> Result<(A, B, C), Diagnostics> {
    match (one, two, three) {
        (Ok(one), Ok(two), Ok(three)) => Ok((one, two, three)),
        (one, two, three) => {
            let mut all = Diagnostics::new();
            all.extend([one.err(), two.err(), three.err()].into_iter().flatten().flatten());
            Err(all)
        }
    }
}

fn empty(message: &Message, selected: bool, terms: Terms) -> MessagePlan {
    let Content::Text(source) = &message.content;
    let zone = message.schedule.send_at.as_ref().map(|send_at| &send_at.zone);
    MessagePlan {
        key: message.key.clone(),
        revision: message.revision,
        sender: message.sender.clone(),
        sender_name: message.sender_name.clone(),
        audience: message.audience.name.clone(),
        audience_file: message.audience.source.file().to_owned(),
        dialect: None,
        nameless: 0,
        template: source.text.clone(),
        selected,
        counts: super::gate::Counts::default(),
        skipped: std::collections::BTreeMap::new(),
        protections: Vec::new(),
        bulks: Vec::new(),
        later: Vec::new(),
        next_due: None,
        speed: message.schedule.speed,
        zone: zone.and_then(|zone| match zone {
            Zone::Fixed(zone) => Some(zone.clone()),
            Zone::PerPerson { fallback } => fallback.clone(),
        }),
        per_person: matches!(zone, Some(Zone::PerPerson { .. })),
        clocks: Clocks::default(),
        is_read: false,
        terms,
        at_gateway: AtGateway::default(),
        change: None,
        held: None,
        samples: Vec::new(),
        diagnostics: Diagnostics::new(),
    }
}

fn next_due(message: &Message, later: &[super::bulk::Bulk]) -> Option<Timestamp> {
    let handover = message.schedule.handover?;
    later.iter().filter_map(|bulk| bulk.send_at?.checked_sub(handover).ok()).min()
}
