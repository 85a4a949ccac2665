//! `resume`: ends what `stop` began.

use crate::ledger::{ResumeOrder, StopId, StopOrder, Stops};
use crate::report::failure_code::FailureCode;
use crate::report::stops::{ResumeReport, StopView};
use crate::timing;

use crate::cli::args::{Global, ResumeArgs};
use crate::cli::clones::{self, KeptFiles};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::settings::Settings;
use crate::cli::stops::StopsHome;

use super::stop::check_reason;

/// Runs the command. It ends all stops that stand, or the one that is named.
///
/// # Errors
/// If there is no such stop; if what is there cannot be read; if that it has ended cannot be written.
pub(super) async fn run(
    global: &Global,
    args: &ResumeArgs,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    args.reason.as_deref().map_or(Ok(()), check_reason)?;
    let home = StopsHome::find(global, settings, output).await?;
    let before = KeptFiles::of(&home.ledger);
    let known = home.ledger.stops(&home.project).await?;
    let (resumed, standing) = choose(&known, args.id.as_deref())?;
    let mut news = Stops::default();
    for stop in &resumed {
        news.resume(ResumeOrder::new(stop.id, home.now, settings.by_or_unknown(), args.reason.as_deref()));
    }
    if !resumed.is_empty()
        && let Err(error) = home.add(news).await
    {
        return Err(error.failure.hint(match error.is_there {
            Some(true) => {
                "the stops have ended all the same: it was read back, and runs that look there send; run the same \
                 command again, so that it is written everywhere"
            }
            Some(false) => "nothing was ended: the stops stand as before",
            None => "nothing shows that they have ended: `sendform status` tells whether they stand",
        }));
    }
    output.show(&ResumeReport {
        resumed: StopView::all(&resumed),
        standing: StopView::all(&standing),
        by: settings.by_or_unknown().to_owned(),
        why: args.reason.clone(),
        place: home.ledger.stops_place(),
    })?;
    clones::remind(&home.ledger, before, output);
    Ok(Exit::Done)
}

/// The stops to end, and those that go on to stand.
fn choose(known: &Stops, id: Option<&str>) -> Result<(Vec<StopOrder>, Vec<StopOrder>), Failure> {
    let standing = known.standing().cloned();
    let Some(id) = id else { return Ok((standing.collect(), Vec::new())) };
    let parsed = StopId::parse(id);
    let (chosen, rest): (Vec<_>, Vec<_>) = standing.partition(|stop| Some(stop.id) == parsed);
    if !chosen.is_empty() {
        return Ok((chosen, rest));
    }
    if let Some(resume) = parsed.and_then(|id| known.ended(id)) {
        let message = format!("`{id}` was ended already, by {} at {}", resume.by, timing::utc(resume.at));
        return Err(Failure::new(FailureCode::Usage, message).hint(listed(&rest)));
    }
    Err(Failure::new(FailureCode::Usage, format!("no stop `{id}` stands")).hint(listed(&rest)))
}

fn listed(standing: &[StopOrder]) -> String {
    match standing {
        [] => "nothing is stopped: `sendform apply` sends what the ledger lacks".to_owned(),
        standing => {
            let ids: Vec<String> = standing.iter().map(|stop| format!("`{}`", stop.id)).collect();
            format!("those that stand: {}; without an id all of them are ended", ids.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn all_that_stand_are_ended_or_the_one_that_is_named() {
        let at = Timestamp::UNIX_EPOCH;
        let mut known = Stops::default();
        for id in 1..=3 {
            known.stop(StopOrder::new(StopId(id), at, "ann", "wrong price"));
        }
        known.resume(ResumeOrder::new(StopId(2), at, "ben", None));
        let ids = |stops: Vec<StopOrder>| stops.into_iter().map(|stop| stop.id.0).collect::<Vec<_>>();
        let chosen = |id| choose(&known, id).map(|(chosen, rest)| (ids(chosen), ids(rest)));
        let refused = |id| chosen(Some(id)).map_err(|failure| failure.message).unwrap_err();
        assert_eq!(chosen(None).ok(), Some((vec![1, 3], vec![])));
        assert_eq!(chosen(Some("00000003")).ok(), Some((vec![3], vec![1])));
        assert_eq!(refused("00000002"), "`00000002` was ended already, by ben at 1970-01-01 00:00 UTC");
        assert_eq!(refused("00000009"), "no stop `00000009` stands");
        assert_eq!(refused("nine"), "no stop `nine` stands");
        assert_eq!(choose(&Stops::default(), None).map(|(chosen, _)| chosen.len()).ok(), Some(0));
    }
}
