//! A project in memory, for the tests of this room.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::num::NonZeroUsize;

use jiff::Timestamp;

use crate::campaign::{AudienceStream, Campaign, Files, FilesError, Project, ReadProject, read_campaign, read_project};
use crate::diagnostic::Source;
use crate::identity::{Key, Keys, MessageKey, Person};
use crate::ledger::{Claim, ClaimId, Dated, Header, Ledger, Outcome, PersonState, RunId, View};

use super::bulk::Bulk;
use super::input::Input;
use super::model::Plan;
use super::plan_file::Frozen;
use super::planner::plan;
use super::safety_limits::Accepted;
use super::selection::Selection;

/// Files in memory, and a ledger.
pub(crate) struct Fixture {
    files: Memory,
    pub(crate) ledger: Ledger,
    pub(crate) now: Timestamp,
    pub(crate) accepted: Accepted,
    pub(crate) selection: Selection,
    pub(crate) retry_rejected: Vec<MessageKey>,
    pub(crate) frozen: Option<Frozen>,
    pub(crate) workers: NonZeroUsize,
    runs: u64,
}

struct Memory(BTreeMap<String, String>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<String, FilesError> {
        self.0.get(path).cloned().ok_or(FilesError::Missing)
    }

    fn open(&self, path: &str) -> Result<Box<dyn AudienceStream>, FilesError> {
        Ok(Box::new(Cursor::new(self.read(path)?)))
    }
}

const PROJECT: &str = "project: acme-shop\nsenders: { shop: SHOP, other: OTHER }\nstopAfter: { share: 100% }\n";

fn keys() -> Keys {
    Keys::one(Key::from_bytes([7; Key::LENGTH]))
}

impl Fixture {
    /// A project with one campaign.
    pub(crate) fn new(campaign: &str) -> Self {
        let header = Header {
            project: crate::identity::ProjectId::parse("acme-shop").unwrap(),
            gateway: "sandbox".to_owned(),
            keys: keys().ids(),
            first_key: None,
        };
        let files = [("sendform.yaml", PROJECT), ("campaign.yaml", campaign)];
        Self {
            files: Memory(files.map(|(path, text)| (path.to_owned(), text.to_owned())).into()),
            ledger: Ledger::new(header),
            now: "2026-11-30T12:00:00Z".parse().unwrap(),
            accepted: Accepted::default(),
            selection: Selection::default(),
            retry_rejected: Vec::new(),
            frozen: None,
            workers: NonZeroUsize::new(2).unwrap(),
            runs: 0,
        }
    }

    /// Writes, or replaces, a file.
    pub(crate) fn file(mut self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    /// Writes, or replaces, a file.
    pub(crate) fn write(&mut self, path: &str, text: &str) {
        self.files.0.insert(path.to_owned(), text.to_owned());
    }

    /// Takes a file away.
    pub(crate) fn remove(&mut self, path: &str) {
        self.files.0.remove(path);
    }

    /// Reads the files as they are now.
    pub(crate) fn read(&self) -> (Project, Vec<Campaign>) {
        let source = |path: &str| Source::new(path, self.files.read(path).unwrap());
        let ReadProject { project, declared, diagnostics, .. } = read_project(&source("sendform.yaml"));
        let project = project.unwrap_or_else(|| panic!("{diagnostics:#?}"));
        let names = self.files.0.keys().filter(|name| name.ends_with(".yaml") && *name != "sendform.yaml");
        let campaigns = names.map(|name| {
            let read = read_campaign(&source(name), declared.as_ref(), &self.files);
            read.campaign.unwrap_or_else(|| panic!("{:#?}", read.diagnostics))
        });
        let campaigns = campaigns.collect();
        (project, campaigns)
    }

    /// Plans.
    pub(crate) fn plan(&self) -> Plan {
        self.with_input(plan)
    }

    /// Plans, and freezes the plan.
    pub(crate) fn freeze(&self) -> Frozen {
        self.try_freeze().expect("the plan is sound")
    }

    /// Plans, and freezes the plan if it has no errors.
    pub(crate) fn try_freeze(&self) -> Option<Frozen> {
        self.with_input(|input| Frozen::freeze(input, &plan(input), "0.1.0"))
    }

    fn with_input<T>(&self, run: impl FnOnce(&Input<'_>) -> T) -> T {
        let (project, campaigns) = self.read();
        run(&Input {
            project: &project,
            campaigns: &campaigns,
            files: &self.files,
            gateway: "sandbox",
            ledger: Some(&self.ledger),
            view: View::Exclusive,
            keys: Some(&keys()),
            now: self.now,
            selection: &self.selection,
            accepted: &self.accepted,
            retry_rejected: &self.retry_rejected,
            frozen: self.frozen.as_ref(),
            asks_first: true,
            without_data: false,
            workers: self.workers,
        })
    }

    /// Takes all that is to send now into the ledger, everybody in this state.
    pub(crate) fn send(&mut self, state: PersonState) -> u64 {
        let plan = self.plan();
        assert!(!plan.all_diagnostics().has_errors(), "{:#?}", plan.all_diagnostics());
        for message in &plan.messages {
            if !message.bulks.is_empty() {
                self.ledger.add_message(message.record(self.now));
            }
            for bulk in &message.bulks {
                self.claim(bulk, state);
            }
        }
        plan.to_send()
    }

    /// Puts a bulk into the ledger, everybody in this state.
    fn claim(&mut self, bulk: &Bulk, state: PersonState) {
        self.runs += 1;
        let mut people: Vec<Person> = bulk.recipients.iter().map(|recipient| recipient.person).collect();
        people.sort_unstable();
        let id = ClaimId { bulk: bulk.id(), attempt: 1, run: RunId(self.runs) };
        self.ledger
            .add_claim(Claim {
                dated: Dated::Unwritten,
                is_recovered: false,
                by: None,
                edition: None,
                id: id.clone(),
                time: bulk.time,
                send_at: bulk.send_at,
                until: bulk.until,
                leaves_by: None,
                start_by: self.now,
                at: self.now,
                machine_at: None,
                people,
            })
            .unwrap();
        if state != PersonState::Claimed {
            let outcome = Outcome {
                claim: id,
                state,
                others: Vec::new(),
                at: self.now,
                by: None,
                why: None,
                proof: None,
                known: None,
            };
            self.ledger.add_outcome(outcome).unwrap();
        }
    }
}
