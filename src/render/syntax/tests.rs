//! A source is read to its last character or refused: for whatever stands behind an expression, and for
//! every template.

#![expect(clippy::string_slice, reason = "a bad slice in a test is a failed test")]

use minijinja::machinery::ast::{CallArg, Expr};
use minijinja::machinery::parse_expr;
use proptest::prelude::{ProptestConfig, Strategy, prop_oneof, proptest};
use proptest::sample;

use crate::render::extent::extent;
use crate::render::fixture::{InMemory, condition, list, template};
use crate::render::tags::{TagEnd, tags};

/// A condition that can be compiled.
fn good() -> impl Strategy<Value = String> {
    let leaf = sample::select(vec![
        "a == \"x\"",
        "a == 'x'",
        "'x' in b",
        "a in [\"x\", 'y']",
        "int(a) >= 18",
        "a is blank",
        "a is not blank",
        "a is startingwith('x')",
        "column(\"A b\") != \"\"",
        "a | upper == 'X'",
        "(a ~ 'x')[:2] == \"ax\"",
        "true",
        "a in {'x': 'y'}",
    ]);
    let leaf = leaf.prop_map(str::to_owned);
    leaf.prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|test| format!("not ({test})")),
            inner.clone().prop_map(|test| format!("({test})")),
            (inner.clone(), sample::select(vec!["and", "or"]), inner)
                .prop_map(|(left, both, right)| format!("{left} {both} {right}")),
        ]
    })
}

/// How many names, texts and numbers a text has, by a reading of its own.
fn atoms_written(text: &str) -> usize {
    let mut atoms = 0;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' || first == '\'' {
            atoms += 1;
            let end = rest.char_indices().skip(1).find(|(_, next)| *next == first).map_or(rest.len(), |(at, _)| at + 1);
            assert!(!rest[..end].contains('\\'), "{text}");
            end
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(rest.len());
            atoms += usize::from(!matches!(&rest[..end], "and" | "or" | "not" | "in" | "is" | "if" | "else"));
            end
        } else {
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    atoms
}

/// How many names, texts and numbers a tree has.
fn atoms_read(expr: &Expr<'_>) -> usize {
    let all = |items: &[Expr<'_>]| items.iter().map(atoms_read).sum::<usize>();
    let arguments = |arguments: &[CallArg<'_>]| {
        let argument = |argument: &CallArg<'_>| match argument {
            CallArg::Pos(expr) | CallArg::PosSplat(expr) | CallArg::KwargSplat(expr) => atoms_read(expr),
            CallArg::Kwarg(_, expr) => 1 + atoms_read(expr),
        };
        arguments.iter().map(argument).sum::<usize>()
    };
    let dotted = |name: &str| name.split('.').count();
    match expr {
        Expr::Var(_) | Expr::Const(_) => 1,
        Expr::UnaryOp(unary) => atoms_read(&unary.expr),
        Expr::BinOp(binary) => atoms_read(&binary.left) + atoms_read(&binary.right),
        Expr::Compare(chain) => {
            atoms_read(&chain.expr) + chain.ops.iter().map(|op| atoms_read(&op.expr)).sum::<usize>()
        }
        Expr::IfExpr(choice) => {
            atoms_read(&choice.test_expr)
                + atoms_read(&choice.true_expr)
                + choice.false_expr.as_ref().map_or(0, atoms_read)
        }
        Expr::Filter(filter) => {
            dotted(filter.name) + filter.expr.as_ref().map_or(0, atoms_read) + arguments(&filter.args)
        }
        Expr::Test(test) => dotted(test.name) + atoms_read(&test.expr) + arguments(&test.args),
        Expr::GetAttr(attribute) => 1 + atoms_read(&attribute.expr),
        Expr::GetItem(item) => atoms_read(&item.expr) + atoms_read(&item.subscript_expr),
        Expr::Slice(slice) => {
            let bounds = [&slice.start, &slice.stop, &slice.step].into_iter().flatten();
            atoms_read(&slice.expr) + bounds.map(atoms_read).sum::<usize>()
        }
        Expr::Call(call) => atoms_read(&call.expr) + arguments(&call.args),
        Expr::List(list) => all(&list.items),
        Expr::Tuple(tuple) => all(&tuple.items),
        Expr::Map(map) => all(&map.keys) + all(&map.values),
    }
}

/// Holds what was compiled against what was written.
fn assert_read_to_the_end(text: &str) {
    let tree = parse_expr(text).expect("it was compiled");
    assert_eq!(atoms_read(&tree), atoms_written(text), "{text}");
    let behind = text[extent(&tree).end..].trim_end_matches(|last: char| last.is_whitespace() || last == ')');
    assert_eq!(behind, "", "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_stands_behind_an_expression_is_read_or_refused(
        expression in good(),
        gap in "[ \n\t\u{a0}\u{200b}]{0,2}",
        tail in prop_oneof![
            "[ -~]{0,12}",
            "[&|!=<>;?@$^`#{}%,:.()\\[\\]“”’–…éž→\u{a0}\u{feff}x1\" ]{1,6}",
            good().prop_flat_map(|more| sample::select(vec!["and", "or", "&&", "||", "AND", "Or", "&", ",", ";", "#", "!", ""])
                .prop_map(move |between| format!("{between} {more}"))),
        ],
    ) {
        let text = format!("{expression}{gap}{tail}");
        proptest::prop_assume!(!text.contains('\\'));
        if condition(&text).is_ok() {
            assert_read_to_the_end(&text);
        }
    }

    #[test]
    fn every_tag_of_a_template_that_is_taken_has_its_end(
        source in "([{}%#]{1,3}|[a-c '\"|&=-]{1,3}|if |endif|fallback\\('x'\\)|\\{\\{ a \\}\\}|\\{% if a %\\}|\\{% endif %\\}){0,10}",
    ) {
        if template(&source, &InMemory::default()).is_ok() {
            let found = tags(&source);
            proptest::prop_assert!(found.iter().all(|tag| tag.end == TagEnd::Right), "{source}");
        }
    }
}

#[test]
fn good_conditions_are_taken() {
    for text in ["a == \"x\" ", "(a == 'x')", "a == (('x'))", " \n a is blank\n", "not (a in ['x',])"] {
        assert!(condition(text).is_ok(), "{text}");
        assert_read_to_the_end(text);
    }
}

/// Every slip with its place and its remedy.
#[test]
fn slips_in_expressions_lead_to_their_remedy() {
    let check = |source: &str, expect: &str| {
        let found = condition(source).map_or_else(|found| list(&found), |_| "fine".to_owned());
        let found = found.strip_prefix("template-syntax: ").unwrap_or(&found);
        assert_eq!(found, expect, "{source}");
    };
    check("a == \"x\" && b == 'y'", "`&&` is not part of the language @ && (write `and`)");
    check("a == \"x\" & b == 'y'", "`&` is not part of the language @ & (write `and`)");
    check("a == \"x\" || b == 'y'", "`||` is not part of the language @ || (write `or`)");
    check("a == \"x\" | | b == 'y'", "`||` is not part of the language @ | | (write `or`)");
    check("!(a == \"x\")", "`!` is not part of the language @ ! (write `not`)");
    check("a == \"x\" and !b", "`!` is not part of the language @ ! (write `not`)");
    check("a = \"x\"", "`=` is not part of the language @ = (write `==`)");
    check("a === \"x\"", "`===` is not part of the language @ === (write `==`)");
    check("a !== \"x\"", "`!==` is not part of the language @ !== (write `!=`)");
    check("a <> \"x\"", "`<>` is not part of the language @ <> (write `!=`)");
    check("int(a) => 5", "`=>` is not part of the language @ => (write `>=`)");
    check("int(a) =< 5", "`=<` is not part of the language @ =< (write `<=`)");
    check("int(a) ≥ 5", "`≥` is not part of the language @ ≥ (write `>=`)");
    check("a ≠ \"x\"", "`≠` is not part of the language @ ≠ (write `!=`)");
    check("a == “x”", "`“` is not part of the language @ “ (write a straight quotation mark: `\"`)");
    check("a == \"x” ", "this quotation mark has no second one @ \" (write a second `\"` where the text ends)");
    check("a == ‘x’", "`‘` is not part of the language @ ‘ (write a straight quotation mark: `\"` or `'`)");
    check("a == `x`", "``` is not part of the language @ ` (write a straight quotation mark: `\"`)");
    check("a == \"x\" AND b == 'y'", "unexpected `AND` @ AND (write `and`, in small letters)");
    check("a == \"x\" Or b == 'y'", "unexpected `Or` @ Or (write `or`, in small letters)");
    check("NOT a == \"x\"", "unexpected `NOT` @ NOT (write `not`, in small letters)");
    check(
        "{{ a == \"x\" }}",
        "a brace stands here @ {{ (an expression stands without braces: leave `{{` and `}}` out)",
    );
    check("a == \"x\" }}", "a brace stands here @ }} (an expression stands without braces: leave `{{` and `}}` out)");
    check(
        "a == \"x\" # only here",
        "`#` is not part of the language @ # (an expression holds no comment: write it outside of the quotes, or on a line of its own)",
    );
    check(
        "a == \"x\";",
        "`;` is not part of the language @ ; (this is one expression: join conditions with `and`, and leave the semicolon out)",
    );
    check("a == \"x\" ? b : c", "`?` is not part of the language @ ? (write `… if … else …`)");
    check("@a == \"x\"", "`@` is not part of the language @ @ (columns are named alone, without `@`)");
    check("$a == \"x\"", "`$` is not part of the language @ $ (columns are named alone, without `$`)");
    check(
        "a == \"x\" ^ b == \"y\"",
        "`^` is not part of the language @ ^ (write `and`, `or` and `not`; a power is `**`)",
    );
    check(
        "a == \"x\" \\",
        "`\\` is not part of the language @ \\ (a backslash stands only inside of a text, in quotes)",
    );
    check("a == \"x\" – b", "`–` is not part of the language @ – (write a plain hyphen: `-`)");
    check(
        "a == \"x\"\u{a0}and b == \"y\"",
        "a blank of another kind (U+00A0) stands here @ \u{a0} (write a plain space)",
    );
    check("a == \"x\"\u{200b}", "a character that nobody sees (U+200B) stands here @ \u{200b} (delete the character)");
    check("a ＝＝ \"x\"", "`＝` is not part of the language @ ＝ (write `=`, which is half as wide)");
    check(
        "država == \"HR\"",
        "`ž` is not part of the language @ država (a column whose name is not a plain word is written `column(\"država\")`; a text stands in quotes)",
    );
    check(
        "Marketing consent == \"yes\"",
        "`Marketing consent` is not one word @ Marketing consent (a column whose name is not a plain word is written `column(\"Marketing consent\")`; a text stands in quotes)",
    );
    check(
        "a == \"x\" and Marketing consent is blank",
        "`Marketing consent` is not one word @ Marketing consent (a column whose name is not a plain word is written `column(\"Marketing consent\")`; a text stands in quotes)",
    );
    check("a contains \"x\"", "unexpected `contains` @ contains (write what is looked for first: `\"vip\" in tags`)");
    check("a like \"x%\"", "unexpected `like` @ like (write `\"vip\" in tags`, or `city is startingwith(\"Z\")`)");
    check("a eq \"x\"", "unexpected `eq` @ eq (write `==`)");
    check("int(a) between 1 and 5", "unexpected `between` @ between (write `18 <= int(age) <= 30`)");
    check("(a == \"x\"", "this bracket is not closed @ ( (write the bracket that closes it)");
    check("a == \"x\")", "`)` closes no bracket @ ) (leave it out, or write the bracket that it closes)");
    check(
        "a in [\"x\" \"y\"]",
        "two texts stand side by side @ \"y\" (put a comma between the items of a list, `and` or `or` between conditions, or `~` to join two texts)",
    );
    check(
        "a == \"x\" and",
        "unexpected end of input, expected expression @ and (write an expression such as `consent == \"yes\" and country in [\"HR\", \"SI\"]`)",
    );
    check(
        "",
        "an expression is missing @  (write an expression such as `consent == \"yes\" and country in [\"HR\", \"SI\"]`)",
    );
    check(
        "a == 99999999999999999999999999999999999999999",
        "invalid integer (too large) @ 99999999999999999999999999999999999999999 (write it in plain decimal digits)",
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn slips_in_templates_are_told_tag_by_tag() {
    let check = |source: &str, expect: &[&str]| {
        let found = template(source, &InMemory::default()).map_or_else(|found| list(&found), |_| "fine".to_owned());
        let found: Vec<&str> =
            found.lines().map(|line| line.strip_prefix("template-syntax: ").unwrap_or(line)).collect();
        assert_eq!(found, expect, "{source}");
    };
    check(
        "Hi {{ first_name | fallback(“there”) }}!",
        &["`“` is not part of the language @ “ (write a straight quotation mark: `\"`)"],
    );
    check(
        "Hi {{ first_name | default: \"there\" }}!",
        &["a filter takes its values in brackets @ : (write `fallback(\"…\")`)"],
    );
    check("{{ first_name | truncate: 5 }}", &["a filter takes its values in brackets @ : (write `truncate(\"…\")`)"]);
    check(
        "Hi {{#if first_name}}{{first_name}}{{else}}there{{/if}}!",
        &[
            "this is a block of another language @ {{#if first_name}} (write `{% if first_name %}`)",
            "blocks are written with `{% … %}` @ {{else}} (write `{% else %}`)",
            "this is the end of a block of another language @ {{/if}} (write `{% endif %}`)",
        ],
    );
    check(
        "{% unless first_name == \"\" %}Hi{% endunless %}",
        &[
            "`unless` is not part of the language @ {% unless first_name == \"\" %} (write `{% if not (first_name == \"\") %}`)",
            "`endunless` is not part of the language @ {% endunless %} (write `{% endif %}`)",
        ],
    );
    check(
        "Hi {# note there",
        &[
            "the comment that begins here has no end @ {# (write `#}` where it ends; braces that are meant as text are written `{{ \"{#\" }}`)",
        ],
    );
    check(
        "{% if a %}x{% elsif b %}y{% endif %}",
        &["`elsif` is not part of the language @ {% elsif b %} (write `{% elif b %}`)"],
    );
    check(
        "{% if a %}x{% else if b %}y{% endif %}",
        &["`else if` is not part of the language @ {% else if b %} (write `{% elif b %}`)"],
    );
    check(
        "{% if a %}x{% elseif b %}y{% end if %}",
        &[
            "`elseif` is not part of the language @ {% elseif b %} (write `{% elif b %}`)",
            "`end if` is not part of the language @ {% end if %} (write `{% endif %}`)",
        ],
    );
    check("{% if a = \"x\" %}y{% endif %}", &["`=` is not part of the language @ = (write `==`)"]);
    check("{% if a && b %}y{% endif %}", &["`&&` is not part of the language @ && (write `and`)"]);
    check(
        "{% if a == \"x\" && b %}y{% endif %}{{ c || \"z\" }}",
        &[
            "`&&` is not part of the language @ && (write `and`)",
            "`||` is not part of the language @ || (write `| fallback(\"…\")`)",
        ],
    );
    check(
        "{{ First Name }}",
        &[
            "`First Name` is not one word @ First Name (a column whose name is not a plain word is written `column(\"First Name\")`; a text stands in quotes)",
        ],
    );
    check(
        "{{ First Name | upper }}",
        &[
            "`First Name` is not one word @ First Name (a column whose name is not a plain word is written `column(\"First Name\")`; a text stands in quotes)",
        ],
    );
    check("{{ first_name ?? \"x\" }}", &["`??` is not part of the language @ ?? (write `| fallback(\"…\")`)"]);
    check(
        "{{ first_name, \"x\" }}",
        &["only one value is written here @ , (for a value that may be blank write `| fallback(\"…\")`)"],
    );
    check("{{ .first_name }}", &["a name begins with a dot @ . (columns are named alone: `{{ city }}`)"]);
    check(
        "{{{ a }}}",
        &["nothing is escaped here, so no value has a form of its own for that @ {{{ a }}} (write `{{ a }}`)"],
    );
    check("{{ a }", &["a tag that begins with `{{` does not end so @ } (write `}}`)"]);
    check("{{ a %}", &["a tag that begins with `{{` does not end so @ %} (write `}}`)"]);
    check("{% if a }}x{% endif %}", &["a tag that begins with `{%` does not end so @ }} (write `%}`)"]);
    check("{% if a %}x", &["this `if` has no end @ {% if a %} (write `{% endif %}` where it ends)"]);
    check(
        "x{% endif %}",
        &[
            "`endif` stands here without a block before it @ {% endif %} (write `{% if … %}` where the block begins, or leave it out)",
        ],
    );
    check(
        "{% for x in [a] %}{% endif %}",
        &["`endif` does not fit the block before it @ {% endif %} (write `{% endfor %}` first)"],
    );
    check(
        "{% If a %}x{% ENDIF %}",
        &[
            "`If` is not part of the language @ {% If a %} (write `{% if … %}`, in small letters)",
            "`ENDIF` is not part of the language @ {% ENDIF %} (write `{% endif %}`, in small letters)",
        ],
    );
    check(
        "{% comment %}x{% endcomment %}",
        &[
            "`comment` is not part of the language @ {% comment %} (write `{# … #}`)",
            "`endcomment` is not part of the language @ {% endcomment %} (write `{# … #}`)",
        ],
    );
    check(
        "{% assign x = a %}",
        &[
            "`assign` is not part of the language @ {% assign x = a %} (there are no variables: write the expression where it is needed)",
        ],
    );
    check(
        "{% first_name %}",
        &[
            "`first_name` is not part of the language @ {% first_name %} (a value is written `{{ first_name }}`; templates know text, `{{ … }}`, `if`, `for`, and `include` of a path)",
        ],
    );
    check("{{ if a }}x{{ end }}", &["blocks are written with `{% … %}` @ {{ if a }} (write `{% if a %}`)"]);
    check(
        "{% for x %}y{% endfor %}",
        &["a `for` has a name and a list @  x (write `{% for tag in tags | split(\",\") %}`)"],
    );
    check(
        "{{ ime š }}",
        &[
            "`š` is not part of the language @ š (a column whose name is not a plain word is written `column(\"š\")`; a text stands in quotes)",
        ],
    );
}

#[test]
fn lone_braces_are_never_sent() {
    let check = |source: &str, expect: &str| {
        let found = template(source, &InMemory::default()).map_or_else(|found| list(&found), |_| "fine".to_owned());
        assert_eq!(found, expect, "{source}");
    };
    check(
        "{{ a }}} !",
        "template-syntax: a lone `}` stands beside a tag, and would be sent @ } (leave it out; a brace that is meant is written `{{ \"}\" }}`)",
    );
    check(
        "{{ a }} }",
        "template-syntax: a lone `}` stands beside a tag, and would be sent @ } (leave it out; a brace that is meant is written `{{ \"}\" }}`)",
    );
    check(
        "{ {{ a }}",
        "template-syntax: a lone `{` stands beside a tag, and would be sent @ { (leave it out; a brace that is meant is written `{{ \"{\" }}`)",
    );
    check(
        "Hi a }}!",
        "template-syntax: `}}` stands here, and no tag ends @ }} (write `{{` where the tag begins, or leave it out)",
    );
    check(
        "Hi a %}!",
        "template-syntax: `%}` stands here, and no tag ends @ %} (write `{%` where the tag begins, or leave it out)",
    );
    check("{{ a }}{{ '}' }} :} {% raw %}}{% endraw %}", "fine");
}
