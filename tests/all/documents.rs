//! Every command that says something gives one document of JSON where it is asked for, on standard
//! output and in the files of `--write`. All documents on standard output, in whatever test, are held
//! against `schema/output.schema.json` where the process ends (`support/process.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{KEY, Origin, Project, Shop, check_documents, kinds, normalised};

const FORMS: [&str; 6] = ["--format", "json", "--write", "json=done.json", "--write", "text=done.txt"];

/// Runs a command that succeeds, with all forms of output at once, and gives back its document in one
/// line. The same is in the file of JSON, and in the other what it says without these options.
#[track_caller]
fn document(project: &Project, arguments: &[&str], says: &str) -> String {
    let run = project.run(arguments.iter().chain(&FORMS)).code(0);
    assert_eq!(fs::read_to_string(project.path("done.json")).unwrap(), run.stdout, "{run}");
    let text = project.read("done.txt");
    assert!(text.starts_with(says), "{text}");
    normalised(&line(run.json()))
}

fn line(mut json: Value) -> String {
    let version = json.as_object_mut().expect("a document is an object").remove("formatVersion");
    assert_eq!(version, Some("2.0".into()));
    json.to_string()
}

/// One person in doubt.
fn doubt() -> (Shop, String) {
    let shop = Shop::new(1).faults(&["500-after"]);
    shop.apply().code(6);
    let bulk = shop.run(&["status", "--format", "json"]).json()["doubts"][0]["bulkId"].as_str().unwrap().to_owned();
    (shop, bulk)
}

/// The commands that a help text lists.
fn commands(help: &[&str]) -> BTreeSet<String> {
    let text = Project::empty().run(help).code(0).stdout;
    let listed = text.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // Explanations that go on are further to the right.
    let names = listed.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    names.filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).filter(|name| name != "help").collect()
}

/// Every command gives a document, and the schema has all of them and no others.
#[test]
fn every_command_gives_a_document_that_the_schema_has() {
    let mut given: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut run = |shop: &Shop, arguments: &[&'static str], code: i32| {
        let document = shop.project.run(arguments.iter().chain(&["--format", "json"])).code(code).json();
        let name = if arguments[0] == "ledger" { arguments[1] } else { arguments[0] };
        given.entry(name).or_default().insert(document["kind"].as_str().unwrap().to_owned());
        document
    };
    let mut shop = Shop::without_ledger(3);
    run(&shop, &["plan"], 8);
    run(&shop, &["ledger", "init"], 0);
    run(&shop, &["validate"], 0);
    run(&shop, &["doctor"], 0);
    run(&shop, &["plan"], 0);
    shop.sandbox.faults(&["500-after"]);
    run(&shop, &["apply", "--auto-approve"], 6);
    for command in ["plan", "status", "reconcile"] {
        assert!(run(&shop, &[command], if command == "reconcile" { 0 } else { 6 })["doubts"][0]["bulkId"].is_string());
    }
    run(&shop, &["apply", "--auto-approve"], 0);
    assert_eq!(run(&shop, &["log"], 0)["all"], 2);
    run(&shop, &["ledger", "verify"], 0);
    run(&shop, &["ledger", "recover"], 0);
    run(&shop, &["resolve", "sale.hello.r1.0000000000000000", "--sent", "--reason", "seen"], 64);
    for name in ["base", "ours", "theirs"] {
        fs::copy(shop.project.path("sendform.lock"), shop.project.path(name)).unwrap();
    }
    run(&shop, &["stop", "--reason", "seen"], 0);
    run(&shop, &["resume"], 0);
    // A stop that lies beside a ledger from elsewhere comes along.
    let stop = "{\"stop\":\"00000007\",\"at\":\"2026-11-30T12:00:00Z\",\"by\":\"ben\",\"why\":\"wrong\"}\n";
    shop.project.write("theirs.stops", stop);
    assert_eq!(run(&shop, &["ledger", "import", "theirs"], 0)["files"][0]["stops"], 1);
    run(&shop, &["ledger", "merge", "base", "ours", "theirs"], 0);
    shop.project.set("SENDFORM_KEY", format!("{},{KEY}", "01".repeat(32)));
    run(&shop, &["ledger", "rebind", "--add-key"], 0);
    let _origin = Origin::of(&shop.project);
    shop.project.write("sendform.yaml", format!("{}state: {{ in: git }}\n", shop.project.read("sendform.yaml")));
    run(&shop, &["ledger", "copy", "--from", "lockfile"], 0);
    assert_eq!(run(&shop, &["status"], 0)["stops"][0]["id"], "00000007", "it has moved along");
    run(&shop, &["resume", "00000007"], 0);
    assert_eq!(run(&shop, &["report"], 0)["all"]["accepted"], 3);
    run(&shop, &["init", "--dir", "new"], 0);
    run(&shop, &["init", "--dir", "new"], 64);
    run(&shop, &["schema"], 0);
    run(&shop, &["ci", "apply"], 64);
    run(&shop, &["sandbox", "--listen", "192.0.2.1:1"], 64);
    shop.campaign("Hello {{ nobody }}!", 1);
    run(&shop, &["validate"], 3);
    run(&shop, &["apply", "--auto-approve"], 3);
    // What other tests look at: events of an apply, a word about a bulk, and a sandbox that listens.
    let mut kinds_given: BTreeSet<&str> = given.values().flatten().map(String::as_str).collect();
    kinds_given.extend(["event", "resolve", "sandbox"]);
    assert_eq!(kinds_given.into_iter().collect::<Vec<_>>(), kinds());
    let mut all = commands(&["--help"]);
    all.extend(commands(&["ledger", "--help"]));
    // Completions are a script, the manual is pages, and `ledger` alone is no command.
    all.retain(|name| !["completions", "man", "ledger"].contains(&name.as_str()));
    assert_eq!(given.keys().copied().collect::<Vec<_>>(), all.iter().collect::<Vec<_>>());
}

#[test]
fn a_new_project_and_its_schemas() {
    let project = Project::empty();
    let begun = document(&project, &["init"], "wrote campaigns/sendform.yaml\n");
    let file = project.read("campaigns/sendform.yaml");
    let name = file.lines().find_map(|line| line.strip_prefix("project: ")?.split_whitespace().next()).unwrap();
    assert_snapshot!(begun.replace(name, "[name]"), @r#"{"files":[{"file":"campaigns/sendform.yaml","state":"written"},{"file":"campaigns/welcome.yaml","state":"written"},{"file":"campaigns/audiences/customers.csv","state":"written"},{"file":"campaigns/schema/campaign.schema.json","state":"written"},{"file":"campaigns/schema/project.schema.json","state":"written"},{"file":"campaigns/.gitattributes","state":"written"},{"file":"campaigns/.gitignore","state":"written"}],"kind":"init","project":"[name]"}"#);
    assert_snapshot!(document(&project, &["schema", "campaigns/schema", "--check"], "campaigns/schema/campaign.schema"), @r#"{"files":[{"file":"campaigns/schema/campaign.schema.json","state":"upToDate"},{"file":"campaigns/schema/project.schema.json","state":"upToDate"}],"kind":"schema"}"#);
    project.write("schema/campaign.schema.json", "{}");
    let stale = project.run(["schema", "--check", "--format", "json"]).code(3).json();
    assert_eq!(stale["files"][0]["state"], "stale", "{stale}");
    assert_snapshot!(document(&project, &["schema"], "wrote schema/campaign.schema.json\n"), @r#"{"files":[{"file":"schema/campaign.schema.json","state":"written"},{"file":"schema/project.schema.json","state":"written"},{"file":"schema/output.schema.json","state":"written"}],"kind":"schema"}"#);
}

#[test]
fn a_ledger_that_is_made_and_bound_anew() {
    let mut shop = Shop::without_ledger(1);
    assert_snapshot!(document(&shop.project, &["ledger", "init"], "made ./sendform.lock for `"), @r#"{"gateway":"127.0.0.1:[port]","kind":"ledger-init","place":"./sendform.lock"}"#);
    let old = shop.sandbox.address().to_string();
    shop.project.set("SENDFORM_BASE_URL", shop.sandbox.url().replace("127.0.0.1", "localhost"));
    let rebind = ["ledger", "rebind", "--gateway", &old];
    assert_snapshot!(document(&shop.project, &rebind, "./sendform.lock is bound to `localhost:"), @r#"{"addedKeys":[],"changed":true,"firstKey":"00914700","gateway":"localhost:[port]","gatewayChanged":true,"kind":"ledger-rebind","place":"./sendform.lock"}"#);
    assert_snapshot!(document(&shop.project, &rebind, "nothing changed: "), @r#"{"addedKeys":[],"changed":false,"firstKey":"00914700","gateway":"localhost:[port]","gatewayChanged":false,"kind":"ledger-rebind","place":"./sendform.lock"}"#);
    shop.project.set("SENDFORM_KEY", format!("{},{KEY}", "01".repeat(32)));
    assert_snapshot!(document(&shop.project, &["ledger", "rebind", "--add-key"], "./sendform.lock names the key `"), @r#"{"addedKeys":["b5c6a100"],"changed":true,"firstKey":"b5c6a100","gateway":"localhost:[port]","gatewayChanged":false,"kind":"ledger-rebind","place":"./sendform.lock"}"#);
}

#[test]
fn a_ledger_that_moves() {
    let shop = Shop::new(2);
    shop.apply().code(0);
    let _origin = Origin::of(&shop.project);
    let file = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", format!("{file}state: {{ in: git }}\n"));
    let copy = ["ledger", "copy", "--from", "lockfile"];
    assert_snapshot!(document(&shop.project, &copy, "copied 1 claim from ./sendform.lock to origin/sendform-ledger: "), @r#"{"claims":1,"from":"./sendform.lock","kind":"ledger-copy","news":{"claims":1,"outcomes":0,"people":2,"records":1},"stops":0,"to":"origin/sendform-ledger"}"#);
}

#[test]
fn lockfiles_that_are_merged() {
    let shop = Shop::new(1);
    for name in ["base", "ours", "theirs"] {
        fs::copy(shop.project.path("sendform.lock"), shop.project.path(name)).unwrap();
    }
    // git says what there is to say.
    assert_snapshot!(document(&shop.project, &["ledger", "merge", "base", "ours", "theirs"], ""), @r#"{"file":"ours","kind":"ledger-merge"}"#);
    assert_eq!(shop.project.read("done.txt"), "");
}

#[test]
fn a_word_about_a_bulk() {
    for (word, says, expect) in [
        ("--sent", "1 person: sent\n", "sent"),
        ("--not-sent", "1 person: not sent, and free", "notSent"),
        ("--abandon", "1 person: given up\n", "abandoned"),
    ] {
        let (shop, bulk) = doubt();
        let said = document(&shop.project, &["resolve", &bulk, word, "--reason", "seen in the portal"], says);
        assert_eq!(
            said,
            format!(r#"{{"bulkId":"{bulk}","kind":"resolve","knownTwice":0,"people":1,"word":"{expect}"}}"#)
        );
    }
}

#[test]
fn a_sandbox_says_where_it_listens() {
    let project = Project::empty();
    let mut sandbox = project.start(["sandbox", "--listen", "127.0.0.1:0"].iter().chain(&FORMS));
    sandbox.wait_told("stop it with Ctrl-C");
    let said = fs::read_to_string(project.path("done.json")).unwrap();
    check_documents(&said);
    assert_snapshot!(normalised(&line(serde_json::from_str(&said).unwrap())), @r#"{"baseUrl":"http://127.0.0.1:[port]","kind":"sandbox"}"#);
    assert!(project.read("done.txt").starts_with("listening on http://127.0.0.1:"));
    sandbox.wait_said(&said);
    sandbox.kill();
}

#[test]
fn a_script_has_no_other_form() {
    let run = Project::empty().run(["completions", "bash", "--format", "json"]).code(64);
    assert_eq!(run.json()["code"], "usage");
    assert_snapshot!(run.stderr, @"
    error: completions are a script: they have no other form, and `--format` and `--write` are not for them

    Usage: sendform [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    Project::empty().run(["completions", "bash", "--write", "text=done.txt"]).code(64);
    Project::empty().run(["completions", "bash", "--format", "text"]).code(0);
}
