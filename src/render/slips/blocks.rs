//! Tags between `{%` and `%}`: words of other languages for what this one says otherwise.

use std::ops::Range;

use super::Slip;

/// What a block tag is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockTag {
    If,
    Elif,
    Else,
    EndIf,
    For,
    EndFor,
    /// `include`, and tags that the check over the tree refuses.
    Other,
}

/// The tags that the engine's parser knows.
const KNOWN: &[(&str, BlockTag)] = &[
    ("if", BlockTag::If),
    ("elif", BlockTag::Elif),
    ("else", BlockTag::Else),
    ("endif", BlockTag::EndIf),
    ("for", BlockTag::For),
    ("endfor", BlockTag::EndFor),
    ("include", BlockTag::Other),
    ("raw", BlockTag::Other),
    ("endraw", BlockTag::Other),
];

/// What templates know.
pub(in crate::render) const TAGS: &str = "templates know text, `{{ … }}`, `if`, `for`, and `include` of a path";

/// Splits a tag into its word and the rest, and says where the rest begins.
pub(super) fn split(inner: &str) -> (&str, usize) {
    let start = inner.len() - inner.trim_start().len();
    let rest = inner.get(start..).unwrap_or_default();
    let length = rest.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(rest.len());
    (rest.get(..length).unwrap_or_default(), start + length)
}

/// Reads a tag: what it is, or what to write instead. `range` is all of the tag.
pub(super) fn read(inner: &str, range: &Range<usize>) -> Result<BlockTag, Slip> {
    let (word, end) = split(inner);
    let rest = inner.get(end..).unwrap_or_default().trim();
    let known = KNOWN.iter().find(|(name, _)| *name == word).map(|(_, known)| *known);
    let slip = |message: String, help: String| Err(Slip::new(range.clone(), message, help));
    match known {
        Some(BlockTag::Else) if rest.starts_with("if") => {
            let condition = rest.get(2..).unwrap_or_default().trim();
            slip("`else if` is not part of the language".to_owned(), format!("write `{{% elif {condition} %}}`"))
        }
        Some(BlockTag::Else | BlockTag::EndIf | BlockTag::EndFor) if !rest.is_empty() => {
            slip(format!("nothing can stand behind `{word}`"), format!("write `{{% {word} %}}`"))
        }
        Some(known) => Ok(known),
        None => match instead(word, rest) {
            Some(help) => slip(shown(word, rest), help),
            None => slip(format!("there is no tag `{word}`"), TAGS.to_owned()),
        },
    }
}

fn shown(word: &str, rest: &str) -> String {
    match word {
        "" if rest.is_empty() => "a tag without a word stands here".to_owned(),
        "" => format!("`{}` begins no tag", rest.split_whitespace().next().unwrap_or_default()),
        "end" if !rest.is_empty() => format!("`end {rest}` is not part of the language"),
        _ => format!("`{word}` is not part of the language"),
    }
}

fn instead(word: &str, rest: &str) -> Option<String> {
    let lower = word.to_lowercase().replace('_', "");
    Some(match lower.as_str() {
        known if KNOWN.iter().any(|(name, _)| *name == known) => {
            let rest = if rest.is_empty() { "" } else { " …" };
            format!("write `{{% {known}{rest} %}}`, in small letters")
        }
        "end" if rest.starts_with("for") || rest.starts_with("each") => "write `{% endfor %}`".to_owned(),
        "end" | "fi" | "endunless" | "endswitch" | "endcase" => "write `{% endif %}`".to_owned(),
        "endforeach" | "endeach" | "endwhile" => "write `{% endfor %}`".to_owned(),
        "unless" => format!("write `{{% if not ({rest}) %}}`"),
        "elsif" | "elseif" | "elsunless" => format!("write `{{% elif {rest} %}}`"),
        "foreach" | "each" | "while" => "write `{% for tag in tags | split(\",\") %}`".to_owned(),
        "assign" | "capture" | "let" | "var" | "define" | "endcapture" => {
            "there are no variables: write the expression where it is needed".to_owned()
        }
        "comment" | "endcomment" | "rem" => "write `{# … #}`".to_owned(),
        "case" | "switch" | "when" | "default" => "write `{% if … %}`, `{% elif … %}` and `{% else %}`".to_owned(),
        "render" | "partial" | "snippet" | "section" | "require" => {
            "write `{% include \"templates/footer.txt\" %}`".to_owned()
        }
        "print" | "echo" | "output" => format!("write `{{{{ {rest} }}}}`"),
        "verbatim" | "literal" => "write `{% raw %}`".to_owned(),
        "endverbatim" | "endliteral" => "write `{% endraw %}`".to_owned(),
        "" => match rest.split_at_checked(1) {
            Some(("#", block)) => return instead(split(block).0, block),
            Some(("/", block)) => {
                let end = if matches!(block.trim(), "for" | "each") { "endfor" } else { "endif" };
                format!("write `{{% {end} %}}`")
            }
            Some(("=", value)) => format!("write `{{{{ {} }}}}`", value.trim()),
            _ => return None,
        },
        "macro" | "call" | "break" | "continue" | "trans" | "load" | "now" | "cycle" | "increment" | "decrement" => {
            return None;
        }
        _ if rest.is_empty() || rest.starts_with(['|', '.', '[']) => {
            format!("a value is written `{{{{ {word} }}}}`; {TAGS}")
        }
        _ => return None,
    })
}
