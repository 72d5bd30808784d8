//! One request to an endpoint, with its parameters taken apart.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use super::reply::{Refusal, Reply};
use super::text::{self, Pairs};
use crate::request::Asked;
use crate::world::World;

/// The longest wait that may be asked for: an answer has to be complete within a minute.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(50);

/// The most cookies that are read.
const MOST_COOKIES: usize = 300;

/// A request to an endpoint.
pub(crate) struct Call<'a> {
    /// The request.
    pub(crate) asked: &'a Asked,
    /// Everything else.
    pub(crate) world: &'a World,
    /// Where it came from.
    pub(crate) peer: IpAddr,
    /// Whether it came over TLS.
    pub(crate) secure: bool,
    /// The parameters of the path, decoded.
    pub(crate) params: Vec<(&'static str, String)>,
    /// The parameters of the query, decoded, in order.
    pub(crate) query: Pairs,
}

/// What an endpoint makes of a call.
pub(crate) type Page = fn(&Call<'_>) -> Result<Reply, Refusal>;

impl Call<'_> {
    /// A parameter of the path; empty when the route has none of that name.
    pub(crate) fn param(&self, name: &str) -> &str {
        let mut found = self.params.iter();
        found
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value)
    }

    /// A parameter of the path that is a whole number; anything else is no path of ours.
    pub(crate) fn whole<T: FromStr>(&self, name: &str) -> Result<T, Refusal> {
        let text = self.param(name);
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = is_plain.then(|| text.parse().ok()).flatten();
        number.ok_or_else(Refusal::missing)
    }

    /// The first parameter of the query of that name, any case.
    pub(crate) fn arg(&self, name: &str) -> Option<&str> {
        text::first(&self.query, name)
    }

    /// A parameter of the query as that type, or the default.
    pub(crate) fn arg_or<T: FromStr>(&self, name: &str, default: T) -> Result<T, Refusal> {
        match self.arg(name) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|_| Refusal::bad(format!("{name}: '{text}' is no number in range"))),
        }
    }

    /// A time in the query, in seconds or with a unit, or the default.
    pub(crate) fn seconds(&self, name: &str, default: Duration) -> Result<Duration, Refusal> {
        self.arg(name).map_or(Ok(default), |text| {
            text::duration(text, 1.0, LONGEST_WAIT)
                .map_err(|why| Refusal::bad(format!("{name}: {why}")))
        })
    }

    /// The scheme and authority by which the client knows us.
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.host())
    }

    /// The authority by which the client knows us.
    pub(crate) fn host(&self) -> String {
        let here = if self.secure {
            self.world.https
        } else {
            self.world.http
        };
        let said = self.asked.field("Host").filter(|host| !host.is_empty());
        said.map_or_else(|| here.to_string(), str::to_owned)
    }

    /// The cookies of the request, in order; at most 300 are read.
    pub(crate) fn cookies(&self) -> Pairs {
        let fields = self.asked.fields.iter();
        fields
            .filter(|(name, _)| name.eq_ignore_ascii_case("cookie"))
            .flat_map(|(_, value)| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .take(MOST_COOKIES)
            .map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()))
            .collect()
    }

    /// The value of a cookie of the request.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let mut cookies = self.cookies().into_iter();
        cookies
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }
}
