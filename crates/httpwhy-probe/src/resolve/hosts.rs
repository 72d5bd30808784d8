//! The hosts file: hosts(5).

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::Path;

/// Bytes of the file that are read.
const READ: u64 = 1024 * 1024;

/// Addresses by name, as the hosts file says.
#[derive(Debug, Default)]
pub(super) struct Hosts(HashMap<String, Vec<IpAddr>>);

impl Hosts {
    /// Reads the file; one that cannot be read is empty.
    pub(super) fn read(path: &Path) -> Self {
        Self::parse(&read_bounded(path))
    }

    fn parse(text: &str) -> Self {
        let mut hosts = HashMap::<String, Vec<IpAddr>>::new();
        for line in text.lines() {
            let (line, _comment) = line.split_once('#').unwrap_or((line, ""));
            let mut words = line.split_ascii_whitespace();
            let Some(address) = words.next().and_then(|word| word.parse().ok()) else {
                continue;
            };
            for name in words {
                hosts
                    .entry(name.to_ascii_lowercase())
                    .or_default()
                    .push(address);
            }
        }
        Self(hosts)
    }

    /// The addresses of a name in lower case; none when the file does not name it.
    pub(super) fn get(&self, name: &str) -> &[IpAddr] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}

/// A file's beginning as text; empty when it cannot be read.
pub(super) fn read_bounded(path: &Path) -> String {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(READ).read_to_end(&mut bytes));
    if read.is_err() {
        bytes.clear();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_name_hosts() {
        let hosts = Hosts::parse(
            "127.0.0.1 localhost\n::1 localhost ip6-localhost # this machine\n\
             #10.0.0.1 gone\nnonsense here\n10.0.0.2\tShop.example  shop\n",
        );
        let addresses = |texts: &[&str]| -> Vec<IpAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        assert_eq!(hosts.get("localhost"), addresses(&["127.0.0.1", "::1"]));
        assert_eq!(hosts.get("shop.example"), addresses(&["10.0.0.2"]));
        assert_eq!(hosts.get("shop"), addresses(&["10.0.0.2"]));
        assert!(hosts.get("gone").is_empty() && hosts.get("here").is_empty());
    }
}
