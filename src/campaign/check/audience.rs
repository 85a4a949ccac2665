//! Audiences: sources, columns, expectations, and whom they leave out.

use std::collections::BTreeMap;
use std::sync::Arc;

use encoding_rs::{Encoding, X_USER_DEFINED};

use crate::campaign::checked::{
    Audience, AudiencePlaces, AudienceSource, Columns, DeclaredAudience, Expect, SharedParts,
};
use crate::campaign::cursor::Cursor;
use crate::campaign::near;
use crate::campaign::raw;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, suggest};
use crate::identity::IdRule;

use super::content;
use super::findings::Findings;
use super::path::path;

/// Audiences by name; `None` for those that are declared, but wrong.
pub(super) type Audiences = BTreeMap<String, Option<DeclaredAudience>>;

/// Checks the audiences of a file. Those of the project, if it is known, may be left out of them.
pub(super) fn audiences(
    at: &Cursor<'_>,
    ids: IdRule,
    shared: Option<&SharedParts>,
    findings: &mut Findings,
) -> Audiences {
    let own: BTreeMap<&str, Option<Arc<Audience>>> =
        at.entries().map(|(name, at)| (name, audience(&at, name, ids, findings).map(Arc::new))).collect();
    let mut declared = Audiences::new();
    for (name, at) in at.entries() {
        let exclude = exclude(&at, name, &own, shared, findings);
        let audience = own.get(name).cloned().flatten();
        declared.insert(
            name.to_owned(),
            audience.zip(exclude).map(|(audience, exclude)| DeclaredAudience { audience, exclude }),
        );
    }
    declared
}

/// Checks an audience whose people never get anything.
pub(super) fn suppressed(
    at: &Cursor<'_>,
    number: usize,
    ids: IdRule,
    findings: &mut Findings,
) -> Option<Arc<Audience>> {
    if at.key("exclude").is_written() {
        let message = "`exclude` has no meaning for people who are suppressed";
        findings.push(Diagnostic::error(Code::UnknownKey, message, at.key("exclude").key_place()));
    }
    audience(at, &format!("suppress-{number}"), ids, findings).map(Arc::new)
}

fn audience(at: &Cursor<'_>, name: &str, ids: IdRule, findings: &mut Findings) -> Option<Audience> {
    let source = source(at, findings);
    check_columns(&at.key("columns"), findings);
    check_expect(&at.key("expect"), findings);

    // From here on the audience must be whole.
    whole(at, name, ids, source?, at.read()?)
}

/// What is left of an audience that is wrong, if it has rows: its condition can be looked at.
pub(super) fn loose(at: &Cursor<'_>, name: &str) -> Option<Audience> {
    let source = source(at, &mut Findings::new(Diagnostics::new()))?;
    let mut raw = serde_json::Map::new();
    raw.insert("csv".to_owned(), source.file().into());
    let mut raw: raw::Audience = serde_json::from_value(raw.into()).ok()?;
    raw.filter = at.key("where").text().map(str::to_owned);
    whole(at, name, IdRule::default(), source, raw)
}

fn whole(at: &Cursor<'_>, name: &str, ids: IdRule, mut source: AudienceSource, raw: raw::Audience) -> Option<Audience> {
    // Without any row nobody has said which columns there are.
    if let AudienceSource::Rows { header, .. } = &mut source
        && header.is_empty()
    {
        let named = [&raw.columns.time_zone, &raw.columns.window_closes_at, &raw.columns.last_message_at];
        header.push(raw.columns.to.clone());
        header.extend(named.into_iter().flatten().filter(|name| **name != raw.columns.to).cloned());
    }
    Some(Audience {
        name: name.to_owned(),
        source,
        ids,
        columns: Columns {
            to: raw.columns.to,
            time_zone: raw.columns.time_zone,
            window_closes_at: raw.columns.window_closes_at,
            last_message_at: raw.columns.last_message_at,
        },
        filter: raw.filter.and_then(|_| content::expression(&at.key("where"))),
        expect: raw.expect.map(|expect| Expect { min: expect.min, max: expect.max }),
        may_be_empty: raw.may_be_empty,
        place: at.key_place(),
        places: places(at),
    })
}

/// Where the parts of an audience are written.
fn places(at: &Cursor<'_>) -> AudiencePlaces {
    let source = ["csv", "ndjson", "rows"].map(|key| at.key(key)).into_iter().find(Cursor::is_written);
    let columns = at.key("columns");
    let named = ["to", "timeZone", "windowClosesAt", "lastMessageAt"].map(|key| (key, columns.key(key)));
    AudiencePlaces {
        source: source.map_or_else(|| at.key_place(), |source| source.place()),
        columns: named.into_iter().filter(|(_, at)| at.is_written()).map(|(key, at)| (key, at.place())).collect(),
    }
}

fn check_columns(at: &Cursor<'_>, findings: &mut Findings) {
    let (closes, last) = (at.key("windowClosesAt"), at.key("lastMessageAt"));
    if closes.is_written() && last.is_written() {
        let message = "only one of `windowClosesAt` and `lastMessageAt` is allowed here";
        let diagnostic = Diagnostic::error(Code::Shape, message, last.key_place());
        findings.push(diagnostic.note(closes.key_place(), "the other one"));
    }
}

fn check_expect(at: &Cursor<'_>, findings: &mut Findings) {
    if let Some(raw::Expect { min: Some(min), max: Some(max) }) = at.read()
        && min > max
    {
        let message = format!("`min` is {min}, but `max` is only {max}");
        let diagnostic = Diagnostic::error(Code::OutOfBounds, message, at.key("max").place());
        findings.push(diagnostic.note(at.key("min").place(), "more than that"));
    }
}

fn source(at: &Cursor<'_>, findings: &mut Findings) -> Option<AudienceSource> {
    let mut file = |key: &str| {
        let at = at.key(key);
        at.text().map(|text| findings.take(path(&at, text)))
    };
    let (csv, ndjson, rows_at) = (file("csv"), file("ndjson"), at.key("rows"));
    let encoding = encoding(&at.key("encoding"), findings);
    let delimiter = at.key("delimiter").text().and_then(|text| match text {
        "tab" | "\\t" => Some(b'\t'),
        // What is longer is no delimiter: that is told, and nothing is read with a part of it.
        _ => text.bytes().next().filter(|_| text.len() == 1),
    });
    let mut without = |keys: &[&str], source: &str| {
        for key in keys.iter().filter(|key| at.key(key).is_written()) {
            let message = format!("`{key}` has no meaning for {source}");
            findings.push(Diagnostic::error(Code::UnknownKey, message, at.key(key).key_place()));
        }
    };
    match (csv, ndjson, rows_at.is_written()) {
        (Some(path), None, false) => Some(AudienceSource::Csv { path: path?, delimiter, encoding }),
        (None, Some(path), false) => {
            without(&["delimiter"], "NDJSON");
            Some(AudienceSource::Ndjson { path: path?, encoding })
        }
        (None, None, true) => {
            without(&["delimiter", "encoding"], "rows that are written here");
            Some(rows(&rows_at))
        }
        _ => None,
    }
}

/// Takes the name of an encoding, whatever its spelling.
fn encoding(at: &Cursor<'_>, findings: &mut Findings) -> Option<String> {
    /// Those that files of people come in.
    const COMMON: [&str; 16] = [
        "utf-8",
        "utf-16",
        "utf-16le",
        "utf-16be",
        "windows-1250",
        "windows-1251",
        "windows-1252",
        "windows-1253",
        "windows-1254",
        "windows-1255",
        "windows-1256",
        "iso-8859-2",
        "macintosh",
        "shift_jis",
        "gb18030",
        "big5",
    ];
    let name = at.text()?;
    // The web's list has names under which nothing is to be read.
    let known = Encoding::for_label_no_replacement(name.as_bytes()).filter(|known| *known != X_USER_DEFINED);
    if known.is_none() {
        let message = format!("there is no encoding `{name}`");
        let diagnostic = Diagnostic::error(Code::NotAllowed, message, at.place());
        findings.push(match suggest::nearest(name, COMMON) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => {
                diagnostic.help(format!("there are {}; or save the file in UTF-8", suggest::enumerated(&COMMON, "and")))
            }
        });
    }
    known.map(|known| known.name().to_owned())
}

/// Takes the rows in the order of the file; their columns are all that occur, in order of their
/// first occurrence.
fn rows(at: &Cursor<'_>) -> AudienceSource {
    let mut header: Vec<String> = Vec::new();
    let mut positions: BTreeMap<&str, usize> = BTreeMap::new();
    for row in at.items() {
        for (column, _) in row.entries() {
            positions.entry(column).or_insert_with(|| {
                header.push(column.to_owned());
                header.len() - 1
            });
        }
    }
    let text = &at.source().text;
    let (mut line, mut counted) = (1_u64, 0);
    let mut rows = Vec::new();
    for row in at.items() {
        let start = row.span().start;
        let newlines = text.get(counted..start).unwrap_or_default().matches('\n').count();
        line += u64::try_from(newlines).unwrap_or_default();
        counted = counted.max(start);
        let mut cells = vec![String::new(); header.len()];
        for (column, cell) in row.entries() {
            let position = positions.get(column).and_then(|position| cells.get_mut(*position));
            if let (Some(position), Some(text)) = (position, cell.text()) {
                text.clone_into(position);
            }
        }
        rows.push((line, cells));
    }
    AudienceSource::Rows { file: at.source().name.clone(), header, rows }
}

/// Resolves the names of audiences that are left out; `None` if one of them is wrong.
fn exclude(
    at: &Cursor<'_>,
    name: &str,
    own: &BTreeMap<&str, Option<Arc<Audience>>>,
    shared: Option<&SharedParts>,
    findings: &mut Findings,
) -> Option<Vec<Arc<Audience>>> {
    let project = shared.map(|shared| &shared.audiences);
    let mut all = Some(Vec::new());
    for item in at.key("exclude").items() {
        if findings.is_full() {
            return None;
        }
        let Some(excluded) = item.text() else { continue };
        let found = match own.get(excluded) {
            Some(audience) => audience.clone(),
            None => project.and_then(|project| project.get(excluded)).map(|declared| Arc::clone(&declared.audience)),
        };
        if excluded == name {
            findings.push(Diagnostic::error(Code::Shape, "an audience cannot leave itself out", item.place()));
        } else if found.is_none() && !own.contains_key(excluded) && shared.is_some() {
            let known =
                own.keys().copied().chain(project.into_iter().flat_map(|project| project.keys().map(String::as_str)));
            findings.push(unknown(Code::UnknownAudience, "audience", &item, known.filter(|known| *known != name)));
        }
        all = all.zip(found).map(|(mut all, audience)| {
            all.push(audience);
            all
        });
    }
    all
}

/// Makes the diagnostic of a name that nobody declares.
pub(super) fn unknown<'k>(code: Code, kind: &str, at: &Cursor<'_>, known: impl Iterator<Item = &'k str>) -> Diagnostic {
    let name = at.text().unwrap_or_default();
    let diagnostic = Diagnostic::error(code, format!("there is no {kind} of this name"), at.place());
    match near::hint(name, known) {
        Some(help) => diagnostic.help(help),
        None => diagnostic.help(format!("declare it under `{kind}s`, here or in the project file")),
    }
}
