//! Peers in processes of their own: SIPp and the simulated carrier. Each ends when dropped.

use anyhow::{Context, bail, ensure};
use e2e::{Phone, Place, SHORT, binary, until};
use serde_json::{Value, json};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running peer.
#[derive(Debug)]
pub struct Peer {
    child: Child,
}

impl Peer {
    /// Starts a command; its output goes to a file.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(command: &mut Command, log: &Path) -> anyhow::Result<Self> {
        let log = std::fs::File::create(log).context("a log file")?;
        command.stderr(log.try_clone()?).stdin(Stdio::piped());
        let child = command.stdout(log).spawn().context("a peer does not start")?;
        Ok(Self { child })
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// SIPp with its own scenario `uas`: 180, 200, ACK, BYE. It plays no audio.
///
/// # Errors
/// If it does not start.
pub fn sipp_uas(place: &Place) -> anyhow::Result<(Peer, SocketAddr)> {
    let (port, media) = (place.spare(), place.spare());
    let mut command = Command::new("sipp");
    command.args(["-sn", "uas", "-i", "127.0.0.1", "-p", &port.to_string(), "-nostdin"]);
    command.args(["-mi", "127.0.0.1", "-mp", &media.to_string(), "-cp", "0"]);
    command.current_dir(place.folder("peers"));
    let peer = Peer::start(&mut command, &place.folder("peers").join("sipp.out"))?;
    let wanted = format!("0100007F:{port:04X}");
    until("sipp listens", SHORT, || {
        let table = std::fs::read_to_string("/proc/net/udp").ok()?;
        table.lines().any(|line| line.split_whitespace().nth(1) == Some(&wanted)).then_some(())
    });
    Ok((peer, (Ipv4Addr::LOCALHOST, port).into()))
}

/// A process of the simulated carrier's program.
#[derive(Debug)]
pub struct Simulated {
    peer: Peer,
    log: PathBuf,
}

impl Simulated {
    fn start(command: &mut Command, log: PathBuf) -> anyhow::Result<Self> {
        Ok(Self { peer: Peer::start(command, &log)?, log })
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.peer.pid()
    }

    /// Its counters; also completes the journal's file.
    ///
    /// # Errors
    /// If it does not answer.
    pub fn report(&mut self) -> anyhow::Result<Value> {
        let known = std::fs::read_to_string(&self.log)?.len();
        let stdin = self.peer.child.stdin.as_mut().context("its standard input")?;
        stdin.write_all(b"report\n")?;
        let line = until("the simulation reports", SHORT, || {
            let all = std::fs::read_to_string(&self.log).ok()?;
            let new = all.get(known..)?;
            new.lines().find(|line| line.starts_with('{') && new.ends_with('\n')).map(str::to_owned)
        });
        Ok(serde_json::from_str(&line)?)
    }
}

/// The simulated exchange behind a place's cards; its subscribers answer at once and speak.
///
/// # Errors
/// If it does not start.
pub fn exchange(place: &Place, spans: u8) -> anyhow::Result<Simulated> {
    let mut command = Command::new(binary("exchange"));
    command.arg("--cards").arg(place.folder("cards"));
    command.args(["--spans", &spans.to_string(), "--only", "0", "--ring-ms", "20"]);
    let mut new = Simulated::start(&mut command, place.folder("peers").join("exchange.out"))?;
    new.report()?;
    Ok(new)
}

/// The agents' phones, over TLS with SRTP or over UDP with RTP; they answer at once and speak.
///
/// # Errors
/// If they do not register.
pub fn phones(place: &Place, phones: &[Phone], secure: bool) -> anyhow::Result<Simulated> {
    let folder = place.folder("peers");
    let account =
        |phone: &Phone| json!({ "user": phone.user, "password": phone.password, "realm": phone.realm });
    let accounts: Vec<Value> = phones.iter().map(account).collect();
    let file = folder.join("accounts.json");
    std::fs::write(&file, Value::Array(accounts).to_string())?;
    let mut command = Command::new(binary("carrier"));
    command.arg("phones").arg("--accounts").arg(&file);
    command.args(["--rtp-ports", &format!("{}-{}", PHONES_RTP.0, PHONES_RTP.1)]);
    if secure {
        command.args(["--transport", "tls", "--registrar", &place.sip_tls().to_string()]);
        command.arg("--ca").arg(place.folder("tls").join("ca.pem"));
    } else {
        command.args(["--transport", "udp", "--registrar", &place.sip().to_string()]);
    }
    let mut new = Simulated::start(&mut command, folder.join("phones.out"))?;
    let begun = Instant::now();
    loop {
        let registered = new.report()?["registrations"].as_u64().unwrap_or(0);
        if registered >= phones.len() as u64 {
            return Ok(new);
        }
        ensure!(begun.elapsed() < SHORT, "only {registered} of {} phones registered", phones.len());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The simulated carrier, all of whose callees behave alike.
#[derive(Debug)]
pub struct Carrier {
    /// Its process.
    pub process: Simulated,
    /// Where it takes SIP over UDP.
    pub udp: SocketAddr,
    /// Where it takes SIP over TLS.
    pub tls: SocketAddr,
    /// What it writes down.
    pub journal: PathBuf,
    ca: PathBuf,
}

impl Carrier {
    /// Starts it with one behaviour for every number; callees hang up `talk_ms` after the answer, at 0 never.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(place: &Place, code: &str, talk_ms: u64) -> anyhow::Result<Self> {
        let folder = place.folder("peers");
        let at = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let (udp, tls) = (at(place.spare()), at(place.spare()));
        let [journal, ca, log] =
            ["carrier.journal", "carrier-ca.pem", "carrier.out"].map(|name| folder.join(name));
        let mut command = Command::new(binary("carrier"));
        command.args(["--udp", &udp.to_string(), "--tls", &tls.to_string(), "--only", code]);
        command.args([
            "--ring-ms",
            "20",
            "--talk-ms",
            &talk_ms.to_string(),
            "--rtp-ports",
            &format!("{}-{}", CARRIER_RTP.0, CARRIER_RTP.1),
        ]);
        command.arg("--journal").arg(&journal).arg("--ca-out").arg(&ca);
        let process = Simulated::start(&mut command, log.clone())?;
        until("the carrier listens", SHORT, || {
            std::fs::read_to_string(&log).ok()?.contains(&format!("tls {tls}")).then_some(())
        });
        Ok(Self { process, udp, tls, journal, ca })
    }

    /// The CA of its TLS listener.
    ///
    /// # Errors
    /// If it is not there.
    pub fn ca_pem(&self) -> anyhow::Result<String> {
        std::fs::read_to_string(&self.ca).context("the carrier's CA")
    }

    /// When each new call came in, in microseconds since 1970; the journal must be complete.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn invites_us(&self) -> anyhow::Result<Vec<u64>> {
        let text = std::fs::read_to_string(&self.journal).context("the carrier's journal")?;
        let mut times = Vec::new();
        for line in text.lines() {
            let event: Value = serde_json::from_str(line).context("a line of the journal")?;
            if event["event"] == "invite" {
                let Some(at) = event["t_us"].as_u64() else { bail!("an event without a time") };
                times.push(at);
            }
        }
        Ok(times)
    }
}

/// The carrier's media ports, below the ephemeral ones.
const CARRIER_RTP: (u16, u16) = (20_000, 23_998);
/// The phones' media ports, above the blocks of the harness.
const PHONES_RTP: (u16, u16) = (19_000, 19_998);
