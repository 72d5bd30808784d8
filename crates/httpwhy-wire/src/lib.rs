//! Sans-I/O readers and writers of what goes over the wire: HTTP/1 messages, HTTP/2 and WebSocket
//! frames, TLS record heads, content codings.
//!
//! Readers never give up and never panic: malformed input is kept as it came, and each defect is noted with its byte
//! offset, as a [`httpwhy_model::Signal`]. They judge nothing. This crate does no I/O and has no clock.

pub mod coding;
pub mod h1;
pub mod h2;
pub mod h3;
pub mod hpack;
pub mod qpack;
mod site;
pub mod tls;
pub mod ws;

pub use site::site;
