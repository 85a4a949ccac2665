//! Workflow commands of GitHub, which put annotations beside the lines of a pull request.

use super::annotation::{Annotation, AnnotationLevel, FileSpot};
use super::words::plural;

/// GitHub shows so many of each kind in a step, and drops all others without a word.
const SHOWN_MAX: usize = 10;

/// Writes all annotations that are shown, the most important first; the last one of a kind counts the rest.
#[must_use]
pub fn commands(annotations: &[Annotation]) -> String {
    let levels =
        [(AnnotationLevel::Error, "error"), (AnnotationLevel::Warning, "warning"), (AnnotationLevel::Notice, "notice")];
    let mut out = String::new();
    for (level, name) in levels {
        let all = || annotations.iter().filter(|annotation| annotation.level == level);
        let rest = all().count().saturating_sub(SHOWN_MAX);
        for (annotation, number) in all().take(SHOWN_MAX).zip(1..) {
            let rest = if number == SHOWN_MAX { rest } else { 0 };
            let more = if rest == 0 {
                String::new()
            } else {
                format!("\nand {}: the log has all", plural(rest as u64, &format!("more {name}")))
            };
            out.push_str(&command(name, annotation, &more));
        }
    }
    out
}

fn command(name: &str, annotation: &Annotation, more: &str) -> String {
    let mut properties = annotation.spot.as_ref().map(place).unwrap_or_default();
    properties.push(format!("title={}", property(&format!("sendform: {}", annotation.code))));
    let hint = annotation.hint.as_ref().map(|hint| format!("\n{hint}")).unwrap_or_default();
    let message = value(&format!("{}{hint}{more}", annotation.message));
    format!("::{name} {}::{message}\n", properties.join(","))
}

/// Columns are shown only of what stands in one line, and the last one is a character of it.
fn place(spot: &FileSpot) -> Vec<String> {
    let mut properties = vec![format!("file={}", property(&spot.file))];
    let line = spot.line;
    let is_one_line = spot.end_line.is_none() || spot.end_line == line;
    let column = spot.column.filter(|_| is_one_line);
    let end = column.and_then(|column| Some(spot.end_column?.saturating_sub(1).max(column)));
    let numbers =
        [("line", line), ("endLine", spot.end_line.filter(|_| !is_one_line)), ("col", column), ("endColumn", end)];
    properties.extend(numbers.into_iter().filter_map(|(name, number)| Some(format!("{name}={}", number?))));
    properties
}

fn value(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    value(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::commands;
    use crate::report::annotation::tests::of_file;
    use crate::report::annotation::{Annotation, AnnotationLevel, FileSpot};

    #[test]
    fn a_place_is_a_column_only_in_one_line() {
        let at = |spot| commands(&[of_file("shape", "wrong: 100%", 1, "").at(Some(spot))]);
        let file = || "a,b:c.yaml".to_owned();
        let one = FileSpot { file: file(), line: Some(3), column: Some(5), end_line: Some(3), end_column: Some(5) };
        assert_eq!(
            at(one),
            "::error file=a%2Cb%3Ac.yaml,line=3,col=5,endColumn=5,title=sendform%3A shape::wrong: 100%25\n"
        );
        let several = FileSpot { file: file(), line: Some(3), column: Some(5), end_line: Some(4), end_column: Some(2) };
        assert_eq!(
            at(several),
            "::error file=a%2Cb%3Ac.yaml,line=3,endLine=4,title=sendform%3A shape::wrong: 100%25\n"
        );
        let whole = FileSpot { file: file(), ..FileSpot::default() };
        assert_eq!(at(whole), "::error file=a%2Cb%3Ac.yaml,title=sendform%3A shape::wrong: 100%25\n");
    }

    #[test]
    fn ten_are_shown_of_a_kind_and_the_tenth_counts_the_rest() {
        let mut all: Vec<Annotation> = (0..31).map(|line| of_file("shape", "wrong", line, "")).collect();
        all.extend(
            (0..10).map(|line| Annotation { level: AnnotationLevel::Warning, ..of_file("shape", "odd", line, "") }),
        );
        let text = commands(&all);
        assert_eq!(text.matches("::error ").count(), 10, "{text}");
        assert_eq!(text.matches("::warning ").count(), 10, "{text}");
        assert_eq!(
            text.lines().nth(8).unwrap(),
            "::error file=campaigns/sale.yaml,line=8,title=sendform%3A shape::wrong"
        );
        assert_eq!(
            text.lines().nth(9).unwrap(),
            "::error file=campaigns/sale.yaml,line=9,title=sendform%3A shape::wrong%0Aand 21 more errors: the log has all"
        );
        assert_eq!(text.matches("more").count(), 1, "{text}");
        assert_eq!(commands(&[]), "");
    }

    proptest! {
        /// A line that begins with two colons is a command, and `##[` is one wherever it stands.
        #[test]
        fn no_value_is_a_command_of_its_own(text in "([:#%,\n\r\\[a]|::error::|##\\[error\\]){0,12}", file in "[:,%a\n\r]{0,6}") {
            let annotation = of_file("shape", &text, 3, "").at(Some(FileSpot { file, line: Some(1), ..FileSpot::default() }));
            let written = commands(&[annotation]);
            prop_assert_eq!(written.lines().count(), 1, "{}", written);
            let (properties, _) = written.strip_prefix("::error ").unwrap().split_once("::").unwrap();
            prop_assert_eq!(properties.split(',').count(), 3, "{}", written);
            prop_assert!(!written.contains("##["), "{}", written);
        }
    }
}
