//! `ci apply` in pipelines of GitLab: on time, by hand, fast-forwarded, and where a note cannot be written.

use super::land::{Arrived, Land};
use crate::support::forge::{FakeApproval, ForgeFault};
use crate::support::git;

#[test]
fn a_schedule_goes_on_with_the_plan_of_the_newest_change() {
    let (land, arrived) = Land::merged(2, "");
    let mut runner = land.runner(&arrived);
    land.shop.sandbox.faults(&["401@1"]);
    land.apply(&runner, &[]).code(9);
    assert_eq!(land.shop.accepted(), [0; 0]);
    // What a run commits itself changes nothing.
    land.shop.project.write("sendform.lock", "1\n");
    land.git(&["add", "--force", "sendform.lock"]);
    land.git(&["commit", "--quiet", "-m", "Sent"]);
    land.git(&["push", "--quiet", "origin", "main"]);
    land.job(&mut runner, "schedule", &arrived);
    let run = land.apply(&runner, &[]).code(0);
    assert_eq!(land.shop.accepted(), [1; 2], "{run}");
    let told = land.notes(7);
    land.sends_nothing(&runner, &[], 0);
    assert_eq!(land.notes(7), told, "where there is nothing to do, what became of it before is the news");
}

#[test]
fn whoever_names_a_digest_gets_the_plan_that_has_it() {
    let (mut land, arrived) = Land::merged(2, "");
    let mut runner = land.runner(&arrived);
    land.job(&mut runner, "web", &arrived);
    let run = land.sends_nothing(&runner, &[], 64);
    assert!(run.stderr.contains("into the variable `DIGEST`"), "{run}");
    let other = format!("plan/v1:{}", "0".repeat(32));
    land.sends_nothing(&runner, &["--expect-digest", &other], 5);
    land.sends_nothing(&runner, &["--expect-digest", &other, "--approvals", "1"], 4);
    let digest = land.told("SENDFORM_DIGEST");
    land.sends_nothing(&runner, &["--expect-digest", &digest, "--approvals", "1"], 4);
    land.approve(7, "cleo");
    let run = land.apply(&runner, &["--expect-digest", &digest, "--approvals", "1"]).code(0);
    assert!(run.stderr.contains("the plan of merge request 7, approved by `cleo`"), "{run}");
    assert_eq!(land.shop.accepted(), [1; 2]);
    // Elsewhere than on the default branch nothing was merged.
    runner.set("CI_COMMIT_BRANCH", "feature");
    let run = land.sends_nothing(&runner, &["--expect-digest", &digest], 64);
    assert!(run.stderr.contains("start a pipeline on `main`"), "{run}");
    runner.unset("CI_COMMIT_BRANCH");
    let run = land.sends_nothing(&runner, &["--expect-digest", &digest], 64);
    assert!(run.stderr.contains("this run is on none"), "{run}");
}

#[test]
fn a_merge_request_that_was_fast_forwarded_or_squashed_is_found() {
    for squashed in [false, true] {
        let mut land = Land::new(2, "");
        land.announce(7, "feature", "The spring sale is on!");
        land.plan(7, "head").code(0);
        let mut arrived = land.merge(7, "feature");
        // It came without a commit of its own: as its head, or as another one.
        let head = land.forge.state().pull(7).head.clone();
        let tip = if squashed {
            let tree = land.git(&["rev-parse", "HEAD^{tree}"]);
            land.git(&["commit-tree", &tree, "-p", &arrived.before, "-m", "Squashed"])
        } else {
            head
        };
        land.git(&["push", "--quiet", "--force", "origin", &format!("{tip}:main")]);
        land.forge.state().pull(7).merge_commit = squashed.then(|| tip.clone());
        arrived.merge = tip;
        let runner = land.runner(&arrived);
        let run = land.apply(&runner, &[]).code(0);
        assert_eq!(land.shop.accepted(), [1; 2], "{run}");
    }
}

#[test]
fn a_job_that_was_started_again_after_the_merge_changes_nothing() {
    let (mut land, arrived) = Land::merged(2, "");
    let late = land.tick();
    {
        let mut state = land.forge.state();
        let pipeline = &mut state.gitlab.pipelines[0];
        let mut again = pipeline.jobs[0].clone();
        (again.id, again.created_at, again.files) = (5, late, Vec::new());
        pipeline.jobs.push(again);
    }
    let runner = land.runner(&arrived);
    land.apply(&runner, &[]).code(0);
    assert_eq!(land.shop.accepted(), [1; 2]);
}

#[test]
fn newer_servers_say_when_somebody_approved() {
    let (mut land, arrived) = Land::merged(1, "approvals: 1\n");
    let runner = land.runner(&arrived);
    let now = land.tick();
    let approve = |at: &str| {
        let approval = FakeApproval { pull: 7, who: "ben".to_owned(), at: Some(at.to_owned()) };
        land.forge.state().gitlab.approvals = vec![approval];
    };
    approve("2026-11-30T10:59:00.000Z");
    let run = land.sends_nothing(&runner, &[], 4);
    assert!(run.stderr.contains("`ben` approved, and nobody knows which head"), "{run}");
    approve(&now);
    land.apply(&runner, &[]).code(0);
    assert_eq!(land.shop.accepted(), [1]);
}

#[test]
fn what_cannot_be_told_is_said_and_changes_no_code() {
    for (wanted, fault) in [
        ("PUT /gitlab", ForgeFault::Status(403)),
        ("PUT /gitlab", ForgeFault::Status(422)),
        ("/notes", ForgeFault::Status(500)),
        ("/notes", ForgeFault::EmptyPage),
        ("GET /gitlab/api/v4/user", ForgeFault::Status(500)),
    ] {
        let (land, arrived) = Land::merged(1, "");
        let runner = land.runner(&arrived);
        land.forge.fault(wanted, fault);
        let run = land.apply(&runner, &[]).code(0);
        assert!(run.stderr.contains("! merge request 7 does not tell what became of it: the forge did not"), "{run}");
        assert_eq!(land.shop.accepted(), [1]);
    }
}

#[test]
fn a_commit_without_a_review_is_applied_only_where_nobody_wants_one() {
    let (land, arrived) = Land::merged(2, "");
    let runner = land.runner(&arrived);
    land.forge.state().pulls.clear();
    land.sends_nothing(&runner, &["--require-review", "false", "--approvals", "1"], 4);
    let run = land.apply(&runner, &["--require-review", "false"]).code(0);
    assert!(run.stderr.contains("without a merge request: nobody has reviewed a plan of it"), "{run}");
    assert_eq!(land.shop.accepted(), [1; 2]);
}

#[test]
fn what_was_sent_is_committed_and_is_no_change_of_the_campaigns() {
    let mut land = Land::in_lockfile(4);
    land.announce(7, "feature", "The spring sale is on!");
    land.plan(7, "head").code(0);
    let arrived = land.merge(7, "feature");
    let mut runner = land.runner(&arrived);
    git(runner.folder(), &["checkout", "--quiet", "main"]);
    let commit = ["--commit", "--accept", "lockfile-in-ci=1"];
    land.shop.sandbox.faults(&["401@2"]);
    let run = land.apply(&runner, &commit).code(9);
    assert!(run.stderr.contains("the lockfile is committed (") && run.stderr.contains("pushed to"), "{run}");
    assert_eq!(land.shop.accepted(), [1; 2], "{run}");
    let recorded = git(runner.folder(), &["rev-parse", "HEAD"]);
    assert_eq!(git(&land.origin.path(), &["rev-parse", "main"]), recorded);
    assert_ne!(recorded, arrived.merge);
    // The newest commit only tells what was sent: both go on with the plan that was merged.
    let told = Arrived { before: arrived.merge.clone(), merge: recorded };
    land.job(&mut runner, "schedule", &told);
    let run = land.apply(&runner, &commit).code(0);
    assert!(run.stderr.contains("the plan of merge request 7"), "{run}");
    assert_eq!(land.shop.accepted(), [1; 4], "{run}");
    land.job(&mut runner, "push", &told);
    let run = land.sends_nothing(&runner, &commit, 0);
    assert!(run.stderr.contains("the plan of merge request 7"), "{run}");
    // The note of the merge request tells of it all.
    let [note] = &land.notes(7)[..] else { panic!("one note: {:?}", land.notes(7)) };
    assert!(note.contains("**sendform: applied** (exit code 0"), "{note}");
    // Where runs commit nothing, a commit that came without a review is one, whatever it touches.
    let run = land.sends_nothing(&runner, &["--accept", "lockfile-in-ci=1"], 5);
    assert!(run.stderr.contains("came to `main` without a merge request"), "{run}");
}
