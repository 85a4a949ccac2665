//! The planning function as a whole, over projects in memory.

use std::num::NonZeroUsize;

use proptest::prelude::{ProptestConfig, prop, prop_assert, prop_assert_eq, proptest};

use crate::identity::BulkTime;
use crate::ledger::PersonState;

use super::fixture::Fixture;
use super::gate::Gate;
use super::model::Plan;
use super::safety_limits::{Accepted, SafetyLimitKind};

const SALE: &str = "\
campaign: sale
audiences:
  all: { csv: people.csv, columns: { to: id }, where: consent == \"yes\", exclude: [staff] }
  staff: { rows: [ { to: \"17841400000000009\" } ] }
messages:
  - id: announce
    sender: shop
    audience: all
    content: { type: TEXT, text: 'Hi {{ name | fallback(\"there\") }}!{% if name == \"Skip\" %}{{ skip(\"asked\") }}{% endif %}' }
";

const PEOPLE: &str = "\
id,name,consent
17841400000000001,Ana,yes
17841400000000002,Luka,yes
+17841400000000002,Luka,yes
17841400000000003,Iva,no
17841400000000004,Skip,yes
17841400000000005,Marko,yes
17841400000000005,Marija,yes
1.78414E+16,Broken,yes
17841400000000009,Staff,yes
";

fn sale() -> Fixture {
    Fixture::new(SALE).file("people.csv", PEOPLE)
}

fn gates(plan: &Plan) -> String {
    let message = plan.messages.first().unwrap();
    message.counts.occupied().map(|(gate, count)| format!("{} {count}\n", gate.words())).collect()
}

fn codes(plan: &Plan) -> Vec<&'static str> {
    plan.all_diagnostics().iter().map(|diagnostic| diagnostic.code.as_str()).collect()
}

#[test]
fn every_row_ends_at_one_gate() {
    let plan = sale().plan();
    insta::assert_snapshot!(gates(&plan), @r"
    unreadable 1
    duplicate 1
    contradicting 2
    filtered by `where` 1
    excluded 1
    skipped by the template 1
    to send 2
    ");
    assert_eq!(plan.messages[0].counts.total(), 9);
    assert_eq!(plan.messages[0].bulks.iter().map(|bulk| bulk.recipients.len()).sum::<usize>(), 2);
}

#[test]
fn a_second_plan_has_nothing_to_send() {
    let mut fixture = sale();
    assert_eq!(fixture.send(PersonState::Accepted), 2);
    let plan = fixture.plan();
    assert_eq!(plan.to_send(), 0);
    assert_eq!(plan.messages[0].counts.get(Gate::AlreadySent), 2);
}

#[test]
fn a_new_row_is_sent_alone_and_an_edited_text_to_nobody() {
    let mut fixture = sale();
    fixture.send(PersonState::Accepted);
    fixture.write("people.csv", &format!("{PEOPLE}17841400000000008,Nova,yes\n"));
    assert_eq!(fixture.plan().to_send(), 1);
    fixture.write("people.csv", PEOPLE);
    fixture.write("campaign.yaml", &SALE.replace("Hi ", "Hello "));
    let plan = fixture.plan();
    assert_eq!(plan.to_send(), 0);
    let change = &plan.messages[0].outdated[0];
    assert_eq!(change.keep, 2);
    fixture.write("campaign.yaml", &SALE.replace("id: announce", "id: announce\n    revision: 2"));
    assert_eq!(fixture.plan().to_send(), 2);
}

#[test]
fn standings_stop_people_each_at_their_gate() {
    let check = |state: PersonState, gate: Gate| {
        let mut fixture = sale();
        fixture.send(state);
        let plan = fixture.plan();
        assert_eq!(plan.messages[0].counts.get(gate), 2, "{state:?}");
        assert_eq!(plan.doubts.len(), usize::from(gate == Gate::InDoubt));
    };
    check(PersonState::Claimed, Gate::InDoubt);
    check(PersonState::Refused, Gate::ToSend);
    check(PersonState::Rejected(14), Gate::RejectedEarlier);
    check(PersonState::Abandoned, Gate::GivenUp);
    check(PersonState::Accepted, Gate::AlreadySent);
}

#[test]
fn neither_order_nor_workers_nor_file_names_change_the_digest() {
    let plan = sale().plan();
    let mut rows: Vec<&str> = PEOPLE.lines().skip(1).collect();
    rows.reverse();
    let shuffled = format!("id,name,consent\n{}\n", rows.join("\n"));
    let mut other = Fixture::new(SALE).file("people.csv", &shuffled);
    other.workers = NonZeroUsize::MIN;
    assert_eq!(other.plan().digest, plan.digest);
    let mut renamed = sale().file("renamed.yaml", SALE);
    renamed.remove("campaign.yaml");
    assert_eq!(renamed.plan().digest, plan.digest);
    let edited = sale().file("campaign.yaml", &SALE.replace("Hi ", "Hello "));
    assert_ne!(edited.plan().digest, plan.digest);
}

#[test]
fn edits_of_identity_are_caught() {
    let check = |edit: fn(&str) -> String, expect: &[&str]| {
        let mut fixture = sale();
        fixture.send(PersonState::Accepted);
        fixture.write("campaign.yaml", &edit(SALE));
        assert_eq!(
            codes(&fixture.plan())
                .iter()
                .filter(|code| !code.contains("row") && !code.contains("recipient"))
                .copied()
                .collect::<Vec<_>>(),
            expect
        );
    };
    check(|text| text.replace("sender: shop", "sender: other"), &["sender-changed"]);
    check(|text| text.replace("campaign: sale", "campaign: renamed"), &["message-gone"]);
    check(|text| text.replace("id: announce", "id: renamed"), &["message-gone"]);
    check(|text| text.replace("id: announce", "id: announce\n    revision: 2"), &["same-text"]);
    check(str::to_owned, &[]);
}

#[test]
fn a_lowered_revision_is_caught() {
    let mut fixture = sale();
    fixture.write("campaign.yaml", &SALE.replace("id: announce", "id: announce\n    revision: 2"));
    fixture.send(PersonState::Accepted);
    fixture.write("campaign.yaml", SALE);
    assert!(codes(&fixture.plan()).contains(&"revision-lowered"));
}

fn many(count: u64) -> String {
    let rows = (0..count).map(|number| format!("{},P{number},yes\n", 17_841_400_000_100_000 + number));
    format!("id,name,consent\n{}", rows.collect::<String>())
}

fn paced(schedule: &str) -> String {
    let schedule = format!("schedules:\n  s: {{ {schedule} }}\nmessages:");
    SALE.replace("messages:", &schedule).replace("audience: all", "audience: all\n    schedule: s")
}

#[test]
fn a_speed_holds_over_all_bulks_and_later_applies() {
    let text = paced("sendAt: \"2026-12-01 09:00\", timeZone: Europe/Zagreb, sendingSpeedLimit: { amount: 600 }");
    let mut fixture = Fixture::new(&text).file("people.csv", &many(2_500));
    let plan = fixture.plan();
    let starts: Vec<String> = plan.messages[0].bulks.iter().map(|bulk| bulk.time.to_string()).collect();
    assert_eq!(starts, ["at 2026-12-01T08:00:00Z", "at 2026-12-01T08:01:40Z", "at 2026-12-01T08:03:20Z"]);
    fixture.send(PersonState::Accepted);
    fixture.write("people.csv", &many(2_501));
    let plan = fixture.plan();
    let bulk = &plan.messages[0].bulks[0];
    assert_eq!(bulk.recipients.len(), 1);
    assert_eq!(bulk.time.to_string(), "at 2026-12-01T08:04:10Z");
}

#[test]
fn the_first_bulk_holds_no_more_people_than_rejections_are_judged_by() {
    let project = "project: acme-shop\nsenders: { shop: SHOP, other: OTHER }\nstopAfter: { of: 300 }\n";
    let mut fixture = Fixture::new(&paced("sendingSpeedLimit: { amount: 600 }"))
        .file("sendform.yaml", project)
        .file("people.csv", &many(1_500));
    let cut = |fixture: &Fixture| -> Vec<(usize, BulkTime)> {
        fixture.plan().messages[0].bulks.iter().map(|bulk| (bulk.recipients.len(), bulk.time)).collect()
    };
    let starts = [(300, BulkTime::Start(0)), (1_000, BulkTime::Start(30_000)), (200, BulkTime::Start(130_000))];
    assert_eq!(cut(&fixture), starts);
    fixture.send(PersonState::Accepted);
    fixture.write("people.csv", &many(2_500));
    assert_eq!(cut(&fixture).len(), 1, "enough people were answered");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// An apply gives the gateway as many bulks as were planned: none of them is too large for what was answered.
    #[test]
    fn no_planned_bulk_is_cut_again(
        of in 1_usize..60,
        bulk_size in 1_usize..90,
        groups in prop::collection::vec(0_usize..70, 4),
    ) {
        let zones = ["Asia/Tokyo", "Asia/Kolkata", "Europe/Zagreb", "America/New_York"];
        let zones = groups.iter().zip(zones).flat_map(|(count, zone)| std::iter::repeat_n(zone, *count));
        let rows = zones.zip(0_u64..).map(|(zone, it)| format!("{},P,yes,{zone}\n", 17_841_400_000_100_000 + it));
        let text = paced("sendAt: \"2026-12-01 09:00\", timeZone: { perPerson: true }")
            .replace("{ to: id }", "{ to: id, timeZone: zone }");
        let project = format!(
            "project: acme-shop\nsenders: {{ shop: SHOP }}\nbulkSize: {bulk_size}\nstopAfter: {{ of: {of} }}\n"
        );
        let plan = Fixture::new(&text)
            .file("sendform.yaml", &project)
            .file("people.csv", &format!("id,name,consent,zone\n{}", rows.collect::<String>()))
            .plan();
        let mut answered = 0;
        let bulks = &plan.messages[0].bulks;
        for (bulk, next) in bulks.iter().zip(bulks.iter().skip(1).map(Some).chain([None])) {
            let most = if answered < of { of.min(bulk_size) } else { bulk_size };
            prop_assert!(bulk.recipients.len() <= most);
            let is_last_of_its_time = next.is_none_or(|next| next.time != bulk.time);
            prop_assert!(is_last_of_its_time || bulk.recipients.len() == most);
            answered += bulk.recipients.len();
        }
        prop_assert_eq!(answered, groups.iter().sum::<usize>());
    }
}

#[test]
fn an_unscheduled_speed_is_counted_from_the_start() {
    let fixture = Fixture::new(&paced("sendingSpeedLimit: { amount: 600 }")).file("people.csv", &many(1_001));
    let plan = fixture.plan();
    let times: Vec<BulkTime> = plan.messages[0].bulks.iter().map(|bulk| bulk.time).collect();
    assert_eq!(times, [BulkTime::Start(0), BulkTime::Start(100_000)]);
    assert_eq!(plan.messages[0].bulks[0].send_at, None);
    assert_eq!(plan.messages[0].bulks[1].send_at.unwrap().to_string(), "2026-11-30T12:01:40Z");
}

#[test]
fn a_past_time_is_an_error_until_something_was_sent() {
    let text = paced("sendAt: \"2026-11-30 13:00\", timeZone: Europe/Zagreb");
    let mut fixture = Fixture::new(&text).file("people.csv", &many(3));
    assert_eq!(codes(&fixture.plan()), ["past-time"]);
    fixture.now = "2026-11-30T11:00:00Z".parse().unwrap();
    assert_eq!(fixture.send(PersonState::Accepted), 3);
    fixture.now = "2026-11-30T13:00:00Z".parse().unwrap();
    fixture.write("people.csv", &many(5));
    let plan = fixture.plan();
    assert_eq!(plan.messages[0].counts.get(Gate::TooLate), 2);
    assert!(codes(&plan).is_empty());
    fixture.accepted.add("late=1").unwrap();
    let plan = fixture.plan();
    assert_eq!(plan.to_send(), 2);
    assert_eq!(
        plan.refused().map(|safety_limit| (safety_limit.kind, safety_limit.actual)).collect::<Vec<_>>(),
        [(SafetyLimitKind::Late, 2)]
    );
    fixture.accepted = Accepted::default();
    fixture.accepted.add("late=2").unwrap();
    assert_eq!(fixture.plan().refused().count(), 0);
}

#[test]
fn bulks_are_kept_back_until_shortly_before_their_time() {
    let text = paced("sendAt: \"2026-12-01 09:00\", timeZone: Europe/Zagreb, handover: 2h");
    let mut fixture = Fixture::new(&text).file("people.csv", &many(3));
    let plan = fixture.plan();
    assert_eq!((plan.to_send(), plan.not_due()), (0, 3));
    assert_eq!(plan.next_apply_at().unwrap().to_string(), "2026-12-01T06:00:00Z");
    let before = plan.digest;
    fixture.now = "2026-12-01T06:00:00Z".parse().unwrap();
    let plan = fixture.plan();
    assert_eq!((plan.to_send(), plan.not_due()), (3, 0));
    assert_eq!(plan.digest, before, "due or not due is no part of the digest");
}

#[test]
fn bulks_behind_a_paced_sending_that_has_begun_are_in_time() {
    let text = paced(
        "sendAt: \"2026-12-01 09:00\", timeZone: Europe/Zagreb, handover: 2m, sendingSpeedLimit: { amount: 600 }",
    );
    let mut fixture = Fixture::new(&text).file("people.csv", &many(2_500));
    let mut handed_over = Vec::new();
    while let Some(next) = fixture.plan().next_apply_at() {
        fixture.now = next;
        handed_over.push((next.to_string(), fixture.send(PersonState::Accepted)));
    }
    // The last one is handed over when the time of the message is past.
    assert_eq!(
        handed_over,
        [
            ("2026-12-01T07:58:00Z".to_owned(), 1_000),
            ("2026-12-01T07:59:40Z".to_owned(), 1_000),
            ("2026-12-01T08:01:20Z".to_owned(), 500)
        ]
    );
    fixture.write("people.csv", &many(2_501));
    let starts = |fixture: &Fixture| -> Vec<String> {
        fixture.plan().messages[0].later.iter().map(|bulk| bulk.time.to_string()).collect()
    };
    assert_eq!(starts(&fixture), ["at 2026-12-01T08:04:10Z"], "a new row follows what is under way");
    fixture.now = "2026-12-01T08:04:10Z".parse().unwrap();
    assert_eq!(fixture.plan().messages[0].counts.get(Gate::TooLate), 1, "but not when all was sent");
}

#[test]
fn a_past_time_of_a_new_revision_is_an_error_again() {
    let text = paced("sendAt: \"2026-11-30 13:00\", timeZone: Europe/Zagreb");
    let mut fixture = Fixture::new(&text).file("people.csv", &many(3));
    fixture.now = "2026-11-30T11:00:00Z".parse().unwrap();
    fixture.send(PersonState::Accepted);
    fixture.now = "2026-11-30T13:00:00Z".parse().unwrap();
    assert_eq!(codes(&fixture.plan()), [""; 0]);
    fixture.write("campaign.yaml", &text.replace("id: announce", "id: announce\n    revision: 2"));
    assert_eq!(codes(&fixture.plan()), ["past-time"]);
    let mut refused = Fixture::new(&text).file("people.csv", &many(3));
    refused.now = "2026-11-30T11:00:00Z".parse().unwrap();
    refused.send(PersonState::Refused);
    refused.now = "2026-11-30T13:00:00Z".parse().unwrap();
    assert_eq!(codes(&refused.plan()), ["past-time"], "nothing of it was sent");
}

#[test]
fn the_heir_of_a_message_is_named_by_those_who_may_have_it() {
    let check = |revision: u32, state: PersonState, named: bool| {
        let mut fixture = sale();
        for number in 1..=revision {
            let text = SALE.replace("id: announce", &format!("id: announce\n    revision: {number}"));
            fixture.write("campaign.yaml", &text);
            fixture.send(if number == revision { state } else { PersonState::Refused });
        }
        fixture.write("campaign.yaml", &SALE.replace("campaign: sale", "campaign: renamed"));
        let plan = fixture.plan();
        let gone = plan.diagnostics.iter().find(|found| found.code.as_str() == "message-gone").unwrap();
        assert_eq!(format!("{gone:?}").contains("`renamed.announce` plans 2 of the same people"), named, "{state:?}");
    };
    check(1, PersonState::Accepted, true);
    check(1, PersonState::Claimed, true);
    check(1, PersonState::Rejected(14), false);
    check(2, PersonState::Accepted, true);
}

#[test]
fn a_window_that_closes_before_a_time_too_far_ahead_is_too_early() {
    let people = "id,name,consent,closes\n17841400000000001,Ana,yes,2026-12-01T00:00:00Z\n";
    let text = paced("sendAt: \"2027-12-01 09:00\", timeZone: Europe/Zagreb")
        .replace("{ to: id }", "{ to: id, windowClosesAt: closes }");
    let plan = Fixture::new(&text).file("people.csv", people).plan();
    assert_eq!(plan.messages[0].counts.get(Gate::TooEarly), 1);
    assert_eq!((plan.to_send(), plan.not_due(), plan.later()), (0, 0, 1), "which is something to send later");
}

#[test]
fn a_closed_conversation_window_stops_a_person_at_their_real_time() {
    let people = "\
id,name,consent,closes
17841400000000001,Ana,yes,2026-11-30T12:00:30Z
17841400000000002,Luka,yes,2026-11-30T11:59:00Z
17841400000000003,Iva,yes,2026-11-30T12:00:40Z
17841400000000004,Eva,yes,
17841400000000005,Mia,yes,2026-11-30T13:00:00Z
";
    let text = paced("sendingSpeedLimit: { amount: 2 }").replace("{ to: id }", "{ to: id, windowClosesAt: closes }");
    let plan = Fixture::new(&text).file("people.csv", people).plan();
    // Ana leaves at once; Iva would be next, half a minute later, in time; then Mia.
    assert_eq!(plan.messages[0].counts.get(Gate::WindowClosed), 2);
    assert_eq!(plan.to_send(), 3);
}

#[test]
fn each_person_has_their_own_clock() {
    let people = "\
id,name,consent,zone
17841400000000001,Ana,yes,Europe/Zagreb
17841400000000002,Kenji,yes,Asia/Tokyo
17841400000000003,Eva,yes,
17841400000000004,Odd,yes,Mars/Olympus
";
    let text = paced("sendAt: \"2026-12-01 09:00\", timeZone: { perPerson: true, fallback: Europe/Zagreb }")
        .replace("{ to: id }", "{ to: id, timeZone: zone }");
    let plan = Fixture::new(&text).file("people.csv", people).plan();
    let bulks: Vec<(String, usize)> =
        plan.messages[0].bulks.iter().map(|bulk| (bulk.send_at.unwrap().to_string(), bulk.recipients.len())).collect();
    assert_eq!(bulks, [("2026-12-01T00:00:00Z".to_owned(), 1), ("2026-12-01T08:00:00Z".to_owned(), 2)]);
    assert_eq!(plan.messages[0].counts.get(Gate::Unreadable), 1);
}

#[test]
fn a_blank_value_is_an_error_with_its_row() {
    let text = SALE.replace(" | fallback(\"there\")", "");
    let people = "id,name,consent\n17841400000000001,Ana,yes\n17841400000000002,  ,yes\n";
    let plan = Fixture::new(&text).file("people.csv", people).plan();
    assert_eq!(codes(&plan), ["blank-value"]);
    assert!(plan.messages[0].bulks.is_empty(), "nothing of a message with errors is sent");
}

#[test]
fn rails_stop_what_is_too_much() {
    let mut fixture = Fixture::new(SALE).file("people.csv", &many(30));
    fixture.write("sendform.yaml", "project: acme-shop\nsenders: { shop: SHOP }\nlimits: { messagesPerApply: 20 }\n");
    let plan = fixture.plan();
    assert_eq!(
        plan.refused().map(|safety_limit| safety_limit.words.as_str()).collect::<Vec<_>>(),
        ["30 messages to send, but at most 20 may be in one apply"]
    );
    fixture.accepted.add("messages=29").unwrap();
    assert_eq!(fixture.plan().refused().count(), 1);
    fixture.accepted = Accepted::default();
    fixture.accepted.add("messages=30").unwrap();
    assert_eq!(fixture.plan().refused().count(), 0);
}

#[test]
fn long_texts_make_smaller_bulks() {
    let sizes = |text: &str| {
        let campaign = SALE.replace("Hi ", text);
        let plan = Fixture::new(&campaign).file("people.csv", &many(1_500)).plan();
        plan.messages[0].bulks.iter().map(|bulk| bulk.recipients.len()).collect::<Vec<_>>()
    };
    assert_eq!(sizes("Hi "), [1_000, 500]);
    let long = sizes(&"x".repeat(900));
    assert_eq!(long.iter().sum::<usize>(), 1_500);
    assert!(long.iter().all(|size| (500..700).contains(size) || *size == *long.last().unwrap()), "{long:?}");
}

#[test]
fn the_digest_of_a_plan_never_changes_by_itself() {
    let digest = |campaign: &str| sale_with(campaign).plan().digest.to_string();
    let full = SALE.replace("    audience: all\n", "    audience: all\n    schedule: launch\n")
        + "schedules:\n  launch: { sendAt: \"2026-12-01 09:00\", timeZone: Europe/Zagreb, ifAmbiguous: earlier, ifPast: sendNow, \
           handover: 2h, sendingSpeedLimit: { amount: 6 }, validityPeriod: { amount: 2, timeUnit: HOURS }, \
           deliveryTimeWindow: { days: [TUESDAY, MONDAY], from: { hour: 7, minute: 0 }, to: { hour: 19, minute: 30 } } }\n";
    insta::assert_snapshot!(digest(SALE), @"plan/v1:28ea203d0b5c449caad236e60a1d3956");
    insta::assert_snapshot!(digest(&full), @"plan/v1:a5d21f4a53a95ae1cb8300a89ec17d41");
}

fn sale_with(campaign: &str) -> Fixture {
    Fixture::new(campaign).file("people.csv", PEOPLE)
}

const ONE_FORM: &str = "\
campaign: sale
audiences:
  all: { csv: people.csv, columns: { to: id }, where: WHERE }
messages:
  - { id: hello, sender: shop, audience: all, content: { text: 'Hi {{ name }}, {% if plan == \"vip\" %}A{% else %}B{% endif %}' } }
";
const SUPPRESS: &str = "\
project: acme-shop
senders: { shop: SHOP, other: OTHER }
suppress: [ { csv: out.csv, columns: { to: id }, where: 'status == \"unsub\"' } ]
";

#[test]
fn every_room_sees_one_form_of_a_cell() {
    let gates = |filter: &str, cell: &str| {
        let campaign = ONE_FORM.replace("WHERE", &format!("'{filter}'"));
        let text = format!("id,name,consent,plan\n17841466000000011,Ana,{cell},vip\n17841466000000012,Iva,yes,vip\n");
        let plan = Fixture::new(&campaign).file("people.csv", &text).plan();
        (plan.messages[0].counts.get(Gate::ToSend), plan.messages[0].counts.get(Gate::Filtered))
    };
    for cell in ["no", "no ", "\u{a0}no", "no\u{200b}", "\"=\"\"no\"\"\""] {
        assert_eq!(gates("consent != \"no\"", cell), (1, 1), "{cell}");
        assert_eq!(gates("consent not in [\"no\", \"\"]", cell), (1, 1), "{cell}");
    }
    for cell in ["", " ", "\u{200b}", "\"=\"\"\"\"\""] {
        assert_eq!(gates("consent != \"\"", cell), (1, 1), "{cell}");
    }
    // What is hidden within a cell is no other word, but damage.
    for cell in ["n\u{200b}o", "no\u{7}"] {
        let campaign = ONE_FORM.replace("WHERE", "'consent != \"no\"'");
        let text = format!("id,name,consent,plan\n17841466000000011,Ana,{cell},vip\n");
        let plan = Fixture::new(&campaign).file("people.csv", &text).plan();
        assert!(plan.all_diagnostics().has_errors(), "{cell:?}");
    }
    // The id has it, too, wherever it is looked at.
    for id in ["'17841466000000011", "\"=\"\"17841466000000011\"\"\"", " 17841466000000011\u{a0}"] {
        let campaign = ONE_FORM.replace("WHERE", "'id != \"17841466000000011\"'");
        let text = format!("id,name,plan\n{id},Ana,vip\n17841466000000012,Iva,vip\n");
        let plan = Fixture::new(&campaign).file("people.csv", &text).plan();
        assert_eq!(plan.messages[0].counts.get(Gate::ToSend), 1, "{id}");
    }
    for status in ["unsub", "unsub ", "\"=\"\"unsub\"\"\""] {
        let campaign = ONE_FORM.replace("WHERE", "'name != \"\"'");
        let plan = Fixture::new(&campaign)
            .file("sendform.yaml", SUPPRESS)
            .file("people.csv", "id,name,plan\n17841466000000011,Ana,vip\n17841466000000012,Iva,vip\n")
            .file("out.csv", &format!("id,status\n17841466000000011,{status}\n"))
            .plan();
        assert_eq!(plan.messages[0].counts.get(Gate::Suppressed), 1, "{status}");
    }
    // Rows that only differ in what nobody sees agree.
    let campaign = ONE_FORM.replace("WHERE", "'name != \"\"'");
    let text = "id,name,plan\n17841466000000011,Ana,vip\n17841466000000011,Ana ,vip\u{200b}\n";
    let plan = Fixture::new(&campaign).file("people.csv", text).plan();
    assert_eq!(plan.messages[0].counts.get(Gate::Duplicate), 1);
    assert_eq!(plan.messages[0].samples[0].revealed, "Hi Ana, A");
}

#[test]
fn a_protective_list_is_looked_at_as_an_audience_is() {
    let people: String = (10..40).map(|number| format!("178414660000000{number},Ana,vip\n")).collect();
    let said = |out: &str| {
        let project = SUPPRESS.replace(", where: 'status == \"unsub\"'", "");
        let plan = Fixture::new(&ONE_FORM.replace("WHERE", "'name != \"\"'"))
            .file("sendform.yaml", &project)
            .file("people.csv", &format!("id,name,plan\n{people}"))
            .file("out.csv", out)
            .plan();
        plan.all_diagnostics().iter().map(|found| found.code.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(said("id\n17841466000000010\n"), [""; 0]);
    assert_eq!(said("id\n17841466000000010\n17841466000\n"), ["odd-ids"]);
    assert_eq!(said("id\n17841466000000010\n17841466000"), ["cut-file"]);
    assert_eq!(said("id\n17841466000000000\n17841466000000100\n"), ["rounded-ids"]);
    let phones: String = (0..200).map(|number| format!("385911234{number:03}\n")).collect();
    assert_eq!(said(&format!("id\n17841466000000010\n{phones}")), ["odd-ids", "nobody-protected"]);
}

#[test]
fn words_for_nothing_in_place_of_ids_are_no_damage() {
    let rows: String = (10..30).map(|number| format!("178414660000000{number},Ana,vip\n")).collect();
    let plan = |word: &str| {
        let text = format!("id,name,plan\n{rows}{}", format!("{word},Iva,vip\n").repeat(10));
        Fixture::new(&ONE_FORM.replace("WHERE", "'name != \"\"'")).file("people.csv", &text).plan()
    };
    for word in ["NULL", "N/A", "-", "\\N"] {
        let plan = plan(word);
        assert_eq!(plan.messages[0].counts.get(Gate::Unreadable), 10, "{word}");
        assert!(plan.safety_limits.is_empty(), "{word}: {:?}", plan.safety_limits);
    }
    for damage in ["#N/A", "########", "ana.shop"] {
        assert_eq!(plan(damage).safety_limits.len(), 1, "{damage}");
    }
}
