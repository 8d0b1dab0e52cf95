//! STATUS ENQUIRY at any moment of any call: on a link that loses nothing no state of either side is ever found wrong
//! (Q.931 5.8.11), whatever is on its way.

use crate::bench::{ALL, Dice, Pair, Side, config, deliver_one, disconnect, known, rest, setup};
use idl::spans::PriSide;
use q931::control::{CallHandle, Command, Config, EndedBy, Event};

#[test]
fn no_enquiry_at_any_moment_ends_a_call_of_a_thousand_seeds() {
    let (mut answers, mut calls) = (0, 0);
    for seed in 0..1_000 {
        let (status, over) = run(seed);
        answers += status;
        calls += over;
    }
    assert!(answers > 5_000 && calls > 5_000, "{answers} answers, {calls} calls");
}

fn run(seed: u64) -> (usize, usize) {
    let mut dice = Dice::new(seed);
    let exclusive = dice.below(2) == 0;
    let user = Config { exclusive, ..config(PriSide::User) };
    let mut pair = Pair::with(user, config(PriSide::Network));
    let mut placed = 0;
    for _ in 0..150 {
        let of_user = dice.below(2) == 0;
        match dice.below(10) {
            0 if placed < 12 => {
                placed += 1;
                order(&mut pair, of_user, setup(placed));
            }
            1 | 2 => act(&mut pair, of_user, &mut dice, |call, dice| match dice.below(6) {
                0 => Command::SetupAck { call },
                1 => Command::Proceed { call },
                2 => Command::Progress { call, in_band: true },
                3 => Command::Alert { call, in_band: true },
                4 => disconnect(call),
                _ => Command::Connect { call },
            }),
            3 | 4 => act(&mut pair, of_user, &mut dice, |call, _| Command::Enquire { call }),
            _ => drop(deliver_one(&mut pair, &mut dice)),
        }
    }
    for call in (1..=placed).map(CallHandle).chain(known(&pair.user)) {
        order(&mut pair, true, disconnect(call));
    }
    rest(&mut pair, &mut dice);
    pair.pass(600_000);
    pair.assert_idle(ALL);
    let mut over = 0;
    for event in pair.user.events.iter().chain(&pair.network.events) {
        if let Event::Released { call, end } = event {
            over += 1;
            assert_ne!(end.by, EndedBy::Protocol, "seed {seed}: {call:?} {end:?}");
        }
    }
    let status = pair.user.kinds().into_iter().chain(pair.network.kinds());
    (status.filter(|kind| *kind == q931::MessageType::Status).count(), over)
}

fn act(pair: &mut Pair, of_user: bool, dice: &mut Dice, command: impl Fn(CallHandle, &mut Dice) -> Command) {
    let side = if of_user { &pair.user } else { &pair.network };
    let calls = calls(side);
    if !calls.is_empty() {
        let call = calls[dice.below(calls.len())];
        let command = command(call, dice);
        order(pair, of_user, command);
    }
}

fn order(pair: &mut Pair, of_user: bool, command: Command) {
    let now = pair.now;
    let side = if of_user { &mut pair.user } else { &mut pair.network };
    side.order(now, command);
}

/// The calls of a side that are not over.
fn calls(side: &Side) -> Vec<CallHandle> {
    let all = (1..=12).map(CallHandle).chain(known(side));
    all.filter(|call| side.interface.call_state(*call).is_some()).collect()
}
