//! The statuses the path can end in: what each says, and a right response.

use super::Content::{Empty, Inside, Interim, Never, Of, Problem, Switched};
use super::{Content, Status};

pub(super) const XML: &str = "application/xml; charset=utf-8";
const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

const fn status(
    code: u16,
    says: &'static str,
    fields: &'static [&'static str],
    content: Content,
) -> Status {
    Status {
        code,
        says,
        fields,
        content,
    }
}

/// The status of that code. Asked for at compile time only: an unknown code does not compile.
pub(super) const fn of(code: u16) -> &'static Status {
    let mut at = 0;
    while at < ALL.len() {
        if ALL[at].code == code {
            return &ALL[at];
        }
        at += 1;
    }
    panic!("no such status")
}

/// The statuses easily mistaken for that one, likeliest first.
pub(super) fn near(code: u16) -> Vec<&'static Status> {
    let mut found: Vec<&Status> = Vec::new();
    for group in GROUPS.iter().filter(|group| group.contains(&code)) {
        for status in ALL.iter().filter(|status| group.contains(&status.code)) {
            if status.code != code && !found.iter().any(|other| other.code == status.code) {
                found.push(status);
            }
        }
    }
    found
}

/// Statuses that are mistaken for each other, the commonest groups first.
static GROUPS: &[&[u16]] = &[
    &[401, 403, 404],
    &[400, 422],
    &[409, 412],
    &[301, 302, 303, 307, 308],
    &[500, 502, 503, 504],
    &[200, 201, 202, 204],
    &[404, 410],
    &[405, 501],
    &[413, 414, 431],
    &[429, 503],
    &[401, 407],
    &[403, 407, 511],
    &[403, 402, 451],
    &[415, 422],
    &[300, 406],
    &[406, 415],
    &[412, 428],
    &[409, 423],
    &[304, 412],
    &[200, 206, 226],
    &[206, 416],
    &[200, 203],
    &[200, 207],
    &[207, 424],
    &[207, 208, 508],
    &[204, 205],
    &[204, 304],
    &[408, 504],
    &[400, 411],
    &[400, 417],
    &[100, 417],
    &[101, 426],
    &[426, 505],
    &[102, 202],
    &[102, 103],
    &[103, 200],
    &[104, 100],
    &[404, 421],
    &[425, 503],
    &[413, 507],
    &[500, 506],
    &[500, 507],
    &[402, 429],
    &[410, 451],
    &[302, 511],
];

/// By code.
pub(super) static ALL: &[Status] = &[
    status(
        100,
        "the head is acceptable and the content should follow",
        &[],
        Interim,
    ),
    status(
        101,
        "the connection speaks the offered protocol from here on",
        &[
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        ],
        Switched,
    ),
    status(
        102,
        "a long WebDAV operation is still under way",
        &[],
        Interim,
    ),
    status(
        103,
        "these links will be in the final answer, which is still being made",
        &["Link: </style.css>; rel=preload; as=style"],
        Interim,
    ),
    status(
        104,
        "the upload can be resumed at Location if it breaks",
        &["Upload-Draft-Interop-Version: 8", "Location: /uploads/b530"],
        Interim,
    ),
    status(
        200,
        "it is done and the content is the whole answer",
        &["ETag: \"v7\"", "Cache-Control: no-cache"],
        Of(JSON, "{\"id\":17,\"state\":\"paid\"}\n"),
    ),
    status(
        201,
        "a resource was created by this request",
        &["Location: /orders/18", "ETag: \"v1\""],
        Of(JSON, "{\"id\":18,\"state\":\"open\"}\n"),
    ),
    status(
        202,
        "it was taken in and is not done yet",
        &[],
        Of(JSON, "{\"state\":\"queued\",\"watch\":\"/jobs/5\"}\n"),
    ),
    status(
        203,
        "a proxy changed the content of the origin's 200",
        &["Via: 1.1 shrink.example"],
        Of(HTML, "<p>A page with smaller pictures.</p>\n"),
    ),
    status(
        204,
        "it is done and there is no content",
        &["ETag: \"v8\""],
        Never,
    ),
    status(
        205,
        "it is done and the form that sent it should be cleared",
        &[],
        Empty,
    ),
    status(
        206,
        "the content is only the range that was asked for",
        &["ETag: \"v7\"", "Content-Range: bytes 0-4/29"],
        Of(TEXT, "The f"),
    ),
    status(
        207,
        "several members have results of their own, to be read in the content",
        &[],
        Of(
            XML,
            "<?xml version=\"1.0\"?>\n<D:multistatus xmlns:D=\"DAV:\"><D:response><D:href>/d/a.txt</D:href>\
             <D:status>HTTP/1.1 423 Locked</D:status></D:response></D:multistatus>\n",
        ),
    ),
    status(
        208,
        "this member of a listing appeared in it before",
        &[],
        Inside(
            "<?xml version=\"1.0\"?>\n<D:multistatus xmlns:D=\"DAV:\"><D:response><D:href>/d/again/</D:href>\
             <D:propstat><D:prop/><D:status>HTTP/1.1 208 Already Reported</D:status></D:propstat>\
             </D:response></D:multistatus>\n",
        ),
    ),
    status(
        226,
        "the content is a change against the client's version, made as A-IM offered",
        &["ETag: \"a2\"", "IM: feed", "Vary: A-IM, If-None-Match"],
        Of(
            "application/atom+xml",
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>urn:example:2</id></entry></feed>\n",
        ),
    ),
    status(
        300,
        "there are several forms with addresses of their own, and the client should pick one",
        &["Location: /guide.en.html"],
        Of(
            HTML,
            "<ul><li><a href=\"/guide.en.html\">English</a><li><a href=\"/guide.de.html\">Deutsch</a></ul>\n",
        ),
    ),
    status(
        301,
        "the address has changed for good, and a POST may be repeated as GET",
        &["Location: https://shop.example/catalogue"],
        Of(TEXT, "Now at https://shop.example/catalogue\n"),
    ),
    status(
        302,
        "it is elsewhere for now, and a POST may be repeated as GET",
        &["Location: https://shop.example/sale"],
        Of(TEXT, "For now at https://shop.example/sale\n"),
    ),
    status(
        303,
        "the result is to be fetched with GET at another address",
        &["Location: /orders/18"],
        Of(TEXT, "See /orders/18\n"),
    ),
    status(
        304,
        "the copy the client holds is current",
        &["ETag: \"v7\"", "Cache-Control: no-cache"],
        Never,
    ),
    status(
        307,
        "it is elsewhere for now, and the same method and content go there",
        &["Location: https://eu.shop.example/orders"],
        Of(TEXT, "For now at https://eu.shop.example/orders\n"),
    ),
    status(
        308,
        "the address has changed for good, and the same method and content go there",
        &["Location: https://shop.example/v2/orders"],
        Of(TEXT, "Now at https://shop.example/v2/orders\n"),
    ),
    status(
        400,
        "the message is malformed and could not be read",
        &[],
        Problem("The JSON ends in the middle of a string at byte 41."),
    ),
    status(
        401,
        "valid credentials are missing, and with them it may succeed",
        &["WWW-Authenticate: Bearer realm=\"shop\", error=\"invalid_token\""],
        Problem("The access token has expired."),
    ),
    status(
        402,
        "payment is what is missing",
        &[],
        Problem("The trial has ended; choose a plan at https://shop.example/plans."),
    ),
    status(
        403,
        "the request was understood and is refused, whatever credentials come with it",
        &[],
        Problem("Only the owner of an order may cancel it."),
    ),
    status(
        404,
        "nothing is at this address, or nothing the client may know of",
        &[],
        Problem("There is no order 4711."),
    ),
    status(
        405,
        "this resource does not take this method but others",
        &["Allow: GET, HEAD"],
        Problem("Invoices can be read and not deleted."),
    ),
    status(
        406,
        "no representation is in a format the client accepts",
        &[],
        Problem("Available are application/json and text/csv."),
    ),
    status(
        407,
        "the proxy, not the site, wants credentials",
        &["Proxy-Authenticate: Basic realm=\"office proxy\", charset=\"UTF-8\""],
        Problem("Sign in to the proxy."),
    ),
    status(
        408,
        "the client took too long to send its request",
        &["Connection: close"],
        Problem("The rest of the request did not arrive within 30 seconds."),
    ),
    status(
        409,
        "the request contradicts the present state of the resource",
        &[],
        Problem("The order was shipped already and cannot be changed any more."),
    ),
    status(
        410,
        "it was here and was removed on purpose, for good",
        &[],
        Problem("This advertisement was removed by its author."),
    ),
    status(
        411,
        "content is taken only with a Content-Length",
        &[],
        Problem("Send Content-Length; chunked content is not taken here."),
    ),
    status(
        412,
        "the condition the client sent along is false",
        &["ETag: \"v8\""],
        Problem("The order changed since you read it; read it again."),
    ),
    status(
        413,
        "the content is larger than is taken",
        &["Connection: close"],
        Problem("Pictures may have at most 10 MB."),
    ),
    status(
        414,
        "the address is longer than is taken",
        &["Connection: close"],
        Problem("Addresses may have at most 8000 bytes; send the query as content."),
    ),
    status(
        415,
        "the format or coding of the content is not taken here",
        &["Accept: application/json"],
        Problem("Send application/json."),
    ),
    status(
        416,
        "no requested range lies within the content",
        &["Content-Range: bytes */29"],
        Problem("The content has 29 bytes."),
    ),
    status(
        417,
        "an expectation in Expect cannot be met",
        &[],
        Problem("Only Expect: 100-continue is known here."),
    ),
    status(
        421,
        "this connection is not for that host; a new one may be",
        &[],
        Problem("This connection does not serve api.shop.example."),
    ),
    status(
        422,
        "the content can be read and its values are wrong",
        &[],
        Problem("quantity is -3 and must be at least 1."),
    ),
    status(
        423,
        "the resource is locked",
        &[],
        Problem("The document is locked by another user until 21:00 GMT."),
    ),
    status(
        424,
        "it was given up because something it depends on failed",
        &[],
        Problem("Step 1 of the batch failed, so step 2 was not tried."),
    ),
    status(
        425,
        "it came in early data and must be repeated after the handshake",
        &[],
        Problem("Repeat the request once the TLS handshake is complete."),
    ),
    status(
        426,
        "it must be asked over the protocol named in Upgrade",
        &["Connection: Upgrade", "Upgrade: websocket"],
        Problem("This address speaks WebSocket only."),
    ),
    status(
        428,
        "a change must be conditional here",
        &[],
        Problem("Send If-Match with the ETag that you read."),
    ),
    status(
        429,
        "this client asked too often",
        &["Retry-After: 30"],
        Problem("100 requests a minute are allowed."),
    ),
    status(
        431,
        "the fields, or one of them, are larger than is taken",
        &["Connection: close"],
        Problem("The Cookie field has 17 kB; 8 kB are allowed."),
    ),
    status(
        451,
        "a legal demand withholds it",
        &["Link: <https://authority.example/>; rel=\"blocked-by\""],
        Problem("Withheld in this country by order of a court."),
    ),
    status(
        500,
        "this server failed unexpectedly while working on a sound request",
        &[],
        Problem("An unexpected error; report it with the number 7f3a."),
    ),
    status(
        501,
        "no resource of this server knows the method",
        &[],
        Problem("The method PURGE is not known here."),
    ),
    status(
        502,
        "the server behind the gateway gave no valid answer",
        &[],
        Problem("The application server did not give a valid answer."),
    ),
    status(
        503,
        "the server cannot serve anybody, or not this, for a while",
        &["Retry-After: 120"],
        Problem("In maintenance until 21:00 GMT."),
    ),
    status(
        504,
        "the server behind the gateway did not answer in time",
        &[],
        Problem("The application server did not answer within 60 seconds."),
    ),
    status(
        505,
        "this major version of HTTP is not spoken here",
        &["Connection: close"],
        Problem("Use HTTP/1.1 or HTTP/2."),
    ),
    status(
        506,
        "the choice of a variant runs in a circle: the server is misconfigured",
        &[],
        Problem("The variant that was chosen is itself negotiated."),
    ),
    status(
        507,
        "there is no room to store what the request needs",
        &[],
        Problem("The quota of this collection is used up."),
    ),
    status(
        508,
        "a collection contains itself and the operation was given up",
        &[],
        Problem("The collection /d/ is bound beneath itself."),
    ),
    status(
        511,
        "the network wants a sign-in before it lets the client out",
        &["Cache-Control: no-store"],
        Of(
            HTML,
            "<!doctype html><title>Sign in</title><p>Sign in to this network at \
             <a href=\"http://login.example/\">login.example</a>.</p>\n",
        ),
    ),
];
