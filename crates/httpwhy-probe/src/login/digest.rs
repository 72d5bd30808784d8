//! Digest authentication (RFC 7616).

use std::cell::Cell;
use std::fmt::Write as _;

use md5::Md5;
use sha2::{Digest as _, Sha256, Sha512_256};

use super::challenges::Challenge;

/// A hash that a challenge may name, the better ones later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hash {
    Md5,
    Sha256,
    Sha512256,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quality {
    /// As RFC 2069 had it: no count, no nonce of ours.
    None,
    Auth,
    /// The content is part of it.
    AuthInt,
}

/// A challenge that can be answered, and how often its nonce was used.
#[derive(Debug, Clone)]
pub(crate) struct Digest {
    challenge: Challenge,
    hash: Hash,
    session: bool,
    quality: Quality,
    /// Ours (`cnonce`), the same for all uses of the server's nonce.
    nonce: String,
    count: Cell<u32>,
}

/// What is to be answered for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a [u8],
    /// The request target as it is sent.
    pub(crate) target: &'a str,
    pub(crate) content: &'a [u8],
}

impl Digest {
    /// The strongest of the challenges that can be answered; `nonce` is random.
    pub(super) fn best(challenges: Vec<Challenge>, nonce: [u8; 16]) -> Option<Self> {
        challenges
            .into_iter()
            .filter(|challenge| challenge.scheme == "digest")
            .filter_map(|challenge| Self::of(challenge, nonce))
            // Of equally strong ones the first counts.
            .rev()
            .max_by_key(|digest| digest.hash)
    }

    fn of(challenge: Challenge, nonce: [u8; 16]) -> Option<Self> {
        let named = challenge.get("algorithm").unwrap_or("MD5");
        let named = named.to_ascii_uppercase();
        let (base, session) = match named.strip_suffix("-SESS") {
            Some(base) => (base, true),
            None => (named.as_str(), false),
        };
        let hash = match base {
            "MD5" => Hash::Md5,
            "SHA-256" => Hash::Sha256,
            "SHA-512-256" => Hash::Sha512256,
            _ => return None,
        };
        let offers = |wanted: &str| {
            let offered = challenge.get("qop").unwrap_or_default();
            offered
                .split(',')
                .any(|qop| qop.trim().eq_ignore_ascii_case(wanted))
        };
        let quality = if offers("auth") {
            Quality::Auth
        } else if offers("auth-int") {
            Quality::AuthInt
        } else if challenge.get("qop").is_none() {
            Quality::None
        } else {
            return None;
        };
        challenge.get("nonce")?;
        Some(Self {
            challenge,
            hash,
            session,
            quality,
            nonce: hex(&nonce),
            count: Cell::new(0),
        })
    }

    /// The value of Authorization (RFC 7616 section 3.4) for the next use of the nonce.
    pub(super) fn answer(&self, user: &str, password: &str, asked: Asked<'_>) -> String {
        self.count.set(self.count.get().saturating_add(1));
        let count = format!("{:08x}", self.count.get());
        let get = |name| self.challenge.get(name).unwrap_or_default();
        let (realm, nonce) = (get("realm"), get("nonce"));
        let mut secret = self.hash(format!("{user}:{realm}:{password}").as_bytes());
        if self.session {
            secret = self.hash(format!("{secret}:{nonce}:{}", self.nonce).as_bytes());
        }
        let mut what = [asked.method, b":", asked.target.as_bytes()].concat();
        if self.quality == Quality::AuthInt {
            let _ =
                std::io::Write::write_fmt(&mut what, format_args!(":{}", self.hash(asked.content)));
        }
        let what = self.hash(&what);
        let qop = match self.quality {
            Quality::None => None,
            Quality::Auth => Some("auth"),
            Quality::AuthInt => Some("auth-int"),
        };
        let response = self.hash(
            match qop {
                None => format!("{secret}:{nonce}:{what}"),
                Some(qop) => format!("{secret}:{nonce}:{count}:{}:{qop}:{what}", self.nonce),
            }
            .as_bytes(),
        );
        let hides_user = get("userhash").eq_ignore_ascii_case("true");
        let user = if hides_user {
            self.hash(format!("{user}:{realm}").as_bytes())
        } else {
            user.to_owned()
        };
        let mut out = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\"",
            quoted(&user),
            quoted(realm),
            quoted(nonce),
            quoted(asked.target)
        );
        if let Some(algorithm) = self.challenge.get("algorithm") {
            let _ = write!(out, ", algorithm={}", token(algorithm));
        }
        if let Some(qop) = qop {
            let _ = write!(out, ", qop={qop}, nc={count}");
        }
        if qop.is_some() || self.session {
            let _ = write!(out, ", cnonce=\"{}\"", self.nonce);
        }
        if let Some(opaque) = self.challenge.get("opaque") {
            let _ = write!(out, ", opaque={}", quoted(opaque));
        }
        if hides_user {
            out.push_str(", userhash=true");
        }
        out
    }

    /// Whether only the nonce before was refused (RFC 7616 section 3.3).
    pub(super) fn says_stale(&self) -> bool {
        let stale = self.challenge.get("stale").unwrap_or_default();
        stale.eq_ignore_ascii_case("true")
    }

    fn hash(&self, text: &[u8]) -> String {
        match self.hash {
            Hash::Md5 => hex(&Md5::digest(text)),
            Hash::Sha256 => hex(&Sha256::digest(text)),
            Hash::Sha512256 => hex(&Sha512_256::digest(text)),
        }
    }
}

/// A quoted string (RFC 9110 section 5.6.4). What no field may hold is left out: it is the server's own text, sent back.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

fn token(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use httpwhy_model::Fields;

    use super::super::challenges::challenges;
    use super::*;

    const ASKED: Asked<'_> = Asked {
        method: b"GET",
        target: "/dir/index.html",
        content: b"",
    };

    /// The example of RFC 7616 section 3.9.1: two challenges, one nonce.
    const EXAMPLE: &str = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, \
        nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

    fn digest(field: &str) -> Option<Digest> {
        let fields = Fields::of([("WWW-Authenticate", field.to_owned())]);
        let mut digest = Digest::best(challenges(&fields), [0; 16])?;
        "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ".clone_into(&mut digest.nonce);
        Some(digest)
    }

    #[test]
    fn the_examples_of_the_standard_come_out() {
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            (
                "SHA-256",
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
        ] {
            let field = EXAMPLE.replace("SHA-256", algorithm);
            let answer = digest(&field).expect("it can be answered").answer(
                "Mufasa",
                "Circle of Life",
                ASKED,
            );
            assert!(
                answer.contains(&format!("response=\"{response}\"")),
                "{answer}"
            );
            assert!(answer.contains("qop=auth, nc=00000001"), "{answer}");
            assert!(
                answer.contains(&format!("algorithm={algorithm}, ")),
                "{answer}"
            );
            assert!(answer.contains("opaque=\"FQhe/"), "{answer}");
        }
        // RFC 2069 section 2.4 with its erratum: no qop.
        let old = "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc\"";
        let answer =
            digest(old)
                .expect("it can be answered")
                .answer("Mufasa", "CircleOfLife", ASKED);
        assert!(
            answer.contains("response=\"1949323746fe6a43ef61f9606e7febea\""),
            "{answer}"
        );
        assert!(!answer.contains("cnonce"), "{answer}");
    }

    #[test]
    fn the_strongest_is_taken_and_the_count_goes_up() {
        let both = format!("{}, {EXAMPLE}", EXAMPLE.replace("SHA-256", "MD5"));
        let digest = digest(&both).expect("it can be answered");
        assert_eq!(digest.hash, Hash::Sha256);
        let (first, second) = (
            digest.answer("u", "p", ASKED),
            digest.answer("u", "p", ASKED),
        );
        assert!(first.contains("nc=00000001") && second.contains("nc=00000002"));
    }

    #[test]
    fn what_cannot_be_answered_is_left() {
        for field in [
            "Basic realm=x",
            "Digest realm=x, algorithm=SHA-1, nonce=n",
            "Digest realm=x, qop=token, nonce=n",
            "Digest realm=x",
        ] {
            assert!(digest(field).is_none(), "{field}");
        }
    }

    #[test]
    fn a_server_s_text_stays_within_its_quotes() {
        let digest =
            digest("Digest realm=\"a\\\"b\r\nX: y\", nonce=\"n\", userhash=TRUE, qop=auth")
                .expect("fine");
        let answer = digest.answer("u", "p", ASKED);
        assert!(answer.contains("realm=\"a\\\"bX: y\""), "{answer}");
        assert!(
            answer.ends_with("userhash=true") && !answer.contains("username=\"u\""),
            "{answer}"
        );
    }
}
