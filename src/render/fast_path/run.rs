//! Goes the short way over one row.

use std::borrow::Cow;

use crate::render::OUTPUT_BYTES_MAX;
use crate::render::branches::Branches;
use crate::render::fast_path::{FastFilter, Operand, Relation, ShortWay, TemplateStep, Test};
use crate::render::row_object::RowObject;
use crate::wire::visible::is_blank;

/// Appends what a template gives for a row, and tells the ways that it takes; `None` if the engine has to be
/// asked.
pub(in crate::render) fn write(short: &ShortWay, record: &RowObject, text: &mut String) -> Option<Branches> {
    let mut taken = Branches::default();
    write_steps(&short.steps, record, text, &mut taken)?;
    Some(taken)
}

fn write_steps(steps: &[TemplateStep], record: &RowObject, text: &mut String, taken: &mut Branches) -> Option<()> {
    for step in steps {
        match step {
            TemplateStep::Text(raw) => text.push_str(raw),
            TemplateStep::Write(operand) => {
                let (value, is_meant) = operand.text(record)?;
                if !is_meant && is_blank(&value) {
                    return None;
                }
                text.push_str(&value);
            }
            TemplateStep::Choose { test, way, yes, no } => {
                let (way, steps) = if test.holds(record)? { (*way, yes) } else { (*way + 1, no) };
                taken.take(way);
                write_steps(steps, record, text, taken)?;
            }
        }
        if text.len() > OUTPUT_BYTES_MAX {
            return None;
        }
    }
    Some(())
}

impl Test {
    /// Whether it holds for a row; `None` if the engine has to be asked.
    pub(in crate::render) fn holds(&self, record: &RowObject) -> Option<bool> {
        Some(match self {
            Self::Constant(holds) => *holds,
            Self::Filled(operand) => !operand.text(record)?.0.is_empty(),
            Self::Blank(operand) => is_blank(&operand.text(record)?.0),
            Self::Compare(left, relation, right) => {
                let (left, right) = (left.text(record)?.0, right.text(record)?.0);
                match relation {
                    Relation::Equal => left == right,
                    Relation::Different => left != right,
                    Relation::Less => left < right,
                    Relation::LessOrEqual => left <= right,
                    Relation::Greater => left > right,
                    Relation::GreaterOrEqual => left >= right,
                    Relation::Within => right.contains(&*left),
                }
            }
            Self::Among(operand, texts) => {
                let found = operand.text(record)?.0;
                texts.iter().any(|text| *text == found)
            }
            Self::Not(test) => !test.holds(record)?,
            Self::And(left, right) => left.holds(record)? && right.holds(record)?,
            Self::Or(left, right) => left.holds(record)? || right.holds(record)?,
        })
    }
}

impl Operand {
    /// The text for a row, and whether it is meant even if it is blank.
    fn text<'a>(&'a self, record: &'a RowObject) -> Option<(Cow<'a, str>, bool)> {
        let (name, filters) = match self {
            Self::Constant(text) => return Some((Cow::Borrowed(text), false)),
            Self::Column { name, filters } => (name, filters),
        };
        let mut text = Cow::Borrowed(record.cell(name)?);
        let mut is_meant = false;
        for filter in filters {
            match filter {
                FastFilter::Upper => text = Cow::Owned(text.to_uppercase()),
                FastFilter::Lower => text = Cow::Owned(text.to_lowercase()),
                FastFilter::Trim => text = trim(text),
                FastFilter::Fallback(other) => {
                    is_meant = is_blank(&text);
                    text = if is_meant { Cow::Borrowed(other) } else { trim(text) };
                }
            }
        }
        Some((text, is_meant))
    }
}

fn trim(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}
