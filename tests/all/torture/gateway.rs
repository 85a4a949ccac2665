//! The gateway of a life: one address, one file of books, and as many processes as are needed.

use jiff::Timestamp;
use sendform::sandbox::faults::{Fault, FaultKind, Target};
use tempfile::TempDir;

use super::books::Books;
use super::dice::Dice;
use crate::support::{Foreign, Sandbox};

/// The gateway of a life.
#[derive(Debug)]
pub(super) struct Gateway {
    folder: TempDir,
    listen: String,
    process: Option<Sandbox>,
    /// The way to it, if it is not to seem a sandbox, and whether its logs stand still.
    front: Option<Foreign>,
    is_frozen: bool,
    faults: Vec<Fault>,
    /// How many requests it had seen when the faults were asked for.
    before: u64,
}

impl Gateway {
    /// Starts a gateway on an address that no other process takes the port of while it is started
    /// again. It may seem a real one.
    pub(super) fn new(seed: u64, now: Timestamp, seems_real: bool) -> Self {
        let listen = format!("127.{}.{}.{}:0", 1 + seed % 250, 1 + seed / 250 % 250, 1 + std::process::id() % 250);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (process, front) = (None, None);
        let mut gateway = Self { folder, listen, process, front, is_frozen: false, faults: Vec::new(), before: 0 };
        gateway.start(now);
        let address = gateway.process().address();
        gateway.front = seems_real.then(|| Foreign::at(address, &gateway.listen, None));
        gateway.listen = address.to_string();
        gateway
    }

    /// Starts it again on its books, without faults.
    pub(super) fn start(&mut self, now: Timestamp) {
        let books = self.folder.path().join("books.sqlite").display().to_string();
        let sandbox = Sandbox::start_at(&self.listen, &["--books", &books, "--now", &now.to_string()]);
        self.process = Some(sandbox);
        self.faults.clear();
        self.before = 0;
    }

    /// Kills it; what it had in hand is lost.
    pub(super) fn kill(&mut self) {
        drop(self.process.take());
    }

    pub(super) fn process(&self) -> &Sandbox {
        self.process.as_ref().expect("it is started again after each kill")
    }

    /// Its name in the ledger.
    pub(super) fn name(&self) -> String {
        self.front.as_ref().map_or_else(|| self.listen.clone(), |front| front.address().to_string())
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.name())
    }

    /// Whether it hides that it is a sandbox.
    pub(super) fn seems_real(&self) -> bool {
        self.front.is_some()
    }

    /// The time that its answers tell.
    pub(super) fn now(&self) -> Timestamp {
        let state = self.process().state();
        state["now"].as_str().and_then(|now| now.parse().ok()).expect("it tells its time")
    }

    /// Has its logs stand still, or go on; says which.
    pub(super) fn turn_logs(&mut self) -> bool {
        self.is_frozen = !self.is_frozen;
        match &self.front {
            Some(front) if self.is_frozen => front.freeze_logs(self.process()),
            Some(front) => front.thaw_logs(),
            None => {}
        }
        self.is_frozen
    }

    /// Has its logs go on.
    pub(super) fn thaw_logs(&mut self) {
        if self.is_frozen {
            self.turn_logs();
        }
    }

    /// Waits until nothing is on the way to it any more.
    pub(super) fn wait_empty(&self) {
        self.front.iter().for_each(Foreign::wait_empty);
    }

    /// Asks for faults.
    pub(super) fn ask(&mut self, faults: &[String]) {
        self.faults = faults.iter().map(|fault| fault.parse().expect("a fault")).collect();
        self.before = self.requests();
        self.process().faults(&faults.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// How many requests were spoilt since the faults were asked for: each counts once.
    pub(super) fn spoilt(&self) -> u64 {
        let seen = self.requests() - self.before;
        let sends = || self.faults.iter().filter(|fault| fault.target == Target::Messages && spoils(&fault.kind));
        let is_spoilt = |number: &u64| sends().any(|fault| fault.when.matches(*number));
        (1..=seen).filter(is_spoilt).count() as u64
    }

    pub(super) fn requests(&self) -> u64 {
        self.process().requests()
    }

    /// The books; the gateway may be at work on them.
    pub(super) fn books(&self) -> Books {
        Books::read(&self.folder.path().join("books.sqlite"))
    }
}

/// Whether a fault spoils the requests that it strikes, whoever they are for.
fn spoils(kind: &FaultKind) -> bool {
    match kind {
        FaultKind::Answer(..)
        | FaultKind::Drop(_)
        | FaultKind::Cut
        | FaultKind::Garbage
        | FaultKind::Empty
        | FaultKind::OtherBulkId
        | FaultKind::MissingMessages(_) => true,
        FaultKind::Hold(_)
        | FaultKind::Slow(_)
        | FaultKind::RejectShare(..)
        | FaultKind::Reject(..)
        | FaultKind::Invalid(_)
        | FaultKind::InvalidUnnamed(_)
        | FaultKind::Push(_) => false,
    }
}

/// Whether the gateway holds a request until something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Never,
    Perhaps,
    /// One of the first: what is done takes as long as a few requests.
    Early,
}

/// Some faults, and some requests that take a moment, so that there is something to strike at.
pub(super) fn faults(dice: &mut Dice, holds: Holds) -> Vec<String> {
    let mut faults = vec![format!("slow={}ms*", dice.number(1..20))];
    let before = match holds {
        Holds::Never => None,
        Holds::Perhaps => dice.once_in(3).then_some(8),
        Holds::Early => Some(3),
    };
    if let Some(before) = before {
        let moment = dice.one_of(&["before", "after"]);
        faults.push(format!("hold-{moment}@{}", dice.number(1..before)));
    }
    for _ in 0..dice.number(1..5) {
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
        faults.push(format!("{fault}%{}:seed={}", dice.number(10..40), dice.number(1..1_000_000)));
    }
    if dice.once_in(5) {
        faults.push(format!("429@{}:retry-after=0", dice.number(1..10)));
    }
    if dice.once_in(4) {
        let fault = dice.one_of(&["logs:500-before", "logs:drop-after", "logs:cut", "logs:garbage"]);
        faults.push(format!("{fault}%40:seed={}", dice.number(1..1_000_000)));
    }
    if dice.once_in(20) {
        faults.push(format!("{}@{}", dice.one_of(&["401", "403", "404"]), dice.number(1..10)));
    }
    if dice.once_in(4) {
        faults.push(format!("reject-share=0.0{}", dice.number(1..9)));
    }
    if dice.once_in(6) {
        let invalid = dice.one_of(&["invalid", "invalid-unnamed"]);
        faults.push(format!("{invalid}=17841400000{:06}", dice.number(1..60)));
    }
    faults
}
