//! Starting and stopping.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use httpwhy_model::OutcomeId;
use httpwhy_schema::ScenarioFile;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::certificates::Certificates;
use crate::journal::Entry;
use crate::ports::Ports;
use crate::proxy::ProxyConfig;
use crate::scene::Scene;
use crate::world::{Play, World};
use crate::{dns, fast, serve, world};

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
    /// How many threads serve plain HTTP, from 1 (the default) to 64; all else works on the first of them.
    pub threads: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            http_port: 0,
            https_port: 0,
            dns_port: 0,
            mark: true,
            threads: 1,
        }
    }
}

/// The most threads.
const MOST_THREADS: usize = 64;

/// A simulator for a test, on free ports of the loopback: dropping it stops everything. Its journal keeps requests.
///
/// ```
/// let simulator = httpwhy_sim::start();
/// let url = simulator.url("/seq/503,200/my-test");
/// // … give `url` to the client under test, and see what it asked for:
/// # let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
/// # use std::io::{Read, Write};
/// # for _ in 0..2 {
/// #     let mut client = std::net::TcpStream::connect(host).unwrap();
/// #     write!(client, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
/// #     client.read_to_end(&mut Vec::new()).unwrap();
/// # }
/// let statuses: Vec<_> = simulator.journal().iter().map(|entry| entry.status).collect();
/// assert_eq!(statuses, [Some(503), Some(200)], "it tried once again");
/// ```
///
/// # Panics
/// When no port is to be had, with the reason: a test that cannot be set up has failed.
pub fn start() -> Simulator {
    let simulator = Simulator::start(Config::default());
    let simulator = simulator.unwrap_or_else(|error| panic!("the simulator cannot start: {error}"));
    simulator.world.journal.keep_requests(true);
    simulator
}

/// A running simulator. It works on threads of its own, and stops when dropped.
#[derive(Debug)]
pub struct Simulator {
    world: Arc<World>,
    scenes: Vec<Scene>,
    workers: Vec<Worker>,
}

/// A thread that serves.
#[derive(Debug)]
struct Worker {
    tasks: Handle,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts one, and returns when its start has succeeded. What `start` gives is kept as long as the thread lives.
    fn start<T: 'static>(
        start: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let tasks = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("httpwhy-sim".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    let started = start();
                    // The starter waits for it.
                    let _ = tell.send(started.as_ref().map(|_| ()).map_err(again));
                    if started.is_ok() {
                        // It is never sent, and ends when the other side is dropped.
                        let _ = stopped.await;
                    }
                });
            })?;
        told.recv().map_err(io::Error::other)??;
        Ok(Self {
            tasks,
            stop,
            thread,
        })
    }
}

/// The same error once more.
fn again(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
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
        let (mut world, guests) = World::set_up(&config, certificates, &ports, plays, seed)?;
        // Contents are large, and only clients need them.
        let scenes = world.played.iter_mut().map(|played| Scene {
            body: played.scene.body.take(),
            ..played.scene.clone()
        });
        let scenes = scenes.collect();
        let world = Arc::new(world);
        let mut workers = Vec::new();
        let helpers = config.threads.clamp(1, MOST_THREADS) - 1;
        for listener in (0..helpers).map(|_| ports.http.try_clone()) {
            let (listener, world) = (listener?, Arc::clone(&world));
            workers.push(Worker::start(move || fast::accept(listener, &world))?);
        }
        let shared = Arc::clone(&world);
        workers.push(Worker::start(move || {
            serve::start(&shared, &ports, guests)?;
            dns::start(&ports, shared.ip)?;
            // Some of the ports work by being there.
            Ok(ports)
        })?);
        Ok(Self {
            world,
            scenes,
            workers,
        })
    }

    /// How many tasks are at work: connections, and one or two for each port.
    pub fn tasks(&self) -> usize {
        let counts = self.workers.iter();
        counts
            .map(|worker| worker.tasks.metrics().num_alive_tasks())
            .sum()
    }

    /// The address of HTTP.
    pub fn http(&self) -> SocketAddr {
        self.world.http
    }

    /// The URL of that path (`/status/503`) on the HTTP port.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.http())
    }

    /// The journal: what was asked for and what was done, oldest first; the last 4096 entries.
    pub fn journal(&self) -> Vec<Entry> {
        self.world.journal.entries(|_| true).0
    }

    /// Whether the journal keeps fields and content of requests; credentials among them never. Default: no, but for
    /// [`start`](crate::start()).
    pub fn keep_requests(&self, wanted: bool) {
        self.world.journal.keep_requests(wanted);
    }

    /// Whether clients of other machines may make and change proxies. Default: no.
    pub fn obey_anyone(&self, wanted: bool) {
        self.world.proxies.obey_anyone(wanted);
    }

    /// Forgets what is in the journal.
    pub fn clear_journal(&self) {
        self.world.journal.clear();
    }

    /// Plays this scenario from now on, from its beginning: its rules answer before anything else does.
    pub fn play(&self, scenario: ScenarioFile) {
        self.world.stage.set(scenario);
    }

    /// Starts a proxy, and says where it listens.
    ///
    /// # Errors
    /// A sentence on what cannot be done: a name that is taken, an address that is, a toxic that is none.
    pub fn add_proxy(&self, config: ProxyConfig) -> Result<SocketAddr, String> {
        self.world.proxies.add(config).map_err(|(_, why)| why)
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
        let workers = std::mem::take(&mut self.workers).into_iter();
        let threads: Vec<JoinHandle<()>> = workers
            .map(|worker| {
                drop(worker.stop);
                worker.thread
            })
            .collect();
        for thread in threads {
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
