//! `ledger init`: makes the ledger.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::print;
use crate::cli::store::{expected, store_failure};
use crate::cli::world::World;
use crate::store::Home;

/// What belongs beside a lockfile, so that git treats it well.
const GIT: &str = "\
commit it, with this line in .gitattributes beside it: sendform.lock -text merge=union linguist-generated
to have merges checked and sorted in this clone:
  git config merge.sendform.driver 'sendform ledger merge %O %A %B'
  echo 'sendform.lock merge=sendform' >> \"$(git rev-parse --git-path info/attributes)\"
";

/// Runs the command.
///
/// # Errors
/// If there is a ledger already, or it cannot be made.
pub(super) async fn run(world: &World) -> Result<Exit, Failure> {
    let ledger = &world.gateway.ledger;
    world.home.make_private()?;
    ledger.create(expected(world)?.header()).await.map_err(|error| store_failure(&error))?;
    print(&format!("made {} for `{}`\n", ledger.place(), world.gateway.name))?;
    if !world.gateway.is_sandbox() {
        match ledger {
            Home::Lockfile(_) => print(GIT)?,
            Home::Git(_) => print("keep the branch open for plain pushes, and never merge it or commit to it\n")?,
            Home::Postgres(_) => {}
        }
    }
    Ok(Exit::Done)
}
