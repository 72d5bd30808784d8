//! A simulator on a port: `stand PORT [THREADS]`. Nothing else is linked, so that it is built quickly for a profile.

use std::io::Write as _;

use httpwhy_sim::{Config, Simulator};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse::<u16>().ok());
    let config = Config {
        http_port: numbers.next().unwrap_or(0),
        threads: numbers.next().unwrap_or(1).into(),
        ..Config::default()
    };
    let simulator = Simulator::start(config)?;
    writeln!(std::io::stdout(), "{}", simulator.http())?;
    loop {
        std::thread::park();
    }
}
