//! Real servers, driven into failures whose cause is known; `httpwhy logs` reads their own logs and names the party.
//!
//! Each server runs in a folder of its own on free ports of the loopback, in front of an origin that misbehaves by its
//! path, and ends with its test. What its default format cannot tell must be told as unclear, with what to add.

mod apache;
mod caddy;
mod haproxy;
mod judged;
mod lighttpd;
mod nginx;
mod origin;
mod running;
mod squid;
mod varnish;
