//! The page from outside, by curl: a client nobody here wrote, with TLS 1.3 and cookies as a browser has them. It knows
//! nothing of the page but its forms' fields.

use anyhow::{Context, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A browser's state: its cookies.
#[derive(Debug)]
pub struct Client {
    curl: Vec<String>,
    base: String,
    cookies: PathBuf,
}

/// An answer.
#[derive(Debug)]
pub struct Page {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// SHA-256 of the certificate that the server showed, as consoles and browsers show it.
    pub fingerprint: String,
}

impl Client {
    /// A browser that has never been there.
    #[must_use]
    pub fn new(port: u16, folder: &Path) -> Self {
        Self::by(&["curl"], &format!("https://127.0.0.1:{port}"), folder)
    }

    /// One whose curl is started so, at the page of this address.
    #[must_use]
    pub fn by(curl: &[&str], base: &str, folder: &Path) -> Self {
        let curl = curl.iter().map(|word| (*word).to_owned()).collect();
        Self { curl, base: base.to_owned(), cookies: folder.join("cookies") }
    }

    /// Whether nothing comes back within the time, neither an answer nor a word that nobody is there.
    ///
    /// # Errors
    /// curl cannot be started, or ends for another reason.
    pub fn is_silent(&self) -> anyhow::Result<bool> {
        let mut command = self.command();
        command.args(["--silent", "--insecure", "--max-time", SILENCE_S, "--output", "/dev/null"]);
        let status = command.arg(&self.base).status().context("curl cannot be started")?;
        match status.code() {
            Some(TIMED_OUT) => Ok(true),
            Some(0 | CONNECTION_REFUSED) => Ok(false),
            other => bail!("{}: curl ended with {other:?}", self.base),
        }
    }

    fn command(&self) -> Command {
        let mut words = self.curl.iter();
        let mut command = Command::new(words.next().map_or("curl", String::as_str));
        command.args(words);
        command
    }

    /// Opens a page.
    ///
    /// # Errors
    /// It cannot be reached, or its answer is none.
    pub fn get(&self, path: &str) -> anyhow::Result<Page> {
        self.ask(path, &[])
    }

    /// Sends a form as a browser does, with its hidden fields.
    ///
    /// # Errors
    /// The page has no form, or it cannot be reached.
    pub fn send(&self, path: &str, page: &Page, fields: &[(&str, &str)]) -> anyhow::Result<Page> {
        let mut all: Vec<(String, String)> = hidden(&page.body, path);
        ensure!(!all.is_empty(), "{path} shows no form");
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let words: Vec<String> = all
            .iter()
            .flat_map(|(name, value)| ["--data-urlencode".to_owned(), format!("{name}={value}")])
            .collect();
        self.ask(path, &words)
    }

    /// Sends a form whose answer is a file, and keeps that.
    ///
    /// # Errors
    /// The page has no form, or answers with anything but a file.
    pub fn fetch(&self, path: &str, page: &Page, fields: &[(&str, &str)], to: &Path) -> anyhow::Result<()> {
        let mut words = Vec::new();
        for (name, value) in
            hidden(&page.body, path).iter().map(|(name, value)| (name.as_str(), value.as_str()))
        {
            words.extend(["--data-urlencode".to_owned(), format!("{name}={value}")]);
        }
        for (name, value) in fields {
            words.extend(["--data-urlencode".to_owned(), format!("{name}={value}")]);
        }
        self.keep(path, &words, to)
    }

    /// Opens a file and keeps it.
    ///
    /// # Errors
    /// It cannot be reached, or is not there.
    pub fn file(&self, path: &str, to: &Path) -> anyhow::Result<()> {
        self.keep(path, &[], to)
    }

    fn keep(&self, path: &str, words: &[String], to: &Path) -> anyhow::Result<()> {
        let mut command = self.curl(words);
        command.arg("--output").arg(to).args(["--write-out", "%{http_code}"]);
        let output =
            command.arg(format!("{}{path}", self.base)).output().context("curl cannot be started")?;
        let status = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        ensure!(output.status.success() && status == "200", "{path}: status {status}");
        Ok(())
    }

    fn curl(&self, words: &[String]) -> Command {
        let mut command = self.command();
        // The certificate is the box's own: what it must be the console said, and who asks compares.
        command.args(["--silent", "--show-error", "--insecure", "--tlsv1.3", "--max-time", ANSWER_LIMIT_S]);
        command.arg("--cookie").arg(&self.cookies).arg("--cookie-jar").arg(&self.cookies);
        command
            .args(["--header", "Sec-Fetch-Site: same-origin", "--header"])
            .arg(format!("Origin: {}", self.base));
        command.args(words);
        command
    }

    fn ask(&self, path: &str, words: &[String]) -> anyhow::Result<Page> {
        let url = format!("{}{path}", self.base);
        let mut command = self.curl(words);
        command.args(["--write-out", "\n%{http_code}\n%{certs}"]).arg(&url);
        let output = command.output().context("curl cannot be started")?;
        if !output.status.success() {
            bail!("{url}: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let text = String::from_utf8(output.stdout).context("the page is no text")?;
        let at = text.rfind("-----BEGIN CERTIFICATE-----").context("no certificate was shown")?;
        let (before, certificate) = text.split_at(at);
        // Before the certificate stand curl's own words about it, before those our line with the status.
        let head = before.rfind("</html>").map_or(0, |end| end + 7);
        let status = before.get(head..).unwrap_or_default().lines().find_map(|line| line.trim().parse().ok());
        Ok(Page {
            status: status.context("no status")?,
            body: before.get(..head).unwrap_or_default().to_owned(),
            fingerprint: fingerprint(certificate)?,
        })
    }
}

fn fingerprint(pem: &str) -> anyhow::Result<String> {
    let body = pem.lines().skip(1).take_while(|line| !line.starts_with("-----")).collect::<String>();
    let der = data_encoding::BASE64.decode(body.as_bytes()).context("the certificate is no PEM")?;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &der);
    let bytes: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    Ok(bytes.join(":"))
}

/// The hidden fields of the page's form that goes to this address; else those of its last form that has any.
fn hidden(body: &str, action: &str) -> Vec<(String, String)> {
    let forms = || body.split("<form").skip(1).filter_map(|rest| rest.split("</form>").next());
    let named = format!(" action=\"{action}\"");
    // A form without an address goes to the page's own.
    let form = forms().filter(|form| form.contains(&named)).last();
    let form =
        form.or_else(|| forms().filter(|form| form.contains("type=\"hidden\"")).last()).unwrap_or_default();
    let inputs = form.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
    let hidden = inputs.filter(|input| attribute(input, "type") == Some("hidden"));
    hidden
        .filter_map(|input| {
            Some((attribute(input, "name")?.to_owned(), attribute(input, "value")?.to_owned()))
        })
        .collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    tag.get(start..)?.split('"').next()
}

const ANSWER_LIMIT_S: &str = "60";
/// How long an answer that must not come is waited for.
const SILENCE_S: &str = "10";
/// What curl says by its exit status.
const TIMED_OUT: i32 = 28;
const CONNECTION_REFUSED: i32 = 7;

#[cfg(test)]
mod tests {
    use super::hidden;

    #[test]
    fn the_hidden_fields_of_the_form_that_is_sent_go_along() {
        let body = "<form action=\"/preferences\"><input type=\"hidden\" name=\"lang\" value=\"en\"></form>\
                    <form method=\"post\"><input type=\"hidden\" name=\"csrf\" value=\"a1\"><input name=\"company\">\
                    <input type=\"hidden\" name=\"once\" value=\"b2\"></form><form method=\"dialog\"></form>";
        let own = [("csrf".to_owned(), "a1".to_owned()), ("once".to_owned(), "b2".to_owned())];
        assert_eq!(hidden(body, "/welcome"), own);
        assert_eq!(hidden(body, "/preferences"), [("lang".to_owned(), "en".to_owned())]);
    }
}
