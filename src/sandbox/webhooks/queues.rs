//! Which pushes are tried at once, URL by URL.
//!
//! Whoever answers is asked one thing after the other, in order. Whoever does not answer would hold up a clock that
//! stands for as long as each try may take, push by push: so for each try without an answer twice as many are begun at
//! once for that URL, [`AT_ONCE_MAX`] at most, until it answers again. What tells of one message is never on its way
//! twice at once, so that it comes in order in any case.

use std::collections::{HashMap, VecDeque};

use crate::sandbox::model::webhook::push::{Push, PushContent};

/// How many tries are under way at once for one URL at most.
pub(super) const AT_ONCE_MAX: usize = 64;

/// What waits for its turn: a push, and whatever belongs to it.
pub(super) trait Queued {
    /// The push.
    fn push(&self) -> &Push;
}

/// Whether somebody answered a try, however that was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reaction {
    /// There was an answer.
    Answer,
    /// There was none.
    Silence,
    /// Nothing was asked.
    Nothing,
}

/// The queue of one URL.
struct UrlQueue<J> {
    waiting: VecDeque<J>,
    under_way: Vec<PushContent>,
    at_once: usize,
}

/// The queues of all URLs.
pub(super) struct Queues<J>(HashMap<String, UrlQueue<J>>);

impl<J> Default for Queues<J> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<J: Queued> Queues<J> {
    /// Forgets all that waits and is under way.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Puts a push behind those for the same URL.
    pub(super) fn add(&mut self, job: J) {
        let new = || UrlQueue { waiting: VecDeque::new(), under_way: Vec::new(), at_once: 1 };
        self.0.entry(job.push().url.clone()).or_insert_with(new).waiting.push_back(job);
    }

    /// Takes the next push for a URL, if it can be tried now: then it is under way.
    pub(super) fn begin(&mut self, url: &str) -> Option<J> {
        let queue = self.0.get_mut(url)?;
        let first = queue.waiting.front()?.push();
        let is_free = !queue.under_way.iter().any(|other| is_about_the_same(&first.content, other));
        if queue.under_way.len() >= queue.at_once || !is_free {
            return None;
        }
        queue.under_way.push(first.content.clone());
        queue.waiting.pop_front()
    }

    /// Takes in that a try for a URL has ended.
    pub(super) fn end(&mut self, push: &Push, heard: Reaction) {
        let Some(queue) = self.0.get_mut(&push.url) else { return };
        if let Some(place) = queue.under_way.iter().position(|other| *other == push.content) {
            queue.under_way.swap_remove(place);
        }
        queue.at_once = match heard {
            Reaction::Answer => 1,
            Reaction::Silence => (queue.at_once * 2).min(AT_ONCE_MAX),
            Reaction::Nothing => queue.at_once,
        };
        // Of whoever is silent that is remembered.
        if queue.waiting.is_empty() && queue.under_way.is_empty() && queue.at_once == 1 {
            self.0.remove(&push.url);
        }
    }
}

/// Whether two pushes tell of the same message, or are the same.
fn is_about_the_same(one: &PushContent, other: &PushContent) -> bool {
    match (one, other) {
        (PushContent::Inbound(one), PushContent::Inbound(other)) => one == other,
        (PushContent::Reports { bulk, reports }, PushContent::Reports { bulk: other_bulk, reports: other_reports }) => {
            let has = |position| other_reports.iter().any(|other| other.position == position);
            bulk == other_bulk && reports.iter().any(|report| has(report.position))
        }
        (PushContent::Inbound(_), PushContent::Reports { .. })
        | (PushContent::Reports { .. }, PushContent::Inbound(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;
    use crate::sandbox::model::webhook::batch::ReportPlace;
    use crate::wire::options::ReportType;

    /// Told apart by when it was made.
    impl Queued for Push {
        fn push(&self) -> &Push {
            self
        }
    }

    const URL: &str = "http://127.0.0.1/";

    fn push(name: i64, bulk: i64, reports: &[usize]) -> Push {
        let reports = reports.iter().map(|number| ReportPlace::new(*number)).collect();
        let created_at = Timestamp::from_second(name).unwrap();
        Push::new(created_at, URL.to_owned(), ReportType::Json, PushContent::Reports { bulk, reports })
    }

    fn begin_all(queues: &mut Queues<Push>) -> Vec<Push> {
        std::iter::from_fn(|| queues.begin(URL)).collect()
    }

    #[test]
    fn whoever_is_silent_is_asked_about_ever_more_at_once_until_an_answer() {
        let mut queues = Queues::default();
        (0..200).for_each(|name| queues.add(push(name, name, &[1])));
        let mut rounds = Vec::new();
        let mut last = Vec::new();
        for _ in 0..4 {
            last = begin_all(&mut queues);
            rounds.push(last.len());
            last.iter().for_each(|push| queues.end(push, Reaction::Silence));
        }
        assert_eq!((rounds, last.len()), (vec![1, 2, 8, 64], 64));
        let mut under_way = begin_all(&mut queues);
        assert_eq!(under_way.len(), AT_ONCE_MAX);
        queues.end(&under_way.remove(0), Reaction::Answer);
        assert_eq!(queues.begin(URL), None);
        under_way.iter().for_each(|push| queues.end(push, Reaction::Answer));
        assert_eq!(begin_all(&mut queues).len(), 1);
    }

    #[test]
    fn what_tells_of_one_message_goes_one_after_the_other() {
        let mut queues = Queues::default();
        queues.add(push(0, 1, &[1]));
        (0..3).for_each(|_| queues.end(&push(9, 9, &[1]), Reaction::Silence));
        // Its leaving, its end, and something else behind them.
        let [leaving, end, other] = [push(1, 1, &[4, 6]), push(2, 1, &[5]), push(3, 2, &[5])];
        [&leaving, &end, &other].into_iter().for_each(|push| queues.add(push.clone()));
        assert_eq!(begin_all(&mut queues).len(), 2);
        queues.end(&leaving, Reaction::Silence);
        assert_eq!(begin_all(&mut queues), [end, other]);
    }

    proptest! {
        /// However tries end, all begin once, in order, and of one message one after the other.
        #[test]
        fn nothing_is_left_or_overtaken(
            pushes in proptest::collection::vec((0_i64..3, 0_usize..6), 1..60),
            ends in proptest::collection::vec((0_usize..64, 0_u8..3), 60),
        ) {
            let mut queues = Queues::default();
            let pushes: Vec<Push> =
                (0..).zip(&pushes).map(|(name, (bulk, report))| push(name, *bulk, &[*report])).collect();
            pushes.iter().for_each(|push| queues.add(push.clone()));
            let (mut under_way, mut begun) = (Vec::<Push>::new(), Vec::new());
            for (place, heard) in ends {
                for push in begin_all(&mut queues) {
                    prop_assert!(!under_way.iter().any(|other| is_about_the_same(&push.content, &other.content)));
                    begun.push(push.clone());
                    under_way.push(push);
                }
                prop_assert!(under_way.len() <= AT_ONCE_MAX);
                if under_way.is_empty() {
                    break;
                }
                let heard = [Reaction::Answer, Reaction::Silence, Reaction::Nothing][usize::from(heard)];
                queues.end(&under_way.remove(place % under_way.len()), heard);
            }
            prop_assert_eq!(begun, pushes);
        }
    }
}
