//! The persons of the demo site, their accounts and phones, and the hour in which they work.

use super::accounts::SignIns;
use super::client::Vault;
use anyhow::{Context, bail};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use idl::admin::{Admin, Answer, Role};
use idl::lines::SrtpPolicy;
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use vocab::{AgentId, DAY_MS, DepartmentId, PersonId, Pii, UnixMs};

/// The persons of the demo who do something.
pub struct People {
    /// System administrator.
    pub system: PersonId,
    /// Security administrator.
    pub security: PersonId,
    /// Manager.
    pub manager: PersonId,
    /// Compliance.
    pub compliance: PersonId,
    /// Data specialist.
    pub data: PersonId,
    /// Agents who work by themselves.
    pub agents: Vec<PersonId>,
    /// The agent whose desk is worked at the page.
    pub at_the_page: PersonId,
}

/// A simulated phone's account.
#[derive(Debug, Serialize, Deserialize)]
pub struct Phone {
    /// Whose.
    pub agent: AgentId,
    /// SIP user.
    pub user: String,
    /// Password.
    pub password: String,
    /// Realm.
    pub realm: String,
}

/// A zone where it is about eleven in the morning now: the gate's calling hours are real, also at night.
pub struct Midday {
    /// Its name.
    pub zone: String,
    /// Now.
    pub now: UnixMs,
    /// The year.
    pub year: i64,
}

impl Midday {
    /// By this machine's clock.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let now = UnixMs(i64::try_from(since.as_millis()).unwrap_or(0));
        let hour = now.0.rem_euclid(DAY_MS) / vocab::HOUR_MS;
        let offset = 11 - hour;
        // Etc/GMT-5 lies five hours east of Greenwich.
        let zone = format!("Etc/GMT{}{}", if offset >= 0 { '-' } else { '+' }, offset.abs());
        let year = 1970 + now.0 / (DAY_MS * 1_461 / 4);
        Self { zone: if offset == 0 { "Etc/GMT".into() } else { zone }, now, year }
    }
}

/// Commissions the box; its departments and everybody who signs in.
pub async fn people(
    vault: &mut Vault,
    clock: &Midday,
) -> anyhow::Result<(People, [DepartmentId; 2], SignIns)> {
    let mut seed = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut seed).map_err(|_| anyhow::anyhow!("no randomness"))?;
    let calendar_key =
        Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| anyhow::anyhow!("no key pair"))?;
    let commission = Admin::Commission {
        company: "示范医院".into(),
        zone: clock.zone.clone(),
        administrators: ["系统管理员", "安全管理员", "审计管理员"].map(|name| Pii::new(name.to_owned())),
        calendar_key: calendar_key.public_key().as_ref().try_into().context("an Ed25519 key has 32 bytes")?,
    };
    let Answer::Created { ids } = vault.ask(None, commission, None).await? else { bail!("not commissioned") };
    let person = |at: usize| {
        ids.get(at).map(|id| PersonId(u32::try_from(*id).unwrap_or(0))).context("an administrator is missing")
    };
    let (system, security) = (person(0)?, person(1)?);
    for year in [clock.year, clock.year + 1] {
        let toml = holidays(year);
        let signature = calendar_key.sign(toml.as_bytes()).as_ref().to_vec();
        vault.order(system, Admin::Holidays { toml, signature }).await?;
    }
    let mut departments = [DepartmentId(0); 2];
    for (slot, name) in departments.iter_mut().zip(["随访中心", "体检中心"]) {
        *slot = DepartmentId(u16::try_from(
            vault.create(security, Admin::AddDepartment { name: name.into() }).await?,
        )?);
    }
    let mut sign_ins = SignIns::new()?;
    for (person, login, role) in [
        (system, "system", "系统管理员"),
        (security, "security", "安全管理员"),
        (person(2)?, "audit", "审计管理员"),
    ] {
        sign_ins.enrol(vault, security, person, login, role).await?;
    }
    let mut staff = Vec::new();
    for (name, login, role, department) in STAFF {
        let department = department.map(|at: usize| departments[at]);
        let added = Admin::AddPerson { name: Pii::new((*name).to_owned()), role: *role, department };
        let id = PersonId(u32::try_from(vault.create(security, added).await?)?);
        sign_ins.enrol(vault, security, id, login, name).await?;
        staff.push(id);
    }
    let mut agents = Vec::new();
    for number in 1..=AGENTS {
        let name = Pii::new(format!("坐席{number}"));
        let added = Admin::AddPerson { name, role: Role::Agent, department: Some(departments[0]) };
        agents.push(PersonId(u32::try_from(vault.create(security, added).await?)?));
    }
    let at_the_page = *staff.last().context("the demo's staff ends with the agent at the page")?;
    let people = People {
        system,
        security,
        manager: staff[0],
        compliance: staff[1],
        data: staff[2],
        agents,
        at_the_page,
    };
    Ok((people, departments, sign_ins))
}

/// Fixed statutory days only: an invented calendar for the demo, never the authority's.
fn holidays(year: i64) -> String {
    let days = ["01-01", "05-01", "05-02", "10-01", "10-02", "10-03"];
    let days: Vec<String> = days.iter().map(|day| format!("\"{year}-{day}\"")).collect();
    format!("year = {year}\noff = [{}]\nworking = []\n", days.join(", "))
}

/// A phone for each agent.
pub async fn phones(vault: &mut Vault, people: &People) -> anyhow::Result<Vec<Phone>> {
    let mut phones = Vec::new();
    for &person in people.agents.iter().chain([&people.at_the_page]) {
        let wanted = Admin::AddPhone { person, srtp: SrtpPolicy::Required, allow_md5: false };
        match vault.ask(Some(people.security), wanted, None).await? {
            Answer::Phone { user, realm, password, agent } => {
                phones.push(Phone { agent, user, realm, password: password.expose().clone() });
            }
            _ => bail!("no phone was made"),
        }
    }
    Ok(phones)
}

/// Who else signs in: name, login, role, department by its place. The last one's desk waits at the page.
const STAFF: &[(&str, &str, Role, Option<usize>)] = &[
    ("院办主任", "manager", Role::Manager, None),
    ("合规专员", "compliance", Role::Compliance, None),
    ("数据专员", "data", Role::DataSpecialist, None),
    ("随访主管", "supervisor", Role::Supervisor, Some(0)),
    ("质检专员", "qa", Role::Qa, None),
    ("现场技术员", "technician", Role::Technician, None),
    ("坐席小林", "agent", Role::Agent, Some(0)),
];
const AGENTS: u32 = 6;
