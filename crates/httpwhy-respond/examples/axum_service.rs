//! A small collection of notes behind axum: each status for its reason.
//!
//! `cargo run -p httpwhy-respond --example axum_service`, then
//! `curl -i http://127.0.0.1:PORT/notes` (401), `curl -i -u me:secret …/notes -d 'buy milk'` (415), and so on.

#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use httpwhy_respond::{
    Basic, ContentTooLarge, Created, ETag, Failure, Location, MediaType, MethodNotAllowed,
    NoContent, NotModified, Precondition, PreconditionFailed, PreconditionRequired, Problem,
    Redirect, Unauthorized, UnsupportedMediaType,
};

/// The notes, by number.
type Notes = Arc<Mutex<BTreeMap<u32, Note>>>;

/// `me:secret`.
const CREDENTIALS: &str = "Basic bWU6c2VjcmV0";
const MAX_NOTE: usize = 1_000;

#[derive(Clone)]
struct Note {
    version: u32,
    text: String,
}

async fn with_key(request: Request, next: Next) -> Result<Response, Response> {
    let known = request
        .headers()
        .get(header::AUTHORIZATION)
        .is_some_and(|value| value == CREDENTIALS);
    if known {
        return Ok(next.run(request).await);
    }
    let challenge = Basic::new("notes").map_err(|error| Failure::from(error).into_response())?;
    Err(Unauthorized::new(challenge.utf8()).into_response())
}

async fn create(
    State(notes): State<Notes>,
    fields: HeaderMap,
    text: Bytes,
) -> Result<Response, Failure> {
    let plain = MediaType::new("text/plain")?;
    if fields
        .get(header::CONTENT_TYPE)
        .is_none_or(|value| value != plain.as_str())
    {
        return Ok(UnsupportedMediaType::accept(plain, []).into_response());
    }
    if text.len() > MAX_NOTE {
        let problem = Problem::of_type(
            "https://notes.example/probs/too-long",
            "The note is too long",
        )?
        .detail(format!("It has {} bytes.", text.len()))
        .with("limit", MAX_NOTE)?;
        return Ok(ContentTooLarge::new().problem(problem).into_response());
    }
    let text = String::from_utf8(text.into())
        .map_err(|_| Failure::unprocessable_content().detail("A note is UTF-8."))?;
    let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    let id = notes.keys().next_back().map_or(1, |last| last + 1);
    let note = Note { version: 1, text };
    let created = Created::at(Location::segments(["notes".to_owned(), id.to_string()])?)
        .etag(tag(&note)?)
        .content(&plain, note.text.clone());
    notes.insert(id, note);
    Ok(created.into_response())
}

async fn read(
    State(notes): State<Notes>,
    Path(id): Path<u32>,
    fields: HeaderMap,
) -> Result<Response, Failure> {
    let notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    let note = notes.get(&id).ok_or_else(Failure::not_found)?;
    let ok = [
        (header::CONTENT_TYPE, "text/plain".to_owned()),
        (header::ETAG, tag(note)?.to_string()),
    ];
    let ok = (ok, note.text.clone()).into_response();
    if fields
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known == ok.headers()[header::ETAG])
    {
        return Ok(NotModified::of(ok.headers())?.into_response());
    }
    Ok(ok)
}

async fn change(
    State(notes): State<Notes>,
    Path(id): Path<u32>,
    fields: HeaderMap,
    text: String,
) -> Result<Response, Failure> {
    let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    let note = notes.get_mut(&id).ok_or_else(Failure::not_found)?;
    let Some(expected) = fields.get(header::IF_MATCH) else {
        return Ok(PreconditionRequired::new(Precondition::IfMatch).into_response());
    };
    if expected != tag(note)?.to_string().as_str() {
        return Ok(PreconditionFailed::new(Precondition::IfMatch).into_response());
    }
    *note = Note {
        version: note.version + 1,
        text,
    };
    Ok(NoContent::new().etag(tag(note)?).into_response())
}

fn tag(note: &Note) -> Result<ETag, Failure> {
    Ok(ETag::strong(&format!("v{}", note.version))?)
}

async fn moved(method: Method) -> Result<Redirect, Failure> {
    Ok(Redirect::for_good(&method, Location::local("/notes")?))
}

fn service() -> Router {
    Router::new()
        .route(
            "/notes",
            post(create).fallback(async || MethodNotAllowed::allow([Method::POST])),
        )
        .route(
            "/notes/{id}",
            get(read).put(change).fallback(async || {
                MethodNotAllowed::allow([Method::GET, Method::HEAD, Method::PUT])
            }),
        )
        .layer(middleware::from_fn(with_key))
        .route("/memos", any(moved))
        .fallback(async || Failure::not_found())
        .with_state(Notes::default())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/notes, as me:secret", listener.local_addr()?);
    axum::serve(listener, service()).await
}
