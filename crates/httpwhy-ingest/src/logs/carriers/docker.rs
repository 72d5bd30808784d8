//! Docker's json-file driver: `{"log":"LINE\n","stream":"stdout","time":"2026-11-03T14:05:12.3Z"}`.
//!
//! A line of more than 16 KiB stands in pieces; only the last ends with a line feed (Docker, `daemon/logger/copier.go`).

use crate::logs::members::{Raw, members, undo_escapes};
use crate::logs::{Carrier, Peeled};

pub(crate) static CARRIER: Carrier = Carrier {
    name: "docker",
    begins: b"{",
    peel,
};

fn peel<'a>(raw: &'a [u8], scratch: &'a mut Vec<u8>) -> Option<Peeled<'a>> {
    let (mut log, mut source, mut time) = (None, None, None);
    for (key, value) in members(raw).take(8) {
        match (key, value) {
            (b"log", Raw::Text(text)) => log = Some(text),
            (b"stream", Raw::Text(text)) => source = Some(text),
            (b"time", Raw::Text(text)) => time = Some(text),
            // Docker's own further members.
            (b"attrs", _) => {}
            _ => return None,
        }
    }
    let (log, source, time) = (log?, source?, time?);
    let line = undo_escapes(log, scratch);
    let whole = line.strip_suffix(b"\n");
    Some(Peeled {
        line: whole.unwrap_or(line),
        source,
        time,
        goes_on: whole.is_none(),
    })
}

#[cfg(test)]
mod tests {
    use super::peel;

    #[test]
    fn the_line_is_taken_out() {
        let table: &[(&str, Option<(&str, bool)>)] = &[
            (
                r#"{"log":"a \"b\"\n","stream":"stdout","time":"t"}"#,
                Some((r#"a "b""#, false)),
            ),
            (
                r#"{"log":"half","stream":"stderr","attrs":{"a":"b"},"time":"t"}"#,
                Some(("half", true)),
            ),
            (
                r#"{"log":"a\n","stream":"stdout","time":"t","status":"200"}"#,
                None,
            ),
            (r#"{"log":"a\n","time":"t"}"#, None),
            ("{\"log\":\"a", None),
            ("{}", None),
        ];
        for &(raw, wanted) in table {
            let mut scratch = Vec::new();
            let found = peel(raw.as_bytes(), &mut scratch).map(|p| (p.line, p.goes_on));
            assert_eq!(
                found,
                wanted.map(|(line, cut)| (line.as_bytes(), cut)),
                "{raw}"
            );
        }
    }
}
