//! What is in a log that was made.

use std::collections::BTreeMap;

use super::Dialect;
use super::exchange::{Cause, Exchange};

/// What is in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// The dialect's name.
    pub dialect: &'static str,
    /// Lines that a reader must understand, headers among them.
    pub ok: u64,
    /// Lines of a header, and further lines of an exchange that has several.
    pub headers: u64,
    /// Lines that are cut off.
    pub torn: u64,
    /// Lines that are of no log.
    pub foreign: u64,
    /// Lines of 70,000 bytes and more.
    pub oversize: u64,
    /// Lines without content.
    pub empty: u64,
    /// Exchanges by status; 0 where the format has none.
    pub statuses: BTreeMap<u16, u64>,
    /// Exchanges by cause and the status that stands for it in this dialect.
    pub causes: BTreeMap<(Cause, u16), u64>,
    /// The planted incident.
    pub incident: Incident,
}

/// A stretch of time in which what has one trait failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// Its first second since 1970.
    pub from: u64,
    /// The second behind its last.
    pub to: u64,
    /// What the failures have in common.
    pub dimension: &'static str,
    /// And its value.
    pub value: &'static str,
    /// Why they failed.
    pub cause: Cause,
    /// How many failed so.
    pub count: u64,
}

impl Truth {
    pub(super) const fn of(dialect: &Dialect, incident: Incident) -> Self {
        Self {
            dialect: dialect.name,
            ok: 0,
            headers: 0,
            torn: 0,
            foreign: 0,
            oversize: 0,
            empty: 0,
            statuses: BTreeMap::new(),
            causes: BTreeMap::new(),
            incident,
        }
    }

    pub(super) fn sound(&mut self, dialect: &Dialect, exchange: &Exchange) {
        let status = dialect.status_of(exchange.cause);
        let further = dialect.further(exchange.cause);
        self.ok += 1 + further;
        self.headers += further;
        *self.statuses.entry(status).or_default() += 1;
        *self.causes.entry((exchange.cause, status)).or_default() += 1;
        let incident = &mut self.incident;
        let second = exchange.millis / 1000;
        let in_it = (incident.from..incident.to).contains(&second)
            && exchange.cause == incident.cause
            && exchange.has(incident.dimension, incident.value);
        incident.count += u64::from(in_it);
    }

    /// All lines, as `wc -l` counts them.
    pub const fn lines(&self) -> u64 {
        self.ok + self.torn + self.foreign + self.oversize + self.empty
    }

    /// As JSON, one object.
    pub fn json(&self) -> String {
        let pairs = |list: Vec<(String, u64)>| {
            let list: Vec<String> = list
                .into_iter()
                .map(|(name, count)| format!("\"{name}\":{count}"))
                .collect();
            format!("{{{}}}", list.join(","))
        };
        let statuses = self
            .statuses
            .iter()
            .map(|(status, count)| (status.to_string(), *count));
        let causes = self
            .causes
            .iter()
            .map(|((cause, status), count)| (format!("{} {status}", cause.word()), *count));
        let incident = &self.incident;
        format!(
            "{{\"dialect\":\"{}\",\"lines\":{},\"ok\":{},\"headers\":{},\"torn\":{},\"foreign\":{},\"oversize\":{},\
             \"empty\":{},\"statuses\":{},\"causes\":{},\"incident\":{{\"from\":{},\"to\":{},\"dimension\":\"{}\",\
             \"value\":\"{}\",\"cause\":\"{}\",\"count\":{}}}}}",
            self.dialect,
            self.lines(),
            self.ok,
            self.headers,
            self.torn,
            self.foreign,
            self.oversize,
            self.empty,
            pairs(statuses.collect()),
            pairs(causes.collect()),
            incident.from,
            incident.to,
            incident.dimension,
            incident.value,
            incident.cause.word(),
            incident.count
        )
    }
}
