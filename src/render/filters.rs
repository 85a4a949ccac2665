//! What the filters, tests and functions do: strict, and bounded in what they make.

use minijinja::value::ValueKind;
use minijinja::{State, Value};

use crate::diagnostic::Code;
use crate::render::blanks::blank as blank_value;
use crate::render::failure::{Problem, SkipPerson};
use crate::render::row_object::COLUMN_MARK;
use crate::wire::visible::is_blank;

/// The largest text that a filter makes, in bytes.
const MADE_BYTES_MAX: usize = 64 * 1024;
/// How many parts `split` makes at most.
const PARTS_MAX: usize = 1000;

/// What a filter gives.
pub(super) type Made<T> = Result<T, minijinja::Error>;

/// Fails, without a word of the row.
pub(super) fn fail<T>(message: &'static str) -> Made<T> {
    Err(Problem::new(Code::RenderFailed, message).into())
}

fn too_large<T>() -> Made<T> {
    fail("a filter makes a text of more than 64 KiB")
}

/// Gives the trimmed text, or another if it is blank. The other may be empty if it is written out so: that
/// is then meant. If it is a column's and blank, there is none.
pub(super) fn fallback(value: &Value, other: &Value) -> Made<Value> {
    match (value.as_str(), other.as_str()) {
        (Some(text), _) if !is_blank(text) => Ok(Value::from(text.trim())),
        (None, _) if !value.is_undefined() => fail("`fallback` takes a text"),
        (_, Some(other)) => Ok(Value::from_safe_string(other.to_owned())),
        (_, None) => Ok(Value::from("")),
    }
}

/// Replaces each occurrence of a text.
pub(super) fn replace(text: &str, from: &str, to: &str) -> Made<String> {
    if from.is_empty() {
        return fail("`replace` takes a text to look for");
    }
    let grown = text.matches(from).count().saturating_mul(to.len());
    if text.len().saturating_add(grown) > MADE_BYTES_MAX {
        return too_large();
    }
    Ok(text.replace(from, to))
}

/// Splits a text at a separator and trims the parts.
pub(super) fn split(text: &str, separator: &str) -> Made<Vec<String>> {
    if separator.is_empty() {
        return fail("`split` takes a separator");
    }
    let parts: Vec<String> = text.split(separator).take(PARTS_MAX + 1).map(|part| part.trim().to_owned()).collect();
    if parts.len() > PARTS_MAX { fail("`split` makes more than 1000 parts") } else { Ok(parts) }
}

/// Joins the parts of a list, none of which may be blank unless that is meant. Of nothing but blanks comes
/// a blank, which is seen where it is written, or given another text by a `fallback`.
pub(super) fn join(list: &Value, separator: Option<&str>) -> Made<String> {
    let separator = separator.unwrap_or("");
    let mut joined = String::new();
    let (mut has_blank, mut has_text) = (false, false);
    for (index, part) in list.try_iter()?.enumerate() {
        if index > 0 {
            joined.push_str(separator);
        }
        match part.as_str() {
            Some(text) if is_blank(text) && !part.is_safe() => has_blank = true,
            Some(text) => {
                has_text = true;
                joined.push_str(text);
            }
            None => {
                has_text = true;
                joined.push_str(&part.to_string());
            }
        }
        if joined.len() > MADE_BYTES_MAX {
            return too_large();
        }
    }
    match (has_blank, has_text) {
        (true, true) => Err(blank_value().into()),
        (true, false) => Ok(String::new()),
        (false, _) => Ok(joined),
    }
}

/// Reads a whole number.
pub(super) fn int(value: &Value) -> Made<Value> {
    if value.kind() == ValueKind::Number {
        if value.is_integer() {
            return Ok(value.clone());
        }
        // What does not fit is cut to the nearest that does, which is what the cast promises.
        let Ok(float) = f64::try_from(value.clone()) else { return fail("`int` takes a number") };
        #[expect(clippy::cast_possible_truncation, reason = "cutting the fraction off is what is asked for")]
        return Ok(Value::from(float as i64));
    }
    match value.as_str().map(|text| text.trim().parse::<i64>()) {
        Some(Ok(number)) => Ok(Value::from(number)),
        _ => fail("`int` takes a whole number"),
    }
}

/// Reads a decimal number, with a point.
pub(super) fn float(value: &Value) -> Made<f64> {
    let number = match value.as_str() {
        Some(text) => text.trim().parse::<f64>().ok(),
        None => f64::try_from(value.clone()).ok(),
    };
    match number {
        Some(number) if number.is_finite() => Ok(number),
        _ => fail("`float` takes a number with a decimal point"),
    }
}

/// Rounds; without digits to a whole number.
pub(super) fn round(value: &Value, digits: Option<i64>) -> Made<Value> {
    let digits = digits.unwrap_or(0);
    let (Ok(number), Ok(digits @ 0..=15)) = (f64::try_from(value.clone()), i32::try_from(digits)) else {
        return fail("`round` takes a number, and 0 to 15 digits");
    };
    let factor = 10_f64.powi(digits);
    let rounded = (number * factor).round() / factor;
    if digits == 0 { int(&Value::from(rounded)) } else { Ok(Value::from(rounded)) }
}

/// Makes a number positive.
pub(super) fn abs(value: &Value) -> Made<Value> {
    if let Ok(number) = i64::try_from(value.clone()) {
        return number.checked_abs().map(Value::from).map_or_else(|| fail("`abs` overflows"), Ok);
    }
    f64::try_from(value.clone()).map_or_else(|_| fail("`abs` takes a number"), |number| Ok(Value::from(number.abs())))
}

/// Tests for a blank text.
pub(super) fn blank(value: &Value) -> bool {
    value.as_str().is_none_or(is_blank)
}

/// Leaves the person out.
pub(super) fn skip(reason: String) -> Made<Value> {
    Err(SkipPerson { reason }.into())
}

/// Gives a column whose name is not a plain word.
pub(super) fn column(state: &State<'_, '_>, name: &str) -> Value {
    state.lookup(&format!("{COLUMN_MARK}{name}")).unwrap_or(Value::UNDEFINED)
}
