//! A command line that is wrong, or asks for help: said as clap says it, and to machines as a document too.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::report::failure_code::FailureCode;
use crate::report::screen::Screen;
use crate::report::style::Paint;
use crate::report::text::TextForm as _;

use super::exit::Exit;
use super::failure::Failure;
use super::format::{OutputFormat, Write};
use super::{output, targets};

/// Says why a command line is not run. Help and versions are asked for; everything else that clap refuses is wrong.
pub(super) fn refused(error: &clap::Error, words: &[OsString]) -> Exit {
    // A closed pipe is no reason to fail.
    drop(error.print());
    if !error.use_stderr() {
        return Exit::Done;
    }
    let failure = failure(&error.to_string());
    let report = failure.report();
    let screen = Screen::endless(Paint::Plain);
    if values(words, "--format").contains(&OsStr::new("json")) {
        // There is nobody else to tell if standard output is gone.
        drop(output::print(&OutputFormat::Json.of(&report, &screen)));
    }
    let dir = values(words, "--dir").pop().map(Path::new);
    let writes = values(words, "--write").into_iter().filter_map(|value| Write::parse(value.to_str()?).ok());
    for write in writes.filter(|write| targets::may_be_written(write, dir)) {
        if let Err(failure) = output::write(&write, &write.format.of(&report, &screen)) {
            output::tell(&failure.report().text(&screen));
        }
    }
    Exit::Usage
}

/// The values that a command line which cannot be read has for an option, as far as one can tell.
fn values<'a>(words: &'a [OsString], option: &str) -> Vec<&'a OsStr> {
    let words: Vec<&OsStr> = words.iter().map(OsString::as_os_str).take_while(|word| *word != "--").collect();
    let of = |(at, word): (usize, &&'a OsStr)| {
        let rest = word.to_str()?.strip_prefix(option)?;
        match rest.strip_prefix('=') {
            Some(value) => Some(OsStr::new(value)),
            None => words.get(at + 1).copied().filter(|_| rest.is_empty()),
        }
    };
    words.iter().enumerate().filter_map(of).collect()
}

/// The failure that clap's words tell of: what is wrong, and its tips.
fn failure(text: &str) -> Failure {
    let message = text.split("\n\n").next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let message: Vec<&str> = message.lines().map(str::trim).collect();
    let tips = text.lines().filter_map(|line| line.trim().strip_prefix("tip: "));
    let usage = text.lines().find_map(|line| line.strip_prefix("Usage: ")).map(|usage| format!("usage: {usage}"));
    let failure = Failure::new(FailureCode::Usage, message.join(" "));
    let failure = tips.map(str::to_owned).chain(usage).fold(failure, Failure::hint);
    failure.hint("for more information: `sendform --help`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_off_a_command_line_before_its_options_end() {
        let check = |line: &str, option: &str, expect: &[&str]| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(values(&words, option), expect, "{line}");
        };
        check("sendform aply --format json", "--format", &["json"]);
        check("sendform --format=json aply", "--format", &["json"]);
        check("sendform aply --formatted json -- --format json", "--format", &[]);
        check("sendform --write json=a aply --write=text=b --write", "--write", &["json=a", "text=b"]);
    }
}
