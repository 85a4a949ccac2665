//! Names of a ledger's home that do not come from a project file: they have the same forms there.

use serde_json::json;

use super::raw::pattern::{DATABASE_SCHEMA, GIT_NAME, explanation};

/// Takes the name of a remote or a branch, such as `origin`.
///
/// # Errors
/// If the project file would not take it; says which form it must have.
pub fn git_name(text: &str) -> Result<String, &'static str> {
    of_form(text, GIT_NAME)
}

/// Takes the name of a schema in PostgreSQL, such as `sendform`.
///
/// # Errors
/// If the project file would not take it; says which form it must have.
pub fn schema_name(text: &str) -> Result<String, &'static str> {
    of_form(text, DATABASE_SCHEMA)
}

fn of_form(text: &str, pattern: &str) -> Result<String, &'static str> {
    if has_form(text, pattern) {
        Ok(text.to_owned())
    } else {
        Err(explanation(pattern).unwrap_or("it has another form"))
    }
}

/// Whether a text has the form of a pattern.
pub(super) fn has_form(text: &str, pattern: &str) -> bool {
    let form = jsonschema::validator_for(&json!({ "type": "string", "pattern": pattern }));
    form.is_ok_and(|form| form.is_valid(&json!(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_project_file_may_name_is_taken() {
        for name in ["origin", "sendform-ledger", "team/ledger.v2"] {
            assert_eq!(git_name(name).as_deref(), Ok(name));
        }
        for name in ["", "--upload-pack=x", "../x", "a..b", "a b", "x;y", "origin\n"] {
            assert!(git_name(name).unwrap_err().starts_with("a name in git has letters"), "{name:?}");
        }
        assert_eq!(schema_name("sendform_2").as_deref(), Ok("sendform_2"));
        for name in ["", "Sent", "2x", "x\"; DROP SCHEMA y; --", "x\n", &"x".repeat(64)] {
            assert!(schema_name(name).unwrap_err().starts_with("a schema has 1 to 63"), "{name:?}");
        }
    }
}
