//! Enough file descriptors for so many connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for everything that is no connection: files, name servers, runtimes.
const OTHERS: u64 = 64;

/// Raises the soft limit of open files as far as is needed and allowed. The message says what to do when that is not far
/// enough.
pub(crate) fn provide(concurrency: u64) -> Option<String> {
    let wanted = concurrency + OTHERS;
    let limit = getrlimit(Resource::Nofile);
    let enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= wanted);
    if enough(limit.current) {
        return None;
    }
    let raised = limit.maximum.map_or(wanted, |most| wanted.min(most));
    let asked = Rlimit {
        current: Some(raised),
        maximum: limit.maximum,
    };
    let now = match setrlimit(Resource::Nofile, asked) {
        Ok(()) => raised,
        Err(_) => limit.current.unwrap_or(raised),
    };
    (now < wanted).then(|| {
        format!(
            "{concurrency} exchanges at a time need {wanted} open files, and {now} are allowed: some will fail as \
             net/fd-exhausted; raise the hard limit (ulimit -Hn {wanted} as root, LimitNOFILE= in a unit) or give -c {}",
            now.saturating_sub(OTHERS).max(1)
        )
    })
}
