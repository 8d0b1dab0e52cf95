//! The site: commissioning, departments, people, phones, trunks, caller numbers.

use super::span_checks::MAX_TRUNK_ID;
use super::{Actor, Handled, MAX_NAME_CHARS, Refusal, text_within};
use crate::entries::{EntryResult, Event, PhoneEntry, Sealed, Who};
use crate::phone;
use crate::seal::Purpose;
use crate::vault::Vault;
use idl::admin::{Answer, Role};
use idl::hello::Process;
use idl::lines::{SipTransport, SrtpPolicy, TrunkConfig};
use vocab::{AgentId, DepartmentId, LineGroupId, PersonId, PhoneNumber, Pii, SubjectId, TrunkId, UnixMs};

impl Vault {
    pub(crate) fn commission(
        &mut self,
        from: Process,
        company: String,
        zone: String,
        names: &[Pii<String>; 3],
        calendar_key: [u8; 32],
    ) -> Handled {
        if self.state.commissioned() {
            return Err(Refusal::new(
                "commissioned",
                "This box is a company's already.",
                "本机已启用，不可重复启用。",
            ));
        }
        check_site(&company, &zone, names)?;
        let mut administrators = Vec::with_capacity(names.len());
        for name in names {
            administrators.push(self.seal_name(name)?);
        }
        let event = Event::Commissioned { company, zone, calendar_key, administrators };
        self.record_from(Who::Process(from), from, EntryResult::Done, event);
        Ok(Some(Answer::Created { ids: vec![1, 2, 3] }))
    }

    /// A person's name under a key of the person's own.
    pub(crate) fn seal_name(&mut self, name: &Pii<String>) -> Result<(SubjectId, Sealed), Refusal> {
        let subject = SubjectId(self.random());
        let sealed = self.seal_for(subject, Purpose::Name, name.reveal()).ok_or_else(Refusal::storage)?;
        Ok((subject, sealed))
    }

    pub(super) fn add_department(&mut self, actor: &Actor, name: String) -> Handled {
        text_within(&name, MAX_NAME_CHARS)?;
        if self.state.departments.len() >= MAX_DEPARTMENTS {
            return Err(Refusal::too_many("departments", MAX_DEPARTMENTS));
        }
        if self.state.departments.values().any(|known| *known == name) {
            return Err(Refusal::new("exists", "There is such a department.", "该部门已存在。"));
        }
        let id = self.state.next_department();
        self.write(actor, Event::DepartmentAdded { name });
        Ok(created(id.0))
    }

    pub(super) fn add_person(
        &mut self,
        actor: &Actor,
        name: &Pii<String>,
        role: Role,
        department: Option<DepartmentId>,
    ) -> Handled {
        let id = self.new_person(actor, name, role, department)?;
        Ok(created(id.0))
    }

    /// A person, without an account so far.
    pub(super) fn new_person(
        &mut self,
        actor: &Actor,
        name: &Pii<String>,
        role: Role,
        department: Option<DepartmentId>,
    ) -> Result<PersonId, Refusal> {
        text_within(name.reveal(), MAX_NAME_CHARS)?;
        if self.state.people.len() >= MAX_PEOPLE {
            return Err(Refusal::too_many("persons", MAX_PEOPLE));
        }
        if department.is_some_and(|id| !self.state.departments.contains_key(&id)) {
            return Err(Refusal::unknown("department"));
        }
        if department.is_none() && matches!(role, Role::Agent | Role::Supervisor) {
            return Err(Refusal::new(
                "department-missing",
                "Agents and supervisors belong to a department.",
                "坐席和主管必须属于某个部门。",
            ));
        }
        let (subject, name) = self.seal_name(name)?;
        let id = self.state.next_person();
        self.write(actor, Event::PersonAdded { subject, name, role, department });
        self.tell_calld_changed();
        Ok(id)
    }

    pub(super) fn add_phone(
        &mut self,
        actor: &Actor,
        person: PersonId,
        srtp: SrtpPolicy,
        allow_md5: bool,
    ) -> Handled {
        let known = self.state.people.get(&person).ok_or_else(|| Refusal::unknown("person"))?;
        if known.role != Role::Agent {
            return Err(Refusal::new("not-an-agent", "Only agents have phones.", "只有坐席才有话机。"));
        }
        let subject = known.subject;
        let agent = AgentId(person.0);
        let user = format!("agent{}", person.0);
        let realm = phone::REALM.to_owned();
        let password = phone::password(self.random());
        let ha1_sha256 = phone::ha1_sha256(&user, &realm, &password);
        let ha1_md5 = allow_md5.then(|| phone::ha1_md5(&user, &realm, &password));
        let sealed =
            self.seal_for(subject, Purpose::Ha1, ha1_sha256.expose()).ok_or_else(Refusal::storage)?;
        let sealed_md5 = match ha1_md5 {
            Some(ha1) => {
                Some(self.seal_for(subject, Purpose::Ha1, ha1.expose()).ok_or_else(Refusal::storage)?)
            }
            None => None,
        };
        let entry = PhoneEntry {
            agent,
            user: user.clone(),
            realm: realm.clone(),
            srtp,
            ha1_sha256: sealed,
            ha1_md5: sealed_md5,
        };
        self.change_lines(actor, Event::PhoneSet { phone: Box::new(entry) });
        Ok(Some(Answer::Phone { user, realm, password, agent }))
    }

    pub(super) fn add_trunk(&mut self, actor: &Actor, mut trunk: TrunkConfig) -> Handled {
        check_trunk(&trunk)?;
        if self.state.trunks.len() >= MAX_TRUNKS {
            return Err(Refusal::too_many("trunks", MAX_TRUNKS));
        }
        trunk.id = self.free_trunk()?;
        let id = trunk.id;
        self.lines_fit(|site| site.trunks.push(trunk.clone()))?;
        self.change_lines(actor, Event::TrunkSet { trunk: Box::new(trunk) });
        Ok(created(id.0))
    }

    /// A password or certificate left empty stays as it is: the page never gets them to send them back.
    pub(super) fn set_trunk(&mut self, actor: &Actor, mut trunk: TrunkConfig) -> Handled {
        let known = self.state.trunks.get(&trunk.id).ok_or_else(|| Refusal::unknown("trunk"))?;
        if let (Some(account), Some(before)) = (&mut trunk.account, &known.account)
            && account.password.expose().is_empty()
        {
            account.password = before.password.clone();
        }
        if trunk.transport == SipTransport::Tls && trunk.ca_pem.as_deref().is_none_or(str::is_empty) {
            trunk.ca_pem.clone_from(&known.ca_pem);
        }
        check_trunk(&trunk)?;
        self.lines_fit(|site| {
            site.trunks.retain(|other| other.id != trunk.id);
            site.trunks.push(trunk.clone());
        })?;
        self.change_lines(actor, Event::TrunkSet { trunk: Box::new(trunk) });
        Ok(Some(Answer::Done))
    }

    /// The id of a trunk to be, SIP or a span.
    pub(super) fn free_trunk(&self) -> Result<TrunkId, Refusal> {
        let id = self.state.next_trunk();
        if id.0 > MAX_TRUNK_ID {
            return Err(Refusal::too_many("trunks ever", usize::from(MAX_TRUNK_ID)));
        }
        Ok(id)
    }

    pub(super) fn add_caller_number(
        &mut self,
        actor: &Actor,
        number: &Pii<String>,
        groups: Vec<LineGroupId>,
        contract: String,
        valid_to: UnixMs,
    ) -> Handled {
        let number = PhoneNumber::parse(number.reveal()).map_err(|_| Refusal::number())?;
        text_within(&contract, MAX_NAME_CHARS)?;
        if self.state.numbers.len() >= MAX_NUMBERS {
            return Err(Refusal::too_many("caller numbers", MAX_NUMBERS));
        }
        if groups.len() > MAX_GROUPS {
            return Err(Refusal::too_many("line groups", MAX_GROUPS));
        }
        if groups.is_empty() || groups.iter().any(|group| !self.state.groups.contains_key(group)) {
            return Err(Refusal::unknown("line group"));
        }
        if valid_to <= self.clock.now {
            return Err(Refusal::bounds("The registration has ended already.", "登记已过期。"));
        }
        let number = Pii::new(number);
        self.write(actor, Event::CallerNumberAdded { number, groups, contract, valid_to });
        Ok(Some(Answer::Done))
    }

    pub(super) fn approve_caller_number(&mut self, actor: &Actor, number: &Pii<String>) -> Handled {
        let number = PhoneNumber::parse(number.reveal()).map_err(|_| Refusal::number())?;
        let known = self.state.numbers.get(&number).ok_or_else(|| Refusal::unknown("caller number"))?;
        if known.entered_by == actor.id {
            return Err(Refusal::same_person());
        }
        self.write(actor, Event::CallerNumberApproved { number: Pii::new(number) });
        Ok(Some(Answer::Done))
    }
}

/// Company, zone and the three administrators of a box to be.
pub(crate) fn check_site(company: &str, zone: &str, names: &[Pii<String>; 3]) -> Result<(), Refusal> {
    text_within(company, MAX_NAME_CHARS)?;
    for name in names {
        text_within(name.reveal(), MAX_NAME_CHARS)?;
    }
    let [first, second, third] = names;
    if first == second || second == third || first == third {
        return Err(Refusal::new(
            "same-person",
            "The three administrators must be three different persons.",
            "三个管理员必须是三个不同的人。",
        ));
    }
    if zone.chars().count() > gate::MAX_ZONE_CHARS || jiff::tz::TimeZone::get(zone).is_err() {
        return Err(Refusal::new("zone", "This is no IANA time zone.", "这不是有效的时区名称。"));
    }
    Ok(())
}

fn check_trunk(trunk: &TrunkConfig) -> Result<(), Refusal> {
    text_within(&trunk.name, MAX_NAME_CHARS)?;
    text_within(&trunk.host, MAX_HOST_CHARS)?;
    if let Some(name) = &trunk.tls_name {
        text_within(name, MAX_HOST_CHARS)?;
    }
    if !(1..=MAX_CHANNELS).contains(&trunk.channels) {
        return Err(Refusal::bounds(
            format!("A trunk has 1 to {MAX_CHANNELS} channels."),
            format!("中继通道数须为1至{MAX_CHANNELS}。"),
        ));
    }
    if trunk.codecs.is_empty() || trunk.codecs.len() > MAX_CODECS {
        return Err(Refusal::bounds("A trunk has codecs.", "中继必须指定编码。"));
    }
    if trunk.port == Some(0) {
        return Err(Refusal::bounds("Port 0 is no port.", "端口不能为0。"));
    }
    if trunk.transport == SipTransport::Tls && trunk.ca_pem.as_deref().is_none_or(str::is_empty) {
        return Err(Refusal::new(
            "ca-missing",
            "TLS needs the CA that signs the carrier's certificate.",
            "TLS中继需要运营商证书的签发CA。",
        ));
    }
    if trunk.ca_pem.as_ref().is_some_and(|pem| pem.len() > MAX_PEM_BYTES) {
        return Err(Refusal::bounds("The CA file is too long.", "CA文件过大。"));
    }
    if let Some(account) = &trunk.account {
        text_within(&account.user, MAX_NAME_CHARS)?;
        if account.password.expose().len() > MAX_NAME_CHARS {
            return Err(Refusal::bounds("The password is too long.", "密码过长。"));
        }
    }
    Ok(())
}

pub(super) fn created(id: impl Into<u64>) -> Option<Answer> {
    Some(Answer::Created { ids: vec![id.into()] })
}

const MAX_DEPARTMENTS: usize = 1_000;
const MAX_PEOPLE: usize = 10_000;
/// All trunks travel to `lined` in one frame, with the spans and groups.
pub(super) const MAX_TRUNKS: usize = 12;
pub(super) const MAX_GROUPS: usize = 16;
const MAX_NUMBERS: usize = 1_000;
const MAX_CHANNELS: u16 = 2_000;
const MAX_CODECS: usize = 4;
const MAX_HOST_CHARS: usize = 253;
/// The certificates of all trunks fit the frame that carries them.
const MAX_PEM_BYTES: usize = 3_072;
