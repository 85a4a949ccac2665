//! Whom a text may be about that is no id, but has one in it: `id: 17841400000000001`, `(17841400000000001)`,
//! an id with a blank inside. Nobody is ever sent to by such a text; it only holds people back.

use std::collections::BTreeSet;

use crate::identity::{CanonicalTo, IdRule};
use crate::wire::visible::is_invisible;

/// The longest text that is looked into, in bytes.
const BYTES_MAX: usize = 1024;
/// How many ids a text may hold.
const IDS_MAX: usize = 64;
/// Where the digits of other scripts begin, each in the order from 0 to 9.
const ZEROS: [u32; 20] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20, 0x1040,
    0x17e0, 0x1810, 0x19d0, 0xff10,
];

/// Finds the ids that stand in a text, in the form that fingerprints are made of: the whole of it without
/// what nobody sees, all its digits together, each run of digits, and digits with letters that are taken
/// for them.
#[must_use]
pub fn meant(text: &str, rule: IdRule) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if text.len() > BYTES_MAX {
        return found;
    }
    let mut add = |text: &str| {
        if found.len() < IDS_MAX
            && let Ok(id) = CanonicalTo::parse(text, rule)
        {
            found.insert(id.as_str().to_owned());
        }
    };
    let seen: String = text.chars().filter(|mark| !is_invisible(*mark)).map(ascii_digit).collect();
    add(&seen);
    match rule {
        IdRule::Any => {
            text.split(|mark: char| is_invisible(mark) || "()[]<>,;\"'".contains(mark)).for_each(&mut add);
            seen.split(['.', ',']).take(1).for_each(&mut add);
        }
        IdRule::Numeric => {
            let digits: String = seen.chars().filter(char::is_ascii_digit).collect();
            add(&digits);
            for run in seen.split(|mark: char| !mark.is_ascii_digit()).filter(|run| !run.is_empty()) {
                add(run);
                // Two ids that nothing stands between.
                for length in 15..=IdRule::DIGITS_MAX.min(run.len()) {
                    run.get(..length).into_iter().chain(run.get(run.len() - length..)).for_each(&mut add);
                }
            }
            let letters = |mark: &char| mark.is_alphabetic();
            if seen.chars().filter(letters).all(|mark| "oOlIi".contains(mark)) {
                let alike = |mark| match mark {
                    'o' | 'O' => '0',
                    'l' | 'I' | 'i' => '1',
                    other => other,
                };
                add(&seen.chars().map(alike).filter(char::is_ascii_digit).collect::<String>());
            }
        }
    }
    found
}

/// The digit 0 to 9 that another script's is.
fn ascii_digit(mark: char) -> char {
    let code = u32::from(mark);
    let value = ZEROS.iter().find_map(|zero| code.checked_sub(*zero).filter(|value| *value < 10));
    value.and_then(|value| char::from_digit(value, 10)).unwrap_or(mark)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    const ID: &str = "17841400000000001";

    #[test]
    fn an_id_is_found_in_what_is_none() {
        for text in [
            "17841400000000001.0",
            "17841400000000001,00",
            "’17841400000000001",
            "#17841400000000001",
            "(17841400000000001)",
            "id_17841400000000001",
            " \"\"17841400000000001",
            "17841400 0000\u{200b}00001",
            "17,841,400,000,000,001",
            "１７８４１４００００００００００１",
            "178414000000000Ol",
            "https://instagram.com/17841400000000001?x=2",
            "17841400000000003/17841400000000001",
            "1784140000000000317841400000000001",
            "00178414000000000\u{7}01",
        ] {
            assert!(meant(text, IdRule::Numeric).contains(ID), "{text}: {:?}", meant(text, IdRule::Numeric));
        }
        for text in ["", "NULL", "ana.shop", "1.7E+16", "12 34"] {
            assert!(meant(text, IdRule::Numeric).is_empty(), "{text}: {:?}", meant(text, IdRule::Numeric));
        }
        for text in ["ana\u{200b}.shop", "(ana.shop) \u{7}", "ana.shop\u{a0}x"] {
            assert!(meant(text, IdRule::Any).contains("ana.shop"), "{text}");
        }
        assert!(meant("17841400000000001.0", IdRule::Any).contains(ID));
    }

    proptest! {
        #[test]
        fn whatever_stands_around_an_id_it_is_found(before in "[a-z(#:’ .]{0,5}", behind in "[a-z) .,;\u{a0}]{0,5}") {
            let text = format!("{before}{ID}{behind}");
            prop_assert!(meant(&text, IdRule::Numeric).contains(ID));
        }
    }
}
