//! The first phase of planning: everybody who may get a message, and why others may not.

use std::sync::Arc;

use jiff::Timestamp;

use crate::audience::AudienceReader;
use crate::campaign::{Audience, Message, Zone};
use crate::diagnostic::{Code, Diagnostics};
use crate::identity::{Fingerprint, Key, Keys, PersonSet, SenderId};
use crate::ledger::{Ledger, Terms, Twice};

use super::batch::Batcher;
use super::clocks::Clocks;
use super::collect::{Collected, collect};
use super::compiled::Compiled;
use super::content::ContentMaker;
use super::gate::Gate;
use super::handed::{self, AtGateway, Gone, KeptClaims, SeveralKeys};
use super::input::Input;
use super::lists::ProtectiveList;
use super::message::MessagePlan;
use super::new_revision::NewRevision;
use super::plan_file::{Comparison, PlanConstraint};
use super::rejections::{self, RejectionLimit};
use super::row_checks::RowChecks;
use super::safety_limits::{self, SafetyLimit, SafetyLimitKind};
use super::times::SendTimes;
use super::{changes, row_diagnostics};

/// A message whose rows were read, and whose bulks are not cut yet.
pub(super) struct Draft<'a> {
    /// The message.
    pub message: &'a Message,
    /// What is told of it, as far as that is known.
    pub plan: MessagePlan,
    /// The limits that its lists ran into.
    pub safety_limits: Vec<SafetyLimit>,
    /// Who was accepted twice, each time under another key.
    pub twice: Vec<Twice>,
    /// What came of its rows; absent if they could not be read.
    pub rows: Option<DraftRows>,
}

/// What came of the rows of a message.
pub(super) struct DraftRows {
    /// The message made ready.
    pub compiled: Compiled,
    /// Its instants.
    pub times: SendTimes,
    /// The end of what the ledger has of its paced sending.
    pub until: Option<Timestamp>,
    /// How many people have to be answered before it is judged by its rejections, and how many its bulks hold at most
    /// until then; absent, if it is judged.
    pub unjudged: Option<(usize, usize)>,
    /// Those who may be sent to, and where the others ended.
    pub collected: Collected,
}

impl DraftRows {
    /// How its bulks are cut.
    pub(super) fn batcher<'a>(&'a self, message: &'a Message, input: &Input<'_>) -> Batcher<'a> {
        let bulk_size_max = input.project.bulk_size_max;
        let (unanswered, unjudged_bulk_max) = self.unjudged.unwrap_or((0, bulk_size_max));
        let (times, until, now) = (&self.times, self.until, input.now);
        Batcher { message, times, until, now, bulk_size_max, unanswered, unjudged_bulk_max }
    }
}

/// Makes drafts. Lists of people are read once for all messages of a sender.
pub(super) struct Drafter<'a> {
    input: &'a Input<'a>,
    lists: Vec<(SenderId, Arc<ProtectiveList>)>,
}

impl<'a> Drafter<'a> {
    /// Has read nothing yet.
    pub(super) const fn new(input: &'a Input<'a>) -> Self {
        Self { input, lists: Vec::new() }
    }

    /// Reads the rows of a message.
    pub(super) fn draft(&mut self, message: &'a Message) -> Draft<'a> {
        let input = self.input;
        let rejections = RejectionLimit::of(message, input.project, input.accepted);
        let terms = handed::terms(message, input.known(), input.now);
        let has_claims = |ledger: &Ledger| ledger.claims_of(&message.key, message.revision).next().is_some();
        let mut plan = empty(message, input.selection.holds(&message.key), terms, rejections);
        let record = input.known().and_then(|ledger| ledger.record(&message.key, message.revision));
        plan.at_most = input.known().is_none() && input.ledger.is_none_or(has_claims);
        plan.earlier = record.map(|record| record.earlier_than(&plan.template, &plan.terms)).unwrap_or_default();
        plan.new_revision = input.ledger.and_then(|ledger| NewRevision::of(message, ledger));
        let mut draft = Draft { message, plan, safety_limits: Vec::new(), twice: Vec::new(), rows: None };
        if input.without_data {
            draft.plan.diagnostics.extend(self.without_rows(message));
            return draft;
        }
        match self.rows(message, &mut draft) {
            Ok(rows) => draft.rows = Some(rows),
            Err(diagnostics) => {
                draft.plan.diagnostics.extend(diagnostics);
                draft.plan.at_gateway =
                    KeptClaims::of(input.known(), message, &draft.plan.template, 1, input.now).unplaced(message);
            }
        }
        draft
    }

    /// What is wrong with a message, as far as that can be told without its rows: also with its texts and conditions,
    /// where the header of its audience is at hand.
    fn without_rows(&self, message: &Message) -> Diagnostics {
        let input = self.input;
        let mut diagnostics = input.ledger.map(|ledger| changes::identity(message, ledger)).unwrap_or_default();
        if AudienceReader::open(&message.audience, input.files).is_ok() {
            let compiled = super::parallel::with_deep_stack(|| Compiled::new(message, input.files));
            diagnostics.extend(compiled.map_or_else(|found| found, |(compiled, _)| compiled.warnings));
        }
        diagnostics
    }

    fn rows(&mut self, message: &Message, draft: &mut Draft<'_>) -> Result<DraftRows, Diagnostics> {
        let input = self.input;
        let plan = &mut draft.plan;
        if let Some(ledger) = input.ledger {
            plan.diagnostics.extend(changes::identity(message, ledger));
        }
        let known = input.known();
        let keys = self.keys();
        let handed = KeptClaims::of(known, message, &plan.template, keys.all().count(), input.now);
        let several_keys = SeveralKeys::of(known, &message.key, keys.all().count());
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
        let mut checks = RowChecks {
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
            several_keys: &several_keys,
            now: input.now,
            numbers_are_times: true,
            hold: &hold,
            retry_rejected: input.retry_rejected.contains(&message.key),
            send_late: input.accepted.get(SafetyLimitKind::Late).is_some(),
            long_texts_are_errors: input.project.long_texts_are_errors,
        };
        let mut collected = collect(&checks, reader, input.workers)?;
        if !collected.forms.agree() {
            checks.numbers_are_times = false;
            collected = collect(&checks, AudienceReader::open(&message.audience, input.files)?, input.workers)?;
        }
        draft.twice = several_keys.twice(known, &message.key);
        plan.rejections.before = rejections::answered(input, message, &collected.recipients);
        let unjudged = plan.rejections.people_max(&plan.rejections.before);
        let unjudged = unjudged.map(|most| (plan.rejections.unanswered(), most));
        let placed = std::mem::take(&mut collected.placed);
        let older = fingerprints.get(1..).filter(|_| handed.has_older_keys() && placed.lacks_somebody());
        let older = self.suppressed(older.unwrap_or_default())?;
        let is_suppressed = |person| older.iter().any(|people| people.contains(&person));
        (plan.at_gateway, plan.outdated) = if plan.diagnostics.iter().any(|found| found.code == Code::SenderChanged) {
            // Nobody is recognised under another sender, and so nobody is missing.
            (handed.unplaced(message), Vec::new())
        } else {
            handed.told(message, known, placed, is_suppressed)
        };
        let failed = safety_limits::allowed_failures(&input.project.limits, input.accepted);
        plan.diagnostics.extend(row_diagnostics::of(
            message,
            &compiled.selected.header,
            &collected,
            collected.counts.get(Gate::Failed) <= failed,
        ));
        for (gate, lists) in [(Gate::Suppressed, &suppressed), (Gate::Excluded, &excluded)] {
            for (list, number) in lists.iter().zip(0..) {
                plan.diagnostics.extend(list.warnings.clone());
                plan.diagnostics.extend(list.check_shape(&collected.ids, &message.audience));
                let stopped = collected.parts.get(&(gate, number)).copied().unwrap_or_default();
                let protection = list.protection(gate, stopped);
                if plan.selected {
                    draft.safety_limits.extend(safety_limits::of_list(
                        message,
                        &list.audience,
                        &protection,
                        input.accepted,
                    ));
                }
                plan.protections.push(protection);
            }
        }
        plan.ids = collected.ids.clone();
        Ok(DraftRows { compiled, times, until, unjudged, collected })
    }

    /// The keys, or, without any, one that tells people apart within this plan and no further.
    fn keys(&self) -> Keys {
        self.input.keys.cloned().unwrap_or_else(|| Keys::one(Key::from_bytes([0; Key::LENGTH])))
    }

    /// What is handed over of messages that the files lack.
    pub(super) fn gone(&mut self, ledger: &Ledger) -> Vec<Gone> {
        let input = self.input;
        let keys = self.keys();
        handed::gone(input.project, input.campaigns, ledger, input.now, |sender| {
            if input.known().is_none() {
                // Whose rows are whose cannot be told.
                return Vec::new();
            }
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

fn empty(message: &Message, selected: bool, terms: Terms, rejections: RejectionLimit) -> MessagePlan {
    let zone = message.schedule.send_at.as_ref().map(|send_at| &send_at.zone);
    MessagePlan {
        key: message.key.clone(),
        revision: message.revision,
        place: message.place.clone(),
        sender: message.sender.clone(),
        sender_name: message.sender_name.clone(),
        audience: message.audience.name.clone(),
        audience_file: message.audience.source.file().to_owned(),
        dialect: None,
        nameless: 0,
        template: message.content.joined(),
        selected,
        at_most: false,
        counts: super::gate::Counts::default(),
        skipped: std::collections::BTreeMap::new(),
        protections: Vec::new(),
        missed: Vec::new(),
        bulks: Vec::new(),
        later: Vec::new(),
        next_due: None,
        speed: message.schedule.speed,
        window: message.schedule.window.clone(),
        zone: zone.and_then(|zone| match zone {
            Zone::Fixed(zone) => Some(zone.clone()),
            Zone::PerPerson { fallback } => fallback.clone(),
        }),
        late: 0,
        per_person: matches!(zone, Some(Zone::PerPerson { .. })),
        clocks: Clocks::default(),
        is_read: false,
        terms,
        earlier: std::collections::BTreeSet::new(),
        rejections,
        at_gateway: AtGateway { paused: message.paused, ..AtGateway::default() },
        in_clear: None,
        outdated: Vec::new(),
        new_revision: None,
        held: None,
        samples: Vec::new(),
        more_branches: 0,
        may_be_more_branches: false,
        diagnostics: Diagnostics::new(),
        ids: super::ids::IdForms::default(),
    }
}
