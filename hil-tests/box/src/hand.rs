//! The bench's hand at the command line of a box of the development variant: what a developer types as `ringfence …`, and what
//! is said to it. On a product box nobody has such a hand.

use crate::machine::Machine;
use anyhow::{Context, ensure};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// What is typed.
#[derive(Debug, Clone)]
pub enum Order<'a> {
    /// How does the box stand?
    Status,
    /// Install this file of the shared folder, and start it.
    Update(&'a str),
    /// To which certificate are updates for this box encrypted?
    Certificate,
}

/// What was said to it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// All of it.
    pub words: String,
    /// It was done. An update that restarts the box before it could be told is done, too.
    pub ok: bool,
}

impl Answer {
    /// The last line.
    #[must_use]
    pub fn last(&self) -> String {
        self.words.lines().last().unwrap_or_default().trim().to_owned()
    }

    /// The line of the status that begins so.
    #[must_use]
    pub fn line(&self, begins: &str) -> Option<&str> {
        self.words.lines().find(|line| line.starts_with(begins))
    }
}

/// Puts a file where the box sees it.
///
/// # Errors
/// It cannot be copied.
pub fn hand(machine: &Machine, file: &Path, name: &str) -> anyhow::Result<()> {
    let to = machine.shared().join(name);
    fs::copy(file, &to).with_context(|| format!("{} to {}", file.display(), to.display()))?;
    Ok(())
}

/// Types an order and waits for what is said to it, or until the box starts again.
///
/// # Errors
/// Nothing was said in time.
pub fn order(machine: &mut Machine, order: &Order<'_>) -> anyhow::Result<Answer> {
    let folder = machine.shared();
    let words = match order {
        Order::Status => "status".to_owned(),
        Order::Certificate => "certificate".to_owned(),
        Order::Update(name) => format!("update /run/bench/{name}"),
    };
    let before = machine.starts_seen();
    for old in ["ended", "told"] {
        let _ = fs::remove_file(folder.join(old));
    }
    fs::write(folder.join("order.new"), format!("{words}\n"))?;
    fs::rename(folder.join("order.new"), folder.join("order"))?;
    let ended = machine.wait("an answer at the command line", ORDER_LIMIT, |machine| {
        let ended = fs::read_to_string(folder.join("ended")).ok().filter(|text| text.ends_with('\n'));
        ended.or_else(|| (machine.starts_seen() > before).then(|| "0\n".to_owned()))
    })?;
    let words = fs::read_to_string(folder.join("told")).context("nothing was said")?;
    ensure!(!words.trim().is_empty(), "nothing was said");
    Ok(Answer { words, ok: ended.trim() == "0" })
}

/// An installation on an emulated machine.
const ORDER_LIMIT: Duration = Duration::from_secs(600);
