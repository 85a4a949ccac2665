//! The client of GitLab against a server on loopback: pages, scopes, bad days.

use std::time::Duration;

use secrecy::SecretString;
use sendform::forge::runner::Runner;
use sendform::forge::{CommitId, ForgeClient, ForgeError, ForgeErrorKind, GitLab};
use sendform::gateway::ClientLimits;
use sendform::identity::ProjectId;

use super::land::Land;
use crate::forge::client::own_commits_are_no_changes;
use crate::support::forge::{ForgeFault, REPOSITORY_ID, TOKEN};

const LIMITS: ClientLimits =
    ClientLimits { connect: Duration::from_secs(5), total: Duration::from_secs(20), answer_bytes_max: 16 * 1024 };

fn client(land: &mut Land) -> GitLab {
    land.announce(7, "feature", "The spring sale is on!");
    land.plan(7, "head").code(0);
    land.forge.state().requests.clear();
    another(land)
}

/// One that has fetched nothing yet.
fn another(land: &Land) -> GitLab {
    let read = Runner::read(|name| land.shop.project.variable(name));
    let Ok(Runner::GitLab(runner)) = read else { panic!("{read:?}") };
    GitLab::new(&runner, &SecretString::from(TOKEN), LIMITS).expect("a client")
}

fn wait<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(answer)
}

#[test]
fn every_call_that_is_refused_says_which_scope_and_role_it_lacks() {
    let mut land = Land::new(1, "");
    let client = client(&mut land);
    let head = CommitId::parse(&land.git(&["rev-parse", "HEAD"])).unwrap();
    let project = ProjectId::parse("acme-shop").unwrap();
    let pull = wait(client.pull(7)).unwrap();
    let bound = wait(client.bind_open(7, "sendform plan", REPOSITORY_ID, &project)).unwrap();
    land.approve(7, "ben");
    let told = |answer: Result<(), String>| answer.expect_err("it is refused");
    let forge = |error: ForgeError| {
        assert_eq!(error.kind, ForgeErrorKind::Forbidden, "{error}");
        format!("{error}; {}", error.hints().join("; "))
    };
    let bind = |error: sendform::forge::BindError| match error {
        sendform::forge::BindError::Forge(error) => forge(error),
        sendform::forge::BindError::Unbound(unbound) => panic!("{unbound}"),
    };
    let mut all = Vec::new();
    land.forge.fault("/gitlab/", ForgeFault::Status(403));
    wait(async {
        all.push(told(client.login().await.map(drop).map_err(forge)));
        all.push(told(client.comments(7).await.map(drop).map_err(forge)));
        all.push(told(client.add_comment(7, "x").await.map(drop).map_err(forge)));
        all.push(told(client.change_comment(7, 1, "x").await.map(drop).map_err(forge)));
        all.push(told(client.pulls_of(head.as_str()).await.map(drop).map_err(forge)));
        all.push(told(client.pull(7).await.map(drop).map_err(forge)));
        all.push(told(client.open_pulls("main").await.map(drop).map_err(forge)));
        all.push(told(client.attempt(9, "x").await.map(drop).map_err(forge)));
        all.push(told(client.newest_commits_of("main", "campaigns").await.map(drop).map_err(forge)));
        all.push(told(client.touches_only(&head, &[]).await.map(drop).map_err(forge)));
        all.push(told(client.is_closed("main").await.map(drop).map_err(forge)));
        all.push(told(client.is_in(&head, &head).await.map(drop).map_err(forge)));
        all.push(told(client.file_at(&head, "sendform.yaml").await.map(drop).map_err(forge)));
        all.push(told(another(&land).download(&bound.artifact, 10, &mut Vec::new()).await.map(drop).map_err(forge)));
    });
    // One call of a longer way at a time.
    for wanted in ["/pipelines?", "/pipelines/", "/jobs/", "/artifacts"] {
        land.forge.state().faults.clear();
        land.forge.fault(wanted, ForgeFault::Status(403));
        let client = another(&land);
        all.push(told(wait(client.bind_open(7, "sendform plan", REPOSITORY_ID, &project)).map(drop).map_err(bind)));
    }
    for wanted in ["/approvals", "/versions", "/users/", "/members/"] {
        land.forge.state().faults.clear();
        land.forge.fault(wanted, ForgeFault::Status(403));
        all.push(told(wait(client.approved(&pull, 1)).map(drop).map_err(bind)));
    }
    let all = all.join("\n");
    insta::assert_snapshot!(land.shown(&all).replace(&bound.artifact.id.to_string(), "[job]"));
}

#[test]
fn a_list_is_read_to_its_end_and_what_is_gone_is_missing() {
    let mut land = Land::new(1, "");
    let client = client(&mut land);
    {
        let mut state = land.forge.state();
        state.page_items = 2;
        state.comments.clear();
        for number in 1..=5 {
            state.comment(7, "ana", &format!("{number}"));
        }
        state.gitlab.system_notes.push((
            7,
            "ana".to_owned(),
            "added 1 commit".to_owned(),
            "2026-11-30T11:00:00Z".to_owned(),
        ));
    }
    let bodies: Vec<String> = wait(client.comments(7)).unwrap().into_iter().map(|note| note.body).collect();
    assert_eq!(bodies, ["1", "2", "3", "4", "5"]);
    assert_eq!(land.forge.requests("/notes").len(), 3);
    assert_eq!(wait(client.change_comment(7, 1, "x")).unwrap_err().kind, ForgeErrorKind::NotFound);
    assert!(wait(client.add_comment(7, &"ž".repeat(500))).is_ok());
    let told = wait(client.add_comment(7, &"ž".repeat(1_000_001))).unwrap_err().to_string();
    assert!(
        told.contains("the forge did not take a note on merge request 7: it answered 400, `400 Bad request"),
        "{told}"
    );
    // Nothing in a note is carried out.
    let note = wait(client.add_comment(7, "```\n/merge\n```")).unwrap();
    wait(client.change_comment(7, note.id, "done\n /close")).unwrap();
    assert_eq!(
        (note.body.as_str(), land.notes(7).pop().unwrap().as_str()),
        ("```\n\u{200b}/merge\n```", "done\n\u{200b} /close")
    );
    land.forge.fault("/notes", ForgeFault::SamePage);
    let told = wait(client.comments(7)).unwrap_err().to_string();
    assert!(told.contains("page 2 has something that came before"), "{told}");
}

#[test]
fn files_and_commits_are_those_of_the_repository() {
    let mut land = Land::new(1, "");
    let client = client(&mut land);
    let head = CommitId::parse(&land.git(&["rev-parse", "HEAD"])).unwrap();
    let main = CommitId::parse(&land.git(&["rev-parse", "main"])).unwrap();
    let file = wait(client.file_at(&head, "sale.yaml")).unwrap().unwrap();
    assert!(String::from_utf8(file).unwrap().contains("The spring sale is on!"));
    assert_eq!(wait(client.file_at(&head, "no/such.yaml")).unwrap(), None);
    assert_eq!(wait(client.newest_commits_of("main", "sale.yaml")).unwrap(), std::slice::from_ref(&main));
    assert_eq!(wait(client.newest_commits_of("main", "nowhere")).unwrap(), []);
    assert!(wait(client.is_in(&main, &head)).unwrap() && !wait(client.is_in(&head, &main)).unwrap());
    let elsewhere = CommitId::parse(&"1".repeat(40)).unwrap();
    assert_eq!(wait(client.file_at(&elsewhere, "sale.yaml")).unwrap_err().kind, ForgeErrorKind::NotFound);
}

#[test]
fn what_runs_commit_themselves_is_no_change_of_the_project() {
    let mut land = Land::new(1, "");
    let client = ForgeClient::GitLab(Box::new(client(&mut land)));
    land.git(&["checkout", "--quiet", "main"]);
    own_commits_are_no_changes(&client, &land.shop.project);
}

#[test]
fn a_branch_is_closed_to_developers_if_it_is_protected_from_them() {
    let mut land = Land::new(1, "");
    let client = client(&mut land);
    let is_closed = || wait(client.is_closed("team/ledger")).unwrap();
    assert!(!is_closed());
    land.forge.state().is_protected = true;
    assert!(is_closed());
    assert_eq!(land.forge.requests("/repository/branches/team%2Fledger").len(), 2);
    land.forge.state().gitlab.developers_can_push = true;
    assert!(!is_closed());
    land.forge.fault("/branches/", ForgeFault::Status(404));
    assert!(!is_closed());
}

/// A plan may be larger than any other answer may be.
#[test]
fn a_file_is_not_held_to_the_size_of_an_answer() {
    let mut land = Land::new(1, "");
    let client = client(&mut land);
    let project = ProjectId::parse("acme-shop").unwrap();
    let large = vec![b'x'; 100_000];
    large.clone_into(&mut land.forge.state().gitlab.pipelines[0].jobs[0].files[0].1);
    let bound = wait(client.bind_open(7, "sendform plan", REPOSITORY_ID, &project)).unwrap();
    assert_eq!((bound.artifact.bytes, bound.pull.number), (100_000, 7));
    let mut content = Vec::new();
    assert_eq!(wait(client.download(&bound.artifact, 100_000, &mut content)).unwrap(), 100_000);
    assert_eq!(content, large);
    let told = wait(client.download(&bound.artifact, 99_999, &mut Vec::new())).unwrap_err().to_string();
    assert!(told.ends_with("it is larger than 99999 bytes"), "{told}");
    assert_eq!(land.forge.requests("/artifacts").len(), 1, "it was fetched when it was looked for, and is kept");
}
