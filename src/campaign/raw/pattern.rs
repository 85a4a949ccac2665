//! The forms of texts, as regular expressions, and what to say if a text has another form.

/// Ids of projects and campaigns.
pub(in crate::campaign) const ID: &str = "^[a-z0-9][a-z0-9-]{0,39}$";
/// Ids of messages.
pub(in crate::campaign) const MESSAGE_ID: &str = "^[a-z0-9][a-z0-9-]{0,29}$";
/// Names of senders, audiences and schedules.
pub(in crate::campaign) const NAME: &str = "^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$";
/// What a project retires: `campaign` or `campaign.message`.
pub(in crate::campaign) const RETIRED: &str = r"^[a-z0-9][a-z0-9-]{0,39}(\.[a-z0-9][a-z0-9-]{0,29})?$";
/// What stands between two columns: one printable character that is no letter, digit, quote or blank; or
/// `tab`.
pub(in crate::campaign) const DELIMITER: &str = r"^([!#$%&()*+,./:;<=>?@\^_`{|}~-]|\t|tab)$";
/// Durations of one unit.
pub(in crate::campaign) const DURATION: &str = "^[1-9][0-9]{0,5}[smhd]$";
/// What a message costs.
pub(in crate::campaign) const PRICE: &str = r"^[0-9]{1,6}(\.[0-9]{1,5})? [A-Z]{3}$";
/// How many messages the channel takes in a second, minute or hour.
pub(in crate::campaign) const RATE: &str = "^(1000000|[1-9][0-9]{0,5})/[smh]$";
/// Whole percents from 0 to 100.
pub(in crate::campaign) const PERCENT: &str = "^(100|[1-9]?[0-9])%$";
/// Local dates and times.
pub(in crate::campaign) const LOCAL: &str =
    "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]) ([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$";
/// Dates and times in UTC.
pub(in crate::campaign) const INSTANT: &str =
    "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]) ([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?Z$";
/// Names of time zones; no offsets.
pub(in crate::campaign) const ZONE: &str = "^[A-Za-z][A-Za-z0-9_+/-]{0,63}$";
/// Names of a git remote or branch: no option, no path upwards.
pub(in crate::campaign) const GIT_NAME: &str = r"^[A-Za-z0-9_]([A-Za-z0-9_/-]|\.[A-Za-z0-9_-])*$";
/// Names of a schema of PostgreSQL that need no quotes.
pub(in crate::campaign) const DATABASE_SCHEMA: &str = "^[a-z_][a-z0-9_]{0,62}$";

/// Says, as a lowercase fragment, which form a text must have.
pub(in crate::campaign) fn explanation(pattern: &str) -> Option<&'static str> {
    let explanation = match pattern {
        ID => "an id has 1 to 40 lower-case letters, digits and hyphens, and begins with a letter or digit",
        MESSAGE_ID => {
            "a message's id has 1 to 30 lower-case letters, digits and hyphens, and begins with a letter or digit"
        }
        NAME => "a name has 1 to 60 letters, digits, hyphens and underscores, and begins with a letter or digit",
        RETIRED => "what is retired is a campaign's id, or a campaign's and a message's: `spring-sale.announce`",
        DELIMITER => "a delimiter is one character such as `;`, `|` or `,`, or the word `tab`",
        DURATION => "a duration is a whole number with one unit: `90s`, `15m`, `2h` or `3d`",
        PRICE => "a price is an amount and a currency: `0.15 EUR`",
        RATE => "a rate is a number from 1 to 1000000 a second, minute or hour: `20/s`, `600/m` or `1000/h`",
        PERCENT => "a share is a whole number from 0 to 100 with a percent sign: `10%`",
        LOCAL => "a local time is written `YYYY-MM-DD HH:MM`, without an offset: `timeZone` says whose clock it is on",
        INSTANT => "a time in UTC is written `YYYY-MM-DD HH:MMZ`",
        ZONE => "a time zone has a name of the IANA database, such as `Europe/Zagreb`, and is no offset",
        GIT_NAME => "a name in git has letters, digits, hyphens, underscores, slashes and single dots inside",
        DATABASE_SCHEMA => "a schema has 1 to 63 lower-case letters, digits and underscores, and begins with no digit",
        _ => return None,
    };
    Some(explanation)
}
