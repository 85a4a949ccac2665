//! The commands that look after the ledger: `ledger import`, `merge`, `copy`, `rebind`, `verify`.

use std::fs;
use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use sendform::ledger::{BY_LOGS, Claim, FirstKey, Header, Ledger, Outcome, PersonState, Proof, text};

use crate::support::{KEY, Run, Shop, claim_line, outcome_line, seals};

/// A second key: 32 times the byte 7.
const NEW_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// The ledger as it is on the disk.
fn ledger(shop: &Shop) -> Ledger {
    Ledger::read(&fs::read(shop.project.path("sendform.lock")).unwrap(), &seals()).unwrap().ledger
}

/// The claims of a ledger, the oldest bulk first.
fn claims(shop: &Shop) -> Vec<Claim> {
    let mut claims: Vec<Claim> = ledger(shop).claims().map(|claim| claim.claim().clone()).collect();
    claims.sort_by(|one, other| one.id.cmp(&other.id));
    claims
}

/// A header of one key.
fn one_key() -> Header {
    let project = sendform::identity::ProjectId::parse("acme-shop").unwrap();
    let keys = vec![sendform::identity::Key::parse(KEY).unwrap().id()];
    Header { project, gateway: String::new(), keys, first_key: None }
}

fn outcome(claim: &Claim, state: PersonState) -> String {
    let at = claim.at;
    let outcome = Outcome {
        claim: claim.id.clone(),
        state,
        others: Vec::new(),
        at,
        by: None,
        why: None,
        proof: None,
        known: None,
    };
    outcome_line(&outcome, &one_key())
}

/// A shop with two customers who are in doubt, because the gateway answered 500.
fn in_doubt() -> Shop {
    let shop = Shop::new(2).faults(&["500-after"]);
    shop.apply().code(6);
    shop
}

#[test]
fn a_whole_ledger_is_imported_once() {
    let shop = Shop::new(4);
    let empty = fs::read(shop.project.path("sendform.lock")).unwrap();
    shop.apply().code(0);
    fs::rename(shop.project.path("sendform.lock"), shop.project.path("backup.lock")).unwrap();
    fs::write(shop.project.path("sendform.lock"), &empty).unwrap();
    fs::write(shop.project.path(".sendform/shadow.lock"), &empty).unwrap();
    assert_snapshot!(shop.run(&["ledger", "import", "backup.lock"]), @"
    exit code: 0
    backup.lock: 1 record of a message and 2 claims new; 4 people's standing changed
    ");
    let text = shop.project.read("sendform.lock");
    assert_snapshot!(shop.run(&["ledger", "import", "backup.lock"]), @"
    exit code: 0
    backup.lock: nothing new
    ");
    assert_eq!(shop.project.read("sendform.lock"), text);
    shop.apply_sends_nothing(0);
    assert_eq!(shop.accepted(), [1; 4]);
}

/// The ledger is not opened for what cannot be read: an import that came to nothing leaves no trace of a run.
#[test]
fn a_ledger_beside_whose_file_stops_cannot_be_read_stays_as_it_is() {
    let shop = Shop::new(2);
    shop.apply().code(0);
    let ledger = fs::read(shop.project.path("sendform.lock")).unwrap();
    shop.project.write("backup.lock", &ledger);
    shop.project.write("backup.stops", "<<<<<<< ours\n");
    let refused = shop.run(&["ledger", "import", "backup.lock"]).code(8);
    assert!(refused.stderr.contains("the stops in `backup.stops` are damaged"), "{refused}");
    assert!(refused.stderr.contains("hint: nothing was imported"), "{refused}");
    assert_eq!(fs::read(shop.project.path("sendform.lock")).unwrap(), ledger);
    let verify = shop.run(&["ledger", "verify"]).code(0);
    assert_eq!(verify.stderr, "", "no run is open: {verify}");
    fs::remove_file(shop.project.path("backup.stops")).unwrap();
    shop.run(&["ledger", "import", "backup.lock"]).code(0);
}

#[test]
fn what_does_not_belong_to_the_ledger_is_not_imported() {
    let shop = Shop::new(2);
    shop.apply().code(0);
    let good = shop.project.read("sendform.lock");
    let whole = fs::read_to_string(shop.project.path("sendform.lock")).unwrap();
    let header = ledger(&shop).header().clone();
    let of = |change: &dyn Fn(&mut Header)| {
        let mut header = header.clone();
        change(&mut header);
        text::header_line(&header, None, &seals())
    };
    let key = sendform::identity::Key::parse(NEW_KEY).unwrap().id();
    let claim = &claims(&shop)[0];
    let files = [
        ("gateway", of(&|header| header.gateway = "x.api.infobip.com".to_owned())),
        ("project", of(&|header| header.project = sendform::identity::ProjectId::parse("other").unwrap())),
        ("key", of(&|header| header.keys.push(key.clone()))),
        ("conflict", format!("{whole}<<<<<<< HEAD\n")),
        ("claims", claim_line(claim, &one_key())),
        ("empty", String::new()),
    ];
    let mut said = Vec::new();
    for (name, text) in files {
        shop.project.write(name, text);
        // Of several files all are imported, or none.
        let run = shop.run(&["ledger", "import", "sendform.lock", name]).code(8);
        said.push(format!("{name}: {run}"));
    }
    said.push(format!("missing: {}", shop.run(&["ledger", "import", "nowhere"]).code(1)));
    assert_snapshot!(said.concat(), @"
    gateway: exit code: 8
    ----- stderr
    error: the ledger `gateway` belongs to the gateway `x.api.infobip.com`, not to `127.0.0.1:[port]`
      hint: if the account's host name changed: `sendform ledger rebind --gateway x.api.infobip.com`; if it is another account, its ledger is another one
    project: exit code: 8
    ----- stderr
    error: the ledger `project` belongs to the project `other`, not to `acme-shop`
      hint: bring back the ledger of this project, or the project's old name: persons are made with that name
    key: exit code: 8
    ----- stderr
    error: the ledger's people cannot be recognised without the key `8b5074af`
      hint: supply every key that the ledger names, in SENDFORM_KEY or SENDFORM_KEY_FILE
    conflict: exit code: 8
    ----- stderr
    error: the ledger `conflict` is damaged
      caused by: line 6: a conflict marker of a merge that was not finished
      hint: keep all lines of both sides and delete the markers, in any order
      hint: nothing was imported
    claims: exit code: 8
    ----- stderr
    error: the ledger `claims` is damaged
      caused by: line 1: the ledger has no header
      hint: take the last good version of it, from git or a backup
      hint: nothing was imported
    empty: exit code: 8
    ----- stderr
    error: the ledger `empty` is damaged
      caused by: line 1: the ledger is empty: it has not even a header
      hint: take the last good version of it, from git or a backup
      hint: nothing was imported
    missing: exit code: 1
    ----- stderr
    error: `nowhere` cannot be read: nothing was imported
      caused by: No such file or directory (os error 2)
    ");
    assert_eq!(shop.project.read("sendform.lock"), good);
}

#[test]
fn outcomes_that_the_store_did_not_take_are_taken_in_by_the_next_run() {
    let shop = Shop::new(2).faults(&["hold-after"]);
    let running = shop.project.start(["apply", "--auto-approve"]);
    shop.sandbox.wait_held(1);
    // Another program replaces the file under the run: from then on it is not written any more.
    let path = shop.project.path("sendform.lock");
    fs::copy(&path, shop.project.path("copy")).unwrap();
    fs::rename(shop.project.path("copy"), &path).unwrap();
    shop.sandbox.release();
    // The store failed (8), which is stronger than the doubt that is left.
    let run = shop.project.finish(running).code(8);
    let dump = dump_name(&shop);
    assert!(
        run.stderr.contains(&format!("! 1 outcome could not be stored in the ledger: kept in ./{dump}, which ")),
        "{run}"
    );

    let told = |run: Run| run.to_string().replace(&dump, "[dump]");
    let status = shop.run(&["status"]).code(0);
    assert_snapshot!(told(status), @"
    exit code: 0
    ledger of acme-shop on 127.0.0.1:[port]

    message        accepted  rejected  in doubt  in flight  given up  refused
    sale.hello r1         2         0         0          0         0        0
    ----- stderr
    ! not in the ledger yet: 1 outcome of an earlier run, in ./[dump], which the next apply takes in, as does `sendform ledger import ./[dump]`
    ");
    let verify = shop.run(&["ledger", "verify"]).code(0);
    assert_snapshot!(told(verify), @"
    exit code: 0
    * ./[dump] (1 outcome) is not in the ledger yet: 1 outcome new; 2 people's standing changed; the next apply takes it in
    1 claim, nothing odd
    ");
    assert_snapshot!(told(shop.apply_sends_nothing(0)), @"
    exit code: 0
    sale.hello r1  shop to customers: 2 already sent, 2 rows in customers.csv (CSV with `,`, UTF-8)

    nothing to send
    ----- stderr
    taken into the ledger: 1 outcome of an earlier run, from ./[dump], which can be deleted after this run
    ");
    assert_snapshot!(told(shop.apply_sends_nothing(0)), @"
    exit code: 0
    sale.hello r1  shop to customers: 2 already sent, 2 rows in customers.csv (CSV with `,`, UTF-8)

    nothing to send
    ");
    assert_snapshot!(told(shop.run(&["ledger", "verify"]).code(0)), @"
    exit code: 0
    * ./[dump] (1 outcome) is in the ledger: it can be deleted
    1 claim, nothing odd
    ");
    fs::remove_file(shop.project.path(&dump)).unwrap();
    shop.apply_sends_nothing(0);
    assert_eq!(shop.accepted(), [1, 1]);
}

/// What a run has kept in a file is known: nobody's word stands against it.
#[test]
fn what_a_run_has_kept_is_taken_in_before_a_word() {
    for (state, name) in [(PersonState::Accepted, "accepted"), (PersonState::Refused, "refused")] {
        for word in ["--sent", "--not-sent"] {
            let shop = in_doubt();
            let claim = &claims(&shop)[0];
            let dump = ".sendform/outcomes-0000000000000001.jsonl";
            shop.project.write(dump, outcome(claim, state));
            let bulk = claim.id.bulk.to_string();
            let run = shop.run(&["resolve", &bulk, word, "--reason", "seen in the portal"]).code(64);
            assert!(run.stderr.contains("taken into the ledger: 1 outcome"), "{run}");
            fs::remove_file(shop.project.path(dump)).unwrap();
            let status = shop.run(&["status", "--format", "json"]).code(0).json();
            assert_eq!(status["messages"][0][name], 2, "{status:#}");
        }
    }
}

#[test]
fn what_a_run_has_kept_is_not_asked_for_in_the_logs() {
    let shop = Shop::new(4).faults(&["500-after*"]);
    shop.apply().code(6);
    let dump = ".sendform/outcomes-0000000000000001.jsonl";
    shop.project.write(dump, outcome(&claims(&shop)[0], PersonState::Accepted));
    let run = shop.run(&["reconcile"]).code(0);
    assert!(run.stderr.contains("taken into the ledger: 1 outcome"), "{run}");
    assert!(run.stdout.contains("2 people settled, nothing is in doubt any more"), "{run}");
    fs::remove_file(shop.project.path(dump)).unwrap();
    let status = shop.run(&["status", "--format", "json"]).code(0).json();
    assert_eq!(status["messages"][0]["accepted"], 4, "{status:#}");
}

fn dump_name(shop: &Shop) -> String {
    let files = fs::read_dir(shop.project.path(".sendform")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let name = names.into_iter().find(|name| name.starts_with("outcomes-")).expect("there is a dump");
    format!(".sendform/{name}")
}

#[test]
fn outcomes_are_imported_by_hand_as_well() {
    let shop = in_doubt();
    let claim = &claims(&shop)[0];
    // Of a claim that the ledger never got, because nothing was sent for it.
    let mut never = claim.clone();
    never.id.attempt = 9;
    let lines = format!("{}{}", outcome(claim, PersonState::Accepted), outcome(&never, PersonState::Refused));
    shop.project.write("outcomes.jsonl", lines);
    assert_snapshot!(shop.run(&["ledger", "import", "outcomes.jsonl"]), @"
    exit code: 0
    outcomes.jsonl: 1 outcome new; 2 people's standing changed
      1 outcome passed over: nothing was sent, and the ledger never got the claim
      the ledger has all of it now: it can be deleted
    ");
    assert_snapshot!(shop.run(&["ledger", "import", "outcomes.jsonl", "--format", "json"]).code(0).stdout, @r#"
    {
      "files": [
        {
          "canBeDeleted": true,
          "file": "outcomes.jsonl",
          "news": {
            "claims": 0,
            "outcomes": 0,
            "people": 0,
            "records": 0
          },
          "passedOver": 1,
          "stops": 0,
          "torn": false
        }
      ],
      "formatVersion": "2.0",
      "kind": "ledger-import"
    }
    "#);
    shop.apply_sends_nothing(0);
}

#[test]
fn outcomes_of_claims_that_the_ledger_lost_stop_everything() {
    let shop = in_doubt();
    let empty = text::header_line(ledger(&shop).header(), None, &seals());
    let claim = &claims(&shop)[0];
    fs::copy(shop.project.path("sendform.lock"), shop.project.path("backup.lock")).unwrap();
    shop.project.write(".sendform/outcomes-0000000000000001.jsonl", outcome(claim, PersonState::Accepted));
    // Somebody has taken the ledger back, and its shadow with it: both people look unsent.
    fs::write(shop.project.path("sendform.lock"), &empty).unwrap();
    fs::write(shop.project.path(".sendform/shadow.lock"), &empty).unwrap();
    assert_snapshot!(shop.apply_sends_nothing(8), @"
    exit code: 8
    ----- stderr
    error: the outcomes in `./.sendform/outcomes-0000000000000001.jsonl` do not go with the ledger
      caused by: line 1: an outcome of `sale.hello.r1.616c1c5802824f8b`, attempt 1, which nobody has claimed
      hint: the ledger lacks claims that a run has made, and their people would look unsent: bring the ledger that has them back from git or another clone, with `sendform ledger import`; if it is lost, `sendform ledger recover` writes down what the gateway's logs still know
    ");
    for command in ["plan", "status"] {
        shop.run(&[command]).code(8);
    }
    assert_snapshot!(shop.run(&["ledger", "verify"]), @"
    exit code: 8
    ! ./.sendform/outcomes-0000000000000001.jsonl does not go with the ledger: line 1: an outcome of `sale.hello.r1.616c1c5802824f8b`, attempt 1, which nobody has claimed
    0 claims, 1 odd thing
    ");
    shop.run(&["ledger", "import", ".sendform/outcomes-0000000000000001.jsonl"]).code(8);
    // The way out is the ledger that has the claim.
    shop.run(&["ledger", "import", "backup.lock"]).code(0);
    shop.apply_sends_nothing(0);
    // A torn file is not guessed at either.
    shop.project
        .write(".sendform/outcomes-0000000000000002.jsonl", outcome(claim, PersonState::Accepted).split_at(50).0);
    assert_snapshot!(shop.apply_sends_nothing(8), @"
    exit code: 8
    ----- stderr
    error: the outcomes in `./.sendform/outcomes-0000000000000002.jsonl` are damaged
      caused by: line 1: the text is cut off inside this line
      hint: move it away to go on without it: the people of its outcomes stay in doubt then
    ");
}

#[test]
fn the_sandbox_keeps_its_outcomes_to_itself() {
    let shop = in_doubt();
    let claim = &claims(&shop)[0];
    shop.project.write(".sendform/outcomes-0000000000000001.jsonl", outcome(claim, PersonState::Accepted));
    shop.run(&["apply", "--sandbox", "--auto-approve"]).code(0);
    shop.project.write(".sendform/sandbox/outcomes-0000000000000001.jsonl", outcome(claim, PersonState::Accepted));
    shop.run(&["plan", "--sandbox"]).code(8);
    shop.apply_sends_nothing(0);
}

#[test]
fn a_changed_host_name_forgets_nobody() {
    let shop = Shop::new(3);
    shop.apply().code(0);
    let old = shop.sandbox.address().to_string();
    let mut shop = shop;
    shop.project.set("SENDFORM_BASE_URL", shop.sandbox.url().replace("127.0.0.1", "localhost"));
    let said = shop.apply_sends_nothing(8).to_string();
    assert_snapshot!(said, @"
    exit code: 8
    ----- stderr
    error: the ledger `./sendform.lock` belongs to the gateway `127.0.0.1:[port]`, not to `localhost:[port]`
      hint: if the account's host name changed: `sendform ledger rebind --gateway 127.0.0.1:[port]`; if it is another account, its ledger is another one
    ");
    shop.run(&["ledger", "rebind", "--gateway", "x.api.infobip.com"]).code(8);
    shop.run(&["ledger", "rebind"]).code(64);
    assert_snapshot!(shop.run(&["ledger", "rebind", "--gateway", &old]), @"
    exit code: 0
    ./sendform.lock is bound to `localhost:[port]` now
    ");
    shop.apply_sends_nothing(0);
    shop.customers(1..=4);
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 4]);
    assert_snapshot!(shop.run(&["ledger", "rebind", "--gateway", &old]), @"
    exit code: 0
    nothing changed: the ledger is bound so already
    ");
    // Under the old name nothing is known any more, and nothing is sent.
    shop.project.set("SENDFORM_BASE_URL", shop.sandbox.url());
    shop.apply_sends_nothing(8);
}

#[test]
fn people_in_doubt_are_taken_along_by_number_only() {
    let mut shop = in_doubt();
    let old = shop.sandbox.address().to_string();
    shop.project.set("SENDFORM_BASE_URL", shop.sandbox.url().replace("127.0.0.1", "localhost"));
    let before = shop.project.read("sendform.lock");
    assert_snapshot!(shop.run(&["ledger", "rebind", "--gateway", &old]), @"
    exit code: 4
    ----- stderr
    error: 2 people are in doubt, and what became of them is known at the old gateway only
      hint: settle them first: `sendform status` lists them
      hint: if the new name is the same account's, its logs know them too: --accept doubts=2
    ");
    shop.run(&["ledger", "rebind", "--gateway", &old, "--accept", "doubts=1"]).code(4);
    shop.run(&["ledger", "rebind", "--gateway", &old, "--accept", "2"]).code(64);
    shop.run(&["ledger", "rebind", "--add-key", "--accept", "doubts=2"]).code(64);
    assert_eq!(shop.project.read("sendform.lock"), before);
    shop.run(&["ledger", "rebind", "--gateway", &old, "--accept", "doubts=2"]).code(0);
    // The doubt is settled by the logs of the new name.
    shop.apply_sends_nothing(0);
}

/// What the lines of a lockfile say, whichever runs have written them.
fn said(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with("{\"run\":"));
    lines.map(|line| line.split(",\"facts\":").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn which_key_comes_first_changes_only_when_that_is_asked_for() {
    let lockfile = |shop: &Shop| fs::read_to_string(shop.project.path("sendform.lock")).unwrap();
    let mut shop = Shop::new(2);
    shop.apply().code(0);
    let orders = [format!("{NEW_KEY},{KEY}"), format!("{KEY},{NEW_KEY}")];
    let mut files = Vec::new();
    for order in &orders {
        shop.project.set("SENDFORM_KEY", order);
        shop.run(&["ledger", "rebind", "--add-key"]).code(0);
        files.push(lockfile(&shop));
    }
    // Another ledger that was told otherwise more often, in other hands.
    let mut other = Ledger::read(files[0].as_bytes(), &seals()).unwrap().ledger;
    let first = sendform::identity::Key::parse(NEW_KEY).unwrap().id();
    other.follow(&Header { first_key: Some(FirstKey { change: 9, id: first }), ..other.header().clone() });
    shop.project.write("other.lock", other.write(&seals()));
    shop.run(&["ledger", "import", "other.lock"]).code(0);
    shop.apply_sends_nothing(0);
    // A change of the gateway's name that was made already.
    shop.project.set("SENDFORM_KEY", &orders[0]);
    let error = shop.run(&["ledger", "rebind", "--gateway", "old.example"]).code(8);
    assert!(error.stderr.contains("was supplied first"), "{error}");
    shop.project.set("SENDFORM_KEY", &orders[1]);
    assert_eq!(said(&lockfile(&shop)), said(&files[1]));
    // A checkout of the lockfile from before the change: the shadow remembers.
    shop.project.write("sendform.lock", &files[0]);
    shop.run(&["plan"]).code(0);
    shop.apply_sends_nothing(0);
    assert_eq!(said(&lockfile(&shop)), said(&files[1]));
    // The gateway's name changed as well, and lockfile and shadow name different keys first.
    let [ours, shadow] = [0, 1].map(|file: usize| {
        let mut ledger = Ledger::read(files[file].as_bytes(), &seals()).unwrap().ledger;
        ledger.rebind(Header { gateway: "old.example".to_owned(), ..ledger.header().clone() });
        String::from_utf8(ledger.write(&seals())).unwrap()
    });
    shop.project.write("sendform.lock", ours);
    shop.project.write(".sendform/shadow.lock", shadow);
    shop.run(&["ledger", "rebind", "--gateway", "old.example"]).code(0);
    assert_eq!(said(&lockfile(&shop)), said(&files[1]));
    shop.apply_sends_nothing(0);
}

#[test]
fn keys_are_rotated_and_nobody_is_forgotten() {
    let mut shop = Shop::new(3);
    shop.apply().code(0);
    // The new key alone: nobody would be recognised.
    shop.project.set("SENDFORM_KEY", NEW_KEY);
    shop.run(&["ledger", "rebind", "--add-key"]).code(8);
    shop.project.set("SENDFORM_KEY", format!("{NEW_KEY},{KEY}"));
    assert_snapshot!(shop.apply_sends_nothing(8), @"
    exit code: 8
    ----- stderr
    error: the ledger does not know the key `8b5074af`
      hint: with a wrong key everybody would look unsent: set SENDFORM_KEY to the key that made this ledger; a new one beside it is added with `sendform ledger rebind --add-key`
    ");
    assert_snapshot!(shop.run(&["ledger", "rebind", "--add-key"]), @"
    exit code: 0
    ./sendform.lock names the key `8b5074af` besides; new claims are made with the first of SENDFORM_KEY, `8b5074af`
    keep all of its keys: whoever was sent to under an old one is recognised by that alone
    ");
    assert_snapshot!(shop.run(&["ledger", "rebind", "--add-key"]), @"
    exit code: 0
    nothing changed: ./sendform.lock names all keys of SENDFORM_KEY already
    ");
    shop.apply_sends_nothing(0);

    // A new person is claimed under the new key, and known under it.
    let [old, new] = [KEY, NEW_KEY].map(|key| person(key, 4));
    shop.customers(1..=4);
    shop.apply().code(0);
    let people: Vec<_> = claims(&shop).into_iter().flat_map(|claim| claim.people).collect();
    assert!(people.contains(&new) && !people.contains(&old));
    assert_eq!(shop.accepted(), [1; 4]);
    shop.apply_sends_nothing(0);

    // Neither key can be dropped, and a stranger's is not taken for one of them.
    for keys in [NEW_KEY.to_owned(), KEY.to_owned(), format!("{NEW_KEY},{}", "01".repeat(32))] {
        shop.project.set("SENDFORM_KEY", &keys);
        shop.apply_sends_nothing(8);
        shop.run(&["plan"]).code(8);
        shop.run(&["ledger", "rebind", "--add-key"]).code(8);
    }
    // In the other order everybody is known as well, but other machines would make claims with other
    // fingerprints: the order is changed for all of them.
    shop.project.set("SENDFORM_KEY", format!("{KEY},{NEW_KEY}"));
    shop.customers(1..=5);
    assert_snapshot!(shop.apply_sends_nothing(8), @"
    exit code: 8
    ----- stderr
    error: new claims of the ledger `./sendform.lock` are made with the key `8b5074af`, but `00914700` was supplied first
      hint: name that key first in SENDFORM_KEY; or make `00914700` the first for all machines: `sendform ledger rebind --add-key`
    ");
    assert_snapshot!(shop.run(&["ledger", "rebind", "--add-key"]), @"
    exit code: 0
    ./sendform.lock names the key `00914700` first: new claims are made with it
    name it first in SENDFORM_KEY wherever anybody applies
    ");
    shop.project.set("SENDFORM_KEY", format!("{NEW_KEY},{KEY}"));
    shop.apply_sends_nothing(8);
    shop.project.set("SENDFORM_KEY", format!("{KEY},{NEW_KEY}"));
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 5]);

    // A checkout of the lockfile from before the change: the shadow remembers, the key is asked for.
    let header = ledger(&shop).header().clone();
    let first = Header { keys: vec![sendform::identity::Key::parse(KEY).unwrap().id()], ..header };
    fs::write(shop.project.path("sendform.lock"), text::header_line(&first, None, &seals())).unwrap();
    shop.project.set("SENDFORM_KEY", KEY);
    shop.apply_sends_nothing(8);
    shop.project.set("SENDFORM_KEY", format!("{KEY},{NEW_KEY}"));
    shop.apply_sends_nothing(0);
}

fn person(key: &str, number: u64) -> sendform::identity::Person {
    use sendform::identity::{CanonicalTo, Fingerprint, IdRule, Key, ProjectId, SenderId};
    let project = ProjectId::parse("acme-shop").unwrap();
    let sender = SenderId::parse("SHOP-ACCOUNT").unwrap();
    let to = crate::support::customer(number);
    Fingerprint::new(&Key::parse(key).unwrap(), &project, &sender)
        .person(&CanonicalTo::parse(&to, IdRule::Numeric).unwrap())
}

#[test]
fn what_is_odd_is_told_in_words_and_to_machines() {
    let shop = Shop::new(2);
    shop.apply().code(0);
    // Another run claims the same bulk again, and it is accepted again: this is what must never be.
    let first = claims(&shop)[0].clone();
    let mut again = first.clone();
    again.id.attempt = 2;
    let lines = [claim_line(&again, &one_key()), outcome(&again, PersonState::Accepted)].concat();
    let whole = fs::read_to_string(shop.project.path("sendform.lock")).unwrap();
    fs::write(shop.project.path("sendform.lock"), format!("{whole}{lines}")).unwrap();
    let run = shop.run(&["ledger", "verify"]).code(8);
    assert_snapshot!(run, @r#"
    exit code: 8
    ! accepted twice: 2 people; the same message went to them from more than one run, and cannot be recalled
      sale.hello.r1.616c1c5802824f8b  2 people
        claimed 2026-11-30 12:00 UTC, run [run]
        claimed 2026-11-30 12:00 UTC, run [run]
      nothing more of it is sent to them, and everybody else is sent to; two clones, or two ledgers, have both sent
      say that you know, which ends this alarm: sendform resolve sale.hello.r1.616c1c5802824f8b --sent --reason "…"
    * the shadow lacks what the file has: 1 claim new; the next apply joins them
    2 claims, 1 odd thing
    "#);
    let json = shop.run(&["ledger", "verify", "--format", "json"]).code(8).json();
    assert_eq!(json["odd"], true);
    assert_eq!(json["findings"][0]["finding"], "acceptedTwice");
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(2));
    assert_eq!(json["shadow"]["shadowLacks"]["claims"], 1);
    fs::remove_file(shop.project.path(".sendform/shadow.lock")).unwrap();
    fs::write(shop.project.path("sendform.lock"), whole).unwrap();
    let json = shop.run(&["ledger", "verify", "--format", "json"]).code(0).json();
    assert_eq!((&json["odd"], &json["shadow"]["state"]), (&false.into(), &"missing".into()));
}

#[test]
fn one_row_that_two_clones_booked_for_two_claims_is_a_note() {
    let shop = Shop::new(2);
    shop.apply().code(0);
    // Another clone has claimed the bulk before, and books the row of what was sent now for its claim.
    let sent = claims(&shop)[0].clone();
    let mut before = sent.clone();
    before.id.attempt = 2;
    let proof = Proof { left: [sent.at, sent.at], people: None, twice: Vec::new() };
    let found = Outcome {
        claim: before.id.clone(),
        state: PersonState::Accepted,
        others: Vec::new(),
        at: sent.at,
        by: Some(BY_LOGS.to_owned()),
        why: None,
        proof: Some(proof),
        known: None,
    };
    let mut theirs = Ledger::new(ledger(&shop).header().clone());
    theirs.add_claim(before).unwrap();
    theirs.add_outcome(found).unwrap();
    shop.project.write("theirs.lock", String::from_utf8(theirs.write(&seals())).unwrap());
    shop.run(&["ledger", "import", "theirs.lock"]).code(0);
    assert_snapshot!(shop.run(&["ledger", "verify"]), @"
    exit code: 0
    * person a194e5e5d2adc4d3 was accepted once, booked twice: in sale.hello.r1.616c1c5802824f8b and sale.hello.r1.616c1c5802824f8b
    * person fff52571474eac9b was accepted once, booked twice: in sale.hello.r1.616c1c5802824f8b and sale.hello.r1.616c1c5802824f8b
    2 claims, nothing odd
    ");
    let json = shop.run(&["ledger", "verify", "--format", "json"]).code(0).json();
    assert_eq!((&json["odd"], &json["findings"][0]["finding"]), (&false.into(), &"bookedTwice".into()));
}

#[test]
fn a_ledger_that_lives_there_already_is_not_copied() {
    let shop = Shop::new(1);
    let before = shop.project.read("sendform.lock");
    assert_snapshot!(shop.run(&["ledger", "copy", "--from", "lockfile"]), @"
    exit code: 64
    ----- stderr
    error: the project's ledger lives there already
      hint: name the new home under `state` in sendform.yaml; `--from` names the old one
    ");
    assert_snapshot!(shop.run(&["ledger", "copy", "--from", "lockfile", "--sandbox"]), @"
    exit code: 64
    ----- stderr
    error: the sandbox's ledger lives in its own folder, and does not move
    ");
    assert_eq!(shop.project.read("sendform.lock"), before);
}

#[test]
fn an_old_home_has_a_name_that_the_project_file_would_take() {
    let shop = Shop::new(1);
    for (home, option, name) in [
        ("postgres", "--schema", "x\"; DROP SCHEMA sendform CASCADE; --"),
        ("git", "--remote", "--upload-pack=x"),
        ("git", "--branch", "../x"),
    ] {
        let named = format!("{option}={name}");
        let run = shop.run(&["ledger", "copy", "--from", home, &named]).code(64);
        assert!(run.stderr.contains(&format!("for '{option} <NAME>': a ")), "{run}");
    }
}

#[test]
fn a_ledger_that_was_copied_elsewhere_is_taken_into_use_again_with_a_warning() {
    let shop = Shop::new(2);
    shop.apply().code(0);
    let address = shop.sandbox.address().to_string();
    let moved = format!("{address}, moved to origin/sendform-ledger");
    let mut retired = ledger(&shop);
    retired.rebind(Header { gateway: moved.clone(), ..retired.header().clone() });
    for name in ["sendform.lock", ".sendform/shadow.lock"] {
        fs::write(shop.project.path(name), retired.write(&seals())).unwrap();
    }
    let refused = shop.apply_sends_nothing(8).to_string();
    assert!(refused.contains("name that home under `state` in sendform.yaml. Only to copy"), "{refused}");
    assert!(refused.contains(", moved to origin/sendform-ledger\"`"), "{refused}");
    let run = shop.run(&["ledger", "rebind", "--gateway", &moved]).code(0);
    let warning = "! ./sendform.lock was copied to origin/sendform-ledger, which is a ledger in use as well: ";
    assert!(run.stderr.starts_with(warning), "{run}");
    shop.apply_sends_nothing(0);
}

fn git(folder: &Path, arguments: &[&str]) -> std::process::Output {
    let program = Path::new(env!("CARGO_BIN_EXE_sendform")).parent().unwrap().display().to_string();
    let path = format!("{program}:/usr/local/bin:/usr/bin:/bin");
    Command::new("git")
        .args(["-c", "user.name=Ana", "-c", "user.email=ana@shop.example", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", path)
        .env("HOME", folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap()
}

#[track_caller]
fn git_does(shop: &Shop, arguments: &[&str]) {
    let output = git(shop.project.folder(), arguments);
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A shop under git, with two branches on which other people were sent to: `main` and `other`. The
/// machine forgets what the other branch did, as another clone would.
fn branches(has_driver: bool) -> Shop {
    let shop = Shop::new(2);
    shop.project.write(".gitattributes", "sendform.lock -text merge=union linguist-generated\n");
    git_does(&shop, &["init", "--quiet"]);
    if has_driver {
        git_does(
            &shop,
            &["config", "merge.sendform.driver", &format!("SENDFORM_KEY={KEY} sendform ledger merge %O %A %B")],
        );
        shop.project.write(".git/info/attributes", "sendform.lock merge=sendform\n");
    }
    shop.apply().code(0);
    git_does(&shop, &["add", "."]);
    git_does(&shop, &["commit", "--quiet", "--message", "both"]);
    for (branch, customers) in [("other", 1..=4), ("main", 5..=7)] {
        if branch == "other" {
            git_does(&shop, &["checkout", "--quiet", "-b", branch]);
        } else {
            git_does(&shop, &["checkout", "--quiet", branch]);
        }
        fs::remove_file(shop.project.path(".sendform/shadow.lock")).unwrap();
        shop.customers(customers);
        shop.apply().code(0);
        shop.customers(1..=2);
        git_does(&shop, &["commit", "--quiet", "--message", branch, "sendform.lock"]);
    }
    fs::remove_file(shop.project.path(".sendform/shadow.lock")).unwrap();
    shop
}

#[test]
fn two_branches_are_merged_by_git_both_ways_with_the_driver_and_without() {
    let mut texts = Vec::new();
    for has_driver in [true, false] {
        for (into, from) in [("main", "other"), ("other", "main")] {
            let shop = branches(has_driver);
            git_does(&shop, &["checkout", "--quiet", into]);
            git_does(&shop, &["merge", "--quiet", "--no-edit", from]);
            let text = fs::read(shop.project.path("sendform.lock")).unwrap();
            let canonical = Ledger::read(&text, &seals()).unwrap().ledger.write(&seals());
            assert_eq!(has_driver, text == canonical, "the driver puts the lines in order");
            texts.push(shop.project.read("sendform.lock").lines().count());
            shop.customers(1..=8);
            shop.apply().code(0);
            assert_eq!(shop.accepted(), [1; 8], "{into} with {from}");
        }
    }
    assert_eq!(texts[0], texts[1]);
}

#[test]
fn a_merge_that_kept_one_side_is_noticed_in_a_clone_without_a_shadow() {
    let shop = branches(false);
    git_does(&shop, &["checkout", "--quiet", "main"]);
    let theirs = git(shop.project.folder(), &["rev-parse", "other"]).stdout;
    git_does(&shop, &["merge", "--quiet", "--no-edit", "--strategy", "ours", "other"]);
    shop.customers(1..=8);
    for command in [&["plan"][..], &["ledger", "verify"], &["apply", "--auto-approve"]] {
        fs::remove_file(shop.project.path(".sendform/shadow.lock")).ok();
        let run = shop.sends_nothing(command, 8);
        assert!(run.stderr.contains("a merge has kept one side only"), "{run}");
        assert!(run.stderr.contains(String::from_utf8_lossy(&theirs).trim()), "{run}");
    }
    // Where that cannot be seen, it is said.
    let origin = format!("file://{}", shop.project.folder().display());
    git_does(&shop, &["clone", "--quiet", "--depth", "1", &origin, "shallow"]);
    let run = shop.run(&["plan", "--dir", "shallow"]).code(0);
    assert!(run.stderr.contains("as in a shallow clone"), "{run}");
    fs::remove_dir_all(shop.project.path("shallow")).unwrap();
    let side = git(shop.project.folder(), &["show", "other:./sendform.lock"]).stdout;
    fs::write(shop.project.path("other.lock"), side).unwrap();
    shop.run(&["ledger", "import", "other.lock"]).code(0);
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 8]);
}

#[test]
fn a_side_that_was_dropped_is_brought_whatever_happened_to_the_ledger_since() {
    // The gateway's name, or the keys, changed before the merge on the side that was kept; or after it.
    for is_before in [true, false] {
        let mut shop = branches(false);
        git_does(&shop, &["checkout", "--quiet", "main"]);
        let old = shop.project.read("sendform.yaml");
        let rename = |shop: &mut Shop| {
            let name = shop.sandbox.url().replace("127.0.0.1", "localhost");
            let before = shop.sandbox.url().replace("http://", "");
            shop.project.set("SENDFORM_BASE_URL", name);
            shop.run(&["ledger", "rebind", "--gateway", &before]).code(0);
            shop.project.set("SENDFORM_KEY", format!("{},{KEY}", "09".repeat(32)));
            shop.run(&["ledger", "rebind", "--add-key"]).code(0);
        };
        if is_before {
            rename(&mut shop);
            git_does(&shop, &["commit", "--quiet", "--all", "--message", "renamed"]);
        }
        git_does(&shop, &["merge", "--quiet", "--no-edit", "--strategy", "ours", "other"]);
        fs::remove_file(shop.project.path(".sendform/shadow.lock")).ok();
        if !is_before {
            rename(&mut shop);
        }
        assert_eq!(shop.project.read("sendform.yaml"), old);
        shop.customers(1..=8);
        let run = shop.sends_nothing(&["apply", "--auto-approve"], 8);
        assert!(run.stderr.contains("a merge has kept one side only"), "{run}");
        let side = git(shop.project.folder(), &["show", "other:./sendform.lock"]).stdout;
        fs::write(shop.project.path("other.lock"), side).unwrap();
        shop.run(&["ledger", "import", "other.lock"]).code(0);
        shop.apply().code(0);
        assert_eq!(shop.accepted(), [1; 8], "{is_before}");
    }
}

#[test]
fn what_cannot_be_merged_is_a_conflict_and_our_side_stays() {
    let shop = branches(true);
    let ours = shop.project.read("sendform.lock");
    git_does(&shop, &["checkout", "--quiet", "other"]);
    fs::write(shop.project.path("sendform.lock"), shop.project.read("sendform.lock").split_at(400).0).unwrap();
    git_does(&shop, &["commit", "--quiet", "--message", "cut", "sendform.lock"]);
    git_does(&shop, &["checkout", "--quiet", "main"]);
    let merge = git(shop.project.folder(), &["merge", "--no-edit", "other"]);
    assert_eq!(merge.status.code(), Some(1));
    let said = String::from_utf8_lossy(&merge.stderr);
    assert!(said.contains("(the version of the other branch)` is damaged"), "{said}");
    assert_eq!(shop.project.read("sendform.lock"), ours);
    let unmerged = git(shop.project.folder(), &["ls-files", "--unmerged"]).stdout;
    assert_eq!(String::from_utf8_lossy(&unmerged).lines().count(), 3);
}

#[test]
fn files_are_merged_without_a_project_and_without_a_key() {
    let shop = Shop::new(2);
    shop.apply().code(0);
    let mut project = crate::support::Project::empty();
    project.unset("SENDFORM_KEY");
    let text = fs::read_to_string(shop.project.path("sendform.lock")).unwrap();
    let (header, _) = text.split_once('\n').unwrap();
    let elsewhere = text::header_line(
        &Header { gateway: "elsewhere".to_owned(), ..ledger(&shop).header().clone() },
        None,
        &seals(),
    );
    project.write("ours", format!("{header}\n"));
    project.write("theirs", &text);
    project.write("none", "");
    project.write("marked", format!("{text}=======\n"));
    project.write("cut", text.trim_end().trim_end_matches('}'));
    project.write("elsewhere", elsewhere);
    let mut said = String::new();
    for theirs in ["marked", "cut", "elsewhere", "none", "nowhere"] {
        let code = if theirs == "nowhere" { 1 } else { 8 };
        let run = project.run(["ledger", "merge", "none", "ours", theirs]).code(code);
        said.push_str(&run.stderr.lines().take(2).map(|line| format!("{line}\n")).collect::<String>());
        assert_eq!(fs::read_to_string(project.path("ours")).unwrap(), format!("{header}\n"));
    }
    assert_snapshot!(crate::support::normalised(&said), @"
    error: the ledger `marked (the version of the other branch)` is damaged
      caused by: line 6: a conflict marker of a merge that was not finished
    error: the ledger `cut (the version of the other branch)` is damaged
      caused by: line 5: the text is cut off inside this line
    error: the ledgers cannot be joined
      caused by: the ledgers belong to two gateways, `127.0.0.1:[port]` and `elsewhere`
    error: the ledger `none (the version of the other branch)` is damaged
      caused by: line 1: the ledger is empty: it has not even a header
    error: cannot read `nowhere`
      caused by: No such file or directory (os error 2)
    ");
    let run = project.run(["ledger", "merge", "none", "ours", "theirs"]).code(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    assert_eq!(fs::read_to_string(project.path("ours")).unwrap(), text);
}
