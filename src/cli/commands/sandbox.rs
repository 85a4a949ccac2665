//! `sandbox`: serves the embedded gateway on its own.

use secrecy::SecretString;
use tokio::net::TcpListener;

use crate::report::failure_code::FailureCode;
use crate::report::sandbox::SandboxReport;
use crate::sandbox::clock::{ClockStart, Speed};
use crate::sandbox::model::choices::Duplicates;
use crate::sandbox::{self, SandboxState};

use crate::cli::args::{Global, SandboxArgs};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::gateway::sandbox_options;
use crate::cli::home::{PROJECT_FILE, ProjectPaths};
use crate::cli::output::Output;
use crate::cli::signals;

/// Runs the command.
///
/// # Errors
/// If the address is not on loopback or is taken, or the books cannot be opened.
pub(super) async fn run(global: &Global, args: &SandboxArgs, output: &Output) -> Result<Exit, Failure> {
    if !args.listen.ip().is_loopback() {
        return Err(Failure::new(FailureCode::Usage, "the sandbox only serves loopback, such as 127.0.0.1:8025"));
    }
    let home = ProjectPaths::find(global.dir.as_deref());
    let project = if home.dir.join(PROJECT_FILE).is_file() { files::read(global)?.project } else { None };
    let now = args.now.or_else(|| project.and_then(|project| project.sandbox_now));
    let mut options = sandbox_options(&home, now, &args.faults)?;
    if let Some(books) = &args.books {
        options.books.clone_from(books);
    }
    options.speed = Speed::new(args.speed).unwrap_or(Speed::REAL);
    if args.stopped {
        options.now = ClockStart::Fixed(now.unwrap_or_else(jiff::Timestamp::now));
    }
    options.key = args.api_key.clone().map(SecretString::from);
    if args.reject_duplicates {
        options.choices.duplicates = Duplicates::Reject;
    }
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Failure::new(FailureCode::Environment, "the sandbox cannot be served").because(error)
    };
    let listener = TcpListener::bind(args.listen).await.map_err(|error| failed(&error))?;
    let address = listener.local_addr().map_err(|error| failed(&error))?;
    let gateway = SandboxState::open(options).map_err(|error| failed(&error))?;
    let url = format!("http://{address}");
    output.show(&SandboxReport { base_url: &url })?;
    output.note("stop it with Ctrl-C; point a project at it with SENDFORM_BASE_URL\n");
    sandbox::serve(listener, gateway, signals::first()).await.map_err(|error| failed(&error))?;
    Ok(Exit::Done)
}
