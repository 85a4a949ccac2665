//! What `apply` asks on a terminal, and what becomes of each answer.

use std::fs;

use crate::support::{Process, Run, Shop};

const QUESTION: &str = "Only `yes` sends: ";

/// A shop whose apply has shown its plan, and asks.
fn asked(arguments: &[&str]) -> (Shop, Process) {
    let shop = Shop::new(2);
    shop.run(&["plan", "--out", "sale.plan"]).code(0);
    let mut run = shop.project.start_on_terminal([["apply", "--color", "never"].as_slice(), arguments].concat());
    run.wait_said(QUESTION);
    assert_eq!(shop.requests(), 0, "nothing is sent before the answer");
    (shop, run)
}

fn answered(shop: &Shop, mut run: Process, answer: &str) -> Run {
    run.types(answer);
    shop.project.finish(run)
}

#[test]
fn yes_sends_what_was_shown() {
    let (shop, run) = asked(&[]);
    let run = answered(&shop, run, "yes").code(0);
    assert!(run.stdout.contains("\r\nSend 2 messages from shop to 127.0.0.1:"), "{run}");
    assert_eq!(shop.accepted(), [1, 1]);
    // Where nothing is to send, nothing is asked.
    let again = shop.project.start_on_terminal(["apply"]);
    let again = shop.project.finish(again).code(0);
    assert!(!again.stdout.contains(QUESTION), "{again}");
}

#[test]
fn whoever_interrupts_the_question_reads_the_answer_on_a_line_of_its_own() {
    let (shop, run) = asked(&[]);
    // The shell that `script` starts ends by the same signal, and its code is what is seen.
    let run = answered(&shop, run, "\u{3}");
    assert!(run.stdout.contains("\r\nerror: interrupted: nothing was sent\r\n"), "{run}");
    assert_eq!(shop.requests(), 0);
}

#[test]
fn every_other_answer_declines() {
    for answer in ["no", "y", "YES", "yes please", ""] {
        let (shop, run) = asked(&["--write", "json=done.json"]);
        let run = answered(&shop, run, answer).code(10);
        assert!(run.stdout.contains("nothing was sent\r\n"), "{run}");
        let document: serde_json::Value = serde_json::from_str(&shop.project.read("done.json")).unwrap();
        assert_eq!((&document["kind"], &document["code"]), (&"apply".into(), &"declined".into()), "{document}");
        assert_eq!(shop.requests(), 0, "{answer}");
    }
}

#[test]
fn what_changes_while_somebody_is_asked_is_not_sent() {
    let changed = |arguments: &[&str], change: fn(&Shop)| {
        let (shop, run) = asked(arguments);
        change(&shop);
        let run = answered(&shop, run, "yes").code(5);
        assert!(run.stdout.contains("what would be sent changed while you were asked: nothing was sent"), "{run}");
        assert_eq!(shop.requests(), 0);
        shop.run(&["status"]).code(0);
    };
    changed(&[], |shop| shop.customers(1..=3));
    changed(&[], |shop| shop.customers([1]));
    changed(&[], |shop| shop.customers([1, 3]));
    changed(&["sale.plan"], |shop| shop.customers([1]));
    changed(&["sale.plan"], |shop| fs::remove_file(shop.project.path("customers.csv")).unwrap());
}

#[test]
fn a_plan_file_is_asked_about_too_and_new_people_do_not_matter_to_it() {
    let (shop, run) = asked(&["sale.plan"]);
    shop.customers(1..=3);
    answered(&shop, run, "yes").code(0);
    assert_eq!(shop.accepted(), [1, 1]);
}
