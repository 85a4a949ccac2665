//! Ledgers that were taken back, on all three stores: the gateway's logs know better.

use std::fs;
use std::path::Path;

use crate::support::{Cluster, KEY, NOW, Origin, Project, Run, Sandbox, campaign, customer, git};

const APPLY: [&str; 4] = ["apply", "--auto-approve", "--parallel", "2"];
/// More people than are looked at by chance only.
const CUSTOMERS: u64 = 30;

/// A shop whose ledger is somewhere, and its gateway.
struct Shop {
    project: Project,
    sandbox: Sandbox,
}

impl Shop {
    /// A shop without a ledger.
    fn new(state: &str) -> Self {
        let sandbox = Sandbox::start([]);
        let shop = Self { project: project(state, &sandbox), sandbox };
        shop.customers(&shop.project, 10);
        shop
    }

    fn customers(&self, project: &Project, count: u64) {
        let rows = (1..=count).map(|number| format!("{},Ana {number}\n", customer(number)));
        project.write("customers.csv", format!("id,name\n{}", rows.collect::<String>()));
    }

    /// Nobody is sent to by this clone of the project, whose ledger was taken back; what the logs know is
    /// written down, and then the rest is sent to.
    fn is_noticed(&self, project: &Project) {
        self.customers(project, CUSTOMERS);
        let before = self.sandbox.requests();
        let run = project.run(APPLY).code(8);
        assert!(run.stdout.contains("! stopped: the gateway has messages that this ledger does not know"), "{run}");
        assert!(run.stdout.contains("`sendform ledger recover`"), "{run}");
        let newer =
            ["then its ledger is the newer one", "then `git pull`", "set back? in the clone", "in another schema?"];
        assert!(newer.iter().any(|words| run.stdout.contains(words)), "{run}");
        assert_eq!(self.sandbox.requests(), before, "{run}");
        let run = project.run(["ledger", "recover"]).code(4);
        assert!(run.stderr.contains("--accept older-unknown=10"), "{run}");
        project.run(["ledger", "recover", "--accept", "older-unknown=10"]).code(0);
        project.run(APPLY).code(0);
        assert_eq!(self.sandbox.accepted(), vec![1; 30]);
        project.run(["ledger", "verify"]).code(0);
        let run = project.run(APPLY).code(0);
        assert!(run.stdout.contains("30 already sent"), "{run}");
    }
}

fn project(state: &str, sandbox: &Sandbox) -> Project {
    let file = format!("project: acme-shop\nsenders: {{ shop: SHOP-ACCOUNT }}\nbulkSize: 4\nstate: {state}\n");
    Project::empty()
        .file("sendform.yaml", file)
        .campaign("sale", &campaign("sale", "Hello!", 1))
        .env("SENDFORM_BASE_URL", sandbox.url())
}

fn sent(project: &Project) -> Run {
    project.run(APPLY).code(0)
}

#[test]
fn a_lockfile_that_was_taken_back() {
    let shop = Shop::new("{ in: lockfile }");
    let project = &shop.project;
    project.run(["ledger", "init"]).code(0);
    sent(project);
    let (lockfile, shadow) = (project.path("sendform.lock"), project.path(".sendform/shadow.lock"));
    let before = fs::read(&lockfile).unwrap();
    shop.customers(project, 20);
    sent(project);
    fs::write(&lockfile, before).unwrap();
    fs::remove_file(shadow).unwrap();
    shop.is_noticed(project);
}

#[test]
fn a_branch_that_was_set_back_and_a_fresh_clone() {
    let shop = Shop::new("{ in: git }");
    let origin = Origin::of(&shop.project);
    shop.project.run(["ledger", "init"]).code(0);
    sent(&shop.project);
    let before = tip(&origin.path());
    shop.customers(&shop.project, 20);
    sent(&shop.project);
    git(&origin.path(), &["update-ref", "refs/heads/sendform-ledger", &before]);
    let runner = origin.runner().env("SENDFORM_BASE_URL", shop.sandbox.url()).env("SENDFORM_NOW", NOW);
    shop.is_noticed(&runner);
}

fn tip(repository: &Path) -> String {
    git(repository, &["rev-parse", "refs/heads/sendform-ledger"]).trim().to_owned()
}

#[test]
fn a_dump_that_was_restored() {
    let cluster = Cluster::shared();
    let database = cluster.database();
    let mut shop = Shop::new("{ in: postgres }");
    shop.project.set("SENDFORM_DATABASE_URL", database.clone());
    let project = &shop.project;
    project.run(["ledger", "init"]).code(0);
    sent(project);
    let tables = ["ledgers", "messages", "claims", "outcomes", "persons"];
    for table in tables {
        cluster.sql(&database, &format!("CREATE TABLE public.{table} AS TABLE sendform.{table}"));
    }
    shop.customers(project, 20);
    sent(project);
    for table in tables {
        cluster.sql(&database, &format!("TRUNCATE sendform.{table} CASCADE"));
    }
    for table in tables {
        cluster.sql(&database, &format!("INSERT INTO sendform.{table} SELECT * FROM public.{table}"));
    }
    // As if a snapshot of the disk had been restored: its rows stand where they were written.
    for table in ["ledgers", "claims"] {
        cluster.sql(&database, &format!("UPDATE sendform.{table} SET born = txid_current()"));
    }
    shop.is_noticed(project);
}

#[test]
fn whoever_must_ask_and_cannot_sends_nothing() {
    for (fault, code) in [("logs:403*", 9), ("logs:401*", 9), ("logs:500*", 1), ("logs:garbage*", 1)] {
        let shop = Shop::new("{ in: lockfile }\nwitness: required");
        shop.project.run(["ledger", "init"]).code(0);
        shop.sandbox.faults(&[fault]);
        let run = shop.project.run(APPLY).code(code);
        assert!(run.stdout.contains("! stopped: nothing is sent without asking the gateway's logs first"), "{run}");
        assert_eq!(shop.sandbox.requests(), 0, "{run}");
    }
    let shop = Shop::new("{ in: lockfile }");
    shop.project.run(["ledger", "init"]).code(0);
    shop.sandbox.faults(&["logs:403*"]);
    let run = shop.project.run(APPLY).code(0);
    assert!(
        run.stdout.contains("! 3 bulks were sent without asking the gateway's logs first: they could not be read"),
        "{run}"
    );
    assert_eq!(shop.sandbox.accepted(), [1; 10]);
    // Where nothing was sent, nothing was sent without asking.
    shop.customers(&shop.project, 20);
    shop.sandbox.faults(&["logs:403*", "401"]);
    let run = shop.project.run(APPLY).code(9);
    assert!(!run.stdout.contains("without asking"), "{run}");
}

#[test]
fn logs_that_were_not_read_to_their_end_are_given_no_number_of() {
    let shop = Shop::new("{ in: lockfile }");
    shop.project.run(["ledger", "init"]).code(0);
    sent(&shop.project);
    for (fault, code) in [("logs:403*", 9), ("logs:garbage*", 1)] {
        shop.sandbox.faults(&[fault]);
        let run = shop.project.run(["ledger", "recover"]).code(code);
        assert_eq!(run.stdout, "", "{run}");
        assert!(run.stderr.contains("the gateway's logs could not be read to their end"), "{run}");
    }
    shop.sandbox.faults(&[]);
    insta::assert_snapshot!(shop.project.run(["ledger", "recover"]), @"
    exit code: 0
    the gateway's logs have 10 messages
    the ledger knew all of them: nothing was recovered
    a plan would send to 0 people now
    ");
}

/// Another key than [`KEY`]: 32 bytes of ones.
const NEW_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// A shop that has sent to seven people, and has lost its key and its ledger since: it has begun a new ledger with
/// another key.
fn with_a_lost_key() -> Shop {
    let mut shop = Shop::new("{ in: lockfile }");
    shop.customers(&shop.project, 7);
    shop.project.run(["ledger", "init"]).code(0);
    sent(&shop.project);
    assert_eq!(shop.sandbox.accepted(), [1; 7]);
    fs::remove_file(shop.project.path("sendform.lock")).unwrap();
    fs::remove_dir_all(shop.project.path(".sendform")).unwrap();
    shop.project.set("SENDFORM_KEY", NEW_KEY);
    shop.project.run(["ledger", "init"]).code(0);
    // The logs go back two days.
    shop.project.set("SENDFORM_NOW", "2026-12-02T11:50:00Z");
    shop.sandbox.set_clock("2026-12-02T11:50:00Z");
    shop
}

#[test]
fn whoever_was_sent_to_under_a_key_that_was_lost_is_noticed() {
    let shop = with_a_lost_key();
    let project = &shop.project;
    let before = fs::read(project.path("sendform.lock")).unwrap();
    let run = project.run(APPLY);
    insta::assert_snapshot!(run, @"
    exit code: 8
    acme-shop on 127.0.0.1:[port], 2026-12-02 11:50 UTC, 1 campaign in 1 file

    sale.hello r1  shop to customers
      + 7 to send at once, 2 bulks
        7 rows in customers.csv (CSV with `,`, UTF-8)
        text (6 characters)
          │ Hello!

    7 messages to send in 2 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         0         0        0         0              7
      not attempted: they were in no request, and are still to be sent to
    ! stopped: the gateway has the same message for 7 people who were about to be sent to, under a key that this ledger does not name, the last one sent at 2026-11-30 12:00 UTC
      nothing more was claimed: they were sent to with a key that was lost, or another project's messages have the same names
      if you still have that key: name it in SENDFORM_KEY behind the first one, and put it into the ledger with `sendform ledger rebind --add-key`, then `sendform ledger recover`
      if the gateway is a sandbox of yours: it has what runs with `--sandbox` have sent, with a key of their own; `sendform sandbox --books FILE` starts it with others
      to send to them all the same, run the same command with --accept other-key=7
    ");
    assert!(!run.stdout.contains("1784140000"), "{run}");
    assert_eq!((shop.sandbox.requests(), fs::read(project.path("sendform.lock")).unwrap()), (2, before));
    // Fewer than there are.
    project.run([&APPLY[..], &["--accept", "other-key=6"]].concat()).code(8);
    assert_eq!(shop.sandbox.accepted(), [1; 7]);
    // Others are none of theirs.
    let rows: String = (8..=9).map(|number| format!("{},Ana\n", customer(number))).collect();
    project.write("customers.csv", format!("id,name\n{rows}"));
    sent(project);
    assert_eq!(shop.sandbox.accepted(), [1; 9]);
    // By now the ledger has claims, which does not make them forgotten.
    shop.customers(project, 9);
    project.run(APPLY).code(8);
    project.run([&APPLY[..], &["--accept", "other-key=7"]].concat()).code(0);
    assert_eq!(shop.sandbox.accepted(), [2, 2, 2, 2, 2, 2, 2, 1, 1], "somebody wanted it");
    project.run(APPLY).code(0);
}

#[test]
fn nobody_is_recovered_whom_no_key_knows() {
    let mut shop = with_a_lost_key();
    let run = shop.project.run(["ledger", "recover"]);
    insta::assert_snapshot!(run, @"
    exit code: 4
    the gateway's logs have 7 messages
    nothing was recovered
    ! 7 messages are of a key that this ledger does not have, or of another project
    a plan would send to 7 people now
    ----- stderr
    error: 7 messages are of a key that this ledger does not have, or of another project: their people are not recognised, and would be sent to again
      hint: if you still have that key: name it in SENDFORM_KEY behind the first one, put it into the ledger with `sendform ledger rebind --add-key`, and run the same command again
      hint: if those people may be sent to, say so by number: --accept other-key=7
    ");
    shop.project.run(["ledger", "recover", "--accept", "older-unknown=7", "--accept", "other-key=6"]).code(4);
    let told = ["--accept", "older-unknown=7", "--accept", "other-key=7", "--format", "json"];
    let document = shop.project.run([&["ledger", "recover"], &told[..]].concat()).code(0).json();
    assert_eq!((&document["unrecognised"], &document["accepted"]), (&7.into(), &0.into()));
    // The old key was found again.
    shop.project.set("SENDFORM_KEY", format!("{NEW_KEY},{KEY}"));
    shop.project.run(["ledger", "rebind", "--add-key"]).code(0);
    insta::assert_snapshot!(shop.project.run(["ledger", "recover"]), @"
    exit code: 0
    the gateway's logs have 7 messages
      7 people recovered as accepted: they are not sent to again
    a plan would send to 0 people now
    ");
    sent(&shop.project);
    assert_eq!(shop.sandbox.accepted(), [1; 7]);
    let status = shop.project.run(["plan"]).code(0);
    assert!(status.stdout.contains("7 already sent"), "{status}");
}

#[test]
fn a_second_ledger_of_the_same_project_is_found_out() {
    let shop = Shop::new("{ in: lockfile }");
    shop.project.run(["ledger", "init"]).code(0);
    sent(&shop.project);
    let second = project("{ in: lockfile }", &shop.sandbox);
    shop.customers(&second, 10);
    second.run(["ledger", "init"]).code(0);
    let run = second.run(APPLY).code(8);
    assert!(run.stdout.contains("or another ledger sends the same messages"), "{run}");
    // Another project's people have other numbers, but they are the same people, and it is the same message.
    let third = project("{ in: lockfile }", &shop.sandbox);
    third.write("sendform.yaml", third.read("sendform.yaml").replace("acme-shop", "other-shop"));
    shop.customers(&third, 10);
    third.run(["ledger", "init"]).code(0);
    let run = third.run(APPLY).code(8);
    assert!(run.stdout.contains("or another project's messages have the same names"), "{run}");
    let run = third.run(["ledger", "recover"]).code(4);
    assert!(run.stdout.contains("nothing was recovered"), "{run}");
    third.write("sale.yaml", third.read("sale.yaml").replace("campaign: sale", "campaign: other-sale"));
    sent(&third);
}

#[test]
fn a_plan_says_whom_nobody_can_ask_for_yet() {
    let shop = Shop::new("{ in: lockfile }");
    let project = &shop.project;
    project.run(["ledger", "init"]).code(0);
    let timed = |schedule: &str| {
        let [head, tail] = ["audiences:\n", "    sender: shop\n"];
        let campaign = campaign("sale", "Hello!", 1)
            .replace(head, &format!("schedules: {{ day: {schedule} }}\n{head}"))
            .replace(tail, &format!("    schedule: day\n{tail}"));
        project.write("sale.yaml", campaign);
    };
    let line = |arguments: &[&str]| {
        let run = project.run([&["plan"], arguments].concat()).code(0);
        run.stdout.lines().find(|line| line.contains("logs cannot tell")).map(str::to_owned)
    };
    let in_json = || project.run(["plan", "--format", "json"]).json()["messages"][0]["notAskedBefore"].clone();
    timed("{ sendAt: \"2026-12-02 09:00\", timeZone: Europe/Zagreb }");
    insta::assert_snapshot!(project.run(["plan"]).code(0), @r#"
    exit code: 0
    sale.hello r1  shop to customers
      + 10 to send at 2026-12-02 09:00 Europe/Zagreb (08:00 UTC), 3 bulks
             the gateway's logs cannot tell before 2026-12-02 09:00 Europe/Zagreb (08:00 UTC) whether they were sent to already: they do not show what is still to leave
        10 rows in customers.csv (CSV with `,`, UTF-8)
        text (6 characters)
          │ Hello!

    10 messages to send in 3 bulks
    ----- stderr
    warning[handed-over-early]: an apply hands 10 messages of `sale.hello` over 1 day 20 h early: from then on nothing can stop or change what leaves by 2026-12-02 09:00 Europe/Zagreb (08:00 UTC)
     --> sale.yaml:2:29
      |
    2 | schedules: { day: { sendAt: "2026-12-02 09:00", timeZone: Europe/Zagreb } }
      |                             ^^^^^^^^^^^^^^^^^^
      |
      = help: write `handover: 2h` on the schedule to keep them here until 2 hours before their time; something must run `apply` then

    1 warning
    "#);
    assert_eq!(in_json(), "2026-12-02T08:00:00Z");
    // Of many times the first, by the clock that is everybody's.
    timed("{ sendAt: \"2026-12-02 09:00\", timeZone: { perPerson: true } }");
    let zoned = project.read("sale.yaml").replace("{ to: id }", "{ to: id, timeZone: zone }");
    project.write("sale.yaml", zoned);
    let rows = [(1, "Asia/Tokyo"), (2, "Europe/Zagreb")].map(|(number, zone)| format!("{},{zone}\n", customer(number)));
    project.write("customers.csv", format!("id,zone\n{}", rows.concat()));
    insta::assert_snapshot!(line(&[]).unwrap(), @"        the gateway's logs cannot tell before 2026-12-02 00:00 UTC whether they were sent to already: they do not show what is still to leave");
    shop.customers(project, 10);
    // What leaves at once can be asked for.
    timed("{ sendingSpeedLimit: { amount: 2, timeUnit: HOUR } }");
    insta::assert_snapshot!(line(&[]).unwrap(), @"         for 6 of them the gateway's logs cannot tell before 2026-11-30 14:00 UTC whether they were sent to already: they do not show what is still to leave");
    timed("{}");
    assert_eq!((line(&[]), in_json()), (None, serde_json::Value::Null));
    timed("{ sendAt: \"2026-12-02 09:00\", timeZone: Europe/Zagreb }");
    // Where nobody asks, nothing is said of it.
    assert_eq!(line(&["--sandbox"]), None);
    sent(project);
    assert_eq!((line(&[]), in_json()), (None, serde_json::Value::Null));
    project.write("sendform.yaml", format!("{}witness: off\n", project.read("sendform.yaml")));
    shop.customers(project, 20);
    assert_eq!((line(&[]), in_json()), (None, serde_json::Value::Null));
}
