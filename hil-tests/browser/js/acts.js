// What people do on the page in more than one scenario: the first visit, enrolling, importing, uploading, a campaign.
// It asserts only what the act itself needs; what a page must show is the scenarios' matter.

import assert from 'node:assert/strict';
import { file, fill, finished, idOf, send, submit } from './forms.js';
import { open, visit } from './lib.js';
import { right } from './look.js';
import { code, doing, fillSignIn, note, PEOPLE, recall } from './people.js';
import { calendarKey, CALLER, COMPANY, contacts, day, DEPARTMENT, GROUP, PURPOSE, SCRIPT, zoneOfMidday } from './site.js';

/** Those who exist from the first visit on. */
export const ADMINISTRATORS = ['system', 'security', 'audit'];

/** Fills the first visit's form and sends it. */
export async function claim(page, claimCode) {
  await page.locator('input[name=claim_code]').fill(claimCode);
  await page.locator('input[name=company]').fill(COMPANY);
  await page.locator('[name=zone]').fill(zoneOfMidday().zone);
  for (const who of ADMINISTRATORS) {
    await page.locator(`input[name=${who}_name]`).fill(PEOPLE[who].name);
    await page.locator(`input[name=${who}_login]`).fill(PEOPLE[who].login);
  }
  await page.locator('[name=calendar_key]').fill(calendarKey());
  await page.locator('main form button').last().click();
}

/** Enrols with the code somebody was handed. */
export async function enrol(who) {
  const { login, password, source } = PEOPLE[who];
  const window = await open({ source });
  const { page, watch, context } = window;
  await visit(page, '/enrol');
  await page.locator('input[name=login]').fill(login);
  await page.locator('input[name=enrol_code]').fill(recall(who).enrolment);
  await page.locator('main form button').last().click();
  const secret = (await page.locator('main code').first().textContent()).replace(/\s/g, '');
  assert.match(secret, /^[A-Z2-7]{32}$/, 'a secret of 160 bits');
  note(who, { secret });
  if (who === 'system') {
    await right(page, 'enrol-secret', 'zh', 'light');
    assert.ok(await page.locator('main svg[role=img], main img').first().isVisible(), 'the secret as a picture');
  }
  await page.locator('input[name=password]').fill(password);
  await page.locator('input[name=again]').fill(password);
  await page.locator('input[name=totp]').fill(await code(who));
  await page.locator('main form button').last().click();
  await page.waitForURL((url) => url.pathname === '/sign-in');
  await fillSignIn(page, { login, password, code: await code(who) });
  await page.waitForURL((url) => url.pathname !== '/sign-in');
  watch.none();
  note(who, { storage: await context.storageState() });
  await context.close();
}

/** Imports a list and opens its page; its number. */
export async function importGood(page, name, numbers) {
  await importList(page, name, contacts(numbers));
  await page.locator('main a[href^="/contacts/"]').first().click();
  await page.waitForURL(/\/contacts\/\d+$/);
  return idOf(page);
}

/** Imports a list and waits for what comes of it. */
export async function importList(page, name, content) {
  await visit(page, '/contacts/import');
  await fill(page, {
    department: { label: DEPARTMENT },
    purpose: PURPOSE,
    source: 'left',
    document: '登记-2026-11',
    source_date: day(-30),
    responsible: PEOPLE.data.name,
    lawful: 'yes',
    file: file(name, content, 'text/csv'),
  });
  await send(page, '/contacts/import');
  await finished(page);
}

/** Uploads a prompt and waits for what comes of it. */
export async function upload(page, text, content) {
  await visit(page, '/scripts/prompts/new');
  await fill(page, { text, file: file('prompt.wav', content, 'audio/wav') });
  await send(page, '/scripts/prompts/new');
  await finished(page);
}

/** Fills the form of a new campaign. */
export async function fillCampaign(page, { lines: [group, caller] = [GROUP, CALLER], ...values }) {
  const option = async (name, text) => ({ [name]: await page.locator(`select[name=${name}] option`).filter({ hasText: text }).first().getAttribute('value') });
  await fill(page, {
    class: 'return-visit',
    ...(await option('script', SCRIPT)),
    ...(await option('department', DEPARTMENT)),
    ...(await option('group', group)),
    ...(await option('caller', caller.slice(-4))),
    max_calls: '10',
    calls_per_minute: '600',
    wrap_up_s: '30',
    attempts: '1',
    ...values,
  });
}

/** The figures of the tiles, in their order. */
export const tiles = (page) => page.locator('main .tile-value').allInnerTexts();

/** A campaign from its list to its start: imported, released by another, made and started; its number. */
export async function startCampaign({ name, numbers, ...values }) {
  let batch;
  await doing('data', async (page) => {
    batch = await importGood(page, `${name}.csv`, numbers);
  });
  await doing('compliance', (page) => submit(page, `/contacts/${batch}/release`, `/contacts/${batch}/release`, { seen: 'yes' }));
  return doing('manager', async (page) => {
    await visit(page, '/campaigns/new');
    await fillCampaign(page, { name, mode: 'announcement', batch: String(batch), ...values });
    assert.equal(await send(page, '/campaigns/new'), 303);
    await page.waitForURL(/\/campaigns\/\d+$/);
    const id = idOf(page);
    assert.equal(await send(page, `/campaigns/${id}/start`), 303);
    return id;
  });
}

/** What a campaign's page says in figures. */
export async function figures(page) {
  const numbers = async (where) => (await page.locator(where).allInnerTexts()).map((text) => Number(/\d+/.exec(text)?.[0]));
  const [left, open, placed, , optedOut, recorded] = await numbers('main .tile-value');
  const [offered, answered, verified] = await numbers('main .tile-note');
  return { left, open, offered, placed, answered, optedOut, recorded, verified };
}

/** Every call of a campaign that is over, by its number in the ledger: whom it was to, masked, and how it ended. */
export async function endedCalls(page, campaign) {
  const ended = {};
  await visit(page, `/calls?campaign=${campaign}`);
  for (;;) {
    const rows = await page.locator('main tbody tr').evaluateAll((all) => all.map((row) => ({
      id: row.querySelector('a[href^="/calls/"]')?.getAttribute('href').split('/').pop(),
      open: row.cells[4]?.querySelector('.badge-live') !== null,
      said: [1, 4].map((at) => row.cells[at]?.innerText.replace(/\s+/g, ' ').trim()).join(' '),
    })));
    for (const { id, open, said } of rows) if (id && !open) ended[id] = said;
    const older = page.locator('main .pager a[rel=next]');
    if ((await older.count()) === 0) return ended;
    const here = page.url();
    await Promise.all([page.waitForURL((url) => url.href !== here), older.click()]);
  }
}

/** The audit administrator has the whole ledger verified. */
export const verifyLedger = () =>
  doing('audit', async (page) => {
    await visit(page, '/ledger');
    await send(page, '/ledger/verify');
    await finished(page);
    await page.locator('main .notice-ok, main .badge-ok').first().waitFor();
  });
