//! Connections to the HTTP and HTTPS ports, and to the ports of single acts.

use std::io;
use std::net::{TcpListener as StdListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use httpwhy_wire::h2::PREFACE;
use rustls::ServerConfig;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::act::{After, Guest, Part, Turn};
use crate::answer::Answer;
use crate::journal::{self, Ended, Over, Told, Whence};
use crate::pages;
use crate::ports::Ports;
use crate::request::{self, Asked, Incoming};
use crate::wire::Wire;
use crate::world::{Door, GuestPort, Played, World};
use crate::{api, endpoints, fast, h2, h3};

/// The most connections at a time, over all ports.
pub(crate) const MOST_CONNECTIONS: usize = 16_384;
/// The longest that one answer, one handshake or one act may take.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);
/// How long accepting rests when the system has no more descriptors.
pub(crate) const REST: Duration = Duration::from_millis(50);

/// Starts a task for each port.
pub(crate) fn start(world: &Arc<World>, ports: &Ports, guests: Vec<GuestPort>) -> io::Result<()> {
    let seats = &world.seats;
    world.proxies.work_here();
    fast::accept(ports.http.try_clone()?, world)?;
    let tls = Arc::clone(world);
    accept(ports.https.try_clone()?, seats, move |stream| {
        let world = Arc::clone(&tls);
        // Answers are written in one piece; waiting for more would only delay them.
        let _ = stream.set_nodelay(true);
        async move { serve_tls(stream, world.certificates.good(), &world).await }
    })?;
    let endpoint = h3::endpoint(ports.quic.try_clone()?, world.certificates.quic())?;
    tokio::spawn(h3::serve(endpoint, Arc::clone(world), Arc::clone(seats)));
    for (door, at) in guests {
        let world = Arc::clone(world);
        let listener = match door {
            Door::Connections(listener) => listener,
            Door::Datagrams(socket) => {
                tokio::spawn(async move { listen(socket, &world, at).await });
                continue;
            }
        };
        accept(listener, seats, move |stream| {
            let world = Arc::clone(&world);
            let _ = stream.set_nodelay(true);
            async move { be_guest(stream, &world, at).await }
        })?;
    }
    Ok(())
}

fn accept<F, W>(listener: StdListener, seats: &Arc<Semaphore>, serve: F) -> io::Result<()>
where
    F: Fn(TcpStream) -> W + Send + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let seats = Arc::clone(seats);
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                sleep(REST).await;
                continue;
            };
            // The semaphore is never closed.
            let Ok(seat) = Arc::clone(&seats).acquire_owned().await else {
                return;
            };
            let work = serve(stream);
            tokio::spawn(async move {
                work.await;
                drop(seat);
            });
        }
    });
    Ok(())
}

/// Serves a connection with TLS under it.
pub(crate) async fn serve_tls(stream: TcpStream, config: Arc<ServerConfig>, world: &Arc<World>) {
    let handshake = TlsAcceptor::from(config).accept(stream);
    if let Ok(Ok(tls)) = timeout(DEADLINE, handshake).await {
        serve(Wire::tls(tls), world).await;
    }
}

/// Serves a connection to its end.
pub(crate) async fn serve(mut wire: Wire, world: &Arc<World>) {
    let chosen = wire.alpn() == Some(b"h2");
    let Some(begun) = wire.begins_with(PREFACE, DEADLINE).await else {
        return wire.close().await;
    };
    if begun || chosen {
        return Box::pin(h2::serve(wire, world)).await;
    }
    serve_http1(wire, 0, world).await;
}

/// Serves a connection that has carried so many requests to its end.
pub(crate) async fn serve_from(wire: Wire, before: u32, world: &Arc<World>) {
    match before {
        0 => serve(wire, world).await,
        _ => serve_http1(wire, before, world).await,
    }
}

async fn serve_http1(mut wire: Wire, before: u32, world: &Arc<World>) {
    match converse(&mut wire, before, world).await {
        Ok(After::Reset) => wire.reset().await,
        Ok(After::Keep | After::Close) => wire.close().await,
        // The client has gone.
        Err(_) => {}
    }
}

async fn converse(wire: &mut Wire, mut before: u32, world: &World) -> io::Result<After> {
    loop {
        let asked = match request::next(wire, before, |path| head_suffices(path, world)).await? {
            Incoming::Request(asked) => api::admit(wire, asked, world).await?,
            Incoming::Nothing => return Ok(After::Close),
            Incoming::Unreadable(status, path) => {
                let answer = match api::owns(&path) {
                    true => api::unreadable(status),
                    false => Answer::of(status),
                };
                return answer.send(wire, &Asked::default(), None).await;
            }
        };
        // Acts are large, and most of the time a connection waits for a request.
        let after = timeout(DEADLINE, Box::pin(answer(wire, &asked, world))).await;
        match after.unwrap_or(Ok(After::Close))? {
            After::Keep if asked.keep => before += 1,
            After::Keep => return Ok(After::Close),
            end => return Ok(end),
        }
        wire.flush().await?;
    }
}

fn head_suffices(path: &str, world: &World) -> bool {
    let played = path.strip_prefix("/outcome/").and_then(|id| world.find(id));
    match played.map(|played| &played.part) {
        Some(Part::Request(act)) => act.begins_with_head(),
        _ => api::owns(path),
    }
}

/// Answers one request, and notes it.
pub(crate) async fn answer(wire: &mut Wire, asked: &Asked, world: &World) -> io::Result<After> {
    if asked.path == journal::PATH {
        return endpoints::answer(wire, asked, world).await;
    }
    let part = world.stage.step(asked);
    let instead = part.as_ref().and_then(|part| part.instead(asked));
    let to_play = instead.as_ref().unwrap_or(asked);
    let played = to_play
        .path
        .strip_prefix("/outcome/")
        .and_then(|id| world.find(id));
    let act = match &part {
        Some(part) => part.act.as_str(),
        None => played.map_or("", |played| played.id.0),
    };
    let noting = world.journal.begin(asked, wire.whence(), act);
    wire.told();
    let after = match part.filter(|_| instead.is_none()) {
        Some(part) => part.play(wire, asked, world.mark).await,
        None => play(wire, to_play, world, played).await,
    };
    noting.over(wire.told(), ended(&after));
    after
}

fn ended(after: &io::Result<After>) -> Ended {
    match after {
        Ok(After::Keep) => Ended::Kept,
        Ok(After::Close) => Ended::Fin,
        Ok(After::Reset) => Ended::Reset,
        Err(_) => Ended::ClientGone,
    }
}

/// `played`: the outcome whose path it is.
async fn play(
    wire: &mut Wire,
    asked: &Asked,
    world: &World,
    played: Option<&Played>,
) -> io::Result<After> {
    match played {
        Some(played) => {
            let mark = world.mark.then_some(played.id.0);
            match &played.part {
                Part::Request(act) => {
                    act.answer(Turn {
                        wire,
                        asked,
                        mark,
                        world,
                    })
                    .await
                }
                _ => pages::elsewhere(played).send(wire, asked, mark).await,
            }
        }
        None if asked.path.starts_with("/outcome/") => {
            pages::unknown_outcome().send(wire, asked, None).await
        }
        None if api::owns(&asked.path) => api::answer(wire, asked, world).await,
        None => endpoints::answer(wire, asked, world).await,
    }
}

async fn listen(socket: UdpSocket, world: &Arc<World>, at: usize) {
    let played = &world.played[at];
    if let Part::Datagrams(act) = &played.part {
        let guest = Guest {
            mark: world.mark.then_some(played.id.0),
            world,
        };
        // Without its socket the act is over.
        let _ = act.listen(socket, guest).await;
    }
}

async fn be_guest(stream: TcpStream, world: &Arc<World>, at: usize) {
    let played = &world.played[at];
    if let Part::Accept(act) = &played.part {
        let guest = Guest {
            mark: world.mark.then_some(played.id.0),
            world,
        };
        let from = Whence {
            over: Over::Tcp,
            peer: stream.peer_addr().ok().map(|peer| peer.ip()),
            secure: false,
        };
        let noting = world.journal.arrival(from, played.id.0);
        // An error means that the client has gone.
        let _ = timeout(DEADLINE, act.accepted(stream, guest)).await;
        noting.over(Told::default(), Ended::ByAct);
    }
}
