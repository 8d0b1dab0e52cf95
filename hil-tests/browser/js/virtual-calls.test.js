// A campaign on a commissioned virtual box, from its list to its last call. The plan, and where the figures go, stand in
// the environment; whoever reads them counts at the far end too.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { endedCalls, figures, startCampaign } from './acts.js';
import { needed, shot, until, visit } from './lib.js';
import { doing } from './people.js';
import { scenario } from './scenario.js';
import { masked } from './site.js';

const { name, numbers, max_calls, lines, limit_s: limit } = JSON.parse(needed('RINGFENCE_PLAN'));

scenario(`${name}: everybody is called, and the page says how each call ended`, async () => {
  const id = await startCampaign({ name, numbers, max_calls, lines });
  const seen = await doing('manager', async (page) => {
    await visit(page, `/campaigns/${id}`);
    const over = ({ left, open, recorded, verified }) => left === 0 && open === 0 && recorded === verified;
    await until('everybody was called and every recording verified', async () => over(await figures(page)), limit * 1_000);
    await shot(page, `campaign-${name}`);
    return figures(page);
  });
  const calls = await doing('qa', async (page) => {
    const ended = await endedCalls(page, id);
    await shot(page, `calls-${name}`);
    await visit(page, '/recordings');
    await shot(page, `recordings-${name}`);
    return ended;
  });
  const said = Object.values(calls);
  for (const number of numbers) {
    assert.equal(said.filter((each) => each.startsWith(masked(number))).length, 1, `${masked(number)} has one call`);
    assert.ok(!said.some((each) => each.includes(number)), 'no full number');
  }
  writeFileSync(needed('RINGFENCE_FOUND'), JSON.stringify({ id, figures: seen, calls }));
});
