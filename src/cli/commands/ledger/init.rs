//! `ledger init`: makes the ledger.

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::store::{expected, visit};
use crate::report::ledger::setup::LedgerInitReport;
use crate::store::LedgerLocation;

/// What belongs beside a lockfile, so that git treats it well.
const LOCKFILE: &str = "\
commit it, with this line in .gitattributes beside it: sendform.lock -text merge=union linguist-generated
to have merges checked and sorted in this clone:
  git config merge.sendform.driver 'sendform ledger merge %O %A %B'
  echo 'sendform.lock merge=sendform' >> \"$(git rev-parse --git-path info/attributes)\"
";

/// What belongs to a branch.
const BRANCH: &str = "keep the branch open for plain pushes, and never merge it or commit to it\n";

/// Runs the command.
///
/// # Errors
/// If there is a ledger already, or it cannot be made.
pub(super) async fn run(context: &Context, output: &Output) -> Result<Exit, Failure> {
    let ledger = &context.gateway.ledger;
    context.home.make_private()?;
    let expected = expected(context)?;
    ledger.create(expected.header(), &expected, &visit(context, "ledger init")?).await?;
    let advice = match ledger {
        _ if context.gateway.is_sandbox() => "",
        LedgerLocation::Lockfile(_) => LOCKFILE,
        LedgerLocation::Git(_) => BRANCH,
        LedgerLocation::Postgres(_) => "",
    };
    output.show(&LedgerInitReport { place: &ledger.place(), gateway: &context.gateway.name, advice })?;
    Ok(Exit::Done)
}
