//! Errors of the HTTP/2 library.

use h2::Error;
use httpwhy_model::Signal;

use super::{engine, of_stream};

/// An error that the library gives for a stream or a connection: a code with `by=us` when the library found the breach,
/// an error of the system, or one of our own making (`engine:internal`).
pub(crate) fn of_h2(error: &Error) -> Signal {
    if let Some(error) = error.get_io() {
        return of_stream(error);
    }
    let Some(reason) = error.reason() else {
        return engine("internal");
    };
    let by_us = (!error.is_remote()).then(|| ("by".into(), "us".to_owned()));
    Signal::Word {
        dialect: "h2".into(),
        word: u32::from(reason).to_string().into(),
        params: by_us.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use h2::Reason;

    #[test]
    fn codes_are_told_by_number() {
        for (reason, text) in [
            (Reason::NO_ERROR, "h2:0 by=us"),
            (Reason::PROTOCOL_ERROR, "h2:1 by=us"),
            (Reason::HTTP_1_1_REQUIRED, "h2:13 by=us"),
            (Reason::from(4_000_000_000), "h2:4000000000 by=us"),
        ] {
            assert_eq!(of_h2(&Error::from(reason)).to_string(), text);
        }
    }
}
