//! Clients and their networks.

use std::net::IpAddr;

/// Writes the network of a client: /24 of IPv4, /48 of IPv6, `*.dsl.example.net` of a name that the server looked up
/// (Apache, `HostnameLookups`); what is neither as it is.
pub(crate) fn write(client: &[u8], out: &mut Vec<u8>) {
    // As nearly all are written; the rest is parsed.
    let plain = client.len() <= 15
        && client
            .iter()
            .all(|byte| byte.is_ascii_digit() || *byte == b'.');
    if let (true, Some(dot)) = (plain, memchr::memrchr(b'.', client)) {
        out.extend_from_slice(&client[..=dot]);
        out.extend_from_slice(b"0/24");
        return;
    }
    let address = std::str::from_utf8(client)
        .ok()
        .and_then(|text| text.parse::<IpAddr>().ok());
    match address {
        Some(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            out.extend_from_slice(format!("{a}.{b}.{c}.0/24").as_bytes());
        }
        Some(IpAddr::V6(v6)) => {
            let [a, b, c, ..] = v6.segments();
            out.extend_from_slice(format!("{a:x}:{b:x}:{c:x}::/48").as_bytes());
        }
        None => match memchr::memchr(b'.', client).filter(|_| is_name(client)) {
            Some(dot) => {
                out.push(b'*');
                out.extend_from_slice(&client[dot..]);
            }
            None => out.extend_from_slice(client),
        },
    }
}

/// Whether it is the name of one host within a domain: three labels or more.
pub(crate) fn is_name(client: &[u8]) -> bool {
    let of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    client.iter().all(of_name)
        && client.iter().any(u8::is_ascii_alphabetic)
        && client
            .split(|byte| *byte == b'.')
            .filter(|label| !label.is_empty())
            .count()
            > 2
}

#[cfg(test)]
mod tests {
    #[test]
    fn networks() {
        for (client, wanted) in [
            ("203.0.113.9", "203.0.113.0/24"),
            ("2001:db8:1:2::3", "2001:db8:1::/48"),
            ("unix:", "unix:"),
            ("p5b0a1.dip0.example.net", "*.dip0.example.net"),
            ("example.net", "example.net"),
            ("localhost", "localhost"),
            ("203.0.113.9, a.b.example", "203.0.113.9, a.b.example"),
        ] {
            let mut out = Vec::new();
            super::write(client.as_bytes(), &mut out);
            assert_eq!(out, wanted.as_bytes());
        }
    }
}
