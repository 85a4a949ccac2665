//! Braces that stand alone: a third one beside a tag, or the end of a tag that never began. They
//! would be sent as they are.

use std::ops::Range;

use crate::render::segments::Segment;
use crate::render::slips::Slip;

/// Finds the braces of a text that belong to no tag.
pub(super) fn lone(source: &str, segments: &[Segment]) -> Vec<Slip> {
    segments.iter().filter(|segment| !segment.is_raw).flat_map(|segment| of_segment(source, segment)).collect()
}

fn of_segment(source: &str, segment: &Segment) -> Vec<Slip> {
    let text = source.get(segment.range.clone()).unwrap_or_default();
    let start = segment.range.start;
    let mut found = Vec::new();
    let mut from = 0;
    if segment.after_tag && text.trim_start_matches([' ', '\t']).starts_with('}') {
        let at = text.len() - text.trim_start_matches([' ', '\t']).len();
        found.push(beside(start + at..start + at + 1, "}"));
        from = at + 1;
    }
    let rest = text.get(from..).unwrap_or_default();
    for end in ["}}", "%}", "#}"] {
        if let Some(at) = rest.find(end) {
            let at = start + from + at;
            let help = format!("write `{}` where the tag begins, or leave it out", begin(end));
            let message = format!("`{end}` stands here, and no tag ends");
            found.push(Slip { range: at..at + 2, message, help: Some(help) });
        }
    }
    let last = text.trim_end_matches([' ', '\t']);
    if segment.before_tag && from == 0 && last.ends_with('}') && !text.contains('{') && !last.ends_with("}}") {
        let at = start + last.len() - 1;
        if !["%}", "#}"].iter().any(|end| last.ends_with(end)) {
            found.push(beside(at..at + 1, "}"));
        }
    }
    if segment.before_tag && text.trim_end_matches([' ', '\t']).ends_with('{') {
        let at = start + text.trim_end_matches([' ', '\t']).len() - 1;
        found.push(beside(at..at + 1, "{"));
    }
    found
}

fn begin(end: &str) -> &'static str {
    match end {
        "}}" => "{{",
        "%}" => "{%",
        _ => "{#",
    }
}

fn beside(range: Range<usize>, brace: &str) -> Slip {
    let help = format!("leave it out; a brace that is meant is written `{{{{ \"{brace}\" }}}}`");
    Slip { range, message: format!("a lone `{brace}` stands beside a tag, and would be sent"), help: Some(help) }
}
