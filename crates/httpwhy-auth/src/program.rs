//! A program whose output is a secret: bounded, with a deadline, never through a shell.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Bytes of output at most.
const LONGEST: u64 = 64 * 1024;
/// How often its end is looked for.
const LOOK: Duration = Duration::from_millis(5);

/// Why a program gave nothing; none holds what it printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It cannot be started.
    NotStarted(std::io::ErrorKind),
    /// It ended with this status; `None`: by a signal.
    Ended(Option<i32>),
    /// It was not over in time, and was ended.
    TooLate,
    /// It printed too much, nothing, or no UTF-8.
    Output(&'static str),
}

impl Trouble {
    /// As the value of a signal's parameter.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::NotStarted(kind) => format!("not-started:{kind}").replace(' ', "-"),
            Self::Ended(Some(status)) => format!("exit-{status}"),
            Self::Ended(None) => "killed".to_owned(),
            Self::TooLate => "timeout".to_owned(),
            Self::Output(what) => (*what).to_owned(),
        }
    }
}

/// Runs it and gives what it printed, without white space at both ends.
pub(crate) fn run(command: &[String], limit: Duration) -> Result<String, Trouble> {
    let (program, arguments) = command.split_first().ok_or(Trouble::Output("no-command"))?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| Trouble::NotStarted(error.kind()))?;
    let until = Instant::now() + limit;
    let (done, output) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = stdout.take(LONGEST + 1).read_to_end(&mut bytes);
            // Nobody listens when it was too late.
            let _ = done.send(read.map(|_| bytes));
        });
    }
    let bytes = output.recv_timeout(limit);
    let status = end(&mut child, until)?;
    let bytes = match bytes {
        Ok(Ok(bytes)) if bytes.len() as u64 > LONGEST => return Err(Trouble::Output("too-long")),
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) | Err(_) => return Err(Trouble::Output("unreadable")),
    };
    if !status.success() {
        return Err(Trouble::Ended(status.code()));
    }
    let text = String::from_utf8(bytes).map_err(|_| Trouble::Output("not-utf8"))?;
    match text.trim() {
        "" => Err(Trouble::Output("empty")),
        text => Ok(text.to_owned()),
    }
}

/// Waits for its end, or makes it.
fn end(child: &mut Child, until: Instant) -> Result<std::process::ExitStatus, Trouble> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if Instant::now() < until => thread::sleep(LOOK),
            Ok(None) | Err(_) => {
                // It may have ended meanwhile.
                let _ = child.kill();
                let _ = child.wait();
                return Err(Trouble::TooLate);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, limit: Duration) -> Result<String, Trouble> {
        let command = ["sh", "-c", script].map(str::to_owned);
        run(&command, limit)
    }

    #[test]
    fn output_status_and_time_are_looked_at() {
        let long = Duration::from_secs(20);
        assert_eq!(sh("echo ' tok '", long).as_deref(), Ok("tok"));
        assert_eq!(sh("echo tok; exit 3", long), Err(Trouble::Ended(Some(3))));
        assert_eq!(sh("true", long), Err(Trouble::Output("empty")));
        assert_eq!(
            sh("head -c 70000 /dev/zero", long),
            Err(Trouble::Output("too-long"))
        );
        assert_eq!(sh("printf '\\377'", long), Err(Trouble::Output("not-utf8")));
        assert_eq!(
            sh("exec sleep 30", Duration::from_millis(50)),
            Err(Trouble::TooLate)
        );
        let nothing = run(&["/does/not/exist".to_owned()], long);
        assert_eq!(
            nothing,
            Err(Trouble::NotStarted(std::io::ErrorKind::NotFound))
        );
    }
}
