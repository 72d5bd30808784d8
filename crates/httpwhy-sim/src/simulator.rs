//! Starting and stopping.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use httpwhy_model::OutcomeId;
use tokio::sync::oneshot;

use crate::certificates::Certificates;
use crate::ports::Ports;
use crate::scene::Scene;
use crate::world::{Play, World};
use crate::{dns, serve, world};

/// Where the simulator stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// The address of all ports; names are resolved to it, so it must be one that clients can reach. Default: 127.0.0.1.
    pub ip: IpAddr,
    /// The port of HTTP; 0 (the default) for any free one.
    pub http_port: u16,
    /// The port of HTTPS with a good certificate; 0 (the default) for any free one.
    pub https_port: u16,
    /// The port of the name server, UDP and TCP; 0 (the default) for any free one.
    pub dns_port: u16,
    /// Whether every answer carries the field `httpwhy-sim: <outcome id>`, or `status-<code>`. Default: yes.
    pub mark: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            http_port: 0,
            https_port: 0,
            dns_port: 0,
            mark: true,
        }
    }
}

/// A running simulator. It works on a thread of its own, and stops when dropped.
#[derive(Debug)]
pub struct Simulator {
    world: Arc<World>,
    scenes: Vec<Scene>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Binds all ports, mints the certificates and starts. Returns when every port answers.
    ///
    /// # Errors
    /// When a port cannot be bound, a certificate cannot be minted, or a thread cannot be started.
    pub fn start(config: Config) -> io::Result<Self> {
        Self::playing(config, world::plays(), None)
    }

    /// As [`start`](Self::start), with a seed that repeats all that is random in answers: choices, bytes, identifiers.
    /// Certificates are new at every start.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_seeded(config: Config, seed: u64) -> io::Result<Self> {
        Self::playing(config, world::plays(), Some(seed))
    }

    fn playing(config: Config, plays: Vec<Play>, seed: Option<u64>) -> io::Result<Self> {
        let certificates = Certificates::mint(config.ip).map_err(io::Error::other)?;
        let ports = Ports::bind(&config)?;
        let (world, guests) = World::set_up(&config, certificates, &ports, plays, seed)?;
        let world = Arc::new(world);
        let scenes = world
            .played
            .iter()
            .map(|played| played.scene.clone())
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = mpsc::channel();
        let shared = Arc::clone(&world);
        let thread = thread::Builder::new()
            .name("httpwhy-sim".to_owned())
            .spawn(move || {
                // The ports live as long as the thread: some of them work by being there.
                let ports = ports;
                runtime.block_on(async {
                    let started = serve::start(&shared, &ports, guests)
                        .and_then(|()| dns::start(&ports, shared.ip));
                    let is_up = started.is_ok();
                    // The starter waits for it.
                    let _ = tell.send(started);
                    if is_up {
                        let _ = stopped.await;
                    }
                });
            })?;
        let simulator = Self {
            world,
            scenes,
            stop: Some(stop),
            thread: Some(thread),
        };
        let started = told.recv().map_err(io::Error::other)?;
        started.map(|()| simulator)
    }

    /// The address of HTTP.
    pub fn http(&self) -> SocketAddr {
        self.world.http
    }

    /// The address of HTTPS with a good certificate for `*.sim.test`, `sim.test`, `localhost` and the address.
    pub fn https(&self) -> SocketAddr {
        self.world.https
    }

    /// The address of the name server, UDP and TCP.
    pub fn dns(&self) -> SocketAddr {
        self.world.dns
    }

    /// The certificate of the authority that signs what is to be trusted, made at start. PEM.
    pub fn ca_pem(&self) -> &[u8] {
        self.world.certificates.ca_pem.as_bytes()
    }

    /// How a client meets each reproducible outcome, sorted by id.
    pub fn scenes(&self) -> &[Scene] {
        &self.scenes
    }

    /// How a client meets that outcome.
    pub fn scene(&self, id: &str) -> Option<&Scene> {
        let found = self.scenes.binary_search_by(|scene| scene.id.0.cmp(id));
        found.ok().map(|at| &self.scenes[at])
    }

    /// The outcomes that nothing here can bring about, sorted by id, each with the reason.
    pub fn exempt(&self) -> Vec<(OutcomeId, &'static str)> {
        httpwhy_catalog::entries()
            .iter()
            .filter_map(|entry| Some((entry.id, world::exemption(entry)?)))
            .collect()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by itself.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use httpwhy_catalog::Param;

    use super::*;
    use crate::act::Act;

    /// An act's name and the parameters of a play.
    type Wish = (&'static str, &'static [(&'static str, Param)]);

    /// A simulator that plays these, at most four, and nothing else: as outcomes `act/0`, `act/1` ….
    pub(crate) fn playing(wishes: &[Wish]) -> Simulator {
        let ids = ["act/0", "act/1", "act/2", "act/3"];
        assert!(wishes.len() <= ids.len());
        let play = |(id, (name, params)): (&'static str, &Wish)| {
            let act = Act::named(name).expect("an act");
            (OutcomeId(id), act, act.role(params).expect("a role"))
        };
        let plays = ids.into_iter().zip(wishes).map(play).collect();
        Simulator::playing(Config::default(), plays, None).expect("starts")
    }

    /// The address that a scene leads to.
    pub(crate) fn address(simulator: &Simulator, id: &str) -> SocketAddr {
        let target = &simulator.scene(id).expect("a scene").target;
        let authority = target.split('/').nth(2).expect("an authority");
        let port = authority.rsplit(':').next().expect("a port");
        (simulator.world.ip, port.parse().expect("a number")).into()
    }
}
