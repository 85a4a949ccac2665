//! One step of a life: a run of `apply`, or several at once, and what is done to them.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::books::Books;
use super::campaigns::to;
use super::clock::Clock;
use super::dice::Dice;
use super::figures::{Count, Figures};
use super::gateway::{Holds, faults};
use super::moment::Moment;
use super::store::Kind;
use super::trouble::Trouble;
use super::world::World;
use crate::support::{Process, Run};

/// How often requests that are held are let go while runs are waited for.
const LET_GO_AGAIN: Duration = Duration::from_millis(2);

/// How long a worker may keep a bulk that it has taken and does not claim.
const LEASE: Duration = Duration::from_millis(400);

/// How many requests a run has under way at most.
const PARALLEL_MAX: u64 = 4;
/// After how long a stop on a branch is seen for sure, with the end of what was under way.
const BRANCH_TIME_MAX: Duration = Duration::from_secs(15);
/// How long a run may take before the test fails.
const RUN_TIME_MAX: Duration = Duration::from_secs(240);

/// What is done to a run, or around it.
#[derive(Debug)]
enum Deed {
    /// So many, if there are so many.
    KillRuns(u64),
    KillGateway,
    /// For so long: time itself is what is tested here.
    StopRun(Duration),
    /// As long.
    StopGateway(Duration),
    Interrupt(&'static str),
    /// Somebody stops all runs of the ledger, and lets them go on when they have ended.
    StopSending,
    /// People opt out, on every machine.
    OptOut,
    Trouble(Trouble),
    Nothing,
}

impl Deed {
    fn choose(dice: &mut Dice, world: &World, seat: usize) -> Self {
        match dice.number(0..30) {
            0..=8 => Self::KillRuns(dice.number(1..4)),
            9..=10 => Self::KillGateway,
            11..=12 => Self::StopRun(Duration::from_millis(dice.number(20..300))),
            13 => Self::StopGateway(Duration::from_millis(dice.number(20..300))),
            14 => Self::Interrupt(dice.one_of(&["INT", "TERM", "HUP"])),
            20..=24 => Self::StopSending,
            25..=29 => Self::OptOut,
            15..=18 => Self::Trouble(Trouble::choose(dice, &world.store, &world.seats[seat])),
            _ => Self::Nothing,
        }
    }

    fn wrapper(&self) -> Vec<String> {
        match self {
            Self::Trouble(trouble) => trouble.wrapper(),
            Self::KillRuns(_)
            | Self::KillGateway
            | Self::StopRun(_)
            | Self::StopGateway(_)
            | Self::Interrupt(_)
            | Self::StopSending
            | Self::OptOut
            | Self::Nothing => Vec::new(),
        }
    }

    /// The exit codes that a run may have that was not killed.
    fn allows(&self, code: i32, kind: Kind, has_company: bool) -> bool {
        match code {
            // Done, somebody is free again, the environment, in doubt, rejected, 401 or 403.
            0 | 1 | 2 | 6 | 7 | 9 => true,
            // The ledger is held by another run, or cannot be used.
            8 => has_company || matches!(self, Self::Trouble(_)),
            // Another worker was asked to send to others: then they have no plan to share.
            5 => has_company && kind == Kind::Postgres,
            10 => matches!(self, Self::Interrupt(_) | Self::StopSending),
            _ => false,
        }
    }
}

/// The words before a run that has this clock.
fn words(clock: Option<&Clock>) -> Vec<String> {
    clock.map(Clock::words).unwrap_or_default()
}

impl World {
    /// Runs `apply` in front of a gateway with random faults, and does something to it.
    pub(super) fn step(&mut self, dice: &mut Dice, figures: &mut Figures) {
        self.trouble_time(dice, figures);
        let seat = usize::try_from(dice.number(0..self.seats.len() as u64)).expect("the number of a seat");
        let deed = Deed::choose(dice, self, seat);
        let may_hold = match deed {
            Deed::Nothing | Deed::Trouble(_) => Holds::Never,
            Deed::StopSending | Deed::OptOut => Holds::Early,
            Deed::KillRuns(_) | Deed::KillGateway | Deed::StopRun(_) | Deed::StopGateway(_) | Deed::Interrupt(_) => {
                Holds::Perhaps
            }
        };
        let faults = faults(dice, may_hold);
        let holds = faults.iter().any(|fault| fault.starts_with("hold"));
        self.gateway.ask(&faults);
        let moment = Moment::choose(dice, self.file(seat).as_deref(), holds);
        if let Deed::Trouble(trouble) = &deed {
            trouble.begin(&self.seats[seat]);
        }
        self.store.let_plans_end();
        let mut clocks = vec![self.clock(dice, figures)];
        let wrapper = [deed.wrapper(), words(clocks[0].as_ref())].concat();
        let mut runs = vec![self.begin(dice, seat, &wrapper, figures)];
        for _ in 0..self.store.kind.companions(dice) {
            let other = usize::try_from(dice.number(0..self.seats.len() as u64)).expect("the number of a seat");
            let clock = self.clock(dice, figures);
            runs.push(self.begin(dice, other, &words(clock.as_ref()), figures));
            clocks.push(clock);
            self.count(figures, Count::Companions, 1);
        }
        let has_company = runs.len() > 1;
        let (mut stopped, mut opted_out) = (None, None);
        if moment.wait(&mut runs[0], &self.gateway) {
            let moved = clocks.iter().flatten().map(Clock::strike).sum();
            self.count(figures, Count::ClocksMoved, moved);
            self.act(&deed, seat, &mut runs, figures);
            if matches!(deed, Deed::OptOut) {
                let out = self.opt_out(dice);
                // Whatever is in the books now was accepted before, or is under way.
                opted_out = Some((self.books(), out, PARALLEL_MAX * runs.len() as u64));
            }
            if matches!(deed, Deed::StopSending) {
                stopped = Some((self.gateway.requests(), PARALLEL_MAX * runs.len() as u64, Instant::now()));
            }
        }
        for run in self.finish(seat, runs, figures) {
            let is_right = run.code.is_none_or(|code| deed.allows(code, self.store.kind, has_company));
            assert!(is_right, "after {deed:?} with {faults:?}: {run}");
            assert!(!run.stderr.contains("panicked"), "{run}");
            // Doubts, which most runs here leave, are told by the code before a stop is.
            let is_ended = stopped.is_some() && run.stdout.contains("! stopped: somebody has stopped sending: ");
            self.count(figures, Count::RunsEndedByStops, u64::from(is_ended));
            let leaves_out = opted_out.is_some() && run.stdout.contains("  suppressed\n");
            self.count(figures, Count::RunsThatLeftOut, u64::from(leaves_out));
        }
        if let Deed::Trouble(trouble) = &deed {
            trouble.end(&self.seats[seat]);
        }
        if let Some((before, out, under_way)) = opted_out {
            self.check_opted_out(&before, &out, under_way);
        }
        if let Some((before, under_way, begun)) = stopped {
            self.check_stopped(self.gateway.requests() - before, under_way, begun.elapsed());
            self.seats[seat].run(["resume", "--reason", "the torture goes on"]).code(0);
        }
    }

    /// Makes sure that no request has begun after a stop but those that were under way. A branch is asked for every
    /// few seconds only, which is longer than most runs here.
    fn check_stopped(&self, since: u64, under_way: u64, time: Duration) {
        if self.store.kind != Kind::Git {
            assert!(since <= under_way, "{since} requests after a stop, and {under_way} may have been under way");
        } else if since > under_way {
            assert!(time < BRANCH_TIME_MAX, "requests until {time:?} after a stop");
        }
    }

    /// People opt out: it is durable on every machine when this returns. Gives their ids.
    fn opt_out(&mut self, dice: &mut Dice) -> BTreeSet<String> {
        let out = self.campaigns.opt_out(dice);
        self.seats.iter().for_each(|seat| self.campaigns.write_opt_outs(seat));
        out.into_iter().map(to).collect()
    }

    /// Makes sure that whoever opted out is in no request that began afterwards: one that was under way may have them,
    /// and no bulk besides.
    fn check_opted_out(&self, before: &Books, out: &BTreeSet<String>, under_way: u64) {
        let after = self.books();
        let before = before.bulks_to(out);
        let since: Vec<_> = after.bulks_to(out).into_iter().filter(|bulk| !before.contains(bulk)).collect();
        assert!(
            since.len() as u64 <= under_way,
            "{under_way} may have been under way, and {since:?} came after opt-outs"
        );
    }

    fn begin(&self, dice: &mut Dice, seat: usize, wrapper: &[String], figures: &mut Figures) -> Process {
        let parallel = dice.number(1..PARALLEL_MAX + 1).to_string();
        let mut arguments = vec!["--parallel", &parallel];
        if dice.once_in(6) {
            arguments.extend(["--retry-rejected", self.campaigns.messages[0].name]);
        }
        if dice.once_in(6) {
            arguments.extend(["--only", self.campaigns.messages[0].name]);
        }
        self.count(figures, Count::Runs, 1);
        self.start(seat, wrapper, &arguments)
    }

    /// Does it. The first run is the one that it is done to.
    fn act(&mut self, deed: &Deed, seat: usize, runs: &mut Vec<Process>, figures: &mut Figures) {
        let what = match deed {
            Deed::KillRuns(number) => {
                for _ in 0..*number.min(&(runs.len() as u64)) {
                    let killed = runs.swap_remove(0).kill();
                    self.count(figures, Count::RunsKilled, u64::from(killed.code().is_none()));
                }
                return;
            }
            Deed::KillGateway => {
                self.count(figures, Count::RequestsSpoilt, self.gateway.spoilt());
                self.gateway.kill();
                self.gateway.start(self.now);
                Count::GatewaysKilled
            }
            Deed::StopRun(time) => {
                runs[0].signal("STOP");
                // Time itself is what is tested: how old its claims grow meanwhile.
                thread::sleep(*time);
                runs[0].signal("CONT");
                Count::RunsStopped
            }
            Deed::StopGateway(time) => {
                self.gateway.process().signal("STOP");
                // Time itself is what is tested: how long its answers take.
                thread::sleep(*time);
                self.gateway.process().signal("CONT");
                Count::GatewaysStopped
            }
            Deed::Interrupt(signal) => {
                runs[0].signal(signal);
                Count::RunsInterrupted
            }
            Deed::StopSending => {
                self.seats[seat].run(["stop", "--reason", "the torture wants it"]).code(0);
                Count::SendingStopped
            }
            Deed::Trouble(trouble) => {
                self.count(figures, Count::StoreFailures, trouble.strike(&self.seats[seat]));
                return;
            }
            Deed::OptOut => Count::OptedOut,
            Deed::Nothing => return,
        };
        self.count(figures, what, 1);
    }

    /// Waits for the ends of all runs. Requests that were held are let go, again and again.
    fn finish(&self, seat: usize, runs: Vec<Process>, figures: &mut Figures) -> Vec<Run> {
        let (project, start) = (&self.seats[seat], Instant::now());
        let ids: Vec<String> = runs.iter().map(|run| run.id().to_string()).collect();
        let (sender, ends) = mpsc::channel();
        let runs = thread::scope(|scope| {
            for run in runs {
                let sender = sender.clone();
                scope.spawn(move || sender.send(project.finish(run)).expect("somebody waits"));
            }
            drop(sender);
            let (mut ended, mut leases) = (Vec::new(), start);
            loop {
                match ends.recv_timeout(LET_GO_AGAIN) {
                    Ok(run) => ended.push(run),
                    Err(RecvTimeoutError::Disconnected) => return ended,
                    Err(RecvTimeoutError::Timeout) => self.gateway.process().release(),
                }
                if leases.elapsed() > LEASE {
                    self.store.let_leases_end();
                    leases = Instant::now();
                }
                if start.elapsed() > RUN_TIME_MAX {
                    drop(Command::new("kill").args(["-s", "KILL"]).args(&ids).status());
                    panic!("a run does not end");
                }
            }
        });
        // Requests of killed runs that were taken in before they were held are answered to nobody.
        self.gateway.process().release();
        self.count(figures, Count::RequestsSpoilt, self.gateway.spoilt());
        runs
    }
}
