//! The prober against real servers on loopback, one misbehaviour each.

#![expect(clippy::unwrap_used, reason = "tests")]

mod dns;
mod http;
mod reuse;
mod runs;
mod servers;
mod tls;
mod tls_certificates;
mod websocket;
