//! Walks every row of the four tables and every pair that is not in them.

use super::non_invite_server;
use super::{Action as Do, Timer as T, invite_client, invite_server, non_invite_client};

#[test]
fn the_invite_client_follows_its_table_and_ignores_the_rest() {
    use invite_client::{Input as I, State as S, start, step};
    const STATES: [S; 5] = [S::Calling, S::Proceeding, S::Completed, S::Accepted, S::Terminated];
    const INPUTS: [I; 8] = [
        I::Provisional,
        I::Success,
        I::Failure,
        I::TimerA,
        I::TimerB,
        I::TimerD,
        I::TimerM,
        I::TransportError,
    ];
    let rows: &[(S, I, S, &[Do])] = &[
        (S::Calling, I::Provisional, S::Proceeding, &[Do::Stop(T::A), Do::Stop(T::B), Do::Deliver]),
        (
            S::Calling,
            I::Success,
            S::Accepted,
            &[Do::Stop(T::A), Do::Stop(T::B), Do::Start(T::M), Do::Deliver],
        ),
        (
            S::Calling,
            I::Failure,
            S::Completed,
            &[Do::Stop(T::A), Do::Stop(T::B), Do::Start(T::D), Do::Ack, Do::Deliver],
        ),
        (S::Calling, I::TimerA, S::Calling, &[Do::SendAgain, Do::Start(T::A)]),
        (S::Calling, I::TimerB, S::Terminated, &[Do::Timeout]),
        (S::Calling, I::TransportError, S::Terminated, &[Do::TransportError]),
        (S::Proceeding, I::Provisional, S::Proceeding, &[Do::Deliver]),
        (S::Proceeding, I::Success, S::Accepted, &[Do::Start(T::M), Do::Deliver]),
        (S::Proceeding, I::Failure, S::Completed, &[Do::Start(T::D), Do::Ack, Do::Deliver]),
        (S::Completed, I::Failure, S::Completed, &[Do::Ack]),
        (S::Completed, I::TimerD, S::Terminated, &[]),
        (S::Completed, I::TransportError, S::Terminated, &[Do::TransportError]),
        (S::Accepted, I::Success, S::Accepted, &[Do::Deliver]),
        (S::Accepted, I::TimerM, S::Terminated, &[]),
        (S::Accepted, I::TransportError, S::Accepted, &[Do::TransportError]),
    ];
    walk(&STATES, &INPUTS, rows, step);
    assert_eq!(start(true), (S::Calling, &[Do::Send, Do::Start(T::B)][..]));
    assert_eq!(start(false), (S::Calling, &[Do::Send, Do::Start(T::B), Do::Start(T::A)][..]));
}

#[test]
fn the_non_invite_client_follows_its_table_and_ignores_the_rest() {
    use non_invite_client::{Input as I, State as S, start, step};
    const STATES: [S; 4] = [S::Trying, S::Proceeding, S::Completed, S::Terminated];
    const INPUTS: [I; 6] = [I::Provisional, I::Final, I::TimerE, I::TimerF, I::TimerK, I::TransportError];
    let done: &[Do] = &[Do::Stop(T::E), Do::Stop(T::F), Do::Start(T::K), Do::Deliver];
    let rows: &[(S, I, S, &[Do])] = &[
        (S::Trying, I::Provisional, S::Proceeding, &[Do::Deliver]),
        (S::Trying, I::Final, S::Completed, done),
        (S::Trying, I::TimerE, S::Trying, &[Do::SendAgain, Do::Start(T::E)]),
        (S::Trying, I::TimerF, S::Terminated, &[Do::Timeout]),
        (S::Trying, I::TransportError, S::Terminated, &[Do::TransportError]),
        (S::Proceeding, I::Provisional, S::Proceeding, &[Do::Deliver]),
        (S::Proceeding, I::Final, S::Completed, done),
        (S::Proceeding, I::TimerE, S::Proceeding, &[Do::SendAgain, Do::StartSlowest(T::E)]),
        (S::Proceeding, I::TimerF, S::Terminated, &[Do::Timeout]),
        (S::Proceeding, I::TransportError, S::Terminated, &[Do::TransportError]),
        (S::Completed, I::TimerK, S::Terminated, &[]),
    ];
    walk(&STATES, &INPUTS, rows, step);
    assert_eq!(start(true), (S::Trying, &[Do::Send, Do::Start(T::F)][..]));
    assert_eq!(start(false), (S::Trying, &[Do::Send, Do::Start(T::F), Do::Start(T::E)][..]));
}

#[test]
fn the_invite_server_follows_its_table_and_ignores_the_rest() {
    use invite_server::{Input as I, State as S, step};
    const STATES: [S; 5] = [S::Proceeding, S::Completed, S::Accepted, S::Confirmed, S::Terminated];
    const INPUTS: [I; 10] = [
        I::Request,
        I::Ack,
        I::SendProvisional,
        I::SendSuccess,
        I::SendFailure,
        I::TimerG,
        I::TimerH,
        I::TimerI,
        I::TimerL,
        I::TransportError,
    ];
    for reliable in [true, false] {
        let failed: &[Do] = if reliable {
            &[Do::Send, Do::Start(T::H)]
        } else {
            &[Do::Send, Do::Start(T::H), Do::Start(T::G)]
        };
        let rows: &[(S, I, S, &[Do])] = &[
            (S::Proceeding, I::Request, S::Proceeding, &[Do::SendAgain]),
            (S::Proceeding, I::SendProvisional, S::Proceeding, &[Do::Send]),
            (S::Proceeding, I::SendSuccess, S::Accepted, &[Do::Send, Do::Start(T::L)]),
            (S::Proceeding, I::SendFailure, S::Completed, failed),
            (S::Proceeding, I::TransportError, S::Terminated, &[Do::TransportError]),
            (S::Completed, I::Request, S::Completed, &[Do::SendAgain]),
            (S::Completed, I::Ack, S::Confirmed, &[Do::Stop(T::G), Do::Stop(T::H), Do::Start(T::I)]),
            (S::Completed, I::TimerG, S::Completed, &[Do::SendAgain, Do::Start(T::G)]),
            (S::Completed, I::TimerH, S::Terminated, &[Do::Timeout]),
            (S::Completed, I::TransportError, S::Terminated, &[Do::TransportError]),
            (S::Accepted, I::SendSuccess, S::Accepted, &[Do::Send]),
            (S::Accepted, I::Ack, S::Accepted, &[Do::Deliver]),
            (S::Accepted, I::TimerL, S::Terminated, &[]),
            (S::Accepted, I::TransportError, S::Accepted, &[Do::TransportError]),
            (S::Confirmed, I::TimerI, S::Terminated, &[]),
        ];
        walk(&STATES, &INPUTS, rows, |state, input| step(state, input, reliable));
    }
}

#[test]
fn the_non_invite_server_follows_its_table_and_ignores_the_rest() {
    use non_invite_server::{Input as I, State as S, step};
    const STATES: [S; 4] = [S::Trying, S::Proceeding, S::Completed, S::Terminated];
    const INPUTS: [I; 5] = [I::Request, I::SendProvisional, I::SendFinal, I::TimerJ, I::TransportError];
    let rows: &[(S, I, S, &[Do])] = &[
        (S::Trying, I::SendProvisional, S::Proceeding, &[Do::Send]),
        (S::Trying, I::SendFinal, S::Completed, &[Do::Send, Do::Start(T::J)]),
        (S::Proceeding, I::SendProvisional, S::Proceeding, &[Do::Send]),
        (S::Proceeding, I::SendFinal, S::Completed, &[Do::Send, Do::Start(T::J)]),
        (S::Proceeding, I::Request, S::Proceeding, &[Do::SendAgain]),
        (S::Proceeding, I::TransportError, S::Terminated, &[Do::TransportError]),
        (S::Completed, I::Request, S::Completed, &[Do::SendAgain]),
        (S::Completed, I::TimerJ, S::Terminated, &[]),
        (S::Completed, I::TransportError, S::Terminated, &[Do::TransportError]),
    ];
    walk(&STATES, &INPUTS, rows, step);
}

/// Every row holds, and every pair without a row changes nothing.
fn walk<S, I>(
    states: &[S],
    inputs: &[I],
    rows: &[(S, I, S, &[Do])],
    step: impl Fn(S, I) -> (S, &'static [Do]),
) where
    S: Copy + PartialEq + std::fmt::Debug,
    I: Copy + PartialEq + std::fmt::Debug,
{
    let mut walked = 0;
    for &state in states {
        for &input in inputs {
            let row = rows.iter().find(|row| row.0 == state && row.1 == input);
            let (next, actions) = row.map_or((state, &[][..]), |row| (row.2, row.3));
            walked += usize::from(row.is_some());
            assert_eq!(step(state, input), (next, actions), "{state:?} {input:?}");
        }
    }
    assert_eq!(walked, rows.len(), "a row names a pair twice or not at all");
}
