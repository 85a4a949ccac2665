//! Expressions that cannot be parsed to their end.

use std::ops::Range;

use minijinja::machinery::parse_expr;

use crate::render::environment::syntax;
use crate::render::nesting::{SourceForm, Unparsable, check_tokens};

use super::characters::{LEAVE_BRACES, last_character, unreadable, word_around};
use super::{Slip, column_form, is_keyword};

/// Where an expression stands: some slips mean different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::render) enum Spot {
    /// An audience's `where`.
    Where,
    /// Between `{{` and `}}`.
    Value,
    /// Behind `if` or `elif`.
    If,
    /// Behind `in` of a `for`, and anything else.
    Other,
}

/// Says why an expression cannot be parsed; `None` if it can.
pub(in crate::render) fn of_expression(text: &str, spot: Spot) -> Option<Slip> {
    let refused = check_tokens(text, SourceForm::Expression, &syntax()).err();
    let readable = match &refused {
        None | Some(Unparsable::TwoTexts { .. }) => text,
        Some(Unparsable::TooDeep { message, range }) => {
            return Some(Slip { range: range.clone(), message: message.clone(), help: None });
        }
        Some(Unparsable::Unreadable { at, .. }) => text.get(..*at).unwrap_or_default(),
    };
    let parsed = parse_expr(readable);
    match (parsed, refused) {
        (Ok(_), None) => None,
        (Ok(_), Some(Unparsable::TwoTexts { range })) => Some(two_texts(range)),
        (parsed, Some(Unparsable::Unreadable { at, detail })) => {
            let before = parsed.err().filter(|error| !is_end(error) && error.detail() != Some(&detail));
            Some(before.map_or_else(|| unreadable(text, at, &detail), |error| unparsed(text, &error, spot)))
        }
        (Ok(_), Some(Unparsable::TooDeep { .. })) => None,
        (Err(error), _) => Some(unparsed(text, &error, spot)),
    }
}

/// Two texts that the parser would join.
pub(in crate::render) fn two_texts(range: Range<usize>) -> Slip {
    let help = "put a comma between the items of a list, `and` or `or` between conditions, or `~` to join two texts";
    Slip::new(range, "two texts stand side by side", help)
}

/// Whether the parser wanted more than there is.
fn is_end(error: &minijinja::Error) -> bool {
    error.detail().is_some_and(|detail| detail.contains("end of input"))
}

fn unparsed(text: &str, error: &minijinja::Error, spot: Spot) -> Slip {
    let begin = text.len() - text.trim_start().len();
    if spot == Spot::Where && text.get(begin..).is_some_and(|text| text.starts_with("{{") || text.starts_with("{%")) {
        return Slip::new(begin..begin + 2, "a brace stands here", LEAVE_BRACES);
    }
    let detail = error.detail().unwrap_or("it cannot be parsed");
    if text.trim().is_empty() {
        return Slip::new(0..text.len(), "an expression is missing", example(spot));
    }
    if is_end(error) {
        return ended(text, detail, spot);
    }
    let range = error.range().unwrap_or(0..text.len());
    let range = range.start.min(text.len())..range.end.min(text.len());
    known(text, &range, spot).unwrap_or_else(|| {
        let found = text.get(range.clone()).unwrap_or_default();
        let message = detail
            .strip_prefix("unexpected identifier")
            .map_or_else(|| detail.to_owned(), |rest| format!("unexpected `{found}`{rest}"));
        Slip { range, message, help: Some(example(spot).to_owned()) }
    })
}

/// The parser came to the end and wanted more.
fn ended(text: &str, detail: &str, spot: Spot) -> Slip {
    if let Some(open) = open_bracket(text) {
        return Slip::new(open..open + 1, "this bracket is not closed", "write the bracket that closes it");
    }
    let end = text.trim_end().len();
    let range = match text.get(..end).and_then(|text| text.chars().next_back()) {
        Some(last) if last.is_alphanumeric() || last == '_' => word_around(text, end - last.len_utf8()),
        Some(last) if last.is_ascii_punctuation() => {
            let signs = text.get(..end).unwrap_or_default();
            let start = signs.trim_end_matches(|sign: char| "=!<>|+-*/%~.".contains(sign)).len();
            if start < end { start..end } else { last_character(text, end) }
        }
        _ => last_character(text, end),
    };
    Slip { range, message: detail.to_owned(), help: Some(example(spot).to_owned()) }
}

/// The last bracket that is open at the end.
fn open_bracket(text: &str) -> Option<usize> {
    let mut open = Vec::new();
    let mut tokens = minijinja::machinery::Tokenizer::new(text, "", true, syntax());
    while let Ok(Some((token, span))) = tokens.next_token() {
        use minijinja::machinery::Token;
        #[expect(clippy::wildcard_enum_match_arm, reason = "only brackets matter here")]
        match token {
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => open.push(span.start_offset as usize),
            Token::ParenClose | Token::BracketClose | Token::BraceClose => drop(open.pop()),
            _ => {}
        }
    }
    open.pop()
}

const fn example(spot: Spot) -> &'static str {
    match spot {
        Spot::Where => "write an expression such as `consent == \"yes\" and country in [\"HR\", \"SI\"]`",
        Spot::Value => "write a column, such as `{{ city }}`, or one with a filter: `{{ city | upper }}`",
        Spot::If => "write a condition, such as `{% if country == \"HR\" %}`",
        Spot::Other => "write an expression, such as `tags | split(\",\")`",
    }
}

/// A slip that is known, at what the parser did not expect.
fn known(text: &str, range: &Range<usize>, spot: Spot) -> Option<Slip> {
    let found = text.get(range.clone())?;
    let before = text.get(..range.start)?.trim_end();
    let rest = text.get(range.start..)?;
    match found {
        "|" if before.ends_with('|') => {
            let range = before.len() - 1..range.end;
            let help = if spot == Spot::Value { "write `| fallback(\"…\")`" } else { "write `or`" };
            Some(Slip::new(range, "`||` is not part of the language", help))
        }
        "=" => Some(equals(before, rest, range)),
        ">" if before.ends_with('<') => {
            Some(Slip::new(before.len() - 1..range.end, "`<>` is not part of the language", "write `!=`"))
        }
        "{" | "}" | "}}" if spot == Spot::Where => {
            let width = if rest.starts_with("{{") || rest.starts_with("}}") { 2 } else { found.len() };
            let start = if found == "}" && before.ends_with('}') { range.start - 1 } else { range.start };
            Some(Slip::new(start..(start + width).min(text.len()), "a brace stands here", LEAVE_BRACES))
        }
        ":" => colon(text, before, range, spot),
        "," if spot == Spot::Value => Some(Slip::new(
            range.clone(),
            "only one value is written here",
            "for a value that may be blank write `| fallback(\"…\")`",
        )),
        "." if before.is_empty() => {
            Some(Slip::new(range.clone(), "a name begins with a dot", "columns are named alone: `{{ city }}`"))
        }
        ")" | "]" | "}" => Some(Slip::new(
            range.clone(),
            format!("`{found}` closes no bracket"),
            "leave it out, or write the bracket that it closes",
        )),
        _ => word(found, range, spot).or_else(|| capitals_before(text, before)).or_else(|| several_words(text, range)),
    }
}

/// A word of the language in capitals is taken for a column, so that what stands behind it is wrong.
fn capitals_before(text: &str, before: &str) -> Option<Slip> {
    let range = word_around(text, before.len().checked_sub(1)?);
    word(text.get(range.clone())?, &range, Spot::Other)
        .filter(|_| text.get(range).is_some_and(|word| word != word.to_lowercase()))
}

fn equals(before: &str, rest: &str, range: &Range<usize>) -> Slip {
    let slip = |start: usize, end: usize, sign: &str, instead: &str| {
        Slip::new(start..end, format!("`{sign}` is not part of the language"), format!("write `{instead}`"))
    };
    match (before, rest) {
        _ if before.ends_with("==") => slip(before.len() - 2, range.end, "===", "=="),
        _ if before.ends_with("!=") => slip(before.len() - 2, range.end, "!==", "!="),
        _ if rest.starts_with("=>") => slip(range.start, range.start + 2, "=>", ">="),
        _ if rest.starts_with("=<") => slip(range.start, range.start + 2, "=<", "<="),
        _ if rest.starts_with("=!") => slip(range.start, range.start + 2, "=!", "!="),
        _ => slip(range.start, range.end, "=", "=="),
    }
}

/// A colon behind a filter is Liquid's way to give it a value.
fn colon(text: &str, before: &str, range: &Range<usize>, spot: Spot) -> Option<Slip> {
    let name = text.get(word_around(text, before.len().checked_sub(1)?))?;
    let is_filter = before.strip_suffix(name)?.trim_end().ends_with('|');
    if is_filter {
        let filter = if matches!(name, "default" | "d") { "fallback" } else { name };
        let message = "a filter takes its values in brackets";
        return Some(Slip::new(range.clone(), message, format!("write `{filter}(\"…\")`")));
    }
    (spot == Spot::Value)
        .then(|| Slip::new(range.clone(), "unexpected `:`", "for a value that may be blank write `| fallback(\"…\")`"))
}

/// Words of other languages for what this one says otherwise.
fn word(found: &str, range: &Range<usize>, spot: Spot) -> Option<Slip> {
    let lower = found.to_lowercase();
    let slip = |help: String| Some(Slip::new(range.clone(), format!("unexpected `{found}`"), help));
    if lower != found && is_keyword(&lower) {
        return slip(format!("write `{lower}`, in small letters"));
    }
    let help = match lower.as_str() {
        "contains" | "includes" | "has" => "write what is looked for first: `\"vip\" in tags`",
        "like" | "matches" | "ilike" | "regex" => "write `\"vip\" in tags`, or `city is startingwith(\"Z\")`",
        "startswith" | "starts" | "beginswith" | "begins" => "write `city is startingwith(\"Z\")`",
        "endswith" | "ends" => "write `city is endingwith(\"b\")`",
        "between" => "write `18 <= int(age) <= 30`",
        "eq" | "equals" | "equal" => "write `==`",
        "ne" | "neq" => "write `!=`",
        "gt" => "write `>`",
        "gte" | "ge" => "write `>=`",
        "lt" => "write `<`",
        "lte" | "le" => "write `<=`",
        "xor" => "write `(a or b) and not (a and b)`",
        "then" if spot == Spot::If => "leave `then` out: the tag ends with `%}`",
        _ => return None,
    };
    slip(help.to_owned())
}

/// Several words side by side are most likely the name of one column.
fn several_words(text: &str, range: &Range<usize>) -> Option<Slip> {
    let is_part =
        |character: char| character.is_alphanumeric() || matches!(character, '_' | ' ' | '\u{a0}' | '-' | '/');
    let found = text.get(range.clone())?;
    if !found.starts_with(|first: char| first.is_alphanumeric() || first == '_') {
        return None;
    }
    let before = text.get(..range.start)?;
    let start = before.trim_end_matches(is_part).len();
    let end =
        range.end + text.get(range.end..)?.chars().take_while(|next| is_part(*next)).map(char::len_utf8).sum::<usize>();
    // The words of the language around it are not part of the name.
    let words: Vec<(usize, &str)> = words(text.get(start..end)?).collect();
    let at = range.start - start;
    let first = words.iter().rposition(|(begin, word)| *begin <= at && is_keyword(word)).map_or(0, |index| index + 1);
    let last = words.iter().position(|(begin, word)| *begin > at && is_keyword(word)).unwrap_or(words.len());
    let (first, last) = (words.get(first)?, words.get(last.checked_sub(1)?)?);
    let range = start + first.0..start + last.0 + last.1.len();
    let name = text.get(range.clone())?;
    if !name.contains([' ', '\u{a0}', '-', '/']) && name.starts_with(|first: char| !first.is_numeric()) {
        return None;
    }
    let help =
        format!("a column whose name is not a plain word is written `{}`; a text stands in quotes", column_form(name));
    Some(Slip::new(range, format!("`{name}` is not one word"), help))
}

/// Words with where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split([' ', '\u{a0}']).filter_map(move |word| {
        let begin = at;
        let blank = text.get(begin + word.len()..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        at += word.len() + blank;
        (!word.is_empty()).then_some((begin, word))
    })
}
