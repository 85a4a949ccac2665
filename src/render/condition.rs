//! An expression over one row that says yes or no, such as an audience's `where`.

use std::sync::{Arc, LazyLock};

use minijinja::machinery::parse_expr;
use minijinja::{Environment, Value};

use crate::campaign::Expression;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::render::check::SourceChecker;
use crate::render::columns::ColumnUse;
use crate::render::environment::environment;
use crate::render::extent::extent;
use crate::render::failure::{EngineFailure, RenderError};
use crate::render::fast_path;
use crate::render::guard::{ENGINE_FAILED, guarded};
use crate::render::nesting::SourceForm;
use crate::render::part::{Part, columns};
use crate::render::position::Position;
use crate::render::row_object::RowObject;
use crate::render::slices;
use crate::render::syntax::{read_to_the_end, unparsed};
use crate::render::types::Type;

/// The largest expression, in bytes.
const EXPRESSION_BYTES_MAX: usize = 16 * 1024;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(environment);

/// A compiled expression that is true or false for a row.
#[derive(Debug)]
pub struct Condition {
    compiled: minijinja::Expression<'static, 'static>,
    /// The short way, if there is one.
    direct: Option<fast_path::Test>,
    part: Part,
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
        guarded(|| Self::compile_at(source, &position)).unwrap_or_else(|| {
            let place = position.place(&(0..source.text.len()));
            Err(Diagnostic::error(Code::TemplateSyntax, ENGINE_FAILED, place).into())
        })
    }

    fn compile_at(source: &Expression, position: &Position) -> Result<Self, Diagnostics> {
        let text = source.text.as_str();
        let whole = || position.place(&(0..text.len()));
        if text.len() > EXPRESSION_BYTES_MAX {
            let message = format!("the expression is larger than {EXPRESSION_BYTES_MAX} bytes");
            return Err(Diagnostic::error(Code::TooLarge, message, whole()).into());
        }
        read_to_the_end(text, SourceForm::Expression, position)?;
        let tree = parse_expr(text).map_err(|error| unparsed(&error, SourceForm::Expression, position, text))?;
        let mut checker = SourceChecker::new(position, SourceForm::Expression);
        let found = checker.expression(&tree);
        checker.tested(&tree);
        if !found.fits(Type::Bool) && !checker.diagnostics.has_errors() {
            let message = format!("this is {found}, not a condition");
            checker.report(
                Code::WhereFailed,
                message,
                extent(&tree),
                Some("write a comparison, such as `consent == \"yes\"`"),
            );
        }
        if checker.diagnostics.has_errors() {
            return Err(checker.diagnostics);
        }
        let direct = fast_path::test(&tree);
        let rewritten = slices::rewrite(text, SourceForm::Expression, &checker.slices, &[]);
        let compiled = ENVIRONMENT
            .compile_expression_owned(rewritten.as_ref().map_or(text, |rewritten| &rewritten.text).to_owned())
            .map_err(|error| unparsed(&error, SourceForm::Expression, position, text))?;
        let part = Part::new(checker, position, text.len(), rewritten);
        let columns = columns(std::iter::once(&part));
        Ok(Self { compiled, direct, part, columns })
    }

    /// The columns that it uses, each once.
    #[must_use]
    pub fn columns(&self) -> &[ColumnUse] {
        &self.columns
    }

    /// Evaluates it over a row.
    pub(super) fn eval(&self, record: &Arc<RowObject>) -> Result<bool, RenderError> {
        match self.direct.as_ref().and_then(|test| test.holds(record)) {
            Some(holds) => Ok(holds),
            None => self.eval_by_engine(Value::from_dyn_object(Arc::clone(record))),
        }
    }

    /// What the short way says, and what the engine says.
    #[cfg(test)]
    pub(super) fn eval_both(&self, record: &Arc<RowObject>) -> (Option<bool>, Result<bool, RenderError>) {
        let direct = self.direct.as_ref().and_then(|test| test.holds(record));
        (direct, self.eval_by_engine(Value::from_dyn_object(Arc::clone(record))))
    }

    fn eval_by_engine(&self, row: Value) -> Result<bool, RenderError> {
        let Some(value) = guarded(|| self.compiled.eval(row)) else {
            let place = Some(self.part.all());
            return Err(RenderError { place, ..failed(ENGINE_FAILED) });
        };
        let value = value.map_err(|error| match EngineFailure::from(&error) {
            EngineFailure::Failed { message, range: Some(span), .. } => {
                let range = self.part.whole(&span);
                let column = self.part.uses_within(&range).next().map(str::to_owned);
                RenderError { place: Some(self.part.place(&range)), column, ..failed(message) }
            }
            EngineFailure::Failed { message, range: None, .. } => failed(message),
            EngineFailure::Skip(_) => failed("`skip` belongs in a template"),
        })?;
        bool::try_from(value).map_err(|_| failed("the expression gives no condition for this row"))
    }
}

fn failed(message: &str) -> RenderError {
    RenderError { code: Code::WhereFailed, message: message.to_owned(), place: None, column: None }
}

#[cfg(test)]
mod tests {
    use crate::render::fixture::{condition, row};
    use crate::render::{ColumnNames, Renderer};

    #[test]
    fn a_condition_is_true_false_or_blamed_on_a_column() {
        let mut renderer = Renderer::new(ColumnNames::new(vec!["age".to_owned(), "country".to_owned()]));
        let mut check = |source: &str, cells: [&str; 2], expected: Result<bool, Option<&str>>| {
            let compiled = condition(source).expect("the condition is allowed");
            renderer.fill(&row(&cells));
            let found = renderer.matches(&compiled);
            assert!(!format!("{found:?}").contains("secret"), "{found:?}");
            let found = found.map_err(|error| error.column);
            assert_eq!(found.as_ref().copied().map_err(Option::as_deref), expected, "{source}");
        };
        check("country in ['HR', 'SI']", ["1", "SI"], Ok(true));
        check("country not in ['HR', 'SI']", ["1", "SI"], Ok(false));
        check("country == 'HR' and int(age) >= 18", ["secret", "SI"], Ok(false));
        check("int(age) >= 18", [" 18 ", "SI"], Ok(true));
        check("country == 'SI' and int(age) >= 18", ["secret", "SI"], Err(Some("age")));
        check("age | trim | int >= 18", ["secret", "SI"], Err(Some("age")));
        check("int(age) % 0 == 1", ["12345", "SI"], Err(Some("age")));
        check("age < country", ["a", "b"], Ok(true));
        check("age is blank", [" ", "b"], Ok(true));
        check("age is not blank", [" ", "b"], Ok(false));
    }
}
