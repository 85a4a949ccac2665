//! Bulks that one run alone hands over.

use std::sync::Mutex;
use std::vec::IntoIter;

use super::ports::Supply;
use super::run::lock;
use super::summary::Stopped;
use crate::plan::Bulk;

/// Bulks that one run alone hands over, in their order.
#[derive(Debug)]
pub struct Planned(Mutex<IntoIter<Bulk>>);

impl Planned {
    /// Takes them.
    #[must_use]
    pub fn new(bulks: Vec<Bulk>) -> Self {
        Self(Mutex::new(bulks.into_iter()))
    }
}

impl Supply for Planned {
    fn next(&self) -> impl Future<Output = Result<Option<Bulk>, Stopped>> + Send {
        std::future::ready(Ok(lock(&self.0).next()))
    }
}
