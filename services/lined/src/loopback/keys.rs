//! What the two legs play: keys of a telephone as tones, other ones each way, so that a leg that hears itself is found.
//! They are played until they are heard: a busy start of a machine may swallow one.

use media::dtmf::generate::{ToneShape, add_digit};
use media::prompt::{Clip, ClipRole, ListId, Playlist, PromptId};
use media::{Digit, Law};
use std::sync::Arc;

/// What the near leg plays, and the far one must hear.
pub const NEAR_KEYS: [char; 3] = ['1', '5', '9'];
/// What the far leg plays, and the near one must hear.
pub const FAR_KEYS: [char; 3] = ['3', '6', '8'];

/// What the near leg plays: a stretch that stands for the recording notice, so that recording begins as in every call,
/// then its keys.
#[must_use]
pub fn near_list() -> (Playlist, Vec<Arc<[u8]>>) {
    let notice = silence(NOTICE_MS);
    let keys = keys(LEAD_MS, &NEAR_KEYS);
    list(&[(ClipRole::RecordingNotice, notice), (ClipRole::Tone, keys)])
}

/// What the far leg plays, once the near one records.
#[must_use]
pub fn far_list() -> (Playlist, Vec<Arc<[u8]>>) {
    list(&[(ClipRole::Tone, keys(NOTICE_MS + 2 * LEAD_MS, &FAR_KEYS))])
}

/// Whether what was heard holds these keys in their order.
#[must_use]
pub(super) fn holds(heard: &[char], keys: &[char]) -> bool {
    let mut heard = heard.iter();
    keys.iter().all(|key| heard.any(|known| known == key))
}

/// A list and its clips, which are kept until the media thread has let go of them.
fn list(clips: &[(ClipRole, Vec<u8>)]) -> (Playlist, Vec<Arc<[u8]>>) {
    let mut list = Playlist::new(ListId(1));
    let mut kept = Vec::new();
    for (number, (role, audio)) in (1..).zip(clips) {
        let audio: Arc<[u8]> = Arc::from(audio.as_slice());
        kept.push(Arc::clone(&audio));
        // A list takes far more than two.
        let _ = list.push(Clip { id: PromptId(number), role: *role, law: Law::A, audio });
    }
    (list.looped(), kept)
}

fn silence(ms: usize) -> Vec<u8> {
    vec![Law::A.silence(); ms * SAMPLES_PER_MS]
}

fn keys(lead_ms: usize, keys: &[char]) -> Vec<u8> {
    let mut audio = silence(lead_ms);
    for key in keys.iter().filter_map(|key| Digit::from_char(*key)) {
        let mut samples = vec![0; KEY_MS * SAMPLES_PER_MS];
        add_digit(key, &ToneShape::default(), &mut samples);
        audio.extend(samples.iter().map(|sample| Law::A.encode(*sample)));
        audio.extend(silence(KEY_MS));
    }
    audio.extend(silence(LEAD_MS));
    audio
}

const SAMPLES_PER_MS: usize = 8;
/// Longer than the shortest recording notice that counts as one (`media::call::MIN_NOTICE_SAMPLES`).
const NOTICE_MS: usize = 240;
/// Silence around the keys: the jitter buffer settles.
const LEAD_MS: usize = 300;
/// A key sounds for so long, and is silent for as long.
const KEY_MS: usize = 120;

#[cfg(test)]
mod tests {
    use super::{FAR_KEYS, NEAR_KEYS, far_list, holds, near_list};
    use crate::loopback::check::Ear;
    use media::call::MIN_NOTICE_SAMPLES;

    fn heard(audio: &[std::sync::Arc<[u8]>]) -> Vec<char> {
        let mut ear = Ear::default();
        audio.iter().flat_map(|clip| clip.iter()).for_each(|octet| ear.hear(*octet));
        ear.keys()
    }

    #[test]
    fn each_leg_is_heard_by_its_own_keys_and_silence_by_none() {
        let ((_, near), (_, far)) = (near_list(), far_list());
        assert_eq!(heard(&near), NEAR_KEYS);
        assert_eq!(heard(&far), FAR_KEYS);
        assert!(heard(&near[..1]).is_empty());
        assert!(near[0].len() >= MIN_NOTICE_SAMPLES, "recording would never begin");
    }

    #[test]
    fn keys_count_in_their_order_and_a_swallowed_one_when_it_comes_again() {
        assert!(holds(&['1', '9', '1', '5', '9'], &NEAR_KEYS) && holds(&FAR_KEYS, &FAR_KEYS));
        for heard in [&[][..], &['1', '5'], &['9', '5', '1'], &FAR_KEYS] {
            assert!(!holds(heard, &NEAR_KEYS), "{heard:?}");
        }
    }
}
