//! The only place that prints, and the only place that writes the files of `--write`.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::report::Reveal;
use crate::report::document::Report;
use crate::report::style::Paint;
use crate::report::text::TextForm;
use crate::wire::said::without_secrets;

use super::args::{ColorChoice, Global};
use super::exit::Exit;
use super::failure::Failure;
use super::format::{OutputFormat, Write};

/// Where the output of a command goes.
#[derive(Debug, Clone)]
pub(super) struct Output {
    /// The form on standard output.
    pub format: OutputFormat,
    /// Colours on standard output.
    pub paint: Paint,
    /// Colours on standard error.
    pub paint_errors: Paint,
    /// Whether texts show the people in them.
    pub reveal: Reveal,
    /// Whether what is not the result is left out.
    pub quiet: bool,
    writes: Vec<Write>,
    /// Whether the last word is being said.
    is_over: Arc<AtomicBool>,
}

impl Output {
    /// Reads what the command line and the environment say of output.
    #[must_use]
    pub(super) fn new(global: &Global, no_color: bool) -> Self {
        let paint = |terminal: bool| match global.color {
            ColorChoice::Always => Paint::Color,
            ColorChoice::Never => Paint::Plain,
            ColorChoice::Auto if terminal && !no_color => Paint::Color,
            ColorChoice::Auto => Paint::Plain,
        };
        Self {
            format: global.format,
            paint: paint(io::stdout().is_terminal()),
            paint_errors: paint(io::stderr().is_terminal()),
            reveal: if global.reveal { Reveal::Yes } else { Reveal::No },
            quiet: global.quiet,
            writes: global.write.clone(),
            is_over: Arc::default(),
        }
    }

    /// The same without the files of `--write`.
    #[must_use]
    pub(super) fn without_files(self) -> Self {
        Self { writes: Vec::new(), ..self }
    }

    /// Shows what a command has to say, on standard output in the form that is wanted, and in the
    /// files that are wanted. A file that cannot be written does not keep the others from it.
    ///
    /// # Errors
    /// If a file cannot be written, or standard output is gone.
    pub(super) fn show(&self, report: &(impl Report + TextForm)) -> Result<(), Failure> {
        self.wait_if_over();
        print(&self.format.of(report, self.paint)).and(self.write(report))
    }

    /// Tells how a command failed: on standard error for people, and in all forms that are wanted
    /// for machines. Gives the exit code.
    pub(super) fn fail(&self, failure: &Failure) -> Exit {
        self.wait_if_over();
        tell(&failure.render(self.paint_errors));
        self.document(failure)
    }

    /// Says the same to machines only: people were told already.
    pub(super) fn document(&self, failure: &Failure) -> Exit {
        if failure.message.is_empty() {
            // Everything was said, and written, already.
            return failure.exit;
        }
        let report = failure.report();
        let shown = if self.format.is_for_people() { self.write(&report) } else { self.show(&report) };
        match shown {
            Ok(()) => failure.exit,
            // That this file cannot be written is what failed in the first place.
            Err(unwritten) if unwritten.message == failure.message => failure.exit,
            Err(unwritten) => {
                tell(&unwritten.render(self.paint_errors));
                failure.exit.or(unwritten.exit)
            }
        }
    }

    /// Tells how a command failed, as [`Output::fail`] does, before the program ends: a command that goes on
    /// until then does not put another document in the place of this one, and is not waited for.
    pub(super) fn last_word(&self, failure: &Failure) -> Exit {
        self.is_over.store(true, Ordering::Release);
        Self { is_over: Arc::default(), ..self.clone() }.fail(failure)
    }

    /// Waits for the program's end, if the last word is being said.
    fn wait_if_over(&self) {
        while self.is_over.load(Ordering::Acquire) {
            thread::park();
        }
    }

    /// Writes the files that are wanted.
    fn write(&self, report: &(impl Report + TextForm)) -> Result<(), Failure> {
        let mut result = Ok(());
        for write in &self.writes {
            self.wait_if_over();
            let text = write.format.of(report, Paint::Plain);
            if let Err(error) = std::fs::write(&write.file, without_secrets(&text).as_bytes()) {
                let message = format!("`{}` cannot be written", write.file.display());
                result = Err(Failure::new(Exit::Environment, message).at(&write.file).because(&error));
            }
        }
        result
    }

    /// Tells a person something that may be left out.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            tell(text);
        }
    }

    /// Tells a person something that is not the command's result.
    pub(super) fn tell(&self, text: &str) {
        tell(text);
    }
}

/// Prints to standard output; a pipe that was closed by its reader is no failure.
///
/// # Errors
/// If standard output cannot be written for another reason.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(without_secrets(text).as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Environment, "standard output cannot be written").because(&error))
        }
        _ => Ok(()),
    }
}

/// Prints to standard error; there is nowhere to complain if that fails.
pub(super) fn tell(text: &str) {
    let mut out = io::stderr().lock();
    drop(out.write_all(without_secrets(text).as_bytes()));
}

/// Asks a question that `yes` answers.
///
/// # Errors
/// If there is no terminal to ask on.
pub(super) fn ask(question: &str) -> Result<bool, Failure> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        let failure = Failure::new(Exit::Declined, "there is no terminal to ask on, so nothing was sent");
        return Err(failure.hint("pass `--auto-approve` to send without being asked"));
    }
    tell(question);
    let mut answer = String::new();
    match io::stdin().read_line(&mut answer) {
        Ok(_) => Ok(answer.trim() == "yes"),
        Err(error) => Err(Failure::new(Exit::Declined, "the answer cannot be read").because(&error)),
    }
}
