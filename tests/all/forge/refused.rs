//! `ci apply` where nothing was reviewed, or not this: refused, with what to do.

use insta::assert_snapshot;
use serde_json::json;

use super::merged::{Merged, PULL};
use crate::support::forge::{FakeReview, ForgeFault, TOKEN};

/// Changes one thing about a merge, and shows how it is refused.
#[track_caller]
fn refused(code: i32, arguments: &[&str], change: impl FnOnce(&mut Merged)) -> String {
    let mut merged = Merged::new(2);
    change(&mut merged);
    let run = merged.sends_nothing(arguments, code);
    merged.shown(&run).replace(&merged.forge.url(), "[forge]")
}

#[test]
fn what_was_not_reviewed_is_refused() {
    let all = [
        refused(5, &[], |merged| merged.forge.state().pulls.clear()),
        refused(5, &[], |merged| merged.forge.state().pull(PULL).head_repository = Some(1)),
        refused(5, &[], |merged| merged.forge.state().pull(PULL).base_branch = "release".to_owned()),
        refused(5, &[], |merged| merged.forge.state().runs.clear()),
        refused(5, &["--plan-workflow", ".github/workflows/plan.yml"], |_| {}),
        refused(5, &[], |merged| merged.forge.state().runs[0].conclusion = Some("failure".to_owned())),
        refused(5, &[], |merged| merged.forge.state().runs[0].created_at = "2026-11-30T11:50:00Z".to_owned()),
        refused(5, &[], |merged| merged.forge.state().artifacts.clear()),
        refused(5, &[], |merged| merged.forge.state().artifacts[0].is_expired = true),
        refused(5, &["--expect-digest", "plan/v1:00112233445566778899aabbccddeeff"], |_| {}),
    ];
    assert_snapshot!(all.join("\n"));
}

/// Another pull request of the same branch may have been planned later, with another audience.
#[test]
fn a_head_that_another_pull_request_has_as_well_is_refused() {
    let said = refused(5, &[], |merged| {
        let mut state = merged.forge.state();
        let mut other = state.pull(PULL).clone();
        (other.number, other.merge_commit, other.merged_at, other.is_open) = (8, None, None, true);
        "other".clone_into(&mut other.base_branch);
        state.pulls.push(other);
    });
    assert!(said.contains("of pull request 7 is that of 8 as well: nobody knows whose plan was reviewed"), "{said}");
}

#[test]
fn a_plan_that_is_not_what_its_name_says_is_refused() {
    let named = refused(5, &[], |merged| {
        let mut state = merged.forge.state();
        let name = state.artifacts[0].name.replace(".plan", "");
        let (name, _) = name.rsplit_once('-').unwrap();
        state.artifacts[0].name = format!("{name}-00112233445566778899aabbccddeeff.plan");
    });
    assert!(
        named.contains("but `plan/v1:00112233445566778899aabbccddeeff` was expected") || named.contains("[digest]"),
        "{named}"
    );
    let altered = refused(5, &[], |merged| {
        let mut state = merged.forge.state();
        let content = String::from_utf8(state.artifacts[0].content.clone()).unwrap();
        state.artifacts[0].content = content.replace("spring sale", "autumn sale").into_bytes();
    });
    assert!(altered.contains("cannot be applied: line 2 of it was altered"), "{altered}");
    let no_plan = refused(5, &[], |merged| merged.forge.state().artifacts[0].content = b"<html>".to_vec());
    assert!(no_plan.contains("it is not a plan of sendform"), "{no_plan}");
}

#[test]
fn approvals_are_counted_by_head_author_access_and_kind() {
    let reviews = |merged: &mut Merged, reviews: &[(&str, &'static str, &'static str)]| {
        let head = merged.head.clone();
        let mut state = merged.forge.state();
        state.reviews.clear();
        for (author, kind, said) in reviews {
            let (author, commit) = ((*author).to_owned(), head.clone());
            state.reviews.push(FakeReview { pull: PULL, author, kind, state: said, commit });
        }
    };
    let few = refused(4, &["--approvals", "1"], |merged| {
        reviews(
            merged,
            &[
                ("ana", "User", "APPROVED"),
                ("dan", "User", "APPROVED"),
                ("robot", "Bot", "APPROVED"),
                ("cleo", "User", "CHANGES_REQUESTED"),
            ],
        );
    });
    assert_snapshot!(few);
    let older = refused(4, &["--approvals", "1"], |merged| {
        let before = merged.before.clone();
        merged.forge.state().reviews[0].commit = before;
    });
    assert!(older.contains("`ben` approved an older head"), "{older}");
}

#[test]
fn the_larger_number_of_approvals_counts_before_and_after_the_merge() {
    let check = |before: &str, after: &str, arguments: &[&str], enough: bool| {
        let merged = Merged::with(1, before, after);
        let run = merged.apply(arguments);
        assert_eq!(run.code, Some(if enough { 0 } else { 4 }), "{before} {after} {arguments:?}\n{run}");
    };
    check("approvals: 2\n", "approvals: 0\n", &[], false);
    check("", "approvals: 2\n", &[], false);
    check("approvals: 1\n", "approvals: 1\n", &[], true);
    check("", "approvals: 1\n", &["--approvals", "2"], false);
}

#[test]
fn a_base_that_has_moved_is_refused_with_two_ways_on() {
    // Somebody else's merge has changed the text since it was planned.
    let mut merged = Merged::new(2);
    merged.runner.write("sale.yaml", merged.runner.read("sale.yaml").replace("spring", "summer"));
    let run = merged.sends_nothing(&[], 5);
    assert!(
        run.stdout.contains("- The spring sale is on!") && run.stdout.contains("+ The summer sale is on!"),
        "{run}"
    );
    assert!(run.stderr.contains("open a pull request that plans what is left"), "{run}");
    assert!(run.stderr.contains("or start the workflow by hand"), "{run}");
    assert!(merged.plan_comment().contains("+ The summer sale is on!"));
    // A run that is started again after others have changed the campaigns would send what was changed.
    merged.shop.campaign("Nothing is on any more.", 1);
    merged.push("No sale");
    merged.again();
    let run = merged.sends_nothing(&[], 5);
    assert!(run.stderr.contains("error: `main` has moved on: the commit"), "{run}");
}

#[test]
fn runs_that_are_for_something_else_are_refused() {
    let event = |name: &str, code: i32| {
        refused(code, &[], |merged| {
            let head = merged.head.clone();
            let event = json!({
                "action": "opened",
                "repository": { "id": 42 },
                "ref": "refs/tags/v1", "before": "0".repeat(40), "after": head,
                "pull_request": {
                    "number": PULL, "user": { "login": "ana" },
                    "head": { "sha": head, "ref": "$(reboot)", "repo": { "id": 42 } },
                    "base": { "sha": head, "ref": "main" },
                },
            });
            merged.event(name, &event);
        })
    };
    let all = [
        event("pull_request", 64),
        event("pull_request_target", 64),
        event("workflow_run", 64),
        event("issue_comment", 64),
        event("push", 64),
        refused(64, &[], |merged| merged.runner.write(".event.json", "{\"ref\":\"refs/heads/main\"}")),
        refused(1, &[], |merged| merged.runner.set("GITHUB_EVENT_PATH", "nowhere.json")),
        refused(64, &[], |merged| merged.runner.unset("GITHUB_SHA")),
        refused(64, &[], |merged| merged.runner.unset("GITHUB_ACTIONS")),
        refused(64, &["--reveal"], |_| {}),
    ];
    assert_snapshot!(all.join("\n"));
}

#[test]
fn the_token_is_sent_to_the_forge_only() {
    let missing = refused(9, &[], |merged| merged.runner.unset("GITHUB_TOKEN"));
    assert!(missing.contains("the forge's token is missing: set GITHUB_TOKEN"), "{missing}");
    for api in ["http://forge.test", "https://evil.test", "https://api.github.com"] {
        let told = refused(64, &[], |merged| merged.runner.set("GITHUB_API_URL", api));
        assert!(told.contains("`GITHUB_API_URL` is"), "{told}");
    }
    let wrong = refused(9, &[], |merged| merged.runner.set("GITHUB_TOKEN", "another-token-0123456789"));
    assert!(wrong.contains("it does not know the token"), "{wrong}");
    let merged = Merged::new(1);
    merged.apply(&[]).code(0);
    let requests = merged.forge.requests("");
    let authorized = requests.iter().filter(|request| request.authorization == Some(format!("Bearer {TOKEN}"))).count();
    assert_eq!(authorized, requests.iter().filter(|request| !request.line.contains("/blob/")).count());
    assert!(requests.iter().all(|request| !request.line.contains(TOKEN) && !request.body.contains(TOKEN)));
}

#[test]
fn a_forge_that_does_not_answer_is_told_with_what_was_wanted() {
    let all = [
        ("/commits/", ForgeFault::Status(403), 9),
        ("/actions/runs?", ForgeFault::Status(404), 1),
        ("/artifacts", ForgeFault::Status(429), 1),
        ("/actions/runs", ForgeFault::Status(500), 1),
        ("/actions/runs?", ForgeFault::MissingItems, 1),
        ("/pulls", ForgeFault::CutShort, 1),
        ("/zip", ForgeFault::Status(410), 1),
        ("/contents/", ForgeFault::Status(403), 9),
    ];
    let all = all.map(|(wanted, fault, code)| refused(code, &[], |merged| merged.forge.fault(wanted, fault)));
    assert_snapshot!(all.join("\n"));
}
