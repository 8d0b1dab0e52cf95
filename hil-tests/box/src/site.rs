//! A commissioned virtual box for scenarios that begin with one: commissioned once for an image, by a browser over the
//! page, then copied switched off. Its site has what a site has around a box: a time server, and a carrier once a scenario
//! starts one.

use crate::callee::CARRIER;
use crate::client::Client;
use crate::machine::Machine;
use crate::scenarios::{BOOT_LIMIT, Bench, console_shows_code};
use crate::steps::Steps;
use crate::time_server::TimeServer;
use crate::window::Window;
use anyhow::{Context, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

/// A box that is somebody's.
#[derive(Debug)]
pub struct Site {
    /// The box; switched off.
    pub machine: Machine,
    /// Its page.
    pub window: Window,
    /// The scenario's own folder.
    pub folder: PathBuf,
    client: Client,
    _time: TimeServer,
}

impl Site {
    /// A copy of the commissioned box, which is made first if this image has none yet.
    ///
    /// # Errors
    /// It cannot be commissioned or copied.
    pub fn ready(bench: &Bench, steps: &mut Steps) -> anyhow::Result<Self> {
        let first = shared(bench);
        let stamp = stamp(bench)?;
        if fs::read_to_string(first.join(STAMP)).ok().as_deref() != Some(&stamp) {
            commission(bench, steps)?;
        }
        let machine =
            Machine::lying_in(&bench.rig, &bench.image, &first.join(BOX))?.copy(&bench.folder.join(BOX))?;
        let notes = bench.folder.join(NOTES);
        let copied = Command::new("cp").arg("-r").arg(first.join(NOTES)).arg(&notes).status()?;
        ensure!(copied.success(), "the people's notes cannot be copied");
        Self::around(bench, machine, &notes)
    }

    fn around(bench: &Bench, machine: Machine, notes: &Path) -> anyhow::Result<Self> {
        let window = Window::new(machine.port(), notes, &shots(bench))?;
        let client = Client::new(machine.port(), &bench.folder);
        Ok(Self { machine, window, folder: bench.folder.clone(), client, _time: TimeServer::start()? })
    }

    /// Switches it on and waits until its page answers; seconds since power-on.
    ///
    /// # Errors
    /// It does not start.
    pub fn power_on(&mut self) -> anyhow::Result<f64> {
        self.machine.power_on()?;
        let mut up = 0.0;
        // Emulated processors that are shared begin late and stumble: its processes are up when they stay up.
        for _ in 0..STEADY {
            self.machine.wait("a page that stays", BOOT_LIMIT, |machine| {
                up = machine.on_for();
                self.client.get("/sign-in").ok().filter(|page| page.status == 200)
            })?;
            std::thread::sleep(BETWEEN);
        }
        Ok(up)
    }
}

/// Commissions a new box and keeps it for those who begin with one.
///
/// # Errors
/// It does not start, or a step over the page fails.
pub fn commission(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let first = shared(bench);
    if first.exists() {
        fs::remove_dir_all(&first).with_context(|| first.display().to_string())?;
    }
    fs::create_dir_all(&bench.folder)?;
    let machine = Machine::new(&bench.rig, &bench.image, &first.join(BOX))?;
    let mut site = Site::around(bench, machine, &first.join(NOTES))?;
    site.machine.power_on()?;
    let told = steps.step("the blank box shows fingerprint and claim code on its console", || {
        Ok((console_shows_code(&mut site.machine)?, format!("{:.0} s after power-on", site.machine.on_for())))
    })?;
    steps.step("it is commissioned over its page by Chromium outside the guest", || {
        let more = [
            ("RINGFENCE_FINGERPRINT", told.fingerprint.clone()),
            ("RINGFENCE_CLAIM_CODE", told.claim_code.clone()),
            ("RINGFENCE_CARRIER", CARRIER.to_owned()),
        ];
        site.window.run(&mut site.machine, "virtual-commission.test.js", &(), &more, COMMISSION_LIMIT)?;
        Ok((
            (),
            format!("{:.0} s after power-on; pictures in {}", site.machine.on_for(), shots(bench).display()),
        ))
    })?;
    site.machine.power_cut();
    fs::write(first.join(STAMP), stamp(bench)?).context("the commissioned box's stamp")
}

/// Where the commissioned box lies, beside the scenarios' own.
fn shared(bench: &Bench) -> PathBuf {
    bench.folder.with_file_name("commissioned")
}

/// Pictures of the page, kept when the scenario passed.
fn shots(bench: &Bench) -> PathBuf {
    let name = bench.folder.file_name().unwrap_or_default();
    bench.folder.with_file_name("pictures").join(name)
}

/// Which image this is: a box of another one is not taken.
fn stamp(bench: &Bench) -> anyhow::Result<String> {
    let disk = fs::metadata(bench.image.disk())?;
    let built = disk.modified()?.duration_since(UNIX_EPOCH)?;
    Ok(format!("{} {}", disk.len(), built.as_nanos()))
}

/// Answers in a row, and the time between them.
const STEADY: usize = 3;
const BETWEEN: Duration = Duration::from_secs(3);
const BOX: &str = "box";
const NOTES: &str = "notes";
const STAMP: &str = "stamp";
const COMMISSION_LIMIT: Duration = BOOT_LIMIT;
