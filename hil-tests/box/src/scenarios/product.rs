//! The product variant, as it is delivered: no witness in it, no journal on the second port. It is seen by its serial
//! console and its page alone, and neither shows a word that only developers would read, nor a way to log in.

use super::{BOOT_LIMIT, Bench, claim, console_shows_code, page_answers};
use crate::client::Client;
use crate::machine::Machine;
use crate::steps::Steps;
use anyhow::{Context, ensure};
use std::time::Duration;

/// Runs it.
pub fn run(bench: &Bench, steps: &mut Steps) -> anyhow::Result<()> {
    let image = bench.product.as_ref().context("no image of the product variant was named (--product)")?;
    let mut machine = Machine::new(&bench.rig, image, &bench.folder)?;
    let client = Client::new(machine.port(), &bench.folder);
    machine.power_on()?;
    let told = steps.step("the product starts and its console shows a claim code", || {
        let told = console_shows_code(&mut machine)?;
        Ok((told, format!("{:.0} s after power-on", machine.on_for())))
    })?;
    let mut seen = String::new();
    steps.step("the page answers from outside with the console's fingerprint, and is claimed", || {
        let page = page_answers(&mut machine, &client, "/welcome")?;
        ensure!(page.status == 200, "status {}", page.status);
        ensure!(page.fingerprint == told.fingerprint, "another certificate: {}", page.fingerprint);
        let at = format!("{:.0} s after power-on", machine.on_for());
        let claimed = claim(&client, &page, &told.claim_code)?;
        ensure!(claimed.status == 200 && claimed.body.contains("code-once"), "status {}", claimed.status);
        seen.push_str(&page.body);
        seen.push_str(&claimed.body);
        Ok(((), at))
    })?;
    steps.step("keys that open a shell elsewhere open none", || {
        for keys in ["\r", "root\r", "\x03", "\x04", "\x1a", "sh\r"] {
            machine.type_on_console(keys)?;
        }
        let before = machine.console().len();
        machine.type_on_console("\r")?;
        machine.wait("an answer of the console", ANSWER_LIMIT, |machine| {
            (machine.console().len() > before).then_some(())
        })?;
        no_shell(&machine.console())?;
        Ok(((), String::new()))
    })?;
    machine.power_cut();
    seen.push_str(&machine.console());
    no_journal(&machine.journal())?;
    machine.power_on()?;
    steps.step("after a power cut it comes back alone: same certificate, claimed for good", || {
        let again = page_answers(&mut machine, &client, "/welcome")?;
        ensure!(again.status == 303, "status {}: a second first visit", again.status);
        ensure!(again.fingerprint == told.fingerprint, "another certificate");
        machine.wait("the console", BOOT_LIMIT, |machine| {
            machine.console().contains("Press Enter").then_some(())
        })?;
        Ok(((), format!("{:.0} s after power-on", machine.on_for())))
    })?;
    seen.push_str(&machine.console());
    steps.step("no word of developers on console or page, nothing on the second port, no witness", || {
        let lower = seen.to_lowercase();
        let word = DEVELOPERS.iter().find(|word| lower.contains(**word));
        ensure!(word.is_none(), "it says {word:?}");
        no_shell(&seen)?;
        no_journal(&machine.journal())?;
        ensure!(machine.told().is_none(), "a witness is in it");
        Ok(((), format!("{} bytes read", seen.len())))
    })
}

fn no_shell(text: &str) -> anyhow::Result<()> {
    let lower = text.to_lowercase();
    let word = SHELLS.iter().find(|word| lower.contains(**word));
    ensure!(word.is_none(), "the console says {word:?}");
    Ok(())
}

/// The firmware and what it starts speak on every serial port; the kernel's stub is the last of them. After it there is
/// nothing on the second.
fn no_journal(text: &str) -> anyhow::Result<()> {
    let own = text.rsplit(STUB).next().filter(|_| text.contains(STUB)).unwrap_or_default();
    let said = own.lines().skip(1).find(|line| !line.trim().is_empty());
    ensure!(said.is_none(), "the second serial port says {said:?}");
    Ok(())
}

/// How each line of the kernel's stub begins.
const STUB: &str = "EFI stub:";
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
/// What only the development variant says.
const DEVELOPERS: &[&str] = &["development", "kaifa", "开发系统", "no customer data"];
/// How a way to log in shows itself. Our own console asks for a login, too, but for none of these.
const SHELLS: &[&str] = &[
    "ringfence login",
    "localhost login",
    "login incorrect",
    "last login",
    "# \r\n",
    "$ \r\n",
    "sh-5",
    "bash",
    "emergency mode",
    "maintenance mode",
];

#[cfg(test)]
mod tests {
    use super::{no_journal, no_shell};

    #[test]
    fn firmware_may_speak_on_the_second_port_and_a_journal_may_not() {
        let firmware = "BdsDxe: starting Boot0001\r\nEFI stub: Loaded initrd\r\nEFI stub: UEFI Secure Boot is enabled.\r\n";
        no_journal("").unwrap();
        no_journal(firmware).unwrap();
        let journal = format!("{firmware}[    5.1] systemd[1]: Reached target basic.target.\n");
        assert!(no_journal(&journal).is_err());
    }

    #[test]
    fn a_way_to_log_in_is_seen() {
        no_shell("Ringfence 0.1.0  Serial console\r\nPress Enter to begin: ").unwrap();
        assert!(no_shell("ringfence login: ").is_err() && no_shell("root@box:~# \r\n").is_err());
    }
}
