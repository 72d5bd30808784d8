//! Name servers of all kinds.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::rdata::{A, AAAA, CNAME, SOA};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use httpwhy_model::{Exchange, Phase, Visit};
use httpwhy_probe::{Config, Job, Next, Resolver};

use crate::servers::{LONG, SHORT, Server, Then, config, exchange, refused, signals, visits};

/// A name server on a free port. Each question is answered with these messages, verbatim. Stops when dropped.
struct NameServer {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl NameServer {
    /// Answers over UDP; nothing listens for TCP.
    fn new(udp: impl Fn(&Message) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        Self::on(UdpSocket::bind("127.0.0.1:0").unwrap(), udp)
    }

    fn on(socket: UdpSocket, udp: impl Fn(&Message) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        let address = socket.local_addr().unwrap();
        let (stop, asked) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&asked));
        let thread = thread::spawn(move || {
            let mut bytes = [0; 1500];
            loop {
                let Ok((length, peer)) = socket.recv_from(&mut bytes) else {
                    // Not before everything that was sent has been read.
                    if stopped.load(Ordering::SeqCst) {
                        return;
                    }
                    continue;
                };
                count.fetch_add(1, Ordering::SeqCst);
                for reply in udp(&Message::from_vec(&bytes[..length]).unwrap()) {
                    let _ = socket.send_to(&reply, peer);
                }
            }
        });
        Self {
            address,
            asked,
            stop,
            threads: vec![thread],
        }
    }

    /// Answers over UDP, and over TCP at the same port.
    fn with_tcp(
        udp: impl Fn(&Message) -> Vec<Vec<u8>> + Send + 'static,
        tcp: impl Fn(&Message) -> Vec<u8> + Send + 'static,
    ) -> Self {
        let (socket, listener) = std::iter::repeat_with(|| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let socket = UdpSocket::bind(listener.local_addr().unwrap());
            (socket, listener)
        })
        .find_map(|(socket, listener)| Some((socket.ok()?, listener)))
        .unwrap();
        let mut server = Self::on(socket, udp);
        let stopped = Arc::clone(&server.stop);
        server.threads.push(thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let mut stream = stream.unwrap();
                stream.set_read_timeout(Some(LONG)).unwrap();
                let mut length = [0; 2];
                stream.read_exact(&mut length).unwrap();
                let mut question = vec![0; u16::from_be_bytes(length).into()];
                stream.read_exact(&mut question).unwrap();
                let reply = tcp(&Message::from_vec(&question).unwrap());
                let length = u16::try_from(reply.len()).unwrap().to_be_bytes();
                stream.write_all(&[&length[..], &reply].concat()).unwrap();
            }
        }));
        server
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Stops it, and says how many questions came.
    fn finish(self) -> usize {
        let asked = Arc::clone(&self.asked);
        drop(self);
        asked.load(Ordering::SeqCst)
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if self.threads.len() > 1 {
            let _ = std::net::TcpStream::connect(self.address);
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn reply(question: &Message) -> Message {
    let mut reply = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
    reply.add_query(question.queries[0].clone());
    reply
}

fn code(question: &Message, code: ResponseCode) -> Message {
    let mut reply = reply(question);
    reply.metadata.response_code = code;
    reply
}

fn is_v6(question: &Message) -> bool {
    question.queries[0].query_type() == RecordType::AAAA
}

/// 127.0.0.1, and no IPv6 address.
fn loopback(question: &Message, ttl: u32) -> Message {
    let mut reply = reply(question);
    if !is_v6(question) {
        let name = question.queries[0].name().clone();
        let data = RData::A(A(Ipv4Addr::LOCALHOST));
        reply.add_answer(Record::from_rdata(name, ttl, data));
    }
    reply
}

fn soa(question: &Message, mut reply: Message, ttl: u32) -> Message {
    let zone = Name::from_ascii("example.").unwrap();
    let soa = SOA::new(zone.clone(), zone.clone(), 1, 1, 1, 1, ttl);
    reply.add_authority(Record::from_rdata(zone, 9_999, RData::SOA(soa)));
    assert_eq!(question.queries.len(), 1);
    reply
}

fn one(message: &Message) -> Vec<Vec<u8>> {
    vec![message.to_vec().unwrap()]
}

/// With an Extended DNS Error (RFC 8914).
fn because(mut message: Message, code: u16, text: &str) -> Message {
    let mut edns = Edns::new();
    let bytes = [&code.to_be_bytes()[..], text.as_bytes()].concat();
    edns.options_mut().insert(EdnsOption::Unknown(15, bytes));
    message.edns = Some(edns);
    message
}

fn asking(servers: &[SocketAddr]) -> Config {
    let mut config = config();
    config.resolver = Resolver::Servers(servers.to_vec());
    config
}

fn web() -> Server {
    Server::raw(
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        Then::Stall,
    )
}

fn job(index: u64, host: &str, web: &Server) -> Job {
    Job::get(index, format!("http://{host}:{}/", web.address.port()))
}

fn resolved(config: Config) -> Exchange {
    let web = web();
    exchange(config, job(0, "a.example", &web))
}

#[test]
fn what_a_name_server_says() {
    type Answer = fn(&Message) -> Vec<Vec<u8>>;
    let table: &[(&str, Answer, &str)] = &[
        ("address", |q| one(&loopback(q, 60)), ""),
        (
            "nxdomain",
            |q| one(&code(q, ResponseCode::NXDomain)),
            "resolve dns:3",
        ),
        (
            "servfail",
            |q| one(&code(q, ResponseCode::ServFail)),
            "resolve dns:2",
        ),
        (
            "refused",
            |q| one(&code(q, ResponseCode::Refused)),
            "resolve dns:5",
        ),
        (
            "notimp",
            |q| one(&code(q, ResponseCode::NotImp)),
            "resolve dns:4",
        ),
        (
            "formerr without the question",
            |q| {
                let mut reply = code(q, ResponseCode::FormErr);
                reply.queries.clear();
                one(&reply)
            },
            "resolve dns:1 edns=no, resolve dns:1",
        ),
        (
            "a failure with its reason",
            |q| {
                one(&because(
                    code(q, ResponseCode::ServFail),
                    22,
                    "no route to it",
                ))
            },
            "resolve dns:2 ede=22 ede-text=no_route_to_it",
        ),
        (
            "no data with a reason",
            |q| one(&because(reply(q), 15, "")),
            "resolve dns:nodata ede=15",
        ),
        (
            "nxdomain with a reason that is no text",
            |q| {
                one(&because(
                    code(q, ResponseCode::NXDomain),
                    4_000,
                    "\u{1b}[2J\n",
                ))
            },
            "resolve dns:3 ede=4000 ede-text=?[2J",
        ),
        ("no data", |q| one(&reply(q)), "resolve dns:nodata"),
        ("silence", |_| Vec::new(), "resolve timeout:300"),
        ("garbage", |_| vec![b"abc".to_vec()], "resolve dns:garbage"),
        (
            "garbage, then an address",
            |q| [vec![b"abc".to_vec()], one(&loopback(q, 60))].concat(),
            "",
        ),
        (
            "another id",
            |q| {
                let mut reply = loopback(q, 60);
                reply.metadata.id ^= 1;
                one(&reply)
            },
            "resolve timeout:300",
        ),
        (
            "another question",
            |q| {
                let mut reply = loopback(q, 60);
                reply.queries[0].set_name(Name::from_ascii("b.example.").unwrap());
                one(&reply)
            },
            "resolve timeout:300",
        ),
        (
            "a question, not an answer",
            |q| one(q),
            "resolve timeout:300",
        ),
        (
            "a forged id, then the answer",
            |q| {
                let mut forged = code(q, ResponseCode::NXDomain);
                forged.metadata.id ^= 1;
                [one(&forged), one(&loopback(q, 60))].concat()
            },
            "",
        ),
        ("aliases", |q| one(&aliases(q)), ""),
        ("aliases in a ring", |q| one(&ring(q)), "resolve dns:nodata"),
        (
            "an address of another name",
            |q| {
                let mut reply = loopback(q, 60);
                for answer in &mut reply.answers {
                    answer.name = Name::from_ascii("b.example.").unwrap();
                }
                one(&reply)
            },
            "resolve dns:nodata",
        ),
        (
            "IPv6 fails, IPv4 is there",
            |q| {
                if is_v6(q) {
                    one(&code(q, ResponseCode::ServFail))
                } else {
                    one(&loopback(q, 60))
                }
            },
            "",
        ),
        (
            "IPv6 is silent, IPv4 is there",
            |q| {
                if is_v6(q) {
                    Vec::new()
                } else {
                    one(&loopback(q, 60))
                }
            },
            "",
        ),
        (
            "IPv6 does not exist, IPv4 is silent",
            |q| {
                if is_v6(q) {
                    one(&code(q, ResponseCode::NXDomain))
                } else {
                    Vec::new()
                }
            },
            "resolve dns:3",
        ),
        (
            "IPv6 does not exist, IPv4 is there",
            |q| {
                if is_v6(q) {
                    one(&code(q, ResponseCode::NXDomain))
                } else {
                    one(&loopback(q, 60))
                }
            },
            "",
        ),
        (
            "cut off, no TCP",
            |q| one(&cut_off(q)),
            "resolve dns:truncated",
        ),
    ];
    for (what, answer, expected) in table {
        let server = NameServer::new(answer);
        let mut config = asking(&[server.address]);
        config.deadlines.resolve = SHORT;
        let seen = resolved(config);
        assert_eq!(&signals(&seen), expected, "{what}");
        let status = expected.is_empty().then_some(200);
        assert_eq!(seen.status(), status, "{what}");
        assert!(seen.timeline.get(Phase::Resolve).is_some(), "{what}");
        let asked = if expected.contains("edns=no") { 4 } else { 2 };
        assert_eq!(server.finish(), asked, "{what}: one question for each kind");
    }
}

/// Two aliases, the second in other letters, then the address.
fn aliases(question: &Message) -> Message {
    let mut reply = reply(question);
    let mut name = question.queries[0].name().clone();
    for next in ["B.example.", "c.example."] {
        let next = Name::from_ascii(next).unwrap();
        reply.add_answer(Record::from_rdata(
            name,
            60,
            RData::CNAME(CNAME(next.clone())),
        ));
        name = Name::from_ascii(next.to_ascii().to_ascii_lowercase()).unwrap();
    }
    if !is_v6(question) {
        reply.add_answer(Record::from_rdata(
            name,
            60,
            RData::A(A(Ipv4Addr::LOCALHOST)),
        ));
    }
    reply
}

fn ring(question: &Message) -> Message {
    let mut reply = reply(question);
    let (name, other) = (
        question.queries[0].name().clone(),
        Name::from_ascii("b.example.").unwrap(),
    );
    reply.add_answer(Record::from_rdata(
        name.clone(),
        60,
        RData::CNAME(CNAME(other.clone())),
    ));
    reply.add_answer(Record::from_rdata(other, 60, RData::CNAME(CNAME(name))));
    reply
}

fn cut_off(question: &Message) -> Message {
    let mut reply = reply(question);
    reply.metadata.truncation = true;
    reply
}

#[test]
fn who_knows_no_edns_is_asked_without() {
    let server = NameServer::new(|question| {
        one(&match question.edns {
            Some(_) => code(question, ResponseCode::FormErr),
            None => loopback(question, 60),
        })
    });
    let seen = resolved(asking(&[server.address]));
    assert_eq!(signals(&seen), "resolve dns:1 edns=no");
    assert_eq!(seen.status(), Some(200));
}

#[test]
fn what_is_cut_off_is_had_over_tcp() {
    let server = NameServer::with_tcp(|q| one(&cut_off(q)), |q| loopback(q, 60).to_vec().unwrap());
    let seen = resolved(asking(&[server.address]));
    assert_eq!((seen.status(), signals(&seen)), (Some(200), String::new()));

    let server = NameServer::with_tcp(|q| one(&cut_off(q)), |_| b"abc".to_vec());
    let seen = resolved(asking(&[server.address]));
    assert_eq!(signals(&seen), "resolve dns:garbage");
}

#[test]
fn a_refused_port_is_told_at_once() {
    // Talks to another peer only, so that the port is taken and yet refuses us.
    let held = UdpSocket::bind("127.0.0.1:0").unwrap();
    held.connect("127.0.0.1:1").unwrap();
    let nobody = held.local_addr().unwrap();
    let seen = resolved(asking(&[nobody]));
    assert_eq!(signals(&seen), "resolve errno:ECONNREFUSED");
    assert!(seen.timeline.get(Phase::Resolve).unwrap() < LONG);
}

#[test]
fn the_next_server_is_asked_and_the_first_failure_kept() {
    let bad = NameServer::new(|q| one(&code(q, ResponseCode::ServFail)));
    let good = NameServer::new(|q| one(&loopback(q, 60)));
    let seen = resolved(asking(&[bad.address, good.address]));
    assert_eq!(
        (seen.status(), &*signals(&seen)),
        (Some(200), "resolve dns:2")
    );

    // What a server says for good is not asked again elsewhere.
    let sure = NameServer::new(|q| one(&code(q, ResponseCode::NXDomain)));
    let asked_before = good.asked();
    let seen = resolved(asking(&[sure.address, good.address]));
    assert_eq!(signals(&seen), "resolve dns:3");
    assert_eq!(good.asked(), asked_before);

    // A silent one uses up its share of the time only.
    let silent = NameServer::new(|_| Vec::new());
    let mut config = asking(&[silent.address, good.address]);
    // The other half is there for the one that answers.
    config.deadlines.resolve = 10 * SHORT;
    let seen = resolved(config);
    assert_eq!(seen.status(), Some(200));
    let silence = signals(&seen);
    assert!(silence.starts_with("resolve timeout:"), "{silence}");
}

#[test]
fn answers_are_remembered_as_long_as_they_say() {
    type Answer = fn(&Message) -> Vec<Vec<u8>>;
    let table: &[(&str, Answer, usize)] = &[
        ("address", |q| one(&loopback(q, 300)), 2),
        ("address without life", |q| one(&loopback(q, 0)), 6),
        (
            "nxdomain with SOA",
            |q| one(&soa(q, code(q, ResponseCode::NXDomain), 300)),
            2,
        ),
        (
            "nxdomain without SOA",
            |q| one(&code(q, ResponseCode::NXDomain)),
            6,
        ),
        ("no data with SOA", |q| one(&soa(q, reply(q), 300)), 2),
        ("no data without SOA", |q| one(&reply(q)), 6),
        ("servfail", |q| one(&code(q, ResponseCode::ServFail)), 6),
    ];
    for (what, answer, asked) in table {
        let (server, web) = (NameServer::new(answer), web());
        let config = asking(&[server.address]);
        let jobs: Vec<_> = (0..3).map(|index| job(index, "a.example", &web)).collect();
        let (all, _) = visits(config, jobs, |_: &Visit| Next::Done);
        let first = signals(&all[0].steps[0].exchange);
        assert!(
            all.iter().all(|v| signals(&v.steps[0].exchange) == first),
            "{what}"
        );
        assert_eq!(server.finish(), *asked, "{what}");
    }
}

#[test]
fn many_at_once_ask_once() {
    let (server, web) = (NameServer::new(|q| one(&loopback(q, 300))), web());
    let mut config = asking(&[server.address]);
    config.concurrency = 16;
    config.threads = 2;
    let jobs: Vec<_> = (0..64).map(|index| job(index, "a.example", &web)).collect();
    let (all, _) = visits(config, jobs, |_: &Visit| Next::Done);
    assert!(
        all.iter()
            .all(|v| v.steps[0].exchange.status() == Some(200))
    );
    assert_eq!(server.finish(), 2);
}

#[test]
fn some_names_are_never_asked() {
    let server = NameServer::new(|q| one(&code(q, ResponseCode::NXDomain)));
    let web = web();
    let hosts = std::env::temp_dir().join(format!("httpwhy-hosts-{}", std::process::id()));
    std::fs::write(&hosts, "127.0.0.1 shop.example # here\n").unwrap();
    let mut config = asking(&[server.address]);
    config.hosts = Some(hosts.clone());
    for host in [
        "localhost",
        "a.localhost",
        "127.0.0.1",
        "shop.example",
        "SHOP.example.",
    ] {
        let seen = exchange(config.clone(), job(0, host, &web));
        assert_eq!(seen.status(), Some(200), "{host}");
    }
    assert_eq!(server.asked(), 0);
    let seen = exchange(config, job(0, "other.example", &web));
    assert_eq!(signals(&seen), "resolve dns:3");
    std::fs::remove_file(hosts).unwrap();
}

#[test]
fn names_that_cannot_be_asked_for() {
    let server = NameServer::new(|q| one(&loopback(q, 60)));
    let long = "a".repeat(64);
    let seen = exchange(
        asking(&[server.address]),
        Job::get(0, format!("http://{long}.example/")),
    );
    assert_eq!(signals(&seen), "resolve input:invalid-url");
    let seen = exchange(asking(&[]), Job::get(0, "http://a.example/"));
    assert_eq!(signals(&seen), "resolve engine:no-name-server");
    assert_eq!(server.finish(), 0);
}

#[test]
fn every_address_is_tried_in_order() {
    let server = NameServer::new(|question| {
        let mut reply = reply(question);
        let name = question.queries[0].name().clone();
        let data = if is_v6(question) {
            vec![RData::AAAA(AAAA(Ipv6Addr::LOCALHOST))]
        } else {
            vec![
                RData::A(A(Ipv4Addr::new(127, 0, 0, 2))),
                RData::A(A(Ipv4Addr::LOCALHOST)),
            ]
        };
        for data in data {
            reply.add_answer(Record::from_rdata(name.clone(), 60, data));
        }
        one(&reply)
    });
    // Listens on 127.0.0.1 only, so that 127.0.0.2 refuses.
    let web = web();
    let seen = exchange(asking(&[server.address]), job(0, "a.example", &web));
    assert_eq!(signals(&seen), "connect errno:ECONNREFUSED");
    assert_eq!((seen.status(), seen.peer), (Some(200), Some(web.address)));

    let (_held, refusing) = refused();
    let port = refusing.port();
    let seen = exchange(
        asking(&[server.address]),
        Job::get(0, format!("http://a.example:{port}/")),
    );
    let all = signals(&seen);
    assert!(
        all.starts_with("connect errno:ECONNREFUSED, connect errno:ECONNREFUSED"),
        "{all}"
    );
}
