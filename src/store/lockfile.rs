//! The lockfile: a ledger in a text file on one machine, opened by one run at a time.

use std::future::ready;
use std::path::Path;
use std::sync::{Arc, RwLock, RwLockReadGuard};

use jiff::Timestamp;

use crate::ledger::{
    Authenticity, Claim, Evidence, Grant, Header, Ledger, LedgerDelta, MessageRecord, Outcome, ReadLedger, RunId,
    Shadow, StopOrder, Trust, Unclosed, View, Weighed,
};

use super::append_file::{self, AppendFile};
use super::binding::Binding;
use super::error::StoreError;
use super::git::{GitSilence, KeptBy, Merges, Upstream, kept_in_git, look_at_merges, look_upstream};
use super::ledger_store::{LedgerStore, Written};
use super::lock_file::LockFile;
use super::mark;
use super::paths::{Paths, place};
use super::shadowed::Shadowed;
use super::stops_file::StopsWatch;
use super::visit::{Numbers, Visit};
use super::writer::Writer;
use super::writer_handle::WriterHandle;

/// A lockfile that this run, and no other, has open for writing. Dropping it gives the lock back
/// and leaves what was appended, which is all that was promised; [`Lockfile::finish`] also sorts.
#[derive(Debug)]
pub struct Lockfile {
    desk: WriterHandle<Writer>,
    trust: Trust,
    stops: StopsWatch,
}

impl Lockfile {
    /// Makes a new ledger. If there is a shadow of an older one, what that knows is joined in.
    ///
    /// # Errors
    /// If there is a ledger already; if git has one in its place, or does not say whether it has; if its lock is held; if the shadow is damaged, belongs to
    /// another project or gateway, or names a key that the new ledger does not have; if the files
    /// cannot be written.
    pub fn create(paths: &Paths, header: Header, expected: &Binding, visit: &Visit) -> Result<(), StoreError> {
        paths.make_folders()?;
        let guard = LockFile::take(&paths.guard, &visit.note)?;
        if paths.lockfile.exists() {
            return Err(StoreError::Exists { place: place(&paths.lockfile) });
        }
        if let Some(commit) = kept(paths)? {
            return Err(StoreError::Deleted { place: place(&paths.lockfile), commit });
        }
        let mut ledger = Ledger::new(header);
        let shadow = Shadowed::read(paths, expected)?;
        let before = shadow.join_into(&mut ledger, Authenticity::Signed, visit.unauthenticated, (paths, expected))?;
        let mut numbers = Numbers::new(visit, &ledger);
        if !expected.seals.is_empty() {
            adopt(&mut ledger, before.as_ref(), &mut numbers);
            shadow.close_in(&mut ledger, visit);
            numbers.close(&mut ledger);
        }
        let text = ledger.write(&expected.seals);
        for path in [Some(&paths.lockfile), paths.shadow.as_ref()].into_iter().flatten() {
            append_file::replace(path, &text)?;
        }
        guard.release()
    }

    /// Reads the ledger with its shadow, without a lock: for those who only look. Nothing is
    /// changed, and a torn end is passed over.
    ///
    /// # Errors
    /// If the ledger is missing or damaged, or is not what is expected.
    pub fn read(paths: &Paths, expected: &Binding) -> Result<Ledger, StoreError> {
        Self::look(paths, expected).map(|(ledger, ..)| ledger)
    }

    /// Reads as [`Lockfile::read`] does, and says how far that can be trusted.
    ///
    /// # Errors
    /// As [`Lockfile::read`].
    pub fn look(paths: &Paths, expected: &Binding) -> Result<(Ledger, Trust), StoreError> {
        let Both { ledger, authenticity, shadow, restored } = both(paths, expected)?;
        let is_history_cut = check_merges(paths, &ledger, expected)?;
        let mut unclosed = ledger.unclosed();
        unclosed.retain(|unclosed| !shadow.is_here(unclosed.run, &ledger));
        let authenticity = Some(authenticity);
        Ok((ledger, Trust { authenticity, unclosed, is_history_cut, restored, unmarked: None }))
    }

    /// Reads as [`Lockfile::read`] does, but for what the history of the file may tell.
    ///
    /// # Errors
    /// As [`Lockfile::read`].
    pub(super) fn bound(paths: &Paths, expected: &Binding) -> Result<Ledger, StoreError> {
        both(paths, expected).map(|both| both.ledger)
    }

    /// Reads as [`Lockfile::look`] does, and refuses what [`Lockfile::open`] would refuse, without its lock.
    ///
    /// # Errors
    /// As [`Lockfile::open`].
    pub(super) fn check_open(paths: &Paths, expected: &Binding, visit: &Visit) -> Result<(Ledger, Trust), StoreError> {
        let text = load_lockfile(paths, expected)?;
        LockFile::check_free(&paths.guard)?;
        let ReadLedger { ledger, authenticity, .. } = append_file::parse(&paths.lockfile, &text, &expected.seals)?;
        expected.check_home(ledger.header(), &place(&paths.lockfile))?;
        Shadowed::read(paths, expected)?.check_genuine(&ledger, authenticity, paths, expected, visit)?;
        Self::look(paths, expected)
    }

    /// Whether a run holds the ledger right now.
    #[must_use]
    pub fn is_held(paths: &Paths) -> bool {
        LockFile::is_held(&paths.guard)
    }

    /// Opens the ledger for writing: takes the lock, cuts a torn end off, joins the shadow in, adopts what
    /// an older version has written, closes runs that were killed here, and sorts what is not sorted.
    ///
    /// # Errors
    /// If the ledger is missing, damaged or held by another run, or is not what is expected; if nothing
    /// shows that its lines are genuine.
    pub fn open(paths: &Paths, expected: &Binding, visit: &Visit) -> Result<Self, StoreError> {
        if !paths.lockfile.try_exists().unwrap_or(true) {
            return Err(missing(paths, expected));
        }
        paths.make_folders()?;
        let guard = LockFile::take(&paths.guard, &visit.note)?;
        let mut text = load_lockfile(paths, expected)?;
        let ReadLedger { mut ledger, torn, authenticity } =
            append_file::parse(&paths.lockfile, &text, &expected.seals)?;
        expected.check_home(ledger.header(), &place(&paths.lockfile))?;
        text.truncate(torn.unwrap_or(text.len()));
        let shadow = Shadowed::read(paths, expected)?;
        shadow.check_genuine(&ledger, authenticity, paths, expected, visit)?;
        let file = shadow.may_know_more(&text).then(|| ledger.clone());
        let before = shadow.join_into(&mut ledger, authenticity, visit.unauthenticated, (paths, expected))?;
        let restored = news(file.as_ref(), &ledger);
        let is_history_cut = !visit.brings_more && check_merges(paths, &ledger, expected)?;
        shadow.close_in(&mut ledger, visit);
        let mut unclosed = ledger.unclosed();
        unclosed.retain(|unclosed| unclosed.run != visit.run);
        if Unclosed::entries(&unclosed) <= visit.unclosed {
            unclosed.drain(..).for_each(|unclosed| ledger.close_as_it_is(unclosed.run, visit.now));
        }
        if !expected.seals.is_empty() {
            // What is adopted is whole, whatever becomes of this run: so that is a run of its own, which has ended.
            let mut numbers = Numbers::new(&visit.another(), &ledger);
            adopt(&mut ledger, before.as_ref(), &mut numbers);
            numbers.close(&mut ledger);
        }
        let numbers = Numbers::new(visit, &ledger);
        if let Some(kept) = torn {
            append_file::truncate(&paths.lockfile, kept)?;
        }
        let canonical = ledger.write(&expected.seals);
        // The shadow first: so it knows all that the file does, wherever a run is killed.
        let mut logs = Vec::new();
        if let Some(path) = &paths.shadow {
            logs.push(settle(path, shadow.text.as_deref(), &canonical)?);
        }
        logs.push(settle(&paths.lockfile, Some(&text), &canonical)?);
        if !expected.seals.is_empty() {
            // Not before the run that was killed here is closed in the files.
            mark::write(paths, visit.run, &expected.seals)?;
        }
        let ledger = Arc::new(RwLock::new(ledger));
        let writer = Writer::new(Arc::clone(&ledger), guard, logs, numbers, expected.seals.clone());
        let desk = WriterHandle::open(ledger, move |requests| writer.run(requests))?;
        let authenticity = (!expected.seals.is_empty()).then_some(Authenticity::Signed);
        let trust = Trust { authenticity, unclosed, is_history_cut, restored, unmarked: None };
        Ok(Self { desk, trust, stops: StopsWatch::new(paths) })
    }

    /// Binds the ledger anew, its shadow with it. A run that was cut off in the middle can be run
    /// again: a file that is bound to `to` already is as good as one bound to `from`.
    ///
    /// # Errors
    /// As [`Lockfile::open`], for `from`.
    pub fn rebind(paths: &Paths, from: &Binding, to: &Header, visit: &Visit) -> Result<(), StoreError> {
        if !paths.lockfile.try_exists().unwrap_or(true) {
            return Err(missing(paths, from));
        }
        paths.make_folders()?;
        let guard = LockFile::take(&paths.guard, &visit.note)?;
        let ReadLedger { mut ledger, authenticity, .. } =
            append_file::parse(&paths.lockfile, &load_lockfile(paths, from)?, &from.seals)?;
        from.check_rebind(ledger.header(), to, &place(&paths.lockfile))?;
        let shadow = Shadowed::read(paths, from)?;
        shadow.check_genuine(&ledger, authenticity, paths, from, visit)?;
        let mut numbers = Numbers::new(visit, &ledger);
        let fact = (!from.seals.is_empty()).then(|| numbers.give());
        ledger.enter_header(to.clone(), fact);
        let mut before = None;
        if let (Some(path), Some(mut known)) = (&paths.shadow, shadow.ledger.clone()) {
            from.check_rebind(known.header(), to, &place(path))?;
            known.enter_header(to.clone(), fact);
            before = shadow.join_known(known, &mut ledger, authenticity, visit.unauthenticated, path)?;
        }
        if !from.seals.is_empty() {
            adopt(&mut ledger, before.as_ref(), &mut numbers);
            shadow.close_in(&mut ledger, visit);
            numbers.close(&mut ledger);
        }
        let text = ledger.write(&from.seals);
        for path in [Some(paths.lockfile.as_path()), paths.shadow.as_deref()].into_iter().flatten() {
            append_file::replace(path, &text)?;
        }
        guard.release()
    }

    /// Compares the ledger with what git has fetched of it; nothing, if git never sees it.
    #[must_use]
    pub fn upstream(paths: &Paths, ledger: &Ledger, expected: &Binding) -> Option<Upstream> {
        paths.shadow.as_ref().map(|_| look_upstream(&paths.lockfile, ledger, &expected.seals))
    }

    /// Compares the file with its shadow.
    ///
    /// # Errors
    /// As [`Lockfile::read`].
    pub fn shadow(paths: &Paths, expected: &Binding) -> Result<Shadow, StoreError> {
        let Some(path) = &paths.shadow else { return Ok(Shadow::Same) };
        let Some(text) = append_file::read(path)? else { return Ok(Shadow::Missing) };
        let file = append_file::parse(&paths.lockfile, &load_lockfile(paths, expected)?, &expected.seals)?.ledger;
        let shadow = append_file::parse(path, &text, &expected.seals)?.ledger;
        let both = Self::read(paths, expected)?;
        let (file, shadow) = (LedgerDelta::between(&file, &both), LedgerDelta::between(&shadow, &both));
        Ok(if file.is_empty() && shadow.is_empty() { Shadow::Same } else { Shadow::Differs { file, shadow } })
    }

    /// Ends the run: replaces the files with the sorted ledger if anything was written, and gives
    /// the lock back.
    ///
    /// # Errors
    /// If anything could not be written, now or before. What was granted stays durable.
    pub fn finish(mut self) -> Result<(), StoreError> {
        self.desk.stop().ok_or(StoreError::Stopped)?.finish()
    }
}

/// The operating system's lock keeps everybody else away: there is nothing to catch up with.
impl LedgerStore for Lockfile {
    fn ledger(&self) -> RwLockReadGuard<'_, Ledger> {
        self.desk.ledger()
    }

    fn view(&self, _now: Timestamp) -> View {
        View::Exclusive
    }

    fn trust(&self) -> Trust {
        self.trust.clone()
    }

    fn claim(&self, claim: Claim) -> Written<'_, Grant> {
        Box::pin(self.desk.claim(claim))
    }

    fn settle(&self, outcome: Outcome) -> Written<'_> {
        Box::pin(self.desk.settle(outcome))
    }

    fn weigh(&self, evidence: Vec<Evidence>) -> Written<'_, Vec<Weighed>> {
        Box::pin(self.desk.weigh(evidence))
    }

    fn record(&self, record: MessageRecord) -> Written<'_> {
        Box::pin(self.desk.record(record))
    }

    fn join(&self, other: Ledger) -> Written<'_> {
        Box::pin(self.desk.join(other))
    }

    fn catch_up(&self) -> Written<'_> {
        // Nobody else writes while this run holds the lock.
        Box::pin(ready(Ok(())))
    }

    fn standing_stops(&self) -> Written<'_, Vec<StopOrder>> {
        Box::pin(ready(self.stops.standing()))
    }

    fn close_others<'a>(&'a self, runs: &'a [RunId]) -> Written<'a> {
        Box::pin(async move { if runs.is_empty() { Ok(()) } else { self.desk.close_others(runs.to_vec()).await } })
    }

    fn tells_unclosed_runs(&self) -> bool {
        true
    }

    fn finish(self: Box<Self>) -> Written<'static> {
        Box::pin(async move { (*self).finish() })
    }
}

/// A ledger with its shadow.
struct Both {
    ledger: Ledger,
    authenticity: Authenticity,
    shadow: Shadowed,
    /// What only the shadow knew.
    restored: LedgerDelta,
}

/// Reads the ledger with its shadow, without a lock.
fn both(paths: &Paths, expected: &Binding) -> Result<Both, StoreError> {
    let text = load_lockfile(paths, expected)?;
    let ReadLedger { mut ledger, authenticity, .. } = append_file::parse(&paths.lockfile, &text, &expected.seals)?;
    expected.check_home(ledger.header(), &place(&paths.lockfile))?;
    let shadow = Shadowed::read(paths, expected)?;
    let file = shadow.may_know_more(&text).then(|| ledger.clone());
    shadow.join_into(&mut ledger, authenticity, 0, (paths, expected))?;
    let restored = news(file.as_ref(), &ledger);
    Ok(Both { ledger, authenticity, shadow, restored })
}

/// What a ledger knows besides what it was before; nothing, if it cannot know more.
fn news(before: Option<&Ledger>, ledger: &Ledger) -> LedgerDelta {
    before.map(|before| LedgerDelta::between(before, ledger)).unwrap_or_default()
}

/// Makes entries of a run of what is none, and of what was joined in from a shadow that nobody had signed.
fn adopt(ledger: &mut Ledger, before: Option<&Ledger>, numbers: &mut Numbers) {
    match before {
        Some(before) => ledger.adopt_since(before, || numbers.give()),
        None => ledger.adopt(|| numbers.give()),
    }
}

fn missing(paths: &Paths, expected: &Binding) -> StoreError {
    let shadow = paths.shadow.clone().filter(|shadow| shadow.exists());
    let refusal = shadow.as_ref().and_then(|_| check_shadow_alone(paths, expected).err()).map(Box::new);
    // Whoever makes it anew is told if git does not answer.
    let commit = kept(paths).ok().flatten();
    StoreError::Missing { place: place(&paths.lockfile), shadow, commit, refusal }
}

/// Whether a ledger could be made from the shadow alone.
///
/// # Errors
/// Why it could not.
fn check_shadow_alone(paths: &Paths, expected: &Binding) -> Result<(), StoreError> {
    let shadow = Shadowed::read(paths, expected)?;
    let mut ledger = Ledger::new(expected.header());
    shadow.join_into(&mut ledger, Authenticity::Signed, 0, (paths, expected)).map(drop)
}

/// The commit that has the lockfile, if git keeps it; what has no shadow git never sees.
fn kept(paths: &Paths) -> Result<Option<String>, GitSilence> {
    let kept = paths.shadow.as_ref().map(|_| kept_in_git(&paths.lockfile)).transpose()?;
    Ok(kept.flatten().map(KeptBy::commit))
}

fn load_lockfile(paths: &Paths, expected: &Binding) -> Result<Vec<u8>, StoreError> {
    append_file::read(&paths.lockfile)?.ok_or_else(|| missing(paths, expected))
}

/// Makes sure that no merge of the work tree has kept one side of the ledger only, as far as git can tell; says
/// whether that is not all the way.
fn check_merges(paths: &Paths, ledger: &Ledger, expected: &Binding) -> Result<bool, StoreError> {
    if paths.shadow.is_none() {
        // What git never sees it cannot tell of.
        return Ok(false);
    }
    match look_at_merges(&paths.lockfile, ledger, &expected.seals) {
        Merges::Kept => Ok(false),
        Merges::KeptAsFarAsSeen => Ok(true),
        Merges::Dropped { run, commit } => Err(StoreError::Dropped { place: place(&paths.lockfile), run, commit }),
    }
}

/// Opens a file for appending, after it was replaced if it does not hold this text.
fn settle(path: &Path, found: Option<&[u8]>, text: &[u8]) -> Result<AppendFile, StoreError> {
    if found != Some(text) {
        append_file::replace(path, text)?;
    }
    AppendFile::open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU64, Ordering};

    use futures_util::future::join_all;
    use tempfile::TempDir;

    use super::*;
    use crate::identity::{Key, Keys, Person};
    use crate::ledger::{Fact, FirstKey, PersonState, Seals, Standing, sample};

    struct Home {
        _folder: TempDir,
        paths: Paths,
    }

    impl Home {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let paths = Paths::of_project(folder.path());
            Lockfile::create(&paths, sample::header(), &expected(), &visit()).unwrap();
            Self { _folder: folder, paths }
        }

        fn open(&self) -> Result<Lockfile, StoreError> {
            Lockfile::open(&self.paths, &expected(), &visit())
        }

        fn shadow(&self) -> PathBuf {
            self.paths.shadow.clone().unwrap()
        }

        /// How somebody stands, by the files alone.
        fn standing(&self, person: u64) -> Standing {
            standing(&Lockfile::read(&self.paths, &expected()).unwrap(), person)
        }

        fn texts(&self) -> [String; 2] {
            [&self.paths.lockfile, &self.shadow()].map(|path| fs::read_to_string(path).unwrap())
        }
    }

    fn expected() -> Binding {
        let Header { project, gateway, keys, .. } = sample::header();
        Binding { project, gateway, keys: Some(keys), seals: sample::seals() }
    }

    /// A run that has not opened anything yet.
    fn visit() -> Visit {
        static LAST: AtomicU64 = AtomicU64::new(100);
        Visit::new(RunId(LAST.fetch_add(1, Ordering::Relaxed)), "apply", sample::at(0))
    }

    fn standing(ledger: &Ledger, person: u64) -> Standing {
        ledger.standing(&sample::message("announce"), sample::revision(), Person(person), View::Exclusive)
    }

    fn claim(people: &[u64]) -> Claim {
        sample::claim("announce", people, 1, 1)
    }

    fn accepted(people: &[u64]) -> Outcome {
        sample::outcome(&claim(people), PersonState::Accepted, &[])
    }

    #[tokio::test]
    async fn a_run_is_durable_step_by_step_and_sorted_at_its_end() {
        let home = Home::new();
        let lockfile = home.open().unwrap();
        lockfile.record(sample::record("announce", "Hi", 0)).await.unwrap();
        assert_eq!(lockfile.claim(claim(&[1, 2])).await.unwrap(), Grant::Granted);
        assert_eq!(home.standing(1), Standing::InDoubt);
        assert_eq!(lockfile.claim(claim(&[2, 3])).await.unwrap(), Grant::ClaimedElsewhere(vec![Person(2)]));
        assert_eq!(home.standing(3), Standing::Free);
        lockfile.settle(accepted(&[1, 2])).await.unwrap();
        assert_eq!(home.standing(1), Standing::Accepted);
        assert_eq!(home.texts().map(|text| text.lines().count()), [5, 5]);
        lockfile.finish().unwrap();
        let sorted = home.texts();
        assert_eq!(sorted.each_ref().map(|text| text.lines().count()), [5, 5], "with the ends of two runs");
        assert_eq!(home.standing(2), Standing::Accepted);

        let before = append_file::Identity::at(&home.paths.lockfile).unwrap();
        home.open().unwrap().finish().unwrap();
        assert_eq!(
            append_file::Identity::at(&home.paths.lockfile).unwrap(),
            before,
            "nothing changed, nothing replaced"
        );
        assert_eq!(home.texts(), sorted);
    }

    #[tokio::test]
    async fn what_does_not_go_with_the_ledger_is_not_written() {
        let home = Home::new();
        let lockfile = home.open().unwrap();
        let before = home.texts();
        assert!(matches!(lockfile.settle(accepted(&[1])).await, Err(StoreError::Entry(_))));
        assert!(matches!(lockfile.claim(claim(&[2, 1])).await, Err(StoreError::Entry(_))));
        assert_eq!(home.texts(), before);
        assert_eq!(lockfile.claim(claim(&[1])).await.unwrap(), Grant::Granted);
        assert!(matches!(lockfile.claim(claim(&[1])).await, Err(StoreError::Entry(_))), "an id is claimed once");
        let again = sample::claim("announce", &[1], 2, 1);
        assert_eq!(lockfile.claim(again).await.unwrap(), Grant::ClaimedElsewhere(vec![Person(1)]));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn claims_that_come_together_are_all_durable_and_nobody_is_granted_twice() {
        let home = Home::new();
        let lockfile = home.open().unwrap();
        let bulks: Vec<Vec<u64>> = (0..64).map(|bulk| vec![bulk, bulk + 1000, 2000 + bulk / 2]).collect();
        let grants = join_all(bulks.iter().map(|people| lockfile.claim(claim(people)))).await;
        let granted = grants.iter().zip(&bulks).filter(|(grant, _)| matches!(grant, Ok(Grant::Granted)));
        let granted: Vec<&Vec<u64>> = granted.map(|(_, people)| people).collect();
        assert_eq!(granted.len(), 32, "each pair of bulks shares a person");
        for text in home.texts() {
            let ReadLedger { ledger, .. } = Ledger::read(text.as_bytes(), &Seals::none()).unwrap();
            assert_eq!(ledger.claims().len(), 32);
            assert!(granted.iter().all(|people| people.iter().all(|one| standing(&ledger, *one) == Standing::InDoubt)));
        }
        let settled = join_all(granted.iter().map(|people| lockfile.settle(accepted(people)))).await;
        assert!(settled.iter().all(Result::is_ok));
        drop(lockfile);
        assert!(granted.iter().all(|people| home.standing(people[0]) == Standing::Accepted));
    }

    #[tokio::test]
    async fn a_run_that_dies_leaves_what_it_appended_but_for_a_torn_end() {
        let home = Home::new();
        let lockfile = home.open().unwrap();
        assert_eq!(lockfile.claim(claim(&[1])).await.unwrap(), Grant::Granted);
        drop(lockfile);
        let [whole, _] = home.texts();
        let (fact, seals) = (Some(Fact { run: RunId(7), number: 0 }), sample::seals());
        let line = crate::ledger::text::outcome_line(&accepted(&[1]), fact, &seals.signing(&sample::header()));
        let torn =
            |path: &PathBuf, cut: usize| fs::write(path, [whole.as_bytes(), &line.as_bytes()[..cut]].concat()).unwrap();
        let mark = fs::read(&home.paths.mark).unwrap();
        for cut in [1, line.len() / 2, line.len() - 2] {
            fs::write(&home.paths.mark, &mark).unwrap();
            torn(&home.paths.lockfile, cut);
            torn(&home.shadow(), cut);
            assert_eq!(home.standing(1), Standing::InDoubt);
            drop(home.open().unwrap());
            let [file, shadow] = home.texts();
            let (kept, end) = file.split_at(file.trim_end().rfind('\n').unwrap() + 1);
            assert_eq!((file.as_str(), kept.lines().count()), (shadow.as_str(), whole.lines().count()));
            assert!(end.starts_with("{\"run\":") && end.contains("\"entries\":1"), "the dead run is closed: {end}");
        }
        torn(&home.paths.lockfile, line.len() - 1);
        home.open().unwrap().finish().unwrap();
        assert_eq!(home.standing(1), Standing::Accepted, "the line is whole, but for its end");
    }

    /// A lockfile whose last run was killed in its middle, and what there was of it before.
    async fn killed(home: &Home) -> String {
        let lockfile = home.open().unwrap();
        assert_eq!(lockfile.claim(claim(&[1])).await.unwrap(), Grant::Granted);
        let [before, _] = home.texts();
        assert_eq!(lockfile.claim(claim(&[2])).await.unwrap(), Grant::Granted);
        drop(lockfile);
        before
    }

    fn unclosed(home: &Home) -> usize {
        Lockfile::look(&home.paths, &expected()).unwrap().1.unclosed.len()
    }

    #[tokio::test]
    async fn the_run_that_was_killed_here_is_closed_only_beside_a_shadow_that_knows_all_of_it() {
        for is_shadow_there in [true, false] {
            let home = Home::new();
            let before = killed(&home).await;
            fs::write(&home.paths.lockfile, before).unwrap();
            if !is_shadow_there {
                fs::remove_file(home.shadow()).unwrap();
            }
            let expect = usize::from(!is_shadow_there);
            assert_eq!(unclosed(&home), expect);
            assert_eq!(home.open().unwrap().trust().unclosed.len(), expect);
        }
    }

    #[tokio::test]
    async fn what_nobody_has_signed_ends_no_run() {
        let home = Home::new();
        killed(&home).await;
        fs::remove_file(&home.paths.mark).unwrap();
        let [text, _] = home.texts();
        let mut forged = Ledger::read(text.as_bytes(), &sample::seals()).unwrap().ledger;
        let run = forged.unclosed()[0].run;
        forged.close_as_it_is(run, sample::at(9));
        fs::write(home.shadow(), forged.write(&Seals::none())).unwrap();
        assert_eq!(unclosed(&home), 1);
        assert_eq!(home.open().unwrap().trust().unclosed.len(), 1);
    }

    #[tokio::test]
    async fn what_nobody_has_signed_is_joined_in_by_no_change_of_the_header() {
        let home = Home::new();
        killed(&home).await;
        let [text, _] = home.texts();
        let mut forged = Ledger::read(text.as_bytes(), &sample::seals()).unwrap().ledger;
        forged.add_outcome(sample::outcome(&claim(&[1]), PersonState::Refused, &[])).unwrap();
        fs::write(home.shadow(), forged.write(&Seals::none())).unwrap();
        let to = Header { gateway: "elsewhere".to_owned(), ..sample::header() };
        let rebound = Lockfile::rebind(&home.paths, &expected(), &to, &visit());
        assert!(matches!(rebound, Err(StoreError::Unauthenticated { is_shadow: true, .. })), "{rebound:?}");
        assert_eq!(home.texts()[0], text);
    }

    #[tokio::test]
    async fn a_run_that_adopts_an_older_file_has_not_ended_before_it_has() {
        let home = Home::new();
        let old = sample::ledger().write(&Seals::none());
        fs::write(&home.paths.lockfile, &old).unwrap();
        fs::write(home.shadow(), &old).unwrap();
        let visit = || Visit { is_gateway_sure: true, ..visit() };
        let lockfile = Lockfile::open(&home.paths, &expected(), &visit()).unwrap();
        assert_eq!(lockfile.claim(claim(&[70])).await.unwrap(), Grant::Granted);
        drop(lockfile);
        fs::remove_dir_all(home.shadow().parent().unwrap()).unwrap();
        assert_eq!(unclosed(&home), 1);
    }

    #[test]
    fn damage_is_named_and_left_as_it_is() {
        let home = Home::new();
        let [good, _] = home.texts();
        let check = |path: &PathBuf, text: &str| {
            fs::write(path, text).unwrap();
            let error = home.open().unwrap_err();
            let damage = std::error::Error::source(&error).unwrap().to_string();
            assert!(matches!(error, StoreError::Damage { place: found, .. } if found == place(path)));
            assert_eq!(fs::read_to_string(path).unwrap(), text);
            fs::write(path, &good).unwrap();
            damage
        };
        let conflict = format!("{good}<<<<<<< ours\n");
        let edited = good.replace("acme", "acne");
        for path in [&home.paths.lockfile, &home.shadow()] {
            assert_eq!(check(path, &conflict), "line 3: a conflict marker of a merge that was not finished");
            assert_eq!(check(path, &edited), "line 1: the checksum does not match");
            assert_eq!(check(path, ""), "line 1: the ledger is empty: it has not even a header");
        }
        home.open().unwrap().finish().unwrap();
    }

    #[test]
    fn one_run_at_a_time_and_the_other_learns_who() {
        let home = Home::new();
        let first = home.open().unwrap();
        let Err(StoreError::Held { holder: Some(holder) }) = home.open() else { panic!("not held") };
        assert_eq!((holder.pid, holder.note.as_str()), (std::process::id(), "apply"));
        first.finish().unwrap();
        drop(home.open().unwrap());
        drop(home.open().unwrap());
    }

    #[tokio::test]
    async fn the_shadow_remembers_what_a_checkout_took_back() {
        let home = Home::new();
        let [old, _] = home.texts();
        let lockfile = home.open().unwrap();
        assert_eq!(lockfile.claim(claim(&[1])).await.unwrap(), Grant::Granted);
        lockfile.settle(accepted(&[1])).await.unwrap();
        lockfile.finish().unwrap();
        let [new, _] = home.texts();

        fs::write(&home.paths.lockfile, &old).unwrap();
        assert_eq!(home.standing(1), Standing::Accepted);
        home.open().unwrap().finish().unwrap();
        assert_eq!(home.texts(), [new.as_str(), &new]);

        fs::remove_file(&home.paths.lockfile).unwrap();
        let missing = home.open().unwrap_err();
        assert!(matches!(missing, StoreError::Missing { shadow: Some(_), .. }));
        assert!(missing.hint().unwrap().contains("shadow.lock` still knows"));
        Lockfile::create(&home.paths, sample::header(), &expected(), &visit()).unwrap();
        assert_eq!(home.texts(), [new.as_str(), &new]);

        fs::remove_file(home.shadow()).unwrap();
        home.open().unwrap().finish().unwrap();
        assert_eq!(home.texts(), [new.as_str(), &new]);
    }

    #[test]
    fn people_whom_only_the_shadow_knows_by_a_key_must_be_recognised() {
        let home = Home::new();
        let [old, _] = home.texts();
        let [one, nine] = [1, 9].map(|byte| Key::from_bytes([byte; Key::LENGTH]));
        let other = nine.id();
        let by_both = format!("{},{}", nine.to_base64(), one.to_base64());
        let seals = Seals::new(&Keys::parse(&by_both).unwrap(), &sample::header().project);
        let mut keys = [sample::header().keys, vec![other.clone()]].concat();
        keys.sort_unstable();
        let first_key = Some(FirstKey { change: 1, id: other.clone() });
        let rotated = Header { keys: keys.clone(), first_key, ..sample::header() };
        let text = Ledger::new(rotated).write(&seals);
        let missing = |result: Result<(), StoreError>| match result {
            Err(StoreError::KeyMissing { names }) => names,
            other => panic!("{other:?}"),
        };
        fs::write(home.shadow(), &text).unwrap();
        assert_eq!(missing(home.open().map(drop)), std::slice::from_ref(&other));
        assert_eq!(missing(Lockfile::read(&home.paths, &expected()).map(drop)), std::slice::from_ref(&other));
        fs::remove_file(&home.paths.lockfile).unwrap();
        assert_eq!(
            missing(Lockfile::create(&home.paths, sample::header(), &expected(), &visit())),
            std::slice::from_ref(&other)
        );
        assert!(!home.paths.lockfile.exists(), "a wrong key makes nothing");

        fs::write(&home.paths.lockfile, old).unwrap();
        let both = Binding { keys: Some(vec![other, keys[0].clone()]), seals, ..expected() };
        Lockfile::open(&home.paths, &both, &visit()).unwrap().finish().unwrap();
        assert_eq!(Lockfile::read(&home.paths, &both).unwrap().header().keys, keys);
    }

    #[tokio::test]
    async fn a_file_changed_by_another_program_ends_the_writing() {
        let check = async |change: fn(&Paths)| {
            let home = Home::new();
            let lockfile = home.open().unwrap();
            change(&home.paths);
            let before = fs::read(&home.paths.lockfile).ok();
            for people in [[1], [2]] {
                let error = lockfile.claim(claim(&people)).await.unwrap_err();
                let StoreError::Failed { cause } = error else { panic!("{error}") };
                assert!(matches!(*cause, StoreError::Replaced { .. }));
            }
            assert!(matches!(lockfile.finish(), Err(StoreError::Failed { .. })));
            assert_eq!(fs::read(&home.paths.lockfile).ok(), before);
        };
        check(|paths| append_file::replace(&paths.lockfile, &fs::read(&paths.lockfile).unwrap()).unwrap()).await;
        check(|paths| fs::write(&paths.lockfile, "").unwrap()).await;
        check(|paths| fs::remove_file(&paths.lockfile).unwrap()).await;
        check(|paths| fs::remove_dir_all(paths.guard.parent().unwrap()).unwrap()).await;
    }

    #[tokio::test]
    async fn another_ledger_is_joined_in() {
        let home = Home::new();
        let lockfile = home.open().unwrap();
        lockfile.join(sample::ledger()).await.unwrap();
        lockfile.finish().unwrap();
        let read = Lockfile::read(&home.paths, &expected()).unwrap();
        assert_eq!(sample::content(&read), sample::content(&sample::ledger()));
        let lockfile = home.open().unwrap();
        let other = Ledger::new(Header { gateway: "elsewhere".to_owned(), ..sample::header() });
        assert!(matches!(lockfile.join(other).await, Err(StoreError::Join(_))));
    }

    #[tokio::test]
    async fn a_rebound_ledger_knows_what_it_knew_whichever_file_was_first() {
        let home = Home::new();
        let lockfile = home.open().unwrap();
        lockfile.join(sample::ledger()).await.unwrap();
        lockfile.finish().unwrap();
        let [old, _] = home.texts();
        let to = Header { gateway: "elsewhere".to_owned(), ..sample::header() };
        let new = Binding { gateway: to.gateway.clone(), ..expected() };
        let rebind = |from: &Binding| Lockfile::rebind(&home.paths, from, &to, &visit());

        let other = Binding { gateway: "another".to_owned(), ..expected() };
        assert!(matches!(rebind(&other), Err(StoreError::Foreign { .. })));
        assert_eq!(home.texts(), [old.as_str(), &old]);
        rebind(&expected()).unwrap();
        let [bound, shadow] = home.texts();
        assert_eq!(bound, shadow);
        assert_eq!(Lockfile::read(&home.paths, &new).unwrap().claims().len(), 3);
        assert!(matches!(home.open(), Err(StoreError::Foreign { .. })));

        // A death between the two files, and a checkout of the older one.
        for path in [home.shadow(), home.paths.lockfile.clone()] {
            fs::write(&path, &old).unwrap();
            let opened = Lockfile::open(&home.paths, &new, &visit());
            assert_eq!(opened.is_ok(), path == home.shadow(), "a shadow learns of the change");
            drop(opened);
            rebind(&expected()).unwrap();
            let [file, shadow] = home.texts();
            assert_eq!(file, shadow);
            assert_eq!(Lockfile::read(&home.paths, &new).unwrap().header(), &to);
        }
        assert_ne!(bound, old);
        let held = Lockfile::open(&home.paths, &new, &visit()).unwrap();
        assert!(matches!(rebind(&expected()), Err(StoreError::Held { .. })));
        drop(held);
    }

    #[tokio::test]
    async fn the_shadow_is_compared() {
        let home = Home::new();
        let [old, _] = home.texts();
        let compare = || Lockfile::shadow(&home.paths, &expected()).unwrap();
        assert_eq!(compare(), Shadow::Same);
        let lockfile = home.open().unwrap();
        assert_eq!(lockfile.claim(claim(&[1, 2])).await.unwrap(), Grant::Granted);
        lockfile.finish().unwrap();
        let [new, _] = home.texts();
        let news = LedgerDelta { claims: 1, people: 2, ..LedgerDelta::default() };
        fs::write(&home.paths.lockfile, &old).unwrap();
        assert_eq!(compare(), Shadow::Differs { file: news, shadow: LedgerDelta::default() });
        fs::write(&home.paths.lockfile, &new).unwrap();
        fs::write(home.shadow(), &old).unwrap();
        assert_eq!(compare(), Shadow::Differs { file: LedgerDelta::default(), shadow: news });
        fs::remove_file(home.shadow()).unwrap();
        assert_eq!(compare(), Shadow::Missing);
    }

    #[test]
    fn what_is_missing_or_there_already_is_told() {
        let home = Home::new();
        assert!(matches!(
            Lockfile::create(&home.paths, sample::header(), &expected(), &visit()),
            Err(StoreError::Exists { .. })
        ));
        assert_eq!(fs::read_to_string(home.paths.guard.with_file_name(".gitignore")).unwrap(), "*\n");
        let folder = tempfile::tempdir().unwrap();
        let nowhere = Paths::of_project(folder.path());
        let opened = Lockfile::open(&nowhere, &expected(), &visit());
        assert!(matches!(opened, Err(StoreError::Missing { shadow: None, .. })));
        assert!(matches!(Lockfile::read(&nowhere, &expected()), Err(StoreError::Missing { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "looking makes nothing");
    }
}
