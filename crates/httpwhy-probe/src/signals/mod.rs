//! Errors of the system and of the libraries as signals: the one place that knows their names.

mod h2;
mod io;
mod quic;
#[cfg(test)]
mod table;
mod tls;

use std::borrow::Cow;

use httpwhy_model::Signal;

pub(crate) use h2::of_h2;
pub(crate) use io::{of_bind, of_io};
pub(crate) use quic::{
    Via, goaway, goaway_retry, h3_malformed, is_no_error, of_h3, of_h3_stream, of_quic,
    of_quic_start, quic, token,
};
pub(crate) use tls::{is_unclean_end, of_certificate, of_stream, of_tls, tls, wants_client_cert};

/// `dialect:word` of our own parts, recorded in phase queue.
pub(crate) fn engine(word: impl Into<Cow<'static, str>>) -> Signal {
    Signal::word("engine", word)
}
