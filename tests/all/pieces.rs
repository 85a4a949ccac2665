//! What others copy, and what they call: the action, the workflows, GitLab's template, the hook. Their steps are run here,
//! with the environment that a runner gives them.

mod condition;
mod job;
mod releases;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::readme::page::Page;
use crate::readme::{read, root};
use crate::support::{KEY, NOW, Origin, Shop, git};

use job::Job;
use releases::Releases;

/// A program in the place of sendform that notes how it is called, and with which variables, and gives what a plan gives.
const RECORDER: &str = r#"#!/usr/bin/env bash
set -euo pipefail
if [[ $1 == --version ]]; then echo "sendform VERSION"; exit; fi
printf '%s\n' "$@" >"$HOME/arguments"
env >"$HOME/environment"
if [[ $2 == plan ]]; then
    echo frozen >sendform-acme-shop-0123.plan
    printf 'plan=sendform-acme-shop-0123.plan\ndigest<<EOF_1\nplan/v1:0123\nEOF_1\nto-send=12\n' >>"$GITHUB_OUTPUT"
fi
exit "${RECORDER_CODE:-0}"
"#;

fn version() -> String {
    read(".github/actions/sendform/version").trim().to_owned()
}

fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn write_program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A work tree, and a folder of programs with the recorder in it.
struct Runner {
    tree: TempDir,
    tools: TempDir,
}

impl Runner {
    fn new() -> Self {
        let runner = Self { tree: tempfile::tempdir().unwrap(), tools: tempfile::tempdir().unwrap() };
        write_program(&runner.tools.path().join("sendform"), &RECORDER.replace("VERSION", &version()));
        runner
    }

    /// A job of a workflow of ours, with what its caller gives it.
    fn job(&self) -> Job {
        let given = [
            ("inputs.dir", "shops/my shop"),
            ("inputs.comment", "in-place"),
            ("inputs.accept", ""),
            ("inputs.audiences", ""),
            ("secrets.SENDFORM_KEY", "the-key"),
            ("secrets.SENDFORM_API_KEY", "the-api-key"),
            ("secrets.SENDFORM_DATABASE_URL", ""),
            ("secrets.AUDIENCES_TOKEN", "the-audiences-token"),
            ("github.token", "the-token"),
            ("github.server_url", "https://github.example.com"),
            ("github.repository", "acme/shop"),
            ("github.action_repository", ""),
            ("github.event_name", "pull_request"),
            ("github.event.pull_request.head.repo.full_name", "acme/shop"),
            ("job.workflow_repository", "acme/sendform"),
        ];
        let job = Job::new(self.tree.path(), &[self.tools.path()]);
        given.into_iter().fold(job, |job, (name, value)| job.value(name, value))
    }
}

/// How the recorder was called, and with which variables.
fn recorded(job: &Job) -> (Vec<String>, BTreeMap<String, String>) {
    let read = |name: &str| fs::read_to_string(job.temp().join(name)).unwrap_or_else(|_| panic!("{}", job.printed));
    let environment = read("environment");
    let environment = environment.lines().filter_map(|line| line.split_once('='));
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    (read("arguments").lines().map(ToOwned::to_owned).collect(), environment)
}

fn steps(workflow: &str, job: &str) -> Value {
    yaml(&format!(".github/workflows/{workflow}.yml"))["jobs"][job]["steps"].clone()
}

#[test]
fn a_job_plans_with_the_key_alone_and_keeps_the_plan() {
    let runner = Runner::new();
    let mut job = runner.job().value(
        "inputs.audiences",
        "test -z \"${SENDFORM_KEY:-}\"; echo \"$AUDIENCES_TOKEN\" >\"$SENDFORM_DATA/customers.csv\"",
    );
    assert!(job.run(&steps("campaigns-plan", "plan")), "{}", job.printed);
    let (arguments, environment) = recorded(&job);
    assert_eq!(arguments, ["ci", "plan", "--dir", "shops/my shop", "--comment", "in-place"]);
    let has = |name: &str| environment.get(name).map_or("", String::as_str);
    assert_eq!([has("SENDFORM_KEY"), has("GITHUB_TOKEN"), has("SENDFORM_API_KEY")], ["the-key", "the-token", ""]);
    assert_eq!(has("AUDIENCES_TOKEN"), "", "only the command that fetches has it");
    let data = PathBuf::from(has("SENDFORM_DATA"));
    assert!(data.starts_with(job.temp()), "personal data is never in the work tree: {}", data.display());
    assert_eq!(fs::read_to_string(data.join("customers.csv")).unwrap(), "the-audiences-token\n");
    let given = ["digest", "to-send"].map(|name| job.output(&format!("steps.sendform.outputs.{name}")).to_owned());
    assert_eq!(given, ["plan/v1:0123", "12"]);
    assert_eq!(job.kept, [runner.tree.path().join("sendform-acme-shop-0123.plan")]);
    assert!(job.kept.iter().all(|file| file.is_file()));
}

#[test]
fn a_plan_that_ends_with_a_code_fails_the_job_and_is_kept_all_the_same() {
    let runner = Runner::new();
    let mut job = runner.job().env("RECORDER_CODE", "4");
    assert!(!job.run(&steps("campaigns-plan", "plan")));
    assert_eq!(job.kept.len(), 1);
}

#[test]
fn a_job_applies_with_both_keys_and_keeps_nothing() {
    let runner = Runner::new();
    let mut job = runner.job();
    assert!(job.run(&steps("campaigns-apply", "apply")), "{}", job.printed);
    let (arguments, environment) = recorded(&job);
    assert_eq!(arguments, ["ci", "apply", "--dir", "shops/my shop", "--comment", "in-place"]);
    assert_eq!(environment["SENDFORM_API_KEY"], "the-api-key");
    assert!(job.kept.is_empty());
    let mut failing = runner.job().env("RECORDER_CODE", "6");
    assert!(!failing.run(&steps("campaigns-apply", "apply")));
}

#[test]
fn a_fork_runs_no_command_and_an_audience_that_cannot_be_fetched_ends_the_job() {
    let runner = Runner::new();
    let fetching = |job: Job| job.value("inputs.audiences", "touch fetched; false");
    let mut forked = fetching(runner.job()).value("github.event.pull_request.head.repo.full_name", "eve/shop");
    assert!(forked.run(&steps("campaigns-plan", "plan")), "{}", forked.printed);
    assert!(!runner.tree.path().join("fetched").exists());
    for (workflow, name) in [("campaigns-plan", "plan"), ("campaigns-apply", "apply")] {
        let mut own = fetching(runner.job());
        assert!(!own.run(&steps(workflow, name)));
        assert!(runner.tree.path().join("fetched").exists() && !own.temp().join("arguments").exists(), "{workflow}");
    }
}

#[test]
fn limits_are_accepted_one_by_one_in_the_plan_and_after_it() {
    let runner = Runner::new();
    for (workflow, name) in [("campaigns-plan", "plan"), ("campaigns-apply", "apply")] {
        let mut job = runner.job().value("inputs.accept", "messages=12,000\n  late=3\n");
        assert!(job.run(&steps(workflow, name)), "{}", job.printed);
        let (arguments, _) = recorded(&job);
        assert_eq!(arguments[arguments.len() - 2..], ["--accept=messages=12,000", "--accept=late=3"]);
        let odd = "$(touch broken) `touch broken` ; * --reveal '\"";
        let mut job = runner.job().value("inputs.accept", odd);
        assert!(job.run(&steps(workflow, name)), "{}", job.printed);
        let words: Vec<String> = odd.split(' ').map(|word| format!("--accept={word}")).collect();
        assert_eq!(recorded(&job).0[6..], words);
    }
    assert!(!runner.tree.path().join("broken").exists());
}

#[test]
fn what_is_given_to_the_action_is_words_and_never_a_script() {
    let runner = Runner::new();
    for dir in ["$(touch broken)", "a b; touch broken", "`touch broken`", "'\"\"'; touch broken #", "-x"] {
        let mut job = runner.job().value("inputs.dir", dir).value("inputs.comment", dir);
        assert!(job.run(&steps("campaigns-plan", "plan")), "{}", job.printed);
        assert_eq!(recorded(&job).0, ["ci", "plan", "--dir", dir, "--comment", dir]);
    }
    assert!(!runner.tree.path().join("broken").exists());
}

/// A copy of the action's script, with the checksums that it knows.
fn fetcher(checksums: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["fetch.sh", "version"] {
        fs::copy(root().join(".github/actions/sendform").join(name), folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("checksums"), checksums).unwrap();
    folder
}

/// The platforms' part in the name of a release for this machine.
fn target() -> &'static str {
    if cfg!(target_arch = "aarch64") { "aarch64-unknown-linux-musl" } else { "x86_64-unknown-linux-musl" }
}

#[test]
fn the_program_is_unpacked_only_with_its_checksum_and_never_twice() {
    let version = version();
    let name = format!("sendform-{version}-{}.tar.gz", target());
    let served = tempfile::tempdir().unwrap();
    let release = served.path().join(format!("v{version}"));
    write_program(&release.join("sendform"), "#!/bin/sh\necho released\n");
    let shell = |folder: &Path, script: &str| {
        let output = Command::new("bash").args(["-ec", script]).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let sums = shell(&release, &format!("tar -czf {name} sendform && sha256sum {name}"));
    let other = shell(&release, "echo other | sha256sum").replace('-', &name);
    let releases = Releases::start(served.path().to_owned());
    let url = releases.url();
    let empty = tempfile::tempdir().unwrap();
    let own = tempfile::tempdir().unwrap();
    write_program(&own.path().join("sendform"), &RECORDER.replace("VERSION", &version));
    let older = tempfile::tempdir().unwrap();
    write_program(&older.path().join("sendform"), &RECORDER.replace("VERSION", "0.0.9"));

    let check = |sums: &str, tools: &Path, url: &str, expect: Result<bool, &str>| {
        let action = fetcher(sums);
        let script = format!("bash '{}/fetch.sh'", action.path().display());
        let steps = serde_json::json!([
            { "run": script, "env": { "RELEASES": url } },
            { "run": "sendform --version >\"$HOME/ran\"" },
        ]);
        let mut job = Job::new(empty.path(), &[tools]);
        let ended = job.run(&steps);
        let ran = fs::read_to_string(job.temp().join("ran")).unwrap_or_default();
        match expect {
            Ok(is_fetched) => assert_eq!((ended, ran == "released\n"), (true, is_fetched), "{}", job.printed),
            Err(why) => {
                assert!(!ended && job.printed.contains(why) && ran.is_empty(), "{why}: {}", job.printed);
                let left = job.temp().join(format!("sendform-{version}"));
                assert!(fs::read_dir(left).map_or(0, Iterator::count) == 0, "nothing is left of it");
            }
        }
    };
    check(&sums, empty.path(), &url, Ok(true));
    check(&sums, older.path(), &url, Ok(true));
    check("", own.path(), "https://nowhere.example.com", Ok(false));
    check(&other, empty.path(), &url, Err("is not what was released"));
    check("# none\n", empty.path(), &url, Err("knows no checksum of"));
    check(&sums.replace(&version, "0.0.9"), empty.path(), &url, Err("knows no checksum of"));
    check(&sums, empty.path(), &format!("{url}/elsewhere"), Err("cannot be fetched"));
    check(&sums, empty.path(), "http://mirror.example.com", Err("fetched over https"));
    check(&sums, empty.path(), "", Err("nothing says where"));
}

#[test]
fn the_action_is_of_this_version() {
    assert_eq!(version(), env!("CARGO_PKG_VERSION"));
    let known = read(".github/actions/sendform/checksums");
    for line in known.lines().filter(|line| !line.starts_with('#')) {
        let (sum, name) = line.split_once("  ").unwrap_or_else(|| panic!("{line}"));
        assert!(sum.len() == 64 && name.starts_with(&format!("sendform-{}-", version())), "{line}");
    }
}

#[test]
fn a_release_has_what_is_fetched() {
    let script = read(".github/actions/sendform/fetch.sh");
    let word = |line: &str| line.split_once("target=").map(|(_, word)| word.trim_end_matches(" ;;").to_owned());
    let fetched: BTreeSet<String> = script.lines().filter_map(word).collect();
    let built = yaml(".github/workflows/release.yml")["jobs"]["build"]["strategy"]["matrix"]["include"].clone();
    let built = built.as_array().unwrap().iter().map(|one| one["target"].as_str().unwrap().to_owned());
    assert_eq!(fetched, built.collect());
    // The same name stands in four places.
    let [packed, fetched] = [".ci/release", ".github/actions/sendform/fetch.sh"].map(read);
    assert!(packed.contains("\"$folder/sendform-$version-$target.tar.gz\""));
    assert!(fetched.contains("archive=\"sendform-$version-$target.tar.gz\""));
    let manifest = read("Cargo.toml");
    assert!(manifest.contains("releases/download/v{ version }/sendform-{ version }-{ target }.tar.gz"));
    for target in fetched.lines().filter_map(word).filter(|target| target.ends_with("-musl")) {
        let name = format!("sendform-{{ version }}-{target}.tar.gz");
        assert!(manifest.contains(&name), "who has Linux with another library gets {name}");
    }
    let image = read(".ci/Containerfile");
    let stages: Vec<&str> = image.split("\nFROM ").collect();
    assert!(stages.iter().skip(2).all(|stage| stage.contains("\nUSER 65532:65532\n")), "nobody is root");
}

/// The names in a map, if there is one.
fn names(map: &Value) -> BTreeSet<String> {
    map.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

#[test]
fn a_caller_gives_what_is_asked_for_and_lets_it_do_no_more() {
    let page = Page::at(".github/WORKFLOWS.md");
    let caller: Value = serde_yaml::from_str(page.file(".github/workflows/campaigns.yml")).unwrap();
    assert_eq!(caller["permissions"], serde_json::json!({}));
    let mut called = BTreeSet::new();
    for (name, job) in caller["jobs"].as_object().unwrap() {
        let uses = job["uses"].as_str().unwrap();
        let (path, commit) = uses.split_once('@').unwrap();
        assert!(commit.len() == 40, "a commit, and no branch: {uses}");
        let path = path.strip_prefix("acme/sendform/").unwrap();
        let workflow = yaml(path);
        let inner = &workflow["jobs"][name];
        assert_eq!(job["permissions"], inner["permissions"], "{name}");
        assert_eq!(workflow["permissions"], serde_json::json!({}));
        let interface = &workflow["on"]["workflow_call"];
        assert!(names(&job["with"]).is_subset(&names(&interface["inputs"])), "{name}");
        assert!(names(&job["secrets"]).is_subset(&names(&interface["secrets"])), "{name}");
        assert!(inner["timeout-minutes"].as_u64().is_some_and(|minutes| minutes <= 350), "{name}");
        called.insert(path.to_owned());
    }
    assert_eq!(called.len(), 2);
    // A queue keeps every apply, and none is cancelled.
    let apply = &yaml(".github/workflows/campaigns-apply.yml")["jobs"]["apply"];
    assert_eq!(apply["concurrency"]["queue"], "max");
    assert!(apply["concurrency"]["cancel-in-progress"].is_null());
    // The guide tells all of what the action takes and gives.
    let action = yaml(".github/actions/sendform/action.yml");
    let told = |header: &str| {
        let rows = page.table(header).into_iter();
        rows.map(|row| row[0].trim_matches('`').to_owned()).collect::<BTreeSet<_>>()
    };
    assert_eq!(told("| input |"), names(&action["inputs"]));
    assert_eq!(told("| output |"), names(&action["outputs"]));
    let snippet = page.blocks("yaml").into_iter().find(|block| block.contains("audiences: >-")).unwrap();
    let given: Value = serde_yaml::from_str(snippet).unwrap();
    let interface = &yaml(".github/workflows/campaigns-plan.yml")["on"]["workflow_call"];
    for part in ["inputs", "secrets"] {
        let key = if part == "inputs" { "with" } else { part };
        assert!(names(&given[key]).is_subset(&names(&interface[part])), "{given}");
    }
}

#[test]
fn a_pipeline_of_gitlab_plans_and_applies() {
    let text = read(".gitlab/sendform.yml");
    let (header, jobs) = text.split_once("\n---\n").unwrap();
    let header: Value = serde_yaml::from_str(header).unwrap();
    let page = Page::at(".github/WORKFLOWS.md");
    let including: Value = serde_yaml::from_str(page.file(".gitlab-ci.yml")).unwrap();
    let included = &including["include"][0];
    assert_eq!(included["file"], "/.gitlab/sendform.yml");
    assert!(names(&included["inputs"]).is_subset(&names(&header["spec"]["inputs"])), "{included}");
    let given = [("dir", "my shop"), ("image", "x"), ("audiences", "touch fetched"), ("comment", "new")];
    let with = |accept: &str| -> Value {
        let jobs = given
            .iter()
            .chain(&[("accept", accept)])
            .fold(jobs.to_owned(), |jobs, (name, value)| jobs.replace(&format!("$[[ inputs.{name} ]]"), value));
        assert!(!jobs.contains("$[["), "every input is given");
        serde_yaml::from_str(&jobs).unwrap()
    };
    let jobs = with("");
    let run_of = |jobs: &Value, name: &str, environment: &[(&str, &str)]| {
        let runner = Runner::new();
        let lines = [&jobs[".sendform"]["before_script"], &jobs[name]["script"]];
        let lines = lines.into_iter().flat_map(|lines| lines.as_array().unwrap()).map(|line| line.as_str().unwrap());
        let variables = jobs[".sendform"]["variables"].as_object().unwrap().iter();
        let tree = runner.tree.path().display().to_string();
        let variables =
            variables.map(|(name, value)| (name.clone(), value.as_str().unwrap().replace("$CI_PROJECT_DIR", &tree)));
        let job = Job::new(runner.tree.path(), &[runner.tools.path()]);
        let job = environment.iter().fold(job, |job, (name, value)| job.env(name, *value));
        let mut job = variables.fold(job, |job, (name, value)| job.env(&name, value));
        let steps: Vec<Value> = lines.map(|line| serde_json::json!({ "run": line })).collect();
        assert!(job.run(&Value::from(steps)), "{}", job.printed);
        let (arguments, environment) = recorded(&job);
        assert!(environment["SENDFORM_DATA"].ends_with(".audiences"));
        fs::remove_dir(&environment["SENDFORM_DATA"]).unwrap();
        (arguments, runner.tree.path().join("fetched").exists())
    };
    let run = |name: &str, environment: &[(&str, &str)]| run_of(&jobs, name, environment);
    let own = [("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "42"), ("CI_MERGE_REQUEST_PROJECT_ID", "42")];
    let plan = ["ci", "plan", "--dir", "my shop", "--comment", "new"].map(ToOwned::to_owned).to_vec();
    assert_eq!(run("sendform plan", &own), (plan.clone(), true));
    let fork = [("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "43"), ("CI_MERGE_REQUEST_PROJECT_ID", "42")];
    assert_eq!(run("sendform plan", &fork), (plan, false));
    let mut apply = ["ci", "apply", "--dir", "my shop", "--comment", "new"].map(ToOwned::to_owned).to_vec();
    assert_eq!(run("sendform apply", &[]), (apply.clone(), true));
    apply.extend(["--expect-digest", "plan/v1:00; x"].map(ToOwned::to_owned));
    assert_eq!(run("sendform apply", &[("DIGEST", "plan/v1:00; x")]), (apply, true));
    let accepting = with("messages=12,000  late=* $(x)");
    for name in ["sendform plan", "sendform apply"] {
        let (arguments, _) = run_of(&accepting, name, &own);
        let words = ["--accept=messages=12,000", "--accept=late=*", "--accept=$(x)"];
        assert_eq!(arguments[arguments.len() - 3..], words, "{name}");
    }
    let artifacts = &jobs["sendform plan"]["artifacts"];
    assert_eq!(
        names(&artifacts["reports"]),
        ["codequality", "dotenv", "junit", "terraform"].map(ToOwned::to_owned).into()
    );
    assert_eq!(artifacts["access"], "developer");
    assert_eq!(jobs["sendform apply"]["interruptible"], false);
}

#[test]
fn the_hook_checks_the_campaigns_of_this_repository() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let hook = &hooks[0];
    let page = Page::at(".github/WORKFLOWS.md");
    let config: Value = serde_yaml::from_str(page.file(".pre-commit-config.yaml")).unwrap();
    assert_eq!(config["repos"][0]["hooks"][0]["id"], hook["id"]);
    assert_eq!(hook["pass_filenames"], false);
    let words: Vec<&str> = hook["entry"].as_str().unwrap().split(' ').skip(1).collect();
    let checked = Command::new(env!("CARGO_BIN_EXE_sendform")).args(words).current_dir(root()).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn a_runner_whose_disk_stays_records_what_it_has_sent() {
    let page = Page::at("src/store/README.md");
    let workflow: Value = serde_yaml::from_str(page.file(".github/workflows/campaigns-here.yml")).unwrap();
    let apply = &workflow["jobs"]["apply"];
    assert_eq!(apply["steps"][0]["with"]["ref"], "main");
    let shop = Shop::new(2);
    let origin = Origin::of(&shop.project);
    let binary = Path::new(env!("CARGO_BIN_EXE_sendform")).parent().unwrap();
    let mut job = Job::new(shop.project.folder(), &[binary])
        .value("github.token", "the-token")
        .value("secrets.SENDFORM_KEY", KEY)
        .value("secrets.SENDFORM_API_KEY", "the-api-key")
        .env("SENDFORM_BASE_URL", shop.sandbox.url())
        .env("SENDFORM_NOW", NOW);
    assert!(job.run(&apply["steps"]), "{}", job.printed);
    assert_eq!(shop.accepted(), [1, 1]);
    let recorded = git(&origin.path(), &["show", "main:sendform.lock"]);
    assert_eq!(recorded, fs::read_to_string(shop.project.path("sendform.lock")).unwrap().trim_end());
    // Whatever the run ends with, the lockfile is pushed; and a job whose lockfile is not pushed fails.
    fs::remove_dir_all(origin.path()).unwrap();
    assert!(!job.run(&apply["steps"]));
}

#[test]
fn all_of_it_is_linted_where_the_linters_are() {
    if !root().join("target/linters/installed").is_file() {
        assert!(std::env::var_os("CI").is_none(), ".ci/lint installs them, and comes before the tests");
        eprintln!("SKIPPED without target/linters: run .ci/lint");
        return;
    }
    let linted = Command::new(root().join(".ci/lint")).arg("--offline").output().unwrap();
    let said = [linted.stdout, linted.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(linted.status.success(), "{said}");
}
