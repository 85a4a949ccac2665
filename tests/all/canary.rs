//! No person reaches an output or a file unless they are asked for.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use serde_json::json;

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

/// A gateway that says back whatever it has heard, in every place in which words may stand.
fn parrot(status: u16) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut length) = (String::new(), 0);
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {
                let last = head.lines().last().unwrap_or_default().to_ascii_lowercase();
                length = last.strip_prefix("content-length:").map_or(length, |length| length.trim().parse().unwrap());
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let said = format!("{head}{}", String::from_utf8_lossy(&body));
            let words: Vec<&str> =
                said.split(|mark: char| !(mark.is_ascii_alphanumeric() || "-._+/=".contains(mark))).collect();
            let is_secret = |word: &&&str| {
                word.contains("1784149") || word.contains("canary") || word.starts_with("sale.hello.r1.")
            };
            let words = words.iter().filter(is_secret).map(|word| (*word).to_owned()).collect::<Vec<_>>().join(" ");
            let property = format!("options.{words}");
            let answer = json!({
                "errorCode": words, "description": words, "action": words,
                "violations": [{ "property": property, "violation": words }],
                "bulkId": words, "messages": [], "results": words,
            })
            .to_string();
            let answer = format!(
                "HTTP/1.1 {status} {words}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
                answer.len()
            );
            drop(stream.write_all(answer.as_bytes()));
        }
    }));
    address
}

#[test]
fn what_the_gateway_says_back_is_hidden() {
    const SECRETS: [&str; 2] = ["003026bb-canary-key", "003026bbcanarykey"];
    for status in [200, 302, 400, 401, 404, 422, 500] {
        let (_, project) = projects().remove(0);
        let project =
            project.env("SENDFORM_BASE_URL", format!("http://{}", parrot(status))).env("SENDFORM_API_KEY", SECRETS[0]);
        project.run(["ledger", "init"]).code(0);
        let before = files(project.folder());
        for arguments in [
            &["apply", "--auto-approve", "--write", "text=apply.txt"][..],
            &["apply", "--auto-approve", "--format", "json", "--write", "json=apply.json"],
            &["reconcile"],
            &["status", "--format", "json"],
            &["plan"],
        ] {
            let run = project.run(arguments);
            clean(&format!("{status}"), &run.to_string());
            for secret in SECRETS {
                assert!(!run.to_string().contains(secret), "{status}\n{run}");
            }
        }
        for (path, text) in files(project.folder()).into_iter().filter(|file| !before.contains(file)) {
            clean(&format!("{status}: {path}"), &text);
            assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{status}: {path}\n{text}");
        }
    }
}
