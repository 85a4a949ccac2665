//! Words as a shell takes them, for commands that a person is told to type.

/// A word as a shell takes it for one.
#[must_use]
pub fn shell_word(text: &str) -> String {
    let is_plain = |char: char| char.is_alphanumeric() || "/._-+@%:,=".contains(char);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn a_path_is_one_word() {
        for (path, expect) in [
            ("out/x-1.plan", "out/x-1.plan"),
            ("my x.plan", "'my x.plan'"),
            ("Ana's.plan", r"'Ana'\''s.plan'"),
            ("$x.plan", "'$x.plan'"),
        ] {
            assert_eq!(shell_word(path), expect);
        }
    }
}
