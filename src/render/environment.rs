//! The template engine's settings: strict, no escaping, bounded, with our own words only.

use std::borrow::Cow;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value, filters, tests};

use crate::diagnostic::Code;
use crate::render::blanks;
use crate::render::failure::Problem;
use crate::render::filters as own;
use crate::render::letters;
use crate::render::slices;
use crate::wire::visible::is_blank;

/// How many instructions one rendering may take.
const FUEL: u64 = 20_000;
/// How deep the engine may recurse; an include costs ten.
const RECURSION_MAX: usize = 120;

/// The syntax of templates: minijinja's, keeping the final newline.
pub(super) fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder().keep_trailing_newline(true).build().expect("the default delimiters are valid")
}

/// Makes an environment with the allowed words and nothing else.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_syntax(syntax());
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(emit);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION_MAX);
    // Debug information would carry cells into errors.
    environment.set_debug(false);
    for name in ["safe", "escape", "e"] {
        environment.remove_filter(name);
    }
    environment.add_filter("fallback", own::fallback);
    environment.add_filter("truncate", letters::truncate);
    environment.add_filter("upper", filters::upper);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("title", letters::title);
    environment.add_filter("capitalize", letters::capitalize);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("replace", own::replace);
    environment.add_filter("split", own::split);
    environment.add_filter("join", own::join);
    environment.add_filter("first", letters::first);
    environment.add_filter("last", letters::last);
    environment.add_filter("length", letters::length);
    environment.add_filter(slices::FILTER, letters::slice);
    environment.add_filter(blanks::NEEDED, blanks::needed);
    environment.add_filter(blanks::OPEN, blanks::open);
    environment.add_filter("int", own::int);
    environment.add_filter("float", own::float);
    environment.add_filter("round", own::round);
    environment.add_filter("abs", own::abs);
    environment.add_test("blank", own::blank);
    environment.add_test("startingwith", tests::is_startingwith);
    environment.add_test("endingwith", tests::is_endingwith);
    environment.add_test("odd", tests::is_odd);
    environment.add_test("even", tests::is_even);
    environment.add_function("int", own::int);
    environment.add_function("float", own::float);
    environment.add_function("skip", own::skip);
    environment.add_function("column", own::column);
    environment
}

/// Writes a value as it is; a blank one is refused unless a `fallback` says that it is meant.
fn emit(out: &mut Output<'_>, _state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    out.write_str(&written(value)?).map_err(Error::from)
}

/// The text as which a value is written.
pub(super) fn written(value: &Value) -> Result<Cow<'_, str>, Error> {
    if let Some(text) = value.as_str() {
        if is_blank(text) && !value.is_safe() {
            return Err(blanks::blank().into());
        }
        return Ok(Cow::Borrowed(text));
    }
    if value.kind() == ValueKind::Number {
        if f64::try_from(value.clone()).is_ok_and(|number| !number.is_finite()) {
            return Err(Problem::new(Code::RenderFailed, "a number is too large, or divided by nothing").into());
        }
        return Ok(Cow::Owned(value.to_string()));
    }
    Err(Problem::new(Code::BlankValue, "a value is missing, and the template has no fallback for it").into())
}
