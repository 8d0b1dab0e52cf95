//! The command line. It reads no file and no environment.

use journal::Target;
use lexopt::prelude::{Long, Short};
use lexopt::{Parser, ValueExt};
use std::net::SocketAddr;
use std::path::PathBuf;
use thiserror::Error;

/// What `--help` shows.
pub const HELP: &str = "\
admind: the local HTTPS page of Ringfence

  --run DIR              sockets (default /run/ringfence)
  --state DIR            certificate and key (default /var/lib/ringfence/admin)
  --listen ADDR:PORT     where the page is served (default [::]:443; may be repeated);
                         with [::] or 0.0.0.0 on the loopback and where vaultd says
  --source-rate N        requests a second of one source (default 100)
  --supervisor-uid UID   user id of the supervisor (default: our own)
  --log WHERE            stderr or journal (default journal)
";

/// The options.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of the sockets.
    pub run: PathBuf,
    /// The folder of the certificate.
    pub state: PathBuf,
    /// Where to listen.
    pub listen: Vec<SocketAddr>,
    /// Requests a second that one source may make.
    pub source_rate: u32,
    /// User id of the supervisor; `None`: our own.
    pub supervisor_uid: Option<u32>,
    /// The log.
    pub log: Target,
}

/// Why the command line cannot be used.
#[derive(Debug, Error)]
pub enum OptionsError {
    /// It cannot be read.
    #[error(transparent)]
    Syntax(#[from] lexopt::Error),
    /// Help was asked for.
    #[error("{HELP}")]
    Help,
    /// A value is none of those that can be.
    #[error("{0} cannot be `{1}`")]
    Value(&'static str, String),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            run: PathBuf::from("/run/ringfence"),
            state: PathBuf::from("/var/lib/ringfence/admin"),
            listen: vec![],
            source_rate: SOURCE_RATE,
            supervisor_uid: None,
            log: Target::Journal,
        }
    }
}

impl Options {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    /// [`OptionsError`].
    pub fn parse(mut parser: Parser) -> Result<Self, OptionsError> {
        let mut options = Self::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("run") => options.run = parser.value()?.into(),
                Long("state") => options.state = parser.value()?.into(),
                Long("listen") => options.listen.push(read("--listen", &parser.value()?.string()?)?),
                Long("source-rate") => {
                    options.source_rate = read("--source-rate", &parser.value()?.string()?)?;
                }
                Long("supervisor-uid") => {
                    options.supervisor_uid = Some(read("--supervisor-uid", &parser.value()?.string()?)?);
                }
                Long("log") => {
                    let word = parser.value()?.string()?;
                    options.log =
                        Target::parse(&word).ok_or_else(|| OptionsError::Value("--log", word.clone()))?;
                }
                Long("help") | Short('h') => return Err(OptionsError::Help),
                other => return Err(other.unexpected().into()),
            }
        }
        if options.listen.is_empty() {
            options.listen.push(DEFAULT_LISTEN);
        }
        if options.source_rate == 0 {
            return Err(OptionsError::Value("--source-rate", "0".to_owned()));
        }
        Ok(options)
    }
}

fn read<T: std::str::FromStr>(option: &'static str, text: &str) -> Result<T, OptionsError> {
    text.parse().map_err(|_| OptionsError::Value(option, text.to_owned()))
}

const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED), 443);
const SOURCE_RATE: u32 = 100;

#[cfg(test)]
mod tests {
    use super::{DEFAULT_LISTEN, Options, OptionsError};
    use lexopt::Parser;

    fn parse(arguments: &[&str]) -> Result<Options, OptionsError> {
        Options::parse(Parser::from_args(arguments.iter().copied()))
    }

    #[test]
    fn every_option_is_taken() {
        let options = parse(&[
            "--run",
            "/r",
            "--state",
            "/s",
            "--listen",
            "127.0.0.1:8443",
            "--listen",
            "[::1]:8443",
            "--source-rate",
            "7",
            "--supervisor-uid",
            "9",
            "--log",
            "stderr",
        ])
        .unwrap();
        assert_eq!(options.listen.len(), 2);
        assert_eq!((options.source_rate, options.supervisor_uid), (7, Some(9)));
        assert_eq!(options.log, journal::Target::Stderr);
        assert_eq!(options.state.to_str(), Some("/s"));
    }

    #[test]
    fn without_an_address_the_page_is_served_at_the_https_port_of_every_address() {
        assert_eq!(parse(&[]).unwrap().listen, [DEFAULT_LISTEN]);
    }

    #[test]
    fn what_it_does_not_know_is_refused() {
        assert!(parse(&["--plain"]).is_err());
        assert!(matches!(parse(&["--listen", "443"]), Err(OptionsError::Value(..))));
        assert!(matches!(parse(&["--source-rate", "0"]), Err(OptionsError::Value(..))));
        assert!(matches!(parse(&["--log", "nowhere"]), Err(OptionsError::Value(..))));
        assert!(matches!(parse(&["-h"]), Err(OptionsError::Help)));
    }
}
