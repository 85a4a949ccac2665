//! What a pull request is told of an apply. Whatever cannot be told there is said here, and changes no exit code: what
//! was sent was sent.

use std::fs;

use tempfile::NamedTempFile;

use crate::cli::args::CommentPlace;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::format::OutputFormat;
use crate::cli::output::Output;
use crate::forge::marker::{CommentKind, Marker};
use crate::forge::{ForgeError, ForgeErrorKind};
use crate::report::failure_code::FailureCode;
use crate::report::screen::Screen;
use crate::report::style::Paint;
use crate::report::text::TextForm as _;
use crate::wire::said::without_secrets;

use super::ground::Ground;
use super::plan_comment;
use super::section;

/// What a command says, as people read it, kept for whoever is told later.
pub(super) struct Transcript {
    text: NamedTempFile,
    document: NamedTempFile,
}

impl Transcript {
    /// Makes room for it.
    ///
    /// # Errors
    /// If no file can be made.
    pub(super) fn new() -> Result<Self, Failure> {
        let file = || {
            NamedTempFile::new().map_err(|error| {
                Failure::new(FailureCode::Environment, "no temporary file can be made").because(&error)
            })
        };
        Ok(Self { text: file()?, document: file()? })
    }

    /// The output of a command that is heard.
    pub(super) fn of(&self, output: &Output) -> Output {
        let text = output.also_writing(OutputFormat::Text, self.text.path().to_owned());
        text.also_writing(OutputFormat::Json, self.document.path().to_owned())
    }

    /// All that was said, the failure with which the command ended last.
    pub(super) fn whole(&self, ended: &Result<Exit, Failure>) -> String {
        let mut said = fs::read_to_string(self.text.path()).unwrap_or_default();
        if let Err(failure) = ended
            && !failure.message.is_empty()
            && !failure.is_in_document
        {
            said.push_str(&failure.report().text(&Screen::endless(Paint::Plain)));
        }
        without_secrets(&said).into_owned()
    }

    /// Whether the command came to sending: what it has said is what became of people.
    pub(super) fn is_of_sending(&self) -> bool {
        let document = fs::read(self.document.path()).unwrap_or_default();
        let document: Option<serde_json::Value> = serde_json::from_slice(&document).ok();
        let messages = document.as_ref().filter(|document| document["kind"] == "apply").map(|apply| &apply["messages"]);
        messages.and_then(serde_json::Value::as_array).is_some_and(|messages| !messages.is_empty())
    }
}

/// What a pull request is told.
pub(super) struct PullNews {
    /// The pull request.
    pub(super) pull: u64,
    /// What a comment of its own says of itself.
    pub(super) marker: Marker,
    /// What became of it, as Markdown.
    pub(super) text: String,
    /// Whether there was anything to do; if not, what was said before stands.
    pub(super) is_news: bool,
}

/// Tells the pull request what became of its plan, in the place that is wanted.
pub(super) async fn tell(ground: &Ground, outcome: &PullNews, place: CommentPlace, output: &Output) {
    let pull = outcome.pull;
    let words = |text: &str| ground.forge.kind().words(text);
    let is_told = match place {
        CommentPlace::Never => return,
        CommentPlace::InPlace | CommentPlace::New => told(ground, outcome, place).await,
    };
    match is_told {
        Ok(()) => output.note(&words(&format!("pull request {pull} tells what became of it\n"))),
        Err(error) => untold(output, &words(&format!("pull request {pull} does not tell what became of it")), &error),
    }
}

/// Says that something could not be said on the forge.
pub(super) fn untold(output: &Output, what: &str, error: &ForgeError) {
    let hints: String = error.hints().iter().map(|hint| format!("  {hint}\n")).collect();
    output.tell(&format!("! {what}: {error}\n{hints}"));
}

/// Puts it into the comment that shows the plan, if that is wanted, or else, and where that comment is gone or full,
/// into one of its own, which a later run writes anew.
async fn told(ground: &Ground, outcome: &PullNews, place: CommentPlace) -> Result<(), ForgeError> {
    let login = ground.forge.login().await?;
    let comments = plan_comment::own(&ground.forge, &login, outcome.pull, (&ground.project.id, &ground.dir)).await?;
    let newest =
        |kind: CommentKind| comments.iter().rfind(|(marker, _)| marker.kind == kind).map(|(_, comment)| comment);
    let (plan, applied) = (newest(CommentKind::Plan), newest(CommentKind::Applied));
    if !outcome.is_news && (applied.is_some() || plan.is_some_and(|plan| section::is_in(&plan.body))) {
        return Ok(());
    }
    let plan = plan.filter(|_| place == CommentPlace::InPlace);
    let put_into = |comment: &str| section::put_into(comment, &outcome.text, ground.forge.kind().comment_max());
    if let Some((id, body)) = plan.and_then(|plan| Some((plan.id, put_into(&plan.body)?))) {
        match ground.forge.change_comment(outcome.pull, id, &body).await {
            Ok(_) => return Ok(()),
            // Somebody has deleted it in this moment.
            Err(ForgeError { kind: ForgeErrorKind::NotFound, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let body = format!("{}\n\n{}", outcome.marker, outcome.text);
    match applied {
        Some(comment) => {
            let (_, before) = comment.body.split_once('\n').unwrap_or_default();
            let body = put_into(&format!("{}\n{before}", outcome.marker)).unwrap_or(body);
            ground.forge.change_comment(outcome.pull, comment.id, &body).await.map(drop)
        }
        None => ground.forge.add_comment(outcome.pull, &body).await.map(drop),
    }
}
