//! How the process ends, and what it says when it could not do its work.

use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Nothing asked for was found.
    Fine = 0,
    /// Something that `--fail-on` names was found.
    Found = 1,
    /// Wrong use or unreadable input.
    Usage = 2,
    /// httpwhy itself failed.
    Internal = 3,
    /// What httpwhy itself relies on failed: the network of this machine, its resolver, its clock.
    Infrastructure = 4,
    /// Interrupted; what was written is valid.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ended without doing its work: what, where, and what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    what: String,
    /// The reader of the output has gone: nobody is left to be told.
    silent: bool,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Failure {
    /// Wrong use or unreadable input.
    pub(crate) fn usage(what: impl fmt::Display) -> Self {
        Self {
            exit: Exit::Usage,
            what: what.to_string(),
            silent: false,
        }
    }

    /// httpwhy could not do its own work.
    pub(crate) fn internal(what: impl fmt::Display) -> Self {
        Self {
            exit: Exit::Internal,
            what: what.to_string(),
            silent: false,
        }
    }

    /// What httpwhy itself relies on failed.
    pub(crate) fn infrastructure(what: impl fmt::Display) -> Self {
        Self {
            exit: Exit::Infrastructure,
            what: what.to_string(),
            silent: false,
        }
    }

    /// The output could not be written. A closed pipe is the reader's choice and no failure.
    pub(crate) fn output(error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self {
                exit: Exit::Fine,
                what: String::new(),
                silent: true,
            };
        }
        Self::internal(format_args!(
            "cannot write the output: {error}; what was written before is valid"
        ))
    }

    pub(crate) fn report(self) -> ExitCode {
        if !self.silent {
            // Standard error may be closed too; there is nobody to tell then.
            let _ = writeln!(std::io::stderr(), "httpwhy: {}", self.what);
        }
        self.exit.into()
    }
}

/// A panic is one line on standard error, not a wall of text; the run goes on where it can.
pub(crate) fn report_panics_in_one_line() {
    std::panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or_else(String::new, |l| format!(" at {}:{}", l.file(), l.line()));
        let what = info.payload();
        let what = what
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| what.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        let _ = writeln!(
            std::io::stderr(),
            "httpwhy: internal error{place}: {what} (a defect of httpwhy: please report it)"
        );
    }));
}
