//! Where an audience may lie: no path leads out of the project, and nothing hangs.

use std::os::unix::fs::symlink;
use std::process::Command;

use crate::support::{Project, Run};

fn project() -> Project {
    Project::new().file("people.csv", "to\n17841400000000001\n").file("audiences/.keep", "")
}

/// Validates and plans with an audience at a path; both must refuse it for the same reason.
#[track_caller]
fn refused(project: Project, path: &str) -> Run {
    let campaign = format!(
        "campaign: sale\naudiences: {{ people: {{ csv: \"{path}\" }} }}\nmessages:\n  \
         - {{ id: hello, sender: shop, audience: people, content: {{ type: TEXT, text: Hi }} }}\n"
    );
    let project = project.campaign("sale", &campaign);
    let planned = project.run(["plan", "--sandbox"]).code(3);
    let validated = project.run(["validate"]).code(3);
    let told = validated.stdout.lines().next().unwrap_or_default();
    assert!(format!("{}{}", planned.stdout, planned.stderr).contains(told), "{planned}\n{validated}");
    validated
}

#[test]
fn upwards_or_absolute() {
    insta::assert_snapshot!(refused(project(), "../people.csv"), @r#"
    exit code: 3
    error[bad-path]: the path leads upwards
     --> sale.yaml:2:29
      |
    2 | audiences: { people: { csv: "../people.csv" } }
      |                             ^^^^^^^^^^^^^^^
      |
      = help: write it relative to the project's folder, with `/`, such as `audiences/people.csv`

    1 error
    "#);
    insta::assert_snapshot!(refused(project(), "/etc/passwd"), @r#"
    exit code: 3
    error[bad-path]: the path is not relative
     --> sale.yaml:2:29
      |
    2 | audiences: { people: { csv: "/etc/passwd" } }
      |                             ^^^^^^^^^^^^^
      |
      = help: write it relative to the project's folder, with `/`, such as `audiences/people.csv`

    1 error
    "#);
    insta::assert_snapshot!(refused(project(), "audiences/../../people.csv"), @r#"
    exit code: 3
    error[bad-path]: the path leads upwards
     --> sale.yaml:2:29
      |
    2 | audiences: { people: { csv: "audiences/../../people.csv" } }
      |                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write it relative to the project's folder, with `/`, such as `audiences/people.csv`

    1 error
    "#);
    insta::assert_snapshot!(refused(project(), "C:\\\\people.csv"), @r#"
    exit code: 3
    error[bad-path]: the path holds a backslash
     --> sale.yaml:2:29
      |
    2 | audiences: { people: { csv: "C:\\people.csv" } }
      |                             ^^^^^^^^^^^^^^^^
      |
      = help: write it relative to the project's folder, with `/`, such as `audiences/people.csv`

    1 error
    "#);
}

#[test]
fn a_link_that_leads_out() {
    let elsewhere = project();
    let project = project();
    symlink(elsewhere.path("people.csv"), project.path("linked.csv")).unwrap();
    symlink("people.csv", project.path("inside.csv")).unwrap();
    symlink(elsewhere.folder(), project.path("folder")).unwrap();
    insta::assert_snapshot!(refused(project, "linked.csv"), @r#"
    exit code: 3
    warning[not-read]: links to folders are not followed: campaigns behind this one are not read
    --> folder
     = help: copy them, or write `ignore: [ folder ]` into sendform.yaml if there are none

    error[bad-path]: `linked.csv`: the path leads out of the project's folders
     --> sale.yaml:2:29
      |
    2 | audiences: { people: { csv: "linked.csv" } }
      |                             ^^^^^^^^^^^^

    1 error, 1 warning
    "#);
    let project = self::project();
    symlink(elsewhere.folder(), project.path("folder")).unwrap();
    insta::assert_snapshot!(refused(project, "folder/people.csv"), @r#"
    exit code: 3
    warning[not-read]: links to folders are not followed: campaigns behind this one are not read
    --> folder
     = help: copy them, or write `ignore: [ folder ]` into sendform.yaml if there are none

    error[bad-path]: `folder/people.csv`: the path leads out of the project's folders
     --> sale.yaml:2:29
      |
    2 | audiences: { people: { csv: "folder/people.csv" } }
      |                             ^^^^^^^^^^^^^^^^^^^

    1 error, 1 warning
    "#);
}

#[test]
fn what_is_no_file() {
    insta::assert_snapshot!(refused(project(), "audiences"), @r#"
    exit code: 3
    error[bad-path]: `audiences`: it is not a regular file
     --> sale.yaml:2:29
      |
    2 | audiences: { people: { csv: "audiences" } }
      |                             ^^^^^^^^^^^

    1 error
    "#);
    let project = project();
    assert!(Command::new("mkfifo").arg(project.path("pipe.csv")).status().unwrap().success());
    insta::assert_snapshot!(refused(project, "pipe.csv"), @r#"
    exit code: 3
    error[bad-path]: `pipe.csv`: it is not a regular file
     --> sale.yaml:2:29
      |
    2 | audiences: { people: { csv: "pipe.csv" } }
      |                             ^^^^^^^^^^

    1 error
    "#);
    insta::assert_snapshot!(refused(self::project(), "missing.csv"), @r#"
    exit code: 3
    error[file-missing]: `missing.csv`: there is no such file
     --> sale.yaml:2:29
      |
    2 | audiences: { people: { csv: "missing.csv" } }
      |                             ^^^^^^^^^^^^^
      |
      = help: a path is relative to the project's folder, or to the data folder

    1 error
    "#);
}

#[test]
fn the_data_folder_is_one_more_place() {
    let elsewhere = project();
    let project = Project::new().campaign(
        "sale",
        "campaign: sale\naudiences: { people: { csv: people.csv } }\nmessages:\n  \
         - { id: hello, sender: shop, audience: people, content: { type: TEXT, text: Hi } }\n",
    );
    project.run(["validate"]).code(3);
    let folder = elsewhere.folder().display().to_string();
    project.run(["validate", "--data", &folder]).code(0);
    project.run(["plan", "--sandbox", "--data", &folder]).code(0);
}
