// A virtual box from the claim code on its console to its first campaign, over the page from outside: claimed, its people
// enrolled, its time server, calendars, trunk, caller number, script and do-not-call list set. What the harness tells it stands
// in the environment: fingerprint and claim code as the console shows them, and where the box finds its carrier.

import assert from 'node:assert/strict';
import { ADMINISTRATORS, claim, enrol, upload } from './acts.js';
import { file, fill, finished, idOf, send, submit } from './forms.js';
import { certificate, needed, open, shot, until, visit } from './lib.js';
import { doing, note, PEOPLE } from './people.js';
import { essential } from './scenario.js';
import { CALLER, calendar, day, DEPARTMENT, GROUP, PROMPTS, SCRIPT, TRUNK } from './site.js';
import { tone } from './wav.js';

/** Who is needed until the first call. */
const NEEDED = ['compliance', 'manager', 'qa', 'data'];

essential('the browser meets the certificate whose fingerprint the console shows, over TLS 1.3', async () => {
  const { fingerprint, protocol } = await certificate();
  assert.equal(fingerprint, needed('RINGFENCE_FINGERPRINT').replaceAll(':', '').toLowerCase());
  assert.equal(protocol, 'TLSv1.3');
});

essential('the console’s claim code makes the box the company’s', async () => {
  const { page, watch, context } = await open();
  await visit(page, '/');
  assert.equal(new URL(page.url()).pathname, '/welcome');
  await shot(page, 'welcome');
  await claim(page, needed('RINGFENCE_CLAIM_CODE'));
  const codes = page.locator('.code-once code');
  await until('three enrolment codes are shown', async () => (await codes.count()) === 3);
  for (const [n, text] of (await codes.allTextContents()).entries()) note(ADMINISTRATORS[n], { enrolment: text.trim() });
  watch.none();
  await context.close();
});

for (const who of ADMINISTRATORS) essential(`${who} enrols and signs in`, () => enrol(who));

essential('the security administrator adds a department and who works there', () =>
  doing('security', async (page) => {
    await submit(page, '/accounts', '/accounts/departments', { department_name: DEPARTMENT });
    for (const who of NEEDED) {
      const { name, login, role, team } = PEOPLE[who];
      await visit(page, '/accounts/new');
      await fill(page, { name, login, role, ...(team && { department: { label: DEPARTMENT } }) });
      await page.locator('main form button').last().click();
      const shown = page.locator('.code-once code').first();
      await shown.waitFor();
      note(who, { enrolment: (await shown.textContent()).trim() });
    }
  }));

for (const who of NEEDED) essential(`${who} enrols and signs in`, () => enrol(who));

essential('l_42 the system administrator proposes the site’s time server, the security administrator agrees to it', async () => {
  const [site] = needed('RINGFENCE_CARRIER').split(':');
  await doing('system', async (page) => {
    await visit(page, '/settings/network/edit');
    await fill(page, { time_servers: site });
    assert.equal(await send(page, '/settings/network'), 303);
  });
  await doing('security', async (page) => {
    await visit(page, '/settings/network');
    assert.equal(await send(page, '/settings/network/agree'), 303);
    await visit(page, '/settings/network');
    const trial = page.locator('main form[action="/settings/network/confirm"]');
    if (await trial.count()) assert.equal(await send(page, '/settings/network/confirm'), 303);
    await visit(page, '/settings/network');
    assert.ok((await page.locator('main').innerText()).includes(site));
    await shot(page, 'network');
  });
});

essential('the system administrator loads the calendars and enters trunk, line group and caller number', () =>
  doing('system', async (page) => {
    const year = Number(day(0).slice(0, 4));
    for (const each of [year, year + 1]) {
      const { toml, signature } = calendar(each);
      const files = { calendar: file('calendar.toml', toml), signature: file('calendar.sig', signature.toString('hex')) };
      await submit(page, '/settings/calendar', '/settings/calendar', files);
    }
    const [host, port] = needed('RINGFENCE_CARRIER').split(':');
    await submit(page, '/lines/trunks/new', '/lines/trunks', { name: TRUNK, host, port, transport: 'udp', srtp: 'plain', channels: '30', check_s: '0' });
    await shot(page, 'trunk');
    await visit(page, '/lines/groups');
    await fill(page, { name: GROUP, member: await page.locator('main [name=member]').first().getAttribute('value') });
    assert.equal(await send(page, '/lines/groups'), 303);
    await visit(page, '/lines/numbers');
    const group = await page.locator('main [name=group]').first().getAttribute('value');
    await fill(page, { number: CALLER, contract: 'HT-2026-001', valid_to: day(365), group });
    assert.equal(await send(page, '/lines/numbers'), 303);
  }));

essential('compliance approves the caller number', () =>
  doing('compliance', async (page) => {
    await visit(page, '/lines/numbers');
    assert.equal(await send(page, '/lines/numbers/approve'), 303);
    await until('it is approved', async () => (await page.locator('main .badge-ok').count()) > 0);
  }));

essential('the data specialist imports the official do-not-call list', () =>
  doing('data', async (page) => {
    await visit(page, '/dnc/import');
    await fill(page, { issued: day(0), file: file('official.txt', '18899990000\n18899990001\n') });
    await send(page, '/dnc/import');
    await finished(page);
    await page.locator('.notice-ok').first().waitFor();
  }));

essential('the manager uploads prompts and makes a script of them', () =>
  doing('manager', async (page) => {
    for (const { text, hz, ms } of Object.values(PROMPTS)) {
      await upload(page, text, tone(hz, ms));
      await page.locator('main audio').first().waitFor();
    }
    await visit(page, '/scripts/new');
    const values = { name: SCRIPT };
    for (const [role, { text }] of Object.entries(PROMPTS)) {
      values[role] = await page.locator(`select[name=${role}] option`).filter({ hasText: text }).first().getAttribute('value');
    }
    await fill(page, values);
    await send(page, '/scripts/new');
    await page.waitForURL(/\/scripts\/\d+$/);
    note('script', { id: idOf(page) });
    await shot(page, 'script');
  }));

essential('compliance approves the script', () =>
  doing('compliance', async (page) => {
    await visit(page, '/scripts');
    await page.getByRole('link', { name: SCRIPT }).first().click();
    await page.waitForURL(/\/scripts\/\d+$/);
    const id = idOf(page);
    await submit(page, `/scripts/${id}/approve`, `/scripts/${id}/approve`, { read: 'yes' });
    await visit(page, `/scripts/${id}`);
    await page.locator('main .badge-ok').first().waitFor();
  }));
