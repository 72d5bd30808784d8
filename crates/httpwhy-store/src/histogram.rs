//! How long many things took, in little room.

/// Bins of one doubling: neighbours are a factor of 1.19 apart.
const EACH: u32 = 4;
/// 2 to the power of 40 microseconds are twelve days; what took longer counts as that.
const LAST: u8 = (40 * EACH) as u8;

/// Durations counted in bins by their logarithm to base 2, four to a doubling. A quantile is right within 10 %.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram {
    /// Bin and count, by bin; no count is 0.
    bins: Vec<(u8, u64)>,
}

impl Histogram {
    /// Counts one duration, in microseconds.
    pub fn add(&mut self, microseconds: u64) {
        self.put(bin(microseconds), 1);
    }

    /// Adds the counts of another.
    pub fn merge(&mut self, other: &Self) {
        for &(bin, count) in &other.bins {
            self.put(bin, count);
        }
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.bins.iter().map(|(_, count)| count).sum()
    }

    /// The duration, in milliseconds, below which that share (0 to 1) of all lies; `None` when none was counted.
    pub fn quantile_ms(&self, share: f64) -> Option<f64> {
        let all = self.count();
        if all == 0 {
            return None;
        }
        let wanted = ((all as f64 * share.clamp(0.0, 1.0)).ceil() as u64).max(1);
        let mut seen = 0;
        let reached = self.bins.iter().find(|(_, count)| {
            seen += count;
            seen >= wanted
        });
        reached.map(|&(bin, _)| middle_ms(bin))
    }

    fn put(&mut self, bin: u8, count: u64) {
        match self.bins.binary_search_by_key(&bin, |&(bin, _)| bin) {
            Ok(at) => self.bins[at].1 += count,
            Err(at) => self.bins.insert(at, (bin, count)),
        }
    }

    /// Each bin as a byte, and its count as LEB128.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bins.len() * 3);
        for &(bin, mut count) in &self.bins {
            out.push(bin);
            while count >= 0x80 {
                out.push(count as u8 | 0x80);
                count >>= 7;
            }
            out.push(count as u8);
        }
        out
    }

    /// Reads what [`Histogram::encode`] wrote; `None` for anything else.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut histogram = Self::default();
        let mut rest = bytes.iter();
        while let Some(&bin) = rest.next() {
            let (mut count, mut shift) = (0_u64, 0);
            loop {
                let &byte = rest.next()?;
                count |= u64::from(byte & 0x7f).checked_shl(shift)?;
                shift += 7;
                if byte < 0x80 {
                    break;
                }
            }
            if bin > LAST {
                return None;
            }
            histogram.put(bin, count);
        }
        Some(histogram)
    }
}

/// The two bits behind the leading one tell the quarters of a doubling apart.
fn bin(microseconds: u64) -> u8 {
    let value = microseconds.max(1);
    let log = value.ilog2();
    let quarter = if log >= 2 {
        (value >> (log - 2)) & 3
    } else {
        (value << (2 - log)) & 3
    };
    u8::try_from(log * EACH + quarter as u32).map_or(LAST, |bin| bin.min(LAST))
}

/// The geometric middle of a bin. Quarters are linear within a doubling.
fn middle_ms(bin: u8) -> f64 {
    let (log, quarter) = (u32::from(bin) / EACH, f64::from(u32::from(bin) % EACH));
    let base = 2_f64.powi(log as i32);
    let from = base * (1.0 + quarter / 4.0);
    let to = base * (1.0 + (quarter + 1.0) / 4.0);
    (from * to).sqrt() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_within_a_tenth_and_a_bit() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile_ms(0.5), None);
        for microseconds in 1..=10_000 {
            histogram.add(microseconds * 100);
        }
        for (share, wanted) in [(0.5, 500.0), (0.9, 900.0), (0.99, 990.0)] {
            let found = histogram.quantile_ms(share).expect("counted");
            assert!((found / wanted - 1.0_f64).abs() < 0.13, "{share}: {found}");
        }
        assert_eq!(histogram.count(), 10_000);
    }

    #[test]
    fn written_and_read_again_and_merged() {
        let mut one = Histogram::default();
        for microseconds in [0, 1, 2, 3, 5, 1_000, 1_000, 1 << 39, u64::MAX] {
            one.add(microseconds);
        }
        for _ in 0..300 {
            one.add(77);
        }
        let read = Histogram::decode(&one.encode()).expect("what was written");
        assert_eq!(read, one);
        let mut twice = read.clone();
        twice.merge(&one);
        assert_eq!(twice.count(), 2 * one.count());
        assert_eq!(twice.quantile_ms(0.5), one.quantile_ms(0.5));
        for bad in [&[7_u8][..], &[255, 1], &[1, 0x80]] {
            assert_eq!(Histogram::decode(bad), None, "{bad:?}");
        }
    }
}
