//! The figures of a run and whether they add up: those of the box, and those of the far sides of its lines.

use super::client::Vault;
use super::far::{FarSides, Seen};
use anyhow::bail;
use idl::admin::{Admin, Answer, Figures};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The figures at the end.
#[derive(Debug)]
pub struct Summary {
    figures: Figures,
    ledger_entries: u64,
    ledger_ok: bool,
    far: Option<Far>,
}

/// What the far sides say of this run.
#[derive(Debug)]
struct Far {
    /// Whether the carrier is simulated, and whether the exchange is.
    which: (bool, bool),
    seen: Seen,
    /// Calls the box placed since the far sides began to count.
    placed: u64,
    /// Of those, how many may never have reached a line.
    unsent: u64,
}

impl Summary {
    /// Asks for the figures and has the ledger verified.
    pub async fn take(vault: &mut Vault) -> anyhow::Result<Self> {
        let auditor = vault
            .status()
            .await?
            .persons
            .iter()
            .find(|(_, role)| *role == idl::admin::Role::AuditAdmin)
            .map(|(id, _)| *id);
        let Some(auditor) = auditor else {
            return Ok(Self { figures: Figures::default(), ledger_entries: 0, ledger_ok: true, far: None });
        };
        let figures = vault.figures(Some(auditor)).await?;
        match vault.read(Some(auditor), || Admin::VerifyLedger).await? {
            Answer::Ledger { entries, ok, fault } => {
                if !ok {
                    eprintln!("the ledger is not whole: {fault}");
                }
                Ok(Self { figures, ledger_entries: entries, ledger_ok: ok, far: None })
            }
            _ => bail!("vaultd answers a verification with something else"),
        }
    }

    /// Adds what the far sides saw; `before` are the box's figures of earlier runs.
    pub async fn with_far_sides(mut self, mut sides: FarSides, before: &Figures) -> Self {
        let placed = self.figures.placed.saturating_sub(before.placed);
        let unsent = unsent(&self.figures).saturating_sub(unsent(before));
        let begun = Instant::now();
        let mut seen = sides.look();
        // The journals are written a little behind.
        while seen.numbers + unsent < placed && begun.elapsed() < JOURNALS {
            tokio::time::sleep(JOURNALS / 16).await;
            seen = sides.look();
        }
        self.far = Some(Far { which: sides.which(), seen, placed, unsent });
        self
    }

    /// Every verdict is a refusal or a call; every call was answered or failed; every answered call has a
    /// verified recording or a reason.
    pub fn adds_up(&self) -> bool {
        let figures = &self.figures;
        let sum = |counts: &[(String, u64)]| counts.iter().map(|(_, count)| count).sum::<u64>();
        let mut rows = vec![
            ("offered = refused + placed", figures.offered == sum(&figures.refused) + figures.placed),
            ("placed = answered + failed", figures.placed == figures.answered + sum(&figures.failed)),
            ("no call is open", figures.open == 0),
            (
                "answered = verified + unrecorded",
                figures.answered == figures.recordings_verified + sum(&figures.unrecorded),
            ),
            ("every recording is verified", figures.recordings == figures.recordings_verified),
            ("the ledger is whole", self.ledger_ok),
        ];
        if let Some(far) = &self.far {
            rows.extend(far.rows());
        }
        for (rule, _) in rows.iter().filter(|(_, holds)| !holds) {
            eprintln!("does not hold: {rule}");
        }
        rows.iter().all(|(_, holds)| *holds)
    }

    /// Prints the figures; as one JSON line if asked.
    #[expect(clippy::print_stdout, reason = "the figures are the command's output")]
    pub fn show(&self, json: bool) -> anyhow::Result<()> {
        let figures = &self.figures;
        let map = |counts: &[(String, u64)]| counts.iter().cloned().collect::<BTreeMap<String, u64>>();
        if json {
            let mut object = serde_json::json!({
                "offered": figures.offered,
                "refused": map(&figures.refused),
                "placed": figures.placed,
                "answered": figures.answered,
                "opted_out": figures.opted_out,
                "failed": map(&figures.failed),
                "recordings": figures.recordings,
                "recordings_verified": figures.recordings_verified,
                "unrecorded": map(&figures.unrecorded),
                "ledger_entries": self.ledger_entries,
                "ledger_ok": self.ledger_ok,
            });
            if let Some(far) = &self.far {
                object["far_sides"] = serde_json::to_value(far.seen)?;
            }
            println!("{object}");
            return Ok(());
        }
        println!(
            "offered {}, placed {}, answered {}, opted out {}",
            figures.offered, figures.placed, figures.answered, figures.opted_out
        );
        println!("refused {:?}", map(&figures.refused));
        println!("failed {:?}", map(&figures.failed));
        println!(
            "recordings {} ({} verified), unrecorded {:?}",
            figures.recordings,
            figures.recordings_verified,
            map(&figures.unrecorded)
        );
        println!(
            "ledger {} entries, {}",
            self.ledger_entries,
            if self.ledger_ok { "whole" } else { "NOT WHOLE" }
        );
        if let Some(Far { seen, .. }) = &self.far {
            println!(
                "far sides: {} calls by SIP, {} over E1, {} different numbers, called twice {}",
                seen.sip_calls, seen.e1_calls, seen.numbers, seen.called_twice
            );
        }
        Ok(())
    }
}

impl Far {
    /// What must hold between the box's figures and what the far sides saw.
    fn rows(&self) -> Vec<(&'static str, bool)> {
        let Self { which, seen, placed, unsent } = self;
        let mut rows = vec![("nobody was called twice", seen.called_twice == 0)];
        if which.0 {
            rows.push(("no number was called without a placed call", seen.numbers <= *placed));
            rows.push(("every placed call reached a line", seen.numbers + unsent >= *placed));
        }
        if *which == (true, true) && *placed >= FEW {
            rows.push(("calls went by SIP and over E1", seen.sip_calls > 0 && seen.e1_calls > 0));
        }
        rows
    }
}

/// Calls that ended before a line was asked, or of which that is not known.
fn unsent(figures: &Figures) -> u64 {
    let may = |name: &str| ["no_line", "ticket_expired", "stopped", "lost", "no_recording"].contains(&name);
    figures.failed.iter().filter(|(name, _)| may(name)).map(|(_, count)| count).sum()
}

/// So long the far sides' journals may be behind.
const JOURNALS: Duration = Duration::from_secs(4);
/// With fewer calls one line may have taken all of them.
const FEW: u64 = 20;
