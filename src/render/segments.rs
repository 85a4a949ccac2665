//! The text between the tags of a template, as it is sent.

use std::ops::Range;

use minijinja::machinery::{Token, Tokenizer};

use crate::render::environment::syntax;

/// A piece of text, in bytes of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) range: Range<usize>,
    /// Whether a tag ends right before it.
    pub(super) after_tag: bool,
    /// Whether a tag begins right behind it.
    pub(super) before_tag: bool,
    /// Whether it stands between `{% raw %}` and `{% endraw %}`: then every brace is meant.
    pub(super) is_raw: bool,
}

/// Finds all text of a template whose tokens can be read.
pub(super) fn segments(source: &str) -> Vec<Segment> {
    let mut tokens = Tokenizer::new(source, "", false, syntax());
    let mut found: Vec<Segment> = Vec::new();
    let mut tag_end = None;
    let blank = |range: Range<usize>| source.get(range).is_some_and(|between| between.trim().is_empty());
    while let Ok(Some((token, span))) = tokens.next_token() {
        let range = span.start_offset as usize..span.end_offset as usize;
        #[expect(clippy::wildcard_enum_match_arm, reason = "inside of a tag there is no text")]
        match token {
            Token::TemplateData(_) => {
                let after_tag = tag_end.is_some_and(|end| blank(end..range.start));
                let is_raw = !after_tag && is_raw(source, range.start);
                found.push(Segment { range, after_tag, before_tag: false, is_raw });
                tag_end = None;
            }
            Token::VariableStart | Token::BlockStart => {
                if let Some(last) = found.last_mut()
                    && tag_end.is_none()
                {
                    last.before_tag = blank(last.range.end..range.start);
                }
            }
            Token::VariableEnd | Token::BlockEnd => tag_end = Some(range.end),
            _ => {}
        }
    }
    found
}

fn is_raw(source: &str, start: usize) -> bool {
    let before = source.get(..start).unwrap_or_default().trim_end();
    let tag = before.strip_suffix("%}").and_then(|before| before.get(before.rfind("{%")? + 2..));
    tag.is_some_and(|tag| tag.trim_matches(['-', '+', ' ', '\t', '\n']) == "raw")
}

#[cfg(test)]
mod tests {
    use super::segments;

    #[test]
    fn text_knows_the_tags_beside_it() {
        let check = |source: &str, expect: &[(&str, bool, bool)]| {
            let found: Vec<(&str, bool, bool)> = segments(source)
                .iter()
                .map(|segment| (source.get(segment.range.clone()).unwrap(), segment.after_tag, segment.before_tag))
                .collect();
            assert_eq!(found, expect, "{source}");
        };
        check("a{{ b }}c{% if d %}{% endif %}e", &[("a", false, true), ("c", true, true), ("e", true, false)]);
        check("a {{- b -}} c", &[("a", false, true), ("c", true, false)]);
        check(
            "a{# b #}c{% raw %}d{% endraw %}e",
            &[("a", false, false), ("c", false, false), ("d", false, false), ("e", false, false)],
        );
        check("{{ a }}{% raw %}}{% endraw %}{{ b }}", &[("}", false, false)]);
        let raw = |source: &str| segments(source).iter().map(|segment| segment.is_raw).collect::<Vec<_>>();
        assert_eq!(raw("a{%- raw -%} {{ b }}{% endraw %}c"), [false, true, false]);
    }
}
