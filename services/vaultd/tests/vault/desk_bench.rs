//! A site with a preview campaign, and the desk's ways as the tests walk them.

use crate::rig::{
    AGENT, CALLD, COMPLIANCE, DATA, MANAGER, PAGE, PURPOSE, Rig, SECURITY, agent_id, ended, number, plan,
};
use idl::admin::{Admin, AdminReply, AdminRequest, Answer, Role};
use idl::campaign::{AgentState, CalldToVault, CampaignReply, CampaignRequest, Disposition, VaultToCalld};
use idl::desk::{Desk, DeskReply, DeskRequest};
use idl::hello::Process;
use idl::lines::CallFact;
use idl::views::{CustomerCard, DeskAction, DeskView};
use vaultd::command::{Cmd, Effect, ImportOutcome, Message};
use vaultd::entries::{BatchEntry, Entry, Event, StoredObject};
use vaultd::ports::{ContactPerson, KeyPort, StoredRow};
use vaultd::seal::{Purpose, seal};
use vocab::{
    CallId, CampaignClass, CampaignId, CampaignMode, ContactId, DepartmentId, EndedBy, ObjectHash, Outcome,
    PersonId, Pii, ScriptId, Secret,
};

pub const PREVIEW: CampaignId = CampaignId(2);
pub const ANSWERED: Outcome = Outcome::Answered { by: EndedBy::Callee };

/// A site with a running preview campaign beside the other one.
pub fn site() -> Rig {
    let mut rig = Rig::calling();
    let batch = rig.batch(2_000, 5);
    preview_campaign(&mut rig, batch, CampaignClass::Marketing, DepartmentId(1));
    rig.take();
    rig
}

pub fn preview_campaign(
    rig: &mut Rig,
    batch: u64,
    class: CampaignClass,
    department: DepartmentId,
) -> CampaignId {
    let mut new = plan(ScriptId(1), vec![batch]);
    (new.mode, new.class, new.department) = (CampaignMode::Preview, class, department);
    new.name = "体检回访".to_owned();
    let id = rig.created(MANAGER, Admin::CreateCampaign(Box::new(new)));
    let campaign = CampaignId(u32::try_from(id).unwrap());
    rig.done(MANAGER, Admin::StartCampaign { campaign });
    campaign
}

/// A batch whose one row is the given person.
pub fn batch_of(rig: &mut Rig, mark: u8, person: &ContactPerson, source: &str, department: u16) -> u64 {
    let subject = rig.keys.subject_of(&person.number);
    let key = rig.keys.subject_key(subject).unwrap().unwrap();
    let row = StoredRow { subject, person: seal(&key, Purpose::Contact, [3; 12], person) };
    let hash = ObjectHash([mark; 32]);
    rig.rows.0.lock().unwrap().insert(hash, vec![row]);
    let entry = BatchEntry {
        batch: 0,
        index: StoredObject { hash, key: Secret::new([1; 32]) },
        rows: 1,
        first: ContactId(0),
        purpose: PURPOSE.to_owned(),
        department: DepartmentId(department),
        source: source.to_owned(),
        file: "list.csv".to_owned(),
    };
    match rig.imported(DATA, ImportOutcome::Contacts(Box::new(entry))) {
        Answer::Imported { batch: Some(batch), .. } => {
            rig.done(COMPLIANCE, Admin::ReleaseBatch { batch });
            batch
        }
        other => panic!("not imported: {other:?}"),
    }
}

pub fn person_without_consent(at: u64) -> ContactPerson {
    ContactPerson {
        number: number(at),
        name: Some(Pii::new("欧阳修远".to_owned())),
        order_no: Some(Pii::new("A-17".to_owned())),
        demand: None,
        tag: Some(Pii::new("复查".to_owned())),
        issue: Some(Pii::new("问".repeat(9_000))),
        consent: None,
        birth: None,
        adult: Some(true),
    }
}

/// Gives an action to the vault; what it answered at once, and what it passed on to `calld`.
pub fn act(rig: &mut Rig, who: PersonId, action: DeskAction) -> (Option<Answer>, Option<DeskRequest>) {
    let cmd = rig.request(Some(who), Admin::Desk(action));
    rig.take();
    rig.give(cmd);
    sorted(rig)
}

pub fn sorted(rig: &mut Rig) -> (Option<Answer>, Option<DeskRequest>) {
    let (mut answer, mut passed_on) = (None, None);
    for effect in rig.take() {
        match effect {
            Effect::Send(PAGE, Message::Admin(AdminReply { answer: found, .. })) => answer = Some(found),
            Effect::Send(CALLD, Message::Calld(VaultToCalld::Desk(request))) => passed_on = Some(request),
            _ => {}
        }
    }
    (answer, passed_on)
}

pub fn reply(rig: &mut Rig, reply: DeskReply) -> Option<Answer> {
    rig.give(Cmd::Calld(CALLD, CalldToVault { id: 0, request: CampaignRequest::DeskReply(reply) }));
    sorted(rig).0
}

pub fn passed(rig: &mut Rig, who: PersonId, action: DeskAction) -> DeskRequest {
    match act(rig, who, action) {
        (None, Some(request)) => request,
        other => panic!("not passed on: {other:?}"),
    }
}

pub fn refused(rig: &mut Rig, who: PersonId, action: DeskAction) -> String {
    match act(rig, who, action) {
        (Some(answer), None) => code(Some(answer)),
        other => panic!("not refused: {other:?}"),
    }
}

pub fn code(answer: Option<Answer>) -> String {
    match answer {
        Some(Answer::Refused { code, text_en, text_zh }) => {
            assert!(!text_en.is_empty() && !text_zh.is_ascii(), "both languages: {text_en} {text_zh}");
            code
        }
        other => panic!("not refused: {other:?}"),
    }
}

pub fn view(answer: Option<Answer>) -> DeskView {
    match answer {
        Some(Answer::Desk(view)) => *view,
        other => panic!("no desk: {other:?}"),
    }
}

pub fn look(rig: &mut Rig, who: PersonId) -> DeskView {
    view(act(rig, who, DeskAction::Look).0)
}

/// The next customer is asked for and shown; the card and its token.
pub fn shown(rig: &mut Rig, campaign: CampaignId, contact: ContactId) -> (CustomerCard, u64) {
    let DeskRequest { id, what } = passed(rig, AGENT, DeskAction::Next { campaign });
    assert!(
        matches!(what, Desk::PreviewNext { agent, campaign: asked } if agent == agent_id() && asked == campaign)
    );
    let answer = reply(rig, DeskReply::Preview { id, contact: Some(contact) });
    let (card, token, _) = view(answer).preview.expect("a preview");
    (card, token)
}

pub fn first_contact(rig: &mut Rig) -> ContactId {
    match rig.calld(CampaignRequest::Queue { campaign: PREVIEW, max: 1 }) {
        CampaignReply::Queue { contacts, .. } => contacts[0],
        other => panic!("no queue: {other:?}"),
    }
}

pub fn looks(rig: &Rig) -> Vec<(String, Option<CallId>)> {
    let log = rig.log.0.lock().unwrap();
    let entries = log.iter().flatten().map(|(_, _, plain)| postcard::from_bytes::<Entry>(plain).unwrap());
    entries
        .filter_map(|entry| match entry.event {
            Event::Looked { request, call, .. } if request.starts_with("Desk") => Some((request, call)),
            _ => None,
        })
        .collect()
}

/// The contact's call with the agent, talking.
pub fn talking(rig: &mut Rig, contact: ContactId) -> CallId {
    let changed = |state| CampaignRequest::AgentState { agent: agent_id(), state, at: rig.clock.now };
    let (ready, talking) = (changed(AgentState::Ready), changed(AgentState::Talking));
    rig.calld(ready);
    let dial = CampaignRequest::Dial { campaign: PREVIEW, contact, agent: Some(agent_id()) };
    let CampaignReply::Ticketed { call } = rig.calld(dial) else { panic!("no ticket") };
    rig.answer_it(call);
    rig.later(20_000);
    rig.fact(call, 3, CallFact::AgentConnected { agent: agent_id(), after_announcement_ms: 100 });
    rig.calld(talking);
    call
}

pub fn over(rig: &mut Rig, call: CallId) {
    rig.fact(call, 4, ended(ANSWERED, rig.clock.now, true));
    let wrap_up =
        CampaignRequest::AgentState { agent: agent_id(), state: AgentState::WrapUp, at: rig.clock.now };
    rig.calld(wrap_up);
}

pub fn wrap_up(call: CallId, disposition: Disposition) -> CampaignRequest {
    CampaignRequest::WrapUp { call, agent: agent_id(), disposition, note: Pii::new("约下周".to_owned()) }
}

pub fn passive_look(rig: &mut Rig) -> DeskView {
    let mut request = AdminRequest::of_tool(77, Some(AGENT), Admin::Desk(DeskAction::Look));
    request.passive = true;
    rig.take();
    rig.give(Cmd::Admin { conn: PAGE, from: Process::Tool, request, attached: None });
    view(sorted(rig).0)
}

pub fn another_agent(rig: &mut Rig, department: DepartmentId) -> PersonId {
    let name = Pii::new("另一位".to_owned());
    let add = Admin::AddPerson { name, role: Role::Agent, department: Some(department) };
    PersonId(u32::try_from(rig.created(SECURITY, add)).unwrap())
}
