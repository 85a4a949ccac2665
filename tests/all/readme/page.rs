//! The README, taken apart: fenced blocks and tables.

use std::fs;

/// The README.
#[derive(Debug)]
pub(super) struct Page(String);

impl Page {
    /// Reads it.
    pub(super) fn read() -> Self {
        Self(fs::read_to_string(super::root().join("README.md")).expect("there is a README"))
    }

    /// All of it.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// The page with each block of a language replaced, in order.
    pub(super) fn with_blocks(&self, language: &str, mut change: impl FnMut(&str) -> String) -> String {
        let mut text = String::new();
        let mut rest = self.0.as_str();
        while let Some((before, block, after)) = next_block(rest) {
            let (fence, content) = block.split_once('\n').expect("a fence is a line");
            text.push_str(before);
            text.push_str(fence);
            text.push('\n');
            text.push_str(&if fence == format!("```{language}") { change(content) } else { content.to_owned() });
            text.push_str("```\n");
            rest = after;
        }
        text + rest
    }

    /// The contents of all blocks of a language.
    pub(super) fn blocks(&self, language: &str) -> Vec<&str> {
        let mut blocks = Vec::new();
        let mut rest = self.0.as_str();
        while let Some((_, block, after)) = next_block(rest) {
            blocks.extend(block.strip_prefix(&format!("```{language}\n")));
            rest = after;
        }
        blocks
    }

    /// The block that begins with a comment that names this file.
    pub(super) fn file(&self, name: &str) -> &str {
        let first = format!("# {name}\n");
        let found = self.blocks("yaml").into_iter().find(|block| block.starts_with(&first));
        found.unwrap_or_else(|| panic!("the README has no file `{name}`"))
    }

    /// The cells of the rows of the table whose header begins like this.
    pub(super) fn table(&self, header: &str) -> Vec<Vec<String>> {
        let lines = self.0.lines().skip_while(|line| !line.starts_with(header)).skip(2);
        let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
        let rows: Vec<Vec<String>> = lines.take_while(|line| line.starts_with('|')).map(cells).collect();
        assert!(!rows.is_empty(), "the README has no table `{header}`");
        rows
    }
}

/// The text before the first block, the block without its last fence, and the text after it.
fn next_block(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find("```")?;
    let (before, rest) = text.split_at(start);
    let (block, after) = rest.split_once("\n```\n").expect("a fence is closed");
    let (block, _) = rest.split_at(block.len() + 1);
    Some((before, block, after))
}

/// What stands between backticks.
pub(super) fn code_spans(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}
