//! The marks that other tools put around the name of a value.

use std::ops::Range;

use super::names::is_telling;

/// How surely marks are those of a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    /// No text is written so.
    Strong,
    /// A text may be written so: the word between them has to look like a name, or to be a column's.
    Medium,
    /// Many texts are written so: the word has to be a column's, and none that a text would have.
    Weak,
}

/// Something between marks, in bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marked {
    pub(super) range: Range<usize>,
    pub(super) inside: String,
    pub(super) strength: Strength,
}

impl Marked {
    /// Whether it is a placeholder even if no column has its name.
    pub(super) fn is_certain(&self) -> bool {
        match self.strength {
            Strength::Strong => true,
            Strength::Medium => is_telling(&self.inside),
            Strength::Weak => false,
        }
    }
}

/// The longest name between marks, in bytes.
const NAME_BYTES_MAX: usize = 60;

/// The marks, the longer ones first.
const MARKS: &[(&str, &str, Strength)] = &[
    ("{ {", "} }", Strength::Strong),
    ("{ %", "% }", Strength::Strong),
    ("*|", "|*", Strength::Strong),
    ("[[", "]]", Strength::Strong),
    ("[%", "%]", Strength::Strong),
    ("[*", "*]", Strength::Strong),
    ("<%", "%>", Strength::Strong),
    ("<?", "?>", Strength::Strong),
    ("<#", ">", Strength::Strong),
    ("<<", ">>", Strength::Strong),
    ("%%", "%%", Strength::Strong),
    ("@@", "@@", Strength::Strong),
    ("##", "##", Strength::Strong),
    ("${", "}", Strength::Strong),
    ("#{", "}", Strength::Strong),
    ("%{", "}", Strength::Strong),
    ("@{", "}", Strength::Strong),
    ("%(", ")s", Strength::Strong),
    ("{", "}", Strength::Strong),
    ("｛", "｝", Strength::Strong),
    ("||", "||", Strength::Medium),
    ("$(", ")", Strength::Medium),
    ("__", "__", Strength::Medium),
    ("((", "))", Strength::Medium),
    ("[", "]", Strength::Medium),
    ("<", ">", Strength::Medium),
    ("«", "»", Strength::Weak),
    ("%", "%", Strength::Medium),
    ("#", "#", Strength::Medium),
    ("$", "$", Strength::Medium),
    ("|", "|", Strength::Medium),
    ("(", ")", Strength::Weak),
    ("~", "~", Strength::Weak),
    ("*", "*", Strength::Weak),
    ("!", "!", Strength::Weak),
    ("-", "-", Strength::Weak),
    (":", ":", Strength::Weak),
    ("=", "=", Strength::Weak),
    ("@", "@", Strength::Weak),
    ("^", "^", Strength::Weak),
];

/// Words that no text has, because underscores are in them, whatever stands around them.
pub(super) fn bare_names(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    let words = text.split_inclusive(|mark: char| !(mark.is_alphanumeric() || mark == '_')).map(move |word| {
        let start = at;
        at += word.len();
        (start, word.trim_end_matches(|mark: char| !(mark.is_alphanumeric() || mark == '_')))
    });
    words.filter(|(_, word)| word.trim_matches('_').contains('_'))
}

/// What begins at a byte of a text, if it is a placeholder.
pub(super) fn at(text: &str, start: usize) -> Option<Marked> {
    let rest = text.get(start..)?;
    printf(text, start).or_else(|| {
        MARKS.iter().filter(|(open, _, _)| rest.starts_with(open)).find_map(|mark| between(text, start, mark))
    })
}

fn between(text: &str, start: usize, (open, close, strength): &(&str, &str, Strength)) -> Option<Marked> {
    let from = start + open.len();
    let line = text.get(from..)?.split('\n').next().unwrap_or_default();
    let length = line.find(close).filter(|length| *length <= NAME_BYTES_MAX)?;
    let (inside, end) = (line.get(..length)?, from + length + close.len());
    let good = match strength {
        Strength::Strong => is_value(inside, *open == "{"),
        Strength::Medium => is_name(inside) && is_apart(text, start, end),
        Strength::Weak => is_name(inside) && is_apart(text, start, end) && is_no_word(inside),
    };
    good.then(|| Marked { range: start..end, inside: inside.trim().to_owned(), strength: *strength })
}

/// `%s`, `%1$s`, `$first_name`: marks with no end.
fn printf(text: &str, start: usize) -> Option<Marked> {
    let rest = text.get(start..)?;
    let width = if rest.starts_with("%s") {
        2
    } else if rest.starts_with('%') && rest.get(2..).is_some_and(|tail| tail.starts_with("$s")) {
        4
    } else {
        return dollar(text, start);
    };
    is_apart(text, start, start + width).then(|| Marked {
        range: start..start + width,
        inside: String::new(),
        strength: Strength::Strong,
    })
}

fn dollar(text: &str, start: usize) -> Option<Marked> {
    let name = text.get(start..)?.strip_prefix('$')?;
    let length = name.find(|next: char| !next.is_ascii_alphanumeric() && next != '_').unwrap_or(name.len());
    let (inside, end) = (name.get(..length)?, start + 1 + length);
    // `$NAME$` is another mark.
    let good = inside.starts_with(|first: char| first.is_ascii_alphabetic()) && !text.get(end..)?.starts_with('$');
    (good && is_apart(text, start, end)).then(|| Marked {
        range: start..end,
        inside: inside.to_owned(),
        strength: Strength::Medium,
    })
}

/// Whether no letter or digit touches a range from outside.
fn is_apart(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).and_then(|before| before.chars().next_back());
    let behind = text.get(end..).and_then(|rest| rest.chars().next());
    !before.is_some_and(char::is_alphanumeric) && !behind.is_some_and(char::is_alphanumeric)
}

/// Whether something between marks that no text has may be a value.
fn is_value(inside: &str, may_be_empty: bool) -> bool {
    let inside = inside.trim();
    if inside.is_empty() {
        return may_be_empty;
    }
    inside.chars().any(char::is_alphanumeric) && !inside.contains(['{', '}', '<', '>'])
}

/// One to four words that begin with a letter.
fn is_name(inside: &str) -> bool {
    let begins = inside.starts_with(|first: char| first.is_alphabetic() || first == '_');
    let ends = inside.ends_with(|last: char| last.is_alphanumeric() || last == '_');
    let is_part = |next: char| next.is_alphanumeric() || matches!(next, '_' | '.' | '-' | ' ');
    begins && ends && inside.chars().count() > 1 && inside.chars().all(is_part) && inside.split(' ').count() <= 4
}

/// Whether no text has this for a word: it has an underscore, several parts, or a capital inside.
fn is_no_word(inside: &str) -> bool {
    let capital_inside =
        inside.chars().zip(inside.chars().skip(1)).any(|(one, next)| one.is_lowercase() && next.is_uppercase());
    capital_inside || inside.contains(['_', ' ', '.'])
}

#[cfg(test)]
mod tests {
    use super::{Marked, at};

    fn first(text: &str) -> Option<Marked> {
        (0..text.len()).filter(|start| text.is_char_boundary(*start)).find_map(|start| at(text, start))
    }

    #[test]
    fn placeholders_are_found_whole() {
        for (text, written, inside) in [
            ("Hi *|FNAME|*!", "*|FNAME|*", "FNAME"),
            ("Hi {first_name}!", "{first_name}", "first_name"),
            ("Hi { { country } }!", "{ { country } }", "country"),
            ("Hi %FIRST_NAME%!", "%FIRST_NAME%", "FIRST_NAME"),
            ("Hi %recipient.first%!", "%recipient.first%", "recipient.first"),
            ("Hi [[first_name]]!", "[[first_name]]", "first_name"),
            ("Hi [First Name]!", "[First Name]", "First Name"),
            ("Hi ${first_name}!", "${first_name}", "first_name"),
            ("Hi <%= first_name %>!", "<%= first_name %>", "= first_name"),
            ("Hi %%first_name%%!", "%%first_name%%", "first_name"),
            ("Hi #NAME#!", "#NAME#", "NAME"),
            ("Hi {$name}!", "{$name}", "$name"),
            ("Hi <<name>>!", "<<name>>", "name"),
            ("Hi %{name}!", "%{name}", "name"),
            ("Hi #{name}!", "#{name}", "name"),
            ("Hi {!Contact.FirstName}!", "{!Contact.FirstName}", "!Contact.FirstName"),
            ("Hi %(name)s!", "%(name)s", "name"),
            ("Hi %s!", "%s", ""),
            ("Hi {}!", "{}", ""),
            ("Hi {0}!", "{0}", "0"),
            ("Hi $first_name!", "$first_name", "first_name"),
            ("Hi @@name@@!", "@@name@@", "name"),
            ("Hi __name__!", "__name__", "name"),
            ("Hi :first_name:!", ":first_name:", "first_name"),
            ("Hi «FirstName»!", "«FirstName»", "FirstName"),
            ("Hi -first_name-!", "-first_name-", "first_name"),
            ("Hi <first_name>!", "<first_name>", "first_name"),
        ] {
            let found = first(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((text.get(found.range.clone()), found.inside.as_str()), (Some(written), inside), "{text}");
        }
    }

    #[test]
    fn texts_are_left_alone() {
        for text in [
            "50% off and 20% more",
            "100% wool, 5%-10% off",
            "#sale #summer",
            "only $50, or 5$!",
            "I <3 you :)",
            "Tue-Fri, 9-17",
            "yes! and no!",
            "a | b | c",
            "*now* or ~never~",
            "(in your city) 😊",
            "10:30:00",
            "5 < 6 > 4",
            "[1]",
            "a_b",
        ] {
            assert!(first(text).is_none_or(|found| !found.is_certain()), "{text}: {:?}", first(text));
        }
        for text in ["(city)", "*city*", "~city~", "-city-", "«city»", "10:30:00", "Hi {", "50% off and 20% more"] {
            assert_eq!(first(text), None, "{text}");
        }
        for text in ["[link]", "#sale#", "[SALE]"] {
            assert!(first(text).is_some_and(|found| !found.is_certain()), "{text}");
        }
    }
}
