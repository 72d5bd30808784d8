//! `httpwhy read FILE…`: diagnose what was recorded.

use std::io::Read as _;
use std::path::Path;

use httpwhy_model::{Request, redact};
use httpwhy_render::{Report, by_name, safe};
use httpwhy_schema::{ErrorLine, SCHEMA, write_line};

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::judge::Judged;
use crate::output;
use crate::terms::{FailOn, Tally};

/// A record larger than this is refused rather than read into memory.
const LARGEST: u64 = 256 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Raw responses, curl -i or curl -v output, exchanges as httpwhy writes them; - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,

    /// The raw request that belongs to the response
    #[arg(long, value_name = "FILE")]
    request: Option<String>,

    /// Exit with 1 when one of these is found: outcomes, tls/*, 404, 5xx, parties, must, rules, findings, any; more than so many with >10 or >1%
    #[arg(long, value_name = "TERMS", value_delimiter = ',')]
    fail_on: Vec<FailOn>,
}

impl Args {
    pub(crate) fn of(files: &[String]) -> Self {
        Self {
            files: files.to_vec(),
            request: None,
            fail_on: Vec::new(),
        }
    }
}

pub(crate) fn run(args: &Args, common: &Common) -> Result<Exit, Failure> {
    let style = output::style(common.color);
    let request = args.request.as_deref().map(request).transpose()?;
    let format =
        by_name(if common.json { "json" } else { "text" }).expect("both formats are in the list");
    let mut tally = Tally::new(&args.fail_on);
    let mut unread = Vec::new();
    let mut number = 0;
    output::write(|out| {
        for file in &args.files {
            let visits = load(file).and_then(|bytes| {
                httpwhy_ingest::read(&bytes, request.as_ref())
                    .map_err(|unread| format!("{}: {unread}", safe(file)))
            });
            let visits = match visits {
                Ok(visits) => visits,
                Err(what) => {
                    if common.json {
                        write_line(
                            out,
                            &ErrorLine {
                                schema: SCHEMA,
                                kind: "error",
                                input: file,
                                line: None,
                                what: &what,
                            },
                        )?;
                    }
                    unread.push(what);
                    continue;
                }
            };
            for visit in visits {
                number += 1;
                if number > 1 && !common.json {
                    writeln!(out)?;
                }
                let judged = Judged::new(redact(&visit));
                tally.add(&judged);
                let name = number.to_string();
                let report = Report {
                    name: &name,
                    visit: &judged.visit,
                    steps: judged.steps(),
                    verdict: judged.verdict(),
                    written: Some(&judged.judgement.written),
                };
                (format.write)(out, &report, style)?;
            }
        }
        Ok(())
    })?;
    if unread.is_empty() {
        Ok(if tally.found().is_empty() {
            Exit::Fine
        } else {
            Exit::Found
        })
    } else {
        Err(Failure::usage(unread.join("\nhttpwhy: ")))
    }
}

fn load(file: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = if file == "-" {
        std::io::stdin()
            .lock()
            .take(LARGEST + 1)
            .read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|open| open.take(LARGEST + 1).read_to_end(&mut bytes))
    };
    match read {
        Err(error) => Err(format!("cannot read '{}': {error}", safe(file))),
        Ok(_) if bytes.len() as u64 > LARGEST => {
            Err(format!("'{}' is larger than 256 MiB; split it", safe(file)))
        }
        Ok(_) => Ok(bytes),
    }
}

fn request(file: &str) -> Result<Request, Failure> {
    let bytes = load(&Path::new(file).to_string_lossy()).map_err(Failure::usage)?;
    httpwhy_ingest::read_request(&bytes)
        .map_err(|unread| Failure::usage(format_args!("{}: {unread}", safe(file))))
}
