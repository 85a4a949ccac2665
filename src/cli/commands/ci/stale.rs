//! Other open pull requests, whose plans are stale once something was sent: each is told once for each of its plans.

use crate::cli::args::CommentPlace;
use crate::cli::output::Output;
use crate::forge::ForgeError;
use crate::forge::facts::Pull;
use crate::forge::marker::{CommentKind, Marker};
use crate::report::words::{number, plural};

use super::ground::Ground;
use super::outcome::untold;
use super::plan_comment;

/// How many open pull requests are looked at: each costs a request.
const PULLS_MAX: usize = 50;

/// Tells them, and says how many were told.
pub(super) async fn tell(ground: &Ground, applied: &Pull, place: CommentPlace, output: &Output) {
    if place == CommentPlace::Never {
        return;
    }
    let words = |text: &str| ground.forge.kind().words(text);
    match Box::pin(told(ground, applied, output)).await {
        Ok(0) => {}
        Ok(1) => output.note(&words("one other pull request was told that its plan is stale\n")),
        Ok(count) => {
            let told = format!("{} other pull requests were told that their plans are stale\n", number(count));
            output.note(&words(&told));
        }
        Err(error) => untold(output, &words("other pull requests were not told that their plans are stale"), &error),
    }
}

async fn told(ground: &Ground, applied: &Pull, output: &Output) -> Result<u64, ForgeError> {
    let (kind, login) = (ground.forge.kind(), ground.forge.login().await?);
    let open = ground.forge.open_pulls(&applied.base_branch).await?;
    let others: Vec<&Pull> = open.iter().filter(|pull| pull.number != applied.number).collect();
    let left_out = u64::try_from(others.len().saturating_sub(PULLS_MAX)).unwrap_or(u64::MAX);
    if left_out > 0 {
        let which = plural(left_out, "open pull request");
        output.tell(&kind.words(&format!("! {which} of the newest are not looked at: their plans may be stale\n")));
    }
    let mut count = 0;
    for pull in others.into_iter().take(PULLS_MAX) {
        let comments = plan_comment::own(&ground.forge, &login, pull.number, (&ground.project.id, &ground.dir)).await?;
        let plan = comments.iter().rfind(|(marker, _)| marker.kind == CommentKind::Plan);
        let Some((plan, _)) = plan.filter(|(marker, _)| marker.digest.is_some()) else { continue };
        let is_told = |(marker, _): &(Marker, _)| marker.kind == CommentKind::Stale && marker.digest == plan.digest;
        if comments.iter().any(is_told) {
            continue;
        }
        let marker = Marker { kind: CommentKind::Stale, ..plan.clone() };
        let said = format!(
            "**sendform: the plan of this pull request is stale.** {} was applied, and people who were sent to are in \
             the ledger now. Start the job that plans it again, or push, to see what would be sent now.",
            kind.reference(applied.number)
        );
        let body = format!("{marker}\n\n{}\n", kind.words(&said));
        ground.forge.add_comment(pull.number, &body).await?;
        count += 1;
    }
    Ok(count)
}
