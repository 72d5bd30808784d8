//! TCP connections: to each address in order, or two families in a race.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use httpwhy_model::{Attempt, AttemptEnd, Exchange, Phase, Signal};
use tokio::net::{TcpSocket, TcpStream};

use super::{Dialler, Reached};
use crate::signals;
use crate::stream::Stream;
use crate::ways::{From, Ways};

/// How long an attempt has before the next begins beside it (RFC 8305 section 8, Connection Attempt Delay).
const HEAD_START: Duration = Duration::from_millis(250);

impl Dialler<'_> {
    /// Connects to one of the addresses; each failure is recorded, and with more than one attempt every attempt.
    pub(super) async fn connect(
        &self,
        ways: &Ways,
        addresses: &[IpAddr],
        port: u16,
        phase: Phase,
        exchange: &mut Exchange,
    ) -> Option<Reached> {
        let began = Instant::now();
        let peers = addresses.iter().map(|&ip| SocketAddr::new(ip, port));
        let (connected, attempts) = if ways.happy_eyeballs && addresses.len() > 1 {
            self.race(ways, &interleaved(peers)).await
        } else {
            self.in_order(ways, peers).await
        };
        exchange.timeline.add(phase, began.elapsed());
        for attempt in &attempts {
            exchange.peer = Some(attempt.to);
            if let AttemptEnd::Failed(signal) = &attempt.end {
                exchange.signal(phase, signal.clone());
            }
        }
        if attempts.len() > 1 {
            exchange.way_mut().attempts.extend(attempts);
        }
        let (tcp, peer) = connected?;
        self.local.count(|totals| totals.connections += 1);
        exchange.peer = Some(peer);
        if self.local.shared.config.note_local
            && let Ok(local) = tcp.local_addr()
        {
            exchange.way_mut().local = Some(local.ip());
        }
        // A small piece (a SETTINGS frame, a handshake's end) must not hold back the next until it is acknowledged. Where
        // the system does not care, it is slower and no more.
        let _ = tcp.set_nodelay(true);
        Some(Reached {
            stream: Stream::Plain(tcp),
            peer: Some(peer),
        })
    }

    async fn in_order(
        &self,
        ways: &Ways,
        peers: impl Iterator<Item = SocketAddr>,
    ) -> (Option<(TcpStream, SocketAddr)>, Vec<Attempt>) {
        let began = Instant::now();
        let mut attempts = Vec::new();
        for to in peers {
            let after = began.elapsed();
            let tried = self.attempt(ways, to).await;
            let (connected, end) = match tried {
                Ok(tcp) => (Some((tcp, to)), AttemptEnd::Connected),
                Err(signal) => (None, AttemptEnd::Failed(signal)),
            };
            attempts.push(Attempt {
                to,
                after,
                took: began.elapsed().saturating_sub(after),
                end,
            });
            if connected.is_some() {
                return (connected, attempts);
            }
        }
        (None, attempts)
    }

    /// RFC 8305 section 5: the next attempt begins when the one before has failed or had its head start; the first that
    /// connects ends the others.
    async fn race(
        &self,
        ways: &Ways,
        peers: &[SocketAddr],
    ) -> (Option<(TcpStream, SocketAddr)>, Vec<Attempt>) {
        let began = Instant::now();
        let mut attempts: Vec<Attempt> = Vec::new();
        let mut running = Vec::new();
        let mut waiting = peers.iter().copied();
        loop {
            if let Some(to) = waiting.next() {
                attempts.push(Attempt {
                    to,
                    after: began.elapsed(),
                    took: Duration::ZERO,
                    end: AttemptEnd::Abandoned,
                });
                running.push((attempts.len() - 1, Box::pin(self.attempt(ways, to))));
            }
            if running.is_empty() {
                return (None, attempts);
            }
            let head_start = if waiting.len() > 0 {
                HEAD_START
            } else {
                Duration::MAX
            };
            let Ok((index, tried)) = tokio::time::timeout(head_start, first(&mut running)).await
            else {
                continue;
            };
            let ended = began.elapsed();
            let attempt = &mut attempts[index];
            attempt.took = ended.saturating_sub(attempt.after);
            match tried {
                Err(signal) => attempt.end = AttemptEnd::Failed(signal),
                Ok(tcp) => {
                    attempt.end = AttemptEnd::Connected;
                    let to = attempt.to;
                    for (index, _) in running {
                        attempts[index].took = ended.saturating_sub(attempts[index].after);
                    }
                    return (Some((tcp, to)), attempts);
                }
            }
        }
    }

    async fn attempt(&self, ways: &Ways, to: SocketAddr) -> Result<TcpStream, Signal> {
        let connecting = async {
            match &ways.from {
                None => TcpStream::connect(to)
                    .await
                    .map_err(|error| signals::of_io(&error)),
                Some(from) => {
                    let socket = bound(from, to).map_err(|error| signals::of_bind(&error))?;
                    socket
                        .connect(to)
                        .await
                        .map_err(|error| signals::of_io(&error))
                }
            }
        };
        self.within(self.deadlines.connect, connecting).await?
    }
}

/// The first of those running that ends, which is taken out.
async fn first<F: Future + Unpin>(running: &mut Vec<(usize, F)>) -> (usize, F::Output) {
    let (place, output) = poll_fn(|cx| {
        let ended = running
            .iter_mut()
            .enumerate()
            .find_map(
                |(place, (_, future))| match pin!(future).as_mut().poll(cx) {
                    Poll::Ready(output) => Some((place, output)),
                    Poll::Pending => None,
                },
            );
        ended.map_or(Poll::Pending, Poll::Ready)
    })
    .await;
    let (index, _) = running.remove(place);
    (index, output)
}

/// Families in turn, beginning with that of the first (RFC 8305 section 4).
fn interleaved(peers: impl Iterator<Item = SocketAddr> + Clone) -> Vec<SocketAddr> {
    let leads = peers.clone().next().is_some_and(|first| first.is_ipv6());
    let mut own = peers.clone().filter(|peer| peer.is_ipv6() == leads);
    let mut other = peers.filter(|peer| peer.is_ipv6() != leads);
    let mut all = Vec::new();
    loop {
        let pair = [own.next(), other.next()];
        if pair == [None, None] {
            return all;
        }
        all.extend(pair.into_iter().flatten());
    }
}

/// A socket that comes from there.
fn bound(from: &From, to: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if to.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    match from {
        From::Address(address) => socket.bind(SocketAddr::new(*address, 0))?,
        #[cfg(target_os = "linux")]
        From::Interface(name) => socket.bind_device(Some(name.as_bytes()))?,
        #[cfg(not(target_os = "linux"))]
        From::Interface(_) => return Err(io::ErrorKind::Unsupported.into()),
    }
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let peers = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| text.parse().expect(text)).collect()
        };
        let given = peers(&["1.1.1.1:1", "1.1.1.2:1", "1.1.1.3:1", "[::1]:1"]);
        let turns = peers(&["1.1.1.1:1", "[::1]:1", "1.1.1.2:1", "1.1.1.3:1"]);
        assert_eq!(interleaved(given.into_iter()), turns);
    }
}
