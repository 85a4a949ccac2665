//! The end of a life: doubts are settled from the gateway's books, and what is left is sent.

use std::fs;

use sendform::identity::MessageId;
use sendform::ledger::{Ledger, Standing, View};

use super::audit::doubts;
use super::books::Books;
use super::campaigns::Message;
use super::dice::Dice;
use super::figures::{Count, Figures};
use super::store::{Kind, Loss, Past};
use super::world::World;
use crate::support::{Run, seals};

/// How many runs without faults may be needed until nothing is left.
const RUNS_MAX: u32 = 3;

impl World {
    /// Settles all doubts and sends what is left; fails unless everybody has every message once.
    pub(super) fn settle(&mut self, figures: &mut Figures) {
        self.ask_too_early(figures);
        self.gateway.thaw_logs();
        self.let_all_end();
        self.ask_the_logs(figures);
        self.give_word(figures);
        let retry = self.campaigns.messages.iter().flat_map(|message| ["--retry-rejected", message.name]);
        let retry: Vec<&str> = retry.collect();
        let mut runs = 0;
        while self.audit(figures) > 0 || runs == 0 {
            assert!(runs < RUNS_MAX, "something is left after {runs} runs without faults");
            self.seats[0].finish(self.start(0, &[], &retry)).code(0);
            runs += 1;
        }
        self.everybody_has_everything(figures);
    }

    /// What the gateway's logs prove is settled by them.
    fn ask_the_logs(&self, figures: &mut Figures) {
        let count = || {
            let (ledger, view) = self.ledger();
            ledger.doubts(view).len() as u64
        };
        let before = count();
        if self.gateway.seems_real() {
            // What is sent now shows that the logs have gone on.
            let run = self.seats[0].finish(self.start(0, &[], &[]));
            assert!(matches!(run.code, Some(0 | 2 | 6 | 7)), "{run}");
        }
        let reconciled = self.run(&["reconcile"]);
        assert!(matches!(reconciled.code, Some(0 | 6)), "{reconciled}");
        self.audit(figures);
        self.count(figures, Count::Proved, before - count());
    }

    /// A person reads the books, and tells the truth.
    fn give_word(&self, figures: &mut Figures) {
        let books = self.books();
        let status = self.run(&["status", "--format", "json"]);
        let status = status.json();
        for (bulk, _) in doubts(&status["doubts"]) {
            let word = word(&books, &bulk);
            let resolved = self.run(&["resolve", &bulk, word, "--reason", "read in the books"]);
            // Two doubts of one bulk are settled together.
            assert!(matches!(resolved.code, Some(0 | 64)), "{resolved}");
            self.count(figures, Count::Settled, 1);
        }
    }

    /// The books and the files agree: everybody once, but for those who were given up.
    fn everybody_has_everything(&self, figures: &mut Figures) {
        self.audit_commands(figures);
        self.run(&["ledger", "verify"]).code(0);
        let books = self.books();
        let plan = self.run(&["plan", "--format", "json", "--accept", "overlap=1000000"]).code(0).json();
        for message in &self.campaigns.messages {
            let planned = plan["messages"].as_array().expect("a list");
            let planned = planned.iter().find(|planned| planned["message"] == message.name);
            let planned = planned.expect("each message is in the plan");
            let count = |gate: &str| planned["gates"][gate].as_u64().unwrap_or(0);
            let expected = self.campaigns.expected(message);
            let accepted = expected.iter().filter(|(id, _)| books.of(&id.to_string()).accepted == 1).count() as u64;
            assert_eq!(count("alreadySent") + count("givenUp"), expected.len() as u64, "{planned:#}");
            assert!(accepted >= count("alreadySent"), "{planned:#}");
            self.count(figures, Count::Accepted, accepted);
            self.count(figures, Count::GivenUp, count("givenUp"));
        }
    }
}

impl World {
    /// Lets the ledger lose what it knew, in front of machines that have never seen it: that is noticed before
    /// anything is sent, by what is left of it or by the gateway's logs, and mended. Then everybody has every
    /// message once, as before.
    pub(super) fn lose(&mut self, past: &Past, dice: &mut Dice, figures: &mut Figures) {
        self.let_all_end();
        self.let_all_leave();
        let books = self.books();
        let before: u64 = books.messages.values().map(|kept| kept.accepted).sum();
        let loss = Loss::choose(dice, self.store.kind);
        let present = self.store.remember(&self.seats[0]);
        self.seats = self.store.seats();
        self.set_environment();
        self.campaigns.ask_first(true);
        self.write();
        match loss {
            Loss::Older => {
                self.store.take_back(past, None, &self.seats[0]);
                self.count(figures, Count::TakenBack, 1);
                self.is_noticed_by_the_logs(figures);
            }
            Loss::Loaded(way) => {
                self.store.take_back(past, Some(way), &self.seats[0]);
                self.count(figures, Count::Loaded, 1);
                let run = self.refused();
                assert!(run.stderr.contains("were put back from a copy"), "{run}");
                self.recover();
            }
            Loss::Lines => {
                self.store.lose_lines(dice, &present, &self.seats[0]);
                self.count(figures, Count::LinesLost, 1);
                if self.is_damaged() {
                    drop(self.refused());
                    self.store.take_back(&present, None, &self.seats[0]);
                } else {
                    self.is_noticed_by_the_logs(figures);
                    self.recover();
                }
            }
        }
        self.audit(figures);
        self.campaigns.ask_first(false);
        self.write();
        self.settle(figures);
        let after: u64 = self.books().messages.values().map(|kept| kept.accepted).sum();
        assert!(after >= before, "books only grow");
    }

    /// Has the logs asked for those whom the ledger does not know any more. If no claim is left of somebody,
    /// nothing is sent. Where claims are left that say that surely nothing was sent, people are booked for them,
    /// and the run goes on; that nobody was sent to again, the next audit sees.
    fn is_noticed_by_the_logs(&self, figures: &mut Figures) {
        let (lost, unexplained) = {
            let (ledger, view) = self.ledger();
            let lost: Vec<MessageId> =
                self.campaigns.messages.iter().flat_map(|message| self.lost(message, &ledger, view)).collect();
            let unexplained = lost.iter().any(|id| ledger.claims_with(id).next().is_none());
            (lost.len() as u64, unexplained)
        };
        if unexplained {
            drop(self.refused());
            self.recover();
        } else {
            let requests = self.gateway.process().requests();
            let run = self.seats[0].finish(self.start(0, &[], &[]));
            if run.code == Some(8) {
                assert_eq!(self.gateway.process().requests(), requests, "{run}");
                self.recover();
            } else {
                assert!(matches!(run.code, Some(0 | 2 | 6 | 7)), "{run}");
            }
        }
        self.count(figures, Count::Recovered, lost);
    }

    /// Applies, and makes sure that nothing is sent.
    fn refused(&self) -> Run {
        let requests = self.gateway.process().requests();
        let run = self.seats[0].finish(self.start(0, &[], &[])).code(8);
        assert_eq!(self.gateway.process().requests(), requests, "{run}");
        run
    }

    /// Has what the gateway's logs know written down.
    fn recover(&self) {
        let accepted = ["--accept", "older-unknown=1000000", "--accept", "unclosed=1000000"];
        self.run(&[&["ledger", "recover"], &accepted[..]].concat()).code(0);
    }

    /// Whether what is left of the ledger shows that something is missing: all but runs that have not ended.
    fn is_damaged(&self) -> bool {
        match self.store.kind {
            Kind::Lockfile => {
                let text = fs::read(self.seats[0].path("sendform.lock")).expect("a lockfile can be read");
                Ledger::read(&text, &seals()).is_err()
            }
            Kind::Git | Kind::Postgres => true,
        }
    }

    /// Who has a message of which the ledger knows nothing.
    fn lost(&self, message: &Message, ledger: &Ledger, view: View) -> Vec<MessageId> {
        let (books, standings) = (self.books(), ledger.standings(&message.key(), self.campaigns.revision()));
        let is_lost = |id: &MessageId| {
            let is_free = matches!(standings.get(id.person, view), Standing::Free | Standing::Rejected(_));
            is_free && books.of(&id.to_string()).accepted > 0
        };
        self.campaigns.expected(message).into_iter().map(|(id, _)| id).filter(is_lost).collect()
    }
}

/// What the books say about a whole bulk, or that they do not say one thing.
fn word(books: &Books, bulk: &str) -> &'static str {
    let Some(ids) = books.bulks.get(bulk) else { return "--not-sent" };
    let accepted = ids.iter().filter(|id| books.of(id).accepted > 0).count();
    match accepted {
        0 => "--not-sent",
        _ if accepted == ids.len() => "--sent",
        _ => "--abandon",
    }
}
