//! Asks `vaultd` where the page is to listen, and keeps the last answer for a start at which `vaultd` is not there (NET-04).
//!
//! Without an answer nothing changes. What is kept is no more than a hint of our own folder: where it cannot be read the page
//! is served on the loopback alone until `vaultd` says where.

use crate::vault::{Asker, Vault};
use idl::account::Source;
use idl::admin::{Admin, Answer};
use idl::network::Listening;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

/// Where the page was to listen when it was told last; everywhere, if it never was.
#[must_use]
pub fn kept(state: &Path) -> Listening {
    match read(&state.join(FILE)) {
        Ok(Some(listening)) => listening,
        Ok(None) => Listening::Every,
        Err(error) => {
            log::error!("where the page was served last cannot be read: {error}");
            Listening::nowhere_else()
        }
    }
}

/// Asks again and again, and tells every change; ends when nobody listens.
pub async fn follow(vault: Vault, state: PathBuf, told: watch::Sender<Listening>) {
    let mut turn = tokio::time::interval(EVERY);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let asker = Asker {
        session: None,
        source: Source { address: Ipv4Addr::LOCALHOST.into(), browser: String::new() },
        passive: true,
    };
    while !told.is_closed() {
        turn.tick().await;
        let Ok((Answer::PageListens(Some(listening)), _)) = vault.ask(&asker, Admin::PageListens).await
        else {
            continue;
        };
        if *told.borrow() == listening {
            continue;
        }
        told.send_replace(listening.clone());
        let file = state.join(FILE);
        let keeping = tokio::task::spawn_blocking(move || keep(&file, &listening));
        match keeping.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log::error!("where the page is served cannot be kept: {error}"),
            Err(ended) => log::error!("where the page is served cannot be kept: {ended}"),
        }
    }
}

fn read(path: &Path) -> io::Result<Option<Listening>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it is too long"));
    }
    Ok(Some(serde_json::from_slice(&bytes)?))
}

/// Whole or not at all.
fn keep(path: &Path, listening: &Listening) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(&serde_json::to_vec(listening)?)?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}

const FILE: &str = "listening.json";
const EVERY: Duration = Duration::from_secs(2);
/// More than all addresses that a site can set.
const MAX_BYTES: u64 = 64 * 1_024;

#[cfg(test)]
mod tests {
    use super::{FILE, keep, kept};
    use idl::network::Listening;

    #[test]
    fn net_04_a_start_without_the_records_process_serves_the_page_where_it_was() {
        let state = tempfile::tempdir().expect("a folder");
        assert_eq!(kept(state.path()), Listening::Every, "it was never told");
        let zone = Listening::Only(vec![
            "10.0.1.2".parse().expect("address"),
            "fd00:1::2".parse().expect("address"),
        ]);
        for listening in [zone, Listening::nowhere_else(), Listening::Every] {
            keep(&state.path().join(FILE), &listening).expect("room");
            assert_eq!(kept(state.path()), listening);
        }
    }

    #[test]
    fn net_04_what_cannot_be_read_opens_nothing() {
        let state = tempfile::tempdir().expect("a folder");
        for broken in ["", "\"Everywhere\"", "{\"Only\":[\"10.0.1\"]}", &" ".repeat(70_000)] {
            std::fs::write(state.path().join(FILE), broken).expect("room");
            assert_eq!(kept(state.path()), Listening::nowhere_else(), "{:.20}", broken);
        }
    }
}
