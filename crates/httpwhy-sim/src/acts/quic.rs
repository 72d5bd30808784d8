//! QUIC connections that are never made, or fall silent.

use std::io;
use std::net::UdpSocket;

use tokio::time::sleep;

use crate::act::{Act, Cue, Guest, Misuse, OnDatagrams, Params, Part, Playing, Role};
use crate::quic;
use crate::serve::DEADLINE;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "quic",
    about: "a UDP port that refuses, is silent, knows other versions of QUIC only, or makes a connection that idles out",
    params: &["how"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    const HOWS: &[&str] = &["idle", "refused", "silence", "version"];
    let how = params.word("how", HOWS)?;
    Ok(Role {
        part: Part::Datagrams(Box::new(Quic { how })),
        cue: Cue {
            slow: how == "silence",
            ..Cue::http3()
        },
    })
}

struct Quic {
    how: &'static str,
}

impl OnDatagrams for Quic {
    fn listen<'a>(&'a self, socket: UdpSocket, guest: Guest<'a>) -> Playing<'a, ()> {
        Box::pin(perform_how(self.how, socket, guest))
    }
}

async fn perform_how(how: &str, socket: UdpSocket, guest: Guest<'_>) -> io::Result<()> {
    match how {
        "idle" => {
            let endpoint = crate::h3::endpoint(socket, guest.world.certificates.quic_idle())?;
            while let Some(incoming) = endpoint.accept().await {
                tokio::spawn(async move {
                    // Nothing is read and nothing said until both sides give up.
                    if let Ok(connection) = incoming.await {
                        connection.closed().await;
                    }
                });
            }
            Ok(())
        }
        "version" => quic::answer(socket, |first| Some(quic::other_versions(first))).await,
        "refused" => {
            // A socket that takes datagrams from itself only: the system refuses all others.
            socket.connect(socket.local_addr()?)?;
            loop {
                sleep(DEADLINE).await;
            }
        }
        _ => quic::answer(socket, |_| None).await,
    }
}
