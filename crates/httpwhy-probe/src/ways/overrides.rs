//! Other addresses and other places for a host and port, in curl's notation.

use std::net::IpAddr;

use url::Host;

use super::Place;

/// `HOST:PORT:ADDR[,ADDR]`: the addresses to use for a host and port, whatever name servers say. `*` is any host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolveTo {
    host: Option<Host<String>>,
    port: u16,
    addresses: Vec<IpAddr>,
}

/// `HOST1:PORT1:HOST2:PORT2`: connect to the second instead of the first. An empty first host or port is any, an empty
/// second one is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectTo {
    from_host: Option<Host<String>>,
    from_port: Option<u16>,
    host: Option<Host<String>>,
    port: Option<u16>,
}

impl ResolveTo {
    /// Reads `HOST:PORT:ADDR[,ADDR]`; addresses of IPv6 may stand in brackets.
    ///
    /// # Errors
    /// What is wrong, and what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = || format!("'{text}': HOST:PORT:ADDRESS[,ADDRESS] is expected");
        let (host, rest) = split_host(text).ok_or_else(expected)?;
        let (port, list) = rest.split_once(':').ok_or_else(expected)?;
        let addresses = list.split(',').map(|address| {
            let bare = address
                .strip_prefix('[')
                .map_or(address, |rest| rest.trim_end_matches(']'));
            bare.parse::<IpAddr>()
                .map_err(|_| format!("'{text}': '{address}' is no IP address"))
        });
        let addresses = addresses.collect::<Result<_, _>>()?;
        Ok(Self {
            host: match host {
                "*" => None,
                host => Some(parse_host(text, host)?),
            },
            port: parse_port(text, port)?,
            addresses,
        })
    }

    pub(super) fn fits(&self, host: &Host<String>, port: u16) -> bool {
        self.port == port && self.host.as_ref().is_none_or(|own| same(own, host))
    }

    pub(super) fn apply(&self, place: &mut Place) {
        let list: Vec<String> = self.addresses.iter().map(IpAddr::to_string).collect();
        place.addresses = Some(self.addresses.clone());
        place.instead = Some((list.join(","), "--resolve"));
    }
}

impl ConnectTo {
    /// Reads `HOST1:PORT1:HOST2:PORT2`; addresses of IPv6 stand in brackets.
    ///
    /// # Errors
    /// What is wrong, and what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = || format!("'{text}': HOST1:PORT1:HOST2:PORT2 is expected");
        let (from_host, rest) = split_host(text).ok_or_else(expected)?;
        let (from_port, rest) = rest.split_once(':').ok_or_else(expected)?;
        let (host, port) = split_host(rest).ok_or_else(expected)?;
        let host_of = |part: &str| match part {
            "" => Ok(None),
            part => parse_host(text, part).map(Some),
        };
        let port_of = |part: &str| match part {
            "" => Ok(None),
            part => parse_port(text, part).map(Some),
        };
        Ok(Self {
            from_host: host_of(from_host)?,
            from_port: port_of(from_port)?,
            host: host_of(host)?,
            port: port_of(port)?,
        })
    }

    pub(super) fn fits(&self, host: &Host<String>, port: u16) -> bool {
        self.from_host.as_ref().is_none_or(|own| same(own, host))
            && self.from_port.is_none_or(|own| own == port)
    }

    pub(super) fn apply(&self, place: &mut Place) {
        if let Some(host) = &self.host {
            place.host = host.clone();
        }
        if let Some(port) = self.port {
            place.port = port;
        }
        place.instead = Some((format!("{}:{}", place.host, place.port), "--connect-to"));
    }
}

/// The host, possibly in brackets, and what follows its colon.
fn split_host(text: &str) -> Option<(&str, &str)> {
    if text.starts_with('[') {
        let end = text.find(']')? + 1;
        return Some((&text[..end], text[end..].strip_prefix(':')?));
    }
    text.split_once(':')
}

fn parse_host(text: &str, host: &str) -> Result<Host<String>, String> {
    Host::parse(host).map_err(|error| format!("'{text}': '{host}' is no host: {error}"))
}

fn parse_port(text: &str, port: &str) -> Result<u16, String> {
    port.parse()
        .map_err(|_| format!("'{text}': '{port}' is no port"))
}

fn same(one: &Host<String>, other: &Host<String>) -> bool {
    match (one, other) {
        (Host::Domain(one), Host::Domain(other)) => {
            one.trim_end_matches('.') == other.trim_end_matches('.')
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ways::Ways;

    fn ways(resolve: &[&str], connect_to: &[&str]) -> Ways {
        let resolve = resolve
            .iter()
            .map(|text| ResolveTo::parse(text).expect(text));
        let connect_to = connect_to
            .iter()
            .map(|text| ConnectTo::parse(text).expect(text));
        Ways {
            resolve: resolve.collect(),
            connect_to: connect_to.collect(),
            ..Ways::default()
        }
    }

    #[test]
    fn places_are_changed_by_the_first_rule_that_fits() {
        for (resolve, connect_to, place) in [
            (&[][..], &[][..], "a.example:443"),
            (
                &["a.example:443:10.0.0.1,[::1]"],
                &[],
                "a.example:443 at 10.0.0.1,::1",
            ),
            (&["a.example:80:10.0.0.1"], &[], "a.example:443"),
            (&["*:443:10.0.0.1"], &[], "a.example:443 at 10.0.0.1"),
            (&[], &["a.example:443:b.example:8443"], "b.example:8443"),
            (&[], &["::b.example:"], "b.example:443"),
            (&[], &["a.example:443::8443"], "a.example:8443"),
            (&[], &["x.example::b.example:", "::[::1]:1"], "[::1]:1"),
            (
                &["b.example:443:10.0.0.2"],
                &["::b.example:"],
                "b.example:443 at 10.0.0.2",
            ),
        ] {
            let host = Host::parse("a.example").expect("a host");
            let found = ways(resolve, connect_to).place(&host, 443);
            let list = found.addresses.map_or_else(String::new, |list| {
                let list: Vec<_> = list.iter().map(ToString::to_string).collect();
                format!(" at {}", list.join(","))
            });
            let shown = format!("{}:{}{list}", found.host, found.port);
            assert_eq!(shown, place, "{resolve:?} {connect_to:?}");
            assert_eq!(found.instead.is_some(), place != "a.example:443", "{shown}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for text in [
            "",
            "a",
            "a:1",
            "a:x:10.0.0.1",
            "a:1:b.example",
            "a b:1:10.0.0.1",
        ] {
            assert!(ResolveTo::parse(text).is_err(), "{text}");
        }
        for text in ["", "a:1:b", "a:x:b:2", "[::1:1:b:2", "a:1:b:99999"] {
            assert!(ConnectTo::parse(text).is_err(), "{text}");
        }
    }
}
