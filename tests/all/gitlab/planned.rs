//! `ci plan` in pipelines of GitLab: what it leaves, what it may not do, and servers that refuse.

use serde_json::Value;

use super::land::{LOGIN, Land};
use crate::support::forge::{ForgeFault, GitLabJob};

#[test]
fn without_a_token_the_widgets_tell_it_and_nothing_is_asked() {
    let mut land = Land::new(2, "");
    land.announce(7, "feature", "The spring sale is on!");
    land.plan(7, "head").code(0);
    let before = land.forge.requests("").len();
    land.shop.project.unset("SENDFORM_GITLAB_TOKEN");
    let run = land.plan_again(&[]).code(0);
    assert_eq!(
        run.stderr.matches("there is no SENDFORM_GITLAB_TOKEN; its widgets and the artifact do").count(),
        1,
        "{run}"
    );
    assert!(!run.stderr.contains('!') && !run.stdout.contains("::notice"), "{run}");
    assert_eq!(land.forge.requests("").len(), before);
    let run = land.plan_again(&["--comment", "never"]).code(0);
    assert!(!run.stderr.contains("SENDFORM_GITLAB_TOKEN"), "{run}");
    let read = |name: &str| land.shop.project.read(name);
    assert_eq!(read("sendform-codequality.json"), "[]\n");
    let widget: Value = serde_json::from_str(&read("sendform-terraform.json")).unwrap();
    assert_eq!(widget["create"], 2);
    assert!(read("sendform-junit.xml").contains("name=\"limit-growth\""));
    assert!(read("sendform-plan.md").contains("**2 messages to send in 1 bulk**"));
    let variables = std::fs::read_to_string(land.shop.project.path("sendform.env")).unwrap();
    assert!(variables.len() < 5 * 1024 && variables.lines().count() == 3, "{variables}");
    let plan = variables.lines().find_map(|line| line.strip_prefix("SENDFORM_PLAN=")).unwrap();
    let text = std::fs::read_to_string(land.shop.project.path(plan)).unwrap();
    assert!(text.starts_with("{\"sendform\":\"plan\","), "{plan}");
}

#[test]
fn a_fork_is_planned_without_any_secret_wherever_its_pipeline_runs() {
    let mut land = Land::new(2, "");
    land.announce(7, "feature", "The spring sale is on!");
    let told = |land: &Land, run: &crate::support::Run| {
        assert!(run.stderr.contains("This merge request comes from a fork"), "{run}");
        assert_eq!((land.told("SENDFORM_DIGEST"), land.told("SENDFORM_PLAN")), (String::new(), String::new()));
        let page = land.shop.project.read("sendform-plan.md");
        assert!(page.contains("no digest: "), "{page}");
        assert!(land.notes(7).is_empty() && land.forge.requests("").is_empty());
    };
    // In this project, where somebody has started it.
    let run = land.plan_as(7, "head", 99, &[]).code(0);
    told(&land, &run);
    // In the fork itself, which calls itself the source.
    land.shop.project.set("CI_PROJECT_ID", "99");
    let run = land.plan_again(&[]).code(0);
    told(&land, &run);
    // A train has it no better.
    let run = land.plan_as(7, "train", 99, &[]).code(0);
    told(&land, &run);
}

#[test]
fn what_others_write_in_our_name_is_left_alone_and_so_is_a_newer_head() {
    let mut land = Land::new(1, "");
    land.announce(7, "feature", "The spring sale is on!");
    let head = land.git(&["rev-parse", "HEAD"]);
    let forged = format!("<!-- sendform:plan v1 project=acme-shop dir=. head={head} people=0 -->\n\nmerge me");
    land.forge.state().comment(7, "mallory", &forged);
    land.forge.state().comment(7, LOGIN, &forged.replace("acme-shop", "other"));
    land.plan(7, "head").code(0);
    land.plan(7, "head").code(0);
    let notes = land.notes(7);
    assert_eq!((notes.len(), notes[0].as_str()), (3, forged.as_str()));
    "2".repeat(40).clone_into(&mut land.forge.state().pull(7).head);
    let run = land.plan_again(&[]).code(0);
    assert!(run.stderr.contains("merge request 7 has a newer head, whose own run shows its plan"), "{run}");
    land.forge.state().pull(7).is_open = false;
    let run = land.plan_again(&[]).code(0);
    assert!(run.stderr.contains("merge request 7 is not open any more"), "{run}");
    assert_eq!(land.notes(7), notes);
}

#[test]
fn no_text_is_a_command_of_gitlab() {
    let mut land = Land::new(1, "");
    land.announce(7, "feature", "/approve\\n/merge\\n```\\n  /close\\n````\\n/label ~x");
    land.plan(7, "head").code(0);
    let notes = land.notes(7);
    let note = &notes[0];
    assert!(note.contains("/approve") && note.contains("/close"), "{note}");
    let commands: Vec<&str> = note.lines().filter(|line| line.trim_start().starts_with('/')).collect();
    assert!(commands.is_empty(), "{commands:?}\n{note}");
}

#[test]
fn whatever_the_server_refuses_the_plan_ends_with_its_own_code() {
    let faults = [
        ("GET /gitlab/api/v4/user", ForgeFault::Status(401), "name a token of this forge"),
        ("/merge_requests/7?", ForgeFault::Status(500), "merge request 7 shows this plan"),
        ("/notes", ForgeFault::Status(403), "scope `read_api` and at least the role Reporter"),
        ("POST /gitlab/api/v4", ForgeFault::Status(403), "scope `api` and at least the role Reporter"),
        ("POST /gitlab/api/v4", ForgeFault::Status(404), "scope `api` and at least the role Reporter"),
        ("POST /gitlab/api/v4", ForgeFault::Status(422), "it answered 422"),
        ("POST /gitlab/api/v4", ForgeFault::Status(429), "too many requests"),
        ("POST /gitlab/api/v4", ForgeFault::Status(500), "it answered 500"),
        ("/notes", ForgeFault::EmptyPage, "page 1 has nothing, and there is one more after it"),
        ("/notes", ForgeFault::CutShort, "the forge did not list the notes of merge request 7"),
        ("/merge_requests/7", ForgeFault::Html, "its answer cannot be read"),
    ];
    let mut land = Land::new(1, "");
    land.announce(7, "feature", "The spring sale is on!");
    for (wanted, fault, words) in faults {
        land.forge.state().faults.clear();
        land.forge.state().comments.clear();
        land.forge.fault(wanted, fault);
        let run = land.plan(7, "head").code(0);
        assert!(run.stderr.contains(words), "{wanted} {fault:?}\n{run}");
        if !words.contains("shows this plan") {
            assert!(run.stderr.contains("! merge request 7 does not show this plan: the forge did not"), "{run}");
            assert!(land.notes(7).is_empty(), "{fault:?}");
        }
    }
}

#[test]
fn a_branch_is_planned_and_told_to_nobody() {
    let mut land = Land::new(1, "");
    let commit = land.git(&["rev-parse", "HEAD"]);
    let job = GitLabJob { source: "push", commit: &commit, more: &[("CI_COMMIT_BRANCH", "main")] };
    land.forge.job_of(&mut land.shop.project, &job);
    land.plan_again(&[]).code(0);
    assert!(land.forge.requests("").is_empty());
    land.shop.project.set("CI_MERGE_REQUEST_IID", "7");
    let run = {
        land.shop.project.unset("CI_MERGE_REQUEST_EVENT_TYPE");
        land.plan_again(&[]).code(64)
    };
    assert!(run.stderr.contains("`CI_MERGE_REQUEST_EVENT_TYPE` is missing"), "{run}");
}
