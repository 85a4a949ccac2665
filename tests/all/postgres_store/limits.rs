//! Workers that share a plan, a gateway that rejects everybody, and people who opt out meanwhile.

use super::shop::{Shop, accepted_in};
use crate::support::{Cluster, Process, Run, customer};

const PROJECT: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nbulkSize: 2\nstate: { in: postgres }\n";

fn shop(customers: u64, besides: &str) -> Shop {
    let shop = Shop::new(customers, 2, Cluster::shared().database());
    shop.project.write("sendform.yaml", format!("{PROJECT}{besides}"));
    shop
}

#[test]
fn rejections_end_a_message_for_all_workers() {
    let shop = shop(400, "stopAfter: { of: 2 }\n").faults(&["slow=50ms*", "reject-share=1"]);
    let workers: Vec<Process> = (0..3).map(|_| shop.start()).collect();
    let runs: Vec<Run> = workers.into_iter().map(|worker| shop.project.finish(worker)).collect();
    assert!(shop.requests() <= 3, "one request a worker: {}", shop.requests());
    for run in runs {
        // Whoever comes when it is over is told so before anything is sent.
        assert!(matches!(run.code, Some(4 | 7)), "{run}");
        assert!(run.stdout.contains("more than the 10% of `stopAfter`"), "{run}");
    }
}

#[test]
fn a_bulk_of_which_everybody_opts_out_keeps_no_worker_waiting() {
    let list = "suppress: [ { csv: opt-outs.csv, columns: { to: id }, mayBeEmpty: true } ]\n";
    let shop = shop(8, list).faults(&["hold-after"]);
    shop.project.write("opt-outs.csv", "id\n");
    let first = shop.start();
    shop.sandbox.wait_held(1);
    let out: String = [3, 4, 6].map(|number| format!("{}\n", customer(number))).concat();
    shop.project.write("opt-outs.csv", format!("id\n{out}"));
    shop.sandbox.release();
    let run = shop.project.finish(first).code(0);
    assert_eq!(accepted_in(&run), 5, "{run}");
    assert!(run.stdout.contains("suppressed"), "{run}");
    assert_eq!(shop.accepted(), [1, 1, 0, 0, 1, 0, 1, 1]);
    let open = Cluster::shared().sql(&shop.url, "SELECT count(*) FROM sendform.bulks WHERE NOT done");
    assert_eq!(open, "0", "nobody waits for a bulk that is nobody's");
}
