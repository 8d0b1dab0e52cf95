//! The demo's sign-ins: every person of the demo enrols as people do, with a password and a TOTP secret that
//! are printed as what they are. It exists for the demo alone; a box never tells anybody's secret.

use super::client::Vault;
use anyhow::{Context, bail};
use idl::admin::{Admin, Answer};
use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};
use totp_rs::{Algorithm, Builder};
use vocab::{PersonId, Secret};

/// One sign-in of the demo.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignIn {
    /// Login name.
    pub login: String,
    /// What the person is.
    pub role: String,
    /// TOTP secret in base32.
    pub secret: String,
}

/// All sign-ins of a demo site.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignIns {
    /// The password of all of them.
    pub password: String,
    /// Who may sign in.
    pub people: Vec<SignIn>,
}

impl SignIns {
    /// Draws the demo's password.
    pub fn new() -> anyhow::Result<Self> {
        let mut bytes = [0_u8; 10];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("no randomness"))?;
        // Syllables are easier to type than hexadecimal digits.
        let syllable = |byte: u8| {
            let (consonants, vowels) = (b"bdfghjklmnprstvz", b"aeio");
            let (first, second) = (consonants[usize::from(byte >> 4)], vowels[usize::from(byte & 3)]);
            format!("{}{}", char::from(first), char::from(second))
        };
        let words: Vec<String> =
            bytes.chunks(2).map(|pair| pair.iter().map(|byte| syllable(*byte)).collect()).collect();
        Ok(Self { password: words.join("-"), people: Vec::new() })
    }

    /// Gives a person an account and enrols it.
    pub async fn enrol(
        &mut self,
        vault: &mut Vault,
        security: PersonId,
        person: PersonId,
        login: &str,
        role: &str,
    ) -> anyhow::Result<()> {
        let given = Admin::GiveAccount { person, login: login.to_owned() };
        let Answer::EnrolCode { code, .. } = vault.ask(Some(security), given, None).await? else {
            bail!("no enrolment code was given");
        };
        let begin = Admin::BeginEnrol { login: login.to_owned(), code: code.clone() };
        let Answer::Enrol(enrol) = vault.ask(None, begin, None).await? else {
            bail!("the enrolment did not begin");
        };
        let secret = enrol.secret.expose().clone();
        // The code of the step before: the present one is left for the first sign-in.
        let totp = code_of(&secret, now_s().saturating_sub(STEP_S))?;
        let finish = Admin::FinishEnrol {
            login: login.to_owned(),
            code,
            password: Secret::new(self.password.clone()),
            totp: Secret::new(totp),
        };
        match vault.ask(None, finish, None).await? {
            Answer::Done => {}
            _ => bail!("the enrolment did not end"),
        }
        self.people.push(SignIn { login: login.to_owned(), role: role.to_owned(), secret });
        Ok(())
    }

    /// Prints them.
    pub fn show(&self, url: &str) {
        eprintln!("\nthe page: {url}   (its certificate is the box's own; the browser asks once)");
        eprintln!("demo sign-ins, password of all: {}", self.password);
        eprintln!("  {:<12} {:<24} demo TOTP secret (add it to an authenticator app)", "login", "role");
        for person in &self.people {
            eprintln!("  {:<12} {:<24} {}", person.login, person.role, person.secret);
        }
        eprintln!("without an app: `cargo xtask code LOGIN` prints the code of this moment\n");
    }
}

/// Prints the present code of a demo person.
pub fn print_code(words: Vec<String>) -> anyhow::Result<bool> {
    let mut login = None;
    let mut state = crate::project::root().join("state");
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(word) = parser.next()? {
        match word {
            lexopt::Arg::Long("state") => state = parser.value()?.into(),
            lexopt::Arg::Value(value) if login.is_none() => {
                login = Some(value.to_string_lossy().into_owned())
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let login = login.context("say whose: cargo xtask code LOGIN [--state DIR]")?;
    let file = state.join("demo").join("sign-ins.json");
    let text = std::fs::read(&file)
        .with_context(|| format!("{} is not there: start the demo first (cargo xtask up)", file.display()))?;
    let known: SignIns = serde_json::from_slice(&text)?;
    let person = known.people.iter().find(|person| person.login == login);
    let person = person.with_context(|| format!("the demo has nobody who signs in as {login}"))?;
    println!("{}", code_of(&person.secret, now_s())?);
    Ok(true)
}

fn code_of(secret: &str, at_s: u64) -> anyhow::Result<String> {
    let bytes =
        data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).context("the TOTP secret is no base32")?;
    let secret: [u8; 20] = bytes.try_into().map_err(|_| anyhow::anyhow!("a TOTP secret has 160 bits"))?;
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(STEP_S)
        .with_secret(secret)
        .build()
        .map_err(|error| anyhow::anyhow!("the TOTP secret: {error}"))?;
    Ok(totp.generate(at_s).to_string())
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

const STEP_S: u64 = 30;
