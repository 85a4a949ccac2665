//! What GitLab shows in a merge request without any token: its report of code quality, and its widget of a plan.

use serde_json::{Value, json};

use super::annotation::{Annotation, AnnotationLevel, ToSend, fingerprints};
use super::document::pretty;

/// What every check's name begins with.
pub const CHECK_PREFIX: &str = "sendform/";

/// Writes the report of code quality: all annotations but notices. What points nowhere points at the project's file.
#[must_use]
pub fn code_quality(annotations: &[Annotation], project_file: &str) -> String {
    let found: Vec<Annotation> =
        annotations.iter().filter(|annotation| annotation.level != AnnotationLevel::Notice).cloned().collect();
    let issues = found.iter().zip(fingerprints(&found)).map(|(annotation, fingerprint)| {
        let severity = match annotation.level {
            AnnotationLevel::Error => "critical",
            AnnotationLevel::Warning => "minor",
            AnnotationLevel::Notice => "info",
        };
        let spot = annotation.spot.as_ref();
        json!({
            "description": annotation.words(),
            "check_name": format!("{CHECK_PREFIX}{}", annotation.code),
            "fingerprint": fingerprint,
            "severity": severity,
            "location": {
                "path": spot.map_or(project_file, |spot| &spot.file),
                "lines": { "begin": spot.and_then(|spot| spot.line).unwrap_or(1) },
            },
        })
    });
    pretty(&Value::Array(issues.collect()))
}

/// Writes what the widget of a plan counts: messages to create are those to send now, to update those that leave with a
/// later apply. Nothing is ever deleted: what is sent cannot be recalled.
#[must_use]
pub fn plan_widget(to_send: Option<ToSend>) -> String {
    let (now, later) = to_send.map_or((0, 0), |to_send| (to_send.now, to_send.later));
    pretty(&json!({ "create": now, "update": later, "delete": 0 }))
}

#[cfg(test)]
mod tests {
    use super::{ToSend, code_quality, plan_widget};
    use crate::report::annotation::tests::of_file;

    #[test]
    fn issues_have_a_place_and_a_fingerprint() {
        let nowhere = of_file("in-doubt", "2 people", 1, "bulk").at(None);
        insta::assert_snapshot!(code_quality(&[of_file("shape", "wrong", 3, "a"), nowhere], "campaigns/sendform.yaml"), @r#"
        [
          {
            "check_name": "sendform/shape",
            "description": "wrong",
            "fingerprint": "8dc8b9ce8e1066f5ae747cd6c0bab348",
            "location": {
              "lines": {
                "begin": 3
              },
              "path": "campaigns/sale.yaml"
            },
            "severity": "critical"
          },
          {
            "check_name": "sendform/in-doubt",
            "description": "2 people",
            "fingerprint": "809f9c5331666eaefaf71b266227463f",
            "location": {
              "lines": {
                "begin": 1
              },
              "path": "campaigns/sendform.yaml"
            },
            "severity": "critical"
          }
        ]
        "#);
        assert_eq!(code_quality(&[], ""), "[]\n");
    }

    #[test]
    fn the_widget_counts_messages() {
        let count = |to_send| plan_widget(to_send).split_whitespace().collect::<String>();
        assert_eq!(count(Some(ToSend { now: 12, later: 3, digest: None })), r#"{"create":12,"delete":0,"update":3}"#);
        assert_eq!(count(None), r#"{"create":0,"delete":0,"update":0}"#);
    }
}
