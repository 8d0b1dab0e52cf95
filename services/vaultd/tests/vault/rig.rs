//! The bench the tests work at: a core over memory, and a site that may call.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use idl::admin::{Admin, AdminReply, AdminRequest, Answer, Figures, NewCampaign, Role};
use idl::campaign::{CalldToVault, CampaignReply, CampaignRequest, VaultToCalld};
use idl::hello::Process;
use idl::lines::{
    CallEnd, CallFact, Codec, LineGroupMember, LinedToVault, MediaSummary, NoRecording, PromptRole,
    RecordingClosed, SipTransport, SrtpPolicy, TrunkConfig, VaultToLined,
};
use ledger::{ChainHash, Head, SignedHead};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use vaultd::command::{Cmd, ConnId, Effect, ImportOutcome, Imported, Job, Message, ReplyTo};
use vaultd::dial::list_hash;
use vaultd::entries::{BatchEntry, Entry, StoredObject};
use vaultd::level::Level;
use vaultd::ports::{
    Clock, ConsentHeld, ContactPerson, ContactPort, Draft, KeyPort, LedgerPort, PortError, StoredRow,
};
use vaultd::seal::{Purpose, seal};
use vaultd::state::{Calls, NoDisk, State};
use vaultd::vault::{Ports, Vault};
use vocab::{
    AgentId, CallId, CampaignClass, CampaignId, CampaignMode, ContactId, DepartmentId, EndedBy, FailCause,
    LineGroupId, ObjectHash, Outcome, PersonId, PhoneNumber, Pii, ScriptId, Secret, SubjectId, TrunkId,
    UnixMs,
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

/// What lies on the ledger's disk.
#[derive(Debug, Clone, Default)]
pub struct Log(pub Arc<Mutex<Vec<Option<Draft>>>>);

impl LedgerPort for Log {
    fn next_seq(&self) -> u64 {
        self.0.lock().unwrap().len() as u64 + 1
    }

    fn append(&mut self, drafts: &[Draft]) -> Result<(), PortError> {
        self.0.lock().unwrap().extend(drafts.iter().cloned().map(Some));
        Ok(())
    }

    fn head(&self, now: UnixMs) -> Option<Head> {
        let seq = self.0.lock().unwrap().len() as u64;
        (seq > 0).then_some(Head { seq, hash: ChainHash([0; 32]), time: now })
    }

    fn append_head(&mut self, _signed: &SignedHead, _now: UnixMs) -> Result<bool, PortError> {
        self.0.lock().unwrap().push(None);
        Ok(true)
    }
}

/// Keys in memory.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    pub destroyed: Arc<Mutex<Vec<SubjectId>>>,
}

fn mac(text: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"bench"), text);
    tag.as_ref().try_into().unwrap()
}

impl KeyPort for Keys {
    fn subject_of(&self, number: &PhoneNumber) -> SubjectId {
        SubjectId(mac(number.digits().as_bytes())[..16].try_into().unwrap())
    }

    fn subject_key(&self, subject: SubjectId) -> Result<Option<Secret<[u8; 32]>>, PortError> {
        let gone = self.destroyed.lock().unwrap().contains(&subject);
        Ok((!gone).then(|| Secret::new(mac(&subject.0))))
    }

    fn blacklist_key(&self) -> Secret<[u8; 32]> {
        Secret::new([9; 32])
    }
}

/// Batches in memory.
#[derive(Debug, Clone, Default)]
pub struct Rows(pub Arc<Mutex<HashMap<ObjectHash, Vec<StoredRow>>>>);

impl ContactPort for Rows {
    fn row(&mut self, batch: &BatchEntry, row: u64) -> Option<StoredRow> {
        self.0.lock().unwrap().get(&batch.index.hash)?.get(usize::try_from(row).unwrap()).cloned()
    }
}

/// A core at the bench.
pub struct Rig {
    pub vault: Vault,
    pub log: Log,
    pub keys: Keys,
    pub rows: Rows,
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
        let (state, calls) = replayed(&log.0.lock().unwrap());
        let dnc = state.dnc.is_some().then(|| gate::DoNotCall::build(0, clock.now, [1]).unwrap());
        // No life draws what another drew.
        let life = log.0.lock().unwrap().len() as u64;
        let mut drawn = 0_u64;
        let ports = Ports {
            ledger: Box::new(log.clone()),
            keys: Box::new(keys.clone()),
            contacts: Box::new(rows.clone()),
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
        Self::over(self.log, self.keys, self.rows, self.clock)
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

    pub fn commission(&mut self) -> Answer {
        let names = ["张三", "李四", "王五"].map(|name| Pii::new(name.to_owned()));
        let key: [u8; 32] = calendar_key().public_key().as_ref().try_into().unwrap();
        let what = Admin::Commission {
            company: "示范医院".to_owned(),
            zone: "Asia/Shanghai".to_owned(),
            administrators: names,
            calendar_key: key,
        };
        let cmd = self.request(None, what);
        self.answer(cmd)
    }

    pub fn imported(&mut self, actor: PersonId, outcome: ImportOutcome) -> Answer {
        let reply = ReplyTo { conn: PAGE, id: 1, actor, from: Process::Tool, session: None };
        self.answer(Cmd::Imported(Box::new(Imported { reply, outcome })))
    }

    pub fn prompt(&mut self, mark: u8) -> ObjectHash {
        let object = StoredObject { hash: ObjectHash([mark; 32]), key: Secret::new([mark; 32]) };
        let level = Level { mean_dbm0: -20, peak_dbm0: -6 };
        let outcome = ImportOutcome::Prompt { object, text: format!("话{mark}"), duration_ms: 4_000, level };
        match self.imported(MANAGER, outcome) {
            Answer::Prompt { object, .. } => object,
            other => panic!("no prompt: {other:?}"),
        }
    }

    /// A batch of contacts with numbers from `first` on, released.
    pub fn batch(&mut self, first: u64, rows: u64) -> u64 {
        let batch = self.quarantined(first, rows);
        self.done(COMPLIANCE, Admin::ReleaseBatch { batch });
        batch
    }

    pub fn quarantined(&mut self, first: u64, rows: u64) -> u64 {
        let hash = ObjectHash(mac(format!("batch {first} {rows}").as_bytes()));
        let stored = (first..first + rows).map(|at| self.row(number(at))).collect();
        self.rows.0.lock().unwrap().insert(hash, stored);
        let entry = BatchEntry {
            batch: 0,
            index: StoredObject { hash, key: Secret::new([1; 32]) },
            rows,
            first: ContactId(0),
            purpose: PURPOSE.to_owned(),
            department: DepartmentId(1),
            source: "own customers".to_owned(),
            file: "list.csv".to_owned(),
        };
        match self.imported(DATA, ImportOutcome::Contacts(Box::new(entry))) {
            Answer::Imported { batch: Some(batch), .. } => batch,
            other => panic!("not imported: {other:?}"),
        }
    }

    fn row(&self, number: PhoneNumber) -> StoredRow {
        let subject = self.keys.subject_of(&number);
        let consent = ConsentHeld {
            purpose: PURPOSE.to_owned(),
            given_at: self.clock.now.plus(-86_400_000),
            expires_at: None,
            channel: "paper".to_owned(),
            evidence: Some(Pii::new("form".to_owned())),
        };
        let person = ContactPerson {
            number,
            name: Some(Pii::new("赵六".to_owned())),
            order_no: Some(Pii::new("ORDER-77".to_owned())),
            demand: Some(Pii::new("DEMAND-77".to_owned())),
            tag: Some(Pii::new("TAG-77".to_owned())),
            issue: Some(Pii::new("ISSUE-77".to_owned())),
            consent: Some(consent),
            birth: None,
            adult: Some(true),
        };
        let key = self.keys.subject_key(subject).unwrap().unwrap();
        StoredRow { subject, person: seal(&key, Purpose::Contact, [3; 12], &person) }
    }

    /// A site whose campaign of ten contacts runs, with `lined` and `calld` there.
    pub fn calling() -> Self {
        Self::calling_with(10)
    }

    pub fn calling_with(contacts: u64) -> Self {
        let mut rig = Self::blank();
        rig.commission();
        rig.people();
        rig.lines();
        rig.lists();
        let script = rig.script();
        let batch = rig.batch(1_000, contacts);
        let plan = plan(script, vec![batch]);
        assert_eq!(rig.created(MANAGER, Admin::CreateCampaign(Box::new(plan))), 1);
        rig.done(MANAGER, Admin::StartCampaign { campaign: CAMPAIGN });
        rig.give(Cmd::CalldUp(CALLD));
        rig.lined_there(&[]);
        rig.take();
        rig
    }

    pub fn lined_there(&mut self, alive: &[CallId]) {
        self.give(Cmd::LinedUp(LINED));
        self.give(Cmd::Lined(LinedToVault::Live { calls: alive.to_vec() }));
    }

    pub fn people(&mut self) {
        let department = Some(DepartmentId(1));
        assert_eq!(self.created(SECURITY, Admin::AddDepartment { name: "体检".to_owned() }), 1);
        assert_eq!(self.created(SECURITY, Admin::AddDepartment { name: "回访".to_owned() }), 2);
        let roles = [
            (Role::Compliance, None),
            (Role::Manager, None),
            (Role::DataSpecialist, None),
            (Role::Supervisor, department),
            (Role::Qa, None),
            (Role::Agent, department),
            (Role::Technician, None),
        ];
        for (role, department) in roles {
            let name = Pii::new(format!("{role:?}"));
            self.created(SECURITY, Admin::AddPerson { name, role, department });
        }
    }

    pub fn lines(&mut self) {
        let trunk = self.created(SYSTEM, Admin::AddTrunk(Box::new(trunk())));
        let members =
            vec![LineGroupMember { trunk: TrunkId(u16::try_from(trunk).unwrap()), rank: 0, weight: 1 }];
        self.created(SYSTEM, Admin::AddLineGroup { name: "外线".to_owned(), members });
        let number = || Pii::new(CALLER.to_owned());
        let valid_to = self.clock.now.plus(365 * 86_400_000);
        let groups = vec![LineGroupId(1)];
        self.done(
            SYSTEM,
            Admin::AddCallerNumber { number: number(), groups, contract: "C-1".to_owned(), valid_to },
        );
        self.done(COMPLIANCE, Admin::ApproveCallerNumber { number: number() });
    }

    pub fn lists(&mut self) {
        let (toml, signature) = holidays();
        self.done(SYSTEM, Admin::Holidays { toml, signature });
        self.do_not_call(&[number(99)]);
    }

    pub fn do_not_call(&mut self, numbers: &[PhoneNumber]) {
        let hashes = numbers.iter().map(|number| list_hash(self.keys.subject_of(number)));
        let list = gate::DoNotCall::build(0, self.clock.now, hashes.collect::<Vec<_>>()).unwrap();
        let object = StoredObject { hash: ObjectHash([77; 32]), key: Secret::new([77; 32]) };
        let issued_at = self.clock.now;
        self.imported(COMPLIANCE, ImportOutcome::DoNotCall { object, issued_at, list });
    }

    pub fn script(&mut self) -> ScriptId {
        let roles = [
            PromptRole::Identify,
            PromptRole::RecordingNotice,
            PromptRole::OptOutHint,
            PromptRole::Body,
            PromptRole::OptOutConfirmation,
        ];
        let prompts = roles.into_iter().zip(1..).map(|(role, mark)| (role, self.prompt(mark))).collect();
        let id = self.created(MANAGER, Admin::CreateScript { name: "体检".to_owned(), prompts });
        let script = ScriptId(u32::try_from(id).unwrap());
        self.done(COMPLIANCE, Admin::ApproveScript { script });
        script
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

pub fn holidays() -> (String, Vec<u8>) {
    let toml = "year = 2026\noff = [\"2026-10-01\", \"2026-10-02\"]\nworking = []\n".to_owned();
    let signature = calendar_key().sign(toml.as_bytes()).as_ref().to_vec();
    (toml, signature)
}

pub fn trunk() -> TrunkConfig {
    TrunkConfig {
        id: TrunkId(0),
        name: "carrier".to_owned(),
        host: "192.0.2.1".to_owned(),
        port: Some(5060),
        transport: SipTransport::Tcp,
        ca_pem: None,
        tls_name: None,
        tls12_waiver: false,
        srtp: SrtpPolicy::PlainWaiver,
        account: None,
        channels: 30,
        options_interval_s: 30,
        symmetric_rtp: false,
        codecs: vec![Codec::Pcma],
    }
}

pub fn plan(script: ScriptId, batches: Vec<u64>) -> NewCampaign {
    NewCampaign {
        name: "体检推介".to_owned(),
        class: CampaignClass::Marketing,
        mode: CampaignMode::Announcement,
        purpose: PURPOSE.to_owned(),
        department: DepartmentId(1),
        group: LineGroupId(1),
        caller: Pii::new(CALLER.to_owned()),
        script,
        batches,
        max_calls: 100,
        calls_per_minute: 600,
        wrap_up_s: 30,
        attempts: 3,
    }
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
