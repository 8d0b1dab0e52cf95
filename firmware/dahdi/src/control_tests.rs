//! The control half without a driver: a folder of plain files in place of its device files, and a socket in place of
//! the D channel. What only the driver can do is proven by the probe against the driver itself.

use crate::control::DahdiControl;
use crate::device::ChannelFile;
use crate::{FoundSpan, Paths, open};
use card::{CardError, CardEvent, LineSignal, SpanControl, SpanKind};
use idl::spans::{D_CHANNEL, E1Config, PortConfig, PortKind, PriConfig, SpanConfig, SpanPurpose};
use nix::sys::epoll::{EpollEvent, EpollFlags};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use std::fs::File;
use std::io::{Read, Write};
use vocab::{AgentId, SpanId, Timeslot, TrunkId};

fn span() -> FoundSpan {
    FoundSpan {
        number: 1,
        device: "pci:0000:02:08.0".into(),
        local: 2,
        first_channel: 1,
        kind: SpanKind::E1,
        name: "TE2/0/2".into(),
        description: String::new(),
    }
}

fn config(purpose: SpanPurpose) -> SpanConfig {
    let (name, e1) = (String::new(), E1Config::default());
    SpanConfig { span: SpanId(1), trunk: TrunkId(1), name, e1, purpose }
}

/// A folder whose control file is no driver.
fn folder() -> (tempfile::TempDir, Paths) {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(folder.path().join("ctl"), "").expect("file");
    let paths = Paths { dev: folder.path().to_owned(), proc: folder.path().to_owned(), ..Paths::default() };
    (folder, paths)
}

/// A control half whose D channel is a socket, and its far end.
fn with_link(paths: &Paths) -> (DahdiControl, File) {
    let (mut control, _audio) = open(paths, &span()).expect("opened");
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let (near, far) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags).expect("sockets");
    let link = ChannelFile::of(File::from(near));
    let watched = EpollEvent::new(EpollFlags::EPOLLIN, u64::from(D_CHANNEL.0));
    control.epoll.add(&link, watched).expect("watched");
    control.link = Some(link);
    (control, File::from(far))
}

#[test]
fn without_the_driver_s_control_file_no_span_opens() {
    let folder = tempfile::tempdir().expect("folder");
    let paths = Paths { dev: folder.path().to_owned(), ..Paths::default() };
    assert!(matches!(open(&paths, &span()), Err(CardError::System { step: "open the control file", .. })));
}

#[test]
fn a_port_beyond_the_span_is_refused() {
    let (_folder, paths) = folder();
    for slot in [0, 32] {
        let (mut control, _audio) = open(&paths, &span()).expect("opened");
        let kind = PortKind::Fxs { agent: AgentId(1) };
        let ports = SpanPurpose::Ports(vec![PortConfig { port: Timeslot(slot), kind }]);
        let refused = control.configure(&config(ports));
        assert!(matches!(refused, Err(CardError::NoSuchSlot(_))), "{slot}");
    }
}

#[test]
fn a_configuration_that_failed_is_tried_again_in_full() {
    let (_folder, paths) = folder();
    let (mut control, _audio) = open(&paths, &span()).expect("opened");
    for _ in 0..2 {
        let refused = control.configure(&config(SpanPurpose::Pri(PriConfig::default())));
        assert!(matches!(refused, Err(CardError::System { step: "read the span's status", .. })));
    }
}

#[test]
fn before_it_is_configured_a_span_has_no_d_channel_no_ports_and_no_events() {
    let (_folder, paths) = folder();
    let (mut control, _audio) = open(&paths, &span()).expect("opened");
    assert!(matches!(control.send_frame(&[1, 2, 3]), Err(CardError::NotSupported(_))));
    assert!(matches!(control.signal(Timeslot(3), LineSignal::Flash), Err(CardError::NoSuchSlot(_))));
    assert_eq!(control.next_event().expect("asked"), None);
    assert_eq!(control.place(), "pci:0000:02:08.0 · 2");
}

#[test]
fn a_frame_goes_out_with_room_for_its_checksum_and_comes_in_without_it() {
    let (_folder, paths) = folder();
    let (mut control, mut far) = with_link(&paths);
    control.send_frame(&[2, 1, 0x7f]).expect("sent");
    let mut sent = [9; 64];
    assert_eq!(far.read(&mut sent).expect("a frame"), 5);
    assert_eq!(sent[..3], [2, 1, 0x7f]);
    far.write_all(&[2, 1, 0x73, 0xaa, 0xbb]).expect("room");
    far.write_all(&[4, 5, 6, 0xcc, 0xdd]).expect("room");
    assert_eq!(control.next_event().expect("read"), Some(CardEvent::Frame(vec![2, 1, 0x73])));
    assert_eq!(control.next_event().expect("read"), Some(CardEvent::Frame(vec![4, 5, 6])));
    assert_eq!(control.next_event().expect("read"), None);
}

#[test]
fn frames_of_a_length_that_cannot_be_are_damaged_or_refused() {
    let (_folder, paths) = folder();
    let (mut control, mut far) = with_link(&paths);
    for octets in [1, 2, 267] {
        far.write_all(&vec![1; octets]).expect("room");
        assert_eq!(control.next_event().expect("read"), Some(CardEvent::BadFrame), "{octets}");
    }
    assert_eq!(control.damaged_frames, 3);
    far.write_all(&[1; 266]).expect("room");
    assert_eq!(control.next_event().expect("read"), Some(CardEvent::Frame(vec![1; 264])));
    assert!(matches!(control.send_frame(&[]), Err(CardError::Protocol(_))));
    assert!(matches!(control.send_frame(&[0; 265]), Err(CardError::Protocol(_))));
}

#[test]
fn a_queue_that_takes_no_more_is_full() {
    let (_folder, paths) = folder();
    let (mut control, _far) = with_link(&paths);
    let refused = (0..100_000).find_map(|_| control.send_frame(&[0; 264]).err());
    assert!(matches!(refused, Some(CardError::Full)));
}

#[test]
fn a_d_channel_that_was_taken_away_ends_the_span() {
    let (_folder, paths) = folder();
    let (mut control, far) = with_link(&paths);
    drop(far);
    assert!(matches!(control.next_event(), Err(CardError::Gone)));
}
