//! What the integration tests share: a fake `vaultd`, prompts, a running `lined`, SIPp as the carrier.
//!
//! Waits are for events and bounded; nothing here sleeps for a fixed time.
#![expect(dead_code, reason = "each test file uses a part of it")]

use idl::hello::Process;
use idl::lines::{
    CallEnd, CallFact, Codec, LineGroup, LineGroupMember, LinedToVault, Prompt, PromptRole, SipTransport,
    SiteLines, SrtpPolicy, Ticket, TrunkConfig, TrunkStatus, VaultToLined,
};
use idl::spans::SpanStatus;
use ipc::{Conn, Listener};
use lined::options::Options;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, mpsc, oneshot};
use vocab::{CallId, CampaignMode, LineGroupId, PhoneNumber, Pii, Secret, SpanId, TrunkId};

/// The longest any expected event may take.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// The group of every test's trunk.
pub const GROUP: LineGroupId = LineGroupId(1);

/// A fact as it came, with its call and number.
#[derive(Debug)]
pub struct Noted {
    pub call: CallId,
    pub seq: u32,
    pub fact: CallFact,
}

/// The fake `vaultd`: one connection at a time, facts stored as long as `storing`.
pub struct Vault {
    path: PathBuf,
    events: mpsc::UnboundedReceiver<LinedToVault>,
    conn: Arc<Conn>,
    reader: tokio::task::JoinHandle<()>,
    pub storing: Arc<std::sync::atomic::AtomicBool>,
    /// The last word on each span and trunk.
    pub spans: BTreeMap<SpanId, SpanStatus>,
    pub trunks: BTreeMap<TrunkId, TrunkStatus>,
}

impl Vault {
    /// Listens and waits for `lined`.
    pub async fn accept(run: &Path) -> Self {
        let path = Process::Vaultd.socket(run);
        let listener = Listener::bind(&path, Process::Vaultd, &[(Process::Lined, None)]).expect("a socket");
        let (conn, _) = within(listener.accept()).await.expect("lined connects");
        let conn = Arc::new(conn);
        let (sender, events) = mpsc::unbounded_channel();
        let storing = Arc::new(std::sync::atomic::AtomicBool::new(true));
        let reader = tokio::spawn(read(Arc::clone(&conn), sender, Arc::clone(&storing)));
        Self { path, events, conn, reader, storing, spans: BTreeMap::new(), trunks: BTreeMap::new() }
    }

    pub async fn send(&self, message: VaultToLined) {
        self.conn.send(&message).await.expect("lined reads");
    }

    pub async fn next(&mut self) -> LinedToVault {
        let message = within(self.events.recv()).await.expect("lined speaks");
        match &message {
            LinedToVault::Span(status) => {
                self.spans.insert(status.span, (**status).clone());
            }
            LinedToVault::Trunk(status) => {
                self.trunks.insert(status.trunk, status.clone());
            }
            _ => {}
        }
        message
    }

    /// Waits until what was told last of spans and trunks is as wanted.
    pub async fn stands(&mut self, wanted: impl Fn(&Self) -> bool) {
        within(async {
            while !wanted(self) {
                self.next().await;
            }
        })
        .await;
    }

    /// The next message that `pick` takes; others are passed over.
    pub async fn wait<T>(&mut self, mut pick: impl FnMut(LinedToVault) -> Option<T>) -> T {
        loop {
            if let Some(picked) = pick(self.next().await) {
                return picked;
            }
        }
    }

    /// All that it says until its connection ends.
    pub async fn rest(&mut self) -> Vec<LinedToVault> {
        let mut said = Vec::new();
        while let Some(message) = within(self.events.recv()).await {
            said.push(message);
        }
        said
    }

    /// All facts of a call up to its end.
    pub async fn facts_to_end(&mut self, call: CallId) -> (Vec<Noted>, CallEnd) {
        let mut facts = Vec::new();
        loop {
            let LinedToVault::Fact { call: of, seq, fact, .. } = self.next().await else { continue };
            if of != call {
                continue;
            }
            if let CallFact::Ended(end) = fact {
                return (facts, *end);
            }
            facts.push(Noted { call: of, seq, fact });
        }
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        self.reader.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn read(
    conn: Arc<Conn>,
    sender: mpsc::UnboundedSender<LinedToVault>,
    storing: Arc<std::sync::atomic::AtomicBool>,
) {
    while let Ok(message) = conn.recv::<LinedToVault>().await {
        if let LinedToVault::Fact { call, seq, .. } = &message
            && storing.load(Ordering::SeqCst)
        {
            let _ = conn.send(&VaultToLined::FactStored { call: *call, seq: *seq }).await;
        }
        if let LinedToVault::SpanFact { life, seq, .. } = &message
            && storing.load(Ordering::SeqCst)
        {
            let _ = conn.send(&VaultToLined::SpanFactStored { life: *life, seq: *seq }).await;
        }
        if sender.send(message).is_err() {
            return;
        }
    }
}

/// A running `lined` with its folders.
pub struct Bench {
    pub dir: tempfile::TempDir,
    pub options: Options,
    stop: Option<oneshot::Sender<()>>,
    task: Option<tokio::task::JoinHandle<Result<(), lined::process::ProcessError>>>,
    pub objects: store::Objects,
    pub key: Secret<[u8; 32]>,
}

static NEXT_RTP: AtomicU16 = AtomicU16::new(0);

impl Bench {
    /// Starts `lined` on free ports of the loopback address.
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    pub fn start_with(change: impl FnOnce(&mut Options)) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let sub = |name: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(&path).expect("a folder");
            path
        };
        // A range for each bench, also across test processes.
        let slot = NEXT_RTP.fetch_add(1, Ordering::SeqCst);
        let first = 20_000 + u16::try_from(std::process::id() % 200).unwrap_or(0) * 200 + slot * 40;
        let sip = free_port();
        let mut options = Options {
            run: sub("run"),
            recordings: sub("recordings"),
            boards: Path::new(env!("CARGO_MANIFEST_DIR")).join("../../board"),
            virtual_cards: sub("cards"),
            traces: sub("traces"),
            objects: sub("objects"),
            udp: vec![sip],
            tcp: vec![sip],
            rtp_addr: IpAddr::V4(Ipv4Addr::LOCALHOST),
            rtp_ports: (first, first + 39),
            media_threads: 1,
            ..Options::default()
        };
        change(&mut options);
        let objects = store::Objects::open(&options.objects).expect("a store of objects");
        let mut bench = Self { dir, options, stop: None, task: None, objects, key: Secret::new([7; 32]) };
        bench.run();
        bench
    }

    /// Runs the process on a thread of its own, as it runs alone in the product.
    pub fn run(&mut self) {
        let (stop, stopped) = oneshot::channel::<()>();
        let options = self.options.clone();
        self.stop = Some(stop);
        self.task = Some(tokio::spawn(async move {
            lined::process::run(&options, async {
                let _ = stopped.await;
            })
            .await
        }));
    }

    /// Asks it to stop and waits for that.
    pub async fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(task) = self.task.take() {
            within(task).await.expect("no panic").expect("an orderly end");
        }
    }

    /// Ends it as a crash would: no BYE, no last word.
    pub async fn kill(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            let _ = task.await;
        }
    }

    /// A prompt of a steady tone, so long.
    pub fn prompt(&self, role: PromptRole, ms: usize) -> Prompt {
        let octet = tone(role);
        let audio = vec![octet; ms * 8];
        let object = self.objects.put(&self.key, &audio).expect("an object");
        Prompt { role, object, key: self.key.clone() }
    }

    /// A ticket of an announcement.
    pub fn ticket(&self, call: u64, number: &str) -> Ticket {
        Ticket {
            call: CallId(call),
            expires_boot_ms: lined::clock::boot_ms() + 10_000,
            number: Pii::new(PhoneNumber::parse(number).expect("a number")),
            caller: Pii::new(PhoneNumber::parse("01088886666").expect("a number")),
            group: GROUP,
            mode: CampaignMode::Announcement,
            agent: None,
            prompts: vec![
                self.prompt(PromptRole::Identify, 300),
                self.prompt(PromptRole::RecordingNotice, 300),
                self.prompt(PromptRole::OptOutHint, 200),
                self.prompt(PromptRole::Body, 1_000),
                self.prompt(PromptRole::OptOutConfirmation, 300),
            ],
            recording_key: Secret::new([9; 32]),
            ring_timeout_s: 10,
            max_call_s: 60,
            opt_out_key: b'9',
        }
    }

    pub fn recording(&self, call: u64) -> PathBuf {
        lined::recorder::recording_path(&self.options.recordings, CallId(call))
    }

    pub fn sip(&self) -> SocketAddr {
        self.options.udp[0]
    }
}

/// The octet that fills a prompt: tells prompts apart in a recording.
pub fn tone(role: PromptRole) -> u8 {
    match role {
        PromptRole::Identify => 0x10,
        PromptRole::RecordingNotice => 0x11,
        PromptRole::OptOutHint => 0x12,
        PromptRole::Body => 0x13,
        PromptRole::OptOutConfirmation => 0x14,
        PromptRole::Hold => 0x15,
        PromptRole::NoAgent => 0x16,
    }
}

/// A site of one trunk.
pub fn site(carrier: SocketAddr, transport: SipTransport) -> SiteLines {
    SiteLines {
        spans: Vec::new(),
        version: 1,
        trunks: vec![trunk(1, carrier, transport)],
        groups: vec![LineGroup {
            id: GROUP,
            name: "test".to_owned(),
            members: vec![LineGroupMember { trunk: TrunkId(1), rank: 0, weight: 1 }],
        }],
        phones_allow_udp: true,
    }
}

pub fn trunk(id: u16, carrier: SocketAddr, transport: SipTransport) -> TrunkConfig {
    TrunkConfig {
        id: TrunkId(id),
        name: "carrier".to_owned(),
        host: carrier.ip().to_string(),
        port: Some(carrier.port()),
        transport,
        ca_pem: None,
        tls_name: None,
        tls12_waiver: false,
        srtp: SrtpPolicy::PlainWaiver,
        account: None,
        channels: 500,
        options_interval_s: 0,
        symmetric_rtp: false,
        codecs: vec![Codec::Pcma],
    }
}

/// SIPp playing a scenario; killed when dropped.
pub struct Sipp {
    child: Child,
    pub address: SocketAddr,
}

impl Sipp {
    /// Starts SIPp as a server on a free port and waits until it listens.
    pub fn start(scenario: &str, arguments: &[&str]) -> Self {
        let address = free_port();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sipp").join(scenario);
        let media = free_port().port() & !1;
        let child = Command::new("sipp")
            .args(["-sf", &file.display().to_string(), "-i", "127.0.0.1", "-mi", "127.0.0.1"])
            .args(["-p", &address.port().to_string(), "-mp", &media.to_string(), "-nostdin", "-nd"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("SIPp is installed");
        let sipp = Self { child, address };
        sipp.wait_until_bound(arguments.contains(&"t1"));
        sipp
    }

    fn wait_until_bound(&self, tcp: bool) {
        let give_up = std::time::Instant::now() + PATIENCE;
        let bound = || {
            if tcp {
                std::net::TcpStream::connect(self.address).is_ok()
            } else {
                udp_is_bound(self.address.port())
            }
        };
        while !bound() {
            assert!(std::time::Instant::now() < give_up, "SIPp listens");
            std::thread::yield_now();
        }
    }

    /// Waits for its end; whether every call went as the scenario says.
    pub async fn succeeded(mut self) -> bool {
        let give_up = std::time::Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status.success();
            }
            if std::time::Instant::now() > give_up {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port below the system's own range that nobody holds, of UDP and TCP, not given out before.
pub fn free_port() -> SocketAddr {
    loop {
        // SIPp takes the ports after its media port as well.
        let turn = NEXT_PORT.fetch_add(10, Ordering::SeqCst);
        let base = u16::try_from(std::process::id() % 50).unwrap_or(0) * 200;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 9_000 + base + turn % 200));
        if UdpSocket::bind(address).is_ok() && std::net::TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

static NEXT_PORT: AtomicU16 = AtomicU16::new(0);

pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("in time")
}

/// The samples of a recording: customer, agent and prompts.
pub fn decode(path: &Path) -> (Vec<u8>, Vec<u8>) {
    let file = std::fs::File::open(path).expect("a recording");
    let mut decoder = recording::Decoder::new(file, &Secret::new([9; 32])).expect("a sound header");
    let (mut left, mut right) = (Vec::new(), Vec::new());
    loop {
        match decoder.next_chunk().expect("a sound chunk") {
            recording::Chunk::Audio { samples, .. } => {
                for pair in samples.chunks_exact(2) {
                    left.push(pair[0]);
                    right.push(pair[1]);
                }
            }
            recording::Chunk::Closed(_) => return (left, right),
            recording::Chunk::Cut(_) => panic!("the recording was closed in order"),
        }
    }
}

/// A mutex the tests that count system resources share.
pub static ALONE: Mutex<()> = Mutex::const_new(());

/// Whether somebody has this UDP port on the loopback address. Looked up, because binding it to find out
/// would take it from a SIPp that is just starting.
fn udp_is_bound(port: u16) -> bool {
    let wanted = format!("0100007F:{port:04X}");
    std::fs::read_to_string("/proc/net/udp").is_ok_and(|table| table.contains(&wanted))
}
