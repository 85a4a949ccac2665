//! What is pushed of whole bulks: when, together with what, where, and in which form.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};

use super::agenda::{Agenda, DueWork};
use super::batch::{REPORTS_MAX, ReportMoment, ReportPlace, is_pushed, plan, reports};
use super::body::body;
use super::push::{Push, PushContent, PushState, Try, TryCause, TryOutcome};
use crate::sandbox::model::bulk::{AcceptedBulk, BulkHeader, LogSpan};
use crate::sandbox::model::inputs::{Inputs, RulesEntry};
use crate::sandbox::model::message::{MessageTable, ReceivedMessage, SendTiming, SharedOptions};
use crate::sandbox::model::reports::Marks;
use crate::sandbox::model::rules::{ChannelRule, ChannelRules};
use crate::sandbox::tree::Tree;
use crate::wire::channel::ChannelPrice;
use crate::wire::choices::WebhookSuccess;
use crate::wire::content::Content;
use crate::wire::options::{Platform, ReportType, SendingSpeedLimit, SpeedUnit};
use crate::wire::request::Delivery;

fn at(ms: i64) -> Timestamp {
    let noon: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
    noon.checked_add(SignedDuration::from_millis(ms)).unwrap()
}

fn terms(url: Option<&'static str>, intermediate: Option<bool>, notify: Option<bool>) -> SharedOptions<'static> {
    SharedOptions {
        sender: "shop".into(),
        platform: Some(Platform { entity_id: Some("promo".to_owned()), application_id: Some("web".to_owned()) }),
        validity_period: None,
        delivery_time_window: None,
        campaign_reference_id: Some("spring".into()),
        delivery: Some(Delivery { url: url.map(Into::into), intermediate_report: intermediate, notify }),
        content_type: None,
    }
}

/// A bulk of messages with these terms, accepted some milliseconds after noon, at a speed of so many a minute.
fn bulk(
    number: i64,
    accepted_ms: i64,
    terms: Vec<SharedOptions<'static>>,
    (messages, per_minute): (&[usize], Option<u32>),
) -> AcceptedBulk<'static> {
    let speed = per_minute.map(|amount| SendingSpeedLimit { amount, time_unit: SpeedUnit::Minute });
    let message = |(position, terms): (usize, &usize)| ReceivedMessage {
        terms: *terms,
        to: format!("{number}00{position}").into(),
        message_id: format!("m{number}.{position}").into(),
        content: Content::Text { text: "Hi".into() },
        callback_data: Some("a<b>\u{1}\r\"&c".into()),
    };
    AcceptedBulk {
        header: BulkHeader {
            number,
            bulk_id: format!("bulk-{number}"),
            accepted_at: at(accepted_ms),
            pace: SendTiming { speed, ..SendTiming::default() },
            count: u64::try_from(messages.len()).unwrap(),
            logged: LogSpan::default(),
        },
        table: MessageTable { terms, messages: messages.iter().enumerate().map(message).collect() },
        rejected: Vec::new(),
    }
}

/// When which reports go where, in one line each, if nothing was pushed and nothing is taken away.
fn planned(bulk: &AcceptedBulk<'_>, account: Option<&str>) -> Vec<String> {
    let plan = plan(bulk, &Inputs::default(), (account, &Marks::default()), (at(3_600_000), REPORTS_MAX));
    assert!(plan.is_over && plan.next_at.is_none());
    let shown = plan.due.iter().map(|batch| {
        let reports: Vec<_> = batch
            .reports
            .iter()
            .map(|place| format!("{}{}", place.position, if place.moment == ReportMoment::End { "" } else { "~" }))
            .collect();
        let after = batch.due_at.duration_since(at(0)).as_millis();
        format!("{after} {} {}", batch.url, reports.join(","))
    });
    shown.collect()
}

#[test]
fn reports_go_to_the_message_s_url_else_to_the_account_s() {
    let all = vec![
        terms(Some("http://a/"), None, None),
        terms(None, None, None),
        terms(Some(""), None, Some(true)),
        terms(Some("http://a/"), None, Some(false)),
        SharedOptions { delivery: None, ..terms(None, None, None) },
    ];
    let every = bulk(1, 0, all.clone(), (&[0, 1, 2, 3, 4], None));
    // A second after they ended, which is a second after they left.
    assert_eq!(planned(&every, Some("http://account/")), ["2000 http://a/ 0", "2000 http://account/ 1,2,4"]);
    assert_eq!(planned(&every, None), ["2000 http://a/ 0"]);
    let silent = bulk(1, 0, vec![all[3].clone()], (&[0], None));
    assert_eq!(planned(&silent, Some("http://account/")), Vec::<String>::new());
    assert!(!is_pushed(&silent, Some("http://account/")) && is_pushed(&every, None));
}

#[test]
fn an_intermediate_report_comes_when_the_message_leaves() {
    let intermediate = bulk(1, 0, vec![terms(Some("http://a/"), Some(true), None)], (&[0, 0], None));
    assert_eq!(planned(&intermediate, None), ["1000 http://a/ 0~,1~", "2000 http://a/ 0,1"]);
    let reports = reports(&intermediate, &Inputs::default(), &[0, 1].map(ReportPlace::new));
    let shown = reports.iter().map(|report| (report.status.id, report.status.name.as_str(), report.done_at.is_some()));
    assert_eq!(shown.collect::<Vec<_>>(), [(7, "PENDING_ENROUTE", false), (5, "DELIVERED_TO_HANDSET", true)]);
}

#[test]
fn whoever_is_turned_down_has_no_intermediate_report() {
    let mut inputs = Inputs::default();
    let rule = serde_json::from_str::<ChannelRule>(r#"{"outcome":"blockedDestination","prefixes":["1"]}"#).unwrap();
    let rules = ChannelRules { rules: vec![rule], ..ChannelRules::default() };
    inputs.add_rules(RulesEntry { at: at(0), after_bulk: 0, rules });
    let bulk = bulk(1, 0, vec![terms(Some("http://a/"), Some(true), None)], (&[0], None));
    let plan = plan(&bulk, &inputs, (None, &Marks::default()), (at(60_000), REPORTS_MAX));
    assert_eq!(plan.due.iter().map(|batch| batch.reports.len()).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_push_is_full_at_a_hundred_or_as_many_as_is_set_and_else_waits_a_second() {
    let together = bulk(1, 0, vec![terms(Some("http://a/"), None, None)], (&[0; 250], None));
    let sizes_of = |bulk: &AcceptedBulk<'_>, reports_max: usize| {
        let plan = plan(bulk, &Inputs::default(), (None, &Marks::default()), (at(3_600_000_000), reports_max));
        let sizes = plan.due.iter().map(|batch| (batch.due_at.duration_since(at(0)).as_millis(), batch.reports.len()));
        sizes.collect::<Vec<_>>()
    };
    let sizes = |bulk: &AcceptedBulk<'_>| sizes_of(bulk, REPORTS_MAX);
    assert_eq!(sizes(&together), [(1_000, 100), (1_000, 100), (2_000, 50)]);
    assert_eq!(sizes_of(&together, 120), [(1_000, 120), (1_000, 120), (2_000, 10)]);
    assert_eq!(sizes_of(&together, 1_000), [(2_000, 250)]);
    assert_eq!(sizes_of(&together, 1), [(1_000, 1); 250]);
    // 600 a minute are one in 100 milliseconds: ten a push.
    let paced = bulk(1, 0, vec![terms(Some("http://a/"), None, None)], (&[0; 25], Some(600)));
    assert_eq!(sizes(&paced), [(2_000, 10), (3_000, 10), (4_000, 5)]);
    let slow = bulk(1, 0, vec![terms(Some("http://a/"), None, None)], (&[0; 3], Some(1)));
    assert_eq!(sizes(&slow), [(2_000, 1), (62_000, 1), (122_000, 1)]);
}

#[test]
fn what_is_marked_is_not_pushed_again_and_what_is_to_come_is_known() {
    let slow = bulk(1, 0, vec![terms(Some("http://a/"), None, None)], (&[0; 3], Some(1)));
    let mut marks = Marks::default();
    let mut looks = Vec::new();
    for ms in [0, 1_999, 2_000, 62_000, 122_000] {
        let plan = plan(&slow, &Inputs::default(), (None, &marks), (at(ms), REPORTS_MAX));
        plan.due.iter().flat_map(|batch| &batch.reports).for_each(|place| marks.add(place.number()));
        let next = plan.next_at.map(|next| next.duration_since(at(0)).as_millis());
        looks.push((plan.due.len(), next, plan.is_over));
    }
    let expected = [
        (0, Some(2_000), false),
        (0, Some(2_000), false),
        (1, Some(62_000), false),
        (1, Some(122_000), false),
        (1, None, true),
    ];
    assert_eq!(looks, expected);
}

/// A body of two reports that lack nothing.
fn pushed(content_type: ReportType) -> Vec<u8> {
    let mut inputs = Inputs::default();
    let price = ChannelPrice { per_message: 0.15, currency: "EUR".to_owned() };
    inputs.add_rules(RulesEntry { at: at(0), after_bulk: 0, rules: ChannelRules { price, ..ChannelRules::default() } });
    let bulk = bulk(7, 0, vec![terms(Some("http://a/"), None, None)], (&[0, 0], None));
    let reports = reports(&bulk, &inputs, &[1, 3].map(ReportPlace::new));
    body(content_type, reports).unwrap()
}

/// All facts of the first of the reports in a body.
fn facts(content_type: ReportType) -> BTreeMap<String, String> {
    let bytes = pushed(content_type);
    match content_type {
        ReportType::Json => {
            let body: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(body["results"].as_array().unwrap().len(), 2);
            let result = &body["results"][0];
            for whole in ["/status/groupId", "/status/id", "/error/groupId", "/error/id", "/messageCount"] {
                assert!(result.pointer(whole).is_some_and(serde_json::Value::is_u64), "{whole}");
            }
            assert!(result["price"]["pricePerMessage"].is_f64() && result["error"]["permanent"].is_boolean());
            let mut facts = BTreeMap::new();
            flatten("", &body["results"][0], &mut facts);
            facts
        }
        ReportType::Xml => xml_facts(std::str::from_utf8(&bytes).unwrap()),
    }
}

fn flatten(path: &str, value: &serde_json::Value, facts: &mut BTreeMap<String, String>) {
    match value {
        serde_json::Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| flatten(&format!("{path}/{name}"), value, facts));
        }
        serde_json::Value::String(text) => drop(facts.insert(path.to_owned(), text.clone())),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::Array(_) => drop(facts.insert(path.to_owned(), value.to_string())),
    }
}

/// The texts in the first `result` of a document, by their paths in it.
fn xml_facts(text: &str) -> BTreeMap<String, String> {
    use quick_xml::events::Event;
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?><DeliveryReports><results><result>"), "{text}");
    let mut reader = quick_xml::Reader::from_str(text);
    let (mut path, mut facts, mut results) = (Vec::new(), BTreeMap::new(), 0);
    loop {
        #[expect(clippy::wildcard_enum_match_arm, reason = "there are no others in it")]
        match reader.read_event().unwrap() {
            Event::Start(start) => path.push(start.name().as_ref().to_owned()),
            Event::End(_) => results += usize::from(path.pop().unwrap() == "result"),
            Event::Text(part) if results == 0 => {
                let part = part.xml10_content();
                facts.entry(format!("/{}", path[3..].join("/"))).or_insert_with(String::new).push_str(&part);
            }
            Event::GeneralRef(entity) if results == 0 => {
                let character = entity.resolve_char_ref().unwrap();
                let named = quick_xml::escape::resolve_predefined_entity(&entity).map(str::to_owned);
                let part = named.unwrap_or_else(|| character.unwrap().to_string());
                facts.entry(format!("/{}", path[3..].join("/"))).or_insert_with(String::new).push_str(&part);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!((path.len(), results), (0, 2));
    facts
}

/// The names of a report in the order in which they stand.
fn names(tree: &Tree, names: &mut Vec<String>) {
    if let Tree::Mapping(fields) = tree {
        for (name, value) in fields {
            names.push(name.clone());
            self::names(value, names);
        }
    }
}

#[test]
fn both_forms_have_their_names_in_the_vendor_s_order() {
    let expected = "bulkId price pricePerMessage currency status groupId groupName id name description \
                    error groupId groupName id name description permanent messageId to sender sentAt doneAt messageCount \
                    callbackData platform entityId applicationId campaignReferenceId";
    let json: Tree = serde_json::from_slice(&pushed(ReportType::Json)).unwrap();
    let Tree::Mapping(fields) = json else { panic!("a mapping") };
    let [(_, Tree::List(results))] = &fields[..] else { panic!("a list of results") };
    let mut found = Vec::new();
    names(&results[0], &mut found);
    assert_eq!(found.join(" "), expected);
    let xml = String::from_utf8(pushed(ReportType::Xml)).unwrap();
    let (_, first) = xml.split_once("<result>").unwrap();
    let (first, _) = first.split_once("</result>").unwrap();
    let elements = first.split('<').filter_map(|part| part.split('>').next()).filter(|name| !name.starts_with('/'));
    assert_eq!(elements.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" "), expected);
}

#[test]
fn both_forms_have_the_vendor_s_names_and_the_same_facts() {
    let expected = [
        ("/bulkId", "bulk-7"),
        ("/callbackData", "a<b>\u{1}\r\"&c"),
        ("/campaignReferenceId", "spring"),
        ("/doneAt", "2026-11-30T12:00:01.000+0000"),
        ("/error/description", "No Error"),
        ("/error/groupId", "0"),
        ("/error/groupName", "OK"),
        ("/error/id", "0"),
        ("/error/name", "NO_ERROR"),
        ("/error/permanent", "false"),
        ("/messageCount", "1"),
        ("/messageId", "m7.0"),
        ("/platform/applicationId", "web"),
        ("/platform/entityId", "promo"),
        ("/price/currency", "EUR"),
        ("/price/pricePerMessage", "0.15"),
        ("/sender", "shop"),
        ("/sentAt", "2026-11-30T12:00:00.000+0000"),
        ("/status/description", "Message delivered to handset"),
        ("/status/groupId", "3"),
        ("/status/groupName", "DELIVERED"),
        ("/status/id", "5"),
        ("/status/name", "DELIVERED_TO_HANDSET"),
        ("/to", "7000"),
    ];
    let mut expected: BTreeMap<_, _> =
        expected.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    assert_eq!(facts(ReportType::Json), expected);
    // XML has no such character.
    expected.insert("/callbackData".to_owned(), "a<b>\u{fffd}\r\"&c".to_owned());
    assert_eq!(facts(ReportType::Xml), expected);
}

/// A sandbox that posts to receivers of which each fails so many times at first; all that was posted is written down.
struct Simulation {
    bulks: Vec<AcceptedBulk<'static>>,
    marks: Vec<Marks>,
    pushes: Vec<Push>,
    agenda: Agenda,
    fails: usize,
    trace: Vec<String>,
}

impl Simulation {
    fn new(bulks: Vec<AcceptedBulk<'static>>, fails: usize) -> Self {
        let mut agenda = Agenda::default();
        bulks.iter().for_each(|bulk| agenda.set(DueWork::Bulk(bulk.header.number), bulk.header.accepted_at));
        let marks = vec![Marks::default(); bulks.len()];
        Self { bulks, marks, pushes: Vec::new(), agenda, fails, trace: Vec::new() }
    }

    /// Does all that is due until an instant, each at its own.
    fn move_to(&mut self, until: Timestamp) {
        while let Some((now, due)) = self.agenda.take(until) {
            match due {
                DueWork::Push(number) => self.attempt(usize::try_from(number).unwrap(), now),
                DueWork::Bulk(number) => {
                    let place = usize::try_from(number).unwrap();
                    let plan =
                        plan(&self.bulks[place], &Inputs::default(), (None, &self.marks[place]), (now, REPORTS_MAX));
                    for batch in plan.due {
                        assert_eq!(batch.due_at, now, "nothing is late");
                        batch.reports.iter().for_each(|report| self.marks[place].add(report.number()));
                        let content = PushContent::Reports { bulk: number, reports: batch.reports };
                        self.pushes.push(Push::new(now, batch.url, batch.content_type, content));
                        self.attempt(self.pushes.len() - 1, now);
                    }
                    plan.next_at.into_iter().for_each(|next| self.agenda.set(due, next));
                }
            }
        }
    }

    fn attempt(&mut self, number: usize, now: Timestamp) {
        let push = &mut self.pushes[number];
        let status = if push.tries.len() < self.fails { 503 } else { 200 };
        let tried = Try { at: now, outcome: TryOutcome::Answered(status), cause: TryCause::Turn };
        push.tried(tried, now, WebhookSuccess::Only200);
        self.trace.push(format!("{now} {} {status} {:?}", push.url, push.content));
        push.next_at.into_iter().for_each(|next| self.agenda.set(DueWork::Push(i64::try_from(number).unwrap()), next));
    }
}

fn bulks() -> impl Strategy<Value = Vec<AcceptedBulk<'static>>> {
    let messages = proptest::collection::vec(0_usize..3, 1..8);
    let one = (0_i64..100_000, messages, proptest::option::of(1_u32..100), any::<bool>());
    proptest::collection::vec(one, 1..4).prop_map(|bulks| {
        let build = |(number, (accepted_ms, messages, per_minute, intermediate)): (usize, (_, Vec<usize>, _, bool))| {
            let all = ["http://a/", "http://b/", "http://c/"].map(|url| terms(Some(url), Some(intermediate), None));
            bulk(i64::try_from(number).unwrap(), accepted_ms, all.to_vec(), (&messages, per_minute))
        };
        bulks.into_iter().enumerate().map(build).collect()
    })
}

proptest! {
    #[test]
    fn one_jump_posts_what_many_small_ones_post(
        bulks in bulks(), fails in 0_usize..23, mut stops in proptest::collection::vec(0_i64..200_000_000, 0..20),
    ) {
        let end = at(400_000_000);
        let mut whole = Simulation::new(bulks.clone(), fails);
        whole.move_to(end);
        stops.sort_unstable();
        let mut steps = Simulation::new(bulks.clone(), fails);
        stops.into_iter().map(at).chain([end]).for_each(|stop| steps.move_to(stop));
        prop_assert_eq!(&whole.trace, &steps.trace);
        // Everybody's report goes out once, and as often as it takes.
        let pushed: usize = whole.pushes.iter().map(|push| match &push.content {
            PushContent::Reports { reports, .. } => reports.iter().filter(|place| place.moment == ReportMoment::End).count(),
            PushContent::Inbound(_) => 0,
        }).sum();
        prop_assert_eq!(pushed, bulks.iter().map(|bulk| bulk.table.messages.len()).sum::<usize>());
        let state = if fails > 20 { PushState::Lost } else { PushState::Done };
        for push in &whole.pushes {
            let PushContent::Reports { reports, .. } = &push.content else { continue };
            prop_assert_eq!((push.state, push.tries.len()), (state, fails.min(20) + 1));
            assert!(reports.len() <= REPORTS_MAX);
        }
    }
}
