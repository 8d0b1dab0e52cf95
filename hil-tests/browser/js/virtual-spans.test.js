// The spans of a virtual box's card: set up with the strict defaults, their data links up, in a group with a caller number
// of its own.

import assert from 'node:assert/strict';
import { fill, send, submit } from './forms.js';
import { needed, shot, until, visit } from './lib.js';
import { doing } from './people.js';
import { essential } from './scenario.js';
import { day, SPANS } from './site.js';

const { group, caller, limit_s: limit } = JSON.parse(needed('RINGFENCE_PLAN'));
const main = (page) => page.locator('main');

essential('both spans are set up and thirty timeslots of each are idle', () =>
  doing('system', async (page) => {
    for (const [at, name] of SPANS.entries()) {
      const span = `/lines/spans/${at + 1}`;
      await submit(page, `${span}/set`, `${span}/set`, { name });
      await visit(page, span);
      const idle = () => page.locator('[data-live=slots] .slots .slot-idle').count();
      await until('the timeslots are idle', async () => (await idle()) === 30, limit * 1_000);
    }
    await shot(page, 'span');
  }));

essential('they get a group and a caller number, which compliance approves', async () => {
  await doing('system', async (page) => {
    await visit(page, '/lines/groups');
    const member = [];
    for (const name of SPANS) member.push(await main(page).getByLabel(name).first().getAttribute('value'));
    await fill(page, { name: group, member });
    assert.equal(await send(page, '/lines/groups'), 303);
    await visit(page, '/lines/numbers');
    const chosen = await main(page).getByLabel(group).first().getAttribute('value');
    await fill(page, { number: caller, contract: 'HT-2026-002', valid_to: day(365), group: chosen });
    assert.equal(await send(page, '/lines/numbers'), 303);
  });
  await doing('compliance', async (page) => {
    await visit(page, '/lines/numbers');
    assert.equal(await send(page, '/lines/numbers/approve'), 303);
  });
});
