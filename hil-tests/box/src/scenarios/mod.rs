//! What is proven on the virtual box, one scenario a file.

pub mod boot;
pub mod commission;
pub mod cut_dialling;
pub mod cut_import;
pub mod first_call;
pub mod first_call_e1;
pub mod foreign_tpm;
pub mod network;
pub mod product;
pub mod recovery;
pub mod tampered;
pub mod usb_installer;
pub mod watchdog;

use crate::client::{Client, Page};
use crate::machine::Machine;
use crate::rig::{Image, Rig};
use crate::steps::Steps;
use crate::told::{Shown, welcome};
use anyhow::Context;
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
        title: "a root with one changed byte, a changed kernel and another command line do not start or get no data",
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

/// An emulated machine that shares its processors: generous.
pub const BOOT_LIMIT: Duration = Duration::from_secs(1_200);
