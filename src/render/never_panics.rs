//! Whatever is written over whatever stands in the cells: the engine never panics, and nothing is left
//! for the [net](super::guard) to catch.

use proptest::prelude::{ProptestConfig, Strategy, any, proptest};
use proptest::{option, prop_oneof, sample};

use super::ColumnNames;
use super::fixture::{InMemory, condition, list, row, template};
use super::guard::ENGINE_FAILED;
use super::renderer::Renderer;

const COLUMNS: [&str; 3] = ["city", "age", "tags"];

/// Numbers at which something may overflow.
const NUMBERS: [&str; 22] = [
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "15",
    "64",
    "-9223372036854775808",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "-170141183460469231731687303715884105728",
    "170141183460469231731687303715884105727",
    "340282366920938463463374607431768211455",
    "1e308",
    "-1e308",
    "1e-320",
    "0.0",
    "-0.5",
    "9007199254740993.0",
    "1.5",
];

/// What may stand in a cell.
const CELLS: [&str; 18] = [
    "",
    " ",
    "Split",
    "a,b,,c",
    ",",
    "0",
    "-1",
    "1.5",
    "-9223372036854775808",
    "9223372036854775807",
    "1e400",
    "nan",
    "-inf",
    "Z\u{30c}ofia",
    "👩\u{200d}👩\u{200d}👧\u{200d}👦",
    "ΟΔΥΣΣΕΥΣ",
    "İstanbul ǆep",
    "\u{301}\u{200d}\r\n\t",
];

/// A cell.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![3 => sample::select(CELLS.to_vec()).prop_map(str::to_owned), 1 => any::<String>(), 1 => any::<i64>().prop_map(|number| number.to_string())]
}

/// A number, a text, a list and a condition, each of the depth so far.
#[derive(Debug, Clone)]
struct Words {
    number: String,
    text: String,
    list: String,
    test: String,
}

fn leaf() -> impl Strategy<Value = Words> {
    let number = sample::select([&NUMBERS[..], &["int(age)", "float(age)", "age | int", "tags | length"]].concat());
    let text = sample::select(vec!["''", "' '", "'Ana'", "','", "'👩\u{200d}👧e\u{301}'", "city", "age", "tags"]);
    let list = sample::select(vec!["['a', 'b']", "[1, 2, 3]", "tags | split(',')", "['']", "[]"]);
    let test = sample::select(vec!["true", "false", "city is blank", "city == age", "'a' in tags"]);
    (number, text, list, test).prop_map(|(number, text, list, test)| Words {
        number: number.to_owned(),
        text: text.to_owned(),
        list: list.to_owned(),
        test: test.to_owned(),
    })
}

fn grown(one: &Words, other: &Words, third: &Words, way: usize, bounds: &str) -> Words {
    let Words { number, text, list, test } = one;
    let numbers = ["+", "-", "*", "/", "//", "%", "**"];
    let by = numbers[way % numbers.len()];
    let number_filter = ["abs", "int", "float", "round", "round(2)", "round(15)"][way % 6];
    let text_filter = ["upper", "lower", "title", "capitalize", "trim", "first", "last", "trim"][way % 8];
    let relation = ["==", "!=", "<", "<=", ">", ">="][way % 6];
    let number = match way % 5 {
        0 => format!("(-({number}))"),
        1 => format!("(({number}) | {number_filter})"),
        2 => format!("(({}) | length)", if way.is_multiple_of(2) { text } else { list }),
        3 => format!("(({number}) | round({}))", other.number),
        _ => format!("(({number}) {by} ({}))", other.number),
    };
    let text = match way % 9 {
        0 => format!("(({text}) | {text_filter})"),
        1 => format!("({text})[{bounds}]"),
        2 => format!("(({text}) | truncate({}))", other.number),
        3 => format!("(({text}) | truncate({}, {}))", other.number, third.text),
        4 => format!("(({text}) | replace({}, {}))", other.text, third.text),
        5 => format!("(({text}) | fallback({}))", other.text),
        6 => format!("(({list}) | join({}))", other.text),
        7 => format!("(({text}) ~ ({}))", if way.is_multiple_of(2) { &other.text } else { &other.number }),
        _ => format!("(({text}) if ({}) else ({}))", other.test, third.text),
    };
    let list = match way % 4 {
        0 | 1 => format!("({list})[{bounds}]"),
        2 => format!("(({text}) | split({}))", other.text),
        _ => format!("[{}, {}]", other.number, third.number),
    };
    let test = match way % 8 {
        0 => format!("(not ({test}))"),
        1 => format!("(({test}) and ({}))", other.test),
        2 => format!("(({}) {relation} ({}))", other.number, third.number),
        3 => format!("(({}) {relation} ({}))", other.text, third.text),
        4 => format!("(({}) in ({}))", other.text, third.text),
        5 => format!("(({}) is odd or ({}) is even)", other.number, third.number),
        6 => format!("(({}) is startingwith ({}))", other.text, third.text),
        _ => format!("(({}) in ({}))", other.number, list),
    };
    Words { number, text, list, test }
}

/// The bounds of a slice: numbers of every size, or none.
fn bounds() -> impl Strategy<Value = String> {
    let bound = || option::of(sample::select(NUMBERS.to_vec()));
    (bound(), bound(), option::of(bound())).prop_map(|(start, stop, step)| {
        let step = step.map(|step| format!(":{}", step.unwrap_or_default())).unwrap_or_default();
        format!("{}:{}{step}", start.unwrap_or_default(), stop.unwrap_or_default())
    })
}

fn words() -> impl Strategy<Value = Words> {
    leaf().prop_recursive(4, 24, 3, |inner| {
        (inner.clone(), inner.clone(), inner, 0..5000_usize, bounds())
            .prop_map(|(one, other, third, way, bounds)| grown(&one, &other, &third, way, &bounds))
    })
}

/// Renders a template over a row, and says what was left for the net.
fn caught(source: &str, cells: &[&str]) -> Option<String> {
    match template(source, &InMemory::default()) {
        Ok(compiled) => {
            let mut renderer = Renderer::new(ColumnNames::new(COLUMNS.map(str::to_owned).to_vec()));
            renderer.fill(&row(cells));
            let error = renderer.render(&compiled).err()?.message;
            (error == ENGINE_FAILED).then_some(error)
        }
        Err(refused) => Some(list(&refused)).filter(|list| list.contains(ENGINE_FAILED)),
    }
}

/// The same for a condition.
fn caught_in_condition(source: &str, cells: &[&str]) -> Option<String> {
    match condition(source) {
        Ok(compiled) => {
            let mut renderer = Renderer::new(ColumnNames::new(COLUMNS.map(str::to_owned).to_vec()));
            renderer.fill(&row(cells));
            let error = renderer.matches(&compiled).err()?.message;
            (error == ENGINE_FAILED).then_some(error)
        }
        Err(refused) => Some(list(&refused)).filter(|list| list.contains(ENGINE_FAILED)),
    }
}

#[test]
fn slices_of_every_kind_over_every_cell() {
    let sizes = ["", "0", "-1", "3", "-9223372036854775808", "9223372036854775807", "9223372036854775808"];
    let bases = ["city", "''", "(city | split(','))", "[]", "[1, 2]"];
    for base in bases {
        for start in sizes {
            for stop in sizes {
                for step in sizes {
                    let slice = format!("{base}[{start}:{stop}:{step}]");
                    let written =
                        if base.contains('[') || base.contains("split") { format!("{slice} | join") } else { slice };
                    let source = format!("x{{{{ {written} }}}}");
                    let where_clause = format!("({written}) == 'x'");
                    for cell in ["", "a,b", "👩\u{200d}👧e\u{301}"] {
                        assert_eq!(caught(&source, &[cell, "1", "a"]), None, "{source} over {cell:?}");
                        assert_eq!(caught_in_condition(&where_clause, &[cell, "1", "a"]), None, "{where_clause}");
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_expression_over_any_cells_panics(words in words(), cells in [cell(), cell(), cell()]) {
        let cells = cells.each_ref().map(String::as_str);
        let Words { number, text, list, test } = &words;
        for source in [
            format!("x{{{{ {number} }}}}"),
            format!("x{{{{ {text} }}}}"),
            format!("x{{% for part in {list} if {test} %}}{{{{ part }}}}{{{{ loop.index }}}}{{% else %}}{{{{ {text} }}}}{{% endfor %}}"),
            format!("x{{% if {test} %}}{{{{ {number} }}}}{{% endif %}}{{{{ {list} | join }}}}"),
        ] {
            proptest::prop_assert_eq!(caught(&source, &cells), None, "{}", source);
        }
        proptest::prop_assert_eq!(caught_in_condition(test, &cells), None, "{}", test);
        let source = format!("({number}) > 0 and ({text}) != 'x' and {test}");
        proptest::prop_assert_eq!(caught_in_condition(&source, &cells), None, "{}", source);
    }

    #[test]
    fn no_text_is_a_template_that_panics(source in "([{%}| ()\\[\\]:,.'\"0-9a-z+*/-]|\\{\\{|\\}\\}|\\{%|%\\}|city|int|\\PC){0,60}", cell in cell()) {
        proptest::prop_assert_eq!(caught(&source, &[&cell, &cell, &cell]), None);
        proptest::prop_assert_eq!(caught_in_condition(&source, &[&cell, &cell, &cell]), None);
    }
}
