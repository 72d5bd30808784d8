//! journalctl's JSON (`-o json`): the line is `MESSAGE`.
//!
//! A line that is no UTF-8 stands there as the numbers of its bytes (systemd, Journal JSON Format).

use crate::logs::members::{Raw, members, undo_escapes};
use crate::logs::{Carrier, Peeled};

pub(crate) static CARRIER: Carrier = Carrier {
    name: "journal",
    begins: b"{",
    peel,
};

fn peel<'a>(raw: &'a [u8], scratch: &'a mut Vec<u8>) -> Option<Peeled<'a>> {
    let (mut message, mut source, mut time) = (None, None, None);
    for (key, value) in members(raw) {
        match (key, value) {
            (b"MESSAGE", value) => message = Some(value),
            (b"SYSLOG_IDENTIFIER", Raw::Text(text)) => source = Some(text),
            (b"_SYSTEMD_UNIT", Raw::Text(text)) => source = source.or(Some(text)),
            (b"__REALTIME_TIMESTAMP", Raw::Text(text)) => time = Some(text),
            _ => {}
        }
    }
    let line = match message? {
        Raw::Text(text) => undo_escapes(text, scratch),
        Raw::Other(numbers) => bytes_of(numbers, scratch)?,
    };
    Some(Peeled {
        line,
        source: source.unwrap_or_default(),
        time: time.unwrap_or_default(),
        goes_on: false,
    })
}

/// The bytes of `[72,105]`.
fn bytes_of<'a>(numbers: &[u8], scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    let inside = numbers.strip_prefix(b"[")?.strip_suffix(b"]")?;
    for number in inside.split(|&b| b == b',') {
        let text = std::str::from_utf8(number.trim_ascii()).ok()?;
        scratch.push(text.parse().ok()?);
    }
    Some(scratch)
}

#[cfg(test)]
mod tests {
    use super::peel;

    #[test]
    fn the_message_is_taken_out() {
        for (raw, wanted) in [
            (
                r#"{"__REALTIME_TIMESTAMP":"1793714712345678","MESSAGE":"a \"b\"","SYSLOG_IDENTIFIER":"nginx"}"#,
                Some((&br#"a "b""#[..], &b"nginx"[..], &b"1793714712345678"[..])),
            ),
            (r#"{"MESSAGE":[72,105,255]}"#, Some((b"Hi\xff", b"", b""))),
            (r#"{"MESSAGE":[72,1050]}"#, None),
            (r#"{"MESSAGE":null}"#, None),
            (r#"{"message":"x"}"#, None),
        ] {
            let mut scratch = Vec::new();
            let found = peel(raw.as_bytes(), &mut scratch).map(|p| (p.line, p.source, p.time));
            assert_eq!(found, wanted, "{raw}");
        }
    }
}
