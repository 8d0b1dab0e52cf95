//! The processes as they run: `consoled` on a pseudo-terminal, a real `vaultd` with the software TPM, and a program at
//! the other end of the line that plays the technician's terminal.

mod boxes;
mod screen;

use boxes::{LIMIT, PASSWORD, Peer, Running, bin_consoled, swtpm, vaultd};
use cast::{Kind, Screen};
use idl::account::{Claim, NewAdministrator, Profile, SessionId};
use idl::admin::{Admin, Answer, Role};
use idl::hello::Process;
use idl::views::{ConsoleAsk, LedgerFilter};
use screen::Line;
use std::path::Path;
use std::time::Instant;
use vocab::{Pii, Secret};

/// An authenticator: the secret that `vaultd` told.
struct Phone(Secret<String>);

impl Phone {
    /// The code of this moment, or so many steps away.
    fn code(&self, steps: i64) -> Secret<String> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let secret = data_encoding::BASE32_NOPAD.decode(self.0.expose().as_bytes()).unwrap();
        let secret: [u8; 20] = secret.try_into().unwrap();
        let totp = totp_rs::Builder::new()
            .with_algorithm(totp_rs::Algorithm::SHA1)
            .with_secret(secret)
            .with_step_duration(30)
            .build_noncompliant();
        Secret::new(totp.generate(now.saturating_add_signed(steps * 30)).to_string())
    }
}

async fn enrolled(page: &mut Peer, login: &str, code: &Secret<String>) -> Phone {
    let login = login.to_owned();
    let begin = Admin::BeginEnrol { login: login.clone(), code: code.clone() };
    let Answer::Enrol(told) = page.ask(None, begin).await else { panic!("no enrolment") };
    let phone = Phone(told.secret);
    let password = Secret::new(PASSWORD.to_owned());
    // The step before this one is taken, too: the next ones stay for signing in.
    let finish = Admin::FinishEnrol { login, code: code.clone(), password, totp: phone.code(-1) };
    let answer = page.ask(None, finish).await;
    assert!(matches!(answer, Answer::Done), "{answer:?}");
    phone
}

async fn signed_in(page: &mut Peer, login: &str, phone: &Phone) -> Secret<[u8; 32]> {
    let password = Secret::new(PASSWORD.to_owned());
    let what = Admin::SignIn { login: login.to_owned(), password, code: phone.code(0) };
    match page.ask(None, what).await {
        Answer::SignedIn { token, .. } => token,
        other => panic!("not signed in: {other:?}"),
    }
}

/// Reads the recording of the session that goes on until it replays as the screen stands.
async fn replayed(page: &mut Peer, audit: &Secret<[u8; 32]>, line: &Line) -> SessionId {
    let look = Admin::Consoles(ConsoleAsk::Look { before: None });
    let Answer::Consoles(view) = page.ask(Some(audit), look).await else { panic!("no sessions") };
    let session = view.sessions[0].session;
    let (mut screen, mut all, mut from) = (Screen::default(), String::new(), 0);
    let begin = Instant::now();
    loop {
        let read = Admin::Consoles(ConsoleAsk::Read { session, from });
        let Answer::ConsolePiece(part) = page.ask(Some(audit), read).await else { panic!("no recording") };
        from = part.next;
        all.push_str(std::str::from_utf8(part.bytes.reveal()).unwrap());
        let events = cast::more(part.bytes.reveal()).unwrap();
        events.iter().filter(|event| event.kind == Kind::Shown).for_each(|event| screen.feed(&event.text));
        if screen.text().contains("[5] 中继") && line.screen() == screen.text() {
            break;
        }
        assert!(begin.elapsed() < LIMIT, "{}\n{}", screen.text(), line.screen());
    }
    assert!(all.contains("\"i\",\"1\"") && !all.contains(PASSWORD), "{all}");
    session
}

/// Waits until the recording is closed in the ledger.
async fn closed(page: &mut Peer, audit: &Secret<[u8; 32]>, session: SessionId) {
    let begin = Instant::now();
    loop {
        let look = Admin::Consoles(ConsoleAsk::Look { before: None });
        let Answer::Consoles(view) = page.ask(Some(audit), look).await else { panic!("no sessions") };
        let one = view.sessions.iter().find(|one| one.session == session).unwrap();
        if one.end.is_some_and(|end| end.pieces > 0 && end.bytes > 0) {
            return;
        }
        assert!(begin.elapsed() < LIMIT, "it is never closed");
    }
}

fn claim(code: &str) -> Claim {
    let new = |name: &str, login: &str| NewAdministrator {
        name: Pii::new(name.to_owned()),
        login: login.to_owned(),
    };
    Claim {
        code: Secret::new(code.to_owned()),
        company: "示范医院".to_owned(),
        zone: "Asia/Shanghai".to_owned(),
        profile: Profile::Intl,
        administrators: [new("张三", "zhang.san"), new("李四", "li.si"), new("王五", "wang.wu")],
        calendar_key: [7; 32],
    }
}

/// Claims the box by the code read on the line; a technician, the security administrator's and the auditor's tokens.
async fn staffed(dir: &Path, code: &str) -> (Phone, Peer, Secret<[u8; 32]>, Secret<[u8; 32]>) {
    let mut page = Peer::connect(dir, Process::Admind).await;
    let Answer::Claimed { codes } = page.ask(None, Admin::Claim(Box::new(claim(code)))).await else {
        panic!("not claimed")
    };
    let security = enrolled(&mut page, "li.si", &codes[1].1).await;
    let audit = enrolled(&mut page, "wang.wu", &codes[2].1).await;
    let security = signed_in(&mut page, "li.si", &security).await;
    let audit = signed_in(&mut page, "wang.wu", &audit).await;
    let add = Admin::AddAccount {
        name: Pii::new("赵六".to_owned()),
        login: "zhao.liu".to_owned(),
        role: Role::Technician,
        department: None,
    };
    let Answer::EnrolCode { code, .. } = page.ask(Some(&security), add).await else { panic!("no code") };
    let technician = enrolled(&mut page, "zhao.liu", &code).await;
    (technician, page, security, audit)
}

#[test]
fn l_42_from_the_claim_code_on_the_line_to_a_ticketed_session_that_the_auditor_reads() {
    let dir = tempfile::tempdir().unwrap();
    let Some((_swtpm, tcti)) = swtpm(dir.path()) else {
        return;
    };
    std::fs::create_dir_all(dir.path().join("run/admind")).unwrap();
    std::fs::write(dir.path().join("run/admind/page-fingerprint"), "AA:BB:CC\n").unwrap();
    let _vaultd: Running = vaultd(dir.path(), &tcti);
    let mut line = Line::open();
    let consoled = bin_consoled(dir.path(), &line);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();

    // Nobody has typed anything: the line carries plain ASCII, the claim code in it.
    let code = line.word_after("Claim code");
    assert!(line.stream().is_ascii() && line.stream().contains("AA:BB:CC"), "{}", line.stream());
    let (technician, mut page, security, audit) = runtime.block_on(staffed(dir.path(), &code));
    line.wait_for("Every action is recorded");
    assert!(!line.tail("Every action").contains(&code), "a claimed box shows no code");

    // A terminal with UTF-8 answers the question where its cursor is.
    line.answers_probes(3);
    line.keys("\r");
    line.shows("串口控制台");
    line.keys("s");
    for (asked, typed) in [("工单号", "WO-2026/118"), ("用户名", "zhao.liu"), ("密码", PASSWORD)] {
        line.shows(asked);
        line.keys(&format!("{typed}\r"));
    }
    line.shows("动态码");
    line.keys(&format!("{}\r", technician.code(0).expose()));
    line.shows("主菜单");
    line.shows("zhao.liu  WO-2026/118");
    assert!(!line.stream().contains(PASSWORD));
    line.keys("1");
    line.shows("审计账本");
    line.keys("x");
    line.shows("[5] 中继");

    // The auditor reads the recording: it replays as the screen stands, and holds nothing of the sign-in.
    let session = runtime.block_on(replayed(&mut page, &audit, &line));

    // The security administrator ends the session: the line is closed without a key.
    runtime.block_on(async {
        let Answer::Sessions(open) = page.ask(Some(&security), Admin::Sessions).await else { panic!("none") };
        let console = open.iter().find(|one| one.login == "zhao.liu").unwrap();
        assert_eq!(console.source.browser, "console");
        assert_eq!(console.session, session);
        let end = Admin::Consoles(ConsoleAsk::Cut { session });
        assert!(matches!(page.ask(Some(&security), end).await, Answer::Done));
    });
    line.shows("会话已被结束");

    // The auditor finds what was done, with the ticket's number.
    let rows = runtime.block_on(async {
        let look = Admin::LedgerPage { filter: LedgerFilter::default(), before: None };
        let Answer::LedgerPage(page) = page.ask(Some(&audit), look).await else { panic!("no ledger") };
        page.rows
    });
    for kind in ["ConsoleOpened", "ConsoleUsed"] {
        let row = rows.iter().find(|row| row.kind.1 == kind).expect(kind);
        assert!(row.what.contains(&("ticket".to_owned(), "WO-2026/118".to_owned())), "{:?}", row.what);
        assert_eq!(row.from, "consoled");
    }

    runtime.block_on(closed(&mut page, &audit, session));

    // In order: the process ends when it is told to, and says nothing secret in its log.
    let log = boxes::stop(consoled);
    for secret in [code.as_str(), PASSWORD, "WO-2026/118", "zhao.liu"] {
        assert!(!log.contains(secret), "{log}");
    }
}
