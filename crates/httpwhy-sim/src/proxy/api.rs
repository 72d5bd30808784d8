//! The JSON API of the proxies, on the HTTP port; Toxiproxy's paths and shapes.
//!
//! | path | methods |
//! |---|---|
//! | `/proxies` | GET all, POST a new one |
//! | `/proxies/{proxy}` | GET, POST or PATCH what changes, DELETE |
//! | `/proxies/{proxy}/toxics` | GET all, POST a new one |
//! | `/proxies/{proxy}/toxics/{toxic}` | GET, POST or PATCH what changes, DELETE |
//! | `/proxies/{proxy}/exchanges` | GET both sides of each exchange as JSON Lines, DELETE forgets them (HTTP only) |
//! | `/populate` | POST a list: proxies of the same name are replaced |
//! | `/reset` | POST: all are enabled, no toxic is left |
//!
//! Only clients on this machine are obeyed, and no script of a web page is.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::{MOST_TOXICS, Objection, Proxy, ProxyConfig, Toxic, fits};
use crate::endpoints::{Call, Refusal, Reply};

type Said = Result<Reply, Objection>;

/// `/proxies`.
pub(crate) fn all(call: &Call<'_>) -> Result<Reply, Refusal> {
    answer(call, || {
        let proxies = &call.world.proxies;
        if call.asked.method != "POST" {
            let all = proxies.lock();
            let all: BTreeMap<&String, Value> = all
                .iter()
                .map(|(name, proxy)| (name, proxy.json()))
                .collect();
            return Ok(Reply::json(&json!(all)));
        }
        let config = ProxyConfig::read(&content(call)?, None)?;
        let name = config.name.clone();
        proxies.add(config)?;
        with(call, &name, |proxy| Ok(created(&proxy.json())))
    })
}

/// `/proxies/{proxy}`.
pub(crate) fn one(call: &Call<'_>) -> Result<Reply, Refusal> {
    answer(call, || {
        let name = call.param("proxy");
        match call.asked.method.as_str() {
            "DELETE" => match call.world.proxies.lock().remove(name) {
                Some(_) => Ok(Reply::empty(204)),
                None => Err(no_proxy()),
            },
            "POST" | "PATCH" => {
                let change = content(call)?;
                with(call, name, |proxy| change_proxy(call, proxy, &change))
            }
            _ => with(call, name, |proxy| Ok(Reply::json(&proxy.json()))),
        }
    })
}

/// Where it listens, what is behind it, and whether it is there, change; its toxics stay.
fn change_proxy(call: &Call<'_>, proxy: &mut Proxy, change: &Value) -> Said {
    let proxies = &call.world.proxies;
    let mut config = ProxyConfig::read(change, Some(&proxy.config))?;
    config.name.clone_from(&proxy.config.name);
    let listens_elsewhere = change
        .get("listen")
        .is_some_and(|listen| *listen != proxy.listen.to_string());
    if !listens_elsewhere {
        // The port that was free then is the one from now on.
        config.listen = proxy.listen.to_string();
    }
    let is_other = listens_elsewhere
        || (&config.upstream, &config.layer, &config.auth)
            != (
                &proxy.config.upstream,
                &proxy.config.layer,
                &proxy.config.auth,
            );
    if is_other {
        config.toxics = proxy.toxics.borrow().iter().map(Toxic::json).collect();
        proxy.disable();
        let connections = proxy.connections.load(Ordering::Relaxed);
        *proxy = proxies.make(config, Some(connections))?;
    } else if config.enabled && proxy.accepting.is_none() {
        proxies.enable(proxy)?;
    } else if !config.enabled {
        proxy.disable();
    }
    Ok(Reply::json(&proxy.json()))
}

/// `/proxies/{proxy}/toxics`.
pub(crate) fn toxics(call: &Call<'_>) -> Result<Reply, Refusal> {
    answer(call, || {
        let name = call.param("proxy");
        if call.asked.method != "POST" {
            return with(call, name, |proxy| {
                let all: Vec<Value> = proxy.toxics.borrow().iter().map(Toxic::json).collect();
                Ok(Reply::json(&json!(all)))
            });
        }
        let toxic = Toxic::read(&content(call)?).map_err(|why| (400, why))?;
        with(call, name, |proxy| {
            fits(&toxic, proxy.shared.layer)?;
            let (count, is_there) = {
                let known = proxy.toxics.borrow();
                (
                    known.len(),
                    known.iter().any(|known| known.name == toxic.name),
                )
            };
            if is_there {
                return Err((409, "toxic already exists".to_owned()));
            }
            if count >= MOST_TOXICS {
                return Err((400, format!("a proxy has at most {MOST_TOXICS} toxics")));
            }
            let said = Reply::json(&toxic.json());
            proxy.change(|toxics| toxics.push(toxic));
            Ok(said)
        })
    })
}

/// `/proxies/{proxy}/toxics/{toxic}`.
pub(crate) fn toxic(call: &Call<'_>) -> Result<Reply, Refusal> {
    answer(call, || {
        let change = match call.asked.method.as_str() {
            "POST" | "PATCH" => Some(content(call)?),
            _ => None,
        };
        with(call, call.param("proxy"), |proxy| {
            let name = call.param("toxic");
            let position = proxy
                .toxics
                .borrow()
                .iter()
                .position(|toxic| toxic.name == name);
            let at = position.ok_or_else(|| (404, "toxic not found".to_owned()))?;
            if call.asked.method == "DELETE" {
                proxy.change(|toxics| drop(toxics.remove(at)));
                return Ok(Reply::empty(204));
            }
            let mut toxic = proxy.toxics.borrow()[at].clone();
            if let Some(change) = &change {
                toxic = toxic.changed(change).map_err(|why| (400, why))?;
                proxy.change(|toxics| toxics[at] = toxic.clone());
            }
            Ok(Reply::json(&toxic.json()))
        })
    })
}

/// `/proxies/{proxy}/exchanges`.
pub(crate) fn exchanges(call: &Call<'_>) -> Result<Reply, Refusal> {
    answer(call, || {
        with(call, call.param("proxy"), |proxy| {
            let exchanges = &proxy.shared.exchanges;
            if call.asked.method == "DELETE" {
                exchanges.clear();
                return Ok(Reply::empty(204));
            }
            Ok(Reply::content("application/jsonl", exchanges.lines()))
        })
    })
}

/// `/populate`.
pub(crate) fn populate(call: &Call<'_>) -> Result<Reply, Refusal> {
    answer(call, || {
        let Value::Array(list) = content(call)? else {
            return Err((400, "a list of proxies is expected".to_owned()));
        };
        let configs = list.iter().map(|value| ProxyConfig::read(value, None));
        let configs: Vec<ProxyConfig> = configs.collect::<Result<_, _>>()?;
        let names: Vec<String> = configs.iter().map(|config| config.name.clone()).collect();
        let proxies = &call.world.proxies;
        for name in &names {
            proxies.lock().remove(name);
        }
        proxies.add_all(configs)?;
        let all = proxies.lock();
        let made: Vec<Value> = names
            .iter()
            .filter_map(|name| Some(all.get(name)?.json()))
            .collect();
        Ok(created(&json!({"proxies": made})))
    })
}

/// `/reset`.
pub(crate) fn reset(call: &Call<'_>) -> Result<Reply, Refusal> {
    answer(call, || {
        let proxies = &call.world.proxies;
        for proxy in proxies.lock().values_mut() {
            proxy.change(Vec::clear);
            if proxy.accepting.is_none() {
                proxies.enable(proxy)?;
            }
        }
        Ok(Reply::empty(204))
    })
}

fn with(call: &Call<'_>, name: &str, work: impl FnOnce(&mut Proxy) -> Said) -> Said {
    let mut all = call.world.proxies.lock();
    work(all.get_mut(name).ok_or_else(no_proxy)?)
}

fn no_proxy() -> Objection {
    (404, "proxy not found".to_owned())
}

fn content(call: &Call<'_>) -> Result<Value, Objection> {
    serde_json::from_slice(&call.asked.content)
        .map_err(|error| (400, format!("bad request body: {error}")))
}

fn created(value: &Value) -> Reply {
    let mut reply = Reply::json(value);
    reply.answer.status = 201;
    "Created".clone_into(&mut reply.answer.reason);
    reply
}

/// Only who may is obeyed; errors in Toxiproxy's shape.
#[expect(
    clippy::unnecessary_wraps,
    reason = "every page has the type of the table of routes"
)]
fn answer(call: &Call<'_>, work: impl FnOnce() -> Said) -> Result<Reply, Refusal> {
    let is_near = call.peer.is_loopback() || call.peer == call.world.ip;
    let said = if !is_near && !call.world.proxies.obeys_anyone.load(Ordering::Relaxed) {
        Err((
            403,
            "only clients on the simulator's own machine may change proxies; --control-from-anywhere allows others".to_owned(),
        ))
    } else if is_of_a_page(call) {
        Err((
            403,
            "scripts of web pages may not change proxies".to_owned(),
        ))
    } else {
        work()
    };
    Ok(said.unwrap_or_else(|(status, why)| {
        let mut reply = Reply::json(&json!({"error": why, "status": status}));
        let answer = crate::answer::Answer::of(status);
        reply.answer.status = status;
        reply.answer.reason = answer.reason;
        reply
    }))
}

/// Whether a browser asks on behalf of a page: such requests need no leave of ours to arrive.
fn is_of_a_page(call: &Call<'_>) -> bool {
    let agent = call.asked.field("User-Agent").unwrap_or_default();
    agent.starts_with("Mozilla/") || call.asked.field("Origin").is_some()
}
