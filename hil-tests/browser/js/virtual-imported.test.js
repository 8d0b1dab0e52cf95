// A virtual box whose power was cut while it imported, once it is back: each acknowledged list is there with every row,
// each begun one whole or not at all, another import goes through, and the ledger is whole.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { importGood, verifyLedger } from './acts.js';
import { needed, shot, visit } from './lib.js';
import { doing } from './people.js';
import { scenario } from './scenario.js';
import { number } from './site.js';

const { rows, last } = JSON.parse(needed('RINGFENCE_PLAN'));
const lists = JSON.parse(readFileSync(needed('RINGFENCE_ACKNOWLEDGED'), 'utf8'));

/** Rows of each list on the page, by its file. */
async function shown(page) {
  await visit(page, '/contacts');
  const found = await page.locator('main tbody tr').evaluateAll((all) => all.map((row) => [row.cells[1].querySelector('[title]').title, row.cells[4].innerText]));
  return found.map(([file, count]) => [file, Number(count.replace(/\D/g, ''))]);
}

scenario('every acknowledged list is there with all its rows, and nothing in part', () =>
  doing('data', async (page) => {
    const found = await shown(page);
    await shot(page, 'imported');
    for (const [file, state] of Object.entries(lists)) {
      const of = found.filter(([name]) => name === file);
      assert.ok(of.length === 1 || (of.length === 0 && state === 'begun'), `${file}, ${state}, is there ${of.length} times`);
      for (const [, count] of of) assert.equal(count, rows, `${file} has ${count} rows`);
    }
    if (last) assert.ok((await importGood(page, 'afterwards.csv', [number(9_000, 0), number(9_001, 1)])) > 0);
  }));

if (last) scenario('the audit administrator verifies the ledger and it is whole', verifyLedger);
