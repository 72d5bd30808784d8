//! An exchange as it was, before any server wrote a line of it.

/// Numbers by chance that are the same each time (splitmix64, Steele, Lea and Flood 2014).
#[derive(Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of 0 to `bound` - 1.
    pub(super) const fn below(&mut self, bound: u64) -> u64 {
        // The upper half: good enough evenly for bounds far below 2^32.
        ((self.next() >> 32) * bound) >> 32
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len() as u64) as usize]
    }
}

/// Why an exchange ended as it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// It went well.
    Fine,
    /// There is nothing at that path.
    NotFound,
    /// A rule of the server in front denied it.
    Denied,
    /// The client left while it waited.
    ClientLeft,
    /// The server behind refused the connection.
    Refused,
    /// The server behind was silent for a minute.
    Silent,
    /// The server behind answered 500.
    Said,
}

impl Cause {
    /// The word of the truth file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::NotFound => "not-found",
            Self::Denied => "denied",
            Self::ClientLeft => "client-left",
            Self::Refused => "upstream-refused",
            Self::Silent => "upstream-silent",
            Self::Said => "upstream-said",
        }
    }
}

pub(super) const UPSTREAMS: &[&str] = &[
    "10.0.0.5:8080",
    "10.0.0.6:8080",
    "10.0.0.7:8080",
    "10.0.0.8:8080",
];
const HOSTS: &[&str] = &["shop.example.com", "api.example.com", "pay.example.com"];
const PATHS: &[&str] = &[
    "/",
    "/api/cart",
    "/api/orders/",
    "/img/",
    "/search",
    "/login",
    "/api/stock",
    "/about",
];
const METHODS: &[&str] = &["GET", "GET", "GET", "GET", "POST"];
const POPS: &[&str] = &["FRA56-P4", "LHR61-C2", "IAD89-P1", "NRT57-P3"];
const NETWORKS: &[&str] = &["192.0.2", "198.51.100", "203.0.113", "10.9.8", "172.16.4"];
const AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "curl/8.5.0",
    "okhttp/4.12.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
];

/// What was asked and how it went.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) millis: u64,
    pub(super) network: &'static str,
    /// The address's last number.
    pub(super) node: u64,
    pub(super) port: u64,
    pub(super) method: &'static str,
    pub(super) host: &'static str,
    /// With what follows it: see [`Exchange::target`].
    pub(super) path: &'static str,
    pub(super) item: u64,
    /// Makes a line longer than any reader takes.
    pub(super) suffix: String,
    pub(super) agent: &'static str,
    pub(super) upstream: &'static str,
    pub(super) pop: &'static str,
    /// Bytes of the answer.
    pub(super) bytes: u64,
    quick: u64,
    pub(super) cause: Cause,
}

impl Exchange {
    pub(super) fn any(chance: &mut Chance, millis: u64) -> Self {
        Self {
            millis,
            network: chance.of(NETWORKS),
            node: 1 + chance.below(250),
            port: 32_768 + chance.below(28_000),
            method: chance.of(METHODS),
            host: chance.of(HOSTS),
            path: chance.of(PATHS),
            item: chance.below(100_000),
            suffix: String::new(),
            agent: chance.of(AGENTS),
            upstream: chance.of(UPSTREAMS),
            pop: chance.of(POPS),
            bytes: 200 + chance.below(40_000),
            quick: 1 + chance.below(400),
            cause: Cause::Fine,
        }
    }

    /// The path, with a number where the path has items.
    pub(super) fn target(&self) -> String {
        match self.path.len() > 1 && self.path.ends_with('/') {
            true => format!("{}{}{}", self.path, self.item, self.suffix),
            false => format!("{}{}", self.path, self.suffix),
        }
    }

    /// How long it took, milliseconds.
    pub(super) const fn took(&self) -> u64 {
        match self.cause {
            Cause::Silent => 60_000 + self.quick % 5,
            Cause::ClientLeft => 5_000 + self.quick,
            Cause::Refused => self.quick % 3,
            _ => self.quick,
        }
    }

    /// Whether it has that value of a dimension, both as `httpwhy logs` names them.
    pub(super) fn has(&self, dimension: &str, value: &str) -> bool {
        match dimension {
            // Servers write `10.0.0.7:8080`, `http://10.0.0.7:8080`, `10.0.0.7`, or a name, `app7`.
            "upstream" => {
                let number = self.upstream.trim_end_matches(":8080").rsplit('.').next();
                let named = value.trim_end_matches(":8080").rsplit(['.', 'p']).next();
                number == named
            }
            "host" => self.host == value,
            "pop" => self.pop == value,
            "network" => value.strip_suffix(".0/24") == Some(self.network),
            "agent" => self.agent.split('/').next() == Some(value),
            "path" => self.path == value,
            _ => false,
        }
    }
}
