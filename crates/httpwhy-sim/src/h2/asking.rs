//! Requests in the form of HTTP/2: pseudo-header fields become what HTTP/1 has in its first line (RFC 9113 section 8.3).

use httpwhy_wire::hpack::Pair;

use crate::request::{Asked, split};

/// The request of that block of fields; `None` when it is malformed.
pub(crate) fn request(fields: &[Pair], before: u32) -> Option<Asked> {
    let mut asked = Asked {
        major: 2,
        modern: true,
        keep: true,
        before,
        ..Asked::default()
    };
    let mut authority = None;
    let mut ordinary = false;
    for (name, value) in fields {
        let name = std::str::from_utf8(name).ok()?;
        let value = String::from_utf8_lossy(value).into_owned();
        let Some(pseudo) = name.strip_prefix(':') else {
            ordinary = true;
            let is_lower = !name.bytes().any(|byte| byte.is_ascii_uppercase());
            if name.is_empty() || !is_lower || is_of_the_connection(name, &value) {
                return None;
            }
            asked.fields.push((name.to_owned(), value));
            continue;
        };
        if ordinary {
            return None;
        }
        match pseudo {
            "method" if asked.method.is_empty() => asked.method = value,
            "path" if asked.path.is_empty() => {
                let (path, query) = split(&value);
                path.clone_into(&mut asked.path);
                asked.query = query.map(str::to_owned);
            }
            "authority" if authority.is_none() => authority = Some(value),
            "scheme" => {}
            _ => return None,
        }
    }
    if let Some(authority) = authority.filter(|_| asked.field("host").is_none()) {
        asked.fields.insert(0, ("Host".to_owned(), authority));
    }
    (!asked.method.is_empty() && !asked.path.is_empty()).then_some(asked)
}

fn is_of_the_connection(name: &str, value: &str) -> bool {
    match name {
        "connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade" => true,
        "te" => value != "trailers",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(fields: &[(&str, &str)]) -> Option<Asked> {
        let owned =
            |(name, value): &(&str, &str)| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
        request(&fields.iter().map(owned).collect::<Vec<_>>(), 2)
    }

    const FIRST: [(&str, &str); 3] = [
        (":method", "GET"),
        (":path", "/a?b"),
        (":authority", "sim.test"),
    ];

    #[test]
    fn requests() {
        let good =
            asked(&[&FIRST[..], &[("te", "trailers"), ("x", "y")]].concat()).expect("a request");
        assert_eq!(
            (
                good.method.as_str(),
                good.path.as_str(),
                good.query.as_deref()
            ),
            ("GET", "/a", Some("b"))
        );
        assert_eq!(
            (good.field("host"), good.field("X"), good.before),
            (Some("sim.test"), Some("y"), 2)
        );
        for more in [
            &[("Upper", "case")][..],
            &[("connection", "close")],
            &[("te", "gzip")],
            &[("x", "y"), (":scheme", "http")],
            &[(":method", "PUT")],
            &[(":status", "200")],
            &[("", "nameless")],
        ] {
            assert!(asked(&[&FIRST[..], more].concat()).is_none(), "{more:?}");
        }
        assert!(asked(&FIRST[1..]).is_none() && asked(&FIRST[..1]).is_none());
    }
}
