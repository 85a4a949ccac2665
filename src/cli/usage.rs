//! A command line that is wrong, or asks for help: said as clap says it, and to machines as a document too.

use std::ffi::OsString;

use crate::report::screen::Screen;
use crate::report::style::Paint;

use super::exit::Exit;
use super::failure::Failure;
use super::format::OutputFormat;
use super::output;

/// Says why a command line is not run. Help and versions are asked for; everything else that clap refuses is wrong.
pub(super) fn refused(error: &clap::Error, words: &[OsString]) -> Exit {
    // A closed pipe is no reason to fail.
    drop(error.print());
    if !error.use_stderr() {
        return Exit::Done;
    }
    if asks_for_json(words) {
        // There is nobody else to tell if standard output is gone.
        drop(output::print(
            &OutputFormat::Json.of(&failure(&error.to_string()).report(), &Screen::endless(Paint::Plain)),
        ));
    }
    Exit::Usage
}

/// Whether a command line that cannot be read asks for JSON, as far as one can tell.
fn asks_for_json(words: &[OsString]) -> bool {
    let words: Vec<_> = words.iter().take_while(|word| *word != "--").collect();
    let is_pair = |pair: &[&OsString]| matches!(pair, [option, value] if *option == "--format" && *value == "json");
    words.windows(2).any(is_pair) || words.iter().any(|word| *word == "--format=json")
}

/// The failure that clap's words tell of: what is wrong, and its tips.
fn failure(text: &str) -> Failure {
    let message = text.split("\n\n").next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let message: Vec<&str> = message.lines().map(str::trim).collect();
    let tips = text.lines().filter_map(|line| line.trim().strip_prefix("tip: "));
    let usage = text.lines().find_map(|line| line.strip_prefix("Usage: ")).map(|usage| format!("usage: {usage}"));
    let failure = Failure::new(Exit::Usage, message.join(" "));
    let failure = tips.map(str::to_owned).chain(usage).fold(failure, Failure::hint);
    failure.hint("for more information: `sendform --help`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_asks_for_json_before_the_words_end() {
        let asks = |line: &str| asks_for_json(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert!(asks("sendform aply --format json") && asks("sendform --format=json aply"));
        assert!(!asks("sendform aply --format text") && !asks("sendform aply -- --format json"));
    }
}
