//! Collects what is wrong with a body, with the path of each field. A path is written only when
//! there is something to say.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

use super::field::{Field, Shape};
use crate::wire::error::Violation;

/// One step of a path.
#[derive(Debug, Clone, Copy)]
enum PathStep {
    Name(&'static str),
    Index(usize),
}

/// Collects violations along a path.
#[derive(Debug, Default)]
pub(super) struct Violations {
    path: Vec<PathStep>,
    violations: Vec<Violation>,
}

impl Violations {
    /// All that was said.
    pub(super) fn into_violations(self) -> Vec<Violation> {
        self.violations
    }

    /// Says what is wrong with a field of the current object.
    pub(super) fn say(&mut self, name: &'static str, violation: impl Into<String>) {
        let property = self.property(Some(PathStep::Name(name)));
        self.violations.push(Violation { property, violation: violation.into() });
    }

    fn property(&self, last: Option<PathStep>) -> String {
        let mut text = String::new();
        for step in self.path.iter().copied().chain(last) {
            match step {
                PathStep::Name(name) => {
                    text.push_str(if text.is_empty() { "" } else { "." });
                    text.push_str(name);
                }
                // Writing to a String cannot fail.
                PathStep::Index(index) => write!(text, "[{index}]").unwrap_or_default(),
            }
        }
        text
    }

    /// Checks an object that is named.
    pub(super) fn object<T, U>(
        &mut self,
        name: &'static str,
        object: Option<T>,
        inside: impl FnOnce(&mut Self, T) -> Option<U>,
    ) -> Option<U> {
        let object = object?;
        self.path.push(PathStep::Name(name));
        let checked = inside(self, object);
        self.path.pop();
        checked
    }

    /// Checks the items of a list; the result leaves out those that cannot be used.
    pub(super) fn items<'de, T: Shape<'de>, U>(
        &mut self,
        name: &'static str,
        items: Vec<Field<T>>,
        mut inside: impl FnMut(&mut Self, T) -> Option<U>,
    ) -> Vec<U> {
        let mut checked = Vec::with_capacity(items.len());
        self.path.push(PathStep::Name(name));
        for (index, item) in items.into_iter().enumerate() {
            self.path.push(PathStep::Index(index));
            match item {
                Field::Is(item) => checked.extend(inside(self, item)),
                Field::Absent => self.say_here("must not be null"),
                Field::Wrong => self.say_here(&format!("must be {}", T::NAME)),
            }
            self.path.pop();
        }
        self.path.pop();
        checked
    }

    /// Says what is wrong with the item at hand.
    pub(super) fn say_here(&mut self, violation: &str) {
        let property = self.property(None);
        self.violations.push(Violation { property, violation: violation.to_owned() });
    }

    /// Takes a field that may be absent.
    pub(super) fn optional<'de, T: Shape<'de>>(&mut self, name: &'static str, field: Field<T>) -> Option<T> {
        match field {
            Field::Is(value) => Some(value),
            Field::Absent => None,
            Field::Wrong => {
                self.say(name, format!("must be {}", T::NAME));
                None
            }
        }
    }

    /// Takes a field that must be there.
    pub(super) fn required<'de, T: Shape<'de>>(&mut self, name: &'static str, field: Field<T>) -> Option<T> {
        if matches!(field, Field::Absent) {
            self.say(name, "must not be null");
        }
        self.optional(name, field)
    }

    /// Takes a text that may be absent and has at most so many characters.
    pub(super) fn text<'a>(
        &mut self,
        name: &'static str,
        field: Field<Cow<'a, str>>,
        chars_max: usize,
    ) -> Option<Cow<'a, str>> {
        let text = self.optional(name, field)?;
        self.fits(name, text, chars_max)
    }

    /// Takes a text that must be there and has at most so many characters.
    pub(super) fn required_text<'a>(
        &mut self,
        name: &'static str,
        field: Field<Cow<'a, str>>,
        chars_max: usize,
    ) -> Option<Cow<'a, str>> {
        let text = self.required(name, field)?;
        self.fits(name, text, chars_max)
    }

    fn fits<'a>(&mut self, name: &'static str, text: Cow<'a, str>, chars_max: usize) -> Option<Cow<'a, str>> {
        // There are never more characters than bytes, so most texts need no counting.
        if text.len() <= chars_max || text.chars().count() <= chars_max {
            return Some(text);
        }
        self.say(name, format!("size must be between 0 and {chars_max}"));
        None
    }

    /// Takes a whole number that must be there and lie in a range.
    pub(super) fn integer(
        &mut self,
        name: &'static str,
        field: Field<i64>,
        range: &RangeInclusive<u32>,
    ) -> Option<u32> {
        let number = self.required(name, field)?;
        if number < i64::from(*range.start()) {
            self.say(name, format!("must be greater than or equal to {}", range.start()));
            return None;
        }
        let fitting = u32::try_from(number).ok().filter(|number| range.contains(number));
        if fitting.is_none() {
            self.say(name, format!("must be less than or equal to {}", range.end()));
        }
        fitting
    }

    /// Takes one of the named values of a text that may be absent.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        field: Field<Cow<'_, str>>,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let text = self.optional(name, field)?;
        let chosen = choose(&text, choices);
        if chosen.is_none() {
            self.say(name, one_of(choices));
        }
        chosen
    }
}

/// Finds a named value.
pub(super) fn choose<T: Copy>(text: &str, choices: &[(&str, T)]) -> Option<T> {
    choices.iter().find(|(known, _)| *known == text).map(|(_, value)| *value)
}

/// The violation of a text that is none of the named values.
pub(super) fn one_of<T>(choices: &[(&str, T)]) -> String {
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    format!("must be one of [{}]", names.join(", "))
}
