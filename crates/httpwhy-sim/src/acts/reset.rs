//! The connection is torn down.

use tokio::net::TcpStream;

use crate::act::{
    Act, After, Cue, Guest, Misuse, OnAccept, OnRequest, Params, Part, Playing, Role, Turn,
};
use crate::cut;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "reset",
    about: "tears the connection down (RST): as soon as it is there, or behind part of the answer",
    params: &["at"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let at = params.word(
        "at",
        &["connect", "before-head", "in-head", "in-body", "in-chunk"],
    )?;
    let reset = Reset { at };
    let part = match at {
        "connect" => Part::Accept(Box::new(reset)),
        _ => Part::Request(Box::new(reset)),
    };
    Ok(Role {
        part,
        cue: Cue::default(),
    })
}

struct Reset {
    at: &'static str,
}

impl OnRequest for Reset {
    fn answer<'a>(&'a self, turn: Turn<'a>) -> Playing<'a, After> {
        Box::pin(async move {
            cut::send(turn.wire, self.at, turn.mark).await?;
            Ok(After::Reset)
        })
    }
}

impl OnAccept for Reset {
    fn accepted<'a>(&'a self, stream: TcpStream, _: Guest<'a>) -> Playing<'a, ()> {
        // At once. Whether the client is still connecting, between that and its first byte, or waiting is a race.
        Box::pin(async move { stream.set_zero_linger() })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read};
    use std::net::TcpStream;

    use httpwhy_catalog::Param::Text;

    use crate::simulator::tests::{address, playing};

    #[test]
    fn fresh_connections_are_torn_down() {
        let simulator = playing(&[("reset", &[("at", Text("connect"))])]);
        for _ in 0..20 {
            let read = |mut stream: TcpStream| stream.read(&mut [0]);
            let outcome = TcpStream::connect(address(&simulator, "act/0")).and_then(read);
            assert_eq!(
                outcome.expect_err("a reset").kind(),
                ErrorKind::ConnectionReset
            );
        }
    }
}
