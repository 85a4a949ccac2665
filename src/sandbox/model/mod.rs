//! The gateway's rules, pure: bodies, texts and the time come in as values, and answers go out.

pub mod answer;
pub mod bulk;
pub mod channel_turns;
pub mod check;
mod content;
pub mod course;
#[cfg(test)]
mod drawn;
pub mod hash;
pub mod ids;
pub mod inputs;
mod json;
pub mod lifecycle;
pub mod logs;
pub mod message;
pub mod overview;
mod parts;
pub mod openapi;
pub mod progress;
pub mod query;
mod quick;
mod reader;
pub mod reports;
pub mod rules;
pub mod rules_check;
#[cfg(test)]
mod sample;
pub mod status;
pub mod steps;
pub mod throttle;
pub mod violations;
pub mod webhook;
