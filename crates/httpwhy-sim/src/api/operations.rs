//! All operations: one row each.

use http::Method;

use super::built::{JSON, TEXT};
use super::guide::HTML;
use super::multistatus::XML;
use super::operation::{Answer, Does, Operation, Taken, bare, json, no, text};
use super::{batch, content, feedback, folders, guide, jobs, keys, locks, pages, pots, records};

/// The most bytes of JSON.
const MOST_JSON: u64 = 16_384;
/// The most bytes of a download.
pub(super) const MOST_CONTENT: u64 = 65_536;

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const DELETE: Method = Method::DELETE;

const NOT_MODIFIED: Answer = bare(304, "The client has that state: If-None-Match.").with(&["ETag"]);
const DONE: Answer = bare(204, "Done.");
const CHANGED: Answer = bare(204, "Done; the state has this tag now.").with(&["ETag"]);
const MISSING: Answer = no(404, "It is not there.");
const GONE: Answer = no(410, "It was deleted, for good.");
const FAILED: Answer = no(412, "If-Match or If-None-Match does not hold.");
const NEEDED: Answer = no(428, "The key demands If-Match.");
const LOCKED: Answer = no(423, "It is locked, and If does not name the token.");
const SENSELESS: Answer = no(422, "JSON, but not of the schema.");
const FORBIDDEN: Answer = no(451, "The law of the key's region forbids it.").with(&["Link"]);
const FULL: Answer = no(507, "The key's quota is used up.");

/// An operation without content and without conditions.
const fn operation(
    method: Method,
    path: &'static str,
    id: &'static str,
    about: &'static str,
    does: Does,
    gives: &'static [&'static str],
    answers: &'static [Answer],
) -> Operation {
    Operation {
        method,
        path,
        id,
        about,
        does,
        takes: None,
        gives,
        answers,
        fields: &[],
        query: &[],
    }
}

impl Operation {
    const fn taking(self, schema: &'static str, example: &'static str) -> Self {
        self.taking_any(JSON, schema, example, MOST_JSON)
    }

    const fn taking_any(
        self,
        media: &'static str,
        schema: &'static str,
        example: &'static str,
        most: u64,
    ) -> Self {
        let taken = Taken {
            media,
            schema,
            example,
            most,
        };
        // Set field by field: a value with a `Method` in it cannot be taken apart in a constant.
        let mut this = self;
        this.takes = Some(taken);
        this
    }

    const fn heeding(
        self,
        fields: &'static [&'static str],
        query: &'static [&'static str],
    ) -> Self {
        let mut this = self;
        this.fields = fields;
        this.query = query;
        this
    }
}

/// All of them; of the paths that fit a request the first counts.
#[rustfmt::skip]
pub(super) static OPERATIONS: &[Operation] = &[
    operation(GET, "/", "index", "Where everything is", Does::Open(pages::index), &[JSON],
        &[json(200, "The resources.", "Index")]),
    operation(GET, "/codes", "codes", "Every status code: the request that yields it, or why none does", Does::Open(pages::codes), &[JSON],
        &[json(200, "All codes.", "Codes")]),
    operation(GET, "/openapi.json", "openapi_json", "This document", Does::Open(pages::openapi_json), &[JSON],
        &[json(200, "OpenAPI 3.1.", "Document")]),
    operation(GET, "/openapi.yaml", "openapi_yaml", "This document as YAML", Does::Open(pages::openapi_yaml), &["application/yaml"],
        &[text(200, "OpenAPI 3.1.", &["application/yaml"])]),

    operation(GET, "/keys", "list_keys", "All keys", Does::Open(keys::list), &[JSON],
        &[json(200, "The keys.", "Keys")]),
    operation(POST, "/keys", "issue_key", "Issue a key with settings of its own", Does::Open(keys::issue), &[JSON],
        &[json(201, "It is issued.", "Key").with(&["Location"]), no(409, "There is a key of that name."), SENSELESS])
        .taking("NewKey", r#"{"requests": 10, "per_seconds": 60}"#),
    operation(GET, "/keys/{key}", "read_key", "One key", Does::Open(keys::read), &[JSON],
        &[json(200, "The key.", "Key"), MISSING]),
    operation(DELETE, "/keys/{key}", "revoke_key", "Take a key back, with all that belongs to it", Does::Open(keys::revoke), &[],
        &[DONE, no(403, "The key is always there."), MISSING]),
    operation(POST, "/reset", "reset", "Put everything of the key back to the start", Does::Always(records::reset), &[],
        &[DONE]),

    operation(GET, "/records", "list_records", "List records by id", Does::Keyed(records::list), &[JSON],
        &[json(200, "A page of records.", "Records").with(&["ETag"]), NOT_MODIFIED])
        .heeding(&["If-None-Match"], &["limit", "after"]),
    operation(POST, "/records", "create_record", "Create a record", Does::Keyed(records::create), &[JSON],
        &[json(201, "It is created.", "Record").with(&["Location", "ETag"]), no(409, "The id is, or was, used."), SENSELESS, FULL])
        .taking("NewRecord", r#"{"title": "A chair", "quantity": 4, "price": 4900}"#),
    operation(GET, "/records/latest", "read_latest", "Where the newest record is for now", Does::Keyed(records::latest), &[],
        &[bare(302, "There.").with(&["Location"]), no(404, "There is no record yet.")]),
    operation(PUT, "/records/latest", "replace_latest", "The same for changes: the method is kept", Does::Keyed(records::latest), &[],
        &[bare(307, "There.").with(&["Location"]), no(404, "There is no record yet.")]),
    operation(GET, "/records/{id}", "read_record", "Read a record", Does::Keyed(records::read), &[JSON],
        &[json(200, "The record.", "Record").with(&["ETag"]), NOT_MODIFIED, MISSING, GONE, FORBIDDEN])
        .heeding(&["If-None-Match"], &[]),
    operation(PUT, "/records/{id}", "replace_record", "Replace a record that is there", Does::Keyed(records::replace), &[],
        &[CHANGED, no(404, "It is not there: PUT creates nothing."), no(409, "row_version is not the current one."), GONE, FAILED, SENSELESS, LOCKED, NEEDED, FORBIDDEN, FULL])
        .taking("Replacement", r#"{"row_version": 1, "title": "A table"}"#)
        .heeding(&["If-Match", "If-None-Match", "If"], &[]),
    operation(DELETE, "/records/{id}", "delete_record", "Delete a record", Does::Keyed(records::delete), &[],
        &[DONE, MISSING, GONE, FAILED, LOCKED, NEEDED, FORBIDDEN])
        .heeding(&["If-Match", "If-None-Match", "If"], &[]),
    operation(GET, "/records/{id}/total", "read_total", "Quantity times price, in too small a number", Does::Keyed(records::total), &[JSON],
        &[json(200, "The total.", "Total"), MISSING, GONE, FORBIDDEN]),
    operation(GET, "/records/{id}/content", "download", "Download a record's content", Does::Keyed(content::download), &[TEXT],
        &[text(200, "All of it.", &[TEXT]).with(&["ETag", "Accept-Ranges"]),
          text(206, "The range that was asked for.", &[TEXT]).with(&["ETag", "Content-Range"]),
          text(226, "A script for ed that makes it of what the client has.", &[TEXT]).with(&["ETag", "IM", "Delta-Base"]),
          NOT_MODIFIED, MISSING, GONE, no(416, "No byte is in the range.").with(&["Content-Range"]), FORBIDDEN])
        .heeding(&["If-None-Match", "Range", "If-Range", "A-IM"], &[]),
    operation(PUT, "/records/{id}/content", "upload", "Replace a record's content", Does::Keyed(content::upload), &[],
        &[CHANGED, MISSING, GONE, FAILED, LOCKED, NEEDED, FORBIDDEN, FULL])
        .taking_any(TEXT, "Text", "A line.\n", MOST_CONTENT)
        .heeding(&["If-Match", "If-None-Match", "If"], &[]),
    operation(POST, "/records/{id}/lock", "lock_record", "Lock a record", Does::Keyed(locks::lock), &[JSON],
        &[json(200, "It is locked.", "Lock").with(&["Lock-Token"]), MISSING, GONE, no(423, "It is locked already."), FORBIDDEN]),
    operation(DELETE, "/records/{id}/lock", "unlock_record", "Unlock a record", Does::Keyed(locks::lock), &[],
        &[DONE, MISSING, no(409, "Lock-Token does not name the lock."), GONE, FORBIDDEN])
        .heeding(&["Lock-Token"], &[]),
    operation(GET, "/items", "list_items", "The records' name of old", Does::Keyed(records::moved), &[],
        &[bare(301, "There, for good.").with(&["Location"])]),
    operation(POST, "/items", "create_item", "The same for changes: the method is kept", Does::Keyed(records::moved), &[],
        &[bare(308, "There, for good.").with(&["Location"])]),
    operation(POST, "/batch", "batch", "Many steps, each with a result of its own", Does::Keyed(batch::batch), &[XML],
        &[bare(102, "With Prefer: processing, before the rest, when takes_ms says that it takes a while."),
          text(207, "The results: 200, 204, 404, 410, 412, 423, 424, 428, 451.", &[XML]), SENSELESS])
        .heeding(&["Prefer", "If-Match", "If-None-Match", "If"], &[])
        .taking("Batch", r#"{"steps": [{"do": "read", "record": "r1"}, {"do": "delete", "record": "r1", "needs": 0}]}"#),

    operation(POST, "/jobs", "start_job", "Begin a job", Does::Keyed(jobs::start), &[JSON],
        &[json(202, "It is taken on; Location is its monitor.", "Job").with(&["Location"]), SENSELESS, no(424, "A job that it needs has failed.")])
        .taking("NewJob", r#"{"task": "count", "looks": 1}"#),
    operation(GET, "/jobs/{job}", "look_at_job", "A job's monitor", Does::Keyed(jobs::look), &[JSON],
        &[json(200, "It runs, or has failed.", "Job"), bare(303, "It is done; the result is there.").with(&["Location"]), MISSING]),
    operation(DELETE, "/jobs/{job}", "forget_job", "Forget a job", Does::Keyed(jobs::forget), &[],
        &[DONE, MISSING]),
    operation(GET, "/jobs/{job}/result", "read_result", "What a job found", Does::Keyed(jobs::result), &[JSON],
        &[json(200, "The result.", "Result"), no(404, "There is no result, or not yet.")]),

    operation(POST, "/folders", "create_folder", "Make a folder, or bind one into another", Does::Keyed(folders::create), &[JSON],
        &[json(201, "It is there.", "Folder").with(&["Location"]), no(409, "There is no such parent, or a member of that name."), SENSELESS, FULL])
        .taking("NewFolder", r#"{"in": "root", "name": "a"}"#),
    operation(GET, "/folders/{folder}", "read_folder", "A folder's members", Does::Keyed(folders::read), &[JSON],
        &[json(200, "The members.", "Folder").with(&["ETag"]), NOT_MODIFIED, MISSING])
        .heeding(&["If-None-Match"], &[]),
    operation(GET, "/folders/{folder}/tree", "walk_folder", "All that is below a folder", Does::Keyed(folders::tree), &[XML],
        &[text(207, "All of it; 208 for what was told above, with DAV: bind.", &[XML]), MISSING, no(507, "There is more than one answer tells."), no(508, "It leads back to itself, and the client does not say DAV: bind.")])
        .heeding(&["DAV"], &[]),

    operation(GET, "/guide", "negotiate_guide", "The guide, in the form that the client likes best", Does::Open(guide::negotiate), &[],
        &[text(200, "That form.", &[TEXT, HTML, JSON]).with(&["Vary", "Content-Location"]), json(300, "The forms that there are.", "Choices").with(&["Link", "Alternates"]), no(406, "The client takes none of the forms.")]),
    operation(GET, "/guides", "negotiate_guides", "The same, configured wrongly: one form negotiates itself", Does::Open(guide::negotiate), &[],
        &[text(200, "That form.", &[TEXT]).with(&["Vary", "Content-Location"]), json(300, "The forms that there are.", "Choices").with(&["Link", "Alternates"]), no(406, "The client takes none of the forms."), no(506, "The form that was chosen negotiates itself.")]),
    operation(GET, "/guide.txt", "read_guide_text", "The guide as text", Does::Open(guide::one), &[TEXT],
        &[text(200, "The guide.", &[TEXT])]),
    operation(GET, "/guide.html", "read_guide_page", "The guide as a page", Does::Open(guide::one), &[HTML],
        &[text(200, "The guide.", &[HTML])]),
    operation(GET, "/guide.json", "read_guide_json", "The guide as JSON", Does::Open(guide::one), &[JSON],
        &[json(200, "The guide.", "Guide")]),

    operation(GET, "/gateway/{upstream}", "pass_on", "Ask an upstream through the gateway: live, dead, nonsense, slow", Does::Gateway, &[TEXT],
        &[text(200, "The upstream's answer.", &[TEXT]).with(&["Via"]), no(404, "There is no such upstream."),
          no(502, "It refused, or talked nonsense.").with(&["Via", "Proxy-Status"]), no(504, "It was silent.").with(&["Via", "Proxy-Status"])]),
    operation(GET, "/events", "listen", "A WebSocket that sends everything back", Does::Socket, &[],
        &[bare(101, "A WebSocket from here on."), no(426, "Only over a WebSocket.")]),
    operation(POST, "/feedback", "send_feedback", "Send a form", Does::Keyed(feedback::feedback), &[],
        &[bare(205, "Taken; clear the form."), no(422, "text is missing.")])
        .taking_any("application/x-www-form-urlencoded", "Feedback", "text=Good", 4_096),
    operation(POST, "/pots/{pot}", "brew", "Brew in the pot tea or coffee", Does::Keyed(pots::brew), &[JSON],
        &[json(200, "It brews.", "Brewing"), MISSING, no(418, "It is a teapot."), SENSELESS])
        .taking("Brew", r#"{"brew": "coffee"}"#),
];
