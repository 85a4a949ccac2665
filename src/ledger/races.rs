//! Several settlers at once, each with what the logs said when it asked, which may be long ago: whatever
//! they hand in, and whenever, one row explains one claim.

use proptest::prelude::{Strategy, any, prop, prop_assert, prop_oneof, proptest};
use proptest::test_runner::TestCaseError;

use super::sample::{at, claim, header, message, outcome, revision};
use super::{Claim, ClaimId, Evidence, Finding, Ledger, PersonState, RunId, Sighting, Standing, Testimony, View};
use crate::identity::Person;
use PersonState::{Accepted, Refused, Rejected};

const PERSON: Person = Person(1);
const SETTLERS: usize = 3;
/// Later than a request that began in time may be under way, in seconds.
const DEAD_AFTER: i64 = 1200;

/// What happens next, if it can.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// Somebody claims the person, with or without company: so in this bulk or in another.
    Claim { alone: bool },
    /// The request of the live claim arrives, and its row is in the logs, or will be.
    Arrive { taken: bool, named: bool, late: bool },
    /// The run of the live claim learns what came of it.
    Answer,
    /// The run dies, and time passes.
    Die,
    /// The logs catch up.
    Show,
    /// A settler asks the logs about every doubt.
    Ask(usize),
    /// A settler hands in what the logs said.
    Weigh(usize),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let settler = || 0..SETTLERS;
    let event = prop_oneof![
        2 => any::<bool>().prop_map(|alone| Event::Claim { alone }),
        2 => (prop::bool::weighted(0.8), prop::bool::weighted(0.8), any::<bool>())
            .prop_map(|(taken, named, late)| Event::Arrive { taken, named, late }),
        1 => prop::strategy::Just(Event::Answer),
        2 => prop::strategy::Just(Event::Die),
        1 => prop::strategy::Just(Event::Show),
        3 => settler().prop_map(Event::Ask),
        3 => settler().prop_map(Event::Weigh),
    ];
    prop::collection::vec(event, 4..40)
}

/// A row of the gateway's, and whether the logs show it yet.
struct Row {
    of: ClaimId,
    sighting: Sighting,
    is_shown: bool,
}

struct World {
    ledger: Ledger,
    now: i64,
    claims: u64,
    /// The claim whose run lives, and whether its request has arrived.
    live: Option<(Claim, Option<PersonState>)>,
    rows: Vec<Row>,
    evidence: [Vec<Evidence>; SETTLERS],
    /// Whether absence is taken for proved although the logs lag.
    trusts_lagging_logs: bool,
    /// Whether an acceptance was seen in evidence that was handed in.
    was_seen: bool,
}

impl World {
    fn new(trusts_lagging_logs: bool) -> Self {
        Self {
            ledger: Ledger::new(header()),
            now: 0,
            claims: 0,
            live: None,
            rows: Vec::new(),
            evidence: Default::default(),
            trusts_lagging_logs,
            was_seen: false,
        }
    }

    fn view(&self) -> View {
        View::Shared { now: at(self.now) }
    }

    fn standing(&self) -> Standing {
        self.ledger.standing(&message("announce"), revision(), PERSON, self.view())
    }

    fn step(&mut self, event: Event) {
        self.now += 200;
        match event {
            Event::Claim { alone } => {
                self.claims += 1;
                let people: &[u64] = if alone { &[1] } else { &[1, 2] };
                let made = claim("announce", people, 1, self.claims);
                let id = ClaimId { run: RunId(self.claims), ..made.id };
                let made = Claim { id, at: at(self.now), start_by: at(self.now + 600), ..made };
                // Whoever keeps them company is somebody else each time.
                if self.ledger.claimed_elsewhere(&made).iter().all(|person| *person != PERSON) && self.live.is_none() {
                    self.ledger.add_claim(made.clone()).unwrap();
                    self.live = Some((made, None));
                }
            }
            Event::Arrive { taken, named, late } => {
                let Some((claim, arrived @ None)) = &mut self.live else { return };
                // A ticket that is past cannot send.
                if at(self.now) > claim.start_by {
                    return;
                }
                let state = if taken { Accepted } else { Rejected(12) };
                *arrived = Some(state);
                let bulk = (named || claim.people.len() > 1).then(|| claim.id.bulk.to_string());
                let sighting = Sighting { bulk, state, sent_at: Some(at(self.now)) };
                self.rows.push(Row { of: claim.id.clone(), sighting, is_shown: !late });
            }
            Event::Answer => {
                let Some((claim, arrived)) = self.live.take() else { return };
                self.ledger.add_outcome(outcome(&claim, arrived.unwrap_or(Refused), &[])).unwrap();
            }
            Event::Die => {
                if self.live.take().is_some() {
                    self.now += DEAD_AFTER;
                }
            }
            Event::Show => self.rows.iter_mut().for_each(|row| row.is_shown = true),
            Event::Ask(settler) => self.evidence[settler] = self.ask(),
            Event::Weigh(settler) => {
                let evidence = std::mem::take(&mut self.evidence[settler]);
                let is_accepted = |evidence: &Evidence| {
                    let mut rows = evidence.people.iter().flat_map(|testimony| &testimony.rows);
                    rows.any(|row| row.state == Accepted)
                };
                self.was_seen |= evidence.iter().any(is_accepted);
                for weighed in self.ledger.weigh(&evidence, self.view()) {
                    for outcome in weighed.outcomes {
                        self.ledger.add_outcome(outcome).unwrap();
                    }
                }
            }
        }
    }

    fn ask(&self) -> Vec<Evidence> {
        let shown = self.rows.iter().filter(|row| row.is_shown);
        let rows: Vec<Sighting> = shown.map(|row| row.sighting.clone()).collect();
        let doubts = self.ledger.doubts(self.view());
        let doubts = doubts.into_iter().filter(|doubt| {
            self.ledger.claim_state(&doubt.claim).and_then(|claim| claim.state(PERSON)) == Some(PersonState::Claimed)
        });
        let evidence = doubts.map(|doubt| {
            let absence_proves =
                self.trusts_lagging_logs || self.rows.iter().all(|row| row.is_shown || row.of != doubt.claim);
            let testimony = Testimony { person: PERSON, rows: rows.clone(), absence_proves };
            Evidence { claim: doubt.claim, at: at(self.now), lives_at: at(self.now), people: vec![testimony] }
        });
        evidence.collect()
    }

    /// How many claims, and how many rows, have the person as accepted.
    fn accepted(&self) -> (usize, usize) {
        let claims = self.ledger.claims().filter(|claim| claim.state(PERSON) == Some(Accepted));
        (claims.count(), self.rows.iter().filter(|row| row.sighting.state == Accepted).count())
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let (claims, rows) = self.accepted();
        prop_assert!(claims <= rows, "{} claims, {} rows", claims, rows);
        let is_alarm = |finding: &&Finding| matches!(finding, Finding::AcceptedTwice { person: PERSON, .. });
        let alarms = self.ledger.verify().iter().filter(is_alarm).count();
        prop_assert!(alarms == 0 || rows > 1, "a false alarm");
        let is_kept = matches!(self.standing(), Standing::Accepted | Standing::InDoubt | Standing::InFlight);
        if self.trusts_lagging_logs {
            prop_assert!(is_kept || !self.was_seen, "seen in the logs, and free again");
        } else {
            prop_assert!(rows <= 1, "sent to twice");
            prop_assert!(is_kept || rows == 0, "has it, and is free again");
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(1000))]

    #[test]
    fn one_row_explains_one_claim_whoever_settles_when(events in events()) {
        let mut world = World::new(false);
        for event in events {
            world.step(event);
            world.check()?;
        }
    }

    #[test]
    fn a_late_row_is_not_lost_when_its_absence_was_believed(events in events()) {
        let mut world = World::new(true);
        for event in events {
            world.step(event);
            world.check()?;
        }
    }
}

/// A row that comes late, behind the back of a second claim of its person: when the second one's evidence is
/// weighed, that claim is settled, and nobody would ask about the first one again.
#[test]
fn a_row_is_not_lost_with_the_doubt_for_which_it_was_read() {
    use Event::{Answer, Arrive, Ask, Claim, Die, Show, Weigh};
    let late = Arrive { taken: true, named: false, late: true };
    let claim = Claim { alone: false };
    let mut world = World::new(true);
    let first = [claim, late, Die, Ask(1), Weigh(1)];
    let second = [claim, Show, Show, Show, Show, Show, Ask(2), Answer, Weigh(2)];
    for event in first.into_iter().chain(second) {
        world.step(event);
        world.check().unwrap();
    }
    assert!(world.was_seen);
    assert_eq!((world.standing(), world.accepted()), (Standing::Accepted, (1, 1)));
}
