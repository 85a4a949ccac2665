//! The road of pull requests: a repository, its forge, and a fresh machine for each job, which keeps of a job what its
//! workflow keeps.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::support::forge::{
    FakeForge, FakePull, FakeReview, FakeRun, ForgeRequest, REPOSITORY_ID, TOKEN, WORKFLOW, push_event,
};
use crate::support::{Origin, Project, Run, Sandbox, Shop, campaign, customer, git};

/// Where what GitHub's runner reads is written; git does not see it.
const SUMMARY: &str = ".git/summary.md";
const OUTPUTS: &str = ".git/outputs";
/// The repository of a stranger.
const ELSEWHERE: u64 = 99;

/// A repository on a forge, and the gateway.
pub(super) struct Road {
    pub(super) sandbox: Sandbox,
    /// The clone of whoever writes campaigns.
    author: Project,
    origin: Origin,
    pub(super) forge: FakeForge,
    minutes: u32,
    /// What differs from run to run, and what it is called.
    names: Vec<(String, String)>,
}

/// A job that has ended.
pub(super) struct Job {
    pub(super) run: Run,
    pub(super) requests: Vec<ForgeRequest>,
    pub(super) outputs: BTreeMap<String, String>,
    pub(super) summary: String,
}

impl Job {
    pub(super) fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }
}

impl Road {
    /// A project without any campaign, with so many customers; one approval is wanted.
    pub(super) fn new(customers: u64) -> Self {
        let shop = Shop::without_ledger(customers);
        let project = shop.project.read("sendform.yaml") + "state: { in: git }\napprovals: 1\n";
        shop.project.write("sendform.yaml", project);
        fs::remove_file(shop.project.path("sale.yaml")).unwrap();
        let origin = Origin::of(&shop.project);
        shop.run(&["ledger", "init"]).code(0);
        let forge = FakeForge::of(&origin.path());
        let Shop { project: author, sandbox } = shop;
        let mut road = Self { sandbox, author, origin, forge, minutes: 0, names: Vec::new() };
        road.name("main");
        road
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(self.author.folder(), arguments)
    }

    /// Gives the commit that a branch has now a name.
    fn name(&mut self, branch: &str) -> String {
        let commit = self.git(&["rev-parse", branch]);
        let count = self.names.iter().filter(|(_, name)| name.starts_with(&format!("[{branch} "))).count();
        self.names.push((commit.clone(), format!("[{branch} {}]", count + 1)));
        commit
    }

    /// The next minute of the morning.
    fn time(&mut self) -> String {
        self.minutes += 1;
        format!("2026-11-30T10:{:02}:00Z", self.minutes)
    }

    /// Begins a branch where `main` is.
    pub(super) fn branch(&self, branch: &str) {
        self.git(&["checkout", "--quiet", "-b", branch, "main"]);
    }

    /// Writes a campaign to all customers on the branch that is checked out.
    pub(super) fn write_campaign(&self, id: &str, text: &str) {
        self.author.write(&format!("{id}.yaml"), campaign(id, text, 1));
    }

    /// Adds a customer there.
    pub(super) fn add_customer(&self, number: u64) {
        let rows = self.author.read("customers.csv");
        self.author.write("customers.csv", format!("{rows}{},Zoe\n", customer(number)));
    }

    /// Commits everything, and pushes the branch.
    pub(super) fn push(&mut self, branch: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "-m", "Change the campaigns"]);
        self.git(&["push", "--quiet", "origin", branch]);
        self.name(branch)
    }

    /// Opens a pull request for a branch, which is in this repository or in a stranger's.
    pub(super) fn open(&mut self, number: u64, branch: &str, is_from_fork: bool) {
        let (head, base) = (self.git(&["rev-parse", branch]), self.git(&["rev-parse", "main"]));
        self.forge.state().pulls.push(FakePull {
            number,
            head,
            head_repository: Some(if is_from_fork { ELSEWHERE } else { REPOSITORY_ID }),
            base_branch: "main".to_owned(),
            base,
            author: "ana".to_owned(),
            merged_at: None,
            merge_commit: None,
            is_open: true,
        });
    }

    /// Brings a pull request's branch up to date, and the pull request to what was pushed.
    pub(super) fn update(&mut self, number: u64, branch: &str) {
        self.git(&["checkout", "--quiet", branch]);
        self.git(&["merge", "--quiet", "--no-edit", "main"]);
        self.git(&["push", "--quiet", "origin", branch]);
        let head = self.name(branch);
        self.forge.state().pull(number).head = head;
    }

    /// Approves the head of a pull request.
    pub(super) fn approve(&self, number: u64) {
        let mut state = self.forge.state();
        let commit = state.pull(number).head.clone();
        let author = "ben".to_owned();
        state.reviews.push(FakeReview { pull: number, author, kind: "User", state: "APPROVED", commit });
    }

    /// Merges a pull request; gives the commits of `main` before and after.
    pub(super) fn merge(&mut self, number: u64, branch: &str) -> (String, String) {
        self.git(&["checkout", "--quiet", "main"]);
        let before = self.git(&["rev-parse", "main"]);
        self.git(&["merge", "--quiet", "--no-ff", "--no-edit", branch]);
        self.git(&["push", "--quiet", "origin", "main"]);
        let after = self.name("main");
        let time = self.time();
        let mut state = self.forge.state();
        let pull = state.pull(number);
        (pull.merged_at, pull.merge_commit, pull.is_open) = (Some(time), Some(after.clone()), false);
        drop(state);
        (before, after)
    }

    /// A new machine with `main` and these commits merged into it, one after the other.
    fn machine(&self, heads: &[&str]) -> Project {
        let machine = Project::empty().env("SENDFORM_BASE_URL", self.sandbox.url());
        git(machine.folder(), &["clone", "--quiet", "-b", "main", &self.origin.url(), "."]);
        git(machine.folder(), &["checkout", "--quiet", "--detach"]);
        for head in heads {
            git(machine.folder(), &["merge", "--quiet", "--no-ff", "--no-edit", head]);
        }
        machine
    }

    /// Runs a job on a machine, for an event.
    fn job(&self, machine: &mut Project, name: &str, event: &Value, command: &str) -> Job {
        let commit = git(machine.folder(), &["rev-parse", "HEAD"]);
        let (token, attempt) = (machine.variable("GITHUB_TOKEN"), machine.variable("GITHUB_RUN_ATTEMPT"));
        self.forge.run_for(machine, name, event, ("main", &commit));
        for (variable, value) in [("GITHUB_TOKEN", token), ("GITHUB_RUN_ATTEMPT", attempt)] {
            value.into_iter().for_each(|value| machine.set(variable, value));
        }
        for (variable, file) in [("GITHUB_STEP_SUMMARY", SUMMARY), ("GITHUB_OUTPUT", OUTPUTS)] {
            machine.write(file, "");
            machine.set(variable, machine.path(file).display().to_string());
        }
        let before = self.forge.state().requests.len();
        // One request after the other, so that a fault meets the same bulk every time.
        let words = ["ci", command].into_iter().chain((command == "apply").then_some("--parallel=1"));
        let run = machine.run(words);
        let requests = self.forge.state().requests.split_off(before);
        for request in &requests {
            let expect = if request.line.contains(" /blob/") { None } else { Some(format!("Bearer {TOKEN}")) };
            assert_eq!(request.authorization, expect, "{}", request.line);
        }
        let job = Job {
            run,
            requests,
            outputs: outputs(&fs::read_to_string(machine.path(OUTPUTS)).unwrap()),
            summary: machine.read(SUMMARY),
        };
        let said = format!("{}{}{}", job.run.stdout, job.run.stderr, job.summary);
        assert!(!said.contains(TOKEN) && !said.contains("1784140000"), "{said}");
        job
    }

    /// The job that plans a pull request, with what its workflow does afterwards: it keeps the plan.
    pub(super) fn plan(&mut self, number: u64) -> Job {
        let pull = self.forge.state().pull(number).clone();
        let mut machine = self.machine(&[&pull.head]);
        let event = json!({
            "action": "synchronize", "number": number, "repository": { "id": REPOSITORY_ID },
            "pull_request": {
                "number": number, "user": { "login": pull.author },
                "head": { "sha": pull.head, "ref": "feature", "repo": { "id": pull.head_repository } },
                "base": { "sha": pull.base, "ref": "main", "repo": { "id": REPOSITORY_ID } },
            },
        });
        if pull.head_repository != Some(REPOSITORY_ID) {
            machine.unset("SENDFORM_KEY");
        }
        let job = self.job(&mut machine, "pull_request", &event, "plan");
        let (created_at, kept_at) = (self.time(), self.time());
        let conclusion = if job.run.code == Some(0) { "success" } else { "failure" };
        let mut state = self.forge.state();
        let run = state.number();
        state.runs.push(FakeRun {
            id: run,
            path: WORKFLOW.to_owned(),
            event: "pull_request".to_owned(),
            head: pull.head,
            head_repository: pull.head_repository,
            status: "completed".to_owned(),
            conclusion: Some(conclusion.to_owned()),
            started_at: created_at.clone(),
            created_at,
            attempt: 1,
        });
        let file = job.output("plan");
        if !file.is_empty() {
            let content = fs::read(machine.path(file)).expect("the output names a file");
            let id = state.number();
            state.artifact(id, run, file, &content, &kept_at);
        }
        drop(state);
        job
    }

    /// The job of a merge queue for a group, which ends with this pull request; others may be in it before.
    pub(super) fn plan_group(&self, number: u64, others: &[&str]) -> Job {
        let head = self.forge.state().pull(number).head.clone();
        let mut machine = self.machine(&[others, &[head.as_str()]].concat());
        let base = self.git(&["rev-parse", "main"]);
        let event = json!({ "merge_group": {
            "head_sha": git(machine.folder(), &["rev-parse", "HEAD"]), "base_sha": base, "base_ref": "refs/heads/main",
            "head_ref": format!("refs/heads/gh-readonly-queue/main/pr-{number}-{base}"),
        } });
        self.job(&mut machine, "merge_group", &event, "plan")
    }

    /// The job that applies what came to `main`, started so often.
    pub(super) fn apply(&self, (before, after): &(String, String), attempt: u32) -> Job {
        let mut machine = self.machine(&[]);
        machine.set("GITHUB_RUN_ATTEMPT", attempt.to_string());
        self.job(&mut machine, "push", &push_event("main", before, after), "apply")
    }

    /// How often each message was accepted, by campaign and person.
    pub(super) fn accepted(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for message in self.sandbox.messages()["messages"].as_array().unwrap() {
            assert_ne!(message["status"], "REJECTED");
            let id = message["messageId"].as_str().unwrap();
            let (campaign, _) = id.split_once('.').unwrap();
            *counts.entry(format!("{campaign} {}", message["to"].as_str().unwrap())).or_default() += 1;
        }
        counts
    }

    /// A text without what differs from run to run: commits and plans have names, the same ones wherever they stand.
    pub(super) fn shown(&mut self, text: &str) -> String {
        self.find_digests(text);
        let mut shown = text.replace(&self.forge.url(), "[forge]");
        for (value, name) in &self.names {
            let (short, _) = value.split_at(8);
            shown = shown.replace(value, name);
            if value.len() == 40 {
                shown = shown.replace(short, name);
            }
        }
        crate::support::normalised(&shown)
    }

    /// Gives each plan that a text names a name, in the order in which they come up.
    fn find_digests(&mut self, text: &str) {
        for part in text.split("plan/v1:").skip(1) {
            let digits: String = part.chars().take_while(char::is_ascii_hexdigit).collect();
            if digits.len() == 32 && self.names.iter().all(|(known, _)| *known != digits) {
                let count = self.names.iter().filter(|(_, name)| name.starts_with("[plan ")).count();
                self.names.push((digits, format!("[plan {}]", count + 1)));
            }
        }
    }
}

/// The outputs of a step: names and values, each value between two lines.
fn outputs(text: &str) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = text.lines();
    while let Some((name, end)) = lines.next().and_then(|line| line.split_once("<<")) {
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
        outputs.insert(name.to_owned(), value.join("\n"));
    }
    outputs
}
