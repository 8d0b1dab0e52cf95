// A recording is heard by quality assurance: the purpose is asked first, and what is heard is what was said.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { box } from './box.js';
import { fill, idOf, send } from './forms.js';
import { until, visit } from './lib.js';
import { lookLater, right } from './look.js';
import { doing, note, recall } from './people.js';
import { scenario } from './scenario.js';
import { CALLED, masked, PROMPTS } from './site.js';
import { heardIn, joined, RATE_HZ, readWav, shareOf } from './wav.js';

/** What a callee says, from -1 to 1. */
async function voiceOf(number) {
  const { file } = await box('voice', { number });
  const bytes = readFileSync(file);
  return Float32Array.from({ length: bytes.length / 2 }, (_, n) => bytes.readInt16LE(n * 2) / 32_768);
}

/** The first place from which a tone fills a tenth of a second, in samples. */
function find(samples, hz) {
  const length = RATE_HZ / 10;
  for (let at = 0; at + length <= samples.length; at += 80) {
    if (shareOf(hz, samples.subarray(at, at + length)) > 0.7) return at;
  }
  return -1;
}

scenario('rec_05 hearing asks for the purpose, and the browser plays what the callee and the prompts said', () =>
  doing('qa', async (page, { watch }) => {
    const number = CALLED[3];
    await visit(page, '/recordings');
    await page.locator('main tbody tr', { hasText: masked(number) }).locator('a[href^="/recordings/"]').first().click();
    await page.waitForURL(/\/recordings\/\d+$/);
    const call = idOf(page);
    note('calls', { heard: call });
    lookLater('qa', 'recording-ask', `/recordings/${call}`);

    watch.expect(422);
    await page.locator('main form').evaluate((form) => form.setAttribute('novalidate', ''));
    assert.equal(await send(page, `/recordings/${call}`), 422, 'without a purpose nothing is heard');
    watch.none();

    const pieces = new Map();
    page.on('response', async (answer) => {
      const found = /\/play\/[^/]+\/(\d+)$/.exec(answer.url());
      if (found && answer.status() === 200) {
        assert.equal(answer.headers()['cache-control'], 'no-store');
        assert.doesNotMatch(answer.headers()['content-disposition'] ?? '', /attachment/, 'never a download');
        pieces.set(Number(found[1]), readWav(await answer.body()));
      }
    });
    await fill(page, { purpose: 'quality' });
    assert.equal(await send(page, `/recordings/${call}`), 303);
    const player = page.locator('.player');
    await player.waitFor();
    const expected = Math.ceil(Number(await player.getAttribute('data-duration')) / Number(await player.getAttribute('data-piece')));
    assert.ok((await player.locator('[data-mark]').count()) > 0, 'the watermark is there');
    await right(page, 'recording-player', 'zh', 'light');
    await player.locator('[data-toggle]').click();
    await until('every piece was heard', () => pieces.size === expected, 60_000);
    await until('the time runs', async () => (await player.locator('.player-time b').innerText()) !== '0:00');

    const all = [...pieces.entries()].sort(([a], [b]) => a - b).map(([, piece]) => piece);
    assert.equal(all[0].rate, RATE_HZ);
    const [callee, ours] = [0, 1].map((side) => joined(all.map(({ channels }) => channels[side])));
    assert.ok(callee.length > 3 * RATE_HZ, `${callee.length} samples`);
    const said = await voiceOf(number);
    const share = heardIn(callee, said);
    // Few stretches are loud in so short a call, and a busy machine may make the jitter buffer jump within one.
    assert.ok(share > 0.8, `the callee's own voice: ${share}`);
    assert.ok(heardIn(callee, await voiceOf(CALLED[5])) < 0.5, 'and nobody else’s');
    assert.equal(find(ours, PROMPTS.identify.hz), -1, 'rec_01 the identification is not recorded');
    assert.equal(find(ours, PROMPTS.recording_notice.hz), -1, 'rec_01 the notice is not recorded');
    const hint = find(ours, PROMPTS.opt_out_hint.hz);
    assert.ok(hint >= 0 && find(ours, PROMPTS.body.hz) > hint, 'hint and message are, in their order');
  }));

scenario('rec_06 a piece is given once, and nothing of a recording to anybody else', async () => {
  let piece;
  await doing('qa', async (page, { watch }) => {
    const { heard } = recall('calls');
    await visit(page, `/recordings/${heard}`);
    await fill(page, { purpose: 'dispute' });
    await send(page, `/recordings/${heard}`);
    piece = `${await page.locator('.player').getAttribute('data-recording')}/0`;
    watch.expect(409, 410, 422, 429, 403, 404);
    const get = () => page.evaluate(async (where) => (await fetch(where)).status, piece);
    assert.equal(await get(), 200);
    assert.ok((await get()) >= 400, 'the same piece again');
  });
  for (const who of ['manager', 'agent', 'system']) {
    await doing(who, async (page, { watch }) => {
      watch.expect(403, 404, 422);
      await visit(page, '/me');
      assert.ok((await page.evaluate(async (where) => (await fetch(where)).status, piece)) >= 400, who);
    });
  }
});
