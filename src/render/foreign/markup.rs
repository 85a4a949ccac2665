//! Markup that the channel does not know: it is shown as it is written.

use std::ops::Range;

/// Tags of HTML that people put around words.
const TAGS: &[&str] = &[
    "a",
    "b",
    "i",
    "u",
    "s",
    "p",
    "br",
    "hr",
    "em",
    "strong",
    "span",
    "div",
    "img",
    "h1",
    "h2",
    "h3",
    "h4",
    "ul",
    "ol",
    "li",
    "table",
    "tr",
    "td",
    "th",
    "tbody",
    "font",
    "center",
    "small",
    "big",
    "sub",
    "sup",
    "code",
    "pre",
    "blockquote",
    "style",
    "script",
    "html",
    "body",
    "head",
    "button",
    "strike",
    "del",
    "mark",
    "label",
];

/// What begins at a byte of a text, if it is markup: its bytes, and what to do.
pub(super) fn at(text: &str, start: usize) -> Option<(Range<usize>, &'static str)> {
    let rest = text.get(start..)?;
    tag(rest)
        .map(|length| (length, "leave the tag out: people see it as it is written"))
        .or_else(|| entity(rest).map(|length| (length, "write the character itself")))
        .or_else(|| escape(rest).map(|length| (length, "write the character itself; a line break is a new line of a block text, or `\\n` inside of double quotes")))
        .or_else(|| link(rest).map(|length| (length, "write the address alone: people see the brackets as they are written")))
        .map(|(length, help)| (start..start + length, help))
}

/// `<b>`, `</b>`, `<br/>`, `<a href="…">`.
fn tag(rest: &str) -> Option<usize> {
    let name = rest.strip_prefix('<')?;
    let name = name.strip_prefix('/').unwrap_or(name);
    let length = name.find(|next: char| !next.is_ascii_alphanumeric())?;
    let word = name.get(..length)?.to_ascii_lowercase();
    let behind = name.get(length..)?;
    let end = behind.split('\n').next()?.find('>')?;
    let plain = behind.starts_with(['>', '/'])
        || behind.starts_with(' ') && (behind.get(..end)?.contains('=') || behind.get(..end)?.trim() == "/");
    (TAGS.contains(&word.as_str()) && plain).then(|| rest.len() - behind.len() + end + 1)
}

/// `&nbsp;`, `&#39;`.
fn entity(rest: &str) -> Option<usize> {
    let name = rest.strip_prefix('&')?;
    let end = name.find(';').filter(|end| (2..=8).contains(end))?;
    let name = name.get(..end)?;
    let digits = name.strip_prefix('#').map(|digits| digits.strip_prefix(['x', 'X']).unwrap_or(digits));
    let good = match digits {
        Some(digits) => !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => name.bytes().all(|byte| byte.is_ascii_alphanumeric()),
    };
    good.then_some(end + 2)
}

/// `\n`, `\u00eb`: an escape that nobody reads.
fn escape(rest: &str) -> Option<usize> {
    let escaped = rest.strip_prefix('\\')?;
    if let Some(code) = escaped.strip_prefix('u') {
        let digits = code.get(..4)?;
        return digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(6);
    }
    escaped.starts_with(['n', 't', 'r']).then_some(2)
}

/// `[text](https://…)`.
fn link(rest: &str) -> Option<usize> {
    let text = rest.strip_prefix('[')?.split('\n').next()?;
    let middle = text.find("](http")?;
    let end = text.get(middle..)?.find(')')?;
    Some(1 + middle + end + 1)
}

#[cfg(test)]
mod tests {
    use super::at;

    #[test]
    fn markup_is_told_from_texts() {
        let check = |text: &str, expect: Option<&str>| {
            let found = (0..text.len()).filter(|start| text.is_char_boundary(*start)).find_map(|start| at(text, start));
            assert_eq!(found.map(|(range, _)| text.get(range).unwrap()), expect, "{text}");
        };
        for (text, markup) in [
            ("a <b>c</b>", "<b>"),
            ("</strong>", "</strong>"),
            ("x<BR/>y", "<BR/>"),
            ("x<br />y", "<br />"),
            ("<a href=\"https://x.example\">here</a>", "<a href=\"https://x.example\">"),
            ("a&nbsp;b", "&nbsp;"),
            ("Ana &amp; Co", "&amp;"),
            ("it&#39;s", "&#39;"),
            ("Zo\\u00eb", "\\u00eb"),
            ("Hi\\nthere", "\\n"),
            ("see [our shop](https://x.example/a)!", "[our shop](https://x.example/a)"),
        ] {
            check(text, Some(markup));
        }
        for text in [
            "I <3 you",
            "a < b > c",
            "<name>",
            "R&D; more",
            "Ana & Co; Mia",
            "a\\b",
            "[1] (http",
            "x <i think> y",
            "5 &gt 3",
        ] {
            check(text, None);
        }
    }
}
