//! What a plan says of a message, as views.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::diagnostic::{Place, Severity};
use crate::plan::{Bulk, Counts, Gate, MessagePlan, Plan, Protection, Sample, ZonePeople};
use crate::wire::options::{DeliveryTimeWindow, SendingSpeedLimit};

use super::Reveal;
use super::document::DateTime;
use super::gates;
use super::handed_over::{AtGatewayView, OutdatedView};
use super::in_clear::InClearView;
use super::new_revision::NewRevisionView;
use super::plan_file::ComparisonView;

/// What would be sent of a message, and why not to the others.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageView<'a> {
    /// The message, as `CAMPAIGN.MESSAGE`.
    pub message: String,
    /// The revision.
    pub revision: u32,
    /// The sender's name in the files.
    pub sender: &'a str,
    /// The audience's name.
    pub audience: &'a str,
    /// Whether `--only` selects it; what is not selected is not sent.
    pub selected: bool,
    /// Whether the rows of its audience were read.
    pub read: bool,
    /// How many rows there are.
    pub rows: u64,
    /// How the audience's file is written; null if it was not opened.
    pub dialect: Option<String>,
    /// How many rows end at each gate; they add up to all rows.
    #[serde(serialize_with = "gates::write_counts")]
    #[schemars(schema_with = "gates::counts_schema")]
    pub gates: Counts,
    /// How many of those who are too late would be sent to if somebody accepts it, or says `ifPast: sendNow`; nobody, if
    /// the files say that it is over for them.
    pub late: u64,
    /// The lists that keep people from getting it.
    pub protections: Vec<ProtectionView<'a>>,
    /// How many people the template skipped, by the reason that it gives.
    pub skip_reasons: &'a BTreeMap<String, u64>,
    /// When the first of it leaves; null if there is no time.
    #[schemars(with = "Option<DateTime>")]
    pub first_at: Option<Timestamp>,
    /// When the last of it leaves; null if neither its time nor its speed is set.
    #[schemars(with = "Option<DateTime>")]
    pub last_at: Option<Timestamp>,
    /// The instant before which the gateway's logs cannot be asked about the people to be sent to now, because they
    /// do not show what is still to leave; null if they can be asked about all of them.
    #[schemars(with = "Option<DateTime>")]
    pub not_asked_before: Option<Timestamp>,
    /// How many of those to send now get it at once: their time is past, or there is none.
    pub at_once: u64,
    /// Where each person has their own clock, the zones.
    pub zones: Vec<ZoneView<'a>>,
    /// What the gateway has of it and has not let go of yet; null if that is nothing.
    pub handed_over: Option<AtGatewayView<'a>>,
    /// What the ledger tells of it without the key; null with the key, or if the ledger does not know it.
    pub in_clear: Option<InClearView>,
    /// Its bulks: those to hand over now, then the later ones.
    pub bulks: Vec<BulkView<'a>>,
    /// What its text was before it was edited, and how many people keep an old one: of several the latest, and
    /// `outdated` has them all; null if nobody does.
    pub text_changed: Option<TextChangeView<'a>>,
    /// Who has it, or will get it, as it was before it was edited; the latest edition first.
    pub outdated: Vec<OutdatedView<'a>>,
    /// What people have of the revision before; null if somebody was sent this one, or if there is no other.
    pub new_revision: Option<NewRevisionView<'a>>,
    /// What became of the people that the plan file has for it; null without one.
    pub frozen: Option<ComparisonView<'a>>,
    /// Texts worth a look.
    pub samples: Vec<SampleView<'a>>,
    /// How many further branches somebody's text takes, of which no sample is there.
    pub more_branches: u64,
    /// Whether there may be more branches than those: not everybody's text was looked at, or there are more than are
    /// told apart.
    pub may_be_more_branches: bool,
    /// The source of its template.
    #[serde(skip)]
    pub template: &'a str,
    /// What it takes to tell who has it already, where that is missing: the numbers of people to send to are upper
    /// bounds then.
    #[serde(skip)]
    pub bounded_without: Option<&'static str>,
    /// Where it stands in the files.
    #[serde(skip)]
    pub place: MessagePlace,
    /// The file in which the audience's rows stand.
    #[serde(skip)]
    pub audience_file: &'a str,
    /// How many of its columns have no name, and no value either.
    #[serde(skip)]
    pub nameless_columns: u64,
    /// Whether its files have errors.
    #[serde(skip)]
    pub has_errors: bool,
    /// Why it could not be planned at all; absent if it was. All that is wrong is said of the files.
    #[serde(skip)]
    pub unplanned: Option<&'a str>,
    /// Whether anything is said of its files, errors or warnings.
    #[serde(skip)]
    pub has_diagnostics: bool,
    /// Whether each person has their own zone.
    #[serde(skip)]
    pub is_per_person: bool,
    /// The zone that times are also shown in.
    #[serde(skip)]
    pub zone: Option<&'a TimeZone>,
    /// When the gateway delivers it.
    #[serde(skip)]
    pub window: Option<&'a DeliveryTimeWindow>,
    /// The limit of the speed.
    #[serde(skip)]
    pub speed: Option<SendingSpeedLimit>,
    /// When the first of what is handed over later comes due.
    #[serde(skip)]
    pub next_due: Option<Timestamp>,
    /// For how many people the gateway's logs cannot be asked yet.
    #[serde(skip)]
    pub not_asked_people: u64,
}

/// Where a message stands in the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessagePlace {
    /// The file, relative to the project's folder, if there is one.
    pub file: Option<String>,
    /// The line in it, from 1.
    pub line: Option<usize>,
}

impl MessagePlace {
    fn new(place: &Place) -> Self {
        let line = match place {
            Place::Span { source, span } => {
                let before = source.text.get(..span.start).unwrap_or_default();
                Some(1 + before.matches('\n').count())
            }
            Place::Row { .. } | Place::File(_) => None,
        };
        Self { file: Some(place.file().to_owned()), line }
    }
}

/// A list that keeps people from getting a message.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProtectionView<'a> {
    /// At which gate it stops people: `suppressed` or `excluded`.
    #[serde(serialize_with = "gates::write_gate")]
    #[schemars(schema_with = "gates::gate_schema")]
    pub gate: Gate,
    /// Its name: the audience's, or for people who are suppressed the file's.
    pub name: &'a str,
    /// How many people it holds.
    pub people: u64,
    /// How many people of the message's audience it stopped, whom no list before it has.
    pub stopped: u64,
}

/// The people of one zone.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ZoneView<'a> {
    /// The zone's name.
    pub zone: &'a str,
    /// When they get it, before any staggering; null means at once.
    #[schemars(with = "Option<DateTime>")]
    pub send_at: Option<Timestamp>,
    /// How many there are.
    pub people: u64,
    /// How many of them are not due yet.
    pub not_due: u64,
    /// How many of them have no zone of their own, so that the fallback stands in.
    pub fallback: u64,
    /// How many of those are not due yet.
    #[serde(skip)]
    pub fallback_not_due: u64,
}

/// One request.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BulkView<'a> {
    /// Its id.
    #[schemars(with = "String")]
    pub bulk_id: IdOfBulk<'a>,
    /// How many people it has.
    pub people: u64,
    /// Its `sendAt`; null means at once.
    #[schemars(with = "Option<DateTime>")]
    pub send_at: Option<Timestamp>,
    /// When its paced sending ends; null if it is not paced.
    #[schemars(with = "Option<DateTime>")]
    pub until: Option<Timestamp>,
    /// When it is handed over.
    pub due: Due,
    /// When the last of it leaves, if it has a time or a pace.
    #[serde(skip)]
    pub last_at: Option<Timestamp>,
}

/// When a bulk is handed over.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Due {
    /// With this apply.
    Now,
    /// With a later one.
    Later,
}

/// The id of a bulk. It is made where a form asks for it: it is a hash of all of its people.
pub struct IdOfBulk<'a>(&'a Bulk);

/// What a message's text was before it was edited, and who keeps an old one.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TextChangeView<'a> {
    /// The template before.
    pub before: &'a str,
    /// The template now.
    pub now: &'a str,
    /// How many people have an old text, or will get one, and keep it.
    pub keep: u64,
}

/// A text that somebody gets.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SampleView<'a> {
    /// Which one it is: `shortest`, `longest` or `between`; `branch` if it shows a branch that those do not.
    pub name: &'static str,
    /// The text; what comes out of `{{ … }}` is masked, unless `--reveal` is given.
    pub text: &'a str,
    /// How many characters it has, unmasked.
    pub characters: u64,
    /// How many bytes of UTF-8 it has, unmasked.
    pub bytes: u64,
}

impl<'a> MessageView<'a> {
    /// Makes a view of a message of a plan.
    #[must_use]
    pub fn new(plan: &Plan, message: &'a MessagePlan, reveal: Reveal) -> Self {
        let not_asked = plan.not_asked_before(message);
        let due_now = message.bulks.iter().map(|bulk| BulkView::new(message, bulk, Due::Now, plan.now));
        let later = message.later.iter().map(|bulk| BulkView::new(message, bulk, Due::Later, plan.now));
        Self {
            message: message.key.to_string(),
            revision: message.revision.get(),
            sender: &message.sender_name,
            audience: &message.audience,
            selected: message.selected,
            read: message.is_read,
            rows: message.counts.total(),
            dialect: message.dialect.map(|dialect| dialect.to_string()),
            gates: message.counts,
            late: message.late,
            protections: message.protections.iter().map(ProtectionView::new).collect(),
            skip_reasons: &message.skipped,
            first_at: message.first_at(),
            last_at: message.last_at(plan.now),
            not_asked_before: not_asked.map(|(_, at)| at),
            at_once: message.clocks.at_once,
            zones: message.clocks.zones.iter().map(ZoneView::new).collect(),
            handed_over: AtGatewayView::new(&message.key, &message.at_gateway, &message.outdated),
            in_clear: message.in_clear.as_ref().map(InClearView::new),
            bulks: due_now.chain(later).collect(),
            text_changed: TextChangeView::new(message),
            outdated: message.outdated.iter().map(OutdatedView::new).collect(),
            new_revision: message.new_revision.as_ref().map(NewRevisionView::new),
            frozen: message.held.as_ref().map(ComparisonView::new),
            samples: message.samples.iter().map(|sample| SampleView::new(sample, reveal)).collect(),
            bounded_without: message.at_most.then_some(if plan.gateway.is_empty() { "a ledger" } else { "the key" }),
            template: &message.template,
            more_branches: message.more_branches,
            may_be_more_branches: message.may_be_more_branches,
            place: MessagePlace::new(&message.place),
            audience_file: &message.audience_file,
            nameless_columns: message.nameless as u64,
            has_errors: message.diagnostics.has_errors(),
            unplanned: first_error(message).filter(|_| !message.is_read),
            has_diagnostics: !message.diagnostics.is_empty(),
            is_per_person: message.per_person,
            zone: message.zone.as_ref(),
            window: message.window.as_ref(),
            speed: message.speed,
            next_due: message.next_due,
            not_asked_people: not_asked.map_or(0, |(people, _)| people),
        }
    }

    /// How many people it goes to now.
    #[must_use]
    pub fn to_send(&self) -> u64 {
        self.gates.get(Gate::ToSend)
    }

    /// The bulks that are handed over now, or later.
    pub fn bulks_due(&self, due: Due) -> impl Iterator<Item = &BulkView<'a>> {
        self.bulks.iter().filter(move |bulk| bulk.due == due)
    }

    /// The zone that times are also shown in, if it is the same for everybody.
    #[must_use]
    pub fn common_zone(&self) -> Option<&'a TimeZone> {
        self.zone.filter(|_| !self.is_per_person)
    }
}

impl<'a> ProtectionView<'a> {
    fn new(protection: &'a Protection) -> Self {
        Self { gate: protection.gate, name: &protection.name, people: protection.people, stopped: protection.stopped }
    }
}

impl<'a> ZoneView<'a> {
    fn new(zone: &'a ZonePeople) -> Self {
        Self {
            zone: &zone.zone,
            send_at: zone.at,
            people: zone.due + zone.later,
            not_due: zone.later,
            fallback: zone.fallback_due + zone.fallback_later,
            fallback_not_due: zone.fallback_later,
        }
    }
}

impl<'a> BulkView<'a> {
    fn new(plan: &MessagePlan, bulk: &'a Bulk, due: Due, now: Timestamp) -> Self {
        Self {
            bulk_id: IdOfBulk(bulk),
            people: bulk.recipients.len() as u64,
            send_at: bulk.send_at,
            until: bulk.until,
            due,
            last_at: plan.last_of(bulk, now),
        }
    }
}

impl Serialize for IdOfBulk<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.id())
    }
}

impl<'a> TextChangeView<'a> {
    fn new(message: &'a MessagePlan) -> Option<Self> {
        let old = message.outdated.iter().filter_map(|outdated| Some((outdated.text.as_deref()?, outdated.keep)));
        let before = old.clone().map(|(text, _)| text).next()?;
        Some(Self { before, now: &message.template, keep: old.map(|(_, keep)| keep).sum() })
    }
}

impl<'a> SampleView<'a> {
    fn new(sample: &'a Sample, reveal: Reveal) -> Self {
        let text = match reveal {
            Reveal::No => &sample.masked,
            Reveal::Yes => &sample.revealed,
        };
        Self { name: sample.name, text, characters: sample.chars as u64, bytes: sample.bytes as u64 }
    }
}
/// The first thing that is wrong with the files of a message.
fn first_error(message: &MessagePlan) -> Option<&str> {
    let mut errors = message.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors.next().map(|diagnostic| diagnostic.message.as_str())
}
