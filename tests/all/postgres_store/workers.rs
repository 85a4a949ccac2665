//! Many runs over one campaign, with a server that lives and dies as servers do.

use sendform::identity::ProjectId;
use sendform::ledger::{Header, Ledger, PersonState};

use super::claims::{claim, outcome};
use super::shop::{LATER, Shop, accepted_in};
use crate::support::{Cluster, Process, Run};

#[test]
fn one_run_sends_to_everybody_once_and_the_next_to_nobody() {
    let mut shop = Shop::new(7, 2, Cluster::shared().database());
    let run = shop.apply().code(0);
    assert_eq!(accepted_in(&run), 7);
    assert_eq!(shop.accepted(), [1; 7]);
    // The name of the host is no part of what a CI run may lose.
    shop.project.set("CI", "true");
    let again = shop.apply().code(0);
    assert!(again.stdout.contains("nothing to send"), "{again}");
    shop.project.run(["ledger", "verify"]).code(0);
    let cluster = Cluster::shared();
    assert_eq!(cluster.sql(&shop.url, "SELECT count(*) FROM sendform.persons"), "7");
    assert_eq!(cluster.sql(&shop.url, "SELECT server ~ '^[0-9]+/[0-9A-F]{8}/[0-9]+$' FROM sendform.ledgers"), "t");
}

/// Eight workers, of whom two are killed in the middle: the rest send to everybody whom those had not
/// claimed, and what they had is in doubt.
#[test]
fn eight_workers_share_the_work_and_two_of_them_die() {
    const CUSTOMERS: u64 = 4_000;
    const BULK_SIZE: u32 = 25;
    let mut shop = Shop::new(CUSTOMERS, BULK_SIZE, Cluster::shared().database()).faults(&["slow=100ms*"]);
    let mut workers: Vec<Process> = (0..8).map(|_| shop.start()).collect();
    shop.sandbox.wait_requests(40);
    for worker in workers.drain(..2) {
        worker.kill();
    }
    let runs: Vec<Run> = workers.into_iter().map(|worker| shop.project.finish(worker).code(0)).collect();
    for run in &runs {
        let row = run.stdout.lines().rfind(|line| line.starts_with("sale.hello r1")).unwrap();
        let all: u64 = row.split_whitespace().skip(2).map(|word| word.replace(',', "").parse::<u64>().unwrap()).sum();
        let shown = run.stdout.lines().find_map(|line| line.split_once(" messages to send in ")).unwrap().0;
        assert_eq!(all, shown.replace(',', "").parse::<u64>().unwrap(), "the table adds up:\n{run}");
    }
    let shares: Vec<u64> = runs.iter().map(accepted_in).collect();
    assert!(shares.iter().all(|share| *share >= u64::from(BULK_SIZE)), "everybody has a share: {shares:?}");
    let counts = shop.accepted();
    assert!(counts.iter().all(|count| *count <= 1), "nobody twice");

    // Whoever was not sent to was claimed by one of the dead: the gateway's logs may tell what became
    // of them, and who stays in doubt is shown.
    shop.project.set("SENDFORM_NOW", LATER);
    let after = shop.apply();
    assert!(shop.accepted().iter().all(|count| *count <= 1), "nobody twice:\n{after}");
    let status = shop.project.run(["status", "--format", "json"]).json();
    let totals = &status["messages"][0];
    let [accepted, in_doubt] = ["accepted", "inDoubt"].map(|name| totals[name].as_u64().unwrap());
    assert_eq!(accepted + in_doubt, CUSTOMERS, "{status}");
    assert_eq!(after.code, Some(if in_doubt > 0 { 6 } else { 0 }), "{after}");
    assert!(in_doubt <= 2 * u64::from(BULK_SIZE), "{in_doubt}");
    let sent: u64 = shop.accepted().iter().sum();
    assert!(accepted <= sent && sent <= accepted + in_doubt, "{accepted} {sent} {in_doubt}");
}

/// A run died between taking a bulk and claiming it.
#[test]
fn a_bulk_that_its_taker_does_not_claim_is_taken_by_another() {
    let shop = Shop::new(6, 2, Cluster::shared().database()).faults(&["hold-after"]);
    let run = shop.start();
    shop.sandbox.wait_held(1);
    let taken = "UPDATE sendform.bulks SET run = 1, taken_at = clock_timestamp() - interval '14 s' WHERE NOT done";
    Cluster::shared().sql(&shop.url, taken);
    shop.sandbox.release();
    assert_eq!(accepted_in(&shop.project.finish(run).code(0)), 6);
    assert_eq!(shop.accepted(), [1; 6]);
}

/// People whom nobody has after the plan is used up: here a worker dropped them, who had never heard
/// of them.
#[test]
fn whoever_is_left_when_the_plan_is_used_up_is_planned_anew() {
    let shop = Shop::new(6, 2, Cluster::shared().database()).faults(&["hold-after"]);
    let run = shop.start();
    shop.sandbox.wait_held(1);
    Cluster::shared().sql(&shop.url, "UPDATE sendform.bulks SET done = true");
    shop.sandbox.release();
    assert_eq!(accepted_in(&shop.project.finish(run).code(0)), 6);
    assert_eq!(shop.accepted(), [1; 6]);
}

/// Planning anew gives the same people over and over, and nobody gets to claim them.
#[test]
fn a_run_that_leaves_free_people_behind_says_so() {
    let shop = Shop::new(6, 2, Cluster::shared().database());
    let drop_all = "CREATE FUNCTION drop_all() RETURNS trigger LANGUAGE plpgsql AS \
                    'BEGIN NEW.done = true; RETURN NEW; END'; \
                    CREATE TRIGGER drop_all BEFORE INSERT ON sendform.bulks FOR EACH ROW EXECUTE FUNCTION drop_all()";
    Cluster::shared().sql(&shop.url, drop_all);
    let run = shop.apply();
    assert_ne!(run.code, Some(0), "{run}");
    assert!(run.to_string().contains("nobody has claimed 6 people"), "{run}");
    assert_eq!(shop.requests(), 0, "{run}");
}

/// Twenty people at six a minute, two in a bulk: three workers give every bulk a time of its own, also
/// those that the gateway did not take at first.
#[test]
fn the_speed_holds_over_all_workers() {
    let shop = Shop::new(20, 2, Cluster::shared().database()).faults(&["429*4:retry-after=1"]);
    let limit = "schedules:\n  slow: { sendingSpeedLimit: { amount: 6, timeUnit: MINUTE } }\nmessages:";
    let paced = shop.project.read("sale.yaml").replace("messages:", limit);
    shop.project.write("sale.yaml", paced.replace("    sender: shop\n", "    sender: shop\n    schedule: slow\n"));
    let workers: Vec<Process> = (0..3).map(|_| shop.project.start(["apply", "--auto-approve"])).collect();
    let sent: u64 = workers.into_iter().map(|worker| accepted_in(&shop.project.finish(worker).code(0))).sum();
    assert_eq!(sent, 20);
    let accepted = "SELECT c.line FROM sendform.claims c JOIN sendform.outcomes o ON o.claim = c.id \
                    WHERE o.line LIKE '%\"state\":\"accepted\"%'";
    let times = times_of(&shop, accepted);
    assert_eq!(times.len(), 10);
    assert!(times.is_sorted_by(|(_, until), (start, _)| until <= start), "{times:#?}");
    assert!(times.iter().all(|(start, until)| start < until), "{times:#?}");
}

/// From when until when these claims are sent.
fn times_of(shop: &Shop, claims: &str) -> Vec<(String, String)> {
    let lines = Cluster::shared().sql(&shop.url, claims);
    let mut times: Vec<(String, String)> = Vec::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let claim: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| claim[name].as_str().map(str::to_owned);
        times.push((text("sendAt").or(text("at")).unwrap(), text("until").unwrap()));
    }
    times.sort();
    times
}

/// The gateway says nothing of one of the first two people, so that the next request is cut as well. Nobody leaves
/// later for that than was planned.
#[test]
fn what_is_cut_off_a_paced_bulk_keeps_its_share_of_the_time() {
    let shop = Shop::new(6, 3, Cluster::shared().database()).faults(&["missing-messages=1"]);
    let schedule = "schedules:\n  slow: { sendAt: \"2026-12-01 12:00\", timeZone: UTC, \
                    sendingSpeedLimit: { amount: 6, timeUnit: MINUTE } }\nmessages:";
    let paced = shop.project.read("sale.yaml").replace("messages:", schedule);
    let at = "    sender: shop\n    schedule: slow\n    stopAfter: { of: 2 }\n";
    shop.project.write("sale.yaml", paced.replace("    sender: shop\n", at));
    shop.apply().code(6);
    let at = |second: &str| format!("2026-12-01T12:0{second}Z");
    let expect = [("0:00", "0:20"), ("0:20", "0:40"), ("0:40", "0:50"), ("0:50", "1:00")];
    assert_eq!(times_of(&shop, "SELECT line FROM sendform.claims"), expect.map(|(from, until)| (at(from), at(until))));
}

/// Planning anew gives the same people over and over while others claim and give back, which is no
/// reason to leave them behind.
#[test]
fn whoever_is_left_is_planned_anew_as_long_as_others_are_at_work() {
    let shop = Shop::new(6, 2, Cluster::shared().database());
    // Each bulk that is stored is dropped, and somebody writes a claim; then others are at rest.
    for other in 0..9 {
        let line = refused_line(other);
        Cluster::shared().sql(
            &shop.url,
            &format!(
                "CREATE TABLE IF NOT EXISTS sendform.elsewhere (id int, line text); INSERT INTO sendform.elsewhere VALUES ({other}, $${line}$$)"
            ),
        );
    }
    Cluster::shared().sql(
        &shop.url,
        "CREATE FUNCTION sendform.write_one() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE other sendform.elsewhere; BEGIN \
           DELETE FROM sendform.elsewhere WHERE id = (SELECT min(id) FROM sendform.elsewhere) RETURNING * INTO other; \
           NEW.done = FOUND; \
           INSERT INTO sendform.claims SELECT id, other.id, NEW.message, other.line FROM sendform.ledgers WHERE FOUND; \
           RETURN NEW; END $$; \
         CREATE TRIGGER write_one BEFORE INSERT ON sendform.bulks FOR EACH ROW EXECUTE FUNCTION sendform.write_one()",
    );
    assert_eq!(accepted_in(&shop.apply().code(0)), 6);
    assert_eq!(shop.accepted(), [1; 6]);
}

/// The line of a claim of another run, which it gave back.
fn refused_line(run: u64) -> String {
    let header = Header {
        project: ProjectId::parse("acme").unwrap(),
        gateway: String::new(),
        keys: Vec::new(),
        first_key: None,
    };
    let mut ledger = Ledger::new(header);
    let claim = claim(&[run], 1, run);
    ledger.add_claim(claim.clone()).unwrap();
    ledger.add_outcome(outcome(&claim, PersonState::Refused, None)).unwrap();
    let text = String::from_utf8(ledger.write(&sendform::ledger::Seals::none())).unwrap();
    format!("{}\n", text.lines().last().unwrap())
}

#[test]
fn workers_with_other_files_are_stopped() {
    let shop = Shop::new(6, 2, Cluster::shared().database()).faults(&["hold-after"]);
    let run = shop.start();
    shop.sandbox.wait_held(1);
    let other = shop.clone_with_text(6, 2, "Hello from another shop!");
    let stopped = other.run(["apply", "--auto-approve"]).code(5);
    assert!(stopped.stdout.contains("comes out otherwise for other workers"), "{stopped}");
    assert!(stopped.stdout.contains("sale.hello r1"), "{stopped}");
    shop.sandbox.release();
    // What the other has taken comes back in time.
    Cluster::shared().sql(&shop.url, "UPDATE sendform.bulks SET taken_at = taken_at - interval '14 s'");
    assert_eq!(accepted_in(&shop.project.finish(run).code(0)), 6);
    assert_eq!(shop.accepted(), [1; 6]);
}

#[test]
fn a_server_that_restarts_in_the_middle_is_waited_for() {
    let cluster = Cluster::start("");
    let shop = Shop::new(6, 2, cluster.database()).faults(&["hold-after"]);
    let run = shop.start();
    shop.sandbox.wait_held(1);
    cluster.control("restart");
    shop.sandbox.release();
    assert_eq!(accepted_in(&shop.project.finish(run).code(0)), 6);
    assert_eq!(shop.accepted(), [1; 6]);
}

#[test]
fn what_a_lost_server_did_not_hear_is_kept_and_told_later() {
    let cluster = Cluster::start("");
    let shop = Shop::new(4, 2, cluster.database()).faults(&["hold-after"]);
    let mut run = shop.start();
    shop.sandbox.wait_held(1);
    cluster.control("stop");
    run.signal("TERM");
    run.wait_told("interrupted");
    shop.sandbox.release();
    let run = shop.project.finish(run);
    assert!(run.stderr.contains("could not be stored"), "{run}");
    assert_eq!(run.code, Some(6), "{run}");
    let gone = shop.apply().code(1);
    assert!(gone.stderr.contains("the database cannot be reached"), "{gone}");
    assert!(!gone.to_string().contains("user=sendform"), "{gone}");
    cluster.start_again();
    let run = shop.apply().code(0);
    assert_eq!(accepted_in(&run), 2, "{run}");
    assert_eq!(shop.accepted(), [1; 4]);
}

/// The gateway has too much for a while: whoever waits for it to take something again has given its people
/// back, and others find them free, time after time.
#[test]
fn nobody_gives_up_while_others_wait_for_a_gateway_that_has_too_much() {
    let shop = Shop::new(24, 2, Cluster::shared().database()).faults(&["429%60:retry-after=1", "slow=50ms*"]);
    let mut workers: Vec<Process> = Vec::new();
    for number in 0..6 {
        shop.sandbox.wait_requests(2 * number);
        workers.push(shop.project.start(["apply", "--auto-approve"]));
    }
    let runs: Vec<Run> = workers.into_iter().map(|worker| shop.project.finish(worker)).collect();
    for run in &runs {
        println!("{:?} {}", run.code, run.stdout.lines().filter(|line| line.contains("nobody")).collect::<String>());
    }
    for run in runs {
        run.code(0);
    }
    assert_eq!(shop.accepted(), [1; 24]);
}
