//! What a report says is so, and what nobody has to read is short.

use insta::assert_snapshot;

use crate::support::{KEY, Project, Run};

fn campaign(id: &str, messages: &[&str]) -> String {
    let messages = messages.iter().map(|name| {
        format!("  - {{ id: {name}, sender: shop, audience: guests, content: {{ type: TEXT, text: \"{name} for {{{{ name }}}}\" }} }}\n")
    });
    format!("campaign: {id}\naudiences:\n  guests: {{ csv: guests.csv }}\nmessages:\n{}", messages.collect::<String>())
}

fn project() -> Project {
    let guests = "to,name\n17841400000000551,Lea\n17841400000000552,Nik\n17841400000000552,Nik\n";
    Project::new()
        .file(".sendform/sandbox/key", KEY)
        .file("guests.csv", guests)
        .campaign("news", &campaign("news", &["one", "two"]))
        .campaign("shop", &campaign("shop", &["three"]))
}

fn digest(run: &Run) -> Option<&str> {
    run.stdout.lines().find_map(|line| line.strip_prefix("digest "))
}

#[test]
fn a_file_that_was_not_read_has_no_rows_and_no_digest() {
    let project = project();
    project.write("guests.csv", "recipient,name\n17841400000000551,Lea\n");
    let run = project.run(["plan", "--sandbox"]).code(3);
    assert!(!run.stdout.contains("0 rows") && digest(&run).is_none(), "{run}");
    let plan = project.run(["plan", "--sandbox", "--format", "json"]).code(3).json();
    assert_eq!(plan["messages"][0]["read"], false);
    // One that was read, and has no row, does have none.
    project.write("guests.csv", "to,name\n");
    let run = project.run(["plan", "--sandbox"]);
    assert!(run.stdout.contains("0 rows in guests.csv"), "{run}");
}

#[test]
fn nothing_to_send_has_a_digest_of_its_own_project() {
    let digest_of = |name: &str| {
        let project = project().file("sendform.yaml", format!("project: {name}\nsenders: {{ shop: SHOP-ACCOUNT }}\n"));
        project.run(["apply", "--sandbox", "--auto-approve"]).code(0);
        let run = project.run(["plan", "--sandbox"]).code(0);
        assert!(run.stdout.contains("nothing to send"), "{run}");
        digest(&run).unwrap().to_owned()
    };
    assert_ne!(digest_of("one-shop"), digest_of("other-shop"));
    assert_eq!(digest_of("one-shop"), digest_of("one-shop"));
}

#[test]
fn what_is_not_selected_is_a_line_and_so_is_what_is_sent() {
    let project = project();
    assert_snapshot!(project.run(["plan", "--sandbox", "--only", "shop"]).code(0), @"
    exit code: 0
    acme-shop on sandbox, 2026-11-30 12:00 UTC, 2 campaigns in 2 files

    shop.three r1  shop to guests
      + 2 to send at once, 1 bulk
        1 duplicate
        3 rows in guests.csv (CSV with `,`, UTF-8)
        text (13 characters)
          │ three for L•••

    2 messages are not selected: 4 to send, 2 duplicate, 6 rows (`--all` lists them)

    2 messages to send in 1 bulk
    ");
    project.run(["apply", "--sandbox", "--auto-approve", "--only", "news"]).code(0);
    assert_snapshot!(project.run(["plan", "--sandbox"]).code(0), @"
    exit code: 0
    acme-shop on sandbox, 2026-11-30 12:00 UTC, 2 campaigns in 2 files

    shop.three r1  shop to guests
      + 2 to send at once, 1 bulk
        1 duplicate
        3 rows in guests.csv (CSV with `,`, UTF-8)
        text (13 characters)
          │ three for L•••

    2 messages have nothing to do: 4 already sent, 2 duplicate, 6 rows (`--all` lists them)

    2 messages to send in 1 bulk
    ");
    project.run(["apply", "--sandbox", "--auto-approve"]).code(0);
    assert_snapshot!(project.run(["plan", "--sandbox"]).code(0), @"
    exit code: 0
    acme-shop on sandbox, 2026-11-30 12:00 UTC, 2 campaigns in 2 files

    3 messages have nothing to do: 6 already sent, 3 duplicate, 9 rows (`--all` lists them)

    nothing to send
    ");
    // What somebody should look at is shown whole.
    project.write("shop.yaml", campaign("shop", &["three"]).replace("three for", "free for"));
    let run = project.run(["plan", "--sandbox"]).code(0);
    assert!(
        run.stdout.contains(
            "    2 already sent\n    1 duplicate\n    3 rows in guests.csv (CSV with `,`, UTF-8)\n  * the text changed"
        ),
        "{run}"
    );
}

#[test]
fn a_mistake_of_what_is_not_selected_does_not_stop_the_rest() {
    let project = project();
    project.write("news.yaml", campaign("news", &["one"]).replace("{{ name }}", "{{ nickname }}"));
    let run = project.run(["plan", "--sandbox", "--only", "shop"]).code(0);
    assert!(run.stdout.contains("news.one r1  shop to guests  (not selected): it has errors"), "{run}");
    assert!(run.stdout.contains("\n2 messages to send in 1 bulk\ndigest plan/v1:"), "{run}");
}

#[test]
fn the_shape_of_a_value_is_seen_and_not_the_value() {
    let project = project();
    project.write("guests.csv", "to,name\n17841400000000551,\"Lea\nMarija\"\n17841400000000552,17841400000000777\n");
    let run = project.run(["plan", "--sandbox", "--only", "shop"]).code(0);
    assert_snapshot!(run.stdout.lines().filter(|line| line.contains('│')).collect::<Vec<_>>().join("\n"), @"
    │ three for L•••
    │ •••
    │ three for #################
    ");
}
