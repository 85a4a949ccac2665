//! A project that is changed, run and killed, its gateway, and what the test knows of both.

use std::path::PathBuf;

use sendform::identity::{CanonicalTo, Fingerprint, Keys, MessageId, MessageKey, ProjectId, Revision, SenderId};
use sendform::store::Paths;

use super::books::Books;
use super::dice::Dice;
use super::figures::Figures;
use super::moment::Moment;
use crate::support::{KEY, Project, Run, Sandbox};

const PROJECT: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nbulkSize: 10\n";

/// The messages: two campaigns over one audience, of which the last takes only half.
pub(super) const MESSAGES: [&str; 3] = ["sale.hello", "sale.again", "care.ask"];

/// Where the gateway is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a process of its own, which lives on when the run is killed.
    Outside,
    /// In the run, so that it dies with it; its books live on.
    Inside,
}

/// A project that is changed, run and killed.
#[derive(Debug)]
pub(super) struct World {
    pub(super) project: Project,
    pub(super) place: Place,
    /// The gateway of [`Place::Outside`].
    pub(super) sandbox: Option<Sandbox>,
    /// The numbers of the people, in the order of their rows.
    pub(super) people: Vec<u64>,
    pub(super) revision: u32,
    text: u32,
    prefix: &'static str,
}

impl World {
    pub(super) fn new(place: Place, seed: u64) -> Self {
        let mut project = Project::empty().file("sendform.yaml", PROJECT);
        // The gateway's clock is the machine's, as in life.
        project.unset("SENDFORM_NOW");
        let prefix = "17841400000";
        let mut world = Self { project, place, sandbox: None, people: Vec::new(), revision: 0, text: 0, prefix };
        world.people.extend(1..=280 + seed % 40);
        world.write();
        if place == Place::Outside {
            // An address that no other process takes the port of while the gateway is started again.
            let listen = format!("127.{}.{}.{}:0", 1 + seed % 250, 1 + seed / 250 % 250, 1 + std::process::id() % 250);
            world.start_gateway(&listen);
            world.run(&["ledger", "init"]).code(0);
        } else {
            // The sandbox makes its key when it is needed first.
            world.run(&["plan"]).code(0);
        }
        world
    }

    /// Starts the gateway on the books that it has.
    pub(super) fn start_gateway(&mut self, listen: &str) {
        let books = self.books_path().display().to_string();
        std::fs::create_dir_all(self.project.path(".sendform/sandbox")).expect("a folder can be made");
        let sandbox = Sandbox::start_at(listen, &["--books", &books]);
        self.project.set("SENDFORM_BASE_URL", sandbox.url());
        self.sandbox = Some(sandbox);
    }

    pub(super) fn books_path(&self) -> PathBuf {
        self.project.path(".sendform/sandbox/books.sqlite")
    }

    /// The files of its ledger.
    pub(super) fn paths(&self) -> Paths {
        match self.place {
            Place::Outside => Paths::of_project(self.project.folder()),
            Place::Inside => Paths::of_sandbox(self.project.folder()),
        }
    }

    /// Runs a command against its gateway.
    pub(super) fn run(&self, arguments: &[&str]) -> Run {
        self.project.run(self.arguments(arguments))
    }

    fn arguments<'a>(&self, arguments: &[&'a str]) -> Vec<&'a str> {
        let place: &[&str] = if self.place == Place::Inside { &["--sandbox"] } else { &[] };
        [arguments, place].concat()
    }

    /// Everybody's turn has come again: all messages get a new revision.
    pub(super) fn raise_revisions(&mut self) {
        self.revision += 1;
        self.write();
    }

    /// Starts an apply in front of a gateway with random faults, and kills it at a random moment.
    pub(super) fn run_and_kill(&self, dice: &mut Dice, figures: &mut Figures) {
        let is_outside = self.place == Place::Outside;
        let faults = faults(dice, is_outside);
        figures.faults += faults.len() as u64;
        let moment = Moment::choose(dice, is_outside, faults.iter().any(|fault| fault.starts_with("hold")));
        let parallel = dice.number(1..4).to_string();
        let mut arguments = vec!["apply", "--auto-approve", "--parallel", &parallel];
        let flags: Vec<&str> = faults.iter().flat_map(|fault| ["--fault", fault]).collect();
        if let Some(sandbox) = &self.sandbox {
            sandbox.faults(&faults.iter().map(String::as_str).collect::<Vec<_>>());
        } else {
            arguments.extend(flags);
        }
        let process = self.project.start(self.arguments(&arguments));
        if moment.kill(process, &self.paths().lockfile, self.sandbox.as_ref()) {
            figures.kills += 1;
        } else {
            figures.escapes += 1;
        }
        if let Some(sandbox) = &self.sandbox {
            // Requests that were taken in before they were held are answered to nobody.
            sandbox.release();
        }
    }

    /// Changes what a person might change between two runs.
    pub(super) fn change(&mut self, dice: &mut Dice) {
        if dice.once_in(3) && self.people.len() < 400 {
            let count = self.people.len() as u64;
            self.people.extend(count + 1..=count + dice.number(1..40));
        }
        if dice.once_in(3) {
            self.text += 1;
        }
        if dice.once_in(2) {
            dice.shuffle(&mut self.people);
        }
        self.write();
    }

    fn write(&self) {
        let rows = self.people.iter().map(|number| format!("{},Ana {number},{}\n", self.to(*number), group(*number)));
        self.project.write("all.csv", format!("id,name,group\n{}", rows.collect::<String>()));
        let audience = |condition: &str| format!("{{ csv: all.csv, columns: {{ to: id }}{condition} }}");
        let message = |id: &str, text: &str| {
            format!(
                "  - id: {id}\n    revision: {}\n    sender: shop\n    audience: some\n    \
                 content: {{ type: TEXT, text: \"{text} {{{{ name }}}}, version {}\" }}\n",
                self.revision.max(1),
                self.text
            )
        };
        let campaign = |id: &str, audience: &str, messages: &str| {
            format!("campaign: {id}\naudiences: {{ some: {audience} }}\nmessages:\n{messages}")
        };
        let sale = message("hello", "Hello") + &message("again", "Hello again");
        self.project.write("sale.yaml", campaign("sale", &audience(""), &sale));
        let ask = message("ask", "How are you");
        self.project.write("care.yaml", campaign("care", &audience(", where: group == \"even\""), &ask));
    }

    /// The id of a person.
    fn to(&self, number: u64) -> String {
        format!("{}{number:06}", self.prefix)
    }

    /// The messageIds of a message as it should reach everybody of its audience.
    pub(super) fn expected(&self, message: &str) -> Vec<(MessageId, String)> {
        let key = match self.place {
            Place::Outside => KEY.to_owned(),
            Place::Inside => self.project.read(".sendform/sandbox/key"),
        };
        let keys = Keys::parse(&key).expect("a key");
        let project = ProjectId::parse("acme-shop").expect("a project's name");
        let sender = SenderId::parse("SHOP-ACCOUNT").expect("a sender");
        let fingerprint = Fingerprint::new(keys.first(), &project, &sender);
        let people = self.people.iter().filter(|number| message != "care.ask" || group(**number) == "even");
        let ids = people.map(|number| {
            let to = self.to(*number);
            let person = fingerprint.person(&CanonicalTo::parse(&to).expect("an id"));
            (MessageId { message: key_of(message), revision: self.revision(), person }, to)
        });
        ids.collect()
    }

    pub(super) fn revision(&self) -> Revision {
        Revision::new(self.revision).expect("a revision from 1")
    }

    /// The gateway's books; the gateway may be at work on them.
    pub(super) fn books(&self) -> Books {
        Books::read(&self.books_path())
    }
}

/// The message of this name.
pub(super) fn key_of(message: &str) -> MessageKey {
    MessageKey::parse(message).expect("CAMPAIGN.MESSAGE")
}

fn group(number: u64) -> &'static str {
    if number.is_multiple_of(2) { "even" } else { "odd" }
}

/// Some faults, and some requests that take a moment, so that there is something to kill.
fn faults(dice: &mut Dice, is_outside: bool) -> Vec<String> {
    let mut faults = vec![format!("slow={}ms*", dice.number(1..30))];
    if is_outside && dice.once_in(4) {
        let moment = dice.one_of(&["before", "after"]);
        faults.push(format!("hold-{moment}@{}", dice.number(1..8)));
    }
    for _ in 0..dice.number(0..3) {
        let fault = dice.one_of(&[
            "500-before",
            "500-after",
            "drop-before",
            "drop-after",
            "cut",
            "garbage",
            "empty",
            "other-bulk-id",
            "missing-messages=3",
            "503-after",
        ]);
        faults.push(format!("{fault}%{}:seed={}", dice.number(5..30), dice.number(1..1_000_000)));
    }
    if dice.once_in(6) {
        faults.push(format!("429@{}:retry-after=0", dice.number(1..10)));
    }
    if dice.once_in(4) {
        faults.push(format!("reject-share=0.0{}", dice.number(1..9)));
    }
    if dice.once_in(6) {
        faults.push(format!("invalid=17841400000{:06}", dice.number(1..100)));
    }
    faults
}
