//! FieldReader of a document that somebody else has written: what is missing or odd is named by its path.

use jiff::Timestamp;
use serde_json::Value;

use super::commit_id::CommitId;

/// A field that is missing, or is not what it should be. What it holds is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// It is not there.
    #[error("`{path}` is missing")]
    Missing {
        /// Where it should be: `pull_request.head.sha`.
        path: String,
    },
    /// It is something else.
    #[error("`{path}` is not {expected}")]
    Odd {
        /// Where it is.
        path: String,
        /// What it should be, with its article.
        expected: &'static str,
    },
}

/// A value of a document, and the way to it.
#[derive(Debug, Clone)]
pub(super) struct FieldReader<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> FieldReader<'a> {
    /// Takes a whole document.
    pub(super) const fn of(value: &'a Value) -> Self {
        Self { value, path: String::new() }
    }

    fn below(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn odd(&self, expected: &'static str) -> FieldError {
        let path = if self.path.is_empty() { "the document".to_owned() } else { self.path.clone() };
        FieldError::Odd { path, expected }
    }

    /// A field, which has to be there.
    pub(super) fn at(&self, name: &str) -> Result<Self, FieldError> {
        self.find(name)?.ok_or_else(|| FieldError::Missing { path: self.below(name) })
    }

    /// A field, if it is there and is not null.
    pub(super) fn find(&self, name: &str) -> Result<Option<Self>, FieldError> {
        let fields = self.value.as_object().ok_or_else(|| self.odd("an object"))?;
        let value = fields.get(name).filter(|value| !value.is_null());
        Ok(value.map(|value| Self { value, path: self.below(name) }))
    }

    /// All items of a list.
    pub(super) fn items(&self) -> Result<Vec<Self>, FieldError> {
        let items = self.value.as_array().ok_or_else(|| self.odd("a list"))?;
        let item = |(index, value)| Self { value, path: format!("{}[{index}]", self.path) };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// A text.
    pub(super) fn text(&self) -> Result<&'a str, FieldError> {
        self.value.as_str().ok_or_else(|| self.odd("a text"))
    }

    /// A number, not below 0.
    pub(super) fn number(&self) -> Result<u64, FieldError> {
        self.value.as_u64().ok_or_else(|| self.odd("a whole number"))
    }

    /// Yes or no.
    pub(super) fn is_true(&self) -> Result<bool, FieldError> {
        self.value.as_bool().ok_or_else(|| self.odd("`true` or `false`"))
    }

    /// A commit.
    pub(super) fn commit(&self) -> Result<CommitId, FieldError> {
        CommitId::parse(self.text()?).ok_or_else(|| self.odd("the id of a commit"))
    }

    /// An instant.
    pub(super) fn time(&self) -> Result<Timestamp, FieldError> {
        self.text()?.parse().map_err(|_| self.odd("a date and time"))
    }

    /// A field of a field, which both have to be there.
    pub(super) fn path(&self, names: &[&str]) -> Result<Self, FieldError> {
        names.iter().try_fold(self.clone(), |fields, name| fields.at(name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::FieldReader;

    #[test]
    fn what_is_missing_or_odd_is_named_by_its_path() {
        let document = json!({ "a": { "b": [{ "c": 1 }, { "c": "x", "n": null }] }, "t": "2026-11-30T12:00:00Z" });
        let fields = FieldReader::of(&document);
        let items = fields.path(&["a", "b"]).unwrap().items().unwrap();
        assert_eq!(items[0].at("c").unwrap().number(), Ok(1));
        let wrong = |error: super::FieldError| error.to_string();
        assert_eq!(wrong(items[1].at("c").unwrap().number().unwrap_err()), "`a.b[1].c` is not a whole number");
        assert_eq!(wrong(items[1].at("n").unwrap_err()), "`a.b[1].n` is missing");
        assert_eq!(wrong(items[1].at("c").unwrap().commit().unwrap_err()), "`a.b[1].c` is not the id of a commit");
        assert_eq!(wrong(fields.path(&["t", "u"]).unwrap_err()), "`t` is not an object");
        assert_eq!(wrong(FieldReader::of(&json!([])).at("x").unwrap_err()), "`the document` is not an object");
        assert!(fields.at("t").unwrap().time().is_ok() && items[1].find("n").unwrap().is_none());
    }
}
