//! Other ends of TLS connections.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::act::{Act, Cue, Guest, Misuse, OnAccept, Params, Part, Playing, Role};
use crate::answer::head_with;
use crate::certificates::CLIENTS;
use crate::hello;
use crate::serve::{self, DEADLINE};
use crate::wire::{self, Wire};

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "tls",
    about: "a TLS port that speaks something else or an obsolete version (refusal only: a ServerHello and no more), ends or is silent in the handshake, asks for a client certificate and may refuse it, or cuts an answer without close_notify",
    params: &["how", "show"],
    perform,
};

/// protocol_version and no_application_protocol (RFC 8446 section 6.2).
const PROTOCOL_VERSION: u8 = 70;
const NO_APPLICATION_PROTOCOL: u8 = 120;
/// TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, which old and new clients know, and TLS_RSA_WITH_RC4_128_SHA, which RFC 7465 took
/// from all of them.
const ECDHE_RSA_AES_CBC: [u8; 2] = [0xc0, 0x13];
const RSA_RC4: [u8; 2] = [0x00, 0x05];
/// A handshake record whose ServerHello has no content.
const BROKEN_HELLO: &[u8] = b"\x16\x03\x03\x00\x04\x02\x00\x00\x00";
const PLAIN_HTTP: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 22\r\n\
                            Connection: close\r\n\r\nThis port speaks HTTP\n";
const SSH: &[u8] = b"SSH-2.0-sim\r\n";

fn perform(params: &Params) -> Result<Role, Misuse> {
    const HOWS: &[&str] = &[
        "alpn",
        "alpn-negotiated",
        "client-cert",
        "client-cert-tls1.2",
        "close",
        "invalid-message",
        "no-close-notify",
        "not-tls-http",
        "not-tls-ssh",
        "reset",
        "ssl3",
        "stall",
        "tls1.0",
        "tls1.1",
        "unoffered-cipher",
        "version",
    ];
    let how = params.word("how", HOWS)?;
    let show = match params.text("show")? {
        None => None,
        Some(_) => Some(params.word("show", CLIENTS)?),
    };
    Ok(Role {
        part: Part::Accept(Box::new(Tls { how })),
        cue: Cue {
            slow: how == "stall",
            identity: show,
            // One label: the good certificate is for `*.sim.test`.
            ..Cue::tls(&how.replace('.', "-"))
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
        "ssl3" => hello::answer(stream, &server_hello([3, 0], ECDHE_RSA_AES_CBC)).await,
        "tls1.0" => hello::answer(stream, &server_hello([3, 1], ECDHE_RSA_AES_CBC)).await,
        "tls1.1" => hello::answer(stream, &server_hello([3, 2], ECDHE_RSA_AES_CBC)).await,
        "unoffered-cipher" => hello::answer(stream, &server_hello([3, 3], RSA_RC4)).await,
        "alpn-negotiated" => {
            let config = guest.world.certificates.odd_alpn();
            serve::serve_tls(stream, config, guest.world).await;
            Ok(())
        }
        "client-cert" => {
            let config = guest.world.certificates.wants_client();
            serve::serve_tls(stream, config, guest.world).await;
            Ok(())
        }
        "client-cert-tls1.2" => {
            let config = guest.world.certificates.wants_client_tls12();
            serve::serve_tls(stream, config, guest.world).await;
            Ok(())
        }
        _ => cut(stream, guest).await,
    }
}

/// A ServerHello that chooses that version and cipher suite, and no extension (RFC 5246 section 7.4.1.3). A client that
/// knows them waits for more, and the connection ends: nothing of that age is spoken here.
fn server_hello(version: [u8; 2], suite: [u8; 2]) -> Vec<u8> {
    let mut hello = version.to_vec();
    hello.extend_from_slice(&[0x5a; 32]);
    // No session, that suite, no compression.
    hello.push(0);
    hello.extend_from_slice(&suite);
    hello.push(0);
    let length = hello.len() as u8;
    let head = [0x16, version[0], version[1], 0, length + 4, 2, 0, 0, length];
    [&head[..], &hello].concat()
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
