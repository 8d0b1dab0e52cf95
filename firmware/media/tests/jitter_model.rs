//! The jitter buffer against a simple model, over random loss, order, duplicates and ptimes.

use std::collections::BTreeSet;

use media::g711::Law;
use media::jitter::{Insert, JitterBuffer, JitterConfig};
use proptest::prelude::*;

const CONFIG: JitterConfig = JitterConfig { target_ms: 60, max_ms: 200, adaptive: false };

fn octet_of(sample: u64) -> u8 {
    // Loud enough never to be taken for silence, and never the octet of silence.
    0x20 + (sample / 80 % 8) as u8
}

/// A packet: its first sample, its length, the tick it arrives in.
#[derive(Clone, Debug)]
struct Sent {
    start: u64,
    len: usize,
    arrives: u64,
    newest: bool,
}

/// What a network does to each packet: lost, ticks of delay (less than the buffer's), doubled.
fn network() -> impl Strategy<Value = (usize, Vec<(bool, u64, bool)>)> {
    let fate = (prop::bool::weighted(0.1), 0u64..3, prop::bool::weighted(0.1));
    (prop::sample::select(vec![80usize, 160, 240, 320]), prop::collection::vec(fate, 20..120))
}

fn arrivals(ptime: usize, fates: &[(bool, u64, bool)]) -> Vec<Sent> {
    let mut sent = Vec::new();
    for (n, (lost, delay, doubled)) in fates.iter().enumerate() {
        let start = (n * ptime) as u64;
        let ready = (start + ptime as u64).div_ceil(160);
        // The first packet sets the clock: it is neither lost nor delayed.
        let (lost, delay) = if n == 0 { (false, 0) } else { (*lost, *delay) };
        if !lost {
            let packet = Sent { start, len: ptime, arrives: ready + delay, newest: false };
            sent.push(packet.clone());
            if *doubled {
                sent.push(Sent { arrives: packet.arrives + 1, ..packet });
            }
        }
    }
    sent.sort_by_key(|packet| packet.arrives);
    let mut highest = None;
    for packet in &mut sent {
        packet.newest = highest.is_none_or(|h| packet.start > h);
        highest = highest.max(Some(packet.start));
    }
    sent
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn what_arrived_in_time_is_played_once_in_order_and_the_rest_is_counted_to_the_sample(
        (ptime, fates) in network(),
        first_timestamp in any::<u32>(),
    ) {
        let sent = arrivals(ptime, &fates);
        let mut buffer = JitterBuffer::new(Law::A, CONFIG);
        let mut arrived = BTreeSet::new();
        let mut played: Vec<u8> = Vec::new();
        let mut missing = 0u64;
        let ticks = sent.last().map_or(0, |p| p.arrives) + 8;
        let (mut raw, mut heard) = ([0; 160], [0; 160]);
        let mut next = sent.iter().peekable();
        for tick in 0..ticks {
            while let Some(packet) = next.next_if(|p| p.arrives <= tick) {
                let payload: Vec<u8> =
                    (0..packet.len as u64).map(|n| octet_of(packet.start + n)).collect();
                let timestamp = first_timestamp.wrapping_add(packet.start as u32);
                let fresh = arrived.insert(packet.start);
                let got = buffer.insert(timestamp, &payload, packet.newest);
                match fresh {
                    true => prop_assert_eq!(got, Insert::Stored),
                    false => prop_assert!(matches!(got, Insert::Duplicate | Insert::Late)),
                }
            }
            let popped = buffer.pop(&mut raw, &mut heard);
            missing += u64::from(popped.missing);
            if popped.started {
                played.extend_from_slice(&raw);
            }
        }
        // The model: 60 ms of delay, then each sample that arrived, silence where none did.
        let mut model = vec![0xD5u8; 480];
        let total = fates.len() * ptime;
        for sample in 0..total as u64 {
            let start = sample / ptime as u64 * ptime as u64;
            model.push(if arrived.contains(&start) { octet_of(sample) } else { 0xD5 });
        }
        let common = played.len().min(model.len());
        prop_assert_eq!(&played[..common], &model[..common]);
        let lost_in_played = model[480..common].iter().filter(|o| **o == 0xD5).count() as u64;
        let after_end = (played.len() - common) as u64;
        prop_assert_eq!(missing, lost_in_played + after_end);
        prop_assert_eq!(buffer.stats().gap_samples, missing);
    }

    #[test]
    fn no_sequence_of_packets_breaks_it(
        packets in prop::collection::vec((any::<u32>(), 0usize..400, any::<bool>(), 0u8..4), 0..300),
    ) {
        let mut buffer = JitterBuffer::new(Law::Mu, JitterConfig::default());
        let (mut raw, mut heard) = ([0; 160], [0; 160]);
        for (timestamp, len, newest, pops) in packets {
            buffer.insert(timestamp, &[0x55; 400][..len], newest);
            for _ in 0..pops {
                let popped = buffer.pop(&mut raw, &mut heard);
                prop_assert!(popped.missing <= 160);
            }
            prop_assert!(buffer.depth() as usize <= media::jitter::CAPACITY_SAMPLES);
        }
    }
}

#[test]
fn a_delay_that_grows_past_the_buffer_moves_the_playout_and_loses_nothing_more() {
    let mut buffer = JitterBuffer::new(Law::A, JitterConfig::default());
    let (mut raw, mut heard) = ([0; 160], [0; 160]);
    let mut octets = BTreeSet::new();
    let mut timestamp = 0u32;
    for tick in 0..120u32 {
        // After one second every packet takes 100 ms longer.
        if !(50..55).contains(&tick) {
            buffer.insert(timestamp, &[0x20 + (timestamp / 160) as u8; 160], true);
            timestamp += 160;
        }
        buffer.pop(&mut raw, &mut heard);
        octets.insert(raw[0]);
    }
    let wanted: BTreeSet<u8> = (0..110).map(|n| 0x20 + n).collect();
    assert!(wanted.is_subset(&octets));
    assert_eq!(buffer.stats().late, 0);
    assert!(buffer.stats().rescued >= 1);
}

#[test]
fn a_fast_or_slow_clock_is_corrected_in_silence_only() {
    for parts_per_thousand in [-3i64, 3] {
        let mut buffer = JitterBuffer::new(Law::A, JitterConfig::default());
        let (mut raw, mut heard) = ([0; 160], [0; 160]);
        let mut sent = 0i64;
        let mut speech = 0u64;
        for tick in 0..30_000i64 {
            let due = tick * (1_000 + parts_per_thousand) / 1_000 + 1;
            while sent < due {
                // Speech for a second, a pause of half a second.
                let octet = if sent % 75 < 50 { 0x2A } else { 0xD5 };
                buffer.insert((sent * 160) as u32, &[octet; 160], true);
                sent += 1;
            }
            buffer.pop(&mut raw, &mut heard);
            speech += raw.iter().filter(|octet| **octet == 0x2A).count() as u64;
        }
        let stats = buffer.stats();
        let corrected = stats.dropped_frames + stats.inserted_frames;
        assert!(corrected >= 60, "{parts_per_thousand}: {stats:?}");
        let offered = (0..sent).filter(|n| n % 75 < 50).count() as u64 * 160;
        assert!(
            offered - speech <= 50 * 160,
            "only what is still in the buffer: {} samples",
            offered - speech
        );
        assert!(stats.gap_samples <= 160, "{stats:?}");
    }
}

#[test]
fn suppressed_silence_is_no_gap() {
    let mut buffer = JitterBuffer::new(Law::A, JitterConfig::default());
    let (mut raw, mut heard) = ([0; 160], [0; 160]);
    for tick in 0..100u32 {
        match tick {
            0..30 | 80.. => {
                buffer.insert(tick * 160, &[0x2A; 160], true);
            }
            30 => buffer.comfort_noise(),
            31..80 => {}
        }
        buffer.pop(&mut raw, &mut heard);
    }
    assert_eq!(buffer.stats().gap_samples, 0);
    assert!(buffer.stats().suppressed_samples > 40 * 160);
}
