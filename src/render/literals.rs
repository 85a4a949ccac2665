//! Texts that are written out in conditions, where they say something else than is meant: a column's name
//! in quotes, a list without its brackets, marks that nobody sees. Each of them holds for every row, or for
//! none, without a word.

use minijinja::machinery::ast::{self, BinOpKind, CallArg, Expr, Spanned, UnaryOpKind};

use crate::diagnostic::Code;
use crate::render::check::SourceChecker;
use crate::render::extent::extent;
use crate::render::extent::range;
use crate::render::nesting::SourceForm;
use crate::render::slips::column_form;
use crate::render::visible_name;
use crate::wire::cell::plain;
use crate::wire::visible::{first_disguise, harm, is_blank, is_invisible};

impl SourceChecker<'_> {
    /// Refuses a comparison that knows nothing of the row: no name was met since there were so many.
    pub(super) fn refuse_constants(&mut self, names: usize, whole: &Expr<'_>, first: &Expr<'_>) {
        if self.names != names || self.diagnostics.has_errors() {
            return;
        }
        let help = match text(first).filter(|text| is_name(text)) {
            Some(name) => {
                format!("if `{name}` is a column, write it without quotes: `{}`", column_form(name))
            }
            None => "compare a column with something: `consent == \"yes\"`".to_owned(),
        };
        self.wrong("this is the same for every row: no column stands in it", extent(whole), Some(&help));
    }

    /// Refuses a text or a number in the place of a condition: it holds for every row.
    #[expect(clippy::wildcard_enum_match_arm, reason = "everything else is about the row")]
    pub(super) fn tested(&mut self, expr: &Expr<'_>) {
        match expr {
            Expr::BinOp(both) if matches!(both.op, BinOpKind::ScAnd | BinOpKind::ScOr) => {
                self.tested(&both.left);
                self.tested(&both.right);
            }
            Expr::UnaryOp(unary) if matches!(unary.op, UnaryOpKind::Not) => self.tested(&unary.expr),
            Expr::Const(constant) if bool::try_from(constant.value.clone()).is_err() || text(expr).is_some() => {
                let written = text(expr).map_or_else(|| constant.value.to_string(), |text| format!("\"{text}\""));
                let help = format!("write what it is compared with, too: `… == {written}`");
                self.wrong("this is the same for every row: no column stands in it", extent(expr), Some(&help));
            }
            _ => {}
        }
    }

    /// Refuses `column in "HR, SI"`: a part of the text would do, and an empty cell is a part of every text.
    pub(super) fn within(&mut self, left: &Expr<'_>, right: &Expr<'_>) {
        let Some(listed) = text(right).filter(|_| is_column(left)) else { return };
        let mark = [',', ';', '|'].into_iter().find(|mark| listed.contains(*mark)).unwrap_or(' ');
        let items = listed.split(mark).map(str::trim).filter(|item| !item.is_empty());
        let items: Vec<String> = items.map(|item| format!("\"{item}\"")).collect();
        let help = format!("write a list: `in [{}]`", items.join(", "));
        let message = "any part of this text would do, and nothing at all, too";
        self.wrong(message, extent(right), Some(&help));
    }

    /// Refuses that a column is compared with what no cell is.
    pub(super) fn equal(&mut self, column: &Expr<'_>, other: &Expr<'_>) {
        let (true, Expr::Const(constant), Some(text)) = (is_column(column), other, text(other)) else { return };
        if is_escaped(constant, text) {
            return;
        }
        let form = plain(text);
        let at = range(constant.span());
        if form != text {
            let message = format!(
                "no cell is `{}`: what nobody sees around a cell, and what a spreadsheet wraps around it, is dropped",
                visible_name(text)
            );
            self.wrong(message, at, Some(&format!("write \"{form}\"")));
        } else if let Some(inner) = within_curly(text) {
            let message = format!("these quotation marks are curly, so that they are a part of the text `{text}`");
            let help = format!("write \"{inner}\"; if the cells have them, write \"\\u201c…\\u201d\"");
            self.report(Code::CurlyQuotes, message, at, Some(&help));
        }
    }

    /// Refuses what nobody sees in a text of an expression, unless it is written as an escape.
    pub(super) fn refuse_unseen(&mut self, constant: &Spanned<ast::Const>) {
        let Some(text) = constant.value.as_str().filter(|text| !text.is_ascii()) else { return };
        if self.form() != SourceForm::Expression || is_escaped(constant, text) {
            return;
        }
        let starts_unseen = text.starts_with(|mark: char| is_invisible(mark) && !mark.is_whitespace());
        let has_other_blanks = text.contains(|mark: char| mark.is_whitespace() && !mark.is_ascii());
        if starts_unseen || has_other_blanks || first_disguise(text).is_some_and(|mark| harm(mark).is_none()) {
            let shown = visible_name(text);
            let message = format!("nobody sees what stands in this text: `{shown}`");
            let help = "delete it; if it is meant, write it as an escape, such as `\\u00a0`";
            self.report(Code::ForbiddenCharacter, message, range(constant.span()), Some(help));
        }
    }
}

/// The text that an expression is, if it is written out.
fn text<'a>(expr: &'a Expr<'_>) -> Option<&'a str> {
    if let Expr::Const(constant) = expr { constant.value.as_str() } else { None }
}

/// Whether a text is written with escapes: it is then longer in the source.
fn is_escaped(constant: &Spanned<ast::Const>, text: &str) -> bool {
    range(constant.span()).len() != text.len() + 2
}

/// Whether an expression is a column, or one in other letters.
#[expect(clippy::wildcard_enum_match_arm, reason = "everything else is made of columns at most")]
fn is_column(expr: &Expr<'_>) -> bool {
    match expr {
        Expr::Var(_) => true,
        Expr::Call(call) => {
            matches!((&call.expr, call.args.as_slice()), (Expr::Var(name), [CallArg::Pos(_)]) if name.id == "column")
        }
        Expr::Filter(filter) => {
            matches!(filter.name, "upper" | "lower" | "trim" | "title" | "capitalize")
                && filter.expr.as_ref().is_some_and(is_column)
        }
        _ => false,
    }
}

/// Whether a text could be a column's name.
fn is_name(text: &str) -> bool {
    const CHARS_MAX: usize = 40;
    !is_blank(text) && text.chars().count() <= CHARS_MAX && text.chars().any(char::is_alphabetic)
}

/// What stands within curly quotation marks.
fn within_curly(text: &str) -> Option<&str> {
    let is_curly = |mark: char| "“”„‟«»‘’‚".contains(mark);
    let inner = text.strip_prefix(is_curly)?.strip_suffix(is_curly)?;
    (!inner.is_empty()).then_some(inner)
}

#[cfg(test)]
mod tests {
    use crate::render::ColumnNames;
    use crate::render::fixture::{InMemory, condition, list, template};

    #[test]
    fn conditions_are_about_the_row() {
        let check = |source: &str, expect: &str| {
            let found = condition(source).map_or_else(|found| list(&found), |_| "fine".to_owned());
            assert_eq!(found, expect, "{source}");
        };
        let same = "where-failed: this is the same for every row: no column stands in it @";
        check(
            "'consent' != 'no'",
            &format!("{same} 'consent' != 'no' (if `consent` is a column, write it without quotes: `consent`)"),
        );
        check(
            "a == 'x' and \"First Name\" == 'y'",
            &format!(
                "{same} \"First Name\" == 'y' (if `First Name` is a column, write it without quotes: `column(\"First Name\")`)"
            ),
        );
        check(
            "'yes' in ['yes']",
            &format!("{same} 'yes' in ['yes'] (if `yes` is a column, write it without quotes: `yes`)"),
        );
        check("1 < 2", &format!("{same} 1 < 2 (compare a column with something: `consent == \"yes\"`)"));
        check("'x' is blank", &format!("{same} 'x' is blank (if `x` is a column, write it without quotes: `x`)"));
        check("not 'consent'", &format!("{same} 'consent' (write what it is compared with, too: `… == \"consent\"`)"));
        for fine in
            ["true", "not false", "a == 'x' and true", "'x' in a", "int(a) > 1", "a in ['x']", "a[:1] in 'AEIOU'"]
        {
            check(fine, "fine");
        }
    }

    #[test]
    fn what_holds_for_nobody_or_everybody_is_no_condition() {
        let check = |source: &str, expect: &str| {
            let found = condition(source).map_or_else(|found| list(&found), |_| "fine".to_owned());
            assert_eq!(found, expect, "{source}");
        };
        let part = "where-failed: any part of this text would do, and nothing at all, too @";
        check("a in 'HR, SI'", &format!("{part} 'HR, SI' (write a list: `in [\"HR\", \"SI\"]`)"));
        check("a | upper not in 'HR|SI'", &format!("{part} 'HR|SI' (write a list: `in [\"HR\", \"SI\"]`)"));
        check("a in 'HR'", &format!("{part} 'HR' (write a list: `in [\"HR\"]`)"));
        let around = "what nobody sees around a cell, and what a spreadsheet wraps around it, is dropped";
        check("a != ' no'", &format!("where-failed: no cell is ` no`: {around} @ ' no' (write \"no\")"));
        check("a in ['yes', 'ja ']", &format!("where-failed: no cell is `ja `: {around} @ 'ja ' (write \"ja\")"));
        check("a == ' '", &format!("where-failed: no cell is ` `: {around} @ ' ' (write \"\")"));
        let unseen = condition("a != 'no\u{200b}'").map_or_else(|found| list(&found), |_| "fine".to_owned());
        assert!(unseen.contains("nobody sees what stands in this text: `no<U+200B>`"), "{unseen}");
        for unseen in ["'opt\u{a0}out' in a", "'\u{feff}x' in a", "a == 'n\u{200b}o'"] {
            assert!(condition(unseen).is_err(), "{unseen}");
        }
        let curly = condition("a != '“no”'").map_or_else(|found| list(&found), |_| "fine".to_owned());
        assert!(curly.starts_with("curly-quotes: these quotation marks are curly"), "{curly}");
        for fine in [
            "a == 'opt\\u00a0out'",
            "a == '\\u201cno\\u201d'",
            "a == '’s-Hertogenbosch'",
            "a == '❤\u{fe0f}'",
            "a == '👩\u{200d}👧'",
            "' no' in a",
            "a | replace(' ', '') == 'x'",
            "a ~ ' ' ~ b == 'x y'",
            "a == ''",
            "a == 'Žofija Šimić'",
        ] {
            check(fine, "fine");
        }
    }

    #[test]
    fn a_column_in_quotes_is_not_sent_as_its_name() {
        let header = ColumnNames::new(["first_name", "city", "Home Town"].map(str::to_owned).to_vec());
        let check = |source: &str, expect: bool| {
            let found = match template(source, &InMemory::default()) {
                Ok(template) => template.pasted(Some(&header)),
                Err(found) => found,
            };
            assert_eq!(found.has_errors(), expect, "{source}: {}", list(&found));
        };
        for wrong in [
            "Hi {{ \"first_name\" }}",
            "Hi {{ 'first_name' | upper }}",
            "Hi {{ 'City' }}",
            "Hi {{ \"Dear \" ~ \"first_name\" }}",
            "Hi {{ 'Home Town' | fallback('x') }}",
            "{% if 'city' == 'Split' %}a{% endif %}",
            "{% if city == 'Split' or 'Zadar' %}a{% endif %}",
            "{% if 'vip' %}a{% endif %}",
            "{{ 'a' if 'vip' else 'b' }}",
            "{% if city in 'Split, Zadar' %}a{% endif %}",
            "{% if city == 'Split ' %}a{% endif %}",
        ] {
            check(wrong, true);
        }
        for fine in [
            "Hi {{ first_name }}",
            "{{ 'x' }}",
            "{{ city | fallback('city') }}",
            "{{ 'city: ' ~ city }}",
            "{{ 'city' if city == 'x' else 'town' }}",
            "{% for n in [1, 2] if n > 1 %}{% if loop.first and n == 2 %}{{ n }}{% endif %}{% endfor %}",
            "{% for n in ['city'] %}{{ n }}{% endfor %}",
            "{{ first_name or 'you' }}",
        ] {
            check(fine, false);
        }
    }
}
