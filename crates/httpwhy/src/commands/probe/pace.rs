//! How fast, how often, and how politely: the options, and what the prober is told.

use std::time::Duration;

use httpwhy_probe::{Manners, Pace};

use super::retry::Retries;

/// Exchanges at the same time with one public host, unless said otherwise.
const POLITE_TOGETHER: u16 = 10;
/// Exchanges begun a second with one public host, unless said otherwise.
const POLITE_RATE: f64 = 50.0;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PaceArgs {
    /// Exchanges under way at the same time with one host (a name and a port); 10 for public hosts unless given
    #[arg(long, help_heading = "Pace", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=20_000))]
    per_host: Option<u16>,

    /// Exchanges begun a second, all hosts together
    #[arg(long, help_heading = "Pace", value_name = "N", value_parser = rate)]
    rate: Option<f64>,

    /// Exchanges begun a second with one host; 50 for public hosts unless given
    #[arg(long, help_heading = "Pace", value_name = "N", value_parser = rate)]
    rate_per_host: Option<f64>,

    /// No bounds for public hosts but those given: for hosts that are yours. A host that answers 429 or 503, names a time
    /// (Retry-After) or resets connections is asked less all the same
    #[arg(long, help_heading = "Pace")]
    full_speed: bool,

    /// Send a request again at most so often, where its diagnosis allows it: what may have been processed only with an
    /// idempotent method. Every attempt is a step of its own in the record
    #[arg(long, help_heading = "Pace", value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=20))]
    retries: u8,

    /// Seconds to wait at most: before a retry, and for a host that names a time
    #[arg(long, help_heading = "Pace", value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    retry_max_wait: Duration,
}

impl PaceArgs {
    /// What the prober is told.
    pub(crate) fn pace(&self) -> Pace {
        Pace {
            per_host: self.per_host.map(usize::from),
            rate: self.rate,
            rate_per_host: self.rate_per_host,
            public: (!self.full_speed).then(|| Manners {
                per_host: usize::from(POLITE_TOGETHER),
                rate: POLITE_RATE,
            }),
            latency: !self.full_speed,
            longest: self.retry_max_wait,
            ..Pace::default()
        }
    }

    pub(crate) fn retries(&self) -> Retries {
        Retries {
            most: usize::from(self.retries),
            longest: self.retry_max_wait,
        }
    }

    /// The bounds that hold for a public host, in words; `None` when there are none.
    pub(crate) fn said(&self) -> Option<String> {
        let polite = !self.full_speed;
        let together = self.per_host.or(polite.then_some(POLITE_TOGETHER));
        let rate = self.rate_per_host.or(polite.then_some(POLITE_RATE));
        let bounds = [
            together.map(|together| format!("{together} at once")),
            rate.map(|rate| format!("{rate}/s")),
        ];
        let bounds: Vec<String> = bounds.into_iter().flatten().collect();
        let whom = if self.per_host.is_some() && self.rate_per_host.is_some() {
            "host"
        } else {
            "public host"
        };
        let each = (!bounds.is_empty()).then(|| format!("{} a {whom}", bounds.join(", ")));
        let all = self.rate.map(|rate| format!("{rate}/s in all"));
        let said: Vec<String> = [all, each].into_iter().flatten().collect();
        (!said.is_empty()).then(|| format!("at most {}", said.join(", ")))
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text
        .parse()
        .map_err(|_| format!("'{text}' is no number of exchanges a second"))?;
    if (0.001..=1e6).contains(&rate) {
        Ok(rate)
    } else {
        Err(format!("{rate} a second is outside 0.001 to 1000000"))
    }
}

pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let value: f64 = text
        .parse()
        .map_err(|_| format!("'{text}' is no number of seconds"))?;
    if (0.0..=86_400.0).contains(&value) {
        Ok(Duration::from_secs_f64(value))
    } else {
        Err(format!("{value} s is outside 0 to 86400"))
    }
}
