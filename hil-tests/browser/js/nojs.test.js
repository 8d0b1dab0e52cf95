// Without the page's own script everything still works: signing in, forms with their faults, long work.

import assert from 'node:assert/strict';
import { fillCampaign } from './acts.js';
import { file, fill, finished, idOf, send } from './forms.js';
import { open, visit } from './lib.js';
import { code, fillSignIn, note, PEOPLE, recall } from './people.js';
import { scenario } from './scenario.js';
import { AGENT_CAMPAIGN } from './site.js';
import { tone } from './wav.js';

scenario('with JavaScript switched off the manager signs in, corrects a refused form and makes a campaign', async () => {
  const { login, password, source } = PEOPLE.manager;
  const { page, watch, context } = await open({ source, js: false });
  await visit(page, '/sign-in');
  await fillSignIn(page, { login, password, code: await code('manager') });
  await page.waitForURL((url) => url.pathname !== '/sign-in');

  await visit(page, '/campaigns/new');
  watch.expect(422);
  await page.locator('main form').evaluate((form) => form.setAttribute('novalidate', ''));
  await fillCampaign(page, { name: AGENT_CAMPAIGN, mode: 'preview', batch: String(recall('batches').previewed), attempts: '99' });
  assert.equal(await send(page, '/campaigns/new'), 422);
  await page.locator('#f-attempts-error').waitFor();
  assert.equal(await page.locator('[name=name]').inputValue(), AGENT_CAMPAIGN, 'typed values are kept');
  assert.ok(await page.locator('[name=mode][value=preview]').isChecked(), 'and choices');
  assert.ok(await page.locator('[name=batch]:checked').count(), 'and boxes');
  await fill(page, { attempts: '1' });
  assert.equal(await send(page, '/campaigns/new'), 303);
  await page.waitForURL(/\/campaigns\/\d+$/);
  note('campaign', { agents: idOf(page) });
  assert.equal(await send(page, `/campaigns/${idOf(page)}/start`), 303, 'and starts it');

  await visit(page, '/scripts/prompts/new');
  await fill(page, { text: '不用脚本上传的语音', file: file('plain.wav', tone(440, 400), 'audio/wav') });
  await send(page, '/scripts/prompts/new');
  await finished(page);
  await page.getByText('不用脚本上传的语音').or(page.locator('main .notice-ok')).first().waitFor();
  watch.none();

  await page.locator('form[action="/preferences"] button[name=lang]').first().click();
  await page.waitForLoadState();
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  await page.locator('details.menu summary').click();
  await page.locator('form[action="/sign-out"] button').click();
  await page.waitForURL(/\/sign-in/);
  await context.close();
});
