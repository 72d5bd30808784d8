//! The simulator: every outcome that a peer can bring about, on demand.
//!
//! It performs what the catalogue's entries ask for under `reproduce`: answers, broken answers, resets, silence, bad
//! certificates, broken names, WebSockets that end badly. Everything stands on ports of one address, the loopback by
//! default; names under `.test` are resolved by a small name server of its own.
//!
//! Beside outcomes the HTTP ports answer the paths of httpbin, go-httpbin and a status echo, sequences and rate limits
//! for tests of retries, and modifiers of any answer: `/` lists them, `endpoints/routes.rs` is their table.
//!
//! # The reference API
//!
//! At `/api/v1`, over HTTP/1.1, HTTP/2 and HTTP/3 alike, stands a small service in which each status happens for its true
//! reason: a 409 because the row version is old, a 429 because the key has used up its requests, a 504 because the gateway's
//! upstream is silent. Show a key (`Authorization: Bearer demo`); `GET /api/v1/codes` tells for every code which request
//! yields it or why no server sends it, `GET /api/v1/openapi.json` describes all of it, `POST /api/v1/reset` begins anew.
//! The keys disabled, unpaid, careful, limited, small, abroad, maintenance and captive show what a client alone cannot
//! bring about; `POST /api/v1/keys` issues others.
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
mod api;
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
mod upstream;
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
