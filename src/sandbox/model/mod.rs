//! The gateway's rules, pure: bodies, texts and the time come in as values, and answers go out.

pub mod answer;
mod body;
pub mod bulk;
pub mod check;
mod checker;
pub mod choices;
mod content;
mod field;
pub mod hash;
pub mod ids;
pub mod logs;
pub mod message;
pub mod query;
pub mod status;
pub mod throttle;
