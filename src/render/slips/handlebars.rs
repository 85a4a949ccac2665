//! Values that are written as Handlebars, Mustache or Go templates write blocks and comments.

use std::ops::Range;

use super::Slip;

/// Explains the content of a `{{ … }}` that is a block elsewhere. `range` is all of the tag.
pub(super) fn of_value(inner: &str, range: &Range<usize>) -> Option<Slip> {
    let inner = inner.trim();
    let slip = |message: &str, help: String| Some(Slip::new(range.clone(), message, help));
    if let Some(block) = inner.strip_prefix('#') {
        return slip("this is a block of another language", begin(block.trim()));
    }
    if let Some(block) = inner.strip_prefix('^') {
        let block = block.trim();
        let condition = block.strip_prefix("if ").unwrap_or(block);
        let help = if condition.is_empty() { "{% else %}".to_owned() } else { format!("{{% if not {condition} %}}") };
        return slip("this is a block of another language", format!("write `{help}`"));
    }
    if let Some(block) = inner.strip_prefix('/') {
        let end = if matches!(block.trim(), "each" | "for") { "endfor" } else { "endif" };
        return slip("this is the end of a block of another language", format!("write `{{% {end} %}}`"));
    }
    if inner.starts_with('!') {
        return slip("this is a comment of another language", "write `{# … #}`".to_owned());
    }
    if inner.starts_with('>') {
        return slip(
            "another file is included so in another language",
            "write `{% include \"templates/footer.txt\" %}`".to_owned(),
        );
    }
    if let Some(value) = inner.strip_prefix(['&', '{']) {
        let value = value.trim_end_matches('}').trim();
        return slip(
            "nothing is escaped here, so no value has a form of its own for that",
            format!("write `{{{{ {value} }}}}`"),
        );
    }
    let (word, rest) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
    let rest = rest.trim();
    match (word, rest) {
        ("else", "") => slip(BLOCK, "write `{% else %}`".to_owned()),
        ("else", _) => {
            let condition = rest.strip_prefix("if").map_or(rest, str::trim);
            slip(BLOCK, format!("write `{{% elif {condition} %}}`"))
        }
        ("elseif" | "elsif" | "elif", _) => slip(BLOCK, format!("write `{{% elif {rest} %}}`")),
        ("endif", "") => slip(BLOCK, "write `{% endif %}`".to_owned()),
        ("endfor", "") => slip(BLOCK, "write `{% endfor %}`".to_owned()),
        ("if" | "unless" | "each" | "for" | "range" | "with", condition) if !condition.is_empty() => {
            slip(BLOCK, begin(inner))
        }
        _ => None,
    }
}

const BLOCK: &str = "blocks are written with `{% … %}`";

/// How a block begins that is written `#if x` or `if x` elsewhere.
fn begin(block: &str) -> String {
    let (word, rest) = block.split_once(char::is_whitespace).unwrap_or((block, ""));
    let rest = rest.trim();
    match word {
        "if" => format!("write `{{% if {rest} %}}`"),
        "unless" => format!("write `{{% if not {rest} %}}`"),
        "for" => format!("write `{{% for {rest} %}}`"),
        "each" | "foreach" | "range" => "write `{% for tag in tags | split(\",\") %}`".to_owned(),
        "with" => "write the columns where they are needed: there are no blocks but `if` and `for`".to_owned(),
        _ => format!("write `{{% if {block} %}}`"),
    }
}
