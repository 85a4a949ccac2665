//! Recipients' ids as people bring them, and the one form that fingerprints are made of.

use std::borrow::Cow;

use crate::wire::cell::plain_id;
use crate::wire::visible::is_blank;

/// Which ids an account's recipients have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IdRule {
    /// ASCII digits, [`IdRule::DIGITS_MIN`] to [`IdRule::DIGITS_MAX`] of them, as Instagram's are.
    #[default]
    Numeric,
    /// Anything visible without white space inside.
    Any,
}

impl IdRule {
    /// The fewest digits of a numeric id.
    pub const DIGITS_MIN: usize = 6;
    /// The most digits of a numeric id.
    pub const DIGITS_MAX: usize = 20;
}

/// Why a recipient's id cannot be used. The id itself is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum ToError {
    /// Nothing that anybody could see.
    #[error("the recipient's id is empty")]
    Empty,
    /// `1.78414E+16`: a spreadsheet has cut the id.
    #[error("the recipient's id is in scientific notation: a spreadsheet has cut its digits")]
    Scientific,
    /// `17841400000000001.0`: a spreadsheet, or a program, has taken the id for a number.
    #[error("the recipient's id has decimals: it was taken for a number on the way")]
    Decimal,
    /// A control character inside.
    #[error("the recipient's id holds a control character")]
    Control,
    /// White space or a mark without width inside: the same id in disguise.
    #[error("the recipient's id holds white space or an invisible character")]
    Invisible,
    /// `NULL`, `N/A`, `-`: what programs write where nothing is.
    #[error("not an id: it is a word or a sign for nothing")]
    Nothing,
    /// `#N/A`, `#REF!`, `########`: what spreadsheets show in place of a value.
    #[error("not an id: it is what a spreadsheet shows for an error, or in a column that is too narrow")]
    Spreadsheet,
    /// `@ana.shop`, `ana_shop`: what people call themselves.
    #[error("not an id: it is a name, not the number that the gateway knows the person by")]
    Name,
    /// `ana@example.com`.
    #[error("not an id: it is an e-mail address")]
    Email,
    /// `https://instagram.com/ana.shop`.
    #[error("not an id: it is a web address")]
    Url,
    /// Digits that are not `0` to `9`: full-width ones, or another script's.
    #[error("not an id: its digits are not the ASCII digits 0 to 9")]
    OtherDigits,
    /// `17841400000000001/17841400000000002`, `17,841,400`: digits with marks between them.
    #[error("not an id: it has marks among its digits, or is several ids")]
    Marks,
    /// Fewer digits than any id has.
    #[error("not an id: it has fewer than {} digits", IdRule::DIGITS_MIN)]
    Short,
    /// More digits than any id has.
    #[error("not an id: it has more than {} digits", IdRule::DIGITS_MAX)]
    Long,
    /// Anything else that is not all digits.
    #[error("not an id: it is not all digits")]
    NotDigits,
}

impl ToError {
    /// What to do about it.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::Empty => "leave such rows out with `where`",
            Self::Scientific | Self::Decimal => {
                "export the column as text: what a spreadsheet takes for a number loses its last digits"
            }
            Self::Control | Self::Invisible => "export the column without anything around the ids",
            Self::Nothing | Self::Name | Self::Email | Self::Url => {
                "the column must hold the person's numeric Instagram-scoped id; `recipients: { ids: any }` in the \
                 project file is for accounts with other ids"
            }
            Self::OtherDigits => "write ids in the digits 0 to 9",
            Self::Marks => "an id is digits alone: nothing stands before, between or behind them",
            Self::Spreadsheet => "look at the cells in the spreadsheet, and export the column as text",
            Self::Short | Self::Long | Self::NotDigits => {
                "an id has 6 to 20 digits; `recipients: { ids: any }` in the project file is for accounts with other \
                 ids"
            }
        }
    }
}

/// The form of a recipient's id that fingerprints are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CanonicalTo<'a> {
    canonical: &'a str,
    sent: &'a str,
}

impl<'a> CanonicalTo<'a> {
    /// Takes an id in the one form of cells, without what nobody sees and what spreadsheets wrap around
    /// it (`'…`, `="…"`); of an id that is all digits otherwise, drops a leading `+` or `00`. Then its shape is checked.
    ///
    /// # Errors
    /// If the id is empty, in scientific notation, all digits with decimals, or holds a control
    /// character, white space or an invisible character; or if it is not of the shape that the rule
    /// wants.
    pub fn parse(to: &'a str, rule: IdRule) -> Result<Self, ToError> {
        // A quote of its own is nothing that an id has, so that nothing of the id had to be written anew.
        let sent = match plain_id(to) {
            Cow::Borrowed(sent) => sent,
            Cow::Owned(_) => to,
        };
        // Nearly every id is digits and nothing else.
        let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let canonical = sent.strip_prefix('+').or_else(|| sent.strip_prefix("00")).unwrap_or(sent);
        if all_digits(canonical) {
            return match (rule, canonical.len()) {
                (IdRule::Numeric, ..IdRule::DIGITS_MIN) => Err(ToError::Short),
                (IdRule::Numeric, length) if length > IdRule::DIGITS_MAX => Err(ToError::Long),
                (IdRule::Numeric | IdRule::Any, _) => Ok(Self { canonical, sent }),
            };
        }
        match (rule, hidden(sent)) {
            // A title, or a sentence, is no id with a blank in it.
            (IdRule::Numeric, Some(ToError::Invisible)) if sent.contains(char::is_alphabetic) => Err(reason(sent)),
            (_, Some(error)) => Err(error),
            (IdRule::Any, None) if NOTHING_EVER.contains(&sent) => Err(ToError::Nothing),
            (IdRule::Any, None) if is_spreadsheets(sent) => Err(ToError::Spreadsheet),
            (IdRule::Any, None) => Ok(Self { canonical: sent, sent }),
            (IdRule::Numeric, None) => Err(reason(sent)),
        }
    }

    /// The text that fingerprints are made of.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.canonical
    }

    /// The text that goes to the gateway: as it was written, without blanks and wrappers around it.
    #[must_use]
    pub const fn sent(&self) -> &'a str {
        self.sent
    }
}

/// Words for nothing, in exact spellings that nobody is called by.
const NOTHING_EVER: [&str; 10] = ["NULL", "null", "N/A", "n/a", "undefined", "\\N", "(null)", "nil", "-", "--"];

/// Whether a spreadsheet shows this in place of a value.
fn is_spreadsheets(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('#') else { return false };
    rest.ends_with(['!', '?', '#']) || ["n/a", "nv", "n/d"].contains(&rest.to_lowercase().as_str())
}

/// What makes an id unusable whatever the rule.
fn hidden(to: &str) -> Option<ToError> {
    if is_blank(to) {
        Some(ToError::Empty)
    } else if to.chars().any(char::is_control) {
        Some(ToError::Control)
    } else if to.chars().any(is_invisible) {
        Some(ToError::Invisible)
    } else if is_scientific(to) {
        Some(ToError::Scientific)
    } else if is_decimal(to) {
        Some(ToError::Decimal)
    } else {
        None
    }
}

/// What an id that is not all digits may be instead.
fn reason(to: &str) -> ToError {
    const NOTHING: [&str; 13] = [
        "null",
        "nil",
        "none",
        "nan",
        "n/a",
        "na",
        "undefined",
        "\\n",
        "(null)",
        "[null]",
        "<null>",
        "<nil>",
        "[object object]",
    ];
    let lower = to.to_ascii_lowercase();
    let digits = to.chars().filter(char::is_ascii_digit).count();
    if to.bytes().all(|byte| byte.is_ascii_digit()) {
        ToError::Short
    } else if is_spreadsheets(to) {
        ToError::Spreadsheet
    } else if NOTHING.contains(&lower.as_str()) || to.chars().all(|mark| !mark.is_alphanumeric()) {
        ToError::Nothing
    } else if to.chars().any(|mark| mark.is_numeric() && !mark.is_ascii()) {
        ToError::OtherDigits
    } else if lower.contains("://") || lower.starts_with("www.") || lower.contains(".com/") {
        ToError::Url
    } else if to.strip_prefix('@').is_some_and(|name| !name.is_empty()) {
        ToError::Name
    } else if to.split_once('@').is_some_and(|(_, host)| host.contains('.')) {
        ToError::Email
    } else if digits > 0 && to.chars().all(|mark| !mark.is_alphabetic()) {
        ToError::Marks
    } else if digits < IdRule::DIGITS_MIN {
        ToError::Name
    } else {
        ToError::NotDigits
    }
}

/// Whether a text is digits, with or without a decimal mark, and an exponent.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let mantissa = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let marks = mantissa.bytes().filter(|byte| matches!(byte, b'.' | b',')).count();
    let mantissa: String = mantissa.chars().filter(|mark| !matches!(mark, '.' | ',')).collect();
    marks <= 1 && !mantissa.is_empty() && !exponent.is_empty() && digits(&mantissa) && digits(exponent)
}

/// Whether a text is digits with nothing but zeros behind a decimal mark.
fn is_decimal(text: &str) -> bool {
    let Some((whole, decimals)) = text.split_once(['.', ',']) else { return false };
    let all = |text: &str, digit: fn(&u8) -> bool| !text.is_empty() && text.as_bytes().iter().all(digit);
    all(whole, u8::is_ascii_digit) && all(decimals, |byte| *byte == b'0')
}

/// Whether nobody sees a character: white space, and the marks without width that copying out
/// of a page or a spreadsheet brings along. What is refused here is part of what an id is, so it does not
/// follow the wider rule for texts.
fn is_invisible(mark: char) -> bool {
    mark.is_whitespace()
        || matches!(mark, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::{CanonicalTo, IdRule, ToError};

    fn canonical(to: &str, rule: IdRule) -> Result<String, ToError> {
        CanonicalTo::parse(to, rule).map(|to| to.as_str().to_owned())
    }

    #[test]
    fn spellings_of_one_id_are_one() {
        let check = |to: &str, expect: Result<&str, ToError>| {
            for rule in [IdRule::Numeric, IdRule::Any] {
                assert_eq!(canonical(to, rule).as_deref().map_err(|error| *error), expect, "{to}");
            }
        };
        check("17841400000000001", Ok("17841400000000001"));
        check(" 17841400000000001\t", Ok("17841400000000001"));
        check("+385911234567", Ok("385911234567"));
        check("00385911234567", Ok("385911234567"));
        check("0911234567", Ok("0911234567"));
        check("'17841400000000001", Ok("17841400000000001"));
        check(" ' 17841400000000001", Ok("17841400000000001"));
        check("=\"17841400000000001\"", Ok("17841400000000001"));
        check("=\"+385911234567\"", Ok("385911234567"));
        check("", Err(ToError::Empty));
        check("  ", Err(ToError::Empty));
        check("'", Err(ToError::Empty));
        check("\u{200b}\u{3164}", Err(ToError::Empty));
        check("=\"\"", Err(ToError::Empty));
        check("1.78414E+16", Err(ToError::Scientific));
        check("1,78414e16", Err(ToError::Scientific));
        check("178e3", Err(ToError::Scientific));
        check("1784\u{1b}1", Err(ToError::Control));
        check("17841400000000001.0", Err(ToError::Decimal));
        check("17841400000000001,00", Err(ToError::Decimal));
        check("+385 91 1234567", Err(ToError::Invisible));
        check("17841400000000001\u{200b}", Ok("17841400000000001"));
        check("\u{feff}17841400000000001", Ok("17841400000000001"));
        check("1784140\u{200b}0000000001", Err(ToError::Invisible));
    }

    #[test]
    fn what_is_sent_loses_its_wrapper_only() {
        let check = |to: &str, sent: &str| {
            assert_eq!(CanonicalTo::parse(to, IdRule::Numeric).map(|to| to.sent().to_owned()).as_deref(), Ok(sent));
        };
        check(" '17841400000000001 ", "17841400000000001");
        check("=\"17841400000000001\"", "17841400000000001");
        check("+385911234567", "+385911234567");
    }

    #[test]
    fn other_accounts_have_other_ids() {
        for to in ["user.name", "+user", "00user", "1e5user", "deadbeef", "1784.5", "00", "+", "1784", "id_1"] {
            assert!(CanonicalTo::parse(to, IdRule::Any).is_ok(), "{to}");
            assert!(CanonicalTo::parse(to, IdRule::Numeric).is_err(), "{to}");
        }
    }

    #[test]
    fn what_is_no_id_is_told_why() {
        let check = |to: &str, expect: ToError| assert_eq!(canonical(to, IdRule::Numeric), Err(expect), "{to}");
        for to in ["NULL", "null", "N/A", "-", "--", "undefined", "None", "\\N", "?"] {
            check(to, ToError::Nothing);
        }
        for to in ["#N/A", "#REF!", "########", "#NV", "#NAME?"] {
            check(to, ToError::Spreadsheet);
            assert_eq!(canonical(to, IdRule::Any), Err(ToError::Spreadsheet), "{to}");
        }
        for to in ["#17841400000000001", "(17841400000000001)", "’17841400000000001"] {
            check(to, ToError::Marks);
        }
        check("Total: 1", ToError::Name);
        for to in ["NULL", "N/A", "-", "undefined"] {
            assert_eq!(canonical(to, IdRule::Any), Err(ToError::Nothing), "{to}");
        }
        for to in ["@ana.shop", "ana_shop", "Total", "ana"] {
            check(to, ToError::Name);
        }
        check("ana@example.com", ToError::Email);
        check("https://instagram.com/ana.shop", ToError::Url);
        check("instagram.com/ana", ToError::Url);
        check("１７８４１４００００００００００１", ToError::OtherDigits);
        check("١٧٨٤١٤٠٠٠", ToError::OtherDigits);
        for to in ["17841400000000003/17841400000000004", "17,841,400,000", "[17841400000000005]", "178-414-000"] {
            check(to, ToError::Marks);
        }
        for to in ["178414000000000O9", "id_17841400000000007"] {
            check(to, ToError::NotDigits);
        }
        for to in ["0", "1", "00", "12345", "0012345"] {
            check(to, ToError::Short);
        }
        check("178414000000000031784140000000003", ToError::Long);
        assert!(canonical("99999999999999999999", IdRule::Numeric).is_ok());
    }
}
