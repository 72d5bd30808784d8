//! Scenarios: rules that answer requests before anything else does. What a file says is `httpwhy_schema::ScenarioFile`.

mod fits;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use httpwhy_schema::{
    ScenarioAfter, ScenarioAnswer, ScenarioEnd, ScenarioFile, ScenarioRule, ScenarioStep,
    ScenarioWire,
};
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use self::fits::fits;
use crate::act::After;
use crate::answer::Answer;
use crate::request::{Asked, split};
use crate::serve::DEADLINE;
use crate::state::Keyed;
use crate::wire::Wire;

/// The most content that is made up for content that was counted and not kept, in bytes.
const MOST_FILLER: u64 = 64 << 20;

/// What is played, and how far it is.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    is_set: AtomicBool,
    scenario: RwLock<Option<Arc<Scenario>>>,
}

impl Stage {
    /// Whether there is a scenario: what answers without asking for it must not, then.
    pub(crate) fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Relaxed)
    }

    /// Plays this from now on, from its beginning.
    pub(crate) fn set(&self, file: ScenarioFile) {
        let scenario = Arc::new(Scenario::new(file));
        *self
            .scenario
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(scenario);
        self.is_set.store(true, Ordering::Relaxed);
    }

    /// What answers that request, if the scenario does.
    pub(crate) fn step(&self, asked: &Asked) -> Option<Part> {
        if !self.is_set() {
            return None;
        }
        let scenario = self
            .scenario
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()?;
        scenario.step(asked)
    }
}

#[derive(Debug)]
struct Scenario {
    rules: Vec<(ScenarioRule, Counts)>,
}

/// How often a rule has answered: in all, or by key.
#[derive(Debug, Default)]
struct Counts {
    all: AtomicU64,
    keyed: Keyed<u64>,
}

/// One step of a rule, to be played.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// For the journal: the rule's name and the step.
    pub(crate) act: String,
    step: ScenarioStep,
}

impl Scenario {
    fn new(file: ScenarioFile) -> Self {
        let rules = file.rules.into_iter();
        Self {
            rules: rules.map(|rule| (rule, Counts::default())).collect(),
        }
    }

    fn step(&self, asked: &Asked) -> Option<Part> {
        let mut rules = self.rules.iter().enumerate();
        rules.find_map(|(number, (rule, counts))| {
            if !fits(&rule.when, asked) {
                return None;
            }
            let step = counts.next(rule, asked)?;
            let name = rule
                .name
                .as_deref()
                .map_or_else(|| (number + 1).to_string(), str::to_owned);
            Some(Part {
                act: format!("scenario {name}, step {}", step + 1),
                step: rule.then[step].clone(),
            })
        })
    }
}

impl Counts {
    /// The index of the rule's next step; `None` when it has none any more.
    fn next(&self, rule: &ScenarioRule, asked: &Asked) -> Option<usize> {
        let before = match &rule.key {
            None => self.all.fetch_add(1, Ordering::Relaxed),
            Some(name) => {
                let key = asked.field(name).unwrap_or_default();
                self.keyed.with(key, Instant::now(), |count| {
                    *count += 1;
                    *count - 1
                })
            }
        };
        let steps = rule.then.len() as u64;
        let at = match rule.after {
            ScenarioAfter::Last => before.min(steps.checked_sub(1)?),
            ScenarioAfter::Cycle => before.checked_rem(steps)?,
            ScenarioAfter::Pass if before < steps => before,
            ScenarioAfter::Pass => return None,
        };
        usize::try_from(at).ok()
    }
}

impl Part {
    /// The request that is answered instead, when the step plays something of the simulator.
    pub(crate) fn instead(&self, asked: &Asked) -> Option<Asked> {
        let play = self.step.play.as_ref()?;
        let target = match play.strip_prefix('/') {
            Some(_) => play.clone(),
            None => format!("/outcome/{play}"),
        };
        let (path, query) = split(&target);
        Some(Asked {
            path: path.to_owned(),
            query: query.map(str::to_owned),
            ..asked.clone()
        })
    }

    /// Plays what is written out.
    pub(crate) async fn play(
        &self,
        wire: &mut Wire,
        asked: &Asked,
        mark: bool,
    ) -> io::Result<After> {
        match (&self.step.answer, &self.step.wire) {
            (Some(answer), _) => send_answer(answer, wire, asked, mark).await,
            (_, Some(recorded)) => send_wire(recorded, wire, asked).await,
            (None, None) => Ok(After::Close),
        }
    }
}

async fn send_answer(
    told: &ScenarioAnswer,
    wire: &mut Wire,
    asked: &Asked,
    mark: bool,
) -> io::Result<After> {
    rest(told.after_ms).await;
    let mut answer = Answer::of(told.status);
    for (name, _) in &told.fields {
        answer.remove(name);
    }
    answer.fields.extend(told.fields.iter().cloned());
    if let Some(body) = &told.body {
        answer.body = body.clone().into_bytes();
    }
    let mark = mark.then(|| format!("status-{}", told.status));
    answer.send(wire, asked, mark.as_deref()).await
}

async fn send_wire(told: &ScenarioWire, wire: &mut Wire, asked: &Asked) -> io::Result<After> {
    for piece in &told.pieces {
        rest(piece.after_ms).await;
        // It was read when the file was.
        wire.write_all(&piece.bytes().unwrap_or_default()).await?;
        let mut filler = piece.filler.min(MOST_FILLER);
        while filler > 0 {
            let part = usize::try_from(filler.min(FILLER.len() as u64)).unwrap_or(FILLER.len());
            wire.write_all(&FILLER[..part]).await?;
            filler -= part as u64;
        }
        wire.flush().await?;
    }
    rest(told.end_after_ms).await;
    Ok(match told.end {
        ScenarioEnd::Keep if asked.keep => After::Keep,
        ScenarioEnd::Keep | ScenarioEnd::Fin => After::Close,
        ScenarioEnd::Rst => After::Reset,
        ScenarioEnd::Stall => {
            wire.hold(DEADLINE).await;
            After::Close
        }
    })
}

const FILLER: [u8; 4096] = [b'*'; 4096];

async fn rest(millis: u64) {
    if millis > 0 {
        sleep(Duration::from_millis(millis)).await;
    }
}
