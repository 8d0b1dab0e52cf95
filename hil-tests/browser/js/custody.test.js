// Custody of the keys: the security administrator names five, each takes a share once, and the page says how it stands.

import assert from 'node:assert/strict';
import { fill, send } from './forms.js';
import { visit } from './lib.js';
import { lookLater, right } from './look.js';
import { doing, PEOPLE } from './people.js';
import { scenario } from './scenario.js';

const PAGE = '/settings/custody';
const KEEPERS = ['security', 'audit', 'compliance', 'manager', 'qa'];
const NONE = /尚无保管人|There are no custodians/;
const IN_FORCE = /份额已生效|The shares are in force/;

/** The sixteen groups of a share that is shown. */
const groups = async (page) => (await page.locator('main p.mono').allInnerTexts()).join(' ').trim().split(/\s+/);

scenario('enc_05 without custodians the page says that nothing could be recovered, and one person is not five', () =>
  doing('security', async (page, { watch }) => {
    await visit(page, PAGE);
    assert.match(await page.locator('main').innerText(), NONE);
    await right(page, 'custody-none', 'zh', 'light');
    const names = await page.locator('main [name=custodian1] option').allInnerTexts();
    assert.ok(!names.some((name) => name.includes(PEOPLE.system.name) || name.includes(PEOPLE.agent.name)), names.join());
    const audit = await page.locator('main [name=custodian1] option', { hasText: PEOPLE.audit.name }).getAttribute('value');
    await fill(page, Object.fromEntries([1, 2, 3, 4, 5].map((at) => [`custodian${at}`, audit])));
    watch.expect(422);
    assert.equal(await send(page, PAGE), 422);
    await page.locator('.notice-bad').first().waitFor();
    watch.none();
  }));

scenario('enc_05 five custodians take their shares, each once in their own session, and with the fifth the set is in force', async () => {
  await doing('security', async (page) => {
    await visit(page, PAGE);
    for (const [at, who] of KEEPERS.entries()) {
      const option = page.locator(`main [name=custodian${at + 1}] option`, { hasText: PEOPLE[who].name });
      await fill(page, { [`custodian${at + 1}`]: await option.getAttribute('value') });
    }
    assert.equal(await send(page, PAGE), 303);
    assert.doesNotMatch(await page.locator('main').innerText(), IN_FORCE);
  });
  const seen = new Set();
  for (const who of KEEPERS) {
    await doing(who, async (page) => {
      await visit(page, '/me');
      await page.locator(`main a[href="${PAGE}"]`).click();
      assert.equal(await send(page, `${PAGE}/take`), 200);
      const share = await groups(page);
      assert.equal(share.length, 16);
      assert.ok(share.every((group) => /^[0-9A-HJKMNP-TV-Z]{4}$/.test(group)), 'groups of four signs');
      seen.add(share.join(' '));
      if (who === 'qa') await right(page, 'custody-share', 'zh', 'light');
      await page.goBack();
      await visit(page, PAGE);
      assert.equal(await page.locator(`main form[action="${PAGE}/take"]`).count(), 0, 'a share is taken once');
    });
  }
  assert.equal(seen.size, KEEPERS.length);
  await doing('security', async (page) => {
    await visit(page, PAGE);
    const text = await page.locator('main').innerText();
    assert.match(text, IN_FORCE);
    for (const who of KEEPERS) assert.ok(text.includes(PEOPLE[who].name), who);
  });
  lookLater('security', 'custody', PAGE);
  lookLater('qa', 'custody-of-others', PAGE);
});
