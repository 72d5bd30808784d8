//! Who asks: the family of a user agent, and whether it is a bot.

use std::sync::LazyLock;

use memchr::memmem::{self, Finder};

/// Words of user agents that are programs without a person, and those that only look like it.
static BOTS: LazyLock<Words> = LazyLock::new(|| Words::of(include_str!("../data/bots.txt")));

struct Words {
    bots: Vec<Finder<'static>>,
    /// Behind `!`.
    others: Vec<&'static [u8]>,
}

impl Words {
    fn of(text: &'static str) -> Self {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (others, bots): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with('!'));
        Self {
            bots: bots.into_iter().map(Finder::new).collect(),
            others: others
                .into_iter()
                .map(|word| &word.as_bytes()[1..])
                .collect(),
        }
    }
}

/// Where the word stands that makes an agent a bot.
fn bot_in(agent: &[u8]) -> Option<usize> {
    let mut lower = agent.to_ascii_lowercase();
    for other in &BOTS.others {
        while let Some(at) = memmem::find(&lower, other) {
            lower[at..at + other.len()].fill(b' ');
        }
    }
    let places = BOTS.bots.iter().filter_map(|word| word.find(&lower));
    // What stands behind is often a link to a page about it.
    places.min()
}

/// Whether a user agent claims to be a program without a person.
pub(crate) fn is_bot(agent: &[u8]) -> bool {
    bot_in(agent).is_some()
}

/// Browsers by their tokens; the more special stand first, since browsers name those they resemble.
const BROWSERS: &[(&[u8], &str)] = &[
    (b"Edg", "Edge"),
    (b"OPR/", "Opera"),
    (b"SamsungBrowser", "Samsung Internet"),
    (b"Firefox/", "Firefox"),
    (b"Chrome/", "Chrome"),
    (b"CriOS/", "Chrome"),
    (b"FxiOS/", "Firefox"),
    (b"Safari/", "Safari"),
    (b"Trident/", "Internet Explorer"),
];

/// The family's name, and whether it is a bot.
pub(crate) fn family(agent: &[u8]) -> (Vec<u8>, bool) {
    if let Some(at) = bot_in(agent) {
        return (token_at(agent, at), true);
    }
    let browser = BROWSERS
        .iter()
        .find(|(token, _)| agent.starts_with(b"Mozilla/") && memmem::find(agent, token).is_some());
    match browser {
        Some((_, name)) => (name.as_bytes().to_vec(), false),
        None => (product(agent), false),
    }
}

/// The product token (RFC 9110 section 10.1.5) around a place: `Googlebot` of `(compatible; Googlebot/2.1; …)`.
fn token_at(agent: &[u8], at: usize) -> Vec<u8> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let from = agent[..at]
        .iter()
        .rposition(|byte| !is_part(byte))
        .map_or(0, |at| at + 1);
    let length = agent[from..]
        .iter()
        .take_while(|byte| is_part(byte))
        .count();
    agent[from..from + length.min(40)].to_vec()
}

/// The first product without its version.
fn product(agent: &[u8]) -> Vec<u8> {
    let end = agent
        .iter()
        .position(|byte| matches!(byte, b'/' | b' ' | b'(' | b';'))
        .unwrap_or(agent.len());
    agent[..end.min(40)].to_vec()
}

#[cfg(test)]
mod tests {
    use super::family;

    #[test]
    fn families() {
        let table = [
            ("curl/8.5.0", "curl", false),
            ("python-requests/2.31", "python-requests", false),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
                "Firefox",
                false,
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0",
                "Edge",
                false,
            ),
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                "Googlebot",
                true,
            ),
            ("kube-probe/1.29", "kube-probe", true),
            (
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot",
                "ChatGPT-User",
                true,
            ),
            (
                "Mozilla/5.0 (Linux; Android 9; CUBOT X18) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36",
                "Chrome",
                false,
            ),
            ("node-fetch/1.0", "node-fetch", false),
            ("-", "-", false),
            ("", "", false),
        ];
        for (agent, name, bot) in table {
            assert_eq!(
                family(agent.as_bytes()),
                (name.as_bytes().to_vec(), bot),
                "{agent}"
            );
        }
    }
}
