// The same page with SIPp as the carrier, a peer that nobody here wrote: the trunk is moved to it on the page, a new
// list is imported and released, and a campaign over it is made, started and watched until everybody was called.

import assert from 'node:assert/strict';
import { fillCampaign, importGood } from './acts.js';
import { box } from './box.js';
import { idOf, send, submit } from './forms.js';
import { until, visit } from './lib.js';
import { doing } from './people.js';
import { scenario } from './scenario.js';
import { BY_SIPP, masked, SIPP_CAMPAIGN } from './site.js';

scenario('the trunk is moved to SIPp; what the form does not name stays', () =>
  doing('system', async (page) => {
    const { port } = await box('trunk', { calls: BY_SIPP.length });
    await submit(page, '/lines/trunks/1', '/lines/trunks/1', { host: '127.0.0.1', port: String(port), check_s: '0' });
    await visit(page, '/lines/trunks/1');
    assert.equal(await page.locator('[name=port]').inputValue(), String(port));
  }));

scenario('a campaign over SIPp is made, started and watched until everybody was called; SIPp saw each call from INVITE to BYE', async () => {
  let sipp;
  await doing('data', async (page) => {
    sipp = await importGood(page, 'sipp.csv', BY_SIPP);
  });
  await doing('compliance', (page) => submit(page, `/contacts/${sipp}/release`, `/contacts/${sipp}/release`, { seen: 'yes' }));
  await doing('manager', async (page) => {
    await visit(page, '/campaigns/new');
    await fillCampaign(page, { name: SIPP_CAMPAIGN, mode: 'announcement', batch: String(sipp) });
    assert.equal(await send(page, '/campaigns/new'), 303);
    await page.waitForURL(/\/campaigns\/\d+$/);
    assert.equal(await send(page, `/campaigns/${idOf(page)}/start`), 303);
    const tiles = async () => (await page.locator('main .tile-value').allInnerTexts()).map((text) => text.trim());
    await until('everybody was called', async () => /^0\b/.test((await tiles())[0]), 60_000);
    await until('every call is over', async () => (await tiles())[1] === '0', 60_000);
    const recorded = `${BY_SIPP.length}`;
    await until('every call is recorded', async () => (await tiles())[5] === recorded, 60_000);
  });
  await box('trunk-content');
  await doing('qa', async (page) => {
    await visit(page, '/recordings');
    const text = await page.locator('main').innerText();
    for (const number of BY_SIPP) assert.ok(text.includes(masked(number)) && !text.includes(number), masked(number));
  });
});
