//! The file format of curl, wget and browsers' exports: seven columns separated by tabs.

use std::fmt::Write as _;

use super::{Cookie, Jar, has_controls};

/// With what lines of HttpOnly cookies begin; other lines with `#` are comments.
const HTTP_ONLY: &str = "#HttpOnly_";

impl Jar {
    /// Reads a file of cookies in Netscape's format.
    ///
    /// # Errors
    /// The number of the first line, counted from 1, that is neither a cookie, a comment nor empty.
    pub fn read_netscape(text: &str) -> Result<Self, usize> {
        let mut jar = Self::default();
        for (line, number) in text.lines().zip(1_usize..) {
            let (line, http_only) = match line.strip_prefix(HTTP_ONLY) {
                Some(rest) => (rest, true),
                None => (line, false),
            };
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            jar.put(cookie(line, http_only).ok_or(number)?);
        }
        Ok(jar)
    }

    /// Writes all cookies in Netscape's format, those of the session with the expiry 0.
    pub fn write_netscape(&self) -> String {
        let mut out =
            "# Netscape HTTP Cookie File\n# Written by httpwhy. It holds secrets.\n\n".to_owned();
        let word = |yes: bool| if yes { "TRUE" } else { "FALSE" };
        for cookie in &self.cookies {
            let (mark, dot) = (
                if cookie.http_only { HTTP_ONLY } else { "" },
                if cookie.host_only { "" } else { "." },
            );
            let _ = writeln!(
                out,
                "{mark}{dot}{}\t{}\t{}\t{}\t{}\t{}\t{}",
                cookie.domain,
                word(!cookie.host_only),
                cookie.path,
                word(cookie.secure),
                cookie.expires.unwrap_or(0),
                cookie.name,
                // A tab would begin a column.
                cookie.value.replace('\t', " ")
            );
        }
        out
    }

    /// Takes all cookies of another one; its own go before those of the same name, domain and path.
    pub fn merge(&mut self, other: Self) {
        for cookie in other.cookies {
            self.put(cookie);
        }
    }
}

fn cookie(line: &str, http_only: bool) -> Option<Cookie> {
    let mut columns = line.trim_end_matches(['\r', '\n']).split('\t');
    let mut column = || columns.next();
    let (domain, shared, path, secure) = (column()?, column()?, column()?, column()?);
    let (expires, name, value) = (column()?, column()?, column().unwrap_or_default());
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    let expires: u64 = expires.parse().ok()?;
    if domain.is_empty() || name.is_empty() || has_controls(line) {
        return None;
    }
    Some(Cookie {
        name: name.to_owned(),
        value: value.to_owned(),
        domain,
        host_only: !shared.eq_ignore_ascii_case("TRUE"),
        path: if path.starts_with('/') { path } else { "/" }.to_owned(),
        secure: secure.eq_ignore_ascii_case("TRUE"),
        http_only,
        expires: Some(expires).filter(|&expires| expires != 0),
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let text = "# Netscape HTTP Cookie File\n\n\
                    #HttpOnly_.shop.example\tTRUE\t/\tTRUE\t1900000000\tsid\tabc\n\
                    a.example\tFALSE\t/x\tFALSE\t0\tempty\t\r\n\
                    a.example\tFALSE\t/x\tFALSE\t0\tnone\n";
        let jar = Jar::read_netscape(text).expect("it is well formed");
        let now = UNIX_EPOCH + Duration::from_hours(500_000);
        let sent = |url| jar.field(url, now);
        assert_eq!(
            sent("https://www.shop.example/").as_deref(),
            Some("sid=abc")
        );
        assert_eq!(sent("http://www.shop.example/"), None);
        assert_eq!(sent("http://a.example/x").as_deref(), Some("empty=; none="));
        assert_eq!(Jar::read_netscape(&jar.write_netscape()), Ok(jar));
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        assert_eq!(Jar::read_netscape("# c\n\nsid=abc"), Err(3));
        assert_eq!(
            Jar::read_netscape("a.example\tFALSE\t/\tFALSE\tsoon\ta\tb"),
            Err(1)
        );
    }
}
