// A scenario: one test with the windows it opened. When it fails it says what those windows showed, and they are
// closed in any case. What stands on a failed essential scenario is not run.

import test, { after } from 'node:test';
import { close, windows } from './lib.js';

let broken;

after(close);

/** One scenario. */
export function scenario(name, work, { essential = false } = {}) {
  test(name, async (t) => {
    if (broken) return t.skip(`not run, since this failed: ${broken}`);
    try {
      await work(t);
    } catch (error) {
      if (essential) broken = name;
      error.stack = `${error.stack}${await shown()}`;
      throw error;
    } finally {
      await Promise.all([...windows].map(({ context }) => context.close()));
    }
  });
}

/** One that later scenarios stand on. */
export const essential = (name, work) => scenario(name, work, { essential: true });

async function shown() {
  const texts = [...windows].map(async ({ page }) => {
    const text = await page.locator('main').innerText({ timeout: 2_000 }).catch(() => '(nothing)');
    return `\n--- ${page.url()}\n${text.slice(0, 1_500)}`;
  });
  return (await Promise.all(texts)).join('');
}
