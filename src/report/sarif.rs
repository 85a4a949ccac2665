//! Static Analysis Results Interchange Format, version 2.1.0: what code scanning takes.

use serde_json::{Map, Value, json};

use crate::diagnostic::Code;

use super::annotation::{Annotation, AnnotationKind, AnnotationLevel, FileSpot, fingerprints};
use super::document::pretty;

/// Writes all annotations but notices; what points nowhere points at the project's file.
#[must_use]
pub fn log(annotations: &[Annotation], project_file: &str) -> String {
    let found: Vec<Annotation> =
        annotations.iter().filter(|annotation| annotation.level != AnnotationLevel::Notice).cloned().collect();
    let mut rules: Vec<(&str, AnnotationKind)> = Vec::new();
    for annotation in &found {
        if !rules.iter().any(|(code, _)| *code == annotation.code) {
            rules.push((&annotation.code, annotation.kind));
        }
    }
    let index = |code: &str| rules.iter().position(|(rule, _)| *rule == code);
    let results = found.iter().zip(fingerprints(&found)).map(|(annotation, fingerprint)| {
        let level = match annotation.level {
            AnnotationLevel::Error => "error",
            AnnotationLevel::Warning => "warning",
            AnnotationLevel::Notice => "note",
        };
        json!({
            "ruleId": annotation.code,
            "ruleIndex": index(&annotation.code),
            "level": level,
            "message": { "text": annotation.words() },
            "locations": [location(annotation.spot.as_ref(), project_file)],
            "partialFingerprints": { "sendform/v1": fingerprint },
        })
    });
    let results: Vec<Value> = results.collect();
    let driver = json!({
        "name": "sendform",
        "version": env!("CARGO_PKG_VERSION"),
        "rules": rules.iter().map(|(code, kind)| rule(code, *kind)).collect::<Vec<_>>(),
    });
    pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{ "tool": { "driver": driver }, "columnKind": "unicodeCodePoints", "results": results }],
    }))
}

fn rule(code: &str, kind: AnnotationKind) -> Value {
    let of_files = Code::ALL.iter().find(|known| known.as_str() == code).map(|code| code.description());
    let text = of_files.unwrap_or_else(|| kind.description());
    json!({ "id": code, "shortDescription": { "text": text }, "help": { "text": text } })
}

fn location(spot: Option<&FileSpot>, project_file: &str) -> Value {
    let (uri, region) = spot.map_or_else(|| (uri(project_file), line(1)), |spot| (uri(&spot.file), region(spot)));
    json!({ "physicalLocation": { "artifactLocation": { "uri": uri }, "region": region } })
}

fn line(line: u64) -> Map<String, Value> {
    Map::from_iter([("startLine".to_owned(), line.into())])
}

/// A region; of a whole file its first line, without which nothing is shown.
fn region(spot: &FileSpot) -> Map<String, Value> {
    let mut region = line(spot.line.unwrap_or(1));
    let numbers = [("startColumn", spot.column), ("endLine", spot.end_line), ("endColumn", spot.end_column)];
    let numbers = numbers.into_iter().filter_map(|(name, number)| Some((name.to_owned(), number?.into())));
    region.extend(numbers);
    region
}

/// A path as a relative reference, or as a URI if it is absolute.
fn uri(path: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(byte);
    let write = |byte: u8| if is_plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let path: String = path.bytes().map(write).collect();
    if path.starts_with('/') { format!("file://{path}") } else { path }
}

#[cfg(test)]
mod tests {
    use super::{log, uri};
    use crate::report::annotation::tests::of_file;
    use crate::report::annotation::{Annotation, AnnotationLevel};

    #[test]
    fn a_path_is_a_reference() {
        assert_eq!(uri("campaigns/sale č.yaml"), "campaigns/sale%20%C4%8D.yaml");
        assert_eq!(uri("/data/a#b?.csv"), "file:///data/a%23b%3F.csv");
    }

    #[test]
    fn rules_are_those_that_occur() {
        let notice = Annotation { level: AnnotationLevel::Notice, ..of_file("plan", "2 messages", 1, "") };
        let nowhere = of_file("in-doubt", "2 people", 1, "bulk").at(None);
        let log =
            log(&[of_file("shape", "wrong", 3, "a"), nowhere, of_file("shape", "odd", 4, "b"), notice], "c/p.yaml");
        let log: serde_json::Value = serde_json::from_str(&log).unwrap();
        let run = &log["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 2);
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.iter().map(|result| result["ruleIndex"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 1, 0]);
        let place = &results[1]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "c/p.yaml");
        assert_eq!(place["region"]["startLine"], 1);
    }
}
