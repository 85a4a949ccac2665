//! Wrong people, forgotten people: ids, lists that protect, limits, rows with nothing in them.

use crate::support::{Project, Run};

/// A message to everybody in `people.csv`, with lines of its audience added.
fn campaign(audience: &str, text: &str) -> String {
    format!(
        "campaign: sale\naudiences:\n  people:\n    csv: people.csv\n{audience}messages:\n  - id: hello\n    sender: shop\n    \
         audience: people\n    content: {{ type: TEXT, text: '{text}' }}\n"
    )
}

const PROJECT: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nsandbox: { now: \"2026-11-30 12:00Z\" }\n";

/// A project with this file of people, and lines added to its project file.
fn project(project: &str, people: &str) -> Project {
    Project::empty()
        .file("sendform.yaml", format!("{PROJECT}{project}"))
        .campaign("sale", &campaign("", "Hi {{ name | fallback(\"there\") }}!"))
        .file("people.csv", people)
}

/// Everybody whom the gates let through, and each gate with its rows.
fn gates(run: &Run) -> String {
    let plan = run.json();
    let gates = plan["messages"][0]["gates"].as_object().expect("a message");
    let counted = gates.iter().filter(|(_, rows)| rows.as_u64() != Some(0));
    let mut words: Vec<String> = counted.map(|(gate, rows)| format!("{gate} {rows}")).collect();
    words.sort();
    words.join(", ")
}

fn plan(project: &Project) -> Run {
    project.run(["plan", "--sandbox", "--format", "json"])
}

/// A person's id of seventeen digits that no spreadsheet has rounded.
fn id(number: u64) -> String {
    (17_841_466_000_000_011 + number * 13).to_string()
}

#[track_caller]
fn says(run: &Run, words: &[&str]) {
    let text = run.whole().to_string();
    for word in words {
        assert!(text.contains(word), "{word}\n{text}");
    }
}

/// A file with a header and these rows.
fn rows(header: &str, rows: &[String]) -> String {
    format!("{header}\n{}\n", rows.join("\n"))
}

#[test]
fn what_is_no_id_is_nobody() {
    let wrong = [
        "ana.shop",
        "@ana.shop",
        "ana@shop.example",
        "https://instagram.com/ana",
        "Total",
        "NULL",
        "#N/A",
        "-",
        "0",
        "1.78E+16",
        "17841466000000011.0",
        "\"17,841,466,000\"",
        "178414660000000O1",
        "１７８４１４６６００００",
        "17841466000000012/17841466000000013",
        "1784146600000001217841466000000013",
    ];
    let mut people: Vec<String> = wrong.iter().map(|id| format!("{id},X")).collect();
    people.extend((1..30).map(|number| format!("{},P", id(number))));
    let project = project("", &rows("to,name", &people));
    let run = plan(&project).code(4);
    assert_eq!(gates(&run), "toSend 29, unreadable 16");
    says(&run, &["not an id: it is a name", "not an id: it is an e-mail address"]);
    let run = project.run(["apply", "--sandbox", "--auto-approve", "--accept", "unreadable=36"]).code(0);
    says(&run, &["29         0"]);
    // Accounts with other ids say so.
    project.write("sendform.yaml", format!("{PROJECT}recipients: {{ ids: any }}\n"));
    project.write("people.csv", "to,name\nana.shop,Ana\nIva_9,Iva\n1.78E+16,Cut\n");
    assert_eq!(gates(&plan(&project).code(0)), "toSend 2, unreadable 1");
}

#[test]
fn wrappers_of_spreadsheets_make_nobody_another_person() {
    let ids = [id(1), id(2), id(3)];
    let project = project("", &rows("to,name", &ids.clone().map(|id| format!("{id},P"))));
    project.run(["apply", "--sandbox", "--auto-approve"]).code(0);
    let wrapped = [format!("'{},P", ids[0]), format!("\"=\"\"{}\"\"\",P", ids[1]), format!(" {} ,P", ids[2])];
    project.write("people.csv", rows("to,name", &wrapped));
    assert_eq!(gates(&plan(&project).code(0)), "alreadySent 3");
}

#[test]
fn ids_that_a_spreadsheet_has_rounded_stop_everything() {
    let people = |rounded: u64| {
        let rounded = (0..rounded).map(|number| format!("{},P", 17_841_466_000_000_000 + number * 100));
        rounded.chain((1..20).map(|number| format!("{},P", id(number)))).collect::<Vec<_>>()
    };
    let project = project("", &rows("to,name", &people(6)));
    let run = project.run(["plan", "--sandbox"]).code(3);
    says(&run, &["error[rounded-ids]", "6 of 25 ids in `people.csv` end in zeros", "a spreadsheet has rounded them"]);
    says(&run, &["the first of them: `•••••••••••••••00` in line 2, `•••••••••••••••00` in line 3"]);
    // What chance gives to one list of a hundred at most is worth a look; further rows of one person are no more ids.
    project.write("people.csv", rows("to,name", &people(4)));
    says(&project.run(["plan", "--sandbox"]).code(0), &["warning[rounded-ids]", "4 of 23 ids in `people.csv` end"]);
    let again = [people(1), vec![format!("{},P", 17_841_466_000_000_000_u64); 30]].concat();
    project.write("people.csv", rows("to,name", &again));
    let run = project.run(["plan", "--sandbox"]).code(0);
    assert!(!run.stderr.contains("rounded"), "{run}");
}

#[test]
fn a_few_ids_of_another_length_are_worth_a_look() {
    let mut people: Vec<String> = (1..20).map(|number| format!("{},P", id(number))).collect();
    people.push("178414660000,P".to_owned());
    let run = project("", &rows("to,name", &people)).run(["plan", "--sandbox"]).code(0);
    says(&run, &["odd-ids", "`people.csv` has 19 ids with 17 digits, and 1 id with 12 digits"]);
}

#[test]
fn a_file_that_was_cut_is_worth_a_look() {
    let whole: Vec<String> = (1..20).map(id).collect();
    let text = format!("to\n{}\n", whole.join("\n"));
    let check = |text: &str, warned: bool| {
        let project = project("", text);
        project.write("sale.yaml", campaign("", "Hi!"));
        let run = project.run(["plan", "--sandbox"]).code(0);
        assert_eq!(run.stderr.contains("cut-file"), warned, "{run}");
    };
    check(&text, false);
    check(text.trim_end(), false);
    check(text.get(..text.len() - 5).unwrap(), true);
}

#[test]
fn lists_protect_or_say_that_they_do_not() {
    let people: Vec<String> = (1..9).map(|number| format!("{},P", id(number))).collect();
    let people = rows("to,name", &people);
    let suppress = "suppress: [ { csv: opt-outs.csv } ]\n";
    let check = |suppress: &str, list: &str, code: i32, words: &[&str]| {
        let project = project(suppress, &people).file("opt-outs.csv", list);
        let run = project.run(["plan", "--sandbox"]).code(code);
        says(&run, words);
    };
    let list = format!("to,reason\n'{},stop\n\"=\"\"{}\"\"\",stop\n17841466000000000,stop\n", id(2), id(5));
    check(suppress, &list, 0, &["+ 6 to send", "2 suppressed", "opt-outs.csv (3 people) stopped 2"]);
    check(
        suppress,
        "to,reason\n",
        3,
        &["nobody-protected", "`opt-outs.csv` keeps people from getting messages, and is empty"],
    );
    let may_be_empty = "suppress: [ { csv: opt-outs.csv, mayBeEmpty: true } ]\n";
    check(may_be_empty, "to,reason\n", 0, &["+ 8 to send", "opt-outs.csv (0 people) stopped nobody"]);
    check(
        suppress,
        "to\n385911234567\n385911234568\n",
        3,
        &["its ids have 12 digits, and those of `people.csv` have 17 digits"],
    );
    check(may_be_empty, "to\n385911234567\n", 0, &["opt-outs.csv (1 person) stopped nobody"]);
    check(
        suppress,
        "to\nana@shop.example\n",
        3,
        &["not an id: it is an e-mail address", "every row of it must be readable"],
    );
    let expect = "suppress: [ { csv: opt-outs.csv, expect: { min: 100 } } ]\n";
    check(expect, &format!("to\n{}\n", id(1)), 4, &["`opt-outs.csv` has 1 person, but at least 100 are expected"]);
    let rounded = "to\n17841466000000000\n17841466000000100\n17841466000000200\n";
    check(suppress, rounded, 3, &["rounded-ids", "3 of 3 ids in `opt-outs.csv`"]);
}

#[test]
fn an_excluded_audience_protects_or_says_that_it_does_not() {
    let people = rows("to,name", &(1..9).map(|number| format!("{},P", id(number))).collect::<Vec<_>>());
    let check = |staff: &str, code: i32, words: &[&str]| {
        let project = project("", &people);
        let audience = format!("    exclude: [ staff ]\n  staff: {staff}\n");
        project.write("sale.yaml", campaign(&audience, "Hi!"));
        says(&project.run(["plan", "--sandbox"]).code(code), words);
    };
    check(
        &format!("{{ rows: [ {{ to: \"{}\" }} ] }}", id(3)),
        0,
        &["+ 7 to send", "1 excluded", "staff (1 person) stopped 1"],
    );
    check("{ rows: [] }", 3, &["keeps people from getting messages, and is empty"]);
    check("{ rows: [], mayBeEmpty: true }", 0, &["+ 8 to send", "staff (0 people) stopped nobody"]);
}

#[test]
fn missing_is_not_damaged() {
    let mut people: Vec<String> = (1..10).map(|number| format!("{},P", id(number))).collect();
    people.extend([",Ana", "  ,Iva", "\u{200b},Eva", ",", "  , ", "\u{3164},\u{feff}"].map(str::to_owned));
    let project = project("", &rows("to,name", &people));
    let run = plan(&project).code(0);
    assert_eq!(gates(&run), "blank 3, noAddress 3, toSend 9");
    assert_eq!(run.json()["messages"][0]["rows"], 15);
    assert!(!run.stdout.contains("\"severity\""), "nothing is wrong\n{run}");
}

#[test]
fn a_bad_zone_counts_only_where_the_filter_lets_it() {
    let schedule = "schedules: { s: { sendAt: \"2026-12-01 09:00\", timeZone: { perPerson: true } } }\n";
    let text = campaign("    columns: { timeZone: zone }\n    where: consent == \"yes\"\n", "Hi!")
        .replace("audience: people", "audience: people\n    schedule: s")
        + schedule;
    let people = format!(
        "to,consent,zone\n{},yes,Europe/Zagreb\n{},no,Nowhere\n{},yes,Nowhere\n{},yes,\n{},yes,Nowhere\n",
        id(1),
        id(2),
        id(3),
        id(4),
        id(5)
    );
    let project = project("", &people);
    project.write("sale.yaml", text);
    let run = plan(&project).code(0);
    assert_eq!(gates(&run), "filtered 1, toSend 1, unreadable 3");
    says(&run, &["2 rows of audience `people` cannot be read", "`Aaaaaaa` in 2 rows"]);
}

#[test]
fn a_bad_row_forbids_what_a_good_one_allows() {
    let schedule = "schedules: { s: { sendAt: \"2026-12-01 09:00\", timeZone: { perPerson: true } } }\n";
    let text = campaign("    columns: { timeZone: zone }\n    where: consent == \"yes\"\n", "Hi!")
        .replace("audience: people", "audience: people\n    schedule: s")
        + schedule;
    let people = |second: &str| format!("to,consent,zone\n{0},yes,UTC\n{0},{second}\n{1},yes,UTC\n", id(1), id(2));
    let check = |second: &str, gates_then: &str| {
        let project = project("", &people(second));
        project.write("sale.yaml", &text);
        assert_eq!(gates(&plan(&project).code(0)), gates_then, "{second}");
    };
    check("yes,UTC", "duplicate 1, toSend 2");
    check("no,UTC", "contradicting 2, toSend 1");
    check("no,Nowhere", "contradicting 2, toSend 1");
    check("yes,Nowhere", "contradicting 2, toSend 1");
    check("no", "contradicting 1, toSend 1, unreadable 1");
    check("no,UTC,more", "contradicting 1, toSend 1, unreadable 1");
}

#[test]
fn a_run_that_reaches_nobody_is_no_success() {
    let where_yes = campaign("    where: consent == \"yes\"\n", "Hi!");
    let people = format!("to,consent\n{},TRUE\n{},FALSE\n{},TRUE\n", id(1), id(2), id(3));
    let project = project("", &people);
    project.write("sale.yaml", &where_yes);
    let run = project.run(["plan", "--sandbox"]).code(4);
    says(
        &run,
        &[
            "no row of `people.csv` reaches anybody: 3 filtered by `where`",
            "to go on all the same: --accept nobody=3",
            "`consent` holds `TRUE` in 2 rows and `FALSE` in 1 row",
        ],
    );
    project.run(["apply", "--sandbox", "--auto-approve"]).code(4);
    project.run(["apply", "--sandbox", "--auto-approve", "--accept", "nobody=3"]).code(0);
    project.run(["apply", "--sandbox", "--auto-approve", "--accept", "nobody=2"]).code(4);
    project.write("sale.yaml", where_yes.replace("    where:", "    expect: { min: 0 }\n    where:"));
    project.run(["apply", "--sandbox", "--auto-approve"]).code(0);
    project.write("sale.yaml", &where_yes);
    project.write("people.csv", "to,consent\n");
    says(&project.run(["plan", "--sandbox"]).code(4), &["`people.csv` has no rows", "--accept nobody=0"]);
}

#[test]
fn limits_have_defaults_that_are_shown_and_passed_by_number() {
    let people = |wrong: usize, good: u64| {
        let mut people: Vec<String> = (0..wrong).map(|_| "cut,P".to_owned()).collect();
        people.extend((1..=good).map(|number| format!("{},P", id(number))));
        rows("to,name", &people)
    };
    let project = project("", &people(5, 20));
    says(
        &plan_text(&project, 0),
        &["limits: 10,000 messages an apply, audiences grow by 50%, 1% of the rows unreadable, no row may fail"],
    );
    project.write("people.csv", people(6, 20));
    says(
        &plan_text(&project, 4),
        &["24% of the rows of `people.csv` are unreadable (6 of 26)", "--accept unreadable=24"],
    );
    project.write("people.csv", people(6, 700));
    plan_text(&project, 0);
    project.write("people.csv", people(0, 10_001));
    says(&plan_text(&project, 4), &["10,001 messages to send, but at most 10,000 may be in one apply"]);
    // Limits are no part of what was approved.
    let digest = |project: &Project| plan(project).json()["digest"].clone();
    let before = digest(&project);
    project.write("sendform.yaml", format!("{PROJECT}limits: {{ messagesPerApply: 20000, failedRows: 3 }}\n"));
    plan_text(&project, 0);
    assert_eq!(digest(&project), before);
}

fn plan_text(project: &Project, code: i32) -> Run {
    project.run(["plan", "--sandbox"]).code(code)
}

#[test]
fn one_hostile_name_does_not_stop_everybody() {
    let people = rows(
        "to,name",
        &[format!("{},{{{{ name }}}}", id(1)), format!("{},{}", id(2), "x".repeat(1200)), format!("{},Ana", id(3))],
    );
    let project = project("", &people);
    let run = project.run(["plan", "--sandbox"]).code(3);
    says(&run, &["error[braces-left]", "error[text-too-long]", "--accept failed=2"]);
    project.run(["apply", "--sandbox", "--auto-approve", "--accept", "failed=1"]).code(3);
    let run = project.run(["apply", "--sandbox", "--auto-approve", "--accept", "failed=2"]).code(0);
    says(&run, &["warning[braces-left]", "2 failed", "+ 1 to send"]);
    project.write("sendform.yaml", format!("{PROJECT}limits: {{ failedRows: 2 }}\n"));
    project.run(["apply", "--sandbox", "--auto-approve"]).code(0);
}

#[test]
fn words_for_nothing_are_counted_where_a_text_shows_them() {
    let people = rows(
        "to,name,note",
        &[
            format!("{},NULL,NULL", id(1)),
            format!("{},NULL,x", id(2)),
            format!("{},#N/A,x", id(3)),
            format!("{},Null,x", id(4)),
            format!("{},FranÃ§ois,x", id(5)),
        ],
    );
    let run = project("", &people).run(["plan", "--sandbox"]).code(0);
    says(
        &run,
        &[
            "`name` is `NULL` in 2 rows that would be sent",
            "`name` is `#N/A` in 1 row that would be sent",
            "`name` has characters that were read in the wrong encoding in 1 row",
            "3 warnings",
        ],
    );
}

#[test]
fn times_of_webhooks_are_read_if_all_are_of_one_form() {
    let audience = campaign("    columns: { lastMessageAt: wrote }\n", "Hi!");
    let people = |times: &[&str]| {
        let row = |(time, number): (&&str, u64)| format!("{},{time}", id(number));
        rows("to,wrote", &times.iter().zip(1..).map(row).collect::<Vec<_>>())
    };
    let check = |times: &[&str], gates_then: &str, words: &[&str]| {
        let project = project("", &people(times));
        project.write("sale.yaml", &audience);
        let run = plan(&project);
        assert_eq!(gates(&run), gates_then, "{times:?}");
        says(&run, words);
    };
    // An hour before the sandbox's time.
    check(&["1796036400000", "1796036401000"], "toSend 2", &[]);
    check(&["1796036400", "1796036401"], "toSend 2", &[]);
    let mixed = ["1796036400000", "2026-11-30T11:00:00Z"];
    check(&mixed, "toSend 1, unreadable 1", &["a bare number, and other rows of the column have another form"]);
    let to_come = ["1796043600000", "1796036400000"];
    check(&to_come, "toSend 1, unreadable 1", &["the person's last message is still to come"]);
    check(&["30/11/2026 11:00", "2026-11-30T11:00:00Z"], "toSend 1, unreadable 1", &["`99/99/9999 99:99` in 1 row"]);
}
