//! An update that one box alone can read: encrypted outside, by RAUC, to the certificate which the box made for itself; what
//! is encrypted to another box is refused and says so, what is encrypted to this one is installed and starts.

use super::{BOOT_LIMIT, Bench, comes_up, first_visit, found_good};
use crate::client::Client;
use crate::hand::{Order, hand, order};
use crate::steps::Steps;
use anyhow::{Context, ensure};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let mut machine = crate::machine::Machine::new(&bench.rig, &bench.image, &bench.folder.join("box"))?;
    machine.may_restart();
    machine.power_on()?;
    let client = Client::new(machine.port(), &bench.folder);
    let old = steps.step("a new box is claimed and found good", || {
        first_visit(&mut machine, &client)?;
        found_good(&mut machine)?;
        let version = comes_up(&mut machine)?;
        Ok((version.clone(), format!("version {version}, {:.0} s after power-on", machine.on_for())))
    })?;
    let certificate = steps.step("it tells the certificate for its updates, and no key", || {
        let told = order(&mut machine, &Order::Certificate)?;
        ensure!(told.ok && told.words.starts_with("-----BEGIN CERTIFICATE-----"), "{}", told.words);
        ensure!(!told.words.contains("PRIVATE"), "the key was told");
        Ok((told.words, String::new()))
    })?;
    steps.step("an update that is encrypted to another box is refused", || {
        let stranger = bench.folder.join("stranger.pem");
        strangers(&stranger)?;
        let made = encrypted(bench, &fs::read_to_string(&stranger)?)?;
        hand(&machine, &made, "other.raucb")?;
        let told = order(&mut machine, &Order::Update("other.raucb"))?;
        ensure!(!told.ok && told.words.contains("OtherBox"), "{}", told.words);
        Ok(((), told.last()))
    })?;
    steps.step("one that is encrypted to this box is read, checked and written, and starts", || {
        let made = encrypted(bench, &certificate)?;
        hand(&machine, &made, "own.raucb")?;
        let told = order(&mut machine, &Order::Update("own.raucb"))?;
        ensure!(told.ok, "{}", told.words);
        machine.wait("the start of the new version", BOOT_LIMIT, |machine| {
            (machine.starts_seen() > 1).then_some(())
        })?;
        let version = comes_up(&mut machine)?;
        ensure!(version != old, "{version} started again");
        Ok(((), format!("{version} runs")))
    })?;
    steps.step("the key has outlived the update", || {
        let told = order(&mut machine, &Order::Certificate)?;
        ensure!(told.words == certificate, "another certificate: {}", told.words);
        Ok(((), String::new()))
    })
}

/// The next version, encrypted to whom a certificate names.
fn encrypted(bench: &Bench, certificate: &str) -> anyhow::Result<std::path::PathBuf> {
    let (to, out) = (bench.folder.join("to.pem"), bench.folder.join("encrypted.raucb"));
    fs::write(&to, certificate)?;
    if out.exists() {
        fs::remove_file(&out)?;
    }
    let keyring = bench.image.folder.join("ours/etc/rauc/keyring.pem");
    let words = [format!("--keyring={}", keyring.display()), format!("--to={}", to.display())];
    let mut rauc = Command::new("rauc");
    ran(rauc.arg("encrypt").args(words).arg(bench.image.update("next.crypt")).arg(&out))?;
    Ok(out)
}

/// The certificate of somebody else.
fn strangers(certificate: &Path) -> anyhow::Result<()> {
    let key = certificate.with_extension("key");
    let words =
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-days", "99"];
    let mut openssl = Command::new("openssl");
    openssl.args(words).args(["-subj", "/CN=another box", "-keyout"]).arg(&key);
    ran(openssl.arg("-out").arg(certificate))
}

fn ran(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("{command:?} cannot be started"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
