//! A frozen plan to its file. Equal plans have equal bytes.

use std::io::{self, Write};

use data_encoding::{BASE64, HEXLOWER};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::identity::{ContentDigest, Person};
use crate::ledger::seal::{digits, seal};

use super::raw::{self, PEOPLE_PER_LINE};
use super::{Frozen, FrozenMessage};

impl Frozen {
    /// Writes it, line by line.
    ///
    /// # Errors
    /// If the writer fails.
    pub fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        let mut lines = LineWriter { writer, sums: Sha256::new(), count: 0 };
        lines.line(&self.head())?;
        for message in &self.messages {
            lines.message(message)?;
        }
        for (key, digest) in &self.others {
            let digest = HEXLOWER.encode(&digest.0);
            lines.line(&raw::PlanFileOther { not_selected: key.to_string().into(), digest: digest.into() })?;
        }
        let (end, sums) = (lines.count + 1, HEXLOWER.encode(&lines.sums.clone().finalize()));
        lines.line(&raw::PlanFileEnd { end, messages: self.messages.len(), people: self.people(), lines: sums.into() })
    }

    fn head(&self) -> raw::PlanFileHead<'_> {
        raw::PlanFileHead {
            sendform: "plan".into(),
            version: raw::VERSION,
            project: self.project.as_str().into(),
            gateway: self.gateway.as_str().into(),
            keys: self.keys.clone(),
            digest: self.digest.to_string().into(),
            at: self.at,
            tool: self.tool.as_str().into(),
            only: self.selection.names().collect(),
            accepted: self.accepted.iter().map(|(kind, number)| (kind.name().to_owned(), number)).collect(),
            retry_rejected: self.retry_rejected.iter().map(ToString::to_string).collect(),
        }
    }
}

struct LineWriter<'a, W> {
    writer: &'a mut W,
    sums: Sha256,
    count: u64,
}

impl<W: Write> LineWriter<'_, W> {
    fn line(&mut self, raw: &impl Serialize) -> io::Result<()> {
        let line = seal(serde_json::to_string(raw)?);
        self.sums.update(digits(line.as_bytes()).unwrap_or_default());
        self.count += 1;
        self.writer.write_all(line.as_bytes())
    }

    fn message(&mut self, message: &FrozenMessage) -> io::Result<()> {
        let definition = &message.definition;
        self.line(&raw::PlanFileMessage {
            message: definition.key.to_string().into(),
            revision: definition.revision.get(),
            sender: definition.sender.as_str().into(),
            terms: definition.terms.as_slice().into(),
            options: message.options.as_slice().into(),
            text: message.text.as_str().into(),
            count: message.people.len(),
        })?;
        for people in message.people.chunks(PEOPLE_PER_LINE) {
            self.line(&raw::People { people: encode(people).into() })?;
        }
        Ok(())
    }
}

fn encode(people: &[(Person, ContentDigest)]) -> String {
    let mut bytes = Vec::with_capacity(people.len() * 16);
    for (person, content) in people {
        bytes.extend_from_slice(&person.0.to_be_bytes());
        bytes.extend_from_slice(&content.0.to_be_bytes());
    }
    BASE64.encode(&bytes)
}
