// The site's network: one person proposes, another agrees, it is on trial until somebody says that the page is reached.

import assert from 'node:assert/strict';
import { fill, send } from './forms.js';
import { visit } from './lib.js';
import { lookLater, right, rightInAllLooks } from './look.js';
import { doing } from './people.js';
import { scenario } from './scenario.js';

const PAGE = '/settings/network';
const EDIT = `${PAGE}/edit`;
const TRIAL = /新网络设置正在试用|The new network is on trial/;
const WAITS = /有一项网络更改等待批准|A change waits for the second person/;

/** A management zone as a site would have it. */
const ZONE = {
  z0_zone: 'management',
  z0_port: 'eth0',
  z0_addresses: '10.20.0.2/24',
  z0_gateway: '10.20.0.1',
  z0_allowed: '10.20.0.0/24 10.21.0.0/16',
};

const forms = (page, action) => page.locator(`main form[action="${PAGE}/${action}"]`).count();
const text = (page) => page.locator('main').innerText();

scenario('net_04 a box never set says who reaches it, and only the system administrator may propose another network', async () => {
  await doing('system', async (page, window) => {
    await rightInAllLooks(window, 'network-never-set', () => visit(page, PAGE));
    assert.equal(await page.locator(`main a[href="${EDIT}"]`).count(), 1);
  });
  await doing('audit', async (page) => {
    assert.equal(await visit(page, PAGE), 200);
    assert.equal(await page.locator(`main a[href="${EDIT}"]`).count(), 0);
  });
  await doing('security', async (page, { watch }) => {
    watch.expect(403);
    assert.equal(await visit(page, EDIT), 403);
  });
});

scenario('net_04 a form that is refused says at each field what is wrong, in both languages, and keeps what was typed', () =>
  doing('system', async (page, window) => {
    const wrong = { ...ZONE, z0_gateway: '192.168.9.1', z1_zone: 'voice', z1_port: 'eth0', z1_vlan: 'x7', name_servers: 'ns.example' };
    await rightInAllLooks(window, 'network-refused', async () => {
      await visit(page, EDIT);
      await fill(page, wrong);
      window.watch.expect(422);
      assert.equal(await send(page, PAGE), 422);
      for (const field of ['z1_vlan', 'name_servers']) await page.locator(`#f-${field}-error`).waitFor();
      assert.equal(await page.locator('main [name=z0_addresses]').inputValue(), ZONE.z0_addresses);
    });
    await fill(page, { z1_zone: '', z1_port: '', z1_vlan: '', name_servers: '' });
    window.watch.expect(422);
    assert.equal(await send(page, PAGE), 422);
    assert.match(await page.locator('#f-z0_gateway-error').innerText(), /网关不在本分区的网段内/);
  }));

scenario('acc_06 what the system administrator proposes the security administrator agrees to; it is on trial, and kept once it is confirmed', async () => {
  await doing('system', async (page) => {
    await visit(page, EDIT);
    await fill(page, ZONE);
    assert.equal(await send(page, PAGE), 303);
    assert.match(await text(page), WAITS);
    assert.equal(await forms(page, 'agree'), 0, 'nobody agrees to an own proposal');
    assert.equal(await forms(page, 'withdraw'), 1);
  });
  await doing('security', async (page) => {
    await visit(page, PAGE);
    await right(page, 'network-proposed', 'zh', 'light');
    assert.ok((await text(page)).includes('10.20.0.2/24'), 'what is proposed is shown before it is agreed to');
    assert.equal(await send(page, `${PAGE}/agree`), 303);
    assert.match(await text(page), TRIAL);
    await right(page, 'network-trial', 'zh', 'light');
  });
  await doing('system', async (page) => {
    await visit(page, PAGE);
    assert.equal(await page.locator(`main a[href="${EDIT}"]`).count(), 0, 'one change at a time');
    assert.equal(await send(page, `${PAGE}/confirm`), 303);
    const shown = await text(page);
    assert.doesNotMatch(shown, TRIAL);
    assert.ok(shown.includes('10.20.0.2/24') && shown.includes('10.21.0.0/16'), shown);
    lookLater('system', 'network-set', PAGE);
    lookLater('system', 'network-edit', EDIT);
  });
});

scenario('acc_06 a change of servers alone needs no trial, and one that is refused changes nothing', async () => {
  const propose = (address) => doing('system', async (page) => {
    await visit(page, EDIT);
    assert.equal(await page.locator('main [name=z0_port]').inputValue(), ZONE.z0_port, 'the form holds what is in use');
    await fill(page, { name_servers: address });
    assert.equal(await send(page, PAGE), 303);
  });
  await propose('10.20.0.53');
  await doing('security', async (page) => {
    await visit(page, PAGE);
    assert.equal(await send(page, `${PAGE}/agree`), 303);
    const shown = await text(page);
    assert.doesNotMatch(shown, TRIAL);
    assert.doesNotMatch(shown, WAITS);
    assert.ok(shown.includes('10.20.0.53'));
  });
  await propose('10.20.0.54');
  await doing('security', async (page) => {
    await visit(page, PAGE);
    assert.equal(await send(page, `${PAGE}/withdraw`), 303);
    const shown = await text(page);
    assert.doesNotMatch(shown, WAITS);
    assert.ok(shown.includes('10.20.0.53') && !shown.includes('10.20.0.54'));
  });
});
