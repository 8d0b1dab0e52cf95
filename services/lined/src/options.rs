//! The command line. It holds no secret and no number: those come from `vaultd` only.

use crate::transport::Binding;
use idl::hello::Process;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use thiserror::Error;

/// What `--help` prints.
pub const USAGE: &str = "\
lined: the line process of Ringfence

  --run DIR               sockets: of vaultd (reached), of lined (made)
  --recordings DIR        recordings are written here
  --objects DIR           encrypted prompts are read here
  --sip-udp ADDR:PORT     listen for SIP over UDP (may be given again); with 0.0.0.0 here and below
                          on the loopback and where vaultd says
  --sip-tcp ADDR:PORT     listen for SIP over TCP
  --sip-tls ADDR:PORT     listen for SIP over TLS
  --tls-cert FILE         certificate chain of the TLS listener
  --tls-key FILE          its key
  --rtp-addr IP           our media address; 0.0.0.0: for each peer the one it is reached from
  --rtp-ports A-B         our media ports, even for RTP, odd for RTCP
  --media-threads N       threads for media; default: one per core
  --board NAME            the hardware model, such as virtual; without it there are no cards
  --boards DIR            folder of board files
  --virtual-cards DIR     folder of the sockets of virtual cards
  --traces DIR            traces of D channels are written here
  --dns ADDR:PORT         ask this name server instead of the system's
  --allow PROCESS=UID     calld, supervisor or tool may connect as this user
  --log stderr|journal    where the log goes
  --log-level LEVEL       error, warn, info, debug or trace
";

/// The parsed command line.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of the sockets.
    pub run: PathBuf,
    /// Folder of recordings.
    pub recordings: PathBuf,
    /// Folder of object files.
    pub objects: PathBuf,
    /// SIP addresses.
    pub udp: Vec<SocketAddr>,
    /// SIP addresses.
    pub tcp: Vec<SocketAddr>,
    /// SIP addresses.
    pub tls: Vec<SocketAddr>,
    /// Certificate chain.
    pub tls_cert: Option<PathBuf>,
    /// Its key.
    pub tls_key: Option<PathBuf>,
    /// Our media address.
    pub rtp_addr: IpAddr,
    /// First and last media port.
    pub rtp_ports: (u16, u16),
    /// Media threads; 0 means one per core.
    pub media_threads: usize,
    /// The hardware model.
    pub board: Option<String>,
    /// Folder of board files.
    pub boards: PathBuf,
    /// Folder of the sockets of virtual cards.
    pub virtual_cards: PathBuf,
    /// Folder of traces.
    pub traces: PathBuf,
    /// The name server to ask.
    pub dns: Option<SocketAddr>,
    /// Who may connect as which user.
    pub allow: Vec<(Process, u32)>,
    /// Where the log goes.
    pub log: journal::Target,
    /// How much is logged.
    pub log_level: log::LevelFilter,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            run: PathBuf::from("/run/ringfence"),
            recordings: PathBuf::from("/var/lib/ringfence/recordings"),
            objects: PathBuf::from("/var/lib/ringfence/objects"),
            udp: Vec::new(),
            tcp: Vec::new(),
            tls: Vec::new(),
            tls_cert: None,
            tls_key: None,
            rtp_addr: IpAddr::V4(Ipv4Addr::LOCALHOST),
            rtp_ports: (20_000, 29_999),
            media_threads: 0,
            board: None,
            boards: PathBuf::from("/usr/share/ringfence/board"),
            virtual_cards: PathBuf::from("/run/ringfence/cards"),
            traces: PathBuf::from("/var/lib/ringfence/traces"),
            dns: None,
            allow: Vec::new(),
            log: journal::Target::Stderr,
            log_level: log::LevelFilter::Info,
        }
    }
}

/// Why the command line was not understood. The operator's fault.
#[derive(Debug, Error)]
pub enum OptionsError {
    /// The library's complaint.
    #[error(transparent)]
    Line(#[from] lexopt::Error),
    /// A value that does not fit its option.
    #[error("--{option}: {what}")]
    Value {
        /// The option.
        option: &'static str,
        /// What is wanted.
        what: &'static str,
    },
    /// Help was asked for.
    #[error("{USAGE}")]
    Help,
}

impl Options {
    /// Reads the process's command line.
    ///
    /// # Errors
    /// [`OptionsError`].
    pub fn from_env() -> Result<Self, OptionsError> {
        Self::parse(lexopt::Parser::from_env())
    }

    /// Reads a command line.
    ///
    /// # Errors
    /// [`OptionsError`].
    pub fn parse(mut line: lexopt::Parser) -> Result<Self, OptionsError> {
        use lexopt::prelude::{Long, Short, ValueExt};
        let mut options = Self::default();
        while let Some(argument) = line.next()? {
            match argument {
                Long("run") => options.run = line.value()?.into(),
                Long("recordings") => options.recordings = line.value()?.into(),
                Long("objects") => options.objects = line.value()?.into(),
                Long("sip-udp") => options.udp.push(line.value()?.parse()?),
                Long("sip-tcp") => options.tcp.push(line.value()?.parse()?),
                Long("sip-tls") => options.tls.push(line.value()?.parse()?),
                Long("tls-cert") => options.tls_cert = Some(line.value()?.into()),
                Long("tls-key") => options.tls_key = Some(line.value()?.into()),
                Long("rtp-addr") => options.rtp_addr = line.value()?.parse()?,
                Long("rtp-ports") => options.rtp_ports = line.value()?.parse_with(ports)?,
                Long("media-threads") => options.media_threads = line.value()?.parse()?,
                Long("board") => options.board = Some(line.value()?.parse()?),
                Long("boards") => options.boards = line.value()?.into(),
                Long("virtual-cards") => options.virtual_cards = line.value()?.into(),
                Long("traces") => options.traces = line.value()?.into(),
                Long("dns") => options.dns = Some(line.value()?.parse()?),
                Long("allow") => options.allow.push(line.value()?.parse_with(allowed)?),
                Long("log") => options.log = line.value()?.parse_with(log_to)?,
                Long("log-level") => options.log_level = line.value()?.parse()?,
                Long("help") | Short('h') => return Err(OptionsError::Help),
                other => return Err(other.unexpected().into()),
            }
        }
        options.check()
    }

    fn check(self) -> Result<Self, OptionsError> {
        let bad = |option, what| Err(OptionsError::Value { option, what });
        if self.media_threads > MAX_MEDIA_THREADS {
            return bad("media-threads", "at most 64");
        }
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            return bad("tls-cert", "certificate and key are given together");
        }
        if !self.tls.is_empty() && self.tls_cert.is_none() {
            return bad("sip-tls", "needs --tls-cert and --tls-key");
        }
        if self.udp.is_empty() && self.tcp.is_empty() && self.tls.is_empty() && self.board.is_none() {
            return bad("sip-udp", "at least one SIP address or a board with cards is needed");
        }
        Ok(self)
    }

    /// Where SIP listens, without the certificate.
    #[must_use]
    pub fn binding(&self) -> Binding {
        Binding { udp: self.udp.clone(), tcp: self.tcp.clone(), tls: self.tls.clone(), server: None }
    }

    /// How many media threads to run.
    #[must_use]
    pub fn threads(&self) -> usize {
        match self.media_threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from).min(MAX_MEDIA_THREADS),
            count => count,
        }
    }
}

const MAX_MEDIA_THREADS: usize = 64;
const SMALLEST_PORT: u16 = 1_024;

fn ports(text: &str) -> Result<(u16, u16), &'static str> {
    let parse = |text: &str| text.parse::<u16>().map_err(|_| "two ports, such as 20000-29999");
    let (first, last) = text.split_once('-').ok_or("two ports, such as 20000-29999")?;
    let (first, last) = (parse(first)?, parse(last)?);
    if first < SMALLEST_PORT || last <= first {
        return Err("the first port is at least 1024 and smaller than the last");
    }
    Ok((first, last))
}

fn allowed(text: &str) -> Result<(Process, u32), &'static str> {
    let (process, uid) = text.split_once('=').ok_or("such as calld=1001")?;
    let process = [Process::Calld, Process::Supervisor, Process::Tool]
        .into_iter()
        .find(|known| known.name() == process)
        .ok_or("calld, supervisor or tool")?;
    Ok((process, uid.parse().map_err(|_| "a user id is a number")?))
}

fn log_to(text: &str) -> Result<journal::Target, &'static str> {
    journal::Target::parse(text).ok_or("stderr or journal")
}

#[cfg(test)]
mod tests {
    use super::{Options, OptionsError};

    fn parse(line: &str) -> Result<Options, OptionsError> {
        Options::parse(lexopt::Parser::from_args(line.split_whitespace()))
    }

    #[test]
    fn a_usual_command_line_is_understood() {
        let options = parse("--run /r --sip-udp 127.0.0.1:5060 --rtp-ports 30000-30999 --allow calld=7");
        let options = options.expect("a good line");
        assert_eq!(options.rtp_ports, (30_000, 30_999));
        assert_eq!(options.allow.len(), 1);
    }

    #[test]
    fn what_cannot_work_is_refused_before_anything_starts() {
        for line in [
            "",
            "--sip-udp nowhere",
            "--sip-tls 127.0.0.1:5061",
            "--sip-udp 127.0.0.1:5060 --rtp-ports 500-600",
            "--sip-udp 127.0.0.1:5060 --rtp-ports 3000-2000",
            "--sip-udp 127.0.0.1:5060 --allow admind=1",
            "--sip-udp 127.0.0.1:5060 stray",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
