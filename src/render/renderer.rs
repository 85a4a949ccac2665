//! Renders row after row: one renderer a thread, filled anew, with no map made for a row.

use std::io;
use std::sync::Arc;

use minijinja::Value;

use crate::diagnostic::Code;
use crate::render::failure::{EngineFailure, RenderError};
use crate::render::fast_path;
use crate::render::guard::{ENGINE_FAILED, guarded};
use crate::render::row_object::RowObject;
use crate::render::{Branches, ColumnNames, Condition, LaidOpen, OUTPUT_BYTES_MAX, Template};
use crate::wire::visible::{first_harm, harm, is_blank};

/// How long a text is expected to be, in bytes; a longer one only costs a move.
const TEXT_BYTES_EXPECTED: usize = 256;

/// What a template gives for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rendering {
    /// A text; [`check_text`](crate::render::check_text) says whether it may be sent.
    Text(String),
    /// The template leaves the person out, for this reason.
    Skipped(String),
}

/// Renders templates and evaluates conditions over one row at a time.
#[derive(Debug)]
pub struct Renderer {
    record: Arc<RowObject>,
    output: Vec<u8>,
    /// The ways that the last text took, as far as the rendering tells.
    branches: Branches,
}

impl Renderer {
    /// Makes a renderer for the rows of one audience, empty until it is filled.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "callers share headers and hand one of them over")]
    pub fn new(header: Arc<ColumnNames>) -> Self {
        Self { record: Arc::new(RowObject::new(&header)), output: Vec::new(), branches: Branches::default() }
    }

    /// Takes the next row. Its cells stand in the header's order.
    pub fn fill(&mut self, cells: &csv::StringRecord) {
        if Arc::get_mut(&mut self.record).is_none() {
            self.record = Arc::new(self.record.sibling());
        }
        if let Some(record) = Arc::get_mut(&mut self.record) {
            record.fill(cells);
        }
    }

    /// Renders a template over the row.
    ///
    /// # Errors
    /// If a value that is written is missing or blank, a filter cannot do its work, the rendering
    /// takes too many steps or grows too large, or the text holds a character that must not be sent.
    pub fn render(&mut self, template: &Template) -> Result<Rendering, RenderError> {
        let direct = self.render_directly(template);
        self.branches = direct.as_ref().map_or_else(Branches::default, |(_, branches)| *branches);
        let rendering = match direct {
            Some((text, _)) => Rendering::Text(text),
            None => self.render_by_engine(template)?,
        };
        match &rendering {
            Rendering::Text(text) => match first_harm(text) {
                Some(character) => Err(self.harmful(template, character)),
                None => Ok(rendering),
            },
            Rendering::Skipped(_) => Ok(rendering),
        }
    }

    /// Says that a text holds a character that must not be sent, and which column brought it.
    fn harmful(&self, template: &Template, character: char) -> RenderError {
        let brings_it = |name: &str| self.record.cell(name).is_some_and(|cell| cell.contains(character));
        let found = template.uses().find(|(name, _)| brings_it(name));
        let code = u32::from(character);
        let what = harm(character).unwrap_or("a character that cannot be sent");
        let message = match &found {
            Some((name, _)) => format!("`{name}` holds {what} (U+{code:04X})"),
            None => format!("the text holds {what} (U+{code:04X})"),
        };
        let (column, place) = found.map(|(name, place)| (name.to_owned(), place)).unzip();
        RenderError { code: Code::ForbiddenCharacter, message, place, column }
    }

    /// The ways that the text took which was rendered last, where the template tells them.
    #[must_use]
    pub const fn branches(&self) -> Branches {
        self.branches
    }

    /// Renders the row with its values masked; `None` if that fails.
    #[must_use]
    pub fn masked(&self, template: &LaidOpen) -> Option<String> {
        guarded(|| template.masked(Value::from_dyn_object(Arc::clone(&self.record))))?
    }

    /// The ways that the row's text takes.
    #[must_use]
    pub fn branches_of(&self, template: &LaidOpen) -> Branches {
        guarded(|| template.branches(Value::from_dyn_object(Arc::clone(&self.record)))).unwrap_or_default()
    }

    pub(super) fn render_directly(&self, template: &Template) -> Option<(String, Branches)> {
        let mut text = String::with_capacity(TEXT_BYTES_EXPECTED);
        let branches = fast_path::write(template.direct()?, &self.record, &mut text)?;
        Some((text, branches))
    }

    pub(super) fn render_by_engine(&mut self, template: &Template) -> Result<Rendering, RenderError> {
        self.output.clear();
        let row = Value::from_dyn_object(Arc::clone(&self.record));
        let output = &mut self.output;
        let rendered = guarded(|| {
            let compiled = template.compiled()?;
            compiled.render_captured_to(row, BoundedOutput { written: output }).map(drop)
        });
        let Some(rendered) = rendered else {
            let place = template.whole();
            return Err(RenderError { place, ..failed(Code::RenderFailed, ENGINE_FAILED) });
        };
        match rendered {
            Ok(()) => match str::from_utf8(&self.output) {
                Ok(text) => Ok(Rendering::Text(text.to_owned())),
                Err(_) => Err(failed(Code::RenderFailed, "the engine wrote what is no text")),
            },
            Err(error) => match EngineFailure::from(&error) {
                EngineFailure::Skip(reason) => Ok(Rendering::Skipped(reason)),
                EngineFailure::Failed { code, message, source, range } => {
                    Err(self.blame(template, failed(code, message), source.as_deref().zip(range)))
                }
            },
        }
    }

    /// Evaluates a condition over the row.
    ///
    /// # Errors
    /// If it cannot be evaluated with this row's values.
    pub fn matches(&mut self, condition: &Condition) -> Result<bool, RenderError> {
        condition.eval(&self.record)
    }

    /// The row.
    #[cfg(test)]
    pub(super) const fn record(&self) -> &Arc<RowObject> {
        &self.record
    }

    /// Adds where it failed and which column is to blame: a blank one, if there is one.
    fn blame(
        &self,
        template: &Template,
        error: RenderError,
        at: Option<(&str, std::ops::Range<usize>)>,
    ) -> RenderError {
        let Some((part, span)) = at.and_then(|(source, span)| Some((template.part(source)?, span))) else {
            return error;
        };
        let range = part.whole(&span);
        let is_empty = |name: &&str| self.record.cell(name).is_none_or(is_blank);
        let first = part.uses_within(&range).next();
        let column =
            if error.code == Code::BlankValue { part.uses_within(&range).find(is_empty).or(first) } else { first };
        let message = match column {
            Some(name) if error.code == Code::BlankValue && is_empty(&name) => {
                format!("`{name}` is blank, and the template has no fallback for it")
            }
            _ => error.message,
        };
        RenderError { message, place: Some(part.place(&range)), column: column.map(str::to_owned), ..error }
    }
}

fn failed(code: Code, message: &str) -> RenderError {
    RenderError { code, message: message.to_owned(), place: None, column: None }
}

/// Takes at most [`OUTPUT_BYTES_MAX`] bytes.
struct BoundedOutput<'a> {
    written: &'a mut Vec<u8>,
}

impl io::Write for BoundedOutput<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.written.len().saturating_add(bytes.len()) > OUTPUT_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use proptest::prelude::{ProptestConfig, any, proptest};

    use super::*;
    use crate::render::fixture::{InMemory, condition, row, template};

    const COLUMNS: &[&str] = &["first_name", "city", "age", "tags", "First Name"];
    const ANA: &[&str] = &["Ana", "Split", "31", "vip, new", "Anamarija"];

    #[test]
    fn a_column_may_be_called_like_a_function() {
        let compiled =
            template("{{ int('1') + 1 }}{{ column('int') | title }}", &InMemory::default()).expect("allowed");
        let short = template("{{ column('int') }}", &InMemory::default()).expect("allowed");
        let mut renderer = Renderer::new(ColumnNames::new(vec!["int".to_owned()]));
        renderer.fill(&row(&["x"]));
        assert_eq!(renderer.render(&compiled), Ok(Rendering::Text("2X".to_owned())));
        assert_eq!(renderer.render(&short), renderer.render_by_engine(&short));
    }

    fn render_row(source: &str, cells: &[&str]) -> Result<Rendering, RenderError> {
        let compiled = template(source, &InMemory::default()).expect("the template is allowed");
        let mut renderer = Renderer::new(ColumnNames::new(COLUMNS.iter().map(|&name| name.to_owned()).collect()));
        renderer.fill(&row(cells));
        renderer.render(&compiled)
    }

    fn text(source: &str) -> String {
        match render_row(source, ANA) {
            Ok(Rendering::Text(text)) => text,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn allowed_templates_render() {
        let check = |source: &str, expected: &str| assert_eq!(text(source), expected, "{source}");
        check("Hi {{ first_name }}!", "Hi Ana!");
        check("Hi\n\n", "Hi\n\n");
        check("{{ first_name | upper }} {{ city | lower }} {{ city | title | first }}", "ANA split S");
        check("{{ '  x ' | trim }}{{ 'abc' | capitalize }}", "xAbc");
        check("{{ city | truncate(4) }}|{{ city | truncate(4, '..') }}|{{ city | truncate(5) }}", "Spl…|Sp..|Split");
        check("{{ city | replace('S', 's') }}", "split");
        check("{{ tags | split(',') | join('+') }} {{ tags | split(',') | length }}", "vip+new 2");
        check(
            "{% for tag in tags | split(',') %}{{ loop.index }}{{ tag }}{% if not loop.last %}, {% endif %}{% endfor %}",
            "1vip, 2new",
        );
        check("{% for n in [1, 2] if n > 1 %}{{ n * 2 }}{% else %}x{% endfor %}", "4");
        check(
            "{% if int(age) >= 18 and city in ['Split', 'Zadar'] %}yes{% elif city == '' %}no{% else %}?{% endif %}",
            "yes",
        );
        check("{{ 'a' if city is startingwith('S') else 'b' }}{{ city[:3] }}", "aSpl");
        check("{{ (city ~ '!')[-2:] }}{{ city[::-1][1:3] | upper }}{{ 'x' if 'S' in city[:1] else 'y' }}", "t!ILx");
        check("{% if city is startingwith city[:2] %}y{% endif %}{{ ['a', 'b', 'c'][1:] | join }}", "ybc");
        check("{{ {'Split': 'ST', 'Zadar': 'ZD'}[city] }} {{ first_name ~ ' ' ~ age }}", "ST Ana 31");
        check(
            "{{ column('First Name') }} {{ age | int + 1 }} {{ float('1.5') | round }} {{ -1 | abs }}",
            "Anamarija 32 2 1",
        );
        check("{{ 7 // 2 }} {{ 7 % 4 }} {{ 2 ** 3 }} {{ '3.14159' | float | round(2) }}", "3 3 8 3.14");
        check("{# nothing #}a{{- ' b' }}{% raw %}{{ c }}{% endraw %}", "a b{{ c }}");
        check("<b>{{ '<i> & \"' }}</b>", "<b><i> & \"</b>");
    }

    #[test]
    fn blanks_are_refused_unless_there_is_a_fallback() {
        let blank = &["", " \u{a0}", "", "", ""];
        let check = |source: &str, expected: Result<&str, Option<&str>>| {
            let found = match render_row(source, blank) {
                Ok(Rendering::Text(text)) => Ok(text),
                Err(error) => {
                    assert_eq!(error.code, Code::BlankValue, "{source}");
                    Err(error.column)
                }
                Ok(other) => panic!("{other:?}"),
            };
            assert_eq!(found.as_ref().map(String::as_str).map_err(|column| column.as_deref()), expected, "{source}");
        };
        check("{{ first_name }}", Err(Some("first_name")));
        check("{{ city }}", Err(Some("city")));
        check("{{ city | upper }}", Err(Some("city")));
        check("{{ city | trim | fallback('home') }}", Ok("home"));
        check("a{{ first_name | fallback('') }}b", Ok("ab"));
        check("{{ first_name | fallback(city) | fallback('x') }}", Ok("x"));
        check("{{ first_name | first }}", Err(Some("first_name")));
        check("{{ {'a': 'b'}[city] }}", Err(Some("city")));
        check("{{ {'a': 'b'}[city] | fallback('c') }}", Ok("c"));
        check("{% if city is blank %}-{% endif %}", Ok("-"));
        check("{{ first_name or city }}", Err(Some("first_name")));
        // What joins texts does not hide a blank one.
        check("{{ 'Dear ' ~ first_name }}, hi", Err(Some("first_name")));
        check("{{ 'a' ~ first_name[:1] ~ '.' }}", Err(Some("first_name")));
        check("{{ 'a' ~ (city | upper) }}", Err(Some("city")));
        check("{{ 'a' ~ ('b' ~ city | upper) }}", Err(Some("city")));
        check("{{ 'a' ~ (city or city) }}", Err(Some("city")));
        check("{{ 'a' ~ {'x': 'y'}[city] }}", Err(Some("city")));
        check("{{ ('Dear ' ~ first_name) | fallback('Hi') }}", Err(Some("first_name")));
        check("{{ [first_name, 'x'] | join(', ') }}", Err(Some("first_name")));
        check("{{ ['x', 'y'] | join(city) }}", Err(Some("city")));
        check("{{ 'Hi %s' | replace('%s', first_name) }}", Err(Some("first_name")));
        check("{% for a in ['x' ~ city] %}{{ a }}{% endfor %}", Err(Some("city")));
        check("{{ first_name | fallback(city) }}", Err(Some("first_name")));
        check("{{ 'a' ~ (first_name | fallback(city)) }}", Err(Some("first_name")));
        check("{{ 'Dear ' ~ (first_name | fallback('you')) }}", Ok("Dear you"));
        check("{{ 'Dear' ~ (' ' ~ first_name if first_name else '') }}", Ok("Dear"));
        check("{{ ('Dear ' ~ first_name) if first_name else 'Hi' }}", Ok("Hi"));
        check("{{ [first_name | fallback(''), 'x'] | join('-') }}", Ok("-x"));
        check("{{ 'a-b' | replace('-', '') }}", Ok("ab"));
        check("{{ 'n' ~ (tags | length) }}", Ok("n0"));
        check("{% if ('x' ~ first_name) == 'x' %}-{% endif %}", Ok("-"));
    }

    #[test]
    fn a_failure_is_placed_and_says_nothing_of_the_row() {
        let error = render_row("Hi\nyou {{ int(first_name) }}", ANA).unwrap_err();
        assert_eq!((error.code, error.column.as_deref()), (Code::RenderFailed, Some("first_name")));
        assert_eq!(error.message, "`int` takes a whole number");
        let Some(crate::diagnostic::Place::Span { source, span }) = &error.place else { panic!("no place") };
        assert_eq!(source.text.get(span.clone()), Some("int(first_name)"));
        for source in [
            "{{ int(city) }}",
            "{{ float(city) }}",
            "{{ int(age) // 0 }}",
            "{{ int(age) / 0 }}",
            "{{ city[::0] }}",
            "{{ int(age) ** 999 }}",
            "{{ city | truncate(0) }}",
        ] {
            let error = render_row(source, ANA).unwrap_err();
            assert!(!format!("{error:?}").contains("Split"), "{error:?}");
            assert_eq!(error.code, Code::RenderFailed, "{source}");
        }
    }

    #[test]
    fn a_template_can_skip_a_person() {
        let source = "{% if city == 'Split' %}{{ skip('no shop in this city') }}{% endif %}Hi";
        assert_eq!(render_row(source, ANA), Ok(Rendering::Skipped("no shop in this city".to_owned())));
        assert_eq!(render_row(source, &["", "Zadar", "", "", ""]), Ok(Rendering::Text("Hi".to_owned())));
    }

    #[test]
    fn includes_are_read_once_and_rendered_with_the_row() -> Result<(), Box<dyn Error>> {
        let files =
            InMemory::new(&[("t/hello.txt", "Hi {{ first_name }}{% include 't/end.txt' %}\n"), ("t/end.txt", "!\n")]);
        let compiled = template("{% include 't/hello.txt' %} {% include 't/end.txt' %}", &files).expect("allowed");
        assert_eq!(compiled.columns().len(), 1);
        assert_eq!(compiled.columns()[0].place.file(), "t/hello.txt");
        let mut renderer = Renderer::new(ColumnNames::new(vec!["first_name".to_owned()]));
        renderer.fill(&row(&["Ana"]));
        assert_eq!(renderer.render(&compiled), Ok(Rendering::Text("Hi Ana! !".to_owned())));
        renderer.fill(&row(&[""]));
        let error = renderer.render(&compiled).unwrap_err();
        assert_eq!((error.code, error.column.as_deref()), (Code::BlankValue, Some("first_name")));
        assert_eq!(error.place.as_ref().map(crate::diagnostic::Place::file), Some("t/hello.txt"));
        let file = template("", &InMemory::default()).map(|_| ());
        assert_eq!(file, Ok(()));
        Ok(())
    }

    #[test]
    fn what_grows_is_cut_off() {
        let check = |source: &str, message: &str| {
            let error =
                render_row(source, &["x".repeat(60_000).as_str(), "Split", "31", &",".repeat(1200), "x"]).unwrap_err();
            assert_eq!((error.code, error.message.as_str()), (Code::RenderFailed, message), "{source}");
        };
        check("{{ first_name }}", "the text grows over 16 KiB");
        check(
            "{% for a in [1,2,3,4,5,6,7,8,9] %}{% for b in [1,2,3,4,5,6,7,8,9] %}{% for c in [1,2,3,4,5,6,7,8,9] %}{% for d in [1,2,3,4,5,6,7,8,9] %}{% if d > 10 %}x{% endif %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
            "the template takes too many steps",
        );
        check(
            "{{ first_name | replace('x', 'yyyyyyyyyyyyyyyyyyyyyyyyyyy') }}",
            "a filter makes a text of more than 64 KiB",
        );
        check("{{ first_name | replace('', 'y') }}", "`replace` takes a text to look for");
        check("{{ [first_name, first_name] | join }}", "a filter makes a text of more than 64 KiB");
        check("{{ tags | split(',') | join }}", "`split` makes more than 1000 parts");
    }

    #[test]
    fn a_filled_row_replaces_the_one_before() {
        let compiled = template("{{ a }}{{ b }}", &InMemory::default()).expect("allowed");
        let yes = condition("a == '1'").expect("allowed");
        let mut renderer = Renderer::new(ColumnNames::new(vec!["a".to_owned(), "b".to_owned()]));
        for (cells, expected, matches) in [(["1", "22"], "122", true), (["333", "4"], "3334", false)] {
            renderer.fill(&row(&cells));
            assert_eq!(renderer.render(&compiled), Ok(Rendering::Text(expected.to_owned())));
            assert_eq!(renderer.matches(&yes), Ok(matches));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_value_is_never_rendered_a_second_time(value in any::<String>(), wrapped in 0..4_usize) {
            let value = match wrapped {
                0 => value,
                1 => format!("{{{{ city }}}}{value}"),
                2 => format!("{{% if x %}}{value}"),
                _ => format!("{value}{{#"),
            };
            let found = render_row("<{{ first_name | fallback('-') }}>", &[&value, "Split", "", "", ""]);
            let expected = if is_blank(&value) { "-" } else { value.trim() };
            match first_harm(expected) {
                None => assert_eq!(found, Ok(Rendering::Text(format!("<{expected}>")))),
                Some(_) => assert_eq!(found.map_err(|error| error.code), Err(Code::ForbiddenCharacter)),
            }
        }

        #[test]
        fn any_source_is_refused_or_compiled(source in "[-{}%#()\\[\\]a-c0-9|~.,'\" ]{0,200}") {
            let outcome = std::panic::catch_unwind(|| template(&source, &InMemory::default()).map(|_| ()));
            assert!(outcome.is_ok());
        }
    }
}
