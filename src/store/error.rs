//! What can go wrong with a ledger's home.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::shell_word;
use crate::identity::KeyId;
use crate::ledger::{Damage, EntryError, JoinError, Reason, RunId, StopsDamage};

use super::backend_error::BackendError;
use super::holder::Holder;
use super::retired::Retired;
use super::typed_git::TypedGit;

/// Why a ledger cannot be opened, or cannot take an entry.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no ledger. That is not an empty one: nobody knows what was sent.
    #[error("there is no ledger at `{place}`")]
    Missing {
        /// Where it should be, such as the file or the branch.
        place: String,
        /// Its shadow, if that is still there.
        shadow: Option<PathBuf>,
        /// The commit or branch that has it, if git keeps it.
        commit: Option<String>,
        /// Why none can be made from its shadow, if that is so.
        refusal: Option<Box<Self>>,
    },
    /// There is nothing where a ledger was to be copied from.
    #[error("there is nothing to copy: no ledger is at `{place}`")]
    NothingToCopy {
        /// Where it should be, such as the file or the branch.
        place: String,
        /// What can be done about it.
        hint: String,
    },
    /// There is a ledger where one was to be made.
    #[error("there is a ledger at `{place}` already")]
    Exists {
        /// Where it is.
        place: String,
    },
    /// There is no ledger where one was to be made, but git has one there.
    #[error("`{place}` is missing, but git has it in `{commit}`: it has to be brought back, not made anew")]
    Deleted {
        /// The file.
        place: String,
        /// The commit or branch that has it.
        commit: String,
    },
    /// Another run holds the ledger.
    #[error("the ledger is held by {}", .holder.as_ref().map_or_else(|| "another run".to_owned(), Holder::to_string))]
    Held {
        /// Who holds it, if they have said so.
        holder: Option<Holder>,
    },
    /// The ledger's text is not as it was written.
    #[error("the ledger `{place}` {}", damaged(.damage))]
    Damage {
        /// The file, or whatever holds the lines.
        place: String,
        /// What is wrong with it.
        #[source]
        damage: Box<Damage>,
        /// What it is the text of.
        of: DamagedText,
    },
    /// The lines of a ledger are not signed, and this machine has not written them.
    #[error("not signed: nothing shows that the {claims} {} genuine which the ledger `{place}` has",
        if *claims == 1 { "claim is" } else { "claims are" })]
    Unauthenticated {
        /// The file, or whatever holds the lines.
        place: String,
        /// How many claims it has.
        claims: usize,
        /// Whether it is the ledger's shadow, beside a ledger whose lines are signed.
        is_shadow: bool,
    },
    /// Of a ledger that is to be carried elsewhere the end may be missing.
    #[error("{runs} {} did not end as runs do ({entries} {} of {} are here): the end may be missing",
        if *runs == 1 { "run" } else { "runs" }, if *entries == 1 { "entry" } else { "entries" },
        if *runs == 1 { "it" } else { "them" })]
    Unclosed {
        /// How many runs.
        runs: usize,
        /// How many entries of them are here.
        entries: u64,
    },
    /// A merge in git's history has kept one side of the ledger only.
    #[error("the ledger `{place}` lacks run {run}, which commit {} has: a merge has kept one side only",
        .commit.get(..12).unwrap_or(.commit))]
    Dropped {
        /// The file.
        place: String,
        /// The run.
        run: RunId,
        /// The commit that has it.
        commit: String,
    },
    /// The header of a ledger is not signed, and the gateway is named by the project's files only.
    #[error("nothing but the project's files says that the ledger `{place}` is for `{gateway}`: it is not signed")]
    UnsignedHeader {
        /// The file, or whatever holds the header.
        place: String,
        /// The gateway that it names.
        gateway: String,
    },
    /// The ledger belongs to another project or gateway.
    #[error("the ledger `{place}` belongs to the {what} `{found}`, not to `{expected}`")]
    Foreign {
        /// The file, or whatever holds the header.
        place: String,
        /// `project` or `gateway`.
        what: &'static str,
        /// What the ledger names.
        found: String,
        /// What the run is for.
        expected: String,
    },
    /// Persons of the ledger were made with keys that the run does not have.
    #[error("the ledger's people cannot be recognised without the {}", named(.names))]
    KeyMissing {
        /// The check values of the missing keys.
        names: Vec<KeyId>,
    },
    /// The run has keys that the ledger does not know.
    #[error("the ledger does not know the {}", named(.names))]
    KeyUnknown {
        /// The check values of the unknown keys.
        names: Vec<KeyId>,
    },
    /// The run would make its claims with another key than other runs.
    #[error("{}, but `{supplied}` was supplied first", first_words(.place, .first.as_ref()))]
    KeyOrder {
        /// Where the ledger is.
        place: String,
        /// The check value of the key that claims are made with, if the ledger says which that is.
        first: Option<KeyId>,
        /// The check value of the first key of the run.
        supplied: KeyId,
    },
    /// Two ledgers do not go together.
    #[error("the ledgers cannot be joined")]
    Join(
        /// Why.
        #[source]
        JoinError,
    ),
    /// An entry does not go with the ledger.
    #[error("the ledger cannot take an entry")]
    Entry(
        /// Why.
        #[source]
        EntryError,
    ),
    /// The file was replaced or changed by somebody else while a run held it.
    #[error("`{}` was changed by another program while this run held it", .path.display())]
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// The file system failed.
    #[error("cannot {action} `{}`", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// How it failed.
        #[source]
        source: io::Error,
    },
    /// Something failed while an entry was written. Nothing is written to the ledger any more.
    #[error("the ledger is not written any more, because writing to it has failed")]
    Failed {
        /// The first failure.
        #[source]
        cause: Arc<Self>,
    },
    /// The ledger is kept in one place, and nothing of it is on this machine.
    #[error("nothing of the ledger at `{place}` is kept on this machine")]
    NotHere {
        /// Where it is.
        place: String,
    },
    /// Something failed before a claim was written: surely it is not in the ledger.
    #[error("the claim could not be written")]
    NotWritten {
        /// The failure.
        #[source]
        cause: Arc<Self>,
    },
    /// What was copied is not there when it is read back.
    #[error(
        "the ledger at `{place}` does not give back what was copied into it: {people} people would stand otherwise"
    )]
    Unconfirmed {
        /// The new home.
        place: String,
        /// How many people would not be recognised, or stand otherwise.
        people: usize,
    },
    /// Outcomes could not be pushed; they are kept on this machine.
    #[error("what became of some messages could not be pushed, and is kept in `{}`", .path.display())]
    Unpushed {
        /// The file that has them.
        path: PathBuf,
        /// The first failure.
        #[source]
        cause: Arc<Self>,
    },
    /// Others have written to the ledger before us again and again.
    #[error("others have pushed to `{place}` before this run {tries} times in a row")]
    Busy {
        /// Where it is.
        place: String,
        /// How often.
        tries: u32,
    },
    /// What holds the ledger has failed, or what is there is not as it was left.
    #[error(transparent)]
    Backend(
        /// Why, in the words of the back end.
        Box<dyn BackendError>,
    ),
    /// What says whether somebody has stopped sending is not as it was written.
    #[error("the stops in `{place}` are damaged: {damage}")]
    StopsDamage {
        /// The file, or whatever holds the lines.
        place: String,
        /// What is wrong with it.
        damage: StopsDamage,
        /// Whether it is a table of a database, and no file.
        is_table: bool,
    },
    /// Somebody else is writing stops, for longer than that takes.
    #[error("another program holds `{place}`, which whoever stops or resumes needs for a moment")]
    StopsHeld {
        /// The lock's file.
        place: String,
    },
    /// What says whether somebody has stopped sending cannot be read while a run is sending.
    #[error("{}", unread(.place, .cause.as_deref()))]
    StopsUnread {
        /// Where it is.
        place: String,
        /// The last failure, if there was an answer.
        cause: Option<Arc<Self>>,
    },
    /// The ledger's writer has ended before it could answer.
    #[error("the ledger's writer has stopped")]
    Stopped,
}

/// Whose text is damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DamagedText {
    /// The ledger's own, in a file.
    Home {
        /// The commit or branch that has the file, if git keeps it.
        commit: Option<String>,
    },
    /// One that was brought from elsewhere, or that no file holds.
    Other,
}

/// What to do about stops that are damaged.
fn damaged_stops(place: &str, is_table: bool) -> String {
    let [what, of_a_merge] = if is_table {
        ["each `line` of that table".to_owned(), String::new()]
    } else {
        [format!("every line of `{place}`"), "; of a merge keep all lines of both sides".to_owned()]
    };
    format!(
        "nothing is sent before {what} is a stop or a resume as `sendform stop` and `sendform resume` write \
         them{of_a_merge}"
    )
}

impl StoreError {
    /// Says what can be done about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Missing { place, shadow, commit: Some(commit), .. } => {
                return Some(bring_back(place, commit, shadow.as_deref()));
            }
            Self::Missing { shadow: Some(path), refusal: Some(refusal), .. } => {
                return Some(not_from_shadow(path, refusal));
            }
            Self::NothingToCopy { hint, .. } => return Some(hint.clone()),
            Self::Missing { shadow: Some(path), .. } => {
                let path = path.display();
                return Some(format!(
                    "its shadow `{path}` still knows what was sent: \
                     `sendform ledger init` makes the ledger anew from that"
                ));
            }
            Self::Missing { .. } => {
                "if something was sent before, bring it back, from git or a backup; else `sendform ledger init` makes it"
            }
            Self::Deleted { place, commit } => return Some(not_anew(place, commit)),
            Self::Held { .. } => "wait until that run has ended; its lock ends with it, however it ends",
            Self::Damage { place, damage, of } => return damage_hint(place, damage, of),
            Self::Unauthenticated { claims, is_shadow: false, .. } => {
                return Some(format!(
                    "an older sendform has written them, or somebody without the key: if the ledger is surely as it \
                     was left, `--accept unauthenticated={claims}` has it signed, once and for all: `apply`, `ledger \
                     import` and `ledger rebind` take it"
                ));
            }
            Self::Unauthenticated { claims, place, .. } => {
                return Some(format!(
                    "an older sendform has written them, or somebody without the key: move `{place}` to another \
                     place; if it is surely of this machine, `sendform ledger import FILE --accept \
                     unauthenticated={claims}` joins it in"
                ));
            }
            Self::Unclosed { entries, .. } => {
                return Some(format!(
                    "where it lies in a lockfile, `sendform ledger recover` compares it with the gateway's logs; if \
                     nothing is missing: --accept unclosed={entries}"
                ));
            }
            Self::Dropped { place, commit, .. } => {
                return Some(take_in(place, commit));
            }
            Self::UnsignedHeader { .. } => {
                "name the gateway in SENDFORM_BASE_URL as well, for this one run: whoever may change the files must not \
                 decide where the credentials go"
            }
            Self::KeyMissing { .. } => "supply every key that the ledger names, in SENDFORM_KEY or SENDFORM_KEY_FILE",
            Self::KeyUnknown { .. } => {
                "with a wrong key everybody would look unsent: set SENDFORM_KEY to the key that made this ledger; \
                 a new one beside it is added with `sendform ledger rebind --add-key`"
            }
            Self::KeyOrder { first, supplied, .. } => return Some(order_hint(first.is_some(), supplied)),
            Self::Failed { cause } | Self::NotWritten { cause }
                if matches!(**cause, Self::Backend(_) | Self::Busy { .. }) =>
            {
                return cause.hint();
            }
            Self::Replaced { .. } | Self::Failed { .. } | Self::NotWritten { .. } => {
                "nothing more is sent; run the same command again, which starts from what is on the disk"
            }
            Self::Foreign { what: "project", .. } => {
                "bring back the ledger of this project, or the project's old name: persons are made with that name"
            }
            Self::Foreign { found, .. } if self.is_moved() => {
                return Some(format!(
                    "it was copied there, so nothing is applied here any more: name that home under `state` in \
                     sendform.yaml. Only to copy that ledger back here: `sendform ledger rebind --gateway \"{found}\"`"
                ));
            }
            Self::Foreign { found, .. } => {
                return Some(format!(
                    "if the account's host name changed: `sendform ledger rebind --gateway {found}`; \
                     if it is another account, its ledger is another one"
                ));
            }
            Self::Io { action: "read" | "open", .. } => {
                "it has to be a file that may be read and written here; nothing is sent without it"
            }
            Self::Unconfirmed { .. } => "the old ledger was left as it was: run the same command again",
            Self::Unpushed { .. } => {
                "the next run in this folder pushes them; until then their people are in doubt for others"
            }
            Self::Backend(error) => return error.hint(),
            Self::Busy { .. } => "nothing more is sent; run the same command again when the others have ended",
            Self::NotHere { .. } => "leave `--offline` out",
            Self::StopsDamage { place, is_table, .. } => return Some(damaged_stops(place, *is_table)),
            Self::StopsHeld { .. } => {
                "run the same command again; if it stays so, end the `sendform stop` or `sendform resume` that hangs"
            }
            Self::StopsUnread { cause: Some(cause), .. } if !cause.is_environment() => return cause.hint(),
            Self::StopsUnread { .. } => "nothing more is sent; run the same command again when it can be read",
            Self::Exists { .. } | Self::Join(_) | Self::Entry(_) | Self::Io { .. } | Self::Stopped => return None,
        };
        Some(hint.to_owned())
    }

    /// Whether there is no ledger.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. }) || self.backend().is_some_and(BackendError::is_missing)
    }

    /// Whether the address, the name or the password of what holds the ledger is missing, or was refused.
    #[must_use]
    pub fn needs_credentials(&self) -> bool {
        self.backend().is_some_and(BackendError::needs_credentials)
    }

    /// Whether an old copy was put in the ledger's place.
    #[must_use]
    pub fn is_put_back(&self) -> bool {
        self.backend().is_some_and(BackendError::is_put_back)
    }

    /// Whether an older copy is in the ledger's place, or a part of it is gone.
    #[must_use]
    pub fn is_taken_back(&self) -> bool {
        self.backend().is_some_and(BackendError::is_taken_back)
    }

    /// Whether what holds the ledger has something that sendform did not write.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        self.backend().is_some_and(BackendError::is_damage)
    }

    /// Whether the ledger was moved to another home.
    #[must_use]
    pub fn is_moved(&self) -> bool {
        matches!(self, Self::Foreign { found, .. } if Retired::read(found).is_some())
    }

    /// Whether a claim was refused because somebody has stopped sending.
    #[must_use]
    pub fn is_stop(&self) -> bool {
        self.backend().is_some_and(BackendError::is_stop)
    }

    /// Whether an entry that failed so is surely not written. An entry that does not go with the ledger is
    /// never begun.
    #[must_use]
    pub fn is_surely_not_written(&self) -> bool {
        let is_not_begun = matches!(
            self,
            Self::NotWritten { .. }
                | Self::Entry(_)
                | Self::KeyMissing { .. }
                | Self::KeyUnknown { .. }
                | Self::KeyOrder { .. }
        );
        is_not_begun || self.backend().is_some_and(BackendError::is_surely_not_written)
    }

    /// The back end's own error, if it is one.
    fn backend(&self) -> Option<&dyn BackendError> {
        if let Self::Backend(error) = self { Some(&**error) } else { None }
    }

    /// Whether the world around the ledger has failed, not the ledger.
    #[must_use]
    pub fn is_environment(&self) -> bool {
        match self {
            Self::Backend(error) => error.is_environment(),
            Self::Unpushed { cause, .. } | Self::Failed { cause } | Self::NotWritten { cause } => {
                cause.is_environment()
            }
            Self::Io { .. } | Self::Stopped | Self::NotHere { .. } | Self::Busy { .. } | Self::StopsHeld { .. } => true,
            Self::StopsUnread { cause, .. } => cause.as_ref().is_none_or(|cause| cause.is_environment()),
            Self::Missing { .. }
            | Self::NothingToCopy { .. }
            | Self::Exists { .. }
            | Self::Deleted { .. }
            | Self::Held { .. }
            | Self::Damage { .. }
            | Self::Unauthenticated { .. }
            | Self::Unclosed { .. }
            | Self::Dropped { .. }
            | Self::UnsignedHeader { .. }
            | Self::Foreign { .. }
            | Self::KeyMissing { .. }
            | Self::KeyUnknown { .. }
            | Self::KeyOrder { .. }
            | Self::Join(_)
            | Self::Entry(_)
            | Self::Replaced { .. }
            | Self::StopsDamage { .. }
            | Self::Unconfirmed { .. } => false,
        }
    }

    /// Wraps a failure of the file system.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

impl<E: BackendError> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self::Backend(Box::new(error))
    }
}

/// Why stops cannot be read.
fn unread(place: &str, cause: Option<&StoreError>) -> String {
    match cause {
        Some(damage @ StoreError::StopsDamage { .. }) => damage.to_string(),
        Some(cause) => format!("the stops in `{place}` cannot be read: {cause}"),
        None => format!("the stops in `{place}` cannot be read: it does not answer"),
    }
}

/// What a ledger is that cannot be read.
fn damaged(damage: &Damage) -> &'static str {
    if matches!(damage.reason, Reason::Newer(_)) { "was written by a newer sendform" } else { "is damaged" }
}

fn first_words(place: &str, first: Option<&KeyId>) -> String {
    match first {
        Some(first) => format!("new claims of the ledger `{place}` are made with the key `{first}`"),
        None => format!("the ledger `{place}` does not say which of its keys new claims are made with"),
    }
}

/// What to do about a text that is damaged.
fn damage_hint(place: &str, damage: &Damage, of: &DamagedText) -> Option<String> {
    let DamagedText::Home { commit } = of else { return damage.hint().map(str::to_owned) };
    let shadow = "its shadow adds what came after";
    let file = TypedGit::of(Path::new(place));
    match (&damage.reason, commit) {
        (Reason::Empty | Reason::NoHeader | Reason::ByteOrderMark | Reason::Checksum | Reason::Cut, commit) => {
            Some(match commit {
                Some(commit) => {
                    format!("bring back the last good version of the file: {}; {shadow}", file.checkout(commit))
                }
                None => format!("bring back the last good version of the file, from a backup; {shadow}"),
            })
        }
        (Reason::Signature(_) | Reason::Stranger(_), Some(commit)) => Some(format!(
            "see who has changed the file, `{} log -p -- {}`, and bring back the last good version: {}",
            file.git,
            file.path,
            file.checkout(commit)
        )),
        _ => damage.hint().map(str::to_owned),
    }
}

/// Why no ledger is made anew from a shadow that is still there.
fn not_from_shadow(shadow: &Path, refusal: &StoreError) -> String {
    let hint = refusal.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    let is_key_lost = matches!(refusal, StoreError::KeyMissing { .. });
    let lost = if is_key_lost { format!("; {}", lost_key_words(shadow)) } else { String::new() };
    format!("its shadow `{}` still knows what was sent, but {refusal}{hint}{lost}", shadow.display())
}

/// What whoever has lost a key does with a shadow that names it.
#[must_use]
pub fn lost_key_words(shadow: &Path) -> String {
    let shadow = shell_word(&shadow.display().to_string());
    format!(
        "if one is lost for good, that ledger is an archive: move it away, `mv {shadow} {shadow}.old`, in every clone \
         that has sent, and then `sendform ledger init`. Nobody of it is recognised any more: before the next apply \
         take away what was sent"
    )
}

/// How a lockfile is brought back that git keeps.
fn bring_back(place: &str, commit: &str, shadow: Option<&Path>) -> String {
    let joined = shadow.map(|path| {
        let path = path.display();
        format!("; its shadow `{path}` knows what was sent after that, and the next apply joins it in")
    });
    let checkout = TypedGit::of(Path::new(place)).checkout(commit);
    format!("git has it, bring it back: {checkout}{}", joined.unwrap_or_default())
}

/// How a lockfile is brought back that was to be made anew, and how else somebody gets a new one.
fn not_anew(place: &str, commit: &str) -> String {
    let checkout = TypedGit::of(Path::new(place)).checkout(commit);
    format!(
        "{checkout}; only if what it tells is of no project any more: commit and push that it is deleted, then make a \
         new one"
    )
}

/// How the runs are taken in that a merge has dropped.
fn take_in(place: &str, commit: &str) -> String {
    let import = TypedGit::of(Path::new(place)).import(commit);
    format!("its people would be sent to again, so take it in: {import}")
}

fn order_hint(is_known: bool, supplied: &KeyId) -> String {
    let first = format!("make `{supplied}` the first for all machines: `sendform ledger rebind --add-key`");
    if is_known { format!("name that key first in SENDFORM_KEY; or {first}") } else { first }
}

fn named(names: &[KeyId]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("{} {}", if names.len() == 1 { "key" } else { "keys" }, names.join(", "))
}
