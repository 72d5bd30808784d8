//! What a login in a browser needs from whoever has one.

use std::fmt;
use std::time::Duration;

use httpwhy_probe::Jar;

/// One act in a browser, its values filled in. The `Debug` form hides what is filled in.
#[derive(Clone, PartialEq, Eq)]
pub enum BrowserAct {
    /// Load this URL, and wait for the page.
    Goto(String),
    /// Fill the element that this CSS selector names.
    Fill {
        /// The element.
        selector: String,
        /// What to fill in: may be a secret.
        text: String,
    },
    /// Click on the element that this CSS selector names.
    Click(String),
    /// Wait until there is an element that this CSS selector names.
    Wait(String),
}

impl fmt::Debug for BrowserAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Goto(_) => f.write_str("Goto"),
            Self::Fill { selector, .. } => write!(f, "Fill({selector})"),
            Self::Click(selector) => write!(f, "Click({selector})"),
            Self::Wait(selector) => write!(f, "Wait({selector})"),
        }
    }
}

/// Where the browser was at the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BrowserPage {
    /// All its cookies.
    pub cookies: Jar,
    /// The URL of the page.
    pub url: String,
    /// The status of its document.
    pub status: Option<u16>,
    /// The document as it is then, as HTML.
    pub html: Vec<u8>,
    /// What it calls itself in its User-Agent fields.
    pub agent: Option<String>,
    /// Cookies that it did not take, or did not send, in order.
    pub refused: Vec<RefusedCookie>,
}

/// A cookie that a browser refused. Its value is secret: the `Debug` form leaves it out.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct RefusedCookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Why, in the browser's own word, such as `SameSiteNoneInsecure`.
    pub reason: String,
    /// The host that set it, or that it was to be sent to, without the port.
    pub host: String,
    /// The host of the page that the request came from, where that is known.
    pub from: Option<String>,
    /// It came in a response and was not taken; else it was there and not sent.
    pub set: bool,
}

impl fmt::Debug for RefusedCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefusedCookie({}: {})", self.name, self.reason)
    }
}

/// Does what a browser step says, in a browser of its own that holds nothing of another login.
pub trait Browser: fmt::Debug + Send + Sync {
    /// Does the acts in order, within that time. Where something is filled in, `may_fill` is asked of the page's URL and of
    /// where its form is sent.
    ///
    /// # Errors
    /// The number of the act that could not be done, from 0, and why, in one word such as `no-element` or `timeout`.
    fn act(
        &self,
        acts: &[BrowserAct],
        may_fill: &dyn Fn(&str) -> bool,
        within: Duration,
    ) -> Result<BrowserPage, (usize, String)>;
}
