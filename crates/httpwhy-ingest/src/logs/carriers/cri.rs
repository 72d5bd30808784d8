//! The log files of container runtimes under Kubernetes: `2026-11-03T14:05:12.3Z stdout F LINE`.
//!
//! Layout: the CRI logging format, which kubelet reads (`pkg/kubelet/kuberuntime/logs`): time, stream, tags joined by
//! `:`, line. The first tag is `F` for a full line or the last piece of one, `P` for a piece that goes on.

use super::syslog::iso_stamp;
use crate::logs::{Carrier, Peeled};

pub(crate) static CARRIER: Carrier = Carrier {
    name: "cri",
    begins: b"",
    peel,
};

fn peel<'a>(raw: &'a [u8], _: &'a mut Vec<u8>) -> Option<Peeled<'a>> {
    let stamp = iso_stamp(raw)?;
    let (time, rest) = raw.split_at(stamp);
    let (source, rest) = [&b" stdout "[..], b" stderr "]
        .into_iter()
        .find_map(|stream| Some((stream.trim_ascii(), rest.strip_prefix(stream)?)))?;
    let tags = rest.iter().position(|&b| b == b' ').unwrap_or(rest.len());
    let goes_on = match &rest[..tags] {
        [b'P'] | [b'P', b':', ..] => true,
        [b'F'] | [b'F', b':', ..] => false,
        _ => return None,
    };
    Some(Peeled {
        line: rest.get(tags + 1..).unwrap_or_default(),
        source,
        time,
        goes_on,
    })
}

#[cfg(test)]
mod tests {
    use super::peel;

    #[test]
    fn pieces_and_streams_are_told() {
        for (raw, wanted) in [
            (
                "2026-11-03T14:05:12.3Z stdout F a b",
                Some(("a b", "stdout", false)),
            ),
            (
                "2026-11-03T14:05:12.345678901+01:00 stderr P a ",
                Some(("a ", "stderr", true)),
            ),
            ("2026-11-03T14:05:12Z stdout F", Some(("", "stdout", false))),
            ("2026-11-03T14:05:12Z stdout X a", None),
            ("2026-11-03T14:05:12Z my-elb 203.0.113.9:51234", None),
            ("2026-11-03", None),
        ] {
            let mut scratch = Vec::new();
            let found = peel(raw.as_bytes(), &mut scratch);
            let found = found.map(|peeled| (peeled.line, peeled.source, peeled.goes_on));
            let wanted =
                wanted.map(|(line, source, cut)| (line.as_bytes(), source.as_bytes(), cut));
            assert_eq!(found, wanted, "{raw}");
        }
    }
}
