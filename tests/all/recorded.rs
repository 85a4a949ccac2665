//! `apply --commit`: the lockfile goes to the branch and to its remote, alone and in order; and what could not go there is
//! found out before anything is sent.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use data_encoding::BASE64;

use crate::support::{GitHost, Origin, Project, Sandbox, Shop, campaign, customer, git};

const APPLY: [&str; 5] = ["apply", "--auto-approve", "--parallel", "1", "--commit"];

/// A shop whose lockfile is kept in git, and the repository that it is pushed to.
fn shop(customers: u64) -> (Shop, Origin) {
    let shop = Shop::new(customers);
    let origin = Origin::of(&shop.project);
    (shop, origin)
}

fn hook(folder: &Path, name: &str, script: &str) {
    let hook = folder.join("hooks").join(name);
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
}

/// What git says is changed in a work tree.
fn status(folder: &Path) -> String {
    git(folder, &["status", "--porcelain", "--untracked-files=no"])
}

/// How many commits a branch has.
fn commits(folder: &Path, branch: &str) -> usize {
    git(folder, &["rev-list", "--count", branch]).parse().unwrap()
}

#[test]
fn what_was_sent_is_committed_and_pushed_and_nothing_else() {
    let (shop, origin) = shop(3);
    let folder = shop.project.folder();
    for name in ["notes", "staged"] {
        shop.project.write(name, "one\n");
        git(folder, &["add", name]);
    }
    git(folder, &["commit", "--quiet", "-m", "Notes"]);
    git(folder, &["push", "--quiet", "origin", "main"]);
    for name in ["notes", "staged"] {
        shop.project.write(name, "two\n");
    }
    git(folder, &["add", "staged"]);
    for name in ["pre-commit", "prepare-commit-msg", "commit-msg", "post-commit"] {
        hook(&folder.join(".git"), name, "touch ran; exit 1");
    }
    let before = status(folder);
    let run = shop.run(&APPLY).code(0);
    assert!(run.stderr.contains("and pushed to origin/main\n"), "{run}");
    assert_eq!(status(folder), before, "the user's own changes are as they were, and there are no others");
    assert!(!folder.join("ran").exists(), "no hook of a commit was run");

    let shown = git(&origin.path(), &["show", "--format=%an <%ae>%n%cn%n%B", "--name-only", "main"]);
    let lines: Vec<&str> = shown.lines().filter(|line| !line.is_empty()).collect();
    let place = lines[3].split(':').next().unwrap();
    assert_eq!(
        [&lines[..3], &[place, lines[4]]].concat(),
        [
            "sendform <sendform@localhost>",
            "sendform",
            "Record what was sent: 3 accepted",
            "acme-shop on 127.0.0.1",
            "sendform.lock"
        ]
    );
    let recorded = git(&origin.path(), &["show", "main:sendform.lock"]);
    assert_eq!(recorded, fs::read_to_string(folder.join("sendform.lock")).unwrap().trim_end());
    let log = git(folder, &["reflog", "-1", "HEAD"]);
    assert!(log.ends_with("sendform: what was sent"), "{log}");

    // A second run finds nothing to do, and commits nothing.
    let before = commits(&origin.path(), "main");
    shop.run(&APPLY).code(0);
    assert_eq!(commits(&origin.path(), "main"), before);
    assert_eq!(commits(folder, "main"), before);
}

#[test]
fn what_could_not_be_pushed_is_found_out_before_anything_is_sent() {
    let elsewhere = |origin: &Origin, file: &str| {
        let other = origin.runner();
        git(other.folder(), &["switch", "--quiet", "main"]);
        other.write(file, "theirs\n");
        git(other.folder(), &["add", "--force", file]);
        git(other.folder(), &["commit", "--quiet", "-m", "Theirs"]);
        git(other.folder(), &["push", "--quiet", "origin", "main"]);
    };
    let commit_own = |folder: &Path| {
        fs::write(folder.join("own"), "mine\n").unwrap();
        git(folder, &["add", "own"]);
        git(folder, &["commit", "--quiet", "-m", "Mine"]);
    };
    type Spoil<'a> = &'a dyn Fn(&Path, &Origin);
    let ways: [(&str, &str, Spoil<'_>); 10] = [
        ("the lockfile cannot be committed", "its identity, and its signature", &|folder, _| {
            git(folder, &["config", "commit.gpgSign", "true"]);
            git(folder, &["config", "gpg.program", "/bin/false"]);
        }),
        ("`origin/main` has commits that this branch lacks", "git pull --no-rebase", &|_, origin| {
            elsewhere(origin, "theirs");
        }),
        ("this branch has commits that `origin/main` lacks", "push them yourself: git push", &|folder, _| {
            commit_own(folder);
        }),
        ("`origin/other` is not there", "git push -u origin other", &|folder, _| {
            git(folder, &["switch", "--quiet", "-c", "other"]);
        }),
        ("no branch is checked out (HEAD is detached)", "git switch main", &|folder, _| {
            git(folder, &["checkout", "--quiet", "--detach"]);
        }),
        ("a merge is under way", "git status", &|folder, _| {
            let head = git(folder, &["rev-parse", "HEAD"]);
            fs::write(folder.join(".git/MERGE_HEAD"), format!("{head}\n")).unwrap();
        }),
        ("the lockfile cannot be pushed to `origin/main`", "the price is wrong", &|folder, _| {
            hook(&folder.join(".git"), "pre-push", "echo the price is wrong >&2; exit 1");
        }),
        ("the lockfile cannot be pushed to `origin/main`", "check the network", &|_, origin| {
            fs::remove_dir_all(origin.path()).unwrap();
        }),
        ("git ignores the lockfile", "git check-ignore -v sendform.lock", &|folder, _| {
            git(folder, &["rm", "--quiet", "--cached", "sendform.lock"]);
            git(folder, &["commit", "--quiet", "-m", "Without"]);
            fs::write(folder.join(".git/info/exclude"), "sendform.lock\n").unwrap();
        }),
        ("is in no work tree of git", "leave out", &|folder, _| {
            fs::remove_dir_all(folder.join(".git")).unwrap();
        }),
    ];
    for (message, hint, spoil) in ways {
        let (shop, origin) = shop(1);
        spoil(shop.project.folder(), &origin);
        let run = shop.sends_nothing(&APPLY, 1);
        let told = run.stderr.replace('`', "");
        assert!(run.stderr.contains(message) && told.contains(hint), "{message}, {hint}:\n{run}");
        assert!(run.stderr.contains("nothing was sent"), "{run}");
    }
}

#[test]
fn a_branch_that_moves_meanwhile_is_joined_and_nobody_is_lost() {
    let (shop, origin) = shop(2);
    let folder = shop.project.folder();
    shop.project.write("sendform.stops", "");
    let other = origin.runner().env("SENDFORM_BASE_URL", shop.sandbox.url());
    git(other.folder(), &["switch", "--quiet", "main"]);
    other.write("customers.csv", format!("id,name\n{},Eva\n", customer(9)));
    git(other.folder(), &["commit", "--quiet", "-am", "One more"]);
    shop.sandbox.faults(&["hold-after"]);
    let held = shop.project.start(APPLY);
    shop.sandbox.wait_held(1);
    shop.sandbox.faults(&[]);
    git(other.folder(), &["push", "--quiet", "origin", "main"]);
    other.run(APPLY).code(0);
    shop.sandbox.release();
    let run = shop.project.finish(held).code(0);
    assert!(run.stderr.contains("joined with what others have pushed meanwhile"), "{run}");
    assert_eq!(status(folder), "");
    assert_eq!(shop.accepted(), [1, 1, 0, 0, 0, 0, 0, 0, 1]);

    // What the other has pushed comes by a fast-forward, and nobody is sent to again by whoever has it.
    git(folder, &["fetch", "--quiet"]);
    git(folder, &["merge", "--quiet", "--ff-only", "origin/main"]);
    assert_eq!(status(folder), "");
    let all = [1, 2, 9].map(|number| format!("{},Ana\n", customer(number))).concat();
    let fresh = origin.runner().env("SENDFORM_BASE_URL", shop.sandbox.url());
    for project in [&shop.project, &fresh] {
        project.write("customers.csv", format!("id,name\n{all}"));
        let run = project.run(["apply", "--auto-approve"]).code(0);
        assert!(run.stdout.contains("nothing to send"), "{run}");
    }
    assert_eq!(shop.accepted(), [1, 1, 0, 0, 0, 0, 0, 0, 1]);
}

#[test]
fn a_push_that_fails_afterwards_loses_nothing_and_comes_first_the_next_time() {
    let (shop, origin) = shop(2);
    let folder = shop.project.folder();
    shop.sandbox.faults(&["hold-after"]);
    let held = shop.project.start(APPLY);
    shop.sandbox.wait_held(1);
    hook(&origin.path(), "pre-receive", "echo protected branch >&2; exit 1");
    shop.sandbox.faults(&[]);
    shop.sandbox.release();
    let run = shop.project.finish(held).code(1);
    for words in ["the lockfile cannot be pushed to `origin/main`", "protected branch", "nothing is lost"] {
        assert!(run.stderr.contains(words), "{words}:\n{run}");
    }
    assert!(run.stdout.contains("sale.hello"), "what became of everybody is shown all the same:\n{run}");
    assert_eq!((status(folder), commits(folder, "main"), commits(&origin.path(), "main")), (String::new(), 2, 1));

    // The next run pushes that before it sends, and so finds out that it is not taken.
    shop.customers(1..=3);
    let run = shop.sends_nothing(&APPLY, 1);
    assert!(run.stderr.contains("protected branch"), "{run}");
    fs::remove_file(origin.path().join("hooks/pre-receive")).unwrap();
    shop.run(&APPLY).code(0);
    assert_eq!(commits(&origin.path(), "main"), 3);
    assert_eq!(shop.accepted(), [1, 1, 1]);
}

/// A project in a folder with a space in its name, deep in a repository, whose ledger is there.
fn deep(sandbox: &Sandbox) -> Project {
    let project = Project::empty()
        .file("shops/my shop/sendform.yaml", "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\n")
        .file("shops/my shop/sale.yaml", campaign("sale", "Hello!", 1))
        .file("shops/my shop/customers.csv", format!("id,name\n{},Ana\n", customer(1)))
        .file("shops/other/file", "other\n")
        .file("docs/file", "text\n")
        .env("SENDFORM_BASE_URL", sandbox.url());
    project.run(["ledger", "init", "--dir", "shops/my shop"]).code(0);
    project
}

#[test]
fn every_kind_of_work_tree_is_clean_afterwards() {
    type Prepare<'a> = &'a dyn Fn(&Path) -> String;
    let ways: [(&str, Prepare<'_>); 5] = [
        ("plain", &|_| ".".to_owned()),
        ("sparse", &|folder| {
            git(folder, &["sparse-checkout", "set", "--cone", "--sparse-index", "shops/my shop"]);
            assert!(!folder.join("docs").exists());
            ".".to_owned()
        }),
        ("split", &|folder| {
            git(folder, &["update-index", "--split-index"]);
            ".".to_owned()
        }),
        ("worktree", &|folder| {
            git(folder, &["switch", "--quiet", "-c", "elsewhere"]);
            git(folder, &["worktree", "add", "--quiet", "a tree", "main"]);
            "a tree".to_owned()
        }),
        ("submodule", &|folder| {
            let address = git(folder, &["remote", "get-url", "origin"]);
            git(folder, &["init", "--quiet", "outer"]);
            let outer = folder.join("outer");
            git(
                &outer,
                &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "-b", "main", &address, "in"],
            );
            "outer/in".to_owned()
        }),
    ];
    for (name, prepare) in ways {
        let sandbox = Sandbox::start([]);
        let project = deep(&sandbox);
        let origin = Origin::of(&project);
        let tree = prepare(project.folder());
        let dir = format!("{tree}/shops/my shop");
        let run = project.run([APPLY.as_slice(), &["--dir", &dir]].concat()).code(0);
        let folder = project.folder().join(&tree);
        assert_eq!(status(&folder), "", "{name}:\n{run}");
        assert_eq!(git(&folder, &["diff", "--cached", "--name-only", "HEAD"]), "", "{name}");
        let listed = git(&origin.path(), &["ls-tree", "-r", "--name-only", "main"]);
        let before = git(&origin.path(), &["ls-tree", "-r", "--name-only", "main~1"]);
        assert_eq!(listed, before, "{name}: no file has come or gone");
        let changed = git(&origin.path(), &["diff", "--name-only", "main~1", "main"]);
        assert_eq!(changed, "shops/my shop/sendform.lock", "{name}");
        assert_eq!(sandbox.accepted(), [1]);
    }
}

#[test]
fn a_lockfile_that_is_new_to_git_is_added_with_its_folder() {
    let sandbox = Sandbox::start([]);
    let project = Project::empty().file("README", "A shop.\n").env("SENDFORM_BASE_URL", sandbox.url());
    let origin = Origin::of(&project);
    let late = deep(&sandbox);
    let copied = Command::new("cp").args(["-r", "shops"]).arg(project.folder()).current_dir(late.folder()).status();
    assert!(copied.unwrap().success());
    project.run([APPLY.as_slice(), &["--dir", "shops/my shop"]].concat()).code(0);
    let listed = git(&origin.path(), &["ls-tree", "-r", "--name-only", "main"]);
    assert_eq!(listed, ".gitignore\nREADME\nshops/my shop/sendform.lock");
    assert_eq!(status(project.folder()), "");
}

#[test]
fn stops_go_along_and_without_a_remote_it_is_a_commit_alone() {
    let (shop, _origin) = shop(1);
    let folder = shop.project.folder();
    git(folder, &["remote", "remove", "origin"]);
    shop.run(&["stop", "--reason", "the price is wrong"]).code(0);
    shop.run(&["resume"]).code(0);
    let run = shop.run(&APPLY).code(0);
    assert!(run.stderr.contains("there is no remote to push it to"), "{run}");
    assert_eq!(git(folder, &["show", "--format=", "--name-only", "HEAD"]), "sendform.lock\nsendform.stops");
    assert_eq!(git(folder, &["status", "--porcelain"]), "");
}

#[test]
fn it_is_pushed_with_the_token_of_the_job() {
    let (mut shop, origin) = shop(1);
    let token = "ghs_recorded_0123456789";
    let header = format!("Basic {}", BASE64.encode(format!("x-access-token:{token}").as_bytes()));
    let host = GitHost::start(origin.path().parent().unwrap(), Some(&header), &[token]);
    git(shop.project.folder(), &["remote", "set-url", "origin", &format!("{}/origin.git", host.url())]);
    let refused = shop.sends_nothing(&APPLY, 1);
    assert!(refused.stderr.contains("check the network and the remote's credentials"), "{refused}");
    shop.project.set("GITHUB_SERVER_URL", host.url());
    shop.project.set("GITHUB_TOKEN", token);
    shop.run(&APPLY).code(0);
    assert_eq!(commits(&origin.path(), "main"), 2);
    assert!(host.exposed().is_empty(), "{:?}", host.exposed());
}

#[test]
fn it_is_for_a_lockfile_that_git_keeps_and_lifts_no_limit() {
    let (mut shop, _origin) = shop(1);
    let run = shop.run(&["apply", "--auto-approve", "--sandbox", "--commit"]).code(64);
    assert!(run.stderr.contains("`--commit` is for a lockfile that git keeps"), "{run}");
    shop.project.set("CI", "true");
    let run = shop.sends_nothing(&APPLY, 4);
    assert!(run.stderr.contains("a lockfile on a CI runner dies with its disk"), "{run}");
}
