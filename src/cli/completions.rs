//! Completions for shells: clap's, and the values that only the project knows, which `sendform __complete` tells.

use clap_complete::Shell;

use super::help;

/// What stands behind clap's script for bash: values of options and arguments that have some, else what clap says.
const BASH: &str = r#"
_sendform_with_values() {
    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" values=""
    if [[ "$word" != -* ]]; then
        case "$before" in
            --only) values=selections ;;
            --retry-rejected) values=messages ;;
            resolve) values=bulks ;;
            resume) values=stops ;;
        esac
    fi
    if [[ -n "$values" ]]; then
        COMPREPLY=( $(compgen -W "$(sendform __complete "$values" 2>/dev/null)" -- "$word") )
    else
        _sendform "$@"
    fi
}
complete -F _sendform_with_values -o bashdefault -o default sendform
"#;

/// The same for fish.
const FISH: &str = r#"
complete -c sendform -l only -x -a "(sendform __complete selections 2>/dev/null)"
complete -c sendform -l retry-rejected -x -a "(sendform __complete messages 2>/dev/null)"
complete -c sendform -n "__fish_seen_subcommand_from resolve" -f -a "(sendform __complete bulks 2>/dev/null)"
complete -c sendform -n "__fish_seen_subcommand_from resume" -f -a "(sendform __complete stops 2>/dev/null)"
"#;

/// The same for zsh: a function for each kind of values, and what clap's script calls in its place.
const ZSH: [(&str, &str); 4] = [
    (":CAMPAIGN[.MESSAGE]:_default", "selections"),
    (":CAMPAIGN.MESSAGE:_default", "messages"),
    (":bulk -- The bulk:_default", "bulks"),
    ("::id -- The stop to end, as it is shown; all that stand, if left out:_default", "stops"),
];

/// The script for a shell.
#[must_use]
pub(super) fn script(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut help::command(), "sendform", &mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    if shell == Shell::Bash {
        text + BASH
    } else if shell == Shell::Fish {
        text + FISH
    } else if shell == Shell::Zsh {
        zsh(&text)
    } else {
        // Of the others clap's script is all there is.
        text
    }
}

fn zsh(text: &str) -> String {
    let functions = ZSH.map(|(_, values)| {
        format!("_sendform_{values}() {{ compadd -- ${{(f)\"$(sendform __complete {values} 2>/dev/null)\"}} }}\n")
    });
    let completed = ZSH.iter().fold(text.to_owned(), |text, (default, values)| {
        let own = default.replace("_default", &format!("_sendform_{values}"));
        text.replace(default, &own)
    });
    match completed.split_once('\n') {
        // The first line says for which command the script is.
        Some((first, rest)) => format!("{first}\n\n{}{rest}", functions.concat()),
        None => completed,
    }
}
