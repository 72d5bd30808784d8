//! The Mersenne Twister MT19937 as Python seeds it, so that `/bytes?seed=` gives the bytes that httpbin gives
//! (Matsumoto, Nishimura: Mersenne Twister, 1998; seeding by array, 2002).

const SIZE: usize = 624;
const SHIFT: usize = 397;

/// A generator.
#[derive(Debug)]
pub(crate) struct Mersenne {
    state: [u32; SIZE],
    at: usize,
}

impl Mersenne {
    /// The generator of Python's `random.seed(seed)`.
    pub(crate) fn seeded(seed: u64) -> Self {
        let high = (seed >> 32) as u32;
        let key: &[u32] = if high == 0 {
            &[seed as u32]
        } else {
            &[seed as u32, high]
        };
        let mut twister = Self::by_number(19_650_218);
        let state = &mut twister.state;
        let mixed = |state: &[u32; SIZE], at: usize| {
            let last = state[at - 1];
            last ^ (last >> 30)
        };
        let mut at = 1;
        for step in 0..SIZE.max(key.len()) {
            let from = step % key.len();
            state[at] = (state[at] ^ mixed(state, at).wrapping_mul(1_664_525))
                .wrapping_add(key[from])
                .wrapping_add(from as u32);
            at = advance(state, at);
        }
        for _ in 0..SIZE - 1 {
            state[at] =
                (state[at] ^ mixed(state, at).wrapping_mul(1_566_083_941)).wrapping_sub(at as u32);
            at = advance(state, at);
        }
        state[0] = 0x8000_0000;
        twister
    }

    fn by_number(seed: u32) -> Self {
        let mut state = [seed; SIZE];
        for at in 1..SIZE {
            let last = state[at - 1];
            state[at] = (last ^ (last >> 30))
                .wrapping_mul(1_812_433_253)
                .wrapping_add(at as u32);
        }
        Self { state, at: SIZE }
    }

    /// Python's `random.randint(0, 255)`: nine bits, until they are below 256.
    pub(crate) fn byte(&mut self) -> u8 {
        loop {
            if let Ok(byte) = u8::try_from(self.bits() >> 23) {
                return byte;
            }
        }
    }

    fn bits(&mut self) -> u32 {
        if self.at == SIZE {
            self.twist();
        }
        let mut bits = self.state[self.at];
        self.at += 1;
        bits ^= bits >> 11;
        bits ^= (bits << 7) & 0x9d2c_5680;
        bits ^= (bits << 15) & 0xefc6_0000;
        bits ^ (bits >> 18)
    }

    fn twist(&mut self) {
        for at in 0..SIZE {
            let joined =
                (self.state[at] & 0x8000_0000) | (self.state[(at + 1) % SIZE] & 0x7fff_ffff);
            let odd = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[at] = self.state[(at + SHIFT) % SIZE] ^ (joined >> 1) ^ odd;
        }
        self.at = 0;
    }
}

/// The next place but the first; behind the last, the last is copied to the first.
fn advance(state: &mut [u32; SIZE], at: usize) -> usize {
    if at + 1 < SIZE {
        return at + 1;
    }
    state[0] = state[SIZE - 1];
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_python() {
        // random.seed(42); [random.randint(0, 255) for _ in range(8)]
        let mut random = Mersenne::seeded(42);
        let bytes: Vec<u8> = (0..8).map(|_| random.byte()).collect();
        assert_eq!(bytes, [57, 12, 140, 125, 114, 71, 52, 44]);
    }
}
