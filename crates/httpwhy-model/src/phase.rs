//! When it happened and who took part.

use crate::words::words;

words! {
    /// The part of an exchange in which something happened, in order of time.
    pub enum Phase as "phase" {
        /// Everything before the first packet: input, login, limiter, browser lease, repeater.
        Queue = "queue",
        /// Name to address.
        Resolve = "resolve",
        /// TCP (or QUIC) connection to an address.
        Connect = "connect",
        /// CONNECT or SOCKS through a proxy.
        Tunnel = "tunnel",
        /// TLS handshake.
        Tls = "tls",
        /// The request goes out.
        Send = "send",
        /// From the last byte of the request to the first byte of the response.
        Wait = "wait",
        /// The response comes in.
        Receive = "receive",
        /// The end of the connection or of the protocol switched to.
        Close = "close",
    }
}

words! {
    /// Who took part, and so who can be to blame. TLS is no party: it is the one whose certificate,
    /// configuration or clock is wrong.
    pub enum Party as "party" {
        /// The one who asked: its program, machine, configuration, input.
        Client = "client",
        /// The name system: resolver, or the zone's name servers.
        Dns = "dns",
        /// What carries packets between the others.
        Network = "network",
        /// A proxy, gateway, CDN or load balancer.
        Intermediary = "intermediary",
        /// The origin server: the application behind everything.
        Origin = "origin",
        /// A worker with a name inside a private network.
        Repeater = "repeater",
        /// httpwhy itself.
        Engine = "engine",
    }
}
