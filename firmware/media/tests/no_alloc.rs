//! A call in its steady state allocates nothing: counted by the allocator itself.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::{AGENT, CUSTOMER, Peer, Rig, clip, playlist, secure};
use media::call::TickOutput;
use media::prompt::ClipRole;
use media::srtp::Suite;
use media::units::TICK_US;
use media::watchdog::WatchLimits;
use media::{CallMedia, Command, Law, Leg, TdmLeg};

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    COUNT.with(|count| count.set(count.get() + 1));
}

// SAFETY: every call is passed unchanged to the system's allocator; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's contract is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller's contract is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's contract is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const PACKETS: usize = 10_000;

/// Datagrams of one leg, made beforehand; every tenth a telephone event.
fn datagrams(peer: &mut Peer) -> Vec<Vec<u8>> {
    (0..PACKETS)
        .map(|n| {
            if n % 10 == 9 {
                let at = peer.timestamp;
                peer.timestamp = at.wrapping_add(160);
                peer.event((n / 10 % 10) as u8, at, 160, true)
            } else {
                peer.audio(&[n as u8; 160])
            }
        })
        .collect()
}

fn allocations_of_a_call(suite: Suite) -> u64 {
    let (leg, mut customer) = secure(Law::A, CUSTOMER, suite);
    let (agent_leg, mut agent) = secure(Law::Mu, AGENT, suite);
    let mut rig = Rig::new(leg);
    let notice = clip(1, ClipRole::RecordingNotice, 400, 0x22);
    let body = clip(2, ClipRole::Body, 700, 0x33);
    let list = playlist(1, &[notice.clone(), body.clone()]);
    let mut from_customer = datagrams(&mut customer);
    let mut from_agent = datagrams(&mut agent);
    let stranger = std::net::SocketAddr::from(([203, 0, 113, 9], 9));
    let mut recorded = 0u64;

    let before = COUNT.with(Cell::get);
    rig.command(Command::Answered);
    rig.command(Command::ConnectAgent(agent_leg.into()));
    rig.command(Command::SetRecording(true));
    rig.command(Command::Play(list));
    for n in 0..PACKETS {
        // One in 50 is lost, one in 70 comes twice.
        if n % 50 != 0 {
            rig.call.receive(Leg::Customer, CUSTOMER, &mut from_customer[n], rig.now_us);
            rig.call.receive(Leg::Agent, AGENT, &mut from_agent[n], rig.now_us);
        }
        if n % 70 == 0 {
            rig.call.receive(Leg::Customer, stranger, &mut from_customer[n], rig.now_us);
        }
        rig.call.tick(rig.now_us, &mut rig.out);
        recorded += u64::from(rig.out.tap.is_some());
        rig.now_us += TICK_US;
    }
    let after = COUNT.with(Cell::get);

    assert!(recorded > 9_000, "it was a real call: {recorded}");
    assert!(rig.call.stats().agent.accepted > 9_000);
    // The caller keeps its clips, so that the player's copies free nothing.
    assert_eq!(notice.audio.len() + body.audio.len(), 8_800);
    after - before
}

#[test]
fn ten_thousand_packets_each_way_allocate_and_free_nothing() {
    for suite in [Suite::AesCm128HmacSha1_80, Suite::AeadAes256Gcm] {
        assert_eq!(allocations_of_a_call(suite), 0, "{suite:?}");
    }
}

#[test]
fn ten_thousand_turns_of_a_timeslot_allocate_and_free_nothing() {
    let notice = clip(1, ClipRole::RecordingNotice, 400, 0x22);
    let list = playlist(1, std::slice::from_ref(&notice));
    let mut call = CallMedia::new(Box::new(TdmLeg::new(Law::A)), WatchLimits::default());
    let mut out = TickOutput::default();
    let mut recorded = 0u64;
    let before = COUNT.with(Cell::get);
    call.command(Command::Answered, 0);
    call.command(Command::SetRecording(true), 0);
    call.command(Command::Play(list), 0);
    for n in 0..PACKETS as u64 {
        call.put_frame(Leg::Customer, &[n as u8; 160], n * TICK_US);
        call.tick(n * TICK_US, &mut out);
        recorded += u64::from(out.tap.is_some() && out.customer_frame.is_some());
    }
    let after = COUNT.with(Cell::get);
    assert!(recorded > 9_000, "it was a real call: {recorded}");
    assert_eq!((after - before, notice.audio.len()), (0, 3_200));
}

#[test]
fn the_counter_counts() {
    let before = COUNT.with(Cell::get);
    drop(std::hint::black_box(vec![0u8; 10]));
    assert_eq!(COUNT.with(Cell::get) - before, 2);
}
