//! `ledger init` and `ledger verify`.

use crate::ledger::Finding;
use crate::report::words::{list, plural};
use crate::store::Home;

use super::args::{Global, LedgerCommand};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Output, print};
use super::settings::Settings;
use super::store::{expected, look, store_failure};
use super::world::World;

/// Runs the command.
///
/// # Errors
/// If the ledger cannot be made or read.
pub(super) async fn run(
    global: &Global,
    command: &LedgerCommand,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let world = World::open(global, settings, output).await?;
    let result = match command {
        LedgerCommand::Init => init(&world).await,
        LedgerCommand::Verify => verify(&world).await,
    };
    world.gateway.stop().await?;
    result
}

async fn init(world: &World) -> Result<Exit, Failure> {
    let ledger = &world.gateway.ledger;
    world.home.make_private()?;
    ledger.create(expected(world)?.header()).await.map_err(|error| store_failure(&error))?;
    print(&format!("made {} for `{}`\n", ledger.place(), world.gateway.name))?;
    if !world.gateway.is_sandbox() {
        match ledger {
            Home::Lockfile(_) => print(
                "commit it, with this line in .gitattributes beside it: sendform.lock -text merge=union linguist-generated\n",
            )?,
            Home::Git(_) => print("keep the branch open for plain pushes, and never merge it or commit to it\n")?,
        }
    }
    Ok(Exit::Done)
}

async fn verify(world: &World) -> Result<Exit, Failure> {
    let (ledger, _) = look(world).await?;
    let findings = ledger.verify();
    for finding in &findings {
        print(&format!("! {}\n", words(finding)))?;
    }
    let claims = plural(ledger.claims().len() as u64, "claim");
    if findings.is_empty() {
        print(&format!("{claims}, nothing odd\n"))?;
        Ok(Exit::Done)
    } else {
        Err(Failure::new(Exit::Ledger, format!("{claims}, {}", plural(findings.len() as u64, "odd thing"))))
    }
}

fn words(finding: &Finding) -> String {
    match finding {
        Finding::AcceptedTwice { person, claims } => {
            let bulks: Vec<String> = claims.iter().map(|claim| claim.bulk.to_string()).collect();
            format!("person {person} was accepted {} times: in {}", claims.len(), list(&bulks))
        }
        Finding::ForeignId { claim } => format!("the people of {} do not give its id", claim.bulk),
        Finding::NoRecord { message, revision } => format!("{message} r{revision} has claims, but no record"),
    }
}
