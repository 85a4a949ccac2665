//! A ledger that moved out of a lockfile, or was to: what a lockfile tells that was left behind is sent to nobody again.

use std::fs;

use insta::assert_snapshot;

use crate::support::{Origin, Project, Shop, customer, git};

const IN_GIT: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nbulkSize: 2\nwitness: off\nstate: { in: git }\n";
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

#[test]
fn a_new_home_without_what_the_lockfile_tells_is_neither_made_nor_planned_nor_sent_from() {
    let (shop, origin) = sent();
    shop.project.write("sendform.yaml", IN_GIT);
    assert_snapshot!(shop.run(&["ledger", "init"]), @"
    exit code: 8
    ----- stderr
    error: the lockfile `sendform.lock` has 2 claims of this project that `origin/sendform-ledger` lacks
      hint: their people would be sent to again: carry them over with `sendform ledger copy --from lockfile`
      hint: only if what it tells is of no message any more: `git mv sendform.lock sendform.lock.old`, commit and push that, in each branch that has it
    ");
    // A plan says the same, before there is a ledger and after it.
    let refused = shop.run(&["plan"]).code(8);
    assert!(refused.stderr.contains("`sendform ledger copy --from lockfile`"), "{refused}");
    shop.sends_nothing(APPLY, 8);
    let lockfile = shop.project.path("sendform.lock");
    let aside = shop.project.path(".sendform/aside");
    fs::rename(&lockfile, &aside).unwrap();
    assert_snapshot!(shop.run(&["ledger", "init"]).code(8).stderr, @"
    error: the lockfile `sendform.lock` of `HEAD` has 2 claims of this project that `origin/sendform-ledger` lacks
      hint: their people would be sent to again: carry them over with `git checkout HEAD -- sendform.lock`, then `sendform ledger copy --from lockfile`
      hint: only if what it tells is of no message any more: `git mv sendform.lock sendform.lock.old`, commit and push that, in each branch that has it
    ");
    // Somebody makes it all the same, elsewhere.
    let elsewhere = Project::empty().file("sendform.yaml", IN_GIT).env("SENDFORM_BASE_URL", shop.sandbox.url());
    git(elsewhere.folder(), &["init", "--quiet"]);
    git(elsewhere.folder(), &["remote", "add", "origin", &origin.url()]);
    elsewhere.run(["ledger", "init"]).code(0);
    fs::rename(&aside, &lockfile).unwrap();
    assert_snapshot!(shop.run(&["plan"]), @"
    exit code: 8
    ----- stderr
    error: the lockfile `sendform.lock` has 2 claims of this project that `origin/sendform-ledger` lacks
      hint: their people would be sent to again: carry them over with `sendform ledger copy --from lockfile`
      hint: only if what it tells is of no message any more: `git mv sendform.lock sendform.lock.old`, commit and push that, in each branch that has it
    ");
    assert_snapshot!(shop.sends_nothing(APPLY, 8), @"
    exit code: 8
    ----- stderr
    error: the lockfile `sendform.lock` has 2 claims of this project that `origin/sendform-ledger` lacks
      hint: their people would be sent to again: carry them over with `sendform ledger copy --from lockfile`
      hint: only if what it tells is of no message any more: `git mv sendform.lock sendform.lock.old`, commit and push that, in each branch that has it
    ");
    let mut stranger = clone(&origin, &shop);
    stranger.write("sendform.yaml", IN_GIT);
    stranger.unset("SENDFORM_KEY");
    stranger.run(["plan"]).code(8);
    let status = shop.run(&["status"]).code(0);
    assert!(status.stderr.starts_with("! `sendform apply` is refused: the lockfile `sendform.lock` has 2 claims"), "{status}");
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
    assert_snapshot!(there.run(["ledger", "init"]).code(8), @"
    exit code: 8
    ----- stderr
    error: the lockfile `sendform.lock` of `origin/main` has 2 claims of this project that `origin/sendform-ledger` lacks
      hint: their people would be sent to again: carry them over with `git merge origin/main`, then `sendform ledger copy --from lockfile`
      hint: only if what it tells is of no message any more: `git mv sendform.lock sendform.lock.old`, commit and push that, in each branch that has it
    ");
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
    assert_snapshot!(there.run(APPLY).code(8), @"
    exit code: 8
    ----- stderr
    error: the lockfile `sendform.lock` has 1 claim of this project that `origin/sendform-ledger` lacks
      hint: their people would be sent to again: carry them over with `sendform ledger copy --from lockfile`
      hint: only if what it tells is of no message any more: `git mv sendform.lock sendform.lock.old`, commit and push that, in each branch that has it
    ");
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
