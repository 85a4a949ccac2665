//! The sandbox in a process of its own: what it showed before it was killed stands after it, what the project file says
//! of it, and what its console tells.

use std::net::SocketAddr;

mod doors;
mod kills;
mod rows;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::{Api, KEY, NOW, Process, Project, Receiver, Sandbox, campaign, customer, http};

fn now(answer: &Value) -> Timestamp {
    instant(answer["now"].as_str().expect("the sandbox says its time"))
}

/// Reads a time as the API writes it.
fn instant(text: &str) -> Timestamp {
    jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text).unwrap().to_timestamp().unwrap()
}

#[test]
fn a_clock_that_is_killed_never_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let books = folder.path().join("books.sqlite");
    let mut shown: Option<Timestamp> = None;
    for speed in ["1", "60", "86400", "1000000", "1"] {
        let arguments = ["--books", books.to_str().unwrap(), "--now", "2026-11-30T12:00:00Z", "--speed", speed];
        let sandbox = Sandbox::start_at("127.0.0.1:0", &arguments);
        for look in 0..20 {
            let now = now(&sandbox.state());
            assert!(shown.is_none_or(|shown| shown <= now), "look {look} at speed {speed}: {now} is before {shown:?}");
            shown = Some(now);
        }
        // A jump is as durable as what passes by itself.
        sandbox.set_clock(&shown.map(|shown| shown + SignedDuration::from_hours(1000)).unwrap().to_string());
        shown = Some(now(&sandbox.state()));
        // Dropped, its process is killed.
    }
}

#[test]
fn a_fast_clock_that_is_killed_passes_nothing_that_is_due() {
    let folder = tempfile::tempdir().unwrap();
    let books = folder.path().join("books.sqlite");
    // Nobody listens there.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let arguments = ["--stopped", "--now", NOW, "--books", books.to_str().unwrap()];
    let sandbox = Sandbox::start_at("127.0.0.1:0", &arguments);
    let api = Api::at(sandbox.address());
    let message = json!({
        "sender": "shop", "destinations": [{ "to": "1", "messageId": "m1" }], "content": { "type": "TEXT", "text": "Hi" },
        "webhooks": { "delivery": { "url": format!("http://{nobody}/dlr") } },
    });
    let body = json!({ "messages": [message], "options": { "schedule": { "sendAt": "2026-11-30T12:20:00Z" } } });
    assert_eq!(api.try_call("POST", "/instagram/1/messages", &body.to_string()).unwrap().status, 200);
    let run = json!({ "speed": 86_400, "stopped": false });
    assert_eq!(api.try_call("POST", "/sandbox/clock", &run.to_string()).unwrap().status, 200);
    // Killed within a second, in which a day passes.
    drop(sandbox);
    let sandbox = Sandbox::start_at("127.0.0.1:0", &arguments);
    sandbox.set_clock("2026-12-02T12:00:00Z");
    let pushes = Api::at(sandbox.address()).got("/sandbox/webhooks");
    let tries: Vec<_> = pushes["webhooks"][0]["tries"].as_array().unwrap().iter().map(|tried| &tried["at"]).collect();
    assert_eq!(tries[..2], ["2026-11-30T12:20:02.000+0000", "2026-11-30T12:21:02.000+0000"], "{pushes}");
}

/// A project with these settings of its sandbox, a campaign, and two customers.
fn project(settings: &str) -> Project {
    let file = format!("project: acme-shop\nsenders: {{ shop: SHOP-ACCOUNT }}\nsandbox: {{ {settings} }}\n");
    let project = Project::empty().file("sendform.yaml", file).campaign("sale", &campaign("sale", "Hello!", 1));
    project.file("customers.csv", format!("id\n{}\n{}\n", customer(1), customer(2)))
}

/// A sandbox of a project that has told so, and where it listens.
fn serve(project: &Project, arguments: &[&str], told: &str) -> (Process, SocketAddr) {
    let mut sandbox = project.start(["sandbox", "--write", "text=where.txt"].iter().chain(arguments));
    sandbox.wait_told(told);
    let said = std::fs::read_to_string(project.path("where.txt")).unwrap();
    let address = said.trim().strip_prefix("listening on http://").unwrap().parse().unwrap();
    (sandbox, address)
}

fn door(address: SocketAddr, path: &str) -> Value {
    serde_json::from_str(&http::request(address, "GET", path, None).unwrap().body).unwrap()
}

#[test]
fn the_project_file_says_how_its_sandbox_is() {
    let settings = "listen: \"127.0.0.1:0\", hosts: [gateway.test], stopped: true, rules: rules.yaml, faults: [\"slow=1ms*\"], \
        logsPerMinute: 1, bodyMax: 1, duplicates: reject, duplicateMemory: 1h, now: \"2026-11-30 12:00Z\"";
    let rules =
        format!("channel: {{ seed: 5, rules: [ {{ outcome: unknownPerson, ids: [ \"{}\" ] }} ] }}\n", customer(2));
    let project = project(settings).file("rules.yaml", rules);
    // The rules are YAML in the project's folder, and no campaign.
    project.run(["validate"]).code(0);
    let (sandbox, address) = serve(&project, &[], "stop it");
    assert_eq!(door(address, "/sandbox/rules")["seed"], 5);
    assert_eq!(door(address, "/sandbox/faults")["faults"][0]["text"], "slow=1ms*");
    assert_eq!(door(address, "/sandbox/clock")["stopped"], true);
    drop(sandbox);
    // What the command line says wins.
    let (sandbox, address) = serve(&project, &["--with", "503"], "stop it");
    assert_eq!(door(address, "/sandbox/faults")["faults"][0]["text"], "503");
    drop(sandbox);
    // The embedded one goes by the same rules.
    project.run(["apply", "--sandbox", "--auto-approve"]).code(0);
    let report =
        project.run(["report", "--sandbox", "--now", "2026-12-01T12:00:00Z", "--format", "json"]).code(0).json();
    assert_eq!((&report["all"]["delivered"], &report["all"]["undeliverable"]), (&1.into(), &1.into()));
}

#[test]
fn the_first_rules_come_from_settings_a_rules_file_goes_before_them_and_the_command_line_before_both() {
    let settings = "listen: \"127.0.0.1:0\", now: \"2026-11-30 12:00Z\", conversations: tracked, validityFrom: turn, \
        latency: 5s, price: 0.15 EUR, seed: 7, batch: 10";
    let project = project(settings).file("rules.yaml", "channel: { seed: 5 }\n");
    let path = project.path("rules.yaml");
    let path = path.to_str().unwrap();
    let rules = |arguments: &[&str]| {
        let (sandbox, address) = serve(&project, arguments, "stop it");
        let rules = door(address, "/sandbox/rules");
        drop(sandbox);
        rules
    };
    let price = |per_message: f64, currency: &str| json!({ "perMessage": per_message, "currency": currency });
    assert_eq!(
        rules(&["--latency", "1500ms", "--seed", "8", "--channel-rate", "20/s"]),
        json!({ "validityFrom": "turn", "conversations": "tracked", "latencyMs": 1500, "price": price(0.15, "EUR"),
            "channelRate": "20/s", "seed": 8, "rules": [] })
    );
    assert_eq!(
        rules(&["--rules", path, "--price", "2 USD"]),
        json!({ "validityFrom": "sendAt", "conversations": "open", "latencyMs": 1000, "price": price(2.0, "USD"),
            "seed": 5, "rules": [] })
    );
    for (flag, value) in
        [("--latency", "49h"), ("--channel-rate", "20"), ("--price", "cheap"), ("--batch", "1001"), ("--seed", "-1")]
    {
        project.run(["sandbox", flag, value]).code(64);
    }
}

#[test]
fn how_many_reports_go_together_is_said_in_the_project_and_on_the_command_line() {
    let people = |count: u64| (1..=count).map(|number| json!({ "to": customer(number) })).collect::<Vec<_>>();
    for (arguments, counts) in [([].as_slice(), [1, 2].as_slice()), (&["--batch", "3"], &[3])] {
        // Withheld: nothing is posted, and what goes together is known all the same.
        let settings = "listen: \"127.0.0.1:0\", stopped: true, batch: 2, accountWebhook: \"http://127.0.0.1:9/dlr\"";
        let project = project(settings);
        let (sandbox, address) = serve(&project, &[arguments, &["--webhooks", "off"]].concat(), "stop it");
        let message = json!({
            "sender": "shop", "destinations": people(3), "content": { "type": "TEXT", "text": "Hi" },
        });
        let api = Api::at(address);
        assert_eq!(api.send(&json!({ "messages": [message] })).status, 200);
        api.tell("POST", "/sandbox/clock", &json!({ "advance": "1h" }));
        let pushes = api.got("/sandbox/webhooks");
        let mut found: Vec<_> =
            pushes["webhooks"].as_array().unwrap().iter().map(|push| push["results"].as_u64().unwrap()).collect();
        found.sort_unstable();
        assert_eq!(found, counts, "{pushes}");
        drop(sandbox);
    }
}

#[test]
fn settings_of_the_sandbox_that_mean_nothing_are_refused() {
    for (settings, code, part) in [
        ("rules: ../rules.yaml", 3, "the path leads upwards"),
        ("rules: /etc/rules.yaml", 3, "the path is not relative"),
        ("duplicateMemory: long", 3, "duplicateMemory"),
        ("duplicateMemory: 721h", 3, "from `1ms` to `720h` is allowed"),
        ("webhookTimeouts: { answer: 61m }", 3, "from `1ms` to `1h` is allowed"),
        ("webhookTimeouts: { connect: 0s }", 3, "from `1ms` to `1h` is allowed"),
        ("latency: 49h", 3, "from `0s` to `48h` is allowed"),
        ("latency: fast", 3, "not a duration, such as `200ms`"),
        ("channelRate: 20/d", 3, "a rate is a number from 1 to 1000000 a second, minute or hour"),
        ("price: cheap", 3, "a price is an amount and a currency"),
        ("batch: 0", 3, "batch"),
        ("listen: \"example.com:80\"", 3, "not an address on this machine"),
        ("rules: none.yaml", 3, "the rules `none.yaml` cannot be read: there is no such file"),
        ("rules: bad.yaml", 3, "the rules `bad.yaml` cannot be used: `channels` is not known here"),
        ("faults: [explode]", 3, "unknown fault `explode`"),
    ] {
        let project = project(settings).file("bad.yaml", "channels: {}\n");
        let run = project.run(["sandbox"]);
        assert!(format!("{}{}", run.stdout, run.stderr).contains(part), "{settings}: {run}");
        run.code(code);
    }
}

#[test]
fn how_long_a_receiver_may_take_is_said_in_the_project_and_on_the_command_line() {
    // It never answers.
    let receiver = Receiver::start();
    for (timeouts, arguments) in
        [("connect: 1h, answer: 1s", [].as_slice()), ("answer: 1h", &["--webhook-timeout", "answer=100ms"])]
    {
        let webhook = receiver.url();
        let settings = format!("stopped: true, webhookTimeouts: {{ {timeouts} }}, accountWebhook: \"{webhook}\"");
        let project = project(&format!("listen: \"127.0.0.1:0\", {settings}"));
        let (sandbox, address) = serve(&project, arguments, "stop it");
        let message = json!({
            "sender": "shop", "destinations": [{ "to": customer(1) }], "content": { "type": "TEXT", "text": "Hi" },
        });
        let api = Api::at(address);
        assert_eq!(api.send(&json!({ "messages": [message] })).status, 200);
        api.tell("POST", "/sandbox/clock", &json!({ "advance": "5s" }));
        assert_eq!(api.got("/sandbox/webhooks")["webhooks"][0]["tries"][0]["outcome"], "noAnswer");
        drop(sandbox);
    }
    let run = Project::empty().run(["sandbox", "--listen", "127.0.0.1:0", "--webhook-timeout", "5s"]).code(64);
    assert!(run.stderr.contains("neither `connect=TIME` nor `answer=TIME`"), "{run:?}");
}

#[test]
fn books_have_one_sandbox_at_a_time_or_commands_side_by_side() {
    let project = project("listen: \"127.0.0.1:0\"");
    // Commands with a sandbox inside do not wait for each other.
    let plans: Vec<_> = (0..4).map(|_| project.start(["plan", "--sandbox"])).collect();
    plans.into_iter().for_each(|plan| drop(project.finish(plan).code(0)));
    let (sandbox, _) = serve(&project, &[], "stop it");
    let refused = project.run(["sandbox"]).code(1);
    let held = "sandbox/books.sqlite` are held by `sandbox`, process ";
    assert!(refused.stderr.contains(held) && refused.stderr.contains("--books FILE"), "{refused}");
    let refused = project.run(["plan", "--sandbox"]).code(1);
    assert!(refused.stderr.contains(held) && refused.stderr.contains("SENDFORM_BASE_URL"), "{refused}");
    // Other books are others', and whoever is killed holds nothing.
    let (other, _) = serve(&project, &["--books", "other.sqlite"], "stop it");
    drop((sandbox, other));
    project.run(["plan", "--sandbox"]).code(0);
    serve(&project, &["--books", "other.sqlite"], "stop it");
}

#[test]
fn a_file_that_is_no_books_is_left_alone_with_all_that_lies_beside_it() {
    let project = Project::empty().file("notes", "not a database\n").file("sendform.lock", "{\"sendform\":\"lock\"}\n");
    let database = |name: &str, pragmas: &str| {
        let connection = rusqlite::Connection::open(project.path(name)).unwrap();
        connection.execute_batch(&format!("{pragmas}; CREATE TABLE t (x)")).unwrap();
    };
    database("theirs.sqlite", "PRAGMA user_version = 3");
    database("old.sqlite", "PRAGMA application_id = 0x7366626b; PRAGMA user_version = 1");
    std::fs::create_dir(project.path("folder")).unwrap();
    let refused = |books: &str| {
        let files = || {
            let entries = std::fs::read_dir(project.folder()).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
            names.retain(|name| name != ".sendform");
            names.sort();
            names
        };
        let before = files();
        let run = project.run(["sandbox", "--listen", "127.0.0.1:0", "--books", books]).code(1);
        assert_eq!(files(), before, "{books}: {run}");
        run.stderr
    };
    let check = |books: &str, part: &str, may_be_removed: bool| {
        let said = refused(books);
        assert!(said.contains(part), "{books}: {said}");
        assert_eq!(said.contains("remove"), may_be_removed, "{books}: {said}");
        assert!(!said.contains("stop it first"), "{books}: {said}");
    };
    check("notes", "it is no database, and is left as it is", false);
    check("theirs.sqlite", "it is a database of another program", false);
    check("old.sqlite", "of another version of sendform: remove it to begin anew", true);
    check("folder", "not a file", false);
    check("nowhere/books.sqlite", "`mkdir -p nowhere`", false);
    // The lock of these books would be the ledger.
    check("sendform", "it is no lock of sendform", false);
    assert_eq!(project.read("sendform.lock"), "{\"sendform\":\"lock\"}\n");
    assert_eq!(project.read("notes"), "not a database\n");
}

#[test]
fn what_nobody_could_mean_is_refused_before_anything_is_served() {
    let project = Project::empty();
    let check = |arguments: &[&str], part: &str| {
        let listen = if arguments.contains(&"--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] };
        let run = project.run(["sandbox"].iter().chain(listen).chain(arguments)).code(64);
        assert!(run.stderr.contains(part), "{arguments:?}: {run}");
    };
    for blank in ["", "  "] {
        check(&["--api-key", blank], "it is blank");
        check(&["--listen", "0.0.0.0:0", "--host", "gateway.shop.test", "--api-key", blank], "it is blank");
    }
    check(&["--host", "http://gateway.shop.test"], "not the name of a host alone");
    check(&["--now", "9999-12-31T23:59:59Z"], "out of range");
    check(&["--now", "noon"], "not a date and time with an offset");
    check(&["--speed", "-1"], "-1 is not in 1..=1000000");
    check(&["--logs-per-minute", "-1"], "-1 is not in 0..=4294967295");
    check(&["--latency", "-1s"], "invalid value '-1s' for '--latency");
    check(&["--price", "-1 EUR"], "invalid value '-1 EUR' for '--price");
    for (rules, part) in [
        ("{ scheme: app, secret: ' ' }", "`credentials[0].secret` cannot be used: it is blank"),
        ("{ scheme: basic, secret: nopw }", "it is not `USER:PASSWORD`"),
        ("{ scheme: app, secret: k, scopes: [ foo ] }", "there is no scope `foo`"),
    ] {
        project.write("rules.yaml", format!("credentials: [ {rules} ]\n"));
        check(&["--rules", "rules.yaml"], part);
    }
}

#[test]
fn its_console_tells_what_came_of_each_request_and_names_nobody() {
    let mut project = project("listen: \"127.0.0.1:0\"").env("SENDFORM_KEY", KEY);
    let (mut sandbox, address) = serve(&project, &["--now", NOW], "its clock shows 2026-11-30 12:00");
    project.set("SENDFORM_BASE_URL", format!("http://{address}"));
    project.run(["ledger", "init"]).code(0);
    project.run(["apply", "--auto-approve"]).code(0);
    sandbox.wait_told("POST /instagram/1/messages  200  2 accepted");
    http::request(address, "GET", &format!("/instagram/1/people/{}", customer(1)), None).unwrap();
    sandbox.wait_told("404  refused: there is nothing at this path");
    http::request(address, "POST", "/instagram/1/messages", Some("{}")).unwrap();
    sandbox.wait_told("401  refused: no credentials, or unknown ones");
    sandbox.signal("INT");
    let run = project.finish(sandbox);
    assert!(!run.stderr.contains(&customer(1)) && !run.stderr.contains(&customer(2)), "{run}");
    // Its books are further on by now.
    let ignored = "! `--now 2026-11-30T11:00:00Z` is ignored: its books are further on already";
    let (sandbox, address) = serve(&project, &["--quiet", "--now", "2026-11-30T11:00:00Z"], ignored);
    http::request(address, "GET", "/instagram/1/logs", None).unwrap();
    // The journal has what was before, and this one; the console nothing.
    assert_eq!(door(address, "/sandbox/requests?count=1&status=401")["count"], 2);
    sandbox.signal("INT");
    let run = project.finish(sandbox);
    assert!(!run.stderr.contains("GET /") && !run.stderr.contains("its clock shows"), "{run}");
}
