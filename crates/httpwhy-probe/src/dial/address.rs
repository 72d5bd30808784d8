//! The addresses of a host.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use httpwhy_model::{DnsFault, Exchange, Phase, Signal};
use url::Host;

use super::Dialler;
use crate::ways::Ways;

impl Dialler<'_> {
    /// The addresses of a host that may be used, in the order in which they are to be tried. Without any, the reason is
    /// recorded.
    pub(crate) async fn addresses(
        &self,
        ways: &Ways,
        host: &Host<String>,
        phase: Phase,
        exchange: &mut Exchange,
    ) -> Option<Vec<IpAddr>> {
        let name = match host {
            Host::Ipv4(address) => return Some(vec![IpAddr::V4(*address)]),
            Host::Ipv6(address) => return Some(vec![IpAddr::V6(*address)]),
            Host::Domain(name) => name,
        };
        let began = Instant::now();
        let names = &self.local.shared.names;
        let resolving = Box::pin(names.resolve(name, self.deadlines.resolve));
        let resolution = self.within(Duration::MAX, resolving).await;
        exchange.timeline.add(phase, began.elapsed());
        let resolution = match resolution {
            Ok(resolution) => resolution,
            Err(signal) => {
                exchange.signal(phase, signal);
                return None;
            }
        };
        for signal in resolution.signals {
            exchange.signal(phase, signal);
        }
        let found = !resolution.addresses.is_empty();
        let mut addresses = resolution.addresses;
        if let Some(family) = ways.family {
            addresses.retain(|&address| family.has(address));
            if found && addresses.is_empty() {
                exchange.signal(phase, Signal::dns(DnsFault::NoData));
            }
        } else if !ways.all_addresses {
            crate::resolve::drop_unrouted(&mut addresses);
        }
        (!addresses.is_empty()).then_some(addresses)
    }
}
