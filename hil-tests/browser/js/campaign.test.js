// A campaign against the simulated carrier: made, started, watched live until it is done, and its calls looked at.

import assert from 'node:assert/strict';
import { fillCampaign, tiles } from './acts.js';
import { box } from './box.js';
import { fill, idOf, send } from './forms.js';
import { until, visit } from './lib.js';
import { lookLater } from './look.js';
import { doing, note, recall } from './people.js';
import { essential, scenario } from './scenario.js';
import { CALLED, CAMPAIGN, masked, OPTED_OUT } from './site.js';

essential('the manager makes a campaign of the released list; a wrong value is said at its field and nothing is lost', () =>
  doing('manager', async (page, { watch }) => {
    await visit(page, '/campaigns/new');
    watch.expect(422);
    await page.locator('main form').evaluate((form) => form.setAttribute('novalidate', ''));
    await fillCampaign(page, { name: CAMPAIGN, mode: 'announcement', batch: String(recall('batches').called), max_calls: '0' });
    assert.equal(await send(page, '/campaigns/new'), 422);
    await page.locator('#f-max_calls-error').waitFor();
    assert.equal(await page.locator('[name=name]').inputValue(), CAMPAIGN);
    await fill(page, { max_calls: '10' });
    assert.equal(await send(page, '/campaigns/new'), 303);
    await page.waitForURL(/\/campaigns\/\d+$/);
    note('campaign', { id: idOf(page) });
    lookLater('manager', 'campaign-new', '/campaigns/new');
    lookLater('manager', 'campaign', `/campaigns/${idOf(page)}`);
    lookLater('manager', 'campaign-refusals', `/campaigns/${idOf(page)}/refusals`);
  }));

essential('the campaign is started and watched live, without loading the page again, until everybody was called', () =>
  doing('manager', async (page) => {
    const { id } = recall('campaign');
    await visit(page, `/campaigns/${id}`);
    assert.equal(await send(page, `/campaigns/${id}/start`), 303);
    await page.evaluate(() => {
      globalThis.loadedOnce = true;
    });
    const left = async () => Number((await tiles(page))[0].match(/\d+/)[0]);
    assert.equal(await page.locator('[data-live=head]').count(), 1);
    await until('everybody was called', async () => (await left()) === 0, 60_000);
    await until('every call is over', async () => (await tiles(page))[1].trim() === '0', 60_000);
    assert.equal(await page.evaluate(() => globalThis.loadedOnce), true, 'only parts of the page changed');
    const { calls } = await box('carrier');
    for (const number of CALLED) assert.equal(calls[number], 1, `${masked(number)} was called once`);
    assert.equal(Object.keys(calls).length, CALLED.length, 'and nobody else');
    await until('the opt-out is counted', async () => (await tiles(page))[4].trim() === '1');
  }));

scenario('the overview and the list of campaigns show it', () =>
  doing('manager', async (page) => {
    await visit(page, '/campaigns');
    await page.getByRole('link', { name: CAMPAIGN }).waitFor();
    await visit(page, '/');
    assert.ok(await page.locator('main').innerText());
  }));

scenario('each call is listed with its masked number and carries the gate’s proof', () =>
  doing('compliance', async (page) => {
    await visit(page, '/calls');
    const text = await page.locator('main').innerText();
    for (const number of CALLED) {
      assert.ok(text.includes(masked(number)), masked(number));
      assert.ok(!text.includes(number));
    }
    await page.locator('main tbody tr', { hasText: masked(OPTED_OUT) }).locator('a[href^="/calls/"]').first().click();
    await page.waitForURL(/\/calls\/\d+$/);
    note('calls', { optedOut: idOf(page) });
    const card = await page.locator('main').innerText();
    for (const rule of ['CAM-03', 'CAM-04', 'CAM-08']) assert.ok(card.includes(rule), `the proof names ${rule}`);
    lookLater('compliance', 'call', `/calls/${idOf(page)}`);
  }));

scenario('cam_04 the opt-out stands in do-not-call at once', () =>
  doing('compliance', async (page) => {
    await visit(page, '/dnc');
    await page.locator('main tbody tr', { hasText: masked(OPTED_OUT) }).first().waitFor();
    await fill(page, { number: OPTED_OUT });
    await send(page, '/dnc/lookup');
    const text = await page.locator('main').innerText();
    assert.ok(text.includes(masked(OPTED_OUT)) && !text.includes(OPTED_OUT));
    assert.ok(!page.url().includes(OPTED_OUT), 'no number in an address');
    lookLater('compliance', 'dnc-add', '/dnc/add');
  }));

scenario('a number is added to the internal list by hand, once asked whether sure', () =>
  doing('manager', async (page) => {
    const number = '19977770001';
    await visit(page, '/dnc/add');
    await fill(page, { number, sure: 'yes' });
    assert.equal(await send(page, '/dnc/add'), 303);
    await visit(page, '/dnc');
    await page.locator('main tbody tr', { hasText: masked(number) }).first().waitFor();
  }));
