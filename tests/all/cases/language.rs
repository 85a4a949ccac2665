//! Expressions, templates and texts that come from other tools, other programs and other systems.

use crate::support::{Project, Run};

const PROJECT: &str =
    "project: winter-shop\nsenders: { main: MAIN-ACCOUNT }\nsandbox: { now: \"2026-11-30 12:00Z\" }\n";

/// A campaign that says a text to all of `guests.csv`.
fn campaign(id: &str, more: &str, content: &str) -> String {
    format!(
        "campaign: {id}\naudiences:\n  guests:\n    csv: guests.csv\n    columns: {{ to: ig }}\n{more}messages:\n  - id: note\n    \
         sender: main\n    audience: guests\n    content:\n{content}"
    )
}

/// A content of one line as a block text.
fn text(line: &str) -> String {
    format!("      text: |\n        {line}\n")
}

fn project(guests: &str) -> Project {
    Project::empty().env("SENDFORM_NOW", crate::support::NOW).file("sendform.yaml", PROJECT).file("guests.csv", guests)
}

/// Plans one campaign, showing whole texts.
fn plan(guests: &str, campaign: &str) -> Run {
    project(guests).file("note.yaml", campaign).run(["plan", "--sandbox", "--reveal"])
}

const GUESTS: &str = "ig,name,town,opted_in\n\
    27841400000000031,Nora,Pula,no\n\
    27841400000000032,Luka,Pula,yes\n\
    27841400000000033,Iva,Ptuj,yes\n\
    27841400000000034,Jan,Ptuj,no\n";

#[test]
fn a_second_condition_is_never_dropped() {
    for (sign, remedy) in [
        ("&&", "write `and`"),
        ("&", "write `and`"),
        ("||", "write `or`"),
        ("AND", "write `and`, in small letters"),
        (";", "leave the semicolon out"),
        ("#", "an expression holds no comment"),
        ("“", "straight quotation mark"),
        ("–", "write a plain hyphen"),
        ("?", "write `… if … else …`"),
        ("\\", "a backslash stands only inside of a text"),
    ] {
        let more = format!("    where: 'town == \"Pula\" {sign} opted_in == \"yes\"'\n");
        let run = plan(GUESTS, &campaign("winter", &more, &text("Hi {{ name }}!"))).code(3);
        assert!(run.stderr.contains("error[template-syntax]"), "{sign}\n{run}");
        assert!(run.stderr.contains(remedy), "{sign}\n{run}");
        assert!(!run.stdout.contains("to send"), "{sign}\n{run}");
    }
    let run = plan(
        GUESTS,
        &campaign("winter", "    where: 'town == \"Pula\" and opted_in == \"yes\"'\n", &text("Hi {{ name }}!")),
    );
    let run = run.code(0);
    assert!(run.stdout.contains("+ 1 to send at once") && run.stdout.contains("│ Hi Luka!"), "{run}");
}

#[test]
fn the_place_of_a_slip_in_a_condition() {
    let more = "    where: 'town == \"Pula\" && opted_in == \"yes\"'\n";
    insta::assert_snapshot!(plan(GUESTS, &campaign("winter", more, &text("Hi {{ name }}!"))), @r#"
    exit code: 3
    winter-shop on sandbox, 2026-11-30 12:00 UTC, 1 campaign in 1 file

    winter.note r1  main to guests
      ! not planned: `&&` is not part of the language

    nothing can be sent: the files have errors
      template-syntax  note.yaml:6:28
    next, once the files are mended: sendform plan --sandbox
    ----- stderr
    error[template-syntax]: `&&` is not part of the language
     --> note.yaml:6:28
      |
    6 |     where: 'town == "Pula" && opted_in == "yes"'
      |                            ^^
      |
      = help: write `and`

    1 error
    "#);
}

/// What is said of a text, and whether it is planned at all.
fn said_of(line: &str) -> (Option<i32>, String) {
    let people = "ig,name,first_name,town\n27841400000000031,Nora,Nora,Pula\n";
    let run = plan(people, &campaign("winter", "", &text(line)));
    let found = format!("{}{}", run.stdout, run.stderr);
    let lines: Vec<&str> = found
        .lines()
        .filter(|line| line.starts_with("error") || line.starts_with("warning") || line.contains("= help"))
        .collect();
    (run.code, lines.join("\n"))
}

#[test]
fn placeholders_of_other_tools_are_not_sent_in_silence() {
    for (line, code, expect) in [
        ("Hi *|FNAME|*!", 0, "write `{{ first_name }}`"),
        ("Hi {first_name}!", 3, "write `{{ first_name }}`"),
        ("Hi %FIRST_NAME%!", 3, "write `{{ first_name }}`"),
        ("Hi [[first_name]]!", 3, "write `{{ first_name }}`"),
        ("Hi [First Name]!", 3, "write `{{ first_name }}`"),
        ("Hi ${first_name}!", 3, "write `{{ first_name }}`"),
        ("Hi <%= first_name %>!", 3, "write `{{ first_name }}`"),
        ("Hi %%first_name%%!", 3, "write `{{ first_name }}`"),
        ("Hi { { town } }!", 3, "write `{{ town }}`"),
        ("Hi #NAME#!", 3, "write `{{ name }}`"),
        ("Hi %recipient.first%!", 0, "write `{{ first_name }}`"),
        ("Hi <<coupon>>!", 0, "write `{{ coupon }}`"),
        ("Hi {$surname}!", 0, "write `{{ last_name }}`"),
        ("Hi &nbsp;you <b>there</b>", 0, "people see it as it is written"),
        ("Hi {{ town }}} !", 3, "a lone `}` stands beside a tag"),
        ("Hi {{{ town }}}!", 3, "write `{{ town }}`"),
        ("Hi { {{ town }}!", 3, "a lone `{` stands beside a tag"),
        ("Hi {{ first_name | fallback(“there”) }}!", 3, "write a straight quotation mark"),
        ("Hi {{ first_name | default: \"there\" }}!", 3, "write `fallback(\"…\")`"),
        ("Hi {{#if first_name}}{{first_name}}{{else}}there{{/if}}!", 3, "write `{% if first_name %}`"),
        ("{% unless first_name == \"\" %}Hi{% endunless %}", 3, "write `{% if not (first_name == \"\") %}`"),
        ("Hi {# note there", 3, "the comment that begins here has no end"),
        ("Hi {{ First Name }}!", 3, "write `column(\"First Name\")`"),
        ("Hi {{ user.first_name }}!", 3, "columns are named alone: `{{ first_name }}`"),
        ("Up to 50% off and 20% more in {{ town }} (town centre)", 0, ""),
    ] {
        let (ended, found) = said_of(line);
        assert_eq!(ended, Some(code), "{line}\n{found}");
        let expect = expect.replace("write `column", "is written `column");
        assert!(found.contains(&expect) && (!expect.is_empty() || found.is_empty()), "{line}\n{found}");
    }
}

#[test]
fn nothing_that_nobody_sees_is_a_name() {
    let mut rows = String::from("ig,name\n");
    for (number, name) in [
        "",
        "  ",
        "\u{a0}",
        "\u{200b}",
        "\u{200b}\u{200d}\u{feff}",
        "\u{3164}",
        "\u{2800}",
        "\u{ad}",
        "\u{fe0f}",
        "\u{e0041}",
    ]
    .iter()
    .enumerate()
    {
        rows.extend([format!("278414000000001{number:02},{name}\n")]);
    }
    let run = plan(&rows, &campaign("winter", "", &text("Hi {{ name | fallback(\"there\") }}, thank you!"))).code(0);
    assert!(run.stdout.contains("+ 10 to send"), "{run}");
    assert!(run.stdout.contains("│ Hi there, thank you!") && !run.stdout.contains("│ Hi ,"), "{run}");
    let run = plan(&rows, &campaign("winter", "", &text("Hi {{ name }}, thank you!"))).code(3);
    assert!(run.stderr.contains("`name` is blank, and the template has no fallback for it"), "{run}");
    assert!(run.stderr.contains("help: write `{{ name | fallback(\"…\") }}`, or fill the cell in"), "{run}");
}

#[test]
fn what_was_broken_on_the_way_is_not_sent() {
    let harm = |name: &str| {
        let content = "      text: \"Hi {{ name }}\"\n    webhooks: { callbackData: \"{{ id }}\" }\n";
        let plain =
            plan(&format!("ig,name,id\n27841400000000031,{name},7\n"), &campaign("winter", "", content)).code(3);
        let data =
            plan(&format!("ig,name,id\n27841400000000031,Nora,{name}\n"), &campaign("winter", "", content)).code(3);
        assert!(data.stderr.contains("`id` holds"), "{data}");
        plain.stderr
    };
    assert!(harm("Jos\u{fffd}").contains("error[forbidden-character]: `winter.note`: `name` holds a replacement character, which stands for bytes that were lost (U+FFFD)"));
    assert!(harm("Nora\u{7}").contains("`name` holds a control character (U+0007)"));
    assert!(harm("\u{202e}aroN").contains("`name` holds a control of the writing direction (U+202E)"));
    let fine = "ig,name\n27841400000000031,\u{200e}Nora\u{200f}\n27841400000000032,👩\u{200d}👩\u{200d}👧\n27841400000000033,می\u{200c}نا\n27841400000000034,\"No\nra\"\n";
    let run = plan(fine, &campaign("winter", "", &text("Hi {{ name }}"))).code(0);
    assert!(run.stdout.contains("+ 4 to send"), "{run}");
}

#[test]
fn letters_are_what_readers_take_for_one() {
    let guests = "ig,name\n\
        27841400000000031,👩\u{200d}👩\u{200d}👧\u{200d}👦Nora\n\
        27841400000000032,Z\u{30c}iva\n\
        27841400000000033,🇭🇷🇸🇮\n\
        27841400000000034,o’NEIL mcgregor\n";
    let line = "[{{ name | truncate(2) }}] [{{ name | first }}] [{{ name | last }}] [{{ name[:1] }}] [{{ name | title }}] [{{ name | capitalize }}] {{ name | length }}";
    for (row, expect) in [
        (
            1,
            "[👩\u{200d}👩\u{200d}👧\u{200d}👦…] [👩\u{200d}👩\u{200d}👧\u{200d}👦] [a] [👩\u{200d}👩\u{200d}👧\u{200d}👦] [👩\u{200d}👩\u{200d}👧\u{200d}👦Nora] [👩\u{200d}👩\u{200d}👧\u{200d}👦Nora] 5",
        ),
        (2, "[Z\u{30c}…] [Z\u{30c}] [a] [Z\u{30c}] [Z\u{30c}iva] [Z\u{30c}iva] 4"),
        (3, "[🇭🇷🇸🇮] [🇭🇷] [🇸🇮] [🇭🇷] [🇭🇷🇸🇮] [🇭🇷🇸🇮] 2"),
        (4, "[o…] [o] [r] [o] [O’neil Mcgregor] [O’neil mcgregor] 15"),
    ] {
        let row = guests.lines().nth(row).unwrap();
        let run = plan(&format!("ig,name\n{row}\n"), &campaign("winter", "", &text(line))).code(0);
        assert!(run.stdout.contains(&format!("│ {expect}\n")), "{expect}\n{run}");
    }
}

#[test]
fn a_file_that_is_not_yaml_is_blamed_where_the_mistake_stands() {
    let validate = |campaign: &str| {
        let run = project(GUESTS).file("note.yaml", campaign).run(["validate"]);
        let first = run.stdout.lines().take(2).map(str::trim).collect::<Vec<_>>().join(" ");
        (run.code, first)
    };
    let good = campaign("winter", "", &text("Hi {{ name }},"));
    let outdented = good.replace("        Hi {{ name }},\n", "        Hi {{ name }},\n      the shop opens.\n");
    assert_eq!(
        validate(&outdented),
        (
            Some(3),
            "error[syntax]: the text of `text: |` ended in line 13, which is indented less --> note.yaml:13:7"
                .to_owned()
        )
    );
    let wide = good.replace("    audience: guests\n", "\u{a0}   audience: guests\n");
    assert_eq!(
        validate(&wide),
        (Some(3), "error[syntax]: a no-break space (U+00A0) is in the indentation --> note.yaml:9:1".to_owned())
    );
    let tabbed = good.replace("    sender: main\n", "\tsender: main\n");
    assert_eq!(
        validate(&tabbed),
        (Some(3), "error[syntax]: there is a tab in the indentation --> note.yaml:8:1".to_owned())
    );
    let curly = campaign("winter", "", "      text: “Hi there”\n");
    let (code, said) = validate(&curly);
    assert_eq!(code, Some(0));
    assert!(said.starts_with("warning[curly-quotes]: these quotation marks are curly"), "{said}");
}

/// The digest of what a run planned.
fn digest(run: &Run) -> String {
    run.stdout.lines().find_map(|line| line.strip_prefix("digest ")).unwrap_or_default().to_owned()
}

#[test]
fn a_text_is_the_same_on_every_system() {
    let note = "Hi {{ name }},\n{% include 'texts/end.txt' %}\n\nsee you soon.\n";
    let end = "the shop\nopens.\n";
    let campaign = campaign("winter", "", "      template: texts/note.txt\n");
    let project = project("ig,name\n27841400000000031,Nora\n");
    let mut digests = Vec::new();
    for (line_end, mark) in [("\n", ""), ("\r\n", ""), ("\n", "\u{feff}"), ("\r\n", "\u{feff}")] {
        for (path, text) in [("note.yaml", campaign.as_str()), ("texts/note.txt", note), ("texts/end.txt", end)] {
            project.write(path, format!("{mark}{}", text.replace('\n', line_end)));
        }
        let run = project.run(["plan", "--sandbox", "--reveal"]).code(0);
        assert!(
            run.stdout.contains("│ Hi Nora,\n      │ the shop\n      │ opens.\n      │ \n      │ see you soon.\n"),
            "{run}"
        );
        digests.push(digest(&run));
    }
    assert!(digests.first().is_some_and(|first| first.starts_with("plan/v1:")), "{digests:?}");
    digests.dedup();
    assert_eq!(digests.len(), 1, "{digests:?}");
}

#[test]
fn a_difference_that_nobody_sees_is_shown() {
    let project = project("ig,name\n27841400000000031,Nora\n");
    project.write("note.yaml", campaign("winter", "", "      text: \"Hi {{ name }}, see you\"\n"));
    project.run(["plan", "--sandbox", "--out", "winter.plan"]).code(0);
    project.write("note.yaml", campaign("winter", "", "      text: \"Hi {{ name }}, see\u{a0}you\"\n"));
    let run = project.run(["apply", "winter.plan", "--sandbox", "--auto-approve"]).code(5);
    let shown = format!("{}{}", run.stdout, run.stderr);
    assert!(shown.contains("- Hi {{ name }}, see you (no line end)"), "{run}");
    assert!(shown.contains("+ Hi {{ name }}, see<U+00A0>you (no line end)"), "{run}");
}

#[test]
fn a_long_text_in_cyrillic_says_both_lengths() {
    let content = text(&format!("{{{{ name }}}} {}", "скидка ".repeat(80).trim_end()));
    let run = plan("ig,name\n27841400000000031,Нора\n", &campaign("winter", "", &content)).code(3);
    assert!(run.stderr.contains("the text has 1048 bytes, but the channel takes 1,000"), "{run}");
}

#[test]
fn a_slice_of_nothing_is_nothing_whatever_its_bounds_are() {
    let guests = "ig,name,town\n27841400000000031,Nora,\n27841400000000032,Luka,Pula\n";
    for bounds in ["::-1", "5::-1", "-1:", "::-9223372036854775808", "9223372036854775807::-9223372036854775807"] {
        let line = format!(
            "Hi {{{{ name }}}}{{{{ town[{bounds}] | fallback(\"!\") }}}}{{{{ (town | split(\",\"))[{bounds}] | join | fallback(\"!\") }}}}"
        );
        let more = format!("    where: 'town[{bounds}] != \"x\"'\n");
        plan(guests, &campaign("winter", &more, &text(&line))).code(0);
    }
    let more = "    where: 'town[::-1] == \"aluP\"'\n";
    let run = plan(guests, &campaign("winter", more, &text("Hi {{ town[::-1] }}!"))).code(0);
    assert!(run.stdout.contains("Hi aluP!") && run.stdout.contains("1 filtered"), "{run}");
}

#[test]
fn samples_mask_values_and_show_each_branch_once() {
    let guests: String = (0..300)
        .map(|number| {
            let (town, opted_in) = match number {
                7 => ("Ptuj", "yes"),
                299 => ("Koper", "maybe"),
                _ => ("Pula", "no"),
            };
            format!("{},Pula,{town},{opted_in}\n", 27_841_400_000_000_100_u64 + number)
        })
        .collect();
    let content = "      text: |\n        Pula greets {{ name | upper }}{% if town == \"Ptuj\" %}, and Ptuj too{% elif town == \
        \"Koper\" %}. We are in {{ town }}{% endif %}!\n        {% if opted_in == \"maybe\" %}Are you in?{% endif %}\n";
    let shown = |content: &str| {
        let run = project(&format!("ig,name,town,opted_in\n{guests}"))
            .file("note.yaml", campaign("spring", "", content))
            .run(["plan", "--sandbox"])
            .code(0);
        let lines = run.stdout.lines().skip_while(|line| !line.starts_with("    shortest"));
        let lines = lines.take_while(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect::<String>();
        // Which one is between the others depends on the key.
        lines.replace("    between (", "    branch (")
    };
    insta::assert_snapshot!(shown(content), @"
    shortest (18 characters)
      │ Pula greets P•••!
    longest (46 characters)
      │ Pula greets P•••. We are in K•••!
      │ Are you in?
    branch (32 characters)
      │ Pula greets P•••, and Ptuj too!
    ");
    // What the short way does not know comes to the same.
    let by_engine = content.replace("{{ town }}", "{{ [town] | join }}");
    assert_eq!(shown(&by_engine), shown(content));
}

#[test]
fn of_many_branches_the_rest_is_counted() {
    let guests: String =
        (0..20).map(|number| format!("{},N,{number},no\n", 27_841_400_000_000_100_u64 + number)).collect();
    let branches: String =
        (0..20).map(|number| format!("{{% if town == \"{number}\" %}}town {number}{{% endif %}}")).collect();
    let run = project(&format!("ig,name,town,opted_in\n{guests}"))
        .file("note.yaml", campaign("spring", "", &text(&format!("Hi {branches}"))))
        .run(["plan", "--sandbox"])
        .code(0);
    assert!(run.stdout.contains("    and 12 more branches of the text\n"), "{run}");
    let json = run.stdout.matches("(9 characters)").count() + run.stdout.matches("(10 characters)").count();
    assert_eq!(json, 8, "{run}");
}

#[test]
fn branches_that_nobody_looked_at_are_no_number() {
    let shown = |people: u64, branches: u64, by_engine: bool| {
        let guest = |number| format!("{},N,{number},no\n", 27_841_400_000_000_100_u64 + number);
        let town = if by_engine { "([town] | join)" } else { "town" };
        let branch = |number| format!("{{% if {town} == \"{number}\" %}}town {number}{{% endif %}}");
        let content = text(&format!("Hi {}", (0..branches).map(branch).collect::<String>()));
        let run = project(&format!("ig,name,town,opted_in\n{}", (0..people).map(guest).collect::<String>()))
            .file("note.yaml", campaign("spring", "", &content))
            .run(["plan", "--sandbox"])
            .code(0);
        run.stdout.lines().find(|line| line.contains("branch") && !line.contains('(')).map(str::to_owned)
    };
    // More than are told apart, and more people than are looked at where the engine renders.
    let at_least = shown(70, 70, false).unwrap();
    assert!(
        at_least.starts_with("    and at least ") && at_least.ends_with(" more branches of the text"),
        "{at_least}"
    );
    let few = "    the text may have more branches: too many people, or branches, to look at all";
    assert_eq!(shown(2_001, 2, true).as_deref(), Some(few));
    assert_eq!(shown(2_001, 2, false), None);
    assert_eq!(shown(20, 2, true), None);
}
