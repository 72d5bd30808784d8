//! Answers to the first packet of a QUIC client, written by hand: what no library sends on request.
//!
//! Initial packets are protected with keys that follow from the client's own connection id (RFC 9001 section 5.2), so
//! that anybody who sees the first one can answer it.

use std::io;

use httpwhy_wire::h3::write_integer;
use rustls::Side;
use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::quic::Version;

/// QUIC version 1 (RFC 9000 section 15).
const VERSION_1: u32 = 1;
/// A version that nobody speaks: of the form that is reserved to exercise negotiation.
const NO_VERSION: u32 = 0x1a2a_3a4a;
/// The longest datagram that is read, in bytes.
const LONGEST: usize = 2048;
/// The longest connection id, in bytes (RFC 9000 section 17.2).
const LONGEST_ID: usize = 20;
/// CONNECTION_CLOSE with a transport code (RFC 9000 section 19.19).
const CONNECTION_CLOSE: u64 = 0x1c;
/// An Initial packet with a packet number of four bytes.
const INITIAL: u8 = 0xc3;
const NUMBER: usize = 4;
/// The length of the tag behind a protected payload, in bytes.
const TAG: usize = 16;

/// The header of a client's first packet.
pub(crate) struct First<'a> {
    version: u32,
    /// The id that the client made up for the server.
    to: &'a [u8],
    /// The client's own id.
    from: &'a [u8],
}

/// Reads the header of a long packet (RFC 8999 section 5.1).
fn first(datagram: &[u8]) -> Option<First<'_>> {
    let (head, rest) = datagram.split_first()?;
    let (version, rest) = rest.split_first_chunk()?;
    let (to, rest) = id(rest)?;
    let (from, _) = id(rest)?;
    (head & 0x80 != 0).then_some(First {
        version: u32::from_be_bytes(*version),
        to,
        from,
    })
}

fn id(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let length = usize::from(*length);
    if length > LONGEST_ID {
        return None;
    }
    rest.split_at_checked(length)
}

/// Answers every first packet that comes with one datagram, or none.
pub(crate) async fn answer(
    socket: std::net::UdpSocket,
    compose: impl Fn(&First<'_>) -> Option<Vec<u8>> + Send,
) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    let socket = tokio::net::UdpSocket::from_std(socket)?;
    let mut buffer = [0; LONGEST];
    loop {
        // An error concerns a client that has gone.
        let Ok((count, from)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        if let Some(answer) = first(&buffer[..count]).and_then(|first| compose(&first)) {
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

/// A Version Negotiation packet that offers no version that exists (RFC 9000 section 17.2.1).
pub(crate) fn other_versions(first: &First<'_>) -> Vec<u8> {
    let mut out = vec![0x80];
    out.extend_from_slice(&0_u32.to_be_bytes());
    write_id(&mut out, first.from);
    write_id(&mut out, first.to);
    out.extend_from_slice(&NO_VERSION.to_be_bytes());
    out
}

fn write_id(out: &mut Vec<u8>, id: &[u8]) {
    // An id has at most 20 bytes.
    out.push(id.len() as u8);
    out.extend_from_slice(id);
}

/// An Initial packet that holds a CONNECTION_CLOSE frame.
pub(crate) fn close(first: &First<'_>, code: u64, reason: &str) -> Option<Vec<u8>> {
    if first.version != VERSION_1 {
        return None;
    }
    let mut payload = Vec::new();
    for number in [CONNECTION_CLOSE, code, 0, reason.len() as u64] {
        write_integer(&mut payload, number);
    }
    payload.extend_from_slice(reason.as_bytes());
    let mut packet = vec![INITIAL];
    packet.extend_from_slice(&VERSION_1.to_be_bytes());
    write_id(&mut packet, first.from);
    // Our own id may be anything.
    write_id(&mut packet, b"sim");
    // No token, then the length of all that follows.
    packet.push(0);
    write_integer(&mut packet, (NUMBER + payload.len() + TAG) as u64);
    protect(packet, payload, first.to)
}

/// Encrypts the payload behind that header, which lacks the packet number 0, and then hides parts of the header (RFC
/// 9001 sections 5.3 and 5.4).
fn protect(mut packet: Vec<u8>, mut payload: Vec<u8>, id: &[u8]) -> Option<Vec<u8>> {
    let suite = TLS13_AES_128_GCM_SHA256.tls13()?.quic_suite()?;
    let keys = suite.keys(id, Side::Server, Version::V1).local;
    let at = packet.len();
    packet.extend_from_slice(&[0; NUMBER]);
    let tag = keys
        .packet
        .encrypt_in_place(0, &packet, &mut payload)
        .ok()?;
    payload.extend_from_slice(tag.as_ref());
    packet.extend_from_slice(&payload);
    let sample = packet
        .get(at + NUMBER..at + NUMBER + keys.header.sample_len())?
        .to_vec();
    let (head, rest) = packet.split_at_mut(at);
    let (first, number) = (head.first_mut()?, rest.get_mut(..NUMBER)?);
    keys.header.encrypt_in_place(&sample, first, number).ok()?;
    Some(packet)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header of the client's Initial packet of RFC 9001 appendix A.2.
    const HEADER: &[u8] = b"\xc3\0\0\0\x01\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08\0\0";

    #[test]
    fn headers() {
        let client = first(HEADER).expect("a header");
        assert_eq!(
            (client.version, client.to.len(), client.from.len()),
            (1, 8, 0)
        );
        assert!(first(b"\x43\0\0\0\x01\0\0").is_none(), "a short header");
        assert!(first(&HEADER[..9]).is_none(), "cut");
        assert!(first(b"\xc3\0\0\0\x01\x15").is_none(), "an id too long");
    }

    #[test]
    fn what_is_closed_can_be_read_by_the_client() {
        let client = first(HEADER).expect("a header");
        let packet = close(&client, 0x128, "no").expect("version 1");
        let suite = TLS13_AES_128_GCM_SHA256
            .tls13()
            .and_then(rustls::Tls13CipherSuite::quic_suite);
        let keys = suite
            .expect("QUIC")
            .keys(client.to, Side::Client, Version::V1)
            .remote;
        let at = packet.len() - TAG - 7 - NUMBER;
        let mut packet = packet;
        let sample = packet[at + NUMBER..at + NUMBER + 16].to_vec();
        let (head, rest) = packet.split_at_mut(at);
        keys.header
            .decrypt_in_place(&sample, &mut head[0], &mut rest[..NUMBER])
            .expect("hidden");
        assert_eq!((head[0], &rest[..NUMBER]), (INITIAL, &[0; NUMBER][..]));
        let (header, payload) = packet.split_at_mut(at + NUMBER);
        let payload = keys
            .packet
            .decrypt_in_place(0, header, payload)
            .expect("encrypted");
        assert_eq!(payload, b"\x1c\x41\x28\0\x02no");
        let other = First {
            version: 2,
            ..client
        };
        assert!(close(&other, 1, "").is_none());
    }

    #[test]
    fn other_versions_go_back_the_way_they_came() {
        let client = First {
            version: 1,
            to: b"to",
            from: b"from",
        };
        let packet = other_versions(&client);
        assert_eq!(packet, b"\x80\0\0\0\0\x04from\x02to\x1a\x2a\x3a\x4a");
    }
}
