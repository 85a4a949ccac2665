//! Whom of a bulk the gateway is asked for.

use crate::plan::Bulk;

/// How many people of a whole run are asked for; of each bulk at least one.
const PEOPLE_MAX: usize = 2400;

/// How many of each bulk are asked for.
pub(super) fn of_each(bulks: usize) -> usize {
    PEOPLE_MAX.checked_div(bulks).unwrap_or(PEOPLE_MAX).max(1)
}

/// The same bulk with so many of its people only: the first, the last, and the rest evenly between them.
pub(super) fn of(bulk: &Bulk, count: usize) -> Bulk {
    let all = bulk.recipients.len();
    let picked = match count.min(all) {
        0 => Vec::new(),
        1 => bulk.recipients.first().copied().into_iter().collect(),
        count => {
            let at = |index: usize| bulk.recipients.get(index * (all - 1) / (count - 1)).copied();
            (0..count).filter_map(at).collect()
        }
    };
    Bulk { recipients: picked, message: bulk.message.clone(), ..*bulk }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::simulation::world::bulk;
    use crate::identity::BulkTime;

    #[test]
    fn the_first_the_last_and_some_between_are_asked_for() {
        let picked = |people: u64, count| {
            let bulk = bulk(&(0..people).collect::<Vec<_>>(), BulkTime::Start(0));
            of(&bulk, count).recipients.iter().map(|recipient| recipient.person.0).collect::<Vec<_>>()
        };
        assert_eq!(picked(10, 1), [0]);
        assert_eq!(picked(10, 2), [0, 9]);
        assert_eq!(picked(10, 4), [0, 3, 6, 9]);
        assert_eq!(picked(3, 10), [0, 1, 2]);
        assert_eq!(picked(1, 2), [0]);
        assert_eq!(picked(0, 2), [0_u64; 0]);
    }

    #[test]
    fn a_run_asks_for_so_many_people_and_for_somebody_of_each_bulk() {
        assert_eq!([0, 1, 2, 1000, 2400, 1_000_000].map(of_each), [2400, 2400, 1200, 2, 1, 1]);
    }
}
