//! Somebody's word that nothing may be sent for now, and somebody's word that it may be again.
//!
//! Stops and resumes are facts beside the claims, joined by union like these: a stop *stands* until a resume
//! names it, whichever of the two is read first, and however often. They are not signed: whoever may write where
//! the ledger is kept may stop a send and let it go on, and both leave their names.
//!
//! As text each is a line of JSON:
//!
//! ```text
//! {"stop":"5f0c9a7e","at":"2026-12-01T09:12:00Z","by":"ann","why":"the price is wrong"}
//! {"resume":"5f0c9a7e","at":"2026-12-01T09:40:00Z","by":"ben","why":"it was put right"}
//! ```

use std::collections::BTreeSet;
use std::fmt;

use jiff::{Timestamp, Unit};
use serde::Deserialize;
use serde_json::Value;

use crate::timing;
use crate::wire::visible::harm;

/// The largest text that is read, in bytes: thousands of stops.
pub const STOPS_BYTES_MAX: usize = 1024 * 1024;
/// The longest line that is read, in bytes.
const LINE_BYTES_MAX: usize = 8 * 1024;
/// How long a reason or a name may be, in characters.
pub const STOP_WORDS_MAX: usize = 500;

/// The number of a stop, drawn at random; written as 8 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StopId(pub u32);

impl StopId {
    /// Reads 8 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 8 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_hex.then(|| u32::from_str_radix(text, 16).ok().map(Self)).flatten()
    }
}

impl fmt::Display for StopId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:08x}", self.0)
    }
}

/// Somebody's word that nothing may be sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StopOrder {
    /// When it was given, in whole seconds.
    pub at: Timestamp,
    /// Its number.
    pub id: StopId,
    /// Who gave it.
    pub by: String,
    /// Why.
    pub why: String,
}

impl StopOrder {
    /// A stop; line feeds and control characters in its words become spaces.
    #[must_use]
    pub fn new(id: StopId, at: Timestamp, by: &str, why: &str) -> Self {
        Self { at: whole_seconds(at), id, by: words(by), why: words(why) }
    }
}

impl fmt::Display for StopOrder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} by {} at {}: {}", self.id, self.by, timing::utc(self.at), self.why)
    }
}

/// Somebody's word that a stop has ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResumeOrder {
    /// When it was given, in whole seconds.
    pub at: Timestamp,
    /// The stop that it ends.
    pub of: StopId,
    /// Who gave it.
    pub by: String,
    /// Why, if they have said so.
    pub why: Option<String>,
}

impl ResumeOrder {
    /// A resume; line feeds and control characters in its words become spaces.
    #[must_use]
    pub fn new(of: StopId, at: Timestamp, by: &str, why: Option<&str>) -> Self {
        Self { at: whole_seconds(at), of, by: words(by), why: why.map(words) }
    }
}

/// Why a text of stops cannot be read. Nothing is guessed: whoever cannot tell whether a stop stands claims nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} {what}")]
pub struct StopsDamage {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

/// All stops that are known, and all that ended them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stops {
    stops: BTreeSet<StopOrder>,
    resumes: BTreeSet<ResumeOrder>,
}

impl Stops {
    /// Reads a text.
    ///
    /// # Errors
    /// If it is too large, or a line of it is no stop and no resume.
    pub fn parse(text: &[u8]) -> Result<Self, StopsDamage> {
        if text.len() > STOPS_BYTES_MAX {
            return Err(StopsDamage { line: 1, what: "is the first of more than 1 MiB" });
        }
        let mut stops = Self::default();
        for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
            stops.read(line).map_err(|what| StopsDamage { line: number + 1, what })?;
        }
        Ok(stops)
    }

    fn read(&mut self, line: &[u8]) -> Result<(), &'static str> {
        if line.len() > LINE_BYTES_MAX {
            return Err("is longer than 8 KiB");
        }
        if [b"<<<<<<<", b"=======", b">>>>>>>"].iter().any(|marker| line.starts_with(*marker)) {
            return Err("is a conflict marker of a merge that was not finished");
        }
        let not_ours = "is neither a stop nor a resume as sendform writes them";
        let RawLine { stop, resume, at, by, why } = serde_json::from_slice(line).map_err(|_| not_ours)?;
        let id = |text: &str| StopId::parse(text).ok_or("has an id that is not 8 hexadecimal digits");
        if [Some(&by), why.as_ref()].into_iter().flatten().any(|text| text.chars().count() > STOP_WORDS_MAX) {
            return Err("has a name or a reason of more than 500 characters");
        }
        match (stop, resume, why) {
            (Some(stop), None, Some(why)) => self.stop(StopOrder::new(id(&stop)?, at, &by, &why)),
            (None, Some(resume), why) => self.resume(ResumeOrder::new(id(&resume)?, at, &by, why.as_deref())),
            _ => return Err(not_ours),
        }
        Ok(())
    }

    /// Writes them, in the order of their times; always the same bytes.
    #[must_use]
    pub fn write(&self) -> String {
        let json = |text: &str| Value::from(text).to_string();
        let why = |why: &str| format!(",\"why\":{}", json(why));
        let line = |kind: &str, id: StopId, at: Timestamp, by: &str, why: &str| {
            format!("{{\"{kind}\":\"{id}\",\"at\":\"{at}\",\"by\":{}{why}}}\n", json(by))
        };
        let stops =
            self.stops.iter().map(|stop| (stop.at, 0, line("stop", stop.id, stop.at, &stop.by, &why(&stop.why))));
        let resumes = self.resumes.iter().map(|resume| {
            let why = resume.why.as_deref().map(why).unwrap_or_default();
            (resume.at, 1, line("resume", resume.of, resume.at, &resume.by, &why))
        });
        let lines: BTreeSet<(Timestamp, u8, String)> = stops.chain(resumes).collect();
        lines.into_iter().map(|(.., line)| line).collect()
    }

    /// Adds a stop.
    pub fn stop(&mut self, stop: StopOrder) {
        self.stops.insert(stop);
    }

    /// Adds what ends one.
    pub fn resume(&mut self, resume: ResumeOrder) {
        self.resumes.insert(resume);
    }

    /// Joins others in: the union of both.
    pub fn join(&mut self, other: &Self) {
        self.stops.extend(other.stops.iter().cloned());
        self.resumes.extend(other.resumes.iter().cloned());
    }

    /// Whether all of others are among them.
    #[must_use]
    pub fn has(&self, others: &Self) -> bool {
        others.stops.is_subset(&self.stops) && others.resumes.is_subset(&self.resumes)
    }

    /// Those that nobody has ended, the earliest first.
    pub fn standing(&self) -> impl Iterator<Item = &StopOrder> {
        self.stops.iter().filter(|stop| self.ended(stop.id).is_none())
    }

    /// All that were given, the earliest first.
    pub fn orders(&self) -> impl Iterator<Item = &StopOrder> {
        self.stops.iter()
    }

    /// All that ended one, the earliest first.
    pub fn resumes(&self) -> impl Iterator<Item = &ResumeOrder> {
        self.resumes.iter()
    }

    /// What has ended a stop, if anything has.
    #[must_use]
    pub fn ended(&self, id: StopId) -> Option<&ResumeOrder> {
        self.resumes.iter().find(|resume| resume.of == id)
    }

    /// Whether there is none, standing or ended.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stops.is_empty() && self.resumes.is_empty()
    }

    /// Each by itself: what it names, whether it ends that, and what it is as text.
    pub fn each(&self) -> impl Iterator<Item = (StopId, bool, Self)> {
        let stops = self
            .stops
            .iter()
            .map(|stop| (stop.id, false, Self { stops: BTreeSet::from([stop.clone()]), ..Self::default() }));
        let resumes = self
            .resumes
            .iter()
            .map(|resume| (resume.of, true, Self { resumes: BTreeSet::from([resume.clone()]), ..Self::default() }));
        stops.chain(resumes)
    }
}

/// A line as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLine {
    stop: Option<String>,
    resume: Option<String>,
    at: Timestamp,
    by: String,
    why: Option<String>,
}

/// Words in one line, without anything that a terminal obeys.
fn words(text: &str) -> String {
    let plain: String = text.chars().map(|character| if harm(character).is_some() { ' ' } else { character }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn whole_seconds(at: Timestamp) -> Timestamp {
    at.round(Unit::Second).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_796_040_000 + second).unwrap()
    }

    fn stop(id: u32, second: i64) -> StopOrder {
        StopOrder::new(StopId(id), at(second), "ann", "the price is wrong")
    }

    #[test]
    fn a_stop_stands_until_a_resume_names_it_whichever_comes_first() {
        let mut stops = Stops::default();
        stops.resume(ResumeOrder::new(StopId(1), at(9), "ben", None));
        stops.stop(stop(2, 2));
        stops.stop(stop(1, 1));
        assert_eq!(stops.standing().map(|stop| stop.id).collect::<Vec<_>>(), [StopId(2)]);
        assert_eq!(stops.ended(StopId(1)).map(|resume| resume.by.as_str()), Some("ben"));
        stops.resume(ResumeOrder::new(StopId(2), at(9), "ben", Some("it was put right")));
        assert_eq!(stops.standing().count(), 0);
        let text = stops.write();
        assert_eq!(
            text,
            "{\"stop\":\"00000001\",\"at\":\"2026-11-30T12:00:01Z\",\"by\":\"ann\",\"why\":\"the price is wrong\"}\n\
             {\"stop\":\"00000002\",\"at\":\"2026-11-30T12:00:02Z\",\"by\":\"ann\",\"why\":\"the price is wrong\"}\n\
             {\"resume\":\"00000001\",\"at\":\"2026-11-30T12:00:09Z\",\"by\":\"ben\"}\n\
             {\"resume\":\"00000002\",\"at\":\"2026-11-30T12:00:09Z\",\"by\":\"ben\",\"why\":\"it was put right\"}\n"
        );
        assert_eq!(Stops::parse(text.as_bytes()).unwrap(), stops);
        assert_eq!(Stops::parse(text.trim_end().as_bytes()).unwrap(), stops, "an editor left the last line feed out");
    }

    #[test]
    fn words_are_one_line_without_controls() {
        let order = StopOrder::new(StopId(1), at(0), " a\u{1b}[31mn\n", "one\r\n\ttwo\u{202e}");
        assert_eq!((order.by.as_str(), order.why.as_str()), ("a [31mn", "one two"));
        let text = r#"{"stop":"00000001","at":"2026-11-30T12:00:00Z","by":"a\u001b[31mn","why":"one\ntwo"}"#;
        assert_eq!(Stops::parse(text.as_bytes()).unwrap().standing().next(), Some(&order));
    }

    #[test]
    fn what_is_no_stop_is_damage_and_never_nothing() {
        let line = "{\"stop\":\"00000001\",\"at\":\"2026-11-30T12:00:00Z\",\"by\":\"ann\",\"why\":\"x\"}\n";
        let check = |text: &str, expect: &str| {
            let text = format!("{line}{text}");
            assert_eq!(Stops::parse(text.as_bytes()).unwrap_err().to_string(), expect, "{text}");
        };
        let not_ours = "line 2 is neither a stop nor a resume as sendform writes them";
        for text in [
            "\n",
            "stop\n",
            &line.replace("stop", "halt"),
            &line.replace(",\"why\":\"x\"", ""),
            &line.replace("\"by\"", "\"resume\":\"00000001\",\"by\""),
            &line.replace("\"by\"", "\"more\":1,\"by\""),
            &line.replace("2026", "next"),
            line.trim_end().trim_end_matches('}'),
        ] {
            check(text, not_ours);
        }
        check(&line.replace("00000001", "1"), "line 2 has an id that is not 8 hexadecimal digits");
        check(&line.replace("00000001", "0000000A"), "line 2 has an id that is not 8 hexadecimal digits");
        check("<<<<<<< ours\n", "line 2 is a conflict marker of a merge that was not finished");
        check(&line.replace('x', &"x".repeat(501)), "line 2 has a name or a reason of more than 500 characters");
        check(&line.replace('x', &"x".repeat(9000)), "line 2 is longer than 8 KiB");
        let large = line.repeat(STOPS_BYTES_MAX / line.len() + 1);
        assert_eq!(Stops::parse(large.as_bytes()).unwrap_err().to_string(), "line 1 is the first of more than 1 MiB");
    }

    fn any_stops() -> impl Strategy<Value = Stops> {
        let orders = proptest::collection::vec((0_u32..4, 0_i64..4, any::<bool>(), "[a-c\n\u{1b}\"]{0,3}"), 0..6);
        orders.prop_map(|orders| {
            let mut stops = Stops::default();
            for (id, second, is_stop, words) in orders {
                if is_stop {
                    stops.stop(StopOrder::new(StopId(id), at(second), &words, &words));
                } else {
                    stops.resume(ResumeOrder::new(StopId(id), at(second), &words, (id > 1).then_some(&words)));
                }
            }
            stops
        })
    }

    fn joined(one: &Stops, other: &Stops) -> Stops {
        let mut both = one.clone();
        both.join(other);
        both
    }

    proptest! {
        #[test]
        fn joining_is_union(one in any_stops(), two in any_stops(), three in any_stops()) {
            prop_assert_eq!(joined(&one, &two), joined(&two, &one));
            prop_assert_eq!(joined(&joined(&one, &two), &three), joined(&one, &joined(&two, &three)));
            prop_assert_eq!(joined(&one, &one), one.clone());
            // What git joins line by line is the same.
            let lines = [two.write(), one.write(), two.write()].concat();
            prop_assert_eq!(Stops::parse(lines.as_bytes()).unwrap(), joined(&one, &two));
            // A stop that stands on one side stands on both, unless the other knows what has ended it.
            for stop in one.standing() {
                let stands = joined(&one, &two).standing().any(|other| other == stop);
                prop_assert_eq!(stands, two.ended(stop.id).is_none());
            }
        }

        #[test]
        fn text_loses_nothing(stops in any_stops()) {
            let text = stops.write();
            prop_assert_eq!(Stops::parse(text.as_bytes()).unwrap(), stops.clone());
            let has_controls = text.contains('\u{1b}');
            prop_assert!(!has_controls);
            let mut pieces = Stops::default();
            stops.each().for_each(|(.., piece)| pieces.join(&piece));
            prop_assert_eq!(pieces, stops);
        }

        #[test]
        fn nothing_panics(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(Stops::parse(&text));
        }
    }
}
