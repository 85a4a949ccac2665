//! Files that are no plan, or not this project's: clear errors, and nothing is sent.

use std::fs;

use insta::assert_snapshot;

use super::{apply, freeze, nothing_is_sent};
use crate::support::{KEY, Project, Shop, campaign, customer};

#[test]
fn a_cut_or_altered_plan_is_refused() {
    let shop = Shop::new(3);
    freeze(&shop, &[]);
    let whole = fs::read(shop.project.path("sale.plan")).unwrap();
    let lines = whole.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(lines, 4);
    // Every byte and every bit is gone through beside the code; here each line, by the real binary.
    let mut start = 0;
    for line in whole.split_inclusive(|byte| *byte == b'\n') {
        for length in [start, start + 1, start + line.len() / 2, start + line.len() - 1] {
            shop.project.write("sale.plan", &whole[..length]);
            nothing_is_sent(&shop, &[], 5);
        }
        let mut flipped = whole.clone();
        flipped[start + line.len() / 2] ^= 4;
        shop.project.write("sale.plan", flipped);
        nothing_is_sent(&shop, &[], 5);
        start += line.len();
    }
    shop.project.write("sale.plan", &whole[..whole.len() - 1]);
    assert_snapshot!(nothing_is_sent(&shop, &[], 5), @"
    exit code: 5
    ----- stderr
    error: `sale.plan` cannot be applied: it was cut off after line 3
      hint: copy it again from where it was made, or plan anew: `sendform plan --out FILE`
    ");
    let text = String::from_utf8(whole.clone()).unwrap();
    shop.project.write("sale.plan", text.replace("\"count\":3", "\"count\":2"));
    assert_snapshot!(nothing_is_sent(&shop, &[], 5), @"
    exit code: 5
    ----- stderr
    error: `sale.plan` cannot be applied: line 2 of it was altered
      hint: nothing of it is sent: copy it again, byte by byte, or plan anew: `sendform plan --out FILE`
    ");
    shop.project.write("sale.plan", format!("<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n"));
    assert_snapshot!(nothing_is_sent(&shop, &[], 5), @"
    exit code: 5
    ----- stderr
    error: `sale.plan` cannot be applied: it is not a plan of sendform
      hint: a plan is what `sendform plan --out FILE` writes; the ledger, or its JSON, is none
    ");
    shop.project.write("sale.plan", text.replace("\"version\":1", "\"version\":2"));
    assert_snapshot!(nothing_is_sent(&shop, &[], 5), @"
    exit code: 5
    ----- stderr
    error: `sale.plan` cannot be applied: it was written by a later version of sendform
      hint: apply it with the version that planned it, or plan anew
    ");
    shop.project.write("sale.plan", "");
    nothing_is_sent(&shop, &[], 5);
    let json = shop.run(&["plan", "--format", "json"]).stdout;
    shop.project.write("sale.plan", json);
    nothing_is_sent(&shop, &[], 5);
    shop.project.write("sale.plan", fs::read(shop.project.path("sendform.lock")).unwrap());
    nothing_is_sent(&shop, &[], 5);
    fs::remove_file(shop.project.path("sale.plan")).unwrap();
    assert_snapshot!(nothing_is_sent(&shop, &[], 1), @"
    exit code: 1
    ----- stderr
    error: the plan `sale.plan` cannot be read
      caused by: No such file or directory (os error 2)
    ");
    shop.project.write("sale.plan", whole);
    apply(&shop, &[]).code(0);
    assert_eq!(shop.accepted(), [1; 3]);
}

#[test]
fn a_plan_of_another_project_gateway_or_key_is_refused() {
    let mut shop = Shop::new(2);
    freeze(&shop, &[]);
    let project = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", project.replace("acme-shop", "other-shop"));
    assert_snapshot!(nothing_is_sent(&shop, &[], 5), @"
    exit code: 5
    ----- stderr
    error: `sale.plan` is a plan for the project `acme-shop`, and this is `other-shop`
    ");
    shop.project.write("sendform.yaml", project);
    assert_snapshot!(nothing_is_sent(&shop, &["--sandbox"], 5), @"
    exit code: 5
    ----- stderr
    error: `sale.plan` is a plan for the gateway `127.0.0.1:[port]`, and this is `sandbox`
      hint: it was made without `--sandbox`
    ");
    let new = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    shop.project.set("SENDFORM_KEY", new);
    assert_snapshot!(nothing_is_sent(&shop, &[], 9), @"
    exit code: 9
    ----- stderr
    error: the key `00914700`, which `sale.plan` was made with, is not among those that are set
      hint: nobody of it would be recognised with another key
    ");
    shop.project.set("SENDFORM_KEY", format!("{new},{KEY}"));
    assert_snapshot!(nothing_is_sent(&shop, &[], 5), @"
    exit code: 5
    ----- stderr
    error: `sale.plan` was made before the key was changed, and its people go by the old one
      hint: plan anew: `sendform plan --out FILE`
    ");
    // A key that is only known beside the old one is no matter.
    shop.project.set("SENDFORM_KEY", KEY);
    shop.run(&["plan", "--sandbox", "--out", "sandbox.plan"]).code(0);
    assert_snapshot!(shop.run(&["apply", "sandbox.plan", "--auto-approve"]).code(5), @"
    exit code: 5
    ----- stderr
    error: `sandbox.plan` is a plan for the gateway `sandbox`, and this is `127.0.0.1:[port]`
      hint: it was made with `--sandbox`: apply it with `--sandbox`, too
    ");
    shop.run(&["apply", "sandbox.plan", "--auto-approve", "--sandbox"]).code(0);
    assert_eq!(shop.requests(), 0);
}

#[test]
fn a_plan_that_fails_leaves_no_older_one_behind() {
    let mut shop = Shop::new(2);
    freeze(&shop, &[]);
    shop.campaign("Hello {{ missing }}!", 1);
    shop.run(&["plan", "--out", "sale.plan"]).code(3);
    assert!(!shop.project.path("sale.plan").exists());
    shop.campaign("Hello {{ name }}!", 1);
    freeze(&shop, &[]);
    // A row that fails is found only by reading it.
    shop.project.write("customers.csv", format!("id,name\n{},\n", customer(1)));
    assert_snapshot!(shop.run(&["plan", "--out", "sale.plan"]).code(3), @r#"
    exit code: 3
    sale.hello r1  shop to customers
      ! 1 failed
        1 row in customers.csv (CSV with `,`, UTF-8)

    ! sale.hello: 1 row failed, but at most 0 may
      to go on all the same: --accept failed=1

    nothing can be sent: the files have errors
      blank-value  sale.yaml:9:44
    next, once the files are mended: sendform plan
    ----- stderr
    error[blank-value]: `sale.hello`: `name` is blank, and the template has no fallback for it
     --> sale.yaml:9:44
      |
    9 |     content: { type: TEXT, text: "Hello {{ name }}!" }
      |                                            ^^^^
     ::: customers.csv:2 (column name)
      = note: for this row
      = help: write `{{ name | fallback("…") }}`, or fill the cell in

    1 error
    no plan was written: it has errors
    "#);
    assert!(!shop.project.path("sale.plan").exists());
    shop.project.unset("SENDFORM_KEY");
    shop.run(&["plan", "--out", "sale.plan"]).code(9);
    assert!(!shop.project.path("sale.plan").exists());
}

#[test]
fn no_other_file_is_replaced_by_a_plan() {
    let shop = Shop::new(2);
    let campaign = shop.project.read("sale.yaml");
    assert_snapshot!(shop.run(&["plan", "--out", "sale.yaml"]).code(64), @"
    exit code: 64
    ----- stderr
    error: `sale.yaml` is there already, and is not a plan: it is left as it is
      hint: name another file for the plan
    ");
    assert_eq!(shop.project.read("sale.yaml"), campaign);
    shop.run(&["plan", "--out", "."]).code(64);
    shop.run(&["plan", "--out", "sendform.lock"]).code(64);
    shop.run(&["plan", "--out", "missing/sale.plan"]).code(1);
    // An empty file, as `mktemp` makes one, is room enough.
    shop.project.write("sale.plan", "");
    freeze(&shop, &[]);
}

#[test]
fn a_plan_has_no_personal_data() {
    let project = Project::new()
        .file("customers.csv", "id,name\n17841499999999991,Canarina\n17841499999999992,Canarina\n")
        .campaign("sale", &campaign("sale", "Hello {{ name }}!", 1));
    project.run(["plan", "--sandbox", "--out", "sale.plan"]).code(0);
    let text = project.read("sale.plan");
    for canary in ["anarina", "1784149999999999", "9999991"] {
        assert!(!text.contains(canary), "{text}");
    }
    let people = text.lines().find_map(|line| line.strip_prefix("{\"people\":\"")).unwrap();
    let (people, _) = people.split_once('"').unwrap();
    // Two people with one name get the same text, and nothing but that is to be seen.
    let bytes = data_encoding::BASE64.decode(people.as_bytes()).unwrap();
    assert_eq!(bytes.len(), 32);
    assert_eq!(bytes[8..16], bytes[24..32]);
    assert_ne!(bytes[..8], bytes[16..24]);
}
