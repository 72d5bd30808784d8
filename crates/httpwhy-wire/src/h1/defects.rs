//! The defects of one message, bounded.

use std::borrow::Cow;

use httpwhy_model::{H1Defect, Signal};

/// How many defects of one kind are kept.
const OF_A_KIND: u8 = 16;

/// What is wrong with a message, and whether its end can still be trusted.
#[derive(Debug, Default)]
pub(super) struct Defects {
    found: Vec<(u64, H1Defect)>,
    counts: [u8; H1Defect::ALL.len()],
    limit: Option<Signal>,
    doubtful: bool,
}

impl Defects {
    /// Notes a defect at an absolute offset, and doubts the framing unless the kind leaves it alone.
    pub(super) fn note(&mut self, defect: H1Defect, at: u64) {
        self.doubtful |= !leaves_framing(defect);
        self.remark(defect, at);
    }

    /// Notes a defect without doubting the framing.
    pub(super) fn remark(&mut self, defect: H1Defect, at: u64) {
        let count = &mut self.counts[defect as usize];
        if *count < OF_A_KIND {
            *count += 1;
            self.found.push((at, defect));
        }
    }

    /// Whether a defect of that kind was noted.
    pub(super) const fn has(&self, defect: H1Defect) -> bool {
        self.counts[defect as usize] > 0
    }

    /// Says that the end of the message may lie elsewhere for another reader.
    pub(super) fn doubt(&mut self) {
        self.doubtful = true;
    }

    /// Notes that one of our own bounds was reached.
    pub(super) fn reached(&mut self, limit: &'static str, max: usize) {
        self.doubtful = true;
        self.limit = Some(Signal::Word {
            dialect: Cow::Borrowed("limit"),
            word: Cow::Borrowed(limit),
            params: vec![(Cow::Borrowed("max"), max.to_string())],
        });
    }

    pub(super) const fn doubtful(&self) -> bool {
        self.doubtful
    }

    /// The signals in order of offset, those of one offset in order of discovery.
    pub(super) fn into_signals(mut self) -> Vec<Signal> {
        self.found.sort_by_key(|&(at, _)| at);
        self.found
            .into_iter()
            .map(|(at, defect)| Signal::h1(defect, at))
            .chain(self.limit)
            .collect()
    }
}

/// Kinds after which every reader that goes on finds the same end.
const fn leaves_framing(defect: H1Defect) -> bool {
    matches!(
        defect,
        H1Defect::StatusOutOfRange
            | H1Defect::BareLf
            | H1Defect::ObsFold
            | H1Defect::BadFieldName
            | H1Defect::ContentLengthRepeated
    )
}
