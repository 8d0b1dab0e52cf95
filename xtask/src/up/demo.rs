//! The synthetic demo site: a hospital with two departments, agents, contacts, lists, scripts by several
//! persons, two campaigns. All numbers are invented; the last two digits tell the simulated carrier what to do.

use super::accounts::SignIns;
use super::client::{Vault, memory_file};
use super::lines::lines;
use super::options::Options;
use super::people::{Midday, People, Phone, people, phones};
use super::prompts::{ANNOUNCEMENT, Line, VISIT, speak};
use super::site::{Folders, Ports, write_private};
use anyhow::{Context, bail};
use idl::admin::{Admin, Answer, NewCampaign};
use serde::{Deserialize, Serialize};
use vocab::{
    AgentId, CampaignClass, CampaignId, CampaignMode, DAY_MS, DepartmentId, ObjectHash, PersonId, Pii,
    ScriptId, UnixMs,
};

/// What a second start needs to know of the site.
#[derive(Debug, Serialize, Deserialize)]
pub struct Site {
    /// The SIP port it was made with: the simulated carrier's place follows from it.
    port: u16,
    manager: PersonId,
    campaigns: Vec<CampaignId>,
    phones: Vec<Phone>,
    /// Agents who work by themselves; the others wait for somebody at the page.
    busy: Vec<AgentId>,
    #[serde(skip)]
    sign_ins: Option<SignIns>,
}

impl Site {
    /// The site of an earlier start in these folders.
    pub fn load(folders: &Folders, ports: &Ports) -> anyhow::Result<Option<Self>> {
        let file = folders.demo.join("site.json");
        if !file.exists() {
            return Ok(None);
        }
        let mut site: Self = serde_json::from_slice(&std::fs::read(file)?)?;
        site.sign_ins = Some(serde_json::from_slice(&std::fs::read(folders.demo.join("sign-ins.json"))?)?);
        if site.port != ports.sip {
            bail!("this site was made with --port {}: start it with the same", site.port);
        }
        Ok(Some(site))
    }

    /// Commissions the box and creates everything, as several persons.
    pub async fn create(
        options: &Options,
        folders: &Folders,
        ports: &Ports,
        vault: &mut Vault,
    ) -> anyhow::Result<Self> {
        if vault.status().await?.commissioned {
            bail!("{} was begun and not finished: remove it and start again", options.state.display());
        }
        let clock = Midday::now();
        eprintln!("creating the demo site in the zone {}, where it is working time now …", clock.zone);
        let (people, departments, sign_ins) = people(vault, &clock).await?;
        let lines = lines(options, folders, ports, vault, &people).await?;
        let phones = phones(vault, &people).await?;
        let announcement = script(vault, &people, folders, "体检推介", ANNOUNCEMENT).await?;
        let visit = script(vault, &people, folders, "就诊回访", VISIT).await?;
        let contacts = Contacts::new(options.calls, clock.now);
        let list = Admin::ImportDoNotCall { issued_at: clock.now };
        import(vault, people.system, list, contacts.do_not_call()).await?;
        let sold = batch(vault, &people, departments[1], CHECK_UP, contacts.csv(0..contacts.split, CHECK_UP))
            .await?;
        let visited = batch(
            vault,
            &people,
            departments[0],
            VISITS,
            contacts.csv(contacts.split..contacts.total, VISITS),
        )
        .await?;
        // Somebody at the page's desk has customers of their own; without a person nobody would call them.
        let asked = contacts.total..contacts.total + PREVIEWED;
        let asked = (!options.headless).then(|| contacts.csv(asked, SURVEY)).flatten();
        let asked = batch(vault, &people, departments[0], SURVEY, asked).await?;
        let mut campaigns = Vec::new();
        let plans = [
            (
                asked,
                "满意度回访",
                CampaignClass::ReturnVisit,
                CampaignMode::Preview,
                SURVEY,
                departments[0],
                visit,
            ),
            (
                sold,
                "健康体检推介",
                CampaignClass::Marketing,
                CampaignMode::Announcement,
                CHECK_UP,
                departments[1],
                announcement,
            ),
            (
                visited,
                "就诊回访",
                CampaignClass::ReturnVisit,
                CampaignMode::Progressive,
                VISITS,
                departments[0],
                visit,
            ),
        ];
        for (batch, name, class, mode, purpose, department, script) in plans {
            let Some(batch) = batch else { continue };
            let new = NewCampaign {
                name: name.into(),
                class,
                mode,
                purpose: purpose.into(),
                department,
                group: lines.group,
                caller: Pii::new(lines.caller.clone()),
                script,
                batches: vec![batch],
                max_calls: 30,
                calls_per_minute: 600,
                wrap_up_s: 10,
                attempts: 1,
            };
            let id = vault.create(people.manager, Admin::CreateCampaign(Box::new(new))).await?;
            campaigns.push(CampaignId(u32::try_from(id)?));
        }
        let busy = people.agents.iter().map(|person| AgentId(person.0)).collect();
        write_private(&folders.demo.join("sign-ins.json"), &serde_json::to_vec(&sign_ins)?)?;
        let sign_ins = Some(sign_ins);
        let site = Self { port: ports.sip, manager: people.manager, campaigns, phones, busy, sign_ins };
        write_private(&folders.demo.join("site.json"), &serde_json::to_vec(&site)?)?;
        Ok(site)
    }

    /// Starts its campaigns; one that runs already stays as it is.
    pub async fn start_campaigns(&self, vault: &mut Vault) -> anyhow::Result<()> {
        let running = vault.status().await?.campaigns;
        for &campaign in &self.campaigns {
            if !running.iter().any(|(id, _, runs)| *id == campaign && *runs) {
                vault.order(self.manager, Admin::StartCampaign { campaign }).await?;
            }
        }
        Ok(())
    }

    /// The accounts file of the simulated phones.
    pub fn write_phone_accounts(&self, folders: &Folders) -> anyhow::Result<()> {
        let account = |phone: &Phone| serde_json::json!({ "user": phone.user, "password": phone.password, "realm": phone.realm });
        let accounts: Vec<serde_json::Value> = self.phones.iter().map(account).collect();
        write_private(&folders.demo.join("phones.json"), &serde_json::to_vec(&accounts)?)
    }

    /// The manager, who may see figures.
    pub fn manager(&self) -> PersonId {
        self.manager
    }

    /// The agents who work by themselves.
    pub fn agents(&self) -> &[AgentId] {
        &self.busy
    }

    /// Prints who may sign in to the page.
    pub fn show_sign_ins(&self, url: &str) {
        if let Some(sign_ins) = &self.sign_ins {
            sign_ins.show(url);
        }
    }
}

async fn script(
    vault: &mut Vault,
    people: &People,
    folders: &Folders,
    name: &str,
    lines: &[Line],
) -> anyhow::Result<ScriptId> {
    let mut prompts = Vec::new();
    for line in lines {
        let wav = memory_file(&speak(line, &folders.demo)?)?;
        let wanted = Admin::UploadPrompt { text: line.text.into() };
        let object: ObjectHash = match vault.ask(Some(people.manager), wanted, Some(wav)).await? {
            Answer::Prompt { object, .. } => object,
            _ => bail!("the prompt was not stored"),
        };
        prompts.push((line.role, object));
    }
    let id = vault.create(people.manager, Admin::CreateScript { name: name.into(), prompts }).await?;
    let script = ScriptId(u32::try_from(id)?);
    vault.order(people.compliance, Admin::ApproveScript { script }).await?;
    Ok(script)
}

async fn batch(
    vault: &mut Vault,
    people: &People,
    department: DepartmentId,
    purpose: &str,
    csv: Option<String>,
) -> anyhow::Result<Option<u64>> {
    let Some(csv) = csv else { return Ok(None) };
    let wanted = Admin::ImportContacts {
        file: "demo.csv".into(),
        purpose: purpose.into(),
        department,
        source: "门诊登记表 DEMO".into(),
        mapping: vec![],
        drop: vec![],
    };
    let batch = import(vault, people.data, wanted, csv).await?.context("the batch has no id")?;
    vault.order(people.compliance, Admin::ReleaseBatch { batch }).await?;
    Ok(Some(batch))
}

async fn import(
    vault: &mut Vault,
    actor: PersonId,
    what: Admin,
    content: String,
) -> anyhow::Result<Option<u64>> {
    match vault.ask(Some(actor), what, Some(memory_file(content.as_bytes())?)).await? {
        Answer::Imported { errors_total: 0, batch, .. } => Ok(batch),
        Answer::Imported { errors, .. } => {
            let first = errors.first().map(|error| format!("row {}: {}", error.row, error.text_en));
            bail!("the demo list has errors: {}", first.unwrap_or_default())
        }
        Answer::Done => Ok(None),
        Answer::Created { ids } => Ok(ids.first().copied()),
        _ => bail!("an import was answered with something else"),
    }
}

/// Invented contacts: `199`, six digits, and two that choose the callee's behaviour.
struct Contacts {
    total: u32,
    split: u32,
    today: i64,
}

impl Contacts {
    fn new(total: u32, now: UnixMs) -> Self {
        Self { total, split: total * 3 / 5, today: now.0 / DAY_MS }
    }

    fn number(index: u32) -> String {
        format!("199{index:06}{:02}", index * 37 % 100)
    }

    /// Every 25th contact is on the official list, with numbers that are no contacts.
    fn do_not_call(&self) -> String {
        let listed = (0..self.total).filter(|index| index % 25 == 5).map(Self::number);
        let others = (0..1_000).map(|index| format!("188{index:06}00"));
        listed.chain(others).map(|number| number + "\n").collect()
    }

    /// A list as a hospital would export it; `None` if it has no row. Some lack consent, some are minors.
    fn csv(&self, range: std::ops::Range<u32>, purpose: &str) -> Option<String> {
        if range.is_empty() {
            return None;
        }
        let mut text = String::from(
            "手机号,姓名,业务号,需求类型,授权时间,授权方式,授权用途,授权到期,授权凭证,是否成年,出生日期\n",
        );
        let (given, expires) = (date(self.today - 60), date(self.today + 200));
        for index in range {
            let consent = match index % 20 {
                7 => ",,,,".to_owned(),
                11 => format!("{given},ticked,{purpose},{},form-{index}", date(self.today - 1)),
                13 => format!("{given},ticked,满意度调查,{expires},form-{index}"),
                _ => format!("{given},ticked,{purpose},{expires},form-{index}"),
            };
            let age =
                if index % 40 == 3 { format!(",{}", date(self.today - 15 * 365)) } else { "yes,".to_owned() };
            text += &format!("{},示例{index},DEMO{index:06},复诊,{consent},{age}\n", Self::number(index));
        }
        Some(text)
    }
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

const CHECK_UP: &str = "健康体检";
const VISITS: &str = "就诊回访";
const SURVEY: &str = "满意度调查";
const PREVIEWED: u32 = 24;

#[cfg(test)]
mod tests {
    use super::{Contacts, date};

    #[test]
    fn days_become_dates() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(19_782), "2024-02-29");
        assert_eq!(date(20_778), "2026-11-21");
    }

    #[test]
    fn a_hundred_contacts_meet_every_behaviour_of_the_carrier() {
        let codes: std::collections::BTreeSet<String> =
            (0..100).map(|index| Contacts::number(index)[9..].to_owned()).collect();
        assert_eq!(codes.len(), 100);
    }
}
