//! The questions, first to last, and where each answer leads.

use super::statuses::of;
use super::{Choice, Next, Question};

/// The beginning.
pub(super) static FIRST: &Question = &ROLE;

/// Every question, in the order in which they can be asked.
pub(super) static ALL: &[&Question] = &[
    &ROLE, &INTERIM, &PROXY, &UPSTREAM, &SERVER, &MESSAGE, &ACCESS, &HIDE, &RESOURCE, &MOVED,
    &OFFER, &DAV, &CONDITION, &CONTENT, &RESULT,
];

const fn ask(key: &'static str, text: &'static str, next: &'static Question) -> Choice {
    let next = Next::Ask(next);
    Choice { key, text, next }
}

const fn send(key: &'static str, text: &'static str, code: u16, because: &'static str) -> Choice {
    let status = of(code);
    let next = Next::Send { status, because };
    Choice { key, text, next }
}

static ROLE: Question = Question {
    key: "role",
    text: "Who speaks?",
    help: "The same failure has different numbers depending on who reports it. A gateway that decides by itself (its own limits, its own \
           login, its own routes), or passes a usable answer on unchanged, speaks as an origin does.",
    choices: &[
        ask(
            "origin",
            "the application or origin server, with the final answer",
            &SERVER,
        ),
        ask(
            "gateway",
            "a gateway, CDN or reverse proxy, about the server behind it",
            &UPSTREAM,
        ),
        ask(
            "proxy",
            "a forward proxy that the client chose to use",
            &PROXY,
        ),
        send(
            "network",
            "a network that lets nobody out before signing in (captive portal)",
            511,
            "The network stands in the way and not the site that was asked; only this code keeps a client from taking the portal's page for the site's.",
        ),
        ask(
            "interim",
            "the server, but the final answer comes later",
            &INTERIM,
        ),
    ],
};

static INTERIM: Question = Question {
    key: "interim",
    text: "What should the client know before the final answer?",
    help: "Interim answers (1xx) are heads without content, and a final answer follows on the same request. Send none to an HTTP/1.0 client.",
    choices: &[
        send(
            "continue",
            "it waits with Expect: 100-continue, and its head is acceptable: send the content",
            100,
            "The client asked by Expect whether its content is wanted, and it is.",
        ),
        send(
            "switch",
            "it offered an Upgrade, and the connection changes to that protocol now",
            101,
            "The client offered the protocol in Upgrade, and from the next byte on this connection speaks it.",
        ),
        send(
            "hints",
            "links it can already load while the page is being made",
            103,
            "The final answer takes a moment, and its Link fields are useful before it.",
        ),
        send(
            "upload",
            "the address at which this upload can be resumed when it breaks",
            104,
            "The upload has a resource of its own from which it can be taken up again, as the draft on resumable uploads has it.",
        ),
        send(
            "working",
            "only that the work goes on (WebDAV, old clients)",
            102,
            "A long WebDAV operation is under way, and the client must not give up; the code was dropped from the WebDAV standard and few clients know it.",
        ),
    ],
};

static PROXY: Question = Question {
    key: "proxy",
    text: "Does the proxy serve this client?",
    help: "A proxy's own login is apart from that of the site: it has its own status and its own pair of fields.",
    choices: &[
        ask("yes", "it does, and it asked the server for it", &UPSTREAM),
        send(
            "login",
            "not without signing in to the proxy",
            407,
            "It is the proxy that wants credentials; 401 would make the client send those of the site.",
        ),
        send(
            "forbidden",
            "no: its rules forbid this client or this destination",
            403,
            "The proxy understood the request and refuses to pass it on, whoever signs in.",
        ),
    ],
};

static UPSTREAM: Question = Question {
    key: "upstream",
    text: "What came from the server behind?",
    help: "Speak of the server behind only when the failure is there. If it gave any answer that can be read, an error included, pass that on.",
    choices: &[
        send(
            "garbage",
            "an answer that cannot be read, or that broke off before its head was complete",
            502,
            "The server behind was reached, and what it sent is no valid HTTP answer.",
        ),
        send(
            "refused",
            "no connection: refused, reset, no such name, TLS failed",
            502,
            "The gateway is well and tried, and the server behind gave it nothing to pass on.",
        ),
        send(
            "timeout",
            "nothing in time",
            504,
            "The gateway is well and waited as long as it may, and the server behind did not answer in that time.",
        ),
        send(
            "none",
            "nothing was asked: no healthy server is left, or its queue is full",
            503,
            "The gateway knows beforehand that nobody behind it can take the request now, and expects that to pass.",
        ),
        send(
            "changed",
            "a good 200, whose content the proxy then transformed",
            203,
            "The content is no longer what the origin sent with its 200, and the client may want to know.",
        ),
    ],
};

static SERVER: Question = Question {
    key: "server",
    text: "Can the server take up this request now?",
    help: "What can be known before the request is understood: the state of the server, the connection, and how much this client asks.",
    choices: &[
        ask("yes", "it can", &MESSAGE),
        send(
            "overloaded",
            "no: overloaded, in maintenance, or something it depends on is down",
            503,
            "Nothing is wrong with the request; the server cannot serve it for a while, and expects to later.",
        ),
        send(
            "rate",
            "no: this client asks too often",
            429,
            "The server could serve it; this client has used up what it may ask for in this time.",
        ),
        send(
            "unknown-method",
            "it does not know the method at all, for any resource",
            501,
            "The method is implemented nowhere on this server, so that no other address here would help.",
        ),
        send(
            "http-version",
            "it does not speak this major version of HTTP",
            505,
            "The request line names a major version of HTTP that the server does not speak.",
        ),
        send(
            "wrong-host",
            "the connection is not meant for this host (certificate, SNI, pool)",
            421,
            "The request came over a connection that is not configured for its scheme and host; over a new one it may succeed.",
        ),
        send(
            "early",
            "it came in TLS early data, and a replay would do harm",
            425,
            "Early data can be replayed by somebody else, and this request must not be done twice.",
        ),
        send(
            "slow",
            "the request did not arrive completely in time",
            408,
            "The server waited for the rest of the request as long as it is prepared to, and closes the connection.",
        ),
    ],
};

static MESSAGE: Question = Question {
    key: "message",
    text: "Is the message itself acceptable, before anyone asks what it means?",
    help: "Form and size only: can it be read, and is it within the limits? What its values mean comes later.",
    choices: &[
        ask("yes", "it is", &ACCESS),
        send(
            "malformed",
            "no: it cannot be parsed (framing, a field, JSON syntax), or lacks Host",
            400,
            "The message cannot be read as what it claims to be, so nothing in it was looked at further.",
        ),
        send(
            "uri",
            "its address is too long",
            414,
            "The target is longer than the server is willing to interpret; nothing was read beyond it.",
        ),
        send(
            "fields",
            "its fields are too large (one of them, or all together)",
            431,
            "A field, often Cookie, or the whole of them is over the limit; smaller fields would do.",
        ),
        send(
            "content",
            "its content is too large",
            413,
            "The content is over the limit; the rest of it need not be read.",
        ),
        send(
            "length",
            "it has content without Content-Length, and the server insists on one",
            411,
            "The server does not take content whose length is not told beforehand; the client may repeat it with Content-Length.",
        ),
        send(
            "expectation",
            "it has an Expect that cannot be met",
            417,
            "The request is conditional on an expectation that this server, or one behind it, does not support.",
        ),
        send(
            "protocol",
            "it must use another protocol (TLS, a newer HTTP, WebSocket)",
            426,
            "The server refuses this protocol and would do it over the one named in Upgrade.",
        ),
    ],
};

static ACCESS: Question = Question {
    key: "access",
    text: "May this client do this?",
    help: "Ask first whether better credentials would help (401), and only then whether the known client may (403). Neither says that the \
           resource exists: that is a question of its own.",
    choices: &[
        ask("yes", "it may, or no login is needed", &RESOURCE),
        send(
            "login",
            "not like this: credentials are missing, expired or wrong",
            401,
            "The client is not known, or no longer, and with valid credentials it may be let in.",
        ),
        ask("forbidden", "no: it is known, and not allowed", &HIDE),
        send(
            "payment",
            "not before it pays, or its quota is used up for good",
            402,
            "Money is what is missing; the code is reserved and only a convention gives it this meaning, so the content must say what to do.",
        ),
        send(
            "legal",
            "no: the law, a court or an authority demands that it be withheld",
            451,
            "A legal demand and not the server's own rules withholds it; the client and the public may know that.",
        ),
    ],
};

static HIDE: Question = Question {
    key: "hide",
    text: "May this client know that the resource exists?",
    help: "A 403 confirms that something is there. Where even that is a secret (private projects, other customers' records), answer as if \
           nothing were, and in the same time and form as for what truly is not there.",
    choices: &[
        send(
            "no",
            "it may not: even that is a secret",
            404,
            "The client may not do this and must not learn that there is anything; RFC 9110 allows 404 for this purpose.",
        ),
        send(
            "yes",
            "it may",
            403,
            "The server knows who asks and what for, and refuses; another login of the same person would change nothing.",
        ),
    ],
};

static RESOURCE: Question = Question {
    key: "resource",
    text: "What is at this address?",
    help: "The target resource, before the method is looked at. A resource can exist and be empty: a search without hits exists.",
    choices: &[
        ask("exists", "the resource that is meant", &OFFER),
        ask(
            "create",
            "nothing yet: the request is to create it right here (PUT)",
            &OFFER,
        ),
        send(
            "missing",
            "nothing, or nothing the server will tell of",
            404,
            "There is nothing at this address now, and nothing is said about later.",
        ),
        send(
            "gone",
            "nothing any more: it was taken away on purpose, for good",
            410,
            "It was there and was taken away for good, so that links to it should be deleted.",
        ),
        ask("moved", "nothing: it has another address", &MOVED),
        send(
            "several",
            "several forms with addresses of their own, and the client should pick",
            300,
            "There are several representations, each with its address, and the server leaves the choice to the client.",
        ),
    ],
};

static MOVED: Question = Question {
    key: "moved",
    text: "For how long, and how should the client ask there?",
    help: "307 and 308 demand the same method and content again. After 301 and 302 clients turn a POST into a GET. A permanent one is \
           remembered by browsers and caches and can hardly be taken back.",
    choices: &[
        send(
            "permanent",
            "for good, the same request again (also for POST, PUT …)",
            308,
            "The address has changed for good, and the request is to be repeated there with its method and content.",
        ),
        send(
            "permanent-page",
            "for good, only ever asked with GET or HEAD",
            301,
            "The page has a new address for good; for GET every client of any age follows this one.",
        ),
        send(
            "temporary",
            "for now, the same request again (also for POST, PUT …)",
            307,
            "It is elsewhere for now, the request is to be repeated there with its method and content, and the old address remains the one to keep.",
        ),
        send(
            "temporary-page",
            "for now, only ever asked with GET or HEAD",
            302,
            "The page is elsewhere for now; for GET every client follows this one and keeps the old address.",
        ),
        send(
            "description",
            "it cannot be sent over HTTP itself; a page elsewhere describes it",
            303,
            "What was asked for has no representation of its own, and another resource describes it.",
        ),
    ],
};

static OFFER: Question = Question {
    key: "offer",
    text: "Does the resource offer this method, in these formats?",
    help: "The method this resource takes, the format of what was sent (Content-Type, Content-Encoding), and the formats the client can read \
           (Accept and its kin). Ignoring Accept and answering in your one format is allowed, too.",
    choices: &[
        ask("yes", "it does", &CONDITION),
        send(
            "no-method",
            "not this method, though the server knows it",
            405,
            "The resource exists and takes other methods, which Allow lists.",
        ),
        send(
            "format-sent",
            "not the format or coding that was sent",
            415,
            "The content is in a media type or content coding that this method on this resource does not take, whatever it says.",
        ),
        send(
            "accept",
            "not in any format the client accepts, and the server insists on one",
            406,
            "The client names what it can read, no representation is of that kind, and the server will not send another.",
        ),
        send(
            "variants",
            "choosing a variant leads to one that chooses again (misconfigured)",
            506,
            "The variant that was chosen negotiates itself, so that the choice never ends: a fault of the server's configuration.",
        ),
        ask(
            "dav",
            "a WebDAV method whose result is not one plain status",
            &DAV,
        ),
    ],
};

static DAV: Question = Question {
    key: "dav",
    text: "What is the WebDAV result?",
    help: "Methods such as PROPFIND, COPY, MOVE, DELETE on a collection, LOCK and PROPPATCH touch several resources or properties.",
    choices: &[
        send(
            "several",
            "one result for each of several members",
            207,
            "Several resources have results of their own, and one status cannot speak for all of them.",
        ),
        send(
            "listed",
            "this member was listed before, under another binding",
            208,
            "The collection is bound at several places and was listed already; within the 207 this mark spares the repetition.",
        ),
        send(
            "locked",
            "the source or destination is locked by somebody else",
            423,
            "A lock is held, and the request did not bring its token.",
        ),
        send(
            "dependency",
            "it was given up because another part of it failed",
            424,
            "The part itself is sound; it depended on another part, and that one failed.",
        ),
        send(
            "full",
            "there is no room to store what it needs",
            507,
            "The server cannot store what the request needs, and until room is made a repeat does not help.",
        ),
        send(
            "loop",
            "a Depth: infinity operation ran into a loop of bindings",
            508,
            "The collection contains itself, so that the operation would never end; the whole of it has failed.",
        ),
    ],
};

static CONDITION: Question = Question {
    key: "condition",
    text: "Does the request carry a condition or a range?",
    help: "If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since, Range. They count only when the request would succeed without them \
           (RFC 9110 section 13.2), which is why they are asked about this late.",
    choices: &[
        ask("none", "none, and none is needed", &CONTENT),
        ask(
            "holds",
            "yes, and it holds (or the range is within the content)",
            &CONTENT,
        ),
        send(
            "unchanged",
            "GET or HEAD, and the client's copy is still current",
            304,
            "The client already holds the current representation, and its condition asked to be told just that.",
        ),
        send(
            "fails",
            "it does not hold: somebody changed it, or it exists already",
            412,
            "The client made the request conditional, the condition is false, and so nothing was done.",
        ),
        send(
            "required",
            "none, but changes here must carry If-Match",
            428,
            "An unconditional change could overwrite somebody else's unseen, and this server does not take that risk.",
        ),
        send(
            "outside",
            "no requested range overlaps the content",
            416,
            "The content is shorter than every range that was asked for; Content-Range tells its length.",
        ),
    ],
};

static CONTENT: Question = Question {
    key: "content",
    text: "Can what the request asks for be done as it is?",
    help: "Now the values count: they were readable and in a known format. For GET the answer is nearly always yes.",
    choices: &[
        ask("yes", "it can", &RESULT),
        send(
            "invalid",
            "no: readable, but its values are wrong (missing, out of range, contradictory)",
            422,
            "The format is known and the syntax right, and still the instructions in it make no sense here; other values would do.",
        ),
        send(
            "conflict",
            "no: it contradicts the present state (duplicate, wrong order, no parent)",
            409,
            "The request would be fine in another state of the resource, and the client can resolve that and ask again.",
        ),
        send(
            "full",
            "no: there is no room left to store it",
            507,
            "The server cannot store what the request needs, and until room is made a repeat does not help.",
        ),
    ],
};

static RESULT: Question = Question {
    key: "result",
    text: "What came of it?",
    help: "The work is done, handed on, or failed here. An error your code did not expect is a failure even when the request provoked it.",
    choices: &[
        send(
            "whole",
            "done, and the answer has content (also an empty list)",
            200,
            "It worked, and the content is the answer.",
        ),
        send(
            "created",
            "done, and a new resource was created",
            201,
            "Something new exists, at Location or else at the target itself.",
        ),
        send(
            "later",
            "accepted, but not done yet",
            202,
            "The work is queued and may still fail; nothing is promised but that it was taken in.",
        ),
        send(
            "empty",
            "done, and there is nothing to say",
            204,
            "It worked, there is no content, and the page the user sees may stay as it is.",
        ),
        send(
            "reset",
            "done, and the form should be cleared for the next entry",
            205,
            "It worked, and the view that sent the request should be reset to how it was before.",
        ),
        send(
            "elsewhere",
            "done, and the result is to be read at another address with GET",
            303,
            "The work is done, and its result has an address of its own, to be fetched with GET: reloading it repeats nothing.",
        ),
        send(
            "part",
            "done: a range of the content, as GET with Range asked",
            206,
            "The client asked for a part by Range, and that part and no other is the content.",
        ),
        send(
            "delta",
            "done: only the changes since the client's version (A-IM)",
            226,
            "The client offered an instance manipulation in A-IM, and the content is the result of applying it.",
        ),
        send(
            "failed",
            "not done: an unexpected error in the server",
            500,
            "The request was acceptable, and the server failed in a way it has no better word for.",
        ),
    ],
};
