//! How the texts of columns reach what is written. A value that is written alone is looked at as it is
//! written; one that is joined to others is looked at before that, because nobody could tell afterwards
//! that it was blank. So the source that the engine compiles has `"Dear " ~ (name)|needed` where the one
//! that was written has `"Dear " ~ name`.

use minijinja::machinery::ast::{BinOpKind, CallArg, Expr};

use crate::render::blanks::{FilteredExpression, Literal, NEEDED, OPEN};
use crate::render::check::SourceChecker;
use crate::render::extent::{extent, range};

impl SourceChecker<'_> {
    /// Follows what an expression that is written out, or gone over, is made of.
    pub(super) fn flow(&mut self, expr: &Expr<'_>) {
        match expr {
            Expr::Const(constant) => {
                if let Some(text) = constant.value.as_str() {
                    let literal = Literal { text: text.to_owned(), range: range(constant.span()) };
                    self.written_out.push(literal);
                }
            }
            Expr::IfExpr(choice) => {
                self.flow(&choice.true_expr);
                choice.false_expr.iter().for_each(|otherwise| self.flow(otherwise));
            }
            Expr::BinOp(both) if matches!(both.op, BinOpKind::Concat) => {
                for side in [&both.left, &both.right] {
                    self.flow(side);
                    self.needed(side);
                }
            }
            Expr::BinOp(both) if matches!(both.op, BinOpKind::ScAnd | BinOpKind::ScOr) => {
                self.flow(&both.left);
                self.flow(&both.right);
            }
            Expr::Filter(filter) => {
                filter.expr.iter().for_each(|input| self.flow(input));
                let argument = |index: usize| match filter.args.get(index) {
                    Some(CallArg::Pos(argument)) => Some(argument),
                    _ => None,
                };
                match filter.name {
                    "fallback" => argument(0).into_iter().for_each(|other| self.hand(other, OPEN)),
                    "join" | "replace" => {
                        // Of `replace` the first is only looked for.
                        let made = argument(usize::from(filter.name == "replace"));
                        made.into_iter().for_each(|made| self.needed(made));
                    }
                    _ => {}
                }
            }
            Expr::GetItem(item) => self.flow(&item.expr),
            Expr::Slice(slice) => self.flow(&slice.expr),
            Expr::List(list) => list.items.iter().for_each(|item| self.flow(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.flow(item)),
            Expr::Map(map) => map.values.iter().for_each(|value| self.flow(value)),
            Expr::Var(_)
            | Expr::UnaryOp(_)
            | Expr::BinOp(_)
            | Expr::Compare(_)
            | Expr::Test(_)
            | Expr::GetAttr(_)
            | Expr::Call(_) => {}
        }
    }

    /// A part of a text must not be blank, unless it is written out so, or by a `fallback`.
    #[expect(clippy::wildcard_enum_match_arm, reason = "what chooses, joins and is written out is named")]
    fn needed(&mut self, expr: &Expr<'_>) {
        match expr {
            Expr::IfExpr(choice) => {
                self.needed(&choice.true_expr);
                choice.false_expr.iter().for_each(|otherwise| self.needed(otherwise));
            }
            Expr::BinOp(both) if matches!(both.op, BinOpKind::Concat) => {}
            _ => self.hand(expr, NEEDED),
        }
    }

    fn hand(&mut self, expr: &Expr<'_>, filter: &'static str) {
        if !matches!(expr, Expr::Const(_)) {
            self.handed.push(FilteredExpression { range: extent(expr), filter });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, Strategy, prop_assert_eq, prop_oneof, proptest};

    use crate::diagnostic::Code;
    use crate::render::fixture::{InMemory, row, template};
    use crate::render::{ColumnNames, Renderer, Rendering};

    /// A text that is made of columns, without a word about blanks.
    fn text() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![proptest::sample::select(vec!["a", "b", "column('a')", "'x'"]).prop_map(str::to_owned)];
        leaf.prop_recursive(4, 12, 2, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("{one} ~ {two}")),
                (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("({one}) ~ ({two})")),
                (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("([{one}, {two}] | join('-'))")),
                (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("(({one}) | replace('q', {two}))")),
                inner.clone().prop_map(|one| format!("({one}) | upper")),
                inner.clone().prop_map(|one| format!("({one})[:1]")),
                inner.clone().prop_map(|one| format!("(({one}) | split(',') | join(' '))")),
                (inner.clone(), inner).prop_map(|(one, two)| format!("({one} if b == 'B' else {two})")),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_blank_column_never_gets_into_a_text_unseen(text in text()) {
            let source = format!("{{{{ {text} }}}}");
            let compiled = template(&source, &InMemory::default()).expect("the template is allowed");
            let mut renderer = Renderer::new(ColumnNames::new(["a", "b"].map(str::to_owned).to_vec()));
            let mut rendered = |blank: &str| {
                renderer.fill(&row(&[blank, "B"]));
                match renderer.render(&compiled) {
                    Ok(Rendering::Text(text)) => Ok(text),
                    Ok(Rendering::Skipped(reason)) => Ok(reason),
                    Err(error) => Err((error.code, error.column)),
                }
            };
            // Two other values tell whether the column is in the text at all.
            let is_shown = rendered("1") != rendered("2");
            if is_shown {
                prop_assert_eq!(rendered("").map_err(|(code, _)| code), Err(Code::BlankValue), "{}", source);
            } else {
                prop_assert_eq!(rendered("1").is_ok(), true, "{}", source);
            }
        }
    }
}
