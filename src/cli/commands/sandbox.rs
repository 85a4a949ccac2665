//! `sandbox`: serves the embedded gateway on its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;

use crate::campaign::SandboxSettings;
use crate::report::failure_code::FailureCode;
use crate::report::sandbox::SandboxReport;
use crate::sandbox::SandboxState;
use crate::sandbox::clock::Speed;
use crate::sandbox::model::webhook::batch::REPORTS_MAX;
use crate::sandbox::model::webhook::reach::{PushReach, is_postable};
use crate::sandbox::options::Options;
use crate::sandbox::rules_file::{self, RulesFile};
use crate::sandbox::webhooks::{self, PushTimeout, WebhookSettings};
use crate::timing::utc;
use crate::wire::channel::ChannelSettings;
use crate::wire::choices::Choices;

use crate::cli::args::{Global, LISTEN, SandboxArgs, parse_listen};
use crate::cli::books;
use crate::cli::context::show_diagnostics;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::gateway::{channel_rules, clock_start, rules_of_project, sandbox_options};
use crate::cli::home::{PROJECT_FILE, ProjectPaths};
use crate::cli::output::Output;
use crate::cli::sandbox_checks;
use crate::cli::signals;
use crate::cli::{console, console_pushes};

/// How long the last lines may take.
const CONSOLE_GRACE: Duration = Duration::from_millis(200);

/// Runs the command.
///
/// # Errors
/// If the address may not be served or is taken, or the books or the rules cannot be opened.
pub(super) async fn run(global: &Global, args: &SandboxArgs, output: &Output) -> Result<Exit, Failure> {
    let home = ProjectPaths::find(global.dir.as_deref());
    let settings =
        if home.dir.join(PROJECT_FILE).is_file() { settings(global, output)? } else { SandboxSettings::default() };
    let mut options = sandbox_options(&home, Some(&settings), &args.faults)?;
    set(&mut options, args, &settings, &home)?;
    let listen = listen(args, &settings)?;
    let webhooks = webhook_settings(args, &settings)?;
    if !listen.ip().is_loopback() && (options.credentials.is_empty() || options.hosts.is_empty()) {
        let message = format!("other machines reach `{listen}`: a credential and a host name are needed for that");
        return Err(Failure::new(FailureCode::Usage, message)
            .hint("say who may use it, and under which name: `--api-key KEY --host NAME`"));
    }
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Failure::new(FailureCode::Environment, "the sandbox cannot be served").because(error)
    };
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        let message = format!("the sandbox cannot listen on {listen}");
        Failure::new(FailureCode::Environment, message)
            .because(&error)
            .hint("name another address: `sendform sandbox --listen 127.0.0.1:0`")
    })?;
    let address = listener.local_addr().map_err(|error| failed(&error))?;
    let hold = books::alone(&options.books)?;
    let hosts = options.hosts.clone();
    let gateway = SandboxState::open(options).map_err(|error| failed(&error))?;
    let url = format!("http://{}", reached_at(address, &hosts));
    // Whoever reads where it listens may send at once, and its line is not lost.
    let console = tokio::spawn(console::follow(gateway.listen(), output.clone()));
    output.show(&SandboxReport { base_url: &url })?;
    greet(output, args, gateway.now(), &url);
    console_pushes::unreached(&webhooks).iter().for_each(|warning| output.tell(warning));
    let served = webhooks::serve_posting(listener, gateway, webhooks, signals::first()).await;
    // The console ends with the sandbox, and does not wait for those who have not left it yet.
    drop(tokio::time::timeout(CONSOLE_GRACE, console).await);
    drop(hold);
    served.map_err(|error| failed(&error))?;
    Ok(Exit::Done)
}

/// What the project file says of the sandbox. What is wrong with campaigns is no matter here.
///
/// # Errors
/// If the project file has errors, which are shown.
fn settings(global: &Global, output: &Output) -> Result<SandboxSettings, Failure> {
    let files = files::read(global)?;
    let Some(project) = &files.project else {
        show_diagnostics(output, &files.check())?;
        return Err(Failure::silent(FailureCode::Files));
    };
    let found = sandbox_checks::check(project, &files.folders);
    if found.has_errors() {
        show_diagnostics(output, &found)?;
        return Err(Failure::silent(FailureCode::Files));
    }
    Ok(project.sandbox.clone())
}

/// Tells where everything is, and at which time.
fn greet(output: &Output, args: &SandboxArgs, now: Timestamp, url: &str) {
    output.note(&format!(
        "its clock shows {}; a page for people is at {url}/, its doors are under {url}/sandbox/\n",
        utc(now)
    ));
    if !args.webhooks.is_empty() {
        output.tell(&format!(
            "! how far it posts to webhooks is said by `--webhooks {}`\n",
            args.webhooks.join(" --webhooks ")
        ));
    }
    if let Some(asked) = args.now.filter(|asked| *asked < now) {
        let words = "its books are further on already, and its clock never goes back";
        output.tell(&format!("! `--now {asked}` is ignored: {words}; other books begin anew: `--books FILE`\n",));
    }
    output.note("stop it with Ctrl-C; point a project at it with SENDFORM_BASE_URL\n");
}

/// Under which name it answers, to whoever comes from this machine if they can: not under an address that it only
/// listens on.
fn reached_at(address: SocketAddr, hosts: &[String]) -> String {
    let port = address.port();
    match (address.ip(), hosts.first()) {
        (IpAddr::V4(ip), _) if ip.is_unspecified() => SocketAddr::from((Ipv4Addr::LOCALHOST, port)).to_string(),
        (IpAddr::V6(ip), _) if ip.is_unspecified() => SocketAddr::from((Ipv6Addr::LOCALHOST, port)).to_string(),
        (ip, Some(host)) if !ip.is_loopback() => format!("{host}:{port}"),
        (_, _) => address.to_string(),
    }
}

/// Where it listens.
fn listen(args: &SandboxArgs, settings: &SandboxSettings) -> Result<SocketAddr, Failure> {
    match (args.listen, &settings.listen) {
        (Some(listen), _) => Ok(listen),
        (None, Some(text)) => parse_listen(text).map_err(|fault| {
            Failure::new(FailureCode::Files, format!("`sandbox.listen` in the project file is `{text}`: {fault}"))
        }),
        (None, None) => Ok(LISTEN),
    }
}

/// Sets what the command line says; it wins over the project file.
fn set(
    options: &mut Options,
    args: &SandboxArgs,
    settings: &SandboxSettings,
    home: &ProjectPaths,
) -> Result<(), Failure> {
    if let Some(books) = &args.books {
        options.books.clone_from(books);
    }
    options.now = clock_start(args.now.or(settings.now), args.stopped || settings.is_stopped);
    if let Some(speed) = args.speed.and_then(Speed::new) {
        options.speed = speed;
    }
    options.hosts.clone_from(if args.hosts.is_empty() { &settings.hosts } else { &args.hosts });
    let rules = match (&args.rules, &settings.rules) {
        (Some(path), _) => Some(rules(path)?),
        (None, Some(path)) => Some(rules_of_project(home, path)?),
        (None, None) => None,
    };
    if let Some(RulesFile { credentials, channel }) = rules {
        options.credentials = credentials;
        options.rules = channel.or_else(|| channel_rules(&settings.channel));
    }
    let of_line = channel_settings(args);
    if of_line != ChannelSettings::default() {
        options.rules = Some(options.rules.take().unwrap_or_default().with(of_line));
    }
    options.credentials.extend(args.api_key.clone());
    let choices = options.choices;
    options.choices = Choices {
        duplicates: args.duplicates.unwrap_or(choices.duplicates),
        past_send_at: args.past_send_at.unwrap_or(choices.past_send_at),
        overnight_window: args.overnight_window.unwrap_or(choices.overnight_window),
        unsent_in_logs: args.unsent_in_logs.unwrap_or(choices.unsent_in_logs),
        send_at_forms: args.send_at_forms.unwrap_or(choices.send_at_forms),
        unknown_fields: args.unknown_fields.unwrap_or(choices.unknown_fields),
        nulls: args.nulls.unwrap_or(choices.nulls),
        pushed_reports: args.pushed_reports.unwrap_or(choices.pushed_reports),
        webhook_success: args.webhook_success.unwrap_or(choices.webhook_success),
    };
    options.duplicate_memory = args.duplicate_memory.unwrap_or(options.duplicate_memory);
    if let Some(count) = args.logs_per_minute {
        options.logs_per_minute = (count > 0).then_some(count);
    }
    if let Some(mebibytes) = args.body_max {
        options.body_bytes_max = usize::from(mebibytes) * 1024 * 1024;
    }
    Ok(())
}

/// What the command line says of the channel.
fn channel_settings(args: &SandboxArgs) -> ChannelSettings {
    ChannelSettings {
        conversations: args.conversations,
        validity_from: args.validity_from,
        latency_ms: args.latency,
        price: args.price.clone(),
        seed: args.seed.map(u64::from),
        channel_rate: args.channel_rate,
    }
}

/// Where it posts to by itself. How far that may reach the command line says alone: the project file comes in pull
/// requests.
fn webhook_settings(args: &SandboxArgs, settings: &SandboxSettings) -> Result<WebhookSettings, Failure> {
    let wrong = |message: String| Failure::new(FailureCode::Usage, format!("`--webhooks` cannot be used: {message}"));
    let reach = PushReach::read(args.webhooks.iter().map(String::as_str)).map_err(wrong)?;
    let (account, inbound) = (settings.account_webhook.clone(), settings.inbound_webhook.clone());
    let url = |flag: &str, key: &str, url: Option<String>| match url {
        Some(url) if !is_postable(&url) => {
            let message = format!("`{flag}`, or `{key}` of the project, is no URL such as `http://127.0.0.1:9000/dlr`");
            Err(Failure::new(FailureCode::Usage, message))
        }
        url => Ok(url),
    };
    let mut webhooks = WebhookSettings {
        reach,
        account_url: url("--account-webhook", "sandbox.accountWebhook", args.account_webhook.clone().or(account))?,
        inbound_url: url("--inbound-webhook", "sandbox.inboundWebhook", args.inbound_webhook.clone().or(inbound))?,
        batch: args.batch.or(settings.batch).map_or(REPORTS_MAX, usize::from),
        ..WebhookSettings::default()
    };
    let of_project = |time: Option<SignedDuration>| time.and_then(|time| Duration::try_from(time).ok());
    let connect = of_project(settings.webhook_connect).map(PushTimeout::Connect);
    let answer = of_project(settings.webhook_answer).map(PushTimeout::Answer);
    // The last one wins: that is the command line's.
    let timeouts = connect.into_iter().chain(answer).chain(args.webhook_timeouts.iter().copied());
    timeouts.for_each(|timeout| webhooks.set(timeout));
    Ok(webhooks)
}

/// Reads the rules file.
fn rules(path: &Path) -> Result<RulesFile, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(FailureCode::Environment, format!("cannot read the rules `{}`", path.display())).because(&error)
    })?;
    rules_file::read(&text).map_err(|fault| {
        Failure::new(FailureCode::Usage, format!("the rules `{}` mean nothing: {fault}", path.display()))
    })
}
