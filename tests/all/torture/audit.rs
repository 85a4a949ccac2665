//! Compares the gateway's books with the files and with what the ledger, `plan` and `status` say.

use std::collections::BTreeMap;

use sendform::ledger::{Ledger, Standing, View};
use serde_json::Value;

use super::books::Books;
use super::campaigns::Message;
use super::figures::{Count, Figures};
use super::world::World;

impl World {
    /// Fails unless nobody was accepted twice, and everybody whom the files mean is accepted,
    /// rejected, in doubt, given up or still to send. Returns how many are still to send.
    pub(super) fn audit(&self, figures: &mut Figures) -> u64 {
        self.count(figures, Count::Audits, 1);
        let (ledger, view) = self.ledger();
        let books = self.books();
        let twice: Vec<_> = books.messages.iter().filter(|(_, kept)| kept.accepted > 1).collect();
        assert!(twice.is_empty(), "accepted twice: {twice:?}");
        let odd: Vec<_> = ledger.verify().into_iter().filter(|finding| !finding.is_harmless()).collect();
        assert!(odd.is_empty(), "{odd:?}");
        let gates = self.campaigns.messages.iter().map(|message| self.gates(message, &books, &ledger, view));
        gates.map(|gates| gates.get("toSend").copied().unwrap_or(0)).sum()
    }

    /// Fails unless `plan` and `status` say what the files say.
    pub(super) fn audit_commands(&self, figures: &mut Figures) {
        self.count(figures, Count::Audits, 1);
        let (ledger, view) = self.ledger();
        let books = self.books();
        let plan = self.run(&["plan", "--format", "json", "--accept", "overlap=1000000"]);
        assert!(matches!(plan.code, Some(0 | 6)), "{plan}");
        let plan = plan.json();
        for message in &self.campaigns.messages {
            self.compare(message, &self.gates(message, &books, &ledger, view), &plan);
        }
        self.compare_doubts(&ledger, view, &plan);
    }

    /// Person by person: the books against the ledger. Returns how many stand at which gate.
    fn gates(&self, message: &Message, books: &Books, ledger: &Ledger, view: View) -> BTreeMap<&'static str, u64> {
        let standings = ledger.standings(&message.key(), self.campaigns.revision());
        let mut gates = BTreeMap::new();
        for (id, to) in self.campaigns.expected(message) {
            let kept = books.of(&id.to_string());
            let standing = standings.get(id.person, view);
            let (gate, is_true) = match standing {
                Standing::Free => ("toSend", kept.accepted == 0),
                Standing::Rejected(_) => ("rejectedEarlier", kept.accepted == 0),
                Standing::Abandoned => ("givenUp", kept.accepted <= 1),
                Standing::InDoubt => ("inDoubt", kept.accepted <= 1),
                Standing::InFlight => ("inFlight", kept.accepted <= 1),
                Standing::Accepted => ("alreadySent", kept.accepted == 1),
            };
            assert!(is_true, "{id} is {standing:?} in the ledger, and {kept:?} in the books");
            assert!(books.to.get(&id.to_string()).is_none_or(|sent_to| *sent_to == to), "{id} went to somebody else");
            *gates.entry(gate).or_default() += 1;
        }
        for (id, _) in self.campaigns.forbidden(message) {
            assert!(!books.messages.contains_key(&id.to_string()), "{id} was sent, of rows that contradict each other");
        }
        gates
    }

    /// The plan counts everybody where the ledger has them, and every row once.
    fn compare(&self, message: &Message, gates: &BTreeMap<&'static str, u64>, plan: &Value) {
        let planned = plan["messages"].as_array().expect("a list");
        let planned = planned.iter().find(|planned| planned["message"] == message.name);
        let planned = planned.expect("each message is in the plan");
        let count = |gate: &str| planned["gates"][gate].as_u64();
        for gate in ["toSend", "rejectedEarlier", "givenUp", "inDoubt", "inFlight", "alreadySent"] {
            assert_eq!(count(gate).unwrap_or(0), gates.get(gate).copied().unwrap_or(0), "{gate}: {planned:#}");
        }
        let all: u64 = planned["gates"].as_object().expect("gates have names").values().filter_map(Value::as_u64).sum();
        assert_eq!(
            (all, planned["rows"].as_u64()),
            (self.campaigns.rows(), Some(self.campaigns.rows())),
            "{planned:#}"
        );
    }

    /// What is in doubt is shown, by `plan` and by `status`, with its number.
    fn compare_doubts(&self, ledger: &Ledger, view: View, plan: &Value) {
        let status = self.run(&["status", "--format", "json"]);
        let shown = status.json()["doubts"].clone();
        assert_eq!(shown, plan["doubts"]);
        let shown: Vec<(String, u64)> = doubts(&shown).collect();
        let known = ledger.doubts(view);
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
