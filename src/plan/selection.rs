//! What `--only` selects.

use crate::identity::{CampaignId, MessageKey};

/// Campaigns and messages; all, if none is named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection(Vec<Selected>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Selected {
    Campaign(CampaignId),
    Message(MessageKey),
}

impl Selected {
    fn name(&self) -> String {
        match self {
            Self::Campaign(campaign) => campaign.to_string(),
            Self::Message(message) => message.to_string(),
        }
    }
}

impl Selection {
    /// Adds `CAMPAIGN` or `CAMPAIGN.MESSAGE`.
    ///
    /// # Errors
    /// If the text is neither.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let message = MessageKey::parse(text).map(Selected::Message);
        let selected = message.or_else(|| CampaignId::parse(text).map(Selected::Campaign));
        self.0.push(selected.ok_or_else(|| format!("`{text}` is neither CAMPAIGN nor CAMPAIGN.MESSAGE"))?);
        Ok(())
    }

    /// Whether a message is selected.
    #[must_use]
    pub fn holds(&self, key: &MessageKey) -> bool {
        self.0.is_empty()
            || self.0.iter().any(|selected| match selected {
                Selected::Campaign(campaign) => *campaign == key.campaign,
                Selected::Message(message) => message == key,
            })
    }

    /// The names of what is selected; none, if all is.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(Selected::name)
    }

    /// Names that select nothing among the messages.
    #[must_use]
    pub fn unknown(&self, keys: &[&MessageKey]) -> Vec<String> {
        let matches = |selected: &Selected| {
            keys.iter().any(|key| match selected {
                Selected::Campaign(campaign) => *campaign == key.campaign,
                Selected::Message(message) => message == *key,
            })
        };
        self.0.iter().filter(|selected| !matches(selected)).map(Selected::name).collect()
    }
}
