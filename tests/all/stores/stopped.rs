//! Somebody stops a send from another process, and later lets it go on.

use sendform::apply::Store as _;
use sendform::ledger::{Grant, ResumeOrder, StopId, StopOrder, Stops};
use sendform::store::OpenLedger;
use serde_json::json;

use super::fleet::{Fleet, Gates, row};
use super::ground::{Ground, Kind};
use super::port::{look, made, open, wait};
use super::sample::{NOON, claim, expected};
use crate::support::{Process, Project, Shop, customer};

on_every_store!(
    a_run_under_way_is_stopped_and_the_next_sends_exactly_the_rest,
    nothing_begins_while_a_stop_stands,
    two_who_stop_at_once_are_both_heard,
    what_cannot_be_read_is_never_no_stop,
    whoever_stops_needs_neither_the_key_nor_whole_campaigns,
    an_open_ledger_knows_of_a_stop_given_elsewhere,
);

const STOP: [&str; 3] = ["stop", "--reason", "the price is wrong"];

/// A run of ten people in five bulks, whose second request is held.
fn held(fleet: &Fleet) -> Process {
    let run = fleet.start(0, &["--write", "json=report.json"]);
    fleet.shop().sandbox.wait_held(1);
    run
}

fn a_run_under_way_is_stopped_and_the_next_sends_exactly_the_rest(kind: Kind) {
    let fleet = Fleet::new(kind, 10).faults(&["hold-after@2"]);
    let mut run = held(&fleet);
    fleet.machine(1).run(STOP).code(0);
    fleet.wait_for_a_look(&mut run);
    fleet.shop().sandbox.release();
    let run = fleet.machine(0).finish(run).code(10);
    assert!(run.stdout.contains(&row([4, 0, 0, 0, 6, 0])), "{run}");
    assert!(run.stdout.contains("! stopped: somebody has stopped sending: "), "{run}");
    assert!(run.stdout.contains(": the price is wrong\n  to let sending go on: sendform resume; then run"), "{run}");
    let report: serde_json::Value = serde_json::from_str(&fleet.machine(0).read("report.json")).unwrap();
    assert_eq!(report["stops"][0]["why"], "the price is wrong", "{report:#}");
    assert!(report["stopped"].as_str().unwrap().ends_with(": the price is wrong"), "{report:#}");
    assert_eq!(fleet.shop().requests(), 2, "what was under way has ended, and nothing has begun since");
    assert_eq!(fleet.gates(1), Gates { sent: 4, to_send: 6, ..Gates::default() });
    fleet.apply(1).code(10);
    assert_eq!(fleet.shop().requests(), 2);
    fleet.machine(1).run(["resume", "--reason", "it was put right"]).code(0);
    fleet.settle(1, 10);
    assert_eq!(fleet.shop().requests(), 5, "three bulks were left");
}

fn nothing_begins_while_a_stop_stands(kind: Kind) {
    let fleet = Fleet::new(kind, 4);
    let machine = fleet.machine(1);
    let stop = machine.run([&STOP[..], &["--format", "json"]].concat()).code(0).json();
    let id = stop["stop"]["id"].as_str().unwrap();
    assert_eq!(stop["stop"]["why"], "the price is wrong");
    let plan = machine.run(["plan"]).code(0);
    let head: Vec<&str> = plan.stdout.lines().take(3).collect();
    assert!(head[1].starts_with("! stopped by ") && head[1].ends_with(": the price is wrong"), "{plan}");
    assert_eq!(head[2], "  nothing is sent until somebody ends it: sendform resume");
    machine.run(["plan", "--detailed-exitcode"]).code(2);
    let apply = fleet.apply(0).code(10);
    assert_eq!(apply.stdout.lines().nth(1), Some(head[1]), "it is shown first: {apply}");
    assert!(apply.stderr.contains("somebody has stopped sending: nothing was sent"), "{apply}");
    for command in ["plan", "status"] {
        let document = machine.run([command, "--format", "json"]).json();
        assert_eq!(document["stops"], json!([stop["stop"]]), "{document:#}");
    }
    assert_eq!(fleet.shop().requests(), 0);
    let other = machine.run(["resume", "0"]).code(64);
    assert!(other.stderr.contains(&format!("those that stand: `{id}`")), "{other}");
    let resumed = machine.run(["resume", id, "--format", "json"]).code(0).json();
    assert_eq!((&resumed["resumed"][0]["id"], &resumed["standing"]), (&json!(id), &json!([])));
    let again = machine.run(["resume", id]).code(64);
    assert!(again.stderr.contains("was ended already, by "), "{again}");
    let nothing = machine.run(["resume"]).code(0);
    assert_eq!(nothing.stdout, "nothing is stopped: there is no stop to end\n");
    assert_eq!(machine.run(["plan", "--format", "json"]).json()["stops"], json!([]));
    fleet.settle(0, 4);
}

fn two_who_stop_at_once_are_both_heard(kind: Kind) {
    let fleet = Fleet::new(kind, 2);
    let both = [0, 1].map(|machine| (machine, fleet.machine(machine).start(STOP)));
    for (machine, stop) in both {
        fleet.machine(machine).finish(stop).code(0);
    }
    let status = fleet.machine(1).run(["status", "--format", "json"]).code(0).json();
    assert_eq!(status["stops"].as_array().unwrap().len(), 2, "{status:#}");
    let first = status["stops"][0]["id"].as_str().unwrap();
    let resumed = fleet.machine(0).run(["resume", first, "--format", "json"]).code(0).json();
    assert_eq!(resumed["standing"], json!([status["stops"][1]]));
    fleet.apply(1).code(10);
    fleet.machine(1).run(["resume"]).code(0);
    fleet.settle(1, 2);
}

fn what_cannot_be_read_is_never_no_stop(kind: Kind) {
    let fleet = Fleet::new(kind, 10).faults(&["hold-after@2"]);
    fleet.machine(0).run(STOP).code(0);
    fleet.machine(0).run(["resume"]).code(0);
    let run = held(&fleet);
    fleet.spoil_stops();
    // A branch is asked for when a bulk is claimed, but not in front of it: what is seen in time is up to the clock.
    fleet.shop().sandbox.release();
    let run = fleet.machine(0).finish(run);
    if kind != Kind::Git {
        assert!(run.stdout.contains(&row([4, 0, 0, 0, 6, 0])), "{run}");
        assert!(run.stdout.contains("nobody can tell whether somebody has stopped sending"), "{run}");
        assert!(run.stderr.contains("are damaged: line 1 is "), "{run}");
        assert!(run.stderr.contains("hint: nothing is sent before "), "{run}");
        assert_eq!(run.stderr.contains("merge"), kind == Kind::Lockfile, "{run}");
        run.code(8);
    }
    let requests = fleet.shop().requests();
    for command in [&["apply", "--auto-approve"][..], &["plan"], &["status"], &["resume"]] {
        let run = fleet.machine(0).run(command).code(8);
        assert!(run.stderr.contains("hint: "), "{run}");
    }
    assert_eq!(fleet.shop().requests(), requests);
}

fn whoever_stops_needs_neither_the_key_nor_whole_campaigns(kind: Kind) {
    let mut fleet = Fleet::new(kind, 2);
    let campaign = fleet.machine(1).read("sale.yaml");
    for name in ["SENDFORM_KEY", "SENDFORM_API_KEY", "SENDFORM_BASE_URL"] {
        fleet.set(name, "");
    }
    fleet.machine(1).write("sale.yaml", "campaign: sale\nmessages: [\n");
    fleet.machine(1).run(STOP).code(0);
    let long = "x".repeat(501);
    for reason in [" ", "\u{7}\u{200b}", &long] {
        let refused = fleet.machine(1).run(["stop", "--reason", reason]).code(64);
        assert!(refused.stderr.contains("nothing was stopped: a run that is sending ends with Ctrl-C"), "{refused}");
    }
    fleet.machine(1).run(["resume"]).code(0);
    fleet.machine(1).write("sale.yaml", campaign);
}

/// A branch is asked for every few seconds, so there another run is asked that begins afterwards.
fn an_open_ledger_knows_of_a_stop_given_elsewhere(kind: Kind) {
    let standing = async |store: &OpenLedger| store.standing_stops().await.unwrap();
    wait(async {
        let (ground, project) = (made(kind).await, expected().project);
        let mut store = open(&ground, 0).await;
        assert_eq!(standing(&store).await, []);
        let stop = StopOrder::new(StopId(7), NOON, "ann", "the price is wrong");
        let mut news = Stops::default();
        news.stop(stop.clone());
        for _ in 0..2 {
            ground.home(1).add_stops(&project, news.clone()).await.unwrap();
        }
        if kind == Kind::Git {
            drop(store);
            store = open(&ground, 0).await;
        }
        assert_eq!(standing(&store).await, [stop]);
        if kind == Kind::Postgres {
            // Whatever a run looks at, its transaction sees the stop.
            let refused = store.claim(claim(1, &[1, 2])).await.unwrap_err();
            assert!(OpenLedger::is_surely_not_written(&refused), "{refused}");
            assert_eq!(refused.to_string(), "somebody has stopped sending");
            assert!(OpenLedger::is_stop(&refused), "{refused}");
            assert_eq!(look(&ground).await.claims().len(), 0);
        }
        let mut end = Stops::default();
        end.resume(ResumeOrder::new(StopId(7), NOON, "ben", None));
        ground.home(1).add_stops(&project, end.clone()).await.unwrap();
        news.join(&end);
        assert_eq!(ground.home(0).stops(&project).await.unwrap(), news);
        if kind == Kind::Postgres {
            assert_eq!(store.claim(claim(1, &[1, 2])).await.unwrap(), Grant::Granted);
        }
        store.finish().await.unwrap();
    });
}

#[test]
fn a_stop_hides_no_stronger_news() {
    let shop = Shop::new(2).faults(&["500-after@1"]);
    shop.run(&["apply", "--auto-approve"]).code(6);
    // What the logs do not show yet stays in doubt.
    shop.sandbox.faults(&["logs:empty*"]);
    shop.customers(1..=4);
    shop.run(&STOP).code(0);
    let apply = shop.run(&["apply", "--auto-approve"]).code(6);
    assert!(apply.stderr.contains("somebody has stopped sending: nothing was sent"), "{apply}");
    assert_eq!(shop.requests(), 1);
}

#[test]
fn a_run_that_ends_early_because_of_damaged_stops_is_closed() {
    let shop = Shop::new(2).faults(&["500-after@1"]);
    shop.run(&["apply", "--auto-approve"]).code(6);
    shop.project.write("sendform.stops", "x\n");
    let refused = shop.run(&["apply", "--auto-approve"]).code(8);
    assert!(refused.stderr.contains("doubts settled from the gateway"), "it settles what it can: {refused}");
    let mut clone = Project::empty();
    for file in ["sendform.yaml", "sale.yaml", "customers.csv"] {
        clone = clone.file(file, shop.project.read(file));
    }
    std::fs::copy(shop.project.path("sendform.lock"), clone.path("sendform.lock")).unwrap();
    let plan = clone.env("SENDFORM_BASE_URL", shop.sandbox.url()).run(["plan"]).code(0);
    assert!(plan.stdout.contains("2 already sent") && !plan.stderr.contains("may be missing"), "{plan}");
}

#[test]
fn a_send_is_stopped_although_the_lockfile_was_taken_away_or_the_project_file_is_broken() {
    let shop = Shop::new(2);
    shop.run(&["apply", "--auto-approve"]).code(0);
    let ledger = shop.project.read("sendform.lock");
    std::fs::remove_file(shop.project.path("sendform.lock")).unwrap();
    shop.run(&STOP).code(0);
    shop.project.write("sendform.lock", ledger);
    let resumed = shop.run(&["resume"]).code(0);
    assert!(resumed.stdout.contains("no stop stands any more: the next `sendform apply` sends"), "{resumed}");
    shop.project.write("sendform.yaml", "project: [\n");
    for format in ["text", "json"] {
        let refused = shop.run(&[&STOP[..], &["--format", format]].concat()).code(3);
        assert!(refused.stderr.contains("nothing was stopped: a run that is sending ends with Ctrl-C"), "{refused}");
    }
}

#[test]
fn what_is_to_be_typed_names_the_sandbox_and_the_folder() {
    let shop = Shop::new(2);
    shop.run(&["apply", "--auto-approve", "--sandbox"]).code(0);
    let here = ["--sandbox", "--dir", "."];
    let stop = shop.run(&[&STOP[..], &here].concat()).code(0);
    assert!(stop.stdout.ends_with("to let sending go on: sendform --dir . resume --sandbox\n"), "{stop}");
    let resume = shop.run(&[&["resume"], &here[..]].concat()).code(0);
    assert!(resume.stdout.contains("the next `sendform --dir . apply --sandbox` sends"), "{resume}");
}

/// Two runs whose first requests are held, so that neither knows of the other's answers when it begins.
#[test]
fn two_runs_on_a_branch_count_what_the_other_was_answered() {
    let fleet = Fleet::new(Kind::Git, 80).faults(&["reject-share=1", "hold-after@1", "hold-after@2"]);
    fleet.add_to_project("stopAfter: { share: 10%, of: 20 }\n");
    let runs = [1, 2].map(|machine| (machine, fleet.start(machine, &[])));
    fleet.shop().sandbox.wait_held(2);
    fleet.shop().sandbox.release();
    let ended = runs.map(|(machine, run)| fleet.machine(machine).finish(run).code(7));
    // Alone, each would have ended with twenty of its own.
    let requests = fleet.shop().requests();
    assert!((10..=15).contains(&requests), "{requests} requests of two people: {ended:?}");
    let is_ended = ended.iter().filter(|run| run.stdout.contains("sale.hello was ended: ")).count();
    assert_eq!(is_ended, 2, "{ended:?}");
}

#[test]
fn a_branch_of_stops_that_is_gone_is_never_no_stop() {
    let fleet = Fleet::new(Kind::Git, 2);
    fleet.machine(0).run(STOP).code(0);
    fleet.machine(0).run(["resume"]).code(0);
    let remote = fleet.remote();
    let git = |folder: &std::path::Path, arguments: &[&str]| {
        let status = std::process::Command::new("git").args(arguments).current_dir(folder).status().unwrap();
        assert!(status.success(), "git {arguments:?}");
    };
    let branch = "refs/heads/sendform-ledger-stops";
    git(&remote, &["update-ref", "-d", branch]);
    let refused = fleet.apply(0).code(8);
    assert!(refused.stderr.contains("sendform-ledger-stops` is gone, and with it any stop"), "{refused}");
    assert_eq!(fleet.shop().requests(), 0);
    // What is to be typed brings it back.
    let typed = refused.stderr.split('`').find(|words| words.starts_with("git push ")).unwrap().to_owned();
    git(fleet.machine(0).folder(), &typed.split(' ').skip(1).collect::<Vec<_>>());
    fleet.settle(0, 2);
}

#[test]
fn stops_that_move_with_their_ledger_are_told_with_what_ends_them() {
    let shop = Shop::new(2);
    shop.apply().code(0);
    shop.run(&STOP).code(0);
    shop.run(&STOP).code(0);
    let ground = Ground::new(Kind::Git);
    ground.equip(shop.project.folder());
    shop.project.write("sendform.yaml", shop.project.read("sendform.yaml") + Kind::Git.state());
    let copied = shop.run(&["ledger", "copy", "--from", "lockfile"]).code(0);
    assert!(copied.stdout.contains("with 2 stops: nothing is sent until `sendform resume`\n"), "{copied}");
    assert_eq!(shop.run(&["status", "--format", "json"]).code(0).json()["stops"].as_array().unwrap().len(), 2);
}

/// A second run's plan is behind that of the first, so whoever is its own is planned anew.
#[test]
fn files_that_cannot_be_planned_with_any_more_end_a_run_that_shares_its_plan() {
    let fleet = Fleet::new(Kind::Postgres, 4).faults(&["hold-after@1", "hold-after@2"]);
    let campaign = fleet.machine(0).read("sale.yaml");
    let excluded = campaign.replace(
        "columns: { to: id } }",
        "columns: { to: id }, exclude: [ staff ] }\n  staff: { csv: staff.csv, columns: { to: id } }",
    );
    assert_ne!(campaign, excluded);
    for machine in [0, 1] {
        fleet.machine(machine).write("sale.yaml", &excluded);
        fleet.machine(machine).write("staff.csv", format!("id\n{}\n", customer(1_001)));
    }
    fleet.customers(0, 1..=6);
    let first = fleet.start(1, &[]);
    fleet.shop().sandbox.wait_held(1);
    let second = fleet.start(0, &[]);
    fleet.shop().sandbox.wait_held(2);
    fleet.machine(0).write("staff.csv", "id\n");
    fleet.shop().sandbox.release();
    fleet.machine(1).finish(first).code(0);
    let second = fleet.machine(0).finish(second).code(3);
    assert!(second.stdout.contains("! stopped: "), "{second}");
    assert!(
        second.stdout.contains("nothing more was claimed: mend the files, and run the same command again"),
        "{second}"
    );
    assert!(second.stdout.contains(&row([2, 0, 0, 0, 2, 0])), "{second}");
    fleet.machine(0).write("staff.csv", format!("id\n{}\n", customer(1_001)));
    fleet.settle(0, 6);
}

#[test]
fn whoever_opts_out_gets_nothing_of_a_plan_that_runs_share() {
    let fleet = Fleet::new(Kind::Postgres, 10).faults(&["hold-after@2"]);
    fleet.add_to_project("suppress: [ { csv: opt-outs.csv, columns: { to: id } } ]\n");
    let list = |people: &[u64]| people.iter().map(|person| format!("{}\n", customer(*person))).collect::<String>();
    for machine in [0, 1] {
        fleet.machine(machine).write("opt-outs.csv", format!("id\n{}", list(&[1_001])));
    }
    let run = held(&fleet);
    let log = fleet.machine(1).run(["log"]).code(0);
    assert!(log.stdout.contains("  sale.hello r1  2 accepted · 2 in flight (2 bulks)\n"), "no doubt yet: {log}");
    // One of a bulk, and everybody of another.
    for machine in [0, 1] {
        fleet.machine(machine).write("opt-outs.csv", format!("id\n{}", list(&[1_001, 6, 9, 10])));
    }
    let second = fleet.start(1, &[]);
    fleet.shop().sandbox.release();
    let runs = [fleet.machine(0).finish(run).code(0), fleet.machine(1).finish(second).code(0)];
    assert_eq!(fleet.shop().accepted(), [1, 1, 1, 1, 1, 0, 1, 1], "{runs:?}");
    assert!(runs[0].stdout.contains("suppressed"), "{}", runs[0]);
}
