//! A WebSocket of a page: what the protocol tells of it, and how it ended by the word of the page.

use httpwhy_model::{Phase, Signal};
use serde_json::Value;

use crate::json::{cut, is_set, text, text_or_empty, whole};
use crate::trouble::joined;

/// One WebSocket.
#[derive(Debug, Default)]
pub(crate) struct Socket {
    /// The handshake was answered by 101.
    pub(crate) open: bool,
    /// What the browser says went wrong.
    pub(crate) error: Option<String>,
    pub(crate) closed: bool,
    pub(crate) frames_sent: u64,
    pub(crate) frames_received: u64,
    /// The close event of the page.
    pub(crate) told: Option<Told>,
}

/// A close event (WHATWG WebSockets, CloseEvent).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Told {
    pub(crate) code: u16,
    pub(crate) reason: String,
    /// A Close frame came, and was answered.
    pub(crate) clean: bool,
}

impl Socket {
    /// Whether its handshake is not over.
    pub(crate) fn is_opening(&self) -> bool {
        !self.open && !self.closed && self.error.is_none()
    }

    /// The status with which the handshake was refused.
    pub(crate) fn refused_with(&self) -> Option<u16> {
        let said = self.error.as_deref()?;
        let (_, status) = said.split_once("Unexpected response code: ")?;
        status.trim().parse().ok()
    }

    /// What the browser says went wrong, as a signal with its phase; none for a refusal, which the status tells.
    pub(crate) fn signal(&self) -> Option<(Phase, Signal)> {
        let said = self.error.as_deref()?;
        if self.refused_with().is_some() {
            return None;
        }
        if let Some(at) = said.find("net::ERR_") {
            let signal = httpwhy_ingest::browser::error(&said[at..])?;
            let phase = httpwhy_ingest::browser::phase_of(&signal, self.open);
            return Some((phase, signal));
        }
        let phase = if self.open { Phase::Close } else { Phase::Wait };
        Some((phase, by_words(said)))
    }
}

/// The texts are Chromium's own (net/websockets, websocket_handshake_stream and websocket_channel).
fn by_words(said: &str) -> Signal {
    let says = |part: &str| said.contains(part);
    let word = if says("Sec-WebSocket-Accept")
        || says("'Upgrade' header")
        || says("'Connection' header")
    {
        "bad-accept"
    } else if says("Sec-WebSocket-Protocol") {
        "subprotocol-not-offered"
    } else if says("Sec-WebSocket-Extensions") || says("extension") {
        "extension-not-offered"
    } else if says("must not mask") {
        "masked-frame"
    } else if says("UTF-8") {
        "bad-utf8"
    } else if says("closed before receiving a handshake response") {
        return Signal::Eof(0);
    } else if says("frame") || says("opcode") || says("reserved bit") {
        "bad-frame"
    } else {
        return Signal::Word {
            dialect: "chromium".into(),
            word: "websocket-error".into(),
            params: vec![("said".into(), joined(said))],
        };
    };
    Signal::word("ws", word)
}

/// A report of the page's hook: the WebSocket's number in its document, its URL, and its end when it has come.
pub(crate) struct Report {
    pub(crate) number: u64,
    pub(crate) url: String,
    pub(crate) told: Option<Told>,
}

impl Report {
    /// Reads one. The page itself may have written it: what does not fit is none.
    pub(crate) fn read(payload: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(cut(payload, 64 * 1024)).ok()?;
        let told = whole(&value, "code").and_then(|code| {
            Some(Told {
                code: u16::try_from(code).ok()?,
                reason: cut(text_or_empty(&value, "reason"), 123).to_owned(),
                clean: is_set(&value, "clean"),
            })
        });
        Some(Self {
            number: whole(&value, "number")?,
            url: text(&value, "url")?.to_owned(),
            told,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_chromium_says_of_a_websocket() {
        for (open, said, status, signal) in [
            (
                false,
                "Error during WebSocket handshake: Unexpected response code: 403",
                Some(403),
                None,
            ),
            (
                false,
                "Error in connection establishment: net::ERR_CONNECTION_REFUSED",
                None,
                Some((Phase::Connect, "chromium:net::ERR_CONNECTION_REFUSED")),
            ),
            (
                false,
                "Error during WebSocket handshake: Incorrect 'Sec-WebSocket-Accept' header value",
                None,
                Some((Phase::Wait, "ws:bad-accept")),
            ),
            (
                true,
                "A server must not mask any frames that it sends to the client.",
                None,
                Some((Phase::Close, "ws:masked-frame")),
            ),
            (
                true,
                "Could not decode a text frame as UTF-8.",
                None,
                Some((Phase::Close, "ws:bad-utf8")),
            ),
            (
                true,
                "Invalid frame header",
                None,
                Some((Phase::Close, "ws:bad-frame")),
            ),
            (
                true,
                "Something new",
                None,
                Some((Phase::Close, "chromium:websocket-error said=Something_new")),
            ),
        ] {
            let socket = Socket {
                open,
                error: Some(said.to_owned()),
                ..Socket::default()
            };
            assert_eq!(socket.refused_with(), status, "{said}");
            let wanted = signal.map(|(phase, text): (Phase, &str)| (phase, text.to_owned()));
            let found = socket
                .signal()
                .map(|(phase, signal)| (phase, signal.to_string()));
            assert_eq!(found, wanted, "{said}");
        }
    }

    #[test]
    fn a_report_that_the_page_made_up_is_none() {
        for payload in [
            "",
            "[]",
            "{\"number\":-1,\"url\":\"x\"}",
            "{\"number\":1}",
            "{",
        ] {
            assert!(Report::read(payload).is_none(), "{payload}");
        }
        let report = Report::read(
            r#"{"number":2,"url":"ws://a/","code":1011,"reason":"oops","clean":true}"#,
        );
        let report = report.expect("a report");
        assert_eq!((report.number, report.url.as_str()), (2, "ws://a/"));
        let told = report.told.expect("an end");
        assert_eq!(
            (told.code, told.reason.as_str(), told.clean),
            (1011, "oops", true)
        );
        let odd = Report::read(r#"{"number":2,"url":"ws://a/","code":70000}"#).expect("a report");
        assert_eq!(odd.told, None);
    }
}
