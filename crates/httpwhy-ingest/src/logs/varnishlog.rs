//! varnishlog's groups of records (vsl(7)) become one line for each fault, which the format `varnish-vsl` reads.

use super::clf;

/// Gathers varnishlog's records.
#[derive(Debug, Default)]
pub struct VslGatherer {
    group: Group,
}

/// What a group has said so far.
#[derive(Debug, Default)]
struct Group {
    time: Vec<u8>,
    client: Vec<u8>,
    method: Vec<u8>,
    url: Vec<u8>,
    status: Vec<u8>,
    host: Vec<u8>,
    /// The status of the last answer to a fetch.
    fetched: Vec<u8>,
    faults: Vec<Vec<u8>>,
}

/// A value is kept so far, in bytes, and so many faults of a group.
const KEPT: usize = 2048;
const FAULTS: usize = 8;

impl VslGatherer {
    /// Takes the next line of varnishlog. The lines of the group before, when this one begins another.
    pub fn line(&mut self, raw: &[u8]) -> Vec<Vec<u8>> {
        let raw = raw.trim_ascii_end();
        if raw.starts_with(b"*   << ") {
            return self.end();
        }
        let dashes = raw.iter().take_while(|&&b| b == b'-').count();
        if dashes == 0 {
            return Vec::new();
        }
        let rest = raw[dashes..].trim_ascii_start();
        let tag = &rest[..clf::word(rest)];
        let value = rest[tag.len()..].trim_ascii_start();
        self.group
            .take(tag, &value[..value.len().min(KEPT)], dashes);
        Vec::new()
    }

    /// The lines of the last group.
    pub fn end(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.group).lines()
    }
}

impl Group {
    fn take(&mut self, tag: &[u8], value: &[u8], dashes: usize) {
        let fill = |slot: &mut Vec<u8>, value: &[u8]| {
            if slot.is_empty() {
                value.clone_into(slot);
            }
        };
        let first = |value: &[u8]| value[..clf::word(value)].to_vec();
        match tag {
            b"Timestamp" if value.starts_with(b"Start: ") => {
                fill(&mut self.time, &first(&value[7..]));
            }
            b"ReqStart" => fill(&mut self.client, &first(value)),
            b"ReqMethod" => fill(&mut self.method, &first(value)),
            b"ReqURL" => fill(&mut self.url, &first(value)),
            b"ReqHeader" if value.len() > 6 && value[..6].eq_ignore_ascii_case(b"host: ") => {
                fill(&mut self.host, &first(&value[6..]));
            }
            // The last status of the request's own records is the one sent.
            b"RespStatus" if dashes == 1 => self.status = first(value),
            b"BerespStatus" => self.fetched = first(value),
            // Of a fetch these come with its FetchError, which says more.
            b"BogoHeader" | b"HttpGarbage" if dashes > 1 => {}
            b"FetchError" | b"Error" | b"BogoHeader" | b"HttpGarbage" | b"VCL_Error"
                if self.faults.len() < FAULTS =>
            {
                let status: &[&[u8]] = match tag {
                    b"Error" => &[b", status ", &self.fetched],
                    _ => &[],
                };
                self.faults
                    .push([&[tag, b": ", value], status].concat().concat());
            }
            _ => {}
        }
    }

    fn lines(self) -> Vec<Vec<u8>> {
        let or = |text: &Vec<u8>| {
            if text.is_empty() {
                b"-".to_vec()
            } else {
                text.clone()
            }
        };
        let head = [
            b"vsl".to_vec(),
            or(&self.time),
            or(&self.client),
            or(&self.method),
            or(&self.url),
            or(&self.status),
            or(&self.host),
        ]
        .join(&b' ');
        self.faults
            .into_iter()
            .map(|fault| [&head[..], b" ", &fault].concat())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_becomes_a_line() {
        let records = b"*   << Request  >> 98392     \n-   Timestamp      Start: 1795207665.126917 0.0 0.0\n-   ReqStart       127.0.0.1 50806 a0\n-   ReqMethod      GET\n-   ReqURL         /max/10\n-   ReqHeader      Host: shop.example\n-   RespStatus     503\n**  << BeReq    >> 98393     \n--  BereqMethod    GET\n--  FetchError     backend be_b: fail errno 111 (Connection refused)\n--  BerespStatus   503\n\n";
        let mut gatherer = VslGatherer::default();
        for line in records.split(|&b| b == b'\n') {
            assert_eq!(gatherer.line(line), Vec::<Vec<u8>>::new());
        }
        let lines = gatherer.end();
        let wanted = "vsl 1795207665.126917 127.0.0.1 GET /max/10 503 shop.example FetchError: backend be_b: fail errno 111 (Connection refused)";
        assert_eq!(lines, [wanted.as_bytes()]);
        assert_eq!(gatherer.end(), Vec::<Vec<u8>>::new());
    }
}
