//! What serde, and what is beneath it, says of something that it cannot read, in the words of the guide. No other file
//! knows how they put it, and nothing of a value is repeated.

/// What something is wrong with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blamed<'s> {
    /// With the value at hand.
    Value,
    /// With the name at hand.
    Name,
    /// With this name in the mapping at hand.
    Inside(&'s str),
}

/// Says what is wrong, and with what.
pub(super) fn in_our_words(said: &str) -> (Blamed<'_>, String) {
    if let Some(rest) = said.strip_prefix("unknown field `") {
        return (Blamed::Name, not_known(rest));
    }
    if let Some(name) = said.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`')) {
        return (Blamed::Inside(name), "must not be there twice".to_owned());
    }
    (Blamed::Value, wanted(said))
}

/// Says that a name is not known, and which ones are: of a name, and what is expected instead of it.
fn not_known(rest: &str) -> String {
    // A name may be anything, and what is expected has no such words in it.
    let Some((name, known)) = rest.rsplit_once("`, expected ") else {
        return "must not be there: nothing is to be said here".to_owned();
    };
    let known = known.strip_prefix("one of ").unwrap_or(known);
    match name {
        "" => format!("must name all that it has: there is {known}"),
        _ => format!("is not known here: there is {known}"),
    }
}

/// Says what is wanted instead of a value.
fn wanted(said: &str) -> String {
    let expected = |begin: &str| said.strip_prefix(begin).and_then(|rest| rest.rsplit_once(", expected "));
    if let Some((_, names)) = expected("unknown variant ") {
        return format!("must be {names}");
    }
    if let Some(name) = said.strip_prefix("missing field ") {
        return format!("must have {name}");
    }
    if let Some((found, wanted)) = expected("invalid type: ") {
        return format!("must be {}, not {}", kind_wanted(wanted), kind_found(found));
    }
    if let Some((_, wanted)) = expected("invalid value: ") {
        return format!("must be {}", kind_wanted(wanted));
    }
    match said {
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            "must be a whole number, such as 2".to_owned()
        }
        "number too large to fit in target type" => "must be a smaller number".to_owned(),
        "number too small to fit in target type" => "must be a larger number".to_owned(),
        _ if said.starts_with("data did not match any variant of untagged enum ") => {
            "has none of the forms that are known here".to_owned()
        }
        // A type of our own has said it.
        _ => said.to_owned(),
    }
}

/// What is wanted.
fn kind_wanted(wanted: &str) -> String {
    let whole = |max: u64| format!("a whole number from 0 to {max}");
    match wanted {
        "u8" => whole(u64::from(u8::MAX)),
        "u16" => whole(u64::from(u16::MAX)),
        "u32" => whole(u64::from(u32::MAX)),
        "u64" | "usize" => "a whole number that is not negative".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a string" => "a text".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a sequence" => "a list".to_owned(),
        "variant identifier" | "string or map" => "one of its names".to_owned(),
        _ if wanted == "a map" || wanted.starts_with("struct ") => "a mapping of names to values".to_owned(),
        _ if wanted.starts_with("enum ") => "one of its names".to_owned(),
        _ => wanted.to_owned(),
    }
}

/// What stands there instead: never its value.
fn kind_found(found: &str) -> &'static str {
    match found.split([' ', '`']).next().unwrap_or_default() {
        "string" | "character" => "a text",
        "integer" => "a number without quotes",
        "floating" => "a number with a fraction",
        "boolean" => "`true` or `false`",
        "sequence" => "a list",
        "map" => "a mapping",
        _ => "nothing",
    }
}
