//! Recovery by custodians: five persons take their shares over the page, the box gets another TPM, the serial console asks
//! for three shares and takes no wrong one, and the box comes back with its data and asks nobody any more.

use super::{BOOT_LIMIT, Bench, FirstVisit, first_visit, page_answers};
use crate::client::Client;
use crate::machine::Machine;
use crate::person::{Person, between, codes_of};
use crate::steps::Steps;
use anyhow::{Context, ensure};
use std::time::Duration;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let mut machine = Machine::new(&bench.rig, &bench.image, &bench.folder)?;
    machine.power_on()?;
    let (mut people, fingerprint) = commission(bench, steps, &mut machine)?;
    let shares = take_shares(steps, &mut machine, &mut people)?;
    machine.power_cut();
    machine.change_tpm()?;
    machine.power_on()?;
    ask_on_console(steps, &mut machine, &shares)?;
    let stranger = Client::new(machine.port(), &bench.folder);
    steps.step("the box comes up with its data and its certificate", || {
        let page = page_answers(&mut machine, &stranger, "/sign-in")?;
        ensure!(page.status == 200, "status {}", page.status);
        ensure!(page.fingerprint == fingerprint, "another certificate");
        Ok(((), format!("{:.0} s after power-on", machine.on_for())))
    })?;
    let security = people.first_mut().context("nobody")?;
    steps.step(
        "who is known signs in, and the page shows the recovery and that the shares open the disk",
        || {
            security.sign_in()?;
            let shown = wait_for_page(&mut machine, security, OPENS)?;
            ensure!(shown.contains("timeline"), "no recovery is shown");
            Ok(((), String::new()))
        },
    )?;
    machine.power_cut();
    machine.power_on()?;
    steps.step("the next start needs nobody", || {
        let page = page_answers(&mut machine, &stranger, "/sign-in")?;
        ensure!(page.status == 200 && page.fingerprint == fingerprint, "status {}", page.status);
        ensure!(!machine.console().contains(ASKED), "the console asked for shares");
        Ok(((), format!("{:.0} s after power-on", machine.on_for())))
    })
}

/// The first visit, and five persons who are signed in; the security administrator first.
fn commission(
    bench: &Bench,
    steps: &mut Steps,
    machine: &mut Machine,
) -> anyhow::Result<(Vec<Person>, String)> {
    let stranger = Client::new(machine.port(), &bench.folder);
    let port = machine.port();
    let (codes, fingerprint) = steps.step("the box becomes a company's", || {
        let FirstVisit { codes, fingerprint, .. } = first_visit(machine, &stranger)?;
        Ok(((codes, fingerprint), format!("{:.0} s after power-on", machine.on_for())))
    })?;
    let people = steps.step("five persons enrol and sign in, each in their own session", || {
        let mut security = Person::enrol(port, &bench.folder, "security", &codes[1])?;
        let mut audit = Person::enrol(port, &bench.folder, "audit", &codes[2])?;
        security.sign_in()?;
        audit.sign_in()?;
        let mut people = vec![security, audit];
        for login in ["keeper.one", "keeper.two", "keeper.three"] {
            let fields = [("name", login), ("login", login), ("role", "Qa"), ("department", "")];
            let made = people[0].fill("/accounts/new", "/accounts", &fields)?;
            let code = codes_of(&made.body).next().with_context(|| format!("status {}", made.status))?;
            let mut person = Person::enrol(port, &bench.folder, login, &code)?;
            person.sign_in()?;
            people.push(person);
        }
        Ok((people, String::new()))
    })?;
    Ok((people, fingerprint))
}

/// Five are named, five take their shares, and the set comes into force with the disk's header.
fn take_shares(
    steps: &mut Steps,
    machine: &mut Machine,
    people: &mut [Person],
) -> anyhow::Result<Vec<String>> {
    steps.step("without custodians the page says that nothing could be recovered", || {
        let shown = people[0].client.get(PAGE)?;
        ensure!(shown.status == 200, "status {}", shown.status);
        ensure!(NONE.iter().any(|words| shown.body.contains(words)), "it does not say so");
        Ok(((), String::new()))
    })?;
    let shares = steps.step("the security administrator names five, and each takes a share once", || {
        let shown = people[0].client.get(PAGE)?;
        let select = between(&shown.body, "<select", "</select>").context("nobody can be named")?;
        let values = select.split("<option").filter_map(|one| between(one, "value=\"", "\""));
        let ids: Vec<&str> = values.filter(|value| !value.is_empty()).collect();
        ensure!(ids.len() == 5, "{} can be named", ids.len());
        let names: Vec<String> = (1..=5).map(|at| format!("custodian{at}")).collect();
        let fields: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(ids).collect();
        let named = people[0].client.send(PAGE, &shown, &fields)?;
        ensure!(named.status == 303, "status {}", named.status);
        let mut shares = Vec::new();
        for person in people.iter() {
            let page = person.fill(PAGE, TAKE, &[])?;
            let lines = page.body.split("<p class=\"mono strong\">").skip(1);
            let lines: Vec<&str> = lines.filter_map(|rest| rest.split('<').next()).collect();
            ensure!(lines.len() == 4, "status {}: {} lines of a share", page.status, lines.len());
            shares.push(lines.join(" "));
        }
        let again = people[4].fill("/me", TAKE, &[])?;
        ensure!(again.status == 303, "a second look: status {}", again.status);
        Ok((shares, String::new()))
    })?;
    steps.step("the set is in force, and the header of the disk has it", || {
        wait_for_page(machine, &people[0], OPENS)?;
        Ok(((), String::new()))
    })?;
    Ok(shares)
}

/// The console asks; wrong shares are refused with their reason; three right ones are taken.
fn ask_on_console(steps: &mut Steps, machine: &mut Machine, shares: &[String]) -> anyhow::Result<()> {
    let shows = |machine: &mut Machine, words: &str| {
        machine.wait(words, BOOT_LIMIT, |machine| machine.console().contains(words).then_some(()))
    };
    steps.step("with another TPM the serial console asks for three shares", || {
        shows(machine, ASKED)?;
        Ok(((), format!("{:.0} s after power-on", machine.on_for())))
    })?;
    steps.step(
        "two shares and a wrong one open nothing, and the wrong one is told with its reason",
        || {
            machine.type_on_console(&format!("{}\r", shares[0]))?;
            shows(machine, "Share 2 of 3")?;
            machine.type_on_console(&format!("{}\r", shares[0]))?;
            shows(machine, "was given already")?;
            machine.type_on_console(&format!("{}\r", shares[3]))?;
            shows(machine, "Share 3 of 3")?;
            let (rest, last) = shares[1].split_at(shares[1].len() - 1);
            let other = if last == "0" { "1" } else { "0" };
            machine.type_on_console(&format!("{rest}{other}\r"))?;
            shows(machine, "mistyped")?;
            ensure!(!machine.console().contains("shares are right"), "it opened all the same");
            Ok(((), String::new()))
        },
    )?;
    steps.step("the third right share opens the disk, which is sealed to the new TPM", || {
        machine.type_on_console(&format!("{}\r", shares[1]))?;
        shows(machine, "shares are right")?;
        shows(machine, "sealed to the TPM of this box")?;
        shows(machine, "The box goes on")?;
        let told = machine.journal();
        let typed = shares.iter().flat_map(|share| share.split(' ')).find(|group| told.contains(*group));
        ensure!(typed.is_none(), "a part of a share is in the journal");
        Ok(((), format!("{:.0} s after power-on", machine.on_for())))
    })
}

fn wait_for_page(machine: &mut Machine, person: &Person, words: &[&str]) -> anyhow::Result<String> {
    machine.wait("the page of the custodians", PAGE_LIMIT, |_| {
        let page = person.client.get(PAGE).ok()?;
        words.iter().any(|words| page.body.contains(words)).then_some(page.body)
    })
}

const PAGE: &str = "/settings/custody";
const TAKE: &str = "/settings/custody/take";
const ASKED: &str = "Share 1 of 3";
const NONE: &[&str] = &["There are no custodians", "尚无保管人"];
const OPENS: &[&str] = &["Three shares open it", "三份份额可打开"];
const PAGE_LIMIT: Duration = Duration::from_secs(120);
