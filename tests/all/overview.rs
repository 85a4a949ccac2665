//! What a sandbox says of everything that it was sent, by campaign: the examples of this repository from their first
//! apply to the end of the last message, a sandbox on its own, and gateways that do not say it.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Project, Sandbox, Shop, examples};

fn whole(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is a count"))
}

/// All ends and all that is not at its end.
fn sum(counts: &Value) -> u64 {
    ["waiting", "onTheWay", "delivered", "undeliverable", "expired", "rejected"]
        .iter()
        .map(|end| whole(&counts[end]))
        .sum()
}

/// Applies whatever comes due until two weeks are over. The overview and the ledger agree all the while.
#[test]
fn two_weeks_of_the_examples() {
    let mut project = examples();
    let end = "2026-12-14T12:00:00Z";
    let mut now = "2026-11-30T12:00:00Z".to_owned();
    let mut applies = Vec::new();
    while now.as_str() <= end {
        project.set("SENDFORM_NOW", now.clone());
        project.run(["apply", "--sandbox", "--auto-approve"]).code(0);
        applies.push(now.clone());
        let report = project.run(["report", "--sandbox", "--format", "json"]).code(0).json();
        agree(&project, &report);
        let plan = project.run(["plan", "--sandbox", "--format", "json"]).code(0).json();
        let Some(next) = plan["nextApplyAt"].as_str() else { break };
        assert!(next > now.as_str(), "{next}");
        now = next.to_owned();
    }
    assert_snapshot!(applies.join(" "), @"2026-11-30T12:00:00Z 2026-12-09T11:00:00Z 2026-12-09T11:30:00Z 2026-12-09T13:00:00Z 2026-12-09T16:30:00Z 2026-12-09T18:00:00Z 2026-12-09T20:00:00Z 2026-12-09T21:00:00Z 2026-12-09T22:00:00Z 2026-12-10T01:00:00Z 2026-12-10T03:00:00Z 2026-12-10T04:00:00Z 2026-12-10T06:00:00Z 2026-12-10T08:00:00Z");
    project.set("SENDFORM_NOW", end);
    let report = project.run(["report", "--sandbox", "--format", "json"]).code(0).json();
    agree(&project, &report);
    assert_snapshot!(project.run(["report", "--sandbox"]).code(0).stdout, @"
    sandbox of acme-shop, 2026-12-14 12:00 UTC

    campaign                                          accepted  waiting  on the way  delivered  undeliverable  expired  rejected
    without a reference, from GALLERY-ACCOUNT-ID-456       881        0           0        881              0        0         0
    flash-sale-2026, from OFFICIAL-ACCOUNT-ID-123        3,794        0           0      3,794              0        0         0
    recall-lumen-7, from OFFICIAL-ACCOUNT-ID-123           303        0           0        303              0        0         0
    all                                                  4,978        0           0      4,978              0        0         0

    without a reference, from GALLERY-ACCOUNT-ID-456
      881 sent from 2026-11-30 23:00 UTC to 2026-12-10 20:00 UTC

    flash-sale-2026, from OFFICIAL-ACCOUNT-ID-123
      3,794 sent from 2026-11-30 17:00 UTC to 2026-11-30 17:06:19 UTC, 600 a minute

    recall-lumen-7, from OFFICIAL-ACCOUNT-ID-123
      303 sent at 2026-11-30 12:00 UTC
    ");
    assert_snapshot!(project.run(["report", "--sandbox", "--format", "markdown"]).code(0).stdout, @"
    <!-- sendform report -->

    ## Sandbox of `acme-shop`

    - sandbox of acme-shop, 2026-12-14 12:00 UTC

    | campaign | accepted | waiting | on the way | delivered | undeliverable | expired | rejected |
    | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | without a reference, from GALLERY-ACCOUNT-ID-456 | 881 | 0 | 0 | 881 | 0 | 0 | 0 |
    | flash-sale-2026, from OFFICIAL-ACCOUNT-ID-123 | 3,794 | 0 | 0 | 3,794 | 0 | 0 | 0 |
    | recall-lumen-7, from OFFICIAL-ACCOUNT-ID-123 | 303 | 0 | 0 | 303 | 0 | 0 | 0 |
    | all | 4,978 | 0 | 0 | 4,978 | 0 | 0 | 0 |
    - without a reference, from GALLERY-ACCOUNT-ID-456
      - 881 sent from 2026-11-30 23:00 UTC to 2026-12-10 20:00 UTC
    - flash-sale-2026, from OFFICIAL-ACCOUNT-ID-123
      - 3,794 sent from 2026-11-30 17:00 UTC to 2026-11-30 17:06:19 UTC, 600 a minute
    - recall-lumen-7, from OFFICIAL-ACCOUNT-ID-123
      - 303 sent at 2026-11-30 12:00 UTC
    ");
}

/// The overview adds up, and accepted what the ledger has as accepted, by the names that a campaign gives its messages.
#[track_caller]
fn agree(project: &Project, report: &Value) {
    let status = project.run(["status", "--sandbox", "--format", "json"]).code(0).json();
    let mut ledger: BTreeMap<&str, u64> = BTreeMap::new();
    for message in status["messages"].as_array().unwrap() {
        let reference = match message["message"].as_str().unwrap() {
            "flash-sale.announce" => "flash-sale-2026",
            "recall-notice.notice" => "recall-lumen-7",
            "gallery-night.invite" | "gallery-night.reminder" => "",
            other => panic!("`{other}` is new: say under which reference it goes"),
        };
        *ledger.entry(reference).or_default() += whole(&message["accepted"]);
    }
    let mut overview: BTreeMap<&str, u64> = BTreeMap::new();
    for campaign in report["campaigns"].as_array().unwrap() {
        assert_eq!(whole(&campaign["accepted"]), sum(campaign), "{campaign}");
        *overview.entry(campaign["campaignReferenceId"].as_str().unwrap_or_default()).or_default() +=
            whole(&campaign["accepted"]);
    }
    assert_eq!(overview, ledger);
    assert_eq!(
        (whole(&report["all"]["accepted"]), sum(&report["all"])),
        (ledger.values().sum(), ledger.values().sum())
    );
}

#[test]
fn a_sandbox_on_its_own_says_it_too() {
    let shop = Shop::on(Sandbox::start(["--stopped"]), 3).faults(&["reject=17841400000000002"]);
    shop.run(&["ledger", "init"]).code(0);
    shop.apply().code(7);
    let run = shop.run(&["report"]).code(0);
    assert_snapshot!(run.stdout.replace(&shop.sandbox.address().to_string(), "[address]"), @"
    sandbox [address] of acme-shop, 2026-11-30 12:00 UTC

    campaign                                accepted  waiting  on the way  delivered  undeliverable  expired  rejected
    without a reference, from SHOP-ACCOUNT         2        0           2          0              0        0         0

    without a reference, from SHOP-ACCOUNT
      2 sent at 2026-11-30 12:00 UTC
      1 message turned down at once: REJECTED_DESTINATION_BLOCKLISTED (14)
    ");
    // What a gateway does not say is no failure of the sandbox.
    let mut elsewhere = Shop::without_ledger(1);
    elsewhere.project.set("SENDFORM_BASE_URL", "https://xxxxx.api.infobip.com");
    elsewhere.project.unset("SENDFORM_NOW");
    elsewhere.project.set("SENDFORM_API_KEY", "key");
    assert_snapshot!(elsewhere.run(&["report"]).code(64), @"
    exit code: 64
    ----- stderr
    error: `xxxxx.api.infobip.com` is no sandbox on this machine: only a sandbox tells what became of everything
      hint: for the embedded one: `sendform report --sandbox`
      hint: for one that `sendform sandbox` serves, set SENDFORM_BASE_URL to where it listens
      hint: `sendform status` shows what the ledger has of every gateway
    ");
    elsewhere.project.unset("SENDFORM_BASE_URL");
    assert_snapshot!(elsewhere.run(&["report"]).code(3), @"
    exit code: 3
    ----- stderr
    error: no gateway is named
      hint: write `gateway: { baseUrl: https://xxxxx.api.infobip.com }` into the project file, or set SENDFORM_BASE_URL
      hint: or pass `--sandbox` to try everything without a gateway
    ");
    // Nobody listens there.
    elsewhere.project.set("SENDFORM_BASE_URL", "http://127.0.0.1:1");
    assert_snapshot!(elsewhere.run(&["report"]).code(1), @"
    exit code: 1
    ----- stderr
    `http://127.0.0.1:[port]/` does not tell the time, so this machine's is taken: the connection was refused
    error: the sandbox `127.0.0.1:[port]` does not say what became of everything
      caused by: the connection was refused
    ");
}

#[test]
fn an_empty_sandbox_has_nothing_to_tell() {
    let project = Project::new();
    assert_snapshot!(project.run(["report", "--sandbox"]).code(0).stdout, @"
    sandbox of acme-shop, 2026-11-30 12:00 UTC

    nothing was sent to it yet
    ");
}
