//! What is wrong with rows, collected by cause: a million rows with one fault are one diagnostic.

use std::collections::BTreeMap;

use crate::audience::RowProblem;
use crate::diagnostic::words::{list, number, plural};
use crate::diagnostic::{Code, Place};
use crate::render::RenderError;

/// How many causes are told apart.
const CAUSES_MAX: usize = 50;
/// How many lines of a cause are named.
const LINES_MAX: usize = 5;
/// How many values of a cause are kept, and how many are shown.
const VALUES_MAX: usize = 1000;
const VALUES_SHOWN: usize = 8;

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowIssue {
    /// The code.
    pub code: Code,
    /// What is wrong, without a value of the row.
    pub message: String,
    /// The column, if one is to blame.
    pub column: Option<String>,
    /// The place in the template or expression, if there is one.
    pub place: Option<Box<Place>>,
    /// What stands in the column, if that is no personal data: a zone, the form of a time.
    pub value: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl RowIssue {
    pub(super) fn new(code: Code, message: impl Into<String>, column: Option<&str>) -> Self {
        let column = column.map(str::to_owned);
        Self { code, message: message.into(), column, place: None, value: None, help: None }
    }

    /// Says what to do about it.
    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// Shows what stands there, which is no personal data.
    pub(super) fn value(self, value: impl Into<String>) -> Self {
        Self { value: Some(value.into()), ..self }
    }
}

impl From<RenderError> for RowIssue {
    fn from(error: RenderError) -> Self {
        let RenderError { code, message, place, column } = error;
        Self { code, message, column, place: place.map(Box::new), value: None, help: None }
    }
}

impl From<&RowProblem> for RowIssue {
    fn from(problem: &RowProblem) -> Self {
        Self::new(Code::UnreadableRow, problem.message.clone(), problem.column.as_deref())
    }
}

/// Rows with something wrong, by what it is.
#[derive(Debug, Default)]
pub(super) struct RowIssues {
    causes: Vec<Cause>,
    /// Rows whose cause is none of those kept.
    others: u64,
}

/// One thing that is wrong with rows.
#[derive(Debug)]
pub(super) struct Cause {
    /// What it is, as the first row has it.
    pub issue: RowIssue,
    /// How many rows have it.
    pub rows: u64,
    /// The lines of the first of them.
    pub lines: Vec<u64>,
    values: BTreeMap<String, u64>,
}

impl RowIssues {
    /// Counts a row.
    pub(super) fn add(&mut self, line: u64, issue: RowIssue) {
        let same = |cause: &&mut Cause| {
            let known = &cause.issue;
            known.message == issue.message && known.column == issue.column && known.place == issue.place
        };
        if let Some(cause) = self.causes.iter_mut().find(same) {
            cause.count(line, issue.value);
        } else if self.causes.len() < CAUSES_MAX {
            let mut cause = Cause { rows: 0, lines: Vec::new(), values: BTreeMap::new(), issue };
            cause.count(line, cause.issue.value.clone());
            self.causes.push(cause);
        } else {
            self.others += 1;
        }
    }

    /// What is wrong, in the order in which it was found.
    pub(super) fn causes(&self) -> &[Cause] {
        &self.causes
    }

    /// How many rows have yet other things wrong.
    pub(super) const fn others(&self) -> u64 {
        self.others
    }

    /// Whether nothing is wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.causes.is_empty()
    }
}

impl Cause {
    fn count(&mut self, line: u64, value: Option<String>) {
        self.rows += 1;
        if self.lines.len() < LINES_MAX {
            self.lines.push(line);
        }
        if let Some(value) = value
            && (self.values.len() < VALUES_MAX || self.values.contains_key(&value))
        {
            *self.values.entry(value).or_default() += 1;
        }
    }

    /// The place of the first row.
    pub(super) fn first(&self, file: &str) -> Place {
        let line = self.lines.first().copied().unwrap_or_default();
        Place::Row { file: file.to_owned(), line, column: self.issue.column.clone() }
    }

    /// The values that stand there, the most frequent first: `GMT+2` in 120 rows.
    pub(super) fn values(&self) -> Option<String> {
        counted(&self.values)
    }

    /// The values that stand there, the most frequent first, as many as are shown.
    pub(super) fn most_frequent(&self) -> impl Iterator<Item = &str> {
        by_frequency(&self.values).into_iter().take(VALUES_SHOWN).map(|(value, _)| value)
    }

    /// Which other rows have it: `also in lines 5 and 9`.
    pub(super) fn others(&self) -> Option<String> {
        also_in(self.lines.get(1..).unwrap_or_default(), self.rows.saturating_sub(1))
    }
}

/// Names the lines of the first of some rows: `also in lines 5, 9 and 3 more rows`.
pub(super) fn also_in(lines: &[u64], rows: u64) -> Option<String> {
    let lines = lines.get(..LINES_MAX - 1).unwrap_or(lines);
    let more = rows.saturating_sub(lines.len() as u64);
    let others: Vec<String> = lines.iter().map(|line| number(*line)).collect();
    match (others.as_slice(), more) {
        ([], _) => None,
        ([only], 0) => Some(format!("also in line {only}")),
        (others, 0) => Some(format!("also in lines {}", list(others))),
        ([only], more) => Some(format!("also in line {only} and {}", plural(more, "more row"))),
        (others, more) => Some(format!("also in lines {} and {}", others.join(", "), plural(more, "more row"))),
    }
}

fn by_frequency(values: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let mut sorted: Vec<(&str, u64)> = values.iter().map(|(value, rows)| (value.as_str(), *rows)).collect();
    sorted.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    sorted
}

/// Values with their counts in words, the most frequent first.
pub(super) fn counted(values: &BTreeMap<String, u64>) -> Option<String> {
    let sorted = by_frequency(values);
    let mut words: Vec<String> = sorted
        .iter()
        .take(VALUES_SHOWN)
        .map(|(value, rows)| match *value {
            "" => format!("nothing in {}", plural(*rows, "row")),
            value => format!("`{value}` in {}", plural(*rows, "row")),
        })
        .collect();
    if sorted.len() > VALUES_SHOWN {
        words.push(plural((sorted.len() - VALUES_SHOWN) as u64, "other value"));
    }
    (!words.is_empty()).then(|| list(&words))
}

#[cfg(test)]
mod tests {
    use super::{RowIssue, RowIssues};
    use crate::diagnostic::Code;

    #[test]
    fn one_cause_is_told_once() {
        let mut issues = RowIssues::default();
        for line in 2..12 {
            let zone = if line % 3 == 0 { "PST" } else { "GMT+2" };
            issues.add(line, RowIssue::new(Code::UnreadableRow, "no such zone", Some("tz")).value(zone));
        }
        issues.add(40, RowIssue::new(Code::UnreadableRow, "cut", None));
        let [zones, cut] = issues.causes() else { panic!("two causes") };
        assert_eq!((zones.rows, cut.rows), (10, 1));
        assert_eq!(zones.values().as_deref(), Some("`GMT+2` in 7 rows and `PST` in 3 rows"));
        assert_eq!(zones.others().as_deref(), Some("also in lines 3, 4, 5, 6 and 5 more rows"));
        assert_eq!(cut.others(), None);
        for number in 0..100 {
            issues.add(50, RowIssue::new(Code::UnreadableRow, number.to_string(), None));
        }
        assert_eq!((issues.causes().len(), issues.others()), (50, 52));
    }
}
