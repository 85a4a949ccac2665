//! Random campaigns: the files as somebody might write and edit them, and whom they are for, told
//! without a line of the program's own planning.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::ops::Range;

use sendform::identity::{
    CanonicalTo, Fingerprint, IdRule, Keys, MessageId, MessageKey, ProjectId, Revision, SenderId,
};

use super::dice::Dice;
use crate::support::{KEY, Project};

/// The name of the project.
pub(super) const PROJECT: &str = "acme-shop";

const SENDER: &str = "SHOP-ACCOUNT";

/// The messages that there may be.
const MESSAGES: [&str; 3] = ["sale.hello", "sale.again", "care.ask"];

/// The most rows that an audience grows to.
const ROWS_MAX: usize = 150;

/// How many people opt out at once while a run is sending: more than a few bulks hold, so that some are still to be
/// sent to.
const OUT: Range<u64> = 4..16;

/// When a message is sent.
const SCHEDULES: [&str; 4] = [
    "{}",
    "{ sendAt: \"2026-12-09 09:00\", timeZone: Europe/Zagreb }",
    "{ sendAt: \"2026-12-09 09:00\", timeZone: UTC, sendingSpeedLimit: { amount: 120, timeUnit: MINUTE } }",
    "{ sendingSpeedLimit: { amount: 600, timeUnit: MINUTE } }",
];

/// A message, and whom it is for.
#[derive(Debug)]
pub(super) struct Message {
    /// `CAMPAIGN.MESSAGE`
    pub(super) name: &'static str,
    schedule: &'static str,
    /// Whether it is for people of the even group only.
    for_even: bool,
}

/// A row, or several, of one person.
#[derive(Debug, Clone, Copy)]
struct Row {
    number: u64,
    /// How often the row is repeated.
    copies: usize,
    /// Whether one more row contradicts it.
    contradicts: bool,
}

impl Row {
    fn is_even(self) -> bool {
        self.number.is_multiple_of(2)
    }
}

/// Campaigns, their audience, and who opted out.
#[derive(Debug)]
pub(super) struct Campaigns {
    pub(super) messages: Vec<Message>,
    rows: Vec<Row>,
    suppressed: BTreeSet<u64>,
    bulk_size: u64,
    revision: u32,
    text: u32,
    /// The line of the project file that says where the ledger is.
    state: String,
}

impl Campaigns {
    /// Has the gateway asked for people before they are sent to, or not.
    pub(super) fn ask_first(&mut self, asks: bool) {
        let [before, after] = if asks { ["off", "required"] } else { ["required", "off"] };
        self.state = self.state.replace(&format!("witness: {before}"), &format!("witness: {after}"));
    }

    /// Whether no message is to leave on a day that is far away: what is still to leave the logs do not show.
    pub(super) fn leave_soon(&self) -> bool {
        self.messages.iter().all(|message| !message.schedule.contains("sendAt"))
    }

    /// Thinks up campaigns whose ledger is where `state` says.
    pub(super) fn new(dice: &mut Dice, state: &str) -> Self {
        let count = dice.number(1..MESSAGES.len() as u64 + 1);
        let messages = MESSAGES.into_iter().take(usize::try_from(count).expect("a small number"));
        let messages =
            messages.map(|name| Message { name, schedule: dice.one_of(&SCHEDULES), for_even: name == "care.ask" });
        let mut campaigns = Self {
            messages: messages.collect(),
            rows: Vec::new(),
            suppressed: BTreeSet::new(),
            bulk_size: dice.number(1..10),
            revision: 1,
            text: 0,
            state: state.to_owned(),
        };
        let people = dice.number(20..90);
        campaigns.grow(dice, people);
        campaigns.suppress(dice);
        campaigns
    }

    fn grow(&mut self, dice: &mut Dice, people: u64) {
        let before = self.rows.len() as u64;
        self.rows.extend((before + 1..=before + people).map(|number| Row {
            number,
            copies: if dice.once_in(12) { 2 } else { 1 },
            contradicts: dice.once_in(30),
        }));
    }

    fn suppress(&mut self, dice: &mut Dice) {
        let count = self.rows.len() as u64;
        let more = (0..dice.number(0..4)).map(|_| dice.number(1..count + 1));
        self.suppressed.extend(more);
    }

    /// Some people opt out; gives their numbers.
    pub(super) fn opt_out(&mut self, dice: &mut Dice) -> BTreeSet<u64> {
        let count = self.rows.len() as u64;
        let out: BTreeSet<u64> = (0..dice.number(OUT)).map(|_| dice.number(1..count + 1)).collect();
        self.suppressed.extend(&out);
        out
    }

    /// Replaces the list of opt-outs in one step, durably.
    pub(super) fn write_opt_outs(&self, project: &Project) {
        let path = project.path("out.new");
        let mut file = File::create(&path).expect("a file can be made");
        file.write_all(self.opt_outs().as_bytes()).expect("a file can be written");
        file.sync_all().expect("a file can be synced");
        fs::rename(path, project.path("out.csv")).expect("a file can be renamed");
    }

    fn opt_outs(&self) -> String {
        let out = self.suppressed.iter().map(|number| format!("{}\n", to(*number)));
        format!("id\n{}", out.collect::<String>())
    }

    /// Edits them as somebody might between two runs, and says how many edits that were.
    pub(super) fn edit(&mut self, dice: &mut Dice) -> u64 {
        let mut edits = 0;
        if dice.once_in(3) && self.rows.len() < ROWS_MAX {
            let people = dice.number(1..20);
            self.grow(dice, people);
            edits += 1;
        }
        if dice.once_in(3) {
            self.text += 1;
            edits += 1;
        }
        if dice.once_in(2) {
            dice.shuffle(&mut self.rows);
            edits += 1;
        }
        if dice.once_in(4) {
            self.bulk_size = dice.number(1..10);
            edits += 1;
        }
        if dice.once_in(8) {
            self.suppress(dice);
            edits += 1;
        }
        edits
    }

    /// Everybody's turn has come again: all messages get a new revision.
    pub(super) fn raise_revisions(&mut self) {
        self.revision += 1;
    }

    /// Writes all files.
    pub(super) fn write(&self, project: &Project) {
        let Self { bulk_size, state, .. } = self;
        project.write(
            "sendform.yaml",
            format!(
                "project: {PROJECT}\n{state}senders: {{ shop: {SENDER} }}\nbulkSize: {bulk_size}\n\
                 stopAfter: {{ share: 100% }}\nlimits: {{ unreadableRowsPercent: 100 }}\n\
                 suppress: [ {{ csv: out.csv, columns: {{ to: id }}, mayBeEmpty: true }} ]\n"
            ),
        );
        project.write("out.csv", self.opt_outs());
        project.write("all.csv", self.table());
        for campaign in ["sale", "care"] {
            let messages: Vec<&Message> = self.messages.iter().filter(|of| of.name.starts_with(campaign)).collect();
            if !messages.is_empty() {
                project.write(&format!("{campaign}.yaml"), self.campaign(campaign, &messages));
            }
        }
    }

    fn table(&self) -> String {
        let mut table = "id,name,group\n".to_owned();
        for row in &self.rows {
            let group = if row.is_even() { "even" } else { "odd" };
            let mut add = |name: &str, copies: usize| {
                table.push_str(&format!("{},{name} {},{group}\n", to(row.number), row.number).repeat(copies));
            };
            add("Ana", row.copies);
            add("Ivo", usize::from(row.contradicts));
        }
        table
    }

    fn campaign(&self, campaign: &str, messages: &[&Message]) -> String {
        let schedule = |message: &&Message| format!("  {}: {}\n", id_of(message), message.schedule);
        let schedules: String = messages.iter().map(schedule).collect();
        let mut text = format!(
            "campaign: {campaign}\nschedules:\n{schedules}audiences:\n  all: {{ csv: all.csv, columns: {{ to: id }}, expect: {{ min: 0 }} }}\n  \
             even: {{ csv: all.csv, columns: {{ to: id }}, expect: {{ min: 0 }}, where: group == \"even\" }}\nmessages:\n"
        );
        text.extend(messages.iter().map(|message| self.message(message)));
        text
    }

    fn message(&self, message: &Message) -> String {
        let id = id_of(message);
        let audience = if message.for_even { "even" } else { "all" };
        let Self { revision, text: version, .. } = self;
        format!(
            "  - id: {id}\n    revision: {revision}\n    sender: shop\n    audience: {audience}\n    \
             schedule: {id}\n    \
             content: {{ type: TEXT, text: \"Hello {{{{ name }}}}, version {version} of {id}\" }}\n"
        )
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> u64 {
        self.rows.iter().map(|row| row.copies + usize::from(row.contradicts)).sum::<usize>() as u64
    }

    /// The messageIds of a message as it should reach everybody whom it is for.
    pub(super) fn expected(&self, message: &Message) -> Vec<(MessageId, String)> {
        let wanted = |row: &&Row| {
            !row.contradicts && (row.is_even() || !message.for_even) && !self.suppressed.contains(&row.number)
        };
        self.ids(message, self.rows.iter().filter(wanted))
    }

    /// The messageIds that must never be seen: of people about whom the rows contradict each other.
    pub(super) fn forbidden(&self, message: &Message) -> Vec<(MessageId, String)> {
        self.ids(message, self.rows.iter().filter(|row| row.contradicts))
    }

    fn ids<'a>(&self, message: &Message, rows: impl Iterator<Item = &'a Row>) -> Vec<(MessageId, String)> {
        let keys = Keys::parse(KEY).expect("a key");
        let project = ProjectId::parse(PROJECT).expect("a project's name");
        let sender = SenderId::parse(SENDER).expect("a sender");
        let fingerprint = Fingerprint::new(keys.first(), &project, &sender);
        let id = |row: &Row| {
            let to = to(row.number);
            let person = fingerprint.person(&CanonicalTo::parse(&to, IdRule::Numeric).expect("an id"));
            (MessageId { message: message.key(), revision: self.revision(), person }, to)
        };
        rows.map(id).collect()
    }

    pub(super) fn revision(&self) -> Revision {
        Revision::new(self.revision).expect("a revision from 1")
    }
}

impl Message {
    /// Its name, parsed.
    pub(super) fn key(&self) -> MessageKey {
        MessageKey::parse(self.name).expect("CAMPAIGN.MESSAGE")
    }
}

/// The id of a message within its campaign.
fn id_of(message: &Message) -> &'static str {
    message.name.split_once('.').expect("CAMPAIGN.MESSAGE").1
}

/// The id of a person.
pub(super) fn to(number: u64) -> String {
    format!("17841400000{number:06}")
}
