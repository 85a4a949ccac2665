//! A campaign is copied, or renamed, and plans the same people with the same text.

use crate::support::{Run, Shop, campaign};

#[track_caller]
fn warns(run: &Run, words: &str) {
    assert!(run.stderr.contains(&format!("warning[same-text]: {words}\n")), "{run}");
}

#[track_caller]
fn is_silent(run: &Run) {
    assert!(!run.stderr.contains("same-text"), "{run}");
}

#[test]
fn a_copy_under_a_new_id_is_named() {
    let shop = Shop::new(3);
    shop.project.write("sale-again.yaml", campaign("sale-again", "Hello from the shop!", 1));
    // The file that is read first is nobody's copy.
    let plan = shop.run(&["plan"]).code(0);
    warns(&plan, "3 of 3 people of `sale.hello` get the same text from `sale-again.hello` too");
    assert_eq!(plan.stderr.matches("same-text").count(), 1, "{plan}");
    shop.run(&["apply", "--auto-approve", "--only", "sale"]).code(0);
    shop.customers(1..=5);
    let plan = shop.run(&["plan", "--only", "sale-again"]).code(0);
    warns(&plan, "3 of 5 people of `sale-again.hello` got the same text from `sale.hello`");
    // It says so, and sends what is asked for.
    shop.run(&["apply", "--auto-approve", "--only", "sale-again"]).code(0);
    assert_eq!(shop.accepted(), [2, 2, 2, 1, 1]);
    // Those of the first campaign who are new have it from the second by now.
    warns(&shop.run(&["plan"]).code(0), "2 of 2 people of `sale.hello` got the same text from `sale-again.hello`");
}

#[test]
fn another_text_or_other_people_are_no_copy() {
    let shop = Shop::new(3);
    shop.apply().code(0);
    let other = campaign("thanks", "Thanks from the shop!", 1);
    shop.project.write("thanks.yaml", &other);
    is_silent(&shop.run(&["plan"]).code(0));
    shop.project.write("others.csv", "id,name\n17841400000000999,Eva\n");
    let text = campaign("thanks", "Hello from the shop!", 1).replace("customers.csv", "others.csv");
    shop.project.write("thanks.yaml", text);
    is_silent(&shop.run(&["plan"]).code(0));
}

#[test]
fn who_may_have_it_counts() {
    let shop = Shop::new(3).faults(&["500-after"]);
    shop.apply().code(6);
    shop.project.write("sale-again.yaml", campaign("sale-again", "Hello from the shop!", 1));
    let plan = shop.run(&["plan", "--only", "sale-again"]).code(0);
    warns(&plan, "3 of 3 people of `sale-again.hello` got, or may have got, the same text from `sale.hello`");
}

#[test]
fn a_renamed_campaign_is_an_error_and_retired_it_is_a_copy() {
    let shop = Shop::new(3);
    shop.apply().code(0);
    shop.project.write("sale.yaml", campaign("autumn-sale", "Hello from the shop!", 1));
    let plan = shop.run(&["plan"]).code(3);
    assert!(plan.stderr.contains("`autumn-sale.hello` plans 3 of the same people"), "{plan}");
    is_silent(&plan);
    let project = shop.project.read("sendform.yaml") + "retired: [sale]\n";
    shop.project.write("sendform.yaml", project);
    warns(&shop.run(&["plan"]).code(0), "3 of 3 people of `autumn-sale.hello` got the same text from `sale.hello`");
}

#[test]
fn a_text_that_was_edited_counts_for_those_who_got_it() {
    let shop = Shop::new(3);
    shop.apply().code(0);
    shop.project.write("sale.yaml", campaign("sale", "Goodbye from the shop!", 1));
    shop.customers(1..=5);
    shop.apply().code(0);
    for (text, words) in [("Hello", "3 of 5 people"), ("Goodbye", "2 of 5 people")] {
        shop.project.write("copy.yaml", campaign("copy", &format!("{text} from the shop!"), 1));
        warns(&shop.run(&["plan"]).code(0), &format!("{words} of `copy.hello` got the same text from `sale.hello`"));
    }
}

#[test]
fn what_is_handed_over_is_not_sent_but_will_be() {
    let shop = Shop::new(2);
    let scheduled = |name: &str| {
        campaign(name, "Hello from the shop!", 1)
            .replace("    sender: shop\n", "    sender: shop\n    schedule: early\n")
            + "schedules: { early: { sendAt: \"2026-12-06 10:30\", timeZone: UTC } }\n"
    };
    shop.project.write("sale.yaml", scheduled("sale"));
    shop.apply().code(0);
    shop.project.write("copy.yaml", scheduled("copy"));
    warns(&shop.run(&["plan"]).code(0), "2 of 2 people of `copy.hello` still get the same text from `sale.hello`");
}
