//! Bytes both ways between a client and what is behind the proxy, through the toxics.
//!
//! What one side does, the other side sees: an end in order stays one, in its direction, and a reset stays a reset.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::flow::{Draw, Ending, Flow, Piece};
use super::toxic::{Stream, Toxic};

/// The most that waits in one direction, in bytes.
const WAITING: usize = 256 << 10;
/// The longest time without a byte in one direction once the other has ended, or in both.
const IDLE: Duration = Duration::from_mins(10);

/// The toxics of a proxy, as they change.
pub(super) type Toxics = watch::Receiver<Arc<Vec<Toxic>>>;

/// How a relayed connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relayed {
    /// Both sides ended in order, or a toxic ended it so.
    Close,
    /// One side tore it down, or a toxic did.
    Reset,
}

/// Relays until the connection is over. What becomes of the two streams then is the caller's part.
///
/// `linger`: when the server's side has ended, the client's may go on for that long and no longer; its kind of end does
/// not matter then. `None`: each direction ends by itself.
pub(super) async fn relay<C, S>(
    client: &mut C,
    server: &mut S,
    toxics: &Toxics,
    draw: Draw<'_>,
    linger: Option<Duration>,
) -> Relayed
where
    C: AsyncRead + AsyncWrite + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (from_client, to_client) = split(client);
    let (from_server, to_server) = split(server);
    let up = Pump::new(Stream::Upstream, toxics.clone(), draw);
    let down = Pump::new(Stream::Downstream, toxics.clone(), draw);
    let up = up.run(from_client, to_server);
    let down = down.run(from_server, to_client);
    tokio::pin!(up, down);
    let (mut up_ended, mut over_at) = (false, None);
    let mut down_ended = false;
    while !(up_ended && down_ended) {
        let done = tokio::select! {
            done = &mut up, if !up_ended => { up_ended = true; done }
            done = &mut down, if !down_ended => {
                down_ended = true;
                over_at = linger.map(|linger| Instant::now() + linger);
                done
            }
            () = until(over_at) => return Relayed::Close,
        };
        match done {
            Done::Ended => {}
            Done::Over(_) if over_at.is_some() && up_ended => return Relayed::Close,
            Done::Over(relayed) => return relayed,
        }
    }
    Relayed::Close
}

/// How one direction ended.
enum Done {
    /// In order: the other may go on.
    Ended,
    /// The connection is over.
    Over(Relayed),
}

struct Pump<'a> {
    stream: Stream,
    toxics: Toxics,
    draw: Draw<'a>,
    flow: Flow,
    queue: VecDeque<Piece>,
    waiting: usize,
    /// When the source ended.
    ended: Option<Instant>,
    /// How, when that was not in order.
    broken: Option<Relayed>,
    /// When the last byte came or went.
    active: Instant,
}

impl<'a> Pump<'a> {
    fn new(stream: Stream, mut toxics: Toxics, draw: Draw<'a>) -> Self {
        let flow = Flow::new(&toxics.borrow_and_update(), stream, draw, None);
        Self {
            stream,
            toxics,
            draw,
            flow,
            queue: VecDeque::new(),
            waiting: 0,
            ended: None,
            broken: None,
            active: Instant::now(),
        }
    }

    async fn run(
        mut self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) -> Done {
        let mut buffer = vec![0; 16 << 10];
        let mut may_change = true;
        loop {
            if let Some(broken) = self.broken.filter(|_| self.queue.is_empty()) {
                return Done::Over(broken);
            }
            if self.queue.is_empty() && self.flow.is_spent() {
                return Done::Over(Relayed::Close);
            }
            let reads = self.ended.is_none() && self.waiting < WAITING && !self.flow.is_spent();
            let ending = self.flow.ending();
            let next = self.next();
            tokio::select! {
                biased;
                () = until(ending.map(|(at, _)| at)) => {
                    return Done::Over(match ending {
                        Some((_, Ending::Reset)) => Relayed::Reset,
                        _ => Relayed::Close,
                    });
                }
                changed = self.toxics.changed(), if may_change => {
                    // Without its sender, the proxy is gone, and so is this connection soon.
                    may_change = changed.is_ok();
                    self.change();
                }
                () = until(next) => match self.queue.pop_front() {
                    Some(piece) => {
                        self.waiting -= piece.bytes.len();
                        if let Err(over) = self.send(&mut to, &piece.bytes).await {
                            return Done::Over(over);
                        }
                    }
                    None if self.ended.is_some() => {
                        return match to.shutdown().await {
                            Ok(()) => Done::Ended,
                            Err(error) => Done::Over(gone(&error)),
                        };
                    }
                    None => return Done::Over(Relayed::Close),
                },
                read = from.read(&mut buffer), if reads => match read {
                    Ok(0) => self.ended = Some(Instant::now()),
                    Ok(count) => self.take(&buffer[..count]),
                    Err(error) => {
                        // What came before it is delivered first.
                        self.ended = Some(Instant::now());
                        self.broken = Some(gone(&error));
                    }
                },
            }
        }
    }

    /// When something is due by itself: the next piece, the end, or giving up.
    fn next(&self) -> Option<Instant> {
        let end = self.ended.map(|at| at + self.flow.before_end());
        let piece = self.queue.front().map(|piece| piece.at);
        piece.or(end).or(Some(self.active + IDLE))
    }

    fn take(&mut self, bytes: &[u8]) {
        self.active = Instant::now();
        for piece in self.flow.pass(self.active, bytes.to_vec()) {
            self.waiting += piece.bytes.len();
            self.queue.push_back(piece);
        }
    }

    /// The toxics have changed: what waits goes on at once, what comes meets the new ones.
    fn change(&mut self) {
        let toxics = self.toxics.borrow_and_update().clone();
        self.flow = Flow::new(&toxics, self.stream, self.draw, Some(&self.flow));
        let now = Instant::now();
        for piece in &mut self.queue {
            piece.at = now;
        }
    }

    async fn send(
        &mut self,
        to: &mut (impl AsyncWrite + Unpin),
        bytes: &[u8],
    ) -> Result<(), Relayed> {
        let (deadline, how) = match self.flow.ending() {
            Some((at, Ending::Reset)) => (at, Relayed::Reset),
            Some((at, Ending::Close)) => (at, Relayed::Close),
            None => (Instant::now() + IDLE, Relayed::Close),
        };
        let writing = async {
            to.write_all(bytes).await?;
            to.flush().await
        };
        match timeout_at(deadline, writing).await {
            Err(_) => Err(how),
            Ok(Err(error)) => Err(gone(&error)),
            Ok(Ok(())) => {
                self.active = Instant::now();
                Ok(())
            }
        }
    }
}

/// Waits for that time; for ever without one.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn gone(error: &std::io::Error) -> Relayed {
    match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
            Relayed::Reset
        }
        _ => Relayed::Close,
    }
}
