//! What is proven on the virtual box, one scenario a file.

pub mod boot;
pub mod commission;
pub mod console;
pub mod cut_dialling;
pub mod cut_import;
pub mod erase;
pub mod first_call;
pub mod first_call_e1;
pub mod foreign_tpm;
pub mod network;
pub mod product;
pub mod recovery;
pub mod rollback;
pub mod tampered;
pub mod tunnel;
pub mod update;
pub mod update_cut;
pub mod update_encrypted;
pub mod usb_installer;
pub mod watchdog;
pub mod watched;

use crate::client::{Client, Page};
use crate::hand::{Order, hand, order};
use crate::machine::Machine;
use crate::person::codes_of;
use crate::rig::{Image, Rig};
use crate::steps::Steps;
use crate::told::{Shown, welcome};
use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// What a scenario is given.
#[derive(Debug)]
pub struct Bench {
    /// The hardware.
    pub rig: Rig,
    /// The image: the development variant with the witness in it.
    pub image: Image,
    /// The product variant, where it was built.
    pub product: Option<Image>,
    /// Where its machines lie.
    pub folder: PathBuf,
}

/// A scenario.
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// What it proves.
    pub title: &'static str,
    /// Runs it.
    pub run: fn(&Bench, &mut Steps) -> anyhow::Result<()>,
}

/// All of them.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "boot",
        title: "from power-on to the claim page, claimed from outside, and back after a power cut",
        run: boot::run,
    },
    Scenario {
        name: "tampered",
        title: "a changed root, kernel or command line does not start; a changed or foreign update is not installed",
        run: tampered::run,
    },
    Scenario {
        name: "foreign-tpm",
        title: "the disk in another box stays closed, and the console says why",
        run: foreign_tpm::run,
    },
    Scenario {
        name: "commission",
        title: "a real browser outside commissions the box from its claim code on, and a power cut changes nothing",
        run: commission::run,
    },
    Scenario {
        name: "first-call",
        title: "a campaign over a SIP trunk to SIPp outside the guest: both count the same calls, each is recorded",
        run: first_call::run,
    },
    Scenario {
        name: "first-call-e1",
        title: "a campaign over the spans of a virtual card inside the guest, with an opt-out",
        run: first_call_e1::run,
    },
    Scenario {
        name: "cut-dialling",
        title: "power cuts while it dials: nobody is called twice, nothing acknowledged is lost, it goes on alone",
        run: cut_dialling::run,
    },
    Scenario {
        name: "cut-import",
        title: "power cuts while lists are imported: acknowledged lists are whole, others whole or absent",
        run: cut_import::run,
    },
    Scenario {
        name: "usb-installer",
        title: "a stick starts under Secure Boot, writes the empty disk that somebody names, and that disk is a box",
        run: usb_installer::run,
    },
    Scenario {
        name: "product",
        title: "the variant that is delivered: claimed by console and page, with nothing for developers and no way to log in",
        run: product::run,
    },
    Scenario {
        name: "watchdog",
        title: "a hung process is killed and comes back, and a hung supervisor starts the box again",
        run: watchdog::run,
    },
    Scenario {
        name: "network",
        title: "from the first start on, and after a power cut, the page's port answers and every other is silent",
        run: network::run,
    },
    Scenario {
        name: "recovery",
        title: "five custodians take shares over the page; with another TPM three of them bring the box back at its console",
        run: recovery::run,
    },
    Scenario {
        name: "update",
        title: "a newer version is installed, found good, and keeps data",
        run: update::run,
    },
    Scenario {
        name: "rollback",
        title: "a broken version is given up by itself and says why",
        run: rollback::run,
    },
    Scenario {
        name: "update-cut",
        title: "the power fails at ten points of an update: the box comes back alone, with all it knew",
        run: update_cut::run,
    },
    Scenario {
        name: "console",
        title: "a technician at the serial console: sign-in, every page, diagnostics, restart, and what the auditor reads of it",
        run: console::run,
    },
    Scenario {
        name: "erase",
        title: "a factory reset that several want leaves a blank box, and nothing readable on its disk",
        run: erase::run,
    },
    Scenario {
        name: "update-encrypted",
        title: "an update that is encrypted to the box's own certificate is installed, one for another box is refused",
        run: update_encrypted::run,
    },
    Scenario {
        name: "tunnel",
        title: "IPsec to strongSwan and WireGuard outside the guest: the page passes, far addresses beside them do not",
        run: tunnel::run,
    },
];

/// Waits until the serial console shows fingerprint and claim code.
pub fn console_shows_code(machine: &mut Machine) -> anyhow::Result<Shown> {
    machine.wait("the claim code on the console", BOOT_LIMIT, |machine| welcome(&machine.console()))
}

/// Waits until the page answers over the forwarded port.
pub fn page_answers(machine: &mut Machine, client: &Client, path: &str) -> anyhow::Result<Page> {
    machine.wait("an answer of the page", BOOT_LIMIT, |_| client.get(path).ok())
}

/// Sends the first visit's form.
pub fn claim(client: &Client, page: &Page, code: &str) -> anyhow::Result<Page> {
    let key = "0f".repeat(32);
    let fields = [
        ("claim_code", code),
        ("company", "测试银行 Test Bank"),
        ("zone", "Asia/Shanghai"),
        ("profile", "intl"),
        ("system_name", "System"),
        ("system_login", "system"),
        ("security_name", "Security"),
        ("security_login", "security"),
        ("audit_name", "Audit"),
        ("audit_login", "audit"),
        ("calendar_key", key.as_str()),
    ];
    client.send("/welcome", page, &fields).context("the first visit's form")
}

/// What is known of a box that a company has claimed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Known {
    /// SHA-256 of the page's certificate.
    pub fingerprint: String,
    /// The root it was made with.
    root_hash: String,
}

/// A box of this image, claimed and found good, switched off. It is made once and lies beside the scenarios' folders; each
/// gets a copy.
pub fn claimed(bench: &Bench, steps: &mut Steps) -> anyhow::Result<(Machine, Known)> {
    let place = bench.folder.with_file_name("claimed");
    let note = place.join("known.json");
    let root_hash = bench.image.root_hash()?;
    let kept: Option<Known> = fs::read(&note).ok().and_then(|text| serde_json::from_slice(&text).ok());
    let (from, known) = match kept.filter(|known| known.root_hash == root_hash) {
        Some(known) => (Machine::lying_in(&bench.rig, &bench.image, &place)?, known),
        None => steps.step("a new box is claimed and found good", || {
            let mut machine = Machine::new(&bench.rig, &bench.image, &place)?;
            let client = Client::new(machine.port(), &place);
            machine.power_on()?;
            let shown = console_shows_code(&mut machine)?;
            let page = page_answers(&mut machine, &client, "/welcome")?;
            let done = claim(&client, &page, &shown.claim_code)?;
            ensure!(done.status == 200 && done.body.contains("code-once"), "status {}", done.status);
            found_good(&mut machine)?;
            let good = machine.on_for();
            // What is acknowledged is durable: the power may go now.
            machine.power_cut();
            let known = Known { fingerprint: shown.fingerprint, root_hash };
            fs::write(&note, serde_json::to_string(&known)?)?;
            Ok(((machine, known), format!("{good:.0} s after power-on")))
        })?,
    };
    Ok((from.copy(&bench.folder.join("box"))?, known))
}

/// What the first visit leaves in somebody's hands.
#[derive(Debug)]
pub struct FirstVisit {
    /// The console's claim code, used up.
    pub claim_code: String,
    /// The page's certificate.
    pub fingerprint: String,
    /// The codes to enrol with: of the system, the security and the audit administrator.
    pub codes: [String; 3],
}

/// A blank box becomes a company's: by the console's code, over the page.
pub fn first_visit(machine: &mut Machine, stranger: &Client) -> anyhow::Result<FirstVisit> {
    let told = console_shows_code(machine)?;
    let page = page_answers(machine, stranger, "/welcome")?;
    let claimed = claim(stranger, &page, &told.claim_code)?;
    let codes: Vec<String> = codes_of(&claimed.body).collect();
    let codes =
        codes.try_into().ok().with_context(|| format!("status {}: not three codes", claimed.status))?;
    Ok(FirstVisit { claim_code: told.claim_code, fingerprint: page.fingerprint, codes })
}

/// Waits until this start has come so far that the box can be told something; the version that runs, as the box itself says
/// it (what the console shows is the version of its program).
pub fn comes_up(machine: &mut Machine) -> anyhow::Result<String> {
    machine.wait("the box itself", BOOT_LIMIT, |machine| {
        machine.this_start().contains("hostd connected").then_some(())
    })?;
    for _ in 0..STATUS_LOOKS {
        let told = order(machine, &Order::Status)?;
        let runs = told.words.lines().find(|line| line.ends_with("runs"));
        if let Some(version) = runs.and_then(|line| line.split_whitespace().nth(1)) {
            return Ok(version.to_owned());
        }
    }
    bail!("the box does not say which version runs")
}

/// Waits until this start is found good: systemd has taken the count of tries away.
pub fn found_good(machine: &mut Machine) -> anyhow::Result<()> {
    machine.wait("the mark of a good start", BOOT_LIMIT, |machine| {
        machine.this_start().contains("Finished systemd-bless-boot.service").then_some(())
    })
}

/// One of the image's updates is handed in and ordered, and the box starts again by itself; its last word of the order.
pub fn installs(bench: &Bench, machine: &mut Machine, name: &str) -> anyhow::Result<String> {
    let (file, starts) = (format!("{name}.raucb"), machine.starts_seen());
    hand(machine, &bench.image.update(name), &file)?;
    let told = order(machine, &Order::Update(&file))?;
    ensure!(told.ok, "{}", told.words);
    machine.wait("the start of what was installed", BOOT_LIMIT, |machine| {
        (machine.starts_seen() > starts).then_some(())
    })?;
    Ok(told.last())
}

/// Whether the page is the one the company claimed.
pub fn still_claimed(page: &Page, known: &Known) -> anyhow::Result<()> {
    ensure!(page.status == 303, "status {}: a second first visit", page.status);
    ensure!(page.fingerprint == known.fingerprint, "another certificate");
    Ok(())
}

/// How often a box is asked which version runs, until its helper has told.
const STATUS_LOOKS: usize = 60;

/// An emulated machine that shares its processors: generous.
pub const BOOT_LIMIT: Duration = Duration::from_secs(1_200);
