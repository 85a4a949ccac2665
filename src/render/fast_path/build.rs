//! From a checked tree to the short way, where there is one.

use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, Stmt, UnaryOpKind};

use crate::render::fast_path::{FastFilter, Operand, Relation, ShortWay, TemplateStep, Test};

impl ShortWay {
    /// The steps of a template, if the short way knows all of them.
    pub(in crate::render) fn of(statements: &[Stmt<'_>]) -> Option<Self> {
        let mut ways = 0;
        let steps = steps(statements, &mut ways)?;
        Some(Self { steps, ways })
    }
}

fn steps(statements: &[Stmt<'_>], ways: &mut u32) -> Option<Vec<TemplateStep>> {
    statements.iter().map(|statement| step(statement, ways)).collect()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what is not known here is the engine's business")]
fn step(statement: &Stmt<'_>, ways: &mut u32) -> Option<TemplateStep> {
    Some(match statement {
        Stmt::EmitRaw(text) => TemplateStep::Text(text.raw.to_owned()),
        Stmt::EmitExpr(emitted) => TemplateStep::Write(operand(&emitted.expr)?),
        Stmt::IfCond(choice) => {
            let way = *ways;
            *ways = way.saturating_add(2);
            TemplateStep::Choose {
                test: test(&choice.expr)?,
                way,
                yes: steps(&choice.true_body, ways)?,
                no: steps(&choice.false_body, ways)?,
            }
        }
        _ => return None,
    })
}

/// The test that an expression is, if the short way knows it.
#[expect(clippy::wildcard_enum_match_arm, reason = "what is not known here is the engine's business")]
pub(in crate::render) fn test(expr: &Expr<'_>) -> Option<Test> {
    Some(match expr {
        Expr::Const(constant) => Test::Constant(bool::try_from(constant.value.clone()).ok()?),
        Expr::UnaryOp(unary) if matches!(unary.op, UnaryOpKind::Not) => Test::Not(Box::new(test(&unary.expr)?)),
        Expr::BinOp(both) => match both.op {
            BinOpKind::ScAnd => Test::And(Box::new(test(&both.left)?), Box::new(test(&both.right)?)),
            BinOpKind::ScOr => Test::Or(Box::new(test(&both.left)?), Box::new(test(&both.right)?)),
            BinOpKind::In => among(&both.left, &both.right)?,
            operation => Test::Compare(operand(&both.left)?, relation(operation)?, operand(&both.right)?),
        },
        Expr::Test(asked) if asked.name == "blank" => Test::Blank(operand(&asked.expr)?),
        _ => Test::Filled(operand(expr)?),
    })
}

fn among(left: &Expr<'_>, right: &Expr<'_>) -> Option<Test> {
    let left = operand(left)?;
    let Expr::List(list) = right else {
        return Some(Test::Compare(left, Relation::Within, operand(right)?));
    };
    Some(Test::Among(left, list.items.iter().map(constant).collect::<Option<_>>()?))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what is not known here is the engine's business")]
const fn relation(operation: BinOpKind) -> Option<Relation> {
    Some(match operation {
        BinOpKind::Eq => Relation::Equal,
        BinOpKind::Ne => Relation::Different,
        BinOpKind::Lt => Relation::Less,
        BinOpKind::Lte => Relation::LessOrEqual,
        BinOpKind::Gt => Relation::Greater,
        BinOpKind::Gte => Relation::GreaterOrEqual,
        _ => return None,
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what is not known here is the engine's business")]
fn operand(expr: &Expr<'_>) -> Option<Operand> {
    match expr {
        Expr::Const(_) => constant(expr).map(Operand::Constant),
        Expr::Var(var) => Some(Operand::Column { name: var.id.to_owned(), filters: Vec::new() }),
        Expr::Filter(filter) => {
            let Operand::Column { name, mut filters } = operand(filter.expr.as_ref()?)? else { return None };
            filters.push(match (filter.name, filter.args.as_slice()) {
                ("fallback", [CallArg::Pos(other)]) => FastFilter::Fallback(constant(other)?),
                ("trim", []) => FastFilter::Trim,
                ("upper", []) => FastFilter::Upper,
                ("lower", []) => FastFilter::Lower,
                _ => return None,
            });
            Some(Operand::Column { name, filters })
        }
        Expr::Call(call) => match (&call.expr, call.args.as_slice()) {
            (Expr::Var(function), [CallArg::Pos(name)]) if function.id == "column" => {
                Some(Operand::Column { name: constant(name)?, filters: Vec::new() })
            }
            _ => None,
        },
        _ => None,
    }
}

fn constant(expr: &Expr<'_>) -> Option<String> {
    if let Expr::Const(constant) = expr { constant.value.as_str().map(str::to_owned) } else { None }
}
