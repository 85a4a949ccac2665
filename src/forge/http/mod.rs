//! HTTP to a forge: JSON only, bounded, with the token to the forge's own host and nowhere else.

mod answer;
mod client;
mod download;
mod pages;

pub use client::ForgeClientError;
pub(super) use client::{Call, ForgeHttp, Method};
