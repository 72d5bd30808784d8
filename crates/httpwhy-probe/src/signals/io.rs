//! Errors of the operating system.

use std::io;

use httpwhy_model::{Errno, Signal};

/// An error of a socket without TLS, or of the system.
pub(crate) fn of_io(error: &io::Error) -> Signal {
    Signal::Errno(errno(error))
}

/// Why a socket could not be bound to what was asked for: `bind:ENODEV`.
pub(crate) fn of_bind(error: &io::Error) -> Signal {
    Signal::word("bind", errno(error).as_str().to_owned())
}

/// The operating system's name of an error.
fn errno(error: &io::Error) -> Errno {
    use io::ErrorKind as K;
    let name = match (error.kind(), error.raw_os_error()) {
        (K::NotFound, _) => "ENOENT",
        (K::ConnectionRefused, _) => "ECONNREFUSED",
        (K::ConnectionReset, _) => "ECONNRESET",
        (K::ConnectionAborted, _) => "ECONNABORTED",
        (K::HostUnreachable, _) => "EHOSTUNREACH",
        (K::NetworkUnreachable, _) => "ENETUNREACH",
        (K::NetworkDown, _) => "ENETDOWN",
        (K::NotConnected, _) => "ENOTCONN",
        (K::AddrInUse, _) => "EADDRINUSE",
        (K::AddrNotAvailable, _) => "EADDRNOTAVAIL",
        (K::BrokenPipe, _) => "EPIPE",
        (K::TimedOut, _) => "ETIMEDOUT",
        (K::InvalidInput, _) => "EINVAL",
        (K::OutOfMemory, _) => "ENOMEM",
        (K::PermissionDenied, Some(1)) => "EPERM",
        (K::PermissionDenied, _) => "EACCES",
        (K::NotADirectory, _) => "ENOTDIR",
        (K::Unsupported, _) => "EOPNOTSUPP",
        (K::WriteZero, None) => "EPIPE",
        (_, Some(number)) => return by_number(number),
        // Not of the system's making; a caller to whom an early end is more than that looks for it first.
        (_, None) => "EIO",
    };
    Errno::named(name)
}

/// Names without a kind in the standard library, by Linux's numbers (include/uapi/asm-generic/errno.h). Elsewhere, and
/// for others, the number itself.
fn by_number(number: i32) -> Errno {
    let name = match number {
        4 => "EINTR",
        5 => "EIO",
        19 => "ENODEV",
        23 => "ENFILE",
        24 => "EMFILE",
        64 => "ENONET",
        70 => "ECOMM",
        71 => "EPROTO",
        90 => "EMSGSIZE",
        92 => "ENOPROTOOPT",
        97 => "EAFNOSUPPORT",
        102 => "ENETRESET",
        105 => "ENOBUFS",
        108 => "ESHUTDOWN",
        112 => "EHOSTDOWN",
        _ => return Errno::from(format!("E{number}")),
    };
    if cfg!(target_os = "linux") {
        Errno::named(name)
    } else {
        Errno::from(format!("E{number}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_errors_have_their_names() {
        for (number, name) in [
            (1, "EPERM"),
            (13, "EACCES"),
            (24, "EMFILE"),
            (32, "EPIPE"),
            (71, "EPROTO"),
            (98, "EADDRINUSE"),
            (99, "EADDRNOTAVAIL"),
            (100, "ENETDOWN"),
            (101, "ENETUNREACH"),
            (103, "ECONNABORTED"),
            (104, "ECONNRESET"),
            (110, "ETIMEDOUT"),
            (111, "ECONNREFUSED"),
            (112, "EHOSTDOWN"),
            (113, "EHOSTUNREACH"),
            (4_000, "E4000"),
        ] {
            let error = io::Error::from_raw_os_error(number);
            if cfg!(target_os = "linux") {
                assert_eq!(of_io(&error).to_string(), format!("errno:{name}"));
            }
        }
    }
}
