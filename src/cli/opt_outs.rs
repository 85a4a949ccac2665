//! The project's `suppress` lists, looked at again and again while a run is sending.
//!
//! A look costs one question to the file system a list, as long as nothing has changed, and is no task of its own. What
//! has changed is read anew, on a thread of its own; whoever wants to claim or to send waits for it. Within a run nobody comes off a
//! list again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::apply::OptOuts;
use crate::campaign::{Audience, AudienceSource};
use crate::identity::{MessageKey, Person, PersonSet, SenderId};
use crate::plan::{OptOutReader, Plan};
use crate::source::FileStamp;

use super::context::Context;
use super::planning::workers;

/// After so long a list that cannot be used is looked at once more: somebody may be writing it just now.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What the lists looked like before they were planned with; absent where that is not known.
pub(super) struct Baseline(Vec<Option<FileStamp>>);

impl Baseline {
    /// Looks, before anything is planned.
    #[must_use]
    pub(super) fn new(context: &Context) -> Self {
        let stamps = context.project.suppress.iter().map(|list| context.folders.stamp(list.source.file()).ok());
        Self(stamps.collect())
    }
}

/// Whoever is on a list by now.
pub(super) struct SuppressLists(Option<Arc<Lists>>);

struct Lists {
    context: Arc<Context>,
    reader: OptOutReader,
    senders: HashMap<MessageKey, SenderId>,
    state: Mutex<FoundSince>,
}

/// What was found until now.
struct FoundSince {
    /// What each list looked like when it was read, or planned with.
    stamps: Vec<Option<FileStamp>>,
    /// Whoever was on any list that was read since.
    people: HashMap<SenderId, PersonSet>,
}

impl SuppressLists {
    /// Watches the lists for whoever sends a plan.
    #[must_use]
    pub(super) fn new(context: &Arc<Context>, before: &Baseline, plan: &Plan) -> Self {
        let Context { project, campaigns, gateway, .. } = &**context;
        let keys = gateway.keys.as_ref().filter(|_| project.suppress.iter().any(|list| is_file(list)));
        Self(keys.map(|keys| {
            Arc::new(Lists {
                context: Arc::clone(context),
                reader: OptOutReader::new(project, campaigns, keys.first(), plan, workers()),
                senders: plan.selected().map(|message| (message.key.clone(), message.sender.clone())).collect(),
                state: Mutex::new(FoundSince { stamps: before.0.clone(), people: HashMap::new() }),
            })
        }))
    }
}

impl OptOuts for SuppressLists {
    fn opted_out<'a>(
        &'a self,
        message: &'a MessageKey,
        people: Vec<Person>,
    ) -> BoxFuture<'a, Result<Vec<Person>, String>> {
        Box::pin(async move {
            let Some(lists) = &self.0 else { return Ok(Vec::new()) };
            if let Some(out) = lists.look_at_once(message, &people) {
                return Ok(out);
            }
            let (lists, message) = (Arc::clone(lists), message.clone());
            let look = tokio::task::spawn_blocking(move || lists.look(&message, people));
            look.await.unwrap_or_else(|_| Err("they cannot be read".to_owned()))
        })
    }
}

impl Lists {
    /// Looks, if no list has changed and nobody is reading one: that takes no time.
    fn look_at_once(&self, message: &MessageKey, people: &[Person]) -> Option<Vec<Person>> {
        let state = self.state.try_lock().ok()?;
        let Context { project, folders, .. } = &*self.context;
        let mut lists = project.suppress.iter().zip(&state.stamps).filter(|(list, _)| is_file(list));
        let is_still = lists.all(|(list, before)| {
            let now = folders.stamp(list.source.file());
            before.is_some_and(|before| now.is_ok_and(|now| now.is_surely_still(&before)))
        });
        is_still.then(|| self.of(&state, message, people.to_vec()))
    }

    fn look(&self, message: &MessageKey, people: Vec<Person>) -> Result<Vec<Person>, String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.read_changes(&mut state).is_err() {
            thread::sleep(TRY_AGAIN_AFTER);
            self.read_changes(&mut state)?;
        }
        Ok(self.of(&state, message, people))
    }

    /// Those of a message's people who are on a list.
    fn of(&self, state: &FoundSince, message: &MessageKey, mut people: Vec<Person>) -> Vec<Person> {
        let out = self.senders.get(message).and_then(|sender| state.people.get(sender));
        people.retain(|person| out.is_some_and(|out| out.contains(person)));
        people
    }

    fn read_changes(&self, state: &mut FoundSince) -> Result<(), String> {
        let FoundSince { stamps, people } = state;
        let Context { project, folders, .. } = &*self.context;
        for (list, before) in project.suppress.iter().zip(stamps).filter(|(list, _)| is_file(list)) {
            let file = list.source.file();
            // What changes while it is read has another stamp afterwards.
            let now = folders.stamp(file).map_err(|error| format!("`{file}`: {error}"))?;
            if before.is_some_and(|before| now.is_surely_still(&before)) {
                continue;
            }
            for (sender, found) in self.reader.read(list, folders)? {
                people.entry(sender).or_default().extend(found);
            }
            *before = Some(now);
        }
        Ok(())
    }
}

/// Rows that are written in the project file are as they were when it was read.
fn is_file(list: &Audience) -> bool {
    match list.source {
        AudienceSource::Csv { .. } | AudienceSource::Ndjson { .. } => true,
        AudienceSource::Rows { .. } => false,
    }
}
