//! Heads as a proxy passes them on: fields of the connection stay behind, Via and Max-Forwards are kept up
//! (RFC 9110 section 7.6).

use super::super::toxic::is_token;

/// Fields that speak of one connection, whether Connection names them or not (RFC 9110 section 7.6.1).
/// Transfer-Encoding and Trailer stay: content is passed on as it is framed. Credentials for this proxy end here.
const OF_THE_CONNECTION: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "upgrade",
];

/// A head in parts. What is not UTF-8 is no head that this proxy passes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    /// The three parts of the first line; a reason may be empty.
    pub(super) first: [String; 3],
    /// The fields, in order, as they are written.
    pub(super) fields: Vec<(String, String)>,
}

impl Head {
    /// Reads a head, empty line included. `None`: what a proxy must not pass on.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut lines = text.strip_suffix("\r\n\r\n")?.split("\r\n");
        let mut first = lines.next()?.splitn(3, ' ').map(str::to_owned);
        let first = [
            first.next()?,
            first.next()?,
            first.next().unwrap_or_default(),
        ];
        let field = |line: &str| {
            let (name, value) = line.split_once(':')?;
            let value = value.trim_matches([' ', '\t']);
            let is_text = !value.bytes().any(|byte| matches!(byte, 0 | b'\r' | b'\n'));
            (is_token(name) && is_text).then(|| (name.to_owned(), value.to_owned()))
        };
        let fields = lines.map(field).collect::<Option<_>>()?;
        Some(Self { first, fields })
    }

    /// The first field of that name, any case.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter();
        found
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether a comma-separated field holds that token, any case.
    pub(super) fn has_token(&self, name: &str, token: &str) -> bool {
        self.fields
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .flat_map(|(_, value)| value.split(','))
            .any(|word| word.trim().eq_ignore_ascii_case(token))
    }

    /// Sets a field in the place of those of the same name; `None` drops them.
    pub(super) fn set(&mut self, name: &str, value: Option<&str>) {
        self.fields
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        if let Some(value) = value {
            self.fields.push((name.to_owned(), value.to_owned()));
        }
    }

    /// The status, of an answer.
    pub(super) fn status(&self) -> Option<u16> {
        let is_http = self.first[0] == "HTTP/1.1" || self.first[0] == "HTTP/1.0";
        let code = &self.first[1];
        let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
        code.parse().ok().filter(|_| is_http && is_code)
    }

    /// Whether it asks for another protocol on this connection: then Upgrade is passed on (RFC 9110 section 7.8).
    pub(super) fn upgrades(&self) -> bool {
        self.has_token("connection", "upgrade") && self.field("upgrade").is_some()
    }

    /// Takes out what speaks of the connection it came on, and says who passed it on.
    pub(super) fn pass_on(&mut self, pseudonym: &str, version: &str) {
        let upgrade = self
            .upgrades()
            .then(|| self.field("upgrade").map(str::to_owned));
        let named: Vec<String> = self
            .fields
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("connection"))
            .flat_map(|(_, value)| value.split(','))
            .map(|name| name.trim().to_ascii_lowercase())
            .collect();
        // Framing is passed on as it is, even if Connection names it.
        let is_framing =
            |name: &str| matches!(name, "transfer-encoding" | "content-length" | "trailer");
        self.fields.retain(|(name, _)| {
            let name = name.to_ascii_lowercase();
            let is_hop = OF_THE_CONNECTION.contains(&name.as_str()) || named.contains(&name);
            !is_hop || is_framing(&name)
        });
        if let Some(upgrade) = upgrade.flatten() {
            self.set("Upgrade", Some(&upgrade));
            self.set("Connection", Some("Upgrade"));
        }
        let version = version.strip_prefix("HTTP/").unwrap_or("1.1");
        let via = ("Via".to_owned(), format!("{version} {pseudonym}"));
        self.fields.push(via);
    }

    /// The octets.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = self.first.join(" ").into_bytes();
        for (name, value) in &self.fields {
            for part in ["\r\n", name, ": ", value] {
                out.extend_from_slice(part.as_bytes());
            }
        }
        out.extend_from_slice(b"\r\n\r\n");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_the_connection_stay_behind() {
        let mut head = Head::read(
            b"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n\
              TE: trailers\r\nProxy-Authorization: Basic YQ==\r\nTransfer-Encoding: chunked\r\nVia: 1.0 old\r\n\r\n",
        )
        .expect("a head");
        head.pass_on("sim", "HTTP/1.1");
        let passed = String::from_utf8(head.bytes()).expect("text");
        assert_eq!(
            passed,
            "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nVia: 1.0 old\r\nVia: 1.1 sim\r\n\r\n"
        );
    }

    #[test]
    fn an_upgrade_is_passed_on() {
        let mut head = Head::read(
            b"GET / HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n",
        )
        .expect("a head");
        head.pass_on("sim", "HTTP/1.1");
        assert!(head.upgrades() && !head.has_token("connection", "keep-alive"));
    }

    #[test]
    fn what_must_not_be_passed_on_is_no_head() {
        for head in [
            &b"GET / HTTP/1.1\r\nno colon\r\n\r\n"[..],
            b"GET / HTTP/1.1\r\nX : a\r\n\r\n",
            b"GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n",
            b"GET / HTTP/1.1\r\nX: a\0\r\n\r\n",
            b"GET\r\n\r\n",
            b"\xff / HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(Head::read(head), None, "{}", head.escape_ascii());
        }
    }
}
