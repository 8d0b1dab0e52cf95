//! Folders, ports, certificates and command lines of the processes on a workstation.

use super::children::Program;
use anyhow::Context;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where things lie below `--state`.
#[derive(Debug)]
pub struct Folders {
    /// Sockets and health.
    pub run: PathBuf,
    /// Ledger, keys, projection.
    pub vault: PathBuf,
    /// Encrypted prompts and batches.
    pub objects: PathBuf,
    /// Encrypted recordings.
    pub recordings: PathBuf,
    /// Traces of D channels.
    pub traces: PathBuf,
    /// Sockets of the simulated card.
    pub cards: PathBuf,
    /// The software TPM.
    pub tpm: PathBuf,
    /// Certificates.
    pub tls: PathBuf,
    /// The page's certificate.
    pub page: PathBuf,
    /// Logs.
    pub logs: PathBuf,
    /// What only the demo needs: ids, phone accounts, the carrier's journal.
    pub demo: PathBuf,
}

impl Folders {
    /// Makes them, for this user only.
    pub fn make(state: &Path) -> anyhow::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let make = |name: &str| -> anyhow::Result<PathBuf> {
            let folder = state.join(name);
            let mut builder = std::fs::DirBuilder::new();
            builder.recursive(true).mode(0o700);
            builder.create(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
            Ok(folder)
        };
        Ok(Self {
            run: make("run")?,
            vault: make("vault")?,
            objects: make("objects")?,
            recordings: make("recordings")?,
            traces: make("traces")?,
            cards: make("cards")?,
            tpm: make("tpm")?,
            tls: make("tls")?,
            page: make("page")?,
            logs: make("logs")?,
            demo: make("demo")?,
        })
    }
}

/// Ports on the loopback address.
#[derive(Debug)]
pub struct Ports {
    /// The box: UDP and TCP; TLS on the next.
    pub sip: u16,
    /// The simulated carrier: TLS.
    pub carrier: u16,
    /// The software TPM; its control port is the next.
    pub tpm: u16,
    /// First of the box's RTP ports.
    pub rtp: u16,
    /// The page.
    pub page: u16,
}

impl Ports {
    /// Takes the SIP port as given and finds free ones for the rest.
    pub fn choose(sip: u16, page: u16) -> anyhow::Result<Self> {
        // The carrier's place stands in the site's trunk: it must be the same at the next start.
        let carrier = sip + 10;
        for port in [sip, sip + 1, carrier] {
            let free = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
                && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
            anyhow::ensure!(free, "port {port} is taken: stop what uses it, or choose another with --port");
        }
        anyhow::ensure!(
            TcpListener::bind((Ipv4Addr::LOCALHOST, page)).is_ok(),
            "port {page} is taken: stop what uses it, or choose another for the page with --page"
        );
        let tpm = pair_above(carrier + 2)?;
        Ok(Self { sip, carrier, tpm, rtp: RTP_FIRST, page })
    }
}

fn pair_above(from: u16) -> anyhow::Result<u16> {
    let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    (from..from.saturating_add(400))
        .step_by(2)
        .find(|&port| free(port) && free(port + 1))
        .context("no free ports")
}

/// Certificates made once: the box's, with the CA that the simulated phones trust, and the simulated
/// carrier's, with the CA that the demo's trunk is given.
pub fn make_tls(folders: &Folders) -> anyhow::Result<()> {
    identity(&folders.tls, "", "Ringfence demo CA")?;
    identity(&folders.demo, "carrier-", "simulated carrier CA")
}

fn identity(folder: &Path, prefix: &str, authority_name: &str) -> anyhow::Result<()> {
    let file = |name: &str| folder.join(format!("{prefix}{name}.pem"));
    if ["ca", "cert", "key"].iter().all(|name| file(name).exists()) {
        return Ok(());
    }
    let mut authority = rcgen::CertificateParams::new(Vec::new())?;
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    authority.distinguished_name.push(rcgen::DnType::CommonName, authority_name);
    let authority_key = rcgen::KeyPair::generate()?;
    let authority_cert = authority.self_signed(&authority_key)?;
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate()?;
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = rcgen::CertificateParams::new(names)?.signed_by(&key, &issuer)?;
    write_private(&file("key"), key.serialize_pem().as_bytes())?;
    std::fs::write(file("cert"), certificate.pem())?;
    Ok(std::fs::write(file("ca"), authority_cert.pem())?)
}

/// Writes a file that only this user may read.
pub fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path).with_context(|| path.display().to_string())?;
    file.write_all(content)?;
    Ok(file.sync_all()?)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn program(name: &str, path: PathBuf, arguments: &[&str]) -> Program {
    let arguments = arguments.iter().map(ToString::to_string).collect();
    Program { name: name.to_owned(), path, arguments, stop_limit: Duration::from_secs(12) }
}

/// The software TPM.
pub fn swtpm(folders: &Folders, ports: &Ports) -> Program {
    let state = format!("dir={}", text(&folders.tpm));
    let server = format!("type=tcp,port={},bindaddr=127.0.0.1", ports.tpm);
    let control = format!("type=tcp,port={},bindaddr=127.0.0.1", ports.tpm + 1);
    let arguments = [
        "socket",
        "--tpm2",
        "--tpmstate",
        &state,
        "--server",
        &server,
        "--ctrl",
        &control,
        "--flags",
        "not-need-init,startup-clear",
    ];
    program("swtpm", "swtpm".into(), &arguments)
}

/// Records.
pub fn vaultd(bin: &Path, folders: &Folders, ports: &Ports) -> Program {
    let tcti = format!("swtpm:host=127.0.0.1,port={}", ports.tpm);
    let (state, run) = (text(&folders.vault), text(&folders.run));
    let (objects, recordings) = (text(&folders.objects), text(&folders.recordings));
    let traces = text(&folders.traces);
    let arguments = [
        "--state",
        &state,
        "--run",
        &run,
        "--objects",
        &objects,
        "--recordings",
        &recordings,
        "--traces",
        &traces,
        "--tcti",
        &tcti,
        "--clock-trusted",
        "--log",
        "stderr",
    ];
    program("vaultd", bin.join("vaultd"), &arguments)
}

/// Lines; with the simulated card or without any.
pub fn lined(bin: &Path, folders: &Folders, ports: &Ports, cards: bool) -> Program {
    let (run, recordings, objects) = (text(&folders.run), text(&folders.recordings), text(&folders.objects));
    let (sip, tls) = (format!("127.0.0.1:{}", ports.sip), format!("127.0.0.1:{}", ports.sip + 1));
    let rtp = format!("{}-{}", ports.rtp, ports.rtp + RTP_COUNT);
    let (certificate, key) = (text(&folders.tls.join("cert.pem")), text(&folders.tls.join("key.pem")));
    let (traces, sockets) = (text(&folders.traces), text(&folders.cards));
    let boards = text(&crate::project::root().join("board"));
    let mut arguments = vec![
        "--run",
        &run,
        "--recordings",
        &recordings,
        "--traces",
        &traces,
        "--objects",
        &objects,
        "--sip-udp",
        &sip,
        "--sip-tcp",
        &sip,
        "--sip-tls",
        &tls,
        "--tls-cert",
        &certificate,
        "--tls-key",
        &key,
        "--rtp-addr",
        "127.0.0.1",
        "--rtp-ports",
        &rtp,
        "--log",
        "stderr",
    ];
    if cards {
        arguments.extend(["--board", "virtual", "--boards", &boards, "--virtual-cards", &sockets]);
    }
    program("lined", bin.join("lined"), &arguments)
}

/// Campaigns.
pub fn calld(bin: &Path, folders: &Folders) -> Program {
    program("calld", bin.join("calld"), &["--run", &text(&folders.run), "--log", "stderr"])
}

/// The page.
pub fn admind(bin: &Path, folders: &Folders, ports: &Ports) -> Program {
    let (run, state) = (text(&folders.run), text(&folders.page));
    let listen = format!("127.0.0.1:{}", ports.page);
    let arguments = ["--run", &run, "--state", &state, "--listen", &listen, "--log", "stderr"];
    program("admind", bin.join("admind"), &arguments)
}

/// Health.
pub fn supervisor(bin: &Path, folders: &Folders) -> Program {
    program("supervisor", bin.join("supervisor"), &["--run", &text(&folders.run), "--log", "stderr"])
}

/// The simulated carrier, over TLS with SRTP.
pub fn carrier(bin: &Path, folders: &Folders, ports: &Ports, fast: bool) -> Program {
    let address = format!("127.0.0.1:{}", ports.carrier);
    let demo = |name: &str| text(&folders.demo.join(name));
    let (certificate, key, journal) =
        (demo("carrier-cert.pem"), demo("carrier-key.pem"), demo("carrier.jsonl"));
    let mut arguments = vec!["--tls", &address, "--cert", &certificate, "--key", &key, "--journal", &journal];
    if fast {
        arguments.extend(["--ring-ms", "300"]);
    }
    program("carrier", bin.join("carrier"), &arguments)
}

/// The simulated exchange at the other end of the simulated card's two E1.
pub fn exchange(bin: &Path, folders: &Folders, fast: bool) -> Program {
    let (sockets, journal) = (text(&folders.cards), text(&folders.demo.join("exchange.jsonl")));
    let mut arguments = vec!["--cards", &sockets, "--spans", "2", "--journal", &journal];
    if fast {
        arguments.extend(["--ring-ms", "300"]);
    }
    program("exchange", bin.join("exchange"), &arguments)
}

/// The simulated agents' phones.
pub fn phones(bin: &Path, folders: &Folders, ports: &Ports) -> Program {
    let registrar = format!("127.0.0.1:{}", ports.sip + 1);
    let (ca, accounts) = (text(&folders.tls.join("ca.pem")), text(&folders.demo.join("phones.json")));
    let journal = text(&folders.demo.join("phones.jsonl"));
    let arguments = [
        "phones",
        "--registrar",
        &registrar,
        "--transport",
        "tls",
        "--ca",
        &ca,
        "--accounts",
        &accounts,
        "--answer-ms",
        "400",
        "--hangup-after-ms",
        "16000",
        "--journal",
        &journal,
    ];
    program("phones", bin.join("carrier"), &arguments)
}

const RTP_FIRST: u16 = 20_000;
const RTP_COUNT: u16 = 3_999;
