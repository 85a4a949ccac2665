//! `sendform doctor`: each check is tried by breaking the one thing that it looks at.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use jiff::SignedDuration;
use serde_json::Value;

use crate::support::{Dates, Foreign, KEY, Named, Origin, Project, Run, Sandbox, Shop, git, is_root};

/// A shop in which nothing is wrong, seen by somebody whose terminal and name are in order.
fn shop() -> Shop {
    let mut shop = Shop::new(2);
    shop.project.set("LANG", "C.UTF-8");
    shop.project.set("SENDFORM_BY", "ana");
    shop
}

fn doctor(project: &Project, options: &[&str]) -> Run {
    let before = files(project.folder());
    let run = project.run([["doctor", "--format", "json"].as_slice(), options].concat());
    assert_eq!(files(project.folder()), before, "nothing is written: {run}");
    run
}

/// All files of a folder but git's own, with their contents.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name());
        if name == "fetched" {
            // When a ledger in git was fetched last, by whomever.
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            if name != ".git" {
                found.insert(path.display().to_string(), Vec::new());
                found.extend(files(&path));
            }
        } else if entry.file_type().unwrap().is_file() {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}

/// The checks of a state, each with its section and what an apply would end with.
fn checks(run: &Run, state: &str) -> Vec<String> {
    let document = run.json();
    let sections = document["sections"].as_array().unwrap();
    let of_section = |section: &Value| {
        let name = section["section"].as_str().unwrap().to_owned();
        let checks = section["checks"].as_array().unwrap().clone();
        checks.into_iter().filter(|check| check["state"] == state).map(move |check| {
            let code = check["exitCode"].as_i64().map(|code| format!(" {code}")).unwrap_or_default();
            format!("{name}/{}{code}", check["check"].as_str().unwrap())
        })
    };
    sections.iter().flat_map(of_section).collect()
}

/// Runs the command on something that is broken in one way: this check stops an apply, no other does, and the exit
/// code is that of the check. Every remedy can be typed.
#[track_caller]
fn stops(project: &Project, options: &[&str], expect: &str) -> Run {
    let code = expect.rsplit(' ').next().unwrap().parse().unwrap();
    let run = doctor(project, options).code(code);
    assert_eq!(checks(&run, "stops"), [expect], "{run}");
    let document = run.json();
    assert_eq!(document["exitCode"], code, "{run}");
    let all = document["sections"].as_array().unwrap().iter().flat_map(|section| section["checks"].as_array().unwrap());
    let stopping = all.filter(|check| check["state"] == "stops");
    assert!(stopping.into_iter().all(|check| !check["remedies"].as_array().unwrap().is_empty()), "{run}");
    run
}

/// An apply of the same project ends with the same code, and sends nothing.
#[track_caller]
fn as_apply_does(shop: &Shop, expect: &str) {
    let run = stops(&shop.project, &[], expect);
    let code = run.code.unwrap();
    shop.apply_sends_nothing(code);
}

#[test]
fn a_project_in_which_nothing_is_wrong() {
    let shop = shop();
    let requests = shop.requests();
    let text = shop.run(&["doctor"]).code(0);
    let version = env!("CARGO_PKG_VERSION");
    let machine = format!("sendform {version} on {} {}", std::env::consts::OS, std::env::consts::ARCH);
    let shown = text.whole().to_string().replace(&machine, "[machine]");
    insta::assert_snapshot!(shown, @"
    exit code: 0
    machine
      ok       [machine]
      warning  `SENDFORM_NOW` is set, which is for tests against the sandbox or a gateway on loopback
                 `unset SENDFORM_NOW`
      ok       the ledger is told who runs this
    project
      ok       `acme-shop` in `.`
      ok       1 campaign with 1 message, no errors
    key
      ok       1 key, with the check value 00914700
    gateway
      ok       http://127.0.0.1:[port]/, from SENDFORM_BASE_URL
      ok       a gateway on loopback gets a made-up API key
      ok       it answers
      ok       the gateway takes the API key, and lets it read the logs
      ok       it is a sandbox; this time of day is fixed, and its own to the minute
    ledger
      ok       ./sendform.lock with 0 claims
      ok       nobody has stopped sending
    git
      ok       the project is in no work tree
    terminal
      ok       there is no terminal to ask on: an apply needs `--auto-approve`
      ok       the output is no terminal, so its width is not known
      ok       no colours are used
      ok       the locale is UTF-8

    nothing here would stop an apply; 1 warning
    ");
    assert_eq!(shop.requests(), requests, "nothing is sent");
    let run = doctor(&shop.project, &[]).code(0);
    assert!(checks(&run, "stops").is_empty(), "{run}");
    assert_eq!(run.json()["exitCode"], 0);
    shop.apply().code(0);
    doctor(&shop.project, &[]).code(0);
}

#[test]
fn a_project_that_is_missing_or_has_errors() {
    stops(&Project::empty(), &[], "project/folder 3");
    let shop = shop();
    shop.campaign("Hello {{ nobody }}!", 1);
    let run = stops(&shop.project, &[], "project/files 3");
    assert!(run.stdout.contains("`sendform validate` shows them"), "{run}");
    shop.apply_sends_nothing(3);
    shop.project.write("sendform.yaml", "project: [\n");
    let run = doctor(&shop.project, &[]).code(3);
    assert_eq!(checks(&run, "stops"), ["project/files 3"], "{run}");
    let shop = self::shop();
    shop.project.write("sendform.yaml", shop.project.read("sendform.yaml") + "ignore: [ nothing ]\n");
    let run = doctor(&shop.project, &[]).code(0);
    assert!(checks(&run, "warning").contains(&"project/files".to_owned()), "{run}");
    fs::rename(shop.project.path(".sendform"), shop.project.path("elsewhere")).unwrap();
    symlink(shop.project.path("elsewhere"), shop.project.path(".sendform")).unwrap();
    let run = doctor(&shop.project, &[]).code(1);
    assert!(checks(&run, "stops").contains(&"project/private-folder 1".to_owned()), "{run}");
}

#[test]
fn a_folder_that_cannot_be_written() {
    if is_root() {
        // Whoever may do everything is stopped by no mode.
        return;
    }
    let shop = shop();
    let private = shop.project.path(".sendform");
    let mode = |writable: bool| {
        let mut permissions = fs::metadata(&private).unwrap().permissions();
        permissions.set_readonly(!writable);
        fs::set_permissions(&private, permissions).unwrap();
    };
    mode(false);
    let run = doctor(&shop.project, &[]);
    mode(true);
    assert_eq!(checks(&run.code(1), "stops"), ["project/writable 1"]);
}

#[test]
fn a_key_that_is_missing_or_is_none() {
    let mut shop = shop();
    shop.project.set("SENDFORM_KEY", "not-a-key-but-a-secret");
    let run = stops(&shop.project, &[], "key/key 9");
    assert!(!run.stdout.contains("not-a-key-but-a-secret"), "{run}");
    shop.project.unset("SENDFORM_KEY");
    as_apply_does(&shop, "key/key 9");
    shop.project.write("somewhere-secret", "nonsense");
    shop.project.set("SENDFORM_KEY_FILE", shop.project.path("somewhere-secret").display().to_string());
    let run = stops(&shop.project, &[], "key/key 9");
    assert!(!run.stdout.contains("somewhere-secret"), "{run}");
    shop.project.set("SENDFORM_KEY_FILE", shop.project.path("no-such-secret").display().to_string());
    let run = stops(&shop.project, &[], "key/key 9");
    assert!(!run.stdout.contains("no-such-secret"), "{run}");
    // Another key than the ledger's.
    shop.project.unset("SENDFORM_KEY_FILE");
    shop.project.set("SENDFORM_KEY", "01".repeat(32));
    as_apply_does(&shop, "ledger/opens 8");
}

#[test]
fn a_variable_that_cannot_be_used() {
    let mut shop = shop();
    shop.project.set("SENDFORM_NOW", "tomorrow");
    stops(&shop.project, &[], "machine/environment 64");
    shop.project.unset("SENDFORM_NOW");
    shop.project.set("SENDFORM_ANSWER_WITHIN", "soon");
    as_apply_does(&shop, "machine/environment 64");
}

#[test]
fn a_gateway_that_is_not_named_or_may_not_be_there() {
    let mut shop = shop();
    shop.project.set("SENDFORM_BASE_URL", "http://192.0.2.1");
    as_apply_does(&shop, "gateway/base-url 64");
    shop.project.unset("SENDFORM_BASE_URL");
    as_apply_does(&shop, "gateway/base-url 3");
    // What is for tests is not for it.
    shop.project.set("SENDFORM_BASE_URL", "https://gateway.shop.test");
    as_apply_does(&shop, "gateway/base-url 64");
    // Nor is the sandbox's own key.
    shop.run(&["plan", "--sandbox"]).code(0);
    shop.project.unset("SENDFORM_NOW");
    shop.project.set("SENDFORM_KEY", shop.project.read(".sendform/sandbox/key").trim());
    stops(&shop.project, &["--offline"], "gateway/base-url 9");
}

#[test]
fn credentials_that_are_missing() {
    let mut shop = Shop::without_ledger(1);
    shop.project.unset("SENDFORM_NOW");
    shop.project.set("SENDFORM_BASE_URL", "https://gateway.shop.test");
    shop.project.run(["ledger", "init"]).code(0);
    stops(&shop.project, &["--offline"], "gateway/credentials 9");
    shop.apply_sends_nothing(9);
    shop.project.set("SENDFORM_API_KEY", "the-api-key");
    let run = doctor(&shop.project, &["--offline"]).code(0);
    assert!(!run.stdout.contains("the-api-key") && !run.stdout.contains(KEY), "{run}");
    assert_eq!(checks(&run, "skipped"), ["gateway/reachable"]);
}

#[test]
fn credentials_are_tried_with_a_question_that_sends_nothing() {
    const CHECK: &str = "gateway/credentials-taken";
    let mut shop = Shop::on(Sandbox::start(["--api-key", "the-right-key"]), 1);
    shop.project.run(["ledger", "init"]).code(0);
    shop.project.set("SENDFORM_API_KEY", "the-wrong-key");
    let run = stops(&shop.project, &[], &format!("{CHECK} 9"));
    assert!(run.stdout.contains("credentialsRefused") && !run.stdout.contains("the-wrong-key"), "{run}");
    doctor(&shop.project, &["--offline"]).code(0);
    shop.project.set("SENDFORM_API_KEY", "the-right-key");
    let run = doctor(&shop.project, &[]).code(0);
    assert!(checks(&run, "ok").contains(&CHECK.to_owned()) && !run.stdout.contains("the-right-key"), "{run}");
    // What is no word about the credentials is told, and stops nothing.
    for fault in ["logs:503", "logs:429", "logs:404", "logs:drop", "logs:garbage"] {
        shop.sandbox.faults(&[fault]);
        assert!(checks(&doctor(&shop.project, &[]).code(0), "warning").contains(&CHECK.to_owned()), "{fault}");
    }
    // Whoever may not read the logs may still send, unless the project wants them to be asked.
    shop.sandbox.faults(&["logs:403"]);
    assert!(checks(&doctor(&shop.project, &[]).code(0), "warning").contains(&CHECK.to_owned()));
    shop.project.write("sendform.yaml", format!("{}witness: required\n", shop.project.read("sendform.yaml")));
    shop.sandbox.faults(&["logs:403"]);
    stops(&shop.project, &[], &format!("{CHECK} 9"));
    assert_eq!(shop.requests(), 0, "nothing is sent");
}

#[test]
fn credentials_go_to_no_host_that_only_the_files_name() {
    let mut shop = Shop::without_ledger(1);
    let named = Named::new();
    let foreign = Foreign::named(&shop.sandbox, &named);
    shop.project.unset("SENDFORM_NOW");
    shop.project.unset("SENDFORM_BASE_URL");
    shop.project.set("SENDFORM_API_KEY", "the-api-key");
    shop.project.set("SSL_CERT_FILE", named.authority());
    let file = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", format!("{file}gateway: {{ baseUrl: \"{}\" }}\n", foreign.url()));
    let tried = |project: &Project, state: &str| {
        let run = project.finish(project.start_under(&named.words(), ["doctor", "--format", "json"]));
        assert!(checks(&run, "ok").contains(&"gateway/reachable".to_owned()), "{run}");
        assert!(checks(&run, state).contains(&"gateway/credentials-taken".to_owned()), "{state}\n{run}");
    };
    tried(&shop.project, "skipped");
    // A ledger that was made for it vouches for it.
    shop.run(&["ledger", "init"]).code(0);
    tried(&shop.project, "ok");
}

#[test]
fn a_gateway_that_does_not_answer() {
    let mut shop = Shop::without_ledger(1);
    shop.project.set("SENDFORM_BASE_URL", "http://127.0.0.1:1");
    shop.project.run(["ledger", "init"]).code(0);
    as_apply_does(&shop, "gateway/reachable 1");
    doctor(&shop.project, &["--offline"]).code(0);
}

#[test]
fn a_gateway_with_another_time() {
    let mut shop = Shop::on(Sandbox::start_at("127.0.0.1:0", &[]), 1);
    let foreign = Foreign::before(&shop.sandbox);
    shop.project.unset("SENDFORM_NOW");
    shop.project.set("SENDFORM_BASE_URL", foreign.url());
    shop.project.run(["ledger", "init"]).code(0);
    let ok = |run: &Run| checks(run, "ok").contains(&"gateway/clock".to_owned());
    let run = doctor(&shop.project, &[]).code(0);
    assert!(ok(&run), "{run}");
    for minutes in [5, -5] {
        foreign.set_clock(SignedDuration::from_mins(minutes));
        stops(&shop.project, &[], "gateway/clock 1");
    }
    foreign.set_clock(SignedDuration::ZERO);
    foreign.tell_dates(Dates::Missing);
    let run = doctor(&shop.project, &[]).code(0);
    assert!(checks(&run, "warning").contains(&"gateway/clock".to_owned()), "{run}");
    foreign.mark();
    foreign.tell_dates(Dates::One);
    assert!(ok(&doctor(&shop.project, &[]).code(0)));
}

#[test]
fn a_gateway_whose_certificate_nobody_trusts() {
    let mut shop = Shop::without_ledger(1);
    let named = Named::new();
    let foreign = Foreign::named(&shop.sandbox, &named);
    shop.project.unset("SENDFORM_NOW");
    shop.project.set("SENDFORM_API_KEY", "the-api-key");
    shop.project.set("SENDFORM_BASE_URL", foreign.url().replace(crate::support::NAME, "localhost"));
    shop.project.run(["ledger", "init"]).code(0);
    let run = stops(&shop.project, &[], "gateway/reachable 1");
    assert!(run.stdout.contains("certificate"), "{run}");
    // A machine without any certificates.
    shop.project.write("none.pem", "");
    shop.project.set("SSL_CERT_FILE", shop.project.path("none.pem").display().to_string());
    let run = doctor(&shop.project, &[]).code(1);
    assert!(checks(&run, "stops").iter().any(|check| check.starts_with("gateway/")), "{run}");
}

#[test]
fn a_ledger_that_is_missing_damaged_or_held() {
    let shop = shop();
    let lockfile = shop.project.path("sendform.lock");
    let good = fs::read(&lockfile).unwrap();
    fs::remove_file(&lockfile).unwrap();
    as_apply_does(&shop, "ledger/opens 8");
    fs::write(&lockfile, String::from_utf8(good.clone()).unwrap().replace("acme-shop", "acme-shoe")).unwrap();
    as_apply_does(&shop, "ledger/opens 8");
    fs::write(&lockfile, &good).unwrap();
    shop.sandbox.faults(&["hold-after"]);
    let running = shop.project.start(["apply", "--auto-approve"]);
    shop.sandbox.wait_held(1);
    let run = doctor(&shop.project, &[]).code(8);
    assert_eq!(checks(&run, "stops"), ["ledger/opens 8"], "{run}");
    assert!(run.stdout.contains("the ledger is held by `apply`, process "), "{run}");
    assert!(run.stdout.contains("\"code\": \"ledgerHeld\""), "{run}");
    shop.sandbox.release();
    shop.project.finish(running).code(0);
    doctor(&shop.project, &[]).code(0);
}

#[test]
fn a_ledger_that_no_line_is_signed_of() {
    let shop = shop();
    shop.apply().code(0);
    let unsigned: String = shop
        .project
        .read("sendform.lock")
        .lines()
        .filter(|line| line.contains("\"sendform\":") || line.contains("\"claim\":"))
        .map(|line| format!("{line}\n"))
        .collect();
    shop.project.write("sendform.lock", unsigned);
    let run = doctor(&shop.project, &[]);
    let apply = shop.apply();
    assert_eq!(run.code, apply.code, "{run}\n{apply}");
}

#[test]
fn a_lockfile_on_a_runner_of_ci() {
    let mut shop = shop();
    shop.project.set("CI", "true");
    as_apply_does(&shop, "ledger/lockfile-in-ci 4");
}

#[test]
fn a_stop_and_people_in_doubt() {
    let shop = shop().faults(&["500-after"]);
    shop.apply().code(6);
    let run = doctor(&shop.project, &[]).code(0);
    assert!(checks(&run, "warning").contains(&"ledger/doubts".to_owned()), "{run}");
    assert!(run.stdout.contains("2 people in doubt"), "{run}");
    shop.run(&["stop", "--reason", "the text is wrong"]).code(0);
    let run = stops(&shop.project, &[], "ledger/stopped 10");
    assert!(run.stdout.contains("`sendform resume "), "{run}");
    shop.run(&["resume"]).code(0);
    doctor(&shop.project, &[]).code(0);
}

#[test]
fn another_clone_that_has_sent() {
    let shop = shop();
    git(shop.project.folder(), &["init", "--quiet", "-b", "main", "."]);
    let run = doctor(&shop.project, &[]).code(0);
    assert!(checks(&run, "ok").contains(&"git/work-tree".to_owned()), "{run}");
    fs::remove_dir_all(shop.project.path(".git")).unwrap();
    let lockfile = fs::read(shop.project.path("sendform.lock")).unwrap();
    let origin = Origin::of(&shop.project);
    shop.apply().code(0);
    let run = doctor(&shop.project, &[]).code(0);
    assert!(checks(&run, "warning").contains(&"git/other-clones".to_owned()), "{run}");
    git(shop.project.folder(), &["commit", "--quiet", "-am", "What was sent"]);
    git(shop.project.folder(), &["push", "--quiet", "origin", "main"]);
    doctor(&shop.project, &[]).code(0);
    // Taken back, also where the shadow would tell.
    fs::write(shop.project.path("sendform.lock"), lockfile).unwrap();
    fs::remove_dir_all(shop.project.path(".sendform")).unwrap();
    as_apply_does(&shop, "git/other-clones 8");
    drop(origin);
    // A repository that git does not take for one.
    fs::write(shop.project.path(".git/HEAD"), "nonsense").unwrap();
    as_apply_does(&shop, "git/work-tree 8");
}

#[test]
fn a_ledger_on_a_branch_and_one_in_a_database() {
    let mut shop = Shop::without_ledger(1);
    let file = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", format!("{file}state: {{ in: git }}\n"));
    let origin = Origin::of(&shop.project);
    shop.project.run(["ledger", "init"]).code(0);
    doctor(&shop.project, &[]).code(0);
    shop.apply().code(0);
    let run = doctor(&shop.project, &["--offline"]).code(0);
    assert!(run.stdout.contains(", as fetched at "), "{run}");
    fs::remove_dir_all(origin.path()).unwrap();
    as_apply_does(&shop, "ledger/opens 1");
    shop.project.write("sendform.yaml", format!("{file}state: {{ in: postgres }}\n"));
    as_apply_does(&shop, "ledger/opens 9");
    shop.project.set("SENDFORM_DATABASE_URL", "postgres://sendform:top-secret@127.0.0.1:1/shop?sslmode=disable");
    let run = stops(&shop.project, &[], "ledger/opens 1");
    assert!(!run.stdout.contains("top-secret"), "{run}");
    let run = doctor(&shop.project, &["--offline"]).code(0);
    assert!(checks(&run, "skipped").contains(&"ledger/opens".to_owned()), "{run}");
}

#[test]
fn the_sandbox_is_looked_at_and_not_made() {
    let mut project = Project::new();
    project.unset("SENDFORM_KEY");
    project.unset("SENDFORM_NOW");
    let run = doctor(&project, &["--sandbox"]).code(0);
    assert!(!project.path(".sendform").exists(), "{run}");
    assert!(run.stdout.contains("the first apply makes it"), "{run}");
}

#[test]
fn a_folder_that_was_named_is_in_every_remedy() {
    let shop = shop();
    shop.run(&["stop", "--reason", "wait"]).code(0);
    let dir = shop.project.folder().display().to_string();
    let run = doctor(&shop.project, &["--dir", &dir]).code(10);
    assert!(run.stdout.contains(&format!("`sendform --dir {dir} resume ")), "{run}");
}

#[test]
fn a_terminal_that_is_narrow_or_shows_no_letters() {
    let mut shop = shop();
    shop.project.set("LANG", "C");
    let run = doctor(&shop.project, &[]).code(0);
    assert!(checks(&run, "warning").contains(&"terminal/unicode".to_owned()), "{run}");
    shop.project.unset("SENDFORM_BY");
    let run = doctor(&shop.project, &[]).code(0);
    assert!(checks(&run, "warning").contains(&"machine/by".to_owned()), "{run}");
    let mut shown = shop.project.start_on_terminal(["doctor"]);
    shown.wait_said("an apply can ask before it sends");
    shop.project.finish(shown).code(0);
}
