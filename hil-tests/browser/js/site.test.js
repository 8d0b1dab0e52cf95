// What stands between a commissioned box and its first call: calendar, lists, trunk, caller number, phones.

import assert from 'node:assert/strict';
import { box } from './box.js';
import { file, fill, finished, send, submit } from './forms.js';
import { needed, until, visit } from './lib.js';
import { lookLater, right } from './look.js';
import { doing, note, PEOPLE } from './people.js';
import { essential, scenario } from './scenario.js';
import { CALLER, calendar, day, GROUP, TRUNK } from './site.js';

essential('the system administrator loads the signed calendars; one whose signature is wrong is refused', () =>
  doing('system', async (page, { watch }) => {
    const year = Number(day(0).slice(0, 4));
    const files = (toml, signature) => ({ calendar: file('calendar.toml', toml), signature: file('calendar.sig', signature.toString('hex')) });
    const { toml, signature } = calendar(year);
    await visit(page, '/settings/calendar');
    await fill(page, files(toml.replace('-01-01', '-01-02'), signature));
    watch.expect(422);
    await send(page, '/settings/calendar');
    await page.locator('.notice-bad').first().waitFor();
    watch.none();
    for (const each of [year, year + 1]) {
      const { toml: text, signature: seal } = calendar(each);
      await submit(page, '/settings/calendar', '/settings/calendar', files(text, seal));
    }
    assert.match(await page.locator('main table').innerText(), new RegExp(`${year}[^]*${year + 1}|${year + 1}[^]*${year}`));
    lookLater('system', 'settings-calendar', '/settings/calendar');
    lookLater('compliance', 'settings-rules', '/settings/rules');
  }));

essential('the system administrator enters the carrier’s trunk and a line group', () =>
  doing('system', async (page, { watch }) => {
    const [host, port] = needed('RINGFENCE_CARRIER').split(':');
    await visit(page, '/lines/trunks/new');
    await fill(page, { name: TRUNK, host, port: '99999', transport: 'udp', srtp: 'plain', channels: '30', check_s: '30' });
    watch.expect(422);
    assert.equal(await send(page, '/lines/trunks'), 422);
    assert.equal(await page.locator('[name=name]').inputValue(), TRUNK, 'what was typed is kept');
    await right(page, 'trunk-refused', 'zh', 'light');
    watch.none();
    await submit(page, '/lines/trunks/new', '/lines/trunks', { name: TRUNK, host, port, transport: 'udp', srtp: 'plain', channels: '30', check_s: '30' });
    await visit(page, '/lines/groups');
    const member = await page.locator('main [name=member]').first().getAttribute('value');
    await fill(page, { name: GROUP, member });
    assert.equal(await send(page, '/lines/groups'), 303);
    await page.getByText(GROUP).first().waitFor();
    await visit(page, '/lines/numbers');
    const group = await page.locator('main [name=group]').first().getAttribute('value');
    await fill(page, { number: CALLER, contract: 'HT-2026-001', valid_to: day(365), group });
    assert.equal(await send(page, '/lines/numbers'), 303);
    assert.equal(await page.locator('form[action="/lines/numbers/approve"]').count(), 0, 'who entered it cannot approve it');
    lookLater('system', 'trunk-new', '/lines/trunks/new');
    lookLater('system', 'trunk', '/lines/trunks/1');
    lookLater('system', 'lines-groups', '/lines/groups');
    lookLater('compliance', 'lines-numbers', '/lines/numbers');
  }));

essential('lin_01 compliance approves the caller number', () =>
  doing('compliance', async (page) => {
    await visit(page, '/lines/numbers');
    assert.equal(await send(page, '/lines/numbers/approve'), 303);
    await until('it is approved', async () => (await page.locator('main .badge-ok').count()) > 0);
  }));

essential('the agent gets a SIP phone, whose password is shown once, and the phone registers', () =>
  doing('system', async (page) => {
    await visit(page, '/lines/phones');
    assert.equal(await send(page, '/lines/phones/udp'), 303);
    await fill(page, { person: { label: PEOPLE.agent.login }, srtp: 'plain' });
    assert.equal(await send(page, '/lines/phones'), 200);
    const facts = await page.locator('main dl.kv dd').allInnerTexts();
    const password = (await page.locator('.code-once code').innerText()).trim();
    const phone = { user: facts[0].trim(), realm: facts[1].trim(), password };
    note('phone', phone);
    await box('register', phone);
    await until('the phone is registered', async () => {
      await visit(page, '/lines/phones');
      return (await page.locator('main table .badge-ok').count()) > 0;
    });
    assert.equal(await page.getByText(password).count(), 0, 'the password does not come back');
    lookLater('system', 'lines-phones', '/lines/phones');
  }));

scenario('cam_07 the data specialist imports the official do-not-call list', () =>
  doing('data', async (page) => {
    await visit(page, '/dnc/import');
    await fill(page, { issued: day(0), file: file('official.txt', '18899990000\n18899990001\n') });
    await send(page, '/dnc/import');
    await finished(page);
    await page.locator('.notice-ok').first().waitFor();
    lookLater('data', 'dnc-import', '/dnc/import');
  }));
