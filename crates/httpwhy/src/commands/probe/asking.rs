//! What is asked: the options of a request, and the job they make.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use httpwhy_probe::{Cookies, Jar, Job, Login, Scheme};
use httpwhy_render::safe;
use httpwhy_wire::h1::Limits;

use super::jobs::Overrides;
use crate::exit::Failure;

/// A body, list of cookies or request larger than this is refused.
const LARGEST: u64 = 256 * 1024 * 1024;
/// Bytes of compressed content kept at most.
const KEPT: usize = 1024 * 1024;

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Request")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct Asking {
    /// The request method; GET, or POST when there is content
    #[arg(short = 'X', long, value_name = "METHOD")]
    method: Option<String>,

    /// A request field; may be given several times
    #[arg(
        short = 'H',
        long = "field",
        visible_alias = "header",
        value_name = "NAME: VALUE"
    )]
    fields: Vec<String>,

    /// Content to send, or @FILE for a file's bytes as they are, @- for standard input; a form unless Content-Type is given
    #[arg(
        short = 'd',
        long,
        visible_alias = "data-binary",
        value_name = "TEXT|@FILE",
        conflicts_with = "data_json"
    )]
    data: Option<String>,

    /// The same as JSON: sends and asks for application/json
    #[arg(long, value_name = "TEXT|@FILE")]
    data_json: Option<String>,

    /// Ask for compressed content (gzip, deflate, br, zstd) and check that it can be unpacked, within bounds
    #[arg(long)]
    compressed: bool,

    /// The User-Agent field instead of httpwhy's own
    #[arg(short = 'A', long, value_name = "TEXT")]
    user_agent: Option<String>,

    /// Cookies: 'a=b; c=d' for each target's own host, or a file in Netscape's format; those received are sent back along a visit's redirects
    #[arg(short = 'b', long, value_name = "A=B|FILE")]
    cookie: Vec<String>,

    /// Write the cookies of the whole run to this file (Netscape's format) at its end; they are no longer redacted there
    #[arg(long, value_name = "FILE")]
    cookie_jar: Option<PathBuf>,

    /// User name and password, for the targets' own origins; @FILE reads them from a file
    #[arg(
        short = 'u',
        long,
        value_name = "USER:PASSWORD|@FILE",
        conflicts_with = "bearer"
    )]
    user: Option<String>,

    /// Log in by Basic, at once (the default with --user)
    #[arg(long, conflicts_with_all = ["digest", "bearer"])]
    basic: bool,

    /// Log in by Digest, in a step of its own when the server asks for it
    #[arg(long, conflicts_with = "bearer")]
    digest: bool,

    /// Send this bearer token; @FILE reads it from a file
    #[arg(long, value_name = "TOKEN|@FILE")]
    bearer: Option<String>,

    /// Send the bytes of this file as they are, whatever they are, to each target's host (for testers); no redirect is followed
    #[arg(long, value_name = "FILE", conflicts_with_all = ["method", "fields", "data", "data_json", "compressed", "user_agent", "cookie", "user", "basic", "digest", "bearer"])]
    request_file: Option<PathBuf>,

    /// With --request-file: end the head's lines with CR LF where the file has LF alone
    #[arg(long, requires = "request_file")]
    crlf: bool,
}

impl Asking {
    /// What every job has in common.
    pub(crate) fn job(&self) -> Result<Job, Failure> {
        let mut job = Job::get(0, String::new());
        for field in &self.fields {
            let (name, value) = field.split_once(':').ok_or_else(|| {
                // Who forgot the colon may have typed a secret.
                Failure::usage("--field: NAME: VALUE is expected, and one of them has no colon")
            })?;
            job.fields.push((
                name.trim().to_owned().into(),
                value.trim().to_owned().into(),
            ));
        }
        self.put_content(&mut job)?;
        if self.compressed {
            default(&mut job, "Accept-Encoding", httpwhy_wire::coding::ACCEPTED);
        }
        job.method = match &self.method {
            Some(method) => method.clone().into(),
            None if job.body.is_some() => "POST".into(),
            None => "GET".into(),
        };
        job.login = self.login()?.map(Arc::new);
        job.cookies = self.cookies()?.map(Arc::new);
        job.raw = self.raw()?;
        Ok(job)
    }

    /// What replaces what an input says of its own request.
    pub(crate) const fn overrides(&self) -> Overrides {
        Overrides {
            method: self.method.is_some(),
            content: self.data.is_some() || self.data_json.is_some(),
        }
    }

    /// The User-Agent field, when one is given.
    pub(crate) fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// Where the cookies of the run go.
    pub(crate) fn cookie_jar(&self) -> Option<&Path> {
        self.cookie_jar.as_deref()
    }

    /// The method, when it is not GET by default.
    pub(crate) fn asks_with(&self) -> Option<&str> {
        let has_content = self.data.is_some() || self.data_json.is_some();
        let raw = self.request_file.is_some().then_some("that of a file");
        let given = self.method.as_deref().or(raw);
        given.or(has_content.then_some("POST"))
    }

    /// What is kept of an answer. Compressed content is kept whole as far as possible: only then it can be told whether
    /// it can be unpacked.
    pub(crate) fn limits(&self) -> Limits {
        let limits = Limits::default();
        Limits {
            body: if self.compressed { KEPT } else { limits.body },
            ..limits
        }
    }

    /// The name of the option that reads standard input, if one does.
    pub(crate) fn reads_standard_input(&self) -> Option<&'static str> {
        let is = |given: &Option<String>| given.as_deref() == Some("@-");
        match () {
            () if is(&self.data) => Some("--data @-"),
            () if is(&self.data_json) => Some("--data-json @-"),
            () if is(&self.user) => Some("--user @-"),
            () if is(&self.bearer) => Some("--bearer @-"),
            () => None,
        }
    }

    fn put_content(&self, job: &mut Job) -> Result<(), Failure> {
        if let Some(data) = &self.data {
            job.body = Some(given(data, "--data")?);
            default(job, "Content-Type", "application/x-www-form-urlencoded");
        }
        if let Some(data) = &self.data_json {
            let content = given(data, "--data-json")?;
            if let Err(error) = serde_json::from_slice::<serde_json::Value>(&content) {
                return Err(Failure::usage(format_args!(
                    "--data-json: this is no JSON: {error}; --data sends it as it is"
                )));
            }
            job.body = Some(content);
            default(job, "Content-Type", "application/json");
            default(job, "Accept", "application/json");
        }
        Ok(())
    }

    fn login(&self) -> Result<Option<Login>, Failure> {
        if let Some(token) = &self.bearer {
            let token = secret(token, "--bearer")?;
            return Ok(Some(Login {
                scheme: Scheme::Bearer(token),
                user: None,
            }));
        }
        let user = self.user.as_deref().map(user).transpose()?;
        if user.is_none() && !self.digest {
            return Ok(None);
        }
        let scheme = if self.digest {
            Scheme::Digest
        } else {
            Scheme::Basic
        };
        Ok(Some(Login { scheme, user }))
    }

    fn cookies(&self) -> Result<Option<Cookies>, Failure> {
        if self.cookie.is_empty() && self.cookie_jar.is_none() {
            return Ok(None);
        }
        let mut cookies = Cookies::default();
        for given in &self.cookie {
            if given.contains('=') {
                cookies.given = [cookies.given.as_str(), given].join(";");
            } else {
                let bytes = read(Path::new(given), "--cookie")?;
                let text = String::from_utf8_lossy(&bytes);
                let jar = Jar::read_netscape(&text).map_err(|line| {
                    Failure::usage(format_args!(
                        "--cookie: line {line} of '{}' is no cookie in Netscape's format (seven columns between tabs)",
                        safe(given)
                    ))
                })?;
                cookies.jar.merge(jar);
            }
        }
        Ok(Some(cookies))
    }

    fn raw(&self) -> Result<Option<Bytes>, Failure> {
        let Some(file) = &self.request_file else {
            return Ok(None);
        };
        let bytes = read(file, "--request-file")?;
        if bytes.is_empty() {
            return Err(Failure::usage("--request-file: the file is empty"));
        }
        Ok(Some(if self.crlf {
            with_crlf(&bytes).into()
        } else {
            bytes
        }))
    }
}

/// Adds a field unless one of that name is given.
fn default(job: &mut Job, name: &'static str, value: &'static str) {
    let is_given = job
        .fields
        .iter()
        .any(|(given, _)| given.eq_ignore_ascii_case(name.as_bytes()));
    if !is_given {
        job.fields.push((name.into(), value.into()));
    }
}

/// Ends the lines of the head, its empty line included, with CR LF; what follows stays as it is.
fn with_crlf(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|&byte| byte == b'\n') {
        let line = &rest[..at];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
        rest = &rest[at + 1..];
        if line.is_empty() {
            break;
        }
    }
    out.extend_from_slice(rest);
    out
}

/// What is given on the command line, or in the file behind `@`.
fn given(text: &str, option: &str) -> Result<Bytes, Failure> {
    match text.strip_prefix('@') {
        Some("-") => {
            let mut bytes = Vec::new();
            let read = std::io::stdin().take(LARGEST + 1).read_to_end(&mut bytes);
            bounded(read.map(|_| bytes), "standard input", option)
        }
        Some(file) => read(Path::new(file), option),
        None => Ok(text.to_owned().into()),
    }
}

fn read(file: &Path, option: &str) -> Result<Bytes, Failure> {
    let bytes = fs::File::open(file).and_then(|open| {
        let mut bytes = Vec::new();
        open.take(LARGEST + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    bounded(bytes, &file.to_string_lossy(), option)
}

fn bounded(bytes: std::io::Result<Vec<u8>>, name: &str, option: &str) -> Result<Bytes, Failure> {
    match bytes {
        Err(error) => Err(Failure::usage(format_args!(
            "{option}: cannot read '{}': {error}",
            safe(name)
        ))),
        Ok(bytes) if bytes.len() as u64 > LARGEST => Err(Failure::usage(format_args!(
            "{option}: '{}' is larger than 256 MiB",
            safe(name)
        ))),
        Ok(bytes) => Ok(bytes.into()),
    }
}

/// A secret of one line.
fn secret(text: &str, option: &str) -> Result<String, Failure> {
    let bytes = given(text, option)?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(Failure::usage(format_args!(
            "{option}: one line without control characters is expected"
        )));
    }
    Ok(text.to_owned())
}

fn user(text: &str) -> Result<(String, String), Failure> {
    let text = secret(text, "--user")?;
    let (name, password) = text.split_once(':').ok_or_else(|| {
        Failure::usage("--user: USER:PASSWORD is expected, and there is no colon")
    })?;
    Ok((name.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::with_crlf;

    #[test]
    fn line_ends_of_the_head_alone_are_mended() {
        for (file, sent) in [
            (
                &b"GET / HTTP/1.1\nHost: a\n\nx\ny"[..],
                &b"GET / HTTP/1.1\r\nHost: a\r\n\r\nx\ny"[..],
            ),
            (
                b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\n",
                b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\n",
            ),
            (b"no line end", b"no line end"),
            (b"", b""),
        ] {
            assert_eq!(with_crlf(file), sent);
        }
    }
}
