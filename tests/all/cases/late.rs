//! People whose message's time has passed by while nobody was sending: they are named, and the others are sent to.

use insta::assert_snapshot;

use crate::support::{Project, Run};

const AFTER: &str = "2026-12-02T08:00:00Z";

/// A message at nine o'clock on the first of December, with this besides in its schedule.
fn campaign(besides: &str) -> String {
    format!(
        "campaign: evening\naudiences:\n  all: {{ csv: all.csv, columns: {{ windowClosesAt: closes }} }}\n\
         schedules: {{ s: {{ sendAt: \"2026-12-01 09:00\", timeZone: UTC{besides} }} }}\nmessages:\n  \
         - {{ id: hello, sender: shop, audience: all, schedule: s, content: {{ type: TEXT, text: \"Good \
         evening{{% if mood == 'no' %}}{{{{ skip('asked') }}}}{{% endif %}}!\" }} }}\n  \
         - {{ id: again, sender: shop, audience: all, content: {{ type: TEXT, text: Good night! }} }}\n"
    )
}

fn rows(people: &[(u64, &str, &str)]) -> String {
    let row =
        |(number, closes, mood): &(u64, &str, &str)| format!("{},{closes},{mood}\n", 17_841_400_000_003_000 + number);
    format!("to,closes,mood\n{}", people.iter().map(row).collect::<String>())
}

const OPEN: &str = "2026-12-24T00:00:00Z";

/// A project of whose message two people have got it in time; five more came when it was past. Of those one cannot be
/// written to any more, and one is skipped by the template.
fn project(besides: &str) -> Project {
    let first = [(1, OPEN, ""), (2, OPEN, "")];
    let mut project = Project::new().campaign("evening", &campaign(besides)).file("all.csv", rows(&first));
    project.run(["apply", "--sandbox", "--auto-approve"]).code(0);
    let late = [(3, OPEN, ""), (4, OPEN, ""), (5, OPEN, ""), (6, "2026-12-01T10:00:00Z", ""), (7, OPEN, "no")];
    project.write("all.csv", rows(&[first.as_slice(), &late].concat()));
    project.set("SENDFORM_NOW", AFTER);
    project
}

/// What is said of the message, and what is said last.
fn said(run: &Run) -> String {
    let lines = run
        .stdout
        .lines()
        .filter(|line| !line.contains(" in all.csv") && !line.contains("sandbox") && !line.contains("digest"));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn they_are_named_and_the_others_are_sent_to() {
    let project = project("");
    assert_snapshot!(said(&project.run(["plan", "--sandbox"]).code(4)), @"

    evening.hello r1  shop to all  evening.yaml:6
      ! 5 too late
        2 already sent

    evening.again r1  shop to all  evening.yaml:7
      + 4 to send at once, 1 bulk
      ! 1 conversation window closed
        2 already sent
        text (11 characters)
          │ Good night!

    ! evening.hello: 3 people are too late: the message's time is past, and nothing is sent to them
      to send to them all the same: --accept late=3, or `ifPast: sendNow` in the schedule; if it is over for them, say `ifPast: tooLate`

    limits: 10,000 messages an apply, audiences grow by 50%, 1% of the rows unreadable, no row may fail
    4 messages to send in 1 bulk, 3 people too late
    ");
    let json = project.run(["plan", "--sandbox", "--format", "json"]).code(4).json();
    assert_eq!((&json["tooLate"], &json["messages"][0]["late"]), (&3.into(), &3.into()));
    let limit = &json["safetyLimits"][0];
    assert_eq!((&limit["name"], &limit["actual"], &limit["toAccept"]), (&"late".into(), &3.into(), &3.into()));
    assert_eq!((&limit["accepted"], &limit["stopsEverything"]), (&false.into(), &false.into()));
    assert_snapshot!(said(&project.run(["apply", "--sandbox", "--auto-approve"]).code(4)), @"

    evening.hello r1  shop to all  evening.yaml:6
      ! 5 too late
        2 already sent

    evening.again r1  shop to all  evening.yaml:7
      + 4 to send at once, 1 bulk
      ! 1 conversation window closed
        2 already sent
        text (11 characters)
          │ Good night!

    ! evening.hello: 3 people are too late: the message's time is past, and nothing is sent to them
      to send to them all the same: --accept late=3, or `ifPast: sendNow` in the schedule; if it is over for them, say `ifPast: tooLate`

    limits: 10,000 messages an apply, audiences grow by 50%, 1% of the rows unreadable, no row may fail
    4 messages to send in 1 bulk, 3 people too late

    message           accepted  rejected  refused  in doubt  not attempted  too late
    evening.hello r1         0         0        0         0              0         3
    evening.again r1         4         0        0         0              0         0
    all                      4         0        0         0              0         3
    ! 3 people were too late, and nothing was sent to them
      to send to them all the same: --accept late=3, or `ifPast: sendNow` in the schedule; if it is over for them, say `ifPast: tooLate`
    ");
    // They are not forgotten when nothing else is to be done.
    let run = project.run(["apply", "--sandbox", "--auto-approve"]).code(4);
    assert!(run.stdout.contains("nothing to send, 3 people too late\n"), "{run}");
    let report = project.run(["apply", "--sandbox", "--auto-approve", "--accept", "late=2"]).code(4);
    assert!(report.stdout.contains("3 messages to send although their time is past"), "{report}");
    let run = project.run(["apply", "--sandbox", "--auto-approve", "--accept", "late=3"]).code(0);
    assert!(run.stdout.contains("evening.hello r1         3         0"), "{run}");
    let run = project.run(["apply", "--sandbox", "--auto-approve"]).code(0);
    assert!(run.stdout.contains("\nnothing to send\n"), "{run}");
}

#[test]
fn an_apply_tells_of_them_in_json_beside_those_who_were_sent_to() {
    let project = project("");
    let report = project.run(["apply", "--sandbox", "--auto-approve", "--format", "json"]).code(4).json();
    assert_eq!(report["messages"][0]["message"], "evening.hello");
    assert_eq!((&report["messages"][0]["outcome"]["tooLate"], &report["total"]["tooLate"]), (&3.into(), &3.into()));
    assert_eq!((&report["total"]["accepted"], &report["lateToAccept"]), (&4.into(), &3.into()));
    let only = ["apply", "--sandbox", "--auto-approve", "--only", "evening.again"];
    project.run(only).code(0);
}

#[test]
fn the_files_can_say_what_becomes_of_them() {
    let over = project(", ifPast: tooLate");
    let run = over.run(["plan", "--sandbox"]).code(0);
    assert!(run.stdout.contains("all: 5 too late, 2 already sent") && !run.stdout.contains("people too late"), "{run}");
    let run = over.run(["apply", "--sandbox", "--auto-approve"]).code(0);
    assert!(!run.stdout.contains("too late  "), "{run}");
    let now = project(", ifPast: sendNow");
    let run = now.run(["apply", "--sandbox", "--auto-approve", "--only", "evening.hello"]).code(0);
    assert!(run.stdout.contains("evening.hello r1         3         0"), "{run}");
}

#[test]
fn whose_rows_contradict_each_other_is_not_counted_with_them() {
    let project = project("");
    let more = format!("{}17841400000003003,{OPEN},other\n", project.read("all.csv"));
    project.write("all.csv", more);
    let json = project.run(["plan", "--sandbox", "--format", "json"]).code(4).json();
    assert_eq!(json["tooLate"], 2);
    let accepted = ["plan", "--sandbox", "--format", "json", "--accept", "late=2", "--only", "evening.hello"];
    let json = project.run(accepted).code(0).json();
    assert_eq!((&json["toSend"], &json["safetyLimits"][0]["actual"]), (&2.into(), &2.into()));
}

#[test]
fn without_the_key_an_apply_may_refuse_to_leave_them() {
    let mut project = project("");
    project.unset("SENDFORM_KEY");
    let run = project.run(["plan"]).code(0);
    assert!(run.stdout.contains("an apply may refuse: evening.hello: at most 5 people are too late"), "{run}");
    assert!(run.stdout.contains(", at most 5 people too late\n"), "{run}");
}

#[test]
fn the_way_on_promises_nothing_to_whom_something_else_keeps_from_it() {
    let plan = |people: &[(u64, &str, &str)]| {
        let project = Project::new().campaign("evening", &campaign("")).file("all.csv", rows(people));
        let project = project.env("SENDFORM_NOW", AFTER);
        let plan = project.run(["plan", "--sandbox", "--only", "evening.hello"]).code(3);
        let help = plan.stderr.lines().find_map(|line| line.trim_start().strip_prefix("= help: "));
        (help.unwrap_or_default().to_owned(), project)
    };
    let closed = "2026-12-01T10:00:00Z";
    let (help, project) = plan(&[(3, OPEN, ""), (4, OPEN, "no"), (6, closed, "")]);
    assert_eq!(
        help,
        "set a time that is still to come; `ifPast: sendNow` or `--accept late=1` sends to 1 of them, and something else \
         keeps the others from being sent to now"
    );
    let accept = ["apply", "--sandbox", "--auto-approve", "--only", "evening.hello", "--accept", "late=1"];
    let run = project.run(accept).code(0);
    assert!(run.stdout.contains("evening.hello r1         1         0"), "{run}");
    assert_eq!(plan(&[(6, closed, "")]).0, "set a time that is still to come: none of them could be sent to now");
    let (help, _) = plan(&[(3, OPEN, "")]);
    assert_eq!(help, "set a time that is still to come, or say `ifPast: sendNow`, or pass `--accept late=1`");
}
