//! `stop`: no run of this ledger sends anything more, until somebody resumes.

use crate::ledger::{STOP_WORDS_MAX, StopId, StopOrder, Stops};
use crate::report::failure_code::FailureCode;
use crate::report::stops::{StopReport, StopView};

use crate::cli::args::{Global, StopArgs};
use crate::cli::clones::{self, KeptFiles};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::settings::Settings;
use crate::cli::stops::StopsHome;

/// What stops a run whatever else fails.
const OTHERWISE: &str = "a run that is sending ends with Ctrl-C, or with its process";

/// Runs the command.
///
/// # Errors
/// If no reason is given; if the stop cannot be written: then nothing is stopped, which every failure says.
pub(super) async fn run(
    global: &Global,
    args: &StopArgs,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let (home, stop) = prepare(global, args, settings, output).await.map_err(|failure| unstopped(failure, output))?;
    let before = KeptFiles::of(&home.ledger);
    let mut news = Stops::default();
    news.stop(stop.clone());
    if let Err(error) = home.add(news).await {
        return Err(match error.is_there {
            Some(true) => error.failure.hint(
                "the stop stands all the same: it was read back, and runs that look there end; run the same command \
                 again, so that it is written everywhere",
            ),
            Some(false) => unstopped(error.failure, output),
            None => error.failure.hint(format!("nothing shows that it was stopped: {OTHERWISE}")),
        });
    }
    let report = StopReport {
        stop: StopView::from(&stop),
        place: home.ledger.stops_place(),
        seen_within_seconds: home.ledger.stop_seen_within().as_secs(),
        advice: if global.sandbox { "" } else { home.ledger.stop_advice() },
    };
    output.show(&report).map_err(|failure| failure.hint("the stop stands all the same"))?;
    clones::remind(&home.ledger, before, output);
    Ok(Exit::Done)
}

/// Says of a failure that nothing was stopped, and what stops a run all the same.
fn unstopped(failure: Failure, output: &Output) -> Failure {
    let words = format!("nothing was stopped: {OTHERWISE}");
    if failure.message.is_empty() {
        output.tell(&format!("{words}\n"));
        return failure;
    }
    failure.hint(words)
}

/// What is needed before anything is written.
async fn prepare(
    global: &Global,
    args: &StopArgs,
    settings: &Settings,
    output: &Output,
) -> Result<(StopsHome, StopOrder), Failure> {
    check_reason(&args.reason)?;
    let home = StopsHome::find(global, settings, output).await?;
    let id = getrandom::u32().map_err(|error| {
        let message = format!("the operating system gives no random numbers: {error}");
        Failure::new(FailureCode::Environment, message)
    })?;
    let stop = StopOrder::new(StopId(id), home.now, settings.by_or_unknown(), &args.reason);
    Ok((home, stop))
}

/// Makes sure that a reason says something: a command that was copied has `…` in its place.
///
/// # Errors
/// If it does not.
pub(super) fn check_says_something(reason: &str) -> Result<(), Failure> {
    // Controls and what nobody sees say nothing either.
    if reason.chars().any(char::is_alphanumeric) {
        return Ok(());
    }
    Err(Failure::new(FailureCode::Usage, "`--reason` says nothing: say why, for whoever finds it"))
}

/// Makes sure that a reason says something, and not too much.
///
/// # Errors
/// If it does not.
pub(super) fn check_reason(reason: &str) -> Result<(), Failure> {
    check_says_something(reason)?;
    if reason.chars().count() > STOP_WORDS_MAX {
        let message = format!("`--reason` is longer than {STOP_WORDS_MAX} characters");
        return Err(Failure::new(FailureCode::Usage, message));
    }
    Ok(())
}
