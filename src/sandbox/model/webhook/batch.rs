//! Which reports of a bulk are pushed when, where, and together.
//!
//! A message has a report when it ends, and one when it leaves if that is wanted. Reports of one bulk for one URL go
//! together: a push leaves a second after the first of its reports was there, or at once when it has as many as it
//! may have. This is a function of the bulk and of what was pushed of it before, so that nothing else is kept.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::sandbox::model::bulk::AcceptedBulk;
use crate::sandbox::model::inputs::Inputs;
use crate::sandbox::model::lifecycle::{Life, later};
use crate::sandbox::model::message::SharedOptions;
use crate::sandbox::model::reports::Marks;
use crate::wire::options::ReportType;
use crate::wire::response::DeliveryReport;

/// How many reports a push has at most, unless that is set.
pub const REPORTS_MAX: usize = 100;
/// How long a push waits for more reports, in milliseconds.
const LINGER_MS: i64 = 1_000;

/// At which moment of a message's life a report is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReportMoment {
    /// It left for the channel.
    Enroute,
    /// It ended.
    End,
}

/// A report of a bulk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReportPlace {
    /// The position of its message.
    pub position: usize,
    /// The moment.
    pub moment: ReportMoment,
}

impl ReportPlace {
    /// Its number in the bulk, under which it is marked and kept.
    #[must_use]
    pub const fn number(self) -> usize {
        self.position * 2 + matches!(self.moment, ReportMoment::End) as usize
    }

    /// The report with a number.
    #[must_use]
    pub const fn new(number: usize) -> Self {
        let moment = if number % 2 == 1 { ReportMoment::End } else { ReportMoment::Enroute };
        Self { position: number / 2, moment }
    }
}

/// Reports that go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportBatch {
    /// When they leave.
    pub due_at: Timestamp,
    /// Where they go.
    pub url: String,
    /// In which form.
    pub content_type: ReportType,
    /// Which they are.
    pub reports: Vec<ReportPlace>,
}

/// What is to be done about a bulk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkPlan {
    /// What is due, in order.
    pub due: Vec<ReportBatch>,
    /// When it is to be looked at again; absent if nothing is to come.
    pub next_at: Option<Timestamp>,
    /// Whether nothing will ever come of it any more.
    pub is_over: bool,
}

/// Where reports go that share these terms: to the URL of the message, else to that of the account.
fn url_of<'a>(terms: &'a SharedOptions<'_>, account: Option<&'a str>) -> Option<&'a str> {
    let delivery = terms.delivery.as_ref();
    if delivery.and_then(|delivery| delivery.notify) == Some(false) {
        return None;
    }
    delivery.and_then(|delivery| delivery.url.as_deref()).filter(|url| !url.is_empty()).or(account)
}

fn wants_enroute(terms: &SharedOptions<'_>) -> bool {
    terms.delivery.as_ref().and_then(|delivery| delivery.intermediate_report) == Some(true)
}

/// Whether anything of a bulk is ever pushed.
#[must_use]
pub fn is_pushed(bulk: &AcceptedBulk<'_>, account: Option<&str>) -> bool {
    bulk.table.terms.iter().any(|terms| url_of(terms, account).is_some())
}

/// The moments of a message of which there is a report, and when they are.
fn moments(life: &Life, terms: &SharedOptions<'_>) -> impl Iterator<Item = (Timestamp, ReportMoment)> {
    let enroute = life.sent_at.filter(|sent_at| wants_enroute(terms) && life.is_charged() && *sent_at <= life.done_at);
    enroute.map(|at| (at, ReportMoment::Enroute)).into_iter().chain([(life.done_at, ReportMoment::End)])
}

type Reports<'a> = BTreeMap<(&'a str, bool), Vec<(Timestamp, ReportPlace)>>;

/// Works out what is to be pushed of a bulk by now, apart from what is marked, and when there is more.
#[must_use]
pub fn plan(
    bulk: &AcceptedBulk<'_>,
    inputs: &Inputs,
    (account, marks): (Option<&str>, &Marks),
    (now, reports_max): (Timestamp, usize),
) -> BulkPlan {
    let mut groups: Reports<'_> = BTreeMap::new();
    let mut ends_at = Timestamp::MIN;
    for (position, (message, life)) in bulk.table.messages.iter().zip(bulk.lives(inputs)).enumerate() {
        // Whoever was turned down in the answer was told so there.
        if bulk.rejection(position).is_some() {
            continue;
        }
        ends_at = ends_at.max(life.done_at);
        let Some(terms) = bulk.table.terms_of(message) else { continue };
        let Some(url) = url_of(terms, account) else { continue };
        let is_xml = terms.content_type == Some(ReportType::Xml);
        let places = moments(&life, terms).map(|(at, moment)| (at, ReportPlace { position, moment }));
        groups.entry((url, is_xml)).or_default().extend(places.filter(|(_, place)| !marks.has(place.number())));
    }
    let (mut due, mut next_at) = (Vec::new(), None::<Timestamp>);
    for ((url, is_xml), reports) in &mut groups {
        reports.sort_unstable();
        let content_type = if *is_xml { ReportType::Xml } else { ReportType::Json };
        let mut rest = reports.as_slice();
        while let Some((due_at, together, after)) = cut(rest, reports_max) {
            if due_at > now {
                next_at = Some(next_at.map_or(due_at, |next| next.min(due_at)));
                break;
            }
            let reports = together.iter().map(|(_, place)| *place).collect();
            due.push(ReportBatch { due_at, url: (*url).to_owned(), content_type, reports });
            rest = after;
        }
    }
    due.sort_by_key(|batch| batch.due_at);
    BulkPlan { is_over: next_at.is_none() && ends_at <= now, due, next_at }
}

/// The first reports that go together, when they do, and the rest.
type Cut<'a> = (Timestamp, &'a [(Timestamp, ReportPlace)], &'a [(Timestamp, ReportPlace)]);

fn cut(reports: &[(Timestamp, ReportPlace)], reports_max: usize) -> Option<Cut<'_>> {
    let lingers_until = later(reports.first()?.0, LINGER_MS);
    let count = reports.iter().take(reports_max).take_while(|(at, _)| *at < lingers_until).count();
    let (together, after) = reports.split_at_checked(count)?;
    let is_full = count == reports_max;
    Some((if is_full { together.last()?.0 } else { lingers_until }, together, after))
}

/// Writes reports of a bulk out.
#[must_use]
pub fn reports(bulk: &AcceptedBulk<'_>, inputs: &Inputs, places: &[ReportPlace]) -> Vec<DeliveryReport> {
    let lives = bulk.lives(inputs);
    let report = |place: &ReportPlace| {
        let (message, life) = (bulk.table.messages.get(place.position)?, lives.get(place.position)?);
        match place.moment {
            ReportMoment::Enroute => bulk.report_enroute(message, life, inputs),
            ReportMoment::End => bulk.report(message, life, inputs),
        }
    };
    places.iter().filter_map(report).collect()
}
