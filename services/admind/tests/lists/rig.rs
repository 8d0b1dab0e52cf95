//! A page without sockets before a double of `vaultd`: requests go straight to the router, as a signed-in browser
//! would send them.

use admind::app::App;
use admind::vault::Vault;
use admind::{clock, cookie, csrf, form, pages, serve, spool, tls};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, RANGE};
use http::{HeaderMap, Request, StatusCode};
use idl::account::{Me, SessionId};
use idl::admin::{Admin, AdminReply, AdminRequest, Answer, Role};
use idl::hello::Process;
use ipc::{Conn, Listener};
use rights::request_of;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt;
use vocab::{DepartmentId, PersonId, Pii, UnixMs};

const TOKEN: cookie::Token = [7; 32];
const ORIGIN_HERE: &str = "https://box.test";
/// Bytes of a page that a test reads.
const MAX_PAGE: usize = 4 * 1024 * 1024;

/// What the double answers; the bytes are those attached.
pub type Answers = dyn Fn(&Admin, &[u8]) -> Answer + Send + Sync;

/// The page and its double.
pub struct Rig {
    router: Router,
    asked: Arc<Mutex<Vec<String>>>,
    lang: &'static str,
    once: AtomicU8,
    _double: JoinSet<()>,
    _folder: TempDir,
    _running: watch::Sender<bool>,
}

/// An answer.
pub struct Got {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, as text.
    pub body: String,
}

impl Got {
    /// Where a 303 leads.
    pub fn location(&self) -> &str {
        self.header(LOCATION.as_str())
    }

    /// A header, empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Fails unless every one of these stands in the page.
    pub fn has(&self, wanted: &[&str]) {
        for text in wanted {
            assert!(self.body.contains(text), "{text:?} is not in\n{}", self.body);
        }
    }

    /// Fails if one of these stands in the page.
    pub fn lacks(&self, unwanted: &[&str]) {
        for text in unwanted {
            assert!(!self.body.contains(text), "{text:?} is in\n{}", self.body);
        }
    }
}

impl Rig {
    /// A page whose visitor has this role.
    pub async fn start(
        role: Role,
        answers: impl Fn(&Admin, &[u8]) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let asked = Arc::new(Mutex::new(vec![]));
        let mut double = JoinSet::new();
        let listener = Listener::bind(
            &Process::Vaultd.socket(folder.path()),
            Process::Vaultd,
            &[(Process::Admind, None)],
        );
        double.spawn(listen(listener.unwrap(), role, Arc::new(answers), Arc::clone(&asked)));
        let (vault, keeping) = Vault::open(folder.path());
        double.spawn(keeping);
        let identity = tls::Identity::open(folder.path(), folder.path(), clock::now()).unwrap();
        let (running, stopping) = watch::channel(false);
        let app = App::new(vault, identity, stopping, spool::prepare(folder.path()).unwrap());
        let router = serve::dressed(serve::router(&app, pages::routes()));
        Self {
            router,
            asked,
            lang: "zh",
            once: AtomicU8::new(0),
            _double: double,
            _folder: folder,
            _running: running,
        }
    }

    /// The same page in English.
    pub fn in_english(mut self) -> Self {
        self.lang = "en";
        self
    }

    /// What was asked, as `{:?}` of the requests, but for whose session it is.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Whether something was asked that holds all of these.
    pub fn was_asked(&self, words: &[&str]) -> bool {
        self.asked().iter().any(|asked| words.iter().all(|word| asked.contains(word)))
    }

    /// A GET.
    pub async fn get(&self, path: &str) -> Got {
        self.send(Request::get(path), Body::empty()).await
    }

    /// A GET of a part.
    pub async fn get_range(&self, path: &str, range: &str) -> Got {
        self.send(Request::get(path).header(RANGE, range), Body::empty()).await
    }

    /// A POST of a form with its proofs.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Got {
        let [csrf, once] = self.proofs();
        let mut body = format!("csrf={csrf}&once={}", form::encode(&once));
        for (name, value) in fields {
            body.push_str(&format!("&{}={}", form::encode(name), form::encode(value)));
        }
        let request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(body)).await
    }

    /// A POST of a form with a file, or with none chosen.
    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], name: &str, file: &[u8]) -> Got {
        self.upload_as("file", path, fields, name, file).await
    }

    /// The same for a file of another field.
    pub async fn upload_as(
        &self,
        field: &str,
        path: &str,
        fields: &[(&str, &str)],
        name: &str,
        file: &[u8],
    ) -> Got {
        let [csrf, once] = self.proofs();
        let proofs = [("csrf", csrf.as_str()), ("once", once.as_str())];
        let mut body = vec![];
        for (name, value) in proofs.iter().chain(fields) {
            let part = format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(part.into_bytes());
        }
        let head = format!(
            "--XX\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend(file);
        body.extend(b"\r\n--XX--\r\n");
        let request = Request::post(path).header(CONTENT_TYPE, "multipart/form-data; boundary=XX");
        self.send(request, Body::from(body)).await
    }

    /// Waits for the end of the job a POST led to, and gives its page.
    pub async fn job(&self, started: &Got) -> Got {
        assert_eq!(started.status, StatusCode::SEE_OTHER, "{}", started.body);
        let path = started.location().to_owned();
        assert!(path.starts_with("/jobs/"), "{path}");
        // The stream ends with the job.
        self.get(&format!("{path}/live")).await;
        self.get(&path).await
    }

    fn proofs(&self) -> [String; 2] {
        let number = self.once.fetch_add(1, Ordering::Relaxed);
        [csrf::proof(&TOKEN), csrf::once(&TOKEN, clock::now(), [number; csrf::RANDOM_BYTES])]
    }

    async fn send(&self, request: http::request::Builder, body: Body) -> Got {
        let session = cookie::set_token(cookie::SESSION, &TOKEN);
        let session = session.to_str().unwrap().split(';').next().unwrap().to_owned();
        let mut request = request
            .header(HOST, "box.test")
            .header(ORIGIN, ORIGIN_HERE)
            .header(COOKIE, format!("{session}; lang={}", self.lang))
            .body(body)
            .unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 40_000))));
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = to_bytes(body, MAX_PAGE).await.unwrap();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Got { status: parts.status, headers: parts.headers, body }
    }
}

async fn listen(listener: Listener, role: Role, answers: Arc<Answers>, asked: Arc<Mutex<Vec<String>>>) {
    let mut peers = JoinSet::new();
    loop {
        let (conn, _) = listener.accept().await.unwrap();
        peers.spawn(talk(conn, role, Arc::clone(&answers), Arc::clone(&asked)));
    }
}

async fn talk(conn: Conn, role: Role, answers: Arc<Answers>, asked: Arc<Mutex<Vec<String>>>) {
    while let Ok((request, file)) = conn.recv_with::<AdminRequest>().await {
        let mut attached = vec![];
        if let Some(file) = file {
            File::from(file).read_to_end(&mut attached).unwrap();
        }
        let kind = request_of(&request.what);
        let answer = match &request.what {
            Admin::Me => Answer::Me(Box::new(me(role))),
            _ if !rights::may(role, kind) => refused("role"),
            what => {
                asked.lock().unwrap().push(revealed(what));
                answers(what, &attached)
            }
        };
        let sound = matches!(answer, Answer::Audio { .. });
        let reply = AdminReply { id: request.id, answer };
        let sent = if sound { conn.send_with(&reply, memory(SOUND)).await } else { conn.send(&reply).await };
        if sent.is_err() {
            return;
        }
    }
}

/// A request as text; what it hides from logs a test may compare.
fn revealed(what: &Admin) -> String {
    match what {
        Admin::Blacklist { number } => format!("Blacklist {}", number.reveal()),
        Admin::Lookup { number } => format!("Lookup {}", number.reveal()),
        what => format!("{what:?}"),
    }
}

/// The sound of every prompt here.
pub const SOUND: &[u8] = b"RIFF....WAVEfmt sound";

fn memory(bytes: &[u8]) -> OwnedFd {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file.into()
}

fn me(role: Role) -> Me {
    Me {
        person: PersonId(1),
        name: Pii::new("王芳".to_owned()),
        login: "wang.fang".to_owned(),
        role,
        department: Some((DepartmentId(2), "门诊部".to_owned())),
        session: SessionId(9),
        signed_in_at: UnixMs(1_790_000_000_000),
        ends_at: UnixMs(1_790_040_000_000),
        idle_s: 900,
        last: None,
        failed_since: 0,
        company: "示范医院".to_owned(),
        zone: "Asia/Shanghai".to_owned(),
        real_tpm: true,
    }
}

/// A refusal.
pub fn refused(code: &str) -> Answer {
    Answer::Refused {
        code: code.to_owned(),
        text_en: format!("Refused because of {code}."),
        text_zh: format!("因 {code} 被拒绝。"),
    }
}
