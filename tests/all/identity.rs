//! Who gets a message again, and who does not: audiences, texts, files and ids that change after
//! they were sent.

use std::fs;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{KEY, Project, Run, Shop, campaign};

/// A shop that has sent its message to three customers.
fn sent() -> Shop {
    let shop = Shop::new(3);
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 3]);
    shop
}

/// Applies, and makes sure that no request is made.
#[track_caller]
fn nothing_is_sent(shop: &Shop, arguments: &[&str], code: i32) -> Run {
    shop.sends_nothing(&[["apply"].as_slice(), arguments].concat(), code)
}

#[test]
fn a_new_row_is_one_message() {
    let shop = sent();
    shop.customers([4, 2, 3, 1]);
    assert_snapshot!(shop.apply(), @"
    exit code: 0
    sale.hello r1  shop to customers
      + 1 to send at once, 1 bulk
        3 already sent
        4 rows in customers.csv (CSV with `,`, UTF-8)

    1 message to send in 1 bulk

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         1         0        0         0              0
    ");
    assert_eq!(shop.accepted(), [1; 4]);
}

#[test]
fn a_changed_text_is_shown_and_sent_to_nobody_who_has_the_old_one() {
    let shop = sent();
    shop.campaign("Hello, with a better text!", 1);
    assert_snapshot!(nothing_is_sent(&shop, &["--auto-approve"], 0), @"
    exit code: 0
    sale.hello r1  shop to customers
        3 already sent
        3 rows in customers.csv (CSV with `,`, UTF-8)
      * the text changed since it was sent; 3 people keep the old one
          │ - Hello from the shop!
          │ + Hello, with a better text!
          raise `revision` to send the new text to everybody

    nothing to send
    ");
}

#[test]
fn the_order_of_rows_the_cut_and_names_of_files_mean_nothing() {
    let shop = sent();
    shop.customers([3, 1, 2]);
    nothing_is_sent(&shop, &["--auto-approve"], 0);
    let project = shop.project.read("sendform.yaml").replace("bulkSize: 2", "bulkSize: 3");
    shop.project.write("sendform.yaml", project);
    nothing_is_sent(&shop, &["--auto-approve"], 0);
    fs::rename(shop.project.path("sale.yaml"), shop.project.path("renamed.yaml")).unwrap();
    nothing_is_sent(&shop, &["--auto-approve"], 0);
}

#[test]
fn a_new_key_beside_the_old_one_forgets_nobody() {
    let mut shop = sent();
    let new = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    fs::remove_file(shop.project.path("sendform.lock")).unwrap();
    shop.project.set("SENDFORM_KEY", new);
    shop.run(&["ledger", "init"]).code(8);
    shop.project.set("SENDFORM_KEY", format!("{new},{KEY}"));
    shop.run(&["ledger", "init"]).code(0);
    nothing_is_sent(&shop, &["--auto-approve"], 0);
    shop.customers(1..=4);
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 4]);
    for keys in [new.to_owned(), KEY.to_owned(), format!("{KEY},{new}")] {
        shop.project.set("SENDFORM_KEY", keys);
        nothing_is_sent(&shop, &["--auto-approve"], 8);
    }
    shop.project.set("SENDFORM_KEY", format!("{new},{KEY}"));
    shop.customers(1..=5);
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 5]);
}

#[test]
fn a_raised_revision_is_sent_to_all() {
    let shop = sent();
    shop.campaign("Hello again!", 2);
    assert_snapshot!(shop.apply(), @"
    exit code: 0
    sale.hello r2  shop to customers
      + 3 to send at once, 2 bulks
        3 rows in customers.csv (CSV with `,`, UTF-8)
      * new revision: the text differs from r1, which 3 people have
          │ - Hello from the shop!
          │ + Hello again!
        text (12 characters)
          │ Hello again!

    3 messages to send in 2 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r2         3         0        0         0              0
    ");
    let books = shop.sandbox.messages();
    let count = |part: &str| {
        let messages = books["messages"].as_array().unwrap();
        messages.iter().filter(|message| message["messageId"].as_str().unwrap().contains(part)).count()
    };
    assert_eq!((count("sale.hello.r1."), count("sale.hello.r2.")), (3, 3));
    nothing_is_sent(&shop, &["--auto-approve"], 0);
}

#[test]
fn a_new_revision_is_held_against_what_people_have_of_the_last_one() {
    let mut shop = sent();
    shop.campaign("Hello from the shop!", 2);
    shop.customers(1..=4);
    assert_snapshot!(shop.run(&["plan"]), @"
    exit code: 0
    sale.hello r2  shop to customers
      + 4 to send at once, 2 bulks
        4 rows in customers.csv (CSV with `,`, UTF-8)

    4 messages to send in 2 bulks
    ----- stderr
    warning[same-text]: 3 of 4 people of `sale.hello` got the same text from its revision 1
     --> sale.yaml:5:9
      |
    5 |   - id: hello
      |         ^^^^^
      |
      = help: if nobody should get it again, write `revision: 1`, or another text

    1 warning
    ");
    let texts = |run: Run| run.json()["messages"][0]["newRevision"].clone();
    let json = texts(shop.run(&["plan", "--format", "json"]));
    assert_eq!(json, json!({ "before": 1, "texts": [{ "people": 3, "textBefore": null }] }));
    // Without the key nobody can say who gets it again, but that the text is the same.
    shop.project.unset("SENDFORM_KEY");
    assert_snapshot!(shop.run(&["plan"]), @"
    exit code: 0
    ! the key is missing: who has a message already cannot be told

    sale.hello r2  shop to customers
      + 4 to send at once, 2 bulks
      * the ledger has r1: last sent 2026-11-30 12:00 UTC; 3 accepted
        4 rows in customers.csv (CSV with `,`, UTF-8)
      * new revision with the same text as r1: whoever has that gets it again

    4 messages to send in 2 bulks
    ----- stderr
    ! not authenticated: no key is set, so that nobody notices a line that somebody else has written; set SENDFORM_KEY or SENDFORM_KEY_FILE to have all lines checked
    ");
    shop.campaign("Hello!", 2);
    assert_snapshot!(shop.run(&["plan"]), @"
    exit code: 0
    ! the key is missing: who has a message already cannot be told

    sale.hello r2  shop to customers
      + 4 to send at once, 2 bulks
      * the ledger has r1: last sent 2026-11-30 12:00 UTC; 3 accepted
        4 rows in customers.csv (CSV with `,`, UTF-8)
      * new revision: the text differs from r1
          │ - Hello from the shop!
          │ + Hello!
        text (6 characters)
          │ Hello!

    4 messages to send in 2 bulks
    ----- stderr
    ! not authenticated: no key is set, so that nobody notices a line that somebody else has written; set SENDFORM_KEY or SENDFORM_KEY_FILE to have all lines checked
    ");
    shop.project.set("SENDFORM_KEY", KEY);
    // Those who got it after it was edited have another text than those before.
    shop.campaign("Hi there!", 1);
    shop.apply().code(0);
    shop.campaign("Hello!", 2);
    assert_snapshot!(shop.run(&["plan"]), @"
    exit code: 0
    sale.hello r2  shop to customers
      + 4 to send at once, 2 bulks
        4 rows in customers.csv (CSV with `,`, UTF-8)
      * new revision: the text differs from r1, which 1 person has
          │ - Hi there!
          │ + Hello!
          3 people have a text of r1 from before it was edited
        text (6 characters)
          │ Hello!

    4 messages to send in 2 bulks
    ");
    let json = texts(shop.run(&["plan", "--format", "json"]));
    assert_eq!(
        json,
        json!({ "before": 1, "texts": [
        { "people": 1, "textBefore": "Hi there!" },
        { "people": 3, "textBefore": "Hello from the shop!" },
    ] })
    );
    // Once somebody has it there is nothing new.
    shop.apply().code(0);
    assert_eq!(texts(shop.run(&["plan", "--format", "json"])), json!(null));
}

#[test]
fn a_revision_over_a_doubt_is_refused_until_somebody_accepts_the_number() {
    let shop = Shop::new(2).faults(&["500-after"]);
    shop.apply().code(6);
    // Otherwise the logs would settle the doubt.
    shop.sandbox.faults(&["logs:401*"]);
    shop.campaign("Hello again!", 2);
    assert_snapshot!(nothing_is_sent(&shop, &["--auto-approve"], 4), @r#"
    exit code: 4
    ! in doubt: 2 people in 1 bulk; nobody knows whether they got their message, and nothing is sent to them again
      sale.hello.r1.616c1c5802824f8b  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the gateway answered 500
      settle them from the gateway's logs: sendform reconcile
      or decide it yourself, for good:
        they have it: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"
        they do not have it, and are sent to again: sendform resolve sale.hello.r1.616c1c5802824f8b --not-sent --reason "…"
        nobody knows, and they are given up: sendform resolve sale.hello.r1.616c1c5802824f8b --abandon --reason "…"

    sale.hello r2  shop to customers
      + 2 to send at once, 1 bulk
        2 rows in customers.csv (CSV with `,`, UTF-8)
      * new revision: the text differs from r1
          │ - Hello from the shop!
          │ + Hello again!
        text (12 characters)
          │ Hello again!

    ! sale.hello: an older revision still has 2 people in doubt or scheduled
      to go on all the same: --accept overlap=2

    2 messages to send in 1 bulk, but not while a limit refuses, 2 people in doubt
    next, if that is meant: sendform apply --accept overlap=2
    ----- stderr
    ! doubts could not be looked up in the gateway's logs: the gateway refused the credentials (401)
    "#);
    nothing_is_sent(&shop, &["--auto-approve", "--accept", "overlap=1"], 4);
    shop.run(&["apply", "--auto-approve", "--accept", "overlap=2"]).code(6);
    assert_eq!(shop.accepted(), [2, 2]);
}

#[test]
fn a_renamed_campaign_is_refused() {
    let shop = sent();
    shop.project.write("sale.yaml", campaign("sales", "Hello from the shop!", 1));
    assert_snapshot!(nothing_is_sent(&shop, &["--auto-approve"], 3), @"
    exit code: 3
    sales.hello r1  shop to customers
      + 3 to send at once, 2 bulks
        3 rows in customers.csv (CSV with `,`, UTF-8)

    nothing can be sent: the files have errors
      message-gone  sendform.yaml
    next, once the files are mended: sendform plan
    ----- stderr
    error[message-gone]: the ledger has `sale.hello`, which was sent, and the files lack it
    --> sendform.yaml
     = help: `sales.hello` plans 3 of the same people: if it was renamed, give it back its old id, else they get it again; put it back, or write `retired: [sale]` into the project file

    1 error
    ");
}

#[test]
fn one_id_in_two_files_is_refused() {
    let shop = sent();
    shop.project.write("copy.yaml", campaign("sale", "Hello from the shop!", 1));
    assert_snapshot!(nothing_is_sent(&shop, &["--auto-approve"], 3), @"
    exit code: 3
    2 messages have nothing to do: 6 already sent, 6 rows (`--all` lists them)

    nothing can be sent: the files have errors
      duplicate-id  sale.yaml:1:11
    next, once the files are mended: sendform plan
    ----- stderr
    error[duplicate-id]: another campaign has the id `sale`
     --> sale.yaml:1:11
      |
    1 | campaign: sale
      |           ^^^^
      |
     ::: copy.yaml:1:11
      |
    1 | campaign: sale
      |           ---- first here
      |
      = help: a copy of a campaign needs an id of its own; a file that is only kept is listed in sendform.yaml, under `ignore`

    1 error
    ");
}

#[test]
fn another_sender_is_refused() {
    let shop = sent();
    let project = shop.project.read("sendform.yaml").replace("SHOP-ACCOUNT", "OTHER-ACCOUNT");
    shop.project.write("sendform.yaml", project);
    assert_snapshot!(nothing_is_sent(&shop, &["--auto-approve"], 3), @"
    exit code: 3
    sale.hello r1  shop to customers
      ! 3 to send but for the errors
        3 rows in customers.csv (CSV with `,`, UTF-8)

    nothing can be sent: the files have errors
      sender-changed  sale.yaml:7:13
    next, once the files are mended: sendform plan
    ----- stderr
    error[sender-changed]: `sale.hello` was sent by `SHOP-ACCOUNT`, and would now be sent by `OTHER-ACCOUNT`
     --> sale.yaml:7:13
      |
    7 |     sender: shop
      |             ^^^^
      |
      = help: recipients' ids belong to one sender, so nobody would be recognised: give the message a new id

    1 error
    ");
}

#[test]
fn only_the_plan_that_was_expected_is_sent() {
    let shop = Shop::new(2);
    let digest = |shop: &Shop| {
        let plan = shop.run(&["plan", "--format", "json"]).code(0).json();
        plan["digest"].as_str().unwrap().to_owned()
    };
    let before = digest(&shop);
    shop.customers([2, 1]);
    assert_eq!(digest(&shop), before, "the order of rows means nothing");
    shop.customers(1..=3);
    assert_snapshot!(nothing_is_sent(&shop, &["--auto-approve", "--expect-digest", &before], 5), @"
    exit code: 5
    sale.hello r1  shop to customers
      + 3 to send at once, 2 bulks
        3 rows in customers.csv (CSV with `,`, UTF-8)

    3 messages to send in 2 bulks
    ----- stderr
    error: the plan's digest is `plan/v1:[digest]`, but `plan/v1:[digest]` was expected
      hint: the files, the audiences or the ledger changed since then: review the plan, and use its digest
    ");
    shop.run(&["apply", "--auto-approve", "--expect-digest", &digest(&shop)]).code(0);
    assert_eq!(shop.accepted(), [1; 3]);
    // What was reviewed was sent; the same approval sends nothing a second time.
    nothing_is_sent(&shop, &["--auto-approve", "--expect-digest", &before], 5);
}

#[test]
fn without_a_terminal_nobody_is_asked_and_nothing_is_sent() {
    let shop = Shop::new(2);
    assert_snapshot!(nothing_is_sent(&shop, &[], 10), @"
    exit code: 10
    sale.hello r1  shop to customers
      + 2 to send at once, 1 bulk
        2 rows in customers.csv (CSV with `,`, UTF-8)

    2 messages to send in 1 bulk
    ----- stderr
    error: there is no terminal to ask on, so nothing was sent
      hint: pass `--auto-approve` to send without being asked
    ");
    shop.apply().code(0);
    nothing_is_sent(&shop, &[], 0);
}

#[test]
fn a_lockfile_on_a_ci_runner_is_refused() {
    let mut shop = Shop::new(2);
    shop.project.set("CI", "true");
    assert_snapshot!(nothing_is_sent(&shop, &["--auto-approve"], 4), @"
    exit code: 4
    ----- stderr
    error: a lockfile on a CI runner dies with its disk, and the next run would send to everybody again
      hint: pass `--accept lockfile-in-ci=1` if the lockfile surely survives this run, whatever happens to it
    ");
    shop.run(&["plan"]).code(0);
    shop.run(&["apply", "--auto-approve", "--accept", "lockfile-in-ci=1"]).code(0);
    assert_eq!(shop.accepted(), [1, 1]);
    shop.run(&["apply", "--auto-approve", "--sandbox"]).code(0);
}

#[test]
fn only_what_is_selected_is_sent() {
    let shop = Shop::new(2);
    shop.project.write("other.yaml", campaign("other", "Another hello!", 1));
    assert_snapshot!(shop.run(&["apply", "--auto-approve", "--only", "other"]), @"
    exit code: 0
    acme-shop on 127.0.0.1:[port], 2026-11-30 12:00 UTC, 2 campaigns in 2 files

    other.hello r1  shop to customers
      + 2 to send at once, 1 bulk
        2 rows in customers.csv (CSV with `,`, UTF-8)
        text (14 characters)
          │ Another hello!

    sale.hello r1  shop to customers  (not selected): 2 to send, 2 rows in customers.csv (CSV with `,`, UTF-8)

    2 messages to send in 1 bulk

    message         accepted  rejected  refused  in doubt  not attempted
    other.hello r1         2         0        0         0              0
    ");
    assert_eq!(shop.accepted(), [1, 1]);
    shop.run(&["apply", "--auto-approve", "--only", "sale.hello"]).code(0);
    assert_eq!(shop.accepted(), [2, 2]);
    assert_snapshot!(nothing_is_sent(&shop, &["--auto-approve", "--only", "sale.missing"], 64), @"
    exit code: 64
    ----- stderr
    error: there is no campaign or message `sale.missing`
      hint: the messages are `other.hello`, `sale.hello`
    ");
}

#[test]
fn the_sandbox_never_makes_production_think_that_something_was_sent() {
    let shop = Shop::new(2);
    shop.run(&["apply", "--auto-approve", "--sandbox"]).code(0);
    assert_eq!(shop.requests(), 0);
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1, 1]);
    // And the other way round.
    shop.customers(1..=3);
    shop.apply().code(0);
    let plan = shop.run(&["plan", "--sandbox", "--format", "json"]).json();
    assert_eq!((&plan["toSend"], &plan["messages"][0]["gates"]["alreadySent"]), (&1.into(), &2.into()));
}

#[test]
fn the_sandbox_s_key_is_for_nothing_else() {
    let mut project = Project::new()
        .campaign("sale", &campaign("sale", "Hello!", 1))
        .file("customers.csv", "id,name\n17841400000000001,Ana\n");
    project.run(["plan", "--sandbox"]);
    let key = project.read(".sendform/sandbox/key");
    project.set("SENDFORM_KEY", key.trim());
    project.set("SENDFORM_BASE_URL", "http://127.0.0.1:9");
    assert_snapshot!(project.run(["ledger", "init"]).code(9), @"
    exit code: 9
    ----- stderr
    error: the sandbox's own key is not for another gateway
      hint: make a key of its own, once: `head -c 32 /dev/urandom | base64`
    ");
}
