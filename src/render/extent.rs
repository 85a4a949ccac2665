//! From where to where an expression goes. The engine's spans of filters begin at the filter's
//! name, and those of comparisons before their first operand.

use std::ops::Range;

use minijinja::machinery::Span;
use minijinja::machinery::ast::{Expr, UnaryOpKind};

/// The range of a span in bytes.
pub(super) fn range(span: Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}

/// The bytes of an expression, with all its operands.
pub(super) fn extent(expr: &Expr<'_>) -> Range<usize> {
    let span = range(expr.span());
    let first = match expr {
        Expr::Filter(filter) => filter.expr.as_ref(),
        Expr::Test(test) => Some(&test.expr),
        Expr::GetAttr(attribute) => Some(&attribute.expr),
        Expr::GetItem(item) => Some(&item.expr),
        Expr::Slice(slice) => Some(&slice.expr),
        Expr::Call(call) => Some(&call.expr),
        Expr::BinOp(binary) => Some(&binary.left),
        Expr::Compare(chain) => Some(&chain.expr),
        Expr::IfExpr(choice) => Some(&choice.true_expr),
        // `a not in b` and `a is not b` are parsed as `not` over the whole.
        Expr::UnaryOp(unary) => match (&unary.op, &unary.expr) {
            (UnaryOpKind::Not, Expr::BinOp(_) | Expr::Test(_)) if range(unary.expr.span()) == span => Some(&unary.expr),
            (UnaryOpKind::Not | UnaryOpKind::Neg, _) => None,
        },
        Expr::Var(_) | Expr::Const(_) | Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) => None,
    };
    first.map_or(span.start, |first| extent(first).start)..span.end
}
