//! `httpwhy probe sim:`: the triangle. The catalogue says how an outcome comes about, the simulator makes it on the
//! wire, the prober observes, and the diagnosis names it.
//!
//! It must not be circular: what the simulator says about itself (the field `httpwhy-sim`, the path that names the
//! outcome) is taken out of every exchange before it is judged.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use httpwhy_catalog::Reproduce;
use httpwhy_model::{Exchange, Fields, OutcomeId, Seen, Value, Visit};
use httpwhy_probe::ways::{From, Proxies, Proxy, Ways};
use httpwhy_probe::{
    Config, Deadlines, Finished, Identity, Job, Next, Resolver, TlsOptions, Trust,
};
use httpwhy_sim::{Protocol, Scene, Simulator};

use super::{Args, fail_on_purpose, policy};
use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::judge::Judged;
use crate::output;

/// The field in which the simulator names what it did.
const LABEL: &str = "httpwhy-sim";
/// Deadlines of scenes that end by one.
const SHORT: Duration = Duration::from_millis(600);
/// Deadlines of all others: long enough for a busy machine.
const LONG: Duration = Duration::from_secs(20);
/// Scenes under way at the same time.
const TOGETHER: usize = 16;

/// What came of one scene.
struct Played {
    /// The outcome's id, with a third part for another way to the same.
    id: OutcomeId,
    outcome: OutcomeId,
    how: String,
    named: Vec<OutcomeId>,
    took: Duration,
}

impl Played {
    fn holds(&self) -> bool {
        self.named.contains(&self.outcome)
    }
}

pub(crate) fn run(args: &Args, common: &Common) -> Result<Exit, Failure> {
    if args.targets.len() > 1 {
        return Err(Failure::usage("sim: stands alone: httpwhy probe sim:"));
    }
    let simulator = Simulator::start(httpwhy_sim::Config::default())
        .map_err(|error| Failure::internal(format_args!("the simulator cannot start: {error}")))?;
    // One scene is a panic made on purpose: it is caught, and nobody need be told.
    std::panic::set_hook(Box::new(|_| {}));
    let played = play_all(&simulator, args);
    crate::exit::report_panics_in_one_line();
    let played = played?;
    let exempt = simulator.exempt();
    let failed: Vec<&Played> = played.iter().filter(|played| !played.holds()).collect();
    output::write(|out| {
        if common.json {
            json(out, &played, &exempt)
        } else {
            table(out, &played, &exempt)
        }
    })?;
    Ok(if failed.is_empty() {
        Exit::Fine
    } else {
        Exit::Internal
    })
}

/// Plays all scenes, those with a name server of their own in a run of their own, those that need a connection of
/// their own one after the other.
fn play_all(simulator: &Simulator, args: &Args) -> Result<Vec<Played>, Failure> {
    let mut together: BTreeMap<Setting<'_>, Vec<&Scene>> = BTreeMap::new();
    let mut alone = Vec::new();
    for scene in simulator.scenes() {
        if scene.warm_up.is_some() || scene.fresh {
            alone.push(scene);
        } else {
            let setting = Setting::of(scene, simulator);
            together.entry(setting).or_default().push(scene);
        }
    }
    let mut played = Vec::new();
    for (setting, scenes) in &together {
        let jobs = scenes
            .iter()
            .enumerate()
            .map(|(index, scene)| job(index as u64, scene))
            .collect();
        let visits = visits(simulator, *setting, jobs, TOGETHER, args)?;
        played.extend(
            scenes
                .iter()
                .zip(visits)
                .map(|(scene, visit)| judge(scene, visit)),
        );
    }
    for scene in alone {
        let first = scene.warm_up.iter().map(|url| Job::get(0, url.clone()));
        let mut jobs: Vec<Job> = first.collect();
        jobs.push(job(jobs.len() as u64, scene));
        let setting = Setting::of(scene, simulator);
        let mut visits = visits(simulator, setting, jobs, 1, args)?;
        played.extend(visits.pop().map(|visit| judge(scene, visit)));
    }
    played.sort_by_key(|played| played.id);
    Ok(played)
}

/// What holds for a whole run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Setting<'a> {
    dns: SocketAddr,
    crl: Option<&'a str>,
    identity: Option<&'a str>,
}

impl<'a> Setting<'a> {
    fn of(scene: &'a Scene, simulator: &Simulator) -> Self {
        Self {
            dns: scene.dns.unwrap_or(simulator.dns()),
            crl: scene.crl.as_deref(),
            identity: scene.identity.as_deref(),
        }
    }
}

/// One visit for each job, in the jobs' order.
fn visits(
    simulator: &Simulator,
    setting: Setting<'_>,
    jobs: Vec<Job>,
    concurrency: usize,
    args: &Args,
) -> Result<Vec<Visit>, Failure> {
    let config = Arc::new(Config {
        resolver: Resolver::Servers(vec![setting.dns]),
        hosts: None,
        trust: Trust {
            system: false,
            roots: vec![simulator.ca_pem().to_vec()],
            crls: setting.crl.map(Vec::from).into_iter().collect(),
        },
        tls: TlsOptions {
            identity: setting.identity.map(|pem| Identity {
                chain: pem.into(),
                key: pem.into(),
            }),
            ..TlsOptions::default()
        },
        user_agent: super::USER_AGENT.into(),
        concurrency,
        ..Config::default()
    });
    let found = Arc::new(Mutex::new(vec![Visit::default(); jobs.len()]));
    let each = {
        let found = Arc::clone(&found);
        move |finished: Finished| {
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(slot) = found.get_mut(finished.index as usize) {
                *slot = finished.visit;
            }
        }
    };
    let still: Vec<String> = simulator
        .scenes()
        .iter()
        .filter(|s| !s.follow)
        .map(|s| s.target.clone())
        .collect();
    let follow = policy::redirects(args.max_redirects);
    let decide = move |visit: &Visit| {
        if still.contains(&visit.asked) {
            Next::Done
        } else {
            follow(visit)
        }
    };
    httpwhy_probe::run(&config, jobs, decide, each, &AtomicBool::new(false))
        .map_err(Failure::internal)?;
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut *found))
}

fn job(index: u64, scene: &Scene) -> Job {
    let each = if scene.slow { SHORT } else { LONG };
    let mut job = Job::get(index, scene.target.clone());
    job.method = scene.method.clone().into();
    job.fields = scene
        .fields
        .iter()
        .map(|(name, value)| (name.clone().into(), value.clone().into()))
        .collect();
    job.body = scene.body.clone().map(Bytes::from);
    job.websocket = scene.websocket;
    job.ways = ways(scene);
    job.protocol = match scene.protocol {
        Protocol::Http2 => Some(httpwhy_probe::Protocol::Http2PriorKnowledge),
        Protocol::Http3 => Some(httpwhy_probe::Protocol::Http3),
        Protocol::Any => None,
    };
    let deadlines = Deadlines {
        resolve: each,
        connect: each,
        tunnel: each,
        tls: each,
        send: each,
        wait: each,
        receive: each,
        total: LONG * 2,
        expect: SHORT,
        websocket: SHORT,
    };
    job.deadlines = Some(Box::new(deadlines));
    if let Some(kind) = &scene.fault {
        fail_on_purpose(&mut job, kind, deadlines);
    }
    job
}

/// The way that a scene asks for.
fn ways(scene: &Scene) -> Option<Arc<Ways>> {
    if scene.proxy.is_none() && scene.from.is_none() {
        return None;
    }
    let proxy = scene
        .proxy
        .as_deref()
        .and_then(|text| Proxy::parse(text, "the simulator").ok());
    let from = scene.from.as_deref().and_then(|text| text.parse().ok());
    Some(Arc::new(Ways {
        proxies: proxy.map(Proxies::always).unwrap_or_default(),
        from: from.map(From::Address),
        ..Ways::default()
    }))
}

fn judge(scene: &Scene, mut visit: Visit) -> Played {
    hide_the_answer(&mut visit, scene.id);
    let took = visit
        .steps
        .iter()
        .map(|step| step.exchange.timeline.total())
        .sum();
    let judged = Judged::new(visit);
    let mut named = vec![judged.verdict().outcome];
    // A scene of several steps (a retry on a fresh connection, a redirect) is named by the step that shows it.
    if judged.steps().len() > 1 {
        named.extend(judged.steps().iter().map(|step| step.outcome));
    }
    let how = httpwhy_catalog::by_id(scene.id.0).map_or_else(String::new, |entry| {
        match entry.reproduce {
            Reproduce::Act { act, params } => {
                let first = params.iter().find(|(name, _)| {
                    matches!(
                        *name,
                        "how"
                            | "at"
                            | "status"
                            | "code"
                            | "kind"
                            | "upstream"
                            | "target"
                            | "reply"
                            | "address"
                    )
                });
                first.map_or(act.to_owned(), |(_, param)| match param {
                    httpwhy_catalog::Param::Text(text) => format!("{act} {text}"),
                    httpwhy_catalog::Param::Number(number) => format!("{act} {number}"),
                    _ => act.to_owned(),
                })
            }
            Reproduce::Not(_) => String::new(),
        }
    });
    Played {
        id: scene.id,
        outcome: scene.outcome,
        how,
        named,
        took,
    }
}

/// Takes out of the visit all that the simulator says about itself.
fn hide_the_answer(visit: &mut Visit, id: OutcomeId) {
    let path = format!("/outcome/{id}");
    let hide = |text: &str| text.replace(&path, "/scene");
    visit.asked = hide(&visit.asked);
    for step in &mut visit.steps {
        let exchange: &mut Exchange = &mut step.exchange;
        exchange.target = hide(&exchange.target);
        exchange.request.target = hide(&String::from_utf8_lossy(&exchange.request.target)).into();
        for response in exchange
            .interim
            .iter_mut()
            .chain(exchange.response.as_mut())
            .chain(
                exchange
                    .way
                    .as_mut()
                    .and_then(|way| way.proxy.as_mut()?.answer.as_mut()),
            )
        {
            hide_in_fields(&mut response.fields, &hide);
            hide_in_fields(&mut response.trailers, &hide);
            if let Some(Value::Bytes(octets)) = &mut response.raw_head {
                hide_in_head(octets);
                hide_in_body(octets, path.as_bytes());
            }
            if let Seen::Present(body) = &mut response.body {
                hide_in_body(&mut body.bytes, path.as_bytes());
            }
        }
    }
}

fn hide_in_fields(fields: &mut Fields, hide: &dyn Fn(&str) -> String) {
    fields
        .list
        .retain(|field| !field.name.eq_ignore_ascii_case(LABEL.as_bytes()));
    for field in &mut fields.list {
        if let Value::Bytes(bytes) = &field.value
            && let Ok(text) = std::str::from_utf8(bytes)
            && text.contains("/outcome/")
        {
            field.value = Value::Bytes(hide(text).into());
        }
    }
}

/// Takes the label's lines out of a head's octets.
fn hide_in_head(octets: &mut Bytes) {
    let is_label = |line: &&[u8]| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        name.eq_ignore_ascii_case(LABEL.as_bytes())
    };
    let lines = octets.split_inclusive(|byte| *byte == b'\n');
    let kept: Vec<u8> = lines
        .filter(|line| !is_label(line))
        .flatten()
        .copied()
        .collect();
    *octets = kept.into();
}

/// Blanks the path where content repeats it; its length stays, since the framing speaks of it.
fn hide_in_body(body: &mut Bytes, path: &[u8]) {
    let Some(at) = body.windows(path.len()).position(|window| window == path) else {
        return;
    };
    let mut bytes = body.to_vec();
    bytes[at..at + path.len()].fill(b'.');
    *body = bytes.into();
}

fn table(
    out: &mut dyn Write,
    played: &[Played],
    exempt: &[(OutcomeId, &'static str)],
) -> std::io::Result<()> {
    writeln!(out, "Not to be made here, with the reason:\n")?;
    for (id, reason) in exempt {
        writeln!(out, "  {id:<38} {reason}")?;
    }
    writeln!(out, "\nMade on the wire and diagnosed:\n")?;
    for scene in played {
        let (mark, named) = if scene.holds() {
            ("ok", String::new())
        } else {
            let names: Vec<&str> = scene.named.iter().map(|id| id.0).collect();
            ("NO", format!("named {}", names.join(", ")))
        };
        writeln!(out, "  {mark}  {:<38} {:<26} {named}", scene.id, scene.how)?;
    }
    let held = played.iter().filter(|scene| scene.holds()).count();
    let others = played.iter().filter(|scene| scene.id != scene.outcome);
    let others = others.count();
    writeln!(
        out,
        "\n{held} of {} scenes named correctly: {} outcomes, and {others} other ways to them; {} cannot be made here",
        played.len(),
        played.len() - others,
        exempt.len()
    )
}

fn json(
    out: &mut dyn Write,
    played: &[Played],
    exempt: &[(OutcomeId, &'static str)],
) -> std::io::Result<()> {
    for scene in played {
        let named: Vec<&str> = scene.named.iter().map(|id| id.0).collect();
        let line = serde_json::json!({"outcome": scene.outcome.0, "scene": scene.id.0, "how": scene.how, "named": named, "holds": scene.holds(), "took_ms": scene.took.as_millis() as u64});
        writeln!(out, "{line}")?;
    }
    for (id, reason) in exempt {
        writeln!(
            out,
            "{}",
            serde_json::json!({"outcome": id.0, "exempt": reason})
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use httpwhy_model::{Body, Framing, Response};

    use super::*;

    #[test]
    fn what_is_judged_does_not_hold_the_answer() {
        let id = OutcomeId("http/418");
        let head = b"HTTP/1.1 418 I\nHTTPWHY-SIM: http/418\nLink: </outcome/http/418>\n\n";
        let pairs = [
            ("Httpwhy-Sim", "http/418"),
            ("Location", "/outcome/http/418"),
        ];
        let answer = Response {
            fields: Fields::of(pairs),
            trailers: Fields::of(pairs),
            body: Seen::Present(Body::whole("see /outcome/http/418", Framing::Close)),
            raw_head: Some(Value::Bytes(Bytes::from_static(head))),
            ..Response::default()
        };
        let mut visit = Visit::of(Exchange {
            target: "http://sim.test/outcome/http/418".into(),
            request: httpwhy_model::Request {
                target: "/outcome/http/418".into(),
                ..Default::default()
            },
            interim: vec![answer.clone()],
            response: Some(answer),
            ..Exchange::default()
        });
        hide_the_answer(&mut visit, id);
        let judged = format!("{visit:?}").to_ascii_lowercase();
        assert!(!judged.contains(LABEL), "{judged}");
        assert!(!judged.contains("http/418"), "{judged}");
    }
}
