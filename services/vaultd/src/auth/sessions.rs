//! Sessions in use: finding one by its token, refreshing it, ending it, and saying whose it is.
//!
//! What makes one end is decided in [`super::session`].

use super::session::{Session, SessionEnd, Standing, token_hash};
use super::{Asker, Stopped, Used};
use crate::admin::{Actor, Refusal};
use crate::entries::{EntryResult, Event, Who};
use crate::state::Person;
use crate::vault::Vault;
use idl::account::{Me, SessionId, SessionView, Source};
use idl::hello::Process;
use vocab::{PersonId, Secret, UnixMs};

/// Sessions ended by one tick.
const MAX_SWEPT: usize = 64;
/// Bytes of sessions that fit one answer.
const MAX_LISTED_BYTES: usize = 48 * 1024;

impl Vault {
    /// The person of a session, if it holds here and now.
    pub(super) fn enter(
        &mut self,
        asker: Asker,
        token: &Secret<[u8; 32]>,
        source: &Source,
        passive: bool,
    ) -> Result<Actor, Stopped> {
        let stranger = || Stopped { who: None, refusal: super::door::no_session() };
        let session = self.state.accounts.session_of(&token_hash(token)).ok_or_else(stranger)?;
        let (id, person, ticket) = (session.id, session.person, session.ticket);
        let Some(Person { role, department, .. }) = self.state.people.get(&person) else {
            return Err(stranger());
        };
        let (role, department) = (*role, *department);
        if let Standing::Ends(why) = self.standing(session, role) {
            self.end_session(Who::Process(Process::Vaultd), asker.from, id, why);
            return Err(stranger());
        }
        if !session.is_here(asker.from, source) {
            let event = Event::SessionEnded {
                session: id,
                person,
                why: SessionEnd::Elsewhere,
                elsewhere: Some(source.clone()),
            };
            let result = EntryResult::Refused("session-elsewhere".to_owned());
            self.record_from(Who::Process(asker.from), asker.from, result, event);
            self.auth.used.remove(&id);
            return Err(Stopped { who: None, refusal: elsewhere() });
        }
        if !passive {
            self.auth.used.insert(id, Used { boot_ms: self.clock.boot_ms, at: self.clock.now });
        }
        let Asker { conn, id: request, from } = asker;
        let session = Some(id);
        Ok(Actor { id: person, role, department, from, conn, request, session, ticket, passive })
    }

    fn standing(&self, session: &Session, role: idl::admin::Role) -> Standing {
        let unused = self.clock.boot_ms.saturating_sub(self.auth.used(session.id).boot_ms);
        session.standing(role, i64::try_from(unused).unwrap_or(i64::MAX), self.clock.now)
    }

    /// Ends what has had its time.
    pub(super) fn sweep_sessions(&mut self) {
        let over: Vec<(SessionId, SessionEnd)> = self
            .state
            .accounts
            .sessions
            .values()
            .filter_map(|session| {
                let role = self.state.people.get(&session.person)?.role;
                match self.standing(session, role) {
                    Standing::Holds => None,
                    Standing::Ends(why) => Some((session.id, why)),
                }
            })
            .take(MAX_SWEPT)
            .collect();
        for (session, why) in over {
            self.end_session(Who::Process(Process::Vaultd), Process::Vaultd, session, why);
        }
    }

    /// Ends one session.
    pub(crate) fn end_session(&mut self, who: Who, from: Process, session: SessionId, why: SessionEnd) {
        let Some(person) = self.state.accounts.sessions.get(&session).map(|session| session.person) else {
            return;
        };
        let event = Event::SessionEnded { session, person, why, elsewhere: None };
        self.record_from(who, from, EntryResult::Done, event);
        self.auth.used.remove(&session);
    }

    /// Ends all sessions of a person but one.
    pub(crate) fn end_sessions(
        &mut self,
        who: Who,
        from: Process,
        person: PersonId,
        kept: Option<SessionId>,
        why: SessionEnd,
    ) {
        let all = self.state.accounts.sessions_of(person).map(|session| session.id);
        let ended: Vec<SessionId> = all.filter(|session| Some(*session) != kept).collect();
        for session in ended {
            self.end_session(who, from, session, why);
        }
    }

    /// Where an actor asks from.
    pub(super) fn source_of(&self, actor: &Actor) -> Source {
        let session = actor.session.and_then(|session| self.state.accounts.sessions.get(&session));
        session.map_or_else(super::of_tool, |session| session.source.clone())
    }

    /// Whose session this is.
    pub(crate) fn me(&self, session: SessionId) -> Option<Me> {
        let state = &self.state;
        let session = state.accounts.sessions.get(&session)?;
        let person = state.people.get(&session.person)?;
        let account = state.accounts.each.get(&session.person)?;
        let department = person.department.and_then(|id| Some((id, state.departments.get(&id)?.clone())));
        Some(Me {
            person: session.person,
            name: self.name_of(session.person),
            login: account.login.clone(),
            role: person.role,
            department,
            session: session.id,
            signed_in_at: session.since,
            ends_at: session.ends_at(),
            idle_s: u32::try_from(session.idle_ms(person.role) / 1_000).unwrap_or(u32::MAX),
            last: session.before,
            failed_since: session.failed_before,
            company: state.company.clone(),
            zone: state.policy.zone.clone(),
            real_tpm: self.real_tpm(),
        })
    }

    /// Sessions as people see them, newest first, as many as fit an answer.
    pub(crate) fn session_views(&self, of: Option<PersonId>, asking: Option<SessionId>) -> Vec<SessionView> {
        let sessions = self.state.accounts.sessions.values().rev();
        let wanted = sessions.filter(|session| of.is_none_or(|person| session.person == person));
        let views = wanted.map(|session| SessionView {
            session: session.id,
            person: session.person,
            login: self
                .state
                .accounts
                .each
                .get(&session.person)
                .map_or_else(String::new, |a| a.login.clone()),
            since: session.since,
            used_at: self.used_at(session),
            source: session.source.clone(),
            own: Some(session.id) == asking,
        });
        let mut room = MAX_LISTED_BYTES;
        let fits = |view: &SessionView| {
            let needed = view.login.len() + view.source.browser.len() + SESSION_BYTES;
            room = room.saturating_sub(needed);
            room > 0
        };
        views.take_while(fits).collect()
    }

    fn used_at(&self, session: &Session) -> UnixMs {
        self.auth.used(session.id).at.max(session.since)
    }

    /// Whether the TPM is a real chip.
    pub(crate) fn real_tpm(&self) -> bool {
        crate::chip::is_real(&self.state.tpm)
    }
}

/// Most bytes of a session's other fields on the wire.
const SESSION_BYTES: usize = 64;

fn elsewhere() -> Refusal {
    Refusal::new(
        "session-elsewhere",
        "This session began at another address or in another browser. It was ended; sign in again. If this \
         was not you, tell the security administrator.",
        "该会话来自其他地址或浏览器，已被终止，请重新登录。如非本人操作，请立即告知安全管理员。",
    )
}
