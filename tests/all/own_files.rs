//! What sendform keeps for itself, and what it is told to open by a path: links lead nowhere, and pipes
//! and devices keep nobody waiting.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::support::{Project, Shop};

fn pipe(path: &Path) {
    if path.exists() {
        fs::remove_file(path).unwrap();
    }
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn no_link_under_the_private_folder_is_followed() {
    const NAMES: [&str; 9] = [
        ".sendform",
        ".sendform/.gitignore",
        ".sendform/sandbox",
        ".sendform/sandbox/lock",
        ".sendform/sandbox/key",
        ".sendform/sandbox/used",
        ".sendform/sandbox/sendform.lock",
        ".sendform/sandbox/books.sqlite",
        ".sendform/sandbox/books.sqlite-wal",
    ];
    for name in NAMES {
        let outside = tempfile::tempdir().unwrap();
        let victim = outside.path().join("victim");
        fs::write(&victim, "precious\n").unwrap();
        let project = Project::new().campaign(
            "sale",
            "campaign: sale\naudiences: { people: { rows: [ { to: \"17841400000000001\" } ] } }\nmessages:\n  \
             - { id: hello, sender: shop, audience: people, content: { type: TEXT, text: Hi } }\n",
        );
        let link = project.path(name);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        // Links to files, to folders, and to what is not there yet.
        let targets = [victim.clone(), outside.path().to_owned(), outside.path().join("new")];
        for target in targets {
            symlink(&target, &link).unwrap();
            for arguments in
                [&["apply", "--sandbox", "--auto-approve"][..], &["plan", "--sandbox"], &["status", "--sandbox"]]
            {
                let run = project.run(arguments).code(1);
                assert!(run.stderr.contains("it is a symbolic link, not a file"), "{name}\n{run}");
                assert!(run.stderr.contains(&format!("{name}`")), "{name}\n{run}");
            }
            fs::remove_file(&link).unwrap();
        }
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious\n", "{name}");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1, "{name}");
        project.run(["apply", "--sandbox", "--auto-approve"]).code(0);
    }
}

#[test]
fn the_lockfile_and_its_shadow_are_files_or_nothing() {
    for name in ["sendform.lock", ".sendform/shadow.lock", ".sendform/lock"] {
        for (target, words) in [(None, "it is a pipe"), (Some("/dev/zero"), "it is a symbolic link")] {
            let shop = Shop::new(2);
            let path = shop.project.path(name);
            match target {
                None => pipe(&path),
                Some(target) => {
                    fs::remove_file(&path).unwrap();
                    symlink(target, &path).unwrap();
                }
            }
            for arguments in [&["apply", "--auto-approve"][..], &["status"]] {
                let run = shop.sends_nothing(arguments, 1);
                assert!(run.stderr.contains(words), "{name}\n{run}");
            }
        }
    }
}

#[test]
fn what_is_named_by_a_path_is_a_file() {
    let mut shop = Shop::new(2);
    let path = shop.project.path("pipe");
    pipe(&path);
    let names = ["pipe", "/dev/zero"];
    for name in names {
        for (arguments, code) in [
            (&["apply", "--auto-approve", name][..], 1),
            (&["ledger", "import", name], 1),
            (&["plan", "--out", name], 64),
        ] {
            let run = shop.sends_nothing(arguments, code);
            let words = if code == 64 { "is there already, and is not a plan" } else { "not a file" };
            assert!(run.stderr.contains(words), "{run}");
        }
    }
    for name in names {
        shop.project.unset("SENDFORM_KEY");
        shop.project.set("SENDFORM_KEY_FILE", name);
        let run = shop.sends_nothing(&["plan"], 9);
        assert!(run.stderr.contains("not a file"), "{run}");
    }
}

#[test]
fn keys_may_stand_on_lines_and_two_that_differ_are_never_chosen_from() {
    let mut shop = Shop::new(1);
    let other = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    let file = tempfile::NamedTempFile::new().unwrap();
    shop.project.set("SENDFORM_KEY_FILE", file.path().display().to_string());
    fs::write(file.path(), format!("{}\n", crate::support::KEY)).unwrap();
    shop.run(&["plan"]).code(0);
    fs::write(file.path(), other).unwrap();
    insta::assert_snapshot!(shop.run(&["plan"]), @"
    exit code: 9
    ----- stderr
    error: `SENDFORM_KEY` and `SENDFORM_KEY_FILE` are both set, and differ: `00914700` and `8b5074af`
      hint: leave the one out that is not meant: `unset SENDFORM_KEY` or `unset SENDFORM_KEY_FILE`
      hint: these are the names that a ledger has for them; several keys stand in one of the two, separated by commas or lines
    ");
    shop.project.unset("SENDFORM_KEY");
    fs::write(file.path(), format!("\n{other}\n\n{}\n", crate::support::KEY)).unwrap();
    shop.run(&["ledger", "rebind", "--add-key"]).code(0);
    shop.apply().code(0);
}

#[test]
fn no_output_takes_the_place_of_another_file() {
    let key = tempfile::tempdir().unwrap();
    let key_file = key.path().join("key.txt");
    fs::write(&key_file, format!("{}\n", crate::support::KEY)).unwrap();
    let mut shop = Shop::new(2);
    shop.project.unset("SENDFORM_KEY");
    shop.project.set("SENDFORM_KEY_FILE", key_file.display().to_string());
    shop.project.write("hello.txt", "Hello {% include 'inner.txt' %}!\n");
    shop.project.write("inner.txt", "from the shop\n");
    shop.project.write("notes.json", "{\"mine\":1}\n");
    let campaign = shop.project.read("sale.yaml").replace("text: \"Hello from the shop!\"", "template: hello.txt");
    shop.project.write("sale.yaml", campaign);
    symlink("sendform.lock", shop.project.path("alias.json")).unwrap();
    symlink("customers.csv", shop.project.path("alias.txt")).unwrap();
    shop.run(&["plan", "--out", "frozen.plan"]).code(0);
    let key_name = key_file.display().to_string();
    let files = [
        "sendform.lock",
        "sendform.yaml",
        "sale.yaml",
        "customers.csv",
        "hello.txt",
        "inner.txt",
        "notes.json",
        "alias.json",
        "alias.txt",
        ".sendform/shadow.lock",
        ".sendform/new",
        &key_name,
    ];
    for file in files {
        let before = fs::read(shop.project.path(file)).ok();
        for form in ["text", "json"] {
            // Another text that nobody reads may well be an older output.
            if (file, form) == ("notes.json", "text") {
                continue;
            }
            let run = shop.sends_nothing(&["apply", "--auto-approve", "--write", &format!("{form}={file}")], 64);
            assert!(run.stderr.contains("it is left as it is"), "{run}");
        }
        shop.sends_nothing(&["plan", "--out", file], 64);
        assert_eq!(fs::read(shop.project.path(file)).ok(), before, "{file}");
    }
    shop.sends_nothing(&["apply", "frozen.plan", "--auto-approve", "--write", "text=frozen.plan"], 64);
    symlink("customers.csv", shop.project.path("campaign.schema.json")).unwrap();
    shop.run(&["schema", "."]).code(64);
    shop.run(&["schema", ".sendform"]).code(64);
    shop.run(&["schema", "schema"]).code(0);
    shop.run(&["schema", "schema"]).code(0);
    // Outputs of older runs make room, and so does what is empty.
    shop.project.write("empty", "");
    for _ in 0..2 {
        for command in ["plan", "status"] {
            let writes = ["--write", "json=report.json", "--write", "text=report.txt", "--write", "json=empty"];
            shop.run(&[&[command][..], &writes].concat()).code(0);
        }
    }
    shop.run(&["plan", "--write", "json=/dev/null", "--write", "text=/dev/stderr"]).code(0);
}
