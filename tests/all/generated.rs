//! What is generated is fresh, the examples work at any time, and a second validator agrees with
//! the program about the shape of files.

use std::fs;
use std::path::{Path, PathBuf};

use boon::{Compiler, Schemas};
use serde_json::Value;

use crate::support::{Project, examples};

/// All commands that have a help text.
const COMMANDS: [&[&str]; 26] = [
    &[],
    &["init"],
    &["validate"],
    &["schema"],
    &["plan"],
    &["apply"],
    &["stop"],
    &["resume"],
    &["status"],
    &["report"],
    &["log"],
    &["reconcile"],
    &["resolve"],
    &["sandbox"],
    &["ledger"],
    &["ledger", "init"],
    &["ledger", "verify"],
    &["ledger", "import"],
    &["ledger", "merge"],
    &["ledger", "copy"],
    &["ledger", "rebind"],
    &["ledger", "recover"],
    &["doctor"],
    &["completions"],
    &["man"],
    &["help"],
];

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_schemas_are_fresh() {
    let folder = repository().join("schema").display().to_string();
    Project::empty().run(["schema", "--check", &folder]).code(0);
}

#[test]
fn a_stale_schema_is_noticed_and_mended() {
    let project = Project::empty().file("schema/campaign.schema.json", "{}\n");
    insta::assert_snapshot!(project.run(["schema", "--check"]).code(3), @"
    exit code: 3
    schema/campaign.schema.json is not what `sendform schema` would write
    schema/project.schema.json is not what `sendform schema` would write
    ");
    project.run(["schema"]).code(0);
    project.run(["schema", "--check"]).code(0);
    // The output's schema is looked at where it is kept.
    project.write("schema/output.schema.json", "{}\n");
    insta::assert_snapshot!(project.run(["schema", "--check"]).code(3), @"
    exit code: 3
    schema/campaign.schema.json is up to date
    schema/project.schema.json is up to date
    schema/output.schema.json is not what `sendform schema` would write
    ");
}

#[test]
fn help_texts() {
    let project = Project::empty();
    for command in COMMANDS {
        let arguments: Vec<&str> = command.iter().copied().chain(["--help"]).collect();
        let run = match arguments.as_slice() {
            [one] => project.run([*one]),
            [one, two] => project.run([*one, *two]),
            [one, two, three] => project.run([*one, *two, *three]),
            _ => panic!("a command has at most two words"),
        };
        let name = if command.is_empty() { "sendform".to_owned() } else { command.join("-") };
        insta::assert_snapshot!(format!("help-{name}"), run.code(0).stdout);
    }
}

#[test]
fn the_examples_name_their_schema() {
    let folder = repository().join("campaigns");
    for path in yaml_files(&folder) {
        let text = fs::read_to_string(&path).unwrap();
        let schema = text.lines().next().and_then(|line| line.strip_prefix("# yaml-language-server: $schema="));
        let schema = schema.unwrap_or_else(|| panic!("{} does not begin with its schema", path.display()));
        assert!(folder.join(schema).is_file(), "{} names {schema}", path.display());
        let project = path.ends_with("sendform.yaml");
        assert_eq!(schema.ends_with("/project.schema.json"), project, "{}", path.display());
    }
}

#[test]
fn the_examples_can_be_planned_at_any_time() {
    let mut project = examples();
    project.unset("SENDFORM_KEY");
    for now in [None, Some("2026-11-22T00:00:00Z"), Some("2031-03-01T12:00:00Z")] {
        match now {
            None => project.unset("SENDFORM_NOW"),
            Some(now) => project.set("SENDFORM_NOW", now),
        }
        let run = project.run(["validate"]).code(0);
        assert!(run.stdout.starts_with("3 campaigns with 4 messages in 3 files: no errors"), "{run}");
    }
    project.unset("SENDFORM_NOW");
    let run = project.run(["plan", "--sandbox"]).code(0);
    assert!(!run.stderr.contains("error"), "{run}");
    assert!(run.stdout.contains(" on sandbox, 2026-11-30 12:00"), "{run}");
}

/// The second validator says of a file's shape what the program says.
#[test]
fn a_second_validator_agrees() {
    for path in yaml_files(&repository().join("campaigns")) {
        let text = fs::read_to_string(&path).unwrap();
        let kind = if path.ends_with("sendform.yaml") { "project" } else { "campaign" };
        assert!(boon_accepts(kind, &text), "{}", path.display());
    }
    let folder = repository().join("tests/all/fixtures");
    let paths = yaml_files(&folder);
    assert!(paths.len() > 15, "there are only {} fixtures", paths.len());
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let accepted = boon_accepts("campaign", &text);
        let run = Project::new().campaign("sale", &text).run(["validate", "--format", "json"]);
        let codes: Vec<String> = run.json()["diagnostics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|diagnostic| diagnostic["code"].as_str().unwrap().to_owned())
            .collect();
        let shape = codes.iter().any(|code| SHAPE_CODES.contains(&code.as_str()));
        assert_eq!(accepted, !shape, "{}: {codes:?}", path.display());
    }
}

/// The codes of mistakes that a schema can see.
const SHAPE_CODES: [&str; 8] =
    ["unknown-key", "missing-key", "unquoted", "wrong-type", "not-allowed", "out-of-bounds", "bad-pattern", "shape"];

fn boon_accepts(kind: &str, text: &str) -> bool {
    let path = repository().join(format!("schema/{kind}.schema.json")).display().to_string();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let schema = compiler.compile(&path, &mut schemas).unwrap_or_else(|error| panic!("{path}: {error}"));
    let value: Value = serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    schemas.validate(&value, schema).is_ok()
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    paths.sort();
    paths
}
