//! The only place that prints, and the only place that writes the files of `--write`.

use std::env;
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard};
use std::thread;

use terminal_size::{Height, Width, terminal_size_of};

use crate::report::Reveal;
use crate::report::annotation::Annotated;
use crate::report::diagnostics::DiagnosticView;
use crate::report::failure_code::FailureCode;
use crate::report::forms::Forms;
use crate::report::markdown::MarkdownForm;
use crate::report::screen::{Screen, WIDTH_MIN};
use crate::report::sheet::Sheet;
use crate::report::style::Paint;
use crate::report::text::{TextForm, diagnostics};
use crate::report::typed::Typed;
use crate::wire::said::without_secrets;

use super::args::{Arguments, CiArgs, CiCommand, ColorChoice, Command, Global, Scope};
use super::exit::Exit;
use super::failure::Failure;
use super::format::{OutputFormat, Write};
use super::home::ProjectPaths;
use super::settings::Settings;
use super::shown::{ShownReport, ShownReports};
use super::wanted_file::{DocumentTurn, WantedFile};

/// Where the output of a command goes.
#[derive(Debug, Clone)]
pub(super) struct Output {
    /// The form on standard output.
    pub format: OutputFormat,
    /// What standard output is shown on.
    screen: Screen,
    /// What standard error is shown on.
    screen_of_errors: Screen,
    /// Whether texts show the people in them.
    pub reveal: Reveal,
    /// Whether a plan lists every message.
    pub lists_all: bool,
    /// Whether what is not the result is left out.
    pub quiet: bool,
    writes: Vec<WantedFile>,
    /// Whose turn it is to print a document for machines.
    printing: DocumentTurn,
    /// What keeps all that is shown.
    keeps: Option<ShownReports>,
    /// Whether the last word is being said.
    is_over: Arc<AtomicBool>,
}

impl Output {
    /// Reads what the command line and the environment say of output.
    #[must_use]
    pub(super) fn new(arguments: &Arguments, settings: &Settings) -> Self {
        let global = &arguments.global;
        let screen = |is_terminal: bool, size: Option<(Width, Height)>| Screen {
            paint: paint(global.color, is_terminal, settings),
            width: settings.width.or(size.map(|(Width(columns), _)| usize::from(columns).max(WIDTH_MIN))),
            folder: folder(global),
            folder_in_repository: folder_in_repository(global),
            typed: typed(arguments, settings),
        };
        let (out, errors) = (io::stdout(), io::stderr());
        Self {
            format: global.format,
            screen: screen(out.is_terminal(), terminal_size_of(&out)),
            screen_of_errors: screen(errors.is_terminal(), terminal_size_of(&errors)),
            lists_all: scope(&arguments.command).is_some_and(|scope| scope.all),
            reveal: if global.reveal { Reveal::Yes } else { Reveal::No },
            quiet: global.quiet,
            writes: global.write.iter().cloned().map(WantedFile::from).collect(),
            printing: DocumentTurn::default(),
            keeps: None,
            is_over: Arc::default(),
        }
    }

    /// The same, and all that is shown is kept.
    #[must_use]
    pub(super) fn keeping(self, shown: &ShownReports) -> Self {
        Self { keeps: Some(shown.clone()), ..self }
    }

    /// Writes one more file.
    pub(super) fn also_write(&mut self, format: OutputFormat, file: PathBuf) {
        self.writes.push(WantedFile::from(Write { format, file }));
    }

    /// Keeps a report that is shown elsewhere.
    pub(super) fn keep(&self, report: &impl Forms) {
        if let Some(shown) = &self.keeps {
            shown.take(report, &self.endless());
        }
    }

    /// A report in the forms that are shown elsewhere.
    #[must_use]
    pub(super) fn shown(&self, report: &(impl MarkdownForm + Annotated)) -> ShownReport {
        ShownReport::of(report, &self.endless())
    }

    /// Tells a person a report that is not the command's result.
    pub(super) fn tell_report(&self, report: &impl TextForm) {
        self.tell_lines(&report.sheet(&self.screen_of_errors));
    }

    fn endless(&self) -> Screen {
        Screen { paint: Paint::Plain, width: None, ..self.screen.clone() }
    }

    /// The same without the files of `--write`.
    #[must_use]
    pub(super) fn without_files(self) -> Self {
        Self { writes: Vec::new(), ..self }
    }

    /// The same with one more file of our own, in this form.
    #[must_use]
    pub(super) fn also_writing(&self, format: OutputFormat, file: PathBuf) -> Self {
        let mut output = self.clone();
        output.writes.push(WantedFile::from(Write { format, file }));
        output
    }

    /// Shows what a command has to say, on standard output in the form that is wanted, and in the
    /// files that are wanted. A file that cannot be written does not keep the others from it.
    ///
    /// # Errors
    /// If a file cannot be written, or standard output is gone.
    pub(super) fn show(&self, report: &impl Forms) -> Result<(), Failure> {
        self.print(&self.format.of(report, &self.screen)).and(self.write(report))
    }

    /// Shows people what a command has to say so far; until it ends, the files that are wanted have it as well. Machines
    /// that read standard output get one document, with what became of it.
    ///
    /// # Errors
    /// As [`Output::show`].
    pub(super) fn show_people(&self, report: &impl Forms) -> Result<(), Failure> {
        if self.format.is_for_people() { self.show(report) } else { Ok(()) }
    }

    /// Gives machines the one document of a run that people were shown before, and writes the files that are wanted:
    /// there a failure stands at the end of a text.
    ///
    /// # Errors
    /// As [`Output::show`].
    pub(super) fn document_run(&self, report: &impl Forms, failure: Option<&Failure>) -> Result<(), Failure> {
        let printed =
            if self.format.is_for_people() { Ok(()) } else { self.print(&self.format.of(report, &self.screen)) };
        printed.and(self.write_with(report, failure))
    }

    /// Tells how a command failed: on standard error for people, and in all forms that are wanted
    /// for machines. Gives the exit code.
    pub(super) fn fail(&self, failure: &Failure) -> Exit {
        self.wait_if_over();
        self.tell_failure(failure);
        self.document(failure)
    }

    /// Says the same to machines only: people were told already.
    pub(super) fn document(&self, failure: &Failure) -> Exit {
        if failure.message.is_empty() || failure.is_in_document {
            // Everything was said, and written, already.
            return failure.exit;
        }
        let failure = &failure.repeating(&self.screen.typed);
        let report = failure.report();
        let shown = if self.format.is_for_people() { self.write(&report) } else { self.show(&report) };
        match shown {
            Ok(()) => failure.exit,
            // That this file cannot be written is what failed in the first place.
            Err(unwritten) if unwritten.message == failure.message => failure.exit,
            Err(unwritten) => {
                self.tell_failure(&unwritten);
                failure.exit.or(unwritten.exit)
            }
        }
    }

    /// Tells how a command failed, as [`Output::fail`] does, before the program ends: a command that goes on
    /// until then does not put another document in the place of this one; it is waited for only where it is writing one
    /// already.
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

    /// Waits for the turn to put a document where others may put theirs; whoever says the last word comes last.
    fn turn<'a>(&self, turn: &'a DocumentTurn) -> MutexGuard<'a, ()> {
        let guard = turn.take();
        if self.is_over.load(Ordering::Acquire) {
            drop(guard);
            self.wait_if_over();
            return self.turn(turn);
        }
        guard
    }

    /// Prints what a command has to say. Of a text nobody waits until it is read: nothing else takes its place.
    fn print(&self, text: &str) -> Result<(), Failure> {
        self.wait_if_over();
        let _turn = (!self.format.is_for_people()).then(|| self.turn(&self.printing));
        print(text)
    }

    /// Writes the files that are wanted.
    fn write(&self, report: &impl Forms) -> Result<(), Failure> {
        self.write_with(report, None)
    }

    /// Writes the files that are wanted, a failure at the end of those for people.
    fn write_with(&self, report: &impl Forms, failure: Option<&Failure>) -> Result<(), Failure> {
        let mut result = Ok(());
        let endless = self.endless();
        self.keep(report);
        for WantedFile { write, turn } in &self.writes {
            let mut text = write.format.of(report, &endless);
            if let Some(failure) = failure.filter(|_| write.format.is_for_people()) {
                text.push_str(&failure.report().text(&endless));
            }
            let _turn = self.turn(turn);
            if let Err(failure) = self::write(write, &text) {
                result = Err(failure);
            }
        }
        result
    }

    /// Tells a person something that may be left out.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            self.tell(text);
        }
    }

    /// What was typed.
    #[must_use]
    pub(super) const fn typed(&self) -> &Typed {
        &self.screen.typed
    }

    /// How many columns standard output has; `None` if it is no terminal, and nobody has said.
    #[must_use]
    pub(super) const fn width(&self) -> Option<usize> {
        self.screen.width
    }

    /// Whether standard output has colours.
    #[must_use]
    pub(super) fn has_colours(&self) -> bool {
        self.screen.paint == Paint::Color
    }

    /// Whether standard error has colours.
    #[must_use]
    pub(super) const fn paint_of_errors(&self) -> Paint {
        self.screen_of_errors.paint
    }

    /// Tells a person something that is not the command's result.
    pub(super) fn tell(&self, text: &str) {
        self.tell_lines(&Sheet::from(text));
    }

    /// Tells a person lines that are not the command's result.
    pub(super) fn tell_lines(&self, lines: &Sheet) {
        tell(&lines.laid_out(&self.screen_of_errors));
    }

    /// Asks a question that `yes` answers; the answer stands behind it.
    ///
    /// # Errors
    /// If there is no terminal to ask on.
    pub(super) fn ask(&self, question: &str) -> Result<bool, Failure> {
        let question = Sheet::from(question).laid_out(&self.screen_of_errors);
        is_answered_with_yes(&format!("{} ", question.trim_end()))
    }

    /// Tells a person what is wrong with the files, beside the command's result.
    pub(super) fn tell_diagnostics(&self, diagnostics: &[DiagnosticView]) {
        self.tell_lines(&diagnostics::sheet(diagnostics, &self.screen_of_errors));
        // On a terminal the result stands right below them.
        if !diagnostics.is_empty() && self.screen_of_errors.width.is_some() && self.format.is_for_people() {
            tell("\n");
        }
    }

    /// Tells a person how something failed; nothing, if everything was said already.
    pub(super) fn tell_failure(&self, failure: &Failure) {
        if !failure.message.is_empty() {
            tell(&failure.report().text(&self.screen_of_errors));
        }
    }
}

/// `CLICOLOR_FORCE` is for whoever reads a pipe on a terminal in the end; `NO_COLOR` is stronger, and the command line
/// the strongest.
fn paint(choice: ColorChoice, is_terminal: bool, settings: &Settings) -> Paint {
    let wanted = match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => !settings.no_color && (settings.force_color || (is_terminal && !settings.is_dumb)),
    };
    if wanted { Paint::Color } else { Paint::Plain }
}

/// The project's folder, as whoever types sees it.
fn folder(global: &Global) -> String {
    let dir = ProjectPaths::find(global.dir.as_deref()).dir;
    let here = env::current_dir().unwrap_or_default();
    with_slash(dir.strip_prefix(here).or_else(|_| dir.strip_prefix(".")).unwrap_or(&dir))
}

/// The project's folder as a review sees it: from the nearest folder above that git takes for the top of a repository;
/// where there is none, from the current one.
fn folder_in_repository(global: &Global) -> String {
    let Ok(dir) = fs::canonicalize(ProjectPaths::find(global.dir.as_deref()).dir) else { return folder(global) };
    let top = dir.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned);
    let top = top.or_else(|| env::current_dir().and_then(fs::canonicalize).ok());
    top.and_then(|top| dir.strip_prefix(top).ok().map(with_slash)).unwrap_or_else(|| folder(global))
}

fn with_slash(folder: &Path) -> String {
    let folder = folder.display().to_string();
    if folder.is_empty() || folder.ends_with('/') { folder } else { folder + "/" }
}

/// What a command selects of a plan.
fn scope(command: &Command) -> Option<&Scope> {
    if let Command::Plan(args) = command {
        Some(&args.scope)
    } else if let Command::Apply(args) = command {
        Some(&args.scope)
    } else {
        None
    }
}

/// What every hint repeats.
fn typed(Arguments { global, command }: &Arguments, settings: &Settings) -> Typed {
    let shown = |path: &PathBuf| path.display().to_string();
    let only = if let Command::Reconcile(args) = command {
        args.only.as_slice()
    } else {
        scope(command).map_or(&[][..], |scope| scope.only.as_slice())
    };
    Typed {
        dir: global.dir.as_ref().map(shown),
        // What the environment says needs no repeating.
        data: global.data.as_ref().filter(|data| settings.data.as_ref() != Some(*data)).map(shown),
        sandbox: global.sandbox,
        now: global.now.map(|now| now.to_string()),
        only: only.to_vec(),
        is_in_review: matches!(command, Command::Ci(CiArgs { command: CiCommand::Plan(_) })),
    }
}

/// Begins a new line on a terminal, where a question or what was typed stands on the last one.
pub(super) fn break_line() {
    if io::stderr().is_terminal() {
        tell("\n");
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
            Err(Failure::new(FailureCode::OutputUnwritable, "standard output cannot be written").because(&error))
        }
        _ => Ok(()),
    }
}

/// Writes a file of `--write`.
///
/// # Errors
/// If it cannot be written.
pub(super) fn write(write: &Write, text: &str) -> Result<(), Failure> {
    fs::write(&write.file, without_secrets(text).as_bytes()).map_err(|error| {
        let message = format!("`{}` cannot be written", write.file.display());
        Failure::new(FailureCode::OutputUnwritable, message).at(&write.file).because(&error)
    })
}

/// Prints to standard error; there is nowhere to complain if that fails.
pub(super) fn tell(text: &str) {
    let mut out = io::stderr().lock();
    drop(out.write_all(without_secrets(text).as_bytes()));
}

/// Whether somebody answers with `yes`.
///
/// # Errors
/// If there is no terminal to ask on.
fn is_answered_with_yes(question: &str) -> Result<bool, Failure> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        let failure = Failure::new(FailureCode::NoTerminal, "there is no terminal to ask on, so nothing was sent");
        return Err(failure.hint("pass `--auto-approve` to send without being asked"));
    }
    tell(question);
    let mut answer = String::new();
    match io::stdin().read_line(&mut answer) {
        Ok(_) => Ok(answer.trim() == "yes"),
        Err(error) => Err(Failure::new(FailureCode::Declined, "the answer cannot be read").because(&error)),
    }
}
