//! What an act is: a misbehaviour that a catalogue entry asks for by name, with parameters.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::UdpSocket;
use std::pin::Pin;
use std::sync::Arc;

use httpwhy_catalog::Param;
use quinn::{RecvStream, SendStream};
use tokio::net::TcpStream;

use crate::answer::MARK;
use crate::h2::Link;
use crate::h3::Peer;
use crate::request::Asked;
use crate::scene::Protocol;
use crate::wire::Wire;
use crate::world::World;

/// A misbehaviour. One file of `acts/` each.
pub(crate) struct Act {
    /// The name that entries use: the file's name.
    pub(crate) name: &'static str,
    /// One line on what it does.
    pub(crate) about: &'static str,
    /// The parameters it knows.
    pub(crate) params: &'static [&'static str],
    /// Reads the parameters: what is played, where, and what the client must do.
    pub(crate) perform: fn(&Params) -> Result<Role, Misuse>,
}

impl Act {
    /// The act of that name.
    pub(crate) fn named(name: &str) -> Result<&'static Self, Misuse> {
        let mut found = crate::acts::ALL.iter().copied();
        found
            .find(|act| act.name == name)
            .ok_or_else(|| Misuse(format!("no act is called '{name}'")))
    }

    /// The role of an entry that asks for this act with these parameters.
    pub(crate) fn role(&self, params: &'static [(&'static str, Param)]) -> Result<Role, Misuse> {
        if let Some((name, _)) = params.iter().find(|(name, _)| !self.params.contains(name)) {
            let known = self.params.join(", ");
            return Err(Misuse(format!(
                "'{}' has no parameter '{name}'; it has: {known}",
                self.name
            )));
        }
        (self.perform)(&Params(params))
            .map_err(|Misuse(why)| Misuse(format!("{}: {why}", self.name)))
    }
}

/// Why an entry's `reproduce` cannot be performed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misuse(pub(crate) String);

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The parameters of an entry's `reproduce`.
pub(crate) struct Params(pub(crate) &'static [(&'static str, Param)]);

impl Params {
    fn get(&self, name: &str) -> Option<Param> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| *value)
    }

    /// A number, when given.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, Misuse> {
        match self.get(name) {
            None => Ok(None),
            Some(Param::Number(number)) => Ok(Some(number)),
            Some(other) => Err(wrong(name, "a number", other)),
        }
    }

    /// A number that must be given and within the bounds.
    pub(crate) fn number_within<T: TryFrom<i64>>(
        &self,
        name: &str,
        low: i64,
        high: i64,
    ) -> Result<T, Misuse> {
        self.number(name)?
            .filter(|number| (low..=high).contains(number))
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| Misuse(format!("'{name}' must be a number from {low} to {high}")))
    }

    /// A text, when given.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&'static str>, Misuse> {
        match self.get(name) {
            None => Ok(None),
            Some(Param::Text(text)) => Ok(Some(text)),
            Some(other) => Err(wrong(name, "a text", other)),
        }
    }

    /// A text that must be given.
    pub(crate) fn needed(&self, name: &str) -> Result<&'static str, Misuse> {
        self.text(name)?
            .ok_or_else(|| Misuse(format!("'{name}' must be given")))
    }

    /// A word that must be one of those.
    pub(crate) fn word(
        &self,
        name: &str,
        allowed: &[&'static str],
    ) -> Result<&'static str, Misuse> {
        let given = self.needed(name)?;
        if allowed.contains(&given) {
            return Ok(given);
        }
        let allowed = allowed.join(", ");
        Err(Misuse(format!(
            "'{name}' is one of {allowed}, not '{given}'"
        )))
    }

    /// A list of `Name: value` lines; empty when not given.
    pub(crate) fn fields(&self, name: &str) -> Result<Vec<(String, String)>, Misuse> {
        let lines = match self.get(name) {
            None => return Ok(Vec::new()),
            Some(Param::List(lines)) => lines,
            Some(other) => return Err(wrong(name, "a list of texts", other)),
        };
        let split = |line: &&str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim().to_owned()))
        };
        lines
            .iter()
            .map(|line| {
                split(line)
                    .ok_or_else(|| Misuse(format!("'{line}' is not of the form 'Name: value'")))
            })
            .collect()
    }
}

fn wrong(name: &str, wanted: &str, got: Param) -> Misuse {
    Misuse(format!("'{name}' must be {wanted}, not {got:?}"))
}

/// What an act plays for one entry.
pub(crate) struct Role {
    /// Where, and what.
    pub(crate) part: Part,
    /// What the client must do.
    pub(crate) cue: Cue,
}

/// Where a role is played.
pub(crate) enum Part {
    /// On the HTTP and HTTPS ports, when a request for the outcome has been read.
    Request(Box<dyn OnRequest>),
    /// The same, when the request came over HTTP/2: the act speaks in frames.
    Frames(Box<dyn OnFrames>),
    /// The same, when the request came over HTTP/3: the act speaks in frames and to QUIC.
    Quic(Box<dyn OnQuic>),
    /// On a UDP port of its own.
    Datagrams(Box<dyn OnDatagrams>),
    /// On a port of its own, from the moment a client is accepted.
    Accept(Box<dyn OnAccept>),
    /// On a port that is bound and does not listen.
    Refuse,
    /// On a port whose accept queue is full.
    Full,
    /// In the name responder; the cue names the host.
    Name,
    /// In the client alone.
    Client,
}

/// What the client must do to meet an outcome.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, most of them rare"
)]
pub(crate) struct Cue {
    /// The scheme of the target.
    pub(crate) scheme: &'static str,
    /// The host of the target; `None` for the simulator's address itself.
    pub(crate) host: Option<String>,
    /// The method.
    pub(crate) method: String,
    /// Request fields.
    pub(crate) fields: Vec<(String, String)>,
    /// Content of the request.
    pub(crate) body: Option<Vec<u8>>,
    /// Ask for a WebSocket.
    pub(crate) websocket: bool,
    /// The protocol to ask in.
    pub(crate) protocol: Protocol,
    /// Ask on a connection of its own.
    pub(crate) fresh: bool,
    /// Ask once before, on the same connection.
    pub(crate) warm_up: bool,
    /// The client's own deadline ends it.
    pub(crate) slow: bool,
    /// Follow redirects.
    pub(crate) follow: bool,
    /// Check revocation with the list for that fault of [`crate::certificates::FAULTS`].
    pub(crate) crl: Option<&'static str>,
    /// Show that certificate of [`crate::certificates::CLIENTS`] when asked for one.
    pub(crate) identity: Option<&'static str>,
    /// The name server is a port on which nothing answers.
    pub(crate) dead_resolver: bool,
    /// A target that is no URL of the simulator.
    pub(crate) target: Option<&'static str>,
    /// The prober's test switch.
    pub(crate) fault: Option<&'static str>,
    /// The act's own port is that of a proxy: its scheme and host. The target is somebody behind it then.
    pub(crate) proxy: Option<(&'static str, &'static str)>,
    /// The source address to connect from.
    pub(crate) from: Option<&'static str>,
}

impl Default for Cue {
    fn default() -> Self {
        Self {
            scheme: "http",
            host: Some("sim.test".to_owned()),
            method: "GET".to_owned(),
            fields: Vec::new(),
            body: None,
            websocket: false,
            protocol: Protocol::Any,
            fresh: false,
            warm_up: false,
            slow: false,
            follow: false,
            crl: None,
            identity: None,
            dead_resolver: false,
            target: None,
            fault: None,
            proxy: None,
            from: None,
        }
    }
}

impl Cue {
    /// An `https` target of that name under `sim.test`.
    pub(crate) fn tls(name: &str) -> Self {
        Self {
            scheme: "https",
            host: Some(format!("{name}.sim.test")),
            ..Self::default()
        }
    }

    /// Over HTTP/2.
    pub(crate) fn http2() -> Self {
        Self {
            protocol: Protocol::Http2,
            ..Self::default()
        }
    }

    /// Over HTTP/3.
    pub(crate) fn http3() -> Self {
        Self {
            scheme: "https",
            protocol: Protocol::Http3,
            ..Self::default()
        }
    }

    /// A target behind a proxy of that scheme and host.
    pub(crate) fn proxied(scheme: &'static str, host: &'static str) -> Self {
        Self {
            scheme: "https",
            host: Some("shop.test".to_owned()),
            proxy: Some((scheme, host)),
            ..Self::default()
        }
    }

    /// A WebSocket.
    pub(crate) fn websocket() -> Self {
        Self {
            scheme: "ws",
            websocket: true,
            ..Self::default()
        }
    }
}

/// The work of an act.
pub(crate) type Playing<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

/// What becomes of the connection behind an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// Another request may come.
    Keep,
    /// It is ended in order (FIN).
    Close,
    /// It is torn down (RST) once the peer has what was sent.
    Reset,
}

/// An act that begins when a request has been read.
pub(crate) trait OnRequest: Send + Sync {
    /// Whether it begins when the head has come: content is then not read, and the connection carries nothing else.
    fn begins_with_head(&self) -> bool {
        false
    }

    /// Performs it.
    fn answer<'a>(&'a self, turn: Turn<'a>) -> Playing<'a, After>;
}

/// One request's turn on a connection.
pub(crate) struct Turn<'a> {
    /// The connection.
    pub(crate) wire: &'a mut Wire,
    /// What was asked.
    pub(crate) asked: &'a Asked,
    /// The outcome's mark, when answers are marked.
    pub(crate) mark: Option<&'a str>,
    /// Everything else.
    pub(crate) world: &'a World,
}

/// An act that begins when a request has been read over HTTP/2.
pub(crate) trait OnFrames: Send + Sync {
    /// Whether it begins when the fields have come: content is then dropped, and no window for more is given.
    fn begins_with_fields(&self) -> bool {
        false
    }

    /// Performs it.
    fn answer<'a>(&'a self, turn: FramesTurn<'a>) -> Playing<'a, ()>;
}

/// One request's turn on an HTTP/2 connection.
#[derive(Clone, Copy)]
pub(crate) struct FramesTurn<'a> {
    /// The connection.
    pub(crate) link: &'a Link,
    /// The stream of the request.
    pub(crate) stream: u32,
    /// The outcome's mark, when answers are marked.
    pub(crate) mark: Option<&'a str>,
}

impl<'a> FramesTurn<'a> {
    /// These fields, and the mark.
    pub(crate) fn marked(&self, fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mark = self.mark.map(|mark| (MARK, mark));
        fields.iter().copied().chain(mark).collect()
    }
}

/// An act that begins when a request has been read over HTTP/3.
pub(crate) trait OnQuic: Send + Sync {
    /// Whether it begins when the fields have come; content is then not read.
    fn begins_with_fields(&self) -> bool {
        false
    }

    /// Performs it.
    fn answer<'a>(&'a self, turn: QuicTurn<'a>) -> Playing<'a, ()>;
}

/// One request's turn on a QUIC connection.
pub(crate) struct QuicTurn<'a> {
    /// The connection.
    pub(crate) peer: &'a Peer,
    /// Where the answer goes.
    pub(crate) to: SendStream,
    /// Where the request came from.
    pub(crate) from: RecvStream,
    /// The outcome's mark, when answers are marked.
    pub(crate) mark: Option<&'a str>,
}

impl<'a> QuicTurn<'a> {
    /// These fields, and the mark.
    pub(crate) fn marked(&self, fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mark = self.mark.map(|mark| (MARK, mark));
        fields.iter().copied().chain(mark).collect()
    }
}

/// An act on a UDP port of its own, for as long as the simulator runs.
pub(crate) trait OnDatagrams: Send + Sync {
    /// Performs it.
    fn listen<'a>(&'a self, socket: UdpSocket, guest: Guest<'a>) -> Playing<'a, ()>;
}

/// An act that begins when a client is accepted on the act's own port.
pub(crate) trait OnAccept: Send + Sync {
    /// Performs it.
    fn accepted<'a>(&'a self, stream: TcpStream, guest: Guest<'a>) -> Playing<'a, ()>;
}

/// What an act on its own port may use.
#[derive(Clone, Copy)]
pub(crate) struct Guest<'a> {
    /// The outcome's mark, when answers are marked.
    pub(crate) mark: Option<&'a str>,
    /// Everything else.
    pub(crate) world: &'a Arc<World>,
}

#[cfg(test)]
mod tests {
    use httpwhy_catalog::Param::{Flag, List, Number, Text};

    use super::*;

    #[test]
    fn what_no_act_can_do_is_told() {
        let misuse = |act: &str, params: &'static [(&'static str, Param)]| {
            let role = Act::named(act).and_then(|act| act.role(params));
            role.err()
                .map(|misuse| misuse.to_string())
                .unwrap_or_default()
        };
        assert_eq!(misuse("respnd", &[]), "no act is called 'respnd'");
        assert_eq!(
            misuse("close", &[("at", Text("in-head")), ("how", Text("fin"))]),
            "'close' has no parameter 'how'; it has: at"
        );
        assert_eq!(
            misuse("respond", &[]),
            "respond: 'status' must be a number from 100 to 999"
        );
        assert_eq!(
            misuse("respond", &[("status", Number(99))]),
            "respond: 'status' must be a number from 100 to 999"
        );
        assert_eq!(
            misuse("respond", &[("status", Number(404)), ("body", Flag(true))]),
            "respond: 'body' must be a text, not Flag(true)"
        );
        assert_eq!(
            misuse(
                "respond",
                &[("status", Number(404)), ("fields", List(&["Allow"]))]
            ),
            "respond: 'Allow' is not of the form 'Name: value'"
        );
        assert_eq!(
            misuse("ws-drop", &[("how", Text("rst"))]),
            "ws-drop: 'how' is one of fin, reset, silence, not 'rst'"
        );
        assert_eq!(misuse("raw", &[]), "raw: 'bytes' must be given");
    }

    #[test]
    fn acts_are_sorted_and_say_what_they_do() {
        let names: Vec<&str> = crate::acts::ALL.iter().map(|act| act.name).collect();
        assert!(names.is_sorted());
        assert!(crate::acts::ALL.iter().all(|act| !act.about.is_empty()));
    }
}
