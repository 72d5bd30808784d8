//! Traefik's common log format.
//!
//! Layout (Traefik documentation, access logs): combined ` <requests since start> "<router>" "<server URL>" <duration>ms`.
//! A server URL of `"-"`: no service was reached, the router or a middleware answered.

use std::sync::Arc;

use httpwhy_model::{Side, Visit};

use super::traefik_json;
use crate::logs::{
    Column, Format, Kind, Layout, Line, NO_UPSTREAM, Open, Shape, Spans, Split, Unit, clf,
};

pub(crate) static FORMAT: Format = Format {
    name: "traefik",
    title: "Traefik common",
    kind: Kind::Access,
    side: Side::Between,
    rank: 20,
    fit,
    shape,
    visit,
    open,
};

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let is_one = |raw: &&[u8]| Traefik.split(raw, &mut Spans::default()) == Split::Read;
    sample.iter().any(is_one).then(|| Arc::new(Traefik) as _)
}

#[derive(Debug)]
struct Traefik;

impl Layout for Traefik {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        let end = match clf::split(raw, 0, spans) {
            Ok(end) => end,
            Err(split) => return split,
        };
        spans.unit = Unit::Millis;
        tail(raw, end, spans).map_or(Split::Foreign, |()| Split::Read)
    }
}

fn tail(raw: &[u8], at: usize, spans: &mut Spans) -> Option<()> {
    let rest = raw.get(at..)?.strip_prefix(b" ")?;
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let router = at + 2 + digits;
    let router_end = clf::quoted(raw, router)?;
    let url = router_end + 2;
    let url_end = clf::quoted(raw, url)?;
    let duration = url_end + 2;
    if !raw.get(duration..)?.ends_with(b"ms") {
        return None;
    }
    spans.set(Column::Route, router + 1, router_end);
    spans.set(Column::Upstream, url + 1, url_end);
    spans.set(Column::Duration, duration, raw.len());
    Some(())
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let chosen = line.some(Column::Upstream).is_some();
    let shape = Shape::of(line);
    Shape {
        bits: u16::from(chosen),
        upstream: if chosen { shape.status } else { NO_UPSTREAM },
        ..shape
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    traefik_json::told("traefik", shape)
}

fn open(shape: &Shape<'_>) -> Option<Open> {
    (traefik_json::FORMAT.open)(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told() {
        const HEAD: &str = r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET /cart HTTP/2.0" STATUS 11 "-" "curl/8.5.0" 4711 "shop@docker""#;
        for (status, url, wanted) in [
            (
                "502",
                "http://10.0.0.5:8080",
                "0 502, 1 upstream:failed-or-said-it",
            ),
            ("500", "http://10.0.0.5:8080", "0 500, 1 500"),
            ("401", "-", "0 401, 0 upstream:not-asked"),
            ("499", "http://10.0.0.5:8080", "0 traefik:499"),
        ] {
            let raw = format!(r#"{} "{url}" 3004ms"#, HEAD.replace("STATUS", status));
            let layout = fit(&[raw.as_bytes()]).expect("its own");
            let mut spans = Spans::default();
            assert_eq!(layout.split(raw.as_bytes(), &mut spans), Split::Read);
            let line = Line::new(raw.as_bytes(), &spans);
            assert_eq!(line.micros(Column::Duration), Some(3_004_000));
            assert_eq!(crate::logs::legs::told(&visit(&shape(&line))), wanted);
        }
        assert!(fit(&[HEAD.replace("STATUS", "200").as_bytes()]).is_none());
    }
}
