// A virtual box whose power was cut while it dialled, once it is back: nobody touches it, its campaign goes on to its end,
// what was acknowledged before stands there as it stood, and the ledger is whole.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { endedCalls, figures, verifyLedger } from './acts.js';
import { needed, shot, until, visit } from './lib.js';
import { doing } from './people.js';
import { scenario } from './scenario.js';

const { name, numbers, limit_s: limit } = JSON.parse(needed('RINGFENCE_PLAN'));
const before = JSON.parse(readFileSync(needed('RINGFENCE_ACKNOWLEDGED'), 'utf8'));

scenario(`${name}: the campaign goes on alone, and nothing acknowledged is lost`, async () => {
  const [seen, calls] = await doing('manager', async (page) => {
    await visit(page, `/campaigns/${before.id}`);
    const over = ({ left, open }) => left === 0 && open === 0;
    await until('everybody was called', async () => over(await figures(page)), limit * 1_000);
    await visit(page, `/campaigns/${before.id}`);
    await shot(page, `after-${name}`);
    return [await figures(page), await endedCalls(page, before.id)];
  });
  for (const [call, said] of Object.entries(before.calls)) assert.equal(calls[call], said, `call ${call} stands as it was acknowledged`);
  for (const each of ['offered', 'placed', 'answered', 'recorded']) assert.ok(seen[each] >= before.figures[each], `${each}: ${seen[each]} after ${before.figures[each]}`);
  assert.ok(Object.keys(calls).length <= numbers.length, 'no call more than numbers');
  writeFileSync(needed('RINGFENCE_FOUND'), JSON.stringify({ id: before.id, figures: seen, calls }));
});

scenario('the audit administrator verifies the ledger and it is whole', verifyLedger);
