//! A tunnel through a SOCKS proxy: version 5 (RFC 1928), with user name and password (RFC 1929).

use std::net::IpAddr;
use std::time::Instant;

use httpwhy_model::{Exchange, Phase, Signal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Host;

use super::{Dialler, Reached};
use crate::signals;
use crate::stream::Stream;
use crate::ways::{Place, Proxy, ProxyScheme, Secret, Ways};

const VERSION: u8 = 5;
/// No authentication.
const OPEN: u8 = 0;
/// User name and password.
const PASSWORD: u8 = 2;
/// The version of RFC 1929's own messages.
const LOGIN_VERSION: u8 = 1;
const CONNECT: u8 = 1;

/// Where the proxy is to connect to.
enum Place5<'a> {
    Address(IpAddr),
    Name(&'a str),
}

impl Dialler<'_> {
    /// A tunnel to that place. With `socks5` its name is resolved here and each address tried, on a connection of its
    /// own; with `socks5h` the proxy gets the name.
    pub(super) async fn through_socks(
        &self,
        ways: &Ways,
        proxy: &Proxy,
        place: &Place,
        exchange: &mut Exchange,
    ) -> Option<Reached> {
        let named = matches!(&place.host, Host::Domain(_)) && place.addresses.is_none();
        if let (Host::Domain(name), true, ProxyScheme::Socks5h) =
            (&place.host, named, proxy.scheme())
        {
            return self
                .through_socks_to(ways, proxy, &Place5::Name(name), place.port, exchange)
                .await;
        }
        let addresses = match &place.addresses {
            Some(addresses) => addresses.clone(),
            None => {
                self.addresses(ways, &place.host, Phase::Resolve, exchange)
                    .await?
            }
        };
        for address in addresses {
            let to = Place5::Address(address);
            let reached = self
                .through_socks_to(ways, proxy, &to, place.port, exchange)
                .await;
            if reached.is_some() {
                return reached;
            }
            if !refused_by_reply(exchange) {
                return None;
            }
        }
        None
    }

    async fn through_socks_to(
        &self,
        ways: &Ways,
        proxy: &Proxy,
        to: &Place5<'_>,
        port: u16,
        exchange: &mut Exchange,
    ) -> Option<Reached> {
        let mut reached = self.reach_proxy(ways, proxy, exchange).await?;
        let began = Instant::now();
        let asking = ask(&mut reached.stream, proxy.user(), to, port);
        let asked = self.within(self.deadlines.tunnel, asking).await;
        exchange.timeline.add(Phase::Tunnel, began.elapsed());
        match asked {
            Ok(Ok(())) => return Some(reached),
            Ok(Err(signal)) | Err(signal) => exchange.signal(Phase::Tunnel, signal),
        }
        None
    }
}

/// Whether the last word was a reply code: another address may have better luck.
fn refused_by_reply(exchange: &Exchange) -> bool {
    let last = exchange.signals().last();
    last.is_some_and(|(_, signal)| {
        signal.dialect() == "socks" && signal.word_text().parse::<u8>().is_ok()
    })
}

async fn ask(
    stream: &mut Stream,
    user: Option<&Secret>,
    to: &Place5<'_>,
    port: u16,
) -> Result<(), Signal> {
    let mut talk = Talk { stream, came: 0 };
    talk.greet(user).await?;
    talk.connect(to, port).await
}

struct Talk<'a> {
    stream: &'a mut Stream,
    /// Bytes that have come.
    came: u64,
}

impl Talk<'_> {
    /// RFC 1928 section 3: which way of authentication.
    async fn greet(&mut self, user: Option<&Secret>) -> Result<(), Signal> {
        let methods: &[u8] = match user {
            Some(_) => &[OPEN, PASSWORD],
            None => &[OPEN],
        };
        let mut hello = vec![VERSION, methods.len() as u8];
        hello.extend_from_slice(methods);
        self.send(&hello).await?;
        let [version, method] = self.read().await?;
        if version != VERSION {
            return Err(foreign(&[version, method]));
        }
        match (method, user) {
            (OPEN, _) => Ok(()),
            (PASSWORD, Some(user)) => self.log_in(user).await,
            _ => Err(Signal::word("socks", "no-method")),
        }
    }

    /// RFC 1929 section 2.
    async fn log_in(&mut self, user: &Secret) -> Result<(), Signal> {
        let (name, password) = user.parts();
        let mut login = vec![LOGIN_VERSION];
        for part in [name, password] {
            let length = u8::try_from(part.len())
                .map_err(|_| Signal::word("socks", "credentials-too-long"))?;
            login.push(length);
            login.extend_from_slice(part.as_bytes());
        }
        self.send(&login).await?;
        let [_, status] = self.read().await?;
        match status {
            0 => Ok(()),
            _ => Err(Signal::word("socks", "login-refused")),
        }
    }

    /// RFC 1928 sections 4 to 6.
    async fn connect(&mut self, to: &Place5<'_>, port: u16) -> Result<(), Signal> {
        let mut request = vec![VERSION, CONNECT, 0];
        match to {
            Place5::Address(IpAddr::V4(address)) => {
                request.push(1);
                request.extend_from_slice(&address.octets());
            }
            Place5::Address(IpAddr::V6(address)) => {
                request.push(4);
                request.extend_from_slice(&address.octets());
            }
            Place5::Name(name) => {
                let length =
                    u8::try_from(name.len()).map_err(|_| Signal::word("socks", "name-too-long"))?;
                request.extend_from_slice(&[3, length]);
                request.extend_from_slice(name.as_bytes());
            }
        }
        request.extend_from_slice(&port.to_be_bytes());
        self.send(&request).await?;
        let [version, code] = self.read().await?;
        if version != VERSION {
            return Err(foreign(&[version, code]));
        }
        if code != 0 {
            return Err(Signal::word("socks", code.to_string()));
        }
        self.pass_bound_address().await
    }

    /// The address that the proxy used, which is of no use here.
    async fn pass_bound_address(&mut self) -> Result<(), Signal> {
        let [_, kind] = self.read().await?;
        let length = match kind {
            1 => 4,
            4 => 16,
            3 => {
                let [length] = self.read().await?;
                usize::from(length)
            }
            _ => return Err(Signal::word("socks", "bad-reply")),
        };
        let mut rest = [0; 255 + 2];
        self.read_into(&mut rest[..length + 2]).await
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), Signal> {
        let sent = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        sent.await.map_err(|error| signals::of_stream(&error))
    }

    async fn read<const N: usize>(&mut self) -> Result<[u8; N], Signal> {
        let mut bytes = [0; N];
        self.read_into(&mut bytes).await?;
        Ok(bytes)
    }

    async fn read_into(&mut self, bytes: &mut [u8]) -> Result<(), Signal> {
        let mut filled = 0;
        while filled < bytes.len() {
            let count = match self.stream.read(&mut bytes[filled..]).await {
                Ok(count) => count,
                Err(error) if signals::is_unclean_end(&error) => 0,
                Err(error) => return Err(signals::of_stream(&error)),
            };
            if count == 0 {
                return Err(Signal::Eof(self.came));
            }
            filled += count;
            self.came += count as u64;
        }
        Ok(())
    }
}

/// What answers is not SOCKS version 5.
fn foreign(first: &[u8]) -> Signal {
    let hex = first.iter().map(|byte| format!("{byte:02x}"));
    Signal::Word {
        dialect: "socks".into(),
        word: "not-socks".into(),
        params: vec![("first".into(), hex.collect())],
    }
}
