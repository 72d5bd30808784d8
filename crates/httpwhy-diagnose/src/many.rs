//! Many diagnoses at once: what happened, in one word, so that a log's failures can be grouped by it.
//!
//! The word comes from the outcome where the writer names what happened (HAProxy's states, Envoy's flags, CloudFront's
//! result types), else from the legs of the visit, else from the status and the party.

use std::fmt;

use crate::blame::witness;

use httpwhy_model::{Because, Blame, Diagnosis, End, Exchange, Party, Phase, Visit};

macro_rules! happenings {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $title:literal;)*) => {
        /// What happened to an exchange, seen from the proxy or server that logged it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Happening { $($(#[$doc])* $name,)* }

        impl Happening {
            /// Every happening, the most telling failures first.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word for JSON and filters.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The words for a heading.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

happenings! {
    /// The server behind refused the connection or could not be reached.
    Refused = "upstream-refused", "Upstream refused, or not reachable";
    /// The server behind did not answer in time.
    Silent = "upstream-silent", "Upstream silent";
    /// The server behind broke off, or what it sent is no HTTP.
    Broke = "upstream-broke-off", "Upstream broke off";
    /// The server behind answered so itself.
    Said = "upstream-said", "Upstream said it";
    /// The one in front made the answer of itself.
    Own = "own-answer", "Proxy's own answer";
    /// The configuration of the one in front is wrong.
    Configuration = "configuration", "Configuration";
    /// A rule decided: access, limits, a firewall.
    Policy = "policy", "Policy";
    /// The client left before the answer was there.
    ClientLeft = "client-left", "Client left";
    /// The request was wrong.
    ClientErred = "client-erred", "The request was wrong";
    /// It cannot be told from what was logged.
    Unclear = "unclear", "Cannot be told from these lines";
    /// Nothing went wrong.
    Fine = "fine", "Fine";
}

impl Happening {
    /// Whether anything went wrong.
    pub fn is_failure(self) -> bool {
        self != Self::Fine
    }
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What happened in a visit that has been diagnosed.
pub fn happened(visit: &Visit, diagnosis: &Diagnosis) -> Happening {
    let first = visit.steps.first().map(|step| &step.exchange);
    let status = first.and_then(Exchange::status);
    // IIS's 502.3 is any failure of its forwarder; the error number, which the leg holds, says which.
    let forwarder = (diagnosis.outcome.0 == "iis/502.3")
        .then(|| last_leg(visit).and_then(|leg| by_leg(leg, status)))
        .flatten();
    let named = first.and_then(written).or(forwarder);
    if let Some(named) = named.or_else(|| by_outcome(diagnosis, status)) {
        return named;
    }
    if status.is_some_and(|status| status < 400) {
        // The head was passed on, and what followed broke off.
        let broken = last_leg(visit).filter(|leg| leg.end == End::Partial);
        return broken
            .and_then(|leg| by_leg(leg, status))
            .unwrap_or(Happening::Fine);
    }
    if let Some(found) = witnessed(visit, status) {
        return found;
    }
    if let Some(found) = last_leg(visit).and_then(|leg| by_leg(leg, status)) {
        return found;
    }
    let asked_nobody = first.is_some_and(|exchange| has(exchange, "upstream:not-asked"));
    match (status, diagnosis.blame) {
        (Some(401 | 403 | 407 | 429 | 451), _) => Happening::Policy,
        (Some(400..=499), _) => Happening::ClientErred,
        (Some(500..), _) if asked_nobody => Happening::Own,
        (_, Blame::Proven(party)) => by_party(party, diagnosis.phase),
        // What is usual for a status is no knowledge of this exchange.
        (Some(500..), _) => Happening::Unclear,
        (_, Blame::Nobody) => Happening::Fine,
        (_, Blame::Likely(party)) => by_party(party, diagnosis.phase),
        (_, Blame::Unknown { .. }) if first.is_some_and(is_empty) => Happening::Fine,
        (_, Blame::Unknown { .. }) => Happening::Unclear,
    }
}

/// What an error line says of the client or of the writer, or S3's own word.
fn written(exchange: &Exchange) -> Option<Happening> {
    let own = [
        ("aws-s3:SlowDown", Happening::Policy),
        ("aws-s3:AccessDenied", Happening::Policy),
        ("aws-s3:RequestTimeout", Happening::ClientLeft),
        ("aws-s3:InternalError", Happening::Own),
        ("aws-s3:ServiceUnavailable", Happening::Own),
    ];
    if let Some((_, happening)) = own.iter().find(|(word, _)| has(exchange, word)) {
        return Some(*happening);
    }
    let word = exchange
        .signals()
        .find(|(_, signal)| signal.dialect() == "log")
        .map(|(_, signal)| signal.word_text().into_owned())?;
    Some(match word.as_str() {
        "client-gone" | "client-late" => Happening::ClientLeft,
        "denied" | "limited" | "credentials" => Happening::Policy,
        "resources" => Happening::Own,
        "no-permission" => Happening::Configuration,
        "handshake" => Happening::Unclear,
        _ => Happening::ClientErred,
    })
}

/// What the log of the server behind says of a failure in front.
fn witnessed(visit: &Visit, status: Option<u16>) -> Option<Happening> {
    let (_, witness) = witness::of(visit, 0)?;
    status.filter(|status| *status >= 500)?;
    Some(match witness.status() {
        Some(500..) => Happening::Said,
        _ if witness::is_late(witness) => Happening::Silent,
        None | Some(0 | 499) => Happening::Broke,
        _ => Happening::Own,
    })
}

/// The last server behind that was tried.
fn last_leg(visit: &Visit) -> Option<&Exchange> {
    visit
        .steps
        .iter()
        .rev()
        .find(|step| matches!(step.because, Because::Forwarded(_)))
        .map(|step| &step.exchange)
}

fn by_leg(leg: &Exchange, status: Option<u16>) -> Option<Happening> {
    // Whoever of the two said 504, one of them waited in vain.
    let gave_up = has(leg, "upstream:failed-or-said-it") && status == Some(504);
    let late = gave_up
        || has(leg, "upstream:late")
        || leg.signals().any(|(_, signal)| signal.is("timeout"));
    let phase = leg.faults.last().map(|fault| fault.phase);
    if leg.response.is_some() && phase.is_none() {
        return (leg.status() == status).then_some(Happening::Said);
    }
    Some(match phase? {
        _ if late || has(leg, "errno:ETIMEDOUT") => Happening::Silent,
        Phase::Queue => Happening::Own,
        Phase::Resolve | Phase::Connect | Phase::Tunnel | Phase::Tls => Happening::Refused,
        Phase::Send | Phase::Wait | Phase::Receive | Phase::Close => Happening::Broke,
    })
}

fn by_party(party: Party, phase: Phase) -> Happening {
    match (party, phase) {
        (Party::Client, _) => Happening::ClientErred,
        (Party::Intermediary | Party::Repeater | Party::Engine, _) => Happening::Own,
        (Party::Dns | Party::Network, _) => Happening::Refused,
        (Party::Origin, Phase::Connect | Phase::Tls | Phase::Resolve) => Happening::Refused,
        (Party::Origin, _) => Happening::Said,
    }
}

fn has(exchange: &Exchange, signal: &str) -> bool {
    exchange.signals().any(|(_, known)| known.is(signal))
}

fn is_empty(exchange: &Exchange) -> bool {
    exchange.response.is_none() && exchange.faults.is_empty()
}

/// What the writer itself names.
fn by_outcome(diagnosis: &Diagnosis, status: Option<u16>) -> Option<Happening> {
    use Happening as H;
    let outcome = diagnosis.outcome;
    let code = outcome.code();
    match outcome.namespace() {
        // No valid head of the server behind, unless a rule of the proxy's own denied the answer.
        "haproxy" if code == "PH" && status == Some(502) => return Some(H::Broke),
        "haproxy" => return haproxy(code),
        "iis" if code.contains('.') => return Some(iis(code)),
        "http" => return None,
        _ => {}
    }
    Some(match (outcome.namespace(), code) {
        (
            "nginx" | "openresty" | "tengine" | "traefik" | "cloudflare" | "aspnet" | "gorouter",
            "499",
        ) => H::ClientLeft,
        ("nginx", "444") => H::Policy,
        ("nginx", "000") => H::ClientLeft,
        ("nginx", "009") => H::Fine,
        ("nginx", "494" | "495" | "496" | "497" | "498") => H::ClientErred,
        ("net", "aborted") => H::ClientLeft,
        ("proxy-status", "proxy_configuration_error" | "proxy_loop_detected") => H::Configuration,
        ("proxy-status", "proxy_internal_error") => H::Own,
        ("envoy", "DC" | "DR") => H::ClientLeft,
        ("envoy", "UF" | "UH") => H::Refused,
        ("envoy", "UT" | "DT" | "SI" | "UMSDR") => H::Silent,
        ("envoy", "UC" | "UR" | "UPE" | "LR") => H::Broke,
        ("envoy", "URX" | "UO" | "LH" | "OM" | "DO") => H::Own,
        ("envoy", "NR" | "NC" | "NFCF" | "RFCF" | "DF") => H::Configuration,
        ("envoy", "RL" | "RLSE" | "UAEX" | "FI" | "DI") => H::Policy,
        ("envoy", "IH" | "DPE") => H::ClientErred,
        ("aws-alb", "000" | "460") => H::ClientLeft,
        ("aws-alb", "463" | "464" | "400" | "405" | "413" | "414" | "408") => H::ClientErred,
        ("aws-alb", "401" | "403" | "561") => H::Policy,
        ("aws-alb", "502") => H::Broke,
        ("aws-alb", "504" | "LambdaConnectionTimeout") => H::Silent,
        ("aws-alb", "500" | "501" | "503") => H::Own,
        ("aws-alb", "LambdaAccessDenied" | "LambdaResourceNotFound") => H::Configuration,
        ("aws-alb", _) => H::Broke,
        ("cloudfront", "000" | "ClientCommError" | "ClientHungUpRequest" | "AbortedOrigin") => {
            H::ClientLeft
        }
        ("cloudfront", "ClientGeoBlocked" | "InvalidRequestBlocked" | "LimitExceeded") => H::Policy,
        ("cloudfront", "OriginDnsError" | "OriginConnectError") => H::Refused,
        ("cloudfront", "OriginCommError" | "SlowReaderOriginError") => H::Silent,
        ("cloudfront", "OriginError") => H::Said,
        ("cloudfront", "CapacityExceeded" | "Error") => H::Own,
        ("cloudfront", code) if code.starts_with("Origin") => H::Broke,
        ("cloudfront", _) => H::ClientErred,
        ("gclb", code) if code.starts_with("client_") || code == "websocket_closed" => {
            H::ClientLeft
        }
        ("gclb", "failed_to_connect_to_backend") => H::Refused,
        ("gclb", "backend_timeout") => H::Silent,
        ("gclb", "response_sent_by_backend") => H::Said,
        ("gclb", "denied_by_security_policy") => H::Policy,
        ("gclb", "request_loop_detected") => H::Configuration,
        ("gclb", code) if code.starts_with("failed_to_pick") => H::Own,
        ("gclb", _) => H::Broke,
        ("afd", "ClientDisconnected") => H::ClientLeft,
        ("afd", "ClientGeoBlocked" | "RestrictedIP") => H::Policy,
        ("afd", "InvalidRequest" | "UnspecifiedClientError") => H::ClientErred,
        ("afd", "OriginTimeout" | "DNSTimeout") => H::Silent,
        ("afd", "OriginInvalidResponse" | "ResponseHeaderTooBig" | "OriginConnectionAborted") => {
            H::Broke
        }
        ("afd", "OriginError") => H::Said,
        ("afd", "UnspecifiedError") => H::Unclear,
        ("afd", _) => H::Refused,
        ("heroku", "H12" | "H28" | "H15" | "H31") => heroku(code),
        ("heroku", "H10" | "H14" | "H19" | "H20" | "H21" | "H22" | "H23" | "H16") => H::Refused,
        ("heroku", "H13" | "H17" | "H18" | "H25") => H::Broke,
        ("heroku", "H27") => H::ClientLeft,
        ("heroku", "H24" | "H26" | "H32") => H::ClientErred,
        ("heroku", "H80" | "H81" | "H82" | "H83") => H::Policy,
        ("heroku", _) => H::Own,
        // No request was under way.
        ("httpsys", "Timer_ConnectionIdle") => H::Fine,
        ("httpsys", "Client_Reset" | "Connection_Dropped" | "Timer_HeaderWait") => H::ClientLeft,
        ("httpsys", "Timer_EntityBody" | "Timer_MinBytesPerSecond") => H::ClientLeft,
        ("httpsys", "AppOffline" | "AppShutdown" | "QueueFull" | "Disabled") => H::Refused,
        ("httpsys", "AppPoolTimer" | "Timer_AppPool" | "Timer_Response") => H::Silent,
        ("httpsys", code) if code.starts_with("Connection_Abandoned") => H::Broke,
        ("httpsys", "ConnLimit" | "Connections_Refused" | "Forbidden") => H::Policy,
        ("httpsys", "N-I" | "Internal" | "Connection_Dropped_List_Full") => H::Own,
        ("httpsys", _) => H::ClientErred,
        ("squid", "ERR_CLIENT_GONE") => H::ClientLeft,
        (
            "squid",
            "ERR_ACCESS_DENIED" | "ERR_CACHE_ACCESS_DENIED" | "ERR_CACHE_MGR_ACCESS_DENIED",
        ) => H::Policy,
        ("squid", "ERR_FORWARDING_DENIED" | "ERR_NO_RELAY") => H::Policy,
        (
            "squid",
            "ERR_CONNECT_FAIL" | "ERR_DNS_FAIL" | "ERR_SECURE_CONNECT_FAIL" | "ERR_CANNOT_FORWARD",
        ) => H::Refused,
        ("squid", "ERR_READ_TIMEOUT" | "ERR_LIFETIME_EXP") => H::Silent,
        (
            "squid",
            "ERR_READ_ERROR" | "ERR_WRITE_ERROR" | "ERR_ZERO_SIZE_OBJECT" | "ERR_INVALID_RESP",
        ) => H::Broke,
        ("squid", "TCP_RESET") => H::Broke,
        (
            "squid",
            "ERR_SOCKET_FAILURE" | "ERR_ICAP_FAILURE" | "ERR_SHUTTING_DOWN" | "ERR_GATEWAY_FAILURE",
        ) => H::Own,
        ("squid", _) => H::ClientErred,
        ("cloudflare", "520" | "527") => H::Broke,
        ("cloudflare", "521" | "523" | "525" | "526" | "530") => H::Refused,
        ("cloudflare", "522" | "524") => H::Silent,
        (
            "cloudflare",
            "challenge" | "1006" | "1007" | "1008" | "1009" | "1010" | "1012" | "1015" | "1020",
        ) => H::Policy,
        ("cloudflare", code) if code.starts_with('1') => H::Configuration,
        ("fastly", "first-byte-timeout" | "fetch-timeout") => H::Silent,
        ("fastly", "backend-read-error" | "varnish-backend-fetch-failed") => H::Broke,
        ("fastly", "max-conn-reached") => H::Own,
        ("fastly", "all-backends-failed" | "quorum-weight-not-reached") => H::Refused,
        _ => return None,
    })
}

/// HAProxy configuration manual, section 8.5: the event, and the moment it came.
fn haproxy(code: &str) -> Option<Happening> {
    let mut letters = code.chars();
    let (event, moment) = (letters.next()?, letters.next()?);
    Some(match (event, moment) {
        ('C', _) => Happening::ClientLeft,
        // The client's silence while the server's data flows is the client's; so is a slow request.
        ('c', _) => Happening::ClientLeft,
        ('S' | 's', 'Q') => Happening::Own,
        ('S', 'C') => Happening::Refused,
        ('s', _) => Happening::Silent,
        ('S', _) => Happening::Broke,
        ('P', 'R' | 'T' | 'H') => Happening::Policy,
        ('P', _) => Happening::Own,
        ('R' | 'I' | 'L', _) => Happening::Own,
        ('D' | 'U' | 'K', _) => Happening::Refused,
        // An orderly end: the status decides.
        _ => return None,
    })
}

fn heroku(code: &str) -> Happening {
    match code {
        "H12" => Happening::Silent,
        "H15" | "H28" => Happening::ClientLeft,
        _ => Happening::Own,
    }
}

/// Internet Information Services: what the substatus says (Microsoft, The HTTP status codes in IIS 7 and later).
fn iis(code: &str) -> Happening {
    match code {
        "502.3" | "502.5" | "502.6" => Happening::Refused,
        "502.1" | "502.2" => Happening::Silent,
        _ if code.starts_with("502.") => Happening::Broke,
        _ if code.starts_with("500.1")
            || code.starts_with("500.2")
            || code.starts_with("500.3") =>
        {
            Happening::Configuration
        }
        _ if code.starts_with("500.5") => Happening::Configuration,
        _ if code.starts_with('5') => Happening::Said,
        _ if code.starts_with("401.") || code.starts_with("403.") => Happening::Policy,
        "404.2" | "404.3" | "404.17" => Happening::Configuration,
        "404.1" => Happening::Policy,
        _ if code.starts_with("404.") && code.len() > 5 => Happening::Policy,
        _ => Happening::ClientErred,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use httpwhy_model::{Response, Signal, Step};

    fn visit(status: u16, own: &[&str], leg: Option<(u16, &[(Phase, &str)])>) -> Visit {
        let answer = |status: u16| {
            (status > 0).then(|| Response {
                code: status.to_string().into_bytes().into(),
                ..Response::default()
            })
        };
        let signal = |text: &str| text.parse::<Signal>().unwrap();
        let mut down = Exchange {
            response: answer(status),
            ..Exchange::default()
        };
        for word in own {
            down.signal(Phase::Wait, signal(word));
        }
        let mut visit = Visit::of(down);
        if let Some((status, signals)) = leg {
            let mut up = Exchange {
                response: answer(status),
                ..Exchange::default()
            };
            for (phase, word) in signals {
                up.signal(*phase, signal(word));
            }
            visit.steps.push(Step {
                exchange: up,
                because: Because::Forwarded(0),
            });
        }
        visit
    }

    #[test]
    fn what_happened_follows_from_the_words_the_legs_or_the_status() {
        type Leg<'a> = Option<(u16, &'a [(Phase, &'a str)])>;
        let table: &[(u16, &[&str], Leg<'_>, Happening)] = &[
            (200, &[], None, Happening::Fine),
            (304, &[], None, Happening::Fine),
            (404, &[], None, Happening::ClientErred),
            (403, &[], None, Happening::Policy),
            (502, &[], None, Happening::Unclear),
            (503, &["upstream:not-asked"], None, Happening::Own),
            (503, &[], Some((503, &[])), Happening::Said),
            (
                502,
                &[],
                Some((0, &[(Phase::Connect, "upstream:no-connection")])),
                Happening::Refused,
            ),
            (
                502,
                &[],
                Some((0, &[(Phase::Connect, "errno:ECONNREFUSED")])),
                Happening::Refused,
            ),
            (
                502,
                &[],
                Some((0, &[(Phase::Wait, "upstream:no-head")])),
                Happening::Broke,
            ),
            (
                504,
                &[],
                Some((
                    0,
                    &[
                        (Phase::Wait, "upstream:no-head"),
                        (Phase::Wait, "upstream:late"),
                    ],
                )),
                Happening::Silent,
            ),
            (0, &["nginx:499"], None, Happening::ClientLeft),
            (0, &["nginx:444"], None, Happening::Policy),
            (503, &["haproxy:sC--"], None, Happening::Silent),
            (503, &["haproxy:SC--"], None, Happening::Refused),
            (504, &["haproxy:sH--"], None, Happening::Silent),
            (0, &["haproxy:CD--"], None, Happening::ClientLeft),
            (503, &["envoy:UF"], None, Happening::Refused),
            (503, &["envoy:NR"], None, Happening::Configuration),
        ];
        for (status, own, leg, wanted) in table {
            let visit = visit(*status, own, *leg);
            let diagnosis = crate::diagnose(&visit);
            assert_eq!(
                happened(&visit, &diagnosis),
                *wanted,
                "{status} {own:?} {leg:?} {}",
                diagnosis.outcome
            );
        }
    }

    #[test]
    fn words_are_distinct() {
        let mut words: Vec<_> = Happening::ALL.iter().map(|h| h.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Happening::ALL.len());
    }
}
