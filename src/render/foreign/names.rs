//! Names as other tools write them, and the columns that they may mean.

use crate::render::ColumnNames;

/// A name without what tools write differently: capitals, blanks, underscores, hyphens.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The names that the inside of a placeholder may hold, the likeliest first, each in plain form.
pub(super) fn candidates(inside: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    // What stands behind a bar, a colon or a comma is what to write if the name is blank.
    let parts = inside.split(['|', ':', ',', '?', '=', '(', ')', '"', '\'']);
    for part in std::iter::once(inside).chain(parts) {
        for name in [part, part.rsplit('.').next().unwrap_or_default()] {
            let name = plain(name);
            if !name.is_empty() && !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

/// The column that one of these names is.
pub(super) fn column<'a>(names: &[String], header: &'a ColumnNames) -> Option<&'a str> {
    names.iter().find_map(|name| header.names().iter().find(|column| plain(column) == *name)).map(String::as_str)
}

/// The column that is surely meant, though it is called otherwise. A hint at another column would be
/// worse than none.
pub(super) fn similar<'a>(names: &[String], header: &'a ColumnNames) -> Option<&'a str> {
    const SIMILARITY_MIN: f64 = 0.93;
    let columns = || header.names().iter().map(String::as_str);
    names.iter().find_map(|name| {
        let meant = SHORT.iter().find(|(short, _)| short == name).map_or(name.as_str(), |(_, long)| *long);
        let near = |column: &&str| {
            let column = plain(column);
            column == meant || column.len() > 6 && strsim::jaro_winkler(&column, meant) >= SIMILARITY_MIN
        };
        columns().find(near)
    })
}

/// How a name is written as a column, if nobody knows the columns.
pub(super) fn as_column(names: &[String], inside: &str) -> String {
    let long = names.iter().find_map(|name| SHORT.iter().find(|(short, _)| short == name));
    if let Some((_, long)) = long {
        return match *long {
            "firstname" => "first_name".to_owned(),
            "lastname" => "last_name".to_owned(),
            other => other.to_owned(),
        };
    }
    let name = inside.split(['|', ':', ',', '?', '=', '(']).next().unwrap_or_default();
    let name = name.rsplit('.').next().unwrap_or_default();
    let words: Vec<String> = name
        .split(|next: char| !next.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    if words.is_empty() { "first_name".to_owned() } else { words.join("_") }
}

/// Short names of other tools, in plain form.
const SHORT: &[(&str, &str)] = &[
    ("fname", "firstname"),
    ("first", "firstname"),
    ("givenname", "firstname"),
    ("vorname", "firstname"),
    ("lname", "lastname"),
    ("last", "lastname"),
    ("surname", "lastname"),
    ("familyname", "lastname"),
];

/// Whether a word is one that placeholders are made of, rather than one of a text.
pub(super) fn is_telling(inside: &str) -> bool {
    inside.contains('_') || TELLING.contains(&plain(inside).as_str())
}

const TELLING: &[&str] = &[
    "name",
    "fname",
    "lname",
    "firstname",
    "lastname",
    "fullname",
    "username",
    "nickname",
    "givenname",
    "familyname",
    "surname",
    "email",
    "emailaddress",
    "phone",
    "phonenumber",
    "mobile",
    "city",
    "country",
    "address",
    "zip",
    "company",
    "birthday",
    "birthdate",
    "code",
    "coupon",
    "couponcode",
    "promocode",
    "discountcode",
    "voucher",
    "customer",
    "customername",
    "customerid",
    "user",
    "userid",
    "contact",
    "recipient",
    "subscriber",
    "unsubscribe",
    "unsubscribelink",
    "product",
    "productname",
    "price",
    "amount",
    "order",
    "orderid",
    "ordernumber",
    "recipientfirst",
    "recipientname",
    "contactname",
    "yourname",
    "insertname",
    "ime",
    "prezime",
];

#[cfg(test)]
mod tests {
    use super::{as_column, candidates, column, similar};
    use crate::render::ColumnNames;

    #[test]
    fn names_of_other_tools_find_their_columns() {
        let header = ColumnNames::new(["instagram_id", "First Name", "country"].map(str::to_owned).to_vec());
        let check = |inside: &str, is: Option<&str>, like: Option<&str>| {
            let names = candidates(inside);
            assert_eq!(column(&names, &header), is, "{inside}");
            assert_eq!(similar(&names, &header).filter(|_| is.is_none()), like, "{inside}");
        };
        check("first_name", Some("First Name"), None);
        check("FIRST-NAME", Some("First Name"), None);
        check("contact.FirstName", Some("First Name"), None);
        check("first_name|there", Some("First Name"), None);
        check("IF:COUNTRY", Some("country"), None);
        check("FNAME", None, Some("First Name"));
        check("recipient.first", None, Some("First Name"));
        check("frist_name", None, Some("First Name"));
        check("coupon", None, None);
        check("surname", None, None);
        let form = |inside: &str| as_column(&candidates(inside), inside);
        assert_eq!(form("FNAME"), "first_name");
        assert_eq!(form("COUPON CODE"), "coupon_code");
        assert_eq!(form("user.city|there"), "city");
        assert_eq!(form(""), "first_name");
    }
}
