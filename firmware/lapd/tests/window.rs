//! The window: whatever an honest peer does, no I frame leaves while k are unacknowledged.

use lapd::{Config, Frame, Input, Link, Output, Role, Side, State, Supervisory};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use vocab::Millis;

/// What the peer, layer 3 or the clock does next.
#[derive(Debug, Clone)]
enum Act {
    /// Layer 3 has so many messages.
    Messages(u8),
    /// The peer acknowledges this share, of 255, of what it got.
    Acknowledge(u8, Supervisory, Role, bool),
    /// The peer sends a message, and acknowledges this share.
    Message(u8, bool),
    /// The peer re-establishes the link.
    Reset,
    /// Time passes.
    Wait(u64),
}

/// What the peer knows: numbers the link sent on this connection, and the last N(R) it was told.
struct Peer {
    got: u8,
    told: u8,
    sent: u8,
}

fn act() -> impl Strategy<Value = Act> {
    let kind = prop_oneof![Just(Supervisory::Rr), Just(Supervisory::Rnr), Just(Supervisory::Rej)];
    let role = prop_oneof![Just(Role::Command), Just(Role::Response)];
    prop_oneof![
        3 => (0..20_u8).prop_map(Act::Messages),
        5 => (any::<u8>(), kind, role, any::<bool>())
            .prop_map(|(share, kind, role, pf)| Act::Acknowledge(share, kind, role, pf)),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(share, p)| Act::Message(share, p)),
        1 => Just(Act::Reset),
        2 => (0..3_000_u64).prop_map(Act::Wait),
    ]
}

impl Peer {
    /// N(R) between what it told before and what it got.
    fn number(&mut self, share: u8) -> u8 {
        let news = self.got.wrapping_sub(self.told) % 128;
        let part = u16::from(news) * (u16::from(share) + 1) / 256;
        self.told = (self.told + u8::try_from(part).expect("below 128")) % 128;
        self.told
    }

    /// Looks at what the link sent: an I frame must be within the window that the peer opened.
    fn watch(&mut self, out: &[Output], k: u8) -> Result<(), TestCaseError> {
        for output in out {
            let Output::Send(octets) = output else { continue };
            match Frame::parse(Side::User, octets).expect("our own frame") {
                Frame::I { ns, .. } => {
                    let ahead = ns.wrapping_sub(self.told) % 128;
                    prop_assert!(ahead < k, "I frame {ns} while {} is acknowledged", self.told);
                    if ns == self.got {
                        self.got = (self.got + 1) % 128;
                    }
                }
                Frame::Ua { .. } | Frame::Sabme { .. } => *self = Self { got: 0, told: 0, sent: 0 },
                Frame::S { .. }
                | Frame::Disc { .. }
                | Frame::Dm { .. }
                | Frame::Frmr { .. }
                | Frame::Ui { .. }
                | Frame::Xid { .. } => {}
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0x921),
        ..ProptestConfig::with_cases(1_000)
    })]

    #[test]
    fn never_more_than_k_i_frames_are_out(k in 1..=127_u8, acts in prop::collection::vec(act(), 1..80)) {
        let config = Config { k, ..Config::new(Side::User) };
        let mut link = Link::new(config);
        let mut peer = Peer { got: 0, told: 0, sent: 0 };
        let mut now = Millis(0);
        let mut out = Vec::new();
        link.step(now, Input::PhysicalUp, &mut out);
        link.step(now, Input::Establish, &mut out);
        let mut most = 0;
        for act in acts {
            let frame = match act {
                Act::Messages(count) => {
                    for _ in 0..count {
                        link.step(now, Input::Data(vec![0; 3]), &mut out);
                    }
                    None
                }
                Act::Acknowledge(share, kind, role, pf) => {
                    let nr = peer.number(share);
                    if kind == Supervisory::Rej || (role == Role::Response && pf) {
                        // It says where it stands: what it was sent beyond that was lost.
                        peer.got = nr;
                    }
                    Some(Frame::S { kind, role, nr, pf })
                }
                Act::Message(share, p) => {
                    let (ns, nr) = (peer.sent, peer.number(share));
                    peer.sent = (peer.sent + 1) % 128;
                    Some(Frame::I { ns, nr, p, information: b"peer" })
                }
                Act::Reset => Some(Frame::Sabme { p: true }),
                Act::Wait(ms) => {
                    now = now + ms;
                    link.expire(now, &mut out);
                    None
                }
            };
            if let Some(frame) = frame {
                let calling = link.state() == State::AwaitingEstablishment;
                let frame = if calling { Frame::Ua { f: true } } else { frame };
                link.step(now, Input::Frame(&frame.encode(Side::Network)), &mut out);
            }
            peer.watch(&out, k)?;
            out.clear();
            prop_assert!(link.outstanding() <= k);
            most = most.max(link.outstanding());
        }
        prop_assert_eq!(link.counters().errors[9], 0, "an honest peer makes no N(R) error");
        prop_assert!(most <= k);
    }
}
