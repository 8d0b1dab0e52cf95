//! The command line. It reads no file; of the environment it is handed TERM.

use crate::terminal::Wish;
use journal::Target;
use lexopt::prelude::{Long, Short};
use lexopt::{Parser, ValueExt};
use std::path::PathBuf;
use thiserror::Error;

/// What `--help` shows.
pub const HELP: &str = "\
consoled: the serial console of Ringfence

  --port DEVICE          the serial port (default /dev/ttyS0)
  --baud RATE            9600, 19200, 38400, 57600 or 115200 (default 115200)
  --stdio                the terminal it is started on, instead of a serial port; Ctrl-D leaves it
  --screen WHICH         full, plain, or auto: ask the terminal (default auto)
  --charset WHICH        utf-8, ascii, or auto: ask the terminal (default auto)
  --colour WHICH         on or off (default on; TERM=dumb: off, and plain)
  --run DIR              sockets, health and fingerprint (default /run/ringfence)
  --supervisor-uid UID   user id of the supervisor (default: our own)
  --log WHERE            stderr or journal (default journal)
";

/// The options.
#[derive(Debug, Clone)]
pub struct Options {
    /// The serial port; `None`: standard input and output.
    pub port: Option<PathBuf>,
    /// Its rate.
    pub baud: u32,
    /// What was set for the terminal.
    pub wish: Wish,
    /// The folder of the sockets.
    pub run: PathBuf,
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

/// Rates a serial port may have here.
pub const RATES: [u32; 5] = [9_600, 19_200, 38_400, 57_600, 115_200];

impl Options {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    /// [`OptionsError`].
    pub fn parse(mut parser: Parser, term: Option<&str>) -> Result<Self, OptionsError> {
        let dumb = term == Some("dumb");
        let mut options = Self {
            port: Some(PathBuf::from("/dev/ttyS0")),
            baud: 115_200,
            wish: Wish { full: dumb.then_some(false), utf8: None, colour: !dumb },
            run: PathBuf::from("/run/ringfence"),
            supervisor_uid: None,
            log: Target::Journal,
        };
        while let Some(argument) = parser.next()? {
            match argument {
                Long("port") => options.port = Some(parser.value()?.into()),
                Long("baud") => options.baud = rate(&parser.value()?.string()?)?,
                Long("stdio") => options.port = None,
                Long("screen") => {
                    let words = [("full", Some(true)), ("plain", Some(false)), ("auto", None)];
                    options.wish.full = one_of("--screen", &parser.value()?.string()?, &words)?;
                }
                Long("charset") => {
                    let words = [("utf-8", Some(true)), ("ascii", Some(false)), ("auto", None)];
                    options.wish.utf8 = one_of("--charset", &parser.value()?.string()?, &words)?;
                }
                Long("colour") => {
                    let words = [("on", true), ("off", false)];
                    options.wish.colour = one_of("--colour", &parser.value()?.string()?, &words)?;
                }
                Long("run") => options.run = parser.value()?.into(),
                Long("supervisor-uid") => {
                    let text = parser.value()?.string()?;
                    let uid = text.parse().map_err(|_| OptionsError::Value("--supervisor-uid", text))?;
                    options.supervisor_uid = Some(uid);
                }
                Long("log") => {
                    let word = parser.value()?.string()?;
                    options.log = Target::parse(&word).ok_or(OptionsError::Value("--log", word))?;
                }
                Long("help") | Short('h') => return Err(OptionsError::Help),
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }
}

fn rate(text: &str) -> Result<u32, OptionsError> {
    let known = text.parse().ok().filter(|rate| RATES.contains(rate));
    known.ok_or_else(|| OptionsError::Value("--baud", text.to_owned()))
}

fn one_of<T: Copy>(option: &'static str, text: &str, words: &[(&str, T)]) -> Result<T, OptionsError> {
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    found.ok_or_else(|| OptionsError::Value(option, text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{Options, OptionsError};
    use lexopt::Parser;

    fn parse(arguments: &[&str], term: Option<&str>) -> Result<Options, OptionsError> {
        Options::parse(Parser::from_args(arguments.iter().copied()), term)
    }

    #[test]
    fn every_option_is_taken() {
        let options = parse(
            &[
                "--port",
                "/dev/ttyS1",
                "--baud",
                "9600",
                "--screen",
                "full",
                "--charset",
                "ascii",
                "--colour",
                "off",
                "--run",
                "/r",
                "--supervisor-uid",
                "7",
                "--log",
                "stderr",
            ],
            None,
        )
        .unwrap();
        assert_eq!(options.port.unwrap().to_str(), Some("/dev/ttyS1"));
        assert_eq!((options.baud, options.supervisor_uid), (9_600, Some(7)));
        assert_eq!(
            (options.wish.full, options.wish.utf8, options.wish.colour),
            (Some(true), Some(false), false)
        );
        assert!(parse(&["--stdio"], None).unwrap().port.is_none());
    }

    #[test]
    fn a_dumb_terminal_is_written_to_line_by_line_and_any_other_is_asked() {
        let dumb = parse(&[], Some("dumb")).unwrap().wish;
        assert_eq!((dumb.full, dumb.colour), (Some(false), false));
        let other = parse(&[], Some("vt220")).unwrap().wish;
        assert_eq!((other.full, other.utf8, other.colour), (None, None, true));
    }

    #[test]
    fn what_it_does_not_know_is_refused() {
        for bad in [["--baud", "300"], ["--screen", "wide"], ["--charset", "gbk"], ["--log", "nowhere"]] {
            assert!(matches!(parse(&bad, None), Err(OptionsError::Value(..))), "{bad:?}");
        }
        assert!(parse(&["--shell"], None).is_err());
        assert!(matches!(parse(&["-h"], None), Err(OptionsError::Help)));
    }
}
