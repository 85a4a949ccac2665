//! Webhooks of a sandbox in a process of its own, of messages that sendform has sent: to a receiver on this machine.

use serde_json::{Value, json};

use crate::support::{NOW, Project, Receiver, Sandbox, customer};

const PROJECT: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\n";

/// A project whose campaign names a receiver.
fn project(receiver: &Receiver, gateway: &str) -> Project {
    let campaign = format!(
        "campaign: sale\naudiences: {{ all: {{ rows: [ {{ to: \"{}\" }} ] }} }}\nmessages:\n  - id: hello\n    sender: shop\n    \
         audience: all\n    content: {{ type: TEXT, text: Hello! }}\n    webhooks: {{ delivery: {{ url: \"{}\" }}, callbackData: c1 }}\n",
        customer(1),
        receiver.url()
    );
    Project::empty().file("sendform.yaml", PROJECT).campaign("sale", &campaign).env("SENDFORM_BASE_URL", gateway)
}

fn results(body: &Value) -> Vec<(&str, &str)> {
    let results = body["results"].as_array().unwrap().iter();
    results.map(|result| (result["to"].as_str().unwrap(), result["callbackData"].as_str().unwrap())).collect()
}

#[test]
fn what_is_sent_is_reported_to_a_receiver_on_this_machine_and_survives_a_kill() {
    let (receiver, folder) = (Receiver::start(), tempfile::tempdir().unwrap());
    let books = folder.path().join("books.sqlite");
    let arguments = ["--now", NOW, "--stopped", "--books", books.to_str().unwrap()];
    let sandbox = Sandbox::start_at("127.0.0.1:0", &arguments);
    let project = project(&receiver, &sandbox.url());
    project.run(["ledger", "init"]).code(0);
    project.run(["apply", "--auto-approve"]).code(0);
    let answer = sandbox.post("/sandbox/clock", &json!({ "advance": "1h", "wait": 0 }));
    assert_eq!(answer["status"], "advancing");
    let first = receiver.next();
    assert_eq!((first.path.as_str(), results(&first.json())), ("/dlr", vec![(customer(1).as_str(), "c1")]));
    let shown = sandbox.state()["now"].clone();
    // Killed while its receiver has not answered: nothing is lost, and no time passes back.
    drop(sandbox);
    first.answer(200);
    let sandbox = Sandbox::start_at("127.0.0.1:0", &arguments);
    let again = receiver.next();
    assert_eq!((results(&again.json()), &sandbox.state()["now"]), (vec![(customer(1).as_str(), "c1")], &shown));
    again.answer(200);
    sandbox.wait("webhooks=1");
    sandbox.post("/sandbox/clock", &json!({ "advance": "2d" }));
    assert!(receiver.is_quiet());
}

#[test]
fn only_a_sandbox_is_told_of_a_receiver_on_this_machine() {
    let receiver = Receiver::start();
    let mut project = project(&receiver, "https://gateway.shop.test");
    project.unset("SENDFORM_NOW");
    let refused = project.run(["plan"]).code(3);
    assert!(refused.stdout.contains("bad-url") || refused.stderr.contains("bad-url"), "{refused:?}");
    let warned = project.run(["validate"]).code(0);
    assert!(warned.stdout.contains("warning") || warned.stderr.contains("warning"), "{warned:?}");
    // Inside a command nothing is posted.
    project.run(["apply", "--sandbox", "--auto-approve"]).code(0);
    assert!(receiver.is_quiet());
}

#[test]
fn how_far_it_may_post_is_said_in_words_that_mean_something() {
    let run = Project::empty().run(["sandbox", "--listen", "127.0.0.1:0", "--webhooks", "all"]).code(64);
    let said = "`--webhooks` cannot be used: `all` is none of `off`, `any`, `allow=HOST` and `rewrite=URL`";
    assert!(run.stderr.contains(said), "{run:?}");
    for flag in ["--account-webhook", "--inbound-webhook"] {
        let run = Project::empty().run(["sandbox", "--listen", "127.0.0.1:0", flag, "127.0.0.1:9000"]).code(64);
        assert!(run.stderr.contains(&format!("`{flag}`, or ")), "{run:?}");
    }
}
