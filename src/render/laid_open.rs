//! A template compiled once more for whoever looks at what it makes: with its values masked, and with its
//! branches told. It costs what the engine costs, so it is for a few rows.

use std::sync::Arc;
use std::sync::{Mutex, PoisonError};

use minijinja::machinery::{Token, Tokenizer};
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, Output, State, Value};

use crate::render::Template;
use crate::render::blanks::{self, OPEN};
use crate::render::branches::Branches;
use crate::render::environment::{environment, syntax, written};
use crate::render::filters;
use crate::render::shape::shape;
use crate::render::template::MAIN;
use crate::wire::visible::is_blank;

/// The filter that marks a branch; no template may use it.
const MARK: &str = "sendform_branch";

/// A template whose values are masked, and whose branches are told.
#[derive(Debug)]
pub struct LaidOpen {
    masked: Environment<'static>,
    marked: Option<Marked>,
}

/// A template that tells its branches.
#[derive(Debug)]
struct Marked {
    environment: Environment<'static>,
    ways: u32,
    taken: Arc<Mutex<Branches>>,
}

impl LaidOpen {
    /// Lays a template open, with all that it includes.
    #[must_use]
    pub fn new(template: &Template) -> Self {
        let mut masked = environment();
        masked.set_formatter(write_masked);
        masked.add_filter("fallback", fallback_or_column);
        masked.add_filter(OPEN, marked_column);
        for (name, source) in template.sources() {
            // It was compiled before.
            masked.add_template_owned(name, source).ok();
        }
        Self { masked, marked: Marked::new(template) }
    }

    /// How many ways its branches have.
    #[must_use]
    pub fn ways(&self) -> u32 {
        self.marked.as_ref().map_or(0, |marked| marked.ways)
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> Branches {
        Branches::up_to(self.ways())
    }

    /// The text of a row with the values masked; `None` if there is none.
    pub(super) fn masked(&self, row: Value) -> Option<String> {
        self.masked.get_template(MAIN).ok()?.render(row).ok()
    }

    /// The ways that the text of a row takes.
    pub(super) fn branches(&self, row: Value) -> Branches {
        let Some(marked) = &self.marked else { return Branches::default() };
        *marked.taken.lock().unwrap_or_else(PoisonError::into_inner) = Branches::default();
        // Whoever is skipped took a way, too.
        marked.environment.get_template(MAIN).and_then(|template| template.render(row)).ok();
        *marked.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Marked {
    /// Marks the branches of a template; `None` if it has none.
    fn new(template: &Template) -> Option<Self> {
        let taken: Arc<Mutex<Branches>> = Arc::default();
        let mut environment = environment();
        environment.set_formatter(write_nothing);
        let takes = Arc::clone(&taken);
        environment.add_filter(MARK, move |way: u32| {
            takes.lock().unwrap_or_else(PoisonError::into_inner).take(way);
            String::new()
        });
        let mut ways = 0;
        for (name, source) in template.sources() {
            let source = marked(&source, &mut ways);
            environment.add_template_owned(name, source).ok()?;
        }
        (ways > 0).then_some(Self { environment, ways, taken })
    }
}

/// Puts a mark into each way of each `if`, also into one that is not written: that none of its conditions
/// holds. What blanks there are around the tags is no matter here.
fn marked(source: &str, ways: &mut u32) -> String {
    let mut text = String::with_capacity(source.len() * 2);
    let mut copied = 0;
    // For each tag that is open, whether it is an `if` that lacks an `else`.
    let mut open: Vec<bool> = Vec::new();
    let mut tag: Option<(usize, Option<&str>)> = None;
    let mut tokens = Tokenizer::new(source, "", false, syntax());
    while let Ok(Some((token, span))) = tokens.next_token() {
        let mut mark = |at: usize, before: &str| {
            text.push_str(source.get(copied..at).unwrap_or_default());
            let number = ways.to_string();
            text.extend([before, "{{ ", &number, "|", MARK, " }}"]);
            *ways = ways.saturating_add(1);
            copied = at;
        };
        #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else says which tag it is")]
        match token {
            Token::BlockStart => tag = Some((span.start_offset as usize, None)),
            Token::Ident(name) => {
                if let Some((start, word @ None)) = &mut tag {
                    *word = Some(name);
                    match name {
                        "if" => open.push(true),
                        "for" => open.push(false),
                        "endif" if open.pop() == Some(true) => mark(*start, "{% else %}"),
                        "endfor" => drop(open.pop()),
                        _ => {}
                    }
                }
            }
            Token::BlockEnd => {
                let word = tag.take().and_then(|(_, word)| word);
                let is_way = match word {
                    Some("if" | "elif") => true,
                    Some("else") => open.last_mut().is_some_and(std::mem::take),
                    _ => false,
                };
                if is_way {
                    mark(span.end_offset as usize, "");
                }
            }
            _ => {}
        }
    }
    text.push_str(source.get(copied..).unwrap_or_default());
    text
}

/// Writes what a value looks like, but not what it is. A `fallback` that is written out is nobody's value.
fn write_masked(out: &mut Output<'_>, _state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let text = written(value)?;
    let shown = if value.is_safe() { text } else { shape(&text).into() };
    out.write_str(&shown).map_err(Error::from)
}

/// Marks what is made of columns and given in place of a blank: it stands in a list.
fn marked_column(value: &Value) -> Value {
    let given = blanks::open(value);
    let text = given.as_str().filter(|text| !is_blank(text)).map(|text| Value::from(vec![text.to_owned()]));
    text.unwrap_or(given)
}

/// Gives the text, or another if it is blank; where that is made of columns, as a value like others.
fn fallback_or_column(value: &Value, other: &Value) -> Result<Value, Error> {
    if other.kind() != ValueKind::Seq {
        return filters::fallback(value, other);
    }
    let given = filters::fallback(value, &other.get_item_by_index(0)?)?;
    let text = given.as_str().map(Value::from);
    Ok(text.unwrap_or(given))
}

fn write_nothing(_out: &mut Output<'_>, _state: &mut State<'_, '_>, _value: &Value) -> Result<(), Error> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::render::fixture::{InMemory, row, template};
    use crate::render::{ColumnNames, LaidOpen, Renderer};

    fn looked_at(source: &str, cells: &[&str], files: &InMemory) -> (String, u32) {
        let compiled = template(source, files).expect("the template is allowed");
        let open = LaidOpen::new(&compiled);
        let mut renderer = Renderer::new(ColumnNames::new(["name", "city", "tags"].map(str::to_owned).to_vec()));
        renderer.fill(&row(cells));
        (renderer.masked(&open).expect("it renders"), open.ways())
    }

    #[test]
    fn values_are_masked_and_the_templates_own_words_are_not() {
        let files =
            InMemory::new(&[("end.txt", "Bye {{ name | lower }}, Ana{% include 'last.txt' %}"), ("last.txt", ".")]);
        let check = |source: &str, expect: &str| {
            assert_eq!(looked_at(source, &["Ana", "Split", "vip, new"], &files).0, expect, "{source}");
        };
        check("Ana, hi {{ name }} in Split!", "Ana, hi A••• in Split!");
        check("{{ name | upper }} {{ name ~ ' of ' ~ city }} {{ city[:3] }}", "A••• A••• ••• ••• S•••");
        check("{{ name | truncate(2) }}{{ tags | length }}{{ 'Ana' }}", "•••#A•••");
        check("{% if city == 'Split' %}Split is {{ city }}{% else %}no{% endif %}", "Split is S•••");
        check("{% for tag in tags | split(',') %}tag {{ tag }}; {% endfor %}", "tag v•••; tag n•••; ");
        check("Ana{{ city | fallback('there') }}Ana", "AnaS•••Ana");
        check("{% include 'end.txt' %}", "Bye a•••, Ana.");
        let blank = |source: &str, expect: &str| {
            assert_eq!(looked_at(source, &["", "Split", " "], &files).0, expect, "{source}");
        };
        blank("Hi {{ name | fallback('there') }}!", "Hi there!");
        blank("Hi {{ name | fallback('there') | upper }}!", "Hi THERE!");
        blank("Hi {{ name | fallback(city) }}!", "Hi S•••!");
        blank("Hi {{ name | fallback(tags | fallback(city)) }}!", "Hi S•••!");
        blank("Hi {{ name | fallback(tags | fallback('you')) }}{{ tags | fallback('') }}!", "Hi y•••!");
        blank("Hi {{ name | fallback(tags) | fallback('you') }}!", "Hi you!");
        blank("{{ (name | fallback(city)) ~ (name | fallback('x')) }}", "S•••");
    }

    #[test]
    fn every_way_of_an_if_is_one_branch() {
        let files = InMemory::new(&[("end.txt", "{% if name == 'Ana' %}a{% endif %}")]);
        let check = |source: &str, ways: u32, taken: &[(&[&str], &[u32])]| {
            let compiled = template(source, &files).expect("the template is allowed");
            let open = LaidOpen::new(&compiled);
            assert_eq!(open.ways(), ways, "{source}");
            let mut renderer = Renderer::new(ColumnNames::new(["name", "city", "tags"].map(str::to_owned).to_vec()));
            for (cells, expect) in taken {
                renderer.fill(&row(cells));
                let mut wanted = crate::render::Branches::default();
                expect.iter().for_each(|way| wanted.take(*way));
                assert_eq!(renderer.branches_of(&open), wanted, "{source} {cells:?}");
            }
        };
        let ana: &[&str] = &["Ana", "Split", "a,b"];
        let ivo: &[&str] = &["Ivo", "Zadar", "a"];
        check("Hi {{ name }}", 0, &[(ana, &[])]);
        check("{% if name == 'Ana' %}a{% endif %}", 2, &[(ana, &[0]), (ivo, &[1])]);
        check("{%- if name == 'Ana' -%} a {%- else -%} b {%- endif -%}", 2, &[(ana, &[0]), (ivo, &[1])]);
        check(
            "{% if name == 'X' %}x{% elif city == 'Split' %}{% if name == 'Ana' %}a{% endif %}{% else %}c{% endif %}",
            5,
            &[(ana, &[1, 2]), (ivo, &[4])],
        );
        check(
            "{% for tag in tags | split(',') %}{% if tag == 'b' %}b{% endif %}{% else %}none{% endfor %}.",
            2,
            &[(ana, &[0, 1]), (ivo, &[1])],
        );
        check("{% raw %}{% if %}{% endraw %}{% include 'end.txt' %}", 2, &[(ana, &[0]), (ivo, &[1])]);
    }
}
