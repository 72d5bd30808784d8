//! Why a session does not last: each candidate is tested, and what is found is a fact, a signal of its own. Which of them
//! is the cause is judged elsewhere.

mod asker;
mod cookies;
mod samesite;
mod spread;
mod token;

pub(crate) use asker::{Asker, Source, made_by};
pub(crate) use cookies::{ends_session, lost_cookies};
pub(crate) use samesite::refusal;
pub(crate) use spread::alternates;
pub(crate) use token::{challenge, lives};

/// Words of paths that end a session.
const LOGOUT: &[&str] = &[
    "logout", "logoff", "signout", "log-out", "sign-out", "log_out", "sign_out", "log-off",
];

/// Whether a URL looks like one that ends the session.
pub(crate) fn is_logout(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else {
        return false;
    };
    let path = url.path().to_ascii_lowercase();
    LOGOUT.iter().any(|word| path.contains(word))
}

/// The value of a signal's parameter: it holds no white space and nothing that acts on a terminal, and it has an end.
pub(crate) fn shown(text: &str) -> String {
    let plain = text.chars().map(|c| match c {
        c if c.is_ascii_graphic() => c,
        _ => '_',
    });
    plain.take(80).collect()
}
