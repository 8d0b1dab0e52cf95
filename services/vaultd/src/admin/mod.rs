//! Requests of people: who may, what it does, and the words in which a refusal is told.
//!
//! Every request that changes or shows something is an entry; so is every refusal. Who asks is proven before
//! ([`crate::auth`]): by a session from the page, by a name from a tool.

mod accounts;
mod appliance;
mod campaigns;
mod content;
pub(crate) mod custody;
mod desk;
mod groups;
mod refusal;
mod reports;
mod site;
mod span_checks;
mod spans;

pub use refusal::Refusal;
pub(crate) use reports::purpose_of_hearing;
pub(crate) use site::check_site;
pub(crate) use spans::trace_gone;

use crate::auth::{Asker, Proof, Stopped};
use crate::command::{ConnId, Message, ReplyTo};
use crate::entries::{EntryResult, Event, Who};
use crate::vault::Vault;
use idl::account::{ServiceTicket, SessionId};
use idl::admin::{Admin, AdminReply, AdminRequest, Answer, Role};
use idl::hello::Process;
use std::fs::File;
use vocab::{DepartmentId, PersonId};

/// What a request comes to: an answer now, or later from the worker.
pub(crate) type Handled = Result<Option<Answer>, Refusal>;

/// Who asks, proven by the table.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub(crate) id: PersonId,
    pub(crate) role: Role,
    pub(crate) department: Option<DepartmentId>,
    pub(crate) from: Process,
    pub(crate) conn: ConnId,
    pub(crate) request: u64,
    /// The session, if the page or the console asks.
    pub(crate) session: Option<SessionId>,
    /// The ticket of a session of the serial console.
    pub(crate) ticket: Option<ServiceTicket>,
    /// The page asks by itself, for a live view.
    pub(crate) passive: bool,
}

impl Actor {
    pub(crate) const fn who(&self) -> Who {
        match (self.session, self.ticket) {
            (Some(session), Some(ticket)) => Who::AtConsole(self.id, self.role, session, ticket),
            (Some(session), None) => Who::Signed(self.id, self.role, session),
            (None, _) => Who::Person(self.id, self.role),
        }
    }

    pub(crate) const fn reply(&self) -> ReplyTo {
        ReplyTo { conn: self.conn, id: self.request, actor: self.id, from: self.from, session: self.session }
    }

    /// Roles bound to their department do not reach into another (ACC-03).
    pub(crate) fn may_reach(&self, department: DepartmentId) -> Result<(), Refusal> {
        let bound = matches!(self.role, Role::Supervisor | Role::Agent);
        if bound && self.department != Some(department) {
            return Err(Refusal::new(
                "other-department",
                "This belongs to another department.",
                "这属于其他部门。",
            ));
        }
        Ok(())
    }
}

impl Vault {
    pub(crate) fn admin(
        &mut self,
        conn: ConnId,
        from: Process,
        request: AdminRequest,
        attached: Option<File>,
    ) {
        let AdminRequest { id, actor, session, source, passive, what } = request;
        let asker = Asker { conn, id, from };
        let kind = rights::request_of(&what);
        let (who, handled) = if rights::OPEN.contains(&kind) {
            (Some(Who::Process(from)), self.open_request(asker, source, what))
        } else {
            match self.admit(asker, Proof { actor, session, source, passive }, kind) {
                Ok(actor) => (Some(actor.who()), self.do_admin(&Actor { passive, ..actor }, what, attached)),
                Err(Stopped { who, refusal }) => (who, Err(refusal)),
            }
        };
        match handled {
            Ok(Some(answer)) => self.answer(conn, id, answer),
            Ok(None) => {}
            Err(refusal) => {
                if let Some(who) = who {
                    self.write_refusal(who, from, kind.name(), refusal.code);
                }
                self.answer(conn, id, refusal.into_answer());
            }
        }
    }

    pub(crate) fn answer(&mut self, conn: ConnId, id: u64, answer: Answer) {
        self.send(conn, Message::Admin(AdminReply { id, answer }));
    }

    fn write_refusal(&mut self, who: Who, from: Process, request: &str, code: &str) {
        // A blank box has no ledger of anybody; strangers cannot fill it.
        if !self.state.commissioned() {
            return;
        }
        let event = Event::Denied { request: request.to_owned() };
        self.record_from(who, from, EntryResult::Refused(code.to_owned()), event);
    }

    fn do_admin(&mut self, actor: &Actor, what: Admin, attached: Option<File>) -> Handled {
        match what {
            Admin::AddDepartment { name } => self.add_department(actor, name),
            Admin::AddPerson { name, role, department } => self.add_person(actor, &name, role, department),
            Admin::AddPhone { person, srtp, allow_md5 } => self.add_phone(actor, person, srtp, allow_md5),
            Admin::AllowUdpPhones { allow } => {
                self.change_lines(actor, Event::UdpPhonesAllowed { allow });
                Ok(Some(Answer::Done))
            }
            Admin::AddTrunk(trunk) => self.add_trunk(actor, *trunk),
            Admin::SetTrunk(trunk) => self.set_trunk(actor, *trunk),
            Admin::AddLineGroup { name, members } => self.add_line_group(actor, name, members),
            Admin::SetLineGroup { group, name, members } => self.set_line_group(actor, group, name, members),
            Admin::RemoveLineGroup { group } => self.remove_line_group(actor, group),
            Admin::AddCallerNumber { number, groups, contract, valid_to } => {
                self.add_caller_number(actor, &number, groups, contract, valid_to)
            }
            Admin::ApproveCallerNumber { number } => self.approve_caller_number(actor, &number),
            Admin::Holidays { toml, signature } => self.holidays(actor, &toml, &signature),
            Admin::ImportDoNotCall { issued_at } => self.import_do_not_call(actor, issued_at, attached),
            Admin::Blacklist { number } => self.blacklist(actor, &number),
            Admin::ImportContacts { file, purpose, department, source, mapping, drop } => {
                let plan = crate::command::BatchPlan { purpose, department, source, file };
                self.import_contacts(actor, plan, &mapping, drop, attached)
            }
            Admin::ReleaseBatch { batch } => self.release_batch(actor, batch),
            Admin::UploadPrompt { text } => self.upload_prompt(actor, text, attached),
            Admin::CreateScript { name, prompts } => self.create_script(actor, name, prompts),
            Admin::ApproveScript { script } => self.approve_script(actor, script),
            Admin::CreateCampaign(plan) => self.create_campaign(actor, *plan),
            Admin::StartCampaign { campaign } => self.run_campaign(actor, campaign, true),
            Admin::PauseCampaign { campaign } => self.run_campaign(actor, campaign, false),
            Admin::Figures { campaign } => self.figures(actor, campaign),
            Admin::Call { call } => self.show_call(actor, call),
            Admin::Calls { after } => self.show_calls(actor, after),
            Admin::Listen { call, purpose } => self.listen(actor, call, purpose),
            Admin::VerifyLedger => self.verify_ledger(actor),
            Admin::SetPolicy { toml } => self.set_policy(actor, &toml),
            Admin::ReplacePageCertificate { fingerprint } => {
                self.write(actor, Event::PageCertificateSet { fingerprint });
                Ok(Some(Answer::Done))
            }
            what @ (Admin::Me
            | Admin::SignOut
            | Admin::ChangePassword { .. }
            | Admin::MySessions
            | Admin::EndMySession { .. }
            | Admin::MySignIns
            | Admin::Persons { .. }
            | Admin::AddAccount { .. }
            | Admin::GiveAccount { .. }
            | Admin::ResetAccount { .. }
            | Admin::SetActive { .. }
            | Admin::Unlock { .. }
            | Admin::Sessions
            | Admin::EndSession { .. }
            | Admin::SignIns { .. }) => self.account_request(actor, what),
            what @ (Admin::Overview
            | Admin::Series { .. }
            | Admin::Departments
            | Admin::Campaigns { .. }
            | Admin::Campaign { .. }
            | Admin::CampaignChoices
            | Admin::Refusals { .. }
            | Admin::Batches { .. }
            | Admin::Contacts { .. }
            | Admin::Lookup { .. }
            | Admin::DoNotCall { .. }
            | Admin::Scripts { .. }
            | Admin::Prompts { .. }
            | Admin::PromptAudio { .. }
            | Admin::CallsPage { .. }
            | Admin::CallCard { .. }
            | Admin::Play { .. }
            | Admin::PlaySegment { .. }
            | Admin::LedgerPage { .. }
            | Admin::Lines
            | Admin::Settings
            | Admin::Live) => self.look_request(actor, what),
            Admin::Desk(action) => self.desk_request(actor, action),
            Admin::Span(ask) => self.span_request(actor, ask),
            Admin::Custody(ask) => self.custody_request(actor, &ask),
            Admin::Network(ask) => self.network_request(actor, ask),
            Admin::Consoles(ask) => self.console_request(actor, ask),
            Admin::Box(ask) => self.box_request(actor, ask, attached),
            Admin::Commission { .. }
            | Admin::Status
            | Admin::Door
            | Admin::PageListens
            | Admin::ClaimCode
            | Admin::Claim(_)
            | Admin::SignIn { .. }
            | Admin::BeginEnrol { .. }
            | Admin::FinishEnrol { .. }
            | Admin::SignInConsole { .. } => unreachable!("these need no actor and were answered before"),
        }
    }

    /// Writes what a person did.
    pub(crate) fn write(&mut self, actor: &Actor, event: Event) {
        self.record_from(actor.who(), actor.from, EntryResult::Done, event);
    }

    /// Writes what a person did to the lines or phones, and tells `lined`.
    pub(crate) fn change_lines(&mut self, actor: &Actor, event: Event) {
        self.write(actor, event);
        self.send_lines();
        self.send_network();
    }

    fn ticket_of(&self, session: Option<SessionId>) -> Option<ServiceTicket> {
        self.state.accounts.sessions.get(&session?)?.ticket
    }

    /// The actor of long work that ends now.
    pub(crate) fn actor_of(&self, reply: ReplyTo) -> Option<Actor> {
        let person = self.state.people.get(&reply.actor)?;
        Some(Actor {
            id: reply.actor,
            role: person.role,
            department: person.department,
            from: reply.from,
            conn: reply.conn,
            request: reply.id,
            session: reply.session,
            ticket: self.ticket_of(reply.session),
            passive: false,
        })
    }
}

/// A text of a person is not empty and not longer than `max` characters.
pub(crate) fn text_within(text: &str, max: usize) -> Result<(), Refusal> {
    let length = text.chars().count();
    if length == 0 || text.trim().is_empty() {
        return Err(Refusal::new("text-empty", "A text is missing.", "缺少必填文字。"));
    }
    if length > max || text.chars().any(char::is_control) {
        return Err(Refusal::new(
            "text-bounds",
            format!("A text is longer than {max} characters or holds control characters."),
            format!("文字超过{max}个字符或含有控制字符。"),
        ));
    }
    Ok(())
}

/// Characters of a name.
pub(crate) const MAX_NAME_CHARS: usize = 128;
