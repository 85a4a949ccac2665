//! From a byte of a template or expression to a place in the file that it was written in.

use std::ops::Range;
use std::sync::Arc;

use crate::campaign::{Expression, TemplateText};
use crate::diagnostic::{Place, Source};

/// Where a source stands, and how its bytes map to the file's.
#[derive(Debug, Clone)]
pub(super) enum Position {
    /// Nothing finer than this place is known.
    Whole(Place),
    /// Each line of the source begins at a byte of the file.
    Lines {
        file: Arc<Source>,
        /// For each line of the source: its first byte there, and in the file.
        starts: Vec<(usize, usize)>,
    },
}

impl Position {
    /// Places an inline text.
    pub(super) fn of_text(text: &TemplateText) -> Self {
        let (Place::Span { source, .. }, Some(line_starts)) = (&text.place, &text.line_starts) else {
            return Self::Whole(text.place.clone());
        };
        let mut own_start = 0;
        let mut starts = Vec::new();
        for (line, file_start) in text.text.split_inclusive('\n').zip(line_starts) {
            starts.push((own_start, *file_start));
            own_start += line.len();
        }
        Self::Lines { file: Arc::clone(source), starts }
    }

    /// Places an expression.
    pub(super) fn of_expression(expression: &Expression) -> Self {
        match (&expression.place, expression.start) {
            (Place::Span { source, .. }, Some(start)) => {
                Self::Lines { file: Arc::clone(source), starts: vec![(0, start)] }
            }
            _ => Self::Whole(expression.place.clone()),
        }
    }

    /// The place of a range of bytes of the source.
    pub(super) fn place(&self, range: &Range<usize>) -> Place {
        match self {
            Self::Whole(place) => place.clone(),
            Self::Lines { file, starts } => {
                let start = to_file(starts, range.start);
                let end = to_file(starts, range.end).max(start);
                let bound = file.text.len();
                Place::Span { source: Arc::clone(file), span: start.min(bound)..end.min(bound) }
            }
        }
    }
}

fn to_file(starts: &[(usize, usize)], byte: usize) -> usize {
    let line = starts.partition_point(|(own, _)| *own <= byte).saturating_sub(1);
    starts.get(line).map_or(byte, |(own, file)| file + byte.saturating_sub(*own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_a_block_text_are_found_in_the_file() {
        let yaml = "text: |\n  Hi {{ a }},\n\n  bye {{ b }}\n";
        let text = TemplateText {
            text: "Hi {{ a }},\n\nbye {{ b }}".to_owned(),
            place: Place::Span { source: Source::new("a.yaml", yaml), span: 6..yaml.len() },
            line_starts: Some(vec![10, 22, 25]),
            file: None,
        };
        let position = Position::of_text(&text);
        let check = |needle: &str| {
            let at = text.text.find(needle).unwrap();
            let Place::Span { span, .. } = position.place(&(at..at + needle.len())) else { panic!("no span") };
            assert_eq!(yaml.get(span), Some(needle));
        };
        check("a }}");
        check("b }}");
        check("Hi");
    }

    #[test]
    fn what_is_folded_is_placed_as_a_whole() {
        let place = Place::File("a.yaml".to_owned());
        let text = TemplateText { text: "x".to_owned(), place: place.clone(), line_starts: None, file: None };
        assert_eq!(Position::of_text(&text).place(&(0..1)), place);
    }
}
