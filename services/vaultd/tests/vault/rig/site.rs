//! The site at the bench: its people, lines, lists, scripts and contacts.

use super::ports::mac;
use super::{
    CALLD, CALLER, CAMPAIGN, COMPLIANCE, DATA, LINED, MANAGER, PAGE, PURPOSE, Rig, SECURITY, SYSTEM,
    calendar_key, number,
};
use aws_lc_rs::signature::KeyPair;
use idl::admin::{Admin, Answer, NewCampaign, Role};
use idl::hello::Process;
use idl::lines::{Codec, LineGroupMember, LinedToVault, PromptRole, SipTransport, SrtpPolicy, TrunkConfig};
use vaultd::command::{Cmd, ImportOutcome, Imported, ReplyTo};
use vaultd::dial::list_hash;
use vaultd::entries::{BatchEntry, StoredObject};
use vaultd::level::Level;
use vaultd::ports::{ConsentHeld, ContactPerson, KeyPort, StoredRow};
use vaultd::seal::{Purpose, seal};
use vocab::{
    CallId, CampaignClass, CampaignMode, ContactId, DepartmentId, LineGroupId, ObjectHash, PersonId,
    PhoneNumber, Pii, ScriptId, Secret, TrunkId,
};

impl Rig {
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
