//! A simulator on a port: `stand PORT [THREADS]`. Nothing else is linked, so that it is built quickly for a profile.

use httpwhy_sim::{Config, Simulator};

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse::<u16>().ok());
    let config = Config {
        http_port: numbers.next().unwrap_or(0),
        threads: numbers.next().unwrap_or(1).into(),
        ..Config::default()
    };
    match Simulator::start(config) {
        Ok(simulator) => {
            println!("{}", simulator.http());
            loop {
                std::thread::park();
            }
        }
        Err(error) => eprintln!("{error}"),
    }
}
