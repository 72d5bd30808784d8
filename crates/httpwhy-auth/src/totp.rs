//! Time-based one-time passwords (RFC 6238, on RFC 4226).

use aws_lc_rs::hmac;
use httpwhy_schema::AuthHash;

/// What one is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Totp {
    /// 6 to 8.
    pub(crate) digits: u8,
    /// Seconds, at least 1.
    pub(crate) period: u32,
    pub(crate) hash: AuthHash,
}

impl Totp {
    /// The password at that moment, seconds since 1970-01-01 UTC.
    pub(crate) fn at(self, seed: &[u8], seconds: u64) -> String {
        let counter = seconds / u64::from(self.period.max(1));
        let algorithm = match self.hash {
            AuthHash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            AuthHash::Sha256 => hmac::HMAC_SHA256,
            AuthHash::Sha512 => hmac::HMAC_SHA512,
        };
        let key = hmac::Key::new(algorithm, seed);
        let tag = hmac::sign(&key, &counter.to_be_bytes());
        let tag = tag.as_ref();
        // RFC 4226 section 5.3; the shortest tag has 20 bytes.
        let at = usize::from(tag[tag.len() - 1] & 0xf);
        let piece = [tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]];
        let digits = u32::from(self.digits.clamp(6, 8));
        let number = u32::from_be_bytes(piece) % 10_u32.pow(digits);
        format!("{number:0width$}", width = digits as usize)
    }
}

/// Base32 (RFC 4648 section 6), as seeds are written: white space, hyphens and padding are passed over.
pub(crate) fn base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut gathered, mut bits) = (0_u32, 0);
    for c in text.chars() {
        let digit = match c.to_ascii_uppercase() {
            c @ 'A'..='Z' => c as u32 - 'A' as u32,
            c @ '2'..='7' => c as u32 - '2' as u32 + 26,
            ' ' | '-' | '=' | '\n' | '\r' => continue,
            _ => return None,
        };
        gathered = gathered << 5 | digit;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((gathered >> bits) as u8);
            gathered &= (1 << bits) - 1;
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B.
    #[test]
    fn passwords_are_those_of_the_standard() {
        let seed = b"1234567890".repeat(7);
        for (seconds, sha1, sha256, sha512) in [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ] {
            for (hash, length, password) in [
                (AuthHash::Sha1, 20, sha1),
                (AuthHash::Sha256, 32, sha256),
                (AuthHash::Sha512, 64, sha512),
            ] {
                let totp = Totp {
                    digits: 8,
                    period: 30,
                    hash,
                };
                assert_eq!(
                    totp.at(&seed[..length], seconds),
                    password,
                    "{hash:?} {seconds}"
                );
            }
        }
    }

    /// RFC 4648 section 10.
    #[test]
    fn seeds_are_base32() {
        for (text, bytes) in [
            ("MY======", Some(&b"f"[..])),
            ("MZXW6YTBOI======", Some(b"foobar")),
            ("mzxw 6ytb-oi", Some(b"foobar")),
            ("", None),
            ("1", None),
        ] {
            assert_eq!(base32(text).as_deref(), bytes, "{text}");
        }
    }
}
