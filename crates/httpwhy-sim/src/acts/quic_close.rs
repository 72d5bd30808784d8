//! A QUIC connection that is closed in its first packet.

use std::net::UdpSocket;

use crate::act::{Act, Cue, Guest, Misuse, OnDatagrams, Params, Part, Playing, Role};
use crate::quic;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "quic-close",
    about: "answers the first packet with CONNECTION_CLOSE and that transport code",
    params: &["code", "reason"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let code = match params.text("code") {
        Ok(Some(text)) => hexadecimal(text)?,
        _ => params.number_within("code", 0, (1 << 62) - 1)?,
    };
    let close = Close {
        code,
        reason: params.text("reason")?.unwrap_or_default(),
    };
    Ok(Role {
        part: Part::Datagrams(Box::new(close)),
        cue: Cue::http3(),
    })
}

fn hexadecimal(text: &str) -> Result<u64, Misuse> {
    let digits = text.strip_prefix("0x");
    let code = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    code.filter(|code| *code < 1 << 62).ok_or_else(|| {
        Misuse(format!(
            "'{text}' is no code: a number, or a text like 0x0a"
        ))
    })
}

struct Close {
    code: u64,
    reason: &'static str,
}

impl OnDatagrams for Close {
    fn listen<'a>(&'a self, socket: UdpSocket, _: Guest<'a>) -> Playing<'a, ()> {
        Box::pin(quic::answer(socket, move |first| {
            quic::close(first, self.code, self.reason)
        }))
    }
}
