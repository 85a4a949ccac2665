//! What a run finds, and what it is asked to do, when one of its calls is struck.

use std::fs::OpenOptions;
use std::io::Write as _;

use crate::support::{Origin, Project, campaign};

use super::bench::Bench;
use super::place::Place;

/// The project file: bulks of two.
const PROJECT: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nbulkSize: 2\n";

/// The project file of a ledger on a branch.
const ON_BRANCH: &str =
    "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nbulkSize: 2\nstate: { in: git, bulksAhead: 1 }\n";

/// When nothing of a run at [`NOW`](crate::support::NOW) can be on its way any more.
pub(super) const LATER: &str = "2026-11-30T12:13:00Z";

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
    /// An apply sends two bulks with its ledger on a branch, and the next one has a clone of its own:
    /// the machine of the first is lost.
    Lost,
    /// The same, and the next one finds what the first has left in its clone.
    Left,
}

impl Scenario {
    /// All of them.
    pub(super) const ALL: [Self; 6] = [Self::Apply, Self::Torn, Self::Resolve, Self::Init, Self::Lost, Self::Left];

    /// Whether the ledger is on a branch, and not a file.
    pub(super) const fn is_on_branch(self) -> bool {
        matches!(self, Self::Lost | Self::Left)
    }

    /// Its name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Apply => "apply of two bulks",
            Self::Torn => "apply after a crash",
            Self::Resolve => "resolve",
            Self::Init => "ledger init",
            Self::Lost => "apply of two bulks, ledger in git; goes on in a fresh clone",
            Self::Left => "apply of two bulks, ledger in git; goes on in the same clone",
        }
    }

    /// Prepares a project with people of its own, and what is run in it.
    pub(super) fn prepare(self, bench: &mut Bench, people: impl IntoIterator<Item = String>) -> Place {
        let rows: String = people.into_iter().map(|to| format!("{to},Ana\n")).collect();
        let rows = format!("id,name\n{rows}");
        let apply = APPLY.map(str::to_owned).to_vec();
        if self.is_on_branch() {
            return Place::of_clone(self, bench.origin().copy(), bench.url(), &rows, apply);
        }
        let project = project(PROJECT, bench, &rows);
        let arguments = match self {
            Self::Init => vec!["ledger".to_owned(), "init".to_owned()],
            Self::Torn => {
                crash(bench, &project);
                let lockfile = OpenOptions::new().append(true).open(project.path("sendform.lock"));
                lockfile.and_then(|mut file| file.write_all(b"{\"claim\":\"sale.hello.r1.00")).expect("it can be torn");
                apply
            }
            Self::Resolve => {
                crash(bench, &project);
                let bulk = doubt(&project).expect("there is a doubt");
                ["resolve", &bulk, "--sent", "--reason", "seen in the books"].map(str::to_owned).to_vec()
            }
            Self::Apply | Self::Lost | Self::Left => {
                project.run(["ledger", "init"]).code(0);
                apply
            }
        };
        Place::of_file(self, project, arguments)
    }
}

fn project(yaml: &str, bench: &Bench, rows: &str) -> Project {
    let project = Project::empty().file("sendform.yaml", yaml).env("SENDFORM_BASE_URL", bench.url());
    // One thread beside the main one: what happens is nearly the same each time.
    let project = project.env("TOKIO_WORKER_THREADS", "1");
    project.write("sale.yaml", campaign("sale", "Hello from the shop!", 1));
    project.file("customers.csv", rows)
}

/// A remote with an empty ledger on a branch.
pub(super) fn origin(bench: &Bench) -> Origin {
    let project = project(ON_BRANCH, bench, "id,name\n");
    let origin = Origin::of(&project);
    project.run(["ledger", "init"]).code(0);
    origin
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
