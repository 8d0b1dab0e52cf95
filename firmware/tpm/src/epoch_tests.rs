//! The security epoch against a software TPM, cut off between its steps.

use super::{COUNTER, FIRST_VALUE, MAX_EPOCH_STEP, counter_area, write_once_area};
use crate::error::TpmError;
use crate::handle::Tpm;
use crate::owner::Owner;
use crate::simulator::Simulator;

fn on_chip<T: Send + 'static>(
    tpm: &Tpm,
    work: impl FnOnce(&mut Owner) -> Result<T, TpmError> + Send + 'static,
) -> T {
    tpm.ask(work).expect("the TPM does it")
}

/// Counts another counter up and removes it: the next one begins where it was.
fn wear(owner: &mut Owner) -> Result<(), TpmError> {
    let (counter, _) = owner.index(COUNTER, &counter_area()?)?;
    for _ in 0..7 {
        owner.count(counter)?;
    }
    owner.remove(counter)
}

#[test]
fn l_80_the_epoch_begins_at_zero_and_only_rises_also_over_restarts() {
    let state = tempfile::tempdir().expect("a folder");
    {
        let simulator = Simulator::start(state.path());
        let tpm = simulator.connect();
        on_chip(&tpm, wear);
        assert_eq!(tpm.least_epoch().expect("an epoch"), 0);
        assert_eq!(tpm.raise_epoch(3).expect("it rises"), 3);
        assert_eq!(tpm.raise_epoch(2).expect("nothing to do"), 3, "it never falls");
    }
    let simulator = Simulator::start(state.path());
    let tpm = simulator.connect();
    assert_eq!(tpm.least_epoch().expect("an epoch"), 3);
    let refused = tpm.raise_epoch(4 + MAX_EPOCH_STEP).expect_err("too far");
    assert!(matches!(refused, TpmError::EpochStep { least: 3, .. }), "{refused}");
    assert_eq!(tpm.raise_epoch(3 + MAX_EPOCH_STEP).expect("just so far"), 3 + MAX_EPOCH_STEP);
}

#[test]
fn l_80_power_may_fail_after_every_step_of_making_the_epoch_ready() {
    type Step = fn(&mut Owner) -> Result<(), TpmError>;
    let steps: [Step; 4] = [
        |owner| owner.index(COUNTER, &counter_area()?).map(|_| ()),
        |owner| {
            let (counter, _) = owner.index(COUNTER, &counter_area()?)?;
            owner.count(counter)
        },
        |owner| owner.index(FIRST_VALUE, &write_once_area()?).map(|_| ()),
        |owner| owner.epoch_indices().map(|_| ()),
    ];
    for cut in 0..=steps.len() {
        let state = tempfile::tempdir().expect("a folder");
        for step in &steps[..cut] {
            let simulator = Simulator::start(state.path());
            let step = *step;
            on_chip(&simulator.connect(), step);
            // The simulator is killed here, as power fails.
        }
        let simulator = Simulator::start(state.path());
        let tpm = simulator.connect();
        assert_eq!(tpm.least_epoch().expect("it goes on"), 0, "cut after {cut} steps");
        assert_eq!(tpm.raise_epoch(1).expect("it rises"), 1, "cut after {cut} steps");
    }
}

#[test]
fn l_80_power_may_fail_while_the_epoch_rises() {
    let state = tempfile::tempdir().expect("a folder");
    {
        let simulator = Simulator::start(state.path());
        let tpm = simulator.connect();
        assert_eq!(tpm.least_epoch().expect("an epoch"), 0);
        on_chip(&tpm, |owner| {
            let (counter, _) = owner.epoch_indices()?;
            owner.count(counter)
        });
    }
    let simulator = Simulator::start(state.path());
    let tpm = simulator.connect();
    assert_eq!(tpm.least_epoch().expect("an epoch"), 1, "between the two, never below");
    assert_eq!(tpm.raise_epoch(3).expect("raised again"), 3);
}

#[test]
fn l_80_the_first_value_cannot_be_written_again() {
    let state = tempfile::tempdir().expect("a folder");
    let simulator = Simulator::start(state.path());
    let tpm = simulator.connect();
    assert_eq!(tpm.raise_epoch(2).expect("it rises"), 2);
    let again = tpm.ask(|owner| {
        let (_, first) = owner.epoch_indices()?;
        owner.note(first, u64::MAX)
    });
    assert!(matches!(again, Err(TpmError::PolicyRefused(_))), "{again:?}");
    assert_eq!(tpm.least_epoch().expect("an epoch"), 2);
}

#[test]
fn an_index_of_somebody_else_is_left_alone() {
    let state = tempfile::tempdir().expect("a folder");
    let simulator = Simulator::start(state.path());
    let tpm = simulator.connect();
    on_chip(&tpm, |owner| owner.define_ordinary(COUNTER));
    assert!(matches!(tpm.least_epoch(), Err(TpmError::ForeignIndex(COUNTER))));
}
