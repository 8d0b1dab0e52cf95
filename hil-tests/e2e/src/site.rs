//! The site of a test, created by several persons as on a real box: plans in, ids out.

use crate::client::memory_file;
use crate::sound::tone_wav;
use crate::testbox::TestBox;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use idl::admin::{Admin, Answer, NewCampaign, Role};
use idl::lines::{Codec, LineGroupMember, PromptRole, SipTransport, SrtpPolicy, TrunkAccount, TrunkConfig};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use vocab::{
    AgentId, CampaignClass, CampaignId, CampaignMode, DAY_MS, DepartmentId, HOUR_MS, LineGroupId, PersonId,
    Pii, ScriptId, Secret, TrunkId, UnixMs,
};

/// The people of the site.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "each field is a role")]
pub struct People {
    pub system: PersonId,
    pub security: PersonId,
    pub audit: PersonId,
    pub manager: PersonId,
    pub compliance: PersonId,
    pub data: PersonId,
    pub qa: PersonId,
    pub department: DepartmentId,
}

/// A trunk to add.
#[derive(Debug, Clone)]
pub struct TrunkPlan {
    /// The trunk as asked for.
    pub config: TrunkConfig,
}

impl TrunkPlan {
    /// Plain RTP over UDP or TCP.
    #[must_use]
    pub fn plain(to: SocketAddr, transport: SipTransport) -> Self {
        let config = TrunkConfig {
            id: TrunkId(0),
            name: format!("{transport:?} {}", to.port()),
            host: to.ip().to_string(),
            port: Some(to.port()),
            transport,
            ca_pem: None,
            tls_name: None,
            tls12_waiver: false,
            srtp: SrtpPolicy::PlainWaiver,
            account: None,
            channels: 60,
            options_interval_s: 0,
            symmetric_rtp: false,
            codecs: vec![Codec::Pcma, Codec::Pcmu],
        };
        Self { config }
    }

    /// SRTP over TLS.
    #[must_use]
    pub fn secure(to: SocketAddr, ca_pem: &str) -> Self {
        let mut plan = Self::plain(to, SipTransport::Tls);
        plan.config.ca_pem = Some(ca_pem.to_owned());
        plan.config.srtp = SrtpPolicy::Required;
        plan
    }

    /// Answers challenges of this account.
    #[must_use]
    pub fn account(mut self, user: &str, password: &str, register: bool) -> Self {
        let password = Secret::new(password.to_owned());
        self.config.account =
            Some(TrunkAccount { user: user.to_owned(), password, register, expires_s: 300 });
        self
    }

    /// With a change.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut TrunkConfig)) -> Self {
        change(&mut self.config);
        self
    }
}

/// A line group with its own caller number.
#[derive(Debug, Clone)]
pub struct Line {
    /// The group.
    pub group: LineGroupId,
    /// Its trunks, in their order.
    pub trunks: Vec<TrunkId>,
    /// The caller number.
    pub caller: String,
}

/// How long the script's prompts are, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Prompts {
    /// Company and purpose, the notice and the hint, each.
    pub mandatory_ms: u32,
    /// The message.
    pub body_ms: u32,
}

impl Default for Prompts {
    fn default() -> Self {
        Self { mandatory_ms: 300, body_ms: 600 }
    }
}

impl Prompts {
    /// The tone of a prompt: none is near a key's, an agent's or another prompt's.
    #[must_use]
    pub const fn hz(role: PromptRole) -> u32 {
        match role {
            PromptRole::Identify => 400,
            PromptRole::RecordingNotice => 500,
            PromptRole::OptOutHint => 600,
            PromptRole::Body => 2_500,
            PromptRole::OptOutConfirmation => 2_700,
            PromptRole::Hold => 2_900,
            PromptRole::NoAgent => 3_100,
        }
    }

    const fn ms(self, role: PromptRole) -> u32 {
        match role {
            PromptRole::Identify | PromptRole::RecordingNotice | PromptRole::OptOutHint => self.mandatory_ms,
            PromptRole::Body => self.body_ms,
            PromptRole::OptOutConfirmation | PromptRole::Hold | PromptRole::NoAgent => 400,
        }
    }
}

/// A campaign to create with a list of its own.
#[derive(Debug, Clone)]
pub struct CampaignPlan {
    /// The numbers, as the list spells them.
    pub numbers: Vec<String>,
    /// Mode.
    pub mode: CampaignMode,
    /// Class.
    pub class: CampaignClass,
    /// Prompts.
    pub prompts: Prompts,
    /// Most calls at once.
    pub max_calls: u16,
    /// Attempts by contact.
    pub attempts: u8,
}

impl CampaignPlan {
    /// A return visit without agents, many at once, one attempt each.
    #[must_use]
    pub fn announcement(numbers: impl IntoIterator<Item = String>) -> Self {
        Self {
            numbers: numbers.into_iter().collect(),
            mode: CampaignMode::Announcement,
            class: CampaignClass::ReturnVisit,
            prompts: Prompts::default(),
            max_calls: 60,
            attempts: 1,
        }
    }

    /// The same with agents.
    #[must_use]
    pub fn agents(numbers: impl IntoIterator<Item = String>, mode: CampaignMode) -> Self {
        Self { mode, ..Self::announcement(numbers) }
    }

    /// With another length of the message.
    #[must_use]
    pub const fn body_ms(mut self, body_ms: u32) -> Self {
        self.prompts.body_ms = body_ms;
        self
    }

    /// With another bound on calls at once.
    #[must_use]
    pub const fn max_calls(mut self, max_calls: u16) -> Self {
        self.max_calls = max_calls;
        self
    }
}

/// An agent with a phone.
#[derive(Debug, Clone)]
pub struct Phone {
    /// The agent.
    pub agent: AgentId,
    /// SIP user.
    pub user: String,
    /// Realm.
    pub realm: String,
    /// Password.
    pub password: String,
}

/// A zone where it is about eleven in the morning now, and the year there.
fn midday() -> (String, UnixMs, i64) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let now = UnixMs(i64::try_from(since.as_millis()).unwrap_or(0));
    let offset = 11 - now.0.rem_euclid(DAY_MS) / HOUR_MS;
    // Etc/GMT-5 lies five hours east of Greenwich.
    let zone = match offset {
        0 => "Etc/GMT".to_owned(),
        1.. => format!("Etc/GMT-{offset}"),
        _ => format!("Etc/GMT+{}", -offset),
    };
    (zone, now, 1970 + (now.0 + offset * HOUR_MS) / (DAY_MS * 1_461 / 4))
}

impl TestBox {
    /// Commissions the blank box, with calendars and the official list.
    pub(crate) fn commission(&mut self) -> People {
        let (zone, now, year) = midday();
        let authority = Ed25519KeyPair::generate().expect("a key pair");
        let commission = Admin::Commission {
            company: "示范医院".into(),
            zone,
            administrators: ["系统管理员", "安全管理员", "审计管理员"].map(|name| Pii::new(name.to_owned())),
            calendar_key: authority.public_key().as_ref().try_into().expect("32 bytes"),
        };
        let administrators = match self.ask(None, commission) {
            Answer::Created { ids } => ids.iter().map(|id| person(*id)).collect::<Vec<_>>(),
            other => panic!("not commissioned: {other:?}"),
        };
        let [system, security, audit] = administrators[..] else { panic!("three administrators") };
        for year in [year, year + 1] {
            let toml = format!("year = {year}\noff = [\"{year}-01-01\"]\nworking = []\n");
            let signature = authority.sign(toml.as_bytes()).as_ref().to_vec();
            self.order(system, Admin::Holidays { toml, signature });
        }
        let list = Admin::ImportDoNotCall { issued_at: now };
        self.attach(system, list, memory_file(format!("{LISTED}\n").as_bytes()));
        let name = "随访中心".to_owned();
        let department = self.create(security, Admin::AddDepartment { name });
        let department = DepartmentId(u16::try_from(department).expect("a small id"));
        let mut add = |role| {
            let name = Pii::new(format!("{role:?}"));
            person(self.create(security, Admin::AddPerson { name, role, department: None }))
        };
        let (manager, compliance) = (add(Role::Manager), add(Role::Compliance));
        let (data, qa) = (add(Role::DataSpecialist), add(Role::Qa));
        // Two people allow more than one attempt a day, so that the rules behind the daily cap are seen at work.
        let toml = format!(
            "[frequency.return_visit]\nper_day = 3\nper_7d = 21\n[wider_approved]\nset_by = {}\nagreed_by = {}\n",
            compliance.0, manager.0
        );
        self.order(compliance, Admin::SetPolicy { toml });
        People { system, security, audit, manager, compliance, data, qa, department }
    }

    /// Adds trunks as a group, each a rank after the one before, with a caller number of its own.
    pub fn line(&mut self, plans: &[TrunkPlan]) -> Line {
        let trunks: Vec<TrunkId> = plans.iter().map(|plan| self.trunk(plan)).collect();
        let ranks: Vec<(TrunkId, u8)> = trunks.into_iter().zip(0..).collect();
        self.group(&ranks)
    }

    /// Adds a trunk.
    pub fn trunk(&mut self, plan: &TrunkPlan) -> TrunkId {
        let id = self.create(self.people.system, Admin::AddTrunk(Box::new(plan.config.clone())));
        TrunkId(u16::try_from(id).expect("a small id"))
    }

    /// Adds a group of trunks, each with its rank, and a caller number of its own.
    pub fn group(&mut self, ranks: &[(TrunkId, u8)]) -> Line {
        let People { system, compliance, .. } = self.people;
        let member =
            |(trunk, rank): &(TrunkId, u8)| LineGroupMember { trunk: *trunk, rank: *rank, weight: 1 };
        let members = ranks.iter().map(member).collect();
        let trunks = ranks.iter().map(|(trunk, _)| *trunk).collect();
        self.lines_made += 1;
        let name = format!("外线{}", self.lines_made);
        let group = self.create(system, Admin::AddLineGroup { name, members });
        let group = LineGroupId(u16::try_from(group).expect("a small id"));
        let caller = format!("010888800{:02}", self.lines_made);
        let number = || Pii::new(caller.clone());
        let valid_to = midday().1.plus(365 * DAY_MS);
        let contract = "TEST-1".to_owned();
        self.order(
            system,
            Admin::AddCallerNumber { number: number(), groups: vec![group], contract, valid_to },
        );
        self.order(compliance, Admin::ApproveCallerNumber { number: number() });
        Line { group, trunks, caller }
    }

    /// Uploads prompts and has their script approved.
    pub fn script(&mut self, lengths: Prompts) -> ScriptId {
        let People { manager, compliance, .. } = self.people;
        let mut prompts = Vec::new();
        for role in [
            PromptRole::Identify,
            PromptRole::RecordingNotice,
            PromptRole::OptOutHint,
            PromptRole::Body,
            PromptRole::OptOutConfirmation,
            PromptRole::Hold,
            PromptRole::NoAgent,
        ] {
            let wav = tone_wav(Prompts::hz(role), lengths.ms(role));
            let text = format!("{role:?}");
            match self.attach(manager, Admin::UploadPrompt { text }, memory_file(&wav)) {
                Answer::Prompt { object, .. } => prompts.push((role, object)),
                other => panic!("a prompt was not stored: {other:?}"),
            }
        }
        let script = self.create(manager, Admin::CreateScript { name: "话术".into(), prompts });
        let script = ScriptId(u32::try_from(script).expect("a small id"));
        self.order(compliance, Admin::ApproveScript { script });
        script
    }

    /// Imports and releases numbers as contacts; the batch.
    pub fn contacts(&mut self, numbers: &[String]) -> u64 {
        let People { compliance, data, department, .. } = self.people;
        let mut csv = String::from("手机号,姓名,授权时间,授权方式,授权用途,授权到期,授权凭证,是否成年\n");
        let today = midday().1.0 / DAY_MS;
        let (given, expires) = (date(today - 60), date(today + 200));
        for (row, number) in numbers.iter().enumerate() {
            csv += &format!("{number},示例{row},{given},ticked,{PURPOSE},{expires},form-{row},yes\n");
        }
        let what = Admin::ImportContacts {
            file: "contacts.csv".into(),
            purpose: PURPOSE.into(),
            department,
            source: "门诊登记表".into(),
            mapping: vec![],
            drop: vec![],
        };
        match self.attach(data, what, memory_file(csv.as_bytes())) {
            Answer::Imported { batch: Some(batch), .. } => {
                self.order(compliance, Admin::ReleaseBatch { batch });
                batch
            }
            other => panic!("contacts were not imported: {other:?}"),
        }
    }

    /// Creates a campaign with everything it needs and starts it.
    pub fn campaign(&mut self, line: &Line, plan: &CampaignPlan) -> CampaignId {
        let id = self.paused_campaign(line, plan);
        self.order(self.people.manager, Admin::StartCampaign { campaign: id });
        id
    }

    /// Creates a campaign with everything it needs.
    pub fn paused_campaign(&mut self, line: &Line, plan: &CampaignPlan) -> CampaignId {
        let script = self.script(plan.prompts);
        let batch = self.contacts(&plan.numbers);
        let new = NewCampaign {
            name: "回访".into(),
            class: plan.class,
            mode: plan.mode,
            purpose: PURPOSE.into(),
            department: self.people.department,
            group: line.group,
            caller: Pii::new(line.caller.clone()),
            script,
            batches: vec![batch],
            max_calls: plan.max_calls,
            calls_per_minute: 6_000,
            wrap_up_s: 10,
            attempts: plan.attempts,
        };
        let id = self.create(self.people.manager, Admin::CreateCampaign(Box::new(new)));
        CampaignId(u32::try_from(id).expect("a small id"))
    }

    /// Adds agents, each with a phone.
    pub fn agents(&mut self, count: usize, srtp: SrtpPolicy, allow_md5: bool) -> Vec<Phone> {
        let People { security, department, .. } = self.people;
        let mut phones = Vec::new();
        for n in 0..count {
            let name = Pii::new(format!("坐席{n}"));
            let add = Admin::AddPerson { name, role: Role::Agent, department: Some(department) };
            let person = person(self.create(security, add));
            match self.ask(Some(security), Admin::AddPhone { person, srtp, allow_md5 }) {
                Answer::Phone { user, realm, password, agent } => {
                    phones.push(Phone { agent, user, realm, password: password.expose().clone() });
                }
                other => panic!("no phone was made: {other:?}"),
            }
        }
        phones
    }
}

fn person(id: u64) -> PersonId {
    PersonId(u32::try_from(id).expect("a small id"))
}

/// The civil date of a day since 1970-01-01 (proleptic Gregorian).
fn date(day: i64) -> String {
    let z = day + 719_468;
    let (era, rest) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year_of_era = (rest - rest / 1_460 + rest / 36_524 - rest / 146_096) / 365;
    let day_of_year = rest - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

const PURPOSE: &str = "就诊回访";
/// A number on the official list that is no contact.
const LISTED: &str = "18899990000";
