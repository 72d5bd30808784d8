//! When what passes may go on: one direction of one connection through its toxics. No I/O: bytes in, bytes with times
//! out, so that a seed repeats every decision.

use std::time::Duration;

use tokio::time::Instant;

use super::toxic::{Kind, Stream, Toxic};
use crate::random::Random;

/// How often a second a limited bandwidth sends.
const SENDS: u64 = 20;

/// Bytes that go on at that time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) at: Instant,
    pub(super) bytes: Vec<u8>,
}

/// How a toxic ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// In order.
    Close,
    /// Torn down.
    Reset,
}

/// Which connection of which proxy: what decisions hang on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draw<'a> {
    pub(crate) seed: u64,
    pub(crate) proxy: &'a str,
    /// The connection's number, from 0.
    pub(crate) connection: u64,
}

impl Draw<'_> {
    /// The random numbers of that toxic: the same for the same seed, proxy, connection, exchange and toxic.
    pub(super) fn random(&self, exchange: u64, toxic: &str) -> Random {
        let mut hash = self.seed ^ 0xcbf2_9ce4_8422_2325;
        let mut add = |bytes: &[u8]| {
            // FNV-1a.
            for byte in bytes {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        add(self.proxy.as_bytes());
        add(&self.connection.to_le_bytes());
        add(&exchange.to_le_bytes());
        add(toxic.as_bytes());
        let mut random = Random::new(Some(hash));
        // The first number hangs too closely on the last bytes of the hash.
        random.bits();
        random
    }

    /// Whether this toxic is met, and its random numbers.
    pub(super) fn meets(&self, exchange: u64, toxic: &Toxic) -> Option<Random> {
        let mut random = self.random(exchange, &toxic.name);
        (random.unit() < toxic.toxicity).then_some(random)
    }
}

/// One direction through its toxics.
#[derive(Debug)]
pub(super) struct Flow {
    stages: Vec<Stage>,
    begun: Instant,
}

#[derive(Debug)]
struct Stage {
    kind: Kind,
    name: String,
    random: Random,
    /// When the last byte went on: order is kept, and a bandwidth is free again.
    last: Instant,
    /// How many bytes went on.
    passed: u64,
}

impl Flow {
    /// The toxics of that direction that this connection meets. Counts of an earlier flow go on.
    pub(super) fn new(
        toxics: &[Toxic],
        stream: Stream,
        draw: Draw<'_>,
        before: Option<&Self>,
    ) -> Self {
        let now = Instant::now();
        let met = |toxic: &Toxic| {
            let random = draw.meets(0, toxic)?;
            let old = before.and_then(|flow| flow.stages.iter().find(|old| old.name == toxic.name));
            Some(Stage {
                kind: toxic.kind.clone(),
                name: toxic.name.clone(),
                random,
                last: now,
                passed: old.map_or(0, |old| old.passed),
            })
        };
        let here = toxics
            .iter()
            .filter(|toxic| toxic.stream == stream && !toxic.knows_http());
        Self {
            stages: here.filter_map(met).collect(),
            begun: now,
        }
    }

    /// What becomes of bytes that came at that time.
    pub(super) fn pass(&mut self, came: Instant, bytes: Vec<u8>) -> Vec<Piece> {
        let mut pieces = vec![Piece { at: came, bytes }];
        for stage in &mut self.stages {
            pieces = stage.pass(pieces);
        }
        pieces
    }

    /// When the connection is ended by a toxic, and how.
    pub(super) fn ending(&self) -> Option<(Instant, Ending)> {
        let each = self.stages.iter().filter_map(|stage| match stage.kind {
            Kind::Timeout { timeout } if timeout > 0 => Some((timeout, Ending::Close)),
            Kind::ResetPeer { timeout } => Some((timeout, Ending::Reset)),
            _ => None,
        });
        let (wait, ending) = each.min_by_key(|(wait, _)| *wait)?;
        Some((self.begun + Duration::from_millis(wait), ending))
    }

    /// Whether so much has passed that nothing more may.
    pub(super) fn is_spent(&self) -> bool {
        self.stages
            .iter()
            .any(|stage| matches!(stage.kind, Kind::LimitData { bytes } if stage.passed >= bytes))
    }

    /// How long the end of the connection is held back.
    pub(super) fn before_end(&self) -> Duration {
        let each = self.stages.iter().map(|stage| match stage.kind {
            Kind::SlowClose { delay } => Duration::from_millis(delay),
            // The end takes as long as any byte.
            Kind::Latency { latency, .. } => Duration::from_millis(latency),
            _ => Duration::ZERO,
        });
        each.sum()
    }
}

impl Stage {
    fn pass(&mut self, pieces: Vec<Piece>) -> Vec<Piece> {
        match self.kind {
            Kind::Latency { latency, jitter } => self.delay(pieces, latency, jitter),
            Kind::Bandwidth { rate } => self.hold_rate(pieces, rate),
            Kind::Slicer {
                average,
                variation,
                micros,
            } => self.slice(pieces, average, variation, micros),
            Kind::LimitData { bytes } => self.limit(pieces, bytes),
            Kind::Timeout { .. } | Kind::ResetPeer { .. } => Vec::new(),
            _ => pieces,
        }
    }

    /// Later, and in order.
    fn not_before_last(&mut self, mut piece: Piece) -> Piece {
        piece.at = piece.at.max(self.last);
        self.last = piece.at;
        piece
    }

    fn delay(&mut self, pieces: Vec<Piece>, latency: u64, jitter: u64) -> Vec<Piece> {
        let mut later = |mut piece: Piece| {
            let spread = (self.random.unit() * 2.0 - 1.0) * jitter as f64;
            let wait = (latency as f64 + spread).max(0.0) / 1e3;
            piece.at += Duration::from_secs_f64(wait);
            self.not_before_last(piece)
        };
        pieces.into_iter().map(&mut later).collect()
    }

    fn hold_rate(&mut self, pieces: Vec<Piece>, rate: u64) -> Vec<Piece> {
        if rate == 0 {
            return Vec::new();
        }
        let a_second = rate * 1000;
        let size = usize::try_from(a_second / SENDS)
            .unwrap_or(usize::MAX)
            .max(1);
        let mut held = Vec::new();
        for piece in pieces {
            for part in piece.bytes.chunks(size) {
                let takes = Duration::from_secs_f64(part.len() as f64 / a_second as f64);
                self.last = self.last.max(piece.at) + takes;
                held.push(Piece {
                    at: self.last,
                    bytes: part.to_vec(),
                });
            }
        }
        held
    }

    fn slice(
        &mut self,
        pieces: Vec<Piece>,
        average: u64,
        variation: u64,
        micros: u64,
    ) -> Vec<Piece> {
        let mut sliced = Vec::new();
        for Piece { at, bytes } in pieces {
            let mut rest = &bytes[..];
            let mut first = true;
            while !rest.is_empty() {
                let spread = (self.random.unit() * 2.0 - 1.0) * variation as f64;
                let size = ((average as f64 + spread).round().max(1.0) as usize).min(rest.len());
                let (part, after) = rest.split_at(size);
                let mut piece = self.not_before_last(Piece {
                    at,
                    bytes: part.to_vec(),
                });
                if !first {
                    piece.at += Duration::from_micros(micros);
                    self.last = piece.at;
                }
                first = false;
                sliced.push(piece);
                rest = after;
            }
        }
        sliced
    }

    fn limit(&mut self, mut pieces: Vec<Piece>, most: u64) -> Vec<Piece> {
        for piece in &mut pieces {
            let room = usize::try_from(most.saturating_sub(self.passed)).unwrap_or(usize::MAX);
            piece.bytes.truncate(room);
            self.passed += piece.bytes.len() as u64;
        }
        pieces.retain(|piece| !piece.bytes.is_empty());
        pieces
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DRAW: Draw<'_> = Draw {
        seed: 7,
        proxy: "p",
        connection: 3,
    };

    fn flow(toxics: &[serde_json::Value], draw: Draw<'_>) -> Flow {
        let read: Vec<Toxic> = toxics
            .iter()
            .map(|toxic| Toxic::read(toxic).expect("a toxic"))
            .collect();
        Flow::new(&read, Stream::Downstream, draw, None)
    }

    #[test]
    fn bytes_and_their_order_stay() {
        let mut flow = flow(
            &[
                json!({"type": "slicer", "attributes": {"average_size": 3, "size_variation": 2, "delay": 50}}),
                json!({"type": "latency", "attributes": {"latency": 20, "jitter": 20}}),
                json!({"type": "bandwidth", "attributes": {"rate": 1}}),
            ],
            DRAW,
        );
        let sent: Vec<u8> = (0..200).collect();
        let came = Instant::now();
        let pieces = flow.pass(came, sent.clone());
        assert!(pieces.len() > 20, "{}", pieces.len());
        assert!(pieces.windows(2).all(|pair| pair[0].at <= pair[1].at));
        let last = pieces.last().expect("pieces").at;
        // 200 bytes at 1000 bytes a second.
        assert!(last >= came + Duration::from_millis(199));
        let got: Vec<u8> = pieces.into_iter().flat_map(|piece| piece.bytes).collect();
        assert_eq!(got, sent);
    }

    #[test]
    fn a_limit_counts_over_pieces_and_changes() {
        let limit = Toxic::read(&json!({"type": "limit_data", "attributes": {"bytes": 5}}));
        let limit = [limit.expect("a toxic")];
        let mut first = Flow::new(&limit, Stream::Downstream, DRAW, None);
        assert_eq!(first.pass(Instant::now(), vec![0; 3]).len(), 1);
        assert!(!first.is_spent());
        let mut second = Flow::new(&limit, Stream::Downstream, DRAW, Some(&first));
        assert_eq!(second.pass(Instant::now(), vec![0; 3])[0].bytes.len(), 2);
        assert!(second.is_spent() && second.pass(Instant::now(), vec![0; 3]).is_empty());
    }

    #[test]
    fn a_seed_repeats_and_toxicity_is_a_part() {
        let half = [json!({"type": "timeout", "toxicity": 0.5})];
        let met = |seed| -> Vec<bool> {
            (0..1000)
                .map(|connection| {
                    !flow(
                        &half,
                        Draw {
                            seed,
                            connection,
                            ..DRAW
                        },
                    )
                    .stages
                    .is_empty()
                })
                .collect()
        };
        assert_eq!(met(1), met(1));
        assert_ne!(met(1), met(2));
        let count = met(1).into_iter().filter(|met| *met).count();
        assert!((400..600).contains(&count), "{count}");
        let other = [json!({"type": "timeout", "stream": "upstream"})];
        assert!(flow(&other, DRAW).stages.is_empty());
    }

    #[test]
    fn endings() {
        let of = |toxic: serde_json::Value| flow(&[toxic], DRAW).ending().map(|(_, ending)| ending);
        assert_eq!(of(json!({"type": "timeout"})), None);
        assert_eq!(
            of(json!({"type": "timeout", "attributes": {"timeout": 1}})),
            Some(Ending::Close)
        );
        assert_eq!(of(json!({"type": "reset_peer"})), Some(Ending::Reset));
        let slow = flow(
            &[json!({"type": "slow_close", "attributes": {"delay": 7}})],
            DRAW,
        );
        assert_eq!(slow.before_end(), Duration::from_millis(7));
    }
}
