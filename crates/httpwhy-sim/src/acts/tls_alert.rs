//! An alert instead of a handshake.

use tokio::net::TcpStream;

use crate::act::{Act, Cue, Guest, Misuse, OnAccept, Params, Part, Playing, Role};
use crate::hello;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "tls-alert",
    about: "answers a ClientHello with that fatal alert",
    params: &["code"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let code = params.number_within("code", 0, 255)?;
    Ok(Role {
        part: Part::Accept(Box::new(TlsAlert { code })),
        cue: Cue::tls("alert"),
    })
}

struct TlsAlert {
    code: u8,
}

impl OnAccept for TlsAlert {
    fn accepted<'a>(&'a self, stream: TcpStream, _: Guest<'a>) -> Playing<'a, ()> {
        Box::pin(hello::answer_with_alert(stream, self.code))
    }
}
