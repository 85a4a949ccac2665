//! What was pasted from another tool: its placeholders, and markup. To this language they are text, so
//! they would be sent as they are.

mod marks;
mod markup;
mod names;

use std::collections::BTreeSet;
use std::ops::Range;

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::render::ColumnNames;
use crate::render::blanks::Literal;
use crate::render::position::Position;
use crate::render::segments::Segment;
use crate::render::slips::column_form;

use marks::Strength;

/// How many findings of one source are told.
const FINDINGS_MAX: usize = 20;

/// What a template is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A text for people.
    Text,
    /// Data that comes back in delivery reports: often JSON or XML.
    CallbackData,
}

/// Something that looks as if it came from another tool.
#[derive(Debug, Clone)]
pub(super) struct Foreign {
    place: Place,
    /// As it is written.
    written: String,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Placeholder {
        inside: String,
        /// What may be meant, in plain form.
        names: Vec<String>,
        /// Whether it is one even if no column has its name.
        is_certain: bool,
    },
    Markup {
        help: &'static str,
    },
    /// A text that is written out within a tag.
    Quoted(String),
}

/// Finds placeholders and markup in the text of a template.
pub(super) fn find(source: &str, segments: &[Segment], purpose: Purpose, position: &Position) -> Vec<Foreign> {
    let is_json = purpose == Purpose::CallbackData && is_json(source);
    let mut found: Vec<Foreign> = Vec::new();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for segment in segments.iter().filter(|segment| !segment.is_raw) {
        let Some(text) = source.get(segment.range.clone()) else { continue };
        let mut at = 0;
        while let Some(next) = text.get(at..).and_then(|rest| rest.chars().next()) {
            let seen = if next.is_alphanumeric() { None } else { look(text, at, purpose, is_json) };
            let Some((range, what)) = seen else {
                at += next.len_utf8();
                continue;
            };
            at = range.end;
            let written = text.get(range.clone()).unwrap_or_default();
            if known.insert(written) {
                let range = segment.range.start + range.start..segment.range.start + range.end;
                found.push(Foreign { place: position.place(&range), written: written.to_owned(), what });
            }
            if found.len() == FINDINGS_MAX {
                return found;
            }
        }
    }
    if purpose == Purpose::Text {
        for segment in segments.iter().filter(|segment| !segment.is_raw) {
            let text = source.get(segment.range.clone()).unwrap_or_default();
            for (at, word) in marks::bare_names(text) {
                let inside_other = found.iter().any(|other| other.written.contains(word));
                let is_full = found.len() >= FINDINGS_MAX;
                if !inside_other && !is_full && !is_in_address(text, at) && known.insert(word) {
                    let start = segment.range.start + at;
                    let names = vec![names::plain(word)];
                    let what = What::Placeholder { inside: word.to_owned(), names, is_certain: false };
                    let place = position.place(&(start..start + word.len()));
                    found.push(Foreign { place, written: word.to_owned(), what });
                }
            }
        }
    }
    found
}

/// Whether data is JSON, in which braces and brackets have a meaning of their own.
pub(super) fn is_json(source: &str) -> bool {
    let source = source.trim();
    source.starts_with('{') && source.ends_with('}') && source.contains('"')
        || source.starts_with('[') && source.ends_with(']')
}

fn look(text: &str, at: usize, purpose: Purpose, is_json: bool) -> Option<(Range<usize>, What)> {
    if purpose == Purpose::Text
        && let Some((range, help)) = markup::at(text, at)
    {
        return Some((range, What::Markup { help }));
    }
    let marked = marks::at(text, at)?;
    let names = names::candidates(&marked.inside);
    // In JSON braces and brackets hold anything; but a word without quotes stands in none.
    if is_json && text.get(at..).is_some_and(|rest| rest.starts_with(['{', '['])) {
        let plain = marked.inside.chars().all(|next| next.is_ascii_alphanumeric() || next == '_');
        let quoted = text.get(..at).is_some_and(|before| before.ends_with('"'));
        if !plain || !quoted || names.is_empty() {
            return None;
        }
    }
    if marked.strength != Strength::Strong && (purpose == Purpose::CallbackData || is_in_address(text, at)) {
        return None;
    }
    let is_certain = marked.is_certain();
    Some((marked.range, What::Placeholder { inside: marked.inside, names, is_certain }))
}

/// Takes a text that is written out within a tag: its quotes may be one pair too many.
pub(super) fn quoted(source: &str, literal: &Literal, position: &Position) -> Foreign {
    let written = source.get(literal.range.clone()).unwrap_or_default().to_owned();
    Foreign { place: position.place(&literal.range), written, what: What::Quoted(literal.text.clone()) }
}

/// Whether a byte stands in the address of a page, which has marks of its own.
fn is_in_address(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let start = before.rfind(char::is_whitespace).map_or(0, |blank| blank + 1);
    before.get(start..).is_some_and(|word| word.contains("://") || word.starts_with("www."))
}

impl Foreign {
    /// Says what it is, as far as that can be told: an error if it has the name of a column.
    pub(super) fn told(&self, header: Option<&ColumnNames>) -> Option<Diagnostic> {
        let written = &self.written;
        let (inside, names, is_certain) = match &self.what {
            What::Placeholder { inside, names, is_certain } => (inside, names, *is_certain),
            What::Markup { help } => {
                let message = format!("`{written}` is sent as it is written");
                return Some(Diagnostic::warning(Code::Markup, message, self.place.clone()).help(*help));
            }
            What::Quoted(text) => {
                let column = names::column(&[names::plain(text)], header?)?;
                let message = format!("{written} is a text, and sent as it is written, though `{column}` is a column");
                let help = format!("write it without quotes: `{}`", column_form(column));
                return Some(Diagnostic::error(Code::ForeignPlaceholder, message, self.place.clone()).help(help));
            }
        };
        if let Some(column) = header.and_then(|header| names::column(names, header)) {
            let message = format!("`{written}` is sent as it is written, though `{column}` is a column");
            let help = format!("write `{{{{ {} }}}}`", column_form(column));
            return Some(Diagnostic::error(Code::ForeignPlaceholder, message, self.place.clone()).help(help));
        }
        if !is_certain {
            return None;
        }
        let message = format!("`{written}` looks like a placeholder of another tool, and is sent as it is written");
        let help = if inside.is_empty() || !inside.contains(char::is_alphabetic) {
            "write the column that is meant, such as `{{ first_name }}`".to_owned()
        } else if written.starts_with("{ %") {
            "write `{%` and `%}` without blanks inside".to_owned()
        } else {
            let meant = header.and_then(|header| names::similar(names, header)).map(column_form);
            format!("write `{{{{ {} }}}}`", meant.unwrap_or_else(|| names::as_column(names, inside)))
        };
        Some(Diagnostic::warning(Code::ForeignPlaceholder, message, self.place.clone()).help(help))
    }
}

#[cfg(test)]
mod tests {
    use super::Purpose;
    use crate::campaign::TemplateText;
    use crate::diagnostic::{Place, Severity, Source};
    use crate::render::fixture::{InMemory, list};
    use crate::render::{ColumnNames, Template};

    /// What is said of a text, with and without the columns.
    fn said(text: &str, purpose: Purpose, header: Option<&ColumnNames>) -> Vec<String> {
        let place = Place::Span { source: Source::new("a.yaml", text), span: 0..text.len() };
        let source = TemplateText { text: text.to_owned(), place, line_starts: Some(vec![0]), file: None };
        let found = match Template::compile(&source, purpose, &InMemory::default()) {
            Ok(template) => template.pasted(header),
            Err(found) => found,
        };
        found
            .into_iter()
            .map(|found| {
                let severity = if found.severity == Severity::Error { "error " } else { "" };
                format!("{severity}{}", list(&found.into()))
            })
            .collect()
    }

    #[test]
    fn a_placeholder_is_an_error_if_a_column_has_its_name() {
        let header =
            ColumnNames::new(["instagram_id", "first_name", "Home Town", "country"].map(str::to_owned).to_vec());
        let check = |text: &str, expect: &str| {
            assert_eq!(said(text, Purpose::Text, Some(&header)).join("\n"), expect, "{text}");
        };
        let error = |written: &str, column: &str, form: &str| {
            format!(
                "error foreign-placeholder: `{written}` is sent as it is written, though `{column}` is a column @ {written} (write `{{{{ {form} }}}}`)"
            )
        };
        let warning = |written: &str, form: &str| {
            format!(
                "foreign-placeholder: `{written}` looks like a placeholder of another tool, and is sent as it is written @ {written} (write `{{{{ {form} }}}}`)"
            )
        };
        check("Hi {first_name}!", &error("{first_name}", "first_name", "first_name"));
        check("Hi {FirstName}!", &error("{FirstName}", "first_name", "first_name"));
        check("Hi [First Name]!", &error("[First Name]", "first_name", "first_name"));
        check("Hi { { country } }!", &error("{ { country } }", "country", "country"));
        check("Hi [country]!", &error("[country]", "country", "country"));
        check("In <%= home_town %>", &error("<%= home_town %>", "Home Town", "column(\"Home Town\")"));
        check("In :home_town:", &error(":home_town:", "Home Town", "column(\"Home Town\")"));
        check("Hi *|FNAME|*!", &warning("*|FNAME|*", "first_name"));
        check("Hi %recipient.first%!", &warning("%recipient.first%", "first_name"));
        check("Code: {{ '' | fallback('') }}{coupon_code}, {coupon_code}", &warning("{coupon_code}", "coupon_code"));
        for bare in ["@first_name", ":first_name", "#first_name", "[@first_name]", "first_name", "‹first_name›"] {
            check(&format!("Hi {bare}!"), &error("first_name", "first_name", "first_name"));
        }
        check("Hi _first_name_!", &error("_first_name_", "first_name", "first_name"));
        check("Hi ^first_name^!", &error("^first_name^", "first_name", "first_name"));
        check("Hi @FirstName@!", &error("@FirstName@", "first_name", "first_name"));
        check("Hi ｛first_name｝!", &error("｛first_name｝", "first_name", "first_name"));
        check("@ana_shop, #black_friday, https://x.example/first_name", "");
        check("Tell us (country) and *country*", "");
        check("See https://x.example/?a=%FIRST_NAME%&b=#country#", "");
        check("{% raw %}{first_name}{% endraw %}", "");
        assert_eq!(said("Hi {first_name}!", Purpose::Text, None).join(""), warning("{first_name}", "first_name"));
        check(
            "Hi %s!",
            "foreign-placeholder: `%s` looks like a placeholder of another tool, and is sent as it is written @ %s (write the column that is meant, such as `{{ first_name }}`)",
        );
        check(
            "{ % if country % }a{ % endif % }",
            "foreign-placeholder: `{ % if country % }` looks like a placeholder of another tool, and is sent as it is written @ { % if country % } (write `{%` and `%}` without blanks inside)\nforeign-placeholder: `{ % endif % }` looks like a placeholder of another tool, and is sent as it is written @ { % endif % } (write `{%` and `%}` without blanks inside)",
        );
    }

    #[test]
    fn markup_is_only_for_people() {
        let text = "<b>Hi</b>&nbsp;you";
        assert_eq!(
            said(text, Purpose::Text, None),
            [
                "markup: `<b>` is sent as it is written @ <b> (leave the tag out: people see it as it is written)",
                "markup: `</b>` is sent as it is written @ </b> (leave the tag out: people see it as it is written)",
                "markup: `&nbsp;` is sent as it is written @ &nbsp; (write the character itself)",
            ]
        );
        assert_eq!(said(text, Purpose::CallbackData, None), [""; 0]);
    }

    #[test]
    fn data_may_be_json() {
        let header = ColumnNames::new(["id".to_owned()].to_vec());
        let said = |text: &str| said(text, Purpose::CallbackData, Some(&header)).len();
        for fine in [
            "{\"id\":\"{{ id }}\"}",
            "{\"a\":{\"id\":{{ id }}}}",
            "[{{ id }}]",
            "{\"a\": [\"id\"], \"b\": {}}",
            "<id>{{ id }}</id>",
            "{{ id }}",
        ] {
            assert_eq!(said(fine), 0, "{fine}");
        }
        for wrong in ["{\"id\":\"{id}\"}", "{id}", "id=[[id]]", "{{ id }}}", "id }}"] {
            assert_eq!(said(wrong), 1, "{wrong}");
        }
    }
}
