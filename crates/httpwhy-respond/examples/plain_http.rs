//! Answers for a small collection of documents, on nothing but the `http` crate, printed as they would be sent.
//!
//! `cargo run -p httpwhy-respond --example plain_http`

#![allow(clippy::print_stdout)]

use bytes::Bytes;
use http::{Method, Request, Response};
use httpwhy_respond::{
    Created, ETag, Failure, Invalid, Location, MediaType, MethodNotAllowed, NotModified,
    Precondition, PreconditionRequired, UnsupportedMediaType,
};

fn answer(request: &Request<&str>) -> Result<Response<Bytes>, Invalid> {
    let json = MediaType::new("application/json")?;
    let is_json = request
        .headers()
        .get("content-type")
        .is_some_and(|value| value == "application/json");
    Ok(match (request.method(), request.uri().path()) {
        (&Method::POST, "/documents") if !is_json => UnsupportedMediaType::accept(json, []).into(),
        (&Method::POST, "/documents") => Created::at(Location::segments(["documents", "1"])?)
            .etag(ETag::strong("1")?)
            .content(&json, request.body().to_string())
            .into(),
        (_, "/documents") => MethodNotAllowed::allow([Method::POST]).into(),
        (&Method::GET, "/documents/1") => document(request, &json)?,
        (&Method::PUT, "/documents/1") => PreconditionRequired::new(Precondition::IfMatch).into(),
        (_, "/documents/1") => MethodNotAllowed::allow([Method::GET, Method::PUT]).into(),
        _ => Failure::not_found().into(),
    })
}

fn document(request: &Request<&str>, json: &MediaType) -> Result<Response<Bytes>, Invalid> {
    let ok = Response::builder()
        .header("content-type", json.as_str())
        .header("etag", ETag::strong("1")?.to_string())
        .header("vary", "accept")
        .body(Bytes::from_static(b"{\"title\":\"a\"}"))
        .expect("all three values were checked");
    match request.headers().get("if-none-match") {
        Some(known) if Some(known) == ok.headers().get("etag") => {
            Ok(NotModified::of(ok.headers())?.into())
        }
        _ => Ok(ok),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let asked = [
        ("POST", "/documents", "content-type", "application/json"),
        ("POST", "/documents", "content-type", "text/plain"),
        ("DELETE", "/documents", "accept", "*/*"),
        ("GET", "/documents/1", "accept", "*/*"),
        ("GET", "/documents/1", "if-none-match", "\"1\""),
        ("PUT", "/documents/1", "content-type", "application/json"),
        ("GET", "/nothing", "accept", "*/*"),
    ];
    for (method, path, name, value) in asked {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(name, value)
            .body("{}")?;
        let response = answer(&request)?;
        println!("{method} {path} ({name}: {value})");
        println!("  {}", response.status());
        for (name, value) in response.headers() {
            println!("  {name}: {}", value.to_str()?);
        }
        println!("  {}\n", String::from_utf8_lossy(response.body()));
    }
    Ok(())
}
