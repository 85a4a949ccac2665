//! A ledger that moves from one home to another.
//!
//! The old one is bound to a gateway that cannot be afterwards: whoever still has the old project file
//! is refused, instead of sending again from a ledger that learns nothing any more.

use crate::ledger::{Header, Ledger, LedgerDelta, Unclosed};

use super::binding::Binding;
use super::error::StoreError;
use super::location::{LedgerLocation, ReadOnlyLedger};
use super::retired::Retired;
use super::visit::Visit;

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// How many claims the old ledger has.
    pub claims: usize,
    /// What was new to the new one.
    pub news: LedgerDelta,
    /// How many stops stand, which were carried over as well.
    pub stops: usize,
}

/// Copies a ledger into another home, which is made if there is none, reads it back, and retires the
/// old one. A call that was cut off can be made again.
///
/// # Errors
/// If one of the ledgers cannot be read, or is not what is expected; if the old one is held by a run;
/// if the new one cannot be written, or does not give back what was copied. The old one is retired
/// only after that.
pub async fn copy(
    from: &LedgerLocation,
    to: &LedgerLocation,
    expected: &Binding,
    visit: &Visit,
) -> Result<Copied, StoreError> {
    let now = visit.now;
    let name = Retired { gateway: &expected.gateway, place: &to.place() }.to_string();
    let retired = Binding { gateway: name, ..expected.clone() };
    // What somebody says of the old home says nothing of the new one.
    let target = Visit { unclosed: 0, ..visit.another() };
    let news = match from.look(expected, now).await {
        Ok(seen) => {
            let ledger = whole(seen, visit)?;
            from.check_whole(expected).await?;
            let news = carry(&ledger, to, expected, &target).await?;
            // Before the old home is retired: at no moment is there one without a stop that stands.
            carry_stops(from, to, expected).await?;
            news
        }
        Err(StoreError::Foreign { found, .. }) if found == retired.gateway => LedgerDelta::default(),
        Err(error) if error.is_missing() => return Err(nothing_to_copy(from, &error)),
        Err(error) => return Err(error),
    };
    from.rebind(expected, retired.header(), visit).await?;
    // A run may have come in between; from here on none can.
    let mut source = whole(from.look(&retired, now).await?, visit)?;
    source.rebind(expected.header());
    let late = carry(&source, to, expected, &target).await?;
    let stops = carry_stops(from, to, expected).await?;
    Ok(Copied { stops, claims: source.claims().len(), news: if late.is_empty() { news } else { late } })
}

/// What to say where the old home has no ledger.
fn nothing_to_copy(from: &LedgerLocation, error: &StoreError) -> StoreError {
    let hint = if let StoreError::Missing { commit: None, shadow: Some(shadow), .. } = error {
        Some(format!(
            "its shadow `{}` still knows what was sent: for as long as the project file says `state: {{ in: lockfile \
             }}`, `sendform ledger init` makes the ledger anew from that, to be copied then",
            shadow.display()
        ))
    } else if let StoreError::Missing { commit: Some(_), .. } = error {
        error.hint()
    } else {
        None
    };
    let usual = || {
        "`--from` names the home that the ledger has had: `lockfile`, `git` with its `--remote` and `--branch`, or \
         `postgres` with its `--schema`"
            .to_owned()
    };
    StoreError::NothingToCopy { place: from.place(), hint: hint.unwrap_or_else(usual) }
}

/// The ledger, if nothing of it may be missing; in the new home nothing would show that.
fn whole(ReadOnlyLedger { ledger, trust, .. }: ReadOnlyLedger, visit: &Visit) -> Result<Ledger, StoreError> {
    let (runs, entries) = (trust.unclosed.len(), Unclosed::entries(&trust.unclosed));
    if entries > visit.unclosed { Err(StoreError::Unclosed { runs, entries }) } else { Ok(ledger) }
}

/// Joins the stops of one home into another, and counts those that stand.
async fn carry_stops(from: &LedgerLocation, to: &LedgerLocation, expected: &Binding) -> Result<usize, StoreError> {
    let stops = from.stops(&expected.project).await?;
    let standing = stops.standing().count();
    if !stops.is_empty() {
        to.add_stops(&expected.project, stops).await?;
    }
    Ok(standing)
}

/// Joins a ledger into a home, and reads it back.
async fn carry(
    source: &Ledger,
    to: &LedgerLocation,
    expected: &Binding,
    visit: &Visit,
) -> Result<LedgerDelta, StoreError> {
    let now = visit.now;
    let home = match to.open(expected, visit).await {
        Err(error) if error.is_missing() => {
            let first_key = source.header().first_key.clone();
            to.create(Header { first_key, ..expected.header() }, expected, visit).await?;
            to.open(expected, visit).await?
        }
        opened => opened?,
    };
    let before = home.ledger().clone();
    let mut wanted = before.clone();
    wanted.join(source).map_err(StoreError::Join)?;
    let news = LedgerDelta::between(&before, &wanted);
    if !news.is_empty() {
        home.join(source.clone()).await?;
    }
    home.finish().await?;
    let back = to.look(expected, now).await?.ledger;
    let mut both = back.clone();
    both.join(&wanted).map_err(StoreError::Join)?;
    let lost = LedgerDelta::between(&back, &both);
    if !lost.is_empty() {
        return Err(StoreError::Unconfirmed { place: to.place(), people: lost.people });
    }
    Ok(news)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::apply::Store as _;
    use crate::ledger::{Claim, Grant, RunId, StopId, StopOrder, Stops, sample};
    use crate::store::Paths;

    fn expected() -> Binding {
        let Header { project, gateway, keys, .. } = sample::header();
        Binding { project, gateway, keys: Some(keys), seals: sample::seals() }
    }

    /// A run that has not opened anything yet.
    fn visit() -> Visit {
        static LAST: AtomicU64 = AtomicU64::new(100);
        Visit::new(RunId(LAST.fetch_add(1, Ordering::Relaxed)), "test", sample::at(0))
    }

    async fn home(folder: &Path, ledger: Option<&Ledger>) -> LedgerLocation {
        let home = LedgerLocation::Lockfile(Paths::of_project(folder));
        if let Some(ledger) = ledger {
            home.create(sample::header(), &expected(), &visit()).await.unwrap();
            let opened = home.open(&expected(), &visit()).await.unwrap();
            opened.join(ledger.clone()).await.unwrap();
            opened.finish().await.unwrap();
        }
        home
    }

    async fn text(home: &LedgerLocation) -> String {
        sample::content(&home.look(&expected(), sample::at(0)).await.unwrap().ledger)
    }

    #[tokio::test]
    async fn everything_is_in_the_new_home_and_nothing_is_applied_to_the_old_one() {
        let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let old = home(folders[0].path(), Some(&sample::ledger())).await;
        let new = home(folders[1].path(), None).await;
        let copied = copy(&old, &new, &expected(), &visit()).await.unwrap();
        assert_eq!(
            copied,
            Copied { claims: 3, news: LedgerDelta { records: 1, claims: 3, outcomes: 0, people: 6 }, stops: 0 }
        );
        assert_eq!(text(&new).await, sample::content(&sample::ledger()));
        let refused = old.open(&expected(), &visit()).await.unwrap_err();
        assert!(refused.to_string().contains("belongs to the gateway `sandbox, moved to /"), "{refused}");
        let hint = refused.hint().unwrap();
        assert!(hint.contains("name that home under `state`"), "{hint}");
        let back = format!("`sendform ledger rebind --gateway \"sandbox, moved to {}\"`", new.place());
        assert!(hint.contains(&back), "{hint}");
        assert!(copy(&old, &new, &expected(), &visit()).await.unwrap().news.is_empty(), "again");

        // What a run left in the old home just before it was retired is not lost.
        let name = Retired { gateway: "sandbox", place: &new.place() }.to_string();
        let retired = Binding { gateway: name, ..expected() };
        let late = old.open(&retired, &visit()).await.unwrap();
        let claim: Claim = sample::claim("remind", &[7], 1, 9);
        assert_eq!(late.claim(claim.clone()).await.unwrap(), Grant::Granted);
        late.finish().await.unwrap();
        assert_eq!(copy(&old, &new, &expected(), &visit()).await.unwrap().news.claims, 1);
        let mut all = sample::ledger();
        all.add_claim(claim).unwrap();
        assert_eq!(text(&new).await, sample::content(&all));

        // What the new home has already stays.
        let mut other = Ledger::new(sample::header());
        other.add_claim(sample::claim("remind", &[8], 1, 9)).unwrap();
        let last = home(folders[2].path(), Some(&other)).await;
        copy(&new, &last, &expected(), &visit()).await.unwrap();
        other.join(&all).unwrap();
        assert_eq!(text(&last).await, sample::content(&other));
    }

    #[tokio::test]
    async fn a_stop_is_carried_along_also_when_the_old_home_is_retired_already() {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let old = home(folders[0].path(), Some(&sample::ledger())).await;
        let new = home(folders[1].path(), None).await;
        for id in 1..=2 {
            let mut stops = Stops::default();
            stops.stop(StopOrder::new(StopId(id), sample::at(1), "ann", "the price is wrong"));
            old.add_stops(&expected().project, stops).await.unwrap();
            let copied = copy(&old, &new, &expected(), &visit()).await.unwrap();
            let carried = new.stops(&expected().project).await.unwrap();
            assert_eq!(carried, old.stops(&expected().project).await.unwrap());
            assert_eq!(carried.standing().count(), usize::try_from(id).unwrap());
            assert_eq!(copied.stops, usize::try_from(id).unwrap());
        }
    }

    #[tokio::test]
    async fn a_copy_that_was_cut_off_can_be_made_again() {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let old = home(folders[0].path(), Some(&sample::ledger())).await;
        let new = home(folders[1].path(), Some(&sample::ledger())).await;
        let copied = copy(&old, &new, &expected(), &visit()).await.unwrap();
        assert!(copied.news.is_empty());
        assert_eq!(text(&new).await, sample::content(&sample::ledger()));
    }

    #[tokio::test]
    async fn what_may_lack_the_end_of_a_run_is_carried_nowhere_also_when_it_is_retired_already() {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let old = home(folders[0].path(), Some(&sample::ledger())).await;
        let new = home(folders[1].path(), None).await;
        copy(&old, &new, &expected(), &visit()).await.unwrap();
        let name = Retired { gateway: "sandbox", place: &new.place() }.to_string();
        let late = old.open(&Binding { gateway: name, ..expected() }, &visit()).await.unwrap();
        assert_eq!(late.claim(sample::claim("remind", &[7], 1, 9)).await.unwrap(), Grant::Granted);
        drop(late);
        // On another machine, nothing shows how the run ended.
        std::fs::remove_dir_all(folders[0].path().join(".sendform")).unwrap();
        let refused = copy(&old, &new, &expected(), &visit()).await.unwrap_err();
        assert!(matches!(refused, StoreError::Unclosed { runs: 1, entries: 1 }), "{refused:?}");
        let told = Visit { unclosed: 1, ..visit() };
        assert_eq!(copy(&old, &new, &expected(), &told).await.unwrap().news.claims, 1);
    }

    #[tokio::test]
    async fn the_old_ledger_stays_in_use_if_the_new_one_fails() {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let old = home(folders[0].path(), Some(&sample::ledger())).await;
        let new = home(folders[1].path(), Some(&sample::ledger())).await;
        for home in [&new, &old] {
            let held = home.open(&expected(), &visit()).await.unwrap();
            assert!(matches!(copy(&old, &new, &expected(), &visit()).await, Err(StoreError::Held { .. })));
            held.finish().await.unwrap();
        }
        assert_eq!(text(&old).await, sample::content(&sample::ledger()));
    }
}
