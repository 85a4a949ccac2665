//! A finished run of the binary, in a form that is the same on every machine.

use std::fmt;
use std::path::Path;
use std::process::Output;

/// What the plans of nearly all tests have around what matters: who sends on what at which time, the default
/// limits, a digest, and the text of most of them. Displayed, a run leaves them out.
const FRAME: [&str; 7] = [
    "acme-shop on 127.0.0.1:[port], 2026-11-30 12:00 UTC, 1 campaign in 1 file",
    "acme-shop on sandbox, 2026-11-30 12:00 UTC, 1 campaign in 1 file",
    "limits: 10,000 messages an apply, audiences grow by 50%, 1% of the rows unreadable, no row may fail",
    "digest plan/v1:[digest]",
    "    text (20 characters)",
    "      │ Hello from the shop!",
    "sandbox: nothing left this machine; to read the messages run `sendform sandbox`, and open \
     http://127.0.0.1:[port]/sandbox/messages",
];

/// A finished run. Displayed, it is the exit code, stdout and stderr, with everything normalised
/// that differs from run to run, and without the [`FRAME`] that most plans have; [`Run::whole`] shows
/// that as well.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// The exit code; `None` if a signal ended the process.
    pub(crate) code: Option<i32>,
    /// What it wrote to stdout, as it was.
    pub(crate) stdout: String,
    /// What it wrote to stderr, as it was.
    pub(crate) stderr: String,
    folder: String,
}

impl Run {
    /// Takes what a process left, and the folder in which it ran.
    pub(crate) fn new(output: &Output, folder: &Path) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            folder: folder.display().to_string(),
        }
    }

    /// Fails the test, showing the whole run, unless it ended with this code.
    #[track_caller]
    pub(crate) fn code(self, expect: i32) -> Self {
        assert_eq!(self.code, Some(expect), "\n{self}");
        self
    }

    /// The whole run, to be displayed.
    pub(crate) fn whole(&self) -> impl fmt::Display + '_ {
        Whole(self)
    }

    fn show(&self, formatter: &mut fmt::Formatter<'_>, part: fn(&str) -> String) -> fmt::Result {
        match self.code {
            Some(code) => writeln!(formatter, "exit code: {code}")?,
            None => writeln!(formatter, "ended by a signal")?,
        }
        for (name, text) in [("", &self.stdout), ("----- stderr\n", &self.stderr)] {
            if !text.is_empty() {
                let text = part(&normalise(text, &self.folder));
                let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n(no newline at the end)\n" };
                write!(formatter, "{name}{text}{end}")?;
            }
        }
        Ok(())
    }

    /// Reads stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("stdout is not JSON: {error}\n{self}"))
    }
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(formatter, without_frame)
    }
}

/// A run as it is displayed with nothing left out.
struct Whole<'a>(&'a Run);

impl fmt::Display for Whole<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show(formatter, str::to_owned)
    }
}

/// Leaves out the frame, and a blank line that would then stand first.
fn without_frame(text: &str) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let kept = lines.iter().filter(|line| !FRAME.contains(&line.trim_end_matches('\n')));
    let kept: String = kept.map(|line| without_place(line)).collect();
    if kept.len() == text.len() { kept } else { kept.trim_start_matches('\n').to_owned() }
}

/// A message's heading in a plan without its last column, which is where the message stands in the files.
fn without_place(line: &str) -> String {
    let columns: Vec<&str> = line.trim_end_matches('\n').split("  ").collect();
    match columns.as_slice() {
        [name, way, place] if name.contains(" r") && way.contains(" to ") && place.contains(".yaml:") => {
            format!("{name}  {way}\n")
        }
        _ => line.to_owned(),
    }
}

/// Replaces the temporary folder, ports, the digests of plans (ports are among what they cover), run
/// ids and elapsed times.
pub(crate) fn normalise(text: &str, folder: &str) -> String {
    let text = if folder.is_empty() { text.to_owned() } else { text.replace(folder, "[project]") };
    let text = replace_after(&text, "127.0.0.1:", digits, "[port]");
    let text = replace_after(&text, "localhost:", digits, "[port]");
    let text = replace_after(&text, "plan/v1:", digest, "[digest]");
    let text = replace_after(&text, "run ", run_id, "[run]");
    let text = replace_after(&text, "\"run\":\"", run_id, "[run]");
    let text = replace_after(&text, "\"run\": \"", run_id, "[run]");
    replace_after(&text, " in ", elapsed, "[elapsed]")
}

/// Replaces the same in a part of what runs wrote.
pub(crate) fn normalised(text: &str) -> String {
    normalise(text, "")
}

/// Puts a name in place of what follows each `start`, where `measure` finds something there: it
/// gives the number of bytes to replace.
fn replace_after(text: &str, start: &str, measure: fn(&str) -> usize, name: &str) -> String {
    let mut pieces = text.split(start);
    let mut replaced = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (value, rest) = piece.split_at(measure(piece));
        replaced.push_str(start);
        replaced.push_str(if value.is_empty() { "" } else { name });
        replaced.push_str(rest);
    }
    replaced
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn run_id(text: &str) -> usize {
    hexadecimal(text, 16)
}

fn digest(text: &str) -> usize {
    hexadecimal(text, 32)
}

fn hexadecimal(text: &str, expect: usize) -> usize {
    let length = text.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).count();
    if length == expect { length } else { 0 }
}

/// Measures `12 ms`, `1.3 s` or `2 min 5 s`.
fn elapsed(text: &str) -> usize {
    let whole = digits(text);
    let after = |at: usize| text.get(at..).unwrap_or_default();
    let fraction = after(whole).strip_prefix('.').map_or(0, |fraction| 1 + digits(fraction));
    let unit = [" min ", " ms", " s"].into_iter().find(|unit| after(whole + fraction).starts_with(unit));
    let (true, Some(unit)) = (whole > 0, unit) else { return 0 };
    let length = whole + fraction + unit.len();
    if unit == " min " {
        let seconds = elapsed(after(length));
        return if seconds > 0 { length + seconds } else { 0 };
    }
    if after(length).starts_with(char::is_alphanumeric) { 0 } else { length }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_replaced() {
        let check = |text: &str, expect: &str| assert_eq!(normalise(text, "/tmp/x"), expect);
        check("in /tmp/x/sendform.lock", "in [project]/sendform.lock");
        check("listening on http://127.0.0.1:40123\n", "listening on http://127.0.0.1:[port]\n");
        check("127.0.0.1: none", "127.0.0.1: none");
        check("held by run 5f0c9a7e21d84b63.", "held by run [run].");
        check("\"run\":\"5f0c9a7e21d84b63\",", "\"run\":\"[run]\",");
        check("digest plan/v1:00112233445566778899aabbccddeeff\n", "digest plan/v1:[digest]\n");
        check("announce.r1.5f0c9a7e21d84b63", "announce.r1.5f0c9a7e21d84b63");
        check("done in 12 ms, all in 1.25 s", "done in [elapsed], all in [elapsed]");
        check("done in 2 min 5 s.", "done in [elapsed].");
        check("due in 2 min for 3 simple rows in 4 segments", "due in 2 min for 3 simple rows in 4 segments");
    }

    #[test]
    fn a_run_is_displayed_whole() {
        let run = |code, stdout: &str, stderr: &str| Run {
            code,
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
            folder: "/tmp/x".to_owned(),
        };
        insta::assert_snapshot!(run(Some(3), "a\nb\n", "in /tmp/x"), @"
        exit code: 3
        a
        b
        ----- stderr
        in [project]
        (no newline at the end)
        ");
        insta::assert_snapshot!(run(None, "", ""), @"ended by a signal");
        let plan = run(Some(0), &format!("{}\n\nnothing to send\n{}\n", FRAME[1], FRAME[3]), "");
        insta::assert_snapshot!(plan, @"
        exit code: 0
        nothing to send
        ");
        insta::assert_snapshot!(plan.whole(), @"
        exit code: 0
        acme-shop on sandbox, 2026-11-30 12:00 UTC, 1 campaign in 1 file

        nothing to send
        digest plan/v1:[digest]
        ");
        assert_eq!(run(Some(0), "{\"a\":1}", "").code(0).json(), serde_json::json!({ "a": 1 }));
    }
}
