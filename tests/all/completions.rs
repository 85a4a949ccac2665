//! Completions are tried in the shells themselves: a command, an option's value, and a name that only the project knows.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{KEY, Project};

/// What somebody has typed, and what a shell offers then.
const TYPED: [(&str, &[&str]); 4] = [
    ("sendform vali", &["validate"]),
    ("sendform plan --color ", &["always", "auto", "never"]),
    ("sendform plan --only wel", &["welcome", "welcome.hello"]),
    ("sendform apply --retry-rejected ", &["welcome.hello"]),
];

/// Reads the words of a line as readline gives them, and prints what is offered.
const BASH: &str = r#"
source completions
read -ra COMP_WORDS <<<"$1"
[[ $1 != *' ' ]] || COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$1 COMP_POINT=${#1}
function=$(complete -p sendform | sed 's/.*-F \([^ ]*\) .*/\1/')
"$function" sendform "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

/// Asks fish, which has a command for that.
const FISH: &str = "source completions; complete --do-complete $argv[1] | string split --fields 1 \\t";

/// Types into a shell on a terminal of its own, which tells each match as it comes, and when there are no more.
const ZSH: &str = r#"
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1= fpath=($PWD \$fpath)"
zpty -w shell 'autoload -U compinit && compinit -u -D
compadd() {
    (( ${@[(I)-[AOD]*]} )) || { local -a found; builtin compadd -A found "$@"; print -rl -- ${found/#/match:} }
    builtin compadd "$@"
}
tell() { zle complete-word; print no-more-$((40 + 2)) }
zle -N tell
bindkey "^I" tell
print ready-$((40 + 2))'
zpty -r -m shell told '*ready-42*'
zpty -w -n shell "$1"$'\t'
zpty -r -m shell told '*no-more-42*'
print -r -- "$told" | grep -a -o 'match:[^[:cntrl:]]*' | sed 's/^match://'
zpty -d shell
"#;

/// Tries the completions of a shell; where it is not installed, which `tests/setup` has told, nothing is tried.
fn try_in(shell: &str, file: &str, command: &[&str]) {
    let is_there = Command::new(shell).arg("--version").stdout(Stdio::null()).status().is_ok();
    if !is_there && env::var_os("CI").is_none() {
        return;
    }
    let project = Project::empty();
    project.run(["init"]).code(0);
    project.write(file, project.run(["completions", shell]).code(0).stdout);
    let bin = Path::new(env!("CARGO_BIN_EXE_sendform")).parent().unwrap().display().to_string();
    let path = format!("{bin}:{}", env::var("PATH").unwrap());
    for (line, expect) in TYPED {
        let mut run = Command::new(shell);
        run.args(command).arg(line).current_dir(project.folder()).env_clear();
        run.env("PATH", &path).env("HOME", project.folder()).env("SENDFORM_KEY", KEY).env("TERM", "xterm");
        let output = run.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut offered: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
        offered.sort_unstable();
        assert_eq!(offered, expect, "{shell}: {line:?}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn bash_completes() {
    try_in("bash", "completions", &["--norc", "-c", BASH, "bash"]);
}

#[test]
fn fish_completes() {
    try_in("fish", "completions", &["--no-config", "-c", FISH]);
}

#[test]
fn zsh_completes() {
    try_in("zsh", "_sendform", &["-f", "-c", ZSH, "zsh"]);
}
