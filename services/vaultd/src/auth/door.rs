//! Requests without a session: the door, the claim of a blank box, signing in, enrolling. And the check
//! every other request passes.
//!
//! | from | may ask without a session |
//! |---|---|
//! | the page | `Door`, `PageListens`, `Claim`, `SignIn`, `BeginEnrol`, `FinishEnrol`; whatever actor it names is not looked at |
//! | the console | `Door`, `ClaimCode`, `SignInConsole`; with a session of its own what `rights::BY_CONSOLE` names |
//! | a tool | everything, in the name of a person; on a box no tool may connect (`--allow`) |

use super::claim::Tried;
use super::{Asker, Stopped, code, is_login, of_tool};
use crate::admin::{Actor, Handled, Refusal};
use crate::entries::{EntryResult, Event, NewAccount, Who};
use crate::state::Person;
use crate::vault::Vault;
use idl::account::{Claim, Door, MAX_BROWSER_BYTES, Profile, Source};
use idl::admin::{Admin, Answer};
use idl::hello::Process;
use rights::Request;
use vocab::{PersonId, Secret};

/// Who says so, and by what.
pub(crate) struct Proof {
    pub(crate) actor: Option<PersonId>,
    pub(crate) session: Option<Secret<[u8; 32]>>,
    pub(crate) source: Option<Source>,
    pub(crate) passive: bool,
}

impl Vault {
    /// The person who asks, if that is proven and the role may.
    pub(crate) fn admit(
        &mut self,
        asker: Asker,
        proof: Proof,
        kind: rights::Request,
    ) -> Result<Actor, Stopped> {
        let stopped = |who, refusal| Stopped { who, refusal };
        if !self.state.commissioned() {
            return Err(stopped(None, blank()));
        }
        let Proof { actor, session, source, passive } = proof;
        let actor = match (asker.from, session) {
            (Process::Consoled, _) if !rights::BY_CONSOLE.contains(&kind) => {
                return Err(stopped(None, not_from_here()));
            }
            (_, Some(token)) => {
                let source = self.source(asker.from, source).map_err(|refusal| stopped(None, refusal))?;
                self.enter(asker, &token, &source, passive)?
            }
            (Process::Tool, None) => self.named(asker, actor).map_err(|refusal| {
                let who = actor.and_then(|id| Some(Who::Person(id, self.state.people.get(&id)?.role)));
                stopped(Some(who.unwrap_or(Who::Process(asker.from))), refusal)
            })?,
            (_, None) => return Err(stopped(None, no_session())),
        };
        if !rights::may(actor.role, kind) {
            return Err(stopped(Some(actor.who()), Refusal::role(actor.role)));
        }
        if let Some(session) = actor.session.filter(|_| asker.from == Process::Consoled) {
            self.watch_console(session, kind, passive).map_err(|refusal| stopped(None, refusal))?;
        }
        if asker.from == Process::Consoled && !passive && CONSOLE_LOOKS.contains(&kind) {
            self.write(&actor, Event::ConsoleUsed { request: kind.name().to_owned() });
        }
        if asker.from == Process::Admind && rights::NOT_BY_PAGE.contains(&kind) {
            return Err(stopped(Some(actor.who()), not_from_here()));
        }
        Ok(actor)
    }

    /// The person a tool names.
    fn named(&self, asker: Asker, actor: Option<PersonId>) -> Result<Actor, Refusal> {
        let unknown = || Refusal::new("unknown-person", "There is no such person.", "没有此人员。");
        let id = actor.ok_or_else(unknown)?;
        let Person { role, department, .. } = self.state.people.get(&id).ok_or_else(unknown)?;
        let Asker { conn, id: request, from } = asker;
        let passive = false;
        let (role, department, session, ticket) = (*role, *department, None, None);
        Ok(Actor { id, role, department, from, conn, request, session, ticket, passive })
    }

    /// Where a request comes from; the page must say it.
    fn source(&self, from: Process, source: Option<Source>) -> Result<Source, Refusal> {
        match (from, source) {
            (Process::Consoled, _) => Ok(super::of_console()),
            (_, Some(source)) => {
                let plain = !source.browser.chars().any(char::is_control);
                if plain && source.browser.len() <= MAX_BROWSER_BYTES { Ok(source) } else { Err(no_source()) }
            }
            (Process::Tool, None) => Ok(of_tool()),
            (_, None) => Err(no_source()),
        }
    }

    /// A request of those that need no session.
    pub(crate) fn open_request(&mut self, asker: Asker, source: Option<Source>, what: Admin) -> Handled {
        let page = matches!(asker.from, Process::Admind | Process::Tool);
        let console = matches!(asker.from, Process::Consoled | Process::Tool);
        let tool = asker.from == Process::Tool;
        match what {
            Admin::Door => Ok(Some(Answer::Door(Box::new(self.door())))),
            Admin::PageListens if page => Ok(Some(Answer::PageListens(self.page_listens()))),
            Admin::ClaimCode if console => self.claim_code(),
            Admin::Commission { company, zone, administrators, calendar_key } if tool => {
                self.commission(asker.from, company, zone, &administrators, calendar_key)
            }
            Admin::Status if tool => Ok(Some(Answer::Status(Box::new(self.box_status())))),
            Admin::Claim(claim) if page => {
                let source = self.source(asker.from, source)?;
                self.claim(asker, source, *claim)
            }
            Admin::SignIn { login, password, code } if page => {
                let source = self.source(asker.from, source)?;
                self.needs_company()?;
                self.sign_in(asker, source, &login, password, code, None)
            }
            Admin::SignInConsole { login, password, code, ticket } if asker.from == Process::Consoled => {
                let source = self.source(asker.from, source)?;
                self.needs_company()?;
                self.sign_in(asker, source, &login, password, code, Some(ticket))
            }
            Admin::BeginEnrol { login, code } if page => {
                let source = self.source(asker.from, source)?;
                self.needs_company()?;
                self.begin_enrol(asker, source, &login, &code)
            }
            Admin::FinishEnrol { login, code, password, totp } if page => {
                let source = self.source(asker.from, source)?;
                self.needs_company()?;
                self.finish_enrol(asker, source, &login, &code, password, &totp)
            }
            _ => Err(not_from_here()),
        }
    }

    /// What a clock's tick does here.
    pub(crate) fn tick_auth(&mut self) {
        self.sweep_sessions();
        self.write_held(false);
    }

    fn needs_company(&self) -> Result<(), Refusal> {
        if self.state.commissioned() { Ok(()) } else { Err(blank()) }
    }

    fn door(&self) -> Door {
        let commissioned = self.state.commissioned();
        Door {
            commissioned,
            company: self.state.company.clone(),
            zone: if commissioned { self.state.policy.zone.clone() } else { String::new() },
            real_tpm: self.real_tpm(),
            clock_synchronised: self.clock.synchronised,
            tpm_kept: !commissioned && self.state.host.tpm_was_kept(),
        }
    }

    /// A blank box may be claimed; so may one whose security administrator never enrolled: the code may have
    /// been lost with the power or have run out, and nobody could give a new one ever.
    fn may_be_claimed(&self) -> bool {
        let accounts = &self.state.accounts;
        !self.state.commissioned() || (accounts.claimed && !accounts.guarded)
    }

    fn claim_code(&self) -> Handled {
        if !self.may_be_claimed() {
            return Err(claimed_already());
        }
        Ok(Some(Answer::ClaimCode(self.auth.claim.shown().clone())))
    }

    fn claim(&mut self, asker: Asker, source: Source, claim: Claim) -> Handled {
        if !self.may_be_claimed() {
            // No entry: strangers cannot fill the ledger.
            return Ok(Some(claimed_already().into_answer()));
        }
        let now = self.clock.boot_ms;
        match self.auth.claim.try_code(&claim.code, now) {
            Tried::Right => {}
            Tried::Wrong => return Err(wrong_claim()),
            Tried::Exhausted => {
                log::warn!("the claim code was missed too often: there is a new one");
                let random = Secret::new(self.random());
                self.auth.claim.redraw(&random, now);
                return Err(paused(super::claim::PAUSE_MS));
            }
            Tried::Paused(ms) => return Err(paused(ms)),
        }
        let Claim { company, zone, profile, administrators, calendar_key, .. } = claim;
        if profile == Profile::Gm {
            return Err(Refusal::new(
                "profile",
                "This build holds no certified module for SM4 and SM3: choose the international algorithms.",
                "本版本不含经认证的国密模块，请选择国际算法。",
            ));
        }
        let names = [0, 1, 2].map(|at: usize| administrators[at].name.clone());
        crate::admin::check_site(&company, &zone, &names)?;
        let logins = administrators.each_ref().map(|one| one.login.as_str());
        if !logins.iter().all(|login| is_login(login)) {
            return Err(bad_login());
        }
        if logins[0] == logins[1] || logins[1] == logins[2] || logins[0] == logins[2] {
            return Err(login_taken());
        }
        let (mut accounts, mut codes) = (Vec::new(), Vec::new());
        let first = self.state.next_person().0;
        for (one, person) in administrators.iter().zip(first..) {
            let (subject, name) = self.seal_name(&one.name)?;
            let (shown, code, until) = self.draw_enrolment();
            accounts.push(NewAccount { subject, name, login: one.login.clone(), code, until });
            codes.push((PersonId(person), shown));
        }
        let missed = self.auth.claim.missed();
        let event =
            Event::Claimed { company, zone, profile, calendar_key, administrators: accounts, source, missed };
        self.record_from(Who::Process(asker.from), asker.from, EntryResult::Done, event);
        let random: [u8; code::DRAWN_BYTES] = self.random();
        self.auth.claim.renew(&Secret::new(random));
        Ok(Some(Answer::Claimed { codes }))
    }
}

/// Looks that leave no entry of their own elsewhere; at the console every action is one (AUD-01).
const CONSOLE_LOOKS: [Request; 6] = [
    Request::Overview,
    Request::Spans,
    Request::Span,
    Request::SpanHistory,
    Request::SpanQuality,
    Request::BoxLook,
];

/// The session does not hold, or there never was one.
pub(crate) fn no_session() -> Refusal {
    Refusal::new(
        "no-session",
        "You are not signed in, or your session has ended. Sign in again.",
        "您尚未登录或会话已结束，请重新登录。",
    )
}

fn blank() -> Refusal {
    Refusal::new(
        "not-commissioned",
        "This box is blank: commission it first.",
        "本机尚未启用：请先进行启用。",
    )
}

fn claimed_already() -> Refusal {
    Refusal::new("commissioned", "This box is a company's already.", "本机已启用，不可重复启用。")
}

fn wrong_claim() -> Refusal {
    Refusal::new(
        "claim-code",
        "This is not the claim code. Read it from the console again; after five wrong tries there is a new one.",
        "认领码错误。请重新查看控制台；连续错误5次将更换认领码。",
    )
}

fn paused(ms: u64) -> Refusal {
    let minutes = ms.div_ceil(60_000);
    Refusal::new(
        "claim-paused",
        format!("Too many wrong claim codes. Read the new one from the console in {minutes} minutes."),
        format!("认领码错误次数过多，请{minutes}分钟后查看控制台上的新认领码。"),
    )
}

/// A login name that cannot be.
pub(crate) fn bad_login() -> Refusal {
    Refusal::new(
        "login",
        "A login has 2 to 32 small letters, digits, dots, hyphens or underscores.",
        "用户名须为2至32个小写字母、数字、点、连字符或下划线。",
    )
}

/// A login name somebody has.
pub(crate) fn login_taken() -> Refusal {
    Refusal::new("login-taken", "Somebody has this login: choose another.", "该用户名已被使用，请更换。")
}

fn no_source() -> Refusal {
    Refusal::new("source-missing", "The request does not say where it comes from.", "请求未说明来源。")
}

fn not_from_here() -> Refusal {
    Refusal::new("not-from-here", "This cannot be asked from here.", "不能从此处进行该操作。")
}
