//! The bench the tests work at: a core over memory, and a site that may call.

mod ports;
mod site;

pub use ports::{Keys, Log, Rows, Tapes};
pub use site::{holidays, plan, trunk};

use aws_lc_rs::signature::Ed25519KeyPair;
use idl::admin::{Admin, AdminReply, AdminRequest, Answer, Figures};
use idl::campaign::{CalldToVault, CampaignReply, CampaignRequest, VaultToCalld};
use idl::hello::Process;
use idl::lines::{CallEnd, CallFact, LinedToVault, MediaSummary, NoRecording, RecordingClosed, VaultToLined};
use ports::mac;
use vaultd::command::{Cmd, ConnId, Effect, Job, Message};
use vaultd::entries::Entry;
use vaultd::ports::{Clock, Draft, KeyPort};
use vaultd::state::{Calls, NoDisk, State};
use vaultd::vault::{Ports, Vault};
use vocab::{
    AgentId, CallId, CampaignId, ContactId, EndedBy, FailCause, Outcome, PersonId, PhoneNumber, Secret,
    SubjectId, TrunkId, UnixMs,
};

pub const SYSTEM: PersonId = PersonId(1);
pub const SECURITY: PersonId = PersonId(2);
pub const AUDIT: PersonId = PersonId(3);
pub const COMPLIANCE: PersonId = PersonId(4);
pub const MANAGER: PersonId = PersonId(5);
pub const DATA: PersonId = PersonId(6);
pub const SUPERVISOR: PersonId = PersonId(7);
pub const QA: PersonId = PersonId(8);
pub const AGENT: PersonId = PersonId(9);
pub const TECHNICIAN: PersonId = PersonId(10);
pub const CAMPAIGN: CampaignId = CampaignId(1);
pub const PURPOSE: &str = "check-up";
pub const LINED: ConnId = ConnId(100);
pub const CALLD: ConnId = ConnId(200);
pub const PAGE: ConnId = ConnId(300);
pub const CALLER: &str = "01062345678";

/// A core at the bench.
pub struct Rig {
    pub vault: Vault,
    pub log: Log,
    pub keys: Keys,
    pub rows: Rows,
    pub tapes: Tapes,
    pub clock: Clock,
    pub effects: Vec<Effect>,
    pub next: u64,
    /// Authenticators by login.
    pub phones: std::collections::BTreeMap<String, crate::page::Phone>,
    /// Tokens with where they were given.
    pub tokens: Vec<(crate::page::Token, idl::account::Source)>,
}

pub fn ten_in_the_morning() -> Clock {
    // Monday 2026-11-23, 10:00 in Shanghai.
    let at: jiff::Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
    Clock { now: UnixMs(at.as_millisecond()), boot_ms: 1_000_000, synchronised: true }
}

pub fn calendar_key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap()
}

pub fn number(at: u64) -> PhoneNumber {
    PhoneNumber::parse(&format!("138{at:08}")).unwrap()
}

impl Rig {
    /// A blank box.
    pub fn blank() -> Self {
        Self::over(Log::default(), Keys::default(), Rows::default(), ten_in_the_morning())
    }

    /// A core over what lies on the disk: a start.
    pub fn over(log: Log, keys: Keys, rows: Rows, clock: Clock) -> Self {
        Self::over_all(log, keys, rows, Tapes::default(), clock)
    }

    fn over_all(log: Log, keys: Keys, rows: Rows, tapes: Tapes, clock: Clock) -> Self {
        let (state, calls) = replayed(&log.0.lock().unwrap());
        let dnc = state.dnc.is_some().then(|| gate::DoNotCall::build(0, clock.now, [1]).unwrap());
        // No life draws what another drew.
        let life = log.0.lock().unwrap().len() as u64;
        let mut drawn = 0_u64;
        let ports = Ports {
            ledger: Box::new(log.clone()),
            keys: Box::new(keys.clone()),
            contacts: Box::new(rows.clone()),
            tapes: Box::new(tapes.clone()),
            entropy: Box::new(move |bytes| {
                drawn += 1;
                let block = mac(&[life.to_be_bytes(), drawn.to_be_bytes()].concat());
                bytes.iter_mut().zip(block.iter().cycle()).for_each(|(byte, drawn)| *byte = *drawn);
            }),
        };
        let vault = Vault::new(state, calls, dnc, ports, clock);
        let mut rig = Self {
            vault,
            log,
            keys,
            rows,
            tapes,
            clock,
            effects: Vec::new(),
            next: 0,
            phones: std::collections::BTreeMap::new(),
            tokens: Vec::new(),
        };
        rig.give(Cmd::Disk { free_bytes: 1 << 40, ready: true });
        rig
    }

    /// The process dies and starts again over the same disk.
    pub fn restart(self) -> Self {
        Self::over_all(self.log, self.keys, self.rows, self.tapes, self.clock)
    }

    /// Handles, commits, and keeps the effects.
    pub fn give(&mut self, cmd: Cmd) {
        self.vault.handle(self.clock, cmd);
        let effects = self.vault.commit().unwrap();
        self.effects.extend(effects);
    }

    pub fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    pub fn request(&mut self, actor: Option<PersonId>, what: Admin) -> Cmd {
        self.next += 1;
        let request = AdminRequest::of_tool(self.next, actor, what);
        Cmd::Admin { conn: PAGE, from: Process::Tool, request, attached: None }
    }

    pub fn ask(&mut self, actor: PersonId, what: Admin) -> Answer {
        let cmd = self.request(Some(actor), what);
        self.answer(cmd)
    }

    pub fn answer(&mut self, cmd: Cmd) -> Answer {
        let before = self.take();
        self.give(cmd);
        let mut answer = None;
        let mut others = before;
        for effect in self.take() {
            match effect {
                Effect::Send(PAGE, Message::Admin(AdminReply { answer: found, .. })) => answer = Some(found),
                other => others.push(other),
            }
        }
        self.effects = others;
        answer.expect("every request is answered")
    }

    pub fn created(&mut self, actor: PersonId, what: Admin) -> u64 {
        match self.ask(actor, what) {
            Answer::Created { ids } => ids[0],
            other => panic!("not created: {other:?}"),
        }
    }

    pub fn done(&mut self, actor: PersonId, what: Admin) {
        let answer = self.ask(actor, what);
        assert!(matches!(answer, Answer::Done), "not done: {answer:?}");
    }

    pub fn code(&mut self, actor: PersonId, what: Admin) -> String {
        match self.ask(actor, what) {
            Answer::Refused { code, text_en, text_zh } => {
                assert!(!text_en.is_empty() && !text_zh.is_ascii(), "both languages: {text_en} {text_zh}");
                code
            }
            other => panic!("not refused: {other:?}"),
        }
    }

    pub fn calld(&mut self, request: CampaignRequest) -> CampaignReply {
        self.next += 1;
        let id = self.next;
        let before = self.take();
        self.give(Cmd::Calld(CALLD, CalldToVault { id, request }));
        let mut reply = None;
        let mut others = before;
        for effect in self.take() {
            match effect {
                Effect::Send(CALLD, Message::Calld(VaultToCalld::Reply { reply: found, .. })) => {
                    reply = Some(found);
                }
                other => others.push(other),
            }
        }
        self.effects = others;
        reply.expect("every request of calld is answered")
    }

    pub fn queue(&mut self, max: u16) -> Vec<ContactId> {
        match self.calld(CampaignRequest::Queue { campaign: CAMPAIGN, max }) {
            CampaignReply::Queue { contacts, .. } => contacts,
            other => panic!("no queue: {other:?}"),
        }
    }

    pub fn dial(&mut self, contact: ContactId) -> CampaignReply {
        self.calld(CampaignRequest::Dial { campaign: CAMPAIGN, contact, agent: None })
    }

    pub fn ticketed(&mut self, contact: ContactId) -> CallId {
        match self.dial(contact) {
            CampaignReply::Ticketed { call } => call,
            other => panic!("no ticket: {other:?}"),
        }
    }

    pub fn fact(&mut self, call: CallId, seq: u32, fact: CallFact) {
        let at = self.clock.now;
        self.give(Cmd::Lined(LinedToVault::Fact { call, seq, at, fact }));
    }

    /// The whole life of an answered call.
    pub fn answered_call(&mut self, contact: ContactId) -> CallId {
        let call = self.ticketed(contact);
        self.answer_it(call);
        self.fact(call, 3, ended(Outcome::Answered { by: EndedBy::Callee }, self.clock.now, true));
        call
    }

    pub fn answer_it(&mut self, call: CallId) {
        self.fact(call, 1, CallFact::Dialling { trunk: TrunkId(1) });
        let dialog = Secret::new(b"dialog with 13800001000".to_vec());
        self.fact(call, 2, CallFact::Answered { trunk: TrunkId(1), dialog });
    }

    pub fn failed_call(&mut self, contact: ContactId, cause: FailCause) -> CallId {
        let call = self.ticketed(contact);
        self.fact(call, 1, CallFact::Dialling { trunk: TrunkId(1) });
        self.fact(call, 2, ended(Outcome::Failed(cause), self.clock.now, false));
        call
    }

    pub fn figures(&mut self) -> Figures {
        match self.ask(MANAGER, Admin::Figures { campaign: None }) {
            Answer::Figures(figures) => {
                add_up(&figures);
                *figures
            }
            other => panic!("no figures: {other:?}"),
        }
    }

    pub fn sent_to_lined(&mut self) -> Vec<VaultToLined> {
        let (mine, others): (Vec<_>, Vec<_>) =
            self.take().into_iter().partition(|effect| matches!(effect, Effect::Send(_, Message::Lined(_))));
        self.effects = others;
        let message = |effect| match effect {
            Effect::Send(_, Message::Lined(message)) => Some(message),
            _ => None,
        };
        mine.into_iter().filter_map(message).collect()
    }

    pub fn jobs(&mut self) -> Vec<Job> {
        let (mine, others): (Vec<_>, Vec<_>) =
            self.take().into_iter().partition(|effect| matches!(effect, Effect::Work(_)));
        self.effects = others;
        let job = |effect| match effect {
            Effect::Work(job) => Some(job),
            _ => None,
        };
        mine.into_iter().filter_map(job).collect()
    }

    pub fn later(&mut self, ms: i64) {
        self.clock.now = self.clock.now.plus(ms);
        self.clock.boot_ms += u64::try_from(ms).unwrap();
    }

    pub fn subject(&self, at: u64) -> SubjectId {
        self.keys.subject_of(&number(at))
    }
}

pub fn ended(outcome: Outcome, ended_at: UnixMs, recorded: bool) -> CallFact {
    let closed = RecordingClosed {
        duration_ms: 8_000,
        expected_ms: 8_000,
        gaps_customer_ms: 0,
        gaps_agent_ms: 0,
        bytes: 130_000,
    };
    CallFact::Ended(Box::new(CallEnd {
        outcome,
        sip_status: 200,
        q850: 16,
        answered_at: recorded.then_some(ended_at),
        ended_at,
        recording: if recorded { Ok(closed) } else { Err(NoRecording::NotAnswered) },
        media: MediaSummary::default(),
    }))
}

pub fn add_up(figures: &Figures) {
    let sum = |list: &[(String, u64)]| list.iter().map(|(_, count)| count).sum::<u64>();
    assert_eq!(figures.offered, sum(&figures.refused) + figures.placed, "{figures:?}");
    assert_eq!(figures.answered + sum(&figures.failed) + figures.open, figures.placed, "{figures:?}");
    assert_eq!(figures.recordings + sum(&figures.unrecorded), figures.answered, "{figures:?}");
    assert!(figures.recordings_verified <= figures.recordings, "{figures:?}");
}

/// The state and calls of these entries.
pub fn replayed(entries: &[Option<Draft>]) -> (State, Calls) {
    let (mut state, mut calls) = (State::default(), Calls::new(Box::new(NoDisk)));
    for (entry, seq) in entries.iter().zip(1..) {
        match entry {
            None => state.pass_heads(seq),
            Some((_, at, plain)) => {
                let entry: Entry = postcard::from_bytes(plain).unwrap();
                state.apply(&mut calls, seq, *at, &entry);
            }
        }
    }
    (state, calls)
}

pub fn agent_id() -> AgentId {
    AgentId(AGENT.0)
}
