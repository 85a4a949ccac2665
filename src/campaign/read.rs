//! The three steps of checking, one after the other, for each kind of file.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::check::{self, Declared, Findings};
use super::checked::{Campaign, Project};
use super::cursor::Cursor;
use super::draft::DraftPart;
use super::files::Files;
use super::profile;
use super::raw;
use super::schema_check::{self, File};
use super::second_parser;
use super::tree::Node;
use super::walk::walk;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, Severity, Source};
use crate::identity::CampaignId;

/// The project file, as far as it is whole.
#[derive(Debug)]
pub struct ReadProject {
    /// The project, if no error is among the diagnostics.
    pub project: Option<Project>,
    /// What it declares for its campaigns; nothing if it is not YAML.
    pub declared: Option<Declared>,
    /// If there is no project: what can still be looked at.
    pub drafts: Vec<DraftPart>,
    /// What is wrong, or worth a look, in the order of the file.
    pub diagnostics: Diagnostics,
}

/// A campaign file, as far as it is whole.
#[derive(Debug)]
pub struct ReadCampaign {
    /// The campaign, if no error is among the diagnostics, and the project is whole.
    pub campaign: Option<Campaign>,
    /// If there is no campaign: what can still be looked at.
    pub drafts: Vec<DraftPart>,
    /// What is wrong, or worth a look, in the order of the file.
    pub diagnostics: Diagnostics,
}

/// Reads the project file.
#[must_use]
pub fn read_project(source: &Arc<Source>) -> ReadProject {
    let (tree, diagnostics) = parse(source);
    let Some(tree) = tree else {
        let diagnostics = in_order(diagnostics, source);
        return ReadProject { project: None, declared: None, drafts: Vec::new(), diagnostics };
    };
    let root = Cursor::root(source, &tree);
    let diagnostics = shaped::<raw::Project>(&root, File::Project, diagnostics);
    let mut findings = Findings::new(diagnostics);
    let checked = check::project(&root, &mut findings);
    let (project, diagnostics) = finish(checked.project, findings, &root);
    let declared = Some(project.as_ref().map_or(checked.declared, Declared::of));
    let drafts = if project.is_none() { checked.drafts } else { Vec::new() };
    ReadProject { project, declared, drafts, diagnostics }
}

/// Reads a campaign file, and the templates that it names.
///
/// Without a whole project everything is checked that can be told all the same, and there is no
/// campaign.
#[must_use]
pub fn read_campaign(source: &Arc<Source>, declared: Option<&Declared>, files: &dyn Files) -> ReadCampaign {
    let (tree, diagnostics) = parse(source);
    let Some(tree) = tree else {
        return ReadCampaign { campaign: None, drafts: Vec::new(), diagnostics: in_order(diagnostics, source) };
    };
    let root = Cursor::root(source, &tree);
    let diagnostics = shaped::<raw::Campaign>(&root, File::Campaign, diagnostics);
    let mut findings = Findings::new(diagnostics);
    let (campaign, drafts) = check::campaign(&root, declared, files, &mut findings);
    let (campaign, diagnostics) = finish(campaign, findings, &root);
    let drafts = if campaign.is_none() { drafts } else { Vec::new() };
    ReadCampaign { campaign, drafts, diagnostics }
}

/// Finds ids that several campaigns have: one error for each campaign after the first.
#[must_use]
pub fn duplicates(campaigns: &[Campaign]) -> Diagnostics {
    let mut first: BTreeMap<&CampaignId, &Campaign> = BTreeMap::new();
    let mut diagnostics = Diagnostics::new();
    for campaign in campaigns {
        if let Some(other) = first.get(&campaign.id) {
            let message = format!("another campaign has the id `{}`", campaign.id);
            diagnostics.push(
                Diagnostic::error(Code::DuplicateId, message, campaign.place.clone())
                    .note(other.place.clone(), "first here")
                    .help(
                        "a copy of a campaign needs an id of its own; a file that is only kept is listed in \
                         sendform.yaml, under `ignore`",
                    ),
            );
        } else {
            first.insert(&campaign.id, campaign);
        }
    }
    diagnostics
}

/// The first step: the bytes, then the tree. A file with hidden characters is not parsed.
fn parse(source: &Arc<Source>) -> (Option<Node>, Diagnostics) {
    let linted = profile::lint(source);
    if linted.has_errors() { (None, linted) } else { walk(source) }
}

/// The second step: the shape, and the second opinion. A file that passes must be readable as a `T`.
fn shaped<T: DeserializeOwned>(root: &Cursor<'_>, file: File, mut diagnostics: Diagnostics) -> Diagnostics {
    diagnostics.extend(schema_check::validate(root, file));
    if diagnostics.has_errors() {
        return diagnostics;
    }
    match second_parser::read_again(root) {
        Err(ambiguous) => diagnostics.push(*ambiguous),
        Ok(value) => {
            if let Err(error) = serde_yaml::from_value::<T>(value) {
                let message = format!("the file does not have the expected shape: {error}");
                diagnostics.push(Diagnostic::error(Code::Shape, message, root.place()));
            }
        }
    }
    diagnostics
}

/// The checked type, if there is no error.
fn finish<T>(checked: Option<T>, findings: Findings, root: &Cursor<'_>) -> (Option<T>, Diagnostics) {
    let diagnostics = in_order(findings.finish(root), root.source());
    let checked = if diagnostics.has_errors() { None } else { checked };
    (checked, diagnostics)
}

/// Sorts by place; diagnostics of other files (templates) come last.
fn in_order(diagnostics: Diagnostics, source: &Source) -> Diagnostics {
    let mut all: Vec<Diagnostic> = diagnostics.into_iter().collect();
    all.sort_by_cached_key(|diagnostic| {
        let byte = match diagnostic.labels.first().map(|label| &label.place) {
            Some(Place::Span { source: other, span }) if other.name == source.name => span.start,
            Some(Place::Row { file, line, .. }) if *file == source.name => line_start(&source.text, *line),
            Some(Place::File(_)) | None => 0,
            Some(Place::Span { .. } | Place::Row { .. }) => usize::MAX,
        };
        (byte, diagnostic.severity != Severity::Error)
    });
    all.into_iter().fold(Diagnostics::new(), |mut sorted, diagnostic| {
        sorted.push(diagnostic);
        sorted
    })
}

/// The byte at which a line, from 1, begins.
fn line_start(text: &str, line: u64) -> usize {
    let before = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
    text.split_inclusive('\n').take(before).map(str::len).sum()
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a bad slice in a test is a failed test")]
mod tests {
    use insta::assert_snapshot;

    use super::{ReadCampaign, ReadProject, duplicates, read_campaign, read_project};
    use crate::campaign::checked::{AudienceSource, IfPast, TemplateText, Zone};
    use crate::campaign::testing::{MemoryFiles, listed, read, said};
    use crate::diagnostic::{Place, Source};
    use crate::wire::choices::{Choices, Duplicates, Nulls};
    use crate::wire::content::Content;

    /// A campaign with one message, to which lines are added.
    fn campaign(more: &str) -> String {
        format!(
            "campaign: sale\n{more}messages: [ {{ id: a, sender: shop, audience: all, content: {{ text: Hi }} }} ]\n"
        )
    }

    /// A campaign with a schedule.
    fn schedule(lines: &str) -> String {
        campaign(&format!("schedules: {{ s: {{ {lines} }} }}\n"))
    }

    const WHOLE: &str = r#"campaign: spring-sale
paused: false
audiences:
  subscribers:
    csv: audiences/subscribers.csv          # or ndjson
    columns: { to: instagram_id, timeZone: time_zone, windowClosesAt: window_closes_at }
    where: consent == "yes" and country in ["HR", "SI"]
    exclude: [ staff, all ]
    expect: { min: 100, max: 20000 }
  staff:
    rows:
      - { to: "17841400000000001" }
      - name: "Ana"
        to: "17841400000000002"
schedules:
  launch:
    sendAt: "2026-12-01 09:00"
    timeZone: Europe/Zagreb                 # IANA
    sendingSpeedLimit: { amount: 600, timeUnit: MINUTE }
    deliveryTimeWindow: { days: [MONDAY, TUESDAY], from: { hour: 8, minute: 0 }, to: { hour: 20, minute: 0 } }
    validityPeriod: { amount: 49, timeUnit: HOURS }
    handover: 2h
    ifPast: sendNow
messages:
  - id: announce
    revision: 2
    sender: shop
    audience: subscribers
    schedule: launch
    content:
      type: TEXT
      text: |
        Hi {{ first_name | fallback("there") }},
          čšž!

        Bye
    platform: { entityId: promo, applicationId: web }
    campaignReferenceId: spring-sale
    webhooks:
      delivery: { url: https://hooks.example.com/dlr, intermediateReport: true, notify: true }
      contentType: application/json
      callbackData: "{{ customer_id }}"
  - { id: second, sender: shop, audience: all, schedule: noon, paused: true, content: { template: hi.txt } }
"#;

    #[test]
    fn a_whole_campaign_is_read() {
        let (campaign, diagnostics) = read(WHOLE);
        assert_snapshot!(listed(&diagnostics), @r"
        20:5 `deliveryTimeWindow` warning window-zone: the window is in UTC: 08:00 to 20:00 is 09:00 to 21:00 in Europe/Zagreb on 2026-12-01
        21:31 `49` warning validity-clamped: the gateway cuts a validity to 48 hours
        ");
        let campaign = campaign.unwrap();
        assert_eq!(campaign.id.as_str(), "spring-sale");
        let [first, second] = campaign.messages.as_slice() else { panic!("two messages") };
        assert_eq!(first.key.to_string(), "spring-sale.announce");
        assert_eq!((first.revision.get(), first.sender.as_str(), first.paused), (2, "S1", false));
        assert_eq!(first.schedule.if_past, IfPast::SendNow);
        assert_eq!(first.schedule.handover.unwrap().as_hours(), 2);
        assert_eq!(first.webhooks.url.as_deref(), Some("https://hooks.example.com/dlr"));
        assert_eq!(first.audience.columns.to, "instagram_id");
        let filter = first.audience.filter.as_ref().unwrap();
        assert!(WHOLE[filter.start.unwrap()..].starts_with(&filter.text));
        let names: Vec<&str> = first.exclude.iter().map(|audience| audience.name.as_str()).collect();
        assert_eq!(names, ["staff", "all"]);
        let AudienceSource::Rows { header, rows, .. } = &first.exclude[0].source else { panic!("rows") };
        assert_eq!(header, &["to", "name"]);
        let expect = [(12, ["17841400000000001", ""]), (13, ["17841400000000002", "Ana"])];
        assert_eq!(rows, &expect.map(|(line, cells)| (line, cells.map(str::to_owned).to_vec())));
        assert!(second.paused);
        assert!(matches!(second.schedule.send_at.as_ref().unwrap().zone, Zone::Fixed(_)));
    }

    /// Every line of the template, as it stands in the source.
    fn lines_in_source(template: &TemplateText) -> Option<Vec<&str>> {
        let Place::Span { source, .. } = &template.place else { panic!("a span") };
        let lines = template.text.split('\n').zip(template.line_starts.as_ref()?);
        Some(lines.map(|(line, start)| &source.text[*start..*start + line.len()]).collect())
    }

    #[test]
    fn texts_know_where_their_lines_stand() {
        let texts = [
            ("Hi {{ a }}", Some("Hi {{ a }}")),
            ("\"Hi č {{ a }}\"", Some("Hi č {{ a }}")),
            ("'Hi {{ a }}'", Some("Hi {{ a }}")),
            ("\"Hi \\\"{{ a }}\"", None),
            ("'it''s'", None),
            ("|\n      Hi\n\n        č {{ a }}\n      Bye\n", Some("Hi\n\n  č {{ a }}\nBye")),
            ("|2 # a | b\n\n         Hi\n        Bye\n", Some("\n   Hi\n  Bye")),
            ("|-\r\n      Hi\r\n      Bye\r\n", Some("Hi\nBye")),
            ("|+\n      Hi\n\n\n", Some("Hi\n\n\n")),
            (">\n      Hi\n      Bye\n", None),
        ];
        for (written, expect) in texts {
            let head = "campaign: sale\nmessages:\n- id: a\n  sender: shop\n  audience: all\n  content:\n  ";
            let (campaign, diagnostics) = read(&format!("{head}  text: {written}\n"));
            assert_eq!(listed(&diagnostics), "", "{written:?}");
            let Content::Text { text } = campaign.unwrap().messages.remove(0).content else { panic!("a text") };
            let lines = lines_in_source(&text);
            assert_eq!(lines.map(|lines| lines.join("\n")).as_deref(), expect, "{written:?}");
            if let Some(expect) = expect {
                assert_eq!(text.text, expect);
            }
        }
    }

    #[test]
    fn template_files_lose_their_line_ends_and_keep_their_places() {
        let (campaign, _) = read(WHOLE);
        let Content::Text { text } = campaign.unwrap().messages.remove(1).content else { panic!("a text") };
        assert_eq!((text.text.as_str(), text.file.as_deref()), ("Hi\nthere", Some("hi.txt")));
        assert_eq!(lines_in_source(&text).unwrap(), ["Hi", "there"]);
    }

    #[test]
    fn files_with_a_mark_and_with_two_line_ends_are_read_alike() {
        let windows = format!("\u{feff}{}", WHOLE.replace('\n', "\r\n"));
        let (campaign, _) = read(&windows);
        let Content::Text { text } = campaign.unwrap().messages.remove(0).content else { panic!("a text") };
        assert_eq!(text.text, "Hi {{ first_name | fallback(\"there\") }},\n  čšž!\n\nBye");
        assert_eq!(lines_in_source(&text).unwrap().join("\n"), text.text);
    }

    #[test]
    fn unquoted_texts_are_told_with_their_quotes() {
        let text = "campaign: 2026\nsenders: { main: 17841400000000001 }\naudiences:\n  a:\n    rows:\n      \
                    - { to: 17841400000000001, country: no, at: 09:00, on2: 2026-12-01, e: 1e5, o: 0777, u: 1_000 }\n\
                    messages: [ { id: a, sender: shop, audience: all, revision: \"1\", content: { text: 12:30 } } ]\n";
        assert_snapshot!(said(text), @r#"
        1:11 `2026` unquoted: this is a number without quotes, but text is expected -> put it in quotes: "2026"
        2:18 `17841400000000001` unquoted: this is a number without quotes, but text is expected -> put it in quotes: "17841400000000001"
        row 6 Some("to") unquoted: this is a number without quotes, but text is expected -> every cell is text: put it in quotes
        row 6 Some("country") unquoted: this is a boolean without quotes, but text is expected -> every cell is text: put it in quotes
        row 6 Some("at") unquoted: this is a time without quotes, but text is expected -> every cell is text: put it in quotes
        row 6 Some("on2") unquoted: this is a date without quotes, but text is expected -> every cell is text: put it in quotes
        row 6 Some("e") unquoted: this is a number without quotes, but text is expected -> every cell is text: put it in quotes
        row 6 Some("o") unquoted: this is a number without quotes, but text is expected -> every cell is text: put it in quotes
        row 6 Some("u") unquoted: this is a number without quotes, but text is expected -> every cell is text: put it in quotes
        7:61 `\"1\"` wrong-type: this is text, but a whole number is expected -> write it in plain decimal digits, without quotes: `1`
        7:83 `12:30` unquoted: this is a time without quotes, but text is expected -> put it in quotes: "12:30"
        "#);
    }

    #[test]
    fn shapes_are_told_at_their_places() {
        assert_snapshot!(said("[]\n"), @"1:1 `[]` wrong-type: this is a list, but a mapping is expected -> write keys with their values, each on a line of its own: `KEY: VALUE`");
        assert_snapshot!(said("hello\n"), @"1:1 `hello` wrong-type: this is text, but a mapping is expected -> write keys with their values, each on a line of its own: `KEY: VALUE`");
        assert_snapshot!(said("campaign:\nmessages:\n"), @r"
        1:1 `campaign` wrong-type: nothing is here, but text is expected -> write a value after the colon
        2:1 `messages` wrong-type: nothing is here, but a list is expected -> write a value after the colon
        ");
        assert_snapshot!(said(&schedule("sendat: x, timeZone: { perPerson: false, fallbak: UTC }")), @r"
        2:19 `sendat` unknown-key: there is no such key here -> did you mean `sendAt`?
        2:30 `timeZone` missing-key: the key `sendAt` is missing -> `timeZone` needs `sendAt` beside it
        2:53 `false` not-allowed: only `true` is allowed here
        2:60 `fallbak` unknown-key: there is no such key here -> did you mean `fallback`?
        ");
        assert_snapshot!(said(&schedule("sendAt: \"2026-12-01T09:00:00+01:00\", timeZone: \"+01:00\"")), @r#"
        2:27 `\"2026-12-01T09:00:00+01:00\"` bad-time: a local time is written `YYYY-MM-DD HH:MM`, without an offset: `timeZone` says whose clock it is on -> write "2026-12-01 08:00" and `timeZone: UTC`, which is the same instant
        2:66 `\"+01:00\"` bad-zone: this is an offset from UTC, and no time zone -> write the zone of a place, such as `Europe/Zagreb`, whose clocks change with summer time; UTC+1 all the year is `Etc/GMT-1`, where the sign is reversed
        "#);
        assert_snapshot!(said(&schedule("timeZone: [ UTC ], sendAt: \"2026-02-30 09:00\"")), @r#"
        2:19 `timeZone` wrong-type: this is a list, but text or a mapping is expected
        2:46 `\"2026-02-30 09:00\"` bad-time: there is no such date and time -> February 2026 has 28 days
        "#);
        assert_snapshot!(said(&campaign("audiences: { \"a b\": { csv: a.csv }, c: {} }\n")), @r#"
        2:14 `\"a b\"` bad-pattern: a name has 1 to 60 letters, digits, hyphens and underscores, and begins with a letter or digit -> write `a-b`
        2:37 `c` missing-key: one of `csv`, `ndjson` and `rows` is missing
        "#);
        assert_snapshot!(said(&campaign("audiences: { c: { csv: a.csv, where: \"\", expect: {} } }\n")), @r#"
        2:38 `\"\"` out-of-bounds: the text is empty
        2:42 `expect` out-of-bounds: the mapping has too few keys: at least 1 is expected
        "#);
    }

    #[test]
    fn schedules_are_checked() {
        let at = "sendAt: \"2026-12-01 09:00\"";
        assert_snapshot!(said(&schedule(&format!("{at}, timeZone: Europe/Zagrb"))), @"2:57 `Europe/Zagrb` bad-zone: there is no such time zone in the IANA database -> did you mean `Europe/Zagreb`?");
        assert_snapshot!(said(&schedule(&format!("{at}, timeZone: Zagreb"))), @"2:57 `Zagreb` bad-zone: there is no such time zone in the IANA database -> did you mean `Europe/Zagreb`?");
        assert_snapshot!(said(&schedule("sendAt: \"2026-03-29 02:30\", timeZone: Europe/Zagreb")), @r#"2:27 `\"2026-03-29 02:30\"` ambiguous-time: a change of the clock skips this local time -> say `ifAmbiguous: earlier` for 2026-03-29 01:30 Europe/Zagreb (00:30 UTC), or `later` for 2026-03-29 03:30 Europe/Zagreb (01:30 UTC), or choose another time"#);
        assert_snapshot!(said(&schedule("sendAt: \"2026-10-25 02:30\", timeZone: Europe/Zagreb")), @r#"2:27 `\"2026-10-25 02:30\"` ambiguous-time: a change of the clock repeats this local time -> say `ifAmbiguous: earlier` for 2026-10-25 02:30 Europe/Zagreb (00:30 UTC), or `later` for 2026-10-25 02:30 Europe/Zagreb (01:30 UTC), or choose another time"#);
        assert_snapshot!(said(&schedule("sendAt: \"2026-10-25 02:30\", timeZone: Europe/Zagreb, ifAmbiguous: later")), @"");
        assert_snapshot!(said(&schedule(&format!("{at}, timeZone: UTC, handover: 181d"))), @"2:72 `181d` out-of-bounds: at most `180d` is allowed");
        assert_snapshot!(said(&schedule(&format!("{at}, timeZone: UTC, handover: 1.5h"))), @"2:72 `1.5h` bad-pattern: a duration is a whole number with one unit: `90s`, `15m`, `2h` or `3d` -> write `90m`");
        assert_snapshot!(said(&schedule("validityPeriod: { amount: 2881 }")), @"2:45 `2881` warning validity-clamped: the gateway cuts a validity to 48 hours");
        assert_snapshot!(said(&schedule("validityPeriod: { amount: 2880 }")), @"");
    }

    fn window(from: &str, to: &str, zone: &str) -> String {
        let time = |text: &str| {
            let (hour, minute) = text.split_once(':').unwrap();
            format!("{{ hour: {hour}, minute: {minute} }}")
        };
        let window = format!("{{ days: [FRIDAY], from: {}, to: {} }}", time(from), time(to));
        said(&schedule(&format!("sendAt: \"2026-12-01 09:00\", timeZone: {zone}, deliveryTimeWindow: {window}")))
    }

    #[test]
    fn windows_are_checked() {
        assert_snapshot!(window("8:0", "8:59", "UTC"), @"2:130 `to` bad-window: the window is 59 minutes long, but the gateway wants at least 60");
        assert_snapshot!(window("8:0", "9:0", "UTC"), @"");
        assert_snapshot!(window("20:0", "8:0", "UTC"), @"2:131 `to` bad-window: the window ends at 08:00, before it begins at 20:00 -> the gateway documents no windows over midnight (UTC): choose one within a day");
        assert_snapshot!(window("8:0", "20:0", "America/New_York"), @"2:75 `deliveryTimeWindow` warning window-zone: the window is in UTC: 08:00 to 20:00 is 03:00 to 15:00 in America/New_York on 2026-12-01");
        assert_snapshot!(window("8:0", "20:0", "{ perPerson: true, fallback: Asia/Tokyo }"), @"2:100 `deliveryTimeWindow` warning window-zone: the window is in UTC, whatever a person's zone: 08:00 to 20:00 is 17:00 to 05:00 in Asia/Tokyo on 2026-12-01");
        assert_snapshot!(window("8:0", "20:0", "{ perPerson: true }"), @"2:78 `deliveryTimeWindow` warning window-zone: the window is in UTC, whatever a person's zone: 08:00 to 20:00 is another time for each");
        assert_snapshot!(window("8:0", "20:0", "Africa/Abidjan"), @"");
        assert_snapshot!(said(&schedule("deliveryTimeWindow: { days: [], from: { hour: 8, minute: 0 } }")), @r"
        2:41 `days` out-of-bounds: the list is empty
        2:51 `from` missing-key: the key `to` is missing -> `from` needs `to` beside it
        ");
    }

    #[test]
    fn names_are_resolved() {
        let text = "campaign: sale\nsenders: { shop: S2 }\naudiences:\n  people: { csv: p.csv, exclude: [ peple, people ] }\n\
                    messages:\n  - { id: a, sender: shp, audience: peopl, schedule: non, content: { text: Hi } }\n  \
                    - { id: a, sender: shop, audience: all, content: { template: no.txt } }\n  \
                    - { id: b, sender: shop, audience: people, content: { template: bidi.txt } }\n  \
                    - { id: c, sender: shop, audience: all, content: { template: ../x } }\n";
        assert_snapshot!(said(text), @r"
        2:12 `shop` duplicate-key: the project file declares this name too -> one name means one thing: choose another one here
        4:36 `peple` unknown-audience: there is no audience of this name -> there is `all`
        4:43 `people` shape: an audience cannot leave itself out
        6:22 `shp` unknown-sender: there is no sender of this name -> did you mean `shop`?
        6:37 `peopl` unknown-audience: there is no audience of this name -> did you mean `people`?
        6:54 `non` unknown-schedule: there is no schedule of this name -> did you mean `noon`?
        7:11 `a` duplicate-id: another message of the campaign has this id
        7:64 `no.txt` file-missing: the template cannot be used: there is no such file
        9:64 `../x` bad-path: the path leads upwards -> write it relative to the project's folder, with `/`, such as `audiences/people.csv`
        1:2 `\u{202e}` forbidden-character: a control of the writing direction (U+202E) is not allowed here -> delete the character
        ");
    }

    #[test]
    fn everybodys_own_zone_needs_a_column() {
        let text = "campaign: sale\naudiences: { p: { csv: p.csv } }\n\
                    schedules: { s: { sendAt: \"2026-12-01 09:00\", timeZone: { perPerson: true } } }\nmessages:\n  \
                    - { id: a, sender: shop, audience: p, schedule: s, content: { text: Hi } }\n  \
                    - { id: b, sender: shop, audience: all, schedule: s, content: { text: Hi } }\n";
        assert_snapshot!(said(text), @"5:51 `s` missing-key: the schedule wants everybody's own time zone, but the audience names no column for it -> name the column under the audience's `columns.timeZone`");
    }

    #[test]
    fn webhooks_go_only_where_the_project_allows() {
        let said = |url: &str| {
            let webhooks = format!("webhooks: {{ delivery: {{ url: \"{url}\" }} }}");
            let text = format!(
                "campaign: s\nmessages: [ {{ id: a, sender: shop, audience: all, content: {{ text: Hi }}, {webhooks} }} ]"
            );
            listed(&read(&text).1).split_once("` ").map(|(_, said)| said.to_owned()).unwrap_or_default()
        };
        let urls = [
            "https://hooks.example.com/dlr?x=1",
            "https://HOOKS.example.com",
            "http://hooks.example.com/",
            "https://a:b@hooks.example.com/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://[::1]/",
            "https://localhost/",
            "https://hooks.example.com:8443/",
            "https://hooks.example.com/#x",
            "https://hook.example.com/",
            "https://evil.test/",
            "https://h\u{43e}oks.example.com/",
            "hooks.example.com/dlr",
            "https://hooks.example.com./",
            "https://hooks.example.com\\\\@evil.test/",
            "ftp://hooks.example.com/",
            "http://127.0.0.1:9000/dlr?x=1",
            "http://[::1]:9000/",
            "http://localhost/",
            "http://localhost.example.com/",
            "http://192.168.0.1/",
            "http://u@127.0.0.1/",
            "http://127.0.0.1/#x",
        ];
        let lines: Vec<String> = urls.iter().map(|url| format!("{url}: {}", said(url))).collect();
        assert_snapshot!(lines.join("\n"), @r"
        https://hooks.example.com/dlr?x=1: 
        https://HOOKS.example.com: 
        http://hooks.example.com/: bad-url: a webhook must be https
        https://a:b@hooks.example.com/: bad-url: a URL may not hold a name or password
        https://127.0.0.1/: bad-url: a webhook's host must have a name
        https://2130706433/: bad-url: a webhook's host must have a name
        https://[::1]/: bad-url: a webhook's host must have a name
        https://localhost/: bad-url: a webhook's host must be reachable for the gateway
        https://hooks.example.com:8443/: bad-url: a webhook's URL may have neither a port nor a fragment
        https://hooks.example.com/#x: bad-url: a webhook's URL may have neither a port nor a fragment
        https://hook.example.com/: host-not-allowed: the project does not allow delivery reports to `hook.example.com` -> did you mean `hooks.example.com`? else add the host to `webhooks.allowedHosts` of the project file
        https://evil.test/: host-not-allowed: the project does not allow delivery reports to `evil.test` -> add the host to `webhooks.allowedHosts` of the project file
        https://hоoks.example.com/: bad-url: this is not a URL with a scheme and a host -> write it as `https://host/path`
        hooks.example.com/dlr: bad-url: this is not a URL with a scheme and a host -> write it as `https://host/path`
        https://hooks.example.com./: 
        https://hooks.example.com\\@evil.test/: bad-url: this is not a URL with a scheme and a host -> write it as `https://host/path`
        ftp://hooks.example.com/: bad-url: a webhook must be https
        http://127.0.0.1:9000/dlr?x=1: 
        http://[::1]:9000/: 
        http://localhost/: 
        http://localhost.example.com/: bad-url: a webhook must be https
        http://192.168.0.1/: bad-url: a webhook must be https
        http://u@127.0.0.1/: bad-url: a URL may not hold a name or password
        http://127.0.0.1/#x: bad-url: a webhook must be https
        ");
    }

    fn project(text: &str) -> String {
        let ReadProject { project, diagnostics, .. } = read_project(&Source::new("sendform.yaml", text));
        assert_eq!(project.is_none(), diagnostics.has_errors());
        listed(&diagnostics)
    }

    #[test]
    fn a_whole_project_is_read() {
        let text = "project: acme-shop\ngateway: { baseUrl: https://x.api.infobip.com }\nstate: { in: lockfile }\n\
                    senders: { shop: OFFICIAL-ACCOUNT-ID-123 }\n\
                    suppress: [ { csv: audiences/opt-outs.csv, columns: { to: instagram_id } } ]\n\
                    webhooks: { allowedHosts: [ Hooks.Example.com ] }\nlimits: { messagesPerApply: 50000 }\n\
                    bulkSize: 500\nlongTexts: warning\nabsenceProvesAfter: 2h\nretired: [ old-sale, sale.first ]\n\
                    sandbox: { now: \"2026-11-30 12:00Z\", speed: 60, duplicates: reject, nulls: refuse }\n";
        let ReadProject { project, diagnostics, .. } = read_project(&Source::new("sendform.yaml", text));
        assert_eq!(listed(&diagnostics), "");
        let project = project.unwrap();
        assert_eq!(project.sandbox.now.unwrap().to_string(), "2026-11-30T12:00:00Z");
        let choices = Choices { duplicates: Duplicates::Reject, nulls: Nulls::Refuse, ..Choices::default() };
        assert_eq!((project.sandbox.speed, project.sandbox.choices), (60, choices));
        assert_eq!((project.bulk_size_max, project.long_texts_are_errors), (500, false));
        assert_eq!(project.absence_proves_after.as_mins(), 120);
        assert_eq!(project.webhook_hosts, ["hooks.example.com"]);
        assert_eq!(project.base_url.unwrap().as_str(), "https://x.api.infobip.com/");
        assert_eq!((project.suppress.len(), project.suppress[0].name.as_str()), (1, "suppress-1"));
        let least = read_project(&Source::new("sendform.yaml", "project: a\n")).project.unwrap();
        assert_eq!((least.bulk_size_max, least.absence_proves_after.as_mins()), (1000, 15));
        assert!(least.long_texts_are_errors);
    }

    #[test]
    fn project_files_are_checked() {
        assert_snapshot!(project("project: a\nstate: { in: cloud }\nbulkSize: 0\nlimits: { unreadableRowsPercent: 101 }\n"), @r"
        2:14 `cloud` not-allowed: only `lockfile`, `git` and `postgres` are allowed here
        3:11 `0` out-of-bounds: at least 1 is expected
        4:34 `101` out-of-bounds: at most 100 is allowed
        ");
        assert_snapshot!(project("project: a\nstate: { branch: sent, in: postgres, schema: Sent }\n"), @"
        2:10 `branch` not-allowed: `branch` goes with `in: git` only
        2:46 `Sent` bad-pattern: a schema has 1 to 63 lower-case letters, digits and underscores, and begins with no digit -> write `sent`
        ");
        assert_snapshot!(project("project: a\nstate: { remote: --upload-pack=x, in: git, schema: sent }\n"), @r"
        2:18 `--upload-pack=x` bad-pattern: a name in git has letters, digits, hyphens, underscores, slashes and single dots inside
        2:44 `schema` not-allowed: `schema` goes with `in: postgres` only
        ");
        assert_snapshot!(project("project: a\nstate: { in: postgres, branch: sent }\n"), @"2:24 `branch` not-allowed: `branch` goes with `in: git` only");
        assert_snapshot!(project("project: a\nsuppress: [ { csv: a.csv, exclude: [ b ] }, {} ]\n"), @r"
        2:27 `exclude` unknown-key: `exclude` has no meaning for people who are suppressed
        2:45 `{}` missing-key: one of `csv`, `ndjson` and `rows` is missing
        ");
        assert_snapshot!(project("project: a\nwebhooks: { allowedHosts: [ \"https://a.b\", \"*.b\", 1.2.3.4, ok.example ] }\n"), @r#"
        2:29 `\"https://a.b\"` bad-url: this is not the name of a host -> write the host alone, without scheme, port or path: `hooks.example.com`
        2:44 `\"*.b\"` bad-url: this is not the name of a host -> write the host alone, without scheme, port or path: `hooks.example.com`
        2:51 `1.2.3.4` bad-url: this is not the name of a host -> write the host alone, without scheme, port or path: `hooks.example.com`
        "#);
        assert_snapshot!(project("project: a\nabsenceProvesAfter: 3d\nretired: [ a.b.c, A ]\nsandbox: { now: \"2026-02-30 12:00Z\" }\n"), @r#"
        2:21 `3d` out-of-bounds: at most `46h` is allowed
        3:12 `a.b.c` bad-pattern: what is retired is a campaign's id, or a campaign's and a message's: `spring-sale.announce`
        3:19 `A` bad-pattern: what is retired is a campaign's id, or a campaign's and a message's: `spring-sale.announce` -> write `a`
        4:17 `\"2026-02-30 12:00Z\"` bad-time: there is no such date and time -> February 2026 has 28 days
        "#);
        for (url, good) in [
            ("https://x.api.infobip.com", true),
            ("http://127.0.0.1:8080", true),
            ("http://localhost:1", true),
            ("http://x.api.infobip.com", false),
            ("https://x.y/path", false),
            ("https://u:p@x.y", false),
            ("x.y", false),
        ] {
            let said = project(&format!("project: a\ngateway: {{ baseUrl: \"{url}\" }}\n"));
            assert_eq!(said.is_empty(), good, "{url}: {said}");
        }
    }

    #[test]
    fn without_a_project_the_file_alone_is_checked() {
        let source = Source::new(
            "c.yaml",
            "campaign: sale\nmessages: [ { id: a, sender: x, audience: y, content: { text: \"\" } } ]\n",
        );
        let ReadCampaign { campaign, diagnostics, .. } = read_campaign(&source, None, &MemoryFiles::default());
        assert!(campaign.is_none());
        assert_snapshot!(listed(&diagnostics), @r#"
        2:43 `y` unquoted: this is a boolean without quotes, but text is expected -> put it in quotes: "y"
        2:63 `\"\"` out-of-bounds: the text is empty
        "#);
    }

    #[test]
    fn one_id_in_two_files_is_an_error() {
        let one = read(&campaign("")).0.unwrap();
        let found = duplicates(&[one.clone(), one.clone(), one]);
        assert_eq!(listed(&found).lines().count(), 2);
        assert_snapshot!(listed(&found), @"
        1:11 `sale` duplicate-id: another campaign has the id `sale` -> a copy of a campaign needs an id of its own; a file that is only kept is listed in sendform.yaml, under `ignore`
        1:11 `sale` duplicate-id: another campaign has the id `sale` -> a copy of a campaign needs an id of its own; a file that is only kept is listed in sendform.yaml, under `ignore`
        ");
    }

    /// A hostile file costs no more than its size: the mistakes that are told are bounded.
    #[test]
    fn hostile_files_are_told_in_bounded_time() {
        let rows = "      - { a: y, b: 0x1 }\n".repeat(2_000);
        let messages = "  - { id: a, sender: nobodi, audience: x0, schedule: zz, content: { text: Hi } }\n".repeat(600);
        let numbered = |line: &str| (0..600).map(|n| line.replace('#', &n.to_string())).collect::<String>();
        let schedules = numbered("  s#: { sendAt: \"2026-12-01 09:00\", timeZone: Europe/Zagrb# }\n");
        let keys = numbered("key#: 1\n");
        for (text, expect) in [
            (campaign(&format!("audiences:\n  r:\n    rows:\n{rows}")), 101),
            (format!("campaign: a\nschedules:\n{schedules}messages:\n{messages}"), 101),
            (campaign(&keys), 101),
        ] {
            let said = said(&text);
            assert_eq!(said.lines().count(), expect, "{}", &said[..300]);
        }
    }

    /// Reads bytes as every kind of file.
    fn read_all(bytes: &[u8]) {
        if let Ok(source) = crate::campaign::decode("c.yaml", bytes.to_vec()) {
            let found = read_project(&source);
            assert_eq!(found.project.is_none(), found.diagnostics.has_errors());
            read(&source.text);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            read_all(&bytes);
        }

        #[test]
        fn any_damage_is_read_without_panic(
            at: proptest::sample::Index,
            length in 0..12_usize,
            instead in "[-a: \n\r\t\\[\\]{}\"'|>#&*!%?,č0~<@]{0,6}",
        ) {
            let mut bytes = WHOLE.as_bytes().to_vec();
            let start = at.index(bytes.len());
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, instead.bytes());
            read_all(&bytes);
        }
    }
}
