//! `sendform init`.

use std::process::Command;

use crate::support::{KEY, Project};

#[test]
fn a_new_project_plans_at_once() {
    let mut project = Project::empty();
    project.unset("SENDFORM_KEY");
    insta::assert_snapshot!(project.run(["init", "--dir", "shop"]), @r#"
    exit code: 0
    wrote shop/sendform.yaml
    wrote shop/welcome.yaml
    wrote shop/audiences/customers.csv
    wrote shop/schema/campaign.schema.json
    wrote shop/schema/project.schema.json
    wrote shop/.gitattributes
    wrote shop/.gitignore

    Try it without a gateway:
      sendform apply --dir shop --sandbox

    With a gateway (its base URL in the project file, its key in SENDFORM_API_KEY), once:
      export SENDFORM_KEY="$(head -c 32 /dev/urandom | base64)"   # make it once, keep it like a password
      sendform ledger init --dir shop
    "#);
    insta::assert_snapshot!(project.run(["validate", "--dir", "shop"]), @"
    exit code: 0
    1 campaign with 1 message in 1 file: no errors in the files; the rows of audiences are read by `sendform --dir shop plan`
    ");
    let plan = project.run(["plan", "--dir", "shop", "--sandbox"]);
    insta::assert_snapshot!(project.read("shop/sendform.yaml").lines().next().unwrap_or_default(), @"# yaml-language-server: $schema=schema/project.schema.json");
    insta::assert_snapshot!(plan.stdout.lines().next().unwrap_or_default().split_once(' ').map_or("", |(_, tail)| tail), @"on sandbox, 2026-11-30 12:00 UTC, 1 campaign in 1 file");
    assert_eq!(plan.code(0).stderr, "");
}

#[test]
fn the_default_folder_is_found_again() {
    let project = Project::empty();
    project.run(["init"]).code(0);
    project.run(["validate"]).code(0);
    project.run(["plan", "--sandbox"]).code(0);
}

#[test]
fn a_folder_that_was_named_is_in_every_command_that_is_told() {
    let project = Project::empty().env("SENDFORM_BASE_URL", "http://127.0.0.1:1");
    let begun = project.run(["init", "--dir", "my shop"]).code(0);
    assert!(begun.stdout.contains("\n  sendform apply --dir 'my shop' --sandbox\n"), "{begun}");
    insta::assert_snapshot!(project.run(["status", "--dir", "my shop"]), @"
    exit code: 8
    ----- stderr
    error: there is no ledger at `my shop/sendform.lock`
      hint: if something was sent before, bring it back, from git or a backup; else `sendform --dir 'my shop' ledger init` makes it
    ");
    project.run(["ledger", "init", "--dir", "my shop"]).code(0);
    insta::assert_snapshot!(project.run(["plan", "--dir", "my shop", "--out", "x.plan"]).code(0).stderr, @"wrote x.plan: `sendform --dir 'my shop' apply x.plan` sends this, and nothing else");
    let failure = project.run(["resolve", "x", "--sent", "--reason", "y", "--dir", "my shop", "--format", "json"]);
    assert_eq!(failure.json()["hints"][0], "`sendform --dir 'my shop' status` lists what is in doubt");
}

#[test]
fn a_project_is_begun_once() {
    let project = Project::empty();
    project.run(["init"]).code(0);
    let before = project.read("campaigns/sendform.yaml");
    insta::assert_snapshot!(project.run(["init"]), @"
    exit code: 64
    ----- stderr
    error: there is a project in `campaigns` already
      hint: another project begins in a folder of its own: `sendform init --dir FOLDER`
    ");
    assert_eq!(project.read("campaigns/sendform.yaml"), before);
}

#[test]
fn what_is_there_is_kept() {
    let project = Project::empty().file("campaigns/.gitignore", "mine\n");
    let run = project.run(["init"]).code(0);
    assert!(run.stdout.contains("kept  campaigns/.gitignore\n"), "{run}");
    assert_eq!(project.read("campaigns/.gitignore"), "mine\n");
}

#[test]
fn a_folder_may_be_called_anything() {
    let project = Project::empty();
    let begin = |folder: &str| {
        let path = project.path(folder);
        std::fs::create_dir_all(&path).unwrap();
        let run = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_sendform"));
            command.env_clear().env("PATH", "/usr/bin:/bin").env("SENDFORM_KEY", KEY);
            let output = command.args(arguments).current_dir(&path).output().unwrap();
            assert!(output.status.success(), "{folder}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        let told = run(&["init"]);
        run(&["validate"]);
        let plan = run(&["plan", "--sandbox"]);
        let name = plan.split_once(" on sandbox").unwrap().0.to_owned();
        (name, told.lines().find(|line| line.starts_with("The project")).unwrap_or_default().to_owned())
    };
    for folder in ["2026", "on", "null", "007", "1e3", "shop"] {
        assert_eq!(begin(folder), (folder.to_owned(), String::new()));
    }
    let words = |name: &str| {
        (
            name.to_owned(),
            format!("The project is called `{name}`. That is part of every identity: change it now, or never."),
        )
    };
    assert_eq!(begin("My Shop"), words("my-shop"));
    assert_eq!(begin("Käse"), words("kase"));
    assert_eq!(begin("магазин"), words("my-project"));
}

#[test]
fn whoever_wants_no_notes_gets_none() {
    let project = Project::empty();
    let told = project.run(["init", "-q"]).code(0);
    assert!(told.stdout.lines().all(|line| line.starts_with("wrote ")) || told.stdout.contains("is called"), "{told}");
    assert!(!told.stdout.contains("Try it"), "{told}");
}

#[test]
fn a_second_project_takes_nobodys_place_unless_its_folder_is_named() {
    let file = "project: acme-shop\n";
    // The folder of a project, a folder below it, and one below that of a project in `campaigns`.
    for (holds, here, named) in [
        ("sendform.yaml", ".", "`.`"),
        ("sendform.yaml", "deep/below", "`../..`"),
        ("campaigns/sendform.yaml", "deep/below", "`../../campaigns`"),
    ] {
        let project = Project::empty().file(holds, file).file("deep/below/note.txt", "");
        let init = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_sendform"));
            command.env_clear().env("PATH", "/usr/bin:/bin").arg("init").args(arguments);
            command.current_dir(project.path(here)).output().unwrap()
        };
        let refused = init(&[]);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(64), "{said}");
        assert!(said.contains(&format!("there is a project in {named} already")), "{said}");
        assert!(said.contains("`sendform init --dir FOLDER`"), "{said}");
        assert!(!project.path(here).join("campaigns/welcome.yaml").exists());
        assert!(init(&["--dir", "shops/outlet"]).status.success());
        assert!(init(&["shops/other"]).status.success());
        assert!(project.path(here).join("shops/outlet/sendform.yaml").is_file());
        assert_eq!(project.read(holds), file);
    }
}
