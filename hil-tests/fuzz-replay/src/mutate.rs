//! A small deterministic mutator: flips, overwrites, inserts, removals, repeats and splices of other seeds.
//!
//! The same seed makes the same inputs on every machine. It sees no coverage.

/// Longest input it makes: the largest frame any parser accepts.
pub const MAX_INPUT_BYTES: usize = 64 * 1024;

/// Makes inputs from a corpus.
#[derive(Debug, Clone)]
pub struct Mutator<'a> {
    corpus: &'a [Vec<u8>],
    state: u64,
}

impl<'a> Mutator<'a> {
    /// A mutator of these inputs; an empty corpus mutates the empty input.
    #[must_use]
    pub const fn new(corpus: &'a [Vec<u8>], seed: u64) -> Self {
        Self { corpus, state: seed }
    }

    /// The next input: a seed changed in one to [`MAX_STEPS`] places.
    pub fn input(&mut self) -> Vec<u8> {
        let mut input = self.seed().to_vec();
        for _ in 0..=self.below(MAX_STEPS) {
            self.change(&mut input);
        }
        input.truncate(MAX_INPUT_BYTES);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let length = self.below(MAX_PIECE_BYTES).min(input.len() - at);
        match self.below(KINDS) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = TELLING[self.below(TELLING.len())],
            2 => input.insert(at, TELLING[self.below(TELLING.len())]),
            3 => drop(input.drain(at..at + length)),
            4 => input.truncate(at),
            5 => {
                let piece = input[at..at + length].to_vec();
                let to = self.below(input.len() + 1);
                input.splice(to..to, piece);
            }
            6 => {
                let other = self.seed();
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            _ => {
                let run = vec![TELLING[self.below(TELLING.len())]; 1 << self.below(MAX_RUN_POWER)];
                input.splice(at..at, run);
            }
        }
    }

    fn seed(&mut self) -> &'a [u8] {
        if self.corpus.is_empty() {
            return &[];
        }
        let at = self.below(self.corpus.len());
        &self.corpus[at]
    }

    /// A number below `limit`, which is not 0.
    fn below(&mut self, limit: usize) -> usize {
        let limit = limit as u64;
        usize::try_from(self.next() % limit).unwrap_or_default()
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Most changes in one input.
const MAX_STEPS: usize = 6;
/// Kinds of change.
const KINDS: usize = 8;
/// Longest piece removed or repeated.
const MAX_PIECE_BYTES: usize = 64;
/// The longest run of one byte is two to the power of one less.
const MAX_RUN_POWER: usize = 11;
/// Bytes that mean something to one of the parsers.
const TELLING: &[u8] = b"\x00\x01\x7f\x80\xff\r\n\t :;,=<>\"\\@/%&?()09aA-";

#[cfg(test)]
mod tests {
    use super::{MAX_INPUT_BYTES, Mutator};

    #[test]
    fn the_same_seed_makes_the_same_inputs() {
        let corpus = vec![b"v=0\r\n".to_vec(), b"INVITE".to_vec()];
        let (mut one, mut other) = (Mutator::new(&corpus, 7), Mutator::new(&corpus, 7));
        let inputs: Vec<_> = (0..100).map(|_| one.input()).collect();
        assert!(inputs.iter().all(|input| *input == other.input()));
        let mut third = Mutator::new(&corpus, 8);
        assert!(inputs.iter().any(|input| *input != third.input()));
    }

    #[test]
    fn nearly_every_input_is_new() {
        let corpus = vec![(0..=255).collect::<Vec<u8>>()];
        let mut mutator = Mutator::new(&corpus, 1);
        let inputs: std::collections::BTreeSet<_> = (0..1_000).map(|_| mutator.input()).collect();
        assert!(inputs.len() > 950, "{}", inputs.len());
    }

    #[test]
    fn an_input_never_outgrows_its_limit_and_nothing_can_be_mutated() {
        let corpus = vec![vec![b'a'; MAX_INPUT_BYTES]];
        let mut mutator = Mutator::new(&corpus, 2);
        assert!((0..200).all(|_| mutator.input().len() <= MAX_INPUT_BYTES));
        let mut nothing = Mutator::new(&[], 3);
        assert!((0..200).any(|_| !nothing.input().is_empty()));
    }
}
