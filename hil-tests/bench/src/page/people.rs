//! Who opens the pages: persons of the box with accounts, enrolled as everybody is, signed in as the page does it.

use crate::rig::Rig;
use anyhow::{Context, bail};
use idl::account::Source;
use idl::admin::{Admin, AdminReply, AdminRequest, Answer};
use idl::hello::Process;
use ipc::Conn;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::runtime::{Builder, Runtime};
use totp_rs::{Algorithm, Builder as Totp};
use vocab::{PersonId, Secret};

/// What the browsers of the measurement call themselves: a session is bound to it.
pub const BROWSER: &str = "Ringfence-Bench/1";

/// The staff with their sessions.
pub struct Staff {
    runtime: Runtime,
    conn: Conn,
    secrets: BTreeMap<&'static str, String>,
    tokens: BTreeMap<&'static str, [u8; 32]>,
    next: u64,
}

impl Staff {
    /// Gives everybody who opens a page an account.
    ///
    /// # Errors
    /// If an enrolment is refused.
    pub fn enrol(rig: &mut Rig) -> anyhow::Result<Self> {
        let people = rig.sut.people;
        let mut secrets = BTreeMap::new();
        let staff = [
            ("system", people.system),
            ("security", people.security),
            ("audit", people.audit),
            ("manager", people.manager),
            ("qa", people.qa),
        ];
        for (login, person) in staff {
            secrets.insert(login, enrol(rig, people.security, person, login)?);
        }
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let path = Process::Vaultd.socket(&rig.sut.place.folder("run"));
        let conn = runtime.block_on(Conn::connect(&path, Process::Admind, Process::Vaultd))?;
        Ok(Self { runtime, conn, secrets, tokens: BTreeMap::new(), next: 0 })
    }

    /// The session of a person; begun when it is first asked for.
    ///
    /// # Errors
    /// If the sign-in is refused.
    pub fn token(&mut self, login: &str) -> anyhow::Result<[u8; 32]> {
        if let Some(token) = self.tokens.get(login) {
            return Ok(*token);
        }
        let (name, secret) = self.secrets.get_key_value(login).context("nobody signs in so")?;
        let what = Admin::SignIn {
            login: login.to_owned(),
            password: Secret::new(PASSWORD.to_owned()),
            code: Secret::new(code(secret, 0)?),
        };
        let name = *name;
        self.next += 1;
        let source = Source { address: Ipv4Addr::LOCALHOST.into(), browser: BROWSER.to_owned() };
        let request = AdminRequest {
            id: self.next,
            actor: None,
            session: None,
            source: Some(source),
            passive: false,
            what,
        };
        let reply: AdminReply = self.runtime.block_on(async {
            self.conn.send(&request).await?;
            self.conn.recv().await
        })?;
        let Answer::SignedIn { token, .. } = reply.answer else { bail!("not signed in: {:?}", reply.answer) };
        self.tokens.insert(name, *token.expose());
        Ok(*token.expose())
    }
}

fn enrol(rig: &mut Rig, security: PersonId, person: PersonId, login: &str) -> anyhow::Result<String> {
    let given = rig.sut.ask(Some(security), Admin::GiveAccount { person, login: login.to_owned() });
    let Answer::EnrolCode { code: once, .. } = given else { bail!("no account: {given:?}") };
    let begun = rig.sut.ask(None, Admin::BeginEnrol { login: login.to_owned(), code: once.clone() });
    let Answer::Enrol(enrol) = begun else { bail!("the enrolment did not begin: {begun:?}") };
    let secret = enrol.secret.expose().clone();
    // The code of the step before: the present one is for the sign-in.
    let finish = Admin::FinishEnrol {
        login: login.to_owned(),
        code: once,
        password: Secret::new(PASSWORD.to_owned()),
        totp: Secret::new(code(&secret, STEP_S)?),
    };
    match rig.sut.ask(None, finish) {
        Answer::Done => Ok(secret),
        other => bail!("not enrolled: {other:?}"),
    }
}

fn code(secret: &str, ago_s: u64) -> anyhow::Result<String> {
    let bytes = data_encoding::BASE32_NOPAD.decode(secret.as_bytes())?;
    let secret: [u8; 20] = bytes.try_into().map_err(|_| anyhow::anyhow!("a TOTP secret has 160 bits"))?;
    let totp = Totp::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_step_duration(STEP_S);
    let totp = totp.with_secret(secret).build().map_err(|error| anyhow::anyhow!("TOTP: {error}"))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    Ok(totp.generate(now - ago_s).to_string())
}

const STEP_S: u64 = 30;
const PASSWORD: &str = "bada-kipu-zeno-lavi-muto";
