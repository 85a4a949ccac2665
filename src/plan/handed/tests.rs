//! Whoever is handed over is found again, whatever was edited since.

use proptest::prelude::*;

use crate::identity::Revision;
use crate::ledger::{HandedOver, PersonState, Seals};
use crate::plan::fixture::Fixture;
use crate::plan::gate::Gate;
use crate::plan::model::Plan;

use super::{AtGateway, Ends, TermChange};

const CAMPAIGN: &str = "\
campaign: recall
audiences:
  all: { csv: people.csv, columns: { timeZone: zone }, where: consent == \"yes\", exclude: [staff] }
  staff: { csv: staff.csv }
schedules:
  morning:
    sendAt: \"2026-12-05 09:00\"
    timeZone: Europe/Zagreb
messages:
  - id: notice
    sender: shop
    audience: all
    schedule: morning
    content: { type: TEXT, text: \"Hi {{ name }}\" }
";

fn id(number: usize) -> String {
    format!("{}", 17_841_400_000_000_100 + number)
}

fn row(number: usize, consent: &str) -> String {
    format!("{},P{number},{consent},Europe/Zagreb\n", id(number))
}

/// Six people whose message is handed over, five days before it leaves.
fn handed_over(campaign: &str) -> Fixture {
    let rows: String = (0..6).map(|number| row(number, "yes")).collect();
    let mut fixture = Fixture::new(campaign).file("people.csv", &format!("to,name,consent,zone\n{rows}"));
    fixture.write("staff.csv", &format!("to\n{}\n", id(90)));
    assert_eq!(fixture.send(PersonState::Accepted), 6);
    fixture
}

fn at_gateway(plan: &Plan) -> &AtGateway {
    &plan.messages.first().unwrap().at_gateway
}

fn edited(from: &str, to: &str) -> Plan {
    let mut fixture = handed_over(CAMPAIGN);
    assert!(CAMPAIGN.contains(from), "{from}");
    fixture.write("campaign.yaml", &CAMPAIGN.replace(from, to));
    fixture.plan()
}

fn changes(plan: &Plan) -> Vec<String> {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    let words = |change: &TermChange| format!("{}: {} -> {}", change.name, value(&change.before), value(&change.now));
    let changed = at_gateway(plan).changed.as_ref();
    changed
        .map(|(changes, handed)| {
            assert_eq!(handed.people, 6);
            assert_eq!(handed.leaving.from.to_string(), "2026-12-05T08:00:00Z");
            changes.iter().map(words).collect()
        })
        .unwrap_or_default()
}

/// What becomes of a person's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Stays,
    Vanishes,
    VanishesAndIsSuppressed,
    IsSuppressed,
    IsSuppressedAndFiltered,
    IsExcluded,
    IsFiltered,
    Contradicts,
    /// Their zone is none.
    IsUnreadable,
}

impl Fate {
    const ALL: [Self; 9] = [
        Self::Stays,
        Self::Vanishes,
        Self::VanishesAndIsSuppressed,
        Self::IsSuppressed,
        Self::IsSuppressedAndFiltered,
        Self::IsExcluded,
        Self::IsFiltered,
        Self::Contradicts,
        Self::IsUnreadable,
    ];

    fn rows(self, number: usize) -> String {
        match self {
            Self::Stays | Self::IsSuppressed | Self::IsExcluded => row(number, "yes"),
            Self::Vanishes | Self::VanishesAndIsSuppressed => String::new(),
            Self::IsUnreadable => row(number, "yes").replace("Zagreb", "Nowhere"),
            Self::IsFiltered | Self::IsSuppressedAndFiltered => row(number, "no"),
            Self::Contradicts => row(number, "yes") + &row(number + 50, "yes").replace(&id(number + 50), &id(number)),
        }
    }

    fn ends(self) -> Ends {
        Ends::At(match self {
            Self::Stays => Gate::AlreadySent,
            Self::Vanishes => return Ends::Nowhere,
            Self::VanishesAndIsSuppressed | Self::IsSuppressed | Self::IsSuppressedAndFiltered => Gate::Suppressed,
            Self::IsExcluded => Gate::Excluded,
            Self::IsFiltered => Gate::Filtered,
            Self::Contradicts => Gate::Contradicting,
            Self::IsUnreadable => Gate::Unreadable,
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn everybody_is_found_at_one_end(fates in prop::collection::vec(prop::sample::select(Fate::ALL.to_vec()), 6)) {
        let per_person = CAMPAIGN.replace("timeZone: Europe/Zagreb", "timeZone: { perPerson: true }");
        let mut fixture = handed_over(&per_person);
        let all = |chosen: &[Fate]| {
            let of = fates.iter().enumerate().filter(|(_, fate)| chosen.contains(fate));
            of.map(|(number, _)| format!("{}\n", id(number))).collect::<String>()
        };
        let rows: String = fates.iter().enumerate().map(|(number, fate)| fate.rows(number)).collect();
        fixture.write("people.csv", &format!("to,name,consent,zone\n{}{rows}", row(91, "no")));
        fixture.write("staff.csv", &format!("to\n{}\n{}", id(90), all(&[Fate::IsExcluded])));
        let suppressed =
            all(&[Fate::IsSuppressed, Fate::IsSuppressedAndFiltered, Fate::VanishesAndIsSuppressed]);
        fixture.write("opt-outs.csv", &format!("to\n{}\n{suppressed}", id(91)));
        fixture.write(
            "sendform.yaml",
            "project: acme-shop\nsenders: { shop: SHOP }\nsuppress: [ { csv: opt-outs.csv } ]\n",
        );
        let plan = fixture.plan();
        let found = at_gateway(&plan);
        prop_assert_eq!(found.all().unwrap().people, 6);
        for fate in Fate::ALL {
            let wanted = fates.iter().filter(|other| other.ends() == fate.ends()).count() as u64;
            let people = |handed: Option<HandedOver>| handed.map_or(0, |handed| handed.people);
            let stopped = found.unstopped.iter().find(|unstopped| unstopped.ends == fate.ends());
            let waiting = if fate == Fate::Stays { found.waiting } else { stopped.map(|unstopped| unstopped.handed) };
            let count = people(waiting);
            prop_assert_eq!(count, wanted, "{:?}", fate);
            if fate == Fate::IsSuppressed && wanted > 0 {
                prop_assert_eq!(found.unstopped.first(), stopped, "they come first");
                prop_assert_eq!(stopped.unwrap().ids.len() as u64, wanted);
            }
        }
        prop_assert_eq!(plan.to_send(), 0);
    }
}

#[test]
fn every_edit_that_comes_too_late_is_named() {
    let check = |from: &str, to: &str, expect: &[&str]| assert_eq!(changes(&edited(from, to)), expect, "{to}");
    let zone = "    timeZone: Europe/Zagreb\n";
    let with = |line: &str| format!("{zone}    {line}\n");
    check("12-05 09:00", "12-07 09:00", &["sendAt: 2026-12-05T09:00:00 -> 2026-12-07T09:00:00"]);
    check("Europe/Zagreb", "Europe/London", &["timeZone: Europe/Zagreb -> Europe/London"]);
    check(zone, "    timeZone: { perPerson: true }\n", &["timeZone: Europe/Zagreb -> per person"]);
    check(zone, &with("sendingSpeedLimit: { amount: 6 }"), &["sendingSpeedLimit: none -> 6 a minute"]);
    check(zone, &with("validityPeriod: { amount: 2, timeUnit: HOURS }"), &["validityPeriod: none -> 2 h"]);
    check("    schedule: morning\n", "", &["sendAt: 2026-12-05T09:00:00 -> none", "timeZone: Europe/Zagreb -> none"]);
    let message = "    schedule: morning\n";
    let option = |line: &str| format!("{message}    {line}\n");
    check(message, &option("campaignReferenceId: recall"), &["campaignReferenceId: none -> recall"]);
    check(message, &option("platform: { entityId: e }"), &["platform.entityId: none -> e"]);
    // These make no difference to whoever is handed over.
    check(zone, &with("handover: 2h"), &[]);
    check(zone, &with("ifPast: sendNow"), &[]);
    check("Hi {{ name }}", "Hello {{ name }}", &[]);
}

#[test]
fn a_pause_a_text_and_a_condition_are_named_too() {
    let paused = edited("    schedule: morning\n", "    schedule: morning\n    paused: true\n");
    assert!(at_gateway(&paused).paused && at_gateway(&paused).waiting.unwrap().people == 6);
    let text = edited("Hi {{", "Hello {{");
    assert_eq!(text.messages[0].change.as_ref().unwrap().keep, 6);
    let condition = edited("consent == \"yes\"", "consent == \"sure\"");
    let unstopped = &at_gateway(&condition).unstopped;
    assert_eq!(
        unstopped.iter().map(|it| (it.ends, it.handed.people)).collect::<Vec<_>>(),
        [(Ends::At(Gate::Filtered), 6)]
    );
}

#[test]
fn a_raised_revision_brings_them_both() {
    let mut fixture = handed_over(CAMPAIGN);
    fixture.write("campaign.yaml", &CAMPAIGN.replace("id: notice", "id: notice\n    revision: 2"));
    let plan = fixture.plan();
    assert_eq!(plan.to_send(), 6);
    let older = &at_gateway(&plan).older;
    assert_eq!(
        older.iter().map(|(revision, it)| (*revision, it.people)).collect::<Vec<_>>(),
        [(Revision::new(1).unwrap(), 6)]
    );
    assert_eq!(
        plan.refused().map(|safety_limit| safety_limit.words.as_str()).collect::<Vec<_>>(),
        ["an older revision still has 6 people in doubt or scheduled until 2026-12-05 08:00 UTC"]
    );
    fixture.write("opt-outs.csv", &format!("to\n{}\n", id(0)));
    fixture
        .write("sendform.yaml", "project: acme-shop\nsenders: { shop: SHOP }\nsuppress: [ { csv: opt-outs.csv } ]\n");
    let plan = fixture.plan();
    assert_eq!(at_gateway(&plan).suppressed().unwrap().handed.people, 1, "of the older one");
}

#[test]
fn what_the_files_lack_still_leaves() {
    let mut fixture = handed_over(CAMPAIGN);
    fixture.remove("campaign.yaml");
    fixture.write("other.yaml", &CAMPAIGN.replace("recall", "other").replace("Hi ", "Bye "));
    fixture.write("opt-outs.csv", &format!("to\n{}\n", id(0)));
    let project = "project: acme-shop\nsenders: { shop: SHOP }\nsuppress: [ { csv: opt-outs.csv } ]\n";
    fixture.write("sendform.yaml", project);
    let plan = fixture.plan();
    let gone = plan.gone.first().unwrap();
    assert_eq!((gone.handed.people, gone.retired), (6, false));
    assert_eq!(gone.suppressed.as_ref().map(|(handed, ids)| (handed.people, ids.len())), Some((1, 1)));
    let error = plan.diagnostics.iter().next().unwrap();
    assert_eq!(
        error.message,
        "the ledger has `recall.notice`, which 6 people still get at 2026-12-05 08:00 UTC, and the files lack it"
    );
    fixture.write("sendform.yaml", &format!("{project}retired: [recall]\n"));
    let plan = fixture.plan();
    assert!(plan.gone.first().unwrap().retired && plan.diagnostics.is_empty());
    fixture.now = "2026-12-05T08:00:00Z".parse().unwrap();
    assert!(fixture.plan().gone.is_empty(), "it has left");
}

#[test]
fn an_old_record_tells_times_only() {
    let fixture = handed_over(CAMPAIGN);
    let text = String::from_utf8(fixture.ledger.write(&Seals::none())).unwrap();
    let older: String = text
        .lines()
        .map(|line| {
            let Some((body, _)) = line.split_once(",\"terms\"") else { return format!("{line}\n") };
            crate::ledger::seal::seal(format!("{body}}}"))
        })
        .collect();
    let check = |from: &str, to: &str, expect: Option<u64>| {
        let mut fixture = handed_over(CAMPAIGN);
        fixture.ledger = crate::ledger::Ledger::read(older.as_bytes(), &Seals::none()).unwrap().ledger;
        fixture.write("campaign.yaml", &CAMPAIGN.replace(from, to));
        let plan = fixture.plan();
        assert_eq!(at_gateway(&plan).other_time.map(|handed| handed.people), expect, "{to}");
        assert_eq!(at_gateway(&plan).changed, None);
    };
    check("12-05", "12-07", Some(6));
    check("12-05", "12-04", Some(6));
    check("    schedule: morning\n", "", Some(6));
    check("Europe/Zagreb", "{ perPerson: true }", None);
    check("Hi ", "Bye ", None);
}

#[test]
fn people_of_several_edits_are_told_apart() {
    let mut fixture = handed_over(CAMPAIGN);
    let moved = CAMPAIGN.replace("12-05", "12-07");
    fixture.write("campaign.yaml", &moved);
    let rows: String = (0..8).map(|number| row(number, "yes")).collect();
    fixture.write("people.csv", &format!("to,name,consent,zone\n{rows}"));
    fixture.now = "2026-11-30T13:00:00Z".parse().unwrap();
    assert_eq!(fixture.send(PersonState::Accepted), 2);
    let plan = fixture.plan();
    let found = at_gateway(&plan);
    assert_eq!((found.waiting.unwrap().people, found.other_time.unwrap().people), (8, 6));
    assert_eq!(found.changed, None);
    fixture.write("campaign.yaml", &moved.replace("12-07", "12-08"));
    let plan = fixture.plan();
    let found = at_gateway(&plan);
    assert_eq!(found.changed.as_ref().unwrap().1.people, 2);
    assert_eq!(found.other_time.unwrap().people, 6);
}

#[test]
fn bulks_at_one_pace_have_one_time() {
    let paced =
        CAMPAIGN.replace("Europe/Zagreb\nmessages", "Europe/Zagreb\n    sendingSpeedLimit: { amount: 6 }\nmessages");
    let mut other = Fixture::new(&paced).file("staff.csv", &format!("to\n{}\n", id(90)));
    let rows: String = (0..6).map(|number| row(number, "yes")).collect();
    other.write("people.csv", &format!("to,name,consent,zone\n{rows}"));
    other.write("sendform.yaml", "project: acme-shop\nsenders: { shop: SHOP }\nbulkSize: 2\n");
    other.send(PersonState::Accepted);
    let plan = other.plan();
    let waiting = at_gateway(&plan).waiting.unwrap();
    assert_eq!(waiting.leaving.words(other.now, None), "from 2026-12-05 08:00 UTC to 2026-12-05 08:00:50 UTC");
    assert_eq!((at_gateway(&plan).other_time, &at_gateway(&plan).changed), (None, &None));
}
