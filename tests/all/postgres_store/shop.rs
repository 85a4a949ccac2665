//! A shop whose ledger is in a database.

use crate::support::{Cluster, Process, Project, Run, Sandbox, campaign, customer};

/// After everything that was claimed at noon is in flight no more.
pub(super) const LATER: &str = "2026-11-30T12:10:00Z";

/// A shop whose ledger is in a database. Its campaign's message goes to all customers.
pub(super) struct Shop {
    pub(super) project: Project,
    pub(super) sandbox: Sandbox,
    pub(super) url: String,
}

impl Shop {
    /// A shop with so many customers, so many of them in a bulk.
    pub(super) fn new(customers: u64, bulk_size: u32, url: String) -> Self {
        let shop = Self::without_ledger(customers, bulk_size, url);
        shop.project.run(["ledger", "init"]).code(0);
        shop
    }

    /// A shop whose ledger was not made yet.
    pub(super) fn without_ledger(customers: u64, bulk_size: u32, url: String) -> Self {
        let sandbox = Sandbox::start([]);
        let project = project(customers, bulk_size)
            .env("SENDFORM_BASE_URL", sandbox.url())
            .env("SENDFORM_DATABASE_URL", url.clone());
        Self { project, sandbox, url }
    }

    /// Asks the gateway for faults.
    pub(super) fn faults(self, faults: &[&str]) -> Self {
        self.sandbox.faults(faults);
        self
    }

    /// Starts an apply that sends one request after the other.
    pub(super) fn start(&self) -> Process {
        self.project.start(["apply", "--auto-approve", "--parallel", "1"])
    }

    /// Applies without being asked.
    pub(super) fn apply(&self) -> Run {
        self.project.run(["apply", "--auto-approve"])
    }

    /// Lets so much time pass that what a run had taken of the shared plan, and did not claim, is anybody's.
    pub(super) fn let_leases_end(&self) {
        let later = "UPDATE sendform.bulks SET taken_at = taken_at - interval '20 s' WHERE NOT done";
        Cluster::shared().sql(&self.url, later);
    }

    /// As [`Sandbox::accepted`].
    pub(super) fn accepted(&self) -> Vec<u64> {
        self.sandbox.accepted()
    }

    /// As [`Sandbox::requests`].
    pub(super) fn requests(&self) -> u64 {
        self.sandbox.requests()
    }

    /// A clone of the project on another machine, whose campaign has this text.
    pub(super) fn clone_with_text(&self, customers: u64, bulk_size: u32, text: &str) -> Project {
        project(customers, bulk_size)
            .campaign("sale", &campaign("sale", text, 1))
            .env("SENDFORM_BASE_URL", self.sandbox.url())
            .env("SENDFORM_DATABASE_URL", self.url.clone())
    }
}

fn project(customers: u64, bulk_size: u32) -> Project {
    let rows = (1..=customers).map(|number| format!("{}\n", customer(number)));
    let file = format!(
        "project: acme-shop\nsenders: {{ shop: SHOP-ACCOUNT }}\nbulkSize: {bulk_size}\nstate: {{ in: postgres }}\n"
    );
    Project::empty()
        .file("sendform.yaml", file)
        .file("customers.csv", format!("id\n{}", rows.collect::<String>()))
        .campaign("sale", &campaign("sale", "Hello from the shop!", 1))
}

/// How many people a run's table has as accepted.
#[track_caller]
pub(super) fn accepted_in(run: &Run) -> u64 {
    let rows = run.stdout.lines().filter(|line| line.starts_with("sale.hello r1"));
    let mut numbers = rows.filter_map(|row| row.split_whitespace().nth(2)?.replace(',', "").parse().ok());
    numbers.next_back().unwrap_or_else(|| panic!("no table:\n{run}"))
}
