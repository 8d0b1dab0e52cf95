//! A person at a browser of their own: enrols with a one-time code, signs in with password and authenticator (RFC 6238).

use crate::client::{Client, Page};
use anyhow::{Context, ensure};
use aws_lc_rs::hmac;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// One person.
#[derive(Debug)]
pub struct Person {
    /// Their browser.
    pub client: Client,
    login: String,
    secret: Vec<u8>,
    /// The newest step whose code was used: the box takes none twice.
    used: u64,
}

impl Person {
    /// Enrols.
    ///
    /// # Errors
    /// The page refuses.
    pub fn enrol(port: u16, folder: &Path, login: &str, code: &str) -> anyhow::Result<Self> {
        let folder = folder.join("people").join(login);
        std::fs::create_dir_all(&folder)?;
        let client = Client::new(port, &folder);
        let page = client.get("/enrol")?;
        let page = client.send("/enrol", &page, &[("login", login), ("enrol_code", code)])?;
        let shown = between(&page.body, "<code>", "</code>").context("no secret is shown")?;
        let letters: String = shown.split_whitespace().collect();
        let secret = data_encoding::BASE32_NOPAD.decode(letters.as_bytes()).context("the secret")?;
        // The step before is taken too, so that this one is left for the sign-in.
        let mut person = Self { client, login: login.to_owned(), secret, used: now_step() - 2 };
        let totp = person.code()?;
        let fields = [("password", PASSWORD), ("again", PASSWORD), ("totp", &totp)];
        let done = person.client.send("/enrol/finish", &page, &fields)?;
        ensure!(done.status == 303, "{login} is not enrolled: status {}", done.status);
        Ok(person)
    }

    /// Signs in.
    ///
    /// # Errors
    /// The page refuses.
    pub fn sign_in(&mut self) -> anyhow::Result<()> {
        let page = self.client.get("/sign-in")?;
        let code = self.code()?;
        let fields = [("login", self.login.as_str()), ("password", PASSWORD), ("code", &code)];
        let done = self.client.send("/sign-in", &page, &fields)?;
        ensure!(done.status == 303, "{} is not signed in: status {}", self.login, done.status);
        Ok(())
    }

    /// Opens a page and sends its form.
    ///
    /// # Errors
    /// It cannot be reached.
    pub fn fill(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> anyhow::Result<Page> {
        let shown = self.client.get(page)?;
        ensure!(shown.status == 200, "{page}: status {}", shown.status);
        self.client.send(action, &shown, fields)
    }

    /// The next code of the authenticator, for whoever signs in elsewhere than at the page.
    ///
    /// # Errors
    /// Too many were used in these minutes.
    pub fn code(&mut self) -> anyhow::Result<String> {
        let step = (self.used + 1).max(now_step() - 1);
        ensure!(step <= now_step() + 1, "the codes of these two minutes are used up");
        self.used = step;
        Ok(totp(&self.secret, step))
    }
}

/// The codes to enrol with that a page shows once.
pub fn codes_of(body: &str) -> impl Iterator<Item = String> {
    body.split("code-once").skip(1).filter_map(|rest| between(rest, "<code>", "</code>")).map(str::to_owned)
}

/// The first text between two others.
#[must_use]
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

fn now_step() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()) / 30
}

fn totp(secret: &[u8], step: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let at = usize::from(bytes.last().copied().unwrap_or_default() & 15);
    let word = bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).unwrap_or_default();
    format!("{:06}", (u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000)
}

/// Everybody's password here.
pub const PASSWORD: &str = "An-oak-bends-7-times";

#[cfg(test)]
mod tests {
    use super::totp;

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B, the last six digits.
        for (seconds, code) in [(59_u64, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(totp(b"12345678901234567890", seconds / 30), code);
        }
    }
}
