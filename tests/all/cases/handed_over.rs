//! Messages that the gateway has and has not let go of yet: no edit of the files reaches them, so every
//! edit is named with who gets the message all the same, and when.

use insta::assert_snapshot;

use crate::support::{KEY, Project, Run, Shop, customer};

const PROJECT: &str = "project: garden-shop\nsenders: { shop: SHOP-ACCOUNT }\n";
const CAMPAIGN: &str = "\
campaign: tulips
audiences:
  gardeners: { csv: gardeners.csv }
schedules:
  early:
    sendAt: \"2026-12-06 10:30\"
    timeZone: Europe/Ljubljana
messages:
  - id: offer
    sender: shop
    audience: gardeners
    schedule: early
    content: { type: TEXT, text: \"Dear {{ name }}, tulips!\" }
";
const GARDENERS: &str = "to,name,wants\n17841400000000701,Vida,yes\n17841400000000702,Matej,yes\n";
const AT: &str = "at 2026-12-06 10:30 Europe/Ljubljana (09:30 UTC)";

fn garden() -> Project {
    Project::empty()
        .file("sendform.yaml", PROJECT)
        .file(".sendform/sandbox/key", KEY)
        .file("gardeners.csv", GARDENERS)
        .campaign("tulips", CAMPAIGN)
}

/// A project whose two messages are handed over, almost six days before they leave.
fn handed_over() -> Project {
    let garden = garden();
    garden.run(["apply", "--sandbox", "--auto-approve"]).code(0);
    garden
}

fn plan(project: &Project) -> Run {
    project.run(["plan", "--sandbox"]).code(0)
}

/// Plans with the campaign edited, and with the files as they were again.
#[track_caller]
fn edited(project: &Project, from: &str, to: &str) -> Run {
    assert!(CAMPAIGN.contains(from), "{from}");
    project.write("tulips.yaml", CAMPAIGN.replace(from, to));
    let run = plan(project);
    project.write("tulips.yaml", CAMPAIGN);
    run
}

#[track_caller]
fn says(run: &Run, words: &[&str]) {
    for words in words {
        assert!(run.stdout.contains(words), "{words}\n{run}");
    }
    assert!(!run.stdout.contains("already sent"), "{run}");
}

#[test]
fn what_becomes_irrevocable_is_told_before() {
    assert_snapshot!(plan(&garden()), @r#"
    exit code: 0
    garden-shop on sandbox, 2026-11-30 12:00 UTC, 1 campaign in 1 file

    tulips.offer r1  shop to gardeners
      + 2 to send at 2026-12-06 10:30 Europe/Ljubljana (09:30 UTC), 1 bulk
        2 rows in gardeners.csv (CSV with `,`, UTF-8)
        shortest (18 characters)
          │ Dear V•••, tulips!
        longest (19 characters)
          │ Dear M•••, tulips!

    2 messages to send in 1 bulk
    ----- stderr
    warning[handed-over-early]: an apply hands 2 messages of `tulips.offer` over 5 days 21 h early: from then on nothing can stop or change what leaves by 2026-12-06 10:30 Europe/Ljubljana (09:30 UTC)
     --> tulips.yaml:6:13
      |
    6 |     sendAt: "2026-12-06 10:30"
      |             ^^^^^^^^^^^^^^^^^^
      |
      = help: write `handover: 2h` on the schedule to keep them here until 2 hours before their time; something must run `apply` then

    1 warning
    "#);
    let kept = garden();
    kept.write("tulips.yaml", CAMPAIGN.replace("Europe/Ljubljana\n", "Europe/Ljubljana\n    handover: 2h\n"));
    assert_snapshot!(plan(&kept), @"
    exit code: 0
    garden-shop on sandbox, 2026-11-30 12:00 UTC, 1 campaign in 1 file

    tulips.offer r1  shop to gardeners
      ~ 2 not due yet: handed over from 2026-12-06 08:30 Europe/Ljubljana (07:30 UTC), leaving at 2026-12-06 10:30 Europe/Ljubljana (09:30 UTC)
        2 rows in gardeners.csv (CSV with `,`, UTF-8)
        shortest (18 characters)
          │ Dear V•••, tulips!
        longest (19 characters)
          │ Dear M•••, tulips!

    nothing to send, 2 not due yet (next apply at 2026-12-06 07:30 UTC)
    ");
}

#[test]
fn a_moved_schedule_moves_nobody() {
    let garden = handed_over();
    assert_snapshot!(plan(&garden), @"
    exit code: 0
    garden-shop on sandbox, 2026-11-30 12:00 UTC, 1 campaign in 1 file

    tulips.offer r1  shop to gardeners
        2 handed over, leaving at 2026-12-06 10:30 Europe/Ljubljana (09:30 UTC)
        2 rows in gardeners.csv (CSV with `,`, UTF-8)

    nothing to send
    ");
    assert_snapshot!(edited(&garden, "12-06 10:30", "12-08 11:00"), @"
    exit code: 0
    garden-shop on sandbox, 2026-11-30 12:00 UTC, 1 campaign in 1 file

    tulips.offer r1  shop to gardeners
        2 handed over, leaving at 2026-12-06 10:30 Europe/Ljubljana (09:30 UTC)
        2 rows in gardeners.csv (CSV with `,`, UTF-8)
      * changed since it was handed over; 2 people still get it at 2026-12-06 10:30 Europe/Ljubljana (09:30 UTC) as it was
          sendAt: 2026-12-06 10:30 then, 2026-12-08 11:00 now
          what is handed over cannot be changed or stopped over this API

    nothing to send
    ");
    assert_snapshot!(garden.run(["status", "--sandbox"]).code(0), @"
    exit code: 0
    ledger of garden-shop on sandbox

    message          accepted  rejected  in doubt  in flight  given up  refused
    tulips.offer r1         2         0         0          0         0        0

    2 people of tulips.offer r1 are handed over, leaving at 2026-12-06 10:30 Europe/Ljubljana (09:30 UTC); this API cannot stop that
    ");
}

#[test]
fn who_opts_out_too_late_comes_first() {
    let garden = handed_over();
    garden.write("opt-outs.csv", "to\n17841400000000701\n");
    garden.write("sendform.yaml", format!("{PROJECT}suppress: [ {{ csv: opt-outs.csv }} ]\n"));
    assert_snapshot!(plan(&garden), @"
    exit code: 0
    garden-shop on sandbox, 2026-11-30 12:00 UTC, 1 campaign in 1 file

    ! 1 person is suppressed now, and still gets `tulips.offer` at 2026-12-06 10:30 Europe/Ljubljana (09:30 UTC)
      it is handed over, and this API cannot stop it; before that the gateway's support may, by messageId:
      tulips.offer.r1.260aaac8e96e70dc

    tulips.offer r1  shop to gardeners
        1 handed over, leaving at 2026-12-06 10:30 Europe/Ljubljana (09:30 UTC)
        1 suppressed
            opt-outs.csv (1 person) stopped 1
        2 rows in gardeners.csv (CSV with `,`, UTF-8)

    nothing to send
    ");
    // Exports drop whoever opted out from the audience too.
    garden.write("gardeners.csv", GARDENERS.replace("17841400000000701,Vida,yes\n", ""));
    let run = plan(&garden);
    says(&run, &[&format!("! 1 person is suppressed now, and still gets `tulips.offer` {AT}\n")]);
    assert!(!run.stdout.contains("not in the audience"), "{run}");
    let json = garden.run(["plan", "--sandbox", "--format", "json"]).code(0).json();
    assert_snapshot!(format!("{:#}", json["messages"][0]["handedOver"]), @r#"
    {
      "changed": null,
      "leavesBy": "2026-12-06T09:30:00Z",
      "leavesFrom": "2026-12-06T09:30:00Z",
      "olderRevisions": [],
      "otherTime": null,
      "paused": false,
      "people": 2,
      "retired": false,
      "unstopped": [
        {
          "gate": "suppressed",
          "leavesBy": "2026-12-06T09:30:00Z",
          "leavesFrom": "2026-12-06T09:30:00Z",
          "messageIds": [
            "tulips.offer.r1.260aaac8e96e70dc"
          ],
          "people": 1
        }
      ],
      "waiting": {
        "leavesBy": "2026-12-06T09:30:00Z",
        "leavesFrom": "2026-12-06T09:30:00Z",
        "people": 1
      }
    }
    "#);
}

#[test]
fn whoever_still_gets_it_against_their_will_is_named_in_json_down_to_the_last() {
    let garden = garden();
    let to: Vec<u64> = (700..725).map(|person| 17_841_400_000_000_000 + person).collect();
    let rows = |of: &dyn Fn(&u64) -> String| to.iter().map(of).collect::<String>();
    garden.write("gardeners.csv", format!("to,name,wants\n{}", rows(&|to| format!("{to},Vida,yes\n"))));
    garden.run(["apply", "--sandbox", "--auto-approve"]).code(0);
    garden.write("opt-outs.csv", format!("to\n{}", rows(&|to| format!("{to}\n"))));
    garden.write("sendform.yaml", format!("{PROJECT}suppress: [ {{ csv: opt-outs.csv }} ]\n"));
    let named = |json: &serde_json::Value| json["messageIds"].as_array().unwrap().len();
    let json = garden.run(["plan", "--sandbox", "--format", "json"]).code(0).json();
    assert_eq!(named(&json["messages"][0]["handedOver"]["unstopped"][0]), 25, "{json}");
    says(&plan(&garden), &["  and 22 more: `sendform plan --sandbox --format json` names all of them\n"]);
    // Of a message that the files lack as well.
    garden.write("tulips.yaml", CAMPAIGN.replace("id: offer", "id: other"));
    garden.write("sendform.yaml", format!("{}retired: [ tulips.offer ]\n", garden.read("sendform.yaml")));
    let json = garden.run(["plan", "--sandbox", "--format", "json"]).code(0).json();
    assert_eq!(named(&json["gone"][0]["suppressed"]), 25, "{json}");
}

#[test]
fn every_other_edit_is_named_with_who_gets_it_all_the_same() {
    let garden = handed_over();
    let schedule = "    schedule: early\n";
    let with = |line: &str| format!("{schedule}    {line}\n");
    let zone = "    timeZone: Europe/Ljubljana\n";
    let timed = |line: &str| format!("{zone}    {line}\n");
    let both = format!("2 people still get it {AT}");
    let check = |from: &str, to: &str, words: &[&str]| says(&edited(&garden, from, to), words);

    let changed = format!("  * changed since it was handed over; {both} as it was\n");
    let moved = "2 people still get it at 2026-12-06 09:30 Europe/Dublin (09:30 UTC) as it was";
    check("Ljubljana", "Dublin", &[moved, "timeZone: Europe/Ljubljana then, Europe/Dublin now"]);
    check(
        zone,
        &timed("sendingSpeedLimit: { amount: 5 }"),
        &[&changed, "sendingSpeedLimit: none then, 5 a minute now"],
    );
    check(
        zone,
        &timed("deliveryTimeWindow: { days: [SUNDAY], from: { hour: 8, minute: 0 }, to: { hour: 20, minute: 0 } }"),
        &[&changed, "deliveryTimeWindow.days: none then, sun now"],
    );
    check(
        zone,
        &timed("validityPeriod: { amount: 3, timeUnit: HOURS }"),
        &[&changed, "validityPeriod: none then, 3 h now"],
    );
    check(
        schedule,
        &with("platform: { applicationId: shop }"),
        &[&changed, "platform.applicationId: none then, shop now"],
    );
    check(schedule, &with("campaignReferenceId: t26"), &[&changed, "campaignReferenceId: none then, t26 now"]);
    let at_once = "2 people still get it at 2026-12-06 09:30 UTC as it was";
    check(schedule, "", &[at_once, "sendAt: 2026-12-06 10:30 then, none now"]);
    check(
        schedule,
        &with("paused: true"),
        &[
            &format!("  * paused, which holds back nothing that is handed over: {both}\n"),
            "cannot be changed or stopped",
        ],
    );
    let old = format!("  * the text changed since it was handed over; 2 people still get the old one {AT}\n");
    check("tulips!", "roses!", &[&old, "- Dear {{ name }}, tulips!", "cannot be changed or stopped"]);
    let filtered = format!("\n! 1 person is filtered by `where` now, and still gets `tulips.offer` {AT}\n");
    check(
        "csv: gardeners.csv",
        "csv: gardeners.csv, where: name == \"Matej\"",
        &[&filtered, "    1 filtered by `where`\n"],
    );
    check(
        "csv: gardeners.csv }",
        "csv: gardeners.csv, exclude: [vips] }\n  vips: { rows: [ { to: \"17841400000000702\" } ] }",
        &[&format!("\n! 1 person is excluded now, and still gets `tulips.offer` {AT}\n"), "    1 handed over, leaving"],
    );

    garden.write("gardeners.csv", GARDENERS.replace("17841400000000702,Matej,yes\n", ""));
    says(&plan(&garden), &[&format!("! 1 person is not in the audience now, and still gets `tulips.offer` {AT}\n")]);
    garden.write("gardeners.csv", format!("{GARDENERS}17841400000000702,Mateja,yes\n"));
    says(
        &plan(&garden),
        &[&format!("! 1 person is in rows that contradict each other now, and still gets `tulips.offer` {AT}\n")],
    );
}

#[test]
fn an_old_edition_is_named_as_long_as_somebody_keeps_it() {
    let mut garden = handed_over();
    // The text and the day are changed, and one more person gets them so.
    let second = CAMPAIGN.replace("tulips!", "roses!").replace("12-06", "12-07");
    garden.write("tulips.yaml", &second);
    garden.write("gardeners.csv", format!("{GARDENERS}17841400000000703,Zala,yes\n"));
    assert_snapshot!(garden.run(["apply", "--sandbox", "--auto-approve"]).code(0), @r#"
    exit code: 0
    garden-shop on sandbox, 2026-11-30 12:00 UTC, 1 campaign in 1 file

    tulips.offer r1  shop to gardeners
      + 1 to send at 2026-12-07 10:30 Europe/Ljubljana (09:30 UTC), 1 bulk
        2 handed over, leaving at 2026-12-06 10:30 Europe/Ljubljana (09:30 UTC)
        3 rows in gardeners.csv (CSV with `,`, UTF-8)
      * the text and more changed since it was handed over; 2 people still get it at 2026-12-06 10:30 Europe/Ljubljana (09:30 UTC) as it was
          sendAt: 2026-12-06 10:30 then, 2026-12-07 10:30 now
          │ - Dear {{ name }}, tulips!
          │ + Dear {{ name }}, roses!
          raise `revision` to send the new text to everybody, besides the old one
          what is handed over cannot be changed or stopped over this API
        text (17 characters)
          │ Dear Z•••, roses!

    1 message to send in 1 bulk

    message          accepted  rejected  refused  in doubt  not attempted
    tulips.offer r1         1         0        0         0              0
      3 people of tulips.offer r1 are handed over, leaving from 2026-12-06 10:30 Europe/Ljubljana (09:30 UTC) to 2026-12-07 10:30 Europe/Ljubljana (09:30 UTC); this API cannot stop that
    ----- stderr
    warning[handed-over-early]: an apply hands 1 message of `tulips.offer` over 6 days 21 h early: from then on nothing can stop or change what leaves by 2026-12-07 10:30 Europe/Ljubljana (09:30 UTC)
     --> tulips.yaml:6:13
      |
    6 |     sendAt: "2026-12-07 10:30"
      |             ^^^^^^^^^^^^^^^^^^
      |
      = help: write `handover: 2h` on the schedule to keep them here until 2 hours before their time; something must run `apply` then

    1 warning
    "#);
    assert_snapshot!(plan(&garden), @"
    exit code: 0
    garden-shop on sandbox, 2026-11-30 12:00 UTC, 1 campaign in 1 file

    tulips.offer r1  shop to gardeners
        3 handed over, leaving from 2026-12-06 10:30 Europe/Ljubljana (09:30 UTC) to 2026-12-07 10:30 Europe/Ljubljana (09:30 UTC)
        3 rows in gardeners.csv (CSV with `,`, UTF-8)
      * the text and more changed since it was handed over; 2 people still get it at 2026-12-06 10:30 Europe/Ljubljana (09:30 UTC) as it was
          sendAt: 2026-12-06 10:30 then, 2026-12-07 10:30 now
          │ - Dear {{ name }}, tulips!
          │ + Dear {{ name }}, roses!
          raise `revision` to send the new text to everybody, besides the old one
          what is handed over cannot be changed or stopped over this API

    nothing to send
    ");
    // A third text: whoever keeps one of the two others is told apart.
    garden.write("tulips.yaml", second.replace("roses!", "lilies!"));
    garden.set("SENDFORM_NOW", "2026-12-06T12:00:00Z");
    assert_snapshot!(plan(&garden), @"
    exit code: 0
    garden-shop on sandbox, 2026-12-06 12:00 UTC, 1 campaign in 1 file

    tulips.offer r1  shop to gardeners
        1 handed over, leaving at 2026-12-07 10:30 Europe/Ljubljana (09:30 UTC)
        2 already sent
        3 rows in gardeners.csv (CSV with `,`, UTF-8)
      * the text changed since it was sent; 2 people keep the old one
          │ - Dear {{ name }}, tulips!
          │ + Dear {{ name }}, lilies!
          raise `revision` to send the new text to everybody
      * the text changed since it was handed over; 1 person still gets the old one at 2026-12-07 10:30 Europe/Ljubljana (09:30 UTC)
          │ - Dear {{ name }}, roses!
          │ + Dear {{ name }}, lilies!
          raise `revision` to send the new text to everybody, besides the old one
          what is handed over cannot be changed or stopped over this API

    nothing to send
    ");
    let json = garden.run(["plan", "--sandbox", "--format", "json"]).code(0).json();
    let message = &json["messages"][0];
    assert_snapshot!(format!("{:#} {:#}", message["outdated"], message["textChanged"]), @r#"
    [
      {
        "people": 2,
        "terms": [],
        "textBefore": "Dear {{ name }}, tulips!",
        "waiting": null
      },
      {
        "people": 1,
        "terms": [],
        "textBefore": "Dear {{ name }}, roses!",
        "waiting": {
          "leavesBy": "2026-12-07T09:30:00Z",
          "leavesFrom": "2026-12-07T09:30:00Z",
          "people": 1
        }
      }
    ] {
      "before": "Dear {{ name }}, tulips!",
      "keep": 3,
      "now": "Dear {{ name }}, lilies!"
    }
    "#);
    // Who has it as it is, is in none of these lines.
    garden.write("tulips.yaml", CAMPAIGN);
    garden.write("gardeners.csv", GARDENERS);
    assert!(!plan(&garden).stdout.contains("  * "));
}

#[test]
fn a_raised_revision_brings_both_and_needs_consent() {
    let garden = handed_over();
    garden.write("tulips.yaml", CAMPAIGN.replace("- id: offer", "- id: offer\n    revision: 2"));
    let run = garden.run(["plan", "--sandbox"]).code(4);
    says(
        &run,
        &[
            &format!("  * 2 people still get revision 1 {AT}\n"),
            "! tulips.offer: an older revision still has 2 people in doubt or scheduled until 2026-12-06 10:30 \
             Europe/Ljubljana (09:30 UTC)\n",
            "--accept overlap=2",
        ],
    );
}

#[test]
fn what_is_gone_from_the_files_still_leaves() {
    let garden = handed_over();
    let other = CAMPAIGN.replace("tulips\n", "roses\n").replace("tulips!", "roses!").replace("701", "791");
    std::fs::remove_file(garden.path("tulips.yaml")).unwrap();
    garden.write("roses.yaml", other.replace("gardeners.csv", "others.csv"));
    garden.write("others.csv", "to,name\n17841400000000791,Zala\n");
    let gone = garden.run(["plan", "--sandbox"]).code(3);
    assert!(
        gone.stderr
            .contains(&format!("the ledger has `tulips.offer`, which 2 people still get {AT}, and the files lack it")),
        "{gone}"
    );
    garden.write("sendform.yaml", format!("{PROJECT}retired: [tulips]\n"));
    says(&plan(&garden), &[&format!("* 2 people still get `tulips.offer` {AT} although it is retired\n")]);
    // It is the same for whoever opted out since then.
    garden.write("opt-outs.csv", "to\n17841400000000702\n");
    garden.write("sendform.yaml", format!("{PROJECT}retired: [tulips]\nsuppress: [ {{ csv: opt-outs.csv }} ]\n"));
    says(&plan(&garden), &[&format!("! 1 person is suppressed now, and still gets `tulips.offer` {AT}\n")]);
}

#[test]
fn once_it_has_left_it_is_sent() {
    let mut garden = handed_over();
    garden.write("tulips.yaml", CAMPAIGN.replace("12-06 10:30", "12-08 11:00"));
    garden.set("SENDFORM_NOW", "2026-12-06T09:30:00Z");
    assert_snapshot!(plan(&garden), @"
    exit code: 0
    garden-shop on sandbox, 2026-12-06 09:30 UTC, 1 campaign in 1 file

    tulips.offer r1  shop to gardeners: 2 already sent, 2 rows in gardeners.csv (CSV with `,`, UTF-8)

    nothing to send
    ");
    assert!(!garden.run(["status", "--sandbox"]).code(0).stdout.contains("handed over"));
}

#[test]
fn what_is_paced_leaves_from_then_to_then() {
    let mut garden = garden();
    let paced = CAMPAIGN
        .replace("Europe/Ljubljana\n", "Europe/Ljubljana\n    sendingSpeedLimit: { amount: 2, timeUnit: HOUR }\n");
    garden.write("tulips.yaml", &paced);
    garden.run(["apply", "--sandbox", "--auto-approve"]).code(0);
    let from_to = "2 handed over, leaving from 2026-12-06 10:30 Europe/Ljubljana (09:30 UTC) \
        to 2026-12-06 11:00 Europe/Ljubljana (10:00 UTC)\n";
    says(&plan(&garden), &[from_to]);
    garden.set("SENDFORM_NOW", "2026-12-06T09:45:00Z");
    says(&plan(&garden), &["2 handed over, leaving by 2026-12-06 11:00 Europe/Ljubljana (10:00 UTC)\n"]);
}

#[test]
fn people_are_found_under_an_older_key() {
    let mut shop = Shop::new(3);
    let scheduled =
        shop.project.read("sale.yaml").replace("    sender: shop\n", "    sender: shop\n    schedule: early\n")
            + "schedules: { early: { sendAt: \"2026-12-06 10:30\", timeZone: UTC } }\n";
    shop.project.write("sale.yaml", scheduled);
    shop.apply().code(0);
    let new = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    shop.project.set("SENDFORM_KEY", format!("{new},{KEY}"));
    shop.run(&["ledger", "rebind", "--add-key"]).code(0);
    says(&shop.run(&["plan"]).code(0), &["    3 handed over, leaving at 2026-12-06 10:30 UTC\n"]);
    // One opts out, and one does so and leaves the audience as well; one more just leaves it.
    shop.project.write("opt-outs.csv", format!("to\n{}\n{}\n", customer(1), customer(2)));
    let project = shop.project.read("sendform.yaml") + "suppress: [ { csv: opt-outs.csv } ]\n";
    shop.project.write("sendform.yaml", project);
    shop.customers([1, 4]);
    says(
        &shop.run(&["plan"]).code(0),
        &[
            "! 2 people are suppressed now, and still get `sale.hello` at 2026-12-06 10:30 UTC\n",
            "! 1 person is not in the audience now, and still gets `sale.hello` at 2026-12-06 10:30 UTC\n",
            "  + 1 to send at 2026-12-06 10:30 UTC, 1 bulk\n",
        ],
    );
}

#[test]
fn under_another_sender_nobody_is_told_as_missing() {
    let garden = handed_over();
    let project = garden.read("sendform.yaml");
    let changed = CAMPAIGN.replace("sender: shop", "sender: other");
    assert_ne!(changed, CAMPAIGN);
    garden.write("sendform.yaml", project.replace("senders: {", "senders: { other: OTHER-ACCOUNT,"));
    garden.write("tulips.yaml", changed);
    let run = garden.run(["plan", "--sandbox"]).code(3);
    assert!(run.stderr.contains("error[sender-changed]: `tulips.offer` was sent by"), "{run}");
    // They are whom it was sent to, and nobody can say that they have no row any more.
    assert!(!run.stdout.contains("have no row") && !run.stdout.contains("still get"), "{run}");
    let plan = garden.run(["plan", "--sandbox", "--format", "json"]).code(3).json();
    let message = &plan["messages"][0];
    assert_eq!(
        (&message["handedOver"]["people"], &message["outdated"]),
        (&2.into(), &serde_json::json!([])),
        "{message}"
    );
}
