//! The server's connection ids, and what becomes of packets for one that belongs to no connection.

use std::time::Duration;

use quinn::{ConnectionId, ConnectionIdGenerator, EndpointConfig};
use quinn_proto::InvalidCid;

use crate::random::Random;

/// An endpoint's configuration with those ids.
pub(crate) fn with_ids(ids: fn() -> Ids) -> EndpointConfig {
    let mut config = EndpointConfig::default();
    config.cid_generator(move || Box::new(ids()));
    config
}

/// Random connection ids.
#[derive(Debug)]
pub(crate) struct Ids {
    random: Random,
    resets: bool,
}

impl Ids {
    /// The length of each, in bytes.
    const LENGTH: usize = 8;

    /// Packets for an id without a connection are ignored: a reset that answers a client's late last words would hide from it how its connection
    /// was closed.
    pub(super) fn silent() -> Self {
        Self {
            random: Random::new(None),
            resets: false,
        }
    }

    /// Packets for an id without a connection are answered with a stateless reset, also where another endpoint gave out
    /// the id, which the library's own ids would show.
    pub(crate) fn that_reset() -> Self {
        Self {
            resets: true,
            ..Self::silent()
        }
    }
}

impl ConnectionIdGenerator for Ids {
    fn generate_cid(&mut self) -> ConnectionId {
        ConnectionId::new(&self.random.bytes(Self::LENGTH))
    }

    fn validate(&self, _: &ConnectionId) -> Result<(), InvalidCid> {
        self.resets.then_some(()).ok_or(InvalidCid)
    }

    fn cid_len(&self) -> usize {
        Self::LENGTH
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}
