//! Edits of identity between a review and its apply: new ids, senders and revisions.

use insta::assert_snapshot;

use super::{apply, freeze, nothing_is_sent};
use crate::support::{Shop, campaign};

#[test]
fn a_renamed_message_is_not_what_was_planned() {
    let shop = Shop::new(3);
    freeze(&shop, &[]);
    shop.project.write("sale.yaml", campaign("sales", "Hello from the shop!", 1));
    assert_snapshot!(nothing_is_sent(&shop, &[], 5), @"
    exit code: 5
    sends nothing but the plan of 2026-11-30 12:00 UTC
    ! the plan has `sale.hello` for 3 people, and the files lack it

    sales.hello r1  shop to customers
        3 not in the plan
        3 rows in customers.csv (CSV with `,`, UTF-8)

    nothing can be sent: this is not what the plan has
    ----- stderr
    error: the files do not match the plan any more, so nothing was sent
      hint: plan anew, and review it: `sendform plan --out FILE`
    ");
}

#[test]
fn a_campaign_that_was_sent_in_part_is_not_renamed_under_a_plan() {
    let shop = Shop::new(2);
    shop.apply().code(0);
    shop.customers(1..=3);
    freeze(&shop, &[]);
    shop.project.write("sale.yaml", campaign("sales", "Hello from the shop!", 1));
    // The ledger knows the old name, so the files are wrong already.
    let run = nothing_is_sent(&shop, &[], 3);
    assert!(run.stderr.contains("the ledger has `sale.hello`, which was sent, and the files lack it"), "{run}");
    // Retired, it is gone on purpose; but somebody is still waiting for it in the plan.
    let project = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", format!("{project}retired: [sale]\n"));
    let run = nothing_is_sent(&shop, &[], 5);
    assert!(run.stdout.contains("! the plan has `sale.hello` for 1 person, and the files lack it"), "{run}");
    // A plan made now has the new name for everybody, which the review shows.
    assert_eq!(freeze(&shop, &["--format", "json"]).json()["toSend"], 3);
    apply(&shop, &[]).code(0);
    assert_eq!(shop.accepted(), [2, 2, 1]);
}

#[test]
fn a_plan_that_was_used_up_may_be_renamed_away() {
    let shop = Shop::new(2);
    freeze(&shop, &[]);
    apply(&shop, &[]).code(0);
    let project = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", format!("{project}retired: [sale]\n"));
    shop.project.write("sale.yaml", campaign("sales", "Hello from the shop!", 1));
    nothing_is_sent(&shop, &[], 0);
}

#[test]
fn another_sender_is_not_what_was_planned() {
    let shop = Shop::new(2);
    freeze(&shop, &[]);
    let project = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", project.replace("SHOP-ACCOUNT", "OTHER-ACCOUNT"));
    assert_snapshot!(nothing_is_sent(&shop, &[], 5), @"
    exit code: 5
    sends nothing but the plan of 2026-11-30 12:00 UTC

    sale.hello r1  shop to customers
        2 not in the plan
        2 rows in customers.csv (CSV with `,`, UTF-8)
      ! this is not what the plan has:
          sender: SHOP-ACCOUNT in the plan, OTHER-ACCOUNT now

    nothing can be sent: this is not what the plan has
    ----- stderr
    error: the files do not match the plan any more, so nothing was sent
      hint: plan anew, and review it: `sendform plan --out FILE`
    ");
}

#[test]
fn an_overlap_is_accepted_in_the_plan_and_holds_for_it() {
    let shop = Shop::new(2).faults(&["500-after"]);
    shop.apply().code(6);
    // The doubt stays: nobody reads the logs.
    shop.sandbox.faults(&["logs:401*"]);
    shop.campaign("Hello again!", 2);
    // The doubt's own code is weaker than the limit's.
    shop.run(&["plan", "--out", "sale.plan"]).code(4);
    nothing_is_sent(&shop, &[], 4);
    shop.run(&["plan", "--out", "sale.plan", "--accept", "overlap=1"]).code(4);
    nothing_is_sent(&shop, &[], 4);
    shop.run(&["plan", "--out", "sale.plan", "--accept", "overlap=2"]).code(6);
    nothing_is_sent(&shop, &["--accept", "overlap=3"], 64);
    apply(&shop, &[]).code(6);
    assert_eq!(shop.accepted(), [2, 2]);
    nothing_is_sent(&shop, &[], 6);
}

#[test]
fn a_revision_raised_since_is_not_what_was_planned() {
    let shop = Shop::new(2);
    freeze(&shop, &[]);
    shop.campaign("Hello from the shop!", 2);
    let run = nothing_is_sent(&shop, &[], 5);
    assert!(run.stdout.contains("      revision: 1 in the plan, 2 now\n"), "{run}");
}
