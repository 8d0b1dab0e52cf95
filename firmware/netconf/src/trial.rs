//! A change that may lock people out is on trial (L-42): it is applied, and unless somebody reaches the page again and
//! says so within three minutes, the box goes back to what it had.
//!
//! `vaultd` steps it and `hostd` does what it is told: they speak over a local socket, so the way back needs no
//! network. Time is what has passed in this life of the process that steps it; a restart within a trial is no
//! confirmation and ends it ([`Settling::start`] knows only what was confirmed).
//!
//! | state | want, harmless | want, touches zones or tunnels | confirm | time over |
//! |---|---|---|---|---|
//! | settled | apply, keep | apply, on trial | nothing to confirm | – |
//! | on trial | refused | refused | keep | apply what was before |

use idl::network::NetworkConfig;
use std::time::Duration;

/// Seconds until a change that nobody confirmed is taken back.
pub const CONFIRM_S: u64 = 180;

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Apply it; it is kept.
    Settle(NetworkConfig),
    /// Apply it; it is kept once confirmed.
    Try(NetworkConfig),
    /// It was confirmed: keep it, nothing to apply.
    Keep(NetworkConfig),
    /// Apply this again: what came after was not confirmed.
    FallBack(NetworkConfig),
}

/// What is in use, and what it falls back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settling {
    kept: NetworkConfig,
    trial: Option<Trial>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Trial {
    config: NetworkConfig,
    until: Duration,
}

impl Settling {
    /// At the start: what was last kept is in use.
    #[must_use]
    pub const fn start(kept: NetworkConfig) -> Self {
        Self { kept, trial: None }
    }

    /// What is in use now.
    #[must_use]
    pub const fn in_use(&self) -> &NetworkConfig {
        match &self.trial {
            Some(trial) => &trial.config,
            None => &self.kept,
        }
    }

    /// What is kept, and would be in use after a restart.
    #[must_use]
    pub const fn kept(&self) -> &NetworkConfig {
        &self.kept
    }

    /// When the trial is over, if there is one.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.trial.as_ref().map(|trial| trial.until)
    }

    /// Another configuration is wanted, by two persons. Nothing while one is on trial: that is settled first.
    pub fn want(&mut self, now: Duration, config: NetworkConfig) -> Option<Step> {
        if self.trial.is_some() {
            return None;
        }
        if needs_confirmation(&self.kept, &config) {
            let until = now.saturating_add(Duration::from_secs(CONFIRM_S));
            self.trial = Some(Trial { config: config.clone(), until });
            return Some(Step::Try(config));
        }
        self.kept = config.clone();
        Some(Step::Settle(config))
    }

    /// Somebody reached the page and says that it is good. Too late is too late, even if [`Settling::expire`] was
    /// not called meanwhile.
    pub fn confirm(&mut self, now: Duration) -> Option<Step> {
        let trial = self.trial.take_if(|trial| now < trial.until)?;
        self.kept = trial.config;
        Some(Step::Keep(self.kept.clone()))
    }

    /// Time has passed.
    pub fn expire(&mut self, now: Duration) -> Option<Step> {
        let _over = self.trial.take_if(|trial| now >= trial.until)?;
        Some(Step::FallBack(self.kept.clone()))
    }
}

/// Whether a change could take the page away from those who use it: anything about zones or tunnels. Servers,
/// carriers, egress and the host's name cannot.
#[must_use]
pub fn needs_confirmation(before: &NetworkConfig, after: &NetworkConfig) -> bool {
    before.zones != after.zones || before.tunnels != after.tunnels
}

#[cfg(test)]
mod tests {
    use super::{CONFIRM_S, Settling, Step, needs_confirmation};
    use idl::network::{NetworkConfig, Zone, ZoneConfig};
    use proptest::prelude::{any, prop, prop_oneof, proptest};
    use proptest::strategy::{Just, Strategy as _};
    use std::time::Duration;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn moved(port: &str) -> NetworkConfig {
        let zone = ZoneConfig {
            zone: Zone::Management,
            port: port.to_owned(),
            vlan: None,
            addresses: Vec::new(),
            gateway: None,
            allowed: Vec::new(),
        };
        NetworkConfig { zones: vec![zone], ..NetworkConfig::default() }
    }

    #[test]
    fn l_42_an_unconfirmed_change_goes_back_after_three_minutes() {
        let mut settling = Settling::start(moved("eth0"));
        assert_eq!(settling.want(at(10), moved("eth1")), Some(Step::Try(moved("eth1"))));
        assert_eq!(*settling.in_use(), moved("eth1"));
        assert_eq!(settling.deadline(), Some(at(10 + CONFIRM_S)));
        assert_eq!(settling.expire(at(10 + CONFIRM_S - 1)), None);
        assert_eq!(settling.expire(at(10 + CONFIRM_S)), Some(Step::FallBack(moved("eth0"))));
        assert_eq!((settling.in_use(), settling.deadline()), (&moved("eth0"), None));
        assert_eq!(settling.expire(at(9_999)), None);
    }

    #[test]
    fn l_42_a_confirmed_change_stays() {
        let mut settling = Settling::start(moved("eth0"));
        settling.want(at(0), moved("eth1"));
        assert_eq!(settling.confirm(at(5)), Some(Step::Keep(moved("eth1"))));
        assert_eq!(settling.expire(at(9_999)), None);
        assert_eq!(*settling.kept(), moved("eth1"));
        assert_eq!(settling.confirm(at(6)), None, "there is nothing to confirm twice");
    }

    #[test]
    fn l_42_a_confirmation_that_comes_too_late_confirms_nothing() {
        let mut settling = Settling::start(moved("eth0"));
        settling.want(at(0), moved("eth1"));
        assert_eq!(settling.confirm(at(CONFIRM_S)), None);
        assert_eq!(settling.expire(at(CONFIRM_S)), Some(Step::FallBack(moved("eth0"))));
    }

    #[test]
    fn l_42_what_locks_nobody_out_needs_no_confirmation() {
        let mut settling = Settling::start(moved("eth0"));
        let named = NetworkConfig { host: "box-7".to_owned(), ..moved("eth0") };
        assert_eq!(settling.want(at(0), named.clone()), Some(Step::Settle(named)));
        assert_eq!(settling.deadline(), None);
    }

    #[test]
    fn l_42_a_second_change_waits_for_the_first() {
        let mut settling = Settling::start(moved("eth0"));
        settling.want(at(0), moved("eth1"));
        assert_eq!(settling.want(at(1), moved("eth2")), None);
        assert_eq!(*settling.in_use(), moved("eth1"));
    }

    #[derive(Debug, Clone)]
    enum Input {
        Want(u8, bool),
        Confirm,
        Pass(u64),
    }

    proptest! {
        #[test]
        fn l_42_what_is_in_use_longer_than_a_trial_was_confirmed_or_harmless(
            inputs in prop::collection::vec(prop_oneof![
                (any::<u8>(), any::<bool>()).prop_map(|(port, zones)| Input::Want(port, zones)),
                Just(Input::Confirm),
                (0_u64..400).prop_map(Input::Pass),
            ], 0..60)
        ) {
            let (mut settling, mut now) = (Settling::start(moved("eth0")), at(0));
            let mut tried = None;
            for input in inputs {
                match input {
                    Input::Want(port, zones) => {
                        let host = format!("h{port}");
                        let wanted = if zones { moved(&format!("eth{port}")) } else { NetworkConfig { host, ..settling.kept().clone() } };
                        if let Some(Step::Try(_)) = settling.want(now, wanted) { tried = Some(now); }
                    }
                    Input::Confirm => if settling.confirm(now).is_some() { tried = None; },
                    Input::Pass(seconds) => {
                        now += at(seconds);
                        if settling.expire(now).is_some() { tried = None; }
                    }
                }
                assert!(tried.is_none_or(|since| now < since + at(CONFIRM_S)));
                assert_eq!(tried.is_none(), settling.in_use() == settling.kept() && settling.deadline().is_none());
                assert!(settling.deadline().is_some() || !needs_confirmation(settling.kept(), settling.in_use()));
            }
        }
    }
}
