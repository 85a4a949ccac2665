//! The way of a campaign on GitLab, from its branch to its people.

use insta::assert_snapshot;
use sendform::forge::marker::{CommentKind, Marker};

use super::land::{LOGIN, Land};
use crate::support::forge::TOKEN;

#[test]
fn from_the_branch_to_the_people() {
    let mut land = Land::new(5, "approvals: 1\n");
    land.forge.state().page_items = 2;
    // Another merge request is under way.
    land.announce(8, "other", "The autumn sale is on!");
    land.plan(8, "head").code(0);
    assert_eq!(land.notes(8).len(), 1);

    // Its head is planned, and a note shows it.
    land.announce(7, "feature", "The spring sale is on!");
    let run = land.plan(7, "head").code(0);
    assert!(run.stderr.contains("merge request 7 shows this plan\n"), "{run}");
    let [note] = &land.notes(7)[..] else { panic!("one note: {:?}", land.notes(7)) };
    let marker = Marker::read(note).unwrap();
    assert_eq!((marker.kind, marker.people), (CommentKind::Plan, 5));
    assert_eq!(land.told("SENDFORM_DIGEST"), marker.digest.unwrap().to_string());
    assert_eq!(land.told("SENDFORM_TO_SEND"), "5");
    assert!(note.contains("**5 messages to send in 3 bulks**"), "{note}");
    let posts = land.forge.requests("POST /gitlab/api/v4/projects/42/merge_requests/7/notes");
    assert!(posts.len() == 1 && posts[0].authorization == Some(format!("Bearer {TOKEN}")), "{posts:?}");

    // One more push: the same note. One more person: a new one.
    land.shop.campaign("The sale is on!", 1);
    land.push(7, "feature");
    land.plan(7, "head").code(0);
    assert_eq!(land.notes(7).len(), 1);
    assert_eq!(land.forge.requests("PUT /gitlab/api/v4/projects/42/merge_requests/7/notes/").len(), 1);
    land.approve(7, "ben");
    land.shop.customers(1..=6);
    land.push(7, "feature");
    land.plan(7, "head").code(0);
    let notes = land.notes(7);
    assert!(notes.len() == 2 && notes[0].contains("> **Outdated:**") && notes[1].contains("people=6"), "{notes:?}");

    // Merged, and what was approved is not what was merged.
    let arrived = land.merge(7, "feature");
    let runner = land.runner(&arrived);
    let run = land.sends_nothing(&runner, &[], 4);
    assert!(run.stderr.contains("`ben` approved an older head"), "{run}");
    assert!(land.notes(7)[1].contains("`ben` approved an older head"), "{:?}", land.notes(7));
    land.approve(7, "ben");
    land.again();
    land.shop.sandbox.faults(&["401@3"]);
    land.apply(&runner, &[]).code(9);
    assert_eq!(land.shop.accepted(), [1; 4]);
    // Again: the rest, of the same plan.
    let run = land.apply(&runner, &[]).code(0);
    assert_eq!(land.shop.accepted(), [1; 6]);
    assert_snapshot!("what_is_said", land.shown(&run.to_string()));
    let notes = land.notes(7);
    assert_eq!(notes.len(), 2);
    let (last, earlier) = notes[1].split_once("<summary>earlier runs</summary>").expect("they are folded away");
    assert!(last.contains("**sendform: applied** (exit code 0"), "{}", notes[1]);
    let codes: Vec<&str> = earlier.matches("(exit code 9: ").chain(earlier.matches("(exit code 4: ")).collect();
    assert_eq!(codes, ["(exit code 9: ", "(exit code 4: "], "{}", notes[1]);
    assert!(notes[1].contains("[run, attempt 2]("), "{}", notes[1]);
    // The other one is told, once.
    let [_, stale]: [String; 2] = land.notes(8).try_into().unwrap();
    assert!(stale.contains("the plan of this merge request is stale.** !7 was applied"), "{stale}");
    land.sends_nothing(&runner, &[], 0);
    assert_eq!((land.notes(7).len(), land.notes(8).len()), (2, 2));
    let all: Vec<String> = land.forge.state().comments.iter().map(|comment| comment.author.clone()).collect();
    assert!(all.iter().all(|author| author == LOGIN), "{all:?}");
}

#[test]
fn a_merge_train_merges_what_was_reviewed_and_nothing_else() {
    let mut land = Land::new(2, "");
    land.announce(7, "feature", "The spring sale is on!");
    let run = land.plan(7, "train").code(5);
    assert!(run.stderr.contains("error: nobody can tell whether the merge train is what was reviewed"), "{run}");
    assert!(run.stderr.contains("caused by: no run of `sendform plan` planned the head"), "{run}");
    assert!(run.stderr.contains("hint: let the merge request's own run plan its head"), "{run}");
    land.plan(7, "head").code(0);
    let run = land.plan(7, "train").code(0);
    assert!(run.stderr.contains("the merge train is what was reviewed in merge request 7"), "{run}");
    assert!(run.stderr.contains("once this merge train has merged the head"), "{run}");
    // What is before it in the train has brought one more person, and another text.
    land.shop.customers(1..=3);
    land.shop.campaign("The summer sale is on!", 1);
    land.git(&["commit", "--quiet", "--all", "-m", "One more"]);
    let run = land.plan(7, "train").code(5);
    let (_, said) = run.stderr.split_once("! the merge train").expect("it is said");
    assert_snapshot!("what_a_merge_train_has_changed", land.shown(said));
    let page = land.shop.project.read("sendform-plan.md");
    let (first, _) = page.split_once("\n## sendform plan").expect("the plan is behind it");
    assert_snapshot!("what_a_merge_train_has_changed_in_the_page", land.shown(first));
    assert_eq!(land.notes(7).len(), 1, "a train writes no note");
    // Nobody can tell without a token.
    land.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    land.plan(7, "train").code(0);
    land.shop.project.unset("SENDFORM_GITLAB_TOKEN");
    let run = land.plan_again(&[]).code(5);
    assert!(run.stderr.contains("caused by: the forge's token is missing: set SENDFORM_GITLAB_TOKEN"), "{run}");
}

#[test]
fn a_ledger_that_developers_may_not_push_to_is_told_with_the_plan() {
    let mut land = Land::new(1, "");
    land.announce(7, "feature", "The spring sale is on!");
    let words = "! the ledger's branch `sendform-ledger` is protected, and developers may not push to it";
    assert!(!land.plan(7, "head").code(0).stderr.contains(words));
    land.forge.state().is_protected = true;
    let run = land.plan(7, "head").code(0);
    assert!(run.stderr.contains(words) && run.stderr.contains("in `GITLAB_TOKEN`"), "{run}");
    land.forge.state().gitlab.developers_can_push = true;
    assert!(!land.plan(7, "head").code(0).stderr.contains(words));
}

#[test]
fn a_merged_result_is_bound_by_the_head_that_it_has_merged() {
    let mut land = Land::new(2, "");
    land.announce(7, "feature", "The spring sale is on!");
    let head = land.git(&["rev-parse", "HEAD"]);
    // Somebody else has changed `main` meanwhile.
    land.git(&["checkout", "--quiet", "main"]);
    land.shop.customers(1..=3);
    land.git(&["commit", "--quiet", "--all", "-m", "One more"]);
    land.git(&["push", "--quiet", "origin", "main"]);
    let merged_result = |land: &Land, head: &str| {
        land.git(&["checkout", "--quiet", "--detach", "main"]);
        land.git(&["merge", "--quiet", "--no-ff", "-m", "A trial", head]);
        land.git(&["push", "--quiet", "--force", "origin", "HEAD:refs/merge-requests/7/merge"]);
    };
    merged_result(&land, &head);
    let run = land.plan(7, "merge").code(0);
    assert!(run.stderr.contains("what `main` would be with the head"), "{run}");
    let [note] = &land.notes(7)[..] else { panic!("one note") };
    assert!(note.contains(&format!("head={head}")) && note.contains("people=3"), "{note}");
    assert!(note.contains("Planned is what the merge would give now, and not the head alone."), "{note}");
    // A newer one of another head, which was taken back.
    let tree = land.git(&["rev-parse", "HEAD^{tree}"]);
    let other = land.git(&["commit-tree", &tree, "-p", "main", "-m", "Another head"]);
    merged_result(&land, &other);
    land.plan(7, "merge").code(0);
    let arrived = land.merge(7, "feature");
    let runner = land.runner(&arrived);
    let run = land.apply(&runner, &[]).code(0);
    assert_eq!(land.shop.accepted(), [1; 3], "{run}");
    let jobs = land.forge.requests("/artifacts");
    assert!(!jobs.is_empty());
}
