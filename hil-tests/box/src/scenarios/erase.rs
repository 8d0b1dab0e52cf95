//! Factory reset by crypto-erase (RET-05): ordered at the serial console by a technician, wanted by both administrators, each
//! signed in; the box destroys its keys and starts blank with another claim code, and of what it knew nothing can be read on
//! its disk, nor opened with a copy of the old header.

use super::{Bench, FirstVisit, console_shows_code, first_visit, page_answers};
use crate::client::Client;
use crate::luks::{found_on, header};
use crate::machine::Machine;
use crate::person::{Person, between, codes_of};
use crate::steps::Steps;
use crate::terminal::{begin, line, signed_in};
use anyhow::{Context, ensure};
use std::time::Duration;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let mut machine = Machine::new(&bench.rig, &bench.image, &bench.folder)?;
    machine.power_on()?;
    let (first_code, [mut system, mut security, mut technician]) = commission(bench, steps, &mut machine)?;
    let before = header(&machine.disk())?;
    ensure!(before.slots > 0 && !before.storage_key.is_empty(), "the data is not sealed: {before:?}");
    steps.step("a technician orders the reset, typing which box it is", || {
        begin(&mut machine)?;
        let code = technician.code()?;
        signed_in(&mut machine, TECHNICIAN, &code)?;
        line(&mut machine, "6", &["Factory reset"])?;
        let shown = line(&mut machine, "f", &["Device number"])?;
        let number =
            shown.lines().find_map(|line| line.strip_prefix("Device number")).context("no number")?;
        line(&mut machine, number.trim(), &["Done: Factory reset", "others must agree"])?;
        Ok(((), String::new()))
    })?;
    steps.step("one administrator's will is not enough, both administrators' is", || {
        system.sign_in()?;
        agree(&system)?;
        ensure!(header(&machine.disk())?.slots > 0, "one was enough");
        agree(&security).or_else(|_| {
            security.sign_in()?;
            agree(&security)
        })?;
        machine.wait_for_end(GONE_LIMIT)?;
        Ok(((), String::new()))
    })?;
    steps.step("on the disk of the box that is off no key slot is left", || {
        let erased = header(&machine.disk())?;
        ensure!(erased.slots == 0, "{} key slots", erased.slots);
        Ok(((), String::new()))
    })?;
    steps.step("the box starts as a blank one, with another claim code", || {
        machine.power_on()?;
        let told = console_shows_code(&mut machine)?;
        ensure!(told.claim_code != first_code, "the same claim code");
        let stranger = Client::new(machine.port(), &bench.folder);
        let page = page_answers(&mut machine, &stranger, "/welcome")?;
        ensure!(page.status == 200, "status {}", page.status);
        Ok(((), format!("{:.0} s after power-on", machine.on_for())))
    })?;
    machine.power_cut();
    steps.step("other keys, under a TPM with other seeds: a copy of the old header opens nothing", || {
        let after = header(&machine.disk())?;
        ensure!(after.slots > 0, "the new data is not sealed");
        ensure!(after.digest != before.digest, "the same master key");
        ensure!(after.storage_key != before.storage_key, "the TPM has the same seeds");
        Ok(((), String::new()))
    })?;
    steps.step("nothing of what it knew stands anywhere on the disk", || {
        let disk = machine.disk();
        let control = found_on(&disk, &["ringfence"])?;
        ensure!(!control.is_empty(), "the search finds nothing at all");
        let found = found_on(&disk, &[NAME, COMPANY, KNOWN, TECHNICIAN])?;
        ensure!(found.is_empty(), "{found:?} can be read");
        Ok(((), String::new()))
    })
}

/// A company's box with people in it: the first claim code; system and security administrator, technician.
fn commission(
    bench: &Bench,
    steps: &mut Steps,
    machine: &mut Machine,
) -> anyhow::Result<(String, [Person; 3])> {
    let stranger = Client::new(machine.port(), &bench.folder);
    let port = machine.port();
    steps.step("the box becomes a company's, with people in it", || {
        let FirstVisit { claim_code, codes, .. } = first_visit(machine, &stranger)?;
        let system = Person::enrol(port, &bench.folder, "system", &codes[0])?;
        let mut security = Person::enrol(port, &bench.folder, "security", &codes[1])?;
        security.sign_in()?;
        let mut technician = None;
        for (name, login, role) in [(NAME, TECHNICIAN, "Technician"), (NAME, KNOWN, "Qa")] {
            let fields = [("name", name), ("login", login), ("role", role), ("department", "")];
            let made = security.fill("/accounts/new", "/accounts", &fields)?;
            let code = codes_of(&made.body).next().with_context(|| format!("status {}", made.status))?;
            if technician.is_none() {
                technician = Some(Person::enrol(port, &bench.folder, login, &code)?);
            }
        }
        let technician = technician.context("no technician")?;
        Ok(((claim_code, [system, security, technician]), String::new()))
    })
}

/// Agrees to the order that waits.
fn agree(person: &Person) -> anyhow::Result<()> {
    let page = person.client.get("/settings/box")?;
    let order =
        between(&page.body, "/settings/box/order/agree-", "\"").context("nothing can be agreed to")?;
    let path = format!("/settings/box/order/agree-{order}");
    let done = person.fill(&path, &path, &[("word", WORD)])?;
    ensure!(done.status == 303, "status {}", done.status);
    Ok(())
}

/// What is typed at the page where something is destroyed.
const WORD: &str = "恢复出厂";
const COMPANY: &str = "测试银行 Test Bank";
const NAME: &str = "欧阳Quartermain慕容";
const TECHNICIAN: &str = "quartermain.7qx";
const KNOWN: &str = "zebulon.9wv";
const GONE_LIMIT: Duration = Duration::from_secs(240);
