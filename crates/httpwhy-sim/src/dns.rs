//! The name server: everything under `.test` is here, but for some names that show how names fail.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, Metadata, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, SOA};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::ports::Ports;

/// Names that fail, as `<word>.test` and everything under it; also what act `dns` can ask for.
pub(crate) const FAULTS: &[&str] = &[
    "formerr",
    "garbage",
    "nodata",
    "notimp",
    "nxdomain",
    "refused",
    "servfail",
    "silence",
    "truncated",
];
/// Seconds that an answer may be kept.
const TTL: u32 = 60;
/// The longest datagram and the longest query over TCP.
const LONGEST: usize = 4096;
/// The most TCP connections at a time.
const MOST_CONNECTIONS: usize = 64;
/// How long a client may take for its query over TCP.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long accepting rests when the system has no more descriptors.
const REST: Duration = Duration::from_millis(50);
/// Bytes that are no DNS message: shorter than its header.
const GARBAGE: &[u8] = b"\xde\xad\xbe\xef?";

/// Starts answering on both sockets.
pub(crate) fn start(ports: &Ports, ip: IpAddr) -> io::Result<()> {
    let udp = ports.dns.try_clone()?;
    udp.set_nonblocking(true)?;
    let udp = UdpSocket::from_std(udp)?;
    tokio::spawn(async move { serve_udp(udp, ip).await });
    let tcp = ports.dns_tcp.try_clone()?;
    tcp.set_nonblocking(true)?;
    let tcp = TcpListener::from_std(tcp)?;
    tokio::spawn(async move { serve_tcp(tcp, ip).await });
    Ok(())
}

async fn serve_udp(socket: UdpSocket, ip: IpAddr) {
    let mut buffer = [0; LONGEST];
    loop {
        // An error here is the echo of an answer that could not be delivered.
        let Ok((count, from)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        if let Some(answer) = reply(&buffer[..count], ip, Over::Udp) {
            let _: io::Result<usize> = socket.send_to(&answer, from).await;
        }
    }
}

async fn serve_tcp(listener: TcpListener, ip: IpAddr) {
    let seats = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            sleep(REST).await;
            continue;
        };
        // The semaphore is never closed.
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else {
            return;
        };
        tokio::spawn(async move {
            // A client that has gone, or is too slow.
            let _ = timeout(DEADLINE, converse(stream, ip)).await;
            drop(seat);
        });
    }
}

/// Queries over TCP, each behind its length (RFC 1035 section 4.2.2).
async fn converse(mut stream: TcpStream, ip: IpAddr) -> io::Result<()> {
    loop {
        let length = usize::from(stream.read_u16().await?);
        if length > LONGEST {
            return Ok(());
        }
        let mut query = vec![0; length];
        stream.read_exact(&mut query).await?;
        let Some(answer) = reply(&query, ip, Over::Tcp) else {
            return Ok(());
        };
        let mut framed = (answer.len() as u16).to_be_bytes().to_vec();
        framed.extend_from_slice(&answer);
        stream.write_all(&framed).await?;
    }
}

/// How a query came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    Udp,
    Tcp,
}

/// The bytes to answer a query with; `None` for silence.
fn reply(query: &[u8], ip: IpAddr, over: Over) -> Option<Vec<u8>> {
    let query = Message::from_vec(query).ok()?;
    if query.metadata.message_type != MessageType::Query {
        return None;
    }
    let mut answer = Message::new(
        query.metadata.id,
        MessageType::Response,
        query.metadata.op_code,
    );
    answer.metadata = Metadata::response_from_request(&query.metadata);
    answer.metadata.recursion_available = true;
    answer.queries.clone_from(&query.queries);
    if query.edns.is_some() {
        answer.set_edns(Edns::new());
    }
    let [question] = query.queries.as_slice() else {
        answer.metadata.response_code = ResponseCode::FormErr;
        return answer.to_vec().ok();
    };
    if query.metadata.op_code != OpCode::Query {
        answer.metadata.response_code = ResponseCode::NotImp;
        return answer.to_vec().ok();
    }
    let code = |code| (code, false);
    let (code, found) = match fault(question.name()).as_deref() {
        Some("silence") => return None,
        Some("garbage") => return Some(GARBAGE.to_vec()),
        Some("truncated") if over == Over::Tcp => return None,
        Some("truncated") => {
            answer.metadata.truncation = true;
            return answer.to_vec().ok();
        }
        Some("formerr") => code(ResponseCode::FormErr),
        Some("notimp") => code(ResponseCode::NotImp),
        Some("nxdomain") => code(ResponseCode::NXDomain),
        Some("refused") => code(ResponseCode::Refused),
        Some("servfail") => code(ResponseCode::ServFail),
        Some("nodata") => code(ResponseCode::NoError),
        Some(_) | None if !is_here(question.name()) => code(ResponseCode::Refused),
        Some(_) | None => (ResponseCode::NoError, true),
    };
    answer.metadata.response_code = code;
    let address = found
        .then(|| address(question.name(), question.query_type(), ip))
        .flatten();
    answer.metadata.authoritative = matches!(code, ResponseCode::NoError | ResponseCode::NXDomain);
    match address {
        Some(record) => {
            answer.add_answer(record);
        }
        // Negative answers carry the zone's SOA, so that they can be kept (RFC 2308 section 3).
        None if answer.metadata.authoritative => {
            answer.add_authority(soa()?);
        }
        None => {}
    }
    answer.to_vec().ok()
}

/// The word of a name that fails: `nxdomain` of `www.nxdomain.test`.
fn fault(name: &Name) -> Option<String> {
    let labels = labels(name);
    let [.., word, _] = labels.as_slice() else {
        return None;
    };
    (is_here(name) && FAULTS.contains(&word.as_str())).then(|| word.clone())
}

fn is_here(name: &Name) -> bool {
    labels(name).last().is_some_and(|top| top == "test")
}

fn labels(name: &Name) -> Vec<String> {
    let name = name.to_ascii().to_ascii_lowercase();
    name.trim_end_matches('.')
        .split('.')
        .map(str::to_owned)
        .collect()
}

fn address(name: &Name, kind: RecordType, ip: IpAddr) -> Option<Record> {
    let data = match (kind, ip) {
        (RecordType::A, IpAddr::V4(ip)) => RData::A(A(ip)),
        (RecordType::AAAA, IpAddr::V6(ip)) => RData::AAAA(AAAA(ip)),
        _ => return None,
    };
    Some(Record::from_rdata(name.clone(), TTL, data))
}

fn soa() -> Option<Record> {
    let name = |text: &str| Name::from_ascii(text).ok();
    let data = SOA::new(
        name("ns.test.")?,
        name("hostmaster.test.")?,
        1,
        3600,
        600,
        86_400,
        TTL,
    );
    Some(Record::from_rdata(name("test.")?, TTL, RData::SOA(data)))
}
