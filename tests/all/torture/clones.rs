//! Two clones of one repository, each with its own copy of the lockfile: each sends other messages,
//! and then git merges their ledgers.

use std::fs;

use sendform::ledger::Ledger;

use super::dice::Dice;
use super::figures::{Count, Figures};
use super::moment::Moment;
use super::store::git;
use super::world::World;
use crate::support::{Project, seals};

/// What git is told about the lockfile.
const ATTRIBUTES: &str = "sendform.lock -text merge=union linguist-generated\n";

impl World {
    /// Lets a clone send all messages but the first, while this project sends the first only; both
    /// runs may be killed. Then their ledgers are merged, by git or by `ledger import`.
    pub(super) fn divide_and_merge(&mut self, dice: &mut Dice, figures: &mut Figures) {
        let (Some(first), others) = self.names() else { return };
        self.gateway.ask(&["slow=10ms*".to_owned(), format!("500-after%20:seed={}", dice.number(1..1_000_000))]);
        let home = &self.seats[0];
        home.write(".gitattributes", ATTRIBUTES);
        if !home.path(".git").exists() {
            git(home.folder(), &["init", "--quiet"]);
        }
        commit(home, "before");
        let mut clone = Project::empty();
        clone.set("SENDFORM_NOW", self.now.to_string());
        clone.set("SENDFORM_BASE_URL", self.gateway.url());
        git(clone.folder(), &["clone", "--quiet", &home.folder().display().to_string(), "."]);
        for (seat, only) in [(home, vec!["--only", first]), (&clone, others)] {
            let arguments = [["apply", "--auto-approve", "--accept", "overlap=1000000"].as_slice(), &only].concat();
            let mut run = seat.start(&arguments);
            if dice.once_in(2) && Moment::choose(dice, None, false).wait(&mut run, &self.gateway) {
                run.kill();
                self.count(figures, Count::RunsKilled, 1);
            } else {
                drop(seat.finish(run));
            }
            // Whatever was torn is dropped by the next one that writes.
            drop(seat.run([["apply", "--auto-approve", "--accept", "overlap=1000000"].as_slice(), &only].concat()));
        }
        self.count(figures, Count::RequestsSpoilt, self.gateway.spoilt());
        let home = &self.seats[0];
        if dice.once_in(2) {
            let other = clone.path("sendform.lock").display().to_string();
            home.run(["ledger", "import", &other]).code(0);
        } else {
            commit(home, "here");
            commit(&clone, "there");
            let pull = ["pull", "--quiet", "--no-rebase", "--no-edit", &clone.folder().display().to_string()];
            if dice.once_in(2) {
                git(home.folder(), &[&pull[..], &["--strategy", "ours"]].concat());
                self.miss_the_other_side(&clone, figures);
            } else {
                git(home.folder(), &pull);
            }
        }
        self.count(figures, Count::Merges, 1);
    }

    /// Makes sure that nothing is sent after a merge that kept one side only, on a machine that knows no more
    /// than the file, and brings the other side.
    fn miss_the_other_side(&self, clone: &Project, figures: &mut Figures) {
        let home = &self.seats[0];
        for known in [".sendform/shadow.lock", ".sendform/run"] {
            fs::remove_file(home.path(known)).ok();
        }
        let text = |seat: &Project| fs::read(seat.path("sendform.lock")).expect("a lockfile can be read");
        let read = Ledger::read(&text(home), &seals()).expect("our side is whole").ledger;
        if read.run_lost_from(&text(clone), &seals()).is_some() {
            let requests = self.gateway.process().requests();
            let run = self.run(&["apply", "--auto-approve", "--accept", "overlap=1000000"]).code(8);
            assert!(run.stderr.contains("a merge has kept one side only"), "{run}");
            assert_eq!(self.gateway.process().requests(), requests, "{run}");
            self.count(figures, Count::SidesDropped, 1);
        }
        home.run(["ledger", "import", &clone.path("sendform.lock").display().to_string()]).code(0);
    }

    /// The first message, and the words that select the others, if there are any.
    fn names(&self) -> (Option<&'static str>, Vec<&'static str>) {
        let mut names = self.campaigns.messages.iter().map(|message| message.name);
        let first = names.next();
        let others: Vec<_> = names.flat_map(|name| ["--only", name]).collect();
        (first.filter(|_| !others.is_empty()), others)
    }
}

fn commit(seat: &Project, message: &str) {
    git(seat.folder(), &["add", "--all"]);
    git(seat.folder(), &["commit", "--quiet", "--allow-empty", "--message", message]);
}
