//! Compares the gateway's books with the audience and with what the ledger, `plan` and `status` say.

use std::collections::BTreeMap;

use sendform::identity::ProjectId;
use sendform::ledger::{Ledger, Standing, View};
use sendform::store::{Expected, Lockfile, StoreError};
use serde_json::Value;

use super::books::Books;
use super::figures::Figures;
use super::world::{MESSAGES, Place, World, key_of};

impl World {
    /// Fails unless nobody was accepted twice, and everybody of the audience is accepted, rejected,
    /// in doubt, given up or still to send. Returns how many are still to send.
    #[track_caller]
    pub(super) fn audit(&self, figures: &mut Figures) -> u64 {
        figures.audits += 1;
        let books = self.books();
        let twice: Vec<_> = books.messages.iter().filter(|(_, kept)| kept.accepted > 1).collect();
        assert!(twice.is_empty(), "accepted twice: {twice:?}");
        let plan = self.run(&["plan", "--format", "json"]);
        assert!(matches!(plan.code, Some(0 | 6)), "{plan}");
        let plan = plan.json();
        if let Some(ledger) = self.ledger() {
            for message in MESSAGES {
                self.audit_message(message, &books, &ledger, &plan);
            }
            self.audit_doubts(&ledger, &plan, figures);
        }
        plan["toSend"].as_u64().expect("a number")
    }

    /// The ledger as it is on the disk; none before the first run in the sandbox.
    pub(super) fn ledger(&self) -> Option<Ledger> {
        let gateway = match &self.sandbox {
            Some(sandbox) => sandbox.address().to_string(),
            None => "sandbox".to_owned(),
        };
        let project = ProjectId::parse("acme-shop").expect("a project's name");
        match Lockfile::read(&self.paths(), &Expected { project, gateway, keys: None }) {
            Ok(ledger) => Some(ledger),
            Err(StoreError::Missing { .. }) if self.place == Place::Inside => None,
            Err(error) => panic!("the ledger cannot be read: {error:?}"),
        }
    }

    /// Person by person: the books against the ledger; in sum: the ledger against the plan.
    fn audit_message(&self, message: &str, books: &Books, ledger: &Ledger, plan: &Value) {
        let standings = ledger.standings(&key_of(message), self.revision());
        let mut gates: BTreeMap<&str, u64> = BTreeMap::new();
        for (id, to) in self.expected(message) {
            let kept = books.of(&id.to_string());
            let standing = standings.get(id.person, View::Exclusive);
            let is_true = match standing {
                Standing::Free => kept.accepted == 0,
                Standing::Rejected(400) => kept.accepted == 0 && kept.rejected == 0,
                Standing::Rejected(_) => kept.accepted == 0 && kept.rejected > 0,
                Standing::Abandoned | Standing::InDoubt => kept.accepted <= 1,
                Standing::InFlight => false,
                Standing::Accepted => kept.accepted == 1,
            };
            assert!(is_true, "{id} is {standing:?} in the ledger, and {kept:?} in the books");
            assert!(books.to.get(&id.to_string()).is_none_or(|sent_to| *sent_to == to), "{id} went to somebody else");
            let gate = match standing {
                Standing::Free => "toSend",
                Standing::Rejected(_) => "rejectedEarlier",
                Standing::Abandoned => "givenUp",
                Standing::InDoubt => "inDoubt",
                Standing::InFlight => "inFlight",
                Standing::Accepted => "alreadySent",
            };
            *gates.entry(gate).or_default() += 1;
        }
        let people = self.people.len() as u64;
        let filtered = people - gates.values().sum::<u64>();
        gates.insert("filtered", filtered);
        let planned = plan["messages"].as_array().expect("a list").iter().find(|planned| planned["message"] == message);
        let planned = planned.expect("each message is in the plan");
        for (gate, count) in planned["gates"].as_object().expect("gates have names") {
            let expect = gates.get(gate.as_str()).copied().unwrap_or(0);
            assert_eq!(count.as_u64(), Some(expect), "{gate} of {message} in the plan");
        }
        assert_eq!(planned["rows"].as_u64(), Some(people), "rows of {message}");
    }

    /// What is in doubt is shown, by `plan` and by `status`, with its number.
    fn audit_doubts(&self, ledger: &Ledger, plan: &Value, figures: &mut Figures) {
        let status = self.run(&["status", "--format", "json"]);
        let shown = status.json()["doubts"].clone();
        assert_eq!(shown, plan["doubts"]);
        let shown: Vec<(String, u64)> = doubts(&shown).collect();
        let known = ledger.doubts(View::Exclusive);
        let known: Vec<_> = known.iter().map(|doubt| (doubt.claim.bulk.to_string(), doubt.open as u64)).collect();
        assert_eq!(shown, known);
        let people: u64 = known.iter().map(|(_, open)| open).sum();
        assert_eq!(status.code, Some(if people > 0 { 6 } else { 0 }), "{status}");
        figures.in_doubt_max = figures.in_doubt_max.max(people);
    }
}

/// The bulks of a list of doubts, with the number of people.
pub(super) fn doubts(list: &Value) -> impl Iterator<Item = (String, u64)> {
    list.as_array().expect("doubts are a list").iter().map(|doubt| {
        let bulk = doubt["bulkId"].as_str().expect("a bulk has an id");
        (bulk.to_owned(), doubt["people"].as_u64().expect("a number"))
    })
}
