// Each role sees its own pages and is refused every other, whatever it asks for and however.

import assert from 'node:assert/strict';
import { visit } from './lib.js';
import { PAGES, pagesOf, sees } from './pages.js';
import { doing, PEOPLE } from './people.js';
import { scenario } from './scenario.js';

/** The links of the main navigation, as paths. */
const navigation = (page) =>
  page.locator('nav[aria-label] a[href^="/"]').evaluateAll((links) => [...new Set(links.map((link) => new URL(link.href).pathname))]);

for (const who of Object.keys(PEOPLE)) {
  scenario(`acc_01 ${who} sees its own navigation and is refused everything else`, () =>
    doing(who, async (page, { watch }) => {
      const first = pagesOf(who)[0];
      assert.equal(await visit(page, first), 200);
      const links = (await navigation(page)).filter((where) => where in PAGES);
      assert.deepEqual(links.sort(), pagesOf(who).sort());
      for (const where of Object.keys(PAGES)) {
        if (sees(who, where)) {
          assert.equal(await visit(page, where), 200, where);
          watch.none();
        } else if (where !== '/') {
          watch.expect(403);
          assert.equal(await visit(page, where), 403, where);
          await page.getByRole('heading', { level: 1 }).first().waitFor();
          watch.none();
        }
      }
    }));
}
