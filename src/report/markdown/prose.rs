//! Words as other forms have them, taken apart: what stands in backticks is a value, and a command is there to be
//! copied.

use crate::report::typed::{Typed, commands};

use super::inline::Phrase;

/// The option by which a limit is accepted.
const ACCEPT: &str = "--accept ";

/// Takes words apart. Commands repeat what was typed.
pub(super) fn prose(text: &str, typed: &Typed) -> Vec<Phrase> {
    let text = typed.repeated_in(text);
    let mut line = Vec::new();
    let mut at = 0;
    for range in commands(&text) {
        let before = text.get(at..range.start).unwrap_or_default();
        words(before.strip_suffix('`').unwrap_or(before), &mut line);
        line.extend(text.get(range.clone()).map(|command| Phrase::Exact(command.to_owned())));
        at = range.end;
        if text.get(at..).is_some_and(|rest| rest.starts_with('`')) {
            at += 1;
        }
    }
    words(text.get(at..).unwrap_or_default(), &mut line);
    line
}

/// What stands between two backticks is a value; one that has no other is a character as any.
fn words(text: &str, line: &mut Vec<Phrase>) {
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('`') {
        let Some((value, behind)) = behind.split_once('`') else { break };
        push(before, line);
        line.push(Phrase::Code(value.to_owned()));
        rest = behind;
    }
    push(rest, line);
}

/// What a limit is accepted by is there to be copied as well.
fn push(text: &str, line: &mut Vec<Phrase>) {
    let accepted = text.split_once(ACCEPT).map(|(before, behind)| {
        let end = behind.find(|character: char| !is_of_limit(character)).unwrap_or(behind.len());
        let (limit, behind) = behind.split_at_checked(end).unwrap_or((behind, ""));
        (before, format!("{ACCEPT}{limit}"), behind)
    });
    let Some((before, accepted, behind)) = accepted else {
        if !text.is_empty() {
            line.push(Phrase::Words(text.to_owned()));
        }
        return;
    };
    push(before, line);
    line.push(Phrase::Exact(accepted));
    push(behind, line);
}

fn is_of_limit(character: char) -> bool {
    character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '-' | '=')
}

#[cfg(test)]
mod tests {
    use super::prose;
    use crate::report::markdown::inline::{Within, written};
    use crate::report::typed::Typed;

    #[test]
    fn values_and_commands_are_code() {
        let typed = Typed { sandbox: true, ..Typed::default() };
        let check =
            |text: &str, expect: &str| assert_eq!(written(&prose(text, &typed), Within::Line), expect, "{text}");
        check("did you mean `a*b`?", "did you mean `a*b`?");
        check("no end ` here *", r"no end \` here \*");
        check("settle them: sendform reconcile", "settle them: `sendform reconcile --sandbox`");
        check("run `sendform reconcile` now, `x`", "run `sendform reconcile --sandbox` now, `x`");
        check("`` @a", "@\u{200b}a");
        check("to go on: --accept other-key=12, or not", "to go on: `--accept other-key=12`, or not");
    }
}
