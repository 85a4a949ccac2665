//! Diagnostics as text, with the line and a caret.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Element, Level, Origin, Renderer, Snippet};

use crate::report::diagnostics::{DiagnosticView, Excerpt, PlaceView, SeverityView};
use crate::report::screen::Screen;
use crate::report::sheet::{Sheet, line, without_colours};
use crate::report::style::Paint;

/// How many columns a picture has where the output has no width.
const WIDTH: usize = 120;

/// Writes all diagnostics, one after the other, and how many there are of each kind
/// (`2 errors, 1 warning`); nothing if there is none.
#[must_use]
pub fn sheet(diagnostics: &[DiagnosticView], screen: &Screen) -> Sheet {
    let mut sheet = Sheet::default();
    if diagnostics.is_empty() {
        return sheet;
    }
    let renderer = match screen.paint {
        Paint::Plain => Renderer::plain(),
        Paint::Color => Renderer::styled(),
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(screen.width.unwrap_or(WIDTH));
    for diagnostic in diagnostics {
        draw(&mut sheet, &one(&renderer, diagnostic, screen));
        sheet.blank();
    }
    line(&mut sheet, &summary(diagnostics));
    sheet
}

/// Writes what was drawn of a diagnostic: what is wrong and what to do are words, all between is a picture.
fn draw(sheet: &mut Sheet, picture: &str) {
    for (place, text) in picture.lines().enumerate() {
        let plain = without_colours(text);
        let is_advice = ["= help: ", "= note: "].iter().any(|begin| plain.trim_start().starts_with(begin));
        if place == 0 || is_advice {
            line(sheet, text);
        } else {
            sheet.drawn(text);
        }
    }
}

/// Says how many errors and warnings there are.
fn summary(diagnostics: &[DiagnosticView]) -> String {
    let counted =
        |severity, one: &str| match diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count() {
            0 => None,
            1 => Some(format!("1 {one}")),
            count => Some(format!("{count} {one}s")),
        };
    let parts = [counted(SeverityView::Error, "error"), counted(SeverityView::Warning, "warning")];
    parts.into_iter().flatten().collect::<Vec<String>>().join(", ")
}

/// A place, how it is marked, and the text beside it.
#[derive(Clone, Copy)]
struct MarkedPlace<'a> {
    kind: AnnotationKind,
    place: &'a PlaceView,
    text: &'a str,
}

fn one(renderer: &Renderer, diagnostic: &DiagnosticView, screen: &Screen) -> String {
    let level = match diagnostic.severity {
        SeverityView::Error => Level::ERROR,
        SeverityView::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
    let mut elements: Vec<Element<'_>> = Vec::new();
    let primary = diagnostic.place.iter().map(|place| MarkedPlace {
        kind: AnnotationKind::Primary,
        place,
        text: &diagnostic.label,
    });
    let notes = diagnostic.notes.iter().map(|note| MarkedPlace {
        kind: AnnotationKind::Context,
        place: &note.place,
        text: &note.message,
    });
    let mut rest: Vec<MarkedPlace<'_>> = primary.chain(notes).collect();
    while let Some(first) = rest.first().copied() {
        let Some(excerpt) = &first.place.excerpt else {
            without_source(first, screen, &mut elements);
            rest.remove(0);
            continue;
        };
        // Places of one line share its picture.
        let is_shared = |other: &MarkedPlace<'_>| {
            let of_other = other.place.excerpt.as_ref();
            other.place.file == first.place.file && of_other.is_some_and(|of_other| of_other.is_same_line(excerpt))
        };
        let (shared, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(is_shared);
        elements.push(snippet(screen.file(&first.place.file), excerpt, &shared).into());
        rest = others;
    }
    if let Some(help) = &diagnostic.help {
        elements.push(Level::HELP.message(help.as_str()).into());
    }
    renderer.render(&[title.elements(elements)])
}

/// Names a place whose text is not shown.
fn without_source<'a>(
    MarkedPlace { place, text, .. }: MarkedPlace<'a>,
    screen: &Screen,
    elements: &mut Vec<Element<'a>>,
) {
    let file = screen.file(&place.file);
    let path = match (place.line, &place.field) {
        (Some(line), Some(column)) => format!("{file}:{line} (column {column})"),
        // The line of a span says nothing without its text.
        (Some(line), None) if place.column.is_none() => format!("{file}:{line}"),
        _ => file,
    };
    elements.push(Origin::path(path).into());
    if !text.is_empty() {
        elements.push(Level::NOTE.message(text).into());
    }
}

/// Draws a line with the places in it.
fn snippet<'a>(file: String, line: &'a Excerpt, places: &[MarkedPlace<'a>]) -> Snippet<'a, Annotation<'a>> {
    let annotations = places.iter().filter_map(|MarkedPlace { kind, place, text }| {
        let annotation = kind.span(place.excerpt.as_ref()?.marked.clone());
        Some(if text.is_empty() { annotation } else { annotation.label(*text) })
    });
    Snippet::source(line.text.as_str()).line_start(line.line).path(file).annotations(annotations)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::sheet;
    use crate::campaign::{AudienceStream, Files, FilesError, ReadCampaign, read_campaign, read_project};
    use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, Source};
    use crate::report::diagnostics::DiagnosticView;
    use crate::report::screen::Screen;
    use crate::report::style::Paint;

    struct NoFiles;

    impl Files for NoFiles {
        fn read(&self, _: &str) -> Result<String, FilesError> {
            Err(FilesError::Missing)
        }

        fn open(&self, _: &str) -> Result<Box<dyn AudienceStream>, FilesError> {
            Err(FilesError::Missing)
        }
    }

    fn render(diagnostics: &Diagnostics) -> String {
        sheet(&DiagnosticView::all(diagnostics), &Screen::endless(Paint::Plain))
            .laid_out(&Screen::endless(Paint::Plain))
    }

    fn to_json(diagnostic: &Diagnostic) -> serde_json::Value {
        serde_json::to_value(DiagnosticView::new(diagnostic)).unwrap()
    }

    fn of_campaign(text: &str) -> String {
        let project = Source::new("sendform.yaml", "project: acme\nsenders: { shop: S1 }\n");
        let project = read_project(&project).declared;
        let ReadCampaign { campaign, diagnostics, .. } =
            read_campaign(&Source::new("sale.yaml", text), project.as_ref(), &NoFiles);
        assert_eq!(campaign.is_none(), diagnostics.has_errors());
        render(&diagnostics)
    }

    fn of_one(diagnostic: Diagnostic) -> String {
        let mut diagnostics = Diagnostics::new();
        diagnostics.push(diagnostic);
        render(&diagnostics)
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "the picture is long")]
    fn a_file_with_many_mistakes() {
        let text = r#"campaign: Spring Sale
audiences:
  people:
    csv: ../people.csv
    ndjson: people.ndjson
    exclude: [ stuff ]
  staff: { rows: [ { to: 17841400000000001, country: no } ] }
schedules:
  launch:
    sendAt: 2026-12-01 09:00
    timeZone: Europe/Zagrb
    sendingSpeedLimit: { amount: 0, timeUnit: MINUT }
    validityPeriod: { amount: 3, timeUnit: DAYS }
  later:
    sendAt: "2026-12-01 09:00"
    deliveryTimeWindow: { days: [MONDAY, MONDAY], from: { hour: 20, minute: 0 }, to: { hour: 8, minute: 0 } }
messages:
  - id: announce
    revision: "2"
    sender: shpo
    audience: staff
    schedule: lauch
    content: { type: TEXT, text: "Hi", template: hi.txt }
  - id: announce
    sender: shop
    audience: staff
    contents: { text: Hi }
    paused: yes
"#;
        insta::assert_snapshot!(of_campaign(text), @r#"
        error[bad-pattern]: an id has 1 to 40 lower-case letters, digits and hyphens, and begins with a letter or digit
         --> sale.yaml:1:11
          |
        1 | campaign: Spring Sale
          |           ^^^^^^^^^^^
          |
          = help: write `spring-sale`

        error[bad-path]: the path leads upwards
         --> sale.yaml:4:10
          |
        4 |     csv: ../people.csv
          |          ^^^^^^^^^^^^^
          |
          = help: write it relative to the project's folder, with `/`, such as `audiences/people.csv`

        error[shape]: only one of `csv`, `ndjson` and `rows` is allowed here
         --> sale.yaml:5:5
          |
        5 |     ndjson: people.ndjson
          |     ^^^^^^
          |
         ::: sale.yaml:4:5
          |
        4 |     csv: ../people.csv
          |     --- first here

        error[unknown-audience]: there is no audience of this name
         --> sale.yaml:6:16
          |
        6 |     exclude: [ stuff ]
          |                ^^^^^
          |
          = help: did you mean `staff`?

        error[unquoted]: this is a number without quotes, but text is expected
        --> sale.yaml:7 (column to)
         = help: every cell is text: put it in quotes

        error[unquoted]: this is a boolean without quotes, but text is expected
        --> sale.yaml:7 (column country)
         = help: every cell is text: put it in quotes

        error[unquoted]: this is a date without quotes, but text is expected
          --> sale.yaml:10:13
           |
        10 |     sendAt: 2026-12-01 09:00
           |             ^^^^^^^^^^^^^^^^
           |
           = help: put it in quotes: "2026-12-01 09:00"

        error[bad-zone]: there is no such time zone in the IANA database
          --> sale.yaml:11:15
           |
        11 |     timeZone: Europe/Zagrb
           |               ^^^^^^^^^^^^
           |
           = help: did you mean `Europe/Zagreb`?

        error[out-of-bounds]: at least 1 is expected
          --> sale.yaml:12:34
           |
        12 |     sendingSpeedLimit: { amount: 0, timeUnit: MINUT }
           |                                  ^

        error[not-allowed]: only `MINUTE`, `HOUR` and `DAY` are allowed here
          --> sale.yaml:12:47
           |
        12 |     sendingSpeedLimit: { amount: 0, timeUnit: MINUT }
           |                                               ^^^^^
           |
           = help: did you mean `MINUTE`?

        error[not-allowed]: only `SECONDS`, `MINUTES` and `HOURS` are allowed here
          --> sale.yaml:13:44
           |
        13 |     validityPeriod: { amount: 3, timeUnit: DAYS }
           |                                            ^^^^

        error[missing-key]: the key `timeZone` is missing
          --> sale.yaml:15:5
           |
        15 |     sendAt: "2026-12-01 09:00"
           |     ^^^^^^
           |
           = help: `sendAt` needs `timeZone` beside it

        error[not-allowed]: an item occurs twice in this list
          --> sale.yaml:16:42
           |
        16 |     deliveryTimeWindow: { days: [MONDAY, MONDAY], from: { hour: 20, minute: 0 }, to: { hour: 8, minute: 0 } }
           |                                  ------  ^^^^^^
           |                                  |
           |                                  first here

        error[bad-window]: the window ends at 08:00, before it begins at 20:00
          --> sale.yaml:16:82
           |
        16 |     deliveryTimeWindow: { days: [MONDAY, MONDAY], from: { hour: 20, minute: 0 }, to: { hour: 8, minute: 0 } }
           |                                                                                  ^^
           |
           = help: the gateway documents no windows over midnight (UTC): choose one within a day

        error[wrong-type]: this is text, but a whole number is expected
          --> sale.yaml:19:15
           |
        19 |     revision: "2"
           |               ^^^
           |
           = help: write it in plain decimal digits, without quotes: `2`

        error[unknown-sender]: there is no sender of this name
          --> sale.yaml:20:13
           |
        20 |     sender: shpo
           |             ^^^^
           |
           = help: did you mean `shop`?

        error[unknown-schedule]: there is no schedule of this name
          --> sale.yaml:22:15
           |
        22 |     schedule: lauch
           |               ^^^^^
           |
           = help: did you mean `launch`?

        error[shape]: only one of `text` and `template` is allowed here
          --> sale.yaml:23:40
           |
        23 |     content: { type: TEXT, text: "Hi", template: hi.txt }
           |                            ----        ^^^^^^^^
           |                            |
           |                            first here

        error[missing-key]: the key `content` is missing
          --> sale.yaml:24:5
           |
        24 |   - id: announce
           |     ^^

        error[duplicate-id]: another message of the campaign has this id
          --> sale.yaml:24:9
           |
        24 |   - id: announce
           |         ^^^^^^^^
           |
          ::: sale.yaml:18:9
           |
        18 |   - id: announce
           |         -------- first here

        error[unknown-key]: there is no such key here
          --> sale.yaml:27:5
           |
        27 |     contents: { text: Hi }
           |     ^^^^^^^^
           |
           = help: did you mean `content`?

        error[wrong-type]: this is text, but `true` or `false` is expected
          --> sale.yaml:28:13
           |
        28 |     paused: yes
           |             ^^^
           |
           = help: write `true` or `false`, without quotes

        22 errors
        "#);
    }

    #[test]
    fn a_good_file_says_nothing() {
        assert!(sheet(&[], &Screen::endless(Paint::Color)).is_empty());
    }

    #[test]
    fn control_characters_are_made_visible_and_never_emitted() {
        let source = Source::new("a\u{1b}[31m.yaml", "a: \u{1b}[31m\u{202e}x # č\r\nb: 1\n");
        let span = |span| Place::Span { source: Arc::clone(&source), span };
        let diagnostic = Diagnostic::error(Code::ForbiddenCharacter, "bad \u{1b}[0m", span(3..4))
            .label("here\u{7}")
            .note(span(8..11), "and\nhere")
            .help("delete \u{9b} it");
        let text = of_one(diagnostic.clone());
        insta::assert_snapshot!(text, @r"
        error[forbidden-character]: bad <U+001B>[0m
         --> a<U+001B>[31m.yaml:1:4
          |
        1 | a: <U+001B>[31m<U+202E>x # č
          |    ^^^^^^^^    -------- and<U+000A>here
          |    |
          |    here<U+0007>
          |
          = help: delete <U+009B> it

        1 error
        ");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(!to_json(&diagnostic).to_string().contains("\\u001b"));
    }

    #[test]
    fn long_lines_are_cut() {
        let source = Source::new("a.yaml", format!("text: {} x {}", "a ".repeat(3000), "b ".repeat(3000)));
        let text = of_one(Diagnostic::error(Code::Shape, "wrong", Place::Span { source, span: 6007..6008 }));
        assert!(text.lines().all(|line| line.len() <= 200), "{text}");
        assert!(text.contains('^'), "{text}");
    }

    #[test]
    fn of_an_endless_line_only_what_is_near_is_drawn() {
        let source =
            Source::new("a.yaml", format!("{}x {}y {}", "č".repeat(400_000), "b ".repeat(9000), "č".repeat(9000)));
        let mut diagnostics = Diagnostics::new();
        for at in 0..100 {
            let place = |at| Place::Span { source: Arc::clone(&source), span: at..at + 1 };
            diagnostics.push(Diagnostic::error(Code::Shape, "wrong", place(799_999 + at)).note(place(818_002), "here"));
        }
        let begin = std::time::Instant::now();
        let text = render(&diagnostics);
        assert!(begin.elapsed() < std::time::Duration::from_secs(20), "{:?}", begin.elapsed());
        assert_eq!(text.matches(" --> a.yaml:1").count(), 100, "{text}");
        assert!(text.contains("here"), "{text}");
    }

    #[test]
    fn rows_and_files_show_no_content() {
        let row = |column: Option<&str>| Place::Row {
            file: "people.csv".to_owned(),
            line: 7,
            column: column.map(str::to_owned),
        };
        let diagnostic = Diagnostic::warning(Code::UnreadableRow, "the row cannot be read", row(Some("to")))
            .note(row(None), "the row")
            .note(Place::File("sendform.yaml".to_owned()), "");
        insta::assert_snapshot!(of_one(diagnostic), @r"
        warning[unreadable-row]: the row cannot be read
        --> people.csv:7 (column to)
        ::: people.csv:7
         = note: the row
        ::: sendform.yaml

        1 warning
        ");
    }

    #[test]
    fn json_counts_characters_from_one() {
        let source = Source::new("a.yaml", "a: 1\nčšž: 👍x\n");
        let span = Place::Span { source, span: 13..18 };
        let row = Place::Row { file: "p.csv".to_owned(), line: 3, column: Some("to".to_owned()) };
        let diagnostic = Diagnostic::error(Code::Shape, "wrong", span).note(row, "because").help("change it");
        insta::assert_snapshot!(to_json(&diagnostic), @r#"{"code":"shape","column":6,"endColumn":8,"endLine":2,"file":"a.yaml","help":"change it","line":2,"message":"wrong","notes":[{"column":null,"endColumn":null,"endLine":null,"field":"to","file":"p.csv","line":3,"message":"because"}],"severity":"error"}"#);
    }

    #[test]
    fn spans_out_of_bounds_do_not_panic() {
        let source = Source::new("a.yaml", "č: 1\r\n");
        for (start, end) in [(0, 100), (1, 1), (99, 100), (5, 7), (7, 7), (6, 6), (1, 3)] {
            let place = Place::Span { source: Arc::clone(&source), span: start..end };
            let diagnostic = Diagnostic::error(Code::Shape, "wrong", place);
            assert!(of_one(diagnostic.clone()).contains("wrong"));
            assert!(to_json(&diagnostic).is_object());
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_hidden_is_ever_printed(text in "\\PC{0,20}[\u{1}-\u{9f}\u{2028}-\u{202e}\u{2066}]{0,20}", start: u8, end: u8) {
            let source = Source::new("a.yaml", text.clone());
            let span = Place::Span { source, span: usize::from(start % 64)..usize::from(end % 64) };
            let diagnostic = Diagnostic::error(Code::Shape, text.clone(), span).label(text.clone()).help(text);
            let printed = of_one(diagnostic);
            let hidden = |c: char| c.is_control() && c != '\n' || ('\u{2028}'..='\u{202e}').contains(&c) || c == '\u{2066}';
            proptest::prop_assert!(!printed.contains(hidden), "{:?}", printed);
        }
    }
}
