//! Numbers below zero on the command line. An option that takes a number takes them as well, so that they are refused by
//! its bounds: else `-1` would be an option that nobody knows.

use std::any::TypeId;

use clap::{Arg, Command};

/// The types of the numbers that options take; a larger one would be refused without its bounds.
fn number_types() -> [TypeId; 2] {
    [TypeId::of::<u16>(), TypeId::of::<u32>()]
}

/// The command line, with all its commands, as it takes numbers below zero.
#[must_use]
pub(super) fn taken(command: Command) -> Command {
    let command = command.mut_args(|arg| if is_number(&arg) { arg.allow_negative_numbers(true) } else { arg });
    let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, taken))
}

fn is_number(arg: &Arg) -> bool {
    arg.get_action().takes_values() && number_types().iter().any(|kind| arg.get_value_parser().type_id() == *kind)
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;
    use crate::cli::help;

    /// Every option that takes a number, by what its help calls the value, behind the words that lead to its command.
    fn options(command: &Command, words: &[String], found: &mut Vec<Vec<String>>) {
        let is_number = |arg: &&Arg| {
            let names = arg.get_value_names().unwrap_or_default();
            names.iter().any(|name| ["N", "MIB"].contains(&name.as_str()))
        };
        for arg in command.get_arguments().filter(is_number) {
            let option = format!("--{}", arg.get_long().unwrap());
            found.push([words, &[option]].concat());
        }
        for below in command.get_subcommands() {
            options(below, &[words, &[below.get_name().to_owned()]].concat(), found);
        }
    }

    #[test]
    fn a_number_below_zero_is_a_value_that_is_refused_and_no_option() {
        let command = taken(help::command());
        let mut lines = Vec::new();
        options(&command, &["sendform".to_owned()], &mut lines);
        assert!(lines.len() > 8, "{lines:?}");
        for line in lines {
            let read = command.clone().try_get_matches_from([line.as_slice(), &["-1".to_owned()]].concat());
            let error = read.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ValueValidation, "{line:?}: {error}");
            assert!(error.to_string().contains(": -1 is not in "), "{error}");
        }
    }
}
