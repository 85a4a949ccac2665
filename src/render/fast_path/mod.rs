//! A short way for templates and conditions that are only text, columns, comparisons of texts,
//! `if`, and the filters `fallback`, `trim`, `upper` and `lower`: most are.
//!
//! It either gives exactly what the engine would give, or nothing, and then the engine is asked:
//! every failure and every other word of the language is the engine's business. A property test
//! holds the two against each other.

mod build;
mod run;

pub(super) use build::test;
pub(super) use run::write;

/// A template that the short way knows.
#[derive(Debug)]
pub(super) struct ShortWay {
    steps: Vec<TemplateStep>,
    /// How many ways its choices have: each has two.
    pub(super) ways: u32,
}

/// A part of a template.
#[derive(Debug)]
enum TemplateStep {
    /// Text as it is.
    Text(String),
    /// A text that is written; a blank one fails.
    Write(Operand),
    /// One of two ways: the first has this number, the other the next one.
    Choose { test: Test, way: u32, yes: Vec<Self>, no: Vec<Self> },
}

/// Something that is true or false for a row.
#[derive(Debug)]
pub(super) enum Test {
    Constant(bool),
    /// Not empty.
    Filled(Operand),
    Blank(Operand),
    Compare(Operand, Relation, Operand),
    /// Is one of these texts.
    Among(Operand, Vec<String>),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

/// How two texts are compared.
#[derive(Debug, Clone, Copy)]
pub(super) enum Relation {
    Equal,
    Different,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// The first stands in the second.
    Within,
}

/// A text: a column through filters, or one that is written out.
#[derive(Debug)]
pub(super) enum Operand {
    Constant(String),
    Column { name: String, filters: Vec<FastFilter> },
}

/// A filter that the short way knows.
#[derive(Debug)]
pub(super) enum FastFilter {
    Fallback(String),
    Trim,
    Upper,
    Lower,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, Strategy, prop_oneof, proptest};
    use proptest::sample;

    use crate::render::fixture::{InMemory, condition, row, template};
    use crate::render::{ColumnNames, Renderer, Rendering};

    /// A text of the part of the language that the short way knows.
    fn short_text() -> impl Strategy<Value = String> {
        "[abc]( ?\\| ?(upper|lower|trim|fallback\\('(|F|f |ß)'\\))){0,3}"
    }

    /// A test of that part.
    fn short_test(depth: u32) -> impl Strategy<Value = String> {
        let relation = sample::select(vec!["==", "!=", "<", "<=", ">", ">=", "in", "not in"]);
        let constant = "'(|x|X|a b|b)'";
        let leaf = prop_oneof![
            short_text(),
            (short_text(), relation.clone(), short_text())
                .prop_map(|(left, relation, right)| format!("{left} {relation} {right}")),
            (constant, relation, short_text()).prop_map(|(left, relation, right)| format!("{left} {relation} {right}")),
            (short_text(), "(not )?in", constant, constant)
                .prop_map(|(text, relation, one, two)| format!("{text} {relation} [{one}, {two}]")),
            (short_text(), "is( not)?").prop_map(|(text, is)| format!("{text} {is} blank")),
            sample::select(vec!["true".to_owned(), "false".to_owned()]),
        ];
        leaf.prop_recursive(depth, 8, 2, |inner| {
            prop_oneof![
                inner.clone().prop_map(|test| format!("not ({test})")),
                (inner.clone(), sample::select(vec!["and", "or"]), inner)
                    .prop_map(|(left, both, right)| format!("({left}) {both} ({right})")),
            ]
        })
    }

    /// A template of that part.
    fn short_template(depth: u32) -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            "[xyz\n ]{0,5}",
            short_text().prop_map(|text| format!("{{{{- {text} }}}}")),
            short_text().prop_map(|text| format!("{{{{ {text} }}}}"))
        ];
        leaf.prop_recursive(depth, 12, 3, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("{one}{two}")),
                (short_test(2), inner.clone()).prop_map(|(test, yes)| format!("{{% if {test} %}}{yes}{{% endif -%}}")),
                (short_test(1), inner.clone(), short_test(1), inner.clone(), inner).prop_map(
                    |(test, yes, other, then, no)| {
                        format!("{{% if {test} %}}{yes}{{% elif {other} -%}}{then}{{% else %}}{no}{{% endif %}}")
                    }
                ),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_short_way_gives_what_the_engine_gives(
            source in short_template(3),
            cells in proptest::collection::vec("( |\u{a0}|\u{200b}|\u{3164}|\u{2800}|\u{ad}|\u{feff}|x|X|ß|İ|a b| c |<|\\{\\{ a \\}\\}){0,3}", 3),
        ) {
            let compiled = template(&source, &InMemory::default()).expect("the template is allowed");
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            let mut renderer = Renderer::new(ColumnNames::new(["a", "b", "c"].map(str::to_owned).to_vec()));
            renderer.fill(&row(&cells));
            assert!(compiled.direct().is_some());
            let by_engine = match renderer.render_by_engine(&compiled) {
                Ok(Rendering::Text(text)) => Some(text),
                Ok(Rendering::Skipped(_)) | Err(_) => None,
            };
            proptest::prop_assert_eq!(renderer.render_directly(&compiled).map(|(text, _)| text), by_engine);
        }

        #[test]
        fn short_conditions_hold_as_the_engine_says(
            source in short_test(3),
            cells in proptest::collection::vec("( |\u{200b}|\u{3164}|x|X|ß|a b){0,2}", 3),
        ) {
            // What is not a condition is refused.
            if let Ok(compiled) = condition(&source) {
                let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
                let mut renderer = Renderer::new(ColumnNames::new(["a", "b", "c"].map(str::to_owned).to_vec()));
                renderer.fill(&row(&cells));
                let (direct, by_engine) = compiled.eval_both(renderer.record());
                proptest::prop_assert_eq!(direct, by_engine.ok());
            }
        }
    }
}
