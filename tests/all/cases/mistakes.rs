//! The table of mistakes: what people bring along from other languages and tools, each with its place, its
//! cause and its cure.

use crate::support::{NOW, Project};

const PROJECT: &str = "project: winter-shop\nsenders: { main: MAIN-ACCOUNT }\n";
const GUESTS: &str = "ig,first_name,town,First Name\n27841400000000031,Nora,Pula,Nora\n";

/// What is said first of a project with one campaign: line and column, cause, cure.
fn said(campaign: &str) -> (String, String, String) {
    let project = Project::empty()
        .env("SENDFORM_NOW", NOW)
        .file("sendform.yaml", PROJECT)
        .file("guests.csv", GUESTS)
        .file("note.yaml", campaign);
    let run = project.run(["validate", "--format", "json"]);
    let json = run.json();
    let first = json.pointer("/diagnostics/0").cloned().unwrap_or_default();
    let text = |key: &str| first.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let number = |key: &str| first.get(key).and_then(serde_json::Value::as_u64).unwrap_or_default();
    (format!("{}:{}", number("line"), number("column")), text("message"), text("help"))
}

#[track_caller]
fn check(campaign: &str, place: &str, cause: &str, cure: &str) {
    let (found_place, found_cause, found_cure) = said(campaign);
    let context = format!("{campaign}\n{found_place} {found_cause}\n{found_cure}");
    assert_eq!(found_place, place, "{context}");
    assert!(found_cause.contains(cause), "{context}");
    assert!(found_cure.contains(cure), "{context}");
}

/// A campaign with a condition, which begins in column 7 of line 6.
fn with_where(condition: &str) -> String {
    format!(
        "campaign: winter\naudiences:\n  guests:\n    csv: guests.csv\n    where: |-\n      {condition}\n    columns: {{ to: ig }}\n\
         messages:\n  - {{ id: note, sender: main, audience: guests, content: {{ text: Hi }} }}\n"
    )
}

/// A campaign with a text, which begins in column 9 of line 12.
fn with_text(text: &str) -> String {
    format!(
        "campaign: winter\naudiences:\n  guests:\n    csv: guests.csv\n    columns: {{ to: ig }}\nmessages:\n  - id: note\n    \
         sender: main\n    audience: guests\n    content:\n      text: |\n        {text}\n"
    )
}

#[test]
fn conditions() {
    for (condition, place, cause, cure) in [
        ("town == \"Pula\" && first_name != \"\"", "6:22", "`&&`", "write `and`"),
        ("town == \"Pula\" & first_name != \"\"", "6:22", "`&`", "write `and`"),
        ("town == \"Pula\" || first_name != \"\"", "6:22", "`||`", "write `or`"),
        ("!(town == \"Pula\")", "6:7", "`!`", "write `not`"),
        ("town = \"Pula\"", "6:12", "`=`", "write `==`"),
        ("town <> \"Pula\"", "6:12", "`<>`", "write `!=`"),
        ("town == “Pula”", "6:15", "`“`", "straight quotation mark"),
        ("town == \"Pula\" AND first_name != \"\"", "6:22", "`AND`", "write `and`"),
        ("town == \"Pula\" OR first_name != \"\"", "6:22", "`OR`", "write `or`"),
        ("NOT town == \"Pula\"", "6:7", "`NOT`", "write `not`"),
        ("{{ town == \"Pula\" }}", "6:7", "a brace", "leave `{{` and `}}` out"),
        ("town == \"Pula\" # here only", "6:22", "`#`", "holds no comment"),
        ("town == \"Pula\";", "6:21", "`;`", "leave the semicolon out"),
        ("town == `Pula`", "6:15", "```", "straight quotation mark"),
        ("town == \"Pula\" ? first_name : town", "6:22", "`?`", "write `… if … else …`"),
        ("@town == \"Pula\"", "6:7", "`@`", "without `@`"),
        ("$town == \"Pula\"", "6:7", "`$`", "without `$`"),
        ("town == \"Pula\" ^ town == \"Ptuj\"", "6:22", "`^`", "write `and`, `or` and `not`"),
        ("town == \"Pula\" \\", "6:22", "`\\`", "in quotes"),
        ("First Name == \"Nora\"", "6:7", "`First Name` is not one word", "column(\"First Name\")"),
        ("town == Pula", "6:15", "has no column `Pula`", "a text stands in quotes: `\"Pula\"`"),
        ("town in [\"Pula\" \"Ptuj\"]", "6:23", "two texts", "put a comma between"),
        ("town is null", "6:15", "there is no test `null`", "write `is blank`"),
    ] {
        check(&with_where(condition), place, cause, cure);
    }
}

#[test]
fn templates() {
    for (text, place, cause, cure) in [
        ("{{ first_name | default: \"you\" }}", "12:32", "in brackets", "write `fallback(\"…\")`"),
        ("{{ first_name | default(\"you\") }}", "12:25", "no filter `default`", "write `fallback(\"…\")`"),
        ("{{#if town}}a{% endif %}", "12:9", "a block of another language", "write `{% if town %}`"),
        ("{% if town %}a{{/if}}", "12:23", "the end of a block", "write `{% endif %}`"),
        ("{% if town %}a{{else}}b{% endif %}", "12:25", "`else` is a word of the language", "write `{% else %}`"),
        ("{% unless town %}a{% endif %}", "12:9", "`unless`", "write `{% if not (town) %}`"),
        ("{% if town %}a{% endunless %}", "12:23", "`endunless`", "write `{% endif %}`"),
        ("{% if town %}a{% elsif first_name %}b{% endif %}", "12:23", "`elsif`", "write `{% elif first_name %}`"),
        ("{% if town %}a{% else if first_name %}b{% endif %}", "12:23", "`else if`", "write `{% elif first_name %}`"),
        ("{% if town %}a{% elseif first_name %}b{% endif %}", "12:23", "`elseif`", "write `{% elif first_name %}`"),
        ("{% if town %}a{% end if %}", "12:23", "`end if`", "write `{% endif %}`"),
        ("{% if town %}a{% end %}", "12:23", "`end`", "write `{% endif %}`"),
        ("{% if town = \"Pula\" %}a{% endif %}", "12:20", "`=`", "write `==`"),
        ("{% if town && first_name %}a{% endif %}", "12:20", "`&&`", "write `and`"),
        ("{{ first_name | fallback(“you”) }}", "12:34", "`“`", "straight quotation mark"),
        ("{{ first_name | fallback(‘you’) }}", "12:34", "`‘`", "straight quotation mark"),
        ("{{ First Name }}", "12:12", "`First Name` is not one word", "column(\"First Name\")"),
        ("{{ user.first_name }}", "12:12", "no `.first_name`", "`{{ first_name }}`"),
        ("{{ first_name || \"you\" }}", "12:23", "`||`", "write `| fallback(\"…\")`"),
        ("{{ first_name ?? \"you\" }}", "12:23", "`??`", "write `| fallback(\"…\")`"),
        ("{% assign a = town %}", "12:9", "`assign`", "there are no variables"),
        ("{% set a = town %}", "12:12", "`{% set %}` is not part of templates", "templates know text"),
        ("{% comment %}a", "12:9", "`comment`", "write `{# … #}`"),
        ("Hi {# note", "12:12", "the comment that begins here has no end", "write `#}`"),
        ("{{ town | upcase }}", "12:19", "no filter `upcase`", "write `upper`"),
        ("{{ town }}} !", "12:19", "a lone `}`", "leave it out"),
        ("{{{ town }}}", "12:9", "nothing is escaped here", "write `{{ town }}`"),
        ("{ {{ town }}", "12:9", "a lone `{`", "leave it out"),
        ("{{ town }", "12:17", "does not end so", "write `}}`"),
        ("{% if town %}a", "12:9", "this `if` has no end", "write `{% endif %}`"),
        ("{{ fist_name }}", "12:12", "has no column `fist_name`", "its columns are"),
        ("Hi {first_name}", "12:12", "though `first_name` is a column", "write `{{ first_name }}`"),
        ("Hi *|LNAME|*", "12:12", "a placeholder of another tool", "write `{{ last_name }}`"),
        ("<b>Hi</b>", "12:9", "`<b>` is sent as it is written", "leave the tag out"),
        ("Hi\\nthere", "12:11", "`\\n` is sent as it is written", "a line break is a new line"),
    ] {
        check(&with_text(text), place, cause, cure);
    }
}

#[test]
fn fields_that_take_no_template() {
    let at = |key: &str, line: &str| {
        let campaign = with_text("Hi").replace("    audience: guests\n", &format!("    audience: guests\n{line}"));
        check(&campaign, key, "takes no template", "write the value out");
    };
    at("10:26", "    campaignReferenceId: \"{{ town }}\"\n");
    at("10:27", "    platform: { entityId: \"{{ town }}\" }\n");
    at("10:32", "    platform: { applicationId: \"{% if town %}a{% endif %}\" }\n");
    let senders = with_text("Hi").replace("audiences:\n", "senders: { own: \"{{ town }}\" }\naudiences:\n");
    check(&senders, "2:17", "takes no template", "write the value out");
}
