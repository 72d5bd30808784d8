//! `kubectl logs --prefix`: `[pod/NAME/CONTAINER] ` before each line.

use crate::logs::{Carrier, Peeled};

pub(crate) static CARRIER: Carrier = Carrier {
    name: "kubectl",
    begins: b"[pod/",
    peel,
};

fn peel<'a>(raw: &'a [u8], _: &'a mut Vec<u8>) -> Option<Peeled<'a>> {
    let inner = raw.strip_prefix(b"[pod/")?;
    let end = memchr::memmem::find(inner, b"] ")?;
    Some(Peeled {
        line: &inner[end + 2..],
        source: &inner[..end],
        ..Peeled::default()
    })
}

#[cfg(test)]
mod tests {
    use super::peel;

    #[test]
    fn the_prefix_is_taken_off() {
        let found = peel(b"[pod/shop-5d/nginx] a b", &mut Vec::new())
            .map(|p| (p.source.to_vec(), p.line.to_vec()));
        assert_eq!(found, Some((b"shop-5d/nginx".to_vec(), b"a b".to_vec())));
        assert_eq!(peel(b"[pod/shop-5d", &mut Vec::new()), None);
        assert_eq!(peel(b"[2026-11-03T14:05:12Z] \"GET", &mut Vec::new()), None);
    }
}
