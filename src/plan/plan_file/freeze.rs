//! From a plan to a frozen one.

use crate::campaign::Message;
use crate::identity::{self, Person};
use crate::plan::definition::Definition;
use crate::plan::digest;
use crate::plan::input::Input;
use crate::plan::model::Plan;
use crate::plan::schedule_terms;

use super::{Frozen, FrozenMessage};

impl Frozen {
    /// Freezes a plan that was made of this input, by this version of sendform. `None` if the plan
    /// binds nobody: it has errors, or was made without the ledger or the keys.
    #[must_use]
    pub fn freeze(input: &Input<'_>, plan: &Plan, tool: &str) -> Option<Self> {
        let keys = input.keys.filter(|_| plan.compared && plan.is_sound())?;
        let mut frozen = Self {
            project: input.project.id.clone(),
            gateway: input.gateway.to_owned(),
            keys: keys.ids(),
            digest: plan.digest.clone(),
            at: input.now,
            tool: tool.to_owned(),
            selection: input.selection.clone(),
            accepted: input.accepted.clone(),
            retry_rejected: input.retry_rejected.to_vec(),
            messages: Vec::new(),
            others: Vec::new(),
        };
        let messages = input.campaigns.iter().flat_map(|campaign| &campaign.messages);
        for (message, planned) in messages.zip(&plan.messages) {
            let people = planned.planned_people();
            if planned.selected {
                frozen.messages.push(freeze(message, people));
            } else {
                let digest = digest::of_message(&Definition::of(message), &people);
                frozen.others.push((message.key.clone(), digest::of_not_selected(digest)));
            }
        }
        frozen.messages.sort_by(|one, other| one.definition.key.cmp(&other.definition.key));
        frozen.others.sort();
        Some(frozen)
    }
}

fn freeze(message: &Message, people: Vec<(Person, identity::ContentDigest)>) -> FrozenMessage {
    FrozenMessage {
        definition: Definition::of(message),
        options: schedule_terms::of_options(message),
        text: message.content.joined(),
        people,
    }
}
