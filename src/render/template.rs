//! Templates: checked and compiled once, with all that they include, and shared by threads.

use std::collections::BTreeMap;

use minijinja::machinery::ast::Stmt;
use minijinja::machinery::parse;
use minijinja::{Environment, Error};

use crate::campaign::{Files, TemplateText, TextFileError, text_file};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::render::braces;
use crate::render::check::{Inclusion, SourceChecker};
use crate::render::columns::ColumnUse;
use crate::render::environment::{environment, syntax};
use crate::render::fast_path::ShortWay;
use crate::render::foreign::{self, Foreign, Purpose};
use crate::render::guard::{ENGINE_FAILED, guarded};
use crate::render::nesting::SourceForm;
use crate::render::part::{Part, columns};
use crate::render::position::Position;
use crate::render::segments::segments;
use crate::render::slices;
use crate::render::syntax::{diagnostics, read_to_the_end, unparsed};
use crate::render::{ColumnNames, TEMPLATE_BYTES_MAX, TEMPLATE_CLOSURE_BYTES_MAX};

/// The name under which the template itself is compiled; no file can have it.
pub(super) const MAIN: &str = "";
/// How deep includes may go.
const INCLUDES_DEEP_MAX: usize = 8;

/// A compiled template, with all that it includes.
#[derive(Debug)]
pub struct Template {
    environment: Environment<'static>,
    /// The short way, if there is one.
    direct: Option<ShortWay>,
    parts: BTreeMap<String, Part>,
    columns: Vec<ColumnUse>,
    foreign: Vec<Foreign>,
}

impl Template {
    /// Checks and compiles a template and all that it includes, which is read through `files`.
    ///
    /// # Errors
    /// If one of the sources cannot be read or parsed, is too large or too deep, or uses what
    /// templates may not use. All mistakes are collected.
    pub fn compile(source: &TemplateText, purpose: Purpose, files: &dyn Files) -> Result<Self, Diagnostics> {
        let (text, position) = (source.text.as_str(), Position::of_text(source));
        let mut compiler = Compiler {
            files,
            purpose,
            foreign: Vec::new(),
            environment: environment(),
            direct: None,
            parts: Vec::new(),
            bytes: 0,
            diagnostics: Diagnostics::new(),
        };
        let place = position.place(&(0..text.len()));
        if guarded(|| compiler.add(MAIN, text, &position, &place, &mut Vec::new())).is_none() {
            compiler.diagnostics.push(Diagnostic::error(Code::TemplateSyntax, ENGINE_FAILED, place));
        }
        if compiler.diagnostics.has_errors() {
            return Err(compiler.diagnostics);
        }
        let columns = columns(compiler.parts.iter().map(|(_, part)| part));
        let parts = compiler.parts.into_iter().collect();
        let Compiler { environment, direct, foreign, .. } = compiler;
        Ok(Self { environment, direct, parts, columns, foreign })
    }

    /// Tells what of its text looks as if it came from another tool: an error if it is the name of a
    /// column, else a warning. Without a header nobody knows the columns.
    #[must_use]
    pub fn pasted(&self, header: Option<&ColumnNames>) -> Diagnostics {
        told(&self.foreign, header)
    }

    /// The columns that it uses, each once, those of what it includes among them.
    #[must_use]
    pub fn columns(&self) -> &[ColumnUse] {
        &self.columns
    }

    /// The compiled form.
    pub(super) fn compiled(&self) -> Result<minijinja::Template<'_, '_>, Error> {
        self.environment.get_template(MAIN)
    }

    /// The short way, if there is one.
    pub(super) const fn direct(&self) -> Option<&ShortWay> {
        self.direct.as_ref()
    }

    /// Whether rendering it tells the branches that a text takes: the engine does not.
    #[must_use]
    pub const fn tells_branches(&self) -> bool {
        self.direct.is_some()
    }

    /// How many ways the branches have that rendering it tells.
    #[must_use]
    pub fn ways(&self) -> u32 {
        self.direct.as_ref().map_or(0, |direct| direct.ways)
    }

    /// The sources, as the engine takes them, by the names under which they were compiled.
    pub(super) fn sources(&self) -> impl Iterator<Item = (String, String)> {
        self.environment.templates().map(|(name, template)| (name.to_owned(), template.source().to_owned()))
    }

    /// The uses of columns, in the order in which they are met.
    pub(super) fn uses(&self) -> impl Iterator<Item = (&str, Place)> {
        self.parts.values().flat_map(Part::uses)
    }

    /// The place of all of it.
    pub(super) fn whole(&self) -> Option<Place> {
        self.part(MAIN).map(Part::all)
    }

    /// The part that was compiled under a name.
    pub(super) fn part(&self, name: &str) -> Option<&Part> {
        self.parts.get(name)
    }
}

struct Compiler<'a> {
    files: &'a dyn Files,
    purpose: Purpose,
    foreign: Vec<Foreign>,
    environment: Environment<'static>,
    /// In the order in which they are met: the template first.
    parts: Vec<(String, Part)>,
    /// The short way of the template itself.
    direct: Option<ShortWay>,
    bytes: usize,
    diagnostics: Diagnostics,
}

/// One source, parsed and checked.
struct Examined {
    part: Part,
    inclusions: Vec<Inclusion>,
    direct: Option<ShortWay>,
    /// The source as the engine takes it.
    compiled: String,
    foreign: Vec<Foreign>,
}

impl Compiler<'_> {
    /// Checks a source, then what it includes, and compiles it. `above` are the files that include
    /// it; `asked` is where it is asked for.
    fn add(&mut self, name: &str, text: &str, position: &Position, asked: &Place, above: &mut Vec<String>) {
        self.bytes = self.bytes.saturating_add(text.len());
        if text.len() > TEMPLATE_BYTES_MAX {
            let message = format!("the template is larger than {TEMPLATE_BYTES_MAX} bytes");
            self.diagnostics.push(Diagnostic::error(Code::TooLarge, message, asked.clone()));
            return;
        }
        if self.bytes > TEMPLATE_CLOSURE_BYTES_MAX {
            let message =
                format!("with what it includes, the template is larger than {TEMPLATE_CLOSURE_BYTES_MAX} bytes");
            self.diagnostics.push(Diagnostic::error(Code::TooLarge, message, asked.clone()));
            return;
        }
        match examine(text, self.purpose, position) {
            Ok(Examined { part, inclusions, direct, compiled, foreign }) => {
                self.foreign.extend(foreign);
                self.parts.push((name.to_owned(), part));
                if name == MAIN {
                    self.direct = direct;
                }
                if let Err(error) = self.environment.add_template_owned(name.to_owned(), compiled) {
                    self.diagnostics.extend(unparsed(&error, SourceForm::Template, position, text));
                }
                above.push(name.to_owned());
                for inclusion in inclusions {
                    self.include(&inclusion, position, above);
                }
                above.pop();
            }
            Err(diagnostics) => self.diagnostics.extend(diagnostics),
        }
    }

    fn include(&mut self, inclusion: &Inclusion, position: &Position, above: &mut Vec<String>) {
        let path = &inclusion.path;
        let place = position.place(&inclusion.range);
        if above.iter().any(|name| name == path) {
            let message = format!("`{path}` includes itself");
            self.diagnostics.push(Diagnostic::error(Code::TemplateForbidden, message, place));
        } else if above.len() > INCLUDES_DEEP_MAX {
            let message = format!("includes go more than {INCLUDES_DEEP_MAX} deep");
            self.diagnostics.push(Diagnostic::error(Code::TooDeep, message, place));
        } else if !self.parts.iter().any(|(name, _)| name == path) {
            match text_file(path, self.files) {
                Ok(file) => self.add(path, &file.text, &Position::of_text(&file), &place, above),
                Err(TextFileError::Unreadable(error)) => {
                    self.diagnostics.push(Diagnostic::error(error.code(), format!("`{path}`: {error}"), place));
                }
                Err(TextFileError::Characters(refused)) => {
                    for diagnostic in refused {
                        self.diagnostics.push(diagnostic.note(place.clone(), "it is included here"));
                    }
                }
            }
        }
    }
}

/// Bounds, parses and checks one source.
fn examine(text: &str, purpose: Purpose, position: &Position) -> Result<Examined, Diagnostics> {
    read_to_the_end(text, SourceForm::Template, position)?;
    let tree = parse(text, "", syntax()).map_err(|error| unparsed(&error, SourceForm::Template, position, text))?;
    let statements = if let Stmt::Template(template) = &tree { template.children.as_slice() } else { &[] };
    let mut checker = SourceChecker::new(position, SourceForm::Template);
    checker.statements(statements);
    let segments = segments(text);
    // In JSON a brace beside a tag may well be meant.
    if purpose == Purpose::Text || !foreign::is_json(text) {
        checker.diagnostics.extend(diagnostics(braces::lone(text, &segments), position));
    }
    let mut foreign = foreign::find(text, &segments, purpose, position);
    foreign.extend(checker.quoted.iter().map(|literal| foreign::quoted(text, literal, position)));
    if checker.diagnostics.has_errors() {
        checker.diagnostics.extend(told(&foreign, None));
        return Err(checker.diagnostics);
    }
    let inclusions = std::mem::take(&mut checker.inclusions);
    let rewritten = slices::rewrite(text, SourceForm::Template, &checker.slices, &checker.handed);
    let compiled = rewritten.as_ref().map_or(text, |rewritten| &rewritten.text).to_owned();
    Ok(Examined {
        part: Part::new(checker, position, text.len(), rewritten),
        inclusions,
        direct: ShortWay::of(statements),
        compiled,
        foreign,
    })
}

fn told(foreign: &[Foreign], header: Option<&ColumnNames>) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    foreign.iter().filter_map(|found| found.told(header)).for_each(|diagnostic| diagnostics.push(diagnostic));
    diagnostics
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::fixture::{InMemory, condition, list, template};

    fn refused(source: &str) -> String {
        match template(source, &InMemory::default()) {
            Ok(_) => "fine".to_owned(),
            Err(diagnostics) => list(&diagnostics),
        }
    }

    #[test]
    fn hostile_templates_are_refused() {
        let check = |source: &str, code: &str| {
            let found = refused(source);
            assert!(found.starts_with(code), "{}: {found}", source.chars().take(60).collect::<String>());
        };
        for source in [
            "{% set b = 'a' ~ 'a' %}{{ b }}",
            "{% set b %}x{% endset %}",
            "{% with a = 1 %}{% endwith %}",
            "{% filter upper %}x{% endfilter %}",
            "{% autoescape true %}x{% endautoescape %}",
            "{% block a %}x{% endblock %}",
            "{% extends 'a' %}",
            "{% import 'a' as b %}",
            "{% from 'a' import b %}",
            "{% do skip('x') %}",
            "{% include name %}",
            "{% include ['a', 'b'] %}",
            "{% include 'a' ~ 'b' %}",
            "{{ 'x' * 100000000 }}",
            "{{ [1] * 100000000 }}",
            "{{ self.name() }}",
            "{{ name.__class__ }}",
            "{{ (1, 2)(3) }}",
            "{{ name(1)(2) }}",
            "{% for a in [[1]] recursive %}{% endfor %}",
        ] {
            check(source, "template-forbidden");
        }
        for source in
            ["{{ range(1000000000) }}", "{{ debug() }}", "{{ namespace(a=1) }}", "{{ dict(a=1) }}", "{{ lipsum() }}"]
        {
            check(source, "unknown-filter");
        }
        for source in [
            "{{ name | indent(1000000000) }}",
            "{{ name | batch(1000000000) }}",
            "{{ name | slice(1000000000) }}",
            "{{ '%0999999999d' | format(1) }}",
            "{{ name | pprint }}",
            "{{ name | safe }}",
            "{{ name | map('upper') }}",
        ] {
            check(source, "unknown-filter");
        }
        for source in [
            "{% macro a() %}{% endmacro %}",
            "{% call a() %}{% endcall %}",
            "{% for a in ['x'] %}{% break %}{% endfor %}",
            "{% trans %}",
        ] {
            check(source, "template-syntax");
        }
        check(&"x".repeat(TEMPLATE_BYTES_MAX + 1), "too-large");
        check(&"x".repeat(TEMPLATE_BYTES_MAX), "fine");
    }

    #[test]
    fn no_source_overflows_the_stack() {
        let near = 98;
        let sources: Vec<String> = [
            ("{{ ", "-", "1 }}"),
            ("{{ ", "not ", "1 }}"),
            ("{{ a", ".a", " }}"),
            ("{{ a", "|upper", " }}"),
            ("{{ a", "~a", " }}"),
            ("{{ 1", "+1", " }}"),
            ("{{ a", " and a", " }}"),
            ("{{ a", "[0]", " }}"),
            ("{{ a", "()", " }}"),
            ("{{ a", " if a else a", " }}"),
            ("{{ a", " is blank", " }}"),
            ("{{ 1", "**1", " }}"),
            ("{{ ", "(", "1"),
            ("{{ ", "[", "1"),
            ("{{ ", "{'a':", "1"),
            ("{{ a", "|fallback(a", ""),
            ("{% if a %}", "{% elif a %}", "{% endif %}"),
            ("", "{% if a %}", ""),
            ("", "{% for a in b %}", ""),
        ]
        .iter()
        .flat_map(|(start, chain, end)| {
            [12, 30, 49, near, 4000].map(|times| {
                let source = format!("{start}{}{end}", chain.repeat(times));
                source.chars().take(TEMPLATE_BYTES_MAX).collect()
            })
        })
        .collect();
        // An overflow would abort the whole test run: a test's thread has 2 MiB.
        for source in &sources {
            let expression = source.trim_start_matches("{{ ").trim_end_matches(" }}");
            let (whole, alone) = (template(source, &InMemory::default()), condition(expression));
            assert!(source.len() < 8000 || (whole.is_err() && alone.is_err()), "{}", source.len());
        }
    }

    #[test]
    fn compiled_templates_are_shared_by_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Template>();
        shared::<crate::render::Condition>();
    }

    #[test]
    fn includes_are_bounded_and_named() {
        let large = "x".repeat(TEMPLATE_BYTES_MAX);
        let mut files =
            vec![("a".to_owned(), "{% include 'b' %}".to_owned()), ("b".to_owned(), "{% include 'a' %}".to_owned())];
        files.extend((0..12).map(|number| (format!("d{number}"), format!("{{% include 'd{}' %}}", number + 1))));
        files.extend((0..5).map(|number| (format!("l{number}"), large.clone())));
        files.push(("bad".to_owned(), "\nHi {{ name | nope }}\n".to_owned()));
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let files = InMemory::new(&files);
        let check = |source: &str, expected: &str| {
            let found = template(source, &files).map_or_else(|diagnostics| list(&diagnostics), |_| "fine".to_owned());
            assert_eq!(found, expected, "{source}");
        };
        check("{% include 'none' %}", "file-missing: `none`: there is no such file @ 'none'");
        check("{% include 'a' %}", "template-forbidden: `a` includes itself @ 'a'");
        check("{% include 'd0' %}", "too-deep: includes go more than 8 deep @ 'd8'");
        check(
            "{% include 'l0' %}{% include 'l1' %}{% include 'l2' %}{% include 'l3' %}",
            "too-large: with what it includes, the template is larger than 65536 bytes @ 'l3'",
        );
        check("{% include 'l0' %}{% include 'l0' %}{% include 'l0' %}{% include 'l0' %}{% include 'l0' %}", "fine");
        let Err(found) = template("{% include 'bad' %}", &files) else { panic!("compiled") };
        assert_eq!(
            found.iter().next().map(|diagnostic| diagnostic.labels[0].place.file().to_owned()),
            Some("bad".to_owned())
        );
        assert!(list(&found).contains("there is no filter `nope` @ nope"), "{}", list(&found));
    }

    #[test]
    fn a_template_file_is_placed_in_itself() {
        let files = InMemory::new(&[("t.txt", "\u{feff}Hi {{ name }}\r\nbye {{ nmae | x }}\r\n")]);
        let text = text_file("t.txt", &files).expect("it can be read");
        let Err(found) = Template::compile(&text, Purpose::Text, &files) else { panic!("compiled") };
        assert_eq!(found.iter().next().map(|diagnostic| diagnostic.labels[0].place.file()), Some("t.txt"));
        assert!(list(&found).ends_with("@ x (there are `fallback`, `truncate`, `upper`, `lower`, `title`, `capitalize`, `trim`, `replace`, `split`, `join`, `first`, `last`, `length`, `int`, `float`, `round`, `abs`)"), "{}", list(&found));
    }

    #[test]
    fn what_is_included_has_one_form_too() {
        let render = |included: &str| {
            let files = InMemory::new(&[("t.txt", included)]);
            let compiled = template("<{% include 't.txt' %}>", &files).map_err(|found| list(&found))?;
            let mut renderer = crate::render::Renderer::new(ColumnNames::new(vec!["a".to_owned()]));
            renderer.fill(&crate::render::fixture::row(&["Ana"]));
            Ok::<_, String>(format!("{:?}", renderer.render(&compiled)))
        };
        let expect = Ok("Ok(Text(\"<Hi Ana,\\nbye\\n>\"))".to_owned());
        for saved in ["Hi {{ a }},\nbye\n\n", "Hi {{ a }},\r\nbye\r\n\r\n", "\u{feff}Hi {{ a }},\r\nbye\r\n\r\n"] {
            assert_eq!(render(saved), expect, "{saved:?}");
        }
        let refused = render("a\rb");
        assert_eq!(refused, Err("forbidden-character: a carriage return without a line feed (U+000D) is not allowed here @ \r (end lines with LF or CR LF)".to_owned()));
    }

    #[test]
    fn columns_are_named_once_at_their_first_use() {
        let Ok(compiled) = template(
            "{% for x in ['a'] %}{{ x }}{{ b }}{% endfor %}{{ x }}{{ b }}{{ column('A b') }}",
            &InMemory::default(),
        ) else {
            panic!("refused")
        };
        let names: Vec<&str> = compiled.columns().iter().map(|used| used.name.as_str()).collect();
        assert_eq!(names, ["b", "x", "A b"]);
    }
}
