//! The command line, and nothing else: clap's types, turned into settings elsewhere.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use serde::de::DeserializeOwned;

use crate::campaign::{StateHome, git_name, schema_name};
use crate::diagnostic::words::read_number;
use crate::sandbox::auth::Credential;
use crate::sandbox::webhooks::PushTimeout;
use crate::timing::read_instant;
use crate::wire::channel::{ChannelPrice, ConversationRule, ValidityFrom};
use crate::wire::channel_rate::ChannelRate;
use crate::wire::choices::{
    Duplicates, Nulls, OvernightWindow, PastSendAt, PushedReports, SendAtForms, UnknownFieldRule, UnsentInLogs,
    WebhookSuccess,
};
use crate::wire::names;

use super::format::{OutputFormat, Write};
use super::sandbox_flags;
use super::topics::Topic;
use super::{help, negative, typo};

/// Messaging campaigns as code: plan in a pull request, apply after the merge, each message once.
#[derive(Debug, Parser)]
#[command(name = "sendform", version, propagate_version = true, max_term_width = 100)]
#[command(disable_help_subcommand = true)]
pub(super) struct Arguments {
    /// What all commands have in common.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

impl Arguments {
    /// Reads a command line, the program's name first.
    ///
    /// # Errors
    /// If it is wrong, or asks for help.
    pub(super) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut command = negative::taken(help::command());
        let matches = command.try_get_matches_from_mut(arguments).map_err(typo::tipped)?;
        let read = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        let has_form = !read.global.format.is_for_people() || !read.global.write.is_empty();
        if matches!(read.command, Command::Completions(_)) && has_form {
            let message =
                "completions are a script: they have no other form, and `--format` and `--write` are not for them";
            return Err(command.error(ErrorKind::ArgumentConflict, message));
        }
        if let Some((kind, message)) = read.stray_sandbox() {
            return Err(command.error(kind, message));
        }
        // Of a command clap has the page, and says that there is no such command.
        if let Command::Help(asked) = &read.command
            && asked.topic().is_none()
        {
            let name = command.get_name().to_owned();
            let path = std::iter::once(name).chain(asked.words.iter().cloned()).chain(["--help".to_owned()]);
            return help::command().try_get_matches_from(path).map_err(typo::tipped).map(|_| read);
        }
        Ok(read)
    }
}

impl Arguments {
    /// Why `--sandbox` or `--fault` means nothing where it stands.
    fn stray_sandbox(&self) -> Option<(ErrorKind, String)> {
        let Global { sandbox, fault, .. } = &self.global;
        match (&self.command, fault.first()) {
            (Command::Sandbox(_), _) if *sandbox => Some((
                ErrorKind::ArgumentConflict,
                "`--sandbox` runs another command against the embedded gateway, and `sendform sandbox` serves it: leave \
                 the flag out; a fault is `--with FAULT` there"
                    .to_owned(),
            )),
            (Command::Sandbox(_), Some(fault)) => Some((
                ErrorKind::ArgumentConflict,
                format!("`--fault` is for commands with `--sandbox`: of `sendform sandbox` it is `--with '{fault}'`"),
            )),
            (_, Some(_)) if !sandbox => Some((
                ErrorKind::MissingRequiredArgument,
                "`--fault` is for the embedded gateway only: it needs `--sandbox`".to_owned(),
            )),
            (_, _) => None,
        }
    }
}

/// What all commands have in common.
#[derive(Debug, Args)]
#[command(next_help_heading = "General options")]
pub(super) struct Global {
    /// The project's folder [default: `campaigns` or this folder, whichever holds a project file; else the same of
    /// the nearest folder above, as far as the repository goes]
    #[arg(long, global = true, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// One more folder that may hold audiences
    #[arg(long, global = true, value_name = "DIR", env = "SENDFORM_DATA", hide_env_values = true)]
    pub data: Option<PathBuf>,
    /// Talk to the embedded gateway instead of the real one; it has its own ledger and key
    #[arg(long, global = true)]
    pub sandbox: bool,
    /// A fault of the embedded gateway, such as `500-after@3`, or `logs:503@1` where its logs are asked;
    /// may be repeated
    #[arg(long, global = true, value_name = "FAULT")]
    pub fault: Vec<String>,
    /// The time of day to go by, such as `2026-11-30T12:00:00Z`: for the sandbox, or a gateway on loopback
    #[arg(long, global = true, value_name = "TIME", value_parser = read_instant)]
    pub now: Option<jiff::Timestamp>,
    /// The form of the output
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub format: OutputFormat,
    /// Write a further form of the output to a file, such as `json=FILE` or `markdown=FILE`; may be repeated
    #[arg(long, global = true, value_name = "FORMAT=FILE", value_parser = Write::parse)]
    pub write: Vec<Write>,
    /// Show the people in sample texts as they are
    #[arg(long, global = true)]
    pub reveal: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// Leave out what is not the result: progress, notes, and the plan of an apply that does not ask, of which only what
    /// keeps it from sending is told; warnings and errors are shown
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Begin a project: a project file, a first campaign, and its audience
    Init(InitArgs),
    /// Check all files without reading the rows of audiences
    Validate(ValidateArgs),
    /// Write the JSON Schemas of the language and of the JSON output
    Schema(SchemaArgs),
    /// Show what would be sent now, and why not to the others
    Plan(PlanArgs),
    /// Send what the files want and the ledger lacks
    Apply(ApplyArgs),
    /// Stop what is being sent, and whatever would be, until `resume`
    Stop(StopArgs),
    /// End a stop, so that sending may go on
    Resume(ResumeArgs),
    /// Show what the ledger holds, doubts first
    Status(StatusArgs),
    /// Show what became of everything that a sandbox was sent, by campaign
    Report,
    /// Show every apply that the ledger has, and every decision about people in doubt
    Log(LogArgs),
    /// Settle what is in doubt from the gateway's logs
    Reconcile(ReconcileArgs),
    /// Decide yourself what became of a bulk in doubt
    Resolve(ResolveArgs),
    /// Serve the embedded gateway on its own
    Sandbox(Box<SandboxArgs>),
    /// Look after the ledger
    Ledger(LedgerArgs),
    /// Plan and apply in CI, with the pull request that it is about
    Ci(CiArgs),
    /// Show what this machine and this project are, and what would stop an apply
    Doctor(DoctorArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual
    Man(ManArgs),
    /// Print what a shell may complete
    #[command(name = "__complete", hide = true)]
    Complete(CompleteArgs),
    /// Print the help of a command, or what `exit-codes` and `environment` are
    Help(HelpArgs),
}

impl Command {
    /// Whether it works on a project that is there already, wherever that was found.
    #[must_use]
    pub(super) fn has_project(&self) -> bool {
        match self {
            Self::Init(_)
            | Self::Schema(_)
            | Self::Completions(_)
            | Self::Man(_)
            | Self::Complete(_)
            | Self::Help(_) => false,
            Self::Ledger(args) => !matches!(args.command, LedgerCommand::Merge(_)),
            Self::Validate(_)
            | Self::Plan(_)
            | Self::Apply(_)
            | Self::Stop(_)
            | Self::Resume(_)
            | Self::Status(_)
            | Self::Report
            | Self::Log(_)
            | Self::Reconcile(_)
            | Self::Resolve(_)
            | Self::Sandbox(_)
            | Self::Ci(_)
            | Self::Doctor(_) => true,
        }
    }
}

/// `init`
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The folder to begin the project in [default: campaigns]
    #[arg(value_name = "DIR", conflicts_with = "dir")]
    pub folder: Option<PathBuf>,
}

/// `validate`
#[derive(Debug, Args)]
pub(super) struct ValidateArgs {
    /// Show the mistakes of these files and folders only, and let them alone set the exit code; all files are checked
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// `schema`
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// The folder that the schemas are written to
    #[arg(default_value = "schema")]
    pub folder: PathBuf,
    /// Write nothing; fail if a file there is not what would be written
    #[arg(long)]
    pub check: bool,
}

/// What selects, and what is accepted.
#[derive(Debug, Clone, Args)]
pub(super) struct Scope {
    /// Select a campaign or a message; may be repeated
    #[arg(long, value_name = "CAMPAIGN[.MESSAGE]")]
    pub only: Vec<String>,
    /// Accept a safety limit up to a number: `messages=12000`; may be repeated
    #[arg(long, value_name = "LIMIT=N")]
    pub accept: Vec<String>,
    /// Send again to people whom the gateway rejected; may be repeated
    #[arg(long, value_name = "CAMPAIGN.MESSAGE")]
    pub retry_rejected: Vec<String>,
    /// List every message, also those that have nothing to do or are not selected
    #[arg(long)]
    pub all: bool,
}

/// `plan`
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// What selects, and what is accepted.
    #[command(flatten)]
    pub scope: Scope,
    /// Which ledger is read.
    #[command(flatten)]
    pub reading: LedgerReading,
    /// Freeze the plan into a file, for `apply FILE`: who gets what, without personal data
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Leave the rows of audiences alone, where their files are not at hand: what the files and the ledger tell in clear
    #[arg(long, conflicts_with = "out")]
    pub without_data: bool,
    /// Exit with 2 if there is something to send, now or later
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// `status`
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// Which ledger is read.
    #[command(flatten)]
    pub reading: LedgerReading,
}

/// `log`
#[derive(Debug, Args)]
pub(super) struct LogArgs {
    /// Show only so many events, the last ones
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub last: Option<u32>,
    /// Which ledger is read.
    #[command(flatten)]
    pub reading: LedgerReading,
}

/// `doctor`
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Which ledger is read, and whether the gateway is asked.
    #[command(flatten)]
    pub reading: LedgerReading,
}

/// Which ledger is read, by those who only look.
#[derive(Debug, Args)]
pub(super) struct LedgerReading {
    /// Read the ledger as it was fetched last, without the network
    #[arg(long)]
    pub offline: bool,
}

/// `apply`
#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    /// A plan that `plan --out FILE` wrote: send this, and nothing else
    #[arg(value_name = "FILE", conflicts_with_all = ["only", "retry_rejected"])]
    pub plan: Option<PathBuf>,
    /// What selects, and what is accepted.
    #[command(flatten)]
    pub scope: Scope,
    /// Do not ask
    #[arg(short = 'y', long)]
    pub auto_approve: bool,
    /// Commit the lockfile afterwards, and push it; refused before anything is sent if that cannot be done
    #[arg(long)]
    pub commit: bool,
    /// Send only if the plan has this digest
    #[arg(long, value_name = "DIGEST", value_parser = parse_digest)]
    pub expect_digest: Option<String>,
    /// Write what happens, as it happens, to a file: one JSON object a line, with numbers and no people; `-` for standard
    /// output
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,
    /// The most requests in flight at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallel: u16,
}

fn parse_digest(text: &str) -> Result<String, String> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let digits = text.strip_prefix("plan/v1:").filter(|digits| digits.len() == 32 && digits.bytes().all(is_digit));
    digits.map(|_| text.to_owned()).ok_or_else(|| "not a digest: a plan ends with its own, `plan/v1:…`".to_owned())
}

/// `reconcile`
#[derive(Debug, Args)]
pub(super) struct ReconcileArgs {
    /// Select a campaign or a message; may be repeated
    #[arg(long, value_name = "CAMPAIGN[.MESSAGE]")]
    pub only: Vec<String>,
    /// Accept a database on another server: `restored=1`, after you compared the last
    /// hours with the gateway's portal
    #[arg(long, value_name = "restored=1", value_parser = ["restored=1"], conflicts_with = "only")]
    pub accept: Option<String>,
}

/// `resolve`
#[derive(Debug, Args)]
pub(super) struct ResolveArgs {
    /// The bulk
    pub(super) bulk: String,
    /// The word.
    #[command(flatten)]
    pub(super) word: BulkWord,
    /// Why you know; it is kept in the ledger: name nobody
    #[arg(long)]
    pub(super) reason: String,
}

/// `stop`
#[derive(Debug, Args)]
pub(super) struct StopArgs {
    /// Why; it is shown to everybody who plans or applies: name no customer
    #[arg(long)]
    pub(super) reason: String,
}

/// `resume`
#[derive(Debug, Args)]
pub(super) struct ResumeArgs {
    /// The stop to end, as it is shown; all that stand, if left out
    #[arg(value_name = "ID")]
    pub(super) id: Option<String>,
    /// Why; it is kept beside the stop: name no customer
    #[arg(long)]
    pub(super) reason: Option<String>,
}

/// What became of a bulk: exactly one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct BulkWord {
    /// Its people got it
    #[arg(long)]
    pub(super) sent: bool,
    /// Its people did not get it, and are sent to again
    #[arg(long)]
    pub(super) not_sent: bool,
    /// Nobody knows, and they are given up
    #[arg(long)]
    pub(super) abandon: bool,
}

/// `sandbox`
#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// The address: `8025`, `:8025`, `localhost:8025` or `[::1]:8025`; others than loopback with `--host` and a
    /// credential only [default: the project's `sandbox.listen`, else 127.0.0.1:8025]
    #[arg(long, value_name = "ADDRESS", value_parser = parse_listen)]
    pub listen: Option<SocketAddr>,
    /// A name, besides those of loopback, under which it is reached; may be repeated
    #[arg(long = "host", value_name = "NAME", value_parser = sandbox_flags::host)]
    pub hosts: Vec<String>,
    /// The file of its books [default: .sendform/sandbox/books.sqlite in the project]
    #[arg(long, value_name = "FILE")]
    pub books: Option<PathBuf>,
    /// Where its clock starts [default: the project's `sandbox.now`, else the time of day]
    #[arg(long, value_name = "TIME", value_parser = read_instant)]
    pub now: Option<jiff::Timestamp>,
    /// How many of its seconds pass in a second [default: the project's `sandbox.speed`, else 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(sandbox_flags::SPEEDS))]
    pub speed: Option<u32>,
    /// Its clock stands still until it is moved
    #[arg(long)]
    pub stopped: bool,
    /// An API key that may do everything [default: any credential will do]
    #[arg(long, value_name = "KEY", value_parser = sandbox_flags::api_key)]
    pub api_key: Option<Credential>,
    /// A file with credentials and with rules for the channel [default: the project's `sandbox.rules`]
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// What becomes of a messageId that it has seen before
    #[arg(long, value_parser = named_value::<Duplicates>())]
    pub duplicates: Option<Duplicates>,
    /// What becomes of a `sendAt` that is past
    #[arg(long, value_parser = named_value::<PastSendAt>())]
    pub past_send_at: Option<PastSendAt>,
    /// What becomes of a delivery window over midnight
    #[arg(long, value_parser = named_value::<OvernightWindow>())]
    pub overnight_window: Option<OvernightWindow>,
    /// Whether the logs show what was not sent yet
    #[arg(long, value_parser = named_value::<UnsentInLogs>())]
    pub unsent_in_logs: Option<UnsentInLogs>,
    /// In which forms a `sendAt` is taken
    #[arg(long, value_parser = named_value::<SendAtForms>())]
    pub send_at_forms: Option<SendAtForms>,
    /// What becomes of a field that the API does not have
    #[arg(long, value_parser = named_value::<UnknownFieldRule>())]
    pub unknown_fields: Option<UnknownFieldRule>,
    /// What becomes of a `null` where something may be absent
    #[arg(long, value_parser = named_value::<Nulls>())]
    pub nulls: Option<Nulls>,
    /// Whether a report that was pushed can be pulled as well
    #[arg(long, value_parser = named_value::<PushedReports>())]
    pub pushed_reports: Option<PushedReports>,
    /// With which status a webhook takes what is posted
    #[arg(long, value_parser = named_value::<WebhookSuccess>())]
    pub webhook_success: Option<WebhookSuccess>,
    /// How far it may post: `off`, `any`, `rewrite=URL` for all, or `allow=HOST`, which may be repeated [default: to this
    /// machine only]
    #[arg(long, value_name = "REACH")]
    pub webhooks: Vec<String>,
    /// Where it posts the reports of messages that name no URL [default: the project's `sandbox.accountWebhook`]
    #[arg(long, value_name = "URL", value_parser = sandbox_flags::webhook)]
    pub account_webhook: Option<String>,
    /// Where it posts what people write [default: the project's `sandbox.inboundWebhook`, else the URL of the message
    /// that came to them last]
    #[arg(long, value_name = "URL", value_parser = sandbox_flags::webhook)]
    pub inbound_webhook: Option<String>,
    /// How long a try may take: `connect=10s` until it is connected, `answer=1m` until it is answered; may be repeated
    /// [default: the project's `sandbox.webhookTimeouts`, else these]
    #[arg(long = "webhook-timeout", value_name = "NAME=TIME")]
    pub webhook_timeouts: Vec<PushTimeout>,
    /// How many reports it posts together at most [default: the project's, else 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(sandbox_flags::BATCHES))]
    pub batch: Option<u16>,
    /// When a business may write to a person
    #[arg(long, value_parser = named_value::<ConversationRule>())]
    pub conversations: Option<ConversationRule>,
    /// What the validity of a message is counted from
    #[arg(long, value_parser = named_value::<ValidityFrom>())]
    pub validity_from: Option<ValidityFrom>,
    /// How long the channel takes to answer: `200ms`, at most `48h` [default: as rules or the project say, else 1s]
    #[arg(long, value_name = "TIME", value_parser = sandbox_flags::latency, allow_hyphen_values = true)]
    pub latency: Option<u32>,
    /// What each message costs that leaves: `0.15 EUR` [default: as rules or the project say, else nothing]
    #[arg(long, value_name = "PRICE", allow_hyphen_values = true)]
    pub price: Option<ChannelPrice>,
    /// How many messages of one sender the channel takes, over all bulks: `20/s`, `600/m` or `1000/h` [default: as rules
    /// or the project say, else as they come]
    #[arg(long, value_name = "RATE")]
    pub channel_rate: Option<ChannelRate>,
    /// From which the shares of rules come [default: as rules or the project say, else 0]
    #[arg(long, value_name = "N")]
    pub seed: Option<u32>,
    /// How many queries of the logs it takes in a minute; 0 is any number [default: the project's, else 120]
    #[arg(long, value_name = "N")]
    pub logs_per_minute: Option<u32>,
    /// How long it remembers a messageId, with `--duplicates reject`: `48h` [default: the project's, else 48h]
    #[arg(long, value_name = "TIME", value_parser = sandbox_flags::memory, allow_hyphen_values = true)]
    pub duplicate_memory: Option<jiff::SignedDuration>,
    /// The largest body of a request, in MiB [default: the project's, else 20]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u16).range(sandbox_flags::BODIES))]
    pub body_max: Option<u16>,
    /// A fault, such as `500-after@3`; may be repeated
    #[arg(long = "with", value_name = "FAULT", value_parser = sandbox_flags::fault)]
    pub faults: Vec<String>,
}

/// Takes one of the names that a type has in files as well.
fn named_value<T: DeserializeOwned + Clone + Send + Sync + 'static>() -> impl TypedValueParser<Value = T> {
    let names = PossibleValuesParser::new(names::names::<T>());
    names.try_map(|name| names::named(&name).ok_or("it is none of these"))
}

/// The port that the embedded gateway listens on.
const PORT: u16 = 8025;

/// The address that the embedded gateway listens on if nothing is said.
pub(super) const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT);

/// Reads an address to listen on: a part that is left out is that of the default.
pub(super) fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let text = text.trim();
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, PORT));
    }
    let (host, port) = text
        .rsplit_once(':')
        .unwrap_or_else(|| if text.bytes().all(|byte| byte.is_ascii_digit()) { ("", text) } else { (text, "") });
    let port = if port.is_empty() { Some(PORT) } else { port.parse().ok() };
    match (host, port) {
        ("" | "localhost", Some(port)) if !text.is_empty() && text != ":" => Ok(SocketAddr::new(here, port)),
        _ => Err("not an address on this machine, such as `8025`, `localhost:8025` or `[::1]:8025`".to_owned()),
    }
}

/// `ledger`
#[derive(Debug, Args)]
pub(super) struct LedgerArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: LedgerCommand,
}

/// `ledger …`
#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// Make the ledger of this project
    Init,
    /// Read all of the ledger, and tell what is odd about it
    Verify,
    /// Join other lockfiles in, and outcomes that a run could not store
    Import(ImportArgs),
    /// Merge lockfiles for git, as its merge driver: `sendform ledger merge %O %A %B %P`
    Merge(MergeArgs),
    /// Move the ledger into the home that the project file names, and retire the old one
    Copy(CopyArgs),
    /// Bind the ledger to another name of its gateway, or to one more key
    Rebind(RebindArgs),
    /// Write down what the gateway's logs still know of a ledger that was taken back
    Recover(RecoverArgs),
}

/// `ledger recover`
#[derive(Debug, Args)]
pub(super) struct RecoverArgs {
    /// Accept that so many people would be sent to, of whom the logs cannot tell whether they got their message
    /// over 47 hours ago: `older-unknown=12`; or that runs which did not end have no more entries than so
    /// many that are over 47 hours old: `unclosed=12`; or that so many messages in the logs are of a key that the
    /// ledger does not have: `other-key=12`
    #[arg(long, value_name = "KIND=N", value_parser = |text: &str| {
        acceptance(&["older-unknown", "unclosed", "other-key"], text)
    })]
    pub accept: Vec<Acceptance>,
}

/// A number that somebody accepts, and what it is the number of: `doubts=12`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Acceptance {
    kind: &'static str,
    number: u64,
}

impl Acceptance {
    /// The number that was accepted of a kind; the largest, if it was said several times.
    #[must_use]
    pub(super) fn number(words: &[Self], kind: &str) -> Option<u64> {
        words.iter().filter(|word| word.kind == kind).map(|word| word.number).max()
    }
}

/// Reads a number that somebody accepts of one of these kinds.
fn acceptance(kinds: &[&'static str], text: &str) -> Result<Acceptance, String> {
    let named = text.split_once('=').and_then(|(name, number)| {
        Some(Acceptance { kind: kinds.iter().find(|kind| **kind == name)?, number: read_number(number)? })
    });
    named.ok_or_else(|| {
        let forms: Vec<String> = kinds.iter().map(|kind| format!("{kind}=NUMBER")).collect();
        format!("`{text}` is not {}", forms.join(" or "))
    })
}

/// `ledger import`
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// A lockfile of another clone or a backup, or a file of outcomes from `.sendform`
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Accept so many entries that are not signed: `unauthenticated=12`; or that runs which did not end have no
    /// more entries than so many: `unclosed=12`
    #[arg(long, value_name = "KIND=N", value_parser = |text: &str| acceptance(&["unauthenticated", "unclosed"], text))]
    pub accept: Vec<Acceptance>,
}

/// `ledger merge`
#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// The version that both come from; it may be empty
    pub ancestor: PathBuf,
    /// The version of this branch; the result takes its place
    pub ours: PathBuf,
    /// The version of the other branch
    pub theirs: PathBuf,
    /// Where the lockfile is in the repository, for messages
    pub path: Option<PathBuf>,
}

impl From<StateLocation> for StateHome {
    fn from(location: StateLocation) -> Self {
        match location {
            StateLocation::Lockfile => Self::Lockfile,
            StateLocation::Git => Self::Git,
            StateLocation::Postgres => Self::Postgres,
        }
    }
}

/// A kind of home of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum StateLocation {
    /// `sendform.lock` beside the project file.
    Lockfile,
    /// A branch of its own.
    Git,
    /// A database.
    Postgres,
}

/// `ledger copy`
#[derive(Debug, Args)]
pub(super) struct CopyArgs {
    /// The old home; the project file's `state` names the new one
    #[arg(long, value_name = "HOME")]
    pub from: StateLocation,
    /// The remote of an old home in git [default: origin]
    #[arg(long, value_name = "NAME", value_parser = git_name)]
    pub remote: Option<String>,
    /// The branch of an old home in git [default: sendform-ledger]
    #[arg(long, value_name = "NAME", value_parser = git_name)]
    pub branch: Option<String>,
    /// The schema of an old home in PostgreSQL [default: sendform]
    #[arg(long, value_name = "NAME", value_parser = schema_name)]
    pub schema: Option<String>,
    /// Accept that runs which did not end have no more entries than so many: `unclosed=12`
    #[arg(long, value_name = "KIND=N", value_parser = |text: &str| acceptance(&["unclosed"], text))]
    pub accept: Vec<Acceptance>,
}

/// `ledger rebind`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args(["gateway", "add_key"]))]
pub(super) struct RebindArgs {
    /// The name that the ledger has for its gateway now; the new one is that of the base URL
    #[arg(long, value_name = "OLD-NAME")]
    pub gateway: Option<String>,
    /// Name the keys that the ledger does not know yet, besides all that it knows, and the one that new
    /// claims are made with from now on: the first of SENDFORM_KEY
    #[arg(long)]
    pub add_key: bool,
    /// Accept that so many people are in doubt at a gateway of another name: `doubts=12`; or so many claims
    /// that are not signed: `unauthenticated=12`
    #[arg(long, value_name = "KIND=N", value_parser = |text: &str| acceptance(&["doubts", "unauthenticated"], text))]
    pub accept: Vec<Acceptance>,
}

/// `ci`
#[derive(Debug, Args)]
pub(super) struct CiArgs {
    /// What to do there.
    #[command(subcommand)]
    pub command: CiCommand,
}

/// `ci …`
#[derive(Debug, Subcommand)]
pub(super) enum CiCommand {
    /// Plan in a pull request's run (on GitLab a merge request's), and show it where it is reviewed
    Plan(CiPlanArgs),
    /// Send the plan that was reviewed in the pull request of a merged commit, and nothing else
    Apply(CiApplyArgs),
}

/// `ci plan`
#[derive(Debug, Args)]
pub(super) struct CiPlanArgs {
    /// What selects, and what is accepted.
    #[command(flatten)]
    pub scope: Scope,
    /// Where the pull request shows the plan: in one comment, which is a new one if it reaches more people than before
    #[arg(long, value_name = "WHERE", default_value = "in-place")]
    pub comment: CommentPlace,
    /// What planned the pull request, for a merge queue: on GitHub the workflow's file, on GitLab the job's name [default:
    /// the one of this run]
    #[arg(long, value_name = "NAME")]
    pub plan_workflow: Option<String>,
}

/// `ci apply`
#[derive(Debug, Args)]
pub(super) struct CiApplyArgs {
    /// Whether a plan has to have been reviewed: with `false` a commit without a pull request of its own repository is
    /// applied as `apply` does, as long as no approvals are wanted
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub require_review: bool,
    /// How many people have to have approved the pull request, if that is more than the project file says
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=100))]
    pub approvals: u32,
    /// What plans pull requests: on GitHub the workflow's file [default: the one of this run], on GitLab the job's name
    /// [default: sendform plan]
    #[arg(long, value_name = "NAME")]
    pub plan_workflow: Option<String>,
    /// Send only the plan with this digest
    #[arg(long, value_name = "DIGEST", value_parser = parse_digest)]
    pub expect_digest: Option<String>,
    /// Where the pull request is told what became of it
    #[arg(long, value_name = "WHERE", default_value = "in-place")]
    pub comment: CommentPlace,
    /// Accept a limit of the machine or its ledger up to a number: `lockfile-in-ci=1`; may be repeated
    #[arg(long, value_name = "LIMIT=N")]
    pub accept: Vec<String>,
    /// Commit the lockfile when the run has ended, and push it, as `apply --commit` does
    #[arg(long)]
    pub commit: bool,
    /// Write what happens, as it happens, to a file, as `apply --events` does
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,
    /// The most requests in flight at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallel: u16,
}

/// Where something is said in a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CommentPlace {
    /// In the comment that shows the plan.
    InPlace,
    /// In a comment of its own.
    New,
    /// Nowhere.
    Never,
}

/// `man`
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// A folder for the pages of all commands; sendform's own page is printed, if left out
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// `__complete`
#[derive(Debug, Args)]
pub(super) struct CompleteArgs {
    /// The values
    pub value: CompletedValue,
}

/// Values that only the project knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CompletedValue {
    /// Campaigns and messages.
    Selections,
    /// Messages.
    Messages,
    /// Bulks in doubt.
    Bulks,
    /// Stops that stand.
    Stops,
}

/// `help`
#[derive(Debug, Args)]
pub(super) struct HelpArgs {
    /// A command, `exit-codes` or `environment`; all commands, if left out
    #[arg(value_name = "COMMAND|TOPIC")]
    pub words: Vec<String>,
}

impl HelpArgs {
    /// The topic that is asked for, if it is one.
    #[must_use]
    pub(super) fn topic(&self) -> Option<Topic> {
        match self.words.as_slice() {
            [only] => Topic::named(only),
            _ => None,
        }
    }
}

/// `completions`
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_leave_out_what_is_usual() {
        let check = |text: &str, expect: &str| {
            assert_eq!(parse_listen(text).map(|address| address.to_string()).as_deref(), Ok(expect), "{text}");
        };
        check("8025", "127.0.0.1:8025");
        check(":9000", "127.0.0.1:9000");
        check("localhost:9000", "127.0.0.1:9000");
        check("localhost", "127.0.0.1:8025");
        check("127.0.0.2", "127.0.0.2:8025");
        check("127.0.0.1:0", "127.0.0.1:0");
        check("[::1]:9000", "[::1]:9000");
        check("[::1]", "[::1]:8025");
        check("::1", "[::1]:8025");
        // Refused where it is served, because that it is an address is not wrong.
        check("192.0.2.1:1", "192.0.2.1:1");
        for wrong in ["", ":", "99999", ":x", "example.com:80", "localhost:", "127.0.0.1:x"] {
            let read = parse_listen(wrong);
            assert_eq!(read.is_err(), wrong != "localhost:", "{wrong}: {read:?}");
        }
    }

    #[test]
    fn what_the_embedded_gateway_is_told_is_said_where_it_means_something() {
        let said = |line: &str| {
            let read = Arguments::read(line.split(' ').map(OsString::from));
            read.err().map(|error| error.to_string().lines().next().unwrap_or_default().to_owned()).unwrap_or_default()
        };
        let check = |line: &str, part: &str| {
            let said = said(line);
            assert!(said.contains(part) && said.is_empty() == part.is_empty(), "{line}: {said}");
        };
        check("sendform sandbox --with drop", "");
        check("sendform apply --sandbox --fault drop", "");
        check("sendform sandbox --fault drop@2", "it is `--with 'drop@2'`");
        check("sendform sandbox --sandbox", "leave the flag out");
        check("sendform sandbox --sandbox --fault drop", "a fault is `--with FAULT`");
        check("sendform --sandbox sandbox --with drop", "leave the flag out");
        check("sendform apply --fault drop", "it needs `--sandbox`");
    }

    #[test]
    fn a_tip_is_a_slip_of_the_pen_or_what_other_tools_call_it() {
        let tips = |line: &str| {
            let error = Arguments::read(line.split(' ').map(OsString::from)).unwrap_err().to_string();
            error.lines().filter_map(|line| line.trim().strip_prefix("tip: ").map(str::to_owned)).collect::<Vec<_>>()
        };
        let check = |line: &str, expect: &str| {
            let expect: Vec<&str> = if expect.is_empty() { vec![] } else { vec![expect] };
            assert_eq!(tips(line), expect, "{line}");
        };
        check("sendform preview", "sendform calls that `plan`");
        check("sendform deploy", "sendform calls that `apply`");
        check("sendform send", "sendform calls that `apply`");
        check("sendform diff", "sendform calls that `plan`");
        check("sendform check", "sendform calls that `validate`");
        check("sendform plna", "a similar subcommand exists: 'plan'");
        check("sendform aply", "a similar subcommand exists: 'apply'");
        check("sendform resolv", "a similar subcommand exists: 'resolve'");
        check("sendform previous", "");
        check("sendform cake", "");
        check("sendform apply --yes", "`--auto-approve` sends without asking");
        check("sendform apply --auto-aprove", "a similar argument exists: '--auto-approve'");
        check("sendform apply --dry-run", "`sendform plan` shows what would be sent, and sends nothing");
        check("sendform plan --outt x", "a similar argument exists: '--out'");
        check("sendform help cake", "");
        check("sendform help preview", "sendform calls that `plan`");
    }
}
