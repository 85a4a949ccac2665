//! No person reaches an output or a file unless they are asked for.

use std::fs;
use std::path::Path;

use crate::support::{Project, Run};

/// Values of people that nothing may show.
const CANARIES: [&str; 4] = ["17841499999999991", "17841499999999992", "Canarina", "canary-cell"];

const CAMPAIGN: &str = "\
campaign: sale
audiences: { people: { csv: people.csv, where: 'note != \"no\"' } }
messages:
  - id: hello
    sender: shop
    audience: people
    content: { type: TEXT, text: \"Hi {{ name }}, {{ note }}\" }
    webhooks: { callbackData: \"{{ note }}\" }
";
const PEOPLE: &str = "to,name,note\n17841499999999991,Canarina,canary-cell\n17841499999999992,Canarina,canary-cell\n";

/// Ways in which a project fails, each with its files.
fn projects() -> Vec<(&'static str, Project)> {
    let project = |campaign: &str, people: &str| {
        Project::new()
            .env("RUST_BACKTRACE", "full")
            .env("RUST_LOG", "trace")
            .file("people.csv", people)
            .campaign("sale", campaign)
    };
    let replaced = |from: &str, to: &str| {
        assert!(CAMPAIGN.contains(from), "{from}");
        project(&CAMPAIGN.replace(from, to), PEOPLE)
    };
    vec![
        ("well", project(CAMPAIGN, PEOPLE)),
        (
            "long",
            replaced(
                "{{ note }}\" }\n    webhooks",
                "{% for x in 'abcdefghijklmnopqrstuvwxyz' %}{{ note }} {{ note }} {{ note }} {{ note }}{% endfor %}\" }\n    webhooks",
            ),
        ),
        ("no number", replaced("Hi {{ name }}", "Hi {{ int(name) }}")),
        ("skipped for a reason", replaced("Hi {{ name }}", "{{ skip(note ~ name) }}")),
        ("no number in where", replaced("note != \"no\"", "int(name) > 1")),
        (
            "contradicting",
            project(CAMPAIGN, &PEOPLE.replace("9992", "9991").replace("Canarina,canary-cell\n1", "Canarina,other\n1")),
        ),
        ("torn row", project(CAMPAIGN, &format!("{PEOPLE}17841499999999991,Canarina\n"))),
        ("open quote", project(CAMPAIGN, &format!("{PEOPLE}17841499999999991,\"Canarina"))),
        ("no ids", project(CAMPAIGN, &PEOPLE.replace("178414999999", "178414999999x "))),
        ("blank", project(CAMPAIGN, &PEOPLE.replace("Canarina", " "))),
        ("no header", project(CAMPAIGN, PEOPLE.strip_prefix("to,name,note\n").unwrap_or_default())),
        (
            "rows",
            replaced("csv: people.csv", "rows: [ { to: 17841499999999991, name: Canarina #x, note: canary-cell } ]"),
        ),
        (
            "wrong rows",
            replaced("csv: people.csv", "rows: [ { to: { \"17841499999999991\": Canarina }, note: [ canary-cell ] } ]"),
        ),
        ("zones", replaced("csv: people.csv", "csv: people.csv, columns: { windowClosesAt: note, timeZone: name }")),
    ]
}

fn runs(project: &Project) -> Vec<Run> {
    vec![
        project.run(["validate"]),
        project.run(["validate", "--format", "json", "--write", "text=validate.txt"]),
        project.run(["plan"]),
        project.run(["plan", "--sandbox"]),
        project.run(["plan", "--sandbox", "--format", "json", "--write", "text=plan.txt", "--write", "json=plan.json"]),
        project.run(["plan", "--sandbox", "--out", "people.plan"]),
        project.run(["apply", "--sandbox", "people.plan"]),
        project.run(["apply", "--sandbox"]),
        project.run(["status", "--sandbox"]),
        project.run(["status", "--sandbox", "--format", "json", "--write", "json=status.json"]),
    ]
}

#[test]
fn nobody_is_shown_unasked() {
    for (name, project) in projects() {
        let before = files(project.folder());
        for run in runs(&project) {
            clean(name, &run.to_string());
        }
        for (path, text) in files(project.folder()).into_iter().filter(|file| !before.contains(file)) {
            clean(&format!("{name}: {path}"), &text);
        }
    }
}

#[test]
fn whoever_asks_sees_the_texts_and_no_ids() {
    let (_, project) = projects().remove(0);
    let run = project.run(["plan", "--sandbox", "--reveal"]).code(0);
    assert!(run.stdout.contains("Hi Canarina, canary-cell"), "{run}");
    assert!(!run.to_string().contains("178414"), "{run}");
}

#[track_caller]
fn clean(what: &str, text: &str) {
    for canary in CANARIES {
        assert!(!text.to_lowercase().contains(&canary.to_lowercase()), "{what} shows `{canary}`:\n{text}");
    }
}

/// All files of a folder, with what is in them.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            let bytes = fs::read(entry.path()).unwrap();
            found.push((entry.path().display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    found
}
