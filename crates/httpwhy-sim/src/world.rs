//! What all connections share: the outcomes with their roles and scenes, the certificates, the addresses.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use httpwhy_catalog::{Entry, Reproduce};
use httpwhy_model::OutcomeId;
use tokio::sync::Semaphore;

use crate::act::{Act, Part, Role};
use crate::api::Service;
use crate::certificates::Certificates;
use crate::fast::Table;
use crate::journal::Journal;
use crate::ports::Ports;
use crate::proxy::Proxies;
use crate::scenario::Stage;
use crate::scene::Scene;
use crate::serve::MOST_CONNECTIONS;
use crate::simulator::Config;
use crate::state::State;
use crate::variants::{VARIANTS, Variant};

/// What all connections share.
pub(crate) struct World {
    /// The outcomes that can be met, sorted by id.
    pub(crate) played: Vec<Played>,
    /// The certificates.
    pub(crate) certificates: Certificates,
    /// What is remembered between requests.
    pub(crate) state: State,
    /// One for each connection that is served at a time.
    pub(crate) seats: Arc<Semaphore>,
    /// The answers for plain statuses, rendered.
    pub(crate) table: Table,
    /// What was asked for, and what was done.
    pub(crate) journal: Journal,
    /// The proxies.
    pub(crate) proxies: Proxies,
    /// The scenario, which answers before anything else.
    pub(crate) stage: Stage,
    /// The reference API.
    pub(crate) api: Service,
    /// Whether answers are marked.
    pub(crate) mark: bool,
    /// The address of everything.
    pub(crate) ip: IpAddr,
    /// HTTP.
    pub(crate) http: SocketAddr,
    /// HTTPS.
    pub(crate) https: SocketAddr,
    /// The name server.
    pub(crate) dns: SocketAddr,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            http, https, dns, ..
        } = self;
        write!(f, "World {{ http: {http}, https: {https}, dns: {dns} }}")
    }
}

/// An outcome that can be met.
pub(crate) struct Played {
    /// The outcome.
    pub(crate) id: OutcomeId,
    /// The act.
    pub(crate) act: &'static Act,
    /// Where it is played, and what.
    pub(crate) part: Part,
    /// What the client does.
    pub(crate) scene: Scene,
}

/// The socket of an act that has a port of its own, and which outcome it plays: an index into [`World::played`].
pub(crate) type GuestPort = (Door, usize);

/// A port of one act.
pub(crate) enum Door {
    /// TCP.
    Connections(TcpListener),
    /// UDP.
    Datagrams(UdpSocket),
}

impl World {
    /// Gives every role its port, where it needs one, and its scene. The plays are sorted by id.
    pub(crate) fn set_up(
        config: &Config,
        certificates: Certificates,
        ports: &Ports,
        plays: Vec<Play>,
        seed: Option<u64>,
    ) -> io::Result<(Self, Vec<GuestPort>)> {
        let mut played = Vec::new();
        let mut guests = Vec::new();
        let http = ports.http.local_addr()?;
        let https = ports.https.local_addr()?;
        for (id, act, role) in plays {
            let (origin, path) = match role.part {
                Part::Request(_) if role.cue.scheme == "https" => {
                    (https, format!("/outcome/{}", id.0))
                }
                Part::Request(_) | Part::Frames(_) => (http, format!("/outcome/{}", id.0)),
                Part::Quic(_) => (https, format!("/outcome/{}", id.0)),
                Part::Datagrams(_) => {
                    let socket = UdpSocket::bind((config.ip, 0))?;
                    let origin = socket.local_addr()?;
                    guests.push((Door::Datagrams(socket), played.len()));
                    (origin, "/landing".to_owned())
                }
                Part::Accept(_) => {
                    let listener = TcpListener::bind((config.ip, 0))?;
                    let origin = listener.local_addr()?;
                    guests.push((Door::Connections(listener), played.len()));
                    (origin, "/landing".to_owned())
                }
                Part::Refuse => (ports.refused.address, "/".to_owned()),
                Part::Full => (ports.full.address, "/".to_owned()),
                Part::Name | Part::Client => (http, "/landing".to_owned()),
            };
            let dead = ports.dead_resolver.address;
            let crl = role.cue.crl.and_then(|how| certificates.crl(how));
            let crl = crl.map(str::to_owned);
            let identity = role.cue.identity.and_then(|how| certificates.client(how));
            let identity = identity.map(str::to_owned);
            let scene = Scene::of(id, role.cue, origin, &path, dead);
            played.push(Played {
                id,
                act,
                scene: Scene {
                    crl,
                    identity,
                    ..scene
                },
                part: role.part,
            });
        }
        let world = Self {
            played,
            certificates,
            state: State::new(seed),
            seats: Arc::new(Semaphore::new(MOST_CONNECTIONS)),
            table: Table::default(),
            journal: Journal::default(),
            stage: Stage::default(),
            proxies: Proxies::new(config.ip, seed),
            api: Service::default(),
            mark: config.mark,
            ip: config.ip,
            http,
            https,
            dns: ports.dns.local_addr()?,
        };
        Ok((world, guests))
    }

    /// Whether every request must be read whole: a scenario may answer it, or the journal keeps it.
    pub(crate) fn wants_to_see(&self) -> bool {
        self.stage.is_set() || self.journal.keeps_requests()
    }

    /// The outcome of that id.
    pub(crate) fn find(&self, id: &str) -> Option<&Played> {
        let found = self.played.binary_search_by(|played| played.id.0.cmp(id));
        found.ok().map(|at| &self.played[at])
    }
}

/// An outcome, and the act and role that bring it about.
pub(crate) type Play = (OutcomeId, &'static Act, Role);

/// What the catalogue asks for, and other ways to the same, sorted by id. What no act can do is left out: [`exemption`]
/// tells it, and this module's test fails.
pub(crate) fn plays() -> Vec<Play> {
    let playable = |entry: &'static Entry| {
        let (act, role) = role(entry).ok()??;
        Some((entry.id, act, role))
    };
    let mut all: Vec<Play> = httpwhy_catalog::entries()
        .iter()
        .filter_map(playable)
        .chain(VARIANTS.iter().filter_map(variant))
        .collect();
    all.sort_unstable_by_key(|(id, ..)| id.0);
    all
}

fn variant((id, act, params): &'static Variant) -> Option<Play> {
    let act = Act::named(act).ok()?;
    Some((OutcomeId(id), act, act.role(params).ok()?))
}

/// Why nothing here can bring that entry about; `None` when something can.
pub(crate) fn exemption(entry: &'static Entry) -> Option<&'static str> {
    match (entry.reproduce, role(entry)) {
        (Reproduce::Not(reason), _) => Some(reason),
        (Reproduce::Act { .. }, Err(_)) => Some("its act or a parameter is unknown"),
        (Reproduce::Act { .. }, Ok(_)) => None,
    }
}

/// The act and the role of an entry; `None` when it cannot be reproduced. The error names entry and reason.
pub(crate) fn role(entry: &'static Entry) -> Result<Option<(&'static Act, Role)>, String> {
    let Reproduce::Act { act, params } = entry.reproduce else {
        return Ok(None);
    };
    let found = Act::named(act).and_then(|act| Ok((act, act.role(params)?)));
    let (act, mut role) = found.map_err(|why| format!("{}: reproduce: {why}", entry.id.0))?;
    // A verdict on a chain of redirects is met by following them.
    let about_chain = |signal: &str| signal.starts_with("redirect:");
    role.cue.follow |= entry
        .recognise
        .iter()
        .any(|clue| clue.signal.is_some_and(about_chain));
    Ok(Some((act, role)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_asks_for_what_an_act_can_do() {
        let failed: Vec<String> = httpwhy_catalog::entries()
            .iter()
            .filter_map(|entry| role(entry).err())
            .collect();
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    }

    #[test]
    fn every_variant_is_one_of_an_entry_and_asks_for_what_an_act_can_do() {
        let plays = plays();
        for row in VARIANTS {
            let (id, act, params) = row;
            let role = Act::named(act).and_then(|act| act.role(params));
            assert!(role.is_ok(), "{id}: {:?}", role.err());
            let entry = id.rsplit_once('/').map(|(entry, _)| entry);
            let entry = entry.and_then(httpwhy_catalog::by_id);
            assert!(entry.is_some(), "{id}");
        }
        assert!(plays.is_sorted_by(|(one, ..), (other, ..)| one.0 < other.0));
    }
}
