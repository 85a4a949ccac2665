//! `report`: what became of everything that a sandbox was sent.

use secrecy::SecretString;

use crate::cli::args::Global;
use crate::cli::client::{client_failure, no_api_key};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::settings::Settings;
use crate::cli::store::no_gateway;
use crate::gateway::{ClientLimits, OverviewFailure, overview};
use crate::report::failure_code::FailureCode;
use crate::report::overview::OverviewReport;

/// Runs the command.
///
/// # Errors
/// If there is no sandbox, or it does not answer.
pub(super) async fn run(global: &Global, settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    Context::run(global, settings, output, async |context| with_world(context, output).await).await
}

async fn with_world(context: &Context, output: &Output) -> Result<Exit, Failure> {
    let gateway = &context.gateway;
    let Some(base_url) = &gateway.base_url else { return Err(no_gateway()) };
    let api_key: &SecretString = gateway.api_key.as_ref().ok_or_else(no_api_key)?;
    let overview = overview(base_url, api_key, ClientLimits::default()).await;
    let overview = overview.map_err(|failure| told(&failure, &gateway.name))?;
    let project = context.project.id.to_string();
    output.show(&OverviewReport::new(project, gateway.name.clone(), overview))?;
    Ok(Exit::Done)
}

fn told(failure: &OverviewFailure, name: &str) -> Failure {
    match failure {
        OverviewFailure::Client(error) => client_failure(error),
        OverviewFailure::NotSandbox => {
            let message =
                format!("`{name}` is no sandbox on this machine: only a sandbox tells what became of everything");
            Failure::new(FailureCode::Usage, message)
                .hint("for the embedded one: `sendform report --sandbox`")
                .hint("for one that `sendform sandbox` serves, set SENDFORM_BASE_URL to where it listens")
                .hint("`sendform status` shows what the ledger has of every gateway")
        }
        OverviewFailure::Refused(_) => Failure::new(
            FailureCode::CredentialsRefused,
            format!("the sandbox `{name}` does not say what became of everything"),
        )
        .because(failure),
        OverviewFailure::Unreachable(_) | OverviewFailure::Answered(_) | OverviewFailure::Unreadable => Failure::new(
            FailureCode::Environment,
            format!("the sandbox `{name}` does not say what became of everything"),
        )
        .because(failure),
    }
}
