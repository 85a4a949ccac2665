//! The lines of a text, and the one place that breaks them. A line knows its indent, its words, and where it may not be
//! broken: inside of a word, a time, a count of something, or a command that is there to be copied.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use super::grid::Grid;
use super::screen::Screen;
use super::typed::commands;

/// What stands before a text that is somebody's own, such as a sample.
const BAR: &str = "│";
/// What is in backticks or in brackets and longer than this may be broken, in bytes.
const QUOTED_MAX: usize = 40;
/// From this indent on a number that a line begins with is one of a list of numbers.
const LIST_INDENT: usize = 4;
/// What ends all colours.
const RESET: &str = "\u{1b}[0m";

/// A text, line by line.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    lines: Vec<Line>,
}

#[derive(Debug, Clone)]
enum Line {
    /// Words.
    Words(String),
    /// Somebody's own text, behind a bar; the lines that it is broken into stand so many blanks behind it.
    Barred { text: String, hang: usize, bar: String },
    /// A picture: it is never broken.
    Drawn(String),
    /// A table.
    Grid(Grid),
}

/// A part of a text, for a form that does not lay it out for a screen.
#[derive(Debug, Clone, Copy)]
pub(super) enum SheetPart<'a> {
    /// A line of words.
    Words(&'a str),
    /// A line of somebody's own text.
    Barred {
        /// The line.
        text: &'a str,
        /// Whether it begins with what became of it: it is of the difference of two texts.
        is_change: bool,
    },
    /// A line of a picture.
    Drawn(&'a str),
    /// A table.
    Grid(&'a Grid),
}

/// Writes a line of words.
pub(super) fn line(sheet: &mut Sheet, text: &str) {
    sheet.lines.extend(text.split('\n').map(|text| Line::Words(text.to_owned())));
}

impl From<String> for Sheet {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&str> for Sheet {
    fn from(text: &str) -> Self {
        let mut sheet = Self::default();
        text.lines().for_each(|text| line(&mut sheet, text));
        sheet
    }
}

impl Sheet {
    /// Writes an empty line.
    pub(super) fn blank(&mut self) {
        line(self, "");
    }

    /// Writes an empty line before others that are there already.
    pub(super) fn blank_before(&mut self, at: usize) {
        self.lines.insert(at.min(self.lines.len()), Line::Words(String::new()));
    }

    /// Writes a line behind a bar, which every line that it is broken into has, and then so many blanks.
    pub(super) fn barred(&mut self, text: &str, hang: usize, paint: impl Fn(&str) -> String) {
        self.lines.push(Line::Barred { text: text.to_owned(), hang, bar: paint(BAR) });
    }

    /// Writes a line that is not to be broken.
    pub(super) fn drawn(&mut self, text: &str) {
        self.lines.push(Line::Drawn(text.to_owned()));
    }

    /// Writes a table.
    pub(super) fn table(&mut self, table: Grid) {
        self.lines.push(Line::Grid(table));
    }

    /// Writes all of another one.
    pub(super) fn append(&mut self, other: Self) {
        self.lines.extend(other.lines);
    }

    /// Its parts, for a form that does not lay it out for a screen; they have the colours that were given them.
    pub(super) fn parts(&self) -> impl Iterator<Item = SheetPart<'_>> {
        self.lines.iter().map(|line| match line {
            Line::Words(text) => SheetPart::Words(text),
            Line::Barred { text, hang, .. } => SheetPart::Barred { text, is_change: *hang > 0 },
            Line::Drawn(text) => SheetPart::Drawn(text),
            Line::Grid(grid) => SheetPart::Grid(grid),
        })
    }

    /// How many lines it has so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Lays it out for a screen, with a final newline; nothing if there is nothing to say. Commands repeat what was
    /// typed.
    #[must_use]
    pub fn laid_out(&self, screen: &Screen) -> String {
        let mut out = String::new();
        let mut put = |text: &str| {
            out.push_str(text);
            out.push('\n');
        };
        for line in &self.lines {
            match line {
                Line::Barred { text, hang, bar } => {
                    let lead = format!("      {bar} {}", " ".repeat(*hang));
                    put(&broken(&format!("      {bar} {text}"), Some(&lead), screen.width));
                }
                Line::Words(text) => {
                    put(&broken(&screen.typed.repeated_in(text), None, screen.width));
                }
                Line::Drawn(text) => put(text),
                Line::Grid(table) => {
                    table.lines(screen.width).iter().for_each(|text| put(&broken(text, None, screen.width)));
                }
            }
        }
        out
    }
}

/// A piece of a line that is not broken.
struct Piece<'a> {
    /// The blanks before it.
    gap: usize,
    text: &'a str,
    width: usize,
}

impl Piece<'_> {
    /// Cuts it between its letters, so that no part is wider than there is room.
    fn cut(self, room: usize) -> Vec<Self> {
        if self.width <= room {
            return vec![self];
        }
        let mut parts = Vec::new();
        let (mut start, mut width, mut is_colour) = (0, 0, false);
        let part = |from: usize, to: usize, width| Self {
            gap: if from == 0 { self.gap } else { 0 },
            text: self.text.get(from..to).unwrap_or_default(),
            width,
        };
        for (at, letter) in self.text.grapheme_indices(true) {
            is_colour |= letter == "\u{1b}";
            let wide = if is_colour { 0 } else { letter.width() };
            is_colour &= letter != "m";
            if width > 0 && width + wide > room {
                parts.push(part(start, at, width));
                (start, width) = (at, 0);
            }
            width += wide;
        }
        parts.push(part(start, self.text.len(), width));
        parts
    }
}

pub(super) fn broken(text: &str, lead: Option<&str>, width: Option<usize>) -> String {
    let Some(width) = width.filter(|width| width_of(text) > *width) else { return text.to_owned() };
    let mut pieces = pieces(text);
    if let Some(lead) = lead {
        // Nobody copies it, and there are scripts without blanks.
        let room = width.saturating_sub(width_of(lead)).max(1);
        pieces = pieces.into_iter().flat_map(|piece| piece.cut(room)).collect();
    }
    let lead = lead.map_or_else(|| " ".repeat(hang(text, width)), str::to_owned);
    let mut out = String::with_capacity(text.len() + 16);
    let mut column = 0;
    let mut colour = "";
    for piece in pieces {
        if column > 0 && column + piece.gap + piece.width > width && piece.width > 0 {
            // Nothing carries a colour over the end of a line, so that a pager does not lose it.
            let (end, again) = if colour.is_empty() { ("", "") } else { (RESET, colour) };
            out.truncate(out.trim_end_matches(' ').len());
            for part in [end, "\n", &lead, again] {
                out.push_str(part);
            }
            column = width_of(&lead);
        } else {
            out.push_str(&" ".repeat(piece.gap));
            column += piece.gap;
        }
        out.push_str(piece.text);
        column += piece.width;
        colour = last_colour(piece.text).unwrap_or(colour);
    }
    out
}

/// Where the lines begin that a line is broken into: behind its mark and its number, or under its last column.
fn hang(text: &str, width: usize) -> usize {
    let plain = without_colours(text);
    let rest = plain.trim_start_matches(' ');
    let indent = plain.len() - rest.len();
    let mark = usize::from(rest.starts_with(['+', '~', '*', '!']) && rest.get(1..2) == Some(" ")) * 2;
    let digits = |text: &str| text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b',').count();
    let behind = rest.get(mark..).unwrap_or_default();
    let behind_blanks = behind.trim_start_matches(' ');
    let blanks = behind.len() - behind_blanks.len();
    let count = digits(behind_blanks);
    let of_number = if indent + mark >= LIST_INDENT && count > 0 && behind_blanks.get(count..=count) == Some(" ") {
        blanks + count + 1
    } else {
        0
    };
    let simple = match (mark, of_number) {
        (0, 0) => indent + 2,
        _ => indent + mark + of_number,
    };
    // A gap is where a column ends.
    let column = rest.rfind("  ").map(|at| width_of(plain.get(..indent + at + 2).unwrap_or_default()));
    column.filter(|at| *at <= width * 2 / 5 && *at > simple).unwrap_or(simple).min(width / 2)
}

/// Cuts a line where it may be broken.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let whole = unbreakable(text);
    let may_break = |at: usize| !whole.iter().any(|range| range.start < at && at < range.end);
    let mut pieces = Vec::new();
    let mut gap = 0;
    let mut start = 0;
    let mut is_gap = true;
    for (at, letter) in text.char_indices() {
        let ends = letter == ' ' && may_break(at);
        if ends && !is_gap {
            let word = text.get(start..at).unwrap_or_default();
            pieces.push(Piece { gap, text: word, width: width_of(word) });
            gap = 0;
        }
        if ends {
            gap += 1;
        } else if is_gap {
            start = at;
        }
        is_gap = ends;
    }
    if !is_gap {
        let word = text.get(start..).unwrap_or_default();
        pieces.push(Piece { gap, text: word, width: width_of(word) });
    }
    pieces
}

/// The parts of a line that are never broken: commands, short quotations and brackets, times, counts of something, and a mark with
/// the word after it.
fn unbreakable(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut whole = commands(text);
    let mut quotes = text.match_indices('`').map(|(at, _)| at);
    while let (Some(begin), Some(end)) = (quotes.next(), quotes.next()) {
        if end - begin <= QUOTED_MAX || text.get(begin..).is_some_and(|text| text.starts_with("`git ")) {
            whole.push(begin..end + 1);
        }
    }
    let brackets = text.match_indices('(').filter_map(|(at, _)| Some(at..at + text.get(at..)?.find(')')? + 1));
    whole.extend(brackets.filter(|bracket| bracket.len() <= QUOTED_MAX));
    let mut words = Vec::new();
    let mut at = 0;
    for word in text.split(' ') {
        if !word.is_empty() {
            words.push((at, word));
        }
        at += word.len() + 1;
    }
    for (index, &(at, word)) in words.iter().enumerate() {
        let plain = without_colours(word);
        let next = |ahead: usize| words.get(index + ahead);
        let end_of = |&(at, word): &(usize, &str)| at + word.len();
        let is_at =
            |ahead: usize, is: fn(&str) -> bool| next(ahead).is_some_and(|(_, word)| is(&without_colours(word)));
        let glued = if is_date(&plain) && is_at(1, is_time) {
            next(if is_at(2, is_zone) { 2 } else { 1 }).map(end_of)
        } else if (is_time(&plain) && is_at(1, is_zone)) || is_number(&plain) || (index == 0 && is_mark(&plain)) {
            next(1).map(end_of)
        } else {
            None
        };
        whole.extend(glued.map(|end| at..end));
    }
    whole
}

/// A mark before a line, or the bar before somebody's own text.
fn is_mark(word: &str) -> bool {
    ["+", "~", "*", "!", "-", BAR].contains(&word)
}

fn is_date(word: &str) -> bool {
    let word = word.trim_start_matches('(');
    word.len() == 10
        && word.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

fn is_time(word: &str) -> bool {
    let word = word.trim_start_matches('(').trim_end_matches([',', ';', ':', '.', ')']);
    let mut parts = word.split(':');
    matches!(parts.clone().count(), 2 | 3)
        && parts.all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `UTC`, `Europe/Zagreb`.
fn is_zone(word: &str) -> bool {
    word.starts_with("UTC") || (word.starts_with(|letter: char| letter.is_ascii_uppercase()) && word.contains('/'))
}

fn is_number(word: &str) -> bool {
    let word = word.trim_start_matches('(');
    word.starts_with(|letter: char| letter.is_ascii_digit())
        && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
        && !word.ends_with(',')
}

/// How many columns a text takes; colours take none.
fn width_of(text: &str) -> usize {
    let plain = without_colours(text);
    plain.graphemes(true).map(|letter| letter.width()).sum()
}

/// A text without its colours: from an escape to the `m` that ends it.
pub(super) fn without_colours(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    parts.for_each(|part| plain.push_str(part.split_once('m').map_or("", |(_, rest)| rest)));
    plain
}

/// What colours a text leaves behind; empty if it ends them, nothing if it has none.
fn last_colour(text: &str) -> Option<&str> {
    let at = text.rfind('\u{1b}')?;
    let code = text.get(at..at + text.get(at..)?.find('m')? + 1)?;
    if code == RESET {
        return Some("");
    }
    // Several may stand beside each other: a bold red.
    let begin = text.get(..at)?.rfind(RESET).map_or(0, |reset| reset + RESET.len());
    let begin = begin + text.get(begin..)?.find('\u{1b}')?;
    let all = text.get(begin..at + code.len())?;
    Some(if without_colours(all).is_empty() { all } else { code })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::style::Paint;

    fn at(width: usize, text: &str) -> String {
        let screen = Screen { width: Some(width), ..Screen::endless(Paint::Plain) };
        Sheet::from(text).laid_out(&screen)
    }

    #[test]
    fn lines_hang_behind_their_mark_and_number_and_nothing_breaks_in_a_time_or_a_command() {
        let text = "\
! in doubt: 2 people in 2 bulks; nobody knows whether they got their message, and nothing is sent to them again
  sale.announce.r1.0d2db5633b4e3bce  1 person, claimed 2026-12-01 00:00:01 UTC, 48 h left in the logs
  settle them from the gateway's logs: sendform reconcile --sandbox
  or decide it yourself: sendform resolve sale.announce.r1.0d2db5633b4e3bce --sent --reason \"…\"   (or --not-sent)
  + 1,200 to send: 200 at once (late), 1,000 by each person's clock, 2026-12-01 12:30 to 14:00 UTC, 3 bulks
       60 already sent, and that is not worth another line";
        insta::assert_snapshot!(at(60, text), @r#"
        ! in doubt: 2 people in 2 bulks; nobody knows whether they
          got their message, and nothing is sent to them again
          sale.announce.r1.0d2db5633b4e3bce  1 person, claimed
            2026-12-01 00:00:01 UTC, 48 h left in the logs
          settle them from the gateway's logs:
            sendform reconcile --sandbox
          or decide it yourself:
            sendform resolve sale.announce.r1.0d2db5633b4e3bce --sent --reason "…"
            (or --not-sent)
          + 1,200 to send: 200 at once (late), 1,000 by each
                  person's clock, 2026-12-01 12:30 to 14:00 UTC,
                  3 bulks
               60 already sent, and that is not worth another line
        "#);
    }

    #[test]
    fn somebodys_own_text_stays_behind_its_bar() {
        let mut sheet = Sheet::default();
        sheet.barred("Hello Ana, this is a text that is longer than a line", 0, str::to_owned);
        sheet.barred("- a line of a text that was taken out of it", 2, str::to_owned);
        sheet.barred("春のセールは明日の朝九時から始まります。お店のすべての商品が三割引きです。", 0, str::to_owned);
        sheet.barred(&Paint::Color.bad("- https://example.com/a-place-that-is-longer-than-a-line"), 2, str::to_owned);
        let screen = Screen { width: Some(40), ..Screen::endless(Paint::Plain) };
        insta::assert_snapshot!(without_colours(&sheet.laid_out(&screen)), @"
        │ Hello Ana, this is a text that
        │ is longer than a line
        │ - a line of a text that was
        │   taken out of it
        │ 春のセールは明日の朝九時から始
        │ まります。お店のすべての商品が三
        │ 割引きです。
        │ - https://example.com/a-place-th
        │   at-is-longer-than-a-line
        ");
    }

    #[test]
    fn no_colour_is_carried_over_the_end_of_a_line() {
        let text = format!("{} and more", Paint::Color.bad("! it is all red, and longer than forty columns are"));
        let red = "\u{1b}[31m";
        let expect =
            format!("{red}! it is all red, and longer than forty{RESET}\n  {red}columns are{RESET} and more\n");
        assert_eq!(at(40, &text), expect);
    }

    /// The words of a text, without colours and bars.
    fn words(text: &str) -> Vec<String> {
        without_colours(text).split_whitespace().filter(|word| *word != BAR).map(str::to_owned).collect()
    }

    fn texts() -> impl Strategy<Value = String> {
        let word = prop_oneof![
            8 => "[a-zé中👍,;:.()]{1,12}",
            1 => Just("2026-12-01 09:00 Europe/Zagreb".to_owned()),
            1 => Just("(08:00 UTC)".to_owned()),
            1 => Just("`sendform plan --out sale.plan`".to_owned()),
            1 => Just("so: sendform reconcile --sandbox; then".to_owned()),
            1 => Just("1,200 people".to_owned()),
            1 => Just(Paint::Color.bad("a red one")),
            1 => Just("`".to_owned()),
            1 => Just(String::new()),
        ];
        let line =
            ("[ ]{0,8}", prop_oneof!["", "[!+~*] ", "[!+~*] {1,6}[0-9,]{1,6} "], prop::collection::vec(word, 0..24));
        let line =
            line.prop_map(|(indent, mark, words)| format!("{indent}{mark}{}", words.join(" ")).trim_end().to_owned());
        prop::collection::vec(line, 1..4).prop_map(|lines| lines.join("\n"))
    }

    proptest! {
        #[test]
        fn a_narrow_screen_breaks_lines_and_changes_no_word(text in texts(), width in 40_usize..140) {
            let narrow = at(width, &text);
            prop_assert_eq!(words(&narrow), words(&text));
            let whole: Vec<&str> = text.lines().flat_map(pieces).map(|piece| piece.text).collect();
            for line in narrow.lines() {
                let is_whole = whole.contains(&line.trim_start_matches(' '));
                prop_assert!(width_of(line) <= width || is_whole, "{} in\n{}", line, narrow);
                prop_assert!(!line.ends_with(' '), "{:?}", line);
            }
            prop_assert_eq!(at(10_000, &text), Sheet::from(text.as_str()).laid_out(&Screen::endless(Paint::Plain)));
        }
    }
}
