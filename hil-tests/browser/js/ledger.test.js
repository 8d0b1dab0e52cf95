// The audit administrator finds all of the day in the ledger, and the ledger is whole.

import assert from 'node:assert/strict';
import { verifyLedger } from './acts.js';
import { visit } from './lib.js';
import { lookLater } from './look.js';
import { doing, PEOPLE } from './people.js';
import { scenario } from './scenario.js';
import { CALLED, OPTED_OUT, PREVIEWED } from './site.js';

/** Every row of the ledger, page by page. */
async function everything(page) {
  const rows = [];
  await visit(page, '/ledger');
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    rows.push(...(await page.locator('main tbody tr').allInnerTexts()).map((row) => row.replace(/\s+/g, ' ')));
    const older = page.locator('main .pager a[rel=next]');
    if ((await older.count()) === 0) return rows;
    const here = page.url();
    await Promise.all([page.waitForURL((url) => url.href !== here), older.click()]);
  }
  throw new Error('the ledger does not end');
}

scenario('aud_01 every act of the day is found in the ledger, by its person, and no number or secret is', () =>
  doing('audit', async (page) => {
    const rows = await everything(page);
    const all = rows.join('\n');
    const by = (who, words) => rows.some((row) => row.includes(PEOPLE[who].login) && words.some((word) => row.includes(word)));
    for (const who of Object.keys(PEOPLE)) assert.ok(all.includes(PEOPLE[who].login), `${who} is named`);
    for (const [who, ...words] of ACTS) assert.ok(by(who, words), `${who}: ${words.join(' or ')}`);
    for (const number of [...CALLED, ...PREVIEWED, OPTED_OUT]) assert.ok(!all.includes(number), 'no full number');
    for (const { password } of Object.values(PEOPLE)) assert.ok(!all.includes(password), 'no password');
    lookLater('audit', 'ledger-refused', '/ledger?refused=yes');
    lookLater('audit', 'sign-ins', '/accounts/sign-ins');
  }));

scenario('the audit administrator verifies the ledger and it is whole', verifyLedger);

scenario('iam_04 failed sign-ins and the stolen session stand in the log of sign-ins', () =>
  doing('audit', async (page) => {
    await visit(page, '/accounts/sign-ins');
    const text = await page.locator('main').innerText();
    assert.match(text, /127\.0\.9\.20/, 'the source of the failed attempts');
    await visit(page, '/ledger?refused=yes');
    assert.match(await page.locator('main').innerText(), /session-elsewhere|127\.0\.9\.9/);
  }));

/** Who did what; each is found by one of its words in Chinese. */
const ACTS = [
  ['security', '部门'],
  ['system', '中继'],
  ['compliance', '号码'],
  ['data', '名单', '导入'],
  ['compliance', '放行'],
  ['manager', '话术'],
  ['compliance', '话术'],
  ['manager', '活动'],
  ['qa', 'Play · call'],
  ['qa', 'purpose quality'],
  ['qa', 'purpose dispute'],
];
const MOST_PAGES = 80;
