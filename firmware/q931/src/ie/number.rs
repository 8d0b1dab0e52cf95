//! Numbers of parties: calling (4.5.10), called (4.5.8), connected (Q.951), redirecting (Q.952 with Q.931 4.5.10).
//!
//! It neither completes nor checks a number; digits are what the peer or the dial plan says.

use super::coding::{NumberPlan, NumberType};
use super::octets::{EXT, Ia5, IeError, MAX_DIGITS, Reader, put_group};
use vocab::Pii;

/// Whether a number may be shown (octet 3a, bits 7 and 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Presentation {
    /// It may be shown.
    #[default]
    Allowed,
    /// It may not.
    Restricted,
    /// There is none, because of interworking.
    NotAvailable,
    /// Reserved.
    Reserved,
}

/// Who vouches for a number (octet 3a, bits 2 and 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Screening {
    /// Provided by the user, not screened.
    #[default]
    UserNotScreened,
    /// Provided by the user, verified and passed.
    UserPassed,
    /// Provided by the user, verified and failed.
    UserFailed,
    /// Provided by the network.
    Network,
}

/// Octet 3a.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Indicators {
    /// Presentation indicator.
    pub presentation: Presentation,
    /// Screening indicator.
    pub screening: Screening,
}

impl Indicators {
    const fn of(octet: u8) -> Self {
        let presentation = match octet >> 5 & 3 {
            0 => Presentation::Allowed,
            1 => Presentation::Restricted,
            2 => Presentation::NotAvailable,
            _ => Presentation::Reserved,
        };
        let screening = match octet & 3 {
            0 => Screening::UserNotScreened,
            1 => Screening::UserPassed,
            2 => Screening::UserFailed,
            _ => Screening::Network,
        };
        Self { presentation, screening }
    }

    const fn octet(self) -> u8 {
        let presentation = match self.presentation {
            Presentation::Allowed => 0,
            Presentation::Restricted => 1,
            Presentation::NotAvailable => 2,
            Presentation::Reserved => 3,
        };
        let screening = match self.screening {
            Screening::UserNotScreened => 0,
            Screening::UserPassed => 1,
            Screening::UserFailed => 2,
            Screening::Network => 3,
        };
        presentation << 5 | screening
    }
}

/// Called party number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CalledNumber {
    /// Type of number.
    pub kind: NumberType,
    /// Numbering plan.
    pub plan: NumberPlan,
    /// The digits; in overlap sending those of this message alone.
    pub digits: Pii<Ia5>,
}

impl CalledNumber {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let octet = reader.octet()?;
        // Octet 3 has no continuation; a peer that clears the bit and sends none is understood all the same.
        while reader.peek().is_some_and(|next| next & EXT != 0 && octet & EXT == 0) {
            reader.octet()?;
        }
        let (kind, plan) = type_and_plan(octet);
        Ok(Self { kind, plan, digits: Pii::new(reader.ia5(MAX_DIGITS)?) })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_group(out, &[first_octet(self.kind, self.plan)]);
        out.extend_from_slice(self.digits.reveal().as_bytes());
    }
}

/// A number with octet 3a: calling party number, connected number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PartyNumber {
    /// Type of number.
    pub kind: NumberType,
    /// Numbering plan.
    pub plan: NumberPlan,
    /// Octet 3a; without it presentation is allowed and the number comes from the user, not screened.
    pub indicators: Option<Indicators>,
    /// The digits; none where they are withheld.
    pub digits: Pii<Ia5>,
}

impl PartyNumber {
    /// Octet 3a or what its absence means.
    #[must_use]
    pub fn indicators(&self) -> Indicators {
        self.indicators.unwrap_or_default()
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let group = reader.group()?;
        let (kind, plan) = type_and_plan(group.first());
        let indicators = group.more(0).map(Indicators::of);
        Ok(Self { kind, plan, indicators, digits: Pii::new(reader.ia5(MAX_DIGITS)?) })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let first = first_octet(self.kind, self.plan);
        match self.indicators {
            None => put_group(out, &[first]),
            Some(indicators) => put_group(out, &[first, indicators.octet()]),
        }
        out.extend_from_slice(self.digits.reveal().as_bytes());
    }
}

codes! {
    /// Why a call was redirected (octet 3b, bits 4 to 1).
    RedirectReason {
        /// Unknown.
        Unknown = 0,
        /// Call forwarding busy.
        Busy = 1,
        /// Call forwarding no reply.
        NoReply = 2,
        /// Call deflection.
        Deflection = 4,
        /// The called terminal is out of order.
        OutOfOrder = 9,
        /// Forwarded by the called terminal.
        ByTerminal = 10,
        /// Call forwarding unconditional.
        Unconditional = 15,
    }
}

/// Redirecting number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RedirectingNumber {
    /// The number with its indicators; they are written whenever there is a reason.
    pub number: PartyNumber,
    /// Octet 3b.
    pub reason: Option<RedirectReason>,
}

impl RedirectingNumber {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, IeError> {
        let group = reader.group()?;
        let (kind, plan) = type_and_plan(group.first());
        let indicators = group.more(0).map(Indicators::of);
        let reason = group.more(1).map(|octet| RedirectReason::from_code(octet & 0x0f));
        let digits = Pii::new(reader.ia5(MAX_DIGITS)?);
        Ok(Self { number: PartyNumber { kind, plan, indicators, digits }, reason })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let Some(reason) = self.reason else { return self.number.write(out) };
        let first = first_octet(self.number.kind, self.number.plan);
        put_group(out, &[first, self.number.indicators().octet(), reason.code() & 0x0f]);
        out.extend_from_slice(self.number.digits.reveal().as_bytes());
    }
}

fn type_and_plan(octet: u8) -> (NumberType, NumberPlan) {
    (NumberType::from_code(octet >> 4 & 7), NumberPlan::from_code(octet & 0x0f))
}

const fn first_octet(kind: NumberType, plan: NumberPlan) -> u8 {
    (kind.code() & 7) << 4 | plan.code() & 0x0f
}
