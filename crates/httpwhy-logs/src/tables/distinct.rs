//! How many different ones: HyperLogLog (Flajolet and others 2007) with 4096 registers, 1.6 % standard error.

use crate::hash::steady;

const REGISTERS: usize = 4096;

/// A sketch of a set.
#[derive(Debug, Clone)]
pub(crate) struct Distinct {
    registers: Vec<u8>,
}

impl Default for Distinct {
    fn default() -> Self {
        Self {
            registers: vec![0; REGISTERS],
        }
    }
}

impl Distinct {
    /// Adds a member.
    #[inline]
    pub(crate) fn add(&mut self, member: &[u8]) {
        let hash = steady(member);
        let register = &mut self.registers[hash as usize % REGISTERS];
        // The register's index takes the low 12 bits; what remains has 52.
        let rank = ((hash >> 12).leading_zeros() - 12 + 1) as u8;
        *register = (*register).max(rank);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.registers.iter_mut().zip(&other.registers) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// The registers, for a state.
    pub(crate) fn registers(&self) -> &[u8] {
        &self.registers
    }

    /// The sketch with these registers; `None` when they are not as many, or hold what no hash gives.
    pub(crate) fn of(registers: &[u8]) -> Option<Self> {
        let sound = registers.len() == REGISTERS && registers.iter().all(|rank| *rank <= 53);
        sound.then(|| Self {
            registers: registers.to_vec(),
        })
    }

    /// About how many members there are.
    pub(crate) fn estimate(&self) -> u64 {
        let m = REGISTERS as f64;
        let sum: f64 = self
            .registers
            .iter()
            .map(|rank| 0.5_f64.powi(i32::from(*rank)))
            .sum();
        let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / sum;
        let free = self
            .registers
            .iter()
            .map(|rank| usize::from(*rank == 0))
            .sum::<usize>();
        let estimate = if raw <= 2.5 * m && free > 0 {
            // Linear counting, which is the better for few.
            m * (m / free as f64).ln()
        } else {
            raw
        };
        estimate.round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::Distinct;

    #[test]
    fn estimates_are_close() {
        for count in [0_u64, 1, 100, 5_000, 200_000] {
            let mut distinct = Distinct::default();
            for member in 0..count {
                distinct.add(format!("10.{member}").as_bytes());
                distinct.add(format!("10.{member}").as_bytes());
            }
            let estimate = distinct.estimate();
            assert!(
                estimate.abs_diff(count) * 20 <= count,
                "{count}: {estimate}"
            );
        }
    }
}
