//! Accounts of people: who has one, enrolment codes, locks, sessions, sign-ins. What a password is worth
//! stands in [`crate::auth`]; it is never seen here.
//!
//! A person has one role and one login; nobody changes the own account here (L-32).

use super::{Actor, Handled, Refusal};
use crate::auth::lockout::Lock;
use crate::auth::session::SessionEnd;
use crate::auth::{bad_login, is_login, login_taken};
use crate::entries::Event;
use crate::state::{Account, Person, SignIn};
use crate::vault::Vault;
use idl::account::{AccountState, PersonView, SessionId, SignInView, Whose};
use idl::admin::{Admin, Answer, Role};
use rights::{Field, Sight, sight};
use vocab::{AgentId, DepartmentId, PersonId, Pii, UnixMs};

impl Vault {
    pub(super) fn account_request(&mut self, actor: &Actor, what: Admin) -> Handled {
        match what {
            Admin::Me => self.whose(actor),
            Admin::SignOut => self.sign_out(actor),
            Admin::ChangePassword { old, new, code } => self.change_password(actor, old, new, code),
            Admin::MySessions => {
                Ok(Some(Answer::Sessions(self.session_views(Some(actor.id), actor.session))))
            }
            Admin::EndMySession { session } => self.end_own(actor, session),
            Admin::MySignIns => self.own_sign_ins(actor),
            Admin::Persons { after } => self.persons(actor, after),
            Admin::AddAccount { name, login, role, department } => {
                self.add_account(actor, &name, &login, role, department)
            }
            Admin::GiveAccount { person, login } => self.give_account(actor, person, &login),
            Admin::ResetAccount { person } => self.reset_account(actor, person),
            Admin::SetActive { person, active } => self.set_active(actor, person, active),
            Admin::Unlock { person } => {
                self.others_account(actor, person)?;
                self.write(actor, Event::AccountUnlocked { person });
                Ok(Some(Answer::Done))
            }
            Admin::Sessions => {
                self.looked(actor, "Sessions");
                Ok(Some(Answer::Sessions(self.session_views(None, actor.session))))
            }
            Admin::EndSession { session } => self.end_any(actor, session),
            Admin::SignIns { whose, before } => self.sign_ins(actor, whose, before),
            other => Err(Refusal::unknown(rights::request_of(&other).name())),
        }
    }

    fn whose(&self, actor: &Actor) -> Handled {
        let me = actor.session.and_then(|session| self.me(session));
        me.map(|me| Some(Answer::Me(Box::new(me)))).ok_or_else(|| Refusal::unknown("session"))
    }

    fn sign_out(&mut self, actor: &Actor) -> Handled {
        let session = actor.session.ok_or_else(|| Refusal::unknown("session"))?;
        self.end_session(actor.who(), actor.from, session, SessionEnd::SignedOut);
        Ok(Some(Answer::Done))
    }

    fn end_own(&mut self, actor: &Actor, session: SessionId) -> Handled {
        let known = self.state.accounts.sessions.get(&session);
        if known.is_none_or(|known| known.person != actor.id) {
            return Err(Refusal::unknown("session"));
        }
        self.end_session(actor.who(), actor.from, session, SessionEnd::ByOwner);
        Ok(Some(Answer::Done))
    }

    fn end_any(&mut self, actor: &Actor, session: SessionId) -> Handled {
        if !self.state.accounts.sessions.contains_key(&session) {
            return Err(Refusal::unknown("session"));
        }
        self.end_session(actor.who(), actor.from, session, SessionEnd::ByAdministrator);
        Ok(Some(Answer::Done))
    }

    fn add_account(
        &mut self,
        actor: &Actor,
        name: &Pii<String>,
        login: &str,
        role: Role,
        department: Option<DepartmentId>,
    ) -> Handled {
        self.check_login(login)?;
        let person = self.new_person(actor, name, role, department)?;
        self.open_account(actor, person, login)
    }

    fn give_account(&mut self, actor: &Actor, person: PersonId, login: &str) -> Handled {
        if !self.state.people.contains_key(&person) {
            return Err(Refusal::unknown("person"));
        }
        if self.state.accounts.each.contains_key(&person) {
            return Err(Refusal::new("exists", "This person has an account.", "该人员已有账号。"));
        }
        self.check_login(login)?;
        self.open_account(actor, person, login)
    }

    fn check_login(&self, login: &str) -> Result<(), Refusal> {
        if !is_login(login) {
            return Err(bad_login());
        }
        if self.state.accounts.logins.contains_key(login) {
            return Err(login_taken());
        }
        Ok(())
    }

    fn open_account(&mut self, actor: &Actor, person: PersonId, login: &str) -> Handled {
        let (shown, code, until) = self.draw_enrolment();
        self.write(actor, Event::AccountSet { person, login: login.to_owned(), code, until });
        Ok(Some(Answer::EnrolCode { person, code: shown, until }))
    }

    /// Somebody else's account.
    fn others_account(&self, actor: &Actor, person: PersonId) -> Result<&Account, Refusal> {
        let account = self.state.accounts.each.get(&person).ok_or_else(|| Refusal::unknown("account"))?;
        if actor.id == person {
            return Err(Refusal::new(
                "own-account",
                "Nobody does this to the own account: ask another security administrator.",
                "不能对本人账号进行此操作，请由另一名安全管理员办理。",
            ));
        }
        Ok(account)
    }

    fn reset_account(&mut self, actor: &Actor, person: PersonId) -> Handled {
        self.others_account(actor, person)?;
        self.end_sessions(actor.who(), actor.from, person, None, SessionEnd::Reset);
        let (shown, code, until) = self.draw_enrolment();
        self.write(actor, Event::AccountReset { person, code, until });
        Ok(Some(Answer::EnrolCode { person, code: shown, until }))
    }

    fn set_active(&mut self, actor: &Actor, person: PersonId, active: bool) -> Handled {
        self.others_account(actor, person)?;
        if !active {
            self.end_sessions(actor.who(), actor.from, person, None, SessionEnd::Disabled);
        }
        self.change_lines(actor, Event::AccountSwitched { person, active });
        self.tell_calld_changed();
        Ok(Some(Answer::Done))
    }

    fn persons(&mut self, actor: &Actor, after: Option<PersonId>) -> Handled {
        self.looked(actor, "Persons");
        let from = after.map_or(0, |person| person.0.saturating_add(1));
        let page = self.state.people.range(PersonId(from)..).take(PERSONS_A_PAGE);
        let views = page.map(|(id, person)| self.person_view(actor.role, *id, person)).collect();
        Ok(Some(Answer::Persons(views)))
    }

    fn person_view(&self, asking: Role, id: PersonId, person: &Person) -> PersonView {
        let accounts = &self.state.accounts;
        let account = accounts.each.get(&id);
        let name = match sight(asking, Field::StaffName) {
            Sight::Clear => self.name_of(id).into_inner(),
            Sight::Masked => masked(self.name_of(id).reveal()),
            Sight::Hidden => String::new(),
        };
        let login = account.filter(|_| sight(asking, Field::StaffLogin) == Sight::Clear);
        PersonView {
            person: id,
            name,
            login: login.map_or_else(String::new, |account| account.login.clone()),
            role: person.role,
            department: person.department,
            account: account.map_or(AccountState::None, |account| account_state(account, self.clock.now)),
            last_sign_in: account.and_then(|account| account.last_sign_in).map(|(at, _)| at),
            sessions: u32::try_from(accounts.sessions_of(id).count()).unwrap_or(u32::MAX),
            phone: self.state.phones.contains_key(&AgentId(id.0)),
        }
    }

    fn own_sign_ins(&self, actor: &Actor) -> Handled {
        let account = self.state.accounts.each.get(&actor.id).ok_or_else(|| Refusal::unknown("account"))?;
        Ok(Some(Answer::SignIns(account.recent.iter().rev().map(|one| self.sign_in_view(one)).collect())))
    }

    fn sign_ins(&mut self, actor: &Actor, whose: Whose, before: Option<u64>) -> Handled {
        self.looked(actor, "SignIns");
        let wanted = |one: &&SignIn| match whose {
            Whose::All => true,
            Whose::Person(person) => one.person == Some(person),
        };
        let newest = self.state.accounts.sign_ins.iter().rev();
        let page = newest.filter(|one| before.is_none_or(|before| one.seq < before)).filter(wanted);
        let views = page.take(SIGN_INS_A_PAGE).map(|one| self.sign_in_view(one)).collect();
        Ok(Some(Answer::SignIns(views)))
    }

    fn sign_in_view(&self, one: &SignIn) -> SignInView {
        let account = one.person.and_then(|person| self.state.accounts.each.get(&person));
        SignInView {
            seq: one.seq,
            at: one.at,
            person: one.person,
            login: account.map_or_else(String::new, |account| account.login.clone()),
            source: one.source.clone(),
            outcome: one.outcome,
        }
    }

    /// A look at what people did is an entry before it is an answer (AUD-01).
    fn looked(&mut self, actor: &Actor, request: &str) {
        let event =
            Event::Looked { request: request.to_owned(), call: None, campaign: None, purpose: String::new() };
        self.write(actor, event);
    }
}

fn account_state(account: &Account, now: UnixMs) -> AccountState {
    if !account.active {
        return AccountState::Off;
    }
    if account.secrets.is_none() {
        let until = account.enrolment.as_ref().map_or(UnixMs(0), |enrolment| enrolment.until);
        return AccountState::Enrolling(until);
    }
    match account.locks.any_lock(now) {
        Some(Lock::Until(until)) => AccountState::Locked(until),
        Some(Lock::UntilLifted) => AccountState::Locked(UNTIL_LIFTED),
        None => AccountState::Active,
    }
}

/// A name of which only the first character is seen.
fn masked(name: &str) -> String {
    let first = name.chars().next();
    first.map_or_else(String::new, |first| format!("{first}**"))
}

/// Stands for a lock that no time ends: 9999-01-01.
pub const UNTIL_LIFTED: UnixMs = UnixMs(253_370_764_800_000);
/// Names are up to 128 characters, and a page fits one frame.
const PERSONS_A_PAGE: usize = 64;
/// Browsers are up to 256 bytes, and a page fits one frame.
const SIGN_INS_A_PAGE: usize = 100;
