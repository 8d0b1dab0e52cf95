//! The figures of a run and whether they add up.

use super::client::Vault;
use anyhow::bail;
use idl::admin::{Admin, Answer, Figures};
use std::collections::BTreeMap;

/// The figures at the end.
#[derive(Debug)]
pub struct Summary {
    figures: Figures,
    ledger_entries: u64,
    ledger_ok: bool,
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
            return Ok(Self { figures: Figures::default(), ledger_entries: 0, ledger_ok: true });
        };
        let figures = vault.figures(Some(auditor)).await?;
        match vault.read(Some(auditor), || Admin::VerifyLedger).await? {
            Answer::Ledger { entries, ok, fault } => {
                if !ok {
                    eprintln!("the ledger is not whole: {fault}");
                }
                Ok(Self { figures, ledger_entries: entries, ledger_ok: ok })
            }
            _ => bail!("vaultd answers a verification with something else"),
        }
    }

    /// Every verdict is a refusal or a call; every call was answered or failed; every answered call has a
    /// verified recording or a reason.
    pub fn adds_up(&self) -> bool {
        let figures = &self.figures;
        let sum = |counts: &[(String, u64)]| counts.iter().map(|(_, count)| count).sum::<u64>();
        let rows = [
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
            let object = serde_json::json!({
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
        Ok(())
    }
}
