//! Frozen plans over projects in memory: the file's form, what it refuses to read, and what becomes
//! of its people.

use crate::identity::{ContentDigest, MessageKey, Person};
use crate::ledger::PersonState;
use crate::plan::fixture::Fixture;
use crate::plan::gate::Gate;
use crate::plan::model::Plan;

use super::{Change, Frozen, FrozenError};

const SALE: &str = "\
campaign: sale
audiences:
  all: { csv: people.csv, columns: { to: id }, where: consent == \"yes\" }
messages:
  - id: announce
    sender: shop
    audience: all
    content: { type: TEXT, text: 'Hi {{ name }}!' }
";

const LATER: &str = "    schedule: s\n    content:";
const AT_NINE: &str = "schedules:\n  s: { sendAt: \"2026-12-01 09:00\", timeZone: Europe/Zagreb, handover: 2h }\n";

fn rows(people: &[(u64, &str)]) -> String {
    let rows = people.iter().map(|(number, name)| format!("178414000000{number:05},{name},yes\n"));
    format!("id,name,consent\n{}", rows.collect::<String>())
}

fn sale() -> Fixture {
    Fixture::new(SALE).file("people.csv", &rows(&[(1, "Ana"), (2, "Luka"), (3, "Iva")]))
}

/// At nine tomorrow, handed over two hours before.
fn scheduled() -> Fixture {
    let text = SALE.replace("    content:", LATER) + AT_NINE;
    Fixture::new(&text).file("people.csv", &rows(&[(1, "Ana"), (2, "Luka"), (3, "Iva")]))
}

fn held(mut fixture: Fixture) -> Fixture {
    fixture.frozen = Some(fixture.freeze());
    fixture
}

fn written(frozen: &Frozen) -> Vec<u8> {
    let mut bytes = Vec::new();
    frozen.write(&mut bytes).unwrap();
    bytes
}

fn many(people: u64) -> Frozen {
    let mut frozen = sale().freeze();
    let people = (0..people).map(|number| (Person(number * 7), ContentDigest(!number))).collect();
    frozen.messages[0].people = people;
    resealed(frozen)
}

/// Makes the digest that of the contents.
fn resealed(mut frozen: Frozen) -> Frozen {
    let digests = frozen.messages.iter().map(|message| {
        let digest = crate::plan::digest::of_message(&message.definition, &message.people);
        (message.definition.key.clone(), digest)
    });
    let digest = crate::plan::digest::of_plan(&frozen.project, &frozen.gateway, digests.chain(frozen.others.clone()));
    frozen.digest = digest;
    frozen
}

fn changes(plan: &Plan) -> Vec<Change> {
    plan.messages.iter().filter_map(|message| message.held.clone()).flat_map(|held| held.changes).collect()
}

fn counts(plan: &Plan) -> String {
    let message = &plan.messages[0];
    let gates: Vec<String> =
        message.counts.occupied().map(|(gate, count)| format!("{count} {}", gate.words())).collect();
    let held = message.held.as_ref().unwrap();
    format!("{}; {} fell, {} gone", gates.join(", "), held.fallen.total(), held.fallen.gone)
}

#[test]
fn the_file_looks_like_this() {
    let mut fixture = scheduled().file("b.yaml", &SALE.replace("campaign: sale", "campaign: other"));
    fixture.accepted.add("messages=3").unwrap();
    fixture.selection.add("sale").unwrap();
    let frozen = fixture.freeze();
    insta::assert_snapshot!(String::from_utf8(written(&frozen)).unwrap(), @r#"
    {"sendform":"plan","version":1,"project":"acme-shop","gateway":"sandbox","keys":["8b5074af"],"digest":"plan/v1:4d29a5b211b26838c54eda6aea10c3ea","at":"2026-11-30T12:00:00Z","tool":"0.1.0","only":["sale"],"accepted":{"messages":3},"sum":"b6ffa6ed23fcb747"}
    {"message":"sale.announce","revision":1,"sender":"SHOP","terms":[{"name":"","value":"+"},{"name":"sendAt","value":"2026-12-01T09:00:00"},{"name":"timeZone","value":"Europe/Zagreb"},{"name":"ifAmbiguous","value":"refuse"},{"name":"ifPast","value":"too late"},{"name":"","value":"-"},{"name":"","value":"-"},{"name":"","value":"-"},{"name":"","value":"+"},{"name":"handover","value":"7200"}],"text":"Hi {{ name }}!","count":3,"sum":"d3f37233c624be33"}
    {"people":"HlJMw+Y0cMeH+y42wYASGK5V7VW3vem3TDRTFydtzpDn2CfSaYda1z/LpCgEZyWz","sum":"26b6da1b7843163f"}
    {"notSelected":"other.announce","digest":"84fce7387ae7683acbb1ca806dfb203a02c64ca1ef162d3967cf51c0e207b389","sum":"a03678ab9715b64c"}
    {"end":5,"messages":1,"people":3,"lines":"e550305f0d66dd283b72e2dfd5e226c7b02197a34da4694ead3b8e44778f02cd","sum":"6a34d8f6018942a0"}
    "#);
    assert_eq!(Frozen::read(written(&frozen).as_slice()).unwrap(), frozen);
}

#[test]
fn equal_plans_have_equal_bytes() {
    let mut fixture = sale();
    let before = written(&fixture.freeze());
    fixture.write("people.csv", &rows(&[(3, "Iva"), (1, "Ana"), (2, "Luka"), (1, "Ana")]));
    assert_eq!(written(&fixture.freeze()), before);
}

#[test]
fn what_is_written_is_read_again() {
    for people in [0, 1, 999, 1_000, 1_001, 2_500] {
        let frozen = many(people);
        assert_eq!(Frozen::read(written(&frozen).as_slice()).unwrap(), frozen, "{people}");
    }
}

#[test]
fn a_cut_plan_is_refused_wherever_it_is_cut() {
    let bytes = written(&many(3));
    for length in 0..bytes.len() {
        let error = Frozen::read(&bytes[..length]).unwrap_err();
        let expect = match length {
            0 => matches!(error, FrozenError::NotAPlan),
            _ => matches!(error, FrozenError::Cut { .. }),
        };
        assert!(expect, "{length}: {error}");
    }
}

#[test]
fn a_flipped_bit_is_found_wherever_it_is() {
    let bytes = written(&many(3));
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(Frozen::read(flipped.as_slice()).is_err(), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn lines_cannot_be_moved_doubled_or_taken_away() {
    let bytes = written(&many(2_500));
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(lines.len(), 6);
    let refused = |lines: &[&[u8]]| assert!(Frozen::read(lines.concat().as_slice()).is_err());
    for one in 0..lines.len() {
        refused(&[&lines[..one], &lines[one + 1..]].concat());
        refused(&[&lines[..=one], &lines[one..]].concat());
        for other in one + 1..lines.len() {
            let mut swapped = lines.clone();
            swapped.swap(one, other);
            refused(&swapped);
        }
    }
    // Somebody in the place of somebody else, under checksums that are right.
    let mut forged = many(3);
    forged.messages[0].people[1].1 = ContentDigest(7);
    assert!(matches!(Frozen::read(written(&forged).as_slice()), Err(FrozenError::Digest)));
}

#[test]
fn other_files_are_no_plans() {
    let check = |text: &str| Frozen::read(text.as_bytes()).unwrap_err().to_string();
    let bytes = written(&many(1));
    let text = std::str::from_utf8(&bytes).unwrap();
    let newer = check(&text.replacen("\"version\":1", "\"version\":2", 1));
    let ledger = String::from_utf8(sale().ledger.write(&crate::ledger::Seals::none())).unwrap();
    insta::assert_snapshot!(
        [check(""), check("hello\n"), check(&ledger), newer, check(&format!("{text}x")), check(&text.replace('\n', "\r\n"))].join("\n"),
        @"
    it is not a plan of sendform
    it is not a plan of sendform
    it is not a plan of sendform
    it was written by a later version of sendform
    line 5 of it was altered
    line 1 of it was altered
    ");
}

#[test]
fn new_people_wait_and_gone_ones_are_dropped() {
    let mut fixture = held(sale());
    assert_eq!(counts(&fixture.plan()), "3 to send; 0 fell, 0 gone");
    fixture.write("people.csv", &rows(&[(2, "Luka"), (3, "Iva"), (4, "Nova")]));
    let plan = fixture.plan();
    assert_eq!(counts(&plan), "1 not in the plan, 2 to send; 1 fell, 1 gone");
    assert!(!plan.is_mismatched());
    let digest = plan.approved().clone();
    assert_eq!(fixture.send(PersonState::Accepted), 2);
    let plan = fixture.plan();
    assert_eq!(counts(&plan), "2 already sent, 1 not in the plan; 3 fell, 1 gone");
    assert_eq!(*plan.approved(), digest);
    // A row that fails is no matter if it is not in the plan.
    fixture.write("people.csv", &rows(&[(2, "Luka"), (5, " ")]));
    assert!(fixture.plan().is_sound());
    fixture.frozen = None;
    assert!(!fixture.plan().is_sound());
}

#[test]
fn another_content_is_told_with_its_row() {
    let mut fixture = held(sale());
    fixture.write("people.csv", &rows(&[(1, "Ana"), (2, "Lukas"), (3, "Iva")]));
    let plan = fixture.plan();
    assert!(plan.is_mismatched() && !plan.is_too_old());
    assert_eq!(changes(&plan), [Change::Contents { people: 1, lines: vec![3] }]);
    assert_eq!(plan.messages[0].bulks.len(), 0, "nothing is sent of a plan that does not match");
    assert_eq!(plan.messages[0].counts.total(), 3);
    // Nobody is sent from rows that contradict each other, whatever is in them.
    fixture.write("people.csv", &rows(&[(2, "Lukas"), (2, "Luka"), (3, "Iva")]));
    assert_eq!(changes(&fixture.plan()), []);
    assert_eq!(counts(&fixture.plan()), "2 contradicting, 1 to send; 2 fell, 1 gone");
    // Whoever has the message already keeps what they have.
    fixture.write("people.csv", &rows(&[(1, "Ana"), (2, "Luka"), (3, "Iva")]));
    fixture.send(PersonState::Accepted);
    fixture.write("people.csv", &rows(&[(1, "Anna"), (2, "Lukas"), (3, "Ivana")]));
    assert_eq!(changes(&fixture.plan()), []);
}

#[test]
fn a_changed_text_option_or_schedule_is_told() {
    let change = |from: &str, to: &str| {
        let mut fixture = held(scheduled());
        let text = SALE.replace("    content:", LATER) + AT_NINE;
        assert!(text.contains(from), "{from}");
        fixture.write("campaign.yaml", &text.replace(from, to));
        let plan = fixture.plan();
        assert!(plan.is_mismatched());
        let words = changes(&plan).into_iter().map(|change| match change {
            Change::Revision { planned, now } => format!("revision {planned} {now}"),
            Change::Term { name, planned, now } => format!("{name} {planned:?} {now:?}"),
            Change::Text { planned, now } => format!("text {planned:?} {now:?}"),
            Change::Contents { people, lines } => format!("{people} contents {lines:?}"),
            Change::Expired { people, .. } => format!("{people} expired"),
        });
        words.collect::<Vec<_>>().join("; ")
    };
    assert_eq!(change("Hi {", "Ho {"), "text \"Hi {{ name }}!\" \"Ho {{ name }}!\"; 3 contents [2, 3, 4]");
    assert_eq!(
        change("    audience: all", "    audience: all\n    campaignReferenceId: x"),
        "campaignReferenceId None Some(\"x\"); 3 contents [2, 3, 4]"
    );
    assert_eq!(change("09:00", "10:00"), "sendAt Some(\"2026-12-01 09:00\") Some(\"2026-12-01 10:00\")");
    assert_eq!(change("2h", "3h"), "handover Some(\"2 h\") Some(\"3 h\")");
    assert_eq!(change(", handover: 2h", ""), "handover Some(\"2 h\") None");
    assert_eq!(change("sender: shop", "sender: other"), "sender Some(\"SHOP\") Some(\"OTHER\")");
    assert_eq!(change("    sender:", "    revision: 2\n    sender:"), "revision 1 2");
    assert_eq!(change("Europe/Zagreb", "Europe/London"), "timeZone Some(\"Europe/Zagreb\") Some(\"Europe/London\")");
}

#[test]
fn a_message_that_nobody_is_waiting_for_may_change() {
    let mut fixture = held(sale());
    fixture.send(PersonState::Accepted);
    fixture.write("campaign.yaml", &SALE.replace("    sender:", "    revision: 2\n    sender:"));
    let plan = fixture.plan();
    assert!(!plan.is_mismatched(), "{:?}", changes(&plan));
    assert_eq!((plan.to_send(), plan.messages[0].counts.get(Gate::Differs)), (0, 3), "the plan knows no revision 2");
    // While somebody waits for it, it may neither change nor go.
    let mut fixture = held(sale());
    fixture.write("campaign.yaml", &SALE.replace("- id: announce", "- id: renamed"));
    let plan = fixture.plan();
    let missing = &plan.frozen.as_ref().unwrap().missing;
    assert_eq!(*missing, [(MessageKey::parse("sale.announce").unwrap(), 3)]);
    assert!(plan.is_mismatched() && plan.messages[0].bulks.is_empty());
}

#[test]
fn a_plan_is_too_old_once_a_send_of_it_is_past() {
    let mut fixture = held(scheduled());
    assert_eq!((fixture.plan().to_send(), fixture.plan().not_due()), (0, 3));
    fixture.now = "2026-12-01T06:30:00Z".parse().unwrap();
    assert_eq!((fixture.plan().to_send(), fixture.plan().not_due()), (3, 0), "it has come due");
    fixture.now = "2026-12-01T08:00:00Z".parse().unwrap();
    let plan = fixture.plan();
    assert!(plan.is_too_old() && plan.is_sound());
    assert_eq!(changes(&plan), [Change::Expired { people: 3, at: Some("2026-12-01T08:00:00Z".parse().unwrap()) }]);
    // Neither a consent to send late nor `ifPast: sendNow` is about what was planned for its time.
    fixture.accepted.add("late=3").unwrap();
    assert!(fixture.plan().is_too_old());
    // Of what was handed over in time nothing is past.
    fixture.now = "2026-12-01T06:30:00Z".parse().unwrap();
    fixture.send(PersonState::Accepted);
    fixture.now = "2026-12-01T08:00:00Z".parse().unwrap();
    assert!(!fixture.plan().is_mismatched());
}

#[test]
fn what_was_late_by_consent_when_it_was_planned_stays_so() {
    let mut fixture = scheduled();
    fixture.now = "2026-12-01T08:30:00Z".parse().unwrap();
    fixture.accepted.add("late=3").unwrap();
    let mut fixture = held(fixture);
    fixture.now = "2026-12-01T08:31:00Z".parse().unwrap();
    assert_eq!(fixture.plan().to_send(), 3);
    assert_eq!(fixture.plan().refused().count(), 0);
}

#[test]
fn rejected_people_are_tried_once_by_one_plan() {
    let mut fixture = sale();
    fixture.send(PersonState::Rejected(14));
    fixture.retry_rejected.push(MessageKey::parse("sale.announce").unwrap());
    fixture.now = "2026-11-30T12:01:00Z".parse().unwrap();
    let mut fixture = held(fixture);
    fixture.now = "2026-11-30T12:02:00Z".parse().unwrap();
    assert_eq!(fixture.send(PersonState::Rejected(14)), 3);
    assert_eq!(counts(&fixture.plan()), "3 rejected earlier; 3 fell, 0 gone");
}

#[test]
fn nothing_is_frozen_of_a_plan_with_errors() {
    let mut fixture = sale();
    fixture.write("people.csv", &rows(&[(1, " ")]));
    assert!(fixture.try_freeze().is_none());
    assert!(sale().try_freeze().is_some());
}
