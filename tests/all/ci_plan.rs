//! `sendform ci plan` in runs of GitHub and GitLab: the comment, the summary, the annotations and the outputs; forks,
//! merge queues, and forges that refuse.

use std::fs;

use serde_json::{Value, json};

use crate::support::forge::{FakeForge, FakePull, FakeRun, ForgeFault, REPOSITORY_ID, WORKFLOW};
use crate::support::{Origin, Run, Shop, normalised};

const PULL: u64 = 7;
const ONE: &str = "1111111111111111111111111111111111111111";
const TWO: &str = "2222222222222222222222222222222222222222";
const BASE: &str = "3333333333333333333333333333333333333333";

/// A shop whose campaigns are planned in the runs of a forge.
struct Review {
    shop: Shop,
    forge: FakeForge,
}

impl Review {
    /// With so many customers, and an open pull request.
    fn new(customers: u64) -> Self {
        let shop = Shop::new(customers);
        let forge = FakeForge::of(shop.project.folder());
        forge.state().pulls.push(FakePull {
            number: PULL,
            head: ONE.to_owned(),
            head_repository: Some(REPOSITORY_ID),
            base_branch: "main".to_owned(),
            base: BASE.to_owned(),
            author: "ana".to_owned(),
            merged_at: None,
            merge_commit: None,
            is_open: true,
        });
        Self { shop, forge }
    }

    /// Plans a head of the pull request, from a repository.
    fn plan_from(&mut self, head: &str, repository: u64, more: &[&str]) -> Run {
        head.clone_into(&mut self.forge.state().pull(PULL).head);
        let event = json!({
            "action": "synchronize", "number": PULL, "repository": { "id": REPOSITORY_ID },
            "pull_request": {
                "number": PULL, "user": { "login": "ana" },
                "head": { "sha": head, "ref": "feature", "repo": { "id": repository } },
                "base": { "sha": BASE, "ref": "main", "repo": { "id": REPOSITORY_ID } },
            },
        });
        self.run("pull_request", &event, more)
    }

    fn plan(&mut self, head: &str) -> Run {
        self.plan_from(head, REPOSITORY_ID, &[])
    }

    /// Plans the group of a merge queue.
    fn plan_group(&mut self) -> Run {
        let event = json!({ "merge_group": {
            "head_sha": TWO, "base_sha": BASE, "base_ref": "refs/heads/main",
            "head_ref": format!("refs/heads/gh-readonly-queue/main/pr-{PULL}-{BASE}"),
        } });
        self.run("merge_group", &event, &[])
    }

    fn run(&mut self, name: &str, event: &Value, more: &[&str]) -> Run {
        let project = &mut self.shop.project;
        self.forge.run_for(project, name, event, ("feature", TWO));
        for (variable, file) in [("GITHUB_STEP_SUMMARY", "summary.md"), ("GITHUB_OUTPUT", "outputs")] {
            project.write(file, "");
            project.set(variable, project.path(file).display().to_string());
        }
        project.run(["ci", "plan"].iter().chain(more))
    }

    /// Keeps the plan of the last run as an artifact of a run that has ended, as its job does.
    fn keep(&self, head: &str, conclusion: &str) {
        let name = self.output("plan");
        let content = fs::read(self.shop.project.path(&name)).unwrap();
        let mut state = self.forge.state();
        let (run, artifact) = (state.number(), state.number());
        state.runs.push(FakeRun {
            id: run,
            path: WORKFLOW.to_owned(),
            event: "pull_request".to_owned(),
            head: head.to_owned(),
            head_repository: Some(REPOSITORY_ID),
            status: "completed".to_owned(),
            conclusion: Some(conclusion.to_owned()),
            created_at: "2026-11-30T11:00:00Z".to_owned(),
            started_at: "2026-11-30T11:00:00Z".to_owned(),
            attempt: 1,
        });
        state.artifact(artifact, run, &name, &content, "2026-11-30T11:01:00Z");
    }

    fn comments(&self) -> Vec<String> {
        self.forge.state().texts(PULL)
    }

    /// An output of the last run.
    fn output(&self, name: &str) -> String {
        let text = fs::read_to_string(self.shop.project.path("outputs")).unwrap();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let (key, end) = line.split_once("<<").expect("an output begins");
            let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
            let random = end.strip_prefix("sendform-").unwrap();
            assert!(random.len() == 32 && random.bytes().all(|byte| byte.is_ascii_hexdigit()), "{end}");
            if key == name {
                return value.join("\n");
            }
        }
        panic!("{name}: {text}");
    }
}

#[test]
fn two_pushes_have_one_comment_and_more_people_a_new_one() {
    let mut review = Review::new(2);
    review.forge.state().page_items = 2;
    for number in 0..5 {
        review.forge.state().comment(PULL, "ben", &format!("remark {number}"));
    }
    let run = review.plan(ONE).code(0);
    assert!(run.stdout.contains("::notice title=sendform%3A plan::2 messages to send in 1 bulk\n"), "{run}");
    let digest = review.output("digest");
    assert!(digest.starts_with("plan/v1:"), "{digest}");
    assert_eq!(review.output("to-send"), "2");
    let file = review.output("plan");
    assert_eq!(file, format!("sendform-acme-shop-{}.plan", digest.strip_prefix("plan/v1:").unwrap()));
    assert!(fs::read_to_string(review.shop.project.path(&file)).unwrap().starts_with("{\"sendform\":\"plan\","));
    assert!(!review.shop.project.path("sendform-unnamed.plan").exists());
    let summary = fs::read_to_string(review.shop.project.path("summary.md")).unwrap();
    assert!(summary.contains("**2 messages to send in 1 bulk**") && summary.contains(&digest), "{summary}");
    let [.., comment] = &review.comments()[..] else { panic!("a comment") };
    assert!(
        comment.starts_with(&format!(
            "<!-- sendform:plan v1 project=acme-shop dir=. head={ONE} digest={digest} people=2 -->\n"
        )),
        "{comment}"
    );
    assert!(comment.contains("**2 messages to send in 1 bulk**"), "{comment}");
    // Another text for the same people: in place.
    review.shop.campaign("Hi from the shop!", 1);
    review.plan(TWO).code(0);
    let comments = review.comments();
    assert_eq!(comments.len(), 6, "{comments:?}");
    let changed = review.forge.requests("PATCH /repos/acme/shop/issues/comments/");
    assert!(changed.len() == 1 && changed[0].body.starts_with("{\"body\":\"<!-- sendform:plan "), "{changed:?}");
    assert!(
        comments[5].contains(&format!("head={TWO}")) && comments[5].contains("+ Hi from the shop!"),
        "{}",
        comments[5]
    );
    // One more person: everybody is to notice.
    review.shop.customers(1..=3);
    review.plan(ONE).code(0);
    let comments = review.comments();
    assert_eq!(comments.len(), 7, "{comments:?}");
    assert!(comments[5].contains("> **Outdated:**") && comments[5].contains(TWO), "{}", comments[5]);
    assert!(comments[6].contains("people=3") && !comments[6].contains("Outdated"), "{}", comments[6]);
    let hidden = |review: &Review| -> Vec<bool> {
        review.forge.state().comments.iter().map(|comment| comment.is_hidden).skip(5).collect()
    };
    assert_eq!(hidden(&review), [true, false]);
    // Where nothing can be folded away the text says it; and nothing is written into a comment that is outdated.
    review.forge.state().hides = false;
    review.shop.customers(1..=4);
    review.plan(TWO).code(0);
    assert_eq!(hidden(&review), [true, false, false]);
    assert!(review.comments()[6].contains("> **Outdated:**"));
    review.forge.state().comments.pop();
    review.plan(TWO).code(0);
    assert!(review.comments().len() == 8 && review.comments()[6].contains("> **Outdated:**"));
}

#[test]
fn what_others_write_in_our_name_is_left_alone() {
    let mut review = Review::new(1);
    let forged = format!("<!-- sendform:plan v1 project=acme-shop dir=. head={ONE} people=0 -->\n\nmerge me");
    review.forge.state().comment(PULL, "mallory", &forged);
    review.plan(ONE).code(0);
    review.plan(ONE).code(0);
    let comments = review.comments();
    assert_eq!((comments.len(), comments[0].as_str()), (2, forged.as_str()));
    // Nor is what ours says of another project.
    let other = forged.replace("acme-shop", "other");
    let login = review.forge.state().login.clone();
    review.forge.state().comment(PULL, &login, &other);
    review.plan(ONE).code(0);
    assert_eq!(review.comments()[2], other);
}

#[test]
fn what_became_of_a_plan_stays_when_somebody_edits_a_pull_request_that_is_merged() {
    let mut review = Review::new(1);
    review.plan(ONE).code(0);
    let before = review.comments();
    review.forge.state().pull(PULL).is_open = false;
    review.shop.campaign("Hi from the shop!", 1);
    let run = review.plan(ONE).code(0);
    assert!(run.stderr.contains("pull request 7 is not open any more: its comment stays as it is"), "{run}");
    assert_eq!(review.comments(), before);
}

#[test]
fn a_plan_that_an_apply_could_not_find_is_not_there() {
    let mut review = Review::new(1);
    let digest = review.shop.run(&["plan", "--format", "json"]).code(0).json()["digest"].as_str().unwrap().to_owned();
    let name = format!("sendform-acme-shop-{}.plan", digest.strip_prefix("plan/v1:").unwrap());
    review.shop.project.write(&format!("{name}/taken"), "");
    let run = review.plan(ONE).code(1);
    assert!(run.stderr.contains(&format!("error: `{name}` cannot be written")), "{run}");
    assert!(review.shop.project.read("outputs").contains("plan<<"), "{run}");
}

#[test]
fn a_run_that_is_late_leaves_the_comment_of_a_newer_head() {
    let mut review = Review::new(1);
    review.plan(TWO).code(0);
    let before = review.comments();
    let event = json!({
        "action": "synchronize", "number": PULL, "repository": { "id": REPOSITORY_ID },
        "pull_request": {
            "number": PULL, "user": { "login": "ana" },
            "head": { "sha": ONE, "ref": "feature", "repo": { "id": REPOSITORY_ID } },
            "base": { "sha": BASE, "ref": "main", "repo": { "id": REPOSITORY_ID } },
        },
    });
    let run = review.run("pull_request", &event, &[]).code(0);
    assert!(run.stderr.contains("pull request 7 has a newer head, whose own run shows its plan"), "{run}");
    assert_eq!(review.comments(), before);
}

#[test]
fn a_fork_is_planned_without_any_secret_and_writes_nothing() {
    let mut review = Review::new(2);
    let run = review.plan_from(ONE, 99, &[]).code(0);
    assert!(run.stderr.contains("This pull request comes from a fork"), "{run}");
    assert_eq!((review.output("digest"), review.output("plan")), (String::new(), String::new()));
    let summary = review.shop.project.read("summary.md");
    assert!(summary.contains("only the structure was planned") && summary.contains("no digest: "), "{summary}");
    assert!(review.comments().is_empty() && review.forge.requests("").is_empty());
}

#[test]
fn events_that_hand_secrets_to_strangers_are_refused() {
    let mut review = Review::new(1);
    for name in ["pull_request_target", "workflow_run"] {
        let run = review.run(name, &json!({}), &[]).code(64);
        assert!(run.stderr.contains("let the workflow run `on: pull_request`"), "{run}");
    }
    assert!(review.forge.requests("").is_empty());
}

#[test]
fn a_limit_that_refuses_says_where_it_is_accepted_and_the_plan_keeps_it() {
    let mut review = Review::new(3);
    let project = review.shop.project.read("sendform.yaml");
    review.shop.project.write("sendform.yaml", project + "limits: { messagesPerApply: 2 }\n");
    let run = review.plan(ONE).code(4);
    assert!(run.stdout.contains("%0Aif that is meant: sendform ci plan --accept messages=3\n"), "{run}");
    let [comment] = &review.comments()[..] else { panic!("a comment") };
    for words in [
        "- next, if that is meant: `sendform ci plan --accept messages=3`\n",
        "  - in a workflow of GitHub: `accept: messages=3`, below `with:` of the job that plans\n",
    ] {
        assert!(comment.contains(words), "{words}\n{comment}");
    }
    let run = review.plan_from(ONE, REPOSITORY_ID, &["--accept=messages=3"]).code(0);
    let plan = review.shop.project.read(&review.output("plan"));
    assert!(plan.contains("\"accepted\":{\"messages\":3}"), "{run}");
}

#[test]
fn a_merge_queue_merges_what_was_reviewed_and_nothing_else() {
    let mut review = Review::new(2);
    let run = review.plan_group().code(5);
    assert!(run.stderr.contains("caused by: no run of `.github/workflows/campaigns.yml` planned the head"), "{run}");
    assert!(run.stderr.contains("hint: let the pull request's own run plan its head"), "{run}");
    // Nobody has to show a plan for that.
    review.plan_from(ONE, REPOSITORY_ID, &["--comment", "never"]).code(0);
    review.keep(ONE, "success");
    let run = review.plan_group().code(0);
    assert!(run.stderr.contains("the merge group is what was reviewed in pull request 7"), "{run}");
    // Somebody else has changed the text, and brought one more person.
    review.shop.customers(1..=3);
    review.shop.campaign("Hi from the shop!", 1);
    let run = review.plan_group().code(5);
    insta::assert_snapshot!("what_a_merge_group_has_changed", normalised(&run.stderr));
    assert!(
        run.stdout.contains("\n::error title=sendform%3A merge-group::the merge group is not what was reviewed"),
        "{run}"
    );
    let summary = review.shop.project.read("summary.md");
    let (first, _) = summary.split_once("\n## sendform plan").unwrap();
    insta::assert_snapshot!("what_a_merge_group_has_changed_in_the_summary", normalised(first));
    assert!(review.comments().is_empty());
}

#[test]
fn a_merge_group_that_nobody_can_compare_does_not_pass() {
    let planned = |change: &dyn Fn(&mut Review)| {
        let mut review = Review::new(2);
        review.plan(ONE).code(0);
        review.keep(ONE, "success");
        change(&mut review);
        review.plan_group().code(5).stderr
    };
    let check = |change: &dyn Fn(&mut Review), words: &str| {
        let said = planned(change);
        assert!(said.contains("error: nobody can tell whether the merge group is what was reviewed"), "{said}");
        assert!(said.contains(words), "{words}\n{said}");
    };
    check(&|review| review.forge.state().runs[0].conclusion = Some("failure".to_owned()), "ended as `failure`");
    check(&|review| review.forge.state().artifacts.clear(), "left no plan of `acme-shop`");
    check(
        &|review| review.forge.state().pull(PULL).head_repository = Some(99),
        "hint: push its branch to this repository",
    );
    check(&|review| TWO.clone_into(&mut review.forge.state().pull(PULL).head), "planned the head `22222222`");
    check(&|review| review.forge.fault("/actions/runs", ForgeFault::Status(403)), "hint: add `actions: read`");
    check(&|review| review.shop.project.unset("SENDFORM_KEY"), "hint: a plan without the key, or with errors");
}

#[test]
fn whatever_the_forge_refuses_the_plan_ends_with_its_own_code() {
    let faults = [
        ("/comments", ForgeFault::Status(403), "`pull-requests: read`"),
        ("POST /repos/acme/shop/issues", ForgeFault::Status(403), "`pull-requests: write`"),
        ("POST /repos/acme/shop/issues", ForgeFault::Status(404), "`pull-requests: write`"),
        ("POST /repos/acme/shop/issues", ForgeFault::Status(422), "it answered 422"),
        ("POST /repos/acme/shop/issues", ForgeFault::Status(429), "too many requests"),
        ("POST /repos/acme/shop/issues", ForgeFault::Status(500), "it answered 500"),
        ("GET /repos/acme/shop/issues", ForgeFault::CutShort, "the forge did not list the comments"),
        ("GET /repos/acme/shop/pulls/7", ForgeFault::Html, "its answer cannot be read"),
    ];
    for (wanted, fault, words) in faults {
        let mut review = Review::new(1);
        review.forge.fault(wanted, fault);
        let run = review.plan(ONE).code(0);
        assert!(run.stderr.contains("! pull request 7 does not show this plan: "), "{fault:?}\n{run}");
        assert!(run.stderr.contains(words), "{fault:?}\n{run}");
        assert!(review.shop.project.read("summary.md").contains("**1 message to send"), "{fault:?}");
        assert!(review.comments().is_empty(), "{fault:?}");
    }
    let mut review = Review::new(1);
    review.forge.fault("/comments", ForgeFault::Status(403));
    review.shop.campaign("Hello {{ nobody }}!", 1);
    review.plan(ONE).code(3);
}

#[test]
fn a_branch_of_the_ledger_that_takes_no_push_is_told_with_the_plan() {
    let mut review = Review::new(1);
    let _origin = Origin::of(&review.shop.project);
    let project = review.shop.project.read("sendform.yaml");
    let said = |review: &mut Review, state: &str| {
        review.shop.project.write("sendform.yaml", format!("{project}{state}"));
        review.plan(ONE).stderr
    };
    review.forge.state().rules = vec![("update", "never"), ("pull_request", "never")];
    assert!(!said(&mut review, "").contains("the ledger's branch"), "it is a lockfile");
    let told = said(&mut review, "state: { in: git, branch: sent }\n");
    assert!(
        told.contains("! the ledger's branch `sent` is under the rules `update` and `pull_request`, which"),
        "{told}"
    );
    assert!(!said(&mut review, "state: { in: git, remote: books }\n").contains("the ledger's branch"));
    review.forge.state().rules = vec![("update", "always")];
    assert!(!said(&mut review, "state: { in: git }\n").contains("the ledger's branch"));
    review.forge.state().is_protected = true;
    let told = said(&mut review, "state: { in: git }\n");
    assert!(told.contains("! the ledger's branch `sendform-ledger` is protected, and only administrators"), "{told}");
    review.forge.fault("/rules/", ForgeFault::Status(500));
    let told = said(&mut review, "state: { in: git }\n");
    assert!(
        told.contains("! nobody can tell whether an apply may push to the ledger's branch: the forge did not"),
        "{told}"
    );
}

#[test]
fn a_text_that_wants_to_be_more_and_many_mistakes() {
    let mut review = Review::new(1);
    review.shop.campaign("``` <!-- sendform:plan --> @acme &#64;acme ::error::x <U+202E>", 1);
    review.plan(ONE).code(0);
    let comment = review.comments().remove(0);
    assert!(!comment.contains("@acme") && comment.contains("````diff\n"), "{comment}");
    assert_eq!(comment.matches("-->").count(), 3, "the marker, the text, its sample\n{comment}");
    let messages: String = (0..31)
        .map(|at| {
            format!("  - {{ id: m{at}, sender: nobody, audience: customers, content: {{ type: TEXT, text: Hi }} }}\n")
        })
        .collect();
    review.shop.project.write("sale.yaml", format!("campaign: sale\naudiences: {{ customers: {{ csv: customers.csv, columns: {{ to: id }} }} }}\nmessages:\n{messages}"));
    let run = review.plan(TWO).code(3);
    assert_eq!(run.stdout.lines().filter(|line| line.starts_with("::error ")).count(), 10, "{run}");
    assert!(run.stdout.contains("and 21 more errors: the log has all\n"), "{run}");
    let comment = review.comments().remove(0);
    assert!(comment.contains("### Errors in the files") && comment.contains("… and 6 more errors"), "{comment}");
}

#[test]
fn gitlab_gets_its_reports_as_files() {
    let mut shop = Shop::new(2);
    let folder = shop.project.folder().display().to_string();
    let variables = [
        ("CI", "true"),
        ("GITLAB_CI", "true"),
        ("CI_SERVER_URL", "https://gitlab.example.com"),
        ("CI_API_V4_URL", "https://gitlab.example.com/api/v4"),
        ("CI_PROJECT_ID", "42"),
        ("CI_COMMIT_SHA", ONE),
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_PIPELINE_ID", "9"),
        ("CI_PROJECT_DIR", &folder),
        ("CI_MERGE_REQUEST_IID", "3"),
        ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "42"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("CI_MERGE_REQUEST_PROJECT_ID", "42"),
        ("CI_MERGE_REQUEST_EVENT_TYPE", "detached"),
        ("CI_JOB_NAME", "sendform plan"),
        ("CI_JOB_URL", "https://gitlab.example.com/acme/shop/-/jobs/90"),
    ];
    variables.into_iter().for_each(|(name, value)| shop.project.set(name, value));
    let run = shop.run(&["ci", "plan"]).code(0);
    assert!(!run.stdout.contains("::notice"), "{run}");
    assert_eq!(shop.project.read("sendform-codequality.json"), "[]\n");
    assert!(shop.project.read("sendform-terraform.json").contains("\"create\": 2,"));
    assert!(shop.project.read("sendform-junit.xml").contains("name=\"limit-growth\""));
    let markdown = shop.project.read("sendform-plan.md");
    assert!(markdown.contains("**2 messages to send in 1 bulk**"), "{markdown}");
    let plans = fs::read_dir(shop.project.folder()).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
        name.starts_with("sendform-acme-shop-") && name.ends_with(".plan")
    });
    assert_eq!(plans.count(), 1);
}

#[test]
fn outside_of_ci_there_is_another_command() {
    let shop = Shop::new(1);
    let run = shop.run(&["ci", "plan"]).code(64);
    assert!(run.stderr.contains("`sendform plan` and `sendform apply` are for everywhere else"), "{run}");
}
