// The page of the box on a machine that has no hostd: it says so plainly, stores an update all the same, and orders
// nothing.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { file, fill, finished, send } from './forms.js';
import { visit } from './lib.js';
import { lookLater, right } from './look.js';
import { doing } from './people.js';
import { scenario } from './scenario.js';

/** More than is written to the disk at once. */
const BYTES = 3 * 1024 * 1024 + 7;

scenario('a machine without hostd says so, and offers no order', () =>
  doing('system', async (page) => {
    assert.equal(await visit(page, '/settings/box'), 200);
    await page.locator('main .notice-warn', { hasText: 'hostd' }).waitFor();
    assert.equal(await page.locator('main a[href^="/settings/box/order/"]').count(), 0);
    await visit(page, '/settings/box/diagnostics');
    assert.equal(await page.locator('main form[action="/settings/box/order/diagnostics"]').count(), 0);
    lookLater('system', 'settings-box-diagnostics', '/settings/box/diagnostics');
  }));

scenario('an update is uploaded with its progress shown, and its SHA-256 is the file’s own', () =>
  doing('system', async (page, { watch }) => {
    const bytes = randomBytes(BYTES);
    const sum = createHash('sha256').update(bytes).digest('hex');
    await visit(page, '/settings/box');
    await fill(page, { bundle: file('box.raucb', bytes, 'application/octet-stream') });
    assert.match(await page.locator('main .file-facts').innerText(), /box\.raucb/);
    await send(page, '/settings/box/upload');
    await finished(page);
    assert.equal(await page.locator('main [data-bundle]').getAttribute('data-bundle'), sum);
    await right(page, 'settings-box-stored', 'zh', 'light');
    await visit(page, '/settings/box');
    await page.getByText(sum).first().waitFor();
    // Whoever knows the address is told why it cannot be installed.
    await visit(page, `/settings/box/order/install-${sum}`);
    await right(page, 'settings-box-install', 'zh', 'light');
    watch.expect(422);
    await send(page, `/settings/box/order/install-${sum}`);
    await page.locator('main .notice-bad').first().waitFor();
    lookLater('system', 'settings-box-order', `/settings/box/order/install-${sum}`);
  }));

scenario('without the page’s own script an update is uploaded just the same', () =>
  doing('system', async (page) => {
    const bytes = randomBytes(BYTES);
    await visit(page, '/settings/box');
    await fill(page, { bundle: file('plain.raucb', bytes, 'application/octet-stream') });
    await send(page, '/settings/box/upload');
    await finished(page);
    const sum = createHash('sha256').update(bytes).digest('hex');
    assert.equal(await page.locator('main [data-bundle]').getAttribute('data-bundle'), sum);
  }, { js: false }));

scenario('acc_06 a reset says what is lost and wants its word', () =>
  doing('system', async (page, { watch }) => {
    await visit(page, '/settings/box/order/reset');
    assert.ok((await page.locator('main .notice-bad li').count()) >= 6, 'what is lost, line by line');
    await fill(page, { word: '确定' });
    watch.expect(422);
    assert.equal(await send(page, '/settings/box/order/reset'), 422);
    await page.locator('#f-word-error').waitFor();
    await right(page, 'settings-box-reset', 'zh', 'light');
    lookLater('system', 'settings-box-reset', '/settings/box/order/reset');
  }));
