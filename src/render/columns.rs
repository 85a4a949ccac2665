//! Which columns a template or expression uses, and whether an audience has them.

use crate::diagnostic::suggest::nearest;
use crate::diagnostic::words::is_address_or_number;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::render::slips::column_form;
use crate::render::{ColumnNames, visible_name};

/// A column that is used, at its first use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnUse {
    /// The column's name.
    pub name: String,
    /// Where it is used first.
    pub place: Place,
    /// Whether something is compared with it, so that it may be a text without its quotes.
    pub is_compared: bool,
}

/// Says which used columns an audience lacks, each with the nearest name that it has, in the form in
/// which an expression names it.
///
/// `audience_file` names the audience in the message.
#[must_use]
pub fn check_columns(uses: &[ColumnUse], header: &ColumnNames, audience_file: &str) -> Diagnostics {
    missing(uses, header, audience_file, |used, diagnostic| {
        let names = header.names();
        let quotes =
            if used.is_compared { format!("; a text stands in quotes: `\"{}\"`", used.name) } else { String::new() };
        let diagnostic = diagnostic.help(format!("{}{quotes}", columns_help(names)));
        match nearest(&used.name, names.iter().map(String::as_str)).filter(|name| !is_somebodys(name)) {
            // A name that only looks like a column is no help if a text is meant.
            Some(name) if !used.is_compared => {
                diagnostic.label(format!("did you mean `{}`?", column_form(&visible_name(name))))
            }
            Some(_) | None => diagnostic,
        }
    })
}

/// The same for columns that are named outside of expressions.
#[must_use]
pub fn check_column_names(uses: &[ColumnUse], header: &ColumnNames, audience_file: &str) -> Diagnostics {
    missing(uses, header, audience_file, |used, diagnostic| {
        let names = header.names();
        let diagnostic = diagnostic.help(columns_help(names));
        match nearest(&used.name, names.iter().map(String::as_str)).filter(|name| !is_somebodys(name)) {
            Some(name) => diagnostic.label(format!("did you mean `{}`?", visible_name(name))),
            None => diagnostic,
        }
    })
}

fn missing(
    uses: &[ColumnUse],
    header: &ColumnNames,
    audience_file: &str,
    help: impl Fn(&ColumnUse, Diagnostic) -> Diagnostic,
) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    for used in uses.iter().filter(|used| header.position(&used.name).is_none()) {
        let message = format!("`{audience_file}` has no column `{}`", visible_name(&used.name));
        diagnostics.push(help(used, Diagnostic::error(Code::UnknownColumn, message, used.place.clone())));
    }
    diagnostics
}

fn columns_help(names: &[String]) -> String {
    const SHOWN_MAX: usize = 20;
    if names.iter().any(|name| is_somebodys(name)) {
        return "its first line looks like a row, and not like the names of columns: write a header above it"
            .to_owned();
    }
    let shown: Vec<String> = names.iter().take(SHOWN_MAX).map(|name| format!("`{}`", visible_name(name))).collect();
    let rest = if names.len() > SHOWN_MAX { ", …" } else { "" };
    format!("its columns are {}{rest}", shown.join(", "))
}

/// Whether the name of a column is likely a cell of somebody's row: an address or a long number, but no word with a
/// number. Then no name of that line is shown.
fn is_somebodys(name: &str) -> bool {
    is_address_or_number(name) && (name.contains('@') || !name.chars().any(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_that_is_somebodys_row_is_not_shown() {
        for row in [["Ana Anić", "ana@example.com"], ["Ana Anić", "17841400000000001"], ["Ana", "+385 91 123 4567"]] {
            let help = columns_help(&row.map(str::to_owned));
            assert!(help.starts_with("its first line looks like a row"), "{help}");
        }
        let names = ["instagram_id", "e-mail", "utm_20261201", "segment 2026"].map(str::to_owned);
        assert_eq!(columns_help(&names), "its columns are `instagram_id`, `e-mail`, `utm_20261201`, `segment 2026`");
    }

    #[test]
    fn a_misspelled_column_finds_its_neighbour() {
        let header = ColumnNames::new(["instagram_id", "first_name", "city"].map(str::to_owned).to_vec());
        let check = |name: &str, expected: Option<&str>| {
            let uses =
                [ColumnUse { name: name.to_owned(), place: Place::File("a.yaml".to_owned()), is_compared: false }];
            let found = check_columns(&uses, &header, "people.csv");
            let label = found.iter().next().map(|diagnostic| diagnostic.labels[0].text.clone());
            assert_eq!(label.as_deref(), expected, "{name}");
        };
        check("city", None);
        check("fist_name", Some("did you mean `first_name`?"));
        check("firstName", Some("did you mean `first_name`?"));
        check("Instagram-ID", Some("did you mean `instagram_id`?"));
        check("zzz", Some(""));
        check("first\u{a0}name", Some("did you mean `first_name`?"));
        let place = Place::File("a.yaml".to_owned());
        let compared = [ColumnUse { name: "TRUE".to_owned(), place, is_compared: true }];
        let found = check_columns(&compared, &header, "people.csv");
        let help = found.iter().next().and_then(|found| found.help.clone());
        let expected = "its columns are `instagram_id`, `first_name`, `city`; a text stands in quotes: `\"TRUE\"`";
        assert_eq!(help.as_deref(), Some(expected));
    }

    #[test]
    fn a_letter_that_looks_like_another_is_spelled_out() {
        let header = ColumnNames::new(["to", "n\u{430}me"].map(str::to_owned).to_vec());
        let place = Place::File("a.yaml".to_owned());
        let found = check_column_names(
            &[ColumnUse { name: "name".to_owned(), place, is_compared: false }],
            &header,
            "people.csv",
        );
        let label = found.iter().next().map(|diagnostic| diagnostic.labels[0].text.clone());
        assert_eq!(label.as_deref(), Some("did you mean `n<U+0430>me`?"));
    }
}
