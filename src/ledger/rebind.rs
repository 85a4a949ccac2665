//! A ledger that is bound anew: another name of its gateway, or one more key.

use super::book::Ledger;
use super::facts::Fact;
use super::line::{FirstKey, Header};

impl Ledger {
    /// Binds the ledger anew. Its people stay who they are, so a key is never dropped: those that
    /// the header lacks stay named all the same. Its first key comes first from now on.
    pub fn rebind(&mut self, to: Header) {
        self.enter_header(to, None);
    }

    /// Binds the ledger anew, as [`Ledger::rebind`] does, as an entry of a run.
    pub fn enter_header(&mut self, to: Header, fact: Option<Fact>) {
        self.bound.facts.join(&fact.into());
        let to_first = to.first_key().cloned();
        let header = &mut self.bound.header;
        header.project = to.project;
        header.gateway = to.gateway;
        header.name_keys(to.keys.into_iter().chain(to_first.clone()));
        if to_first.is_some() && header.first_key() != to_first.as_ref() {
            let change = header.first_key.as_ref().map_or(0, |first| first.change).saturating_add(1);
            header.first_key = to_first.map(|id| FirstKey { change, id });
        }
    }

    /// Has the key come first that does so in another ledger: one that is joined into another does not
    /// change which key that is.
    pub fn follow(&mut self, header: &Header) {
        self.bound.header.first_key.clone_from(&header.first_key);
    }
}

#[cfg(test)]
mod tests {
    use crate::identity::{Key, KeyId};
    use crate::ledger::{FirstKey, Header, Ledger, Seals, sample};

    #[test]
    fn everything_but_the_header_stays_and_no_key_is_dropped() {
        let mut ledger = sample::ledger();
        let key = Key::from_bytes([9; Key::LENGTH]).id();
        let to = Header { gateway: "elsewhere".to_owned(), keys: vec![key.clone()], ..sample::header() };
        ledger.rebind(to.clone());
        let mut keys = [sample::header().keys, vec![key.clone()]].concat();
        keys.sort_unstable();
        let first_key = Some(FirstKey { change: 1, id: key });
        assert_eq!(*ledger.header(), Header { keys, first_key, ..to });
        let body = |ledger: &Ledger| {
            let text = String::from_utf8(ledger.write(&Seals::none())).unwrap();
            text.split_once('\n').unwrap().1.to_owned()
        };
        assert_eq!(body(&ledger), body(&sample::ledger()));
    }

    #[test]
    fn which_key_comes_first_was_said_last_by_whoever_said_it_most_often() {
        let [one, two, three] = [1, 2, 3].map(|byte| Key::from_bytes([byte; Key::LENGTH]).id());
        let bound = |ledger: &Ledger, first: &KeyId| {
            let mut ledger = ledger.clone();
            let first_key = Some(FirstKey { change: 1, id: first.clone() });
            ledger.rebind(Header { first_key, ..sample::header() });
            ledger
        };
        let first = |ledger: &Ledger| ledger.header().first_key().cloned();
        let old = Ledger::new(sample::header());
        assert_eq!(first(&old).as_ref(), Some(&one), "the only key");
        let next = bound(&old, &two);
        assert_eq!(bound(&next, &two).header(), next.header(), "nothing changed");
        let back = bound(&next, &one);
        for (a, b, wanted) in [(&old, &next, &two), (&next, &back, &one), (&back, &bound(&old, &three), &one)] {
            let joined = |mut mine: Ledger, theirs: &Ledger| {
                mine.join(theirs).unwrap();
                assert_eq!(
                    Ledger::read(&mine.write(&Seals::none()), &Seals::none()).unwrap().ledger.header(),
                    mine.header()
                );
                mine
            };
            let both = joined(a.clone(), b);
            assert_eq!(both.header(), joined(b.clone(), a).header());
            assert_eq!(first(&both).as_ref(), Some(wanted));
        }
        let mut stranger = Ledger::new(Header { keys: vec![two], ..sample::header() });
        stranger.join(&old).unwrap();
        assert_eq!(first(&stranger), None, "nobody has said it");
    }
}
