//! Which trunk of a line group takes the next call (LIN-02) and when a failed attempt may
//! go to another one.
//!
//! Deliberately not here: caller numbers. Spreading calls never gives a callee more attempts
//! and never changes the number shown.

use super::TrunkId;
use super::monitor::TrunkState;
use std::collections::BTreeMap;

/// One trunk of a line group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The trunk.
    pub trunk: TrunkId,
    /// Lower orders are preferred as long as one of them can take the call.
    pub order: u8,
    /// Share of the load among members of the same order, at least 1.
    pub weight: u32,
    /// Calls the trunk may carry at once.
    pub channels: u32,
}

/// An ordered, weighted set of trunks.
#[derive(Clone, Debug, Default)]
pub struct LineGroup {
    members: Vec<Seat>,
}

#[derive(Clone, Debug)]
struct Seat {
    member: Member,
    credit: i64,
}

impl LineGroup {
    /// A group of at most [`MAX_MEMBERS`] trunks; further ones are left out.
    pub fn new(members: impl IntoIterator<Item = Member>) -> Self {
        let members =
            members.into_iter().take(MAX_MEMBERS).map(|member| Seat { member, credit: 0 }).collect();
        Self { members }
    }
}

/// Health and load of all trunks, and the choice among them.
#[derive(Clone, Debug, Default)]
pub struct TrunkSelector {
    trunks: BTreeMap<TrunkId, Load>,
}

#[derive(Clone, Copy, Debug)]
struct Load {
    state: TrunkState,
    calls: u32,
}

impl TrunkSelector {
    /// Nothing is known of any trunk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes what the monitor said.
    pub fn set_state(&mut self, trunk: TrunkId, state: TrunkState) {
        self.load(trunk).state = state;
    }

    /// A call occupies a channel.
    pub fn call_started(&mut self, trunk: TrunkId) {
        let load = self.load(trunk);
        load.calls = load.calls.saturating_add(1);
    }

    /// A call freed its channel.
    pub fn call_ended(&mut self, trunk: TrunkId) {
        let load = self.load(trunk);
        load.calls = load.calls.saturating_sub(1);
    }

    /// Calls on a trunk now.
    pub fn calls(&self, trunk: TrunkId) -> u32 {
        self.trunks.get(&trunk).map_or(0, |load| load.calls)
    }

    /// The trunk for the next call, not one of `tried`. Smooth weighted round-robin over the
    /// lowest order that has a usable trunk with a free channel; a trunk that is not `Up`
    /// counts with a quarter of its weight.
    pub fn select(&mut self, group: &mut LineGroup, tried: &[TrunkId]) -> Option<TrunkId> {
        let free = |seat: &Seat| {
            let load = self.trunks.get(&seat.member.trunk).copied().unwrap_or(Load::UNKNOWN);
            let usable = load.state.is_usable()
                && load.calls < seat.member.channels
                && !tried.contains(&seat.member.trunk);
            usable.then(|| effective_weight(&seat.member, load.state))
        };
        let order =
            group.members.iter().filter(|seat| free(seat).is_some()).map(|seat| seat.member.order).min()?;
        let mut total = 0;
        let mut best: Option<usize> = None;
        for index in 0..group.members.len() {
            let seat = &group.members[index];
            let Some(weight) = free(seat).filter(|_| seat.member.order == order) else { continue };
            total += weight;
            group.members[index].credit += weight;
            let ahead = best.is_none_or(|b| group.members[index].credit > group.members[b].credit);
            if ahead {
                best = Some(index);
            }
        }
        let chosen = group.members.get_mut(best?)?;
        chosen.credit -= total;
        Some(chosen.member.trunk)
    }

    fn load(&mut self, trunk: TrunkId) -> &mut Load {
        self.trunks.entry(trunk).or_insert(Load::UNKNOWN)
    }
}

impl Load {
    const UNKNOWN: Self = Self { state: TrunkState::Unknown, calls: 0 };
}

fn effective_weight(member: &Member, state: TrunkState) -> i64 {
    let weight = i64::from(member.weight.clamp(1, MAX_WEIGHT)) * SHARES;
    match state {
        TrunkState::Up => weight,
        TrunkState::Unknown | TrunkState::Degraded => weight / SHARES,
        TrunkState::Down | TrunkState::RegistrationFailed | TrunkState::Disabled => 0,
    }
}

/// How an attempt on a trunk ended, as far as the next trunk is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// No byte of the INVITE left: no connection could be made, or the system refused to send.
    NotSent,
    /// The connection broke after the INVITE may have been written, before any response.
    Broken,
    /// Timer B: no response at all. The INVITE may have arrived and the responses been lost.
    Silent,
    /// A final failure.
    Refused {
        /// Its status.
        status: u16,
        /// Whether a phone may have rung before it: a provisional response above 100 came, or one may have been
        /// lost on its way.
        may_have_rung: bool,
    },
    /// We gave the call up (hang-up, ring timeout).
    GivenUp,
    /// The call was answered.
    Answered,
}

/// Whether the call may be tried on the next trunk: only when certainly nothing rang and the trunk, not the callee,
/// is at fault. Nobody's phone rings twice for one call, even where that costs the call.
///
/// | attempt | next trunk | why |
/// |---|---|---|
/// | not sent | yes | nobody heard of the call |
/// | broken, silent | no | the INVITE may have arrived; a phone may be ringing |
/// | 503, nothing rang | yes | the next hop takes no calls (RFC 3261 21.5.4) |
/// | 408 | no | a proxy's own word for silence behind it (RFC 3261 16.7 step 2, 16.8): a phone may have rung there |
/// | any other refusal | no | the callee's side answered, and is not asked twice |
/// | given up, answered | no | |
///
/// A trunk that is dead costs the calls that meet it before OPTIONS find it (LIN-06); then it is left out.
pub fn may_fail_over(attempt: Attempt) -> bool {
    match attempt {
        Attempt::NotSent => true,
        Attempt::Refused { status, may_have_rung } => !may_have_rung && status == SERVICE_UNAVAILABLE,
        Attempt::Broken | Attempt::Silent | Attempt::GivenUp | Attempt::Answered => false,
    }
}

/// The only status that blames the line and nothing else.
const SERVICE_UNAVAILABLE: u16 = 503;

/// Trunks in one group.
pub const MAX_MEMBERS: usize = 64;
/// Largest weight of a member.
pub const MAX_WEIGHT: u32 = 1_000;
/// A trunk in doubt gets one part in this many.
const SHARES: i64 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn member(trunk: u32, order: u8, weight: u32) -> Member {
        Member { trunk: TrunkId(trunk), order, weight, channels: 10_000 }
    }

    fn all_up(trunks: u32) -> TrunkSelector {
        let mut selector = TrunkSelector::new();
        for trunk in 1..=trunks {
            selector.set_state(TrunkId(trunk), TrunkState::Up);
        }
        selector
    }

    fn spread(selector: &mut TrunkSelector, group: &mut LineGroup, calls: u32) -> Vec<u32> {
        let mut count = vec![0; 5];
        for _ in 0..calls {
            if let Some(TrunkId(trunk)) = selector.select(group, &[]) {
                count[trunk as usize] += 1;
                selector.call_started(TrunkId(trunk));
            }
        }
        count
    }

    #[test]
    fn lin_02_a_thousand_calls_over_four_lines_spread_evenly() {
        let mut group = LineGroup::new((1..=4).map(|trunk| member(trunk, 0, 1)));
        let count = spread(&mut all_up(4), &mut group, 1_000);
        assert_eq!(&count[1..], &[250, 250, 250, 250]);
    }

    #[test]
    fn weights_share_the_load_in_proportion() {
        let mut group = LineGroup::new([member(1, 0, 3), member(2, 0, 1)]);
        let count = spread(&mut all_up(2), &mut group, 400);
        assert_eq!(&count[1..3], &[300, 100]);
    }

    #[test]
    fn lin_06_a_trunk_that_is_down_gets_nothing_and_the_next_order_takes_over() {
        let mut group = LineGroup::new([member(1, 0, 1), member(2, 1, 1)]);
        let mut selector = all_up(2);
        assert_eq!(selector.select(&mut group, &[]), Some(TrunkId(1)));
        selector.set_state(TrunkId(1), TrunkState::Down);
        assert_eq!(selector.select(&mut group, &[]), Some(TrunkId(2)));
        assert_eq!(selector.select(&mut group, &[TrunkId(2)]), None);
    }

    #[test]
    fn a_full_trunk_is_passed_over_until_a_channel_is_free() {
        let mut group = LineGroup::new([Member { channels: 1, ..member(1, 0, 1) }]);
        let mut selector = all_up(1);
        selector.call_started(TrunkId(1));
        assert_eq!(selector.select(&mut group, &[]), None);
        selector.call_ended(TrunkId(1));
        assert_eq!(selector.select(&mut group, &[]), Some(TrunkId(1)));
    }

    #[test]
    fn lin_06_only_what_certainly_rang_nowhere_goes_to_another_trunk() {
        for status in 300..=699 {
            let refused = |may_have_rung| Attempt::Refused { status, may_have_rung };
            assert_eq!(may_fail_over(refused(false)), status == 503, "{status}");
            assert!(!may_fail_over(refused(true)), "{status}");
        }
        assert!(may_fail_over(Attempt::NotSent));
        for attempt in [Attempt::Broken, Attempt::Silent, Attempt::GivenUp, Attempt::Answered] {
            assert!(!may_fail_over(attempt), "{attempt:?}");
        }
    }
}
