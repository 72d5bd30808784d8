//! The server's side of HTTP/3 (RFC 9114) on QUIC, written here so that acts can break any rule at any moment.
//!
//! Requests for endpoints and for acts of HTTP/1 are answered as there and carried over ([`crate::bridge`]). What would
//! tear a TCP connection down resets the stream; what would end it in order closes the connection.

mod asking;
mod ids;

use std::io;
use std::net::{IpAddr, UdpSocket};
use std::sync::Arc;

use httpwhy_wire::h3::{kind, stream, write_frame, write_integer};
use httpwhy_wire::qpack;
use quinn::{Connection, Endpoint, RecvStream, SendStream, ServerConfig, VarInt};
use tokio::io::duplex;
use tokio::sync::Mutex;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

pub(crate) use ids::{Ids, with_ids};

use crate::act::{After, OnQuic, Part, QuicTurn};
use crate::bridge::{self, Carried, Fields, Sink};
use crate::journal::{Ended, Over, Told, Whence};
use crate::request::Asked;
use crate::serve::{self, DEADLINE};
use crate::wire::Wire;
use crate::world::World;

/// Error codes (RFC 9114 section 8.1).
mod code {
    /// H3_NO_ERROR.
    pub(super) const NONE: u32 = 0x100;
    /// H3_INTERNAL_ERROR.
    pub(super) const INTERNAL: u32 = 0x102;
    /// H3_MESSAGE_ERROR.
    pub(super) const MESSAGE: u32 = 0x10e;
    /// H3_VERSION_FALLBACK.
    pub(super) const FALLBACK: u32 = 0x110;
}

/// How much of an answer may wait to be carried over, in bytes.
const PIPE: usize = 1 << 16;

/// Opens an endpoint on that socket.
pub(crate) fn endpoint(socket: UdpSocket, config: ServerConfig) -> io::Result<Endpoint> {
    let runtime = Arc::new(quinn::TokioRuntime);
    Endpoint::new(with_ids(Ids::silent), Some(config), socket, runtime)
}

/// Serves connections until the endpoint is closed.
pub(crate) async fn serve(endpoint: Endpoint, world: Arc<World>, seats: Arc<Semaphore>) {
    let mut serving = JoinSet::new();
    while let Some(incoming) = endpoint.accept().await {
        while serving.try_join_next().is_some() {}
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else {
            return;
        };
        let world = Arc::clone(&world);
        serving.spawn(async move {
            if let Ok(Ok(connection)) = timeout(DEADLINE, incoming.into_future()).await {
                // An error means that the client has gone.
                let _ = converse(connection, &world).await;
            }
            drop(seat);
        });
    }
}

/// One connection, as its acts see it.
pub(crate) struct Peer {
    /// The connection.
    pub(crate) connection: Connection,
    /// Our control stream.
    pub(crate) control: Mutex<SendStream>,
}

impl Peer {
    /// Sends a frame on the control stream.
    pub(crate) async fn tell(&self, kind: u64, payload: &[u8]) -> io::Result<()> {
        let mut frame = Vec::new();
        write_frame(&mut frame, kind, payload);
        self.control.lock().await.write_all(&frame).await?;
        Ok(())
    }
}

async fn converse(connection: Connection, world: &Arc<World>) -> io::Result<()> {
    let mut control = connection.open_uni().await?;
    let mut opening = Vec::new();
    write_integer(&mut opening, stream::CONTROL);
    write_frame(&mut opening, kind::SETTINGS, b"");
    control.write_all(&opening).await?;
    let peer = Arc::new(Peer {
        connection: connection.clone(),
        control: Mutex::new(control),
    });
    let mut playing = JoinSet::new();
    let mut before = 0;
    loop {
        tokio::select! {
            request = connection.accept_bi() => {
                let (to, from) = request?;
                let turn = Turn { peer: Arc::clone(&peer), world: Arc::clone(world), before };
                before += 1;
                playing.spawn(async move {
                    // An error means that the client has gone.
                    let _ = timeout(DEADLINE, turn.play(to, from)).await;
                });
            }
            other = connection.accept_uni() => {
                playing.spawn(drop_all(other?));
            }
            Some(_) = playing.join_next() => {}
        }
    }
}

/// Reads a stream that says nothing to us: the client's control stream, QPACK's.
async fn drop_all(mut from: RecvStream) {
    let mut buffer = [0; 1024];
    while let Ok(Some(_)) = from.read(&mut buffer).await {}
}

/// One request.
struct Turn {
    peer: Arc<Peer>,
    world: Arc<World>,
    before: u32,
}

impl Turn {
    async fn play(&self, mut to: SendStream, mut from: RecvStream) -> io::Result<()> {
        let begins = |asked: &Asked| {
            let act = self.act(asked);
            act.is_some_and(|(act, _)| act.begins_with_fields())
        };
        let Some(asked) = asking::read(&mut from, self.before, begins).await? else {
            reset(&mut to, code::MESSAGE);
            return Ok(());
        };
        let Some((act, id)) = self.act(&asked) else {
            return self.carry_over(&asked, to).await;
        };
        let turn = QuicTurn {
            peer: &self.peer,
            to,
            from,
            mark: self.world.mark.then_some(id),
        };
        let noting = self.world.journal.begin(&asked, self.whence(), id);
        let played = act.answer(turn).await;
        noting.over(Told::default(), Ended::ByAct);
        played
    }

    fn whence(&self) -> Whence {
        let ip: IpAddr = self.peer.connection.remote_address().ip();
        Whence {
            over: Over::Http3,
            peer: Some(ip),
            secure: true,
        }
    }

    /// The act of HTTP/3 that a request asks for, and its outcome.
    fn act(&self, asked: &Asked) -> Option<(&dyn OnQuic, &'static str)> {
        let played = self.world.find(asked.path.strip_prefix("/outcome/")?)?;
        match &played.part {
            Part::Quic(act) => Some((&**act, played.id.0)),
            _ => None,
        }
    }

    /// Answers as HTTP/1 does, and carries that over.
    async fn carry_over(&self, asked: &Asked, mut to: SendStream) -> io::Result<()> {
        let (here, there) = duplex(PIPE);
        let answering = async {
            let mut wire = Wire::piped(here, self.whence());
            serve::answer(&mut wire, asked, &self.world).await
        };
        let carried = async {
            let carried = bridge::carry(there, asked.is_head(), &mut ToStream(&mut to)).await;
            if matches!(carried, Ok(Carried::Whole)) {
                // A stream that was stopped by the client is over already.
                let _ = to.finish();
            }
            (carried, to)
        };
        let (after, (carried, mut to)) = tokio::join!(answering, carried);
        match (after, carried?) {
            (Ok(After::Reset), _) => reset(&mut to, code::INTERNAL),
            (_, Carried::Whole) => {}
            (_, Carried::Foreign) => reset(&mut to, code::FALLBACK),
            (Ok(_), Carried::Cut) => {
                let connection = &self.peer.connection;
                connection.close(VarInt::from_u32(code::NONE), b"cut as asked");
            }
            (Err(_), Carried::Cut) => reset(&mut to, code::INTERNAL),
        }
        Ok(())
    }
}

fn reset(to: &mut SendStream, code: u32) {
    // A stream that was stopped by the client is over already.
    let _ = to.reset(VarInt::from_u32(code));
}

/// Sends fields as a frame.
pub(crate) async fn send_fields<N: AsRef<str>, V: AsRef<str>>(
    to: &mut SendStream,
    fields: &[(N, V)],
) -> io::Result<()> {
    let mut section = Vec::new();
    qpack::write(&mut section, fields);
    send_frame(to, kind::HEADERS, &section).await
}

/// Sends any frame.
pub(crate) async fn send_frame(to: &mut SendStream, kind: u64, payload: &[u8]) -> io::Result<()> {
    let mut frame = Vec::new();
    write_frame(&mut frame, kind, payload);
    to.write_all(&frame).await?;
    Ok(())
}

/// One stream of a connection.
struct ToStream<'a>(&'a mut SendStream);

impl Sink for ToStream<'_> {
    async fn head(&mut self, status: u16, fields: Fields, _: bool) -> io::Result<()> {
        let mut all = vec![(":status".to_owned(), status.to_string())];
        all.extend(fields);
        send_fields(self.0, &all).await
    }

    async fn data(&mut self, bytes: &[u8], _: bool) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        send_frame(self.0, kind::DATA, bytes).await
    }

    async fn trailers(&mut self, fields: Fields) -> io::Result<()> {
        send_fields(self.0, &fields).await
    }
}
