//! What TLS agreed on, and the certificates that came.

use std::time::SystemTime;

use httpwhy_model::{CertFacts, Seen, TlsFacts};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What TLS agreed on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TlsJson {
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: Option<String>,
    /// The cipher suite.
    pub cipher: Option<String>,
    /// The protocol chosen by ALPN.
    pub alpn: Option<String>,
    /// The server name sent.
    pub server_name: Option<String>,
    /// The leaf's subject.
    pub subject: Option<String>,
    /// The leaf's issuer.
    pub issuer: Option<String>,
    /// The end of the leaf's validity, RFC 3339.
    pub not_after: Option<String>,
    /// Whole days from the exchange to that end; negative once it has passed.
    #[serde(default)]
    pub days_left: Option<i64>,
    /// The certificates as the server sent them, the leaf first; the first few of many.
    #[serde(default)]
    pub chain: Vec<CertJson>,
}

/// What a certificate says of itself.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CertJson {
    /// The subject.
    pub subject: String,
    /// The issuer.
    pub issuer: String,
    /// The beginning of its validity, RFC 3339.
    pub not_before: Option<String>,
    /// The end of its validity, RFC 3339.
    pub not_after: Option<String>,
}

impl TlsJson {
    /// What TLS agreed on in an exchange of that moment.
    pub(crate) fn new(facts: &TlsFacts, observed_at: &Seen<SystemTime>) -> Self {
        let known = |text: &String| (!text.is_empty()).then(|| text.clone());
        let observed = observed_at.as_ref().present();
        Self {
            version: known(&facts.version),
            cipher: known(&facts.cipher),
            alpn: facts.alpn.clone(),
            server_name: facts.server_name.clone(),
            subject: facts.subject.clone(),
            issuer: facts.issuer.clone(),
            not_after: facts.not_after.and_then(date_out),
            days_left: observed.and_then(|&moment| facts.days_left(moment)),
            chain: facts.chain.iter().map(CertJson::from).collect(),
        }
    }
}

impl From<&CertFacts> for CertJson {
    fn from(facts: &CertFacts) -> Self {
        Self {
            subject: facts.subject.clone(),
            issuer: facts.issuer.clone(),
            not_before: date_out(facts.not_before),
            not_after: date_out(facts.not_after),
        }
    }
}

fn date_out(seconds: i64) -> Option<String> {
    Timestamp::from_second(seconds).ok().map(|t| t.to_string())
}

fn date_in(what: &str, text: Option<&str>) -> Result<Option<i64>, String> {
    text.map(|text| text.parse::<Timestamp>().map(Timestamp::as_second))
        .transpose()
        .map_err(|error| format!("{what}: {error}"))
}

/// The facts of a line that was read.
pub(crate) fn tls_in(tls: TlsJson) -> Result<TlsFacts, String> {
    let not_after = date_in("not_after", tls.not_after.as_deref())?;
    let chain = tls
        .chain
        .into_iter()
        .map(cert_in)
        .collect::<Result<_, _>>()?;
    Ok(TlsFacts {
        version: tls.version.unwrap_or_default(),
        cipher: tls.cipher.unwrap_or_default(),
        alpn: tls.alpn,
        server_name: tls.server_name,
        subject: tls.subject,
        issuer: tls.issuer,
        not_after,
        chain,
    })
}

fn cert_in(cert: CertJson) -> Result<CertFacts, String> {
    Ok(CertFacts {
        subject: cert.subject,
        issuer: cert.issuer,
        not_before: date_in("not_before", cert.not_before.as_deref())?.unwrap_or_default(),
        not_after: date_in("not_after", cert.not_after.as_deref())?.unwrap_or_default(),
    })
}
