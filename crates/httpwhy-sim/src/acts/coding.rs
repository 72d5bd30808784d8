//! Content whose coding is not what its field says.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::act::{Act, After, Cue, Misuse, OnRequest, Params, Part, Playing, Role, Turn};
use crate::answer::Answer;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "coding",
    about: "gzip that is cut, damaged, none, made twice, another coding than it says, or grows a thousandfold",
    params: &["how"],
    perform,
};

/// What a small bomb becomes, in bytes: harmless, and far beyond any bound on the ratio.
const BOMB: usize = 16 << 20;
/// Ordinary content.
const TEXT: &str = "{\"orders\":[{\"id\":1,\"state\":\"sent\"},{\"id\":2,\"state\":\"open\"}]}\n";
/// Every way.
pub(crate) const HOWS: &[&str] = &[
    "bad-gzip",
    "bomb",
    "cut-gzip",
    "not-gzip",
    "twice",
    "unknown",
    "wrong-name",
];

fn perform(params: &Params) -> Result<Role, Misuse> {
    let how = params.word("how", HOWS)?;
    let mut cue = Cue::default();
    cue.fields
        .push(("Accept-Encoding".to_owned(), "gzip".to_owned()));
    Ok(Role {
        part: Part::Request(Box::new(Coding { how })),
        cue,
    })
}

struct Coding {
    how: &'static str,
}

impl OnRequest for Coding {
    fn answer<'a>(&'a self, turn: Turn<'a>) -> Playing<'a, After> {
        Box::pin(async move {
            let how = self.how;
            // A bomb takes its time.
            let made = tokio::task::spawn_blocking(move || answer(how)).await;
            let answer = made.map_err(io::Error::other)??;
            answer.send(turn.wire, turn.asked, turn.mark).await
        })
    }
}

/// The answer that is wrong in that way.
pub(crate) fn answer(how: &str) -> io::Result<Answer> {
    let mut answer = Answer::content("application/json", content(how)?);
    let named = match how {
        "unknown" => "x-sim-never-heard-of",
        "wrong-name" => "deflate",
        _ => "gzip",
    };
    answer.set("Content-Encoding", named);
    Ok(answer)
}

fn content(how: &str) -> io::Result<Vec<u8>> {
    Ok(match how {
        "bomb" => zeros(BOMB)?,
        "not-gzip" => TEXT.as_bytes().to_vec(),
        "twice" => gzip(&gzip(TEXT.as_bytes())?)?,
        "cut-gzip" => {
            let mut cut = gzip(TEXT.as_bytes())?;
            cut.truncate(cut.len() / 2);
            cut
        }
        // The checksum at the end (RFC 1952 section 2.3.1) is wrong.
        "bad-gzip" => {
            let mut bad = gzip(TEXT.as_bytes())?;
            let at = bad.len() - 8;
            bad[at] ^= 0xff;
            bad
        }
        _ => gzip(TEXT.as_bytes())?,
    })
}

fn gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    encoder.finish()
}

fn zeros(count: usize) -> io::Result<Vec<u8>> {
    let piece = vec![0; 1 << 16];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    for _ in 0..count / piece.len() {
        encoder.write_all(&piece)?;
    }
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn read(how: &str) -> io::Result<usize> {
        let content = content(how).expect("made");
        let mut out = Vec::new();
        GzDecoder::new(content.as_slice()).read_to_end(&mut out)
    }

    #[test]
    fn each_is_wrong_in_its_way() {
        for how in ["bad-gzip", "cut-gzip", "not-gzip"] {
            assert!(read(how).is_err(), "{how}");
        }
        assert_eq!(read("wrong-name").expect("gzip"), TEXT.len());
        assert_eq!(read("bomb").expect("gzip"), BOMB);
        let small = content("bomb").expect("made").len();
        assert!(small < BOMB / 500, "{small}");
        let names: Vec<_> = HOWS.iter().map(|how| answer(how).expect("made")).collect();
        assert!(names.iter().all(|answer| answer.has("Content-Encoding")));
    }
}
