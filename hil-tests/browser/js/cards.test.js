// The cards on the page: both spans of the virtual dual-E1 card are set up, put into a group, called over, traced, looped
// and tested, blocked and put into alarm, and the page shows all of it as it happens. The far side is the simulated
// exchange, whose subscribers do what the last two digits of their number say.

import assert from 'node:assert/strict';
import { fillCampaign, importGood } from './acts.js';
import { box } from './box.js';
import { fill, idOf, send, submit } from './forms.js';
import { until, visit } from './lib.js';
import { lookLater } from './look.js';
import { doing } from './people.js';
import { scenario } from './scenario.js';
import { BY_E1, CARDS_CAMPAIGN, CARDS_CALLER, CARDS_GROUP, day, masked, SPANS } from './site.js';

const SPAN = '/lines/spans/1';
const main = (page) => page.locator('main');
const slots = (page, kind) => page.locator(`[data-live=slots] .slots .slot-${kind}`).count();

scenario('both spans are set up with the strict defaults; their data links come up and thirty timeslots of each are idle', () =>
  doing('system', async (page) => {
    for (const [at, name] of SPANS.entries()) {
      await submit(page, `/lines/spans/${at + 1}/set`, `/lines/spans/${at + 1}/set`, { name });
    }
    await visit(page, SPAN);
    await until('the timeslots are idle', async () => (await slots(page, 'idle')) === 30, 60_000);
    assert.equal(await page.locator('[data-live=slots] .slots > li').count(), 32, 'timeslots 0 to 31');
    await visit(page, '/lines');
    for (const name of SPANS) assert.ok((await main(page).innerText()).includes(name), name);
    lookLater('system', 'lines-spans', '/lines');
    lookLater('system', 'span', SPAN);
    lookLater('system', 'span-set', `${SPAN}/set`);
    lookLater('system', 'span-slot', `${SPAN}/slots/7`);
    lookLater('system', 'span-history', `${SPAN}/history`);
    lookLater('system', 'span-sure', `${SPAN}/sure/restart`);
  }));

scenario('lin_01 the spans get a group and a caller number of their own, which compliance approves', async () => {
  await doing('system', async (page) => {
    await visit(page, '/lines/groups');
    const members = [];
    for (const name of SPANS) members.push(await main(page).getByLabel(name).first().getAttribute('value'));
    await fill(page, { name: CARDS_GROUP, member: members });
    assert.equal(await send(page, '/lines/groups'), 303);
    await visit(page, '/lines/numbers');
    const group = await main(page).getByLabel(CARDS_GROUP).first().getAttribute('value');
    await fill(page, { number: CARDS_CALLER, contract: 'HT-2026-002', valid_to: day(365), group });
    assert.equal(await send(page, '/lines/numbers'), 303);
  });
  await doing('compliance', async (page) => {
    await visit(page, '/lines/numbers');
    assert.equal(await send(page, '/lines/numbers/approve'), 303);
  });
});

scenario('a campaign over E1 is watched in the timeslots while a trace of the D channel runs, which shows no number', async () => {
  let batch;
  await doing('data', async (page) => {
    batch = await importGood(page, 'e1.csv', BY_E1);
  });
  await doing('compliance', (page) => submit(page, `/contacts/${batch}/release`, `/contacts/${batch}/release`, { seen: 'yes' }));
  await doing('system', async (page) => {
    await visit(page, SPAN);
    await page.locator('#trace-start').click();
    await page.locator('#trace-stop').waitFor();
  });
  let campaign;
  await doing('manager', async (page) => {
    await visit(page, '/campaigns/new');
    await fillCampaign(page, { name: CARDS_CAMPAIGN, mode: 'announcement', batch: String(batch), lines: [CARDS_GROUP, CARDS_CALLER] });
    assert.equal(await send(page, '/campaigns/new'), 303);
    await page.waitForURL(/\/campaigns\/\d+$/);
    campaign = idOf(page);
    assert.equal(await send(page, `/campaigns/${campaign}/start`), 303);
  });
  await doing('system', async (page) => {
    await visit(page, SPAN);
    const other = await page.context().newPage();
    await visit(other, '/lines/spans/2');
    await until('a call is seen on a timeslot', async () => {
      const seen = await Promise.all([page, other].map((each) => slots(each, 'connected')));
      return seen.some((count) => count > 0);
    }, 60_000);
    await other.close();
  });
  await doing('manager', async (page) => {
    await visit(page, `/campaigns/${campaign}`);
    const tiles = async () => (await page.locator('main .tile-value').allInnerTexts()).map((text) => text.trim());
    await until('everybody was called', async () => /^0\b/.test((await tiles())[0]), 60_000);
    await until('every call is over', async () => (await tiles())[1] === '0', 60_000);
    await until('every call is recorded', async () => (await tiles())[5] === String(BY_E1.length), 60_000);
  });
  const { calls } = await box('exchange');
  for (const number of BY_E1) assert.equal(calls[number], 1, `${masked(number)} was called once`);
  await doing('system', async (page) => {
    await visit(page, SPAN);
    await page.locator('#trace-stop').click();
    await page.locator('#trace-start').waitFor();
    const form = page.locator(`main form[action="${SPAN}/trace"]`).first();
    await form.waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), form.locator('button').click()]);
    const pieces = [];
    for await (const piece of await download.createReadStream()) pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    assert.equal(bytes.readUInt32LE(0), 0xa1b2c3d4, 'a pcap file');
    assert.ok(bytes.length > 200, `${bytes.length} octets`);
    for (const number of BY_E1) assert.equal(bytes.includes(Buffer.from(number)), false, 'no number in it');
  });
});

scenario('a loop and a bit error test on the page find no error, and then the one that was put in', () =>
  doing('system', async (page) => {
    await visit(page, `${SPAN}/sure/loop-local`);
    assert.equal(await send(page, `${SPAN}/order`), 303);
    await visit(page, SPAN);
    await page.locator('#test-stop').waitFor();
    await page.locator('#test-stop').click();
    await page.locator('#test-bert').waitFor();
    await until('the timeslots are idle', async () => (await slots(page, 'idle')) === 30, 60_000);
    await box('exchange-loop', { closed: true });
    await fill(page, { slot: '9', pattern: 'prbs15' });
    await page.locator('#test-bert').click();
    await page.locator('#test-error').waitFor();
    await until('the slot is shown as tested', async () => (await slots(page, 'testing')) === 1);
    const test = () => page.locator('[data-live=test]').innerText();
    await until('the pattern is found', async () => (await test()).includes('已同步'));
    await page.locator('#test-error').click();
    await page.locator('#test-stop').waitFor();
    await until('one error is counted', async () => /误码\s+1\s/.test(await test()), 30_000);
    await page.locator('#test-stop').click();
    await page.locator('#test-bert').waitFor();
    await box('exchange-loop', { closed: false });
    await visit(page, `${SPAN}/history`);
    assert.ok((await main(page).innerText()).includes('2¹⁵−1'), 'the result stands in the history');
  }));

scenario('a timeslot is blocked and taken back on its own page', () =>
  doing('system', async (page) => {
    await visit(page, `${SPAN}/slots/3`);
    await page.locator(`main form[action="${SPAN}/order"] button[value=block-3]`).click();
    await visit(page, SPAN);
    await until('it is blocked', async () => (await slots(page, 'blocked')) === 1);
    await visit(page, `${SPAN}/slots/3`);
    await page.locator(`main form[action="${SPAN}/order"] button[value=unblock-3]`).click();
    await visit(page, SPAN);
    await until('it is idle again', async () => (await slots(page, 'idle')) === 30);
  }));

scenario('lin_06 an alarm is on the page within seconds, stands in its history and goes', () =>
  doing('system', async (page) => {
    await visit(page, SPAN);
    const shown = () => page.locator('[data-live=state]').innerText();
    await box('exchange-alarm', { red: true });
    await until('the alarm is shown', async () => (await shown()).includes('RED'));
    await box('exchange-alarm', { red: false });
    await until('it is gone', async () => !(await shown()).includes('RED'), 30_000);
    await visit(page, `${SPAN}/history`);
    assert.ok((await main(page).innerText()).includes('RED'), 'the history has it');
  }));
