//! Which gateway a command talks to, with which clock, ledger and keys.

use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;

use crate::campaign::{Project, SandboxSettings, State};
use crate::gateway::FollowedClock;
use crate::identity::{KeyId, Keys};
use crate::plan::GatewayPlace;
use crate::report::failure_code::FailureCode;
use crate::sandbox::clock::{ClockStart, SandboxClock, Speed};
use crate::sandbox::faults::Fault;
use crate::sandbox::model::rules::ChannelRules;
use crate::sandbox::options::Options;
use crate::sandbox::rules_file::{self, RulesFile};
use crate::sandbox::store::last_time;
use crate::sandbox::{self, Running};
use crate::source::Folders;
use crate::store::{self, Branch, Database, Hold, Paths};
use crate::wire::address::{self, is_loopback};
use crate::wire::channel::ChannelSettings;

use super::args::Global;
use super::books;
use super::failure::Failure;
use super::home::ProjectPaths;
use super::settings::Settings;

/// The gateway of a command.
pub(super) struct GatewayAccess {
    /// Its name in the ledger: the host (with a port, if it is not 443), or `sandbox`.
    pub name: String,
    /// Its base URL.
    pub base_url: Option<Url>,
    /// The API key.
    pub api_key: Option<SecretString>,
    /// The keys of persons.
    pub keys: Option<Keys>,
    /// Where its ledger lives.
    pub ledger: store::LedgerLocation,
    /// Whether it is the embedded one, which runs or does not.
    is_embedded: bool,
    /// The embedded gateway, if it is that one and runs.
    pub sandbox: Option<Running>,
    /// The hold on the embedded gateway's books.
    books: Option<Hold>,
    /// A fixed time of day.
    fixed_now: Option<Timestamp>,
    /// The clock of a sandbox that runs on its own on this machine, once it was asked.
    followed: Option<FollowedClock>,
    /// Whether the environment names it, and not only the project's files.
    pub is_from_environment: bool,
}

impl GatewayAccess {
    /// Finds the gateway that the project and the environment name.
    ///
    /// # Errors
    /// If the base URL cannot be used.
    pub(super) fn real(project: &Project, home: &ProjectPaths, settings: &Settings) -> Result<Self, Failure> {
        let base_url = match &settings.base_url {
            None => project.base_url.clone(),
            Some(text) => Some(parse_base_url(text)?),
        };
        let loopback = base_url.as_ref().is_some_and(is_loopback);
        if let Some(name) = settings.for_tests().filter(|_| base_url.is_some() && !loopback) {
            return Err(Failure::new(FailureCode::Usage, format!("`{name}` is only for a gateway on loopback")));
        }
        if settings.keys.as_ref().is_some_and(|keys| home.holds_sandbox_key(keys)) {
            return Err(Failure::new(FailureCode::KeyUnusable, "the sandbox's own key is not for another gateway")
                .hint("make a key of its own, once: `head -c 32 /dev/urandom | base64`"));
        }
        let api_key = settings.api_key.clone().or_else(|| loopback.then(|| SecretString::from("sandbox")));
        Ok(Self {
            name: base_url.as_ref().map(name).unwrap_or_default(),
            base_url,
            api_key,
            keys: settings.keys.clone(),
            ledger: ledger(&project.state, home, settings),
            is_embedded: false,
            sandbox: None,
            books: None,
            fixed_now: settings.now,
            followed: None,
            is_from_environment: settings.base_url.is_some(),
        })
    }

    /// The embedded gateway as it lies there: it is not started, and nothing is made that it would need.
    ///
    /// # Errors
    /// If its key cannot be read.
    pub(super) fn sandbox_at_rest(home: &ProjectPaths, settings: &Settings) -> Result<Self, Failure> {
        Ok(Self {
            name: "sandbox".to_owned(),
            base_url: Url::parse("http://127.0.0.1").ok(),
            api_key: Some(SecretString::from("sandbox")),
            keys: home.read_sandbox_keys()?,
            ledger: store::LedgerLocation::Lockfile(Paths::of_sandbox(&home.dir)),
            is_embedded: true,
            sandbox: None,
            books: None,
            fixed_now: settings.now,
            followed: None,
            is_from_environment: false,
        })
    }

    /// Starts the embedded gateway.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(super) async fn sandbox(
        project: &Project,
        home: &ProjectPaths,
        settings: &Settings,
        global: &Global,
    ) -> Result<Self, Failure> {
        let keys = home.sandbox_keys()?;
        let mut options = sandbox_options(home, Some(&project.sandbox), &global.fault)?;
        if let Some(now) = settings.now {
            options.now = ClockStart::Fixed(now);
        }
        let books = books::beside_others(&options.books)?;
        let running = sandbox::start(options).await.map_err(|error| failed(&error))?;
        let base_url = Url::parse(&running.base_url).map_err(|error| failed(&error))?;
        Ok(Self {
            name: "sandbox".to_owned(),
            base_url: Some(base_url),
            api_key: Some(SecretString::from("sandbox")),
            keys: Some(keys),
            ledger: store::LedgerLocation::Lockfile(Paths::of_sandbox(&home.dir)),
            is_embedded: true,
            sandbox: Some(running),
            books: Some(books),
            fixed_now: None,
            followed: None,
            is_from_environment: false,
        })
    }

    /// The time of day: that of a sandbox, if it is one that is believed; see [`super::sandbox_time`].
    #[must_use]
    pub(super) fn now(&self) -> Timestamp {
        match (&self.sandbox, &self.followed) {
            (Some(sandbox), _) => sandbox.now(),
            (None, Some(clock)) => clock.now(),
            (None, None) => self.fixed_now.unwrap_or_else(Timestamp::now),
        }
    }

    /// The time of day of this machine, if it is not the run's: another run does not live longer or shorter because a
    /// sandbox's clock is set. Nobody but this run sends to the embedded one.
    #[must_use]
    pub(super) fn machine_now(&self) -> Option<Timestamp> {
        self.followed.as_ref().map(|_| Timestamp::now())
    }

    /// The time of day by which it is seen whether other runs may still live.
    #[must_use]
    pub(super) fn lives_at(&self) -> Timestamp {
        self.machine_now().unwrap_or_else(|| self.now())
    }

    /// Takes the time of a sandbox that runs on its own from now on, and none that was fixed.
    pub(super) fn follow(&mut self, clock: FollowedClock) {
        self.followed = Some(clock);
        self.fixed_now = None;
    }

    /// The clock of a sandbox that runs on its own, if this run goes by it.
    #[must_use]
    pub(super) fn followed(&self) -> Option<&FollowedClock> {
        self.followed.as_ref()
    }

    /// Whether a sandbox tells the time, the embedded one or another.
    #[must_use]
    pub(super) fn has_sandbox_time(&self) -> bool {
        self.sandbox.is_some() || self.followed.is_some()
    }

    /// Whether its time of day stands still, as tests want it: then it is no clock to compare others
    /// with.
    #[must_use]
    pub(super) fn has_fixed_time(&self) -> bool {
        self.fixed_now.is_some()
    }

    /// The check values of the keys that were supplied.
    #[must_use]
    pub(super) fn key_ids(&self) -> Vec<KeyId> {
        self.keys.as_ref().map(Keys::ids).unwrap_or_default()
    }

    /// Where it is.
    #[must_use]
    pub(super) fn place(&self) -> GatewayPlace {
        match &self.base_url {
            _ if self.is_embedded => GatewayPlace::ThisMachine,
            Some(url) if is_loopback(url) => GatewayPlace::ThisMachine,
            Some(_) => GatewayPlace::Elsewhere,
            None => GatewayPlace::Unknown,
        }
    }

    /// Whether it is the embedded one.
    #[must_use]
    pub(super) fn is_sandbox(&self) -> bool {
        self.is_embedded
    }

    /// Stops the embedded gateway, so that its books are whole.
    ///
    /// # Errors
    /// If the books cannot be closed.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await.map_err(|error| {
                Failure::new(FailureCode::Environment, "the sandbox's books were not closed in order").because(&error)
            })?;
        }
        drop(self.books);
        Ok(())
    }
}

/// The home of a project's ledger.
pub(super) fn ledger(state: &State, home: &ProjectPaths, settings: &Settings) -> store::LedgerLocation {
    match state {
        State::Lockfile => store::LedgerLocation::Lockfile(Paths::of_project(&home.dir)),
        State::Git { remote, branch, bulks_ahead } => {
            let token = settings.forge_token.clone();
            let plain = Branch::new(&home.dir, remote, branch);
            store::LedgerLocation::Git(Branch { bulks_ahead: *bulks_ahead, token, ..plain })
        }
        State::Postgres { schema } => store::LedgerLocation::Postgres(Database {
            url: settings.database_url.clone(),
            authorities: settings.database_ca.clone(),
            schema: schema.clone(),
            seen: Some(home.private().join("seen")),
        }),
    }
}

/// Where the clock of the embedded gateway starts, and whether it runs.
pub(super) fn clock_start(now: Option<Timestamp>, is_stopped: bool) -> ClockStart {
    match now {
        _ if is_stopped => ClockStart::Fixed(now.unwrap_or_else(Timestamp::now)),
        Some(now) => ClockStart::At(now),
        None => ClockStart::Real,
    }
}

/// What time the embedded gateway tells, without starting it: somebody else may be using it. Books that cannot be read
/// leave it where a new one starts; `fixed` is what tests set it to.
pub(super) fn sandbox_time_at_rest(
    home: &ProjectPaths,
    settings: &SandboxSettings,
    fixed: Option<Timestamp>,
) -> Timestamp {
    let start = fixed.map_or_else(|| clock_start(settings.now, settings.is_stopped), ClockStart::Fixed);
    let last = last_time(&home.books()).unwrap_or_default();
    SandboxClock::start(start, Speed::new(settings.speed).unwrap_or(Speed::REAL), last).now()
}

/// The settings of the embedded gateway.
///
/// # Errors
/// If a fault cannot be read, or its folder cannot be made.
pub(super) fn sandbox_options(
    home: &ProjectPaths,
    settings: Option<&SandboxSettings>,
    faults: &[String],
) -> Result<Options, Failure> {
    home.check_private()?;
    home.make_private()?;
    std::fs::create_dir_all(home.sandbox()).map_err(|error| failed(&error))?;
    let mut options = Options::new(home.books());
    if let Some(settings) = settings {
        options.now = clock_start(settings.now, settings.is_stopped);
        options.speed = Speed::new(settings.speed).unwrap_or(Speed::REAL);
        options.choices = settings.choices;
        options.duplicate_memory = settings.duplicate_memory.unwrap_or(options.duplicate_memory);
        if let Some(count) = settings.logs_per_minute {
            options.logs_per_minute = (count > 0).then_some(count);
        }
        if let Some(mebibytes) = settings.body_mebibytes_max {
            options.body_bytes_max = usize::from(mebibytes) * 1024 * 1024;
        }
        options.rules = channel_rules(&settings.channel);
        if let Some(path) = &settings.rules {
            // Its credentials are for those who reach a sandbox on its own: inside of a command there is nobody else.
            options.rules = rules_of_project(home, path)?.channel.or(options.rules);
        }
    }
    let of_project = settings.map(|settings| settings.faults.as_slice()).unwrap_or_default();
    // What the command line says takes the place of what the project says.
    let faults = if faults.is_empty() { of_project } else { faults };
    options.faults = faults
        .iter()
        .map(|text| text.parse::<Fault>())
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::new(FailureCode::Usage, "a fault cannot be read").because(&error))?;
    Ok(options)
}

/// The rules that settings make: none if they say nothing of the channel, which is as it was then.
pub(super) fn channel_rules(settings: &ChannelSettings) -> Option<ChannelRules> {
    let rules = ChannelRules::default().with(settings.clone());
    (*settings != ChannelSettings::default()).then_some(rules)
}

/// Reads the rules that the project file names, which lie in the project's folder.
///
/// # Errors
/// If they cannot be read, or mean nothing.
pub(super) fn rules_of_project(home: &ProjectPaths, path: &str) -> Result<RulesFile, Failure> {
    let unreadable = |error: &(dyn std::error::Error + 'static)| {
        Failure::new(FailureCode::Environment, format!("cannot read the rules `{path}`")).because(error)
    };
    let folders = Folders::open(&home.dir, None).map_err(|error| unreadable(&error))?;
    let bytes = folders.read_bytes(path).map_err(|error| unreadable(&error))?;
    let text = String::from_utf8(bytes).map_err(|error| unreadable(&error))?;
    rules_file::read(&text)
        .map_err(|fault| Failure::new(FailureCode::Files, format!("the rules `{path}` mean nothing: {fault}")))
}

fn failed(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::new(FailureCode::Environment, "the sandbox cannot be started").because(error)
}

/// Reads a base URL.
fn parse_base_url(text: &str) -> Result<Url, Failure> {
    let wrong = |error: &(dyn std::error::Error + 'static)| {
        Failure::new(FailureCode::Usage, "`SENDFORM_BASE_URL` cannot be used").because(error)
    };
    address::parse_base_url(text).map_err(|error| wrong(&error))
}

/// The gateway's name in the ledger.
fn name(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
