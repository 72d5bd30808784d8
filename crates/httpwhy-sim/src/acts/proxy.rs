//! A proxy that cannot be reached, or opens no tunnel.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::act::{Act, Cue, Guest, Misuse, OnAccept, Params, Part, Playing, Role};
use crate::answer::Answer;
use crate::request::Asked;
use crate::serve;
use crate::wire;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "proxy",
    about: "a proxy in front of the target that is not there, cannot be trusted, or answers CONNECT with that status",
    params: &["how", "status", "fields"],
    perform,
};

/// The longest request head that is read.
const HEAD: usize = 16_384;
/// The certificate shown by a proxy with a bad one.
const EXPIRED: &str = "expired";

fn perform(params: &Params) -> Result<Role, Misuse> {
    if params.number("status")?.is_some() {
        let status = params.number_within("status", 300, 599)?;
        let says = Says::Status(status, params.fields("fields")?);
        return Ok(accepting(says, Cue::proxied("http", "proxy.sim.test")));
    }
    let known = ["refused", "nxdomain", "bad-cert", "close", "not-http"];
    Ok(match params.word("how", &known)? {
        "refused" => Role {
            part: Part::Refuse,
            cue: Cue::proxied("http", "proxy.sim.test"),
        },
        "nxdomain" => Role {
            part: Part::Name,
            cue: Cue::proxied("http", "nxdomain.test"),
        },
        "bad-cert" => accepting(Says::BadCert, Cue::proxied("https", "expired.sim.test")),
        "close" => accepting(Says::Bytes(b""), Cue::proxied("http", "proxy.sim.test")),
        _ => accepting(
            Says::Bytes(b"SSH-2.0-OpenSSH_9.9\r\n"),
            Cue::proxied("http", "proxy.sim.test"),
        ),
    })
}

fn accepting(says: Says, cue: Cue) -> Role {
    Role {
        part: Part::Accept(Box::new(Proxy { says })),
        cue,
    }
}

/// What the proxy says.
enum Says {
    Status(u16, Vec<(String, String)>),
    Bytes(&'static [u8]),
    BadCert,
}

struct Proxy {
    says: Says,
}

impl OnAccept for Proxy {
    fn accepted<'a>(&'a self, mut stream: TcpStream, guest: Guest<'a>) -> Playing<'a, ()> {
        Box::pin(async move {
            match &self.says {
                Says::BadCert => {
                    if let Some(config) = guest.world.certificates.bad(EXPIRED) {
                        serve::serve_tls(stream, config, guest.world).await;
                    }
                }
                Says::Bytes(bytes) => {
                    read_head(&mut stream).await?;
                    stream.write_all(bytes).await?;
                    wire::close(stream).await;
                }
                Says::Status(status, fields) => {
                    read_head(&mut stream).await?;
                    let mut answer = Answer::of(*status);
                    for (name, value) in fields {
                        answer.set(name, value);
                    }
                    answer.set("Connection", "close");
                    let asked = Asked::default();
                    stream.write_all(&answer.render(&asked, guest.mark)).await?;
                    wire::close(stream).await;
                }
            }
            Ok(())
        })
    }
}

/// Reads a request's head, whatever it asks for.
async fn read_head(stream: &mut TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while head.len() < HEAD && !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            count => head.extend_from_slice(&buffer[..count]),
        }
    }
    Ok(())
}
