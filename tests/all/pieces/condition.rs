//! Expressions of workflows, as far as ours need them: references, texts, comparisons, and what they are joined by.

/// Says what an expression comes to: a text, or `true` or `false`.
pub(super) fn evaluate(expression: &str, value: &dyn Fn(&str) -> String) -> String {
    let tokens = tokens(expression);
    let mut rest = tokens.as_slice();
    let result = either(&mut rest, value);
    assert!(rest.is_empty(), "`{expression}` goes on: {rest:?}");
    result
}

/// Whether a text counts as true.
pub(super) fn holds(text: &str) -> bool {
    !text.is_empty() && text != "false"
}

/// Puts values in the place of all `${{ … }}`.
pub(super) fn filled(text: &str, value: &dyn Fn(&str) -> String) -> String {
    let mut parts = text.split("${{");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (expression, rest) = part.split_once("}}").expect("an expression is closed");
        filled += &evaluate(expression, value);
        filled += rest;
    }
    filled
}

fn tokens(expression: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => 1 + rest.split_inclusive('\'').nth(1).expect("a text is closed").len(),
            '(' | ')' => 1,
            '&' | '|' | '=' | '!' => 2,
            _ => rest.find(|char: char| " ()&|=!'".contains(char)).unwrap_or(rest.len()),
        };
        // A function of ours has nothing between its parentheses.
        let is_called = rest.split_at(length).1.starts_with("()");
        let (token, after) = rest.split_at(if is_called { length + 2 } else { length });
        tokens.push(token.to_owned());
        rest = after.trim_start();
    }
    tokens
}

fn take(rest: &mut &[String], wanted: &str) -> bool {
    let found = rest.first().is_some_and(|token| token == wanted);
    if found {
        *rest = &rest[1..];
    }
    found
}

fn either(rest: &mut &[String], value: &dyn Fn(&str) -> String) -> String {
    let mut result = both(rest, value);
    while take(rest, "||") {
        let other = both(rest, value);
        result = if holds(&result) { result } else { other };
    }
    result
}

fn both(rest: &mut &[String], value: &dyn Fn(&str) -> String) -> String {
    let mut result = compared(rest, value);
    while take(rest, "&&") {
        let other = compared(rest, value);
        result = if holds(&result) { other } else { result };
    }
    result
}

fn compared(rest: &mut &[String], value: &dyn Fn(&str) -> String) -> String {
    let left = single(rest, value);
    if take(rest, "==") {
        return (left == single(rest, value)).to_string();
    }
    if take(rest, "!=") {
        return (left != single(rest, value)).to_string();
    }
    left
}

fn single(rest: &mut &[String], value: &dyn Fn(&str) -> String) -> String {
    if take(rest, "(") {
        let inside = either(rest, value);
        assert!(take(rest, ")"), "a parenthesis is closed");
        return inside;
    }
    let token = rest.first().expect("an expression goes on").clone();
    *rest = &rest[1..];
    match token.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        Some(text) => text.to_owned(),
        None if token == "always()" => "true".to_owned(),
        None => value(&token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_comes_to_what_github_says() {
        let value = |name: &str| if name == "empty" { String::new() } else { format!("<{name}>") };
        let check = |expression: &str, expect: &str| assert_eq!(evaluate(expression, &value), expect, "{expression}");
        check("a.b", "<a.b>");
        check("a == '<a>' && always()", "true");
        check("empty != '' && a == a", "false");
        check("empty || 'else'", "else");
        check("a != '' && (b == 'c' || d == d)", "true");
        assert_eq!(filled("x ${{ a }} y ${{ 'b' }}", &value), "x <a> y b");
    }
}
