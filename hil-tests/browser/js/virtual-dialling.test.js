// A campaign on a virtual box that is about to lose its power: started in its first life, looked at in each. Whatever the
// page says of it is noted as acknowledged, until the box goes away under the browser.

import { renameSync, writeFileSync } from 'node:fs';
import { endedCalls, figures, startCampaign } from './acts.js';
import { needed, visit } from './lib.js';
import { as, note, recall } from './people.js';
import { scenario } from './scenario.js';

const { name, numbers, max_calls, lines } = JSON.parse(needed('RINGFENCE_PLAN'));

scenario(`${name}: the page is watched until the power goes`, async () => {
  let { id } = recall('cut');
  if (!id) {
    id = await startCampaign({ name, numbers, max_calls, lines });
    note('cut', { id });
  }
  const { page } = await as('manager');
  for (;;) {
    await visit(page, `/campaigns/${id}`);
    const seen = await figures(page);
    acknowledge({ id, figures: seen, calls: await endedCalls(page, id) });
  }
});

/** Replaced as a whole: its writer ends with the box. */
function acknowledge(what) {
  const file = needed('RINGFENCE_FOUND');
  writeFileSync(`${file}.new`, JSON.stringify(what));
  renameSync(`${file}.new`, file);
}
