//! What curl says about a failure, as signals. Texts: curl's `lib/strerror.c`, `lib/transfer.c`, `lib/vtls`.

use httpwhy_model::{CertProblem, Errno, H1Defect, Phase, Signal, TlsFault};

/// The facts in one line of curl's own, with the phase they belong to; empty for progress and chatter.
pub(crate) fn facts(line: &str) -> Vec<(Phase, Signal)> {
    let lower = line.to_ascii_lowercase();
    let has = |text: &str| lower.contains(text);
    let errno = |name: &'static str| Signal::Errno(Errno::named(name));
    let cert = |problem: CertProblem| vec![(Phase::Tls, Signal::cert(problem))];
    let connecting = has("connect to") || has("failed to connect") || has("couldn't connect");
    if has("could not resolve host") {
        vec![(Phase::Resolve, Signal::word("curl", "6"))]
    } else if connecting && has("refused") {
        vec![(Phase::Connect, errno("ECONNREFUSED"))]
    } else if connecting && (has("timed out") || has("timeout")) {
        vec![(
            Phase::Connect,
            Signal::Timeout(number_before(&lower, " ms").unwrap_or(0)),
        )]
    } else if connecting && has("no route to host") {
        vec![(Phase::Connect, errno("EHOSTUNREACH"))]
    } else if connecting && has("network is unreachable") {
        vec![(Phase::Connect, errno("ENETUNREACH"))]
    } else if has("ssl") && has("connection reset by peer") {
        vec![(Phase::Tls, errno("ECONNRESET"))]
    } else if has("recv failure: connection reset by peer") {
        vec![(Phase::Wait, errno("ECONNRESET"))]
    } else if has("send failure: broken pipe") {
        vec![(Phase::Send, errno("EPIPE"))]
    } else if has("send failure: connection reset by peer") {
        vec![(Phase::Send, errno("ECONNRESET"))]
    } else if has("empty reply from server") {
        vec![(Phase::Wait, Signal::Eof(0))]
    } else if has("bytes remaining to read") {
        vec![(Phase::Receive, Signal::h1(H1Defect::TruncatedBody, 0))]
    } else if has("outstanding read data remaining") {
        vec![(Phase::Receive, Signal::h1(H1Defect::TruncatedChunk, 0))]
    } else if has("hexadecimal") && has("chunk") {
        vec![(Phase::Receive, Signal::h1(H1Defect::BadChunkSize, 0))]
    } else if has("received http/0.9 when not allowed") {
        vec![(Phase::Receive, Signal::h1(H1Defect::NotHttp, 0))]
    } else if has("redirects followed") {
        vec![(Phase::Receive, Signal::word("redirect", "limit"))]
    } else if has("certificate has expired") {
        cert(CertProblem::Expired)
    } else if has("certificate is not yet valid") {
        cert(CertProblem::NotYetValid)
    } else if has("self-signed certificate in certificate chain")
        || has("self signed certificate in certificate chain")
    {
        cert(CertProblem::SelfSignedInChain)
    } else if has("self-signed certificate") || has("self signed certificate") {
        cert(CertProblem::SelfSigned)
    } else if has("unable to get local issuer certificate") {
        cert(CertProblem::UnknownIssuer)
    } else if has("no alternative certificate subject name matches")
        || has("does not match target host name")
    {
        cert(CertProblem::NameMismatch)
    } else if has("wrong version number") || has("packet length too long") {
        vec![(
            Phase::Tls,
            Signal::Tls {
                fault: TlsFault::NotTls,
                first: Vec::new(),
            },
        )]
    } else if has("operation timed out after") {
        let phase = if has("with 0 bytes received") || has("with 0 out of 0 bytes") {
            Phase::Wait
        } else {
            Phase::Receive
        };
        vec![(
            phase,
            Signal::Timeout(number_before(&lower, " milliseconds").unwrap_or(0)),
        )]
    } else {
        exit_code(&lower)
    }
}

/// `curl: (56) …` without a text that says more.
fn exit_code(lower: &str) -> Vec<(Phase, Signal)> {
    let Some(code) = lower
        .strip_prefix("curl: (")
        .and_then(|rest| rest.split(')').next())
    else {
        return Vec::new();
    };
    let Ok(number) = code.parse::<u8>() else {
        return Vec::new();
    };
    let phase = match number {
        1 | 3 => Phase::Queue,
        5 | 6 => Phase::Resolve,
        7 => Phase::Connect,
        35 | 51 | 53 | 54 | 58 | 59 | 60 | 77 | 82 | 83 | 90 | 91 => Phase::Tls,
        55 => Phase::Send,
        28 | 52 => Phase::Wait,
        _ => Phase::Receive,
    };
    vec![(phase, Signal::word("curl", number.to_string()))]
}

/// The number that stands before `unit`.
fn number_before(text: &str, unit: &str) -> Option<u64> {
    let before = &text[..text.find(unit)?];
    before
        .rsplit(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}
