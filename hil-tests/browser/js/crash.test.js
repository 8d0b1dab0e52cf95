// When a process is killed: nothing typed is lost, sessions go on, and nothing secret was logged in the whole day.

import assert from 'node:assert/strict';
import { box } from './box.js';
import { fill, send } from './forms.js';
import { until, visit } from './lib.js';
import { doing, PEOPLE, recall } from './people.js';
import { scenario } from './scenario.js';
import { CALLED, PREVIEWED } from './site.js';

scenario('what was typed into a form is there again after the page was lost', () =>
  doing('manager', async (page) => {
    await visit(page, '/campaigns/new');
    await page.locator('[name=name]').pressSequentially('写了一半的活动');
    await page.locator('[name=max_calls]').focus();
    await page.reload();
    await until('the draft is back', async () => (await page.locator('[name=name]').inputValue()) === '写了一半的活动');
  }));

scenario('a form opened before the page’s process was killed is taken after it', () =>
  doing('security', async (page, { watch }) => {
    await visit(page, '/accounts');
    await fill(page, { department_name: '急诊部' });
    await box('restart', { which: 'admind' });
    await until('the page is back', () => page.evaluate(async () => (await fetch('/me')).ok).catch(() => false));
    watch.take();
    assert.equal(await send(page, '/accounts/departments'), 303);
    await page.getByText('急诊部').first().waitFor();
  }));

scenario('a kill of the records is said as such, and the same session goes on after it', () =>
  doing('manager', async (page, { watch }) => {
    await visit(page, '/campaigns');
    await box('restart', { which: 'vaultd' });
    await until('the records are back', async () => {
      const status = await visit(page, '/campaigns').catch(() => 0);
      assert.ok([0, 200, 502, 503].includes(status), String(status));
      return status === 200;
    }, 30_000);
    watch.take();
    assert.equal(new URL(page.url()).pathname, '/campaigns', 'nobody has to sign in again');
  }));

scenario('no password, secret, code or full number stands in any log', async () => {
  const logs = Object.entries(await box('logs'));
  assert.ok(logs.every(([, text]) => text.length > 0), 'every process logs');
  const secrets = Object.entries(PEOPLE).flatMap(([who, { password }]) => [password, recall(who).secret, recall(who).enrolment]);
  const session = Object.keys(PEOPLE).flatMap((who) => (recall(who).storage?.cookies ?? []).filter(({ name }) => name.startsWith('__Host')).map(({ value }) => value));
  const hidden = [...secrets, ...session, recall('phone').password, ...CALLED, ...PREVIEWED].filter(Boolean);
  assert.ok(hidden.length > 30);
  for (const [name, text] of logs) for (const each of hidden) assert.ok(!text.includes(each), `${name} logged a secret of ${each.length} characters`);
});
