//! An expression over one row that says yes or no, such as an audience's `where`.

use std::sync::LazyLock;

use minijinja::machinery::parse_expr;
use minijinja::{Environment, Value};

use crate::campaign::Expression;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::render::check::{Checker, Use};
use crate::render::columns::ColumnUse;
use crate::render::environment::{environment, syntax};
use crate::render::failure::{Failure, RenderError};
use crate::render::nesting::{Form, check_nesting};
use crate::render::position::Position;
use crate::render::template::{column_uses, syntax_error};
use crate::render::types::Type;

/// The largest expression, in bytes.
const EXPRESSION_BYTES_MAX: usize = 16 * 1024;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(environment);

/// A compiled expression that is true or false for a row.
#[derive(Debug)]
pub struct Condition {
    compiled: minijinja::Expression<'static, 'static>,
    position: Position,
    uses: Vec<Use>,
    columns: Vec<ColumnUse>,
}

impl Condition {
    /// Compiles an expression.
    ///
    /// # Errors
    /// If it cannot be parsed, uses what expressions may not use, compares a text with a number,
    /// or is not a condition.
    pub fn compile(source: &Expression) -> Result<Self, Diagnostics> {
        let position = Position::of_expression(source);
        let text = source.text.as_str();
        let whole = || position.place(&(0..text.len()));
        if text.len() > EXPRESSION_BYTES_MAX {
            let message = format!("the expression is larger than {EXPRESSION_BYTES_MAX} bytes");
            return Err(Diagnostic::error(Code::TooLarge, message, whole()).into());
        }
        check_nesting(text, Form::Expression, &syntax())
            .map_err(|deep| Diagnostic::error(Code::TooDeep, deep.message, position.place(&deep.range)))?;
        let tree = parse_expr(text).map_err(|error| syntax_error(&error, &position, text))?;
        let mut checker = Checker::new(&position, Form::Expression);
        let found = checker.expression(&tree);
        if !found.fits(Type::Bool) && !checker.diagnostics.has_errors() {
            let message = format!("this is {found}, not a condition");
            checker.report(
                Code::WhereFailed,
                message,
                tree.span(),
                Some("write a comparison, such as `consent == \"yes\"`"),
            );
        }
        if checker.diagnostics.has_errors() {
            return Err(checker.diagnostics);
        }
        let uses = checker.uses;
        let compiled = ENVIRONMENT
            .compile_expression_owned(text.to_owned())
            .map_err(|error| syntax_error(&error, &position, text))?;
        let columns = column_uses(uses.iter().map(|used| (used, &position)));
        Ok(Self { compiled, position, uses, columns })
    }

    /// The columns that it uses, each once.
    #[must_use]
    pub fn columns(&self) -> &[ColumnUse] {
        &self.columns
    }

    /// Evaluates it over a row. `is_blank` says whether a column is blank in it.
    pub(super) fn eval(&self, row: Value) -> Result<bool, RenderError> {
        let failed = |message: &str| RenderError {
            code: Code::WhereFailed,
            message: message.to_owned(),
            place: None,
            column: None,
        };
        match self.compiled.eval(row) {
            Ok(value) => bool::try_from(value).map_err(|_| failed("the expression gives no condition for this row")),
            Err(error) => Err(match Failure::from(&error) {
                Failure::Skip(_) => failed("`skip` belongs into a template"),
                Failure::Failed { message, range, .. } => {
                    let used = range.as_ref().and_then(|range| {
                        self.uses.iter().find(|used| range.start <= used.range.start && used.range.end <= range.end)
                    });
                    RenderError {
                        place: range.as_ref().map(|range| self.position.place(range)),
                        column: used.map(|used| used.name.clone()),
                        ..failed(message)
                    }
                }
            }),
        }
    }
}
