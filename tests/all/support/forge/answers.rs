//! The forms of answers: documents, lists in pages, refusals.

use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use serde_json::{Value, json};

use super::faults::ForgeFault;

pub(super) fn document(status: StatusCode, document: &Value) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .body(Body::from(document.to_string()))
        .expect("an answer")
}

pub(super) fn found(found: &Value) -> Response<Body> {
    document(StatusCode::OK, found)
}

/// What is asked of a list.
pub(super) struct PageWish {
    pub(super) page: usize,
    pub(super) items: usize,
    pub(super) fault: Option<ForgeFault>,
    /// The address without its page, to be put into links.
    pub(super) address: String,
}

/// A page of a list; some lists stand in a field of an object, beside the number of all items.
pub(super) fn page(wish: &PageWish, field: Option<&str>, items: Vec<Value>) -> Response<Body> {
    let total = if wish.fault == Some(ForgeFault::MissingItems) { items.len() + 5 } else { items.len() };
    let page = if wish.fault == Some(ForgeFault::SamePage) { 1 } else { wish.page };
    let pages = items.len().div_ceil(wish.items).max(1);
    let mut part: Vec<Value> = items.into_iter().skip((page - 1) * wish.items).take(wish.items).collect();
    let mut has_next = wish.page < pages || wish.fault == Some(ForgeFault::SamePage);
    if wish.fault == Some(ForgeFault::EmptyPage) && wish.page == 1 {
        part.clear();
        has_next = true;
    }
    let body = match field {
        None => Value::Array(part),
        Some(field) => json!({ "total_count": total, field: part }),
    };
    let mut answer = found(&body);
    if has_next {
        let next = format!("<{}&page={}>; rel=\"next\", <{0}&page={pages}>; rel=\"last\"", wish.address, wish.page + 1);
        answer.headers_mut().insert(header::LINK, next.parse().expect("a header"));
    }
    answer
}
