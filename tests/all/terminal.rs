//! What a person sees on a screen: how wide it is, in which colours, what stands last, and what hints repeat.

use std::process::Command;

use insta::assert_snapshot;
use unicode_width::UnicodeWidthStr as _;

use crate::support::{KEY, NOW, Process, Project, Run, Shop, campaign};

/// A shop with much to say: people in doubt, some who are sent to, and a text that changed since.
fn busy() -> Shop {
    let shop = Shop::new(3).faults(&["500-after@1"]);
    shop.project.write("thanks.yaml", campaign("thanks-for-everything-that-you-bought", "Thank you, all of you!", 1));
    shop.apply().code(6);
    shop.campaign("Hello from the shop, where everything is new since you have been there the last time!", 1);
    shop.project
        .write("news.yaml", campaign("news", "Hello {{ name }}, there are news that are longer than a line.", 1));
    shop
}

/// All that a run has written, on a screen of so many columns.
fn screen(shop: &mut Shop, width: Option<usize>, arguments: &[&str]) -> Run {
    match width {
        Some(width) => shop.project.set("SENDFORM_WIDTH", width.to_string()),
        None => shop.project.unset("SENDFORM_WIDTH"),
    }
    shop.run(arguments)
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().filter(|word| *word != "│").collect()
}

/// Lines that are wider than the screen although they could have been broken: all but a command to copy, and one word.
fn too_wide(text: &str, width: usize) -> Vec<&str> {
    let is_whole = |line: &str| line.contains("sendform ") || !line.trim_start_matches([' ', '│']).contains(' ');
    text.lines().filter(|line| line.width() > width && !is_whole(line)).collect()
}

#[test]
fn no_line_is_wider_than_the_screen_and_none_says_anything_else() {
    let mut shop = busy();
    for arguments in [["plan"].as_slice(), &["plan", "--all"], &["plan", "--only", "news"], &["log"], &["validate"]] {
        let endless = screen(&mut shop, None, arguments);
        for width in [40, 57, 80, 100, 140] {
            let run = screen(&mut shop, Some(width), arguments);
            assert_eq!(too_wide(&run.stdout, width), [""; 0], "{run}");
            assert_eq!(too_wide(&run.stderr, width), [""; 0], "{run}");
            assert_eq!(words(&run.stdout), words(&endless.stdout), "{width}");
        }
    }
    // A table says the same with fewer columns.
    for width in [40, 57, 80, 100, 140] {
        let run = screen(&mut shop, Some(width), &["status"]);
        assert_eq!(too_wide(&run.stdout, width), [""; 0], "{run}");
    }
    screen(&mut shop, Some(39), &["status"]).code(64);
}

#[test]
fn a_terminal_is_as_wide_as_it_is() {
    let shop = busy();
    let on_terminal = |columns: u16| {
        let binary = env!("CARGO_BIN_EXE_sendform");
        let typed = format!("stty rows 24 cols {columns}; '{binary}' plan --color never 2>/dev/null");
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &typed, "/dev/null"]).current_dir(shop.project.folder());
        script.env("SHELL", "/bin/sh").env("SENDFORM_BASE_URL", shop.sandbox.url());
        script.env("SENDFORM_KEY", KEY).env("SENDFORM_NOW", NOW);
        String::from_utf8(Process::start(script).output().stdout).unwrap().replace('\r', "")
    };
    let (narrow, wide) = (on_terminal(60), on_terminal(120));
    assert_eq!(too_wide(&narrow, 60), [""; 0], "{narrow}");
    assert!(wide.lines().any(|line| line.width() > 60 && !line.contains("sendform ")), "{wide}");
    assert_eq!(words(&narrow), words(&wide));
}

#[test]
fn what_has_nothing_to_do_and_what_is_not_selected_takes_a_line_each() {
    let shop = Shop::new(2);
    for name in ["news", "thanks", "welcome"] {
        shop.project.write(&format!("{name}.yaml"), campaign(name, &format!("This is {name}!"), 1));
    }
    assert_snapshot!(shop.run(&["plan", "--only", "news"]).code(0), @"
    exit code: 0
    acme-shop on 127.0.0.1:[port], 2026-11-30 12:00 UTC, 4 campaigns in 4 files

    news.hello r1  shop to customers
      + 2 to send at once, 1 bulk
        2 rows in customers.csv (CSV with `,`, UTF-8)
        text (13 characters)
          │ This is news!

    3 messages are not selected: 6 to send, 6 rows (`--all` lists them)

    2 messages to send in 1 bulk
    ");
    shop.run(&["apply", "--auto-approve", "--only", "news", "--only", "thanks"]).code(0);
    assert_snapshot!(shop.run(&["plan"]).code(0), @"
    exit code: 0
    acme-shop on 127.0.0.1:[port], 2026-11-30 12:00 UTC, 4 campaigns in 4 files

    sale.hello r1  shop to customers
      + 2 to send at once, 1 bulk
        2 rows in customers.csv (CSV with `,`, UTF-8)

    welcome.hello r1  shop to customers
      + 2 to send at once, 1 bulk
        2 rows in customers.csv (CSV with `,`, UTF-8)
        text (16 characters)
          │ This is welcome!

    2 messages have nothing to do: 4 already sent, 4 rows (`--all` lists them)

    ! 2 people would get more than one message of this plan within an hour
    4 messages to send in 2 bulks
    ");
    assert_snapshot!(shop.run(&["plan", "--all", "--only", "welcome"]).code(0), @"
    exit code: 0
    acme-shop on 127.0.0.1:[port], 2026-11-30 12:00 UTC, 4 campaigns in 4 files

    welcome.hello r1  shop to customers
      + 2 to send at once, 1 bulk
        2 rows in customers.csv (CSV with `,`, UTF-8)
        text (16 characters)
          │ This is welcome!

    news.hello r1  shop to customers  (not selected): 2 already sent, 2 rows in customers.csv (CSV with `,`, UTF-8)
    sale.hello r1  shop to customers  (not selected): 2 to send, 2 rows in customers.csv (CSV with `,`, UTF-8)
    thanks.hello r1  shop to customers  (not selected): 2 already sent, 2 rows in customers.csv (CSV with `,`, UTF-8)

    2 messages to send in 1 bulk
    ");
}

#[test]
fn hints_repeat_what_was_typed() {
    let project = Project::empty()
        .file("my shop/sendform.yaml", "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\n")
        .file("my shop/sale.yaml", campaign("sale", "Hello from the shop!", 1))
        .file("my shop/customers.csv", "id,name\n17841400000000001,Ana\n");
    let folder = ["--dir", "my shop", "--sandbox"];
    let apply = ["apply", "--auto-approve", "--only", "sale", "--fault", "500-after@1"];
    let run = project.run([apply.as_slice(), &folder].concat()).code(6);
    let hint = "settle them from the gateway's logs: sendform --dir 'my shop' reconcile --sandbox --only sale\n";
    assert!(run.stdout.contains(hint), "{run}");
    assert!(
        run.stderr.ends_with(
            "sandbox: nothing left this machine; to read the messages run `sendform --dir 'my shop' sandbox`, and open \
         http://127.0.0.1:8025/sandbox/messages\n"
        ),
        "{run}"
    );
    let run = project.run([["status"].as_slice(), &folder].concat()).code(6);
    let last = "next, to settle what is in doubt: sendform --dir 'my shop' reconcile --sandbox\n";
    assert!(run.stdout.ends_with(last), "{run}");
    // What is told can be typed.
    let run = project.run(["--dir", "my shop", "reconcile", "--sandbox", "--only", "sale"]).code(0);
    assert!(run.stdout.contains("1 person found: accepted"), "{run}");
}

#[test]
fn errors_are_named_again_with_paths_that_an_editor_opens() {
    let project = Project::empty()
        .file("campaigns/sendform.yaml", "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\n")
        .file("campaigns/2026/sale.yaml", "campaign: Sale\nmessages:\n  - id: hello\n    sender: shpo\n");
    let run = project.run(["validate"]).code(3);
    assert_snapshot!(run, @"
    exit code: 3
    error[bad-pattern]: an id has 1 to 40 lower-case letters, digits and hyphens, and begins with a letter or digit
     --> campaigns/2026/sale.yaml:1:11
      |
    1 | campaign: Sale
      |           ^^^^
      |
      = help: write `sale`

    error[missing-key]: the key `audience` is missing
     --> campaigns/2026/sale.yaml:3:5
      |
    3 |   - id: hello
      |     ^^

    error[missing-key]: the key `content` is missing
     --> campaigns/2026/sale.yaml:3:5
      |
    3 |   - id: hello
      |     ^^

    error[unknown-sender]: there is no sender of this name
     --> campaigns/2026/sale.yaml:4:13
      |
    4 |     sender: shpo
      |             ^^^^
      |
      = help: did you mean `shop`?

    4 errors
      bad-pattern     campaigns/2026/sale.yaml:1:11
      missing-key     campaigns/2026/sale.yaml:3:5
      missing-key     campaigns/2026/sale.yaml:3:5
      unknown-sender  campaigns/2026/sale.yaml:4:13
    next, once they are mended: sendform validate
    ");
    let run = project.run(["plan", "--sandbox"]).code(3);
    assert!(run.stdout.ends_with("next, once they are mended: sendform validate\n"), "{run}");
}

#[test]
fn the_table_has_the_plans_order() {
    let shop = Shop::new(1);
    // The files' order is not the names'.
    shop.project.write("a.yaml", campaign("zebra", "Hello!", 1));
    shop.project.write("z.yaml", campaign("ant", "Hello!", 1));
    let run = shop.apply().code(0);
    let (plan, table) = run.stdout.split_once("digest").unwrap();
    let order = |text: &str| {
        let mut names = ["zebra.hello r1", "sale.hello r1", "ant.hello r1"];
        names.sort_by_key(|name| text.find(name).unwrap());
        names
    };
    assert_eq!(order(plan), ["zebra.hello r1", "sale.hello r1", "ant.hello r1"]);
    assert_eq!(order(table), order(plan), "{run}");
}

#[test]
fn colours_are_forced_refused_and_left_out_of_files() {
    let mut shop = Shop::new(1);
    let has_colours = |shop: &Shop, arguments: &[&str]| shop.run(arguments).stdout.contains('\u{1b}');
    assert!(!has_colours(&shop, &["plan"]));
    shop.project.set("CLICOLOR_FORCE", "1");
    assert!(has_colours(&shop, &["plan", "--write", "text=plan.txt"]));
    assert!(!shop.project.read("plan.txt").contains('\u{1b}'));
    assert!(!has_colours(&shop, &["plan", "--color", "never"]));
    shop.project.set("NO_COLOR", "1");
    assert!(!has_colours(&shop, &["plan"]));
    assert!(has_colours(&shop, &["plan", "--color", "always"]));
    shop.project.set("CLICOLOR_FORCE", "0");
    shop.project.unset("NO_COLOR");
    assert!(!has_colours(&shop, &["plan"]));
}
