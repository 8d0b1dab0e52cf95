//! Both sides set up a call at once, on the same channel or not, in every order that a generator finds.

use crate::support::{bench, setup};
use anyhow::ensure;
use idl::spans::PriSide;
use peers::libpri::{Bench, Setting};
use q931::control::{CallHandle, Command, EndedBy, Event};
use serde_json::json;
use std::collections::BTreeSet;
use vocab::Timeslot;

/// One round of both sides' calls.
struct Round {
    /// How many calls of ours, and of libpri's.
    calls: [u64; 2],
    /// The channel both want; none of ours: as the selection finds it.
    channel: u8,
    ours_named: bool,
    exclusive: [bool; 2],
    /// libpri has sent its SETUPs before it sees ours; otherwise as it falls out.
    held: bool,
}

impl Round {
    fn new(seed: u64) -> Self {
        // A linear congruential generator (Knuth): the same rounds on every machine.
        let mixed =
            seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 33;
        let bit = |at: u32| mixed >> at & 1 == 1;
        Self {
            calls: [1 + (mixed >> 8) % 3, 1 + (mixed >> 12) % 3],
            channel: 1 + u8::try_from((mixed >> 16) % 4).unwrap_or(0),
            ours_named: bit(0),
            exclusive: [bit(1), bit(2)],
            held: bit(3) || bit(4),
        }
    }

    fn ours(&self, bench: &mut Bench, first: u64) -> anyhow::Result<()> {
        for call in first..first + self.calls[0] {
            let mut setup = setup(call, "02112345678");
            setup.exclusive = Some(self.exclusive[0]);
            let channel = self.channel + u8::try_from(call - first)?;
            setup.channel = self.ours_named.then_some(Timeslot(channel));
            bench.command(0, Command::Setup(Box::new(setup)))?;
        }
        Ok(())
    }

    fn libpris(&self, bench: &mut Bench) -> anyhow::Result<()> {
        for call in 0..self.calls[1] {
            let channel = u64::from(self.channel) + call;
            let exclusive = u8::from(self.exclusive[1]);
            bench
                .order(0, &json!({"do": "call", "to": "5678", "channel": channel, "exclusive": exclusive}))?;
        }
        Ok(())
    }
}

/// What became of the calls: every call of ours is answered or over, every one of libpri's is answered or refused.
fn play(bench: &mut Bench, round: &Round, first: u64) -> anyhow::Result<[u64; 2]> {
    bench.order(0, &json!({"do": "wire", "hold": u8::from(round.held)}))?;
    round.ours(bench, first)?;
    round.libpris(bench)?;
    bench.order(0, &json!({"do": "wire", "hold": 0}))?;
    let mut answered: BTreeSet<(CallHandle, Timeslot)> = BTreeSet::new();
    let (mut failed, mut offered, mut libpris_over) = (0, 0, 0);
    while (answered.len() as u64) + failed + libpris_over < round.calls[0] + round.calls[1] {
        let mut next = None;
        bench.until("each call is answered or over", |bench| {
            next = bench.line(0).our_event(|_| true).map(Ok);
            if next.is_none() {
                let over = |event: &str| matches!(event, "hangup" | "hangup_req" | "refused" | "no_call");
                next = bench.line(0).told_event(|told| over(&told.event)).map(Err);
            }
            next.is_some()
        })?;
        match next {
            Some(Ok(Event::Incoming(call))) => {
                offered += 1;
                bench.command(0, Command::Proceed { call: call.call })?;
                bench.command(0, Command::Connect { call: call.call })?;
            }
            Some(Ok(Event::Connected { call, channel })) => {
                ensure!(answered.iter().all(|(_, taken)| *taken != channel), "{channel:?} twice");
                answered.insert((call, channel));
            }
            Some(Ok(Event::Released { call, end })) => {
                ensure!(end.by == EndedBy::Peer || end.by == EndedBy::NoChannel, "{end:?}");
                ensure!(call.0 < 1 << 63, "a call of libpri's was not kept: {end:?}");
                failed += 1;
            }
            Some(Ok(_)) | None => {}
            // A refusal by libpri ends a call of ours, which we are told too; anything else ends one of its own.
            Some(Err(told)) if told.event == "refused" => {}
            Some(Err(_)) => libpris_over += 1,
        }
    }
    for (call, _) in &answered {
        bench.command(0, crate::support::hang_up(*call))?;
    }
    bench.settle()?;
    while bench.line(0).our_event(|_| true).is_some() || bench.line(0).told_event(|_| true).is_some() {}
    Ok([answered.len() as u64 - offered, offered])
}

/// All rounds on one line; how many calls of ours and of libpri's were answered.
fn rounds(setting: Setting, check: impl Fn(&Round, [u64; 2]) -> bool) -> anyhow::Result<[u64; 2]> {
    let is_network = setting.control.side == PriSide::Network;
    let mut bench = bench(setting)?;
    if is_network {
        // The user's CONNECT ACKNOWLEDGE, which is optional, meets our DISCONNECT: 5.8.4 has us answer STATUS 101.
        bench.line(0).expect("Faulty(Unexpected(15))");
        bench.line(0).expect("Received unsolicited status: Message not compatible with call state");
    }
    bench.order(0, &json!({"do": "rule", "number": "", "ring": 0, "answer": 0}))?;
    let mut all = [0, 0];
    for seed in 0..ROUNDS {
        let round = Round::new(seed);
        let answered = play(&mut bench, &round, 1 + seed * 10)?;
        let story = bench.line(0).transcript();
        ensure!(check(&round, answered), "round {seed}, {answered:?} of {:?}: {story}", round.calls);
        all = [all[0] + answered[0], all[1] + answered[1]];
    }
    Ok(all)
}

#[test]
fn in_two_hundred_rounds_of_glare_the_network_s_calls_come_about_and_ours_go_elsewhere() -> anyhow::Result<()>
{
    let answered = rounds(Setting::user(), |round, [ours, libpris]| {
        // 5.7: the network's call wins. A call of ours that may go anywhere comes about on another channel.
        libpris == round.calls[1] && (round.ours_named || ours == round.calls[0])
    })?;
    assert!(answered[0] > ROUNDS && answered[1] > ROUNDS, "{answered:?}");
    Ok(())
}

#[test]
fn in_two_hundred_rounds_of_glare_with_a_user_our_calls_that_may_go_anywhere_come_about() -> anyhow::Result<()>
{
    let answered = rounds(Setting::network(), |round, [ours, _]| round.ours_named || ours == round.calls[0])?;
    assert!(answered[0] > ROUNDS, "{answered:?}");
    Ok(())
}

const ROUNDS: u64 = 200;
