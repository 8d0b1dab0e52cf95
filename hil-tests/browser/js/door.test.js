// The first visit: a blank box becomes the company's, its three administrators enrol, and everybody else after them.

import assert from 'node:assert/strict';
import { box } from './box.js';
import { open, until, visit } from './lib.js';
import { right, rightInAllLooks } from './look.js';
import { code, doing, fillSignIn, note, PEOPLE, recall, STAFF } from './people.js';
import { calendarKey, COMPANY, DEPARTMENT, zoneOfMidday } from './site.js';
import { essential, scenario } from './scenario.js';

const ADMINISTRATORS = ['system', 'security', 'audit'];

scenario('a blank box leads to its first visit, and a wrong claim code is refused without losing what was typed', async () => {
  const window = await open({ source: '127.0.3.1' });
  const { page, watch } = window;
  await visit(page, '/');
  assert.equal(new URL(page.url()).pathname, '/welcome');
  await rightInAllLooks(window, 'welcome', () => visit(page, '/welcome'));
  watch.none();
  watch.expect(422);
  await claim(page, 'AAAA-BBBB-CCCC');
  await page.locator('[role=status], [role=alert], .field-error').first().waitFor();
  assert.equal(await page.locator('input[name=company]').inputValue(), COMPANY);
  await right(page, 'welcome-refused', 'zh', 'light');
  watch.none();
  await window.context.close();
});

async function claim(page, claimCode) {
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

essential('l_31 the claim code of the console makes the box the company’s, once', async () => {
  const { code: claimCode } = await box('claim-code');
  const { page, watch, context } = await open({ source: '127.0.3.2' });
  await visit(page, '/welcome');
  await claim(page, claimCode);
  const codes = page.locator('.code-once code');
  await until('three enrolment codes are shown', async () => (await codes.count()) === 3);
  await right(page, 'claimed', 'zh', 'light');
  for (const [n, text] of (await codes.allTextContents()).entries()) note(ADMINISTRATORS[n], { enrolment: text.trim() });
  watch.none();
  await visit(page, '/welcome');
  assert.equal(new URL(page.url()).pathname, '/sign-in', 'there is no second first visit');
  await context.close();
});

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

for (const who of ADMINISTRATORS) {
  essential(`${who} enrols with the code from the first visit and signs in`, () => enrol(who));
}

scenario('an enrolment code is good once', async () => {
  const { page, watch, context } = await open({ source: '127.0.3.3' });
  await visit(page, '/enrol');
  watch.expect(422);
  await page.locator('input[name=login]').fill(PEOPLE.audit.login);
  await page.locator('input[name=enrol_code]').fill(recall('audit').enrolment);
  await page.locator('main form button').last().click();
  await page.locator('.notice-bad, .field-error').first().waitFor();
  assert.equal(await page.locator('input[name=login]').inputValue(), PEOPLE.audit.login);
  await context.close();
});

essential('the security administrator adds the department and everybody who works in it, each gets one code', async () => {
  await doing('security', async (page, { watch }) => {
    await visit(page, '/accounts');
    await page.locator('input[name=department_name]').fill(DEPARTMENT);
    await page.locator('form[action="/accounts/departments"] button').click();
    await page.getByText(DEPARTMENT).first().waitFor();
    for (const who of STAFF) {
      const { name, login, role, team } = PEOPLE[who];
      await visit(page, '/accounts/new');
      await page.locator('input[name=name]').fill(name);
      await page.locator('input[name=login]').fill(login);
      await page.locator('select[name=role]').selectOption(role);
      if (team) await page.locator('select[name=department]').selectOption({ label: DEPARTMENT });
      await page.locator('main form button').last().click();
      const shown = page.locator('.code-once code').first();
      await shown.waitFor();
      note(who, { enrolment: (await shown.textContent()).trim() });
      if (who === 'qa') await right(page, 'accounts-code', 'zh', 'light');
    }
  });
});

for (const who of STAFF) {
  essential(`${who} enrols with the code the security administrator handed over`, () => enrol(who));
}

scenario('a login name is given once', () =>
  doing('security', async (page, { watch }) => {
    await visit(page, '/accounts/new');
    watch.expect(422);
    await page.locator('input[name=name]').fill('另一个人');
    await page.locator('input[name=login]').fill(PEOPLE.qa.login);
    await page.locator('select[name=role]').selectOption('Qa');
    await page.locator('main form button').last().click();
    await page.locator('.notice-bad, .field-error').first().waitFor();
    assert.equal(await page.locator('input[name=name]').inputValue(), '另一个人', 'what was typed is kept');
  }));
