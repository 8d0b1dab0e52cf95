//! The process as it runs: its binary, its socket, the software TPM.

use crate::page::{LOGINS, PASSWORD, Phone, at, claim, word};
use crate::rig::number;
use idl::admin::{Admin, AdminReply, AdminRequest, Answer, Role};
use idl::hello::Process;
use ipc::Conn;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use vaultd::auth::totp;
use vaultd::chip::TpmChip;
use vaultd::client::{Client, memory_file};
use vaultd::clock;
use vaultd::sealing::Sealing;
use vocab::{DepartmentId, PersonId, Pii, Secret};

/// A child that does not outlive its test.
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The software TPM and its address; `None` on a machine without it.
pub fn swtpm(dir: &Path) -> Option<(Running, String)> {
    let tpm = dir.join("tpm");
    std::fs::create_dir_all(&tpm).unwrap();
    let port = two_free_ports();
    let child = Command::new("swtpm")
        .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
        .args(["--tpmstate", &format!("dir={}", tpm.display())])
        .args(["--server", &format!("type=tcp,port={port},bindaddr=127.0.0.1")])
        .args(["--ctrl", &format!("type=tcp,port={},bindaddr=127.0.0.1", port + 1)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    Some((Running(child), format!("swtpm:host=127.0.0.1,port={port}")))
}

/// The library looks for the control port behind the other one.
fn two_free_ports() -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = first.local_addr().unwrap().port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}

/// The stand-in takes a moment to listen.
pub fn connect(address: &str) -> TpmChip {
    let start = Instant::now();
    loop {
        match TpmChip::connect(address, Sealing::Pcrs) {
            Ok(chip) => return chip,
            Err(error) => assert!(start.elapsed() < LIMIT, "{error}"),
        }
        std::thread::yield_now();
    }
}

/// Another way of sealing, on a stand-in that listens.
pub fn connect_as(address: &str, sealing: Sealing) -> TpmChip {
    TpmChip::connect(address, sealing).unwrap()
}

fn vaultd(dir: &Path, tcti: &str) -> Running {
    let path = |name: &str| dir.join(name).display().to_string();
    let child = Command::new(env!("CARGO_BIN_EXE_vaultd"))
        .args(["--state", &path("state"), "--run", &path("run"), "--objects", &path("objects")])
        .args(["--recordings", &path("recordings"), "--tcti", tcti, "--clock-trusted", "--log", "stderr"])
        .env("TSS2_LOG", "all+none")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    Running(child)
}

async fn reach(dir: &Path) -> Client {
    let start = Instant::now();
    loop {
        match Client::connect(&dir.join("run")).await {
            Ok(client) => return client,
            Err(error) => assert!(start.elapsed() < LIMIT, "{error}"),
        }
        tokio::task::yield_now().await;
    }
}

/// Ends the process in order; what it logged.
fn stop(mut running: Running) -> String {
    let pid = Pid::from_raw(i32::try_from(running.0.id()).unwrap());
    kill(pid, Signal::SIGTERM).unwrap();
    let mut log = String::new();
    running.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(running.0.wait().unwrap().success(), "{log}");
    log
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn the_process_is_commissioned_imports_a_list_signs_its_ledger_and_logs_no_number() {
    let dir = tempfile::tempdir().unwrap();
    let Some((_swtpm, tcti)) = swtpm(dir.path()) else {
        // A machine without swtpm proves this on the bench image.
        return;
    };
    drop(connect(&tcti));
    let first = vaultd(dir.path(), &tcti);
    runtime().block_on(commission_and_import(dir.path()));
    let log = stop(first);
    assert!(log.contains("stopped in order"), "{log}");
    assert!(!log.contains(&number(7).digits()[2..]) && !log.contains("张三"), "{log}");
    let second = vaultd(dir.path(), &tcti);
    runtime().block_on(async {
        let mut client = reach(dir.path()).await;
        let Answer::Status(status) = client.order(None, Admin::Status).await.unwrap() else { panic!() };
        assert_eq!((status.company.as_str(), status.persons.len()), ("示范医院", 4));
        assert!(status.signed_up_to > 5, "the last life signed its end: {status:?}");
        let verified = client.order(Some(PersonId(3)), Admin::VerifyLedger).await.unwrap();
        assert!(matches!(verified, Answer::Ledger { ok: true, .. }), "{verified:?}");
    });
    let log = stop(second);
    assert!(log.contains("0 replayed"), "{log}");
}

async fn commission_and_import(dir: &Path) {
    let mut client = reach(dir).await;
    let what = Admin::Commission {
        company: "示范医院".to_owned(),
        zone: "Asia/Shanghai".to_owned(),
        administrators: ["张三", "李四", "王五"].map(|name| Pii::new(name.to_owned())),
        calendar_key: [1; 32],
    };
    client.order(None, what).await.unwrap();
    let security = Some(PersonId(2));
    client.order(security, Admin::AddDepartment { name: "体检".to_owned() }).await.unwrap();
    let person = Admin::AddPerson {
        name: Pii::new("钱七".to_owned()),
        role: Role::DataSpecialist,
        department: Some(DepartmentId(1)),
    };
    client.order(security, person).await.unwrap();
    let rows: String = (0..5_000).map(|at| format!("{}\n", &number(at).digits()[2..])).collect();
    let list = memory_file(format!("手机号\n{rows}").as_bytes()).unwrap();
    let what = Admin::ImportContacts {
        file: "list.csv".to_owned(),
        purpose: "check-up".to_owned(),
        department: DepartmentId(1),
        source: "own".to_owned(),
        mapping: Vec::new(),
        drop: Vec::new(),
    };
    let mut told = 0;
    let answer = client.ask(Some(PersonId(4)), what, Some(list), |_, _| told += 1).await.unwrap();
    assert!(matches!(answer, Answer::Imported { batch: Some(1), rows: 5_000, .. }), "{answer:?}");
    assert!(told > 0, "progress was told");
}

/// The page or the console, as the socket knows them.
struct Peer(Conn, u64);

impl Peer {
    async fn connect(dir: &Path, me: Process) -> Self {
        let start = Instant::now();
        loop {
            match Conn::connect(&Process::Vaultd.socket(&dir.join("run")), me, Process::Vaultd).await {
                Ok(conn) => return Self(conn, 0),
                Err(error) => assert!(start.elapsed() < LIMIT, "{error}"),
            }
            tokio::task::yield_now().await;
        }
    }

    async fn ask(&mut self, session: Option<&Secret<[u8; 32]>>, what: Admin) -> Answer {
        self.1 += 1;
        let (session, source) = (session.cloned(), Some(at(1)));
        let request = AdminRequest { id: self.1, actor: None, session, source, passive: false, what };
        self.0.send(&request).await.unwrap();
        let AdminReply { id, answer } = self.0.recv().await.unwrap();
        assert_eq!(id, self.1);
        answer
    }
}

#[test]
fn iam_01_a_box_is_claimed_and_signed_in_to_over_the_socket_and_a_session_outlives_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let Some((_swtpm, tcti)) = swtpm(dir.path()) else {
        return;
    };
    drop(connect(&tcti));
    let first = vaultd(dir.path(), &tcti);
    let (token, secrets) = runtime().block_on(claim_and_sign_in(dir.path()));
    let log = stop(first);
    let second = vaultd(dir.path(), &tcti);
    runtime().block_on(async {
        let mut page = Peer::connect(dir.path(), Process::Admind).await;
        let Answer::Me(me) = page.ask(Some(&token), Admin::Me).await else { panic!("the session is lost") };
        assert_eq!((me.login.as_str(), me.role), (LOGINS[1], Role::SecurityAdmin));
    });
    let log = log + &stop(second);
    for secret in secrets.iter().map(String::as_str).chain([PASSWORD, "张三", LOGINS[1]]) {
        assert!(!log.contains(secret), "{log}");
    }
}

/// The token of the security administrator, and what no log may show.
async fn claim_and_sign_in(dir: &Path) -> (Secret<[u8; 32]>, Vec<String>) {
    let mut console = Peer::connect(dir, Process::Consoled).await;
    let Answer::ClaimCode(code) = console.ask(None, Admin::ClaimCode).await else { panic!("no code") };
    let mut page = Peer::connect(dir, Process::Admind).await;
    let Answer::Claimed { codes } = page.ask(None, Admin::Claim(Box::new(claim(&code)))).await else {
        panic!("not claimed")
    };
    let (login, enrol) = (LOGINS[1].to_owned(), codes[1].1.clone());
    let begin = Admin::BeginEnrol { login: login.clone(), code: enrol.clone() };
    let Answer::Enrol(told) = page.ask(None, begin).await else { panic!("no enrolment") };
    let secret = data_encoding::BASE32_NOPAD.decode(told.secret.expose().as_bytes()).unwrap();
    let phone = Phone { login: login.clone(), secret: Secret::new(secret.try_into().unwrap()) };
    let code_at = |step| Secret::new(totp::code_of(&phone.secret, step));
    let step = totp::step_at(clock::wall());
    let finish = Admin::FinishEnrol {
        login: login.clone(),
        code: enrol.clone(),
        password: word(PASSWORD),
        totp: code_at(step - 1),
    };
    let answer = page.ask(None, finish).await;
    assert!(matches!(answer, Answer::Done), "{answer:?}");
    // The next step's code is within the drift, so that nothing waits for the clock.
    let code = code_at(totp::step_at(clock::wall()));
    let wrong = Admin::SignIn { login: login.clone(), password: word("wrong"), code: code.clone() };
    assert!(matches!(page.ask(None, wrong).await, Answer::Refused { code, .. } if code == "sign-in"));
    let right = Admin::SignIn { login, password: word(PASSWORD), code };
    let Answer::SignedIn { token, .. } = page.ask(None, right).await else { panic!("not signed in") };
    (token, vec![code_text(&enrol), code_text(&told.secret), code_text(&codes[0].1)])
}

fn code_text(code: &Secret<String>) -> String {
    code.expose().clone()
}

const LIMIT: Duration = Duration::from_secs(60);
