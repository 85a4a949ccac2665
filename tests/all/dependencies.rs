//! What the program is built of: each licence is one that `.deny.toml` allows, each crate comes from crates.io, and what is
//! banned there is not among them.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::readme::{read, root};

/// The texts in a list of `.deny.toml`.
fn listed(section: &str, key: &str) -> BTreeSet<String> {
    let text = read(".deny.toml");
    let (_, section) = text.split_once(&format!("\n[{section}]\n")).unwrap();
    let section = section.split("\n[").next().unwrap();
    let (_, list) = section.split_once(&format!("\n{key} = [")).unwrap();
    list.split(']').next().unwrap().split('"').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

/// Whether an expression of licences can be kept with the allowed ones. A slash is an old way to write `OR`.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let result = either(&mut rest, allowed);
    assert!(rest.is_empty(), "`{expression}` cannot be read");
    result
}

fn either(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut result = both(rest, allowed);
    while take(rest, "OR") {
        result |= both(rest, allowed);
    }
    result
}

fn both(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut result = single(rest, allowed);
    while take(rest, "AND") {
        result &= single(rest, allowed);
    }
    result
}

fn single(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    if take(rest, "(") {
        let inside = either(rest, allowed);
        assert!(take(rest, ")"), "a parenthesis is closed");
        return inside;
    }
    let (name, after) = rest.split_first().expect("a licence has a name");
    *rest = after;
    if take(rest, "WITH") {
        let (exception, after) = rest.split_first().expect("an exception has a name");
        *rest = after;
        return allowed.contains(&format!("{name} WITH {exception}"));
    }
    allowed.contains(*name)
}

fn take(rest: &mut &[&str], wanted: &str) -> bool {
    let found = rest.first() == Some(&wanted);
    if found {
        *rest = &rest[1..];
    }
    found
}

/// What the lockfile names, for all platforms.
fn packages() -> Vec<Value> {
    let arguments = ["metadata", "--locked", "--offline", "--format-version", "1"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().expect("cargo can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

#[test]
fn all_that_it_is_built_of_may_be() {
    let (allowed, banned) = (listed("licenses", "allow"), listed("bans", "deny"));
    let registries = listed("sources", "allow-registry");
    assert!(allowed.len() > 5 && !banned.is_empty() && registries.len() == 1);
    let packages = packages();
    assert!(packages.len() > 100, "{}", packages.len());
    let mut faults = Vec::new();
    for package in &packages {
        let name = package["name"].as_str().unwrap();
        let licence = package["license"].as_str().unwrap_or("none");
        if !is_allowed(licence, &allowed) {
            faults.push(format!("{name}: licence {licence}"));
        }
        if banned.contains(name) {
            faults.push(format!("{name} is banned"));
        }
        let source = package["source"].as_str();
        if name != "sendform" && !registries.iter().any(|known| source == Some(&format!("registry+{known}"))) {
            faults.push(format!("{name}: from {source:?}"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn an_expression_of_licences_is_kept_or_is_not() {
    let allowed = ["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"].map(ToOwned::to_owned).into();
    let check = |expression: &str, expect: bool| assert_eq!(is_allowed(expression, &allowed), expect, "{expression}");
    check("MIT", true);
    check("GPL-3.0-only", false);
    check("GPL-3.0-only OR MIT", true);
    check("GPL-3.0-only/MIT", true);
    check("MIT AND GPL-3.0-only", false);
    check("(GPL-3.0-only OR Zlib) AND MIT", true);
    check("Apache-2.0 WITH LLVM-exception", true);
    check("Apache-2.0", false);
}
