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
