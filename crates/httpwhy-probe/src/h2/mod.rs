//! HTTP/2 (RFC 9113): one exchange at a time on a connection.
//!
//! The library speaks; what is told of the exchange is read from the bytes themselves, since the library hides the
//! order of fields, the last-stream-id of GOAWAY, and every detail of what it refuses.

mod exchange;
mod message;
mod tap;

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use ::h2::client::{Builder, Connection, SendRequest};
use ::h2::{Error, PingPong};
use bytes::Bytes;
use httpwhy_model::Signal;

use crate::signals;
use crate::stream::Stream;
use crate::talk::Talk;
use tap::{Seen, Tap};

pub(crate) use exchange::exchange;

/// How many bytes of content the server may send ahead, on the stream and on the connection.
const WINDOW: u32 = 1 << 20;
/// A head that HTTP/1 may have is to pass, though each field counts 32 bytes more here (RFC 9113 section 6.5.2).
const OVERHEAD: usize = 4;

/// An HTTP/2 connection.
#[derive(Debug)]
pub(crate) struct Session {
    send: SendRequest<Bytes>,
    connection: Connection<Tap, Bytes>,
    pings: Option<PingPong>,
    seen: Rc<RefCell<Seen>>,
    /// What the library says of the connection's end, once it has ended.
    over: Option<Result<(), Error>>,
}

/// Begins to speak HTTP/2. Nothing is waited for but that our preface goes out.
pub(crate) async fn begin(talk: &Talk<'_>, stream: Stream) -> Result<Session, Signal> {
    let seen = Rc::new(RefCell::new(Seen::new(talk.limits)));
    let most = talk.limits.head.saturating_mul(OVERHEAD);
    let handshake = Builder::new()
        .enable_push(false)
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_header_list_size(u32::try_from(most).unwrap_or(u32::MAX))
        .handshake(Tap::new(stream, &seen));
    let begun = talk.budget.within(talk.deadlines.send, handshake).await?;
    let (send, mut connection) = begun.map_err(|error| signals::of_h2(&error))?;
    let pings = connection.ping_pong();
    Ok(Session {
        send,
        connection,
        pings,
        seen,
        over: None,
    })
}

impl Session {
    /// Lets the library read and write whatever it can.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if self.over.is_none()
            && let Poll::Ready(end) = Pin::new(&mut self.connection).poll(cx)
        {
            self.over = Some(end);
        }
    }

    /// Whether it may carry another exchange, as far as is known now.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        poll_fn(|cx| {
            self.drive(cx);
            Poll::Ready(())
        })
        .await;
        self.is_good()
    }

    fn is_good(&self) -> bool {
        let seen = self.seen.borrow();
        self.over.is_none()
            && seen.ended.is_none()
            && seen.came.goaway().is_none()
            && !seen.came.is_over()
    }

    /// Ends it with GOAWAY, as far as the system takes it at once.
    pub(crate) async fn close(self) {
        let Self {
            send,
            mut connection,
            over,
            ..
        } = self;
        // With nobody left who could ask for anything, the library says goodbye.
        drop(send);
        if over.is_none() {
            poll_fn(|cx| Poll::Ready(Pin::new(&mut connection).poll(cx).is_ready())).await;
        }
    }
}
