//! A ledger on a branch where the checkout has left no credentials: git gets the job's token, through the environment,
//! for the forge's own host, and for nobody else.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use data_encoding::BASE64;

use crate::support::{GitHost, Origin, Project, Run, Sandbox, campaign, customer, git};

const PROJECT: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nbulkSize: 2\nstate: { in: git }\n";
const APPLY: [&str; 4] = ["apply", "--auto-approve", "--parallel", "1"];

/// A forge that wants a token, a gateway, and a runner's clone without credentials.
struct Job {
    sandbox: Sandbox,
    _origin: Origin,
    host: GitHost,
    runner: Project,
    token: String,
}

fn header(user: &str, token: &str) -> String {
    format!("Basic {}", encoded(user, token))
}

fn encoded(user: &str, token: &str) -> String {
    BASE64.encode(format!("{user}:{token}").as_bytes())
}

impl Job {
    /// A forge that lets this user in with this token; `None` lets everybody in.
    fn new(name: &str, wanted: Option<&str>) -> Self {
        let sandbox = Sandbox::start([]);
        let desk = Project::empty()
            .file("sendform.yaml", PROJECT)
            .campaign("sale", &campaign("sale", "Hello!", 1))
            .file("customers.csv", format!("id,name\n{},Ana\n{},Ben\n", customer(1), customer(2)))
            .env("SENDFORM_BASE_URL", sandbox.url());
        let origin = Origin::of(&desk);
        desk.run(["ledger", "init"]).code(0);
        // Of its own, so that no other test that runs now has it on a command line.
        let token = format!("ghs_{name}_0123456789");
        let wanted = wanted.map(|user| header(user, &token));
        let folder = origin.path().parent().unwrap().to_owned();
        let host = GitHost::start(
            &folder,
            wanted.as_deref(),
            &[&token, &encoded("x-access-token", &token), &encoded("oauth2", &token)],
        );
        let runner = origin.runner().env("SENDFORM_BASE_URL", sandbox.url()).env("CI", "true");
        git(runner.folder(), &["remote", "set-url", "origin", &format!("{}/origin.git", host.url())]);
        Self { sandbox, _origin: origin, host, runner, token }
    }

    /// Gives the runner what GitHub gives a job.
    fn on_github(mut self) -> Self {
        self.runner.set("GITHUB_SERVER_URL", self.host.url());
        self.runner.set("GITHUB_TOKEN", self.token.clone());
        self
    }

    /// Has the clone run this before each push; it stands in the runner's folder then.
    fn before_push(&self, script: &str) {
        let hook = self.runner.path(".git/hooks/pre-push");
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// How many requests came, and makes sure that none had two headers, or another than this.
    #[track_caller]
    fn asked_with(&self, header: Option<&str>) -> usize {
        let asked = self.host.asked();
        for one in asked.iter().filter(|one| !one.authorization.is_empty()) {
            let [given] = one.authorization.as_slice() else { panic!("two headers: {one:?}") };
            assert!(header.is_some_and(|header| given.eq_ignore_ascii_case(header)), "{one:?}");
        }
        asked.iter().filter(|one| one.what.starts_with("POST /origin.git/git-receive-pack")).count()
    }

    /// Makes sure that the token is on no command line, in no output and in no file of the runner's.
    #[track_caller]
    fn keeps_it(&self, run: &Run) {
        assert!(self.host.exposed().is_empty(), "on a command line: {:?}", self.host.exposed());
        for form in [self.token.clone(), encoded("x-access-token", &self.token)] {
            assert!(!run.stdout.contains(&form) && !run.stderr.contains(&form), "{run}");
            assert_eq!(holding(self.runner.folder(), &form), Vec::<String>::new());
        }
    }
}

/// The files of a folder that hold a word.
fn holding(folder: &Path, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, word));
        } else if String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).contains(word) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_job_whose_checkout_has_left_no_credentials_pushes_with_its_token() {
    let job = Job::new("plain", Some("x-access-token")).on_github();
    let run = job.runner.run(APPLY).code(0);
    assert!(job.asked_with(Some(&header("x-access-token", &job.token))) >= 2, "{:?}", job.host.asked());
    assert_eq!(job.sandbox.accepted(), [1, 1]);
    job.keeps_it(&run);
    // A stop goes the same way, and so does a look.
    job.runner.run(["stop", "--reason", "the price is wrong"]).code(0);
    assert!(job.runner.run(["status"]).code(0).stdout.contains("the price is wrong"));
}

#[test]
fn a_project_of_gitlab_pushes_with_its_token_or_with_that_of_the_job() {
    for (variable, user) in [("GITLAB_TOKEN", "oauth2"), ("CI_JOB_TOKEN", "gitlab-ci-token")] {
        let mut job = Job::new(user, Some(user));
        job.runner.set("CI_SERVER_URL", job.host.url());
        job.runner.set(variable, job.token.clone());
        let run = job.runner.run(APPLY).code(0);
        assert!(job.asked_with(Some(&header(user, &job.token))) >= 2);
        job.keeps_it(&run);
    }
}

#[test]
fn credentials_that_git_has_of_its_own_are_the_ones_that_go() {
    let own = "an-own-token-0123456789";
    type Give = fn(&Job);
    let ways: [(&str, Give); 4] = [
        ("persisted", |job| {
            let key = format!("http.{}/.extraheader", job.host.url());
            let header = format!("AUTHORIZATION: {}", header("x-access-token", &job.token));
            git(job.runner.folder(), &["config", &key, &header]);
        }),
        ("included", |job| {
            let header = header("x-access-token", &job.token);
            let text = format!("[http \"{}/\"]\n\textraheader = AUTHORIZATION: {header}\n", job.host.url());
            job.runner.write("persisted", text);
            let key = format!("includeIf.gitdir:{}.path", job.runner.path(".git").canonicalize().unwrap().display());
            git(job.runner.folder(), &["config", &key, &job.runner.path("persisted").display().to_string()]);
        }),
        ("helper", |job| {
            let helper = format!("!f() {{ echo username=x-access-token; echo password={}; }}; f", job.token);
            git(job.runner.folder(), &["config", "credential.helper", &helper]);
        }),
        ("address", |job| {
            let address = job.host.url().replace("://", &format!("://x-access-token:{}@", job.token));
            git(job.runner.folder(), &["remote", "set-url", "origin", &format!("{address}/origin.git")]);
        }),
    ];
    for (name, give) in ways {
        let mut job = Job::new(name, Some("x-access-token")).on_github();
        job.runner.set("GITHUB_TOKEN", own);
        give(&job);
        job.runner.run(APPLY).code(0);
        assert!(job.asked_with(Some(&header("x-access-token", &job.token))) >= 2, "{name}: {:?}", job.host.asked());
    }
}

#[test]
fn another_host_and_its_hooks_never_get_the_token() {
    let mut job = Job::new("elsewhere", None).on_github();
    job.runner.set("GITHUB_SERVER_URL", "https://github.example.com");
    job.before_push("env >seen");
    job.runner.run(APPLY).code(0);
    assert!(job.asked_with(None) >= 2);
    let seen = job.runner.read("seen");
    assert!(seen.contains("SENDFORM_NOW=") && !seen.contains(&job.token), "{seen}");
}

#[test]
fn the_job_s_own_hooks_see_what_the_job_sees() {
    let job = Job::new("hooks", Some("x-access-token")).on_github();
    job.before_push("env >seen");
    job.runner.run(APPLY).code(0);
    assert!(job.runner.read("seen").contains(&format!("GITHUB_TOKEN={}", job.token)));
}

#[test]
fn a_forge_that_says_the_token_again_is_told_without_it() {
    let mut job = Job::new("refused", Some("x-access-token")).on_github();
    let good = std::mem::replace(&mut job.token, "ghs_expired_0123456789".to_owned());
    job.runner.set("GITHUB_TOKEN", job.token.clone());
    let run = job.runner.run(APPLY).code(1);
    assert!(run.stderr.contains("the remote `origin` cannot be reached"), "{run}");
    assert!(!run.stderr.contains(&good));
    job.keeps_it(&run);
    assert!(job.sandbox.accepted().is_empty());
}
