//! Servers, databases and ledgers that nothing is sent from.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use super::shop::Shop;
use crate::support::{Cluster, Run};

/// Nothing is sent, and the run ends with this code and these words.
#[track_caller]
fn refused(shop: &Shop, code: i32, words: &str) -> Run {
    let run = shop.apply().code(code);
    assert!(run.stderr.contains(words), "not `{words}`:\n{run}");
    assert_eq!(shop.requests(), 0, "{run}");
    run
}

#[test]
fn a_ledger_that_is_missing_or_another_projects_is_refused() {
    let mut shop = Shop::without_ledger(2, 2, Cluster::shared().database());
    let missing = refused(&shop, 8, "there is no ledger at `sendform in ");
    assert!(missing.stderr.contains("sendform ledger init"), "{missing}");
    shop.project.run(["ledger", "init"]).code(0);
    let again = shop.project.run(["ledger", "init"]).code(8);
    assert!(again.stderr.contains("there is a ledger"), "{again}");
    shop.project.set("SENDFORM_KEY", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=");
    refused(&shop, 8, "cannot be recognised without the key");
    shop.project.set("SENDFORM_KEY", crate::support::KEY);
    Cluster::shared().sql(&shop.url, "UPDATE sendform.ledgers SET header = replace(header, 'acme', 'evil')");
    refused(&shop, 8, "is damaged");
    shop.project.unset("SENDFORM_DATABASE_URL");
    refused(&shop, 9, "set SENDFORM_DATABASE_URL");
    shop.project.set("SENDFORM_DATABASE_URL", "mysql://ana:secret@127.0.0.1:1/sent");
    refused(&shop, 9, "it does not begin with postgres://");
    shop.project.set("SENDFORM_DATABASE_URL", shop.url.replace("user=sendform", "user=nobody"));
    refused(&shop, 9, "the database refused the login");
    shop.project.set("SENDFORM_DATABASE_URL", "postgres://ana:secret@127.0.0.1:1/sent");
    let unreachable = refused(&shop, 1, "the database cannot be reached");
    assert!(!unreachable.to_string().contains("secret"), "{unreachable}");
}

#[test]
fn another_gateway_is_refused_until_the_ledger_is_bound_anew() {
    let url = Cluster::shared().database();
    let first = Shop::new(2, 2, url.clone());
    let second = Shop::without_ledger(2, 2, url);
    let run = refused(&second, 8, "belongs to the gateway");
    drop(run);
    let old = first.sandbox.address().to_string();
    second.project.run(["ledger", "rebind", "--gateway", &old]).code(0);
    second.apply().code(0);
    assert_eq!(second.accepted(), [1, 1]);
    refused(&first, 8, "belongs to the gateway");
}

#[test]
fn a_lockfile_moves_into_the_database() {
    let shop = Shop::without_ledger(4, 2, Cluster::shared().database());
    let file = shop.project.read("sendform.yaml");
    shop.project.write("sendform.yaml", file.replace("state: { in: postgres }\n", ""));
    shop.project.run(["ledger", "init"]).code(0);
    shop.apply().code(0);
    shop.project.write("sendform.yaml", file);
    shop.project.run(["ledger", "copy", "--from", "lockfile"]).code(0);
    let run = shop.apply().code(0);
    assert!(run.stdout.contains("nothing to send"), "{run}");
    assert_eq!(shop.accepted(), [1; 4]);
    assert_eq!(Cluster::shared().sql(&shop.url, "SELECT count(*) FROM sendform.persons"), "4");
}

#[test]
fn newer_tables_and_damaged_lines_are_refused() {
    let cluster = Cluster::shared();
    let shop = Shop::new(2, 2, cluster.database());
    cluster.sql(&shop.url, "UPDATE sendform.version SET number = number + 1");
    refused(&shop, 8, "made by a newer sendform");
    cluster.sql(&shop.url, "UPDATE sendform.version SET number = number - 1");
    cluster.sql(
        &shop.url,
        "INSERT INTO sendform.claims SELECT id, 1, 1, '{\"claim\":\"x\"}' || chr(10) FROM sendform.ledgers",
    );
    refused(&shop, 8, "is damaged");
}

#[test]
fn a_server_that_was_restored_or_promoted_is_refused_until_it_is_confirmed() {
    let cluster = Cluster::shared();
    let shop = Shop::new(2, 2, cluster.database());
    cluster
        .sql(&shop.url, "UPDATE sendform.ledgers SET server = '7000000000000000000/00000001', born = txid_current()");
    refused(&shop, 8, "the server is not the one that held this ledger last");
    // Looking is harmless, but says it.
    for command in ["plan", "status"] {
        let seen = shop.project.run([command]).code(0);
        assert!(seen.stderr.contains("`sendform apply` is refused"), "{seen}");
    }
    // Claims that are missing leave nothing in doubt: nothing but a person's word confirms it.
    let not_yet = shop.project.run(["reconcile"]).code(8);
    assert!(not_yet.stderr.contains("--accept restored=1"), "{not_yet}");
    shop.project.run(["reconcile", "--only", "sale"]).code(8);
    shop.project.run(["reconcile", "--only", "sale", "--accept", "restored=1"]).code(64);
    refused(&shop, 8, "the server is not the one that held this ledger last");
    let confirmed = shop.project.run(["reconcile", "--accept", "restored=1"]).code(0);
    assert!(confirmed.stderr.contains("the database's server is confirmed"), "{confirmed}");
    shop.apply().code(0);
    assert_eq!(shop.accepted(), [1, 1]);
}

#[test]
fn servers_that_do_not_keep_what_they_confirm_are_refused() {
    let cluster = Cluster::start("fsync = off\n");
    let shop = Shop::without_ledger(2, 2, cluster.database());
    refused(&shop, 8, "the server runs with `fsync = off`");
    // What a session can set right is set right.
    let cluster = Cluster::shared();
    let url = cluster.database();
    let name = url.split(['/', '?']).nth(3).unwrap();
    cluster.sql(&url, &format!("ALTER DATABASE {name} SET synchronous_commit = off"));
    Shop::new(2, 2, url).apply().code(0);
}

#[test]
fn a_replica_is_refused() {
    let primary = Cluster::start("");
    let shop = Shop::new(2, 2, primary.database());
    let folder = Cluster::folder();
    let received = folder.join("received").display().to_string();
    let socket = primary.socket().display().to_string();
    primary.owner_runs("pg_basebackup", &["-h", &socket, "-U", "sendform", "-D", &received, "-R", "-c", "fast"]);
    let settings = format!("{received}/postgresql.auto.conf");
    let own = format!("echo \"unix_socket_directories = '{}'\" >>{settings}", folder.display());
    primary.owner_runs("sh", &["-c", &own]);
    let replica = Cluster::start_received(folder);
    let name = shop.url.split(['/', '?']).nth(3).unwrap().to_owned();
    let mut shop = shop;
    shop.project.set("SENDFORM_DATABASE_URL", replica.url(&name));
    refused(&shop, 8, "the server is a replica");
}

#[test]
fn tls_is_required_of_servers_elsewhere_and_its_certificates_are_verified() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let [key, certificate] = ["server.key", "server.pem"].map(|name| folder.path().join(name).display().to_string());
    let cluster = Cluster::start(&format!("listen_addresses = '127.0.0.1'\nport = {port}\n"));
    let socket = format!("{}&port={port}", cluster.url("postgres"));
    cluster.sql(&socket, "CREATE DATABASE sent");
    let url = |mode: &str| format!("postgres://sendform@localhost:{port}/sent?sslmode={mode}");
    let mut shop = Shop::without_ledger(2, 2, url("require"));
    refused(&shop, 1, "the database cannot be reached");

    let data = cluster.data().display().to_string();
    let install = format!("install -m 600 \"$1\" {data}/server.key && install -m 644 \"$2\" {data}/server.crt");
    assert!(Command::new("sh").args(["-c", &install, "sh", &key, &certificate]).status().unwrap().success());
    assert!(
        Command::new("chown")
            .args(["--reference", &data])
            .arg(format!("{data}/server.key"))
            .status()
            .unwrap()
            .success()
    );
    cluster.sql(&socket, "ALTER SYSTEM SET ssl = on");
    cluster.sql(&socket, "SELECT pg_reload_conf()");
    // The authority is not known.
    let unknown = refused(&shop, 1, "the database cannot be reached");
    assert!(unknown.stderr.contains("certificate"), "{unknown}");
    shop.project.set("SENDFORM_DATABASE_CA", folder.path().join("ca.pem").display().to_string());
    shop.project.run(["ledger", "init"]).code(0);
    assert_eq!(shop.apply().code(0).code, Some(0));
    // The certificate is of another name.
    let other = url("verify-full").replace("localhost", "127.0.0.1");
    shop.project.set("SENDFORM_DATABASE_URL", other);
    let run = shop.apply().code(1);
    assert!(run.stderr.contains("certificate"), "{run}");
    shop.project.set("SENDFORM_DATABASE_CA", "nowhere.pem");
    assert!(shop.apply().code(1).stderr.contains("`nowhere.pem` cannot be read"));
}

/// An authority, and a server's certificate for `localhost` by it.
fn certificates(folder: &Path) {
    let script = "
        set -e
        openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=authority -keyout ca.key -out ca.pem
        openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr
        echo 'subjectAltName = DNS:localhost' >names
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile names -out server.pem
    ";
    let status = Command::new("sh").args(["-c", script]).current_dir(folder).stderr(Stdio::null()).status();
    assert!(status.unwrap().success(), "openssl makes certificates");
}

/// Whatever is asked of a server that may not know it is asked so that nothing of it is an error there.
#[test]
fn nothing_that_is_asked_is_an_error_in_the_servers_log() {
    let cluster = Cluster::start("");
    let shop = Shop::new(2, 2, cluster.database());
    shop.apply().code(0);
    shop.project.run(["status"]).code(0);
    let log = std::fs::read_to_string(cluster.socket().join("server.log")).unwrap();
    assert!(log.contains("ready to accept connections"), "{log}");
    assert!(!log.contains("ERROR"), "{log}");
}
