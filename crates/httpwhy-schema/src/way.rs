//! How a connection came about: part of kinds `exchange` and `diagnosis`.

use std::time::Duration;

use httpwhy_model::{Attempt, AttemptEnd, Instead, ProxyFacts, Way};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exchange::{ResponseJson, response_in, response_out};

/// How a connection came about, where that was not straight to the only address of the target's host.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct WayJson {
    /// The proxy, when one was used.
    #[serde(default)]
    pub proxy: Option<ProxyJson>,
    /// Where the connection went instead of the target's own host and port.
    #[serde(default)]
    pub instead: Option<InsteadJson>,
    /// The source address or interface that was asked for.
    #[serde(default)]
    pub from: Option<String>,
    /// The address at this end of the connection, where it was looked at (with --auth).
    #[serde(default)]
    pub local: Option<String>,
    /// Every attempt at an address, when there were several.
    #[serde(default)]
    pub attempts: Vec<AttemptJson>,
}

/// A proxy.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProxyJson {
    /// `http://proxy.example:3128`, without credentials.
    pub uri: String,
    /// Who said so, e.g. `environment https_proxy`.
    pub set_by: String,
    /// Whether credentials for it were at hand.
    #[serde(default)]
    pub credentials: bool,
    /// Its answer to CONNECT.
    #[serde(default)]
    pub answer: Option<ResponseJson>,
}

/// Another place.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct InsteadJson {
    /// `unix:/run/app.sock`, `host:port` or an address.
    pub to: String,
    /// The option that said so.
    pub set_by: String,
}

/// One attempt at an address.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct AttemptJson {
    /// Address and port.
    pub to: String,
    /// Milliseconds after the first attempt's beginning.
    pub after_ms: f64,
    /// Milliseconds it took.
    pub took_ms: f64,
    /// connected, abandoned, or the signal with which it failed.
    pub end: String,
}

impl From<&Way> for WayJson {
    fn from(way: &Way) -> Self {
        Self {
            proxy: way.proxy.as_ref().map(|proxy| ProxyJson {
                uri: proxy.uri.clone(),
                set_by: proxy.set_by.clone(),
                credentials: proxy.credentials,
                answer: proxy.answer.as_ref().map(response_out),
            }),
            instead: way.instead.as_ref().map(|instead| InsteadJson {
                to: instead.to.clone(),
                set_by: instead.set_by.clone(),
            }),
            from: way.from.clone(),
            local: way.local.map(|local| local.to_string()),
            attempts: way.attempts.iter().map(attempt_out).collect(),
        }
    }
}

fn attempt_out(attempt: &Attempt) -> AttemptJson {
    AttemptJson {
        to: attempt.to.to_string(),
        after_ms: millis(attempt.after),
        took_ms: millis(attempt.took),
        end: match &attempt.end {
            AttemptEnd::Connected => "connected".to_owned(),
            AttemptEnd::Abandoned => "abandoned".to_owned(),
            AttemptEnd::Failed(signal) => signal.to_string(),
        },
    }
}

impl WayJson {
    pub(crate) fn into_way(self) -> Result<Way, String> {
        let proxy = self.proxy.map(|proxy| {
            Ok::<_, String>(ProxyFacts {
                uri: proxy.uri,
                set_by: proxy.set_by,
                credentials: proxy.credentials,
                answer: proxy.answer.map(response_in).transpose()?,
            })
        });
        Ok(Way {
            proxy: proxy.transpose()?,
            instead: self.instead.map(|instead| Instead {
                to: instead.to,
                set_by: instead.set_by,
            }),
            from: self.from,
            local: match self.local {
                Some(local) => Some(
                    local
                        .parse()
                        .map_err(|error| format!("way: local '{local}': {error}"))?,
                ),
                None => None,
            },
            attempts: self
                .attempts
                .iter()
                .map(attempt_in)
                .collect::<Result<_, _>>()?,
        })
    }
}

fn attempt_in(attempt: &AttemptJson) -> Result<Attempt, String> {
    let to = &attempt.to;
    Ok(Attempt {
        to: to
            .parse()
            .map_err(|error| format!("way: attempt at '{to}': {error}"))?,
        after: duration(attempt.after_ms)?,
        took: duration(attempt.took_ms)?,
        end: match attempt.end.as_str() {
            "connected" => AttemptEnd::Connected,
            "abandoned" => AttemptEnd::Abandoned,
            text => AttemptEnd::Failed(
                text.parse()
                    .map_err(|error: httpwhy_model::SignalError| error.to_string())?,
            ),
        },
    })
}

fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

fn duration(millis: f64) -> Result<Duration, String> {
    if (0.0..=1e12).contains(&millis) {
        return Ok(Duration::from_micros((millis * 1000.0).round() as u64));
    }
    Err(format!("way: an attempt of {millis} ms"))
}
