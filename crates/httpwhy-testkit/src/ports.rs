//! Ports that nothing has.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below those that Linux gives to whoever asks for any (`ip_local_port_range`, from 32768 on), or connects.
const FIRST: u16 = 20_000;
/// How many there are.
const COUNT: u16 = 12_000;

/// A port of 127.0.0.1, TCP and UDP, that nothing has and nothing gets by chance: for a server that is told its port, or
/// to be refused there. Each is given once in a process; processes begin far apart, also those started one after another.
///
/// # Panics
/// When all are taken.
pub fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    // 2³² over the golden ratio: neighbours are spread.
    let spread = std::process::id().wrapping_mul(0x9E37_79B1) >> 16;
    let begin = (spread % u32::from(COUNT)) as u16;
    let free = (0..COUNT).find_map(|_| {
        let next = GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + begin.wrapping_add(next) % COUNT;
        let at = (Ipv4Addr::LOCALHOST, port);
        let is_free = TcpListener::bind(at).is_ok() && UdpSocket::bind(at).is_ok();
        is_free.then_some(port)
    });
    free.expect("a free port")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::net::TcpStream;

    #[test]
    fn each_is_given_once_and_refuses() {
        let ports: HashSet<u16> = (0..50).map(|_| free_port()).collect();
        assert_eq!(ports.len(), 50);
        for port in ports {
            assert!((FIRST..FIRST + COUNT).contains(&port), "{port}");
            let refused =
                TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect_err("nobody listens");
            assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        }
    }
}
