//! The tags of a template that the engine cannot parse, found one by one, so that each can be told
//! what is wrong with it.

use std::ops::Range;

/// What a tag is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TagKind {
    /// `{{ … }}`.
    Value,
    /// `{% … %}`.
    Block,
    /// `{# … #}`.
    Comment,
}

/// How a tag ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TagEnd {
    /// As it should.
    Right,
    /// With the end of the other kind, such as `{{ … %}`.
    Wrong,
    /// Not at all.
    Missing,
}

/// One tag, in bytes of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) kind: TagKind,
    /// All of it; if it has no end, its beginning only.
    pub(super) range: Range<usize>,
    /// What stands between its braces, without the hyphens and plus signs beside them.
    pub(super) inner: Range<usize>,
    pub(super) end: TagEnd,
}

/// Finds all tags. What stands between `{% raw %}` and `{% endraw %}` is text.
pub(super) fn tags(source: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some((start, kind)) = next_start(source, at) {
        let tag = tag(source, start, kind);
        at = tag.range.end;
        let is_raw = kind == TagKind::Block && source.get(tag.inner.clone()).is_some_and(|inner| inner.trim() == "raw");
        if is_raw {
            at = end_of_raw(source, at).unwrap_or(source.len());
        }
        tags.push(tag);
    }
    tags
}

fn next_start(source: &str, from: usize) -> Option<(usize, TagKind)> {
    let rest = source.get(from..)?;
    rest.match_indices('{').find_map(|(at, _)| {
        let kind = match rest.as_bytes().get(at + 1)? {
            b'{' => TagKind::Value,
            b'%' => TagKind::Block,
            b'#' => TagKind::Comment,
            _ => return None,
        };
        Some((from + at, kind))
    })
}

fn tag(source: &str, start: usize, kind: TagKind) -> Tag {
    let rest = source.get(start + 2..).unwrap_or_default();
    let found = match kind {
        TagKind::Comment => rest.find("#}").map(|at| (at, TagEnd::Right)),
        // A quotation mark or a bracket that is not closed must not swallow the tags that follow.
        TagKind::Value | TagKind::Block => end(rest, kind, true).or_else(|| end(rest, kind, false)),
    };
    let (inner, range, end) = match found {
        Some((at, end)) => (start + 2..start + 2 + at, start..start + 4 + at, end),
        None => (start + 2..source.len(), start..start + 2, TagEnd::Missing),
    };
    let text = source.get(inner.clone()).unwrap_or_default();
    let left = usize::from(text.starts_with(['-', '+']));
    let right = usize::from(text.len() > left && text.ends_with(['-', '+']));
    Tag { kind, range, inner: inner.start + left..inner.end - right, end }
}

/// Where a tag ends, and how. Inside of quotes and brackets no end is looked for, if these are
/// minded.
fn end(rest: &str, kind: TagKind, mind: bool) -> Option<(usize, TagEnd)> {
    let mut quote = None;
    let mut escaped = false;
    let mut depth = 0_usize;
    for (at, byte) in rest.bytes().enumerate() {
        let next = rest.as_bytes().get(at + 1).copied();
        if let Some(open) = quote {
            if escaped {
                escaped = false;
            } else if byte == b'\\' {
                escaped = true;
            } else if byte == open {
                quote = None;
            }
            continue;
        }
        match byte {
            b'\'' | b'"' if mind => quote = Some(byte),
            b'(' | b'[' | b'{' if mind => depth += 1,
            b')' | b']' if mind => depth = depth.saturating_sub(1),
            b'}' if depth > 0 => depth -= 1,
            b'}' if next == Some(b'}') => {
                return Some((at, if kind == TagKind::Value { TagEnd::Right } else { TagEnd::Wrong }));
            }
            b'%' if depth == 0 && next == Some(b'}') => {
                return Some((at, if kind == TagKind::Block { TagEnd::Right } else { TagEnd::Wrong }));
            }
            // The next tag begins: this one has no end.
            b'{' if !mind && matches!(next, Some(b'{' | b'%' | b'#')) => return None,
            _ => {}
        }
    }
    None
}

fn end_of_raw(source: &str, from: usize) -> Option<usize> {
    let rest = source.get(from..)?;
    rest.match_indices("{%").find_map(|(at, _)| {
        let tag = tag(source, from + at, TagKind::Block);
        let inner = source.get(tag.inner.clone())?;
        (inner.trim() == "endraw").then_some(tag.range.end)
    })
}

#[cfg(test)]
mod tests {
    use super::{TagEnd, tags};

    #[test]
    fn tags_are_found_whatever_is_wrong_with_them() {
        let check = |source: &str, expect: &[(&str, TagEnd)]| {
            let found: Vec<(&str, TagEnd)> =
                tags(source).iter().map(|tag| (source.get(tag.inner.clone()).unwrap(), tag.end)).collect();
            assert_eq!(found, expect, "{source}");
        };
        check(
            "Hi {{ a }} {%- if b -%} { c } {# d #}",
            &[(" a ", TagEnd::Right), (" if b ", TagEnd::Right), (" d ", TagEnd::Right)],
        );
        check("{{ '}}' }}{{ {'a': {'b': 1}} }}", &[(" '}}' ", TagEnd::Right), (" {'a': {'b': 1}} ", TagEnd::Right)]);
        check("{{ a %} {% if b }} c", &[(" a ", TagEnd::Wrong), (" if b ", TagEnd::Wrong)]);
        check("{{ fallback('a) }} {{ b }}", &[(" fallback('a) ", TagEnd::Right), (" b ", TagEnd::Right)]);
        check("{{ (a }} {{ b }}", &[(" (a ", TagEnd::Right), (" b ", TagEnd::Right)]);
        check("{{ a {{ b }}", &[(" a {{ b }}", TagEnd::Missing), (" b ", TagEnd::Right)]);
        check("Hi {# note", &[(" note", TagEnd::Missing)]);
        check("{{ a }", &[(" a }", TagEnd::Missing)]);
        check("{% raw %}{{ a {% endraw %}{{ b }}", &[(" raw ", TagEnd::Right), (" b ", TagEnd::Right)]);
        check("{{{ a }}}", &[("{ a }", TagEnd::Right)]);
        check("{{#if a}}{{/if}}", &[("#if a", TagEnd::Right), ("/if", TagEnd::Right)]);
        check("{", &[]);
        check("{{", &[("", TagEnd::Missing)]);
        check("{{-}}", &[("", TagEnd::Right)]);
    }

    proptest::proptest! {
        #[test]
        fn any_source_has_its_tags_in_order(source in "[-{}%#a'\"()é\\\\ ]{0,40}") {
            let found = tags(&source);
            for tag in &found {
                proptest::prop_assert!(source.get(tag.range.clone()).is_some() && source.get(tag.inner.clone()).is_some());
            }
            proptest::prop_assert!(found.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start));
        }
    }
}
