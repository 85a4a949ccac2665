//! Reads a body field by field and collects everything that is wrong with it, with the path of each field. A
//! path is written only when there is something to say.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;

use super::json::{self, Json, JsonList, JsonObject, Kind};
use super::violations::{ViolationList, repeated};
use crate::wire::choices::{Nulls, UnknownFieldRule};
use crate::wire::error::Violation;
use crate::wire::names;

/// What is wrong with a body as a whole.
fn malformed(violation: String) -> ViolationList {
    ViolationList::from(Violation { property: "body".to_owned(), violation })
}

/// Reads a body.
///
/// # Errors
/// With all that was said of it; or, if it is no JSON, with the place where it breaks, and nothing of what stands there.
pub(super) fn read<'a, T>(
    bytes: &'a [u8],
    strictness: Strictness,
    inside: impl FnOnce(&mut Fields<'_, 'a>) -> Option<T>,
) -> Result<T, ViolationList> {
    let nodes = json::read(bytes).map_err(|error| malformed(format!("must be JSON: {error}")))?;
    let body = json::value(&nodes).and_then(JsonObject::of);
    let body = body.ok_or_else(|| malformed("must be a JSON object".to_owned()))?;
    let mut violations = Violations { strictness, ..Violations::default() };
    let value = violations.fields(body, inside);
    match value {
        Some(value) if violations.found.is_empty() => Ok(value),
        Some(_) | None => Err(violations.found),
    }
}

/// What else is wrong, besides what the API's documents say.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Strictness {
    /// Fields that the API does not have.
    pub(super) unknown_fields: UnknownFieldRule,
    /// Nulls where something may be absent.
    pub(super) nulls: Nulls,
}

/// One step of a path.
#[derive(Debug, Clone)]
enum PathStep {
    Name(Cow<'static, str>),
    Index(usize),
}

/// A path as it is written.
fn written(path: &[PathStep]) -> String {
    let mut property = String::new();
    for step in path {
        match step {
            PathStep::Name(name) => {
                property.push_str(if property.is_empty() { "" } else { "." });
                property.push_str(name);
            }
            // Writing to a String cannot fail.
            PathStep::Index(index) => write!(property, "[{index}]").unwrap_or_default(),
        }
    }
    property
}

/// What is wrong, collected along a path.
#[derive(Debug, Default)]
pub(super) struct Violations {
    strictness: Strictness,
    path: Vec<PathStep>,
    found: ViolationList,
}

impl Violations {
    /// Says what is wrong with the value at hand.
    pub(super) fn say(&mut self, violation: impl Into<String>) {
        let path = &self.path;
        self.found.add(|| Violation { property: written(path), violation: violation.into() });
    }

    /// Reads an object at hand.
    pub(super) fn fields<'a, T>(
        &mut self,
        object: JsonObject<'_, 'a>,
        inside: impl FnOnce(&mut Fields<'_, 'a>) -> Option<T>,
    ) -> Option<T> {
        let mut fields = Fields { object, violations: self, taken: Vec::new() };
        let value = inside(&mut fields);
        fields.end();
        value
    }

    /// Takes one of a type's names at hand.
    pub(super) fn choice<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let chosen = names::named(name);
        if chosen.is_none() {
            self.say(one_of(names::names::<T>()));
        }
        chosen
    }

    fn at<T>(&mut self, step: PathStep, inside: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let value = inside(self);
        self.path.pop();
        value
    }
}

/// The violation of what must be there and is not.
const NULL: &str = "must not be null";

/// The violation of a value of another kind.
fn wrong_kind<'n, 'a: 'n, T: Kind<'n, 'a>>() -> String {
    format!("must be {}", T::WORDS)
}

/// The violation of a text that is none of some names.
pub(super) fn one_of(names: &[&str]) -> String {
    format!("must be one of [{}]", names.join(", "))
}

/// The fields of an object at hand, each to be taken once. Those that nobody takes are ignored, as the API
/// does, unless it is to be stricter.
#[derive(Debug)]
pub(super) struct Fields<'n, 'a> {
    object: JsonObject<'n, 'a>,
    violations: &'n mut Violations,
    /// The names that were taken, where that matters.
    taken: Vec<&'static str>,
}

impl<'n, 'a> Fields<'n, 'a> {
    /// Says what is wrong with a field.
    pub(super) fn say(&mut self, name: &'static str, violation: impl Into<String>) {
        self.violations.at(PathStep::Name(name.into()), |violations| violations.say(violation));
    }

    /// Whether a field is there, whatever it is.
    pub(super) fn has(&self, name: &str) -> bool {
        self.object.values(name).any(|value| !value.is_null())
    }

    /// Names the fields that nobody took, if they are to be refused.
    fn end(self) {
        if self.violations.strictness.unknown_fields == UnknownFieldRule::Refuse {
            for name in self.object.names().filter(|name| !self.taken.contains(name)) {
                let step = PathStep::Name(repeated(name).into());
                self.violations.at(step, |violations| violations.say("must not be there: the API has no such field"));
            }
        }
    }

    /// Takes what a field has; `None` if it has nothing.
    fn take(&mut self, name: &'static str) -> Option<Json<'n, 'a>> {
        if self.violations.strictness.unknown_fields == UnknownFieldRule::Refuse {
            self.taken.push(name);
        }
        let mut values = self.object.values(name);
        let taken = values.next();
        if taken.is_some() && values.next().is_some() {
            self.say(name, "must not be there twice");
        }
        taken.filter(|json| !json.is_null())
    }

    /// Takes a field that may be absent.
    pub(super) fn optional<T: Kind<'n, 'a>>(&mut self, name: &'static str) -> Option<T> {
        let is_null = || self.object.values(name).any(Json::is_null);
        if self.violations.strictness.nulls == Nulls::Refuse && is_null() {
            self.say(name, NULL);
        }
        let json = self.take(name)?;
        self.kind(name, json)
    }

    /// Takes a field that must be there.
    pub(super) fn required<T: Kind<'n, 'a>>(&mut self, name: &'static str) -> Option<T> {
        let Some(json) = self.take(name) else {
            self.say(name, NULL);
            return None;
        };
        self.kind(name, json)
    }

    fn kind<T: Kind<'n, 'a>>(&mut self, name: &'static str, json: Json<'n, 'a>) -> Option<T> {
        let value = T::of(json);
        if value.is_none() {
            self.say(name, wrong_kind::<T>());
        }
        value
    }

    /// Takes a text that may be absent and has at most so many characters.
    pub(super) fn text(&mut self, name: &'static str, chars_max: usize) -> Option<Cow<'a, str>> {
        let text = self.optional(name)?;
        self.fits(name, text, chars_max)
    }

    /// Takes a text that must be there and has at most so many characters.
    pub(super) fn required_text(&mut self, name: &'static str, chars_max: usize) -> Option<Cow<'a, str>> {
        let text = self.required(name)?;
        self.fits(name, text, chars_max)
    }

    fn fits(&mut self, name: &'static str, text: Cow<'a, str>, chars_max: usize) -> Option<Cow<'a, str>> {
        // There are never more characters than bytes, so most texts need no counting.
        if text.len() <= chars_max || text.chars().count() <= chars_max {
            return Some(text);
        }
        self.say(name, format!("size must be between 0 and {chars_max}"));
        None
    }

    /// Takes a whole number that must be there and lie in a range.
    pub(super) fn integer<T>(&mut self, name: &'static str, range: &RangeInclusive<T>) -> Option<T>
    where
        T: Copy + PartialOrd + Into<i64> + TryFrom<i64> + std::fmt::Display,
    {
        let number: i64 = self.required(name)?;
        if number < (*range.start()).into() {
            self.say(name, format!("must be greater than or equal to {}", range.start()));
            return None;
        }
        let fitting = T::try_from(number).ok().filter(|number| range.contains(number));
        if fitting.is_none() {
            self.say(name, format!("must be less than or equal to {}", range.end()));
        }
        fitting
    }

    /// Takes one of a type's names, which may be absent.
    pub(super) fn choice<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<T> {
        let text: Cow<'a, str> = self.optional(name)?;
        self.violations.at(PathStep::Name(name.into()), |violations| violations.choice(&text))
    }

    /// Takes one of a type's names, which must be there.
    pub(super) fn required_choice<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<T> {
        let text: Cow<'a, str> = self.required(name)?;
        self.violations.at(PathStep::Name(name.into()), |violations| violations.choice(&text))
    }

    /// Reads an object that may be absent.
    pub(super) fn object<T>(
        &mut self,
        name: &'static str,
        inside: impl FnOnce(&mut Fields<'_, 'a>) -> Option<T>,
    ) -> Option<T> {
        let object = self.optional(name)?;
        self.violations.at(PathStep::Name(name.into()), |violations| violations.fields(object, inside))
    }

    /// Reads an object that must be there.
    pub(super) fn required_object<T>(
        &mut self,
        name: &'static str,
        inside: impl FnOnce(&mut Fields<'_, 'a>) -> Option<T>,
    ) -> Option<T> {
        let object = self.required(name)?;
        self.violations.at(PathStep::Name(name.into()), |violations| violations.fields(object, inside))
    }

    /// Reads the items of a list that must be there and have some; leaves out those that cannot be used.
    pub(super) fn required_items<T: Kind<'n, 'a>, U>(
        &mut self,
        name: &'static str,
        inside: impl FnMut(&mut Violations, T) -> Option<U>,
    ) -> Vec<U> {
        let items: Option<JsonList<'n, 'a>> = self.required(name);
        if items.is_some_and(JsonList::is_empty) {
            self.say(name, "must not be empty");
        }
        self.items(name, items.unwrap_or_default(), inside)
    }

    /// Reads the items of a list; leaves out those that cannot be used.
    pub(super) fn items<T: Kind<'n, 'a>, U>(
        &mut self,
        name: &'static str,
        items: JsonList<'n, 'a>,
        mut inside: impl FnMut(&mut Violations, T) -> Option<U>,
    ) -> Vec<U> {
        let mut read = Vec::new();
        self.violations.at(PathStep::Name(name.into()), |violations| {
            for (index, item) in items.items().enumerate() {
                read.extend(violations.at(PathStep::Index(index), |violations| {
                    if let Some(item) = T::of(item) {
                        return inside(violations, item);
                    }
                    violations.say(if item.is_null() { NULL.to_owned() } else { wrong_kind::<T>() });
                    None
                }));
            }
        });
        read
    }
}
