//! All that is wrong with a template that cannot be parsed: tag by tag, then how the tags fit.

use std::ops::Range;

use crate::render::tags::{Tag, TagEnd, TagKind, tags};

use super::blocks::{self, BlockTag};
use super::expression::{Spot, of_expression};
use super::{Slip, handlebars};

/// How many slips of one source are told.
const SLIPS_MAX: usize = 20;

/// Explains a template, tag by tag; nothing if every tag by itself is right.
pub(in crate::render) fn of_template(source: &str) -> Vec<Slip> {
    let mut walk = SlipWalk { open: Vec::new(), is_sure: true };
    let mut slips = Vec::new();
    for tag in tags(source) {
        slips.extend(walk.tag(source, &tag));
        if slips.len() >= SLIPS_MAX {
            return slips;
        }
    }
    if walk.is_sure {
        slips.extend(walk.open.into_iter().map(|(word, range)| {
            let (begin, end) = if word == BlockTag::For { ("for", "endfor") } else { ("if", "endif") };
            Slip::new(range, format!("this `{begin}` has no end"), format!("write `{{% {end} %}}` where it ends"))
        }));
    }
    slips
}

struct SlipWalk {
    /// The blocks that are open.
    open: Vec<(BlockTag, Range<usize>)>,
    /// Whether all blocks were understood so far: else nobody can say what fits.
    is_sure: bool,
}

impl SlipWalk {
    fn tag(&mut self, source: &str, tag: &Tag) -> Option<Slip> {
        let inner = source.get(tag.inner.clone())?;
        if tag.end != TagEnd::Right {
            self.is_sure = false;
            return Some(badly_ended(source, tag));
        }
        match tag.kind {
            TagKind::Comment => None,
            TagKind::Value => match handlebars::of_value(inner, &tag.range) {
                Some(slip) => {
                    self.is_sure = false;
                    Some(slip)
                }
                None => of_expression(inner, Spot::Value).map(|slip| slip.from(tag.inner.start)),
            },
            TagKind::Block => self.block(inner, tag),
        }
    }

    fn block(&mut self, inner: &str, tag: &Tag) -> Option<Slip> {
        let word = match blocks::read(inner, &tag.range) {
            Ok(word) => word,
            Err(slip) => {
                self.is_sure = false;
                return Some(slip);
            }
        };
        let (_, end) = blocks::split(inner);
        let rest = inner.get(end..).unwrap_or_default();
        let start = tag.inner.start + end;
        let condition = || of_expression(rest, Spot::If).map(|slip| slip.from(start));
        match word {
            BlockTag::If => {
                self.open.push((word, tag.range.clone()));
                condition()
            }
            BlockTag::Elif => condition().or_else(|| self.misfit(&[BlockTag::If], "elif", tag)),
            BlockTag::Else => self.misfit(&[BlockTag::If, BlockTag::For], "else", tag),
            BlockTag::For => {
                self.open.push((word, tag.range.clone()));
                of_loop(rest, start)
            }
            BlockTag::EndIf | BlockTag::EndFor => {
                let (begins, name) =
                    if word == BlockTag::EndIf { (BlockTag::If, "endif") } else { (BlockTag::For, "endfor") };
                let slip = self.misfit(&[begins], name, tag);
                self.open.pop();
                slip
            }
            BlockTag::Other => None,
        }
    }

    /// A tag that stands only inside of others.
    fn misfit(&self, wanted: &[BlockTag], name: &str, tag: &Tag) -> Option<Slip> {
        let last = self.open.last().map(|(word, _)| *word);
        if !self.is_sure || last.is_some_and(|last| wanted.contains(&last)) {
            return None;
        }
        let (message, help) = match last {
            Some(last) => {
                let end = if last == BlockTag::For { "endfor" } else { "endif" };
                (format!("`{name}` does not fit the block before it"), format!("write `{{% {end} %}}` first"))
            }
            None => {
                let begin = if name == "endfor" { "for" } else { "if" };
                let help = format!("write `{{% {begin} … %}}` where the block begins, or leave it out");
                (format!("`{name}` stands here without a block before it"), help)
            }
        };
        Some(Slip::new(tag.range.clone(), message, help))
    }
}

fn badly_ended(source: &str, tag: &Tag) -> Slip {
    let (begin, end) = match tag.kind {
        TagKind::Value => ("{{", "}}"),
        TagKind::Block => ("{%", "%}"),
        TagKind::Comment => ("{#", "#}"),
    };
    if tag.end == TagEnd::Wrong {
        let range = tag.range.end - 2..tag.range.end;
        return Slip::new(range, format!("a tag that begins with `{begin}` does not end so"), format!("write `{end}`"));
    }
    let line = source.get(tag.inner.clone()).and_then(|rest| rest.split('\n').next()).unwrap_or_default();
    if let Some(at) = line.find('}') {
        let name = line.get(..at).unwrap_or_default().trim();
        let at = tag.inner.start + at;
        let is_name = !name.is_empty() && name.chars().all(|mark| mark.is_alphanumeric() || mark == '_');
        if tag.kind == TagKind::Comment && is_name {
            let help = format!("write `{{{{ {name} }}}}`: `{{#` begins a comment, which is never sent");
            return Slip::new(tag.range.start..at + 1, "a column is written `{{ … }}`", help);
        }
        return Slip::new(
            at..at + 1,
            format!("a tag that begins with `{begin}` does not end so"),
            format!("write `{end}`"),
        );
    }
    let what = if tag.kind == TagKind::Comment { "comment" } else { "tag" };
    let help =
        format!("write `{end}` where it ends; braces that are meant as text are written `{{{{ \"{begin}\" }}}}`");
    Slip::new(tag.range.clone(), format!("the {what} that begins here has no end"), help)
}

fn of_loop(rest: &str, start: usize) -> Option<Slip> {
    let Some((name, list)) = rest.split_once(" in ") else {
        let range = start..start + rest.trim_end().len();
        return Some(Slip::new(range, "a `for` has a name and a list", "write `{% for tag in tags | split(\",\") %}`"));
    };
    let list_start = start + name.len() + " in ".len();
    let (list, filter) = list.split_once(" if ").unwrap_or((list, "true"));
    of_expression(list, Spot::Other)
        .map(|slip| slip.from(list_start))
        .or_else(|| of_expression(filter, Spot::If).map(|slip| slip.from(list_start + list.len() + " if ".len())))
}
