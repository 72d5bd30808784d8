//! `docker compose logs`: `shop-web-1  | LINE`.
//!
//! The names are padded to one width, so that two spaces at least stand before the bar (Docker Compose,
//! `cmd/formatter/logs.go`): a line of one's own with bars between its columns is not taken for this.

use crate::logs::{Carrier, Peeled};

pub(crate) static CARRIER: Carrier = Carrier {
    name: "compose",
    begins: b"",
    peel,
};

/// Names are at most so long here.
const MAX_NAME: usize = 128;

fn peel<'a>(raw: &'a [u8], _: &'a mut Vec<u8>) -> Option<Peeled<'a>> {
    let count = |from: usize, is: fn(u8) -> bool| {
        raw[from..]
            .iter()
            .take(MAX_NAME)
            .take_while(|&&b| is(b))
            .count()
    };
    let name = count(0, |b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let bar = name + count(name, |b| b == b' ');
    let is_one = raw.first()?.is_ascii_alphabetic() && bar >= name + 2;
    let line = raw.get(bar..)?.strip_prefix(b"|").filter(|_| is_one)?;
    Some(Peeled {
        line: line.strip_prefix(b" ").unwrap_or(line),
        source: &raw[..name],
        ..Peeled::default()
    })
}

#[cfg(test)]
mod tests {
    use super::peel;

    #[test]
    fn the_name_is_taken_off() {
        for (raw, wanted) in [
            ("shop-web-1  | a b", Some(("shop-web-1", "a b"))),
            ("db_1      | a", Some(("db_1", "a"))),
            ("web-1  |", Some(("web-1", ""))),
            ("203.0.113.9  | - | x", None),
            ("web | 203.0.113.9 | x", None),
            ("", None),
        ] {
            let mut scratch = Vec::new();
            let found = peel(raw.as_bytes(), &mut scratch).map(|p| (p.source, p.line));
            assert_eq!(
                found,
                wanted.map(|(a, b)| (a.as_bytes(), b.as_bytes())),
                "{raw}"
            );
        }
    }
}
