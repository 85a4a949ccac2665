//! What is counted bit by bit, against what is counted all at once.

use jiff::Timestamp;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{MessageProgress, ProgressTally};
use crate::sandbox::model::bulk::AcceptedBulk;
use crate::sandbox::model::drawn::{at, bulk, some_bulk, some_rules, terms};
use crate::sandbox::model::inputs::{InboundMessage, Inputs, PersonAct, RulesEntry, ToldOutcome};
use crate::sandbox::model::message::SendTiming;
use crate::sandbox::model::rules::ChannelRules;
use crate::sandbox::model::status::Ending;
use crate::wire::options::{SendingSpeedLimit, SpeedUnit};

/// Something that happens to a sandbox.
#[derive(Debug, Clone)]
enum Happening {
    Accepts(Box<AcceptedBulk<'static>>),
    Advances(i64),
    Rules(ChannelRules),
    Acts(usize, PersonAct),
    Outcome(usize, u16),
    Reset,
}

fn some_happening() -> impl Strategy<Value = Happening> {
    let ends = prop_oneof![Just(5_u16), Just(9), Just(14), Just(15)];
    prop_oneof![
        4 => some_bulk().prop_map(|bulk| Happening::Accepts(Box::new(bulk))),
        4 => prop_oneof![Just(0_i64), 1_i64..300, 1_i64..100_000].prop_map(Happening::Advances),
        2 => some_rules().prop_map(Happening::Rules),
        1 => (1_usize..12, prop_oneof![Just(PersonAct::Writes), Just(PersonAct::Blocks)])
            .prop_map(|(person, act)| Happening::Acts(person, act)),
        2 => (0_usize..100, ends).prop_map(|(place, status)| Happening::Outcome(place, status)),
        1 => Just(Happening::Reset),
    ]
}

/// The instants at which the messages of some bulks leave, and end, in order.
fn instants(bulks: &[AcceptedBulk<'_>], inputs: &Inputs) -> [Vec<Timestamp>; 2] {
    let (mut sent, mut ended) = (Vec::new(), Vec::new());
    for bulk in bulks {
        for (position, life) in bulk.lives(inputs).iter().enumerate() {
            if bulk.rejection(position).is_none() {
                sent.extend(life.sent_at.filter(|_| life.is_charged()));
                ended.push(life.done_at);
            }
        }
    }
    sent.sort_unstable();
    ended.sort_unstable();
    [sent, ended]
}

/// A sandbox with its tally.
#[derive(Default)]
struct Counted {
    second: i64,
    bulks: Vec<AcceptedBulk<'static>>,
    inputs: Inputs,
    is_changed: bool,
    tally: ProgressTally,
}

impl Counted {
    fn happens(&mut self, happening: Happening) {
        let (at, after_bulk) = (at(self.second), i64::try_from(self.bulks.len()).unwrap());
        match happening {
            Happening::Accepts(mut bulk) => {
                bulk.header.number = after_bulk + 1;
                bulk.header.accepted_at = at;
                for (position, message) in bulk.table.messages.iter_mut().enumerate() {
                    message.message_id = format!("{}.{position}", bulk.header.number).into();
                }
                self.bulks.push(*bulk);
                return;
            }
            Happening::Advances(seconds) => {
                self.second += seconds;
                return;
            }
            Happening::Rules(rules) => self.inputs.add_rules(RulesEntry { at, after_bulk, rules }),
            Happening::Acts(person, act) => {
                let (sender, person) = ("shop".to_owned(), person.to_string());
                self.inputs.add_inbound(InboundMessage { at, after_bulk, sender, person, act });
            }
            Happening::Outcome(place, status) => {
                let all: Vec<_> = self.bulks.iter().flat_map(|bulk| &bulk.table.messages).collect();
                let Some(message) = all.get(place % all.len().max(1)) else { return };
                let message_id = message.message_id.clone().into_owned();
                let ending = Ending { status, error: 0 };
                self.inputs.add_outcome(message_id, ToldOutcome { at, after_bulk, ending });
            }
            Happening::Reset => {
                let second = self.second;
                *self = Self { second, is_changed: true, ..Self::default() };
                return;
            }
        }
        self.is_changed = true;
    }

    /// Counts as the books do, and says how many bulks that took.
    fn look(&mut self) -> usize {
        let mut read = 0;
        if std::mem::take(&mut self.is_changed) {
            self.tally.begin_anew();
        }
        self.tally.advance(at(self.second));
        while let Some(number) = self.tally.take_anew() {
            self.tally.add(&self.bulks[usize::try_from(number).unwrap() - 1], &self.inputs);
            read += 1;
        }
        for bulk in self.bulks.iter().skip(usize::try_from(self.tally.upto()).unwrap()) {
            self.tally.add(bulk, &self.inputs);
            read += 1;
        }
        read
    }
}

proptest! {
    /// However often it is looked at, and whatever happens in between, what is counted bit by bit is what there is.
    #[test]
    fn what_is_counted_bit_by_bit_is_what_there_is(
        happenings in proptest::collection::vec((some_happening(), any::<bool>()), 1..16), wanted in 0_usize..60,
    ) {
        let mut sandbox = Counted::default();
        // How many bulks had ended when it was looked at last.
        let mut had_ended = 0;
        for (happening, is_looked_at) in happenings {
            if matches!(happening, Happening::Reset) {
                had_ended = 0;
            }
            sandbox.happens(happening);
            if !is_looked_at {
                continue;
            }
            let read = sandbox.look();
            let [sent, ended] = instants(&sandbox.bulks, &sandbox.inputs);
            let until = |all: &[Timestamp]| all.iter().filter(|instant| **instant <= at(sandbox.second)).count() as u64;
            prop_assert_eq!(sandbox.tally.counted(), MessageProgress { sent: until(&sent), ended: until(&ended) });
            // What was counted to its end is not read again, and where nothing has changed nothing is.
            prop_assert!(read + had_ended <= sandbox.bulks.len(), "{} read", read);
            prop_assert_eq!(sandbox.look(), 0);
            let ends = sandbox.bulks.iter().map(|bulk| instants(std::slice::from_ref(bulk), &sandbox.inputs));
            had_ended = ends.filter(|[_, ended]| ended.iter().all(|end| *end <= at(sandbox.second))).count();
            // When so many will have come so far.
            let both = [&sent, &ended].map(|all| all.get(wanted).copied());
            let expected = match both {
                [Some(sent), Some(ended)] => Some(sent.max(ended).max(at(sandbox.second))),
                [None, _] | [_, None] => None,
            };
            let count = wanted as u64 + 1;
            prop_assert_eq!(sandbox.tally.when(MessageProgress { sent: count, ended: count }), expected);
        }
    }
}

#[test]
fn what_is_far_off_is_looked_at_again_on_the_way() {
    let speed = Some(SendingSpeedLimit { amount: 60, time_unit: SpeedUnit::Minute });
    let paced = bulk(1, 0, SendTiming { speed, ..SendTiming::default() }, vec![terms(None, "shop"); 10_000]);
    let mut sandbox = Counted { bulks: vec![paced], ..Counted::default() };
    let wanted = MessageProgress { sent: 10_000, ended: 0 };
    let mut looks = 0;
    loop {
        assert!(looks == 0 || sandbox.look() == 0, "it is read once");
        if looks == 0 {
            assert_eq!(sandbox.look(), 1);
        }
        if sandbox.tally.counted().reaches(wanted) {
            break;
        }
        let when = sandbox.tally.when(wanted).unwrap();
        sandbox.second = when.duration_since(at(0)).as_secs();
        looks += 1;
    }
    assert_eq!((sandbox.second, looks), (9_999, 3));
    assert_eq!(sandbox.tally.when(MessageProgress { sent: 10_001, ended: 0 }), None);
}
