//! Tests as JUnit writes them: what every CI shows as a list of what passed and what failed.

use std::collections::HashMap;
use std::io::{self, Write as _};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::annotation::{Annotation, AnnotationLevel, Check, FileSpot};

/// One test.
struct TestCase<'a> {
    suite: &'a str,
    name: String,
    spot: Option<&'a FileSpot>,
    /// What it says.
    words: String,
    /// The code of what is wrong; nothing if it passed.
    failure: Option<&'a str>,
}

/// Writes what was looked at as tests: errors have failed, warnings and what is as it should be have passed.
#[must_use]
pub fn test_suites(kind: &str, annotations: &[Annotation], passed: &[Check]) -> String {
    let found = annotations.iter().filter(|annotation| annotation.level != AnnotationLevel::Notice).map(of_annotation);
    let mut cases: Vec<TestCase<'_>> = found.chain(passed.iter().map(of_check)).collect();
    numbered(&mut cases);
    let mut suites: Vec<(&str, Vec<&TestCase<'_>>)> = Vec::new();
    for case in &cases {
        match suites.iter_mut().find(|(suite, _)| *suite == case.suite) {
            Some((_, cases)) => cases.push(case),
            None => suites.push((case.suite, vec![case])),
        }
    }
    let bytes = written(kind, &suites).expect("memory takes all that is written");
    String::from_utf8(bytes).expect("what was written is text")
}

fn of_annotation(annotation: &Annotation) -> TestCase<'_> {
    let spot = annotation.spot.as_ref();
    let file = spot.map(|spot| format!(" in {}", spot.file)).unwrap_or_default();
    let is_error = annotation.level == AnnotationLevel::Error;
    // A limit is the same test in each run, whether it holds or not.
    let name = if annotation.suite() == annotation.subject {
        annotation.code.clone()
    } else {
        format!("{}{file}", annotation.code)
    };
    let line = spot.and_then(|spot| Some(format!("{}:{}: ", spot.file, spot.line?))).unwrap_or_default();
    TestCase {
        suite: annotation.suite(),
        name,
        spot,
        words: format!("{line}{}", annotation.words()),
        failure: is_error.then_some(&annotation.code),
    }
}

fn of_check(check: &Check) -> TestCase<'_> {
    let Check { suite, code, words, spot } = check;
    TestCase { suite, name: code.clone(), spot: spot.as_ref(), words: words.clone(), failure: None }
}

/// Of tests of one name only one is shown: all further ones get a number.
fn numbered(cases: &mut [TestCase<'_>]) {
    let mut seen: HashMap<(String, String), u64> = HashMap::new();
    for case in cases {
        let number = seen.entry((case.suite.to_owned(), case.name.clone())).or_insert(0);
        *number += 1;
        if *number > 1 {
            case.name = format!("{} ({number})", case.name);
        }
    }
}

fn written(kind: &str, suites: &[(&str, Vec<&TestCase<'_>>)]) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all = suites.iter().flat_map(|(_, cases)| cases);
    let name = format!("sendform {kind}");
    let head = writer.create_element("testsuites").with_attributes(attributes(&counted(&name, all)));
    if suites.is_empty() {
        head.write_empty()?;
    } else {
        head.write_inner_content(|writer| suites.iter().try_for_each(|(name, cases)| suite(writer, name, cases)))?;
    }
    let mut bytes = writer.into_inner();
    bytes.write_all(b"\n")?;
    Ok(bytes)
}

fn suite(writer: &mut Writer<Vec<u8>>, name: &str, cases: &[&TestCase<'_>]) -> io::Result<()> {
    let name = allowed(name);
    let head = writer.create_element("testsuite").with_attributes(attributes(&counted(&name, cases.iter())));
    head.write_inner_content(|writer| cases.iter().try_for_each(|case| test(writer, case)))?;
    Ok(())
}

fn counted<'a, 'c: 'a>(name: &str, cases: impl Iterator<Item = &'a &'a TestCase<'c>>) -> Vec<(&'static str, String)> {
    let (mut tests, mut failures) = (0, 0);
    for case in cases {
        tests += 1;
        failures += u64::from(case.failure.is_some());
    }
    vec![("name", name.to_owned()), ("tests", u64::to_string(&tests)), ("failures", failures.to_string())]
}

fn test(writer: &mut Writer<Vec<u8>>, case: &TestCase<'_>) -> io::Result<()> {
    let mut names = vec![("classname", allowed(case.suite)), ("name", allowed(&case.name))];
    names.extend(case.spot.map(|spot| ("file", allowed(&spot.file))));
    let words = allowed(&case.words);
    writer.create_element("testcase").with_attributes(attributes(&names)).write_inner_content(|writer| {
        let element = match case.failure {
            Some(code) => {
                let of_failure = [("type", allowed(code)), ("message", words.clone())];
                writer.create_element("failure").with_attributes(attributes(&of_failure))
            }
            None => writer.create_element("system-out"),
        };
        element.write_text_content(BytesText::new(&words)).map(drop)
    })?;
    Ok(())
}

fn attributes<'a>(named: &'a [(&'static str, String)]) -> impl Iterator<Item = (&'a str, &'a str)> {
    named.iter().map(|(name, value)| (*name, value.as_str()))
}

/// What XML 1.0 may hold: all others of our texts are visible already.
fn allowed(text: &str) -> String {
    let is_allowed =
        |character: char| matches!(character, '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|character| if is_allowed(character) { character } else { char::REPLACEMENT_CHARACTER }).collect()
}

#[cfg(test)]
mod tests {
    use super::test_suites;
    use crate::report::annotation::tests::of_file;
    use crate::report::annotation::{Annotation, AnnotationLevel, Check};

    #[test]
    fn errors_fail_and_all_else_passes() {
        let odd = Annotation { level: AnnotationLevel::Warning, ..of_file("shape", "odd", 4, "") };
        let passed = Check {
            suite: "sale.hello".to_owned(),
            code: "limit-growth".to_owned(),
            words: "its audience has grown by at most 50%".to_owned(),
            spot: None,
        };
        insta::assert_snapshot!(test_suites("plan", &[of_file("shape", "<wrong> & \"odd\" \u{ffff}", 3, ""), odd], &[passed]), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="sendform plan" tests="3" failures="1">
          <testsuite name="files" tests="2" failures="1">
            <testcase classname="files" name="shape in campaigns/sale.yaml" file="campaigns/sale.yaml">
              <failure type="shape" message="campaigns/sale.yaml:3: &lt;wrong&gt; &amp; &quot;odd&quot; �">campaigns/sale.yaml:3: &lt;wrong&gt; &amp; &quot;odd&quot; �</failure>
            </testcase>
            <testcase classname="files" name="shape in campaigns/sale.yaml (2)" file="campaigns/sale.yaml">
              <system-out>campaigns/sale.yaml:4: odd</system-out>
            </testcase>
          </testsuite>
          <testsuite name="sale.hello" tests="1" failures="0">
            <testcase classname="sale.hello" name="limit-growth">
              <system-out>its audience has grown by at most 50%</system-out>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
        insta::assert_snapshot!(test_suites("init", &[], &[]), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="sendform init" tests="0" failures="0"/>
        "#);
    }
}
