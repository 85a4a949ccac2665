//! What failed is told by a code: each is brought about, here or where it is named, and ends with the exit code that the
//! guide has for it. An apply that got as far as its plan gives one document, whatever came of it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;

use insta::assert_snapshot;
use sendform::report::failure_code::FailureCode;
use serde_json::Value;

use crate::support::{KEY, Origin, Project, Run, Shop, git};

const APPLY: &[&str] = &["apply", "--auto-approve", "--parallel", "1"];
const ZERO_DIGEST: &str = "plan/v1:00000000000000000000000000000000";

/// Codes that other tests bring about, or that cannot be brought about from outside, and why.
const ELSEWHERE: &[(&str, &str)] = &[
    ("bug", "what is known of is mended"),
    ("interrupted", "interrupts::before_anything_is_claimed_the_first_signal_is_enough"),
    ("declined", "prompt::every_other_answer_declines"),
    ("ledgerHeld", "doctor::a_ledger_that_is_missing_damaged_or_held"),
    ("ledgerNotAuthenticated", "genuine: a lockfile whose lines are not signed"),
    ("ledgerTakenBack", "git_store: a branch that was rewound"),
    ("runsUnclosed", "witness: a run that was killed over 47 hours ago"),
    ("timeBeforeLedger", "sandbox_time: a sandbox that was begun anew"),
    ("acceptedTwice", "settling: the logs have two messages of one person"),
    ("doubt", "postgres_store: a word while a request is under way"),
    ("throttled", "faults: 429, as often as it is tried"),
    ("logsUnreadable", "witness: logs that answer 503, as often as they are asked"),
    ("clocksDiffer", "clocks: a machine whose clock is wrong"),
];

/// The codes that were brought about.
#[derive(Default)]
struct Seen(RefCell<BTreeSet<String>>);

impl Seen {
    /// Runs a command in JSON, which ends with this code, and gives its document.
    #[track_caller]
    fn run(&self, project: &Project, arguments: &[&str], code: &str) -> Value {
        let run = project.run([arguments, &["--format", "json"]].concat());
        // That its file cannot be written follows what a command has said already.
        let documents = serde_json::Deserializer::from_str(&run.stdout).into_iter::<Value>();
        let document = documents.last().unwrap().unwrap();
        let told: Vec<&str> = match document["kind"].as_str().unwrap() {
            "doctor" => {
                let sections = document["sections"].as_array().unwrap().iter();
                let checks = sections.flat_map(|section| section["checks"].as_array().unwrap());
                checks.filter_map(|check| check["code"].as_str()).collect()
            }
            _ => document["code"].as_str().into_iter().collect(),
        };
        assert!(told.contains(&code), "{code}: {told:?}\n{run}");
        assert_eq!(run.code, Some(exit_code(code)), "{code}\n{run}");
        self.0.borrow_mut().insert(code.to_owned());
        document
    }
}

/// The exit code that the guide has for a code.
fn exit_code(code: &str) -> i32 {
    let guide = include_str!("../../schema/README.md");
    let row = guide.lines().find_map(|line| line.strip_prefix(&format!("| `{code}` | "))).unwrap();
    row.split_once(" | ").unwrap().0.parse().unwrap()
}

#[test]
fn every_code_is_brought_about() {
    let seen = Seen::default();
    of_the_command_line_and_the_files(&seen);
    of_the_ledger(&seen);
    of_a_ledger_in_git(&seen);
    of_keys(&seen);
    of_plans(&seen);
    of_the_gateway(&seen);
    let mut all = seen.0.into_inner();
    for (code, place) in ELSEWHERE {
        assert!(all.insert((*code).to_owned()), "`{code}` is brought about here, and not in {place}");
    }
    let name = |code: &FailureCode| serde_json::to_value(code).unwrap().as_str().unwrap().to_owned();
    assert_eq!(all, FailureCode::ALL.iter().map(name).collect::<BTreeSet<String>>());
}

fn of_the_command_line_and_the_files(seen: &Seen) {
    let mut shop = Shop::new(2);
    seen.run(&shop.project, &["aply"], "usage");
    seen.run(&shop.project, &["plan", "--only", "cake"], "messageUnknown");
    seen.run(&Project::empty(), &["plan"], "projectMissing");
    seen.run(&shop.project, &["plan", "--write", "text=no/such/folder"], "outputUnwritable");
    seen.run(&shop.project, &["ledger", "import", "no-such-file"], "environment");
    shop.campaign("Hello {{ nobody }}!", 1);
    let refused = seen.run(&shop.project, APPLY, "files");
    let why = &refused["plan"]["diagnostics"][0]["severity"];
    assert_eq!((&refused["kind"], why), (&"apply".into(), &"error".into()), "{refused}");
    shop.project.unset("SENDFORM_BASE_URL");
    seen.run(&shop.project, &["ledger", "init"], "baseUrlMissing");
}

fn of_the_ledger(seen: &Seen) {
    let mut shop = Shop::without_ledger(2);
    seen.run(&shop.project, &["plan"], "ledgerMissing");
    shop.run(&["ledger", "init"]).code(0);
    seen.run(&shop.project, &["ledger", "init"], "ledgerExists");
    shop.apply().code(0);
    let good = fs::read_to_string(shop.project.path("sendform.lock")).unwrap();
    shop.project.write("sendform.lock", good.replace("SHOP-ACCOUNT", "SHAP-ACCOUNT"));
    seen.run(&shop.project, &["plan"], "ledgerDamaged");
    shop.project.write("sendform.lock", &good);
    // What lies where outcomes are kept has to be outcomes.
    shop.project.write(".sendform/outcomes-1.jsonl", &good);
    seen.run(&shop.project, &["status"], "ledger");
    fs::remove_file(shop.project.path(".sendform/outcomes-1.jsonl")).unwrap();
    let file = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", file.replace("acme-shop", "other-shop"));
    seen.run(&shop.project, &["plan"], "otherProject");
    shop.project.write("sendform.yaml", &file);
    shop.project.set("SENDFORM_BASE_URL", shop.sandbox.url().replace("127.0.0.1", "localhost"));
    seen.run(&shop.project, &["plan"], "otherGateway");
    // A ledger that is made anew lacks what was sent, and the gateway's logs have it.
    let lost = Shop::new(2);
    lost.apply().code(0);
    fs::remove_file(lost.project.path("sendform.lock")).unwrap();
    fs::remove_dir_all(lost.project.path(".sendform")).unwrap();
    lost.run(&["ledger", "init"]).code(0);
    let stopped = seen.run(&lost.project, APPLY, "ledgerLacks");
    assert_eq!((&stopped["kind"], &stopped["plan"]), (&"apply".into(), &Value::Null));
}

fn of_a_ledger_in_git(seen: &Seen) {
    let shop = Shop::new(2);
    let project = &shop.project;
    let in_lockfile = project.read("sendform.yaml");
    project.write(".gitignore", ".sendform/\n");
    let origin = Origin::of(project);
    let push = |project: &Project| {
        git(project.folder(), &["add", "--all"]);
        git(project.folder(), &["commit", "--quiet", "--message", "What was sent"]);
        git(project.folder(), &["push", "--quiet", "origin", "HEAD:main"]);
    };
    git(project.folder(), &["push", "--quiet", "origin", "HEAD:main"]);
    let there = Project::empty().env("SENDFORM_BASE_URL", shop.sandbox.url());
    git(there.folder(), &["clone", "--quiet", &origin.url(), "."]);
    shop.apply().code(0);
    push(project);
    git(there.folder(), &["fetch", "--quiet"]);
    seen.run(&there, APPLY, "cloneBehind");
    project.write("sendform.yaml", format!("{in_lockfile}state: {{ in: git }}\n"));
    seen.run(project, &["plan"], "lockfileLeftBehind");
    shop.run(&["ledger", "copy", "--from", "lockfile"]).code(0);
    project.write("sendform.yaml", &in_lockfile);
    seen.run(project, &["plan"], "ledgerMoved");
    project.write("sendform.yaml", format!("{in_lockfile}state: {{ in: git, remote: elsewhere }}\n"));
    seen.run(project, &["status"], "storeFailed");
    project.write("sendform.yaml", format!("{in_lockfile}state: {{ in: postgres }}\n"));
    seen.run(project, &["ledger", "verify"], "databaseCredentials");
}

fn of_keys(seen: &Seen) {
    let other = "01".repeat(32);
    let mut shop = Shop::new(2);
    shop.project.set("SENDFORM_KEY", "no key");
    seen.run(&shop.project, &["plan", "--write", "json=done.json"], "keyUnusable");
    assert!(shop.project.read("done.json").contains("\"code\": \"keyUnusable\""), "it is in the file as well");
    shop.project.unset("SENDFORM_KEY");
    seen.run(&shop.project, APPLY, "keyMissing");
    shop.project.set("SENDFORM_KEY", &other);
    seen.run(&shop.project, &["plan"], "ledgerKeyMissing");
    shop.project.set("SENDFORM_KEY", format!("{KEY},{other}"));
    seen.run(&shop.project, APPLY, "keyUnknown");
    shop.project.set("SENDFORM_KEY", format!("{other},{KEY}"));
    shop.run(&["ledger", "rebind", "--add-key"]).code(0);
    shop.project.set("SENDFORM_KEY", format!("{KEY},{other}"));
    seen.run(&shop.project, APPLY, "keyOrder");
    shop.project.set("SENDFORM_KEY", KEY);
    shop.project.set("SENDFORM_API_KEY", "two\nlines");
    seen.run(&shop.project, APPLY, "credentials");
    let mut far = Project::new();
    far.unset("SENDFORM_API_KEY");
    far.unset("SENDFORM_NOW");
    far.set("SENDFORM_BASE_URL", "https://gateway.invalid");
    seen.run(&far, APPLY, "apiKeyMissing");
}

fn of_plans(seen: &Seen) {
    let mut shop = Shop::new(2);
    seen.run(&shop.project, &["apply"], "noTerminal");
    seen.run(&shop.project, &[APPLY, &["--expect-digest", ZERO_DIGEST]].concat(), "digestDiffers");
    shop.run(&["plan", "--out", "sale.plan"]).code(0);
    let file = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", format!("{file}limits: {{ messagesPerApply: 1 }}\n"));
    let refused = seen.run(&shop.project, APPLY, "safetyLimit");
    assert_eq!(refused["plan"]["safetyLimits"][0]["accepted"], false, "{refused}");
    shop.project.write("sendform.yaml", &file);
    shop.campaign("Hello again!", 1);
    seen.run(&shop.project, &["apply", "sale.plan", "--auto-approve"], "mismatch");
    let schedule = "schedules:\n  launch: { sendAt: \"2026-12-01 09:00\", timeZone: UTC }\n";
    let campaign = shop.project.read("sale.yaml").replace("audience: ", "schedule: launch\n    audience: ");
    shop.project.write("sale.yaml", format!("{campaign}{schedule}"));
    shop.run(&["plan", "--out", "sale.plan"]).code(0);
    shop.sandbox.set_clock("2026-12-01T10:00:00Z");
    shop.project.set("SENDFORM_NOW", "2026-12-01T10:00:00Z");
    seen.run(&shop.project, &["apply", "sale.plan", "--auto-approve"], "planTooOld");
    let mut shop = Shop::new(2);
    shop.run(&["stop", "--reason", "wrong price"]).code(0);
    let stopped = seen.run(&shop.project, APPLY, "stopped");
    assert_eq!((&stopped["kind"], stopped["stops"].as_array().unwrap().len()), (&"apply".into(), 1));
    assert!(stopped["failure"]["nextCommands"].as_array().unwrap().contains(&"sendform resume".into()), "{stopped}");
    shop.project.set("CI", "true");
    seen.run(&shop.project, APPLY, "lockfileInCi");
}

fn of_the_gateway(seen: &Seen) {
    let mut shop = Shop::new(2).faults(&["401"]);
    let refused = seen.run(&shop.project, APPLY, "credentialsRefused");
    assert_eq!(refused["total"]["notAttempted"].as_u64().unwrap() + refused["total"]["refused"].as_u64().unwrap(), 2);
    shop.sandbox.faults(&["404"]);
    seen.run(&shop.project, APPLY, "rejected");
    shop.project.set("SENDFORM_BASE_URL", "http://127.0.0.1:1");
    shop.run(&["ledger", "rebind", "--gateway", &shop.sandbox.address().to_string()]).code(0);
    seen.run(&shop.project, &["doctor"], "gatewayUnreachable");
}

/// The one document that a run gives, on standard output and in a file.
#[track_caller]
fn one_document(run: &Run, project: &Project) -> Value {
    let document = run.json();
    assert_eq!(fs::read_to_string(project.path("done.json")).unwrap(), run.stdout, "{run}");
    document
}

#[test]
fn an_apply_gives_one_document_whatever_came_of_it() {
    let shop = Shop::new(2);
    let forms = ["--format", "json", "--write", "json=done.json", "--write", "text=done.txt"];
    let apply = |options: &[&str]| one_document(&shop.project.run([APPLY, options, &forms].concat()), &shop.project);
    let said = |document: &Value| {
        let plan = if document["plan"].is_null() { "no plan" } else { "a plan" };
        format!(
            "{} {} {}, {plan}, failure {}",
            document["kind"], document["code"], document["total"]["accepted"], document["failure"]["code"]
        )
    };
    assert_snapshot!(said(&apply(&["--expect-digest", ZERO_DIGEST])), @r#""apply" "digestDiffers" 0, a plan, failure "digestDiffers""#);
    // The text has both as well.
    let text = shop.project.read("done.txt");
    assert!(
        text.contains("2 messages to send in 1 bulk\n") && text.contains("\nerror: the plan's digest is"),
        "{text}"
    );
    assert_snapshot!(said(&apply(&[])), @r#""apply" null 2, no plan, failure null"#);
    let nothing = apply(&[]);
    assert_snapshot!(said(&nothing), @r#""apply" null 0, a plan, failure null"#);
    assert_eq!((&nothing["plan"]["toSend"], nothing["messages"].as_array().unwrap().len()), (&0.into(), 0));
    assert!(shop.project.read("done.txt").contains("nothing to send\n"));
    shop.run(&["stop", "--reason", "wrong price"]).code(0);
    assert_snapshot!(said(&apply(&[])), @r#""apply" "stopped" 0, a plan, failure null"#);
    shop.customers(1..=3);
    assert_snapshot!(said(&apply(&[])), @r#""apply" "stopped" 0, a plan, failure "stopped""#);
}

#[test]
fn a_command_line_that_is_wrong_is_written_where_it_says() {
    let project = Project::new();
    project.run(["aply", "--write", "json=done.json", "--write=text=done.txt"]).code(64);
    let written: Value = serde_json::from_str(&project.read("done.json")).unwrap();
    assert_eq!((&written["kind"], &written["code"]), (&"failure".into(), &"usage".into()));
    assert!(project.read("done.txt").starts_with("error: unrecognized subcommand 'aply'\n"));
    // A document of an earlier run makes room, and nothing else does.
    project.run(["plan", "--onyl", "x", "--write", "json=done.json"]).code(64);
    assert!(project.read("done.json").contains("--onyl"));
    let file = project.read("sendform.yaml");
    for target in ["sendform.yaml", "sendform.lock", ".sendform/x", "done.txt"] {
        let before = fs::read_to_string(project.path(target)).ok();
        project.run(["aply", "--write", &format!("json={target}")]).code(64);
        assert_eq!(fs::read_to_string(project.path(target)).ok(), before, "{target}");
    }
    assert_eq!(project.read("sendform.yaml"), file);
}

#[test]
fn status_tells_what_its_ledger_lacks_and_why_an_apply_would_be_refused() {
    let mut shop = Shop::new(2);
    shop.apply().code(0);
    let status = |project: &Project| project.run(["status", "--format", "json"]).code(0).json();
    let json = status(&shop.project);
    assert_eq!((&json["authenticity"], &json["historyCut"]), (&"signed".into(), &false.into()), "{json}");
    for list in ["unclosed", "missingKeys", "refusals", "unstored"] {
        assert_eq!(json[list], serde_json::json!([]), "{list}");
    }
    // Without the key nothing of it can be checked.
    shop.project.unset("SENDFORM_KEY");
    let json = status(&shop.project);
    assert_eq!((&json["authenticity"], json["missingKeys"].as_array().unwrap().len()), (&"unchecked".into(), 1));
    shop.project.set("SENDFORM_KEY", KEY);
    // What the shadow has kept counts.
    let lockfile = fs::read_to_string(shop.project.path("sendform.lock")).unwrap();
    let header = lockfile.lines().next().unwrap();
    shop.project.write("sendform.lock", format!("{header}\n"));
    assert_eq!(status(&shop.project)["restored"]["claims"], 1);
    shop.project.write("sendform.lock", &lockfile);
    // A lockfile that was left behind.
    let _origin = Origin::of(&shop.project);
    let elsewhere = Project::empty().env("SENDFORM_BASE_URL", shop.sandbox.url());
    elsewhere.write("sendform.yaml", format!("{}state: {{ in: git }}\n", shop.project.read("sendform.yaml")));
    let _home = Origin::of(&elsewhere);
    elsewhere.run(["ledger", "init"]).code(0);
    elsewhere.write("sendform.lock", &lockfile);
    let json = status(&elsewhere);
    assert_eq!(json["refusals"][0]["code"], "lockfileLeftBehind", "{json}");
    assert!(!json["refusals"][0]["nextCommands"].as_array().unwrap().is_empty(), "{json}");
}
