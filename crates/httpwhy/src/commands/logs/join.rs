//! Logs of the servers behind, joined to the front's.

use httpwhy_logs::{Input, JoinBy, Joined};

use super::figures::grouped;

#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Two logs of one exchange")]
pub(crate) struct Args {
    /// A log of the servers behind: each failure is judged with what the server behind wrote of it, found by the
    /// request's id or the trace's, which both have to log
    #[arg(long, value_name = "FILE")]
    join: Vec<String>,

    /// Which id joins them: request-id, trace-id, or auto for whichever both have
    #[arg(
        long,
        value_name = "ID",
        default_value = "auto",
        hide_default_value = true,
        requires = "join"
    )]
    join_by: JoinBy,
}

impl Args {
    /// The logs from behind and by what they are joined to these; an error says why they cannot be.
    pub(crate) fn behind(&self, files: &[String]) -> Result<(Vec<Input>, JoinBy), String> {
        if !self.join.is_empty() && files.iter().any(|file| file == "-") {
            return Err(
                "--join reads the front's logs twice, and standard input cannot be: give a file in place of -".to_owned(),
            );
        }
        let behind = self.join.iter().map(|file| Input::from(file.as_str()));
        Ok((behind.collect(), self.join_by))
    }
}

/// How the join went, in a sentence; `None` where none was asked for or nothing failed.
pub(crate) fn told(joined: &Joined) -> Option<String> {
    let failures = joined.with_id + joined.without_id;
    if failures == 0 {
        return None;
    }
    if joined.with_id == 0 {
        return Some(format!(
            "Joined: none of the {} failures in front has an id: log one on both sides (nginx: $request_id in log_format, and \
             proxy_set_header X-Request-ID $request_id; behind: the field X-Request-ID)",
            grouped(failures)
        ));
    }
    let mut text = format!(
        "Joined: {} of {} failures in front have a line behind",
        grouped(joined.found),
        grouped(failures)
    );
    for (count, what) in [
        (
            joined.missing(),
            "have none there: the request did not arrive, or the log covers other hours or other servers",
        ),
        (joined.without_id, "have no id"),
        (
            joined.dropped,
            "were more than are kept and were not looked for",
        ),
    ] {
        if count > 0 {
            text = format!("{text}; {} {what}", grouped(count));
        }
    }
    Some(text)
}
