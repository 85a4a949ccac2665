//! The filters, tests and functions that there are, with what they take and give.

use crate::render::types::Type;

/// What a filter, test or function takes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// One type only.
    One(Type),
    /// A text or a number.
    TextOrNumber,
    /// A list of any type.
    List,
    /// A text or a list.
    TextOrList,
}

/// What it gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    /// Always this.
    One(Type),
    /// Of a text a text, of a list what the list holds.
    Element,
}

/// One word of the language.
#[derive(Debug)]
pub(super) struct Builtin {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    /// The types of the further arguments.
    pub(super) arguments: &'static [Type],
    /// How many of them must be there.
    pub(super) required: usize,
    pub(super) gives: Gives,
}

const fn word(name: &'static str, takes: Takes, arguments: &'static [Type], required: usize, gives: Gives) -> Builtin {
    Builtin { name, takes, arguments, required, gives }
}

const TEXT: Takes = Takes::One(Type::Text);
const NUMBER: Takes = Takes::One(Type::Number);
const TO_TEXT: Gives = Gives::One(Type::Text);
const TO_NUMBER: Gives = Gives::One(Type::Number);
const TO_BOOL: Gives = Gives::One(Type::Bool);

/// The filters.
pub(super) const FILTERS: &[Builtin] = &[
    word("fallback", TEXT, &[Type::Text], 1, TO_TEXT),
    word("truncate", TEXT, &[Type::Number, Type::Text], 1, TO_TEXT),
    word("upper", TEXT, &[], 0, TO_TEXT),
    word("lower", TEXT, &[], 0, TO_TEXT),
    word("title", TEXT, &[], 0, TO_TEXT),
    word("capitalize", TEXT, &[], 0, TO_TEXT),
    word("trim", TEXT, &[], 0, TO_TEXT),
    word("replace", TEXT, &[Type::Text, Type::Text], 2, TO_TEXT),
    word("split", TEXT, &[Type::Text], 1, Gives::One(Type::Texts)),
    word("join", Takes::List, &[Type::Text], 0, TO_TEXT),
    word("first", Takes::TextOrList, &[], 0, Gives::Element),
    word("last", Takes::TextOrList, &[], 0, Gives::Element),
    word("length", Takes::TextOrList, &[], 0, TO_NUMBER),
    word("int", Takes::TextOrNumber, &[], 0, TO_NUMBER),
    word("float", Takes::TextOrNumber, &[], 0, TO_NUMBER),
    word("round", NUMBER, &[Type::Number], 0, TO_NUMBER),
    word("abs", NUMBER, &[], 0, TO_NUMBER),
];

/// The tests, written after `is`.
pub(super) const TESTS: &[Builtin] = &[
    word("blank", TEXT, &[], 0, TO_BOOL),
    word("startingwith", TEXT, &[Type::Text], 1, TO_BOOL),
    word("endingwith", TEXT, &[Type::Text], 1, TO_BOOL),
    word("odd", NUMBER, &[], 0, TO_BOOL),
    word("even", NUMBER, &[], 0, TO_BOOL),
];

/// The functions. `skip` and `column` are checked apart: they take a text written out.
pub(super) const FUNCTIONS: &[Builtin] = &[
    word("int", Takes::TextOrNumber, &[], 0, TO_NUMBER),
    word("float", Takes::TextOrNumber, &[], 0, TO_NUMBER),
    word("skip", TEXT, &[], 0, TO_TEXT),
    word("column", TEXT, &[], 0, TO_TEXT),
];

/// Finds a word by its name.
pub(super) fn find<'a>(words: &'a [Builtin], name: &str) -> Option<&'a Builtin> {
    words.iter().find(|word| word.name == name)
}

/// What to write instead of a word that other template languages have.
pub(super) fn instead_of(name: &str) -> Option<&'static str> {
    Some(match name {
        "default" | "d" | "default_if_none" | "ifempty" | "coalesce" => {
            "write `fallback(\"…\")`: a cell is never undefined, but it may be blank"
        }
        "defined" | "undefined" | "none" | "null" | "empty" | "nil" | "NULL" | "None" | "present" | "set" => {
            "a cell is never undefined; write `is blank` or `is not blank`"
        }
        "eq" | "equalto" | "ne" | "lt" | "le" | "gt" | "ge" | "lessthan" | "greaterthan" | "sameas" => {
            "write the comparison with `==`, `!=`, `<`, `<=`, `>` or `>=`"
        }
        "safe" | "escape" | "e" | "string" => "nothing is escaped, and every column is text: leave it out",
        "count" | "size" | "len" => "write `length`",
        "upcase" | "uppercase" | "toUpperCase" | "ucase" => "write `upper`",
        "downcase" | "lowercase" | "toLowerCase" | "lcase" => "write `lower`",
        "strip" | "lstrip" | "rstrip" | "squeeze" => "write `trim`",
        "titleize" | "titlecase" | "title_case" | "properCase" => "write `title`",
        "capfirst" | "ucfirst" | "capitalise" => "write `capitalize`",
        "truncatechars" | "slice" | "limit" => "write `truncate(20)`",
        "date" | "strftime" | "datetimeformat" => "a date is a text here: put it into the column as it should be read",
        "contains" | "includes" | "containing" | "match" | "matching" => "write `\"vip\" in tags`",
        "startswith" => "write `startingwith(\"…\")`",
        "endswith" => "write `endingwith(\"…\")`",
        "range" => "write the list out: `[1, 2, 3]`",
        "now" | "random" | "env" => "a template is pure: the same row always gives the same text",
        _ => return None,
    })
}
