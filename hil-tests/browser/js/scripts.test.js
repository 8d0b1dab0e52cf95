// Scripts: prompts uploaded by the manager, approved by compliance, never by the author (CAM-12).

import assert from 'node:assert/strict';
import { upload } from './acts.js';
import { fill, idOf, send, submit } from './forms.js';
import { visit } from './lib.js';
import { lookLater } from './look.js';
import { doing, note, recall } from './people.js';
import { essential, scenario } from './scenario.js';
import { PROMPTS, SCRIPT } from './site.js';
import { tone } from './wav.js';

scenario('a prompt that is no WAV, or has no sound in it, is refused with the reason', () =>
  doing('manager', async (page, { watch }) => {
    for (const content of ['not a wav at all', tone(400, 500, { level: 0 })]) {
      watch.expect(422);
      await upload(page, '坏的语音', content);
      await page.locator('.notice-bad, .field-error').first().waitFor();
    }
    await visit(page, '/scripts/prompts');
    assert.equal(await page.getByText('坏的语音').count(), 0, 'nothing was stored');
  }));

essential('the manager uploads the prompts and makes a script of them, which waits for somebody else', () =>
  doing('manager', async (page) => {
    for (const { text, hz, ms } of Object.values(PROMPTS)) {
      await upload(page, text, tone(hz, ms));
      await page.locator('main audio').first().waitFor();
    }
    await visit(page, '/scripts/new');
    const values = { name: SCRIPT };
    for (const [role, { text }] of Object.entries(PROMPTS)) {
      const option = page.locator(`select[name=${role}] option`).filter({ hasText: text }).first();
      values[role] = await option.getAttribute('value');
    }
    await fill(page, values);
    await send(page, '/scripts/new');
    await page.waitForURL(/\/scripts\/\d+$/);
    note('script', { id: idOf(page) });
    assert.equal(await page.locator('a[href$="/approve"]').count(), 0, 'the author is offered no approval');
    lookLater('manager', 'scripts-new', '/scripts/new');
    lookLater('manager', 'scripts-prompts', '/scripts/prompts');
    lookLater('manager', 'script', `/scripts/${idOf(page)}`);
    lookLater('compliance', 'script-approve', `/scripts/${idOf(page)}/approve`);
  }));

scenario('cam_12 the author cannot approve the script, even by asking for it directly', () =>
  doing('manager', async (page, { watch }) => {
    watch.expect(403, 422);
    const where = `/scripts/${recall('script').id}/approve`;
    await visit(page, where);
    if (await page.locator(`main form[action="${where}"]`).count()) {
      await fill(page, { read: 'yes' });
      assert.ok((await send(page, where)) >= 400);
    } else {
      assert.ok(await page.locator('main').innerText());
    }
    await visit(page, `/scripts/${recall('script').id}`);
    assert.equal(await page.locator('main .badge-ok').count(), 0, 'it is not approved');
  }));

scenario('compliance hears a prompt as it was uploaded', () =>
  doing('compliance', async (page) => {
    const { id } = recall('script');
    await visit(page, `/scripts/${id}/approve`);
    const address = await page.locator('main audio').first().getAttribute('src');
    const [rate, share] = await page.evaluate(async ([where, hz]) => {
      const bytes = await (await fetch(where)).arrayBuffer();
      const sound = await new OfflineAudioContext(1, 8_000, 8_000).decodeAudioData(bytes);
      const samples = sound.getChannelData(0);
      let [energy, re, im] = [0, 0, 0];
      samples.forEach((sample, n) => {
        energy += sample * sample;
        re += sample * Math.cos((2 * Math.PI * hz * n) / 8_000);
        im += sample * Math.sin((2 * Math.PI * hz * n) / 8_000);
      });
      return [sound.sampleRate, ((re * re + im * im) * 2) / (energy * samples.length)];
    }, [address, PROMPTS.identify.hz]);
    assert.equal(rate, 8_000);
    assert.ok(share > 0.9, `the tone of the prompt is heard in the browser: ${share}`);
  }));

essential('compliance approves the script', () =>
  doing('compliance', async (page) => {
    const { id } = recall('script');
    await submit(page, `/scripts/${id}/approve`, `/scripts/${id}/approve`, { read: 'yes' });
    await visit(page, `/scripts/${id}`);
    await page.locator('main .badge-ok').first().waitFor();
  }));
