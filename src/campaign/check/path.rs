//! Paths: relative, with `/`, and never leading out.

use super::super::cursor::Cursor;
use crate::diagnostic::{Code, Diagnostic};

/// Takes a path.
///
/// # Errors
/// If it is absolute, leads upwards, or is written for one operating system only.
pub(super) fn path(at: &Cursor<'_>, text: &str) -> Result<String, Box<Diagnostic>> {
    let message = if text.starts_with(['/', '~']) {
        "the path is not relative"
    } else if text.contains('\\') {
        "the path holds a backslash"
    } else if text.contains(':') {
        "the path holds a colon"
    } else if text.split('/').any(|part| part == "..") {
        "the path leads upwards"
    } else if text.split('/').any(|part| part.is_empty() || part == ".") {
        "the path has an empty part, or one that is only a dot"
    } else if text.trim() != text || text.chars().any(char::is_control) {
        "the path holds white space at an end, or control characters"
    } else {
        return Ok(text.to_owned());
    };
    let help = "write it relative to the project's folder, with `/`, such as `audiences/people.csv`";
    Err(Box::new(Diagnostic::error(Code::BadPath, message, at.place()).help(help)))
}

#[cfg(test)]
mod tests {
    use super::path;
    use crate::campaign::cursor::Cursor;
    use crate::campaign::walk::walk;
    use crate::diagnostic::Source;

    #[test]
    fn only_plain_relative_paths_pass() {
        let source = Source::new("a.yaml", "a: 1");
        let tree = walk(&source).0.unwrap();
        let check = |text: &str| path(&Cursor::root(&source, &tree), text).is_ok();
        for text in ["a.csv", "audiences/čšž people.csv.gz", "a/b/c", "..a", "a..b"] {
            assert!(check(text), "{text}");
        }
        for text in
            ["/etc/passwd", "../a", "a/../b", "a/..", "..", "C:/a", "a\\b", "a//b", "./a", "a/", "~/a", " a", "a\n"]
        {
            assert!(!check(text), "{text}");
        }
    }
}
