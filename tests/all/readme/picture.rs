//! A picture of a terminal, as an SVG file: what a command prints there, with its colours.

/// The height of a line and the width of a letter, in pixels.
const LINE: usize = 19;
const LETTER: usize = 8;
const MARGIN: usize = 16;

/// Draws what a command printed, below the command.
pub(super) fn draw(command: &str, printed: &str) -> String {
    let lines: Vec<&str> = printed.lines().collect();
    let longest = lines.iter().map(|line| letters(line)).chain([command.len() + 2]).max().unwrap_or_default();
    let (width, height) = (longest * LETTER + 2 * MARGIN, (lines.len() + 1) * LINE + 2 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" aria-label=\"{command}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#1b1f24\"/>\n\
         <g font-family=\"ui-monospace, 'DejaVu Sans Mono', monospace\" font-size=\"13\" fill=\"#d8dee4\">\n"
    );
    let command = format!("\u{1b}[36m$\u{1b}[0m {command}");
    for (line, number) in std::iter::once(&*command).chain(lines).zip(1..) {
        let y = MARGIN + number * LINE - 5;
        svg += &["<text y=\"", &y.to_string(), "\">"].concat();
        for (at, colour, word) in words(line) {
            let (x, length) = (MARGIN + at * LETTER, word.chars().count() * LETTER);
            let fill = colour.map(|colour| format!(" fill=\"{colour}\"")).unwrap_or_default();
            // Whatever font there is, each word has its place.
            let span = format!("<tspan x=\"{x}\" textLength=\"{length}\"{fill}>{}</tspan>", escaped(word));
            svg.push_str(&span);
        }
        svg.push_str("</text>\n");
    }
    svg + "</g>\n</svg>\n"
}

/// How many letters of a line are seen.
fn letters(line: &str) -> usize {
    spans(line).iter().map(|(_, text)| text.chars().count()).sum()
}

/// The words of a line, each with its place and its colour: a picture keeps no runs of blanks.
fn words(line: &str) -> Vec<(usize, Option<&'static str>, &str)> {
    let mut words = Vec::new();
    let mut at = 0;
    for (colour, text) in spans(line) {
        for word in text.split(' ') {
            if !word.is_empty() {
                words.push((at, colour, word));
            }
            at += word.chars().count() + 1;
        }
        at -= 1;
    }
    words
}

/// The parts of a line, each with its colour.
fn spans(line: &str) -> Vec<(Option<&'static str>, &str)> {
    let mut colour = None;
    let mut spans = Vec::new();
    for (number, part) in line.split("\u{1b}[").enumerate() {
        let mut text = part;
        if number > 0 {
            let (code, rest) = part.split_once('m').expect("a colour ends with m");
            colour = shade(code);
            text = rest;
        }
        if !text.is_empty() {
            spans.push((colour, text));
        }
    }
    spans
}

fn shade(code: &str) -> Option<&'static str> {
    match code {
        "31" => Some("#ff8182"),
        "32" => Some("#6fdd8b"),
        "33" => Some("#e3b341"),
        "36" => Some("#76e3ea"),
        "2" | "90" => Some("#8b949e"),
        _ => None,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
