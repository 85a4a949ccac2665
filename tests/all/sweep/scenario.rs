//! What a run finds, and what it is asked to do, when one of its calls is struck.

use std::fs::OpenOptions;
use std::io::Write as _;

use super::bench::Bench;
use crate::support::{Project, campaign};

/// The project file: bulks of two.
const PROJECT: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nbulkSize: 2\n";

/// How many people a case has: two bulks.
pub(super) const PEOPLE: u64 = 4;

/// The apply of all scenarios.
pub(super) const APPLY: [&str; 4] = ["apply", "--auto-approve", "--parallel", "1"];

/// A scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scenario {
    /// An apply sends two bulks.
    Apply,
    /// An apply finds a torn line at the end of its ledger, a bulk in doubt, and one to send.
    Torn,
    /// A person's word settles a bulk in doubt.
    Resolve,
    /// The ledger is made.
    Init,
}

impl Scenario {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Apply, Self::Torn, Self::Resolve, Self::Init];

    /// Its name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Apply => "apply of two bulks",
            Self::Torn => "apply after a crash",
            Self::Resolve => "resolve",
            Self::Init => "ledger init",
        }
    }

    /// Prepares a project with people of its own, and says what is run in it.
    pub(super) fn prepare(self, bench: &Bench, people: impl IntoIterator<Item = String>) -> (Project, Vec<String>) {
        let project = Project::empty().file("sendform.yaml", PROJECT).env("SENDFORM_BASE_URL", bench.url());
        // One thread beside the main one: what happens is nearly the same each time.
        let project = project.env("TOKIO_WORKER_THREADS", "1");
        project.write("sale.yaml", campaign("sale", "Hello from the shop!", 1));
        let rows: String = people.into_iter().map(|to| format!("{to},Ana\n")).collect();
        project.write("customers.csv", format!("id,name\n{rows}"));
        let arguments = match self {
            Self::Init => vec!["ledger".to_owned(), "init".to_owned()],
            Self::Apply => {
                project.run(["ledger", "init"]).code(0);
                APPLY.map(str::to_owned).to_vec()
            }
            Self::Torn => {
                crash(bench, &project);
                let lockfile = OpenOptions::new().append(true).open(project.path("sendform.lock"));
                lockfile.and_then(|mut file| file.write_all(b"{\"claim\":\"sale.hello.r1.00")).expect("it can be torn");
                APPLY.map(str::to_owned).to_vec()
            }
            Self::Resolve => {
                crash(bench, &project);
                let bulk = doubt(&project).expect("there is a doubt");
                ["resolve", &bulk, "--sent", "--reason", "seen in the books"].map(str::to_owned).to_vec()
            }
        };
        (project, arguments)
    }
}

/// Leaves a ledger whose first bulk is in doubt, and was accepted.
fn crash(bench: &Bench, project: &Project) {
    project.run(["ledger", "init"]).code(0);
    bench.gateway().faults(&["hold-after"]);
    let run = project.start(APPLY);
    bench.gateway().wait_held(1);
    run.kill();
    bench.gateway().release();
    bench.gateway().faults(&[]);
}

/// The first bulk that is in doubt.
pub(super) fn doubt(project: &Project) -> Option<String> {
    let status = project.run(["status", "--format", "json"]).json();
    Some(status["doubts"].as_array()?.first()?["bulkId"].as_str()?.to_owned())
}
