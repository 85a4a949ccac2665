//! A shop whose ledger lives in a store, and the machines that work for it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::ground::{Ground, Kind};
use sendform::store::Paths;

use crate::support::{Barrier, Cluster, Door, Process, Project, Run, Shop, customer};

/// How an apply is started: one request after the other.
pub(super) const APPLY: [&str; 4] = ["apply", "--auto-approve", "--parallel", "1"];

/// The bulk of the first two customers.
pub(super) const FIRST_BULK: &str = "sale.hello.r1.616c1c5802824f8b";

/// The row of the table that an apply ends with: accepted, rejected, refused, in doubt, not attempted, and
/// claimed elsewhere if anybody was.
pub(super) fn row([accepted, rejected, refused, doubt, not_attempted, elsewhere]: [u64; 6]) -> String {
    let last = if elsewhere > 0 { format!("  {elsewhere:>17}") } else { String::new() };
    format!("sale.hello r1  {accepted:>8}  {rejected:>8}  {refused:>7}  {doubt:>8}  {not_attempted:>13}{last}\n")
}

/// A shop with the campaign `sale`, two people in a bulk, and its machines, which share a gateway and
/// a ledger. With a lockfile there is one machine, whatever its number.
#[derive(Debug)]
pub(super) struct Fleet {
    shop: Shop,
    others: Vec<Project>,
    ground: Ground,
}

impl Fleet {
    /// A shop with so many customers, and nothing sent.
    pub(super) fn new(kind: Kind, customers: u64) -> Self {
        let fleet = Self::without_ledger(kind, customers);
        fleet.machine(0).run(["ledger", "init"]).code(0);
        fleet
    }

    /// The same, and the way to its gateway is closed.
    pub(super) fn behind_door(kind: Kind, customers: u64) -> (Self, Door) {
        let mut fleet = Self::without_ledger(kind, customers);
        let door = Door::closed(fleet.shop.sandbox.address());
        // Nothing but messages goes through it.
        fleet.add_to_project("witness: off\n");
        fleet.set("SENDFORM_BASE_URL", &door.url());
        fleet.machine(0).run(["ledger", "init"]).code(0);
        (fleet, door)
    }

    /// Adds a line to the project file of all machines.
    pub(super) fn add_to_project(&self, line: &str) {
        for machine in std::iter::once(&self.shop.project).chain(&self.others) {
            let project = machine.read("sendform.yaml");
            machine.write("sendform.yaml", format!("{project}{line}"));
        }
    }

    fn without_ledger(kind: Kind, customers: u64) -> Self {
        let (shop, ground) = (Shop::without_ledger(customers), Ground::new(kind));
        let project = shop.project.read("sendform.yaml") + kind.state();
        shop.project.write("sendform.yaml", &project);
        ground.equip(shop.project.folder());
        let others = if kind.is_shared() { 2 } else { 0 };
        let others = (0..others).map(|_| {
            let other = Project::empty()
                .file("sendform.yaml", &project)
                .file("sale.yaml", shop.project.read("sale.yaml"))
                .file("customers.csv", shop.project.read("customers.csv"))
                .env("SENDFORM_BASE_URL", shop.sandbox.url());
            ground.equip(other.folder());
            other
        });
        let mut fleet = Self { others: others.collect(), shop, ground };
        if let Some(url) = fleet.ground.database().map(str::to_owned) {
            fleet.set("SENDFORM_DATABASE_URL", &url);
        }
        fleet
    }

    /// Writes the audience on one machine.
    pub(super) fn customers(&self, machine: usize, numbers: impl IntoIterator<Item = u64>) {
        let rows = numbers.into_iter().map(|number| format!("{},Ana {number}\n", customer(number)));
        self.machine(machine).write("customers.csv", format!("id,name\n{}", rows.collect::<String>()));
    }

    /// The store.
    pub(super) fn kind(&self) -> Kind {
        self.ground.kind()
    }

    /// Asks the gateway for faults.
    pub(super) fn faults(self, faults: &[&str]) -> Self {
        self.shop.sandbox.faults(faults);
        self
    }

    /// The bare repository, where the ledger is on a branch.
    pub(super) fn remote(&self) -> PathBuf {
        self.ground.remote()
    }

    /// The shop, on its first machine.
    pub(super) fn shop(&self) -> &Shop {
        &self.shop
    }

    /// One of its machines.
    pub(super) fn machine(&self, number: usize) -> &Project {
        let other = number.checked_sub(1).and_then(|other| self.others.get(other));
        other.unwrap_or(&self.shop.project)
    }

    /// Sets a variable on all machines.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.shop.project.set(name, value);
        for other in &mut self.others {
            other.set(name, value);
        }
    }

    /// Starts an apply on a machine.
    pub(super) fn start(&self, machine: usize, more: &[&str]) -> Process {
        self.machine(machine).start([&APPLY[..], more].concat())
    }

    /// Runs an apply on a machine.
    pub(super) fn apply(&self, machine: usize) -> Run {
        self.machine(machine).finish(self.start(machine, &[]))
    }

    /// Starts an apply on a machine that has planned, and claims nothing until the barrier opens.
    pub(super) fn start_held(&self, machine: usize, more: &[&str]) -> (Process, Barrier) {
        let barrier = Barrier::new(self.machine(machine));
        let held = barrier.arguments();
        let arguments = [more, &held.each_ref().map(String::as_str)].concat();
        let mut run = self.start(machine, &arguments);
        barrier.wait(&mut run);
        (run, barrier)
    }

    /// Takes the store away from a run at work.
    pub(super) fn break_store(&self) {
        match self.kind() {
            Kind::Lockfile => {
                let guard = Paths::of_project(self.shop.project.folder()).guard;
                fs::remove_file(guard).expect("the lock's file is there");
            }
            Kind::Git => {
                let remote = self.ground.remote();
                fs::rename(&remote, remote.with_extension("away")).expect("a folder can be renamed");
            }
            Kind::Postgres => {
                self.let_connect(false);
                let hang_up = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname =";
                Cluster::shared().sql("postgres", &format!("{hang_up} '{}'", self.database()));
            }
        }
    }

    /// Brings it back.
    pub(super) fn mend_store(&self) {
        match self.kind() {
            // The next run makes another file for its lock.
            Kind::Lockfile => {}
            Kind::Git => {
                let remote = self.ground.remote();
                fs::rename(remote.with_extension("away"), &remote).expect("a folder can be renamed");
            }
            Kind::Postgres => self.let_connect(true),
        }
    }

    /// Waits until the run on the first machine has seen a stop that was given meanwhile: only a branch is asked
    /// for every few seconds.
    pub(super) fn wait_for_a_look(&self, run: &mut Process) {
        if self.kind() != Kind::Git {
            return;
        }
        let seen = "refs/sendform/seen/origin/sendform-ledger-stops";
        let has_seen = || {
            let mut asked = Command::new("git");
            asked.args(["rev-parse", "--verify", "--quiet", seen]).current_dir(self.machine(0).folder());
            asked.output().expect("git can be run").status.success()
        };
        while !has_seen() {
            assert!(run.is_running(), "it asks while a request is held");
        }
    }

    /// Spoils what holds the stops, once there was one.
    pub(super) fn spoil_stops(&self) {
        match self.kind() {
            Kind::Lockfile => {
                let folder = self.shop.project.folder();
                fs::write(folder.join("sendform.stops"), "<<<<<<< ours\n").expect("the file can be written");
            }
            Kind::Git => {
                let commit = "echo '<<<<<<< ours' | git hash-object -w --stdin | xargs printf '100644 blob %s\\tstops.jsonl\\n' \
                    | git mktree | xargs git -c user.name=ann -c user.email=ann@localhost commit-tree -m spoiled \
                    | xargs git update-ref refs/heads/sendform-ledger-stops";
                let status = Command::new("sh").args(["-c", commit]).current_dir(self.ground.remote()).status();
                assert!(status.is_ok_and(|status| status.success()), "a branch can be spoiled");
            }
            Kind::Postgres => {
                Cluster::shared().sql(self.database(), "UPDATE sendform.stops SET line = 'no stop'");
            }
        }
    }

    /// Has the server let programs into the database, or nobody.
    fn let_connect(&self, is_let: bool) {
        let statement = format!("ALTER DATABASE {} ALLOW_CONNECTIONS {is_let}", self.database());
        Cluster::shared().sql("postgres", &statement);
    }

    /// The name of the database.
    fn database(&self) -> &str {
        let name = self.ground.database().and_then(|url| url.strip_prefix("postgres:///")?.split('?').next());
        name.expect("it has a database")
    }

    /// How many people stand where, as `plan` counts them on a machine.
    pub(super) fn gates(&self, machine: usize) -> Gates {
        let plan = self.machine(machine).run(["plan", "--format", "json"]).json();
        let gates = &plan["messages"][0]["gates"];
        let count = |name: &str| gates[name].as_u64().unwrap_or_else(|| panic!("{name}: {plan:#}"));
        let people = plan["messages"][0]["rows"].as_u64().expect("rows are counted");
        let gates = Gates {
            sent: count("alreadySent"),
            in_doubt: count("inDoubt"),
            in_flight: count("inFlight"),
            to_send: count("toSend"),
        };
        let Gates { sent, in_doubt, in_flight, to_send } = gates;
        assert_eq!(sent + in_doubt + in_flight + to_send, people, "everybody is somewhere: {plan:#}");
        gates
    }

    /// Settles everything that is in doubt by a person's word, who looks into the gateway's books;
    /// then applies until nothing is left, and makes sure that everybody has it once.
    pub(super) fn settle(&self, machine: usize, customers: usize) {
        let got = self.shop.accepted();
        assert!(got.iter().all(|count| *count <= 1), "somebody was sent to twice: {got:?}");
        let project = self.machine(machine);
        let status = project.run(["status", "--format", "json"]).json();
        for doubt in status["doubts"].as_array().expect("doubts are a list") {
            let bulk = doubt["bulkId"].as_str().expect("a bulk has an id");
            let word = if self.has(bulk) { "--sent" } else { "--not-sent" };
            project.run(["resolve", bulk, word, "--reason", "seen in the books"]).code(0);
        }
        self.apply(machine).code(0);
        assert_eq!(self.shop.accepted(), vec![1; customers]);
        let gates = self.gates(machine);
        assert_eq!(gates, Gates { sent: customers as u64, ..Gates::default() });
    }

    /// Whether the gateway has messages of a bulk.
    fn has(&self, bulk: &str) -> bool {
        let books = self.shop.sandbox.messages();
        let messages = books["messages"].as_array().expect("messages are a list").clone();
        messages.iter().any(|message: &Value| message["bulkId"] == bulk)
    }
}

/// How many people stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Gates {
    pub(super) sent: u64,
    pub(super) in_doubt: u64,
    pub(super) in_flight: u64,
    pub(super) to_send: u64,
}
