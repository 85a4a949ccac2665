//! From a source to a tree, or to all that is wrong with its syntax. A source is read to its last
//! character, or it is refused at the first that is not of the language.

use minijinja::Error;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::render::environment::syntax;
use crate::render::nesting::{SourceForm, Unparsable, check_tokens};
use crate::render::position::Position;
use crate::render::slips::{Slip, Spot, of_expression, of_template, two_texts};

/// Refuses a source that the engine's parser would not read to its end, or that it must not be given
/// because it is nested too deeply.
///
/// # Errors
/// All that is wrong with the syntax.
pub(super) fn read_to_the_end(text: &str, form: SourceForm, position: &Position) -> Result<(), Diagnostics> {
    match check_tokens(text, form, &syntax()) {
        Ok(()) => Ok(()),
        Err(Unparsable::TooDeep { message, range }) => {
            Err(Diagnostic::error(Code::TooDeep, message, position.place(&range)).into())
        }
        Err(Unparsable::TwoTexts { range }) => Err(diagnostics(slips(text, form, || two_texts(range)), position)),
        Err(Unparsable::Unreadable { at, detail }) => {
            Err(diagnostics(slips(text, form, || Slip { range: at..at + 1, message: detail, help: None }), position))
        }
    }
}

/// Puts into words why the engine's parser refuses a source.
pub(super) fn unparsed(error: &Error, form: SourceForm, position: &Position, text: &str) -> Diagnostics {
    let otherwise = || Slip {
        range: error.range().unwrap_or(0..text.len()),
        message: error.detail().unwrap_or("it cannot be parsed").to_owned(),
        help: None,
    };
    diagnostics(slips(text, form, otherwise), position)
}

/// All slips of a source; if none is known, the one that is given.
fn slips(text: &str, form: SourceForm, otherwise: impl FnOnce() -> Slip) -> Vec<Slip> {
    let found = match form {
        SourceForm::Template => of_template(text),
        SourceForm::Expression => of_expression(text, Spot::Where).into_iter().collect(),
    };
    if found.is_empty() { vec![otherwise()] } else { found }
}

/// Puts slips at their places.
pub(super) fn diagnostics(slips: Vec<Slip>, position: &Position) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    for slip in slips {
        let diagnostic = Diagnostic::error(Code::TemplateSyntax, slip.message, position.place(&slip.range));
        diagnostics.push(match slip.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }
    diagnostics
}

#[cfg(test)]
mod tests;
