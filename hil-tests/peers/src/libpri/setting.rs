//! How a bench's line is set: our side, our timers, the digits' way. The defaults are patient, so that a busy machine
//! changes nothing; a scenario that is about a timer shortens it.

use idl::spans::{PriConfig, PriSide};
use q931::control::{Config, IncomingPolicy, TimerValues};

/// How one line is set.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Our data link.
    pub link: lapd::Config,
    /// Our call control.
    pub control: Config,
}

impl Setting {
    /// We are the user side and libpri is the network, as at a carrier's. Incoming calls are offered.
    #[must_use]
    pub fn user() -> Self {
        Self::of(PriSide::User, lapd::Side::User)
    }

    /// We are the network side and libpri is the user.
    #[must_use]
    pub fn network() -> Self {
        Self::of(PriSide::Network, lapd::Side::Network)
    }

    fn of(side: PriSide, link: lapd::Side) -> Self {
        let mut control = Config::of(&PriConfig { side, restart_on_start: false, ..PriConfig::default() });
        control.incoming = IncomingPolicy::Offer;
        control.timers = patient(control.timers);
        Self { link: lapd::Config::new(link), control }
    }
}

/// Timers that only an answer that never comes lets run out: longer than the bench waits for anything.
#[must_use]
pub const fn patient(timers: TimerValues) -> TimerValues {
    TimerValues {
        t302_ms: PATIENT_MS,
        t303_ms: PATIENT_MS,
        t304_ms: PATIENT_MS,
        t305_ms: PATIENT_MS,
        t306_ms: PATIENT_MS,
        t308_ms: PATIENT_MS,
        t310_ms: PATIENT_MS,
        t313_ms: PATIENT_MS,
        t321_ms: PATIENT_MS,
        t322_ms: PATIENT_MS,
        ..timers
    }
}

/// The same for libpri's: name and milliseconds.
pub(super) const LIBPRI_TIMERS: [&str; 4] = ["T303", "T305", "T308", "T313"];
pub(super) const PATIENT_MS: u64 = 300_000;
