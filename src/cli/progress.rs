//! A progress bar on a terminal, for runs that take longer than a moment.

use std::fmt;
use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::apply::{Event, Wait, evidence};
use crate::report::words::{number, plural};

use super::output::Output;

/// How often a bar is drawn; nothing that ends sooner is drawn at all.
const TICK: Duration = Duration::from_millis(250);

/// The progress of a run.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Begins; without a terminal, or if nothing but the result is wanted, nothing is ever drawn.
    #[must_use]
    pub(super) fn new(people: u64, output: &Output) -> Self {
        let target = if output.quiet { ProgressDrawTarget::hidden() } else { target() };
        let bar = ProgressBar::with_draw_target(Some(people), target);
        let template = "{bar:20} {human_pos} of {human_len} people  {rate}  {eta} left  {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.with_key("rate", write_rate));
        }
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    /// Begins something of which nobody knows how long it takes.
    #[must_use]
    pub(super) fn spinner(what: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(None, target());
        if let Ok(style) = ProgressStyle::with_template(&format!("{{spinner}} {what} ({{elapsed}})")) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    /// Takes what happened.
    pub(super) fn take(&self, event: &Event) {
        match event {
            Event::Settled { tally, .. } => {
                self.0.inc(tally.people());
                self.0.set_message("");
            }
            Event::ClaimedElsewhere { people, .. } => self.0.inc(*people as u64),
            Event::Waiting { why, time } => {
                let why = match why {
                    Wait::Unreachable(_) => "the gateway cannot be reached",
                    Wait::TooMany => "the gateway asks to slow down",
                };
                self.0.set_message(format!("{why}, waiting {} s", time.as_secs()));
            }
            Event::Claimed { .. }
            | Event::Sending { .. }
            | Event::Answered { .. }
            | Event::CutOut { .. }
            | Event::Alarm(_)
            | Event::Stopped(_) => {}
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
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
