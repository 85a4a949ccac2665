//! Pull requests from the branch to what people got: planned, planned again, approved, merged, applied, broken off, gone
//! on with; told that they are stale, from a fork, and through a merge queue. Each step shows what the forge was asked,
//! what the job gave, and what people read.

mod road;

use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::Value;

use crate::readme::read;

use road::{Job, Road};

const SALE: u64 = 7;
const AUTUMN: u64 = 8;
const STRANGERS: u64 = 9;
const COLLEAGUES: u64 = 10;

/// A job, for whoever reads it: its code, what the forge was asked, its outputs, what it printed.
fn told(road: &mut Road, job: &Job) -> String {
    let mut text = format!("exit code: {}\n", job.run.code.unwrap_or(-1));
    for request in &job.requests {
        writeln!(text, "> {}{}", request.line, essential(&request.body)).unwrap();
    }
    job.outputs.iter().for_each(|(name, value)| writeln!(text, "{name}={value}").unwrap());
    for (name, said) in [("stdout", &job.run.stdout), ("stderr", &job.run.stderr)] {
        if !said.is_empty() {
            write!(text, "----- {name}\n{said}").unwrap();
        }
    }
    road.shown(&text)
}

/// What a body is about: the marker of a comment, or what GraphQL is asked.
fn essential(body: &str) -> String {
    let Ok(body) = serde_json::from_str::<Value>(body) else { return String::new() };
    let text = body["body"].as_str().or(body["query"].as_str()).unwrap_or_default();
    let first: Vec<&str> = text.lines().filter(|line| !line.is_empty()).take(2).collect();
    format!("\n    {}", first.join("\n    "))
}

fn comments(road: &mut Road, pull: u64) -> Vec<String> {
    let texts = road.forge.state().texts(pull);
    texts.iter().map(|text| road.shown(text)).collect()
}

/// The only comment of a pull request.
#[track_caller]
fn comment(road: &mut Road, pull: u64) -> String {
    let [only]: [String; 1] = comments(road, pull).try_into().expect("one comment");
    only
}

#[test]
fn from_a_branch_to_what_people_got_once() {
    let mut road = Road::new(7);
    let reviewed = planned_twice(&mut road);
    others_are_planned(&mut road);
    applied_in_two_runs(&mut road, &reviewed);
    through_the_queue(&mut road);
    let accepted = road.accepted();
    assert_eq!(
        (accepted.len(), accepted.values().max()),
        (14, Some(&1)),
        "everybody has each message once: {accepted:?}"
    );
    assert!(comments(&mut road, STRANGERS).is_empty() && comments(&mut road, COLLEAGUES).is_empty());
}

/// A branch becomes a pull request, is planned, and is pushed to again: one comment, in place. Gives the digest that is
/// reviewed.
fn planned_twice(road: &mut Road) -> String {
    road.branch("sale");
    road.write_campaign("sale", "Hello from the shop!");
    road.push("sale");
    road.open(SALE, "sale", false);
    let first = road.plan(SALE);
    assert_snapshot!("1_planned", told(road, &first));
    let shown = comment(road, SALE);
    let readme = read("README.md");
    let (_, quote) = readme.split_once("\n## In CI\n").unwrap();
    let quote: Vec<&str> = quote.lines().filter_map(|line| line.strip_prefix("> ")).take(4).collect();
    assert!(
        quote.len() == 4 && shown.contains(&quote[1..].join("\n")) && shown.contains(quote[0]),
        "{quote:?}\n{shown}"
    );
    assert_snapshot!("1_planned_comment", shown);
    road.write_campaign("sale", "The spring sale is on!");
    let head = road.push("sale");
    road.forge.state().pull(SALE).head = head;
    let second = road.plan(SALE);
    assert_snapshot!("2_planned_again", told(road, &second));
    assert!(comment(road, SALE).contains("The spring sale is on!"));
    assert_ne!(first.output("digest"), second.output("digest"));
    second.output("digest").to_owned()
}

/// Meanwhile there is another one, and a stranger's, which gets neither a key nor a digest.
fn others_are_planned(road: &mut Road) {
    road.branch("autumn");
    road.write_campaign("autumn", "Leaves fall, and so do prices.");
    road.push("autumn");
    road.open(AUTUMN, "autumn", false);
    let autumn = road.plan(AUTUMN);
    assert_eq!((autumn.run.code, autumn.output("to-send")), (Some(0), "7"));
    road.branch("winter");
    road.write_campaign("winter", "Send me everybody's names!");
    road.push("winter");
    road.open(STRANGERS, "winter", true);
    let strangers = road.plan(STRANGERS);
    assert_snapshot!("3_of_a_stranger", told(road, &strangers));
    let summary = strangers.summary.replace("\n\n", "\n");
    assert!(summary.contains("only the structure was planned") && summary.contains("no digest"), "{summary}");
}

/// Approved, merged, applied: it breaks off at the third bulk, and the same run goes on with the same plan.
fn applied_in_two_runs(road: &mut Road, reviewed: &str) {
    road.approve(SALE);
    let merge = road.merge(SALE, "sale");
    road.sandbox.faults(&["401@3"]);
    let broken = road.apply(&merge, 1);
    assert_snapshot!("4_applied_and_broken_off", told(road, &broken));
    assert_snapshot!("4_applied_and_broken_off_comment", comment(road, SALE));
    assert_eq!(road.accepted().len(), 4);
    let [_, stale]: [String; 2] = comments(road, AUTUMN).try_into().unwrap();
    assert_snapshot!("4_another_one_is_stale", stale);
    let gone_on = road.apply(&merge, 2);
    assert_snapshot!("5_gone_on", told(road, &gone_on));
    assert_snapshot!("5_gone_on_comment", comment(road, SALE));
    let name = format!("sendform-acme-shop-{}.plan", reviewed.strip_prefix("plan/v1:").unwrap());
    for job in [&broken, &gone_on] {
        assert!(
            job.run.stderr.contains(&format!("the plan of pull request 7, approved by `ben`: {name}")),
            "{}",
            job.run
        );
    }
    assert_eq!(comments(road, AUTUMN).len(), 2, "it is told once");
}

/// The other one is brought up to date, and goes through the queue: not behind somebody who brings one more person.
fn through_the_queue(road: &mut Road) {
    road.update(AUTUMN, "autumn");
    let autumn = road.plan(AUTUMN);
    assert_snapshot!("6_planned_anew", told(road, &autumn));
    road.branch("customers");
    road.add_customer(8);
    road.push("customers");
    road.open(COLLEAGUES, "customers", false);
    road.approve(AUTUMN);
    let colleagues = road.forge.state().pull(COLLEAGUES).head.clone();
    let crowded = road.plan_group(AUTUMN, &[&colleagues]);
    assert_snapshot!("7_queued_behind_one_more_person", told(road, &crowded));
    let guide = read("src/forge/README.md");
    let (_, example) = guide.split_once("```text\n! the merge group").unwrap();
    let (example, _) = example.split_once("\n```").unwrap();
    assert!(crowded.run.stderr.contains(example), "{example}");
    let (differs, _) = crowded.summary.split_once("\n## sendform plan").unwrap();
    assert_snapshot!("7_queued_behind_one_more_person_summary", road.shown(differs));
    let alone = road.plan_group(AUTUMN, &[]);
    assert_snapshot!("8_queued_alone", told(road, &alone));
    let merge = road.merge(AUTUMN, "autumn");
    let applied = road.apply(&merge, 1);
    assert_snapshot!("9_applied", told(road, &applied));
}
