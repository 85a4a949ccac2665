//! The end of a campaign: doubts are settled from the gateway's books, and what is left is sent.

use super::audit::doubts;
use super::books::Books;
use super::figures::Figures;
use super::world::{MESSAGES, World};

/// How many runs without faults may be needed until nothing is left.
const RUNS_MAX: u32 = 3;

impl World {
    /// Settles all doubts and sends what is left; fails unless everybody has every message once.
    #[track_caller]
    pub(super) fn settle(&mut self, figures: &mut Figures) {
        // A request of a dead run may still be on its way into a living gateway. Not into a dead one.
        if let Some(sandbox) = self.sandbox.take() {
            let listen = sandbox.address().to_string();
            drop(sandbox);
            self.start_gateway(&listen);
        }
        let books = self.books();
        let status = self.run(&["status", "--format", "json"]).json();
        for (bulk, _) in doubts(&status["doubts"]) {
            let word = word(&books, &bulk);
            // Two doubts of one bulk are settled together.
            let resolved = self.run(&["resolve", &bulk, word, "--reason", "read in the books"]);
            assert_eq!(resolved.code, Some(0), "{resolved}");
            figures.resolved += 1;
        }
        let retry: Vec<&str> = MESSAGES.iter().flat_map(|message| ["--retry-rejected", message]).collect();
        let mut runs = 0;
        while self.audit(figures) > 0 || runs == 0 {
            assert!(runs < RUNS_MAX, "something is left after {runs} runs without faults");
            self.run(&[["apply", "--auto-approve"].as_slice(), &retry].concat()).code(0);
            runs += 1;
        }
        self.everybody_has_everything(figures);
    }

    /// The books and the audience agree: everybody once, but for those who were given up.
    fn everybody_has_everything(&self, figures: &mut Figures) {
        let (books, plan) = (self.books(), self.run(&["plan", "--format", "json"]).code(0).json());
        self.run(&["ledger", "verify"]).code(0);
        for (message, planned) in MESSAGES.iter().zip([1, 2, 0]) {
            let planned = &plan["messages"][planned];
            assert_eq!(planned["message"], *message);
            let count = |gate: &str| planned["gates"][gate].as_u64().expect("a number");
            let expected = self.expected(message);
            let accepted = expected.iter().filter(|(id, _)| books.of(&id.to_string()).accepted == 1).count() as u64;
            assert_eq!(count("alreadySent") + count("givenUp"), expected.len() as u64, "{planned:#}");
            assert!(accepted >= count("alreadySent"), "{planned:#}");
            figures.accepted += accepted;
            figures.given_up += count("givenUp");
        }
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
