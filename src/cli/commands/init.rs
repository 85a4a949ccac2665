//! `init`: begins a project with files that plan at once.

use std::fs;
use std::path::Path;

use crate::campaign::schema::{campaign_schema, project_schema};
use crate::report::files::{FileState, FileView, InitReport};

use crate::cli::args::{Global, InitArgs};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::home::PROJECT_FILE;
use crate::cli::output::Output;
use crate::cli::settings::Settings;
use crate::cli::shell_quote;

const PROJECT: &str = "\
# yaml-language-server: $schema=schema/project.schema.json
project: NAME                       # part of every identity: never change it
# gateway: { baseUrl: https://xxxxx.api.infobip.com }
senders:
  shop: OFFICIAL-ACCOUNT-ID-123
# Beyond these an apply stops, until somebody accepts the number: --accept messages=12000
limits:
  messagesPerApply: 10000
  audienceGrowthPercent: 50         # up to 100 people more are never too many
  unreadableRowsPercent: 1          # up to 5 rows are never too many
  failedRows: 0                     # rows that a template does not suit
sandbox: { now: \"2026-11-30 12:00Z\" }
";

const CAMPAIGN: &str = "\
# yaml-language-server: $schema=schema/campaign.schema.json
campaign: welcome                   # never change it: it is how sendform knows who has what
audiences:
  customers:
    csv: audiences/customers.csv
    columns: { to: instagram_id }
    where: consent == \"yes\"
messages:
  - id: hello
    sender: shop
    audience: customers
    content:
      type: TEXT
      text: |
        Hi {{ first_name | fallback(\"there\") }}, good to have you with us!
";

const AUDIENCE: &str = "\
instagram_id,first_name,consent
17841400000000001,Ana,yes
17841400000000002,,yes
17841400000000003,Luka,no
";

const ATTRIBUTES: &str = "sendform.lock -text merge=union linguist-generated\nsendform.stops -text merge=union\n";
const IGNORE: &str = ".sendform/\n";

/// Runs the command.
///
/// # Errors
/// If there is a project already, or a file cannot be written.
pub(super) fn run(global: &Global, args: &InitArgs, settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let named = args.folder.as_ref().or(global.dir.as_ref());
    let dir = named.cloned().unwrap_or_else(|| "campaigns".into());
    if dir.join(PROJECT_FILE).exists() {
        let message = format!("there is a project in `{}` already", dir.display());
        return Err(Failure::new(Exit::Usage, message));
    }
    let name = project_name();
    let files = [
        (PROJECT_FILE, PROJECT.replace("NAME", &name)),
        ("welcome.yaml", CAMPAIGN.to_owned()),
        ("audiences/customers.csv", AUDIENCE.to_owned()),
        ("schema/campaign.schema.json", campaign_schema()),
        ("schema/project.schema.json", project_schema()),
        (".gitattributes", ATTRIBUTES.to_owned()),
        (".gitignore", IGNORE.to_owned()),
    ];
    let mut written = Vec::new();
    for (file, text) in files {
        written.push(write(&dir.join(file), &text)?);
    }
    output.show(&InitReport { files: written, next_steps: next_steps(&dir, settings) })?;
    Ok(Exit::Done)
}

/// Writes a file unless there is one.
fn write(path: &Path, text: &str) -> Result<FileView, Failure> {
    let written = |state| FileView { file: path.display().to_string(), state };
    if path.exists() {
        return Ok(written(FileState::Kept));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).and_then(|()| fs::write(path, text)).map_err(|error| {
        Failure::new(Exit::Environment, format!("`{}` cannot be written", path.display())).because(&error)
    })?;
    Ok(written(FileState::Written))
}

/// The current folder's name as a project's, or `my-project`.
fn project_name() -> String {
    let folder = std::env::current_dir().ok();
    let name = folder.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().to_lowercase());
    name.filter(|name| crate::identity::ProjectId::parse(name).is_some()).unwrap_or_else(|| "my-project".to_owned())
}

fn next_steps(dir: &Path, settings: &Settings) -> String {
    let option = if dir == Path::new("campaigns") { String::new() } else { shell_quote::dir_option(dir) };
    let key = if settings.keys.is_some() {
        ""
    } else {
        "  export SENDFORM_KEY=\"$(head -c 32 /dev/urandom | base64)\"   # make it once, keep it like a password\n"
    };
    format!(
        "\nTry it without a gateway:\n  sendform apply{option} --sandbox\n\n\
         With a gateway (its base URL in the project file, its key in SENDFORM_API_KEY), once:\n\
         {key}  sendform ledger init{option}\n"
    )
}
