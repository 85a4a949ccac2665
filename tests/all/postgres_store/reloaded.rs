//! Tables that were put back from a copy: nobody is sent to from them until the gateway was asked.

use crate::support::{Cluster, Dump, Run, Way, copy_of, customer, put_copy_back};

use super::shop::Shop;

/// Stops a server and makes a copy of its disk.
fn copy_disk(cluster: &Cluster) -> String {
    let copy = cluster.socket().join("copy").display().to_string();
    cluster.control("stop");
    cluster.owner_runs("cp", &["-a", &cluster.data().display().to_string(), &copy]);
    cluster.start_again();
    copy
}

/// Puts the copy in the place of the disk.
fn put_disk_back(cluster: &Cluster, copy: &str) {
    let data = cluster.data().display().to_string();
    cluster.control("stop");
    cluster.owner_runs("rm", &["-rf", &data]);
    cluster.owner_runs("mv", &[copy, &data]);
    cluster.start_again();
}

fn customers(shop: &Shop, count: u64) {
    let rows = (1..=count).map(|number| format!("{}\n", customer(number)));
    shop.project.write("customers.csv", format!("id\n{}", rows.collect::<String>()));
}

#[track_caller]
fn sends_nothing(shop: &Shop, arguments: &[&str], code: i32) -> Run {
    let before = shop.requests();
    let run = shop.project.run(arguments).code(code);
    assert_eq!(shop.requests(), before, "{run}");
    run
}

const APPLY: &[&str] = &["apply", "--auto-approve"];

#[test]
fn a_dump_that_is_put_back_is_noticed_and_recovered() {
    for way in Way::ALL {
        for sent_before in [0, 2] {
            let shop = Shop::new(2, 2, Cluster::shared().database());
            if sent_before > 0 {
                shop.apply().code(0);
            }
            let dump = Dump::of(Cluster::shared(), &shop.url);
            customers(&shop, 4);
            shop.apply().code(0);
            dump.put_back(Cluster::shared(), way);
            let claims = if sent_before > 0 { "with 1 claim among them" } else { "with 0 claims among them" };
            for _ in 0..2 {
                let run = sends_nothing(&shop, APPLY, 8);
                assert!(run.stderr.contains(claims), "{way:?}, {sent_before}: {run}");
            }
            // A word for the server is none for its rows.
            sends_nothing(&shop, &["reconcile", "--accept", "restored=1"], 8);
            for command in ["plan", "status"] {
                let seen = shop.project.run([command]).code(0);
                assert!(
                    seen.stderr.contains("`sendform apply` is refused: rows of this ledger were put back"),
                    "{seen}"
                );
            }
            let run = shop.project.run(["ledger", "verify"]).code(8);
            assert!(run.stderr.contains("were put back"), "{run}");
            shop.project.run(["ledger", "recover"]).code(0);
            shop.project.run(["ledger", "verify"]).code(0);
            shop.apply().code(0);
            customers(&shop, 5);
            shop.apply().code(0);
            assert_eq!(shop.accepted(), [1; 5], "{way:?}, {sent_before}");
        }
    }
}

#[test]
fn somebody_may_vouch_for_a_dump_that_lacks_nothing() {
    let shop = Shop::new(2, 2, Cluster::shared().database());
    shop.apply().code(0);
    let dump = Dump::of(Cluster::shared(), &shop.url);
    dump.put_back(Cluster::shared(), Way::Tables);
    customers(&shop, 3);
    sends_nothing(&shop, &["apply", "--auto-approve", "--accept", "reloaded=0"], 8);
    // A word that is given for a plan counts for that plan: this one is not sent.
    let digest = format!("plan/v1:{}", "0".repeat(32));
    sends_nothing(&shop, &["apply", "--auto-approve", "--accept", "reloaded=1", "--expect-digest", &digest], 5);
    sends_nothing(&shop, APPLY, 8);
    shop.project.run(["apply", "--auto-approve", "--accept", "reloaded=1"]).code(0);
    customers(&shop, 4);
    let run = shop.apply().code(0);
    assert!(!run.stderr.contains('!'), "{run}");
    assert_eq!(shop.accepted(), [1; 4]);
}

#[test]
fn a_word_counts_only_where_nothing_shows_that_it_is_wrong() {
    let cluster = Cluster::shared();
    let shop = Shop::new(2, 2, cluster.database());
    shop.apply().code(0);
    let dump = Dump::of(cluster, &shop.url);
    customers(&shop, 4);
    shop.apply().code(0);
    let project = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", format!("{project}witness: preferred\n"));
    for way in [Way::Tables, Way::Database] {
        dump.put_back(cluster, way);
        for _ in 0..2 {
            let vouched = ["apply", "--auto-approve", "--accept", "reloaded=1"];
            let run = sends_nothing(&shop, &vouched, 8);
            assert!(run.stdout.contains("2 of 2 people who were asked for"), "{way:?}: {run}");
            sends_nothing(&shop, APPLY, 8);
            shop.let_leases_end();
        }
    }
    // Where nothing is to send, it counts as well.
    customers(&shop, 2);
    sends_nothing(&shop, &["apply", "--auto-approve", "--accept", "reloaded=2"], 8);
    sends_nothing(&shop, &["apply", "--auto-approve", "--accept", "reloaded=1"], 0);
    shop.project.run(["ledger", "verify"]).code(0);
}

#[test]
fn a_word_is_about_what_was_there_when_it_was_given() {
    let cluster = Cluster::shared();
    let shop = Shop::new(2, 2, cluster.database());
    let empty = Dump::of(cluster, &shop.url);
    shop.apply().code(0);
    let dump = Dump::of(cluster, &shop.url);
    customers(&shop, 4);
    dump.put_back(cluster, Way::Tables);
    let mut run = shop.project.start_on_terminal(["apply", "--accept", "reloaded=1"]);
    run.wait_said("Only `yes` sends");
    empty.put_back(cluster, Way::Tables);
    let before = shop.requests();
    run.types("yes");
    let run = shop.project.finish(run).code(8);
    assert_eq!(shop.requests(), before, "{run}");
    dump.put_back(cluster, Way::Database);
    shop.project.run(["apply", "--auto-approve", "--accept", "reloaded=1"]).code(0);
    let run = shop.apply().code(0);
    assert!(!run.stderr.contains('!'), "{run}");
    assert_eq!(shop.accepted(), [1; 4]);
}

#[test]
fn single_tables_that_are_put_back_while_somebody_is_asked_are_noticed() {
    let cluster = Cluster::shared();
    let shop = Shop::new(4, 2, cluster.database());
    shop.apply().code(0);
    customers(&shop, 6);
    let mut run = shop.project.start_on_terminal(["apply"]);
    run.wait_said("Only `yes` sends");
    cluster.sql(&shop.url, "TRUNCATE sendform.claims, sendform.outcomes, sendform.persons");
    let before = shop.requests();
    run.types("yes");
    let run = shop.project.finish(run).code(8);
    assert_eq!(shop.requests(), before, "{run}");
}

#[test]
fn outcomes_of_lost_claims_are_kept_until_the_ledger_knows_whose_they_were() {
    let cluster = Cluster::shared();
    let shop = Shop::new(2, 2, cluster.database());
    let dump = Dump::of(cluster, &shop.url);
    // They leave in two hours: until then the logs do not show them.
    let campaign = shop.project.read("sale.yaml");
    let scheduled = campaign
        .replace("messages:", "schedules:\n  later: { sendAt: \"2026-11-30 14:00\", timeZone: UTC }\nmessages:");
    let scheduled = scheduled.replace("    sender: shop\n", "    sender: shop\n    schedule: later\n");
    assert_ne!(scheduled, campaign);
    shop.project.write("sale.yaml", &scheduled);
    shop.sandbox.faults(&["hold-after@1"]);
    let run = shop.start();
    shop.sandbox.wait_held(1);
    dump.put_back(cluster, Way::Tables);
    shop.sandbox.release();
    shop.project.finish(run).code(8);
    let recover = ["ledger", "recover", "--accept", "older-unknown=4"];
    let run = shop.project.run(recover).code(8);
    assert!(run.stderr.contains("says that 1 bulk reached the gateway, and its logs do not show whom"), "{run}");
    sends_nothing(&shop, APPLY, 8);
    shop.sandbox.set_clock("2026-11-30T14:01:00Z");
    let mut shop = shop;
    shop.project.set("SENDFORM_NOW", "2026-11-30T14:01:00Z");
    let run = shop.project.run(recover).code(0);
    assert!(run.stderr.contains("put aside: the outcomes in"), "{run}");
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 2]);
}

#[test]
fn a_copy_of_the_whole_database_in_its_place_is_noticed() {
    let cluster = Cluster::shared();
    let shop = Shop::new(2, 2, cluster.database());
    shop.apply().code(0);
    let copy = copy_of(cluster, &shop.url);
    customers(&shop, 4);
    shop.apply().code(0);
    put_copy_back(cluster, &shop.url, &copy);
    for _ in 0..2 {
        let run = sends_nothing(&shop, APPLY, 8);
        assert!(run.stderr.contains("the database was made as a copy of another one"), "{run}");
    }
    shop.project.run(["ledger", "recover"]).code(0);
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 4]);
}

#[test]
fn a_ledger_that_was_confirmed_without_the_number_of_its_database_gets_it() {
    let cluster = Cluster::shared();
    let shop = Shop::new(2, 2, cluster.database());
    let server = || cluster.sql(&shop.url, "SELECT server FROM sendform.ledgers");
    let whole = server();
    let cut = "UPDATE sendform.ledgers SET born = txid_current(), server = regexp_replace(server, '/[0-9]+$', '')";
    cluster.sql(&shop.url, cut);
    assert_ne!(server(), whole);
    shop.project.run(["status"]).code(0);
    shop.apply().code(0);
    assert_eq!(server(), whole);
    assert_eq!(shop.accepted(), [1; 2]);
}

#[test]
fn a_dump_that_is_put_back_while_somebody_is_asked_or_in_the_middle_of_a_run_stops_it() {
    let cluster = Cluster::shared();
    for (way, is_old, is_asked) in
        [(Way::Schema, false, true), (Way::Tables, false, true), (Way::Schema, true, true), (Way::Tables, false, false)]
    {
        let shop = Shop::new(2, 2, cluster.database());
        shop.apply().code(0);
        if is_old {
            first_version(&shop);
        }
        let dump = Dump::of(cluster, &shop.url);
        customers(&shop, 4);
        shop.apply().code(0);
        customers(&shop, 8);
        let run = if is_asked {
            let mut run = shop.project.start_on_terminal(["apply"]);
            run.wait_said("Only `yes` sends");
            dump.put_back(cluster, way);
            let before = shop.requests();
            run.types("yes");
            let run = shop.project.finish(run).code(8);
            assert_eq!(shop.requests(), before, "{run}");
            assert!(run.stdout.contains("were put back from a copy"), "{run}");
            run
        } else {
            shop.sandbox.faults(&["hold-after@1"]);
            let run = shop.start();
            shop.sandbox.wait_held(1);
            let before = shop.requests();
            dump.put_back(cluster, way);
            shop.sandbox.release();
            // What became of the bulk in flight has no claim any more, so it is kept beside the ledger.
            let run = shop.project.finish(run).code(8);
            assert_eq!(shop.requests(), before, "{run}");
            assert!(run.stderr.contains("were put back from a copy"), "{run}");
            run
        };
        shop.project.run(["ledger", "recover", "--accept", "older-unknown=4"]).code(0);
        shop.let_leases_end();
        shop.apply().code(0);
        assert_eq!(shop.accepted(), [1; 8], "{way:?}, {is_old}, {is_asked}: {run}");
    }
}

#[test]
fn a_dump_that_is_put_back_right_before_a_claim_is_noticed_by_the_claim() {
    let cluster = Cluster::shared();
    let shop = Shop::new(2, 2, cluster.database());
    let project = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", format!("{project}witness: required\n"));
    shop.apply().code(0);
    let dump = Dump::of(cluster, &shop.url);
    customers(&shop, 4);
    shop.apply().code(0);
    customers(&shop, 8);
    // All looks at the tables are over when the gateway is asked for the first time.
    shop.sandbox.faults(&["logs:hold-before@1"]);
    let run = shop.start();
    shop.sandbox.wait_held(1);
    let before = shop.requests();
    dump.put_back(cluster, Way::Tables);
    shop.sandbox.release();
    let run = shop.project.finish(run).code(8);
    assert_eq!(shop.requests(), before, "{run}");
    assert!(run.stdout.contains("were put back from a copy"), "{run}");
}

#[test]
fn tables_that_were_put_back_one_by_one_from_a_dump_of_before_are_brought_up_to_date() {
    let cluster = Cluster::shared();
    for gone in ["ALTER TABLE sendform.claims DROP born", "DROP TABLE sendform.marks"] {
        let shop = Shop::new(2, 2, cluster.database());
        shop.apply().code(0);
        cluster.sql(&shop.url, gone);
        shop.project.run(["status"]).code(0);
        customers(&shop, 3);
        shop.apply().code(0);
        customers(&shop, 4);
        let run = shop.apply().code(0);
        assert!(!run.stderr.contains('!'), "{run}");
        assert_eq!(shop.accepted(), [1; 4], "{gone}");
    }
}

#[test]
fn whoever_may_not_use_a_table_is_told_what_to_grant() {
    let cluster = Cluster::shared();
    let shop = Shop::new(2, 2, cluster.database());
    cluster.sql(
        &shop.url,
        "CREATE ROLE clerk LOGIN; GRANT USAGE ON SCHEMA sendform TO clerk; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA sendform TO clerk",
    );
    let mut shop = shop;
    shop.project.set("SENDFORM_DATABASE_URL", shop.url.replace("user=sendform", "user=clerk"));
    shop.project.run(["plan"]).code(0);
    shop.apply().code(0);
    cluster.sql(&shop.url, "REVOKE ALL ON sendform.marks FROM clerk");
    customers(&shop, 3);
    let run = sends_nothing(&shop, APPLY, 1);
    assert!(run.stderr.contains("its user needs USAGE of the schema"), "{run}");
    cluster.sql(&shop.url, "GRANT SELECT ON sendform.marks TO clerk");
    sends_nothing(&shop, APPLY, 1);
    cluster.sql(&shop.url, "GRANT INSERT ON sendform.marks TO clerk; REVOKE UPDATE ON sendform.ledgers FROM clerk");
    sends_nothing(&shop, APPLY, 1);
    cluster.sql(&shop.url, "GRANT UPDATE ON sendform.ledgers TO clerk; REVOKE USAGE ON SCHEMA sendform FROM clerk");
    let run = sends_nothing(&shop, APPLY, 1);
    assert!(run.stderr.contains("permission denied for schema sendform (42501)"), "{run}");
    cluster.sql(&shop.url, "GRANT USAGE ON SCHEMA sendform TO clerk");
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 3]);
}

/// Makes the tables what an older version has made.
fn first_version(shop: &Shop) {
    Cluster::shared().sql(
        &shop.url,
        "ALTER TABLE sendform.ledgers DROP born; ALTER TABLE sendform.claims DROP born; DROP TABLE sendform.marks; \
         UPDATE sendform.version SET number = 1",
    );
}

#[test]
fn tables_of_before_are_compared_once() {
    let shop = Shop::new(2, 2, Cluster::shared().database());
    shop.apply().code(0);
    first_version(&shop);
    customers(&shop, 3);
    // Nobody can tell them from an old copy: the gateway has to be asked, whatever the project says.
    shop.sandbox.faults(&["logs:403*"]);
    let run = sends_nothing(&shop, APPLY, 9);
    assert!(run.stderr.contains("nothing shows that the database's tables, with 1 claim, are no old copy"), "{run}");
    shop.sandbox.faults(&[]);
    shop.let_leases_end();
    shop.apply().code(0);
    customers(&shop, 4);
    let run = shop.apply().code(0);
    assert!(!run.stderr.contains('!'), "{run}");
    assert_eq!(shop.accepted(), [1; 4]);
}

#[test]
fn a_dump_of_tables_of_before_is_found_out_by_the_gateway() {
    let shop = Shop::new(2, 2, Cluster::shared().database());
    shop.apply().code(0);
    first_version(&shop);
    let dump = Dump::of(Cluster::shared(), &shop.url);
    customers(&shop, 4);
    shop.apply().code(0);
    dump.put_back(Cluster::shared(), Way::Schema);
    for _ in 0..2 {
        let run = sends_nothing(&shop, APPLY, 8);
        assert!(run.stdout.contains("the gateway has messages that this ledger does not know"), "{run}");
        shop.let_leases_end();
    }
    shop.project.run(["ledger", "recover"]).code(0);
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 4]);
}

#[test]
fn tables_that_may_be_an_old_copy_are_carried_nowhere() {
    for (is_old, words) in [(false, "were put back from a copy"), (true, "are no old copy")] {
        let shop = Shop::new(2, 2, Cluster::shared().database());
        shop.apply().code(0);
        if is_old {
            first_version(&shop);
        } else {
            Dump::of(Cluster::shared(), &shop.url).put_back(Cluster::shared(), Way::Tables);
        }
        let project = shop.project.read("sendform.yaml");
        shop.project.write("sendform.yaml", project.replace("state: { in: postgres }\n", ""));
        let copy = ["ledger", "copy", "--from", "postgres"];
        let run = shop.project.run(copy).code(8);
        assert!(run.stderr.contains(words), "{run}");
        assert!(!shop.project.path("sendform.lock").exists());
        shop.project.write("sendform.yaml", &project);
        shop.project.run(["ledger", "recover"]).code(0);
        shop.project.write("sendform.yaml", project.replace("state: { in: postgres }\n", ""));
        shop.project.run(copy).code(0);
        customers(&shop, 3);
        shop.apply().code(0);
        assert_eq!(shop.accepted(), [1; 3]);
    }
}

#[test]
fn what_keeps_a_server_in_order_gives_no_alarm() {
    let cluster = Cluster::shared();
    let shop = Shop::new(1, 2, cluster.database());
    shop.apply().code(0);
    let harmless = [
        "VACUUM",
        "VACUUM FREEZE",
        "VACUUM FULL",
        "CLUSTER sendform.claims USING claims_pkey",
        "ANALYZE",
        "REINDEX TABLE sendform.claims",
        "BEGIN; SELECT * FROM sendform.claims FOR UPDATE; SELECT * FROM sendform.ledgers FOR SHARE; COMMIT",
        "ALTER TABLE sendform.claims ADD note text; ALTER TABLE sendform.ledgers ADD note text DEFAULT 'none'",
        "ALTER TABLE sendform.claims DROP note; ALTER TABLE sendform.claims SET (fillfactor = 90)",
        "CREATE INDEX by_line ON sendform.claims (length(line))",
    ];
    for (statement, count) in harmless.into_iter().zip(2..) {
        cluster.sql(&shop.url, statement);
        customers(&shop, count);
        let run = shop.apply().code(0);
        assert!(!run.stderr.contains('!'), "{statement}: {run}");
        assert_eq!(shop.accepted(), vec![1; count.try_into().unwrap()], "{statement}");
    }
}

#[test]
fn a_disk_that_was_set_back_is_noticed_where_its_server_was_seen_and_else_by_the_gateway() {
    let cluster = Cluster::start("");
    for is_seen in [true, false] {
        let shop = Shop::new(2, 2, cluster.database());
        shop.apply().code(0);
        let copy = copy_disk(&cluster);
        customers(&shop, 4);
        shop.apply().code(0);
        put_disk_back(&cluster, &copy);
        if !is_seen {
            std::fs::remove_dir_all(shop.project.path(".sendform")).unwrap();
        }
        for _ in 0..2 {
            let run = sends_nothing(&shop, APPLY, 8);
            let says = if is_seen { &run.stderr } else { &run.stdout };
            let words = if is_seen { "was set back to an earlier state" } else { "that this ledger does not know" };
            assert!(says.contains(words), "{run}");
        }
        if is_seen {
            let seen = shop.project.run(["status"]).code(0);
            assert!(seen.stderr.contains("`sendform apply` is refused: the server's log ends before"), "{seen}");
            sends_nothing(&shop, &["reconcile"], 8);
        }
        shop.project.run(["ledger", "recover"]).code(0);
        shop.apply().code(0);
        customers(&shop, 5);
        shop.apply().code(0);
        assert_eq!(shop.accepted(), [1; 5]);
    }
}

#[test]
fn somebody_may_vouch_for_a_disk_that_lacks_nothing() {
    let cluster = Cluster::start("");
    let shop = Shop::new(2, 2, cluster.database());
    shop.apply().code(0);
    let copy = copy_disk(&cluster);
    cluster.sql(&shop.url, "CREATE TABLE other AS SELECT * FROM generate_series(1, 1000)");
    // The run notes how far the log is, and writes nothing.
    shop.apply().code(0);
    put_disk_back(&cluster, &copy);
    customers(&shop, 3);
    sends_nothing(&shop, APPLY, 8);
    shop.project.run(["reconcile", "--accept", "restored=1"]).code(0);
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1; 3]);
}
