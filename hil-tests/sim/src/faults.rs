//! What goes wrong, by the seed: kills, broken connections, carriers that die, clocks that jump.

use crate::env::{Env, Event, LINKS, PROCS, Proc};
use vocab::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Kill -9 of one process.
    Kill(Proc),
    /// Kill -9 of all.
    KillAll,
    /// A carrier dies.
    Carrier(usize),
    /// The wall clock jumps by so much.
    Clock(i64),
    /// Nothing holds the wall clock any more.
    Unsynchronised,
}

/// How often something goes wrong in a run.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    per_million: u64,
    clock: bool,
}

impl Rate {
    /// The rate of a run.
    pub fn of(env: &mut Env) -> Self {
        env.loss = env.pick(&[0, 0, 10, 50, 150]);
        Self { per_million: env.pick(&[0, 1_000, 3_000, 8_000, 20_000]), clock: env.chance(400) }
    }

    /// Whether something goes wrong now.
    pub fn now(self, env: &mut Env) -> Option<Fault> {
        if env.quiet || env.between(0, 999_999) >= self.per_million {
            return None;
        }
        Some(match env.between(0, 11) {
            0..=5 => Fault::Kill(env.pick(&PROCS)),
            6 => Fault::KillAll,
            7 | 8 => {
                let link = env.pick(&LINKS);
                let lossy = [env.chance(500), env.chance(500)];
                env.note(|| format!("the connection {link:?} breaks"));
                env.disconnect(link, lossy);
                return None;
            }
            9 => Fault::Carrier(usize::from(env.chance(400))),
            _ if self.clock => {
                if env.chance(200) {
                    Fault::Unsynchronised
                } else {
                    Fault::Clock(env.pick(&JUMPS))
                }
            }
            _ => Fault::Kill(Proc::Vault),
        })
    }
}

/// Moves the wall clock.
pub fn jump(env: &mut Env, ms: i64) {
    env.note(|| format!("the wall clock jumps by {ms} ms"));
    env.offset += ms;
}

/// Nothing holds the wall clock, for a while.
pub fn lose_time(env: &mut Env) {
    if env.synchronised {
        env.note(|| "nothing holds the wall clock".to_owned());
        env.synchronised = false;
        env.truth.clock(env.now, false);
        let wait = env.between(1_000, 600_000);
        env.after(wait, Event::ClockRight);
    }
}

const JUMPS: [i64; 9] = [
    20 * SECOND_MS,
    -20 * SECOND_MS,
    -59 * SECOND_MS,
    -61 * SECOND_MS,
    -10 * MINUTE_MS,
    3 * MINUTE_MS,
    2 * HOUR_MS,
    -2 * HOUR_MS,
    DAY_MS,
];
