//! Work that waits for the network or the disk, where nobody else has to wait for it.

use super::error::StoreError;

/// Does something on a thread of its own.
///
/// # Errors
/// If it fails, or does not come to its end.
pub(super) async fn waiting<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(StoreError::Stopped))
}
