// Every page in both languages and themes and at both sizes: no accessibility rule broken, nothing wider than the
// window, and no text left in the other language.

import assert from 'node:assert/strict';
import { open, visit } from './lib.js';
import { pagesToLookAt, rightInAllLooks } from './look.js';
import { as } from './people.js';
import { scenario } from './scenario.js';

scenario('every page is accessible, fits and speaks one language', async (t) => {
  const pages = pagesToLookAt();
  for (const who of new Set(pages.map((each) => each.who))) {
    await t.test(who ?? 'a stranger', async () => {
      const window = who ? await as(who) : await open();
      window.watch.none();
      const faults = [];
      for (const { where, name, status = 200 } of pages.filter((each) => each.who === who)) {
        const load = async () => {
          window.watch.expect(status);
          assert.equal(await visit(window.page, where), status, where);
        };
        await rightInAllLooks(window, name, load).catch((error) => faults.push(error.message));
        faults.push(...window.watch.take());
      }
      await window.context.close();
      assert.equal(faults.length, 0, faults.join('\n\n'));
    });
  }
});
