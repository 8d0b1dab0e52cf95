//! The bench: a console, a terminal that remembers what it was sent, a vault of prepared answers.

use consoled::console::{Ask, Console, Input, Out};
use consoled::facts::{Facts, Picture};
use consoled::terminal::Wish;
use idl::account::{Door, Me, ServiceTicket, SessionId};
use idl::admin::{Admin, Answer, Role};
use idl::host::{BootCause, HostFact, HostFault, HostOrder, HostStatus, Slot, SlotView};
use idl::lines::TrunkState;
use idl::spans::{
    Alarms, BertPattern, LinkState, QualityBin, SlotState, SpanCounters, SpanFact, SpanOrder, SpanStatus,
    TestStatus,
};
use idl::views::{
    Attention, BoxAsk, BoxOrder, BoxOrderStage, BoxView, BundleView, ConsoleAsk, Overview, SpanAsk, SpanCard,
    SpanEvent, SpanHistory, SpanView, TraceView, TrunkLive,
};
use rights::{BY_CONSOLE, request_of};
use vocab::{PersonId, Pii, Secret, SpanId, Timeslot, TrunkId, UnixMs};

pub const TOKEN: [u8; 32] = [7; 32];
/// Monday 2026-11-23, 10:00 in Shanghai.
pub const NOW: UnixMs = UnixMs(1_795_399_200_000);
/// What no screen may ever show.
pub const NUMBER: &str = "13800138000";
pub const NAME: &str = "赵六";

/// The whole bench.
pub struct Bench {
    pub console: Console,
    pub now: u64,
    /// Everything the terminal was sent since the last look.
    pub sent: Vec<u8>,
    /// Every request made, by its kind, with whether the screen made it by itself.
    pub asked: Vec<(rights::Request, bool)>,
    pub orders: Vec<SpanOrder>,
    pub box_orders: Vec<HostOrder>,
    pub tickets: Vec<ServiceTicket>,
    /// What a terminal answers when it is asked where its cursor is.
    pub column: Option<u16>,
    pub commissioned: bool,
    /// The TPM was not cleared by the reset before.
    pub tpm_kept: bool,
    /// How the vault refuses from now on.
    pub refusal: Option<&'static str>,
    /// Requests that are kept unanswered.
    pub silent: bool,
    pub kept: Vec<Ask>,
    /// The recording, piece by piece, and how many were given.
    pub pieces: Vec<Vec<u8>>,
    pub given: u32,
    /// How a piece is answered from now on; `None` within: not at all.
    pub taken: Option<Option<&'static str>>,
    pub facts: Facts,
}

impl Bench {
    pub fn new(wish: Wish, column: Option<u16>, commissioned: bool) -> Self {
        let mut bench = Self {
            console: Console::new(wish),
            now: 1_000_000,
            sent: Vec::new(),
            asked: Vec::new(),
            orders: Vec::new(),
            box_orders: Vec::new(),
            tickets: Vec::new(),
            column,
            commissioned,
            tpm_kept: false,
            refusal: None,
            silent: false,
            kept: Vec::new(),
            pieces: Vec::new(),
            given: 0,
            taken: None,
            facts: facts(),
        };
        bench.told();
        bench.pass(2_000);
        bench
    }

    /// A terminal with UTF-8 that answers.
    pub fn modern(commissioned: bool) -> Self {
        let mut bench = Self::new(Wish { colour: true, ..Wish::default() }, Some(3), commissioned);
        bench.keys("\r");
        bench
    }

    /// A terminal that answers nothing.
    pub fn mute(commissioned: bool) -> Self {
        let mut bench = Self::new(Wish::default(), None, commissioned);
        bench.keys("\r");
        bench.pass(2_000);
        bench
    }

    pub fn told(&mut self) {
        self.give(Input::Facts(Box::new(self.facts.clone())));
    }

    /// Types; each key is answered by everything it leads to.
    pub fn keys(&mut self, keys: &str) {
        for key in keys.chars() {
            let mut bytes = [0; 4];
            let bytes = key.encode_utf8(&mut bytes).as_bytes().to_vec();
            self.give(Input::Bytes(&bytes));
        }
        self.pass(200);
    }

    /// Types lines, each ended by Return.
    pub fn lines(&mut self, lines: &[&str]) {
        for line in lines {
            self.keys(line);
            self.keys("\r");
        }
    }

    pub fn sign_in(&mut self) {
        self.keys("s");
        if !self.console.is_full() {
            self.keys("\r");
        }
        self.lines(&["WO-2026/118", "zhao.liu", "tram window 88", "123456"]);
    }

    /// Time passes, in steps of a tenth of a second.
    pub fn pass(&mut self, ms: u64) {
        for _ in 0..ms / 100 {
            self.now += 100;
            self.give(Input::Tick);
        }
    }

    pub fn give(&mut self, input: Input<'_>) {
        let mut out = Out::default();
        self.console.step(self.now, input, &mut out);
        let mut asks = out.asks;
        let mut bytes = out.bytes;
        loop {
            self.console.frame(self.now, &mut bytes);
            let probed = bytes.windows(4).filter(|four| four == b"\x1b[6n").count();
            self.sent.append(&mut bytes);
            let mut out = Out::default();
            if let Some(column) = self.column.filter(|_| probed > 0) {
                let reply = format!("\x1b[1;{column}R");
                self.console.step(self.now, Input::Bytes(reply.as_bytes()), &mut out);
            }
            for ask in std::mem::take(&mut asks) {
                let piece = matches!(ask.what, Admin::Consoles(_));
                if (self.silent && !piece) || (piece && self.taken == Some(None)) {
                    self.kept.push(ask);
                    continue;
                }
                let id = ask.id;
                let answer = Some(Box::new(self.answer(ask)));
                self.console.step(self.now, Input::Answer { id, answer }, &mut out);
            }
            asks = out.asks;
            bytes = out.bytes;
            if asks.is_empty() && bytes.is_empty() {
                return;
            }
        }
    }

    fn answer(&mut self, ask: Ask) -> Answer {
        let kind = request_of(&ask.what);
        assert!(BY_CONSOLE.contains(&kind), "{} is not the console's", kind.name());
        self.asked.push((kind, ask.passive));
        let open = rights::OPEN.contains(&kind);
        assert_eq!(ask.session.map(|token| *token.expose()), (!open).then_some(TOKEN), "{}", kind.name());
        let piece = kind == rights::Request::RecordConsole;
        let refusal = self.refusal.filter(|code| !piece || *code == "no-session");
        if let Some(code) = refusal.filter(|_| !open || kind == rights::Request::SignInConsole) {
            let (text_en, text_zh) = ("No, it says.".to_owned(), "不行。".to_owned());
            return Answer::Refused { code: code.to_owned(), text_en, text_zh };
        }
        match ask.what {
            Admin::Door => {
                Answer::Door(Box::new(Door { tpm_kept: self.tpm_kept, ..door(self.commissioned) }))
            }
            Admin::Consoles(ConsoleAsk::Record { index, piece, .. }) => {
                if let Some(Some(code)) = self.taken {
                    let (text_en, text_zh) = (String::new(), String::new());
                    return Answer::Refused { code: code.to_owned(), text_en, text_zh };
                }
                assert_eq!(index, self.given, "in order");
                if !piece.reveal().is_empty() {
                    self.given += 1;
                    self.pieces.push(piece.into_inner());
                }
                Answer::Done
            }
            Admin::ClaimCode => Answer::ClaimCode(Secret::new("ABCD-EFGH-JKLM-NPQR".to_owned())),
            Admin::SignInConsole { login, password, code, ticket } => {
                assert_eq!((login.as_str(), password.expose().as_str()), ("zhao.liu", "tram window 88"));
                assert_eq!(code.expose(), "123456");
                self.tickets.push(ticket);
                self.pieces.clear();
                self.given = 0;
                Answer::SignedIn { token: Secret::new(TOKEN), me: Box::new(me()) }
            }
            Admin::Me => Answer::Me(Box::new(me())),
            Admin::Overview => Answer::Overview(Box::new(overview())),
            Admin::Span(SpanAsk::All) => Answer::Spans(vec![span(1), span(2)]),
            Admin::Span(SpanAsk::One { span: id }) => Answer::Span(Box::new(SpanCard {
                view: span(id.0),
                groups: Vec::new(),
                traces: vec![TraceView {
                    at: NOW,
                    file: "span1-20261123T020000.pcap".to_owned(),
                    frames: 12,
                }],
            })),
            Admin::Span(SpanAsk::History { .. }) => Answer::SpanHistory(Box::new(history())),
            Admin::Span(SpanAsk::Quality { .. }) => Answer::SpanQuality(quality()),
            Admin::Box(BoxAsk::Look) => {
                let mut view = appliance();
                if let Some(what) = self.box_orders.last().cloned() {
                    let stage = BoxOrderStage::UnderWay { percent: 1 };
                    view.orders.insert(0, BoxOrder { order: 5, what, by: PersonId(1), at: NOW, stage });
                }
                Answer::Box(Box::new(view))
            }
            Admin::Box(BoxAsk::Order(order)) => {
                self.box_orders.push(order);
                Answer::Created { ids: vec![9] }
            }
            Admin::Span(SpanAsk::Order { order, .. }) => {
                self.orders.push(order);
                Answer::Done
            }
            _ => Answer::Done,
        }
    }

    /// What the terminal was sent since the last look, as text.
    pub fn read(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.sent)).expect("whole characters")
    }

    pub fn screen(&self) -> String {
        self.console.screen()
    }
}

pub fn facts() -> Facts {
    let picture = format!(
        r#"{{"processes":{{
        "vaultd":{{"state":"ready","pid":1,"restarts":0,"gauges":{{}},"alarms":{{}}}},
        "lined":{{"state":"degraded","pid":2,"restarts":2,"gauges":{{}},
            "alarms":{{"trunk-down":["a trunk is down ({NUMBER})","中继不可用"]}}}}}}}}"#
    );
    Facts {
        now: NOW,
        up_s: 93_784,
        version: "0.1.0".to_owned(),
        development: false,
        connected: true,
        device: "3F2A-91BC".to_owned(),
        addresses: vec![("eth0".to_owned(), "10.20.30.40".to_owned())],
        fingerprint: (0..32).map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":"),
        health: Picture::parse(picture.as_bytes()),
    }
}

fn door(commissioned: bool) -> Door {
    Door {
        commissioned,
        company: if commissioned { "示范医院".to_owned() } else { String::new() },
        zone: "Asia/Shanghai".to_owned(),
        real_tpm: true,
        clock_synchronised: true,
        tpm_kept: false,
    }
}

fn me() -> Me {
    Me {
        person: PersonId(4),
        name: Pii::new(NAME.to_owned()),
        login: "zhao.liu".to_owned(),
        role: Role::Technician,
        department: None,
        session: SessionId(9),
        signed_in_at: NOW,
        ends_at: NOW.plus(3_600_000),
        idle_s: 300,
        last: None,
        failed_since: 0,
        company: "示范医院".to_owned(),
        zone: "Asia/Shanghai".to_owned(),
        real_tpm: true,
    }
}

fn overview() -> Overview {
    let trunk = |id, name: &str, state, reason: &str| TrunkLive {
        id: TrunkId(id),
        name: name.to_owned(),
        state,
        since: Some(NOW),
        reason: reason.to_owned(),
        calls: 3,
        channels: 30,
    };
    Overview {
        now: NOW,
        attention: vec![Attention {
            code: "trunk-down".to_owned(),
            subject: format!("{NAME} {NUMBER}"),
            count: 2,
            urgent: true,
            since: None,
        }],
        trunks: vec![
            trunk(1, "电信一号", TrunkState::Up, ""),
            trunk(2, "backup", TrunkState::Down, &format!("480 {NUMBER}\u{1b}[2J gone")),
        ],
        live_calls: 3,
        storage: (500 << 30, 2 << 40),
        tpm: "IFX SLB9672".to_owned(),
        ledger: (1_234, 1_230, Some(NOW)),
        clock_synchronised: true,
        calling_hours: (true, Some(NOW.plus(3_600_000))),
        processes: (true, true),
        ..Overview::default()
    }
}

fn span(id: u16) -> SpanView {
    let mut slots = vec![SlotState::Idle; 31];
    slots[15] = SlotState::Signalling;
    slots[0] = SlotState::Connected;
    slots[4] = SlotState::Blocked;
    let alarms = Alarms { los: id == 2, red: id == 2, ..Alarms::default() };
    let bert = TestStatus::Bert {
        slot: Timeslot(7),
        pattern: BertPattern::Prbs15,
        synced: true,
        seconds: 61,
        bits: 3_904_000,
        errors: 1,
    };
    SpanView {
        span: SpanId(id),
        config: None,
        status: Some(SpanStatus {
            span: SpanId(id),
            trunk: None,
            place: format!("TE220 port {id}"),
            is_e1: true,
            at: NOW,
            since: NOW,
            alarms,
            link: if id == 2 { LinkState::Down } else { LinkState::Up },
            counters: SpanCounters { slips: 2, ..SpanCounters::default() },
            slots,
            test: Some(bert),
            trace_frames: Some(44),
        }),
        trunk: None,
    }
}

fn history() -> SpanHistory {
    let los = Alarms { los: true, ..Alarms::default() };
    let event = |seq, fact| SpanEvent { seq, at: NOW, fact };
    let span = SpanId(1);
    SpanHistory {
        rows: vec![
            event(3, SpanFact::Link { span, state: LinkState::Up }),
            event(2, SpanFact::Alarms { span, before: los, now: Alarms::default() }),
            event(1, SpanFact::Trace { span, file: "span1.pcap".to_owned(), frames: 9 }),
        ],
        next: Some(1),
    }
}

fn quality() -> Vec<QualityBin> {
    let bin = |quarter: i64, es| QualityBin {
        span: SpanId(1),
        began: NOW.plus(quarter * 900_000),
        seconds: 900,
        es,
        ses: 0,
        uas: 0,
        bipolar: 0,
        crc4: 0,
        e_bit: 0,
        frame: 0,
        slips: 1,
    };
    (0..6).map(|quarter| bin(quarter, u16::from(quarter == 5))).collect()
}

/// The box as the vault tells of it.
fn appliance() -> BoxView {
    let slot = |slot, version: &str, good, tries_left| SlotView {
        slot,
        version: Some(version.to_owned()),
        good,
        tries_left,
    };
    let order = |order, what, stage| BoxOrder { order, what, by: PersonId(1), at: NOW, stage };
    let system = HostFault::System(format!("{NUMBER} {NAME}"));
    BoxView {
        status: Some(HostStatus {
            running: Slot::B,
            slots: [slot(Slot::A, "0.1.0", true, None), slot(Slot::B, "0.2.0", false, Some(2))],
            development: false,
            secure_boot: true,
            data_sealed: false,
            data_bytes: 1 << 40,
            data_free_bytes: 1 << 39,
            addresses: vec!["eth0 10.20.30.40/24".to_owned()],
            time_synchronised: true,
            up_s: 77,
        }),
        bundles: vec![BundleView { bundle: [0xab; 32], bytes: 118 << 20, at: NOW }],
        orders: vec![
            order(4, HostOrder::Restart, BoxOrderStage::Draining { open_calls: 3 }),
            order(3, HostOrder::FactoryReset, BoxOrderStage::WaitsForSecond { until: NOW }),
            order(2, HostOrder::Diagnostics, BoxOrderStage::Failed(system)),
        ],
        history: vec![
            (NOW, HostFact::Booted { slot: Slot::B, version: "0.2.0".to_owned(), cause: BootCause::Updated }),
            (
                NOW,
                HostFact::FoundBad {
                    slot: Slot::B,
                    version: "0.2.0".to_owned(),
                    reasons: vec!["lined is unreachable".to_owned()],
                },
            ),
            (NOW, HostFact::NetworkSet { faults: Vec::new() }),
        ],
        open_calls: 3,
        update_certificate: None,
    }
}
