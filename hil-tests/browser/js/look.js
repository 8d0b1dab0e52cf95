// Looking at a page: in which languages, themes and sizes, and at which pages.

import assert from 'node:assert/strict';
import { accessible, fits, looks, shot, SIZES, texts } from './lib.js';
import { PAGES } from './pages.js';
import { note, recall } from './people.js';
import { DATA } from './site.js';

const CHINESE = /[\u3400-\u9fff\uf900-\ufaff]/;
/** Four words in a row are a sentence; three may be a name such as a browser's. */
const ENGLISH = /[A-Za-z]{2,}(?:[ ,]+[A-Za-z]{2,}){3,}/;
/** A person's name as most people see it. */
const MASKED_NAME = /[\u3400-\u9fff]\*+/g;
/** What stands in its own language on every page: the switch. */
const ALWAYS = ['中文'];

/** Texts of a page that are in neither its language nor data. */
export function foreign(found, lang, data = DATA) {
  const without = (text) => [...ALWAYS, ...data].reduce((left, each) => left.replaceAll(each, ''), text.replace(MASKED_NAME, ''));
  const wrong = lang === 'en' ? (text) => CHINESE.test(without(text)) : (text) => ENGLISH.test(without(text));
  return found.filter(({ text, data: said }) => !said && wrong(text)).map(({ text, where }) => `${where}: ${text}`);
}

/** Every language with every theme. */
export const LOOKS = [
  ['zh', 'light'],
  ['zh', 'dark'],
  ['en', 'light'],
  ['en', 'dark'],
];

/** The page as it stands: right at both sizes, accessible, in its language. */
export async function right(page, name, lang, theme) {
  const what = `${name} ${lang} ${theme}`;
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height });
    await fits(page, `${what} ${width}`);
    await shot(page, `${name}-${lang}-${theme}-${width}`);
    // The rules depend on the size only where the layout changes: once at the small one.
    if (width === SIZES[0][0] || (lang === 'zh' && theme === 'light')) await accessible(page, `${what} ${width}`);
  }
  await page.setViewportSize({ width: SIZES[0][0], height: SIZES[0][1] });
  assert.deepEqual(foreign(await texts(page), lang), [], `${what}: texts in the other language`);
}

/** The same in every language and theme; the page is loaded anew for each. */
export async function rightInAllLooks({ context, page }, name, load) {
  for (const [lang, theme] of LOOKS) {
    await looks(context, lang, theme);
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await load();
    await right(page, name, lang, theme);
  }
  await looks(context, 'zh', 'light');
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
}

/** A scenario came by a page that everypage.test.js shall look at too. */
export function lookLater(who, name, where) {
  const { pages = [] } = recall('look');
  if (!pages.some((each) => each.name === name)) note('look', { pages: [...pages, { who, name, where }] });
}

/** Every page to look at, each by somebody who sees it. */
export function pagesToLookAt() {
  const name = (where) => where.slice(1).replaceAll('/', '-') || 'overview';
  const ofNavigation = Object.entries(PAGES).map(([where, who]) => ({ who: who.split(' ')[0], where, name: name(where) }));
  return [
    { where: '/sign-in', name: 'sign-in' },
    { where: '/enrol', name: 'enrol' },
    ...ofNavigation,
    { who: 'manager', where: '/', name: 'overview-manager' },
    { who: 'manager', where: '/me', name: 'me' },
    { who: 'agent', where: '/ledger', name: 'forbidden', status: 403 },
    { who: 'manager', where: '/nowhere', name: 'missing', status: 404 },
    ...(recall('look').pages ?? []),
  ];
}
