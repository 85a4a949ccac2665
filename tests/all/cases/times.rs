//! Zones, times and durations as people write them, and times that do not go together.

use crate::support::{Project, Run, Shop, normalised};

const PEOPLE: &str = "\
to,name,zone
17841455500000001,Ana,Europe/Ljubljana
17841455500000002,Ivo, europe/ljubljana\u{20}
17841455500000003,Eva,
17841455500000004,Jan,GMT+2
17841455500000005,Mia,Pacific Standard Time
";

/// A project with one message on a schedule.
fn project(schedule: &str) -> Project {
    let campaign = format!(
        "campaign: autumn\n\
         audiences: {{ people: {{ csv: people.csv, columns: {{ timeZone: zone }} }} }}\n\
         schedules: {{ plan: {{ {schedule} }} }}\n\
         messages:\n  - {{ id: hello, sender: shop, audience: people, schedule: plan, content: {{ text: \"Hi {{{{ name }}}}\" }} }}\n"
    );
    Project::new().file("people.csv", PEOPLE).campaign("autumn", &campaign)
}

fn validate(schedule: &str) -> Run {
    project(schedule).run(["validate"])
}

#[test]
fn a_zone_is_never_answered_with_another_one() {
    let check = |zone: &str, code: &str, hint: &str| {
        let run = validate(&format!("sendAt: \"2026-12-01 09:00\", timeZone: \"{zone}\"")).code(3);
        let told = run.stdout.replace("\n   ", " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(&format!("error[{code}]")) && told.contains(hint), "{run}");
        told
    };
    for zone in ["GMT+2", "UTC+2", "UTC+02:00", "+02:00", "gmt +2"] {
        let told = check(zone, "bad-zone", "UTC+2 all the year is `Etc/GMT-2`");
        assert!(!told.contains("Etc/GMT+2") && !told.contains("did you mean"), "{told}");
    }
    check("GMT-5", "bad-zone", "such as `America/New_York`, whose clocks change");
    check("PST", "bad-zone", "write `America/Los_Angeles` or `Asia/Manila`, whichever is meant");
    check("IST", "bad-zone", "`Asia/Kolkata`, `Europe/Dublin` or `Asia/Jerusalem`");
    check("Romance Standard Time", "bad-zone", "did you mean `Europe/Paris`?");
    check("(UTC+01:00) Sarajevo, Skopje, Warsaw, Zagreb", "bad-zone", "write `Europe/Sarajevo`");
    check("Central Time (US & Canada)", "bad-zone", "did you mean `America/Chicago`?");
    check("Europe/Ljublana", "bad-zone", "did you mean `Europe/Ljubljana`?");
    check("America/Los Angeles", "bad-zone", "did you mean `America/Los_Angeles`?");
    check("Z", "bad-zone", "write `UTC`");
}

#[test]
fn a_zone_without_summer_time_is_named() {
    let check = |zone: &str, hint: &str| {
        let run = validate(&format!("sendAt: \"2027-04-01 09:00\", timeZone: {zone}")).code(0);
        assert!(run.stdout.contains("warning[fixed-zone]") && run.stdout.contains(hint), "{run}");
    };
    check("EST", "`America/New_York`");
    check("MST", "`America/Denver`");
    check("HST", "`Pacific/Honolulu`");
    check("Etc/GMT-2", "`Europe/Athens`");
    check("{ perPerson: true, fallback: EST }", "`America/New_York`");
    for zone in ["America/New_York", "UTC", "CET", "EST5EDT"] {
        let run = validate(&format!("sendAt: \"2027-04-01 09:00\", timeZone: {zone}")).code(0);
        assert!(!run.stdout.contains("warning"), "{run}");
    }
}

#[test]
fn a_time_or_an_id_of_another_form_is_written_out() {
    let check = |schedule: &str, hint: &str| {
        let run = validate(schedule).code(3);
        assert!(run.stdout.contains(hint), "{run}");
    };
    let at = |time: &str| format!("sendAt: {time}, timeZone: Europe/Ljubljana");
    check(&at("2026-12-01T09:00"), "help: write \"2026-12-01 09:00\"");
    check(&at("\"31.12.2026 9:00\""), "help: write \"2026-12-31 09:00\"");
    check(&at("12/01/2026"), "this may be 12 January or 1 December");
    check(&at("\"12/01/2026 17:30\""), "write \"2026-01-12 17:30\" or \"2026-12-01 17:30\"");
    check(&at("9am"), "the date is missing");
    check(&at("\"2027-02-29 09:00\""), "February 2027 has 28 days");
    check(&format!("{}, handover: 2 hours", at("\"2026-12-01 09:00\"")), "help: write `2h`");
    check(&format!("{}, handover: 90", at("\"2026-12-01 09:00\"")), "say its unit");
    check("sendAt: \"2026-12-01 09:00\", timeZone: -5", "`Etc/GMT+5`");
    let project = project("validityPeriod: { amount: 1 }");
    project.write("autumn.yaml", project.read("autumn.yaml").replace("campaign: autumn", "campaign: Autumn Sale"));
    let run = project.run(["validate"]).code(3);
    assert!(run.stdout.contains("help: write `autumn-sale`"), "{run}");
}

#[test]
fn a_cell_is_a_zone_or_nobody_is_sent_to() {
    let project = project("sendAt: \"2026-12-01 09:00\", timeZone: { perPerson: true, fallback: UTC }");
    let plan = project.run(["plan", "--sandbox", "--format", "json"]).code(0).json();
    let message = &plan["messages"][0];
    assert_eq!((&message["gates"]["toSend"], &message["gates"]["unreadable"]), (&3.into(), &2.into()), "{plan}");
    let times: Vec<_> = message["bulks"].as_array().unwrap().iter().map(|bulk| &bulk["sendAt"]).collect();
    assert_eq!(times, ["2026-12-01T08:00:00Z", "2026-12-01T09:00:00Z"]);
}

/// A schedule for five people, one an hour.
fn hourly(more: &str) -> Run {
    project(&format!(
        "sendAt: \"2026-12-01 09:00\", timeZone: UTC, sendingSpeedLimit: {{ amount: 1, timeUnit: HOUR }}, {more}"
    ))
    .run(["plan", "--sandbox"])
}

#[test]
fn who_expires_is_counted() {
    let validity = |minutes: u32| format!("validityPeriod: {{ amount: {minutes} }}");
    assert_eq!(hourly(&validity(5 * 60)).code(0).stderr, "");
    // Whoever would come up too late in one bulk is in another, which has a validity of its own.
    let run = hourly(&validity(150)).code(0);
    assert_eq!(run.stderr, "");
    assert!(
        run.stdout.contains("+ 5 to send at 2026-12-01 09:00 UTC, 1 an hour, the last at 2026-12-01 13:00 UTC"),
        "{run}"
    );
    assert!(run.stdout.contains("5 messages to send in 2 bulks"), "{run}");
    // From nine to eleven o'clock; the first of December is a Tuesday.
    let window =
        "deliveryTimeWindow: { days: [TUESDAY, WEDNESDAY], from: { hour: 8, minute: 0 }, to: { hour: 11, minute: 0 } }";
    insta::assert_snapshot!(hourly(window).code(0).stderr, @r#"
    warning[window-missed]: 3 people of `autumn.hello` would wait for the delivery window, from 2026-12-01 11:00 UTC on
     --> autumn.yaml:3:30
      |
    3 | schedules: { plan: { sendAt: "2026-12-01 09:00", timeZone: UTC, sendingSpeedLimit: { amount: 1, timeUnit: HOUR },...
      |                              ^^^^^^^^^^^^^^^^^^ it opens at 2026-12-02 08:00 UTC

    1 warning
    "#);
    let run = hourly(&format!("{window}, {}", validity(12 * 60))).code(0);
    assert!(
        run.stdout.contains("  ! 3 would expire before delivery\n  + 2 to send")
            || run.stdout.contains("3 would expire before delivery"),
        "{run}"
    );
    insta::assert_snapshot!(run.stderr, @r#"
    warning[window-missed]: 3 people of `autumn.hello` would not get it, and are not sent to: from 2026-12-01 11:00 UTC on the validity of 12 h is over before the delivery window opens
     --> autumn.yaml:3:30
      |
    3 | schedules: { plan: { sendAt: "2026-12-01 09:00", timeZone: UTC, sendingSpeedLimit: { amount: 1, timeUnit: HOUR },...
      |                              ^^^^^^^^^^^^^^^^^^ it opens at 2026-12-02 08:00 UTC
      |
      = help: choose a longer `validityPeriod` (48 h at most), another time, a wider window, or a higher speed

    1 warning
    "#);
    // Nobody would get it: that cannot be meant.
    let sunday = "deliveryTimeWindow: { days: [SUNDAY] }";
    insta::assert_snapshot!(hourly(sunday).code(3).stderr, @r#"
    error[window-missed]: 5 people of `autumn.hello` would not get it, and are not sent to: from 2026-12-01 09:00 UTC on the validity of 2 days is over before the delivery window opens
     --> autumn.yaml:3:30
      |
    3 | schedules: { plan: { sendAt: "2026-12-01 09:00", timeZone: UTC, sendingSpeedLimit: { amount: 1, timeUnit: HOUR },...
      |                              ^^^^^^^^^^^^^^^^^^ it opens at 2026-12-06 00:00 UTC
      |
      = help: choose another time, a wider window, or a higher speed

    1 error
    "#);
}

#[test]
fn a_run_that_goes_on_is_told_to_use_its_plan() {
    let shop = Shop::new(4).faults(&["401@2"]);
    let plan = shop.run(&["plan", "--format", "json", "--out", "all.plan"]).code(0).json();
    let digest = plan["digest"].as_str().unwrap();
    let apply = ["apply", "--auto-approve", "--parallel", "1", "--expect-digest", digest];
    shop.run(&apply).code(9);
    assert_eq!(shop.accepted(), [1, 1]);
    let run = shop.sends_nothing(&apply, 5);
    insta::assert_snapshot!(normalised(&run.stderr), @"
    error: the plan's digest is `plan/v1:[digest]`, but `plan/v1:[digest]` was expected
      hint: 2 people were sent to already, and are not in this plan any more
      hint: to go on with what was reviewed, use its file: `sendform plan --out FILE` before the first run, and `sendform apply FILE` as often as it takes
      hint: without that file review the plan, and use its digest
    ");
    shop.run(&["apply", "all.plan", "--auto-approve"]).code(0);
    assert_eq!(shop.accepted(), [1, 1, 1, 1]);
}
