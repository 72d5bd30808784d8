//! A catalogue entry as data.

use httpwhy_model::{Advice, Audience, End, OutcomeId, Party, Phase, Sent};

use crate::TEXT;

/// One outcome. The file `outcomes/<id>.md` is its source.
#[derive(Debug)]
pub struct Entry {
    /// The id, which is the path: `http/404`.
    pub id: OutcomeId,
    /// The registered or customary name.
    pub title: &'static str,
    /// Older names.
    pub former: &'static [&'static str],
    /// The phase in which it happens.
    pub phase: Phase,
    /// The usual party; evidence may overrule.
    pub usual: Usual,
    /// The clues; any one is enough. Empty for a page that leads to other entries.
    pub recognise: &'static [Clue],
    /// Names other programs print for it.
    pub aliases: &'static [&'static str],
    /// The usual retry advice.
    pub retry: Advice,
    /// Response fields the status demands; `(should)` or `(may)` behind a name where weaker than a must.
    pub expected: &'static [&'static str],
    /// What must not be there.
    pub forbidden: &'static [&'static str],
    /// How the simulator makes it.
    pub reproduce: Reproduce,
    /// Where the facts come from.
    pub sources: &'static [&'static str],
    /// What is often said and wrong.
    pub said: &'static [Said],
    /// Which of the five source documents name it.
    pub seeds: &'static [&'static str],
    /// For a page whose name covers several precise outcomes: those, likeliest first.
    pub leads_to: &'static [OutcomeId],
    /// False where no owner's document was found.
    pub confirmed: bool,
    pub(crate) constant: &'static str,
    pub(crate) text: Text,
}

/// Whom an entry usually blames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usual {
    /// That party.
    Party(Party),
    /// Nothing is wrong.
    Nobody,
    /// Evidence decides.
    Depends,
}

impl Usual {
    /// The word in the catalogue.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Party(party) => party.as_str(),
            Self::Nobody => "nobody",
            Self::Depends => "depends",
        }
    }
}

/// What is often said and wrong.
#[derive(Debug)]
pub struct Said {
    /// The claim.
    pub claim: &'static str,
    /// What holds.
    pub truth: &'static str,
    /// Who says so.
    pub source: &'static str,
}

/// One way to recognise an outcome: every key that is set must hold.
#[derive(Debug, Clone, Copy)]
pub struct Clue {
    /// The status code of the final response.
    pub status: Option<u16>,
    /// Its first digit.
    pub class: Option<u8>,
    /// A signal's head (`errno:ECONNRESET`) or dialect (`eof`).
    pub signal: Option<&'static str>,
    /// The phase in which that signal came.
    pub phase: Option<Phase>,
    /// What came back.
    pub end: Option<End>,
    /// How much of the request went out.
    pub sent: Option<Sent>,
    /// How a WebSocket was closed.
    pub close: Option<CloseClue>,
    /// The producer's key.
    pub vendor: Option<&'static str>,
    /// A response field that is there, lower case.
    pub field: Option<&'static str>,
    /// A response field that is not there, lower case.
    pub absent: Option<&'static str>,
    /// A string the content contains.
    pub body: Option<&'static str>,
    /// A request field that was sent, lower case.
    pub request: Option<&'static str>,
    /// Whether the connection had carried an exchange before.
    pub reused: Option<bool>,
}

/// How a WebSocket was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseClue {
    /// With a code from the first to the second, both included.
    Codes(u16, u16),
    /// With a Close frame that holds no code.
    NoCode,
    /// Without a Close frame.
    Absent,
}

/// How the simulator makes an outcome.
#[derive(Debug, Clone, Copy)]
pub enum Reproduce {
    /// By that act with those parameters.
    Act {
        /// The act's name: a file of the simulator's `acts/`.
        act: &'static str,
        /// The parameters, sorted by name.
        params: &'static [(&'static str, Param)],
    },
    /// Not at all, and why.
    Not(&'static str),
}

/// A parameter of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Param {
    /// A whole number.
    Number(i64),
    /// A text.
    Text(&'static str),
    /// Several texts.
    List(&'static [&'static str]),
    /// Yes or no.
    Flag(bool),
}

/// Byte ranges into the text blob.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) whole: (usize, usize),
    pub(crate) lead: (usize, usize),
    pub(crate) sections: [(usize, usize); 6],
    pub(crate) fixes: &'static [(Audience, (usize, usize))],
}

/// A section that every entry has, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What it means.
    Meaning,
    /// Who caused it, and how to tell.
    Cause,
    /// Retry.
    Retry,
    /// Fix it: the line above the audiences, and their texts.
    Fix,
    /// A transcript which, diagnosed, names this very entry.
    Transcript,
    /// References.
    References,
}

impl Entry {
    /// The name of its constant in [`crate::id`]: `HTTP_404`. Unique, and an identifier in every usual language.
    pub fn constant(&self) -> &'static str {
        self.constant
    }

    /// The whole text, Markdown.
    pub fn text(&self) -> &'static str {
        slice(self.text.whole)
    }

    /// The sentence that says it all.
    pub fn lead(&self) -> &'static str {
        slice(self.text.lead)
    }

    /// One section's text without its heading.
    pub fn section(&self, section: Section) -> &'static str {
        slice(self.text.sections[section as usize])
    }

    /// What to do, by audience, in the order visitor, caller, author, operator, tester; only those that apply.
    pub fn fixes(&self) -> impl Iterator<Item = (Audience, &'static str)> {
        self.text
            .fixes
            .iter()
            .map(|&(audience, range)| (audience, slice(range)))
    }

    /// The `http` transcript under "See it happen", without its fence.
    pub fn transcript(&self) -> &'static str {
        let section = self.section(Section::Transcript);
        let start = section
            .find("```http\n")
            .map_or(0, |at| at + "```http\n".len());
        let length = section[start..]
            .find("\n```")
            .map_or(section.len() - start, |at| at + 1);
        &section[start..start + length]
    }
}

fn slice((from, to): (usize, usize)) -> &'static str {
    &TEXT[from..to]
}
