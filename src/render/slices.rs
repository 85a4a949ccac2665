//! Slices go through a filter of our own, which cuts texts at letters, where the engine would cut between
//! code points, and does not overflow whatever the bounds are. So the source that the engine compiles has `(name|slice(none,3,none))` where the one
//! that was written has `name[:3]`, and every place is mapped back.

use std::ops::Range;

use minijinja::machinery::{Token, Tokenizer};

use crate::render::blanks::FilteredExpression;
use crate::render::environment::syntax;
use crate::render::nesting::SourceForm;

/// The filter, which nobody can write: it is not among the words of the language.
pub(super) const FILTER: &str = "slice";

/// A source as the engine compiles it.
#[derive(Debug, Default)]
pub(super) struct Rewritten {
    pub(super) text: String,
    /// Where the engine's span of a slice stands in the source, and all of the slice.
    pub(super) extents: Vec<(Range<usize>, Range<usize>)>,
    pub(super) mapping: Mapping,
}

/// From bytes of a rewritten source to those of the one that was written.
#[derive(Debug, Default)]
pub(super) struct Mapping(Vec<(usize, usize)>);

impl Mapping {
    /// The range in the source that was written.
    pub(super) fn back(&self, range: &Range<usize>) -> Range<usize> {
        self.byte(range.start)..self.byte(range.end)
    }

    fn byte(&self, byte: usize) -> usize {
        let next = self.0.partition_point(|(own, _)| *own <= byte);
        let Some((own, source)) = next.checked_sub(1).and_then(|piece| self.0.get(piece)) else { return byte };
        let end = self.0.get(next).map_or(usize::MAX, |(_, source)| *source);
        source.saturating_add(byte - own).min(end)
    }
}

/// Rewrites the slices that have these extents, and the expressions that are handed to a filter; `None` if
/// there is neither.
pub(super) fn rewrite(
    source: &str,
    form: SourceForm,
    slices: &[Range<usize>],
    handed: &[FilteredExpression],
) -> Option<Rewritten> {
    if slices.is_empty() && handed.is_empty() {
        return None;
    }
    let tokens = brackets(source, form);
    let mut rewritten = Rewritten::default();
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for slice in slices {
        let close = tokens.iter().position(|(_, range)| range.end == slice.end)?;
        let inside = inside(&tokens, close)?;
        let (_, open) = tokens.get(inside.start.checked_sub(1)?)?;
        let (_, end) = tokens.get(close)?;
        edits.push((slice.start..slice.start, "(".to_owned()));
        edits.extend(cuts(tokens.get(inside)?, open, end));
        rewritten.extents.push((open.end..end.end, slice.clone()));
    }
    for FilteredExpression { range, filter } in handed {
        edits.push((range.start..range.start, "(".to_owned()));
        edits.push((range.end..range.end, format!(")|{filter}")));
        rewritten.extents.push((range.end..range.end, range.clone()));
    }
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut copied = 0;
    for (range, replacement) in edits {
        rewritten.text.push_str(source.get(copied..range.start)?);
        rewritten.mapping.0.push((rewritten.text.len(), range.start));
        rewritten.text.push_str(&replacement);
        rewritten.mapping.0.push((rewritten.text.len(), range.end));
        copied = range.end;
    }
    rewritten.text.push_str(source.get(copied..)?);
    Some(rewritten)
}

/// What matters of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Open,
    Close,
    Colon,
    Other,
}

fn brackets(source: &str, form: SourceForm) -> Vec<(Sign, Range<usize>)> {
    let mut tokens = Tokenizer::new(source, "", form == SourceForm::Expression, syntax());
    let mut found = Vec::new();
    while let Ok(Some((token, span))) = tokens.next_token() {
        #[expect(clippy::wildcard_enum_match_arm, reason = "only brackets and colons matter here")]
        let sign = match token {
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => Sign::Open,
            Token::ParenClose | Token::BracketClose | Token::BraceClose => Sign::Close,
            Token::Colon => Sign::Colon,
            _ => Sign::Other,
        };
        found.push((sign, span.start_offset as usize..span.end_offset as usize));
    }
    found
}

/// The tokens between a closing bracket and the one that it closes.
fn inside(tokens: &[(Sign, Range<usize>)], close: usize) -> Option<Range<usize>> {
    let mut depth = 0_usize;
    for (index, (sign, _)) in tokens.iter().enumerate().take(close).rev() {
        match sign {
            Sign::Close => depth += 1,
            Sign::Open if depth == 0 => return Some(index + 1..close),
            Sign::Open => depth -= 1,
            Sign::Colon | Sign::Other => {}
        }
    }
    None
}

/// What to write in place of the brackets and colons of one slice.
fn cuts(inside: &[(Sign, Range<usize>)], open: &Range<usize>, close: &Range<usize>) -> Vec<(Range<usize>, String)> {
    let none_before = |index: usize| match inside.get(index) {
        None | Some((Sign::Colon, _)) => "none",
        Some(_) => "",
    };
    let mut edits = vec![(open.clone(), format!("|{FILTER}({}", none_before(0)))];
    let (mut depth, mut colons) = (0_usize, 0);
    for (index, (sign, range)) in inside.iter().enumerate() {
        match sign {
            Sign::Open => depth += 1,
            Sign::Close => depth = depth.saturating_sub(1),
            Sign::Colon if depth == 0 => {
                colons += 1;
                edits.push((range.clone(), format!(",{}", none_before(index + 1))));
            }
            Sign::Colon | Sign::Other => {}
        }
    }
    edits.push((close.clone(), if colons > 1 { "))".to_owned() } else { ",none))".to_owned() }));
    edits
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::rewrite;
    use crate::render::nesting::SourceForm;

    #[test]
    fn brackets_become_a_filter_and_places_are_mapped_back() {
        let check = |source: &str, slice: &str, expect: &str| {
            let start = source.find(slice).unwrap();
            let slice = start..start + slice.len();
            let rewritten = rewrite(source, SourceForm::Expression, from_ref(&slice), &[]).unwrap();
            assert_eq!(rewritten.text, expect, "{source}");
            let filter = expect.find("slice(").unwrap()
                ..expect.len() - expect.chars().rev().take_while(|c| *c != ')').count() - 1;
            let (known, all) = &rewritten.extents[0];
            assert_eq!((&rewritten.mapping.back(&filter), all), (known, &slice), "{source}");
        };
        check("a[:3]", "a[:3]", "(a|slice(none,3,none))");
        check("'x' ~ a[1:]", "a[1:]", "'x' ~ (a|slice(1,none,none))");
        check("a[ : ]", "a[ : ]", "(a|slice(none ,none ,none))");
        check("(a ~ b)[1:2:3]", "a ~ b)[1:2:3]", "((a ~ b)|slice(1,2,3))");
        check("a[::-1]", "a[::-1]", "(a|slice(none,none,-1))");
        check("a[{'x': 1}[b]:int(c)]", "a[{'x': 1}[b]:int(c)]", "(a|slice({'x': 1}[b],int(c),none))");
        assert!(rewrite("a", SourceForm::Expression, &[], &[]).is_none());
    }

    #[test]
    fn what_stands_behind_a_slice_keeps_its_place() {
        let source = "{{ a[:3] }} {{ b }}";
        let rewritten = rewrite(source, SourceForm::Template, from_ref(&(3..8)), &[]).unwrap();
        assert_eq!(rewritten.text, "{{ (a|slice(none,3,none)) }} {{ b }}");
        let at = rewritten.text.find("b }}").unwrap();
        assert_eq!(
            rewritten.mapping.back(&(at..at + 1)),
            source.find("b }}").unwrap()..source.find("b }}").unwrap() + 1
        );
        let rewritten = rewrite("a[:1][1:]", SourceForm::Expression, &[0..9, 0..5], &[]).unwrap();
        assert_eq!(rewritten.text, "((a|slice(none,1,none))|slice(1,none,none))");
    }
}
