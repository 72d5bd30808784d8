//! A certificate with one fault, and an honest server behind it.

use tokio::net::TcpStream;

use crate::act::{Act, Cue, Guest, Misuse, OnAccept, Params, Part, Playing, Role};
use crate::certificates::FAULTS;
use crate::serve;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "bad-cert",
    about: "a TLS port whose certificate chain has that fault and no other",
    params: &["how"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let how = params.word("how", FAULTS)?;
    let mut cue = Cue::tls(how);
    if matches!(how, "crl-expired" | "revocation-unknown" | "revoked") {
        cue.crl = Some(how);
    }
    if how == "ip-mismatch" {
        cue.host = None;
    }
    Ok(Role {
        part: Part::Accept(Box::new(BadCert { how })),
        cue,
    })
}

struct BadCert {
    how: &'static str,
}

impl OnAccept for BadCert {
    fn accepted<'a>(&'a self, stream: TcpStream, guest: Guest<'a>) -> Playing<'a, ()> {
        Box::pin(async move {
            if let Some(config) = guest.world.certificates.bad(self.how) {
                serve::serve_tls(stream, config, guest.world).await;
            }
            Ok(())
        })
    }
}
