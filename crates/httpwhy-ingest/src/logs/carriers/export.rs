//! JSON objects of log stores with the line as one member.
//!
//! | store | members |
//! |---|---|
//! | CloudWatch Logs (`get-log-events`, `filter-log-events`) | `timestamp` (ms), `message`, `ingestionTime` |
//! | Loki (`logcli -o jsonl`) | `line`, `timestamp`, `labels` |
//! | Google Cloud Logging | `textPayload`, `timestamp` |
//! | Fluent Bit, Filebeat | `log` or `message`, `time` or `@timestamp`, `kubernetes` … |
//!
//! An object that has a status, a request or a level of its own is a log line and carries none.

use crate::logs::members::{Raw, members, undo_escapes};
use crate::logs::{Carrier, Peeled};

pub(crate) static CARRIER: Carrier = Carrier {
    name: "export",
    begins: b"{",
    peel,
};

fn peel<'a>(raw: &'a [u8], scratch: &'a mut Vec<u8>) -> Option<Peeled<'a>> {
    let (mut line, mut source, mut time) = (None, None, None);
    for (key, value) in members(raw) {
        match (key, value) {
            (b"message" | b"@message" | b"line" | b"textPayload" | b"log", Raw::Text(text)) => {
                line = line.or(Some(text));
            }
            (b"timestamp" | b"@timestamp" | b"time", value) => time = time.or(Some(value.bytes())),
            (b"logStreamName" | b"@logStream" | b"logName", Raw::Text(text)) => source = Some(text),
            (
                b"status" | b"httpRequest" | b"request" | b"method" | b"level" | b"msg"
                | b"MESSAGE",
                _,
            ) => return None,
            _ => {}
        }
    }
    let line = undo_escapes(line?, scratch);
    Some(Peeled {
        line: line.strip_suffix(b"\n").unwrap_or(line),
        source: source.unwrap_or_default(),
        time: time?,
        goes_on: false,
    })
}

#[cfg(test)]
mod tests {
    use super::peel;

    #[test]
    fn the_line_is_taken_out() {
        for (raw, wanted) in [
            (
                r#"{"timestamp":1793714712345,"message":"a \"b\"\n","ingestionTime":1}"#,
                Some(r#"a "b""#),
            ),
            (
                r#"{"labels":{"status":"x"},"line":"a","timestamp":"2026-11-03T14:05:12Z"}"#,
                Some("a"),
            ),
            (
                r#"{"textPayload":"a","resource":{},"timestamp":"t"}"#,
                Some("a"),
            ),
            (
                r#"{"log":"a\n","kubernetes":{"pod":"x"},"@timestamp":"t"}"#,
                Some("a"),
            ),
            (r#"{"message":"a"}"#, None),
            (r#"{"timestamp":"t","message":"a","status":502}"#, None),
            (r#"{"timestamp":"t","message":{"a":1}}"#, None),
            ("", None),
        ] {
            let mut scratch = Vec::new();
            let found = peel(raw.as_bytes(), &mut scratch).map(|p| p.line);
            assert_eq!(found, wanted.map(str::as_bytes), "{raw}");
        }
    }
}
