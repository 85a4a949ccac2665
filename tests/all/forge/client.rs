//! The client of GitHub against a forge on loopback: pages, permissions, bad days.

use std::time::Duration;

use secrecy::SecretString;
use sendform::forge::runner::{GitHubRunner, Runner};
use sendform::forge::{CommitId, ForgeClient, ForgeError, ForgeErrorKind, GitHub};
use sendform::gateway::ClientLimits;

use crate::support::forge::{FakeForge, ForgeFault, TOKEN, push_event};
use crate::support::{Origin, Project, git};

const LIMITS: ClientLimits =
    ClientLimits { connect: Duration::from_secs(5), total: Duration::from_secs(20), answer_bytes_max: 1024 * 1024 };

/// A forge with one repository, and a client of it.
struct Ground {
    project: Project,
    _origin: Origin,
    forge: FakeForge,
    head: String,
}

impl Ground {
    fn new() -> Self {
        let mut project = Project::new().file("sale.yaml", "campaign: sale\n");
        let origin = Origin::of(&project);
        let forge = FakeForge::of(&origin.path());
        let head = git(project.folder(), &["rev-parse", "HEAD"]);
        forge.run_for(&mut project, "push", &push_event("main", &head, &head), ("main", &head));
        Self { project, _origin: origin, forge, head }
    }

    fn runner(&self) -> GitHubRunner {
        let read = Runner::read(|name| self.project.variable(name));
        let Ok(Runner::GitHub(runner)) = read else { panic!("{read:?}") };
        *runner
    }

    fn client(&self) -> GitHub {
        GitHub::new(&self.runner(), &SecretString::from(TOKEN), LIMITS).expect("a client")
    }

    fn head(&self) -> CommitId {
        CommitId::parse(&self.head).expect("a commit")
    }
}

fn wait<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(answer)
}

/// Makes every call that there is, and gives what each came to.
fn every_call(ground: &Ground) -> Vec<Result<(), ForgeError>> {
    let (client, head) = (ground.client(), ground.head());
    let artifact = sendform::forge::facts::Artifact {
        id: 1,
        name: "x".to_owned(),
        bytes: 1,
        is_expired: false,
        created_at: jiff::Timestamp::UNIX_EPOCH,
        run: None,
    };
    wait(async {
        vec![
            client.comments(7).await.map(drop),
            client.add_comment(7, "x").await.map(drop),
            client.change_comment(1, "x").await.map(drop),
            client.hide_comment(1).await,
            client.pulls_of(&ground.head).await.map(drop),
            client.pull(7).await.map(drop),
            client.open_pulls("main").await.map(drop),
            client.reviews(7).await.map(drop),
            client.runs_of(&head, "pull_request").await.map(drop),
            client.run(7).await.map(drop),
            client.artifacts_of(7).await.map(drop),
            client.artifacts_named("x").await.map(drop),
            client.download(&artifact, 10, &mut Vec::new()).await.map(drop),
            client.newest_commits_of("main", "campaigns").await.map(drop),
            client.touches_only(&head, &[]).await.map(drop),
            client.is_in(&head, &head).await.map(drop),
            client.file_at(&head, "sendform.yaml").await.map(drop),
            client.may_write("ana").await.map(drop),
            client.is_protected("main").await.map(drop),
        ]
    })
}

#[test]
fn every_call_that_is_refused_says_which_permission_it_lacks() {
    let ground = Ground::new();
    ground.forge.fault("/repos/", ForgeFault::Status(403));
    let told = |result: Result<(), ForgeError>| {
        let error = result.expect_err("it is refused");
        assert_eq!(error.kind, ForgeErrorKind::Forbidden, "{error}");
        let hint = error.hints().join("; ");
        assert!(hint.contains(error.permission.name()), "{hint}");
        format!("{}: {error}", error.permission.name())
    };
    let told: Vec<String> = every_call(&ground).into_iter().map(told).collect();
    let told = told.join("\n").replace(&ground.head, "[head]").replace(ground.head().short(), "[head]");
    insta::assert_snapshot!(told);
}

#[test]
fn a_list_is_read_to_its_end_or_not_at_all() {
    let ground = Ground::new();
    {
        let mut state = ground.forge.state();
        state.page_items = 2;
        for number in 1..=5 {
            state.comment(7, "ana", &format!("{number}"));
            state.comment(8, "ana", "another's");
        }
    }
    let bodies = |ground: &Ground| {
        let comments = wait(ground.client().comments(7))?;
        Ok::<_, ForgeError>(comments.into_iter().map(|comment| comment.body).collect::<Vec<_>>())
    };
    assert_eq!(bodies(&ground).unwrap(), ["1", "2", "3", "4", "5"]);
    assert_eq!(ground.forge.requests("comments").len(), 3);
    let faults = [
        (ForgeFault::CutShort, "it is not whole JSON"),
        (ForgeFault::Html, "it is not whole JSON"),
        (ForgeFault::EmptyPage, "page 1 has nothing, and there is one more after it"),
        (ForgeFault::SamePage, "page 2 has something that came before"),
        (ForgeFault::Redirect, "it is a redirect, and those are not followed"),
    ];
    for (fault, words) in faults {
        ground.forge.state().faults.clear();
        ground.forge.fault("/comments", fault);
        let told = bodies(&ground).unwrap_err().to_string();
        assert!(told.starts_with("the forge did not list the comments of pull request 7: its answer"), "{told}");
        assert!(told.contains(words), "{told}");
    }
    ground.forge.state().faults.clear();
    ground.forge.fault("/actions/runs", ForgeFault::MissingItems);
    let told = wait(ground.client().runs_of(&ground.head(), "push")).unwrap_err().to_string();
    assert!(told.ends_with("it ends after 0 of 5"), "{told}");
}

#[test]
fn what_passes_is_asked_again_and_what_may_be_done_already_is_not() {
    let ground = Ground::new();
    for code in [429, 500, 502] {
        ground.forge.state().faults.clear();
        ground.forge.fault("GET /repos/acme/shop/issues/7/comments", ForgeFault::StatusTimes(code, 2));
        assert_eq!(wait(ground.client().comments(7)).unwrap(), [], "{code}");
    }
    let posts = |code: u16, times: u32| {
        let before = ground.forge.requests("POST /repos").len();
        ground.forge.state().faults.clear();
        ground.forge.fault("POST /repos", ForgeFault::StatusTimes(code, times));
        let kind = wait(ground.client().add_comment(7, "x")).map(drop).map_err(|error| error.kind);
        (kind, ground.forge.requests("POST /repos").len() - before)
    };
    // It may have been written before the forge fell over.
    assert_eq!(posts(500, 1), (Err(ForgeErrorKind::Server { status: 500 }), 1));
    assert_eq!(posts(429, 2), (Ok(()), 3));
    let (limited, requests) = posts(429, 9);
    assert!(matches!(limited, Err(ForgeErrorKind::RateLimited { .. })) && requests == 3, "{limited:?}");
}

#[test]
fn a_comment_that_is_too_long_is_refused_and_one_that_is_gone_is_missing() {
    let ground = Ground::new();
    let client = ground.client();
    assert!(wait(client.add_comment(7, &"ž".repeat(65_536))).is_ok());
    let told = wait(client.add_comment(7, &"ž".repeat(65_537))).unwrap_err().to_string();
    insta::assert_snapshot!(told, @"the forge did not take a comment on pull request 7: it answered 422, `body is too long (maximum is 65536 characters)`");
    assert_eq!(wait(client.change_comment(1, "x")).unwrap_err().kind, ForgeErrorKind::NotFound);
    assert_eq!(wait(client.login()).unwrap(), "github-actions[bot]");
}

#[test]
fn the_token_goes_to_the_api_and_no_further() {
    let ground = Ground::new();
    let number = {
        let mut state = ground.forge.state();
        let id = state.number();
        state.artifact(id, 7, "sendform-x.plan", b"a plan", "2026-11-30T11:00:00Z");
        id
    };
    let client = ground.client();
    let artifacts = wait(client.artifacts_of(7)).unwrap();
    assert_eq!((artifacts.len(), artifacts[0].id), (1, number));
    let mut content = Vec::new();
    assert_eq!(wait(client.download(&artifacts[0], 100, &mut content)).unwrap(), 6);
    assert_eq!(content, b"a plan");
    assert_eq!(ground.forge.requests("GET /blob/")[0].authorization, None);
    let told = wait(client.download(&artifacts[0], 5, &mut Vec::new())).unwrap_err().to_string();
    assert!(told.ends_with("it is larger than 5 bytes"), "{told}");
    ground.forge.state().artifacts[0].is_expired = true;
    assert_eq!(wait(client.download(&artifacts[0], 100, &mut content)).unwrap_err().kind, ForgeErrorKind::Gone);
    let other = GitHub::new(&ground.runner(), &SecretString::from("another-token"), LIMITS).unwrap();
    assert_eq!(wait(other.comments(7)).unwrap_err().kind, ForgeErrorKind::Unauthorized);
}

#[test]
fn no_redirect_takes_the_token_to_another_host() {
    let ground = Ground::new();
    let elsewhere = Ground::new();
    ground.forge.state().elsewhere = Some(elsewhere.forge.url());
    for forge in [&ground.forge, &elsewhere.forge] {
        forge.state().artifact(1, 7, "sendform-x.plan", b"a plan", "2026-11-30T11:00:00Z");
    }
    // A file that is kept elsewhere is fetched there, with its own signature and without the token.
    let artifact = wait(ground.client().artifacts_of(7)).unwrap().remove(0);
    let mut content = Vec::new();
    assert_eq!(wait(ground.client().download(&artifact, 100, &mut content)).unwrap(), 6);
    let asked = elsewhere.forge.requests("");
    assert_eq!((asked.len(), asked[0].line.as_str()), (1, "GET /blob/1?signature=0"));
    // Everything else ends where it is sent away.
    for path in ["/repos/", "/graphql"] {
        ground.forge.fault(path, ForgeFault::Redirect);
    }
    let failed = every_call(&ground).into_iter().chain([wait(ground.client().login()).map(drop)]);
    assert!(failed.into_iter().all(|ended| ended.is_err()));
    let asked = elsewhere.forge.requests("");
    assert!(asked.len() == 2 && asked.iter().all(|request| request.authorization.is_none()), "{asked:?}");
}

#[test]
fn what_runs_commit_themselves_is_no_change_of_the_project() {
    let ground = Ground::new();
    own_commits_are_no_changes(&ForgeClient::GitHub(Box::new(ground.client())), &ground.project);
}

/// Pushes changes of campaigns and commits of runs to `main`, which is checked out, and asks which is which.
pub(crate) fn own_commits_are_no_changes(client: &ForgeClient, project: &Project) {
    let folder = project.folder();
    let commit = |file: &str, text: &str| {
        project.write(file, text);
        git(folder, &["add", "--all"]);
        git(folder, &["commit", "--quiet", "-m", file]);
        git(folder, &["push", "--quiet", "origin", "main"]);
        CommitId::parse(&git(folder, &["rev-parse", "HEAD"])).unwrap()
    };
    let own = ["sendform.lock", "sendform.stops"].map(str::to_owned);
    let newest = || wait(client.newest_change_of("main", ".", &own)).unwrap();
    let change = commit("other.yaml", "campaign: other\n# more\n");
    assert_eq!(newest(), Some(change.clone()));
    let recorded = commit("sendform.lock", "1\n");
    commit("sendform.stops", "1\n");
    assert_eq!(newest(), Some(change.clone()));
    assert!(wait(client.touches_only(&recorded, &own)).unwrap() && !wait(client.touches_only(&change, &own)).unwrap());
    project.write("other.yaml", "campaign: other\n");
    let both = commit("sendform.lock", "2\n");
    assert_eq!(newest(), Some(both));
    git(folder, &["mv", "other.yaml", "sendform.stops", "--force"]);
    let moved = commit("sendform.lock", "3\n");
    assert_eq!(newest(), Some(moved));
}

#[test]
fn what_keeps_a_branch_from_being_pushed_to_is_known_by_its_rules() {
    let ground = Ground::new();
    let client = ground.client();
    let rules = || wait(client.rules_against_pushes("team/ledger")).unwrap();
    assert_eq!(rules(), [""; 0]);
    ground.forge.state().rules = vec![
        ("deletion", "never"),
        ("pull_request", "always"),
        ("update", "never"),
        ("pull_request", "pull_requests_only"),
        ("required_status_checks", "exempt"),
    ];
    assert_eq!(rules(), ["update", "pull_request"]);
    assert_eq!(ground.forge.requests("/rules/branches/team/ledger").len(), 2);
    // A forge without rulesets finds nothing there.
    ground.forge.fault("/rules/", ForgeFault::Status(404));
    assert_eq!(rules(), [""; 0]);
    ground.forge.state().faults.clear();
    ground.forge.fault("/rulesets/", ForgeFault::Status(500));
    assert!(wait(client.rules_against_pushes("main")).is_err());
    assert!(!wait(client.is_protected("main")).unwrap());
    ground.forge.state().is_protected = true;
    assert!(wait(client.is_protected("main")).unwrap());
}

#[test]
fn files_and_commits_are_those_of_the_repository() {
    let ground = Ground::new();
    let (client, head) = (ground.client(), ground.head());
    let file = |path: &str| wait(client.file_at(&head, path)).unwrap();
    assert_eq!(file("sale.yaml").as_deref(), Some(b"campaign: sale\n".as_slice()));
    assert_eq!(file("no/such.yaml"), None);
    assert_eq!(wait(client.newest_commits_of("main", "sale.yaml")).unwrap(), std::slice::from_ref(&head));
    assert_eq!(wait(client.newest_commits_of("main", "nowhere")).unwrap(), []);
    assert!(wait(client.is_in(&head, &head)).unwrap());
    let elsewhere = CommitId::parse(&"1".repeat(40)).unwrap();
    assert_eq!(wait(client.file_at(&elsewhere, "sale.yaml")).unwrap_err().kind, ForgeErrorKind::NotFound);
    let access = ["ana", "cleo", "dan", "nobody", "../../user"].map(|login| wait(client.may_write(login)).unwrap());
    assert_eq!(access, [true, true, false, false, false]);
}
