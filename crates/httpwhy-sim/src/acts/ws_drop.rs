//! A WebSocket that ends without a Close frame, or stays open without a word.

use crate::act::{Act, After, Cue, Misuse, OnRequest, Params, Part, Playing, Role, Turn};
use crate::serve::DEADLINE;
use crate::websocket;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "ws-drop",
    about: "completes the handshake and then sends no frame: ends the connection by FIN or RST, or answers not even a ping",
    params: &["how"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let how = params.word("how", &["fin", "reset", "silence"])?;
    let then = match how {
        "reset" => After::Reset,
        _ => After::Close,
    };
    let silent = how == "silence";
    Ok(Role {
        part: Part::Request(Box::new(WsDrop { then, silent })),
        cue: Cue {
            slow: silent,
            ..Cue::websocket()
        },
    })
}

struct WsDrop {
    then: After,
    silent: bool,
}

impl OnRequest for WsDrop {
    fn answer<'a>(&'a self, turn: Turn<'a>) -> Playing<'a, After> {
        Box::pin(async move {
            let is_open = websocket::accept(turn.wire, turn.asked, turn.mark).await?;
            if is_open && self.silent {
                turn.wire.hold(DEADLINE).await;
            }
            Ok(if is_open { self.then } else { After::Close })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::net::TcpStream;
    use std::time::Duration;

    use httpwhy_catalog::Param::Text;

    use crate::simulator::tests::playing;

    #[test]
    fn a_reset_follows_the_handshake() {
        let simulator = playing(&[("ws-drop", &[("how", Text("reset"))])]);
        let mut stream = TcpStream::connect(simulator.http()).expect("connects");
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .expect("a timeout");
        let request = "GET /outcome/act/0 HTTP/1.1\r\nHost: sim.test\r\nConnection: Upgrade\r\n\
                       Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(request.as_bytes()).expect("sends");
        let mut got = Vec::new();
        let end = stream.read_to_end(&mut got).expect_err("a reset");
        assert_eq!(end.kind(), ErrorKind::ConnectionReset);
        assert!(got.starts_with(b"HTTP/1.1 101 ") && got.ends_with(b"\r\n\r\n"));
    }
}
