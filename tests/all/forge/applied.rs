//! `ci apply` after a merge: what was reviewed is sent, once, and the pull requests are told.

use std::io::{Cursor, Write as _};

use insta::assert_snapshot;
use sendform::forge::marker::{CommentKind, Marker};
use serde_json::json;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::merged::{Merged, PULL};
use crate::support::forge::{FakePull, ForgeFault, REPOSITORY_ID, push_event};
use crate::support::git;

/// Another pull request, open, whose plan was shown.
fn sibling(merged: &Merged, number: u64) {
    let marker = merged.marker(CommentKind::Plan);
    let mut state = merged.forge.state();
    state.pulls.push(FakePull {
        number,
        head: "2".repeat(40),
        head_repository: Some(REPOSITORY_ID),
        base_branch: "main".to_owned(),
        base: merged.before.clone(),
        author: "cleo".to_owned(),
        merged_at: None,
        merge_commit: None,
        is_open: true,
    });
    state.comment(number, "github-actions[bot]", &format!("{marker}\n\nanother plan"));
}

#[test]
fn what_was_reviewed_is_sent_and_the_pull_request_is_told() {
    let mut merged = Merged::new(5);
    sibling(&merged, 8);
    // Of another folder, so of another project's plan.
    sibling(&merged, 9);
    {
        let mut state = merged.forge.state();
        let other = state.comments.last_mut().unwrap();
        other.body = other.body.replace("dir=.", "dir=outlet");
        state.page_items = 1;
    }
    let run = merged.apply(&[]).code(0);
    assert_snapshot!(merged.shown(&run));
    assert_eq!(merged.shop.accepted(), [1; 5]);
    let told = merged.plan_comment();
    let told =
        told.replace(&merged.merge, "[merge]").replace(&merged.head, "[head]").replace(&merged.forge.url(), "[forge]");
    assert_snapshot!("the_comment_after_it", crate::support::normalised(&told));
    let forged = &merged.forge.state().texts(PULL)[0];
    assert!(forged.ends_with("Nothing to see here."), "{forged}");
    let [shown, stale]: [String; 2] = merged.forge.state().texts(8).try_into().unwrap();
    let marker = Marker::read(&stale).unwrap();
    assert!(shown.ends_with("another plan") && marker.kind == CommentKind::Stale && stale.contains("#7 was applied"));
    assert_eq!(merged.forge.state().texts(9).len(), 1);
    // Again, as the same run: nobody is sent to, or told, twice.
    merged.again();
    merged.sends_nothing(&[], 0);
    assert_eq!(merged.forge.state().texts(8).len(), 2);
    assert_eq!(merged.plan_comment().matches("**sendform: applied**").count(), 1);
    assert!(!merged.runner.path(".sendform/reviewed").join(merged.artifact_name()).exists());
}

#[test]
fn a_run_that_broke_off_goes_on_with_the_same_plan() {
    let mut merged = Merged::new(6);
    merged.shop.sandbox.faults(&["401@3"]);
    let run = merged.apply(&[]).code(9);
    assert_eq!(merged.shop.accepted(), [1; 4], "{run}");
    let told = merged.plan_comment();
    assert!(told.contains("not applied as a whole** (exit code 9") && told.contains("## The plan"), "{told}");
    // Somebody new since then is not in the plan that was reviewed.
    merged.runner.write("customers.csv", merged.runner.read("customers.csv") + "17841400000000099,Zoe\n");
    merged.again();
    let run = merged.apply(&[]).code(0);
    assert_eq!(merged.shop.accepted(), [1; 6], "{run}");
    assert!(merged.plan_comment().contains("**sendform: applied** (exit code 0"));
}

#[test]
fn a_plan_in_an_archive_is_taken_out_of_it() {
    let merged = Merged::new(2);
    {
        let mut state = merged.forge.state();
        let artifact = &mut state.artifacts[0];
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file(artifact.name.as_str(), SimpleFileOptions::default()).unwrap();
        writer.write_all(&artifact.content).unwrap();
        artifact.content = writer.finish().unwrap().into_inner();
    }
    merged.apply(&[]).code(0);
    assert_eq!(merged.shop.accepted(), [1; 2]);
}

#[test]
fn whoever_names_a_digest_gets_the_plan_that_has_it() {
    let mut merged = Merged::new(2);
    let dispatch = |digest: &str, branch: &str| {
        json!({
            "ref": format!("refs/heads/{branch}"),
            "inputs": { "digest": digest },
            "repository": { "id": REPOSITORY_ID, "default_branch": "main" },
        })
    };
    let digest = merged.digest.clone();
    for (digest, branch, words) in [
        ("", "main", "says which digest it is for"),
        ("plan/v1:$(reboot)", "main", "says which digest it is for"),
        (digest.as_str(), "feature", "`feature` is not `main`"),
    ] {
        merged.event("workflow_dispatch", &dispatch(digest, branch));
        let run = merged.sends_nothing(&[], 64);
        assert!(run.stderr.contains(words), "{run}");
    }
    // A digest that no plan of a pull request has is compared with what would be sent now.
    let other = format!("plan/v1:{}", "0".repeat(32));
    merged.event("workflow_dispatch", &dispatch(&other, "main"));
    merged.sends_nothing(&[], 5);
    let run = merged.sends_nothing(&["--approvals", "1"], 4);
    assert!(run.stderr.contains("so it cannot have been approved"), "{run}");
    merged.event("workflow_dispatch", &dispatch(&digest, "main"));
    merged.sends_nothing(&["--approvals", "2"], 4);
    let run = merged.apply(&["--approvals", "1"]).code(0);
    assert!(run.stderr.contains("the plan of pull request 7, approved by `ben`"), "{run}");
    assert_eq!(merged.shop.accepted(), [1; 2]);
}

#[test]
fn a_schedule_goes_on_with_the_plan_of_the_newest_change() {
    let mut merged = Merged::new(2);
    merged.shop.sandbox.faults(&["401@1"]);
    merged.apply(&[]).code(9);
    assert_eq!(merged.shop.accepted(), [0; 0]);
    merged.event("schedule", &json!({ "schedule": "0 * * * *" }));
    let run = merged.apply(&[]).code(0);
    assert_eq!(merged.shop.accepted(), [1; 2], "{run}");
    // Where there is nothing to do, what became of it before is the news.
    let told = merged.plan_comment();
    assert!(told.contains("sale.hello r1") && told.contains("accepted"), "{told}");
    let run = merged.sends_nothing(&[], 0);
    assert_eq!(merged.plan_comment(), told, "{run}");
}

#[test]
fn what_was_sent_is_committed_and_is_no_change_of_the_campaigns() {
    let mut merged = Merged::in_lockfile(4);
    let commit = ["--commit", "--accept", "lockfile-in-ci=1"];
    merged.shop.sandbox.faults(&["401@2"]);
    let run = merged.apply(&commit).code(9);
    assert!(run.stderr.contains("the lockfile is committed (") && run.stderr.contains("pushed to"), "{run}");
    assert_eq!(merged.shop.accepted(), [1; 2], "{run}");
    let recorded = git(merged.runner.folder(), &["rev-parse", "HEAD"]);
    assert_ne!(recorded, merged.merge);
    // The newest commit only tells what was sent: both go on with the plan that was merged.
    merged.event("schedule", &json!({ "schedule": "0 * * * *", "repository": { "default_branch": "main" } }));
    let run = merged.apply(&commit).code(0);
    assert!(run.stderr.contains("the plan of pull request 7"), "{run}");
    assert_eq!(merged.shop.accepted(), [1; 4], "{run}");
    merged.event("push", &push_event("main", &merged.merge.clone(), &recorded));
    let run = merged.sends_nothing(&commit, 0);
    assert!(run.stderr.contains("the plan of pull request 7"), "{run}");
    // Started again, the run of the merge is still that of the newest change.
    merged.event("push", &push_event("main", &merged.before.clone(), &merged.merge.clone()));
    merged.again();
    merged.sends_nothing(&commit, 0);
    // Where runs commit nothing, a commit that came without a review is one, whatever it touches.
    merged.event("push", &push_event("main", &merged.merge.clone(), &recorded));
    let run = merged.sends_nothing(&["--accept", "lockfile-in-ci=1"], 5);
    assert!(run.stderr.contains("came to `main` without a pull request"), "{run}");
}

#[test]
fn projects_in_one_repository_go_their_own_ways() {
    let mut merged = Merged::in_folder(2, "campaigns");
    let outlet = "project: outlet\nsenders: { shop: SHOP-ACCOUNT }\n";
    merged.runner.write("outlet/sendform.yaml", outlet);
    let run = merged.sends_nothing(&["--dir", "outlet"], 5);
    assert!(run.stderr.contains("left no plan of `outlet`"), "{run}");
    assert!(!merged.plan_comment().contains("sendform:outcome"), "it is the other project's");
    merged.shop.sandbox.faults(&["401@1"]);
    merged.apply(&[]).code(9);
    // What is outside of its folder is none of its business.
    merged.push("A remark");
    merged.again();
    merged.apply(&[]).code(0);
    assert_eq!(merged.shop.accepted(), [1; 2]);
    assert!(merged.plan_comment().contains("**sendform: applied**"));
    // The newest commit that touched the folder is one of the branch that was merged.
    merged.event("schedule", &json!({ "schedule": "0 * * * *", "repository": { "default_branch": "main" } }));
    let run = merged.sends_nothing(&[], 0);
    assert!(run.stderr.contains("the plan of pull request 7"), "{run}");
}

#[test]
fn a_commit_without_a_review_is_applied_only_where_nobody_wants_one() {
    let merged = Merged::new(2);
    merged.forge.state().pulls.clear();
    let run = merged.sends_nothing(&["--require-review", "false", "--approvals", "1"], 4);
    assert!(run.stderr.contains("and the project wants approvals"), "{run}");
    let run = merged.apply(&["--require-review", "false"]).code(0);
    assert!(run.stderr.contains("it is applied without a review"), "{run}");
    assert_eq!(merged.shop.accepted(), [1; 2]);
}

#[test]
fn what_cannot_be_told_is_said_and_changes_no_code() {
    for (wanted, fault) in [
        ("PATCH /repos", ForgeFault::Status(403)),
        ("PATCH /repos", ForgeFault::Status(422)),
        ("/comments", ForgeFault::Status(500)),
        ("/comments", ForgeFault::EmptyPage),
        ("/graphql", ForgeFault::Status(500)),
    ] {
        let merged = Merged::new(1);
        merged.forge.fault(wanted, fault);
        let run = merged.apply(&[]).code(0);
        assert!(run.stderr.contains("! pull request 7 does not tell what became of it: the forge did not"), "{run}");
        assert_eq!(merged.shop.accepted(), [1]);
    }
}

#[test]
fn a_plan_whose_comment_is_gone_or_full_gets_one_of_its_own() {
    let check = |change: &dyn Fn(&mut Merged)| {
        let mut merged = Merged::new(1);
        change(&mut merged);
        let before = merged.forge.state().texts(PULL).len();
        merged.apply(&[]).code(0);
        let texts = merged.forge.state().texts(PULL);
        let told = Marker::read(texts.last().unwrap()).unwrap();
        assert_eq!((texts.len(), told.kind), (before + 1, CommentKind::Applied));
        // Once more, into the same.
        merged.again();
        merged.apply(&[]).code(0);
        assert_eq!(merged.forge.state().texts(PULL).len(), before + 1);
    };
    check(&|merged| {
        let id = merged.comment;
        merged.forge.state().comments.retain(|comment| comment.id != id);
    });
    check(&|merged| {
        let id = merged.comment;
        let mut state = merged.forge.state();
        let comment = state.comments.iter_mut().find(|comment| comment.id == id).unwrap();
        comment.body += &"ž".repeat(65_300);
    });
    check(&|merged| {
        let id = merged.comment;
        let mut state = merged.forge.state();
        let comment = state.comments.iter_mut().find(|comment| comment.id == id).unwrap();
        comment.body = "Somebody has edited it.".to_owned();
    });
}

#[test]
fn nobody_is_told_where_nobody_wants_that() {
    let merged = Merged::new(1);
    sibling(&merged, 8);
    merged.apply(&["--comment", "never"]).code(0);
    assert_eq!((merged.forge.requests("/comments").len(), merged.forge.requests("/graphql").len()), (0, 0));
}
