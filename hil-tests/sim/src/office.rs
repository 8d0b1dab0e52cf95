//! The people of the site: they set the box up once and then run its campaigns, lists and blacklist.

use crate::env::{Env, Event};
use crate::ports::{Rows, hash, subject_of};
use crate::truth::{PersonTruth, ZONE_MS};
use crate::vault::{OFFICE, VaultProc};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use idl::admin::{Admin, AdminReply, AdminRequest, Answer, NewCampaign, Role};
use idl::hello::Process;
use idl::lines::{Codec, LineGroupMember, PromptRole, SipTransport, SrtpPolicy, TrunkConfig};
use std::collections::BTreeMap;
use std::sync::Arc;
use vaultd::command::{Cmd, Effect, ImportOutcome, Imported, Message, ReplyTo};
use vaultd::entries::{BatchEntry, StoredObject};
use vaultd::ports::{ConsentHeld, ContactPerson};
use vocab::{
    AgentId, CampaignClass, CampaignId, CampaignMode, ContactId, DAY_MS, DepartmentId, HOUR_MS, LineGroupId,
    ObjectHash, PersonId, PhoneNumber, Pii, ScriptId, Secret, TrunkId, UnixMs,
};

/// What the office does at some time.
#[derive(Debug, Clone)]
enum Deed {
    Start(CampaignId),
    Pause(CampaignId),
    Blacklist(usize),
    List,
}

/// The office.
#[derive(Debug, Default)]
pub struct Office {
    plan: BTreeMap<(u64, u64), Deed>,
    retries: BTreeMap<u64, (u64, u64)>,
    people: Vec<ContactPerson>,
    next: u64,
    order: u64,
    lists: u8,
    stopped: bool,
}

/// The site as it was made.
#[derive(Debug)]
pub struct Site {
    /// The agents.
    pub agents: Vec<AgentId>,
    /// The campaigns.
    pub campaigns: Vec<CampaignId>,
    /// The mode of the campaigns with agents.
    pub mode: CampaignMode,
}

/// The persons of a run, and the batches they come in.
pub fn people(env: &mut Env) -> (Vec<ContactPerson>, Rows) {
    let count = env.between(12, 36);
    let mut all = Vec::new();
    for at in 0..count {
        let Ok(number) = PhoneNumber::parse(&format!("138{:08}", 10_000_000 + at * 7)) else { continue };
        let (consent, adult, child) = (!env.chance(120), !env.chance(100), env.chance(60));
        let do_not_call = env.chance(100);
        let given_at = UnixMs(env.wall().0 - 20 * DAY_MS);
        let held = ConsentHeld {
            purpose: PURPOSE.to_owned(),
            given_at,
            expires_at: None,
            channel: "form".to_owned(),
            evidence: Some(Pii::new("form".to_owned())),
        };
        let birth = if child { Some(Pii::new(jiff::civil::date(2018, 1, 1))) } else { None };
        env.truth
            .people
            .insert(subject_of(&number), PersonTruth { consent, adult: adult && !child, child, do_not_call });
        all.push(ContactPerson {
            number,
            name: None,
            order_no: None,
            demand: None,
            tag: None,
            issue: None,
            consent: consent.then_some(held),
            birth,
            adult: Some(adult),
        });
    }
    // The second batch holds half of the persons once more: another campaign calls the same people.
    let second = all.iter().step_by(2).cloned().collect();
    let rows = Rows(Arc::new(vec![all.clone(), second]));
    (all, rows)
}

impl Office {
    /// An office that knows these persons.
    pub fn new(people: Vec<ContactPerson>) -> Self {
        Self { people, ..Self::default() }
    }

    /// Whether somebody waits for an answer.
    pub fn is_busy(&self) -> bool {
        !self.retries.is_empty()
    }

    /// Sets the box up, before anything can fail.
    ///
    /// # Errors
    /// What the vault refused.
    pub fn set_up(&mut self, env: &mut Env, vault: &mut VaultProc) -> Result<Site, String> {
        let calendar = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).map_err(|error| error.to_string())?;
        let mut key = [0; 32];
        key.copy_from_slice(calendar.public_key().as_ref());
        let names = ["one", "two", "three"].map(|name| Pii::new(name.to_owned()));
        let zone = "Asia/Shanghai".to_owned();
        let commission =
            Admin::Commission { company: "Bank".to_owned(), zone, administrators: names, calendar_key: key };
        self.ask(env, vault, None, commission)?;
        self.ask(env, vault, Some(1), Admin::AddDepartment { name: "Loans".to_owned() })?;
        let department = Some(DepartmentId(1));
        for (name, role) in STAFF {
            let who = Admin::AddPerson { name: Pii::new((*name).to_owned()), role: *role, department };
            self.ask(env, vault, Some(2), who)?;
        }
        self.lines(env, vault)?;
        let toml = "year = 2026\noff = [\"2026-10-01\", \"2026-10-02\", \"2026-10-03\"]\n".to_owned();
        let signature = calendar.sign(toml.as_bytes()).as_ref().to_vec();
        self.ask(env, vault, Some(4), Admin::Holidays { toml, signature })?;
        for day in [1, 2, 3] {
            let at = jiff::civil::date(2026, 10, day) - jiff::civil::date(1970, 1, 1);
            env.truth.holidays.insert(i64::from(at.get_days()));
        }
        let issued_at = UnixMs(env.wall().0 - i64::try_from(env.between(0, 8)).unwrap_or(0) * DAY_MS);
        self.import_list(env, vault, issued_at)?;
        self.contents(env, vault)?;
        let mode = env.pick(&[CampaignMode::Announcement, CampaignMode::Progressive, CampaignMode::Preview]);
        let campaigns = self.campaigns(env, vault, mode)?;
        Ok(Site { agents: vec![AgentId(7), AgentId(8), AgentId(9)], campaigns, mode })
    }

    fn lines(&mut self, env: &mut Env, vault: &mut VaultProc) -> Result<(), String> {
        for trunk in 1..=2_u16 {
            let config = TrunkConfig {
                id: TrunkId(trunk),
                name: format!("carrier {trunk}"),
                host: format!("192.0.2.{trunk}"),
                port: Some(5060),
                transport: SipTransport::Udp,
                ca_pem: None,
                tls_name: None,
                tls12_waiver: false,
                srtp: SrtpPolicy::PlainWaiver,
                account: None,
                channels: u16::try_from(env.between(2, 8)).unwrap_or(2),
                options_interval_s: 900,
                symmetric_rtp: false,
                codecs: vec![Codec::Pcma],
            };
            self.ask(env, vault, Some(1), Admin::AddTrunk(Box::new(config)))?;
        }
        let members = vec![
            LineGroupMember { trunk: TrunkId(1), rank: 0, weight: 1 },
            LineGroupMember { trunk: TrunkId(2), rank: 1, weight: 1 },
        ];
        self.ask(env, vault, Some(1), Admin::AddLineGroup { name: "out".to_owned(), members })?;
        let number = || Pii::new("01062345678".to_owned());
        let valid_to = UnixMs(env.wall().0 + 200 * DAY_MS);
        let add = Admin::AddCallerNumber {
            number: number(),
            groups: vec![LineGroupId(1)],
            contract: "C1".to_owned(),
            valid_to,
        };
        self.ask(env, vault, Some(1), add)?;
        self.ask(env, vault, Some(4), Admin::ApproveCallerNumber { number: number() })?;
        Ok(())
    }

    fn contents(&mut self, env: &mut Env, vault: &mut VaultProc) -> Result<(), String> {
        let mut prompts = Vec::new();
        for (role, at) in ROLES.iter().zip(1_u8..) {
            let object = StoredObject { hash: ObjectHash([at; 32]), key: Secret::new([at; 32]) };
            let level = vaultd::level::Level { mean_dbm0: -20, peak_dbm0: -6 };
            let outcome =
                ImportOutcome::Prompt { object, text: format!("{role:?}"), duration_ms: 2_000, level };
            self.imported(env, vault, 5, outcome)?;
            prompts.push((*role, ObjectHash([at; 32])));
        }
        self.ask(env, vault, Some(5), Admin::CreateScript { name: "script".to_owned(), prompts })?;
        self.ask(env, vault, Some(4), Admin::ApproveScript { script: ScriptId(1) })?;
        for (rows, at) in vault.rows.0.clone().iter().zip(1_u64..) {
            let batch = BatchEntry {
                batch: at,
                index: StoredObject { hash: ObjectHash([0; 32]), key: Secret::new([0; 32]) },
                rows: rows.len() as u64,
                first: ContactId(0),
                purpose: PURPOSE.to_owned(),
                department: DepartmentId(1),
                source: "form".to_owned(),
                file: format!("{at}.csv"),
            };
            self.imported(env, vault, 6, ImportOutcome::Contacts(Box::new(batch)))?;
            self.ask(env, vault, Some(5), Admin::ReleaseBatch { batch: at })?;
        }
        Ok(())
    }

    fn campaigns(
        &mut self,
        env: &mut Env,
        vault: &mut VaultProc,
        mode: CampaignMode,
    ) -> Result<Vec<CampaignId>, String> {
        let kinds = [
            (CampaignClass::Marketing, mode, vec![1]),
            (CampaignClass::Marketing, CampaignMode::Announcement, vec![2]),
            (CampaignClass::ServiceNotice, CampaignMode::Announcement, vec![1, 2]),
        ];
        let mut made = Vec::new();
        for ((class, mode, batches), at) in kinds.into_iter().zip(1_u32..) {
            let plan = NewCampaign {
                name: format!("campaign {at}"),
                class,
                mode,
                purpose: PURPOSE.to_owned(),
                department: DepartmentId(1),
                group: LineGroupId(1),
                caller: Pii::new("01062345678".to_owned()),
                script: ScriptId(1),
                batches,
                max_calls: u16::try_from(env.between(1, 12)).unwrap_or(1),
                calls_per_minute: u32::try_from(env.between(2, 300)).unwrap_or(20),
                wrap_up_s: 60,
                attempts: u8::try_from(env.between(1, 3)).unwrap_or(1),
            };
            self.ask(env, vault, Some(5), Admin::CreateCampaign(Box::new(plan)))?;
            env.truth.classes.insert(CampaignId(at), class);
            made.push(CampaignId(at));
        }
        Ok(made)
    }

    fn request(&mut self, actor: Option<u32>, what: Admin) -> Cmd {
        self.next += 1;
        let request = AdminRequest::of_tool(self.next, actor.map(PersonId), what);
        Cmd::Admin { conn: OFFICE, from: Process::Tool, request, attached: None }
    }

    fn ask(
        &mut self,
        env: &mut Env,
        vault: &mut VaultProc,
        actor: Option<u32>,
        what: Admin,
    ) -> Result<(), String> {
        let cmd = self.request(actor, what);
        done(vault.at_once(env, cmd)?)
    }

    fn imported(
        &mut self,
        env: &mut Env,
        vault: &mut VaultProc,
        actor: u32,
        outcome: ImportOutcome,
    ) -> Result<(), String> {
        let cmd = self.import(actor, outcome);
        done(vault.at_once(env, cmd)?)
    }

    fn import(&mut self, actor: u32, outcome: ImportOutcome) -> Cmd {
        self.next += 1;
        let reply = ReplyTo {
            conn: OFFICE,
            id: self.next,
            actor: PersonId(actor),
            from: Process::Tool,
            session: None,
        };
        Cmd::Imported(Box::new(Imported { reply, outcome }))
    }

    fn list(&mut self, env: &Env, vault: &mut VaultProc, issued_at: UnixMs) -> Result<ImportOutcome, String> {
        self.lists += 1;
        let object = StoredObject { hash: ObjectHash(hash(&[self.lists])), key: Secret::new([1; 32]) };
        let listed = self
            .people
            .iter()
            .map(|person| subject_of(&person.number))
            .filter(|subject| env.truth.people.get(subject).is_some_and(|person| person.do_not_call));
        let list =
            gate::DoNotCall::build(u64::from(self.lists), env.wall(), listed.map(vaultd::dial::list_hash))
                .map_err(|error| error.to_string())?;
        vault.lists.insert(object.hash, list.clone());
        Ok(ImportOutcome::DoNotCall { object, issued_at, list })
    }

    fn import_list(&mut self, env: &mut Env, vault: &mut VaultProc, issued_at: UnixMs) -> Result<(), String> {
        let outcome = self.list(env, vault, issued_at)?;
        self.imported(env, vault, 6, outcome)
    }

    /// Plans the days of a run.
    pub fn plan(&mut self, env: &mut Env, site: &Site, days: u64) {
        for day in 0..days {
            for campaign in &site.campaigns {
                // Some begin in the night and wait for the morning, some shortly before the evening's end.
                let hour = env.pick(&[0, 7, 8, 8, 9, 12, 18, 20, 20, 21]);
                let minute = if hour == 20 { env.between(40, 59) } else { env.between(0, 59) };
                let start = at_hour(env, day, hour, minute);
                let stop = start + env.between(60_000, 4 * 3_600_000);
                self.schedule(start, Deed::Start(*campaign));
                self.schedule(stop, Deed::Pause(*campaign));
            }
            if env.chance(400) {
                let at = at_hour(env, day, 8, 0) + env.between(0, 43_200_000);
                let who = env.between(0, self.people.len() as u64 - 1);
                self.schedule(at, Deed::Blacklist(usize::try_from(who).unwrap_or(0)));
            }
            if env.chance(200) {
                let at = at_hour(env, day, 6, 0);
                self.schedule(at, Deed::List);
            }
        }
        self.arm(env);
    }

    fn schedule(&mut self, at: u64, deed: Deed) {
        self.order += 1;
        self.plan.insert((at, self.order), deed);
    }

    fn arm(&self, env: &mut Env) {
        if let Some(((at, _), _)) = self.plan.first_key_value() {
            env.at(*at, Event::Office);
        }
    }

    /// Does what is due; what was not answered is asked again.
    ///
    /// # Errors
    /// A list that cannot be built.
    pub fn act(&mut self, env: &mut Env, vault: &mut VaultProc) -> Result<(), String> {
        while let Some(entry) = self.plan.first_entry().filter(|entry| entry.key().0 <= env.now) {
            let deed = entry.remove();
            let cmd = match deed.clone() {
                Deed::Start(campaign) if !self.stopped => {
                    self.request(Some(5), Admin::StartCampaign { campaign })
                }
                Deed::Start(_) => continue,
                Deed::Pause(campaign) => self.request(Some(5), Admin::PauseCampaign { campaign }),
                Deed::Blacklist(who) => {
                    let number = Pii::new(String::from(self.people[who].number));
                    let number = Pii::new(format!("+{}", number.reveal()));
                    self.request(Some(5), Admin::Blacklist { number })
                }
                Deed::List => {
                    let issued_at = env.wall();
                    let outcome = self.list(env, vault, issued_at)?;
                    self.import(6, outcome)
                }
            };
            env.note(|| format!("the office: {deed:?}"));
            vault.command(env, cmd);
            // Asked again if nobody answers: the first try may be lost with the vault.
            let (id, again) = (self.next, env.now + 4_000);
            self.schedule(again, deed);
            self.retries.insert(id, (again, self.order));
        }
        self.arm(env);
        Ok(())
    }

    /// An answer came: it is not asked again.
    pub fn answered(&mut self, reply: &AdminReply) {
        if let Some(key) = self.retries.remove(&reply.id) {
            self.plan.remove(&key);
        }
    }

    /// Closes for good: every campaign is paused.
    pub fn close(&mut self, env: &mut Env, site: &Site) {
        self.stopped = true;
        self.plan.retain(|_, deed| !matches!(deed, Deed::Start(_)));
        for campaign in &site.campaigns {
            self.schedule(env.now, Deed::Pause(*campaign));
        }
        self.arm(env);
    }
}

fn done(effects: Vec<Effect>) -> Result<(), String> {
    for effect in effects {
        if let Effect::Send(
            _,
            Message::Admin(AdminReply { answer: Answer::Refused { code, text_en, .. }, .. }),
        ) = effect
        {
            return Err(format!("the vault refuses the site: {code}: {text_en}"));
        }
    }
    Ok(())
}

/// The boot-clock instant of an hour of a day of the run.
fn at_hour(env: &Env, day: u64, hour: u64, minute: u64) -> u64 {
    let local = env.wall().0 + ZONE_MS;
    let midnight = local - local.rem_euclid(DAY_MS);
    let day = i64::try_from(day).unwrap_or(0);
    let at = midnight
        + day * DAY_MS
        + i64::try_from(hour).unwrap_or(0) * HOUR_MS
        + i64::try_from(minute).unwrap_or(0) * 60_000;
    u64::try_from(at - local).map_or(env.now, |ms| env.now + ms)
}

/// The TPM's stand-in: a P-256 key that signs heads.
pub fn signing_key() -> &'static [u8] {
    static KEY: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    KEY.get_or_init(|| {
        let made = aws_lc_rs::signature::EcdsaKeyPair::generate_pkcs8(
            &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            &aws_lc_rs::rand::SystemRandom::new(),
        );
        made.map_or_else(|_| Vec::new(), |key| key.as_ref().to_vec())
    })
}

const PURPOSE: &str = "loan offers";
const STAFF: &[(&str, Role)] = &[
    ("four", Role::Compliance),
    ("five", Role::Manager),
    ("six", Role::DataSpecialist),
    ("seven", Role::Agent),
    ("eight", Role::Agent),
    ("nine", Role::Agent),
];
const ROLES: [PromptRole; 7] = [
    PromptRole::Identify,
    PromptRole::RecordingNotice,
    PromptRole::OptOutHint,
    PromptRole::Body,
    PromptRole::OptOutConfirmation,
    PromptRole::Hold,
    PromptRole::NoAgent,
];
