//! Every diagnostic code has a project that brings it about.

use std::collections::BTreeSet;

use sendform::diagnostic::Code;

use crate::support::Project;

const PROJECT: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT, other: OTHER-ACCOUNT }\n";
const CAMPAIGN: &str = "\
campaign: sale
audiences:
  people:
    csv: people.csv
schedules:
  launch:
    sendAt: \"2026-12-01 09:00\"
    timeZone: Europe/Zagreb
messages:
  - id: hello
    revision: 2
    sender: shop
    audience: people
    schedule: launch
    content: { type: TEXT, text: \"Hi\" }
";
const PEOPLE: &str = "to,name,note\n17841400000000001,Ana,\n";

/// What is wrong with a project.
enum Wrong {
    /// In the campaign file this stands in place of that.
    Line(&'static str, &'static str),
    /// The campaign file begins with this.
    Begin(&'static str),
    /// The campaign file ends with this.
    End(&'static str),
    /// Another file is this.
    File(&'static str, Vec<u8>),
    /// The template is this.
    Text(String),
    /// The schedule has this key too.
    Schedule(&'static str),
    /// The audience has this condition.
    Where(&'static str),
    /// The audience's rows, after the header.
    Rows(&'static str),
}

use Wrong::{Begin, End, File, Line, Rows, Schedule, Text, Where};

fn project(wrong: &Wrong) -> Project {
    let project = Project::new().file("sendform.yaml", PROJECT).file("people.csv", PEOPLE);
    let replaced = |from: &str, to: &str| {
        assert!(CAMPAIGN.contains(from), "{from}");
        CAMPAIGN.replace(from, to)
    };
    let at = "    timeZone: Europe/Zagreb\n";
    let campaign = match wrong {
        Line(from, to) => replaced(from, to),
        Begin(text) => format!("{text}{CAMPAIGN}"),
        End(text) => format!("{CAMPAIGN}{text}"),
        File(..) => CAMPAIGN.to_owned(),
        Text(text) => replaced("\"Hi\"", &serde_json::to_string(text).unwrap_or_default()),
        Schedule(line) => replaced(at, &format!("{at}    {line}\n")),
        Where(condition) => replaced("people.csv\n", &format!("people.csv\n    where: {condition}\n")),
        Rows(rows) => {
            project.write("people.csv", format!("to,name,note\n{rows}"));
            CAMPAIGN.to_owned()
        }
    };
    project.write("sale.yaml", campaign);
    if let File(path, bytes) = wrong {
        project.write(path, bytes);
    }
    project
}

/// The codes that the text of a file brings about, and what is wrong.
fn of_texts() -> Vec<(Code, Wrong)> {
    let text = |text: &str| Text(text.to_owned());
    let file = |text: &str| File("more.yaml", text.as_bytes().to_vec());
    vec![
        (Code::Encoding, File("more.yaml", b"a: \xff\n".to_vec())),
        (Code::ForbiddenCharacter, file("a: b # c\u{2028}d: e\n")),
        (Code::TooLarge, file(&format!("# {}\n", "x".repeat(1_100_000)))),
        (Code::Syntax, file("a: [\n")),
        (Code::EmptyFile, file("")),
        (Code::SecondDocument, End("---\na: b\n")),
        (Code::Anchor, Line("sender: shop", "sender: &me shop")),
        (Code::Tag, Line("sender: shop", "sender: !!str shop")),
        (Code::MergeKey, Begin("<<: { a: b }\n")),
        (Code::DuplicateKey, End("campaign: again\n")),
        (Code::KeyNotText, Begin("[ a ]: b\n")),
        (Code::TooDeep, file(&format!("a: {}{}\n", "[".repeat(60), "]".repeat(60)))),
        (Code::CutByComment, Line("\"Hi\" }", "Hi #1 # fan\n      }")),
        (Code::CurlyQuotes, Line("\"Hi\"", "“Hi”")),
        (Code::UnknownKey, Begin("owner: me\n")),
        (Code::MissingKey, Line("    sender: shop\n", "")),
        (Code::Unquoted, Line("\"Hi\"", "2026")),
        (Code::WrongType, Line("revision: 2", "revision: two")),
        (Code::NotAllowed, Line("type: TEXT", "type: IMAGE")),
        (Code::OutOfBounds, Line("revision: 2", "revision: 0")),
        (Code::BadPattern, Line("id: hello", "id: Hello!")),
        (Code::Shape, Line("\"Hi\" }", "\"Hi\", template: hi.txt }")),
        (Code::UnknownSender, Line("sender: shop", "sender: shpo")),
        (Code::UnknownAudience, Line("audience: people", "audience: peple")),
        (Code::UnknownSchedule, Line("schedule: launch", "schedule: lunch")),
        (Code::DuplicateId, file(CAMPAIGN)),
        (Code::BadZone, Line("Europe/Zagreb", "Europe/Zagrb")),
        (Code::FixedZone, Line("Europe/Zagreb", "EST")),
        (Code::BadTime, Line("2026-12-01 09:00", "2026-13-01 09:00")),
        (Code::AmbiguousTime, Line("2026-12-01 09:00", "2027-03-28 02:30")),
        (Code::PastTime, Line("2026-12-01 09:00", "2026-11-01 09:00")),
        (Code::HandedOverEarly, Line("2026-12-01 09:00", "2026-12-03 09:00")),
        (Code::SameText, file(&CAMPAIGN.replace("campaign: sale", "campaign: again"))),
        (Code::TooFarAhead, Line("2026-12-01 09:00", "2027-12-01 09:00")),
        (
            Code::BadWindow,
            Schedule(
                "deliveryTimeWindow: { days: [TUESDAY], from: { hour: 8, minute: 0 }, to: { hour: 8, minute: 30 } }",
            ),
        ),
        (
            Code::WindowZone,
            Schedule(
                "deliveryTimeWindow: { days: [TUESDAY], from: { hour: 7, minute: 0 }, to: { hour: 20, minute: 0 } }",
            ),
        ),
        (
            Code::WindowMissed,
            Schedule(
                "deliveryTimeWindow: { days: [TUESDAY], from: { hour: 20, minute: 0 }, to: { hour: 22, minute: 0 } }",
            ),
        ),
        (
            Code::TurnTooLate,
            Line(
                "    csv: people.csv\nschedules:\n  launch:\n",
                "    rows:\n      - { to: \"17841400000000001\", closes: \"2026-12-01T08:30:00Z\" }\n      - { to: \
                 \"17841400000000002\", closes: \"2026-12-01T08:30:00Z\" }\n    columns: { windowClosesAt: closes \
                 }\nschedules:\n  launch:\n    sendingSpeedLimit: { amount: 1, timeUnit: HOUR }\n",
            ),
        ),
        (Code::ValidityClamped, Schedule("validityPeriod: { amount: 49, timeUnit: HOURS }")),
        (Code::BadUrl, End("    webhooks: { delivery: { url: \"http://a b\" } }\n")),
        (Code::HostNotAllowed, End("    webhooks: { delivery: { url: https://elsewhere.example.com/ } }\n")),
        (Code::BadPath, Line("csv: people.csv", "csv: ../people.csv")),
        (Code::FileMissing, Line("csv: people.csv", "csv: peple.csv")),
        (Code::TemplateSyntax, text("Hi {{ name")),
        (Code::TemplateForbidden, text("{% set a = 1 %}")),
        (Code::UnknownColumn, text("Hi {{ nmae }}")),
        (Code::UnknownFilter, text("Hi {{ name | uper }}")),
        (Code::ForeignPlaceholder, text("Hi {name}")),
        (Code::Markup, text("<b>Hi</b>")),
        (Code::NoTemplate, End("    campaignReferenceId: \"{{ name }}\"\n")),
    ]
}

/// Eleven people, and somebody whose id was cut.
const ODD: &str = "\
17841466000000011,Ana,\n\
17841466000000012,Ana,\n\
17841466000000013,Ana,\n\
17841466000000014,Ana,\n\
17841466000000015,Ana,\n\
17841466000000016,Ana,\n\
17841466000000017,Ana,\n\
17841466000000018,Ana,\n\
17841466000000019,Ana,\n\
17841466000000020,Ana,\n\
17841466000000021,Ana,\n\
1784146600,Ana,\n\
";

/// The codes that the rows of an audience bring about.
fn of_rows() -> Vec<(Code, Wrong)> {
    let text = |text: &str| Text(text.to_owned());
    vec![
        (Code::BlankValue, text("Hi {{ note }}")),
        (Code::RenderFailed, text("Hi {{ int(name) }}")),
        (Code::TextEmpty, text("{% if name == 'Bo' %}Hi{% endif %}")),
        (Code::TextTooLong, Text("x".repeat(1001))),
        (Code::TextTooManyBytes, Text("ž".repeat(600))),
        (Code::BracesLeft, text("{{ '{' }}{{ '{' }} name")),
        (Code::WhereFailed, Where("int(name) > 1")),
        (Code::WrongFormat, File("people.csv", b"PK\x03\x04xl/workbook.xml".to_vec())),
        (Code::BadHeader, File("people.csv", b"to,to\n".to_vec())),
        (Code::UnreadableRow, Rows("17841400000000001,Ana\n")),
        (Code::BadRecipient, Rows("1.78E+16,Ana,\n")),
        (Code::RoundedIds, Rows("17841400000000000,Ana,\n17841400000000100,Ivo,\n17841400000000200,Eva,\n")),
        (Code::OddIds, Rows(ODD)),
        (Code::CutFile, Rows("17841400000000001,Ana,\n1784140000")),
        (
            Code::NobodyProtected,
            Line("csv: people.csv\n", "csv: people.csv\n    exclude: [ none ]\n  none: { rows: [] }\n"),
        ),
        (Code::NobodyMatches, Where("name == \"Nobody\"")),
    ]
}

/// The codes of a project, as `validate` and then `plan` give them.
fn codes(project: &Project) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for run in [project.run(["validate", "--format", "json"]), project.run(["plan", "--sandbox", "--format", "json"])] {
        let json = run.json();
        let list = json.get("diagnostics").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
        found.extend(list.iter().filter_map(|diagnostic| diagnostic.get("code")?.as_str().map(str::to_owned)));
    }
    found
}

#[test]
fn each_code_has_a_project() {
    for (code, wrong) in of_texts().into_iter().chain(of_rows()) {
        let found = codes(&project(&wrong));
        assert!(found.contains(code.as_str()), "{} is not among {found:?}", code.as_str());
    }
}

#[test]
fn a_project_without_campaigns() {
    let project = Project::new();
    assert_eq!(codes(&project), BTreeSet::from([Code::NoCampaigns.as_str().to_owned()]));
}

#[test]
fn what_else_lies_in_the_folder() {
    let check = |code: Code, project: Project| {
        let found = codes(&project);
        assert!(found.contains(code.as_str()), "{} is not among {found:?}", code.as_str());
    };
    check(Code::NotACampaign, project(&File("compose.yaml", b"services: {}\n".to_vec())));
    check(Code::StaleIgnore, project(&File("sendform.yaml", format!("{PROJECT}ignore: [ old ]\n").into_bytes())));
    let linked = project(&Begin(""));
    std::os::unix::fs::symlink("/", linked.path("shared")).unwrap();
    check(Code::NotRead, linked);
}

#[test]
fn an_audience_that_expands_without_end() {
    let project = project(&Line("csv: people.csv", "csv: people.csv.zst"));
    project.write("people.csv.zst", endless());
    let found = codes(&project);
    assert!(found.contains(Code::AudienceTooLarge.as_str()), "{found:?}");
}

#[test]
fn a_word_for_nothing_in_a_text() {
    let project = project(&Text("Hi {{ name }}".to_owned()));
    project.write("people.csv", "to,name,note\n17841400000000001,NULL,\n");
    assert!(codes(&project).contains(Code::Leftover.as_str()));
}

/// A small file in the format of zstd that expands to 16 MiB of empty lines.
fn endless() -> Vec<u8> {
    const RAW: u32 = 0;
    const REPEATED: u32 = 1;
    let block = |kind: u32, bytes: u32, last: u32| {
        let header = (bytes << 3) | (kind << 1) | last;
        header.to_le_bytes().into_iter().take(3)
    };
    // The magic number, no options, and a window of 128 KiB.
    let mut file = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x38];
    file.extend(block(RAW, u32::try_from(PEOPLE.len()).unwrap(), 0));
    file.extend(PEOPLE.bytes());
    for number in 1..=128 {
        file.extend(block(REPEATED, 128 * 1024, u32::from(number == 128)));
        file.push(b'\n');
    }
    file
}

#[test]
fn what_was_sent_is_held_against_the_files() {
    let sent = || {
        let project = project(&Begin(""));
        project.run(["apply", "--sandbox", "--auto-approve"]).code(0);
        project
    };
    let check = |code: Code, from: &str, to: &str| {
        let project = sent();
        project.write("sale.yaml", CAMPAIGN.replace(from, to));
        let found = codes(&project);
        assert!(found.contains(code.as_str()), "{} is not among {found:?}", code.as_str());
    };
    check(Code::SenderChanged, "sender: shop", "sender: other");
    check(Code::RevisionLowered, "revision: 2", "revision: 1");
    check(Code::MessageGone, "id: hello", "id: goodbye");
}

/// No file makes two parsers disagree as far as anybody knows; that it would be told is tested
/// beside the comparison.
const WITHOUT_PROJECT: [Code; 1] = [Code::Ambiguous];

#[test]
fn no_code_is_forgotten() {
    let mut tested: BTreeSet<Code> = of_texts().iter().chain(&of_rows()).map(|(code, _)| *code).collect();
    tested.extend([
        Code::NoCampaigns,
        Code::AudienceTooLarge,
        Code::NotACampaign,
        Code::StaleIgnore,
        Code::NotRead,
        Code::Leftover,
    ]);
    tested.extend([Code::SenderChanged, Code::RevisionLowered, Code::MessageGone]);
    tested.extend(WITHOUT_PROJECT);
    let missing: Vec<&str> = Code::ALL.iter().filter(|code| !tested.contains(code)).map(|code| code.as_str()).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

/// However few threads the system gives: too few are the environment's failure, and no bug.
#[test]
fn a_thread_that_cannot_be_started_is_no_bug() {
    use std::os::unix::fs::PermissionsExt as _;

    // The limit does not hold for root: these runs are somebody's who has no other process.
    let is_root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0;
    let user = 61_000 + std::process::id() % 4_000;
    let mut refused = 0;
    for threads in 1..=9 {
        let project = Project::new().campaign(
            "sale",
            "campaign: sale\naudiences: { people: { rows: [ { to: \"17841400000000001\" } ] } }\nmessages:\n  \
             - { id: hello, sender: shop, audience: people, content: { type: TEXT, text: Hi } }\n",
        );
        std::fs::set_permissions(project.folder(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let mut wrapper = ["timeout", "60"].map(str::to_owned).to_vec();
        if is_root {
            wrapper.extend(["setpriv".to_owned(), format!("--reuid={user}"), "--clear-groups".to_owned()]);
        }
        wrapper.extend(["prlimit".to_owned(), format!("--nproc={threads}:{threads}")]);
        for arguments in [&["validate"][..], &["plan", "--sandbox"], &["apply", "--sandbox", "--auto-approve"]] {
            let run = project.finish(project.start_under(&wrapper, arguments));
            assert!(matches!(run.code, Some(0 | 1)), "{threads} threads: {run}");
            assert!(!run.stderr.contains("bug"), "{threads} threads: {run}");
            refused += u32::from(run.code == Some(1) && run.stderr.contains("thread"));
        }
    }
    assert!(refused >= 3, "the limit holds");
}
