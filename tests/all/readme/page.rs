//! The README and the guides, taken apart: fenced blocks, tables, headings, links.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A page of the repository.
#[derive(Debug)]
pub(crate) struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    /// Reads the README.
    pub(crate) fn read() -> Self {
        Self::at("README.md")
    }

    /// Reads a page, by its path in the repository.
    pub(crate) fn at(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_owned();
        let text = fs::read_to_string(crate::readme::root().join(&path));
        Self { text: text.unwrap_or_else(|error| panic!("{}: {error}", path.display())), path }
    }

    /// Reads all pages that there are, the README first.
    pub(crate) fn all() -> Vec<Self> {
        let mut paths = Vec::new();
        collect(crate::readme::root(), &mut paths);
        paths.sort_by_key(|path| (path.components().count(), path.clone()));
        paths.iter().map(|path| Self::at(path.strip_prefix(crate::readme::root()).expect("it is below"))).collect()
    }

    /// Where it is in the repository.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// All of it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The page without its blocks.
    pub(crate) fn prose(&self) -> String {
        let mut prose = String::new();
        let mut rest = self.text.as_str();
        while let Some(block) = Fenced::first(rest) {
            prose.push_str(block.before);
            rest = block.after;
        }
        prose + rest
    }

    /// What a link may name after `#`: the headings, as they are shown on GitHub.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let anchor = |heading: &str| {
            let kept = heading.chars().filter(|char| char.is_alphanumeric() || " -_".contains(*char));
            kept.map(|char| if char == ' ' { '-' } else { char }).collect::<String>().to_lowercase()
        };
        let prose = self.prose();
        prose
            .lines()
            .filter(|line| line.starts_with('#'))
            .map(|line| anchor(line.trim_start_matches('#').trim()))
            .collect()
    }

    /// What its links lead to.
    pub(crate) fn links(&self) -> Vec<String> {
        let ends = |rest: &str| rest.split_once(')').map(|(target, _)| target.to_owned());
        self.prose().split("](").skip(1).filter_map(ends).collect()
    }

    /// The page with what stands between two comments replaced.
    pub(crate) fn with_part(&self, name: &str, part: &str) -> String {
        let (from, to) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
        let (before, rest) = self.text.split_once(&from).unwrap_or_else(|| panic!("no part `{name}`"));
        let (_, after) = rest.split_once(&to).unwrap_or_else(|| panic!("the part `{name}` has no end"));
        format!("{before}{from}{part}{to}{after}")
    }

    /// The page with each block of a language replaced, in order.
    pub(crate) fn with_blocks(&self, language: &str, mut change: impl FnMut(&str) -> String) -> String {
        let mut text = String::new();
        let mut rest = self.text.as_str();
        while let Some(block) = Fenced::first(rest) {
            let content = if block.language() == language { change(block.content) } else { block.content.to_owned() };
            text += &[block.before, block.fence, &content, block.end].concat();
            rest = block.after;
        }
        text + rest
    }

    /// The contents of all blocks of a language.
    pub(crate) fn blocks(&self, language: &str) -> Vec<&str> {
        let mut rest = self.text.as_str();
        let next = || {
            let block = Fenced::first(rest)?;
            rest = block.after;
            Some(block)
        };
        let blocks = std::iter::from_fn(next);
        blocks.filter(|block| block.language() == language).map(|block| block.content).collect()
    }

    /// The block that begins with a comment that names this file.
    pub(crate) fn file(&self, name: &str) -> &str {
        let first = format!("# {name}\n");
        let found = self.blocks("yaml").into_iter().find(|block| block.starts_with(&first));
        found.unwrap_or_else(|| panic!("{} has no file `{name}`", self.path.display()))
    }

    /// The cells of the rows of the table whose header begins like this.
    pub(crate) fn table(&self, header: &str) -> Vec<Vec<String>> {
        let lines = self.text.lines().skip_while(|line| !line.starts_with(header)).skip(2);
        let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
        let rows: Vec<Vec<String>> = lines.take_while(|line| line.starts_with('|')).map(cells).collect();
        assert!(!rows.is_empty(), "{} has no table `{header}`", self.path.display());
        rows
    }
}

/// Finds the pages in a folder and below it, but for what is built and what is hidden.
fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("an entry can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && (name == ".github" || !(name.starts_with('.') || name == "target")) {
            collect(&path, pages);
        } else if path.extension().is_some_and(|end| end == "md") {
            pages.push(path);
        }
    }
}

/// A fenced block, and what stands around it.
struct Fenced<'a> {
    before: &'a str,
    /// Its first line.
    fence: &'a str,
    content: &'a str,
    /// Its last line.
    end: &'a str,
    after: &'a str,
}

impl<'a> Fenced<'a> {
    /// The first block of a text. A fence may be indented, in a list.
    fn first(text: &'a str) -> Option<Self> {
        let lines = || {
            text.split_inclusive('\n').scan(0, |at, line| {
                *at += line.len();
                Some((*at - line.len(), line))
            })
        };
        let mut fences = lines().filter(|(_, line)| line.trim_start().starts_with("```"));
        let (from, fence) = fences.next()?;
        let (to, end) = fences.next().expect("a fence is closed");
        let part = |range: Range<usize>| text.get(range).expect("lines end between letters");
        Some(Self {
            before: part(0..from),
            fence,
            content: part(from + fence.len()..to),
            end,
            after: part(to + end.len()..text.len()),
        })
    }

    fn language(&self) -> &'a str {
        self.fence.trim().trim_start_matches('`')
    }
}

/// What stands between backticks.
pub(crate) fn code_spans(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}
