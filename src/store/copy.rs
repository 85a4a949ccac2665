//! A ledger that moves from one home to another.
//!
//! The old one is bound to a gateway that cannot be afterwards: whoever still has the old project file
//! is refused, instead of sending again from a ledger that learns nothing any more.

use jiff::Timestamp;

use crate::ledger::{Header, Ledger, News};

use super::error::{MOVED, StoreError};
use super::expected::Expected;
use super::home::Home;

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// How many claims the old ledger has.
    pub claims: usize,
    /// What was new to the new one.
    pub news: News,
}

/// Says where the ledger went that is bound to this gateway, if it was copied to another home.
#[must_use]
pub fn moved_to(gateway: &str) -> Option<&str> {
    gateway.split_once(MOVED).map(|(_, place)| place)
}

/// Copies a ledger into another home, which is made if there is none, reads it back, and retires the
/// old one. A call that was cut off can be made again.
///
/// # Errors
/// If one of the ledgers cannot be read, or is not what is expected; if the old one is held by a run;
/// if the new one cannot be written, or does not give back what was copied. The old one is retired
/// only after that.
pub async fn copy(from: &Home, to: &Home, expected: &Expected, now: Timestamp) -> Result<Copied, StoreError> {
    let retired = Expected { gateway: format!("{}{MOVED}{}", expected.gateway, to.place()), ..expected.clone() };
    let news = match from.look(expected, now).await {
        Ok((source, _)) => carry(&source, to, expected, now).await?,
        Err(StoreError::Foreign { found, .. }) if found == retired.gateway => News::default(),
        Err(error) => return Err(error),
    };
    from.rebind(expected, retired.header()).await?;
    // A run may have come in between; from here on none can.
    let (mut source, _) = from.look(&retired, now).await?;
    source.rebind(expected.header());
    let late = carry(&source, to, expected, now).await?;
    Ok(Copied { claims: source.claims().len(), news: if late.is_empty() { news } else { late } })
}

/// Joins a ledger into a home, and reads it back.
async fn carry(source: &Ledger, to: &Home, expected: &Expected, now: Timestamp) -> Result<News, StoreError> {
    let home = match to.open(expected, "ledger copy").await {
        Err(error) if error.is_missing() => {
            let first_key = source.header().first_key.clone();
            to.create(Header { first_key, ..expected.header() }).await?;
            to.open(expected, "ledger copy").await?
        }
        opened => opened?,
    };
    let before = home.ledger().clone();
    let mut wanted = before.clone();
    wanted.join(source).map_err(StoreError::Join)?;
    let news = News::between(&before, &wanted);
    if !news.is_empty() {
        home.join(source.clone()).await?;
    }
    home.finish().await?;
    let (back, _) = to.look(expected, now).await?;
    let mut both = back.clone();
    both.join(&wanted).map_err(StoreError::Join)?;
    let lost = News::between(&back, &both);
    if !lost.is_empty() {
        return Err(StoreError::Unconfirmed { place: to.place(), people: lost.people });
    }
    Ok(news)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::apply::Store as _;
    use crate::ledger::{Claim, Grant, sample};
    use crate::store::Paths;

    fn expected() -> Expected {
        let Header { project, gateway, keys, .. } = sample::header();
        Expected { project, gateway, keys: Some(keys) }
    }

    async fn home(folder: &Path, ledger: Option<&Ledger>) -> Home {
        let home = Home::Lockfile(Paths::of_project(folder));
        if let Some(ledger) = ledger {
            home.create(sample::header()).await.unwrap();
            let opened = home.open(&expected(), "test").await.unwrap();
            opened.join(ledger.clone()).await.unwrap();
            opened.finish().await.unwrap();
        }
        home
    }

    async fn text(home: &Home) -> Vec<u8> {
        home.look(&expected(), sample::at(0)).await.unwrap().0.write()
    }

    #[tokio::test]
    async fn everything_is_in_the_new_home_and_nothing_is_applied_to_the_old_one() {
        let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let old = home(folders[0].path(), Some(&sample::ledger())).await;
        let new = home(folders[1].path(), None).await;
        let copied = copy(&old, &new, &expected(), sample::at(0)).await.unwrap();
        assert_eq!(copied, Copied { claims: 3, news: News { records: 1, claims: 3, outcomes: 0, people: 6 } });
        assert_eq!(text(&new).await, sample::ledger().write());
        let refused = old.open(&expected(), "apply").await.unwrap_err();
        assert!(refused.to_string().contains("belongs to the gateway `sandbox, moved to /"), "{refused}");
        let hint = refused.hint().unwrap();
        assert!(hint.contains("name that home under `state`"), "{hint}");
        let back = format!("`sendform ledger rebind --gateway \"sandbox, moved to {}\"`", new.place());
        assert!(hint.contains(&back), "{hint}");
        assert_eq!(moved_to(&format!("sandbox{MOVED}{}", new.place())), Some(new.place().as_str()));
        assert!(copy(&old, &new, &expected(), sample::at(0)).await.unwrap().news.is_empty(), "again");

        // What a run left in the old home just before it was retired is not lost.
        let retired = Expected { gateway: format!("sandbox{MOVED}{}", new.place()), ..expected() };
        let late = old.open(&retired, "test").await.unwrap();
        let claim: Claim = sample::claim("remind", &[7], 1, 9);
        assert_eq!(late.claim(claim.clone()).await.unwrap(), Grant::Granted);
        late.finish().await.unwrap();
        assert_eq!(copy(&old, &new, &expected(), sample::at(0)).await.unwrap().news.claims, 1);
        let mut all = sample::ledger();
        all.add_claim(claim).unwrap();
        assert_eq!(text(&new).await, all.write());

        // What the new home has already stays.
        let mut other = Ledger::new(sample::header());
        other.add_claim(sample::claim("remind", &[8], 1, 9)).unwrap();
        let last = home(folders[2].path(), Some(&other)).await;
        copy(&new, &last, &expected(), sample::at(0)).await.unwrap();
        other.join(&all).unwrap();
        assert_eq!(text(&last).await, other.write());
    }

    #[tokio::test]
    async fn a_copy_that_was_cut_off_can_be_made_again() {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let old = home(folders[0].path(), Some(&sample::ledger())).await;
        let new = home(folders[1].path(), Some(&sample::ledger())).await;
        let copied = copy(&old, &new, &expected(), sample::at(0)).await.unwrap();
        assert!(copied.news.is_empty());
        assert_eq!(text(&new).await, sample::ledger().write());
    }

    #[tokio::test]
    async fn the_old_ledger_stays_in_use_if_the_new_one_fails() {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let old = home(folders[0].path(), Some(&sample::ledger())).await;
        let new = home(folders[1].path(), Some(&sample::ledger())).await;
        for home in [&new, &old] {
            let held = home.open(&expected(), "apply").await.unwrap();
            assert!(matches!(copy(&old, &new, &expected(), sample::at(0)).await, Err(StoreError::Held { .. })));
            held.finish().await.unwrap();
        }
        assert_eq!(text(&old).await, sample::ledger().write());
    }
}
