//! Audiences as they are written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{pattern, present};

/// The people to whom a message goes: rows with columns, from exactly one of `csv`, `ndjson` and
/// `rows`. Every column is text, and templates and `where` use it by its name.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["csv"] }, { "required": ["ndjson"] }, { "required": ["rows"] }]))]
pub struct Audience {
    /// A CSV file with a header, maybe compressed (`.gz`, `.zst`). The path is relative to the
    /// project's folder, or to the data folder. Example: `audiences/subscribers.csv`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(min = 1, max = 1024), example = &"audiences/subscribers.csv")]
    pub csv: Option<String>,
    /// A file with one JSON object on each line, maybe compressed (`.gz`, `.zst`). The path is
    /// relative to the project's folder, or to the data folder. Example: `audiences/people.ndjson`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(min = 1, max = 1024), example = &"audiences/people.ndjson")]
    pub ndjson: Option<String>,
    /// What stands between the columns of the CSV file: one character, or `tab`. Default: what its header
    /// shows, of `,`, `;`, `|` and the tab.
    #[serde(default, deserialize_with = "present")]
    #[schemars(regex(pattern = pattern::DELIMITER), example = &";")]
    pub delimiter: Option<String>,
    /// The encoding of the file, by its name on the web. Default: `utf-8`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(min = 1, max = 40), example = &"windows-1252")]
    pub encoding: Option<String>,
    /// A few rows, written here. Every cell is a text in quotes; a row may leave columns out, which
    /// are then empty. Example: `[{ to: "17841400000000001", first_name: "Ana" }]`.
    #[serde(default, deserialize_with = "present")]
    pub rows: Option<Vec<BTreeMap<String, String>>>,
    /// The names of columns that have a meaning of their own.
    #[serde(default)]
    pub columns: Columns,
    /// Which rows belong to the audience; all, if nothing is said. A minijinja expression over the
    /// columns, which are all text; an empty cell is `""`.
    /// Example: `consent == "yes" and country in ["HR", "SI"]`.
    #[serde(default, rename = "where", deserialize_with = "present")]
    #[schemars(length(min = 1), example = &"consent == \"yes\" and int(age) >= 18")]
    pub filter: Option<String>,
    /// Names of audiences whose people are left out. Example: `[staff]`.
    #[serde(default)]
    #[schemars(
        inner(length(min = 1)),
        extend("uniqueItems" = true)
    )]
    pub exclude: Vec<String>,
    /// How many people the audience should have; with more or fewer, nothing is sent.
    #[serde(default, deserialize_with = "present")]
    pub expect: Option<Expect>,
    /// Where the audience keeps people from getting messages (`suppress`, `exclude`): whether it may hold
    /// nobody, or ids of another shape than those of the people it is held against. Default: false.
    #[serde(default)]
    pub may_be_empty: bool,
}

/// The names of columns that have a meaning of their own.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Columns {
    /// The column with the recipient's id. Default: `to`.
    #[schemars(length(min = 1, max = 200))]
    pub to: String,
    /// The column with the recipient's IANA time zone, for schedules with `perPerson: true`.
    #[serde(deserialize_with = "present")]
    #[schemars(length(min = 1, max = 200), example = &"time_zone")]
    pub time_zone: Option<String>,
    /// The column with the time at which the recipient's conversation window closes: a date and time
    /// with `Z` or an offset. Nobody is written to after it. Not together with `lastMessageAt`.
    #[serde(deserialize_with = "present")]
    #[schemars(length(min = 1, max = 200), example = &"window_closes_at")]
    pub window_closes_at: Option<String>,
    /// The column with the time of the recipient's last message: a date and time with `Z` or an
    /// offset. The conversation window closes 24 hours later. Not together with `windowClosesAt`.
    #[serde(deserialize_with = "present")]
    #[schemars(length(min = 1, max = 200), example = &"last_message_at")]
    pub last_message_at: Option<String>,
}

impl Default for Columns {
    fn default() -> Self {
        Self { to: "to".to_owned(), time_zone: None, window_closes_at: None, last_message_at: None }
    }
}

/// How many people an audience should have.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub struct Expect {
    /// At least so many people. Example: `100`.
    #[serde(default, deserialize_with = "present")]
    pub min: Option<u64>,
    /// At most so many people. Example: `20000`.
    #[serde(default, deserialize_with = "present")]
    pub max: Option<u64>,
}
