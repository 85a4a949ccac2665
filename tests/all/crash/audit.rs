//! Compares the gateway's books with the audience and with what the ledger, `plan` and `status` say.

use std::collections::BTreeMap;

use sendform::identity::ProjectId;
use sendform::ledger::{Ledger, Standing, View};
use sendform::store::{Expected, Lockfile, StoreError};
use serde_json::Value;

use super::books::{Books, Kept};
use super::figures::Figures;
use super::world::{MESSAGES, Place, World, key_of};

impl World {
    /// Fails unless nobody was accepted twice, and everybody of the audience is accepted, rejected,
    /// in doubt, given up or still to send, by the files alone. Returns how many are still to send.
    pub(super) fn audit(&self, figures: &mut Figures) -> u64 {
        figures.audits += 1;
        let books = self.books();
        let twice: Vec<_> = books.messages.iter().filter(|(_, kept)| kept.accepted > 1).collect();
        assert!(twice.is_empty(), "accepted twice: {twice:?}");
        let ledger = self.ledger();
        let gates = MESSAGES.map(|message| self.gates(message, &books, &ledger));
        let open: usize = ledger.doubts(View::Exclusive).iter().map(|doubt| doubt.open).sum();
        figures.in_doubt_max = figures.in_doubt_max.max(open as u64);
        gates.iter().filter_map(|gates| gates.get("toSend")).sum()
    }

    /// Fails unless `plan` and `status` say what the files say.
    pub(super) fn audit_commands(&self, figures: &mut Figures) {
        figures.audits += 1;
        let (books, ledger) = (self.books(), self.ledger());
        let plan = self.run(&["plan", "--format", "json"]);
        assert!(matches!(plan.code, Some(0 | 6)), "{plan}");
        let plan = plan.json();
        for message in MESSAGES {
            self.compare(message, &self.gates(message, &books, &ledger), &plan);
        }
        self.compare_doubts(&ledger, &plan);
    }

    /// The ledger as it is on the disk; empty before the first run in the sandbox.
    fn ledger(&self) -> Ledger {
        let gateway = match &self.sandbox {
            Some(sandbox) => sandbox.address().to_string(),
            None => "sandbox".to_owned(),
        };
        let project = ProjectId::parse("acme-shop").expect("a project's name");
        let expected = Expected { project, gateway, keys: None };
        match Lockfile::read(&self.paths(), &expected) {
            Ok(ledger) => ledger,
            Err(StoreError::Missing { .. }) if self.place == Place::Inside => Ledger::new(expected.header()),
            Err(error) => panic!("the ledger cannot be read: {error:?}"),
        }
    }

    /// Person by person: the books against the ledger. Returns how many stand at which gate.
    fn gates(&self, message: &str, books: &Books, ledger: &Ledger) -> BTreeMap<&'static str, u64> {
        let standings = ledger.standings(&key_of(message), self.revision());
        let mut gates = BTreeMap::new();
        for (id, to) in self.expected(message) {
            let kept = books.of(&id.to_string());
            let standing = standings.get(id.person, View::Exclusive);
            let (gate, is_true) = match standing {
                Standing::Free => ("toSend", kept.accepted == 0),
                // The gateway keeps nothing of a request that it refuses as a whole.
                Standing::Rejected(400) => ("rejectedEarlier", kept == Kept::default()),
                Standing::Rejected(_) => ("rejectedEarlier", kept.accepted == 0 && kept.rejected > 0),
                Standing::Abandoned => ("givenUp", kept.accepted <= 1),
                Standing::InDoubt => ("inDoubt", kept.accepted <= 1),
                Standing::InFlight => ("inFlight", false),
                Standing::Accepted => ("alreadySent", kept.accepted == 1),
            };
            assert!(is_true, "{id} is {standing:?} in the ledger, and {kept:?} in the books");
            assert!(books.to.get(&id.to_string()).is_none_or(|sent_to| *sent_to == to), "{id} went to somebody else");
            *gates.entry(gate).or_default() += 1;
        }
        let people = self.people.len() as u64;
        let filtered = people - gates.values().sum::<u64>();
        gates.insert("filtered", filtered);
        gates
    }

    /// The plan counts everybody where the ledger has them.
    fn compare(&self, message: &str, gates: &BTreeMap<&'static str, u64>, plan: &Value) {
        let planned = plan["messages"].as_array().expect("a list").iter().find(|planned| planned["message"] == message);
        let planned = planned.expect("each message is in the plan");
        for (gate, count) in planned["gates"].as_object().expect("gates have names") {
            let expect = gates.get(gate.as_str()).copied().unwrap_or(0);
            assert_eq!(count.as_u64(), Some(expect), "{gate} of {message} in the plan");
        }
        assert_eq!(planned["rows"].as_u64(), Some(self.people.len() as u64), "rows of {message}");
    }

    /// What is in doubt is shown, by `plan` and by `status`, with its number.
    fn compare_doubts(&self, ledger: &Ledger, plan: &Value) {
        let status = self.run(&["status", "--format", "json"]);
        let shown = status.json()["doubts"].clone();
        assert_eq!(shown, plan["doubts"]);
        let shown: Vec<(String, u64)> = doubts(&shown).collect();
        let known = ledger.doubts(View::Exclusive);
        let known: Vec<_> = known.iter().map(|doubt| (doubt.claim.bulk.to_string(), doubt.open as u64)).collect();
        assert_eq!(shown, known);
        assert_eq!(status.code, Some(if known.is_empty() { 0 } else { 6 }), "{status}");
    }
}

/// The bulks of a list of doubts, with the number of people.
pub(super) fn doubts(list: &Value) -> impl Iterator<Item = (String, u64)> {
    list.as_array().expect("doubts are a list").iter().map(|doubt| {
        let bulk = doubt["bulkId"].as_str().expect("a bulk has an id");
        (bulk.to_owned(), doubt["people"].as_u64().expect("a number"))
    })
}
