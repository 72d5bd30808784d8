//! `httpwhy list`: the outcomes; as five views; as constants for other programs.

mod emit;
mod view;

use httpwhy_catalog::{Entry, entries, vendors};
use httpwhy_model::{Advice, Party, Phase};
use httpwhy_render::{outcome_line, safe};
use httpwhy_schema::write_line;

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::output;
use emit::Language;
use view::View;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    filter: Filter,

    /// The outcomes of one kind of reader, in the order of the document that was written for them
    #[arg(long, value_enum)]
    view: Option<View>,

    /// Write codes and outcome ids as constants of this language
    #[arg(long, value_enum, value_name = "LANGUAGE", conflicts_with_all = ["view", "json"])]
    emit: Option<Language>,
}

/// Which outcomes; all conditions must hold.
#[derive(Debug, clap::Args)]
struct Filter {
    /// Only outcomes that this party usually causes: client, dns, network, intermediary, origin, repeater, engine; also
    /// nobody, depends
    #[arg(long, value_parser = party)]
    party: Option<String>,

    /// Only outcomes of this phase: queue, resolve, connect, tunnel, tls, send, wait, receive, close
    #[arg(long)]
    phase: Option<Phase>,

    /// Only outcomes with this usual retry advice: never, now, if-idempotent, after-delay, after-remedy, unknown
    #[arg(long)]
    retry: Option<Advice>,

    /// Only outcomes of this namespace: http, net, tls, ws, nginx, cloudflare …
    #[arg(long)]
    namespace: Option<String>,

    /// Only outcomes of this product, by its key or name: nginx, "AWS Application Load Balancer"
    #[arg(long, value_name = "PRODUCT")]
    vendor: Option<String>,
}

fn party(text: &str) -> Result<String, String> {
    if !["nobody", "depends"].contains(&text) {
        text.parse::<Party>()
            .map_err(|error| format!("{error}; also nobody, depends"))?;
    }
    Ok(text.to_owned())
}

pub(crate) fn run(args: &Args, common: &Common) -> Result<Exit, Failure> {
    let filter = Chosen::of(&args.filter)?;
    match (args.emit, args.view) {
        (Some(language), _) => emit::run(language, |entry| filter.holds(entry)),
        (None, Some(view)) => view::run(view, common, |entry| filter.holds(entry)),
        (None, None) => all(common.json, &filter),
    }
}

fn all(json: bool, filter: &Chosen<'_>) -> Result<Exit, Failure> {
    output::write(|out| {
        for entry in entries().iter().filter(|entry| filter.holds(entry)) {
            if json {
                write_line(out, &outcome_line(entry))?;
            } else {
                writeln!(
                    out,
                    "{:<38} {:<8} {:<13} {}",
                    entry.id,
                    entry.phase,
                    entry.usual.as_str(),
                    entry.title
                )?;
            }
        }
        Ok(())
    })?;
    Ok(Exit::Fine)
}

/// The filter, with a product's name turned into its key.
struct Chosen<'a> {
    filter: &'a Filter,
    vendor: Option<&'a str>,
}

impl<'a> Chosen<'a> {
    fn of(filter: &'a Filter) -> Result<Self, Failure> {
        if let Some(namespace) = &filter.namespace
            && !is_namespace(namespace)
        {
            return Err(Failure::usage(format_args!(
                "no outcome has the namespace '{}'; httpwhy list shows all",
                safe(namespace)
            )));
        }
        let vendor = filter.vendor.as_deref().map(key_of).transpose()?;
        Ok(Self { filter, vendor })
    }

    fn holds(&self, entry: &Entry) -> bool {
        let Filter {
            party,
            phase,
            retry,
            namespace,
            vendor: _,
        } = self.filter;
        party
            .as_ref()
            .is_none_or(|party| entry.usual.as_str() == party)
            && phase.is_none_or(|phase| entry.phase == phase)
            && retry.is_none_or(|retry| entry.retry == retry)
            && namespace
                .as_ref()
                .is_none_or(|namespace| entry.id.namespace() == namespace)
            && self.vendor.is_none_or(|key| is_of(entry, key))
    }
}

fn is_namespace(name: &str) -> bool {
    entries().iter().any(|entry| entry.id.namespace() == name)
}

/// The product's own outcomes, and those that its marks tell.
fn is_of(entry: &Entry, key: &str) -> bool {
    entry.id.namespace() == key || entry.recognise.iter().any(|clue| clue.vendor == Some(key))
}

/// The key of a product given by key or by name, any case; a part of a name is enough when only one has it.
fn key_of(asked: &str) -> Result<&str, Failure> {
    let wanted = asked.to_lowercase();
    let exact = vendors()
        .iter()
        .find(|vendor| vendor.key == wanted || vendor.name.to_lowercase() == wanted);
    let near: Vec<_> = vendors()
        .iter()
        .filter(|vendor| vendor.name.to_lowercase().contains(&wanted))
        .collect();
    let key = match (exact, near.as_slice()) {
        (Some(vendor), _) => vendor.key,
        (None, [vendor]) => vendor.key,
        _ if is_namespace(asked) => asked,
        (None, []) => {
            return Err(Failure::usage(format_args!(
                "no product is called '{}'; httpwhy list --namespace NAME takes any namespace",
                safe(asked)
            )));
        }
        (None, several) => {
            let keys: Vec<&str> = several.iter().map(|vendor| vendor.key).collect();
            return Err(Failure::usage(format_args!(
                "'{}' is part of several products' names: {}",
                safe(asked),
                keys.join(", ")
            )));
        }
    };
    if entries().iter().any(|entry| is_of(entry, key)) {
        Ok(key)
    } else {
        Err(Failure::usage(format_args!(
            "{key} is recognised, but has no outcome of its own"
        )))
    }
}
