//! Who asks: the family of a user agent, and whether it is a bot.

use memchr::memmem;

/// Words of user agents that are programs without a person: crawlers, monitors, scanners.
const BOTS: &[&[u8]] = &[
    b"bot",
    b"crawl",
    b"spider",
    b"slurp",
    b"scan",
    b"monitor",
    b"fetch",
    b"archive",
    b"preview",
    b"facebookexternal",
    b"pingdom",
    b"uptime",
    b"headless",
    b"lighthouse",
    b"nagios",
    b"zabbix",
    b"kube-probe",
    b"elb-health",
    b"googlehc",
    b"prometheus",
    b"masscan",
    b"zgrab",
    b"nmap",
    b"nikto",
    b"sqlmap",
    b"nuclei",
    b"censys",
    b"expanse",
];

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
    let lower = agent.to_ascii_lowercase();
    let bot = BOTS
        .iter()
        .find(|word| memmem::find(&lower, word).is_some());
    if let Some(word) = bot {
        return (token_with(agent, &lower, word), true);
    }
    let browser = BROWSERS
        .iter()
        .find(|(token, _)| agent.starts_with(b"Mozilla/") && memmem::find(agent, token).is_some());
    match browser {
        Some((_, name)) => (name.as_bytes().to_vec(), false),
        None => (product(agent), false),
    }
}

/// The product token (RFC 9110 section 10.1.5) that holds the word: `Googlebot` of `(compatible; Googlebot/2.1; …)`.
fn token_with(agent: &[u8], lower: &[u8], word: &[u8]) -> Vec<u8> {
    let at = memmem::find(lower, word).unwrap_or(0);
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
