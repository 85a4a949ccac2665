//! Files that a forge keeps elsewhere: one redirect is followed, and the token is not sent along with it.

use std::io::Write;

use reqwest::header::LOCATION;
use reqwest::{Response, StatusCode};
use url::Url;

use crate::forge::error::{ForgeError, ForgeErrorKind};
use crate::gateway::explain;
use crate::wire::address::is_loopback;

use super::client::{Call, ForgeHttp};

impl ForgeHttp {
    /// Writes a file, and gives its size in bytes.
    ///
    /// # Errors
    /// If the forge does not give it, sends to a place that is not safe, or it is larger than allowed; if it cannot
    /// be written.
    pub(in crate::forge) async fn download(
        &self,
        call: &Call,
        bytes_max: u64,
        file: &mut impl Write,
    ) -> Result<u64, ForgeError> {
        let unreadable = |why: String| call.failed(ForgeErrorKind::Unreadable(why));
        let mut write =
            |bytes: &[u8]| file.write_all(bytes).map_err(|error| unreadable(format!("it cannot be kept: {error}")));
        let unreachable = |error| call.failed(ForgeErrorKind::Unreachable(explain(error, self.limits)));
        let mut response = self.opened(call).await?;
        if response.status().is_redirection() {
            let place = self.place_of(&response).map_err(|why| unreadable(why.to_owned()))?;
            response = self.http.get(place).send().await.map_err(unreachable)?;
        }
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::GONE => return Err(call.failed(ForgeErrorKind::Gone)),
            status => return Err(call.failed(ForgeErrorKind::Server { status: status.as_u16() })),
        }
        let wanted = response.content_length();
        let mut size: u64 = 0;
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            size = size.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
            if size > bytes_max {
                return Err(unreadable(format!("it is larger than {bytes_max} bytes")));
            }
            write(&chunk)?;
        }
        if wanted.is_some_and(|wanted| wanted != size) {
            return Err(unreadable(format!("it ends after {size} bytes")));
        }
        Ok(size)
    }

    /// Where a redirect leads. Whoever has been told a place by the forge itself may go there, but not in the open.
    fn place_of(&self, redirect: &Response) -> Result<Url, &'static str> {
        let place = redirect.headers().get(LOCATION).and_then(|place| place.to_str().ok());
        let place = place.and_then(|place| Url::parse(place).ok()).ok_or("it is a redirect to nowhere")?;
        let is_safe = place.scheme() == "https" || (is_loopback(&place) && is_loopback(&self.api));
        if is_safe { Ok(place) } else { Err("it is a redirect to an address without https") }
    }
}
