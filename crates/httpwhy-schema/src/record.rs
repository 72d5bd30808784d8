//! The head of a recorded result: enough to say which input it belongs to, and whether it is its last line.

use serde::Deserialize;

/// The head of a line that a probe wrote, of kind diagnosis, visit or exchange.
#[derive(Debug, Clone, Deserialize)]
pub struct RecordHead {
    kind: String,
    /// Names the visit within its run.
    pub visit: String,
    step: usize,
    steps: Option<usize>,
    /// The target URI of the step.
    pub target: String,
    #[serde(default)]
    outcome: Option<String>,
    #[serde(default)]
    faults: Vec<Fault>,
}

#[derive(Debug, Clone, Deserialize)]
struct Fault {
    signals: Vec<String>,
}

impl RecordHead {
    /// Reads it from a line; `None` for what is no such line.
    pub fn read(line: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(line)
            .ok()
            .filter(|head| matches!(&*head.kind, "diagnosis" | "visit" | "exchange"))
    }

    /// Whether it is the last line of its visit: kind visit, or of kind exchange the last step, or the only step.
    pub fn closes_visit(&self) -> bool {
        match &*self.kind {
            "visit" => true,
            "exchange" => self.steps == Some(self.step + 1),
            _ => self.steps == Some(1),
        }
    }

    /// The outcome's id. An exchange has none: there it is that of the prober's own signal, `engine/WORD`, or empty.
    pub fn outcome(&self) -> &str {
        let own = || {
            let mut signals = self.faults.iter().flat_map(|fault| &fault.signals);
            match signals.find_map(|signal| signal.strip_prefix("engine:")) {
                Some(word) if word.starts_with("cancelled") => "engine/cancelled",
                Some(word) if word.starts_with("your-side") => "engine/your-side",
                _ => "",
            }
        };
        self.outcome.as_deref().unwrap_or_else(own)
    }
}
