//! Everybody gets it on their own clock: the headline speaks of all bulks.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{KEY, Project, Run};

const ZONES: [(&str, u64); 4] =
    [("Asia/Singapore", 3), ("Africa/Nairobi", 2), ("Europe/Vienna", 4), ("America/Bogota", 1)];

fn campaign(schedule: &str) -> String {
    format!(
        "campaign: evening\naudiences:\n  all: {{ csv: all.csv, columns: {{ timeZone: zone }} }}\n\
         schedules: {{ s: {{ {schedule} }} }}\nmessages:\n  \
         - {{ id: hello, sender: shop, audience: all, schedule: s, content: {{ type: TEXT, text: Good evening! }} }}\n"
    )
}

fn project(schedule: &str, zones: &[(&str, u64)]) -> Project {
    let of = zones.iter().flat_map(|(zone, people)| (0..*people).map(move |_| *zone));
    let rows: String =
        of.enumerate().map(|(number, zone)| format!("{},{zone}\n", 17_841_400_000_003_000 + number)).collect();
    Project::new()
        .file(".sendform/sandbox/key", KEY)
        .campaign("evening", &campaign(schedule))
        .file("all.csv", format!("to,zone\n{rows}"))
}

/// What is said of the message, without its text.
fn said(run: &Run) -> String {
    let lines = run.stdout.lines().skip(2).take_while(|line| !line.contains(" in all.csv"));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn some_clocks_are_past() {
    let late = project("sendAt: \"2026-11-30 19:00\", timeZone: { perPerson: true }", &ZONES);
    let run = late.run(["plan", "--sandbox", "--accept", "late=3"]).code(0);
    assert_snapshot!(said(&run), @"
    evening.hello r1  shop to all  evening.yaml:6
      + 10 to send: 3 at once (late), 7 by each person's clock, 2026-11-30 16:00 to 2026-12-01 00:00 UTC, 4 bulks
            zone            local             UTC               people
            Asia/Singapore  at once (late)                           3
            Africa/Nairobi  2026-11-30 19:00  2026-11-30 16:00       2
            Europe/Vienna   2026-11-30 19:00  2026-11-30 18:00       4
            America/Bogota  2026-11-30 19:00  2026-12-01 00:00       1
    ");
    let plan = late.run(["plan", "--sandbox", "--accept", "late=3", "--format", "json"]).code(0).json();
    let message = &plan["messages"][0];
    assert_eq!(message["atOnce"], 3);
    assert_eq!(
        message["zones"][0],
        json!({ "zone": "Asia/Singapore", "sendAt": null, "people": 3, "notDue": 0, "fallback": 0 })
    );
    assert_eq!(message["zones"][3]["sendAt"], "2026-12-01T00:00:00Z");
    let people: u64 = message["zones"].as_array().unwrap().iter().filter_map(|zone| zone["people"].as_u64()).sum();
    assert_eq!(people, 10);
}

#[test]
fn all_clocks_are_to_come() {
    let schedule = "sendAt: \"2026-12-01 09:00\", timeZone: { perPerson: true }";
    assert_snapshot!(said(&project(schedule, &ZONES).run(["plan", "--sandbox"]).code(0)), @"
    evening.hello r1  shop to all  evening.yaml:6
      + 10 to send by each person's clock, 2026-12-01 01:00 to 14:00 UTC, 4 bulks
            zone            local             UTC               people
            Asia/Singapore  2026-12-01 09:00  2026-12-01 01:00       3
            Africa/Nairobi  2026-12-01 09:00  2026-12-01 06:00       2
            Europe/Vienna   2026-12-01 09:00  2026-12-01 08:00       4
            America/Bogota  2026-12-01 09:00  2026-12-01 14:00       1
    ");
    // One zone alone needs no table.
    assert_snapshot!(said(&project(schedule, &[("Asia/Singapore", 2)]).run(["plan", "--sandbox"]).code(0)), @"
    evening.hello r1  shop to all  evening.yaml:6
      + 2 to send by each person's clock, at 2026-12-01 09:00 Asia/Singapore (01:00 UTC), 1 bulk
    ");
    let paced = format!("{schedule}, sendingSpeedLimit: {{ amount: 2 }}");
    assert_snapshot!(said(&project(&paced, &ZONES).run(["plan", "--sandbox"]).code(0)), @"
    evening.hello r1  shop to all  evening.yaml:6
      + 10 to send by each person's clock, 2026-12-01 01:00 to 14:00 UTC, 2 a minute, the last at 2026-12-01 14:00 UTC, 13 h later, 4 bulks
            zone            local             UTC               people
            Asia/Singapore  2026-12-01 09:00  2026-12-01 01:00       3
            Africa/Nairobi  2026-12-01 09:00  2026-12-01 06:00       2
            Europe/Vienna   2026-12-01 09:00  2026-12-01 08:00       4
            America/Bogota  2026-12-01 09:00  2026-12-01 14:00       1
    ");
    let kept = format!("{schedule}, handover: 6h");
    assert_snapshot!(said(&project(&kept, &ZONES).run(["plan", "--sandbox"]).code(0)), @"
    evening.hello r1  shop to all  evening.yaml:6
      ~ 10 not due yet: handed over from 2026-11-30 19:00 UTC, leaving by each person's clock, 2026-12-01 01:00 to 14:00 UTC
            zone            local             UTC               people
            Asia/Singapore  2026-12-01 09:00  2026-12-01 01:00       3
            Africa/Nairobi  2026-12-01 09:00  2026-12-01 06:00       2
            Europe/Vienna   2026-12-01 09:00  2026-12-01 08:00       4
            America/Bogota  2026-12-01 09:00  2026-12-01 14:00       1
    ");
}

#[test]
fn one_person_is_told_as_one() {
    let late =
        project("sendAt: \"2026-11-30 19:00\", timeZone: { perPerson: true }, ifPast: sendNow", &[("Asia/Tokyo", 1)]);
    assert_snapshot!(said(&late.run(["plan", "--sandbox"]).code(0)), @"
    evening.hello r1  shop to all  evening.yaml:6
      + 1 to send at once (late), 1 bulk
    ");
}

#[test]
fn of_many_zones_the_first_twenty_are_shown() {
    let zones: Vec<String> = (0..23)
        .map(|zone| match zone {
            0..12 => format!("Etc/GMT+{}", zone + 1),
            _ => format!("Etc/GMT-{}", zone - 11),
        })
        .collect();
    let zones: Vec<(&str, u64)> = zones.iter().map(|zone| (zone.as_str(), 2)).collect();
    let run = project("sendAt: \"2026-12-01 15:00\", timeZone: { perPerson: true }", &zones).run(["plan", "--sandbox"]);
    let run = run.code(0);
    let said = said(&run);
    assert_eq!(said.lines().filter(|line| line.contains("Etc/GMT")).count(), 20, "{run}");
    assert!(said.contains("        and 3 more zones with 6 people\n"), "{run}");
}

#[test]
fn whom_the_fallback_stands_in_for_is_counted() {
    let schedule = "sendAt: \"2026-12-01 09:00\", timeZone: { perPerson: true, fallback: Europe/Vienna }";
    let zones = [("", 2), ("Europe/Vienna", 3), ("Africa/Nairobi", 1)];
    let shop = project(schedule, &zones);
    assert_snapshot!(said(&shop.run(["plan", "--sandbox"]).code(0)), @"
    evening.hello r1  shop to all  evening.yaml:6
      + 6 to send by each person's clock, 2026-12-01 06:00 to 08:00 UTC, 2 bulks
            zone            local             UTC               people
            Africa/Nairobi  2026-12-01 09:00  2026-12-01 06:00       1
            Europe/Vienna   2026-12-01 09:00  2026-12-01 08:00       5
            2 people have no zone of their own: the fallback Europe/Vienna stands in
    ");
    let plan = shop.run(["plan", "--sandbox", "--format", "json"]).code(0).json();
    assert_eq!(plan["messages"][0]["zones"][1]["fallback"], 2);
    assert_snapshot!(said(&project(schedule, &[("", 1)]).run(["plan", "--sandbox"]).code(0)), @"
    evening.hello r1  shop to all  evening.yaml:6
      + 1 to send by each person's clock, at 2026-12-01 09:00 Europe/Vienna (08:00 UTC), 1 bulk
            1 person has no zone of their own: the fallback Europe/Vienna stands in
    ");
}

#[test]
fn the_fallback_is_told_below_those_whom_it_stands_in_for() {
    // Nairobi is due five hours before four in the afternoon, and Bogota only five hours before midnight.
    let schedule =
        "sendAt: \"2026-11-30 19:00\", timeZone: { perPerson: true, fallback: America/Bogota }, handover: 5h";
    let of = |zones: &[(&str, u64)]| said(&project(schedule, zones).run(["plan", "--sandbox"]).code(0));
    assert_snapshot!(of(&[("", 2), ("Africa/Nairobi", 3)]), @"
    evening.hello r1  shop to all  evening.yaml:6
      + 3 to send by each person's clock, at 2026-11-30 19:00 Africa/Nairobi (16:00 UTC), 1 bulk
            zone            local             UTC               people
            Africa/Nairobi  2026-11-30 19:00  2026-11-30 16:00       3
      ~ 2 not due yet: handed over from 2026-11-30 19:00 UTC, leaving by each person's clock, at 2026-11-30 19:00 America/Bogota (2026-12-01 00:00 UTC)
            2 people have no zone of their own: the fallback America/Bogota stands in
    ");
    let schedule =
        "sendAt: \"2026-11-30 19:00\", timeZone: { perPerson: true, fallback: Africa/Nairobi }, handover: 5h";
    let of = |zones: &[(&str, u64)]| said(&project(schedule, zones).run(["plan", "--sandbox"]).code(0));
    assert_snapshot!(of(&[("", 2), ("America/Bogota", 3)]), @"
    evening.hello r1  shop to all  evening.yaml:6
      + 2 to send by each person's clock, at 2026-11-30 19:00 Africa/Nairobi (16:00 UTC), 1 bulk
            zone            local             UTC               people
            Africa/Nairobi  2026-11-30 19:00  2026-11-30 16:00       2
            2 people have no zone of their own: the fallback Africa/Nairobi stands in
      ~ 3 not due yet: handed over from 2026-11-30 19:00 UTC, leaving by each person's clock, at 2026-11-30 19:00 America/Bogota (2026-12-01 00:00 UTC)
    ");
}

#[test]
fn a_delivery_window_is_told_with_the_time() {
    let window = "deliveryTimeWindow: { days: [MONDAY, TUESDAY, WEDNESDAY], from: { hour: 8, minute: 0 }, to: { hour: 20, \
        minute: 30 } }";
    let of = |schedule: &str| said(&project(&format!("{schedule}{window}"), &ZONES).run(["plan", "--sandbox"]).code(0));
    assert_snapshot!(of("sendAt: \"2026-12-01 10:00\", timeZone: Europe/Vienna, "), @"
    evening.hello r1  shop to all  evening.yaml:6
      + 10 to send at 2026-12-01 10:00 Europe/Vienna (09:00 UTC), 1 bulk
             delivered Monday to Wednesday 08:00 to 20:30 UTC (09:00 to 21:30 in Europe/Vienna)
    ");
    assert_snapshot!(of("sendAt: \"2026-12-02 10:00\", timeZone: Europe/Vienna, handover: 2h, "), @"
    evening.hello r1  shop to all  evening.yaml:6
      ~ 10 not due yet: handed over from 2026-12-02 08:00 Europe/Vienna (07:00 UTC), leaving at 2026-12-02 10:00 Europe/Vienna (09:00 UTC)
             delivered Monday to Wednesday 08:00 to 20:30 UTC (09:00 to 21:30 in Europe/Vienna)
    ");
    assert_snapshot!(of(""), @"
    evening.hello r1  shop to all  evening.yaml:6
      + 10 to send at once, 1 bulk
             delivered Monday to Wednesday 08:00 to 20:30 UTC
    ");
}

#[test]
fn whose_window_closes_before_their_turn_is_told_with_when_the_last_leaves() {
    let rows: String =
        (0..4).map(|number| format!("{},2026-12-01T10:10:00Z\n", 17_841_400_000_003_000_u64 + number)).collect();
    let campaign = "campaign: evening\naudiences:\n  all: { csv: all.csv, columns: { windowClosesAt: closes } }\n\
        schedules: { s: { sendAt: \"2026-12-01 10:00\", timeZone: Europe/Vienna, sendingSpeedLimit: { amount: 2, \
        timeUnit: HOUR } } }\nmessages:\n  \
        - { id: hello, sender: shop, audience: all, schedule: s, content: { type: TEXT, text: Good evening! } }\n";
    let shop = Project::new().campaign("evening", campaign).file("all.csv", format!("to,closes\n{rows}"));
    assert_snapshot!(shop.run(["plan", "--sandbox"]).code(0), @r#"
    exit code: 0
    evening.hello r1  shop to all
      + 3 to send at 2026-12-01 10:00 Europe/Vienna (09:00 UTC), 2 an hour, the last at 2026-12-01 11:00 Europe/Vienna (10:00 UTC), 1 h later, 1 bulk
      ! 1 conversation window closed
        4 rows in all.csv (CSV with `,`, UTF-8)
        text (13 characters)
          │ Good evening!

    3 messages to send in 1 bulk
    ----- stderr
    warning[turn-too-late]: 1 person of `evening.hello` would not get it: the conversation window closes before it is their turn; the last message leaves at 2026-12-01 11:00 Europe/Vienna (10:00 UTC)
     --> evening.yaml:4:27
      |
    4 | schedules: { s: { sendAt: "2026-12-01 10:00", timeZone: Europe/Vienna, sendingSpeedLimit: { amount: 2, timeUnit: ...
      |                           ^^^^^^^^^^^^^^^^^^
      |
      = help: choose a higher speed, or an earlier time: whose window closes first comes first already

    1 warning
    "#);
}
