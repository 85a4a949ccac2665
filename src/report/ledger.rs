//! What was found in a ledger, and what was joined into it, in words and as JSON.

use serde_json::{Value, json};

use crate::identity::Person;
use crate::ledger::{Authenticity, ClaimId, Finding, LedgerDelta, Shadow, Trust, Unclosed};

use super::document::FORMAT_VERSION;
use super::style::Paint;
use super::style::line;
use super::trust::{harmless_doubts, not_ended};
use super::words::{list, plural};

/// A file of outcomes beside the ledger.
#[derive(Debug)]
pub struct OutcomeFile {
    /// The file.
    pub path: String,
    /// How many outcomes it has.
    pub outcomes: usize,
    /// What the ledger would learn from it, or why it cannot.
    pub news: Result<LedgerDelta, String>,
}

/// A ledger that was looked through.
#[derive(Debug)]
pub struct VerifiedLedger {
    /// Where it is.
    pub place: String,
    /// How many claims it has.
    pub claims: usize,
    /// How far it can be trusted.
    pub trust: Trust,
    /// What should never be found.
    pub findings: Vec<Finding>,
    /// How its shadow compares.
    pub shadow: Shadow,
    /// The files of outcomes beside it.
    pub dumps: Vec<OutcomeFile>,
}

impl VerifiedLedger {
    /// Says whether anything is wrong that does not mend itself.
    #[must_use]
    pub fn is_odd(&self) -> bool {
        self.findings.iter().any(|finding| !finding.is_harmless())
            || self.dumps.iter().any(|dump| dump.news.is_err())
            || !self.trust.unclosed.is_empty()
    }

    /// Writes it for people: what is odd first, then what the next apply mends.
    #[must_use]
    pub fn render(&self, paint: Paint) -> String {
        let broken = self.dumps.iter().filter_map(|dump| {
            let reason = dump.news.as_ref().err()?;
            Some(format!("{} does not go with the ledger: {reason}", dump.path))
        });
        let odd = self.findings.iter().filter(|finding| !finding.is_harmless());
        let odd: Vec<String> =
            odd.map(finding).chain(self.trust.unclosed.iter().map(not_ended)).chain(broken).collect();
        let mut out: String = odd.iter().map(|text| format!("{} {text}\n", paint.bad("!"))).collect();
        for note in self.notes() {
            line(&mut out, &format!("{} {note}", paint.wait("~")));
        }
        let claims = plural(self.claims as u64, "claim");
        let odd = if odd.is_empty() { "nothing odd".to_owned() } else { plural(odd.len() as u64, "odd thing") };
        line(&mut out, &format!("{claims}, {odd}"));
        out
    }

    /// What harms nobody, and what lies beside the ledger and is not in it.
    fn notes(&self) -> Vec<String> {
        let harmless = self.findings.iter().filter(|finding| finding.is_harmless());
        let mut notes: Vec<String> = harmless_doubts(&self.trust).map(str::to_owned).collect();
        notes.extend(harmless.map(finding));
        match self.shadow {
            Shadow::Same => {}
            Shadow::Missing => notes.push("there is no shadow: the next apply makes it".to_owned()),
            Shadow::Differs { file, shadow } => {
                let sides = [
                    (file, format!("{} lacks what its shadow has", self.place)),
                    (shadow, "the shadow lacks what the file has".to_owned()),
                ];
                let sides = sides.into_iter().filter(|(news, _)| !news.is_empty());
                notes.extend(
                    sides.map(|(news, words)| format!("{words}: {}; the next apply joins them", news_words(news))),
                );
            }
        }
        for OutcomeFile { path, outcomes, news } in &self.dumps {
            let outcomes = plural(*outcomes as u64, "outcome");
            match news {
                Ok(news) if news.is_empty() => {
                    notes.push(format!("{path} ({outcomes}) is in the ledger: it can be deleted"));
                }
                Ok(news) => notes.push(format!(
                    "{path} ({outcomes}) is not in the ledger yet: {}; the next apply takes it in",
                    news_words(*news)
                )),
                Err(_) => {}
            }
        }
        notes
    }

    /// Writes it for machines.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (state, file, shadow) = match self.shadow {
            Shadow::Same => ("same", LedgerDelta::default(), LedgerDelta::default()),
            Shadow::Missing => ("missing", LedgerDelta::default(), LedgerDelta::default()),
            Shadow::Differs { file, shadow } => ("differs", file, shadow),
        };
        let dumps = self.dumps.iter().map(|dump| {
            json!({
                "file": dump.path,
                "outcomes": dump.outcomes,
                "news": dump.news.as_ref().ok().map(|news| news_json(*news)),
                "error": dump.news.as_ref().err(),
            })
        });
        json!({
            "formatVersion": FORMAT_VERSION,
            "kind": "ledger-verify",
            "place": self.place,
            "claims": self.claims,
            "odd": self.is_odd(),
            "authenticity": self.trust.authenticity.map(authenticity_name),
            "historyCut": self.trust.is_history_cut,
            "unclosed": self.trust.unclosed.iter().map(unclosed_json).collect::<Vec<_>>(),
            "findings": self.findings.iter().map(finding_json).collect::<Vec<_>>(),
            "shadow": { "state": state, "fileLacks": news_json(file), "shadowLacks": news_json(shadow) },
            "dumps": dumps.collect::<Vec<_>>(),
        })
    }
}

fn authenticity_name(authenticity: Authenticity) -> &'static str {
    match authenticity {
        Authenticity::Signed => "signed",
        Authenticity::Unchecked => "unchecked",
        Authenticity::Unsigned => "unsigned",
    }
}

fn unclosed_json(unclosed: &Unclosed) -> Value {
    json!({
        "run": unclosed.run.to_string(),
        "entries": unclosed.entries,
        "last": unclosed.last.map(|last| last.to_string()),
        "words": not_ended(unclosed),
    })
}

fn finding(finding: &Finding) -> String {
    match finding {
        Finding::AcceptedTwice { person, claims } => {
            let bulks: Vec<String> = claims.iter().map(|claim| claim.bulk.to_string()).collect();
            format!("person {person} was accepted {} times: in {}", claims.len(), list(&bulks))
        }
        Finding::BookedTwice { person, claims } => {
            let bulks: Vec<String> = claims.iter().map(|claim| claim.bulk.to_string()).collect();
            let times = if claims.len() == 2 { "twice".to_owned() } else { format!("{} times", claims.len()) };
            format!("person {person} was accepted once, booked {times}: in {}", list(&bulks))
        }
        Finding::ForeignId { claim } => format!("the people of {} do not give its id", claim.bulk),
        Finding::NoRecord { message, revision } => format!("{message} r{revision} has claims, but no record"),
    }
}

fn finding_json(found: &Finding) -> Value {
    let words = finding(found);
    let of_person = |name: &str, person: Person, claims: &[ClaimId]| {
        let bulks: Vec<String> = claims.iter().map(|claim| claim.bulk.to_string()).collect();
        json!({ "finding": name, "person": person.to_string(), "bulkIds": bulks, "words": words.as_str() })
    };
    match found {
        Finding::AcceptedTwice { person, claims } => of_person("acceptedTwice", *person, claims),
        Finding::BookedTwice { person, claims } => of_person("bookedTwice", *person, claims),
        Finding::ForeignId { claim } => {
            json!({ "finding": "foreignId", "bulkIds": [claim.bulk.to_string()], "words": words })
        }
        Finding::NoRecord { message, revision } => json!({
            "finding": "noRecord", "message": message.to_string(), "revision": revision.get(), "words": words,
        }),
    }
}

/// A file that was joined in.
#[derive(Debug)]
pub struct Imported {
    /// The file.
    pub file: String,
    /// What the ledger learned.
    pub news: LedgerDelta,
    /// How many outcomes were passed over, of claims that the ledger never got and nothing was sent for.
    pub passed_over: usize,
    /// Whether it ended inside a line, which was passed over.
    pub is_torn: bool,
    /// Whether it has outcomes only, as a run keeps them, and is of no more use now.
    pub is_dump: bool,
}

/// Writes what was joined in, for people.
#[must_use]
pub fn imported_text(files: &[Imported]) -> String {
    let mut out = String::new();
    for Imported { file, news, passed_over, is_torn, is_dump } in files {
        line(&mut out, &format!("{file}: {}", news_words(*news)));
        if *passed_over > 0 {
            let count = plural(*passed_over as u64, "outcome");
            line(&mut out, &format!("  {count} passed over: nothing was sent, and the ledger never got the claim"));
        }
        if *is_torn {
            line(&mut out, "  it ends inside a line, which was passed over");
        }
        if *is_dump {
            line(&mut out, "  the ledger has all of it now: it can be deleted");
        }
    }
    out
}

/// Writes what was joined in, for machines.
#[must_use]
pub fn imported_json(files: &[Imported]) -> Value {
    let files = files.iter().map(|file| {
        json!({
            "file": file.file,
            "news": news_json(file.news),
            "passedOver": file.passed_over,
            "torn": file.is_torn,
            "canBeDeleted": file.is_dump,
        })
    });
    json!({ "formatVersion": FORMAT_VERSION, "kind": "ledger-import", "files": files.collect::<Vec<_>>() })
}

/// Says what a ledger learned.
#[must_use]
pub fn news_words(news: LedgerDelta) -> String {
    let LedgerDelta { records, claims, outcomes, people } = news;
    let counted = [(records, "record of a message"), (claims, "claim"), (outcomes, "outcome")];
    let counted = counted.into_iter().filter(|(count, _)| *count > 0).map(|(count, one)| match one {
        "record of a message" if count > 1 => format!("{count} records of messages"),
        _ => plural(count as u64, one),
    });
    let counted: Vec<String> = counted.collect();
    if counted.is_empty() {
        return "nothing new".to_owned();
    }
    match people {
        0 => format!("{} new", list(&counted)),
        1 => format!("{} new; 1 person's standing changed", list(&counted)),
        _ => format!("{} new; {}'s standing changed", list(&counted), plural(people as u64, "person")),
    }
}

pub(super) fn news_json(news: LedgerDelta) -> Value {
    json!({ "records": news.records, "claims": news.claims, "outcomes": news.outcomes, "people": news.people })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_is_said_in_words() {
        let check = |records, claims, outcomes, people, expect: &str| {
            assert_eq!(news_words(LedgerDelta { records, claims, outcomes, people }), expect);
        };
        check(0, 0, 0, 0, "nothing new");
        check(0, 0, 1, 1, "1 outcome new; 1 person's standing changed");
        check(2, 1200, 3, 0, "2 records of messages, 1,200 claims and 3 outcomes new");
    }
}
