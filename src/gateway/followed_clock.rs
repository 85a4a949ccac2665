//! The clock of a sandbox on this machine, as a run goes by it: what its answers say, and in between what it has come
//! to since, at the speed at which it runs.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::client::{ClientError, ClientLimits, explain, http_client};
use super::probe::ProbeFailure;
use super::stamp;
use crate::wire::address::{below, check_base_url, is_loopback};
use crate::wire::sandbox_time::{SANDBOX_STATE_PATH, SandboxTime};

/// How old what a sandbox has said may be where its time matters: somebody may set the clock at any instant.
const FRESH: Duration = Duration::from_millis(20);
/// How far a clock that answers no more has gone on since it did: as far ahead of what it has said as its books may be
/// once it is there again.
const AHEAD_MAX: Duration = Duration::from_secs(1);
/// How long its answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The clock of a sandbox on this machine.
#[derive(Debug)]
pub struct FollowedClock {
    http: reqwest::Client,
    door: Url,
    heard: Mutex<LastHeard>,
}

/// What was heard last, and when.
#[derive(Debug, Clone, Copy)]
struct LastHeard {
    said: SandboxTime,
    at: Instant,
    /// Whether nobody was there when it was asked since.
    is_gone: bool,
}

impl FollowedClock {
    /// Asks a gateway on this machine for its time, without credentials, and follows its clock if it is a sandbox.
    /// Nobody else is asked, and nobody else would be believed.
    ///
    /// # Errors
    /// If it does not answer, or cannot be asked.
    pub async fn find(base: &Url) -> Result<Option<Self>, ProbeFailure> {
        if !is_loopback(base) {
            return Ok(None);
        }
        check_base_url(base).map_err(ClientError::from)?;
        let limits = ClientLimits { connect: PATIENCE, total: PATIENCE, ..ClientLimits::default() };
        let http = http_client(limits)?;
        let door = below(base, SANDBOX_STATE_PATH);
        let answer = http.get(door.clone()).send().await;
        let answer = answer.map_err(|error| ProbeFailure::Unreachable(explain(error, limits)))?;
        let heard = stamp::sandbox(answer.headers()).map(|said| LastHeard { said, at: Instant::now(), is_gone: false });
        Ok(heard.map(|heard| Self { http, door, heard: Mutex::new(heard) }))
    }

    /// What time it is, in whole milliseconds as the sandbox tells it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = self.heard().now(Instant::now());
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    /// How much of its time passes in a second.
    #[must_use]
    pub fn in_a_second(&self) -> SignedDuration {
        let LastHeard { said, .. } = *self.heard();
        said.after(Duration::from_secs(1)).duration_since(said.now)
    }

    /// Takes in what an answer says that has just come, after so long.
    pub fn hears(&self, said: SandboxTime, after: Duration) {
        let mut heard = self.heard();
        *heard = heard.then(said, after, Instant::now());
    }

    /// Takes in that nobody is there: until an answer comes the clock has not gone on for more than [`AHEAD_MAX`].
    pub fn is_gone(&self) {
        self.heard().is_gone = true;
    }

    /// Asks again, unless an answer has just told the time. Where one is long in coming the clock goes on as it went.
    pub async fn look(&self) {
        if self.heard().at.elapsed() < FRESH {
            return;
        }
        let asked = Instant::now();
        match self.http.get(self.door.clone()).send().await {
            Ok(answer) => {
                if let Some(said) = stamp::sandbox(answer.headers()) {
                    self.hears(said, asked.elapsed());
                }
            }
            Err(error) if error.is_timeout() => {}
            Err(_) => self.is_gone(),
        }
    }

    fn heard(&self) -> MutexGuard<'_, LastHeard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LastHeard {
    fn now(&self, at: Instant) -> Timestamp {
        let since = at.saturating_duration_since(self.at);
        self.said.after(if self.is_gone { since.min(AHEAD_MAX) } else { since })
    }

    /// What is known once an answer has come: it was made at some instant since it was asked for, so that what was
    /// known before may be right, and later. Then it stands, and time does not go back.
    fn then(&self, said: SandboxTime, after: Duration, at: Instant) -> Self {
        let known = self.now(at);
        let is_explained = said.now <= known && known <= said.after(after);
        Self { said: SandboxTime { now: if is_explained { known } else { said.now }, ..said }, at, is_gone: false }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::wire::SANDBOX_HEADER;
    use crate::wire::sandbox_time::SANDBOX_TIME_HEADER;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_answer_that_was_long_on_its_way_sets_no_clock_back() {
        let start = Instant::now();
        let heard = LastHeard { said: SandboxTime { now: at(100), speed: 60 }, at: start, is_gone: false };
        assert_eq!(heard.now(start + SECOND), at(160));
        let then = |now: i64, speed: u32, after: Duration| {
            let known = heard.then(SandboxTime { now: at(now), speed }, after, start + SECOND);
            [known.now(start + SECOND), known.now(start + 2 * SECOND)]
        };
        // It was made when it was asked for, and has taken a second.
        assert_eq!(then(101, 60, SECOND), [at(160), at(220)]);
        // It was set back, forward, to another speed, or stopped: what the sandbox says is so.
        assert_eq!(then(40, 60, SECOND), [at(40), at(100)]);
        assert_eq!(then(1000, 60, SECOND), [at(1000), at(1060)]);
        assert_eq!(then(101, 1, SECOND), [at(101), at(102)]);
        assert_eq!(then(130, 0, SECOND), [at(130), at(130)]);
    }

    #[test]
    fn a_clock_that_is_gone_stands_a_second_after_its_last_word_until_it_is_there_again() {
        let start = Instant::now();
        let heard = LastHeard { said: SandboxTime { now: at(0), speed: 3600 }, at: start, is_gone: false };
        let gone = LastHeard { is_gone: true, ..heard };
        let seconds = [0, 1, 2, 7200];
        assert_eq!(seconds.map(|second| heard.now(start + second * SECOND)), [0, 3600, 7200, 25_920_000].map(at));
        assert_eq!(seconds.map(|second| gone.now(start + second * SECOND)), [0, 3600, 3600, 3600].map(at));
        // It goes on from where its books have it.
        let back = gone.then(SandboxTime { now: at(3000), speed: 3600 }, SECOND, start + 7200 * SECOND);
        assert_eq!([7200, 7202].map(|second| back.now(start + second * SECOND)), [at(3600), at(10_800)]);
    }

    #[tokio::test]
    async fn nobody_there_is_seen_when_it_is_asked_and_somebody_who_is_back_as_well() {
        let (address, clock) = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let base = Url::parse(&format!("http://{address}")).unwrap();
            let (clock, ()) = tokio::join!(FollowedClock::find(&base), answer(&listener));
            (address, clock.unwrap().expect("a sandbox"))
        };
        assert!(!clock.heard().is_gone);
        let ask = async || {
            clock.heard().at -= 2 * FRESH;
            clock.look().await;
            clock.heard().is_gone
        };
        assert!(ask().await);
        let listener = TcpListener::bind(address).await.unwrap();
        let (is_gone, ()) = tokio::join!(ask(), answer(&listener));
        assert!(!is_gone);
    }

    /// Answers one request as a sandbox does, and hangs up.
    async fn answer(listener: &TcpListener) {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = [0; 1024];
        assert!(stream.read(&mut asked).await.unwrap() > 0);
        let said = SandboxTime { now: at(0), speed: 3600 };
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n";
        let marks = format!("{SANDBOX_HEADER}: 1\r\n{SANDBOX_TIME_HEADER}: {said}\r\n\r\n");
        stream.write_all(format!("{head}{marks}").as_bytes()).await.unwrap();
    }
}
