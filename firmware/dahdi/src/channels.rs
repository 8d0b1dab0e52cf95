//! What each channel of a span is configured to, and the configuring: signalling, law, echo canceller.
//!
//! A channel that already is what it shall be is left alone: configuring hangs it up.

use crate::abi::{self, ChannelConfig};
use crate::control::PortSide;
use crate::device::{ControlFile, number};
use card::CardError;
use idl::spans::{D_CHANNEL, Framing};
use nix::libc::c_int;
use vocab::Timeslot;

/// What a channel is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Left as it is: timeslot 16 under CAS.
    Untouched,
    /// Clear: audio, or a bit error test.
    Clear,
    /// HDLC with the checksum made by the driver.
    Link,
    /// An analogue line or CAS timeslot.
    Port(PortSide),
}

impl Role {
    const fn signalling(self) -> Option<c_int> {
        match self {
            Self::Untouched => None,
            Self::Clear => Some(abi::SIG_CLEAR),
            Self::Link => Some(abi::SIG_HDLC_FCS),
            // An FXO port is signalled to as if it were a telephone, and the other way round.
            Self::Port(PortSide::Fxo) => Some(abi::SIG_FXS_KS),
            Self::Port(PortSide::Fxs) => Some(abi::SIG_FXO_KS),
        }
    }

    const fn is_audio(self) -> bool {
        matches!(self, Self::Clear | Self::Port(_))
    }
}

/// Echo cancellers, the better one first. A card that has its own uses that, whatever is asked for.
const ECHO_CANCELLERS: [&str; 2] = ["oslec", "mg2"];

/// What a timeslot of an E1 is used for.
pub(crate) fn e1_role(
    slot: Timeslot,
    framing: Framing,
    d_channel: bool,
    ports: &[(Timeslot, PortSide)],
) -> Role {
    if let Some((_, side)) = ports.iter().find(|(port, _)| *port == slot) {
        return Role::Port(*side);
    }
    match (slot == D_CHANNEL, d_channel, framing) {
        (true, true, _) => Role::Link,
        (true, false, Framing::Cas) => Role::Untouched,
        _ => Role::Clear,
    }
}

/// What an analogue port is: what its module says, or what was asked for where the module can be both.
pub(crate) fn port_role(capabilities: c_int, wanted: Option<PortSide>) -> Role {
    let can = |signalling: c_int| capabilities & signalling == signalling;
    match (can(abi::SIG_FXS_KS), can(abi::SIG_FXO_KS), wanted) {
        (true, true, Some(side)) => Role::Port(side),
        (true, _, _) => Role::Port(PortSide::Fxo),
        (_, true, _) => Role::Port(PortSide::Fxs),
        // A place without a module.
        (false, false, _) => Role::Untouched,
    }
}

/// Makes a channel what it shall be, unless it is; chooses its echo canceller.
pub(crate) fn configure(
    control: &ControlFile,
    channel: u32,
    role: Role,
    echo_canceller: bool,
) -> Result<(), CardError> {
    let Some(signalling) = role.signalling() else { return Ok(()) };
    let params = control.params(channel)?;
    if params.signalling != signalling {
        control.configure_channel(&ChannelConfig {
            channel: number(channel),
            name: [0; 40],
            signalling,
            law: abi::LAW_ALAW,
            master: 0,
            idle_bits: 0,
            net_device: [0; 16],
        })?;
    }
    if role.is_audio() {
        attach(control, channel, echo_canceller)?;
    }
    Ok(())
}

fn attach(control: &ControlFile, channel: u32, wanted: bool) -> Result<(), CardError> {
    if !wanted {
        control.attach_echo(channel, "")?;
        return Ok(());
    }
    for name in ECHO_CANCELLERS {
        if control.attach_echo(channel, name)? {
            return Ok(());
        }
    }
    log::warn!("channel {channel} has no echo canceller: no module of one is there");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_primary_rate_access_has_its_d_channel_on_16_and_thirty_clear_channels() {
        let roles = |slot| e1_role(Timeslot(slot), Framing::Ccs, true, &[]);
        assert_eq!(roles(16), Role::Link);
        assert_eq!((1..=31).filter(|slot| roles(*slot) == Role::Clear).count(), 30);
    }

    #[test]
    fn timeslot_16_of_a_cas_span_is_the_card_s() {
        let ports = [(Timeslot(3), PortSide::Fxo), (Timeslot(4), PortSide::Fxs)];
        let role = |slot| e1_role(Timeslot(slot), Framing::Cas, false, &ports);
        assert_eq!(role(16), Role::Untouched);
        assert_eq!(role(3), Role::Port(PortSide::Fxo));
        assert_eq!(role(4), Role::Port(PortSide::Fxs));
        assert_eq!(role(5), Role::Clear);
    }

    #[test]
    fn an_fxo_port_speaks_fxs_signalling_and_the_other_way_round() {
        assert_eq!(Role::Port(PortSide::Fxo).signalling(), Some(abi::SIG_FXS_KS));
        assert_eq!(Role::Port(PortSide::Fxs).signalling(), Some(abi::SIG_FXO_KS));
    }

    #[test]
    fn a_module_says_what_it_is_and_an_empty_place_is_left_alone() {
        assert_eq!(port_role(abi::SIG_FXS_KS, None), Role::Port(PortSide::Fxo));
        assert_eq!(port_role(abi::SIG_FXO_KS, None), Role::Port(PortSide::Fxs));
        assert_eq!(port_role(abi::SIG_FXO_KS, Some(PortSide::Fxo)), Role::Port(PortSide::Fxs));
        let both = abi::SIG_FXS_KS | abi::SIG_FXO_KS;
        assert_eq!(port_role(both, Some(PortSide::Fxs)), Role::Port(PortSide::Fxs));
        assert_eq!(port_role(0, Some(PortSide::Fxs)), Role::Untouched);
    }
}
