// The agent at the desk with a SIPp phone: a look at the customer first, then dial, talk, write up; a refusal in the
// call; and the floor that shows it to the manager.

import assert from 'node:assert/strict';
import { box } from './box.js';
import { fill, send } from './forms.js';
import { until, visit } from './lib.js';
import { right } from './look.js';
import { as, doing, PEOPLE, recall } from './people.js';
import { scenario } from './scenario.js';
import { AGENT_CAMPAIGN, masked, PREVIEWED, PROMPTS, PURPOSE } from './site.js';

const inState = (page, selector, what) => until(what, async () => (await page.locator(selector).count()) > 0, 30_000);

/** Asks for the next customer; the masked number shown. */
async function next(page) {
  const row = page.locator('main tr', { hasText: AGENT_CAMPAIGN });
  await until('the campaign waits at the desk', async () => {
    if (await row.count()) return true;
    await visit(page, '/desk');
    return false;
  });
  assert.equal(await send(page, '/desk/next', { button: row.locator('button') }), 303);
  const shown = page.locator('.desk-number');
  await shown.waitFor();
  return (await shown.innerText()).trim();
}

async function dial(page) {
  await fill(page, { identity: 'yes', purpose: 'yes' });
  assert.equal(await send(page, '/desk/dial', { button: page.locator('#desk-dial') }), 303);
}

scenario('cam_13 the agent looks at the masked customer with purpose, consent and quota, and dials only after confirming', () =>
  doing('agent', async (page, { watch }) => {
    await box('phone', { ...recall('phone'), calls: 2 });
    await visit(page, '/desk');
    assert.equal(await page.locator('body.no-copy').count(), 1, 'acc_02 nothing can be selected');
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('main')).userSelect), 'none');
    const mark = await page.locator('.watermark [data-mark]').first().getAttribute('data-mark');
    assert.ok(mark.includes(PEOPLE.agent.login), 'acc_02 whose screen this is');
    assert.equal(await send(page, '/desk/state', { button: page.locator('#desk-ready') }), 303);
    const number = await next(page);
    assert.ok(PREVIEWED.map(masked).includes(number), number);
    const text = await page.locator('main').innerText();
    assert.ok(text.includes(PURPOSE), 'the purpose is shown');
    assert.ok(text.includes(PROMPTS.identify.text), 'cam_14 the approved script is shown');
    for (const full of PREVIEWED) assert.ok(!text.includes(full), 'no full number');
    await page.locator('#desk-answer summary').click();
    assert.ok((await page.locator('#desk-answer').innerText()).includes('登记-2026-11'), 'cam_18 where the number comes from, in one click');
    await right(page, 'desk-preview', 'zh', 'light');
    await page.locator('#desk-dial-form').evaluate((form) => form.setAttribute('novalidate', ''));
    watch.expect(409, 422);
    assert.ok((await send(page, '/desk/dial', { button: page.locator('#desk-dial') })) >= 400, 'not without both ticks');
    watch.none();
    if ((await page.locator('#desk-dial').count()) === 0) await next(page);
    const { calls } = await box('carrier');
    assert.ok(PREVIEWED.every((each) => !calls[each]), 'a look dials nothing');
    await dial(page);
    await inState(page, '.desk-talk .badge-live', 'both speak');
    await right(page, 'desk-talk', 'zh', 'light');

    const floor = await as('manager');
    await visit(floor.page, '/floor');
    await floor.page.locator('main', { hasText: PEOPLE.agent.login }).locator('.badge-live').first().waitFor();
    await right(floor.page, 'floor-talk', 'zh', 'light');
    floor.watch.none();
    await floor.context.close();

    assert.equal(await send(page, '/desk/hang-up', { button: page.locator('#desk-hang-up') }), 303);
    await inState(page, '.desk-wrap', 'the call is to be written up');
  }));

scenario('cam_15 no next customer before the last call is written up', () =>
  doing('agent', async (page, { watch }) => {
    await visit(page, '/desk');
    await page.locator('.desk-wrap').waitFor();
    await right(page, 'desk-wrap', 'zh', 'light');
    const form = page.locator('main form[action^="/desk/wrap-up/"]');
    const action = await form.getAttribute('action');
    await form.evaluate((element) => element.setAttribute('novalidate', ''));
    await fill(page, { note: '患者恢复良好' });
    watch.expect(422);
    assert.equal(await send(page, action, { button: page.locator('#desk-save') }), 422, 'a disposition is needed');
    assert.equal(await page.locator('[name=note]').inputValue(), '患者恢复良好', 'the note is kept');
    watch.none();
    await page.locator('main [name=disposition]').first().check();
    assert.equal(await send(page, action, { button: page.locator('#desk-save') }), 303);
    await until('it is written up', async () => (await page.locator('.desk-wrap').count()) === 0);
  }));

scenario('cam_04 a refusal during the call ends it and stands in do-not-call', async () => {
  let refused;
  await doing('agent', async (page) => {
    await visit(page, '/desk');
    await send(page, '/desk/state', { button: page.locator('#desk-ready') });
    refused = await next(page);
    await dial(page);
    await inState(page, '.desk-talk .badge-live', 'both speak');
    assert.equal(await send(page, '/desk/refused', { button: page.locator('#desk-refused') }), 303);
    await until('the call is over', async () => (await page.locator('.desk-talk').count()) === 0, 30_000);
    if (await page.locator('.desk-wrap').count()) {
      const action = await page.locator('main form[action^="/desk/wrap-up/"]').getAttribute('action');
      await page.locator('main [name=disposition]').first().check();
      await send(page, action, { button: page.locator('#desk-save') });
    }
  });
  await box('phone-content');
  await doing('compliance', async (page) => {
    await visit(page, '/dnc');
    await page.locator('main tbody tr', { hasText: refused }).first().waitFor();
  });
});
