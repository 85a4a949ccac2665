//! A progress bar on a terminal, for runs that take longer than a moment.

use std::fmt;
use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::apply::{Alarm, Event, Wait, evidence};
use crate::report::text::apply::alarm_words;
use crate::report::words::{number, plural};
use crate::timing;

use super::output::Output;

/// How often a bar is drawn; nothing that ends sooner is drawn at all.
const TICK: Duration = Duration::from_millis(250);

/// A wait that is longer is told.
const TOLD_FROM: SignedDuration = SignedDuration::from_secs(2);

/// The progress of a run.
pub(super) struct Progress {
    bar: ProgressBar,
    /// Until when the run waits, as it was told last.
    waits_until: Mutex<Option<Timestamp>>,
}

impl Progress {
    /// Begins; without a terminal, or if nothing but the result is wanted, nothing is ever drawn.
    #[must_use]
    pub(super) fn new(people: u64, output: &Output) -> Self {
        let target = if output.quiet { ProgressDrawTarget::hidden() } else { target() };
        let bar = ProgressBar::with_draw_target(Some(people), target);
        let template = "{bar:20} {human_pos} of {human_len} people  {rate}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.with_key("rate", write_rate));
        }
        bar.enable_steady_tick(TICK);
        Self::of(bar)
    }

    fn of(bar: ProgressBar) -> Self {
        Self { bar, waits_until: Mutex::default() }
    }

    /// Begins something of which nobody knows how long it takes.
    #[must_use]
    pub(super) fn spinner(what: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(None, target());
        if let Ok(style) = ProgressStyle::with_template(&format!("{{spinner}} {what} ({{elapsed}})")) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        Self::of(bar)
    }

    /// Takes what happened at an instant. A wait that somebody would wonder about is told as a line.
    pub(super) fn take(&self, event: &Event, now: Timestamp, output: &Output) {
        match event {
            Event::Settled { tally, .. } => self.bar.inc(tally.people()),
            Event::ClaimedElsewhere { people, .. } => self.bar.inc(*people as u64),
            Event::CutOut { people, .. } => self.bar.inc(*people as u64),
            Event::Waiting { why, time } => self.wait(why, later(now, *time), now, output),
            // The others are told at the end, when there is nothing to be done but to look at them.
            Event::Alarm(alarm @ Alarm::DeliveriesUnread { .. }) => {
                self.bar.suspend(|| output.note(&format!("{}\n", alarm_words(alarm))));
            }
            Event::Alarm(_)
            | Event::Sending { .. }
            | Event::Claimed { .. }
            | Event::Answered { .. }
            | Event::Stopped(_) => {}
        }
    }

    /// Tells of a wait, once: requests that are in flight together are told to wait one after the other.
    fn wait(&self, why: &Wait, until: Timestamp, now: Timestamp, output: &Output) {
        let mut told = self.waits_until.lock().unwrap_or_else(PoisonError::into_inner);
        let is_told = told.is_some_and(|told| until.duration_since(told) < TOLD_FROM);
        if is_told {
            return;
        }
        *told = Some(until);
        if until.duration_since(now) > TOLD_FROM {
            // A bar of its own has no room for it.
            self.bar.suspend(|| output.note(&format!("{}\n", wait_words(why, until, now))));
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn later(now: Timestamp, time: Duration) -> Timestamp {
    let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
    now.checked_add(time).unwrap_or(Timestamp::MAX)
}

/// Says why, until when and for how long a run waits.
fn wait_words(why: &Wait, until: Timestamp, now: Timestamp) -> String {
    let why = match why {
        Wait::Unreachable(_) => "the gateway cannot be reached: trying again at",
        Wait::TooMany => "the gateway asks to wait: until",
    };
    let clock = until.to_zoned_datetime(TimeZone::UTC).strftime("%H:%M:%S");
    format!("{why} {clock} UTC (in {})", timing::duration(until.duration_since(now)))
}

/// How many people a second, whole: what is behind the point changes too fast to be read.
fn write_rate(state: &ProgressState, out: &mut dyn fmt::Write) {
    let rate = format!("{:.0}", state.per_sec()).parse().unwrap_or_default();
    write!(out, "{}/s", number(rate)).unwrap_or_default();
}

/// After so long somebody wonders what is going on.
const PATIENCE: Duration = Duration::from_secs(2);

/// The progress of asking the logs.
pub(super) struct LogsProgress(ProgressBar);

impl LogsProgress {
    /// Begins; nothing is drawn in the first two seconds.
    #[must_use]
    pub(super) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, target());
        if let Ok(style) = ProgressStyle::with_template("{spinner} asking the gateway's logs {msg}({elapsed})") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(PATIENCE);
        Self(bar)
    }

    /// Takes how far it has come.
    pub(super) fn take(&self, progress: evidence::ReconcileProgress) {
        if self.0.elapsed() >= PATIENCE {
            let (done, all) = (progress.done as u64, plural(progress.all as u64, "person"));
            self.0.set_message(format!("about {} of {all} ", number(done)));
        }
    }

    /// Takes it away.
    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// A terminal, or nothing.
fn target() -> ProgressDrawTarget {
    if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr_with_hz(5) } else { ProgressDrawTarget::hidden() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_with_its_end_and_its_length() {
        let now = "2026-11-30T12:29:25Z".parse().unwrap();
        let told = |why: &Wait, seconds| wait_words(why, later(now, Duration::from_secs(seconds)), now);
        assert_eq!(told(&Wait::TooMany, 40), "the gateway asks to wait: until 12:30:05 UTC (in 40 s)");
        let unreachable = Wait::Unreachable("connection refused".to_owned());
        let expect = "the gateway cannot be reached: trying again at 12:34:25 UTC (in 5 min)";
        assert_eq!(told(&unreachable, 300), expect);
    }
}
