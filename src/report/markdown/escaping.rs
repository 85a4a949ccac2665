//! What values cannot do, whatever they hold: a reader of GitHub flavoured Markdown finds in a document what it finds in
//! the same one with a calm value, and nothing else.

use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, parse_document};
use proptest::prelude::*;

use super::block::{Column, Language, MarkdownBlock, joined};
use super::inline::Phrase;
use super::prose::prose;
use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::typed::Typed;

/// What people write who want to be heard.
const HOSTILE: [&str; 48] = [
    "@acme/everyone",
    "&#64;acme",
    "&commat;acme",
    "&amp;#64;acme",
    "#12",
    "acme/shop#12",
    "GH-12",
    "!12",
    "1d03646",
    "[a](https://x.example)",
    "![a](x.png)",
    "<img src=x>",
    "<!-- sendform:plan -->",
    "-->",
    "</details>",
    "</summary>",
    "<b>",
    "https://x.example",
    "www.x.example",
    "a@b.example",
    "mailto:a@b.example",
    "<https://x.example>",
    "```",
    "~~~",
    "````",
    "`",
    "``",
    "*",
    "**",
    "_",
    "~~",
    "|",
    "\\",
    "\\|",
    "# ",
    "- ",
    "1. ",
    "> ",
    "> [!NOTE]",
    "---",
    "===",
    "[^1]",
    "[ ]",
    "$x$",
    ":tada:",
    "\n",
    "\u{202e}",
    "::error::",
];

/// A document with a value at every place that takes one.
fn document(value: &str) -> String {
    let words = || Phrase::Words(value.to_owned());
    let code = || Phrase::Code(value.to_owned());
    joined(&[
        MarkdownBlock::Heading(2, vec![words()]),
        MarkdownBlock::Heading(3, vec![code(), Phrase::Own(" on "), words()]),
        MarkdownBlock::Paragraph(vec![words()]),
        MarkdownBlock::Paragraph(vec![
            code(),
            words(),
            Phrase::Own(": "),
            Phrase::Strong(vec![Phrase::Own("so "), words()]),
        ]),
        MarkdownBlock::Entry(
            vec![words()],
            vec![
                MarkdownBlock::fence(Language::Diff, value),
                MarkdownBlock::Entry(vec![code()], Vec::new()),
                MarkdownBlock::Entry(vec![words(), code()], Vec::new()),
            ],
        ),
        MarkdownBlock::TableHead(vec![
            (Phrase::Own("a"), Column::Text),
            (words(), Column::Text),
            (Phrase::Own("c"), Column::Number),
        ]),
        MarkdownBlock::Row(vec![vec![words()], vec![code(), words()], vec![Phrase::Own("1")]]),
        MarkdownBlock::fence(Language::Text, value),
        MarkdownBlock::Details(vec![words(), code()], vec![MarkdownBlock::fence(Language::Text, value)]),
        MarkdownBlock::Paragraph(vec![Phrase::Own("digest "), Phrase::Exact(value.to_owned())]),
    ])
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.autolink = true;
    extension.table = true;
    extension.strikethrough = true;
    extension.tasklist = true;
    extension.footnotes = true;
    extension.alerts = true;
    extension.math_dollars = true;
    options
}

/// What a reader finds: the kinds of all parts, and, of our own elements, their tags.
fn shape(text: &str) -> Vec<String> {
    let arena = Arena::new();
    let root = parse_document(&arena, text, &options());
    let mut kinds = Vec::new();
    collect(root, &mut kinds);
    kinds.dedup_by(|one, other| one == "text" && other == "text");
    kinds
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a document of another crate has many more parts")]
fn collect<'a>(node: &'a AstNode<'a>, kinds: &mut Vec<String>) {
    let value = &node.data.borrow().value;
    kinds.push(match value {
        NodeValue::Text(_) => "text".to_owned(),
        NodeValue::Code(_) => "code".to_owned(),
        NodeValue::CodeBlock(block) => format!("fence {}", block.info),
        NodeValue::HtmlBlock(block) => {
            let tags = block.literal.split('<').skip(1).map(|tag| tag.split('>').next().unwrap_or_default());
            format!("html {}", tags.collect::<Vec<_>>().join(" "))
        }
        NodeValue::Heading(heading) => format!("heading {}", heading.level),
        other => other.xml_node_name().to_owned(),
    });
    node.children().for_each(|child| collect(child, kinds));
}

/// All that is no code, as a reader sees it.
#[expect(clippy::wildcard_enum_match_arm, reason = "a document of another crate has many more parts")]
fn seen(text: &str) -> Vec<String> {
    let arena = Arena::new();
    let root = parse_document(&arena, text, &options());
    let texts = root.descendants().filter_map(|node| match &node.data.borrow().value {
        NodeValue::Text(text) => Some(text.to_string()),
        NodeValue::HtmlBlock(block) => Some(without_code(&block.literal)),
        _ => None,
    });
    texts.collect()
}

fn without_code(html: &str) -> String {
    html.split("<code>").map(|part| part.split_once("</code>").map_or(part, |(_, behind)| behind)).collect()
}

/// Whether a text has what GitHub makes a mention, a reference or an emoji of.
fn calls_out(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    let calls = characters.windows(2).any(|pair| matches!(pair, ['@' | '#', next] if next.is_ascii_alphanumeric()));
    let words = text.split(|character: char| !character.is_ascii_alphanumeric());
    let commit = words.into_iter().any(|word| word.len() >= 7 && word.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let lower = text.to_ascii_lowercase();
    calls || commit || ["gh-12", "://", "www.", ":tada:"].iter().any(|word| lower.contains(word))
}

fn check(value: &str) {
    let document = document(value);
    assert_eq!(shape(&document), shape(&self::document("x")), "{value:?}\n{document}");
    // Our own entities are no references.
    let seen = seen(&document).join("\n").replace("&#39;", "'");
    assert!(!calls_out(&seen), "{value:?}\n{seen}");
    assert!(!document.chars().any(|character| character.is_control() && character != '\n'), "{value:?}");
}

#[test]
fn each_of_them_alone_does_nothing() {
    for value in HOSTILE.into_iter().filter(|value| !value.trim().is_empty()) {
        check(value);
        check(&format!("a {value}"));
        check(&format!("{value} a"));
        check(&format!("a\n{value}\n\n{value}"));
    }
}

proptest! {
    #[test]
    fn no_value_does_anything(parts in prop::collection::vec(prop_oneof![
        8 => prop::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned),
        2 => "[ a-f0-9\t]{1,6}",
        1 => "\\PC{1,4}",
    ], 1..8)) {
        let value = parts.concat();
        prop_assume!(!value.trim().is_empty());
        check(&value);
    }

    #[test]
    fn words_are_read_as_they_were_written(parts in prop::collection::vec(prop::sample::select(HOSTILE.to_vec()), 1..6)) {
        let value = parts.concat();
        let text = joined(&[MarkdownBlock::Paragraph(vec![Phrase::Words(value.clone())])]);
        let read = seen(&text).concat().replace('\u{200b}', "");
        let written = harmless(&value, LineFeeds::Escape);
        prop_assert_eq!(read.trim(), written.trim());
    }

    #[test]
    fn prose_has_code_and_text_and_nothing_else(parts in prop::collection::vec(prop::sample::select(HOSTILE.to_vec()), 1..6)) {
        let text = joined(&[MarkdownBlock::Entry(prose(&parts.concat(), &Typed::default()), Vec::new())]);
        let strange = shape(&text).into_iter().find(|kind| !["document", "list", "item", "paragraph", "text", "code"].contains(&kind.as_str()));
        prop_assert_eq!(strange, None, "{}", text);
        prop_assert!(!calls_out(&seen(&text).join("\n")), "{}", text);
    }
}
