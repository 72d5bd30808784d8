//! What is there in several forms: the client is told which (300), or the one it likes best is sent (RFC 9110 section
//! 12.1, RFC 2295).

use http::header::{CONTENT_LOCATION, LINK, VARY};
use http::{HeaderName, Response, StatusCode};
use httpwhy_respond::{Failure, NotAcceptable};
use serde_json::json;

use super::BASE;
use super::ask::Ask;
use super::built::{self, JSON, TEXT};
use super::operation::Call;
use super::tenant::Tenants;
use super::trouble::{Done, Trouble};

/// The media type of pages.
pub(super) const HTML: &str = "text/html";
/// The variants, as RFC 2295 lists them.
const ALTERNATES: HeaderName = HeaderName::from_static("alternates");

/// A form of something, and where it is.
#[derive(Debug, Clone, Copy)]
struct Variant {
    media: &'static str,
    path: &'static str,
}

const fn variant(media: &'static str, path: &'static str) -> Variant {
    Variant { media, path }
}

/// What negotiates, by path. `/guides` is configured wrongly: its page is `/guide`, which negotiates itself.
const NEGOTIATED: &[(&str, &[Variant])] = &[
    (
        "/guide",
        &[
            variant(TEXT, "/guide.txt"),
            variant(HTML, "/guide.html"),
            variant(JSON, "/guide.json"),
        ],
    ),
    (
        "/guides",
        &[variant(TEXT, "/guide.txt"), variant(HTML, "/guide")],
    ),
];

/// What the guide says.
const WORDS: &str = "Every status of this API happens for its true reason; /api/v1/codes tells which request yields it.";

/// `GET /guide`, `GET /guides`: 300 to a client with no preference, else 200 with the form it likes best; 406 when it
/// likes none, 506 when that form negotiates itself.
pub(super) fn negotiate(call: &Call<'_>, _: &mut Tenants) -> Done {
    let variants = variants(&call.ask.path).ok_or_else(Failure::not_found)?;
    match best(call.ask, variants)? {
        None => choices(variants),
        Some(chosen) if self::variants(chosen.path).is_some() => Err(misconfigured(chosen)),
        Some(chosen) => {
            let response = form(chosen.path)?;
            let response = built::with(response, VARY, "Accept")?;
            built::with(
                response,
                CONTENT_LOCATION,
                &format!("{BASE}{}", chosen.path),
            )
        }
    }
}

/// `GET /guide.txt`, `GET /guide.html`, `GET /guide.json`: one form.
pub(super) fn one(call: &Call<'_>, _: &mut Tenants) -> Done {
    form(&call.ask.path)
}

fn variants(path: &str) -> Option<&'static [Variant]> {
    let mut all = NEGOTIATED.iter();
    all.find(|(known, _)| *known == path)
        .map(|(_, variants)| *variants)
}

/// The form that the client likes best; `None` when it likes them all the same.
fn best(ask: &Ask, variants: &[Variant]) -> Result<Option<Variant>, Trouble> {
    let liked = |variant: &Variant| ask.likes(variant.media);
    let most = variants.iter().map(liked).max().unwrap_or(0);
    let mut of_those = variants.iter().filter(|variant| liked(variant) == most);
    match (most, of_those.next(), of_those.count()) {
        (0, ..) => {
            let [first, rest @ ..] = variants else {
                return Ok(None);
            };
            let rest = rest.iter().map(|variant| built::media(variant.media));
            let rest: Vec<_> = rest.collect::<Result<_, _>>()?;
            let refused = NotAcceptable::available(built::media(first.media)?, rest);
            Err(refused.detail("Accept takes none of the forms.").into())
        }
        (_, Some(only), 0) => Ok(Some(*only)),
        _ => Ok(None),
    }
}

/// 300 with the list, in JSON and in fields (RFC 9110 section 15.4.1).
fn choices(variants: &[Variant]) -> Done {
    let list: Vec<_> = variants
        .iter()
        .map(|variant| json!({"type": variant.media, "href": format!("{BASE}{}", variant.path)}))
        .collect();
    let response = built::json(StatusCode::MULTIPLE_CHOICES, &json!({"choices": list}));
    let links = variants.iter().map(|variant| {
        let Variant { media, path } = variant;
        format!("<{BASE}{path}>; rel=\"alternate\"; type=\"{media}\"")
    });
    let alternates = variants.iter().map(|variant| {
        let Variant { media, path } = variant;
        format!("{{\"{BASE}{path}\" 1.0 {{type {media}}}}}")
    });
    let response = built::with(response, LINK, &links.collect::<Vec<_>>().join(", "))?;
    let response = built::with(
        response,
        ALTERNATES,
        &alternates.collect::<Vec<_>>().join(", "),
    )?;
    built::with(response, VARY, "Accept")
}

/// 506 (RFC 2295 section 8.1): the form that was chosen is no end of the negotiation.
fn misconfigured(chosen: Variant) -> Trouble {
    let detail = format!(
        "{BASE}{} negotiates itself, so it cannot be a variant.",
        chosen.path
    );
    Failure::variant_also_negotiates().detail(detail).into()
}

fn form(path: &str) -> Result<Response<bytes::Bytes>, Trouble> {
    let (media, text) = match path {
        "/guide.txt" => (TEXT, format!("{WORDS}\n")),
        "/guide.html" => (
            HTML,
            format!("<!DOCTYPE html>\n<title>Guide</title>\n<p>{WORDS}</p>\n"),
        ),
        "/guide.json" => (JSON, crate::json::pretty(&json!({"guide": WORDS}))),
        _ => return Err(Failure::not_found().into()),
    };
    Ok(built::content(StatusCode::OK, media, text))
}
