//! What wraps a line on its way into a file.

/// A carrier: a container runtime, syslog, journald, a log shipper's JSON.
///
/// `peel` is asked for every line of a file whose sample it peeled, so a file may mix. It must be cheap on lines that
/// are not its own, and must not allocate beyond `scratch`.
#[derive(Debug)]
pub struct Carrier {
    /// Its name, lower case with hyphens, e.g. `cri`.
    pub name: &'static str,
    /// What all its lines begin with; empty where they do not. A line that begins so and is not the carrier's was cut.
    pub begins: &'static [u8],
    /// The line inside, `None` when this is not the carrier's. Where escapes have to be undone, the line is written
    /// into `scratch` (which comes empty) and borrowed from there.
    pub peel: for<'a> fn(raw: &'a [u8], scratch: &'a mut Vec<u8>) -> Option<Peeled<'a>>,
}

/// A line that was taken out of its carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Peeled<'a> {
    /// The line inside, without line end.
    pub line: &'a [u8],
    /// Who wrote it, as the carrier says: pod, container, unit, host and program; empty when it does not.
    pub source: &'a [u8],
    /// When, as the carrier says; empty when it does not. Used where the line itself has no time.
    pub time: &'a [u8],
    /// The line goes on in the carrier's next line of the same stream (CRI's `P`).
    pub goes_on: bool,
}
