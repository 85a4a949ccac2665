//! Lockfiles that lack something, or that somebody without the key has written, in a fresh clone: nobody is
//! sent to twice, and nothing leaves for a gateway that nobody has signed for.

use std::fs;
use std::net::TcpListener;

use sendform::ledger::{Ledger, Seals};
use sendform::ledger::{Signing, text};

use crate::support::{NOW, Origin, Project, Shop, git, outcome_line, seals};

/// What is left of a lockfile after two runs, in a clone that has nothing else.
struct Clone {
    shop: Shop,
    text: String,
}

impl Clone {
    fn new() -> Self {
        Self::made_at(NOW)
    }

    /// As a machine made it whose clock said so.
    fn made_at(now: &str) -> Self {
        let mut shop = Shop::new(3);
        shop.project.set("SENDFORM_NOW", now);
        shop.apply().code(0);
        shop.customers(1..=6);
        shop.apply().code(0);
        assert_eq!(shop.accepted(), [1; 6]);
        let text = fs::read_to_string(shop.project.path("sendform.lock")).unwrap();
        shop.project.set("SENDFORM_NOW", NOW);
        Self { shop, text }
    }

    /// Puts a text in the lockfile's place, as a fresh clone finds it.
    fn found(&self, text: &str) {
        self.shop.project.write("sendform.lock", text);
        fs::remove_dir_all(self.shop.project.path(".sendform")).ok();
    }

    /// Everything is refused, with these words, and nothing is sent.
    #[track_caller]
    fn is_refused(&self, text: &str, words: &str) {
        for command in [&["plan"][..], &["status"], &["ledger", "verify"], &["apply", "--auto-approve"]] {
            self.found(text);
            // Nothing that is refused makes it good.
            for _ in 0..2 {
                let run = self.shop.sends_nothing(command, 8);
                assert!(run.stderr.contains(words), "{words}: {run}");
            }
        }
    }

    fn lockfile(&self) -> String {
        fs::read_to_string(self.shop.project.path("sendform.lock")).unwrap()
    }

    fn lines(&self) -> Vec<&str> {
        self.text.split_inclusive('\n').collect()
    }
}

#[test]
fn a_line_that_was_taken_away_is_missed() {
    let clone = Clone::new();
    let lines = clone.lines();
    let claims = lines.iter().filter(|line| line.starts_with("{\"claim\":"));
    for claim in claims {
        clone.is_refused(&clone.text.replace(claim, ""), " not here (number ");
    }
    // A run with all of its lines, but a later one knows of it.
    let runs: Vec<&&str> = lines.iter().filter(|line| line.starts_with("{\"run\":")).collect();
    assert_eq!(runs.len(), 3);
    let id = |line: &str| line.split('"').nth(3).unwrap().to_owned();
    let named = runs.iter().find(|line| {
        line.contains("\"entries\":5") && runs.iter().any(|other| other != *line && other.contains(&id(line)))
    });
    let named = id(named.unwrap());
    let is_of_it = |line: &str| {
        line.starts_with(&format!("{{\"run\":\"{named}")) || line.starts_with("{\"claim") && line.contains(&named)
    };
    let rest: String = lines.iter().filter(|line| !is_of_it(line)).copied().collect();
    clone.is_refused(&rest, "of which nothing says so here");
}

#[test]
fn what_a_merge_or_a_disk_takes_away_is_missed() {
    let clone = Clone::new();
    let lines = clone.lines();
    // `git checkout --ours` of a merge whose other side this one went on from, and a file of zeros at its end.
    let runs = || lines.iter().filter(|line| line.starts_with("{\"run\":"));
    let id = |line: &str| line.split('"').nth(3).unwrap().to_owned();
    let is_last = |line: &&&str| runs().all(|other| other == *line || !other.contains(&id(line)));
    let without_last = clone.text.replace(runs().find(is_last).unwrap(), "");
    for cut in [without_last.clone(), format!("{without_last}{}", "\0".repeat(40)), lines[0].to_owned()] {
        // What is there is of a run that has not closed itself: the gateway knows whether that is all.
        clone.shop.customers(1..=7);
        clone.found(&cut);
        clone.shop.sandbox.faults(&["logs:401*"]);
        let run = clone.shop.sends_nothing(&["apply", "--auto-approve"], 8);
        assert!(run.stderr.contains("not ended in this ledger as runs do"), "{run}");
        clone.shop.sandbox.faults(&[]);
    }
    clone.found(lines[0]);
    clone.shop.sends_nothing(&["apply", "--auto-approve"], 8);
    clone.found(&without_last);
    clone.shop.apply().code(0);
    assert_eq!(clone.shop.accepted(), [1; 7]);
    clone.shop.run(&["ledger", "verify"]).code(8);
    clone.shop.run(&["ledger", "recover"]).code(0);
    clone.shop.run(&["ledger", "verify"]).code(0);
}

#[test]
fn what_was_written_without_the_key_is_refused() {
    let clone = Clone::new();
    let read = Ledger::read(clone.text.as_bytes(), &seals()).unwrap().ledger;
    let claim = clone.lines().into_iter().find(|line| line.starts_with("{\"claim\":")).unwrap();
    let forged = |line: &str, from: &str, to: &str| {
        assert!(line.contains(from), "{line}");
        let (body, _) = line.split_once(",\"sum\"").unwrap();
        // The checksum of anybody who knows how it is made.
        resealed(&body.replace(from, to))
    };
    let refused = forged(claim, "\"state\":\"accepted\"", "\"state\":\"refused\"");
    clone.is_refused(&clone.text.replace(claim, &refused), "was written or changed without the key");
    let header = clone.lines()[0];
    let elsewhere = forged(header, "\"gateway\":\"127.0.0.1", "\"gateway\":\"127.0.0.2");
    clone.is_refused(&clone.text.replace(header, &elsewhere), "was written or changed without the key");
    let one = read.claims().next().unwrap().claim().clone();
    let unsigned = text::claim_line(&one, None, &Signing::NOBODY);
    clone.is_refused(&format!("{}{unsigned}", clone.text), "the line is not signed");
    let other = Seals::new(&sendform::identity::Keys::parse(&"07".repeat(32)).unwrap(), &read.header().project);
    let by_other = text::claim_line(&one, None, &other.signing(read.header()));
    clone.is_refused(&format!("{}{by_other}", clone.text), "which the ledger does not name");
    assert!(!outcome_line(&outcome(&one), read.header()).is_empty());
}

fn outcome(claim: &sendform::ledger::Claim) -> sendform::ledger::Outcome {
    sendform::ledger::Outcome {
        claim: claim.id.clone(),
        state: sendform::ledger::PersonState::Accepted,
        others: Vec::new(),
        at: claim.at,
        by: None,
        why: None,
        proof: None,
        known: None,
    }
}

/// The line of these fields, with the checksum of whoever has no key.
fn resealed(body: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(body.as_bytes());
    let sum: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{body},\"sum\":\"{sum}\"}}\n")
}

/// The same ledger as an older version has written it: nothing is signed or numbered.
fn older(text: &str) -> String {
    let ledger = Ledger::read(text.as_bytes(), &seals()).unwrap().ledger;
    let none = Seals::none();
    let mut lines = text::header_line(ledger.header(), None, &none);
    lines.extend(ledger.messages().map(|record| text::message_line(record, None, &Signing::NOBODY)));
    lines.extend(ledger.claims().map(sendform::ledger::ClaimState::line));
    lines
}

#[test]
fn a_ledger_of_before_is_adopted_by_number_and_never_its_gateway() {
    let mut clone = Clone::new();
    let before = older(&clone.text);
    // On the machine that has written it nobody is asked.
    clone.found(&before);
    fs::create_dir(clone.shop.project.path(".sendform")).unwrap();
    clone.shop.project.write(".sendform/shadow.lock", &before);
    clone.shop.sends_nothing(&["apply", "--auto-approve"], 0);
    // A change may bring a shadow along: what is signed knows better.
    clone.found(&clone.text);
    fs::create_dir(clone.shop.project.path(".sendform")).unwrap();
    clone.shop.project.write(".sendform/shadow.lock", &before);
    clone.shop.sends_nothing(&["apply", "--auto-approve"], 0);
    let one = Ledger::read(before.as_bytes(), &Seals::none()).unwrap().ledger.claims().next().unwrap().claim().clone();
    let refused = sendform::ledger::Outcome {
        by: Some("eve".to_owned()),
        state: sendform::ledger::PersonState::Abandoned,
        ..outcome(&one)
    };
    let forged = format!("{before}{}", text::outcome_line(&refused, None, &Signing::NOBODY));
    clone.found(&clone.text);
    fs::create_dir(clone.shop.project.path(".sendform")).unwrap();
    clone.shop.project.write(".sendform/shadow.lock", &forged);
    let run = clone.shop.sends_nothing(&["apply", "--auto-approve"], 8);
    assert!(run.stderr.contains("shadow.lock"), "{run}");
    // The same in a file of outcomes, whoever seems to have signed it.
    clone.found(&clone.text);
    fs::create_dir(clone.shop.project.path(".sendform")).unwrap();
    let line = text::outcome_line(&refused, None, &Signing::NOBODY);
    let seems =
        format!("{},\"key\":\"deadbeef\",\"mac\":\"{}\"", line.split_once(",\"sum\"").unwrap().0, "0".repeat(32));
    for text in [line, resealed(&seems)] {
        clone.shop.project.write(".sendform/outcomes-0000000000000001.jsonl", &text);
        let run = clone.shop.sends_nothing(&["apply", "--auto-approve"], 8);
        assert!(run.stderr.contains("not signed"), "{run}");
        clone.shop.project.write("forged.jsonl", &text);
        let run = clone.shop.sends_nothing(&["ledger", "import", "forged.jsonl"], 8);
        assert!(run.stderr.contains("not signed"), "{run}");
    }
    // Elsewhere somebody has to say so.
    clone.found(&before);
    let run = clone.shop.sends_nothing(&["apply", "--auto-approve"], 8);
    let claims = before.lines().filter(|line| line.starts_with("{\"claim\":")).count();
    assert!(run.stderr.contains(&format!("--accept unauthenticated={claims}")), "{run}");
    let accept = format!("unauthenticated={claims}");
    clone.found(&before);
    clone.shop.sends_nothing(&["apply", "--auto-approve", "--accept", &accept], 0);
    let signed = clone.lockfile();
    assert!(signed.contains("\"version\":2") && signed.lines().all(|line| line.contains("\"mac\":\"")), "{signed}");
    clone.shop.sends_nothing(&["apply", "--auto-approve"], 0);

    // A header that leads elsewhere, together with the project's file: no connection is made, whatever number is named.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let ledger = Ledger::read(before.as_bytes(), &Seals::none()).unwrap().ledger;
    let header = sendform::ledger::Header { gateway: address.clone(), ..ledger.header().clone() };
    let (_, rest) = before.split_once('\n').unwrap();
    let led = text::header_line(&header, None, &Seals::none()) + rest;
    let project = clone.shop.project.read("sendform.yaml");
    clone.shop.project.write("sendform.yaml", format!("{project}gateway: {{ baseUrl: \"http://{address}\" }}\n"));
    clone.shop.project.unset("SENDFORM_BASE_URL");
    listener.set_nonblocking(true).unwrap();
    for (text, has_shadow) in
        [(led.clone(), false), (text::header_line(&header, None, &Seals::none()), false), (led, true)]
    {
        clone.found(&text);
        if has_shadow {
            fs::create_dir(clone.shop.project.path(".sendform")).unwrap();
            clone.shop.project.write(".sendform/shadow.lock", &text);
        }
        let run = clone.shop.project.run(["apply", "--auto-approve", "--accept", &accept]).code(8);
        assert!(run.stderr.contains("name the gateway in SENDFORM_BASE_URL"), "{run}");
    }
    assert!(listener.accept().is_err(), "nobody has connected");
}

/// A lockfile, and the two entries of a run that was killed on another machine.
fn killed_elsewhere(text: &str) -> String {
    let appended = {
        let ledger = Ledger::read(text.as_bytes(), &seals()).unwrap().ledger;
        let claim = ledger.claims().next().unwrap().claim().clone();
        let run = sendform::ledger::RunId(77);
        let mut id = claim.id.clone();
        (id.attempt, id.run) = (9, run);
        let again = sendform::ledger::Claim { id, ..claim };
        let fact = |number| Some(sendform::ledger::Fact { run, number });
        let refused = sendform::ledger::Outcome { state: sendform::ledger::PersonState::Refused, ..outcome(&again) };
        let seals = seals();
        let by = seals.signing(ledger.header());
        text::claim_line(&again, fact(0), &by) + &text::outcome_line(&refused, fact(1), &by)
    };
    format!("{text}{appended}")
}

#[test]
fn who_only_looks_is_told_what_a_ledger_may_lack() {
    let mut clone = Clone::new();
    let check = |clone: &Clone, text: &str, codes: [i32; 3], words: &str| {
        for (command, code) in [&["plan"][..], &["status"], &["ledger", "verify"]].into_iter().zip(codes) {
            clone.found(text);
            let run = clone.shop.run(command).code(code);
            assert!(run.stderr.contains(words) || run.stdout.contains(words), "{words}: {run}");
        }
    };
    let killed = killed_elsewhere(&clone.text);
    check(&clone, &killed, [0, 0, 8], "run 000000000000004d has 2 entries here");
    check(&clone, &older(&clone.text), [0; 3], "not authenticated: no line is signed");
    clone.shop.project.unset("SENDFORM_KEY");
    check(&clone, &clone.text, [0; 3], "not authenticated: no key");
    check(&clone, &killed, [0, 0, 8], "run 000000000000004d has 2 entries here");
    let claim = clone.lines().into_iter().find(|line| line.starts_with("{\"claim\":")).unwrap();
    check(&clone, &clone.text.replace(claim, ""), [8; 3], " not here (number ");
    check(&clone, &clone.text.replace("accepted", "refused"), [8; 3], "checksum");
    check(&clone, "", [8; 3], "empty");
    clone.shop.project.run(["apply", "--auto-approve"]).code(9);
}

#[test]
fn a_shadow_that_came_with_the_change_shows_nothing() {
    let clone = Clone::new();
    git(clone.shop.project.folder(), &["init", "--quiet"]);
    let all = older(&clone.text);
    let mut claims = 0;
    let half = |line: &&str| {
        claims += usize::from(line.starts_with("{\"claim\":"));
        !line.starts_with("{\"claim\":") || claims > 1
    };
    let forged: String = all.split_inclusive('\n').filter(half).collect();
    clone.found(&forged);
    fs::create_dir(clone.shop.project.path(".sendform")).unwrap();
    clone.shop.project.write(".sendform/shadow.lock", &forged);
    git(clone.shop.project.folder(), &["add", "--force", "sendform.lock", ".sendform/shadow.lock"]);
    for _ in 0..2 {
        let run = clone.shop.sends_nothing(&["apply", "--auto-approve"], 8);
        assert!(run.stderr.contains("not signed: nothing shows"), "{run}");
    }
}

#[test]
fn a_ledger_of_before_can_be_bound_anew() {
    let clone = Clone::new();
    let before = older(&clone.text);
    let (_, rest) = before.split_once('\n').unwrap();
    let ledger = Ledger::read(before.as_bytes(), &Seals::none()).unwrap().ledger;
    let header = sendform::ledger::Header { gateway: "old.example".to_owned(), ..ledger.header().clone() };
    clone.found(&(text::header_line(&header, None, &Seals::none()) + rest));
    let rebind = ["ledger", "rebind", "--gateway", "old.example"];
    let run = clone.shop.run(&rebind).code(8);
    let claims = ledger.claims().len();
    assert!(run.stderr.contains(&format!("--accept unauthenticated={claims}")), "{run}");
    clone.shop.run(&[&rebind[..], &["--accept", &format!("unauthenticated={claims}")]].concat()).code(0);
    clone.shop.apply_sends_nothing(0);
}

/// A lockfile whose last run does not say that it has ended.
fn cut(text: &str) -> String {
    let runs: Vec<&str> = text.lines().filter(|line| line.starts_with("{\"run\":")).collect();
    let id = |line: &str| line.split('"').nth(3).unwrap().to_owned();
    let last = runs.iter().find(|line| runs.iter().all(|other| other == *line || !other.contains(&id(line))));
    text.replace(&format!("{}\n", last.unwrap()), "")
}

#[test]
fn what_is_too_old_for_the_logs_is_not_closed_by_them() {
    let clone = Clone::made_at("2026-11-28T10:00:00Z");
    clone.found(&cut(&clone.text));
    clone.shop.customers(1..=3);
    // Nobody is to be sent to now, which does not mean that nobody ever will.
    for _ in 0..2 {
        let run = clone.shop.run(&["ledger", "recover"]).code(8);
        assert!(run.stderr.contains("over 47 hours old"), "{run}");
    }
    clone.shop.customers(1..=7);
    clone.shop.sends_nothing(&["apply", "--auto-approve"], 8);
    let entries = Ledger::read(cut(&clone.text).as_bytes(), &seals()).unwrap().ledger.unclosed()[0].entries;
    let accepted = format!("unclosed={entries}");
    clone.shop.run(&["ledger", "recover", "--accept", "older-unknown=4", "--accept", &accepted]).code(0);
    clone.shop.run(&["ledger", "verify"]).code(0);
}

#[test]
fn an_apply_that_was_refused_makes_no_run_younger() {
    let mut clone = Clone::new();
    let cut = cut(&clone.text);
    clone.found(&cut);
    clone.shop.customers(1..=7);
    for now in ["2026-11-30T12:00:00Z", "2026-12-02T10:00:00Z"] {
        clone.shop.project.set("SENDFORM_NOW", now);
        clone.shop.sandbox.faults(&["logs:401*"]);
        let run = clone.shop.sends_nothing(&["apply", "--auto-approve"], 8);
        assert!(run.stderr.contains("the gateway's logs could not be read"), "{run}");
        if now == NOW {
            // What a run of today's version makes of it stays as it is, whoever else is refused.
            clone.text = clone.lockfile();
        }
        assert_eq!(clone.lockfile(), clone.text, "nothing was claimed, so nothing is written");
    }
    clone.shop.project.set("SENDFORM_NOW", "2026-12-02T11:30:00Z");
    clone.shop.sandbox.faults(&[]);
    let run = clone.shop.sends_nothing(&["apply", "--auto-approve"], 8);
    assert!(run.stderr.contains("over 47 hours old"), "{run}");
}

#[test]
fn a_ledger_that_may_lack_an_end_is_carried_nowhere() {
    let clone = Clone::new();
    let origin = Origin::of(&clone.shop.project);
    clone.found(&cut(&clone.text));
    fs::copy(clone.shop.project.path("sendform.lock"), clone.shop.project.path("cut.lock")).unwrap();
    let project = clone.shop.project.read("sendform.yaml");
    clone.shop.project.write("sendform.yaml", format!("{project}state: {{ in: git }}\n"));
    let copy = ["ledger", "copy", "--from", "lockfile"];
    let run = clone.shop.run(&copy).code(8);
    assert!(run.stderr.contains("1 run did not end as runs do"), "{run}");
    let entries = Ledger::read(cut(&clone.text).as_bytes(), &seals()).unwrap().ledger.unclosed()[0].entries;
    let accepted = ["--accept", &format!("unclosed={entries}")];
    // Beside the lockfile none is made, so somebody does it elsewhere.
    clone.shop.run(&["ledger", "init"]).code(8);
    let elsewhere = Project::empty()
        .file("sendform.yaml", clone.shop.project.read("sendform.yaml"))
        .env("SENDFORM_BASE_URL", clone.shop.sandbox.url());
    git(elsewhere.folder(), &["init", "--quiet"]);
    git(elsewhere.folder(), &["remote", "add", "origin", &origin.url()]);
    elsewhere.run(["ledger", "init"]).code(0);
    let import = ["ledger", "import", "cut.lock"];
    let run = clone.shop.run(&import).code(8);
    assert!(run.stderr.contains("nothing was imported"), "{run}");
    clone.shop.run(&[&import[..], &accepted].concat()).code(0);
    clone.shop.run(&[&copy[..], &accepted].concat()).code(0);
    clone.shop.apply_sends_nothing(0);
}

#[test]
fn of_a_run_that_was_killed_elsewhere_the_end_may_be_missing() {
    let clone = Clone::new();
    let killed = killed_elsewhere(&clone.text);
    // Its end may be missing: with somebody to send to the gateway is asked first, whoever looked before.
    clone.found(&killed);
    clone.shop.customers(1..=7);
    clone.shop.sandbox.faults(&["logs:403*"]);
    for _ in 0..2 {
        let run = clone.shop.sends_nothing(&["apply", "--auto-approve"], 8);
        assert!(run.stderr.contains("--accept unclosed=2"), "{run}");
    }
    clone.shop.sandbox.faults(&[]);
    clone.shop.apply().code(0);
    assert_eq!(clone.shop.accepted(), [1; 7]);
    // Who was sent to then was compared, and nobody else: all of it is compared by `recover`.
    let end = "{\"run\":\"000000000000004d\",\"entries\":2,";
    assert!(!clone.lockfile().contains(end));
    clone.shop.run(&["ledger", "recover"]).code(0);
    assert!(clone.lockfile().contains(end));
    // Or somebody knows that it is all.
    clone.found(&killed);
    clone.shop.sandbox.faults(&["logs:403*"]);
    clone.shop.customers(1..=6);
    clone.shop.apply_sends_nothing(0);
    clone.shop.sends_nothing(&["apply", "--auto-approve", "--accept", "unclosed=2"], 0);
    assert!(clone.lockfile().contains(end));
}
