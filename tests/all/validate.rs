//! `sendform validate`: all mistakes of a file in one run, each at its place.

use std::fs;

use insta::assert_snapshot;

use crate::support::{Project, Run, campaign};

/// An audience and a message around whatever a test is about.
const MESSAGE: &str = "\
campaign: sale
audiences: { people: { csv: people.csv } }
messages:
  - id: hello
    sender: shop
    audience: people
    content: { type: TEXT, text: \"Hi\" }
";
const PEOPLE: &str = "to,first_name,city,age\n17841400000000001,Ana,Split,31\n";

fn project() -> Project {
    Project::new().file("people.csv", PEOPLE)
}

/// Validates a project with one campaign file.
fn validate(campaign: impl AsRef<[u8]>) -> Run {
    project().file("sale.yaml", campaign).run(["validate"])
}

/// Validates a campaign with other lines in place of its content.
fn validate_content(content: &str) -> Run {
    validate(MESSAGE.replace("content: { type: TEXT, text: \"Hi\" }", content))
}

#[test]
fn nothing_wrong() {
    insta::assert_snapshot!(validate(MESSAGE), @"
    exit code: 0
    1 campaign with 1 message in 1 file: no errors in the files; the rows of audiences are read by `sendform plan`
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is one output, shown whole")]
fn every_mistake_gets_its_diagnostic() {
    let run = validate(
        "\
campaign: Sale
audiences:
  people:
    csv: ../people.csv
    columns: { too: to }
    expect: { min: 10, max: 5 }
schedules:
  launch:
    sendAt: 2026-12-01 09:00
    timeZone: Europe/Zagrb
    sendingSpeedLimit: { amount: 0, timeUnit: MINUT }
messages:
  - id: hello
    sender: shpo
    audience: peple
    schedule: launch
    content: { type: TEXT, text: 2026 }
  - id: hello
    sender: shop
    audience: people
    revision: \"2\"
    content: { type: TEXT, text: \"Hi\" }
    webhooks: { delivery: { url: https://hooks.example.com/ } }
",
    );
    insta::assert_snapshot!(run.code(3), @r#"
    exit code: 3
    error[bad-pattern]: an id has 1 to 40 lower-case letters, digits and hyphens, and begins with a letter or digit
     --> sale.yaml:1:11
      |
    1 | campaign: Sale
      |           ^^^^
      |
      = help: write `sale`

    error[bad-path]: the path leads upwards
     --> sale.yaml:4:10
      |
    4 |     csv: ../people.csv
      |          ^^^^^^^^^^^^^
      |
      = help: write it relative to the project's folder, with `/`, such as `audiences/people.csv`

    error[unknown-key]: there is no such key here
     --> sale.yaml:5:16
      |
    5 |     columns: { too: to }
      |                ^^^
      |
      = help: did you mean `to`?

    error[out-of-bounds]: `min` is 10, but `max` is only 5
     --> sale.yaml:6:29
      |
    6 |     expect: { min: 10, max: 5 }
      |                    --       ^
      |                    |
      |                    more than that

    error[unquoted]: this is a date without quotes, but text is expected
     --> sale.yaml:9:13
      |
    9 |     sendAt: 2026-12-01 09:00
      |             ^^^^^^^^^^^^^^^^
      |
      = help: put it in quotes: "2026-12-01 09:00"

    error[bad-zone]: there is no such time zone in the IANA database
      --> sale.yaml:10:15
       |
    10 |     timeZone: Europe/Zagrb
       |               ^^^^^^^^^^^^
       |
       = help: did you mean `Europe/Zagreb`?

    error[out-of-bounds]: at least 1 is expected
      --> sale.yaml:11:34
       |
    11 |     sendingSpeedLimit: { amount: 0, timeUnit: MINUT }
       |                                  ^

    error[not-allowed]: only `MINUTE`, `HOUR` and `DAY` are allowed here
      --> sale.yaml:11:47
       |
    11 |     sendingSpeedLimit: { amount: 0, timeUnit: MINUT }
       |                                               ^^^^^
       |
       = help: did you mean `MINUTE`?

    error[unknown-sender]: there is no sender of this name
      --> sale.yaml:14:13
       |
    14 |     sender: shpo
       |             ^^^^
       |
       = help: did you mean `shop`?

    error[unknown-audience]: there is no audience of this name
      --> sale.yaml:15:15
       |
    15 |     audience: peple
       |               ^^^^^
       |
       = help: did you mean `people`?

    error[unquoted]: this is a number without quotes, but text is expected
      --> sale.yaml:17:34
       |
    17 |     content: { type: TEXT, text: 2026 }
       |                                  ^^^^
       |
       = help: put it in quotes: "2026"

    error[duplicate-id]: another message of the campaign has this id
      --> sale.yaml:18:9
       |
    18 |   - id: hello
       |         ^^^^^
       |
      ::: sale.yaml:13:9
       |
    13 |   - id: hello
       |         ----- first here

    error[wrong-type]: this is text, but a whole number is expected
      --> sale.yaml:21:15
       |
    21 |     revision: "2"
       |               ^^^
       |
       = help: write it in plain decimal digits, without quotes: `2`

    error[host-not-allowed]: the project does not allow delivery reports to `hooks.example.com`
      --> sale.yaml:23:34
       |
    23 |     webhooks: { delivery: { url: https://hooks.example.com/ } }
       |                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: add the host to `webhooks.allowedHosts` of the project file

    14 errors
      bad-pattern       sale.yaml:1:11
      bad-path          sale.yaml:4:10
      unknown-key       sale.yaml:5:16
      out-of-bounds     sale.yaml:6:29
      unquoted          sale.yaml:9:13
      bad-zone          sale.yaml:10:15
      out-of-bounds     sale.yaml:11:34
      not-allowed       sale.yaml:11:47
      unknown-sender    sale.yaml:14:13
      unknown-audience  sale.yaml:15:15
      unquoted          sale.yaml:17:34
      duplicate-id      sale.yaml:18:9
      wrong-type        sale.yaml:21:15
      host-not-allowed  sale.yaml:23:34
    next, once they are mended: sendform validate
    "#);
}

#[test]
fn yaml_reads_no_word_as_something_else() {
    // `no` is a country, and an id of 17 digits is a text.
    let run = validate(
        "\
campaign: sale
audiences:
  people:
    rows:
      - { to: 17841400000000001, country: no }
      - { to: \"17841400000000002\", country: \"no\", born: 2001-02-03 }
schedules:
  launch: { sendAt: 09:00, timeZone: Europe/Zagreb }
messages:
  - { id: hello, sender: shop, audience: people, schedule: launch, content: { type: TEXT, text: no } }
",
    );
    insta::assert_snapshot!(run.code(3), @r#"
    exit code: 3
    error[unquoted]: this is a number without quotes, but text is expected
    --> sale.yaml:5 (column to)
     = help: every cell is text: put it in quotes

    error[unquoted]: this is a boolean without quotes, but text is expected
    --> sale.yaml:5 (column country)
     = help: every cell is text: put it in quotes

    error[unquoted]: this is a date without quotes, but text is expected
    --> sale.yaml:6 (column born)
     = help: every cell is text: put it in quotes

    error[bad-time]: a local time is written `YYYY-MM-DD HH:MM`, without an offset: `timeZone` says whose clock it is on
     --> sale.yaml:8:21
      |
    8 |   launch: { sendAt: 09:00, timeZone: Europe/Zagreb }
      |                     ^^^^^
      |
      = help: the date is missing: write "YYYY-MM-DD 09:00"

    error[unquoted]: this is a boolean without quotes, but text is expected
      --> sale.yaml:10:97
       |
    10 |   - { id: hello, sender: shop, audience: people, schedule: launch, content: { type: TEXT, text: no } }
       |                                                                                                 ^^
       |
       = help: put it in quotes: "no"

    5 errors
      unquoted  sale.yaml:5
      unquoted  sale.yaml:5
      unquoted  sale.yaml:6
      bad-time  sale.yaml:8:21
      unquoted  sale.yaml:10:97
    next, once they are mended: sendform validate
    "#);
}

#[test]
fn what_yaml_hides_is_refused() {
    let aliases = format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(1000), "*a, ".repeat(500));
    insta::assert_snapshot!(first_lines(&validate(aliases).code(3)), @r#"
    exit code: 3
    error[anchor]: this is an anchor, but anchors are not part o
     --> sale.yaml:1:4
      |
    1 | a: &a "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
      |    ^^
      |
      = help: write the value out in every place; a text that be
    …
    "#);
    insta::assert_snapshot!(validate(format!("{MESSAGE}---\n{MESSAGE}")).code(3), @"
    exit code: 3
    error[second-document]: a second YAML document begins here
     --> sale.yaml:8:1
      |
    8 | ---
      | ^^^
      |
      = help: put each campaign into its own file, and end a file without `---`

    1 error
    ");
    insta::assert_snapshot!(validate(MESSAGE.replace("Hi\"", "Hi\"\u{2028}evil: 1")).code(3), @r#"
    exit code: 3
    error[forbidden-character]: a hidden line separator (U+2028) is not allowed here
     --> sale.yaml:7:38
      |
    7 |     content: { type: TEXT, text: "Hi"<U+2028>evil: 1 }
      |                                      ^^^^^^^^
      |
      = help: delete the character

    1 error
    "#);
    insta::assert_snapshot!(validate_content("content: { type: TEXT, text: Hello #1 # fan }").code(3), @"
    exit code: 3
    error[cut-by-comment]: the text ends here, and the rest is a comment
     --> sale.yaml:7:40
      |
    7 |     content: { type: TEXT, text: Hello #1 # fan }
      |                                        ^^^^^^^^^^ this is not part of the text
      |
      = help: put the whole text in quotes, or the comment on a line of its own

    error[syntax]: the file is not YAML: did not find expected `,` or `}`
     --> sale.yaml:8:1
      |
    8 |
      | ^

    2 errors
      cut-by-comment  sale.yaml:7:40
      syntax          sale.yaml:8:1
    next, once they are mended: sendform validate
    ");
    insta::assert_snapshot!(validate_content("content: { type: TEXT, text: {{ first_name }} }").code(3), @"
    exit code: 3
    error[key-not-text]: a text that begins with `{{` is a mapping in YAML
     --> sale.yaml:7:34
      |
    7 |     content: { type: TEXT, text: {{ first_name }} }
      |                                  ^^^^^^^^^^^^^^^^
      |
      = help: put the whole text in quotes, or write it as a block after `|`

    1 error
    ");
    insta::assert_snapshot!(validate(MESSAGE.replace("    sender", "\tsender")).code(3), @"
    exit code: 3
    error[syntax]: there is a tab in the indentation
     --> sale.yaml:5:1
      |
    5 |     sender: shop
      | ^^^^
      |
      = help: indent with spaces; a tab does not indent in YAML

    1 error
    ");
    insta::assert_snapshot!(validate("").code(3), @"
    exit code: 3
    error[empty-file]: the file is empty
    --> sale.yaml
     = help: a campaign begins with `campaign: ID`; anything else is listed in sendform.yaml: `ignore: [ sale.yaml ]`

    1 error
    ");
    insta::assert_snapshot!(validate("# only a comment\n").code(3), @"
    exit code: 3
    error[empty-file]: the file is empty
    --> sale.yaml
     = help: a campaign begins with `campaign: ID`; anything else is listed in sendform.yaml: `ignore: [ sale.yaml ]`

    1 error
    ");
}

#[test]
fn a_mark_at_the_start_and_ends_of_lines_from_windows_are_fine() {
    validate(format!("\u{feff}{MESSAGE}")).code(0);
    validate(MESSAGE.replace('\n', "\r\n")).code(0);
    validate(MESSAGE.replace('\n', "\r")).code(3);
}

#[test]
fn templates_are_checked_at_their_places() {
    let run = validate_content(
        "content:
      type: TEXT
      text: |
        Hi {{ fist_name }}, {{ city | uper }}!
        {% set a = 1 %}",
    );
    insta::assert_snapshot!(run.code(3), @"
    exit code: 3
    error[unknown-filter]: there is no filter `uper`
      --> sale.yaml:10:39
       |
    10 |         Hi {{ fist_name }}, {{ city | uper }}!
       |                                       ^^^^
       |
       = help: did you mean `upper`?

    error[template-forbidden]: `{% set %}` is not part of templates
      --> sale.yaml:11:12
       |
    11 |         {% set a = 1 %}
       |            ^^^^^^^^^
       |
       = help: templates know text, `{{ … }}`, `if`, `for`, and `include` of a path

    2 errors
      unknown-filter      sale.yaml:10:39
      template-forbidden  sale.yaml:11:12
    next, once they are mended: sendform validate
    ");
    insta::assert_snapshot!(validate_content("content: { type: TEXT, text: \"Hi {{ first_name\" }").code(3), @r#"
    exit code: 3
    error[template-syntax]: the tag that begins here has no end
     --> sale.yaml:7:38
      |
    7 |     content: { type: TEXT, text: "Hi {{ first_name" }
      |                                      ^^
      |
      = help: write `}}` where it ends; braces that are meant as text are written `{{ "{{" }}`

    1 error
    "#);
    insta::assert_snapshot!(validate_content("content: { type: TEXT, template: hello.txt }").code(3), @"
    exit code: 3
    error[file-missing]: the template cannot be used: there is no such file
     --> sale.yaml:7:38
      |
    7 |     content: { type: TEXT, template: hello.txt }
      |                                      ^^^^^^^^^

    1 error
    ");
    let run = project()
        .file("hello.txt", "Hello,\ndear {{ nmae }}!\n")
        .file("sale.yaml", MESSAGE.replace("text: \"Hi\"", "template: hello.txt"))
        .run(["validate"]);
    insta::assert_snapshot!(run.code(3), @"
    exit code: 3
    error[unknown-column]: `people.csv` has no column `nmae`
     --> hello.txt:2:9
      |
    2 | dear {{ nmae }}!
      |         ^^^^
      |
      = help: its columns are `to`, `first_name`, `city`, `age`

    1 error
    ");
}

#[test]
fn conditions_are_checked_at_their_places() {
    let with = |condition: &str| {
        validate(MESSAGE.replace("csv: people.csv }", &format!("csv: people.csv, where: '{condition}' }}")))
    };
    with("age == \"31\" and int(age) > 30").code(0);
    insta::assert_snapshot!(with("city == \"Split\" and agee != \"\"").code(3), @r#"
    exit code: 3
    error[unknown-column]: `people.csv` has no column `agee`
     --> sale.yaml:2:69
      |
    2 | audiences: { people: { csv: people.csv, where: 'city == "Split" and agee != ""' } }
      |                                                                     ^^^^ did you mean `age`?
      |
      = help: its columns are `to`, `first_name`, `city`, `age`

    1 error
    "#);
    insta::assert_snapshot!(with("city ==").code(3), @r#"
    exit code: 3
    error[template-syntax]: unexpected end of input, expected expression
     --> sale.yaml:2:54
      |
    2 | audiences: { people: { csv: people.csv, where: 'city ==' } }
      |                                                      ^^
      |
      = help: write an expression such as `consent == "yes" and country in ["HR", "SI"]`

    1 error
    "#);
    insta::assert_snapshot!(with("age > 30").code(3), @"
    exit code: 3
    error[where-failed]: a text is compared with a number
     --> sale.yaml:2:55
      |
    2 | audiences: { people: { csv: people.csv, where: 'age > 30' } }
      |                                                       ^^
      |
      = help: every column is text: write `int(age)`

    1 error
    ");
}

#[test]
fn columns_are_held_against_the_header() {
    let text =
        MESSAGE.replace("csv: people.csv }", "csv: people.csv, columns: { to: instagram, windowClosesAt: closes } }");
    insta::assert_snapshot!(validate(text).code(3), @"
    exit code: 3
    error[unknown-column]: `people.csv` has no column `instagram`
     --> sale.yaml:2:56
      |
    2 | audiences: { people: { csv: people.csv, columns: { to: instagram, windowClosesAt: closes } } }
      |                                                        ^^^^^^^^^
      |
      = help: its columns are `to`, `first_name`, `city`, `age`

    error[unknown-column]: `people.csv` has no column `closes`
     --> sale.yaml:2:83
      |
    2 | audiences: { people: { csv: people.csv, columns: { to: instagram, windowClosesAt: closes } } }
      |                                                                                   ^^^^^^
      |
      = help: its columns are `to`, `first_name`, `city`, `age`

    2 errors
      unknown-column  sale.yaml:2:56
      unknown-column  sale.yaml:2:83
    next, once they are mended: sendform validate
    ");
}

#[test]
fn mistakes_of_the_project_file_come_first() {
    let run = Project::empty()
        .file("sendform.yaml", "project: acme\nsender: { shop: A }\nlimits: { messagesPerApply: many }\n")
        .file("people.csv", PEOPLE)
        .campaign("sale", &MESSAGE.replace("type: TEXT", "type: TXT"))
        .run(["validate"]);
    insta::assert_snapshot!(run.code(3), @r#"
    exit code: 3
    error[unknown-key]: there is no such key here
     --> sendform.yaml:2:1
      |
    2 | sender: { shop: A }
      | ^^^^^^
      |
      = help: did you mean `senders`?

    error[wrong-type]: this is text, but a whole number is expected
     --> sendform.yaml:3:29
      |
    3 | limits: { messagesPerApply: many }
      |                             ^^^^
      |
      = help: write it in plain decimal digits, without quotes

    error[not-allowed]: only `TEXT` is allowed here
     --> sale.yaml:7:22
      |
    7 |     content: { type: TXT, text: "Hi" }
      |                      ^^^
      |
      = help: did you mean `TEXT`?

    3 errors
      unknown-key  sendform.yaml:2:1
      wrong-type   sendform.yaml:3:29
      not-allowed  sale.yaml:7:22
    next, once they are mended: sendform validate
    "#);
}

#[test]
fn a_project_without_campaigns_is_worth_a_word() {
    insta::assert_snapshot!(Project::new().run(["validate"]).code(0), @"
    exit code: 0
    warning[no-campaigns]: the project has no campaigns
    --> sendform.yaml
     = help: a campaign is a `*.yaml` file in the project's folder or below it

    1 warning
    ");
}

#[test]
fn two_campaigns_with_one_id() {
    let run = project().campaign("a", MESSAGE).campaign("b", MESSAGE).run(["validate"]);
    insta::assert_snapshot!(run.code(3), @"
    exit code: 3
    error[duplicate-id]: another campaign has the id `sale`
     --> b.yaml:1:11
      |
    1 | campaign: sale
      |           ^^^^
      |
     ::: a.yaml:1:11
      |
    1 | campaign: sale
      |           ---- first here
      |
      = help: a copy of a campaign needs an id of its own; a file that is only kept is listed in sendform.yaml, under `ignore`

    1 error
    ");
}

#[test]
fn machines_get_the_same_in_json() {
    let run = project()
        .campaign("sale", &MESSAGE.replace("sender: shop", "sender: shpo"))
        .run(["validate", "--format", "json"])
        .code(3);
    insta::assert_snapshot!(run, @r#"
    exit code: 3
    {
      "diagnostics": [
        {
          "code": "unknown-sender",
          "column": 13,
          "endColumn": 17,
          "endLine": 5,
          "file": "sale.yaml",
          "help": "did you mean `shop`?",
          "line": 5,
          "message": "there is no sender of this name",
          "notes": [],
          "severity": "error"
        }
      ],
      "files": 1,
      "formatVersion": "2.0",
      "kind": "validation"
    }
    "#);
    assert_eq!(run.json()["diagnostics"][0]["code"], "unknown-sender");
}

#[test]
fn no_project_and_wrong_commands() {
    insta::assert_snapshot!(Project::empty().run(["validate"]).code(3), @"
    exit code: 3
    ----- stderr
    error: there is no `sendform.yaml` in `.`
      hint: name the project's folder with `--dir`, or begin a project with `sendform init`
    ");
    insta::assert_snapshot!(project().run(["validat"]).code(64), @"
    exit code: 64
    ----- stderr
    error: unrecognized subcommand 'validat'

      tip: a similar subcommand exists: 'validate'

    Usage: sendform [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(project().run(["validate", "--format", "xml"]).code(64), @"
    exit code: 64
    ----- stderr
    error: invalid value 'xml' for '--format <FORMAT>'
      [possible values: text, json, markdown, github, sarif, junit, gitlab, gitlab-terraform]

    For more information, try '--help'.
    ");
}

/// The exit code and the first diagnostics of a run that has many.
fn first_lines(run: &Run) -> String {
    let mut short: Vec<String> = run.to_string().lines().take(8).map(|line| line.chars().take(60).collect()).collect();
    short.push("…".to_owned());
    short.join("\n")
}

/// What is said of a campaign, with its place: the first error's message, where it points, and its help.
#[track_caller]
fn first_error(project: &Project, arguments: &[&str]) -> String {
    let json = project.run([arguments, &["--format", "json"]].concat()).code(3).json();
    let error = &json["diagnostics"][0];
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    format!("{}:{} {} -> {}", error["line"], error["column"], text(&error["message"]), text(&error["help"]))
}

#[test]
fn what_is_wrong_with_an_audience_is_shown_where_it_is_written() {
    let campaign = |columns: &str| {
        format!(
            "campaign: sale\naudiences:\n  people:\n    csv: people.csv\n{columns}messages:\n  - id: hello\n    \
             sender: shop\n    audience: people\n    content: {{ type: TEXT, text: \"Hi\" }}\n"
        )
    };
    let project = Project::new().file("people.csv", "insta,name\n17841400000000001,Ana\n");
    let said = |columns: &str| {
        project.write("sale.yaml", campaign(columns));
        first_error(&project, &["validate"])
    };
    assert_snapshot!(said(""), @"4:10 `people.csv` has no column `to` -> say which one has the ids: `columns: { to: … }`; its columns are `insta`, `name`");
    assert_snapshot!(said("    columns: { to: instagram }\n"), @"5:20 `people.csv` has no column `instagram` -> its columns are `insta`, `name`");
    assert_snapshot!(said("    columns: { to: insta, timeZone: zone }\n"), @"5:37 `people.csv` has no column `zone` -> its columns are `insta`, `name`");
    fs::remove_file(project.path("people.csv")).unwrap();
    assert_snapshot!(said("    columns: { to: insta }\n"), @"4:10 `people.csv`: there is no such file -> a path is relative to the project's folder, or to the data folder");
    // Only where it helps a plan without the rows is named.
    let hint = "next, where the audiences are not at hand: sendform plan --without-data\n";
    let has_hint = |arguments: &[&str]| project.run(arguments).code(3).stdout.contains(hint);
    let plan = project.run(["plan", "--sandbox"]).code(3);
    assert!(plan.stdout.contains(&hint.replace("plan", "plan --sandbox")), "{plan}");
    assert!(!has_hint(&["validate"]) && !has_hint(&["apply", "--sandbox", "-y"]));
    project.write("sale.yaml", campaign("    columns: { to: insta }\n").replace("\"Hi\"", "\"Hi {{ name\""));
    assert!(!project.run(["plan", "--sandbox"]).code(3).stdout.contains("--without-data"), "more is wrong");
}

#[test]
fn a_value_of_another_type_is_told_how_it_is_written() {
    let project = Project::new().file("people.csv", "to\n17841400000000001\n");
    let said = |from: &str, to: &str| {
        let campaign = "campaign: sale\naudiences:\n  people: { csv: people.csv, exclude: [] }\nmessages:\n  - id: hello\n    \
                        revision: 1\n    paused: false\n    sender: shop\n    audience: people\n    content: { text: Hi }\n";
        assert!(campaign.contains(from), "{from}");
        project.write("sale.yaml", campaign.replace(from, to));
        first_error(&project, &["validate"])
    };
    assert_snapshot!(said("revision: 1", "revision: two"), @"6:15 this is text, but a whole number is expected -> write it in plain decimal digits, without quotes");
    assert_snapshot!(said("revision: 1", "revision: 2nd"), @"6:15 this is text, but a whole number is expected -> write it in plain decimal digits, without quotes: `2`");
    assert_snapshot!(said("revision: 1", "revision: \"2\""), @"6:15 this is text, but a whole number is expected -> write it in plain decimal digits, without quotes: `2`");
    assert_snapshot!(said("paused: false", "paused: never"), @"7:13 this is text, but `true` or `false` is expected -> write `true` or `false`, without quotes");
    assert_snapshot!(said("exclude: []", "exclude: staff"), @"3:39 this is text, but a list is expected -> a list is written in brackets: `[ staff ]`");
    assert_snapshot!(said("exclude: []", "exclude: { staff: yes }"), @"3:30 this is a mapping, but a list is expected -> a list has a hyphen before each of its entries");
    assert_snapshot!(said("{ text: Hi }", "Hi"), @"10:14 this is text, but a mapping is expected -> write keys with their values, each on a line of its own: `KEY: VALUE`");
    assert_snapshot!(said("{ text: Hi }", "{ text: [ Hi ] }"), @"10:16 this is a list, but text is expected -> write one text, in quotes if it begins with a bracket or a brace");
}

#[test]
fn what_only_the_sandbox_can_read_is_checked_with_all_other_files() {
    let project = Project::new().campaign("sale", &campaign("sale", "Hello!", 1));
    let project = project.file("customers.csv", "id\n17841400000000001\n");
    let said = |settings: &str, arguments: &[&str]| {
        let file = format!("project: acme-shop\nsenders: {{ shop: SHOP-ACCOUNT }}\nsandbox: {{ {settings} }}\n");
        project.write("sendform.yaml", file);
        first_error(&project, arguments)
    };
    let check = |settings: &str, expect: &str| {
        assert_eq!(said(settings, &["validate"]), expect);
        // It keeps a run of the sandbox from beginning in the same way.
        assert_eq!(said(settings, &["apply", "--sandbox", "-y"]), expect);
    };
    check(
        "faults: [ drop, 500-aftr ]",
        "3:28 unknown fault `500-aftr` -> known are hold[-before|-after], slow=TIME, a status such as 429 or 500-after, \
         drop[-before|-after], cut, garbage, empty, other-bulk-id, missing-messages[=N], reject-share=SHARE, reject=TO, \
         invalid=TO, invalid-unnamed=TO",
    );
    check("faults: [ slow=soon ]", "3:22 fault `slow` has a value of another form -> write it as in `slow=200ms`");
    check(
        "rules: nope.yaml",
        "3:19 the rules `nope.yaml` cannot be read: there is no such file -> its path is relative to the project's folder",
    );
    check(
        "hosts: [ \"http://x\" ]",
        "3:21 this is not the name of a host -> write the name alone, without scheme, port or path: `gateway.test`",
    );
    check("listen: here", "3:20 not an address on this machine -> `8025`, `localhost:8025` or `[::1]:8025`");
    check(
        "accountWebhook: \"ftp://x/\"",
        "3:28 this is no URL that can be posted to -> write it as `http://127.0.0.1:9000/dlr`",
    );
    check(
        "inboundWebhook: \"ftp://x/\"",
        "3:28 this is no URL that can be posted to -> write it as `http://127.0.0.1:9000/dlr`",
    );
    project.write("rules.txt", "credentials: [ { scheme: basic, secret: nopw } ]\n");
    check(
        "rules: ruels.txt",
        "3:19 the rules `ruels.txt` cannot be read: there is no such file -> did you mean `rules.txt`?",
    );
    check(
        "rules: rules.txt",
        "3:19 the rules `rules.txt` cannot be used: `credentials[0].secret` cannot be used: it is not `USER:PASSWORD`, as \
         `basic` has it -> it has `credentials` and `channel`, and no more",
    );
    project.write("rules.txt", "channel: { latencyMs: 5 }\n");
    project.write(
        "sendform.yaml",
        "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nsandbox: { rules: rules.txt, faults: [ \"slow=1ms*\" ], hosts: \
         [ gateway.test ], listen: \":0\", accountWebhook: \"http://127.0.0.1:9/dlr\" }\n",
    );
    project.run(["validate"]).code(0);
}

#[test]
fn a_number_that_is_written_otherwise_is_told_as_it_is_meant() {
    let project = Project::new().campaign("sale", &campaign("sale", "Hello!", 1));
    let check = |written: &str, meant: &str| {
        let file = format!(
            "project: acme-shop\nsenders: {{ shop: SHOP-ACCOUNT }}\nlimits: {{ messagesPerApply: {written} }}\n"
        );
        project.write("sendform.yaml", file);
        let said = first_error(&project, &["validate"]);
        let help = said.split_once("without quotes").map(|(_, help)| help.trim_start_matches(": ").to_owned());
        assert_eq!(help.as_deref(), Some(meant), "{said}");
    };
    check("1e9", "`1000000000`");
    check("\"10,000\"", "`10000`");
    check("1_000", "`1000`");
    for doubtful in ["1.5", "0x10", "010", "10k", "many"] {
        check(doubtful, "");
    }
}
