//! The ports that every simulator has.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};

use socket2::{Domain, Socket, Type};

use crate::simulator::Config;

/// How often a pair of equal UDP and TCP ports is tried for.
const TRIES: usize = 32;
/// How many connections are opened to the port that is to be full. Its queue holds one (listen(2) with a backlog of 0);
/// the others wait in vain, and would take any place that became free.
const FILLERS: usize = 8;

/// Bound sockets.
#[derive(Debug)]
pub(crate) struct Ports {
    /// HTTP.
    pub(crate) http: TcpListener,
    /// HTTPS.
    pub(crate) https: TcpListener,
    /// HTTP/3, on the same port.
    pub(crate) quic: UdpSocket,
    /// The name server, UDP.
    pub(crate) dns: UdpSocket,
    /// The name server, TCP, on the same port.
    pub(crate) dns_tcp: TcpListener,
    /// Bound, not listening: connections are refused.
    pub(crate) refused: Closed,
    /// A name server's port on which nothing answers: datagrams are refused.
    pub(crate) dead_resolver: DeadResolver,
    /// A port that is full.
    pub(crate) full: Full,
}

impl Ports {
    /// Binds them all.
    pub(crate) fn bind(config: &Config) -> io::Result<Self> {
        let (dns, dns_tcp) = pair(config.ip, config.dns_port)?;
        let (quic, https) = pair(config.ip, config.https_port)?;
        Ok(Self {
            http: TcpListener::bind((config.ip, config.http_port))?,
            https,
            quic,
            dns,
            dns_tcp,
            refused: Closed::bind(config.ip)?,
            dead_resolver: DeadResolver::bind(config.ip)?,
            full: Full::bind(config.ip)?,
        })
    }
}

/// A UDP and a TCP socket on one port.
fn pair(ip: IpAddr, port: u16) -> io::Result<(UdpSocket, TcpListener)> {
    let mut last = None;
    for _ in 0..if port == 0 { TRIES } else { 1 } {
        let udp = UdpSocket::bind((ip, port))?;
        match TcpListener::bind(udp.local_addr()?) {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::ErrorKind::AddrInUse.into()))
}

/// A port that is taken and refuses.
#[derive(Debug)]
pub(crate) struct Closed {
    /// Its address.
    pub(crate) address: SocketAddr,
    _socket: Socket,
}

impl Closed {
    /// Binds a free one.
    pub(crate) fn bind(ip: IpAddr) -> io::Result<Self> {
        let socket = bound(ip)?;
        Ok(Self {
            address: address(&socket)?,
            _socket: socket,
        })
    }
}

/// A UDP port that is taken and refuses: its socket takes datagrams from itself only, so that the kernel answers others
/// with "port unreachable".
#[derive(Debug)]
pub(crate) struct DeadResolver {
    /// Its address.
    pub(crate) address: SocketAddr,
    _socket: UdpSocket,
}

impl DeadResolver {
    fn bind(ip: IpAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind((ip, 0))?;
        let address = socket.local_addr()?;
        socket.connect(address)?;
        Ok(Self {
            address,
            _socket: socket,
        })
    }
}

/// A listening port whose accept queue is full, and is never emptied: further opening packets are dropped.
#[derive(Debug)]
pub(crate) struct Full {
    /// Its address.
    pub(crate) address: SocketAddr,
    _listener: Socket,
    _fillers: Vec<Socket>,
}

impl Full {
    fn bind(ip: IpAddr) -> io::Result<Self> {
        let listener = bound(ip)?;
        listener.listen(0)?;
        let address = address(&listener)?;
        let fillers = (0..FILLERS).map(|_| {
            let filler = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
            filler.set_nonblocking(true)?;
            // That it does not wait is told as an error.
            let _ = filler.connect(&address.into());
            Ok(filler)
        });
        let fillers = fillers.collect::<io::Result<Vec<Socket>>>()?;
        Ok(Self {
            address,
            _listener: listener,
            _fillers: fillers,
        })
    }
}

fn bound(ip: IpAddr) -> io::Result<Socket> {
    let at = SocketAddr::from((ip, 0));
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, None)?;
    socket.bind(&at.into())?;
    Ok(socket)
}

fn address(socket: &Socket) -> io::Result<SocketAddr> {
    let address = socket.local_addr()?.as_socket();
    address.ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
}
