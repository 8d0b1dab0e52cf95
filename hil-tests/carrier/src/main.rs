//! The command line of the simulated carrier and of the simulated phones.
//!
//! It reads options, waits for a signal or a line on standard input, and prints the report; what a
//! call does is in the library.

use std::io::{BufRead, Write};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use anyhow::{Context, bail};
use carrier::behaviour::TABLE;
use carrier::{
    Account, Carrier, CarrierConfig, Credentials, DigestAlgorithm, Phones, PhonesConfig, Report, TlsIdentity,
    Transport,
};
use lexopt::prelude::*;
use tokio::signal::unix::{SignalKind, signal};

const HELP: &str = "\
carrier [options]            a carrier whose callees behave as their numbers say
carrier phones [options]     agents' phones
carrier --behaviours         the table of behaviours

Carrier:
  --udp, --tcp, --tls IP:PORT  listeners (UDP and TCP on 127.0.0.1:5060 when none is given)
  --cert FILE --key FILE       certificate of the TLS listener (else a new one at every start)
  --ca-out FILE                where the CA of the TLS listener is written
  --auth USER:PASS             challenge REGISTER; --auth-algorithm MD5|SHA-256; --realm NAME
  --challenge-invites          challenge INVITE too
  --default CODE               code of numbers that do not end in two digits (or ANSWER, BUSY, RINGOUT)
  --only CODE                  this code for every number
  --ring-ms N, --talk-ms N     shorter rings; hang up N ms after the answer (0: listen to the end)
  --allowed-callers A,B,...    callers that may stand in From and P-Asserted-Identity
Phones:
  --registrar HOST:PORT --transport udp|tcp|tls --ca FILE --accounts FILE
  --answer-ms N --hangup-after-ms N --expires-s N --ip IP
Both:
  --rtp-ip IP (carrier)  --rtp-ports FIRST-LAST  --journal FILE  --any-address (not only loopback)
On standard input: report, stop. SIGINT and SIGTERM stop too. The report is one JSON object.
";

enum Peer {
    Carrier(carrier::CarrierHandle),
    Phones(carrier::PhonesHandle),
}

impl Peer {
    fn report(&self) -> Report {
        match self {
            Self::Carrier(handle) => handle.report(),
            Self::Phones(handle) => handle.report(),
        }
    }

    fn stop(self) -> Report {
        match self {
            Self::Carrier(handle) => handle.stop(),
            Self::Phones(handle) => handle.stop(),
        }
    }
}

fn main() -> anyhow::Result<()> {
    let words: Vec<std::ffi::OsString> = std::env::args_os().skip(1).collect();
    let first = words.first().and_then(|w| w.to_str()).unwrap_or("");
    let peer = match first {
        "--help" | "-h" => return print(HELP),
        "--behaviours" => return print(&behaviours()),
        "phones" => Peer::Phones(Phones::start(phones_config(words[1..].to_vec())?)?),
        _ => {
            let handle = Carrier::start(carrier_config(words)?)?;
            let named = [("udp", handle.udp_addr()), ("tcp", handle.tcp_addr()), ("tls", handle.tls_addr())];
            for (name, address) in named.into_iter().filter_map(|(n, a)| Some((n, a?))) {
                writeln!(std::io::stderr(), "carrier: listening on {name} {address}")?;
            }
            Peer::Carrier(handle)
        }
    };
    wait(&peer)?;
    print_report(&peer.stop())
}

/// Returns when it is time to stop; answers `report` lines until then.
fn wait(peer: &Peer) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (lines, mut inbox) = tokio::sync::mpsc::channel::<String>(CONTROL_LIMIT);
    // The thread ends with the process: a blocking read of standard input cannot be called off.
    std::thread::Builder::new().name("control".to_owned()).spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    })?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut open = true;
        let mut flush = tokio::time::interval(FLUSH);
        loop {
            tokio::select! {
                // The report completes the journal's file.
                _ = flush.tick() => drop(peer.report()),
                _ = interrupt.recv() => return Ok(()),
                _ = terminate.recv() => return Ok(()),
                line = inbox.recv(), if open => match line.as_deref().map(str::trim) {
                    Some("report") => print_report(&peer.report())?,
                    Some("stop") => return Ok(()),
                    Some(_) => {}
                    None => open = false,
                },
            }
        }
    })
}

fn carrier_config(words: Vec<std::ffi::OsString>) -> anyhow::Result<CarrierConfig> {
    let mut config = CarrierConfig { udp: None, tcp: None, ..CarrierConfig::default() };
    let (mut auth, mut algorithm, mut realm) = (None::<String>, DigestAlgorithm::Md5, "carrier".to_owned());
    let (mut chain, mut key) = (None::<PathBuf>, None::<PathBuf>);
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(option) = parser.next()? {
        match option {
            Long("udp") => config.udp = Some(parser.value()?.parse()?),
            Long("tcp") => config.tcp = Some(parser.value()?.parse()?),
            Long("tls") => config.tls = Some(parser.value()?.parse()?),
            Long("cert") => chain = Some(parser.value()?.into()),
            Long("key") => key = Some(parser.value()?.into()),
            Long("ca-out") => config.ca_out = Some(parser.value()?.into()),
            Long("auth") => auth = Some(parser.value()?.string()?),
            Long("auth-algorithm") => algorithm = parser.value()?.parse_with(algorithm_named)?,
            Long("realm") => realm = parser.value()?.string()?,
            Long("challenge-invites") => config.challenge_invites = true,
            Long("default") => config.default_code = parser.value()?.parse_with(code_named)?,
            Long("only") => config.only_code = Some(parser.value()?.parse_with(code_named)?),
            Long("ring-ms") => config.ring_ms = Some(parser.value()?.parse()?),
            Long("talk-ms") => config.talk_ms = parser.value()?.parse()?,
            Long("allowed-callers") => {
                let list = parser.value()?.string()?;
                config.allowed_callers = list.split(',').map(|c| c.trim().to_owned()).collect();
            }
            Long("rtp-ip") => config.rtp_ip = parser.value()?.parse()?,
            Long("rtp-ports") => config.rtp_ports = parser.value()?.parse_with(port_range)?,
            Long("journal") => config.journal_file = Some(parser.value()?.into()),
            Long("any-address") => config.loopback_only = false,
            other => return Err(other.unexpected().into()),
        }
    }
    if let Some(auth) = auth {
        let (user, password) = auth.split_once(':').context("--auth wants USER:PASS")?;
        config.auth =
            Some(Credentials { user: user.to_owned(), password: password.to_owned(), realm, algorithm });
    }
    config.tls_identity = match (chain, key) {
        (Some(chain), Some(key)) => TlsIdentity::Pem { chain, key },
        (None, None) => TlsIdentity::Generated,
        _ => bail!("--cert and --key go together"),
    };
    if config.udp.is_none() && config.tcp.is_none() && config.tls.is_none() {
        let usual = SocketAddr::from(([127, 0, 0, 1], 5060));
        (config.udp, config.tcp) = (Some(usual), Some(usual));
    }
    Ok(config)
}

fn phones_config(words: Vec<std::ffi::OsString>) -> anyhow::Result<PhonesConfig> {
    let (mut registrar, mut accounts, mut ca) = (None::<String>, None::<PathBuf>, None::<PathBuf>);
    let mut config = PhonesConfig::new(SocketAddr::from(([127, 0, 0, 1], 5060)), Vec::new());
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(option) = parser.next()? {
        match option {
            Long("registrar") => registrar = Some(parser.value()?.string()?),
            Long("transport") => config.transport = parser.value()?.parse_with(transport_named)?,
            Long("ca") => ca = Some(parser.value()?.into()),
            Long("accounts") => accounts = Some(parser.value()?.into()),
            Long("answer-ms") => config.answer_ms = parser.value()?.parse()?,
            Long("hangup-after-ms") => config.hangup_after_ms = parser.value()?.parse()?,
            Long("expires-s") => config.expires_s = parser.value()?.parse()?,
            Long("ip") => config.local_ip = parser.value()?.parse::<IpAddr>()?,
            Long("rtp-ports") => config.rtp_ports = parser.value()?.parse_with(port_range)?,
            Long("journal") => config.journal_file = Some(parser.value()?.into()),
            Long("any-address") => config.loopback_only = false,
            other => return Err(other.unexpected().into()),
        }
    }
    let registrar = registrar.context("--registrar HOST:PORT is missing")?;
    config.registrar = registrar.to_socket_addrs()?.next().context("the registrar has no address")?;
    config.registrar_host =
        registrar.rsplit_once(':').map_or(registrar.as_str(), |(host, _)| host).to_owned();
    let accounts = accounts.context("--accounts FILE is missing")?;
    let text = std::fs::read_to_string(&accounts).context("the accounts cannot be read")?;
    config.accounts = serde_json::from_str::<Vec<Account>>(&text).context("the accounts are no JSON list")?;
    config.ca_pem = ca.map(std::fs::read_to_string).transpose().context("the CA cannot be read")?;
    Ok(config)
}

fn code_named(name: &str) -> anyhow::Result<u8> {
    Ok(match name.to_ascii_uppercase().as_str() {
        "ANSWER" => 0,
        "BUSY" => 70,
        "RINGOUT" => 73,
        digits => digits.parse().ok().filter(|c| *c < 100).context("a code is 00 to 99")?,
    })
}

fn algorithm_named(name: &str) -> anyhow::Result<DigestAlgorithm> {
    match name.to_ascii_uppercase().as_str() {
        "MD5" => Ok(DigestAlgorithm::Md5),
        "SHA-256" => Ok(DigestAlgorithm::Sha256),
        _ => bail!("an algorithm is MD5 or SHA-256"),
    }
}

fn transport_named(name: &str) -> anyhow::Result<Transport> {
    match name.to_ascii_lowercase().as_str() {
        "udp" => Ok(Transport::Udp),
        "tcp" => Ok(Transport::Tcp),
        "tls" => Ok(Transport::Tls),
        _ => bail!("a transport is udp, tcp or tls"),
    }
}

fn port_range(text: &str) -> anyhow::Result<(u16, u16)> {
    let (first, last) = text.split_once('-').context("a range is FIRST-LAST")?;
    Ok((first.trim().parse()?, last.trim().parse()?))
}

fn behaviours() -> String {
    TABLE.iter().map(|row| format!("{:02}-{:02}  {}\n", row.first, row.last, row.text)).collect()
}

fn print_report(report: &Report) -> anyhow::Result<()> {
    print(&format!("{}\n", serde_json::to_string(report)?))
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

const CONTROL_LIMIT: usize = 16;
/// The journal's file is complete up to so long ago.
const FLUSH: std::time::Duration = std::time::Duration::from_millis(500);
