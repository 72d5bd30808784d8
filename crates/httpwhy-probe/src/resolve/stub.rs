//! One question to one name server: once over UDP, and over TCP when the answer does not fit (RFC 1035 section 4.2).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use httpwhy_model::{DnsFault, Signal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout_at;

use super::message::{Extended, NXDOMAIN, Question, Reply};
use super::{Answer, Denial, unspecified};
use crate::deadline::timeout;
use crate::signals;

/// How long the other kind of address is awaited once one is there (RFC 8305 section 3, Resolution Delay).
const PATIENCE: Duration = Duration::from_millis(50);
/// The response code of a server that cannot read the question (RFC 1035 section 4.1.1).
const FORMERR: u16 = 1;
/// The longest datagram that is read.
const DATAGRAM: usize = 4_096;

/// Asks one server for the addresses of both kinds at once, until `deadline`, which is `within` from now. The signal
/// says why there is no answer; `notes` takes what else is worth knowing.
pub(super) async fn ask(
    server: SocketAddr,
    name: &str,
    within: Duration,
    deadline: Instant,
    notes: &mut Vec<Signal>,
) -> Result<Answer, Signal> {
    let unaskable = || Signal::word("input", "invalid-url");
    let [v4, v6] = ids()?;
    let questions = [
        Question::new(v4, name, false).ok_or_else(unaskable)?,
        Question::new(v6, name, true).ok_or_else(unaskable)?,
    ];
    let mut asking = Asking {
        server,
        within,
        deadline,
        questions,
        said: [None, None],
        garbage: false,
        edns: true,
    };
    let asked = asking.over_udp().await;
    if !asking.edns {
        // RFC 6891 section 7: a server that does not know EDNS may say FORMERR, and is asked without it.
        notes.push(Signal::Dns {
            fault: DnsFault::Rcode(FORMERR),
            detail: vec![("edns".into(), "no".to_owned())],
        });
    }
    match asked {
        Ok(()) => asking.verdict(),
        Err(error) => Err(signals::of_io(&error)),
    }
}

/// Two different ids that cannot be guessed.
fn ids() -> Result<[u16; 2], Signal> {
    let [a, b, c, d] = crate::tls::random::<4>().map_err(|_| Signal::word("engine", "internal"))?;
    let first = u16::from_be_bytes([a, b]);
    let second = u16::from_be_bytes([c, d]);
    Ok([first, if first == second { !second } else { second }])
}

struct Asking {
    server: SocketAddr,
    within: Duration,
    deadline: Instant,
    questions: [Question; 2],
    said: [Option<Said>; 2],
    garbage: bool,
    /// Whether questions are asked with EDNS.
    edns: bool,
}

/// What was said to one question.
enum Said {
    Addresses(Vec<IpAddr>, Duration, Option<Extended>),
    Code(u16, Duration, Option<Extended>),
    Fault(DnsFault),
}

impl Asking {
    /// Sends both questions and reads until both are answered or time is up: soon, once one answer makes the other needless.
    async fn over_udp(&mut self) -> io::Result<()> {
        let socket = UdpSocket::bind((unspecified(self.server.ip()), 0)).await?;
        socket.connect(self.server).await?;
        for question in &self.questions {
            socket.send(&encoded(question, self.edns)?).await?;
        }
        let mut buffer = vec![0; DATAGRAM];
        let mut until = self.deadline;
        while !self.settled() {
            let Ok(received) = timeout_at(until.into(), socket.recv(&mut buffer)).await else {
                return Ok(());
            };
            let received = received?;
            let datagram = &buffer[..received];
            if self.knows_no_edns(datagram) {
                self.edns = false;
                for question in self.unanswered() {
                    socket.send(&encoded(question, false)?).await?;
                }
                continue;
            }
            self.take(datagram).await;
            if self.has_addresses() || self.does_not_exist() {
                until = until.min(Instant::now() + PATIENCE);
            }
        }
        Ok(())
    }

    /// Whether it says, for the first time, that a question with EDNS cannot be read.
    fn knows_no_edns(&self, datagram: &[u8]) -> bool {
        self.edns
            && self
                .unanswered()
                .any(|question| matches!(question.read(datagram), Reply::Code(FORMERR, _, None)))
    }

    fn unanswered(&self) -> impl Iterator<Item = &Question> {
        let said = self.questions.iter().zip(&self.said);
        said.filter(|(_, said)| said.is_none())
            .map(|(question, _)| question)
    }

    async fn take(&mut self, datagram: &[u8]) {
        for index in 0..self.questions.len() {
            if self.said[index].is_some() {
                continue;
            }
            self.said[index] = match self.questions[index].read(datagram) {
                Reply::NotOurs => None,
                Reply::Garbage => {
                    self.garbage = true;
                    None
                }
                Reply::Truncated => Some(self.over_tcp(index).await),
                Reply::Addresses(addresses, ttl, why) => Some(Said::Addresses(addresses, ttl, why)),
                Reply::Code(code, ttl, why) => Some(Said::Code(code, ttl, why)),
            };
        }
    }

    async fn over_tcp(&self, index: usize) -> Said {
        let question = &self.questions[index];
        let exchange = over_tcp(self.server, question, self.edns);
        match timeout_at(self.deadline.into(), exchange).await {
            Ok(Ok(bytes)) => match question.read(&bytes) {
                Reply::Addresses(addresses, ttl, why) => Said::Addresses(addresses, ttl, why),
                Reply::Code(code, ttl, why) => Said::Code(code, ttl, why),
                Reply::Truncated => Said::Fault(DnsFault::Truncated),
                Reply::Garbage | Reply::NotOurs => Said::Fault(DnsFault::Garbage),
            },
            Ok(Err(_)) | Err(_) => Said::Fault(DnsFault::Truncated),
        }
    }

    fn settled(&self) -> bool {
        self.said.iter().all(Option::is_some)
    }

    /// Said of one kind, it holds for both (RFC 8020); yet some servers say it of the kind they do not serve, so the
    /// other is given a moment (RFC 4074 section 4.2).
    fn does_not_exist(&self) -> bool {
        self.said
            .iter()
            .any(|said| matches!(said, Some(Said::Code(NXDOMAIN, ..))))
    }

    fn has_addresses(&self) -> bool {
        self.said
            .iter()
            .any(|said| matches!(said, Some(Said::Addresses(list, ..)) if !list.is_empty()))
    }

    /// Both replies as one answer: addresses, else that the name does not exist, else a failure, else that there is no
    /// address.
    fn verdict(self) -> Result<Answer, Signal> {
        let mut addresses = Vec::new();
        let (mut living, mut empty) = (Duration::MAX, Duration::MAX);
        let mut missing = None;
        let mut failure = None;
        let mut reason = None;
        for said in self.said {
            match said {
                Some(Said::Addresses(list, ttl, why)) if list.is_empty() => {
                    empty = empty.min(ttl);
                    reason = reason.or(why);
                }
                Some(Said::Addresses(list, ttl, _)) => {
                    living = living.min(ttl);
                    addresses.extend(list);
                }
                Some(Said::Code(NXDOMAIN, ttl, why)) => missing = missing.or(Some((ttl, why))),
                Some(Said::Code(code, _, extended)) => {
                    let fault = DnsFault::Rcode(code);
                    failure = failure.or(Some(Denial { fault, extended }.signal()));
                }
                Some(Said::Fault(fault)) => failure = failure.or(Some(Signal::dns(fault))),
                None if self.garbage => {
                    failure = failure.or(Some(Signal::dns(DnsFault::Garbage)));
                }
                None => failure = failure.or_else(|| Some(timeout(self.within))),
            }
        }
        let (found, ttl) = if !addresses.is_empty() {
            (Ok(addresses), living)
        } else if let Some((ttl, extended)) = missing {
            let fault = DnsFault::Rcode(NXDOMAIN);
            (Err(Denial { fault, extended }), ttl)
        } else if let Some(failure) = failure {
            return Err(failure);
        } else {
            let fault = DnsFault::NoData;
            let extended = reason;
            (Err(Denial { fault, extended }), empty)
        };
        Ok(Answer { found, ttl })
    }
}

/// A question as it is sent.
fn encoded(question: &Question, edns: bool) -> io::Result<Vec<u8>> {
    let message = question.encode(edns);
    message.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
}

/// One question and its reply, each behind its length in two bytes.
async fn over_tcp(server: SocketAddr, question: &Question, edns: bool) -> io::Result<Vec<u8>> {
    let message = encoded(question, edns)?;
    let mut framed = (message.len() as u16).to_be_bytes().to_vec();
    framed.extend(message);
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(&framed).await?;
    let length = stream.read_u16().await?;
    let mut reply = vec![0; length.into()];
    stream.read_exact(&mut reply).await?;
    Ok(reply)
}
