//! Other ends of TLS connections.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::act::{Act, Cue, Guest, Misuse, OnAccept, Params, Part, Playing, Role};
use crate::answer::head_with;
use crate::hello;
use crate::serve::{self, DEADLINE};
use crate::wire::{self, Wire};

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "tls",
    about: "a TLS port that speaks something else, ends or is silent in the handshake, asks for a client certificate, or cuts an answer without close_notify",
    params: &["how"],
    perform,
};

/// protocol_version and no_application_protocol (RFC 8446 section 6.2).
const PROTOCOL_VERSION: u8 = 70;
const NO_APPLICATION_PROTOCOL: u8 = 120;
/// A handshake record whose ServerHello has no content.
const BROKEN_HELLO: &[u8] = b"\x16\x03\x03\x00\x04\x02\x00\x00\x00";
const PLAIN_HTTP: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 22\r\n\
                            Connection: close\r\n\r\nThis port speaks HTTP\n";
const SSH: &[u8] = b"SSH-2.0-sim\r\n";

fn perform(params: &Params) -> Result<Role, Misuse> {
    const HOWS: &[&str] = &[
        "alpn",
        "client-cert",
        "close",
        "invalid-message",
        "no-close-notify",
        "not-tls-http",
        "not-tls-ssh",
        "reset",
        "stall",
        "version",
    ];
    let how = params.word("how", HOWS)?;
    Ok(Role {
        part: Part::Accept(Box::new(Tls { how })),
        cue: Cue {
            slow: how == "stall",
            ..Cue::tls(how)
        },
    })
}

struct Tls {
    how: &'static str,
}

impl OnAccept for Tls {
    fn accepted<'a>(&'a self, stream: TcpStream, guest: Guest<'a>) -> Playing<'a, ()> {
        Box::pin(perform_how(self.how, stream, guest))
    }
}

async fn perform_how(how: &str, mut stream: TcpStream, guest: Guest<'_>) -> io::Result<()> {
    match how {
        "alpn" => hello::answer_with_alert(stream, NO_APPLICATION_PROTOCOL).await,
        "version" => hello::answer_with_alert(stream, PROTOCOL_VERSION).await,
        "invalid-message" => hello::answer(stream, BROKEN_HELLO).await,
        "not-tls-http" => hello::answer(stream, PLAIN_HTTP).await,
        "not-tls-ssh" => hello::answer(stream, SSH).await,
        "close" => hello::answer(stream, b"").await,
        "reset" => {
            hello::read(&mut stream).await?;
            wire::reset(stream).await;
            Ok(())
        }
        "stall" => {
            Wire::clear(stream).hold(DEADLINE).await;
            Ok(())
        }
        "client-cert" => {
            let config = guest.world.certificates.wants_client();
            serve::serve_tls(stream, config, guest.world).await;
            Ok(())
        }
        _ => cut(stream, guest).await,
    }
}

/// Answers a request with part of the content, then ends TCP and says nothing of it in TLS.
async fn cut(stream: TcpStream, guest: Guest<'_>) -> io::Result<()> {
    let mut tls = TlsAcceptor::from(guest.world.certificates.good_http1())
        .accept(stream)
        .await?;
    let mut buffer = [0; 4096];
    // The request comes in one piece; its content does not matter here.
    let _ = tls.read(&mut buffer).await?;
    let fields = [("Content-Type", "text/plain"), ("Content-Length", "100")];
    let mut answer = head_with(200, &fields, guest.mark);
    answer.extend_from_slice(b"The first third of one hundred by\n");
    tls.write_all(&answer).await?;
    tls.flush().await?;
    wire::close(tls.into_inner().0).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use httpwhy_catalog::Param::Text;

    use super::*;
    use crate::simulator::tests::{address, playing};

    #[test]
    fn ends_that_no_entry_asks_for() {
        let simulator = playing(&[
            ("tls", &[("how", Text("alpn"))]),
            ("tls", &[("how", Text("not-tls-ssh"))]),
        ]);
        for (id, expected) in [
            ("act/0", &b"\x15\x03\x03\x00\x02\x02\x78"[..]),
            ("act/1", SSH),
        ] {
            let mut stream =
                std::net::TcpStream::connect(address(&simulator, id)).expect("connects");
            stream
                .write_all(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00")
                .expect("sends");
            let mut got = Vec::new();
            stream.read_to_end(&mut got).expect("ends in order");
            assert_eq!(got, expected, "{id}");
        }
    }
}
