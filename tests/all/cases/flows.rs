//! Whole flows that went well, and go on doing so.

use crate::support::{Project, Run};

const PROJECT: &str = "project: bakery\nsenders: { shop: SHOP-ACCOUNT }\n";

fn campaign(id: &str, audience: &str, text: &str) -> String {
    format!(
        "campaign: {id}\naudiences:\n  guests: {{ {audience} }}\nmessages:\n  \
         - {{ id: note, sender: shop, audience: guests, content: {{ type: TEXT, text: \"{text}\" }} }}\n"
    )
}

fn bakery(audience: &str, rows: &str) -> Project {
    Project::empty()
        .file("sendform.yaml", PROJECT)
        .file("guests.csv", format!("to,name,city\n{rows}"))
        .campaign("bread", &campaign("bread", audience, "Dear {{ name }} of {{ city }}"))
}

fn guest(number: u64) -> String {
    format!("{}", 17_841_477_000_000_000 + number)
}

#[track_caller]
fn says(run: &Run, lines: &[&str]) {
    for line in lines {
        assert!(run.stdout.lines().any(|found| found.trim_start().starts_with(*line)), "{line}\n{run}");
    }
}

#[test]
fn a_large_audience_is_sent_once() {
    let rows: String = (0..6_000).map(|number| format!("{},N{number},Pula\n", guest(number))).collect();
    let bakery = bakery("csv: guests.csv", &rows);
    says(
        &bakery.run(["plan", "--sandbox"]).code(0),
        &["+ 6,000 to send at once, 7 bulks", "6,000 rows in guests.csv (CSV with `,`, UTF-8)"],
    );
    let run = bakery.run(["apply", "--sandbox", "--auto-approve"]).code(0);
    assert!(run.stdout.contains("bread.note r1     6,000"), "{run}");
    says(
        &bakery.run(["apply", "--sandbox", "--auto-approve"]).code(0),
        &["bread.note r1  shop to guests: 6,000 already sent, 6,000 rows in guests.csv", "nothing to send"],
    );
}

#[test]
fn forms_of_one_person_contradictions_and_bounds_end_in_their_groups() {
    let mut rows: String = (0..40).map(|number| format!("{},N{number},Pula\n", guest(number))).collect();
    let again = |number: u64| {
        [
            format!("+{},N{number},Pula\n", guest(number)),
            format!("00{},N{},Pula\n", guest(number + 3), number + 3),
            format!(" {} ,Other{number},Pula\n", guest(number + 6)),
        ]
    };
    rows.extend((0..3).flat_map(again));
    let bakery = bakery("csv: guests.csv, expect: { min: 30, max: 40 }", &rows);
    let groups = [
        "+ 37 to send at once, 1 bulk",
        "!  6 contradicting",
        "6 duplicate",
        "49 rows in guests.csv (CSV with `,`, UTF-8)",
    ];
    let run = bakery.run(["plan", "--sandbox"]).code(4);
    says(&run, &groups);
    // As other damaged rows they fall under a limit.
    let limit = "! bread.note: 13% of the rows of `guests.csv` contradict each other (6 of 49), but at most 1% may";
    says(&run, &[limit, "to go on all the same: --accept unreadable=13"]);
    assert!(run.stderr.contains("; also in lines 47, 50 and 3 more rows\n"), "{run}");
    says(&bakery.run(["plan", "--sandbox", "--accept", "unreadable=13"]).code(0), &groups);
    bakery.write("bread.yaml", campaign("bread", "csv: guests.csv, expect: { min: 38 }", "Dear {{ name }}"));
    let few = bakery.run(["plan", "--sandbox"]).code(4);
    says(&few, &["! bread.note: audience `guests` has 37 people, but at least 38 are expected"]);
}

#[test]
fn a_frozen_plan_is_held_and_others_do_not_disturb_it() {
    let bakery = bakery("csv: guests.csv", &format!("{},Ema,Rab\n{},Jan,Krk\n", guest(1), guest(2)));
    bakery.write("cake.yaml", campaign("cake", "csv: guests.csv", "Cake, {{ name }}?"));
    bakery.run(["plan", "--sandbox", "--only", "bread", "--out", "bread.plan"]).code(0);
    // What is not selected may change.
    bakery.write("cake.yaml", campaign("cake", "csv: guests.csv", "More cake, {{ name }}?"));
    bakery.write("bread.yaml", campaign("bread", "csv: guests.csv", "Hello {{ name }} of {{ city }}"));
    let run = bakery.run(["apply", "bread.plan", "--sandbox", "--auto-approve"]).code(5);
    assert!(run.stdout.contains("- Dear {{ name }} of {{ city }}"), "{run}");
    assert!(run.stdout.contains("2 people would get another message than the plan has for them: lines 2, 3"), "{run}");
    bakery.write("bread.yaml", campaign("bread", "csv: guests.csv", "Dear {{ name }} of {{ city }}"));
    let run = bakery.run(["apply", "bread.plan", "--sandbox", "--auto-approve"]).code(0);
    assert!(run.stdout.contains("bread.note r1         2"), "{run}");
    assert!(!run.stdout.contains("cake.note r1         "), "{run}");
}
