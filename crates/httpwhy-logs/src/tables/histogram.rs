//! Buckets of a log-linear histogram: 64 to each power of two, so that a value is known within 0.8 %.

/// Buckets to a power of two.
const FINE: u32 = 6;

/// One more than the greatest bucket: values up to 2^36 microseconds (19 hours) are told apart.
pub(crate) const BUCKETS: u16 = ((36 - FINE as u16) << FINE) + (2 << FINE);

/// The bucket of a value; greater values share the last.
#[inline]
pub(crate) const fn bucket(value: u64) -> u16 {
    if value < 2 << FINE {
        return value as u16;
    }
    let shift = value.ilog2() - FINE;
    let bucket = (shift << FINE) + (value >> shift) as u32;
    if bucket >= BUCKETS as u32 {
        BUCKETS - 1
    } else {
        bucket as u16
    }
}

/// The middle of a bucket.
pub(crate) const fn middle(bucket: u16) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 << FINE {
        return bucket;
    }
    let shift = (bucket >> FINE) - 1;
    let mantissa = bucket - (shift << FINE);
    (mantissa << shift) + (1 << shift) / 2
}

/// The value below which that share (0 to 1) of the counts lies; `counts` by ascending bucket.
pub(crate) fn quantile(counts: &[(u16, u64)], share: f64) -> Option<u64> {
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    if total == 0 {
        return None;
    }
    let wanted = ((total as f64 * share).ceil() as u64).clamp(1, total);
    let mut seen = 0;
    for (bucket, count) in counts {
        seen += count;
        if seen >= wanted {
            return Some(middle(*bucket));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_known_within_the_stated_error() {
        let mut value = 1_u64;
        while value < 1 << 36 {
            for near in [value, value + value / 3, value + value / 2] {
                let back = middle(bucket(near));
                assert!(
                    back.abs_diff(near) * 1000 <= near * 8,
                    "{near} became {back}"
                );
            }
            value = value * 5 / 4 + 1;
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn buckets_ascend() {
        let buckets: Vec<u16> = (0..100_000).map(bucket).collect();
        assert!(buckets.is_sorted());
    }

    #[test]
    fn quantiles() {
        let counts: Vec<(u16, u64)> = (1..=100).map(|value| (bucket(value), 1)).collect();
        assert_eq!(quantile(&counts, 0.5), Some(50));
        assert_eq!(quantile(&counts, 0.99), Some(99));
        assert_eq!(quantile(&counts, 1.0), Some(100));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
