//! Campaigns in folders, other YAML files among them, and several projects in one repository.

use crate::support::Project;

fn campaign(id: &str) -> String {
    format!(
        "campaign: {id}\naudiences: {{ people: {{ csv: lists/people.csv }} }}\nmessages:\n  \
         - {{ id: hello, sender: shop, audience: people, content: {{ text: \"Hi {{{{ name }}}}\" }} }}\n"
    )
}

fn project() -> Project {
    Project::new().file("lists/people.csv", "to,name\n17841455500000001,Ana\n").campaign("spring", &campaign("spring"))
}

#[test]
fn campaigns_are_read_wherever_they_lie() {
    let project = project()
        .file("2027-01/recall.yaml", campaign("recall"))
        .file("2027-01/late/thanks.yml", campaign("thanks"))
        .file("Next.YML", campaign("next"))
        .file(".github/workflows/ci.yaml", "on: push\n")
        .file("elsewhere/sendform.yaml", "project: elsewhere\n")
        .file("elsewhere/theirs.yaml", campaign("spring"));
    insta::assert_snapshot!(project.run(["validate"]), @"
    exit code: 0
    4 campaigns with 4 messages in 4 files: no errors in the files; the rows of audiences are read by `sendform plan`
    not read: elsewhere, which is a project of its own
    ");
    let plan = project.run(["plan", "--sandbox"]).code(0);
    assert!(plan.stdout.contains(", 4 campaigns in 4 files\n"), "{plan}");
    assert!(plan.stdout.contains("\n4 messages to send in 4 bulks\n"), "{plan}");
    assert_eq!(project.run(["plan", "--sandbox", "--format", "json"]).json()["files"], 4);
}

#[test]
fn a_copy_that_is_only_kept_is_found_and_ignored() {
    let project = project().file("archive/2025/spring.yaml", campaign("spring"));
    insta::assert_snapshot!(project.run(["validate"]).code(3), @"
    exit code: 3
    error[duplicate-id]: another campaign has the id `spring`
     --> archive/2025/spring.yaml:1:11
      |
    1 | campaign: spring
      |           ^^^^^^
      |
     ::: spring.yaml:1:11
      |
    1 | campaign: spring
      |           ------ first here
      |
      = help: a copy of a campaign needs an id of its own; a file that is only kept is listed in sendform.yaml, under `ignore`

    1 error
    ");
    for ignored in ["archive", "archive/", "archive/2025/spring.yaml"] {
        project.write(
            "sendform.yaml",
            format!("project: acme-shop\nsenders: {{ shop: SHOP-ACCOUNT }}\nignore: [ {ignored} ]\n"),
        );
        let run = project.run(["validate"]).code(0);
        assert!(run.stdout.starts_with("1 campaign with 1 message in 1 file: "), "{run}");
    }
    project.write("sendform.yaml", "project: acme-shop\nignore: [ \"archive/*\" ]\n");
    let run = project.run(["validate"]).code(3);
    assert!(run.stdout.contains("patterns are not known here"), "{run}");
}

#[test]
fn what_is_no_campaign_is_named_with_its_remedy() {
    let project = project()
        .file("dependabot.yaml", "version: 2\nupdates: []\n")
        .file("deploy/a.yaml", "kind: Job\n---\nkind: Service\n")
        .file("deploy/b.yaml", "image: &i x\nother: *i\n")
        .file("deploy/c.yml", "x: {{ .Values.x }}\n")
        .file("deploy/d/e.yaml", "a: b\n");
    insta::assert_snapshot!(project.run(["validate"]).code(3), @"
    exit code: 3
    error[not-a-campaign]: this YAML file is not a campaign: it has no `campaign:`
    --> dependabot.yaml
     = help: a campaign begins with `campaign: ID`; anything else is listed in sendform.yaml: `ignore: [ dependabot.yaml ]`

    error[not-a-campaign]: none of the 4 YAML files in this folder is a campaign: none has a `campaign:`
    --> deploy/
     = help: a campaign begins with `campaign: ID`; anything else is listed in sendform.yaml: `ignore: [ deploy ]`

    2 errors
      not-a-campaign  dependabot.yaml
      not-a-campaign  deploy/
    next, once they are mended: sendform validate
    ");
    project.run(["plan", "--sandbox"]).code(3);
    project.write(
        "sendform.yaml",
        "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nignore: [ dependabot.yaml, deploy, gone.yaml ]\n",
    );
    insta::assert_snapshot!(project.run(["validate"]).code(0), @"
    exit code: 0
    warning[stale-ignore]: there is no such folder or YAML file in the project's folder, so nothing is ignored
     --> sendform.yaml:3:36
      |
    3 | ignore: [ dependabot.yaml, deploy, gone.yaml ]
      |                                    ^^^^^^^^^

    1 warning
    1 campaign with 1 message in 1 file: no errors in the files; the rows of audiences are read by `sendform plan`
    ");
    // A campaign whose first key is misspelt is a campaign all the same.
    project.write("spring.yaml", campaign("spring").replace("campaign:", "campain:"));
    let run = project.run(["validate"]).code(3);
    assert!(run.stdout.contains("did you mean `campaign`?") && !run.stdout.contains("not-a-campaign"), "{run}");
}

#[test]
fn a_template_may_be_called_as_its_author_likes() {
    let project = project()
        .file("spring.yaml", campaign("spring").replace("text: \"Hi {{ name }}\"", "template: texts/hi.yaml"))
        .file("texts/hi.yaml", "Hi {{ name }}: welcome\n");
    let run = project.run(["validate"]).code(0);
    assert!(run.stdout.starts_with("1 campaign with 1 message in 1 file: "), "{run}");
    project.write("texts/unused.yaml", "Hi {{ name }}\n");
    project.run(["validate"]).code(3);
}

#[test]
fn the_projects_below_are_named() {
    let project = Project::empty();
    for folder in ["marketing/at", "marketing/de/campaigns", "node_modules/x", ".cache/y"] {
        project.write(&format!("{folder}/sendform.yaml"), "project: one\nsenders: { shop: S }\n");
        project.write(&format!("{folder}/spring.yaml"), campaign("spring"));
        project.write(&format!("{folder}/lists/people.csv"), "to,name\n17841455500000001,Ana\n");
    }
    insta::assert_snapshot!(project.run(["plan", "--sandbox"]), @"
    exit code: 3
    ----- stderr
    error: there is no `sendform.yaml` in `.`
      hint: there is a project in `marketing/at`: pass `--dir marketing/at`
      hint: there is a project in `marketing/de/campaigns`: pass `--dir marketing/de/campaigns`
    ");
    project.run(["plan", "--sandbox", "--dir", "marketing/at"]).code(0);
    project.run(["plan", "--sandbox", "--dir", "marketing/de/campaigns"]).code(0);
    // One that is named by its parent.
    let run = project.run(["validate", "--dir", "marketing/de"]).code(3);
    assert!(run.stderr.contains("pass `--dir marketing/de/campaigns`"), "{run}");
    insta::assert_snapshot!(Project::empty().run(["validate"]), @"
    exit code: 3
    ----- stderr
    error: there is no `sendform.yaml` in `.`
      hint: name the project's folder with `--dir`, or begin a project with `sendform init`
    ");
    insta::assert_snapshot!(Project::empty().file("sendform.yml", "project: a\n").run(["validate"]), @"
    exit code: 3
    ----- stderr
    error: there is no `sendform.yaml` in `.`
      hint: the project file is called `sendform.yaml`: rename `./sendform.yml`
    ");
}

#[test]
fn one_name_means_one_thing() {
    let project = Project::empty()
        .file(
            "sendform.yaml",
            "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\naudiences: { people: { csv: lists/all.csv } }\n\
             schedules: { ten: { sendAt: \"2026-12-01 10:00\", timeZone: UTC } }\n",
        )
        .file("lists/all.csv", "to\n17841455500000002\n")
        .file("lists/people.csv", "to,name\n17841455500000001,Ana\n")
        .campaign(
            "spring",
            &campaign("spring").replace("audiences:", "senders: { shop: OTHER }\nschedules: { ten: {} }\naudiences:"),
        );
    let run = project.run(["plan", "--sandbox"]).code(3);
    assert_eq!(run.stdout.matches("error[duplicate-key]: the project file declares this name too").count(), 3, "{run}");
    assert!(run.stdout.contains("one name means one thing: choose another one here"), "{run}");
}
