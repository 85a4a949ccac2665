//! A shop whose project is on GitLab: real git, real runs, and a server on loopback that keeps what the runs leave.

use std::fs;

use crate::support::forge::{
    FakeApproval, FakeForge, FakeJob, FakePipeline, FakePull, GitLabJob, REPOSITORY_ID, TOKEN,
};
use crate::support::{Origin, Project, Run, Shop, git};

/// The job that plans.
pub(super) const PLANNER: &str = "sendform plan";
/// Whose the token is.
pub(super) const LOGIN: &str = "project_42_bot_0123";

/// The shop of whoever writes its campaigns, the server, and the gateway.
pub(super) struct Land {
    /// The clone of whoever writes campaigns, in which pipelines of merge requests run as well.
    pub(super) shop: Shop,
    pub(super) origin: Origin,
    pub(super) forge: FakeForge,
    minutes: u32,
}

/// What came to `main`.
pub(super) struct Arrived {
    pub(super) before: String,
    pub(super) merge: String,
}

impl Land {
    /// With so many customers, and more in the project file.
    pub(super) fn new(customers: u64, more: &str) -> Self {
        let shop = Shop::without_ledger(customers);
        shop.project.write("sendform.yaml", shop.project.read("sendform.yaml") + "state: { in: git }\n" + more);
        let origin = Origin::of(&shop.project);
        shop.run(&["ledger", "init"]).code(0);
        let forge = FakeForge::of(&origin.path());
        LOGIN.clone_into(&mut forge.state().login);
        forge.state().gitlab.bots.push(LOGIN.to_owned());
        Self { shop, origin, forge, minutes: 0 }
    }

    /// With so many customers, and a ledger beside the project, which runs commit.
    pub(super) fn in_lockfile(customers: u64) -> Self {
        let shop = Shop::new(customers);
        let origin = Origin::of(&shop.project);
        let forge = FakeForge::of(&origin.path());
        LOGIN.clone_into(&mut forge.state().login);
        forge.state().gitlab.bots.push(LOGIN.to_owned());
        Self { shop, origin, forge, minutes: 0 }
    }

    /// The same with merge request 7, planned and merged: the sale is announced to everybody.
    pub(super) fn merged(customers: u64, more: &str) -> (Self, Arrived) {
        let mut land = Self::new(customers, more);
        land.announce(7, "feature", "The spring sale is on!");
        land.plan(7, "head").code(0);
        let arrived = land.merge(7, "feature");
        (land, arrived)
    }

    /// A minute later.
    pub(super) fn tick(&mut self) -> String {
        self.minutes += 1;
        format!("2026-11-30T11:{:02}:00.000Z", self.minutes)
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        git(self.shop.project.folder(), arguments)
    }

    /// Opens a merge request with one commit, which changes the text.
    pub(super) fn announce(&mut self, pull: u64, branch: &str, text: &str) {
        self.git(&["checkout", "--quiet", "-B", branch, "main"]);
        self.shop.campaign(text, 1);
        let base = self.git(&["rev-parse", "main"]);
        self.forge.state().pulls.push(FakePull {
            number: pull,
            head: base.clone(),
            head_repository: Some(REPOSITORY_ID),
            base_branch: "main".to_owned(),
            base,
            author: "ana".to_owned(),
            merged_at: None,
            merge_commit: None,
            is_open: true,
        });
        self.push(pull, branch);
    }

    /// Commits all that was changed, and pushes it as a merge request's head.
    pub(super) fn push(&mut self, pull: u64, branch: &str) -> String {
        self.git(&["commit", "--quiet", "--all", "--allow-empty", "-m", "A change"]);
        self.git(&["push", "--quiet", "--force", "origin", branch]);
        let (head, since) = (self.git(&["rev-parse", "HEAD"]), self.tick());
        let mut state = self.forge.state();
        head.clone_into(&mut state.pull(pull).head);
        state.gitlab.versions.push((pull, head.clone(), since));
        drop(state);
        head
    }

    /// Lets a job of a merge request's pipeline plan what is checked out: its head, what its `merge` would give, or a
    /// `train`. What it leaves is kept.
    pub(super) fn plan(&mut self, pull: u64, place: &'static str) -> Run {
        self.plan_as(pull, place, REPOSITORY_ID, &[])
    }

    /// The same of a branch in this project, with more options.
    pub(super) fn plan_as(&mut self, pull: u64, place: &'static str, source: u64, more: &[&str]) -> Run {
        let commit = self.git(&["rev-parse", "HEAD"]);
        let head = self.forge.state().pull(pull).head.clone();
        let kind = match place {
            "head" => "detached",
            "merge" => "merged_result",
            _ => "merge_train",
        };
        let (pull_text, source, project) = (pull.to_string(), source.to_string(), REPOSITORY_ID.to_string());
        let mut variables = vec![
            ("CI_MERGE_REQUEST_IID", pull_text.as_str()),
            ("CI_MERGE_REQUEST_EVENT_TYPE", kind),
            ("CI_MERGE_REQUEST_PROJECT_ID", project.as_str()),
            ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", source.as_str()),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ];
        if place != "head" {
            variables.push(("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", &head));
        }
        let job = GitLabJob { source: "merge_request_event", commit: &commit, more: &variables };
        self.forge.job_of(&mut self.shop.project, &job);
        let run = self.plan_again(more);
        if run.code == Some(0) {
            self.keep(pull, place, &commit);
        }
        run
    }

    /// Plans in the environment that there is.
    pub(super) fn plan_again(&self, more: &[&str]) -> Run {
        for name in self.plans() {
            fs::remove_file(self.shop.project.path(&name)).expect("it can be removed");
        }
        let run = self.shop.project.run(["ci", "plan"].iter().chain(more));
        assert!(!run.stdout.contains(TOKEN) && !run.stderr.contains(TOKEN), "{run}");
        run
    }

    /// The names of the plans that lie there.
    fn plans(&self) -> Vec<String> {
        let files = fs::read_dir(self.shop.project.folder()).expect("a folder");
        let names = files.map(|file| file.expect("a file").file_name().into_string().expect("a name"));
        names.filter(|name| name.starts_with("sendform-") && name.contains(".plan")).collect()
    }

    /// Keeps what a job has left as its artifacts.
    fn keep(&mut self, pull: u64, place: &'static str, commit: &str) {
        let names = self.plans().into_iter().chain(["sendform.env".to_owned(), "sendform-plan.md".to_owned()]);
        let files = names.filter_map(|name| Some((name.clone(), fs::read(self.shop.project.path(&name)).ok()?)));
        let files = files.collect();
        let (created_at, finished_at) = (self.tick(), self.tick());
        let mut state = self.forge.state();
        let (id, job) = (state.number(), state.number());
        let job = FakeJob {
            id: job,
            name: PLANNER.to_owned(),
            status: "success",
            created_at: created_at.clone(),
            finished_at: Some(finished_at),
            files,
            is_expired: false,
        };
        let commit = commit.to_owned();
        state.gitlab.pipelines.push(FakePipeline {
            id,
            pull,
            place,
            commit,
            source: "merge_request_event",
            project: REPOSITORY_ID,
            created_at,
            jobs: vec![job],
        });
    }

    /// What a job has told later ones.
    pub(super) fn told(&self, name: &str) -> String {
        let text = fs::read_to_string(self.shop.project.path("sendform.env")).expect("it was written");
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("{name}: {text}")).to_owned()
    }

    /// Lets somebody approve a merge request, as GitLab has told it for years.
    pub(super) fn approve(&mut self, pull: u64, who: &str) {
        let at = self.tick();
        let mut state = self.forge.state();
        state.gitlab.approvals.retain(|approval| approval.who != who);
        state.gitlab.approvals.push(FakeApproval { pull, who: who.to_owned(), at: None });
        state.gitlab.system_notes.push((pull, who.to_owned(), "approved this merge request".to_owned(), at));
    }

    /// Merges a merge request.
    pub(super) fn merge(&mut self, pull: u64, branch: &str) -> Arrived {
        self.git(&["checkout", "--quiet", "main"]);
        let before = self.git(&["rev-parse", "HEAD"]);
        self.git(&["merge", "--quiet", "--no-ff", "-m", "Merge", branch]);
        self.git(&["push", "--quiet", "origin", "main"]);
        let (merge, at) = (self.git(&["rev-parse", "HEAD"]), self.tick());
        let mut state = self.forge.state();
        let merged = state.pull(pull);
        (merged.merged_at, merged.merge_commit, merged.is_open) = (Some(at), Some(merge.clone()), false);
        drop(state);
        Arrived { before, merge }
    }

    /// The machine on which a push to `main` is applied.
    pub(super) fn runner(&self, arrived: &Arrived) -> Project {
        let mut runner = self.origin.runner();
        runner.set("SENDFORM_BASE_URL", self.shop.sandbox.url());
        self.job(&mut runner, "push", arrived);
        runner
    }

    /// Lets that machine have a job of another pipeline.
    pub(super) fn job(&self, runner: &mut Project, source: &str, arrived: &Arrived) {
        let more = [
            ("CI_COMMIT_BRANCH", "main"),
            ("CI_COMMIT_BEFORE_SHA", arrived.before.as_str()),
            ("CI_JOB_NAME", "sendform apply"),
        ];
        self.forge.job_of(runner, &GitLabJob { source, commit: &arrived.merge, more: &more });
    }

    /// Lets the job of an apply be one that was started again.
    pub(super) fn again(&mut self) {
        let created_at = self.tick();
        let job = |id| FakeJob {
            id,
            name: "sendform apply".to_owned(),
            status: "failed",
            created_at: created_at.clone(),
            finished_at: None,
            files: Vec::new(),
            is_expired: false,
        };
        self.forge.state().gitlab.pipelines.push(FakePipeline {
            id: 99,
            pull: 0,
            place: "main",
            commit: "0".repeat(40),
            source: "push",
            project: REPOSITORY_ID,
            created_at: created_at.clone(),
            jobs: vec![job(991), job(992)],
        });
    }

    /// Runs `ci apply`, one request after the other; nothing that it says has a secret in it.
    pub(super) fn apply(&self, runner: &Project, arguments: &[&str]) -> Run {
        let run = runner.run([&["ci", "apply", "--parallel", "1"], arguments].concat());
        assert!(!run.stdout.contains(TOKEN) && !run.stderr.contains(TOKEN), "{run}");
        for text in self.forge.state().comments.iter().map(|comment| &comment.body) {
            assert!(!text.contains(TOKEN) && !text.contains("1784140000"), "{text}");
        }
        run
    }

    /// Runs it, and makes sure that nothing is sent.
    #[track_caller]
    pub(super) fn sends_nothing(&self, runner: &Project, arguments: &[&str], code: i32) -> Run {
        let before = self.shop.requests();
        let run = self.apply(runner, arguments).code(code);
        assert_eq!(self.shop.requests(), before, "{run}");
        run
    }

    /// The texts of a merge request's notes.
    pub(super) fn notes(&self, pull: u64) -> Vec<String> {
        self.forge.state().texts(pull)
    }

    /// What was said, without what differs from one run to the next.
    pub(super) fn shown(&self, said: &str) -> String {
        let mut shown = crate::support::normalised(said).replace(&self.forge.url(), "[forge]");
        let files = self.forge.state().gitlab.pipelines.clone().into_iter().flat_map(|pipeline| pipeline.jobs);
        for (name, _) in files.flat_map(|job| job.files) {
            shown = shown.replace(&name, "[plan]");
        }
        let log = git(&self.origin.path(), &["log", "--all", "--format=%H"]);
        for commit in log.lines() {
            let (short, _) = commit.split_at(8);
            shown = shown.replace(commit, "[commit]").replace(short, "[commit]");
        }
        shown
    }
}
