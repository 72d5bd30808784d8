//! What one exchange may take, and what becomes of its connection: the same for every protocol.

use httpwhy_wire::h1::Limits;

use crate::Deadlines;
use crate::deadline::Budget;
use crate::run::Local;

/// What an exchange may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Talk<'a> {
    pub(crate) local: &'a Local,
    pub(crate) deadlines: &'a Deadlines,
    pub(crate) budget: &'a Budget,
    pub(crate) limits: Limits,
    pub(crate) max_body: u64,
}

/// What becomes of the connection.
#[derive(Debug)]
pub(crate) enum After {
    /// It may carry another exchange.
    Keep,
    Close,
    /// The protocol was switched, and these bytes of it have come.
    Upgraded(Vec<u8>),
}
