// Lists imported into a virtual box that is about to lose its power, one after another. Begun and acknowledged are noted
// apart: what the page called imported must be there afterwards, what it did not may be there whole or not at all.

import { renameSync, writeFileSync } from 'node:fs';
import { importList } from './acts.js';
import { needed } from './lib.js';
import { as } from './people.js';
import { scenario } from './scenario.js';
import { contacts } from './site.js';

const { rows, first, noted } = JSON.parse(needed('RINGFENCE_PLAN'));

scenario('lists are imported until the power goes', async () => {
  const { page } = await as('data');
  const lists = { ...noted };
  for (let at = first; ; at += 1) {
    const file = `list-${at}.csv`;
    tell({ ...lists, [file]: 'begun' });
    await importList(page, file, contacts(numbersOf(at, rows)));
    await page.locator('main a[href^="/contacts/"]').first().waitFor();
    lists[file] = 'acknowledged';
    tell(lists);
  }
});

/** Numbers of a list, in no other. */
function numbersOf(list, rows) {
  return Array.from({ length: rows }, (_, n) => `188${String(list).padStart(3, '0')}${String(n).padStart(5, '0')}`);
}

/** Replaced as a whole: its writer ends with the box. */
function tell(lists) {
  const file = needed('RINGFENCE_FOUND');
  writeFileSync(`${file}.new`, JSON.stringify(lists));
  renameSync(`${file}.new`, file);
}
