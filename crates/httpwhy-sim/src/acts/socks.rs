//! A SOCKS proxy that does not connect.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::act::{Act, Cue, Guest, Misuse, OnAccept, Params, Part, Playing, Role};
use crate::wire;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "socks",
    about: "a SOCKS version 5 proxy that answers every request with that reply code",
    params: &["reply"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let reply = params.number_within("reply", 1, 255)?;
    Ok(Role {
        part: Part::Accept(Box::new(Socks { reply })),
        cue: Cue::proxied("socks5h", "proxy.sim.test"),
    })
}

struct Socks {
    reply: u8,
}

impl OnAccept for Socks {
    fn accepted<'a>(&'a self, mut stream: TcpStream, _: Guest<'a>) -> Playing<'a, ()> {
        Box::pin(async move {
            // RFC 1928 section 3: any method is answered with "no authentication".
            let mut greeting = [0; 2];
            stream.read_exact(&mut greeting).await?;
            let mut methods = vec![0; usize::from(greeting[1])];
            stream.read_exact(&mut methods).await?;
            stream.write_all(&[5, 0]).await?;
            // Section 4: version, command, a reserved byte, the kind of address; the rest does not matter.
            let mut request = [0; 4];
            stream.read_exact(&mut request).await?;
            stream
                .write_all(&[5, self.reply, 0, 1, 0, 0, 0, 0, 0, 0])
                .await?;
            wire::close(stream).await;
            Ok(())
        })
    }
}
