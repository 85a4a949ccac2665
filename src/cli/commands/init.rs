//! `init`: begins a project with files that plan at once.

use std::fs;
use std::path::{Path, PathBuf};

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::campaign::id_in_yaml;
use crate::campaign::schema::{campaign_schema, project_schema};
use crate::identity::ProjectId;
use crate::report::failure_code::FailureCode;
use crate::report::files::{FileState, FileView, InitReport};

use crate::cli::args::{Global, InitArgs};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::home::{PROJECT_FILE, ProjectPaths};
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
    // Where nothing is named, commands here use the project that they find: a second one would take its place.
    let found = ProjectPaths::find(named.map(PathBuf::as_path)).dir;
    if let Some(taken) = [&found, &dir].into_iter().find(|dir| dir.join(PROJECT_FILE).exists()) {
        let message = format!("there is a project in `{}` already", taken.display());
        return Err(Failure::new(FailureCode::Usage, message)
            .hint("another project begins in a folder of its own: `sendform init --dir FOLDER`"));
    }
    let folder = std::env::current_dir().ok();
    let folder = folder.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let name = project_name(folder.as_deref().unwrap_or_default());
    let files = [
        (PROJECT_FILE, PROJECT.replace("NAME", &id_in_yaml(name.as_str()))),
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
    let about_name = about_name(&name, folder.as_deref().unwrap_or_default());
    let next_steps = if output.quiet { String::new() } else { next_steps(&dir, settings) };
    output.show(&InitReport { project: name.to_string(), about_name, files: written, next_steps })?;
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
        Failure::new(FailureCode::OutputUnwritable, format!("`{}` cannot be written", path.display())).because(&error)
    })?;
    Ok(written(FileState::Written))
}

/// What a project is called whose folder says nothing.
const NAMELESS: &str = "my-project";

/// The id that is nearest to a folder's name: its letters without accents and its digits, and a hyphen for whatever
/// stands between them.
fn project_name(folder: &str) -> ProjectId {
    let mut id = String::new();
    for letter in folder.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' => id.push(letter),
            'ß' => id.push_str("ss"),
            'æ' => id.push_str("ae"),
            'œ' => id.push_str("oe"),
            'þ' => id.push_str("th"),
            'ø' => id.push('o'),
            'đ' | 'ð' => id.push('d'),
            'ł' => id.push('l'),
            'ı' => id.push('i'),
            '\'' | '’' => {}
            _ if id.is_empty() || id.ends_with('-') => {}
            _ => id.push('-'),
        }
    }
    id.truncate(ProjectId::LENGTH_MAX);
    [id.trim_end_matches('-'), NAMELESS].into_iter().find_map(ProjectId::parse).expect("the second is an id")
}

/// Tells what the project is called, where the folder is called otherwise.
fn about_name(name: &ProjectId, folder: &str) -> String {
    if folder.to_lowercase() == name.as_str() {
        return String::new();
    }
    format!("\nThe project is called `{name}`. That is part of every identity: change it now, or never.\n")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_called_as_nearly_as_its_folder_as_an_id_can_be() {
        let check = |folder: &str, expect: &str| assert_eq!(project_name(folder).as_str(), expect, "{folder:?}");
        check("acme-shop", "acme-shop");
        check("My Shop", "my-shop");
        check("Käse", "kase");
        check("Ka\u{308}se & Straße_7", "kase-strasse-7");
        check("Ana’s Łódź", "anas-lodz");
        check("-_.shop.-", "shop");
        check("магазин", NAMELESS);
        check("", NAMELESS);
        check(&"long ".repeat(20), "long-long-long-long-long-long-long-long");
        check("2026", "2026");
    }

    #[test]
    fn whoever_gets_another_name_than_the_folder_is_told() {
        let about = |folder: &str| about_name(&project_name(folder), folder);
        assert_eq!(about("Acme-Shop"), "");
        assert!(about("My Shop").contains("`my-shop`"));
        assert!(about("магазин").contains("`my-project`"));
    }

    #[test]
    fn what_looks_like_something_else_is_in_quotes() {
        for id in ["2026", "on", "null", "007", "1e3", "true", "0x1f", "2026-11-30", "y"] {
            assert_eq!(id_in_yaml(id), format!("\"{id}\""));
        }
        for id in ["acme-shop", "2026-sale", "one", "7-up"] {
            assert_eq!(id_in_yaml(id), id);
        }
    }
}
