//! The types of expressions: what is compared, computed and handed to filters fits together, or
//! is refused before any row is read.

use std::ops::Range;

use minijinja::machinery::ast::{self, BinOpKind, CompareOpKind, Expr, Spanned, UnaryOpKind};
use minijinja::value::ValueKind;

use crate::diagnostic::Code;
use crate::render::builtins::{FILTERS, FUNCTIONS, TESTS, find};
use crate::render::check::{SourceChecker, Use};
use crate::render::extent::extent;
use crate::render::extent::range;
use crate::render::slips::{column_form, is_keyword};
use crate::render::types::Type;
use crate::wire::visible::{first_harm, harm};

impl SourceChecker<'_> {
    /// Checks an expression and says what it is.
    pub(super) fn expression(&mut self, expr: &Expr<'_>) -> Type {
        let at = extent(expr);
        let span = range(expr.span());
        if span != at {
            self.extents.push((span.clone(), at.clone()));
        }
        match expr {
            Expr::Var(var) => self.variable(var.id, at),
            Expr::Const(constant) => self.constant(constant),
            Expr::UnaryOp(unary) => self.unary(unary),
            Expr::BinOp(binary) => {
                let names = self.names;
                let found = self.binary(binary, at);
                if is_comparison(&binary.op) {
                    self.refuse_constants(names, expr, &binary.left);
                }
                found
            }
            Expr::Compare(chain) => {
                let names = self.names;
                let found = self.comparisons(chain);
                self.refuse_constants(names, expr, &chain.expr);
                found
            }
            Expr::IfExpr(choice) => self.choice(choice, at),
            Expr::Filter(filter) => {
                let first = filter.expr.as_ref().map(|expr| (self.expression(expr), expr));
                self.word(FILTERS, "filter", filter.name, first, &filter.args, span)
            }
            Expr::Test(test) => {
                let names = self.names;
                let first = self.expression(&test.expr);
                let found = self.word(TESTS, "test", test.name, Some((first, &test.expr)), &test.args, span);
                self.refuse_constants(names, expr, &test.expr);
                found
            }
            Expr::GetAttr(attribute) => self.attribute(attribute, at),
            Expr::GetItem(item) => self.item(item, at),
            Expr::Slice(slice) => self.slice(slice, at),
            Expr::Call(call) => self.call(call, at),
            Expr::List(list) => self.list(&list.items, at),
            Expr::Tuple(tuple) => self.list(&tuple.items, at),
            Expr::Map(map) => self.map(map, at),
        }
    }

    /// Reports what has the wrong type.
    pub(super) fn wrong(&mut self, message: impl Into<String>, at: Range<usize>, help: Option<&str>) -> Type {
        self.report(self.type_code(), message, at, help);
        Type::Unknown
    }

    fn variable(&mut self, name: &str, at: Range<usize>) -> Type {
        self.names += 1;
        if let Some((_, found)) = self.scope.iter().rev().find(|(known, _)| known == name) {
            return *found;
        }
        if matches!(name, "loop" | "self") || find(FUNCTIONS, name).is_some() {
            let help = format!("if a column is called so, write `column(\"{name}\")`");
            return self.wrong(format!("`{name}` has a meaning of its own"), at, Some(&help));
        }
        if is_keyword(name) {
            let help = match name {
                "else" | "endif" | "endfor" => format!("write `{{% {name} %}}`"),
                _ => format!("if a column is called so, write `column(\"{name}\")`"),
            };
            return self.wrong(format!("`{name}` is a word of the language"), at, Some(&help));
        }
        self.uses.push(Use { name: name.to_owned(), range: at, is_compared: false });
        Type::Text
    }

    fn constant(&mut self, constant: &Spanned<ast::Const>) -> Type {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the engine's list of kinds is open")]
        match constant.value.kind() {
            ValueKind::String => {
                self.refuse_unseen(constant);
                // An escape may hide what no file may hold.
                if let Some(character) = constant.value.as_str().and_then(first_harm) {
                    let what = harm(character).unwrap_or("a character that cannot be sent");
                    let message = format!("the text holds {what} (U+{:04X})", u32::from(character));
                    self.report(
                        Code::ForbiddenCharacter,
                        message,
                        range(constant.span()),
                        Some("delete the character"),
                    );
                }
                Type::Text
            }
            ValueKind::Number => Type::Number,
            ValueKind::Bool => Type::Bool,
            _ => self.wrong(
                "`none` is no value of a cell",
                range(constant.span()),
                Some("an empty cell is `\"\"`; `is blank` finds it"),
            ),
        }
    }

    fn unary(&mut self, unary: &Spanned<ast::UnaryOp<'_>>) -> Type {
        let operand = self.expression(&unary.expr);
        match unary.op {
            UnaryOpKind::Not => Type::Bool,
            UnaryOpKind::Neg => {
                self.want(operand, Type::Number, &unary.expr);
                Type::Number
            }
        }
    }

    /// Reports an operand that is not what is wanted.
    pub(super) fn want(&mut self, found: Type, wanted: Type, expr: &Expr<'_>) {
        if found.fits(wanted) {
            return;
        }
        let help = match (found, wanted, expr) {
            (Type::Text, Type::Number, Expr::Var(var)) => {
                Some(format!("every column is text: write `int({})`", var.id))
            }
            (Type::Text, Type::Number, _) => Some("read the text as a number: `int(…)`".to_owned()),
            (Type::Number, Type::Text, Expr::Const(constant)) => Some(format!("write `\"{}\"`", constant.value)),
            _ => None,
        };
        self.wrong(format!("{wanted} is wanted here, and this is {found}"), extent(expr), help.as_deref());
    }

    /// Checks what something is compared with: a name alone is often a text whose quotes are missing.
    fn compared(&mut self, expr: &Expr<'_>) -> Type {
        let before = self.uses.len();
        let found = self.expression(expr);
        if let (Expr::Var(_), Some(used)) = (expr, self.uses.get_mut(before)) {
            used.is_compared = true;
        }
        found
    }

    fn binary(&mut self, binary: &Spanned<ast::BinOp<'_>>, at: Range<usize>) -> Type {
        let left = self.expression(&binary.left);
        let right = match binary.op {
            BinOpKind::Eq | BinOpKind::Ne => self.compared(&binary.right),
            BinOpKind::Lt
            | BinOpKind::Lte
            | BinOpKind::Gt
            | BinOpKind::Gte
            | BinOpKind::In
            | BinOpKind::ScAnd
            | BinOpKind::ScOr
            | BinOpKind::Add
            | BinOpKind::Sub
            | BinOpKind::Mul
            | BinOpKind::Div
            | BinOpKind::FloorDiv
            | BinOpKind::Rem
            | BinOpKind::Pow
            | BinOpKind::Concat => self.expression(&binary.right),
        };
        match binary.op {
            BinOpKind::Eq | BinOpKind::Ne => self.compare((left, &binary.left), (right, &binary.right), Order::Equal),
            BinOpKind::Lt | BinOpKind::Lte | BinOpKind::Gt | BinOpKind::Gte => {
                self.compare((left, &binary.left), (right, &binary.right), Order::Ordered);
            }
            BinOpKind::In => self.contains((left, &binary.left), (right, &binary.right)),
            BinOpKind::ScAnd | BinOpKind::ScOr if left == right => return left,
            BinOpKind::ScAnd | BinOpKind::ScOr => return Type::Truth,
            BinOpKind::Add if left == Type::Text && right == Type::Text => {
                self.wrong(
                    "`+` adds numbers, and these are texts",
                    at,
                    Some("write `~` to join texts, `int(…)` to add numbers"),
                );
                return Type::Unknown;
            }
            BinOpKind::Sub if left == Type::Text && right == Type::Text => {
                let name = joined(&binary.left, &binary.right);
                let help = match &name {
                    Some(name) => format!("a column with a hyphen in its name is written `{}`", column_form(name)),
                    None => "`-` takes numbers: `int(…)`".to_owned(),
                };
                self.wrong("`-` subtracts numbers, and these are texts", at, Some(&help));
                return Type::Unknown;
            }
            BinOpKind::Add
            | BinOpKind::Sub
            | BinOpKind::Mul
            | BinOpKind::Div
            | BinOpKind::FloorDiv
            | BinOpKind::Rem
            | BinOpKind::Pow => {
                self.want(left, Type::Number, &binary.left);
                self.want(right, Type::Number, &binary.right);
                return Type::Number;
            }
            BinOpKind::Concat => {
                for (found, expr) in [(left, &binary.left), (right, &binary.right)] {
                    if !matches!(found, Type::Text | Type::Number | Type::Unknown) {
                        self.wrong(format!("`~` joins texts and numbers, not {found}"), extent(expr), None);
                    }
                }
                return Type::Text;
            }
        }
        Type::Bool
    }

    fn comparisons(&mut self, chain: &Spanned<ast::Compare<'_>>) -> Type {
        let mut left = (self.expression(&chain.expr), &chain.expr);
        for comparison in &chain.ops {
            let right = (self.expression(&comparison.expr), &comparison.expr);
            match comparison.op {
                CompareOpKind::Eq | CompareOpKind::Ne => self.compare(left, right, Order::Equal),
                CompareOpKind::Lt | CompareOpKind::Lte | CompareOpKind::Gt | CompareOpKind::Gte => {
                    self.compare(left, right, Order::Ordered);
                }
                CompareOpKind::In | CompareOpKind::NotIn => self.contains(left, right),
            }
            left = right;
        }
        Type::Bool
    }

    fn compare(&mut self, left: (Type, &Expr<'_>), right: (Type, &Expr<'_>), order: Order) {
        let comparable = match order {
            Order::Equal => matches!(left.0, Type::Text | Type::Number | Type::Bool | Type::Unknown),
            Order::Ordered => matches!(left.0, Type::Text | Type::Number | Type::Unknown),
        };
        if !comparable {
            self.wrong(format!("{} cannot be compared so", left.0), extent(left.1), None);
        } else if !left.0.fits(right.0) {
            self.differ(left, right);
        } else if matches!(order, Order::Equal) {
            self.equal(left.1, right.1);
            self.equal(right.1, left.1);
        }
    }

    /// Reports two things that never can be equal.
    fn differ(&mut self, left: (Type, &Expr<'_>), right: (Type, &Expr<'_>)) {
        let (text, other) = if left.0 == Type::Text { (left.1, right) } else { (right.1, left) };
        let help = match (text, other) {
            (Expr::Var(var), (Type::Number | Type::Numbers, _)) => {
                format!("every column is text: write `int({})`", var.id)
            }
            (_, (Type::Number | Type::Numbers, _)) => "read the text as a number: `int(…)`".to_owned(),
            (_, (Type::Bool, Expr::Const(constant))) => {
                format!("every column is text: compare with `\"{}\"`", constant.value.to_string().to_lowercase())
            }
            _ => "compare texts with texts, and numbers with numbers".to_owned(),
        };
        self.wrong(format!("{} is compared with {}", left.0, right.0), extent(right.1), Some(&help));
    }

    fn contains(&mut self, left: (Type, &Expr<'_>), right: (Type, &Expr<'_>)) {
        match right.0 {
            Type::Unknown => {}
            Type::Text | Type::TextMap | Type::NumberMap => {
                self.want(left.0, Type::Text, left.1);
                self.within(left.1, right.1);
            }
            Type::Texts | Type::Numbers => {
                if !left.0.fits(right.0.element().unwrap_or(Type::Unknown)) {
                    self.differ(left, right);
                } else if let Expr::List(list) = right.1 {
                    list.items.iter().for_each(|item| self.equal(left.1, item));
                }
            }
            Type::Number | Type::Bool | Type::Loop | Type::Truth => {
                self.wrong(format!("`in` looks into a list or a text, not {}", right.0), extent(right.1), None);
            }
        }
    }

    fn choice(&mut self, choice: &Spanned<ast::IfExpr<'_>>, at: Range<usize>) -> Type {
        self.expression(&choice.test_expr);
        self.tested(&choice.test_expr);
        let left = self.expression(&choice.true_expr);
        let Some(otherwise) = &choice.false_expr else {
            return self.wrong("this `if` has no `else`", at, Some("write `… if … else …`, or `{% if … %}`"));
        };
        let right = self.expression(otherwise);
        if !left.fits(right) {
            return self.wrong(format!("this is {left} or {right}"), at, Some("both sides need the same type"));
        }
        left
    }

    fn attribute(&mut self, attribute: &Spanned<ast::GetAttr<'_>>, at: Range<usize>) -> Type {
        if let Some(before) = dotted(&attribute.expr).filter(|before| !self.is_local(before)) {
            let (name, whole) = (attribute.name, format!("{before}.{}", attribute.name));
            let help = format!(
                "columns are named alone: `{{{{ {name} }}}}`; one with a dot in its name is written `{}`",
                column_form(&whole)
            );
            return self.wrong(format!("a text has no `.{name}`"), at, Some(&help));
        }
        match (self.expression(&attribute.expr), attribute.name) {
            (Type::Unknown, _) => Type::Unknown,
            (Type::Loop, "index" | "index0" | "revindex" | "revindex0" | "length") => Type::Number,
            (Type::Loop, "first" | "last") => Type::Bool,
            (Type::Loop, name) => self.wrong(format!("`loop` has no `{name}`"), at, None),
            (found, name) => {
                self.wrong(format!("{found} has no `.{name}`"), at, Some("columns are named alone: `{{ city }}`"))
            }
        }
    }

    /// Whether a name, with dots or without, begins with one that means something of its own.
    fn is_local(&self, dotted: &str) -> bool {
        let first = dotted.split('.').next().unwrap_or_default();
        matches!(first, "loop" | "self") || self.scope.iter().any(|(known, _)| known == first)
    }

    fn item(&mut self, item: &Spanned<ast::GetItem<'_>>, at: Range<usize>) -> Type {
        let found = self.expression(&item.expr);
        let key = self.expression(&item.subscript_expr);
        match found {
            Type::TextMap | Type::NumberMap => self.want(key, Type::Text, &item.subscript_expr),
            Type::Texts | Type::Numbers => self.want(key, Type::Number, &item.subscript_expr),
            Type::Unknown => {}
            Type::Text | Type::Number | Type::Bool | Type::Loop | Type::Truth => {
                let help = if key == Type::Text {
                    "columns are named alone: `{{ city }}`"
                } else {
                    "write `first`, `last` or a slice such as `[:3]`"
                };
                return self.wrong(format!("{found} has no parts"), at, Some(help));
            }
        }
        found.element().unwrap_or(Type::Unknown)
    }

    fn slice(&mut self, slice: &Spanned<ast::Slice<'_>>, at: Range<usize>) -> Type {
        let found = self.expression(&slice.expr);
        for bound in [&slice.start, &slice.stop, &slice.step].into_iter().flatten() {
            let bound_type = self.expression(bound);
            self.want(bound_type, Type::Number, bound);
        }
        match found {
            Type::Text | Type::Texts | Type::Numbers | Type::Unknown => {
                self.slices.push(at);
                found
            }
            Type::Number | Type::Bool | Type::TextMap | Type::NumberMap | Type::Loop | Type::Truth => {
                self.wrong(format!("{found} cannot be sliced"), at, None)
            }
        }
    }

    fn list(&mut self, items: &[Expr<'_>], at: Range<usize>) -> Type {
        let mut element = Type::Unknown;
        for item in items {
            let found = self.compared(item);
            if !found.fits(element) {
                return self.wrong(
                    format!("a list holds {element} and {found}"),
                    extent(item),
                    Some("a list holds texts or numbers"),
                );
            }
            element = if element == Type::Unknown { found } else { element };
        }
        if items.is_empty() {
            return Type::Texts;
        }
        element.list().unwrap_or_else(|| self.wrong(format!("a list cannot hold {element}"), at, None))
    }

    fn map(&mut self, map: &Spanned<ast::Map<'_>>, at: Range<usize>) -> Type {
        for key in &map.keys {
            let found = self.expression(key);
            self.want(found, Type::Text, key);
        }
        let values = self.list(&map.values, at);
        values.element().and_then(Type::map).unwrap_or(Type::Unknown)
    }
}

/// A name with dots, as it is written.
fn dotted(expr: &Expr<'_>) -> Option<String> {
    if let Expr::GetAttr(attribute) = expr {
        return Some(format!("{}.{}", dotted(&attribute.expr)?, attribute.name));
    }
    if let Expr::Var(var) = expr { Some(var.id.to_owned()) } else { None }
}

/// The name that two names with a hyphen between them are.
fn joined(left: &Expr<'_>, right: &Expr<'_>) -> Option<String> {
    let left = if let Expr::BinOp(binary) = left
        && matches!(binary.op, BinOpKind::Sub)
    {
        joined(&binary.left, &binary.right)?
    } else if let Expr::Var(var) = left {
        var.id.to_owned()
    } else {
        return None;
    };
    if let Expr::Var(right) = right { Some(format!("{left}-{}", right.id)) } else { None }
}

/// Whether an operation compares its sides.
const fn is_comparison(operation: &BinOpKind) -> bool {
    matches!(
        operation,
        BinOpKind::Eq | BinOpKind::Ne | BinOpKind::Lt | BinOpKind::Lte | BinOpKind::Gt | BinOpKind::Gte | BinOpKind::In
    )
}

/// What a comparison asks of its sides.
#[derive(Debug, Clone, Copy)]
enum Order {
    Equal,
    Ordered,
}

#[cfg(test)]
mod tests {
    use crate::render::fixture::{condition, list};

    #[test]
    fn conditions_are_typed_before_any_row_is_read() {
        let check = |source: &str, expected: &str| {
            let found = condition(source).map_or_else(|diagnostics| list(&diagnostics), |_| "fine".to_owned());
            assert_eq!(found, expected, "{source}");
        };
        for fine in [
            "consent == 'yes' and country in ['HR', 'SI']",
            "int(age) >= 18",
            "float(score) > 1.5 or age | int < 3",
            "not (a == b)",
            "a is blank or b is not blank",
            "1 < int(a) <= 5",
            "a != 'x' and 'vip' in tags",
            "a in {'x': 1}",
            "'x' in tags | split(',')",
            "joined_at >= '2026-01-01'",
            "true",
            "(a if b == 'x' else c) == 'y'",
        ] {
            check(fine, "fine");
        }
        check(
            "age > 18",
            "where-failed: a text is compared with a number @ 18 (every column is text: write `int(age)`)",
        );
        check(
            "18 < age",
            "where-failed: a number is compared with a text @ age (every column is text: write `int(age)`)",
        );
        check(
            "1 < age < 5",
            "where-failed: a number is compared with a text @ age (every column is text: write `int(age)`)\nwhere-failed: a text is compared with a number @ 5 (every column is text: write `int(age)`)",
        );
        check(
            "age in [18, 19]",
            "where-failed: a text is compared with a list of numbers @ [18, 19] (every column is text: write `int(age)`)",
        );
        check(
            "age | trim == 18",
            "where-failed: a text is compared with a number @ 18 (read the text as a number: `int(…)`)",
        );
        check(
            "vip == true",
            "where-failed: a text is compared with a condition @ true (every column is text: compare with `\"true\"`)",
        );
        check(
            "consent",
            "where-failed: this is a text, not a condition @ consent (write a comparison, such as `consent == \"yes\"`)",
        );
        check(
            "consent and a == 'x'",
            "where-failed: this is `and` or `or` over different things, not a condition @ consent and a == 'x' (write a comparison, such as `consent == \"yes\"`)",
        );
        check(
            "a == none",
            "where-failed: `none` is no value of a cell @ none (an empty cell is `\"\"`; `is blank` finds it)",
        );
        check(
            "age + 1 == 2",
            "where-failed: a number is wanted here, and this is a text @ age (every column is text: write `int(age)`)",
        );
        check("a in 5", "where-failed: `in` looks into a list or a text, not a number @ 5");
        check("5 in 'abc'", "where-failed: a text is wanted here, and this is a number @ 5 (write `\"5\"`)");
        check("a in ['x', 1]", "where-failed: a list holds a text and a number @ 1 (a list holds texts or numbers)");
        check(
            "a.b == 'x'",
            "where-failed: a text has no `.b` @ a.b (columns are named alone: `{{ b }}`; one with a dot in its name is written `column(\"a.b\")`)",
        );
        check(
            "a.lower() == 'x'",
            "where-failed: only functions can be called @ a.lower() (write a filter: `{{ city | upper }}`)",
        );
        check("a | lowr == 'x'", "unknown-filter: there is no filter `lowr` @ lowr (did you mean `lower`?)");
        check(
            "a is defined",
            "unknown-filter: there is no test `defined` @ defined (a cell is never undefined; write `is blank` or `is not blank`)",
        );
        check(
            "a is gt 5",
            "unknown-filter: there is no test `gt` @ gt 5 (write the comparison with `==`, `!=`, `<`, `<=`, `>` or `>=`)",
        );
        check("skip('x') == 'x'", "where-failed: `skip` belongs in a template @ 'x' (let the expression be false)");
        check(
            "range(5) == a",
            "unknown-filter: there is no function `range` @ range(5) (write the list out: `[1, 2, 3]`)",
        );
        check(
            "a ==",
            "template-syntax: unexpected end of input, expected expression @ == (write an expression such as `consent == \"yes\" and country in [\"HR\", \"SI\"]`)",
        );
    }
}
