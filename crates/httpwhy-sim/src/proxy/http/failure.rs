//! What a proxy says when it cannot pass something on (RFC 9209), and names that bring that about on demand.

use crate::answer::Answer;

/// An error of the proxy's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// The status.
    pub(super) status: u16,
    /// The proxy error type (RFC 9209 section 2.3); empty for none.
    pub(super) error: &'static str,
    /// What happened, for people.
    pub(super) details: String,
    /// Whether it was asked for by a name.
    pub(super) asked_for: bool,
}

impl Failure {
    /// An error of that type; its status is the one that RFC 9209 recommends.
    pub(super) fn new(error: &'static str, details: impl Into<String>) -> Self {
        let status = match error {
            "http_request_error" => 400,
            "http_request_denied" => 403,
            "dns_timeout" | "connection_timeout" | "http_response_timeout" => 504,
            "proxy_internal_error" => 500,
            _ => 502,
        };
        Self {
            status,
            error,
            details: details.into(),
            asked_for: false,
        }
    }

    /// The answer, with Proxy-Status.
    pub(super) fn answer(&self, pseudonym: &str) -> Answer {
        let mut answer = Answer::of(self.status);
        let details: String = self
            .details
            .chars()
            .filter(|c| matches!(c, ' '..='~'))
            .flat_map(|c| {
                matches!(c, '"' | '\\')
                    .then_some('\\')
                    .into_iter()
                    .chain([c])
            })
            .collect();
        let mut said = pseudonym.to_owned();
        if !self.error.is_empty() {
            said.push_str("; error=");
            said.push_str(self.error);
        }
        answer.set("Proxy-Status", &format!("{said}; details=\"{details}\""));
        answer.set("Via", &format!("1.1 {pseudonym}"));
        answer.set("Content-Type", "text/plain; charset=utf-8");
        answer.body = format!("{} {}: {}\n", self.status, answer.reason, self.details).into_bytes();
        answer
    }
}

/// What a name under `.test` brings about at a forward proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// The proxy answers so.
    Fails(Failure),
    /// The tunnel opens, and ends when the client has said something.
    TunnelCut,
}

/// `407.test` and any other status from 300 to 599, `refused.test`, `dns.test`, `timeout.test`, `tunnel-cut.test`.
pub(super) fn named(host: &str) -> Option<Named> {
    let name = host.strip_suffix(".test")?;
    let error = match name {
        "refused" => "connection_refused",
        "dns" => "dns_error",
        "timeout" => "connection_timeout",
        "502" => "connection_terminated",
        "504" => "http_response_timeout",
        "tunnel-cut" => return Some(Named::TunnelCut),
        _ => "",
    };
    let mut failure = Failure::new(error, format!("asked for by the name {host}"));
    failure.asked_for = true;
    if error.is_empty() {
        let is_code = name.len() == 3 && name.bytes().all(|byte| byte.is_ascii_digit());
        failure.status = name
            .parse()
            .ok()
            .filter(|code| is_code && (300..=599).contains(code))?;
    }
    Some(Named::Fails(failure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_said_in_their_field() {
        let failure = Failure::new("connection_refused", "a \"b\" \n c");
        let answer = failure.answer("sim");
        let said = answer
            .fields
            .iter()
            .find(|(name, _)| name == "Proxy-Status");
        let said = said.map(|(_, value)| value.as_str());
        assert_eq!(
            said,
            Some("sim; error=connection_refused; details=\"a \\\"b\\\"  c\"")
        );
        assert_eq!(answer.status, 502);
    }

    #[test]
    fn names() {
        let status = |host| match named(host) {
            Some(Named::Fails(failure)) => failure.status,
            Some(Named::TunnelCut) => 200,
            None => 0,
        };
        let all = [
            "407.test",
            "502.test",
            "dns.test",
            "timeout.test",
            "tunnel-cut.test",
            "200.test",
            "sim.test",
            "407.org",
        ];
        assert_eq!(all.map(status), [407, 502, 502, 504, 200, 0, 0, 0]);
    }
}
