//! What the end-to-end tests share: a folder of their own, the binary run with a time limit, and a real HTTP/1.1
//! server on the loopback. Dev only, never shipped.
//!
//! Nothing here judges: the tests do. Whatever goes wrong in here panics with the reason, because a test that cannot be
//! set up has failed.

mod command;
pub mod logs;
mod ports;
mod processes;
mod server;
mod workspace;

pub use command::{Httpwhy, Ran, Running};
pub use ports::free_port;
pub use processes::{Process, processes};
pub use server::{Asked, Reply, Server};
pub use workspace::Workspace;
