//! Frames as the standard writes them, octet by octet, and the codec's promises.

use lapd::{Frame, FrameError, FrameReject, MAX_FRAME, N201, Role, Side, Supervisory};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Octets worked out from table 1 (C/R), figure 4 (address) and table 5 (control field).
const KNOWN: &[(Side, Frame<'static>, &[u8])] = &[
    (Side::User, Frame::Sabme { p: true }, &[0x00, 0x01, 0x7f]),
    (Side::Network, Frame::Sabme { p: true }, &[0x02, 0x01, 0x7f]),
    (Side::Network, Frame::Ua { f: true }, &[0x00, 0x01, 0x73]),
    (Side::User, Frame::Ua { f: true }, &[0x02, 0x01, 0x73]),
    (Side::User, Frame::Ua { f: false }, &[0x02, 0x01, 0x63]),
    (Side::User, Frame::Disc { p: true }, &[0x00, 0x01, 0x53]),
    (Side::Network, Frame::Dm { f: true }, &[0x00, 0x01, 0x1f]),
    (Side::Network, Frame::Dm { f: false }, &[0x00, 0x01, 0x0f]),
    (Side::User, rr(Role::Command, 0, true), &[0x00, 0x01, 0x01, 0x01]),
    (Side::Network, rr(Role::Response, 1, true), &[0x00, 0x01, 0x01, 0x03]),
    (Side::User, rr(Role::Response, 5, false), &[0x02, 0x01, 0x01, 0x0a]),
    (
        Side::User,
        Frame::S { kind: Supervisory::Rnr, role: Role::Response, nr: 127, pf: false },
        &[0x02, 0x01, 0x05, 0xfe],
    ),
    (
        Side::Network,
        Frame::S { kind: Supervisory::Rej, role: Role::Response, nr: 2, pf: true },
        &[0x00, 0x01, 0x09, 0x05],
    ),
    (
        Side::User,
        Frame::I { ns: 3, nr: 64, p: false, information: &[0x08, 0x02, 0x00, 0x01] },
        &[0x00, 0x01, 0x06, 0x80, 0x08, 0x02, 0x00, 0x01],
    ),
    (
        Side::Network,
        Frame::I { ns: 0, nr: 0, p: true, information: &[0x08] },
        &[0x02, 0x01, 0x00, 0x01, 0x08],
    ),
    (Side::Network, Frame::Ui { p: false, information: &[0x08, 0x01] }, &[0x02, 0x01, 0x03, 0x08, 0x01]),
    (
        Side::User,
        Frame::Xid { role: Role::Command, pf: true, information: &[0x82] },
        &[0x00, 0x01, 0xbf, 0x82],
    ),
    (
        Side::Network,
        Frame::Frmr {
            f: true,
            reject: FrameReject {
                control: [0x0a, 0x14],
                vs: 4,
                vr: 5,
                response: false,
                w: false,
                x: false,
                y: false,
                z: true,
            },
        },
        &[0x00, 0x01, 0x97, 0x0a, 0x14, 0x08, 0x0a, 0x08],
    ),
];

const fn rr(role: Role, nr: u8, pf: bool) -> Frame<'static> {
    Frame::S { kind: Supervisory::Rr, role, nr, pf }
}

#[test]
fn known_frames_have_the_octets_of_the_standard() {
    for (from, frame, octets) in KNOWN {
        assert_eq!(frame.encode(*from), *octets, "{from:?} {frame:?}");
        assert_eq!(Frame::parse(*from, octets), Ok(*frame), "{from:?} {octets:02x?}");
    }
}

#[test]
fn a_frame_heard_from_the_wrong_side_changes_command_and_response() {
    let heard = Frame::parse(Side::Network, &[0x00, 0x01, 0x01, 0x01]);
    assert_eq!(heard, Ok(rr(Role::Response, 0, true)));
    for octets in [&[0x00_u8, 0x01, 0x7f][..], &[0x00, 0x01, 0x53], &[0x02, 0x01, 0x73], &[0x02, 0x01, 0x1f]]
    {
        assert_eq!(Frame::parse(Side::Network, octets), Err(FrameError::OwnSide), "{octets:02x?}");
    }
    assert_eq!(Frame::parse(Side::Network, &[0x00, 0x01, 0x00, 0x00, 0x08]), Err(FrameError::OwnSide));
}

#[test]
fn what_is_no_frame_is_named() {
    let cases: &[(&[u8], FrameError)] = &[
        (&[], FrameError::TooShort),
        (&[0x00, 0x01], FrameError::TooShort),
        (&[0x00, 0x01, 0x01], FrameError::TooShort),
        (&[0x00, 0x01, 0x00], FrameError::TooShort),
        (&[0x01, 0x01, 0x7f], FrameError::Address),
        (&[0x00, 0x00, 0x7f], FrameError::Address),
        (&[0xfc, 0xff, 0x03], FrameError::OtherLink { sapi: 63, tei: 127 }),
        (&[0x00, 0xff, 0x03], FrameError::OtherLink { sapi: 0, tei: 127 }),
        (&[0x40, 0x01, 0x7f], FrameError::OtherLink { sapi: 16, tei: 0 }),
        (&[0x00, 0x01, 0x0d, 0x00], FrameError::Undefined),
        (&[0x00, 0x01, 0x11, 0x00], FrameError::Undefined),
        (&[0x00, 0x01, 0x2f], FrameError::Undefined),
        (&[0x00, 0x01, 0x7f, 0x00], FrameError::FieldNotPermitted),
        (&[0x02, 0x01, 0x73, 0x00], FrameError::FieldNotPermitted),
        (&[0x00, 0x01, 0x01, 0x00, 0x00], FrameError::FieldNotPermitted),
        (&[0x02, 0x01, 0x87, 0x00], FrameError::WrongSize),
        (&[0x02, 0x01, 0x87, 0, 0, 0, 0, 0, 0], FrameError::WrongSize),
    ];
    for (octets, error) in cases {
        assert_eq!(Frame::parse(Side::User, octets), Err(*error), "{octets:02x?}");
    }
}

#[test]
fn an_information_field_may_have_n201_octets_and_no_more() {
    let longest = [0x55; N201];
    for frame in [
        Frame::I { ns: 0, nr: 0, p: false, information: &longest },
        Frame::Ui { p: false, information: &longest },
        Frame::Xid { role: Role::Response, pf: false, information: &longest },
    ] {
        let mut octets = frame.encode(Side::User);
        assert!(octets.len() <= MAX_FRAME);
        assert_eq!(Frame::parse(Side::User, &octets), Ok(frame));
        octets.push(0);
        assert_eq!(Frame::parse(Side::User, &octets), Err(FrameError::TooLong));
    }
}

#[test]
fn a_frame_shown_to_people_hides_its_message() {
    let secret = b"13800138000";
    let shown = format!("{:?}", Frame::I { ns: 1, nr: 2, p: false, information: secret });
    assert_eq!(shown, "I N(S)=1 N(R)=2 P=0 11 octets");
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::User), Just(Side::Network)]
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Command), Just(Role::Response)]
}

fn kind() -> impl Strategy<Value = Supervisory> {
    prop_oneof![Just(Supervisory::Rr), Just(Supervisory::Rnr), Just(Supervisory::Rej)]
}

fn reject() -> impl Strategy<Value = FrameReject> {
    (any::<[u8; 2]>(), 0..128_u8, 0..128_u8, any::<[bool; 5]>()).prop_map(
        |(control, vs, vr, [response, w, x, y, z])| FrameReject { control, vs, vr, response, w, x, y, z },
    )
}

/// Every kind of frame with every value of its fields, its information field apart.
fn frame(information: &[u8]) -> impl Strategy<Value = Frame<'_>> {
    let flag = any::<bool>;
    prop_oneof![
        (0..128_u8, 0..128_u8, flag()).prop_map(move |(ns, nr, p)| Frame::I { ns, nr, p, information }),
        (kind(), role(), 0..128_u8, flag()).prop_map(|(kind, role, nr, pf)| Frame::S { kind, role, nr, pf }),
        flag().prop_map(|p| Frame::Sabme { p }),
        flag().prop_map(|p| Frame::Disc { p }),
        flag().prop_map(|f| Frame::Ua { f }),
        flag().prop_map(|f| Frame::Dm { f }),
        (flag(), reject()).prop_map(|(f, reject)| Frame::Frmr { f, reject }),
        flag().prop_map(move |p| Frame::Ui { p, information }),
        (role(), flag()).prop_map(move |(role, pf)| Frame::Xid { role, pf, information }),
    ]
}

const TEXT: [u8; N201] = [0xa5; N201];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(0x921), ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn what_is_encoded_decodes_to_the_same(
        from in side(),
        length in 0..=N201,
        frame in frame(&TEXT),
    ) {
        let frame = match frame {
            Frame::I { ns, nr, p, .. } => Frame::I { ns, nr, p, information: &TEXT[..length] },
            Frame::Ui { p, .. } => Frame::Ui { p, information: &TEXT[..length] },
            other => other,
        };
        let octets = frame.encode(from);
        prop_assert!(octets.len() <= MAX_FRAME);
        prop_assert_eq!(Frame::parse(from, &octets), Ok(frame));
    }

    #[test]
    fn what_decodes_encodes_to_the_same_octets(
        from in side(),
        head in prop_oneof![Just([0x00_u8, 0x01]), Just([0x02, 0x01]), any::<[u8; 2]>()],
        tail in prop::collection::vec(any::<u8>(), 0..12),
    ) {
        let octets = [&head[..], &tail[..]].concat();
        if let Ok(frame) = Frame::parse(from, &octets) {
            let again = frame.encode(from);
            if let Frame::Frmr { .. } = frame {
                // Bits 5 to 8 of its last octet and bit 1 of its V(S) octet are spare.
                prop_assert_eq!(Frame::parse(from, &again), Ok(frame));
            } else {
                prop_assert_eq!(again, octets);
            }
        }
    }
}
