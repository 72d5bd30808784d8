//! The prober against real servers on loopback, one misbehaviour each.

#![expect(clippy::unwrap_used, reason = "tests")]

mod deadlines;
mod dns;
mod h2;
mod h3;
mod http;
mod quic;
mod reuse;
mod runs;
mod servers;
mod tls;
mod tls_certificates;
mod ways;
mod websocket;
