//! The command line itself: which project is meant, what is shown, and how a wrong line is refused.

use std::fs;
use std::net::TcpListener;

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Project, Run, Shop, git};

const MESSAGE: &str = "\
audiences: { people: { rows: [ { to: \"17841400000000001\" } ] } }
messages: [ { id: hello, sender: shop, audience: people, content: { type: TEXT, text: \"Hi\" } } ]
";
const PROJECT: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\n";

/// A repository whose project is in `campaigns`, with folders beside and below it.
fn repository() -> Project {
    let project = Project::empty()
        .file("campaigns/sendform.yaml", PROJECT)
        .file("campaigns/sale.yaml", format!("campaign: sale\n{MESSAGE}"))
        .file("campaigns/audiences/deep/.keep", "")
        .file("src/main/.keep", "");
    git(project.folder(), &["init", "--quiet"]);
    project
}

/// Validates in a folder of a project.
fn validate_in(project: &Project, folder: &str) -> Run {
    let binary = env!("CARGO_BIN_EXE_sendform");
    let mut command = std::process::Command::new(binary);
    command.env_clear().env("PATH", "/usr/bin:/bin").arg("validate").current_dir(project.path(folder));
    Run::new(&command.output().unwrap(), project.folder())
}

#[test]
fn the_project_is_found_from_every_folder_of_its_repository() {
    let project = repository();
    for (folder, expect) in [
        ("", ""),
        ("campaigns", ""),
        ("campaigns/audiences", "the project is the one in `..`, above this folder\n"),
        ("campaigns/audiences/deep", "the project is the one in `../..`, above this folder\n"),
        ("src", "the project is the one in `../campaigns`, above this folder\n"),
        ("src/main", "the project is the one in `../../campaigns`, above this folder\n"),
    ] {
        let run = validate_in(&project, folder).code(0);
        assert_eq!(run.stderr, expect, "{folder}");
        assert!(run.stdout.starts_with("1 campaign with 1 message in 1 file"), "{run}");
    }
    // Whoever asks for nothing but the result gets nothing else, and a folder that is named needs no word.
    let quiet = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sendform"));
        command.env_clear().args(arguments).current_dir(project.path("src"));
        Run::new(&command.output().unwrap(), project.folder()).code(0)
    };
    assert_eq!(quiet(&["validate", "-q"]).stderr, "");
    assert_eq!(quiet(&["validate", "--dir", "../campaigns"]).stderr, "");
}

#[test]
fn no_project_is_looked_for_above_the_repository() {
    let project = repository();
    project.write("campaigns/vendor/.keep", "");
    git(&project.path("campaigns/vendor"), &["init", "--quiet"]);
    assert_snapshot!(validate_in(&project, "campaigns/vendor"), @"
    exit code: 3
    ----- stderr
    error: there is no `sendform.yaml` in `.`
      hint: name the project's folder with `--dir`, or begin a project with `sendform init`
    ");
    // Nor is one above taken where there is one here.
    project.write("campaigns/outlet/sendform.yaml", PROJECT);
    let run = validate_in(&project, "campaigns/outlet").code(0);
    assert_eq!(run.stderr, "", "{run}");
    assert!(run.stdout.contains("the project has no campaigns"), "{run}");
}

#[test]
fn several_projects_below_are_listed() {
    let project =
        Project::empty().file("shops/a/sendform.yaml", PROJECT).file("shops/b/campaigns/sendform.yaml", PROJECT);
    assert_snapshot!(project.run(["validate"]), @"
    exit code: 3
    ----- stderr
    error: there is no `sendform.yaml` in `.`
      hint: there is a project in `shops/a`: pass `--dir shops/a`
      hint: there is a project in `shops/b/campaigns`: pass `--dir shops/b/campaigns`
    ");
    let failure = project.run(["validate", "--format", "json"]).code(3).json();
    assert_eq!(failure["code"], "projectMissing", "{failure}");
    assert_eq!(failure["places"], serde_json::json!(["."]), "{failure}");
}

#[test]
fn mistakes_of_the_files_that_are_named() {
    let project = Project::empty()
        .file("sendform.yaml", PROJECT)
        .file("good.yaml", format!("campaign: good\n{MESSAGE}"))
        .file("bad.yaml", format!("campaign: bad\npause: true\n{MESSAGE}"))
        .file("more/worse.yaml", format!("campaign: worse\npause: true\npausing: true\n{MESSAGE}"));
    assert_snapshot!(project.run(["validate", "good.yaml"]), @"
    exit code: 0
    nothing is wrong with this file
    in other files: 3 errors; `sendform validate` shows all
    ");
    assert_snapshot!(project.run(["validate", "bad.yaml"]), @"
    exit code: 3
    error[unknown-key]: there is no such key here
     --> bad.yaml:2:1
      |
    2 | pause: true
      | ^^^^^
      |
      = help: did you mean `paused`?

    1 error
    in other files: 2 errors; `sendform validate` shows all
    ");
    let more = project.run(["validate", "more", "good.yaml"]).code(3);
    assert!(more.stdout.contains("in other files: 1 error; `sendform validate` shows all\n"), "{more}");
    let all = project.run(["validate"]).code(3).stdout;
    assert_eq!(project.run(["validate", "."]).code(3).stdout, all);
    let document = project.run(["validate", "good.yaml", "--format", "json"]).code(0).json();
    assert_eq!(document["elsewhere"], serde_json::json!({ "named": 1, "errors": 3, "warnings": 0 }));
    assert_eq!(document["diagnostics"], serde_json::json!([]));
    assert!(project.run(["validate", "--format", "json"]).code(3).json()["elsewhere"].is_null());
    // One id in two files is a mistake of both.
    project.write("more/worse.yaml", format!("campaign: good\n{MESSAGE}"));
    for file in ["good.yaml", "more/worse.yaml"] {
        let run = project.run(["validate", file]).code(3);
        assert!(run.stdout.contains("more/worse.yaml") && run.stdout.contains("good.yaml"), "{run}");
    }
    assert_snapshot!(project.run(["validate", "nothing.yaml"]), @"
    exit code: 64
    ----- stderr
    error: `nothing.yaml` cannot be found
      caused by: No such file or directory (os error 2)
      hint: files are named as they are seen from the current folder
    ");
    assert_snapshot!(project.run(["validate", "/etc/passwd"]), @"
    exit code: 64
    ----- stderr
    error: `/etc/passwd` is not in the project's folder
      hint: `--dir` names the project that it belongs to
    ");
}

#[test]
fn a_project_begins_in_the_folder_that_is_named() {
    let project = Project::empty();
    let run = project.run(["init", "shops/outlet"]).code(0);
    assert!(run.stdout.contains("  sendform apply --dir shops/outlet --sandbox\n"), "{run}");
    assert!(project.path("shops/outlet/sendform.yaml").is_file());
    project.run(["init", "here", "--dir", "there"]).code(64);
}

#[test]
fn quiet_leaves_out_what_is_not_the_result() {
    let shop = Shop::new(1);
    assert_snapshot!(shop.run(&["apply", "-y", "-q"]), @"
    exit code: 0

    message        accepted  rejected  refused  in doubt  not attempted
    sale.hello r1         1         0        0         0              0
    ");
    shop.customers(1..=2);
    let told = shop.run(&["plan", "-q", "--out", "x.plan"]).code(0);
    assert_eq!(told.stderr, "");
    // Why nothing is sent is shown, and so are warnings.
    shop.run(&["stop", "--reason", "wait"]).code(0);
    let run = shop.sends_nothing(&["apply", "-yq"], 10);
    assert!(
        run.stdout.contains("! stopped by unknown") && run.stderr.contains("somebody has stopped sending"),
        "{run}"
    );
}

#[test]
fn a_time_of_day_is_for_tests_and_the_option_wins() {
    let mut shop = Shop::new(1);
    let head = |run: &Run| run.stdout.lines().next().unwrap_or_default().to_owned();
    assert!(head(&shop.run(&["plan"]).code(0)).contains("2026-11-30 12:00 UTC"));
    shop.sandbox.set_clock("2026-12-24T06:00:00Z");
    assert!(head(&shop.run(&["plan", "--now", "2026-12-24T06:00:00Z"]).code(0)).contains("2026-12-24 06:00 UTC"));
    shop.project.unset("SENDFORM_NOW");
    let sandbox = shop.run(&["plan", "--sandbox", "--now", "2026-12-24 07:00+01:00"]).code(0);
    assert!(head(&sandbox).contains("2026-12-24 06:00 UTC"), "{sandbox}");
    shop.project.set("SENDFORM_BASE_URL", "https://gateway.shop.test");
    assert_snapshot!(shop.run(&["plan", "--now", "2026-12-24T06:00:00Z"]), @"
    exit code: 64
    ----- stderr
    error: `--now` is only for a gateway on loopback
    ");
    assert_snapshot!(shop.run(&["plan", "--now", "soon"]), @"
    exit code: 64
    ----- stderr
    error: invalid value 'soon' for '--now <TIME>': not a date and time with an offset, such as `2026-11-30T12:00:00Z`

    For more information, try '--help'.
    ");
}

#[test]
fn the_sandbox_listens_where_it_is_told() {
    let project = Project::empty();
    for listen in ["0", ":0", "localhost:0", "[::1]:0"] {
        let mut sandbox = project.start(["sandbox", "--listen", listen]);
        sandbox.wait_said(if listen.starts_with('[') { "http://[::1]:" } else { "http://127.0.0.1:" });
        sandbox.kill();
    }
    project.run(["sandbox", "--listen", "192.0.2.1:1"]).code(64);
    assert_snapshot!(project.run(["sandbox", "--listen", "example.com"]), @"
    exit code: 64
    ----- stderr
    error: invalid value 'example.com' for '--listen <ADDRESS>': not an address on this machine, such as `8025`, `localhost:[port]` or `[::1]:8025`

    For more information, try '--help'.
    ");
}

/// The document of a run that failed; people are told on standard error as ever.
#[track_caller]
fn failure(run: &Run) -> Value {
    assert!(run.stderr.starts_with("error: "), "{run}");
    let document = run.json();
    assert_eq!(document["kind"], "failure", "{run}");
    assert_eq!(document["exitCode"].as_i64(), run.code.map(i64::from), "{run}");
    document
}

#[test]
fn a_command_line_that_is_wrong_is_a_document_too() {
    let project = Project::empty();
    let document = failure(&project.run(["aply", "--format", "json"]).code(64));
    assert_snapshot!(document, @r#"{"causes":[],"code":"usage","error":"unrecognized subcommand 'aply'","exitCode":64,"formatVersion":"2.0","hints":["a similar subcommand exists: 'apply'","usage: sendform [OPTIONS] <COMMAND>","for more information: `sendform --help`"],"kind":"failure","nextCommands":["sendform --help"],"places":[]}"#);
    assert_snapshot!(failure(&project.run(["--format=json", "resolve"]).code(64)), @r#"{"causes":[],"code":"usage","error":"the following required arguments were not provided: --reason <REASON> <--sent|--not-sent|--abandon> <BULK>","exitCode":64,"formatVersion":"2.0","hints":["usage: sendform resolve --reason <REASON> <--sent|--not-sent|--abandon> <BULK>","for more information: `sendform --help`"],"kind":"failure","nextCommands":["sendform --help"],"places":[]}"#);
    assert_snapshot!(failure(&project.run(["plan", "--format", "json", "--only"]).code(64)), @r#"{"causes":[],"code":"usage","error":"a value is required for '--only <CAMPAIGN[.MESSAGE]>' but none was supplied","exitCode":64,"formatVersion":"2.0","hints":["for more information: `sendform --help`"],"kind":"failure","nextCommands":["sendform --help"],"places":[]}"#);
    assert_eq!(project.run(["aply"]).code(64).stdout, "");
}

#[test]
fn whatever_fails_is_a_document_with_what_to_type() {
    let mut shop = Shop::without_ledger(1);
    let document = failure(&shop.run(&["status", "--format", "json"]).code(8));
    assert_eq!(document["code"], "ledgerMissing");
    assert_eq!(document["nextCommands"], serde_json::json!(["sendform ledger init"]), "{document}");
    // A variable that cannot be used, too.
    shop.project.set("SENDFORM_KEY", "nonsense");
    let document = failure(&shop.run(&["status", "--format", "json"]).code(9));
    assert_eq!(document["code"], "keyUnusable");
    assert!(!document.to_string().contains("nonsense"), "{document}");
}

#[test]
fn a_look_that_is_interrupted_says_so() {
    // A gateway that takes the connection, and does not answer.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut shop = Shop::without_ledger(1);
    shop.project.set("SENDFORM_BASE_URL", format!("http://{}", silent.local_addr().unwrap()));
    shop.run(&["ledger", "init"]).code(0);
    let run = shop.project.start(["doctor", "--format", "json"]);
    let _connection = silent.accept().unwrap();
    run.signal("INT");
    let document = failure(&shop.project.finish(run).code(10));
    assert_eq!(document["error"], "interrupted: nothing was sent");
}

#[test]
fn help_has_pages_for_topics_and_commands() {
    let project = Project::empty();
    assert_snapshot!(project.run(["help", "exit-codes"]), @"
    exit code: 0
    Exit codes of sendform

       0  Done, or nothing to do.
       1  The environment failed: files, store, network.
       2  There is something to send, now or later.
       3  The campaign files have errors.
       4  A limit or an expectation refused.
       5  The plan file or digest does not match, or is too old.
       6  Something is in doubt; nothing was resent.
       7  The gateway refused a bulk or rejected messages.
       8  The ledger is missing, damaged, held by another run, or not this project's.
       9  The key or the credentials are missing or were refused.
      10  Declined, interrupted, or stopped.
      64  The command line is wrong.
      70  A bug.

    Code 2 is for `plan --detailed-exitcode`, and for an apply that leaves somebody behind.
    Of several the first of 70, 64, 3, 8, 9, 5, 4, 6, 7, 1, 10, 2 wins.
    ");
    assert_snapshot!(project.run(["help", "environment"]), @"
    exit code: 0
    Variables of the environment that sendform reads

      SENDFORM_API_KEY        the gateway's API key; sent over https to the base URL's host, or to loopback, only
      SENDFORM_KEY            the key of the fingerprints, in base64 or hex; several are separated by commas or lines
      SENDFORM_KEY_FILE       a regular file that holds it instead; if both are set, they must not differ
      SENDFORM_BASE_URL       the gateway's base URL; wins over the project file
      SSL_CERT_FILE           certificates of authorities to trust instead of the machine's, such as a company's own
      SSL_CERT_DIR            a folder of such certificates
      SENDFORM_DATABASE_URL   where a ledger in PostgreSQL is, with the password
      SENDFORM_DATABASE_CA    a PEM file with the certificates of authorities that its server is trusted by, besides the machine's
      SENDFORM_DATA           one more folder for audiences, as `--data`
      SENDFORM_BY             who runs this, for the ledger; else `GITHUB_ACTOR`, `GITLAB_USER_LOGIN`, `USER`
      SENDFORM_NOW            a fixed time of day, as `--now`, for tests against the sandbox or a gateway on loopback
      SENDFORM_START_WITHIN   how soon after its claim a request has to begin (`2m`): for tests, likewise
      SENDFORM_ANSWER_WITHIN  how long a request may take (`1m`): for tests, likewise
      GITHUB_TOKEN            a job's token, for `sendform ci`, and for git where it has no credentials; goes to that GitHub's own host only
      SENDFORM_GITLAB_TOKEN   a project's access token for `sendform ci` on GitLab; goes to the host of `CI_SERVER_URL` only
      GITLAB_TOKEN            a project's token that may push, likewise for the host of `CI_SERVER_URL`; else `CI_JOB_TOKEN`
      CI                      anything but `false` or `0`: this is a CI run
      NO_COLOR                no colours; `--color` is stronger
      CLICOLOR_FORCE          colours also where there is no terminal, unless `NO_COLOR` is set
      SENDFORM_WIDTH          how many columns the output has, at least 40; else a terminal has its own, and a pipe or a file has no width
    ");
    assert_eq!(project.run(["help"]).code(0).stdout, project.run(["--help"]).code(0).stdout);
    assert_eq!(
        project.run(["help", "ledger", "copy"]).code(0).stdout,
        project.run(["ledger", "copy", "--help"]).code(0).stdout
    );
    assert_snapshot!(project.run(["help", "deploy"]), @"
    exit code: 64
    ----- stderr
    error: unrecognized subcommand 'deploy'

      tip: sendform calls that `apply`

    Usage: sendform [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    assert_snapshot!(project.run(["resum", "x"]), @"
    exit code: 64
    ----- stderr
    error: unrecognized subcommand 'resum'

      tip: a similar subcommand exists: 'resume'

    Usage: sendform [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
}

/// Whoever reads a page types what stands there.
#[test]
fn the_commands_of_the_page_for_agents_can_be_typed() {
    let page = include_str!("../../.github/AGENTS.md");
    let blocks = page.split("```").skip(1).step_by(2);
    let typed = blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("sendform "));
    let commands: Vec<&str> = typed.map(|line| line.split("  ").next().unwrap_or_default()).collect();
    assert!(commands.len() > 15, "{commands:?}");
    let project = Project::empty();
    for command in commands {
        let words = command.split('"').enumerate().flat_map(|(at, part)| match at % 2 {
            0 => part.split_whitespace().collect::<Vec<_>>(),
            _ => vec![part],
        });
        // The harness holds what is printed as JSON against the schema, and help is none.
        let words = words.map(|word| if word == "json" { "text" } else { word });
        let run = project.run(words.chain(["--help"]));
        assert_eq!(run.code, Some(0), "{command}: {run}");
    }
    // What it says of codes is of codes that there are, and of all of them.
    let codes = project.run(["help", "exit-codes"]).code(0).stdout;
    let codes = codes.lines().filter_map(|line| line.strip_prefix("  ")?.trim_start().split_once("  "));
    for code in codes.map(|(code, _)| code).filter(|code| *code != "2") {
        assert!(
            [" {code} ", " {code}: ", "\n{code} ", "\n{code}: "]
                .iter()
                .any(|form| page.contains(&form.replace("{code}", code))),
            "{code}"
        );
    }
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let project = Project::empty();
    let page = project.run(["man"]).code(0).stdout;
    assert!(page.contains(".TH sendform 1") && page.contains("Examples:"), "{page}");
    assert_snapshot!(project.run(["man", "pages"]).code(0).stderr, @"wrote 29 pages into pages");
    let mut names: Vec<String> = fs::read_dir(project.path("pages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_snapshot!(names.join(" "), @"sendform-apply.1 sendform-ci-apply.1 sendform-ci-plan.1 sendform-ci.1 sendform-completions.1 sendform-doctor.1 sendform-help.1 sendform-init.1 sendform-ledger-copy.1 sendform-ledger-import.1 sendform-ledger-init.1 sendform-ledger-merge.1 sendform-ledger-rebind.1 sendform-ledger-recover.1 sendform-ledger-verify.1 sendform-ledger.1 sendform-log.1 sendform-man.1 sendform-plan.1 sendform-reconcile.1 sendform-report.1 sendform-resolve.1 sendform-resume.1 sendform-sandbox.1 sendform-schema.1 sendform-status.1 sendform-stop.1 sendform-validate.1 sendform.1");
    assert_eq!(project.read("pages/sendform.1"), page);
    let copy = project.read("pages/sendform-ledger-copy.1");
    assert!(copy.contains("\\-\\-from") && copy.contains(".TH sendform-ledger-copy 1"), "{copy}");
}

#[test]
fn a_shell_completes_what_the_project_knows() {
    let mut shop = Shop::new(1).faults(&["500-after"]);
    shop.apply().code(6);
    shop.run(&["stop", "--reason", "wait"]).code(0);
    let status = shop.run(&["status", "--format", "json"]).code(6).json();
    let (bulk, stop) = (&status["doubts"][0]["bulkId"], &status["stops"][0]["id"]);
    for name in ["SENDFORM_KEY", "SENDFORM_NOW"] {
        shop.project.unset(name);
    }
    let complete = |shop: &Shop, value: &str| {
        let run = shop.run(&["__complete", value]).code(0);
        assert_eq!(run.stderr, "", "{run}");
        run.stdout
    };
    assert_eq!(complete(&shop, "messages"), "sale.hello\n");
    assert_eq!(complete(&shop, "selections"), "sale\nsale.hello\n");
    assert_eq!(complete(&shop, "bulks"), format!("{}\n", bulk.as_str().unwrap()));
    assert_eq!(complete(&shop, "stops"), format!("{}\n", stop.as_str().unwrap()));
    // A shell asks for them.
    let script = shop.run(&["completions", "bash"]).code(0).stdout;
    shop.project.write("completions.bash", script);
    let typed = |words: &str| {
        let count = words.split(' ').count();
        let line = format!(
            "source ./completions.bash; COMP_WORDS=({words}); COMP_CWORD={}; _sendform_with_values sendform \
             \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            count - 1
        );
        let binary = std::path::Path::new(env!("CARGO_BIN_EXE_sendform")).parent().unwrap().display().to_string();
        let mut bash = std::process::Command::new("bash");
        bash.args(["-c", &line]).current_dir(shop.project.folder()).env_clear();
        let run = bash.env("PATH", format!("{binary}:/usr/bin:/bin")).output().unwrap();
        String::from_utf8_lossy(&run.stdout).into_owned()
    };
    assert_eq!(typed("sendform plan --only sale.h"), "sale.hello\n");
    assert_eq!(typed("sendform app"), "apply\n");
    for shell in ["zsh", "fish"] {
        let script = shop.run(&["completions", shell]).code(0).stdout;
        for value in ["selections", "messages", "bulks", "stops"] {
            assert!(script.contains(&format!("sendform __complete {value} ")), "{shell} {value}: {script}");
        }
    }
    // Whatever is wrong, nobody is told while they type.
    shop.project.set("SENDFORM_KEY", "nonsense");
    shop.project.write("sendform.lock", "nonsense");
    assert_eq!(complete(&shop, "bulks"), "");
    shop.project.write("sendform.yaml", "project: [");
    for value in ["messages", "bulks", "stops"] {
        assert_eq!(complete(&shop, value), "", "{value}");
    }
}
