//! A ledger that is bound anew: another name of its gateway, or one more key.

use super::book::Ledger;
use super::line::Header;

impl Ledger {
    /// Binds the ledger anew. Its people stay who they are, so a key is never dropped: those that
    /// the header lacks stay named all the same.
    pub fn rebind(&mut self, to: Header) {
        let header = &mut self.bound.header;
        header.project = to.project;
        header.gateway = to.gateway;
        header.keys.extend(to.keys);
        header.keys.sort_unstable();
        header.keys.dedup();
    }
}

#[cfg(test)]
mod tests {
    use crate::identity::Key;
    use crate::ledger::{Header, Ledger, sample};

    #[test]
    fn everything_but_the_header_stays_and_no_key_is_dropped() {
        let mut ledger = sample::ledger();
        let key = Key::from_bytes([9; Key::LENGTH]).id();
        let to = Header { gateway: "elsewhere".to_owned(), keys: vec![key.clone()], ..sample::header() };
        ledger.rebind(to.clone());
        let mut keys = [sample::header().keys, vec![key]].concat();
        keys.sort_unstable();
        assert_eq!(*ledger.header(), Header { keys, ..to });
        let body = |ledger: &Ledger| {
            let text = String::from_utf8(ledger.write()).unwrap();
            text.split_once('\n').unwrap().1.to_owned()
        };
        assert_eq!(body(&ledger), body(&sample::ledger()));
    }
}
