// A commissioned virtual box after its power was cut: whoever was signed in still is, what was entered stands there, the
// time server set on the page holds the clock, and the ledger is whole.

import assert from 'node:assert/strict';
import { verifyLedger } from './acts.js';
import { until, visit } from './lib.js';
import { doing } from './people.js';
import { scenario } from './scenario.js';
import { CALLER, GROUP, SCRIPT, TRUNK } from './site.js';

scenario('trunk, line group, caller number and script are as they were entered', async () => {
  const text = async (page, where) => {
    assert.equal(await visit(page, where), 200);
    return page.locator('main').innerText();
  };
  await doing('system', async (page) => {
    assert.ok((await text(page, '/lines')).includes(TRUNK));
    assert.ok((await text(page, '/lines/groups')).includes(GROUP));
  });
  await doing('compliance', async (page) => {
    assert.ok((await text(page, '/lines/numbers')).includes(CALLER.slice(-4)));
    assert.ok((await text(page, '/scripts')).includes(SCRIPT));
  });
});

scenario('the site’s network is applied without a fault, and its time server holds the clock', () =>
  doing('system', async (page) => {
    await visit(page, '/settings/network');
    assert.deepEqual(await page.locator('main .notice-bad').allInnerTexts(), []);
    const clock = page.locator('main dt', { hasText: /^时钟$/ }).locator('xpath=following-sibling::dd[1]');
    await until('the clock is held', async () => {
      await visit(page, '/');
      return (await clock.locator('.badge-ok').count()) > 0;
    });
  }));

scenario('the audit administrator verifies the ledger and it is whole', verifyLedger);
