//! One doubt, settled by two runs at once: one proves that nothing was sent, and sends again; the other
//! began to ask before that, and finds what was sent since.

use crate::support::{Cluster, NOW, Origin, Project, Sandbox, campaign, customer};

const APPLY: [&str; 4] = ["apply", "--auto-approve", "--parallel", "1"];

fn project(state: &str, sandbox: &Sandbox) -> Project {
    let file = format!("project: acme-shop\nsenders: {{ shop: SHOP-ACCOUNT }}\nbulkSize: 2\nstate: {state}\n");
    let rows = (1..=4).map(|number| format!("{},Ana {number}\n", customer(number)));
    Project::empty()
        .file("sendform.yaml", file)
        .campaign("sale", &campaign("sale", "Hello!", 1))
        .file("customers.csv", format!("id,name\n{}", rows.collect::<String>()))
        .env("SENDFORM_BASE_URL", sandbox.url())
}

/// Has the second project settle what the first has settled, and sent again, since it asked.
fn both_settle(sandbox: &Sandbox, first: &Project, second: &Project) {
    sandbox.faults(&["500-before@1"]);
    first.run(APPLY).code(6);
    assert_eq!(sandbox.accepted(), [0, 0, 1, 1]);
    sandbox.faults(&["logs:hold-before@1"]);
    let late = second.start(["reconcile"]);
    sandbox.wait_held(1);
    let run = first.run(APPLY).code(0);
    assert!(run.stderr.contains("doubts settled from the gateway's logs: 2 people not sent"), "{run}");
    assert_eq!(sandbox.accepted(), [1; 4]);
    sandbox.release();
    // It may have nothing to settle any more.
    second.finish(late).code(0);
    first.run(["ledger", "verify"]).code(0);
    let run = first.run(APPLY).code(0);
    assert!(run.stdout.contains("4 already sent"), "{run}");
    assert_eq!(sandbox.accepted(), [1; 4]);
}

#[test]
fn over_a_database() {
    let (cluster, sandbox) = (Cluster::shared(), Sandbox::start([]));
    let database = cluster.database();
    let both = [(); 2].map(|()| project("{ in: postgres }", &sandbox).env("SENDFORM_DATABASE_URL", database.clone()));
    both[0].run(["ledger", "init"]).code(0);
    both_settle(&sandbox, &both[0], &both[1]);
}

#[test]
fn over_a_branch() {
    let sandbox = Sandbox::start([]);
    let first = project("{ in: git }", &sandbox);
    let origin = Origin::of(&first);
    first.run(["ledger", "init"]).code(0);
    let second = origin.runner().env("SENDFORM_BASE_URL", sandbox.url()).env("SENDFORM_NOW", NOW);
    both_settle(&sandbox, &first, &second);
}
