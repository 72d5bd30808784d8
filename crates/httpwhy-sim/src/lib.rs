//! The simulator: every outcome that a peer can bring about, on demand.
//!
//! It performs what the catalogue's entries ask for under `reproduce`: answers, broken answers, resets, silence, bad
//! certificates, broken names, WebSockets that end badly. Everything stands on ports of one address, the loopback by
//! default; names under `.test` are resolved by a small name server of its own.
//!
//! Beside outcomes the HTTP ports answer the paths of httpbin, go-httpbin and a status echo, sequences and rate limits
//! for tests of retries, and modifiers of any answer: `/` lists them, `endpoints/routes.rs` is their table.
//!
//! ```
//! use httpwhy_sim::{Config, Simulator};
//! let simulator = Simulator::start(Config::default()).unwrap();
//! let scene = simulator.scene("http/404").unwrap();
//! assert_eq!(scene.target, format!("http://sim.test:{}/outcome/http/404", simulator.http().port()));
//! ```

mod act;
mod acts;
mod answer;
mod bridge;
mod by_status;
mod certificates;
mod cut;
mod dns;
mod echo;
mod endpoints;
mod fast;
mod h2;
mod h3;
mod hello;
mod journal;
mod json;
mod pages;
mod ports;
mod proxy;
mod quic;
mod random;
mod replay;
mod request;
mod scenario;
mod scene;
mod serve;
mod simulator;
mod state;
mod statuses;
mod variants;
mod weak_signature;
mod websocket;
mod wire;
mod world;

pub use journal::{Ended, Entry, Over};
pub use proxy::ProxyConfig;
pub use replay::{Unplayable, replay};
pub use scene::{Protocol, Scene};
pub use simulator::{Config, Simulator, start};
