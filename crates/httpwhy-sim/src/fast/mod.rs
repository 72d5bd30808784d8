//! The short way of plain HTTP connections: requests for a status that wish for nothing else are answered from a table,
//! all that one read brought by one write, without allocating. Anything else is handed on, with what was read, to
//! [`crate::serve`], which answers all.
//!
//! A client that is silent costs no buffer here: what is read goes through one buffer of the thread.

mod plain;
mod stamp;
mod table;

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpListener as StdListener};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, Sleep, sleep, timeout};

use self::plain::Begins;
use self::stamp::Stamp;
pub(crate) use self::table::Table;
use crate::journal::Ended;
use crate::serve::{DEADLINE, REST, serve_from};
use crate::wire::Wire;
use crate::world::World;

/// The most that is read at a time. It bounds what is answered at a time, too: a request has some 30 bytes at least.
const AT_ONCE: usize = 4096;
/// How long a client may be silent between two requests; at most twice as long.
const IDLE: Duration = Duration::from_mins(1);

/// What all connections of a thread read into and write from.
struct Scratch {
    input: [u8; AT_ONCE],
    output: Vec<u8>,
    stamp: Stamp,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = const {
        RefCell::new(Scratch { input: [0; AT_ONCE], output: Vec::new(), stamp: Stamp::new() })
    };
}

/// How a connection stands behind a round of reading and answering.
enum Round {
    /// More may come.
    Open,
    /// It is over, and nothing is unread.
    Over,
    /// Others must go on.
    Rest(Rest),
}

/// What is left to do.
#[derive(Default)]
struct Rest {
    /// What could not be written at once.
    unsent: Vec<u8>,
    /// What was read and not answered.
    unread: Vec<u8>,
    /// Whether the last answer ends the connection.
    ends: bool,
}

/// Accepts connections. What a client has sent by then is read at once, and a connection that is over with it never meets
/// the runtime.
pub(crate) fn accept(listener: StdListener, world: &Arc<World>) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    defer(&listener);
    let listener = mio::net::TcpListener::from_std(listener);
    #[expect(
        deprecated,
        reason = "its successor is unsafe for types whose descriptor may change; that of a listener does not"
    )]
    let listener = AsyncFd::with_interest(listener, Interest::READABLE)?;
    let world = Arc::clone(world);
    tokio::spawn(async move {
        loop {
            let accepted = listener
                .async_io(Interest::READABLE, mio::net::TcpListener::accept)
                .await;
            let Ok((stream, peer)) = accepted else {
                sleep(REST).await;
                continue;
            };
            let mut begun = Begun {
                peer: Some(peer.ip()),
                ..Begun::default()
            };
            let round = round(&stream, &mut begun, &world);
            consume_budget().await;
            if matches!(round, Round::Over) {
                continue;
            }
            // The semaphore is never closed.
            let Ok(seat) = Arc::clone(&world.seats).acquire_owned().await else {
                return;
            };
            let Ok(stream) = TcpStream::from_std(stream.into()) else {
                continue;
            };
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                serve(stream, peer, begun, round, &world).await;
                drop(seat);
            });
        }
    });
    Ok(())
}

/// Lets the kernel hold a connection back until its first bytes are here, for a second at most: who asks at once is then
/// accepted, answered and done with in four calls. A system that cannot do so accepts earlier.
#[cfg(target_os = "linux")]
fn defer(listener: &StdListener) {
    use std::os::fd::AsRawFd;
    let seconds: uapi::c::c_int = 1;
    let option = uapi::c::TCP_DEFER_ACCEPT;
    // Nothing depends on it but the cost of a connection.
    let _ = uapi::setsockopt(listener.as_raw_fd(), uapi::c::IPPROTO_TCP, option, &seconds);
}

#[cfg(not(target_os = "linux"))]
fn defer(_: &StdListener) {}

/// What a connection has brought so far.
#[derive(Default)]
struct Begun {
    /// How many requests were answered.
    answered: u32,
    /// The beginning of a request whose rest has not come.
    request: Vec<u8>,
    /// The client.
    peer: Option<IpAddr>,
}

/// Serves a connection to its end, after a first round.
async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    mut begun: Begun,
    mut last: Round,
    world: &Arc<World>,
) {
    let mut patience = pin!(sleep(IDLE));
    let mut seen = begun.answered;
    loop {
        match last {
            Round::Open => {}
            Round::Over => return,
            Round::Rest(rest) => {
                return Box::pin(hand_on(stream, peer, rest, begun.answered, world)).await;
            }
        }
        if !readable(&stream, patience.as_mut(), begun.answered, &mut seen).await {
            break;
        }
        last = round(&stream, &mut begun, world);
    }
    if !begun.request.is_empty() {
        let rest = Rest {
            unread: begun.request,
            ..Rest::default()
        };
        Box::pin(hand_on(stream, peer, rest, begun.answered, world)).await;
    }
}

/// What is read and written without waiting.
trait AtOnce {
    fn read(&self, into: &mut [u8]) -> io::Result<usize>;
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;
}

impl AtOnce for TcpStream {
    fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        self.try_read(into)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.try_write(bytes)
    }
}

impl AtOnce for mio::net::TcpStream {
    fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        io::Read::read(&mut &*self, into)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(&mut &*self, bytes)
    }
}

/// Waits for bytes. False when the connection has failed, or nothing came for a while: the deadline is looked at when
/// it has passed only, and begins anew when there were answers in between. So no request pays for a timer.
async fn readable(
    stream: &TcpStream,
    mut patience: Pin<&mut Sleep>,
    answered: u32,
    seen: &mut u32,
) -> bool {
    poll_fn(|cx| {
        if let Poll::Ready(ready) = stream.poll_read_ready(cx) {
            return Poll::Ready(ready.is_ok());
        }
        while patience.as_mut().poll(cx).is_ready() {
            if answered == *seen {
                return Poll::Ready(false);
            }
            *seen = answered;
            patience.as_mut().reset(Instant::now() + IDLE);
        }
        Poll::Pending
    })
    .await
}

/// Reads once, answers what can be answered from the table, writes once.
fn round(stream: &impl AtOnce, begun: &mut Begun, world: &World) -> Round {
    SCRATCH.with_borrow_mut(|scratch| {
        let held = begun.request.len();
        scratch.input[..held].copy_from_slice(&begun.request);
        let count = match stream.read(&mut scratch.input[held..]) {
            Ok(0) => return Round::Over,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Round::Open,
            Err(_) => return Round::Over,
        };
        begun.request.clear();
        let Scratch {
            input,
            output,
            stamp,
        } = scratch;
        let batch = answer(&input[..held + count], begun.peer, output, stamp, world);
        begun.answered = begun.answered.saturating_add(batch.answered);
        let Some(sent) = send(stream, output) else {
            return Round::Over;
        };
        let unread = &input[batch.used..held + count];
        let unsent = &output[sent..];
        // Whoever said that nothing follows sends nothing that an end could cut off (RFC 9112 section 9.6).
        let is_clean = unsent.is_empty() && unread.is_empty() && held + count < AT_ONCE;
        match batch.then {
            Then::Nothing if unsent.is_empty() => {
                begun.request.extend_from_slice(unread);
                Round::Open
            }
            Then::End { client: true } if is_clean => Round::Over,
            then => Round::Rest(Rest {
                unsent: unsent.to_vec(),
                unread: unread.to_vec(),
                ends: matches!(then, Then::End { .. }),
            }),
        }
    })
}

/// Writes what can be written at once: how many bytes; `None` when the connection has failed.
fn send(stream: &impl AtOnce, output: &[u8]) -> Option<usize> {
    if output.is_empty() {
        return Some(0);
    }
    match stream.write(output) {
        Ok(count) => Some(count),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Some(0),
        Err(_) => None,
    }
}

/// What became of what was read.
struct Batch {
    /// How many bytes of it were answered.
    used: usize,
    /// How many requests these were.
    answered: u32,
    then: Then,
}

/// What comes behind a batch.
#[derive(Clone, Copy)]
enum Then {
    /// More requests, perhaps.
    Nothing,
    /// The end, as the client or the last answer said.
    End {
        /// Whether the client said so.
        client: bool,
    },
    /// What only others can answer.
    Others,
}

/// Writes the answers to these bytes, in order, into the emptied output.
fn answer(
    input: &[u8],
    peer: Option<IpAddr>,
    output: &mut Vec<u8>,
    stamp: &mut Stamp,
    world: &World,
) -> Batch {
    output.clear();
    let mut batch = Batch {
        used: 0,
        answered: 0,
        then: Then::Nothing,
    };
    while batch.used < input.len() {
        let (code, length, keep) = match plain::read(&input[batch.used..]) {
            Begins::Asks { code, length, keep } => (code, length, keep),
            Begins::Short if batch.answered > 0 => break,
            Begins::Short | Begins::Other => {
                batch.then = Then::Others;
                break;
            }
        };
        let rendered = world.table.get(code, world);
        let Some(rendered) = rendered.filter(|_| !world.wants_to_see()) else {
            batch.then = Then::Others;
            break;
        };
        if batch.answered == 0 {
            stamp.refresh();
        }
        let before = output.len();
        rendered.write(keep, output, stamp);
        let ended = if keep && !rendered.closes {
            Ended::Kept
        } else {
            Ended::Fin
        };
        world.journal.note(code, output.len() - before, peer, ended);
        batch.used += length;
        batch.answered += 1;
        if !keep || rendered.closes {
            batch.then = Then::End { client: !keep };
            break;
        }
    }
    batch
}

/// What is beyond the table.
async fn hand_on(
    stream: TcpStream,
    peer: SocketAddr,
    rest: Rest,
    answered: u32,
    world: &Arc<World>,
) {
    // Acts write in pieces, and each piece must go at once.
    let _ = stream.set_nodelay(true);
    let mut wire = Wire::clear_from(stream, peer.ip());
    wire.give_back(&rest.unread);
    if !rest.unsent.is_empty() {
        let sent = timeout(DEADLINE, wire.write_all(&rest.unsent)).await;
        if !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
    if rest.ends {
        return wire.close().await;
    }
    serve_from(wire, answered, world).await;
}
