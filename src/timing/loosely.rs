//! Reads a date and a time of day in whatever form people write them.

use jiff::civil::{Date, Time};

use super::offset;

/// What can be read from a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LooseTime {
    /// The date; two if day and month may be either; none if none is written.
    pub dates: Vec<Date>,
    /// The time of day, if one is written.
    pub time: Option<Time>,
    /// The offset in minutes, if there is one.
    pub offset: Option<i32>,
}

impl LooseTime {
    /// Reads a text; `None` if anything in it is not understood.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let (text, offset) = without_offset(&text);
        let mut tokens = tokens(text)?;
        let time = take_time(&mut tokens)?;
        let dates = dates(&tokens)?;
        (time.is_some() || !dates.is_empty()).then_some(Self { dates, time, offset })
    }
}

/// Cuts an offset off that stands behind a time of day.
fn without_offset(text: &str) -> (&str, Option<i32>) {
    let Some(colon) = text.find(':') else { return (text, None) };
    let behind = text.char_indices().skip_while(|(at, _)| *at < colon);
    let starts = behind.filter(|(_, char)| matches!(char, '+' | '-' | '\u{2212}' | 'z' | 'u' | 'g'));
    for (at, _) in starts {
        if let Some((time, written)) = text.split_at_checked(at)
            && let Some(minutes) = offset::parse(written)
        {
            return (time.trim_end(), Some(minutes));
        }
    }
    (text, None)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'a> {
    Number(&'a str),
    Word(&'a str),
    Sign(char),
}

/// Words that say nothing here.
const NOISE: [&str; 21] = [
    "at",
    "on",
    "of",
    "the",
    "st",
    "nd",
    "rd",
    "th",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];

/// Takes a text apart; `None` if it is too long for a time, or has signs that no time has.
fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    const LENGTH_MAX: usize = 40;
    if text.len() > LENGTH_MAX {
        return None;
    }
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let class = |char: char| (char.is_ascii_digit(), char.is_alphabetic());
        let length = match class(first) {
            (false, false) => first.len_utf8(),
            of => rest.find(|char| class(char) != of).unwrap_or(rest.len()),
        };
        let (piece, behind) = rest.split_at_checked(length)?;
        rest = behind;
        match class(first) {
            (true, _) => tokens.push(Token::Number(piece)),
            // ISO 8601 puts it between date and time.
            (_, true) if piece != "t" && piece != "sunday" && !NOISE.contains(&piece) => {
                tokens.push(Token::Word(piece));
            }
            (_, true) => {}
            _ if first.is_whitespace() || first == ',' || first == '_' => {}
            _ if matches!(first, ':' | '.' | '-' | '/') => tokens.push(Token::Sign(first)),
            _ => return None,
        }
    }
    Some(tokens)
}

/// Takes the time of day out of the tokens, if one is in it; `None` if there is no such time.
fn take_time(tokens: &mut Vec<Token<'_>>) -> Option<Option<Time>> {
    let number = |token: Option<&Token<'_>>| match token {
        Some(Token::Number(digits)) if digits.len() <= 2 => digits.parse::<i8>().ok(),
        _ => None,
    };
    for at in 0..tokens.len() {
        let Some(hour) = number(tokens.get(at)) else { continue };
        let mut end = at + 1;
        let (mut minute, mut second) = (0, 0);
        while let (true, Some(part)) = (tokens.get(end) == Some(&Token::Sign(':')), number(tokens.get(end + 1))) {
            second = if end > at + 1 { part } else { second };
            minute = if end > at + 1 { minute } else { part };
            end += 2;
        }
        let half = match tokens.get(end) {
            Some(Token::Word("am" | "a")) => Some(0),
            Some(Token::Word("pm" | "p")) => Some(12),
            _ => None,
        };
        let is_hour = matches!(tokens.get(end), Some(Token::Word("h" | "uhr")));
        if end == at + 1 && half.is_none() && !is_hour {
            continue;
        }
        if is_hour && end == at + 1 {
            minute = number(tokens.get(end + 1)).unwrap_or(0);
            end += usize::from(number(tokens.get(end + 1)).is_some());
        }
        end += usize::from(half.is_some() || is_hour);
        let hour = match half {
            Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
            Some(_) => return None,
            None => hour,
        };
        tokens.drain(at..end.min(tokens.len()));
        return Time::new(hour, minute, second, 0).ok().map(Some);
    }
    Some(None)
}

/// The dates that the tokens may stand for; `None` if they are something else.
fn dates(tokens: &[Token<'_>]) -> Option<Vec<Date>> {
    let mut month = None;
    let mut numbers: Vec<&str> = Vec::new();
    for token in tokens {
        match token {
            Token::Number(digits) => numbers.push(digits),
            Token::Word(word) if month.is_none() => month = Some(month_of(word)?),
            Token::Word(_) => return None,
            Token::Sign(_) => {}
        }
    }
    let date = |year: &str, month: i8, day: &str| Date::new(year.parse().ok()?, month, day.parse().ok()?).ok();
    let is_year = |digits: &str| digits.len() == 4;
    let is_part = |digits: &str| digits.len() <= 2;
    let found: Vec<Date> = match (month, numbers.as_slice()) {
        (None, []) => return Some(Vec::new()),
        (Some(month), [day, year]) | (Some(month), [year, day]) if is_part(day) && is_year(year) => {
            date(year, month, day).into_iter().collect()
        }
        (None, [year, month, day]) if is_year(year) && is_part(month) && is_part(day) => {
            date(year, month.parse().ok()?, day).into_iter().collect()
        }
        (None, [one, other, year]) if is_part(one) && is_part(other) && is_year(year) => {
            let both = [date(year, other.parse().ok()?, one), date(year, one.parse().ok()?, other)];
            let mut found: Vec<Date> = both.into_iter().flatten().collect();
            found.dedup();
            found
        }
        (None, [digits]) if digits.len() == 8 => {
            let (year, rest) = digits.split_at_checked(4)?;
            let (month, day) = rest.split_at_checked(2)?;
            date(year, month.parse().ok()?, day).into_iter().collect()
        }
        _ => return None,
    };
    (!found.is_empty()).then_some(found)
}

fn month_of(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let at = MONTHS
        .iter()
        .position(|month| word.len() >= 3 && (month.starts_with(word) || word == "sept" && *month == "september"))?;
    i8::try_from(at + 1).ok()
}
