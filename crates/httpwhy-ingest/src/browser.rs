//! The words of browsers: their errors and their names of protocols, as recordings and drivers pass them on.

use bytes::Bytes;
use httpwhy_model::{Phase, Signal};

/// Characters of a browser's word kept at most.
const LONGEST: usize = 80;

/// The signal of a browser's own error: `net::ERR_CONNECTION_RESET` (Chromium, net_error_list.h), `NS_ERROR_NET_RESET`
/// (Firefox). What follows the first white space is left out. `None`: it is no word of theirs.
pub fn error(told: &str) -> Option<Signal> {
    let word = told.split_whitespace().next()?;
    let dialect = match word {
        word if word.starts_with("net::ERR_") => "chromium",
        word if word.starts_with("NS_ERROR_") || word.starts_with("NS_BINDING_") => "firefox",
        _ => return None,
    };
    Some(Signal::word(
        dialect,
        word.chars().take(LONGEST).collect::<String>(),
    ))
}

/// In which phase that error belongs, by its name; where the name does not tell, by whether something of the response
/// had come.
pub fn phase_of(error: &Signal, came: bool) -> Phase {
    let word = error.word_text();
    let has = |part: &str| word.contains(part);
    if has("NAME_NOT_RESOLVED") || has("DNS_") || has("UNKNOWN_HOST") {
        Phase::Resolve
    } else if has("_SSL_") || has("_CERT_") || has("_TLS_") {
        Phase::Tls
    } else if has("TUNNEL") || has("PROXY") {
        Phase::Tunnel
    } else if has("BLOCKED_BY_CLIENT")
        || has("BLOCKED_BY_ADMINISTRATOR")
        || has("BLOCKED_BY_POLICY")
        || has("BLOCKED_BY_CSP")
        || has("UNSAFE_PORT")
        || has("INTERNET_DISCONNECTED")
    {
        Phase::Queue
    } else if has("CONNECTION_REFUSED")
        || has("ADDRESS_")
        || has("CONNECTION_FAILED")
        || has("CONNECTION_TIMED_OUT")
    {
        Phase::Connect
    } else if came {
        Phase::Receive
    } else {
        Phase::Wait
    }
}

/// The version of HTTP by a browser's name for it: `http/2.0` and `h2` are one; what is not known stays as written.
pub fn protocol(name: &str) -> Bytes {
    match name.to_ascii_lowercase().as_str() {
        "h2" | "http/2" | "http/2.0" => "HTTP/2".into(),
        "h3" | "http/3" | "http/3.0" => "HTTP/3".into(),
        lower if lower.starts_with("http/1") => name.to_ascii_uppercase().into(),
        "unknown" => Bytes::new(),
        _ => name.to_owned().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_their_phase() {
        for (told, came, signal, phase) in [
            (
                "net::ERR_NAME_NOT_RESOLVED",
                false,
                "chromium:net::ERR_NAME_NOT_RESOLVED",
                Phase::Resolve,
            ),
            (
                "net::ERR_CERT_DATE_INVALID at https://a/",
                false,
                "chromium:net::ERR_CERT_DATE_INVALID",
                Phase::Tls,
            ),
            (
                "net::ERR_CONNECTION_REFUSED",
                false,
                "chromium:net::ERR_CONNECTION_REFUSED",
                Phase::Connect,
            ),
            (
                "net::ERR_CONNECTION_RESET",
                false,
                "chromium:net::ERR_CONNECTION_RESET",
                Phase::Wait,
            ),
            (
                "net::ERR_CONNECTION_RESET",
                true,
                "chromium:net::ERR_CONNECTION_RESET",
                Phase::Receive,
            ),
            (
                "net::ERR_BLOCKED_BY_CLIENT",
                false,
                "chromium:net::ERR_BLOCKED_BY_CLIENT",
                Phase::Queue,
            ),
            (
                "net::ERR_BLOCKED_BY_ORB",
                true,
                "chromium:net::ERR_BLOCKED_BY_ORB",
                Phase::Receive,
            ),
            (
                "NS_ERROR_UNKNOWN_HOST",
                false,
                "firefox:NS_ERROR_UNKNOWN_HOST",
                Phase::Resolve,
            ),
        ] {
            let read = error(told).expect(told);
            assert_eq!(
                (read.to_string().as_str(), phase_of(&read, came)),
                (signal, phase)
            );
        }
        assert_eq!(error("Failed to fetch"), None);
    }

    #[test]
    fn protocols_have_one_name() {
        for (name, version) in [
            ("h2", "HTTP/2"),
            ("http/1.1", "HTTP/1.1"),
            ("unknown", ""),
            ("quic", "quic"),
        ] {
            assert_eq!(protocol(name), version);
        }
    }
}
