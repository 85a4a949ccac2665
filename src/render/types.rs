//! What an expression is, as far as it can be said without a row: every column is text, so
//! everything else follows.

use std::fmt;

/// The type of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Number,
    Bool,
    /// A list of texts.
    Texts,
    /// A list of numbers.
    Numbers,
    /// A lookup from texts to texts.
    TextMap,
    /// A lookup from texts to numbers.
    NumberMap,
    /// The `loop` of a `for`.
    Loop,
    /// What `and` and `or` give over different types: only good to be tested.
    Truth,
    /// Already reported; fits everything.
    Unknown,
}

impl Type {
    /// Whether a value of this type may stand where another type is wanted.
    pub(super) fn fits(self, wanted: Self) -> bool {
        self == wanted || self == Self::Unknown || wanted == Self::Unknown
    }

    /// The list of this type.
    pub(super) fn list(self) -> Option<Self> {
        match self {
            Self::Text => Some(Self::Texts),
            Self::Number => Some(Self::Numbers),
            Self::Unknown => Some(Self::Unknown),
            Self::Bool | Self::Texts | Self::Numbers | Self::TextMap | Self::NumberMap | Self::Loop | Self::Truth => {
                None
            }
        }
    }

    /// The lookup with values of this type.
    pub(super) fn map(self) -> Option<Self> {
        match self.list() {
            Some(Self::Texts) => Some(Self::TextMap),
            Some(Self::Numbers) => Some(Self::NumberMap),
            other => other,
        }
    }

    /// What a list or lookup holds.
    pub(super) fn element(self) -> Option<Self> {
        match self {
            Self::Texts | Self::TextMap => Some(Self::Text),
            Self::Numbers | Self::NumberMap => Some(Self::Number),
            Self::Unknown => Some(Self::Unknown),
            Self::Text | Self::Number | Self::Bool | Self::Loop | Self::Truth => None,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Bool => "a condition",
            Self::Texts => "a list of texts",
            Self::Numbers => "a list of numbers",
            Self::TextMap => "a lookup of texts",
            Self::NumberMap => "a lookup of numbers",
            Self::Loop => "the loop",
            Self::Truth => "`and` or `or` over different things",
            Self::Unknown => "something unknown",
        })
    }
}
