//! The bodies of pushes of reports, in the vendor's forms.

use serde::Serialize;

use crate::wire::options::ReportType;
use crate::wire::response::{DeliveryReport, DeliveryReports};

/// The form in which reports are pushed, as HTTP names it.
#[must_use]
pub const fn media_type(content_type: ReportType) -> &'static str {
    match content_type {
        ReportType::Json => "application/json",
        ReportType::Xml => "application/xml",
    }
}

/// Writes the body of a push.
///
/// # Errors
/// If it cannot be written.
pub fn body(content_type: ReportType, results: Vec<DeliveryReport>) -> Result<Vec<u8>, String> {
    match content_type {
        ReportType::Json => serde_json::to_vec(&DeliveryReports { results }).map_err(|error| error.to_string()),
        ReportType::Xml => xml(results),
    }
}

#[derive(Serialize)]
#[serde(rename = "DeliveryReports")]
struct XmlReports {
    results: XmlResults,
}

#[derive(Serialize)]
struct XmlResults {
    result: Vec<DeliveryReport>,
}

fn xml(result: Vec<DeliveryReport>) -> Result<Vec<u8>, String> {
    let reports = XmlReports { results: XmlResults { result } };
    let text = quick_xml::se::to_string(&reports).map_err(|error| error.to_string())?;
    let mut document = String::from(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
    for character in text.chars() {
        match character {
            // A reader of XML would take it for a line's end.
            '\r' => document.push_str("&#13;"),
            '\t' | '\n' => document.push(character),
            // XML 1.0 cannot have it in any form.
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => document.push(char::REPLACEMENT_CHARACTER),
            _ => document.push(character),
        }
    }
    Ok(document.into_bytes())
}
