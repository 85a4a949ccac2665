//! The gateway of one thread of the sweep, and the audit of what came of each case.

use std::collections::BTreeMap;

use sendform::identity::{
    CanonicalTo, Fingerprint, IdRule, Keys, MessageId, MessageKey, ProjectId, Revision, SenderId,
};
use sendform::ledger::{Seals, Standing, View};
use sendform::store::{Binding, StoreError};
use tempfile::TempDir;

use super::place::Place;
use super::scenario::{self, APPLY, PEOPLE, Scenario, doubt};
use crate::support::{KEY, NOW, Origin, Project, Run, Sandbox};

/// A gateway that all cases of a thread share; each case has people of its own.
#[derive(Debug)]
pub(super) struct Bench {
    folder: TempDir,
    gateway: Option<Sandbox>,
    listen: String,
    /// A remote with an empty ledger for this gateway, once it is needed.
    origin: Option<Origin>,
    /// The first number of the people of this case.
    first: u64,
}

impl Bench {
    pub(super) fn new(number: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let listen = format!("127.{}.{}.1:0", 100 + number, 1 + std::process::id() % 250);
        let mut bench = Self { folder, gateway: None, listen, origin: None, first: 1 };
        bench.start();
        bench.listen = bench.gateway().address().to_string();
        bench
    }

    fn start(&mut self) {
        let books = self.folder.path().join("books.sqlite").display().to_string();
        self.gateway = Some(Sandbox::start_at(&self.listen, &["--now", NOW, "--books", &books]));
    }

    pub(super) fn gateway(&self) -> &Sandbox {
        self.gateway.as_ref().expect("it is started again at once")
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// A remote with an empty ledger for this gateway.
    pub(super) fn origin(&mut self) -> &Origin {
        let origin = self.origin.take().unwrap_or_else(|| scenario::origin(self));
        self.origin.insert(origin)
    }

    /// A file for the log of `strace`.
    pub(super) fn log(&self) -> std::path::PathBuf {
        self.folder.path().join("strace.log")
    }

    /// Goes on to the next case, with people whom nobody has seen.
    pub(super) fn next(&mut self) -> impl Iterator<Item = String> + use<> {
        self.first += PEOPLE;
        people(self.first)
    }

    /// How often each person of this case was accepted.
    fn accepted(&self) -> BTreeMap<String, u64> {
        let mut accepted: BTreeMap<String, u64> = people(self.first).map(|to| (to, 0)).collect();
        let books = self.gateway().messages();
        for message in books["messages"].as_array().expect("messages are a list") {
            let count = message["to"].as_str().and_then(|to| accepted.get_mut(to));
            if let Some(count) = count.filter(|_| message["status"] != "REJECTED") {
                *count += 1;
            }
        }
        accepted
    }

    /// Fails unless the ledger can be read, nobody was accepted twice, and whoever was accepted has a
    /// claim that holds them back. Says how many are in doubt.
    fn audit(&self, place: &Place) -> usize {
        let accepted = self.accepted();
        assert!(accepted.values().all(|count| *count <= 1), "accepted twice: {accepted:?}");
        let name = ProjectId::parse("acme-shop").expect("a project's name");
        let sender = SenderId::parse("SHOP-ACCOUNT").expect("a sender");
        let keys = Keys::parse(KEY).expect("a key");
        let fingerprint = Fingerprint::new(keys.first(), &name, &sender);
        let seals = Seals::new(&keys, &name);
        let expected = Binding { project: name, gateway: self.listen.clone(), keys: None, seals };
        let ledger = match place.ledger(&expected) {
            Ok(ledger) => ledger,
            Err(StoreError::Missing { .. }) if place.scenario == Scenario::Init => return 0,
            Err(error) => panic!("the ledger cannot be read: {error:?}"),
        };
        assert!(ledger.verify().is_empty(), "{:?}", ledger.verify());
        let message = MessageKey::parse("sale.hello").expect("CAMPAIGN.MESSAGE");
        let revision = Revision::new(1).expect("a revision from 1");
        let standing = |to: &str| {
            let person = fingerprint.person(&CanonicalTo::parse(to, IdRule::Numeric).expect("an id"));
            let id = MessageId { message: message.clone(), revision, person };
            ledger.standing(&id.message, revision, person, View::Exclusive)
        };
        for (to, count) in &accepted {
            let is_true = match standing(to) {
                Standing::Free | Standing::Rejected(_) => *count == 0,
                Standing::Accepted => *count == 1,
                Standing::InDoubt | Standing::InFlight | Standing::Abandoned => true,
            };
            assert!(is_true, "{to} is {:?} in the ledger, and {count} in the books", standing(to));
        }
        ledger.doubts(View::Exclusive).iter().map(|doubt| doubt.open).sum()
    }

    /// After a run that was struck: audits, settles doubts from the books, runs the same command and
    /// `apply` again, and fails unless everybody has the message once. Says how many were in doubt.
    pub(super) fn settle(&mut self, place: &mut Place) -> usize {
        let in_doubt = self.audit(place);
        self.run_again(place);
        if self.audit(place) > 0 {
            if place.scenario.is_on_branch() {
                place.wait();
                self.run_again(place);
            }
            // A request of a dead run may still be on its way into a living gateway. Not into a dead one.
            drop(self.gateway.take());
            self.start();
            while let Some(bulk) = doubt(&place.project) {
                let word = self.word(&bulk);
                place.project.run(["resolve", &bulk, word, "--reason", "read in the books"]).code(0);
            }
        }
        place.project.run(APPLY).code(0);
        assert_eq!(self.audit(place), 0, "all is settled");
        let accepted = self.accepted();
        assert!(accepted.values().all(|count| *count == 1), "not everybody has the message: {accepted:?}");
        in_doubt
    }

    fn run_again(&self, place: &Place) {
        let again = place.project.run(&place.arguments);
        let is_right = match place.scenario {
            Scenario::Apply | Scenario::Torn | Scenario::Lost | Scenario::Left => matches!(again.code, Some(0 | 2 | 6)),
            // It may be settled, or made, already.
            Scenario::Resolve => matches!(again.code, Some(0 | 64)),
            Scenario::Init => matches!(again.code, Some(0 | 8)),
        };
        assert!(is_right, "{again}");
    }

    fn word(&self, bulk: &str) -> &'static str {
        let books = self.gateway().messages();
        let mut messages = books["messages"].as_array().expect("messages are a list").iter();
        if messages.any(|message| message["bulkId"] == bulk) { "--sent" } else { "--not-sent" }
    }

    /// Fails unless a run ended as it should after one of its calls failed.
    pub(super) fn check_end(&self, run: &Run, place: &Place) {
        assert!(!run.stderr.contains("panicked"), "{run}");
        let scenario = place.scenario;
        let is_apply = scenario == Scenario::Apply || scenario.is_on_branch();
        let doubts = self.audit(place);
        let accepted = self.accepted().values().sum::<u64>();
        match run.code {
            // What failed was tried again, or did not matter.
            Some(0) if is_apply => assert_eq!((accepted, doubts), (PEOPLE, 0), "{run}"),
            Some(0) => {}
            // Nobody is in doubt, unless somebody was before.
            Some(1) => assert!(doubts == 0 || !is_apply, "{run}"),
            // An outcome that could not be stored is kept beside the ledger.
            Some(6) => assert!(doubts > 0 || scenario == Scenario::Torn || has_dump(&place.project), "{run}"),
            _ => panic!("an unexpected end: {run}"),
        }
    }
}

fn has_dump(project: &Project) -> bool {
    let mut names = std::fs::read_dir(project.path(".sendform")).expect("the folder can be read").flatten();
    names.any(|entry| entry.file_name().to_string_lossy().starts_with("outcomes-"))
}

/// The ids of the people of a case.
fn people(first: u64) -> impl Iterator<Item = String> + use<> {
    (first..first + PEOPLE).map(|number| format!("17841400{number:09}"))
}
