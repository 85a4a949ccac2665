//! Whoever is handed over is found again, whatever was edited since.

use std::collections::BTreeMap;

use jiff::Timestamp;
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
    let outdated = &plan.messages.first().unwrap().outdated;
    assert!(outdated.len() <= 1);
    let text = outdated.iter().filter_map(|outdated| outdated.text.clone());
    let terms = outdated.iter().flat_map(|outdated| {
        let handed = outdated.waiting.unwrap();
        assert_eq!((outdated.keep, handed.people), (6, 6));
        assert_eq!(handed.leaving.from.to_string(), "2026-12-05T08:00:00Z");
        outdated.terms.iter().map(words)
    });
    text.chain(terms).collect()
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
                prop_assert_eq!(stopped.unwrap().named.len() as u64, wanted);
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
    check("12-05 09:00", "12-07 09:00", &["sendAt: 2026-12-05 09:00 -> 2026-12-07 09:00"]);
    check("Europe/Zagreb", "Europe/London", &["timeZone: Europe/Zagreb -> Europe/London"]);
    check(zone, "    timeZone: { perPerson: true }\n", &["timeZone: Europe/Zagreb -> per person"]);
    check(zone, &with("sendingSpeedLimit: { amount: 6 }"), &["sendingSpeedLimit: none -> 6 a minute"]);
    check(zone, &with("validityPeriod: { amount: 2, timeUnit: HOURS }"), &["validityPeriod: none -> 2 h"]);
    check("    schedule: morning\n", "", &["sendAt: 2026-12-05 09:00 -> none", "timeZone: Europe/Zagreb -> none"]);
    let message = "    schedule: morning\n";
    let option = |line: &str| format!("{message}    {line}\n");
    check(message, &option("campaignReferenceId: recall"), &["campaignReferenceId: none -> recall"]);
    check(message, &option("platform: { entityId: e }"), &["platform.entityId: none -> e"]);
    // These make no difference to whoever is handed over.
    check(zone, &with("handover: 2h"), &[]);
    check(zone, &with("ifPast: sendNow"), &[]);
    check("Hi {{ name }}", "Hello {{ name }}", &["Hi {{ name }}"]);
}

#[test]
fn a_pause_and_a_condition_are_named_too() {
    let paused = edited("    schedule: morning\n", "    schedule: morning\n    paused: true\n");
    assert!(at_gateway(&paused).paused && at_gateway(&paused).waiting.unwrap().people == 6);
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
        ["an older revision still has 6 people in doubt or scheduled until 2026-12-05 09:00 Europe/Zagreb (08:00 UTC)"]
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
    assert_eq!(gone.suppressed.as_ref().map(|(handed, named)| (handed.people, named.len())), Some((1, 1)));
    let error = plan.diagnostics.iter().next().unwrap();
    assert_eq!(
        error.message,
        "the ledger has `recall.notice`, which 6 people still get at 2026-12-05 09:00 Europe/Zagreb (08:00 UTC), and the \
         files lack it"
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
        assert!(plan.messages[0].outdated.iter().all(|outdated| outdated.terms.is_empty()));
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
    assert_eq!((found.waiting.unwrap().people, found.other_time), (8, None));
    let kept = |plan: &Plan| {
        let outdated = plan.messages[0].outdated.iter();
        outdated.map(|outdated| (outdated.keep, outdated.terms[0].before.clone().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(kept(&plan), [(6, "2026-12-05 09:00".to_owned())]);
    fixture.write("campaign.yaml", &moved.replace("12-07", "12-08"));
    let plan = fixture.plan();
    assert_eq!(kept(&plan), [(2, "2026-12-07 09:00".to_owned()), (6, "2026-12-05 09:00".to_owned())]);
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
    assert_eq!((at_gateway(&plan).other_time, &plan.messages[0].outdated), (None, &Vec::new()));
}

/// What somebody does to the files, or to the world.
#[derive(Debug, Clone)]
enum Deed {
    Text(usize),
    Day(usize),
    Option(bool),
    Condition(bool),
    Pause(bool),
    Retire(bool),
    Suppress(usize, bool),
    Exclude(usize, bool),
    Remove(usize, bool),
    Grow,
    Apply,
    Wait(i64),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let person = || (0_usize..8, any::<bool>());
    let deed = prop::strategy::Union::new_weighted(vec![
        (3, (0_usize..3).prop_map(Deed::Text).boxed()),
        (3, (0_usize..3).prop_map(Deed::Day).boxed()),
        (2, any::<bool>().prop_map(Deed::Option).boxed()),
        (1, any::<bool>().prop_map(Deed::Condition).boxed()),
        (1, any::<bool>().prop_map(Deed::Pause).boxed()),
        (1, any::<bool>().prop_map(Deed::Retire).boxed()),
        (1, person().prop_map(|(number, is_so)| Deed::Suppress(number, is_so)).boxed()),
        (1, person().prop_map(|(number, is_so)| Deed::Exclude(number, is_so)).boxed()),
        (1, person().prop_map(|(number, is_so)| Deed::Remove(number, is_so)).boxed()),
        (3, Just(Deed::Grow).boxed()),
        (5, Just(Deed::Apply).boxed()),
        (1, (1_i64..60).prop_map(Deed::Wait).boxed()),
    ]);
    prop::collection::vec(deed, 1..24)
}

/// What the files say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    text: usize,
    day: usize,
    option: bool,
}

/// The files, and what everybody was sent.
struct Desk {
    fixture: Fixture,
    said: Said,
    condition: bool,
    paused: bool,
    retired: bool,
    suppressed: [bool; 8],
    excluded: [bool; 8],
    removed: [bool; 8],
    people: usize,
    /// What somebody was sent, and when it leaves.
    sent: BTreeMap<usize, (Said, Timestamp)>,
}

const TEXTS: [&str; 3] = ["Hi", "Hello", "Dear"];
const DAYS: [&str; 3] = ["12-05", "12-06", "12-07"];

impl Desk {
    fn new() -> Self {
        Self {
            fixture: Fixture::new(CAMPAIGN),
            said: Said { text: 0, day: 0, option: false },
            condition: true,
            paused: false,
            retired: false,
            suppressed: [false; 8],
            excluded: [false; 8],
            removed: [false; 8],
            people: 2,
            sent: BTreeMap::new(),
        }
    }

    fn write(&mut self) {
        let Said { text, day, option } = self.said;
        let mut lines = "    schedule: morning\n".to_owned();
        if option {
            lines.push_str("    campaignReferenceId: recall\n");
        }
        if self.paused {
            lines.push_str("    paused: true\n");
        }
        let campaign = CAMPAIGN
            .replace("Hi {{", &format!("{} {{{{", TEXTS[text]))
            .replace("12-05", DAYS[day])
            .replace("    schedule: morning\n", &lines)
            .replace("\"yes\"", if self.condition { "\"yes\"" } else { "\"sure\"" });
        self.fixture.write("campaign.yaml", &campaign);
        let listed = |list: [bool; 8]| -> String {
            (0..8).filter(|number| list[*number]).map(|number| format!("{}\n", id(number))).collect()
        };
        let rows: String =
            (0..self.people).filter(|number| !self.removed[*number]).map(|number| row(number, "yes")).collect();
        self.fixture.write("people.csv", &format!("to,name,consent,zone\n{}{rows}", row(91, "no")));
        self.fixture.write("staff.csv", &format!("to\n{}\n{}", id(90), listed(self.excluded)));
        self.fixture.write("opt-outs.csv", &format!("to\n{}\n{}", id(92), listed(self.suppressed)));
        let retired = if self.retired { "retired: [recall]\n" } else { "" };
        let project =
            format!("project: acme-shop\nsenders: {{ shop: SHOP }}\nsuppress: [ {{ csv: opt-outs.csv }} ]\n{retired}");
        self.fixture.write("sendform.yaml", &project);
    }

    fn leaves(&self) -> Timestamp {
        format!("2026-{}T08:00:00Z", DAYS[self.said.day]).parse().unwrap()
    }

    fn is_wanted(&self, number: usize) -> bool {
        let has_row = number < self.people && !self.removed[number];
        has_row && self.condition && !self.suppressed[number] && !self.excluded[number]
    }

    fn apply(&mut self) {
        // What is late or wrong is not sent.
        if self.leaves() <= self.fixture.now || self.fixture.plan().all_diagnostics().has_errors() {
            return;
        }
        self.fixture.send(PersonState::Accepted);
        if !self.paused {
            for number in (0..8).filter(|number| self.is_wanted(*number)).collect::<Vec<_>>() {
                let what = (self.said, self.leaves());
                self.sent.entry(number).or_insert(what);
            }
        }
    }

    fn act(&mut self, deed: &Deed) {
        let mut minutes = 1;
        match *deed {
            Deed::Text(text) => self.said.text = text,
            Deed::Day(day) => self.said.day = day,
            Deed::Option(option) => self.said.option = option,
            Deed::Condition(holds) => self.condition = holds,
            Deed::Pause(paused) => self.paused = paused,
            Deed::Retire(retired) => self.retired = retired,
            Deed::Suppress(number, is_so) => self.suppressed[number] = is_so,
            Deed::Exclude(number, is_so) => self.excluded[number] = is_so,
            Deed::Remove(number, is_so) => self.removed[number] = is_so,
            Deed::Grow => self.people = (self.people + 1).min(8),
            Deed::Apply => self.apply(),
            Deed::Wait(hours) => minutes = hours * 60,
        }
        self.fixture.now = self.fixture.now.checked_add(jiff::SignedDuration::from_mins(minutes)).unwrap();
        self.write();
    }

    /// Who keeps what: what they were sent that the files say otherwise, and how many of them wait for it.
    fn kept(&self) -> BTreeMap<(Option<usize>, Vec<String>), u64> {
        let mut kept = BTreeMap::new();
        for (number, (sent, leaves)) in &self.sent {
            if !self.is_wanted(*number) || *leaves <= self.fixture.now {
                continue;
            }
            let text = (sent.text != self.said.text).then_some(sent.text);
            let mut terms = Vec::new();
            if sent.option != self.said.option {
                terms.push("campaignReferenceId".to_owned());
            }
            if sent.day != self.said.day {
                terms.push(format!("sendAt {}", DAYS[sent.day]));
            }
            if text.is_some() || !terms.is_empty() {
                *kept.entry((text, terms)).or_default() += 1;
            }
        }
        kept
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    #[test]
    fn whatever_is_edited_everybody_who_keeps_what_was_is_counted_once(deeds in deeds()) {
        let mut desk = Desk::new();
        desk.write();
        for deed in &deeds {
            desk.act(deed);
            let plan = desk.fixture.plan();
            let message = &plan.messages[0];
            let found = &message.at_gateway;
            let now = desk.fixture.now;
            let waiting = desk.sent.values().filter(|(_, leaves)| *leaves > now).count() as u64;
            prop_assert_eq!(found.all().map_or(0, |handed| handed.people), waiting, "everybody is at one end");
            let wanted = desk.sent.iter().filter(|(number, (_, leaves))| *leaves > now && desk.is_wanted(**number));
            prop_assert_eq!(found.waiting.map_or(0, |handed| handed.people), wanted.count() as u64);
            prop_assert!(found.other_time.is_none() && found.older.is_empty());
            prop_assert_eq!((found.paused, found.retired), (desk.paused, desk.retired));
            // Whoever gets it otherwise than the files say is in exactly one line, with what they get.
            let mut kept = BTreeMap::new();
            for outdated in message.outdated.iter().filter(|outdated| outdated.waiting.is_some()) {
                let text = outdated.text.as_ref();
                let text = text.map(|text| TEXTS.iter().position(|it| text.starts_with(it)).unwrap());
                let terms = outdated.terms.iter().map(|term| match term.name.as_str() {
                    "sendAt" => format!("sendAt {}", term.before.as_ref().unwrap().get(5..10).unwrap()),
                    name => name.to_owned(),
                });
                let people = outdated.waiting.unwrap().people;
                prop_assert!(kept.insert((text, terms.collect::<Vec<_>>()), people).is_none(), "one line each");
            }
            prop_assert_eq!(kept, desk.kept());
            // An old text is kept by those who have it, too.
            let is_old = |(number, (sent, _)): &(&usize, &(Said, Timestamp))| {
                desk.is_wanted(**number) && sent.text != desk.said.text
            };
            let keep: u64 = message.outdated.iter().filter(|it| it.text.is_some()).map(|it| it.keep).sum();
            prop_assert_eq!(keep, desk.sent.iter().filter(is_old).count() as u64);
        }
    }
}
