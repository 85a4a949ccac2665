//! People who were accepted twice, because two clones of a project each had a lockfile of its own: what is noticed
//! before, and what is said afterwards until somebody says that they know.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use crate::support::{KEY, Origin, Project, Run, Shop, git};

/// Whoever asks the gateway first finds out sooner: here nobody does.
const PROJECT: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nbulkSize: 2\nwitness: off\n";

/// A shop whose project is in git, and pushed.
struct Clones {
    shop: Shop,
    origin: Origin,
}

impl Clones {
    fn new() -> Self {
        let mut shop = Shop::new(3);
        shop.project.write("sendform.yaml", PROJECT);
        shop.project.write(".gitattributes", "sendform.lock -text merge=union linguist-generated\n");
        shop.project.set("SENDFORM_BY", "ana");
        let origin = Origin::of(&shop.project);
        Self { shop, origin }
    }

    /// Another clone, of somebody else, who follows `main`.
    fn other(&self) -> Project {
        let project = Project::empty();
        git(project.folder(), &["clone", "--quiet", &self.origin.url(), "."]);
        self.by_ben(project)
    }

    fn by_ben(&self, mut project: Project) -> Project {
        project.set("SENDFORM_BASE_URL", self.shop.sandbox.url());
        project.set("SENDFORM_BY", "ben");
        project.set("SENDFORM_NOW", "2026-11-30T12:01:00Z");
        project
    }

    /// Commits the lockfile here, and pushes.
    fn push(&self) {
        commit(self.shop.project.folder());
        git(self.shop.project.folder(), &["push", "--quiet", "origin", "main"]);
    }

    /// Applies in some clone, which ends with this code.
    #[track_caller]
    fn apply(&self, project: &Project, code: i32) -> Run {
        project.run(["apply", "--auto-approve", "--parallel", "1"]).code(code)
    }

    /// The same, and nothing is sent.
    #[track_caller]
    fn is_stopped(&self, project: &Project) -> Run {
        let before = self.shop.requests();
        let run = self.apply(project, 8);
        assert_eq!(self.shop.requests(), before, "{run}");
        run
    }

    /// Runs a command here, which ends with 8, and nothing is sent.
    #[track_caller]
    fn is_stopped_at(&self, arguments: &[&str]) -> Run {
        self.shop.sends_nothing(arguments, 8)
    }
}

fn commit(folder: &Path) {
    git(folder, &["add", "sendform.lock"]);
    git(folder, &["commit", "--quiet", "--message", "What was sent"]);
}

/// Two clones that have sent to the same people, and whose ledgers are merged in the second.
fn both_sent() -> (Clones, Project) {
    let clones = Clones::new();
    let (here, there) = (&clones.shop.project, clones.other());
    clones.apply(here, 0);
    there.write("customers.csv", fs::read(here.path("customers.csv")).unwrap());
    clones.apply(&there, 0);
    assert_eq!(clones.shop.accepted(), [2; 3], "nothing can know that before");
    clones.push();
    commit(there.folder());
    git(there.folder(), &["pull", "--quiet", "--no-rebase", "--no-edit"]);
    git(there.folder(), &["push", "--quiet"]);
    (clones, there)
}

/// What nobody could tell from the times of claims: a run goes on with the old text after another had the new one.
#[test]
fn what_each_of_two_clones_sent_is_told_exactly() {
    let mut clones = Clones::new();
    let there = clones.other();
    let sheet = |numbers: &[u32]| {
        let rows: String = numbers.iter().map(|number| format!("1784140000000000{number},Ana {number}\n")).collect();
        format!("id,name\n{rows}")
    };
    there.write("customers.csv", sheet(&[4, 5]));
    let text = fs::read_to_string(there.path("sale.yaml")).unwrap();
    there.write("sale.yaml", text.replace("from the shop", "from our shop"));
    clones.shop.project.write("customers.csv", sheet(&[1]));
    clones.apply(&clones.shop.project, 0);
    clones.apply(&there, 0);
    clones.shop.project.set("SENDFORM_NOW", "2026-11-30T12:05:00Z");
    clones.shop.project.write("customers.csv", sheet(&[1, 2, 3]));
    clones.apply(&clones.shop.project, 0);
    clones.push();
    commit(there.folder());
    git(there.folder(), &["pull", "--quiet", "--no-rebase", "--no-edit"]);
    there.write("customers.csv", sheet(&[1, 2, 3, 4, 5]));
    assert_snapshot!(there.run(["plan"]), @"
    exit code: 0
    acme-shop on 127.0.0.1:[port], 2026-11-30 12:01 UTC, 1 campaign in 1 file

    sale.hello r1  shop to customers
        2 handed over, leaving at 2026-11-30 12:05 UTC
        3 already sent
        5 rows in customers.csv (CSV with `,`, UTF-8)
      * the text changed since it was sent; 3 people keep the old one, of whom 2 still get it at 2026-11-30 12:05 UTC
          │ - Hello from the shop!
          │ + Hello from our shop!
          raise `revision` to send the new text to everybody
          what is handed over cannot be changed or stopped over this API

    nothing to send
    ");
    there.write("sale.yaml", text);
    let json = there.run(["plan", "--format", "json"]).json();
    assert_eq!(json["messages"][0]["textChanged"]["keep"], 2);
}

#[test]
fn an_apply_in_a_clone_ends_with_what_to_commit() {
    let clones = Clones::new();
    assert_snapshot!(clones.apply(&clones.shop.project, 0), @"
    exit code: 0
    sale.hello r1  shop to customers
      + 3 to send at once, 2 bulks
        3 rows in customers.csv (CSV with `,`, UTF-8)

    3 messages to send in 2 bulks

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         3         0        0         0              0
    ----- stderr
    commit and push sendform.lock: another clone sends again what it does not know of
    ");
}

#[test]
fn two_clones_that_both_sent_are_told_first_and_everybody_else_is_sent_to() {
    let (clones, there) = both_sent();
    let here = &clones.shop.project;
    there.write("customers.csv", fs::read_to_string(here.path("customers.csv")).unwrap() + "17841400000000004,Ana 4\n");
    assert_snapshot!(there.run(["plan"]).code(8), @r#"
    exit code: 8
    acme-shop on 127.0.0.1:[port], 2026-11-30 12:01 UTC, 1 campaign in 1 file

    ! accepted twice: 3 people; the same message went to them from more than one run, and cannot be recalled
      sale.hello.r1.616c1c5802824f8b  2 people
        claimed 2026-11-30 12:00 UTC by ana, run [run]
        claimed 2026-11-30 12:01 UTC by ben, run [run]
      sale.hello.r1.fab0a3fa0e36aeff  1 person
        claimed 2026-11-30 12:00 UTC by ana, run [run]
        claimed 2026-11-30 12:01 UTC by ben, run [run]
      nothing more of it is sent to them, and everybody else is sent to; two clones, or two ledgers, have both sent
      say that you know for each bulk, which ends this alarm: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"

    sale.hello r1  shop to customers
      + 1 to send at once, 1 bulk
        3 already sent
        4 rows in customers.csv (CSV with `,`, UTF-8)

    1 message to send in 1 bulk, 3 people accepted twice
    next, once you know why: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"
    "#);
    let json = there.run(["plan", "--format", "json"]).code(8).json();
    let by: Vec<_> = json["twice"][0]["claims"].as_array().unwrap().iter().map(|claim| &claim["by"]).collect();
    assert_eq!(by, ["ana", "ben"]);
    assert_eq!(json["toSend"], 1);
    assert_snapshot!(there.run(["status"]).code(8), @r#"
    exit code: 8
    ledger of acme-shop on 127.0.0.1:[port]

    ! accepted twice: 3 people; the same message went to them from more than one run, and cannot be recalled
      sale.hello.r1.616c1c5802824f8b  2 people
        claimed 2026-11-30 12:00 UTC by ana, run [run]
        claimed 2026-11-30 12:01 UTC by ben, run [run]
      sale.hello.r1.fab0a3fa0e36aeff  1 person
        claimed 2026-11-30 12:00 UTC by ana, run [run]
        claimed 2026-11-30 12:01 UTC by ben, run [run]
      nothing more of it is sent to them, and everybody else is sent to; two clones, or two ledgers, have both sent
      say that you know for each bulk, which ends this alarm: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"

    message        accepted  rejected  in doubt  in flight  given up  refused
    sale.hello r1         3         0         0          0         0        0
    next, once you know why: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"
    "#);
    assert_snapshot!(there.run(["ledger", "verify"]).code(8), @r#"
    exit code: 8
    ! accepted twice: 3 people; the same message went to them from more than one run, and cannot be recalled
      sale.hello.r1.616c1c5802824f8b  2 people
        claimed 2026-11-30 12:00 UTC by ana, run [run]
        claimed 2026-11-30 12:01 UTC by ben, run [run]
      sale.hello.r1.fab0a3fa0e36aeff  1 person
        claimed 2026-11-30 12:00 UTC by ana, run [run]
        claimed 2026-11-30 12:01 UTC by ben, run [run]
      nothing more of it is sent to them, and everybody else is sent to; two clones, or two ledgers, have both sent
      say that you know for each bulk, which ends this alarm: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"
    * the shadow lacks what the file has: 1 record of a message and 2 claims new; the next apply joins them
    4 claims, 2 odd things
    "#);
    // Everybody else is sent to.
    assert_snapshot!(clones.apply(&there, 8), @r#"
    exit code: 8
    acme-shop on 127.0.0.1:[port], 2026-11-30 12:01 UTC, 1 campaign in 1 file

    ! accepted twice: 3 people; the same message went to them from more than one run, and cannot be recalled
      sale.hello.r1.616c1c5802824f8b  2 people
        claimed 2026-11-30 12:00 UTC by ana, run [run]
        claimed 2026-11-30 12:01 UTC by ben, run [run]
      sale.hello.r1.fab0a3fa0e36aeff  1 person
        claimed 2026-11-30 12:00 UTC by ana, run [run]
        claimed 2026-11-30 12:01 UTC by ben, run [run]
      nothing more of it is sent to them, and everybody else is sent to; two clones, or two ledgers, have both sent
      say that you know for each bulk, which ends this alarm: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"

    sale.hello r1  shop to customers
      + 1 to send at once, 1 bulk
        3 already sent
        4 rows in customers.csv (CSV with `,`, UTF-8)

    1 message to send in 1 bulk, 3 people accepted twice

    ! accepted twice: 3 people, as told above

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         1         0        0         0              0
    next, once you know why: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"
    ----- stderr
    commit and push sendform.lock: another clone sends again what it does not know of
    "#);
    assert_eq!(clones.shop.accepted(), [2, 2, 2, 1]);
    // What is not selected does not count.
    there.write("other.yaml", crate::support::campaign("other", "Good morning!", 1));
    there.run(["plan", "--only", "other"]).code(0);
}

#[test]
fn only_a_word_ends_the_alarm_and_goes_wherever_the_ledger_goes() {
    let (clones, there) = both_sent();
    let here = &clones.shop.project;
    let json = there.run(["plan", "--format", "json"]).code(8).json();
    let bulks = json["twice"].as_array().unwrap().iter().map(|twice| twice["claims"][0]["bulkId"].as_str().unwrap());
    let bulks: Vec<&str> = bulks.collect();
    assert_eq!(bulks.len(), 2);
    assert_snapshot!(there.run(["resolve", bulks[0], "--not-sent", "--reason", "no"]).code(64), @"
    exit code: 64
    ----- stderr
    commit and push sendform.lock: another clone sends again what it does not know of
    error: nothing of this bulk is in doubt
      hint: `sendform status` lists what is in doubt
      hint: people of this bulk were accepted twice: only `--sent` says that you know, and ends that alarm
    ");
    assert_snapshot!(there.run(["resolve", bulks[0], "--sent", "--reason", "two clones"]).code(0), @"
    exit code: 0
    2 people accepted twice: known, and no alarm any more
    this is final, and goes with the ledger: nothing takes it back
    ----- stderr
    commit and push sendform.lock: another clone sends again what it does not know of
    ");
    there.run(["status"]).code(8);
    there.run(["resolve", bulks[1], "--sent", "--reason", "two clones"]).code(0);
    there.run(["plan"]).code(0);
    assert_snapshot!(there.run(["ledger", "verify"]).code(0), @"
    exit code: 0
    * person a194e5e5d2adc4d3 was accepted 2 times, as somebody knows: in sale.hello.r1.616c1c5802824f8b and sale.hello.r1.616c1c5802824f8b
    * person bf72a543133e6d53 was accepted 2 times, as somebody knows: in sale.hello.r1.fab0a3fa0e36aeff and sale.hello.r1.fab0a3fa0e36aeff
    * person fff52571474eac9b was accepted 2 times, as somebody knows: in sale.hello.r1.616c1c5802824f8b and sale.hello.r1.616c1c5802824f8b
    4 claims, nothing odd
    ");
    there.run(["resolve", bulks[1], "--sent", "--reason", "again"]).code(64);
    // The word is in the lockfile, and goes wherever that goes.
    commit(there.folder());
    git(there.folder(), &["push", "--quiet"]);
    git(here.folder(), &["pull", "--quiet", "--no-rebase", "--no-edit", "origin", "main"]);
    here.run(["status"]).code(0);
}

/// The key that the first clone changes to.
const NEW_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// Under another key somebody is another person, so that the ledger alone cannot tell.
#[test]
fn who_was_accepted_under_two_keys_is_told_by_whoever_reads_their_row() {
    let mut clones = Clones::new();
    let mut there = clones.other();
    let keys = format!("{NEW_KEY},{KEY}");
    clones.shop.project.set("SENDFORM_KEY", &keys);
    clones.shop.run(&["ledger", "rebind", "--add-key"]).code(0);
    clones.apply(&clones.shop.project, 0);
    there.write("customers.csv", fs::read(clones.shop.project.path("customers.csv")).unwrap());
    clones.apply(&there, 0);
    assert_eq!(clones.shop.accepted(), [2; 3]);
    clones.push();
    commit(there.folder());
    git(there.folder(), &["pull", "--quiet", "--no-rebase", "--no-edit"]);
    there.set("SENDFORM_KEY", &keys);
    there.run(["status"]).code(0);
    assert_snapshot!(there.run(["plan"]).code(8), @r#"
    exit code: 8
    acme-shop on 127.0.0.1:[port], 2026-11-30 12:01 UTC, 1 campaign in 1 file

    ! accepted twice: 3 people; the same message went to them from more than one run, and cannot be recalled
      sale.hello r1  2 people
        sale.hello.r1.6e0b387426f89529  claimed 2026-11-30 12:00 UTC by ana, run [run]
        sale.hello.r1.616c1c5802824f8b  claimed 2026-11-30 12:01 UTC by ben, run [run]
      sale.hello r1  1 person
        sale.hello.r1.970c7b68d66f03a1  claimed 2026-11-30 12:00 UTC by ana, run [run]
        sale.hello.r1.fab0a3fa0e36aeff  claimed 2026-11-30 12:01 UTC by ben, run [run]
      nothing more of it is sent to them, and everybody else is sent to; two clones, or two ledgers, have both sent
      say that you know for each bulk, which ends this alarm: sendform resolve sale.hello.r1.6e0b387426f89529 --sent --reason "…"

    sale.hello r1  shop to customers: 3 already sent, 3 rows in customers.csv (CSV with `,`, UTF-8)

    nothing to send, 3 people accepted twice
    next, once you know why: sendform resolve sale.hello.r1.6e0b387426f89529 --sent --reason "…"
    "#);
    let json = there.run(["plan", "--format", "json"]).code(8).json();
    assert_eq!(json["toSend"], 0);
    let twice = json["twice"].as_array().unwrap();
    assert_eq!(twice.iter().map(|twice| twice["people"].as_u64().unwrap()).sum::<u64>(), 3);
    // An apply says it, and sends to everybody else; a row of somebody that cannot be sent to shows it as well.
    there.run(["apply", "--auto-approve"]).code(8);
    let rows = there.read("customers.csv");
    there.write("customers.csv", format!("{rows}17841400000000004,Ana 4\n"));
    let run = clones.apply(&there, 8);
    assert!(run.stdout.matches("! accepted twice: 3 people").count() == 2, "{run}");
    assert_eq!(clones.shop.accepted(), [2, 2, 2, 1]);
    // The word names them under both keys, and ends it.
    there.run(["resolve", "sale.hello.r1.0000000000000000", "--sent", "--reason", "two clones"]).code(64);
    let mut told = 0;
    for twice in twice {
        let bulk = twice["claims"][0]["bulkId"].as_str().unwrap();
        let json = there.run(["resolve", bulk, "--sent", "--reason", "two clones", "--format", "json"]).code(0).json();
        told += json["knownTwice"].as_u64().unwrap();
    }
    assert_eq!(told, 3);
    there.run(["plan"]).code(0);
    clones.apply(&there, 0);
    there.run(["ledger", "verify"]).code(0);
}

#[test]
fn a_clone_that_has_fetched_what_another_sent_is_stopped_before_it_sends() {
    let clones = Clones::new();
    let there = clones.other();
    clones.apply(&clones.shop.project, 0);
    clones.push();
    git(there.folder(), &["fetch", "--quiet"]);
    assert_snapshot!(clones.is_stopped(&there), @r#"
    exit code: 8
    ----- stderr
    error: another clone has sent what this one does not know of: origin/main, as fetched last, has 2 claims (3 people) more
      hint: take it in with `git merge origin/main`; before that, what is not committed here yet: `git add sendform.lock`, `git commit -m "What was sent here"`
      hint: nothing was sent; once that is done, run the same command again: it sends to whoever is left
    "#);
    let json = there.run(["apply", "--auto-approve", "--format", "json"]).code(8).json();
    assert_eq!(json["exitCode"], 8);
    // Whoever only looks is told the same.
    for command in ["plan", "status"] {
        let told = there.run([command]).code(0).stderr;
        assert!(told.starts_with("! `sendform apply` is refused: another clone has sent what this one does"), "{told}");
        assert!(told.contains("\n  take it in with `git merge origin/main`"), "{told}");
    }
    git(there.folder(), &["merge", "--quiet", "origin/main"]);
    clones.apply(&there, 0);
    assert_eq!(clones.shop.accepted(), [1; 3]);
}

#[test]
fn what_was_never_pushed_is_a_warning_that_says_what_to_type() {
    let clones = Clones::new();
    let here = &clones.shop.project;
    clones.apply(here, 0);
    clones.shop.customers(1..=4);
    assert_snapshot!(clones.apply(here, 0).stderr, @r#"
    ! origin/main, as fetched last, lacks 2 claims (3 people) of this lockfile: another clone would send that again
      before anybody else sends: `git add sendform.lock`, `git commit -m "What was sent"`, `git push`
    commit and push sendform.lock: another clone sends again what it does not know of
    "#);
    clones.push();
    assert_eq!(clones.apply(here, 0).stderr, "");
    // From the folder above, the path is the one that is typed there.
    clones.shop.customers(1..=5);
    let dir = here.folder().display().to_string();
    let outside = Project::empty().env("SENDFORM_BASE_URL", clones.shop.sandbox.url());
    let run = outside.run(["--dir", &dir, "apply", "--auto-approve"]).code(0);
    assert!(
        run.stderr.ends_with("commit and push sendform.lock: another clone sends again what it does not know of\n"),
        "{run}"
    );
    clones.shop.customers(1..=6);
    let run = outside.run(["--dir", &dir, "apply", "--auto-approve"]).code(0);
    assert!(run.stderr.contains(&format!("`git -C {dir} add sendform.lock`")), "{run}");
}

/// Where another clone's lockfile cannot be compared with, that is said, or there is nothing to say.
#[test]
fn every_kind_of_clone_has_its_outcome() {
    let words = |run: &Run| run.stderr.replace("another clone sends again what it does not know of", "…");
    let push = "commit and push sendform.lock: …\n";

    // In no repository at all, and in a bare one.
    let shop = Shop::new(1);
    assert_eq!(shop.apply().code(0).stderr, "");
    let shop = Shop::new(1);
    git(shop.project.folder(), &["init", "--quiet", "--bare", "."]);
    assert_eq!(shop.apply().code(0).stderr, "");

    // Without a remote; and with one of which nothing was fetched.
    let shop = Shop::new(1);
    git(shop.project.folder(), &["init", "--quiet"]);
    assert_eq!(shop.apply().code(0).stderr, "commit sendform.lock: it is what tells who has their message\n");
    git(shop.project.folder(), &["remote", "add", "origin", "file:///nowhere"]);
    shop.customers(1..=2);
    assert_snapshot!(words(&shop.apply().code(0)), @"
    ! nothing that was fetched from origin tells what other clones have sent
      to find out: `git fetch --all`, then `git remote set-head origin --auto`
    commit and push sendform.lock: …
    ");

    // Ignored, and not yet tracked.
    let shop = Shop::new(1);
    let origin = Origin::of(&shop.project);
    git(shop.project.folder(), &["rm", "--quiet", "--cached", "sendform.lock"]);
    git(shop.project.folder(), &["commit", "--quiet", "--message", "Not tracked"]);
    git(shop.project.folder(), &["push", "--quiet", "origin", "main"]);
    assert_eq!(words(&shop.apply().code(0)), push);
    shop.customers(1..=2);
    assert_snapshot!(words(&shop.apply().code(0)), @r#"
    ! origin/main, as fetched last, has no lockfile, and so lacks 1 claim (1 person) of this lockfile: another clone would send that again
      before anybody else sends: `git add sendform.lock`, `git commit -m "What was sent"`, `git push`
    commit and push sendform.lock: …
    "#);
    shop.project.write(".gitignore", ".sendform/\n*.lock\n");
    shop.customers(1..=3);
    assert_snapshot!(words(&shop.apply().code(0)), @"
    ! git ignores sendform.lock, so no other clone learns what is sent here
      which rule does that: `git check-ignore -v sendform.lock`
    ");
    drop(origin);

    // A shallow clone with a detached HEAD, a linked work tree, and a submodule know what was fetched.
    let clones = Clones::new();
    clones.apply(&clones.shop.project, 0);
    let runner = clones.by_ben(clones.origin.runner());
    let tree = Project::empty();
    let linked = tree.path("linked").display().to_string();
    git(clones.other().folder(), &["clone", "--quiet", &clones.origin.url(), &tree.path("main").display().to_string()]);
    git(&tree.path("main"), &["worktree", "add", "--quiet", "-b", "feature", &linked]);
    let above = Project::empty();
    git(above.folder(), &["init", "--quiet"]);
    git(
        above.folder(),
        &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &clones.origin.url(), "shop"],
    );
    clones.push();
    for (folder, fetch) in [
        (runner.folder().to_owned(), &["fetch", "--quiet", "--depth", "1"][..]),
        (tree.path("linked"), &["fetch", "--quiet"]),
        (above.path("shop"), &["fetch", "--quiet"]),
    ] {
        git(&folder, fetch);
        let before = clones.shop.requests();
        let run =
            clones.by_ben(Project::empty()).run(["--dir", &folder.display().to_string(), "apply", "--auto-approve"]);
        let run = run.code(8);
        assert!(
            run.stderr.contains("error: another clone has sent what this one does not know of: origin/main"),
            "{run}"
        );
        assert_eq!(clones.shop.requests(), before);
    }
}

#[test]
fn a_pushed_lockfile_that_tells_nothing_stops_an_apply() {
    let check = |change: fn(&str) -> String, expect: &str| {
        let clones = Clones::new();
        let here = &clones.shop.project;
        let text = fs::read_to_string(here.path("sendform.lock")).unwrap();
        here.write("sendform.lock", change(&text));
        clones.push();
        here.write("sendform.lock", &text);
        let run = clones.is_stopped(here);
        assert!(run.stderr.contains(expect), "{run}");
        clones.push();
        clones.apply(here, 0);
    };
    check(|text| text.replace("\"project\"", "\"PROJECT\""), "the checksum does not match");
    check(|_| String::new(), "the ledger is empty: it has not even a header");
    check(|text| text.split_at(text.len() - 20).0.to_owned(), "the text is cut off");
    // Another project's, made in its own folder.
    let other = Shop::without_ledger(1);
    other.project.write("sendform.yaml", PROJECT.replace("acme-shop", "other-shop"));
    other.run(&["ledger", "init"]).code(0);
    let clones = Clones::new();
    let here = &clones.shop.project;
    let text = fs::read_to_string(here.path("sendform.lock")).unwrap();
    here.write("sendform.lock", fs::read(other.project.path("sendform.lock")).unwrap());
    clones.push();
    here.write("sendform.lock", text);
    assert_snapshot!(clones.is_stopped(here), @r#"
    exit code: 8
    ----- stderr
    error: the lockfile of origin/main, as fetched last, cannot be compared with this one: the ledgers belong to two projects, `acme-shop` and `other-shop`
      hint: it may tell of what another clone has sent: see `git log -p origin/main -- sendform.lock`
      hint: if this one is the right one: `git add sendform.lock`, `git commit -m "What was sent"`, `git push`
      hint: nothing was sent; once that is done, run the same command again: it sends to whoever is left
    "#);
}

#[test]
fn a_ledger_that_git_has_is_brought_back_and_not_made_anew() {
    let clones = Clones::new();
    let here = &clones.shop.project;
    clones.apply(here, 0);
    commit(here.folder());
    fs::remove_file(here.path("sendform.lock")).unwrap();
    assert_snapshot!(here.run(["ledger", "init"]).code(8), @"
    exit code: 8
    ----- stderr
    error: `./sendform.lock` is missing, but git has it in `HEAD`: it has to be brought back, not made anew
      hint: `git checkout HEAD -- sendform.lock`; only if what it tells is of no project any more: commit and push that it is deleted, then make a new one
    ");
    git(here.folder(), &["rm", "--quiet", "--cached", "sendform.lock"]);
    git(here.folder(), &["commit", "--quiet", "--message", "Gone"]);
    let run = here.run(["ledger", "init"]).code(8);
    assert!(run.stderr.contains("`git checkout origin/main -- sendform.lock`"), "{run}");
    assert_snapshot!(here.run(["status"]).code(8), @"
    exit code: 8
    ----- stderr
    error: there is no ledger at `./sendform.lock`
      hint: git has it, bring it back: `git checkout origin/main -- sendform.lock`; its shadow `./.sendform/shadow.lock` knows what was sent after that, and the next apply joins it in
    ");
    fs::remove_file(here.path(".sendform/shadow.lock")).unwrap();
    let run = here.run(["plan"]).code(8);
    assert!(
        run.stderr.contains("  hint: git has it, bring it back: `git checkout origin/main -- sendform.lock`\n"),
        "{run}"
    );
    git(here.folder(), &["checkout", "--quiet", "HEAD~1", "--", "sendform.lock"]);
    // What was sent since is in the shadow.
    clones.shop.sends_nothing(&["apply", "--auto-approve"], 0);
    fs::remove_file(here.path("sendform.lock")).unwrap();
    git(here.folder(), &["rm", "--quiet", "--cached", "sendform.lock"]);
    git(here.folder(), &["push", "--quiet", "origin", "main"]);
    // Whoever means it has pushed that it is gone.
    here.run(["ledger", "init"]).code(0);
    clones.shop.sends_nothing(&["apply", "--auto-approve"], 0);
}

#[test]
fn what_came_back_from_the_shadow_is_said() {
    let clones = Clones::new();
    let here = &clones.shop.project;
    clones.apply(here, 0);
    git(here.folder(), &["checkout", "--quiet", "--", "sendform.lock"]);
    assert_snapshot!(here.run(["status"]).code(0), @"
    exit code: 0
    ledger of acme-shop on 127.0.0.1:[port]

    message        accepted  rejected  in doubt  in flight  given up  refused
    sale.hello r1         3         0         0          0         0        0
    ----- stderr
    ! the lockfile had lost 2 claims (3 people), which its shadow under `.sendform` has kept: that counts, and an apply writes it back
    ");
    clones.shop.customers(1..=4);
    let run = clones.apply(here, 0);
    assert!(run.stderr.starts_with("! the lockfile had lost 2 claims (3 people), which its shadow"), "{run}");
    assert_eq!(clones.shop.accepted(), [1; 4]);
    assert!(!here.run(["status"]).code(0).stderr.contains("lost"));
    // What is written back is to be committed, whether anything is sent or not.
    git(here.folder(), &["checkout", "--quiet", "--", "sendform.lock"]);
    let push = "commit and push sendform.lock: another clone sends again what it does not know of\n";
    let run = clones.shop.sends_nothing(&["apply", "--auto-approve"], 0);
    assert!(run.stderr.ends_with(push), "{run}");
    let run = clones.shop.sends_nothing(&["apply", "--auto-approve"], 0);
    assert!(!run.stderr.contains(push), "{run}");
}

#[test]
fn doubts_that_are_settled_before_nothing_is_sent_are_to_be_committed() {
    let clones = Clones::new();
    clones.shop.sandbox.faults(&["500-after"]);
    clones.apply(&clones.shop.project, 6);
    clones.push();
    clones.shop.sandbox.faults(&[]);
    let push = "commit and push sendform.lock: another clone sends again what it does not know of\n";
    let run = clones.shop.sends_nothing(&["apply", "--auto-approve"], 0);
    assert!(run.stderr.ends_with(push), "{run}");
    clones.push();
    assert_eq!(clones.shop.sends_nothing(&["apply", "--auto-approve"], 0).stderr, "");
}

#[test]
fn without_the_key_no_number_pretends_to_be_the_number_to_send() {
    let mut shop = Shop::new(3);
    shop.apply().code(0);
    shop.campaign("Hello from our shop!", 1);
    shop.customers(1..=4);
    shop.project.unset("SENDFORM_KEY");
    assert_snapshot!(shop.run(&["plan"]).code(0).whole(), @"
    exit code: 0
    acme-shop on 127.0.0.1:[port], 2026-11-30 12:00 UTC, 1 campaign in 1 file
    ! the key is missing: who has a message already cannot be told, and the numbers to send are upper bounds

    sale.hello r1  shop to customers  sale.yaml:5
      + at most 4 to send at once, 2 bulks; who of them has it already cannot be told without the key
      * the ledger has r1: last sent 2026-11-30 12:00 UTC; 3 accepted
        4 rows in customers.csv (CSV with `,`, UTF-8)
      * the text changed since it was sent; 3 people keep the old one
          │ - Hello from the shop!
          │ + Hello from our shop!
          raise `revision` to send the new text to everybody
        text (20 characters)
          │ Hello from our shop!

    limits: 10,000 messages an apply, audiences grow by 50%, 1% of the rows unreadable, no row may fail
    at most 4 messages to send in 2 bulks
    ----- stderr
    ! not authenticated: no key is set, so that nobody notices a line that somebody else has written; set SENDFORM_KEY or SENDFORM_KEY_FILE to have all lines checked
    ");
    let json = shop.run(&["plan", "--format", "json", "--detailed-exitcode"]).code(2).json();
    assert_eq!((&json["atMost"], &json["toSend"]), (&true.into(), &4.into()));
    assert_eq!(json["messages"][0]["inClear"]["accepted"], 3);
    assert_snapshot!(shop.run(&["plan", "--out", "sale.plan"]).code(9), @"
    exit code: 9
    ----- stderr
    error: the key is missing: set SENDFORM_KEY or SENDFORM_KEY_FILE
      hint: it is 32 random bytes in base64, made once: `head -c 32 /dev/urandom | base64`
      hint: keep it like a password, and use the same one everywhere: without it nobody would be recognised as sent
    ");
    assert_snapshot!(shop.run(&["status"]).code(0), @"
    exit code: 0
    ledger of acme-shop on 127.0.0.1:[port]

    message        accepted  rejected  in doubt  in flight  given up  refused
    sale.hello r1         3         0         0          0         0        0
    ----- stderr
    ! not authenticated: no key is set, so that nobody notices a line that somebody else has written; set SENDFORM_KEY or SENDFORM_KEY_FILE to have all lines checked
    ");
    assert_snapshot!(shop.run(&["ledger", "verify"]).code(0), @"
    exit code: 0
    * not authenticated: no key is set, so that nobody notices a line that somebody else has written; set SENDFORM_KEY or SENDFORM_KEY_FILE to have all lines checked
    2 claims, nothing odd
    ");
    // Files that do not go with what was sent are an error for whoever has no key as well.
    shop.campaign("Hello from the shop!", 2);
    let run = shop.run(&["plan"]).code(0);
    assert!(run.stdout.contains("the ledger has r1: last sent"), "{run}");
    // Of a revision of which nothing was claimed the number is the number.
    assert!(run.stdout.contains("  + 4 to send at once, 2 bulks\n"), "{run}");
    assert!(!run.stdout.contains("at most 4"), "{run}");
    fs::rename(shop.project.path("sale.yaml"), shop.project.path("sale.txt")).unwrap();
    shop.project.write("spring.yaml", crate::support::campaign("spring", "Hello!", 1));
    let run = shop.run(&["plan"]).code(3);
    assert!(run.stderr.contains("the ledger has `sale.hello`, which was sent, and the files lack it"), "{run}");
    let text = fs::read_to_string(shop.project.path("sendform.lock")).unwrap();
    shop.project.write("sendform.lock", text.replace("accepted", "refused!"));
    shop.run(&["ledger", "verify"]).code(8);
}

#[test]
fn without_the_key_a_limit_of_people_to_send_is_one_that_may_refuse() {
    let mut shop = Shop::new(3);
    shop.apply().code(0);
    let limits = "limits: { messagesPerApply: 2 }\n";
    shop.project.write("sendform.yaml", shop.project.read("sendform.yaml") + limits);
    shop.run(&["plan"]).code(0);
    shop.project.unset("SENDFORM_KEY");
    let run = shop.run(&["plan"]).code(0);
    let words = "! an apply may refuse: at most 3 messages to send, but at most 2 may be in one apply\n";
    assert!(run.stdout.contains(words), "{run}");
    let json = shop.run(&["plan", "--format", "json"]).code(0).json();
    assert_eq!((&json["digest"], &json["safetyLimits"][0]["isSure"]), (&serde_json::Value::Null, &false.into()));
    // Nobody has a new revision, so that this is sure.
    shop.campaign("Hello!", 2);
    let json = shop.run(&["plan", "--format", "json"]).code(4).json();
    assert_eq!((&json["digest"], &json["safetyLimits"][0]["isSure"]), (&serde_json::Value::Null, &true.into()));
}

/// Whom it would reach too late may all have it: that is no error.
#[test]
fn without_the_key_nobody_knows_that_everybody_would_get_it_too_late() {
    let mut shop = Shop::new(1);
    shop.apply().code(0);
    let schedule =
        "schedules: { s: { validityPeriod: { amount: 60 }, deliveryTimeWindow: { days: [SUNDAY] } } }\nmessages:";
    let text = shop.project.read("sale.yaml").replace("messages:", schedule);
    shop.project.write("sale.yaml", text.replace("    sender: shop\n", "    sender: shop\n    schedule: s\n"));
    shop.customers(1..=3);
    // A message that somebody has is not wrong because it comes too late for the rest.
    let run = shop.run(&["plan"]).code(0);
    assert!(run.stderr.contains("warning[window-missed]: 2 people of `sale.hello` would not get it"), "{run}");
    shop.project.unset("SENDFORM_KEY");
    let run = shop.run(&["plan"]).code(0);
    assert!(run.stderr.contains("warning[window-missed]: at most 3 people of `sale.hello` would not get it"), "{run}");
    shop.project.set("SENDFORM_KEY", KEY);
    let revised = shop.project.read("sale.yaml").replace("revision: 1", "revision: 2");
    shop.project.write("sale.yaml", revised);
    let run = shop.run(&["plan"]).code(3);
    assert!(run.stderr.contains("error[window-missed]: 3 people of `sale.hello` would not get it"), "{run}");
}

/// What still leaves is told by the ledger alone.
#[test]
fn without_the_key_what_still_leaves_is_told() {
    let mut shop = Shop::new(3);
    let text = shop.project.read("sale.yaml");
    let schedule = "schedules: { noon: { sendAt: \"2026-12-01 12:00\", timeZone: UTC } }\nmessages:";
    let text =
        text.replace("messages:", schedule).replace("    sender: shop\n", "    sender: shop\n    schedule: noon\n");
    shop.project.write("sale.yaml", &text);
    shop.apply().code(0);
    shop.project.unset("SENDFORM_KEY");
    let says = |shop: &Shop, words: &str| {
        let run = shop.run(&["plan"]).code(0);
        assert!(run.stdout.contains(words), "{run}");
    };
    shop.project.write("sale.yaml", text.replace("    sender: shop\n", "    sender: shop\n    paused: true\n"));
    says(&shop, "paused, which holds back nothing that is handed over: 3 people still get it at 2026-12-01 12:00 UTC");
    // A new revision may reach those whom the old one is still to reach.
    shop.project.write("sale.yaml", text.replace("revision: 1", "revision: 2"));
    let run = shop.run(&["plan"]).code(4);
    assert!(run.stdout.contains("an older revision still has 3 people in doubt or scheduled"), "{run}");
    assert!(run.stdout.contains("3 people still get revision 1"), "{run}");
    shop.project.write("sale.yaml", crate::support::campaign("spring", "Hello!", 1));
    let project = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", format!("{project}retired: [sale]\n"));
    says(&shop, "* 3 people still get `sale.hello` at 2026-12-01 12:00 UTC although it is retired\n");
}

#[test]
fn without_the_data_the_files_and_the_ledger_are_told_and_no_number() {
    let mut shop = Shop::new(3);
    shop.apply().code(0);
    shop.campaign("Hello from our shop!", 1);
    fs::remove_file(shop.project.path("customers.csv")).unwrap();
    shop.run(&["plan"]).code(3);
    let plan = ["plan", "--without-data"];
    assert_snapshot!(shop.run(&plan).code(0).whole(), @"
    exit code: 0
    acme-shop on 127.0.0.1:[port], 2026-11-30 12:00 UTC, 1 campaign in 1 file
    ! the rows of audiences were not read: how many people would get what cannot be told

    sale.hello r1  shop to customers  sale.yaml:5
      * the ledger has r1: last sent 2026-11-30 12:00 UTC; 3 accepted
        the rows of customers.csv were not read
      * the text changed since it was sent; 3 people keep the old one
          │ - Hello from the shop!
          │ + Hello from our shop!
          raise `revision` to send the new text to everybody

    limits: 10,000 messages an apply, audiences grow by 50%, 1% of the rows unreadable, no row may fail
    how many messages there are to send cannot be told without the rows
    ");
    let json = shop.run(&["plan", "--without-data", "--format", "json", "--detailed-exitcode"]).code(2).json();
    assert_eq!((&json["hasRows"], &json["atMost"]), (&false.into(), &true.into()));
    assert_eq!(json["messages"][0]["inClear"]["accepted"], 3);
    shop.run(&["plan", "--without-data", "--out", "sale.plan"]).code(64);
    // What can be wrong without a row is: an id of the ledger, a text that is no template.
    // That one is held against the columns, so that it takes the header.
    shop.project.write("customers.csv", "id,name\n");
    shop.campaign("Hello {{ from our shop!", 1);
    shop.run(&plan).code(3);
    shop.project.unset("SENDFORM_KEY");
    shop.campaign("Hello from our shop!", 1);
    let run = shop.run(&plan).code(0);
    assert!(run.stdout.contains("3 people keep the old one"), "{run}");
}

/// A clone without anything of its own: the lockfile is gone, and no shadow knows what was sent.
fn without_lockfile(clones: &Clones) {
    clones.apply(&clones.shop.project, 0);
    clones.push();
    fs::remove_file(clones.shop.project.path("sendform.lock")).unwrap();
    fs::remove_dir_all(clones.shop.project.path(".sendform")).unwrap();
}

#[test]
fn where_git_does_not_answer_no_ledger_is_made_and_nothing_is_sent() {
    // What has the folder look like somebody else's, and what leaves git out of it.
    let (theirs, nowhere) = ("GIT_TEST_ASSUME_DIFFERENT_OWNER", "PATH");
    let mut clones = Clones::new();
    without_lockfile(&clones);
    clones.shop.project.set(theirs, "1");
    assert_snapshot!(clones.is_stopped_at(&["ledger", "init"]), @"
    exit code: 8
    ----- stderr
    error: git does not tell what it has in `.`: git said: fatal: detected dubious ownership in repository at '[project]'
      hint: if you trust who owns it: `git config --global --add safe.directory [project]`
    ");
    clones.shop.project.unset(theirs);
    clones.shop.project.set(nowhere, "/nowhere");
    assert_snapshot!(clones.is_stopped_at(&["ledger", "init"]), @"
    exit code: 8
    ----- stderr
    error: git does not tell what it has in `.`: the program `git` cannot be run
      hint: there is a repository around it: install git, or put it into PATH, and run the same command again
    ");
    clones.shop.project.unset(nowhere);
    // A repository that something else in the environment names is not asked.
    let other = Shop::new(1);
    let _origin = Origin::of(&other.project);
    clones.shop.project.set("GIT_DIR", other.project.path(".git").display().to_string());
    let run = clones.is_stopped_at(&["ledger", "init"]);
    assert!(run.stderr.contains("`git checkout HEAD -- sendform.lock`"), "{run}");

    let here = &clones.shop.project;
    git(here.folder(), &["checkout", "--quiet", "HEAD~1", "--", "sendform.lock"]);
    let run = clones.is_stopped_at(&["apply", "--auto-approve"]);
    assert!(run.stderr.contains("error: another clone has sent what this one does not know of"), "{run}");
    clones.shop.project.unset("GIT_DIR");
    clones.shop.project.set(nowhere, "/nowhere");
    assert_snapshot!(clones.is_stopped_at(&["apply", "--auto-approve"]), @"
    exit code: 8
    ----- stderr
    error: what other clones have sent cannot be told: git does not tell what it has in `.`: the program `git` cannot be run
      hint: there is a repository around it: install git, or put it into PATH, and run the same command again
      hint: nothing was sent; once that is done, run the same command again: it sends to whoever is left
    ");
    clones.shop.project.unset(nowhere);
    clones.shop.project.set(theirs, "1");
    assert_snapshot!(clones.is_stopped_at(&["apply", "--auto-approve"]), @"
    exit code: 8
    ----- stderr
    error: what other clones have sent cannot be told: git does not tell what it has in `.`: git said: fatal: detected dubious ownership in repository at '[project]'
      hint: if you trust who owns it: `git config --global --add safe.directory [project]`
      hint: nothing was sent; once that is done, run the same command again: it sends to whoever is left
    ");
    // What the hint says has git answer.
    let here = &clones.shop.project;
    let top = here.folder().canonicalize().unwrap().display().to_string();
    git(here.folder(), &["config", "--global", "--add", "safe.directory", &top]);
    let run = clones.is_stopped_at(&["apply", "--auto-approve"]);
    assert!(run.stderr.contains("error: another clone has sent what this one does not know of"), "{run}");

    // A folder in no repository needs no git.
    let mut shop = Shop::without_ledger(1);
    shop.project.set(nowhere, "/nowhere");
    shop.run(&["ledger", "init"]).code(0);
    assert_eq!(shop.apply().code(0).stderr, "");
    assert_eq!(shop.accepted(), [1]);
}

#[test]
fn what_a_branch_lacks_that_is_followed_is_looked_for_in_the_default_branch() {
    let shop = Shop::without_ledger(3);
    shop.project.write("sendform.yaml", PROJECT);
    let origin = Origin::of(&shop.project);
    let clones = Clones { shop, origin };
    let (here, there) = (&clones.shop.project, clones.other());
    git(there.folder(), &["checkout", "--quiet", "-b", "feature"]);
    git(there.folder(), &["push", "--quiet", "--set-upstream", "origin", "feature"]);
    here.run(["ledger", "init"]).code(0);
    // Made before anything was fetched, as a clone of an older sendform has it.
    there.write("sendform.lock", fs::read(here.path("sendform.lock")).unwrap());
    clones.apply(here, 0);
    clones.push();
    git(there.folder(), &["fetch", "--quiet"]);
    assert_snapshot!(clones.is_stopped(&there), @r#"
    exit code: 8
    ----- stderr
    error: another clone has sent what this one does not know of: origin/main, as fetched last, has 2 claims (3 people) more
      hint: take it in with `git merge origin/main`; before that, what is not committed here yet: `git add sendform.lock`, `git commit -m "What was sent here"`
      hint: nothing was sent; once that is done, run the same command again: it sends to whoever is left
    "#);
    fs::remove_file(there.path("sendform.lock")).unwrap();
    fs::remove_dir_all(there.path(".sendform")).unwrap();
    assert_snapshot!(there.run(["ledger", "init"]).code(8), @"
    exit code: 8
    ----- stderr
    error: `./sendform.lock` is missing, but git has it in `origin/main`: it has to be brought back, not made anew
      hint: `git checkout origin/main -- sendform.lock`; only if what it tells is of no project any more: commit and push that it is deleted, then make a new one
    ");
    // What this branch has pushed counts as well.
    git(there.folder(), &["merge", "--quiet", "origin/main"]);
    clones.apply(&there, 0);
    there.write("customers.csv", fs::read_to_string(here.path("customers.csv")).unwrap() + "17841400000000004,Ana 4\n");
    let run = clones.apply(&there, 0);
    assert!(!run.stderr.contains("lack"), "{run}");
    there.write("customers.csv", fs::read_to_string(here.path("customers.csv")).unwrap());
    let run = clones.apply(&there, 0);
    assert!(
        run.stderr.starts_with("! origin/feature and origin/main, as fetched last, lack 1 claim (1 person)"),
        "{run}"
    );
    commit(there.folder());
    git(there.folder(), &["push", "--quiet"]);
    assert_eq!(clones.apply(&there, 0).stderr, "");
    assert_eq!(clones.shop.accepted(), [1; 4]);

    // The only branch that was fetched is the one to compare with.
    git(here.folder(), &["push", "--quiet", "origin", "main:trunk"]);
    git(here.folder(), &["update-ref", "-d", "refs/remotes/origin/main"]);
    git(here.folder(), &["checkout", "--quiet", "--detach", "HEAD~1"]);
    fs::remove_dir_all(here.path(".sendform")).unwrap();
    let run = here.run(["ledger", "init"]).code(8);
    assert!(run.stderr.contains("`git checkout origin/trunk -- sendform.lock`"), "{run}");
}

#[test]
fn a_lockfile_that_was_taken_back_takes_in_what_it_lacks() {
    let clones = Clones::new();
    let there = clones.other();
    clones.apply(&clones.shop.project, 0);
    clones.push();
    git(there.folder(), &["pull", "--quiet"]);
    git(there.folder(), &["checkout", "--quiet", "HEAD~1", "--", "sendform.lock"]);
    assert_snapshot!(clones.is_stopped(&there), @"
    exit code: 8
    ----- stderr
    error: another clone has sent what this one does not know of: origin/main, as fetched last, has 2 claims (3 people) more
      hint: origin/main is merged here, but the lockfile was taken back to an older one since; take in what it lacks: `git show origin/main:./sendform.lock >other.lock`, `sendform ledger import other.lock`
      hint: nothing was sent; once that is done, run the same command again: it sends to whoever is left
    ");
    let text = git(there.folder(), &["show", "origin/main:./sendform.lock"]);
    there.write("other.lock", text + "\n");
    there.run(["ledger", "import", "other.lock"]).code(0);
    clones.apply(&there, 0);
    assert_eq!(clones.shop.accepted(), [1; 3]);
}

#[test]
fn hints_can_be_typed_where_the_command_runs() {
    let clones = Clones::new();
    let above = Project::empty();
    let camp = above.path("b/my camp");
    fs::create_dir_all(&camp).unwrap();
    git(&camp, &["clone", "--quiet", &clones.origin.url(), "."]);
    let above = clones.by_ben(above);
    let dir = ["--dir", "b/my camp"];
    let run = |words: &[&str]| above.run(dir.iter().chain(words).copied()).code(8);
    let lockfile = fs::read(camp.join("sendform.lock")).unwrap();
    fs::remove_file(camp.join("sendform.lock")).unwrap();
    let deleted = run(&["ledger", "init"]);
    assert!(deleted.stderr.contains("`git -C 'b/my camp' checkout HEAD -- sendform.lock`"), "{deleted}");
    clones.apply(&clones.shop.project, 0);
    clones.push();
    git(&camp, &["pull", "--quiet"]);
    fs::write(camp.join("sendform.lock"), &lockfile).unwrap();
    let back = run(&["apply", "--auto-approve"]);
    let show = "`git -C 'b/my camp' show origin/main:./sendform.lock >other.lock`, `sendform --dir 'b/my camp' ledger import other.lock`";
    assert!(back.stderr.contains(show), "{back}");
    // A folder of the repository that the command runs in, on a branch with a name that a shell would not take.
    let folder = above.path("b");
    fs::rename(camp.join(".git"), folder.join(".git")).unwrap();
    git(&folder, &["branch", "--quiet", "--move", "w'x;y"]);
    git(&folder, &["add", "my camp"]);
    git(&folder, &["commit", "--quiet", "--message", "Moved"]);
    git(&folder, &["push", "--quiet", "--set-upstream", "origin", "w'x;y"]);
    fs::remove_file(camp.join("sendform.lock")).unwrap();
    let mut command = Project::empty();
    command.set("SENDFORM_BASE_URL", clones.shop.sandbox.url());
    fs::rename(&folder, command.path("b")).unwrap();
    git(&command.path("b"), &["rev-parse", "HEAD"]);
    for file in fs::read_dir(command.path("b")).unwrap() {
        let file = file.unwrap();
        fs::rename(file.path(), command.path(&file.file_name().to_string_lossy())).unwrap();
    }
    let deleted = command.run(["--dir", "my camp", "ledger", "init"]).code(8);
    assert!(deleted.stderr.contains("`git checkout HEAD -- 'my camp/sendform.lock'`"), "{deleted}");
    command.write("my camp/sendform.lock", "");
    git(command.folder(), &["add", "my camp"]);
    git(command.folder(), &["commit", "--quiet", "--message", "Emptied"]);
    git(command.folder(), &["push", "--quiet"]);
    command.write("my camp/sendform.lock", &lockfile);
    let empty = command.run(["--dir", "my camp", "apply", "--auto-approve"]).code(8);
    assert!(empty.stderr.contains(r"`git log -p 'origin/w'\''x;y' -- 'my camp/sendform.lock'`"), "{empty}");
}
