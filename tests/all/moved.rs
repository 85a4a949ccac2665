//! A ledger that moved out of a lockfile, or was to: what a lockfile tells that was left behind is sent to nobody again.

use std::fs;

use insta::assert_snapshot;

use crate::support::{Cluster, KEY, Origin, Project, Run, Shop, customer, git};

const IN_GIT: &str =
    "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nbulkSize: 2\nwitness: off\nstate: { in: git }\n";
const IN_LOCKFILE: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nbulkSize: 2\nwitness: off\n";
const APPLY: &[&str] = &["apply", "--auto-approve", "--parallel", "1"];
const COPY: &[&str] = &["ledger", "copy", "--from", "lockfile"];

/// A shop in git that has sent to three customers, and pushed its lockfile.
fn sent() -> (Shop, Origin) {
    let shop = Shop::new(3);
    shop.project.write("sendform.yaml", IN_LOCKFILE);
    shop.project.write(".gitattributes", "sendform.lock -text merge=union\n");
    let origin = Origin::of(&shop.project);
    shop.run(APPLY).code(0);
    push(&shop.project, "What was sent");
    (shop, origin)
}

fn push(project: &Project, message: &str) {
    git(project.folder(), &["add", "--all"]);
    git(project.folder(), &["commit", "--quiet", "--message", message]);
    git(project.folder(), &["push", "--quiet", "origin", "HEAD:main"]);
    git(project.folder(), &["fetch", "--quiet", "origin"]);
}

fn clone(origin: &Origin, shop: &Shop) -> Project {
    let project = Project::empty().env("SENDFORM_BASE_URL", shop.sandbox.url());
    git(project.folder(), &["clone", "--quiet", &origin.url(), "."]);
    project
}

/// The whole refusal of a run: which lockfile has what, and what is to be typed before it is carried over.
#[track_caller]
fn is_left_behind(run: &Run, has: &str, first: &str) {
    let expected = format!(
        "error: the lockfile `{has} of this project that `origin/sendform-ledger` lacks
  hint: their people would be sent to again: carry them over with {first}`sendform ledger copy --from lockfile`
  hint: only if what it tells is of no message any more: `git mv sendform.lock sendform.lock.old`, commit and push that, \
         in each branch that has it
"
    );
    assert_eq!((run.code, run.stderr.as_str()), (Some(8), expected.as_str()), "{run}");
}

#[test]
fn a_new_home_without_what_the_lockfile_tells_is_neither_made_nor_planned_nor_sent_from() {
    let (shop, origin) = sent();
    shop.project.write("sendform.yaml", IN_GIT);
    is_left_behind(&shop.run(&["ledger", "init"]), "sendform.lock` has 2 claims", "");
    // A plan says the same, before there is a ledger and after it.
    let refused = shop.run(&["plan"]).code(8);
    assert!(refused.stderr.contains("`sendform ledger copy --from lockfile`"), "{refused}");
    shop.sends_nothing(APPLY, 8);
    let lockfile = shop.project.path("sendform.lock");
    let aside = shop.project.path(".sendform/aside");
    fs::rename(&lockfile, &aside).unwrap();
    let first = "`git checkout HEAD -- sendform.lock`, then ";
    is_left_behind(&shop.run(&["ledger", "init"]), "sendform.lock` of `HEAD` has 2 claims", first);
    // Somebody makes it all the same, elsewhere.
    let elsewhere = Project::empty().file("sendform.yaml", IN_GIT).env("SENDFORM_BASE_URL", shop.sandbox.url());
    git(elsewhere.folder(), &["init", "--quiet"]);
    git(elsewhere.folder(), &["remote", "add", "origin", &origin.url()]);
    elsewhere.run(["ledger", "init"]).code(0);
    fs::rename(&aside, &lockfile).unwrap();
    is_left_behind(&shop.run(&["plan"]), "sendform.lock` has 2 claims", "");
    is_left_behind(&shop.sends_nothing(APPLY, 8), "sendform.lock` has 2 claims", "");
    let mut stranger = clone(&origin, &shop);
    stranger.write("sendform.yaml", IN_GIT);
    stranger.unset("SENDFORM_KEY");
    stranger.run(["plan"]).code(8);
    let status = shop.run(&["status"]).code(0);
    assert!(
        status.stderr.starts_with("! `sendform apply` is refused: the lockfile `sendform.lock` has 2 claims"),
        "{status}"
    );
    // What the hint says puts it right.
    shop.run(COPY).code(0);
    shop.customers(1..=4);
    shop.run(APPLY).code(0);
    assert_eq!(shop.accepted(), [1; 4]);
    assert_eq!(shop.run(&["status"]).code(0).stderr, "");
}

#[test]
fn a_lockfile_that_only_git_has_counts_as_well() {
    let (shop, origin) = sent();
    let there = clone(&origin, &shop);
    there.write("sendform.yaml", IN_GIT);
    // Only the branch that was fetched has it: the commit here is from before.
    git(there.folder(), &["reset", "--quiet", "--hard", "HEAD~1"]);
    there.write("sendform.yaml", IN_GIT);
    fs::remove_file(there.path("sendform.lock")).unwrap();
    let first = "`git merge origin/main`, then ";
    is_left_behind(&there.run(["ledger", "init"]), "sendform.lock` of `origin/main` has 2 claims", first);
    // A lockfile without claims, of another project, or moved out of the way hinders nobody.
    let old = fs::read_to_string(shop.project.path("sendform.lock")).unwrap();
    for folder in ["other", "new"] {
        let project = Project::empty().env("SENDFORM_BASE_URL", shop.sandbox.url());
        if folder == "other" {
            project.write("sendform.yaml", IN_GIT.replace("acme-shop", "other-shop"));
            project.write("sendform.lock", &old);
        } else {
            project.write("sendform.yaml", IN_LOCKFILE);
            project.run(["ledger", "init"]).code(0);
            project.write("sendform.yaml", IN_GIT);
        }
        let _home = Origin::of(&project);
        project.run(["ledger", "init"]).code(0);
    }
    // What cannot be read may tell anything.
    let project = Project::empty().file("sendform.yaml", IN_GIT).env("SENDFORM_BASE_URL", shop.sandbox.url());
    project.write("sendform.lock", old.replace("SHOP-ACCOUNT", "SHAP-ACCOUNT"));
    let _home = Origin::of(&project);
    assert_snapshot!(project.run(["ledger", "init"]).code(8), @"
    exit code: 8
    ----- stderr
    error: the lockfile `sendform.lock` may tell of what `origin/sendform-ledger` lacks, and cannot be read: line 2: the checksum does not match
      hint: whoever it tells of would be sent to again: bring back its last good version from git, and `sendform ledger copy --from lockfile`
      hint: only if what it tells is of no message any more: `git mv sendform.lock sendform.lock.old`, commit and push that, in each branch that has it
    ");
}

#[test]
fn what_another_clone_sent_before_it_knew_of_the_move_is_copied_after_a_merge() {
    let (shop, origin) = sent();
    let there = clone(&origin, &shop);
    // Here the ledger moves; there somebody sends before they have pulled that.
    shop.project.write("sendform.yaml", IN_GIT);
    shop.run(COPY).code(0);
    push(&shop.project, "The ledger moves");
    let rows = there.read("customers.csv");
    there.write("customers.csv", format!("{rows}{},Ana 4\n", customer(4)));
    there.run(APPLY).code(0);
    git(there.folder(), &["commit", "--quiet", "--all", "--message", "What was sent there"]);
    git(there.folder(), &["pull", "--quiet", "--no-rebase", "--no-edit", "origin", "main"]);
    is_left_behind(&there.run(APPLY), "sendform.lock` has 1 claim", "");
    assert_snapshot!(there.run(COPY), @"
    exit code: 0
    copied 3 claims from ./sendform.lock to origin/sendform-ledger: 1 record of a message and 1 claim new; 1 person's standing changed
    read back: everybody stands as they did
    retired ./sendform.lock: whoever opens it is refused, and told where it went
    commit it as it is now, so that other clones are refused as well
    ");
    git(there.folder(), &["commit", "--quiet", "--all", "--message", "All of it"]);
    git(there.folder(), &["push", "--quiet", "origin", "HEAD:main"]);
    // The first clone knows of them, also before it has pulled.
    shop.customers(1..=5);
    shop.run(APPLY).code(0);
    assert_eq!(shop.accepted(), [1; 5]);
    git(shop.project.folder(), &["commit", "--quiet", "--all", "--message", "Five"]);
    git(shop.project.folder(), &["fetch", "--quiet"]);
    shop.run(&["plan"]).code(0);
}

#[test]
fn a_copy_from_nowhere_says_that_there_is_nothing() {
    let shop = Shop::without_ledger(1);
    shop.project.write("sendform.yaml", IN_GIT);
    let _home = Origin::of(&shop.project);
    assert_snapshot!(shop.run(COPY), @"
    exit code: 8
    ----- stderr
    error: there is nothing to copy: no ledger is at `./sendform.lock`
      hint: `--from` names the home that the ledger has had: `lockfile`, `git` with its `--remote` and `--branch`, or `postgres` with its `--schema`
    ");
    assert_snapshot!(shop.run(&["ledger", "copy", "--from", "git", "--branch", "other"]), @"
    exit code: 8
    ----- stderr
    error: there is nothing to copy: no ledger is at `origin/other`
      hint: `--from` names the home that the ledger has had: `lockfile`, `git` with its `--remote` and `--branch`, or `postgres` with its `--schema`
    ");
    shop.run(&["ledger", "init"]).code(0);
    assert_snapshot!(shop.run(&["ledger", "init"]), @"
    exit code: 8
    ----- stderr
    error: there is a ledger at `origin/sendform-ledger` already
      hint: it is made once: `sendform status` shows what it holds; another project's ledger needs another place, which the project file names: `state: { in: git, branch: … }`
    ");
}

/// Another key than the one that the ledgers here are made with.
const OTHER_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

#[test]
fn whoever_has_lost_the_key_of_a_shadow_is_told_the_way_out() {
    let mut shop = Shop::new(2);
    shop.apply().code(0);
    shop.project.set("SENDFORM_KEY", OTHER_KEY);
    fs::remove_file(shop.project.path("sendform.lock")).unwrap();
    assert_snapshot!(shop.run(&["plan"]), @"
    exit code: 8
    ----- stderr
    error: there is no ledger at `./sendform.lock`
      hint: its shadow `./.sendform/shadow.lock` still knows what was sent, but the ledger's people cannot be recognised without the key `00914700`; supply every key that the ledger names, in SENDFORM_KEY or SENDFORM_KEY_FILE; if one is lost for good, that ledger is an archive: move it away, `mv ./.sendform/shadow.lock ./.sendform/shadow.lock.old`, in every clone that has sent, and then `sendform ledger init`. Nobody of it is recognised any more: before the next apply take away what was sent
    ");
    assert_snapshot!(shop.run(&["ledger", "init"]), @"
    exit code: 8
    ----- stderr
    error: the ledger's people cannot be recognised without the key `00914700`
      hint: supply every key that the ledger names, in SENDFORM_KEY or SENDFORM_KEY_FILE
      hint: if one is lost for good, that ledger is an archive: move it away, `mv ./.sendform/shadow.lock ./.sendform/shadow.lock.old`, in every clone that has sent, and then `sendform ledger init`. Nobody of it is recognised any more: before the next apply take away what was sent
    ");
    fs::rename(shop.project.path(".sendform/shadow.lock"), shop.project.path(".sendform/shadow.lock.old")).unwrap();
    shop.run(&["ledger", "init"]).code(0);
    // With the key the shadow is enough, as ever.
    fs::remove_file(shop.project.path("sendform.lock")).unwrap();
    fs::rename(shop.project.path(".sendform/shadow.lock.old"), shop.project.path(".sendform/shadow.lock")).unwrap();
    shop.project.set("SENDFORM_KEY", KEY);
    let told = shop.run(&["plan"]).code(8).stderr;
    assert!(told.contains("`sendform ledger init` makes the ledger anew from that"), "{told}");
    shop.run(&["ledger", "init"]).code(0);
    shop.run(&["plan"]).code(0);
}

#[test]
fn a_lockfile_that_is_damaged_is_brought_back_with_what_is_typed() {
    let (shop, _origin) = sent();
    let good = fs::read_to_string(shop.project.path("sendform.lock")).unwrap();
    let bad = good.replace("SHOP-ACCOUNT", "SHAP-ACCOUNT");
    shop.project.write("sendform.lock", &bad);
    assert_snapshot!(shop.run(&["plan"]).code(8).stderr, @"
    error: the ledger `./sendform.lock` is damaged
      caused by: line 2: the checksum does not match
      hint: bring back the last good version of the file: `git checkout HEAD -- sendform.lock`; its shadow adds what came after
    ");
    git(shop.project.folder(), &["checkout", "HEAD", "--", "sendform.lock"]);
    shop.run(&["plan"]).code(0);
    // A file that was brought from elsewhere is no file of this repository.
    shop.project.write("bad.lock", &bad);
    assert_snapshot!(shop.run(&["ledger", "import", "bad.lock"]).code(8).stderr, @"
    error: the ledger `bad.lock` is damaged
      caused by: line 2: the checksum does not match
      hint: take the last good version of it, from git or a backup
      hint: nothing was imported
    ");
}

#[test]
fn the_merge_driver_names_the_lockfile_from_the_top_of_the_repository() {
    let project = Project::empty().file("campaigns/sendform.yaml", IN_LOCKFILE);
    for name in ["base", "ours", "theirs"] {
        project.write(name, "{}\n");
    }
    let hint = |arguments: &[&str]| {
        let run = project.run([&["ledger", "merge", "base", "ours", "theirs"], arguments].concat()).code(8);
        run.stderr.lines().last().unwrap().rsplit_once("; ").unwrap().1.to_owned()
    };
    assert_snapshot!(hint(&[]), @"`git show :2:campaigns/sendform.lock` and `git show :3:campaigns/sendform.lock` have both sides");
    assert_snapshot!(hint(&["my shop/sendform.lock"]), @"`git show ':2:my shop/sendform.lock'` and `git show ':3:my shop/sendform.lock'` have both sides");
}

#[test]
fn the_stops_are_committed_with_the_lockfile() {
    let (shop, _origin) = sent();
    assert_snapshot!(shop.run(&["stop", "--reason", "wrong price"]).code(0).stderr, @"commit and push sendform.stops: another clone learns of it in no other way");
    assert_snapshot!(shop.run(&["resume"]).code(0).stderr, @"commit and push sendform.stops: another clone learns of it in no other way");
    shop.customers(1..=4);
    assert_snapshot!(shop.run(APPLY).code(0).stderr, @"commit and push sendform.lock and sendform.stops: another clone sends again what it does not know of");
    shop.customers(1..=5);
    let told = shop.run(APPLY).code(0).stderr;
    assert!(told.contains("`git add sendform.lock sendform.stops`"), "{told}");
    push(&shop.project, "All of it");
    // What git has already is named no more.
    shop.customers(1..=6);
    assert_snapshot!(shop.run(APPLY).code(0).stderr, @"commit and push sendform.lock: another clone sends again what it does not know of");
    shop.sandbox.faults(&["500-after"]);
    shop.customers(1..=7);
    let json = shop.project.run([APPLY, &["--format", "json"]].concat()).code(6).json();
    let bulk = json["doubts"][0]["bulkId"].as_str().unwrap().to_owned();
    push(&shop.project, "A doubt");
    assert_snapshot!(shop.run(&["resolve", &bulk, "--sent", "--reason", "seen"]).code(0), @"
    exit code: 0
    1 person: sent
    this is final, and goes with the ledger: nothing takes it back
    ----- stderr
    commit and push sendform.lock: another clone sends again what it does not know of
    ");
}

#[test]
fn only_lines_that_git_lacks_are_to_be_added() {
    let shop = Shop::without_ledger(1);
    git(shop.project.folder(), &["init", "--quiet"]);
    let advice = |attributes: &str| {
        shop.project.write(".gitattributes", attributes);
        let made = shop.run(&["ledger", "init"]).code(0).stdout;
        fs::remove_file(shop.project.path("sendform.lock")).unwrap();
        fs::remove_dir_all(shop.project.path(".sendform")).unwrap();
        made.lines()
            .skip(1)
            .take_while(|line| !line.starts_with("to have"))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    let [lock, stops] = ["sendform.lock -text merge=union linguist-generated\n", "sendform.stops -text merge=union\n"];
    let these = "commit it, with these lines in .gitattributes beside it:\n";
    assert_eq!(advice(""), format!("{these}  {lock}  {stops}"));
    assert_eq!(advice(lock), format!("{}  {stops}", these.replace("these lines", "this line")));
    assert_eq!(advice(&format!("*.md text\n{stops}sendform.lock -text merge=sendform\n")), "commit it\n");
}

#[test]
fn in_a_database_a_lockfile_is_not_left_behind_where_git_does_not_answer_either() {
    let (mut shop, _origin) = sent();
    shop.project.write("sendform.yaml", IN_GIT.replace("in: git", "in: postgres"));
    shop.project.set("SENDFORM_DATABASE_URL", Cluster::shared().database());
    fs::write(shop.project.path(".git/HEAD"), "nonsense").unwrap();
    let refused = "has 2 claims of this project that `sendform in /";
    for run in [shop.run(&["ledger", "init"]).code(8), shop.run(&["plan"]).code(8), shop.sends_nothing(APPLY, 8)] {
        assert!(run.stderr.starts_with(&format!("error: the lockfile `sendform.lock` {refused}")), "{run}");
        assert!(run.stderr.contains("carry them over with `sendform ledger copy --from lockfile`"), "{run}");
    }
    // Without the file nobody knows what git has: somebody makes the ledger all the same, and is told.
    let aside = shop.project.path(".sendform/aside");
    fs::rename(shop.project.path("sendform.lock"), &aside).unwrap();
    for command in [&["ledger", "init"][..], &["plan"]] {
        let run = shop.run(command).code(0);
        let told =
            "! whether a lockfile has claims that this ledger lacks cannot be told: git does not tell what it has";
        assert!(run.stderr.starts_with(told), "{run}");
    }
    fs::rename(&aside, shop.project.path("sendform.lock")).unwrap();
    assert!(shop.sends_nothing(APPLY, 8).stderr.contains(refused));
}
