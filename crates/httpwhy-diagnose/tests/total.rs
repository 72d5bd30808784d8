//! Diagnosing is total and has no clock: whatever was recorded, it ends, and twice the same gives the same,
//! secrets hidden or not.

use std::collections::BTreeSet;

use httpwhy_catalog::{Entry, entries};
use httpwhy_diagnose::{diagnose, rules, step};
use httpwhy_model::{Diagnosis, Visit, redact};

/// How many mutated transcripts are diagnosed.
const MUTATED: usize = 5_000;
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// Marsaglia's xorshift: the same mutations in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// What is put in: pieces that rules and readers look at.
const PIECES: &[&[u8]] = &[
    b"\n",
    b"\r",
    b"\0",
    b":",
    b" ",
    b",",
    b";",
    b"\"",
    b"=",
    b"%",
    b"*",
    b"-",
    b"/",
    b"\xff",
    b"\xe2\x80\xae",
    b"99999999999999999999",
    b"< HTTP/1.1 304 Not Modified\n",
    b"< HTTP/1.1 103 Early Hints\n<\n",
    b"> HEAD / HTTP/1.0\n",
    b"> CONNECT a:1 HTTP/1.1\n",
    b"< HTTP/2 206\n",
    b"< Content-Range: bytes 5-2/*\n",
    b"< Content-Type: application/problem+json\n",
    b"< Cache-Control: max-age=\"\n",
    b"< Age: 1, 2\n",
    b"< Location: %\n",
    b"< ETag: W/\"\n",
    b"< Allow: ,,\n",
    b"< Upgrade: ,\n",
    b"< Set-Cookie: =;=\n",
    b"< Date:\n",
    b"< Retry-After: Sun, 06\n",
    b"< Content-Length: 1,1\n",
    b"< Transfer-Encoding: chunked\n",
    b"* h1:bare-lf at=1\n",
    b"* h1:extra-bytes at=9\n",
    b"* vantage har\n",
    b"* step retry of 9\n",
    b"* close 1000 x\n",
];

fn mutate(text: &mut Vec<u8>, others: &[&str], random: &mut Random) {
    for _ in 0..=random.below(6) {
        let at = random.below(text.len() + 1);
        match random.below(6) {
            0 if at < text.len() => text[at] = random.next() as u8,
            1 => text.truncate(at),
            2 => {
                let piece = PIECES[random.below(PIECES.len())];
                // At a line's start more often than not: most pieces are lines.
                let line = text[..at]
                    .iter()
                    .rposition(|&b| b == b'\n')
                    .map_or(0, |lf| lf + 1);
                let at = if random.below(4) == 0 { at } else { line };
                text.splice(at..at, piece.iter().copied());
            }
            3 => {
                let to = (at + random.below(20)).min(text.len());
                text.drain(at..to);
            }
            4 => {
                let to = (at + random.below(40)).min(text.len());
                let twice = text[at..to].to_vec();
                text.splice(at..at, twice);
            }
            _ => {
                let other = others[random.below(others.len())].as_bytes();
                let from = random.below(other.len());
                let to = (from + random.below(80)).min(other.len());
                text.splice(at..at, other[from..to].iter().copied());
            }
        }
    }
}

fn all_of(visit: &Visit) -> Vec<Diagnosis> {
    // One past the end is judged too, as an empty exchange.
    let steps = (0..=visit.steps.len()).map(|index| step(visit, index));
    std::iter::once(diagnose(visit)).chain(steps).collect()
}

#[test]
fn mutated_transcripts_are_diagnosed_alike_again_and_when_redacted() {
    let twins = rules::all()
        .iter()
        .flat_map(|rule| [rule.conforming, rule.violating]);
    let texts: Vec<&str> = entries()
        .iter()
        .map(Entry::transcript)
        .chain(twins)
        .collect();
    let mut random = Random(SEED);
    let mut diagnosed = 0;
    let mut broken = BTreeSet::new();
    let mut tries = 0;
    while diagnosed < MUTATED {
        tries += 1;
        assert!(
            tries < MUTATED * 10,
            "only {diagnosed} of {tries} could be read"
        );
        let mut text = texts[random.below(texts.len())].as_bytes().to_vec();
        mutate(&mut text, &texts, &mut random);
        // Facts that are none are refused by the reader; as raw bytes the rest of it is tried all the same.
        let visits = if random.below(4) == 0 {
            httpwhy_ingest::read(&without_marks(&text), None).ok()
        } else {
            let text = String::from_utf8_lossy(&text);
            httpwhy_ingest::read_transcript(&text)
                .ok()
                .map(|visit| vec![visit])
        };
        for visit in visits.unwrap_or_default() {
            let first = all_of(&visit);
            assert_eq!(all_of(&visit), first);
            assert_eq!(all_of(&redact(&visit)), first);
            let findings = first.iter().flat_map(|diagnosis| &diagnosis.findings);
            broken.extend(findings.map(|finding| finding.rule));
            diagnosed += 1;
        }
    }
    assert!(
        broken.len() * 4 > rules::all().len() * 3,
        "the mutations reach the rules: {broken:?}"
    );
}

/// The received part of a transcript as raw bytes.
fn without_marks(text: &[u8]) -> Vec<u8> {
    let lines = text
        .split(|&b| b == b'\n')
        .filter_map(|line| line.strip_prefix(b"< ").or_else(|| line.strip_prefix(b"<")));
    lines.flat_map(|line| [line, b"\r\n"].concat()).collect()
}
