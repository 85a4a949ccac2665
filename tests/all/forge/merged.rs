//! A pull request that was planned, reviewed and merged, and the runner on which its plan is applied.

use std::fs;

use sendform::forge::PlanName;
use sendform::forge::marker::{CommentKind, Marker};
use sendform::identity::ProjectId;
use sendform::plan::PlanDigest;

use crate::support::forge::{FakeForge, FakePull, FakeReview, FakeRun, REPOSITORY_ID, WORKFLOW, push_event};
use crate::support::{Origin, Project, Run, Shop, campaign, git};

/// The pull request's number.
pub(super) const PULL: u64 = 7;
/// Where the ledger is, unless it is a lockfile.
const IN_GIT: &str = "state: { in: git }\n";
/// The run that planned it.
pub(super) const RUN: u64 = 70;

/// The shop's campaign came to `main` by a pull request.
pub(super) struct Merged {
    /// The clone of whoever wrote it, and the gateway.
    pub(super) shop: Shop,
    _origin: Origin,
    pub(super) forge: FakeForge,
    /// The machine of the run.
    pub(super) runner: Project,
    /// The commits before it, of its branch, and after it.
    pub(super) before: String,
    pub(super) head: String,
    pub(super) merge: String,
    pub(super) digest: String,
    /// The project's folder in the repository.
    dir: &'static str,
    /// The number of the comment that shows the plan.
    pub(super) comment: u64,
}

impl Merged {
    /// So many customers are to get a text, which `ben` has approved.
    pub(super) fn new(customers: u64) -> Self {
        Self::with(customers, "", "")
    }

    /// The same, with more in the project file before the merge, and after it.
    pub(super) fn with(customers: u64, before: &str, after: &str) -> Self {
        Self::build(customers, (".", IN_GIT), (before, after))
    }

    /// The same with a lockfile, on a machine that has the branch checked out.
    pub(super) fn in_lockfile(customers: u64) -> Self {
        let merged = Self::build(customers, (".", ""), ("", ""));
        git(merged.runner.folder(), &["checkout", "--quiet", "main"]);
        merged
    }

    /// The same with the project in a folder of the repository.
    pub(super) fn in_folder(customers: u64, dir: &'static str) -> Self {
        Self::build(customers, (dir, IN_GIT), ("", ""))
    }

    fn build(customers: u64, (dir, state): (&'static str, &str), (before, after): (&str, &str)) -> Self {
        let shop = Shop::without_ledger(customers);
        let project = shop.project.read("sendform.yaml") + state;
        for file in ["sendform.yaml", "sale.yaml", "customers.csv"] {
            let text = shop.project.read(file);
            fs::remove_file(shop.project.path(file)).expect("it can be removed");
            shop.project.write(&format!("{dir}/{file}"), text);
        }
        let write_project =
            |more: &str| shop.project.write(&format!("{dir}/sendform.yaml"), format!("{project}{more}"));
        write_project(before);
        if state.is_empty() {
            shop.run(&["ledger", "init"]).code(0);
        }
        let origin = Origin::of(&shop.project);
        if !state.is_empty() {
            shop.run(&["ledger", "init"]).code(0);
        }
        let folder = shop.project.folder();
        let at_head = || git(folder, &["rev-parse", "HEAD"]);
        let base = at_head();
        git(folder, &["checkout", "--quiet", "-b", "feature"]);
        write_project(after);
        shop.project.write(&format!("{dir}/sale.yaml"), campaign("sale", "The spring sale is on!", 1));
        git(folder, &["commit", "--quiet", "--all", "-m", "A sale"]);
        let head = at_head();
        let plan = shop.run(&["plan", "--out", "sale.plan", "--format", "json"]).code(0).json();
        let digest = plan["digest"].as_str().expect("a plan has a digest").to_owned();
        git(folder, &["checkout", "--quiet", "main"]);
        git(folder, &["merge", "--quiet", "--no-ff", "-m", "Merge", "feature"]);
        git(folder, &["push", "--quiet", "origin", "main", "feature"]);
        let merge = at_head();
        let forge = FakeForge::of(&origin.path());
        let runner = origin.runner();
        let mut merged =
            Self { shop, _origin: origin, forge, runner, before: base, head, merge, digest, dir, comment: 0 };
        merged.runner.set("SENDFORM_BASE_URL", merged.shop.sandbox.url());
        merged.publish();
        merged.event("push", &push_event("main", &merged.before.clone(), &merged.merge.clone()));
        merged
    }

    /// Tells the forge of it all.
    fn publish(&mut self) {
        let content = fs::read(self.shop.project.path("sale.plan")).expect("the plan was written");
        let marker = self.marker(CommentKind::Plan);
        let mut state = self.forge.state();
        state.pulls.push(FakePull {
            number: PULL,
            head: self.head.clone(),
            head_repository: Some(REPOSITORY_ID),
            base_branch: "main".to_owned(),
            base: self.before.clone(),
            author: "ana".to_owned(),
            merged_at: Some("2026-11-30T11:45:00Z".to_owned()),
            merge_commit: Some(self.merge.clone()),
            is_open: false,
        });
        state.runs.push(FakeRun {
            id: RUN,
            path: WORKFLOW.to_owned(),
            event: "pull_request".to_owned(),
            head: self.head.clone(),
            head_repository: Some(REPOSITORY_ID),
            status: "completed".to_owned(),
            conclusion: Some("success".to_owned()),
            created_at: "2026-11-30T11:00:00Z".to_owned(),
            started_at: "2026-11-30T11:00:00Z".to_owned(),
            attempt: 1,
        });
        state.reviews.push(FakeReview {
            pull: PULL,
            author: "ben".to_owned(),
            kind: "User",
            state: "APPROVED",
            commit: self.head.clone(),
        });
        let id = state.number();
        state.artifact(id, RUN, &self.artifact_name(), &content, "2026-11-30T11:01:00Z");
        // Somebody who has copied our marker.
        state.comment(PULL, "dan", &format!("{marker}\n\nNothing to see here."));
        self.comment = state.comment(PULL, "github-actions[bot]", &format!("{marker}\n\n## The plan\n"));
    }

    /// The name of the plan's artifact.
    pub(super) fn artifact_name(&self) -> String {
        let project = ProjectId::parse("acme-shop").expect("a project");
        PlanName { project, digest: PlanDigest::parse(&self.digest).expect("a digest") }.to_string()
    }

    /// The marker of a comment on the pull request.
    pub(super) fn marker(&self, kind: CommentKind) -> Marker {
        Marker {
            kind,
            project: ProjectId::parse("acme-shop").expect("a project"),
            dir: self.dir.to_owned(),
            head: sendform::forge::CommitId::parse(&self.head).expect("a commit"),
            digest: PlanDigest::parse(&self.digest),
            people: 5,
        }
    }

    /// Lets the run be for an event.
    pub(super) fn event(&mut self, name: &str, event: &serde_json::Value) {
        let merge = self.merge.clone();
        self.forge.run_for(&mut self.runner, name, event, ("main", &merge));
    }

    /// Adds a commit to `main`, with what is in the clone of whoever wrote the campaign.
    pub(super) fn push(&self, what: &str) {
        let folder = self.shop.project.folder();
        git(folder, &["commit", "--quiet", "--all", "--allow-empty", "-m", what]);
        git(folder, &["push", "--quiet", "origin", "main"]);
    }

    /// Lets the run be started again.
    pub(super) fn again(&mut self) {
        self.runner.set("GITHUB_RUN_ATTEMPT", "2");
    }

    /// Runs `ci apply`, one request after the other; nothing that it says has a secret in it.
    pub(super) fn apply(&self, arguments: &[&str]) -> Run {
        let run = self.runner.run([&["ci", "apply", "--parallel", "1"], arguments].concat());
        let token = self.runner.variable("GITHUB_TOKEN").unwrap_or_else(|| "no token".to_owned());
        assert!(!run.stdout.contains(&token) && !run.stderr.contains(&token), "{run}");
        for text in self.forge.state().comments.iter().map(|comment| &comment.body) {
            assert!(!text.contains(&token) && !text.contains("1784140000"), "{text}");
        }
        run
    }

    /// Runs it, and makes sure that nothing is sent.
    #[track_caller]
    pub(super) fn sends_nothing(&self, arguments: &[&str], code: i32) -> Run {
        let before = self.shop.requests();
        let run = self.apply(arguments).code(code);
        assert_eq!(self.shop.requests(), before, "{run}");
        run
    }

    /// What the comment that shows the plan says.
    pub(super) fn plan_comment(&self) -> String {
        let state = self.forge.state();
        state.comments.iter().find(|comment| comment.id == self.comment).expect("it is there").body.clone()
    }

    /// What a run said, without what differs from one to the next.
    pub(super) fn shown(&self, run: &Run) -> String {
        let digits = self.digest.strip_prefix("plan/v1:").expect("a digest");
        let mut shown = run.to_string().replace(digits, "[digits]");
        for (commit, name) in [(&self.before, "[before]"), (&self.head, "[head]"), (&self.merge, "[merge]")] {
            let (short, _) = commit.split_at(8);
            shown = shown.replace(commit.as_str(), name).replace(short, name);
        }
        shown
    }
}
