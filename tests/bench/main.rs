//! Benchmarks of the stages of a plan: `cargo bench`. Each works on 10,000 rows in memory; divide by
//! 10,000 for the time of one row.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed benchmark")]

use std::collections::BTreeMap;
use std::io::Cursor;
use std::num::NonZeroUsize;
use std::sync::Arc;

use divan::{Bencher, black_box};
use sendform::audience::{AudienceReader, Row};
use sendform::campaign::{AudienceStream, Campaign, Files, FilesError, Project, read_campaign, read_project};
use sendform::diagnostic::Source;
use sendform::identity::{CanonicalTo, Fingerprint, IdRule, Key, Keys, ProjectId, SenderId};
use sendform::ledger::{Claim, ClaimId, Dated, Fact, Header, Ledger, Outcome, PersonState, RunId, Seals, View};
use sendform::plan::{Accepted, Frozen, Input, Plan, Selection, plan};
use sendform::render::{Condition, Purpose, Renderer, Template};

const ROWS: u64 = 10_000;

const CAMPAIGN: &str = "\
campaign: sale
audiences:
  all: { csv: people.csv, columns: { to: id }, where: consent == \"yes\" }
messages:
  - id: announce
    sender: shop
    audience: all
    content:
      type: TEXT
      text: |
        Hi {{ name | fallback(\"there\") }}, the sale is on in {{ city }}!{% if country == \"HR\" %} Dobro došli, {{ customer }}.{% endif %}
";

fn main() {
    divan::main();
}

struct Memory(BTreeMap<&'static str, String>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<String, FilesError> {
        self.0.get(path).cloned().ok_or(FilesError::Missing)
    }

    fn open(&self, path: &str) -> Result<Box<dyn AudienceStream>, FilesError> {
        Ok(Box::new(Cursor::new(self.read(path)?)))
    }
}

struct Shop {
    files: Memory,
    project: Project,
    campaigns: Vec<Campaign>,
}

impl Shop {
    fn new() -> Self {
        let rows = (0..ROWS)
            .map(|number| format!("178414{number:011},Žofija,\"Rijeka, HR\",HR,yes,C-{number:08},{}\n", number % 1000));
        let people = format!("id,name,city,country,consent,customer,points\n{}", rows.collect::<String>());
        let files = Memory([("people.csv", people)].into());
        let read = read_project(&Source::new("sendform.yaml", "project: shop\nsenders: { shop: SHOP }\n"));
        let campaign = read_campaign(&Source::new("sale.yaml", CAMPAIGN), read.declared.as_ref(), &files).campaign;
        Self { files, project: read.project.unwrap(), campaigns: vec![campaign.unwrap()] }
    }

    fn rows(&self) -> (AudienceReader, Vec<Row>) {
        let audience = &self.campaigns.first().unwrap().messages.first().unwrap().audience;
        let mut reader = AudienceReader::open(audience, &self.files).unwrap();
        let mut rows = Vec::new();
        reader.read(&mut rows, usize::MAX).unwrap();
        (reader, rows)
    }

    fn plan(&self, ledger: &Ledger) -> Plan {
        self.with_input(ledger, None, plan)
    }

    /// A plan that holds everybody, frozen.
    fn freeze(&self) -> Frozen {
        let freeze = |input: &Input<'_>| Frozen::freeze(input, &plan(input), "0.1.0").unwrap();
        self.with_input(&empty(), None, freeze)
    }

    fn with_input<T>(&self, ledger: &Ledger, frozen: Option<&Frozen>, run: impl FnOnce(&Input<'_>) -> T) -> T {
        run(&Input {
            project: &self.project,
            campaigns: &self.campaigns,
            files: &self.files,
            gateway: "sandbox",
            ledger: Some(ledger),
            view: View::Exclusive,
            keys: Some(&keys()),
            now: "2026-11-30T12:00:00Z".parse().unwrap(),
            selection: &Selection::default(),
            accepted: &Accepted::default(),
            retry_rejected: &[],
            frozen,
            asks_first: false,
            without_data: false,
            workers: NonZeroUsize::new(2).unwrap(),
        })
    }
}

fn keys() -> Keys {
    Keys::one(Key::from_bytes([7; Key::LENGTH]))
}

fn empty() -> Ledger {
    let header = Header {
        project: ProjectId::parse("shop").unwrap(),
        gateway: "sandbox".to_owned(),
        keys: keys().ids(),
        first_key: None,
    };
    Ledger::new(header)
}

/// A ledger in which everybody of a plan is accepted.
fn sent(plan: &Plan) -> Ledger {
    let mut ledger = empty();
    for (number, bulk) in plan.messages.iter().flat_map(|message| &message.bulks).enumerate() {
        let mut people: Vec<_> = bulk.recipients.iter().map(|recipient| recipient.person).collect();
        people.sort_unstable();
        let id = ClaimId { bulk: bulk.id(), attempt: 1, run: RunId(number as u64) };
        let (time, at) = (bulk.time, plan.now);
        let claim = Claim {
            id: id.clone(),
            time,
            send_at: None,
            until: None,
            leaves_by: None,
            start_by: at,
            at,
            machine_at: None,
            dated: Dated::Never,
            is_recovered: false,
            by: None,
            edition: None,
            people,
        };
        ledger.add_claim(claim).unwrap();
        let (by, why) = (None, None);
        let outcome = Outcome {
            claim: id,
            state: PersonState::Accepted,
            others: Vec::new(),
            at,
            by,
            why,
            proof: None,
            known: None,
        };
        ledger.add_outcome(outcome).unwrap();
    }
    ledger
}

#[divan::bench]
fn reading(bencher: Bencher<'_, '_>) {
    let shop = Shop::new();
    bencher.bench_local(|| shop.rows().1.len());
}

#[divan::bench]
fn conditions(bencher: Bencher<'_, '_>) {
    let shop = Shop::new();
    let (reader, rows) = shop.rows();
    let message = shop.campaigns.first().unwrap().messages.first().unwrap();
    let condition = Condition::compile(message.audience.filter.as_ref().unwrap()).unwrap();
    let mut renderer = Renderer::new(Arc::clone(reader.header()));
    bencher.bench_local(|| {
        for row in &rows {
            renderer.fill(row.cells.as_ref().unwrap());
            black_box(renderer.matches(&condition).unwrap());
        }
    });
}

#[divan::bench]
fn rendering(bencher: Bencher<'_, '_>) {
    let shop = Shop::new();
    let (reader, rows) = shop.rows();
    let message = shop.campaigns.first().unwrap().messages.first().unwrap();
    let source = message.content.texts().next().unwrap();
    let template = Template::compile(source, Purpose::Text, &shop.files).unwrap();
    let mut renderer = Renderer::new(Arc::clone(reader.header()));
    bencher.bench_local(|| {
        for row in &rows {
            renderer.fill(row.cells.as_ref().unwrap());
            black_box(renderer.render(&template).unwrap());
        }
    });
}

#[divan::bench]
fn identity(bencher: Bencher<'_, '_>) {
    let project = ProjectId::parse("shop").unwrap();
    let fingerprint = Fingerprint::new(keys().first(), &project, &SenderId::parse("SHOP").unwrap());
    let ids: Vec<String> = (0..ROWS).map(|number| format!("178414{number:011}")).collect();
    bencher.bench_local(|| {
        for id in &ids {
            black_box(fingerprint.person(&CanonicalTo::parse(id, IdRule::Numeric).unwrap()));
        }
    });
}

#[divan::bench]
fn planning_cold(bencher: Bencher<'_, '_>) {
    let (shop, ledger) = (Shop::new(), empty());
    bencher.bench_local(|| assert_eq!(shop.plan(&ledger).to_send(), ROWS));
}

#[divan::bench]
fn planning_when_all_are_sent(bencher: Bencher<'_, '_>) {
    let shop = Shop::new();
    let ledger = sent(&shop.plan(&empty()));
    bencher.bench_local(|| assert_eq!(shop.plan(&ledger).to_send(), 0));
}

#[divan::bench]
fn planning_what_is_frozen(bencher: Bencher<'_, '_>) {
    let (shop, ledger) = (Shop::new(), empty());
    let frozen = shop.freeze();
    bencher.bench_local(|| assert_eq!(shop.with_input(&ledger, Some(&frozen), plan).to_send(), ROWS));
}

#[divan::bench]
fn writing_a_frozen_plan(bencher: Bencher<'_, '_>) {
    let frozen = Shop::new().freeze();
    bencher.bench_local(|| {
        let mut file = Vec::new();
        frozen.write(&mut file).unwrap();
        file
    });
}

#[divan::bench]
fn reading_a_frozen_plan(bencher: Bencher<'_, '_>) {
    let mut file = Vec::new();
    Shop::new().freeze().write(&mut file).unwrap();
    bencher.bench_local(|| Frozen::read(file.as_slice()).unwrap());
}

#[divan::bench]
fn reading_a_ledger(bencher: Bencher<'_, '_>) {
    let seals = Seals::new(&keys(), &ProjectId::parse("shop").unwrap());
    let mut ledger = sent(&Shop::new().plan(&empty()));
    let mut numbers = 0..;
    ledger.adopt(|| Fact { run: RunId(1), number: numbers.next().unwrap() });
    let text = ledger.write(&seals);
    bencher.bench_local(|| Ledger::read(&text, &seals).unwrap());
}
