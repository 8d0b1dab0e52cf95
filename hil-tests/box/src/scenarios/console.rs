//! The serial console driven over the real serial line by a program: a terminal that answers nothing gets plain lines; a
//! technician signs in for a ticket, looks at every page, has a diagnostics bundle made in which nobody's number, name or key
//! stands, is thrown out after five idle minutes, is watched and cut off from the page, restarts the box; who fails too often
//! is not listened to; and the auditor reads all of it.

use super::{Bench, FirstVisit, first_visit, page_answers, watched};
use crate::client::Client;
use crate::machine::Machine;
use crate::person::{Person, between, codes_of};
use crate::steps::Steps;
use crate::terminal::{TICKET, begin, line, sign_in, signed_in};
use anyhow::{Context, ensure};
use std::fs;
use std::time::Duration;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let mut machine = Machine::new(&bench.rig, &bench.image, &bench.folder)?;
    machine.power_on()?;
    let (mut staff, secrets) = commission(bench, steps, &mut machine)?;
    steps.step("a terminal that answers nothing gets a menu of plain ASCII lines", || {
        Ok(((), begin(&mut machine)?.lines().count().to_string() + " lines"))
    })?;
    steps.step("without a ticket, or with a wrong password, nobody is let in", || {
        line(&mut machine, "s", &["Ticket number: "])?;
        line(&mut machine, "x", &["A ticket number has", "Ticket number: "])?;
        machine.type_on_console("\u{3}")?;
        sign_in(&mut machine, NUMBER, "not the password", "000000", &["is wrong", "Sign in"])?;
        Ok(((), String::new()))
    })?;
    let [system, security, technician, audit] = &mut staff;
    let typed_before = pages(steps, &mut machine, technician)?;
    diagnostics(bench, steps, &mut machine, system, &secrets)?;
    steps.step("a reset is not ordered by who does not type which box it is", || {
        line(&mut machine, "f", &["Device number", "custodians"])?;
        line(&mut machine, "0000-0000", &["nothing was ordered"])?;
        line(&mut machine, "", &["Restart box"])?;
        Ok(((), String::new()))
    })?;
    steps.step("systemd and the kernel write nothing on the port while the console has it", || {
        let console = machine.console();
        let (_, since) = console.split_once("== Ringfence").context("no console")?;
        let word = STRANGERS.iter().find(|word| since.contains(**word));
        ensure!(word.is_none(), "{} stands on the technician's port", word.unwrap_or(&""));
        Ok(((), String::new()))
    })?;
    idle(steps, &mut machine)?;
    watched::replay(bench, steps, &machine, security, typed_before)?;
    watched::cut(bench, steps, &mut machine, (&mut *technician, LOGIN), security)?;
    restart(steps, &mut machine, technician)?;
    refusals(steps, &mut machine, technician)?;
    told(steps, &mut machine, audit)
}

/// The first visit, the administrators' enrolment, and a technician made over the page. System and security
/// administrator, technician, auditor; and what must stand in no bundle.
fn commission(
    bench: &Bench,
    steps: &mut Steps,
    machine: &mut Machine,
) -> anyhow::Result<([Person; 4], Vec<String>)> {
    let stranger = Client::new(machine.port(), &bench.folder);
    let port = machine.port();
    steps.step("the box becomes a company's, and a technician is made over the page", || {
        let FirstVisit { claim_code, codes, .. } = first_visit(machine, &stranger)?;
        let system = Person::enrol(port, &bench.folder, "system", &codes[0])?;
        let mut security = Person::enrol(port, &bench.folder, "security", &codes[1])?;
        let audit = Person::enrol(port, &bench.folder, "audit", &codes[2])?;
        security.sign_in()?;
        let fields = [("name", NAME), ("login", LOGIN), ("role", "Technician"), ("department", "")];
        let made = security.fill("/accounts/new", "/accounts", &fields)?;
        let code = codes_of(&made.body).next().with_context(|| format!("status {}", made.status))?;
        let technician = Person::enrol(port, &bench.folder, LOGIN, &code)?;
        let mut secrets = Vec::from(codes);
        secrets.extend([claim_code, code, NAME.to_owned(), NUMBER.to_owned(), "Test Bank".to_owned()]);
        Ok((
            ([system, security, technician, audit], secrets),
            format!("{:.0} s after power-on", machine.on_for()),
        ))
    })
}

/// Signs in and looks at every page. How much was typed before the session began.
fn pages(steps: &mut Steps, machine: &mut Machine, technician: &mut Person) -> anyhow::Result<usize> {
    let typed_before =
        steps.step("the technician signs in for a ticket, with password and one-time code", || {
            let code = technician.code()?;
            signed_in(machine, LOGIN, &code)?;
            Ok((machine.typed().len(), String::new()))
        })?;
    steps.step("status, network, time, cards and spans, trunks, the box and its systems", || {
        for (key, shows) in [
            ("1", &["vaultd", "ready", "Ledger", "entries"][..]),
            ("2", &["https://", "Fingerprint"]),
            ("3", &["Asia/Shanghai", "Clock"]),
            ("5", &["Trunks", "no trunk"]),
        ] {
            line(machine, key, shows)?;
            line(machine, "x", &["Menu  ("])?;
        }
        line(machine, "6", &["System A", "runs", "Secure Boot is on", "sealed to this TPM"])?;
        line(machine, "x", &["Menu  ("])?;
        Ok(((), String::new()))
    })?;
    steps.step(
        "the cards' spans: a trace is begun and ended, and a box without a handset says so",
        || {
            line(machine, "4", &["Span number", "virtual card, port 1"])?;
            line(machine, "1", &["Start trace", "Handset"])?;
            line(machine, "s", &["Done: Start trace"])?;
            line(machine, "p", &["Done: Stop trace"])?;
            line(machine, "a", &["Timeslot 1-31"])?;
            line(machine, "7", &["Listen"])?;
            line(machine, "1", &["has no handset"])?;
            line(machine, "x", &["Span number"])?;
            line(machine, "", &["Menu  ("])?;
            line(machine, "6", &["Restart box"])?;
            Ok(((), String::new()))
        },
    )?;
    Ok(typed_before)
}

/// From the page of the box: makes a bundle, which is fetched over the page and searched.
fn diagnostics(
    bench: &Bench,
    steps: &mut Steps,
    machine: &mut Machine,
    system: &mut Person,
    secrets: &[String],
) -> anyhow::Result<()> {
    steps.step("a diagnostics bundle is ordered and made", || {
        line(machine, "d", &["Sure?"])?;
        line(machine, "y", &["Done: Diagnostics"])?;
        for _ in 0..MAX_LOOKS {
            if line(machine, "v", &["Restart box"])?.lines().any(is_made) {
                return Ok(((), String::new()));
            }
        }
        anyhow::bail!("none was made")
    })?;
    steps.step("it is fetched over the page; no number, name or key is in it", || {
        system.sign_in()?;
        let page = system.client.get(BUNDLES)?;
        let bundle = between(&page.body, "name=\"bundle\" value=\"", "\"").context("no bundle is offered")?;
        let to = bench.folder.join("diagnostics.tar");
        system.client.fetch(BUNDLES, &page, &[("bundle", bundle)], &to)?;
        let bytes = fs::read(&to)?;
        let text = String::from_utf8_lossy(&bytes);
        ensure!(
            text.contains("vaultd.service") && text.contains("consoled"),
            "it says nothing of the processes"
        );
        let known = secrets.iter().position(|secret| text.contains(secret.as_str()));
        ensure!(known.is_none(), "secret {known:?} stands in the bundle");
        Ok(((), format!("{} KiB", bytes.len() / 1024)))
    })
}

fn is_made(line: &str) -> bool {
    line.starts_with("History") && line.contains("Diagnostics")
}

fn idle(steps: &mut Steps, machine: &mut Machine) -> anyhow::Result<()> {
    steps.step("five minutes without a key close the console", || {
        let before = machine.console().len();
        let begun = machine.on_for();
        machine.wait("the end of the session", IDLE_LIMIT, |machine| {
            machine.console().get(before..)?.contains("Nothing was typed for 5 minutes").then_some(())
        })?;
        Ok(((), format!("after {:.0} s", machine.on_for() - begun)))
    })
}

fn restart(steps: &mut Steps, machine: &mut Machine, technician: &mut Person) -> anyhow::Result<()> {
    steps.step("the technician restarts the box, which says so, goes and comes back", || {
        let code = technician.code()?;
        signed_in(machine, LOGIN, &code)?;
        line(machine, "6", &["Restart box"])?;
        line(machine, "r", &["Sure?"])?;
        line(machine, "y", &["Done: Restart box"])?;
        machine.wait_for_end(GONE_LIMIT)?;
        machine.power_on()?;
        machine.wait("the console", super::BOOT_LIMIT, |machine| {
            machine.console().contains("Company").then_some(())
        })?;
        Ok(((), format!("{:.0} s after it started again", machine.on_for())))
    })
}

fn refusals(steps: &mut Steps, machine: &mut Machine, technician: &mut Person) -> anyhow::Result<()> {
    steps.step("after five failures nobody is let in at the console, not even with both factors", || {
        begin(machine)?;
        for _ in 0..5 {
            sign_in(machine, LOGIN, "not the password", "000000", &["! ", "Sign in"])?;
        }
        let code = technician.code()?;
        sign_in(machine, LOGIN, crate::person::PASSWORD, &code, &["Too many attempts"])?;
        Ok(((), String::new()))
    })
}

/// The auditor reads back what was done, each with the ticket's number.
fn told(steps: &mut Steps, machine: &mut Machine, audit: &mut Person) -> anyhow::Result<()> {
    steps.step("every action is an entry of the ledger that the auditor reads, with the ticket", || {
        let stranger = &audit.client;
        page_answers(machine, stranger, "/sign-in")?;
        audit.sign_in()?;
        let mut all = String::new();
        let mut next = Some("/ledger".to_owned());
        for _ in 0..MAX_PAGES {
            let Some(path) = next.take() else { break };
            let page = audit.client.get(&path)?;
            ensure!(page.status == 200, "{path}: status {}", page.status);
            next = older(&page.body);
            all.push_str(&page.body);
        }
        for wanted in ["ConsoleOpened", "ConsoleUsed", "SignInTried", "SessionEnded"] {
            ensure!(all.contains(wanted), "no {wanted} is told");
        }
        for what in ["Overview", "Spans", "BoxLook", "StartTrace", "Handset", "diagnostics", "restart"] {
            ensure!(all.contains(what), "no entry tells of {what}");
        }
        let with_ticket = all.matches(TICKET).count();
        ensure!(with_ticket >= FEWEST_ENTRIES, "{with_ticket} entries with the ticket");
        Ok(((), format!("{with_ticket} entries with the ticket")))
    })
}

/// The link to older entries.
fn older(body: &str) -> Option<String> {
    let links = body.split("href=\"/ledger?").skip(1).filter_map(|rest| rest.split('"').next());
    let link = links.filter(|link| link.contains("before=")).last()?;
    Some(format!("/ledger?{}", link.replace("&amp;", "&").replace("&#38;", "&")))
}

const BUNDLES: &str = "/settings/box/diagnostics";
const LOGIN: &str = "zhao.tiezhu";
const NAME: &str = "赵铁柱";
/// Somebody types a telephone number where a login is asked for.
const NUMBER: &str = "13912345678";
/// Words of systemd and of the kernel.
const STRANGERS: &[&str] = &["FAILED]", "DEPEND]", "systemd[1]", "[  OK  ]"];
const MAX_LOOKS: usize = 60;
const MAX_PAGES: usize = 12;
const FEWEST_ENTRIES: usize = 8;
const IDLE_LIMIT: Duration = Duration::from_secs(330);
const GONE_LIMIT: Duration = Duration::from_secs(180);
