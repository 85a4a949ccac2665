//! Audiences as they come out of spreadsheets and exports: in other dialects and encodings, with blank
//! and broken rows, and under wrong names.

use serde_json::Value;

use crate::support::{Project, Run};

/// A project whose only audience is this file, read with these keys.
fn project(keys: &str, path: &str, bytes: impl AsRef<[u8]>) -> Project {
    let campaign = format!(
        "\
campaign: sale
audiences:
  people: {{ {keys}, columns: {{ to: user_id }} }}
messages:
  - id: hello
    sender: shop
    audience: people
    content: {{ type: TEXT, text: \"Hi {{{{ name | fallback('you') }}}}\" }}
"
    );
    Project::new().campaign("sale", &campaign).file(path, bytes)
}

/// Plans a CSV file.
fn csv(bytes: impl AsRef<[u8]>) -> Run {
    project("csv: people.csv", "people.csv", bytes).run(["plan", "--sandbox", "--reveal", "--format", "json"])
}

/// Plans a CSV file, with more keys of its audience.
fn csv_with(keys: &str, bytes: impl AsRef<[u8]>) -> Run {
    project(&format!("csv: people.csv, {keys}"), "people.csv", bytes).run([
        "plan",
        "--sandbox",
        "--reveal",
        "--format",
        "json",
    ])
}

/// The only error of a plan, as `code file:line: message (help)`; nobody is sent to.
#[track_caller]
fn error(run: Run) -> String {
    let plan = run.code(3).json();
    assert_eq!(plan["toSend"], 0);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let errors: Vec<String> = plan["diagnostics"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|found| found["severity"] == "error")
        .map(|found| {
            let line = found["line"].as_u64().map(|line| format!(":{line}")).unwrap_or_default();
            let [code, file, message, help] = ["code", "file", "message", "help"].map(|key| text(&found[key]));
            format!("{code} {file}{line}: {message} ({help})")
        })
        .collect();
    let [only] = errors.as_slice() else { panic!("one error is wanted: {errors:#?}") };
    only.clone()
}

/// How many are sent to.
#[track_caller]
fn sent(run: &Run) -> u64 {
    assert!(run.code == Some(0) || run.code == Some(4), "{run}");
    run.json()["toSend"].as_u64().unwrap_or_default()
}

/// Checks how many are sent to, and that they get one of these texts.
#[track_caller]
fn check_sent(run: &Run, count: u64, texts: &[&str]) {
    assert_eq!(sent(run), count, "{run}");
    let samples = run.json()["messages"][0]["samples"].as_array().cloned().unwrap_or_default();
    assert!(!samples.is_empty(), "{run}");
    for sample in samples {
        assert!(texts.contains(&sample["text"].as_str().unwrap_or_default()), "{run}");
    }
}

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

#[test]
fn utf16_is_named_and_read_when_it_is_declared() {
    let text = "user_id\tname\r\n17841455500000001\tChloë\r\n17841455500000002\tŁukasz\r\n";
    let files = [
        utf16(&format!("\u{feff}{text}"), u16::to_le_bytes),
        utf16(&format!("\u{feff}{text}"), u16::to_be_bytes),
        utf16(text, u16::to_le_bytes),
        utf16(text, u16::to_be_bytes),
    ];
    for file in files {
        insta::allow_duplicates! {
            insta::assert_snapshot!(error(csv(&file)), @r#"encoding people.csv: the file is UTF-16, not UTF-8 (write `encoding: utf-16` under the audience, or save the file in UTF-8 (in Excel, as "CSV UTF-8"))"#);
        }
        check_sent(&csv_with("encoding: utf-16", &file), 2, &["Hi Chloë", "Hi Łukasz"]);
    }
}

#[test]
fn a_line_for_spreadsheets_is_obeyed() {
    check_sent(&csv("sep=;\r\nuser_id;name\r\n17841455500000001;Kos, Ana\r\n"), 1, &["Hi Kos, Ana"]);
    check_sent(&csv("sep=,\r\nuser_id,name\r\n17841455500000001,Ana\r\n"), 1, &["Hi Ana"]);
    check_sent(&csv("\u{feff}\"sep=\t\"\nuser_id\tname\n17841455500000001\tAna\n"), 1, &["Hi Ana"]);
}

#[test]
fn a_file_in_the_encoding_of_old_spreadsheets_is_one_error() {
    let rows = b"user_id,name\r\n17841455500000001,Ana\r\n17841455500000002,Chlo\xeb\r\n17841455500000003,Ren\xe9e\r\n";
    insta::assert_snapshot!(error(csv(rows)), @r#"encoding people.csv:3: the file is not UTF-8: 2 rows hold other bytes, this one first (it is probably windows-1252: write `encoding: windows-1252` under the audience, or save the file in UTF-8 (in Excel, as "CSV UTF-8"))"#);
    insta::assert_snapshot!(error(csv(b"user_id,pr\xe9nom\r\n17841455500000001,Ana\r\n")), @r#"encoding people.csv:1: the file is not UTF-8: its header holds other bytes (it is probably windows-1252: write `encoding: windows-1252` under the audience, or save the file in UTF-8 (in Excel, as "CSV UTF-8"))"#);
    check_sent(&csv_with("encoding: windows-1252", rows), 3, &["Hi Ana", "Hi Chloë", "Hi Renée"]);
    let many: Vec<u8> = (0..3000_u32)
        .flat_map(|row| {
            [format!("178414555{row:08},").as_bytes(), if row % 2 == 0 { b"Ana\n" } else { b"Zo\xeb\n" }].concat()
        })
        .collect();
    let found = error(csv([b"user_id,name\n", many.as_slice()].concat()));
    assert!(found.starts_with("encoding people.csv:3: the file is not UTF-8: 1,500 rows hold other bytes"), "{found}");
}

#[test]
fn a_damaged_row_among_good_ones_stays_a_row() {
    let rows: String = (0..400_u32).map(|row| format!("178414555{row:08},Zoë\n")).collect();
    let run = csv([format!("user_id,name\n{rows}").as_bytes(), b"17841455590000000,Zo\xeb\n"].concat());
    assert_eq!(run.json()["messages"][0]["gates"]["unreadable"], 1, "{run}");
    check_sent(&run, 400, &["Hi Zoë"]);
}

#[test]
fn other_columns_and_rows_than_with_commas() {
    check_sent(&csv("\u{feff}user_id;name;spent\r\n17841455500000001;Ana;12,50\r\n"), 1, &["Hi Ana"]);
    check_sent(&csv("user_id\tname\n17841455500000001\tAna\n"), 1, &["Hi Ana"]);
    check_sent(&csv("user_id|name\n17841455500000001|Ana\n"), 1, &["Hi Ana"]);
    check_sent(&csv("\u{feff}\"user_id\",\"name\"\r\n\"17841455500000001\",\"Kos, Ana\"\r\n"), 1, &["Hi Kos, Ana"]);
    check_sent(&csv_with("delimiter: \"^\"", "user_id^name\n17841455500000001^Ana\n"), 1, &["Hi Ana"]);
    insta::assert_snapshot!(error(csv("user_id\r\n17841455500000001;Ana\r\n17841455500000002;Bo\r\n")), @"bad-header people.csv:1: the header has one column, and the rows have several, with `;` between them (name every column in the first line)");
    insta::assert_snapshot!(error(csv("user_id,name\r17841455500000001,Ana\r")), @r#"bad-header people.csv:1: the header holds a bare carriage return (save the file with ordinary line ends, as "CSV UTF-8" of Excel has)"#);
    insta::assert_snapshot!(error(csv("user_id,a;user_id\n17841455500000001,a;b\n")), @"bad-header people.csv:1: `,` and `;` may stand between the columns: there is a column `user_id` either way (say which it is under the audience, such as `delimiter: \";\"`)");
}

#[test]
fn what_is_blank_costs_nobody_their_message() {
    check_sent(
        &csv("user_id,name,,,\r\n17841455500000001,Ana,,,\r\n17841455500000002,Bo,,,\r\n,,,,\r\n,,,,\r\n"),
        2,
        &["Hi Ana", "Hi Bo"],
    );
    check_sent(&csv("user_id,name\r\n17841455500000001,Ana\r\n,\r\n\r\n,\r\n"), 1, &["Hi Ana"]);
    check_sent(&csv("\n\nuser_id,name\n17841455500000001,Ana,\n"), 1, &["Hi Ana"]);
    check_sent(&csv(",user_id,,name\n,17841455500000001,,Ana\n"), 1, &["Hi Ana"]);
    let ragged =
        csv("user_id,name,city\n17841455500000001,Ana\n17841455500000002,Bo,Split,x\n17841455500000003,Cy,Split,\n");
    assert_eq!(ragged.json()["messages"][0]["gates"]["unreadable"], 2, "{ragged}");
    check_sent(&ragged, 1, &["Hi Cy"]);
}

#[test]
fn a_header_that_cannot_be_meant_is_explained() {
    insta::assert_snapshot!(error(csv("Our customers,,\nExported today,,\n,,\nuser_id,name,city\n17841455500000001,Ana,Split\n")), @"bad-header people.csv:1: line 1 is no header: line 4 has the column `user_id` (delete the lines above line 4)");
    insta::assert_snapshot!(error(csv("user_id,name,name\n17841455500000001,Ana,Bo\n")), @"bad-header people.csv:1: two columns are called `name` (rename column 2 or column 3, or leave one of them out of the export)");
    insta::assert_snapshot!(error(csv("user_id,name,,\n17841455500000001,Ana,,\n17841455500000002,Kos, Bo,\n")), @"unreadable-row people.csv:3: this row has a value in column 3, which has no name (name the column in the header; or the columns of the row are shifted: a text with `,` in it needs quotes)");
}

#[test]
fn names_of_columns_match_across_kinds_of_blanks() {
    let campaign = "\
campaign: sale
audiences:
  people:
    csv: people.csv
    columns: { to: User ID }
    where: column(\"Opted In\") == \"yes\"
messages:
  - id: hello
    sender: shop
    audience: people
    content: { type: TEXT, text: \"Hi {{ column('First Name') }} in {{ city }}\" }
";
    let rows = "\u{feff}User\u{a0}ID ,First\u{a0}Name,\u{200b}city,Opted\u{2009}In\n17841455500000001,Ana,Split,yes\n";
    let project = Project::new().campaign("sale", campaign).file("people.csv", rows);
    let run = project.run(["plan", "--sandbox", "--reveal", "--format", "json"]);
    check_sent(&run, 1, &["Hi Ana in Split"]);
    project.write("sale.yaml", campaign.replace("First Name", "First\u{a0}Name"));
    let run = project.run(["plan", "--sandbox", "--reveal", "--format", "json"]);
    check_sent(&run, 1, &["Hi Ana in Split"]);
}

#[test]
fn a_file_that_is_no_table_is_one_error() {
    let check = |bytes: &[u8], expect: &str| {
        let found = error(csv(bytes));
        assert!(found.starts_with(&format!("wrong-format people.csv: the file is {expect}, not CSV (")), "{found}");
    };
    check(b"PK\x03\x04\x14\0[Content_Types].xml<x/>PK\x03\x04xl/workbook.xml", "an Excel workbook");
    check(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0", "an old Excel workbook");
    check(b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "compressed with gzip");
    check(b"<!doctype html><title>Sign in</title>", "a web page");
    check(b"[\n  {\"user_id\": \"17841455500000001\"}\n]\n", "a JSON array");
    insta::assert_snapshot!(error(csv("version https://git-lfs.github.com/spec/v1\noid sha256:0d\nsize 7\n")), @"wrong-format people.csv: the file is a Git LFS pointer, not CSV (the content is not here: fetch it with `git lfs pull`; in CI, check out with LFS)");
    let run = project("csv: people.csv.gz", "people.csv.gz", "user_id,name\n17841455500000001,Ana\n").run([
        "plan",
        "--sandbox",
        "--format",
        "json",
    ]);
    insta::assert_snapshot!(error(run), @"file-missing sale.yaml:3: `people.csv.gz`: its name says that it is compressed, and it is not: name it without `.gz` or `.zst` ()");
    let array = project("ndjson: people.ndjson", "people.ndjson", "[{\"user_id\":\"17841455500000001\"}]\n");
    insta::assert_snapshot!(error(array.run(["plan", "--sandbox", "--format", "json"])), @"wrong-format people.ndjson: the file is a JSON array, not NDJSON (write one object a line, with `jq -c '.[]'`)");
}

#[test]
fn a_path_that_does_not_exist_suggests_one_that_does() {
    let check = |path: &str, expect: &str| {
        let project = project(&format!("csv: {path}"), "audiences/people.csv", "user_id,name\n17841455500000001,Ana\n");
        let found = error(project.run(["plan", "--sandbox", "--format", "json"]));
        assert_eq!(found, format!("file-missing sale.yaml:3: `{path}`: there is no such file ({expect})"));
    };
    let meant = "did you mean `audiences/people.csv`?";
    check("Audiences/People.CSV", meant);
    check("campaigns/audiences/people.csv", meant);
    check("people.csv", meant);
    check("audiences/poeple.csv", meant);
    check("audiences/people.csv.gz", meant);
    check("audiences/opt-outs.csv", "a path is relative to the project's folder, or to the data folder");
}

#[test]
fn numbers_and_truth_values_are_their_literal_text() {
    let rows = "\
{\"user_id\":\"17841455500000001\",\"name\":12.50}
{\"user_id\":17841455500000002,\"name\":true}
{\"user_id\":\"17841455500000003\",\"name\":1e3}
{\"user_id\":1.7841455500000004e16,\"name\":\"x\"}
{\"user_id\":\"17841455500000005\",\"name\":[\"a\"]}
{'user_id':\"17841455500000006\"}
{\"user_id\":\"17841455500000007\",\"name\":NaN}
{\"user_id\":\"17841455500000008\",\"name\":\"y\",}
";
    let run = project("ndjson: people.ndjson", "people.ndjson", rows).run([
        "plan",
        "--sandbox",
        "--reveal",
        "--format",
        "json",
    ]);
    assert_eq!(run.json()["messages"][0]["gates"]["unreadable"], 5, "{run}");
    check_sent(&run, 3, &["Hi 12.50", "Hi 1e3", "Hi true"]);
}

#[test]
fn nobody_vanishes_in_the_note_of_another() {
    let rows = |at: u32, note: &str| -> String {
        let row = |number: u32| {
            let note = if number == at { note.to_owned() } else { format!("note {number}") };
            format!("178414555{number:08},Name{number},{note}\n")
        };
        format!("user_id,name,note\n{}", (1..=30).map(row).collect::<String>())
    };
    let swallowed = rows(8, "\"12 inch screen").replace("note 20\n", "7\" tablet\n");
    insta::assert_snapshot!(error(csv(&swallowed)), @"unreadable-row people.csv:9: the row at line 9 spans 13 lines, and line 10 looks like a row of its own (a quote is probably missing in line 9, or one too many stands there; if the text is right, take the line breaks out of it)");
    insta::assert_snapshot!(error(csv(rows(8, "\"12 inch screen"))), @"unreadable-row people.csv:9: a quote in this row is never closed (all rows after it are swallowed: close the quote, or write it twice)");
    let run = csv(rows(8, "\"12\" screen"));
    assert_eq!(run.json()["messages"][0]["gates"]["unreadable"], 1, "{run}");
    assert_eq!(sent(&run), 29);
    assert_eq!(sent(&csv(rows(8, "5\" or 7\" frame"))), 30);
    assert_eq!(sent(&csv(rows(8, "\"Main street 1\n10000 Zagreb\nCroatia\""))), 30);
}

#[test]
fn line_ends_make_no_difference() {
    let rows = "user_id,name\n17841455500000001,\"Ana\nMaria\"\n17841455500000002,Bo\n";
    let project = project("csv: people.csv", "people.csv", rows);
    let digest = || project.run(["plan", "--sandbox", "--format", "json"]).code(0).json()["digest"].clone();
    let expect = digest();
    for other in [rows.replace('\n', "\r\n"), rows.replace('\n', "\r\r\n"), format!("\u{feff}{rows}")] {
        project.write("people.csv", &other);
        assert_eq!(digest(), expect, "{other:?}");
    }
    let campaign = project.read("sale.yaml").replace("csv: people.csv", "ndjson: people.ndjson");
    project.write("sale.yaml", campaign);
    let json = "\
{\"user_id\":\"17841455500000001\",\"name\":\"Ana\\r\\nMaria\"}
{\"user_id\":\"17841455500000002\",\"name\":\"Bo\"}
";
    project.write("people.ndjson", json);
    assert_eq!(digest(), expect);
}

#[test]
fn what_is_too_large_is_refused_or_counted() {
    let names: String = (0..1200).map(|column| format!(",c{column}")).collect();
    let found = error(csv(format!("user_id,name{names}\n")));
    assert!(found.contains("an audience has 1 to 1000 columns, and here are 1202"), "{found}");
    let rows = format!("user_id,name,note\n17841455500000001,Ana,\n17841455500000002,Bo,{}\n", "x".repeat(2_000_000));
    let run = csv(rows);
    assert_eq!(run.json()["messages"][0]["gates"]["unreadable"], 1, "{run}");
    check_sent(&run, 1, &["Hi Ana"]);
    let long = "n".repeat(70_000);
    let rows = format!("user_id,name,{long}\n17841455500000001,Ana,x\n");
    check_sent(&csv(rows), 1, &["Hi Ana"]);
}

#[test]
fn lines_in_messages_are_those_of_the_file() {
    // Behind a mark, a line for spreadsheets and a blank line, with a row over two lines, in another encoding.
    let text = "\u{feff}sep=;\r\n\r\nuser_id;name\r\n17841455500000001;\"Ana\r\nMaria\"\r\n17841455500000002\r\n";
    for file in [utf16(text, u16::to_le_bytes), text.as_bytes().to_vec()] {
        let encoding = if file.first() == Some(&0xff) { "encoding: utf-16le" } else { "encoding: utf-8" };
        let plan = csv_with(encoding, &file).json();
        let lines: Vec<u64> =
            plan["diagnostics"].as_array().into_iter().flatten().filter_map(|found| found["line"].as_u64()).collect();
        assert_eq!(lines, [6], "{plan:#}");
    }
}

#[test]
fn an_encoding_that_nobody_knows_is_told() {
    let found = |encoding: &str| error_of_validate_in(&format!("csv: people.csv, encoding: {encoding}"));
    insta::assert_snapshot!(found("windows1252"), @"not-allowed: there is no encoding `windows1252` (did you mean `windows-1252`?)");
    insta::assert_snapshot!(found("ansi"), @"not-allowed: there is no encoding `ansi` (there are `utf-8`, `utf-16`, `utf-16le`, `utf-16be`, `windows-1250`, `windows-1251`, `windows-1252`, `windows-1253`, `windows-1254`, `windows-1255`, `windows-1256`, `iso-8859-2`, `macintosh`, `shift_jis`, `gb18030` and `big5`; or save the file in UTF-8)");
    let message = error_of_validate_in("rows: [{ user_id: \"17841455500000001\", name: Ana }], encoding: utf-8");
    insta::assert_snapshot!(message, @"unknown-key: `encoding` has no meaning for rows that are written here ()");
    let message = error_of_validate_in("ndjson: people.csv, delimiter: \";\"");
    insta::assert_snapshot!(message, @"unknown-key: `delimiter` has no meaning for NDJSON ()");
    let run = project("csv: people.csv, encoding: latin1", "people.csv", "user_id,name\n").run(["validate"]);
    assert_eq!(run.code, Some(0), "{run}");
}

/// The first error that `validate` finds in a campaign whose audience has these keys.
#[track_caller]
fn error_of_validate_in(keys: &str) -> String {
    let run = project(keys, "people.csv", "user_id,name\n").run(["validate", "--format", "json"]);
    let document = run.code(3).json();
    let found = &document["diagnostics"][0];
    let [code, message, help] = ["code", "message", "help"].map(|key| found[key].as_str().unwrap_or_default());
    format!("{code}: {message} ({help})")
}
