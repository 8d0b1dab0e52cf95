// Filling a form and sending it as a person does, whether or not the page's own script runs.

import assert from 'node:assert/strict';
import { until, visit, WAIT_MS } from './lib.js';

/** Fills fields by their names: text, choice, box (a list ticks several), file. */
export async function fill(page, values) {
  for (const [name, value] of Object.entries(values)) {
    const field = page.locator(`main [name="${name}"]`);
    const kind = await field.first().evaluate((element) => (element.tagName === 'SELECT' ? 'select' : element.type));
    if (kind === 'select') await field.selectOption(value);
    else if (kind === 'file') await field.setInputFiles(value);
    else if (kind === 'radio' || kind === 'checkbox') {
      for (const each of [value].flat()) await page.locator(`main [name="${name}"][value="${each}"]`).check();
    } else await field.fill(value);
  }
}

/** Sends the form with this action, says yes if it asks, waits for the page that answers; the status of the POST. */
export async function send(page, action, { button } = {}) {
  const press = button ?? page.locator(`main form[action="${action}"] button:not([type=button])`).first();
  await page.evaluate(() => document.querySelectorAll('#main > *').forEach((element) => element.setAttribute('data-old', '')));
  const posted = page.waitForResponse((answer) => answer.request().method() === 'POST', { timeout: WAIT_MS });
  posted.catch(() => {});
  await press.click();
  const asks = await press.getAttribute('data-confirm', { timeout: 200 }).catch(() => null);
  const script = await page.locator('html.js').count().catch(() => 0);
  if (asks && script) await page.locator('#confirm button[value=yes]').click();
  const answer = await posted;
  const shown = () => page.evaluate(() => document.readyState === 'complete' && !document.querySelector('#main > [data-old]'));
  await until(`the answer to ${action}`, () => shown().catch(() => false));
  return answer.status();
}

/** Opens a page, fills its form and sends it; fails unless it was taken. */
export async function submit(page, where, action, values) {
  assert.equal(await visit(page, where), 200, where);
  await fill(page, values);
  const status = await send(page, action);
  assert.ok(status === 303 || status === 200, `${action} answers ${status}`);
  assert.equal(await page.locator('main .notice-bad, main .field-error').count(), 0, `${action} is refused`);
}

/** Long work is over when its page shows no progress any more. */
export async function finished(page, limit = 4 * WAIT_MS) {
  const over = () => page.evaluate(() => document.readyState === 'complete' && !document.querySelector('[data-live="job"]'));
  await until('long work is over', () => over().catch(() => false), limit);
}

/** A file as an input takes it. */
export const file = (name, content, mimeType = 'text/plain') => ({ name, mimeType, buffer: Buffer.from(content) });

/** The number at the end of this page's address. */
export const idOf = (page) => Number(/\/(\d+)(?:$|[?#])/.exec(page.url())[1]);
