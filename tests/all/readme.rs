//! The README and the guides do what they say: their commands give their outputs, their files are valid, their tables
//! agree with the program, and their links lead somewhere.

mod keys;
pub(crate) mod page;
mod picture;
mod request;
mod shell;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::Project;

use page::{Page, code_spans};
use shell::Shell;

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The guide to the language.
fn language() -> Page {
    Page::at("campaigns/README.md")
}

/// Compares a page with what it should be, or writes it so with `SENDFORM_README=write`.
fn is_as_it_should_be(page: &Page, should: &str) {
    if std::env::var("SENDFORM_README").is_ok_and(|value| value == "write") {
        fs::write(root().join(page.path()), should).unwrap();
    } else {
        let difference = similar::TextDiff::from_lines(page.text(), should).unified_diff().to_string();
        assert!(difference.is_empty(), "{}\n{difference}", page.path().display());
    }
}

#[test]
fn their_commands_give_their_outputs() {
    let mut blocks = 0;
    for page in Page::all() {
        let shell = Shell::new();
        blocks += page.blocks("console").len();
        // The sandbox's clock runs, and the walk may take some seconds.
        let lived = page.with_blocks("console", |block| {
            let lived = shell.replay(block);
            (1..60).fold(lived, |text, second| text.replace(&format!(" 12:00:{second:02} UTC"), " 12:00 UTC"))
        });
        is_as_it_should_be(&page, &lived);
    }
    assert!(blocks >= 12, "the walks are gone");
}

#[test]
fn its_pictures_are_what_is_printed() {
    let shell = Shell::new();
    shell.run("sendform init");
    for command in ["sendform plan --sandbox", "sendform apply --sandbox --auto-approve"] {
        let printed = shell.run(&format!("SENDFORM_WIDTH=100 {command} --color always"));
        assert!(printed.contains('\u{1b}'), "{printed}");
        let name = command.split(' ').nth(1).unwrap();
        let path = format!(".github/{name}.svg");
        let drawn = picture::draw(command, &printed);
        if std::env::var("SENDFORM_README").is_ok_and(|value| value == "write") {
            fs::write(root().join(&path), &drawn).unwrap();
        }
        assert_eq!(read(&path), drawn, "SENDFORM_README=write draws it anew");
        assert!(Page::read().text().contains(&path));
    }
}

#[test]
fn their_links_lead_somewhere() {
    let pages = Page::all();
    let mut checked = 0;
    for page in &pages {
        for link in page.links() {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) =
                link.split_once('#').map_or((link.as_str(), None), |(path, anchor)| (path, Some(anchor)));
            let from = page.path().parent().unwrap();
            let at = if path.is_empty() { root().join(page.path()) } else { root().join(from).join(path) };
            let at = at.canonicalize().unwrap_or_else(|error| panic!("{}: {link}: {error}", page.path().display()));
            if let Some(anchor) = anchor {
                let other = Page::at(&at);
                assert!(other.anchors().iter().any(|it| it == anchor), "{}: {link}", page.path().display());
            }
            checked += 1;
        }
    }
    assert!(checked > 40, "{checked} links");
}

#[test]
fn their_commands_are_those_of_the_program() {
    let shell = Shell::new();
    let mut checked = BTreeSet::new();
    for page in Page::all() {
        let prose = page.prose().replace("\\|", "|");
        let spans = code_spans(&prose).into_iter().map(|span| span.split_whitespace().collect::<Vec<_>>().join(" "));
        let blocks = page.blocks("sh").into_iter().flat_map(str::lines).map(ToOwned::to_owned);
        let lines = spans.chain(blocks.collect::<Vec<_>>()).collect::<Vec<_>>();
        for command in lines.iter().filter(|line| is_command(line)) {
            let command = command.split_once(" #").map_or(command.as_str(), |(command, _)| command).trim();
            if checked.insert(command.to_owned()) {
                let answer = shell.run(&format!("{command} --help > /dev/null"));
                assert!(answer.is_empty(), "{}: {command}\n{answer}", page.path().display());
            }
        }
    }
    assert!(checked.len() > 30, "{checked:?}");
}

/// Whether a line runs sendform, maybe with variables before it.
fn is_command(line: &str) -> bool {
    let is_variable = |word: &&str| {
        word.split_once('=').is_some_and(|(name, _)| name.chars().all(|char| char.is_ascii_uppercase() || char == '_'))
    };
    let mut words = line.split(' ').skip_while(is_variable);
    words.next() == Some("sendform") && words.next().is_some()
}

#[test]
fn its_files_are_valid() {
    let page = language();
    example(&page).run(["validate"]).code(0);
    let laid_over = page.blocks("yaml").into_iter().filter(|block| !is_whole(block)).map(|block| {
        let (name, _) = block.split_once('\n').unwrap();
        let name = name.strip_prefix("# ").unwrap_or_else(|| panic!("no file is named: {block}"));
        let mut file: Value = serde_yaml::from_str(page.file(name)).unwrap();
        let change: Value = serde_yaml::from_str(block).unwrap();
        file.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let project = example(&page);
        // JSON is YAML in which every text has quotes.
        project.write(name, serde_json::to_string_pretty(&file).unwrap());
        project.run(["validate"]).code(0);
    });
    assert!(laid_over.count() >= 8, "the recipes are gone");
    for page in Page::all() {
        for block in page.blocks("yaml") {
            let value: Result<Value, _> = serde_yaml::from_str(block);
            assert!(value.is_ok_and(|value| value.is_object()), "{}: {block}", page.path().display());
        }
    }
}

/// Whether a block is a whole file, and not one that is laid over another.
fn is_whole(block: &str) -> bool {
    block.lines().any(|line| line.starts_with("campaign:") || line.starts_with("project:"))
}

#[test]
fn its_templates_give_its_texts() {
    let rows = language().table("| word |");
    let mut project = Project::empty();
    let mut messages = String::new();
    for (number, row) in rows.iter().enumerate() {
        let template = code_spans(&row[1]).remove(0).replace("\\|", "|");
        let text = serde_json::to_string(&template).unwrap();
        let message = format!("  - {{ id: m{number}, sender: shop, audience: one, content: {{ text: {text} }} }}\n");
        messages.push_str(&message);
    }
    project.set("SENDFORM_NOW", "2026-11-30T12:00:00Z");
    let cells = "{ to: \"17841400000000001\", first_name: \" ana \", city: Split, age: \"41\", tags: \"vip, new\", nick: \"\", \"order no\": A-7 }";
    let project = project.file("sendform.yaml", "project: words\nsenders: { shop: A }\n").file(
        "words.yaml",
        format!("campaign: words\naudiences: {{ one: {{ rows: [ {cells} ] }} }}\nmessages:\n{messages}"),
    );
    let plan = project.run(["plan", "--sandbox", "--reveal", "--format", "json"]).code(0).json();
    let given: Vec<&str> = plan["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["samples"][0]["text"].as_str().unwrap())
        .collect();
    let listed: Vec<String> = rows.iter().map(|row| code_spans(&row[2]).remove(0)).collect();
    assert_eq!(listed, given);
}

#[test]
fn its_keys_are_those_of_the_schemas() {
    let page = language();
    is_as_it_should_be(&page, &page.with_part("keys", &keys::tables()));
}

#[test]
fn the_readme_is_short() {
    assert!(Page::read().text().lines().count() <= 300);
}

#[test]
fn its_kinds_are_those_of_the_output() {
    let schema: Value = serde_json::from_str(&read("schema/output.schema.json")).unwrap();
    let page = Page::at("schema/README.md");
    let (_, list) = page.text().split_once("says which document it is: ").unwrap();
    let listed = code_spans(list.split_once('.').unwrap().0);
    let kinds: Vec<&str> = schema["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| kind["properties"]["kind"]["const"].as_str().unwrap())
        .collect();
    assert_eq!(listed, kinds);
}

#[test]
fn its_job_for_kubernetes_runs_workers() {
    let page = Page::at("src/store/README.md");
    let block = page.blocks("yaml").into_iter().find(|block| block.contains("kind: Job\n")).unwrap();
    let job: Value = serde_yaml::from_str(block).unwrap();
    let spec = &job["spec"];
    assert_eq!([&job["apiVersion"], &spec["completionMode"]], ["batch/v1", "Indexed"]);
    assert_eq!(spec["completions"], spec["parallelism"]);
    // Every code of the policy is one of the program's, and none is in two rules.
    let known: BTreeSet<u64> = Page::read().table("| code |").iter().map(|row| row[0].parse().unwrap()).collect();
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
fn its_table_has_every_path_of_a_request() {
    let page = language();
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
fn they_name_every_variable_room_and_word() {
    let has_all = |page: &Page, names: &BTreeSet<String>| {
        let words: BTreeSet<&str> = page.text().split(|char: char| !(char.is_alphanumeric() || char == '_')).collect();
        let missing: Vec<&String> = names.iter().filter(|name| !words.contains(name.as_str())).collect();
        assert!(names.len() > 10 && missing.is_empty(), "not in {}: {missing:?}", page.path().display());
    };
    let mut variables = BTreeSet::new();
    for file in ["src/cli/settings.rs", "src/cli/args.rs"] {
        let text = read(file);
        variables.extend(text.split('"').filter(|part| part.starts_with("SENDFORM_")).map(ToOwned::to_owned));
    }
    has_all(&Page::read(), &variables);
    let library = read("src/lib.rs");
    let room = |line: &str| Some(line.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned());
    has_all(&Page::at("src/README.md"), &library.lines().filter_map(room).collect());
    let builtins = read("src/render/builtins.rs");
    let word = |line: &str| Some(line.trim().strip_prefix("word(\"")?.split_once('"')?.0.to_owned());
    has_all(&language(), &builtins.lines().filter_map(word).collect());
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
