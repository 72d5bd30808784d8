//! `httpwhy read FILE…`: diagnose what was recorded.

use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::path::Path;

use httpwhy_ingest::inputs::Items;
use httpwhy_ingest::{Input, Options, Unread};
use httpwhy_model::{Request, Visit, redact};
use httpwhy_render::{Format, Style, by_name, safe};
use httpwhy_schema::{ErrorLine, SCHEMA, write_line};

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::judge::Judged;
use crate::output;
use crate::terms::{FailOn, Tally};
use crate::unread::{entry, said};

/// A record larger than this is refused rather than read into memory.
const LARGEST: u64 = 256 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// HAR, Burp exports, raw responses, curl -i or curl -v output, exchanges as httpwhy writes them; - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,

    /// The raw request that belongs to the response
    #[arg(long, value_name = "FILE")]
    request: Option<String>,

    /// Go on with the good parts of a file that is bad in parts; each bad part has its record
    #[arg(long)]
    keep_going: bool,

    /// Exit with 1 when one of these is found: outcomes, tls/*, 404, 5xx, parties, must, rules, findings, any; more than so many with >10 or >1%
    #[arg(long, value_name = "TERMS", value_delimiter = ',')]
    fail_on: Vec<FailOn>,
}

impl Args {
    pub(crate) fn of(files: &[String]) -> Self {
        Self {
            files: files.to_vec(),
            request: None,
            keep_going: false,
            fail_on: Vec::new(),
        }
    }
}

pub(crate) fn run(args: &Args, common: &Common) -> Result<Exit, Failure> {
    let request = args.request.as_deref().map(request).transpose()?;
    let mut reading = Reading {
        format: by_name(if common.json { "json" } else { "text" })
            .expect("both formats are in the list"),
        style: output::style(common.color),
        json: common.json,
        tally: Tally::new(&args.fail_on),
        refused: Vec::new(),
        number: 0,
    };
    output::write(|out| {
        for file in &args.files {
            match visits(file, request.as_ref()) {
                Ok(visits) => reading.file(out, file, visits, args.keep_going)?,
                Err(refusal) => reading.refuse(out, file, refusal)?,
            }
        }
        Ok(())
    })?;
    if !reading.refused.is_empty() {
        return Err(Failure::usage(reading.refused.join("\nhttpwhy: ")));
    }
    Ok(if reading.tally.found().is_empty() {
        Exit::Fine
    } else {
        Exit::Found
    })
}

/// What is written, and what could not be read.
struct Reading {
    format: &'static Format,
    style: Style,
    json: bool,
    tally: Tally,
    refused: Vec<String>,
    number: u64,
}

/// Why a file, or a part of it, could not be read.
struct Refusal {
    said: String,
    unread: Option<Box<Unread>>,
}

impl Refusal {
    fn of(file: &str, unread: Unread) -> Self {
        Self {
            said: said(file, &unread),
            unread: Some(Box::new(unread)),
        }
    }
}

impl Reading {
    fn file(
        &mut self,
        out: &mut dyn io::Write,
        file: &str,
        visits: Items<Visit>,
        keep_going: bool,
    ) -> io::Result<()> {
        for item in visits {
            match item {
                Ok(visit) => self.visit(out, &visit)?,
                Err(note) if note.is_note() => {
                    // Standard error may be closed; what is written goes on.
                    let _ = writeln!(io::stderr(), "httpwhy: {}", said(file, &note));
                }
                Err(unread) if keep_going => {
                    let visit = unread.visit(file);
                    self.refuse(out, file, Refusal::of(file, unread))?;
                    self.visit(out, &visit)?;
                }
                Err(unread) => {
                    let mut refusal = Refusal::of(file, unread);
                    if self.number > 0 {
                        refusal
                            .said
                            .push_str("; what stands before it was read, --keep-going reads on");
                    }
                    return self.refuse(out, file, refusal);
                }
            }
        }
        Ok(())
    }

    fn visit(&mut self, out: &mut dyn io::Write, visit: &Visit) -> io::Result<()> {
        self.number += 1;
        if self.number > 1 && !self.json {
            writeln!(out)?;
        }
        let judged = Judged::new(redact(visit));
        self.tally.add(&judged);
        let name = self.number.to_string();
        let report = judged.report(&name);
        (self.format.write)(out, &report, self.style)
    }

    fn refuse(&mut self, out: &mut dyn io::Write, file: &str, refusal: Refusal) -> io::Result<()> {
        let Refusal { said, unread } = refusal;
        if self.json {
            let unread = unread.as_deref();
            let place = |number: fn(&Unread) -> usize| unread.map(number).filter(|&n| n > 0);
            let line = ErrorLine {
                schema: SCHEMA,
                kind: "error",
                input: file,
                line: place(|unread| unread.line),
                column: place(|unread| unread.column),
                pointer: unread
                    .map(|unread| &*unread.pointer)
                    .filter(|at| !at.is_empty()),
                outcome: unread.and_then(entry).map(|entry| entry.id.0),
                what: &said,
            };
            write_line(out, &line)?;
        }
        self.refused.push(said);
        Ok(())
    }
}

/// The exchanges of a file, as a stream where its kind allows it.
fn visits(file: &str, request: Option<&Request>) -> Result<Items<Visit>, Refusal> {
    if let Some(request) = request {
        let bytes = load(file).map_err(|said| Refusal { said, unread: None })?;
        let visit = httpwhy_ingest::read_responses(&bytes, request);
        return Ok(Box::new(std::iter::once(Ok(visit))));
    }
    let cannot = |error: io::Error| Refusal {
        said: format!("cannot read '{}': {error}", safe(file)),
        unread: None,
    };
    let reader: Box<dyn BufRead + Send> = if file == "-" {
        Box::new(BufReader::new(io::stdin()))
    } else {
        let open = std::fs::File::open(file).map_err(cannot)?;
        if open.metadata().map_err(cannot)?.is_dir() {
            return Err(cannot(io::ErrorKind::IsADirectory.into()));
        }
        Box::new(BufReader::with_capacity(64 * 1024, open))
    };
    let options = Options {
        name: file.to_owned(),
        ..Options::default()
    };
    let input = Input::recognise(reader, options, None);
    input
        .and_then(Input::visits)
        .map_err(|unread| Refusal::of(file, unread))
}

fn load(file: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = if file == "-" {
        io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes)
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
