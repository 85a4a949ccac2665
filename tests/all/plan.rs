//! `sendform plan`: whole outputs.

use std::fs;

use crate::support::{Project, Run, Shop, campaign};

/// The key that a sandbox would else make for itself, so that its fingerprints are always the same.
const SANDBOX_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
const PROJECT: &str = "\
project: acme-shop
senders: { shop: SHOP-ACCOUNT }
suppress: [ { csv: opt-outs.csv } ]
bulkSize: 2
sandbox: { now: \"2026-11-30 12:00Z\" }
";
const CAMPAIGN: &str = "\
campaign: sale
audiences:
  people:
    csv: people.csv
    columns: { windowClosesAt: closes }
    where: consent == \"yes\"
    exclude: [ staff ]
  staff: { rows: [ { to: \"17841400000000006\" } ] }
schedules:
  evening:
    sendAt: \"2026-11-30 18:00\"
    timeZone: Europe/Zagreb
    sendingSpeedLimit: { amount: 1, timeUnit: MINUTE }
messages:
  - id: announce
    sender: shop
    audience: people
    schedule: evening
    content:
      type: TEXT
      text: \"{% if city == 'Vis' %}{{ skip('no shop on the island') }}{% endif %}Hi {{ first_name | fallback('there') }}, the sale is on in {{ city }}!\"
";
const PEOPLE: &str = "\
to,first_name,city,consent,closes
17841400000000001,Ana,Split,yes,2026-12-01T12:00:00Z
17841400000000002,Luka,Zagreb,yes,2026-12-01T12:00:00Z
17841400000000003,,Zagreb,yes,2026-12-01T12:00:00Z
17841400000000003,,Zagreb,yes,2026-12-01T12:00:00Z
17841400000000004,Iva,Zadar,no,2026-12-01T12:00:00Z
17841400000000005,Ivo,Zadar,yes,2026-12-01T12:00:00Z
17841400000000006,Eva,Zadar,yes,2026-12-01T12:00:00Z
17841400000000007,Pero,Zadar,yes,2026-11-30T13:00:00Z
17841400000000008,Mia,Zadar,yes,2026-12-01T12:00:00Z
17841400000000008,Mia,Pula,yes,2026-12-01T12:00:00Z
1.78414E+16,Dora,Zadar,yes,2026-12-01T12:00:00Z
17841400000000009,Rok,Vis,yes,2026-12-01T12:00:00Z
17841400000000010,Maja,Rijeka,yes,2026-12-01T12:00:00Z
";

fn project() -> Project {
    Project::empty()
        .file(".sendform/sandbox/key", SANDBOX_KEY)
        .file("sendform.yaml", PROJECT)
        .file("opt-outs.csv", "to\n17841400000000005\n")
        .file("people.csv", PEOPLE)
        .campaign("sale", CAMPAIGN)
}

/// A project with two messages to two people, and nothing else.
fn small() -> Project {
    one(&small_campaign(""))
        .campaign("welcome", &small_campaign("").replace("news", "welcome").replace("Hello!", "Welcome!"))
}

/// A project with one campaign.
fn one(campaign: &str) -> Project {
    Project::new().file(".sendform/sandbox/key", SANDBOX_KEY).campaign("news", campaign)
}

fn small_campaign(schedule: &str) -> String {
    format!(
        "campaign: news
audiences:
  people:
    columns: {{ timeZone: zone }}
    rows:
      - {{ to: \"17841400000000001\", zone: Europe/Zagreb }}
      - {{ to: \"17841400000000002\", zone: America/New_York }}
schedules: {{ plan: {{ {schedule} }} }}
messages:
  - {{ id: hello, sender: shop, audience: people, schedule: plan, content: {{ type: TEXT, text: Hello! }} }}
"
    )
}

fn plan_of(schedule: &str) -> Run {
    one(&small_campaign(schedule)).run(["plan", "--sandbox"])
}

/// A run against a real gateway that is never asked anything.
fn real(project: Project) -> Project {
    // The sandbox's key is refused here.
    let key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    project.env("SENDFORM_BASE_URL", "http://127.0.0.1:9").env("SENDFORM_KEY", key)
}

#[test]
fn a_first_plan_counts_every_row() {
    insta::assert_snapshot!(project().run(["plan", "--sandbox"]).code(0).whole(), @"
    exit code: 0
    acme-shop on sandbox, 2026-11-30 12:00 UTC, 1 campaign in 1 file

    sale.announce r1  shop to people  sale.yaml:15
      +  4 to send at 2026-11-30 18:00 Europe/Zagreb (17:00 UTC), 1 a minute, the last at 2026-11-30 18:03 Europe/Zagreb (17:03 UTC), 3 min later, 2 bulks
      !  1 conversation window closed
         1 skipped by the template
             1: no shop on the island
         1 excluded
             staff (1 person) stopped 1
         1 suppressed
             opt-outs.csv (1 person) stopped 1
         1 filtered by `where`
      !  2 contradicting
         1 duplicate
      !  1 unreadable
        13 rows in people.csv (CSV with `,`, UTF-8)
        shortest (32 characters)
          │ Hi A•••, the sale is on in S•••!
        longest (35 characters)
          │ Hi there, the sale is on in Z•••!
        between (34 characters)
          │ Hi L•••, the sale is on in Z•••!

    limits: 10,000 messages an apply, audiences grow by 50%, 1% of the rows unreadable, no row may fail
    4 messages to send in 2 bulks
    digest plan/v1:[digest]
    ----- stderr
    warning[bad-recipient]: a row of audience `people` cannot be read: the recipient's id is in scientific notation: a spreadsheet has cut its digits
    --> people.csv:12 (column to)
     = help: export the column as text: what a spreadsheet takes for a number loses its last digits; nobody is sent from this row

    warning[unreadable-row]: 2 rows of audience `people` contradict another row of the same person
    --> people.csv:11
     = help: nobody is sent from them: keep one row a person, or make the used columns agree

    2 warnings
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is one output, shown whole")]
fn a_first_plan_in_json() {
    let run = project().run(["plan", "--sandbox", "--format", "json"]).code(0);
    insta::assert_snapshot!(run, @r#"
    exit code: 0
    {
      "atMost": false,
      "closeTogether": 0,
      "compared": true,
      "diagnostics": [
        {
          "code": "bad-recipient",
          "column": null,
          "endColumn": null,
          "endLine": null,
          "field": "to",
          "file": "people.csv",
          "help": "export the column as text: what a spreadsheet takes for a number loses its last digits; nobody is sent from this row",
          "line": 12,
          "message": "a row of audience `people` cannot be read: the recipient's id is in scientific notation: a spreadsheet has cut its digits",
          "notes": [],
          "severity": "warning"
        },
        {
          "code": "unreadable-row",
          "column": null,
          "endColumn": null,
          "endLine": null,
          "file": "people.csv",
          "help": "nobody is sent from them: keep one row a person, or make the used columns agree",
          "line": 11,
          "message": "2 rows of audience `people` contradict another row of the same person",
          "notes": [],
          "severity": "warning"
        }
      ],
      "digest": "plan/v1:[digest]",
      "doubts": [],
      "files": 1,
      "formatVersion": "2.0",
      "frozen": null,
      "gateway": "sandbox",
      "gone": [],
      "hasRows": true,
      "kind": "plan",
      "limits": {
        "audienceGrowthPercent": 50,
        "failedRows": 0,
        "messagesPerApply": 10000,
        "unreadableRowsPercent": 1
      },
      "messages": [
        {
          "atOnce": 0,
          "audience": "people",
          "bulks": [
            {
              "bulkId": "sale.announce.r1.d6ab5b73185b7a52",
              "due": "now",
              "people": 2,
              "sendAt": "2026-11-30T17:00:00Z",
              "until": "2026-11-30T17:02:00Z"
            },
            {
              "bulkId": "sale.announce.r1.cb6f40c0cb4abd2d",
              "due": "now",
              "people": 2,
              "sendAt": "2026-11-30T17:02:00Z",
              "until": "2026-11-30T17:04:00Z"
            }
          ],
          "dialect": "CSV with `,`, UTF-8",
          "firstAt": "2026-11-30T17:00:00Z",
          "frozen": null,
          "gates": {
            "alreadySent": 0,
            "blank": 0,
            "capped": 0,
            "contradicting": 2,
            "differsFromPlan": 0,
            "duplicate": 1,
            "excluded": 1,
            "failed": 0,
            "filtered": 1,
            "givenUp": 0,
            "heldOut": 0,
            "inDoubt": 0,
            "inFlight": 0,
            "noAddress": 0,
            "notDue": 0,
            "notInPlan": 0,
            "paused": 0,
            "rejectedEarlier": 0,
            "skipped": 1,
            "suppressed": 1,
            "toSend": 4,
            "tooEarly": 0,
            "tooLate": 0,
            "unreadable": 1,
            "waiting": 0,
            "windowClosed": 1,
            "wouldExpire": 0
          },
          "handedOver": null,
          "inClear": null,
          "lastAt": "2026-11-30T17:03:00Z",
          "late": 0,
          "mayBeMoreBranches": false,
          "message": "sale.announce",
          "moreBranches": 0,
          "newRevision": null,
          "notAskedBefore": null,
          "outdated": [],
          "protections": [
            {
              "gate": "suppressed",
              "name": "opt-outs.csv",
              "people": 1,
              "stopped": 1
            },
            {
              "gate": "excluded",
              "name": "staff",
              "people": 1,
              "stopped": 1
            }
          ],
          "read": true,
          "revision": 1,
          "rows": 13,
          "samples": [
            {
              "bytes": 32,
              "characters": 32,
              "name": "shortest",
              "text": "Hi A•••, the sale is on in S•••!"
            },
            {
              "bytes": 35,
              "characters": 35,
              "name": "longest",
              "text": "Hi there, the sale is on in Z•••!"
            },
            {
              "bytes": 34,
              "characters": 34,
              "name": "between",
              "text": "Hi L•••, the sale is on in Z•••!"
            }
          ],
          "selected": true,
          "sender": "shop",
          "skipReasons": {
            "no shop on the island": 1
          },
          "textChanged": null,
          "zones": []
        }
      ],
      "nextApplyAt": null,
      "notDue": 0,
      "now": "2026-11-30T12:00:00Z",
      "planFile": null,
      "project": "acme-shop",
      "safetyLimits": [],
      "stops": [],
      "toSend": 4,
      "tooLate": 0,
      "twice": []
    }
    ----- stderr
    warning[bad-recipient]: a row of audience `people` cannot be read: the recipient's id is in scientific notation: a spreadsheet has cut its digits
    --> people.csv:12 (column to)
     = help: export the column as text: what a spreadsheet takes for a number loses its last digits; nobody is sent from this row

    warning[unreadable-row]: 2 rows of audience `people` contradict another row of the same person
    --> people.csv:11
     = help: nobody is sent from them: keep one row a person, or make the used columns agree

    2 warnings
    "#);
}

#[test]
fn people_are_shown_on_request() {
    insta::assert_snapshot!(samples(&project().run(["plan", "--sandbox"])), @"
    │ Hi A•••, the sale is on in S•••!
    │ Hi there, the sale is on in Z•••!
    │ Hi L•••, the sale is on in Z•••!
    ");
    insta::assert_snapshot!(samples(&project().run(["plan", "--sandbox", "--reveal"])), @"
    │ Hi Ana, the sale is on in Split!
    │ Hi there, the sale is on in Zagreb!
    │ Hi Luka, the sale is on in Zagreb!
    ");
}

#[test]
fn times_in_words() {
    insta::assert_snapshot!(plan_of("").code(0), @"
    exit code: 0
    news.hello r1  shop to people
      + 2 to send at once, 1 bulk
        2 rows in news.yaml (rows of the campaign file)
        text (6 characters)
          │ Hello!

    2 messages to send in 1 bulk
    ");
    insta::assert_snapshot!(plan_of("sendAt: \"2026-12-01 10:00\", timeZone: { perPerson: true }").code(0), @r#"
    exit code: 0
    news.hello r1  shop to people
      + 2 to send by each person's clock, 2026-12-01 09:00 to 15:00 UTC, 2 bulks
            zone              local             UTC               people
            Europe/Zagreb     2026-12-01 10:00  2026-12-01 09:00       1
            America/New_York  2026-12-01 10:00  2026-12-01 15:00       1
        2 rows in news.yaml (rows of the campaign file)
        text (6 characters)
          │ Hello!

    2 messages to send in 2 bulks
    ----- stderr
    warning[handed-over-early]: an apply hands 1 message of `news.hello` over 1 day 3 h early: from then on nothing can stop or change what leaves by 2026-12-01 15:00 UTC
     --> news.yaml:8:30
      |
    8 | schedules: { plan: { sendAt: "2026-12-01 10:00", timeZone: { perPerson: true } } }
      |                              ^^^^^^^^^^^^^^^^^^
      |
      = help: write `handover: 2h` on the schedule to keep them here until 2 hours before their time; something must run `apply` then

    1 warning
    "#);
    insta::assert_snapshot!(plan_of("sendAt: \"2026-12-05 10:00\", timeZone: UTC, handover: 2h").code(0), @"
    exit code: 0
    news.hello r1  shop to people
      ~ 2 not due yet: handed over from 2026-12-05 08:00 UTC, leaving at 2026-12-05 10:00 UTC
        2 rows in news.yaml (rows of the campaign file)
        text (6 characters)
          │ Hello!

    nothing to send, 2 not due yet (next apply at 2026-12-05 08:00 UTC)
    ");
}

#[test]
fn a_time_that_is_past() {
    insta::assert_snapshot!(plan_of("sendAt: \"2026-11-30 09:00\", timeZone: Europe/Zagreb").code(3), @r#"
    exit code: 3
    news.hello r1  shop to people
      ! 2 too late
        2 rows in news.yaml (rows of the campaign file)

    nothing can be sent: the files have errors
      past-time  news.yaml:8:30
    next, once the files are mended: sendform plan --sandbox
    ----- stderr
    error[past-time]: the time of `news.hello` is past, and nothing of it was sent; it was for 2 people
     --> news.yaml:8:30
      |
    8 | schedules: { plan: { sendAt: "2026-11-30 09:00", timeZone: Europe/Zagreb } }
      |                              ^^^^^^^^^^^^^^^^^^ it is 2026-11-30 12:00 UTC now
      |
      = help: set a time that is still to come, or say `ifPast: sendNow`, or pass `--accept late=2`

    1 error
    "#);
    insta::assert_snapshot!(plan_of("sendAt: \"2026-11-30 09:00\", timeZone: Europe/Zagreb, ifPast: sendNow").code(0), @"
    exit code: 0
    news.hello r1  shop to people
      + 2 to send at once (late), 1 bulk
        2 rows in news.yaml (rows of the campaign file)
        text (6 characters)
          │ Hello!

    2 messages to send in 1 bulk
    ");
}

#[test]
fn rails_are_passed_by_number() {
    let small = small().file(
        "sendform.yaml",
        "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nlimits: { messagesPerApply: 3 }\n",
    );
    insta::assert_snapshot!(small.run(["plan", "--sandbox"]).code(4), @"
    exit code: 4
    acme-shop on sandbox, 2026-11-30 12:00 UTC, 2 campaigns in 2 files

    news.hello r1  shop to people
      + 2 to send at once, 1 bulk
        2 rows in news.yaml (rows of the campaign file)
        text (6 characters)
          │ Hello!

    welcome.hello r1  shop to people
      + 2 to send at once, 1 bulk
        2 rows in welcome.yaml (rows of the campaign file)
        text (8 characters)
          │ Welcome!

    ! 4 messages to send, but at most 3 may be in one apply
      to go on all the same: --accept messages=4

    ! 2 people would get more than one message of this plan within an hour
    limits: 3 messages an apply, audiences grow by 50%, 1% of the rows unreadable, no row may fail
    4 messages to send in 2 bulks, but not while a limit refuses
    next, if that is meant: sendform apply --sandbox --accept messages=4
    ");
    small.run(["plan", "--sandbox", "--accept", "messages=3"]).code(4);
    insta::assert_snapshot!(last_lines(&small.run(["plan", "--sandbox", "--accept", "messages=4"]).code(0)), @"

      4 messages to send, but at most 3 may be in one apply (accepted)

    ! 2 people would get more than one message of this plan within an hour
    limits: 3 messages an apply, audiences grow by 50%, 1% of the rows unreadable, no row may fail
    4 messages to send in 2 bulks
    ");
    let expected = small_campaign("").replace("    rows:", "    expect: { min: 10 }\n    rows:");
    let run = one(&expected).run(["plan", "--sandbox"]);
    insta::assert_snapshot!(last_lines(&run.code(4)), @"
          │ Hello!

    ! news.hello: audience `people` has 2 people, but at least 10 are expected
      to go on: mend the audience, or change its `expect`

    2 messages to send in 1 bulk, but not while a limit refuses
    ");
}

#[test]
fn a_part_is_selected() {
    insta::assert_snapshot!(small().run(["plan", "--sandbox", "--only", "welcome"]).code(0), @"
    exit code: 0
    acme-shop on sandbox, 2026-11-30 12:00 UTC, 2 campaigns in 2 files

    welcome.hello r1  shop to people
      + 2 to send at once, 1 bulk
        2 rows in welcome.yaml (rows of the campaign file)
        text (8 characters)
          │ Welcome!

    news.hello r1  shop to people  (not selected): 2 to send, 2 rows in news.yaml (rows of the campaign file)

    2 messages to send in 1 bulk
    ");
    small().run(["plan", "--sandbox", "--only", "welcome.hello"]).code(0);
    insta::assert_snapshot!(small().run(["plan", "--sandbox", "--only", "welcom"]).code(64), @"
    exit code: 64
    ----- stderr
    error: there is no campaign or message `welcom`
      hint: the messages are `news.hello`, `welcome.hello`
    ");
    insta::assert_snapshot!(small().run(["plan", "--sandbox", "--only", "Welcome!"]).code(64), @"
    exit code: 64
    ----- stderr
    error: `Welcome!` is neither CAMPAIGN nor CAMPAIGN.MESSAGE
    ");
    insta::assert_snapshot!(small().run(["plan", "--sandbox", "--accept", "everything=1"]).code(64), @"
    exit code: 64
    ----- stderr
    error: `everything=1` is not NAME=NUMBER with one of messages, growth, unreadable, failed, nobody, late, overlap, rejected, lockfile-in-ci, unauthenticated, unclosed, reloaded, other-key
    ");
    small().run(["plan", "--sandbox", "--retry-rejected", "welcome.bye"]).code(64);
}

#[test]
fn what_is_not_selected_does_not_set_the_exit_code() {
    let shop = Shop::new(2).faults(&["500-after"]);
    shop.apply().code(6);
    shop.project.write("vip.csv", "id,name\n17841400009999999,Ana\n17841400009999998,\n");
    let vip = campaign("vip", "Hello {{ name }}!", 1).replace("customers.csv", "vip.csv");
    shop.project.write("vip.yaml", &vip);
    shop.run(&["plan"]).code(3);
    shop.run(&["plan", "--only", "vip"]).code(3);
    shop.run(&["plan", "--only", "sale"]).code(6);
    shop.project.write("vip.yaml", vip.replace("{{ name }}", "you"));
    shop.run(&["plan"]).code(6);
    shop.run(&["plan", "--only", "vip"]).code(0);
    shop.run(&["apply", "--auto-approve", "--only", "vip"]).code(0);
    assert_eq!(shop.requests(), 2);
    shop.run(&["apply", "--auto-approve", "--only", "vip"]).code(0);
    // Of what is not selected the logs were not asked either, until now.
    shop.run(&["apply", "--auto-approve"]).code(0);
    assert_eq!(shop.requests(), 2);
}

#[test]
fn a_wrong_digest_is_told_before_a_limit() {
    let limited = PROJECT.replace("bulkSize: 2", "bulkSize: 2\nlimits: { messagesPerApply: 1 }");
    let project = project().file("sendform.yaml", limited);
    project.run(["apply", "--sandbox", "--auto-approve"]).code(4);
    project
        .run(["apply", "--sandbox", "--auto-approve", "--expect-digest", "plan/v1:00000000000000000000000000000000"])
        .code(5);
    project.run(["apply", "--sandbox", "--auto-approve", "--expect-digest", "plan/v1:0"]).code(64);
}

#[test]
fn an_exit_code_for_scripts() {
    small().run(["plan", "--sandbox"]).code(0);
    small().run(["plan", "--sandbox", "--detailed-exitcode"]).code(2);
    let paused = small_campaign("").replace("campaign: news", "campaign: news\npaused: true");
    let run = one(&paused).run(["plan", "--sandbox", "--detailed-exitcode"]);
    insta::assert_snapshot!(run.code(0), @"
    exit code: 0
    news.hello r1  shop to people
        2 paused
        2 rows in news.yaml (rows of the campaign file)

    nothing to send
    ");
    // Of rows that nobody read some may be to send, but not while the message is paused.
    let without_data = ["plan", "--sandbox", "--detailed-exitcode", "--without-data"];
    one(&paused).run(without_data).code(0);
    small().run(without_data).code(2);
}

#[test]
fn without_a_key_nothing_is_compared() {
    let mut project = real(small());
    project.unset("SENDFORM_KEY");
    insta::assert_snapshot!(project.run(["plan"]).code(0), @"
    exit code: 0
    acme-shop on 127.0.0.1:[port], 2026-11-30 12:00 UTC, 2 campaigns in 2 files
    ! the key is missing: who has a message already cannot be told, and the numbers to send are upper bounds

    news.hello r1  shop to people
      + at most 2 to send at once, 1 bulk; who of them has it already cannot be told without the key
        2 rows in news.yaml (rows of the campaign file)
        text (6 characters)
          │ Hello!

    welcome.hello r1  shop to people
      + at most 2 to send at once, 1 bulk; who of them has it already cannot be told without the key
        2 rows in welcome.yaml (rows of the campaign file)
        text (8 characters)
          │ Welcome!

    ! at most 2 people would get more than one message of this plan within an hour
    at most 4 messages to send in 2 bulks
    ");
    assert_eq!(project.run(["plan", "--format", "json"]).json()["compared"], false);
    let mut project = small();
    project.unset("SENDFORM_KEY");
    insta::assert_snapshot!(project.run(["plan"]).code(0).stdout.lines().nth(1).unwrap_or_default(), @"! no gateway is named, so there is no ledger: who has a message already cannot be told, and the numbers to send are upper bounds");
    // Whoever only looks needs no key.
    insta::assert_snapshot!(project.run(["status"]).code(3), @"
    exit code: 3
    ----- stderr
    error: no gateway is named
      hint: write `gateway: { baseUrl: https://xxxxx.api.infobip.com }` into the project file, or set SENDFORM_BASE_URL
      hint: or pass `--sandbox` to try everything without a gateway
    ");
}

#[test]
fn a_missing_ledger_is_not_an_empty_one() {
    let project = real(small());
    insta::assert_snapshot!(project.run(["plan"]).code(8), @"
    exit code: 8
    ----- stderr
    error: there is no ledger at `./sendform.lock`
      hint: if something was sent before, bring it back, from git or a backup; else `sendform ledger init` makes it
    ");
    insta::assert_snapshot!(project.run(["ledger", "init"]).code(0), @"
    exit code: 0
    made ./sendform.lock for `127.0.0.1:[port]`
    keep it, and a copy of it elsewhere after every apply: it is in no git repository, and without it everybody would be sent to again
    ");
    project.run(["plan"]).code(0);
    insta::assert_snapshot!(project.run(["status"]).code(0), @"
    exit code: 0
    ledger of acme-shop on 127.0.0.1:[port]

    nothing was sent yet
    ");
    insta::assert_snapshot!(project.run(["ledger", "verify"]).code(0), @"
    exit code: 0
    0 claims, nothing odd
    ");
    insta::assert_snapshot!(project.run(["ledger", "init"]).code(8), @"
    exit code: 8
    ----- stderr
    error: there is a ledger at `./sendform.lock` already
      hint: it is made once: `sendform status` shows what it holds
    ");
}

#[test]
fn a_sandbox_that_nothing_was_sent_to() {
    insta::assert_snapshot!(small().run(["status", "--sandbox"]).code(0), @"
    exit code: 0
    ledger of acme-shop on sandbox

    nothing was sent yet
    ");
}

#[test]
fn further_forms_go_into_files() {
    let project = small();
    let run = project.run(["plan", "--sandbox", "--write", "json=plan.json", "--write", "text=plan.txt"]).code(0);
    assert_eq!(fs::read_to_string(project.path("plan.txt")).unwrap(), run.stdout);
    let json: serde_json::Value = serde_json::from_str(&project.read("plan.json")).unwrap();
    assert_eq!(json["toSend"], 4);
    insta::assert_snapshot!(last_lines(&project.run(["plan", "--sandbox", "--write", "json=no/plan.json"]).code(1)), @"

    ! 2 people would get more than one message of this plan within an hour
    4 messages to send in 2 bulks
    ----- stderr
    error: `no/plan.json` cannot be written
      caused by: No such file or directory (os error 2)
    ");
    project.run(["plan", "--sandbox", "--write", "xml=plan.xml"]).code(64);
}

#[test]
fn no_project_no_plan() {
    Project::empty().run(["plan", "--sandbox"]).code(3);
}

#[test]
fn rows_that_fail_stop_the_plan() {
    let project = project().file("sale.yaml", CAMPAIGN.replace("first_name | fallback('there')", "first_name"));
    insta::assert_snapshot!(project.run(["plan", "--sandbox"]).code(3), @r#"
    exit code: 3
    sale.announce r1  shop to people
      !  3 to send but for the errors
      !  1 conversation window closed
      !  1 failed
         1 skipped by the template
             1: no shop on the island
         1 excluded
             staff (1 person) stopped 1
         1 suppressed
             opt-outs.csv (1 person) stopped 1
         1 filtered by `where`
      !  2 contradicting
         1 duplicate
      !  1 unreadable
        13 rows in people.csv (CSV with `,`, UTF-8)
        shortest (32 characters)
          │ Hi A•••, the sale is on in S•••!
        longest (34 characters)
          │ Hi L•••, the sale is on in Z•••!

    ! sale.announce: 1 row failed, but at most 0 may
      to go on all the same: --accept failed=1

    nothing can be sent: the files have errors
      blank-value  sale.yaml:21:88
    next, once the files are mended: sendform plan --sandbox
    ----- stderr
    error[blank-value]: `sale.announce`: `first_name` is blank, and the template has no fallback for it
      --> sale.yaml:21:88
       |
    21 |       text: "{% if city == 'Vis' %}{{ skip('no shop on the island') }}{% endif %}Hi {{ first_name }}, the sale i...
       |                                                                                        ^^^^^^^^^^
      ::: people.csv:4 (column first_name)
       = note: for this row
       = help: write `{{ first_name | fallback("…") }}`, or fill the cell in

    warning[bad-recipient]: a row of audience `people` cannot be read: the recipient's id is in scientific notation: a spreadsheet has cut its digits
    --> people.csv:12 (column to)
     = help: export the column as text: what a spreadsheet takes for a number loses its last digits; nobody is sent from this row

    warning[unreadable-row]: 2 rows of audience `people` contradict another row of the same person
    --> people.csv:11
     = help: nobody is sent from them: keep one row a person, or make the used columns agree

    1 error, 2 warnings
    "#);
}

/// The lines of a plan that show texts.
fn samples(run: &Run) -> String {
    run.stdout.lines().filter(|line| line.contains('│')).map(|line| line.to_owned() + "\n").collect()
}

/// The end of a run's output.
fn last_lines(run: &Run) -> String {
    let text = run.to_string();
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().rev().take(6).rev().map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_message_that_cannot_be_planned_says_why_under_its_heading() {
    let shop = "campaign: sale\naudiences: { people: { csv: gone.csv, columns: { to: id } } }\nmessages:\n  \
                - { id: hello, sender: shop, audience: people, content: { text: Hi } }\n  \
                - { id: bye, sender: shop, audience: people, content: { text: Bye } }\n";
    let project = Project::new().campaign("sale", shop);
    let plan = project.run(["plan", "--sandbox"]).code(3);
    let why = "  ! not planned: `gone.csv`: there is no such file\n";
    assert_eq!(plan.stdout.matches(why).count(), 2, "{plan}");
}
