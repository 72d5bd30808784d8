//! An outcome behind modifiers: `/with/<words>/outcome/<id>`. Its act writes what it writes; what the words change is
//! when, in which pieces and how far that goes out.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::time::Duration;

use tokio::io::{
    AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadHalf, copy, duplex, split,
};
use tokio::time::sleep;

use super::modifiers;
use super::reply::{Break, Place, Refusal, Reply, Split};
use super::send::break_off;
use super::text::Pairs;
use crate::act::{After, OnRequest, Part, Turn};
use crate::pages;
use crate::request::Asked;
use crate::wire::Wire;
use crate::world::{Played, World};

/// The words that go with an outcome.
const WORDS: &[&str] = &[
    "sleep",
    "latency",
    "rate",
    "bandwidth",
    "drip",
    "piece",
    "slicer",
    "profile",
    "cut",
    "rst",
    "stall",
    "limit_data",
    "reset_peer",
    "timeout",
    "mark",
];
/// How many bytes of an act are ahead of what has gone out.
const AHEAD: usize = 8192;
/// The longest head in which places are looked for, in bytes.
const LONGEST_HEAD: usize = 65_536;

/// Plays that outcome, shaped by these words.
pub(super) async fn play(
    id: &str,
    words: &Pairs,
    wire: &mut Wire,
    asked: &Asked,
    world: &World,
) -> io::Result<After> {
    let Some(played) = world.find(id) else {
        return pages::unknown_outcome().send(wire, asked, None).await;
    };
    let shape = match Shape::read(words) {
        Ok(shape) => shape,
        Err(refusal) => {
            return Reply::from(refusal).answer.send(wire, asked, None).await;
        }
    };
    let mark = (world.mark && shape.marked).then_some(played.id.0);
    sleep(shape.before).await;
    match act(played) {
        Some(act) if shape.is_plain() => {
            let turn = Turn {
                wire,
                asked,
                mark,
                world,
            };
            act.answer(turn).await
        }
        Some(act) => shape.play(act, mark, wire, asked, world).await,
        None => pages::elsewhere(played).send(wire, asked, mark).await,
    }
}

fn act(played: &Played) -> Option<&dyn OnRequest> {
    match &played.part {
        Part::Request(act) => Some(act.as_ref()),
        _ => None,
    }
}

/// What the words ask for.
struct Shape {
    before: Duration,
    size: Option<usize>,
    pauses: Vec<Duration>,
    broken: Option<(Place, Break)>,
    marked: bool,
}

impl Shape {
    fn read(words: &Pairs) -> Result<Self, Refusal> {
        let mut reply = Reply {
            marked: true,
            ..Reply::default()
        };
        for (word, value) in words {
            if !WORDS.contains(&word.as_str()) {
                return Err(Refusal::bad(format!(
                    "'{word}' does not go with an outcome, whose act writes its own answer; these do: {}",
                    WORDS.join(", ")
                )));
            }
            modifiers::one(word, value, &mut reply)?;
        }
        if let Some((Place::Part(_) | Place::BeforeLastChunk | Place::InTrailer, _)) = reply.broken
        {
            return Err(Refusal::bad(
                "How long an act's answer is nobody knows before its end; there are: before-head, in-status-line, \
                 in-head, after-head, byte:<n>, body:<n>, after-body",
            ));
        }
        modifiers::bounded(reply).map(|reply| Self {
            before: reply.before_head,
            size: match reply.split {
                Split::Every(size) => Some(size),
                Split::Whole | Split::At(_) => None,
            },
            pauses: reply.pauses,
            broken: reply.broken,
            marked: reply.marked,
        })
    }

    fn is_plain(&self) -> bool {
        self.size.is_none() && self.broken.is_none()
    }

    /// Lets the act write into a pipe, and puts on the wire what comes out of it.
    async fn play(
        &self,
        act: &dyn OnRequest,
        mark: Option<&str>,
        wire: &mut Wire,
        asked: &Asked,
        world: &World,
    ) -> io::Result<After> {
        match (self.run(act, mark, wire, asked, world).await, self.broken) {
            (Err(Over::Failed(error)), _) => Err(error),
            (Err(Over::Broken), Some((_, how))) | (Ok(_), Some((Place::AfterBody, how))) => {
                break_off(how, wire).await
            }
            (Ok(after), _) => Ok(after),
            (Err(Over::Broken), None) => Ok(After::Close),
        }
    }

    async fn run(
        &self,
        act: &dyn OnRequest,
        mark: Option<&str>,
        wire: &mut Wire,
        asked: &Asked,
        world: &World,
    ) -> Result<After, Over> {
        let (here, there) = duplex(AHEAD);
        let mut inner = Wire::piped(there, wire.whence());
        let (mut from_client, mut to_client) = split(&mut *wire);
        let (mut from_act, mut to_act) = split(here);
        let acting = async move {
            let turn = Turn {
                wire: &mut inner,
                asked,
                mark,
                world,
            };
            act.answer(turn).await.map_err(Over::Failed)
        };
        let told = async {
            // The act hears when the client has gone.
            let _ = copy(&mut from_client, &mut to_act).await;
            let _ = to_act.shutdown().await;
            pending::<Infallible>().await
        };
        let both = async { tokio::try_join!(acting, self.pump(&mut from_act, &mut to_client)) };
        tokio::select! {
            ended = both => ended.map(|(after, ())| after),
            never = told => match never {},
        }
    }

    /// Puts what the act writes on the wire, in pieces, up to the place where it is broken off.
    async fn pump(
        &self,
        from: &mut ReadHalf<DuplexStream>,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Result<(), Over> {
        let mut pauses = self.pauses.iter().copied();
        let mut pause = Duration::ZERO;
        let (mut sent, mut head) = (0, Vec::new());
        let mut buffer = vec![0; AHEAD];
        loop {
            let cut = self.cut(&head);
            if cut.is_some_and(|cut| sent >= cut) {
                to.flush().await?;
                return Err(Over::Broken);
            }
            let count = from.read(&mut buffer).await?;
            if count == 0 {
                return Ok(to.flush().await?);
            }
            if head.len() < LONGEST_HEAD {
                head.extend_from_slice(&buffer[..count]);
            }
            let end = self
                .cut(&head)
                .map_or(count, |cut| count.min(cut.saturating_sub(sent)));
            for piece in buffer[..end].chunks(self.size.unwrap_or(AHEAD)) {
                to.write_all(piece).await?;
                to.flush().await?;
                pause = pauses.next().unwrap_or(pause);
                if !pause.is_zero() {
                    sleep(pause).await;
                }
            }
            sent += end;
        }
    }

    /// Behind how many bytes it is broken off, as far as that can be told from the beginning.
    fn cut(&self, head: &[u8]) -> Option<usize> {
        let find = |mark: &[u8]| {
            let at = head.windows(mark.len()).position(|window| window == mark);
            at.map(|at| at + mark.len())
        };
        match self.broken?.0 {
            Place::BeforeHead => Some(0),
            // "HTTP/1.1 20"
            Place::InStatusLine => Some(11),
            Place::Byte(at) => Some(at),
            // Some of the first field's name.
            Place::InHead => find(b"\n").map(|at| at + 3),
            Place::AfterHead => find(b"\r\n\r\n"),
            Place::Body(at) => find(b"\r\n\r\n").map(|head| head + at),
            Place::Part(_) | Place::BeforeLastChunk | Place::InTrailer | Place::AfterBody => None,
        }
    }
}

/// Why a shaped act does not go on.
enum Over {
    /// It is broken off as asked.
    Broken,
    /// The client has gone.
    Failed(io::Error),
}

impl From<io::Error> for Over {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}
