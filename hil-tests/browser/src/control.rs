//! The box and its peers, and the socket on which a scenario asks for them: one line of JSON each way.

use crate::toolchain::Scenario;
use anyhow::{Context, bail, ensure};
use carrier::{CarrierHandle, EventKind};
use e2e::{Phone, Place, Sipp, SippPlan, TestBox, Which, carrier_at, exchange_at, register_for};
use exchange::{ExchangeHandle, Order};
use idl::admin::{Admin, Answer};
use idl::spans::Alarms;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::Ipv4Addr;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};
use vocab::{AgentId, SpanId};

/// A blank box with its page, a carrier, and phones.
pub struct Bench {
    phone: Option<Sipp>,
    trunk: Option<Sipp>,
    carrier: CarrierHandle,
    exchange: ExchangeHandle,
    sut: TestBox,
    listener: UnixListener,
}

impl Bench {
    /// Starts all of it and waits until the page is served.
    ///
    /// # Errors
    /// When the control socket cannot be made.
    pub fn start() -> anyhow::Result<Self> {
        let place = Place::with_cards("virtual");
        let carrier = carrier_at(&place, |_| {});
        let exchange = exchange_at(&place, |_| {});
        let listener = UnixListener::bind(place.folder("peers").join("control.sock"))?;
        listener.set_nonblocking(true)?;
        let sut = TestBox::start_blank_with_page(place);
        let new = Self { phone: None, trunk: None, carrier, exchange, sut, listener };
        e2e::until("the page's fingerprint is shown", e2e::SHORT, || new.fingerprint().ok());
        e2e::until("the page listens", e2e::SHORT, || {
            std::net::TcpStream::connect(new.sut.place.page()).ok()
        });
        Ok(new)
    }

    fn fingerprint(&self) -> std::io::Result<String> {
        std::fs::read_to_string(self.sut.place.folder("run").join("admind/page-fingerprint"))
    }

    /// What a scenario finds in its environment.
    ///
    /// # Errors
    /// When the page has no certificate yet.
    pub fn variables(&self) -> anyhow::Result<Vec<(&'static str, String)>> {
        let place = &self.sut.place;
        let folder = place.folder("peers");
        Ok(vec![
            ("RINGFENCE_URL", format!("https://localhost:{}", place.page().port())),
            ("RINGFENCE_FINGERPRINT", self.fingerprint()?.trim().to_owned()),
            ("RINGFENCE_CONTROL", folder.join("control.sock").display().to_string()),
            ("RINGFENCE_NOTES", folder.join("notes").display().to_string()),
            ("RINGFENCE_CARRIER", self.carrier.addr().to_string()),
        ])
    }

    /// Runs a scenario file to its end, answering what it asks.
    ///
    /// # Errors
    /// When a test of it fails, or it does not end in time.
    pub fn run(&mut self, file: &str) -> anyhow::Result<()> {
        let mut scenario = Scenario::start(file, &self.variables()?)?;
        let start = Instant::now();
        let passed = self.serve_until(|| {
            ensure!(start.elapsed() < LIMIT, "{file} is not over after {} s", LIMIT.as_secs());
            scenario.ended()
        })?;
        ensure!(passed, "{file}: a scenario failed");
        Ok(())
    }

    /// Answers what scenarios ask until there is a value.
    ///
    /// # Errors
    /// When the control socket breaks, or `over` fails.
    pub fn serve_until<T>(
        &mut self,
        mut over: impl FnMut() -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => self.serve(&stream)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
                Err(error) => return Err(error).context("the control socket"),
            }
            if let Some(value) = over()? {
                return Ok(value);
            }
        }
    }

    fn serve(&mut self, stream: &UnixStream) -> anyhow::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(e2e::SHORT))?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        let request: Value = serde_json::from_str(&line).context("a line of JSON")?;
        let answer = self.answer(&request).unwrap_or_else(|error| json!({ "fault": format!("{error:#}") }));
        let mut stream = stream;
        Ok(stream.write_all(answer.to_string().as_bytes())?)
    }

    fn answer(&mut self, request: &Value) -> anyhow::Result<Value> {
        let text = |name: &str| request[name].as_str().with_context(|| format!("{name} is missing"));
        match text("what")? {
            "claim-code" => match self.sut.ask(None, Admin::ClaimCode) {
                Answer::ClaimCode(code) => Ok(json!({ "code": code.expose() })),
                other => bail!("no claim code: {other:?}"),
            },
            "register" => Ok(json!({ "port": self.register(request)? })),
            "phone" => self.ring(request),
            "phone-content" => {
                let mut phone = self.phone.take().context("there is no phone")?;
                phone.succeeds(e2e::LONG);
                Ok(json!({}))
            }
            "trunk" => self.lead(request),
            "trunk-content" => {
                let mut trunk = self.trunk.take().context("SIPp is no carrier here")?;
                trunk.succeeds(e2e::LONG);
                Ok(json!({}))
            }
            "voice" => self.voice(text("number")?),
            "carrier" => Ok(self.heard()),
            "exchange" => Ok(json!({ "calls": self.exchange.calls_per_number() })),
            "exchange-alarm" => {
                let red = request["red"].as_bool().context("red is missing")?;
                self.exchange.order(SpanId(1), Order::Alarms(Alarms { red, ..Alarms::default() }));
                Ok(json!({}))
            }
            "exchange-loop" => {
                let closed = request["closed"].as_bool().context("closed is missing")?;
                self.exchange.order(SpanId(1), Order::Loop(closed));
                Ok(json!({}))
            }
            "restart" => self.restart(text("which")?),
            "logs" => Ok(self.logs()),
            other => bail!("nobody here knows {other}"),
        }
    }

    /// Registers an account for a phone; the port at which it is to be.
    fn register(&self, request: &Value) -> anyhow::Result<u16> {
        let text = |name: &str| {
            request[name].as_str().map(str::to_owned).with_context(|| format!("{name} is missing"))
        };
        let (user, realm, password) = (text("user")?, text("realm")?, text("password")?);
        let port = self.sut.place.spare();
        let phone = Phone { agent: AgentId(0), user, realm, password };
        register_for(&self.sut.place, &phone, (Ipv4Addr::LOCALHOST, port).into());
        Ok(port)
    }

    /// A SIPp phone of an account: it answers so many calls and sends back what it hears.
    fn ring(&mut self, request: &Value) -> anyhow::Result<Value> {
        let port = self.register(request)?;
        let calls = u32::try_from(request["calls"].as_u64().unwrap_or(1))?;
        self.phone = Some(Sipp::start(&self.sut.place, port, &SippPlan::udp("phone").calls(calls)));
        Ok(json!({ "port": port }))
    }

    /// SIPp as a carrier that rings, answers and waits for the BYE of so many calls.
    fn lead(&mut self, request: &Value) -> anyhow::Result<Value> {
        let port = self.sut.place.spare();
        let calls = u32::try_from(request["calls"].as_u64().unwrap_or(1))?;
        let plan = SippPlan::udp("answer").calls(calls);
        self.trunk = Some(Sipp::start(&self.sut.place, port, &plan));
        Ok(json!({ "port": port }))
    }

    /// What the callee of this number says from its answer on, as a file of 16-bit samples.
    fn voice(&self, number: &str) -> anyhow::Result<Value> {
        let samples = carrier::signal::voice_pcm(number, 0, VOICE_SAMPLES);
        let file = self.sut.place.folder("peers").join("voice.pcm");
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        std::fs::write(&file, bytes)?;
        Ok(json!({ "file": file, "rate": carrier::signal::RATE_HZ }))
    }

    /// What the carrier saw: calls of each number, and who pressed a key.
    fn heard(&self) -> Value {
        let pressed = self.carrier.journal().into_iter().filter(|event| event.event == EventKind::DtmfSent);
        let pressed: Vec<String> = pressed.map(|event| event.number).collect();
        json!({ "calls": self.carrier.calls_per_number(), "pressed": pressed })
    }

    /// Kills a process and starts it again, as after a crash.
    fn restart(&mut self, which: &str) -> anyhow::Result<Value> {
        let which = match which {
            "vaultd" => Which::Vaultd,
            "admind" => Which::Admind,
            other => bail!("{other} is not restarted here"),
        };
        self.sut.kill(which);
        self.sut.restart(which);
        Ok(json!({}))
    }

    /// Everything the processes logged.
    fn logs(&self) -> Value {
        let all = [Which::Vaultd, Which::Lined, Which::Calld, Which::Supervisor, Which::Admind];
        all.iter()
            .map(|which| (which.name().to_owned(), json!(self.sut.log(*which))))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    /// Fails if a process ended without being told to, or the ledger is not whole.
    pub fn sound(&mut self) {
        self.sut.nothing_ended_by_itself();
        let key = self.sut.place.folder("vault").join("keys/head.pub").display().to_string();
        let (code, said) = self.sut.verify_offline(&self.sut.ledger_folder(), &["--key", &key]);
        assert_eq!(code, 0, "{said}");
    }
}

const PAUSE: Duration = Duration::from_millis(10);
/// The longest all scenarios together may take.
const LIMIT: Duration = Duration::from_secs(600);
/// Half a minute of a callee.
const VOICE_SAMPLES: usize = 30 * carrier::signal::RATE_HZ as usize;
