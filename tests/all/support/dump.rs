//! Dumps of a database's ledger, and the ways in which people put them back.

use std::sync::atomic::{AtomicU32, Ordering};

use super::Cluster;

/// The tables of a ledger.
const TABLES: &str = "sendform.ledgers, sendform.messages, sendform.claims, sendform.outcomes, sendform.persons, \
                      sendform.plans, sendform.bulks, sendform.paces, sendform.marks, sendform.stops, sendform.version";

/// How a dump is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Into a database that was made anew.
    Database,
    /// Where the schema was dropped.
    Schema,
    /// Into tables that were emptied.
    Tables,
}

impl Way {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Database, Self::Schema, Self::Tables];
}

/// A dump of the schema that a ledger has in a database, whole and its rows alone.
#[derive(Debug)]
pub(crate) struct Dump {
    name: String,
    whole: String,
    rows: String,
}

impl Dump {
    /// Makes it, of the database with this URL.
    #[track_caller]
    pub(crate) fn of(cluster: &Cluster, url: &str) -> Self {
        let name = name(url).to_owned();
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let file = |kind: &str| cluster.socket().join(format!("{name}.{number}.{kind}.sql")).display().to_string();
        let (whole, rows) = (file("whole"), file("rows"));
        let socket = cluster.socket().display().to_string();
        let whole_schema = ["-h", &socket, "-U", "sendform", "-d", &name, "-n", "sendform", "-f"];
        cluster.owner_runs("pg_dump", &[&whole_schema[..], &[&whole]].concat());
        cluster.owner_runs("pg_dump", &[&whole_schema[..], &[&rows, "--data-only"]].concat());
        Self { name, whole, rows }
    }

    /// Puts it back in the place of what is there.
    #[track_caller]
    pub(crate) fn put_back(&self, cluster: &Cluster, way: Way) {
        let name = &self.name;
        let url = cluster.url(name);
        match way {
            Way::Database => {
                cluster.sql("postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
                cluster.sql("postgres", &format!("CREATE DATABASE {name}"));
            }
            Way::Schema => drop(cluster.sql(&url, "DROP SCHEMA sendform CASCADE")),
            Way::Tables => drop(cluster.sql(&url, &format!("TRUNCATE {TABLES}"))),
        }
        let file = if way == Way::Tables { &self.rows } else { &self.whole };
        let socket = cluster.socket().display().to_string();
        let arguments = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", &socket, "-U", "sendform", "-d", name, "-f", file];
        cluster.owner_runs("psql", &arguments);
    }
}

/// Makes a copy of a database, files and all, and gives its name.
#[track_caller]
pub(crate) fn copy_of(cluster: &Cluster, url: &str) -> String {
    let name = name(url);
    cluster.sql("postgres", &format!("CREATE DATABASE copy_of_{name} TEMPLATE {name}"));
    format!("copy_of_{name}")
}

/// Puts the copy in the place of the database.
#[track_caller]
pub(crate) fn put_copy_back(cluster: &Cluster, url: &str, copy: &str) {
    let name = name(url);
    cluster.sql("postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
    cluster.sql("postgres", &format!("ALTER DATABASE {copy} RENAME TO {name}"));
}

/// The name of the database with a URL.
fn name(url: &str) -> &str {
    url.split(['/', '?']).nth(3).expect("a URL names a database")
}
