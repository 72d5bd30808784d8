//! Questions to a name server and its replies (RFC 1035 section 4).

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{Name, RData, RecordType};

use crate::signals;

/// The response code for a name that does not exist.
pub(super) const NXDOMAIN: u16 = 3;
/// The option of Extended DNS Errors (RFC 8914 section 5.1).
const ERROR: u16 = 15;
/// Bytes of its text that are kept.
const TEXT: usize = 64;
/// The size of datagrams that is asked for: it passes without being cut on any common link (DNS flag day 2020).
const PAYLOAD: u16 = 1_232;
/// Aliases followed in one answer.
const ALIASES: usize = 16;
/// The longest time anything is remembered (RFC 8767 section 4 advises days at most).
const LONGEST: Duration = Duration::from_hours(24);

/// One question, as it was sent.
#[derive(Debug)]
pub(super) struct Question {
    id: u16,
    name: Name,
    kind: RecordType,
}

/// What a datagram or framed message is to a question.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// It answers another question, or none.
    NotOurs,
    /// It cannot be read.
    Garbage,
    /// It is cut off: ask again over TCP.
    Truncated,
    /// Addresses and their time to live; none means that the name has none of this kind, and perhaps why.
    Addresses(Vec<IpAddr>, Duration, Option<Extended>),
    /// A response code other than 0, how long NXDOMAIN may be remembered, and perhaps why.
    Code(u16, Duration, Option<Extended>),
}

/// An Extended DNS Error (RFC 8914 section 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Extended {
    code: u16,
    text: String,
}

impl Extended {
    /// The first one of a message.
    fn of(message: &Message) -> Option<Self> {
        let options = message.edns.as_ref()?.options();
        let option = options.get(EdnsCode::Unknown(ERROR))?;
        let EdnsOption::Unknown(_, bytes) = option else {
            return None;
        };
        let (code, text) = bytes.split_first_chunk()?;
        Some(Self {
            code: u16::from_be_bytes(*code),
            text: signals::token(text, TEXT),
        })
    }

    /// The parameters of a signal.
    pub(super) fn params(&self) -> Vec<(Cow<'static, str>, String)> {
        let mut params = vec![(Cow::Borrowed("ede"), self.code.to_string())];
        if !self.text.is_empty() {
            params.push((Cow::Borrowed("ede-text"), self.text.clone()));
        }
        params
    }
}

impl Question {
    /// A question for A records, or AAAA records. `None` when the name cannot be asked for: a label over 63 bytes.
    pub(super) fn new(id: u16, name: &str, ipv6: bool) -> Option<Self> {
        let mut name = Name::from_ascii(name).ok()?;
        name.set_fqdn(true);
        let kind = if ipv6 {
            RecordType::AAAA
        } else {
            RecordType::A
        };
        Some(Self { id, name, kind })
    }

    /// The message to send, with EDNS (RFC 6891) or without. `None` when the name is too long to be written.
    pub(super) fn encode(&self, edns: bool) -> Option<Vec<u8>> {
        let mut message = Message::new(self.id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(self.name.clone(), self.kind));
        if edns {
            let mut edns = Edns::new();
            edns.set_max_payload(PAYLOAD);
            message.set_edns(edns);
        }
        message.to_vec().ok()
    }

    /// Reads what came from the name server.
    pub(super) fn read(&self, bytes: &[u8]) -> Reply {
        if self.cut_off(bytes) {
            return Reply::Truncated;
        }
        let Ok(message) = Message::from_vec(bytes) else {
            return Reply::Garbage;
        };
        if !self.answered_by(&message) {
            return Reply::NotOurs;
        }
        match message.metadata.response_code {
            ResponseCode::NoError => self.addresses(&message),
            code => Reply::Code(
                u16::from(code),
                negative_ttl(&message),
                Extended::of(&message),
            ),
        }
    }

    /// Whether the header is that of our reply, with the TC bit: the rest may be unreadable then.
    fn cut_off(&self, bytes: &[u8]) -> bool {
        let [high, low] = self.id.to_be_bytes();
        matches!(bytes, &[h, l, flags, ..] if h == high && l == low && flags & 0x82 == 0x82)
    }

    /// Servers that could not read the question need not repeat it.
    fn answered_by(&self, message: &Message) -> bool {
        let head = &message.metadata;
        let asked = |query: &Query| query.query_type() == self.kind && query.name() == &self.name;
        head.id == self.id
            && head.message_type == MessageType::Response
            && match &message.queries[..] {
                [] => head.response_code != ResponseCode::NoError,
                [query] => asked(query),
                _ => false,
            }
    }

    /// The addresses at the end of the chain of aliases (RFC 1034 section 3.6.2).
    fn addresses(&self, message: &Message) -> Reply {
        let mut name = &self.name;
        let mut ttl = LONGEST;
        for _ in 0..ALIASES {
            let mut found = Vec::new();
            let mut alias = None;
            for record in message.answers.iter().filter(|record| &record.name == name) {
                let age = Duration::from_secs(record.ttl.into());
                match (&record.data, self.kind) {
                    (RData::A(address), RecordType::A) => found.push((address.0.into(), age)),
                    (RData::AAAA(address), RecordType::AAAA) => {
                        found.push((address.0.into(), age));
                    }
                    (RData::CNAME(next), _) => alias = Some((&next.0, age)),
                    _ => {}
                }
            }
            if !found.is_empty() {
                let ttl = found.iter().map(|&(_, age)| age).fold(ttl, Duration::min);
                return Reply::Addresses(found.into_iter().map(|(a, _)| a).collect(), ttl, None);
            }
            let Some((next, age)) = alias else { break };
            name = next;
            ttl = ttl.min(age);
        }
        let ttl = negative_ttl(message).min(ttl);
        Reply::Addresses(Vec::new(), ttl, Extended::of(message))
    }
}

/// How long a negative answer may be remembered: not at all without an SOA record (RFC 2308 section 5).
fn negative_ttl(message: &Message) -> Duration {
    let soa = message
        .authorities
        .iter()
        .find_map(|record| match &record.data {
            RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
            _ => None,
        });
    Duration::from_secs(soa.unwrap_or(0).into()).min(LONGEST)
}
