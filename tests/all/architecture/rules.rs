//! The rules of the house for one file of `src`: which rooms it may look into, and what it must not
//! contain.

use super::paths::{Path, paths};
use super::tokens::program;

/// The rooms, in the order in which the data passes through them.
pub(crate) const ROOMS: [&str; 17] = [
    "diagnostic",
    "wire",
    "identity",
    "timing",
    "campaign",
    "render",
    "audience",
    "ledger",
    "plan",
    "apply",
    "source",
    "store",
    "gateway",
    "forge",
    "sandbox",
    "report",
    "cli",
];

/// Rooms that stand side by side, and do not look into each other: but the forge goes by the gateway's HTTP client.
const SIDE_BY_SIDE: [&str; 4] = ["source", "store", "gateway", "forge"];
/// All that the sandbox may look into: it must not be made to agree with the rest of the house.
const SEEN_BY_SANDBOX: [&str; 3] = ["diagnostic", "wire", "timing"];

/// Says everything that is wrong with a file of `src`, with its line.
pub(crate) fn faults(file: &str, source: &str) -> Vec<String> {
    let tokens = program(source);
    let paths = paths(&tokens);
    let room = room_of(file);
    let checked = |path: &Path| {
        let found = [import(room, path), way_out(file, path), effect(file, room, path), glob(path)];
        found.into_iter().flatten().map(|fault| format!("{file}:{}: {fault}", path.line)).collect::<Vec<_>>()
    };
    paths.iter().flat_map(checked).collect()
}

/// The room that a file of `src` belongs to; `lib` and `main` stand outside of all.
pub(crate) fn room_of(file: &str) -> &str {
    let inside = file.strip_prefix("src/").unwrap_or(file);
    inside.split_once('/').map_or(inside, |(room, _)| room).trim_end_matches(".rs")
}

/// Whether a room may look into another.
fn may_import(room: &str, other: &str) -> bool {
    let place = |room: &str| ROOMS.iter().position(|known| *known == room);
    let (Some(here), Some(there)) = (place(room), place(other)) else { return room == "lib" };
    match room {
        _ if room == other => true,
        "forge" if other == "gateway" => true,
        "sandbox" => SEEN_BY_SANDBOX.contains(&other),
        "report" => there < here && other != "sandbox" && !SIDE_BY_SIDE.contains(&other),
        _ if SIDE_BY_SIDE.contains(&room) => there < here && !SIDE_BY_SIDE.contains(&other),
        _ => there < here,
    }
}

fn import(room: &str, path: &Path) -> Option<String> {
    let [first, other, ..] = path.segments.as_slice() else { return None };
    let seen = first != "crate" || may_import(room, other);
    (!seen).then(|| format!("`{room}` must not look into `{other}`"))
}

/// `super::super::…` must not lead out of the room unseen.
fn way_out(file: &str, path: &Path) -> Option<String> {
    let supers = path.segments.iter().take_while(|segment| *segment == "super").count();
    let folders = file.matches('/').count();
    let depth = if file.ends_with("/mod.rs") { folders - 1 } else { folders };
    (supers > 0 && supers >= depth + path.inside)
        .then(|| format!("`{}` leaves the room: write `crate::…`", path.text()))
}

/// What a room may do to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// Nothing: values in, values out.
    Pure,
    /// The same, over ports that are awaited.
    Awaiting,
    /// Files, network, clocks; but no terminal, and no say in when the process ends.
    Effects,
    /// Everything.
    Outermost,
}

fn nature(file: &str, room: &str) -> Nature {
    match room {
        "apply" => Nature::Awaiting,
        "cli" | "main" => Nature::Outermost,
        "source" | "store" | "gateway" => Nature::Effects,
        "forge"
            if ["github", "gitlab", "http"].iter().any(|folder| file.starts_with(&format!("src/forge/{folder}/"))) =>
        {
            Nature::Effects
        }
        "sandbox" if !file.starts_with("src/sandbox/model") => Nature::Effects,
        _ => Nature::Pure,
    }
}

const PRINTING: [&str; 4] = ["print!", "println!", "eprint!", "eprintln!"];

const TERMINAL: [&str; 5] = ["clap", "std::process::exit", "std::io::stdout", "std::io::stderr", "anstream"];

const WORLD: [&str; 21] = [
    "std::fs",
    "std::env",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "std::io::stdin",
    "std::time",
    "tokio",
    "reqwest",
    "axum",
    "rusqlite",
    "rustls",
    "rand",
    "getrandom",
    "tempfile",
    "cap_std",
    "atomic_write_file",
    "indicatif",
    "tracing",
    "log",
];

/// What of the world the pure rooms may still name.
const HARMLESS: [&str; 1] = ["std::time::Duration"];
/// What `apply` may name besides.
const HARMLESS_WHEN_AWAITING: [&str; 4] = ["tokio::sync", "tokio::select!", "tokio::join!", "tokio::pin!"];

fn effect(file: &str, room: &str, path: &Path) -> Option<String> {
    let nature = nature(file, room);
    // A name alone may be a variable.
    let named = |list: &[&str]| path.segments.len() > 1 && list.iter().any(|entry| path.starts_with(entry));
    let threads = file == "src/plan/parallel.rs" && path.starts_with("std::thread");
    let harmless = named(&HARMLESS) || (nature == Nature::Awaiting && named(&HARMLESS_WHEN_AWAITING)) || threads;
    let prints = path.segments.last().is_some_and(|last| PRINTING.contains(&last.as_str()));
    let terminal = prints || named(&TERMINAL) || path.text().ends_with("process::exit");
    let clock = path.holds("SystemTime")
        || path.holds("Instant")
        || path.text().ends_with("::now")
        || path.text().ends_with("TimeZone::system");
    let world = named(&WORLD) || clock || path.text() == "std";
    let forbidden = match nature {
        Nature::Outermost => false,
        Nature::Effects => terminal,
        Nature::Pure | Nature::Awaiting => (terminal || world) && !harmless,
    };
    forbidden.then(|| format!("`{room}` must not name `{}`", path.text()))
}

fn glob(path: &Path) -> Option<String> {
    let glob = path.segments.len() == 2 && path.starts_with("super::*");
    glob.then(|| "imports are written out, not `super::*`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, source: &str, expect: &str) {
        assert_eq!(faults(file, source).join("\n"), expect, "{file}: {source}");
    }

    fn allowed(file: &str, source: &str) {
        check(file, source, "");
    }

    #[test]
    fn an_upward_import_is_found() {
        check("src/wire/time.rs", "use crate::plan::Plan;", "src/wire/time.rs:1: `wire` must not look into `plan`");
        check(
            "src/plan/mod.rs",
            "use crate::{\n    wire::limits,\n    store::{Git, Lockfile},\n};",
            "src/plan/mod.rs:3: `plan` must not look into `store`\nsrc/plan/mod.rs:3: `plan` must not look into `store`",
        );
        check(
            "src/plan/mod.rs",
            "\nfn a() { crate::cli::run() }",
            "src/plan/mod.rs:2: `plan` must not look into `cli`",
        );
        check(
            "src/store/git.rs",
            "use crate::source::Folder;",
            "src/store/git.rs:1: `store` must not look into `source`",
        );
        check(
            "src/sandbox/mod.rs",
            "use crate::plan::Bulk;",
            "src/sandbox/mod.rs:1: `sandbox` must not look into `plan`",
        );
        check("src/forge/a.rs", "use crate::store::Git;", "src/forge/a.rs:1: `forge` must not look into `store`");
        check("src/gateway/a.rs", "use crate::forge::A;", "src/gateway/a.rs:1: `gateway` must not look into `forge`");
        check("src/report/a.rs", "use crate::forge::A;", "src/report/a.rs:1: `report` must not look into `forge`");
        check("src/report/a.rs", "use crate::store::Git;", "src/report/a.rs:1: `report` must not look into `store`");
        check(
            "src/render/a.rs",
            "use crate::audience::A;",
            "src/render/a.rs:1: `render` must not look into `audience`",
        );
        check("src/wire/a.rs", "use crate::attic::A;", "src/wire/a.rs:1: `wire` must not look into `attic`");
    }

    #[test]
    fn a_downward_import_is_fine() {
        allowed("src/audience/a.rs", "use crate::{render::A, campaign, wire::{limits, options}};");
        allowed("src/plan/a.rs", "use crate::plan::bulk::Bulk; use crate::identity::Person;");
        allowed("src/sandbox/a.rs", "use crate::{wire, timing, diagnostic};");
        allowed("src/report/a.rs", "use crate::apply::Event;");
        allowed("src/cli/a.rs", "use crate::{sandbox, report, store, source};");
        allowed("src/forge/http/a.rs", "use crate::{gateway, plan}; use tokio::time::sleep;");
        allowed("src/wire/a.rs", "// use crate::cli;\nconst A: &str = \"crate::cli::run\";");
        allowed("src/wire/a.rs", "#[cfg(test)]\nmod tests { use crate::cli::run; use super::*; }");
    }

    #[test]
    fn a_way_out_through_the_parents_is_found() {
        allowed("src/wire/request.rs", "use super::options::Platform;");
        allowed("src/wire/response.rs", "mod optional { fn a() { super::super::time::write() } }");
        check(
            "src/wire/mod.rs",
            "use super::plan::A;",
            "src/wire/mod.rs:1: `super::plan::A` leaves the room: write `crate::…`",
        );
        check(
            "src/wire/request.rs",
            "use super::super::plan::A;",
            "src/wire/request.rs:1: `super::super::plan::A` leaves the room: write `crate::…`",
        );
    }

    #[test]
    fn a_clock_read_in_a_pure_room_is_found() {
        for source in [
            "use std::time::Instant;",
            "use std::time;",
            "use std::{time::{Duration, SystemTime}};",
            "fn a() { let now = jiff::Timestamp::now(); }",
            "fn a() { Zoned::now() }",
            "fn a() { TimeZone::system() }",
        ] {
            assert_eq!(faults("src/plan/a.rs", source).len(), 1, "{source}");
            allowed("src/cli/a.rs", source);
        }
        allowed("src/plan/a.rs", "use std::time::Duration; fn a(now: Timestamp) { b(now, c.now) }");
    }

    #[test]
    fn the_world_is_kept_out_of_pure_rooms() {
        for source in [
            "use std::fs::File;",
            "use std::{fmt, env};",
            "fn a() { ::std::net::lookup() }",
            "use std as s;",
            "use std::thread;",
            "use std::process::Command;",
            "use tokio::sync::Mutex;",
            "use rusqlite::Connection;",
            "fn a() { getrandom::fill(&mut b) }",
            "fn a() { println!(\"b\") }",
            "fn a() { std::eprintln!(\"b\"); std::io::stdout(); std::io::stderr() }",
            "fn a() { tracing::info!(\"b\") }",
            "use clap::Parser;",
        ] {
            for file in ["src/plan/a.rs", "src/sandbox/model/a.rs", "src/sandbox/model.rs", "src/report/a.rs"] {
                assert!(!faults(file, source).is_empty(), "{file}: {source}");
            }
        }
        allowed("src/plan/parallel.rs", "use std::thread;");
        allowed("src/plan/a.rs", "use std::io::{BufRead, Write}; use std::collections::HashMap; let log = rand + 1;");
    }

    #[test]
    fn apply_may_await_and_nothing_else() {
        allowed("src/apply/a.rs", "use tokio::sync::Mutex; use futures_util::StreamExt as _;");
        for source in ["use tokio::time::sleep;", "use tokio::{fs, sync};", "use std::fs;", "Timestamp::now()"] {
            assert_eq!(faults("src/apply/a.rs", source).len(), 1, "{source}");
        }
    }

    #[test]
    fn only_the_client_of_the_forge_reaches_it() {
        for source in ["use std::env;", "use tokio::time::sleep;", "use std::fs;", "Timestamp::now()"] {
            assert_eq!(faults("src/forge/binding.rs", source).len(), 1, "{source}");
        }
        allowed("src/forge/github/a.rs", "use reqwest::Method; use tokio::time::sleep;");
    }

    #[test]
    fn only_the_command_line_prints_and_exits() {
        for source in ["std::process::exit(1)", "process::exit(1)", "println!()", "std::eprint!()", "use clap::Args;"] {
            for file in ["src/store/a.rs", "src/gateway/a.rs", "src/source/a.rs", "src/sandbox/server.rs"] {
                assert_eq!(faults(file, source).len(), 1, "{file}: {source}");
            }
            allowed("src/cli/a.rs", source);
        }
        allowed("src/sandbox/server.rs", "use std::{fs, time::Instant}; use tokio::net::TcpListener;");
    }

    #[test]
    fn a_glob_of_the_parent_is_found() {
        check("src/plan/a.rs", "use super::*;", "src/plan/a.rs:1: imports are written out, not `super::*`");
    }
}
