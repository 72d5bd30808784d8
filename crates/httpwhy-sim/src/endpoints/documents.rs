//! Fixed documents: HTML, XML, JSON, text, a form, images, pages of links.

use std::fmt::Write;

use serde_json::json;

use super::call::Call;
use super::reply::{Refusal, Reply};
use crate::answer::Answer;

const HTML: &str = "text/html; charset=utf-8";
/// The most links of a page.
const MOST_LINKS: usize = 200;

/// `/html`. The beginning of Moby-Dick, as clients that were written against httpbin expect.
pub(crate) fn html(_: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::content(
        HTML,
        "<!DOCTYPE html>\n<html>\n  <head>\n  </head>\n  <body>\n      <h1>Herman Melville - Moby-Dick</h1>\n\n\
         \x20     <div>\n        <p>\n          Call me Ishmael. Some years ago, never mind how long precisely, having \
         little or no money in my purse, and nothing particular to interest me on shore, I thought I would sail about \
         a little and see the watery part of the world.\n        </p>\n      </div>\n  </body>\n</html>\n",
    ))
}

/// `/xml`.
pub(crate) fn xml(_: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::content(
        "application/xml",
        "<?xml version='1.0' encoding='us-ascii'?>\n\n<slideshow \n    title=\"Sample Slide Show\"\n    \
         date=\"Date of publication\"\n    author=\"Yours Truly\"\n    >\n\n    <slide type=\"all\">\n      \
         <title>Wake up to WonderWidgets!</title>\n    </slide>\n\n    <slide type=\"all\">\n        \
         <title>Overview</title>\n        <item>Why <em>WonderWidgets</em> are great</item>\n        <item/>\n        \
         <item>Who <em>buys</em> WonderWidgets</item>\n    </slide>\n\n</slideshow>",
    ))
}

/// `/json`.
pub(crate) fn json(_: &Call<'_>) -> Result<Reply, Refusal> {
    let items = [
        "Why <em>WonderWidgets</em> are great",
        "Who <em>buys</em> WonderWidgets",
    ];
    Ok(Reply::json(&json!({
        "slideshow": {
            "title": "Sample Slide Show",
            "date": "date of publication",
            "author": "Yours Truly",
            "slides": [
                {"type": "all", "title": "Wake up to WonderWidgets!"},
                {"type": "all", "title": "Overview", "items": items},
            ],
        },
    })))
}

/// `/robots.txt`.
pub(crate) fn robots(_: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::content(
        "text/plain",
        "User-agent: *\nDisallow: /deny\n",
    ))
}

/// `/deny`: what `/robots.txt` denies.
pub(crate) fn deny(_: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::content("text/plain", "YOU SHOULDN'T BE HERE\n"))
}

/// `/encoding/utf8`: scripts of one, two, three and four bytes a character.
pub(crate) fn utf8(_: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::content(
        HTML,
        "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>UTF-8</title>\n<h1>Unicode Demo</h1>\n<pre>\n\
         ASCII      The quick brown fox\nLatin      Größe, façade, žluťoučký kůň\nGreek      Τὴ γλῶσσα\n\
         Cyrillic   Съешь ещё этих мягких булок\nHebrew     שלום\nArabic     مرحبا\nDevanagari नमस्ते\n\
         Thai       สวัสดี\nJapanese   こんにちは、世界\nSigns      ∮ E⋅da = Q, n → ∞, ∑ f(i) = ∏ g(i)\n\
         Emoji      🦀 👩‍🔬\nCombining  e\u{301} a\u{308}\n</pre>\n",
    ))
}

/// `/forms/post`: a form that posts to `/post`.
pub(crate) fn form(_: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::content(
        HTML,
        "<!DOCTYPE html>\n<title>Order</title>\n<form method=\"post\" action=\"/post\">\n\
         <p><label>Customer name: <input name=\"custname\"></label></p>\n\
         <p><label>Telephone: <input type=\"tel\" name=\"custtel\"></label></p>\n\
         <p><label>E-mail address: <input type=\"email\" name=\"custemail\"></label></p>\n\
         <p><label><input type=\"radio\" name=\"size\" value=\"small\"> Small</label>\n\
         <label><input type=\"radio\" name=\"size\" value=\"medium\"> Medium</label>\n\
         <label><input type=\"radio\" name=\"size\" value=\"large\"> Large</label></p>\n\
         <p><label><input type=\"checkbox\" name=\"topping\" value=\"cheese\"> Cheese</label>\n\
         <label><input type=\"checkbox\" name=\"topping\" value=\"onion\"> Onion</label></p>\n\
         <p><label>Delivery time: <input type=\"time\" name=\"delivery\"></label></p>\n\
         <p><label>Comments: <textarea name=\"comments\"></textarea></label></p>\n\
         <p><button>Submit order</button></p>\n</form>\n",
    ))
}

/// `/links/{n}`: to the first page.
pub(crate) fn links(call: &Call<'_>) -> Result<Reply, Refusal> {
    let count: usize = call.whole("n")?;
    Ok(Reply::found(&format!("/links/{count}/0")))
}

/// `/links/{n}/{offset}`: n numbers, all but one of them links.
pub(crate) fn links_page(call: &Call<'_>) -> Result<Reply, Refusal> {
    let count = call.whole::<usize>("n")?.clamp(1, MOST_LINKS);
    let offset: usize = call.whole("offset")?;
    let mut page = String::from("<html><head><title>Links</title></head><body>");
    for at in 0..count {
        let _ = if at == offset {
            write!(page, "{at} ")
        } else {
            write!(page, "<a href='/links/{count}/{at}'>{at}</a> ")
        };
    }
    page.push_str("</body></html>");
    Ok(Reply::content(HTML, page))
}

/// `/image`: the kind that Accept names; 406 when none of ours is there.
pub(crate) fn image(call: &Call<'_>) -> Result<Reply, Refusal> {
    let Some(accept) = call.asked.field("Accept").map(str::to_ascii_lowercase) else {
        return Ok(picture("png"));
    };
    let kinds = [
        ("image/webp", "webp"),
        ("image/svg+xml", "svg"),
        ("image/jpeg", "jpeg"),
        ("image/png", "png"),
        ("image/*", "png"),
    ];
    let kind = kinds.iter().find(|(name, _)| accept.contains(name));
    Ok(kind.map_or_else(not_acceptable, |(_, kind)| picture(kind)))
}

/// `/image/{kind}`.
pub(crate) fn image_of(call: &Call<'_>) -> Result<Reply, Refusal> {
    match call.param("kind") {
        kind @ ("png" | "jpeg" | "webp" | "svg") => Ok(picture(kind)),
        _ => Err(Refusal::missing()),
    }
}

/// 406 with what there is.
pub(crate) fn not_acceptable() -> Reply {
    let accept = [
        "image/webp",
        "image/svg+xml",
        "image/jpeg",
        "image/png",
        "image/*",
    ];
    let message = "Client did not request a supported media type.";
    let mut answer = Answer::of(406);
    answer.body = (json!({"message": message, "accept": accept}).to_string()).into_bytes();
    answer.into()
}

fn picture(kind: &str) -> Reply {
    let (media, bytes): (&str, &[u8]) = match kind {
        "jpeg" => ("image/jpeg", include_bytes!("images/sign.jpg")),
        "webp" => ("image/webp", include_bytes!("images/sign.webp")),
        "svg" => ("image/svg+xml", include_bytes!("images/sign.svg")),
        _ => ("image/png", include_bytes!("images/sign.png")),
    };
    Reply::content(media, bytes)
}
