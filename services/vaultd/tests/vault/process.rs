//! The process as it runs: its binary, its socket, the software TPM.

use crate::rig::number;
use idl::admin::{Admin, Answer, Role};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use vaultd::chip::TpmChip;
use vaultd::client::{Client, memory_file};
use vocab::{DepartmentId, PersonId, Pii};

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
        match TpmChip::connect(address) {
            Ok(chip) => return chip,
            Err(error) => assert!(start.elapsed() < LIMIT, "{error}"),
        }
        std::thread::yield_now();
    }
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

const LIMIT: Duration = Duration::from_secs(60);
