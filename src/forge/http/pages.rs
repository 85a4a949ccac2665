//! Lists of a forge, page by page, to their end. A list that is not whole is none: what is not on it would count as
//! not being there.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::forge::error::{ForgeError, ForgeErrorKind};
use crate::forge::fields::{FieldError, FieldReader};

use super::client::{Call, ForgeHttp, Method};

/// How many items a page has, at most: what GitHub and GitLab give out.
const PAGE_ITEMS: usize = 100;
/// How many pages a list may have.
const PAGES_MAX: usize = 50;

impl ForgeHttp {
    /// Reads all pages of a list. GitHub puts some lists into a field of an object, with the number of all items
    /// beside it.
    ///
    /// # Errors
    /// If the forge does not give a page; if a page ends early or comes twice, or there are more than 50.
    pub(in crate::forge) async fn list(&self, call: &Call, field: Option<&str>) -> Result<Vec<Value>, ForgeError> {
        let mut items = Vec::new();
        let mut seen = BTreeSet::new();
        for page in 1..=PAGES_MAX {
            let call = call.clone().with("per_page", PAGE_ITEMS.to_string()).with("page", page.to_string());
            let answer = self.answer(&call, Method::Get, None).await?;
            let has_next = answer.has_next();
            let document = answer.json().map_err(|kind| call.failed(kind))?;
            let unreadable = |why: String| call.failed(ForgeErrorKind::Unreadable(why));
            let (new, total) = split(document, field).map_err(unreadable)?;
            if new.is_empty() && has_next {
                return Err(unreadable(format!("page {page} has nothing, and there is one more after it")));
            }
            for item in new {
                if !seen.insert(name(&item)) {
                    return Err(unreadable(format!("page {page} has something that came before")));
                }
                items.push(item);
            }
            if !has_next {
                let read = u64::try_from(items.len()).unwrap_or(u64::MAX);
                return match total.filter(|total| *total > read) {
                    Some(total) => Err(unreadable(format!("it ends after {read} of {total}"))),
                    None => Ok(items),
                };
            }
        }
        Err(call.failed(ForgeErrorKind::Unreadable(format!("it has more than {PAGES_MAX} pages"))))
    }

    /// Reads all pages of a list, and each item of it.
    ///
    /// # Errors
    /// As [`ForgeHttp::list`], or if an item has not the form that it should have.
    pub(in crate::forge) async fn items<T>(
        &self,
        call: &Call,
        field: Option<&str>,
        read: impl Fn(&FieldReader<'_>) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, ForgeError> {
        let items = self.list(call, field).await?;
        let read = items.iter().map(|item| read(&FieldReader::of(item)));
        read.collect::<Result<_, _>>().map_err(|error| call.unreadable(&error))
    }
}

/// The items of a page, and how many there are on all pages, if it says so.
fn split(document: Value, field: Option<&str>) -> Result<(Vec<Value>, Option<u64>), String> {
    let (list, total) = match (document, field) {
        (Value::Object(mut object), Some(field)) => {
            let total = object.get("total_count").and_then(Value::as_u64);
            (object.remove(field).unwrap_or_default(), total)
        }
        (document, _) => (document, None),
    };
    match list {
        Value::Array(items) => Ok((items, total)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Err("it is not a list".to_owned())
        }
    }
}

/// What an item is told from others by.
fn name(item: &Value) -> String {
    let name = ["id", "sha"].into_iter().find_map(|field| item.get(field));
    name.unwrap_or(item).to_string()
}
