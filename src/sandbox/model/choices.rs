//! What the API's documents leave open, as settings. The defaults are the choices that are hardest
//! on a client.

/// What becomes of a messageId that was accepted before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// It is accepted again, and the person gets a second message.
    #[default]
    Accept,
    /// The message is rejected with status 23.
    Reject,
}

/// What becomes of a request whose `sendAt` is past.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PastSendAt {
    /// It is sent at once.
    #[default]
    SendNow,
    /// It is refused with a 400.
    Refuse,
}

/// What becomes of a delivery window that ends on the next day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OvernightWindow {
    /// It is refused with a 400.
    #[default]
    Refuse,
    /// It is taken.
    Accept,
}

/// Whether the logs show a message that was accepted but not yet sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnsentInLogs {
    /// They do not: absence proves nothing before a message was sent.
    #[default]
    Hide,
    /// They do.
    Show,
}

/// All choices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Choices {
    /// A messageId that was accepted before.
    pub duplicates: Duplicates,
    /// A `sendAt` that is past.
    pub past_send_at: PastSendAt,
    /// A delivery window over midnight.
    pub overnight_window: OvernightWindow,
    /// A message in the logs before it was sent.
    pub unsent_in_logs: UnsentInLogs,
}
