//! The README does what it says: its commands give its outputs, its files are valid, and its tables
//! agree with the program.

mod page;
mod request;
mod shell;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Origin, Project, git};

use page::{Page, code_spans};
use shell::Shell;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn its_commands_give_its_outputs() {
    let page = Page::read();
    let shell = Shell::new();
    // The sandbox's clock runs, and the walk may take some seconds.
    let lived = page.with_blocks("console", |block| {
        (1..60).fold(shell.replay(block), |text, second| text.replace(&format!(" 12:00:{second:02} UTC"), " 12:00 UTC"))
    });
    if std::env::var("SENDFORM_README").is_ok_and(|value| value == "write") {
        fs::write(root().join("README.md"), &lived).unwrap();
    }
    let page = Page::read();
    assert!(page.blocks("console").len() >= 8, "the walk is gone");
    // Shown as a difference; SENDFORM_README=write writes the outputs anew.
    let difference = similar::TextDiff::from_lines(page.text(), &lived).unified_diff().to_string();
    assert!(difference.is_empty(), "\n{difference}");
}

#[test]
fn its_files_are_valid() {
    let page = Page::read();
    let project = example(&page);
    project.run(["validate"]).code(0);
    for block in page.blocks("yaml") {
        let value: Result<Value, _> = serde_yaml::from_str(block);
        assert!(value.is_ok_and(|value| value.is_object()), "{block}");
    }
}

#[test]
fn its_job_for_kubernetes_runs_workers() {
    let page = Page::read();
    let block = page.blocks("yaml").into_iter().find(|block| block.contains("kind: Job\n")).unwrap();
    let job: Value = serde_yaml::from_str(block).unwrap();
    let spec = &job["spec"];
    assert_eq!([&job["apiVersion"], &spec["completionMode"]], ["batch/v1", "Indexed"]);
    assert_eq!(spec["completions"], spec["parallelism"]);
    // Every code of the policy is one of the program's, and none is in two rules.
    let known: BTreeSet<u64> = page.table("| code |").iter().map(|row| row[0].parse().unwrap()).collect();
    let mut seen = BTreeSet::new();
    for rule in spec["podFailurePolicy"]["rules"].as_array().unwrap() {
        for code in rule["onExitCodes"]["values"].as_array().unwrap() {
            let code = code.as_u64().unwrap();
            assert!(known.contains(&code) && seen.insert(code), "{code}");
        }
    }
    let pod = &spec["template"]["spec"];
    assert_eq!(pod["restartPolicy"], "Never", "a failed worker is started again by the job");
    let command: Vec<&str> =
        pod["containers"][0]["command"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let mut asked = command.iter().skip(1).filter(|word| **word != "/audiences").copied().collect::<Vec<_>>();
    asked.push("--help");
    assert_eq!(command[0], "sendform");
    let data = asked.iter().position(|word| *word == "--data").unwrap();
    asked.insert(data + 1, "/audiences");
    Project::empty().run(&asked).code(0);
}

#[test]
fn its_workflows_run_and_lose_nothing() {
    // The major version that is maintained; of an older one a runner warns, and at last refuses it.
    const CHECKOUT: &str = "actions/checkout@v7";
    let page = Page::read();
    let blocks = page.blocks("yaml").into_iter().filter(|block| block.starts_with("# .github/workflows/"));
    let workflows: Vec<Value> = blocks
        .map(|block| {
            assert!(!block.contains("exit 0") && !block.contains("|| true"), "a failure is swallowed: {block}");
            serde_yaml::from_str(block).unwrap()
        })
        .collect();
    assert_eq!(workflows.len(), 2);
    for workflow in &workflows {
        assert!(workflow["on"]["push"]["branches"].is_array(), "nothing starts it: {workflow}");
        for job in workflow["jobs"].as_object().unwrap().values() {
            assert!(!job["runs-on"].is_null(), "{job}");
            let steps = job["steps"].as_array().unwrap();
            assert_eq!(steps[0]["uses"], CHECKOUT);
            for step in steps {
                let run = step["run"].as_str();
                assert!(run.is_some() || step["uses"] == CHECKOUT, "{step}");
                if let Some(command) = run.and_then(|run| run.strip_prefix("sendform ")) {
                    Project::empty().run(command.split(' ').chain(["--help"])).code(0);
                }
            }
        }
    }
    let steps = workflows[1]["jobs"]["apply"]["steps"].as_array().unwrap();
    let record = steps.last().unwrap();
    assert_eq!(record["if"], "always()");
    the_lockfile_reaches_the_branch(record["run"].as_str().unwrap());
}

/// Runs the step that records what was sent, as a runner does: in a clone without an identity, while
/// somebody else pushes.
fn the_lockfile_reaches_the_branch(script: &str) {
    let project = Project::empty()
        .file("campaigns/sendform.lock", "old\n")
        .file("campaigns/.gitattributes", "sendform.lock -text merge=union linguist-generated\n");
    let origin = Origin::of(&project);
    let runner = Project::empty();
    git(runner.folder(), &["clone", "--quiet", "--depth", "1", "-b", "main", &origin.url(), "."]);
    let step = || {
        let mut bash = Command::new("bash");
        bash.args(["-e", "-o", "pipefail", "-c", script]).current_dir(runner.folder());
        bash.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", runner.folder());
        let output = bash.output().expect("bash can be started");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let recorded = || git(&origin.path(), &["show", "main:campaigns/sendform.lock"]);
    // Nothing was sent, and that is no failure.
    assert!(step().0);
    assert_eq!(recorded(), "old");
    runner.write("campaigns/sendform.lock", "old\nmine\n");
    project.write("campaigns/sendform.lock", "old\ntheirs\n");
    git(project.folder(), &["commit", "--quiet", "-am", "Theirs"]);
    git(project.folder(), &["push", "--quiet", "origin", "main"]);
    let (success, told) = step();
    assert!(success, "{told}");
    let lines: BTreeSet<String> = recorded().lines().map(ToOwned::to_owned).collect();
    assert_eq!(lines, ["mine", "old", "theirs"].map(ToOwned::to_owned).into());
    // A lockfile that cannot be pushed fails the job.
    runner.write("campaigns/sendform.lock", "old\nmine\ntheirs\nmore\n");
    fs::remove_dir_all(origin.path()).unwrap();
    assert!(!step().0);
}

#[test]
fn its_table_has_every_path_of_a_request() {
    let page = Page::read();
    let mut project = example(&page);
    let gateway = request::Listener::start();
    project.set("SENDFORM_BASE_URL", gateway.url());
    project.run(["ledger", "init"]).code(0);
    // The listener fails after it has read the request, so all of it is in doubt.
    project.run(["apply", "--auto-approve"]).code(6);
    let request = gateway.body();
    let campaign: Value = serde_yaml::from_str(page.file("spring-sale.yaml")).unwrap();

    let sent = request::leaves(&request);
    let mut listed = BTreeSet::new();
    for row in page.table("| YAML key |") {
        let [key, path] = row.as_slice() else { panic!("a row has two cells: {row:?}") };
        let path = code_spans(path).into_iter().next().unwrap();
        if let Some(asked) = asked(key, &campaign) {
            let found = sent.get(&path).unwrap_or_else(|| panic!("no request has `{path}`"));
            let is_made = ["text", "callbackData", "sendAt"].iter().any(|end| path.ends_with(end));
            assert!(is_made || found == asked, "{key}: {asked} is sent as {found}");
        }
        listed.insert(path);
    }
    assert_eq!(listed, sent.keys().cloned().collect());
}

/// The lines of a page of help that have a name and what it means.
fn help_rows(topic: &str) -> Vec<(String, String)> {
    let page = Project::empty().run(["help", topic]).code(0).stdout;
    let rows = page.lines().filter_map(|line| line.strip_prefix("  ")?.trim_start().split_once("  "));
    rows.map(|(name, meaning)| (name.to_owned(), meaning.trim_start().to_owned())).collect()
}

#[test]
fn its_exit_codes_are_those_of_the_program() {
    let rows = Page::read().table("| code |");
    let listed: Vec<(String, String)> = rows.iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    assert_eq!(listed, help_rows("exit-codes"));
    assert_eq!(listed.len(), 13);
}

#[test]
fn its_variables_are_those_of_the_program() {
    let rows = Page::read().table("| variable |");
    let name = |row: &[String]| row[0].trim_matches('`').to_owned();
    let listed: Vec<(String, String)> = rows.iter().map(|row| (name(row), row[1].clone())).collect();
    assert_eq!(listed, help_rows("environment"));
}

#[test]
fn it_names_every_key_variable_and_room() {
    let page = Page::read();
    let mut names = BTreeSet::new();
    for schema in ["schema/campaign.schema.json", "schema/project.schema.json"] {
        keys(&serde_json::from_str(&read(schema)).unwrap(), &mut names);
    }
    assert!(names.len() > 50, "the schemas have keys: {names:?}");
    for file in ["src/cli/settings.rs", "src/cli/args.rs"] {
        let text = read(file);
        let variables = text.split('"').filter(|part| part.starts_with("SENDFORM_"));
        names.extend(variables.map(ToOwned::to_owned));
    }
    let library = read("src/lib.rs");
    names.extend(library.lines().filter_map(|line| Some(line.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned())));
    let words: BTreeSet<&str> = page.text().split(|char: char| !(char.is_alphanumeric() || char == '_')).collect();
    let missing: Vec<&String> = names.iter().filter(|name| !words.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "not in the README: {missing:?}");
}

/// The project of the page's YAML files, with an audience of one person whom they reach.
fn example(page: &Page) -> Project {
    let subscribers = "instagram_id,first_name,city,country,consent,customer_id,time_zone,window_closes_at\n\
        17841400000000002,Ana,Split,HR,yes,C-1,Europe/Zagreb,2026-12-01T20:00:00Z\n";
    Project::empty()
        .file("sendform.yaml", page.file("sendform.yaml"))
        .file("spring-sale.yaml", page.file("spring-sale.yaml"))
        .file("audiences/subscribers.csv", subscribers)
        .file("audiences/opt-outs.csv", "instagram_id\n17841400000000999\n")
}

/// The value at the key that a row of the table names first, if it names one of the campaign's.
fn asked<'a>(key: &str, campaign: &'a Value) -> Option<&'a Value> {
    let (of, _) = key.split_once(" `")?;
    let of = match of {
        "message" => "/messages/0",
        "schedule" => "/schedules/launch",
        _ => return None,
    };
    let path = code_spans(key).into_iter().next()?;
    let pointer = format!("{of}/{}", path.replace('.', "/"));
    Some(campaign.pointer(&pointer).unwrap_or_else(|| panic!("the example has no `{path}`")))
}

/// Collects the names of all properties of a schema.
fn keys(schema: &Value, names: &mut BTreeSet<String>) {
    let children: Vec<&Value> = match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                names.extend(properties.keys().cloned());
            }
            object.values().collect()
        }
        Value::Array(items) => items.iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    children.into_iter().for_each(|child| keys(child, names));
}
