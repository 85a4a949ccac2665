//! `stop`: no run of this ledger sends anything more, until somebody resumes.

use jiff::Timestamp;

use crate::ledger::{STOP_WORDS_MAX, StopId, StopOrder, Stops};
use crate::report::stops::{StopReport, StopView};

use crate::cli::args::{Global, StopArgs};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::settings::Settings;
use crate::cli::stops::StopsHome;

/// Runs the command.
///
/// # Errors
/// If no reason is given; if the stop cannot be written: then nothing is stopped.
pub(super) async fn run(
    global: &Global,
    args: &StopArgs,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    check_reason(&args.reason)?;
    let home = StopsHome::find(global, settings, output)?;
    let id = getrandom::u32().map_err(|error| {
        let message = format!("the operating system gives no random numbers: {error}");
        Failure::new(Exit::Environment, message)
    })?;
    let now = settings.now.unwrap_or_else(Timestamp::now);
    let stop = StopOrder::new(StopId(id), now, settings.by_or_unknown(), &args.reason);
    let mut news = Stops::default();
    news.stop(stop.clone());
    home.ledger.add_stops(&home.project, news).await.map_err(|error| {
        Failure::from(error).hint("nothing was stopped: a run that is sending ends with Ctrl-C, or with its process")
    })?;
    output.show(&StopReport {
        stop: StopView::from(&stop),
        place: home.ledger.stops_place(),
        seen_within_seconds: home.ledger.stop_seen_within().as_secs(),
        is_sandbox: global.sandbox,
        advice: if global.sandbox { "" } else { home.ledger.stop_advice() },
    })?;
    Ok(Exit::Done)
}

/// Makes sure that a reason says something, and not too much.
///
/// # Errors
/// If it does not.
pub(super) fn check_reason(reason: &str) -> Result<(), Failure> {
    if reason.trim().is_empty() {
        return Err(Failure::new(Exit::Usage, "`--reason` is empty: say why, for whoever finds it"));
    }
    if reason.chars().count() > STOP_WORDS_MAX {
        let message = format!("`--reason` is longer than {STOP_WORDS_MAX} characters");
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(())
}
