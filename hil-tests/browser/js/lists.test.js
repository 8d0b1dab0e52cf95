// Lists of contacts: an import with faults names each, a good one waits for another person's release.

import assert from 'node:assert/strict';
import { importGood, importList } from './acts.js';
import { fill, send, submit } from './forms.js';
import { visit } from './lib.js';
import { lookLater, right } from './look.js';
import { doing, note, recall } from './people.js';
import { essential, scenario } from './scenario.js';
import { CALLED, contacts, masked, PREVIEWED } from './site.js';

scenario('an import with faults imports nothing and names row, column and reason of each', () =>
  doing('data', async (page, { watch }) => {
    const bad = ['12345,短号,2026-01-01,ticked,就诊回访,2099-01-01,f,yes', `${CALLED[0]},=1+1,昨天,ticked,就诊回访,2099-01-01,f,yes`];
    watch.expect(422);
    await importList(page, 'faulty.csv', contacts([CALLED[0]], { bad }));
    const table = await page.locator('main table').innerText();
    assert.match(table, /手机号/);
    assert.match(table, /授权时间/);
    assert.doesNotMatch(await page.locator('main').innerText(), new RegExp(CALLED[0]), 'no full number');
    await right(page, 'import-failed', 'zh', 'light');
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('a[href$="errors.csv"]').click()]);
    const parts = [];
    for await (const part of await download.createReadStream()) parts.push(part);
    const report = Buffer.concat(parts).toString();
    assert.match(report, /手机号/);
    for (const cell of report.split(/[\r\n,]+/)) assert.doesNotMatch(cell, /^"?[=+@-]/, 'no cell is a formula (CSV injection)');
    assert.doesNotMatch(report, new RegExp(CALLED[0]));
    await visit(page, '/contacts');
    assert.equal(await page.getByText('faulty.csv').count(), 0, 'nothing was imported');
  }));

essential('a good list is imported; whoever imported it cannot release it', () =>
  doing('data', async (page, { watch }) => {
    for (const [key, name, numbers] of [['called', 'called.csv', CALLED], ['previewed', 'previewed.csv', PREVIEWED]]) {
      note('batches', { [key]: await importGood(page, name, numbers) });
      assert.equal(await page.locator('a[href$="/release"]').count(), 0, 'the importer is offered no release');
    }
    watch.expect(403, 422);
    const release = `${new URL(page.url()).pathname}/release`;
    await visit(page, release);
    if (await page.locator(`main form[action="${release}"]`).count()) {
      await fill(page, { seen: 'yes' });
      assert.ok((await send(page, release)) >= 400, 'a release by the importer is refused');
    }
    lookLater('data', 'contacts-import', '/contacts/import');
  }));

essential('compliance checks the source and releases the lists', () =>
  doing('compliance', async (page) => {
    const batches = recall('batches');
    for (const batch of Object.values(batches)) {
      await submit(page, `/contacts/${batch}/release`, `/contacts/${batch}/release`, { seen: 'yes' });
    }
    await visit(page, `/consents?batch=${batches.called}`);
    const text = await page.locator('main').innerText();
    assert.ok(text.includes(masked(CALLED[0])), 'numbers are masked the same way everywhere');
    assert.ok(!text.includes(CALLED[0]));
    lookLater('compliance', 'contacts-batch', `/contacts/${batches.called}`);
    lookLater('compliance', 'consents-batch', `/consents?batch=${batches.called}`);
  }));
