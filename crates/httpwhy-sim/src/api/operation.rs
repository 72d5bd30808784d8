//! What an operation is: a method and a path, what it takes, what it gives, and every status it may answer with.

use http::Method;

use super::ask::Ask;
use super::tenant::{Tenant, Tenants};
use super::trouble::Done;

/// One operation. The router, Allow, and the OpenAPI document are made from it.
pub(super) struct Operation {
    /// The method; HEAD comes with GET.
    pub(super) method: Method,
    /// The path behind the base: `{name}` stands for a segment.
    pub(super) path: &'static str,
    /// The operation's name in OpenAPI.
    pub(super) id: &'static str,
    /// What it does, in a line.
    pub(super) about: &'static str,
    /// What does it.
    pub(super) does: Does,
    /// The content it takes.
    pub(super) takes: Option<Taken>,
    /// The media types of what it gives on success.
    pub(super) gives: &'static [&'static str],
    /// The statuses of its own.
    pub(super) answers: &'static [Answer],
    /// The request fields it heeds.
    pub(super) fields: &'static [&'static str],
    /// The parameters of the query it heeds.
    pub(super) query: &'static [&'static str],
}

/// Who carries an operation out.
pub(super) enum Does {
    /// Anybody may; it sees all keys.
    Open(fn(&Call<'_>, &mut Tenants) -> Done),
    /// Only with a key, whatever its settings.
    Always(fn(&Call<'_>, &mut Tenant) -> Done),
    /// Only with a key; it sees what belongs to that key.
    Keyed(fn(&Call<'_>, &mut Tenant) -> Done),
    /// Only with a key: the gateway asks an upstream.
    Gateway,
    /// Only with a key: the connection becomes a WebSocket.
    Socket,
}

/// Content that an operation takes.
pub(super) struct Taken {
    /// Its media type.
    pub(super) media: &'static str,
    /// Its schema in the OpenAPI document.
    pub(super) schema: &'static str,
    /// An example.
    pub(super) example: &'static str,
    /// The most bytes of it.
    pub(super) most: u64,
}

/// A status that an operation may answer with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    /// The status.
    pub(super) status: u16,
    /// When.
    pub(super) about: &'static str,
    /// With what; errors have problem details in any case.
    pub(super) content: Content,
    /// The fields that are always there.
    pub(super) fields: &'static [&'static str],
}

/// The content of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// None.
    Nothing,
    /// JSON of that schema.
    Json(&'static str),
    /// Text of one of these media types.
    Text(&'static [&'static str]),
    /// Problem details.
    Problem,
}

/// A request on its way through an operation.
pub(super) struct Call<'a> {
    /// The request.
    pub(super) ask: &'a Ask,
    /// The segments of the path that stand for parameters.
    pub(super) params: Vec<(&'static str, String)>,
}

impl Call<'_> {
    /// A parameter of the path; empty when there is none of that name.
    pub(super) fn param(&self, name: &str) -> &str {
        let mut found = self.params.iter();
        found
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value)
    }
}

/// An answer with JSON.
pub(super) const fn json(status: u16, about: &'static str, schema: &'static str) -> Answer {
    Answer {
        status,
        about,
        content: Content::Json(schema),
        fields: &[],
    }
}

/// An answer with text.
pub(super) const fn text(
    status: u16,
    about: &'static str,
    media: &'static [&'static str],
) -> Answer {
    Answer {
        status,
        about,
        content: Content::Text(media),
        fields: &[],
    }
}

/// An answer without content.
pub(super) const fn bare(status: u16, about: &'static str) -> Answer {
    Answer {
        status,
        about,
        content: Content::Nothing,
        fields: &[],
    }
}

/// A refusal, with problem details.
pub(super) const fn no(status: u16, about: &'static str) -> Answer {
    Answer {
        status,
        about,
        content: Content::Problem,
        fields: &[],
    }
}

impl Answer {
    /// With these fields always.
    pub(super) const fn with(self, fields: &'static [&'static str]) -> Self {
        Self { fields, ..self }
    }
}

/// What any operation may answer.
const ANY: &[Answer] = &[
    no(400, "The request is malformed."),
    no(408, "Content was announced and did not come in time."),
    no(413, "The content is longer than is taken."),
    no(414, "Path and query are longer than 4,096 bytes."),
    no(417, "Expect asks for something other than 100-continue."),
    no(421, "The API does not answer for that authority."),
    no(
        431,
        "The fields are longer than 16,384 bytes, or one than 8,192.",
    ),
    no(500, "An error that nobody thought of."),
    no(505, "The major version of HTTP is neither 1, nor 2, nor 3."),
];

/// What any operation with a key may answer.
const KEYED: &[Answer] = &[
    no(401, "There is no key, or nobody issued it.").with(&["WWW-Authenticate"]),
    no(402, "The key's account is not paid."),
    no(403, "The key is disabled."),
    no(429, "The key has used up its requests for now.").with(&["Retry-After"]),
    no(503, "The key's service is under maintenance.").with(&["Retry-After"]),
    no(511, "The key is behind a captive portal.").with(&["Link"]),
];

/// What any operation that takes content may answer.
const TAKING: &[Answer] = &[
    no(411, "HTTP/1.1: the content has no Content-Length."),
    no(415, "The content is of another type, or coded.").with(&["Accept"]),
];

const GIVING: &[Answer] = &[no(406, "There is nothing of the types that Accept names.")];

impl Operation {
    /// Whether it needs a key.
    pub(super) fn is_keyed(&self) -> bool {
        !matches!(self.does, Does::Open(_))
    }

    /// Every status it may answer with, its own first; the first of a status counts.
    pub(super) fn all_answers(&self) -> Vec<Answer> {
        let none: &[Answer] = &[];
        let groups = [
            self.answers,
            if self.is_keyed() { KEYED } else { none },
            if self.takes.is_some() { TAKING } else { none },
            if self.gives.is_empty() { none } else { GIVING },
            ANY,
        ];
        let mut all: Vec<Answer> = Vec::new();
        for answer in groups.into_iter().flatten() {
            if all.iter().all(|known| known.status != answer.status) {
                all.push(*answer);
            }
        }
        all.sort_by_key(|answer| answer.status);
        all
    }

    /// The parameters of that path, when it fits.
    pub(super) fn fits(&self, path: &str) -> Option<Vec<(&'static str, String)>> {
        let mut params = Vec::new();
        let mut given = path.strip_prefix('/')?.split('/');
        for part in self.path.strip_prefix('/')?.split('/') {
            let segment = given.next()?;
            match part
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'))
            {
                Some(name) if !segment.is_empty() => params.push((name, segment.to_owned())),
                None if part == segment => {}
                _ => return None,
            }
        }
        given.next().is_none().then_some(params)
    }
}
