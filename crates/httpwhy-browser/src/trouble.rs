//! What can go wrong on our own side: no browser, no lease, a crash.

use std::fmt;
use std::time::Duration;

use httpwhy_model::Signal;

/// Why a page was not opened, or not to its end, without any fault of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// No browser is installed, or the one that was named is none.
    NotInstalled {
        /// What was looked for, and what was found instead.
        said: String,
    },
    /// A browser is there and does not start.
    NotStarted {
        /// Its path.
        program: String,
        /// Its last words, or how it ended.
        said: String,
    },
    /// Every browser was lent out for longer than the allowed wait.
    PoolTimeout {
        /// How many stood in line, this one included.
        waiting: usize,
        /// The age of the oldest lease.
        oldest: Duration,
        /// Who holds that one.
        holder: String,
    },
    /// The tab's process ended (`Inspector.targetCrashed`).
    PageCrashed,
    /// The browser's process ended, or it does not answer any more.
    BrowserCrashed,
    /// The lease was older than it may become; its browser was ended.
    LeaseExpired,
    /// The pool was closed.
    Closed,
}

impl Trouble {
    /// The fact, in the words of the catalogue.
    pub fn signal(&self) -> Signal {
        match self {
            Self::NotInstalled { said } => signal("not-installed", &[("said", joined(said))]),
            Self::NotStarted { program, said } => signal(
                "not-installed",
                &[("program", joined(program)), ("said", joined(said))],
            ),
            Self::PoolTimeout {
                waiting,
                oldest,
                holder,
            } => signal(
                "pool-timeout",
                &[
                    ("waiting", waiting.to_string()),
                    ("oldest", format!("{}s", oldest.as_secs())),
                    ("holder", joined(&httpwhy_model::redact_uri(holder))),
                ],
            ),
            Self::PageCrashed => signal("crashed", &[("what", "page".to_owned())]),
            Self::BrowserCrashed => signal("crashed", &[("what", "browser".to_owned())]),
            Self::LeaseExpired => signal("navigation-timeout", &[("lease", "expired".to_owned())]),
            Self::Closed => Signal::word("engine", "cancelled"),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled { said } => write!(
                f,
                "no browser: {said}; install Chromium (Debian: apt-get install chromium), or name one with --browser-path or CHROME_PATH"
            ),
            Self::NotStarted { program, said } => {
                write!(f, "the browser '{program}' does not start: {said}")
            }
            Self::PoolTimeout {
                waiting,
                oldest,
                holder,
            } => write!(
                f,
                "no browser was free in time: {waiting} waiting, the oldest lease is {} s old, held by {holder}",
                oldest.as_secs()
            ),
            Self::PageCrashed => f.write_str("the page crashed"),
            Self::BrowserCrashed => f.write_str("the browser crashed"),
            Self::LeaseExpired => f.write_str("the page held its browser for too long"),
            Self::Closed => f.write_str("the pool of browsers was closed"),
        }
    }
}

impl std::error::Error for Trouble {}

/// Characters of a text kept in a signal's parameter.
const LONGEST: usize = 240;

/// A text as a parameter of a signal, which holds no white space: bounded, without control characters.
pub(crate) fn joined(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("_").chars().take(LONGEST).collect()
}

/// A signal of our own about the browser.
pub(crate) fn signal(word: &'static str, params: &[(&'static str, String)]) -> Signal {
    let given = params.iter().filter(|(_, value)| !value.is_empty());
    Signal::Word {
        dialect: "browser".into(),
        word: word.into(),
        params: given
            .map(|(key, value)| ((*key).into(), value.clone()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_has_no_white_space() {
        assert_eq!(joined(" a\tb\u{1b}[31m c\n"), "a_b_[31m_c");
        assert_eq!(joined(&"x".repeat(1000)).len(), LONGEST);
    }

    #[test]
    fn signals_can_be_read_again() {
        let trouble = Trouble::PoolTimeout {
            waiting: 14,
            oldest: Duration::from_secs(312),
            holder: "https://user:secret@shop.example/app".to_owned(),
        };
        let text = trouble.signal().to_string();
        assert!(text.starts_with("browser:pool-timeout waiting=14 oldest=312s holder=https://"));
        assert!(!text.contains("secret"), "{text}");
        let read: Signal = text.parse().expect("a signal");
        assert_eq!(read, trouble.signal());
    }
}
