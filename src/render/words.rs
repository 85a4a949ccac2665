//! Uses of filters, tests and functions: whether there is such a word, and whether what it is
//! given fits.

use std::ops::Range;

use minijinja::machinery::ast::{self, CallArg, Expr, Spanned};

use crate::diagnostic::Code;
use crate::diagnostic::suggest::nearest;
use crate::render::builtins::{Builtin, FUNCTIONS, Gives, Takes, find, instead_of};
use crate::render::check::{SourceChecker, Use};
use crate::render::extent::extent;
use crate::render::extent::range;
use crate::render::nesting::SourceForm;
use crate::render::types::Type;

/// The longest reason of a `skip`, in characters.
const REASON_CHARS_MAX: usize = 100;

impl SourceChecker<'_> {
    /// Checks a call of a function.
    pub(super) fn call(&mut self, call: &Spanned<ast::Call<'_>>, at: Range<usize>) -> Type {
        let Expr::Var(function) = &call.expr else {
            return self.wrong("only functions can be called", at, Some("write a filter: `{{ city | upper }}`"));
        };
        match (function.id, call.args.as_slice()) {
            ("skip", [CallArg::Pos(Expr::Const(reason))]) if reason.value.as_str().is_some() => self.skip(reason),
            ("column", [CallArg::Pos(Expr::Const(name))]) if name.value.as_str().is_some() => {
                let name_text = name.value.as_str().unwrap_or_default().to_owned();
                self.names += 1;
                self.uses.push(Use { name: name_text, range: range(name.span()), is_compared: false });
                Type::Text
            }
            ("skip" | "column", _) => {
                let message = format!("`{}` takes one text that is written out", function.id);
                self.wrong(message, at, Some("nothing of a row belongs here"))
            }
            (name, [CallArg::Pos(first), rest @ ..]) => {
                let first = (self.expression(first), first);
                self.word(FUNCTIONS, "function", name, Some(first), rest, at)
            }
            (name, rest) => self.word(FUNCTIONS, "function", name, None, rest, at),
        }
    }

    fn skip(&mut self, reason: &Spanned<ast::Const>) -> Type {
        if self.form() == SourceForm::Expression {
            return self.wrong(
                "`skip` belongs in a template",
                range(reason.span()),
                Some("let the expression be false"),
            );
        }
        let length = reason.value.as_str().map_or(0, |text| text.trim().chars().count());
        if !(1..=REASON_CHARS_MAX).contains(&length) {
            self.wrong(format!("a reason has 1 to {REASON_CHARS_MAX} characters"), range(reason.span()), None);
        }
        Type::Text
    }

    /// Checks a use of a filter, test or function.
    pub(super) fn word(
        &mut self,
        words: &[Builtin],
        what: &str,
        name: &str,
        first: Option<(Type, &Expr<'_>)>,
        arguments: &[CallArg<'_>],
        at: Range<usize>,
    ) -> Type {
        let Some(word) = find(words, name) else {
            self.unknown_word(words, what, name, at);
            return Type::Unknown;
        };
        let Some((found, expr)) = first else {
            return self.wrong(format!("`{name}` takes a value"), at, None);
        };
        match word.takes {
            Takes::One(wanted) => self.want(found, wanted, expr),
            Takes::TextOrNumber if matches!(found, Type::Text | Type::Number | Type::Unknown) => {}
            Takes::List if matches!(found, Type::Texts | Type::Numbers | Type::Unknown) => {}
            Takes::TextOrList if matches!(found, Type::Text | Type::Texts | Type::Numbers | Type::Unknown) => {}
            Takes::TextOrNumber | Takes::List | Takes::TextOrList => {
                return self.wrong(format!("`{name}` cannot take {found}"), extent(expr), None);
            }
        }
        self.arguments(word, arguments, at);
        match word.gives {
            Gives::One(given) => given,
            Gives::Element => found.element().unwrap_or(Type::Text),
        }
    }

    fn arguments(&mut self, word: &Builtin, arguments: &[CallArg<'_>], at: Range<usize>) {
        if !(word.required..=word.arguments.len()).contains(&arguments.len()) {
            let wanted = match (word.required, word.arguments.len()) {
                (least, most) if least == most => format!("{most}"),
                (least, most) => format!("{least} to {most}"),
            };
            self.wrong(
                format!("`{}` takes {wanted} arguments, and here are {}", word.name, arguments.len()),
                at.clone(),
                None,
            );
        }
        for (index, argument) in arguments.iter().enumerate() {
            let CallArg::Pos(expr) = argument else {
                self.wrong(format!("`{}` takes its arguments without names", word.name), at.clone(), None);
                continue;
            };
            let found = self.expression(expr);
            if let Some(wanted) = word.arguments.get(index) {
                self.want(found, *wanted, expr);
            }
        }
    }

    fn unknown_word(&mut self, words: &[Builtin], what: &str, name: &str, at: Range<usize>) {
        let message = format!("there is no {what} `{name}`");
        let names = words.iter().map(|word| word.name);
        let help = match (instead_of(name), nearest(name, names.clone())) {
            (Some(help), _) => help.to_owned(),
            (None, Some(meant)) => format!("did you mean `{meant}`?"),
            (None, None) => {
                let known: Vec<String> = names.map(|word| format!("`{word}`")).collect();
                format!("there are {}", known.join(", "))
            }
        };
        self.report(Code::UnknownFilter, message, at, Some(&help));
    }
}

#[cfg(test)]
mod tests {
    use crate::render::fixture::{InMemory, list, template};

    #[test]
    fn templates_keep_to_their_words() {
        let check = |source: &str, expected: &str| {
            let found = template(source, &InMemory::default())
                .map_or_else(|diagnostics| list(&diagnostics), |_| "fine".to_owned());
            assert_eq!(found, expected, "{source}");
        };
        check(
            "{{ name | default('x') }}",
            "unknown-filter: there is no filter `default` @ default('x') (write `fallback(\"…\")`: a cell is never undefined, but it may be blank)",
        );
        check(
            "{{ name | fallbak('x') }}",
            "unknown-filter: there is no filter `fallbak` @ fallbak('x') (did you mean `fallback`?)",
        );
        check("{{ name | fallback }}", "template-forbidden: `fallback` takes 1 arguments, and here are 0 @ fallback");
        check(
            "{{ name | truncate(length=3) }}",
            "template-forbidden: `truncate` takes its arguments without names @ truncate(length=3)",
        );
        check(
            "{{ name | truncate('3') }}",
            "template-forbidden: a number is wanted here, and this is a text @ '3' (read the text as a number: `int(…)`)",
        );
        check(
            "{{ 'x' * 5 }}",
            "template-forbidden: a number is wanted here, and this is a text @ 'x' (read the text as a number: `int(…)`)",
        );
        check(
            "{{ a + b }}",
            "template-forbidden: `+` adds numbers, and these are texts @ a + b (write `~` to join texts, `int(…)` to add numbers)",
        );
        check(
            "{{ a == b }}",
            "template-forbidden: a condition cannot be written into a text @ a == b (write `{% if … %}…{% endif %}`)",
        );
        check("{{ [a] }}", "template-forbidden: a list of texts cannot be written into a text @ [a] (write `join`)");
        check(
            "{{ '' }}",
            "blank-value: a blank text is written out @ '' (write blanks as text, or `{% if … %}…{% endif %}`)",
        );
        check(
            "{{ 's' if a else '' }}",
            "blank-value: a blank text is written out @ '' (write blanks as text, or `{% if … %}…{% endif %}`)",
        );
        check(
            "{{ 's' if a }}",
            "template-forbidden: this `if` has no `else` @ 's' if a (write `… if … else …`, or `{% if … %}`)",
        );
        check(
            "{{ skip(a) }}",
            "template-forbidden: `skip` takes one text that is written out @ skip(a) (nothing of a row belongs here)",
        );
        check(
            "{{ loop.index }}",
            "template-forbidden: `loop` has a meaning of its own @ loop (if a column is called so, write `column(\"loop\")`)",
        );
        check(
            "{% for a in b %}{% endfor %}",
            "template-forbidden: `for` goes over a list, not a text @ b (loop over a list: `[\"a\", \"b\"]`, or a column with `split(\",\")`)",
        );
        check(
            "{% for a in ['x'] %}{{ a }}{{ loop.nope }}{% endfor %}",
            "template-forbidden: `loop` has no `nope` @ loop.nope",
        );
        check("{{ a }", "template-syntax: a tag that begins with `{{` does not end so @ } (write `}}`)");
    }
}
