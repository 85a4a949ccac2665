//! `ci apply` on GitLab where nothing was reviewed, or not this: refused, with what to do.

use insta::assert_snapshot;

use super::land::{Arrived, Land};
use crate::support::Project;
use crate::support::forge::{FakeApproval, FakeJob, FakePipeline, ForgeFault, TOKEN};

/// Changes one thing about a merge, and shows how it is refused.
#[track_caller]
fn refused(code: i32, arguments: &[&str], change: impl FnOnce(&mut Land, &mut Project, &Arrived)) -> String {
    let (mut land, arrived) = Land::merged(2, "");
    let mut runner = land.runner(&arrived);
    change(&mut land, &mut runner, &arrived);
    let run = land.sends_nothing(&runner, arguments, code);
    land.shown(&run.to_string())
}

/// Changes the pipeline that planned.
#[track_caller]
fn planned_so(change: impl FnOnce(&mut FakePipeline)) -> String {
    refused(5, &[], |land, _, _| change(&mut land.forge.state().gitlab.pipelines[0]))
}

#[track_caller]
fn planned_by(change: impl FnOnce(&mut FakeJob)) -> String {
    planned_so(|pipeline| change(&mut pipeline.jobs[0]))
}

#[test]
fn what_was_not_reviewed_is_refused() {
    let all = [
        refused(5, &[], |land, _, _| land.forge.state().pulls.clear()),
        refused(5, &[], |land, _, _| land.forge.state().pull(7).head_repository = Some(1)),
        refused(5, &[], |land, _, _| land.forge.state().pull(7).base_branch = "release".to_owned()),
        refused(5, &[], |land, _, _| land.forge.state().gitlab.pipelines.clear()),
        refused(5, &["--plan-workflow", "another job"], |_, _, _| {}),
        planned_by(|job| job.status = "failed"),
        planned_by(|job| job.status = "running"),
        planned_by(|job| job.created_at = "2026-11-30T11:50:00Z".to_owned()),
        planned_by(|job| job.files.clear()),
        planned_by(|job| job.is_expired = true),
        refused(5, &["--expect-digest", "plan/v1:00112233445566778899aabbccddeeff"], |_, _, _| {}),
    ];
    assert_snapshot!(all.join("\n"));
}

/// Of another project, for another reason, on another head, in a train: none of it is what was reviewed.
#[test]
fn a_pipeline_of_something_else_counts_as_none() {
    let none = "no run of `sendform plan` planned the head";
    let all = [
        planned_so(|pipeline| pipeline.project = 43),
        planned_so(|pipeline| pipeline.source = "push"),
        planned_so(|pipeline| pipeline.place = "train"),
        planned_so(|pipeline| pipeline.place = "feature"),
        planned_so(|pipeline| pipeline.commit = "3".repeat(40)),
    ];
    for said in all {
        assert!(said.contains(none), "{said}");
    }
}

#[test]
fn a_plan_that_is_not_what_its_name_says_is_refused() {
    let altered = planned_by(|job| {
        let content = String::from_utf8(job.files[0].1.clone()).unwrap();
        job.files[0].1 = content.replace("spring sale", "autumn sale").into_bytes();
    });
    assert!(altered.contains("cannot be applied: line 2 of it was altered"), "{altered}");
    let no_plan = planned_by(|job| job.files[0].1 = b"<html>".to_vec());
    assert!(no_plan.contains("it is not a plan of sendform"), "{no_plan}");
    let several = planned_by(|job| {
        let (name, content) = job.files[0].clone();
        let (beginning, _) = name.rsplit_once('-').unwrap();
        job.files.push((format!("{beginning}-00112233445566778899aabbccddeeff.plan"), content));
    });
    assert!(several.contains("left several plans at once"), "{several}");
}

#[test]
fn approvals_are_counted_by_author_access_and_kind() {
    let few = refused(4, &["--approvals", "1"], |land, _, _| {
        let at = land.tick();
        let mut state = land.forge.state();
        state.access.insert("robot".to_owned(), "write");
        state.gitlab.bots.push("robot".to_owned());
        for who in ["ana", "dan", "robot"] {
            state.gitlab.approvals.push(FakeApproval { pull: 7, who: who.to_owned(), at: Some(at.clone()) });
        }
        state.gitlab.system_notes.push((7, "cleo".to_owned(), "requested changes".to_owned(), at));
    });
    assert!(
        few.contains(
            "merge request 7 has 0 approvals of 1 for its head `[commit]`: `ana` is the author, `cleo` asks for changes, \
             `robot` is a bot and `dan` approved, and may not write to the repository"
        ),
        "{few}"
    );
}

#[test]
fn the_larger_number_of_approvals_counts_before_and_after_the_merge() {
    let mut land = Land::new(1, "approvals: 1\n");
    land.announce(7, "feature", "The spring sale is on!");
    let project = land.shop.project.read("sendform.yaml");
    land.shop.project.write("sendform.yaml", project.replace("approvals: 1", "approvals: 0"));
    land.push(7, "feature");
    land.plan(7, "head").code(0);
    let arrived = land.merge(7, "feature");
    let mut runner = land.runner(&arrived);
    land.sends_nothing(&runner, &[], 4);
    // A schedule is told nothing of what there was before: the merge request knows it.
    land.job(&mut runner, "schedule", &arrived);
    land.sends_nothing(&runner, &[], 4);
}

#[test]
fn a_job_that_is_started_again_after_others_changed_the_campaigns_is_refused() {
    let said = refused(5, &[], |land, _, _| {
        land.again();
        land.shop.campaign("Nothing is on any more.", 1);
        land.git(&["commit", "--quiet", "--all", "-m", "No sale"]);
        land.git(&["push", "--quiet", "origin", "main"]);
    });
    assert!(said.contains("error: `main` has moved on: the commit"), "{said}");
}

#[test]
fn pipelines_that_are_for_something_else_are_refused() {
    let source = |source: &str| {
        refused(64, &[], |land, runner, arrived| {
            land.job(runner, source, arrived);
            if source == "merge_request_event" {
                runner.unset("CI_COMMIT_BRANCH");
            }
        })
    };
    let all = [
        source("merge_request_event"),
        source("parent_pipeline"),
        refused(64, &[], |_, runner, _| runner.unset("CI_COMMIT_BRANCH")),
        refused(64, &[], |_, runner, _| runner.unset("CI_JOB_NAME")),
        refused(64, &["--reveal"], |_, _, _| {}),
    ];
    assert_snapshot!(all.join("\n"));
}

#[test]
fn the_token_is_sent_to_the_server_only() {
    let missing = refused(9, &[], |_, runner, _| runner.unset("SENDFORM_GITLAB_TOKEN"));
    assert!(missing.contains("the forge's token is missing: set SENDFORM_GITLAB_TOKEN"), "{missing}");
    for api in ["http://forge.test/api/v4", "https://evil.test/api/v4", "https://gitlab.com/api/v4"] {
        let told = refused(64, &[], |_, runner, _| runner.set("CI_API_V4_URL", api));
        assert!(told.contains("`CI_API_V4_URL` is"), "{told}");
    }
    let wrong = refused(9, &[], |_, runner, _| runner.set("SENDFORM_GITLAB_TOKEN", "another-token-0123456789"));
    assert!(wrong.contains("it does not know the token"), "{wrong}");
    let (land, arrived) = Land::merged(1, "");
    land.apply(&land.runner(&arrived), &[]).code(0);
    let requests = land.forge.requests("");
    assert!(requests.iter().all(|request| request.authorization == Some(format!("Bearer {TOKEN}"))), "{requests:?}");
    assert!(requests.iter().all(|request| !request.line.contains(TOKEN) && !request.body.contains(TOKEN)));
}

#[test]
fn a_server_that_does_not_answer_is_told_with_what_was_wanted() {
    let all = [
        ("/commits/", ForgeFault::Status(403), 9),
        ("/7/pipelines", ForgeFault::Status(404), 1),
        ("/7/pipelines", ForgeFault::EmptyPage, 1),
        ("/jobs", ForgeFault::Status(429), 1),
        ("/jobs", ForgeFault::Status(500), 1),
        ("/artifacts", ForgeFault::Status(403), 9),
        ("/artifacts", ForgeFault::CutShort, 1),
        ("/merge_requests/7", ForgeFault::CutShort, 1),
        ("/files/", ForgeFault::Status(403), 9),
    ];
    let all = all.map(|(wanted, fault, code)| refused(code, &[], |land, _, _| land.forge.fault(wanted, fault)));
    assert_snapshot!(all.join("\n"));
}
