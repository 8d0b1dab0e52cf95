//! The serial console under watch (AUD-09), as a part of the scenario `console`: a session's recording, read back over the page,
//! is what went over the real serial line both ways; the one that goes on is seen and ended from the page.

use super::Bench;
use crate::machine::Machine;
use crate::person::{Person, between};
use crate::steps::Steps;
use crate::terminal::{TICKET, line, signed_in};
use anyhow::{Context, ensure};
use cast::{Kind, Screen};
use std::time::{Duration, Instant};

/// The newest recording is what was typed since then and what the line carried; nothing of the sign-in is in it.
///
/// # Errors
/// It is not.
pub fn replay(
    bench: &Bench,
    steps: &mut Steps,
    machine: &Machine,
    security: &Person,
    typed_before: usize,
) -> anyhow::Result<()> {
    steps.step(
        "the session's recording is read over the page: every key typed, and all that the line carried",
        || {
            let list = security.client.get(CONSOLES)?;
            ensure!(
                list.body.contains(TICKET),
                "the list knows no session for {TICKET}: status {}",
                list.status
            );
            let one = newest(&list.body).context("no recording is listed")?;
            let recorded = bench.folder.join("session.cast");
            security.client.file(&format!("{CONSOLES}/{one}/cast"), &recorded)?;
            let read = cast::read(&std::fs::read(&recorded)?)?;
            let of = |kind: Kind| -> String {
                read.events
                    .iter()
                    .filter(|event| event.kind == kind)
                    .map(|event| event.text.as_str())
                    .collect()
            };
            let (typed, shown) = (of(Kind::Typed), of(Kind::Shown));
            let sent = machine.typed().get(typed_before..).context("nothing was typed")?;
            ensure!(typed == sent, "typed {sent:?}, recorded {typed:?}");
            ensure!(
                carried(&machine.console(), &shown),
                "what is recorded did not go over the line like this"
            );
            ensure!(shown.contains("Menu  (") && shown.contains("Restart box"), "the pages are not in it");
            let mut screen = Screen::default();
            screen.feed(&shown);
            ensure!(screen.strange() == 0, "{} sequences are strange to the player", screen.strange());
            let told = security.client.get(&format!("{CONSOLES}/{one}"))?;
            ensure!(told.body.contains("data-cast"), "the page plays nothing: status {}", told.status);
            Ok((
                (),
                format!("{} events, {} keys, {} bytes shown", read.events.len(), typed.len(), shown.len()),
            ))
        },
    )
}

/// A session is watched while it goes on, and ended from the page.
///
/// # Errors
/// It is not shown, or goes on.
pub fn cut(
    bench: &Bench,
    steps: &mut Steps,
    machine: &mut Machine,
    (technician, login): (&mut Person, &str),
    security: &Person,
) -> anyhow::Result<()> {
    steps.step("a session is watched while it goes on, and ended from the page within 2 s", || {
        let code = technician.code()?;
        signed_in(machine, login, &code)?;
        line(machine, "2", &["Fingerprint"])?;
        let list = security.client.get(CONSOLES)?;
        let one = newest(&list.body).context("no session is listed")?;
        let path = format!("{CONSOLES}/{one}");
        let mut page = security.client.get(&path)?;
        // A piece of the recording goes every two seconds.
        let until = Instant::now() + Duration::from_secs(20);
        while !page.body.contains("Fingerprint") {
            ensure!(Instant::now() < until, "the page does not show the technician's screen");
            std::thread::sleep(Duration::from_millis(500));
            page = security.client.get(&path)?;
        }
        std::fs::write(bench.folder.join("watched.html"), &page.body)?;
        let (before, asked) = (machine.console().len(), Instant::now());
        let done = security.client.send(&format!("{path}/cut"), &page, &[])?;
        ensure!(done.status == 303, "status {}", done.status);
        machine.wait("the end of the session", Duration::from_secs(30), |machine| {
            machine.console().get(before..)?.contains("The session was ended").then_some(())
        })?;
        let took = asked.elapsed();
        ensure!(took < CUT_LIMIT, "it took {:.1} s", took.as_secs_f64());
        Ok(((), format!("{:.1} s after the button", took.as_secs_f64())))
    })
}

/// Whether the line carried this, in one piece. QEMU notes a byte twice where its socket takes it only the second time.
fn carried(console: &str, shown: &str) -> bool {
    let begin: String = shown.chars().take(BEGIN_CHARS).collect();
    console.match_indices(&begin).any(|(at, _)| {
        let mut line = console.get(at..).unwrap_or_default().chars().peekable();
        let mut before = None;
        shown.chars().all(|wanted| {
            while line.peek() != Some(&wanted) && line.peek().is_some() && line.peek() == before.as_ref() {
                line.next();
            }
            before = line.next();
            before == Some(wanted)
        })
    })
}

/// The number of the newest session in the list.
fn newest(body: &str) -> Option<u64> {
    between(body, "href=\"/consoles/", "\"")?.parse().ok()
}

/// So much of the begin of a recording stands once on the line, or nearly so.
const BEGIN_CHARS: usize = 40;
const CONSOLES: &str = "/consoles";
/// AUD-09: within two seconds. An emulated box answers a form in one of them.
const CUT_LIMIT: Duration = Duration::from_secs(4);

#[cfg(test)]
mod tests {
    use super::carried;

    #[test]
    fn what_went_over_the_line_is_found_though_a_byte_was_noted_twice_and_nothing_else_is() {
        let shown = "== Ringfence 0.1.0  Menu  (1 to 6) ==\r\nspan 2  04:53:19\r\n> ";
        for line in [shown.to_owned(), format!("x{}y", shown.replace("53", "533")), format!("> {shown}")] {
            assert!(carried(&line, shown), "{line}");
        }
        for line in
            [shown.replace("53", "54"), shown.replace("53", "5"), shown[..50].to_owned(), String::new()]
        {
            assert!(!carried(&line, shown), "{line}");
        }
    }
}
