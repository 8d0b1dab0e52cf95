//! What is written in which order. The rule behind every plan: the system that runs, and was found good, is never
//! touched before the other can be started whole, and no name that the loader reads ever shows half a file.

use crate::bundle::{Bundle, RootHash};
use crate::entry::Entry;
use idl::host::Slot;
use thiserror::Error;

/// One write. Each is durable before the next begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The name goes.
    Remove(Entry),
    /// What an earlier installation left on its way goes.
    RemovePart,
    /// Root and hash partition of the slot get the ids that belong to this hash.
    Name {
        /// The slot.
        slot: Slot,
        /// The hash of its root.
        root: RootHash,
    },
    /// The file is written under a name that the loader does not read.
    WritePart,
    /// The file gets its name: from here on the loader starts it.
    Show(Entry),
    /// A name becomes another.
    Rename(Entry, Entry),
}

/// Why nothing is installed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// The slot runs.
    #[error("slot {} runs now", .0.name())]
    Running(Slot),
    /// The running system is still on trial.
    #[error("the running system was not found good yet")]
    NotYetGood,
    /// The same root lies in the slot that runs: both would answer to one id.
    #[error("this very system runs already")]
    Same,
    /// The slot has nothing that could be started.
    #[error("slot {} holds no system", .0.name())]
    Empty(Slot),
}

/// The entry that the loader starts next.
#[must_use]
pub fn first(entries: &[Entry]) -> Option<&Entry> {
    entries.iter().min_by(|one, other| one.cmp_start(other))
}

/// Whether the system of a slot was found good.
#[must_use]
pub fn is_good(entries: &[Entry], slot: Slot) -> bool {
    entries.iter().any(|entry| entry.slot == slot && entry.is_good())
}

/// Before a slot is written: nothing may start it any more.
///
/// # Errors
/// It runs, or what runs is still on trial.
pub fn plan_clear(entries: &[Entry], running: Slot, target: Slot) -> Result<Vec<Step>, PlanError> {
    if target == running {
        return Err(PlanError::Running(target));
    }
    if !is_good(entries, running) {
        return Err(PlanError::NotYetGood);
    }
    let old = entries.iter().filter(|entry| entry.slot == target);
    Ok(old.cloned().map(Step::Remove).chain([Step::RemovePart]).collect())
}

/// After root and hash partition are written whole: the rest of an installation.
///
/// # Errors
/// [`PlanError`].
pub fn plan_install(
    entries: &[Entry],
    running: (Slot, RootHash),
    target: Slot,
    bundle: &Bundle,
) -> Result<Vec<Step>, PlanError> {
    if bundle.root == running.1 {
        return Err(PlanError::Same);
    }
    let mut steps = plan_clear(entries, running.0, target)?;
    let fresh = Entry::fresh(bundle.version.clone(), target);
    steps.push(Step::Name { slot: target, root: bundle.root });
    steps.push(Step::WritePart);
    steps.push(Step::Show(fresh.clone()));
    // An older version would sort behind the one that runs: this one steps back, and is still what starts when the
    // other has used up its tries.
    let own = entries.iter().filter(|entry| entry.slot == running.0);
    let ahead = own.filter(|entry| entry.cmp_start(&fresh).is_lt());
    steps.extend(ahead.map(|entry| Step::Rename(entry.clone(), entry.last_resort())));
    Ok(steps)
}

/// A slot is to start next.
///
/// # Errors
/// It holds no system.
pub fn plan_primary(entries: &[Entry], slot: Slot) -> Result<Vec<Step>, PlanError> {
    let own: Vec<&Entry> = entries.iter().filter(|entry| entry.slot == slot).collect();
    if own.is_empty() {
        return Err(PlanError::Empty(slot));
    }
    let mut steps = Vec::new();
    // First it may start, then the other steps back: between the two both can.
    if !own.iter().any(|entry| entry.may_start()) {
        steps.extend(
            own.iter().map(|entry| Step::Rename((*entry).clone(), Entry::fresh(entry.version.clone(), slot))),
        );
    }
    let best = own.iter().map(|entry| if entry.may_start() { (*entry).clone() } else { entry.good() });
    let Some(best) = best.min_by(Entry::cmp_start) else { return Ok(steps) };
    let others = entries.iter().filter(|entry| entry.slot != slot && entry.cmp_start(&best).is_lt());
    steps.extend(others.map(|entry| Step::Rename(entry.clone(), entry.last_resort())));
    Ok(steps)
}

/// A slot was found good, or is given up.
///
/// # Errors
/// It holds no system.
pub fn plan_state(entries: &[Entry], running: Slot, slot: Slot, good: bool) -> Result<Vec<Step>, PlanError> {
    let own: Vec<&Entry> = entries.iter().filter(|entry| entry.slot == slot).collect();
    if good && own.is_empty() {
        return Err(PlanError::Empty(slot));
    }
    let step = |entry: &&Entry| match (good, slot == running) {
        (true, _) => Step::Rename((*entry).clone(), entry.good()),
        (false, true) => Step::Rename((*entry).clone(), entry.last_resort()),
        (false, false) => Step::Remove((*entry).clone()),
    };
    Ok(own.iter().map(step).filter(|step| !matches!(step, Step::Rename(from, to) if from == to)).collect())
}

/// What runs was found bad: it steps back behind the other.
///
/// # Errors
/// There is no other that may start: what runs stays first.
pub fn plan_give_up(entries: &[Entry], running: Slot) -> Result<Vec<Step>, PlanError> {
    if !entries.iter().any(|entry| entry.slot != running && entry.may_start()) {
        return Err(PlanError::Empty(running.other()));
    }
    plan_state(entries, running, running, false)
}

#[cfg(test)]
mod tests {
    use super::{PlanError, Step, first, plan_clear, plan_give_up, plan_install, plan_primary, plan_state};
    use crate::bundle::{Bundle, RootHash};
    use crate::entry::Entry;
    use idl::host::Slot;

    const NOW: (Slot, RootHash) = (Slot::A, RootHash([1; 32]));

    fn entries(names: &[&str]) -> Vec<Entry> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn bundle(version: &str) -> Bundle {
        let root = RootHash([2; 32]);
        Bundle {
            compatible: "ringfence-virtual".to_owned(),
            version: version.parse().unwrap(),
            epoch: 1,
            root,
        }
    }

    fn after(entries: &[Entry], steps: &[Step]) -> Vec<String> {
        let mut names = entries.to_vec();
        for step in steps {
            match step {
                Step::Remove(gone) => names.retain(|entry| entry != gone),
                Step::Show(new) => names.push(new.clone()),
                Step::Rename(from, to) => {
                    names.retain(|entry| entry != from);
                    names.push(to.clone());
                }
                Step::RemovePart | Step::Name { .. } | Step::WritePart => {}
            }
        }
        names.sort_by(Entry::cmp_start);
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_newer_system_starts_next_and_the_good_one_after_it() {
        let now = entries(&["ringfence_0.1.0_A.efi", "ringfence_0.0.9_B.efi"]);
        let steps = plan_install(&now, NOW, Slot::B, &bundle("0.2.0")).unwrap();
        assert_eq!(after(&now, &steps), ["ringfence_0.2.0_B+3.efi", "ringfence_0.1.0_A.efi"]);
        let shown = steps.iter().position(|step| matches!(step, Step::Show(_))).unwrap();
        assert_eq!(shown, steps.len() - 1, "its name is the last thing written");
    }

    #[test]
    fn an_older_system_starts_next_too_and_the_newer_one_is_what_it_falls_back_to() {
        let now = entries(&["ringfence_0.3.0_A.efi"]);
        let steps = plan_install(&now, NOW, Slot::B, &bundle("0.2.0")).unwrap();
        assert_eq!(after(&now, &steps), ["ringfence_0.2.0_B+3.efi", "ringfence_0.3.0_A+0.efi"]);
        let used_up = entries(&["ringfence_0.2.0_B+0-3.efi", "ringfence_0.3.0_A+0.efi"]);
        assert_eq!(first(&used_up).unwrap().slot, Slot::A);
    }

    #[test]
    fn nothing_is_installed_over_what_runs_nor_while_it_is_on_trial() {
        let now = entries(&["ringfence_0.1.0_A.efi"]);
        assert_eq!(plan_clear(&now, Slot::A, Slot::A), Err(PlanError::Running(Slot::A)));
        let trial = entries(&["ringfence_0.1.0_A+2-1.efi", "ringfence_0.0.9_B.efi"]);
        assert_eq!(plan_clear(&trial, Slot::A, Slot::B), Err(PlanError::NotYetGood));
        let same = Bundle { root: NOW.1, ..bundle("0.1.0") };
        assert_eq!(plan_install(&now, NOW, Slot::B, &same), Err(PlanError::Same));
    }

    #[test]
    fn a_slot_made_primary_starts_next_whatever_its_version() {
        let now = entries(&["ringfence_0.3.0_A.efi", "ringfence_0.2.0_B+0-3.efi"]);
        let steps = plan_primary(&now, Slot::B).unwrap();
        assert_eq!(after(&now, &steps)[0], "ringfence_0.2.0_B+3.efi");
        assert_eq!(plan_primary(&now, Slot::A), Ok(vec![]));
        assert_eq!(plan_primary(&now[..1], Slot::B), Err(PlanError::Empty(Slot::B)));
    }

    #[test]
    fn a_bad_system_steps_back_at_once_but_never_where_nothing_else_would_start() {
        let now = entries(&["ringfence_0.3.0_A+2-1.efi", "ringfence_0.2.0_B.efi"]);
        let steps = plan_give_up(&now, Slot::A).unwrap();
        assert_eq!(after(&now, &steps), ["ringfence_0.2.0_B.efi", "ringfence_0.3.0_A+0-1.efi"]);
        for alone in [&now[..1], &entries(&["ringfence_0.3.0_A+2-1.efi", "ringfence_0.2.0_B+0-3.efi"])[..]] {
            assert_eq!(plan_give_up(alone, Slot::A), Err(PlanError::Empty(Slot::B)));
        }
    }

    #[test]
    fn a_slot_found_good_loses_its_counter_and_one_given_up_is_gone() {
        let now = entries(&["ringfence_0.3.0_A+2-1.efi", "ringfence_0.2.0_B.efi"]);
        let good = plan_state(&now, Slot::A, Slot::A, true).unwrap();
        assert_eq!(after(&now, &good)[0], "ringfence_0.3.0_A.efi");
        assert_eq!(plan_state(&now, Slot::A, Slot::B, true), Ok(vec![]));
        let gone = plan_state(&now, Slot::A, Slot::B, false).unwrap();
        assert_eq!(after(&now, &gone), ["ringfence_0.3.0_A+2-1.efi"]);
        // What runs is never taken away, only put last.
        let put_last = plan_state(&now, Slot::A, Slot::A, false).unwrap();
        assert_eq!(after(&now, &put_last), ["ringfence_0.2.0_B.efi", "ringfence_0.3.0_A+0-1.efi"]);
    }
}
