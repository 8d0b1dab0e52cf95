// Each role sees its own pages and is refused every other, whatever it asks for and however.

import assert from 'node:assert/strict';
import { visit } from './lib.js';
import { FORMS, PAGES, pagesOf, sees, UPLOADS } from './pages.js';
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

/** Sends a form as somebody with proofs that are good, and follows long work to its end; the last status. */
async function sent(page, where, fields, files) {
  await visit(page, '/me');
  return page.evaluate(
    async ([address, values, names]) => {
      const proofs = document.querySelector('main form, form[action="/preferences"]');
      const body = names ? new FormData() : new URLSearchParams();
      for (const name of ['csrf', 'once']) body.append(name, proofs.elements[name].value);
      for (const [name, value] of Object.entries(values)) body.append(name, value);
      for (const name of names ?? []) body.append(name, new File(['ab'.repeat(64)], 'x.txt', { type: 'text/plain' }));
      let answer = await fetch(address, { method: 'POST', body, headers: { Accept: 'application/json' } });
      for (let tries = 0; answer.ok && new URL(answer.url).pathname.startsWith('/jobs/') && tries < 100; tries += 1) {
        await new Promise((done) => setTimeout(done, 100));
        answer = await fetch(answer.url, { headers: { Accept: 'application/json' } });
        if ((answer.headers.get('refresh') ?? '') === '') break;
      }
      return { status: answer.status, text: (await answer.text()).slice(0, 200) };
    },
    [where, fields, files],
  );
}

for (const who of Object.keys(PEOPLE)) {
  scenario(`acc_01 ${who} is refused every form that is not theirs, with proofs that are good`, () =>
    doing(who, async (page, { watch }) => {
      watch.expect(403);
      const faults = [];
      for (const [where, whose, fields, ...files] of [...FORMS, ...UPLOADS]) {
        if (whose.split(' ').includes(who)) continue;
        const { status, text } = await sent(page, where, fields, files.length ? files : undefined);
        watch.take();
        if (status !== 403 || !text.includes('"code":"role"')) faults.push(`${where}: ${status} ${text}`);
      }
      assert.deepEqual(faults, []);
    }));
}
