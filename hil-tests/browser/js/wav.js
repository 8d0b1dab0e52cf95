// Sound as the telephone knows it: tones for prompts, and comparing what was heard with what was said.

import assert from 'node:assert/strict';

/** Samples per second of everything here. */
export const RATE_HZ = 8_000;

/** A WAV file of one tone: 8 kHz, mono, 16 bit. */
export function tone(hz, ms, { rate = RATE_HZ, level = 9_000 } = {}) {
  const count = Math.floor((rate * ms) / 1_000);
  const wav = Buffer.alloc(44 + count * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + count * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(count * 2, 40);
  for (let n = 0; n < count; n += 1) {
    wav.writeInt16LE(Math.round(Math.sin((2 * Math.PI * hz * n) / rate) * level), 44 + n * 2);
  }
  return wav;
}

/** The share of a stretch's energy that lies in one tone: 0 to 1, and 0 for silence. */
export function shareOf(hz, samples, rate = RATE_HZ) {
  let [energy, re, im] = [0, 0, 0];
  samples.forEach((sample, n) => {
    const phase = (2 * Math.PI * hz * n) / rate;
    energy += sample * sample;
    re += sample * Math.cos(phase);
    im += sample * Math.sin(phase);
  });
  if (energy < QUIET * QUIET * samples.length) return 0;
  return ((re * re + im * im) * 2) / (energy * samples.length);
}

/** How alike two stretches are whatever their loudness: 1 for the same sound, about 0 for two that differ. */
export function alike(ours, theirs) {
  let [both, left, right] = [0, 0, 0];
  const count = Math.min(ours.length, theirs.length);
  for (let n = 0; n < count; n += 1) {
    both += ours[n] * theirs[n];
    left += ours[n] * ours[n];
    right += theirs[n] * theirs[n];
  }
  return left === 0 || right === 0 ? 0 : both / Math.sqrt(left * right);
}

/**
 * The share of the loud stretches of what was heard that are found in what was said, each near the place where
 * the first was found: what a jitter buffer may leave out in a pause is 200 ms.
 */
export function heardIn(heard, said) {
  const loud = [];
  for (let at = 0; at + WINDOW <= heard.length; at += WINDOW) {
    const stretch = heard.subarray(at, at + WINDOW);
    if (stretch.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0) > LOUD) loud.push({ at, stretch });
  }
  assert.ok(loud.length > 0, 'nothing loud was heard');
  const found = (stretch, at, from, to) => {
    let best = { shift: 0, how: 0 };
    for (let shift = Math.max(from, -at); shift < to; shift += 1) {
      const how = alike(stretch, said.subarray(at + shift));
      if (how > best.how) best = { shift, how };
    }
    return best;
  };
  const first = loud[Math.floor(loud.length / 4)];
  const { shift } = found(first.stretch, first.at, 0, MOST_LATE);
  const good = loud.filter(({ at, stretch }) => found(stretch, at, shift - DRIFT, shift + DRIFT).how > SAME_SOUND);
  return good.length / loud.length;
}

const QUIET = 0.003;
const LOUD = 0.02;
const WINDOW = 800;
const DRIFT = 1_600;
const MOST_LATE = 24_000;
const SAME_SOUND = 0.85;

/** A WAV of 16 bit: its rate and each channel's samples from -1 to 1. */
export function readWav(bytes) {
  assert.equal(bytes.toString('latin1', 0, 4), 'RIFF', 'a WAV');
  let at = 12;
  let format;
  while (at + 8 <= bytes.length) {
    const [name, size] = [bytes.toString('latin1', at, at + 4), bytes.readUInt32LE(at + 4)];
    if (name === 'fmt ') format = { channels: bytes.readUInt16LE(at + 10), rate: bytes.readUInt32LE(at + 12), bits: bytes.readUInt16LE(at + 22) };
    if (name === 'data') {
      assert.equal(format?.bits, 16, 'of 16 bit');
      const frames = Math.floor(Math.min(size, bytes.length - at - 8) / (2 * format.channels));
      const channel = (c) => Float32Array.from({ length: frames }, (_, n) => bytes.readInt16LE(at + 8 + (n * format.channels + c) * 2) / 32_768);
      return { rate: format.rate, channels: Array.from({ length: format.channels }, (_, c) => channel(c)) };
    }
    at += 8 + size + (size % 2);
  }
  throw new Error('a WAV without sound');
}

/** Pieces of one channel in their order. */
export function joined(pieces) {
  const all = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
