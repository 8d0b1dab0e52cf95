//! A double of `vaultd`: one person, one password, sessions bound to their source, and a diary of what was asked.

use idl::account::{Door, EnrolSecret, Me, SessionId, SessionView, SignInOutcome, SignInView, Source};
use idl::admin::{Admin, AdminReply, AdminRequest, Answer, Role};
use idl::hello::Process;
use idl::network::Listening;
use ipc::{Conn, Listener};
use rights::{Request, request_of};
use std::collections::HashMap;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use vocab::{PersonId, Pii, Secret, UnixMs};

/// The one good password.
pub const PASSWORD: &str = "correct horse battery staple";
/// The one good code.
pub const CODE: &str = "123456";
/// A secret as an authenticator takes it.
pub const TOTP_SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// What was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The kind.
    pub request: Request,
    /// Whether it named an actor: the page never may.
    pub actor: Option<PersonId>,
    /// From where.
    pub source: Option<Source>,
    /// By itself.
    pub passive: bool,
    /// What was attached.
    pub attached: Vec<u8>,
}

/// What the double knows.
#[derive(Debug)]
pub struct State {
    /// Whether the box is a company's.
    pub commissioned: bool,
    /// The TPM was not cleared by the reset before.
    pub tpm_kept: bool,
    /// The role of the one person.
    pub role: Role,
    /// The diary.
    pub asked: Vec<Asked>,
    /// Sessions with the source they are bound to.
    pub sessions: HashMap<[u8; 32], Source>,
    /// Where the page is to listen.
    pub listening: Option<Listening>,
    /// What it answers to more than it knows itself.
    pub more: Option<fn(&Admin) -> Option<Answer>>,
    next: u8,
}

/// The double.
#[derive(Debug, Clone)]
pub struct Double {
    /// What it knows.
    pub state: Arc<Mutex<State>>,
    /// Long work goes on by one step at each notice.
    pub step: Arc<Notify>,
}

impl Double {
    /// A double that serves in a run folder.
    pub fn serve(run: &Path, tasks: &mut JoinSet<()>) -> Self {
        let state = State {
            commissioned: true,
            tpm_kept: false,
            role: Role::SystemAdmin,
            asked: vec![],
            sessions: HashMap::new(),
            listening: None,
            more: None,
            next: 1,
        };
        let double = Self { state: Arc::new(Mutex::new(state)), step: Arc::new(Notify::new()) };
        double.clone().listen(run, tasks);
        double
    }

    /// Listens, once more after a death.
    pub fn listen(self, run: &Path, tasks: &mut JoinSet<()>) {
        let listener =
            Listener::bind(&Process::Vaultd.socket(run), Process::Vaultd, &[(Process::Admind, None)])
                .unwrap();
        tasks.spawn(async move {
            let mut peers = JoinSet::new();
            loop {
                let (conn, _) = listener.accept().await.unwrap();
                peers.spawn(self.clone().talk(conn));
            }
        });
    }

    /// How often this kind was asked.
    pub fn count(&self, request: Request) -> usize {
        self.state.lock().unwrap().asked.iter().filter(|asked| asked.request == request).count()
    }

    async fn talk(self, conn: Conn) {
        while let Ok((request, file)) = conn.recv_with::<AdminRequest>().await {
            let mut attached = vec![];
            if let Some(file) = file {
                std::fs::File::from(file).read_to_end(&mut attached).unwrap();
            }
            let id = request.id;
            if matches!(request.what, Admin::VerifyLedger) && self.refusal(&request).is_none() {
                self.note(&request, attached);
                for done in 1..=2 {
                    self.step.notified().await;
                    let answer = Answer::Progress { done, total: 2 };
                    conn.send(&AdminReply { id, answer }).await.unwrap();
                }
                self.step.notified().await;
                let answer = Answer::Ledger { entries: 2, ok: true, fault: String::new() };
                conn.send(&AdminReply { id, answer }).await.unwrap();
                continue;
            }
            let answer = self.answer(&request, attached);
            if conn.send(&AdminReply { id, answer }).await.is_err() {
                return;
            }
        }
    }

    fn note(&self, request: &AdminRequest, attached: Vec<u8>) {
        self.state.lock().unwrap().asked.push(Asked {
            request: request_of(&request.what),
            actor: request.actor,
            source: request.source.clone(),
            passive: request.passive,
            attached,
        });
    }

    /// Why a request of a session is refused.
    fn refusal(&self, request: &AdminRequest) -> Option<Answer> {
        let mut state = self.state.lock().unwrap();
        let token = request.session.as_ref().map(|token| *token.expose());
        let Some(bound) = token.and_then(|token| state.sessions.get(&token).cloned()) else {
            return Some(refused("no-session"));
        };
        if Some(&bound) != request.source.as_ref() {
            state.sessions.remove(&token.unwrap());
            return Some(refused("session-elsewhere"));
        }
        let kind = request_of(&request.what);
        (!rights::may(state.role, kind)).then(|| refused("role"))
    }

    fn answer(&self, request: &AdminRequest, attached: Vec<u8>) -> Answer {
        self.note(request, attached);
        match &request.what {
            Admin::Door => {
                let commissioned = self.state.lock().unwrap().commissioned;
                let company = if commissioned { "江南商业银行".to_owned() } else { String::new() };
                Answer::Door(Box::new(Door {
                    commissioned,
                    company,
                    zone: "Asia/Shanghai".to_owned(),
                    real_tpm: true,
                    clock_synchronised: true,
                    tpm_kept: self.state.lock().unwrap().tpm_kept,
                }))
            }
            Admin::PageListens => Answer::PageListens(self.state.lock().unwrap().listening.clone()),
            Admin::SignIn { login, password, code } => {
                let good = login == "li" && password.expose() == PASSWORD && code.expose() == CODE;
                if !good {
                    return refused("sign-in");
                }
                let mut state = self.state.lock().unwrap();
                let token = [state.next; 32];
                state.next += 1;
                state.sessions.insert(token, request.source.clone().unwrap());
                Answer::SignedIn { token: Secret::new(token), me: Box::new(me(state.role)) }
            }
            Admin::BeginEnrol { code, .. } if code.expose() == "ENROL-CODE" => {
                Answer::Enrol(Box::new(EnrolSecret {
                    secret: Secret::new(TOTP_SECRET.to_owned()),
                    uri: Secret::new(format!("otpauth://totp/Ringfence:li?secret={TOTP_SECRET}")),
                    name: Pii::new("李 <雷>".to_owned()),
                    until: UnixMs(2_000_000_000_000),
                }))
            }
            Admin::FinishEnrol { password, .. } if password.expose().chars().count() >= 15 => Answer::Done,
            Admin::BeginEnrol { .. } | Admin::FinishEnrol { .. } => refused("enrol"),
            Admin::Claim(claim) if claim.code.expose() == "CLAIM-CODE" => {
                self.state.lock().unwrap().commissioned = true;
                let codes = (1..=3).map(|id| (PersonId(id), Secret::new(format!("CODE-{id}"))));
                Answer::Claimed { codes: codes.collect() }
            }
            Admin::Claim(_) => refused("claim-code"),
            _ => self.refusal(request).unwrap_or_else(|| self.inside(request)),
        }
    }

    fn inside(&self, request: &AdminRequest) -> Answer {
        let source = request.source.clone().unwrap();
        match &request.what {
            Admin::Me => Answer::Me(Box::new(me(self.state.lock().unwrap().role))),
            Admin::SignOut => {
                self.state.lock().unwrap().sessions.remove(request.session.as_ref().unwrap().expose());
                Answer::Done
            }
            Admin::MySessions => Answer::Sessions(vec![SessionView {
                session: SessionId(7),
                person: PersonId(1),
                login: "li".to_owned(),
                since: UnixMs(1_700_000_000_000),
                used_at: UnixMs(1_700_000_000_000),
                source: Source { browser: "<script>alert(1)</script>".to_owned(), ..source },
                own: false,
            }]),
            Admin::MySignIns => Answer::SignIns(vec![SignInView {
                seq: 1,
                at: UnixMs(1_700_000_000_000),
                person: None,
                login: "li".to_owned(),
                source,
                outcome: SignInOutcome::WrongPassword,
            }]),
            Admin::ChangePassword { old, .. } if old.expose() == PASSWORD => Answer::Done,
            Admin::EndMySession { .. } | Admin::ImportDoNotCall { .. } => Answer::Done,
            other => {
                let more = self.state.lock().unwrap().more;
                more.and_then(|more| more(other)).unwrap_or_else(|| refused("unknown"))
            }
        }
    }
}

fn me(role: Role) -> Me {
    Me {
        person: PersonId(1),
        name: Pii::new("李雷".to_owned()),
        login: "li".to_owned(),
        role,
        department: None,
        session: SessionId(3),
        signed_in_at: UnixMs(1_700_000_000_000),
        ends_at: UnixMs(1_700_043_200_000),
        idle_s: 900,
        last: None,
        failed_since: 2,
        company: "江南商业银行".to_owned(),
        zone: "Asia/Shanghai".to_owned(),
        real_tpm: true,
    }
}

pub fn refused(code: &str) -> Answer {
    Answer::Refused {
        code: code.to_owned(),
        text_en: format!("refused for {code}"),
        text_zh: format!("拒绝：{code}"),
    }
}
