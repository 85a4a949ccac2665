//! Colours with meaning, and values made harmless for a terminal.

use anstyle::{AnsiColor, Style};

/// Paints words, or leaves them plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// No colours.
    Plain,
    /// Colours.
    Color,
}

impl Paint {
    /// What is added or good: green.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    /// What is changed or waits: yellow.
    #[must_use]
    pub fn wait(self, text: &str) -> String {
        self.paint(AnsiColor::Yellow.on_default(), text)
    }

    /// What is wrong: red.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.paint(AnsiColor::Red.on_default(), text)
    }

    /// What is said first: bold.
    #[must_use]
    pub fn strong(self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    /// What may be skipped: dimmed.
    #[must_use]
    pub fn faint(self, text: &str) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    fn paint(self, style: Style, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Color => format!("{style}{text}{style:#}"),
        }
    }
}

/// Makes control characters, line separators and bidi controls of a value visible, so that a value
/// cannot steer a terminal or a log; line feeds stay where `lines` says so.
#[must_use]
pub fn harmless(text: &str, lines: Lines) -> String {
    let mut safe = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' if lines == Lines::Keep => safe.push('\n'),
            _ if is_harmful(char) => safe.extend(char.escape_default()),
            _ => safe.push(char),
        }
    }
    safe
}

/// What becomes of line feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// They stay.
    Keep,
    /// They are shown as `\n`.
    Escape,
}

fn is_harmful(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
        || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{Lines, harmless};

    #[test]
    fn values_cannot_steer_a_terminal() {
        let check = |text: &str, expect: &str| assert_eq!(harmless(text, Lines::Escape), expect);
        check("a\u{1b}[31mb", "a\\u{1b}[31mb");
        check("a\nb\tc", "a\\nb\\tc");
        check("\u{202e}abc", "\\u{202e}abc");
        check("Žofija 👩‍👩‍👧 مرحبا", "Žofija 👩‍👩‍👧 مرحبا");
        assert_eq!(harmless("a\nb\r", Lines::Keep), "a\nb\\r");
    }
}
