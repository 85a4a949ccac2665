//! The marks before a line. Each means one thing, wherever it stands; `-` and `+` behind a bar `│` are the lines of
//! a text that were taken out and put in.

use super::style::Paint;

/// What a line is about, at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// `+`: these people are sent to, by this apply or the next one.
    Sends,
    /// `~`: these people wait, and time alone brings it on.
    Waits,
    /// `*`: something to know, of which nothing has to be done.
    Note,
    /// `!`: somebody should look before going on.
    Look,
    /// `!`, in red: something is wrong, is lost, or keeps everything back.
    Wrong,
}

impl Mark {
    /// The mark itself.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Sends => "+",
            Self::Waits => "~",
            Self::Note => "*",
            Self::Look | Self::Wrong => "!",
        }
    }

    /// Puts it before words. What is sent, and what is wrong, is in its colour as a whole; of all else only the mark is,
    /// because yellow and cyan words cannot be read on every background.
    #[must_use]
    pub fn before(self, words: &str, paint: Paint) -> String {
        match self {
            Self::Sends => paint.good(&format!("{} {words}", self.sign())),
            Self::Wrong => paint.bad(&format!("{} {words}", self.sign())),
            Self::Waits | Self::Look => format!("{} {words}", paint.wait(self.sign())),
            Self::Note => format!("{} {words}", paint.note(self.sign())),
        }
    }
}
