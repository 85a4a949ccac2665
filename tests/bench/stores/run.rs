//! One measurement.

use std::convert::Infallible;
use std::time::Instant;

use secrecy::SecretString;
use sendform::apply::{self, GatewayTime, Interrupts, PlannedBulks, Ports, RunSettings, Store, Summary};
use sendform::gateway::{Client, ClientLimits, SystemClock};
use sendform::identity::MessageId;
use sendform::ledger::{Claim, ClaimId, Decision, Evidence, Grant, Outcome, RunId, StopOrder, Weighed};
use sendform::sandbox::options::Options;
use sendform::sandbox::{self, Running};
use url::Url;

use super::ground::{self, Kind};
use super::prepared_bulk::{Letters, bulks};

/// Hands everything over, and gives seconds, the peak of memory in MiB, and what the store counts.
pub(crate) fn measure(kind: Kind, people: u64) -> String {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let gateway = sandbox::start(Options::new(folder.path().join("books.sqlite"))).await.unwrap();
        let mut settings = RunSettings::new(RunId(1));
        let ground = ground::prepare(kind, folder.path()).await;
        let start = Instant::now();
        let summary = match &ground {
            None => send(&Nothing, &gateway, &settings, people).await,
            Some(home) => {
                let store = home.open(&ground::expected(), &ground::visit()).await.unwrap();
                settings.ahead = store.bulks_ahead().unwrap_or(settings.ahead);
                let summary = send(&store, &gateway, &settings, people).await;
                store.finish().await.unwrap();
                summary
            }
        };
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(summary.total().accepted, people, "{:?}", summary.stopped);
        gateway.stop().await.unwrap();
        format!("{seconds:.2} {} {}", peak_mib(), ground::writes(kind, folder.path()))
    })
}

async fn send(store: &impl Store, gateway: &Running, settings: &RunSettings, people: u64) -> Summary {
    let clock = SystemClock::start();
    let base = Url::parse(&gateway.base_url).unwrap();
    let client = Client::new(
        &base,
        &SecretString::from("sandbox"),
        ClientLimits::default(),
        clock.clone(),
        GatewayTime::new(true),
    )
    .unwrap();
    let ports = Ports {
        store,
        sender: &client,
        prepare: &Letters,
        opt_outs: &(),
        undeliverables: &(),
        clock: &clock,
        time: client.time(),
    };
    let never = || std::future::pending();
    let interrupts = Interrupts { first: never(), second: never() };
    apply::apply(&PlannedBulks::new(bulks(people)), ports, settings, interrupts, |_| {}).await
}

/// The most memory that this process had, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

/// A store that grants everything and keeps nothing.
struct Nothing;

impl Store for Nothing {
    type Error = Infallible;

    async fn claim(&self, _claim: Claim) -> Result<Grant, Infallible> {
        Ok(Grant::Granted)
    }

    async fn settle(&self, _outcome: Outcome) -> Result<(), Infallible> {
        Ok(())
    }

    async fn weigh(&self, evidence: Vec<Evidence>) -> Result<Vec<Weighed>, Infallible> {
        let absent =
            |Evidence { people, .. }| Weighed { decisions: vec![Decision::Absent; people.len()], outcomes: Vec::new() };
        Ok(evidence.into_iter().map(absent).collect())
    }

    async fn standing_stops(&self) -> Result<Vec<StopOrder>, Infallible> {
        Ok(Vec::new())
    }

    async fn catch_up(&self) -> Result<(), Infallible> {
        Ok(())
    }

    async fn claimed_before(&self, _message: &MessageId, _besides: &ClaimId) -> Result<bool, Infallible> {
        Ok(false)
    }
}
