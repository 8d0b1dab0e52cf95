//! A page on a free port, and a browser of raw bytes: what is sent is exactly what stands in the test.

use crate::double::{CODE, Double, PASSWORD};
use crate::probe;
use admind::form::encode;
use admind::{Bound, Options, pages, tls};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A page and its double.
pub struct Site {
    /// Where it is served.
    pub address: SocketAddr,
    /// The double of `vaultd`.
    pub double: Double,
    /// Its certificate.
    pub identity: Arc<tls::Identity>,
    /// Its folders, `run` and `state`.
    pub folder: TempDir,
    stop: Option<oneshot::Sender<()>>,
    page: JoinSet<()>,
    vault: JoinSet<()>,
}

impl Site {
    /// Starts one.
    pub async fn start() -> Self {
        Self::with_rate(10_000).await
    }

    /// Starts one with a limit of requests a second.
    pub async fn with_rate(source_rate: u32) -> Self {
        Self::at(tempfile::tempdir().unwrap(), "127.0.0.1:0", source_rate).await
    }

    /// Starts one in a folder, perhaps of one that was, and at this address.
    pub async fn at(folder: TempDir, listen: &str, source_rate: u32) -> Self {
        let run = folder.path().join("run");
        std::fs::create_dir_all(&run).unwrap();
        let (mut page, mut vault) = (JoinSet::new(), JoinSet::new());
        let double = Double::serve(&run, &mut vault);
        let options = Options {
            run,
            state: folder.path().join("state"),
            listen: vec![listen.parse().unwrap()],
            source_rate,
            ..Options::default()
        };
        let bound = Bound::with_routes(options, pages::routes().merge(probe::routes())).await.unwrap();
        let (address, identity) = (bound.addresses()[0], bound.identity());
        let (stop, stopped) = oneshot::channel::<()>();
        page.spawn(bound.serve(async {
            let _ = stopped.await;
        }));
        Self { address, double, identity, folder, stop: Some(stop), page, vault }
    }

    /// Tells it to stop and waits until it has.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        self.page.join_next().await.unwrap().unwrap();
    }

    /// The double dies.
    pub async fn vault_dies(&mut self) {
        self.vault.shutdown().await;
    }

    /// The double starts again, with what it knew.
    pub fn vault_lives(&mut self) {
        self.double.clone().listen(&self.folder.path().join("run"), &mut self.vault);
    }

    /// A TLS connection that trusts the page's certificate and no other.
    pub async fn connect(&self, alpn: &[&[u8]]) -> TlsStream<TcpStream> {
        let mut config = client_config(&self.folder.path().join("state"));
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    /// Sends bytes and reads until the page closes the connection.
    pub async fn raw(&self, bytes: &[u8]) -> Got {
        let mut stream = self.connect(&[b"http/1.1"]).await;
        stream.write_all(bytes).await.unwrap();
        let mut answer = vec![];
        // A page that cuts the connection without closing TLS is no page: rustls says so.
        stream.read_to_end(&mut answer).await.unwrap();
        Got::read(&answer)
    }

    /// Sends bytes and reads the head of the answer alone (streams never end).
    pub async fn head_of(&self, bytes: &[u8]) -> Got {
        let mut stream = self.connect(&[b"http/1.1"]).await;
        stream.write_all(bytes).await.unwrap();
        let mut answer = vec![];
        while !answer.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        Got::read(&answer)
    }

    /// The head of a request, ready for more headers.
    pub fn request(&self, method: &str, path: &str, headers: &str) -> String {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nUser-Agent: test\r\nConnection: close\r\n{headers}\r\n",
            self.address.port()
        )
    }

    /// A GET.
    pub async fn get(&self, path: &str, cookies: &str) -> Got {
        let cookie = if cookies.is_empty() { String::new() } else { format!("Cookie: {cookies}\r\n") };
        self.raw(self.request("GET", path, &cookie).as_bytes()).await
    }

    /// The headers of a POST as a browser sends them.
    pub fn post_headers(&self, cookies: &str, kind: &str, length: usize) -> String {
        format!(
            "Origin: https://localhost:{}\r\nSec-Fetch-Site: same-origin\r\nCookie: {cookies}\r\n\
             Content-Type: {kind}\r\nContent-Length: {length}\r\n",
            self.address.port()
        )
    }

    /// A POST of a form.
    pub async fn post(&self, path: &str, cookies: &str, fields: &[(&str, &str)]) -> Got {
        let body = form(fields);
        let headers = self.post_headers(cookies, "application/x-www-form-urlencoded", body.len());
        self.raw(format!("{}{body}", self.request("POST", path, &headers)).as_bytes()).await
    }

    /// A browser at the door: its cookie.
    pub async fn door(&self) -> Browser {
        let page = self.get("/enrol", "").await;
        assert_eq!(page.status, 200, "{}", page.body);
        Browser { cookies: page.cookie("__Host-door").unwrap() }
    }

    /// A browser that has signed in.
    pub async fn signed_in(&self) -> Browser {
        let door = self.door().await;
        let fields = [("login", "li"), ("password", PASSWORD), ("code", CODE)];
        let answer = door.send(self, "/enrol", "/sign-in", &fields).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        Browser { cookies: answer.cookie("__Host-session").unwrap() }
    }
}

/// A browser: its cookies.
#[derive(Debug, Clone)]
pub struct Browser {
    /// As it sends them.
    pub cookies: String,
}

impl Browser {
    /// A page.
    pub async fn get(&self, site: &Site, path: &str) -> Got {
        site.get(path, &self.cookies).await
    }

    /// Fills in a form found on `page` and sends it to `path`.
    pub async fn send(&self, site: &Site, page: &str, path: &str, fields: &[(&str, &str)]) -> Got {
        let (csrf, once) = self.proofs(site, page).await;
        let proofs = [("csrf", csrf.as_str()), ("once", once.as_str())];
        site.post(path, &self.cookies, &[&proofs[..], fields].concat()).await
    }

    /// The proofs of a page's first form.
    pub async fn proofs(&self, site: &Site, page: &str) -> (String, String) {
        let page = self.get(site, page).await;
        (page.field("csrf").unwrap(), page.field("once").unwrap())
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Got {
    /// Its status.
    pub status: u16,
    /// Its headers; several of one name joined by line ends.
    pub headers: BTreeMap<String, String>,
    /// Its body as text.
    pub body: String,
}

impl Got {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            headers
                .entry(name.to_lowercase())
                .and_modify(|all| all.push_str(&format!("\n{value}")))
                .or_insert_with(|| value.to_owned());
        }
        Self { status, headers, body: body.to_owned() }
    }

    /// A header, empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// A cookie that was set, as it is to be sent.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let line = self.header("set-cookie").lines().find(|line| line.starts_with(&format!("{name}=")))?;
        line.split(';').next().map(str::to_owned)
    }

    /// The value of the first input of this name.
    pub fn field(&self, name: &str) -> Option<String> {
        let from = self.body.split_once(&format!("name=\"{name}\" value=\""))?.1;
        from.split_once('"').map(|(value, _)| value.to_owned())
    }
}

/// A form's fields, encoded.
pub fn form(fields: &[(&str, &str)]) -> String {
    fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

/// A multipart body of fields and files (field, file name, content) with the boundary `XX`.
pub fn multipart(fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut body = vec![];
    for (name, value) in fields {
        let part = format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.as_bytes());
    }
    for (field, file, content) in files {
        let head = format!(
            "--XX\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{file}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend(head.as_bytes());
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(b"--XX--\r\n");
    body
}

/// A client that trusts the certificate of a state folder and no other.
pub fn client_config(state: &Path) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(state.join(tls::FILE)).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}
