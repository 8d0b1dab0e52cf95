// The first visit: a blank box becomes the company's, its three administrators enrol, and everybody else after them.

import assert from 'node:assert/strict';
import { ADMINISTRATORS, claim, enrol } from './acts.js';
import { box } from './box.js';
import { open, until, visit } from './lib.js';
import { right, rightInAllLooks } from './look.js';
import { doing, note, PEOPLE, recall, STAFF } from './people.js';
import { COMPANY, DEPARTMENT } from './site.js';
import { essential, scenario } from './scenario.js';

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
