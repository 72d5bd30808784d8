//! Addresses and their networks.

use std::net::IpAddr;

/// Writes the network of an address: /24 of IPv4, /48 of IPv6; what is no address as it is.
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
        None => out.extend_from_slice(client),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn networks() {
        for (client, wanted) in [
            ("203.0.113.9", "203.0.113.0/24"),
            ("2001:db8:1:2::3", "2001:db8:1::/48"),
            ("unix:", "unix:"),
        ] {
            let mut out = Vec::new();
            super::write(client.as_bytes(), &mut out);
            assert_eq!(out, wanted.as_bytes());
        }
    }
}
