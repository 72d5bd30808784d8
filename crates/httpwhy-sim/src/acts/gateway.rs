//! A real gateway in front of a broken server.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::act::{Act, After, Cue, Misuse, OnRequest, Params, Part, Playing, Role, Turn};
use crate::answer::Answer;
use crate::ports::Closed;
use crate::upstream::{self, Missing};
use crate::wire;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "gateway",
    about: "passes the request on to a server that refuses, is silent or talks nonsense, and says so",
    params: &["upstream"],
    perform,
};

/// How long the gateway waits for the server behind it.
const PATIENCE: Duration = Duration::from_millis(400);

fn perform(params: &Params) -> Result<Role, Misuse> {
    let upstream = params.word("upstream", &["garbage", "refused", "stall"])?;
    Ok(Role {
        part: Part::Request(Box::new(Gateway { upstream })),
        cue: Cue::default(),
    })
}

struct Gateway {
    upstream: &'static str,
}

impl OnRequest for Gateway {
    fn answer<'a>(&'a self, turn: Turn<'a>) -> Playing<'a, After> {
        Box::pin(async move {
            let passed_on = pass_on(self.upstream, turn.world.ip).await;
            // An error: there was no port to be had.
            let status = passed_on.unwrap_or(502);
            page(status).send(turn.wire, turn.asked, turn.mark).await
        })
    }
}

/// The gateway's own page.
fn page(status: u16) -> Answer {
    let mut page = Answer::of(status);
    page.set("Via", "1.1 sim-gateway");
    page.set("Content-Type", "text/html; charset=utf-8");
    let reason = &page.reason;
    page.body = format!(
        "<html><head><title>{status} {reason}</title></head><body><h1>{status} {reason}</h1>\
         <p>The gateway got no valid answer from the server behind it.</p></body></html>\n"
    )
    .into_bytes();
    page
}

/// Asks a server of that kind, and says with which status the gateway answers.
async fn pass_on(upstream: &str, ip: IpAddr) -> io::Result<u16> {
    match upstream {
        "refused" => {
            let closed = Closed::bind(ip)?;
            Ok(ask(closed.address).await)
        }
        "garbage" => {
            let listener = TcpListener::bind((ip, 0)).await?;
            let address = listener.local_addr()?;
            let (asked, _) = tokio::join!(ask(address), talk_nonsense(listener));
            Ok(asked)
        }
        _ => {
            // The system completes the handshake; nobody takes the connection up.
            let listener = TcpListener::bind((ip, 0)).await?;
            Ok(ask(listener.local_addr()?).await)
        }
    }
}

async fn talk_nonsense(listener: TcpListener) -> io::Result<()> {
    let Ok(accepted) = timeout(PATIENCE, listener.accept()).await else {
        return Ok(());
    };
    let (mut stream, _) = accepted?;
    stream
        .write_all(b"\x00\x01 not an answer \xff\r\n\r\n")
        .await?;
    wire::close(stream).await;
    Ok(())
}

/// Sends a request and reads the answer: the status that the gateway gives.
async fn ask(address: SocketAddr) -> u16 {
    let request = b"GET / HTTP/1.1\r\nHost: upstream.sim.test\r\nVia: 1.1 sim-gateway\r\n\r\n";
    let fetched = upstream::fetch(address, b"GET", request, PATIENCE).await;
    fetched.map_or_else(Missing::status, |fetched| fetched.status)
}
