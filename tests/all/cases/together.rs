//! All mistakes in one run: what a file, a template or an audience has wrong is told beside the structural
//! mistakes of the same message, campaign and project, by `validate` and by `plan`.

use crate::support::{NOW, Project, Run};

const PROJECT: &str = "\
project: winter-shop
senders: { main: MAIN-ACCOUNT }
audiences: { everybody: { csv: guests.csv, columns: { to: ig } } }
sandbox: { now: \"2026-11-30 12:00Z\" }
";

const CAMPAIGN: &str = "\
campaign: winter
audiences:
  guests:
    csv: guests.csv
    columns: { to: ig }
messages:
  - id: note
    sender: main
    audience: guests
    content: { text: \"Hi {{ name }}\" }
";

const GUESTS: &str = "ig,name\n27841400000000031,Nora\n";

/// A structural mistake: what it replaces, by what, in which file, and its code.
const STRUCTURAL: &[(&str, &str, &str, &str)] = &[
    ("note.yaml", "    sender: main\n", "    sender: main\n    colour: red\n", "unknown-key"),
    ("note.yaml", "    sender: main\n", "    sender: nobody\n", "unknown-sender"),
    ("note.yaml", "    sender: main\n", "", "missing-key"),
    ("note.yaml", "    sender: main\n", "    sender: main\n    revision: two\n", "wrong-type"),
    ("note.yaml", "    sender: main\n", "    sender: main\n    schedule: never\n", "unknown-schedule"),
    ("note.yaml", "content: {", "content: { colour: red,", "unknown-key"),
    ("note.yaml", "campaign: winter", "campaign: Winter!", "bad-pattern"),
    ("note.yaml", "campaign: winter\n", "campaign: winter\nsenders: { main: OTHER }\n", "duplicate-key"),
    (
        "note.yaml",
        "messages:\n",
        "schedules: { s: { sendAt: \"2026-12-01 09:00\", timeZone: Europe/Zagrb } }\nmessages:\n",
        "bad-zone",
    ),
    ("note.yaml", "messages:\n", "messages:\n  - { id: other, sender: main, audience: guests }\n", "missing-key"),
    ("sendform.yaml", "project: winter-shop", "project: winter-shop\nlimit: 5", "unknown-key"),
    ("sendform.yaml", "project: winter-shop", "project: winter-shop\nbulkSize: 0", "out-of-bounds"),
    ("sendform.yaml", "project: winter-shop\n", "", "missing-key"),
];

/// A mistake that only shows when templates, conditions and audiences are looked at.
const DEEPER: &[(&str, &str, &str)] = &[
    ("{{ name }}", "{{ name | uper }}", "unknown-filter"),
    ("{{ name }}", "{{ name", "template-syntax"),
    ("{{ name }}", "{{ nmae }}", "unknown-column"),
    ("{{ name }}", "{name}", "foreign-placeholder"),
    ("text: \"Hi {{ name }}\"", "template: nowhere.txt", "file-missing"),
    ("csv: guests.csv\n", "csv: nowhere.csv\n", "file-missing"),
    ("columns: { to: ig }\n", "columns: { to: id }\n", "unknown-column"),
    ("columns: { to: ig }\n", "columns: { to: ig }\n    where: name == \"Nora\" && name != \"\"\n", "template-syntax"),
    ("columns: { to: ig }\n", "columns: { to: ig }\n    where: nmae == \"Nora\"\n", "unknown-column"),
    ("audience: guests", "audience: everybody\n    webhooks: { callbackData: \"{{ nmae }}\" }", "unknown-column"),
];

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

/// The codes that a run has told.
fn codes(run: &Run) -> Vec<String> {
    let json = run.json();
    let list = json.get("diagnostics").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
    list.iter().filter_map(|found| found.get("code")?.as_str().map(str::to_owned)).collect()
}

/// How many deeper mistakes are tried beside one structural mistake: with the next one the next come.
const DEEPER_EACH: usize = 4;

#[test]
fn a_deeper_mistake_is_told_beside_a_structural_one() {
    for (index, (file, from, to, structural)) in STRUCTURAL.iter().enumerate() {
        let deeper = DEEPER.iter().cycle().skip(index * DEEPER_EACH).take(DEEPER_EACH);
        for (turn, (deep_from, deep_to, deeper)) in deeper.enumerate() {
            let campaign = replaced(CAMPAIGN, deep_from, deep_to);
            let write = |name: &str, text: &str| if name == *file { replaced(text, from, to) } else { text.to_owned() };
            let project = Project::empty()
                .env("SENDFORM_NOW", NOW)
                .file("sendform.yaml", write("sendform.yaml", PROJECT))
                .file("note.yaml", write("note.yaml", &campaign))
                .file("guests.csv", GUESTS);
            let validated = codes(&project.run(["validate", "--format", "json"]).code(3));
            let both = [*structural, *deeper];
            assert!(
                both.iter().all(|code| validated.iter().any(|found| found == code)),
                "{to}\n{deep_to}\n{validated:?}"
            );
            if turn == 0 {
                let planned = codes(&project.run(["plan", "--sandbox", "--format", "json"]).code(3));
                assert_eq!(planned, validated, "{to}\n{deep_to}");
            }
        }
    }
}

#[test]
fn a_condition_is_looked_at_though_its_audience_is_wrong() {
    let audience = "csv: guests.csv\n    colour: red\n    where: name == \"Nora\" && nmae != \"\"\n";
    let campaign = replaced(CAMPAIGN, "csv: guests.csv\n", audience);
    let project = |campaign: &str| {
        Project::empty()
            .env("SENDFORM_NOW", NOW)
            .file("sendform.yaml", PROJECT)
            .file("note.yaml", campaign)
            .file("guests.csv", GUESTS)
    };
    let found = codes(&project(&campaign).run(["validate", "--format", "json"]).code(3));
    assert_eq!(found, ["unknown-key", "template-syntax"]);
    let gone = replaced(&replaced(&campaign, " && nmae != \"\"", ""), "guests.csv", "gone.csv");
    let found = codes(&project(&gone).run(["validate", "--format", "json"]).code(3));
    assert_eq!(found, ["unknown-key", "file-missing"]);
}

#[test]
fn one_file_with_errors_hides_nothing_in_another() {
    let project = Project::empty()
        .env("SENDFORM_NOW", NOW)
        .file("sendform.yaml", PROJECT)
        .file("guests.csv", GUESTS)
        .file("a.yaml", replaced(CAMPAIGN, "    sender: main\n", ""))
        .file(
            "b.yaml",
            replaced(&replaced(CAMPAIGN, "campaign: winter", "campaign: spring"), "{{ name }}", "{{ nmae }}"),
        )
        .file("c.yaml", "campaign: [\n");
    for command in [&["validate", "--format", "json"][..], &["plan", "--sandbox", "--format", "json"]] {
        let found = codes(&project.run(command).code(3));
        assert_eq!(found, ["missing-key", "syntax", "unknown-column"], "{command:?}");
    }
}
